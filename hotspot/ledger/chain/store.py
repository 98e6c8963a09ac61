"""
The append-only ledger: every entry carries the hash of the one before it.

One SQLite file per study, or a schema of a PostgreSQL database (``storage``). The
file keeps SQLite's rollback journal rather than WAL: there is one short write a
month, and a file without companions can be copied whole, and read from a
read-only folder. No clock is part of an entry: order is by number (RELIABILITY
F10), so the same months give the same hashes, wherever they lie.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotspot.ledger.chain.storage import SqliteStorage, Storage, place_of
from hotspot.variables import DataError

START = "0" * 64  # what the first entry names as its predecessor


@dataclass(frozen=True)
class Entry:
    """One line of the ledger. ``body`` is what was recorded, ``hash`` covers all other fields."""

    seq: int
    kind: str
    month: str
    body: dict
    previous: str
    hash: str


class Ledger:
    """An open ledger; get one from ``open_ledger``."""

    def __init__(self, storage: Storage) -> None:
        self.path = storage.name
        self._storage = storage

    def append(self, kind: str, month: str, body: dict[str, Any]) -> Entry:
        """
        Add an entry, or return the standing one if nothing has changed.

        Parameters
        ----------
        kind : str
            What is recorded: "month", "feedback", "alarm" ...
        body : dict of JSON values
            No NaN, no clock of the machine.

        Returns
        -------
        Entry; the latest of this kind and month if its body is the same (F8),
        a new one otherwise (F9: a revision, the old one stays)

        Raises
        ------
        DataError
            The ledger is locked, damaged or read-only.
        ValueError
            The body is not plain JSON.
        """
        text = canonical(body)
        with self._storage.writing():
            entry = self._next(kind, month, text)
            self._insert(entry)
        return entry

    def alone(self) -> AbstractContextManager[None]:
        """
        No other writer while the block runs: what it reads still holds when it appends; all of it is kept, or nothing.

        Examples
        --------
        >>> import tempfile
        >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger, ledger.alone():
        ...     ledger.append("case", "2020-02", {"n": len(ledger.entries())}).body
        {'n': 0}
        """
        return self._storage.writing()

    def propose(self, kind: str, month: str, body: dict[str, Any]) -> Entry:
        """
        What ``append`` would add now, or the standing entry; nothing is written.

        Whoever must print the hash before it stands in the ledger prepares with this and enters
        with ``enter``.
        """
        return self._next(kind, month, canonical(body))

    def enter(self, entry: Entry) -> bool:
        """
        Add a proposed entry if the chain still ends where it was proposed.

        Returns
        -------
        bool; False where another writer was first: propose again
        """
        with self._storage.writing():
            if self._next(entry.kind, entry.month, canonical(entry.body)) != entry:
                return False
            self._insert(entry)
        return True

    def copy(self, entries: Iterable[Entry]) -> None:
        """Take over a whole chain, with its numbers and hashes, into a ledger that is empty."""
        with self._storage.writing():
            if self._storage.rows("select 1 from entry limit 1"):
                raise DataError(f"{self.path}: is not empty, so no other chain is copied into it.")
            for entry in entries:
                self._insert(entry)

    def _next(self, kind: str, month: str, text: str) -> Entry:
        """The latest entry of this kind and month if its body is the same, else the one that would follow."""
        select = f"select {_FIELDS} from entry"
        for same in self._storage.rows(
            f"{select} where kind = ? and month = ? order by seq desc limit 1", (kind, month)
        ):
            if same[3] == text:
                return _entry(same)
        last = self._storage.rows(f"{select} order by seq desc limit 1")
        seq, previous = (last[0][0] + 1, last[0][5]) if last else (1, START)
        return _entry((seq, kind, month, text, previous, entry_hash(seq, kind, month, text, previous)))

    def _insert(self, entry: Entry) -> None:
        """Write an entry unless it is the standing one."""
        if not self._storage.rows("select 1 from entry where hash = ?", (entry.hash,)):
            self._storage.put((entry.seq, entry.kind, entry.month, canonical(entry.body), entry.previous, entry.hash))

    def entries(self, kind: str | None = None, month: str | None = None) -> list[Entry]:
        """Entries in order of writing, of one kind and month or of all: list of Entry."""
        where, given = [], []
        for name, value in (("kind", kind), ("month", month)):
            if value is not None:
                where.append(f"{name} = ?")
                given.append(value)
        clause = f" where {' and '.join(where)}" if where else ""
        rows = self._storage.rows(f"select {_FIELDS} from entry{clause} order by seq", given)
        return [_entry(row) for row in rows]

    def after(self, seq: int) -> list[Entry]:
        """Entries behind a number, in order: what somebody who knows the chain up to there has not seen."""
        rows = self._storage.rows(f"select {_FIELDS} from entry where seq > ? order by seq", (seq,))
        return [_entry(row) for row in rows]

    def heads(self) -> dict[tuple[str, str], Entry]:
        """
        What stands now: the latest entry of every kind and month.

        Returns
        -------
        dict (kind, month) -> Entry, in order of kind and month
        """
        latest = {(entry.kind, entry.month): entry for entry in self.entries()}
        return dict(sorted(latest.items()))

    @property
    def head(self) -> str:
        """Hash of the last entry; the one to print on a notice. ``START`` for an empty ledger."""
        rows = self._storage.rows("select hash from entry order by seq desc limit 1")
        return rows[0][0] if rows else START

    def verify(self, head: str | None = None) -> int:
        """
        Recompute the whole chain.

        Parameters
        ----------
        head : str, optional
            A hash printed on a published notice, or its first digits (8 or more); it must
            stand in the chain, or the end of the ledger was cut off (F26).

        Returns
        -------
        int, the number of entries

        Raises
        ------
        DataError
            Names the first entry that was altered, removed or moved (F25).
        """
        fault = self._storage.fault()
        if fault:
            raise DataError(f"{self.path}: the database is damaged ({fault}); restore it from a copy.")
        rows = self._storage.rows(f"select {_FIELDS} from entry order by seq")
        previous = START
        for number, row in enumerate(rows, 1):
            seq, kind, month, text, before, own = row
            where = f"{self.path}, entry {number}"
            if seq != number:
                raise DataError(f"{where} is missing (the next one is entry {seq}); restore the ledger from a copy.")
            if before != previous:
                raise DataError(f"{where} ({kind} {month}) does not follow the one before it; restore from a copy.")
            if entry_hash(seq, kind, month, text, before) != own:
                raise DataError(f"{where} ({kind} {month}) was altered: its hash does not fit; restore from a copy.")
            previous = own
        if head is not None and head != START and not any(row[5].startswith(_printed(head)) for row in rows):
            raise DataError(
                f"{self.path}: head {head} of the notice is not among its {len(rows)} entries; "
                "entries were cut off or it is another ledger; restore it from a copy."
            )
        return len(rows)


def _printed(head: str) -> str:
    """A head as somebody copied it from paper."""
    digits = head.strip().lower()
    if len(digits) < 8 or not set(digits) <= set("0123456789abcdef"):
        raise ValueError(f"head {head!r} is none; give at least 8 of the digits 0-9, a-f that the notice prints.")
    return digits


def entry_hash(seq: int, kind: str, month: str, body: str, previous: str) -> str:
    """
    SHA-256 of an entry, as hexadecimal text.

    Parameters
    ----------
    body : str
        The body's canonical JSON: keys sorted, no blanks, UTF-8.

    Examples
    --------
    >>> entry_hash(1, "month", "2020-02", "{}", START)[:16]
    '13a05225fd29ad2f'
    """
    fields = {"seq": seq, "kind": kind, "month": month, "body": body, "previous": previous}
    return hashlib.sha256(canonical(fields).encode("utf-8")).hexdigest()


@contextmanager
def open_ledger(place: Path | str) -> Iterator[Ledger]:
    """
    Open a ledger, making it if it is not there; closes when the block ends.

    Parameters
    ----------
    place : str or Path
        ``ledger.sqlite`` of a study, whose folder must exist; a ``ledger.url`` beside it names the database
        that holds the ledger instead. Or such a URL, ``postgresql://host/db?study=ID``.

    Yields
    ------
    Ledger

    Raises
    ------
    DataError
        No ledger, damaged, locked for 30 s, written by a newer program, or the database does not answer.

    Examples
    --------
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/ledger.sqlite"
    >>> with open_ledger(path) as ledger:
    ...     first = ledger.append("month", "2020-02", {"warned": []})
    ...     again = ledger.append("month", "2020-02", {"warned": []})
    ...     (first.seq, first == again, ledger.verify(head=first.hash))
    (1, True, 1)
    """
    storage = _opened(place_of(place))
    try:
        yield Ledger(storage)
    finally:
        storage.close()


def _opened(place: str | Path) -> Storage:
    if isinstance(place, str):
        from hotspot.ledger.chain.postgres import PostgresStorage

        return PostgresStorage.opened(place)
    return SqliteStorage.opened(place)


_FIELDS = "seq, kind, month, body, previous, hash"


def canonical(value: dict[str, Any]) -> str:
    """
    One text per JSON value: keys sorted, no blanks. NaN is refused because JSON has none.

    Examples
    --------
    >>> canonical({"b": 1.50, "a": ["甲"]})
    '{"a":["甲"],"b":1.5}'
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _entry(row: tuple[int, str, str, str, str, str]) -> Entry:
    try:
        body = json.loads(row[3])
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise DataError(f"ledger, entry {row[0]}: its body is not as we write it; restore it from a copy.")
    return Entry(row[0], row[1], row[2], body, row[4], row[5])
