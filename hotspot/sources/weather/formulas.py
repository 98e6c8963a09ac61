"""Quantities that follow from delivered weather by a written formula."""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Floats, Numbers

if TYPE_CHECKING:
    import xarray as xr

# Magnus form over water; Alduchov and Eskridge 1996, J. Appl. Meteorol. 35, 601-609.
_MAGNUS_A, _MAGNUS_B = 17.625, 243.04

_POINTS = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]
COMPASS = {name: 22.5 * number for number, name in enumerate(_POINTS)}
_POINTS_ZH = "北 北东北 东北 东东北 东 东东南 东南 南东南 南 南西南 西南 西西南 西 西西北 西北 北西北".split()
COMPASS_ZH = {name: 22.5 * number for number, name in enumerate(_POINTS_ZH)}
CALM = ("C", "CALM", "静", "静风", "CV")


def relative_humidity(t2m: "Floats | xr.DataArray", d2m: "Floats | xr.DataArray") -> Numbers:
    """
    Relative humidity of air from its temperature and dew point.

    Parameters
    ----------
    t2m, d2m : float or array, degC

    Returns
    -------
    the same shape, %, at most 100

    Notes
    -----
    ``100 exp(a d / (b + d)) / exp(a t / (b + t))`` with a = 17.625 and
    b = 243.04 degC, the Magnus form of Alduchov and Eskridge (1996), within
    0.4 % of the vapour pressure from -40 to 50 degC. Over water at all
    temperatures, as dew points are reported.

    Examples
    --------
    >>> round(float(relative_humidity(20.0, 10.0)), 1)
    52.5
    """
    t2m, d2m = np.asarray(t2m), np.asarray(d2m)
    exponent = _MAGNUS_A * d2m / (_MAGNUS_B + d2m) - _MAGNUS_A * t2m / (_MAGNUS_B + t2m)
    return np.minimum(100.0 * np.exp(exponent), 100.0)


def wind_components(speed: Floats, direction: np.ndarray, *, wind: str = "from") -> tuple[Floats, Floats]:
    """
    Eastward and northward wind from speed and direction.

    Parameters
    ----------
    speed : float array, m/s
    direction : float array
        Degrees clockwise from true north; not looked at where speed is 0.
    wind : str
        "from": the direction the wind comes from, as meteorology reports it;
        "to": where it blows to.

    Returns
    -------
    u10, v10 : float arrays, m/s, pointing where the wind blows to; 0 where calm

    Raises
    ------
    ValueError
        ``wind`` is neither.

    Examples
    --------
    A north wind blows southward:

    >>> u, v = wind_components(np.array([4.0]), np.array([360.0]))
    >>> abs(round(float(u[0]), 6)), round(float(v[0]), 6)
    (0.0, -4.0)
    """
    if wind not in ("from", "to"):
        raise ValueError(f"wind is {wind!r}; give 'from' or 'to'.")
    speed = np.asarray(speed, float)
    angle = np.radians(np.where(speed == 0.0, 0.0, np.asarray(direction, float)))
    sign = -1.0 if wind == "from" else 1.0
    return sign * speed * np.sin(angle), sign * speed * np.cos(angle)
