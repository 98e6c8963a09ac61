"""The index computed from days or hours of points, as measured and with falsified days replaced (B18, B19)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.answers.clocks import local_minute
from hotspot.rank.city.days import days_of_hours
from hotspot.rank.city.index import month_index, replace_days
from hotspot.rules.criteria import Validity
from hotspot.rules.index import SIX
from hotspot.sources.decisions import read_decisions
from hotspot.sources.loop_tables import once_each, our_names, read_loop_table, renamed
from hotspot.sources.tables import read_table
from hotspot.study import Study
from hotspot.variables import DataError

_DECIDED = ("point", "day", "signer", "reason")


@dataclass(frozen=True)
class Computed:
    """
    Indices by month. ``measured`` and ``substituted``: month -> what ``month_index`` returns; ``said``: a sentence
    per standing decision, "" months without one have the same table twice.
    """

    measured: dict[str, pd.DataFrame]
    substituted: dict[str, pd.DataFrame]
    said: dict[str, list[str]]


def computed_index(study: Study, days: Path, decisions: Path | None = None) -> Computed:
    """
    Read a table of days (or hours) and compute every month that is in it.

    Parameters
    ----------
    study : Study
        Its ``[[decisions]]`` on points of the table count too.
    days : Path
        ``unit, point, day`` and the six pollutants (valid day values), or ``unit, point, time`` and their hours.
    decisions : Path, optional
        ``point, day, signer, reason`` and ``withdrawn_by``: whole days of a point that are replaced.

    Raises
    ------
    DataError
        A table cannot be read; a decision is unsigned, or on a point or day that is not there; days are to be
        replaced by the highest hour (``screening.replacement``) and the table holds days.
    """
    criteria = study.criteria
    deliveries = Deliveries(study)
    table, hours = read_days(days, criteria.validity, deliveries)
    decided = _decided(deliveries, table, decisions)
    hourly = criteria.screening.replacement == "hourly" and len(decided)
    if hourly and hours is None:
        raise DataError(f"{Path(days).name}: days are replaced by the highest hour here; give hours (column time).")
    try:
        # By hours: what is put in place is the highest hour of the days that no decision names.
        replaced = replace_days(table, decided, highest=_highest_hours(hours) if hourly else None)
    except ValueError as error:
        raise DataError(str(error)) from None
    measured, substituted, said = {}, {}, {}
    convention = criteria.ranking.convention
    for month in sorted({day[:7] for day in table["day"]}):
        own = decided[decided["day"].str.startswith(month)]
        measured[month] = month_index(table, month, validity=criteria.validity, convention=convention)
        substituted[month] = measured[month]
        if len(own):
            substituted[month] = month_index(replaced, month, validity=criteria.validity, convention=convention)
        what = "最高小时值" if hourly else "最高日值"
        said[month] = [
            f"{row.point} {row.day} 数据无效，六项污染物以该点位当月{what}替代后参与排名"
            f"（{row.signer}：{row.reason}；B19）"
            for row in own.itertuples()
        ]
    return Computed(measured, substituted, said)


def read_days(
    path: Path, validity: Validity | None, deliveries: Deliveries
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Days of points, and the hours they were made of where the table holds hours."""
    intake = deliveries.beside(Path(path).parent)
    table = read_table(Path(path), intake)
    by_hour = "day" not in our_names(table.frame.columns)
    table = renamed(table, ("unit", "point", "time" if by_hour else "day", *SIX))
    if not len(table.frame):
        raise DataError(f"{table.name}: has a header and no row; ask for the delivery again.")
    frame = table.frame.copy()
    for name in SIX:
        frame[name] = numbers(table, name)
        wrong = (frame[name] < 0) | np.isinf(frame[name])
        if wrong.any():
            at = int(wrong.to_numpy().argmax())
            value = table.frame[name].iat[at]
            where = f"{table.name}, row {table.lines[at]}, column {name}"
            raise DataError(f"{where}: {value!r} is no concentration; mend it or leave it empty.")
    if not by_hour:
        frame["day"] = [_day(text, table, line) for text, line in zip(frame["day"], table.lines, strict=True)]
        days = once_each(frame[["unit", "point", "day", *SIX]], ["point", "day"], table.name, "keep one row")
        return days.sort_values(["unit", "point", "day"], ignore_index=True), None
    time = pd.to_datetime(frame["time"], errors="coerce", format="ISO8601")
    if time.isna().any():
        at = int(time.isna().to_numpy().argmax())
        raise DataError(f"{table.name}, row {table.lines[at]}, column time: {frame['time'].iat[at]!r} is no hour.")
    hours = frame.assign(time=time, day=time.dt.strftime("%Y-%m-%d"))
    once_each(hours, ["point", "time"], table.name, "keep one row")
    return days_of_hours(hours, validity=validity), hours


def numbers(table: pd.DataFrame, column: str) -> pd.Series:
    """A column as float64, NaN where it is empty or a dash; a DataError names what is no number."""
    values = pd.to_numeric(table.frame[column].replace({"": None, "-": None, "—": None}), errors="coerce")
    wrong = values.isna() & ~table.frame[column].isin(["", "-", "—"])
    if wrong.any():
        at = int(wrong.to_numpy().argmax())
        value = table.frame[column].iat[at]
        raise DataError(f"{table.name}, row {table.lines[at]}, column {column}: {value!r} is no number; mend it.")
    return values.astype("float64")


def _day(text: str, table: pd.DataFrame, line: int) -> str:
    try:
        return str(local_minute(text).date())
    except ValueError:
        where = f"{table.name}, row {line}, column day"
        raise DataError(f"{where}: {text!r} is no day; write it like 2023-04-30.") from None


def _decided(deliveries: Deliveries, table: pd.DataFrame, path: Path | None) -> pd.DataFrame:
    """Standing decisions, one row per point and day: those of the study on these points, and the table's own."""
    rows: list[dict[str, Any]] = []
    if deliveries.study.decisions:
        known = set(zip(table["point"], table["day"], strict=True))
        own = read_decisions(deliveries.study, deliveries.intake())
        own = own[(own["decision"] == "replace") & (own["withdrawn_by"] == "")]
        for row in own.itertuples():
            if (str(row.station), str(row.day.date())) in known:
                rows.append(
                    {"point": row.station, "day": str(row.day.date()), "signer": row.signer, "reason": row.reason}
                )
    if path is not None:
        read = read_loop_table(path, _DECIDED, deliveries.beside(Path(path).parent))
        frame = read.frame.assign(withdrawn_by=read.frame.get("withdrawn_by", ""))
        frame["day"] = [_day(text, read, line) for text, line in zip(frame["day"], read.lines, strict=True)]
        rows += frame.loc[frame["withdrawn_by"].str.strip() == "", list(_DECIDED)].to_dict("records")
    found = pd.DataFrame(rows, columns=list(_DECIDED)).drop_duplicates(["point", "day"])
    return found.sort_values(["point", "day"], ignore_index=True).assign(withdrawn_by="")


def _highest_hours(hours: pd.DataFrame) -> pd.DataFrame:
    """The highest hour of each point and day."""
    return hours.groupby(["point", "day"], sort=True)[list(SIX)].max().reset_index()
