"""
One row per station and hour, under headers in Chinese or English (CSV or XLSX).

The columns are found by the alias table; a file without a station column is one
station, named by the file. Time may be one column, date and hour, or year, month,
day and hour.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hotspot.kernels.arrays import Floats, Ints, Objects, Times
from hotspot.sources.aliases import header_unit, mapped, our_names, plain
from hotspot.sources.clock import compose, offset_of, parse_days, parse_times, to_utc_hours
from hotspot.sources.intake import Intake
from hotspot.sources.missing import to_numbers
from hotspot.sources.places.positions import tidy_id
from hotspot.sources.sheet import Sheet
from hotspot.sources.stations.readings import POLLUTANTS, Part, read_values
from hotspot.sources.store import told, words
from hotspot.sources.tables import Table, read_table, silent_table
from hotspot.study import Stations
from hotspot.text.distinct import distinct
from hotspot.variables import DataError

# Micro-stations report the humidity at their inlet; screening and calibration need it.
_MEASURED = (*POLLUTANTS, "rh2m")
_KNOWN = (
    "pollutant",
    "time",
    "date",
    "year",
    "month",
    "day",
    "hour",
    "station",
    "name",
    "lon",
    "lat",
    *_MEASURED,
    "t2m",
)

_CLOCK = re.compile(r"\s*\d{1,2}:\d{2}(?::\d{2})?\s*")  # a time of day alone, beside a column of dates
LONGEST_ID = 200  # characters; what is longer is no id


def read_long(paths: Iterable[Path], intake: Intake, delivery: Stations, hours: Ints | None) -> list[Part]:
    """
    Read long tables.

    Parameters
    ----------
    delivery : Stations, whose ``time_zone`` and ``hour_label`` are declared
    hours : int64 array, UTC, or None for all; files of this layout are read whole

    Raises
    ------
    DataError
        A column is missing, or the rows are not hourly.
    """
    parts, minutes, offset = [], [], offset_of(delivery.time_zone)
    for path in paths:
        about = intake.once.hashed(path).sha256, intake.name(path), delivery.model_dump(mode="json"), offset
        key = intake.once.store.key("rows of hours", *about)
        part = _kept(path, intake, delivery, key)
        if part is None:
            part, late = _read(path, intake, delivery, offset, key)
            minutes.append(late)
        parts.append(part)
    _refuse_fast_clocks(parts, minutes)
    return parts


def _kept(path: Path, intake: Intake, delivery: Stations, key: str) -> Part | None:
    """
    The rows of a file of which there is nothing to say but its values, if they were read before.

    A month is published with all the months before it; text and times of a year ago are not parsed for each.
    """
    arrays = intake.once.store.get(key)
    if arrays is None:
        return None

    def load() -> Sheet:
        return read_table(path, Intake(intake.root, once=intake.once), encoding=delivery.encoding).sheet

    (names, columns, variables, units), n = told(arrays["about"]), len(arrays["hours"])
    stations, hours = np.array(names, dtype=object)[arrays["number"]], arrays["hours"].astype(np.int64)
    table = silent_table(path, intake, n, load)
    return Part(table, np.arange(n), hours, arrays["values"], columns, stations, None, tuple(variables), units)


def _keep(part: Part, intake: Intake, key: str) -> None:
    """Keep the rows of a file that nothing was said of."""
    names, number = distinct(part.stations)
    about = words([names.tolist(), part.columns, part.variables, part.units])
    hours, number = part.hours.astype(np.int32), number.astype(np.int32)
    intake.once.store.put(key, {"hours": hours, "values": part.values, "number": number, "about": about})


def _read(
    path: Path, intake: Intake, delivery: Stations, offset: float, key: str
) -> tuple[Part, tuple[Objects, Times, Table, Ints]]:
    """The rows of one file, and those of them that lie between full hours."""
    before = intake.n_said, len(intake.quarantine)
    table = read_table(path, intake, encoding=delivery.encoding)
    extra = mapped(delivery.columns, table.columns, name=table.name)
    ours = our_names(table.columns, extra=extra, name=table.name, known=_KNOWN)
    variables = tuple(name for name in _MEASURED if name in ours)
    _refuse_rows_of_pollutants(table, ours, variables, extra)
    if not variables:
        our_names(table.columns, extra=extra, required=("pm25",), name=table.name, known=_KNOWN)
    # Only where the header gives the unit or the study names the column: other files carry a city's weather.
    if variables and "t2m" in ours and (header_unit(ours["t2m"]) or "t2m" in extra.values()):
        variables += ("t2m",)
    local = local_times(table, ours, offset)
    stations = _stations(table, ours, path, intake)
    utc, fault = to_utc_hours(local, offset=offset, label=str(delivery.hour_label))
    set_aside_times(table, ours, local, fault)
    rows = np.flatnonzero(table.status == 0)
    late = np.flatnonzero(fault == "time is not on the full hour")
    names = [ours[name] for name in variables]
    values, stays = read_values(table, rows, names)
    part = Part(table, rows, utc[rows], values, names, stations[rows], None, variables)
    part.units = {name: header_unit(ours[name]) for name in variables if header_unit(ours[name])}
    if "lon" in ours and "lat" in ours:
        label_column = ours.get("name") or ours.get("station") or ours["lon"]
        part.places = table.cells([label_column, ours["lon"], ours["lat"]])[rows]
    silent = table.counted and (intake.n_said, len(intake.quarantine)) == before
    if silent and part.places is None and 0 < len(rows) == table.size:
        _keep(part, intake, key)
    table.let_go()
    return part.keep(stays), (stations[late], local[late], table, late)


def _refuse_rows_of_pollutants(
    table: Table, ours: dict[str, str], variables: tuple[str, ...], extra: dict[str, str]
) -> None:
    """Refuse values that are of the pollutant another column names; beside known columns that is a remark."""
    if "pollutant" not in ours or any(ours[name] not in extra for name in variables):
        return
    said = sorted({plain(text) for text in distinct(table.cells(ours["pollutant"]))[0]} - {""})
    if not variables or said != [plain(variables[0])]:
        raise DataError(
            f"{table.name}: a row for each pollutant (column {ours['pollutant']}: {', '.join(said[:6])}); deliver a "
            "column for each, or the rows of one pollutant with its name over the values."
        )


def _stations(table: Table, ours: dict[str, str], path: Path, intake: Intake) -> Objects:
    if "station" in ours or "name" in ours:
        texts = table.cells(ours.get("station") or ours["name"])
        unique, back = distinct(texts)
        tidy = np.array([tidy_id(text) for text in unique], dtype=object)
        for before, after in zip(unique, tidy, strict=True):
            if before != after:
                intake.note(f"{table.name}: station {before[:LONGEST_ID]!r} was read as {after[:LONGEST_ID]!r}")
        stations = tidy[back.ravel()] if len(tidy) else texts
        column = ours.get("station") or ours["name"]
        table.set_aside(np.flatnonzero(stations == ""), column, "no station id")
        for at in [at for at, text in enumerate(tidy) if len(text) > LONGEST_ID]:
            rows = np.flatnonzero(back == at)
            table.set_aside(rows, column, f"a station id of {len(tidy[at])} characters")
            stations[rows] = ""
        return stations
    intake.note(f"{table.name}: no station column; all rows are station {path.stem}")
    return np.full(len(table.frame), tidy_id(path.stem), dtype=object)


def local_times(table: Table, ours: dict[str, str], offset: float) -> Times:
    """
    Local times of a table's rows, by whichever time columns it has.

    Parameters
    ----------
    ours : dict, ours -> theirs
    offset : float, declared hours ahead of UTC

    Returns
    -------
    datetime64[m], NaT where there is no time

    Raises
    ------
    DataError
        The table has no time, or days without hours.
    """
    if "time" in ours:
        if "date" in ours and all(map(_CLOCK.fullmatch, distinct(table.cells(ours["time"]))[0])):
            return compose(parse_days(table.when(ours["date"], clock=False)), table.cells(ours["time"]))
        texts = table.when(ours["time"])
        local = parse_times(texts, name=table.name, declared=offset)
        if len(local) and np.isnat(local).all() and not np.isnat(parse_days(texts)).any():
            raise DataError(f"{table.name}, column {ours['time']}: days without hours; hourly rows are needed.")
        return local
    if "date" in ours and "hour" in ours:
        return compose(parse_days(table.when(ours["date"], clock=False)), table.cells(ours["hour"]))
    if all(name in ours for name in ("year", "month", "day", "hour")):
        numbers, _ = to_numbers(table.cells([ours[name] for name in ("year", "month", "day")]), mark_numbers=False)
        return compose(calendar_days(*numbers.T), table.cells(ours["hour"]))
    raise DataError(
        f"{table.name}: no time column (time, or date and hour, or year, month, day and hour); "
        f"the header has: {', '.join(table.columns)}."
    )


def calendar_days(year: Floats, month: Floats, day: Floats) -> Times:
    """
    Days of three number columns, NaT where they name none.

    Examples
    --------
    >>> calendar_days(np.array([2021.0, 2021.0]), np.array([2.0, 2.0]), np.array([28.0, 29.0]))
    array(['2021-02-28',        'NaT'], dtype='datetime64[D]')
    """
    sound = (
        (year % 1 == 0) & (month % 1 == 0) & (day % 1 == 0) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    )
    sound &= (year >= 1000) & (year <= 9999)
    y, m, d = (np.where(sound, part, 1).astype(np.int64) for part in (year, month, day))
    months = (y - 1970) * 12 + (m - 1)
    days = months.astype("datetime64[M]").astype("datetime64[D]") + (d - 1)
    same = days.astype("datetime64[M]").astype(np.int64) == months
    return np.where(sound & same, days, np.datetime64("NaT", "D"))


def set_aside_times(table: Table, ours: dict[str, str], local: Times, fault: Objects) -> None:
    """Quarantine the rows whose time is faulty, each under its rule; note what 24:00 became."""
    column = ours.get("time") or ours["hour"]
    texts = table.cells(column)
    table.set_aside_faults(fault, column)
    known = ~np.isnat(local)
    midnight = known & (local == local.astype("datetime64[D]"))
    if any(re.search(r"(^|[ T])24(:00|时|$)", text) for text in distinct(texts[midnight][:100000])[0]):
        table.intake.note(f"{table.name}: 24:00 was read as 00:00 of the next day")


def _refuse_fast_clocks(parts: list[Part], minutes: list[tuple[Objects, Times, Table, Ints]]) -> None:
    """Rows between full hours: a stray one is quarantined, a whole faster series is refused."""
    n_hourly = sum(len(part.rows) for part in parts)
    n_between = sum(len(late) for _, _, _, late in minutes)
    if n_between > max(3, 0.01 * n_hourly):
        _, local, table, late = max(minutes, key=lambda entry: len(entry[3]))
        raise DataError(
            f"{table.name}, row {table.lines[late[0]]}: {str(local[0]).replace('T', ' ')} lies between full hours, "
            "as do "
            f"{n_between} of {n_hourly + n_between} rows; deliver hourly means, with the count behind each."
        )
