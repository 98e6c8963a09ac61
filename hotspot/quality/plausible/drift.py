"""An instrument that moves off its neighbours day by day, told from air that does."""

from typing import Any

import numpy as np

from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.series import Series
from hotspot.rules.plausible import Plausible


def drifts(series: Series, screening: Any) -> list[Finding]:
    """
    Drifts: what an instrument adds stops a month, what may be air is a note.

    Notes
    -----
    With d the station less the median of its neighbours, c its median in the cleanest hours (``drift_clean``) of the
    month's last third and c0 of its first third, a month is stopped where all of these hold: ``|c|`` reaches
    ``drift_floor``, and ``|c - c0|`` ``drift_moved`` of it, ``drift_steady`` of that way gone in the middle third;
    ``|c|`` exceeds the robust spread of d in the last third (air moves back and forth, an offset does not); and in
    the robust line ``d(day) = a + b neighbours(day) + s day`` the slope reaches ``drift_slope``, and ``drift_t`` times
    its error. A drift of the screening (``quality.hours.slow``) that is not all of this is a note: sound stations
    moved by
    a third of their month (Wuhan, December 2020).

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.quality.plausible.gate import findings
    >>> month = synthetic_month(size="small")
    >>> month.reference["pm25"][5, -744:] += np.arange(744) / 24
    >>> {(one.kind, one.place) for one in findings(month) if one.changes}
    {('drift', 'S06')}
    """
    from hotspot.quality.hours.single import possible
    from hotspot.quality.hours.slow import drifts as slow

    told = np.exp(series.expected)
    sound = possible(series.values, screening)
    marked, latest = slow(sound, told, series.local, screening)
    slope = np.full(len(series.ids), np.nan) if series.micro else steady(series, sound, told)
    out = []
    for at in np.flatnonzero(np.isfinite(slope) | marked.any(axis=1)):
        stops = bool(np.isfinite(slope[at]))
        days = series.local.size / 24
        per_day = slope[at] if stops else latest[at]
        moved = abs(per_day) * days / 2
        mean = series.mean[at]
        stops = stops and moved > max(series.rules.effect_floor, series.rules.effect_share * mean)
        words = f"drifts from its neighbours by {per_day:+.2f} ug/m3 a day"
        words += f", in clean hours too; its month of {mean:.1f} would be moved by {moved:.0f} ug/m3" if stops else ""
        hours = None if stops else marked[at]
        if stops or marked[at].any():
            out.append(series.finding(int(at), "drift", words, hours, "stop" if stops else "note"))
    return out


def steady(series: Series, values: np.ndarray, told: np.ndarray) -> np.ndarray:
    """
    Slope of each station that drifts as an instrument does, ug/m3 a day; NaN of the others.

    Parameters
    ----------
    values, told : float64[n, n_hour], ug/m3, what it reads and what its neighbours do
    """
    rules, n_day = series.rules, int(np.ptp(_days(series))) + 1
    day = _days(series) - _days(series)[0]
    apart = np.where(np.isfinite(told), values - told, np.nan)
    third = day * 3 // n_day
    out = np.full(len(values), np.nan)
    for at in range(len(values)):
        first, _ = _clean(apart[at], told[at], third == 0, rules)
        last, spread = _clean(apart[at], told[at], third == 2, rules)
        way = (last - first) * np.sign(last)
        if not (abs(last) >= rules.drift_floor and way >= rules.drift_moved * rules.drift_floor):
            continue
        middle, _ = _clean(apart[at], told[at], third == 1, rules)
        if not (abs(last) > spread and (middle - first) / (last - first) >= rules.drift_steady):
            continue
        slope, error = _line(apart[at], told[at], day, n_day, rules)
        if slope * np.sign(last) >= max(rules.drift_slope, rules.drift_t * error):
            out[at] = slope
    return out


def _days(series: Series) -> np.ndarray:
    return series.local.astype("datetime64[D]").astype(np.int64)


def _clean(apart: np.ndarray, told: np.ndarray, part: np.ndarray, rules: Plausible) -> tuple[float, float]:
    """Median difference in the cleanest hours of a part of the month, and the robust spread in all of its hours."""
    part = part & np.isfinite(apart)
    if part.sum() < rules.drift_hours:
        return np.nan, np.nan
    clean = part & (told <= np.quantile(told[part], rules.drift_clean))
    middle = np.median(apart[part])
    return float(np.median(apart[clean])), float(1.4826 * np.median(np.abs(apart[part] - middle)) + 1.0)


def _line(apart: np.ndarray, told: np.ndarray, day: np.ndarray, n_day: int, rules: Plausible) -> tuple[float, float]:
    """Slope of the days' median differences beside the neighbours' level, by robust least squares, and its error."""
    both = np.isfinite(apart)
    rows = [
        (np.median(apart[at]), np.median(told[at]), n)
        for n in range(n_day)
        if (at := both & (day == n)).sum() >= rules.drift_day_hours
    ]
    if len(rows) < rules.drift_days:
        return np.nan, np.nan
    y, level, when = np.array(rows).T
    terms = np.column_stack([np.ones(y.size), when - n_day / 2, level])
    weight = np.ones(y.size)
    for _ in range(8):
        root = np.sqrt(weight)
        told_line = np.linalg.lstsq(terms * root[:, None], y * root, rcond=None)[0]
        left = y - terms @ told_line
        spread = 1.4826 * float(np.median(np.abs(left))) + 0.3
        weight = 1 / np.maximum(1.0, np.abs(left) / (1.5 * spread))
    # Days follow each other: their errors are not independent.
    varied = np.ptp(left[1:]) > 0 and np.ptp(left[:-1]) > 0
    again = float(np.clip(np.corrcoef(left[1:], left[:-1])[0, 1], 0.0, 0.8)) if varied else 0.0
    inverse = np.linalg.pinv((terms * weight[:, None]).T @ terms)
    error = spread * np.sqrt(inverse[1, 1] * (1 + again) / (1 - again))
    return float(told_line[1]), float(error)
