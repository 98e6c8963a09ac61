"""
A ledger in PostgreSQL, for several offices on one chain (DESIGN 6): the same entries and hashes as in a file.

Each study has a schema of its own; one writer at a time by an advisory lock that ends with its transaction.
A password never stands in a URL: it comes from the machine (``PGPASSFILE``, ``PGPASSWORD``, the socket's user).
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from hotspot.ledger.chain.connections import Pool, faults, locked, pool_of
from hotspot.ledger.chain.storage import SCHEMA, require_known
from hotspot.variables import DataError

_TABLE = """
create table if not exists ledger_schema (version integer not null);
create table if not exists entry (
  seq bigint primary key,
  kind text not null,
  month text not null,
  body text not null,
  previous text not null,
  hash text not null unique
);
create index if not exists entry_of_month on entry (kind, month, seq);
create or replace function entry_stays() returns trigger language plpgsql as
  $$ begin raise exception 'the ledger is append-only: an entry is not changed or removed'; end $$;
create or replace trigger entry_is_not_changed before update or delete or truncate on entry
  for each statement execute function entry_stays();
"""


class PostgresStorage:
    """One study's schema in a database; get it from ``store.open_ledger`` with a URL."""

    def __init__(self, name: str, schema: str, connection: Any, pool: Pool) -> None:
        self.name = name
        self._schema = schema
        self._connection = connection
        self._pool = pool

    @classmethod
    def opened(cls, url: str) -> "PostgresStorage":
        """
        The schema named by the URL, made where there is none, over a connection that is lent (``connections``).

        Parameters
        ----------
        url : str
            ``postgresql://[user@][host][:port]/database?study=ID``; further parameters are libpq's.

        Raises
        ------
        DataError
            No driver, no server, no right to it, a password in the URL, or written by a newer program.
        """
        plain, schema, name = split_url(url)
        pool = pool_of(plain)
        with faults(name):
            connection, version = pool.take(schema, "select version from ledger_schema")
            storage = cls(name, schema, connection, pool)
            try:
                if version is None:
                    storage._make()
                else:
                    require_known(name, version[0])
            except BaseException:
                storage.close()
                raise
        return storage

    def _make(self) -> None:
        # "if not exists" believes what this connection remembers, and it remembers that the probe found no schema,
        # also where another office has made it while this one waited for the lock; a query does not.
        seen = "select 1 from pg_catalog.pg_namespace where nspname = %s"
        with locked(self._connection, self._schema):
            if not self._connection.execute(seen, (self._schema,)).fetchone():
                self._connection.execute(f'create schema "{self._schema}"')
            self._connection.execute(_TABLE)
            if not self._connection.execute("select 1 from ledger_schema").fetchone():
                self._connection.execute("insert into ledger_schema values (%s)", (SCHEMA,))

    def rows(self, sql: str, given: Sequence[Any] = ()) -> list[tuple]:
        """The rows of a query."""
        with faults(self.name):
            return self._connection.execute(sql.replace("?", "%s"), list(given)).fetchall()

    def put(self, row: Sequence[Any]) -> None:
        """Add a row to ``entry``."""
        self._connection.execute("insert into entry values (%s, %s, %s, %s, %s, %s)", list(row))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writer at a time: an advisory lock of the study's own, let go with the transaction."""
        with faults(self.name), locked(self._connection, self._schema):
            yield

    def fault(self) -> str:
        """A database checks its own pages; there is nothing to add."""
        return ""

    def close(self) -> None:
        """Give the connection back."""
        self._pool.give(self._connection)


def split_url(url: str) -> tuple[str, str, str]:
    """
    A URL without our own parameter, the study it names, and how messages call it.

    Examples
    --------
    >>> split_url("postgresql://office@db.gov/air?study=wuhan-2020&sslmode=require")
    ('postgresql://office@db.gov/air?sslmode=require', 'wuhan-2020', 'postgresql://office@db.gov/air?study=wuhan-2020')
    >>> split_url("postgresql://me:secret@db/air?study=a")
    Traceback (most recent call last):
    hotspot.variables.DataError: a password stands in the ledger's URL; put it into the file that PGPASSFILE names.
    """
    try:
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        secret = parts.password is not None or "password" in given
    except ValueError:
        raise DataError("the ledger's URL cannot be read; write it like postgresql://host/db?study=id.") from None
    if secret:
        raise DataError("a password stands in the ledger's URL; put it into the file that PGPASSFILE names.")
    study = given.pop("study", "")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", study):
        raise DataError(f"the ledger's URL names the study {study!r}; end it with ?study= and the study's id.")
    plain = urlunsplit(parts._replace(query=urlencode(given)))
    # urlunsplit drops the empty host of postgresql:///db; libpq wants it.
    if not parts.netloc and not plain.startswith(f"{parts.scheme}://"):
        plain = plain.replace(f"{parts.scheme}:", f"{parts.scheme}://", 1)
    return plain, study, f"{parts.scheme}://{parts.netloc}{parts.path}?study={study}"
