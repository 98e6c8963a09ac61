"""
The criteria that decide who is on a list, with where each comes from, for showing.

The numbers stand in ``criteria.py`` and the profiles and nowhere else; here are only
their names, words and clauses. A test holds the clauses against that file's comments.
"""

from typing import Any, NamedTuple

from hotspot.rules.criteria import Criteria
from hotspot.rules.jurisdictions import load_profile

PROPOSAL = "proposal"


class Decides(NamedTuple):
    """One criterion: its key, its clause (or "proposal"), what it is, and how its value is said."""

    key: str
    clause: str
    zh: str
    en: str
    unit: str = ""


_TABLE_4 = "GB 3095-2026 table 4"
DECIDING = (
    Decides("selection.basis", "D2", "评选年份", "year whose air selects the list"),
    Decides("selection.second_criterion", "D4", "静稳水平（第二标准）", "level in stagnant weather"),
    Decides("selection.level", PROPOSAL, "静稳排放水平的算法", "how the emission level is made"),
    Decides("selection.quota_share", "D5", "热点面积占比", "share of the area", "share"),
    Decides("selection.quota_mode", "D6", "配额方式", "quota of a city or of the region"),
    Decides("selection.floor_share", PROPOSAL, "市级下限", "least share of a city", "share"),
    Decides("selection.cap_share", PROPOSAL, "市级上限", "largest share of a city", "share"),
    Decides("selection.min_area_share", PROPOSAL, "网格在区域内的最小面积", "least area inside the study", "share"),
    Decides("validity.day_hours", _TABLE_4, "有效日的小时数", "hours of a valid day", "h"),
    Decides("validity.month_days", _TABLE_4, "有效月的天数", "days of a valid month", "d"),
    Decides("validity.february_days", _TABLE_4, "有效二月的天数", "days of a valid February", "d"),
    Decides("validity.satellite_month_days", PROPOSAL, "卫星有效月的天数", "days of a satellite's valid month", "d"),
    Decides("validity.product_year_months", PROPOSAL, "有效年的月数", "months of a valid year", "months"),
    Decides("validity.min_coverage", PROPOSAL, "最小面积覆盖率", "least share of a cell seen", "share"),
    Decides("warning.k", PROPOSAL, "每类预警格数", "cells warned per class and city"),
    Decides("warning.change", PROPOSAL, "变化的单位", "unit of change"),
    Decides("warning.min_base", PROPOSAL, "变化率的最小基数", "least base of a rate", "μg/m³"),
    Decides("confidence.level", PROPOSAL, "名次区间的水平", "level of the rank interval", "share"),
    Decides("escalation.consecutive", "D11", "连续预警月数", "months in a row", "months"),
    Decides("escalation.cumulative", "D11", "累计预警月数", "months within the window", "months"),
    Decides("escalation.city_consecutive", "D12", "市级连续预警月数", "months in a row, city", "months"),
)
_MIXED_ONLY = ("selection.floor_share", "selection.cap_share")


def deciding(criteria: Criteria) -> list[dict[str, str]]:
    """
    What decides a list under these criteria.

    Parameters
    ----------
    criteria : Criteria

    Returns
    -------
    list of dict: ``key``, ``value`` (as it is said), ``clause`` (a clause, a standard, or "proposal"),
    ``set_by`` ("profile", or "study" where the study departs from its profile), ``zh``, ``en``

    Examples
    --------
    >>> rows = {row["key"]: row for row in deciding(Criteria(selection={"quota_share": 0.08}))}
    >>> rows["selection.quota_share"]["value"], rows["selection.quota_share"]["set_by"]
    ('8 %', 'study')
    >>> rows["warning.k"]["value"]
    'highest 3, year_on_year 3, month_on_month 3'
    """
    profile = Criteria.model_validate(load_profile(criteria.profile))
    return [
        {
            "key": rule.key,
            "value": _said(_value(criteria, rule.key), rule.unit),
            "clause": rule.clause,
            "set_by": "profile" if _value(criteria, rule.key) == _value(profile, rule.key) else "study",
            "zh": rule.zh,
            "en": rule.en,
        }
        for rule in DECIDING
        if criteria.selection.quota_mode == "mixed" or rule.key not in _MIXED_ONLY
    ]


def _value(criteria: Criteria, key: str) -> Any:
    section, name = key.split(".")
    return getattr(getattr(criteria, section), name)


def _said(value: Any, unit: str) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    if unit == "share":
        return f"{100 * value:g} %"
    return f"{value:g} {unit}".rstrip() if isinstance(value, int | float) else str(value)
