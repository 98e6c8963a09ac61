"""The parts of instruments' errors: noise of the hour, and what all share (gains: ``gains``)."""

import numpy as np

from hotspot.kernels.arrays import Floats, Ints
from hotspot.quality.means.seen import LEVEL

# Proposals:
_BESIDE_M = 2000.0  # stations that stand side by side: what they differ by is mostly the instruments'
_PAIRS = 8  # of these, with fewer there is none


def beside(x: Floats, y: Floats) -> tuple[Ints, Ints]:
    """
    Pairs of stations side by side, in order; none where they are too few to tell of instruments.

    Parameters
    ----------
    x, y : float arrays (place), m

    Returns
    -------
    (first, second): int arrays (pair)

    Examples
    --------
    >>> x = np.arange(10) * 1500.0
    >>> beside(x, 0 * x)[1].tolist(), beside(x[:8], 0 * x[:8])[1].size
    ([1, 2, 3, 4, 5, 6, 7, 8, 9], 0)
    """
    from scipy.spatial import KDTree

    pairs = np.empty((0, 2), np.int64)
    if x.size:
        pairs = KDTree(np.column_stack([x, y])).query_pairs(_BESIDE_M, output_type="ndarray")
    if len(pairs) < _PAIRS:
        pairs = pairs[:0]
    first, second = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].T
    return first, second


def split_error(
    now: Floats, next_: Floats, after: Floats, error: Floats, pairs: tuple[Ints, Ints]
) -> tuple[float, float]:
    """
    The part of a stated error that is a station's own and new in every hour, and the share of the value beyond it.

    Parameters
    ----------
    now, next_, after : float array (place, hour), ug/m3, in some hours and the two that follow each of them
    error : float array (place, hour), ug/m3, as a calibration states it
    pairs : from ``beside``

    Returns
    -------
    (own, shared): the part of what is stated, 0 to 1; a share of the value

    Notes
    -----
    An instrument's own noise is new in every hour, what a place breathes is not. With r what the logarithms of two
    stations side by side differ by over the root of 2, less its mean over hours (without such pairs the logarithm of a
    station less the hour's mean and its own), and c_k the mean of ``r_t r_(t+k)``, noise has the variance
    ``c_0 - c_1^2 / c_2`` (c_1^2 / c_2 is what c_0 of a signal that decays would be). Whatever more a
    calibration states is of gain and humidity, moves all stations of an hour together, and cannot be smoothed away
    by asking the neighbour.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> signal = 0.3 * np.sin(np.arange(3000) / 9 + np.arange(20)[:, None])
    >>> values = 60 * np.exp(signal + rng.normal(0, 0.1, signal.shape))
    >>> runs = values[:, :-2], values[:, 1:-1], values[:, 2:]
    >>> own, shared = split_error(*runs, 0.2 * values[:, :-2], (np.arange(19), np.arange(1, 20)))
    >>> round(0.2 * own, 2), round(shared, 2)
    (0.1, 0.16)
    """
    first, second = pairs
    logs = []
    for values in (now, next_, after):
        r = np.log(np.maximum(values, 0.0) + LEVEL)
        if first.size:
            r = (r[first] - r[second]) / np.sqrt(2.0)
        else:
            seen = np.isfinite(r)
            r = r - np.where(seen, r, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        seen = np.isfinite(r)
        logs.append(r - np.where(seen, r, 0.0).sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1), 1)[:, None])
    c = [_usual_product(logs[0], other) for other in logs]
    white = max(float(c[0] - c[1] ** 2 / c[2]), 0.0) if c[2] > 0 and c[1] > 0 else float(c[0])
    with np.errstate(invalid="ignore"):
        stated = error / (np.maximum(now, 0.0) + LEVEL)
    usual = float(np.nanmedian(stated**2)) if np.isfinite(stated).any() else 0.0
    share = min(1.0, np.sqrt(white / usual)) if usual > 0 else 1.0
    return float(share), float(np.sqrt(max(usual - white, 0.0)))


def _usual_product(one: Floats, other: Floats) -> float:
    """Mean over hours of the product, of the usual row: a few beside a source do not count; 0 where none has any."""
    both = np.isfinite(one * other)
    count = both.sum(axis=1)
    means = np.where(both, one * other, 0.0).sum(axis=1) / np.maximum(count, 1)
    return float(np.median(means[count > 0])) if count.any() else 0.0
