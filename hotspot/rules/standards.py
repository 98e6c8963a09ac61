"""
Which version of the air-quality standard holds on a date, and its limits.

On 2026-03-01 GB 3095-2026, HJ 633-2026 and HJ 663-2026 replaced the versions of
2012 and 2013, with transition limits to 2030-12-31 (STANDARDS 0, 1). The version
is chosen by the date of the data. The numbers stand in ``standards.toml`` and nowhere else.
"""

import tomllib
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType

import numpy as np

from hotspot.rules.calendar import parse_month


@dataclass(frozen=True)
class Standard:
    """One dated version: where it holds, its limits, and how well each was verified."""

    key: str
    first: str  # first local day on which it holds
    last: str  # last local day
    names: tuple[str, ...]
    aqi: str  # "2012" or "2026": the table of HJ 633
    state: str  # verification of the limits: V1 read in the standard itself, V3 in a secondary place only
    validity: MappingProxyType = field(repr=False)  # day_hours month_days february_days year_days: when a mean counts
    # (pollutant, "year" | "day" | "hour" | "max8h") -> (class I, class II); ug/m3, CO mg/m3
    limits: MappingProxyType = field(repr=False)

    def limit(self, pollutant: str, period: str, grade: int = 2) -> float:
        """
        A limit of the standard.

        Parameters
        ----------
        pollutant : str, of so2, no2, co, o3, pm10, pm25
        period : "year", "day", "hour" or "max8h" (O3: largest 8 h running mean of the day)
        grade : 1 or 2, the class of the area

        Returns
        -------
        float, ug/m3 (CO: mg/m3)

        Raises
        ------
        ValueError
            The standard sets no such limit.

        Examples
        --------
        >>> standard_on("2026-02-28").limit("pm25", "year"), standard_on("2026-03-01").limit("pm25", "year")
        (35.0, 30.0)
        """
        if (pollutant, period) not in self.limits or grade not in (1, 2):
            raise ValueError(
                f"{self.key} sets no {period} limit of class {grade} for {pollutant}; it has "
                f"{', '.join(f'{p} {t}' for p, t in self.limits)}."
            )
        return self.limits[pollutant, period][grade - 1]


def _standard(entry: dict, validity: dict) -> Standard:
    limits = {
        (pollutant, period): (float(one), float(two))
        for pollutant, periods in entry["limits"].items()
        for period, (one, two) in periods.items()
    }
    rest = {name: entry[name] for name in ("key", "first", "last", "aqi", "state")}
    return Standard(
        **rest,
        names=tuple(entry["names"]),
        validity=MappingProxyType(validity[entry["validity"]]),
        limits=MappingProxyType(limits),
    )


_RULES = tomllib.loads((resources.files("hotspot.rules") / "standards.toml").read_text(encoding="utf-8"))
STANDARDS = MappingProxyType({e["key"]: _standard(e, _RULES["validity"]) for e in _RULES["standard"]})
# From this local day on particles are reported as measured.
ACTUAL_FROM: str = _RULES["reference_state"]["actual_from"]
# Ozone: hours of eight that a moving mean needs, and moving means of a day (fewer where one is above the limit).
O3_WINDOW_HOURS: int = _RULES["ozone"]["window_hours"]
O3_DAY_WINDOWS: int = _RULES["ozone"]["day_windows"]
# The percentile of a month's or a year's daily maxima that is its value.
O3_PERCENTILE: int = _RULES["ozone"]["percentile"]
# HJ 633: the steps of the index, its items' breakpoints in each version, and the versions.
INDEX_STEPS = tuple(_RULES["index"]["steps"])
INDEX_VERSIONS = tuple(sorted({s.aqi for s in STANDARDS.values()}))
INDEX_LEVELS = tuple(MappingProxyType(entry) for entry in _RULES["index"]["levels"])  # upto zh en colour
COMPOSITE_LIMITS = MappingProxyType(
    {
        pollutant: int(STANDARDS[_RULES["composite"]["standard"]].limit(pollutant, period))
        for pollutant, period in _RULES["composite"]["period"].items()
    }
)


def breakpoints(version: str) -> dict[str, tuple[int, ...]]:
    """
    Concentrations at which the index of HJ 633 takes its steps, by item.

    Parameters
    ----------
    version : "2012" or "2026"

    Returns
    -------
    dict of item -> tuple along ``INDEX_STEPS``; a column that ends early has no breakpoint beyond

    Examples
    --------
    >>> breakpoints("2012")["pm25_24h"][2], breakpoints("2026")["pm25_24h"][2]
    (75, 60)
    """
    table = _RULES["index"]
    newest = table[INDEX_VERSIONS[-1]]
    return {item: tuple(table[version].get(item, points)) for item, points in newest.items()}


def standard_change(base: str, month: str) -> Standard | None:
    """
    The version that came into force after a base month and holds in a month; None where one version holds in both.

    Concentrations compare across the change, indices and attainment do not (STANDARDS 0).

    Parameters
    ----------
    base, month : str, "YYYY-MM"

    Examples
    --------
    >>> standard_change("2025-03", "2026-03").first, standard_change("2026-03", "2027-03")
    ('2026-03-01', None)
    """
    now = standard_of_month(month)
    return now if standard_of_month(base).last < now.first else None


def state_change(base: str, month: str) -> str:
    """
    The day between two months on which the reference state of particles changed; "" where none lies there.

    Examples
    --------
    >>> state_change("2018-08", "2018-09"), state_change("2018-09", "2019-09")
    ('2018-09-01', '')
    """
    return ACTUAL_FROM if base < ACTUAL_FROM[:7] <= month else ""


def gas_state(pollutant: str, month: str) -> str:
    """
    The state to which a gas is referred in a month, zh and en in one text; "" for particles.

    Examples
    --------
    >>> [gas_state(*one).split(" / ")[-1] for one in (("o3", "2018-08"), ("no2", "2018-09"), ("pm10", "2018-09"))]
    ['273 K, 101.325 kPa', '298.15 K, 1013.25 hPa', '']
    """
    about = _RULES["reference_state"]
    if pollutant not in about["gases"]:
        return ""
    parse_month(month)
    told = about["gas_before" if f"{month}-01" < ACTUAL_FROM else "gas_since"]
    return f"{told['zh']} / {told['en']}"


def _day(date: str | np.datetime64) -> str:
    return str(np.datetime64(str(date), "D"))


def standard_on(date: str | np.datetime64) -> Standard:
    """
    The version that holds for data of a local date.

    Parameters
    ----------
    date : str ``YYYY-MM-DD`` or datetime64

    Examples
    --------
    >>> [standard_on(d).key for d in ("2026-02-28", "2026-03-01", "2030-12-31", "2031-01-01")]
    ['2012+2018', '2026-transition', '2026-transition', '2026-final']
    """
    day = _day(date)
    return next(s for s in STANDARDS.values() if s.first <= day <= s.last)


def standard_of_month(month: str) -> Standard:
    """
    The version that holds for a month; every switch falls on the first of one.

    Examples
    --------
    >>> standard_of_month("2026-03").key
    '2026-transition'
    """
    parse_month(month)
    return standard_on(f"{month}-01")
