"""Faults that show only over days: a slow drift, a clock in another time zone."""

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Times
from hotspot.rules.sensors import Screening


def drifts(values: Floats, expected: Floats, local: Times, criteria: Screening) -> tuple[Flags, Floats]:
    """
    Hours of windows in which a station moves steadily away from its neighbours.

    Parameters
    ----------
    values, expected : float64[n_station, n_hour], ug/m3, consecutive hours
    local : datetime64[n_hour], local start of each hour

    Returns
    -------
    (bool[n_station, n_hour], float64[n_station]): the hours, and the slope of the latest window
    in which it drifted, or else that could be judged, ug/m3 per day (0 where none could)

    Notes
    -----
    Theil-Sen slope over ``drift_days`` of each day's median difference, in the half of its hours
    where the neighbours are cleaner, with Kendall's tau.

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> local = np.datetime64("2020-03-01T00", "h") + np.arange(24 * 30)
    >>> expected = np.full((1, 720), 60.0)
    >>> mask, slope = drifts(expected + np.arange(720) / 24 + np.arange(720) % 5, expected, local, Screening())
    >>> bool(mask.all()), slope.round(2).tolist()
    (True, [1.0])
    """
    from hotspot.kernels import flags

    day = local.astype("datetime64[D]").astype(np.int64)
    days = np.arange(day[0], day[-1] + 1)
    apart = np.full((values.shape[0], days.size), np.nan)
    difference = values - expected
    for at, one in enumerate(days):
        part, level = difference[:, day == one], expected[:, day == one]
        known = np.isfinite(part).sum(axis=1) >= 12
        level = np.where(np.isfinite(part), level, np.nan)[known]
        # In the cleaner half of the day a gain that differs from the neighbours' shows least.
        part = np.where(level <= np.nanmedian(level, axis=1, keepdims=True), part[known], np.nan)
        apart[known, at] = np.nanmedian(part, axis=1)
    n_least = max(2, 2 * criteria.drift_days // 3)
    slope, tau, scatter = flags.window_slopes(apart, criteria.drift_days, n_least)
    with np.errstate(invalid="ignore"):
        drifting = (
            (np.abs(slope) >= criteria.drift_per_day)
            & (np.abs(tau) >= criteria.drift_tau)
            & (np.abs(slope) * criteria.drift_days >= criteria.drift_scatter * 1.4826 * scatter)
        )
    marked = np.zeros(drifting.shape, bool)
    for station, last in zip(*np.nonzero(drifting), strict=True):
        marked[station, max(0, last - criteria.drift_days + 1) : last + 1] = True
    latest = np.zeros(values.shape[0])
    for station in np.flatnonzero(np.isfinite(slope).any(axis=1)):
        # Of the windows in which it drifted, if there were any.
        some = slope[station][drifting[station] if drifting[station].any() else np.isfinite(slope[station])]
        latest[station] = some[-1]
    return marked[:, day - days[0]] & np.isfinite(values), latest


def clock_lags(values: Floats, expected: Floats, criteria: Screening) -> Floats:
    """
    Hours by which a station's stamps are late against its neighbours (RELIABILITY C4: 64).

    A feed in UTC that was declared Beijing time stands 8 hours early: -8.

    Parameters
    ----------
    values, expected : float64[n_station, n_hour], consecutive hours

    Returns
    -------
    float64[n_station]; 0 where no shift raises the correlation by ``clock_gain``, or fewer than ``clock_hours``

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> town = 60 + 30 * np.sin(np.arange(400) / 5) + 20 * np.sin(np.arange(400) / 33)
    >>> clock_lags(np.roll(town, -8)[None], town[None], Screening()).tolist()
    [-8.0]
    """
    from hotspot.kernels import lags

    late = np.zeros(len(values))
    if values.shape[1] < criteria.clock_hours:
        return late
    shifts = np.arange(-criteria.clock_lags, criteria.clock_lags + 1)
    own, told = np.log1p(np.maximum(values, 0)), np.log1p(expected)
    scores, common = lags.lag_correlations(own, told, criteria.clock_lags)
    enough = (np.isfinite(scores) & (common >= criteria.clock_hours // 2)).all(axis=1)
    for station in np.flatnonzero(enough):
        best = int(np.argmax(scores[station]))
        if scores[station, best] - scores[station, criteria.clock_lags] > criteria.clock_gain:
            late[station] = shifts[best]
    return late
