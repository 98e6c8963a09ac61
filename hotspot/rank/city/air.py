"""The air of a unit's days: AQI, primary pollutant, good days, month to date, what is left of a target (B7, B8)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hotspot.rules.index import SIX, aqi, percentile
from hotspot.rules.rounding import round_half_even
from hotspot.rules.targets import control_value, monthly_targets

GOOD = 100  # AQI: 优良天


def aqi_days(days: pd.DataFrame, version: str) -> pd.DataFrame:
    """
    AQI of every unit and day.

    Parameters
    ----------
    days : DataFrame ``unit, day`` and the six, means over the points of each unit
    version : "2012" or "2026", of HJ 633

    Returns
    -------
    DataFrame ``unit, day, aqi`` (NaN where it may not be published), ``zh`` (level), ``primary`` (tuple), ``pm25``,
    ``whole`` (all six were valid)

    Examples
    --------
    >>> day = {"so2": 10, "no2": 40, "co": 0.8, "o3": 90, "pm10": 120, "pm25": 60}
    >>> row = aqi_days(pd.DataFrame([{"unit": "a", "day": "2026-01-01"} | day]), "2026").iloc[0]
    >>> row["aqi"], row["primary"]
    (np.float64(100.0), ('pm10', 'pm25'))
    """
    rows = []
    for row in days.to_dict("records"):
        values = {name: row[name] for name in SIX if row[name] == row[name]}
        known = any(value > 0 for value in values.values())
        told: dict[str, Any] = aqi(values, version) if known else {"aqi": None, "zh": None, "primary": ()}
        number = np.nan if told["aqi"] is None else float(told["aqi"])
        whole = len(values) == len(SIX)
        rows.append((row["unit"], row["day"], number, told["zh"] or "", told["primary"], row["pm25"], whole))
    return pd.DataFrame(rows, columns=["unit", "day", "aqi", "zh", "primary", "pm25", "whole"])


def good_days(days: pd.DataFrame) -> tuple[int, int]:
    """
    Days with AQI <= 100, and valid days (E4: "299 of 365"); (0, 0) where no day has all six pollutants.

    A day that lacks a pollutant has an AQI only above 100, so where every day lacks one, only bad days would count.

    Examples
    --------
    >>> days = pd.DataFrame({"aqi": [100.0, 101.0, np.nan], "whole": [True, False, False]})
    >>> good_days(days), good_days(days[1:])
    ((1, 2), (0, 0))
    """
    if not days["whole"].any():
        return 0, 0
    valid = days["aqi"].dropna()
    return int((valid <= GOOD).sum()), len(valid)


def to_date(days: pd.DataFrame, unit: str, first: str, last: str, name: str = "pm25") -> tuple[float, float]:
    """
    Mean of a unit from one day to another, both inside, and of the same days last year; NaN where nothing is known.

    Examples
    --------
    >>> days = pd.DataFrame({"unit": "a", "day": ["2024-12-01", "2025-12-01"], "pm25": [50.0, 60.0]})
    >>> to_date(days, "a", "2025-12-01", "2025-12-31")
    (60.0, 50.0)
    """
    own = days[days["unit"] == unit]
    past = [str((pd.Timestamp(edge) - pd.DateOffset(years=1)).date()) for edge in (first, last)]

    def mean(low: str, high: str) -> float:
        return float(own.loc[(own["day"] >= low) & (own["day"] <= high), name].mean())

    return mean(first, last), mean(*past)


@dataclass(frozen=True)
class Left:
    """
    What is left of a target: ``target``, ``mean`` of the ``n_done`` days of ``n_days``, ``control`` (None when no day
    is left), ``gap`` and ``gap_pct`` from the mean to the target, ``attainable`` (None where nothing tells).
    """

    target: float
    mean: float
    n_done: int
    n_days: int
    control: float | None
    gap: float
    gap_pct: float
    attainable: bool | None

    @property
    def zh(self) -> str:
        """In words."""
        head = f"目标{self.target:g}，{self.n_done}天均值{self.mean:g}，" + (
            f"需下降{-self.gap:g}（{-self.gap_pct:.1f}%）"
            if self.gap < 0
            else f"低于目标{self.gap:g}"
            if self.gap
            else "与目标相同"
        )
        if self.control is None:
            return head
        said = f"{head}，余下{self.n_days - self.n_done}天控制在{self.control:g}以内"
        return said + ("（要求低于历史，难以达到）" if self.attainable is False else "")


def left(target: float, done: list[float], n_days: int, *, past: list[float], percentile_: float = 5.0) -> Left:
    """
    What the days left may have for a target to be met (B8).

    Parameters
    ----------
    target : float, ug/m3
    done : day means so far
    n_days : int, days in all
    past : day means of earlier times of the same unit, by which "not attainable" is told
    percentile_ : float, of the past days, below which a control value is not attainable (proposal)

    Examples
    --------
    >>> month = left(45, [52.0] * 20, 31, past=[20.0] * 100)
    >>> month.control, month.attainable
    (32.3, True)
    >>> year = left(36, [57.0] * 200, 365, past=[float(v) for v in range(12, 112)])
    >>> year.control, year.attainable, year.gap, year.gap_pct
    (10.5, False, -21.0, -36.8)
    >>> left(45, [52.0] * 31, 31, past=[]).control is None
    True
    """
    mean = float(np.mean(done)) if done else float("nan")
    control = control_value(target, mean, len(done), n_days) if done else float(target)
    floor = percentile(past, percentile_) if past else None
    attainable = None if control is None or floor is None else control >= floor
    shown = round_half_even(mean, 1)
    gap = round_half_even(target - mean, 1)
    return Left(
        float(target),
        shown,
        len(done),
        n_days,
        control,
        gap,
        round_half_even(100 * (target - mean) / mean, 1),
        attainable,
    )


def months_of(target: float, given: list[float], days: pd.DataFrame, unit: str, name: str, year: int) -> list[float]:
    """
    The twelve monthly targets: those given, else last year's profile scaled to the yearly target (B8, proposal).

    Months that are given count with their own number; without a whole last year only they are known (else NaN).
    """
    own = days[days["unit"] == unit]
    last = [own.loc[own["day"].str.startswith(f"{year - 1}-{m:02d}"), name].mean() for m in range(1, 13)]
    length = [pd.Period(f"{year}-{m:02d}").days_in_month for m in range(1, 13)]
    spread = [float("nan")] * 12 if np.isnan(last).any() else monthly_targets(target, last, length)
    return [spread_ if given_ != given_ else given_ for spread_, given_ in zip(spread, given, strict=True)]
