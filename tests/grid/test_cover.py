"""Cells of a region: area shares, owners, the four counts (D1, METHODS 1)."""

import json

import geopandas as gpd
import naive_cover
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hotspot.grid.boundary import read_boundaries
from hotspot.grid.lattice import Grid
from hotspot.kernels import clip
from hotspot.study import Boundary
from hotspot.variables import DataError

PLAIN = [
    *(f"13{k:02d}00" for k in (1, 2, 4, 5, 6, 9, 10, 11)),
    *(f"14{k:02d}00" for k in (1, 3, 4, 5)),
    *(f"37{k:02d}00" for k in (1, 3, 8, 14, 15, 16, 17)),
    *(f"41{k:02d}00" for k in (1, 2, 5, 6, 7, 8, 9)),
]  # 26 of the 28 cities of 2+26; Beijing and Tianjin come as provinces
FENWEI = [
    *(f"14{k:02d}00" for k in (7, 8, 10, 11)),
    *(f"41{k:02d}00" for k in (3, 12)),
    *(f"61{k:02d}00" for k in (1, 2, 3, 4, 5)),
]


def walked(polygon, n_col, n_row):
    rings = shapely.get_rings(polygon)
    sizes = shapely.get_num_coordinates(rings)
    u, v = (np.ascontiguousarray(part) for part in shapely.get_coordinates(rings).T)
    shell = np.arange(rings.size) == 0
    sign = np.where(shapely.is_ccw(rings) == shell, 1.0, -1.0)
    return clip.share_by_cell(u, v, np.concatenate([[0], np.cumsum(sizes)]), sign, n_col, n_row)


@st.composite
def blobs(draw):
    """A star-shaped polygon in a box of 9 x 9 cells, vertices often exactly on cell edges, sometimes with a hole."""
    n = draw(st.integers(3, 14))
    reach = draw(st.lists(st.floats(0.3, 3.2), min_size=n, max_size=n))
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    corners = 4.5 + np.column_stack([np.cos(angle), np.sin(angle)]) * np.array(reach)[:, None]
    snap = draw(st.sampled_from([1e-9, 0.25, 0.5, 1.0]))
    blob = shapely.Polygon(np.round(corners / snap) * snap)
    assume(blob.is_valid and blob.area > 0.01)
    if draw(st.booleans()):
        hole = shapely.box(4.2, 4.3, 4.6, 5.1)
        if blob.contains_properly(hole):
            blob = blob.difference(hole)
    return shapely.geometry.polygon.orient(blob) if draw(st.booleans()) else blob.reverse()


@settings(deadline=None, max_examples=150)
@given(blobs())
def test_walking_the_edges_is_cutting_every_cell(blob):
    share, inside = walked(blob, 9, 9)
    np.testing.assert_allclose(share, naive_cover.shares(blob, 9, 9), rtol=0, atol=1e-12)
    assert share.sum() == pytest.approx(blob.area, rel=1e-12)
    truth = naive_cover.centres(blob, 9, 9)
    # On the outline itself either answer is right; everywhere else they are one.
    col, row = np.meshgrid(np.arange(9) + 0.5, np.arange(9) + 0.5)
    near = shapely.distance(shapely.points(col, row), blob.boundary) < 1e-9
    assert ((inside == truth) | near).all()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(1.1, 7.9), st.floats(1.1, 7.9)), min_size=3, max_size=9, unique=True))
def test_polygons_that_tile_a_box_share_every_cell_without_gap(points):
    # Voronoi parts share borders: each centre has one owner, each cell's shares sum to its part of the box.
    frame = shapely.box(1, 1, 8, 8)
    parts = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=frame))
    parts = [part for part in shapely.intersection(parts, frame) if part.area > 0]
    assume(all(part.geom_type == "Polygon" for part in parts))
    shares, insides = zip(*(walked(part, 9, 9) for part in parts), strict=True)
    np.testing.assert_allclose(sum(shares)[1:8, 1:8], 1.0, rtol=0, atol=1e-11)
    assert sum(shares).sum() == pytest.approx(49.0, rel=1e-12)
    col, row = np.meshgrid(np.arange(9) + 0.5, np.arange(9) + 0.5)
    near = np.min([shapely.distance(shapely.points(col, row), part.boundary) for part in parts], axis=0) < 1e-9
    assert ((sum(inside.astype(int) for inside in insides) == 1) | near)[1:8, 1:8].all()


def region(*units):
    names = ("city", "city_code", "county", "county_code", "township", "township_code")
    rows = [dict(zip(names, (*unit[:-1], *[""] * (7 - len(unit))), strict=True)) for unit in units]
    return gpd.GeoDataFrame(rows, geometry=[unit[-1] for unit in units], crs="EPSG:4326")


def plane_box(grid, west, south, east, north):
    """A box on the lattice (in cells from cell 1318, 1448) as a finely drawn polygon in degrees."""
    x0, y0, _, _ = grid.bounds(1318, 1448)
    box = shapely.box(x0 + 3000 * west, y0 + 3000 * south, x0 + 3000 * east, y0 + 3000 * north)
    return shapely.transform(shapely.segmentize(box, 100.0), lambda xy: np.column_stack(grid.unproject(*xy.T)))


@pytest.fixture(scope="module")
def grid():
    return Grid()


def test_the_four_counts_of_two_neighbours(grid):
    # Two cities side by side, the border half a cell in; the east one has two counties.
    cells = grid.cover(
        region(
            ("甲市", "1", "甲县", "11", plane_box(grid, 0.01, 0.01, 1.5, 1.99)),
            ("乙市", "2", "乙县", "21", plane_box(grid, 1.5, 0.01, 2.99, 1.0)),
            ("乙市", "2", "丙县", "22", plane_box(grid, 1.5, 1.0, 2.6, 1.99)),
        )
    )
    assert cells.sizes["cell"] == cells.attrs["count_touching"] == 6
    assert cells.attrs["count_centre"] == 6
    assert cells.attrs["count_touching_per_city"] == 8
    # 4 + 2 + 2, and the slivers where the finely drawn border between the counties leaves its cell edge.
    assert 8 <= cells.attrs["count_touching_per_county"] <= 12
    assert cells.cell.values.tolist() == sorted(cells.cell.values.tolist())
    total = float(cells.member_area.sum())
    assert total == pytest.approx(float(cells.unit_area.sum()), rel=1e-9)
    assert total == pytest.approx((1.49 * 1.98 + 1.49 * 0.99 + 1.1 * 0.99) * 9e6, rel=1e-6)


def test_a_tie_goes_to_the_lower_code(grid):
    # Snapped to whole degrees of the plane's own rounding: two equal halves of one cell.
    halves = plane_box(grid, 0.1, 0.1, 0.5, 0.9), plane_box(grid, 0.5, 0.1, 0.9, 0.9)
    for codes in (("1", "2"), ("2", "1")):
        cells = grid.cover(region(*(("市", code, "县", code, half) for code, half in zip(codes, halves, strict=True))))
        assert cells.member_area.values[0] == pytest.approx(cells.member_area.values[1], abs=2.0)
    from hotspot.grid.cover import _owner

    member, unit, area = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([4e6, 4e6 + 1e-5, 4e6, 4e6 + 1.0])
    key = np.array([1, 0])  # unit 0 has the higher code
    assert _owner(member, unit, area, (key, key, key)).tolist() == [1, 1]
    assert _owner(member, unit, area, (1 - key, 1 - key, 1 - key)).tolist() == [0, 1]


def test_the_owning_county_is_one_of_the_owning_city(grid):
    # City 1 has 60 % in two counties of 30 %, city 2 has one county of 40 %: city 1 owns.
    cells = grid.cover(
        region(
            ("甲市", "1", "甲县", "11", plane_box(grid, 0.0, 0.0, 0.3, 1.0)),
            ("甲市", "1", "乙县", "12", plane_box(grid, 0.3, 0.0, 0.61, 1.0)),
            ("乙市", "2", "丙县", "21", plane_box(grid, 0.61, 0.0, 1.0, 1.0)),
        )
    )
    owned = cells.sel(cell=grid.code(1318, 1448))
    assert (str(owned.city.values), str(owned.county.values)) == ("甲市", "乙县")


def test_a_centre_cell_is_a_touching_cell(grid):
    unit = region(("甲市", "1", "甲县", "11", shapely.Point(114.3, 30.6).buffer(0.3)))
    touching, centre = grid.cover(unit), grid.cover(unit, counting="centre")
    assert set(centre.cell.values) < set(touching.cell.values)
    assert centre.sizes["cell"] == centre.attrs["count_centre"] == touching.attrs["count_centre"]
    whole = touching.sel(cell=centre.cell)
    assert (whole.area_share.values == centre.area_share.values).all()
    with pytest.raises(ValueError, match="counting"):
        grid.cover(unit, counting="both")


def test_a_long_straight_edge_bends_as_its_parallel_bends(grid):
    # Four corners, five degrees wide: the plane's chord would leave the parallel by kilometres.
    box = shapely.box(112, 34, 117, 36)
    from pyproj import Geod

    cells = grid.cover(region(("甲市", "1", "", "", box)))
    dense = shapely.segmentize(box, 0.001)
    truth = abs(Geod(ellps="GRS80").geometry_area_perimeter(dense)[0])
    assert float(cells.unit_area[0]) == pytest.approx(truth, rel=2e-7)
    assert float(cells.member_area.sum()) == pytest.approx(truth, rel=2e-7)


def test_the_order_of_units_changes_nothing(grid):
    units = [
        ("甲市", "1", "甲县", "11", shapely.box(114.0, 30.0, 114.2, 30.2)),
        ("乙市", "2", "乙县", "21", shapely.box(114.2, 30.0, 114.4, 30.2)),
        ("乙市", "2", "丙县", "22", shapely.box(114.0, 30.2, 114.4, 30.3)),
    ]
    one, two = grid.cover(region(*units)), grid.cover(region(*units[::-1]))
    for name in ("cell", "city", "county", "x", "lon"):
        assert (one[name].values == two[name].values).all()
    np.testing.assert_array_equal(one.area_share, two.area_share)
    assert {k: v for k, v in one.attrs.items() if k.startswith("count")} == {
        k: v for k, v in two.attrs.items() if k.startswith("count")
    }


def test_islands_and_holes_keep_their_area(grid):
    ring = shapely.Point(114.3, 30.6).buffer(0.3).difference(shapely.Point(114.3, 30.6).buffer(0.12))
    island = shapely.Point(115.0, 30.6).buffer(0.1)
    cells = grid.cover(region(("甲市", "1", "", "", shapely.MultiPolygon([ring, island]))))
    hole = grid.cover(region(("甲市", "1", "", "", shapely.Point(114.3, 30.6).buffer(0.1))), counting="centre")
    assert float(cells.member_area.sum()) == pytest.approx(float(cells.unit_area[0]), rel=1e-12)
    whole = hole.cell.values[hole.area_share.values == 1.0]
    assert whole.size > 20 and not set(whole) & set(cells.cell.values)


def test_what_is_no_region_is_refused(grid):
    with pytest.raises(DataError, match="no polygons"):
        grid.cover(gpd.GeoDataFrame({"city": []}, geometry=[], crs=4326))
    unit = region(("甲市", "1", "", "", shapely.box(114, 30, 114.1, 30.1)))
    with pytest.raises(DataError, match="EPSG:4326"):
        grid.cover(unit.to_crs(3857))
    with pytest.raises(DataError, match="has no column city"):
        grid.cover(unit.drop(columns="city"))
    with pytest.raises(DataError, match="outside the lattice"):
        grid.cover(unit.set_geometry([shapely.box(-77, 2, -76, 3)], crs=4326))


def test_fine_cells_need_a_declared_datum(grid):
    unit = region(("甲市", "1", "", "", shapely.box(114, 30, 114.05, 30.05)))
    unit.attrs["datum_declared"] = False
    assert grid.cover(unit).attrs["datum_declared"] == 0
    with pytest.raises(DataError, match="100-700 m away"):
        Grid(500).cover(unit)
    unit.attrs["datum_declared"] = True
    fine = Grid(500).cover(unit)
    assert float(fine.member_area.sum()) == pytest.approx(float(grid.cover(unit).member_area.sum()), rel=1e-9)
    assert set(np.char.partition(fine.cell.values, "-")[:, 0]) == set(grid.cover(unit).cell.values)


def boundary(shared, cities, datum, *more):
    files = [f"admin_boundaries_datav/citys/{city}.json" for city in cities] + list(more)
    return read_boundaries([Boundary(layout="datav", files=tuple(files), datum=datum)], shared)


@pytest.fixture(scope="module")
def plain_raw(shared):
    capitals = (f"admin_boundaries_datav/province/{code}.json" for code in ("110000", "120000"))
    return boundary(shared, PLAIN, "wgs84", *capitals)


def counts(cells):
    names = ("centre", "touching", "touching_per_city", "touching_per_county")
    return [cells.attrs[f"count_{name}"] for name in names]


def test_the_counts_of_the_2_26_cities(grid, plain_raw):
    """
    REQUIREMENTS, last paragraph: 30,601 / 31,682 / 34,311 / 40,920, taken on the outlines as delivered (GCJ-02).

    Two centres lie where outlines of two counties overlap; counted once per
    cell there are 30,599, once per county 30,601.
    """
    cells = grid.cover(plain_raw)
    assert counts(cells) == [30_599, 31_682, 34_311, 40_920]
    from hotspot.grid.cover import _members

    assert _members(grid, plain_raw.geometry.to_numpy())[4].sum() == 30_601


def test_real_counties_conserve_area_and_have_their_owners(grid, plain_raw):
    cells = grid.cover(plain_raw)
    per_unit = np.bincount(cells.member_unit, weights=cells.member_area, minlength=cells.sizes["unit"])
    np.testing.assert_allclose(per_unit, cells.unit_area, rtol=1e-9)
    planes = shapely.transform(
        shapely.segmentize(plain_raw.geometry.to_numpy(), 0.01), lambda xy: np.column_stack(grid.project(*xy.T))
    )
    np.testing.assert_allclose(cells.unit_area, shapely.area(planes), rtol=1e-9)
    assert float(cells.area_share.min()) > 0 and float(cells.area_share.max()) <= 1
    # Slow truth on one prefecture.
    some = grid.cover(plain_raw[plain_raw.city_code.isin(["130900", "131100"])])
    slow = naive_cover.owners(some)
    assert [(str(a), str(b)) for a, b in zip(some.city_code.values, some.county_code.values, strict=True)] == slow


def test_the_counts_of_the_fenwei_plain_and_what_the_datum_moves(grid, shared):
    """REQUIREMENTS, last paragraph: 16,967 / 17,772 / 18,618 / 21,700 as delivered; in true WGS 84 a little else."""
    assert counts(grid.cover(boundary(shared, FENWEI, "wgs84"))) == [16_967, 17_772, 18_618, 21_700]
    assert counts(grid.cover(boundary(shared, FENWEI, "gcj02"))) == [16_956, 17_752, 18_608, 21_702]


def test_converting_the_datum_of_2_26_moves_a_few_cells(grid, shared):
    capitals = (f"admin_boundaries_datav/province/{code}.json" for code in ("110000", "120000"))
    cells = grid.cover(boundary(shared, PLAIN, "gcj02", *capitals))
    assert counts(cells) == [30_565, 31_661, 34_285, 40_917]
    mended = json.loads(cells.attrs["mended"])
    assert (
        len(mended) == 10
        and "admin_boundaries_datav/citys/130100.json: 井陉县 (130121): Self-intersection, mended" in mended
    )
