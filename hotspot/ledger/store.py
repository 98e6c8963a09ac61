"""
The append-only ledger: every entry carries the hash of the one before it.

One SQLite file per study. It keeps SQLite's rollback journal rather than WAL:
there is one short write a month, and a file without companions can be copied
whole, and read from a read-only folder. No clock is part of an entry: order is
by number (RELIABILITY F10), so the same months give the same hashes.
"""

import hashlib
import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hotspot.variables import DataError

SCHEMA = 1
START = "0" * 64  # what the first entry names as its predecessor

_TABLE = """
create table if not exists entry (
  seq integer primary key,
  kind text not null,
  month text not null,
  body text not null,
  previous text not null,
  hash text not null unique
) strict;
create index if not exists entry_of_month on entry (kind, month, seq);
create trigger if not exists entry_is_not_changed before update on entry
  begin select raise(abort, 'the ledger is append-only: an entry is not changed'); end;
create trigger if not exists entry_is_not_removed before delete on entry
  begin select raise(abort, 'the ledger is append-only: an entry is not removed'); end;
"""


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

    def __init__(self, path, connection):
        self.path = path
        self._connection = connection

    def append(self, kind, month, body):
        """
        Add an entry, or return the standing one if nothing has changed.

        Parameters
        ----------
        kind : str
            What is recorded: "month", "feedback", "alarm" ...
        month : str, "YYYY-MM"
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
        with _faults(self.path), _writing(self._connection):
            entry = self._next(kind, month, text)
            self._insert(entry)
        return entry

    def propose(self, kind, month, body):
        """
        What ``append`` would add now, or the standing entry; nothing is written.

        Whoever must print the hash before it stands in the ledger prepares with this and enters
        with ``enter``.
        """
        with _faults(self.path):
            return self._next(kind, month, canonical(body))

    def enter(self, entry):
        """
        Add a proposed entry if the chain still ends where it was proposed.

        Returns
        -------
        bool; False where another writer was first: propose again
        """
        with _faults(self.path), _writing(self._connection):
            if self._next(entry.kind, entry.month, canonical(entry.body)) != entry:
                return False
            self._insert(entry)
        return True

    def _next(self, kind, month, text):
        """The latest entry of this kind and month if its body is the same, else the one that would follow."""
        select = f"select {_FIELDS} from entry"
        same = self._connection.execute(
            f"{select} where kind = ? and month = ? order by seq desc limit 1", (kind, month)
        ).fetchone()
        if same is not None and same[3] == text:
            return _entry(same)
        last = self._connection.execute(f"{select} order by seq desc limit 1").fetchone()
        seq, previous = (last[0] + 1, last[5]) if last else (1, START)
        return _entry((seq, kind, month, text, previous, entry_hash(seq, kind, month, text, previous)))

    def _insert(self, entry):
        """Write an entry unless it is the standing one."""
        if self._connection.execute("select 1 from entry where hash = ?", (entry.hash,)).fetchone():
            return
        row = (entry.seq, entry.kind, entry.month, canonical(entry.body), entry.previous, entry.hash)
        self._connection.execute("insert into entry values (?, ?, ?, ?, ?, ?)", row)

    def entries(self, kind=None, month=None):
        """Entries in order of writing, of one kind and month or of all: list of Entry."""
        where, given = [], []
        for name, value in (("kind", kind), ("month", month)):
            if value is not None:
                where.append(f"{name} = ?")
                given.append(value)
        clause = f" where {' and '.join(where)}" if where else ""
        with _faults(self.path):
            rows = self._connection.execute(f"select {_FIELDS} from entry{clause} order by seq", given).fetchall()
        return [_entry(row) for row in rows]

    def heads(self):
        """
        What stands now: the latest entry of every kind and month.

        Returns
        -------
        dict (kind, month) -> Entry, in order of kind and month
        """
        latest = {(entry.kind, entry.month): entry for entry in self.entries()}
        return dict(sorted(latest.items()))

    @property
    def head(self):
        """Hash of the last entry; the one to print on a notice. ``START`` for an empty ledger."""
        with _faults(self.path):
            row = self._connection.execute("select hash from entry order by seq desc limit 1").fetchone()
        return row[0] if row else START

    def verify(self, head=None):
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
        with _faults(self.path):
            state = self._connection.execute("pragma integrity_check").fetchone()[0]
            rows = self._connection.execute(f"select {_FIELDS} from entry order by seq").fetchall()
        if state != "ok":
            raise DataError(f"{self.path}: the database is damaged ({state}); restore it from a copy.")
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


def _printed(head):
    """A head as somebody copied it from paper."""
    digits = head.strip().lower()
    if len(digits) < 8 or not set(digits) <= set("0123456789abcdef"):
        raise ValueError(f"head {head!r} is none; give at least 8 of the digits 0-9, a-f that the notice prints.")
    return digits


def entry_hash(seq, kind, month, body, previous):
    """
    SHA-256 of an entry, as hexadecimal text.

    Parameters
    ----------
    seq : int
    kind, month, previous : str
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
def open_ledger(path):
    """
    Open a ledger, making it if it is not there; closes when the block ends.

    Parameters
    ----------
    path : str or Path
        ``ledger.sqlite`` of a study. Its folder must exist.

    Yields
    ------
    Ledger

    Raises
    ------
    DataError
        No ledger, damaged, locked for 30 s, or written by a newer program.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ledger.sqlite"
    >>> with open_ledger(path) as ledger:
    ...     first = ledger.append("month", "2020-02", {"warned": []})
    ...     again = ledger.append("month", "2020-02", {"warned": []})
    ...     (first.seq, first == again, ledger.verify(head=first.hash))
    (1, True, 1)
    """
    path = Path(path)
    connection = None
    try:
        with _faults(path):
            connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
            version = connection.execute("pragma user_version").fetchone()[0]
            if version > SCHEMA:
                raise DataError(f"{path}: written by a newer program (schema {version}, ours is {SCHEMA}); update.")
            if version < SCHEMA:
                foreign = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
                if foreign:
                    raise DataError(f"{path}: a database, but no ledger (tables {foreign}); give another path.")
                connection.execute("pragma synchronous = extra")
                connection.executescript(f"begin immediate; {_TABLE} pragma user_version = {SCHEMA}; commit;")
            # Extra: the folder is synced too once the journal is gone, or a power cut would bring it back.
            connection.execute("pragma synchronous = extra")
        yield Ledger(path, connection)
    finally:
        if connection is not None:
            connection.close()


_FIELDS = "seq, kind, month, body, previous, hash"


def canonical(value):
    """
    One text per JSON value: keys sorted, no blanks. NaN is refused because JSON has none.

    Examples
    --------
    >>> canonical({"b": 1.50, "a": ["甲"]})
    '{"a":["甲"],"b":1.5}'
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _entry(row):
    try:
        body = json.loads(row[3])
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise DataError(f"ledger, entry {row[0]}: its body is not as we write it; restore it from a copy.")
    return Entry(row[0], row[1], row[2], body, row[4], row[5])


@contextmanager
def _writing(connection):
    """A write that takes its lock at once, so that two publishers queue instead of failing midway."""
    connection.execute("begin immediate")
    try:
        yield connection
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


@contextmanager
def _faults(path):
    """SQLite's errors in our words."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise DataError(f"{path}: {error}; wait for the other run, or check the folder's rights and space.") from None
    except sqlite3.DatabaseError as error:
        raise DataError(f"{path}: {error}; the file is damaged or no ledger, restore it from a copy.") from None
