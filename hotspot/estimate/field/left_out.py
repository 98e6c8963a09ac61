"""
What stations say of each other: each left out in turn, and how far it is believed against the rest.

A field of stations alone passes through every one of them. So that none moves a cell beyond what its neighbours and
its own error allow, a station that disagrees gets a larger error of its own, never a place outside the field.
"""

import numpy as np
from numpy.typing import ArrayLike

from hotspot.estimate.field.krige import Variogram, by_place, of_places
from hotspot.kernels.arrays import Floats

# Rounds of reweighting, and the share of the sill below which another one changes nothing.
_ROUNDS, _STILL = 24, 1e-3


def leave_one_out(
    x: ArrayLike,
    y: ArrayLike,
    values: ArrayLike,
    variogram: Variogram,
    *,
    neighbours: int = 32,
    noise: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """
    What kriging says at each station from the others.

    Parameters
    ----------
    x, y, values, variogram, neighbours, noise
        As for ``krige``; stations in one place are left out together.

    Returns
    -------
    (estimate, variance), each float (station) or (station, time), NaN where
    the station itself is missing or stands alone

    Examples
    --------
    >>> flat = Variogram("spherical", 0.0, 1.0, 10.0)
    >>> leave_one_out([0.0, 1.0, 2.0], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0], flat)[0].round(6).tolist()
    [2.010033, 2.0, 1.989967]
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    table = np.asarray(values, dtype=float).reshape(x.size, -1)
    own = np.zeros(x.size) if noise is None else np.asarray(noise, dtype=float)
    estimate, variance = np.full(table.shape, np.nan), np.full(table.shape, np.nan)
    at_x, at_y, held, _ = by_place(x, y, table)  # once: whoever is left out, the others stay in this order
    own_of = by_place(x, y, own)[2][:, 0]
    for i in range(x.size):
        others = (at_x != x[i]) | (at_y != y[i])
        if not others.any():
            continue
        estimate[i : i + 1], variance[i : i + 1] = of_places(
            at_x[others], at_y[others], held[others], x[i : i + 1], y[i : i + 1], variogram, neighbours, own_of[others]
        )
    missing = np.isnan(table)
    estimate[missing] = np.nan
    variance[missing] = np.nan
    shape = np.asarray(values).shape
    return estimate.reshape(shape), variance.reshape(shape)


def own_errors(
    x: ArrayLike, y: ArrayLike, values: ArrayLike, variogram: Variogram, *, limit: float, neighbours: int = 32
) -> Floats:
    """
    Error variance of each station, above the variogram's, that its disagreement with the others asks for.

    Parameters
    ----------
    x, y, variogram, neighbours
        As for ``krige``.
    values : float array (station), none missing
    limit : float
        Standard deviations of the others' prediction up to which a station is believed as it stands.

    Returns
    -------
    float64 (station), squared units; 0 of stations within the limit

    Notes
    -----
    With p and v what the others say of z and its variance, e^2 = max(0, (z - p)^2 / limit^2 - v), solved by iteration,
    as each station's e^2 enters what it says of others. Kriged with e^2 as ``noise``, the station's pull away from p is
    z - p within the limit and limit^2 v / (z - p) beyond: it grows as Huber's, then falls as that of a heavy tail
    (Huber and Ronchetti 2009, Robust Statistics, 2nd ed., 4.8; Student's t as in Lange, Little and Taylor 1989).

    Examples
    --------
    >>> x, z = np.arange(6) * 1e4, np.array([50.0, 51.0, 90.0, 52.0, 51.0, 50.0])
    >>> near = Variogram("spherical", 1.0, 9.0, 3e4)
    >>> own_errors(x, 0 * x, z, near, limit=1.5).round().tolist()
    [0.0, 0.0, 654.0, 0.0, 0.0, 0.0]
    """
    values = np.asarray(values, dtype=float)
    noise = np.zeros(values.size)
    for _ in range(_ROUNDS):
        told, variance = leave_one_out(x, y, values, variogram, neighbours=neighbours, noise=noise)
        asked = np.nan_to_num(np.maximum(0.0, (values - told) ** 2 / limit**2 - variance))
        if np.abs(asked - noise).max(initial=0.0) <= _STILL * variogram.sill:
            break
        noise = (noise + asked) / 2  # two that doubt each other would take turns
    return np.where(noise > _STILL * variogram.sill, noise, 0.0)


def as_stated(values: ArrayLike, told: ArrayLike, variance: ArrayLike) -> float:
    """
    How many times too small a stated variance is, by what was left out; 1 where it is not.

    Parameters
    ----------
    values, told, variance : float arrays (station)
        What was measured, and what the others said of it.

    Examples
    --------
    >>> as_stated([1.0, 5.0], [3.0, 3.0], [1.0, 1.0]), as_stated([3.0], [3.1], [1.0])
    (4.0, 1.0)
    """
    squares = (np.asarray(values, float) - np.asarray(told, float)) ** 2 / np.asarray(variance, float)
    return max(1.0, float(np.nanmean(squares))) if np.isfinite(squares).any() else 1.0
