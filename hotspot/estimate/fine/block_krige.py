"""
Ordinary kriging of many hours onto blocks of targets, when stations come and go.

The targets of one block share their stations, so its system is solved once for
all hours; where some stations are silent the weights are down-dated, not solved
again. For one pattern of hours and single targets there is ``krige.krige``.
"""

import numpy as np
from numpy.typing import ArrayLike

from hotspot.estimate.field.krige import Variogram
from hotspot.kernels import downdate
from hotspot.kernels.arrays import Floats
from hotspot.kernels.krige_blocks import Blocks
from hotspot.variables import DataError

WIDE = 4  # a block knows the nearest WIDE * neighbours stations, for hours when its own are silent


def lay_blocks(
    x: ArrayLike,
    y: ArrayLike,
    target_x: ArrayLike,
    target_y: ArrayLike,
    first: ArrayLike,
    variogram: Variogram,
    *,
    neighbours: int = 32,
    noise: Floats | None = None,
    max_m: float = np.inf,
) -> Blocks:
    """
    Solve every block's system once.

    Parameters
    ----------
    x, y : float arrays (station), m, no two in one place, sorted by x, then y
    target_x, target_y : float arrays (target), m, block after block
    first : int array (block + 1), where each block's targets start
    neighbours : int
        Stations nearest to the middle of a block's targets.
    noise : float array (station), optional
        Measurement variance of each, in the variogram's unit, beside its nugget.
    max_m : float
        A block whose nearest reporting station is farther gets no value, m.

    Raises
    ------
    DataError
        A system has no solution: two stations nearly coincide without a nugget.

    Examples
    --------
    >>> from hotspot.estimate.field.krige import Variogram
    >>> flat = Variogram("spherical", 0.0, 1.0, 10.0)
    >>> blocks = lay_blocks([0.0, 2.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0, 2], flat)
    >>> blocks.weight[:, 0].round(9).tolist(), bool(blocks.variance[1] < 1e-12)
    ([0.5, 0.5], True)
    """
    from scipy.spatial import KDTree

    place, target = np.array([x, y], dtype=float), np.array([target_x, target_y], dtype=float)
    first = np.asarray(first, dtype=np.int64)
    if not place.shape[1]:
        raise DataError("there is no station to krige from; deliver some.")
    if not (np.isfinite(place).all() and np.isfinite(target).all()):
        raise DataError("a station or a target has no coordinates; give them or leave it out.")
    noise = np.zeros(place.shape[1]) if noise is None else np.ascontiguousarray(noise, dtype=float)
    middle = np.add.reduceat(target, first[:-1], axis=1) / np.diff(first)
    n_wide = min(WIDE * int(neighbours), place.shape[1])
    away, wide = KDTree(place.T).query(middle.T, n_wide)
    away, wide = away.reshape(-1, n_wide), wide.reshape(-1, n_wide).astype(np.int64)
    # Stations equally far away stand in order of place, whatever the tree says.
    order = np.lexsort((wide, away), axis=1)
    away, wide = np.take_along_axis(away, order, axis=1), np.take_along_axis(wide, order, axis=1)
    neighbour = np.ascontiguousarray(np.sort(wide[:, : int(neighbours)], axis=1))
    inverse, weight, variance = downdate.systems(place, noise, target, first, neighbour, variogram.as_array())
    if np.isnan(variance).any():
        raise DataError(
            "the kriging system has no solution; two stations nearly coincide, give the variogram a nugget."
        )
    reach = (away <= max_m).sum(axis=1)
    return Blocks(place, noise, target, first, neighbour, inverse, weight, variance, wide, reach, variogram.as_array())
