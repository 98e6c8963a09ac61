"""
What became of everything that was delivered: the law of conservation.

Rows read = used + duplicates + quarantined, per file. A quarantined row keeps
its bytes, so that it can be printed back as it came (GB 3095-2026 6.3 makes
the reason and the original record a duty).
"""

import itertools
import os
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from hotspot.sources.once import Once
from hotspot.text.door import outward
from hotspot.variables import DataError


class NothingDelivered(DataError):
    """A delivery is sound but holds nothing of the months asked; others may."""


_SHOWN = 60  # characters of a value that was set aside, in a sentence
_COUNTS = ("read", "used", "duplicates", "quarantined", "values")


@dataclass
class FileRecord:
    """One delivered file: what it is, and how many of its rows went where."""

    path: str  # below the data root, '/' separated
    sha256: str
    size: int
    read: int = 0
    used: int = 0
    duplicates: int = 0
    quarantined: int = 0
    values: int = 0  # single values quarantined inside rows that were used
    refused: str = ""  # why the whole file was set aside, empty when it was used
    booked: set[str] = field(default_factory=set, compare=False, repr=False)  # parts of it already counted
    place: Path | None = field(default=None, compare=False, repr=False)  # where it lies on this machine
    changed_ns: int = field(default=0, compare=False, repr=False)  # when it was last written, by its file system

    @property
    def balanced(self) -> bool:
        return self.read == self.used + self.duplicates + self.quarantined


@dataclass(frozen=True)
class Quarantined:
    """One row or value set aside: where it stood, what it said, which rule spoke."""

    path: str
    row: int  # line number in the file, 1-based; 0 for a whole file
    column: str
    value: str
    rule: str
    raw: bytes


@dataclass
class Intake:
    """The record of one run's reading; every reader adds to it."""

    root: Path
    files: dict[str, FileRecord] = field(default_factory=dict)
    quarantine: list[Quarantined] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # conversions and warnings, printed on the product
    elsewhere: dict[str, str] = field(default_factory=dict, repr=False)  # place outside the root -> its name here
    once: Once = field(default_factory=Once, repr=False, compare=False)  # where files are opened
    n_said: int = field(default=0, repr=False, compare=False)  # notes, with those that had been said before
    _kept: set[tuple] = field(default_factory=set, repr=False)  # single values in quarantine, told apart

    def register(self, path: Path) -> FileRecord:
        """The record of a delivered file; its hash is taken once a run, whoever asked first."""
        path = Path(path)
        key = self.name(path)
        if key not in self.files:
            file = self.once.hashed(path)
            self.files[key] = FileRecord(key, file.sha256, file.size, place=path.resolve(), changed_ns=file.changed_ns)
        return self.files[key]

    def name(self, path: Path) -> str:
        """
        The file's name below the data root, through linked folders too; a bare name if it lies elsewhere.

        Two files of one bare name are two files: the second is ``NAME (2)``.
        """
        path, root = Path(path), Path(self.root)
        for laid in (os.path.abspath, Path.resolve):  # links are followed where the plain name is not below the root
            lies, below = Path(laid(path)), Path(laid(root))
            if lies.is_relative_to(below):
                return lies.relative_to(below).as_posix()
        place = str(path.resolve())
        if place not in self.elsewhere:
            known = set(self.elsewhere.values())
            names = (path.name if n == 1 else f"{path.name} ({n})" for n in itertools.count(1))
            self.elsewhere[place] = next(name for name in names if name not in known)
        return self.elsewhere[place]

    def refuse(self, path: Path, why: str) -> None:
        """Set a whole file aside (zero bytes, HTML): named, counted, not fatal."""
        record = self.register(path)
        record.refused = outward(why)
        self.quarantine.append(Quarantined(record.path, 0, "", "", record.refused, b""))

    def set_aside(self, record: FileRecord, row: int, column: str, value: str, rule: str, raw: bytes) -> None:
        """Quarantine one row of a file, keeping its bytes."""
        record.quarantined += 1
        self.quarantine.append(Quarantined(record.path, row, column, str(value), outward(rule), raw))

    def set_aside_value(self, record: FileRecord, row: int, column: str, value: str, rule: str, raw: bytes) -> None:
        """Quarantine one value of a row that stays in use; ``raw`` are the row's bytes."""
        record.values += 1
        self._kept.add((record.path, row, column, rule))
        self.quarantine.append(Quarantined(record.path, row, column, str(value), outward(rule), raw))

    def holds(self, record: FileRecord, row: int, column: str, rule: str) -> bool:
        """Whether this value of this row was set aside by this rule before."""
        return (record.path, row, column, rule) in self._kept

    def told_aside(self, paths: Collection[str] | None = None) -> list[str]:
        """
        What was set aside and why, the most frequent first, each rule with the first place it spoke at.

        Parameters
        ----------
        paths : collection of str, optional
            Names of files; default all.

        Examples
        --------
        >>> intake = Intake(Path("."))
        >>> for row in (2, 3):
        ...     intake.set_aside(FileRecord("a.csv", "", 0), row, "time", "13月1日", "no time", b"")
        >>> intake.told_aside()
        ["2 set aside, no time: first a.csv, row 2, column time, '13月1日'"]
        """
        rows = [q for q in self.quarantine if q.row and (paths is None or q.path in paths)]
        first = {q.rule: q for q in reversed(rows)}
        return [
            f"{n} set aside, {rule}: first {q.path}, row {q.row}{q.column and f', column {q.column}'}"
            f"{q.value and f', {q.value[:_SHOWN]!r}'}"
            for rule, n in Counter(q.rule for q in rows).most_common()
            for q in [first[rule]]
        ]

    def note(self, text: str) -> None:
        """Record a conversion or warning once, as a sentence that may leave the office."""
        text = outward(text)
        self.n_said += 1
        if text not in self.notes:
            self.notes.append(text)

    def check(self) -> None:
        """
        Hold the conservation law for every file, and see that none changed while it was read.

        Raises
        ------
        DataError
            Some file's rows do not add up: a fault of a reader, never of the file. Or a
            file is not, or no longer, the one that was hashed: somebody is still writing it.
        """
        for record in self.files.values():
            self._check_unchanged(record)
            if not record.balanced:
                raise DataError(
                    f"{record.path}: {record.read} rows read, but {record.used} used + {record.duplicates} duplicates "
                    f"+ {record.quarantined} quarantined; this is a fault of the reader, please report it."
                )

    def _check_unchanged(self, record: FileRecord) -> None:
        if record.place is None:
            return
        try:
            now = record.place.stat()
            if (now.st_size, now.st_mtime_ns) == (record.size, record.changed_ns):
                return
            again = self.once.again(record.place)
            if (again.sha256, again.size) == (record.sha256, record.size):  # touched, not written
                return
            said = f"{record.size} bytes when it was read, {now.st_size} now"
        except FileNotFoundError:
            said = "it is gone"
        raise DataError(
            f"{record.path}: changed while the month was made ({said}); wait until the delivery is complete, run again."
        )

    @property
    def counts(self) -> dict[str, int]:
        """Totals over all files: dict of files, refused, read, used, duplicates, quarantined, values."""
        records = self.files.values()
        totals = {name: sum(getattr(r, name) for r in records) for name in _COUNTS}
        return {"files": len(self.files), "refused": sum(bool(r.refused) for r in records), **totals}
