"""Footprints: what a unit source adds at a receptor in each hour, by a Gaussian plume along the wind of the journey."""

import math

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats

CALM = 0.5  # m/s, below it a source spreads to all sides
LONGEST = 6  # hours that a journey is followed back


@njit(cache=True, nogil=True)
def hourly_footprints(receptors: Floats, sources: Floats, wind: Floats, shape: Floats) -> Floats:
    """
    Concentration at each receptor for a unit source, hour by hour.

    receptors : float64[n, 2], m
    sources : float64[m, 2], m
    wind : float64[hour, 3], m/s to the east, m/s to the north, mixing depth in m; NaN where unknown
    shape : float64[5], spread across the wind per m, growth of the depth per m, 1 where the wind of the journey
        counts and 0 where that of the hour, the least half width in m, the reach in m
    returns : float64[n, m, hour], ug/m3 per g/s, 0 where the wind is unknown
    """
    spread, growth, journey, least, reach = shape
    n_hour = wind.shape[0]
    found = np.zeros((receptors.shape[0], sources.shape[0], n_hour))
    for r in range(receptors.shape[0]):
        for s in range(sources.shape[0]):
            east = receptors[r, 0] - sources[s, 0]
            north = receptors[r, 1] - sources[s, 1]
            away = math.sqrt(east * east + north * north)
            if away > reach:
                continue
            for t in range(n_hour):
                u, v, deep = wind[t, 0], wind[t, 1], wind[t, 2]
                if math.isnan(u) or math.isnan(v):
                    continue
                speed = math.sqrt(u * u + v * v)
                if journey > 0:
                    back = min(LONGEST, int(away / (3600.0 * max(speed, CALM)) + 0.5), t)
                    n = 1
                    for k in range(1, back + 1):
                        if math.isnan(wind[t - k, 0]) or math.isnan(wind[t - k, 1]):
                            break
                        u += wind[t - k, 0]
                        v += wind[t - k, 1]
                        n += 1
                    u, v = u / n, v / n
                    speed = math.sqrt(u * u + v * v)
                if speed < CALM:
                    far = away + least
                    depth = min(deep, 60.0 + growth * far)
                    found[r, s, t] = 1e6 * math.exp(-far / 12000.0) / (2 * math.pi * far * depth * CALM)
                    continue
                along = (east * u + north * v) / speed
                if along < -least:
                    continue
                across = (north * u - east * v) / speed
                along = max(along, 0.0)
                # A wind known to half a metre per second has so much less of a direction the weaker it is.
                turn = 0.4 / speed
                sigma = math.sqrt(
                    (spread * spread + turn * turn) * along * along / (1 + along / 20000.0) + least * least
                )
                if abs(across) > 4 * sigma:
                    continue
                depth = min(deep, 60.0 + growth * along)
                onset = 1.0 if along > 0 else 0.5
                decay = math.exp(-along / (speed * 30000.0))
                found[r, s, t] = (
                    1e6
                    * onset
                    * decay
                    * math.exp(-0.5 * (across / sigma) ** 2)
                    / (2.5066282746 * sigma * depth * speed)
                )
    return found
