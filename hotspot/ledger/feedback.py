"""Feedback from the field: checked against what was published, then appended, never overwritten."""

from typing import Any

import numpy as np
import pandas as pd

from hotspot.ledger.store import Ledger
from hotspot.rules.calendar import month_minus, month_start, parse_month
from hotspot.rules.classes import problem_types

REQUIRED = ("month", "cell", "time", "by", "text")
NONE = "none"  # a problem word of the ledger only: visited, nothing found
PLACE = ("sub_cell", "facility", "lon", "lat")  # what tells two problems of one kind in a cell apart


def record_feedback(ledger: Ledger, rows: list[dict[str, str]], *, register: Any = None) -> pd.DataFrame:
    """
    Append what the field teams report on warned cells.

    Parameters
    ----------
    ledger : Ledger
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
    >>> from hotspot.ledger.store import open_ledger
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
    known = {_key(entry.body): entry.seq for entry in ledger.entries("feedback")}
    out = []
    for number, row in enumerate(rows, 1):
        body = {str(key): str(value) for key, value in row.items() if value is not None and value == value}
        why = _settle(body, alarms) or _fault(body, warned, alarms)
        if not why and register is not None:
            why = register.why_not(body["by"], "visit", body["time"], body.get("facility", ""))
        seq, state = 0, "quarantined"
        if not why:
            state = "repeated" if _key(body) in known else "recorded"
            if state == "recorded":
                known[_key(body)] = ledger.append("feedback", body["month"], body).seq
            seq = known[_key(body)]
        out.append((number, body.get("month", ""), body.get("cell", ""), state, why, seq))
    return pd.DataFrame(out, columns=["row", "month", "cell", "state", "why", "seq"])


def effective_feedback(ledger: Ledger) -> pd.DataFrame:
    """
    All feedback, with what stands marked: the latest answer to an alarm, the latest word on a problem.

    Parameters
    ----------
    ledger : Ledger

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
    >>> from hotspot.ledger.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     len(effective_feedback(ledger))
    0
    """
    columns = ["month", "cell", "alarm", "problem", "place", "time", "by", "text"]
    rows = []
    for entry in ledger.entries("feedback"):
        place = "/".join(filter(None, (entry.body.get(name, "").strip() for name in PLACE)))
        body = entry.body | {"place": place}
        rows.append((entry.seq, *(body.get(name, "") for name in columns)))
    table = pd.DataFrame(rows, columns=["seq", *columns])
    when = pd.to_datetime(table["time"], format="ISO8601")
    order = table.assign(when=when).sort_values(["when", "seq"], kind="stable")
    to_alarm = order["alarm"] != ""
    last = (
        order[to_alarm]
        .drop_duplicates("alarm", keep="last")
        .index.union(order[~to_alarm].drop_duplicates(["month", "cell", "problem", "place"], keep="last").index)
    )
    return table.assign(effective=table.index.isin(last))


def _key(body: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(body.items()))


def _settle(body: dict[str, str], alarms: dict[str, dict[str, Any]]) -> str:
    """Put a row's words into the ledger's: the problem's key, an alarm's own month. Why it cannot be done, or ""."""
    said = body.get("problem", "").strip()
    keys = {kind["zh"]: key for key, kind in problem_types().items()}
    if said:
        body["problem"] = keys.get(said, said)
        if body["problem"] not in {*problem_types(), NONE}:
            return f"problem {said!r} is none of {', '.join(problem_types())}, {NONE}"
    if body.get("alarm") in alarms:
        body["month"] = alarms[body["alarm"]]["time"][:7]
    return ""


def _fault(body: dict[str, str], warned: dict[str, set[str]], alarms: dict[str, dict[str, Any]]) -> str:
    """Why a row cannot be taken, or an empty text."""
    missing = [name for name in REQUIRED if not body.get(name, "").strip()]
    if missing:
        return f"{missing[0]} is missing"
    month, cell = body["month"], body["cell"]
    try:
        parse_month(month)
        time = pd.Timestamp(body["time"])
    except ValueError as error:
        return str(error)
    if time is pd.NaT or time.tzinfo is not None:
        return f"time {body['time']!r} is no local time; write it like 2020-03-05T10:00"
    if body.get("alarm"):  # hourly, so it is answered before its month's list is published
        alarm = alarms.get(body["alarm"])
        if alarm is None:
            return f"alarm {body['alarm']} does not exist"
        if alarm["cell"] != cell:
            return f"alarm {body['alarm']} is of cell {alarm['cell']}"
        if time < pd.Timestamp(alarm["time"]):
            return f"the visit {body['time']} is before the alarm {alarm['time']}"
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
