"""Which source-rich hotspot cells were never warned in a year, from the months that stand published (C9)."""

from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rank.select.hotlist import read_hotspots
from hotspot.rank.select.never_warned import VERDICTS, never_warned
from hotspot.rules.calendar import month_minus, parse_month
from hotspot.rules.classes import source_classes
from hotspot.study import Study
from hotspot.text.table import heads
from hotspot.workflows.closing.loop import published_ledger, require_published

_HEADS = heads("loop/never-warned.xlsx")


def list_never_warned(study: Study, month: str, *, out: Path | str = "out") -> dict[str, Any]:
    """
    Source-rich hotspot cells without a warning in the twelve months up to a published one.

    Parameters
    ----------
    out : str or Path
        ``OUT/<study id>/loop/never-warned-YYYY-MM.xlsx`` is written.

    Returns
    -------
    dict: ``cells`` (records), ``months`` that were published, ``file``, ``sentences``

    Raises
    ------
    DataError
        The month was not published.
    """
    import geopandas as gpd

    parse_month(month)
    home = Path(out) / study.id
    rule = study.criteria.interventions
    names = [month_minus(month, back) for back in range(rule.window_months - 1, -1, -1)]
    with published_ledger(study, out) as ledger:
        heads = {name: entry for (kind, name), entry in ledger.heads().items() if kind == "month"}
    require_published(month in heads and (home / month / "inventory.csv").is_file(), study, month, out)
    warned = {name: {cell for cell, *_ in heads[name].body["warned"]} for name in names if name in heads}
    parts = []
    for name in warned:
        path = home / name / "cells.parquet"
        if path.is_file():
            table = gpd.read_parquet(path, columns=["cell", "valid", "coverage", "geometry"])
            parts.append(pd.DataFrame(table.drop(columns="geometry")).assign(month=name))
    seen = pd.concat(parts, ignore_index=True)
    inventory = pd.read_csv(home / month / "inventory.csv", dtype=str, keep_default_na=False)
    found = never_warned(read_hotspots(home / month / "hotspots.csv"), inventory, warned, seen, rule)
    kinds = {key: one.zh for key, one in source_classes().items()}
    said = [
        "、".join(f"{kinds.get(k, k)}{n}" for k, n in (part.rsplit(" ", 1) for part in row.split("、")))
        for row in found["classes"]
    ]
    shown = found.assign(kinds=said, share=100 * found["coverage"], said=found["verdict"].map(VERDICTS))
    shown["share"] = [None if value != value else round(float(value), 1) for value in shown["share"]]
    note = (
        f"登记源{rule.rich_sources}家以上、{rule.window_months}个月内未被预警的热点网格；"
        "数据充分的可作为成效，覆盖不足的按盲区补测（界限为建议值）。"
    )
    file = home / "loop" / f"never-warned-{month}.xlsx"
    sheet = Sheet(f"{month} 污染源聚集而未被预警的热点网格", _HEADS, shown, [note])
    write_book(file, {"未预警": sheet}, created=f"{month}-01", of=study.pollutant)
    lines = [
        f"{row.cell}  {row.county}  登记源{row.n_sources}（{row.kinds}）  {row.said}，"
        f"{row.months}个月中{row.ranked}个月有效"
        for row in shown.itertuples()
    ] or [f"every source-rich hotspot cell of {study.id} was warned within {len(warned)} months."]
    return {
        "cells": found.to_dict("records"), "months": list(warned), "file": str(file),
        "sentences": [*lines, f"written: {file}"],
    }  # fmt: skip
