"""
Cell codes for people: short enough for the phone, and a misread one is refused.

``PR1847L`` = two letters for the 300 km block (column, row), two digits column
and two digits row inside the block, one ISO 7064 MOD 37,36 check character.
Letters I and O are never used in the block, so nobody has to guess.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Ints, Texts
from hotspot.variables import DataError

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # 24 blocks each way: no I, no O
PER_BLOCK = 100  # cells along one side of a block
LAST = len(LETTERS) * PER_BLOCK - 1
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def normalise(code: str) -> str:
    """
    A code as typed, in the form it is printed: capitals, half-width, no blanks around.

    Examples
    --------
    >>> normalise(" ｐｒ１８４７ｌ-７ ")
    'PR1847L-7'
    """
    text = unicodedata.normalize("NFKC", str(code)).strip().upper()
    # Dashes that keyboards and word processors put in place of the plain one.
    return text.translate(dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"))


def encode(col: ArrayLike, row: ArrayLike) -> Any:
    """
    The codes of cells of the 3 km lattice.

    Parameters
    ----------
    col, row : int or int array (n), 0 to 2399

    Returns
    -------
    str, or str array (n)

    Raises
    ------
    DataError
        A cell lies outside the 24 x 24 blocks that have letters.

    Examples
    --------
    >>> encode(1318, 1547)
    'PR1847L'
    >>> encode([100, 1740], [600, 2000])
    array(['BG0000A', 'TW40005'], dtype='<U7')
    """
    scalar = np.ndim(col) == 0 and np.ndim(row) == 0
    col, row = np.broadcast_arrays(np.atleast_1d(col).astype(np.int64), np.atleast_1d(row).astype(np.int64))
    outside = (col < 0) | (col > LAST) | (row < 0) | (row > LAST)
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        raise DataError(
            f"cell column {col[first]}, row {row[first]} lies outside the lattice (0 to {LAST} both ways); "
            "check the coordinates (longitude first, WGS 84), or use a lattice with its own CRS for that region."
        )
    from stdnum.iso7064 import mod_37_36

    bodies = [
        f"{LETTERS[c // PER_BLOCK]}{LETTERS[r // PER_BLOCK]}{c % PER_BLOCK:02d}{r % PER_BLOCK:02d}"
        for c, r in zip(col.tolist(), row.tolist(), strict=True)
    ]
    codes = np.array([body + mod_37_36.calc_check_digit(body) for body in bodies], dtype="<U7")
    return str(codes[0]) if scalar else codes


def decode(code: str) -> tuple[int, int]:
    """
    Column and row of a code, or the reason why it is none.

    Parameters
    ----------
    code : str
        Capitals or not, half-width or full-width.

    Returns
    -------
    (int, int), column and row

    Raises
    ------
    DataError
        Wrong length, wrong kind of character at a place, or the check character
        does not fit. Nothing is ever corrected: a guess would send somebody to
        the wrong place.

    Examples
    --------
    >>> decode("pr1847l")
    (1318, 1547)
    >>> decode("PR1848L")
    Traceback (most recent call last):
    hotspot.variables.DataError: cell code 'PR1848L': the check character does not fit ...
    """
    text = normalise(code)
    if len(text) != 7:
        raise DataError(
            f"cell code {code!r} has {len(text)} characters, a code has 7 (like PR1847L); read the code again."
        )
    for place, character in enumerate(text, start=1):
        allowed, what = _ALLOWED[place - 1]
        if character not in allowed:
            raise DataError(
                f"cell code {code!r}: character {place}, {character!r}, should be {what}; read the code again."
            )
    from stdnum.iso7064 import mod_37_36

    if not mod_37_36.is_valid(text):
        raise DataError(
            f"cell code {code!r}: the check character does not fit, so a character is wrong or two are swapped; "
            "read the code again."
        )
    col = LETTERS.index(text[0]) * PER_BLOCK + int(text[2:4])
    row = LETTERS.index(text[1]) * PER_BLOCK + int(text[4:6])
    return col, row


_DIGITS = "0123456789"
_ALLOWED = (
    *[(LETTERS, "a letter A to Z, never I or O")] * 2,
    *[(_DIGITS, "a digit")] * 4,
    (_ALPHABET, "a letter A to Z or a digit"),
)


def encode_child(parents: Sequence[str] | Texts, i: Ints, j: Ints, n: int) -> Texts:
    """
    Codes of sub-cells, numbered from the north-west row by row as printed on paper.

    Parameters
    ----------
    parents : sequence of str (k), codes of the cells
    i, j : int array (k), steps east and north of the cell's south-west sub-cell
    n : int, sub-cells along one side

    Returns
    -------
    str array (k)

    Examples
    --------
    >>> encode_child(["PR1847L"] * 3, np.array([0, 5, 5]), np.array([5, 5, 0]), 6)
    array(['PR1847L-01', 'PR1847L-06', 'PR1847L-36'], dtype='<U10')
    """
    number = (n - 1 - j) * n + i + 1
    return np.array([f"{p}-{k:0{_width(n)}d}" for p, k in zip(parents, number.tolist(), strict=True)], dtype=np.str_)


def decode_child(code: str, n: int, parse: Callable[[str], tuple[int, int]] = decode) -> tuple[int, int, int]:
    """
    Column and row of the cell, and number of the sub-cell, of ``CODE-NN``.

    Parameters
    ----------
    n : int, sub-cells along one side
    parse : callable
        How the part before the dash is read.

    Returns
    -------
    (int, int, int)

    Raises
    ------
    DataError
        The cell's code is wrong, or there is no such sub-cell.

    Examples
    --------
    >>> decode_child("PR1847L-37", 6)
    Traceback (most recent call last):
    hotspot.variables.DataError: sub-cell code 'PR1847L-37': '37' should be a number from 01 to 36; read the code again.
    """
    body, _, tail = normalise(code).partition("-")
    col, row = parse(body)
    if not re.fullmatch(rf"[0-9]{{{_width(n)}}}", tail) or not 1 <= int(tail) <= n * n:
        raise DataError(
            f"sub-cell code {code!r}: {tail!r} should be a number from {1:0{_width(n)}d} to {n * n}; "
            "read the code again."
        )
    return col, row, int(tail)


def _width(n: int) -> int:
    return max(2, len(str(n * n)))


def encode_plain(col: Ints, row: Ints) -> Texts:
    """
    Codes for spacings without the seven-character form: ``C00318R00547`` and a check character.

    Parameters
    ----------
    col, row : int array (n), 0 to 99999

    Returns
    -------
    str array (n)

    Examples
    --------
    >>> encode_plain(np.array([318]), np.array([547]))
    array(['C00318R005475'], dtype='<U13')
    """
    from stdnum.iso7064 import mod_37_36

    bodies = [f"C{c:05d}R{r:05d}" for c, r in zip(col.tolist(), row.tolist(), strict=True)]
    for body in bodies:
        if len(body) != 12 or "-" in body:
            raise DataError(f"cell {body} lies outside the lattice; check the coordinates (longitude first, WGS 84).")
    return np.array([body + mod_37_36.calc_check_digit(body) for body in bodies], dtype="<U13")


def decode_plain(code: str) -> tuple[int, int]:
    """
    Column and row of a code made by ``encode_plain``.

    Raises
    ------
    DataError
        The shape is another one, or the check character does not fit.

    Examples
    --------
    >>> decode_plain("C00318R005475")
    (318, 547)
    """
    from stdnum.iso7064 import mod_37_36

    text = normalise(code)
    match = re.fullmatch(r"C([0-9]{5})R([0-9]{5})[0-9A-Z]", text)
    if not match:
        raise DataError(f"cell code {code!r} is not like C00318R005475, the form of this lattice; read the code again.")
    if not mod_37_36.is_valid(text):
        raise DataError(f"cell code {code!r}: the check character does not fit; read the code again.")
    return int(match[1]), int(match[2])
