"""月通报, and the quarter's: list, escalation, figures, ranking, consequences, effects, targets (C4, B9, B22, E4)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from hotspot.ledger.assessment.figures import by_department, figures
from hotspot.publish.office.document import Document, Part
from hotspot.publish.office.paper import Grid
from hotspot.publish.office.periods.desk_view import DeskView
from hotspot.publish.office.periods.desk_words import (
    KEEP_ON,
    NO_PROBLEM,
    NO_VALUE,
    advice,
    before_of,
    cities_table,
    kinds_sentences,
    kinds_table,
    numbered,
    of,
    per,
    problems_of,
)
from hotspot.publish.office.periods.period_papers import frame
from hotspot.rules.classes import departments
from hotspot.rules.pollutants import of_study
from hotspot.text.labels import label_of


def bulletin(
    desk: DeskView, lists: Mapping[str, Mapping[str, set[str]]], escalated: Sequence[str],
    ranking: Sequence[dict] | None, consequences: pd.DataFrame, effects: Sequence[str],
    targets: Sequence[tuple[str, str]],
) -> Document:  # fmt: skip
    """
    Everything of a month or a quarter.

    Parameters
    ----------
    desk : Desk
    lists : mapping month -> city -> warned cells, as the ledger published them
    escalated : sequence of str, a sentence per cell that reached a step
    ranking : units as ``rank_month`` gives them, or None where no index was delivered
    consequences : DataFrame, of the period, from ``ledger.assessment.consequences.consequences``
    effects : sequence of str, of measures
    targets : sequence of (unit, words)
    """
    now, past, ranked = figures(desk.now), figures(desk.before), of_study(desk.study)
    air = "" if ranked.usual else ranked.label
    found, earlier = problems_of(desk.now), problems_of(desk.before)
    kinds, remark = kinds_table(found, earlier)
    n_warned = sum(len(cells) for cities in lists.values() for cells in cities.values())
    alarms = (
        f"推送报警{now['pushed']}次，反馈率{of(now['answered'], now['pushed'])}（{before_of(past)}），"
        if not air  # no alarm is of another pollutant
        else ""
    )
    lead = (
        f"{desk.period.zh}，{air}预警网格{n_warned}格次，{alarms}"
        f"发现问题{len(found)}个，期末未销号{figures(desk.whole)['open']}个。"
    )
    parts = [
        Part(label_of("warned_cells"), _list_words(lists, desk), _list_table(lists, desk), list(escalated)),
        Part(label_of("problems_found"), kinds_sentences(found) or [NO_PROBLEM], kinds if len(found) else None,
             [remark] if remark else []),
        _rectified(desk),
        _ranking(ranking),
        Part("处理情况", [] if len(consequences) else ["本期没有登记的处理。"], _consequences(consequences)),
    ]  # fmt: skip
    if alarms:
        parts.insert(1, Part(label_of("alarms_and_answers"), [_load(now)], cities_table(desk.now, desk.before)))
    if effects:
        parts.append(Part("措施成效", numbered(effects)))
    if targets:
        parts.append(Part(label_of("standing"), [f"{unit}：{said}。" for unit, said in targets]))
    parts.append(Part(label_of("what_is_advised"), numbered(advice(found)) or [KEEP_ON]))
    name = {"month": "月通报", "quarter": "季通报"}.get(desk.period.kind, "通报")
    return frame(
        desk,
        f"{air}热点网格监管{name}（{desk.period.zh}）",
        lead=[lead],
        parts=parts,
        sections=("clocks", "index_ladder"),
    )


def _list_words(lists: Mapping[str, Any], desk: DeskView) -> list[str]:
    lacking = [month for month in _months(desk) if month not in lists]
    return [f"{'、'.join(lacking)}没有发布名单。"] if lacking else []


def _months(desk: DeskView) -> list[str]:
    return [f"{day:%Y-%m}" for day in pd.date_range(desk.period.first, desk.period.end, freq="MS", inclusive="left")]


def _list_table(lists: Mapping[str, Mapping[str, set[str]]], desk: DeskView) -> Grid | None:
    if not lists:
        return None
    rows = [
        [month, city, str(len(lists[month].get(city, ()))), "、".join(sorted(lists[month].get(city, ()))) or NO_VALUE]
        for month in sorted(lists)
        for city in desk.cities
    ]
    return Grid(["月份", "城市", "预警网格（个）", "编号"], [11.0, 16, 12, 60], rows)


def _load(told: dict[str, Any]) -> str:
    said = [f"每次报警发现问题{per(told['per_alarm'], 3, told['found'], told['pushed'])}"]
    if told["persons_per_alarm"] is not None:
        said.append(f"排查{per(told['persons_per_alarm'], 2, told['persons'], told['pushed'])}人次")
    if told["sources_per_alarm"] is not None:
        said.append(f"检查污染源{per(told['sources_per_alarm'], 2, told['sources'], told['pushed'])}处")
    return "，".join(said) + "。"


def _rectified(desk: DeskView) -> Part:
    table = by_department(desk.whole)
    if not len(table):
        return Part("整改情况", ["没有登记的问题。"])
    desks = departments()
    rows = [
        [desks.get(r.department, {"zh": "未交办"})["zh"], str(r.issues), of(r.accepted, r.issues), str(r.open),
         str(r.overdue), NO_VALUE if r.median_days is None or r.median_days != r.median_days else f"{r.median_days:g}"]
        for r in table.itertuples()
    ]  # fmt: skip
    heads = [label_of("department"), "问题\n（累计）", "已验收", "未销号", "超期", "用时中位数\n（天）"]
    return Part("整改情况", [], Grid(heads, [26.0, 12, 22, 10, 10, 14], rows))


def _ranking(ranking: Sequence[dict[str, Any]] | None) -> Part:
    if ranking is None:
        return Part("空气质量综合指数排名", ["没有交付发布的综合指数，本部分从略。"])
    rows = [
        [str(r["rank"]) if r["rank"] > 0 else NO_VALUE, r["unit"], f"{r['index']:.2f}",
         NO_VALUE if r["improvement"] is None else f"{r['improvement']:+.1f}", r["consequence"] or r["why"] or NO_VALUE]
        for r in ranking
    ]  # fmt: skip
    return Part(
        "空气质量综合指数排名",
        [],
        Grid(["名次", "单位", label_of("composite_index"), "改善率%", "处理或说明"], [9.0, 24, 13, 13, 34], rows),
    )


def _consequences(table: pd.DataFrame) -> Grid | None:
    if not len(table):
        return None
    states = {"due": "待落实", "done": "已落实", "waived": "免予"}
    rows = [[r.subject, r.rule, r.month, r.words, states.get(r.state, r.state)] for r in table.itertuples()]
    return Grid(["单位或网格", "条款", "月份", "处理", "状态"], [22.0, 10, 12, 36, 12], rows)
