"""Loops of filling: weights of the nearest seen cells of each day, and what they make of their residuals."""

import math

import numpy as np
from numba import njit, prange

from hotspot.kernels.arrays import Flags, Floats, Ints


@njit(cache=True, nogil=True)
def nearest_seen(place: Ints, at: Ints, seen: Flags, steps: Ints, cell: int, k: int) -> Ints:
    """
    The seen cells nearest to one cell.

    place, at, steps, k : as ``month_weights`` takes them
    seen : bool[n_cell], of one day
    cell : int
    returns : int64[k], -1 (last) where fewer
    """
    nearest = np.full(k, -1)
    found = 0
    for s in range(steps.shape[1]):
        row = at[0, cell] + steps[0, s]
        col = at[1, cell] + steps[1, s]
        if 0 <= row < place.shape[0] and 0 <= col < place.shape[1]:
            other = place[row, col]
            if other >= 0 and seen[other]:
                nearest[found] = other
                found += 1
                if found == k:
                    break
    return nearest


@njit(cache=True, nogil=True)
def simple_kriging(at: Ints, cell: int, nearest: Ints, table: Floats) -> tuple[Floats, float]:
    """
    Weights of a cell's neighbours for a residual of mean 0, and the variance left.

    at, table : as ``month_weights`` takes them
    cell : int
    nearest : int64[k], from ``nearest_seen``
    returns : float64[k], float
    """
    k = 0
    while k < nearest.size and nearest[k] >= 0:
        k += 1
    u = np.zeros((k, k))
    b = np.zeros(k)
    z = np.zeros(k)
    weight = np.zeros(nearest.size)
    for i in range(k):
        one = nearest[i]
        b[i] = table[0, abs(at[0, one] - at[0, cell]), abs(at[1, one] - at[1, cell])]
        for j in range(i, k):
            other = nearest[j]
            u[i, j] = table[1, abs(at[0, one] - at[0, other]), abs(at[1, one] - at[1, other])]
    # C = U'U, then U'z = b and U w = z.
    for i in range(k):
        pivot = math.sqrt(max(u[i, i], 1e-12))
        for j in range(i, k):
            u[i, j] /= pivot
        for r in range(i + 1, k):
            factor = u[i, r]
            for j in range(r, k):
                u[r, j] -= factor * u[i, j]
    for i in range(k):
        total = b[i]
        for j in range(i):
            total -= u[j, i] * z[j]
        z[i] = total / u[i, i]
    left = table[0, 0, 0]
    for i in range(k - 1, -1, -1):
        total = z[i]
        for j in range(i + 1, k):
            total -= u[i, j] * weight[j]
        weight[i] = total / u[i, i]
        left -= weight[i] * b[i]
    return weight, max(left, 0.0)


@njit(cache=True, nogil=True, parallel=True)
def month_weights(
    place: Ints, at: Ints, seen: Flags, steps: Ints, table: Floats, k: int
) -> tuple[Ints, Floats, Floats]:
    """
    Simple-kriging weights of the nearest seen cells for every unseen cell of each day.

    All days in one loop: waking the threads for a day of a few cells costs more than its work.

    place : int64[n_row, n_col], position of the cell, -1 where there is none
    at : int64[2, n_cell], row and column of each cell
    seen : bool[n_day, n_cell]
    steps : int64[2, n_step], rows and columns to go, nearest first, without (0, 0)
    table : float64[2, n, n] by rows and columns apart: covariance of the truth, and of what is seen
    k : int, neighbours at most
    returns : int64[n_day, n_cell, k] (-1 where fewer), float64[n_day, n_cell, k], float64[n_day, n_cell] variance;
        0 for seen cells
    """
    n_day, n_cell = seen.shape
    neighbour = np.full((n_day, n_cell, k), -1)
    weight = np.zeros((n_day, n_cell, k))
    variance = np.zeros((n_day, n_cell))
    for n in prange(n_day * n_cell):
        d, cell = n // n_cell, n % n_cell
        if not seen[d, cell]:
            neighbour[d, cell] = nearest_seen(place, at, seen[d], steps, cell, k)
            weight[d, cell], variance[d, cell] = simple_kriging(at, cell, neighbour[d, cell], table)
    return neighbour, weight, variance


@njit(cache=True, nogil=True)
def weighted(values: Floats, neighbour: Ints, weight: Floats) -> Floats:
    """
    Weighted sums of the neighbours' values, day by day.

    values : float64[n_cell, n_day]
    neighbour : int64[n_day, n_cell, k], -1 (last) where fewer
    weight : float64[n_day, n_cell, k]
    returns : float64[n_cell, n_day]
    """
    total = np.zeros(values.shape)
    for d in range(neighbour.shape[0]):
        for cell in range(neighbour.shape[1]):
            for j in range(neighbour.shape[2]):
                other = neighbour[d, cell, j]
                if other < 0:
                    break
                total[cell, d] += weight[d, cell, j] * values[other, d]
    return total
