"""
Which product is due how often, for whom; the thresholds of reminders (B7, B9, C4, C12, E4, E6; LOOP 5).
"""

from types import MappingProxyType
from typing import Literal

from pydantic import Field

from hotspot.rules.rule import Rule

PRODUCTS = MappingProxyType(
    {
        "prompt": ("提示函", "prompt letter", "C3"),
        "reminder": ("提醒函", "reminder", "C12"),
        "dispatch": ("调度表", "dispatch table", "C4"),
        "summary": ("汇总", "summary", "C4"),
        "situation": ("半月形势函", "half-monthly letter", "C4"),
        "bulletin": ("通报", "bulletin", "C4"),
        "consultation": ("会商研判单", "consultation sheet", "B7"),
        "special": ("专报", "special report", "B7"),
        "patrol": ("巡查情况表", "patrol coverage", "rule 17"),
        "column": ("报纸专栏", "newspaper column", "B25"),
        "plan": ("年度工作计划", "annual plan", "B26"),
        "responsibility": ("目标责任书", "letter of responsibility", "B26"),
    }
)
LEVELS = MappingProxyType({"blue": ("蓝色", 1), "yellow": ("黄色", 2), "orange": ("橙色", 3), "red": ("红色", 4)})
# What a patrol looks at beside the month's checklist while a response is in force (E6, A6): from which level, what.
# Document E names the behaviour ("重污染天气橙色预警"), not the items: the wording is ours (proposal).
ALERT_CHECKS = (
    ("yellow", "应急减排清单内企业是否按清单停产、限产，有无白停夜开"),
    ("yellow", "土石方作业、拆除、喷涂、沥青摊铺是否停止，裸土是否苫盖"),
    ("yellow", "渣土车、砂石车是否停运，道路是否加密洒水清扫（结冰时除外）"),
    ("yellow", "餐饮单位油烟净化设施是否开启并清洗"),
    ("yellow", "有无露天焚烧秸秆、垃圾，有无燃放烟花爆竹"),
    ("orange", "国三及以下柴油货车、未登记的非道路移动机械是否停用"),
    ("red", "混凝土搅拌站、涉VOCs工序是否全部停止"),
)
Rhythm = Literal["day", "midweek", "week", "half", "month", "quarter"]


class Due(Rule):
    """One product of the calendar: ``alert`` is its rhythm while a heavy-pollution response is in force (E6)."""

    product: Literal[
        "prompt", "reminder", "dispatch", "summary", "situation", "bulletin", "consultation", "special", "patrol",
        "column",
    ]  # fmt: skip
    rhythm: Rhythm
    tier: str = ""
    audience: str = ""
    alert: Rhythm | None = None


class Cadence(Rule):
    """The calendar of products of one jurisdiction."""

    products: tuple[Due, ...] = ()
    look_back_days: int = Field(14, ge=1, le=366)  # proposal: a product that was never sent is told so long
    feedback_days: int = Field(7, ge=1, le=366)  # proposal (C12, trigger 1): days over which the rate is taken ...
    feedback_rate: float = Field(90.0, ge=0, le=100)  # ... and the rate, per cent, below which a city is reminded
    pm25_rise: float = Field(10.0, ge=0)  # proposal (C12, trigger 2): per cent above last year's month to date
    visits_a_day: int = Field(1, ge=1, le=24)  # rule 17: "每日至少要对网格内的污染源巡查一次"
    typical_cases: int = Field(3, ge=0, le=20)  # proposal: cases told in a summary
    focus_share: float = Field(0.25, gt=0, le=1)  # proposal (B7): share of the day's hours that makes a direction
    focus_km: float = Field(30.0, gt=0)  # proposal: how far from a city's middle its sources are named ...
    focus_sources: int = Field(3, ge=0, le=50)  # ... and how many
