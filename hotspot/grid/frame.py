"""
What the flat lattice hides: where true north is, and how long a cell really is.

Albers is exact in area only, so a printed north arrow is turned and a printed
scale bar is drawn from geodesics.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.grid.lattice import Grid

_NUDGE = 1e-4  # degrees; long against rounding, short against the bend of a meridian


def north_angle(grid: Grid, col: ArrayLike, row: ArrayLike) -> Any:
    """
    How far the lattice's north points right of true north, as drawn on the map.

    Parameters
    ----------
    col, row : int or int array (n)

    Returns
    -------
    float or float array (n), degrees in -180..180; on a map whose upward side is
    the lattice's north, the arrow to true north is turned counter-clockwise by it

    Notes
    -----
    The angle of the meridian on the plane (its convergence). Albers bends angles,
    so on the ground the lattice's north has a slightly other bearing (6.8 instead
    of 6.6 degrees at Beijing); for an arrow on paper the plane is what counts.

    Examples
    --------
    >>> from hotspot.grid.lattice import Grid
    >>> grid = Grid()
    >>> [round(float(north_angle(grid, *grid.locate(*place))), 1) for place in [(116.4, 39.9), (87.62, 43.79)]]
    [6.6, -10.0]
    """
    lon, lat = (np.asarray(degrees) for degrees in grid.unproject(*grid.centre(col, row)))
    south, north = grid.project(lon, lat - _NUDGE), grid.project(lon, lat + _NUDGE)
    return np.degrees(np.arctan2(south[0] - north[0], north[1] - south[1]))[()]


def geodesic_size(grid: Grid, col: ArrayLike, row: ArrayLike) -> tuple[Any, Any]:
    """
    How far a cell really reaches from west to east and from south to north.

    Parameters
    ----------
    col, row : int or int array (n)

    Returns
    -------
    (east_west, north_south) : float or float array (n), m, through the cell's centre

    Examples
    --------
    At Zhengzhou (3,054 m and 2,947 m along the parallel and the meridian; a cell is turned by 5 degrees):

    >>> from hotspot.grid.lattice import Grid
    >>> grid = Grid()
    >>> [round(float(side)) for side in geodesic_size(grid, *grid.locate(113.63, 34.75))]
    [3053, 2948]
    """
    from pyproj import Geod

    x, y = grid.centre(col, row)
    half, geod = grid.spacing / 2, Geod(ellps="WGS84")
    ends = [(x - half, y), (x + half, y), (x, y - half), (x, y + half)]
    west, east, south, north = (grid.unproject(*end) for end in ends)
    return np.asarray(geod.inv(*west, *east)[2])[()], np.asarray(geod.inv(*south, *north)[2])[()]
