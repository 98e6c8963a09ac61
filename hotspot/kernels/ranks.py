"""Loops over many draws of many cells: resampled means, shares of ranks, the largest pairwise difference."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def resampled_means(values, weights):
    """
    Mean of each cell over resampled days, one for every draw.

    values : float64[n_cell, n_day], NaN where missing
    weights : float64[n_draw, n_day], how often a draw took the day
    returns : float64[n_cell, n_draw], NaN where a draw met no day with a value
    """
    n_cell, n_day = values.shape
    n_draw = weights.shape[0]
    taken = np.ascontiguousarray(weights.T)
    mean = np.zeros((n_cell, n_draw))
    seen = np.empty(n_draw)
    for cell in range(n_cell):
        seen[:] = 0.0
        total = mean[cell]
        for day in range(n_day):
            value = values[cell, day]
            if np.isnan(value):
                continue
            times = taken[day]
            for draw in range(n_draw):
                total[draw] += times[draw] * value
                seen[draw] += times[draw]
        for draw in range(n_draw):
            total[draw] = total[draw] / seen[draw] if seen[draw] > 0.0 else np.nan
    return mean


@njit(cache=True, nogil=True)
def rank_shares(draws, k):
    """
    Share of draws in which a cell is the largest, and in which it is among the k largest; ties joint.

    draws : float64[n_cell, n_draw], finite
    k : int, at least 1
    returns : two float64[n_cell]
    """
    n_cell, n_draw = draws.shape
    first = np.zeros(n_cell)
    among = np.zeros(n_cell)
    top = np.empty(min(k, n_cell))
    for draw in range(n_draw):
        top[:] = -np.inf
        for cell in range(n_cell):
            value = draws[cell, draw]
            place = top.size - 1
            if value <= top[place]:
                continue
            while place > 0 and value > top[place - 1]:
                top[place] = top[place - 1]
                place -= 1
            top[place] = value
        for cell in range(n_cell):
            if draws[cell, draw] >= top[0]:
                first[cell] += 1.0
            if draws[cell, draw] >= top[top.size - 1]:
                among[cell] += 1.0
    return first / n_draw, among / n_draw


@njit(cache=True, nogil=True)
def pair_spread(centred):
    """
    Root mean square difference of every pair of cells over the draws.

    centred : float64[n_cell, n_draw], draws less their estimate
    returns : float64[n_cell, n_cell], symmetric
    """
    n_cell, n_draw = centred.shape
    spread = np.zeros((n_cell, n_cell))
    for one in range(n_cell):
        for other in range(one + 1, n_cell):
            total = 0.0
            for draw in range(n_draw):
                gap = centred[one, draw] - centred[other, draw]
                total += gap * gap
            spread[one, other] = spread[other, one] = np.sqrt(total / n_draw)
    return spread


@njit(cache=True, nogil=True)
def largest_gaps(centred, inverse):
    """
    Largest studentised difference of each cell from any other, for every draw.

    centred : float64[n_cell, n_draw], draws less their estimate
    inverse : float64[n_cell, n_cell], one over the pair's spread, 0 where the pair is left out
    returns : float64[n_cell, n_draw]
    """
    n_cell, n_draw = centred.shape
    largest = np.zeros((n_cell, n_draw))
    for one in range(n_cell):
        for other in range(one + 1, n_cell):
            scale = inverse[one, other]
            if scale == 0.0:
                continue
            for draw in range(n_draw):
                gap = abs(centred[one, draw] - centred[other, draw]) * scale
                largest[one, draw] = max(largest[one, draw], gap)
                largest[other, draw] = max(largest[other, draw], gap)
    return largest
