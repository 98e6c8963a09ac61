"""One source more or none: how likely it stands at each of some places, of any of some sizes."""

import math

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats

NOTHING = 60.0  # log: of what is so much less likely than the likeliest nothing is counted


@njit(cache=True, nogil=True)
def chances(
    gain: Floats, best: Floats, known: Floats, sizes: Floats, prior: Floats, none: float
) -> tuple[Floats, Floats]:
    """
    Chance of every place, and the size expected there times that chance, for several cases.

    gain : float64[case, n], log likelihood ratio of the size that fits best
    best : float64[case, n], that size
    known : float64[n], curvature of the log likelihood in the size
    sizes : float64[k]
    prior : float64[case, k], log chance of one place with each size
    none : float, log chance that there is no source
    returns : two float64[case, n]
    """
    chance, amount = np.zeros(gain.shape), np.zeros(gain.shape)
    ratio = np.empty((gain.shape[1], sizes.size))
    for case in range(gain.shape[0]):
        top = none
        for place in range(gain.shape[1]):
            for k in range(sizes.size):
                off = best[case, place] - sizes[k]
                found = gain[case, place] - 0.5 * known[place] * off * off + prior[case, k]
                ratio[place, k] = found
                top = max(top, found)
        total = math.exp(none - top)
        for place in range(gain.shape[1]):
            for k in range(sizes.size):
                if ratio[place, k] > top - NOTHING:
                    weight = math.exp(ratio[place, k] - top)
                    chance[case, place] += weight
                    amount[case, place] += weight * sizes[k]
                    total += weight
        for place in range(gain.shape[1]):
            chance[case, place] /= total
            amount[case, place] /= total
    return chance, amount
