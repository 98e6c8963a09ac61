"""Emissions of sources from what stations measured, where most sources reach a station in few hours only."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Flags, Floats, Ints

MOST_STEP = 0.7  # of a log emission
CLOSE = 1e-2  # where no step is longer it has been found


@njit(cache=True, nogil=True)
def expected(begin: Ints, source: Ints, adds: Floats, emission: Floats) -> Floats:
    """
    What all sources add to each station in each hour.

    begin, source, adds : from ``plume.reaching``, of one growth
    emission : float64[station, n], g/s as each station sees it
    returns : float64[station, hour], ug/m3
    """
    n_station, n_hour = begin.shape[0], begin.shape[1] - 1
    found = np.zeros((n_station, n_hour))
    for s in range(n_station):
        for t in range(n_hour):
            at, own = source[begin[s, t] : begin[s, t + 1]], adds[begin[s, t] : begin[s, t + 1]]
            total = 0.0
            for k in range(at.size):
                total += own[k] * emission[s, at[k]]
            found[s, t] = total
    return found


@njit(cache=True, nogil=True)
def on_average(begin: Ints, source: Ints, adds: Floats, n: int) -> Floats:
    """
    What a unit of each of n sources adds to each station in the mean of all hours, 0 where it never reaches it.

    begin, source, adds : from ``plume.reaching``, of one growth
    returns : float64[station, n]
    """
    n_station, n_hour = begin.shape[0], begin.shape[1] - 1
    found = np.zeros((n_station, n))
    for s in range(n_station):
        for k in range(begin[s, 0], begin[s, n_hour]):
            found[s, source[k]] += adds[k]
    return found / max(n_hour, 1)


@njit(cache=True, nogil=True)
def normal_equations(
    reached: tuple, seen: Floats, weight: Floats, own: Floats, loose: float, group: Ints, n: int
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """
    Normal equations of each group of stations, what a station always has taken out of them.

    reached : ``plume.reaching`` of one growth
    seen, weight : float64[station, hour], ug/m3 and how much an hour counts; weight 0 where nothing was measured
    own : float64[2, hour], what a station may always have
    loose : float, precision beforehand of how much of it
    group : int64[station]; n : number of sources
    returns : float64[group, n, n] curvature, float64[group, n] slope; of what each station has of its own
        float64[station, 2, 2] inverse curvature, float64[station, n, 2] shared with the sources, float64[station, 2]
        slope
    """
    begin, source, adds = reached
    n_station, n_hour = seen.shape
    n_group = group.max() + 1
    bend, slope = np.zeros((n_group, n, n)), np.zeros((n_group, n))
    solve, cross, pull = np.zeros((n_station, 2, 2)), np.zeros((n_station, n, 2)), np.zeros((n_station, 2))
    for s in range(n_station):
        of = group[s]
        a, b, c = loose, 0.0, loose
        for t in range(n_hour):
            w = weight[s, t]
            if w == 0.0:
                continue
            one, two, high = own[0, t], own[1, t], seen[s, t]
            a += w * one * one
            b += w * one * two
            c += w * two * two
            pull[s, 0] += w * one * high
            pull[s, 1] += w * two * high
            at, own_adds = source[begin[s, t] : begin[s, t + 1]], adds[begin[s, t] : begin[s, t + 1]]
            for k in range(at.size):
                weighed, i = w * own_adds[k], at[k]
                cross[s, i, 0] += weighed * one
                cross[s, i, 1] += weighed * two
                slope[of, i] += weighed * high
                row = bend[of, i]
                for j in range(k + 1):
                    row[at[j]] += weighed * own_adds[j]
        whole = a * c - b * b
        solve[s, 0, 0], solve[s, 1, 1], solve[s, 0, 1], solve[s, 1, 0] = c / whole, a / whole, -b / whole, -b / whole
        for i in range(n):
            first = cross[s, i, 0] * solve[s, 0, 0] + cross[s, i, 1] * solve[s, 1, 0]
            second = cross[s, i, 0] * solve[s, 0, 1] + cross[s, i, 1] * solve[s, 1, 1]
            if first == 0.0 and second == 0.0:
                continue
            slope[of, i] -= first * pull[s, 0] + second * pull[s, 1]
            for j in range(i + 1):
                bend[of, i, j] -= first * cross[s, j, 0] + second * cross[s, j, 1]
    for of in range(n_group):
        for i in range(n):
            for j in range(i):
                bend[of, j, i] = bend[of, i, j]
    return bend, slope, solve, cross, pull


@njit(cache=True, nogil=True)
def newton(
    equations: tuple, near: Flags, prior: tuple, log_q: Floats, deviation: Floats, hold: float, turns: int
) -> tuple[Floats, Floats]:
    """
    Newton steps on log emissions and on the deviations of each group of stations together.

    With B the curvature of a group, h that of its deviations and H the inverse of B + h, the deviations are
    eliminated: ``B - B H B = h - h H h``.

    equations : float64[group, n, n] curvature and float64[group, n] slope, of ``normal_equations``
    near : bool[group, n], the sources that reach a group; no other has a curvature there
    prior : float64[n] mean and float64[n, n] inverse covariance of the log emissions
    log_q : float64[n], deviation : float64[group, n]; where to begin; where it ends
    hold : float, h
    turns : int, at most so many; ends where no step is above ``CLOSE``
    returns : float64[n, n] curvature of the log emissions and float64[group, n] emissions, before the last step
    """
    information, towards = equations
    mean, inverse = prior
    n_group, n = deviation.shape
    held = np.zeros((n_group, n, n))
    some = np.zeros((n_group, n), np.int64)
    count = near.sum(axis=1)
    for g in range(n_group):
        some[g, : count[g]] = np.flatnonzero(near[g])
    pulled, turned = np.zeros((n_group, n)), np.zeros((n_group, n))
    bend, q = np.zeros((n, n)), np.zeros((n_group, n))
    for _ in range(turns):
        bend[:] = inverse
        slope = inverse @ (log_q - mean)
        for i in range(n):
            bend[i, i] += n_group * hold
        for g in range(n_group):
            m, of = count[g], some[g]
            q[g] = np.exp(log_q + deviation[g])
            own, pull = np.empty((m, m)), np.empty(m)
            for a in range(m):
                i, total = of[a], 0.0
                for b in range(m):
                    j = of[b]
                    total += information[g, i, j] * q[g, j]
                    own[a, b] = q[g, i] * information[g, i, j] * q[g, j]
                own[a, a] += hold
                pull[a] = q[g, i] * (total - towards[g, i]) + hold * deviation[g, i]
            own = np.linalg.inv(own)
            pulled[g] = deviation[g]
            for i in range(n):
                bend[i, i] -= 0.0 if near[g, i] else hold
            for a in range(m):
                i, total = of[a], 0.0
                for b in range(m):
                    total += own[a, b] * pull[b]
                    held[g, a, b] = (own[a, b] + own[b, a]) / 2
                    bend[i, of[b]] -= hold * hold * held[g, a, b]
                pulled[g, i] = total
            for i in range(n):
                slope[i] += hold * (pulled[g, i] - deviation[g, i])
        step = -np.linalg.solve(bend, slope)
        step *= min(1.0, MOST_STEP / max(np.abs(step).max(), 1e-12))
        for g in range(n_group):
            m, of = count[g], some[g]
            turned[g] = -pulled[g]
            for a in range(m):
                total = 0.0
                for b in range(m):
                    total += held[g, a, b] * step[of[b]]
                turned[g, of[a]] += hold * total - step[of[a]]
            for i in range(n):
                deviation[g, i] += min(MOST_STEP, max(-MOST_STEP, turned[g, i]))
        log_q += step
        if max(np.abs(step).max(), np.abs(turned).max()) < CLOSE:
            break
    return bend, q
