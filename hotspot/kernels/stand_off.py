"""Loop that keeps, hour by hour, what stations stand off from a smoothed field by more than they err."""

import math

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats, Ints


@njit(cache=True, nogil=True)
def keep(
    estimate: Floats, values: Floats, noise: Floats, first: Ints, station: Ints, near: Floats, errors: float
) -> None:
    """
    Add what the stations in or near each target stand off by, less so many times their error; in place.

    estimate : float64[n_target, n_time]
    values : float64[n_station, n_time], NaN where silent
    noise : float64[n_station], own error, a share of the value
    first : int64[n_target + 1], where each target's stations start
    station : int64[n]
    near : float64[n], how far each speaks for the target, 1 in it, 0 out of reach
    errors : float, that are not kept; of a deviation a the share 1 - (errors * noise * value / a)^2 is
    """
    for i in range(first.size - 1):
        goes = estimate[i]
        for t in range(goes.size if first[i] < first[i + 1] else 0):
            total, weight, most, own = 0.0, 0.0, 0.0, 0.0
            for at in range(first[i], first[i + 1]):
                value = values[station[at], t]
                if not math.isnan(value):
                    total += near[at] * value
                    weight += near[at]
                    most = max(most, near[at])
                    own = max(own, noise[station[at]])
            if weight <= 0.0:
                continue
            away, limit = total / weight - goes[t], errors * own * total / weight
            if np.abs(away) > np.abs(limit):  # never where there is no estimate
                goes[t] += most * away * (1.0 - (limit / away) ** 2)
