"""
One sheet of an Excel workbook as rows of text, in the child of ``readers``.

Dates become text only where the cell itself is typed as a date; a bare day number
stays a number here, and is a date where its column means one (``Table.when``).
"""

import datetime
import io
import itertools
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.foreign import limits
from hotspot.variables import DataError

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

MAX_ROWS = 1_000_000
MAX_CELLS = 5_000_000
MAX_EMPTY = 100_000  # formatted but empty rows in a row
MAX_MEMBERS = 500
MAX_BYTES = 1 << 30
MAX_RATIO = 100
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?$")
_HEADS = 4  # rows among which a header stands, below its titles
_SMALL = 10 << 20  # a short sheet of equal rows packs better than 100 to 1 and harms nobody


def decode(job: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Read the first visible sheet that holds anything.

    Parameters
    ----------
    job : dict
        ``path, name, folder``.

    Returns
    -------
    (dict, dict): ``notes``, ``macintosh`` (days are counted from 1904); and the file ``rows``, a JSON line
    [row number, texts] each, the header first

    Raises
    ------
    DataError
        Macros, a zip bomb, too many rows, no header.
    """
    import openpyxl
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    name, path = job["name"], Path(job["path"])
    if path.stat().st_size > limits.MAX_BYTES:
        raise DataError(f"{name}: {path.stat().st_size} bytes, more than {limits.MAX_BYTES}; split the workbook.")
    data = path.read_bytes()
    members = check_container(data, name)
    notes = []
    if any(member.startswith("xl/externalLinks/") for member in members):
        notes.append(f"{name}: links to other workbooks were not followed; the values saved in it were read")
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        chosen, rows = _choose(book, name)
        notes += _notes(book, chosen, data, name)
        macintosh = book.epoch == CALENDAR_MAC_1904
        book.close()
    except (DataError, MemoryError):
        raise
    except Exception as error:  # the library fails in many ways on damaged files
        raise DataError(f"{name}: the workbook cannot be read ({type(error).__name__}: {error}).") from None
    with open(Path(job["folder"]) / "rows", "w", encoding="utf-8", errors="replace") as stream:
        for line in rows:
            stream.write(json.dumps(line) + "\n")
    return {"notes": notes, "macintosh": macintosh}, {"rows": "rows"}


def check_container(data: bytes, name: str) -> list[str]:
    """
    Refuse archives that are no plain workbook: macros, bombs, encryption.

    Parameters
    ----------
    name : str
        For messages.

    Returns
    -------
    list of str, the members

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_container(b"a,b", "a.xlsx")
    Traceback (most recent call last):
    hotspot.variables.DataError: a.xlsx: not an Excel workbook (.xlsx); save it as .xlsx or .csv.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(f"{name}: an old .xls workbook, or one with a password; save it as .xlsx without a password.")
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile:
        raise DataError(f"{name}: not an Excel workbook (.xlsx); save it as .xlsx or .csv.") from None
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or total > MAX_BYTES:
        raise DataError(f"{name}: {len(members)} members of {total} bytes unpacked; a workbook of stations is smaller.")
    for member in members:
        if member.file_size > max(_SMALL, MAX_RATIO * max(member.compress_size, 1)):
            raise DataError(f"{name}: member {member.filename!r} unpacks to {member.file_size} bytes; not opened.")
    names = [member.filename for member in members]
    if any("vbaproject" in member.lower() for member in names):
        raise DataError(f"{name}: the workbook carries macros; save it as .xlsx without them.")
    if "xl/workbook.xml" not in names:
        raise DataError(f"{name}: a zip archive, but no Excel workbook; deliver the tables themselves.")
    return names


def _choose(book: "Workbook", name: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """The sheet to read and its non-empty rows as (row number, texts)."""
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            rows = _rows(sheet, name)
            if rows:
                _refuse_continued(book, sheet.title, rows, name)
                return sheet.title, rows
    raise DataError(f"{name}: no visible sheet holds anything; the file has no header.")


def _refuse_continued(book: "Workbook", chosen: str, rows: list[tuple[int, list[str]]], name: str) -> None:
    """Refuse a workbook whose table goes on in sheets under the same header: a station, or a day, each."""
    heads = [texts for _, texts in rows[:_HEADS] if sum(map(bool, texts)) > 1 and not any(map(_NUMBER.match, texts))]
    also = []
    for sheet in book.worksheets:
        if sheet.title != chosen and sheet.sheet_state == "visible":
            first = [[_text(cell) for cell in row] for row in itertools.islice(sheet.iter_rows(), _HEADS)]
            also += [sheet.title] * any(texts[: len(head)] == head for texts in first for head in heads)
    if also:
        raise DataError(
            f"{name}: sheets {', '.join([chosen, *also][:6])}{' ...' if len(also) > 5 else ''} have one header, and a "
            "file is one sheet here: put their rows into one, deliver a file for each, or hide what is not meant."
        )


def _rows(sheet: "ReadOnlyWorksheet", name: str) -> list[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # the size a file claims need not be true
    rows, empty, n_cell = [], 0, 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        texts = [_text(cell) for cell in row]
        while texts and texts[-1] == "":
            texts.pop()
        if not texts:
            empty += 1
            if empty > MAX_EMPTY:
                raise DataError(f"{name}, sheet {sheet.title}: over {MAX_EMPTY} empty formatted rows; delete them.")
            continue
        empty = 0
        rows.append((number, texts))
        n_cell += len(texts)
        if n_cell > MAX_CELLS:
            raise DataError(f"{name}, sheet {sheet.title}: over {MAX_CELLS} cells; deliver CSV or split the file.")
        if len(rows) > MAX_ROWS:
            raise DataError(f"{name}, sheet {sheet.title}: over {MAX_ROWS} rows; deliver CSV or split the file.")
    return rows


def _text(cell: "ReadOnlyCell | EmptyCell") -> str:
    """A cell as text: dates in ISO form, whole numbers without a decimal point."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime.datetime):
        # Excel keeps days as binary fractions: 05:00 may come back as 04:59:59.999.
        return (value + datetime.timedelta(microseconds=500_000)).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _notes(book: "Workbook", chosen: str, data: bytes, name: str) -> list[str]:
    said = []
    hidden = [sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"]
    others = [title for title in book.sheetnames if title not in (chosen, *hidden)]
    if hidden:
        said.append(f"{name}: hidden sheets were not read: {', '.join(hidden)}")
    if others:
        said.append(f"{name}: sheet {chosen} was read; not read: {', '.join(others)}")
    archive = zipfile.ZipFile(io.BytesIO(data))
    merged = blank = 0
    for member in archive.namelist():
        if member.startswith("xl/worksheets/sheet"):
            sheet = archive.read(member)
            merged += len(re.findall(rb"<mergeCell ", sheet))
            blank += len(re.findall(rb"(?:</f>|<f/>)\s*(?:<v\s*/>|<v></v>|</c>)", sheet))
    if blank:
        said.append(
            f"{name}: {blank} formulas carry no saved value, so their cells are empty here; open the workbook in the "
            "program that reckons them, save it, and deliver that"
        )
    if merged:
        said.append(f"{name}: {merged} merged ranges; only the first cell of each holds its value")
    return said
