"""
Local clock texts to UTC hours, each hour named by its start.

Inside the readers an hour is an integer, hours since 1970-01-01T00 UTC, -1 never
being a mark: what could not be read has its own mask. Deliverers label an hour
by its start or its end; the study must say which (RELIABILITY C4: 62-66).
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Ints, Objects, Times
from hotspot.rules.calendar import local_bounds, offset_hours
from hotspot.sources.missing import half_width
from hotspot.study import fixed_offset
from hotspot.text.distinct import distinct
from hotspot.variables import DataError

# A clock that lost its battery says 1970 or 2000-01-01; no network reported hourly PM2.5 before.
FIRST_DAY = np.datetime64("2000-01-02")
LAST_DAY = np.datetime64("2100-01-01")
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H", "%Y%m%d%H%M", "%Y%m%d%H", "%Y%m%d %H:%M")
_DAYS = ("%Y-%m-%d", "%Y%m%d")
# Digits that a text of each begins with: ``strptime`` would take "2020010110" for 1 January 01:00.
_LEADING = {"%Y%m%d%H%M": 12, "%Y%m%d%H": 10, "%Y%m%d %H:%M": 8, "%Y%m%d": 8}
_DAY_WORDS = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:\s*T|\s+|(?=\d)(?<=日)|$)")
_CLOCK_WORDS = re.compile(r"(\d)[时点](?:(\d{1,2})分?)?$")
# A day as spreadsheets count it: days since 1899-12-30, or since 1904-01-01 in workbooks of old Macs.
SERIAL_FROM, SERIAL_FROM_1904 = np.datetime64("1899-12-30", "m"), np.datetime64("1904-01-01", "m")
_SERIAL, _MIDNIGHT = re.compile(r"\d{5}(?:\.\d+)?"), re.compile(r"(\d{4}[-/]\d{1,2}[-/]\d{1,2}) 0?0:00(?::00)?")
_FEW = 8
_REMEMBERED = 50_000  # letters of a table's different times, two months of them, whose reading is remembered
_OFFSET = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")


def offset_of(name: str | None) -> float:
    """
    Hours that a declared time zone is ahead of UTC.

    Examples
    --------
    >>> offset_of("Asia/Shanghai"), offset_of("-05:00"), offset_of("+05:30")
    (8.0, -5.0, 5.5)
    """
    try:
        text = fixed_offset(name)
    except ValueError as error:
        raise DataError(f"time_zone: {error}.") from None
    return (-1.0 if text[0] == "-" else 1.0) * (int(text[1:3]) + int(text[4:6]) / 60)


def parse_days(texts: Sequence[str] | np.ndarray) -> Times:
    """
    Local days of texts, datetime64[D]; NaT where the text is no day.

    Examples
    --------
    >>> parse_days(["20150101", "2015-02-30"])
    array(['2015-01-01',        'NaT'], dtype='datetime64[D]')
    """
    unique, back = distinct(texts)
    return _parse([_spelt(text) for text in unique], _DAYS).astype("datetime64[D]")[back]


def parse_times(texts: ArrayLike, *, name: str = "", declared: float | None = None) -> Times:
    """
    Local times of texts.

    24:00 is midnight at the end of its day. A text with its own offset (``+08:00``,
    ``Z``) must agree with the declared zone.

    Parameters
    ----------
    texts : array of str
    name : str
        File name, for messages.
    declared : float, optional
        Declared hours ahead of UTC.

    Returns
    -------
    datetime64[m], local; NaT where the text is no time

    Raises
    ------
    DataError
        An offset in the text contradicts the declared zone, or the day's place
        in the text is ambiguous (``8/1/2019``).

    Examples
    --------
    >>> parse_times(["2020/1/31 24:00", "2020-02-30 01:00", "2020-02-01T07:00:00+08:00"], declared=8.0)
    array(['2020-02-01T00:00', 'NaT', '2020-02-01T07:00'], dtype='datetime64[m]')
    """
    texts = np.asarray(texts, dtype=object)
    unique, back = distinct(texts)
    # A run reads a month's file for the list, for the year's level and for the month: its hours are the same texts.
    of = _times_of if sum(map(len, unique)) <= _REMEMBERED else _times_of.__wrapped__
    return of(tuple(unique.tolist()), name, declared)[back.reshape(texts.shape)]


@lru_cache(maxsize=128)
def _times_of(texts: tuple[str, ...], name: str, declared: float | None) -> Times:
    """As ``parse_times``, of different texts; whoever takes of it copies."""
    plain = [text.strip() for text in texts]
    for text in plain:
        found = _OFFSET.search(text) if ":" in text else None
        if found and re.match(r"\d{4}", text) and len(text) > 11:
            said = offset_of("UTC" if found[0] == "Z" else found[0])
            if declared is not None and said != declared:
                raise DataError(
                    f"{name}, column time: {text!r} carries the offset {found[0]}, but the study declares "
                    f"{declared:+g} h; correct time_zone."
                )
    plain = [_OFFSET.sub("", text).strip() if ":" in text and len(text) > 11 else text for text in plain]
    if any(re.fullmatch(r"\d{1,2}[/-]\d{1,2}[/-]\d{4}.*", text) for text in plain):
        example = next(text for text in plain if re.fullmatch(r"\d{1,2}[/-]\d{1,2}[/-]\d{4}.*", text))
        raise DataError(f"{name}, column time: {example!r} may be day/month or month/day; write the year first.")
    plain = [_spelt(text) for text in plain]
    next_day = np.array([bool(re.search(r" 24(:00){0,2}$", text)) for text in plain], bool)
    plain = [re.sub(r" 24((?::00){0,2})$", r" 00\1", text) for text in plain]
    times = _parse(plain, _FORMATS).astype("datetime64[m]")
    return np.where(next_day, times + np.timedelta64(1, "D"), times)


def _spelt(text: str) -> str:
    """
    A day as 2020-01-31 and a clock as 09:00, where they are written otherwise.

    Examples
    --------
    >>> _spelt("2020年1月31日9时"), _spelt("2020/1/31"), _spelt("2020.01.31 09:00:00.0")
    ('2020-1-31 9:00', '2020-1-31', '2020-01-31 09:00:00')
    """
    text = _CLOCK_WORDS.sub(lambda found: f"{found[1]}:{int(found[2] or 0):02}", half_width(text).strip())
    text = _DAY_WORDS.sub(r"\1-\2-\3 ", text).strip()
    return re.sub(r"(:\d{2})\.0+$", r"\1", text)


def days_counted(texts: Objects, *, clock: bool, since: np.datetime64 = SERIAL_FROM) -> tuple[Objects, list[str]]:
    """
    Texts of a column that says when, a spreadsheet's number of a day written as what it means.

    Parameters
    ----------
    clock : bool
        Whether the column holds hours too; a whole number is midnight then, unless all are. In a column of days alone
        every day is written like 2020-01-31, without the midnight that a workbook gives a cell typed as a date.
    since : datetime64[m], day 0

    Returns
    -------
    (object[n], list of str): the texts, and the numbers that were such days, each once

    Examples
    --------
    >>> days_counted(np.array(["43831", "43831.0416666667", "2020-01-02", "202"], object), clock=True)[0].tolist()
    ['2020-01-01 00:00', '2020-01-01 01:00', '2020-01-02', '202']
    >>> days_counted(np.array(["43831", "99999", "2020/1/2"], object), clock=False)
    (array(['2020-01-01', '99999', '2020-01-02'], dtype=object), ['43831'])
    """
    unique, back = distinct(texts)
    found: dict[str, np.datetime64] = {}
    for text in unique:
        if _SERIAL.fullmatch(text.strip()):
            time = since + np.timedelta64(round(float(text) * 1440), "m")
            if FIRST_DAY <= time < LAST_DAY:
                found[text] = time
    hours = clock and any(time != time.astype("M8[D]") for time in found.values())
    told = {text: str(time if hours else time.astype("M8[D]")).replace("T", " ") for text, time in found.items()}
    if not clock:
        plain = [night[1] if (night := _MIDNIGHT.fullmatch(text)) else text for text in unique]
        days = parse_days(plain)
        told |= {text: str(day) for text, day in zip(unique, days, strict=True) if not np.isnat(day)}
    return np.array([told.get(text, text) for text in unique], dtype=object)[back], list(found)


def _parse(texts: Sequence[str] | Objects, formats: tuple[str, ...]) -> Times:
    """datetime64[ns] by the formats in turn; NaT where none fits."""
    unique, back = distinct(texts)
    times = np.full(unique.shape, np.datetime64("NaT", "ns"))
    if len(unique) <= _FEW:  # the one day of a daily file: pandas would take longer to start
        times[:] = [_parse_one(str(text), formats) for text in unique]
        return times[back.reshape(np.shape(texts))]
    leading = np.array([_digits(str(text)) for text in unique])
    for form in formats:
        open_ = np.isnat(times) & (leading == _LEADING.get(form, 4))
        if not open_.any():
            continue
        parsed = pd.to_datetime(pd.Series(unique[open_], dtype=object), format=form, errors="coerce")
        times[open_] = parsed.to_numpy(dtype="datetime64[ns]")
    return times[back.reshape(np.shape(texts))]


def _digits(text: str) -> int:
    """How many digits a text begins with."""
    return len(text) - len(text.lstrip("0123456789"))


@lru_cache(maxsize=100_000)
def _parse_one(text: str, formats: tuple[str, ...]) -> np.datetime64:
    for form in formats:
        try:
            if _digits(text) == _LEADING.get(form, 4):
                return np.datetime64(datetime.strptime(text, form), "ns")
        except ValueError:
            continue
    return np.datetime64("NaT", "ns")


def compose(days: Times, hours: ArrayLike) -> Times:
    """
    Local times of a day column and an hour column.

    Parameters
    ----------
    days : datetime64[D], NaT allowed
    hours : array of str, ``"0"`` to ``"24"``, also ``"07"``, ``"7.0"`` and ``"7:00"``

    Returns
    -------
    datetime64[m], local; NaT where day or hour is none

    Examples
    --------
    >>> compose(np.array(["2020-01-31"] * 3, "M8[D]"), ["24", "25", "7:00"])
    array(['2020-02-01T00:00', 'NaT', '2020-01-31T07:00'], dtype='datetime64[m]')
    """
    days = np.asarray(days, dtype="datetime64[D]")
    unique, back = distinct(hours)
    known = [re.fullmatch(r"\s*(\d{1,2})(?:\.0|:00(?::00)?|时)?\s*", text) for text in unique]
    number = np.array([int(found[1]) if found else 99 for found in known], np.int64)[back]
    times = days.astype("datetime64[m]") + number * np.timedelta64(60, "m")
    return np.where(number <= 24, times, np.datetime64("NaT", "m"))


def to_utc_hours(local: Times, *, offset: float, label: str) -> tuple[Ints, Objects]:
    """
    Integer UTC hour that each local label stands for.

    Parameters
    ----------
    local : datetime64[m]
    offset : float
        Declared hours ahead of UTC.
    label : "start" or "end"
        Which end of the hour the label names.

    Returns
    -------
    hours : int64, since 1970-01-01T00 UTC, start of the hour; 0 where faulty
    fault : array of str, "" where good, else the rule that was broken

    Examples
    --------
    >>> local = np.array(["2020-02-01T00:00", "1970-01-01T05:00"], "M8[m]")
    >>> hours, fault = to_utc_hours(local, offset=8.0, label="end")
    >>> np.datetime64(int(hours[0]), "h"), fault[1]
    (np.datetime64('2020-01-31T15','h'), 'date is before 2000-01-02, as of a clock that was reset')
    """
    if offset % 1:
        raise DataError(f"time_zone: {offset:+g} h is not a whole number of hours, so its hours fit no UTC axis.")
    local = np.asarray(local, dtype="datetime64[m]")
    fault = np.full(local.shape, "", dtype=object)
    fault[np.isnat(local)] = "no time like 2020-03-01 09:00"
    known = ~np.isnat(local)
    fault[known & (local < FIRST_DAY)] = f"date is before {FIRST_DAY}, as of a clock that was reset"
    fault[known & (local >= LAST_DAY)] = f"date is after {LAST_DAY}, in the future"
    utc = local - offset_hours(offset).astype("timedelta64[m]")
    minutes = np.where(known, utc, np.datetime64(0, "m")).astype(np.int64)
    hours = minutes // 60 - (label == "end")
    off = known & (minutes % 60 != 0) & (fault == "")
    fault[off] = "time is not on the full hour"
    return np.where(fault == "", hours, 0), fault


def wanted_hours(months: list[str] | tuple[str] | None, utc_offset: float) -> Ints | None:
    """
    Every UTC hour of the local months, sorted; None means no limit.

    Parameters
    ----------
    months : iterable of "YYYY-MM" or None
    utc_offset : float
        The study's hours ahead of UTC.

    Returns
    -------
    int64[n_hour] or None

    Examples
    --------
    >>> len(wanted_hours(["2020-02", "2019-02"], 8))
    1368
    """
    if months is None:
        return None
    spans = [local_bounds(month, utc_offset) for month in sorted(set(months))]
    parts = [np.arange(a.astype("M8[h]").astype(np.int64), b.astype("M8[h]").astype(np.int64)) for a, b in spans]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def label_days(hours: Ints, *, offset: float, label: str | None) -> set[str]:
    """
    The local days under which the deliverer labels these UTC hours: a set of ``YYYYMMDD``.

    Examples
    --------
    >>> sorted(label_days(wanted_hours(["2020-02"], 8), offset=8.0, label="end"))[-1]
    '20200301'
    """
    minutes = (np.asarray(hours) + (label == "end")) * 60
    days = np.unique((minutes.astype("datetime64[m]") + offset_hours(offset).astype("timedelta64[m]")).astype("M8[D]"))
    return {str(day).replace("-", "") for day in days}
