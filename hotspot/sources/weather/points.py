"""
A daily reanalysis series of one place without time or place inside
(layout ``era5-point``): first day, longitude, latitude and units are declared.
"""

from pathlib import Path
from typing import Any

import numpy as np

from hotspot.sources.clock import offset_of
from hotspot.sources.intake import Intake
from hotspot.sources.weather.child import decode_all
from hotspot.sources.weather.grid import no_negative_rain, screened
from hotspot.study import Weather
from hotspot.variables import DataError, to_unit

NAMES = {name: name for name in ("u10", "v10", "t2m", "d2m", "blh", "sp", "tp")}


def read_point(path: Path, delivery: Weather, intake: Intake) -> dict[str, Any]:
    """
    Read the series of one file.

    Parameters
    ----------
    delivery : Weather
        ``first_day``, ``time_zone`` of its days, ``lon``, ``lat`` and a unit for
        every variable the file gives none for.

    Returns
    -------
    dict: ``time`` (datetime64[m], UTC, start of each day), then arrays by our names

    Raises
    ------
    DataError
        Something of that is not declared, the file cannot be read, or its
        series differ in length.
    """
    name = intake.name(path)
    lacking = [key for key in ("first_day", "time_zone", "lon", "lat") if getattr(delivery, key) is None]
    if lacking:
        raise DataError(f"{name}: the file holds neither time nor place; declare {', '.join(lacking)} in the study.")
    try:
        first = np.datetime64(delivery.first_day, "D")
    except ValueError:
        raise DataError(f"{name}: first_day {delivery.first_day!r} is no day; write it like 2013-01-01.") from None
    names = NAMES | delivery.columns
    (series,) = decode_all([path], [name], sorted(names), once=intake.once, series=True)
    record = intake.register(path)
    counted = record.read == 0
    n = series.n_steps
    found = {"time": (first + np.arange(n)).astype("datetime64[m]") - round(offset_of(delivery.time_zone) * 60)}
    for theirs in series.values:
        ours = names[theirs]
        unit = delivery.units.get(ours) or series.units[theirs]
        if unit in ("", "1"):
            raise DataError(
                f"{name}, variable {theirs}: it has no unit; declare units = {{ {ours} = ... }} in the study."
            )
        values = to_unit(series.values[theirs], unit, ours)
        for position in np.flatnonzero(series.fills[theirs]):
            rule = "a fill value the file does not declare"
            intake.set_aside_value(record, int(position) + 1, theirs, "fill", rule, b"-32767")
        if ours == "tp":
            step = max(float(to_unit(series.packing[theirs], unit, "tp")), 1e-3)
            values = no_negative_rain(values, step, record, intake)
        found[ours] = screened(values, ours, series.step, record, theirs, intake).astype(float)
    if counted:
        record.read = record.used = n
    return found
