"""
A ledger that somebody else handed over: read, never written, no link followed, no table but ours, and no
database asked that the reader did not name.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotspot.ledger.chain.storage import POINTER, TABLE, SqliteStorage, faults, place_of, require_known
from hotspot.ledger.chain.store import Ledger, open_ledger
from hotspot.variables import DataError


@contextmanager
def read_ledger(path: Path | str) -> Iterator[Ledger]:
    """
    Open a ledger only to read it; closes when the block ends.

    Yields
    ------
    Ledger, on which nothing can be entered

    Raises
    ------
    DataError
        It is a link, damaged, of a newer program, or its table is not the one we make: a view by that name
        could be without end.

    Examples
    --------
    >>> with read_ledger("nowhere/ledger.sqlite") as ledger:
    ...     pass
    Traceback (most recent call last):
    hotspot.variables.DataError: nowhere/ledger.sqlite: is a link or no file; give a ledger itself.
    """
    path = Path(path)
    if path.with_name(POINTER).is_file() and not os.path.lexists(path):
        # A stranger's folder must not make this machine call a server of the stranger's choice.
        url = place_of(path)
        if os.environ.get("HOTSPOT_LEDGER", "").strip() != url:
            raise DataError(
                f"{path.with_name(POINTER)}: the ledger lies in a database; set HOTSPOT_LEDGER to the URL in that "
                "file to say that you trust it."
            )
        with open_ledger(url) as ledger:
            yield ledger
        return
    if path.is_symlink() or not path.is_file():
        raise DataError(f"{path}: is a link or no file; give a ledger itself.")
    connection = None
    try:
        with faults(path):
            connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", timeout=30.0, isolation_level=None, uri=True
            )
            connection.execute("pragma trusted_schema = off")
            version = connection.execute("pragma user_version").fetchone()[0]
            require_known(str(path), version)
            found = connection.execute("select type, sql from sqlite_master where name = 'entry'").fetchall()
            ours = _plain(TABLE.split(";")[0].replace("if not exists ", ""))
            if [(kind, _plain(sql or "")) for kind, sql in found] != [("table", ours)]:
                raise DataError(f"{path}: no ledger (its table is not the one we make); restore it from a copy.")
        yield Ledger(SqliteStorage(path, connection))
    finally:
        if connection is not None:
            connection.close()


def _plain(sql: str) -> str:
    return " ".join(sql.lower().split())
