"""
Which version of the air-quality standard holds on a date, and its limits.

On 2026-03-01 GB 3095-2026, HJ 633-2026 and HJ 663-2026 replaced the versions of
2012 and 2013, with transition limits to 2030-12-31 (STANDARDS 0, 1). The version
is chosen by the date of the data and printed on every product.
"""

from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from hotspot.rules.calendar import parse_month

# V1 read in the standard itself, V3 read in a secondary place only (STANDARDS, state marks).
_UNITS = MappingProxyType({"co": "mg/m3"})
POLLUTANTS = ("so2", "no2", "co", "o3", "pm10", "pm25")


@dataclass(frozen=True)
class Standard:
    """One dated version: where it holds, its limits, and how well each was verified."""

    key: str
    first: str  # first local day on which it holds
    last: str  # last local day
    names: tuple[str, ...]
    aqi: str  # "2012" or "2026": the table of HJ 633
    state: str  # verification of the limits
    # (pollutant, "year" | "day" | "hour" | "max8h") -> (class I, class II); ug/m3, CO mg/m3
    limits: MappingProxyType = field(repr=False)

    def limit(self, pollutant, period, grade=2):
        """
        A limit of the standard.

        Parameters
        ----------
        pollutant : str, one of ``POLLUTANTS``
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


def _limits(rows):
    return MappingProxyType({(p, t): (float(one), float(two)) for p, t, one, two in rows})


_2012 = _limits(
    [
        ("so2", "year", 20, 60), ("so2", "day", 50, 150), ("so2", "hour", 150, 500),
        ("no2", "year", 40, 40), ("no2", "day", 80, 80), ("no2", "hour", 200, 200),
        ("co", "day", 4, 4), ("co", "hour", 10, 10),
        ("o3", "max8h", 100, 160), ("o3", "hour", 160, 200),
        ("pm10", "year", 40, 70), ("pm10", "day", 50, 150),
        ("pm25", "year", 15, 35), ("pm25", "day", 35, 75),
    ]
)  # fmt: skip
_TRANSITION = _limits(
    [
        ("so2", "year", 20, 60), ("so2", "day", 50, 150), ("so2", "hour", 150, 500),
        ("no2", "year", 40, 40), ("no2", "day", 80, 80), ("no2", "hour", 200, 200),
        ("co", "day", 4, 4), ("co", "hour", 10, 10),
        ("o3", "max8h", 100, 160), ("o3", "hour", 160, 200),
        ("pm10", "year", 40, 60), ("pm10", "day", 50, 120),
        ("pm25", "year", 15, 30), ("pm25", "day", 35, 60),
    ]
)  # fmt: skip
_FINAL = _limits(
    [
        ("so2", "year", 20, 20), ("so2", "day", 50, 50), ("so2", "hour", 150, 150),
        ("no2", "year", 30, 30), ("no2", "day", 50, 50), ("no2", "hour", 200, 200),
        ("co", "day", 4, 4), ("co", "hour", 10, 10),
        ("o3", "max8h", 100, 160), ("o3", "hour", 160, 200),
        ("pm10", "year", 20, 50), ("pm10", "day", 50, 100),
        ("pm25", "year", 10, 25), ("pm25", "day", 25, 50),
    ]
)  # fmt: skip
_OF_2026 = ("GB 3095-2026", "HJ 633-2026", "HJ 663-2026")
STANDARDS = MappingProxyType(
    {
        "2012+2018": Standard(
            "2012+2018", "0001-01-01", "2026-02-28",
            ("GB 3095-2012 (2018 amendment)", "HJ 633-2012", "HJ 663-2013"), "2012", "V3", _2012,
        ),
        "2026-transition": Standard(
            "2026-transition", "2026-03-01", "2030-12-31", _OF_2026, "2026", "V1", _TRANSITION
        ),
        "2026-final": Standard("2026-final", "2031-01-01", "9999-12-31", _OF_2026, "2026", "V1", _FINAL),
    }
)  # fmt: skip


def standard_on(date):
    """
    The version that holds for data of a local date.

    Parameters
    ----------
    date : str ``YYYY-MM-DD`` or datetime64

    Returns
    -------
    Standard

    Examples
    --------
    >>> [standard_on(d).key for d in ("2026-02-28", "2026-03-01", "2030-12-31", "2031-01-01")]
    ['2012+2018', '2026-transition', '2026-transition', '2026-final']
    """
    day = str(np.datetime64(date, "D"))
    return next(s for s in STANDARDS.values() if s.first <= day <= s.last)


def standard_of_month(month):
    """
    The version that holds for a month; every switch falls on the first of one.

    Examples
    --------
    >>> standard_of_month("2026-03").key
    '2026-transition'
    """
    parse_month(month)
    return standard_on(f"{month}-01")


def reference_state(date):
    """
    Conditions at which particle concentrations are reported on a local date.

    To 2018-08-31 at 273 K and 101.325 kPa ("standard"), since then as measured ("actual");
    a series across that day is not comparable without conversion (STANDARDS 1.3).

    Examples
    --------
    >>> reference_state("2018-08-31"), reference_state("2018-09-01")
    ('standard', 'actual')
    """
    return "standard" if str(np.datetime64(date, "D")) < "2018-09-01" else "actual"


def unit_of(pollutant):
    """
    Unit of a pollutant's limits.

    Examples
    --------
    >>> unit_of("co"), unit_of("pm25")
    ('mg/m3', 'ug/m3')
    """
    return _UNITS.get(pollutant, "ug/m3")


def actual_to_standard(value, pressure, temperature):
    """
    A particle concentration as measured, converted to 273.15 K and 101.325 kPa.

    Parameters
    ----------
    value : array, ug/m3 at the conditions of the measurement
    pressure : array, hPa
    temperature : array, degC

    Returns
    -------
    array, ug/m3 at standard conditions

    Examples
    --------
    >>> round(actual_to_standard(50.0, 1013.25, 25.0), 2)
    54.58
    """
    return value * (1013.25 / pressure) * ((temperature + 273.15) / 273.15)
