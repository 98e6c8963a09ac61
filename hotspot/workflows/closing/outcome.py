"""What the visits of a study came to, from its ledger and its published months."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.rules.calendar import parse_month
from hotspot.rules.reasons import REASONS
from hotspot.text.labels import label_of
from hotspot.workflows.closing.loop import published_ledger

if TYPE_CHECKING:
    import pandas as pd

_VALUES = {
    "warned": (label_of("warned_cells"), "warned cells"), "alarm": ("小时报警", "alarms"),
    "routine": ("未预警网格（日常巡查）", "cells visited without warning"),
    "yes": ("可区分", "told apart"), "no": (label_of("not_distinguishable"), "not told apart"),
    "unknown": ("未判断", "not judged"), "not on it": ("不在清单上", "not on it"),
}  # fmt: skip
_GROUPS = {
    "all": ("全部", "all"), "occasion": ("按来由", "by occasion"), "reason": ("按预警原因", "by reason"),
    "distinguishable": ("按名次可否区分", "by `distinguishable`"), "place": ("按清单位置", "by place on the checklist"),
}  # fmt: skip


def _words(name: str, otherwise: tuple[str, str]) -> tuple[str, str]:
    reason = REASONS.get(name)
    return _VALUES.get(name, otherwise) if reason is None else reason.visits or (reason.tab_zh, reason.en)


def outcome_of_visits(
    study: Any, *, out: Path | str = "out", first: str | None = None, last: str | None = None
) -> dict[str, Any]:
    """
    Of the cells and alarms that were visited, how many had problems.

    Parameters
    ----------
    study : Study
    out : str or Path
        Where the study's months were published.
    first, last : str, "YYYY-MM", optional
        Only answers to warnings and alarms of these months, both included.

    Returns
    -------
    dict: ``study, from, until, level``, ``rows`` (of ``ledger.answers.outcome.outcome``), ``published`` (the field's
        own
    figures), ``sentences``. Without a month's folder its list and checklist are unknown, not guessed.

    Raises
    ------
    DataError
        Nothing was published yet.
    """
    from hotspot.ledger.answers import outcome as room

    for name in (first, last):
        if name is not None:
            parse_month(name)
    if first and last and first > last:
        raise ValueError(f"--from {first} is after --until {last}; give the earlier month first.")
    with published_ledger(study, out) as ledger:
        ledger.verify()
        seen = room.visits(ledger)
    wanted = [(not first or m >= first) and (not last or m <= last) for m in seen["month"]]
    seen = room.chosen(seen, wanted).reset_index(drop=True)
    home, level = Path(out) / study.id, study.criteria.confidence.level
    listed, items = _listed(home, sorted(set(seen["month"]))), dict[tuple[str, str], Any]()
    for month in sorted(set(seen["month"])):
        items |= {(month, cell): rows for cell, rows in _checklists(home / month)}
    seen["place"] = [
        float(room.first_place(row.problems, row.numbers, items[row.month, row.cell]))
        if (row.month, row.cell) in items
        else float("nan")
        for row in seen.itertuples()
    ]
    rows = room.outcome(seen, listed, level).to_dict("records")
    for row in rows:
        row["share"] = None if row["share"] != row["share"] else row["share"]
    said = {"source": room.SOURCE, "figures": [one._asdict() for one in room.PUBLISHED]}
    answer = {"study": study.id, "from": first, "until": last, "level": level, "rows": rows, "published": said}
    return answer | {"sentences": _sentences(answer)}


def write_outcome(answer: dict[str, Any], path: Path | str) -> Path:
    """
    The table of ``outcome_of_visits`` as CSV.

    Parameters
    ----------
    answer : dict, from ``outcome_of_visits``
    """
    import pandas as pd

    from hotspot.ledger.answers.outcome import COLUMNS

    path = Path(path)
    table = pd.DataFrame(answer["rows"], columns=list(COLUMNS))
    path.write_text(table.to_csv(index=False, float_format="%.4f", lineterminator="\n"), encoding="utf-8")
    return path


def _listed(home: Path, months: Any) -> "pd.DataFrame | None":
    """The published lists of some months, those whose folder is there; None where there is none."""
    import pandas as pd

    from hotspot.publish.tables.lists import read_warnings

    paths = [home / month / "warnings.csv" for month in months]
    tables = [read_warnings(path)[["month", "cell", "reason", "distinguishable"]] for path in paths if path.exists()]
    return pd.concat(tables, ignore_index=True) if tables else None


def _checklists(folder: Path) -> Iterator[tuple[str, Any]]:
    """(cell, its items) of a published month, from ``checklists.xlsx``; nothing without the file."""
    from hotspot.publish.tables.checklist_reading import read_checklist

    path = folder / "checklists.xlsx"
    if not path.exists():
        return
    yield from ((str(cell), rows) for cell, rows in read_checklist(path).groupby("cell"))


def _sentences(answer: dict[str, Any]) -> list[str]:
    """The table in words, Chinese first, and the field's figures beside it."""
    lines = []
    for row in answer["rows"]:
        zh, en = _GROUPS[row["group"]]
        name = row["value"]
        own_zh, own_en = _words(name, (f"第{name}项" if re.match(r"\d", name) else name,) * 2)
        head_zh, head_en = (zh, en) if row["group"] == "all" else (f"{zh}，{own_zh}", f"{en}, {own_en}")
        if row["visited"]:
            share, low, high = (100 * row[key] for key in ("share", "low", "high"))
            zh = f"{row['visited']}处中{row['problems']}处有问题，{share:.1f}%（{low:.1f}%—{high:.1f}%）"
            en = f"{row['problems']} of {row['visited']} had problems, {share:.1f} % ({low:.1f} to {high:.1f} %)"
        else:
            zh, en = "没有说明结果的排查", "no visit that says what it came to"
        if row["unclear"]:
            zh, en = f"{zh}；另{row['unclear']}处未说明", f"{en}; {row['unclear']} more do not say"
        lines.append(f"{head_zh}：{zh}　{head_en}: {en}")
    figures = answer["published"]["figures"]
    zh, en = ("；".join(f["zh"] for f in figures), "; ".join(f["en"] for f in figures))
    lines.append(f"已发表的同类数字：{zh}　the field's published figures: {en} ({answer['published']['source']})")
    lines.append(f"区间为{100 * answer['level']:.0f}% Wilson区间　{100 * answer['level']:.0f} % Wilson intervals")
    return lines
