"""Administrative units from files: datums declared, polygons mended, doubts named (METHODS 1)."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from hotspot.grid.boundary import LEVELS, read_boundaries
from hotspot.grid.datum import from_wgs84
from hotspot.grid.lattice import Grid
from hotspot.study import Boundary
from hotspot.variables import DataError


def feature(code, name, geometry, *, level="district", parent=420100, children=0):
    own = {"adcode": code, "name": name, "level": level, "parent": {"adcode": parent}, "childrenNum": children}
    return {"type": "Feature", "properties": own, "geometry": shapely.geometry.mapping(geometry)}


def write_datav(folder, name, *features):
    (folder / "citys").mkdir(exist_ok=True)
    path = folder / "citys" / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")
    (folder / "location.json").write_text(json.dumps({"420100": {"name": "武汉市"}}), encoding="utf-8")
    return f"citys/{name}"


def datav(*files, **settings):
    return Boundary(layout="datav", files=files, **({"datum": "wgs84"} | settings))


def table(*files, **settings):
    return Boundary(layout="table", files=files, **settings)


SQUARE = shapely.box(114.0, 30.0, 114.1, 30.1)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_declared_datum_is_taken_out_vertex_by_vertex(tmp_path, datum):
    moved = shapely.transform(SQUARE, lambda xy: np.column_stack(from_wgs84(*xy.T, datum)))
    units = read_boundaries([datav(write_datav(tmp_path, "a.json", feature(1, "甲区", moved)), datum=datum)], tmp_path)
    assert units.geometry[0].equals_exact(SQUARE, tolerance=1e-9)
    assert units.attrs["datum_declared"] is True
    assert units.attrs["notes"] == [f"citys/a.json: converted from {datum} to WGS 84, vertex by vertex"]
    assert [path.rsplit("/", 1)[1] for path in units.attrs["files"]] == ["a.json", "location.json"]


def test_an_undeclared_datum_is_a_warning_at_3_km_and_an_error_at_500_m(tmp_path):
    delivery = datav(write_datav(tmp_path, "a.json", feature(1, "甲区", SQUARE)), datum=None)
    with pytest.warns(UserWarning, match="no map datum is declared"):
        units = read_boundaries([delivery], tmp_path)
    assert units.attrs["datum_declared"] is False and "undeclared" in units.attrs["notes"][0]
    assert Grid().cover(units).sizes["cell"] == 19
    with pytest.raises(DataError, match="declared map datum"):
        Grid(500).cover(units)


def test_codes_are_text_and_cities_have_their_names(tmp_path):
    units = read_boundaries([datav(write_datav(tmp_path, "a.json", feature(420102, "江岸区", SQUARE)))], tmp_path)
    assert units.loc[0, list(LEVELS)].tolist() == ["武汉市", "420100", "江岸区", "420102", "", ""]
    named = datav(write_datav(tmp_path, "a.json", feature(7, "甲区", SQUARE, parent=9)), city="乙市", city_code="9")
    assert read_boundaries([named], tmp_path).city[0] == "乙市"
    with pytest.raises(DataError, match="no name for city 9"):
        read_boundaries([datav("citys/a.json")], tmp_path)


def test_a_province_file_gives_cities_and_a_city_below_the_province_is_its_own(tmp_path):
    other = shapely.box(115.0, 30.0, 115.1, 30.1)
    files = write_datav(
        tmp_path,
        "p.json",
        feature(420100, "武汉市", SQUARE, level="city", parent=420000, children=13),
        feature(429004, "仙桃市", other, level="city", parent=420000),
    )
    units = read_boundaries([datav(files)], tmp_path)
    assert units.county.tolist() == ["", "仙桃市"] and units.city_code.tolist() == ["420100", "429004"]


def test_a_crossed_polygon_is_mended_and_named(tmp_path):
    bow = shapely.Polygon([(114.0, 30.0), (114.1, 30.1), (114.1, 30.0), (114.0, 30.1)])
    files = write_datav(tmp_path, "a.json", feature(11, "甲区", bow), feature(12, "乙区", SQUARE))
    units = read_boundaries([datav(files)], tmp_path)
    assert units.is_valid.all()
    assert units.attrs["mended"] == ["citys/a.json: 甲区 (11): Self-intersection, mended"]
    assert units.geometry[0].area == pytest.approx(0.005)


def test_a_polygon_without_area_is_refused(tmp_path):
    flat = shapely.Polygon([(114.0, 30.0), (114.1, 30.1), (114.0, 30.0)])
    with pytest.raises(DataError, match="encloses no area"):
        read_boundaries([datav(write_datav(tmp_path, "a.json", feature(11, "甲区", flat)))], tmp_path)


def test_units_that_overlap_or_come_twice_are_named(tmp_path):
    beside = shapely.box(114.09, 30.0, 114.2, 30.1)
    one = write_datav(tmp_path, "a.json", feature(11, "甲区", SQUARE), feature(12, "乙区", beside))
    two = write_datav(tmp_path, "b.json", feature(11, "甲区", SQUARE))
    units = read_boundaries([datav(one, two)], tmp_path)
    assert units.county.tolist() == ["甲区", "乙区"]
    assert units.attrs["notes"] == [
        "武汉市/甲区 (11) comes twice with the same outline, used once",
        "武汉市/甲区 (11) and 武汉市/乙区 (12) overlap by 10.73 km2",
    ]


def test_two_parts_of_one_unit_stay_one_unit(tmp_path):
    west, east = shapely.box(114.0, 30.0, 114.05, 30.1), shapely.box(114.05, 30.0, 114.1, 30.1)
    files = write_datav(tmp_path, "a.json", feature(11, "甲区", west), feature(11, "甲区", east))
    split = Grid().cover(read_boundaries([datav(files)], tmp_path))
    whole = Grid().cover(
        read_boundaries([datav(write_datav(tmp_path, "a.json", feature(11, "甲区", SQUARE)))], tmp_path)
    )
    counted = [name for name in split.attrs if name.startswith("count_")]
    assert len(counted) == 4 and [split.attrs[k] for k in counted] == [whole.attrs[k] for k in counted]
    np.testing.assert_allclose(split.area_share, whole.area_share, atol=1e-9)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a complete JSON file"),
        (b"<!DOCTYPE html><html>login</html>", "HTML or XML"),
        (b'{"type": "FeatureCollection", "features": [{"ty', "not a complete JSON file"),
        (b'{"type": "FeatureCollection", "features": []}', "holds no features"),
        (b"[1, 2]", "not a GeoJSON object"),
        (b"\xff\xfe\x00", "not a complete JSON file"),
    ],
)
def test_a_broken_boundary_file_is_refused_by_name(tmp_path, content, why):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(DataError, match=r"^a\.json: ") as refusal:
        read_boundaries([datav("a.json")], tmp_path)
    assert why in str(refusal.value)


@pytest.mark.parametrize("pattern", ["../secret.json", "/etc/hosts", "https://example.org/a.json", "none-*.json"])
def test_only_files_below_the_data_root_are_opened(tmp_path, pattern):
    with pytest.raises(DataError, match=r"leaves the data folder|nothing matches"):
        read_boundaries([datav(pattern)], tmp_path)


@pytest.mark.parametrize(
    "geometry", [shapely.Point(114, 30), shapely.LineString([(114, 30), (115, 31)]), shapely.Polygon()]
)
def test_what_is_no_polygon_is_refused(tmp_path, geometry):
    with pytest.raises(DataError, match="feature 1"):
        read_boundaries([datav(write_datav(tmp_path, "a.json", feature(11, "甲区", geometry)))], tmp_path)


def test_swapped_or_projected_coordinates_are_refused(tmp_path):
    for outline in (shapely.box(30.0, 114.0, 30.1, 114.1), shapely.box(9e5, 4e6, 9.1e5, 4.1e6)):
        with pytest.raises(DataError, match="not degrees with longitude first"):
            read_boundaries([datav(write_datav(tmp_path, "a.json", feature(11, "甲区", outline)))], tmp_path)


@pytest.fixture
def townships(tmp_path):
    frame = gpd.GeoDataFrame(
        {"市": ["甲市"] * 2, "乡": ["东镇", "西镇"], "代码": [420102001.0, 420102002.0]},
        geometry=[shapely.box(114.0, 30.0, 114.1, 30.1), shapely.box(114.1, 30.0, 114.2, 30.1)],
        crs="EPSG:4326",
    )
    return frame, tmp_path


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "shp"])
def test_any_table_of_units_is_read_by_its_column_names(townships, ending):
    frame, folder = townships
    frame.to_crs(4490 if ending == "gpkg" else 4326).to_file(folder / f"units.{ending}", encoding="UTF-8")
    columns = {"city": "市", "township": "乡", "township_code": "代码"}
    delivery = table(f"units.{ending}", columns=columns, datum="wgs84", level="township")
    units = read_boundaries([delivery], folder)
    assert units.township.tolist() == ["东镇", "西镇"] and units.township_code.tolist() == ["420102001", "420102002"]
    assert units.city.tolist() == ["甲市", "甲市"] and units.county.tolist() == ["", ""]
    cells = Grid().cover(units)
    assert (
        set(cells.township.values) == {"东镇", "西镇"} and cells.attrs["count_touching_per_city"] == cells.sizes["cell"]
    )


def test_a_file_with_its_own_crs_needs_no_declaration_but_a_geojson_does(townships):
    frame, folder = townships
    frame.to_file(folder / "units.gpkg")
    frame.to_file(folder / "units.geojson")
    columns = {"city": "市", "township": "乡"}
    assert read_boundaries([table("units.gpkg", columns=columns)], folder).attrs["datum_declared"]
    with pytest.warns(UserWarning, match="no map datum"):
        read_boundaries([table("units.geojson", columns=columns)], folder)


def test_a_projected_table_comes_back_in_degrees(townships):
    frame, folder = townships
    frame.to_crs(32650).to_file(folder / "units.gpkg")
    units = read_boundaries([table("units.gpkg", columns={"city": "市", "township": "乡"})], folder)
    assert units.geometry[0].equals_exact(frame.geometry[0], tolerance=1e-7)


def test_a_missing_column_lists_those_there_are(townships):
    frame, folder = townships
    frame.to_file(folder / "units.gpkg")
    with pytest.raises(DataError, match=r"there is no column '镇' for township; there are: 市, 乡, 代码"):
        read_boundaries([table("units.gpkg", columns={"township": "镇"})], folder)
    with pytest.raises(DataError, match="village is not ours"):
        read_boundaries([table("units.gpkg", columns={"village": "乡"})], folder)


def test_a_unit_that_no_city_ranks_is_refused_by_name(townships):
    frame, folder = townships
    frame.to_file(folder / "units.gpkg")
    with pytest.raises(DataError, match=r"units\.gpkg: nothing says which city a unit belongs to"):
        read_boundaries([table("units.gpkg", columns={"county": "乡"})], folder)
    assert set(read_boundaries([table("units.gpkg", columns={"county": "乡"}, city="甲市")], folder)["city"]) == {
        "甲市"
    }
    frame.loc[1, "市"] = None
    frame.to_file(folder / "holes.gpkg")
    with pytest.raises(DataError, match=rf"feature 2 \({frame.loc[1, '乡']}\): nothing in column '市'; no city ranks"):
        read_boundaries([table("holes.gpkg", columns={"city": "市", "county": "乡"})], folder)


def test_a_blank_inside_a_chinese_name_makes_no_other_city(townships):
    frame, folder = townships
    frame["市"] = [f"唐{blank}县" for blank in (" ", "\u3000", "", " \u3000")][: len(frame)]
    frame["乡"] = [f"Old Town {at}" for at in range(len(frame))]
    frame.to_file(folder / "units.gpkg")
    units = read_boundaries([table("units.gpkg", columns={"city": "市", "county": "乡"})], folder)
    assert set(units["city"]) == {"唐县"}
    assert units["county"][0] == "Old Town 0"


def test_a_column_of_another_layer_is_missing_with_the_layers(townships):
    frame, folder = townships
    frame[["geometry"]].assign(n=1).to_file(folder / "two.gpkg", layer="frame")
    frame.to_file(folder / "two.gpkg", layer="units")
    with pytest.raises(DataError, match=r"there are: n; two\.gpkg: layer frame was read; not read: units; one file is"):
        read_boundaries([table("two.gpkg", columns={"city": "市"})], folder)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.geojson", b'<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>', r"no \.geojson file"),
        ("a.gpkg", b"<html></html>", r"no \.gpkg file"),
        ("a.gpkg", b"SQLite format 3\0 but no more", "cannot be read"),
        ("a.shp", b"PK\x03\x04", r"no \.shp file"),
        ("a.vrt", b"<OGRVRTDataSource/>", r"not from '\.vrt'"),
        ("a.geojson", b'{"type": "FeatureCollection", "feat', "not a complete JSON file"),
    ],
)
def test_a_disguised_vector_file_is_refused_before_it_is_opened(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=why):
        read_boundaries([table(name)], tmp_path)


def test_no_boundary_and_an_unknown_layout_are_refused(tmp_path):
    with pytest.raises(DataError, match="names no boundary"):
        read_boundaries([], tmp_path)
    with pytest.raises(DataError, match="layout 'kml'"):
        read_boundaries([Boundary(layout="kml", files=("a.kml",))], tmp_path)


def test_wuhan_mended_and_complete(shared):
    units = read_boundaries([datav("admin_boundaries_datav/citys/420100.json", datum="gcj02")], shared)
    assert len(units) == 13 and set(units.city) == {"武汉市"} and units.county_code[0] == "420102"
    assert len(units.attrs["mended"]) == 3 and units.is_valid.all()
    cells = Grid().cover(units)
    # The city's published area is 8,569 km2.
    assert float(cells.unit_area.sum()) / 1e6 == pytest.approx(8569, rel=0.005)


def test_beijing_comes_from_a_province_file_of_districts(shared):
    units = read_boundaries([datav("admin_boundaries_datav/province/110000.json", datum="gcj02")], shared)
    assert len(units) == 16 and set(units.city) == {"北京市"} and set(units.city_code) == {"110000"}
    assert "朝阳区" in set(units.county)


@pytest.mark.parametrize(
    ("one", "two", "codes"), [("示例市", "示例", ("", "")), ("示例市", "示列市", ("4209", "4209"))]
)
def test_a_city_in_two_spellings_is_refused(tmp_path, one, two, codes):
    """Each was a city, with a tenth of its own and a list of its own."""
    places = [SQUARE, shapely.affinity.translate(SQUARE, 0.1)]
    frame = gpd.GeoDataFrame({"市": [one, two], "码": codes, "县": ["甲县", "乙县"]}, geometry=places, crs=4326)
    frame.to_file(tmp_path / "u.gpkg")
    columns = {"city": "市", "city_code": "码", "county": "县"}
    with pytest.raises(DataError, match="are one city in two spellings, and a list is made per city"):
        read_boundaries([table("u.gpkg", columns=columns)], tmp_path)


def test_urumqi_and_its_neighbours(shared):
    files = [f"admin_boundaries_datav/{part}.json" for part in ("citys/650100", "citys/652300", "county/*")]
    units = read_boundaries([datav(*files, datum="gcj02")], shared)
    assert sorted(set(units.city)) == ["乌鲁木齐市", "五家渠市", "昌吉回族自治州", "石河子市"]
    assert units.county[units.city == "石河子市"].tolist() == ["石河子市"]
    assert any(
        "昌吉市 (652301) and 五家渠市/五家渠市 (659004) overlap by 1.01 km2" in note for note in units.attrs["notes"]
    )


def test_cauca_is_read_from_its_shapefile_onto_a_local_lattice(shared):
    delivery = table(
        "cauca_hotspot_training/Col_CAUCA_municip.shp",
        columns={"city": "DPTO_CNMBR", "city_code": "DPTO_CCDGO", "county_code": "MPIO_CDPMP"},
    )
    units = read_boundaries([delivery], shared)
    assert len(units) == 42 and units.attrs["datum_declared"]
    cells = Grid(crs="+proj=laea +lat_0=2.4 +lon_0=-76.8 +datum=WGS84").cover(units)
    import pyogrio

    stated = pyogrio.read_dataframe(shared / "cauca_hotspot_training/Col_CAUCA_municip.shp").set_index("MPIO_CDPMP")
    # The file states each municipality's area in km2, from another projection.
    np.testing.assert_allclose(
        cells.unit_area.values / 1e6, stated.MPIO_NAREA.loc[cells.unit_county_code.values].to_numpy(), rtol=0.01
    )
