"""
Map datums met in China: GCJ-02 and BD-09 into WGS 84 and back.

Web maps in China are shifted by 100 to 700 m, more than one 500 m cell. A shift
is applied only where a datum was declared; ``best_datum`` can say what
coordinates look like, but nothing is ever corrected on its word alone.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels import datum_formula
from hotspot.variables import DataError

# CGCS2000 and WGS 84 differ by centimetres, far below any coordinate here.
DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
_TO = {"gcj02": ("from_gcj02",), "bd09": ("from_bd09", "from_gcj02")}  # steps to WGS 84 ...
_FROM = {"gcj02": ("to_gcj02",), "bd09": ("to_gcj02", "to_bd09")}  # ... and from it


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str | None) -> tuple[Any, Any]:
    """
    Coordinates of a declared datum in WGS 84, exact to 1e-13 degrees (fixed point).

    Parameters
    ----------
    lon, lat : float or float array, degrees; NaN stays NaN
    datum : "wgs84", "cgcs2000", "gcj02" or "bd09"

    Returns
    -------
    (lon, lat) of the same shape, degrees

    Raises
    ------
    DataError
        The datum is not one of the four.

    Examples
    --------
    >>> lon, lat = to_wgs84(116.403244, 39.910403, "gcj02")
    >>> round(lon, 6), round(lat, 6)
    (116.397, 39.909)
    >>> to_wgs84(116.4, 39.9, "wgs84")
    (116.4, 39.9)
    """
    return _moved(lon, lat, datum, _TO, back=True)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> tuple[Any, Any]:
    """
    WGS 84 coordinates in another datum, for a web map; outside the box round China nothing is moved.

    Parameters
    ----------
    lon, lat : float or float array, degrees; NaN stays NaN
    datum : "wgs84", "cgcs2000", "gcj02" or "bd09" (Baidu, by way of GCJ-02)

    Returns
    -------
    (lon, lat) of the same shape, degrees

    Raises
    ------
    DataError
        The datum is not one of the four.

    Notes
    -----
    The offset is a polynomial in (lon - 105, lat - 35) with sine waves, turned
    from metres into degrees on the Krasovsky ellipsoid: the formula that became
    known with open-source map tools about 2010. Oracle in the tests: prcoords.
    The box is 72.004-137.8347 E, 0.8293-55.8271 N; it includes strips of the
    neighbouring countries, where a declared GCJ-02 is shifted all the same.

    Examples
    --------
    >>> lon, lat = from_wgs84(116.397, 39.909, "gcj02")
    >>> round(lon, 6), round(lat, 6)
    (116.403244, 39.910403)
    >>> lon, lat = from_wgs84(116.397, 39.909, "bd09")
    >>> round(lon, 6), round(lat, 6)
    (116.409616, 39.916744)
    >>> from_wgs84(-76.6, 2.4, "gcj02")
    (-76.6, 2.4)
    >>> from_wgs84(116.4, 39.9, "WGS-84")
    Traceback (most recent call last):
    hotspot.variables.DataError: map datum 'WGS-84' is not known; declare one of wgs84, cgcs2000, gcj02, bd09.
    """
    return _moved(lon, lat, datum, _FROM, back=False)


def best_datum(
    lon: ArrayLike, lat: ArrayLike, known_lon: ArrayLike, known_lat: ArrayLike, *, least: int = 10
) -> tuple[str, dict[str, float]]:
    """
    Which datum some coordinates look like, held against known places (case 85).

    Parameters
    ----------
    lon, lat : float array (n), as delivered, degrees
    known_lon, known_lat : float array (n), the same places in WGS 84
    least : int
        Places needed.

    Returns
    -------
    (str, dict)
        The datum that leaves the smallest median distance, and that distance
        in metres for each datum.

    Raises
    ------
    DataError
        Fewer than ``least`` places: a shift cannot be told from a few wrong points.

    Examples
    --------
    >>> lon, lat = np.linspace(100, 118, 12), np.linspace(25, 42, 12)
    >>> name, metres = best_datum(*from_wgs84(lon, lat, "gcj02"), lon, lat)
    >>> name, metres["wgs84"] > 100
    ('gcj02', True)
    """
    from pyproj import Geod

    lon, lat, known_lon, known_lat = (np.asarray(a, dtype=float) for a in (lon, lat, known_lon, known_lat))
    both = np.isfinite(lon) & np.isfinite(lat) & np.isfinite(known_lon) & np.isfinite(known_lat)
    if both.sum() < least:
        raise DataError(f"{int(both.sum())} known places are too few to tell a map datum; give at least {least}.")
    geod, metres = Geod(ellps="WGS84"), {}
    for name in ("wgs84", "gcj02", "bd09"):
        x, y = to_wgs84(lon[both], lat[both], name)
        metres[name] = float(np.median(geod.inv(x, y, known_lon[both], known_lat[both])[2]))
    return min(metres, key=lambda name: metres[name]), metres


def _moved(
    lon: ArrayLike, lat: ArrayLike, name: str | None, ways: dict[str, tuple[str, ...]], *, back: bool
) -> tuple[Any, Any]:
    # Shape in, shape out; what lies abroad (in WGS 84 terms) stays where it is.
    if name not in DATUMS:
        raise DataError(f"map datum {name!r} is not known; declare one of {', '.join(DATUMS)}.")
    if name not in ways:
        return lon, lat
    lon, lat = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    if lon.ndim == 0 and np.isfinite(lon) and np.isfinite(lat):
        old = new = float(lon), float(lat)
        for step in ways[name]:
            new = _ONE_PLACE[step](*new)
        return new if _in_range(*(new if back else old)) else old
    from hotspot.kernels import datum

    x, y = np.array(lon).ravel(), np.array(lat).ravel()
    new_x, new_y = x, y
    for step in ways[name]:
        new_x, new_y = getattr(datum, step)(new_x, new_y)
    inside = _in_range(new_x, new_y) if back else _in_range(x, y)
    new_x, new_y = np.where(inside, new_x, x), np.where(inside, new_y, y)
    if lon.ndim == 0:
        return float(new_x[0]), float(new_y[0])
    return new_x.reshape(lon.shape), new_y.reshape(lat.shape)


def _in_range(lon: Any, lat: Any) -> Any:
    # Whether the offset applies: the box round China that the published code uses.
    return (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)


# One place is answered without the compiled kernels: loading those takes longer than a shell may wait.
def _shifted(lon: float, lat: float) -> tuple[float, float]:
    east, north = datum_formula.offset(lon, lat)
    return lon + east, lat + north


def _back(forward: Callable[[float, float], tuple[float, float]]) -> Callable[[float, float], tuple[float, float]]:
    def inverse(lon: float, lat: float) -> tuple[float, float]:
        x, y = lon, lat
        for _ in range(datum_formula.TURNS):
            new_x, new_y = forward(x, y)
            x, y = x + (lon - new_x), y + (lat - new_y)
            if not max(abs(lon - new_x), abs(lat - new_y)) > datum_formula.ENOUGH:
                break
        return x, y

    return inverse


_ONE_PLACE = {
    "to_gcj02": _shifted, "from_gcj02": _back(_shifted),
    "to_bd09": datum_formula.bend, "from_bd09": _back(datum_formula.bend),
}  # fmt: skip
