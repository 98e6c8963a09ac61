"""
From the size of a plant in a register to what it may emit, and to words an official reads.

The factors are proposals of ours: filterable PM2.5 of a plant that keeps the limits in force (dust of
10 mg/m3 in the flue gas of power plants and kilns; open yards and sites by area), rounded, to be
replaced by an inventory wherever there is one. They rank sources; they are no inventory.
"""

import re
import unicodedata
from types import MappingProxyType

GRAM_PER_SECOND = 1e6 / (365.25 * 86400.0)  # of one tonne a year

# Proposal, t PM2.5 a year of a plant of unknown size.
TYPICAL = MappingProxyType(
    {
        "power": 300.0, "steel": 600.0, "coking": 300.0, "cement": 300.0, "building_materials": 80.0,
        "concrete": 20.0, "chemical": 80.0, "coating": 15.0, "foundry": 40.0, "boiler": 30.0,
        "other_industry": 20.0, "scattered": 10.0, "construction": 30.0, "road": 20.0, "traffic": 20.0,
        "bare_soil": 30.0, "storage_yard": 40.0, "quarry": 80.0, "catering": 4.0, "car_repair": 3.0,
        "gas_station": 1.0, "livestock": 5.0, "open_burning": 40.0, "waste_dump": 40.0,
        "household_coal": 20.0, "other": 20.0,
    }
)  # fmt: skip
# Proposal, t PM2.5 a year per unit of size; "" where a unit means the same for every class.
FACTORS = MappingProxyType(
    {
        ("power", "mw"): 0.5, ("steel", "mt/a"): 300.0, ("cement", "mt/a"): 200.0, ("coking", "mt/a"): 250.0,
        ("building_materials", "mt/a"): 100.0, ("quarry", "mt/a"): 120.0, ("concrete", "mt/a"): 20.0,
        ("chemical", "mt/a"): 800.0, ("foundry", "mt/a"): 600.0, ("other_industry", "mt/a"): 100.0,
        ("boiler", "t/h"): 1.2, ("boiler", "mw"): 1.7, ("", "t/h"): 1.2, ("construction", "ha"): 6.0,
        ("bare_soil", "ha"): 5.0, ("storage_yard", "ha"): 8.0, ("car_repair", "ha"): 10.0,
        ("waste_dump", "ha"): 10.0, ("catering", "kitchens"): 0.2, ("livestock", "head"): 0.01,
        ("", "t pm2.5/a"): 1.0,
    }
)  # fmt: skip
# The same quantity under other names: how much of our unit one of theirs is.
_UNITS = MappingProxyType(
    {
        "mw": ("mw", 1.0), "兆瓦": ("mw", 1.0), "万千瓦": ("mw", 10.0), "kw": ("mw", 0.001),
        "mt/a": ("mt/a", 1.0), "mt": ("mt/a", 1.0), "mtpa": ("mt/a", 1.0), "10 kt/a": ("mt/a", 0.01),
        "million tonnes": ("mt/a", 1.0), "million tonnes per annum": ("mt/a", 1.0), "万吨/年": ("mt/a", 0.01),
        "万吨": ("mt/a", 0.01), "kt/a": ("mt/a", 0.001), "ttpa": ("mt/a", 0.001), "t/a": ("mt/a", 1e-6),
        "t/h": ("t/h", 1.0), "蒸吨/小时": ("t/h", 1.0), "蒸吨": ("t/h", 1.0), "ha": ("ha", 1.0), "公顷": ("ha", 1.0),
        "亩": ("ha", 1 / 15), "m2": ("ha", 1e-4), "kitchens": ("kitchens", 1.0), "head": ("head", 1.0),
        "头": ("head", 1.0), "t pm2.5/a": ("t pm2.5/a", 1.0),
    }
)  # fmt: skip
_SPOKEN = re.compile(r"(?:(\d+)\s*[×xX*✕]\s*)?(\d+(?:\.\d+)?)\s*([^\d\s.,].*)")
# How officials write them: unit, and how many of it one of ours is.
_CHINESE = MappingProxyType(
    {
        "mw": ("万千瓦", 0.1), "mt/a": ("万吨/年", 100.0), "t/h": ("蒸吨/小时", 1.0), "ha": ("亩", 15.0),
        "kitchens": ("家", 1.0), "head": ("头", 1.0), "t pm2.5/a": ("吨PM2.5/年", 1.0),
    }
)  # fmt: skip


def annual_emission(class_: str, size: float, unit: str) -> tuple[float, bool]:
    """
    Tonnes of PM2.5 a year that a plant may emit.

    Parameters
    ----------
    size : float, NaN where unknown

    Returns
    -------
    (tonnes, known): ``size`` times the factor of class and unit; the class's typical
    plant and False where the size or its unit is not known

    Examples
    --------
    >>> annual_emission("power", 60.0, "万千瓦"), annual_emission("steel", 3.0, "Mt/a")
    ((300.0, True), (900.0, True))
    >>> annual_emission("steel", float("nan"), ""), annual_emission("cement", 3.0, "kilns")
    ((600.0, False), (300.0, False))
    """
    typical = TYPICAL.get(str(class_), TYPICAL["other"])
    ours, ratio = _UNITS.get(str(unit).strip().lower(), ("", 1.0))
    factor = FACTORS.get((str(class_), ours), FACTORS.get(("", ours)))
    if factor is None or not size > 0:
        return typical, False
    return float(size) * ratio * factor, True


def spoken_size(text: str) -> tuple[float, str] | None:
    """
    A size as registers write it, number and unit in one, with how many units of it; None where it is no such text.

    Examples
    --------
    >>> spoken_size("3×300MW"), spoken_size("1.2万吨"), spoken_size("2*35蒸吨/小时"), spoken_size("约300")
    ((900.0, 'MW'), (1.2, '万吨'), (70.0, '蒸吨/小时'), None)
    """
    found = _SPOKEN.fullmatch(unicodedata.normalize("NFKC", str(text)).strip())
    if not found or not is_unit(found[3]):
        return None
    return float(found[2]) * int(found[1] or 1), found[3]


def is_unit(text: str) -> bool:
    """Whether a text is a unit of size that has a meaning here."""
    return text.strip().lower() in _UNITS


def size_words(size: float, unit: str) -> tuple[str, str]:
    """
    The size of a plant as it is written in China, and in English.

    Returns
    -------
    (zh, en); empty where the size is not known, the unit as delivered where it is none of ours

    Examples
    --------
    >>> size_words(660, "MW"), size_words(2.5, "Mt/a"), size_words(3, "ha")[0]
    (('66万千瓦', '660 MW'), ('250万吨/年', '2.5 Mt/a'), '45亩')
    >>> size_words(4.0, ""), size_words(float("nan"), "MW")
    (('4', '4'), ('', ''))
    """
    if size != size:
        return "", ""
    unit = str(unit).strip()
    english = f"{size:.10g} {unit}".strip()
    ours, ratio = _UNITS.get(unit.lower(), ("", 1.0))
    if not ours:
        return f"{size:.10g}{unit}", english
    chinese, times = _CHINESE[ours]
    return f"{float(f'{size * ratio * times:.4g}'):.10g}{chinese}", english
