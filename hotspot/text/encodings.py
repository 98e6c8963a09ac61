"""
What a delivered file really is, and how its text is coded.

Only strict decoding counts: a byte that fits no known coding stops the reading
and is named by its position (RELIABILITY C1: 1, 5, 6, 16).
"""

import re

from hotspot.variables import DataError

_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<script", b"<svg")
_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word document",
    b"%PDF": "a PDF document",
    b"\x89HDF": "an HDF5 or NetCDF file",
    b"CDF\x01": "a NetCDF file",
    b"CDF\x02": "a NetCDF file",
    b"II*\x00": "a TIFF picture",
    b"MM\x00*": "a TIFF picture",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a PNG picture",
}
# Two adjacent two-byte UTF-8 letters, each of which would also be a common hanzi in GB18030.
_EITHER = re.compile(rb"(?:[\xc2-\xd7][\xa1-\xbf]){2,}")


def content_fault(data: bytes) -> str:
    """
    Why the bytes are no text table at all; empty when they may be one.

    Parameters
    ----------
    data : bytes
        The file, or at least its first kilobyte.

    Examples
    --------
    >>> content_fault(b"")
    'file is empty (0 bytes) and has no header'
    >>> content_fault(b" <!DOCTYPE html><html>log in</html>")
    'content is HTML, not a table'
    >>> content_fault(b"date,hour,type\\n")
    ''
    """
    if not data:
        return "file is empty (0 bytes) and has no header"
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head:
        return "file holds only blanks and has no header"
    if b"<kml" in head.lower():
        return "content is KML, not a table"
    if head.lower().startswith(_MARKUP):
        return "content is HTML, not a table"
    if head[:1] in (b"{", b"["):
        return "content is JSON, not a table"
    if data.startswith(b"PK\x03\x04") and b"word/" in data:
        return "content is a Word document, not a text table"
    for mark, words in _SIGNATURES.items():
        if data.startswith(mark):
            return f"content is {words}, not a text table"
    return ""


def decode(data: bytes, name: str, encoding: str | None = None) -> tuple[bytes, str]:
    """
    The text of a file as UTF-8 bytes without a mark, and the coding it came in.

    UTF-8 is tried first, because Chinese text in GB18030 practically never passes
    strict UTF-8; GB18030 only when UTF-8 fails. Where both fit and mean different
    letters, nothing is guessed.

    Parameters
    ----------
    name : str
        For messages.
    encoding : str, optional
        As declared in the study; then no other is tried.

    Returns
    -------
    (bytes, str): UTF-8 text, and one of ``utf-8 utf-8-sig utf-16-le utf-16-be gb18030`` or the declared name

    Raises
    ------
    DataError
        No coding fits, or two do.

    Examples
    --------
    >>> decode("站点,细颗粒物".encode("gb18030"), "a.csv")[1]
    'gb18030'
    >>> decode(b"\\xff\\xfe" + "a,b".encode("utf-16-le"), "a.csv")
    (b'a,b', 'utf-16-le')
    """
    if encoding is not None:
        return _strict(data, encoding, name).encode("utf-8"), encoding
    if data.startswith(b"\xef\xbb\xbf"):
        return _strict(data[3:], "utf-8", name, shift=3).encode("utf-8"), "utf-8-sig"
    for mark, coding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return _strict(data[2:], coding, name, shift=2).encode("utf-8"), coding
    if data[:4096].count(0) * 4 > len(data[:4096]):
        raise DataError(f"{name}: every second byte is 0, as in UTF-16 without a mark; save it as UTF-8.")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_cut(error, name)  # before GB18030 makes other characters of it
        return _strict(data, "gb18030", name, first=error.start).encode("utf-8"), "gb18030"
    doubtful = None if data.isascii() or re.search(rb"[\xe0-\xf4]", data) else _EITHER.search(data)
    if doubtful and _fits(data, "gb18030"):
        raise DataError(
            f"{name}, byte {doubtful.start()}: the text is valid both as UTF-8 and as GB18030; "
            'declare encoding = "utf-8" or encoding = "gb18030" in the study.'
        )
    return data, "utf-8"


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_cut(error: UnicodeDecodeError, name: str) -> None:
    """Refuse a text that is sound UTF-8 up to the middle of its last character."""
    if error.reason == "unexpected end of data":
        raise DataError(f"{name}: ends in the middle of a character, so it was cut; fetch it again.") from None


def _strict(data: bytes, encoding: str, name: str, *, shift: int = 0, first: int | None = None) -> str:
    """Decode or raise, naming the byte; ``first`` is where UTF-8 had failed before."""
    try:
        return data.decode(encoding)
    except LookupError:
        raise DataError(f"{name}: encoding {encoding!r} is not known; declare utf-8, utf-16 or gb18030.") from None
    except UnicodeDecodeError as error:
        _refuse_cut(error, name)
        where = error.start + shift if first is None else first
        tried = encoding if first is None else f"UTF-8 (byte {first}) nor GB18030 (byte {error.start})"
        word = "is not valid" if first is None else "is neither"
        raise DataError(
            f"{name}, byte {where}: 0x{data[where - shift]:02x} {word} {tried}; "
            "save the file as UTF-8 or declare its encoding."
        ) from None
