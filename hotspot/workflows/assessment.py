"""Units assessed for a month (B14, B15, B24): from the ledger's problems and two tables, with every point's entry."""

from pathlib import Path

import pandas as pd

from hotspot.ledger.assess import GRADES, ITEMS, Finding, assess, is_missed
from hotspot.ledger.ladders import SHARE_STEPS, share_step
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.calendar import parse_month
from hotspot.rules.readings import footer
from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import read_loop_table
from hotspot.variables import DataError
from hotspot.workflows.loop import published_ledger

_YES = {"yes", "是", "true", "1"}


def assess_month(
    study, month: str, *, out="out", basics: Path | None = None, findings: Path | None = None, what_if=()
) -> dict:
    """
    Assess every unit that the ledger or the tables name.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
    out : str or Path
        ``OUT/<study id>/loop/assessment-YYYY-MM.xlsx`` is written.
    basics : Path, optional
        ``month, unit, item`` (1-3), ``met`` yes or no, ``evidence, by``.
    findings : Path, optional
        ``month, unit, item`` (a key of ``ledger.assess.ITEMS``), ``problem, text, verified`` yes or no,
        ``bad_effect, times``; unverified ones are printed, not counted.
    what_if : iterable of "key=reading"
        Another reading of the assessment's sentences (``hotspot rules --contradictions``).

    Returns
    -------
    dict: ``units`` (records), ``rows`` (every point), ``not_counted``, ``file``, ``sentences``

    Raises
    ------
    DataError
        A table cannot be read, names an unknown item, or nothing was published.
    """
    parse_month(month)
    rule = _rule(study, what_if)
    intake = Intake(Path("."))
    found, skipped = _tables(basics, findings, month, intake)
    missed: dict[str, dict[str, int]] = {}
    with published_ledger(study, out) as ledger:
        for entry in ledger.entries("issue"):
            body = entry.body
            if is_missed(body["origin"], body.get("should_have", "unknown")):
                unit = body.get("unit", "未写明单位")
                missed.setdefault(entry.month, {}).setdefault(unit, 0)
                missed[entry.month][unit] += 1
                if entry.month == month:
                    found.setdefault(unit, []).append(
                        Finding("4", f"{body['issue']}（第{entry.seq}条）", body["issue"])
                    )
            elif entry.month == month and body.get("should_have", "unknown") == "unknown" and body["origin"] != "self":
                skipped.append(f"{body['issue']}：是否应发现未查明，不计")
    units, points = [], []
    for unit in sorted(found):
        got = assess(found[unit], rule)
        months = {m: (n.get(unit, 0), sum(n.values())) for m, n in missed.items()}
        step = share_step(months, month, study.criteria.share_ladder)
        own, total = months.get(month, (0, 0))
        units.append(
            {
                "unit": unit,
                "points": got.points,
                "grade": dict(GRADES)[got.grade],
                "construction": got.construction,
                "operation": got.operation,
                "failed_by": "；".join(got.failed_by),
                "missed": own,
                "missed_all": total,
                "share": f"{own}/{total}" if total else "不评",
                "consequence": SHARE_STEPS[step - 1] if step else "",
            }
        )
        points += [
            {"unit": unit, "item": item, "item_zh": ITEMS[item][0], "points": n, "entry": entry}
            for item, n, entry in got.rows
        ]
    notes = [f"{study.criteria.profile}；{line}" for line in footer(study.criteria, "assessment")]
    if what_if:
        notes.insert(0, f"假设：{'，'.join(what_if)}（不作为考核结果）")
    notes.append("应发现未发现问题占比：若有十个单位，平均即为10%，每月约有一半单位被通报批评（B15）。")
    file = Path(out) / study.id / "loop" / f"assessment-{month}{'-what-if' if what_if else ''}.xlsx"
    write_book(file, _sheets(month, units, points, skipped, notes), created=f"{month}-01")
    lines = [f"{row['unit']}  {row['points']}  {row['grade']}  {row['consequence']}".rstrip() for row in units]
    lines = lines or [f"no unit of {study.id} has a finding in {month}: nothing is taken, nobody is assessed by name."]
    return {
        "month": month, "units": units, "rows": points, "not_counted": skipped, "file": str(file),
        "sentences": [*lines, *(f"not counted: {text}" for text in skipped), f"written: {file}"],
    }  # fmt: skip


def _rule(study, what_if):
    changes = {}
    for text in what_if:
        key, _, value = str(text).partition("=")
        changes[key.strip()] = value.strip()
    if not changes:
        return study.criteria.assessment
    return study.with_criteria(assessment=changes).criteria.assessment


def _tables(basics, findings, month, intake):
    """Findings by unit, and the sentences of what is not counted."""
    found: dict[str, list[Finding]] = {}
    skipped: list[str] = []
    if basics is not None:
        table = read_loop_table(basics, ("month", "unit", "item", "met"), intake)
        for line, row in _of_month(table, month):
            if row["item"] not in ("1", "2", "3"):
                raise DataError(f"{table.name}, row {line}, column item: {row['item']!r} is none of 1, 2, 3.")
            found.setdefault(row["unit"], [])
            if row["met"].strip().lower() not in _YES:
                found[row["unit"]].append(Finding(row["item"], f"{table.name} 第{line}行"))
    if findings is not None:
        table = read_loop_table(findings, ("month", "unit", "item", "verified"), intake)
        for line, row in _of_month(table, month):
            where = f"{table.name} 第{line}行"
            if row["item"] not in ITEMS:
                raise DataError(
                    f"{table.name}, row {line}, column item: {row['item']!r} is none of {', '.join(ITEMS)}."
                )
            found.setdefault(row["unit"], [])
            if row["verified"].strip().lower() not in _YES:
                skipped.append(f"{where}：未查证属实，不计")
                continue
            times = row.get("times", "").strip() or "1"
            if not times.isdigit():
                raise DataError(f"{table.name}, row {line}, column times: {times!r} is no count.")
            bad = row.get("bad_effect", "").strip().lower() in _YES
            found[row["unit"]].append(Finding(row["item"], where, row.get("problem", "").strip(), int(times), bad))
    return found, skipped


def _of_month(table, month):
    rows = zip(table.lines, table.frame.to_dict("records"), strict=True)
    return [(int(line), row) for line, row in rows if row["month"].strip() == month]


def _sheets(month, units, points, skipped, notes):
    heads = {
        "unit": ("单位", 16), "points": ("得分", 8), "grade": ("等次", 8), "construction": ("体系建设30", 11),
        "operation": ("运行70", 9), "failed_by": ("直接不合格事由", 30), "share": ("应发现未发现占比", 14),
        "consequence": ("占比处理（B15）", 16),
    }  # fmt: skip
    rows = {
        "unit": ("单位", 16), "item": ("项", 16), "item_zh": ("内容", 30), "points": ("分", 7), "entry": ("依据", 30),
    }  # fmt: skip
    left = pd.DataFrame({"text": skipped})
    return {
        "考核": Sheet(f"{month} 网格化监管考核（内部）", heads, pd.DataFrame(units, columns=list(heads)), notes),
        "明细": Sheet(f"{month} 扣分加分明细", rows, pd.DataFrame(points, columns=list(rows)), notes),
        "未计": Sheet(f"{month} 未计入的事项", {"text": ("事项", 60)}, left),
    }
