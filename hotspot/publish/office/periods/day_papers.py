"""
Products for the morning and the chief: consultation sheet, special report, patrol coverage (B7, rule 17).

What a forecast says stands only where one was delivered; directions and sources are the day's wind and the register.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hotspot.ledger.assessment.figures import figures
from hotspot.publish.office.document import Document, Part
from hotspot.publish.office.paper import Grid
from hotspot.publish.office.periods.desk_view import DeskView
from hotspot.publish.office.periods.desk_words import (
    GOOD_DAYS,
    HEAVY_POLLUTION,
    NO_VALUE,
    cities_table,
    numbered,
    of,
    open_issues,
    overdue_table,
)
from hotspot.publish.office.periods.desk_words import number as _number
from hotspot.publish.office.periods.period_papers import frame, recent
from hotspot.rank.city.air import good_days, to_date
from hotspot.rank.city.compare import NAMES
from hotspot.rules.cadence import ALERT_CHECKS, LEVELS
from hotspot.rules.rounding import round_half_even
from hotspot.text.labels import label_of

SECTORS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


@dataclass(frozen=True)
class DayWind:
    """
    The wind of one unit's day: ``hours`` known, ``calm`` of them, mean ``speed`` m/s, share of each of eight
    ``sectors`` the wind came from; ``upwind``: the sectors that carried most; ``sources``: (name, class, sector, km).
    """

    hours: int
    calm: int
    speed: float
    sectors: Sequence[float]
    upwind: Sequence[int]
    sources: Sequence[tuple[str, str, int, float]]
    stagnant: str = ""


def consultation(
    desk: DeskView, winds: Mapping[str, DayWind], targets: Sequence[tuple[str, str]],
    emergency: Sequence[Sequence[str]], members: Sequence[Sequence[str]] = (), last: str = "",
) -> Document:  # fmt: skip
    """
    会商研判单 (B7, A6): yesterday's air, the day's wind, where to look first, what is open, what is left of targets.

    ``members``: rows (office, functions, liaison) to sign; ``last``: what the last consultation decided.
    """
    day = desk.period
    air = desk.air_between(day.first, day.end).set_index("unit")
    rows, focus = [], []
    for city in desk.cities:
        wind = winds.get(city)
        known = city in air.index
        aqi = air.at[city, "aqi"] if known else float("nan")
        primary = "、".join(NAMES[name] for name in air.at[city, "primary"]) if known else ""
        rows.append([
            city, NO_VALUE if aqi != aqi else f"{aqi:.0f}\n{air.at[city, 'zh']}", primary or NO_VALUE,
            _number(air.at[city, "pm25"]) if known else NO_VALUE, _wind_zh(wind),
            (wind.stagnant if wind else "") or "不能判定",
        ])  # fmt: skip
        focus.append(_focus(city, primary, wind))
    heads = ["城市", "AQI", label_of("primary_pollutant"), "PM2.5\nμg/m³", "风", "静稳"]
    overdue = overdue_table(recent(desk))
    told = figures(desk.now)
    issues, n_open, n_late = open_issues(desk.whole, 12)
    parts = [
        Part("空气质量和气象", [], Grid(heads, [14.0, 11, 16, 11, 30, 12], rows)),
        Part("重点管控方向", numbered(focus)),
    ]
    if desk.alert:
        parts.insert(0, _response(desk, emergency))
    words = (
        f"当日推送报警{told['pushed']}次，反馈率{of(told['answered'], told['pushed'])}；"
        f"未销号问题{n_open}个，其中超期{n_late}个。"
    )
    parts.append(Part("报警和问题", [words], overdue))
    if issues is not None:
        parts.append(Part("", ["未销号的问题："], issues))
    if targets:
        parts.append(Part(label_of("standing"), [f"{unit}：{said}。" for unit, said in targets]))
    if last:
        parts.append(Part("上次会商", [last]))
    if members:
        table = Grid(
            [label_of("member_offices"), "职能", "联络员", "会商意见", "签到"],
            [24.0, 18, 22, 24, 12],
            [[*m, "", ""] for m in members],
        )
        parts.append(Part("参加单位和会商意见", [], table))
    return frame(
        desk, f"空气质量会商研判单（{day.zh}）", parts=parts, sections=("clocks",),
        notes=["风向为风的来向，按八个方位统计；污染源按登记规模和距离排序，供会商参考，不等于认定来源。"],
    )  # fmt: skip


def _response(desk: DeskView, emergency: Sequence[Sequence[str]]) -> Part:
    """The heavy-pollution response in force with the emergency-reduction list that holds under it (A6, E6)."""
    held: Any = desk.alert
    order = f"（{held['order']}）" if held["order"] else ""
    head = f"{LEVELS[held['level']][0]}预警响应自{held['from']}起执行{order}；"
    level = LEVELS[held["level"]][1]
    checks = [text for since, text in ALERT_CHECKS if LEVELS[since][1] <= level]
    looked = [f"响应期间巡查另查：{'；'.join(checks)}。"] if checks else []
    if not emergency:
        return Part(HEAVY_POLLUTION, [f"{head}没有交付应急减排清单。", *looked])
    table = Grid(["污染源", "网格", "县（区、市）", "减排措施"], [26.0, 14, 18, 40], emergency)
    return Part(HEAVY_POLLUTION, [f"{head}应急减排清单如下，逐家核查落实情况。"], table, looked)


def special(
    desk: DeskView, measures: pd.DataFrame, forecast: pd.DataFrame | None, targets: Sequence[tuple[str, str]]
) -> Document:
    """专报 (B7): the units' changes, measures that are not rectified, the forecast if one was delivered."""
    air, past = (
        desk.air_between(desk.period.first, desk.period.end),
        desk.air_between(desk.period.first - (desk.period.end - desk.period.first), desk.period.first),
    )
    rows = []
    for city in desk.cities:
        now, year = to_date(desk.days, city, f"{desk.period.first:%Y-%m-%d}", f"{desk.period.end - _DAY:%Y-%m-%d}")
        own, before = air[air["unit"] == city], past[past["unit"] == city]
        good, valid = good_days(own)
        rows.append([
            city, _number(now), _change(now, before["pm25"].mean()), _change(now, year),
            f"{good}/{valid}" if valid else NO_VALUE,
        ])  # fmt: skip
    heads = ["城市", "PM2.5\nμg/m³", "环比%", "同比%", GOOD_DAYS]
    late = measures[measures["step"] > 0]
    table = [[r.unit, f"{r.measure} {r.text}", str(r.weeks), join(r.consequence, r.note)] for r in late.itertuples()]
    parts = [
        Part("各市变化", [], Grid(heads, [18.0, 14, 14, 14, 16], rows)),
        Part(label_of("alarms_and_answers"), [], cities_table(desk.now, desk.before)),
        Part("未落实的措施", [f"连续未整改的措施{len(late)}项。"] if len(late) else ["没有未整改的措施。"],
             Grid(["单位", "措施", "连续周数", "处理（B17）"], [18.0, 38, 10, 26], table) if table else None),
        _forecast(forecast, desk),
    ]  # fmt: skip
    if targets:
        parts.append(Part(label_of("standing"), [f"{unit}：{said}。" for unit, said in targets]))
    return frame(desk, f"大气污染防治周专报（{desk.period.zh}）", parts=parts)


def patrol(desk: DeskView, coverage: pd.DataFrame) -> Document:
    """巡查情况表 (rule 17): of the patrols that each source should have had, how many were made."""
    made, needed = int(coverage["made"].sum()), int(coverage["needed"].sum())
    rows = [
        [r.unit, str(r.sources), str(r.needed), str(r.made), of(r.made, r.needed)]
        for r in coverage.sort_values(["rate", "unit"], kind="stable").itertuples()
    ]
    n = desk.study.criteria.cadence.visits_a_day
    lead = f"{desk.period.zh}，登记的污染源按每日巡查{n}次应巡查{needed}次，实际{made}次，覆盖率{of(made, needed)}。"
    table = Grid(["网格单位", "污染源（个）", "应巡查（次）", "已巡查（次）", "覆盖率"], [30.0, 14, 14, 14, 26], rows)
    return frame(
        desk, f"网格巡查情况表（{desk.period.zh}）", lead=[lead], parts=[Part("各单位情况", [], table)],
        notes=["同一污染源一天内超过应巡查次数的部分不计；没有登记污染源编号的巡查不能对应，不计入。"],
    )  # fmt: skip


_DAY = pd.Timedelta(days=1)


def join(*texts: str) -> str:
    """Texts that are there, in one."""
    return "；".join(filter(None, texts))


def _change(now: float, before: float) -> str:
    if now != now or before != before or not before > 0:
        return NO_VALUE
    return f"{round_half_even(100 * (now - before) / before, 1):+.1f}"


def _wind_zh(wind: DayWind | None) -> str:
    if wind is None or not wind.hours:
        return label_of("no_wind")
    main = "、".join(f"{SECTORS[k]}风{100 * wind.sectors[k]:.0f}%" for k in wind.upwind) or "风向不定"
    return f"{main}，均速{wind.speed:.1f} m/s，静风{wind.calm}/{wind.hours}小时"


def _focus(city: str, primary: str | None, wind: DayWind | None) -> str:
    head = f"{city}：首要污染物{primary}，" if primary else f"{city}："
    if wind is None or not wind.hours:
        return f"{head}没有风的资料，按登记规模和距离安排排查。"
    if not wind.upwind:
        return f"{head}静风或风向不定，以本地近距离源为主，就近排查。"
    where = "、".join(SECTORS[k] for k in wind.upwind)
    named = "、".join(f"{name}（{SECTORS[k]}{km:.0f}公里）" for name, _, k, km in wind.sources)
    return f"{head}重点管控{where}方向" + (
        f"，上风向主要登记源：{named}。" if named else "，该方向没有登记的污染源，重点查面源。"
    )


def _forecast(forecast: pd.DataFrame | None, desk: DeskView) -> Part:
    """The section says so where nothing was delivered: nothing is forecast here."""
    if forecast is None:
        return Part("下周预测", ["没有交付空气质量预报，本部分从略。"])
    first, end = f"{desk.period.end:%Y-%m-%d}", f"{desk.period.end + pd.Timedelta(days=7):%Y-%m-%d}"
    own = forecast[(forecast["day"] >= first) & (forecast["day"] < end)]
    if not len(own):
        return Part("下周预测", [f"交付的预报没有{first}起一周的内容，本部分从略。"])
    rows = [
        [r.day, r.unit, "—".join(filter(None, (r.low, r.high))) or NO_VALUE, r.primary or NO_VALUE, r.text]
        for r in own.itertuples()
    ]  # fmt: skip
    heads = ["日期", "单位", "AQI", label_of("primary_pollutant"), "说明"]
    source = "、".join(sorted({text for text in own["source"] if text})) or "未注明发布单位"
    return Part(
        "下周预测",
        [f"预报来源：{source}。"],
        Grid(heads, [15.0, 16, 14, 14, 40], rows),
    )
