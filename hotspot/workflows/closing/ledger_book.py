"""The ledger read back (D16 台账): every kind of entry shown and exported, with its place in the chain."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.calendar import parse_month
from hotspot.study import Study
from hotspot.text.csv_rows import escape_text, write_csv
from hotspot.text.labels import label_of
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import published_ledger

KINDS = {
    "month": "月度名单", "alarm": "报警", "feedback": "排查反馈", "issue": "问题", "step": label_of("handling"),
    "receipt": "签收", "sent": "发送", "consequence": "处理", "assessment": "考核", "decision": "决定",
    "measure": "措施", "unit": "单位", "person": "人员", "case": "案例", "reward": label_of("rewards"),
    "training": "培训",
    "consultation": "会商",
}  # fmt: skip
_SHORT = 400  # letters of a field that a line on the screen shows


def show_ledger(
    study: Study, *, out: Path | str = "out", kind: str | None = None, month: str | None = None, to: Path | None = None
) -> dict[str, Any]:
    """
    Entries of a study's ledger, of one kind and month or all, and a file of them where one is asked for.

    Parameters
    ----------
    kind : str, optional; a kind of ``KINDS`` or another that the ledger holds
    month : str, optional, "YYYY-MM"
    to : Path, optional
        Written as CSV (one table, the body as columns) or, by its ending, XLSX (a sheet per kind).

    Returns
    -------
    dict: ``entries`` (records: ``seq kind month hash`` and the body), ``head``, ``counts`` by kind, ``file``,
    ``sentences``

    Raises
    ------
    DataError
        Nothing was published, the chain is broken, or the kind is not there.
    ValueError
        The month is none, or the name ends otherwise.
    """
    if month is not None:
        parse_month(month)
    if to is not None and Path(to).suffix.lower() not in (".csv", ".xlsx"):
        raise ValueError(f"{to}: is no table to write; give a name that ends in .csv or .xlsx.")
    with published_ledger(study, out) as ledger:
        n_entry, head = ledger.verify(), ledger.head
        entries = ledger.entries(kind, month)
        present = sorted({entry.kind for entry in ledger.entries()})
    if kind is not None and kind not in present and kind not in KINDS:
        raise DataError(f"the ledger of {study.id} has no entries of kind {kind!r}; it has: {', '.join(present)}.")
    records = [
        {"seq": entry.seq, "kind": entry.kind, "month": entry.month, "hash": entry.hash[:16]} | entry.body
        for entry in entries
    ]
    counts = {name: sum(entry.kind == name for entry in entries) for name in present}
    counts = {name: n for name, n in counts.items() if n}
    lines = [f"{len(entries)} of {n_entry} entries, the chain is whole, head {head[:16]}"]
    if to is not None:
        _write(Path(to), records, created=max((entry.month for entry in entries), default="2018-01") + "-01")
        lines.append(f"written: {to}")
    else:
        lines += [_line(record) for record in records]
    return {"head": head, "counts": counts, "entries": records, "file": str(to or ""), "sentences": lines}


def _line(record: dict[str, Any]) -> str:
    body = {k: v for k, v in record.items() if k not in ("seq", "kind", "month", "hash")}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    text = text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
    return f"{record['seq']:>5}  {record['kind']:<12} {record['month']}  {record['hash']}  {text}"


def _write(path: Path, records: list[dict[str, Any]], created: str) -> None:
    flat = [{name: _flat(value) for name, value in record.items()} for record in records]
    if path.suffix.lower() == ".xlsx":
        sheets = {}
        for kind in dict.fromkeys(record["kind"] for record in flat):
            rows = pd.DataFrame([record for record in flat if record["kind"] == kind]).fillna("")
            columns = {name: (name, 14 if name in ("seq", "kind", "month") else 22) for name in rows.columns}
            title = KINDS.get(kind, kind)
            sheets[title] = Sheet(f"台账：{title}", columns, rows)
        empty = {"台账": Sheet("台账", {"kind": ("kind", 12)}, pd.DataFrame({"kind": []}))}
        write_book(path, sheets or empty, created=created)
        return
    names = list(dict.fromkeys(name for record in flat for name in record))
    rows = [[escape_text(str(record.get(name, ""))) for name in names] for record in flat]
    write_csv(path.with_suffix(".partial"), names, rows).replace(path)


def _flat(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False, sort_keys=True)
