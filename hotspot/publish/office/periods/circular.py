"""The monthly circular of ranks by the composite index (B18, B22): what each unit should look at, in set sentences."""

from collections.abc import Sequence

import pandas as pd

from hotspot.publish.office.paper import Grid, Head, Paper
from hotspot.rank.city.compare import NAMES
from hotspot.rules.classes import source_classes
from hotspot.rules.index import SIX
from hotspot.text.labels import label_of

# Proposal: which classes of the vocabulary a pollutant's growth points to, the likeliest first.
POINTS_TO = {
    "so2": ("boiler", "power", "household_coal"),
    "no2": ("traffic", "boiler", "power"),
    "pm10": ("construction", "road", "bare_soil", "storage_yard"),
    "pm25": ("household_coal", "open_burning", "boiler", "other_industry"),
    "co": ("household_coal", "coking", "traffic"),
    "o3": ("coating", "chemical", "gas_station", "car_repair"),
}


def suggestion(now: dict[str, float], before: dict[str, float]) -> str:
    """
    What a unit should look at: the pollutant whose sub-index grew most, its sources, who answers for them.

    Parameters
    ----------
    now, before : mapping pollutant -> sub-index; empty where the six are not known

    Examples
    --------
    >>> now = {"so2": 0.2, "no2": 0.6, "pm10": 1.1, "pm25": 1.0, "co": 0.3, "o3": 0.5}
    >>> suggestion(now, now | {"pm10": 0.98})[:45]
    'PM10分指数同比上升0.12，为六项中上升最多。建议重点检查建筑（拆迁）工地、道路扬尘、'
    >>> suggestion({}, {})
    '未提供六项污染物浓度，不作建议。'
    """
    if not now:
        return "未提供六项污染物浓度，不作建议。"
    main = max(SIX, key=lambda name: (now[name], name))
    share = 100 * now[main] / sum(now.values())
    growth = {name: round(now[name] - before[name], 2) for name in SIX} if before else {}
    worst = max(SIX, key=lambda name: (growth.get(name, 0.0), now[name], name))
    if growth.get(worst, 0.0) > 0:
        lead = f"{NAMES[worst]}分指数同比上升{growth[worst]:.2f}，为六项中上升最多。"
    else:
        worst = main
        begin = "六项分指数同比均未上升；" if growth else ""
        lead = f"{begin}{NAMES[main]}分指数占综合指数的{share:.0f}%，为首要。"
    classes = [source_classes()[key] for key in POINTS_TO[worst]]
    offices = list(dict.fromkeys(one.department_zh for one in classes))
    return f"{lead}建议重点检查{'、'.join(one.zh for one in classes)}，由{'、'.join(offices)}按职责牵头。"


def ranking_paper(
    month: str, table: pd.DataFrame, advice: dict[str, str], notes: Sequence[str], *, legal_basis: str, signer: str = ""
) -> Paper:
    """
    The circular as a paper.

    Parameters
    ----------
    table : DataFrame, as ``workflows.periods.city_ranking`` prints it: ``unit, index, rank, improvement,
        rank_improvement,
        main, consequence, why`` and, where they were computed, ``computed, substituted``
    advice : unit -> sentence
    notes : sentences at the foot

    Examples
    --------
    >>> rows = pd.DataFrame([{"unit": "甲县", "index": 2.63, "rank": 1, "improvement": 9.0, "rank_improvement": 1,
    ...     "main": "pm10", "consequence": "", "why": "", "last": False}])
    >>> ranking_paper("2025-12", rows, {"甲县": "一切照旧。"}, [], legal_basis="某文件").blocks[0]
    '2025年12月，参加排名的1个单位中，综合指数最低（空气质量最好）的是甲县（2.63），最高的是甲县（2.63）。'
    """
    year, number = month.split("-")
    when = f"{year}年{int(number)}月"
    ranked = table[table["rank"] > 0]
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    last = table[table["last"].astype(bool)]
    blocks: list = [
        f"{when}，参加排名的{len(ranked)}个单位中，综合指数最低（空气质量最好）的是{best.unit}（{best['index']:.2f}），"
        f"最高的是{worst.unit}（{worst['index']:.2f}）。"
    ]
    if len(last):
        said = "、".join(
            f"{row.unit}（{row.improvement:+.1f}%{f'，{row.consequence}' if row.consequence else ''}）"
            for row in last.itertuples()
        )
        blocks.append(f"综合指数改善率末位：{said}。")
    blocks.append(Head("一、排名"))
    both = "substituted" in table
    heads = ["名次", "单位", label_of("composite_index"), "改善率%", "改善名次", label_of("primary_pollutant")]
    widths = [0.8, 2, 1.1, 1.1, 1, 1.4]
    if both:
        heads, widths = [*heads, "计算（实测）", "计算（替代后）"], [*widths, 1.2, 1.2]
    rows = []
    for row in table.itertuples():
        better = (
            row.why or "—"
            if row.improvement is None or row.improvement != row.improvement
            else f"{row.improvement:+.1f}"
        )
        cells = [
            str(row.rank) if row.rank > 0 else "—", row.unit, _two(row.index), better,
            str(row.rank_improvement) if row.rank_improvement > 0 else "—", NAMES.get(row.main, "—"),
        ]  # fmt: skip
        rows.append(cells + ([_two(row.computed), _two(row.substituted)] if both else []))
    blocks.append(Grid(heads, widths, rows))
    blocks.append(Head("二、工作建议"))
    blocks += [f"{unit}：{words}" for unit, words in advice.items()]
    return Paper(
        f"关于{when}环境空气质量综合指数排名情况的通报",
        blocks,
        under=f"（依据{legal_basis}）",
        signer=signer,
        date="年　　月　　日",
        foot=["说明：综合指数为六项污染物分指数之和，改善率=（去年同期-本期）÷去年同期×100%，由公布值计算。", *notes],
    )


def _two(value: float) -> str:
    return "—" if value != value else f"{value:.2f}"
