"""
The gain of each instrument, told from weeks of hours and taken off, and how sure a month's pattern then is.

A micro-station that always reads a tenth too high looks like a dirty place. What stations side by side differ by
all the time says how large gains are; how far a station stands from its neighbours for weeks is then its gain and
its place, and each gets its share.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hotspot.estimate.fine.instruments import beside
from hotspot.kernels.arrays import Floats, Ints
from hotspot.quality.means.seen import LEVEL

if TYPE_CHECKING:
    import xarray as xr

# Proposals:
_HOURS = 240  # evenly spread, from which a station's usual level is told
_RUNS = 24  # of these hours, whose quantiles say how unsure the level is
_QUIET = (
    0.3  # quantile of these hours that is a station's usual level: a gain is there in all, a plume in its wind only
)
_NEAR = 16  # stations that speak for each other
REACH_M = 3000.0  # over which what is lasting about a place falls to 1 / e: the 3 km field holds the rest
_FAR = 3.0  # gains beyond which a deviation is the place's: it stands beside a source
LEAST_PLACE = 0.08  # 1 sd, a share: what a month's places inside 3 km differ by, where stations do not show more
_OF_PLACE = 0.25  # of the variance of hours, that two places side by side may differ by all the time ...
_OF_INSTRUMENTS = 0.5  # ... and never more than leaves so much of what they do to the instruments


class Gains(NamedTuple):
    """What is known of the instruments' gains; shares of the value."""

    own: float  # 1 sd of the gains, 0 where nothing is known of them
    sure: float  # of it what so few stations leave certain
    told: np.ndarray  # float64[station], logarithm of each instrument's gain
    left: np.ndarray  # float64[station], 1 sd, what it may still be off
    place: float  # 1 sd of what places differ by all the time
    noise: float  # 1 sd of a station's usual level, by the hours it was told from
    usual: np.ndarray  # float64[station], that level, a logarithm about the hour's; NaN with too few hours


def tell_gains(stations: "xr.Dataset", x: Floats, y: Floats) -> Gains:
    """
    The gain of each instrument of a network.

    Parameters
    ----------
    stations : Dataset (station, time)
        ``pm25``, ug/m3; without ``pm25_error`` nothing is known of instruments.
    x, y : float arrays (station), m

    Returns
    -------
    Gains; all 0 where nothing is known

    Notes
    -----
    With D the 0.3 quantile over hours of a station's logarithm less the hour's median (no plume blows then), D = place
    + gain + noise. Half the mean square of what stations within 2 km differ by in D, less the noise that runs of
    hours show, is of gains and of places; of places it is a quarter of what they differ by for hours,
    ``cov(d_t, d_(t+1)) / 2``, and never more than half of it all. Places are alike over 3 km. The gain is its
    conditional mean given the 16 nearest stations, their common level unknown. Beyond three of its sd it is the less
    believed the farther: instruments do not err so, places beside a source do.

    Examples
    --------
    >>> import xarray as xr
    >>> rng = np.random.default_rng(1)
    >>> x, y = rng.uniform(0, 9000, (2, 60))
    >>> true = rng.normal(0, 0.12, 60)
    >>> values = 60 * np.exp(true[:, None] + 0.3 * rng.normal(size=500) + 0.15 * rng.normal(size=(60, 500)))
    >>> stations = xr.Dataset({n: (("station", "time"), values) for n in ("pm25", "pm25_error")},
    ...     {"station": [f"S{i:02d}" for i in range(60)]})
    >>> gains = tell_gains(stations, x, y)
    >>> bool(np.corrcoef(gains.told, true)[0, 1] > 0.9)
    True
    """
    nothing = np.zeros(x.size)
    unknown = Gains(0.0, 0.0, nothing, nothing, 0.0, 0.0, np.full(x.size, np.nan))
    if "pm25_error" not in stations or x.size < 3:
        return unknown
    order = np.lexsort((np.asarray(stations["station"]).astype(str), y, x))  # sums do not hang on the file's order
    if (np.diff(order) != 1).any():
        found, back = tell_gains(stations.isel(station=order), x[order], y[order]), np.argsort(order)
        return found._replace(**{name: getattr(found, name)[back] for name in ("told", "left", "usual")})
    n = stations.sizes["time"]
    hours = np.unique(np.linspace(0, n - 1, min(_HOURS, n)).round().astype(int))
    now, then = (
        np.asarray(stations["pm25"].transpose("station", "time").isel(time=at), dtype=float)
        for at in (hours, np.minimum(hours + 1, n - 1))
    )
    usual, noise = _usual(now)
    own, sure, place = _parts(x, y, usual, noise, logs_of(now), logs_of(then))
    if not own:
        return unknown._replace(noise=noise, usual=usual)
    known = np.isfinite(usual)
    found = Gains(own, sure, nothing, np.full(x.size, own), place, noise, usual)
    near, apart = around(x[known], y[known], x[known], y[known])
    inverse = np.linalg.inv(alike(place, float(np.hypot(own, noise)), apart))
    level = usual[known][near]
    total = inverse.sum(axis=(1, 2))
    away = level - (np.einsum("tij,tj->t", inverse, level) / total)[:, None]
    itself = np.arange(len(near)), (near == np.arange(len(near))[:, None]).argmax(axis=1)  # two may stand in one place
    first = inverse[itself]
    gain = own**2 * (first * away).sum(axis=1)
    left = own**2 - own**4 * (first[itself] - first.sum(axis=1) ** 2 / total)
    gain *= np.minimum(1.0, (_FAR * own / np.maximum(np.abs(gain), 1e-12)) ** 2)
    told, unsure = nothing.copy(), found.left.copy()
    told[known], unsure[known] = gain, np.sqrt(np.maximum(left, 0.0))
    return found._replace(told=told, left=unsure)


def _parts(x: Floats, y: Floats, usual: Floats, noise: float, now: Floats, then: Floats) -> tuple[float, float, float]:
    """1 sd of gains, what of it is sure, and of places, of logarithms; 0 where too few stand side by side."""
    known = np.flatnonzero(np.isfinite(usual))
    first, second = (known[one] for one in beside(x[known], y[known]))
    if not first.size:
        return 0.0, 0.0, 0.0
    # By roots, so that few places beside a source do not count (Cressie and Hawkins 1980).
    gap, n = np.sqrt(np.abs(usual[first] - usual[second])).mean() ** 4, float(first.size)
    lasting = max(gap / (0.457 + 0.494 / n) / 2 - noise**2, 0.0)
    parts = [logs[first] - logs[second] for logs in (now, then)]
    both = np.isfinite(parts[0]) & np.isfinite(parts[1])
    d, e = (np.where(both, part, 0.0) for part in parts)
    count = np.maximum(both.sum(axis=1), 1)
    passing = (d * e).sum(axis=1) / count - d.sum(axis=1) * e.sum(axis=1) / count**2
    of_place = min(_OF_PLACE * max(float(np.median(passing)), 0.0) / 2, (1 - _OF_INSTRUMENTS) * lasting)
    own = lasting - of_place
    # The variance of n differences is known to sqrt(2 / n) of it, to 1.4 times that where stations stand in several
    # pairs; 1.28 times that is passed once in ten.
    sure = own * max(1.0 - 1.28 * 2.0 / np.sqrt(n), 0.0)
    apart = float(np.hypot(*(np.column_stack([x, y])[first] - np.column_stack([x, y])[second]).T).mean())
    places = np.sqrt(of_place / -np.expm1(-max(apart, 1.0) / REACH_M))
    return float(np.sqrt(own)), float(np.sqrt(sure)), max(float(places), LEAST_PLACE)


def logs_of(values: Floats) -> Floats:
    """The logarithm of concentrations, in which gains and places add up."""
    return np.asarray(np.log(np.maximum(values, 0.0) + LEVEL))


def _usual(values: Floats) -> tuple[Floats, float]:
    """Each station's usual logarithm about the hour's, NaN where it has too few hours; and how unsure it is, 1 sd."""
    logs = logs_of(values)
    logs = logs - _quantile(logs.T, 0.5)
    runs = np.array_split(np.arange(values.shape[1]), max(min(_RUNS, values.shape[1] // 2), 1))
    levels = np.array([_quantile(logs[:, r], _QUIET) for r in runs])
    there = np.isfinite(levels)
    count = there.sum(axis=0)
    mean = np.where(there, levels, 0.0).sum(axis=0) / np.maximum(count, 1)
    away = np.where(there, levels - mean, 0.0)
    noise = np.sqrt((away**2).sum(axis=0) / np.maximum(count - 1, 1) / np.maximum(count, 1))
    enough = count >= max(len(runs) // 2, 2)
    usual = np.where(enough, _quantile(logs, _QUIET), np.nan)
    return usual, float(np.median(noise[enough])) if enough.any() else 0.0


def _quantile(values: Floats, share: float) -> Floats:
    """The quantile of each row, of what is known in it; NaN where nothing is."""
    ranked, count = np.sort(values, axis=1), np.isfinite(values).sum(axis=1)
    at = share * np.maximum(count - 1, 0)
    low, row = np.floor(at).astype(np.int64), np.arange(len(values))
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    return np.asarray(ranked[row, low] + (at - low) * (ranked[row, high] - ranked[row, low]))


def alike(place: float, own: float, apart: Floats) -> Floats:
    """What usual levels have in common: places over ``REACH_M`` (1 sd ``place``), and each station's ``own`` (1 sd)."""
    return np.asarray(place**2 * np.exp(-apart / REACH_M) + own**2 * np.eye(apart.shape[-1]))


def around(x: Floats, y: Floats, target_x: Floats, target_y: Floats) -> tuple[Ints, Floats]:
    """The stations nearest to each target, and how far these are from each other, m."""
    from scipy.spatial import KDTree

    place, k = np.column_stack([x, y]), min(_NEAR, x.size)
    near = KDTree(place).query(np.column_stack([target_x, target_y]), k)[1].reshape(-1, k)
    own = place[near]
    return near, np.hypot(*(own[:, :, None] - own[:, None, :]).transpose(3, 0, 1, 2))
