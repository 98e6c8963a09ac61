"""Feedback from the field: checked against what was published, then appended, never overwritten."""

import numpy as np
import pandas as pd

from hotspot.rules.calendar import month_minus, month_start, parse_month

REQUIRED = ("month", "cell", "time", "by", "text")


def record_feedback(ledger, rows):
    """
    Append what the field teams report on warned cells.

    Parameters
    ----------
    ledger : Ledger
    rows : iterable of dict
        ``month`` and ``cell`` of the warning, ``time`` of the visit (local, ISO),
        ``by`` (who) and ``text`` (what was found); ``alarm`` where it answers an
        hourly alarm; further keys are kept as they are, as text.

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
    one cell are both kept (106); ``effective_feedback`` tells which is the latest.

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
        why = _fault(body, warned, alarms)
        seq, state = 0, "quarantined"
        if not why:
            state = "repeated" if _key(body) in known else "recorded"
            if state == "recorded":
                known[_key(body)] = ledger.append("feedback", body["month"], body).seq
            seq = known[_key(body)]
        out.append((number, body.get("month", ""), body.get("cell", ""), state, why, seq))
    return pd.DataFrame(out, columns=["row", "month", "cell", "state", "why", "seq"])


def effective_feedback(ledger):
    """
    All feedback, with the latest of each cell and month marked.

    Parameters
    ----------
    ledger : Ledger

    Returns
    -------
    DataFrame ``seq, month, cell, time, by, text, effective``, in order of writing;
    latest by time of the visit, then by number

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     len(effective_feedback(ledger))
    0
    """
    rows = [(entry.seq, *(entry.body[name] for name in REQUIRED)) for entry in ledger.entries("feedback")]
    table = pd.DataFrame(rows, columns=["seq", *REQUIRED])
    when = pd.to_datetime(table["time"], format="ISO8601")
    order = table.assign(when=when).sort_values(["when", "seq"], kind="stable")
    last = order.drop_duplicates(["month", "cell"], keep="last").index
    return table.assign(effective=table.index.isin(last))


def _key(body):
    return tuple(sorted(body.items()))


def _fault(body, warned, alarms):
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
    if cell not in warned[month]:
        return f"cell {cell} was not warned in {month}"
    over = month_start(month_minus(month, -1))
    if np.datetime64(time) < over:
        return f"the visit {body['time']} is before the warned month was over"
    return ""
