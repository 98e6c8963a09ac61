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

from hotspot.ledger.storage import SCHEMA, require_known
from hotspot.variables import DataError

_WAIT = 30  # s, as for a file
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

    def __init__(self, name: str, schema: str, connection: Any) -> None:
        self.name = name
        self._schema = schema
        self._connection = connection

    @classmethod
    def opened(cls, url: str) -> "PostgresStorage":
        """
        The schema named by the URL, made where there is none.

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
        try:
            import psycopg
        except ImportError:
            raise DataError(f"{name}: the PostgreSQL driver is not there; install hotspot[postgres].") from None
        connection = None
        try:
            with _faults(name):
                connection = psycopg.connect(plain, autocommit=True, connect_timeout=_WAIT, client_encoding="UTF8")
                connection.execute(f"set lock_timeout = '{_WAIT}s'")
                storage = cls(name, schema, connection)
                storage._prepare()
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        return storage

    def _prepare(self) -> None:
        there = self._connection.execute(
            "select 1 from pg_tables where schemaname = %s and tablename = 'entry'", (self._schema,)
        ).fetchone()
        if there is None:
            with self._locked():
                self._connection.execute(f'create schema if not exists "{self._schema}"')
                self._connection.execute(f'set local search_path to "{self._schema}"')
                self._connection.execute(_TABLE)
                if not self._connection.execute("select 1 from ledger_schema").fetchone():
                    self._connection.execute("insert into ledger_schema values (%s)", (SCHEMA,))
        self._connection.execute(f'set search_path to "{self._schema}"')
        row = self._connection.execute("select version from ledger_schema").fetchone()
        require_known(self.name, row[0] if row else 0)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._connection.transaction():
            self._connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (self._schema,))
            yield

    def rows(self, sql: str, given: Sequence[Any] = ()) -> list[tuple]:
        """The rows of a query."""
        with _faults(self.name):
            return self._connection.execute(sql.replace("?", "%s"), list(given)).fetchall()

    def put(self, row: Sequence[Any]) -> None:
        """Add a row to ``entry``."""
        self._connection.execute("insert into entry values (%s, %s, %s, %s, %s, %s)", list(row))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writer at a time: an advisory lock of the study's own, let go with the transaction."""
        with _faults(self.name), self._locked():
            yield

    def fault(self) -> str:
        """A database checks its own pages; there is nothing to add."""
        return ""

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


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


@contextmanager
def _faults(name: str) -> Iterator[None]:
    """PostgreSQL's errors in our words, one line."""
    import psycopg

    try:
        yield
    except psycopg.errors.LockNotAvailable:
        raise DataError(f"{name}: another office has been writing for {_WAIT} s; wait for it to end.") from None
    except psycopg.OperationalError as error:
        said = str(error).strip().splitlines()
        raise DataError(
            f"{name}: {said[0] if said else 'no answer'}; check that the server runs and answers."
        ) from None
    except psycopg.Error as error:
        said = str(error).strip().splitlines()
        raise DataError(
            f"{name}: {said[0] if said else 'refused'}; check the rights, or restore from a copy."
        ) from None
