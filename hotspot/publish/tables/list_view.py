"""
A list as a person reads it in a notebook or a terminal: words, units, printed digits.

The lists are plain tables so that anybody can compute with them; a view of one is
for looking only, and nothing in it is read again.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hotspot.publish.tables.lists import published
from hotspot.publish.why_words import why_zh
from hotspot.publish.words import (
    EVIDENCE,
    NOT_RANKED,
    REASONS,
    REASONS_EN,
    SHAPES_OF,
    WHERE,
    known,
    name_of,
    printed,
    signed,
)
from hotspot.rules.classes import GRADES, source_classes
from hotspot.rules.criteria import Criteria
from hotspot.rules.pollutants import PM25
from hotspot.rules.rounding import plain_text
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.text.view import Column, Mark, Table, View
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd

_SHAPES = {"circle": "round", "square": "square", "diamond": "diamond"}
_STATUSES = {"screened": "初选", "imported": "导入", "reviewed": "已复核", "formal": "正式", "exited": "已退出"}
_MODES = {"own": "本部门", "joint": "联合", "cross_region": "跨区域"}
_CITY, _CELL = Column("城市", "city"), Column("网格", "cell")
_PLACE = Column("所在地", "place", wide=True)


def table(rows: "pd.DataFrame", *, study: Study | None = None, most: int = 20) -> View:
    """
    A list to look at: the hotspot list, the warnings, who was not ranked, sources, checklist.

    Parameters
    ----------
    rows : DataFrame
        As ``select_hotspots``, ``rank_warnings`` (or ``rank_standing``), ``not_ranked``,
        ``trace_sources`` or ``checklist`` returned it, or as it was read back; rows and their
        order as given.
    study : Study, optional
        Its decimals and its level of confidence. Default: those of the default criteria.
    most : int
        Rows to show; the rest is counted.

    Returns
    -------
    View; a notebook shows it as a table, ``print`` as aligned text

    Raises
    ------
    DataError
        The columns are of none of these lists.
    ValueError
        ``most`` is below 1.

    Examples
    --------
    >>> import pandas as pd
    >>> table(pd.DataFrame([["2020-03", "武汉市", "PR1847K", "year_on_year", "no value"]],
    ...                    columns=["month", "city", "cell", "reason", "why"]))
    未参加排名的网格 cells not ranked · 2020-03 · 1
    月份     城市    网格     类别              原因
    month    city    cell     class             why
    2020-03  武汉市  PR1847K  同比去年改善最差  无数据
    """
    if most < 1:
        raise ValueError(f"most is {most}; give at least 1 row.")
    names = set(rows.columns)
    for needed, title, show in _LISTS:
        if set(needed) <= names:
            criteria = study.criteria if study is not None else Criteria()
            columns, shown, notes = show(rows.head(most), criteria)
            zh, en = title
            part = Table(columns, tuple(shown), left_out=max(len(rows) - most, 0))
            months = [str(m) for m in rows["month"].drop_duplicates()] if "month" in names else []
            en = " · ".join([en, *months[:3], f"{len(rows):,}"])
            return View((zh, en), (part,), tuple(notes))
    raise DataError(
        "the table is none of our lists; give warned, hot, not_ranked, traced or checklist as it was made "
        f"(columns here: {', '.join(map(str, rows.columns[:8]))} ...)."
    )


def _warned(rows: "pd.DataFrame", criteria: Criteria) -> tuple[Sequence[Column], list[Any], list[str]]:
    decimals, level = criteria.warning.decimals, f"{criteria.confidence.level:.0%}"
    columns = [
        _CITY,
        Column(label_of("reasons"), "reason"),
        Column("名次", "rank", f"{level} interval", number=True),
        Column("能否区分", "told apart"),
        _CELL,
        _PLACE,
        Column("PM2.5月均", "monthly mean", "μg/m³", number=True),
        Column(label_of("base"), "base", "μg/m³", number=True),
        Column("变化", "change", "μg/m³", number=True),
        Column("变化率", "rate", "%", number=True),
        Column(label_of("valid_days"), "valid days", number=True),
        Column(label_of("chance_listed"), "certainty", "%", number=True),
    ]
    flags = rows["listed"].tolist() if "listed" in rows else None
    shown = [_warning(row, decimals) for row in published(rows, decimals).to_dict("records")]
    if flags is not None:
        columns.insert(4, Column("列入", "listed"))
        for row, flag in zip(shown, flags, strict=True):
            row.insert(4, Mark("是", en="yes") if flag else Mark("否", "quiet", "no"))
    unsure = any(known(flag) and not flag for flag in rows["distinguishable"])
    said = (
        "≈ 不可区分：按资料误差与分辨率，不能断定本格比邻近名次的网格更差 / the data cannot tell it from its runners-up"
    )
    return tuple(columns), shown, [said] if unsure else []


def _warning(row: dict[str, Any], decimals: int) -> list[Any]:
    reason = str(row["reason"])
    look = _SHAPES.get(SHAPES_OF.get(reason, ""), "quiet")
    rank = plain_text(row["rank"], 0) or "—"
    if known(row["rank_low"]) and known(row["rank_high"]):
        rank += f"（{row['rank_low']:.0f}—{row['rank_high']:.0f}）"
    return [
        row["city"],
        Mark(PM25.words(REASONS.get(reason, reason)), look, PM25.words(REASONS_EN.get(reason, ""))),
        rank,
        _told_apart(row["distinguishable"]),
        Mark(str(row["cell"]), "code"),
        _place(row),
        printed(row["pm25"], decimals),
        printed(row["previous"], decimals),
        signed(row["change"], decimals),
        signed(row["change_pct"], 1),
        printed(row["n_valid"], 0),
        printed(100 * row["p_top"] if known(row["p_top"]) else None, 0),
    ]


def _hot(rows: "pd.DataFrame", criteria: Criteria) -> tuple[Sequence[Column], list[Any], list[str]]:
    decimals = criteria.warning.decimals
    columns = (
        Column("年份", "year"),
        _CITY,
        _CELL,
        _PLACE,
        Column("PM2.5年均", "annual mean", "μg/m³", number=True),
        Column(label_of("stagnant_level"), "stagnant level", "μg/m³", number=True),
        Column("面积", "area", "km²", number=True),
        Column("状态", "status"),
        Column("自", "since"),
        Column("入选理由", "why, in Chinese", wide=True),
    )
    shown = [
        (
            plain_text(row["year"], 0),
            row["city"],
            Mark(str(row["cell"]), "code"),
            _place(row),
            printed(row["pm25"], decimals),
            printed(row["level"], decimals),
            printed(row["area_km2"], 2),
            Mark(_STATUSES.get(row["status"], row["status"]), en=row["status"]),
            plain_text(row["since"], 0),
            str(row["reason"]).split(" / ")[0],
        )
        for row in rows.to_dict("records")
    ]
    return columns, shown, []


def _not_ranked(rows: "pd.DataFrame", criteria: Criteria) -> tuple[Sequence[Column], list[Any], list[str]]:
    columns = (Column("月份", "month"), _CITY, _CELL, Column("类别", "class"), Column("原因", "why", wide=True))
    shown = [
        (row["month"], row["city"], Mark(str(row["cell"]), "code"),
         PM25.words(REASONS.get(row["reason"], row["reason"])), why_zh(str(row["why"])))
        for row in rows.to_dict("records")
    ]  # fmt: skip
    return columns, shown, []


def _traced(rows: "pd.DataFrame", criteria: Criteria) -> tuple[Sequence[Column], list[Any], list[str]]:
    columns = [
        _CELL,
        Column("次序", "visit", number=True),
        Column("污染源", "facility"),
        Column("类别", "class", wide=True),
        Column("位置", "where"),
        Column("风向证据", "wind evidence"),
        Column("距离", "distance", "km", number=True),
        Column("方位", "bearing", "°", number=True),
        Column("上风小时", "upwind hours", "h", number=True),
        Column("高值比", "lift", number=True),
    ]
    shown = [_facility(row) for row in rows.to_dict("records")]
    if {"agreement", "n_stations"} <= set(rows.columns):
        columns.insert(6, Column("一致站点", "stations agree", number=True))
        for row, agree, n in zip(shown, rows["agreement"], rows["n_stations"], strict=True):
            row.insert(6, f"{agree:.0f}/{n:.0f}" if known(agree) and known(n) and n > 0 else "—")
    said = "风向证据是线索，不是结论 / wind evidence is a lead, not a verdict"
    return tuple(columns), shown, [said]


def _facility(row: dict[str, Any]) -> list[Any]:
    lift = printed(row["lift"], 2)
    if known(row["lift_low"]) and known(row["lift_high"]):
        lift += f"（{plain_text(row['lift_low'], 2)}—{plain_text(row['lift_high'], 2)}）"
    word = str(row["word"])
    return [
        Mark(str(row["cell"]), "code"),
        plain_text(row["order"], 0),
        name_of(row),
        _class(row["class_"]),
        WHERE.get(row["where"], str(row["where"])),
        Mark(EVIDENCE.get(word, word), en=word),
        printed(row["distance_km"], 1),
        printed(row["bearing_deg"], 0),
        printed(row["upwind_hours"], 0),
        lift,
    ]


def _checklist(rows: "pd.DataFrame", criteria: Criteria) -> tuple[Sequence[Column], list[Any], list[str]]:
    columns = (
        _CELL,
        Column("序号", "number", number=True),
        Column("类别", "class", wide=True),
        Column("企业", "enterprise"),
        Column("检查内容", "what to look at", wide=True),
        Column("方式", "grade"),
        Column("为何在单上", "why it is here", wide=True),
        Column("牵头部门", "department"),
        Column("协作", "mode"),
    )
    shown, before = [], None
    for row in rows.to_dict("records"):
        whose = row["cell"], row["class_"], row.get("facility"), row["why_zh"]
        shown.append(
            (
                Mark(str(row["cell"]), "code"),
                plain_text(row["number"], 0),
                _class(row["class_"]),
                row["name"] if known(row["name"]) else "—",
                row["zh"] if known(row["zh"]) else Mark("（空白，现场填写）", "quiet"),
                GRADES.get(row["grade"], row["grade"]),
                Mark("同上", "quiet", "as above") if whose == before else row["why_zh"],
                row["department"],
                _MODES.get(row["mode"], row["mode"]),
            )
        )
        before = whose
    return columns, shown, []


# What tells a list, its title, and how its rows are shown; the first that fits.
_LISTS = (
    (("reason", "rank", "cell", "listed"), ("热点网格排名", "standing of the hotspot cells"), _warned),
    (("reason", "rank", "cell", "distinguishable"), (label_of("warned_cells"), "warning cells"), _warned),
    (("cell", "facility", "lift", "word", "order"), ("疑似污染源", "possible sources, in visiting order"), _traced),
    (("cell", "number", "grade", "why_zh"), (label_of("checklists"), "checklist"), _checklist),
    (("cell", "status", "since", "reason"), (label_of("hotspot_cells"), "hotspot cells"), _hot),
    (("cell", "reason", "why"), (NOT_RANKED, "cells not ranked"), _not_ranked),
)


def _place(row: dict[str, Any]) -> Any:
    label = str(row["label"]) if known(row["label"]) and row["label"] != row["cell"] else ""
    return " ".join(str(part) for part in (row["county"], row["township"], label) if known(part))


def _class(key: str) -> Mark | str:
    known_class = source_classes().get(key)
    return Mark(known_class.zh, en=known_class.en) if known_class else str(key)


def _told_apart(flag: Any) -> Mark:
    if not known(flag):
        return Mark("未知", "quiet", "unknown")
    return Mark("可区分", en="yes") if flag else Mark("≈ 不可区分", "unsure", "no")
