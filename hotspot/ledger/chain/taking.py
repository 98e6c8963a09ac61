"""How rows of a register become entries: recorded once, repeated, or quarantined with the reason."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from hotspot.ledger.chain.store import Ledger


def text_of(row: Mapping[str, Any]) -> dict[str, str]:
    """A row as text, without what is blank."""
    return {str(k): str(v).strip() for k, v in row.items() if v is not None and v == v and str(v).strip()}


def key_of(body: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What is the same for the same words, in whatever order they came."""
    return tuple(sorted(body.items()))


def lacking(body: Mapping[str, str], required: Iterable[str]) -> str:
    """Which of the required words is not there, as a reason; an empty text where all are."""
    return next((f"{name} is missing" for name in required if not str(body.get(name) or "").strip()), "")


def take(
    ledger: Ledger,
    kind: str,
    bodies: Iterable[dict[str, str]],
    settle: Callable[[dict[str, str]], str],
    *,
    month: Callable[[dict[str, str]], str],
    shown: Mapping[str, str],
    same: Callable[[dict[str, str]], Hashable] = key_of,
) -> pd.DataFrame:
    """
    Append every row that can be taken and is not there yet.

    Parameters
    ----------
    bodies : what the rows say, settled in place
    settle : puts a body into the ledger's words; why it cannot be taken, or ""
    month : "YYYY-MM" under which a settled body is written
    shown : column of the report -> name in the body
    same : what two bodies share where one repeats the other

    Returns
    -------
    DataFrame, a row per body in order: ``row`` (1-based), ``shown``, ``state`` recorded | repeated | quarantined,
    ``why``, ``seq`` (0 where quarantined)
    """
    known = {same(entry.body): entry.seq for entry in ledger.entries(kind)}
    out = []
    for number, body in enumerate(bodies, 1):
        why, seq, state = settle(body), 0, "quarantined"
        if not why:
            key = same(body)
            state = "repeated" if key in known else "recorded"
            if state == "recorded":
                known[key] = ledger.append(kind, month(body), body).seq
            seq = known[key]
        out.append((number, *(body.get(name, "") for name in shown.values()), state, why, seq))
    return pd.DataFrame(out, columns=["row", *shown, "state", "why", "seq"])
