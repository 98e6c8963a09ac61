"""
An untrusted table, read into text cells with true line numbers.

Nothing is converted here. Well-formed rows go through a fast parser; a row that
does not fit its header is quarantined with its bytes (RELIABILITY C1: 1-16, 20).
A row of the file is one record under the header; blank lines are not rows.
"""

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.sources.encodings import content_fault, decode
from hotspot.sources.intake import FileRecord, Intake
from hotspot.sources.records import Records, scan
from hotspot.variables import DataError

_SMALL = 200_000  # bytes
_HIDDEN = 3  # lines inside one quote with as many commas as the header; a note of so many such lines is none
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
    frame: pd.DataFrame
    lines: np.ndarray
    encoding: str
    intake: Intake
    record: FileRecord
    counted: bool  # False when this run has counted the file before
    rows: Callable[[int], bytes] = lambda position: b""
    status: np.ndarray = field(init=False)
    n_bad: int = 0

    def __post_init__(self):
        self.status = np.zeros(len(self.frame), np.int8)

    @property
    def columns(self):
        return list(self.frame.columns)

    def cells(self, columns):
        """Object array of text: (row,) for one column name, (row, column) for a list of names."""
        part = self.frame[columns] if isinstance(columns, str) else self.frame[list(columns)]
        return part.to_numpy(dtype=object)

    def duplicate(self, positions):
        """Mark rows that say again, word for word, what was read before."""
        positions = np.atleast_1d(np.asarray(positions, dtype=np.int64))
        self.status[positions[self.status[positions] == USED]] = DUPLICATE

    def set_aside(self, positions, column, rule):
        """Quarantine rows, keeping their bytes; a row already set aside keeps its first rule."""
        for at in np.atleast_1d(np.asarray(positions, dtype=np.int64)):
            if self.status[at] == QUARANTINED:
                continue
            self.status[at] = QUARANTINED
            if self.counted:
                value = self.frame[column].iat[at] if column in self.frame.columns else ""
                self.intake.set_aside(self.record, int(self.lines[at]), column, value, rule, self.rows(at))

    def set_aside_value(self, position, column, rule):
        """Quarantine one value; the rest of its row stays in use."""
        if self.status[position] == QUARANTINED:
            return
        value, line = self.frame[column].iat[position], int(self.lines[position])
        # A file that two readers share (values and weather) keeps each fault once.
        if self.counted or not self.intake.holds(self.record, line, column, rule):
            self.intake.set_aside_value(self.record, line, column, value, rule, self.rows(position))

    def close(self):
        """Put the counts on the file's record. Call once, when every row is decided."""
        if self.counted:
            self.record.read += len(self.frame) + self.n_bad
            self.record.used += int((self.status == USED).sum())
            self.record.duplicates += int((self.status == DUPLICATE).sum())


def read_bytes(path, intake):
    """
    A delivered file's bytes and its record, checked to be what was registered.

    Parameters
    ----------
    path : Path
    intake : Intake

    Returns
    -------
    (bytes, FileRecord, bool): the bool is True the first time this run reads the file

    Raises
    ------
    DataError
        The file changed while it was being read (RELIABILITY C1: 20).
    """
    path = Path(path)
    new = intake.name(path) not in intake.files
    before = path.stat()
    data = path.read_bytes()
    record = intake.register(path)
    after = path.stat()
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(data) == record.size
    if not same or hashlib.sha256(data).hexdigest() != record.sha256:
        raise DataError(
            f"{record.path}: the file changed while it was being read; wait until its delivery is complete."
        )
    return data, record, new or (record.read == 0 and not record.refused)


def read_table(path, intake, *, encoding=None, header=None, sheet=None, required=()):
    """
    Read a CSV or XLSX file into text cells.

    Parameters
    ----------
    path : Path
        ``.xlsx`` is read as a workbook, ``.xlsm`` is refused, all else as CSV with commas.
    intake : Intake
        Gets the malformed rows; ``Table.close`` gives it the counts.
    encoding : str, optional
        Declared coding; else UTF-8, UTF-16 with a mark, or GB18030 (see ``encodings.decode``).
    header : sequence of str, optional
        Column names of a file that has none.
    sheet : str, optional
        Sheet of a workbook; default the first visible one that holds data.
    required : sequence of str
        Column names that must be there literally.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        The file is empty, no table, of unknown coding, separated by something
        other than commas, or names a column twice.

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
    path = Path(path)
    if path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".xlsb"):
        from hotspot.sources.workbooks import read_workbook

        data, record, counted = read_bytes(path, intake)
        frame, lines, rows = read_workbook(data, intake.name(path), intake, sheet=sheet)
        table = Table(intake.name(path), frame, lines, "xlsx", intake, record, counted, rows)
    else:
        table = _read_csv(path, intake, encoding, header)
    lacking = [name for name in required if name not in table.columns]
    if lacking:
        raise DataError(f"{table.name}: column {lacking[0]!r} is missing; the header has: {', '.join(table.columns)}.")
    if not len(table.frame):
        intake.note(f"{table.name}: 0 rows")
    return table


def _read_csv(path, intake, encoding, header):
    data, record, counted = read_bytes(path, intake)
    name = record.path
    fault = content_fault(data)
    if fault:
        raise DataError(f"{name}: {fault}; ask for the delivery again.")
    text, coding = decode(data, name, encoding)
    if coding not in ("utf-8", encoding):
        intake.note(f"{name}: read as {coding}")
    try:
        found = scan(text)
    except DataError as error:
        raise DataError(f"{name}, {error}") from None
    columns = list(header) if header else _header(text, found, name)
    first = 0 if header else 1
    _hidden_rows(text, found, len(columns), name, intake)
    good, faults = _sound(text, found, len(columns), first)
    if not good.any() and len(faults) > 1:
        at, rule = faults[0]
        raise DataError(f"{name}, line {found.line[at]}: {rule}, and so in every row; mend the file.")
    whole = text if coding == "utf-8" else b""

    def row_bytes(at):
        return _raw(whole or text, found.start[at], found.end[at], coding)

    frame = _parse(text, found, good, columns, name)
    table = Table(name, frame, found.line[good], coding, intake, record, counted)
    kept = np.flatnonzero(good)
    table.rows = lambda position: row_bytes(kept[position])
    table.n_bad = len(faults)
    if counted:
        for at, rule in faults:
            intake.set_aside(record, int(found.line[at]), "", "", rule, row_bytes(at))
    if not text.endswith((b"\n", b"\r")):
        intake.note(f"{name}: no final newline; the last row may have been cut")
    return table


def _raw(text, start, end, coding):
    """A record's own bytes. Other codings are put back: strict decoding loses nothing."""
    part = text[start:end]
    return part if coding in ("utf-8", "utf-8-sig") else part.decode("utf-8").encode(coding)


def _header(text, found, name):
    if not len(found.start):
        raise DataError(f"{name}: file has no header.")
    line = text[found.start[0] : found.end[0]]
    if b"\x00" in line:
        raise DataError(f"{name}, line {found.line[0]}: NUL byte in the header; ask for the delivery again.")
    try:
        columns = _cells(line)
    except csv.Error as error:
        raise DataError(f"{name}, line {found.line[0]}: the header cannot be read ({error}); mend it.") from None
    if len(columns) == 1:
        for mark, words in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"), ("，", "full-width commas")):
            if mark in columns[0]:
                raise DataError(
                    f"{name}, line {found.line[0]}: the header looks separated by {words} "
                    "(then decimals may be commas too); save it with commas and decimal points."
                )
    columns = [column.strip().replace("\xa0", " ") or f"column {at + 1}" for at, column in enumerate(columns)]
    seen: dict[str, int] = {}
    for at, column in enumerate(columns, 1):
        if column in seen:
            raise DataError(
                f"{name}: column {column!r} stands twice, at positions {seen[column]} and {at}; rename one."
            )
        seen[column] = at
    return columns


def _cells(line):
    return next(csv.reader([line.decode().replace("\n", " ").replace("\r", " ")]))


def _hidden_rows(text, found: Records, n_column, name, intake):
    """Refuse a quote that swallows rows; say how many physical lines the quoted ones take."""
    after = np.append(found.line[1:], found.n_line + 1)
    taken = after - found.line
    several = [at for at in np.flatnonzero(taken > 1) if b'"' in text[found.start[at] : found.end[at]]]
    for at in several:
        inner = text[found.start[at] : found.end[at]].splitlines()[1:]
        alike = sum(line.count(b",") == n_column - 1 for line in inner)
        if n_column > 1 and alike >= _HIDDEN:
            raise DataError(
                f"{name}, line {found.line[at]}: a quote opened here hides {len(inner)} lines, {alike} of which look "
                "like rows; close or remove it."
            )
    if several:
        lines = sum(len(text[found.start[at] : found.end[at]].splitlines()) for at in several)
        intake.note(f"{name}: {len(several)} rows hold line breaks in quotes, {lines} lines of {found.n_line}")


def _sound(text, found: Records, n_column, first):
    """Which records are well-formed rows, and (position, rule) of those that are not."""
    good = found.n_field == n_column
    good[:first] = False
    octets = np.frombuffer(text, np.uint8)
    control = np.flatnonzero(((octets < 32) & (octets != 9) & (octets != 10) & (octets != 13)) | (octets == 127))
    spoiled = np.unique(np.searchsorted(found.start, control, side="right") - 1)
    spoiled = spoiled[spoiled >= first]
    faults = {int(at): f"{found.n_field[at]} fields where the header has {n_column}" for at in np.flatnonzero(~good)}
    faults = {at: rule for at, rule in faults.items() if at >= first}
    for at in spoiled:
        faults[int(at)] = "NUL or other control character"
    if found.open_quote:
        faults[len(found.start) - 1] = "the quote is not closed before the end of the file"
    good[list(faults)] = False
    return good, sorted(faults.items())


def _parse(text, found, good, columns, name):
    """The sound records through pandas' C parser; every cell stays text."""
    kept = np.flatnonzero(good)
    if not len(kept):
        return pd.DataFrame({column: pd.Series(dtype=object) for column in columns})
    if len(text) < _SMALL and b'"' not in text:
        # A day of one network: splitting is several times faster than starting the parser.
        rows = [text[found.start[at] : found.end[at]].decode().split(",") for at in kept]
        return pd.DataFrame(
            np.array(rows, dtype=object).reshape(len(kept), len(columns)), columns=columns, dtype=object
        )
    # Runs of neighbouring sound records are copied whole, with the line ends between them.
    breaks = np.flatnonzero(np.diff(kept) > 1)
    firsts = np.concatenate(([kept[0]], kept[breaks + 1]))
    lasts = np.concatenate((kept[breaks], [kept[-1]]))
    if len(firsts) == 1:
        body = text[found.start[firsts[0]] : found.end[lasts[0]]]
    else:
        body = b"\n".join(text[found.start[a] : found.end[b]] for a, b in zip(firsts, lasts, strict=True))
    frame = pd.read_csv(
        io.BytesIO(body), header=None, names=columns, dtype=str, na_filter=False, engine="c", index_col=False
    )
    if len(frame) != len(kept):
        raise DataError(
            f"{name}: {len(kept)} rows were counted but {len(frame)} parsed; look for stray quotes in the file."
        )
    return frame
