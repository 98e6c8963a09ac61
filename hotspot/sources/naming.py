"""Which days a raster file holds, from its name; and where the two published layouts say it."""

import calendar
import datetime
import re
from datetime import date

from hotspot.variables import DataError

_PLAIN = (
    r"(?<!\d)(?P<year>(?:19|20)\d{2})[-_]?(?P<month>0[1-9]|1[0-2])[-_]?(?P<day>0[1-9]|[12]\d|3[01])(?!\d)",
    r"(?<!\d)(?P<year>(?:19|20)\d{2})[-_]?(?P<month>0[1-9]|1[0-2])-(?P<year2>(?:19|20)\d{2})(?P<month2>0[1-9]|1[0-2])(?!\d)",
    r"(?<!\d)(?P<year>(?:19|20)\d{2})[-_]?(?P<month>0[1-9]|1[0-2])(?!\d)",
    r"(?<!\d)(?P<year>(?:19|20)\d{2})(?!\d)",
)


def days_in_name(name: str, pattern: str | None = None) -> tuple[date, date] | None:
    """
    First and last local day that a file's name promises.

    Parameters
    ----------
    name : str
        File name without folders.
    pattern : str, optional
        Regular expression with groups ``year`` and, where given, ``month``, ``day``
        (or ``doy``, day of the year) and ``year2``, ``month2`` of a last month.
        Default: YYYYMMDD, YYYYMM-YYYYMM, YYYYMM or YYYY standing alone.

    Returns
    -------
    (datetime.date, datetime.date), or None where the name carries no date

    Raises
    ------
    DataError
        The declared pattern does not fit the name, or names no day of the calendar.

    Examples
    --------
    >>> days_in_name("V5GL02.HybridPM25c_0p10.Asia.202002-202002.nc")
    (datetime.date(2020, 2, 1), datetime.date(2020, 2, 29))
    >>> days_in_name("pm25_20201301.tif", r"(?P<year>\\d{4})(?P<month>\\d{2})(?P<day>\\d{2})")
    Traceback (most recent call last):
    hotspot.variables.DataError: pm25_20201301.tif: its name gives no day of the calendar ...
    """
    try:
        found = [re.search(p, name) for p in ([pattern] if pattern else _PLAIN)]
    except re.error as error:
        raise DataError(f"date_pattern {pattern!r} is no regular expression ({error}); correct the study.") from None
    match = next((m for m in found if m), None)
    if match is None:
        if pattern:
            raise DataError(f"{name}: date_pattern {pattern!r} does not fit its name; correct the study.")
        return None
    part = {key: int(value) for key, value in match.groupdict().items() if value}
    try:
        return _span(part)
    except (ValueError, KeyError) as error:
        raise DataError(
            f"{name}: its name gives no day of the calendar ({error}); rename it or declare date_pattern."
        ) from None


def _span(part: dict[str, int]) -> tuple[date, date]:
    """First and last day of the parts of a date."""
    year = part["year"]
    if "doy" in part:
        day = datetime.date(year, 1, 1) + datetime.timedelta(days=part["doy"] - 1)
        if day.year != year or part["doy"] < 1:
            raise ValueError(f"day {part['doy']} of {year}")
        return day, day
    if "month" not in part:
        return datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    first = datetime.date(year, part["month"], part.get("day", 1))
    if "day" in part:
        return first, first
    last_year, last_month = part.get("year2", year), part.get("month2", part["month"])
    last = datetime.date(last_year, last_month, calendar.monthrange(last_year, last_month)[1])
    if last < first:
        raise ValueError(f"{first} to {last}")
    return first, last


def periods_between(first: date, last: date, period: str) -> list[date]:
    """
    First days of the days, months or years from one day to another.

    Examples
    --------
    >>> import datetime
    >>> [str(d) for d in periods_between(datetime.date(2020, 1, 1), datetime.date(2020, 3, 31), "month")]
    ['2020-01-01', '2020-02-01', '2020-03-01']
    """
    if period == "day":
        return [first + datetime.timedelta(days=k) for k in range((last - first).days + 1)]
    if period == "month":
        months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        return [datetime.date(m // 12, m % 12 + 1, 1) for m in months]
    return [datetime.date(year, 1, 1) for year in range(first.year, last.year + 1)]


def whole(first: date, last: date, period: str) -> bool:
    """Whether a span begins and ends where its periods do."""
    if period == "day":
        return True
    ends = first.day == 1 and last == datetime.date(
        last.year, last.month, calendar.monthrange(last.year, last.month)[1]
    )
    return ends and (period == "month" or (first.month == 1 and last.month == 12))
