"""A home of the loop: a study's folder whose ledger knows one published month."""

from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study


def loop_home(file, folder, month):
    """``folder`` with ``STUDY/ledger.sqlite`` in it, in which ``month`` was published with an empty list."""
    study = load_study(file, data=file.parent)
    (folder / study.id).mkdir()
    with open_ledger(folder / study.id / "ledger.sqlite") as ledger:
        ledger.append("month", month, {"warned": []})
    return folder
