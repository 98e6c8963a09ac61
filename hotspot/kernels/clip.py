"""
Polygons against the lattice: exact area and centre membership in every cell.
"""

import math

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Flags, Floats, Ints


@njit(cache=True, nogil=True)
def share_by_cell(u: Floats, v: Floats, start: Ints, sign: Floats, n_col: int, n_row: int) -> tuple[Floats, Flags]:
    """
    Share of every cell that lies inside a polygon, by walking along its edges.

    u, v : float64[n_vertex], closed rings one after another, in cells from the south-west of the box
    start : int64[n_ring + 1], first vertex of each ring
    sign : float64[n_ring], what makes the ring count: +1 where a shell runs counter-clockwise or a hole
        clockwise, else -1
    n_col, n_row : int, size of the box; every vertex lies at least one cell inside it
    returns : float64[n_row, n_col] share, 0 to 1; bool[n_row, n_col] whether the cell's centre is inside
    """
    share = np.zeros((n_row, n_col))
    rise = np.zeros((n_row, n_col))
    turns = np.zeros((n_row, n_col), dtype=np.int64)
    visited = np.zeros((n_row, n_col), dtype=np.bool_)
    for ring in range(start.size - 1):
        for k in range(start[ring], start[ring + 1] - 1):
            _walk(u[k], v[k], u[k + 1], v[k + 1], sign[ring], (share, rise, turns, visited))
    inside = np.zeros((n_row, n_col), dtype=np.bool_)
    for row in range(n_row):
        east, winding = 0.0, 0
        for col in range(n_col - 1, -1, -1):
            winding += turns[row, col]
            inside[row, col] = winding != 0
            share[row, col] += east
            east += rise[row, col]
            # No edge inside: whole or empty, so the rounding of the sum is taken out.
            share[row, col] = share[row, col] if visited[row, col] else float(round(share[row, col]))
    return share, inside


@njit(cache=True, nogil=True)
def _walk(u0: float, v0: float, u1: float, v1: float, sign: float, sums: tuple[Floats, Floats, Ints, Flags]) -> None:
    # One edge, taken from its lower end so that a shared border gives both neighbours the same numbers.
    if v1 < v0 or (v1 == v0 and u1 < u0):
        u0, v0, u1, v1, sign = u1, v1, u0, v0, -sign
    share, rise, turns, visited = sums
    slope = (u1 - u0) / (v1 - v0) if v1 > v0 else 0.0
    first, last = math.floor(v0), math.floor(v1)
    for row in range(first, last + 1):
        low, high = max(v0, float(row)), min(v1, row + 1.0)
        a = u0 if low == v0 else u0 + (low - v0) * slope
        b = u1 if high == v1 else u0 + (high - v0) * slope
        _spread(row, a, b, (high - low) * sign, share, rise, visited)
        middle = row + 0.5
        if v0 <= middle < v1:
            # Centres strictly west of the crossing are passed; those on it belong to the east.
            col = math.ceil(u0 + (middle - v0) * slope - 0.5) - 1
            turns[row, col] += 1 if sign > 0 else -1


@njit(cache=True, nogil=True)
def _spread(row: int, a: float, b: float, height: float, share: Floats, rise: Floats, visited: Flags) -> None:
    # The piece of an edge inside one row, from column position a to b: what lies west of it.
    west, east = min(a, b), max(a, b)
    for col in range(math.floor(west), math.floor(east) + 1):
        left, right = max(west, float(col)), min(east, col + 1.0)
        part = height * ((right - left) / (east - west)) if east > west else height
        share[row, col] += part * (0.5 * (left + right) - col)
        rise[row, col] += part
        visited[row, col] = True
