"""What a rule brings upon a unit or a cell: due, done or waived, each an entry (B15-B17, B24)."""

import pandas as pd

from hotspot.ledger.chain.store import Entry, Ledger

STATES = {"due": "待执行", "done": "已执行", "waived": "免予执行"}
COLUMNS = ["rule", "subject", "month", "words", "state", "by", "seq"]


def record_consequence(
    ledger: Ledger, rule: str, subject: str, month: str, words: str, by: str, *, state: str = "due"
) -> Entry:
    """
    Append a consequence; the same again is the standing entry.

    Parameters
    ----------
    rule : str
        The clause, "B15".
    subject : str
        A unit or a cell.
    state : str, a key of ``STATES``

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     one = record_consequence(ledger, "B15", "甲县", "2025-12", "通报批评", "赵")
    ...     two = record_consequence(ledger, "B15", "乙县", "2025-12", "通报批评", "赵")
    ...     (one.seq, record_consequence(ledger, "B15", "甲县", "2025-12", "通报批评", "赵").seq, two.seq)
    (1, 1, 2)
    """
    if state not in STATES:
        raise ValueError(f"state {state!r} is none of {', '.join(STATES)}.")
    body = {"rule": rule, "subject": subject, "words": words, "state": state, "by": by}
    for entry in reversed(ledger.entries("consequence", month)):
        if (entry.body["rule"], entry.body["subject"]) == (rule, subject):
            if entry.body == body:
                return entry
            break
    return ledger.append("consequence", month, body)


def consequences(ledger: Ledger) -> pd.DataFrame:
    """
    What stands of each rule, subject and month: DataFrame with ``COLUMNS``, in that order.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = record_consequence(ledger, "B15", "甲县", "2025-12", "通报批评", "赵")
    ...     _ = record_consequence(ledger, "B15", "甲县", "2025-12", "通报批评", "赵", state="done")
    ...     consequences(ledger)["state"].tolist()
    ['done']
    """
    latest = {}
    for entry in ledger.entries("consequence"):
        body = entry.body
        latest[body["rule"], body["subject"], entry.month] = [body["words"], body["state"], body["by"], entry.seq]
    return pd.DataFrame([[*key, *latest[key]] for key in sorted(latest)], columns=COLUMNS)
