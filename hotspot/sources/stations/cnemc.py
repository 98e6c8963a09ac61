"""
One national hour of the CNEMC stations as GeoJSON: numbers are text, ``-;`` is missing.

Every feature is a row; its number in the file stands for the line number.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hotspot.kernels.arrays import Ints
from hotspot.sources.clock import offset_of, parse_times, to_utc_hours
from hotspot.sources.intake import Intake
from hotspot.sources.places.features import read_features
from hotspot.sources.places.positions import tidy_id
from hotspot.sources.stations.readings import Part, read_values
from hotspot.study import Stations
from hotspot.variables import DataError

_COLUMNS = {"pm2_5": "pm25", "pm10": "pm10", "so2": "so2", "no2": "no2", "o3": "o3", "co": "co"}


def read_cnemc(paths: Iterable[Path], intake: Intake, delivery: Stations, hours: Ints | None) -> list[Part]:
    """
    Read national hours; the arguments are those of ``read_long``.

    Raises
    ------
    DataError
        The file is no GeoJSON of stations.
    """
    parts, offset = [], offset_of(delivery.time_zone)
    for path in paths:
        table = read_features(path, intake)
        lacking = [name for name in ("stationcode", "timepoint", "pm2_5") if name not in table.columns]
        if lacking:
            raise DataError(f"{table.name}: features have no property {lacking[0]!r}; this is not the CNEMC layout.")
        local = parse_times(table.cells("timepoint"), name=table.name, declared=offset)
        utc, fault = to_utc_hours(local, offset=offset, label=str(delivery.hour_label))
        table.set_aside_faults(fault, "timepoint")
        stations = np.array([tidy_id(text) for text in table.cells("stationcode")], dtype=object)
        table.set_aside(np.flatnonzero(stations == ""), "stationcode", "no station id")
        rows = np.flatnonzero(table.status == 0)
        names = [name for name in _COLUMNS if name in table.columns]
        values, stays = read_values(table, rows, names)
        places = table.cells(["positionname" if "positionname" in table.columns else "stationcode", "lon", "lat"])[rows]
        variables = tuple(_COLUMNS[name] for name in names)
        part = Part(table, rows, utc[rows], values, names, stations[rows], None, variables, {}, places)
        parts.append(part.keep(stays))
    return parts
