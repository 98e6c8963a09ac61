"""A year of settled months (B24): its mean, its grade, and what a failed year leads to."""

from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.ledger.assessment.assess import GRADES, grade
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.readings import footer
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.text.table import heads
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import published_ledger

_HEADS = heads("loop/assessment-year.xlsx")


def assess_year(study: Study, year: int, *, out: Path | str = "out") -> dict[str, Any]:
    """
    Grade the year of every unit that was settled in a month of it.

    Parameters
    ----------
    out : str or Path
        ``OUT/<study id>/loop/assessment-YYYY.xlsx`` is written.

    Returns
    -------
    dict: ``year, units`` (records: ``mean`` of the settled months, unrounded; ``grade``), ``file``, ``sentences``

    Raises
    ------
    DataError
        No month of the year was settled (``hotspot assess MONTH --by NAME``).

    Notes
    -----
    No formula is published; the mean of the months is a proposal (reading ``assessment.annual``).
    """
    rule = study.criteria.assessment
    with published_ledger(study, out) as ledger:
        heads = {month: entry for (kind, month), entry in ledger.heads().items() if kind == "assessment"}
    months = {month: entry.body["units"] for month, entry in heads.items() if month.startswith(f"{year}-")}
    if not months:
        raise DataError(f"{year}: no month of {study.id} was settled; run `hotspot assess MONTH --by NAME` first.")
    rows = []
    for unit in sorted({unit for rows_ in months.values() for unit, *_ in rows_}):
        own = {month: row for month, rows_ in sorted(months.items()) for row in rows_ if row[0] == unit}
        mean = sum(row[1] for row in own.values()) / len(own)
        key = grade(mean, rule)
        rows.append(
            {
                "unit": unit, "months": len(own), "mean": mean, "grade": dict(GRADES)[key], "grade_key": key,
                "failed": "、".join(month for month, row in own.items() if row[2] == "failed"),
                "consequence": label_of("accountability") if key == "failed" and len(own) == 12 else "",
                "note": "" if len(own) == 12 else f"只有{len(own)}个月已定，不作年度结论",
            }
        )  # fmt: skip
    notes = [f"{study.criteria.profile}；{line}" for line in footer(study.criteria, "assessment")]
    file = Path(out) / study.id / "loop" / f"assessment-{year}.xlsx"
    shown = pd.DataFrame(rows).assign(mean=[f"{row['mean']:.2f}" for row in rows])
    write_book(file, {"年度": Sheet(f"{year}年度考核（内部）", _HEADS, shown, notes)}, created=f"{year}-12-31")
    lines = [
        f"{row['unit']}  {row['mean']:.2f}  {row['grade']}  {row['consequence'] or row['note']}".rstrip()
        for row in rows
    ]
    return {"year": year, "units": rows, "file": str(file), "sentences": [*lines, f"written: {file}"]}
