"""Stamps of another time zone: the lag at which a station moves with its neighbours."""

from collections.abc import Collection

import numpy as np

from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.series import Series

# Nearer lags are what air itself does between stations: in real months of Beijing and Wuhan a third of all
# station-months fit best one hour off, twenty two hours, one three or more.
TOLD = 3
# Hours off that are never told, lags tried for the near ones, and how often days are drawn.
LEAST, _NEAR, _DRAWS = 0.6, 6, 15


def anomalies(values: np.ndarray) -> np.ndarray:
    """
    What is quick in a series: logarithms less their median of a day around.

    Parameters
    ----------
    values : float64[n, n_hour]

    Returns
    -------
    float64[n, n_hour]

    Examples
    --------
    >>> anomalies(np.full((1, 48), 30.0)).max()
    np.float64(0.0)
    """
    from hotspot.kernels import flags

    with np.errstate(invalid="ignore"):
        logs = np.ascontiguousarray(np.log1p(np.maximum(values, 0.0)))
    return logs - flags.local_medians(logs, 12, 12)


def clocks(series: Series) -> list[Finding]:
    """
    Stations whose stamps are hours early or late against their neighbours (RELIABILITY C4: 64).

    Notes
    -----
    Three hours and more: correlation of ``anomalies`` with the median of the neighbours' at every lag up to
    ``clock_lags``, where it wins ``clock_gain`` and reaches ``clock_r``. Nearer ones (``near_clocks``) are notes: they
    move no monthly mean, only hours.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.quality.plausible.gate import findings
    >>> month = synthetic_month(size="small")
    >>> month.reference["pm25"][5] = month.reference["pm25"][5].roll(time=8).values
    >>> {(one.kind, one.place) for one in findings(month) if one.changes}
    {('clock', 'S06')}
    """
    far = _far_clocks(series)
    return far if series.micro else far + near_clocks(series, but={one.place for one in far})


def by_the_sun(series: Series) -> list[Finding]:
    """
    A whole network whose mean day is highest at an hour at which the sun makes no ozone: no neighbour could tell.

    Examples
    --------
    >>> from hotspot.quality.plausible.series import months_of
    >>> from hotspot.rules.plausible import Plausible
    >>> from hotspot.synthetic.study import synthetic_month
    >>> hours, rules = synthetic_month(size="small").reference, Plausible(sun_hours=(11, 19))
    >>> [one.place for one in by_the_sun(months_of(hours, ["2025-12"], pool=None, file_of=str, rules=rules)[0])]
    ['all stations']
    """
    first, last = series.rules.sun_hours
    hour = (series.local - series.local.astype("datetime64[D]")).astype(np.int64)
    seen = [series.values[:, hour == one] for one in range(24)]
    if last - first == 24 or min(np.isfinite(one).sum() for one in seen) < series.rules.min_hours / 24:
        return []
    peak = int(np.argmax([np.nanmean(one) for one in seen]))
    if first <= peak < last:
        return []
    words = (
        f"all stations together are highest at {peak} h, not between {first} and {last} h; is the time zone declared?"
    )
    return [series.of_all("clock", words)]


def _far_clocks(series: Series) -> list[Finding]:
    from hotspot.kernels import flags, lags

    rules = series.rules
    own = anomalies(series.values)
    told = flags.neighbour_medians(anomalies(series.others), series.neighbour, rules.min_neighbours)
    shifts = np.arange(-rules.clock_lags, rules.clock_lags + 1)
    scores, common = lags.lag_correlations(own, told, rules.clock_lags)
    enough = (np.isfinite(scores) & (common >= rules.min_hours)).all(axis=1)
    out = []
    for at in np.flatnonzero(enough).tolist():
        score = scores[at]
        best, lag = float(score.max()), int(shifts[score.argmax()])
        if abs(lag) >= TOLD and best >= rules.clock_r and best - score[rules.clock_lags] > rules.clock_gain:
            words = (
                f"its stamps are {abs(lag)} hours {'late' if lag > 0 else 'early'} against its neighbours "
                f"(r {best:.2f} there, {score[rules.clock_lags]:.2f} as delivered); is the declared time zone its own?"
            )
            out.append(series.finding(at, "clock", words, weight="note" if series.micro else "stop"))
    return out


def near_clocks(series: Series, but: Collection[str] = ()) -> list[Finding]:
    """
    Clocks one or two hours off, where this month can tell them, and from how many hours on it can.

    Parameters
    ----------
    but : stations that were found already

    Notes
    -----
    Of each station the lag at which its ``quick`` hours correlate best with those of up to ``neighbours`` neighbours
    (the mean of their correlations, the peak between hours from a parabola), and its error over redrawn days. Less
    the network's median lag it is told beyond ``max(0.6 h, clock_z sqrt(own error^2 + spread of the network's
    lags^2))``: how far sound stations stand apart (air takes its time between them) is measured where it is judged.
    Where that limit is above an hour, the sentence says so.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.quality.plausible.gate import findings
    >>> month = synthetic_month(size="small")
    >>> month.reference["pm25"][5] = month.reference["pm25"][5].roll(time=1).values
    >>> [(one.place, one.weight) for one in findings(month, ["2025-12"]) if one.kind == "clock" and one.hours]
    [('S06', 'note')]
    """
    lag, limit = lags(series)
    told = np.isfinite(lag)
    if not told.any():
        return []
    out = []
    for at in np.flatnonzero(np.abs(lag) > limit):
        if str(series.ids[at]) in but or abs(lag[at]) < LEAST:
            continue
        words = (
            f"its stamps are {abs(lag[at]):.1f} hours {'late' if lag[at] > 0 else 'early'} against its neighbours "
            f"(told from {limit[at]:.1f} h on); is the declared time zone its own?"
        )
        out.append(series.finding(int(at), "clock", words, weight="note"))
    usual = float(np.median(limit[told]))
    if usual > 1.0:
        words = f"of most stations a clock less than {usual:.1f} h off cannot be told"
        out.append(Finding(series.file, "reference stations", series.month, 0, "clock", words, "not assessed"))
    return out


def lags(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """
    Hours by which each station is late against its neighbours, and from how many on that means something.

    Returns
    -------
    (float64[n], float64[n]); NaN where too few hours or neighbours reported
    """
    from hotspot.kernels import lags as kernel

    rules = series.rules
    own = quick(series.others)
    row = {str(name): at for at, name in enumerate(series.other_ids)}
    day = np.unique(series.local.astype("datetime64[D]"), return_inverse=True)[1].astype(np.int64)
    n_day = int(day.max()) + 1
    draws = np.random.default_rng(0).multinomial(n_day, np.full(n_day, 1 / n_day), _DRAWS)
    weights = np.vstack([np.ones(n_day), draws])
    lag, error = np.full(len(series.ids), np.nan), np.full(len(series.ids), np.nan)
    for at, name in enumerate(series.ids):
        near = series.neighbour[at][series.neighbour[at] >= 0]
        mine = own[row[str(name)]]
        if near.size < rules.min_neighbours or np.isfinite(mine).sum() < 2 * rules.min_hours:
            continue
        sums = kernel.lag_sums(mine, np.ascontiguousarray(own[near]), day, n_day, _NEAR)
        lag[at], *drawn = _peaks(sums, weights)
        error[at] = np.std(drawn)
    told = np.isfinite(lag)
    if not told.any():
        return lag, error
    lag = lag - np.median(lag[told])
    spread = max(0.1, 1.4826 * float(np.median(np.abs(lag[told]))))
    return lag, np.maximum(LEAST, rules.clock_z * np.sqrt(error**2 + spread**2))


def quick(values: np.ndarray) -> np.ndarray:
    """Logarithms less their median of nine hours around: what passes within hours, and no round of the day."""
    from hotspot.kernels import flags

    with np.errstate(invalid="ignore"):
        logs = np.ascontiguousarray(np.log(np.maximum(values, 1.0) + 5.0))
    return logs - flags.local_medians(logs, 5, 5)


def _peaks(sums: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Of each row of weights of the days the lag of the best mean correlation, between hours by a parabola."""
    product, one, other = np.moveaxis(sums @ weights.T, 1, 0)
    score = np.mean(product / np.sqrt(np.maximum(one * other, 1e-12)), axis=1)
    best, row = score.argmax(axis=0), np.arange(len(weights))
    at = np.clip(best, 1, 2 * _NEAR - 1)
    low, top, high = score[at - 1, row], score[at, row], score[at + 1, row]
    bend = low - 2 * top + high
    between = (at == best) & (bend < 0)
    return best - _NEAR + np.where(between, 0.5 * (low - high) / np.where(between, bend, 1.0), 0.0)
