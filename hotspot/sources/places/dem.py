"""
Height of the ground from one GeoTIFF, read in a child process like every raster.

A digital elevation model is small, but no less foreign than a satellite file:
only the GTiff driver opens it, no side file, no network, within limits.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotspot.foreign.child import Child, serve
from hotspot.kernels.arrays import Floats, Singles
from hotspot.patterns import find_files
from hotspot.sources.child import MEMORY, decoded
from hotspot.sources.intake import Intake
from hotspot.sources.satellite.rasters import check_axes, check_path, check_size, kind_of
from hotspot.sources.store import told, words
from hotspot.variables import VARIABLES, DataError

if TYPE_CHECKING:
    import xarray as xr

    from hotspot.study import Terrain

_MOST_IMPOSSIBLE = 0.01  # of the pixels; RELIABILITY 32


def open_dem(
    delivery: "Terrain", root: Path, intake: Intake, *, bounds: tuple[float, float, float, float] | None = None
) -> "xr.DataArray":
    """
    Read one delivered elevation model.

    Parameters
    ----------
    delivery : Terrain
        As the study declares it: one GeoTIFF, metres.
    root : Path
        The data root.
    bounds : (west, south, east, north), optional
        Degrees; only this window is kept (of a raster in degrees).

    Returns
    -------
    DataArray (y, x), named "elevation", m; attrs ``crs``, ``unit``, ``source``

    Raises
    ------
    DataError
        More than one file, no GeoTIFF, no CRS, no unit, or heights that are none.
    """
    import xarray as xr

    paths = find_files(root, delivery.files, "terrain")
    if len(paths) > 1:
        raise DataError(f"terrain: {len(paths)} files match {delivery.files}; deliver one GeoTIFF (merge the tiles).")
    record = intake.register(paths[0])
    said = {"crs": delivery.crs, "nodata": delivery.nodata, "unit": delivery.unit}
    about = ["terrain", said, None if bounds is None else [float(bound) for bound in bounds]]
    held = intake.once.decoded(paths[0], about, lambda: _in_child(paths[0], said, bounds, record.path))
    report, values, coords = told(held["report"]), held["values"], {"y": held["y"], "x": held["x"]}
    record.read = record.used = 1
    if report["impossible"]:
        intake.note(f"terrain {record.path}: {report['impossible']} impossible heights count as missing")
    attrs = {"crs": report["crs"], "unit": "m", "source": delivery.source or record.path}
    return xr.DataArray(values, coords, ("y", "x"), "elevation", attrs)


def _in_child(path: Path, said: dict[str, Any], bounds: Sequence[float] | None, name: str) -> dict[str, np.ndarray]:
    """The arrays that the child decodes, and its report."""
    with Child(MEMORY, "hotspot.sources.places.dem") as child:
        report, arrays = decoded(child, path, name, said=said, bounds=bounds)
    return {"report": words(report)} | arrays


def decode(
    path: Path, said: dict[str, str | None], bounds: list[float]
) -> tuple[tuple[Singles, Floats, Floats, int], str]:
    """
    Heights of a GeoTIFF; run in the child.

    Parameters
    ----------
    said : dict
        ``crs nodata unit`` as declared, or None.
    bounds : (west, south, east, north) or None

    Returns
    -------
    values : float32[n_row, n_col], m, NaN where missing or impossible
    x, y : float64, pixel centres
    crs : str, WKT
    impossible : int

    Raises
    ------
    DataError
        The message lacks the file's name.
    """
    import pyproj
    import rasterio

    from hotspot.sources.satellite.geotiff import _SAFE, agreed_crs

    if kind_of(path) != "geotiff":
        raise DataError("an elevation model comes as GeoTIFF; convert it.")
    with rasterio.Env(**_SAFE), rasterio.open(path, driver="GTiff") as source:
        item = np.dtype(source.dtypes[0]).itemsize
        if source.count != 1:
            raise DataError(f"{source.count} bands; an elevation model has one.")
        check_size(source.height, source.width, 1, item, Path(path).stat().st_size)
        transform = source.transform
        if transform.b or transform.d or transform.is_identity:
            raise DataError("it is rotated or has no georeference; warp it to a north-up grid first.")
        crs = agreed_crs(pyproj.CRS.from_wkt(source.crs.to_wkt()) if source.crs else None, said["crs"])
        unit = source.units[0] or said["unit"]
        if unit not in ("m", "metre", "meter", "metres", "meters"):
            raise DataError(f"unit {unit!r} is not metres; declare unit = 'm' or convert the file.")
        x = transform.c + transform.a * (np.arange(source.width) + 0.5)
        y = transform.f + transform.e * (np.arange(source.height) + 0.5)
        check_axes(x, y, crs.is_geographic)
        raw = source.read(1)
        marks = [mark for mark in (source.nodata, said["nodata"]) if mark is not None]
    return _cut(raw, marks, x, y, bounds if crs.is_geographic else None), crs.to_wkt()


def _cut(
    raw: NDArray[np.int16], marks: Sequence[Any], x: Floats, y: Floats, bounds: Sequence[float] | None
) -> tuple[Singles, Floats, Floats, int]:
    """Values, x, y inside the bounds (one pixel more all round), and how many heights were impossible."""
    values = raw.astype(np.float32)
    missing = ~np.isfinite(values) | np.isin(raw, marks)
    known = VARIABLES["elevation"]
    impossible = ((values < known.low) | (values > known.high)) & ~missing
    if impossible.sum() > _MOST_IMPOSSIBLE * max((~missing).sum(), 1):
        raise DataError(
            f"{impossible.sum()} of {(~missing).sum()} heights lie outside {known.low:g} to {known.high:g} m; "
            "declare nodata, or deliver heights in metres."
        )
    values[missing | impossible] = np.nan
    rows, columns = slice(None), slice(None)
    if bounds is not None:
        west, south, east, north = bounds
        step_x, step_y = abs(x[1] - x[0]), abs(y[1] - y[0])
        inside_x = np.flatnonzero((x >= west - step_x) & (x <= east + step_x))
        inside_y = np.flatnonzero((y >= south - step_y) & (y <= north + step_y))
        if not inside_x.size or not inside_y.size:
            raise DataError("it does not touch the study; deliver the study's part of the country.")
        columns, rows = slice(inside_x[0], inside_x[-1] + 1), slice(inside_y[0], inside_y[-1] + 1)
    return values[rows, columns], x[columns], y[rows], int(impossible.sum())


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    (values, x, y, impossible), crs = decode(check_path(job["path"]), job["said"], job["bounds"])
    np.savez(job["to"], values=values, x=x, y=y)
    return {"crs": crs, "impossible": impossible}


if __name__ == "__main__":
    serve(_answer)
