"""
Whether a month that stands published would come out the same: told without making it again.

Beside a month stands what it was made from: the code, the libraries, the study, every file the study
names and what lies beside it, the lists in force, the end of the ledger. A delivered file is known by its
size and by when it was changed last, as version control does; the published files are hashed. Whatever
differs, or cannot be told, and the month is made.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from hotspot.ledger.chain.storage import is_there
from hotspot.ledger.chain.store import open_ledger
from hotspot.patterns import match_files
from hotspot.publish.manifest import LIBRARIES
from hotspot.publish.release import LEDGER, stands
from hotspot.registry import outsiders
from hotspot.study import Study


def made_from(study: Study) -> str:
    """
    What a month of a study hangs on outside its output folder, as one hash; taken before anything is read.

    Returns
    -------
    str, hexadecimal; empty where it cannot be told, because something from outside the package takes part

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> study = synthetic_month(size="small").study
    >>> made_from(study) == made_from(study)
    True
    """
    if outsiders():
        return ""
    libraries = {name: metadata.version(name) for name in LIBRARIES}
    criteria = study.criteria.model_dump(mode="json")
    about = [package_code(), libraries, criteria, hashlib.sha256(study.path.read_bytes()).hexdigest()]
    return _hash([*about, study.pollutant.own_words, str(study.root), sorted(_states(_named(study)))])


def is_unchanged(month: str, home: Path, inputs: str) -> bool:
    """
    Whether the published month is whole and what it was made from is as it was.

    Parameters
    ----------
    home : Path
        ``OUT/<study id>``.
    inputs : str, from ``made_from``
    """
    try:
        record = json.loads(_record(home, month).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not inputs or not is_there(home / LEDGER) or not (home / month).is_dir():
        return False
    with open_ledger(home / LEDGER) as ledger:
        now = _state(month, home, inputs, ledger.head)
        same = isinstance(record, dict) and all(record.get(name) == now[name] for name in now)
        return same and stands(ledger, month, home / month)


def lists_of(month: str, home: Path) -> str:
    """The lists of a month's year as they lie in ``OUT/<study id>``, as one hash."""
    return _hash(sorted(_states(home.glob(f"hotspots-{month[:4]}*"))))


def remember(month: str, home: Path, inputs: str) -> None:
    """Keep what a month that has just been published was made from; nothing where nothing can be written."""
    with open_ledger(home / LEDGER) as ledger:
        record = _state(month, home, inputs, ledger.head)
    with suppress(OSError):
        _record(home, month).write_text(json.dumps(record, sort_keys=True) + "\n", encoding="utf-8")


@cache
def package_code() -> str:
    """A hash of the package's own code, tables and templates."""
    package, digest = Path(__file__).resolve().parents[2], hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _record(home: Path, month: str) -> Path:
    return home / f".{month}.made"


def _state(month: str, home: Path, inputs: str, head: str) -> dict[str, str]:
    """What a month hangs on, as three hashes: outside its folder, the lists of its year, the end of the ledger."""
    return {"inputs": inputs, "lists": lists_of(month, home), "head": head}


def _named(study: Study) -> set[Path]:
    """Every file a study names, by itself, by a pattern or by its folder, and the files beside it."""
    named: set[Path] = set()
    folders: set[Path] = set()  # each is listed once, however many of its files are named
    for text in _texts(study.model_dump(mode="json", exclude={"criteria", "path", "root"})):
        with suppress(ValueError, OSError):  # no text that names a file
            place = study.root / text
            for path in [place] if place.exists() else match_files(study.root, text):
                if path.is_dir() and path.resolve() in (study.root, *study.root.parents):
                    continue  # everything there is
                named.add(path)
                if path.is_dir():
                    named.update(path.rglob("*"))
                else:
                    folders.add(path.parent)
    for folder in folders:
        named.update(folder.iterdir())
    return {path for path in named if path.is_file()}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from [value] if value.strip() else []
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _states(paths: Iterable[Path]) -> Iterator[list[Any]]:
    for path in paths:
        state = os.stat(path)
        yield [str(path), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
