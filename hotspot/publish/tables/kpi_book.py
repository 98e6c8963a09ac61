"""``kpi.xlsx``: the figures of units and months, departments, kinds, hours, targets; counts beside every rate."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.classes import departments

_UNITS = {
    "unit": ("单位", 16), "month": ("月份", 9), "pushed": ("推送报警", 9), "answered": ("已反馈", 8),
    "answer_rate": ("反馈率%", 9), "overdue": ("超期未反馈", 10), "late": ("逾期反馈", 9), "found": ("发现问题", 9),
    "per_alarm": ("问题/报警", 10), "persons": ("排查人次", 9), "persons_per_alarm": ("人次/报警", 10),
    "sources": ("检查污染源", 10), "sources_per_alarm": ("污染源/报警", 11), "median_hours": ("反馈用时中位数h", 12),
    "p90_hours": ("反馈用时P90h", 12), "issues": ("登记问题", 9), "open_end": ("月末未销号", 10),
    "cells": ("布设网格", 9), "load": ("报警/布设网格", 11), "good": ("优良天", 8), "valid": ("有效天", 8),
}  # fmt: skip
_DEPARTMENTS = {
    "zh": ("责任部门", 26), "issues": ("问题", 8), "accepted": ("已验收", 8), "rate": ("验收率%", 9),
    "in_time": ("按期验收", 9), "open": ("未销号", 8), "overdue": ("超期", 8), "reopened": ("退回", 8),
    "median_days": ("用时中位数（天）", 14),
}  # fmt: skip


def write_kpi_book(path: str | Path, told: Mapping, *, created: str) -> Path:
    """
    Write the workbook.

    Parameters
    ----------
    path : str or Path
    told : mapping, as ``workflows.kpi.write_kpi`` gathers it
    created : str, "YYYY-MM-DD", a date of the data
    """
    from hotspot.ledger.watch import rate

    notes = [f"数据截至{told['asof'][:16]}；规则档案 {told['profile']}；台账校验 {told['head']}", *told["notes"]]
    notes += ["月末未销号为0即动态清零（B6）；优良天为AQI不大于100的天数，只计有效天（E4）。"]
    rows = pd.DataFrame(told["rows"], columns=[*_UNITS, "level"])
    levels = {"study": "总体", "city": "城市", "county": "县区"}
    sheets = {
        name: Sheet(f"考核指标（{name}）", _UNITS, rows[rows["level"] == level].drop(columns="level"), notes)
        for level, name in levels.items()
    }
    words = departments()
    desks = pd.DataFrame(told["departments"])
    if len(desks):
        desks = desks.assign(
            zh=[words.get(name, {"zh": "未交办"})["zh"] for name in desks["department"]],
            rate=[rate(n, of) for n, of in zip(desks["accepted"], desks["issues"], strict=True)],
        )
    sheets["部门"] = Sheet("各部门办理情况", _DEPARTMENTS, desks.reindex(columns=list(_DEPARTMENTS)), notes)
    kinds = pd.DataFrame(told["kinds"]["rows"], columns=["zh", "n", "share"])
    columns = {"zh": ("问题类型", 24), "n": ("个数", 8), "share": ("占比%", 9)}
    said = [f"共{told['kinds']['total']}个。", told["kinds"]["said"] or "各行占比合计100%。"]
    sheets["类型"] = Sheet("问题类型占比", columns, kinds, said)
    for by, name in (("hour", "类型×时段"), ("month", "类型×月份")):
        table = pd.DataFrame(told["hours"].get(by, []))
        heads = {"kind": ("类型", 22)} | {str(c): (str(c), 8) for c in table.columns if c != "kind"}
        sheets[name] = Sheet(f"问题{name}", heads, table.reindex(columns=list(heads)))
    goals = pd.DataFrame(told["targets"], columns=["unit", "pollutant", "span", "zh"])
    heads = {"unit": ("单位", 18), "pollutant": ("污染物", 9), "zh": ("达标情况", 70)}
    proposal = ["月度分解和控制值的算法没有文件规定，为本系统建议（B8）。"]
    sheets["目标"] = Sheet("目标和余下天数的控制值", heads, goals, proposal)
    return write_book(path, sheets, created=created)
