"""
What the ground does to a cell's air: height, relief, depth in a valley, walls around it (D3).

Numbers of the lattice, so that a coarse elevation model is enough: the heights
are averaged over cells, also over those around the study.
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.estimate.field.aggregate import aggregate
from hotspot.kernels.arrays import Floats
from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

DIRECTIONS = 16  # in which walls are looked for


def terrain_index(elevation: "xr.DataArray", cells: "xr.Dataset", criteria: Criteria | None = None) -> "xr.Dataset":
    """
    Height, relief, valley and blocking index of every cell.

    Parameters
    ----------
    elevation : DataArray (y, x), m, from ``open_dem``
    cells : Dataset (cell), from ``Study.cells``; attrs ``spacing crs``
    criteria : Criteria, optional
        Its section ``terrain``.

    Returns
    -------
    Dataset (cell): ``elevation`` m, mean of the cell; ``relief`` m, standard deviation of the
    cells within ``radius_km``; ``valley`` m, how far the cell lies below their mean, 0 above it;
    ``blocking`` 1, share of 16 directions in which the ground rises by ``wall_m`` or more within
    ``wall_km``. NaN outside the elevation model.

    Raises
    ------
    DataError
        The elevation model has no CRS or does not touch the cells.

    Notes
    -----
    Valley is the negative part of the topographic position index (Weiss 2001): height less
    the mean height of the square window. Walls are looked for along straight lines of cells.

    Examples
    --------
    A basin floor at 100 m in a plateau of 500 m:

    >>> import xarray as xr
    >>> crs = "+proj=laea +lat_0=36 +lon_0=114"
    >>> centre = np.arange(-58500.0, 60000.0, 3000.0)
    >>> east, north = np.meshgrid(centre, centre)
    >>> height = xr.DataArray(np.where(np.hypot(east, north) < 9000, 100.0, 500.0), {"y": centre, "x": centre},
    ...     ("y", "x"), attrs={"crs": crs})
    >>> place = {"cell": ["A", "B"], "x": ("cell", [1500.0, 31500.0]), "y": ("cell", [1500.0, 1500.0])}
    >>> cells = xr.Dataset(coords=place, attrs={"spacing": 3000.0, "crs": crs})
    >>> index = terrain_index(height, cells)
    >>> index["elevation"].values.tolist(), index["blocking"].values.tolist(), index["valley"].values.round().tolist()
    ([100.0, 500.0], [1.0, 0.0], [242.0, 0.0])
    """
    import xarray as xr

    rules = (Criteria() if criteria is None else criteria).terrain
    spacing = float(cells.attrs["spacing"])
    around = int(np.ceil(max(rules.radius_km, rules.wall_km) * 1000.0 / spacing))
    column = np.round((cells["x"].values - cells["x"].values.min()) / spacing).astype(np.int64) + around
    row = np.round((cells["y"].values - cells["y"].values.min()) / spacing).astype(np.int64) + around
    heights = _lattice_heights(elevation, cells, spacing, around, column.max() + around + 1, row.max() + around + 1)
    if not np.isfinite(heights[column, row]).any():
        raise DataError("terrain: the elevation model does not touch the study; deliver its part of the country.")
    reach = max(1, round(rules.radius_km * 1000.0 / spacing))
    mean, square = _window_mean(heights, reach), _window_mean(heights**2, reach)
    with np.errstate(invalid="ignore"):
        relief = np.sqrt(np.maximum(square - mean**2, 0.0))
        valley = np.maximum(mean - heights, 0.0)
    blocking = _walls(heights, rules.wall_m, max(1, round(rules.wall_km * 1000.0 / spacing)))
    fields = {"elevation": heights, "relief": relief, "valley": valley, "blocking": blocking}
    out = xr.Dataset(
        {name: ("cell", values[column, row]) for name, values in fields.items()}, {"cell": cells["cell"].values}
    )
    for name in fields:
        out[name] = out[name].where(np.isfinite(out["elevation"]))
        out[name].attrs["unit"] = "1" if name == "blocking" else "m"
    return out.assign_attrs(source=elevation.attrs.get("source", ""), radius_km=rules.radius_km, wall_m=rules.wall_m)


def _lattice_heights(
    elevation: "xr.DataArray", cells: "xr.Dataset", spacing: float, around: int, n_column: int, n_row: int
) -> Floats:
    """Mean height of every cell of the rectangle around the study, float64[column, row]."""
    import xarray as xr

    x = cells["x"].values.min() + spacing * (np.arange(n_column) - around)
    y = cells["y"].values.min() + spacing * (np.arange(n_row) - around)
    east, north = np.meshgrid(x, y, indexing="ij")
    places = xr.Dataset(
        coords={"x": ("cell", east.ravel()), "y": ("cell", north.ravel())},
        attrs={"spacing": spacing, "crs": cells.attrs["crs"]},
    )
    return aggregate(elevation.rename("elevation"), places)["elevation"].values.reshape(n_column, n_row)


def _window_mean(values: Floats, reach: int) -> Floats:
    """Mean over the square window of 2 x reach + 1 cells, of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    total, number = _window_sum(np.where(known, values, 0.0), reach), _window_sum(known.astype(float), reach)
    return np.where(number > 0, total / np.maximum(number, 1.0), np.nan)


def _window_sum(values: Floats, reach: int) -> Floats:
    padded = np.pad(values, reach)
    for axis in (0, 1):
        # Window sums along one axis from a running sum with a zero in front.
        running = np.concatenate([np.zeros_like(np.take(padded, [0], axis)), np.cumsum(padded, axis)], axis)
        width = 2 * reach + 1
        padded = np.take(running, np.arange(width, running.shape[axis]), axis) - np.take(
            running, np.arange(running.shape[axis] - width), axis
        )
    return padded


def _walls(heights: Floats, wall: float, reach: int) -> Floats:
    """Share of the directions in which the ground rises by ``wall`` m within ``reach`` cells."""
    share = np.zeros_like(heights)
    n_column, n_row = heights.shape
    padded = np.pad(heights, reach, constant_values=np.nan)
    for angle in 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS:
        rises = np.zeros(heights.shape, bool)
        for step in range(1, reach + 1):
            across, up = reach + round(step * np.cos(angle)), reach + round(step * np.sin(angle))
            rises |= padded[across : across + n_column, up : up + n_row] - heights >= wall
        share += rises / DIRECTIONS
    return share
