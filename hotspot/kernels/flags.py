"""Loops over hourly series of many stations: runs, spikes, local and neighbour medians, slopes."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Flags, Floats, Ints


@njit(cache=True, nogil=True)
def run_lengths(mask: Flags) -> Ints:
    """
    Length of the run of True that each sample belongs to, 0 where False.

    mask : bool[n_series, n_time]
    returns : int64[n_series, n_time]
    """
    n_series, n_time = mask.shape
    length = np.zeros((n_series, n_time), np.int64)
    for series in range(n_series):
        begin = 0
        for time in range(n_time + 1):
            if time == n_time or not mask[series, time]:
                for inside in range(begin, time):
                    length[series, inside] = time - begin
                begin = time + 1
    return length


@njit(cache=True, nogil=True)
def flat_windows(values: Floats, n_hours: int, tolerance: float) -> Flags:
    """
    Samples inside some window of ``n_hours`` whose values lie within ``tolerance``.

    values : float64[n_series, n_time], NaN where missing: a window with a hole says nothing
    n_hours : int
    tolerance : float
    returns : bool[n_series, n_time]
    """
    n_series, n_time = values.shape
    flat = np.zeros((n_series, n_time), np.bool_)
    for series in range(n_series):
        marked = 0
        for last in range(n_hours - 1, n_time):
            low = high = values[series, last]
            for time in range(last - n_hours + 1, last):
                value = values[series, time]
                low = np.nan if np.isnan(value) else min(low, value)
                high = np.nan if np.isnan(value) else max(high, value)
                if not high - low <= tolerance:  # also where a value is missing
                    break
            if high - low <= tolerance:
                for time in range(max(marked, last - n_hours + 1), last + 1):
                    flat[series, time] = True
                marked = last + 1
    return flat


@njit(cache=True, nogil=True)
def spike_heights(values: Floats) -> Floats:
    """
    How far each sample stands above or below both samples beside it.

    The lesser of the two steps where they point opposite ways, signed: positive up; 0 where
    they do not, and NaN where a sample or one beside it is missing.

    values : float64[n_series, n_time]
    returns : float64[n_series, n_time]
    """
    n_series, n_time = values.shape
    height = np.full((n_series, n_time), np.nan)
    for series in range(n_series):
        for time in range(1, n_time - 1):
            rise = values[series, time] - values[series, time - 1]
            fall = values[series, time] - values[series, time + 1]
            if np.isnan(rise) or np.isnan(fall):
                continue
            if rise * fall <= 0.0:
                height[series, time] = 0.0
            elif rise > 0.0:
                height[series, time] = min(rise, fall)
            else:
                height[series, time] = max(rise, fall)
    return height


@njit(cache=True, nogil=True)
def _median(buffer: Floats, n: int) -> float:
    """Median of the first ``n`` values of ``buffer``, which is put in order."""
    for at in range(1, n):
        value = buffer[at]
        place = at
        while place > 0 and buffer[place - 1] > value:
            buffer[place] = buffer[place - 1]
            place -= 1
        buffer[place] = value
    half = n // 2
    return buffer[half] if n % 2 else 0.5 * (buffer[half - 1] + buffer[half])


@njit(cache=True, nogil=True)
def local_medians(values: Floats, half: int, n_least: int) -> Floats:
    """
    Median of the samples within ``half`` steps on either side, the sample itself left out.

    values : float64[n_series, n_time], NaN where missing
    half : int
    n_least : int, samples needed
    returns : float64[n_series, n_time], NaN where fewer were seen
    """
    n_series, n_time = values.shape
    median = np.full((n_series, n_time), np.nan)
    buffer = np.empty(2 * half)
    for series in range(n_series):
        for time in range(n_time):
            n = 0
            for other in range(max(0, time - half), min(n_time, time + half + 1)):
                if other != time and not np.isnan(values[series, other]):
                    buffer[n] = values[series, other]
                    n += 1
            if n >= n_least:
                median[series, time] = _median(buffer, n)
    return median


@njit(cache=True, nogil=True)
def neighbour_medians(values: Floats, neighbour: Ints, n_least: int) -> Floats:
    """
    Median over a station's neighbours, sample by sample.

    values : float64[n_series, n_time], NaN where missing
    neighbour : int64[n_target, n_neighbour], rows of ``values``; -1 where there is none
    n_least : int, neighbours needed
    returns : float64[n_target, n_time], NaN where fewer were seen
    """
    n_target, n_neighbour = neighbour.shape
    n_time = values.shape[1]
    median = np.full((n_target, n_time), np.nan)
    buffer = np.empty(n_neighbour)
    for target in range(n_target):
        for time in range(n_time):
            n = 0
            for at in range(n_neighbour):
                row = neighbour[target, at]
                if row >= 0 and not np.isnan(values[row, time]):
                    buffer[n] = values[row, time]
                    n += 1
            if n >= n_least:
                median[target, time] = _median(buffer, n)
    return median


@njit(cache=True, nogil=True)
def window_slopes(values: Floats, n_window: int, n_least: int) -> tuple[Floats, Floats, Floats]:
    """
    Theil-Sen slope of each window, its Kendall tau, and the scatter about the line.

    values : float64[n_series, n_step], NaN where missing
    n_window : int, steps of a window; the result stands at its last step
    n_least : int, samples needed
    returns : three float64[n_series, n_step]: slope per step, tau, median absolute residual; NaN where too few
    """
    n_series, n_step = values.shape
    slope = np.full((n_series, n_step), np.nan)
    tau = np.full((n_series, n_step), np.nan)
    scatter = np.full((n_series, n_step), np.nan)
    at = np.empty(n_window, np.int64)
    pair = np.empty(n_window * (n_window - 1) // 2)
    residual = np.empty(n_window)
    for series in range(n_series):
        for last in range(n_window - 1, n_step):
            n = 0
            for step in range(last - n_window + 1, last + 1):
                if not np.isnan(values[series, step]):
                    at[n] = step
                    n += 1
            if n < n_least:
                continue
            n_pair, sign = 0, 0
            for late in range(1, n):
                for early in range(late):
                    rise = values[series, at[late]] - values[series, at[early]]
                    pair[n_pair] = rise / (at[late] - at[early])
                    sign += (rise > 0) - (rise < 0)
                    n_pair += 1
            best = np.median(pair[:n_pair])
            for k in range(n):
                residual[k] = values[series, at[k]] - best * at[k]
            level = np.median(residual[:n])
            for k in range(n):
                residual[k] = abs(residual[k] - level)
            slope[series, last] = best
            tau[series, last] = sign / n_pair
            scatter[series, last] = np.median(residual[:n])
    return slope, tau, scatter


@njit(cache=True, nogil=True)
def alike(values: Floats, least: int, share: float) -> Ints:
    """
    Pairs of rows that hold the same numbers in most places; given up where too many differ to be one.

    values : float64[n, hour], NaN where missing
    least : int, hours that must be equal
    share : float, part of the later row's hours that must be, rounding aside
    returns : int64[pair, 2], positions of the later and of the earlier row, in order
    """
    n_hour = values.shape[1]
    found = [(0, 0) for _ in range(0)]
    for at in range(values.shape[0]):
        there = np.flatnonzero(~np.isnan(values[at]))
        own = values[at][there]
        needed = max(float(least), share * there.size - 1e-6)
        for other in range(at):
            row, differ = values[other], 0
            if there.size == n_hour:
                for t in range(n_hour):
                    differ += own[t] != row[t]
                    if there.size - differ < needed:
                        break
            else:
                for k in range(there.size):
                    differ += own[k] != row[there[k]]
                    if there.size - differ < needed:
                        break
            if there.size - differ >= needed:
                found.append((at, other))
    pairs = np.empty((len(found), 2), np.int64)
    for k in range(len(found)):
        pairs[k, 0], pairs[k, 1] = found[k]
    return pairs
