"""Loops over neighbourhoods on the lattice: a cell and the eight around it."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def queen_sums(col, row, values, n_col, n_row):
    """
    Sum and number of the values in each cell's 3 x 3 window, the cell itself included.

    col, row : int64[n_cell], from 0; no place twice
    values : float64[n_cell], NaN where missing: left out of sum and number
    n_col, n_row : int
    returns : float64[n_cell] sums, int64[n_cell] numbers
    """
    n_cell = values.size
    # One empty line all round, so that a border cell needs no test.
    sums = np.zeros((n_row + 2, n_col + 2))
    seen = np.zeros((n_row + 2, n_col + 2), np.int8)
    for cell in range(n_cell):
        if not np.isnan(values[cell]):
            sums[row[cell] + 1, col[cell] + 1] = values[cell]
            seen[row[cell] + 1, col[cell] + 1] = 1
    total = np.zeros(n_cell)
    number = np.zeros(n_cell, np.int64)
    for cell in range(n_cell):
        here, count = 0.0, 0
        for up in range(row[cell], row[cell] + 3):
            for across in range(col[cell], col[cell] + 3):
                here += sums[up, across]
                count += seen[up, across]
        total[cell], number[cell] = here, count
    return total, number


@njit(cache=True, nogil=True)
def ring_quantile(values, neighbour, allowed, sector, place, share, least):
    """
    Low quantile of the cells in each cell's ring, at each time.

    values : float64 or float32[n_value, n_time], NaN where missing
    neighbour : int64[n_cell, n_sample], row of ``values`` of each sample of the ring, -1 where there is none
    allowed : bool[n_sector, n_sample], which samples count for a sector
    sector : int64[n_place, n_time], row of ``allowed``
    place : int64[n_cell], row of ``sector``
    share : float, 0 to 1; between two samples linear, as numpy's quantile
    least : int, with fewer valid samples the result is NaN
    returns : float64[n_cell, n_time]
    """
    n_cell, n_sample = neighbour.shape
    n_time = values.shape[1]
    result = np.full((n_cell, n_time), np.nan)
    # No more than these can decide a quantile of n_sample values or fewer.
    n_low = int((n_sample - 1) * share) + 2
    low = np.empty(n_low)
    for cell in range(n_cell):
        for time in range(n_time):
            use = allowed[sector[place[cell], time]]
            seen = 0
            kept = 0
            for sample in range(n_sample):
                other = neighbour[cell, sample]
                if other < 0 or not use[sample]:
                    continue
                value = values[other, time]
                if np.isnan(value):
                    continue
                seen += 1
                if kept < n_low:
                    kept += 1
                elif value >= low[n_low - 1]:
                    continue
                spot = kept - 1
                while spot > 0 and low[spot - 1] > value:
                    low[spot] = low[spot - 1]
                    spot -= 1
                low[spot] = value
            if seen >= least:
                where = (seen - 1) * share
                first = int(where)
                part = where - first
                result[cell, time] = low[first]
                if part > 0.0:
                    result[cell, time] += part * (low[first + 1] - low[first])
    return result
