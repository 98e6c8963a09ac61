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
