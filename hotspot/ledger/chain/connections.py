"""
Connections to PostgreSQL that stay open and are lent, so that a page of the desk does not dial anew.

A process keeps a few to each database, and one of several threads that finds all of them out waits. A connection that
was kept is tried before it is lent: where the database went away meanwhile it is dropped and another one is made. A
forked child has a pool of its own, since a connection cannot be shared.
"""

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hotspot.variables import DataError

WAIT = 30  # s, for a lock, a connection, an answer, as for a file
MOST = 10  # at once, of one process: ten of them are what PostgreSQL takes by default (proposal)
# A database whose machine vanished says nothing; without these a kept connection would wait for hours.
_DIAL: dict[str, Any] = {
    "connect_timeout": WAIT, "keepalives_idle": WAIT, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 1000 * WAIT,
}  # fmt: skip
_POOLS: dict[tuple[int, str], "Pool"] = {}


class Pool:
    """The connections of one process to one database; get it from ``pool_of``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._free: list[Any] = []  # the last one given back is lent first
        self._places = threading.BoundedSemaphore(MOST)

    def take(self, schema: str, probe: str) -> tuple[Any, Any]:
        """
        A connection that looks into a schema; hand it to ``give`` afterwards.

        Parameters
        ----------
        probe : str
            SQL of one statement without values: what it says is asked of every connection that is lent.

        Returns
        -------
        (connection, row): in autocommit; the first row of the probe, None where there is none or no such table yet

        Raises
        ------
        DataError
            All connections have been out for ``WAIT`` seconds.
        psycopg.Error
            The database does not answer, or refuses.
        """
        if not self._places.acquire(timeout=WAIT):
            raise DataError(f"all {MOST} connections have been in use for {WAIT} s; try again when fewer people write.")
        try:
            return self._tried(schema, probe)
        except BaseException:
            self._places.release()
            raise

    def _tried(self, schema: str, probe: str) -> tuple[Any, Any]:
        import psycopg

        for connection in iter(self._last_free, None):
            try:
                return connection, _looked(connection, schema, probe)
            except psycopg.Error:  # the database was away since; if it refuses, the new connection says so
                connection.close()
        connection = psycopg.connect(self._url, autocommit=True, client_encoding="UTF8", **_DIAL)
        try:
            connection.execute(f"set lock_timeout = '{WAIT}s'")
            return connection, _looked(connection, schema, probe)
        except BaseException:
            connection.close()
            raise

    def _last_free(self) -> Any:
        try:
            return self._free.pop()
        except IndexError:
            return None

    def give(self, connection: Any) -> None:
        """Take a connection back; one that is broken or in the middle of something is ended."""
        from psycopg.pq import TransactionStatus

        if connection.info.transaction_status == TransactionStatus.IDLE and not connection.closed:
            self._free.append(connection)
        else:
            connection.close()
        self._places.release()

    def close(self) -> None:
        """End what is not lent."""
        for connection in iter(self._last_free, None):
            connection.close()


def pool_of(url: str) -> Pool:
    """This process's pool to a database; what a parent process had is left to it."""
    return _POOLS.setdefault((os.getpid(), url), Pool(url))


@atexit.register
def _close() -> None:
    for (pid, _), pool in list(_POOLS.items()):
        if pid == os.getpid():
            pool.close()


def _looked(connection: Any, schema: str, probe: str) -> Any:
    """Turn to a schema and ask the probe, in one way there and back."""
    import psycopg

    try:
        cursor = connection.execute(f'set search_path to "{schema}"; {probe}')
        cursor.nextset()
        return cursor.fetchone()
    except psycopg.errors.UndefinedTable:
        connection.execute(f'set search_path to "{schema}"')
        return None


@contextmanager
def locked(connection: Any, name: str) -> Iterator[None]:
    """A transaction with one writer at a time: an advisory lock of a name, let go with the transaction."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))
        yield


@contextmanager
def faults(name: str) -> Iterator[None]:
    """PostgreSQL's errors in our words, one line."""
    try:
        import psycopg
    except ImportError:
        raise DataError(f"{name}: the PostgreSQL driver is not there; install hotspot[postgres].") from None
    try:
        yield
    except psycopg.errors.LockNotAvailable:
        raise DataError(f"{name}: another office has been writing for {WAIT} s; wait for it to end.") from None
    except psycopg.Error as error:
        away = isinstance(error, psycopg.OperationalError)
        said = (str(error).strip().splitlines() or ["no answer" if away else "refused"])[0]
        do = "check that the server runs and answers" if away else "check the rights, or restore from a copy"
        raise DataError(f"{name}: {said}; {do}.") from None
