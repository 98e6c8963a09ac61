"""Periods of the calendar by name: a day, a week or its first half, half a month, a month, a quarter, a year."""

import re
from dataclasses import dataclass

import pandas as pd

KINDS = ("day", "midweek", "week", "half", "month", "quarter", "year")
_FORMS = {
    "day": r"\d{4}-\d{2}-\d{2}", "week": r"\d{4}-W\d{2}", "midweek": r"\d{4}-W\d{2}-mid", "half": r"\d{4}-\d{2}-H[12]",
    "month": r"\d{4}-\d{2}", "quarter": r"\d{4}-Q[1-4]", "year": r"\d{4}",
}  # fmt: skip
_LAST_OF_MID = 3  # Monday, Tuesday, Wednesday


@dataclass(frozen=True)
class Period:
    """``first`` and ``end``: local days, the end not inside; ``zh`` as it is printed."""

    name: str
    kind: str
    first: pd.Timestamp
    end: pd.Timestamp
    zh: str

    @property
    def n_days(self) -> int:
        """How many days."""
        return (self.end - self.first).days


def period(name: str) -> Period:
    """
    A period by its name.

    Parameters
    ----------
    name : str
        "2025-12-15", "2025-W50" (Monday to Sunday), "2025-W50-mid" (to Wednesday), "2025-12-H1" (to the 15th),
        "2025-12-H2", "2025-12", "2025-Q4" or "2025".

    Raises
    ------
    ValueError
        It is none of these.

    Examples
    --------
    >>> week = period("2025-W50")
    >>> str(week.first.date()), week.n_days, week.zh
    ('2025-12-08', 7, '2025年12月8日至14日')
    >>> period("2025-02-H2").zh, period("2025-W01-mid").zh
    ('2025年2月16日至28日', '2024年12月30日至2025年1月1日')
    """
    kind = next((kind for kind, form in _FORMS.items() if re.fullmatch(form, name)), "")
    try:
        first, end = _bounds(kind, name)
    except ValueError:
        raise ValueError(
            f"{name!r} is no period; give 2025-12-15, 2025-W50, 2025-W50-mid, 2025-12-H1, 2025-12, 2025-Q4 or 2025."
        ) from None
    return Period(name, kind, first, end, _zh(kind, first, end))


def containing(day: str, kind: str) -> Period:
    """
    The period of a kind that a day lies in; of ``midweek`` the one of its week, though it may be over.

    Examples
    --------
    >>> [containing("2025-12-31", kind).name for kind in KINDS]
    ['2025-12-31', '2026-W01-mid', '2026-W01', '2025-12-H2', '2025-12', '2025-Q4', '2025']
    """
    when = pd.Timestamp(day)
    iso = when.isocalendar()
    names = {
        "day": f"{when:%Y-%m-%d}", "week": f"{iso.year:04d}-W{iso.week:02d}",
        "midweek": f"{iso.year:04d}-W{iso.week:02d}-mid", "half": f"{when:%Y-%m}-H{1 if when.day <= 15 else 2}",
        "month": f"{when:%Y-%m}", "quarter": f"{when:%Y}-Q{(when.month + 2) // 3}", "year": f"{when:%Y}",
    }  # fmt: skip
    if kind not in names:
        raise ValueError(f"{kind!r} is no kind of period; there are: {', '.join(KINDS)}.")
    return period(names[kind])


def ended(kind: str, since: str, asof: str) -> list[Period]:
    """
    The periods of a kind that ended after ``since`` and not after the day ``asof`` begins, oldest first.

    Examples
    --------
    >>> [p.name for p in ended("half", "2025-11-30", "2025-12-16")], ended("week", "2025-12-08", "2025-12-14")
    (['2025-11-H2', '2025-12-H1'], [])
    """
    last = pd.Timestamp(asof).normalize()
    found: list[Period] = []
    day = pd.Timestamp(since).normalize()
    while day <= last:
        one = containing(f"{day:%Y-%m-%d}", kind)
        if pd.Timestamp(since).normalize() < one.end <= last and (not found or found[-1].name != one.name):
            found.append(one)
        day += pd.Timedelta(days=1)
    return found


def before(one: Period) -> Period:
    """
    The period of the same kind before it.

    Examples
    --------
    >>> before(period("2025-W50-mid")).name, before(period("2025-03-H1")).name, before(period("2026-Q1")).name
    ('2025-W49-mid', '2025-02-H2', '2025-Q4')
    """
    return containing(f"{one.first - pd.Timedelta(days=1):%Y-%m-%d}", one.kind)


def _bounds(kind: str, name: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    if kind == "day":
        first = pd.Timestamp(name)
        return first, first + pd.Timedelta(days=1)
    if kind in ("week", "midweek"):
        first = pd.Timestamp.fromisocalendar(int(name[:4]), int(name[6:8]), 1)
        return first, first + pd.Timedelta(days=7 if kind == "week" else _LAST_OF_MID)
    if kind in ("half", "month"):
        first = pd.Timestamp(f"{name[:7]}-01")
        end = first + pd.DateOffset(months=1)
        middle = first + pd.Timedelta(days=15)
        return (first, end) if kind == "month" else (first, middle) if name.endswith("H1") else (middle, end)
    if kind == "quarter":
        first = pd.Timestamp(f"{name[:4]}-{3 * int(name[-1]) - 2:02d}-01")
        return first, first + pd.DateOffset(months=3)
    first = pd.Timestamp(f"{name}-01-01") if kind == "year" else pd.NaT
    if first is pd.NaT:
        raise ValueError(name)
    return first, first + pd.DateOffset(years=1)


def _zh(kind: str, first: pd.Timestamp, end: pd.Timestamp) -> str:
    last = end - pd.Timedelta(days=1)
    if kind == "year":
        return f"{first.year}年"
    if kind == "quarter":
        return f"{first.year}年第{'一二三四'[(first.month - 1) // 3]}季度"
    if kind == "month":
        return f"{first.year}年{first.month}月"
    said = f"{first.year}年{first.month}月{first.day}日"
    if kind == "day":
        return said
    year = "" if last.year == first.year else f"{last.year}年"
    month = "" if (last.year, last.month) == (first.year, first.month) else f"{last.month}月"
    return f"{said}至{year}{month}{last.day}日"
