"""
Ranks with ties, and change against a base: the two rules behind every list.

Where rounding happens (STANDARDS 3, 4.5; METHODS 9):

1. a mean is kept unrounded wherever it is stored;
2. a change is computed from both means at the product's decimals, each rounded
   once from its stored full value, never from an earlier print;
3. the change itself is not rounded before it is ranked, and neither is a level;
4. what is printed is rounded once, when it is printed.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats, Ints
from hotspot.rules.rounding import round_half_even

RANKINGS = ("competition", "dense")
# Two levels nearer than this, ug/m3, differ by the order of a sum and nothing else.
LEVEL_DUST_DECIMALS = 6


def ranks(values: ArrayLike, *, how: str = "competition") -> Ints:
    """
    Rank numbers from the largest down; equal numbers share a rank.

    Competition ranks (1, 1, 3) are what Guangdong prints, dense ranks (1, 1, 2)
    what Heyuan prints (STANDARDS 4.3).

    Parameters
    ----------
    values : array of numbers; NaN is not ranked
    how : "competition" or "dense"

    Returns
    -------
    int64 array of the same length, 1 for the largest, -1 for NaN

    Examples
    --------
    >>> ranks([31.0, 33.0, 33.0, float("nan")]), ranks([31.0, 33.0, 33.0], how="dense")
    (array([ 3,  1,  1, -1]), array([2, 1, 1]))
    """
    if how not in RANKINGS:
        raise ValueError(f"how is {how!r}; give one of {', '.join(RANKINGS)}.")
    values = np.asarray(values, dtype="float64").ravel()
    seen = ~np.isnan(values)
    place = np.full(values.size, -1, dtype="int64")
    levels, inverse, counts = np.unique(-values[seen], return_inverse=True, return_counts=True)
    first = np.arange(levels.size) if how == "dense" else np.cumsum(counts) - counts
    place[seen] = first[inverse.ravel()] + 1
    return place


def change(current: ArrayLike, previous: ArrayLike, decimals: int) -> tuple[Any, Any]:
    """
    Change of a mean against its base, both at the product's decimals.

    Parameters
    ----------
    current, previous : arrays of unrounded means, same shape, one unit; NaN where missing
    decimals : int
        Decimals of the product (``criteria.warning.decimals``).

    Returns
    -------
    (float64 array, float64 array): difference in the unit, and per cent of the base;
    NaN where a value is missing, per cent also NaN where the rounded base is not above zero

    Examples
    --------
    >>> [round(float(x), 2) for x in change(28.06, 28.24, 1)]     # 28.1 against 28.2
    [-0.1, -0.35]
    >>> change([5.0], [0.04], 1)[1]
    array([nan])
    """
    scale = 10.0**decimals
    # Whole ticks make equal changes equal to the last bit, so ties do not hang on binary dust.
    now = np.rint(round_half_even(np.asarray(current, dtype="float64"), decimals) * scale)
    then = np.rint(round_half_even(np.asarray(previous, dtype="float64"), decimals) * scale)
    difference = now - then
    with np.errstate(divide="ignore", invalid="ignore"):
        per_cent = np.where(then > 0, difference / then * 100.0, np.nan)
    return difference / scale, per_cent


def level_for_rank(values: Floats) -> Floats:
    """
    A mean as it is compared with others: unrounded but for the dust of summation.

    Cells that see one satellite pixel have one value; the order in which its share
    was added up must not put them in order.

    Examples
    --------
    >>> level_for_rank([0.1 + 0.2, 0.3]).tolist()
    [0.3, 0.3]
    """
    return np.round(np.asarray(values, dtype="float64"), LEVEL_DUST_DECIMALS)
