"""Loops over many draws of many cells: resampled means, shares of ranks, ranks and their shortest runs."""

import math

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Flags, Floats, Ints


@njit(cache=True, nogil=True)
def resampled_means(values: Floats, weights: Floats) -> Floats:
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
def rank_shares(draws: Floats, k: int) -> tuple[Floats, Floats]:
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
def draw_ranks(draws: Floats) -> tuple[Ints, Ints]:
    """
    Best and worst rank of every cell in every draw; the same but for ties.

    draws : float64[n_cell, n_draw], finite
    returns : two int64[n_cell, n_draw], 1 for the largest
    """
    n_cell, n_draw = draws.shape
    best = np.empty((n_cell, n_draw), dtype=np.int64)
    worst = np.empty((n_cell, n_draw), dtype=np.int64)
    for draw in range(n_draw):
        values = draws[:, draw].copy()
        order = np.argsort(-values)
        start = 0
        while start < n_cell:
            end = start + 1
            while end < n_cell and values[order[end]] == values[order[start]]:
                end += 1
            for i in range(start, end):
                best[order[i], draw] = start + 1
                worst[order[i], draw] = end
            start = end
    return best, worst


@njit(cache=True, nogil=True)
def shortest_runs(best: Ints, worst: Ints, n_rank: int, level: float) -> tuple[Ints, Ints]:
    """
    The shortest run of ranks that holds a cell's rank in ``level`` of the draws; of equal ones the fullest.

    best, worst : int64[n_cell, n_draw], from ``draw_ranks``
    n_rank : int
    level : float
    returns : two int64[n_cell], first and last rank of the run
    """
    n_cell, n_draw = best.shape
    first = np.ones(n_cell, dtype=np.int64)
    last = np.full(n_cell, n_rank)
    needed = level * n_draw - 1e-9
    for cell in range(n_cell):
        # By its middle rank where ties are joint, then stretched over the ties.
        counts = np.zeros(n_rank + 1)
        for draw in range(n_draw):
            counts[(best[cell, draw] + worst[cell, draw]) // 2] += 1.0
        low, held, width, fullest = 1, 0.0, n_rank + 1, 0.0
        for high in range(1, n_rank + 1):
            held += counts[high]
            while held - counts[low] >= needed:
                held -= counts[low]
                low += 1
            if held >= needed and (high - low + 1 < width or (high - low + 1 == width and held > fullest)):
                first[cell], last[cell], width, fullest = low, high, high - low + 1, held
        low, high = first[cell], last[cell]
        for draw in range(n_draw):
            middle = (best[cell, draw] + worst[cell, draw]) // 2
            if low <= middle <= high:
                first[cell] = min(first[cell], best[cell, draw])
                last[cell] = max(last[cell], worst[cell, draw])
    return first, last


@njit(cache=True, nogil=True)
def may_lead(best: Ints, among: Floats, k: int, level: float) -> Flags:
    """
    The fewest cells that hold all of the k worst in ``level`` of the draws, taken in by their own share.

    best : int64[n_cell, n_draw], from ``draw_ranks``
    among : float64[n_cell], share of draws within the k worst
    k : int
    level : float
    returns : bool[n_cell]
    """
    n_cell, n_draw = best.shape
    order = np.argsort(-among, kind="mergesort")
    latest = np.zeros(n_draw, dtype=np.int64)
    for place in range(n_cell):
        cell = order[place]
        for draw in range(n_draw):
            if best[cell, draw] <= k:
                latest[draw] = place
    needed = min(math.ceil(level * n_draw - 1e-9), n_draw)
    end = np.sort(latest)[needed - 1]
    taken = np.zeros(n_cell, dtype=np.bool_)
    taken[order[: end + 1]] = True
    return taken
