"""What is likely before any wind is looked at: large and near sources."""

import numpy as np
import pandas as pd

from hotspot.rules.emissions import GRAM_PER_SECOND, annual_emission


def register_emission(facilities):
    """
    What each facility may emit by its class and size.

    Parameters
    ----------
    facilities : DataFrame ``class_``, with ``size`` and ``size_unit`` where they were delivered

    Returns
    -------
    (emission, known): g/s; False where only the class is known. A size in a unit without a factor
    counts against the median of its class and unit, between 1/5 and 5 of the typical plant

    Examples
    --------
    >>> plants = pd.DataFrame({"class_": ["power", "steel", "steel"], "size": [600, 1.0, 4.0],
    ...     "size_unit": ["MW", "lines", "lines"]})
    >>> emission, known = register_emission(plants)
    >>> emission.round(1).tolist(), known.tolist()
    ([9.5, 7.6, 30.4], [True, True, True])
    """
    n = len(facilities)
    class_ = np.asarray(facilities["class_"]).astype(str)
    size = np.full(n, np.nan)
    if "size" in facilities:
        size = pd.to_numeric(pd.Series(np.asarray(facilities["size"])), errors="coerce").to_numpy(float)
    unit = np.asarray(facilities["size_unit"]).astype(str) if "size_unit" in facilities else np.full(n, "")
    tonnes = np.zeros(n)
    known = np.zeros(n, bool)
    for i in range(n):
        tonnes[i], known[i] = annual_emission(class_[i], size[i], unit[i])
    table = pd.DataFrame({"class_": class_, "unit": unit, "size": size})
    odd = ~known & (size > 0)
    if odd.any():
        median = table[odd].groupby(["class_", "unit"])["size"].transform("median").to_numpy()
        tonnes[odd] *= np.clip(size[odd] / median, 0.2, 5.0)
        known |= odd
    return tonnes * GRAM_PER_SECOND, known


def prior(emission, distance_km, *, tracing):
    """
    How likely each of a cell's facilities is, by class, size and distance alone.

    Parameters
    ----------
    emission : float array (facility), g/s, from ``register_emission``
    distance_km : float array (facility), from the cell's centre
    tracing : Tracing, from the criteria

    Returns
    -------
    float array (facility), 0 to 1, adding up to 1; empty without facilities

    Notes
    -----
    Emission times (1 + d / decay_km)^-2, over the sum of the cell's facilities.

    Examples
    --------
    >>> from hotspot.rules.criteria import Tracing
    >>> prior([10.0, 1.0, 3.0], [3.0, 3.0, 0.0], tracing=Tracing()).round(3).tolist()
    [0.435, 0.043, 0.522]
    """
    weight = np.asarray(emission, float) * (1 + np.asarray(distance_km, dtype=float) / tracing.decay_km) ** -2
    return weight / weight.sum() if weight.size else weight
