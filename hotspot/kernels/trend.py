"""Loops over pairs of times of a series: Kendall's score and the median of the pair slopes, season by season."""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats, Ints


@njit(cache=True, nogil=True)
def pair_trend(values: Floats, time: Floats, season: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """
    Kendall's score and Sen's slope of each series over the pairs of times of one season.

    values : float64[n_series, n_time], NaN where missing
    time : float64[n_time], ascending within a season
    season : int64[n_time]; pairs of different seasons are not compared
    returns : four float64[n_series]: slope per unit of time (NaN without a pair), score S (rises
        less falls), its variance with ties taken into account (Hirsch 1982), number of times seen
    """
    n_series, n_time = values.shape
    slope = np.full(n_series, np.nan)
    score = np.zeros(n_series)
    variance = np.zeros(n_series)
    seen = np.zeros(n_series)
    slopes = np.empty(n_time * (n_time - 1) // 2)
    for series in range(n_series):
        row = values[series]
        n_pair = 0
        for one in range(n_time):
            if np.isnan(row[one]):
                continue
            seen[series] += 1
            n_season, tied = 0, 0
            for other in range(n_time):
                if season[other] != season[one] or np.isnan(row[other]):
                    continue
                n_season += 1
                if row[other] == row[one]:
                    tied += 1
                if other > one:
                    slopes[n_pair] = (row[other] - row[one]) / (time[other] - time[one])
                    n_pair += 1
                    if row[other] > row[one]:
                        score[series] += 1.0
                    elif row[other] < row[one]:
                        score[series] -= 1.0
            # Summed over the times of a season this is n (n-1) (2n+5) less the same for each group of ties.
            variance[series] += (n_season - 1) * (2 * n_season + 5) - (tied - 1) * (2 * tied + 5)
        variance[series] /= 18.0
        if n_pair > 0:
            slope[series] = np.median(slopes[:n_pair])
    return slope, score, variance, seen
