"""Papers of a year: the annual plan and the letters of responsibility that units sign (B26, B8, B14)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from hotspot.ledger.assessment.figures import figures
from hotspot.publish.office.document import Document, Part
from hotspot.publish.office.paper import Grid
from hotspot.publish.office.periods.desk_view import DeskView
from hotspot.publish.office.periods.desk_words import NO_VALUE, numbered, of
from hotspot.publish.office.periods.period_papers import frame
from hotspot.publish.office.periods.rule_tables import clock_table, grades_zh, ladder_table, points_table
from hotspot.rank.city.compare import NAMES
from hotspot.rules.cadence import PRODUCTS
from hotspot.rules.network import TIERS, Staffing

_NAMED = 10  # units named in one sentence; all of them stand in ``hotspot registers``
RHYTHMS = {
    "day": "每日", "midweek": "每周中", "week": "每周", "half": "每半月", "month": "每月", "quarter": "每季度",
}  # fmt: skip


@dataclass(frozen=True)
class Signing:
    """A unit that signs: its tier, name and code, the chiefs who sign, what its staff lacks (a sentence each)."""

    tier: str
    name: str
    code: str = ""
    chiefs: Sequence[str] = ()
    lacking: Sequence[str] = ()


def plan(desk: DeskView, targets: pd.DataFrame | None, lacking: Sequence[str], untrained: Sequence[str]) -> Document:
    """
    年度工作计划 (B26): targets, the year's rhythm, trainings, cases, gaps in staff; what the year before came to.

    Parameters
    ----------
    desk : DeskView, of the year that is planned
    targets : DataFrame, from ``read_targets``, or None
    lacking : sequence of str, staffing findings as the year begins
    untrained : sequence of str, units that had too few trainings in the year before
    """
    year, criteria = desk.period.first.year, desk.study.criteria
    past, cases = figures(desk.before), criteria.cases
    rows = [
        [PRODUCTS[one.product][0], RHYTHMS[one.rhythm], criteria.network.name_of(one.tier) if one.tier else NO_VALUE,
         one.audience or NO_VALUE]
        for one in criteria.cadence.products
    ]  # fmt: skip
    training = [f"各单位全年集中培训不少于{cases.trainings}次（B26），培训名单、内容、人次登记入台账。"]
    if untrained:
        named = "、".join(untrained[:_NAMED]) + ("等" if len(untrained) > _NAMED else "")
        training.append(f"{year - 1}年有{len(untrained)}个单位未达到，一季度内补训：{named}。")
    told = (
        f"{year - 1}年推送报警{past['pushed']}次，反馈率{of(past['answered'], past['pushed'])}，"
        f"超期未反馈{past['overdue']}次；登记问题{past['issues']}个，年末未销号{past['open']}个。"
    )
    parts = [
        Part("上年情况", [told]),
        Part("工作目标", *_targets(targets, year, "")),
        Part("调度安排", [] if rows else ["规则档案没有规定调度频次。"],
             Grid(["产品", "频次", "层级", "报送"], [24.0, 12, 24, 40], rows) if rows else None),
        Part("队伍和培训", [*training, *numbered([f"{text}。" for text in lacking])]),
        Part("案例曝光", [f"每季度编发典型案例，正文{cases.shortest}—{cases.longest}字，三审三校后见报（B20、B25）。"]),
        Part("考核", [grades_zh(criteria)]),
    ]  # fmt: skip
    return frame(desk, f"{year}年热点网格监管工作计划", parts=parts, sections=("assessment",), until=desk.period.first)


def responsibility(desk: DeskView, unit: Signing, targets: pd.DataFrame | None) -> Document:
    """目标责任书 (B26): what one unit signs for a year: targets, staff, duties, clocks, points, what follows."""
    year, criteria = desk.period.first.year, desk.study.criteria
    network, office = criteria.network, desk.study.office
    duties = [
        f"{network.name_of(tier)}：{network.duties[tier].words}。"
        for tier in _below(unit.tier)
        if tier in network.duties
    ]
    staff = [
        [network.name_of(tier), _staff_zh(network.staffing_of(tier))]
        for tier in _below(unit.tier)
        if network.staffing_of(tier) is not None
    ]
    parts = [
        Part("目标", *_targets(targets, year, unit.name)),
        Part("队伍", [f"目前欠缺：{'；'.join(unit.lacking)}。"] if unit.lacking else [],
             Grid(["层级", "配备（均含本数）"], [24.0, 76], staff) if staff else None),
        Part("职责", numbered(duties) or ["规则档案没有规定各层级职责。"]),
        Part("时限", [], clock_table(criteria)),
        Part("考核", [grades_zh(criteria)], points_table(criteria)),
        Part("处理", [], ladder_table(criteria)),
        Part("签署", ["本责任书一式两份，自签署之日起生效。"], _signatures(office.name, unit)),
    ]  # fmt: skip
    lead = f"为落实热点网格监管责任，明确{year}年度任务，签订本责任书。"
    return frame(
        desk, f"{year}年热点网格监管目标责任书", to=unit.name, lead=[lead], parts=parts,
        sections=("assessment", "index_ladder"), until=desk.period.first, date_zh="",
    )  # fmt: skip


def _targets(table: pd.DataFrame | None, year: int, unit: str) -> tuple[list[str], Grid | None]:
    """The year's targets of one unit ("" of all) as a paragraph and a table."""
    own = table[table["year"] == str(year)] if table is not None else None
    if own is not None and unit:
        own = own[own["unit"] == unit]
    if own is None or not len(own):
        return [f"没有交付{year}年目标值，以上级下达的为准。"], None
    rows = [[r.unit, NAMES[r.pollutant], f"{r.target:g}"] for r in own.itertuples()]
    return [], Grid(["单位", "污染物", "年度目标（μg/m³，CO为mg/m³）"], [40.0, 24, 36], rows)


def _below(tier: str) -> list[str]:
    """A tier with those below it, down to the village."""
    order = [name for name in TIERS if name not in ("key", "cell")]
    if tier in ("county", "park"):
        return [tier, *order[order.index("park") + 1 :]]
    return order[order.index(tier) :]


def _staff_zh(rule: Staffing | None) -> str:
    if rule is None:
        return NO_VALUE
    said: Mapping[str, int | str] = {
        "网格长": rule.chiefs, "监督员": f"{rule.least}—{rule.most}" if rule.most else rule.least,
        "其中专职": rule.full_time,
    }  # fmt: skip
    told = [
        f"{name}{n}名" + ("以上" if name != "网格长" and "—" not in str(n) else "") for name, n in said.items() if n
    ]
    if rule.deputy_rank:
        told.append({"county_deputy": "副处级", "township_deputy": "副科级"}[rule.deputy_rank] + "以上副网格长包联")
    return "，".join(told) or NO_VALUE


def _signatures(office: str, unit: Signing) -> Grid:
    chiefs = f"（{'、'.join(unit.chiefs)}）" if unit.chiefs else ""
    rows = [["单位（盖章）", office, unit.name], ["签字", "", chiefs], ["日期", "", ""]]
    return Grid(["", "下达单位", "责任单位"], [16.0, 42, 42], [[name, f"{a}\n\n", f"{b}\n\n"] for name, a, b in rows])
