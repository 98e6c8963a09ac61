"""
Products of a period for those who answer: dispatch table, reminder, summary, half-monthly letter (C4, C12).

``desk`` is ``workflows.periods.desk.Desk``; every figure is the ledger's at the end of the period, every rate has its
counts.
"""

from typing import Any

import pandas as pd

from hotspot.ledger.answers.issues import STATES
from hotspot.ledger.answers.watch import rate
from hotspot.ledger.assessment.figures import Facts, figures
from hotspot.publish.office.document import Document, Part
from hotspot.publish.office.paper import Grid
from hotspot.publish.office.periods.desk_view import DeskView
from hotspot.publish.office.periods.desk_words import (
    GOOD_DAYS,
    HEAVY_POLLUTION,
    KEEP_ON,
    NO_PROBLEM,
    NO_VALUE,
    advice,
    before_of,
    busy_cells,
    cases,
    changed,
    cities_table,
    kinds_sentences,
    kinds_table,
    number,
    numbered,
    of,
    open_issues,
    overdue_table,
    problems_of,
)
from hotspot.publish.paper.alarm_card import clock_zh
from hotspot.rank.city.air import good_days, to_date
from hotspot.rank.city.compare import NAMES
from hotspot.rules.cadence import LEVELS
from hotspot.rules.periods import Period
from hotspot.rules.readings import footer
from hotspot.rules.rounding import round_half_even
from hotspot.text.labels import label_of


def frame(
    desk: DeskView, heading: str, *, to: str = "", sections: tuple[str, ...] = ("clocks",), public: bool = False,
    **given: Any,
) -> Document:  # fmt: skip
    """
    A paper with the study's state, signer and, unless it is for the public, the rules applied at its foot.

    ``until``: the instant its figures are of, where that is not the period's end; all else as ``Document`` takes it.
    """
    study = desk.study
    until = f"数据截至{given.pop('until', desk.period.end):%Y-%m-%d %H:%M}"
    notes = [f"{until}。" if public else f"规则档案 {study.criteria.profile}；{until}；台账校验 {desk.head}"]
    notes += [line for section in sections for line in footer(study.criteria, section)]
    return Document(
        heading=heading, state=f"（{study.name}，依据{study.criteria.legal_basis}）", to=to,
        signer=study.office.signer or study.office.name, notes=[*notes, *given.pop("notes", [])], **given,
    )  # fmt: skip


def dispatch(desk: DeskView) -> Document:
    """日调度: alarms, answers, overdue, problems of every city, the lowest rate first."""
    told = figures(desk.now)
    lead = (
        f"{desk.period.zh}推送PM2.5报警{told['pushed']}次，反馈率{of(told['answered'], told['pushed'])}，"
        f"超期未反馈{told['overdue']}次{_unseen(desk, told)}，发现问题{told['found']}个。"
    )
    overdue = overdue_table(desk.now)
    parts = [
        Part("各市情况", ["按反馈率由低到高排列，没有推送报警的排在最后。"], cities_table(desk.now, cities=desk.cities))
    ]
    parts.append(Part("超期未反馈的报警", [] if overdue else ["无。"], overdue))
    if desk.alert:
        parts.append(_alert(desk))
    return frame(desk, f"热点网格报警反馈调度表（{desk.period.zh}）", lead=[lead], parts=parts)


def triggers(desk: DeskView, city: str) -> list[str]:
    """
    Why a city is reminded at the end of a period (C12), a sentence each; nothing where it is not.

    Trigger 1: the feedback rate of the last days, or an answer or a report from the spot that is overdue; trigger 2:
    PM2.5 month to date above last year's. The thresholds are proposals.
    """
    rule, end = desk.study.criteria.cadence, desk.period.end
    since = end - pd.Timedelta(days=rule.feedback_days)
    recent = desk.whole.of(city=city).between(since, end).alarms
    answered, overdue = int((recent["answered"] != "").sum()), int((recent["state"] == "overdue").sum())
    said, share = [], rate(answered, len(recent))
    if share is not None and share < rule.feedback_rate:
        said.append(f"近{rule.feedback_days}天推送报警反馈率{of(answered, len(recent))}，低于{rule.feedback_rate:g}%；")
    if overdue:
        said.append(f"近{rule.feedback_days}天有{overdue}次报警超过时限仍未反馈；")
    unseen = int((recent["site_state"] == "overdue").sum())
    if unseen:
        said.append(f"近{rule.feedback_days}天有{unseen}次报警超过时限仍未反馈现场情况；")
    last = end - pd.Timedelta(days=1)
    now, past = to_date(desk.days, city, f"{last:%Y-%m}-01", f"{last:%Y-%m-%d}")
    if now == now and past == past and past > 0:
        rise = round_half_even(100 * (now - past) / past, 1)
        if rise > rule.pm25_rise:
            said.append(
                f"{last.month}月1日至{last.day}日PM2.5平均浓度{now:.1f}微克/立方米，比去年同期（{past:.1f}）上升{rise:.1f}%；"
            )
    return [text[:-1] + "。" for text in said]


def reminder(desk: DeskView, city: str) -> Document | None:
    """提醒: to one city, only where a trigger holds."""
    why = triggers(desk, city)
    if not why:
        return None
    own = desk.whole.of(city=city)
    overdue = overdue_table(recent(desk).of(city=city))
    issues, n_open, n_late = open_issues(own)
    parts = [Part("提醒事由", numbered(why)), Part("超期未反馈的报警", [] if overdue else ["无。"], overdue)]
    parts.append(Part("未销号的问题", [f"未销号{n_open}个，其中超期{n_late}个。" if n_open else "无。"], issues))
    parts.append(Part(label_of("what_is_asked"), [
        "请立即组织现场排查，逐一反馈未反馈的报警，核实污染源并按期整改；"
        f"{clock_zh(desk.study.criteria.clocks)}。反馈情况将列入调度和通报。",
    ]))  # fmt: skip
    return frame(
        desk, f"关于{city}热点网格排查反馈工作的提醒函", to=f"{city}生态环境局", parts=parts,
        lead=[f"截至{desk.period.zh}，你市热点网格排查反馈工作出现以下情况，现予提醒。"],
    )  # fmt: skip


def summary(desk: DeskView) -> Document:
    """周汇总 (C4), of half a week or a week: against the period of the same length before it."""
    now, past = figures(desk.now), figures(desk.before)
    found, before = problems_of(desk.now), problems_of(desk.before)
    kinds, remark = kinds_table(found, before)
    name = {"midweek": "周中汇总", "week": "周汇总", "day": "日汇总"}.get(desk.period.kind, "汇总")
    lead = (
        f"{desk.period.zh}，各市推送PM2.5报警{now['pushed']}次，{changed(now['pushed'], past['pushed'])}；"
        f"反馈率{of(now['answered'], now['pushed'])}，{before_of(past)}；"
        f"发现问题{len(found)}个，{changed(len(found), len(before))}。"
    )
    told = cases(desk.now, desk.study.criteria.cadence.typical_cases)
    overdue = overdue_table(desk.now)
    issues, n_open, n_late = open_issues(desk.whole)
    parts = [
        Part(label_of("alarms_and_answers"), [_speed(now)], cities_table(desk.now, desk.before)),
        Part(label_of("problems_found"), kinds_sentences(found) or [NO_PROBLEM], kinds if len(found) else None,
             [remark] if remark else []),
        Part("典型案例", numbered(told) or ["本期没有附情况说明的案例。"]),
        Part("超期和未销号", [f"超期未反馈的报警{now['overdue']}次{_unseen(desk, now)}。"], overdue),
        Part("", [f"未销号的问题{n_open}个，其中超期{n_late}个。"] if n_open else ["没有未销号的问题。"], issues),
    ]  # fmt: skip
    if desk.alert:
        parts.append(_alert(desk))
    parts = [part for part in parts if part.title] if n_open == 0 else parts
    return frame(desk, f"热点网格监管{name}（{desk.period.zh}）", lead=[lead], parts=parts)


def situation(desk: DeskView) -> Document:
    """半月形势函 (C4): the air of every city, where the hot spots are, how far rectification is."""
    air = desk.air_between(desk.period.first, desk.period.end)
    rows, said = [], []
    for city in desk.cities:
        now, past = to_date(desk.days, city, *_edges(desk.period))
        own = air[air["unit"] == city]
        good, valid = good_days(own)
        main = pd.Series([name for names in own["primary"] for name in names], dtype=object).value_counts()
        primary = "、".join(f"{NAMES[name]}（{n}天）" for name, n in main.items()) or NO_VALUE
        change = round_half_even(100 * (now - past) / past, 1) if now == now and past == past else None
        rows.append([
            city, number(now), number(past), NO_VALUE if change is None else f"{change:+.1f}",
            f"{good}/{valid}" if valid else NO_VALUE, primary,
        ])  # fmt: skip
        if change is not None:
            way = "上升" if change > 0 else "下降" if change < 0 else "持平"
            said.append(f"{city}{number(now)}微克/立方米，同比{way}" + (f"{abs(change):.1f}%" if change else ""))
    heads = ["城市", "PM2.5平均\nμg/m³", "去年同期\nμg/m³", "同比%", GOOD_DAYS, label_of("primary_pollutant")]
    lead = f"{desk.period.zh}，" + ("；".join(said) + "。" if said else "没有可用的日均值，形势从略。")
    counts = desk.now.alarms["cell"].value_counts()
    busy = busy_cells(desk.now, desk.pasts([str(cell) for cell in counts.index]))
    found = problems_of(desk.now)
    states = desk.whole.issues["state"].value_counts()
    progress = "、".join(f"{STATES[name]}{int(states[name])}个" for name in STATES if name in states.index)
    issues, n_open, n_late = open_issues(desk.whole)
    still = f"未销号{n_open}个，其中超期{n_late}个"
    parts = [
        Part("空气质量形势", [], Grid(heads, [16.0, 12, 12, 10, 12, 26], rows),
             ["优良天为AQI不大于100的天数，按有效天计；缺项污染物多的日期不发布AQI，不计入有效天。"]),
        Part("热点网格分析", [f"推送报警{len(desk.now.alarms)}次，涉及网格{counts.size}个；报警最多的网格如下。"]
             if busy else ["本期没有推送报警。"], busy),
        Part(label_of("problems_found"), kinds_sentences(found) or [NO_PROBLEM]),
        Part("整改进展", [f"累计登记问题{len(desk.whole.issues)}个：{progress or '无'}；{still}。"], issues),
        Part(label_of("what_is_advised"), numbered(advice(found)) or [KEEP_ON]),
    ]  # fmt: skip
    return frame(desk, f"热点网格空气质量形势和监管情况（{desk.period.zh}）", lead=[lead], parts=parts)


def recent(desk: DeskView) -> Facts:
    """What was pushed within ``clocks.outstanding_days`` before the period's end, as letters tell it."""
    days = desk.study.criteria.clocks.outstanding_days
    return desk.whole.between(desk.period.end - pd.Timedelta(days=days), desk.period.end)


def _alert(desk: DeskView) -> Part:
    held: Any = desk.alert
    order = f"（{held['order']}）" if held["order"] else ""
    return Part(
        HEAVY_POLLUTION,
        [f"{LEVELS[held['level']][0]}预警响应自{held['from']}起执行{order}，按响应期间的频次调度和巡查。"],
    )


def _speed(told: dict[str, Any]) -> str:
    if told["median_hours"] is None:
        return "本期没有反馈的报警。"
    return (
        f"自签收（没有签收的自推送）起，反馈用时中位数{told['median_hours']:g}小时，九成在{told['p90_hours']:g}小时内。"
    )


def _unseen(desk: DeskView, told: dict[str, Any]) -> str:
    """Reports from the spot that are overdue, where the profile has such a clock (B5)."""
    if not desk.study.criteria.clocks.site_hours:
        return ""
    return f"，超期未反馈现场情况{told['site_overdue']}次，逾期反馈现场情况{told['site_late']}次"


def _edges(period: Period) -> tuple[str, str]:
    return f"{period.first:%Y-%m-%d}", f"{period.end - pd.Timedelta(days=1):%Y-%m-%d}"
