"""
An untrusted table, read into text cells with true line numbers.

Nothing is converted here. Well-formed rows go through a fast parser; a row that
does not fit its header is quarantined with its bytes (RELIABILITY C1: 1-16, 20).
A row of the file is one record under the header; blank lines are not rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Flags, Ints, Objects
from hotspot.sources.clock import SERIAL_FROM, SERIAL_FROM_1904, days_counted
from hotspot.sources.intake import FileRecord, Intake
from hotspot.sources.sheet import XLSX_1904, Sheet, pack, read_csv, read_workbook, unpack
from hotspot.text.distinct import distinct
from hotspot.variables import DataError

USED, DUPLICATE, QUARANTINED = 0, 1, 2


@dataclass
class Table:
    """
    One file's rows as text, and what becomes of each.

    ``frame`` holds the well-formed rows (str), ``lines`` their line numbers. A
    reader marks rows with ``duplicate`` and ``set_aside`` and ends with ``close``,
    which puts the counts on the file's record; rows left unmarked were used.
    """

    name: str
    size: int  # well-formed rows
    load: Callable[[], Sheet]
    intake: Intake
    record: FileRecord
    counted: bool  # False when this run has counted the file before
    n_bad: int = 0
    status: np.ndarray = field(init=False)
    _sheet: Sheet | None = None

    def __post_init__(self) -> None:
        self.status = np.zeros(self.size, np.int8)

    @property
    def sheet(self) -> Sheet:
        """The rows themselves; loaded again where they were let go."""
        if self._sheet is None:
            self._sheet = self.load()
        return self._sheet

    def let_go(self) -> None:
        """Free the rows: of most files nobody asks for one again, and months of hours are many of them."""
        self._sheet = None

    @property
    def frame(self) -> pd.DataFrame:
        return self.sheet.frame

    @property
    def lines(self) -> Ints:
        return self.sheet.lines

    @property
    def encoding(self) -> str:
        return self.sheet.encoding

    @property
    def columns(self) -> list[str]:
        return list(self.frame.columns)

    def cells(self, columns: str | list[str]) -> Objects:
        """Object array of text: (row,) for one column name, (row, column) for a list of names."""
        part = self.frame[columns] if isinstance(columns, str) else self.frame[list(columns)]
        return part.to_numpy(dtype=object)

    def when(self, column: str, *, clock: bool = True) -> Objects:
        """
        Cells of a column that says when (``clock``: with hours), for ``clock.parse_times`` or ``parse_days``: the day
        numbers of a spreadsheet, which a cell not formatted as a date leaves, are written as dates, and told.
        """
        since = SERIAL_FROM_1904 if self.encoding == XLSX_1904 else SERIAL_FROM
        texts, found = days_counted(self.cells(column), clock=clock, since=since)
        if found:
            meant = days_counted(np.array(found[:1], dtype=object), clock=clock, since=since)[0][0]
            self.intake.note(
                f"{self.name}, column {column}: the day numbers of a spreadsheet were read as dates "
                f"({found[0]} as {meant})"
            )
        return texts

    def duplicate(self, positions: int | np.integer | Sequence[int] | np.ndarray) -> None:
        """Mark rows that say again, word for word, what was read before."""
        positions = np.atleast_1d(np.asarray(positions, dtype=np.int64))
        self.status[positions[self.status[positions] == USED]] = DUPLICATE

    def set_aside(self, positions: int | np.integer | Sequence[int] | np.ndarray, column: str, rule: str) -> None:
        """Quarantine rows, keeping their bytes; a row already set aside keeps its first rule."""
        for at in np.atleast_1d(np.asarray(positions, dtype=np.int64)):
            if self.status[at] == QUARANTINED:
                continue
            self.status[at] = QUARANTINED
            if self.counted:
                value = self.frame[column].iat[at] if column in self.frame.columns else ""
                self.intake.set_aside(self.record, int(self.lines[at]), column, value, rule, self.sheet.row(int(at)))

    def set_aside_faults(self, faults: Objects, column: str) -> None:
        """Quarantine the rows for which a rule stands in ``faults``, object[n_row], empty where none does."""
        for rule in sorted({*distinct(faults)[0]} - {""}):
            self.set_aside(np.flatnonzero(faults == rule), column, rule)

    def set_aside_value(self, position: int | np.integer, column: str, rule: str) -> None:
        """Quarantine one value; the rest of its row stays in use."""
        if self.status[position] == QUARANTINED:
            return
        value, line = self.frame[column].iat[position], int(self.lines[position])
        # A file that two readers share (values and weather) keeps each fault once.
        if self.counted or not self.intake.holds(self.record, line, column, rule):
            self.intake.set_aside_value(self.record, line, column, value, rule, self.sheet.row(int(position)))

    def close(self) -> Flags:
        """Put the counts on the file's record; which rows are used. Call once, when every row is decided."""
        used: Flags = self.status == USED
        if self.counted:
            self.record.read += self.size + self.n_bad
            self.record.used += int(used.sum())
            self.record.duplicates += int((self.status == DUPLICATE).sum())
        return used


def read_bytes(path: Path, intake: Intake) -> tuple[bytes, FileRecord, bool]:
    """
    A delivered file's bytes and its record, checked to be what was registered.

    Returns
    -------
    (bytes, FileRecord, bool): the bool is True the first time this account reads the file

    Raises
    ------
    DataError
        The file changed while it was being read (RELIABILITY C1: 20).
    """
    path = Path(path)
    new = intake.name(path) not in intake.files
    before = path.stat()
    found, data = intake.once.read(path)
    after = path.stat()
    record = intake.register(path)
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(data) == after.st_size
    if not same or found.sha256 != record.sha256:
        raise DataError(
            f"{record.path}: the file changed while it was being read; wait until its delivery is complete."
        )
    return data, record, new or _uncounted(record)


def _uncounted(record: FileRecord) -> bool:
    return record.read == 0 and not record.refused


def read_sheet(
    path: Path, intake: Intake, about: Sequence[Any], make: Callable[[bytes], Sheet]
) -> tuple[Sheet, FileRecord, bool]:
    """
    What a table file holds, decoded once in its life, and its record.

    Parameters
    ----------
    about : sequence
        What the decoding hangs on beside the file.
    make : callable
        Bytes of the file to ``Sheet``.

    Returns
    -------
    (Sheet, FileRecord, bool), as ``read_bytes``
    """
    path, name, data = Path(path), intake.name(Path(path)), None
    if intake.once.known(path):
        new, record = name not in intake.files, intake.register(path)
        counted = new or _uncounted(record)
    else:
        data, record, counted = read_bytes(path, intake)

    def now() -> dict[str, np.ndarray]:
        return pack(make(read_bytes(path, intake)[0] if data is None else data))

    return unpack(intake.once.decoded(path, ["sheet", name, *about], now)), record, counted


def read_table(
    path: Path,
    intake: Intake,
    *,
    encoding: str | None = None,
    header: Sequence[str] | None = None,
    required: Sequence[str] = (),
) -> Table:
    """
    Read a CSV or XLSX file into text cells.

    Parameters
    ----------
    path : Path
        ``.xlsx`` is read as a workbook, its first visible sheet that holds data; ``.xlsm`` is refused, all else as
        text whose columns are parted by commas, semicolons or tabs (``sheet.read_csv``).
    intake : Intake
        Gets the malformed rows; ``Table.close`` gives it the counts.
    encoding : str, optional
        Declared coding; else UTF-8, UTF-16 with a mark, or GB18030 (see ``encodings.decode``).
    header : sequence of str, optional
        Column names of a file that has none.
    required : sequence of str
        Column names that must be there literally.

    Raises
    ------
    DataError
        The file is empty, no table, of unknown coding, separated by something
        else, or names a column twice.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hotspot.sources.intake import Intake
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "a.csv").write_bytes(b"station,pm25\\nA,35\\nB\\nC,40\\n")
    >>> table = read_table(root / "a.csv", Intake(root))
    >>> table.frame["pm25"].tolist(), table.lines, table.intake.quarantine[0].rule
    (['35', '40'], array([2, 4]), '1 fields where the header has 2')
    """
    path, name = Path(path), intake.name(Path(path))
    about: list[Any] = ["csv", encoding, list(header or ())]

    def make(data: bytes) -> Sheet:
        return read_csv(data, name, encoding=encoding, header=header)

    if path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".xlsb"):
        about = ["workbook"]

        def make(data: bytes) -> Sheet:
            return read_workbook(data, name)

    table = table_of(read_sheet(path, intake, about, make), intake, lambda: read_sheet(path, intake, about, make)[0])
    lacking = [name for name in required if name not in table.columns]
    if lacking:
        raise DataError(f"{table.name}: column {lacking[0]!r} is missing; the header has: {', '.join(table.columns)}.")
    return table


def table_of(found: tuple[Sheet, FileRecord, bool], intake: Intake, again: Callable[[], Sheet] | None = None) -> Table:
    """
    What ``read_sheet`` found as a Table of one month's account: malformed rows are set aside, notes said.

    ``again`` gives the sheet once more after it was let go; without it the table keeps it.
    """
    sheet, record, counted = found
    for text in sheet.notes:
        intake.note(text)
    table = Table(record.path, len(sheet.frame), again or (lambda: sheet), intake, record, counted, _sheet=sheet)
    table.n_bad = len(sheet.faults)
    for line, rule, start, end in sheet.faults if counted else ():
        intake.set_aside(record, line, "", "", rule, sheet.raw(start, end))
    if not table.size:
        intake.note(f"{table.name}: 0 rows")
    return table


def silent_table(path: Path, intake: Intake, size: int, load: Callable[[], Sheet]) -> Table:
    """The Table of a file of which there is nothing to say, its rows not loaded before somebody asks for one."""
    new = intake.name(path) not in intake.files
    record = intake.register(path)
    return Table(record.path, size, load, intake, record, new or _uncounted(record))
