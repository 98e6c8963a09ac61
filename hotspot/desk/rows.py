"""
Alarms and problems as rows, each worked out again only when its entries or its time ask for it.

The tables are the ledger's own (``watch.alarm_table``, ``issues.issue_table``). What this room knows beside them is
how long a row stays as it is: until the alarm or problem has another entry, or until its own date is over.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from hotspot.desk.book import Part
from hotspot.ledger.answers.issues import OPEN, issue_rows
from hotspot.ledger.answers.watch import alarm_rows
from hotspot.ledger.assessment.figures import found_rows
from hotspot.ledger.chain.store import Entry
from hotspot.study import Study

Places = Mapping[str, tuple[str, str]]  # cell -> (city, county)
Row = dict[str, Any]
Made = TypeVar("Made")
EVER = "9999"  # an instant that does not come
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MINUTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
# Instants that the tables compare with now, in the bodies of entries.
_INSTANTS = ("end", "received", "time", "arrived", "result_time", "found")


class Rows:
    """
    Rows of alarms or problems by number, each with its hash, the instants between which it holds, and its HTML.

    Parameters
    ----------
    table : callable (entries, now) -> rows
        Works out the rows of some entries; each has its number under ``key``.
    key : str
    until : callable (row, entries, now) -> str
        Up to which minute a row holds if no entry comes; ``EVER``, or ``now`` where only this minute is sure.
    """

    def __init__(
        self, table: Callable[[list[Entry], str], list[Row]], key: str,
        until: Callable[[Row, Sequence[Entry], str], str],
    ) -> None:  # fmt: skip
        self._table, self._key, self._until = table, key, until
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, str, str, Row | None]] = {}
        self._lines: dict[tuple[str, str], tuple[Row, Any]] = {}

    def of(self, wanted: Mapping[str, Sequence[Entry]], now: str) -> list[Row]:
        """The rows at an instant, of numbers with their entries; nothing of what is withdrawn or has not come yet."""
        if self._stale(wanted, now):
            with self._lock:
                stale = self._stale(wanted, now)
                made = self._table([entry for name in stale for entry in wanted[name]], now) if stale else []
                found = {str(row[self._key]): row for row in made}
                for name in stale:
                    row, entries = found.get(name), wanted[name]
                    until = now if row is None else self._until(row, entries, now)
                    self._known[name] = (entries[-1].hash, now, until, row)
        rows = (self._known[name][3] for name in wanted)
        return [row for row in rows if row is not None]

    def _stale(self, wanted: Mapping[str, Sequence[Entry]], now: str) -> list[str]:
        known = self._known
        return [
            name
            for name, entries in wanted.items()
            if (own := known.get(name)) is None or own[0] != entries[-1].hash or not own[1] <= now <= own[2]
        ]

    def line(self, row: Row, lang: str, draw: Callable[[Row], Made]) -> Made:
        """What a row looks like in a language, drawn once while the row is the same."""
        name = (str(row[self._key]), lang)
        known = self._lines.get(name)
        if known is None or known[0] is not row:
            known = self._lines[name] = (row, draw(row))
        drawn: Made = known[1]
        return drawn


def rows_of_alarms(study: Study, places: Places) -> Rows:
    """Pushed alarms, as ``watch.alarm_table``, with ``city``, ``county`` and how many problems were ``found``."""

    def table(entries: list[Entry], now: str) -> list[Row]:
        part = Part(entries)
        found = Counter(row["alarm"] for row in found_rows(part, now))
        rows = alarm_rows(part, now, study.criteria.clocks)
        return placed([row | {"found": found[row["alarm"]]} for row in rows], places)

    def until(row: Row, entries: Sequence[Entry], now: str) -> str:
        if _to_come(entries, now) or "overdue" in (row["state"], row["site_state"]):
            return now  # it is late by a minute more each minute
        due = [row[due] for due, state in (("due", "state"), ("site_due", "site_state")) if row[state] == "running"]
        return min(due, default=EVER)

    return Rows(table, "alarm", until)


def rows_of_issues(study: Study, places: Places) -> Rows:
    """Problems, as ``issues.issue_table``, with ``city`` and ``county``."""
    days = study.criteria.handover.rectify_days

    def table(entries: list[Entry], now: str) -> list[Row]:
        return placed(issue_rows(Part(entries), now, rectify_days=days), places)

    def until(row: Row, entries: Sequence[Entry], now: str) -> str:
        if _to_come(entries, now):
            return now
        if row["state"] not in OPEN or row["overdue"] or not row["due"]:
            return EVER
        return f"{row['due']}T23:59" if _DATE.fullmatch(row["due"]) else now

    return Rows(table, "issue", until)


def placed(rows: list[Row], places: Places) -> list[Row]:
    """Rows with the ``city`` and ``county`` of their cell; a county of their own stays."""
    told = []
    for row in rows:
        city, county = places.get(row["cell"], ("", ""))
        told.append(row | {"city": city, "county": row.get("county") or county})
    return told


def _to_come(entries: Sequence[Entry], now: str) -> bool:
    """Whether an entry tells of an instant that has not come, or that this room cannot read."""
    told = (str(entry.body[name]) for entry in entries for name in _INSTANTS if entry.body.get(name))
    return any(not _MINUTE.match(text) or text[:16] > now for text in told)
