"""Registers of facilities: layouts, quirks, stable ids, and the conservation law."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.rules.classes import source_classes
from hotspot.sources.intake import Intake
from hotspot.sources.places.facilities import COLUMNS, load_facilities
from hotspot.study import Facilities
from hotspot.variables import DataError

HEADER = "id,name,class,lon,lat,size,size_unit,accuracy,status,vintage"


@pytest.fixture
def load(tmp_path):
    def do(rows, *, header=HEADER, name="list.csv", bounds=None, **declared):
        text = rows if isinstance(rows, str) else "\n".join([header, *rows, ""])
        (tmp_path / name).write_text(text, encoding="utf-8")
        delivery = Facilities(**{"layout": "table", "files": [name], "datum": "wgs84", **declared})
        intake = Intake(tmp_path)
        found = load_facilities([delivery], tmp_path, intake, bounds=bounds)
        intake.check()
        found.attrs["intake"] = intake
        return found

    return do


def test_the_general_schema(load):
    found = load(
        ["F1,某水泥厂,水泥,114.501,36.602,2.5,Mt/a,exact,operating,2023", "F2,某厂,燃煤锅炉房,114.51,36.61,,,,,"]
    )
    assert tuple(found.columns) == (*COLUMNS, "geometry") and found.crs.to_epsg() == 4326
    assert found["class_"].tolist() == ["cement", "boiler"] and found["size"].tolist()[0] == 2.5
    assert found["accuracy"].tolist() == ["exact", "approximate"] and np.isnan(found["size"][1])
    assert found.geometry[0].coords[0] == (114.501, 36.602)


def test_chinese_headers_and_a_class_for_the_whole_file(load):
    found = load(
        ["某锅炉,114.501,36.602"], header="企业名称,经度,纬度", columns={"企业名称": "name"}, **{"class": "boiler"}
    )
    assert found["class_"].tolist() == ["boiler"]
    with pytest.raises(DataError, match="add class = "):
        load(["某锅炉,114.501,36.602"], header="名称,经度,纬度")
    with pytest.raises(DataError, match="not in the vocabulary"):
        load(["某锅炉,114.501,36.602"], header="名称,经度,纬度", **{"class": "xyz"})


def test_the_head_that_registers_of_enterprises_have(load):
    found = load(["某厂,水泥,114.501,36.602"], header="企业名称,行业类别,经度,纬度")
    assert found["name"].tolist() == ["某厂"] and found["class_"].tolist() == ["cement"]
    both = load(["甲车间,某厂,水泥,114.501,36.602"], header="名称,企业名称,类别,经度,纬度")
    assert both["name"].tolist() == ["甲车间"]
    with pytest.raises(DataError, match="'单位名称' and '企业名称' both mean name"):
        load(["某厂,某公司,水泥,114.501,36.602"], header="单位名称,企业名称,类别,经度,纬度")


def test_a_mapping_written_the_other_way_round_is_not_passed_over(load):
    with pytest.raises(DataError, match='theirs stands first: "厂名" = "name"'):
        load(["某厂,水泥,114.501,36.602"], header="厂名,类别,经度,纬度", columns={"name": "厂名"})
    with pytest.raises(DataError, match="'title' is no name of ours; give one of time, "):
        load(["某厂,水泥,114.501,36.602"], header="名称,类别,经度,纬度", columns={"厂名": "title"})


def test_unknown_classes_count_as_other_and_are_named(load):
    found = load(["F1,A,Zauberei,114.501,36.602,,,,,"])
    assert found["class_"].tolist() == ["other"] and "other" in source_classes()
    assert any("'Zauberei' is not in the vocabulary" in note for note in found.attrs["intake"].notes)


def test_rows_that_cannot_be_placed_or_named_are_quarantined(load):
    rows = [
        "F1,A,steel,,,,,,,",
        "F2,B,steel,0,0,,,,,",
        "F3,C,steel,36.6,114.5,,,,,",
        "F4,D,steel,114°30′W,36.6,,,,,",
        "F5,  ,steel,114.501,36.602,,,,,",
        "F6,F,steel,114.501,36.602,x,,,,",
        "F7,G,steel,114.501",
    ]
    found = load(rows)
    assert found["name"].tolist() == ["F"] and np.isnan(found["size"][0])
    rules = {q.raw.decode()[:2]: q.rule for q in found.attrs["intake"].quarantine}
    assert rules == {
        "F1": "no position",
        "F2": "position is 0, 0",
        "F3": "longitude and latitude are swapped",
        "F4": "position is no pair of degrees",
        "F5": "name is empty",
        "F7": "4 fields where the header has 10",
    }


def test_the_datum_is_asked_for_and_a_column_goes_before_the_study(load):
    with pytest.raises(DataError, match="add datum"):
        load(["F1,A,steel,114.501,36.602,,,,,"], datum=None)
    header = HEADER + ",datum"
    found = load(["F1,A,steel,114.501,36.602,,,,,,gcj02", "F2,B,steel,114.501,36.602,,,,,,"], header=header)
    assert 0.003 < 114.501 - found["lon"][0] < 0.01 and found["lon"][1] == 114.501


def test_ids_are_stable_and_unique(load):
    rows = ["名称一,steel,114.501,36.602", "名称二,steel,114.501,36.602", "名称一,steel,114.601,36.602"]
    first = load(rows, header="name,class,lon,lat")
    again = load(rows[::-1], header="name,class,lon,lat")
    assert first["facility"].is_unique and first.drop(columns="geometry").equals(again.drop(columns="geometry"))
    assert first["facility"].str.fullmatch("f-[0-9a-f]{12}").all()


def test_units_of_one_plant_are_one_facility_and_one_id_at_two_places_is_two(load):
    rows = [
        "P,厂,power,114.501,36.602,630,MW,,,",
        "P,厂,power,114.501,36.602,660,MW,,,",
        "P,厂,power,114.501,36.602,660,MW,,,",
        "P,厂,power,114.701,36.602,100,MW,,,",
    ]
    found = load(rows)
    assert dict(zip(found["facility"], found["size"], strict=True)) == {"P": 1290.0, "P-2": 100.0}
    counts = found.attrs["intake"].counts
    assert (counts["used"], counts["duplicates"]) == (3, 1)


def test_hostile_names_survive_as_data(load):
    names = ["=HYPERLINK(1)", "<script>alert(1)</script>", "${7*7}", "\u202egnp", "很" * 5000]
    found = load([f'F{n},"{name}",steel,114.5{n}1,36.602,,,,,' for n, name in enumerate(names)])
    assert found["name"].tolist() == [name.replace("\u202e", "") for name in names]


def test_geojson_points(load):
    def feature(name, geometry):
        return {"type": "Feature", "properties": {"name": name, "class": "steel", "id": name}, "geometry": geometry}

    points = [feature("a", {"type": "Point", "coordinates": [114.5012, 36.6]}), feature("b", None)]
    found = load(json.dumps({"type": "FeatureCollection", "features": points}), name="list.geojson")
    assert found["facility"].tolist() == ["a"] and found.attrs["intake"].counts["quarantined"] == 1


def test_only_what_lies_near_is_returned(load):
    rows = ["F1,A,steel,114.501,36.602,,,,,", "F2,B,steel,87.601,43.802,,,,,"]
    found = load(rows, bounds=(114.0, 36.0, 115.0, 37.0))
    assert found["facility"].tolist() == ["F1"] and found.attrs["intake"].counts["used"] == 2


def test_no_delivery_gives_an_empty_table(tmp_path):
    found = load_facilities((), tmp_path, Intake(tmp_path))
    assert len(found) == 0 and tuple(found.columns) == (*COLUMNS, "geometry")
    with pytest.raises(DataError, match="layout 'x' is not known"):
        load_facilities([Facilities(layout="x", files=["a"])], tmp_path, Intake(tmp_path))


PLANT = st.tuples(
    st.sampled_from(["", "P", "Q"]),
    st.sampled_from(["甲", "乙", " "]),
    st.sampled_from(["114.5011", "114.5012", "0", ""]),
    st.sampled_from(["1", "2", ""]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(PLANT, max_size=10), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(tmp_path_factory, plants, random):
    def run(rows):
        folder = tmp_path_factory.mktemp("f")
        body = [f"{i},{n},steel,{x},36.602,{s},t/a,,," for i, n, x, s in rows]
        (folder / "a.csv").write_text("\n".join([HEADER, *body, ""]))
        intake = Intake(folder)
        found = load_facilities([Facilities(layout="table", files=["a.csv"], datum="wgs84")], folder, intake)
        intake.check()
        assert found["facility"].is_unique
        return found.drop(columns="geometry")

    plain = run(plants)
    assert plain.equals(run(random.sample(plants, len(plants)))) and plain.equals(run(plants + plants))


# The real registers.


@pytest.fixture(scope="module")
def registers(shared):
    told = {"datum": "wgs84"}
    deliveries = [
        Facilities(layout="wri-power", files=["power_plants_wri_gppd/WRI_China_raw.csv"], vintage="2018", **told),
        Facilities(layout="sfi-cement", files=["cement_steel_sfi/cement_dataset_v4.1.csv"], **told),
        Facilities(layout="sfi-steel", files=["cement_steel_sfi/steel_dataset_v4.1.csv"], **told),
    ]
    intake = Intake(shared)
    found = load_facilities(deliveries, shared, intake)
    intake.check()
    return found, intake


def test_real_registers_have_the_documented_figures(registers):
    found, intake = registers
    assert intake.counts["read"] == 3137 + 3541 + 2033 and found["facility"].is_unique
    box = found[found["lon"].between(111, 119.5) & found["lat"].between(34.5, 41)]
    assert (box["class_"] == "cement").sum() == 182 and (box["class_"] == "steel").sum() == 104
    wuhan = found[found["lon"].between(113.7, 115.1) & found["lat"].between(29.9, 31.4)]
    assert (wuhan["class_"] == "cement").sum() == 11 and (wuhan["class_"] == "steel").sum() == 8
    assert set(found["accuracy"]) == {"exact", "approximate", "unknown"}
    chinese = found[found["facility"].str.startswith("sfi-steel-CHN")]
    assert (chinese["accuracy"] == "approximate").mean() == pytest.approx(0.6, abs=0.05)


def test_plants_without_smoke_and_without_place_are_accounted_for(registers):
    found, intake = registers
    power = intake.files["power_plants_wri_gppd/WRI_China_raw.csv"]
    assert power.quarantined == 11 and power.used + power.duplicates == 3126
    assert any("Hydro 974, Nuclear 12" in note and "Wind 835" in note for note in intake.notes)
    assert (found["status"] == "shut down").sum() == 36
    contradiction = [q for q in intake.quarantine if "outside the country" in q.rule]
    assert len(contradiction) == 2 and any(
        q.value.startswith("-121.9") or q.value.startswith("-121.8") for q in contradiction
    )


def test_sizes_as_registers_write_them(load):
    said = {"3×300MW": (900.0, "MW"), "1.2万吨": (1.2, "万吨"), "２００万吨/年": (200.0, "万吨/年"), "600": (600.0, "")}
    rows = [f"厂{n},水泥,114.5{n}1,36.602,{text}" for n, text in enumerate([*said, "约300", "3×300"])]
    found = load(rows, header="企业名称,行业,经度,纬度,规模").sort_values("name")
    assert list(zip(found["size"][:4], found["size_unit"][:4], strict=True)) == [*said.values()]
    assert found["size"][4:].isna().all()
    note = next(note for note in found.attrs["intake"].notes if "sizes are no numbers" in note)
    assert "2 sizes are no numbers and were left empty; first row 6, '约300'" in note


@pytest.mark.parametrize("header", ["装机容量(MW)", "capacity_mw"])
def test_a_unit_in_the_head_is_the_size_s(load, header):
    found = load(["某电厂,火电,114.501,36.602,600"], header=f"企业名称,行业,经度,纬度,{header}")
    assert found[["size", "size_unit"]].values.tolist() == [[600.0, "MW"]]


def test_a_row_for_each_pollutant_is_one_plant_of_one_size(load):
    """600 MW and three pollutants were 1800 MW, and a source three times as strong."""
    rows = [f"E1,某电厂,火电,114.501,36.602,600,{word}" for word in ("SO2", "NOx", "颗粒物")]
    rows += ["E2,另厂,火电,114.511,36.602,300,SO2", "E2,另厂,火电,114.511,36.602,9,NOx"]
    rows += ["E3,三厂,火电,114.521,36.602,35,", "E3,三厂,火电,114.521,36.602,75,"]
    found = load(rows, header="编号,企业名称,行业,经度,纬度,装机容量(MW),污染物")
    assert found["rows"].tolist() == [3, 2, 2] and tuple(found.columns) == (*COLUMNS, "geometry")
    assert found["size"].tolist()[::2] == [600.0, 110.0] and np.isnan(found["size"][1])
    assert any("not over the pollutants of 2 plants" in note for note in found.attrs["intake"].notes)
