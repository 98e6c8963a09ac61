"""Rewards for reports and trainings (B25, B26), and typical cases by quarter (B20): each line an entry."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import pandas as pd

from hotspot.ledger.store import Ledger

REWARD = ("reward", "reported", "amount")
TRAINING = ("training", "unit", "held", "topic")


def record_rewards(ledger: Ledger, rows: Iterable[dict]) -> pd.DataFrame:
    """
    Append rewards for reports from the public.

    Parameters
    ----------
    ledger : Ledger
    rows : iterable of dict of text
        ``reward`` (its number), ``reported`` (the day), ``amount`` (yuan); ``issue`` of the problem, ``paid``,
        ``by``. A name of who reported has no place here: a row with ``reporter`` is set aside.

    Returns
    -------
    DataFrame ``row, name, state`` recorded | repeated | quarantined, ``why, seq``

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.store import open_ledger
    >>> row = {"reward": "R1", "reported": "2025-12-03", "amount": "500"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     record_rewards(ledger, [row, row, row | {"reporter": "王某"}])["state"].tolist()
    ['recorded', 'repeated', 'quarantined']
    """

    def fault(body: dict[str, str]) -> str:
        if body.get("reporter"):
            return "the reporter's name has no place in the ledger; leave it out"
        try:
            if float(body["amount"]) < 0:
                raise ValueError
        except ValueError:
            return f"amount {body['amount']!r} is no sum of money"
        return ""

    return _record(ledger, "reward", REWARD, "reported", rows, fault)


def record_trainings(ledger: Ledger, rows: Iterable[dict]) -> pd.DataFrame:
    """
    Append trainings that were held: ``training`` (its number), ``unit, held`` (the day), ``topic``; ``persons``.

    Returns
    -------
    DataFrame, as ``record_rewards``
    """
    return _record(ledger, "training", TRAINING, "held", rows, lambda body: "")


def untrained(ledger: Ledger, year: int, units: Iterable[str]) -> list[str]:
    """
    Units without a training in a year (B26: at least one).

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.store import open_ledger
    >>> row = {"training": "T1", "unit": "甲县", "held": "2025-03-01", "topic": "巡查"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = record_trainings(ledger, [row])
    ...     untrained(ledger, 2025, ["甲县", "乙县"])
    ['乙县']
    """
    held = {e.body["unit"] for e in ledger.entries("training") if e.body["held"].startswith(str(year))}
    return sorted(set(units) - held)


def quarters_without_case(ledger: Ledger, asof: str) -> list[str]:
    """
    Quarters of the year that are over and have no typical case (B20: one a quarter), and the running one's state.

    Parameters
    ----------
    ledger : Ledger
    asof : str, "YYYY-MM-DD"

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = ledger.append("case", "2025-02", {"case": "c1"})
    ...     quarters_without_case(ledger, "2025-10-01"), quarters_without_case(ledger, "2025-06-30")
    (['2025Q2', '2025Q3'], ['2025Q2'])
    """
    day = date.fromisoformat(asof[:10])
    have = {f"{e.month[:4]}Q{(int(e.month[5:]) + 2) // 3}" for e in ledger.entries("case") if e.month <= asof[:7]}
    first_of_next = date(day.year + (day.month == 12), day.month % 12 + 1, 1)
    over = (day.month + 2) // 3 - (0 if day.month % 3 == 0 and (first_of_next - day).days == 1 else 1)
    return [name for n in range(1, over + 1) if (name := f"{day.year}Q{n}") not in have]


def _record(
    ledger: Ledger,
    kind: str,
    required: Sequence[str],
    day: str,
    rows: Iterable[dict],
    fault: Callable[[dict[str, str]], str],
) -> pd.DataFrame:
    known = {tuple(sorted(entry.body.items())): entry.seq for entry in ledger.entries(kind)}
    out = []
    for number, row in enumerate(rows, 1):
        body = {str(k): str(v).strip() for k, v in row.items() if v is not None and v == v and str(v).strip()}
        missing = [name for name in required if not body.get(name)]
        why = f"{missing[0]} is missing" if missing else ""
        if not why:
            try:
                body[day] = date.fromisoformat(body[day][:10]).isoformat()
            except ValueError:
                why = f"{day} {body[day]!r} is no day; write it like 2025-12-03"
        why, seq, state = why or fault(body), 0, "quarantined"
        if not why:
            key = tuple(sorted(body.items()))
            state = "repeated" if key in known else "recorded"
            if state == "recorded":
                known[key] = ledger.append(kind, body[day][:7], body).seq
            seq = known[key]
        out.append((number, body.get(required[0], ""), state, why, seq))
    return pd.DataFrame(out, columns=["row", "name", "state", "why", "seq"])
