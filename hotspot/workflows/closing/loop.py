"""
Closing the loop on the ledger: what teams found, and what repeated warnings lead to.

Both read the months published so far from ``OUT/<study id>/ledger.sqlite``; a
month that was never published can be neither answered nor counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.chain.storage import FILE, is_there
from hotspot.ledger.chain.store import Ledger, open_ledger
from hotspot.rules.calendar import parse_month
from hotspot.study import Study
from hotspot.variables import DataError
from hotspot.workflows.closing.answers import receipts_alone, returned_rows, with_photos


def record_feedback_file(study: Study, file: Path | str, *, out: Path | str = "out") -> dict[str, Any]:
    """
    Record a table that came back from the field into the study's ledger.

    What it is follows from its columns: problems (``origin, found``), steps of problems (``issue, step``),
    measures (``measure, week, state``), rewards (``reward, amount``), trainings (``training, held``), consultations
    (``consultation, decided_on``), receipts (``alarm, received`` and no text), else what was found in warned cells
    or on alarms.

    Parameters
    ----------
    file : str or Path
        The filled return form of a city, its ``field.gpkg`` with findings, an export of the office's own form
        (``[[office.forms]]``), or CSV or XLSX with the columns ``month, cell, time, by, text``
        (``alarm`` where it answers one), or a table of problems or steps; see ``ledger.answers.feedback`` and
        ``ledger.answers.issues`` for what is refused.
    out : str or Path
        Where the study's months were published.

    Returns
    -------
    dict
        ``what``, ``counts`` of recorded, repeated and quarantined rows, and ``sentences``.

    Raises
    ------
    DataError
        The file cannot be read, or no month was published yet.
    """
    import pandas as pd

    from hotspot.workflows.closing.network import judge_of, members_of

    file = Path(file)
    deliveries = Deliveries(study)
    intake = deliveries.beside(file.parent)
    given = returned_rows(study, file, intake)
    what, frame, lines = given.what, given.frame, given.lines
    if "cell" in frame:  # teams know a cell by its official label
        frame = frame.assign(cell=[study.code_of(text) for text in frame["cell"]])
    # Duties and avoidance of interest are judged where the study names its people.
    found = judge_of(study, deliveries)
    judged: dict[str, Any] = {}
    if found is not None and what in ("feedback", "problems", "steps"):
        judged = {"register": found[0]}
    elif what == "consultations":
        members = members_of(study, intake=deliveries.intake())
        judged = {} if members is None else {"members": set(members["name"])}
    with published_ledger(study, out) as ledger:
        frame, unseen = with_photos(frame, file.parent, Path(out) / study.id)
        reports = []
        for part in receipts_alone(given._replace(frame=frame)):
            told = part.record(ledger, part.frame.to_dict("records"), **(judged if part.what == what else {}))
            reports.append(told.assign(line=[lines[at] for at in part.frame.index]))
    report = pd.concat(reports)
    counts = {state: int((report["state"] == state).sum()) for state in ("recorded", "repeated", "quarantined")}
    malformed = [f"{q.path}, row {q.row}: {q.rule}; set aside" for q in intake.quarantine]
    refused = [
        f"{file.name}, row {row.line}: {row.why.rstrip('.')}; set aside"
        for row in report[report["state"] == "quarantined"].sort_values("line").itertuples()
    ]
    refused += [f"{file.name}, row {lines[at]}: {why.rstrip('.')}; set aside" for at, why in unseen.items()]
    counts["quarantined"] += len(malformed) + len(unseen)
    total = " + ".join(f"{n} {state}" for state, n in counts.items())
    said = [f"{sum(counts.values())} rows = {total}", *malformed, *refused]
    return {"what": what, "counts": counts, "sentences": said}


def escalate_month(study: Study, month: str, *, out: Path | str = "out") -> dict[str, Any]:
    """
    Which cells reach the next step of escalation, and which are one warning away.

    Parameters
    ----------
    month : str, "YYYY-MM"
        A published month, the last of the window.

    Returns
    -------
    dict
        ``cells`` (one record per cell warned in the window: counts, runs, what
        follows, see ``ledger.assessment.escalation``; ``p_months`` and ``p_step`` of
        ``ledger.assessment.chance.pooled``, None without the
        published lists), ``chance`` (cells that chance alone would bring to each step, None
        without the month's hotspot list) and ``sentences``.

    Raises
    ------
    DataError
        The month was not published.
    """
    import pandas as pd

    from hotspot.ledger.assessment.chance import chance_en, chance_zh, pooled_cells
    from hotspot.ledger.assessment.escalation import escalation, warned_history

    parse_month(month)
    with published_ledger(study, out) as ledger:
        ledger.verify()
        history = warned_history(ledger)
        published = sorted({entry.month for entry in ledger.entries("month")})
    require_published(month in published, study, month, out)
    table = escalation(history, study.criteria, month)
    home = Path(out) / study.id
    known = pooled_cells(_chances(home, history), study.criteria.escalation, month)
    unknown = (float("nan"),) * 2
    told = {cell: known.get(cell, unknown) for cell in table["cell"]}
    for number, name in enumerate(("p_months", "p_step")):
        values = [told[cell][number] for cell in table["cell"]]
        table[name] = pd.Series([None if value != value else value for value in values], dtype=object)
    due = table[table["d11"] | table["d12"]]
    lines = [
        f"{study.named(row.cell)}: {row.next_zh} ({row.next_en}); warned in {row.history}"
        f"{_pooled_words(*told[row.cell])}"
        for row in due.itertuples()
    ]
    if not len(due):
        lines = [f"no cell of {study.id} has reached a step of escalation by {month}."]
    by_lot = _chance(study, home, history, published, month)
    if by_lot is not None:
        rule = study.criteria.escalation
        lines.append(f"{chance_zh(by_lot, rule)}。{chance_en(by_lot, rule)}.")
    lines.append(f"months published so far: {', '.join(published)}; a month not published counts as not warned.")
    answer = {"study": study.id, "month": month, "cells": table.astype(object).to_dict("records")}
    return answer | {"chance": by_lot and by_lot._asdict(), "sentences": lines}


def _chances(home: Path, history: Any) -> dict[str, Any]:
    """Of every month and warned cell, the largest chance of being truly listed: month -> cell -> ``p_top``."""
    from hotspot.publish.revisions import chances
    from hotspot.publish.tables.lists import read_warnings

    found = {}
    for month in sorted(set(history["month"])):
        path = home / month / "warnings.csv"
        if not path.exists():
            continue
        found[month] = chances(read_warnings(path))
    return found


def _pooled_words(mean: float, step: float) -> str:
    if mean != mean:
        return ""
    return (
        f"；预警各月确属最差之列的概率平均{mean:.2f}，确已达到D11次数的概率{step:.2f}"
        f" (truly among the worst in a warned month {mean:.2f}, truly at D11 {step:.2f})"
    )


def _chance(study: Study, home: Path, history: Any, published: Any, month: str) -> Any:
    """``ledger.assessment.chance`` for the published months, or None without the month's list of hotspot cells."""
    from hotspot.ledger.assessment.chance import chance_of_steps, counted
    from hotspot.rank.select.hotlist import read_hotspots

    path = home / month / "hotspots.csv"
    if not path.exists():
        return None
    hot = read_hotspots(path)
    hot = hot[hot["status"] != "exited"]
    cells = study.cells
    city_of = dict(zip(cells["cell"].values.astype(str), cells["city"].values.astype(str), strict=True))
    lists = {name: set(history.loc[history["month"] == name, "cell"]) for name in published}
    n_hot = hot.groupby("city")["cell"].nunique().to_dict()
    return chance_of_steps(n_hot, counted(lists, city_of), study.criteria.escalation, month)


def require_published(is_there: bool, study: Study, month: str, out: Path | str) -> None:
    """A DataError where a month of a study is not there."""
    if not is_there:
        raise DataError(f"{month} of {study.id} was not published below {out}; run `hotspot month {month}` first.")


@contextmanager
def published_ledger(study: Study, out: Path | str) -> Iterator[Ledger]:
    """The open ledger of a study that has published something; ``DataError`` where it has not."""
    path = Path(out) / study.id / FILE
    if not is_there(path):
        raise DataError(f"{path}: nothing was published yet; run `hotspot month` first, or give --out.")
    with open_ledger(path) as ledger:
        yield ledger
