"""What a network says of its instruments' errors: noise of the hour, and what all share (gains: ``gains``)."""

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.quality.seen import LEVEL


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
