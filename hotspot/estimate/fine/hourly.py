"""What the hours of a network teach once: trend or none, variogram, systems of all cells, left-out error."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.estimate.field.fuse import agreement
from hotspot.estimate.field.krige import Variogram, by_place, empirical_variogram, fit_variogram
from hotspot.estimate.fine.block_krige import lay_blocks
from hotspot.estimate.fine.gains import Gains
from hotspot.estimate.fine.instruments import beside, split_error
from hotspot.kernels import krige_blocks
from hotspot.kernels.arrays import Floats, Ints, Singles, Texts, Times
from hotspot.kernels.krige_blocks import Blocks, Hours
from hotspot.quality.means.seen import LEVEL
from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

_ENOUGH = 200  # left-out hours without which the stated error is the variogram's
_SPLIT = 240  # hours, evenly spread, from which an instrument's noise of the hour is told
_SCALES = (0.7, 2.0)  # how far the left-out hours may move it


@dataclass(frozen=True)
class Residuals:
    """Solved systems and the trend they stand on; ``field`` estimates some hours."""

    blocks: Blocks
    station_pattern: dict  # month -> float array (place); empty without a trend
    usual_sd: float  # ug/m3, where an hour has too few stations for its own
    criteria: Criteria
    noise: Floats  # float64[station], each instrument's own error, a share of the value; 0 where none is stated at all
    shared: float = 0.0  # error that the calibrations have in common, a share of the value
    scale: float = 1.0  # of the stated error, so that 95 % of left-out hours lie within 1.96 of it

    def field(self, values: Floats, month: str, target_pattern: Floats | None) -> tuple[Floats, Singles]:
        """
        Estimate and error of every target, without the part that all share.

        Parameters
        ----------
        values : float array (place, hour), ug/m3, NaN where missing
        month : "YYYY-MM", of all these hours
        target_pattern : float array (target) or None

        Returns
        -------
        (estimate, error): float64 and float32 arrays (target, hour), ug/m3
        """

        rules = self.criteria.downscaling
        pattern = self.station_pattern.get(month)
        slope, rest, sd = residuals(values, pattern, self.criteria)
        n_target = self.blocks.target.shape[1]
        target = np.zeros(n_target) if pattern is None or target_pattern is None else target_pattern
        seen = np.isfinite(values)
        low = np.where(seen, values, np.inf).min(axis=0, initial=np.inf)
        high = np.where(seen, values, -np.inf).max(axis=0, initial=-np.inf)
        hours = Hours(slope, np.where(np.isfinite(sd), sd, self.usual_sd), low, high)
        least = np.array([int(np.ceil(rules.min_share * self.blocks.neighbour.shape[1])), rules.min_stations])
        shape = n_target, values.shape[1]
        out = np.empty(shape), np.empty(shape, np.float32)
        estimate, error = krige_blocks.field(np.ascontiguousarray(rest), self.blocks, hours, target, least, *out)
        return estimate, np.asarray(self.scale * error, np.float32)


def residuals(values: Floats, pattern: Floats | None, criteria: Criteria) -> tuple[Floats, Floats, Floats]:
    """
    Each hour's slope on the pattern, what is left, and its spread.

    Parameters
    ----------
    values : float array (place, hour), ug/m3, NaN where missing
    pattern : float array (place), ug/m3, or None

    Returns
    -------
    (slope, rest, sd): float (hour), 0 where there is no trend; float (place, hour); float (hour), NaN with
    fewer than ``interpolation.fit_stations`` stations

    Examples
    --------
    >>> from hotspot.rules.criteria import Criteria
    >>> pattern = np.arange(30.0)
    >>> slope, rest, _ = residuals(5.0 + 1.5 * pattern[:, None], pattern, Criteria())
    >>> slope.round(6).tolist(), bool(np.allclose(rest, 5.0))
    ([1.5], True)
    """
    rules = criteria.downscaling
    seen = np.isfinite(values)
    count = seen.sum(axis=0)
    known = np.where(seen, values, 0.0)
    total = np.where(count > 0, count, 1)
    mean = known.sum(axis=0) / total
    slope = np.zeros(values.shape[1])
    if pattern is not None:
        middle = (seen * pattern[:, None]).sum(axis=0) / total
        away = np.where(seen, pattern[:, None] - middle, 0.0)
        square = (away**2).sum(axis=0)
        enough = (count >= rules.trend_stations) & (square > 0) & (middle > 0)
        slope[enough] = (away * known).sum(axis=0)[enough] / square[enough]
        own = np.where(enough, mean / np.where(middle > 0, middle, 1.0), 0.0)
        slope = np.clip(slope, 0.0, np.maximum(rules.trend_limit * own, 0.0))
        rest = values - slope * pattern[:, None]
    else:
        rest = values
    left = np.where(seen, rest, 0.0)
    spread = np.where(seen, rest - left.sum(axis=0) / total, 0.0)
    sd = np.sqrt((spread**2).sum(axis=0) / np.maximum(count - 1, 1))
    sd = np.maximum(sd, rules.error_floor)
    return slope, rest, np.where(count >= criteria.interpolation.fit_stations, sd, np.nan)


def learn(
    stations: "xr.Dataset",
    x: Floats,
    y: Floats,
    local: Times,
    target: tuple[Floats, Floats],
    first: Ints,
    station_pattern: dict[str, Floats],
    gains: Gains,
    criteria: Criteria,
) -> tuple[Residuals, dict[str, Any]]:
    """
    Choose the trend, fit the variogram and solve the cells' systems from hours evenly spread.

    Parameters
    ----------
    stations : Dataset (station, time) with ``pm25``, gains taken off, and perhaps ``pm25_error``
    x, y : float arrays (station), m
    local : datetime64[M] (time), local month of each hour
    target : (x, y) of the targets, float arrays, m
    first : int array (block + 1)
    station_pattern : dict of month -> float array (place), may be empty

    Returns
    -------
    (Residuals, dict of attributes)

    Raises
    ------
    DataError
        No station has a value in the hours looked at.
    """
    rules = criteria.downscaling
    hours = np.unique(np.linspace(0, local.size - 1, min(rules.fit_hours, local.size)).round().astype(int))
    px, py, sample, _ = by_place(x, y, _some(stations, "pm25", hours))
    # As delivered, gains on: a station left out is foreign, and must not be judged by what it told of itself.
    gain = np.exp(by_place(x, y, gains.told[:, None])[2])
    if not np.isfinite(sample).any():
        raise DataError(f"stations: none of {hours.size} hours looked at has a value; check the months delivered.")
    months = local[hours].astype(str)
    error, stated, shared = None, None, 0.0
    if "pm25_error" in stations:
        stated = by_place(x, y, _some(stations, "pm25_error", hours))[2]
        many = np.unique(np.linspace(0, local.size - 1, min(_SPLIT, local.size)).round().astype(int))
        now, next_, after = (
            by_place(x, y, _some(stations, "pm25", np.minimum(many + lag, local.size - 1)))[2] for lag in range(3)
        )
        said = by_place(x, y, _some(stations, "pm25_error", many))[2]
        own, shared = split_error(now, next_, after, said, beside(px, py))
        error = stated * own
        # Gains of single instruments do not change by the hour, but are their own: what is left is not shared.
        left = by_place(x, y, gains.left[:, None])[2]
        error = np.hypot(error, np.minimum(left, shared) * (np.maximum(sample, 0.0) + LEVEL))
        shared = float(np.sqrt(max(shared**2 - gains.sure**2, 0.0)))
    ways = [_fit(px, py, sample, error, gain, months, target, first, {}, criteria)]
    if station_pattern:
        ways.append(_fit(px, py, sample, error, gain, months, target, first, station_pattern, criteria))
    if stated is not None:
        # Whether what is stated beyond both acts like noise of single stations, the left-out stations say.
        ways += [_fit(px, py, sample, stated, gain, months, target, first, {}, criteria)]
        if station_pattern:
            ways.append(_fit(px, py, sample, stated, gain, months, target, first, station_pattern, criteria))
    best = min(ways, key=lambda way: way["loo"]["rmse"] if way["loo"]["n"] else way["sd"])
    fitted = best["variogram"]
    attrs = {
        "method": "ordinary kriging per cell, " + ("along the month's pattern" if best["pattern"] else "no trend"),
        "variogram": f"{fitted.model}, nugget {fitted.nugget:.4g}, partial sill {fitted.psill:.4g} (shares of the "
        f"hour's variance), range {fitted.range_m:.0f} m, {fitted.origin}",
        "n_stations": int(x.size),
        "loo_hours": int(hours.size),
        "error_shared": shared,
        "gain": gains.own,
        "error_scale": best["loo"]["scale"],
        **{f"loo_{name}": value for name, value in best["loo"].items() if name != "scale"},
        "loo_rmse_no_trend": ways[0]["loo"]["rmse"],
        "loo_rmse_trend": ways[1]["loo"]["rmse"] if station_pattern else float("nan"),
    }
    noise = np.zeros(x.size)
    if error is not None and stated is not None:
        noise = _own_share(stations, hours) * float(np.nanmedian(error / stated))
    scale = best["loo"]["scale"]
    return Residuals(best["blocks"], best["pattern"], best["sd"], criteria, noise, shared, scale), attrs


def _own_share(stations: "xr.Dataset", hours: Ints) -> Floats:
    """What each station states of its error, the usual share of its value; without limit where it states none."""
    values, error = (_some(stations, name, hours) for name in ("pm25", "pm25_error"))
    share = np.where(np.isfinite(values) & np.isfinite(error), error / (np.maximum(values, 0.0) + LEVEL), np.nan)
    told = np.isfinite(share).any(axis=1)
    out = np.full(len(share), np.inf)
    out[told] = np.nanmedian(share[told], axis=1)
    return out


def _some(stations: "xr.Dataset", name: str, hours: Ints) -> Floats:
    return np.asarray(stations[name].transpose("station", "time").isel(time=hours), dtype=float)


def _fit(
    x: Floats,
    y: Floats,
    sample: Floats,
    error: Floats | None,
    gain: Floats,
    months: Texts,
    target: tuple[Floats, Floats],
    first: Ints,
    station_pattern: dict[str, Floats],
    criteria: Criteria,
) -> dict[str, Any]:
    """One way, with a trend or without: variogram, systems, left-out error."""
    slope, rest, sd = np.zeros(sample.shape[1]), sample.copy(), np.full(sample.shape[1], np.nan)
    trend = np.zeros(sample.shape)
    for month in dict.fromkeys(months.tolist()):
        at, pattern = months == month, station_pattern.get(month)
        slope[at], rest[:, at], sd[at] = residuals(sample[:, at], pattern, criteria)
        if pattern is not None:
            trend[:, at] = slope[at] * pattern[:, None]
    usual = float(np.nanmedian(sd)) if np.isfinite(sd).any() else _pooled(rest, criteria)
    sd = np.where(np.isfinite(sd), sd, usual)
    variogram, noise = _variogram(x, y, rest / sd, None if error is None else error / sd, criteria)
    rules = criteria.downscaling
    blocks = lay_blocks(
        x, y, target[0], target[1], first, variogram,
        neighbours=rules.neighbours, noise=noise, max_m=rules.max_station_km * 1000,
    )  # fmt: skip
    loo = _left_out(blocks, sample * gain, rest, trend, sd)
    return {"variogram": variogram, "blocks": blocks, "pattern": station_pattern, "sd": usual, "loo": loo}


def _pooled(rest: Floats, criteria: Criteria) -> float:
    """Spread of all residuals about their hour's mean, for networks too small for a spread of each hour."""
    with np.errstate(invalid="ignore"):
        away = rest - np.nanmean(np.where(np.isfinite(rest).any(axis=0), rest, 0.0), axis=0)
    seen = np.isfinite(away)
    free = max(int(seen.sum() - seen.any(axis=0).sum()), 1)
    return float(max(np.sqrt(np.nansum(away**2) / free), criteria.downscaling.error_floor))


def _variogram(
    x: Floats, y: Floats, values: Floats, error: Floats | None, criteria: Criteria
) -> tuple[Variogram, Floats]:
    """The variogram without the instruments' noise, and the noise of each place, both in shares of the variance."""
    rules, few = criteria.downscaling, criteria.interpolation
    noise = np.zeros(x.size)
    if error is not None:
        seen = np.isfinite(error)
        told = seen.any(axis=1)
        noise = (np.where(seen, error, 0.0) ** 2).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        noise[~told] = np.median(noise[told]) if told.any() else 0.0
    # A station whose own error is as large as all that differs tells nothing of how the field varies.
    clear = noise < 1.0
    found = None
    if clear.sum() >= few.fit_stations:
        table = empirical_variogram(x[clear], y[clear], values[clear], cutoff=rules.fit_km * 1000, n_bins=15)
        if len(table) >= 3 and table["gamma"].max() > 0:
            found = fit_variogram(table, model=rules.model)
    if found is None:
        share = few.default_nugget_share
        found = Variogram(rules.model, share, 1 - share, few.default_range_km * 1000, origin="proposal")
    # The nugget holds the usual instrument's noise (the median: one bad one must not eat it);
    # a nugget of nothing would make near stations one equation twice.
    nugget = max(found.nugget - float(np.median(noise)), 1e-6 * found.sill)
    return Variogram(found.model, nugget, found.psill, found.range_m, found.origin), noise


def _left_out(blocks: Blocks, sample: Floats, rest: Floats, trend: Floats, sd: Floats) -> dict[str, float]:
    """Agreement at the stations that stand in the cells, each left out in turn."""
    from scipy.spatial import KDTree

    n = np.diff(blocks.first)
    middle = np.add.reduceat(blocks.target, blocks.first[:-1], axis=1) / n
    reach = np.hypot(*(blocks.target - np.repeat(middle, n, axis=1))).max() * 1.2
    away, block = KDTree(middle.T).query(blocks.place.T)
    speaks = (blocks.neighbour[block] == np.arange(block.size)[:, None]).any(axis=1)
    station = np.flatnonzero(speaks & (away <= reach))
    if station.size * sample.shape[1] < _ENOUGH:  # too few in the cells: those around are the next best
        station = np.flatnonzero(speaks)
    said, variance = krige_blocks.left_out(np.ascontiguousarray(rest), blocks, station, block[station].astype(np.int64))
    said, error = said + trend[station], np.sqrt(variance) * _spread_of_others(rest, station, sd)
    known = np.isfinite(said) & np.isfinite(sample[station])
    away = np.abs(said - sample[station])[known] / np.maximum(error[known], 1e-9)
    scale = 1.0
    if known.sum() >= _ENOUGH:
        scale = float(np.clip(np.quantile(away, 0.95) / 1.96, *_SCALES))
    found = agreement(said, sample[station])
    return found | {"within": float((away <= 1.96 * scale).mean()) if known.any() else float("nan"), "scale": scale}


def _spread_of_others(rest: Floats, station: Ints, sd: Floats) -> Floats:
    """
    The hour's spread as it would be without the station that is left out, float64[station, hour].

    A station far from all others widens the hour's spread itself: judged by a spread that holds its own surprise it
    looks less surprising than it will where no station stands.
    """
    seen = np.isfinite(rest)
    count = seen.sum(axis=0)
    mean = np.where(seen, rest, 0.0).sum(axis=0) / np.maximum(count, 1)
    away = np.where(seen, rest - mean, 0.0)
    own = away[station] ** 2 * count / np.maximum(count - 1, 1)
    with np.errstate(invalid="ignore"):
        share = ((away**2).sum(axis=0) - own) / np.maximum(count - 2, 1) * np.maximum(count - 1, 1)
        share = share / (away**2).sum(axis=0)
    return sd * np.sqrt(np.where((count >= 3) & np.isfinite(share), np.maximum(share, 0.0), 1.0))
