"""
Where accounts and sessions lie: beside the ledger, in the same kind of database, and never in the ledger itself.

``desk.sqlite`` beside ``ledger.sqlite``, or the schema ``STUDY:desk`` of the database that ``ledger.url`` names.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hotspot.ledger.chain import connections
from hotspot.ledger.chain.connections import pool_of
from hotspot.ledger.chain.postgres import split_url
from hotspot.ledger.chain.storage import FILE, faults, place_of

NAME, MOVED = "desk.sqlite", "desk-moved.sqlite"
# What goes with a desk to another place, with its columns. Sessions, codes and failed logins do not: who comes back
# logs in again.
KEPT = {
    "account": ("login", "person", "name", "place", "role", "password", "made", "stopped"),
    "act": ("at", "login", "what"),
}
# Times are seconds since 1970 (UTC). Secrets are kept as SHA-256, passwords as argon2.
_TABLES = """
create table if not exists account (
  login text primary key,
  person text not null,
  name text not null,
  place text not null,
  role text not null,
  password text not null,
  made bigint not null,
  stopped bigint not null
);
create table if not exists session (
  secret text primary key,
  login text not null,
  csrf text not null,
  made bigint not null,
  seen bigint not null
);
create table if not exists invitation (secret text primary key, login text not null, until bigint not null);
create table if not exists attempt (login text not null, address text not null, at bigint not null);
create index if not exists attempt_at on attempt (at);
create table if not exists act (at bigint not null, login text not null, what text not null);
"""


class Store:
    """An open store; get one from ``open_store``. SQL is written with ``?`` and plain enough for both."""

    def __init__(self, connection: Any, mark: str) -> None:
        self._connection, self._mark = connection, mark

    def rows(self, sql: str, *given: Any) -> list[tuple]:
        """The rows of a query."""
        return list(self._connection.execute(sql.replace("?", self._mark), given).fetchall())

    def run(self, sql: str, *given: Any) -> int:
        """Do something; the number of rows it changed."""
        return int(self._connection.execute(sql.replace("?", self._mark), given).rowcount)


@contextmanager
def open_store(home: Path) -> Iterator[Store]:
    """
    Open the store of a study's folder, making it where there is none; what the block does is kept whole or not at all.

    Parameters
    ----------
    home : Path, ``OUT/<study id>``

    Raises
    ------
    DataError
        The database does not answer, is damaged or may not be written.

    Examples
    --------
    >>> import tempfile
    >>> with open_store(Path(tempfile.mkdtemp())) as store:
    ...     store.rows("select count(*) from account")
    [(0,)]
    """
    place = place_of(home / FILE)
    if isinstance(place, str):
        with _postgres(place) as store:
            yield store
        return
    with _sqlite(home / NAME) as store:
        yield store


@contextmanager
def _sqlite(path: Path) -> Iterator[Store]:
    with faults(path):
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=30.0)
        try:
            if not connection.execute("select 1 from sqlite_master where name = 'account'").fetchone():
                connection.executescript(_TABLES)
            with connection:
                yield Store(connection, "?")
        finally:
            connection.close()


@contextmanager
def _postgres(url: str) -> Iterator[Store]:
    plain, study, name = split_url(url)
    schema, pool = f"{study}:desk", pool_of(plain)
    with connections.faults(name):
        connection, there = pool.take(schema, "select to_regclass('act')")
        try:
            if there == (None,):
                with connections.locked(connection, schema):
                    connection.execute(f'create schema if not exists "{schema}"')
                    connection.execute(_TABLES)
            with connection.transaction():
                yield Store(connection, "%s")
        finally:
            pool.give(connection)


def accounts_follow(home: Path) -> int:
    """
    Bring the accounts of a study's file into the database to which its ledger has moved; how many.

    The file becomes ``desk-moved.sqlite``. Sessions stay behind: everybody logs in again.
    """
    if not (home / NAME).is_file() or not isinstance(place_of(home / FILE), str):
        return 0
    with _sqlite(home / NAME) as old:
        tables = {name: old.rows(f"select {', '.join(columns)} from {name}") for name, columns in KEPT.items()}
    with open_store(home) as new:
        if not new.rows("select 1 from account limit 1"):
            insert_all(new, tables)
    (home / NAME).replace(home / MOVED)
    return len(tables["account"])


def insert_all(store: Store, tables: Mapping[str, Iterable[Sequence[Any]]]) -> None:
    """Put rows of the tables of ``KEPT`` into a store."""
    for name, columns in KEPT.items():
        marks = ", ".join("?" * len(columns))
        for row in tables[name]:
            store.run(f"insert into {name} ({', '.join(columns)}) values ({marks})", *row)


def one(rows: Sequence[tuple]) -> tuple | None:
    """The first row, or None."""
    return rows[0] if rows else None
