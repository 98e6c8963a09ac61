"""
H3 hexagons beside the cells: an index to join other people's data, and a view
for overview maps. Nothing is ever ranked on hexagons: their areas differ.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats, Objects, Texts
from hotspot.variables import DataError

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

_SQUEEZE = 0.7  # H3 edges are at the least this share of their resolution's mean (areas differ twofold)


def h3_index(lon: float | Floats, lat: float | Floats, resolution: int) -> Any:
    """
    The hexagons that hold some places.

    Parameters
    ----------
    lon, lat : float or float array (n), degrees, WGS 84
    resolution : int, 0 to 15

    Returns
    -------
    str, or str array (n); empty where a coordinate is missing

    Examples
    --------
    >>> h3_index(116.397, 39.909, 8)
    '8831aa4281fffff'
    """
    import h3

    _check(resolution)
    if np.ndim(lon) == 0:
        return h3.latlng_to_cell(float(lat), float(lon), resolution) if np.isfinite(lon) and np.isfinite(lat) else ""
    places = zip(np.asarray(lon, dtype=float).tolist(), np.asarray(lat, dtype=float).tolist(), strict=True)
    found = [h3.latlng_to_cell(y, x, resolution) if np.isfinite(x) and np.isfinite(y) else "" for x, y in places]
    return np.array(found, dtype="<U15")


def to_hexagons(cells: "xr.Dataset", values: ArrayLike, resolution: int) -> "gpd.GeoDataFrame":
    """
    Area-weighted means of a cell field on hexagons, for overview maps.

    Parameters
    ----------
    cells : Dataset (cell), from ``Grid.cover``
    values : float array (cell), any unit; NaN where missing
    resolution : int
        7 has hexagons of about 5 km2, 6 of 36 km2.

    Returns
    -------
    GeoDataFrame, EPSG:4326, a row per hexagon with a value, sorted by ``hexagon``
        ``hexagon`` (H3 index), ``value`` (unit of the input), ``area_m2`` (the
        region's area with a value in the hexagon), ``geometry``. The sum of value times
        area is that of the cells (area inside the region), to 1e-9.

    Raises
    ------
    DataError
        The values are not one per cell.

    Notes
    -----
    Cells and hexagons are cut on the lattice's plane, where area is exact and
    straight hexagon edges meet without gaps. H3 areas differ twofold over the
    world (uber/h3#168), so a plain mean of cells per hexagon would be wrong.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from hotspot.grid.lattice import Grid
    >>> unit = dict(city="甲市", city_code="1", county="", county_code="", township="", township_code="")
    >>> region = gpd.GeoDataFrame([unit], geometry=[shapely.box(114.0, 30.0, 114.1, 30.1)], crs="EPSG:4326")
    >>> cells = Grid().cover(region)
    >>> view = to_hexagons(cells, np.full(cells.sizes["cell"], 35.0), 7)
    >>> bool(np.allclose(view.value, 35)), round(float(view.area_m2.sum() / cells.member_area.sum()), 9)
    (True, 1.0)
    """
    import geopandas as gpd
    import shapely

    _check(resolution)
    values = np.asarray(values, dtype=float)
    if values.shape != (cells.sizes["cell"],):
        raise DataError(f"{values.shape} values for {cells.sizes['cell']} cells; give one value per cell.")
    seen = np.flatnonzero(np.isfinite(values) & (cells.area_share.values > 0))
    x, y, half = cells.x.values[seen], cells.y.values[seen], float(cells.attrs["spacing"]) / 2
    names, degrees = _round_about(cells.lon.values[seen], cells.lat.values[seen], resolution, half)
    plane = shapely.transform(degrees, _onto(cells))
    squares = shapely.box(x - half, y - half, x + half, y + half)
    hexagon, square = shapely.STRtree(squares).query(plane, predicate="intersects")
    overlap = shapely.area(shapely.intersection(plane[hexagon], squares[square]))
    weight = overlap * cells.area_share.values[seen][square]
    area = np.bincount(hexagon, weights=weight, minlength=names.size)
    total = np.bincount(hexagon, weights=weight * values[seen][square], minlength=names.size)
    full = area > 0
    return gpd.GeoDataFrame(
        {"hexagon": names[full], "value": total[full] / area[full], "area_m2": area[full]},
        geometry=degrees[full],
        crs="EPSG:4326",
    )


def _check(resolution: int) -> None:
    if resolution not in range(16):
        raise ValueError(f"H3 resolution is {resolution!r}; give a whole number from 0 to 15.")


def _round_about(lon: Floats, lat: Floats, resolution: int, half: float) -> tuple[Texts, Objects]:
    # Every hexagon that can reach a cell whose centre and half side are given: (index, outline in degrees).
    import h3
    import shapely

    between = _SQUEEZE * np.sqrt(3) * h3.average_hexagon_edge_length(resolution, unit="m")
    rings = int(np.ceil(half * np.sqrt(2) / between)) + 1
    found: set[str] = set()
    for centre in sorted(set(h3_index(lon, lat, resolution).tolist())):
        found.update(h3.grid_disk(centre, rings))
    names = np.array(sorted(found), dtype="<U15")
    corners = [h3.cell_to_boundary(name) for name in names.tolist()]
    latlon = np.array([corner for ring in corners for corner in ring], dtype=float).reshape(-1, 2)
    ring = np.repeat(np.arange(names.size), [len(one) for one in corners])
    return names, shapely.polygons(shapely.linearrings(latlon[:, ::-1], indices=ring))


def _onto(cells: "xr.Dataset") -> Callable[[Floats], Floats]:
    from hotspot.grid.projection import transformer

    forward = transformer(cells.attrs["crs"], True)
    return lambda lonlat: np.column_stack(forward.transform(lonlat[:, 0], lonlat[:, 1]))
