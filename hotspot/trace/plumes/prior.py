"""What is likely before any wind is looked at: large and near sources."""

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Flags, Floats
from hotspot.rules.emissions import GRAM_PER_SECOND, TYPICAL, annual_emission
from hotspot.rules.tracing import Tracing


def register_emission(facilities: pd.DataFrame) -> tuple[Floats, Flags]:
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


def expected_emission(emission: Floats, class_: ArrayLike, known: Flags, *, tracing: Tracing) -> Floats:
    """
    What plants may be expected to emit, when sizes and classes tell only a part of it.

    Parameters
    ----------
    emission : float array (facility), g/s, from ``register_emission``
    class_ : str array (facility)
    known : bool array (facility), whether the size was known
    tracing : Tracing, from the criteria: ``size_power, class_power``

    Returns
    -------
    float array (facility), g/s

    Notes
    -----
    With a size ``E_c (emission / E_c)^size_power``, by its class ``E_c = M (T / M)^class_power``, T the class's typical
    plant and M the median of all classes, scaled so that they keep their total: the largest are seldom as
    large as a register says (regression to the mean). Without a size ``emission`` as it is: the class is all there is.

    Examples
    --------
    >>> plants = np.array([90.0, 1.0, 9.5]), ["power", "boiler", "power"], np.array([True, True, False])
    >>> expected_emission(*plants, tracing=Tracing(size_power=0.7, class_power=0.5)).round(1).tolist()
    [88.3, 2.7, 9.5]
    >>> expected_emission(*plants, tracing=Tracing(size_power=1, class_power=1)).round(1).tolist()
    [90.0, 1.0, 9.5]
    """
    emission, known = np.asarray(emission, float), np.asarray(known, bool)
    middle = float(np.median(list(TYPICAL.values()))) * GRAM_PER_SECOND
    typical = GRAM_PER_SECOND * np.array([TYPICAL.get(str(one), TYPICAL["other"]) for one in np.asarray(class_)], float)
    by_class = middle * (typical / middle) ** tracing.class_power
    found = np.where(known, by_class * (emission / by_class) ** tracing.size_power, emission)
    if known.any():
        found[known] *= emission[known].sum() / found[known].sum()
    return found


def with_inventory(
    emission: Floats, known: Flags, lon: Floats, lat: Floats, inventory: xr.DataArray
) -> tuple[Floats, Flags]:
    """
    An emission inventory in place of our factors, where it has anything.

    Parameters
    ----------
    emission, known : arrays (facility), from ``register_emission`` or ``expected_emission``
    lon, lat : float arrays (facility), degrees WGS 84
    inventory : DataArray (lat, lon), t PM2.5 a year of each pixel, NaN or 0 where it has nothing

    Returns
    -------
    (emission, known): g/s. The facilities of a pixel share what it holds in proportion to what the
    register says of them; alone in a pixel, a plant of unknown size is known

    Examples
    --------
    >>> import xarray as xr
    >>> grid = xr.DataArray([[300.0, 0.0]], {"lat": [30.0], "lon": [114.0, 114.5]}, ("lat", "lon"))
    >>> places = np.array([114.01, 113.99, 114.5]), np.array([30.0, 30.0, 30.0])
    >>> found, known = with_inventory(np.array([2.0, 4.0, 3.0]), np.array([True, True, False]), *places, grid)
    >>> (found / GRAM_PER_SECOND).round().tolist(), known.tolist()
    ([100.0, 200.0, 95.0], [True, True, False])
    """
    emission, known = np.array(emission, float), np.array(known, bool)
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    column, row = (
        inventory.indexes[axis].get_indexer(at, method="nearest") for axis, at in (("lon", lon), ("lat", lat))
    )
    half = [abs(float(np.diff(inventory[axis].values[:2])[0])) / 2 if inventory.sizes[axis] > 1 else np.inf
            for axis in ("lon", "lat")]  # fmt: skip
    inside = np.abs(inventory["lon"].values[column] - lon) <= half[0]
    inside &= np.abs(inventory["lat"].values[row] - lat) <= half[1]
    tonnes = inventory.transpose("lat", "lon").values[row, column]
    pixel = row * inventory.sizes["lon"] + column
    for own in np.unique(pixel[inside & (tonnes > 0)]):
        of = np.flatnonzero(inside & (pixel == own))
        emission[of] *= tonnes[of[0]] * GRAM_PER_SECOND / emission[of].sum()
        known[of] |= of.size == 1
    return emission, known


def prior(emission: ArrayLike, distance_km: ArrayLike, *, tracing: Tracing) -> Floats:
    """
    How likely each of a cell's facilities is, by class, size and distance alone.

    Parameters
    ----------
    emission : float array (facility), g/s, from ``expected_emission``
    distance_km : float array (facility), from the cell's centre

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
