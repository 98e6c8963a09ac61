"""
The offset of Chinese web maps: WGS 84 <-> GCJ-02 <-> BD-09, point by point.
"""

import numpy as np
from numba import njit

from hotspot.kernels import datum_formula
from hotspot.kernels.arrays import Floats
from hotspot.kernels.datum_formula import ENOUGH, TURNS

# The formulas are plain Python, for one place in a shell; compiled here for many.
_offset = njit(cache=True, nogil=True)(datum_formula.offset)
_bend = njit(cache=True, nogil=True)(datum_formula.bend)


@njit(cache=True, nogil=True)
def to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """
    WGS 84 to GCJ-02, everywhere (the caller leaves out what lies abroad).

    lon, lat : float64[n_point], degrees, NaN where missing
    returns : two float64[n_point]
    """
    out_lon, out_lat = np.empty_like(lon), np.empty_like(lat)
    for k in range(lon.size):
        dx, dy = _offset(lon[k], lat[k])
        out_lon[k], out_lat[k] = lon[k] + dx, lat[k] + dy
    return out_lon, out_lat


@njit(cache=True, nogil=True)
def from_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """
    GCJ-02 to WGS 84 by fixed point: subtract the shift of the last guess until it stands still.

    lon, lat : float64[n_point], degrees, NaN where missing
    returns : two float64[n_point]
    """
    out_lon, out_lat = lon.copy(), lat.copy()
    for k in range(lon.size):
        for _ in range(TURNS):
            dx, dy = _offset(out_lon[k], out_lat[k])
            step = max(abs(lon[k] - dx - out_lon[k]), abs(lat[k] - dy - out_lat[k]))
            out_lon[k], out_lat[k] = lon[k] - dx, lat[k] - dy
            if not step > ENOUGH:
                break
    return out_lon, out_lat


@njit(cache=True, nogil=True)
def to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """
    GCJ-02 to BD-09.

    lon, lat : float64[n_point], degrees, NaN where missing
    returns : two float64[n_point]
    """
    out_lon, out_lat = np.empty_like(lon), np.empty_like(lat)
    for k in range(lon.size):
        out_lon[k], out_lat[k] = _bend(lon[k], lat[k])
    return out_lon, out_lat


@njit(cache=True, nogil=True)
def from_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """
    BD-09 to GCJ-02 by fixed point.

    lon, lat : float64[n_point], degrees, NaN where missing
    returns : two float64[n_point]
    """
    out_lon, out_lat = lon - 0.0065, lat - 0.006
    for k in range(lon.size):
        for _ in range(TURNS):
            x, y = _bend(out_lon[k], out_lat[k])
            dx, dy = lon[k] - x, lat[k] - y
            out_lon[k] += dx
            out_lat[k] += dy
            if not max(abs(dx), abs(dy)) > ENOUGH:
                break
    return out_lon, out_lat
