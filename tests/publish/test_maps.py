"""One drawing for every printed map: extent, layers, size, language."""

import geopandas as gpd
import pytest
import shapely

from hotspot.grid.frame import geodesic_size
from hotspot.grid.lattice import Grid
from hotspot.publish.maps import layers
from hotspot.publish.maps.backdrop import Backdrop
from hotspot.publish.maps.borders import Borders
from hotspot.publish.maps.drawing import Window
from hotspot.publish.maps.sheet import around, draw_map

GRID = Grid()
COL, ROW = (int(value) for value in GRID.locate(114.15, 36.1))


@pytest.fixture(scope="module")
def land():
    names = [["甲市", "东县", "北镇"], ["甲市", "西县", "南镇"]]
    halves = [shapely.box(114.15, 35.9, 114.5, 36.3), shapely.box(113.8, 35.9, 114.15, 36.3)]
    frame = gpd.GeoDataFrame(names, geometry=halves, crs="EPSG:4326", columns=["city", "county", "township"])
    return Borders(GRID, frame)


@pytest.fixture(scope="module")
def ways():
    lines = [shapely.LineString([(114.0, 36.1), (114.3, 36.1)])]
    frame = gpd.GeoDataFrame(
        [["river", "清河", ""]], geometry=lines, crs="EPSG:4326", columns=["kind", "name", "number"]
    )
    return Backdrop(GRID, frame)


def _drawn(land, ways, window, **settings):
    order = [
        layers.paper,
        layers.ways,
        layers.borders,
        layers.lattice,
        layers.unit_names(),
        layers.way_names,
        layers.frame,
    ]
    return draw_map(GRID, window, order, borders=land, backdrop=ways, **settings)


def test_a_map_twice_as_large_has_its_bar_twice_as_long(land, ways):
    small, large = (_drawn(land, ways, around(GRID, COL, ROW, 12_000.0, size)) for size in (90.0, 180.0))
    assert (small["width"], large["width"]) == (90.0, 180.0)
    assert small["bar_text"] == large["bar_text"] == "2 km" and large["bar"] == pytest.approx(
        2 * small["bar"], abs=2e-3
    )
    wide = float(geodesic_size(GRID, COL, ROW)[0])
    assert small["bar"] == pytest.approx(2000 / wide * GRID.spacing * 90 / 12_000, abs=1e-3)


def test_every_name_stands_in_its_own_unit_and_on_nothing(land, ways):
    window = around(GRID, COL, ROW, 20_000.0, 120.0)
    drawn = _drawn(land, ways, window)
    place = {label["text"]: label for label in drawn["labels"]}
    assert {"东县", "西县", "清河"} <= set(place)
    border = window.at(*GRID.project(114.15, 36.1))[0]
    assert place["西县"]["x"] < border < place["东县"]["x"]


def test_the_key_speaks_the_language_asked_for(land, ways):
    window = around(GRID, COL, ROW, 12_000.0, 90.0)
    assert _drawn(land, ways, window)["shown"] == "灰线为河流"
    assert _drawn(land, ways, window, language="en")["shown"] == "grey line: river"
    with pytest.raises(ValueError, match="not written in 'fr'; give 'zh' or 'en'"):
        _drawn(land, ways, window, language="fr")


def test_a_rectangle_is_drawn_to_its_own_height(land, ways):
    x, y = (float(value) for value in GRID.centre(COL, ROW))
    low = _drawn(land, ways, Window(x - 9000, y + 4500, 18_000.0, 100.0, 50.0))
    assert (low["width"], low["height"]) == (100.0, 50.0) and 'viewBox="0 0 100 50"' in low["svg"]
    assert all(0 < label["y"] < 50 for label in low["labels"])
    lines = low["svg"].count('stroke="#777" stroke-width="0.15"')
    assert lines == 6 + 2  # 18 km by 9 km around the middle of a cell of 3 km; those on the edge are not drawn
