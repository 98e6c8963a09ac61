"""Quadratics over amounts that cannot be negative, and what each further amount would add to them."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats


@njit(cache=True, nogil=True)
def most(bend: Floats, pull: Floats, amount: Floats, turns: int | np.int64, close: float) -> float:
    """
    Maximise ``pull x - x bend x / 2`` over x >= 0, one amount after the other, in place.

    bend : float64[n, n], positive on its diagonal
    pull : float64[n]
    amount : float64[n], where to begin; where it ends
    turns : int, at most so many
    close : float, ends where no step of a turn gains more than half of it
    returns : the maximum
    """
    slope = bend @ amount - pull
    for _ in range(turns):
        largest = 0.0
        for i in range(amount.size):
            step = max(-slope[i] / bend[i, i], -amount[i])
            if step != 0.0:
                amount[i] += step
                for k in range(amount.size):
                    slope[k] += step * bend[i, k]
                largest = max(largest, step * step * bend[i, i])
        if largest < close:
            break
    total = 0.0
    for i in range(amount.size):
        total += amount[i] * (pull[i] - slope[i])
    return total / 2


@njit(cache=True, nogil=True)
def gains(bend: Floats, pull: Floats, start: Floats, further: int) -> tuple[Floats, Floats]:
    """
    What each of some further amounts, alone beside the first ones, adds to the maximum.

    bend : float64[n, n], the first ``further`` rows belong to the first amounts
    pull : float64[n]
    start : float64[further], where the maximum of the first amounts lies; set there
    further : int
    returns : float64[n - further] gain, float64[n - further] the amount
    """
    n = pull.size - further
    gain, taken = np.zeros(n), np.zeros(n)
    # As int64, not as literals, for each of which numba would compile ``most`` once more.
    long, short = np.int64(300), np.int64(60)
    base = most(bend[:further, :further].copy(), pull[:further], start, long, 1e-4)
    own, towards = np.zeros((further + 1, further + 1)), np.zeros(further + 1)
    own[:further, :further], towards[:further] = bend[:further, :further], pull[:further]
    amount = np.zeros(further + 1)
    for one in range(n):
        at = further + one
        own[:further, further], own[further, :further] = bend[:further, at], bend[at, :further]
        own[further, further], towards[further] = bend[at, at], pull[at]
        amount[:further], amount[further] = start, 0.0
        gain[one] = max(most(own, towards, amount, short, 1e-3) - base, 0.0)
        taken[one] = amount[further]
    return gain, taken
