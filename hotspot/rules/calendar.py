"""
Local days and months, and where they begin in UTC.

A month is the text ``"2020-02"``: it sorts, it is a folder name, and it says
what it is. A day and a month are the study's local ones (METHODS 3), while
every series in the package is UTC; only ``local_bounds`` crosses between them.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np

from hotspot.kernels.arrays import Times

WEEKDAYS = (
    ("周一", "Monday"), ("周二", "Tuesday"), ("周三", "Wednesday"), ("周四", "Thursday"), ("周五", "Friday"),
    ("周六", "Saturday"), ("周日", "Sunday"),
)  # fmt: skip


def parse_month(text: str) -> tuple[int, int]:
    """
    Year and month of a text such as ``"2020-02"``.

    Parameters
    ----------
    text : str
        Four digits, a hyphen, two digits, from 1900-01 to 2199-12.

    Returns
    -------
    (int, int): year and month

    Raises
    ------
    ValueError
        The text names no month.

    Examples
    --------
    >>> parse_month("2020-02")
    (2020, 2)
    >>> parse_month("2020-13")
    Traceback (most recent call last):
    ValueError: '2020-13' is no month; write it like 2020-02.
    """
    match = re.fullmatch(r"((?:19|20|21)[0-9]{2})-(0[1-9]|1[0-2])", str(text))
    if match is None:
        raise ValueError(f"{text!r} is no month; write it like 2020-02.")
    return int(match[1]), int(match[2])


def parse_day(text: str) -> str:
    """
    A local day as it is written.

    Parameters
    ----------
    text : str, "YYYY-MM-DD"

    Raises
    ------
    ValueError
        The text names no day.

    Examples
    --------
    >>> parse_day("2024-02-29")
    '2024-02-29'
    >>> parse_day("2025-02-29")
    Traceback (most recent call last):
    ValueError: '2025-02-29' is no day; write it like 2025-12-31.
    """
    try:
        if re.fullmatch(r"(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", str(text)):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise ValueError(f"{text!r} is no day; write it like 2025-12-31.")


def month_minus(month: str, n: int) -> str:
    """
    The month ``n`` months before; a negative ``n`` goes forward.

    Examples
    --------
    >>> month_minus("2020-02", 12), month_minus("2020-02", 2), month_minus("2020-12", -1)
    ('2019-02', '2019-12', '2021-01')
    """
    year, number = parse_month(month)
    year, number = divmod(year * 12 + number - 1 - int(n), 12)
    return f"{year:04d}-{number + 1:02d}"


def months_told(months: Iterable[str]) -> str:
    """
    Months in words, those that follow one another as one stretch.

    Examples
    --------
    >>> months_told(["2023-01", "2023-02", "2023-03", "2023-12", "2024-01"])
    '2023-01 to 2023-03, 2023-12, 2024-01'
    """
    stretches: list[list[str]] = []
    for month in sorted(months):
        if stretches and month_minus(month, 1) == stretches[-1][-1]:
            stretches[-1].append(month)
        else:
            stretches.append([month])
    told = [[f"{one[0]} to {one[-1]}"] if len(one) > 2 else one for one in stretches]
    return ", ".join(part for parts in told for part in parts)


def month_start(month: str) -> np.datetime64:
    """
    First local day of a month, datetime64[ns] without a zone.

    Examples
    --------
    >>> month_start("2020-02")
    np.datetime64('2020-02-01T00:00:00.000000000')
    """
    parse_month(month)
    return np.datetime64(month, "M").astype("datetime64[ns]")


def month_days(month: str) -> int:
    """
    Number of days in a month.

    Examples
    --------
    >>> month_days("2020-02"), month_days("2021-02"), month_days("2020-04")
    (29, 28, 30)
    """
    return len(local_days(month))


def local_days(month: str) -> Times:
    """
    The local days of a month, datetime64[D] in order.

    Examples
    --------
    >>> local_days("2021-02")[[0, -1]]
    array(['2021-02-01', '2021-02-28'], dtype='datetime64[D]')
    """
    parse_month(month)
    first = np.datetime64(month, "M")
    return np.arange(first, first + 1, dtype="datetime64[D]")


def month_of(time: Times | np.datetime64) -> Any:
    """
    Month name of each local time.

    Parameters
    ----------
    time : datetime64 or array of it, local

    Returns
    -------
    str, or an array of str of the same shape

    Examples
    --------
    >>> month_of(np.datetime64("2020-02-29T23:00"))
    '2020-02'
    """
    names = np.datetime_as_string(np.asarray(time, dtype="datetime64[M]"))
    return str(names) if np.ndim(names) == 0 else names


def year_months(year: str | int) -> list[str]:
    """
    The twelve months of a calendar year.

    Examples
    --------
    >>> year_months(2020)[::11]
    ['2020-01', '2020-12']
    """
    return [month_minus(f"{int(year):04d}-01", -n) for n in range(12)]


def offset_hours(utc_offset: float) -> np.timedelta64:
    """
    An offset of local time from UTC, in hours, as timedelta64[ns].

    Examples
    --------
    >>> offset_hours(5.5).astype("timedelta64[m]")
    np.timedelta64(330,'m')
    """
    return np.timedelta64(round(float(utc_offset) * 3600), "s").astype("timedelta64[ns]")


def local_times(hours: Any) -> Times:
    """Local time of every hour of a network or a field, by the offset it carries (8 h where it says none)."""
    return hours["time"].values.astype("datetime64[ns]") + offset_hours(hours.attrs.get("utc_offset", 8.0))


def local_bounds(month: str, utc_offset: float) -> tuple[np.datetime64, np.datetime64]:
    """
    First instant of a local month and first instant after it, in UTC.

    Parameters
    ----------
    month : str, e.g. ``"2020-02"``
    utc_offset : float
        Hours that local time is ahead of UTC.

    Returns
    -------
    (datetime64[ns], datetime64[ns]): start and end, half-open [start, end)

    Examples
    --------
    >>> [str(t)[:16] for t in local_bounds("2020-02", 8)]
    ['2020-01-31T16:00', '2020-02-29T16:00']
    """
    shift = offset_hours(utc_offset)
    return month_start(month) - shift, month_start(month_minus(month, -1)) - shift
