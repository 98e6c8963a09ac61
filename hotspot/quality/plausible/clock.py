"""Stamps of another time zone: the lag at which a station moves with its neighbours."""

import numpy as np

from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.series import Series

# Nearer lags are what air itself does between stations: in real months of Beijing and Wuhan a third of all
# station-months fit best one hour off, twenty two hours, one three or more.
TOLD = 3


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
    Correlation of ``anomalies`` with the median of the neighbours' at every lag up to ``clock_lags``; a lag of
    three or more hours is found where it wins ``clock_gain`` and reaches ``clock_r``. One and two hours cannot be
    told from the way of the air between stations.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.quality.plausible.gate import findings
    >>> month = synthetic_month(size="small")
    >>> month.reference["pm25"][5] = month.reference["pm25"][5].roll(time=8).values
    >>> {(one.kind, one.place) for one in findings(month) if one.changes}
    {('clock', 'S06')}
    """
    from hotspot.kernels import flags

    rules, n_hour = series.rules, series.values.shape[1]
    own = anomalies(series.values)
    told = flags.neighbour_medians(anomalies(series.others), series.neighbour, rules.min_neighbours)
    shifts = np.arange(-rules.clock_lags, rules.clock_lags + 1)
    out = []
    for at in range(len(series.ids)):
        score = np.full(shifts.size, np.nan)
        for n, shift in enumerate(shifts):
            a, b = own[at, max(0, shift) : n_hour + min(0, shift)], told[at, max(0, -shift) : n_hour + min(0, -shift)]
            both = np.isfinite(a) & np.isfinite(b)
            if both.sum() >= rules.min_hours and a[both].std() > 0 and b[both].std() > 0:
                score[n] = np.corrcoef(a[both], b[both])[0, 1]
        if not np.isfinite(score).all():
            continue
        best, lag = float(score.max()), int(shifts[score.argmax()])
        if abs(lag) >= TOLD and best >= rules.clock_r and best - score[rules.clock_lags] > rules.clock_gain:
            words = (
                f"its stamps are {abs(lag)} hours {'late' if lag > 0 else 'early'} against its neighbours "
                f"(r {best:.2f} there, {score[rules.clock_lags]:.2f} as delivered); is the declared time zone its own?"
            )
            out.append(series.finding(at, "clock", words, weight="note" if series.micro else "stop"))
    return out
