"""What there is of a series with gaps, and what is added or put in place before a logarithm is taken of it."""

from typing import Any

import numpy as np

from hotspot.kernels.arrays import Floats, Singles

LEVEL = 5.0  # ug/m3 added before a logarithm or a ratio, so that 2 against 4 is no doubling: below it a ratio is noise
LEAST = 1e-3  # ug/m3 in place of less, so that a logarithm is finite


def matrix(data: Any, name: str, dtype: type = np.float64) -> np.ndarray:
    """A fresh (station, time) array of a variable, as the kernels take it."""
    return np.array(data[name].transpose("station", "time").values, dtype=dtype, order="C")


def median_of_seen(values: Floats, least: int = 1) -> Floats:
    """
    Median over the first axis where so many values are there, NaN elsewhere.

    Examples
    --------
    >>> median_of_seen(np.array([[1.0, np.nan], [3.0, np.nan]])).tolist()
    [2.0, nan]
    """
    enough = np.isfinite(values).sum(axis=0) >= least
    median = np.full(values.shape[1:], np.nan)
    median[enough] = np.nanmedian(values[:, enough], axis=0)
    return median


def mean_of_seen(values: Floats | Singles, axis: int) -> Floats:
    """
    Mean over an axis of the values that are there, NaN where none is.

    Examples
    --------
    >>> mean_of_seen(np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]]), 1).tolist()
    [2.0, nan]
    """
    seen = np.isfinite(values)
    n = seen.sum(axis=axis)
    total = np.where(seen, values, 0.0).sum(axis=axis, dtype=np.float64)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
