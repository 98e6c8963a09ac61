"""Loops over neighbourhoods on the lattice: a cell and the eight around it."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Flags, Floats, Ints, Numbers


@njit(cache=True, nogil=True)
def queen_sums(col: Ints, row: Ints, values: Floats, n_col: int, n_row: int) -> tuple[Floats, Ints]:
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
def ring_background(
    values: Numbers, ring: Ints, allowed: Flags, sector: Ints, place: Ints, share: float, least: int
) -> Floats:
    """
    Median over directions of the low quantile in each direction of a cell's ring, at each time.

    values : float64 or float32[n_value, n_time], NaN where missing
    ring : int64[n_cell, n_direction, n_sample], row of ``values`` of each sample, -1 where there is none
    allowed : bool[n_sector, n_direction], which directions count for a sector
    sector : int64[n_place, n_time], row of ``allowed``
    place : int64[n_cell], row of ``sector``
    share : float, 0 to 1, of the quantile; between two samples linear, as numpy's
    least : int, samples that a direction needs; without such a direction the result is NaN
    returns : float64[n_cell, n_time]
    """
    n_cell, n_direction, n_sample = ring.shape
    n_time = values.shape[1]
    result = np.full((n_cell, n_time), np.nan)
    low = np.empty(n_sample)
    quantile = np.empty(n_direction)
    for cell in range(n_cell):
        for time in range(n_time):
            use = allowed[sector[place[cell], time]]
            known = 0
            for direction in range(n_direction):
                if not use[direction]:
                    continue
                seen = 0
                for sample in range(n_sample):
                    other = ring[cell, direction, sample]
                    if other >= 0 and not np.isnan(values[other, time]):
                        seen = _insert(low, seen, values[other, time])
                if seen >= least:
                    known = _insert(quantile, known, _at_share(low, seen, share))
            if known > 0:
                result[cell, time] = _at_share(quantile, known, 0.5)
    return result


@njit(cache=True, nogil=True)
def _insert(ordered: Floats, n: int, value: float) -> int:
    """
    Put a value into the first n of an ascending row.

    returns : int, n + 1
    """
    spot = n
    while spot > 0 and ordered[spot - 1] > value:
        ordered[spot] = ordered[spot - 1]
        spot -= 1
    ordered[spot] = value
    return n + 1


@njit(cache=True, nogil=True)
def _at_share(ordered: Floats, n: int, share: float) -> float:
    """
    Quantile of the first n of an ascending row.

    returns : float
    """
    where = (n - 1) * share
    first = int(where)
    part = where - first
    if part > 0.0:
        return ordered[first] + part * (ordered[first + 1] - ordered[first])
    return ordered[first]
