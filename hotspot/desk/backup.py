"""
A desk in one file, and back: the chain, the accounts, the photos. Made while the desk runs, for either database.

The chain is kept as its entries, a line each, so a copy of a file can be restored into PostgreSQL and the other way
round, every number and hash as it was. Published months are plain files below ``OUT/<study id>``, copied as such.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hotspot.desk.store import KEPT, NAME, insert_all, open_store
from hotspot.ledger.chain.photos import FOLDER
from hotspot.ledger.chain.photos import Photos as KeptPhotos
from hotspot.ledger.chain.storage import FILE, POINTER, is_there
from hotspot.ledger.chain.store import START, Entry, canonical, entry_hash, open_ledger
from hotspot.variables import DataError

ABOUT, CHAIN, ACCOUNTS = "backup.json", "chain.jsonl", "accounts.json"
_FORMAT = 1
_PHOTO = re.compile(rf"{FOLDER}/[0-9a-f]{{64}}\.(original|json|jpg)")
_RATIO = 200  # a member that unpacks to more is none of ours


def back_up(home: Path, file: Path) -> dict[str, Any]:
    """
    Write one file with everything that the desk of a study holds.

    Parameters
    ----------
    home : Path, ``OUT/<study id>``
    file : Path
        Replaced in one step when it is whole; for its owner alone, since accounts and positions stand in it.

    Returns
    -------
    dict: ``entries``, ``head``, ``accounts``, ``photos`` (numbers and the chain's head)

    Raises
    ------
    DataError
        There is no ledger, its chain is broken, or the file cannot be written.
    """
    if not is_there(home / FILE):
        raise DataError(f"{home / FILE}: there is no ledger to back up; give --out.")
    with open_ledger(home / FILE) as ledger:
        ledger.verify()
        entries = ledger.entries()
    with open_store(home) as store:
        tables = {
            name: [list(row) for row in store.rows(f"select {', '.join(columns)} from {name}")]
            for name, columns in KEPT.items()
        }
    # Photos after the chain: an entry is written after its photos, so all that the chain names are there.
    photos = KeptPhotos(home / FOLDER).files()
    head = entries[-1].hash if entries else START
    members: dict[str, bytes | Path] = {
        CHAIN: "".join(canonical(asdict(entry)) + "\n" for entry in entries).encode(),
        ACCOUNTS: json.dumps(tables, ensure_ascii=False, sort_keys=True).encode(),
    }
    members |= {f"{FOLDER}/{path.name}": path for path in photos}
    told = {"entries": len(entries), "head": head, "accounts": len(tables["account"]), "photos": len(photos) // 3}
    try:
        _write(Path(file), members, {"format": _FORMAT, "study": home.name} | told)
    except OSError as error:
        raise DataError(f"{file}: cannot be written ({error.strerror}); check space and rights.") from None
    return told


def _write(file: Path, members: Mapping[str, bytes | Path], about: dict[str, Any]) -> None:
    descriptor, place = tempfile.mkstemp(prefix=".backup-", dir=file.parent)  # 0600 by itself
    try:
        with os.fdopen(descriptor, "wb") as stream:
            sums = {}
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, held in members.items():
                    data = held if isinstance(held, bytes) else held.read_bytes()
                    sums[name] = hashlib.sha256(data).hexdigest()
                    archive.writestr(name, data, zipfile.ZIP_STORED if name.endswith(".jpg") else None)
                archive.writestr(ABOUT, json.dumps(about | {"sha256": sums}, sort_keys=True, indent=1))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(place, file)
    except BaseException:
        Path(place).unlink(missing_ok=True)
        raise


def restore(file: Path, home: Path, *, url: str = "") -> dict[str, Any]:
    """
    Bring a backup back where there is no desk yet.

    Parameters
    ----------
    file : Path, from ``back_up``
    home : Path, ``OUT/<study id>``; made where it is not there
    url : str
        A database of PostgreSQL for ledger and accounts, ``postgresql://host/db?study=ID``; default files.

    Returns
    -------
    dict, as ``back_up``; the chain was verified to its head

    Raises
    ------
    DataError
        The file is damaged, is another study's, or there is something at its place already: nothing is overwritten.
    """
    about, held = _checked(Path(file))
    if about["study"] != home.name:
        raise DataError(f"{file}: is of the study {about['study']!r}, not of {home.name!r}; give its own study.")
    if is_there(home / FILE) or (home / FOLDER).exists() or (home / NAME).exists():
        raise DataError(f"{home}: holds a ledger, accounts or photos already; move them away, nothing is overwritten.")
    entries = list(_entries(held[CHAIN], file))
    try:
        _bring_back(entries, held, home, url, about["head"])
    except BaseException as error:
        # Nothing was here before, so what is here now is half of a copy.
        shutil.rmtree(home / FOLDER, ignore_errors=True)
        for name in () if url else (NAME, FILE):
            (home / name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise DataError(f"{home}: cannot be written ({error.strerror}); check space and rights.") from None
        raise
    return {name: about[name] for name in ("entries", "head", "accounts", "photos")}


def _bring_back(entries: list[Entry], held: Mapping[str, bytes], home: Path, url: str, head: str) -> None:
    """Photos first: they need the room, and an entry is never without its photos."""
    home.mkdir(parents=True, exist_ok=True)
    photos = [name for name in held if name.startswith(f"{FOLDER}/")]
    if photos:
        (home / FOLDER).mkdir(mode=0o700)
    for name in sorted(photos, key=lambda name: name.endswith(".jpg")):
        path = home / name
        path.touch(mode=0o600)
        path.write_bytes(held[name])
    with open_ledger(url or home / FILE) as ledger:
        ledger.copy(entries)
        ledger.verify(head)
    if url:
        (home / POINTER).write_text(url + "\n", encoding="utf-8")
    tables = json.loads(held[ACCOUNTS])
    with open_store(home) as store:
        if any(store.rows(f"select 1 from {name} limit 1") for name in KEPT):
            raise DataError(f"{home}: the desk has accounts already; move its database away.")
        insert_all(store, tables)


def _checked(file: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What a backup says of itself and its members, each with the hash it should have."""
    damaged = f"{file}: is no whole backup"
    try:
        with zipfile.ZipFile(file) as archive:
            members = {member.filename: member for member in archive.infolist()}
            if any(one.file_size > _RATIO * max(one.compress_size, 1000) for one in members.values()):
                raise DataError(f"{damaged} (a member unpacks to too much); take another copy.")
            held = {name: archive.read(name) for name in members}
        about = json.loads(held.pop(ABOUT))
        sums = about["sha256"]
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}).") from None
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile, RecursionError) as error:
        raise DataError(f"{damaged} ({type(error).__name__}: {error}); take another copy.") from None
    if about.get("format") != _FORMAT:
        raise DataError(f"{file}: written by a newer program (format {about.get('format')}); update.")
    if set(sums) != set(held) or not {CHAIN, ACCOUNTS} <= set(held):
        raise DataError(f"{damaged} (members are missing or added); take another copy.")
    for name, data in held.items():
        if name not in (CHAIN, ACCOUNTS) and not _PHOTO.fullmatch(name):
            raise DataError(f"{damaged} ({name[:80]!r} has no place in it); take another copy.")
        if hashlib.sha256(data).hexdigest() != sums[name]:
            raise DataError(f"{damaged} ({name} is not as it was written); take another copy.")
    return about, held


def _entries(lines: bytes, file: Path) -> Iterator[Entry]:
    """The chain, each link looked at before any of it is written anywhere."""
    previous = START
    for number, line in enumerate(lines.decode("utf-8").splitlines(), 1):
        try:
            entry = Entry(**json.loads(line))
            own = entry_hash(number, entry.kind, entry.month, canonical(entry.body), previous)
        except (ValueError, TypeError, RecursionError, AttributeError):
            raise DataError(f"{file}: line {number} of {CHAIN} is no entry; take another copy.") from None
        if (entry.seq, entry.previous, entry.hash) != (number, previous, own):
            raise DataError(f"{file}: entry {number} does not follow the one before it; take another copy.")
        previous = own
        yield entry
