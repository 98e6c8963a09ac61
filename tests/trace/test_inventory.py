"""The inventory: one owner cell for every facility, and an account of every delivered row (D14, B27)."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from hostile import PAYLOADS
from hypothesis import given, settings
from hypothesis import strategies as some
from paper_case import paper_case

from hotspot.grid.lattice import Grid
from hotspot.publish.tables.checklists import write_checklists
from hotspot.publish.tables.inventory import INVENTORY_COLUMNS, write_inventory
from hotspot.sources.intake import Intake
from hotspot.sources.places.facilities import load_facilities
from hotspot.study import Facilities, load_study
from hotspot.text.csv_rows import read_csv, unescape_text
from hotspot.text.door import outward
from hotspot.trace.visits.inventory import COLUMNS, by_county, inventory, reconcile
from hotspot.variables import DataError

STUDIES = Path(__file__).resolve().parents[2] / "data" / "studies"
GRID = Grid()
COL, ROW, SIDE = 1272, 1275, 4


def square():
    """4 x 4 cells of the national lattice, without the south-west one."""
    cols, rows = (a.ravel()[1:] for a in np.meshgrid(np.arange(SIDE) + COL, np.arange(SIDE) + ROW))
    coords = {"col": ("cell", cols), "row": ("cell", rows), "city": ("cell", ["甲市"] * cols.size)}
    coords["county"] = ("cell", [f"县{c - COL}" for c in cols])
    return xr.Dataset(coords={"cell": GRID.code(cols, rows)} | coords)


def plants(x, y, **more):
    lon, lat = GRID.unproject(np.asarray(x, float), np.asarray(y, float))
    named = {"facility": [f"f{k}" for k in range(len(lon))], "name": "厂", "class_": "steel"}
    return pd.DataFrame(named | {"lon": lon, "lat": lat} | more)


@pytest.fixture
def deliver(tmp_path):
    def do(rows, header="id,name,class,lon,lat,size,eia,排污许可证", **options):
        (tmp_path / "list.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
        intake = Intake(tmp_path)
        found = load_facilities(
            [Facilities(layout="table", files=["list.csv"], datum="gcj02")], tmp_path, intake, **options
        )
        intake.check()
        return found, intake

    return do


west, south = (float(v) for v in GRID.bounds(COL, ROW)[:2])
edge = some.sampled_from([k * 3000.0 for k in range(-1, SIDE + 2)])
place = some.one_of(edge, some.floats(-4000, (SIDE + 1) * 3000.0))


@settings(max_examples=60, deadline=None)
@given(some.lists(some.tuples(place, place), max_size=20))
def test_every_point_has_one_owner_or_none(points):
    """Half-open edges: the cell is that of plain division, whichever edge or corner the point lies on."""
    x, y = (np.array([p[k] for p in points], float) + base for k, base in ((0, west), (1, south)))
    facilities, cells = plants(x, y), square()
    table = inventory(facilities, cells, GRID).set_index("facility")
    assert len(table) == len(points)
    # As the reader has them: degrees, not the metres they were made from.
    x, y = GRID.project(facilities["lon"].to_numpy(), facilities["lat"].to_numpy())
    for name, east, north in zip(facilities["facility"], x, y, strict=True):
        col, row = int(east // 3000) + 1000, int(north // 3000)
        mine = COL <= col < COL + SIDE and ROW <= row < ROW + SIDE and (col, row) != (COL, ROW)
        assert table.loc[name, "cell"] == (GRID.code(col, row) if mine else "")
        assert table.loc[name, "where"] == ("inside" if mine else "outside")
    assert reconcile(table.reset_index())["read"] == len(points)


def test_the_unit_it_stands_in_goes_before_the_owner_of_its_cell():
    half = shapely.box(west, south, west + 4000, south + 12000)  # the border runs through the second column
    to_degrees = lambda c: np.column_stack(GRID.unproject(c[:, 0], c[:, 1]))  # noqa: E731
    units = gpd.GeoDataFrame(
        {"city": ["丙市"], "city_code": ["3"], "county": ["丁县"], "county_code": ["31"], "township": ["戊镇"]},
        geometry=[shapely.transform(half.segmentize(500), to_degrees)], crs="EPSG:4326",
    )  # fmt: skip
    facilities = plants([west + 3500, west + 4500, west + 1000], [south + 4000] * 2 + [south + 1000])
    table = inventory(facilities, square(), GRID, boundaries=units).set_index("facility")
    assert table.loc["f0", ["city", "county", "township", "county_code"]].tolist() == ["丙市", "丁县", "戊镇", "31"]
    assert table.loc["f1", "county"] == "县1" and "beyond the boundary" in table.loc["f1", "why"]
    assert table.loc["f2", ["where", "county"]].tolist() == ["outside", "丁县"]
    assert "not counted" in table.loc["f2", "why"]


def test_hotspot_and_warning_of_its_cell():
    case = paper_case()
    hot = case.hot.assign(status=["exited", *case.hot["status"][1:]])
    table = inventory(
        case.facilities, case.field, case.study.grid, boundaries=case.study.boundaries, hot=hot, warned=case.warned
    )
    assert set(table.loc[table["hotspot"], "cell"]) <= set(hot["cell"][1:])
    for _, row in table[table["warned"] != ""].iterrows():
        assert row["warned"].split(";") == case.warned.loc[case.warned["cell"] == row["cell"], "reason"].tolist()
    in_cell = case.traced[case.traced["where"] == "in_cell"]
    assert (table["warned"] != "").any() and len(in_cell)
    assert list(table.columns) == COLUMNS


def test_every_delivered_row_is_accounted_for(deliver):
    rows = [
        "P,热电,power,114.501,36.602,630,有,91420100A",
        "P,热电,power,114.501,36.602,660,无,",
        "Q,水泥厂,水泥,114.502,36.603,2,,",
        "Q,水泥厂,水泥,114.502,36.603,2,,",
        "R,远厂,水泥,87.601,43.802,2,,",
        "S,无处厂,锅炉,,,10,有,",
        "P,另一厂,锅炉,0,0,x,,",
        "T,,锅炉,114.5,36.6,1,,",
        "U,短行,锅炉",
    ]
    found, intake = deliver(rows, bounds=(114.0, 36.0, 115.0, 37.0))
    col, row = GRID.locate(found["lon"].to_numpy(), found["lat"].to_numpy())
    cells = xr.Dataset(coords={"cell": GRID.code(col[:1], row[:1]), "col": ("cell", col[:1]), "row": ("cell", row[:1])})
    table = inventory(found, cells, GRID)
    account = reconcile(table)
    assert account["read"] == intake.counts["read"] == 9
    assert {k: account[k] for k in ("inside_rows", "far", "no_place", "quarantined", "duplicates", "no_source")} == {
        "inside_rows": 3, "far": 1, "no_place": 2, "quarantined": 2, "duplicates": 1, "no_source": 0,
    }  # fmt: skip
    lost = table[table["where"] == "no place"].set_index("facility")
    assert lost["name"].to_dict() == {"S": "无处厂", "P@8": "另一厂"} and lost.loc["P@8", "why"] == "position is 0, 0"
    assert lost["class_"].tolist() == ["boiler", "boiler"] and lost.loc["S", "size"] == 10.0
    plant = table.set_index("facility").loc["P"]
    assert (plant["rows"], plant["size"], plant["datum_note"]) == (2, 1290.0, "GCJ-02, converted to WGS 84")
    assert (plant["eia"], plant["permit"], plant["emergency_plan"]) == ("no", "91420100A", "")  # B27


def test_a_row_lost_on_the_way_is_noticed():
    table = inventory(plants([west + 4000], [south + 100]), square(), GRID)
    table.attrs["account"] = [
        {"file": "a.csv", "read": 2, "far": 0, "listed": 2, "no_place": 0, "quarantined": 0, "duplicates": 0,
         "no_source": 0}
    ]  # fmt: skip
    with pytest.raises(DataError, match="2 rows were read, but 1 are accounted for"):
        reconcile(table)
    with pytest.raises(DataError, match="stands twice"):
        inventory(plants([west] * 2, [south] * 2, facility="f"), square(), GRID)


def test_d24_the_census_table_adds_up():
    case = paper_case()
    table = inventory(case.facilities, case.field, case.study.grid, boundaries=case.study.boundaries)
    census = by_county(table)
    classes = census.columns[2:-1]
    assert (census[classes].sum(axis=1) == census["total"]).all()
    assert census.iloc[-1]["city"] == "total" and census.iloc[-1]["total"] == len(table)
    assert (census.iloc[:-1][[*classes, "total"]].sum() == census.iloc[-1][[*classes, "total"]]).all()
    own = table[(table["county"] == "河口区") & (table["class_"] == "power")]
    assert census.set_index("county").loc["河口区", "power"] == len(own) > 0


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_name_is_text_and_comes_back(payload, tmp_path):
    table = inventory(plants([west + 4000], [south + 100], name=PAYLOADS[payload]), square(), GRID)
    path = write_inventory(tmp_path / "inventory.csv", table)
    ((_, row),) = read_csv(path, INVENTORY_COLUMNS, "", "")
    assert unescape_text(row[1]) == outward(PAYLOADS[payload])
    last = path.read_text(encoding="utf-8").split("\n", 1)[1]
    assert not last.split(",")[1].strip('"').startswith(("=", "@", "+", "-", "\t"))
    assert list(INVENTORY_COLUMNS)[:4] == ["facility", "name", "class", "where"]


@pytest.mark.parametrize(("name", "inside"), [("wuhan-2020", 16), ("plain-2020", 385)])
def test_the_real_registers_reconcile(name, inside, shared):
    study = load_study(STUDIES / f"{name}.toml", data=shared)
    west, south, east, north = study.boundaries.total_bounds
    intake = Intake(shared)
    found = load_facilities(study.facilities, shared, intake, bounds=(west - 1, south - 1, east + 1, north + 1))
    table = inventory(found, study.cells, study.grid, boundaries=study.boundaries)
    account = reconcile(table)
    assert account["read"] == intake.counts["read"] == 3137 + 3541 + 2033
    assert account["inside"] == inside and table["facility"].is_unique
    outlines = study.grid.polygons(study.cells["col"].values, study.cells["row"].values)
    hit = shapely.STRtree(outlines).query(found.geometry.to_numpy(), predicate="intersects")[0]
    assert inside == np.unique(hit).size, "as many as lie on the drawn cells"
    own = table[table["where"] == "inside"]
    assert set(own["cell"]) <= set(study.cells["cell"].values) and (own["county"] != "").all()
    within = shapely.STRtree(study.boundaries.geometry.to_numpy()).query(found.geometry.to_numpy(), "intersects")[0]
    assert (own["why"] == "").sum() == np.unique(within).size, "the others stand beyond the border, in a border cell"
    assert by_county(table).iloc[-1]["total"] == len(table)


def test_a_study_without_registers_has_an_empty_inventory(tmp_path):
    found = load_facilities((), tmp_path, Intake(tmp_path))
    case = paper_case()
    table = inventory(found, case.field, case.study.grid, boundaries=case.study.boundaries, warned=case.warned)
    assert len(table) == 0 and list(table.columns) == COLUMNS
    assert reconcile(table)["read"] == 0 and by_county(table)["total"].tolist() == [0]
    assert len(list(read_csv(write_inventory(tmp_path / "i.csv", table), INVENTORY_COLUMNS, "", ""))) == 0
    write_checklists(
        tmp_path / "c.xlsx", study=case.study, month=case.month, warned=case.warned, checklist=case.checklist,
        inventory=table,
    )  # fmt: skip
