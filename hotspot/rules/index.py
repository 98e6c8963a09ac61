"""
IAQI and AQI by HJ 633-2012 and HJ 633-2026, and the composite index in its three conventions.

Everything is decimal: concentrations are rounded half to even before the index, the
index is always rounded up, and one binary digit in between would move a value.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hotspot.rules.rounding import decimal_half_even, round_up, to_decimal
from hotspot.rules.standards import COMPOSITE_LIMITS, INDEX_LEVELS, INDEX_STEPS, INDEX_VERSIONS, breakpoints

if TYPE_CHECKING:
    import numpy as np

VERSIONS = INDEX_VERSIONS
SIX = ("so2", "no2", "pm10", "pm25", "co", "o3")
CONVENTIONS = ("two_decimals", "three_decimals", "unrounded")
_DAILY = MappingProxyType(
    {"so2": "so2_24h", "no2": "no2_24h", "co": "co_24h", "o3": "o3_8h", "pm10": "pm10_24h", "pm25": "pm25_24h"}
)


def iaqi(concentration: float | str | Decimal | None, item: str, version: str) -> int | None:
    """
    Individual air-quality index of one concentration.

    The concentration is first rounded half to even (integer ug/m3, CO one decimal, mg/m3), then
    placed between two breakpoints, and the result rounded up (HJ 633-2026, 4.2.2, 4.2.4, 4.2.6).

    Parameters
    ----------
    concentration : float, str or Decimal; ug/m3, CO mg/m3
    item : str
        Pollutant and mean: ``"pm25_24h"``, ``"o3_8h"``, ``"so2_1h"``, ...; PM of one hour uses the day's column.
    version : "2012" or "2026"

    Returns
    -------
    int 0 to 500; None where the version gives none (2012: O3 8 h and SO2 1 h above 800; the other
    mean is reported instead) or the concentration is missing

    Raises
    ------
    ValueError
        Unknown item or version, or a negative concentration.

    Examples
    --------
    >>> iaqi(75, "pm25_24h", "2012"), iaqi(75, "pm25_24h", "2026"), iaqi(35.5, "pm25_24h", "2026")
    (100, 114, 52)
    >>> iaqi(801, "o3_8h", "2012"), iaqi(801, "o3_8h", "2026")
    (None, 300)
    """
    table = breakpoints(version if version in VERSIONS else VERSIONS[-1])
    if item not in table or version not in VERSIONS:
        raise ValueError(
            f"item {item!r}, version {version!r}; give one of {', '.join(table)} and of {', '.join(VERSIONS)}."
        )
    if concentration is None or not to_decimal(concentration).is_finite():
        return None
    value = decimal_half_even(concentration, 1 if item.startswith("co_") else 0)
    if value < 0:
        raise ValueError(f"{item} is {concentration}; a concentration below zero has no index.")
    points = table[item]
    if value > points[-1]:
        # The column ends before 500 only for SO2 1 h and O3 8 h, where 2026 stops and 2012 refers elsewhere.
        return INDEX_STEPS[len(points) - 1] if version == "2026" or len(points) == len(INDEX_STEPS) else None
    upper = max(next(i for i, point in enumerate(points) if value <= point), 1)
    low, high = Decimal(points[upper - 1]), Decimal(points[upper])
    share = (value - low) * (INDEX_STEPS[upper] - INDEX_STEPS[upper - 1])
    # One division at the end: a third, cut off early, could be carried over a whole number.
    return round_up(INDEX_STEPS[upper - 1] + share / (high - low))


def aqi(concentrations: Mapping[str, Any], version: str) -> dict[str, Any]:
    """
    Daily AQI, its level, and the primary pollutants.

    Parameters
    ----------
    concentrations : dict of pollutant -> number or None
        Day means of ``so2 no2 co pm10 pm25`` and the daily largest 8 h mean of ``o3``; ug/m3, CO mg/m3.
    version : "2012" or "2026"

    Returns
    -------
    dict: ``aqi`` (int, or None where it may not be published), ``level`` 1 to 6, ``zh``, ``en``,
    ``primary`` (all pollutants at the maximum, where AQI > 50), ``iaqi`` (dict), ``missing`` (tuple)

    Raises
    ------
    ValueError
        A pollutant is not one of the six, or everything is zero: AQI begins at 1.

    Notes
    -----
    With a pollutant missing, the AQI is published only above 100; else concentrations and IAQIs
    alone (HJ 633-2026, 5.3.1).

    Examples
    --------
    >>> day = {"so2": 10, "no2": 40, "co": 0.8, "o3": 90, "pm10": 120, "pm25": 60}
    >>> aqi(day, "2026")["aqi"], aqi(day, "2026")["primary"], aqi(day, "2012")["aqi"]
    (100, ('pm10', 'pm25'), 85)
    """
    strange = sorted(set(concentrations) - set(_DAILY))
    if strange:
        raise ValueError(f"{', '.join(strange)} is none of {', '.join(_DAILY)}.")
    single = {name: iaqi(concentrations.get(name), item, version) for name, item in _DAILY.items()}
    missing = tuple(name for name, value in single.items() if value is None)
    known = {name: value for name, value in single.items() if value is not None}
    highest = max(known.values(), default=None)
    if highest == 0:
        raise ValueError("all concentrations are zero; AQI begins at 1 (HJ 633-2026, 4.1.1), look at the data.")
    published = highest if highest is not None and (not missing or highest > 100) else None
    level = None if published is None else next(n for n, entry in enumerate(INDEX_LEVELS) if published <= entry["upto"])
    said = {"zh": None, "en": None} if level is None else INDEX_LEVELS[level]
    return {
        "aqi": published,
        "level": None if level is None else level + 1,
        "zh": said["zh"],
        "en": said["en"],
        "primary": tuple(sorted(n for n, v in known.items() if v == highest)) if (highest or 0) > 50 else (),
        "iaqi": single,
        "missing": missing,
    }


def composite_index(concentrations: Mapping[str, Any], *, convention: str = "two_decimals") -> Decimal:
    """
    Air-quality composite index of a period, ``sum of C / S`` over six pollutants (B18).

    Three conventions are seen in official tables (STANDARDS 4.4): each term rounded half to even
    to two decimals and summed (Guangdong, Jiangxi, Shandong: every published row), to three
    decimals (Henan), or the sum of unrounded terms rounded to two.

    Parameters
    ----------
    concentrations : dict with ``so2 no2 pm10 pm25`` means and the ``o3`` 90th percentile, ug/m3,
        and the ``co`` 95th percentile, mg/m3
    convention : "two_decimals", "three_decimals" or "unrounded"

    Raises
    ------
    ValueError
        A pollutant is missing or too many, or the convention is unknown.

    Examples
    --------
    >>> heyuan = {"so2": 6, "no2": 13, "pm10": 33, "pm25": 22, "co": 0.8, "o3": 108}
    >>> composite_index(heyuan)
    Decimal('2.40')
    """
    if set(concentrations) != set(COMPOSITE_LIMITS):
        raise ValueError(
            f"the composite index needs {', '.join(COMPOSITE_LIMITS)}; got {', '.join(sorted(concentrations))}."
        )
    if convention not in CONVENTIONS:
        raise ValueError(f"convention is {convention!r}; give one of {', '.join(CONVENTIONS)}.")
    if convention == "unrounded":
        whole = (to_decimal(concentrations[name]) / limit for name, limit in COMPOSITE_LIMITS.items())
        return decimal_half_even(sum(whole, Decimal(0)), 2)
    return sum(terms(concentrations, 2 if convention == "two_decimals" else 3).values(), Decimal(0))


def terms(concentrations: Mapping[str, Any], decimals: int = 2) -> dict[str, Decimal]:
    """
    The six terms of the composite index, each rounded half to even: dict pollutant -> Decimal.

    Examples
    --------
    >>> terms({"so2": 6, "no2": 13, "pm10": 33, "pm25": 41, "co": 0.8, "o3": 108})["pm25"]
    Decimal('1.17')
    """
    return {
        name: decimal_half_even(to_decimal(concentrations[name]) / limit, decimals)
        for name, limit in COMPOSITE_LIMITS.items()
    }


def percentile(values: "Sequence[float] | np.ndarray", p: float) -> float:
    """
    The p-th percentile of day values: ``k = 1 + (n - 1) p / 100``, linear between ranks (HJ 663).

    Parameters
    ----------
    values : sequence of numbers, none missing
    p : float, 0 to 100

    Examples
    --------
    >>> round(percentile(range(1, 32), 90), 2), round(percentile(range(1, 366), 95), 2)
    (28.0, 346.8)
    """
    ordered = sorted(to_decimal(v) for v in values)
    if not ordered or not 0 <= p <= 100:
        raise ValueError(f"percentile {p} of {len(ordered)} values; give values, and a p from 0 to 100.")
    place = (len(ordered) - 1) * to_decimal(p) / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))
