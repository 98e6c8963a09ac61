"""
Columns of whole numbers as short text, for pages that carry their data inside.

Neighbouring cells are alike, so a column is written as differences, each in as
few bytes as it needs (zigzag, then seven bits a byte), then base64. The page's
``map.data.js`` reads it back.
"""

import base64
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats, Ints


def pack(values: ArrayLike) -> str:
    """
    Whole numbers as base64 text of their differences.

    Parameters
    ----------
    values : integer array [n], absolute values and differences below 2**52

    Examples
    --------
    >>> pack([100, 101, 99])
    'yAECAw=='
    """
    values = np.asarray(values, dtype=np.int64)
    steps = np.diff(values, prepend=0)
    return base64.b64encode(_varint((steps << 1) ^ (steps >> 63))).decode("ascii")


def pack_runs(values: ArrayLike) -> str:
    """
    The same for columns that mostly repeat: value, length, value, length ...

    Examples
    --------
    >>> pack_runs([7] * 1000), len(pack([7] * 1000))
    ('DsIP', 1336)
    """
    values = np.asarray(values, dtype=np.int64)
    starts = np.flatnonzero(np.diff(values, prepend=values[:1] - 1))
    pairs = np.stack([values[starts], np.diff(starts, append=len(values))], axis=1)
    return pack(pairs.ravel())


def column(values: Floats, decimals: int) -> dict[str, Any]:
    """
    Measured values as a column the page can read: rounded once, half to even, NaN kept.

    Parameters
    ----------
    values : float array [n], NaN where missing
    decimals : int
        Digits after the point that the page prints.

    Returns
    -------
    dict with ``data`` (text), ``runs`` (bool), ``base``, ``per``: a stored 0 is missing,
    any other number ``s`` stands for ``(s + base) / per``

    Examples
    --------
    >>> column(np.array([35.25, np.nan, 35.5]), 1)
    {'data': 'AgEI', 'runs': False, 'base': 351, 'per': 10}
    """
    values = np.asarray(values, dtype=float)
    seen = np.isfinite(values)
    per = 10**decimals
    # The inner rounding takes away the last bits that the product adds (1.005 * 100).
    whole = np.rint(np.round(np.where(seen, values, 0.0) * per, 7)).astype(np.int64)
    base = int(whole[seen].min()) - 1 if seen.any() else 0
    stored = np.where(seen, whole - base, 0)
    plain, runs = pack(stored), pack_runs(stored)
    short = len(runs) < len(plain)
    return {"data": runs if short else plain, "runs": short, "base": base, "per": per}


def _varint(numbers: Ints) -> bytes:
    """Bytes of non-negative numbers, seven bits each, lowest first, high bit while more follow."""
    numbers = numbers.astype(np.uint64)
    shifts = np.arange(0, 63, 7, dtype=np.uint64)
    groups = (numbers[:, None] >> shifts) & np.uint64(0x7F)
    needed = np.maximum(1, len(shifts) - np.argmax((groups != 0)[:, ::-1], axis=1))
    needed[numbers == 0] = 1
    place = np.arange(len(shifts))
    groups |= np.where(place < needed[:, None] - 1, np.uint64(0x80), np.uint64(0))
    return groups[place < needed[:, None]].astype(np.uint8).tobytes()
