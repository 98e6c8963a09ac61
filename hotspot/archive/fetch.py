"""
What is new of the archives that a study names, into its data folder.

A file is there whole or not at all: it comes beside its place, is held against the size that the store said, and is
put there in one rename. What came once is not fetched again; what was restated at its source is told, and taken only
where that was asked for, the earlier bytes kept beside it.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hotspot.archive.far import Far, Refused
from hotspot.archive.names import folded
from hotspot.archive.near import Near, Place
from hotspot.study import Study
from hotspot.study_archive import Archive
from hotspot.text.door import shown
from hotspot.variables import DataError

_LOG = logging.getLogger(__name__)
_BROKEN = 3  # connections cut one after another that end a fetch (proposal)
COUNTS = ("new", "unchanged", "restated", "refused", "gone", "bytes")


def fetch_archive(study: Study, *, restated: bool = False, dry_run: bool = False) -> dict[str, Any]:
    """
    Bring what is new of a study's archives into its data folder.

    Parameters
    ----------
    study : Study
        With ``[[archive]]``.
    restated : bool
        Take files that changed at their source since they were fetched; what they were stays beside them as
        ``NAME.before-HASH``, which no pattern takes for a delivery. Else they are told and counted as refused.
    dry_run : bool
        Look and tell; nothing is written.

    Returns
    -------
    dict: ``new``, ``unchanged``, ``restated``, ``refused`` and ``gone`` (numbers of files), ``bytes`` that came,
    ``complete`` (nothing was refused), ``files`` (those that came: ``file``, ``size``, ``sha256``), ``told`` (list of
    sentences about the others), ``sentences``

    Raises
    ------
    DataError
        The study names no archive; or a store does not answer, refuses, or has no such folder; or the disk is full.
        What came until then is whole and stays, and the next run goes on from there.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import hotspot as hs
    >>> folder = Path(tempfile.mkdtemp())
    >>> path = hs.write_study(folder / "study", size="small")
    >>> (folder / "far").mkdir()
    >>> for name in ("pm25_20251201.tif", "pm25_20251202.tif"):
    ...     _ = (folder / "far" / name).write_bytes(b"1234")
    >>> table = f'[[archive]]\\nurl = "file://{folder}/far"\\nfiles = ["pm25_*.tif"]\\ninto = "daily"\\n'
    >>> _ = path.write_text(path.read_text(encoding="utf-8") + table, encoding="utf-8")
    >>> fetch_archive(hs.load_study(path))["sentences"][-1]
    '2 new, 0 unchanged, 0 restated, 0 refused; 8 bytes fetched'
    >>> fetch_archive(hs.load_study(path))["unchanged"]
    2
    """
    if not study.archive:
        raise DataError(f"{study.id} declares no [[archive]]; add one to {study.path.name}, see docs/scaling.md.")
    account = _Account()
    with Near(study.root, dry_run=dry_run) as near:
        for archive in study.archive:
            with Far(archive) as far:
                places = _to_bring(archive, list(far.listed()), near, account, restated)
                _bring(archive, places, far, near, account)
    count, verb = account.count, "would come" if dry_run else "fetched"
    last = ", ".join(f"{count[word]} {word}" for word in COUNTS[:4]) + f"; {count['bytes']:,} bytes {verb}"
    answer = {word: count[word] for word in COUNTS} | {"complete": not count["refused"]}
    return answer | {"files": account.files, "told": account.told, "sentences": [*account.told, last]}


@dataclass
class _Account:
    """What became of every file of a run."""

    count: Counter[str] = field(default_factory=Counter)
    files: list[dict[str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    listed: dict[str, str] = field(default_factory=dict)  # folded name -> name, of all archives

    def tell(self, what: str, file: str, words: str) -> None:
        self.told.append(f"{what}: {shown(file)}{words}")

    def refuse(self, file: str, why: str) -> None:
        self.count["refused"] += 1
        self.tell("refused", file, f" {why}")


def _to_bring(
    archive: Archive, listed: list[dict[str, Any]], near: Near, account: _Account, restated: bool
) -> list[Place]:
    """What is to come, once an archive was listed to its end; everything else is in the account."""
    _LOG.info("%s: %d files listed", archive.url, len(listed))
    places = []
    for found, file, why in _sound(listed, archive, near, account.listed):
        if why:
            account.refuse(file, why)
            continue
        place = near.place(file, found, archive)
        if place.why:
            account.refuse(file, place.why)
        elif place.state == "unchanged":
            account.count["unchanged"] += 1
        elif place.state == "restated" and not restated:
            account.refuse(
                file, "changed at its source since it was fetched; --restated takes it and keeps what it was"
            )
        else:
            places.append(place)
    for file in near.gone(archive, {near.named(archive, found["name"]) for found in listed}):
        account.count["gone"] += 1
        account.tell("gone", file, " is no longer at its source; it stays here")
    return places


def _bring(archive: Archive, places: list[Place], far: Far, near: Near, account: _Account) -> None:
    """One file after another; a file that does not come whole stops no other, a store that is gone ends the run."""
    broken = 0
    for place, came in _each(places, near):
        try:
            one = near.bring(place, far, came, archive)
        except Refused as error:
            account.refuse(place.file, f"{error}; run again")
            broken = broken + 1 if error.broken else 0
            if broken >= _BROKEN:
                why = f"{archive.url}: {broken} connections were cut one after another"
                raise DataError(_ended(why, account)) from None
            continue
        except DataError as error:
            raise DataError(_ended(str(error).rstrip("."), account)) from None
        broken = 0
        account.count[one["what"]] += 1
        account.count["bytes"] += one["size"]
        account.files.append({key: one[key] for key in ("file", "size", "sha256")})
        for words in one["words"]:
            account.tell(one["what"], place.file, words)
        _LOG.info("%s: %s, %d bytes", shown(place.file), one["what"], one["size"])


def _ended(why: str, account: _Account) -> str:
    return f"{why}. {len(account.files)} files came before, whole; run again to go on."


def _each(places: list[Place], near: Near) -> Iterator[tuple[Place, Any]]:
    """The places, with what the bar is told of their bytes."""
    from tqdm import tqdm

    total = sum(place.found["size"] for place in places)
    off = True if near.dry_run else None
    with tqdm(total=total, desc="fetch", unit="B", unit_scale=True, disable=off, leave=False) as bar:
        for place in places:
            yield place, bar.update


def _sound(
    listed: list[dict[str, Any]], archive: Archive, near: Near, known: dict[str, str]
) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Each listed file with its name here and why it cannot be taken, or ""; ``known`` gets them all."""
    named = [(found, near.named(archive, found["name"])) for found in sorted(listed, key=lambda one: str(one["name"]))]
    times = Counter(folded(file) for found, file in named if not found["why"])
    folders = {folded(file[:at]) for _, file in named for at, letter in enumerate(file) if letter == "/"}
    for found, file in named:
        why, key = found["why"], folded(file)
        if not why and times[key] > 1:
            why = "and another name differ only in case; no folder of every system holds both"
        elif not why and key in known:
            why = "comes from two archives of the study; let one of them name it"
        elif not why and key in folders:
            why = "is a file, and a folder of other files"
        elif not why and found["size"] > archive.largest_mb * 1e6:
            why = f"has {found['size']:,} bytes, more than largest_mb = {archive.largest_mb:g}"
        known.setdefault(key, file)
        yield found, file, why
