"""Loops over wind sectors: how often the wind came from a bearing, and how often it was then dirty."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Flags, Floats, Ints


@njit(cache=True, nogil=True)
def sector_counts(
    bearing: Floats, direction: Floats, high: Flags, block: Ints, half_width: float, n_block: int
) -> tuple[Floats, Floats]:
    """
    Hours with wind from the sector around each bearing, by block of days.

    bearing : float64[n_source], degrees from true north, 0 <= b < 360
    direction : float64[n_hour], where the wind comes from, degrees, NaN for calm
    high : bool[n_hour], was the concentration high
    block : int64[n_hour], 0 <= block < n_block
    half_width : float, degrees; a wind exactly on the edge counts
    n_block : int
    returns : two float64[n_source, n_block]: hours, and high hours among them
    """
    hours = np.zeros((bearing.size, n_block))
    dirty = np.zeros((bearing.size, n_block))
    for i in range(bearing.size):
        for t in range(direction.size):
            gap = abs(direction[t] - bearing[i])
            gap = min(gap, 360.0 - gap)
            if gap <= half_width:  # false for NaN
                hours[i, block[t]] += 1.0
                if high[t]:
                    dirty[i, block[t]] += 1.0
    return hours, dirty
