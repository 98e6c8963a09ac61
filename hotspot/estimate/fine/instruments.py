"""What a network says of its instruments' errors: noise of the hour, gain of each, and what all share."""

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.quality.seen import LEVEL

# Proposals:
_BESIDE_M = 2000.0  # stations that stand side by side: what they differ by all the time is mostly the instruments'
_BESIDE = 8  # of which so many must have a neighbour, with ...
_TOGETHER = 12  # ... so many hours in common
_OF_PLACE = 0.5  # of the variance of hours, that two places side by side may differ by all the time


def split_error(now: Floats, next_: Floats, after: Floats, error: Floats) -> tuple[Floats, float]:
    """
    The part of each station's stated error that is its own, and the share of the value that all have in common.

    Parameters
    ----------
    now, next_, after : float array (place, hour), ug/m3, in some hours and the two that follow each of them
    error : float array (place, hour), ug/m3, as a calibration states it

    Returns
    -------
    (own, shared): float array (place, hour), ug/m3, never above what was stated; float, a share

    Notes
    -----
    An instrument's own noise is new in every hour, what a place breathes is not. With r the logarithm
    of a station less the hour's mean over stations and less its own mean, and c_k the mean of
    ``r_t r_(t+k)``, noise has the variance ``c_0 - c_1^2 / c_2`` (c_1^2 / c_2 is what c_0 of a signal that decays
    would be). Whatever more a calibration states is of gain and humidity, moves all stations of an hour
    together, and cannot be smoothed away by asking the neighbour.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> signal = 0.3 * np.sin(np.arange(3000) / 9 + np.arange(20)[:, None])
    >>> values = 60 * np.exp(signal + rng.normal(0, 0.1, signal.shape))
    >>> own, shared = split_error(values[:, :-2], values[:, 1:-1], values[:, 2:], 0.2 * values[:, :-2])
    >>> round(float(np.median(own / values[:, :-2])), 2), round(shared, 2)
    (0.1, 0.16)
    """
    logs = []
    for values in (now, next_, after):
        r = np.log(np.maximum(values, 0.0) + LEVEL)
        seen = np.isfinite(r)
        r = r - np.where(seen, r, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        seen = np.isfinite(r)
        logs.append(r - np.where(seen, r, 0.0).sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1), 1)[:, None])
    c = [np.nanmean(logs[0] * other) if np.isfinite(logs[0] * other).any() else 0.0 for other in logs]
    white = max(float(c[0] - c[1] ** 2 / c[2]), 0.0) if c[2] > 0 and c[1] > 0 else float(c[0])
    with np.errstate(invalid="ignore"):
        stated = error / (np.maximum(now, 0.0) + LEVEL)
    usual = float(np.nanmedian(stated**2)) if np.isfinite(stated).any() else 0.0
    share = min(1.0, np.sqrt(white / usual)) if usual > 0 else 1.0
    return error * share, float(np.sqrt(max(usual - white, 0.0)))


def own_gain(x: Floats, y: Floats, now: Floats, next_: Floats) -> tuple[float, float]:
    """
    What each instrument reads too high or low all the time, 1 sd, a share of the value.

    Parameters
    ----------
    x, y : float arrays (place), m
    now, next_ : float array (place, hour), ug/m3, in some hours and the one that follows each of them

    Returns
    -------
    (likely, sure): float, shares; 0 where fewer than eight stations have another within 2 km. ``sure`` is less, by what
    so few stations leave open: what is taken from the error that all share must be known.

    Notes
    -----
    With d_t the logarithm of a station over its nearest neighbour, the variance of mean d over the stations (by the
    median, so that few places beside a plant do not count) is twice that of the gains, and what two places differ by
    all the time. Of the latter it is said that it is half of what they differ by for hours, ``cov(d_t, d_(t+1))``.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> x, gain = np.arange(200) * 1000.0, np.exp(rng.normal(0, 0.1, (200, 1)))
    >>> values = 60 * gain * np.exp(rng.normal(0, 0.05, (200, 49)))
    >>> [round(gain, 2) for gain in own_gain(x, np.zeros(200), values[:, :-1], values[:, 1:])]
    [0.1, 0.08]
    """
    from scipy.spatial import KDTree

    if x.size <= _BESIDE:
        return 0.0, 0.0
    away, near = (part[:, 1] for part in KDTree(np.column_stack([x, y])).query(np.column_stack([x, y]), 2))
    gaps = []
    for values in (now, next_):
        logs = np.log(np.maximum(values, 0.0) + LEVEL)
        gaps.append(logs - logs[near])
    both = np.isfinite(gaps[0]) & np.isfinite(gaps[1])
    use = (away <= _BESIDE_M) & (both.sum(axis=1) >= _TOGETHER)
    if use.sum() < _BESIDE:
        return 0.0, 0.0
    first, then = (np.where(both, gap, 0.0)[use] for gap in gaps)
    n = both[use].sum(axis=1)
    usual = first.sum(axis=1) / n
    passing = (first * then).sum(axis=1) / n - usual * then.sum(axis=1) / n
    lasting = (1.4826 * float(np.median(np.abs(usual)))) ** 2
    own = max(lasting - _OF_PLACE * max(float(np.median(passing)), 0.0), 0.0) / 2
    # The median of n squares is known to 2.3 / sqrt(n) of it, to 2.8 where some pairs count twice; 1.28 times that is
    # passed once in ten.
    sure = own * max(1 - 1.28 * 2.8 / np.sqrt(use.sum()), 0.0)
    return float(np.sqrt(own)), float(np.sqrt(sure))
