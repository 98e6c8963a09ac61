"""
From a code to a place and back: what ``hotspot cell`` prints.
"""

import json
import re
from typing import Any

import numpy as np

from hotspot.grid import codes
from hotspot.grid.datum import from_wgs84, to_wgs84
from hotspot.grid.frame import geodesic_size, north_angle
from hotspot.grid.hexagons import h3_index
from hotspot.grid.lattice import FINE, Grid
from hotspot.variables import DataError


def place(
    code: str | None = None,
    lon: float | None = None,
    lat: float | None = None,
    *,
    datum: str = "wgs84",
    grid: Grid | None = None,
) -> dict[str, Any]:
    """
    Everything about one cell or sub-cell, found by its code or by a position.

    Parameters
    ----------
    code : str, optional
        A cell ``PR1847L`` or a sub-cell ``PR1847L-07``.
    lon, lat : float, optional
        Degrees in ``datum``, instead of the code.
    datum : "wgs84", "cgcs2000", "gcj02" or "bd09"
    grid : Grid, optional
        Default: the national lattice at 3 km.

    Returns
    -------
    dict, ready for JSON
        ``cell, lon, lat`` (centre, WGS 84), ``x, y`` (centre, m), ``col, row, h3_8,
        h3_9, geometry`` (GeoJSON polygon), ``child`` (the sub-cell that holds the
        position, or the one asked for, else None), ``gcj02, bd09`` (centre,
        [lon, lat]), ``lattice_id, spacing`` (m), ``size_m`` (geodesic, west-east
        and south-north), ``north_deg`` (true north on the lattice, see ``frame.north_angle``)
        and ``asked``. For a sub-cell, ``cell`` is its code, and centre, size
        and geometry are its own; ``parent`` names the cell.

    Raises
    ------
    ValueError
        Neither or both of code and position were given.
    DataError
        The code is mistyped, the position is no place on the lattice, or the
        datum is unknown.

    Examples
    --------
    >>> found = place(lon=116.397, lat=39.909)
    >>> found["cell"], found["child"], found["col"], found["row"]
    ('PQ1848E', 'PQ1848E-29', 1318, 1448)
    >>> place("PQ1848E-29")["parent"]
    'PQ1848E'
    """
    grid = Grid() if grid is None else grid
    if code is not None and (lon is None or lat is None):
        return _by_code(grid, code)
    if code is not None or lon is None or lat is None:
        raise ValueError("give either a code, or a longitude and a latitude.")
    if not (np.isfinite(lon) and np.isfinite(lat)):
        raise DataError(f"{lon}, {lat} is no position; give longitude and latitude in degrees.")
    true_lon, true_lat = to_wgs84(float(lon), float(lat), datum)
    col, row = grid.locate(true_lon, true_lat)
    child = grid.child(true_lon, true_lat) if grid.spacing > FINE and grid.spacing % FINE == 0 else None
    asked = {"lon": float(lon), "lat": float(lat), "datum": datum}
    return _cell(grid, int(col), int(row)) | {"child": child, "asked": asked}


def find_place(*words: str, datum: str = "wgs84", grid: Grid | None = None) -> dict[str, Any]:
    """
    ``place`` for words as typed in a shell: a code, or a longitude and a latitude.

    Parameters
    ----------
    *words : str
        Two numbers may stand in one word, with a comma between them.
    datum, grid : as in ``place``

    Returns
    -------
    dict, as ``place``

    Raises
    ------
    DataError
        Neither one code nor two numbers; or as in ``place``.

    Examples
    --------
    >>> find_place("116.397,39.909")["cell"], find_place("pq1848e")["col"]
    ('PQ1848E', 1318)
    >>> find_place("116.397", "north")
    Traceback (most recent call last):
    hotspot.variables.DataError: '116.397 north' is neither a code nor a longitude and a latitude; ...
    """
    words = tuple(part for word in words for part in re.split("[,，]", word) if part.strip())  # maps say 116.397,39.909
    if len(words) == 1:
        return place(words[0], grid=grid)
    try:
        lon, lat = (float(word) for word in words)
    except ValueError:
        said = " ".join(map(str, words))
        raise DataError(
            f"{said!r} is neither a code nor a longitude and a latitude; give PR1847L, or 116.397 39.909."
        ) from None
    return place(lon=lon, lat=lat, datum=datum, grid=grid)


def _by_code(grid: Grid, code: str) -> dict[str, Any]:
    if "-" not in codes.normalise(code) or grid.spacing % FINE or grid.spacing == FINE:
        return _cell(grid, *grid.parse(code)) | {"child": None, "asked": {"code": str(code)}}
    col, row, number = grid.parse_child(code)
    n = grid.nesting(FINE)
    down, east = divmod(number - 1, n)
    # A sub-cell is a cell of the nested lattice: 0 columns and rows from its parent's corner.
    west, south, _, _ = grid.bounds(col, row)
    x, y = float(west) + (east + 0.5) * FINE, float(south) + (n - 1 - down + 0.5) * FINE
    fine = Grid(FINE, crs=grid.crs)
    found = _cell(fine, *(int(k) for k in fine.locate_xy(x, y)))
    name = codes.normalise(code)
    return found | {
        "cell": name,
        "parent": name.partition("-")[0],
        "col": col,
        "row": row,
        "child": name,
        "lattice_id": grid.id,
        "asked": {"code": str(code)},
    }


def _cell(grid: Grid, col: int, row: int) -> dict[str, Any]:
    import shapely

    x, y = (float(k) for k in grid.centre(col, row))
    lon, lat = grid.unproject(x, y)
    name = grid.code(col, row)
    return {
        "cell": name,
        "lon": float(lon),
        "lat": float(lat),
        "x": x,
        "y": y,
        "col": col,
        "row": row,
        "h3_8": h3_index(lon, lat, 8),
        "geometry": json.loads(shapely.to_geojson(grid.polygons(col, row)[0])),
        "parent": name.partition("-")[0],
        "h3_9": h3_index(lon, lat, 9),
        "gcj02": list(from_wgs84(float(lon), float(lat), "gcj02")),
        "bd09": list(from_wgs84(float(lon), float(lat), "bd09")),
        "lattice_id": grid.id,
        "spacing": grid.spacing,
        "size_m": [float(side) for side in geodesic_size(grid, col, row)],
        "north_deg": float(north_angle(grid, col, row)),
    }
