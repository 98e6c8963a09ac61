"""
CSV of our own: UTF-8, LF, RFC 4180 quoting, and no text that a spreadsheet would run.

A text that would be taken for a formula gets a leading apostrophe (OWASP ASVS
1.2.10, CWE-1236); reading takes it off again, so nothing is lost.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from hotspot.text.door import shown
from hotspot.text.encodings import decode
from hotspot.variables import DataError

# What a spreadsheet may run when a cell begins with it; the full-width forms are folded by some.
_LEAD = re.compile(r"'*[=+\-@\t\r\n\0＝＋－＠]")


def escape_text(text: str) -> str:
    """
    A text that no spreadsheet takes for a formula; ``unescape_text`` takes the mark off again.

    What is hidden in it (control and direction marks) stands as its code point from here on.

    Examples
    --------
    >>> escape_text("=cmd()"), escape_text("-3"), escape_text("plain"), unescape_text(escape_text("'=x"))
    ("'=cmd()", "'-3", 'plain', "'=x")
    """
    text = shown(text)
    return f"'{text}" if _LEAD.match(text) else text


def unescape_text(text: str) -> str:
    """Take off the apostrophe that ``escape_text`` set."""
    return text[1:] if text.startswith("'") and _LEAD.match(text) else text


def write_csv(path: Path | str, header: Collection[str], rows: Iterable[Sequence[Any]]) -> Path:
    """
    Write a header and rows of finished texts; what is hidden in one stands as its code point.

    Parameters
    ----------
    rows : iterable of iterables of str
    """
    path = Path(path)
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([shown(str(text)) for text in row] for row in rows)
    return path


def first_line(path: Path | str) -> str:
    """
    The first line of a text file, "" where it is none or cannot be decoded: ``read_csv`` says what is wrong with it.

    Examples
    --------
    >>> import tempfile
    >>> first_line(write_csv(tempfile.mkdtemp() + "/a.csv", ["cell", "rank"], []))
    'cell,rank'
    """
    try:
        with open(path, "rb") as stream:
            return decode(stream.readline(), str(path))[0].decode("utf-8").strip()
    except (DataError, OSError):
        return ""


def read_csv(path: Path | str, header: Collection[str], what: str, remedy: str) -> list[tuple[int, list[str]]]:
    """
    Read the rows of a table that has exactly these columns.

    Parameters
    ----------
    path : str or Path
        In UTF-8 or, as a spreadsheet of a Chinese office may have saved it, in GB18030.
    what, remedy : str
        What the file should be and what to do if it is not, for the message.

    Returns
    -------
    list of (int, list of str): the row's number in the file, as a spreadsheet counts, and its texts

    Raises
    ------
    DataError
        The file is no CSV, its header differs, or a row has more or fewer values.
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> import tempfile
    >>> path = write_csv(tempfile.mkdtemp() + "/a.csv", ["cell", "rank"], [["PR1847K", "1"]])
    >>> read_csv(path, ["cell", "rank"], "a list", "mend it")
    [(2, ['PR1847K', '1'])]
    >>> read_csv(path, ["cell"], "a list", "mend it")
    Traceback (most recent call last):
    hotspot.variables.DataError: ...a.csv, row 1: the columns are cell,rank; expected cell.
    """
    path, header = Path(path), list(header)
    text = decode(path.read_bytes(), str(path))[0].decode("utf-8")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise DataError(f"{path}: not {what} ({error}); {remedy}.") from None
    if not rows or rows[0] != header:
        found = ",".join(rows[0]) if rows else "nothing"
        raise DataError(f"{path}, row 1: the columns are {found}; expected {','.join(header)}.")
    numbered = list(enumerate(rows[1:], start=2))
    for number, row in numbered:
        if len(row) != len(header):
            raise DataError(f"{path}, row {number}: {len(row)} values for {len(header)} columns; mend the row.")
    return numbered
