"""The lattice and its codes: D1, METHODS 1, RELIABILITY 81, 84, 92."""

import json
import string

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from hotspot.grid import codes
from hotspot.grid.frame import geodesic_size, north_angle
from hotspot.grid.lattice import Grid
from hotspot.grid.place import find_place, place
from hotspot.variables import DataError

PLACES = {"Zhengzhou": (113.63, 34.75), "Beijing": (116.4, 39.9), "Harbin": (126.53, 45.8), "Urumqi": (87.62, 43.83)}
index = st.integers(0, codes.LAST)


@pytest.fixture(scope="module")
def grid():
    return Grid()


def refused(code):
    try:
        codes.decode(code)
    except DataError:
        return True
    return False


@settings(deadline=None)
@given(index, index)
def test_a_code_leads_back_to_its_cell(col, row):
    code = codes.encode(col, row)
    assert codes.decode(code) == (col, row)
    assert mod_37_36.is_valid(code) and len(code) == 7


def test_sixty_thousand_codes_differ_and_lead_back(grid):
    col, row = (part.ravel() for part in np.meshgrid(np.arange(1100, 1350), np.arange(1300, 1540)))
    named = grid.code(col, row)
    assert np.unique(named).size == col.size == 60_000
    back = np.array([codes.decode(code) for code in named[::97]])
    assert (back[:, 0] == col[::97]).all() and (back[:, 1] == row[::97]).all()


@pytest.mark.parametrize("code", [codes.encode(1318, 1448), codes.encode(0, 0), codes.encode(2399, 2399)])
def test_every_single_wrong_character_is_refused(code):
    symbols = string.digits + string.ascii_uppercase
    tried = [code[:k] + wrong + code[k + 1 :] for k in range(7) for wrong in symbols if wrong != code[k]]
    assert len(tried) == 7 * 35
    assert all(refused(wrong) for wrong in tried)


def test_swapped_neighbours_are_refused_as_far_as_the_standard_goes():
    rng = np.random.default_rng(7)
    swapped = passed = 0
    for code in codes.encode(rng.integers(0, 2400, 4000), rng.integers(0, 2400, 4000)):
        for k in range(6):
            other = code[:k] + code[k + 1] + code[k] + code[k + 2 :]
            if other != code:
                swapped += 1
                passed += not refused(other)
    # MOD 37,36 finds nearly all: what slips through stays below half a per cent.
    assert swapped > 15_000 and 0 < passed / swapped < 0.005


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("PQ1848", "has 6 characters"),
        ("PQ1848EE", "has 8 characters"),
        ("IQ1848E", "character 1, 'I', should be a letter"),
        ("PO1848E", "character 2, 'O', should be a letter"),
        ("PQ1O48E", "character 4, 'O', should be a digit"),
        ("PQ1848-", "character 7, '-', should be a letter A to Z or a digit"),
        ("PQ1848F", "the check character does not fit"),
        ("", "has 0 characters"),
        ("T85711/../../etc", "characters"),
        ("=cmd", "characters"),
    ],
)
def test_a_refused_code_says_which_check_failed(code, why):
    with pytest.raises(DataError) as refusal:
        codes.decode(code)
    assert why in str(refusal.value)


@pytest.mark.parametrize("typed", ["pq1848e", " PQ1848E ", "ＰＱ１８４８Ｅ", "ｐｑ１８４８ｅ\n"])
def test_a_code_may_be_typed_small_or_full_width(typed):
    assert codes.decode(typed) == (1318, 1448)


def test_a_place_beyond_the_letters_has_no_code(grid):
    with pytest.raises(DataError, match="outside the lattice"):
        grid.code(-1, 10)
    with pytest.raises(DataError, match="outside the lattice"):
        grid.code([10, 2400], [10, 10])


@settings(deadline=None)
@given(st.integers(-300, 700), st.integers(400, 1900))
def test_west_and_south_edges_belong_to_the_cell(i, j):
    """Case 84: half-open cells; a corner belongs to the cell north-east of it."""
    x, y = i * 3000.0, j * 3000.0
    col, row = Grid().locate_xy(
        [x, np.nextafter(x, -1e9), x, np.nextafter(x, -1e9)], [y, y, np.nextafter(y, -1e9), np.nextafter(y, -1e9)]
    )
    assert col.tolist() == [i + 1000, i + 999, i + 1000, i + 999]
    assert row.tolist() == [j, j, j - 1, j - 1]


@settings(deadline=None)
@given(st.floats(80, 130), st.floats(20, 53.5))
def test_a_place_lies_in_the_cell_that_names_it(lon, lat):
    grid = Grid()
    x, y = grid.project(lon, lat)
    col, row = grid.locate(lon, lat)
    west, south, east, north = grid.bounds(col, row)
    assert west <= x < east and south <= y < north
    assert 0 <= col <= codes.LAST and 0 <= row <= codes.LAST
    back = grid.unproject(x, y)
    assert back == pytest.approx((lon, lat), abs=1e-9)


def test_missing_coordinates_lie_nowhere_and_swapped_ones_are_refused(grid):
    col, row = grid.locate([np.nan, 116.4, 116.4], [39.9, np.nan, 39.9])
    assert col.tolist() == [-1, -1, 1318] and row.tolist()[:2] == [-1, -1]
    with pytest.raises(DataError, match="longitude first"):
        grid.locate(39.9, 116.4)


def test_thirty_six_children_tile_their_cell(grid):
    parts = grid.children("PQ1848E")
    col, row = grid.parse("PQ1848E")
    west, south, east, north = grid.bounds(col, row)
    boxes = shapely.box(parts.x - 250, parts.y - 250, parts.x + 250, parts.y + 250)
    union = shapely.unary_union(boxes)
    assert len(parts) == 36
    assert abs(shapely.area(boxes).sum() / 9e6 - 1) < 1e-9
    assert union.equals(shapely.box(west, south, east, north))
    # Numbered from the north-west, row by row, as printed on paper.
    assert list(parts.cell) == [f"PQ1848E-{k:02d}" for k in range(1, 37)]
    assert (parts.x.iloc[0], parts.y.iloc[0]) == (west + 250, north - 250)
    assert (parts.x.iloc[5], parts.y.iloc[5]) == (east - 250, north - 250)
    assert (parts.x.iloc[35], parts.y.iloc[35]) == (east - 250, south + 250)
    for code, lon, lat in zip(parts.cell, parts.lon, parts.lat, strict=True):
        assert grid.child(lon, lat) == code


def test_children_areas_on_the_ground_sum_to_the_cell(grid):
    from pyproj import Geod

    geod = Geod(ellps="GRS80")
    parts = grid.children("PQ1848E")
    cell = grid.polygons(*grid.parse("PQ1848E"))[0]
    whole = abs(geod.geometry_area_perimeter(cell)[0])
    assert sum(abs(geod.geometry_area_perimeter(part)[0]) for part in parts.geometry) == pytest.approx(whole, rel=1e-6)
    assert whole == pytest.approx(9e6, rel=1e-5)


@settings(deadline=None)
@given(st.floats(80, 130), st.floats(20, 53.5))
def test_a_sub_cell_is_a_cell_of_the_nested_lattice(lon, lat):
    coarse, fine = Grid(), Grid(500)
    col, row = fine.locate(lon, lat)
    assert fine.code(col, row) == coarse.child(lon, lat)
    assert fine.parse(fine.code(col, row)) == (col, row)
    assert (col // 6, row // 6) == coarse.locate(lon, lat)
    assert coarse.parse_child(coarse.child(lon, lat))[:2] == (col // 6, row // 6)


@settings(deadline=None)
@given(st.sampled_from([100.0, 250.0, 1000.0, 1500.0, 4000.0, 12000.0]), st.floats(80, 130), st.floats(20, 53.5))
def test_other_spacings_have_codes_that_lead_back(spacing, lon, lat):
    grid = Grid(spacing)
    cell = grid.locate(lon, lat)
    assert grid.parse(grid.code(*cell)) == cell


def test_spacings_that_do_not_nest_are_refused(grid):
    with pytest.raises(ValueError) as refusal:
        grid.children("PQ1848E", fine=700)
    assert str(refusal.value) == (
        "700 m cells do not nest in 3000 m cells; give a fine spacing that divides the coarse one."
    )
    for fine in (0, -500, 6000):
        with pytest.raises(ValueError, match="do not nest"):
            grid.nesting(fine)


@pytest.mark.parametrize("code", ["PQ1848E-00", "PQ1848E-37", "PQ1848E-7", "PQ1848E-", "PQ1848E-1a", "PQ1848E-07-07"])
def test_a_wrong_sub_cell_number_is_refused(grid, code):
    with pytest.raises(DataError, match="should be a number from 01 to 36"):
        grid.parse_child(code)


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "EPSG:4490", "EPSG:32650", "EPSG:2163", "ESRI:54009"])
def test_lattices_of_unequal_cells_are_refused_with_the_reason(crs):
    with pytest.raises(DataError, match=r"a 3 km cell in EPSG:3857 at 38 N would be 5\.6 km2 of ground"):
        Grid(crs=crs)


def test_the_reason_for_refusing_mercator_is_true():
    from pyproj import Geod, Transformer

    to_lonlat = Transformer.from_crs(3857, 4326, always_xy=True).transform
    _, y = Transformer.from_crs(4326, 3857, always_xy=True).transform(115.0, 38.0)
    lon, lat = to_lonlat([0, 3000, 3000, 0], [y, y, y + 3000, y + 3000])
    assert abs(Geod(ellps="WGS84").polygon_area_perimeter(lon, lat)[0]) / 1e6 == pytest.approx(5.6, abs=0.05)


@pytest.mark.parametrize("crs", ["nonsense", "EPSG:2225", "EPSG:0"])
def test_an_unknown_or_foot_crs_is_refused(crs):
    with pytest.raises(DataError):
        Grid(crs=crs)


@pytest.mark.parametrize(
    "crs", ["EPSG:3035", "EPSG:6933", "EPSG:5070", "+proj=laea +lat_0=2.4 +lon_0=-76.8 +datum=WGS84"]
)
def test_another_equal_area_lattice_carries_its_own_id(crs):
    grid = Grid(crs=crs)
    assert grid.id != Grid().id and grid.id.endswith("-3000m")
    assert grid.id == Grid(crs=grid.crs.to_wkt()).id
    assert grid.offset == (1200, 1200)


def test_a_local_lattice_gives_codes_in_colombia():
    grid = Grid(crs="+proj=laea +lat_0=2.4 +lon_0=-76.8 +datum=WGS84")
    cell = grid.locate(-76.6, 2.45)
    assert cell == (1207, 1201) and grid.parse(grid.code(*cell)) == cell


def test_the_national_lattice_written_out_is_the_national_lattice():
    written = Grid(crs="+proj=aea +lat_1=25 +lat_2=47 +lon_0=105 +ellps=GRS80")
    assert written.id == Grid().id == "cn-albers-25-47-105-3000m"
    assert written.locate(116.397, 39.909) == Grid().locate(116.397, 39.909)


def test_equal_grids_are_equal_and_frozen():
    assert Grid() == Grid(3000) and hash(Grid()) == hash(Grid(3000.0)) and Grid() != Grid(500)
    with pytest.raises(AttributeError):
        Grid().spacing = 500
    with pytest.raises(ValueError, match="side of a cell"):
        Grid(0)


def test_published_cells_never_move():
    """Codes printed once are binding: these stand for the whole lattice."""
    grid = Grid()
    assert {name: grid.code(*grid.locate(*lonlat)) for name, lonlat in PLACES.items()} == {
        "Zhengzhou": "NN5846L",
        "Beijing": "PQ1847G",
        "Harbin": "RT5110W",
        "Urumqi": "FS4117K",
    }


def test_the_albers_equations_by_hand():
    """The formulas of Albers on GRS80 (Snyder 1987, 14-1 to 14-12, 3-12), against the lattice's x and y."""
    a, e2 = 6378137.0, 0.0066943800229034
    e = np.sqrt(e2)

    def m(phi):
        return np.cos(phi) / np.sqrt(1 - e2 * np.sin(phi) ** 2)

    def q(phi):
        s = np.sin(phi)
        return (1 - e2) * (s / (1 - e2 * s**2) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))

    p1, p2 = np.radians(25), np.radians(47)
    n = (m(p1) ** 2 - m(p2) ** 2) / (q(p2) - q(p1))
    c = m(p1) ** 2 + n * q(p1)
    for lon, lat in PLACES.values():
        rho, rho0 = a * np.sqrt(c - n * q(np.radians(lat))) / n, a * np.sqrt(c) / n
        theta = n * np.radians(lon - 105)
        assert Grid().project(lon, lat) == pytest.approx((rho * np.sin(theta), rho0 - rho * np.cos(theta)), abs=1e-3)


@pytest.mark.parametrize(("name", "angle"), [("Zhengzhou", 5.0), ("Beijing", 6.6), ("Harbin", 12.4), ("Urumqi", -10.0)])
def test_true_north_on_the_map(grid, name, angle):
    from pyproj import Proj

    cell = grid.locate(*PLACES[name])
    assert north_angle(grid, *cell) == pytest.approx(angle, abs=0.05)
    lon, lat = grid.unproject(*grid.centre(*cell))
    assert north_angle(grid, *cell) == pytest.approx(
        Proj(grid.crs).get_factors(lon, lat).meridian_convergence, abs=1e-4
    )


def test_a_cell_at_zhengzhou_is_longer_than_high(grid):
    from pyproj import Proj

    east_west, north_south = geodesic_size(grid, *grid.locate(*PLACES["Zhengzhou"]))
    # Along the cell's own sides, which are turned by 5 degrees ...
    assert (east_west, north_south) == (pytest.approx(3054, abs=1.5), pytest.approx(2947, abs=1.5))
    # ... and along the parallel and the meridian, from PROJ's own factors.
    factors = Proj(grid.crs).get_factors(*PLACES["Zhengzhou"])
    assert round(3000 / factors.parallel_scale) == 3054 and round(3000 / factors.meridional_scale) == 2947


def test_hotspot_cell_prints_one_object_for_a_place_and_its_code():
    by_place = find_place("116.397", "39.909")
    by_code = find_place("pq1848e")
    for key in ("cell", "lon", "lat", "x", "y", "col", "row", "h3_8", "geometry"):
        assert by_place[key] == by_code[key], key
    assert json.loads(json.dumps(by_place)) == by_place
    outline = shapely.geometry.shape(by_place["geometry"])
    assert outline.contains(shapely.Point(116.397, 39.909)) and outline.exterior.is_ccw
    assert find_place(by_place["child"])["geometry"] == place("PQ1848E-29")["geometry"]
    assert shapely.geometry.shape(place("PQ1848E-29")["geometry"]).contains(shapely.Point(116.397, 39.909))


def test_hotspot_cell_takes_web_map_coordinates():
    found = place(lon=116.403244, lat=39.910403, datum="gcj02")
    assert found["cell"] == "PQ1848E" and found["child"] == "PQ1848E-29"
    with pytest.raises(DataError, match="map datum"):
        place(lon=116.4, lat=39.9, datum="mars")


@pytest.mark.parametrize("words", [("116.397",), ("116.397", "abc"), ("1", "2", "3"), ("nan", "39"), ("-76.6", "2.4")])
def test_hotspot_cell_refuses_what_is_no_place(words):
    with pytest.raises(DataError):
        find_place(*words)


def test_place_wants_one_of_code_and_position():
    with pytest.raises(ValueError, match="either a code"):
        place()
    with pytest.raises(ValueError, match="either a code"):
        place("PQ1848E", 116.4, 39.9)


@pytest.mark.parametrize("place", [(73.6, 39.5), (135.0, 48.4), (123.4, 53.5), (108.6, 18.3), (97.8, 28.4)])
def test_mainland_china_lies_in_the_stated_columns_and_rows(grid, place):
    """METHODS 1: columns 100 to 1740, rows 600 to 2000."""
    col, row = grid.locate(*place)
    assert 100 <= col <= 1740 and 600 <= row <= 2000
