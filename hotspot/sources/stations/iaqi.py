"""
Station values that are an air-quality index and not a concentration.

HJ 633 rounds the index up to a whole number, so below IAQI 200 some numbers can
never occur (1, 4, 7, 11, 14, 17, 21 ... for PM2.5 of 2012). A delivery that has many
different whole numbers and none of those is an index, whatever its header says
(RELIABILITY C4: 80).
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.rules.index import iaqi
from hotspot.variables import DataError

VERSIONS = ("2012", "2026")
_MAX = 500
# So many different values below 200 without one impossible number: chance is below 1e-4 for real concentrations.
MIN_DISTINCT = 30
MIN_COUNT = 100


@cache
def _gaps(version: str) -> Flags:
    """For each whole number below 200: whether no concentration gives it."""
    return np.isin(np.arange(200), impossible(version))


@cache
def index_table(version: str = "2012") -> Ints:
    """The PM2.5 index of every whole concentration from 0 to 500 ug/m3, rounded up (HJ 633, 4.2.4 and 4.2.6)."""
    return np.array([iaqi(value, "pm25_24h", version) for value in range(_MAX + 1)], dtype=np.int64)


def impossible(version: str = "2012") -> Ints:
    """
    Whole numbers below 200 that no concentration gives as an index.

    Examples
    --------
    >>> impossible()[:7].tolist()
    [1, 4, 7, 11, 14, 17, 21]
    """
    return np.setdiff1d(np.arange(200), index_table(version))


def looks_like_index(values: Floats, version: str = "2012") -> bool:
    """
    Whether values are an index in disguise.

    Parameters
    ----------
    values : float64[n], NaN allowed
    version : "2012" or "2026"

    Examples
    --------
    >>> looks_like_index(np.repeat(index_table()[:60], 3)), looks_like_index(np.repeat(np.arange(60.0), 3))
    (True, False)
    """
    values = np.asarray(values, np.float64).ravel()
    values = values[np.isfinite(values) & (values >= 0) & (values < 200)]
    whole = np.rint(values)
    if len(values) < MIN_COUNT or np.mean(whole == values) < 0.999:
        return False
    gaps = _gaps(version)
    count = np.bincount(whole.astype(np.int64), minlength=gaps.size)[: gaps.size]  # 199.6 is no whole number
    # A handful of typing faults must not hide an index.
    return bool(np.count_nonzero(count) >= MIN_DISTINCT and count[gaps].sum() / len(values) < 0.001)


def refuse_index(values: Floats, name: str) -> None:
    """
    Stop when declared concentrations are an index.

    Raises
    ------
    DataError
        With the numbers that never occur, and what to declare.
    """
    for version in VERSIONS:
        if looks_like_index(values, version):
            gaps = ", ".join(str(n) for n in impossible(version)[:7])
            raise DataError(
                f"{name}: the PM2.5 values are not ug/m3 but the index IAQI (HJ 633-{version}, rounded up): among "
                f"{np.isfinite(values).sum()} values the numbers {gaps} ... never occur, which only an index "
                "leaves out; "
                f'declare quantity = "iaqi-{version}" to have it turned back into ug/m3, or ask for concentrations.'
            )


def to_concentration(values: ArrayLike, version: str = "2012") -> tuple[Floats, Flags]:
    """
    Turn an index back into ug/m3 where exactly one whole concentration gives it.

    Parameters
    ----------
    values : float64, NaN allowed
    version : "2012" or "2026"

    Returns
    -------
    (float64, bool): ug/m3, NaN where there is none; True where the number is no index or has several sources

    Examples
    --------
    >>> to_concentration([73.0, 1.0, 402.0, np.nan])
    (array([53., nan, nan, nan]), array([False,  True,  True, False]))
    """
    values = np.asarray(values, np.float64)
    index, first, count = np.unique(index_table(version), return_index=True, return_counts=True)
    at = np.clip(np.searchsorted(index, np.nan_to_num(values)), 0, len(index) - 1)
    sure = (index[at] == values) & (count[at] == 1)
    return np.where(sure, first[at].astype(np.float64), np.nan), np.isfinite(values) & ~sure
