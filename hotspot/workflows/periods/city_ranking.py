"""The monthly ranking by composite index (B16, B18, B22) and any window against a year before (A3)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.assessment.ladders import INDEX_STEPS, index_step
from hotspot.publish.office.paper import write_paper
from hotspot.publish.office.periods.circular import ranking_paper, suggestion
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rank.city.compare import NAMES, compare_windows
from hotspot.rank.city.ranking import rank_units
from hotspot.rules.calendar import month_minus, parse_month
from hotspot.rules.index import SIX, terms
from hotspot.rules.readings import footer
from hotspot.sources.loop_tables import once_each, read_loop_table
from hotspot.study import Study
from hotspot.text.table import heads
from hotspot.variables import DataError
from hotspot.workflows.periods.computed_index import computed_index, numbers, read_days
from hotspot.workflows.periods.targets import missed_targets


def rank_month(
    study: Study,
    month: str,
    index: Path | None = None,
    *,
    days: Path | None = None,
    decisions: Path | None = None,
    missed_target: Sequence[str] | None = None,
    out: Path | str = "out",
) -> dict[str, Any]:
    """
    Rank units by their composite index and by its improvement on the same month last year.

    Parameters
    ----------
    study : Study
        ``criteria.ranking.basis``: the published index decides, or the computed one with falsified days replaced.
    index : Path, optional
        ``month, unit, index`` as published, all months that are known; with the six pollutants a main one is named.
    days : Path, optional
        Days (or hours) of points, from which both indices are computed: as measured and as substituted (B19).
    decisions : Path, optional
        ``point, day, signer, reason, withdrawn_by``: days that are replaced.
    missed_target : sequence of str, optional
        Units that missed their yearly target (B16's gate); default those of ``[loop] targets``, known in December.
    out : str or Path
        ``OUT/<study id>/loop/ranking-YYYY-MM`` ``.xlsx .docx .pdf`` are written.

    Returns
    -------
    dict: ``units`` (records, with ``step`` of the last-place ladder), ``file``, ``files``, ``sentences``

    Raises
    ------
    DataError
        A table cannot be read, a unit stands twice in a month, the month is not in it, or the table that the basis
        needs was not given.
    """
    parse_month(month)
    criteria = study.criteria
    rule, ladder = criteria.ranking, criteria.index_ladder
    computed = computed_index(study, days, decisions) if days is not None else None
    months, name = _months(rule, index, computed, Deliveries(study))
    if month not in months:
        raise DataError(f"{name}: no index of {month} is there; it has {', '.join(sorted(months)) or 'none'}.")
    beside = None if computed is None else computed.substituted.get(month)
    ranked = {of: _ranked(months, of, rule, computed) for of in months if month_minus(of, 12) in months}
    base = months.get(month_minus(month, 12), pd.DataFrame({"unit": [], "index": []}))
    table = rank_units(months[month], base, rule, computed=beside, class_two=_class_two(months, computed, month))
    missing = missed_targets(study, month, out=out) if missed_target is None else missed_target
    steps = []
    for row in table.itertuples():
        last = [of for of, rows in ranked.items() if of <= month and bool(rows.set_index("unit")["last"].get(row.unit))]
        missed = row.unit in missing
        steps.append(index_step(last, month, ladder, target_missed=missed) if row.last or missed else 0)
    table = table.assign(step=steps, consequence=[INDEX_STEPS[n - 1] if n else "" for n in steps])
    notes = [f"{criteria.profile}；{line}" for line in footer(criteria, "index_ladder")]
    notes += [f"{'、'.join(missing)} 未完成{month[:4]}年度目标（B22）"] if missing else []
    gaps = [of for of in _between(months, month) if of not in months]
    if gaps:
        said = "、".join(gaps) if len(gaps) < 4 else f"{gaps[0]}至{gaps[-1]}间{len(gaps)}个月"
        notes.append(f"{said} 未发布综合指数，连续计数中断")
    if computed is not None and month in computed.measured:
        measured = computed.measured[month].set_index("unit")["index"]
        table = table.assign(substituted=table["computed"], computed=table["unit"].map(measured))
        notes += computed.said[month]
    now = _terms(months, computed, month)
    before = _terms(months, computed, month_minus(month, 12))
    table = table.assign(main=[max(now[u], key=lambda n: (now[u][n], n)) if u in now else "" for u in table["unit"]])
    advice = {unit: suggestion(now.get(unit, {}), before.get(unit, {})) for unit in table["unit"]}
    table = table.assign(advice=table["unit"].map(advice))
    file = Path(out) / study.id / "loop" / f"ranking-{month}.xlsx"
    heads = {name: head for name, head in _HEADS.items() if name in table}
    write_book(
        file, {"排名": Sheet(f"{month} 环境空气质量综合指数排名", heads, _shown(table), notes)}, created=f"{month}-01"
    )
    paper = ranking_paper(
        month, table, advice, notes, legal_basis=criteria.legal_basis, signer=study.office.signer or study.office.name
    )
    write_paper(file.with_suffix(""), paper.told(study.pollutant))
    lines = [
        f"{row.rank if row.rank > 0 else '-'}  {row.unit}  {row.index:.2f}  "
        + (f"{row.improvement:+} %" if row.improvement is not None else row.why)
        + (f"  计算 {row.computed:.2f}，替代后 {row.substituted:.2f}" if computed is not None else "")
        + (f"  {row.consequence}" if row.consequence else "")
        for row in table.itertuples()
    ]
    records = table.assign(improvement=[None if v is None else float(v) for v in table["improvement"]])
    files = [str(file.with_suffix(ending)) for ending in (".xlsx", ".docx", ".pdf")]
    return {
        "month": month, "units": records.to_dict("records"), "file": str(file), "files": files,
        "sentences": [*lines, *notes],
    }  # fmt: skip


def _months(rule: Any, index: Path | str | None, computed: Any, deliveries: Deliveries) -> tuple[Any, str]:
    """month -> unit, index of the basis that decides, and what it is called in a message."""
    if rule.basis == "published":
        if index is None:
            raise DataError("the published index decides here (ranking.basis); give it with --index.")
        return _published(Path(index), deliveries), Path(index).name
    if computed is None:
        raise DataError("the computed index decides here (ranking.basis); give the days of points with --days.")
    return {of: rows[["unit", "index", *SIX]] for of, rows in computed.substituted.items()}, "the days given"


def _terms(months: Any, computed: Any, month: str) -> Any:
    """unit -> pollutant -> sub-index of a month: computed where days were given, else of the published six."""
    rows = months.get(month) if computed is None else computed.substituted.get(month)
    if rows is None or not set(SIX) <= set(rows.columns):
        return {}
    whole = rows.dropna(subset=list(SIX))
    found = {}
    for row in whole.to_dict("records"):
        found[row["unit"]] = {name: float(value) for name, value in terms({n: row[n] for n in SIX}).items()}
    return found


def _class_two(months: Any, computed: Any, month: str) -> frozenset[str]:
    """Units in class II in all six: no sub-index above 1; none where the six were not delivered."""
    return frozenset(unit for unit, own in _terms(months, computed, month).items() if max(own.values()) <= 1)


def compare_days(study: Study, days: Path, first: str, last: str, *, years: int = 1) -> dict[str, Any]:
    """
    Six pollutants of a window against the same days of an earlier year.

    Parameters
    ----------
    days : Path
        ``unit, point, day`` and the six pollutants: valid day means, O3 the largest 8 h mean; µg/m³, CO mg/m³.
    first, last : str, "YYYY-MM-DD"

    Returns
    -------
    dict: ``rows`` (pollutant, now, before, per cent, kind), ``zh``, ``sentences``

    Raises
    ------
    DataError
        The table cannot be read, holds no number where one is needed, or no day of one of the two windows.
    """
    frame, _ = read_days(days, study.criteria.validity, Deliveries(study))
    got = compare_windows(frame, first, last, years=years, flat=study.criteria.targets.flat)
    lines = [f"{first} 至 {last}，与{years}年前同期相比：{got.zh}（±1%以内按持平计：{got.zh_one}）"]
    lines += [
        f"{NAMES[name]}  {_value(now, name)}，{years}年前{_value(before, name)}，" + _KINDS[kind].format(abs(change))
        for name, now, before, change, kind in got.rows
    ]
    return {"rows": [list(row) for row in got.rows], "zh": got.zh, "zh_one": got.zh_one, "sentences": lines}


_HEADS = heads("loop/ranking.xlsx")
_KINDS = {"down": "下降{:.1f}%", "up": "上升{:.1f}%", "flat": "持平", "unknown": "不能比较"}


def _value(value: float, name: str) -> str:
    if value != value:
        return "缺数据"
    return f"{value:g}{'毫克' if name == 'co' else '微克'}/立方米"


def _published(path: Path, deliveries: Deliveries) -> dict[str, pd.DataFrame]:
    """month -> DataFrame unit, index."""
    table = read_loop_table(path, ("month", "unit", "index"), deliveries.beside(Path(path).parent))
    frame = table.frame.assign(index=numbers(table, "index"))
    once_each(frame, ["unit", "month"], table.name, "keep the published row")
    six = [name for name in SIX if name in frame]
    for name in six:
        frame[name] = numbers(table, name)
    return {str(name): part[["unit", "index", *six]] for name, part in frame.groupby("month")}


def _ranked(months: Any, name: str, rule: Any, computed: Any) -> Any:
    return rank_units(months[name], months[month_minus(name, 12)], rule, class_two=_class_two(months, computed, name))


def _between(months: Any, month: str) -> list[str]:
    first = min(months)
    out, name = [], month
    while name > first:
        name = month_minus(name, 1)
        out.append(name)
    return sorted(out)


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    number = [None if v is None else float(v) for v in table["improvement"]]
    shown = table.assign(improvement=number, main=[NAMES.get(name, "") for name in table["main"]])
    for name in ("rank", "rank_improvement"):
        shown[name] = [int(n) if n > 0 else "—" for n in table[name]]
    return shown
