"""Loops over the past of hourly series."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats, Ints


@njit(cache=True, nogil=True)
def _middle(buffer: Floats, n: int) -> float:
    """Median of the first ``n`` numbers of ``buffer``."""
    part = np.partition(buffer[:n], n // 2)
    return part[n // 2] if n % 2 else 0.5 * (part[: n // 2].max() + part[n // 2])


@njit(cache=True, nogil=True)
def past_medians(values: Floats, at: Ints, n_past: int, n_least: int) -> Floats:
    """
    Median of the samples before some of them.

    values : float64[n_series, n_time], NaN where missing
    at : int64[n], samples to look back from
    n_past : int, samples looked back; the sample itself is not among them
    n_least : int, of them that must be there
    returns : float64[n_series, n], NaN where fewer were there
    """
    median = np.full((values.shape[0], at.size), np.nan)
    buffer = np.empty(n_past)
    for series in range(values.shape[0]):
        for number, time in enumerate(at):
            n = 0
            for past in range(max(0, time - n_past), time):
                if not np.isnan(values[series, past]):
                    buffer[n] = values[series, past]
                    n += 1
            if n >= max(n_least, 1):
                median[series, number] = _middle(buffer, n)
    return median
