"""
The formulas of China's map datums at one place, in plain Python: what ``kernels.datum`` compiles.
"""

import math

_A = 6378245.0  # m, the ellipsoid GCJ-02 computes with (Krasovsky 1940)
_E2 = 0.00669342162296594323
ENOUGH = 1e-13  # degrees, where a fixed point stands still; two neighbouring float64 longitudes are 1.4e-14 apart
TURNS = 60


def offset(lon: float, lat: float) -> tuple[float, float]:
    """
    The GCJ-02 shift at a WGS 84 place.

    lon, lat : float, degrees
    returns : two float, degrees
    """
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


def bend(lon: float, lat: float) -> tuple[float, float]:
    """
    GCJ-02 to BD-09: a ripple in polar coordinates and a constant.

    lon, lat : float, degrees
    returns : two float, degrees
    """
    radius = math.hypot(lon, lat) + 2e-5 * math.sin(math.radians(3000.0 * lat))
    angle = math.atan2(lat, lon) + 3e-6 * math.cos(math.radians(3000.0 * lon))
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006
