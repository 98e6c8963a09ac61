"""Units assessed for a month (B14, B15, B24): from the ledger's problems and two tables, with every point's entry."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.assessment.assess import GRADES, ITEMS, Finding, after_failed_months, assess, is_missed
from hotspot.ledger.assessment.consequences import record_consequence
from hotspot.ledger.assessment.ladders import SHARE_STEPS, share_step
from hotspot.ledger.chain.store import Ledger
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.calendar import month_minus, parse_month
from hotspot.rules.readings import footer
from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import read_loop_table
from hotspot.study import Study
from hotspot.text.table import heads
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import published_ledger
from hotspot.workflows.closing.network import basics_of_network

_YES = {"yes", "是", "true", "1"}


def assess_month(
    study: Study,
    month: str,
    *,
    out: Path | str = "out",
    basics: Path | None = None,
    findings: Path | None = None,
    what_if: Sequence[str] | None = (),
    by: str = "",
) -> dict[str, Any]:
    """
    Assess every unit that the ledger or the tables name.

    Parameters
    ----------
    out : str or Path
        ``OUT/<study id>/loop/assessment-YYYY-MM.xlsx`` is written.
    basics : Path, optional
        ``month, unit, item`` (1-3), ``met`` yes or no, ``evidence, by``.
    findings : Path, optional
        ``month, unit, item`` (a key of ``ledger.assessment.assess.ITEMS``), ``problem, text, verified`` yes or no,
        ``bad_effect, times``; unverified ones are printed, not counted.
    what_if : iterable of "key=reading"
        Another reading of the assessment's sentences (``hotspot rules --contradictions``).
    by : str
        Who settles it: points, grades and what follows are then entries of the ledger, which later months
        and the year rest on.

    Returns
    -------
    dict: ``units`` (records), ``rows`` (every point), ``not_counted``, ``file``, ``entry`` (its number, 0 where
    nothing was recorded), ``sentences``

    Raises
    ------
    DataError
        A table cannot be read, names an unknown item, or nothing was published.
    """
    parse_month(month)
    rule = _rule(study, what_if)
    tables, deliveries = (basics, findings, _of_network(study, month, out)), Deliveries(study)
    with published_ledger(study, out) as ledger:
        units, points, skipped = assess_units(ledger, month, rule, study.criteria.share_ladder, tables, deliveries)
        failed = _failed_before(ledger, month, rule, study.criteria.share_ladder, tables, deliveries)
        for row in units:
            own = failed.get(row["unit"], set()) | ({month} if row["grade_key"] == "failed" else set())
            row["after"] = after_failed_months(own, month, rule)
        seq = _record(ledger, month, units, by) if by and not what_if else 0
    notes = [f"{study.criteria.profile}；{line}" for line in footer(study.criteria, "assessment")]
    if what_if:
        notes.insert(0, f"假设：{'，'.join(what_if)}（不作为考核结果）")
    notes.append("应发现未发现问题占比：若有十个单位，平均即为10%，每月约有一半单位被通报批评（B15）。")
    file = Path(out) / study.id / "loop" / f"assessment-{month}{'-what-if' if what_if else ''}.xlsx"
    write_book(file, _sheets(month, units, points, skipped, notes), created=f"{month}-01")
    lines = [
        "  ".join(filter(None, (row["unit"], str(row["points"]), row["grade"], row["consequence"], row["after"])))
        for row in units
    ]
    lines = lines or [f"no unit of {study.id} has a finding in {month}: nothing is taken, nobody is assessed by name."]
    return {
        "month": month, "units": units, "rows": points, "not_counted": skipped, "file": str(file), "entry": seq,
        "sentences": [*lines, *(f"not counted: {text}" for text in skipped), f"written: {file}"],
    }  # fmt: skip


def assess_units(
    ledger: Ledger, month: str, rule: Any, share_rule: Any, tables: Any, deliveries: Deliveries
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    """
    Points of every unit in a month: records of units, of points, and what is not counted.

    Parameters
    ----------
    rule : Assessment
    share_rule : ShareLadder
    tables : (basics, findings), paths or None; a third is called with a month and fills items 2 and 3 (B14)
    deliveries : Deliveries, by which the two tables are opened
    """
    basics, findings, *register = tables
    found, skipped = _tables(basics, findings, month, deliveries.beside(Path(".")), *register)
    missed: dict[str, dict[str, int]] = {}
    for entry in ledger.entries("issue"):
        body = entry.body
        if is_missed(body["origin"], body.get("should_have", "unknown")):
            unit = body.get("unit", "未写明单位")
            missed.setdefault(entry.month, {}).setdefault(unit, 0)
            missed[entry.month][unit] += 1
            if entry.month == month:
                found.setdefault(unit, []).append(Finding("4", f"{body['issue']}（第{entry.seq}条）", body["issue"]))
        elif entry.month == month and body.get("should_have", "unknown") == "unknown" and body["origin"] != "self":
            skipped.append(f"{body['issue']}：是否应发现未查明，不计")
    units, points = [], []
    for unit in sorted(found):
        got = assess(found[unit], rule)
        months = {m: (n.get(unit, 0), sum(n.values())) for m, n in missed.items()}
        step = share_step(months, month, share_rule)
        own, total = months.get(month, (0, 0))
        units.append(
            {
                "unit": unit,
                "points": got.points,
                "grade": dict(GRADES)[got.grade],
                "grade_key": got.grade,
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
    return units, points, skipped


def _failed_before(ledger: Ledger, month: str, rule: Any, share_rule: Any, tables: Any, deliveries: Deliveries) -> Any:
    """Months before this one that each unit failed: as settled in the ledger, else by the same tables."""
    settled = {entry.month: entry.body["units"] for (kind, _), entry in ledger.heads().items() if kind == "assessment"}
    failed: dict[str, set[str]] = {}
    for back in range(1, rule.failed_months):
        name = month_minus(month, back)
        rows = settled.get(name)
        if rows is None:
            units, _, _ = assess_units(ledger, name, rule, share_rule, tables, deliveries)
            rows = [[row["unit"], row["points"], row["grade_key"]] for row in units]
        for unit, _, grade in rows:
            if grade == "failed":
                failed.setdefault(unit, set()).add(name)
    return failed


def _record(ledger: Ledger, month: str, units: list[dict[str, Any]], by: str) -> int:
    """The settled month and what follows for each unit, as entries; the number of the first."""
    rows = [[row["unit"], row["points"], row["grade_key"]] for row in units]
    entry = ledger.append("assessment", month, {"units": rows, "by": by})
    for row in units:
        for rule, words in (("B15", row["consequence"]), ("B24", row["after"])):
            if words:
                record_consequence(ledger, rule, row["unit"], month, words, by)
    return entry.seq


def _rule(study: Study, what_if: Sequence[str] | None) -> Any:
    changes = {}
    for text in what_if or ():
        key, equals, value = str(text).partition("=")
        if not equals or key.strip() not in type(study.criteria.assessment).model_fields:
            known = ", ".join(type(study.criteria.assessment).model_fields)
            raise ValueError(f"what-if {text!r} is no KEY=READING; the keys are {known}.")
        changes[key.strip()] = value.strip()
    if not changes:
        return study.criteria.assessment
    return study.with_criteria(assessment=changes).criteria.assessment


def _of_network(study: Study, month: str, out: Path | str) -> Callable[[str], dict[tuple[str, str], str]]:
    """What the register says of a month's items 2 and 3; of months before ``month`` item 2 alone."""

    def told(asked: str) -> dict[tuple[str, str], str]:
        return basics_of_network(study, asked, out=out, published=asked == month)

    return told


def _tables(
    basics: Path | None,
    findings: Path | None,
    month: str,
    intake: Intake,
    of_network: Callable[[str], dict[tuple[str, str], str]] | None = None,
) -> tuple[dict[str, list[Finding]], list[str]]:
    """Findings by unit, and the sentences of what is not counted."""
    found: dict[str, list[Finding]] = {}
    skipped: list[str] = []
    said: set[tuple[str, str]] = set()
    if basics is not None:
        table = read_loop_table(basics, ("month", "unit", "item", "met"), intake)
        for line, row in _of_month(table, month):
            if row["item"] not in ("1", "2", "3"):
                raise DataError(f"{table.name}, row {line}, column item: {row['item']!r} is none of 1, 2, 3.")
            found.setdefault(row["unit"], [])
            said.add((row["unit"], row["item"]))
            if row["met"].strip().lower() not in _YES:
                found[row["unit"]].append(Finding(row["item"], f"{table.name} 第{line}行"))
    for (unit, item), words in (of_network(month) if of_network else {}).items():
        found.setdefault(unit, [])
        if words and (unit, item) not in said:  # the table of the office wins over what the register fills in
            found[unit].append(Finding(item, f"网格登记：{words}"))
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


def _of_month(table: pd.DataFrame, month: str) -> list[tuple[int, Any]]:
    rows = zip(table.lines, table.frame.to_dict("records"), strict=True)
    return [(int(line), row) for line, row in rows if row["month"].strip() == month]


def _sheets(
    month: str, units: list[dict[str, Any]], points: list[Any], skipped: list[str], notes: list[str]
) -> dict[str, Sheet]:
    of_units, of_points = (heads(f"loop/assessment.xlsx/{name}") for name in ("考核", "明细"))
    left = pd.DataFrame({"text": skipped})
    return {
        "考核": Sheet(f"{month} 网格化监管考核（内部）", of_units, pd.DataFrame(units, columns=list(of_units)), notes),
        "明细": Sheet(f"{month} 扣分加分明细", of_points, pd.DataFrame(points, columns=list(of_points)), notes),
        "未计": Sheet(f"{month} 未计入的事项", heads("loop/assessment.xlsx/未计"), left),
    }
