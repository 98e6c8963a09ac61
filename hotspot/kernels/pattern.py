"""The strongest pattern of a table with holes: one loading per row times one score per column."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats


@njit(cache=True, nogil=True)
def leading_pattern(values: Floats, n_round: int) -> tuple[Floats, Floats]:
    """
    Loading and score whose product is nearest to the values that are there.

    Alternating least squares from a fixed start, the row of the largest sum of squares.

    values : float64[n_row, n_column], NaN where missing
    n_round : int
    returns : float64[n_row] loading of mean square 1, its largest positive; float64[n_column] score
    """
    n_row, n_column = values.shape
    loading, score = np.zeros(n_row), np.zeros(n_column)
    largest, start = -1.0, 0
    for row in range(n_row):
        total = 0.0
        for column in range(n_column):
            if not np.isnan(values[row, column]):
                total += values[row, column] ** 2
        if total > largest:
            largest, start = total, row
    for column in range(n_column):
        if not np.isnan(values[start, column]):
            score[column] = values[start, column]
    for _ in range(n_round):
        scale, peak = 0.0, 0.0
        for row in range(n_row):
            above, below = 0.0, 0.0
            for column in range(n_column):
                if not np.isnan(values[row, column]):
                    above += values[row, column] * score[column]
                    below += score[column] ** 2
            loading[row] = above / below if below > 0.0 else 0.0
            scale += loading[row] ** 2
            if abs(loading[row]) > abs(peak):
                peak = loading[row]
        if scale == 0.0:
            break
        scale = np.sqrt(scale / n_row) * (1.0 if peak > 0 else -1.0)
        over = np.zeros(n_column)
        under = np.zeros(n_column)
        for row in range(n_row):
            loading[row] /= scale
            for column in range(n_column):
                if not np.isnan(values[row, column]):
                    over[column] += values[row, column] * loading[row]
                    under[column] += loading[row] ** 2
        for column in range(n_column):
            score[column] = over[column] / under[column] if under[column] > 0.0 else 0.0
    return loading, score
