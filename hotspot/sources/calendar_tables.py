"""
What the calendar's products are made of beside the ledger: days of air, heavy-pollution responses, targets, forecast,
emergency-reduction list (A3, A6, B7, B8, E6).
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.rules.cadence import LEVELS
from hotspot.rules.index import SIX
from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import aside, is_day, kept_rows, once_each, open_register, whole
from hotspot.sources.tables import Table

_NO_DAY = "is no day like 2025-12-05"
_LONGEST = 400


def read_days(root: Path, name: str, intake: Intake) -> pd.DataFrame:
    """
    Day means of points: ``unit, point, day`` and the six pollutants (NaN where not valid); O3 the largest 8 h mean.

    Raises
    ------
    DataError
        A file, a column or a day is missing; a point has two rows of one day.
    """
    table = open_register(root, name, "loop.days", ("unit", "point", "day"), intake)
    frame = whole(table, ("unit", "point", "day"), _LONGEST)
    for column in SIX:
        frame[column] = _numbers(table, column) if column in table.frame else np.nan
    aside(table, "day", ~frame["day"].map(is_day), _NO_DAY)
    return kept_rows(table, once_each(frame, ["point", "day"], table.name, "keep one row"))


def read_alerts(root: Path, name: str, intake: Intake) -> pd.DataFrame:
    """
    Heavy-pollution responses (E6): ``from, until`` (local days, both inside; until may be open), ``level`` a key of
    ``rules.cadence.LEVELS``, ``order``.
    """
    table = open_register(root, name, "loop.alerts", ("from", "level"), intake)
    frame = whole(table, ("from", "until", "level", "order"), _LONGEST)
    _levels(table, frame)
    aside(table, "from", ~frame["from"].map(is_day), _NO_DAY)
    aside(table, "until", ~frame["until"].map(lambda day: not day or is_day(day)), _NO_DAY)
    return kept_rows(table, frame).sort_values(["from", "level"], kind="stable").reset_index(drop=True)


def alert_on(alerts: pd.DataFrame, day: str) -> dict | None:
    """
    The highest response in force on a day, or None.

    Examples
    --------
    >>> rows = [{"from": "2025-12-01", "until": "2025-12-05", "level": "yellow", "order": "1号"}]
    >>> rows += [{"from": "2025-12-04", "until": "", "level": "orange", "order": "2号"}]
    >>> table = pd.DataFrame(rows)
    >>> [(alert_on(table, f"2025-12-0{n}") or {}).get("level") for n in (3, 5, 9)], alert_on(table, "2025-11-30")
    (['yellow', 'orange', 'orange'], None)
    """
    held = alerts[(alerts["from"] <= day) & ((alerts["until"] == "") | (alerts["until"] >= day))]
    if not len(held):
        return None
    rows = held.to_dict("records")
    return max(rows, key=lambda row: (LEVELS[row["level"]][1], row["from"]))


def read_targets(root: Path, name: str, intake: Intake) -> pd.DataFrame:
    """
    Targets (B8): ``unit, pollutant, year, target`` and ``months``, twelve numbers or NaN where not given.

    ``months`` is written as twelve numbers between ``;``, empty where none is given, or left out.
    """
    table = open_register(root, name, "loop.targets", ("unit", "pollutant", "year", "target"), intake)
    frame = whole(table, ("unit", "pollutant", "year", "months"), _LONGEST)
    frame["pollutant"] = [text.lower().replace(".", "") for text in frame["pollutant"]]
    frame["target"] = _numbers(table, "target")
    aside(table, "pollutant", ~frame["pollutant"].isin(SIX), f"is none of {', '.join(SIX)}")
    aside(table, "year", ~frame["year"].str.fullmatch(r"\d{4}").astype(bool), "is no year")
    aside(table, "target", ~(frame["target"] > 0), "is no target above zero")
    parsed = [_months(text) for text in frame["months"]]
    aside(table, "months", pd.Series([one is None for one in parsed], dtype=bool), "is not twelve numbers between ';'")
    return kept_rows(table, frame.assign(months=parsed))


def read_forecast(root: Path, name: str, intake: Intake) -> pd.DataFrame:
    """A forecast as delivered (B7): ``day, unit, low, high`` (AQI), ``primary, text, source``."""
    table = open_register(root, name, "loop.forecast", ("day", "unit"), intake)
    names = ("day", "unit", "low", "high", "primary", "text", "source")
    frame = whole(table, names, _LONGEST)
    aside(table, "day", ~frame["day"].map(is_day), _NO_DAY)
    return kept_rows(table, frame).sort_values(["day", "unit"], kind="stable").reset_index(drop=True)


def read_emergency(root: Path, name: str, intake: Intake) -> pd.DataFrame:
    """The emergency-reduction list (A6): ``facility, level`` (from which it holds), ``measure``."""
    table = open_register(root, name, "loop.emergency", ("facility", "level", "measure"), intake)
    frame = whole(table, ("facility", "level", "measure"), _LONGEST)
    _levels(table, frame)
    return kept_rows(table, frame).sort_values(["facility", "level"], kind="stable").reset_index(drop=True)


def _levels(table: Table, frame: pd.DataFrame) -> None:
    words = {zh: key for key, (zh, _) in LEVELS.items()} | {zh[0]: key for key, (zh, _) in LEVELS.items()}
    frame["level"] = [words.get(word, word) for word in frame["level"]]
    aside(table, "level", ~frame["level"].isin(set(LEVELS)), f"is none of {', '.join(LEVELS)}")


def _numbers(table: Table, column: str) -> pd.Series:
    text = whole(table, (column,))[column]
    numbers = pd.to_numeric(text.replace({"": None, "-": None, "—": None}), errors="coerce")
    aside(table, column, numbers.isna() & ~text.isin(["", "-", "—"]), "is no number")
    return numbers.astype("float64")


def _months(text: str) -> list[float] | None:
    if not text:
        return [np.nan] * 12
    parts = [part.strip() for part in text.replace("；", ";").split(";")]
    try:
        numbers = [float(part) if part else np.nan for part in parts]
    except ValueError:
        return None
    return numbers if len(numbers) == 12 else None


READERS: dict[str, Callable[[Path, str, Intake], pd.DataFrame]] = {
    "days": read_days, "alerts": read_alerts, "targets": read_targets, "forecast": read_forecast,
    "emergency": read_emergency,
}  # fmt: skip
