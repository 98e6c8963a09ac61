"""Feedback from the field: checked against what was published, then appended, never overwritten."""

import re
from typing import Any

import numpy as np
import pandas as pd

from hotspot.ledger.answers.clocks import local_minute
from hotspot.ledger.chain.store import Ledger
from hotspot.ledger.chain.taking import key_of, lacking, take
from hotspot.rules.calendar import month_minus, month_start, parse_month
from hotspot.rules.classes import NONE, problem_types
from hotspot.text.labels import label_of

REQUIRED = ("month", "cell", "time", "by", "text")
_ISO = re.compile(r"\d{4}-\d\d-\d\d($|[T ]\d\d:\d\d)(?!.*[AaPp][Mm])")
PLACE = ("sub_cell", "facility", "lon", "lat")  # what tells two problems of one kind in a cell apart


def record_feedback(ledger: Ledger, rows: list[dict[str, str]], *, register: Any = None) -> pd.DataFrame:
    """
    Append what the field teams report on warned cells.

    Parameters
    ----------
    rows : iterable of dict
        ``month`` and ``cell`` of the warning, ``time`` of the visit (local, ISO),
        ``by`` (who) and ``text`` (what was found); ``alarm`` where it answers an
        hourly alarm, whose month then counts; ``problem`` as a key of the vocabulary or in its
        Chinese words; ``occasion`` "routine" where the cell was visited without a warning;
        further keys are kept as they are, as text.
    register : ledger.people.Register, optional
        Of the network: who has an interest in the ``facility``, or whose duties do not hold visits, is set aside.

    Returns
    -------
    DataFrame, one row per row given, in order: ``row`` (1-based), ``month, cell``,
    ``state`` recorded | repeated | quarantined, ``why``, ``seq`` (0 where quarantined).
    The counts of the three states add up to the rows given.

    Notes
    -----
    Quarantined, with a reason (RELIABILITY 105): a field missing, a month that was
    never published, a cell that was not warned in it, an unknown alarm or one of another cell,
    a visit before the alarm or before the warned month was over. Two persons on
    one cell are both kept (106); ``effective_feedback`` tells which is the latest. A problem that is
    none of the vocabulary is quarantined too (D24).

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> visit = {"month": "2020-02", "cell": "A", "time": "2020-03-05T10:00", "by": "Wang", "text": "bare soil"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = ledger.append("month", "2020-02", {"warned": [["A", "highest"]]})
    ...     record_feedback(ledger, [visit, visit, visit | {"cell": "B"}])["state"].tolist()
    ['recorded', 'repeated', 'quarantined']
    """
    warned = {
        month: {cell for cell, *_ in entry.body["warned"]}
        for (kind, month), entry in ledger.heads().items()
        if kind == "month"
    }
    alarms = {entry.body["alarm"]: entry.body for entry in ledger.entries("alarm")}
    bodies = ({str(k): str(v) for k, v in row.items() if v is not None and v == v} for row in rows)

    def settle(body: dict[str, str]) -> str:
        why = _settle(body, alarms) or _fault(body, warned, alarms)
        if not why and register is not None:
            why = register.why_not(body["by"], "visit", body["time"], body.get("facility", ""))
        if not why:
            body["time"] = _written(body["time"])
        return why

    def same(body: dict[str, str]) -> tuple[tuple[str, str], ...]:
        return key_of(body | {"time": _written(body["time"])})

    shown = {"month": "month", "cell": "cell"}
    return take(ledger, "feedback", bodies, settle, month=lambda body: body["month"], shown=shown, same=same)


def _written(time: str) -> str:
    """A time as the ledger writes it; one that begins like that stays as it came."""
    return time if _ISO.match(time) else pd.Timestamp(time).isoformat(timespec="minutes")


EFFECTIVE = ["seq", "month", "cell", "alarm", "problem", "place", "time", "by", "text", "effective"]


def effective_feedback(ledger: Ledger) -> pd.DataFrame:
    """
    All feedback, with what stands marked: the latest answer to an alarm, the latest word on a problem.

    Returns
    -------
    DataFrame ``seq, month, cell, alarm, problem, place, time, by, text, effective``, in order of writing;
    latest by time of the visit, then by number

    Notes
    -----
    An answer to an alarm is replaced by the next answer to the same alarm only; what was found in a
    warned cell only by a later row on the same month, cell, problem and place. A form with three
    problems in one cell leaves three standing (LOOP 0.1).

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     len(effective_feedback(ledger))
    0
    """
    return pd.DataFrame(effective_rows(ledger), columns=EFFECTIVE).astype({"effective": bool})


def effective_rows(ledger: Ledger) -> list[dict[str, Any]]:
    """The rows of ``effective_feedback``, for whoever needs no frame."""
    rows, last = [], {}
    for entry in ledger.entries("feedback"):
        place = "/".join(filter(None, (entry.body.get(name, "").strip() for name in PLACE)))
        body = entry.body | {"seq": entry.seq, "place": place}
        rows.append({name: body.get(name, "") for name in EFFECTIVE[:-1]})
    for row in sorted(rows, key=lambda row: (pd.Timestamp(row["time"]), row["seq"])):
        last[row["alarm"] or (row["month"], row["cell"], row["problem"], row["place"])] = row["seq"]
    standing = set(last.values())
    return [row | {"effective": row["seq"] in standing} for row in rows]


def _settle(body: dict[str, str], alarms: dict[str, dict[str, Any]]) -> str:
    """Put a row's words into the ledger's: the problem's key, an alarm's own month. Why it cannot be done, or ""."""
    said = body.get("problem", "").strip()
    keys = {kind["zh"]: key for key, kind in problem_types().items()} | {label_of("nothing_found"): NONE}
    if said:
        body["problem"] = keys.get(said, said)
        if body["problem"] not in {*problem_types(), NONE}:
            return f"problem {said!r} is none of {'、'.join(keys)} ({', '.join(problem_types())}, {NONE})"
    if body.get("alarm") in alarms:
        body["month"] = alarms[body["alarm"]]["time"][:7]
    return ""


def _fault(body: dict[str, str], warned: dict[str, set[str]], alarms: dict[str, dict[str, Any]]) -> str:
    """Why a row cannot be taken, or an empty text."""
    why = lacking(body, REQUIRED)
    if why:
        return why
    month, cell = body["month"], body["cell"]
    try:
        parse_month(month)
    except ValueError as error:
        return str(error)
    try:
        time = local_minute(body["time"].strip())
    except ValueError as error:
        return f"time {error}".rstrip(".")
    why = _instants(body)
    if why:
        return why
    if body.get("alarm"):  # hourly, so it is answered before its month's list is published
        alarm = alarms.get(body["alarm"])
        if alarm is None:
            return f"alarm {body['alarm']} does not exist"
        if alarm["cell"] != cell:
            return f"alarm {body['alarm']} is of cell {alarm['cell']}"
        for name in ("time", "arrived"):
            if body.get(name) and pd.Timestamp(body[name]) < pd.Timestamp(alarm["time"]):
                return f"the visit {body[name]} is before the alarm {alarm['time']}"
        if body.get("received") and local_minute(body["received"].strip()) < pd.Timestamp(alarm["time"]):
            return f"received {body['received'].strip()}, before the alarm {alarm['time']}"
        return ""
    if month not in warned:
        return f"no list of {month} was published"
    if body.get("occasion") == "routine":  # what an unwarned cell holds is what the warnings are measured by
        if np.datetime64(time) < month_start(month):
            return f"the visit {body['time']} is before {month}, with whose list it is compared"
        return f"cell {cell} was warned in {month}, so the visit is no routine" if cell in warned[month] else ""
    if cell not in warned[month]:
        return f"cell {cell} was not warned in {month}"
    over = month_start(month_minus(month, -1))
    if np.datetime64(time) < over:
        return f"the visit {body['time']} is before the warned month was over"
    return ""


def _instants(body: dict[str, str]) -> str:
    """Why the times of receipt, arrival and result cannot be, or an empty text (B28: arrived, handled, reported)."""
    times = {}
    for name in ("received", "arrived", "result_time"):
        said = body.get(name, "").strip()
        if not said:
            if name != "received":  # a form of alarms has it, and its rows are known by all they say
                body.pop(name, None)
            continue
        try:
            times[name] = local_minute(said)
        except ValueError as error:
            return f"{name} {error}".rstrip(".")
    if {"arrived", "result_time"} <= set(times) and times["result_time"] < times["arrived"]:
        return f"the result {body['result_time']} is before the arrival {body['arrived']}"
    return ""
