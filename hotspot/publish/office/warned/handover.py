"""
Hand-over slips: what one department of a city takes over in a month, with places and dates (B13, C16, D15).

A problem of one county is its own department's; of several counties of a city a joint one, whose lead the office
names; of several cities it is collected by the county and handed up to the prefecture.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.publish.office.document import Document, Part
from hotspot.publish.office.paper import Grid, paper_docx
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.publish.words import month_zh
from hotspot.rules.classes import SourceClass, departments, source_classes
from hotspot.rules.pollutants import Pollutant, of_study
from hotspot.study import Study
from hotspot.text.table import heads, rows_of

MODES = {
    "own": ("本部门办理", "由所列县（市、区）的本部门办理。"),
    "joint": (
        "联合办理",
        "涉及几个县（市、区），由牵头的县（市、区）会同配合的县（市、区）办理；牵头单位由市网格办明确。",
    ),
    "cross_region": ("跨区域移交", "涉及几个市，由县（市、区）收集后报上一级网格办协调办理。"),
}
_HEADS = ("序号", "网格编号\n所在乡镇", "对象", "核查事项", "牵头", "配合", "期限")
_WIDTHS = (6, 15, 18, 34, 13, 12, 12)
_COLUMNS = heads("handover.xlsx")
_LINES = 3  # items of one object printed in the DOCX; all of them stand in the XLSX


def handover_slips(
    study: Study, month: str, city: str, checklist: pd.DataFrame, warned: pd.DataFrame
) -> dict[str, bytes]:
    """
    The slips of one city: ``handover-DEPARTMENT.docx`` and ``.xlsx`` for every department that has something to do.

    Parameters
    ----------
    checklist : DataFrame, from ``trace.visits.checklist``, the city's cells
    warned : DataFrame, the city's warnings

    Returns
    -------
    dict file name -> bytes
    """
    items = checklist[checklist["zh"] != ""]
    classes, places = source_classes(), warned.drop_duplicates("cell").set_index("cell")
    owner = items["class_"].map(lambda key: classes[key].department)
    made: dict[str, bytes] = {}
    of = of_study(study)
    for key, words in departments().items():
        own = items[owner == key]
        if not len(own):
            continue
        rows = _rows(own, places, classes)
        made[f"handover-{key}.docx"] = paper_docx(_slip(study, month, city, words["zh"], rows).paper().told(of))
        made[f"handover-{key}.xlsx"] = _book(month, city, words["zh"], rows, of)
    return made


def _rows(own: pd.DataFrame, places: pd.DataFrame, classes: Mapping[str, SourceClass]) -> pd.DataFrame:
    """The department's items, joint and cross-region ones after its own; numbered in that order."""
    order = own["mode"].map({mode: n for n, mode in enumerate(MODES)})
    own = own.assign(order=order).sort_values(["order", "cell", "number"], kind="stable").drop(columns="order")
    town = {cell: str(name) for cell, name in places["township"].to_dict().items()}
    lon, lat = ({cell: round(float(x), 5) for cell, x in places[name].to_dict().items()} for name in ("lon", "lat"))
    cells = own["cell"].tolist()
    rows = own.assign(
        number=range(1, len(own) + 1),
        mode_zh=[MODES[mode][0] for mode in own["mode"]],
        township=[town[cell] for cell in cells], lon=[lon[cell] for cell in cells], lat=[lat[cell] for cell in cells],
        class_zh=[classes[key].zh for key in own["class_"]], result="", by="",
    )  # fmt: skip
    return rows.assign(name=[name or "面源（逐格必查）" for name in rows["name"]])


def _slip(study: Study, month: str, city: str, department: str, rows: pd.DataFrame) -> Document:
    parts = []
    for mode, (title, words) in MODES.items():
        own = rows[rows["mode"] == mode]
        if not len(own):
            continue
        table, groups = [], dict[tuple[str, str, str], list[dict[Any, Any]]]()
        for row in rows_of(own):  # a table is slow where rows are read one by one
            groups.setdefault((row["cell"], row["class_"], row["name"]), []).append(row)
        for number, ((cell, _, name), group) in enumerate(groups.items(), 1):
            first = group[0]
            said = [f"{n}. {row['zh']}" for n, row in enumerate(group[:_LINES], 1)]
            more = len(group) - len(said)
            said += [f"另有{more}项见附表"] if more > 0 else []
            what = f"{first['class_zh']}\n{name}" if first["facility"] else first["class_zh"]
            place = f"{cell}\n{first['township']}"
            lead = first["lead"], first["partners"] or "—", first["deadline"]
            table.append((str(number), place, what, "\n".join(said), *lead))
        parts.append(Part(f"{title}（{len(own)}项）", [words], Grid(_HEADS, _WIDTHS, table)))
    n_cells, n_places = rows["cell"].nunique(), int((rows["facility"] != "").groupby(rows["facility"]).any().sum())
    days, rectify = study.criteria.handover.feedback_workdays, study.criteria.handover.rectify_days
    lead = (
        f"{month_zh(month)}预警网格核查单中，属你部门职责的事项{len(rows)}项，"
        f"涉及网格{n_cells}个、登记的污染源{n_places}家，现予交办。"
    )
    return Document(
        heading=f"{city}{month_zh(month)}热点网格问题交办单",
        state=f"（{study.name}，依据{study.criteria.legal_basis}）",
        to=f"{city}{department}",
        lead=[lead],
        parts=[*parts, Part("办理要求", [
            f"请于交办后{days}个工作日内反馈核查情况；查实的问题自交办之日起{rectify}日内整改到位，并填写附表“办理结果”。",
            "核查事项是应当查看的内容，不等于已认定的问题；"
            "核查中发现属其他部门职责的，请退回网格办重新交办。",
        ])],
        signer=study.office.signer or study.office.name,
        notes=[
            f"规则档案 {study.criteria.profile}；"
            "各类污染源的牵头部门为本系统建议，有本地文件的从其规定（B13、C16）。"
        ],
        wide=True,
    )  # fmt: skip


def _book(month: str, city: str, department: str, rows: pd.DataFrame, of: Pollutant) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        sheet = Sheet(f"{city}{department} {month} 交办清单", _COLUMNS, rows, ["办理结果由部门填写后交回网格办。"])
        return write_book(Path(place) / "a.xlsx", {"交办": sheet}, created=f"{month}-01", of=of).read_bytes()
