"""
The offset of Chinese web maps: WGS 84 <-> GCJ-02 <-> BD-09, point by point.
"""

import math

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Flags, Floats

_A = 6378245.0  # m, the ellipsoid GCJ-02 computes with (Krasovsky 1940)
_E2 = 0.00669342162296594323
_ENOUGH = 1e-13  # degrees; two neighbouring float64 longitudes are 1.4e-14 apart
_TURNS = 60


@njit(cache=True, nogil=True)
def _offset(lon: float, lat: float) -> tuple[float, float]:
    # The GCJ-02 shift at a WGS 84 place, degrees.
    x, y = lon - 105.0, lat - 35.0
    waves = 20.0 * math.sin(6.0 * math.pi * x) + 20.0 * math.sin(2.0 * math.pi * x)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += 2.0 / 3.0 * (waves + 20.0 * math.sin(math.pi * x) + 40.0 * math.sin(math.pi / 3.0 * x))
    east += 2.0 / 3.0 * (150.0 * math.sin(math.pi / 12.0 * x) + 300.0 * math.sin(math.pi / 30.0 * x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += 2.0 / 3.0 * (waves + 20.0 * math.sin(math.pi * y) + 40.0 * math.sin(math.pi / 3.0 * y))
    north += 2.0 / 3.0 * (160.0 * math.sin(math.pi / 12.0 * y) + 320.0 * math.sin(math.pi / 30.0 * y))
    phi = math.radians(lat)
    w = 1.0 - _E2 * math.sin(phi) ** 2
    degree_east = math.radians(_A / math.sqrt(w) * math.cos(phi))
    degree_north = math.radians(_A * (1.0 - _E2) / (w * math.sqrt(w)))
    return east / degree_east, north / degree_north


@njit(cache=True, nogil=True)
def _bend(lon: float, lat: float) -> tuple[float, float]:
    # GCJ-02 to BD-09: a ripple in polar coordinates and a constant.
    radius = math.hypot(lon, lat) + 2e-5 * math.sin(math.radians(3000.0 * lat))
    angle = math.atan2(lat, lon) + 3e-6 * math.cos(math.radians(3000.0 * lon))
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


@njit(cache=True, nogil=True)
def in_range(lon: Floats, lat: Floats) -> Flags:
    """
    Whether the offset applies: the box round China that the published code uses.

    lon, lat : float64[n_point], degrees
    returns : bool[n_point]
    """
    inside = np.empty(lon.size, dtype=np.bool_)
    for k in range(lon.size):
        inside[k] = 72.004 <= lon[k] <= 137.8347 and 0.8293 <= lat[k] <= 55.8271
    return inside


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
        for _ in range(_TURNS):
            dx, dy = _offset(out_lon[k], out_lat[k])
            step = max(abs(lon[k] - dx - out_lon[k]), abs(lat[k] - dy - out_lat[k]))
            out_lon[k], out_lat[k] = lon[k] - dx, lat[k] - dy
            if not step > _ENOUGH:
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
        for _ in range(_TURNS):
            x, y = _bend(out_lon[k], out_lat[k])
            dx, dy = lon[k] - x, lat[k] - y
            out_lon[k] += dx
            out_lat[k] += dy
            if not max(abs(dx), abs(dy)) > _ENOUGH:
                break
    return out_lon, out_lat
