"""
The exact average of a tree ensemble over weather rows (METHODS 6.4).

A tree asks two kinds of question: of the calendar (which a time answers) and
of the weather (which a weather row answers). Sent down together, a set of
times and a set of weather rows split where they are asked and stay whole where
they are not, so a leaf receives exactly the pairs (time, row) that predict it:
each of its times gains leaf value x weight of its rows. The cost is one pass
of times and one of rows per tree instead of times x rows predictions.
"""

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats, Ints


@njit(cache=True, nogil=True)
def average_over_rows(
    trees: Ints, threshold: Floats, value: Floats, calendar: Floats, weather: Floats, row_weight: Floats
) -> Floats:
    """
    Mean prediction of every time over all weighted weather rows.

    trees : int64[n_node, 4], a row per node, trees one after another in preorder:
        feature (of the calendar if >= 0; weather feature f is -2 - f; -1 is a leaf),
        left child, right child (positions in this table), 1 where a tree begins else 0
    threshold : float64[n_node], a row goes left where its value <= threshold
    value : float64[n_node], prediction of a leaf, 0 elsewhere
    calendar : float64[n_calendar, n_time]
    weather : float64[n_weather, n_row]
    row_weight : float64[n_row], summing to 1
    returns : float64[n_time]
    """
    n_time = calendar.shape[1]
    n_row = weather.shape[1]
    mean = np.zeros(n_time)
    times = np.arange(n_time)
    rows = np.arange(n_row)
    spare = np.empty(max(n_time, n_row), np.int64)
    stack = np.empty((trees.shape[0] + 1, 5), np.int64)
    for root in range(trees.shape[0]):
        if trees[root, 3] == 0:
            continue
        stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3], stack[0, 4] = root, 0, n_time, 0, n_row
        top = 1
        while top > 0:
            top -= 1
            node, t0, t1, r0, r1 = stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3], stack[top, 4]
            feature = trees[node, 0]
            if feature == -1:
                share = 0.0
                for i in range(r0, r1):
                    share += row_weight[rows[i]]
                gain = share * value[node]
                if t1 - t0 == n_time:  # most trees ask the weather alone
                    for i in range(n_time):
                        mean[i] += gain
                else:
                    for i in range(t0, t1):
                        mean[times[i]] += gain
                continue
            t_middle, r_middle = t1, r1
            t_second, r_second = t0, r0
            if feature >= 0:
                t_middle = t_second = _split(times, spare, t0, t1, calendar[feature], threshold[node])
            else:
                r_middle = r_second = _split(rows, spare, r0, r1, weather[-2 - feature], threshold[node])
            # An empty set on either side predicts nothing below: skip the branch.
            if t_second < t1 and r_second < r1:
                stack[top, 0], stack[top, 1], stack[top, 2] = trees[node, 2], t_second, t1
                stack[top, 3], stack[top, 4] = r_second, r1
                top += 1
            if t0 < t_middle and r0 < r_middle:
                stack[top, 0], stack[top, 1], stack[top, 2] = trees[node, 1], t0, t_middle
                stack[top, 3], stack[top, 4] = r0, r_middle
                top += 1
    return mean


@njit(cache=True, nogil=True)
def _split(order: Ints, spare: Ints, first: int, last: int, values: Floats, threshold: float) -> int:
    """
    Bring the positions whose value <= threshold to the front of order[first:last], each side in its old order.

    Which side is next cannot be foreseen: every position is written to both, and one of the two is written over.

    spare : int64, scratch, as long as there are positions
    returns : int, where the others begin
    """
    low, n = first, 0
    for i in range(first, last):
        one = order[i]
        left = int(values[one] <= threshold)
        order[low] = one
        spare[n] = one
        low += left
        n += 1 - left
    for i in range(n):
        order[low + i] = spare[i]
    return low
