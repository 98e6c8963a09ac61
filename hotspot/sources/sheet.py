"""
What one table file holds, before anybody counts it: text cells with true line numbers, and every row's bytes.

Decoded from the bytes alone, once in a file's life. Well-formed rows go through a fast parser; a row
that does not fit its header is named with its rule (RELIABILITY C1: 1-16).
"""

import csv
import io
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Flags
from hotspot.sources.aliases import is_known
from hotspot.sources.records import COMMA, Records, scan
from hotspot.sources.store import told, words
from hotspot.text.encodings import content_fault, decode
from hotspot.variables import DataError

_SMALL = 200_000  # bytes
_FEW = 100_000  # cells: a day of a network is forty columns of a few rows, kept as one ten times faster than as forty
XLSX_1904 = "xlsx 1904"
_AS_IT_IS = ("utf-8", "utf-8-sig", "xlsx", XLSX_1904)
_HIDDEN = 3  # lines inside one quote with as many commas as the header; a note of so many such lines is none


@dataclass(frozen=True)
class Sheet:
    """
    The rows of one file.

    frame : text cells of the well-formed rows
    lines : int64, their line numbers in the file
    encoding : the coding it was read in, "xlsx" of a workbook, ``XLSX_1904`` of one that counts days from 1904
    packed : the text (UTF-8) in which ``start`` and ``end`` of every well-formed row count, compressed
    faults : (line, rule, start, end) of every other row
    notes : what is said of the file as a whole
    """

    frame: pd.DataFrame
    lines: np.ndarray
    encoding: str
    packed: bytes
    start: np.ndarray
    end: np.ndarray
    faults: list[tuple[int, str, int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def text(self) -> bytes:
        """The text, unpacked; few files have a row whose bytes are wanted."""
        return zlib.decompress(self.packed)

    def raw(self, start: int, end: int) -> bytes:
        """A row's own bytes. Other codings are put back: strict decoding loses nothing."""
        part = self.text[start:end]
        return part if self.encoding in _AS_IT_IS else part.decode("utf-8").encode(self.encoding)

    def row(self, position: int) -> bytes:
        """The bytes of a well-formed row."""
        return self.raw(int(self.start[position]), int(self.end[position]))


def pack(sheet: Sheet) -> dict[str, np.ndarray]:
    """
    A sheet as arrays, to be kept; ``unpack`` is the way back.

    Examples
    --------
    >>> sheet = read_csv(b"station,pm25\\nA,35\\nB\\n", "a.csv")
    >>> again = unpack(pack(sheet))
    >>> again.frame.equals(sheet.frame), again.row(0), again.faults
    (True, b'A,35', [(3, '1 fields where the header has 2', 18, 19)])
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    few = sheet.frame.size <= _FEW
    every = (
        [sheet.frame.to_numpy(dtype=object).ravel("F")] if few else [cells.array for _, cells in sheet.frame.items()]
    )
    names = [str(at) for at in range(len(every))]
    columns, odd = [], {}
    for name, cells in zip(names, every, strict=True):
        try:
            columns.append(pa.array(cells, pa.string()))  # as they lie, where they are Arrow's already
        except (UnicodeEncodeError, pa.ArrowException):  # half a character, as a workbook may hold
            odd[name] = cells.tolist()
            columns.append(pa.nulls(len(cells), pa.string()))
    stream = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, names=names), stream, compression="zstd", compression_level=1)
    about = {
        "columns": list(sheet.frame.columns),
        "encoding": sheet.encoding,
        "few": few,
        "faults": sheet.faults,
        "notes": sheet.notes,
        "odd": odd,
        "rows": len(sheet.frame),
    }
    return {
        "about": words(about),
        "cells": np.frombuffer(stream.getvalue(), np.uint8),
        "packed": np.frombuffer(sheet.packed, np.uint8),
        "lines": sheet.lines,
        "start": sheet.start,
        "end": sheet.end,
    }


def unpack(arrays: dict[str, np.ndarray]) -> Sheet:
    """The sheet that ``pack`` made arrays of."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = told(arrays["about"])
    table = pq.read_table(pa.BufferReader(arrays["cells"].tobytes()), use_threads=False)
    cells = {at: table.column(at).to_pandas().to_numpy(dtype=object) for at in range(table.num_columns)}
    cells |= {int(at): np.array(texts, dtype=object) for at, texts in about["odd"].items()}
    held = cells[0].reshape(len(about["columns"]), about["rows"]).T if about["few"] else cells
    frame = pd.DataFrame(held, index=pd.RangeIndex(about["rows"]), dtype=object)
    frame.columns = pd.Index(about["columns"], dtype=object)
    faults = [(line, rule, start, end) for line, rule, start, end in about["faults"]]
    packed = arrays["packed"].tobytes()
    start, end = arrays["start"], arrays["end"]
    return Sheet(frame, arrays["lines"], about["encoding"], packed, start, end, faults, about["notes"])


def of_rows(
    frame: pd.DataFrame, lines: np.ndarray, raws: Sequence[bytes], encoding: str, faults: Any = (), notes: Any = ()
) -> Sheet:
    """A sheet of rows whose bytes are given one by one; ``faults`` are (line, rule, bytes)."""
    every = [*raws, *(raw for _, _, raw in faults)]
    end = np.cumsum([len(raw) for raw in every], dtype=np.int64)
    start = end - np.array([len(raw) for raw in every], np.int64)
    ends = zip(start[len(raws) :].tolist(), end[len(raws) :].tolist(), strict=True)
    bad = [(int(line), rule, *where) for (line, rule, _), where in zip(faults, ends, strict=True)]
    packed = zlib.compress(b"".join(every), 1)
    return Sheet(frame, lines, encoding, packed, start[: len(raws)], end[: len(raws)], bad, list(notes))


def read_workbook(data: bytes, name: str) -> Sheet:
    """A sheet of an Excel workbook; the arguments are those of ``workbooks.read_workbook``."""
    from hotspot.sources import workbooks

    frame, lines, notes, macintosh = workbooks.read_workbook(data, name)
    rows = frame.to_numpy(dtype=object).tolist()
    raws = [json.dumps(cells, ensure_ascii=False).encode("utf-8", "replace") for cells in rows]
    return of_rows(frame, lines, raws, XLSX_1904 if macintosh else "xlsx", notes=notes)


# What parts the fields of a delivered text, and its name in a sentence.
_MARKS = {b",": "commas", b";": "semicolons", b"\t": "tabs"}
_TITLES = 5  # lines above a header, and it
_LOOKED = 200  # rows by which a header with two of them is told


def read_csv(data: bytes, name: str, *, encoding: str | None = None, header: Sequence[str] | None = None) -> Sheet:
    """
    Decode a CSV file.

    Parameters
    ----------
    name : str
        How messages call the file.
    encoding : str, optional
        Declared coding; else as ``encodings.decode`` finds.
    header : sequence of str, optional
        Column names of a file that has none.

    Raises
    ------
    DataError
        As for ``tables.read_table``.
    """
    fault = content_fault(data)
    if fault:
        ways = {"gzip": "unpack it", "Word": "save its table as .xlsx or .csv", "KML": "save it as GeoJSON"}
        way = next((way for word, way in ways.items() if word in fault), "ask for the delivery again")
        raise DataError(f"{name}: {fault}; {way}.")
    text, coding = decode(data, name, encoding)
    notes = [f"{name}: read as {coding}"] if coding not in ("utf-8", encoding) else []
    mark = _mark(text, name)
    if mark != COMMA:
        notes.append(f"{name}: its columns are parted by {_MARKS[mark]}")
    try:
        found = scan(text, mark)
    except DataError as error:
        raise DataError(f"{name}, {error}") from None
    head = 0 if header else _titles(text, found, mark)
    notes += [f"{name}, line {line}: a title above the header; not read" for line in found.line[:head]]
    columns = list(header) if header else _header(text, found, head, name, mark)
    first = 0 if header else head + 1
    notes += _hidden_rows(text, found, len(columns), name, mark)
    good, faults = _sound(text, found, len(columns), first)
    if not good.any() and len(faults) > 1:
        at, rule = faults[0]
        raise DataError(f"{name}, line {found.line[at]}: {rule}, and so in every row; mend the file.")
    frame = _parse(text, found, good, columns, name, mark)
    if not text.endswith((b"\n", b"\r")):
        notes.append(f"{name}: no final newline; the last row may have been cut")
    bad = [(int(found.line[at]), rule, int(found.start[at]), int(found.end[at])) for at, rule in faults]
    packed = zlib.compress(text, 1)
    return Sheet(frame, found.line[good], coding, packed, found.start[good], found.end[good], bad, notes)


def _mark(text: bytes, name: str) -> bytes:
    """
    What parts the fields, by the header (below its titles): the one mark that stands in it outside quotes,
    else the one by which most rows are as wide as it.

    Examples
    --------
    >>> _mark(b"a;b (x, y)\\n1;2\\n3;4\\n", "a.csv"), _mark(b"a\\n1;2\\n", "a.csv")
    (b';', b',')
    """
    lines = [line for line in text[: 1 << 16].splitlines() if line.strip()][: _LOOKED + 1]
    bare = [re.sub(rb'"[^"]*"', b"", line) for line in lines]
    bare = bare[next((at for at, line in enumerate(lines[:_TITLES]) if _names_columns(line)), 0) :]
    there = [mark for mark in _MARKS if bare and mark in bare[0]]
    if len(there) > 1:
        alike = {mark: sum(row.count(mark) == bare[0].count(mark) for row in bare[1:]) for mark in there}
        fit = [mark for mark in there if 2 * alike[mark] > len(bare) - 1]
        if len(fit) != 1:
            told = " and ".join(_MARKS[mark] for mark in there)
            raise DataError(
                f"{name}, line 1: the header holds {told}, and the rows do not tell which of them part the columns; "
                "save the file with commas, and a name that holds one in quotes."
            )
        there = fit
    return there[0] if there else COMMA


def _names_columns(line: bytes) -> bool:
    """Whether a line, parted by any mark, holds a name of ours."""
    said = line.decode("utf-8", "replace")
    return any(is_known(cell.strip(' "')) for mark in _MARKS if mark in line for cell in said.split(mark.decode()))


def _titles(text: bytes, found: Records, mark: bytes) -> int:
    """How many lines of one cell, as an export's title is, stand above a header in which a name is one of ours."""
    for at in range(min(len(found.start), _TITLES)):
        cells = [cell.strip() for cell in text[found.start[at] : found.end[at]].decode().split(mark.decode())]
        if sum(map(bool, cells)) > 1:
            return at if any(map(is_known, cells)) else 0
    return 0


def _header(text: bytes, found: Records, head: int, name: str, mark: bytes) -> list[str]:
    if not len(found.start):
        raise DataError(f"{name}: file has no header.")
    line = text[found.start[head] : found.end[head]]
    if b"\x00" in line:
        raise DataError(f"{name}, line {found.line[0]}: NUL byte in the header; ask for the delivery again.")
    try:
        columns = _cells(line, mark)
    except csv.Error as error:
        raise DataError(f"{name}, line {found.line[0]}: the header cannot be read ({error}); mend it.") from None
    if len(columns) == 1:
        for other, words in (("|", "bars"), ("，", "full-width commas")):
            if other in columns[0]:
                raise DataError(
                    f"{name}, line {found.line[0]}: the header looks separated by {words}; save it with commas."
                )
    return named_columns(columns, name)


def named_columns(cells: list[str], name: str) -> list[str]:
    """The columns of a header, those without a name by their place; a DataError where one stands twice."""
    columns = [cell.strip().replace("\xa0", " ") or f"column {at + 1}" for at, cell in enumerate(cells)]
    seen: dict[str, int] = {}
    for at, column in enumerate(columns, 1):
        if seen.setdefault(column, at) != at:
            raise DataError(
                f"{name}: column {column!r} stands twice, at positions {seen[column]} and {at}; rename one."
            )
    return columns


def _cells(line: bytes, mark: bytes) -> list[str]:
    return next(csv.reader([line.decode().replace("\n", " ").replace("\r", " ")], delimiter=mark.decode()))


def _hidden_rows(text: bytes, found: Records, n_column: int, name: str, mark: bytes) -> list[str]:
    """Refuse a quote that swallows rows; say how many physical lines the quoted ones take."""
    after = np.append(found.line[1:], found.n_line + 1)
    taken = after - found.line
    several = [at for at in np.flatnonzero(taken > 1) if b'"' in text[found.start[at] : found.end[at]]]
    for at in several:
        inner = text[found.start[at] : found.end[at]].splitlines()[1:]
        alike = sum(line.count(mark) == n_column - 1 for line in inner)
        if n_column > 1 and alike >= _HIDDEN:
            raise DataError(
                f"{name}, line {found.line[at]}: a quote opened here hides {len(inner)} lines, {alike} of which look "
                "like rows; close or remove it."
            )
    if not several:
        return []
    lines = sum(len(text[found.start[at] : found.end[at]].splitlines()) for at in several)
    return [f"{name}: {len(several)} rows hold line breaks in quotes, {lines} lines of {found.n_line}"]


def _sound(text: bytes, found: Records, n_column: int, first: int) -> tuple[Flags, list[tuple[int, str]]]:
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


def _parse(text: bytes, found: Records, good: Flags, columns: list[str], name: str, mark: bytes) -> pd.DataFrame:
    """The sound records through pandas' C parser; every cell stays text."""
    kept = np.flatnonzero(good)
    if not len(kept):
        return pd.DataFrame({column: pd.Series(dtype=object) for column in columns})
    if len(text) < _SMALL and b'"' not in text:
        # A day of one network: splitting is several times faster than starting the parser.
        rows = [text[found.start[at] : found.end[at]].decode().split(mark.decode()) for at in kept]
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
    how: Any = {"header": None, "names": columns, "index_col": False, "dtype": str, "na_filter": False}
    frame = pd.read_csv(io.BytesIO(body), sep=mark.decode(), engine="c", **how)
    if len(frame) != len(kept):
        raise DataError(
            f"{name}: {len(kept)} rows were counted but {len(frame)} parsed; look for stray quotes in the file."
        )
    return frame
