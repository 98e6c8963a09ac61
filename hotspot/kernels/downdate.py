"""
Kriging systems solved once, and taken down by the stations that are silent.

With A a system of all stations and B its inverse, leaving out the stations M is
the same as filling them with what the others say of them,
z_M = -inv(B_MM) B_MK z_K, and the variance of weights w grows by
w_M' inv(B_MM) w_M (the Schur complement of a bordered inverse; Cressie 1993,
3.2, for the system). So an hour costs a system as large as the number of silent stations.
"""

import math

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats, Ints
from hotspot.kernels.krige import covariance, distance


@njit(cache=True, nogil=True)
def factor(a: Floats, n: int) -> bool:
    """
    Cholesky factor of a symmetric matrix, in place, lower triangle.

    a : float64[>=n, >=n], only the lower triangle is read
    n : int
    returns : bool, False where the matrix is singular
    """
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for p in range(j):
                s -= a[i, p] * a[j, p]
            if i > j:
                a[i, j] = s / a[j, j]
            elif s <= 1e-12 * a[i, i]:
                return False
            else:
                a[i, i] = math.sqrt(s)
    return True


@njit(cache=True, nogil=True)
def solve(low: Floats, b: Floats, n: int) -> None:
    """
    Solve low low' x = b in place.

    low : float64[>=n, >=n], lower triangle
    b : float64[>=n], becomes x
    n : int
    """
    for i in range(n):
        s = b[i]
        for p in range(i):
            s -= low[i, p] * b[p]
        b[i] = s / low[i, i]
    for i in range(n - 1, -1, -1):
        s = b[i]
        for p in range(i + 1, n):
            s -= low[p, i] * b[p]
        b[i] = s / low[i, i]


@njit(cache=True, nogil=True)
def _invert(low: Floats, inv: Floats) -> None:
    """``solve`` for every column of the identity, side by side: inv float64[k, k] is written."""
    k = inv.shape[0]
    inv[:] = 0.0
    for i in range(k):
        own = inv[i]
        own[i] = 1.0
        for p in range(i):
            f, other = low[i, p], inv[p]
            for j in range(k):
                own[j] -= f * other[j]
        f = low[i, i]
        for j in range(k):
            own[j] /= f
    for i in range(k - 1, -1, -1):
        own = inv[i]
        for p in range(i + 1, k):
            f, other = low[p, i], inv[p]
            for j in range(k):
                own[j] -= f * other[j]
        f = low[i, i]
        for j in range(k):
            own[j] /= f


@njit(cache=True, nogil=True)
def between(place: Floats, noise: Floats, some: Ints, low: Floats, model: Floats) -> None:
    """
    Covariances of some stations, lower triangle, written into ``low``.

    place : float64[2, n_station], m
    noise : float64[n_station], measurement variance of each
    some : int64[n], positions
    low : float64[>=n, >=n]
    model : float64[4], see ``krige.covariance``
    """
    for i in range(some.size):
        p = some[i]
        for j in range(i):
            q = some[j]
            low[i, j] = covariance(distance(place[0, p] - place[0, q], place[1, p] - place[1, q]), model)
        low[i, i] = model[1] + model[2] + noise[p]


@njit(cache=True, nogil=True)
def systems(
    place: Floats, noise: Floats, target: Floats, first: Ints, neighbour: Ints, model: Floats
) -> tuple[Floats, Floats, Floats]:
    """
    Each block's inverse system, and the weights of its targets when all stations report.

    place : float64[2, n_station], m, no two stations in one place
    noise : float64[n_station], measurement variance of each
    target : float64[2, n_target], m, block after block
    first : int64[n_block + 1], where each block's targets start
    neighbour : int64[n_block, k], stations of each block
    model : float64[4], see ``krige.covariance``
    returns : float64[n_block, k, k] inverse, float64[k, n_target] weights,
        float64[n_target] variance; NaN where a system is singular
    """
    n_block, k = neighbour.shape
    inverse = np.full((n_block, k, k), np.nan)
    weight = np.full((k, target.shape[1]), np.nan)
    variance = np.full(target.shape[1], np.nan)
    low = np.empty((k, k))
    turned = np.empty((k, k))
    own = np.empty(k)
    unit = np.empty(k)  # inverse covariance times ones
    c = np.empty(k)
    for block in range(n_block):
        some = neighbour[block]
        between(place, noise, some, low, model)
        if not factor(low, k):
            continue
        unit[:] = 1.0
        solve(low, unit, k)
        total = unit.sum()
        inv = inverse[block]
        _invert(low, inv)
        for j in range(k):
            for i in range(k):
                inv[j, i] -= unit[j] * unit[i] / total
                turned[i, j] = inv[j, i]
        for t in range(first[block], first[block + 1]):
            lagrange = -1.0 / total
            for j in range(k):
                p = some[j]
                c[j] = covariance(distance(place[0, p] - target[0, t], place[1, p] - target[1, t]), model)
                lagrange += unit[j] / total * c[j]
            left = model[1] + model[2] - lagrange
            for i in range(k):
                own[i] = unit[i] / total
            for j in range(k):  # all weights side by side, each added up in the order of j
                f, across = c[j], turned[j]
                for i in range(k):
                    own[i] += across[i] * f
            for i in range(k):
                weight[i, t] = own[i]
                left -= own[i] * c[i]
            variance[t] = max(left, 0.0)
    return inverse, weight, variance


@njit(cache=True, nogil=True)
def fill(z: Floats, silent: Ints, m: int, inverse: Floats, low: Floats) -> bool:
    """
    Put into z what the other stations say of the silent ones; ``low`` becomes the factor of their block of B.

    z : float64[k], 0 where silent; filled in place
    silent : int64[>=m], positions in z
    m : int, silent stations, fewer than k
    inverse : float64[k, k], B
    low : float64[>=m, >=m], work space
    returns : bool, False where it cannot be told
    """
    guess = np.empty(m)
    for i in range(m):
        row = inverse[silent[i]]
        s = 0.0
        for j in range(z.size):
            s -= row[j] * z[j]
        guess[i] = s
        for j in range(i + 1):
            low[i, j] = row[silent[j]]
    if not factor(low, m):
        return False
    solve(low, guess, m)
    for i in range(m):
        z[silent[i]] = guess[i]
    return True
