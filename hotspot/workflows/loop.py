"""
Closing the loop on the ledger: what teams found, and what repeated warnings lead to.

Both read the months published so far from ``OUT/<study id>/ledger.sqlite``; a
month that was never published can be neither answered nor counted.
"""

from contextlib import contextmanager
from pathlib import Path

from hotspot.rules.calendar import parse_month
from hotspot.variables import DataError


def record_feedback_file(study, file, *, out="out"):
    """
    Record a table that came back from the field into the study's ledger.

    What it is follows from its columns: problems (``origin, found``), steps of problems (``issue, step``),
    receipts (``alarm, received`` and no text), else what was found in warned cells or on alarms.

    Parameters
    ----------
    study : Study
    file : str or Path
        The filled return form of a city, or CSV or XLSX with the columns ``month, cell, time, by, text``
        (``alarm`` where it answers one), or a table of problems or steps; see ``ledger.feedback`` and
        ``ledger.issues`` for what is refused.
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
    from hotspot.sources.intake import Intake

    file = Path(file)
    intake = Intake(file.parent)
    what, record, frame, lines = _rows_of(file, intake)
    if "cell" in frame and study.labels:  # teams know a cell by its official label
        frame = frame.assign(cell=[study.code_of(text) for text in frame["cell"]])
    with published_ledger(study, out) as ledger:
        report = record(ledger, frame.to_dict("records"))
    counts = {state: int((report["state"] == state).sum()) for state in ("recorded", "repeated", "quarantined")}
    malformed = [f"{q.path}, row {q.row}: {q.rule}; set aside" for q in intake.quarantine]
    refused = [
        f"{file.name}, row {lines[frame.index[row.row - 1]]}: {row.why}; set aside"
        for row in report[report["state"] == "quarantined"].itertuples()
    ]
    counts["quarantined"] += len(malformed)
    total = " + ".join(f"{n} {state}" for state, n in counts.items())
    said = [f"{sum(counts.values())} rows = {total}", *malformed, *refused]
    return {"what": what, "counts": counts, "sentences": said}


def _rows_of(file, intake):
    """What a returned table is: (its name, the function that records it, its rows, their line numbers)."""
    from hotspot.ledger.feedback import REQUIRED, record_feedback
    from hotspot.ledger.issues import record_issues, record_steps
    from hotspot.ledger.receipts import record_receipts
    from hotspot.publish.office.return_form import returned
    from hotspot.sources.loop_tables import our_names, renamed
    from hotspot.sources.tables import read_table

    table = read_table(file, intake)
    names = set(our_names(table.frame.columns))
    if {"origin", "found"} <= names:
        return "problems", record_issues, renamed(table, ()).frame, table.lines
    if {"issue", "step"} <= names:
        return "steps", record_steps, renamed(table, ()).frame, table.lines
    if "received" in names and "alarm" in names and "text" not in names:
        return "receipts", record_receipts, renamed(table, ()).frame, table.lines
    return "feedback", record_feedback, returned(table.frame, table.name, REQUIRED), table.lines


def escalate_month(study, month, *, out="out"):
    """
    Which cells reach the next step of escalation, and which are one warning away.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
        A published month, the last of the window.
    out : str or Path

    Returns
    -------
    dict
        ``cells`` (one record per cell warned in the window: counts, runs, what
        follows, see ``ledger.escalation``) and ``sentences``.

    Raises
    ------
    DataError
        The month was not published.
    """
    from hotspot.ledger.escalation import escalation, warned_history

    parse_month(month)
    with published_ledger(study, out) as ledger:
        ledger.verify()
        history = warned_history(ledger)
        published = sorted({entry.month for entry in ledger.entries("month")})
    if month not in published:
        raise DataError(f"{month} of {study.id} was not published below {out}; run `hotspot month {month}` first.")
    table = escalation(history, study.criteria, month)
    due = table[table["d11"] | table["d12"]]
    lines = [f"{row.cell}: {row.next_zh} ({row.next_en}); warned in {row.history}" for row in due.itertuples()]
    if not len(due):
        lines = [f"no cell of {study.id} has reached a step of escalation by {month}."]
    lines.append(f"months published so far: {', '.join(published)}; a month not published counts as not warned.")
    return {"study": study.id, "month": month, "cells": table.to_dict("records"), "sentences": lines}


@contextmanager
def published_ledger(study, out):
    """The open ledger of a study that has published something; ``DataError`` where it has not."""
    from hotspot.ledger.store import open_ledger

    path = Path(out) / study.id / "ledger.sqlite"
    if not path.exists():
        raise DataError(f"{path}: nothing was published yet; run `hotspot month` first, or give --out.")
    with open_ledger(path) as ledger:
        yield ledger
