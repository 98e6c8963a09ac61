"""A file that is there whole or not at all, and bytes that stay when the power fails."""

import errno
import os
import sys
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_TEXTS = ("No space left", "disk is full", "Disk quota exceeded")


def write_whole(path: Path | str, data: bytes) -> Path:
    """
    Write bytes so that the file is there whole or not at all, even after the power fails.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_whole(folder / "a.txt", b"whole").name, len(list(folder.iterdir()))
    ('a.txt', 1)
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    with open(draft, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(draft, path)
    to_disk(path.parent)
    return path


def to_disk(path: Path) -> None:
    """The bytes of a file, or the names in a folder, onto the disk."""
    windows = sys.platform == "win32"
    if windows and path.is_dir():
        return  # Windows opens no folder; its file system keeps a journal of names
    handle = os.open(path, os.O_RDWR if windows else os.O_RDONLY)  # Windows flushes only what may be written
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def disk_full(error: BaseException | None) -> bool:
    """Did a full disk cause this? Writers of workbooks and packages wrap the error of the system in their own."""
    while error is not None:
        if getattr(error, "errno", None) in _FULL or any(text in str(error) for text in _FULL_TEXTS):
            return True
        error = error.__cause__ or error.__context__
    return False
