"""A ledger moved from its file into a database: every entry with its hash, then the file is put aside."""

from pathlib import Path

from hotspot.ledger.chain.storage import FILE, POINTER
from hotspot.ledger.chain.store import Entry, open_ledger
from hotspot.text.whole import write_whole
from hotspot.variables import DataError

MOVED = "ledger-moved.sqlite"


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
        The chain is broken, the database holds other entries, or does not answer: the file is then as it was. Or the
        ledger lies in another database.
    """
    home, pointer = Path(home), Path(home) / POINTER
    if pointer.is_file():
        said = pointer.read_text(encoding="utf-8").strip()
        if said != url:
            raise DataError(
                f"{home.name}: its ledger lies in {said}; take it elsewhere with `hotspot backup`, `restore`."
            )
        if not (home / FILE).exists():
            return 0
        pointer.unlink()  # a move that was cut off: the file is the ledger until all of it is there
    if not (home / FILE).exists():
        _into(url, [])
        home.mkdir(parents=True, exist_ok=True)
        write_whole(pointer, f"{url}\n".encode())
        return 0
    with open_ledger(home / FILE) as old, old.alone():  # nobody writes into it meanwhile
        old.verify()
        entries = old.entries()
        _into(url, entries)
        # Cut off between these two there are two ledgers, which every command refuses; never none, which begins anew.
        write_whole(pointer, f"{url}\n".encode())
    (home / FILE).replace(home / MOVED)
    return len(entries)


def _into(url: str, entries: list[Entry]) -> None:
    with open_ledger(url) as new:
        there = new.entries()
        if there and entries and there != entries:  # a move cut off before the pointer is taken up again
            raise DataError(f"{new.path}: is not empty and holds another chain; give another study or database.")
        if not there:
            new.copy(entries)
        new.verify()
