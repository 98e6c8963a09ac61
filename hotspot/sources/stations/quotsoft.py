"""
The wide daily CSV of Chinese city networks: ``date,hour,type,<a column per station>``.

One file is one day; PM2.5, PM10 and AQI lie in ``all`` files, gases in ``extra``
files. A row of the file is one line, that is one hour and one type. Running means
(``PM2.5_24h``) and indices are read and recognised, which counts as used, but
never enter an hourly series.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hotspot.kernels.arrays import Ints, Objects
from hotspot.sources.clock import compose, label_days, offset_of, parse_days, to_utc_hours
from hotspot.sources.intake import Intake
from hotspot.sources.stations.readings import Part, read_values
from hotspot.sources.tables import Table, read_table
from hotspot.study import Stations
from hotspot.text.encodings import content_fault
from hotspot.variables import DataError

TYPES = {"PM2.5": "pm25", "PM10": "pm10", "SO2": "so2", "NO2": "no2", "O3": "o3", "CO": "co"}
_NOT_HOURLY = re.compile(r"AQI|(?:PM2\.5|PM10|SO2|NO2|O3|CO)_(?:24h|8h|8h_24h)")
_DATE = re.compile(r"(?<!\d)(\d{8})(?!\d)")
_HEADER = ["date", "hour", "type"]


def read_quotsoft(paths: Iterable[Path], intake: Intake, delivery: Stations, hours: Ints | None) -> list[Part]:
    """
    Read the days of a network.

    A file of zero bytes, or with a web page inside, is refused by name; the other
    days are read. A day without any file is noted.
    Files are chosen by the date in their name; the arguments are those of ``read_long``.
    """
    offset, label = offset_of(delivery.time_zone), str(delivery.hour_label)
    days = None if hours is None else label_days(hours, offset=offset, label=label)
    parts, came = [], []
    for path in paths:
        came.append(path)
        if days is not None and (day := _day_of(path)) is not None and day not in days:
            continue
        fault = content_fault(intake.once.hashed(path).head)
        if fault:
            intake.refuse(path, fault)
            intake.note(f"{intake.name(path)}: {fault}; the file was set aside")
            continue
        parts += _read_day(path, intake, delivery)
    _note_days(came, days, intake)
    return parts


def _day_of(path: Path) -> str | None:
    """The day in a file's name, ``YYYYMMDD``, or None."""
    found = _DATE.search(path.name)
    return found[1] if found else None


def _read_day(path: Path, intake: Intake, delivery: Stations) -> list[Part]:
    table = read_table(path, intake, encoding=delivery.encoding)
    if [name.lower() for name in table.columns[:3]] != _HEADER or len(table.columns) < 4:
        raise DataError(
            f"{table.name}: the header begins {', '.join(table.columns[:3])}, not date, hour, type; "
            "this is not the quotsoft layout."
        )
    cells = table.cells(table.columns)
    stamps, types = cells[:, :2], cells[:, 2]
    dates = parse_days(stamps[:, 0])
    day = _day_of(path)
    if day and not np.isnat(named := parse_days([day])[0]):
        other = np.flatnonzero(~np.isnat(dates) & (dates != named))
        table.set_aside(other, table.columns[0], "date differs from the date in the file's name")
    local = compose(dates, stamps[:, 1])
    utc, fault = to_utc_hours(local, offset=offset_of(delivery.time_zone), label=str(delivery.hour_label))
    table.set_aside_faults(fault, table.columns[1])
    if (stamps[:, 1] == "24").any():
        intake.note(f"{table.name}: hour 24 was read as hour 0 of the next day")
    parts = []
    for kind in sorted(set(types)):
        rows = np.flatnonzero((types == kind) & (table.status == 0))
        if kind in TYPES:
            values, stays = read_values(table, rows, table.columns[3:], cells[rows, 3:])
            names = table.columns[3:]
            part = Part(table, rows, utc[rows], values, names, np.array(names, dtype=object), TYPES[kind])
            parts.append(part.keep(stays))
        elif _NOT_HOURLY.fullmatch(kind):
            _same_twice(table, rows, utc, cells)
            intake.note("rows of running means and indices (PM2.5_24h, AQI ...) were read but are no hourly values")
        else:
            table.set_aside(rows, table.columns[2], "type is not known")
    if not parts:
        # Nothing else refers to the table, so it is settled here.
        table.close()
    return parts


def _same_twice(table: Table, rows: Ints, utc: Ints, cells: Objects) -> None:
    """Rows of types that are not used are still compared among themselves, word for word."""
    seen = set()
    for at, text in zip(rows, cells[rows].tolist(), strict=True):
        row = (int(utc[at]), *text[2:])
        if row in seen:
            table.duplicate(at)
        seen.add(row)


def _note_days(paths: list[Path], days: set[str] | None, intake: Intake) -> None:
    """Name the days that nobody delivered: of those wanted, or between the first and the last file."""
    kinds: dict[str, set[str]] = {}
    for path in paths:
        if day := _day_of(path):
            kinds.setdefault(_DATE.sub("*", path.name), set()).add(day)
    for kind, have in sorted(kinds.items()):
        first, last = parse_days([min(have), max(have)])
        span = (
            {str(day).replace("-", "") for day in np.arange(first, last + 1)}
            if not np.isnat([first, last]).any()
            else set()
        )
        lacking = sorted((span if days is None else span & days) - have)
        if lacking:
            intake.note(f"{kind}: no file for {', '.join(lacking[:10])}" + (" ..." if len(lacking) > 10 else ""))
