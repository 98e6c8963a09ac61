"""cells.parquet and warnings.gpkg: what a desktop GIS and an analyst open."""

import sqlite3
import time
from itertools import pairwise
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
from hostile import PAYLOADS
from paper_case import paper_case
from qgis_asked import asked_of_qgis

from hotspot.grid.lattice import Grid
from hotspot.publish.fonts import harmless
from hotspot.publish.tables.cells import cells_table, write_cells
from hotspot.publish.tables.geopackage import write_geopackage
from hotspot.publish.tables.lists import WARNING_COLUMNS, published
from hotspot.rules.pollutants import PM25
from hotspot.rules.reasons import REASONS
from hotspot.rules.rounding import steady
from hotspot.text.table import titles
from hotspot.variables import DataError

CELL_COLUMNS = [
    *("cell", "label", "city", "county", "township", "lon", "lat", "x", "y", "area_share"),
    *("pm25", "previous", "previous_year", "pm25_seen", "pm25_filled", "p_again", "may_be_worst"),
    *("level", "coverage", "n_valid"),
    *("error", "valid", "previous_valid", "previous_year_valid", "why"),
    *("normalised", "previous_normalised", "previous_year_normalised", "hotspot", "warned"),
    *("gi_z", "gi_p", "gi_class", "h3_8", "geometry"),
]


@pytest.fixture(scope="module")
def case():
    return paper_case()


def _package(path, case):
    return write_geopackage(
        path, study=case.study, month=case.month, field=case.field, hot=case.hot, warned=case.warned,
        facilities=case.facilities,
    )  # fmt: skip


def test_every_cell_stands_in_the_parquet_once(case, tmp_path):
    path = write_cells(tmp_path / "cells.parquet", case.field, hot=case.hot, gi=case.gi, warned=case.warned)
    table = gpd.read_parquet(path)
    assert list(table.columns) == CELL_COLUMNS
    assert table["cell"].tolist() == sorted(case.field["cell"].to_numpy().tolist())
    assert table.crs.to_epsg() == 4326
    assert set(table.loc[table["hotspot"], "cell"]) == set(case.hot["cell"])
    field = case.field.sel(cell=table["cell"].to_numpy())
    for name, time_ in (("previous_year", 0), ("previous", 1), ("pm25", 2)):
        told = [steady(value) for value in field["pm25"].to_numpy()[:, time_].tolist()]
        assert np.array_equal(table[name], told, equal_nan=True), name
    assert table["level"].isna().all() and table["pm25"].isna().sum() == 1


def test_the_outlines_are_the_cells(case, tmp_path):
    table = gpd.read_parquet(write_cells(tmp_path / "c.parquet", case.field, hot=case.hot))
    grid = Grid()
    for _, row in table.iloc[::29].iterrows():
        assert grid.code(*(int(v) for v in grid.locate(row["lon"], row["lat"]))) == row["cell"]
        assert row.geometry.contains(gpd.points_from_xy([row["lon"]], [row["lat"]])[0])


def test_several_reasons_are_joined_in_one_row(case):
    table = cells_table(case.field, hot=case.hot, warned=case.warned).set_index("cell")
    top = case.warned.groupby("cell").size().idxmax()
    assert table.loc[top, "warned"] == "highest;year_on_year;month_on_month"


def test_metadata_name_the_lattice_and_no_time(case, tmp_path):
    path = write_cells(tmp_path / "c.parquet", case.field, hot=case.hot)
    metadata = pq.read_schema(path).metadata
    assert case.field.attrs["lattice_id"].encode() in metadata[b"hotspot"]
    assert set(metadata) == {b"geo", b"hotspot"}


def test_a_level_is_joined_by_code(case):
    code = case.field["cell"].to_numpy()[3]
    table = cells_table(case.field, hot=case.hot, level=pd.Series({code: 41.5})).set_index("cell")
    assert table.loc[code, "level"] == 41.5 and table["level"].notna().sum() == 1


def test_a_hotspot_that_left_the_list_is_no_hotspot(case):
    hot = case.hot.assign(status=["exited"] + ["formal"] * (len(case.hot) - 1))
    table = cells_table(case.field, hot=hot).set_index("cell")
    assert not table.loc[hot["cell"].iloc[0], "hotspot"] and table["hotspot"].sum() == len(hot) - 1


@pytest.mark.parametrize("what", ["hot", "warned"])
def test_a_list_of_another_lattice_is_refused(case, what):
    strange = {"hot": case.hot, "warned": case.warned} | {what: getattr(case, what).assign(cell="PR1847L")}
    with pytest.raises(DataError, match="PR1847L is no cell of the study"):
        cells_table(case.field, **strange)


def test_a_grid_of_another_lattice_is_refused(case):
    with pytest.raises(DataError, match="lattice"):
        cells_table(case.field, hot=case.hot, grid=Grid(crs="EPSG:3035"))


def test_a_local_lattice_is_found_from_the_field(tmp_path):
    grid = Grid(crs="+proj=laea +lat_0=3.4 +lon_0=-76.5 +datum=WGS84 +units=m")
    case = paper_case(grid=grid, col=1195, row=1195)
    table = gpd.read_parquet(write_cells(tmp_path / "c.parquet", case.field, hot=case.hot))
    assert table["cell"].tolist() == case.field["cell"].to_numpy().tolist()
    assert table["lon"].between(-77, -76).all() and table.geometry.intersects(table.geometry.iloc[0]).sum() >= 3


def test_the_four_layers_and_their_styles(case, tmp_path):
    path = _package(tmp_path / "w.gpkg", case)
    layers = ["warnings", "hotspots", "facilities", "cells"]
    assert [name for name, kind in pyogrio.list_layers(path) if kind] == layers
    with sqlite3.connect(path) as base:
        styles = base.execute("select f_table_name, styleQML, useAsDefault from layer_styles").fetchall()
    base.close()
    assert [(name, default) for name, _, default in styles] == [(name, 1) for name in layers]
    renderers = {name: ElementTree.fromstring(qml.split("\n", 1)[1]).find("renderer-v2") for name, qml, _ in styles}
    limits = [(float(one.get("lower")), float(one.get("upper"))) for one in renderers["cells"].iter("range")]
    assert limits[0][0] == 0 and limits[-1][1] > 1e3, "no cell is without a colour"
    assert all(low == before for (_, before), (low, _) in pairwise(limits))
    assert {one.get("value") for one in renderers["warnings"].iter("category")} == set(case.warned["reason"])
    whole = gpd.read_file(path, layer="cells")
    assert len(whole) == case.field.sizes["cell"] and whole["pm25"].isna().sum() == 1
    warnings = gpd.read_file(path, layer="warnings")
    expected = published(case.warned, 1)
    assert list(warnings.columns) == [*WARNING_COLUMNS, "geometry"] and len(warnings) == len(expected)
    assert warnings["pm25"].tolist() == expected["pm25"].tolist()
    assert warnings["distinguishable"].tolist() == expected["distinguishable"].astype(float).tolist()
    assert len(gpd.read_file(path, layer="hotspots")) == len(case.hot)
    facilities = gpd.read_file(path, layer="facilities")
    assert facilities["name"].tolist() == case.facilities["name"].tolist()
    assert facilities.geometry.geom_equals_exact(case.facilities.geometry, 1e-12).all()


def test_no_facilities_is_an_empty_layer(case, tmp_path):
    path = write_geopackage(
        tmp_path / "w.gpkg", study=case.study, month=case.month, field=case.field, hot=case.hot, warned=case.warned
    )
    assert len(gpd.read_file(path, layer="facilities")) == 0


def test_two_seconds_later_the_same_bytes(case, tmp_path):
    def write(name):
        cells = write_cells(tmp_path / f"{name}.parquet", case.field, hot=case.hot, gi=case.gi, warned=case.warned)
        return cells.read_bytes(), _package(tmp_path / f"{name}.gpkg", case).read_bytes()

    first = write("a")
    time.sleep(2.1)
    assert write("b") == first


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_texts_stay_texts(payload, tmp_path):
    text = PAYLOADS[payload]
    case = paper_case(word=text)
    path = _package(tmp_path / "w.gpkg", case)
    for layer, column in (("warnings", "county"), ("hotspots", "label"), ("facilities", "name")):
        assert set(gpd.read_file(path, layer=layer)[column]) == {harmless(text)}
    table = gpd.read_parquet(write_cells(tmp_path / "c.parquet", case.field, hot=case.hot))
    assert set(table["township"]) == {text}


def test_qgis_itself_draws_the_layers_in_our_colours(case, tmp_path):
    names = ["warnings", "hotspots", "facilities", "cells"]
    told, _ = asked_of_qgis("styled", _package(tmp_path / "w.gpkg", case), ",".join(names))
    layers = told["layers"]
    assert list(layers) == names and all(one["valid"] and one["crs"] == "EPSG:4326" for one in layers.values())
    kinds = [one["renderer"].removeprefix("Qgs").removesuffix("SymbolRenderer") for one in layers.values()]
    assert kinds == ["Categorized", "Single", "Single", "Graduated"]
    assert layers["warnings"]["legend"] == [PM25.words(reason.zh) for reason in REASONS.values()]
    for name, table in (("warnings", "warnings.csv"), ("cells", "cells.parquet")):
        assert layers[name]["aliases"].items() <= ({"fid": ""} | PM25.told(titles(table))).items()
    assert len(layers["cells"]["legend"]) > 2 and len(told["colours"]) > len(layers["cells"]["legend"])
