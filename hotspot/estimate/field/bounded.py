"""No single station moves a field beyond what the others and its own error allow."""

from collections.abc import Callable

import numpy as np

Predict = Callable[[np.ndarray], np.ndarray]


def bounded(values: np.ndarray, predict: Predict, *, limit: float, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """
    Values held within ``limit`` spreads of what the others say of them.

    Parameters
    ----------
    values : float64[n], none missing
    predict : callable, float64[n] -> float64[n]
        What the others say of each value.
    limit : float
        In units of the spread of what the others leave, 1.4826 x its median absolute deviation.
    floor : float
        Least spread, in the unit of the values.

    Returns
    -------
    (float64[n], bool[n]): the values, and which were held; the same numbers, bit for bit, where none was

    Notes
    -----
    The worst value is moved to the edge of what is allowed, the others are predicted anew, and so on until none
    is beyond, at most for half of the values: what most of them share is no fault of one.

    Examples
    --------
    >>> held, which = bounded(np.array([1.0, 1.1, 0.9, 1.2, -6.9]), median_of_others, limit=4.0, floor=0.05)
    >>> held.round(2).tolist(), which.tolist()
    ([1.0, 1.1, 0.9, 1.2, 0.16], [False, False, False, False, True])
    """
    held, which = np.array(values, dtype=np.float64), np.zeros(len(values), bool)
    for _ in range(len(values) // 2):
        told = predict(held)
        apart = np.where(np.isfinite(told), held - told, 0.0)
        spread = max(1.4826 * float(np.median(np.abs(apart))), floor)
        free = np.where(which, 0.0, np.abs(apart))
        worst = int(np.argmax(free))
        # What was held stays at the edge, as the others now see it.
        for at in np.flatnonzero(which):
            held[at] = told[at] + np.sign(values[at] - told[at]) * min(limit * spread, abs(values[at] - told[at]))
        if free[worst] <= limit * spread:
            break
        which[worst] = True
        held[worst] = told[worst] + np.sign(apart[worst]) * limit * spread
    return held, which


def median_of_others(values: np.ndarray) -> np.ndarray:
    """
    For each value the median of the others.

    Examples
    --------
    >>> median_of_others(np.array([1.0, 2.0, 4.0])).tolist()
    [3.0, 2.5, 1.5]
    """
    out = np.full(len(values), np.nan)
    if len(values) > 1:
        for at in range(len(values)):
            out[at] = np.median(np.delete(values, at))
    return out
