"""
Sudden falls against the neighbours, gathered as evidence for a person.

Nothing is taken out here. Spraying near an inlet, a filter over it or a throttled pump
is an offence that only people can establish (环发〔2015〕175号), so the product is a table
that says what happened, when, how the air around looked, and which signs speak for it.
"""

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Flags, Floats, Ints, Times
from hotspot.rules.sensors import Screening

COLUMNS = (
    *("station", "name", "start", "end", "hours", "mean", "expected", "ratio", "before_ratio"),
    *("humidity_change", "flow_change", "office_hours", "days_alike", "signs", "flagged"),
)


def fall_events(values: Floats, expected: Floats, criteria: Screening) -> Ints:
    """
    Stretches in which a station suddenly reads far below what its neighbours make likely.

    Parameters
    ----------
    values, expected : float64[n_station, n_hour], ug/m3, consecutive hours

    Returns
    -------
    int64[n_event, 3]: station, first hour, hour after the last; in order

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> values = np.array([[80.0, 82, 81, 24, 22, 23, 79, 80]])
    >>> fall_events(values, np.full((1, 8), 80.0), Screening()).tolist()
    [[0, 3, 6]]
    """
    ratio = fall_ratios(values, expected, criteria)
    with np.errstate(invalid="ignore"):
        low = ratio <= criteria.fall_ratio
    events = []
    for row in range(values.shape[0]):
        begin = 0
        while (begin := _next(low[row], begin)) >= 0:
            end = _recovery(ratio[row], begin, criteria.fall_recovered)
            before = ratio[row, max(0, begin - criteria.fall_hours) : begin]
            sudden = np.isfinite(before).any() and np.nanmax(before) >= criteria.fall_from
            if sudden and low[row, begin:end].sum() >= criteria.fall_hours and end - begin <= criteria.fall_longest:
                events.append((row, begin, end))
            begin = end
    return np.array(events, np.int64).reshape(-1, 3)


def _next(low: Flags, begin: int) -> int:
    """The first low hour from ``begin`` on, -1 where there is none."""
    more = np.flatnonzero(low[begin:])
    return begin + int(more[0]) if more.size else -1


def _recovery(ratio: Floats, begin: int, recovered: float) -> int:
    """The hour after the last one that is not back; silent hours inside belong to the event, silent ends do not."""
    with np.errstate(invalid="ignore"):
        back = np.flatnonzero(ratio[begin:] >= recovered)
    end = begin + (int(back[0]) if back.size else ratio.size - begin)
    return begin + int(np.flatnonzero(np.isfinite(ratio[begin:end]))[-1]) + 1


def fall_ratios(values: Floats, expected: Floats, criteria: Screening) -> Floats:
    """
    Station over neighbours where the neighbours are high enough to say anything, else NaN.

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> fall_ratios(np.array([20.0, 2.0]), np.array([80.0, 8.0]), Screening()).tolist()
    [0.25, nan]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected >= criteria.fall_level, values / expected, np.nan)


def evidence(
    values: Floats,
    expected: Floats,
    local: Times,
    criteria: Screening,
    *,
    stations: np.ndarray,
    names: np.ndarray,
    humidity: Floats | None = None,
    flow: Floats | None = None,
) -> tuple[pd.DataFrame, Flags]:
    """
    One row per sudden fall, with every sign for and against.

    An event is flagged if the humidity at the inlet rose against the neighbours', or the flow
    fell, or such falls came in office hours on several days; else it is only listed.

    Parameters
    ----------
    values, expected : float64[n_station, n_hour]
    local : datetime64[n_hour], local start of each hour
    stations, names : sequences of str
    humidity : float64[n_station, n_hour], per cent above the neighbours', optional
    flow : float64[n_station, n_hour], share of the station's usual flow, optional

    Returns
    -------
    (DataFrame, bool[n_station, n_hour]): columns ``COLUMNS``, and the flagged hours

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> local = np.datetime64("2020-03-02T05", "h") + np.arange(8)
    >>> wet = np.array([[0.0, 0, 0, 12, 15, 12, 0, 0]])
    >>> table, mask = evidence(np.array([[80.0, 82, 81, 24, 22, 23, 79, 80]]), np.full((1, 8), 80.0), local,
    ...     Screening(), stations=["m1"], names=["甲"], humidity=wet)
    >>> print(table[["station", "hours", "humidity_change", "signs"]].to_string(index=False), int(mask.sum()))
    station  hours  humidity_change                      signs
         m1      3             13.0 humidity rose at the inlet 3
    """
    events = fall_events(values, expected, criteria)
    mask = np.zeros(values.shape, bool)
    clock = np.asarray(local, "datetime64[h]")
    hour = (clock - clock.astype("datetime64[D]")).astype(np.int64)
    open_, close = criteria.office_hours
    office = (hour >= open_) & (hour < close)
    days_alike = {
        row: len({clock[begin].astype("datetime64[D]") for who, begin, _ in events if who == row and office[begin]})
        for row in np.unique(events[:, 0]).tolist()
    }
    rows = []
    for row, begin, end in events.tolist():
        inside, before = slice(begin, end), slice(max(0, begin - 3), begin)
        wetter, flowing = _change(humidity, row, inside, before), _mean(flow, row, inside)
        signs = []
        if wetter >= criteria.humidity_rise:
            signs.append("humidity rose at the inlet")
        if flowing <= 1 - criteria.flow_fall:
            signs.append("flow fell")
        if office[begin] and days_alike[row] >= criteria.repeated_events:
            signs.append(f"in office hours on {days_alike[row]} days")
        mask[row, inside] = bool(signs) & np.isfinite(values[row, inside])
        known = np.isfinite(values[row, inside]) & np.isfinite(expected[row, inside])
        own, told = float(values[row, inside][known].mean()), float(expected[row, inside][known].mean())
        rows.append(
            {
                "station": str(stations[row]),
                "name": str(names[row]),
                "start": clock[begin].astype("datetime64[ns]"),
                "end": (clock[end - 1] + 1).astype("datetime64[ns]"),
                "hours": end - begin,
                "mean": own,
                "expected": told,
                "ratio": own / told,
                "before_ratio": float(np.nanmax(values[row, before] / expected[row, before])),
                "humidity_change": wetter,
                "flow_change": flowing - 1,
                "office_hours": bool(office[begin]),
                "days_alike": days_alike[row],
                "signs": "; ".join(signs),
                "flagged": bool(signs),
            }
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.sort_values(["station", "start"], kind="stable", ignore_index=True), mask


def inspected_days(
    values: Floats, expected: Floats, inspected: Flags, *, draws: int = 2000, seed: int = 20180828
) -> dict[str, float]:
    """
    Does a station read lower, against its neighbours, on the days it is inspected? RELIABILITY C4: 77.

    Parameters
    ----------
    values, expected : float arrays [n_day], daily means of the station and of its neighbours' estimate
    inspected : bool[n_day]
    draws, seed : int
        Random choices of as many days, which give the probability.

    Returns
    -------
    dict: ``ratio`` (geometric mean ratio on inspected over other days), ``probability`` (share of
    random choices of days that are as low), ``n_inspected``; NaN with fewer than three days of either kind

    Examples
    --------
    >>> expected = np.full(30, 60.0)
    >>> values = expected * np.where(np.arange(30) % 6 == 0, 0.7, 1.0)
    >>> found = inspected_days(values, expected, np.arange(30) % 6 == 0)
    >>> round(found["ratio"], 2), found["n_inspected"], found["probability"] < 0.01
    (0.7, 5, True)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        log = np.log(np.asarray(values, float) / np.asarray(expected, float))
    known = np.isfinite(log)
    log, chosen = log[known], np.asarray(inspected, bool)[known]
    n = int(chosen.sum())
    if n < 3 or log.size - n < 3:
        return {"ratio": np.nan, "probability": np.nan, "n_inspected": n}
    seen = log[chosen].mean() - log[~chosen].mean()
    rng = np.random.default_rng(seed)
    low = 0
    for _ in range(draws):
        order = rng.permutation(log.size)
        low += log[order[:n]].mean() - log[order[n:]].mean() <= seen + 1e-12
    return {"ratio": float(np.exp(seen)), "probability": (int(low) + 1) / (draws + 1), "n_inspected": n}


def _change(values: Floats | None, row: int, inside: slice, before: slice) -> float:
    """Mean inside less mean before; NaN where nothing is known."""
    return _mean(values, row, inside) - _mean(values, row, before)


def _mean(values: Floats | None, row: int, part: slice) -> float:
    if values is None or not np.isfinite(values[row, part]).any():
        return np.nan
    return float(np.nanmean(values[row, part]))
