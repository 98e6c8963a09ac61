"""What there is of a series with gaps."""

import numpy as np

from hotspot.kernels.arrays import Floats, Singles


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
