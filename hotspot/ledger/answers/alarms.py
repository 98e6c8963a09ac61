"""Alarms in the ledger: each one once, a revision where it changed, never taken out."""

from typing import Any

import pandas as pd

from hotspot.ledger.chain.store import Ledger

KIND = "alarm"
WITHDRAWN = "withdrawn"  # a state of the ledger only: data that came later took the alarm back


def record_alarms(ledger: Ledger, alarms: pd.DataFrame, period: tuple[pd.Timestamp, pd.Timestamp]) -> dict[str, int]:
    """
    Append what is new or changed among the alarms of a period.

    Parameters
    ----------
    alarms : DataFrame, from ``find_alarms``
        Every alarm that begins in the period, of every state.
    period : (datetime-like, datetime-like)
        Local times [first, last) that ``alarms`` covers.

    Returns
    -------
    dict of int: ``new, revised, unchanged, withdrawn``

    Notes
    -----
    An alarm that was recorded for the period and is no longer found stays, with a revision
    that says ``withdrawn``; teams that answered it are not made wrong afterwards.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> day = (pd.Timestamp("2025-12-01"), pd.Timestamp("2025-12-02"))
    >>> one = {"alarm": "A2025120105-PR1847K", "cell": "PR1847K", "sub_cell": "PR1847K-07", "hours": 2, "peak": 180.0,
    ...        "start": pd.Timestamp("2025-12-01 05:00"), "end": pd.Timestamp("2025-12-01 07:00"),
    ...        "state": "pushed", "why": ""}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     first = record_alarms(ledger, pd.DataFrame([one]), day)
    ...     again = record_alarms(ledger, pd.DataFrame([one]), day)
    ...     gone = record_alarms(ledger, pd.DataFrame(columns=list(one)), day)
    >>> first["new"], again["unchanged"], gone["withdrawn"]
    (1, 1, 1)
    """
    standing = alarm_bodies(ledger)
    counts = dict.fromkeys(("new", "revised", "unchanged", "withdrawn"), 0)
    found = set()
    for row in alarms.to_dict("records"):
        body = {
            "alarm": row["alarm"],
            "cell": row["cell"],
            "sub_cell": row["sub_cell"],
            "time": row["start"].isoformat(timespec="minutes"),
            "end": row["end"].isoformat(timespec="minutes"),
            "hours": int(row["hours"]),
            "peak": round(float(row["peak"]), 1),
            "state": row["state"],
            "why": row["why"],
        }
        found.add(row["alarm"])
        before = standing.get(row["alarm"])
        if before == body:
            counts["unchanged"] += 1
            continue
        counts["new" if before is None else "revised"] += 1
        ledger.append(KIND, body["time"][:7], body)
    first, last = (pd.Timestamp(edge) for edge in period)
    for name, body in sorted(standing.items()):
        inside = first <= pd.Timestamp(body["time"]) < last
        if inside and name not in found and body["state"] != WITHDRAWN:
            ledger.append(KIND, body["time"][:7], body | {"state": WITHDRAWN})
            counts["withdrawn"] += 1
    return counts


def alarm_bodies(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """What stands of every alarm: dict alarm -> body, the latest revision of each."""
    return {entry.body["alarm"]: entry.body for entry in ledger.entries(KIND)}


def answers(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    """
    Feedback on alarms: dict alarm -> list of feedback bodies, in order of writing.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     answers(ledger)
    {}
    """
    found: dict[str, list[dict]] = {}
    for entry in ledger.entries("feedback"):
        if entry.body.get("alarm"):
            found.setdefault(entry.body["alarm"], []).append(entry.body)
    return found
