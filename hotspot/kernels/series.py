"""Loops over hourly and daily series: means of days, means of months, the longest gap."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def block_means(values, first, last):
    """
    Mean and number of the samples in consecutive blocks of rows.

    values : float64[n_time, n_series], NaN where missing
    first, last : int64[n_block], rows of each block, half-open
    returns : float64[n_block, n_series] means (NaN where nothing was seen), int64 counts
    """
    n_block, n_series = first.size, values.shape[1]
    mean = np.zeros((n_block, n_series))
    count = np.zeros((n_block, n_series), np.int64)
    for block in range(n_block):
        for row in range(first[block], last[block]):
            for series in range(n_series):
                value = values[row, series]
                if not np.isnan(value):
                    mean[block, series] += value
                    count[block, series] += 1
        for series in range(n_series):
            if count[block, series] > 0:
                mean[block, series] /= count[block, series]
            else:
                mean[block, series] = np.nan
    return mean, count


@njit(cache=True, nogil=True)
def gaps(seen):
    """
    Longest run of missing rows, and the first and last row seen.

    seen : bool[n_time, n_series]
    returns : three int64[n_series]; first and last are -1 where nothing was seen
    """
    n_time, n_series = seen.shape
    longest = np.zeros(n_series, np.int64)
    first = np.full(n_series, -1, np.int64)
    last = np.full(n_series, -1, np.int64)
    for series in range(n_series):
        run = 0
        for row in range(n_time):
            if seen[row, series]:
                run = 0
                last[series] = row
                if first[series] < 0:
                    first[series] = row
            else:
                run += 1
                longest[series] = max(longest[series], run)
    return longest, first, last
