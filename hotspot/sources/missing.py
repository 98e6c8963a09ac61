"""
Text cells to numbers, and the marks that mean "nothing was measured".

A mark becomes NaN; text that is neither a number nor a mark is handed back as
unreadable, never turned into a number by a guess (RELIABILITY C1: 11, 12; C4: 67).
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Flags, Floats
from hotspot.text.distinct import distinct

# "/" is "not monitored" in HJ 633-2026 tables 4 and 5, "NA" is "missing" there.
MARKS = frozenset(
    ["", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", "—", "——", "–", "/", "-;", "缺测", "无数据", "<na>"]
)
# Numbers that deliverers write for "missing"; only for what was measured, never for a position or a date.
MARK_NUMBERS = (-999.0, -99.9, -9999.0, -999.9, 9999.0, 99999.0)

_HALF_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def half_width(text: str) -> str:
    """
    Text with the full-width forms of ASCII as ASCII, nothing else changed ("35²" is not 352).

    Examples
    --------
    >>> half_width("－１２．５　"), half_width("35²")
    ('-12.5 ', '35²')
    """
    return text if text.isascii() else text.translate(_HALF_WIDTH)


def to_numbers(cells: ArrayLike, *, marks: bool = True, mark_numbers: bool = True) -> tuple[Floats, Flags]:
    """
    Numbers of text cells.

    Parameters
    ----------
    cells : array of str, any shape
    marks : bool
        Whether the missing marks mean "missing"; else only the empty text does.
    mark_numbers : bool
        Whether numbers such as -999 are missing marks as well.

    Returns
    -------
    values : float64, same shape; NaN where missing or unreadable
    unreadable : bool, same shape; text that is neither number nor mark

    Examples
    --------
    >>> to_numbers(["７．５", "-;", "1,200", "—", "-999", "inf"])
    (array([7.5, nan, nan, nan, nan, nan]), array([False, False,  True, False, False,  True]))
    """
    cells = np.asarray(cells, dtype=object)
    flat, back = distinct(cells.ravel())  # a column of measurements says few different texts
    values = np.array(pd.to_numeric(pd.Series(flat, dtype=object), errors="coerce"), dtype=np.float64)
    unreadable = np.zeros(flat.shape, bool)
    for at in np.flatnonzero(~np.isfinite(values)):
        text = str(flat[at])
        if text == "":
            continue
        text = half_width(text).strip()
        values[at] = pd.to_numeric(text, errors="coerce") if text.isascii() else np.nan
        if np.isfinite(values[at]):
            continue
        values[at] = np.nan
        if text.lower() in MARKS if marks else text == "":
            continue
        unreadable[at] = True
    if mark_numbers:
        values[np.isin(values, MARK_NUMBERS)] = np.nan
    return values[back].reshape(cells.shape), unreadable[back].reshape(cells.shape)


def unreadable_rule(text: Any) -> str:
    """
    What is wrong with a text that should have been a number.

    Examples
    --------
    >>> unreadable_rule("1,200")
    'thousands separator or decimal comma'
    >>> unreadable_rule("offline")
    'not a number and not a known missing mark'
    """
    plain = str(text).strip()
    if plain.replace(",", "").replace(".", "").lstrip("+-").isdigit() and "," in plain:
        return "thousands separator or decimal comma"
    if "inf" in plain.lower():
        return "infinite value"
    return "not a number and not a known missing mark"
