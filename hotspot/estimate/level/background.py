"""
What a cell's air brought with it: the regional baseline of each day (METHODS 6.1).

In every direction of a ring around the cell the low quantile is clean country air
of that day; the median over the directions is the background. One dirty
neighbour city or one mountain side is outvoted, and a slope across the region
cancels between opposite directions.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.rules.criteria import Background, Criteria
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

CHUNK = 1 << 22  # cell-days held by one call of the kernel


def ring_offsets(rules: Background, spacing: float) -> Ints:
    """
    Columns and rows from a cell to the cells of its ring that are looked at.

    Parameters
    ----------
    spacing : float, m

    Returns
    -------
    int64[direction, sample, 2]; direction 0 is east, counter-clockwise

    Examples
    --------
    >>> from hotspot.rules.criteria import Background
    >>> ring_offsets(Background(directions=4, angles=1, distances=2), 3000.0)[0].tolist()
    [[8, 0], [16, 0]]
    """
    n, across = rules.directions, rules.angles
    radius = rules.inner_km + (np.arange(rules.distances) + 0.5) / rules.distances * (rules.outer_km - rules.inner_km)
    angle = 2 * np.pi / n * (np.arange(n)[:, None] + (np.arange(across) - (across - 1) / 2) / across)
    away = radius[None, None, :] * 1000.0 / spacing
    step = np.stack([np.cos(angle)[:, :, None] * away, np.sin(angle)[:, :, None] * away], axis=-1)
    return np.round(step).astype(np.int64).reshape(n, -1, 2)


def regional_background(
    field: "xr.Dataset", criteria: Criteria | None = None, *, steps: "xr.Dataset | None" = None, variable: str = "pm25"
) -> "xr.DataArray":
    """
    Background of every cell and day.

    Parameters
    ----------
    field : Dataset (cell, day)
        ``variable``, ug/m3, NaN where not seen; ``col row`` (and ``lon lat`` for the upwind side); attrs ``spacing``.
    criteria : Criteria, optional
        Its section ``background``.
    steps : Dataset (time, ...), optional
        Daily ``u10 v10`` from ``weather_steps``, needed by ``side = "upwind"``.

    Returns
    -------
    DataArray (cell, day), ug/m3, named "background"; NaN on days with too few cells. Attrs ``share``:
    mean background over mean concentration where both are known; ``stand_in``: share of the
    values for which the region stood in; ``words``.

    Raises
    ------
    DataError
        The field has no lattice positions, or the upwind side is asked without wind.

    Notes
    -----
    ``B(cell, day) = median over directions d of Q_q { C(ring cell in d, day) }``; side "upwind" takes only
    the directions within ``sector_deg`` of where the wind comes from. Where no direction has ``min_samples`` cells,
    ``B = R(day) x median over days of B / R`` with R the same quantile of all cells.
    Baselines by quantile in time or space are the habit of the field; this one was chosen by synthetic truth, see
    docs/levels-against-truth.

    Examples
    --------
    A region of 20 ug/m3 with one source: the increment is the source's own.

    >>> import xarray as xr
    >>> col, row = (axis.ravel() for axis in np.meshgrid(np.arange(60), np.arange(60)))
    >>> pm25 = np.where((col == 30) & (row == 30), 65.0, 20.0)[:, None]
    >>> field = xr.Dataset({"pm25": (("cell", "day"), pm25)},
    ...     {"col": ("cell", col), "row": ("cell", row), "day": [np.datetime64("2020-02-01", "ns")]},
    ...     {"spacing": 3000.0})
    >>> background = regional_background(field)
    >>> float(background[30 * 60 + 30, 0]), round(background.attrs["share"], 2)
    (20.0, 1.0)
    """
    from hotspot.kernels import window

    rules = (Criteria() if criteria is None else criteria).background
    lacking = [name for name in ("col", "row") if name not in field.coords]
    if lacking or "spacing" not in field.attrs:
        raise DataError(f"{variable}: {(lacking or ['spacing'])[0]} is missing; give cells of a lattice (Grid.cover).")
    dim = next(str(name) for name in field[variable].dims if name != "cell")
    values = np.ascontiguousarray(field[variable].transpose("cell", dim).values)
    offsets = ring_offsets(rules, float(field.attrs["spacing"]))
    position = _positions(field["col"].values, field["row"].values)
    sector, place = _sectors(field, dim, steps, rules)
    allowed = _allowed(rules)
    found = np.empty(values.shape, values.dtype)
    most = max(1, CHUNK // max(values.shape[1], 1))
    for start in range(0, len(values), most):
        one = slice(start, start + most)
        ring = position(offsets, one)
        found[one] = window.ring_background(
            values, ring, allowed, sector, place[one], rules.quantile, min(rules.min_samples, ring.shape[2])
        )
    direct = np.isfinite(found)
    _stand_in(found, direct, values, rules)
    both = np.isfinite(found) & np.isfinite(values)
    mean = float(values[both].mean()) if both.any() else np.nan
    side = "the whole ring" if rules.side == "ring" else f"the {rules.sector_deg:g} degrees upwind"
    attrs = {
        "unit": field[variable].attrs.get("unit", "ug/m3"),
        "share": float(found[both].mean()) / mean if mean else np.nan,
        "stand_in": float((both & ~direct).sum() / max(both.sum(), 1)),
        "words": f"lowest {rules.quantile:.0%} of the cells {rules.inner_km:g} to {rules.outer_km:g} km away in "
        f"{side}, median of the directions",
    }
    out = field[variable].transpose("cell", dim).copy(data=found).rename("background")
    out.attrs = attrs
    return out


def _positions(col: Ints, row: Ints) -> Callable:
    """Function (offsets, slice) -> int64[cell, direction, sample], position of the ring's cells, -1 outside."""
    col, row = np.asarray(col, np.int64), np.asarray(row, np.int64)
    left, low = col.min(), row.min()
    table = np.full((col.max() - left + 1, row.max() - low + 1), -1, np.int64)
    table[col - left, row - low] = np.arange(len(col))

    def look(offsets: Ints, one: slice) -> Ints:
        across = col[one, None, None] - left + offsets[None, ..., 0]
        up = row[one, None, None] - low + offsets[None, ..., 1]
        inside = (across >= 0) & (across < table.shape[0]) & (up >= 0) & (up < table.shape[1])
        return np.where(inside, table[np.where(inside, across, 0), np.where(inside, up, 0)], -1)

    return look


def _allowed(rules: Background) -> Flags:
    """bool[sector, direction]: a sector around each direction, and last the whole ring."""
    n = rules.directions
    apart = np.abs(np.arange(n)[:, None] - np.arange(n)[None, :])
    apart = np.minimum(apart, n - apart) * 360.0 / n
    return np.vstack([apart <= rules.sector_deg / 2, np.ones((1, n), bool)])


def _sectors(field: "xr.Dataset", dim: str, steps: "xr.Dataset | None", rules: Background) -> tuple[Ints, Ints]:
    """int64[place, day], the direction from which the wind comes (last: whole ring), and each cell's place."""
    n_day, whole = field.sizes[dim], rules.directions
    if rules.side == "ring":
        return np.full((1, n_day), whole), np.zeros(field.sizes["cell"], np.int64)
    if steps is None or "u10" not in steps:
        raise DataError("background of the upwind side: wind is missing; deliver weather or take side = 'ring'.")
    u, v = (steps[name].transpose("time", ...).values.reshape(steps.sizes["time"], -1) for name in ("u10", "v10"))
    # The wind blows to (u, v), so it comes from the other side.
    turn = np.nan_to_num(np.arctan2(-v, -u)) / (2 * np.pi)
    blowing = np.hypot(u, v) >= rules.calm_ms
    sector = np.where(blowing, np.round(turn * whole).astype(np.int64) % whole, whole)
    day = field[dim].values.astype("datetime64[D]")
    known = steps["time"].values.astype("datetime64[D]")
    at = np.minimum(np.searchsorted(known, day), len(known) - 1)
    by_day = np.where((known[at] == day)[:, None], sector[at], whole).T
    return np.ascontiguousarray(by_day), nearest_place(field, steps)


def nearest_place(field: "xr.Dataset", steps: "xr.Dataset") -> Ints:
    """
    Position of the weather's place nearest to each cell.

    Parameters
    ----------
    field : Dataset (cell, ...) with ``lon lat``, unless the weather is that of one point
    steps : Dataset (time, ...), from ``weather_steps``

    Returns
    -------
    int64[cell], position in the flattened dimensions of the weather other than time

    Examples
    --------
    >>> import xarray as xr
    >>> steps = xr.Dataset({"u10": (("time", "lon"), [[1.0, 2.0]])}, {"lon": [114.0, 114.25]})
    >>> field = xr.Dataset(coords={"cell": ["A"], "lon": ("cell", [114.2]), "lat": ("cell", [36.0])})
    >>> nearest_place(field, steps.expand_dims(lat=[36.0], axis=1)).tolist()
    [1]
    """
    dims = [name for name in next(iter(steps.data_vars.values())).dims if name != "time"]
    if not dims:
        return np.zeros(field.sizes["cell"], np.int64)
    lon, lat = field["lon"].values, field["lat"].values
    if dims == ["place"]:
        points = steps["lon"].values, steps["lat"].values
    else:
        grid = np.meshgrid(*(steps[name].values for name in dims), indexing="ij")
        points = grid[dims.index("lon")].ravel(), grid[dims.index("lat")].ravel()
    east = (points[0][None, :] - lon[:, None]) * np.cos(np.radians(lat))[:, None]
    return np.hypot(east, points[1][None, :] - lat[:, None]).argmin(axis=1)


def _stand_in(found: Floats, direct: Flags, values: Floats, rules: Background) -> None:
    """Where no direction had enough cells: the region's quantile of the day, in the cell's usual proportion to it."""
    n_seen = np.isfinite(values).sum(axis=0)
    region = np.full(values.shape[1], np.nan)
    days = np.flatnonzero(n_seen >= min(rules.min_region, len(values)))
    for day in days:
        region[day] = np.nanquantile(values[:, day], rules.quantile)
    region = np.where(region > 0, region, np.nan)
    for cell in np.flatnonzero((np.isfinite(values) & ~direct).any(axis=1)):
        ratio = found[cell] / region
        known = np.isfinite(ratio)
        usual = np.median(ratio[known]) if known.any() else 1.0
        hole = np.isfinite(values[cell]) & ~direct[cell]
        found[cell, hole] = usual * region[hole]
