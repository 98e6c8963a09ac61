"""When somebody took an alarm or a notice in hand (B5, E2): the instant from which the clocks run."""

from collections.abc import Iterable

import pandas as pd

from hotspot.ledger.alarms import alarm_bodies
from hotspot.ledger.clocks import local_minute
from hotspot.ledger.store import Ledger


def record_receipts(ledger: Ledger, rows: Iterable[dict]) -> pd.DataFrame:
    """
    Append receipts of alarms; the first of each alarm is the one that counts.

    Parameters
    ----------
    ledger : Ledger
    rows : iterable of dict of text: ``alarm``, ``received`` (local time), ``by``

    Returns
    -------
    DataFrame ``row, alarm, state`` recorded | repeated | quarantined, ``why, seq``

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.store import open_ledger
    >>> row = {"alarm": "a1", "received": "2025-12-01 06:00", "by": "王"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = ledger.append("alarm", "2025-12", {"alarm": "a1", "time": "2025-12-01T05:00"})
    ...     record_receipts(ledger, [row, row, row | {"alarm": "a2"}])["state"].tolist()
    ['recorded', 'repeated', 'quarantined']
    """
    alarms = alarm_bodies(ledger)
    known = {
        (entry.body["alarm"], entry.body["received"], entry.body["by"]): entry.seq
        for entry in ledger.entries("receipt")
    }
    out = []
    for number, row in enumerate(rows, 1):
        alarm, by = str(row.get("alarm", "")).strip(), str(row.get("by", "")).strip()
        seq, state, why, received = 0, "quarantined", "", ""
        try:
            received = local_minute(str(row.get("received", ""))).isoformat(timespec="minutes")
        except ValueError as error:
            why = str(error)
        if not by:
            why = "by is missing"
        elif alarm not in alarms:
            why = f"alarm {alarm} does not exist"
        elif not why and received < alarms[alarm]["time"]:
            why = f"received {received}, before the alarm {alarms[alarm]['time']}"
        if not why:
            key = (alarm, received, by)
            state = "repeated" if key in known else "recorded"
            if state == "recorded":
                body = {"alarm": alarm, "received": received, "by": by}
                known[key] = ledger.append("receipt", alarms[alarm]["time"][:7], body).seq
            seq = known[key]
        out.append((number, alarm, state, why, seq))
    return pd.DataFrame(out, columns=["row", "alarm", "state", "why", "seq"])


def receipts(ledger: Ledger) -> dict[str, str]:
    """
    When each alarm was first received: dict alarm -> local time.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     receipts(ledger)
    {}
    """
    first: dict[str, str] = {}
    for entry in ledger.entries("receipt"):
        name, when = entry.body["alarm"], entry.body["received"]
        first[name] = min(first.get(name, when), when)
    return first
