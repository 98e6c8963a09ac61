"""The time axis of a NetCDF file: when each of its layers is, and which local day that means."""

import datetime
from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.sources.clock import parse_days
from hotspot.variables import DataError

if TYPE_CHECKING:
    import netCDF4

_CALENDARS = ("standard", "gregorian", "proleptic_gregorian")
_MONTHS = {"month": 1, "months": 1, "year": 12, "years": 12}


def instants(source: "netCDF4.Dataset", name: str, period: str) -> list[str]:
    """
    When every layer is, ``YYYY-MM-DDTHH:MM`` as the file says it; empty where it has no such variable.

    Where the axis has bounds it is the middle of each, since a stamp may stand at either end of what it means.
    A layer of a month needs no day: there months may be counted, and the calendar may be a model's.

    Raises
    ------
    DataError
        The axis counts in what has no fixed length, in days that are none of ours, or cannot be read.
    """
    if name not in source.variables:
        return []
    variable = source.variables[name]
    units, calendar = str(getattr(variable, "units", "")), str(getattr(variable, "calendar", "standard")).lower()
    values = np.asarray(variable[:], float).reshape(-1)
    if " since " not in units and (written := _written(values, period)):
        return written
    if calendar not in _CALENDARS and period == "day":
        raise DataError(f"time runs on the calendar {calendar!r}, which has other days than ours; deliver real dates.")
    step = units.split(" since ")[0].strip().lower()
    if " since " not in units or (step in _MONTHS and period == "day"):
        raise DataError(f"time is in {units!r}, which is no fixed length; deliver days or hours since a date.")
    edges = source.variables.get(str(getattr(variable, "bounds", "")))
    if edges is not None and edges.shape == (values.size, 2):
        values = np.asarray(edges[:], float).mean(axis=1)
    try:
        return _counted(values, units, calendar, _MONTHS.get(step, 0))
    except (ValueError, OverflowError) as error:
        raise DataError(f"time in {units!r} cannot be read ({error}); mend the time axis.") from None


def _counted(values: Floats, units: str, calendar: str, months: int) -> list[str]:
    """Instants of numbers since a date; ``months`` of one step, 0 where a step has a length."""
    import netCDF4

    if not months:
        stamps = np.asarray(netCDF4.num2date(values, units, calendar)).reshape(-1)
        return [f"{s.year:04d}-{s.month:02d}-{s.day:02d}T{s.hour:02d}:{s.minute:02d}" for s in stamps]
    if not np.isfinite(values).all():
        raise ValueError("a value is missing")
    (first,) = np.asarray(netCDF4.num2date(np.zeros(1), "days since " + units.split(" since ")[1], calendar))
    n = first.year * 12 + first.month - 1 + np.floor(values * months + 1e-6).astype(int)
    return [f"{at // 12:04d}-{at % 12 + 1:02d}-01T00:00" for at in n.tolist()]


def _written(values: Floats, period: str) -> list[str]:
    """Days written as numbers, 20241231 (of months 202412 too); empty where one is none."""
    texts = [f"{value:.0f}" for value in values]
    if period == "month" and all(len(text) == 6 for text in texts):
        texts = [text + "01" for text in texts]
    days = parse_days(texts)
    return [] if np.isnat(days).any() else [f"{day}T00:00" for day in days.astype("datetime64[D]")]


def local_days(times: list[str], ahead: float) -> list[datetime.date]:
    """
    The local day of every layer.

    A file counts in UTC or names its days as they are called; the two differ where all its stamps lie exactly at the
    local midnight told in UTC (16:00 of the day before, in Beijing), and then they mean the day that begins there.

    Examples
    --------
    >>> [str(day) for day in local_days(["2025-11-30T16:00", "2025-12-31T16:00"], 8.0)]
    ['2025-12-01', '2026-01-01']
    >>> [str(day) for day in local_days(["2025-11-30T16:00", "2025-12-15T00:00"], 8.0)]
    ['2025-11-30', '2025-12-15']
    """
    stamps = [datetime.datetime.fromisoformat(text) for text in times]
    moved = [stamp + datetime.timedelta(hours=ahead) for stamp in stamps]
    at_midnight = all(at.time() == datetime.time() for at in moved)
    return [at.date() for at in (moved if at_midnight else stamps)]
