"""A ledger moved from its file into a database: every entry with its hash, then the file is put aside."""

from pathlib import Path

from hotspot.ledger.storage import FILE, POINTER
from hotspot.ledger.store import open_ledger
from hotspot.text.whole import write_whole
from hotspot.variables import DataError


def move_ledger(home: str | Path, url: str) -> int:
    """
    Move a study's ledger into PostgreSQL.

    Parameters
    ----------
    home : str or Path
        ``OUT/<study id>``. Its ``ledger.sqlite`` becomes ``ledger-moved.sqlite``; ``ledger.url`` names the database
        from then on. Where there is no file, the ledger begins in the database.
    url : str
        ``postgresql://host/db?study=ID``

    Returns
    -------
    int, the number of entries that were moved

    Raises
    ------
    DataError
        The chain is broken, the database holds other entries, or does not answer. The file is then as it was.
    ValueError
        The address names no database.
    """
    home = Path(home)
    if not str(url).startswith(("postgresql://", "postgres://")):
        raise ValueError(f"{url}: is no database; give postgresql://HOST/DB.")
    entries = []
    if (home / FILE).exists():
        with open_ledger(home / FILE) as old:
            old.verify()
            entries = old.entries()
    with open_ledger(url) as new:
        there = new.entries()
        if there and entries and there != entries:  # a move cut off before the pointer is taken up again
            raise DataError(f"{new.path}: is not empty and holds another chain; give another study or database.")
        if not there:
            new.copy(entries)
        new.verify()
    home.mkdir(parents=True, exist_ok=True)
    if (home / FILE).exists():
        (home / FILE).replace(home / "ledger-moved.sqlite")
    write_whole(home / POINTER, f"{url}\n".encode())
    return len(entries)
