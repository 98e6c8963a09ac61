"""
Where each record of a CSV file begins, ends, and on which line it stands.

The whole file is scanned as an array of bytes, so that well-formed rows can go
to a fast parser while every odd row keeps its line number and its own bytes.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspot.kernels.arrays import Flags
from hotspot.variables import DataError

_QUOTE, _LF, _CR = 34, 10, 13
COMMA = b","


@dataclass(frozen=True)
class Records:
    """
    Byte ranges of the records of one file, blank lines left out.

    start, end : int64[n_record], half-open, without the line end
    line : int64[n_record], 1-based number of the physical line the record begins on
    n_field : int64[n_record]
    n_line : int, physical lines in the file
    open_quote : bool, the last record ends inside a quote
    """

    start: np.ndarray
    end: np.ndarray
    line: np.ndarray
    n_field: np.ndarray
    n_line: int
    open_quote: bool


def scan(data: bytes, mark: bytes = COMMA) -> Records:
    """
    Find the records of CSV text.

    Parameters
    ----------
    data : bytes, UTF-8 text; line ends may be mixed (LF, CRLF, lone CR)
    mark : bytes, what separates the fields, one byte

    Raises
    ------
    DataError
        A quote is opened and not closed before later lines.

    Examples
    --------
    >>> found = scan(b'a,b\\r\\n1,"x\\ny"\\r3,4')
    >>> found.line, found.n_field
    (array([1, 2, 4]), array([2, 2, 2]))
    """
    octets = np.frombuffer(data, np.uint8)
    if octets.size == 0:
        nothing = np.empty(0, np.int64)
        return Records(nothing, nothing, nothing, nothing, 0, False)
    inside, open_quote = _inside_quotes(data, octets, mark)
    line_end = octets == _LF
    returns = octets == _CR
    if returns.any():
        returns[:-1] &= octets[1:] != _LF
        line_end |= returns
    every_break = np.flatnonzero(line_end)
    outside = every_break if inside is None else every_break[~inside[every_break]]
    start = np.concatenate(([0], outside + 1)).astype(np.int64)
    end = np.concatenate((outside, [octets.size])).astype(np.int64)
    line = np.searchsorted(every_break, start, side="left") + 1
    # The CR of a CRLF belongs to the line end, not to the last field.
    crlf = (end > start) & (octets[np.maximum(end - 1, 0)] == _CR)
    end -= crlf
    cuts = np.flatnonzero(octets == ord(mark))
    if inside is not None:
        cuts = cuts[~inside[cuts]]
    n_field = np.searchsorted(cuts, end) - np.searchsorted(cuts, start) + 1
    kept = end > start
    for at in np.flatnonzero(kept & (n_field == 1)):
        kept[at] = bool(data[start[at] : end[at]].strip())
    n_line = len(every_break) + (0 if line_end[-1] else 1)
    return Records(start[kept], end[kept], line[kept], n_field[kept].astype(np.int64), n_line, open_quote)


def _inside_quotes(data: bytes, octets: NDArray[np.uint8], mark: bytes) -> tuple[Flags | None, bool]:
    """bool[n_byte], True between an opening and its closing quote; None where no quote occurs."""
    quotes = octets == _QUOTE
    if not quotes.any():
        return None, False
    after = np.cumsum(quotes, dtype=np.uint8) & 1  # wraps at 256, parity survives
    at = np.flatnonzero(quotes)
    edges = np.array([ord(mark), _LF, _CR, _QUOTE], np.uint8)
    before = octets[np.maximum(at - 1, 0)]
    behind = octets[np.minimum(at + 1, octets.size - 1)]
    opening = after[at] == 1
    plain = np.where(opening, np.isin(before, edges) | (at == 0), np.isin(behind, edges) | (at == octets.size - 1))
    if plain.all() and not after[-1]:
        return after.astype(bool), False
    return _walk_quotes(data, mark)


def _walk_quotes(data: bytes, mark: bytes) -> tuple[Flags, bool]:
    """The same for text with stray quotes: a quote opens only where a field begins."""
    field = re.compile(rb"(?:\A|(?<=[\r\n" + mark + rb']))"[^"]*(?:""[^"]*)*(?:(")|\Z)')
    inside = np.zeros(len(data), bool)
    for found in field.finditer(data):
        closed = found[1] is not None
        if not closed and (b"\n" in found[0].strip() or b"\r" in found[0].strip()):
            line = data[: found.start()].count(b"\n") + 1
            raise DataError(f"line {line}: a quote is opened here and never closed; close it or remove it.")
        inside[found.start() : found.end() - closed] = True
        if not closed:
            return inside, True
    return inside, False
