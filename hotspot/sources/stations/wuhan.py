"""
One wide hourly table: year, month, day, hour, and a column per station.

This is how the Wuhan files come: ``id_1 .. id_22`` in ug/m3 (derived), or
``station_1 .. station_23`` as delivered, which are not concentrations at all but
the hourly IAQI (see ``iaqi``). ``station_12`` of the raw file is empty, and later
columns are one ahead of the ids in the coordinate list.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hotspot.kernels.arrays import Ints
from hotspot.sources.aliases import mapped, our_names, plain
from hotspot.sources.clock import offset_of, to_utc_hours
from hotspot.sources.intake import Intake
from hotspot.sources.places.positions import tidy_id
from hotspot.sources.stations.long_table import local_times, set_aside_times
from hotspot.sources.stations.readings import Part, read_values
from hotspot.sources.tables import read_table
from hotspot.study import Stations
from hotspot.variables import DataError

_CALENDAR = ("weekday", "season", "week", "quarter", "星期", "季节")
_GAP = 12


def read_wide(paths: Iterable[Path], intake: Intake, delivery: Stations, hours: Ints | None) -> list[Part]:
    """
    Read wide hourly tables of PM2.5; the arguments are those of ``read_long``.

    Raises
    ------
    DataError
        There are no time columns or no station columns.
    """
    parts, offset = [], offset_of(delivery.time_zone)
    for path in paths:
        table = read_table(path, intake, encoding=delivery.encoding)
        extra = mapped(delivery.columns, table.columns, name=table.name)
        known = ("time", "date", "year", "month", "day", "hour")
        ours = our_names(table.columns, extra=extra, name=table.name, known=known)
        local = local_times(table, ours, offset)
        utc, fault = to_utc_hours(local, offset=offset, label=str(delivery.hour_label))
        set_aside_times(table, ours, local, fault)
        skipped = {*ours.values(), *(c for c in table.columns if plain(c) in _CALENDAR)}
        series = [column for column in table.columns if column not in skipped]
        empty = [column for column in series if not (table.cells(column) != "").any()]
        if empty and len(table.frame):
            intake.note(f"{table.name}: columns empty throughout and left out: {', '.join(empty)}")
            series = [column for column in series if column not in empty]
        if not series:
            raise DataError(
                f"{table.name}: no station columns beside the time; the header has: {', '.join(table.columns)}."
            )
        rows = np.flatnonzero(table.status == 0)
        values, stays = read_values(table, rows, series)
        stations = np.array([station_of(column, table.columns) for column in series], dtype=object)
        parts.append(Part(table, rows, utc[rows], values, series, stations, "pm25").keep(stays))
    return parts


def station_of(column: str, columns: list[str]) -> str:
    """
    Station id of a column; the raw Wuhan numbering is brought to that of its coordinate list.

    Examples
    --------
    >>> raw = [f"station_{k}" for k in range(1, 24)]
    >>> station_of("station_11", raw), station_of("station_13", raw), station_of("id_3", ["id_3"])
    ('id_11', 'id_12', 'id_3')
    """
    found = re.fullmatch(r"station_(\d+)", column)
    if found and f"station_{_GAP}" in columns and "station_23" in columns:
        number = int(found[1])
        return f"id_{number - (number > _GAP)}"
    return tidy_id(column)
