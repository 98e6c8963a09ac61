"""
Where a ledger's entries lie: one small interface, met by an SQLite file and by a PostgreSQL database.

A storage knows rows and one writer at a time; what an entry is, and its chain, is the ledger's (``store``).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from hotspot.variables import DataError

SCHEMA = 1
# SQLite's file of a study, or the one line beside it that says in which database the ledger lies instead.
FILE = "ledger.sqlite"
POINTER = "ledger.url"
URL = ("postgresql://", "postgres://")

TABLE = """
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


class Storage(Protocol):
    """Rows of the table ``entry``. SQL is written with ``?`` and plain enough for both."""

    name: str  # as messages call it

    def rows(self, sql: str, given: Sequence[Any] = ()) -> list[tuple]:
        """The rows of a query."""

    def put(self, row: Sequence[Any]) -> None:
        """Add a row to ``entry``."""

    def writing(self) -> AbstractContextManager[None]:
        """One writer at a time; all of the block is kept, or nothing; a block inside a block is part of it."""

    def fault(self) -> str:
        """What is wrong with the storage itself, or an empty text."""

    def close(self) -> None:
        """Let go of it."""


class SqliteStorage:
    """An SQLite file; see ``store`` for why it keeps the rollback journal."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.name = str(path)
        self._connection = connection

    @classmethod
    def opened(cls, path: Path) -> "SqliteStorage":
        """The file, made where there is none; raises as ``store.open_ledger``."""
        connection = None
        try:
            with faults(path):
                connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
                version = connection.execute("pragma user_version").fetchone()[0]
                require_known(str(path), version)
                if version < SCHEMA:
                    foreign = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
                    if foreign:
                        raise DataError(f"{path}: a database, but no ledger (tables {foreign}); give another path.")
                    connection.execute("pragma synchronous = extra")
                    connection.executescript(f"begin immediate; {TABLE} pragma user_version = {SCHEMA}; commit;")
                # Extra: the folder is synced too once the journal is gone, or a power cut would bring it back.
                connection.execute("pragma synchronous = extra")
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        return cls(path, connection)

    def rows(self, sql: str, given: Sequence[Any] = ()) -> list[tuple]:
        """The rows of a query."""
        with faults(self.name):
            return self._connection.execute(sql, given).fetchall()

    def put(self, row: Sequence[Any]) -> None:
        """Add a row to ``entry``."""
        self._connection.execute("insert into entry values (?, ?, ?, ?, ?, ?)", row)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A write that takes its lock at once, so that two publishers queue; inside another it is part of that one."""
        if self._connection.in_transaction:
            yield
            return
        with faults(self.name):
            self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def fault(self) -> str:
        """What SQLite says of the file, or an empty text."""
        state = self.rows("pragma integrity_check")[0][0]
        return "" if state == "ok" else str(state)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def place_of(place: str | Path) -> str | Path:
    """
    Where a ledger really lies: the database that a ``ledger.url`` beside the given file names, else what was given.

    Examples
    --------
    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> place_of(home / FILE) == home / FILE
    True
    >>> _ = (home / POINTER).write_text("postgresql:///air?study=demo\\n", encoding="utf-8")
    >>> place_of(home / FILE)
    'postgresql:///air?study=demo'
    """
    if str(place).startswith(URL):
        return str(place)
    pointer = Path(place).with_name(POINTER)
    if Path(place).name != FILE or not pointer.is_file():
        return Path(place)
    url = pointer.read_text(encoding="utf-8").strip()
    if not url.startswith(URL):
        raise DataError(f"{pointer}: {url[:40]!r} is no database; write one line like postgresql://host/db?study=id.")
    if Path(place).exists():
        raise DataError(f"{pointer}: {Path(place).name} lies beside it, so there are two ledgers; move one away.")
    return url


def url_of(database: str, study: str) -> str:
    """
    A database's URL with the study whose ledger lies there.

    Raises
    ------
    DataError
        It is no URL of PostgreSQL.

    Examples
    --------
    >>> url_of("postgresql://office@db/air", "wuhan"), url_of("postgresql://db/air?sslmode=require&study=a", "wuhan")
    ('postgresql://office@db/air?study=wuhan', 'postgresql://db/air?sslmode=require&study=a')
    """
    if not database.startswith(URL):
        raise DataError(f"{database[:60]!r} is no database of a ledger; write it like postgresql://host/db.")
    return database if "study=" in database else f"{database}{'&' if '?' in database else '?'}study={study}"


def is_there(place: str | Path) -> bool:
    """
    Was a ledger begun at this place? A database counts as begun.

    Examples
    --------
    >>> is_there("nowhere/ledger.sqlite")
    False
    """
    found = place_of(place)
    return isinstance(found, str) or found.exists()


def require_known(name: str, version: int) -> None:
    """Refuse a ledger of a newer program."""
    if version > SCHEMA:
        raise DataError(f"{name}: written by a newer program (schema {version}, ours is {SCHEMA}); update.")


@contextmanager
def faults(path: str | Path) -> Iterator[None]:
    """SQLite's errors in our words."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise DataError(f"{path}: {error}; wait for the other run, or check the folder's rights and space.") from None
    except sqlite3.DatabaseError as error:
        raise DataError(f"{path}: {error}; the file is damaged or no ledger, restore it from a copy.") from None
