"""
How far a 500 m value rests on stations: measured, supported or interpolated.

Four stations serve 36 sub-cells, so about eight of nine sub-cells hold none
(METHODS 5). The rule is the criteria's (``downscaling.support_*``, a proposal).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hotspot.kernels.arrays import Flags, Ints

MEASURED, SUPPORTED, INTERPOLATED = 2, 1, 0
ATTRS = {
    "flag_values": [INTERPOLATED, SUPPORTED, MEASURED],
    "flag_meanings": "interpolated supported measured",
    "words": "a station of the sub-cell reports; enough stations near report; neither",
}


def stations_near(
    x: ArrayLike, y: ArrayLike, target_x: ArrayLike, target_y: ArrayLike, *, spacing: float, support_m: float
) -> tuple[Ints, Ints, Flags]:
    """
    Which stations stand in each sub-cell, or near its centre.

    Parameters
    ----------
    x, y : float arrays (station), m
    target_x, target_y : float arrays (sub_cell), centres, m
    spacing : float, m, side of a sub-cell
    support_m : float, m

    Returns
    -------
    (first, station, inside): int64 (sub_cell + 1), where each sub-cell's stations start; int64 (n)
    their positions; bool (n), whether they stand in it (half-open: west and south edges belong)

    Examples
    --------
    >>> near = stations_near([250.0, 900.0, 500.0], [250.0] * 3, [250.0], [250.0], spacing=500.0, support_m=700.0)
    >>> [part.tolist() for part in near]
    [[0, 3], [0, 1, 2], [True, False, False]]
    """
    from scipy.spatial import KDTree

    places, centres = np.c_[x, y].astype(float), np.c_[target_x, target_y].astype(float)
    reach = max(float(support_m), spacing)
    found = KDTree(places).query_ball_point(centres, reach, return_sorted=True) if len(places) else [[]] * len(centres)
    count = np.array([len(near) for near in found], dtype=np.int64)
    station = np.array([at for near in found for at in near], dtype=np.int64)
    target = np.repeat(np.arange(len(centres)), count)
    inside = (np.floor(places[station] / spacing) == np.floor(centres[target] / spacing)).all(axis=1)
    keep = inside | (np.hypot(*(places[station] - centres[target]).T) <= support_m)
    first = np.r_[0, np.cumsum(np.bincount(target[keep], minlength=len(centres)))].astype(np.int64)
    return first, station[keep], inside[keep]


def support_of(values: ArrayLike, near: tuple[Ints, Ints, Flags], *, support_stations: int) -> NDArray[np.int8]:
    """
    The support of every sub-cell and hour.

    Parameters
    ----------
    values : float array (station, time), NaN where missing
    near : tuple, from ``stations_near``

    Returns
    -------
    int8 array (sub_cell, time): 2 measured, 1 supported, 0 interpolated

    Examples
    --------
    >>> near = stations_near([250.0, 900.0], [250.0] * 2, [250.0, 750.0], [250.0] * 2, spacing=500.0, support_m=700.0)
    >>> support_of([[9.0, np.nan, np.nan], [9.0, 9.0, np.nan]], near, support_stations=1).tolist()
    [[2, 1, 0], [2, 2, 0]]
    """
    from hotspot.kernels import krige_blocks

    values = np.ascontiguousarray(values, dtype=float)
    first, station, inside = near
    return krige_blocks.seen_near(values, first, station, inside, int(support_stations))
