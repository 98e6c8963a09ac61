"""
A month appears whole or not at all.

Everything is written into a hidden folder beside the target, flushed to the
disk, and exchanged with the target in one step; a lock that dies with its
owner keeps two publishers apart. What a killed run leaves is removed by the
next one.
"""

import ctypes
import errno
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from hotspot.variables import DataError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def staged(target):
    """
    A folder to write into that becomes ``target`` when the block ends well.

    Parameters
    ----------
    target : Path
        The folder to publish, e.g. ``out/demo/2025-12``. Its parent is made.

    Yields
    ------
    Path of the hidden folder. If the block raises, it is removed and
    ``target`` stays as it was.

    Raises
    ------
    DataError
        Another run is publishing into the same parent, or it cannot be written.

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
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.parent / f".{target.name}.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise DataError(f"{target}: another run is publishing it now; wait for it to end, then try again.") from None
    except OSError as error:
        raise DataError(f"{target.parent}: cannot be written ({error.strerror}); choose another --out.") from None
    try:
        _clear_leftovers(target)
        folder = target.parent / f".{target.name}.partial"
        folder.mkdir()
        try:
            yield folder
            _flush(folder)
            _exchange(folder, target)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DataError(f"{target}: the disk is full; the month published before is untouched.") from error
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.release()


def _clear_leftovers(target):
    """Undo what a killed run left: a half-written folder, or a swap cut in the middle."""
    aside = target.parent / f".{target.name}.old"
    if aside.exists():
        if target.exists():
            shutil.rmtree(aside)
        else:
            aside.rename(target)
    shutil.rmtree(target.parent / f".{target.name}.partial", ignore_errors=True)


def _flush(folder):
    """Every byte and every name in the folder onto the disk."""
    for path in sorted(folder.rglob("*")):
        _fsync(path)
    _fsync(folder)


def _fsync(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exchange(folder, target):
    """Put ``folder`` in the place of ``target``; afterwards ``folder`` holds the old month, or nothing."""
    if not target.exists():
        folder.rename(target)
    elif not _exchange_in_one_step(folder, target):
        aside = target.parent / f".{target.name}.old"
        target.rename(aside)
        folder.rename(target)
        shutil.rmtree(aside)
    _fsync(target.parent)


def _exchange_in_one_step(folder, target):
    """Linux can swap two names at once; elsewhere the caller takes two steps that can be undone."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return rename(_AT_FDCWD, os.fsencode(folder), _AT_FDCWD, os.fsencode(target), _RENAME_EXCHANGE) == 0


def publish(study, month, derived, *, out="out", state="preliminary", progress=None):
    """
    Write a month's products, link it into the chain, and put it in place whole.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
    derived : Derived
        What ``month.derive`` returned. The conservation law of its ``intake`` is checked here.
    out : str or Path
        The month appears as ``OUT/<study id>/<month>``; the chain of published
        months is kept in ``OUT/<study id>/ledger.sqlite``.
    state : str
        A key of ``words.STATES``.
    progress : callable, optional
        As ``write_products`` takes it.

    Returns
    -------
    Path of the published folder

    Raises
    ------
    DataError
        Another run is publishing, the disk is full, or the counts of rows do not add up.
    """
    from hotspot.ledger.store import open_ledger
    from hotspot.publish import manifest
    from hotspot.publish.products import write_products

    derived.intake.check()
    target = Path(out) / study.id / month
    with staged(target) as folder:
        write_products(folder, study, month, derived, state=state, progress=progress)
        body = manifest.describe(study, month, derived, state=state)
        body["outputs"] = manifest.outputs(folder)
        with open_ledger(target.parent / "ledger.sqlite") as ledger:
            entry = ledger.append("month", month, _public(body, derived.warned))
        body["chain"] = {"previous": entry.previous, "head": entry.hash}
        manifest.write_manifest(folder, body)
    return target


def _public(body, warned):
    """What the chain links: the manifest's digest, and who was warned for what (escalation reads it)."""
    from hotspot.publish import manifest

    pairs = sorted(set(zip(warned["cell"], warned["reason"], strict=True)))
    return {"manifest_sha256": manifest.body_digest(body), "warned": [list(pair) for pair in pairs]}
