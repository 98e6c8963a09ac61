"""Loops of ordinary kriging: pairs of a variogram, local weights, weights onto values."""

import math

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats, Ints


@njit(cache=True, nogil=True)
def distance(dx: float, dy: float) -> float:
    """
    Length of a step.

    dx, dy : float, m
    returns : float, m; no guard against overflow, which ``hypot`` pays for with half the time of a system
    """
    return math.sqrt(dx * dx + dy * dy)


@njit(cache=True, nogil=True)
def semivariance(x: Floats, y: Floats, values: Floats, width: float, n_bin: int) -> tuple[Floats, Floats, Floats]:
    """
    Sums of the empirical variogram in distance classes ]0, width], ]width, 2 width] ...

    x, y : float64[n_station], m
    values : float64[n_station, n_time], NaN where missing; pairs are of one time
    width : float, m, of one class
    n_bin : int, classes; pairs farther apart than n_bin * width are left out
    returns : three float64[n_bin]: pairs, sum of distances, sum of half squared differences
    """
    pairs = np.zeros(n_bin)
    length = np.zeros(n_bin)
    half = np.zeros(n_bin)
    for i in range(x.size):
        for j in range(i):
            h = distance(x[i] - x[j], y[i] - y[j])
            k = max(0, math.ceil(h / width) - 1)
            if k >= n_bin:
                continue
            for t in range(values.shape[1]):
                step = values[i, t] - values[j, t]
                if not math.isnan(step):
                    pairs[k] += 1.0
                    length[k] += h
                    half[k] += 0.5 * step * step
    return pairs, length, half


@njit(cache=True, nogil=True)
def covariance(h: float, model: Floats) -> float:
    """
    Covariance at distance h.

    h : float, m
    model : float64[4]: 0 spherical or 1 exponential, nugget, partial sill, range in m
    returns : float; nugget + partial sill at h = 0
    """
    if h == 0.0:
        return model[1] + model[2]
    r = h / model[3]
    if model[0] == 0.0:
        return 0.0 if r >= 1.0 else model[2] * (1.0 - 1.5 * r + 0.5 * r * r * r)
    return model[2] * math.exp(-r)


@njit(cache=True, nogil=True)
def weights(
    x: Floats, y: Floats, target_x: Floats, target_y: Floats, neighbour: Ints, model: Floats, noise: Floats
) -> tuple[Floats, Floats]:
    """
    Ordinary-kriging weights of each target's neighbours, and the kriging variance.

    Solved as C = U'U; a target with the same neighbours as the one before it
    uses that factor again.

    x, y : float64[n_station], m, no two stations in one place
    target_x, target_y : float64[n_target], m
    neighbour : int64[n_target, k], positions of stations, ascending, -1 (last) where fewer than k
    model : float64[4], see ``covariance``
    noise : float64[n_station], error variance of each station's value
    returns : float64[n_target, k] and float64[n_target]; NaN where the system is singular or empty
    """
    n_target, k = neighbour.shape
    weight = np.zeros((n_target, k))
    variance = np.full(n_target, np.nan)
    u = np.empty((k, k))
    one = np.empty(k)
    c = np.empty(k)
    z = np.empty(k)
    last, n, singular = -1, 0, False
    for t in range(n_target):
        same = last >= 0
        if same:
            for a in range(k):
                if neighbour[t, a] != neighbour[last, a]:
                    same = False
                    break
        if not same:
            last = t
            n = 0
            while n < k and neighbour[t, n] >= 0:
                n += 1
            for a in range(n):
                i = neighbour[t, a]
                for b in range(a, n):
                    j = neighbour[t, b]
                    u[a, b] = covariance(distance(x[i] - x[j], y[i] - y[j]), model)
                u[a, a] += noise[i]
            singular = n == 0
            for a in range(n):
                if u[a, a] <= 1e-12 * (model[1] + model[2]):
                    singular = True
                    break
                pivot = math.sqrt(u[a, a])
                for b in range(a, n):
                    u[a, b] /= pivot
                for i in range(a + 1, n):
                    f = u[a, i]
                    for b in range(i, n):
                        u[i, b] -= f * u[a, b]
            if not singular:
                one[:n] = 1.0
                for a in range(n):
                    one[a] /= u[a, a]
                    f = one[a]
                    for b in range(a + 1, n):
                        one[b] -= f * u[a, b]
        if singular:
            weight[t, :] = np.nan
            continue
        for a in range(n):
            i = neighbour[t, a]
            c[a] = covariance(distance(x[i] - target_x[t], y[i] - target_y[t]), model)
            z[a] = c[a]
        for a in range(n):
            z[a] /= u[a, a]
            f = z[a]
            for b in range(a + 1, n):
                z[b] -= f * u[a, b]
        oz = 0.0
        oo = 0.0
        for a in range(n):
            oz += one[a] * z[a]
            oo += one[a] * one[a]
        m = (oz - 1.0) / oo  # the Lagrange multiplier that makes the weights sum to 1
        left = model[1] + model[2] - m
        for a in range(n - 1, -1, -1):
            s = z[a] - m * one[a]
            for b in range(a + 1, n):
                s -= u[a, b] * weight[t, b]
            weight[t, a] = s / u[a, a]
            left -= weight[t, a] * c[a]
        variance[t] = max(left, 0.0)
    return weight, variance


@njit(cache=True, nogil=True)
def apply(weight: Floats, neighbour: Ints, values: Floats) -> Floats:
    """
    Weighted sums of station values, all times of one availability at once.

    weight : float64[n_target, k]
    neighbour : int64[n_target, k], -1 is skipped
    values : float64[n_station, n_time], complete
    returns : float64[n_target, n_time]
    """
    n_time = values.shape[1]
    out = np.zeros((neighbour.shape[0], n_time))
    for i in range(neighbour.shape[0]):
        row = out[i]
        for a in range(neighbour.shape[1]):
            j = neighbour[i, a]
            if j < 0:
                break
            f = weight[i, a]
            source = values[j]
            for t in range(n_time):
                row[t] += f * source[t]
    return out
