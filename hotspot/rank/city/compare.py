"""Any window of days against the same window of an earlier year: six pollutants, falls, rises, unchanged (A3)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hotspot.rank.city.index import DECIMALS
from hotspot.rules.calendar import parse_day
from hotspot.rules.index import SIX, percentile
from hotspot.rules.rounding import round_half_even
from hotspot.variables import DataError

_COUNT = "零一二三四五六"
NAMES = {"so2": "SO2", "no2": "NO2", "pm10": "PM10", "pm25": "PM2.5", "co": "CO", "o3": "O3-8h"}


@dataclass(frozen=True)
class Comparison:
    """
    Two windows. ``rows``: (pollutant, now, before, per cent or NaN, "down" | "up" | "flat" | "unknown");
    ``zh``: 「四降两平」; ``zh_one``: the same with changes within 1 per cent counted as unchanged.
    """

    rows: tuple[tuple[str, float, float, float, str], ...]
    zh: str
    zh_one: str


def compare_windows(days: pd.DataFrame, first: str, last: str, *, years: int = 1, flat: float = 0.0) -> Comparison:
    """
    Compare a window with the same days of an earlier year.

    Parameters
    ----------
    days : DataFrame ``unit, point, day`` and the ``SIX``, as ``month_index``
    first, last : str, "YYYY-MM-DD", both inside
    years : int, how many years back
    flat : float
        Per cent, after rounding to one decimal, that still count as unchanged (proposal 0.0).

    Raises
    ------
    ValueError
        An edge is no day, the window ends before it begins, or ``years`` is below 1.
    DataError
        One of the two windows has no day.

    Examples
    --------
    >>> day = ["2018-12-01", "2019-12-01"]
    >>> six = {"so2": [10.0, 9.0], "no2": [40.0, 39.0], "pm10": [100.0, 70.0], "pm25": [60.0, 52.0]}
    >>> days = pd.DataFrame({"unit": "a", "point": "p", "day": day, **six, "co": [1.0, 1.0], "o3": [50.0, 50.0]})
    >>> compare_windows(days, "2019-12-01", "2019-12-31").zh
    '四降两平'
    """
    if parse_day(last) < parse_day(first):
        raise ValueError(f"the window {first} to {last} ends before it begins.")
    if years < 1:
        raise ValueError(f"years is {years}; give 1 or more.")
    past = [str((pd.Timestamp(edge) - pd.DateOffset(years=years)).date()) for edge in (first, last)]
    for begin, end in ((first, last), past):
        if not days["day"].between(begin, end).any():
            raise DataError(
                f"no day from {begin} to {end}; the days given go from {days['day'].min()} to {days['day'].max()}."
            )
    now, before = _means(days, first, last), _means(days, *past)
    rows = []
    for name in SIX:
        per_cent = round_half_even((now[name] - before[name]) / before[name] * 100, 1) if before[name] > 0 else np.nan
        rows.append((name, now[name], before[name], per_cent, _kind(per_cent, flat)))
    return Comparison(
        tuple(rows), say_counts([row[4] for row in rows]), say_counts([_kind(row[3], max(flat, 1.0)) for row in rows])
    )


def say_counts(kinds: list[str]) -> str:
    """
    Falls, rises and unchanged in the programme's words.

    Examples
    --------
    >>> say_counts(["down", "down", "down", "down", "flat", "flat"]), say_counts(["up"] * 6)
    ('四降两平', '六升')
    """
    said = []
    for kind, word in (("down", "降"), ("up", "升"), ("flat", "平"), ("unknown", "缺")):
        n = kinds.count(kind)
        if n:
            said.append(("两" if n == 2 else _COUNT[n]) + word)
    return "".join(said)


def _kind(per_cent: float, flat: float) -> str:
    if not np.isfinite(per_cent):
        return "unknown"
    return "flat" if abs(per_cent) <= flat else "down" if per_cent < 0 else "up"


def _means(days: pd.DataFrame, first: str, last: str) -> dict[str, float]:
    part = days[(days["day"] >= first) & (days["day"] <= last)].groupby("day")[list(SIX)].mean()
    out = {}
    for name in SIX:
        values = part[name].dropna().to_numpy()
        how = {"co": 95, "o3": 90}.get(name)
        value = np.nan if not values.size else percentile(values, how) if how else float(values.mean())
        out[name] = round_half_even(value, DECIMALS.get(name, 0))
    return out
