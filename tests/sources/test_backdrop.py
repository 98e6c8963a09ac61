"""Rivers and roads of printed maps: what is read, what is set aside, how they are drawn."""

import json
import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hostile import PAYLOADS

from hotspot.grid.datum import from_wgs84
from hotspot.grid.lattice import Grid
from hotspot.publish.maps import drawing
from hotspot.publish.maps.backdrop import Backdrop, legend
from hotspot.sources.intake import Intake
from hotspot.sources.places.backdrop import read_backdrop
from hotspot.study import Backdrop as Delivery
from hotspot.study import load_study
from hotspot.variables import DataError

COLUMNS = {"kind": "类型", "name": "名称", "number": "编号"}
LINE = [[114.0, 36.0], [114.2, 36.1], [114.3, 36.3]]


def _feature(kind="河流", name="清河", number="", coordinates=LINE, shape="LineString"):
    about = {"类型": kind, "名称": name, "编号": number}
    return {"type": "Feature", "properties": about, "geometry": {"type": shape, "coordinates": coordinates}}


def _read(tmp_path, features, **given):
    content = {"type": "FeatureCollection", "features": features}
    (tmp_path / "lines.geojson").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    intake = Intake(tmp_path)
    delivery = Delivery(**({"files": ["lines.geojson"], "datum": "wgs84", "columns": COLUMNS} | given))
    return read_backdrop([delivery], tmp_path, intake), intake


def test_kinds_in_both_languages_and_rows_add_up(tmp_path):
    other = [[114.0, 36.2], [114.5, 36.2]]
    area = [[[114.0, 36.0], [114.1, 36.0], [114.1, 36.1], [114.0, 36.0]]]
    features = [
        _feature("公路", "", "G107", other), _feature(), _feature(), _feature("railway", "京广线", "", other),
        _feature("湖泊", "东湖", "", area, "Polygon"), _feature("河流", "面", "", area, "Polygon"),
        _feature("飞机", "航线"),
        _feature("公路", "点", "", [114.0, 36.0], "Point"), _feature("河流", "短", "", [[114.0, 36.0], [114.0, 36.0]]),
        {"type": "Feature", "properties": {"类型": "河流", "名称": "空", "编号": ""}, "geometry": None},
    ]  # fmt: skip
    table, intake = _read(tmp_path, features)
    assert table[["kind", "name", "number"]].values.tolist() == [
        ["water", "东湖", ""], ["river", "清河", ""], ["railway", "京广线", ""], ["road", "", "G107"],
    ]  # fmt: skip
    counts = intake.counts
    assert (counts["read"], counts["used"], counts["duplicates"], counts["quarantined"]) == (10, 4, 1, 5)
    intake.check()
    assert {q.value for q in intake.quarantine} == {"面", "航线", "点", "短", "空"}
    assert [q.row for q in intake.quarantine] == [6, 7, 8, 9, 10]
    assert intake.files["lines.geojson"].sha256


def test_order_of_features_and_files_changes_nothing(tmp_path):
    features = [
        _feature(name=name, coordinates=[[114.0 + k, 36.0], [114.2, 36.1]]) for k, name in enumerate("乙甲丙甲")
    ]
    first, _ = _read(tmp_path, features)
    again, _ = _read(tmp_path, features[::-1])
    assert first.equals(again) and len(first) == 4


def test_a_gcj02_line_is_moved_back(tmp_path):
    there = np.column_stack(from_wgs84(*np.array(LINE).T, "gcj02")).tolist()
    table, intake = _read(tmp_path, [_feature(coordinates=there)], datum="gcj02")
    assert np.abs(shapely.get_coordinates(table.geometry[0]) - LINE).max() < 1e-5
    assert any("converted from gcj02" in note for note in intake.notes)


def test_what_cannot_be_read_is_refused_by_name(tmp_path):
    with pytest.raises(DataError, match=r"lines\.geojson: neither the file nor the study says the map datum"):
        _read(tmp_path, [_feature()], datum=None)
    with pytest.raises(DataError, match="no column '河名' for name; there are: 类型, 名称, 编号"):
        _read(tmp_path, [_feature()], columns={"name": "河名"})
    with pytest.raises(DataError, match="not degrees with longitude first"):
        _read(tmp_path, [_feature(coordinates=[[36.0, 114.0], [36.1, 114.2]])])
    (tmp_path / "page.geojson").write_text("<html>login</html>", encoding="utf-8")
    with pytest.raises(DataError, match=r"page\.geojson: the content is no \.geojson file"):
        read_backdrop([Delivery(files=["page.geojson"], datum="wgs84")], tmp_path, Intake(tmp_path))
    with pytest.raises(DataError, match=r"backdrop: pattern .* leaves the data folder"):
        read_backdrop([Delivery(files=["../x"], datum="wgs84")], tmp_path, Intake(tmp_path))


def test_a_geopackage_says_its_own_crs(tmp_path):
    lines = gpd.GeoDataFrame({"n": ["S1"]}, geometry=[shapely.LineString(LINE)], crs="EPSG:4326").to_crs("EPSG:32650")
    lines.to_file(tmp_path / "r.gpkg", driver="GPKG")
    delivery = Delivery(files=["r.gpkg"], kind="road", columns={"number": "n"})
    table = read_backdrop([delivery], tmp_path, Intake(tmp_path))
    assert table["number"].tolist() == ["S1"]
    assert np.abs(shapely.get_coordinates(table.geometry[0]) - LINE).max() < 1e-7


def test_far_features_are_left_out_and_counted(tmp_path):
    features = [_feature(), _feature(name="远", coordinates=[[100.0, 30.0], [100.1, 30.0]])]
    (tmp_path / "l.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    intake = Intake(tmp_path)
    delivery = Delivery(files=["l.geojson"], datum="wgs84", columns=COLUMNS)
    table = read_backdrop([delivery], tmp_path, intake, bounds=(113.9, 35.9, 114.1, 36.1))
    assert table["name"].tolist() == ["清河"] and "backdrop: 1 of 2 features lie in or near the study" in intake.notes
    assert intake.counts["used"] == 2


def test_none_by_default():
    assert len(read_backdrop((), "nowhere", Intake("nowhere"))) == 0


def test_a_study_declares_it_and_wrong_kinds_are_named(tmp_path):
    text = (
        'id = "x"\nname = "x"\n[[boundary]]\nlayout = "table"\nfiles = []\n'
        '[[backdrop]]\nfiles = ["a.geojson"]\nkind = "{}"\ndatum = "wgs84"\n'
    )
    (tmp_path / "s.toml").write_text(text.format("river"), encoding="utf-8")
    assert load_study(tmp_path / "s.toml").backdrop[0].kind == "river"
    (tmp_path / "s.toml").write_text(text.format("canal"), encoding="utf-8")
    with pytest.raises(DataError, match=r"backdrop\.0\.kind"):
        load_study(tmp_path / "s.toml")


def _drawn(words, shapes):
    grid = Grid()
    x, y = (float(v) for v in grid.project(114.15, 36.1))
    window = drawing.Window(x - 6000, y + 6000, 12_000.0, 90.0)
    frame = gpd.GeoDataFrame(words, geometry=shapes, crs="EPSG:4326", columns=["kind", "name", "number"])
    ways, draw = Backdrop(grid, frame), drawing.Drawing()
    found = ways.within(window)
    ways.draw(draw, window, found)
    ways.name(draw, window, found)
    return {"svg": drawing.svg(90.0, 90.0, draw.svg), "labels": draw.labels}, found


def test_each_kind_has_its_own_stroke_and_its_words():
    line = shapely.LineString([[114.0, 36.1], [114.3, 36.1]])
    up = shapely.LineString([[114.15, 35.9], [114.15, 36.3]])
    lake = shapely.box(114.11, 36.11, 114.13, 36.13)
    words = [["road", "大路", "G107"], ["river", "清河", ""], ["water", "东湖", ""], ["river", "在别处", ""]]
    panel, found = _drawn(words, [up, line, lake, shapely.LineString([[110.0, 30.0], [110.1, 30.0]])])
    assert {label["text"] for label in panel["labels"]} == {"G107", "清河", "东湖"}
    assert legend(found) == "灰面为水面，灰线为河流，双线为道路" and legend([]) == ""
    assert panel["svg"].count('stroke="#9fb0bc"') == 1 and panel["svg"].count('stroke="#8c8c8c"') == 1
    assert 'fill="#e6eaed"' in panel["svg"]
    # The white of a road lies over its grey edges.
    assert panel["svg"].index('"#8c8c8c"') < panel["svg"].index('"#fff" stroke-width="0.62"')


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_name_never_enters_a_drawing(payload):
    line = shapely.LineString([[114.0, 36.1], [114.3, 36.1]])
    panel, _ = _drawn([["river", PAYLOADS[payload][:200], ""]], [line])
    assert re.fullmatch(r'[-\w<>="./:#,; ]*', panel["svg"]) and "script" not in panel["svg"]
