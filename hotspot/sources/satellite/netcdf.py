"""NetCDF layers: read through and described in the child."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.sources.satellite.axis import instants
from hotspot.sources.satellite.geotiff import agreed_crs, agreed_unit
from hotspot.sources.satellite.quantity import refuse_other
from hotspot.sources.satellite.rasters import (
    Meaning,
    check_axes,
    check_dtype,
    check_origin,
    check_size,
    check_values,
    decode,
    possible,
    tally,
    unpack,
)
from hotspot.variables import DataError

if TYPE_CHECKING:
    import netCDF4
    from pyproj import CRS

_NAMES = {"x": ("lon", "longitude", "x", "nav_lon"), "y": ("lat", "latitude", "y", "nav_lat"), "time": ("time", "t")}
_DEFAULT_FILL = 9.969209968386869e36  # what the netCDF library writes where nothing was written


def describe(path: Path, meaning: Meaning, lay: Callable[[int, np.ndarray], None] | None = None) -> dict[str, Any]:
    """
    Read a NetCDF file completely and say what it holds; run in the child.

    Parameters and returns as for ``hotspot.sources.satellite.geotiff.describe``; ``times`` are
    the instants of the layers (``hotspot.sources.satellite.axis``), ``variable`` is the one chosen.

    Raises
    ------
    DataError
        Any of RELIABILITY 28-37 and 42-48; the message names the layer.
    """
    import netCDF4

    try:
        source = netCDF4.Dataset(path)
    except (OSError, RuntimeError) as error:
        raise DataError(f"netCDF cannot open it ({error}); fetch the file again.") from None
    with source:
        source.set_auto_maskandscale(False)
        variable, dims = _variable(source, meaning)
        shape = {axis: variable.shape[variable.dimensions.index(dim)] for axis, dim in dims.items()}
        n_layer = shape.get("time", 1)
        check_size(shape["y"], shape["x"], n_layer, variable.dtype.itemsize, path.stat().st_size)
        x, y = (_coordinate(source, dims[axis]) for axis in ("x", "y"))
        crs = agreed_crs(_own_crs(source, variable, dims), meaning.crs)
        check_axes(x, y, crs.is_geographic)
        for axis, centres in (("x", x), ("y", y)):
            _check_bounds(source, dims[axis], centres)
            if meaning.origin_share is not None:
                check_origin(centres, axis, meaning.origin_share)
        nodata = _nodata(variable, meaning)
        check_dtype(variable.dtype, bool(nodata))
        unit = agreed_unit(str(getattr(variable, "units", "")), meaning)
        scale, offset = float(getattr(variable, "scale_factor", 1.0)), float(getattr(variable, "add_offset", 0.0))
        times = instants(source, dims["time"], meaning.period) if "time" in dims else []
        notes = ["0 counts as missing"] if 0.0 in nodata else []
        layers = []
        for k in range(n_layer):
            where = f"layer {times[k][:10]}" if times else f"layer {k + 1}"
            values, missing = unpack(_layer(variable, dims, k, where), nodata, scale, offset, unit)
            counts = tally(values, missing, south_first=bool(y[0] < y[-1]))
            if lay is not None:
                lay(n_layer, possible(values, missing))
            notes += check_values(counts, meaning.period, where)
            layers.append(counts)
        attrs = {name: str(source.getncattr(name)) for name in source.ncattrs() if name in ("Start_Date", "End_Date")}
        return {
            "kind": "netcdf",
            "x": x.tolist(),
            "y": y.tolist(),
            "crs": crs.to_wkt(),
            "unit": unit,
            "nodata": nodata,
            "scale": scale,
            "offset": offset,
            "dtype": str(variable.dtype),
            "variable": variable.name,
            "dims": dims,
            "times": times,
            "layers": layers,
            "notes": notes,
            "attrs": attrs,
        }


def _variable(source: "netCDF4.Dataset", meaning: Meaning) -> "tuple[netCDF4.Variable, dict[str, str]]":
    """The PM2.5 variable and its dimensions by axis."""
    found = {}
    for name, variable in source.variables.items():
        dims = {axis: dim for dim in variable.dimensions for axis in _axis_of(source, dim)}
        extra = [d for d in variable.dimensions if d not in dims.values() and source.dimensions[d].size > 1]
        if {"x", "y"} <= set(dims) and not extra and variable.dtype != str:
            found[name] = (variable, dims)
    wanted = [name for name in meaning.variables if name in found]
    if meaning.variables and not wanted:
        raise DataError(
            f"it has no gridded variable {' or '.join(meaning.variables)}; there are: {', '.join(found) or 'none'}."
        )
    own = [n for n in found if n.lower().replace(".", "").replace("_", "") in ("pm25", "gwrpm25")]
    names = wanted or own or list(found)
    if len(names) != 1:
        raise DataError(
            f"gridded variables: {', '.join(found) or 'none'}; declare which one is PM2.5 (variable = ...)."
        )
    if not wanted:
        about = (str(getattr(found[names[0]][0], key, "")) for key in ("standard_name", "long_name"))
        refuse_other(names[0], *about)
    return found[names[0]]


def _axis_of(source: "netCDF4.Dataset", dim: str) -> tuple[str, ...]:
    """("x",), ("y",), ("time",) or () for a dimension, by its coordinate's attributes, then by name."""
    variable = source.variables.get(dim)
    if variable is not None:
        said = str(getattr(variable, "standard_name", "")).lower()
        units = str(getattr(variable, "units", "")).lower()
        if said in ("longitude", "projection_x_coordinate", "grid_longitude") or units.startswith("degrees_e"):
            return ("x",)
        if said in ("latitude", "projection_y_coordinate", "grid_latitude") or units.startswith("degrees_n"):
            return ("y",)
        if said == "time" or " since " in units:
            return ("time",)
    return tuple(axis for axis, names in _NAMES.items() if dim.lower() in names)


def _coordinate(source: "netCDF4.Dataset", dim: str) -> Floats:
    """Values of a one-dimensional coordinate, float64."""
    if dim not in source.variables:
        raise DataError(f"dimension {dim} has no coordinate variable; deliver a file with its coordinates.")
    return np.asarray(source.variables[dim][:], dtype=float)


def _own_crs(source: "netCDF4.Dataset", variable: "netCDF4.Variable", dims: dict[str, str]) -> "CRS | None":
    """The CRS the file itself states: a grid mapping, or longitudes and latitudes."""
    import pyproj

    mapping = str(getattr(variable, "grid_mapping", ""))
    if mapping in source.variables:
        said = source.variables[mapping]
        try:
            return pyproj.CRS.from_cf({name: said.getncattr(name) for name in said.ncattrs()})
        except (pyproj.exceptions.CRSError, KeyError):
            raise DataError(f"its grid mapping {mapping} is not understood; declare crs in the study.") from None
    units = [str(getattr(source.variables.get(dims[a]), "units", "")).lower() for a in ("x", "y")]
    names = [dims["x"].lower(), dims["y"].lower()]
    if all("degree" in u for u in units) or (names[0].startswith("lon") and names[1].startswith("lat")):
        return pyproj.CRS.from_epsg(4326)  # CF: degrees without a mapping are WGS 84 for all that is known
    return None


def _check_bounds(source: "netCDF4.Dataset", dim: str, centres: Floats) -> None:
    """Bounds, where the file has them, must lie half a pixel around the centres (RELIABILITY 37)."""
    name = str(getattr(source.variables[dim], "bounds", ""))
    if name not in source.variables or source.variables[name].shape != (centres.size, 2):
        return
    edges = np.asarray(source.variables[name][:], dtype=float)
    step = abs(float(centres[-1] - centres[0])) / (centres.size - 1)
    off = float(np.abs(edges.mean(axis=1) - centres).max()) / step
    if off > 0.1:
        raise DataError(
            f"{dim} lies {off:.2f} pixels off the middle of {name}: half-pixel shift, mend the coordinates."
        )


def _nodata(variable: "netCDF4.Variable", meaning: Meaning) -> list[float]:
    """Stored values that mean missing, JSON-ready and in a fixed order."""
    marks = []
    for value in (getattr(variable, "_FillValue", None), getattr(variable, "missing_value", None), meaning.nodata):
        for mark in np.atleast_1d(value) if value is not None else []:
            if float(mark) not in marks:
                marks.append(float(mark))
    if not marks and variable.dtype.kind == "f":
        marks.append(_DEFAULT_FILL)
    return marks


def _layer(variable: "netCDF4.Variable", dims: dict[str, str], k: int, where: str) -> np.ndarray:
    """One layer as stored, (row, column)."""
    index = tuple(
        k if dim == dims.get("time") else slice(None) if dim in (dims["x"], dims["y"]) else 0
        for dim in variable.dimensions
    )
    try:
        raw = np.asarray(variable[index])
    except (OSError, RuntimeError) as error:
        raise DataError(f"{where}: cannot be read ({error}); fetch the file again.") from None
    order = [d for d in variable.dimensions if d in (dims["x"], dims["y"])]
    return raw if order == [dims["y"], dims["x"]] else raw.T


def read(path: Path, report: dict[str, Any], layers: Iterable[int]) -> Iterator[np.ndarray]:
    """Layers (from 0) one by one as float[n_row, n_col], ug/m3, NaN where missing or impossible."""
    import netCDF4
    from xarray.backends.netCDF4_ import NETCDF4_PYTHON_LOCK

    # The library is not safe for threads; the lock is the one xarray takes for its own reading.
    with NETCDF4_PYTHON_LOCK, netCDF4.Dataset(path) as source:
        source.set_auto_maskandscale(False)
        variable = source.variables[report["variable"]]
        for layer in layers:
            raw = _layer(variable, report["dims"], layer, f"layer {layer + 1}")
            yield decode(raw, report["nodata"], report["scale"], report["offset"], report["unit"])
