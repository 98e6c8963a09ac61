"""How series go with others at every lag: correlations, and the products behind them day by day."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats, Ints


@njit(cache=True, nogil=True)
def lag_correlations(mine: Floats, theirs: Floats, most: int) -> tuple[Floats, Ints]:
    """
    Correlation of each series with its partner at lags of -most to most steps: mine[t + lag] beside theirs[t].

    mine, theirs : float64[n, n_time], NaN where missing
    most : int, the largest lag
    returns : float64[n, 2 * most + 1], NaN where one of the two does not vary; int64 of that shape, common steps
    """
    n, n_time = mine.shape
    out, common = np.full((n, 2 * most + 1), np.nan), np.zeros((n, 2 * most + 1), np.int64)
    a, b = np.empty(n_time), np.empty(n_time)
    for at in range(n):
        for k in range(2 * most + 1):
            lag, both = k - most, 0
            for t in range(max(0, -lag), min(n_time, n_time - lag)):
                if np.isfinite(mine[at, t + lag]) and np.isfinite(theirs[at, t]):
                    a[both], b[both] = mine[at, t + lag], theirs[at, t]
                    both += 1
            common[at, k] = both
            if both == 0 or a[:both].max() == a[:both].min() or b[:both].max() == b[:both].min():
                continue
            x, y = a[:both] - a[:both].mean(), b[:both] - b[:both].mean()
            out[at, k] = (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum())
    return out, common


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
