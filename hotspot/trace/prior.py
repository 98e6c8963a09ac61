"""
What is likely before any wind is looked at: large and near sources.

The size of a plant is only compared within its class and unit; a plant of
unknown size counts as the median of its class.
"""

import numpy as np
import pandas as pd


def size_ratio(facilities, *, tracing):
    """
    Size of each facility against the median of its class.

    Parameters
    ----------
    facilities : DataFrame ``class_``, with ``size`` and ``size_unit`` where they were delivered
    tracing : Tracing, from the criteria

    Returns
    -------
    (ratio, known): 1 where the size is not known; within 1 / ``size_limit`` to ``size_limit``

    Examples
    --------
    >>> from hotspot.rules.criteria import Tracing
    >>> plants = pd.DataFrame({"class_": ["power"] * 3 + ["steel"], "size": [300, 600, np.nan, 4.0],
    ...     "size_unit": ["MW", "MW", "", "Mt/a"]})
    >>> ratio, known = size_ratio(plants, tracing=Tracing())
    >>> ratio.round(2).tolist(), known.tolist()
    ([0.67, 1.33, 1.0, 1.0], [True, True, False, True])
    """
    n = len(facilities)
    if "size" not in facilities:
        return np.ones(n), np.zeros(n, bool)
    size = pd.to_numeric(pd.Series(np.asarray(facilities["size"])), errors="coerce").to_numpy(float)
    unit = np.asarray(facilities["size_unit"]).astype(str) if "size_unit" in facilities else np.full(n, "")
    known = np.isfinite(size) & (size > 0)
    table = pd.DataFrame({"class_": np.asarray(facilities["class_"]).astype(str), "unit": unit, "size": size})
    median = table[known].groupby(["class_", "unit"])["size"].median()
    ratio = np.ones(n)
    for i in np.flatnonzero(known):
        ratio[i] = size[i] / median[table.at[i, "class_"], table.at[i, "unit"]]
    return np.clip(ratio, 1 / tracing.size_limit, tracing.size_limit), known


def prior(class_, ratio, distance_km, *, tracing):
    """
    How likely each of a cell's facilities is, by class, size and distance alone.

    Parameters
    ----------
    class_ : str array (facility)
    ratio : float array (facility), from ``size_ratio``
    distance_km : float array (facility), from the cell's centre
    tracing : Tracing, from the criteria

    Returns
    -------
    float array (facility), 0 to 1, adding up to 1; empty without facilities

    Notes
    -----
    Class weight (1, ``medium_weight``, ``small_weight``) times size ratio times
    (1 + d / decay_km)^-2, over the sum of the cell's facilities.

    Examples
    --------
    >>> from hotspot.rules.criteria import Tracing
    >>> prior(["steel", "catering", "boiler"], [1.0, 1.0, 1.0], [3.0, 3.0, 0.0], tracing=Tracing()).round(3).tolist()
    [0.448, 0.013, 0.538]
    """
    grade = dict.fromkeys(tracing.large, 1.0) | dict.fromkeys(tracing.small, tracing.small_weight)
    weight = np.array([grade.get(str(name), tracing.medium_weight) for name in class_], dtype=float)
    weight = (
        weight * np.asarray(ratio, dtype=float) * (1 + np.asarray(distance_km, dtype=float) / tracing.decay_km) ** -2
    )
    return weight / weight.sum() if weight.size else weight


def score(prior, joint_lift, agreement, n_stations):
    """
    What the visiting order goes by, beside the word.

    Parameters
    ----------
    prior : float array (facility), from ``prior``
    joint_lift : float array (facility), from ``Receptors.agreement``
    agreement, n_stations : int arrays (facility)

    Returns
    -------
    float array (facility): prior times joint lift times (agreement + 1) / (n_stations + 2);
    without stations every facility has the same 1/2

    Examples
    --------
    >>> score([0.4, 0.4, 0.2], [1.5, 1.0, 1.0], [2, 0, 0], [2, 2, 0]).round(3).tolist()
    [0.45, 0.1, 0.1]
    """
    pointing = (np.asarray(agreement, dtype=float) + 1) / (np.asarray(n_stations, dtype=float) + 2)
    return np.asarray(prior, dtype=float) * np.asarray(joint_lift, dtype=float) * pointing
