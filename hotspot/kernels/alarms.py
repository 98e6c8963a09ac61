"""Loops over hours that stand out: against their own past, and in a row."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _middle(buffer, n):
    """Median of the first ``n`` numbers of ``buffer``, which is sorted in place."""
    part = buffer[:n]
    part.sort()
    return part[n // 2] if n % 2 else 0.5 * (part[n // 2 - 1] + part[n // 2])


@njit(cache=True, nogil=True)
def past_z(values, wanted, n_past, n_least, floor):
    """
    Robust z of wanted samples against the samples before them in the same series.

    values : float64[n_series, n_time], NaN where missing
    wanted : bool[n_series, n_time]
    n_past : int, samples looked back; the sample itself is not among them
    n_least : int, of them that must be there
    floor : float, least scatter
    returns : float64[n_series, n_time], ``(value - median) / max(1.4826 MAD, floor)``; NaN where not wanted or unknown
    """
    z = np.full(values.shape, np.nan)
    buffer = np.empty(n_past)
    for series in range(values.shape[0]):
        for time in range(values.shape[1]):
            if not wanted[series, time] or np.isnan(values[series, time]):
                continue
            n = 0
            for past in range(max(0, time - n_past), time):
                if not np.isnan(values[series, past]):
                    buffer[n] = values[series, past]
                    n += 1
            if n < max(n_least, 1):
                continue
            centre = _middle(buffer, n)
            for at in range(n):
                buffer[at] = abs(buffer[at] - centre)
            scatter = 1.4826 * _middle(buffer, n)
            z[series, time] = (values[series, time] - centre) / max(scatter, floor)
    return z


@njit(cache=True, nogil=True)
def past_medians(values, n_past, n_least):
    """
    Median of the samples before each one.

    values : float64[n_series, n_time], NaN where missing
    n_past, n_least : int, as in ``past_z``
    returns : float64[n_series, n_time], NaN where fewer were there
    """
    median = np.full(values.shape, np.nan)
    buffer = np.empty(n_past)
    for series in range(values.shape[0]):
        for time in range(values.shape[1]):
            n = 0
            for past in range(max(0, time - n_past), time):
                if not np.isnan(values[series, past]):
                    buffer[n] = values[series, past]
                    n += 1
            if n >= max(n_least, 1):
                median[series, time] = _middle(buffer, n)
    return median


@njit(cache=True, nogil=True)
def spells(hit, n_pause):
    """
    Stretches of hits in one series, pauses of up to ``n_pause`` samples bridged.

    hit : bool[n_time]
    n_pause : int
    returns : int64[n_spell, 4]: first, last + 1, number of hits, longest run of hits
    """
    found = np.empty((hit.size, 4), np.int64)
    n_spell = 0
    run = 0
    for time in range(hit.size):
        if not hit[time]:
            run = 0
            continue
        run += 1
        if n_spell == 0 or time - found[n_spell - 1, 1] > n_pause:
            found[n_spell, 0] = time
            found[n_spell, 2] = 0
            found[n_spell, 3] = 0
            n_spell += 1
        found[n_spell - 1, 1] = time + 1
        found[n_spell - 1, 2] += 1
        found[n_spell - 1, 3] = max(found[n_spell - 1, 3], run)
    return found[:n_spell].copy()
