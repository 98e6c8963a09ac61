"""
The hourly field of 500 m sub-cells: what stations say, spread by local kriging along a trend.

Hours are worked on in chunks, so memory is bounded by a chunk and the result; a
dask-backed network gives a dask-backed field. Neither the chunks nor the order
of stations change a bit.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from hotspot.estimate.field.fuse import degrees_of
from hotspot.estimate.field.krige import by_place
from hotspot.estimate.field.support import ATTRS, stations_near, support_of
from hotspot.estimate.fine.gains import Gains, tell_gains
from hotspot.estimate.fine.hourly import Residuals, learn
from hotspot.estimate.fine.pattern import pattern_at
from hotspot.grid.lattice import Grid
from hotspot.grid.sub_cells import sub_cells
from hotspot.kernels import krige_blocks, stand_off
from hotspot.kernels.arrays import Floats, Singles, Texts, Times
from hotspot.rules.calendar import offset_hours
from hotspot.rules.criteria import Criteria, Downscaling
from hotspot.variables import VARIABLES, DataError

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 744  # hours


def downscale(
    stations: "xr.Dataset",
    cells: "xr.Dataset | pd.DataFrame",
    *,
    coarse: "xr.Dataset | None" = None,
    satellite: "xr.DataArray | None" = None,
    criteria: Criteria,
    chunk: int = CHUNK,
) -> "xr.Dataset":
    """
    Estimate every sub-cell of some cells at every hour.

    Parameters
    ----------
    stations : Dataset (station, time)
        ``pm25``, ug/m3, NaN where missing; ``lon lat`` (WGS 84); UTC hours; attribute
        ``utc_offset``. ``pm25_error`` (1 sd, ug/m3), where a calibration gave one,
        lowers a station's weight. Dask-backed in, dask-backed out.
    cells : Dataset (cell), or a hotspot list (DataFrame with ``cell``)
        A list without a lattice of its own is of ``coarse``'s, else of the national one.
    coarse : Dataset (cell, time), optional
        ``pm25`` of the 3 km cells, by local month (as ``monthly_field`` gives) or by UTC
        hour. The mean of a cell's sub-cells is made equal to it (``downscaling.conserve``),
        in every hour, or over the hours of a month that have a value. By month it is also
        the trend's pattern.
    satellite : DataArray (time, y, x), optional
        Adds detail inside cells to the pattern.
    criteria : Criteria
        Its section ``downscaling``.
    chunk : int, hours worked on at once; it changes no value

    Returns
    -------
    Dataset (sub_cell, time): ``pm25`` and ``pm25_error`` (1 sd, float32), ug/m3, NaN where too few stations
    speak; ``support``, int8: 2 measured, 1 supported, 0 interpolated. Coordinates ``cell x y lon lat``
    over ``sub_cell``. Attributes: the variogram, and the left-out error ``loo_rmse, loo_bias,
    loo_within`` (share of stations inside 1.96 sd) with the trend and without it; ``factor_low,
    factor_high`` (not of a lazy field), how far the 3 km values moved it.

    Raises
    ------
    DataError
        No station has a value, a station has no place, or ``coarse`` is neither monthly nor hourly.

    Notes
    -----
    With p the pattern and b_t the hour's slope (least squares over its stations), the residual
    z - b_t p is kriged: ordinary kriging, one system per cell for all hours, down-dated where stations
    are silent (``block_krige.krige_blocks``). The variogram is that of residuals over their standard
    deviation in the hour, so it gives every hour the same weights and each its own error. The
    trend is kept only if it lowers the left-out error. An error is that of a place in the sub-cell; at a
    station it does not hold the instrument's own where ``pm25_error`` is known.

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.rules.criteria import Criteria
    >>> west, south, east, north = Grid().bounds(1318, 1448)
    >>> lon, lat = Grid().unproject(west + np.array([250.0, 1250.0, 2250.0, 2750.0]), south + np.full(4, 1250.0))
    >>> values = [[30.0, 60.0], [31.0, 61.0], [32.0, np.nan], [33.0, 63.0]]
    >>> stations = xr.Dataset({"pm25": (("station", "time"), values)},
    ...     {"station": list("abcd"), "lon": ("station", lon), "lat": ("station", lat),
    ...      "time": np.array(["2020-03-01T00", "2020-03-01T01"], "datetime64[ns]")}, {"utc_offset": 8.0})
    >>> cells = xr.Dataset(coords={"cell": ["PQ1848E"]}, attrs={"crs": Grid().crs.to_wkt(), "spacing": 3000.0})
    >>> fine = downscale(stations, cells, criteria=Criteria())
    >>> fine.sizes["sub_cell"], np.bincount(fine.support.values[:, 1]).tolist()
    (36, [28, 5, 3])
    """
    places, grid = _places(cells, coarse)
    lazy = stations["pm25"].chunks is not None
    x, y = (np.asarray(v, dtype=float) for v in grid.project(*degrees_of(stations)))
    gains = tell_gains(stations, x, y)
    if gains.own:
        stations = stations.assign(pm25=stations["pm25"] * xr.DataArray(np.exp(-gains.told), dims="station"))
    series = stations["pm25"].transpose("station", "time")
    plan = _plan(stations, series, x, y, gains, places, coarse, satellite, criteria, chunk)
    estimate, error, support = _lazy(plan, series) if lazy else _eager(plan, series)
    unit = {"unit": "ug/m3"}
    dims = ("sub_cell", "time")
    out = xr.Dataset(
        {
            "pm25": (dims, estimate, unit | {"words": VARIABLES["pm25"].words}),
            "pm25_error": (dims, error, unit),
            "support": (dims, support, dict(ATTRS)),
        },
        coords={**places.coords, "time": series["time"]},
    )
    kept = {k: v for k, v in stations.attrs.items() if k in ("source", "gas_state", "utc_offset")}
    return out.assign_attrs(kept | places.attrs | plan.attrs)


@dataclass
class _Plan:
    """All that does not differ by hour; ``piece`` makes the field of some hours."""

    x: np.ndarray
    y: np.ndarray
    residuals: Residuals
    near: tuple
    slices: list  # of hours; none crosses a local month
    months: list  # "YYYY-MM" per slice
    target_pattern: dict  # month -> float array (sub_cell)
    goals: list  # per slice: None, float (cell, 1) for its month or (cell, hour)
    monthly: bool
    rules: Downscaling
    attrs: dict

    @property
    def n_target(self) -> int:
        return self.residuals.blocks.target.shape[1]

    def piece(self, values: Floats, number: int) -> tuple[Floats, Singles, NDArray[np.int8]]:
        """Estimate, error and support of one slice, before the 3 km values are met."""
        values = np.asarray(values, dtype=float)
        _, _, merged, _ = by_place(self.x, self.y, values)
        estimate, error = self.residuals.field(
            merged, self.months[number], self.target_pattern.get(self.months[number])
        )
        self._keep(estimate, values)
        error = np.hypot(error, self.residuals.shared * np.abs(estimate)).astype(np.float32)
        return estimate, error, support_of(values, self.near, support_stations=self.rules.support_stations)

    def _keep(self, estimate: Floats, values: Floats) -> None:
        """What stands off by more than instruments err, a plume, stays where it was measured and fades with way."""
        if not self.residuals.noise.any():
            return
        first, station, inside = self.near
        target = self.residuals.blocks.target[:, np.repeat(np.arange(len(first) - 1), np.diff(first))]
        away = np.hypot(self.x[station] - target[0], self.y[station] - target[1])
        near = np.where(inside, 1.0, np.maximum(1.0 - away / self.rules.support_m, 0.0))
        noise = self.residuals.noise
        stand_off.keep(
            estimate, np.ascontiguousarray(values), noise, first, station, near, float(self.rules.plume_errors)
        )

    def means(self, piece: tuple[Floats, Singles, NDArray[np.int8]]) -> Floats:
        """The cells' means in each hour of a piece: (cell, hour)."""

        return krige_blocks.means(np.ascontiguousarray(piece[0]), self.residuals.blocks.first)

    def factors(self, means: dict[int, Floats], number: int) -> tuple[Floats, Floats]:
        """What each cell's sub-cells are multiplied by, and what is added where nothing can be: (cell, 1 or hour)."""
        goal = self.goals[number]
        if self.monthly:
            same = [means[other] for other in range(len(self.slices)) if self.months[other] == self.months[number]]
            total = sum(np.nansum(part, axis=1) for part in same)
            count = sum(np.isfinite(part).sum(axis=1) for part in same)
            mean = (total / np.where(count > 0, count, np.nan))[:, None]
        else:
            mean = means[number]
        both = np.isfinite(goal) & np.isfinite(mean)
        factor = np.divide(goal, mean, out=np.ones_like(mean), where=both & (mean > 0))
        return factor, np.where(both & (mean <= 0), goal - mean, 0.0)

    def scaled(
        self, piece: tuple[Floats, Singles, NDArray[np.int8] | None], change: tuple[Floats, Floats]
    ) -> tuple[Floats, Singles, NDArray[np.int8] | None]:
        """A piece whose cells meet their 3 km values."""
        factor, shift = change
        per_cell = int(self.residuals.blocks.first[1])
        estimate, error, support = piece
        shape = (factor.shape[0], per_cell, -1)
        estimate = (estimate.reshape(shape) * factor[:, None, :] + shift[:, None, :]).reshape(estimate.shape)
        error = (error.reshape(shape) * factor[:, None, :].astype(np.float32)).reshape(error.shape)
        return estimate, error, support


def _places(cells: "xr.Dataset", coarse: "xr.Dataset | None") -> "tuple[xr.Dataset, Grid]":
    """The sub-cells, and their lattice."""
    if hasattr(cells, "columns"):
        codes, home = cells["cell"].astype(str).tolist(), {} if coarse is None else coarse.attrs
    else:
        codes, home = [str(code) for code in cells["cell"].values], cells.attrs
    if not codes:
        raise DataError("there is no cell to estimate; give cells of Grid.cover, or a hotspot list with rows.")
    grid = Grid(float(home.get("spacing", 3000.0)), crs=home.get("crs"))
    return sub_cells(sorted(set(codes)), grid), grid


def _plan(
    stations: "xr.Dataset",
    series: "xr.DataArray",
    x: Floats,
    y: Floats,
    gains: Gains,
    places: "xr.Dataset",
    coarse: "xr.Dataset | None",
    satellite: "xr.DataArray | None",
    criteria: Criteria,
    chunk: int,
) -> _Plan:
    rules = criteria.downscaling
    time = series["time"].values.astype("datetime64[ns]")
    if not time.size or (np.diff(time) <= np.timedelta64(0, "ns")).any():
        raise DataError("stations: hours are missing, twice or out of order; open them with open_month.")
    local = (time + offset_hours(stations.attrs.get("utc_offset", 8.0))).astype("datetime64[M]")
    period = _period(coarse, time)
    slices, months = _slices(local, chunk)
    target = places["x"].values, places["y"].values
    level = coarse if period == "month" else None
    order_x, order_y, _, _ = by_place(x, y, np.zeros(x.size))
    station_pattern, target_pattern = {}, {}
    for month in dict.fromkeys(months):
        given = {"crs": places.attrs["crs"], "month": month, "coarse": level, "satellite": satellite}
        here = pattern_at(order_x, order_y, **given)
        if here is not None and np.isfinite(here).sum() >= rules.trend_stations:
            there, middle = np.asarray(pattern_at(*target, **given), dtype=float), np.nanmean(here)
            # Where the pattern is not known it says nothing: its mean over the stations.
            station_pattern[month] = np.where(np.isfinite(here), here, middle)
            target_pattern[month] = np.where(np.isfinite(there), there, middle)
    per_cell = round(places.attrs["coarse_spacing"] / places.attrs["spacing"]) ** 2
    first = np.arange(0, target[0].size + 1, per_cell)
    residuals, attrs = learn(stations, x, y, local, target, first, station_pattern, gains, criteria)
    near = stations_near(x, y, *target, spacing=places.attrs["spacing"], support_m=rules.support_m)
    goals = _goals(coarse, period, places["cell"].values[::per_cell], time, slices, months, rules)
    if goals and any(goal is not None for goal in goals):
        attrs["conserved"] = f"mean of the sub-cells is the 3 km value, by {period}"
    return _Plan(x, y, residuals, near, slices, months, target_pattern, goals, period == "month", rules, attrs)


def _period(coarse: "xr.Dataset | None", time: Times) -> str | None:
    """Whether the 3 km field is of months or of hours; None without one."""
    if coarse is None:
        return None
    when = coarse["time"].values.astype("datetime64[ns]")
    if "month" in coarse.attrs or (
        when.size and (when.astype("datetime64[M]") == when).all() and not np.isin(when, time).all()
    ):
        return "month"
    if np.isin(when, time).any() and (np.diff(when) >= np.timedelta64(1, "h")).all():
        return "hour"
    raise DataError(
        f"the 3 km field begins {when[:1]!s} and is neither of local months nor of the stations' hours; "
        "give monthly_field's, or hours in UTC."
    )


def _slices(local: Times, chunk: int) -> tuple[list[slice], list[str]]:
    """Runs of at most ``chunk`` hours inside one local month."""
    if chunk < 1:
        raise ValueError(f"chunk is {chunk}; give a number of hours, 1 or more.")
    edges = np.r_[0, np.flatnonzero(np.diff(local)) + 1, local.size]
    slices, months = [], []
    for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        for begin in range(start, stop, int(chunk)):
            slices.append(slice(begin, min(begin + int(chunk), stop)))
            months.append(str(local[start]))
    return slices, months


def _goals(
    coarse: "xr.Dataset | None",
    period: str | None,
    codes: Texts,
    time: Times,
    slices: list[slice],
    months: list[str],
    rules: Downscaling,
) -> list[Floats | None]:
    """The 3 km values that each slice's means must meet, None where there are none."""
    if coarse is None or period is None or rules.conserve == "none":
        return [None] * len(slices)
    values = coarse["pm25"].transpose("cell", "time")
    values = values.assign_coords(cell=np.asarray(coarse["cell"].values, dtype=str)).reindex(cell=codes)
    when = coarse["time"].values.astype("datetime64[ns]")
    goals = []
    for piece, month in zip(slices, months, strict=True):
        if period == "month":
            at = np.flatnonzero(when.astype("datetime64[M]") == np.datetime64(month))
            goals.append(np.asarray(values.isel(time=at[:1]), dtype=float) if at.size else None)
        else:
            goals.append(np.asarray(values.reindex(time=time[piece]), dtype=float))
    for goal in goals:
        if goal is not None and (goal < 0).any():
            raise DataError(f"the 3 km field holds {np.nanmin(goal):g} ug/m3; no mean is below zero, mend the field.")
    return goals


def _eager(plan: _Plan, series: "xr.DataArray") -> tuple[Floats, Singles, NDArray[np.int8]]:
    """The whole field in memory, worked on slice by slice."""
    values = series.values
    n = plan.n_target, series.sizes["time"]
    estimate, error, support = np.empty(n), np.empty(n, np.float32), np.empty(n, np.int8)
    means = {}
    for number, piece in enumerate(plan.slices):
        found = plan.piece(values[:, piece], number)
        estimate[:, piece], error[:, piece], support[:, piece] = found
        if plan.goals[number] is not None:
            means[number] = plan.means(found)
    spread = []
    for number, piece in enumerate(plan.slices):
        if plan.goals[number] is not None:
            change = plan.factors(means, number)
            spread += [change[0].min(), change[0].max()]
            found = plan.scaled((estimate[:, piece], error[:, piece], None), change)
            estimate[:, piece], error[:, piece] = found[:2]
    if spread:
        plan.attrs |= {"factor_low": float(min(spread)), "factor_high": float(max(spread))}
    return estimate, error, support


def _lazy(plan: _Plan, series: "xr.DataArray") -> tuple[Any, Any, Any]:
    """The same as dask arrays, one chunk per slice."""
    import dask
    import dask.array as da

    whole = dask.delayed(plan, pure=True)
    pieces, means = [], {}
    for number, piece in enumerate(plan.slices):
        part = dask.delayed(np.asarray)(series.isel(time=piece).data)
        pieces.append(whole.piece(part, number))
        if plan.goals[number] is not None:
            means[number] = whole.means(pieces[number])
    out: list[list] = [[], [], []]
    for number, piece in enumerate(plan.slices):
        part = pieces[number]
        if plan.goals[number] is not None:
            same = {k: v for k, v in means.items() if plan.months[k] == plan.months[number]}
            part = whole.scaled(part, whole.factors(same, number))
        shape = plan.n_target, piece.stop - piece.start
        for at, kind in enumerate((float, np.float32, np.int8)):
            out[at].append(da.from_delayed(part[at], shape, kind))
    first, second, third = (da.concatenate(parts, axis=1) for parts in out)
    return first, second, third
