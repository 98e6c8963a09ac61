"""
A ledger that somebody else handed over: read, never written, no link followed, and no table but ours.
"""

import sqlite3
from contextlib import contextmanager
from pathlib import Path

from hotspot.ledger.store import _TABLE, SCHEMA, Ledger, _faults
from hotspot.variables import DataError


@contextmanager
def read_ledger(path):
    """
    Open a ledger only to read it; closes when the block ends.

    Parameters
    ----------
    path : str or Path

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
    if path.is_symlink() or not path.is_file():
        raise DataError(f"{path}: is a link or no file; give a ledger itself.")
    connection = None
    try:
        with _faults(path):
            connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", timeout=30.0, isolation_level=None, uri=True
            )
            connection.execute("pragma trusted_schema = off")
            version = connection.execute("pragma user_version").fetchone()[0]
            if version > SCHEMA:
                raise DataError(f"{path}: written by a newer program (schema {version}, ours is {SCHEMA}); update.")
            found = connection.execute("select type, sql from sqlite_master where name = 'entry'").fetchall()
            ours = _plain(_TABLE.split(";")[0].replace("if not exists ", ""))
            if [(kind, _plain(sql or "")) for kind, sql in found] != [("table", ours)]:
                raise DataError(f"{path}: no ledger (its table is not the one we make); restore it from a copy.")
        yield Ledger(path, connection)
    finally:
        if connection is not None:
            connection.close()


def _plain(sql):
    return " ".join(sql.lower().split())
