"""RELIABILITY, second section G, the readers: each finding of an attack is a test named after it."""

import json
import os
import subprocess
import sys

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from hotspot.foreign import child, limits
from hotspot.grid.boundary import read_boundaries
from hotspot.grid.lattice import Grid
from hotspot.grid.vector_file import read_vector
from hotspot.sources.intake import Intake
from hotspot.sources.places.facilities import load_facilities
from hotspot.sources.tables import read_table
from hotspot.study import Boundary, Facilities
from hotspot.variables import DataError

SQUARE = shapely.box(114.0, 30.0, 114.1, 30.1)


def collection(*outlines, **more):
    features = [
        {"type": "Feature", "properties": {"市": "甲市"}, "geometry": shapely.geometry.mapping(one)} for one in outlines
    ]
    return json.dumps({"type": "FeatureCollection", "features": features} | more)


def table(file):
    return [Boundary(layout="table", files=(file,), datum="wgs84", columns={"city": "市"})]


def package(path, *layers):
    for name in layers:
        frame = gpd.GeoDataFrame({"市": ["甲市"]}, geometry=[SQUARE], crs=4326)
        frame.to_file(path, layer=name, engine="pyogrio", append=path.exists())
    return path


@pytest.mark.parametrize("kind", ["link", "url", "URL", "ogc", 7])
def test_g3_a_crs_that_is_a_link_is_refused_and_nothing_is_asked(tmp_path, kind):
    crs = {"type": kind, "properties": {"href": "http://127.0.0.1:9/", "url": "http://127.0.0.1:9/", "type": "esriwkt"}}
    (tmp_path / "a.geojson").write_text(collection(SQUARE, crs=crs), encoding="utf-8")
    with pytest.raises(DataError, match=r"^a\.geojson: its crs is of type .* not followed"):
        read_boundaries(table("a.geojson"), tmp_path)


def test_g3_a_crs_code_is_used(tmp_path):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32650"}}
    outline = gpd.GeoSeries([shapely.box(117.0, 30.0, 117.1, 30.1)], crs=4326).to_crs(32650)[0]
    (tmp_path / "a.geojson").write_text(collection(outline, crs=crs), encoding="utf-8")
    assert read_vector(tmp_path / "a.geojson", "boundaries").total_bounds == pytest.approx(
        [117, 30, 117.1, 30.1], abs=1e-4
    )


def test_g3_the_child_has_no_network():
    code = "from hotspot.foreign.limits import without_network as w; k = w(); import socket; print(k); socket.socket()"
    end = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if end.stdout.strip() == "False":
        pytest.skip("this kernel keeps no socket from a process; the libraries' own switches are all there is")
    assert end.returncode and "PermissionError" in end.stderr


def test_g4_an_endless_view_is_answered(tmp_path, monkeypatch):
    import sqlite3

    path = package(tmp_path / "a.gpkg", "units")
    with sqlite3.connect(path) as base:
        base.execute("alter table units rename to kept")
        base.execute(
            "create view units as with recursive n(i) as (select 1 union all select i + 1 from n) "
            "select kept.* from kept, n"
        )
        base.execute("delete from gpkg_ogr_contents")
    base.close()
    monkeypatch.setenv("HOTSPOT_FOREIGN_SECONDS", "2")
    with pytest.raises(DataError, match=r"^a\.gpkg: reading took more than 2 s"):
        read_vector(path, "boundaries")


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_g4_a_journal_beside_a_geopackage_is_refused(tmp_path, ending):
    path = package(tmp_path / "a.gpkg", "units")
    (tmp_path / f"a.gpkg{ending}").write_bytes(b"")
    with pytest.raises(DataError, match=rf"^a\.gpkg: a {ending} file lies beside it"):
        read_vector(path, "boundaries")


def test_g4_a_second_layer_is_named(tmp_path):
    package(tmp_path / "a.gpkg", "units", "more")
    units = read_boundaries(table("a.gpkg"), tmp_path)
    assert "a.gpkg: layer units was read; not read: more" in units.attrs["notes"]


def test_g4_the_companions_of_a_shapefile_are_inputs(tmp_path):
    gpd.GeoDataFrame({"市": ["甲市"]}, geometry=[SQUARE], crs=4326).to_file(tmp_path / "a.shp", encoding="UTF-8")
    units = read_boundaries(table("a.shp"), tmp_path)
    assert sorted(os.path.basename(file) for file in units.attrs["files"]) == [
        "a.cpg", "a.dbf", "a.prj", "a.shp", "a.shx"
    ]  # fmt: skip


@pytest.mark.parametrize("coding", ["GBK", "UTF-8"])
def test_a_shapefile_that_names_no_coding_is_read_as_any_text_is(tmp_path, coding):
    """Half of China's Shapefiles come without a .cpg, and the driver makes 绵东市 of theirs Ãà¶«ÊÐ."""
    names = ["绵东市", "甲县"]
    gpd.GeoDataFrame({"市": names}, geometry=[SQUARE] * 2, crs=4326).to_file(tmp_path / "a.shp", encoding=coding)
    (tmp_path / "a.cpg").unlink()
    read = read_vector(tmp_path / "a.shp", "boundaries")
    assert list(read["市"]) == names
    said = "GB18030" if coding == "GBK" else coding
    assert read.attrs["notes"] == [f"a.shp: says no encoding; read as {said}; a .cpg file beside it says another"]


def test_a_shapefile_whose_table_marks_its_language_says_its_coding(tmp_path):
    gpd.GeoDataFrame({"市": ["绵东市"]}, geometry=[SQUARE], crs=4326).to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "a.cpg").unlink()
    table = bytearray((tmp_path / "a.dbf").read_bytes())
    table[29] = 0x4D  # code page 936
    (tmp_path / "a.dbf").write_bytes(table)
    read = read_vector(tmp_path / "a.shp", "boundaries")
    assert list(read["市"]) == ["绵东市"] and not read.attrs["notes"]


def test_g4_a_star_that_crosses_itself_200_million_times_is_refused(tmp_path):
    turn = np.arange(20_001) * 2 * np.pi * 10_000 / 20_001
    star = shapely.Polygon(np.column_stack([114 + 0.1 * np.cos(turn), 30 + 0.1 * np.sin(turn)]))
    (tmp_path / "a.geojson").write_text(collection(star), encoding="utf-8")
    with pytest.raises(DataError, match=r"^a\.geojson, feature 1: crosses itself in more than 1000 places"):
        read_boundaries(table("a.geojson"), tmp_path)


def test_g4_two_combs_that_cross_a_million_times_are_refused(tmp_path):
    k = np.arange(10_000)
    teeth = np.column_stack([114 + k * 1e-5, np.where(k % 2, 30.1, 30.0)])
    one = shapely.Polygon([*teeth, (114.1, 29.9), (114.0, 29.9)])
    other = shapely.Polygon(
        [*np.column_stack([114 + (teeth[:, 1] - 30), 30 + (teeth[:, 0] - 114)]), (113.9, 30.1), (113.9, 30)]
    )
    assert one.is_valid and other.is_valid
    (tmp_path / "a.geojson").write_text(collection(one, other), encoding="utf-8")
    with pytest.raises(DataError, match=r"their outlines cross in more than"):
        read_boundaries(table("a.geojson"), tmp_path)


def test_g4_a_polygon_of_the_world_is_refused(tmp_path):
    (tmp_path / "a.geojson").write_text(collection(shapely.box(-179, -80, 179, 80)), encoding="utf-8")
    units = read_boundaries(table("a.geojson"), tmp_path)
    with pytest.raises(DataError, match=r"lattice squares, more than|cannot show"):
        Grid().cover(units)


def test_g4_more_vertices_than_the_limit_are_refused(tmp_path, monkeypatch):
    from hotspot.foreign import features

    monkeypatch.setattr(limits, "MAX_VERTICES", 4)
    (tmp_path / "a.geojson").write_text(collection(SQUARE), encoding="utf-8")
    with pytest.raises(DataError, match=r"5 vertices, more than 4"):
        features.decode({"path": tmp_path / "a.geojson", "name": "a.geojson", "folder": tmp_path})


def test_g7_a_quote_that_hides_490_rows_is_named_with_its_lines(tmp_path):
    rows = [f"S{at},2025-12-01 00:00,35" for at in range(600)]
    rows[9] = '"S9,2025-12-01 00:00,35'
    rows[499] = 'S499",2025-12-01 00:00,35'
    (tmp_path / "a.csv").write_text("\n".join(["station,time,pm25", *rows, ""]), encoding="utf-8")
    with pytest.raises(
        DataError, match=r"^a\.csv, line 11: a quote opened here hides 490 lines, 490 of which look like"
    ):
        read_table(tmp_path / "a.csv", Intake(tmp_path))


def test_g7_a_note_of_two_lines_is_used_and_counted(tmp_path):
    (tmp_path / "a.csv").write_text('a,b\n1,"x\ny"\n2,z\n', encoding="utf-8")
    intake = Intake(tmp_path)
    assert read_table(tmp_path / "a.csv", intake).frame["b"].tolist() == ["x\ny", "z"]
    assert intake.notes == ["a.csv: 1 rows hold line breaks in quotes, 2 lines of 4"]


def test_g8_memory_does_not_grow_with_rows_times_the_longest_field(tmp_path):
    hours = pd.date_range("2025-12-01", periods=700, freq="h").strftime("%Y-%m-%d %H:%M")
    rows = [f"S{s},{hour},35,114.123,30.456" for s in range(30) for hour in hours]
    rows.append("x" * 10_000 + f",{hours[0]},35,114.123,30.456")
    (tmp_path / "a.csv").write_text("\n".join(["station,time,pm25,lon,lat", *rows, ""]), encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from hotspot.sources.intake import Intake;"
        "from hotspot.sources.stations.stations import read_stations; from hotspot.study import Stations;"
        "root = Path(sys.argv[1]); intake = Intake(root); d = Stations(layout='long', files=('a.csv',), datum='wgs84',"
        "unit='ug/m3', time_zone='+08:00', hour_label='start');"
        "found = read_stations(d, root, intake, utc_offset=8.0);"
        "held = open('/proc/self/status').read().split('VmHWM:')[1].split()[0];"
        "print(found.sizes['station'], intake.quarantine[0].rule, held)"
    )
    end = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert not end.returncode, end.stderr
    *words, peak = end.stdout.split()
    assert " ".join(words) == "30 a station id of 10000 characters"
    assert int(peak) < 400_000  # kB of its own; 2.4 GB before


def register(folder, rows):
    (folder / "f.csv").write_text("\n".join(["id,name,class,lon,lat,size,size_unit", *rows, ""]), encoding="utf-8")
    intake = Intake(folder)
    return load_facilities([Facilities(layout="table", files=("f.csv",), datum="wgs84")], folder, intake), intake


def test_g10_thirty_thousand_facilities_of_one_id_are_each_looked_up_in_nine_squares(tmp_path, monkeypatch):
    from hotspot.sources.places import facilities

    looked, squares = [], []

    def same_plant(row, kept, around, real=facilities._same_plant):
        squares[:] = [around]
        looked.append(max(len(around.get(facilities._square(row, east, 0), ())) for east in (-1, 0, 1)))
        return real(row, kept, around)

    monkeypatch.setattr(facilities, "_same_plant", same_plant)
    rows = [f"A,厂{at},boiler,{110 + at % 200 * 0.011:.4f},{30 + at // 200 * 0.011:.4f},5,t/h" for at in range(30_000)]
    found, _ = register(tmp_path, rows)
    assert len(found) == 30_000 and found["facility"].is_unique
    assert len(looked) == 30_000 and max(looked) <= 4 and max(map(len, squares[0].values())) <= 4


def test_g10_units_of_one_plant_are_merged_as_before_whatever_their_order(tmp_path):
    rows = [f"A,厂,boiler,{114.12345 + at * 0.6e-4:.6f},30.5,{at + 1},t/h" for at in range(6)]
    found, _ = register(tmp_path, rows)
    again, _ = register(tmp_path, rows[::-1])
    assert found[["facility", "size", "rows"]].values.tolist() == again[["facility", "size", "rows"]].values.tolist()
    assert found["rows"].tolist() == [2, 2, 2] and found["size"].tolist() == [3.0, 7.0, 11.0]


@pytest.mark.parametrize("size", ["-500", "1e300", "-1e300"])
def test_g10_an_absurd_size_is_set_aside_and_counted(tmp_path, size):
    found, intake = register(tmp_path, [f"A,厂,boiler,114.12345,30.5,{size},t/h"])
    assert np.isnan(found["size"][0])
    assert [(entry.column, entry.value) for entry in intake.quarantine] == [("size", size)]
    assert intake.files["f.csv"].balanced and intake.counts["values"] == 1


def test_workbooks_are_read_by_the_child(tmp_path, monkeypatch):
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, "x"])
    book.save(tmp_path / "a.xlsx")
    asked = []
    real = child.Child.ask
    monkeypatch.setattr(
        child.Child, "ask", lambda self, job, seconds: asked.append(job["kind"]) or real(self, job, seconds)
    )
    assert read_table(tmp_path / "a.xlsx", Intake(tmp_path)).frame.values.tolist() == [["1", "x"]]
    assert asked == ["workbook"]


def test_a_child_that_asks_for_too_much_memory_is_answered(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTSPOT_FOREIGN_MEMORY", "60")
    child._end()
    try:
        with pytest.raises(DataError, match=r"^a\.gpkg: "):
            read_vector(package(tmp_path / "a.gpkg", "units"), "boundaries")
    finally:
        child._end()


def test_a_limit_that_is_no_number_is_named(monkeypatch):
    monkeypatch.setenv("HOTSPOT_FOREIGN_SECONDS", "ten")
    with pytest.raises(DataError, match="HOTSPOT_FOREIGN_SECONDS: 'ten' is no number above 0"):
        limits.seconds()
