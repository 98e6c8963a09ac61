"""
A folder appears whole or not at all.

Everything is written into a hidden folder beside the target, flushed to the
disk, and exchanged with the target in one step; a lock that dies with its
owner keeps two publishers apart. What a killed run leaves is finished by the
next one where it was already entered in the ledger, and removed otherwise.
"""

import ctypes
import datetime
import getpass
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from hotspot.text.whole import disk_full, to_disk
from hotspot.variables import DataError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def reserved(target: Path) -> Iterator[None]:
    """
    Keep every other publisher away from ``target`` while the block lasts.

    The kernel holds the lock and gives it up with its owner, however that ends,
    so there is nothing to clear by hand. The lock file says who holds it.

    Parameters
    ----------
    target : Path
        The folder to publish, e.g. ``out/demo/2025-12``. Its parent is made. A process
        that holds it already may reserve it again.

    Raises
    ------
    DataError
        Another run holds it (the message says who, and since when), or its parent cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with reserved(Path(tempfile.mkdtemp()) / "2020-03"):
    ...     pass
    """
    target = Path(target)
    path = target.parent / f".{target.name}.lock"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, is_singleton=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise DataError(
            f"{target}: another run is publishing it now ({_owner(path)}); wait for it to end, then try again."
        ) from None
    except OSError as error:
        raise DataError(f"{target.parent}: cannot be written ({error.strerror}); choose another --out.") from None
    outermost = lock.lock_counter == 1
    try:
        if outermost:
            _sign(path)
        yield
    finally:
        if outermost:
            with suppress(OSError):
                os.truncate(path, 0)
        lock.release()


def _sign(path: Path) -> None:
    """Who holds the lock, for whoever finds it held; a full disk is no reason to stop here."""
    since = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    with suppress(OSError):
        path.write_text(
            json.dumps({"process": os.getpid(), "host": socket.gethostname(), "user": _user(), "since": since})
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())  # an account without a name


def _owner(path: Path) -> str:
    try:
        told = json.loads(path.read_text())
        return f"process {told['process']} of {told['user']} on {told['host']}, since {told['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has not said who it is"


@contextmanager
def staged(target: Path, *, entered: Callable | None = None) -> Iterator[Path]:
    """
    A folder to write into that becomes ``target`` when the block ends well.

    Parameters
    ----------
    target : Path
        The folder to publish. Its parent is made.
    entered : callable, optional
        Told a hidden folder: does it belong in the place of ``target`` already? Then it is
        put there, by the next run if this one is killed, rather than removed.

    Yields
    ------
    Path of the hidden folder. If the block raises, it is removed and ``target`` stays as it
    was; so it does where the block itself removes the folder.

    Raises
    ------
    DataError
        Another run is publishing it, the disk is full, or the place cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "2020-03"
    >>> with staged(target) as folder:
    ...     _ = (folder / "warnings.csv").write_text("month,city")
    >>> sorted(p.name for p in target.iterdir())
    ['warnings.csv']
    """
    target = Path(target)
    entered = entered or (lambda folder: False)
    with reserved(target):
        folder = target.parent / f".{target.name}.partial"
        _finish_or_clear(folder, target, entered)
        folder.mkdir()
        try:
            yield folder
            if folder.exists():
                flush(folder)
                _exchange(folder, target)
        except Exception as error:
            if not disk_full(error):
                raise
            free = shutil.disk_usage(target.parent).free
            raise DataError(
                f"{target}: the disk is full ({_size(folder):,} bytes of the month were written, {free:,} are free); "
                "the month published before is untouched."
            ) from error
        finally:
            _finish_or_clear(folder, target, entered)


def _finish_or_clear(folder: Path, target: Path, entered: Callable) -> None:
    """Finish or undo what a killed run left: a folder written whole or in part, or a swap cut in the middle."""
    aside = target.parent / f".{target.name}.old"
    if aside.exists():
        if target.exists():
            shutil.rmtree(aside)
        else:
            aside.rename(target)
    if folder.exists():
        if entered(folder):
            flush(folder)
            _exchange(folder, target)
        shutil.rmtree(folder, ignore_errors=True)


def flush(folder: Path) -> None:
    """Every byte and every name in a folder onto the disk."""
    for path in sorted(Path(folder).rglob("*")):
        to_disk(path)
    to_disk(folder)


def _exchange(folder: Path, target: Path) -> None:
    """Put ``folder`` in the place of ``target``; afterwards ``folder`` holds the old month, or nothing."""
    if not target.exists():
        folder.rename(target)
    elif not _exchange_in_one_step(folder, target):
        aside = target.parent / f".{target.name}.old"
        target.rename(aside)
        folder.rename(target)
        shutil.rmtree(aside)
    to_disk(target.parent)


def _exchange_in_one_step(folder: Path, target: Path) -> bool:
    """Linux can swap two names at once; elsewhere the caller takes two steps that can be undone."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return rename(_AT_FDCWD, os.fsencode(folder), _AT_FDCWD, os.fsencode(target), _RENAME_EXCHANGE) == 0


def keep_copy(folder: Path, place: Path) -> None:
    """
    A copy of a folder at ``place``, whole or not at all; it costs no room where files can be linked.

    Parameters
    ----------
    folder, place : Path
        ``place`` that is there already is left as it is.
    """
    folder, place = Path(folder), Path(place)
    if place.exists():
        return
    partial = place.with_name(f".{place.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, partial, copy_function=_link)
    flush(partial)
    partial.rename(place)
    to_disk(place.parent)
    to_disk(place.parent.parent)


def _link(source: Path | str, goal: Path | str) -> None:
    try:
        os.link(source, goal)
    except OSError:  # no links on this file system, or too many
        shutil.copy2(source, goal)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
