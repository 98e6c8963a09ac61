"""
From a trained LightGBM model to the plain tables that ``kernels.forest`` walks.

The public text form of a model lists each tree's splits and leaves; nothing
of LightGBM is needed once they are laid out.
"""

from typing import Any, NamedTuple

import numpy as np

from hotspot.kernels.arrays import Flags, Floats


class Forest(NamedTuple):
    """A tree ensemble as plain arrays; see ``kernels.forest.average_over_rows``."""

    trees: np.ndarray  # int64[n_node, 4]
    threshold: np.ndarray  # float64[n_node]
    value: np.ndarray  # float64[n_node]
    n_calendar: int


def flatten(model: Any, n_calendar: int) -> Forest:
    """
    Lay the trees of a LightGBM model out as plain arrays.

    Parameters
    ----------
    model : lightgbm.Booster
        Trained on numeric features without missing values, the calendar's first.
    n_calendar : int
        How many of the features are the calendar's; the others are weather.

    Raises
    ------
    ValueError
        A tree splits on categories, which this table cannot hold.
    """
    lines: dict[str, list[str]] = {}
    for line in model.model_to_string().split("end of trees")[0].splitlines():
        name, _, rest = line.partition("=")
        lines.setdefault(name, []).append(rest)

    def said(name: str, kind: type) -> np.ndarray:
        return np.fromstring(" ".join(lines.get(name, ())), kind, sep=" ")

    if said("num_cat", int).any():
        raise ValueError("the model splits on categories; train it on numeric features only.")
    leaves = said("num_leaves", np.int64)
    splits, size = leaves - 1, 2 * leaves - 1
    first = np.cumsum(size) - size
    # A tree's splits come first, its leaves follow.
    own = np.arange(size.sum()) - np.repeat(first, size)
    split = own < np.repeat(splits, size)
    trees = np.zeros((split.size, 4), np.int64)
    trees[~split, 0] = -1
    trees[first, 3] = 1
    threshold, value = np.zeros(split.size), np.zeros(split.size)
    value[~split] = said("leaf_value", np.float64)
    feature = said("split_feature", np.int64)
    trees[split, 0] = np.where(feature < n_calendar, feature, n_calendar - 2 - feature)
    threshold[split] = said("threshold", np.float64)
    for column, name in ((1, "left_child"), (2, "right_child")):
        child = said(name, np.int64)
        # LightGBM writes leaf k as -1 - k.
        trees[split, column] = np.where(child >= 0, child, np.repeat(splits, splits) - 1 - child)
    trees[:, 1:3] += np.repeat(first, size)[:, None]
    return Forest(trees, threshold, value, n_calendar)


def regroup(forest: Forest, averaged: Flags) -> Forest:
    """
    The same trees with another share of their features averaged over.

    So one factor of the weather is taken out while the others stay as they were.

    Parameters
    ----------
    forest : Forest, from ``flatten``
    averaged : bool array (feature,)
        In the model's own order: true where the average runs over the feature.

    Returns
    -------
    Forest; its calendar is the features that are not averaged, both in their old order

    Examples
    --------
    >>> tree = np.array([[0, 1, 2, 1], [-1, 0, 0, 0], [-2, 3, 4, 0], [-1, 0, 0, 0], [-1, 0, 0, 0]])
    >>> forest = Forest(tree, np.zeros(5), np.arange(5.0), 1)
    >>> regroup(forest, np.array([True, False])).trees[[0, 2], 0]
    array([-2,  0])
    """
    averaged = np.asarray(averaged, bool)
    feature = forest.trees[:, 0]
    own = np.where(feature >= 0, feature, forest.n_calendar - 2 - feature)
    place = np.where(averaged, -2 - (np.cumsum(averaged) - 1), np.cumsum(~averaged) - 1)
    trees = forest.trees.copy()
    split = feature != -1
    trees[split, 0] = place[own[split]]
    return forest._replace(trees=trees, n_calendar=int((~averaged).sum()))


def average_over_weather(forest: Forest, calendar: Floats, weather: Floats, weight: np.ndarray | None = None) -> Floats:
    """
    Mean prediction of each time over all weather rows, exact (METHODS 6.4).

    Parameters
    ----------
    calendar : float array (time, n_calendar)
    weather : float array (row, n_weather)
    weight : float array (row,), optional
        Share of each weather row, e.g. zero outside stagnant hours. Default: equal.

    Returns
    -------
    float array (time,), in the model's own scale

    Raises
    ------
    ValueError
        The weights are negative or sum to nothing.
    """
    from hotspot.kernels.forest import average_over_rows

    weight = np.ones(len(weather)) if weight is None else np.asarray(weight, float)
    if (weight < 0).any() or not weight.sum() > 0:
        raise ValueError("the weights of the weather rows are negative or sum to nothing; give a share to some rows.")
    kept = weight > 0
    times = np.ascontiguousarray(np.asarray(calendar, float).T)
    rows = np.ascontiguousarray(np.asarray(weather, float)[kept].T)
    share = weight[kept] / weight.sum()
    return average_over_rows(forest.trees, forest.threshold, forest.value, times, rows, share)


def predict(forest: Forest, columns: Floats) -> Floats:
    """
    What the trees say of rows of all their features: the bits of the model's own prediction, in a quarter of its time.

    Parameters
    ----------
    columns : float array (row, feature), in the model's own order

    Returns
    -------
    float array (row,)

    Examples
    --------
    >>> tree = np.array([[0, 1, 2, 1], [-1, 0, 0, 0], [-1, 0, 0, 0]])
    >>> predict(Forest(tree, np.array([0.5, 0.0, 0.0]), np.array([0.0, 10.0, 20.0]), 1), np.array([[0.0], [1.0]]))
    array([10., 20.])
    """
    nothing = np.zeros(columns.shape[1], bool)
    return average_over_weather(regroup(forest, nothing), columns, np.zeros((1, 0)))
