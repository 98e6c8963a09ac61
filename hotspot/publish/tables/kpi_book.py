"""``kpi.xlsx``: the figures of units and months, departments, kinds, hours, targets; counts beside every rate."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.classes import departments
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.text.labels import label_of
from hotspot.text.table import heads

_UNITS = heads("loop/kpi.xlsx/考核指标")
_DEPARTMENTS = heads("loop/kpi.xlsx/部门")


def write_kpi_book(path: str | Path, told: Mapping, *, created: str, of: Pollutant = PM25) -> Path:
    """
    Write the workbook.

    Parameters
    ----------
    told : mapping, as ``workflows.periods.kpi.write_kpi`` gathers it
    created : str, "YYYY-MM-DD", a date of the data
    of : Pollutant
        Whose words it speaks.
    """
    from hotspot.ledger.answers.watch import rate

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
    said = [f"共{told['kinds']['total']}个。", told["kinds"]["said"] or "各行占比合计100%。"]
    sheets["类型"] = Sheet("问题类型占比", heads("loop/kpi.xlsx/类型"), kinds, said)
    for by, name in (("hour", label_of("kinds_by_hour")), ("month", label_of("kinds_by_month"))):
        table = pd.DataFrame(told["hours"].get(by, []))
        across = {"kind": ("类型", 22)} | {str(c): (str(c), 8) for c in table.columns if c != "kind"}
        sheets[name] = Sheet(f"问题{name}", across, table.reindex(columns=list(across)))
    goals = pd.DataFrame(told["targets"], columns=["unit", "pollutant", "span", "zh"])
    proposal = ["月度分解和控制值的算法没有文件规定，为本系统建议（B8）。"]
    sheets["目标"] = Sheet("目标和余下天数的控制值", heads("loop/kpi.xlsx/目标"), goals, proposal)
    return write_book(path, sheets, created=created, of=of)
