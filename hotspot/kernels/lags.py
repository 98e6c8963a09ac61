"""Products of one series with others at every lag, day by day."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats, Ints


@njit(cache=True, nogil=True)
def lag_sums(mine: Floats, others: Floats, day: Ints, n_day: int, most: int) -> Floats:
    """
    Sums of products and squares of the hours that a series and each of others have, at lags of -most to most hours.

    At a lag of L hours mine[t + L] stands beside others[:, t], counted to the day of t.

    mine : float64[n_hour], NaN where missing
    others : float64[n, n_hour], NaN where missing
    day : int64[n_hour], 0 to n_day - 1
    n_day, most : int
    returns : float64[2 * most + 1, 3, n, n_day]; products, squares of mine, squares of the other
    """
    n, n_hour = others.shape
    out = np.zeros((2 * most + 1, 3, n, n_day))
    for k in range(2 * most + 1):
        lag = k - most
        for t in range(max(0, -lag), min(n_hour, n_hour - lag)):
            a = mine[t + lag]
            if np.isnan(a):
                continue
            for other in range(n):
                b = others[other, t]
                if not np.isnan(b):
                    out[k, 0, other, day[t]] += a * b
                    out[k, 1, other, day[t]] += a * a
                    out[k, 2, other, day[t]] += b * b
    return out
