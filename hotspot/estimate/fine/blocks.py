"""
Cells that share weather share a model: a block's days in few patterns, the weather
taken out of each pattern, and every cell's own part of it.

A block's log concentrations are cell mean + day mean + a few patterns inside the
block (a plume that turns with the wind is one). Days and patterns are single
series, so a block costs a handful of models whatever the number of its cells.
"""

from typing import NamedTuple

import numpy as np

from hotspot.kernels.arrays import Floats, Ints
from hotspot.one_thread import one_thread

_TURNS = 4  # of cell means and day means
_ROUNDS = 15  # of alternation; the loadings' third digit stands after ten


class Patterns(NamedTuple):
    """A block's days as the sum of a few series, in log units."""

    mean: np.ndarray  # float64[cell]
    scores: np.ndarray  # float64[pattern, time], the first the day mean; NaN where nobody saw
    weight: np.ndarray  # float64[time], share of the cells seen
    loading: np.ndarray  # float64[cell, pattern], the first 1


def make_blocks(col: Ints, row: Ints, size: int) -> list[Ints]:
    """
    Positions of the cells of each block, anchored on the lattice.

    A cell's block does not depend on the study's boundary, except that a remnant of
    less than a quarter block joins its nearest neighbour.

    Parameters
    ----------
    col, row : int arrays (cell,)
    size : int
        Side of a block, cells.

    Returns
    -------
    list of int64 arrays, in order of column and row of the blocks

    Examples
    --------
    >>> [len(block) for block in make_blocks(np.arange(30), np.zeros(30, int), 12)]
    [12, 12, 6]
    """
    key = np.column_stack([np.asarray(col) // size, np.asarray(row) // size])
    _, block = np.unique(key, axis=0, return_inverse=True)
    block = block.ravel()
    count = np.bincount(block)
    small = count < np.minimum(size * size / 4, count.max() / 4)
    centre = np.column_stack([np.bincount(block, np.asarray(axis, float)) / count for axis in (col, row)])
    for one in np.flatnonzero(small):
        away = np.hypot(*(centre - centre[one]).T)
        away[small] = np.inf
        block[block == one] = away.argmin()
    return [np.flatnonzero(block == one) for one in np.unique(block)]


@one_thread
def split_block(log_values: Floats, n_pattern: int) -> Patterns:
    """
    Cell means, day means and patterns of a block with holes.

    Parameters
    ----------
    log_values : float64[cell, time], NaN where nothing was seen
    n_pattern : int
        Patterns beside the day mean; fewer where the block has few cells.

    Notes
    -----
    Two-way means by alternation, then one pattern after another out of the rest
    (alternating least squares over what was seen), everything from one fixed start.

    Examples
    --------
    >>> day = np.array([0.0, 1.0, 2.0])
    >>> split_block(np.array([day + 5, day + 7]), 0).mean.tolist()
    [6.0, 8.0]
    """
    from hotspot.kernels import pattern

    seen = np.isfinite(log_values)
    filled = np.where(seen, log_values, 0.0)
    n_cell, n_time = log_values.shape
    per_cell, per_time = np.maximum(seen.sum(axis=1), 1), np.maximum(seen.sum(axis=0), 1)
    mean = filled.sum(axis=1) / per_cell
    day = np.zeros(n_time)
    for _ in range(_TURNS):
        day = (filled - seen * mean[:, None]).sum(axis=0) / per_time
        mean = (filled - seen * day).sum(axis=1) / per_cell
    weight = seen.sum(axis=0) / n_cell
    # Days carry deviations only: their level belongs to the cells.
    level = np.average(day, weights=weight) if weight.any() else 0.0
    day, mean = day - level, mean + level
    scores, loading = [np.where(weight > 0, day, np.nan)], [np.ones(n_cell)]
    rest = log_values - mean[:, None] - day
    for _ in range(min(n_pattern, n_cell // 4)):
        own, score = pattern.leading_pattern(rest, _ROUNDS)
        rest = rest - own[:, None] * score
        loading.append(own)
        scores.append(np.where(weight > 0, score, np.nan))
    return Patterns(mean, np.array(scores), weight, np.column_stack(loading))


def own_amplitudes(log_values: Floats, effects: Floats, loading: Floats, month: Ints, own_days: float) -> Floats:
    """
    How strongly the weather of each pattern acts in each cell.

    Parameters
    ----------
    log_values : float64[cell, time], NaN where nothing was seen
    effects : float64[pattern, time], NaN where the weather has a gap
    loading : float64[cell, pattern]
        What the block expects; the estimate shrinks to it.
    month : int64[time]
        Number of the month of each time, from 0, rising without gaps.
    own_days : float
        Weight of that expectation, in times.

    Returns
    -------
    float64[cell, pattern]; of the first pattern the block's mean is 1

    Notes
    -----
    Ridge regression of a cell's values on the effects, both less their means of the
    month, so that no step or trend in a cell's emission can look like weather.

    Examples
    --------
    >>> effect = np.array([[1.0, -1.0, 2.0, -2.0]])
    >>> own = own_amplitudes(effect * [[0.5], [1.5]], effect, np.ones((2, 1)), np.zeros(4, int), 0.0)
    >>> own.ravel().round(6).tolist()
    [0.5, 1.5]
    """
    known = np.isfinite(effects).all(axis=0)
    seen = np.isfinite(log_values) & known
    x = np.where(known, effects, 0.0)
    # No matrix products: their order of sums depends on the threads of the library.
    first = np.flatnonzero(np.r_[True, np.diff(month) != 0])
    count = np.maximum(np.add.reduceat(known.astype(float), first), 1)
    x = np.where(known, x - (np.add.reduceat(x, first, axis=1) / count)[:, month], 0.0)
    y = np.where(seen, log_values, 0.0)
    own_count = np.maximum(np.add.reduceat(seen.astype(float), first, axis=1), 1)
    y = np.where(seen, y - (np.add.reduceat(y, first, axis=1) / own_count)[:, month], 0.0)
    n = len(x)
    xx = np.empty((len(y), n, n))
    for k in range(n):
        for other in range(k + 1):
            xx[:, k, other] = xx[:, other, k] = np.where(seen, x[k] * x[other], 0.0).sum(axis=1)
    xy = np.column_stack([(y * one).sum(axis=1) for one in x])
    spread = np.maximum((x**2).sum(axis=1) / max(known.sum(), 1), 1e-12)
    prior = own_days * spread + 1e-9
    amplitude = np.linalg.solve(xx + np.diag(prior), (xy + prior * loading)[..., None])[..., 0]
    # Noise in an effect lowers every cell's slope alike; what counts is one cell against another.
    amplitude[:, 0] /= max(amplitude[:, 0].mean(), 0.2)
    return amplitude
