"""
Loops of kriging many hours when stations come and go: one factorisation per block of targets.

The targets of a block (the sub-cells of a cell) share their nearest stations; see
``downdate`` for what an hour with silent stations costs.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hotspot.kernels.arrays import Flags, Floats, Ints, Singles
from hotspot.kernels.downdate import between, factor, fill, solve
from hotspot.kernels.krige import covariance, distance

TILE = 64  # hours worked on at a time, so that a block's rows stay in the cache


class Blocks(NamedTuple):
    """Geometry and inverse systems of all blocks; see ``field``."""

    place: Floats
    noise: Floats
    target: Floats
    first: Ints
    neighbour: Ints
    inverse: Floats
    weight: Floats
    variance: Floats
    wide: Ints
    reach: Ints
    model: Floats


class Hours(NamedTuple):
    """What differs by hour: slope of the trend, scale of the error, range of the inputs."""

    slope: Floats
    sd: Floats
    low: Floats
    high: Floats


class Work(NamedTuple):
    """Room for down-dating one hour: silent stations, their factors over the targets, the factor of their block."""

    silent: Ints
    lean: Floats
    low: Floats


@njit(cache=True, nogil=True)
def reporting(values: Floats, wide: Ints, t: int, some: Ints) -> int:
    """
    The nearest stations that report at one time, in ``some``.

    values : float64[n_station, n_time]
    wide : int64[n_wide], stations by distance
    t : int
    some : int64[k]
    returns : int, how many, at most k
    """
    n = 0
    for i in range(wide.size):
        if n == some.size:
            break
        if not math.isnan(values[wide[i], t]):
            some[n] = wide[i]
            n += 1
    return n


@njit(cache=True, nogil=True)
def direct(blocks: Blocks, block: int, values: Floats, t: int, some: Ints) -> tuple[Floats, Floats]:
    """
    One block and hour from the stations of that hour, without down-dating.

    blocks : Blocks, see ``field``
    block : int
    values : float64[n_station, n_time]
    t : int
    some : int64[n], stations that report
    returns : two float64 arrays over the block's targets, estimate and variance; NaN where singular
    """
    place, target, model = blocks.place, blocks.target, blocks.model
    start, stop = blocks.first[block], blocks.first[block + 1]
    n = some.size
    estimate = np.full(stop - start, np.nan)
    variance = np.full(stop - start, np.nan)
    low = np.empty((n, n))
    unit = np.ones(n)
    z = np.empty(n)
    c = np.empty(n)
    x = np.empty(n)
    between(place, blocks.noise, some, low, model)
    if not factor(low, n):
        return estimate, variance
    solve(low, unit, n)
    total = unit.sum()
    for i in range(n):
        z[i] = values[some[i], t]
    for at in range(start, stop):
        for i in range(n):
            p = some[i]
            c[i] = covariance(distance(place[0, p] - target[0, at], place[1, p] - target[1, at]), model)
            x[i] = c[i]
        solve(low, x, n)
        lagrange = -1.0
        for i in range(n):
            lagrange += x[i]
        lagrange /= total
        s = 0.0
        left = model[1] + model[2] - lagrange
        for i in range(n):
            w = x[i] - lagrange * unit[i]
            s += w * z[i]
            left -= w * c[i]
        estimate[at - start] = s
        variance[at - start] = max(left, 0.0)
    return estimate, variance


@njit(cache=True, nogil=True)
def field(
    values: Floats, blocks: Blocks, hours: Hours, pattern: Floats, least: Ints, estimate: Floats, error: Singles
) -> tuple[Floats, Singles]:
    """
    Estimate and error of every target and hour.

    values : float64[n_station, n_time], NaN where silent, the trend taken off
    blocks : Blocks (place, noise, target, first, neighbour, inverse, weight, variance, wide, reach, model);
        wide : int64[n_block, n_wide], stations by distance; neighbour holds its first k
        reach : int64[n_block], how many of them lie near enough to speak for the block
    hours : Hours (slope, sd, low, high), float64[n_time] each; the trend is slope * pattern,
        the error sd times the square root of the variance, and an estimate stays
        between low and high widened by its error, never below zero where low is not
    pattern : float64[n_target]
    least : int64[2]: neighbours that must report for down-dating, stations for any value at all
    estimate, error : float64 and float32[n_target, n_time], every value written, NaN without stations;
        the caller makes them, because NumPy asks the system for large pages and a kernel cannot
    returns : estimate, error
    """
    n_block, k = blocks.neighbour.shape
    n_time = values.shape[1]
    most = 0
    for block in range(n_block):
        most = max(most, blocks.first[block + 1] - blocks.first[block])
    other, spread = np.empty((TILE, most)), np.empty((TILE, most))
    z, across, row = np.empty((TILE, k)), np.zeros((k, TILE)), np.empty(TILE)
    solved = np.empty(TILE, np.bool_)
    some = np.empty(k, np.int64)
    work = Work(np.empty(k, np.int64), np.empty((k, most)), np.empty((k, k)))
    for block in range(n_block):
        start, stop = blocks.first[block], blocks.first[block + 1]
        n = stop - start
        weight = np.ascontiguousarray(blocks.weight[:, start:stop].T)
        full = blocks.variance[start:stop]
        wide = blocks.wide[block]
        for begin in range(0, n_time, TILE):
            end = min(begin + TILE, n_time)
            n_hour = end - begin
            gaps = 0
            for j in range(k):
                source = values[blocks.neighbour[block, j]]
                for t in range(n_hour):
                    across[j, t] = source[begin + t]
                    gaps += math.isnan(across[j, t])
            whole = gaps == 0 and blocks.reach[block] > 0 and k >= least[0] and k >= least[1]
            if not whole:
                for t in range(n_hour):
                    for j in range(k):
                        z[t, j] = across[j, t]
                    out, var = other[t, :n], spread[t, :n]
                    solved[t] = False
                    out[:] = np.nan
                    var[:] = np.nan
                    near = False
                    for j in range(blocks.reach[block]):
                        if not math.isnan(values[wide[j], begin + t]):
                            near = True
                            break
                    if not near:
                        continue
                    m = _silent(z[t], work.silent)
                    if k - m >= least[0] and k - m >= least[1]:
                        solved[t] = _lean(blocks, block, z[t], m, var, work)
                        continue
                    found = reporting(values, wide, begin + t, some)
                    if found >= least[1]:
                        once, more = direct(blocks, block, values, begin + t, some[:found])
                        out[:] = once
                        var[:] = more
                for t in range(n_hour):
                    for j in range(k):
                        across[j, t] = z[t, j]
            for a in range(n):
                row[:] = 0.0
                own = weight[a]
                j = 0
                while j + 4 <= k:  # four at a time: a fixed order, and a quarter of the loads
                    wa, wb, wc, wd = own[j], own[j + 1], own[j + 2], own[j + 3]
                    za, zb, zc, zd = across[j], across[j + 1], across[j + 2], across[j + 3]
                    for t in range(TILE):
                        row[t] += (za[t] * wa + zb[t] * wb) + (zc[t] * wc + zd[t] * wd)
                    j += 4
                while j < k:
                    for t in range(TILE):
                        row[t] += across[j, t] * own[j]
                    j += 1
                goes, also = estimate[start + a, begin:end], error[start + a, begin:end]
                root, shape = math.sqrt(full[a]), pattern[start + a]
                for t in range(n_hour):
                    v, e = row[t], root
                    if not whole:
                        e = math.sqrt(spread[t, a])
                        if not solved[t]:
                            v = other[t, a]
                    slope, sd, bottom, top = (
                        hours.slope[begin + t],
                        hours.sd[begin + t],
                        hours.low[begin + t],
                        hours.high[begin + t],
                    )
                    e *= sd
                    v += slope * shape
                    # A comparison with NaN is false, so what is not known stays so.
                    floor = max(bottom - e, min(bottom, 0.0))
                    v = floor if v < floor else v
                    goes[t] = top + e if v > top + e else v
                    also[t] = np.float32(e)
    return estimate, error


@njit(cache=True, nogil=True)
def _silent(z: Floats, silent: Ints) -> int:
    """
    Positions without a value in ``silent``, and 0 in their place.

    returns : int, how many
    """
    m = 0
    for j in range(z.size):
        if math.isnan(z[j]):
            silent[m] = j
            z[j] = 0.0
            m += 1
    return m


@njit(cache=True, nogil=True)
def _lean(blocks: Blocks, block: int, z: Floats, m: int, var: Floats, work: Work) -> bool:
    """
    Fill what m silent stations would say, and the variance without them.

    z : float64[k], 0 where silent; filled in place
    var : float64[n_target of the block], written
    returns : bool, False where it cannot be told; then var is NaN
    """
    start, n = blocks.first[block], var.size
    var[:] = blocks.variance[start : start + n]
    silent, lean, low = work
    if m > 0 and not fill(z, silent, m, blocks.inverse[block], low):
        var[:] = np.nan
        return False
    for i in range(m):
        own = lean[i, :n]
        own[:] = blocks.weight[silent[i], start : start + n]
        for j in range(i):
            f, other = low[i, j], lean[j, :n]
            for a in range(n):
                own[a] -= f * other[a]
        f = 1.0 / low[i, i]
        for a in range(n):
            own[a] *= f
            var[a] += own[a] * own[a]
    return True


@njit(cache=True, nogil=True)
def left_out(values: Floats, blocks: Blocks, station: Ints, block: Ints) -> tuple[Floats, Floats]:
    """
    What the others say of some stations at every hour, each down-dated from its own block.

    values : float64[n_station, n_time], NaN where silent
    blocks : Blocks, see ``field``
    station : int64[n], positions
    block : int64[n], whose neighbours hold the station
    returns : two float64[n, n_time], estimate and variance; NaN where the station is silent or alone
    """
    k = blocks.neighbour.shape[1]
    n_time = values.shape[1]
    estimate = np.full((station.size, n_time), np.nan)
    variance = np.full((station.size, n_time), np.nan)
    z = np.empty(k)
    silent = np.empty(k, np.int64)
    low = np.empty((k, k))
    for i in range(station.size):
        some = blocks.neighbour[block[i]]
        for t in range(n_time):
            if math.isnan(values[station[i], t]):
                continue
            m, at = 0, -1
            for j in range(k):
                if some[j] == station[i]:
                    at = j
                    z[j] = 0.0
                else:
                    z[j] = values[some[j], t]
                    if math.isnan(z[j]):
                        z[j] = 0.0
                        silent[m] = j
                        m += 1
            if at < 0 or m + 1 >= k:
                continue
            # Last in the factor, its own pivot alone is the precision given all that report.
            silent[m] = at
            if fill(z, silent, m + 1, blocks.inverse[block[i]], low):
                estimate[i, t] = z[at]
                variance[i, t] = 1.0 / (low[m, m] * low[m, m])
    return estimate, variance


@njit(cache=True, nogil=True)
def means(values: Floats, first: Ints) -> Floats:
    """
    Mean of each block's rows.

    values : float64[n_target, n_time]
    first : int64[n_block + 1]
    returns : float64[n_block, n_time], NaN where one of the rows is
    """
    out = np.zeros((first.size - 1, values.shape[1]))
    for block in range(first.size - 1):
        row = out[block]
        for i in range(first[block], first[block + 1]):
            source = values[i]
            for t in range(row.size):
                row[t] += source[t]
        for t in range(row.size):
            row[t] /= first[block + 1] - first[block]
    return out


@njit(cache=True, nogil=True)
def seen_near(values: Floats, first: Ints, station: Ints, inside: Flags, least: int) -> NDArray[np.int8]:
    """
    How far each target and hour rests on stations: 2 measured, 1 supported, 0 interpolated.

    values : float64[n_station, n_time], NaN where silent
    first : int64[n_target + 1], where each target's stations start
    station : int64[n], stations inside or near each target
    inside : bool[n], whether the station stands in the target
    least : int, stations near that must report
    returns : int8[n_target, n_time]
    """
    n_time = values.shape[1]
    out = np.zeros((first.size - 1, n_time), np.int8)
    count = np.empty(n_time, np.int64)
    for i in range(first.size - 1):
        if first[i] == first[i + 1]:
            continue
        count[:] = 0
        for at in range(first[i], first[i + 1]):
            source = values[station[at]]
            # One inside counts more than any number near.
            worth = 1 << 20 if inside[at] else 1
            for t in range(n_time):
                if not math.isnan(source[t]):
                    count[t] += worth
        for t in range(n_time):
            out[i, t] = 2 if count[t] >= 1 << 20 else (1 if count[t] >= least else 0)
    return out
