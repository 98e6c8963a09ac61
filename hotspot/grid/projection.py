"""Map projections that may carry a lattice: equal in area, in metres, and named; and ways over the ellipsoid."""

import hashlib
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.variables import DataError

if TYPE_CHECKING:
    from pyproj import CRS, Transformer

SQUARE = 3000.0  # m, side of the squares whose area is held against the ground


@lru_cache(maxsize=1)
def national_crs() -> "CRS":
    """
    Albers 25/47 N, origin 0 N 105 E, on CGCS2000: the national lattice's CRS.

    Examples
    --------
    >>> national_crs().coordinate_operation.method_name
    'Albers Equal Area'
    """
    from pyproj.crs import ProjectedCRS
    from pyproj.crs.coordinate_operation import AlbersEqualAreaConversion

    return ProjectedCRS(
        AlbersEqualAreaConversion(25, 47, 0, 105, 0, 0), name="CGCS2000 / Albers 25/47/105", geodetic_crs=4490
    )


def equal_area(crs: Any) -> "CRS":
    """
    A CRS that may carry a lattice, as a pyproj object.

    Parameters
    ----------
    crs : anything pyproj understands

    Returns
    -------
    pyproj.CRS

    Raises
    ------
    DataError
        Unknown, in degrees, not in metres, or not equal in area; says why that matters.

    Examples
    --------
    >>> equal_area("EPSG:32650")
    Traceback (most recent call last):
    hotspot.variables.DataError: CRS 'EPSG:32650' does not keep areas equal (off by 5.31% near its origin): ...
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        given, crs = crs, CRS.from_user_input(crs)
    except CRSError as error:
        raise DataError(
            f"CRS {crs!r} is not known to pyproj ({error}); give an EPSG code, a PROJ string or WKT."
        ) from None
    why = (
        "a 3 km cell in EPSG:3857 at 38 N would be 5.6 km2 of ground, and a cell in degrees shrinks towards the pole; "
        "give an equal-area CRS in metres (albers, laea, cea), or none for the national lattice."
    )
    if not crs.is_projected or crs.coordinate_operation is None:
        raise DataError(f"CRS {given!r} is in degrees: {why}")
    if any(axis.unit_conversion_factor != 1.0 for axis in crs.axis_info):
        raise DataError(f"CRS {given!r} is not in metres: {why}")
    off = _area_error(crs)
    if not off <= 1e-4:
        raise DataError(f"CRS {given!r} does not keep areas equal (off by {off:.2%} near its origin): {why}")
    return crs


def _area_error(crs: "CRS") -> float:
    # Largest relative error of 3 km squares within 1500 km of the CRS origin, against their
    # geodesic area on WGS 84: a spherical projection of ellipsoidal degrees fails here too.
    from pyproj import Geod

    operation: Any = crs.coordinate_operation
    numbers = {p.name.lower(): p.value for p in operation.params}
    x0 = next((value for name, value in numbers.items() if "easting" in name), 0.0)
    y0 = next((value for name, value in numbers.items() if "northing" in name), 0.0)
    geod, back = Geod(ellps="WGS84"), transformer(crs.to_wkt(), False)
    along = np.linspace(0, SQUARE, 9)[:-1]
    none = np.zeros(8)
    ring_x = np.concatenate([along, none + SQUARE, SQUARE - along, none])
    ring_y = np.concatenate([none, along, none + SQUARE, SQUARE - along])
    worst = 0.0
    for x in x0 + np.linspace(-1.5e6, 1.5e6, 5):
        for y in y0 + np.linspace(-1.5e6, 1.5e6, 5):
            lon, lat = back.transform(x + ring_x, y + ring_y)
            if np.isfinite(lon).all() and np.isfinite(lat).all():
                area, _ = geod.polygon_area_perimeter(lon, lat)
                worst = max(worst, abs(abs(area) / SQUARE**2 - 1))
    return worst


@lru_cache(maxsize=16)
def _named(wkt: str) -> str:
    from pyproj import CRS

    crs: Any = CRS.from_wkt(wkt)
    operation, ellipsoid = crs.coordinate_operation, crs.ellipsoid
    # Only what moves a cell: the method, its numbers and the ellipsoid; not a title that PROJ may rephrase.
    core = [
        operation.method_name,
        sorted((p.name, round(float(p.value), 9)) for p in operation.params),
        round(ellipsoid.semi_major_metre, 4),
        round(ellipsoid.inverse_flattening, 6),
        crs.prime_meridian.longitude,
    ]
    digest = hashlib.sha256(json.dumps(core).encode()).hexdigest()[:8]
    return re.sub(r"[^a-z0-9]+", "-", operation.method_name.lower()).strip("-") + "-" + digest


def crs_name(crs: "CRS") -> str:
    """
    A short name of a CRS that depends only on its method, numbers and ellipsoid.

    Examples
    --------
    >>> crs_name(national_crs())
    'albers-equal-area-...'
    """
    return _named(crs.to_wkt())


@lru_cache(maxsize=32)
def transformer(wkt: str, forward: bool) -> "Transformer":
    """WGS 84 to the CRS of ``wkt`` (``forward``), or back; longitude and x come first."""
    from pyproj import CRS, Transformer

    ends = (CRS.from_epsg(4326), CRS.from_wkt(wkt))
    return Transformer.from_crs(*(ends if forward else ends[::-1]), always_xy=True)


def towards(lon: float, lat: float, there_lon: Floats, there_lat: Floats) -> tuple[Floats, Floats]:
    """
    Degrees from true north and kilometres (GRS80) from one place to others.

    Examples
    --------
    >>> bearing, km = towards(114.0, 30.0, np.array([114.0]), np.array([30.1]))
    >>> bearing.tolist(), km.round(2).tolist()
    ([0.0], [11.09])
    """
    from pyproj import Geod

    start = np.full(there_lon.size, lon), np.full(there_lon.size, lat)
    bearing, _, metres = Geod(ellps="GRS80").inv(*start, there_lon, there_lat)
    return np.asarray(bearing, dtype=float) % 360.0, np.asarray(metres, dtype=float) / 1000
