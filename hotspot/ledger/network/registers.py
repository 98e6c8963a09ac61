"""Rewards and trainings (B25, B26), consultations (A6), typical cases by quarter (B20): each line an entry."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from hotspot.ledger.chain.store import Ledger
from hotspot.ledger.chain.taking import lacking, take, text_of

REWARD = ("reward", "reported", "amount")
TRAINING = ("training", "unit", "held", "topic")
CONSULTATION = ("consultation", "consulted", "decided_on")


def record_rewards(ledger: Ledger, rows: Iterable[dict]) -> pd.DataFrame:
    """
    Append rewards for reports from the public.

    Parameters
    ----------
    rows : iterable of dict of text
        ``reward`` (its number), ``reported`` (the day), ``amount`` (yuan); ``issue`` of the problem, ``paid``,
        ``by``. A name of who reported has no place here: a row with ``reporter`` is set aside.

    Returns
    -------
    DataFrame ``row, name, state`` recorded | repeated | quarantined, ``why, seq``

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
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


def record_consultations(ledger: Ledger, rows: Iterable[dict], *, members: Collection[str] = ()) -> pd.DataFrame:
    """
    Append consultations of the member offices (A6).

    Parameters
    ----------
    rows : iterable of dict of text
        ``consultation`` (its number), ``consulted`` (the day), ``decided_on`` (what was decided); ``present``: offices
        between ``;``.
    members : collection of str
        The register's offices; a row that names another is set aside. Empty: none is judged.

    Returns
    -------
    DataFrame, as ``record_rewards``

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> row = {"consultation": "H1", "consulted": "2025-12-09", "decided_on": "启动预警", "present": "气象局；公安局"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     record_consultations(ledger, [row], members=["气象局"])["why"].tolist()
    ['公安局 is no member office of the register']
    """

    def fault(body: dict[str, str]) -> str:
        strange = [name for name in offices_of(body) if members and name not in members]
        return f"{strange[0]} is no member office of the register" if strange else ""

    return _record(ledger, "consultation", CONSULTATION, "consulted", rows, fault)


def last_consultation(ledger: Ledger, day: str) -> dict[str, Any] | None:
    """The last consultation held before a day, or None."""
    held = [entry.body for entry in ledger.entries("consultation") if entry.body["consulted"] < day]
    return max(held, key=lambda body: body["consulted"]) if held else None


def offices_of(body: Mapping[str, str]) -> list[str]:
    """The offices present at a consultation."""
    return [name.strip() for name in re.split(r"[;；、]", body.get("present", "")) if name.strip()]


def untrained(ledger: Ledger, year: int, units: Mapping[str, str], least: int = 1) -> list[str]:
    """
    Units with fewer trainings in a year than the rule asks for (B26: at least one): their names, sorted.

    ``units``: id -> name; a training may say either.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> row = {"training": "T1", "unit": "甲县", "held": "2025-03-01", "topic": "巡查"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = record_trainings(ledger, [row])
    ...     untrained(ledger, 2025, {"C1": "甲县", "C2": "乙县"})
    ['乙县']
    """
    held = Counter(e.body["unit"] for e in ledger.entries("training") if e.body["held"].startswith(str(year)))
    return sorted(name for unit, name in units.items() if held[unit] + held[name] * (name != unit) < least)


def quarters_without_case(ledger: Ledger, asof: str) -> list[str]:
    """
    Quarters of the year that are over and have no typical case (B20: one a quarter), and the running one's state.

    Parameters
    ----------
    asof : str, "YYYY-MM-DD"

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
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
    def settle(body: dict[str, str]) -> str:
        why = lacking(body, required)
        if why:
            return why
        try:
            body[day] = date.fromisoformat(body[day][:10]).isoformat()
        except ValueError:
            return f"{day} {body[day]!r} is no day; write it like 2025-12-03"
        return fault(body)

    month, shown = (lambda body: body[day][:7]), {"name": required[0]}
    return take(ledger, kind, map(text_of, rows), settle, month=month, shown=shown)
