"""Footprints: what a unit source adds at a receptor in each hour, by a Gaussian plume along the wind of the journey."""

import math

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Flags, Floats, Ints

CALM = 0.5  # m/s, below it a source spreads to all sides
LONGEST = 6  # hours that a journey is followed back


@njit(cache=True, nogil=True)
def _journeys(wind: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """
    Mean wind of each hour and of up to ``LONGEST`` hours before it, as far as they follow one another.

    wind : float64[hour, 3], as for ``hourly_footprints``
    returns : four float64[(LONGEST + 1) hour], at ``k hour + t`` of hour t and k before it: m/s to the east and to the
        north, the speed, and the square of what such a wind may turn; NaN where the wind is unknown
    """
    n_hour = wind.shape[0]
    u = np.full((LONGEST + 1) * n_hour, np.nan)
    v, speed, turn = u.copy(), u.copy(), u.copy()
    for t in range(n_hour):
        east, north, n = wind[t, 0], wind[t, 1], 1
        if math.isnan(east) or math.isnan(north):
            continue
        whole = True
        for k in range(LONGEST + 1):
            if k > 0:
                whole = whole and t >= k and not (math.isnan(wind[t - k, 0]) or math.isnan(wind[t - k, 1]))
                if whole:
                    east += wind[t - k, 0]
                    north += wind[t - k, 1]
                    n += 1
            at = k * n_hour + t
            u[at], v[at] = east / n, north / n
            speed[at] = math.sqrt(u[at] * u[at] + v[at] * v[at])
            # A wind known to half a metre per second has so much less of a direction the weaker it is.
            turn[at] = (0.4 / max(speed[at], CALM)) ** 2
    return u, v, speed, turn


@njit(cache=True, nogil=True)
def _pair(
    east: float, north: float, means: tuple, deep: Floats, shape: Floats, growths: Floats, blown: Ints, found: Floats
) -> int:
    """
    What a unit source adds at a place so far from it, in the hours in which it does.

    means : from ``_journeys``
    deep : float64[hour], m
    shape, growths : as for ``hourly_footprints``
    blown : int64[hour], scratch; begins with the hours
    found : float64[growth, hour], scratch; begins with ug/m3 per g/s in each of them
    returns : how many there are; in some of them it may add nothing
    """
    spread, journey, least, reach = shape
    u, v, speed, turn = means
    n_hour, n = deep.size, 0
    away = math.sqrt(east * east + north * north)
    if away > reach:
        return 0
    for t in range(n_hour):
        at = t
        if journey > 0:
            at += n_hour * min(LONGEST, int(away / (3600.0 * max(speed[t], CALM)) + 0.5))
        headway, aside, fast = east * u[at] + north * v[at], north * u[at] - east * v[at], speed[at]
        # Most hours blow past: told without a division, and with room for what rounding does.
        near = aside * aside <= 16.00001 * (
            (spread * spread + turn[at]) * headway * headway + least * least * fast * fast
        )
        blown[n] = at
        n += fast < CALM or (near and headway >= -1.000001 * least * fast)  # false for NaN
    for k in range(n):
        at = blown[k]
        t = at % n_hour
        blown[k], fast = t, speed[at]
        if fast < CALM:
            far = away + least
            for g in range(growths.size):
                deepened = min(deep[t], 60.0 + growths[g] * far)
                found[g, k] = 1e6 * math.exp(-far / 12000.0) / (2 * math.pi * far * deepened * CALM)
            continue
        along, across = (east * u[at] + north * v[at]) / fast, (north * u[at] - east * v[at]) / fast
        ahead = max(along, 0.0)
        square = (spread * spread + turn[at]) * ahead * ahead / (1 + ahead / 20000.0) + least * least
        if along >= -least and across * across <= 16 * square:
            onset = 1e6 if along > 0 else 0.5e6
            weaker = math.exp(-ahead / (fast * 30000.0) - 0.5 * across * across / square)
            for g in range(growths.size):
                deepened = min(deep[t], 60.0 + growths[g] * ahead)
                found[g, k] = onset * weaker / (2.5066282746 * math.sqrt(square) * deepened * fast)
        else:
            for g in range(growths.size):
                found[g, k] = 0.0
    return n


@njit(cache=True, nogil=True)
def hourly_footprints(receptors: Floats, sources: Floats, wind: Floats, shape: Floats, growths: Floats) -> Floats:
    """
    Concentration at each receptor for a unit source, hour by hour.

    receptors : float64[n, 2], m
    sources : float64[m, 2], m
    wind : float64[hour, 3], m/s to the east, m/s to the north, mixing depth in m; NaN where unknown
    shape : float64[4], spread across the wind per m, 1 where the wind of the journey counts and 0 where that of the
        hour, the least half width in m, the reach in m
    growths : float64[growth], of the depth per m; what is asked of a plume for one is known for all
    returns : float64[growth, n, m, hour], ug/m3 per g/s, 0 where the wind is unknown
    """
    found = np.zeros((growths.size, receptors.shape[0], sources.shape[0], wind.shape[0]))
    means, deep = _journeys(wind), wind[:, 2].copy()
    blown, adds = np.zeros(deep.size + 1, np.int64), np.zeros((growths.size, deep.size))
    for r in range(receptors.shape[0]):
        for s in range(sources.shape[0]):
            east, north = receptors[r, 0] - sources[s, 0], receptors[r, 1] - sources[s, 1]
            for k in range(_pair(east, north, means, deep, shape, growths, blown, adds)):
                for g in range(growths.size):
                    found[g, r, s, blown[k]] = adds[g, k]
    return found


@njit(cache=True, nogil=True)
def reaching(
    receptors: Floats, sources: Floats, wind: Floats, shape: Floats, growths: Floats
) -> tuple[Ints, Ints, Floats]:
    """
    ``hourly_footprints`` without the noughts, of which most of it is made: who adds to whom in which hour.

    receptors, sources, wind, shape, growths : as for ``hourly_footprints``
    returns : int64[n, hour + 1], where the sources of each hour begin and end; int64[found], those sources, ascending
        within an hour; float64[growth, found], ug/m3 per g/s of each
    """
    n_hour, n_source = wind.shape[0], sources.shape[0]
    means, deep = _journeys(wind), wind[:, 2].copy()
    blown, adds = np.zeros(n_hour + 1, np.int64), np.zeros((growths.size, n_hour))
    begin = np.zeros((receptors.shape[0], n_hour + 1), np.int64)
    room = 1 + receptors.shape[0] * n_source * n_hour // 8
    source, found = np.zeros(room, np.int64), np.zeros((growths.size, room))
    when, whose, what = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((growths.size, 0))
    if n_source * n_hour > 0:
        when, whose = np.zeros(n_source * n_hour, np.int64), np.zeros(n_source * n_hour, np.int64)
        what = np.zeros((growths.size, n_source * n_hour))
    total = 0
    for r in range(receptors.shape[0]):
        n = 0
        count = np.zeros(n_hour + 1, np.int64)
        for s in range(n_source):
            east, north = receptors[r, 0] - sources[s, 0], receptors[r, 1] - sources[s, 1]
            for k in range(_pair(east, north, means, deep, shape, growths, blown, adds)):
                if adds[0, k] > 0:
                    when[n], whose[n] = blown[k], s
                    for g in range(growths.size):
                        what[g, n] = adds[g, k]
                    count[blown[k] + 1] += 1
                    n += 1
        if total + n > source.size:
            more = np.zeros(2 * (total + n), np.int64)
            more[:total] = source[:total]
            source = more
            further = np.zeros((growths.size, 2 * (total + n)))
            further[:, :total] = found[:, :total]
            found = further
        begin[r] = total + np.cumsum(count)
        free = begin[r].copy()
        for k in range(n):
            at = free[when[k]]
            source[at] = whose[k]
            for g in range(growths.size):
                found[g, at] = what[g, k]
            free[when[k]] += 1
        total += n
    return begin, source[:total].copy(), found[:, :total].copy()


@njit(cache=True, nogil=True)
def mean_footprints(
    centres: Floats, shifts: Floats, sources: Floats, wind: Floats, shape: Floats, growths: Floats, hours: Flags
) -> Floats:
    """
    Mean of ``hourly_footprints`` over the hours that count and over some places around each centre.

    centres : float64[cell, 2], m
    shifts : float64[n, 2], m, the places around a centre
    sources, wind, shape, growths : as for ``hourly_footprints``
    hours : bool[hour], those that count; their wind is known
    returns : float64[growth, cell, m], ug/m3 per g/s
    """
    found = np.zeros((growths.size, centres.shape[0], sources.shape[0]))
    means, deep = _journeys(wind), wind[:, 2].copy()
    blown, adds = np.zeros(deep.size + 1, np.int64), np.zeros((growths.size, deep.size))
    count = shifts.shape[0] * max(hours.sum(), 1)
    for c in range(centres.shape[0]):
        for s in range(sources.shape[0]):
            for place in range(shifts.shape[0]):
                east = centres[c, 0] + shifts[place, 0] - sources[s, 0]
                north = centres[c, 1] + shifts[place, 1] - sources[s, 1]
                n = _pair(east, north, means, deep, shape, growths, blown, adds)
                for g in range(growths.size):
                    total = found[g, c, s]
                    for k in range(n):
                        if hours[blown[k]]:
                            total += adds[g, k]
                    found[g, c, s] = total
            found[:, c, s] /= count
    return found
