"""
Which cells a region has, how much of each unit lies in each, and who owns it.

Areas are exact: the lattice is equal-area, and every polygon is walked once
along its edges (``kernels.clip``), so cells inside a unit cost nothing extra.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.grid.bounded import require_area, require_edges
from hotspot.grid.lattice import Grid
from hotspot.kernels.arrays import Flags, Floats, Ints, Objects, Texts
from hotspot.variables import DataError

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

COUNTINGS = ("centre", "touching")
FINE_WORK = 1000.0  # m; below it an undeclared datum is more than a cell (METHODS 1)
_STEP = 0.01  # degrees; a longer straight edge is bent as its parallel bends, to 2 cm
_ROUNDING = 1e-10  # of a cell; less shared area than this is the rounding of coordinates


def cover(grid: Grid, boundaries: "gpd.GeoDataFrame", *, counting: str = "touching") -> "xr.Dataset":
    """
    The cells of a region with area shares per unit and one owner each.

    Parameters
    ----------
    boundaries : GeoDataFrame, EPSG:4326, from ``read_boundaries``
        A row per lowest unit: ``city, city_code, county, county_code, township,
        township_code`` and the outline.
    counting : "touching" or "centre"
        Cells that share any area with the region, or cells whose centre is
        inside. All four counts travel in the attributes either way.

    Returns
    -------
    Dataset (cell, unit, member), cells sorted by code
        ``cell x y lon lat col row``, the owner's ``city city_code county
        county_code township township_code``, ``label`` (empty), ``area_share``
        (share of the cell's area inside the region, 1). ``member_cell
        member_unit member_area`` (positions, m2) list every unit in every
        cell; ``unit_*`` name the units, with ``unit_area`` in m2.

    Raises
    ------
    DataError
        No polygons, another CRS, or cells below 1 km with an undeclared datum.

    Notes
    -----
    The owner is the city with the largest share, then the county with the
    largest share among that city's, then the township; ties go to the lower
    code (METHODS 1). Units that overlap are counted in each of them.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from hotspot.grid.lattice import Grid
    >>> unit = dict(city="甲市", city_code="1", county="乙县", county_code="11", township="", township_code="")
    >>> square = shapely.box(114.0, 30.0, 114.1, 30.1)
    >>> cells = cover(Grid(), gpd.GeoDataFrame([unit], geometry=[square], crs="EPSG:4326"))
    >>> cells.sizes["cell"], cells.attrs["count_centre"]
    (19, 14)
    >>> round(float(cells.member_area.sum() / cells.unit_area.sum()), 9)
    1.0
    """
    import xarray as xr

    if counting not in COUNTINGS:
        raise ValueError(f"counting is {counting!r}; give one of {', '.join(COUNTINGS)}.")
    _check(grid, boundaries)
    col, row, unit, area, middle, unit_area = _members(grid, boundaries.geometry.to_numpy())
    place = col * 10_000_000 + row
    distinct, member = np.unique(place, return_inverse=True)
    n_cell = distinct.size
    cell_col, cell_row = distinct // 10_000_000, distinct % 10_000_000
    central = np.zeros(n_cell, dtype=bool)
    central[member[middle]] = True

    names = {name: _texts(boundaries, name) for name in _LEVELS}
    key = {level: _keys(names[f"{level}_code"], names[level]) for level in ("city", "county", "township")}
    # A county is one of its own city, a township one of its own county, whatever their names.
    county = _joint(key["city"], key["county"])
    shared = area > 0
    counts = {
        "count_centre": int(central.sum()),
        "count_touching": int(np.unique(member[shared]).size),
        "count_touching_per_city": _pairs(member[shared], key["city"][unit[shared]]),
        "count_touching_per_county": _pairs(member[shared], county[unit[shared]]),
    }
    owner = _owner(member, unit, area, (key["city"], county, _joint(county, key["township"])))
    inside = np.minimum(np.bincount(member, weights=area, minlength=n_cell) / grid.spacing**2, 1.0)

    touching = np.zeros(n_cell, dtype=bool)
    touching[member[shared]] = True
    kept = np.flatnonzero(central if counting == "centre" else touching)
    code = np.atleast_1d(grid.code(cell_col[kept], cell_row[kept]))
    order = np.argsort(code, kind="stable")
    kept, code = kept[order], code[order]
    position = np.full(n_cell, -1)
    position[kept] = np.arange(kept.size)
    listed = np.flatnonzero((position[member] >= 0) & shared)
    listed = listed[np.lexsort((unit[listed], position[member[listed]]))]

    x, y = grid.centre(cell_col[kept], cell_row[kept])
    lon, lat = grid.unproject(x, y)
    coords = {"cell": code, "x": x, "y": y, "lon": lon, "lat": lat, "col": cell_col[kept], "row": cell_row[kept]}
    coords |= {name: names[name][owner[kept]] for name in _LEVELS}
    coords |= {"label": np.full(kept.size, ""), "area_share": inside[kept]}
    units = {f"unit_{name}": ("unit", names[name]) for name in _LEVELS} | {"unit_area": ("unit", unit_area)}
    return xr.Dataset(
        {
            "member_cell": ("member", position[member[listed]], {"long_name": "position of the cell"}),
            "member_unit": ("member", unit[listed], {"long_name": "position of the unit"}),
            "member_area": ("member", area[listed], {"unit": "m2"}),
        },
        coords={name: ("cell", values) for name, values in coords.items()} | units,
        attrs={
            "lattice_id": grid.id,
            "spacing": grid.spacing,
            "crs": grid.crs.to_wkt(),
            "counting": counting,
            **counts,
            "mended": json.dumps(boundaries.attrs.get("mended", []), ensure_ascii=False),
            "datum_declared": int(boundaries.attrs.get("datum_declared", True)),
        },
    )


_LEVELS = ("city", "city_code", "county", "county_code", "township", "township_code")


def grid_of(cells: "xr.Dataset") -> Grid:
    """
    The grid that cells, or a field of them, were made with.

    Examples
    --------
    >>> import xarray as xr
    >>> grid_of(xr.Dataset(attrs={"spacing": 3000.0, "lattice_id": Grid().id})) == Grid()
    True
    """
    national = Grid(float(cells.attrs["spacing"]))
    return national if national.id == cells.attrs["lattice_id"] else Grid(national.spacing, crs=cells.attrs.get("crs"))


def _texts(boundaries: "gpd.GeoDataFrame", name: str) -> Texts:
    if name not in boundaries:
        return np.full(len(boundaries), "")
    return boundaries[name].fillna("").astype(str).to_numpy(dtype=str)


def _check(grid: Grid, boundaries: "gpd.GeoDataFrame") -> None:
    if "city" not in boundaries:
        raise DataError("the boundary has no column city; read it with read_boundaries.")
    if len(boundaries) == 0 or boundaries.geometry.is_empty.any() or boundaries.geometry.isna().any():
        raise DataError("the boundary has no polygons, or an empty one; check the files the study names.")
    if boundaries.crs is None or boundaries.crs.to_epsg() != 4326:
        raise DataError(f"the boundary's CRS is {boundaries.crs}; give WGS 84 longitude and latitude (EPSG:4326).")
    if grid.spacing < FINE_WORK:
        require_datum(boundaries.attrs, f"{grid.spacing:g} m cells")


def require_datum(attrs: Mapping[Any, Any], what: str) -> None:
    """
    Refuse fine work on a boundary whose map datum nobody declared (METHODS 1).

    Parameters
    ----------
    attrs : dict, of ``read_boundaries`` or of the cells made from it
    what : str
        What is about to be made, for the message.

    Raises
    ------
    DataError
        The datum is undeclared.

    Examples
    --------
    >>> require_datum({"datum_declared": 0}, "500 m cells")
    Traceback (most recent call last):
    hotspot.variables.DataError: 500 m cells need a boundary with a declared map datum: ...
    """
    if not attrs.get("datum_declared", True):
        raise DataError(
            f"{what} need a boundary with a declared map datum: GCJ-02 lies 100-700 m away from WGS 84, "
            'more than one 500 m cell; add datum = "gcj02" (or wgs84, bd09) to the study\'s boundary.'
        )


def _members(grid: Grid, outlines: Objects) -> tuple[Ints, Ints, Ints, Floats, Flags, Floats]:
    # (col, row, unit, area, centre inside) of every cell that a unit has a part or the centre of.
    import shapely

    from hotspot.kernels import clip

    require_edges(float(np.nansum(shapely.length(outlines))) / _STEP, "the boundary")
    parts, unit_of_part = shapely.get_parts(shapely.segmentize(outlines, _STEP), return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    size = shapely.get_num_coordinates(rings)
    lon, lat = shapely.get_coordinates(rings).T
    x, y = grid.project(lon, lat)
    if not np.isfinite(x).all():
        raise DataError("the boundary has points that the lattice's CRS cannot show; name a CRS made for that region.")
    start = np.concatenate([[0], np.cumsum(size)])
    shell = np.concatenate([[True], part_of_ring[1:] != part_of_ring[:-1]])
    unit_of_ring = unit_of_part[part_of_ring]
    found, unit_area = [], np.zeros(len(outlines))
    for k in range(len(outlines)):
        mine = np.flatnonzero(unit_of_ring == k)
        if mine.size == 0:
            continue
        vertices = slice(start[mine[0]], start[mine[-1] + 1])
        u, v = x[vertices] / grid.spacing, y[vertices] / grid.spacing
        require_area(np.ptp(u), np.ptp(v), "a unit of the boundary")
        west, south = np.floor(u.min()) - 1, np.floor(v.min()) - 1
        u, v = u - west, v - south
        first = start[mine[0] : mine[-1] + 2] - start[mine[0]]
        turned = np.add.reduceat(_cross(u, v, first), first[:-1])
        sign = np.where((turned > 0) == shell[mine], 1.0, -1.0)
        share, middle = clip.share_by_cell(u, v, first, sign, int(u.max()) + 2, int(v.max()) + 2)
        share = np.where(share > _ROUNDING, share, 0.0)
        rows, cols = np.nonzero((share > 0) | middle)
        offset = int(west) + grid.offset[0], int(south) + grid.offset[1]
        area = np.minimum(share[rows, cols], 1.0) * grid.spacing**2
        found.append((cols + offset[0], rows + offset[1], np.full(rows.size, k), area, middle[rows, cols]))
        unit_area[k] = np.abs(turned) @ np.where(shell[mine], 1.0, -1.0) / 2 * grid.spacing**2
    col, row, unit, area, middle = (np.concatenate(part) for part in zip(*found, strict=True))
    if (col < 0).any() or (row < 0).any():
        raise DataError("the boundary reaches beyond the lattice; name a CRS made for that region.")
    return col, row, unit, area, middle, unit_area


def _cross(u: Floats, v: Floats, first: Ints) -> Floats:
    # Twice the signed area under each edge, 0 between rings; relative to the ring's start to keep digits.
    ring = np.repeat(np.arange(first.size - 1), np.diff(first))
    du, dv = u - u[first[:-1]][ring], v - v[first[:-1]][ring]
    cross = np.zeros(u.size)
    cross[:-1] = du[:-1] * dv[1:] - du[1:] * dv[:-1]
    cross[first[1:] - 1] = 0.0
    return cross


def _keys(code: Texts, name: Texts) -> Ints:
    # One integer per distinct unit, in order of code, then name: the order that settles ties.
    joined = np.char.add(np.char.add(code, "\x1f"), name)
    return np.unique(joined, return_inverse=True)[1]


def _joint(above: Ints, below: Ints) -> Ints:
    return np.unique(above.astype(np.int64) * (below.max() + 1) + below, return_inverse=True)[1]


def _pairs(member: Ints, key: Ints) -> int:
    return int(np.unique(member.astype(np.int64) * (key.max() + 1) + key).size) if member.size else 0


def _owner(member: Ints, unit: Ints, area: Floats, levels: tuple[Ints, Ints, Ints]) -> Ints:
    # Position of the owning unit of each cell: the largest share level by level, ties by code.
    # Shares are compared to 0.001 m2, so that rounding noise never decides a tie.
    area = np.round(area, 3)
    alive = np.ones(member.size, dtype=bool)
    for key in levels:
        mine = key[unit].astype(np.int64)
        group, of = np.unique(member * (key.max() + 1) + mine, return_inverse=True)
        total = np.round(np.bincount(of, weights=np.where(alive, area, 0.0)), 3)
        total[np.bincount(of, weights=alive) == 0] = -1.0
        cell, rank = group // (key.max() + 1), group % (key.max() + 1)
        order = np.lexsort((rank, -total, cell))
        first = order[np.concatenate([[True], cell[order][1:] != cell[order][:-1]])]
        best = np.zeros(member.max() + 1, dtype=np.int64)
        best[cell[first]] = rank[first]
        alive &= mine == best[member]
    owner = np.zeros(member.max() + 1, dtype=np.int64)
    last = np.flatnonzero(alive)[::-1]
    owner[member[last]] = unit[last]
    return owner
