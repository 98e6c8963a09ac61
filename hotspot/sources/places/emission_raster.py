"""
An emission inventory on a grid of degrees: tonnes of PM2.5 a year of each pixel.

Inventories come as GeoTIFF or NetCDF, as a flux or as an amount of the pixel. Like every
raster they are opened in a limited child, without side files or network.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotspot.foreign.child import Child, serve
from hotspot.patterns import find_files
from hotspot.sources.child import MEMORY, decoded
from hotspot.sources.intake import Intake
from hotspot.sources.satellite.rasters import check_axes, check_path, check_size, kind_of
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

    from hotspot.study import EmissionInventory

_YEAR = 365.25 * 86400.0  # s
# What one unit is in tonnes a year: of the pixel, or of one square metre of it.
_AMOUNT = {"t/a": 1.0, "kg/a": 1e-3, "t/month": 12.0}
_FLUX = {"kg/m2/s": _YEAR / 1e3, "t/km2/a": 1e-6, "g/m2/a": 1e-6}
_AXES = {"lat": ("lat", "latitude", "y"), "lon": ("lon", "longitude", "x")}
Bounds = tuple[float, float, float, float]


def read_inventory(
    deliveries: Sequence["EmissionInventory"], root: Path, intake: Intake, *, bounds: Bounds
) -> "xr.DataArray | None":
    """
    The emission inventory of a study.

    Parameters
    ----------
    deliveries : sequence of EmissionInventory
        ``study.inventory``: none, or one; its variables (sectors) and files are added up.
    root : Path
        The data root.
    bounds : (west, south, east, north)
        Degrees; only this window is kept.

    Returns
    -------
    DataArray (lat, lon), t PM2.5 a year of each pixel, NaN where it has nothing; or None

    Raises
    ------
    DataError
        Two inventories, files of different grids, no degrees, a unit that is not known, negative
        emissions, or a window that misses the study.
    """
    if not deliveries:
        return None
    if len(deliveries) > 1:
        raise DataError(f"inventory: {len(deliveries)} entries; deliver one inventory of all sectors.")
    delivery, total = deliveries[0], None
    with Child(MEMORY, "hotspot.sources.places.emission_raster") as child:
        for path in find_files(root, delivery.files, "inventory"):
            record = intake.register(path)
            field = _ask(child, path, delivery, bounds, record.path)
            if total is not None and not (total["lat"].equals(field["lat"]) and total["lon"].equals(field["lon"])):
                raise DataError(f"{record.path}: its grid is not that of the first file; deliver sectors of one grid.")
            record.read = record.used = 1
            total = field if total is None else total.fillna(0.0) + field.fillna(0.0)
    assert total is not None  # find_files refuses a pattern without files
    total = total.where(total > 0)
    attrs = {"unit": "t/a", "source": delivery.source or delivery.files[0], "long_name": "PM2.5 emission of the pixel"}
    return total.rename("emission").assign_attrs(attrs)


def _ask(child: Child, path: Path, delivery: "EmissionInventory", bounds: Bounds, name: str) -> "xr.DataArray":
    import xarray as xr

    said = {"variables": list(delivery.variables), "unit": delivery.unit, "nodata": delivery.nodata}
    _, arrays = decoded(child, path, name, said=said, bounds=list(bounds))
    return xr.DataArray(arrays["values"], {axis: arrays[axis] for axis in ("lat", "lon")}, ("lat", "lon"))


def tonnes_a_year(
    values: NDArray[np.float64], lat: NDArray[np.float64], lon: NDArray[np.float64], unit: str
) -> NDArray[np.float64]:
    """
    Emissions of pixels in tonnes a year.

    Parameters
    ----------
    values : float (lat, lon)
    lat, lon : float arrays, pixel centres, degrees, evenly spaced
    unit : str
        ``t/a kg/a t/month`` of the pixel, or a flux ``kg/m2/s t/km2/a g/m2/a``.

    Returns
    -------
    float (lat, lon), t/a

    Raises
    ------
    DataError
        The unit is none of these.

    Examples
    --------
    A tenth of a degree at the equator has about 123 km2.

    >>> tonnes_a_year(np.array([[1.0]]), np.array([0.0, 0.1]), np.array([0.0, 0.1]), "t/km2/a")[0].round(0).tolist()
    [123.0]
    """
    unit = unit.replace(" ", "").replace("m-2", "/m2").replace("s-1", "/s").replace("yr", "a").replace("year", "a")
    if unit in _AMOUNT:
        return values * _AMOUNT[unit]
    if unit not in _FLUX:
        known = ", ".join((*_AMOUNT, *_FLUX))
        raise DataError(f"unit {unit!r} is no emission we know; declare unit as one of {known}, or convert the file.")
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    high, wide = abs(float(lat[1] - lat[0])), abs(float(lon[1] - lon[0]))
    corners = ([0.0, wide, wide, 0.0], lambda y: [y - high / 2, y - high / 2, y + high / 2, y + high / 2])
    area = np.array([abs(geod.polygon_area_perimeter(corners[0], corners[1](float(y)))[0]) for y in lat])  # m2
    return values * area[:, None] * _FLUX[unit]


def decode(
    path: Path, said: dict, bounds: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """
    Emissions of one file within the bounds; run in the child.

    Returns
    -------
    values : float (lat, lon), t/a, NaN where missing
    lat, lon : float arrays, degrees

    Raises
    ------
    DataError
        The message lacks the file's name.
    """
    read = {"geotiff": _geotiff, "netcdf": _netcdf}[kind_of(path)]
    values, lat, lon, unit = read(path, said)
    if said["unit"] and unit and said["unit"] != unit:
        raise DataError(f"its unit is {unit!r}, the study declares {said['unit']!r}; correct one of them.")
    if not (said["unit"] or unit):
        raise DataError("it says no unit; declare unit in the study, e.g. 't/a' of the pixel or 'kg/m2/s'.")
    if (values < 0).any():
        raise DataError(f"{int((values < 0).sum())} negative emissions; declare nodata, or mend the file.")
    west, south, east, north = bounds
    rows, columns = (
        np.flatnonzero((axis >= low - step) & (axis <= high + step))
        for axis, low, high, step in (
            (lat, south, north, abs(lat[1] - lat[0])), (lon, west, east, abs(lon[1] - lon[0])),
        )
    )  # fmt: skip
    if rows.size < 2 or columns.size < 2:
        raise DataError("it does not cover the study; deliver the study's part of the country.")
    values = values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    lat, lon = lat[rows[0] : rows[-1] + 1], lon[columns[0] : columns[-1] + 1]
    return tonnes_a_year(values, lat, lon, said["unit"] or unit), lat, lon


def _geotiff(path: Path, said: dict) -> tuple:
    import rasterio

    from hotspot.sources.satellite.geotiff import _SAFE

    with rasterio.Env(**_SAFE), rasterio.open(path, driver="GTiff") as source:
        check_size(source.height, source.width, source.count, np.dtype(source.dtypes[0]).itemsize, path.stat().st_size)
        if said["variables"]:
            raise DataError("a GeoTIFF has bands, no variables; take `variables` out, or deliver NetCDF.")
        if source.crs is None or not source.crs.is_geographic or source.transform.b or source.transform.d:
            raise DataError("an inventory comes on a north-up grid of degrees; warp it to EPSG:4326 first.")
        lon = source.transform.c + source.transform.a * (np.arange(source.width) + 0.5)
        lat = source.transform.f + source.transform.e * (np.arange(source.height) + 0.5)
        check_axes(lon, lat, True)
        values = np.zeros((source.height, source.width))
        for band in range(1, source.count + 1):
            values += _filled(source.read(band), (source.nodata, said["nodata"]))
        return values, lat, lon, source.units[0] or ""


def _netcdf(path: Path, said: dict) -> tuple:
    import netCDF4

    with netCDF4.Dataset(path) as source:
        source.set_auto_maskandscale(True)
        if not said["variables"]:
            fields = [name for name, held in source.variables.items() if held.ndim == 2]
            raise DataError(f"declare which of its variables are added up: variables = {fields[:20]}.")
        missing = [name for name in said["variables"] if name not in source.variables]
        if missing:
            raise DataError(f"it has no variable {missing[0]!r}; it has {', '.join(list(source.variables)[:20])}.")
        total, units, axes = None, set(), None
        for name in said["variables"]:
            variable = source.variables[name]
            axes = _axes(variable, name)
            n_row, n_col = (source.dimensions[dim].size for dim in axes)
            check_size(n_row, n_col, 1, variable.dtype.itemsize, path.stat().st_size)
            lat, lon = (np.asarray(source.variables[dim][:], float) for dim in axes)
            check_axes(lon, lat, True)
            raw = np.ma.filled(np.squeeze(variable[:]).astype(float), np.nan)
            raw = raw if variable.dimensions.index(axes[0]) < variable.dimensions.index(axes[1]) else raw.T
            values = _filled(raw, (said["nodata"],))
            total = values if total is None else total + values
            units.add(str(getattr(variable, "units", "")))
        if len(units) > 1:
            raise DataError(f"its variables have different units ({', '.join(sorted(units))}); deliver one unit.")
        return total, lat, lon, units.pop()


def _axes(variable: Any, name: str) -> tuple[str, str]:
    """Its dimensions of latitude and longitude; any other has one step."""
    found = [next((d for d in variable.dimensions if d.lower() in names), "") for names in _AXES.values()]
    rest = [n for d, n in zip(variable.dimensions, variable.shape, strict=True) if d not in found]
    if not all(found) or any(n != 1 for n in rest):
        raise DataError(f"variable {name!r} has {variable.dimensions} of {variable.shape}; wanted: lat, lon.")
    return found[0], found[1]


def _filled(raw: NDArray, marks: Sequence[float | None]) -> NDArray[np.float64]:
    """Nothing is emitted where nothing is given."""
    values = raw.astype(np.float64)
    missing = ~np.isfinite(values) | np.isin(raw, [mark for mark in marks if mark is not None])
    return np.where(missing, 0.0, values)


def _answer(job: dict) -> dict:
    values, lat, lon = decode(check_path(job["path"]), job["said"], job["bounds"])
    np.savez(job["to"], values=values, lat=lat, lon=lon)
    return {}


if __name__ == "__main__":
    serve(_answer)
