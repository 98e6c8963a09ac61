"""When somebody took an alarm or a notice in hand (B5, E2): the instant from which the clocks run."""

from collections.abc import Iterable
from contextlib import suppress

import pandas as pd

from hotspot.ledger.answers.alarms import alarm_bodies
from hotspot.ledger.answers.clocks import local_minute
from hotspot.ledger.chain.store import Ledger
from hotspot.ledger.chain.taking import take

# The form's own number; the clock of the phone when it was filled in and when it was sent, the desk's when it came.
KEPT = ("form", "filled", "phone", "entered")


def record_receipts(ledger: Ledger, rows: Iterable[dict]) -> pd.DataFrame:
    """
    Append receipts of alarms; the first of each alarm is the one that counts.

    Parameters
    ----------
    rows : iterable of dict of text: ``alarm``, ``received`` (local time), ``by``
        What a desk knows of a form beside them is kept: ``KEPT``.

    Returns
    -------
    DataFrame ``row, alarm, state`` recorded | repeated | quarantined, ``why, seq``

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> row = {"alarm": "a1", "received": "2025-12-01 06:00", "by": "王"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = ledger.append("alarm", "2025-12", {"alarm": "a1", "time": "2025-12-01T05:00"})
    ...     record_receipts(ledger, [row, row, row | {"alarm": "a2"}])["state"].tolist()
    ['recorded', 'repeated', 'quarantined']
    """
    alarms = alarm_bodies(ledger)
    known = ("alarm", "received", "by")

    def body_of(row: dict) -> dict[str, str]:
        return {name: str(row.get(name, "")).strip() for name in known} | {n: str(row[n]) for n in KEPT if row.get(n)}

    def settle(body: dict[str, str]) -> str:
        if not body["by"]:
            return "by is missing"
        if body["alarm"] not in alarms:
            return f"alarm {body['alarm']} does not exist"
        try:
            body["received"] = local_minute(body["received"]).isoformat(timespec="minutes")
        except ValueError as error:
            return str(error)
        since = alarms[body["alarm"]]["time"]
        return f"received {body['received']}, before the alarm {since}" if body["received"] < since else ""

    return take(
        ledger, "receipt", map(body_of, rows), settle, month=lambda body: alarms[body["alarm"]]["time"][:7],
        shown={"alarm": "alarm"}, same=lambda body: tuple(body[name] for name in known),
    )  # fmt: skip


def receipts(ledger: Ledger) -> dict[str, str]:
    """
    When each alarm was first received, by a receipt or by what its answer says: dict alarm -> local time.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     receipts(ledger)
    {}
    """
    first: dict[str, str] = {}
    for entry in (*ledger.entries("receipt"), *ledger.entries("feedback")):
        name, said = entry.body.get("alarm", ""), entry.body.get("received", "")
        with suppress(ValueError):  # an answer of before its receipts were read may say anything there
            when = local_minute(said.strip()).isoformat(timespec="minutes")
            first[name] = min(first.get(name, when), when)
    return first
