"""Loops over hourly and daily series: means of days, months, groups and windows, the longest gap."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Flags, Floats, Ints


@njit(cache=True, nogil=True)
def block_means(values: Floats, first: Ints, last: Ints) -> tuple[Floats, Ints]:
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
def gaps(seen: Flags) -> tuple[Ints, Ints, Ints]:
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


@njit(cache=True, nogil=True)
def group_means(values: Floats, first: Ints, member: Ints, out: Floats) -> Floats:
    """
    Mean over the series of each group, row by row.

    values : float64[n_time, n_series], NaN where missing
    first : int64[n_group + 1], where each group's members start
    member : int64[n], positions of series, group after group
    out : float64[n_time, n_group], written; the caller makes it, because NumPy asks the system for
        large pages and a kernel cannot: faulting small ones in took most of the time
    returns : out, NaN where no member was seen
    """
    n_group = first.size - 1
    for row in range(values.shape[0]):
        source, goes = values[row], out[row]
        for group in range(n_group):
            total, count = 0.0, 0
            for at in range(first[group], first[group + 1]):
                value = source[member[at]]
                if not np.isnan(value):
                    total += value
                    count += 1
            goes[group] = total / count if count > 0 else np.nan
    return out


@njit(cache=True, nogil=True, error_model="numpy")  # a test for division by zero would keep the loop from vectors
def roll_row(new: Floats, old: Floats, sums: Floats, goes: Floats, least: float) -> None:
    """
    One row of rolling means, in place.

    new, old : float64[n], the row that enters the window and the one that leaves it
    sums : float64[3, >=n]: sum and number of the window, sum since it was last taken anew
    goes : float64[n], becomes the means
    least : float
    """
    total, count, fresh = sums[0], sums[1], sums[2]
    for i in range(new.size):
        enters = 0.0 if np.isnan(new[i]) else new[i]
        leaves = 0.0 if np.isnan(old[i]) else old[i]
        s = total[i] + enters - leaves
        c = count[i] + (0.0 if np.isnan(new[i]) else 1.0) - (0.0 if np.isnan(old[i]) else 1.0)
        total[i] = s
        count[i] = c
        fresh[i] += enters
        mean = s / c
        goes[i] = mean if c >= least else np.nan


@njit(cache=True, nogil=True)
def rolling_means(values: Floats, window: int, least: int, out: Floats) -> Floats:
    """
    Mean of the last ``window`` rows, wherever enough of them were seen.

    A sum is carried on from row to row; every ``window`` rows it is replaced by
    one that nothing was taken from, so that rounding does not pile up over a year.

    values : float64[n_time, n_series], NaN where missing
    window : int, rows
    least : int, rows that must have been seen, 1 or more
    out : float64[n_time, n_series], written; see ``group_means``
    returns : out
    """
    n_time, n_series = values.shape
    width = 1024  # series side by side, so that their sums stay in the cache
    sums = np.empty((3, width))
    nothing = np.full(width, np.nan)
    for left in range(0, n_series, width):
        n = min(width, n_series - left)
        right = left + n
        sums[:] = 0.0
        for row in range(n_time):
            old = values[row - window, left:right] if row >= window else nothing[:n]
            roll_row(values[row, left:right], old, sums, out[row, left:right], float(least))
            if (row + 1) % window == 0:
                sums[0] = sums[2]
                sums[2] = 0.0
    return out
