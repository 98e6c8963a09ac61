"""
What the calendar's products are made of beside the ledger: days of air, heavy-pollution responses, targets, forecast,
emergency-reduction list (A3, A6, B7, B8, E6).
"""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.patterns import below
from hotspot.rules.cadence import LEVELS
from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import read_loop_table
from hotspot.sources.tables import Table
from hotspot.text.escape import plain
from hotspot.variables import DataError

SIX = ("so2", "no2", "pm10", "pm25", "co", "o3")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_days(root: Path, name: str, intake: Intake) -> pd.DataFrame:
    """
    Day means of points: ``unit, point, day`` and the six pollutants (NaN where not valid); O3 the largest 8 h mean.

    Raises
    ------
    DataError
        A file, a column or a day is missing; a point has two rows of one day.
    """
    table = _open(root, name, "days", ("unit", "point", "day"), intake)
    frame = pd.DataFrame({column: _text(table, column) for column in ("unit", "point", "day")})
    for column in SIX:
        frame[column] = _numbers(table, column) if column in table.frame else np.nan
    _valid(table, "day", frame["day"].map(_is_day), "is no day like 2025-12-05")
    twice = frame.duplicated(["point", "day"])
    if twice.any():
        row = frame[twice].iloc[0]
        raise DataError(f"{table.name}: point {row['point']} has two rows of {row['day']}; keep one.")
    return _closed(table, frame)


def read_alerts(root: Path, name: str, intake: Intake) -> pd.DataFrame:
    """
    Heavy-pollution responses (E6): ``from, until`` (local days, both inside; until may be open), ``level`` a key of
    ``rules.cadence.LEVELS``, ``order``.
    """
    table = _open(root, name, "alerts", ("from", "level"), intake)
    words = {zh: key for key, (zh, _) in LEVELS.items()} | {zh[0]: key for key, (zh, _) in LEVELS.items()}
    frame = pd.DataFrame({column: _text(table, column) for column in ("from", "until", "level", "order")})
    frame["level"] = [words.get(word, word) for word in frame["level"]]
    _valid(table, "level", frame["level"].isin(set(LEVELS)), f"is none of {', '.join(LEVELS)}")
    _valid(table, "from", frame["from"].map(_is_day), "is no day like 2025-12-05")
    _valid(table, "until", frame["until"].map(lambda day: not day or _is_day(day)), "is no day like 2025-12-05")
    return _closed(table, frame).sort_values(["from", "level"], kind="stable").reset_index(drop=True)


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
    table = _open(root, name, "targets", ("unit", "pollutant", "year", "target"), intake)
    frame = pd.DataFrame({column: _text(table, column) for column in ("unit", "pollutant", "year", "months")})
    frame["pollutant"] = [text.lower().replace(".", "") for text in frame["pollutant"]]
    frame["target"] = _numbers(table, "target")
    _valid(table, "pollutant", frame["pollutant"].isin(SIX), f"is none of {', '.join(SIX)}")
    _valid(table, "year", frame["year"].map(lambda text: re.fullmatch(r"\d{4}", text) is not None), "is no year")
    _valid(table, "target", frame["target"] > 0, "is no target above zero")
    parsed = [_months(text) for text in frame["months"]]
    _valid(table, "months", pd.Series([one is not None for one in parsed]), "is not twelve numbers between ';'")
    return _closed(table, frame.assign(months=parsed))


def read_forecast(root: Path, name: str, intake: Intake) -> pd.DataFrame:
    """A forecast as delivered (B7): ``day, unit, low, high`` (AQI), ``primary, text, source``."""
    table = _open(root, name, "forecast", ("day", "unit"), intake)
    names = ("day", "unit", "low", "high", "primary", "text", "source")
    frame = pd.DataFrame({column: _text(table, column) for column in names})
    _valid(table, "day", frame["day"].map(_is_day), "is no day like 2025-12-05")
    return _closed(table, frame).sort_values(["day", "unit"], kind="stable").reset_index(drop=True)


def read_emergency(root: Path, name: str, intake: Intake) -> pd.DataFrame:
    """The emergency-reduction list (A6): ``facility, level`` (from which it holds), ``measure``."""
    table = _open(root, name, "emergency", ("facility", "level", "measure"), intake)
    words = {zh: key for key, (zh, _) in LEVELS.items()} | {zh[0]: key for key, (zh, _) in LEVELS.items()}
    frame = pd.DataFrame({column: _text(table, column) for column in ("facility", "level", "measure")})
    frame["level"] = [words.get(word, word) for word in frame["level"]]
    _valid(table, "level", frame["level"].isin(set(LEVELS)), f"is none of {', '.join(LEVELS)}")
    return _closed(table, frame).sort_values(["facility", "level"], kind="stable").reset_index(drop=True)


def _open(root: Path, name: str, what: str, required: tuple[str, ...], intake: Intake) -> Table:
    path = below(root, name, f"loop.{what}")
    if not path.is_file():
        raise DataError(f"loop.{what}: there is no file {name}; give a table below the data folder.")
    return read_loop_table(path, required, intake)


def _text(table: Table, column: str) -> pd.Series:
    if column not in table.frame:
        return pd.Series([""] * len(table.frame), dtype=object)
    return table.frame[column].map(lambda text: plain(str(text)).strip()[:400])


def _numbers(table: Table, column: str) -> pd.Series:
    text = _text(table, column)
    numbers = pd.to_numeric(text.replace({"": None, "-": None, "—": None}), errors="coerce")
    _valid(table, column, numbers.notna() | text.isin(["", "-", "—"]), "is no number")
    return numbers.astype("float64")


def _valid(table: Table, column: str, good: pd.Series, rule: str) -> None:
    for at in (~good.to_numpy(dtype=bool)).nonzero()[0]:
        value = table.frame[column].iat[at] if column in table.frame else ""
        table.set_aside(at, column, f"{column} {value!r} {rule}")


def _closed(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    kept = frame[table.status == 0].reset_index(drop=True)
    table.close()
    return kept


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and pd.Timestamp(text) is not pd.NaT
    except ValueError:
        return False


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
