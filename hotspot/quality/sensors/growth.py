"""
Water on the particles: how much more a light-scattering sensor sees in humid air.

kappa-Koehler: a particle of dry mass m carries water so that the sensor sees
``m (1 + k / (100/RH - 1))``, where k is kappa over the particles' density. The term runs off
to infinity at 100 %, so RH is bounded before use (Nilson 2022, 10.5194/amt-15-3315-2022:
k = 0.24, RH within 30 and 70 %).
"""

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats


def growth_factor(humidity: ArrayLike, kappa: float, *, low: float = 30.0, high: float = 70.0) -> Floats:
    """
    Ratio of the mass a light-scattering sensor sees to the dry mass.

    Parameters
    ----------
    humidity : array, relative humidity, per cent
    kappa : float
        0 means that humidity is not corrected.
    low, high : float
        Bounds of the humidity, below 100.

    Returns
    -------
    array, 1 or more; NaN where the humidity is

    Examples
    --------
    >>> growth_factor([20.0, 30.0, 70.0, 99.0], 0.24).round(4).tolist()
    [1.1029, 1.1029, 1.56, 1.56]
    """
    if not 0 <= low < high < 100:
        raise ValueError(f"humidity bounds are {low} and {high}; give 0 <= low < high < 100.")
    if kappa < 0:
        raise ValueError(f"kappa is {kappa}; give 0 or more.")
    bounded = np.clip(np.asarray(humidity, dtype="float64"), low, high)
    return 1.0 + kappa / (100.0 / bounded - 1.0)


def dry(values: ArrayLike, humidity: ArrayLike, kappa: float, *, low: float = 30.0, high: float = 70.0) -> Floats:
    """
    Concentrations without the water.

    Examples
    --------
    >>> dry([78.0], [70.0], 0.24).round(6).tolist()
    [50.0]
    """
    return np.asarray(values, dtype="float64") / growth_factor(humidity, kappa, low=low, high=high)
