"""The monthly ranking by composite index (B16, B18, B22) and any window against a year before (A3)."""

from pathlib import Path

import pandas as pd

from hotspot.ledger.ladders import INDEX_STEPS, index_step
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rank.city.compare import NAMES, compare_windows
from hotspot.rank.city.index import SIX
from hotspot.rank.city.ranking import rank_units
from hotspot.rules.calendar import month_minus, parse_month
from hotspot.rules.readings import footer
from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import read_loop_table
from hotspot.variables import DataError


def rank_month(study, month: str, index: Path, *, out="out") -> dict:
    """
    Rank units by the index that was published, and by its improvement on the same month last year.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
    index : Path
        ``month, unit, index`` as published (and ``source, published_on``), all months that are known.
    out : str or Path
        ``OUT/<study id>/loop/ranking-YYYY-MM.xlsx`` is written.

    Returns
    -------
    dict: ``units`` (records, with ``step`` of the last-place ladder), ``file``, ``sentences``

    Raises
    ------
    DataError
        The table cannot be read, a unit stands twice in a month, or the month is not in it.
    """
    parse_month(month)
    months = _published(index)
    if month not in months:
        raise DataError(f"{Path(index).name}: no index of {month} was published; it has {', '.join(sorted(months))}.")
    rule, ladder = study.criteria.ranking, study.criteria.index_ladder
    ranked = {name: _ranked(months, name, rule) for name in months if month_minus(name, 12) in months}
    table = ranked.get(month)
    if table is None:
        table = rank_units(months[month], pd.DataFrame({"unit": [], "index": []}), rule)
    steps = []
    for row in table.itertuples():
        last = [
            name for name, of in ranked.items() if name <= month and bool(of.set_index("unit")["last"].get(row.unit))
        ]
        steps.append(index_step(last, month, ladder) if row.last else 0)
    table = table.assign(step=steps, consequence=[INDEX_STEPS[n - 1] if n else "" for n in steps])
    gaps = [name for name in _between(months, month) if name not in months]
    notes = [f"{study.criteria.profile}；{line}" for line in footer(study.criteria, "index_ladder")]
    notes += [f"{name} 未发布综合指数，连续计数中断" for name in gaps]
    file = Path(out) / study.id / "loop" / f"ranking-{month}.xlsx"
    write_book(
        file, {"排名": Sheet(f"{month} 环境空气质量综合指数排名", _HEADS, _shown(table), notes)}, created=f"{month}-01"
    )
    lines = [
        f"{row.rank if row.rank > 0 else '-'}  {row.unit}  {row.index:.2f}  "
        + (f"{row.improvement:+} %" if row.improvement is not None else row.why)
        + (f"  {row.consequence}" if row.consequence else "")
        for row in table.itertuples()
    ]
    records = table.assign(improvement=[None if v is None else float(v) for v in table["improvement"]])
    return {"month": month, "units": records.to_dict("records"), "file": str(file), "sentences": [*lines, *notes]}


def compare_days(study, days: Path, first: str, last: str, *, years: int = 1) -> dict:
    """
    Six pollutants of a window against the same days of an earlier year.

    Parameters
    ----------
    study : Study
    days : Path
        ``unit, point, day`` and the six pollutants: valid day means, O3 the largest 8 h mean; µg/m³, CO mg/m³.
    first, last : str, "YYYY-MM-DD"
    years : int

    Returns
    -------
    dict: ``rows`` (pollutant, now, before, per cent, kind), ``zh``, ``sentences``

    Raises
    ------
    DataError
        The table cannot be read or holds no number where one is needed.
    """
    table = read_loop_table(days, ("unit", "point", "day", *SIX), Intake(Path(days).parent))
    frame = table.frame[["unit", "point", "day", *SIX]].copy()
    for name in SIX:
        frame[name] = _numbers(table, name)
    got = compare_windows(frame, first, last, years=years, flat=study.criteria.targets.flat)
    lines = [f"{first} 至 {last}，与{years}年前同期相比：{got.zh}（±1%以内按持平计：{got.zh_one}）"]
    lines += [f"{NAMES[name]}  {now:g}  {before:g}  {change:+.1f} %" for name, now, before, change, _ in got.rows]
    return {"rows": [list(row) for row in got.rows], "zh": got.zh, "zh_one": got.zh_one, "sentences": lines}


_HEADS = {
    "rank": ("名次", 7), "unit": ("单位", 16), "index": ("综合指数", 10), "base": ("去年同期", 10),
    "improvement": ("改善率%", 10), "rank_improvement": ("改善名次", 10), "last": ("末位", 7),
    "consequence": ("处理（B16）", 22), "note": ("说明", 30), "why": ("未排名原因", 22),
}  # fmt: skip


def _published(path):
    """month -> DataFrame unit, index."""
    table = read_loop_table(path, ("month", "unit", "index"), Intake(Path(path).parent))
    frame = table.frame.assign(index=_numbers(table, "index"))
    twice = frame.duplicated(["month", "unit"], keep=False)
    if twice.any():
        row = frame[twice].iloc[0]
        raise DataError(f"{table.name}: {row['unit']} stands twice in {row['month']}; keep the published row.")
    return {str(name): part[["unit", "index"]] for name, part in frame.groupby("month")}


def _numbers(table, column):
    numbers = pd.to_numeric(table.frame[column].replace({"": None, "-": None, "—": None}), errors="coerce")
    wrong = numbers.isna() & ~table.frame[column].isin(["", "-", "—"])
    if wrong.any():
        at = int(wrong.to_numpy().argmax())
        value = table.frame[column].iat[at]
        raise DataError(f"{table.name}, row {table.lines[at]}, column {column}: {value!r} is no number; mend it.")
    return numbers.astype("float64")


def _ranked(months, name, rule):
    return rank_units(months[name], months[month_minus(name, 12)], rule)


def _between(months, month):
    first = min(months)
    out, name = [], month
    while name > first:
        name = month_minus(name, 1)
        out.append(name)
    return sorted(out)


def _shown(table):
    number = [None if v is None else float(v) for v in table["improvement"]]
    shown = table.assign(improvement=number)
    for name in ("rank", "rank_improvement"):
        shown[name] = [int(n) if n > 0 else "—" for n in table[name]]
    return shown
