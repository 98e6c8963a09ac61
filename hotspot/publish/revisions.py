"""
The revisions of a month: what came before it, what differs from the list it replaces, where the old one is kept.

Everything here is read from the entries of the ledger, never from a clock: an
outsider with the same ledger comes to the same history and the same changes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.ledger.chain.store import Entry
from hotspot.publish.tables.lists import published
from hotspot.publish.words import known
from hotspot.rules.calendar import month_minus

FOLDER = "revisions"
VALUES = ("rank", "pm25", "change")


def printed_rows(warned: pd.DataFrame, decimals: int) -> list[list[str | float | None]]:
    """
    The warning list as the chain records it: who, for what, and the numbers as printed.

    Parameters
    ----------
    warned : DataFrame, from ``rank_warnings`` or ``read_warnings``
    decimals : int
        Of PM2.5; ``study.criteria.warning.decimals``.

    Returns
    -------
    list of ``[cell, reason, city, rank, pm25, change]``, sorted; None where a number is unknown
    """
    table = published(warned, decimals)
    rows = [
        [
            row.cell,
            row.reason,
            row.city,
            int(row.rank),
            *(float(v) if known(v) else None for v in (row.pm25, row.change)),
        ]
        for row in table.itertuples()
    ]
    return sorted(rows, key=lambda row: row[:3])


def differences(before: list[list[str | float | None]], now: list[list[str | float | None]]) -> list[dict[str, Any]]:
    """
    What differs between two lists as the chain records them.

    Parameters
    ----------
    before, now : list of rows, from ``printed_rows``
        Rows of a ledger older than revisions hold cell and reason only; they can be added or removed, not changed.

    Returns
    -------
    list of dict ``city, cell, reason, what`` (added, removed, changed), ``before``, ``now`` (``rank, pm25,
    change``, or None), by city, cell, reason

    Examples
    --------
    >>> old = [["A", "highest", "武汉市", 1, 60.0, None], ["B", "highest", "武汉市", 2, 58.0, None]]
    >>> new = [["A", "highest", "武汉市", 1, 60.1, None], ["C", "highest", "武汉市", 2, 59.0, None]]
    >>> [(row["cell"], row["what"]) for row in differences(old, new)]
    [('A', 'changed'), ('B', 'removed'), ('C', 'added')]
    """
    was, are = ({(row[0], row[1]): row[2:] for row in rows} for rows in (before, now))
    told = []
    for key in sorted(was.keys() | are.keys()):
        old, new = was.get(key), are.get(key)
        if old == new or (old == [] and new is not None):
            continue
        what = "changed" if key in was and key in are else "added" if key in are else "removed"
        city = ((new or old or [""]) + [""])[0]
        told.append(
            {"city": city, "cell": key[0], "reason": key[1], "what": what, "before": _values(old), "now": _values(new)}
        )
    return sorted(told, key=lambda row: (row["city"], row["cell"], row["reason"]))


def _values(row: Sequence[Any] | None) -> dict[str, Any] | None:
    return dict(zip(VALUES, row[1:], strict=True)) if row else None


def history(entries: list[Entry], month: str, window_months: int) -> dict[str, Any]:
    """
    Who was warned in the published months that the escalation window reaches.

    Parameters
    ----------
    entries : list of Entry
        Of the ledger, in order of writing. Of a month published again the last one counts.
    month : str, "YYYY-MM"
        Months before this one.
    window_months : int
        ``study.criteria.escalation.window_months``; the window ends with ``month``.

    Returns
    -------
    dict month -> sorted list of codes; a month that was published with an empty list is there, one that
    was not published is not
    """
    standing = _standing(entries, month, window_months)
    return {name: sorted({row[0] for row in entry.body["warned"]}) for name, entry in standing.items()}


def chances(warned: pd.DataFrame) -> dict[str, float]:
    """
    How likely each warned cell truly is among the worst: the largest ``p_top`` of its reasons, as the chain records it.

    Examples
    --------
    >>> chances(pd.DataFrame({"cell": ["A", "A", "B"], "p_top": [0.5, 0.876, float("nan")]}))
    {'A': 0.88}
    """
    if "p_top" not in warned:
        return {}
    stated = pd.to_numeric(warned["p_top"], errors="coerce").groupby(warned["cell"]).max().dropna()
    return {str(cell): round(float(value), 2) for cell, value in stated.items()}


def past_chances(entries: list, month: str, window_months: int) -> dict[str, dict[str, float]]:
    """
    ``chances`` of the months that ``history`` names; a month published before they were recorded is not there.

    Returns
    -------
    dict month -> dict of code -> probability
    """
    standing = _standing(entries, month, window_months)
    return {name: entry.body["p_top"] for name, entry in standing.items() if entry.body.get("p_top")}


def _standing(entries: list[Entry], month: str, window_months: int) -> dict[str, Entry]:
    """The last entry of each month of the window before a month, in order of the months."""
    first = month_minus(month, window_months - 1)
    return dict(sorted({e.month: e for e in entries if e.kind == "month" and first <= e.month < month}.items()))


def kept(home: Path | str, month: str, revision: int) -> Path:
    """
    Where an old revision is kept whole.

    Examples
    --------
    >>> kept("out/demo", "2025-12", 1).as_posix()
    'out/demo/revisions/2025-12-r1'
    """
    return Path(home) / FOLDER / f"{month}-r{revision}"
