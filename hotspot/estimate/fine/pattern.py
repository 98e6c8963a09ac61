"""The pattern inside a month that an hourly field follows: the 3 km field, and finer detail of a satellite."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

_STEPS = np.array([-1000.0, 0.0, 1000.0])  # m; nine points that stand for the 3 km around a place


def pattern_at(
    x: ArrayLike,
    y: ArrayLike,
    *,
    crs: str,
    month: str,
    coarse: "xr.Dataset | None" = None,
    satellite: "xr.DataArray | None" = None,
) -> Floats | None:
    """
    The month's pattern at some places.

    Parameters
    ----------
    x, y : float arrays (place), m, in ``crs``
    coarse : Dataset (cell, time), optional
        ``pm25`` of local months on cells with ``x y`` and the attribute ``spacing``.
    satellite : DataArray (time, y, x), optional
        With the attributes ``crs`` and ``period``; layers of the month are averaged.

    Returns
    -------
    float array (place), ug/m3, NaN where nothing is known; None where nothing was given of this month

    Raises
    ------
    DataError
        The satellite has no CRS.

    Notes
    -----
    Both are bilinear between centres, so a pattern has no steps at cell edges. With
    both, the 3 km field times satellite over its mean in the 3 km around: the level
    is the field's, the detail the satellite's.

    Examples
    --------
    >>> import xarray as xr
    >>> coarse = xr.Dataset({"pm25": (("cell", "time"), [[40.0], [60.0]])},
    ...     {"x": ("cell", [1500.0, 4500.0]), "y": ("cell", [1500.0, 1500.0]),
    ...      "time": np.array(["2020-03-01"], "datetime64[ns]")}, {"spacing": 3000.0})
    >>> pattern_at([1500.0, 3000.0, 9e5], [1500.0] * 3, crs="", month="2020-03", coarse=coarse).tolist()
    [40.0, 50.0, nan]
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    level = None if coarse is None else _of_cells(x, y, coarse, month)
    detail = None if satellite is None else _layer(satellite, month)
    if detail is None or satellite is None:
        return level
    here = _of_raster(x, y, detail, satellite, crs)
    if level is None:
        return here
    around = np.array([_of_raster(x + dx, y + dy, detail, satellite, crs) for dy in _STEPS for dx in _STEPS])
    known = np.isfinite(around)
    mean = np.where(known, around, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    share = np.divide(here, mean, out=np.ones_like(here), where=np.isfinite(here) & (mean > 0))
    return level * share


def _of_cells(x: Floats, y: Floats, coarse: "xr.Dataset", month: str) -> Floats | None:
    """Bilinear between the centres of the cells that have a value."""
    at = np.flatnonzero(coarse["time"].values.astype("datetime64[M]") == np.datetime64(month))
    if not at.size:
        return None
    spacing = float(coarse.attrs["spacing"])
    values = np.asarray(coarse["pm25"].transpose("cell", "time").isel(time=at[0]), dtype=float)
    col, row = (np.floor(np.asarray(coarse[name], dtype=float) / spacing).astype(np.int64) for name in ("x", "y"))
    west, south = col.min(), row.min()
    table = np.full((row.max() - south + 1, col.max() - west + 1), np.nan)
    table[row - south, col - west] = values
    return _bilinear(table, y / spacing - 0.5 - south, x / spacing - 0.5 - west)


def _layer(satellite: "xr.DataArray", month: str) -> "xr.DataArray | None":
    """The satellite's mean over one local month, (y, x), or None."""
    time = satellite["time"].values
    unit = "datetime64[Y]" if satellite.attrs.get("period") == "year" else "datetime64[M]"
    at = np.flatnonzero(time.astype(unit) == np.datetime64(month).astype(unit))
    if not at.size:
        return None
    return satellite.isel(time=at).transpose("time", "y", "x").mean("time", skipna=True)


def _of_raster(x: Floats, y: Floats, layer: "xr.DataArray", satellite: "xr.DataArray", crs: str) -> Floats:
    """Bilinear between pixel centres; NaN outside."""
    from pyproj import Transformer

    if not satellite.attrs.get("crs"):
        raise DataError("the satellite layer carries no CRS; open it with open_satellite.")
    sx, sy = Transformer.from_crs(crs, satellite.attrs["crs"], always_xy=True).transform(x, y)
    px, py = np.asarray(layer["x"], dtype=float), np.asarray(layer["y"], dtype=float)
    values = np.asarray(layer.sortby(["y", "x"]), dtype=float)
    px, py = np.sort(px), np.sort(py)
    return _bilinear(
        values, np.interp(sy, py, np.arange(py.size), -9, -9), np.interp(sx, px, np.arange(px.size), -9, -9)
    )


def _bilinear(table: Floats, down: Floats, east: Floats) -> Floats:
    """Weighted mean of the four entries around each position, of those that are known; NaN more than one outside."""
    i, j = np.floor(down).astype(np.int64), np.floor(east).astype(np.int64)
    total, weight = np.zeros(i.shape), np.zeros(i.shape)
    for di in (0, 1):
        for dj in (0, 1):
            a, b = i + di, j + dj
            there = (a >= 0) & (a < table.shape[0]) & (b >= 0) & (b < table.shape[1])
            value = np.where(there, table[np.where(there, a, 0), np.where(there, b, 0)], np.nan)
            share = np.abs(1 - di - (down - i)) * np.abs(1 - dj - (east - j))
            use = np.isfinite(value) & (share > 0)
            total += np.where(use, share * np.nan_to_num(value), 0.0)
            weight += np.where(use, share, 0.0)
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)
