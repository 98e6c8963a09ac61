"""
What was fetched into a data folder: a line of JSON for each file, written before the file is put in its place.

The last line of a name says what it is now, those above what it was. A line that a killed run left half written is
passed over.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hotspot.patterns import BESIDE
from hotspot.text.whole import to_disk

FOLDER = f"{BESIDE}fetch"  # below the data root
FILE = "fetched.jsonl"


class Fetched(NamedTuple):
    """One file as it was fetched."""

    file: str  # below the data root
    url: str  # of the archive
    size: int  # bytes
    etag: str  # as the store said it, "" where it said none
    when: str  # and when it was last written there
    sha256: str
    changed_ns: int  # when it was last written here, by the file system


class Record:
    """
    The record of a data folder.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> record = Record(root)
    >>> record.of("a.tif") is None
    True
    >>> record.add(Fetched("a.tif", "s3://b/x", 4, "e1", "", "00ff", 0))
    >>> record.add(Fetched("a.tif", "s3://b/x", 5, "e2", "", "11ff", 0))
    >>> again = Record(root)
    >>> again.of("a.tif").size, [one.sha256 for one in again.earlier("a.tif")]
    (5, ['00ff'])
    """

    def __init__(self, root: Path) -> None:
        self._path = Path(root) / FOLDER / FILE
        self._lines: dict[str, list[Fetched]] = {}
        self._torn = False
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        self._torn = bool(data) and not data.endswith(b"\n")
        for line in data.split(b"\n"):
            try:
                one = Fetched(**json.loads(line))
            except (ValueError, TypeError):
                continue
            self._lines.setdefault(one.file, []).append(one)

    def of(self, file: str) -> Fetched | None:
        """A file as it was fetched last; None where it never was."""
        return self._lines[file][-1] if file in self._lines else None

    def earlier(self, file: str) -> list[Fetched]:
        """What a file was before, oldest first."""
        return self._lines.get(file, [])[:-1]

    def files(self, url: str) -> list[str]:
        """The files that came last from an archive, in order of name."""
        return sorted(file for file, lines in self._lines.items() if lines[-1].url == url)

    def add(self, one: Fetched) -> None:
        """Write a line, onto the disk."""
        new = not self._path.exists()
        self._path.parent.mkdir(exist_ok=True)
        with open(self._path, "ab") as stream:
            stream.write(b"\n" * self._torn + json.dumps(one._asdict()).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        if new:
            to_disk(self._path.parent)
        self._torn = False
        self._lines.setdefault(one.file, []).append(one)


def same_state(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """
    Whether a store says the same of a file twice: ``size``, and ``etag`` or, where it has none, ``when``.

    Examples
    --------
    >>> said = {"size": 4, "etag": "e1", "when": "2026-01-01"}
    >>> [same_state(said, said | more) for more in ({"when": ""}, {"etag": "e2"}, {"size": 5}, {"etag": ""})]
    [True, False, False, True]
    """
    if one["size"] != other["size"]:
        return False
    key = "etag" if one["etag"] and other["etag"] else "when"
    return bool(one[key] == other[key]) or not (one[key] and other[key])
