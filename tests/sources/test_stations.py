"""Station readers: RELIABILITY C4 on small files, laws of order and conservation, and the real deliveries."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.sources.clock import parse_times
from hotspot.sources.intake import Intake
from hotspot.sources.stations.iaqi import impossible, index_table, looks_like_index, to_concentration
from hotspot.sources.stations.stations import read_stations
from hotspot.study import Stations
from hotspot.variables import DataError

MEANS = {"unit": "ug/m3", "time_zone": "+08:00", "hour_label": "start", "datum": "wgs84"}
PLACES = "station,lon,lat\nA,116.397,39.909\nB,116.512,39.871\nC,116.283,39.946\n"


@pytest.fixture
def read(tmp_path):
    """Write a long table (and a coordinate file), read it, hold the law."""

    def do(rows, *, header="time,station,pm25", months=("2020-02",), places=PLACES, files=None, **declared):
        (tmp_path / "places.csv").write_text(places)
        for name, lines in (files or {"a.csv": rows}).items():
            (tmp_path / name).write_text("\n".join([header, *lines, ""]))
        told = {"layout": "long", "files": ["a*.csv"], "coordinates": "places.csv", **MEANS, **declared}
        intake = Intake(tmp_path)
        dataset = read_stations(Stations(**told), tmp_path, intake, utc_offset=8, months=months)
        intake.check()
        dataset.attrs["intake"] = intake
        return dataset

    return do


def hour(dataset, station, local):
    """One value by station and local start of the hour."""
    return float(dataset["pm25"].sel(station=station, time=np.datetime64(local, "ns") - np.timedelta64(8, "h")))


def rules(dataset):
    return [q.rule for q in dataset.attrs["intake"].quarantine]


@pytest.mark.parametrize("key", ["unit", "time_zone", "hour_label", "datum"])
def test_what_is_not_declared_is_asked_for(read, key):
    with pytest.raises(DataError, match=rf"add {key} = "):
        read(["2020-02-01 00:00,A,35"], **{key: None})


def test_all_that_no_file_says_is_asked_for_at_once(read):
    with pytest.raises(DataError, match=r'say the hour label, datum; add hour_label = "end" or "start", datum = '):
        read(["2020-02-01 00:00,A,35"], hour_label=None, datum=None)


def test_a_unit_in_the_header_is_enough_and_must_agree(read):
    found = read(["2020-02-01 00:00,A,0.035"], header="time,station,PM2.5(mg/m³)", unit=None)
    assert hour(found, "A", "2020-02-01T00") == pytest.approx(35)
    with pytest.raises(DataError, match="the header gives pm25 in 'mg/m3', the study declares 'ug/m3'"):
        read(["2020-02-01 00:00,A,0.035"], header="time,station,PM2.5(mg/m³)")


def test_the_axis_is_every_hour_of_the_months(read):
    found = read(["2020-02-01 00:00,A,35"], months=["2020-02", "2019-02"])
    time = found["time"].values
    assert len(time) == (29 + 28) * 24 and (np.diff(time) > 0).all()
    assert str(time[0])[:16] == "2019-01-31T16:00" and str(time[-1])[:16] == "2020-02-29T15:00"
    assert float(found["pm25"].notnull().sum()) == 1


def test_case_58_59_60_duplicates_contradictions_and_order(read):
    rows = [
        "2020-02-01 02:00,A,30",
        "2020-02-01 01:00,A,20",
        "2020-02-01 01:00,A,20",
        "2020-02-01 03:00,A,40",
        "2020-02-01 03:00,A,41",
        "2020-02-01 03:00,A,41",
    ]
    found = read(rows)
    assert hour(found, "A", "2020-02-01T01") == 20 and hour(found, "A", "2020-02-01T02") == 30
    assert np.isnan(hour(found, "A", "2020-02-01T03"))
    counts = found.attrs["intake"].files["a.csv"]
    assert (counts.read, counts.used, counts.duplicates, counts.quarantined) == (6, 2, 2, 2)
    assert any("contradict" in note for note in found.attrs["intake"].notes)


def test_case_62_impossible_times_are_quarantined_and_24_is_midnight(read):
    rows = [f"2020-02-{day:02d} {h:02d}:00,A,35" for day in range(1, 20) for h in range(24)]
    odd = [
        "2020-02-29 24:00",
        "2020-02-20 23:60",
        "1970-01-01 00:00",
        "2000-01-01 00:00",
        "2106-02-07 06:00",
        "2099-01-01 00:00",
    ]
    found = read(rows + [f"{text},A,50" for text in odd], months=["2020-02", "2020-03"])
    assert hour(found, "A", "2020-03-01T00") == 50
    assert sorted(q.value for q in found.attrs["intake"].quarantine if q.value) == sorted(odd[1:5])
    assert any("more than a year from all other rows" in rule for rule in rules(found))
    assert any("24:00 was read as 00:00 of the next day" in note for note in found.attrs["intake"].notes)


@pytest.mark.parametrize(("label", "local"), [("start", "2020-02-01T00"), ("end", "2020-01-31T23")])
def test_case_63_the_hour_label_moves_the_month_boundary(read, label, local):
    found = read(["2020-02-01 00:00,A,35"], months=["2020-01", "2020-02"], hour_label=label)
    assert hour(found, "A", local) == 35


def test_case_64_an_offset_in_the_text_must_agree(read):
    found = read(["2020-02-01T00:00:00+08:00,A,35"])
    assert hour(found, "A", "2020-02-01T00") == 35
    with pytest.raises(DataError, match="carries the offset Z"):
        read(["2020-02-01T00:00:00Z,A,35"])


def test_case_65_urumqi_must_be_spelled_out(read):
    with pytest.raises(DataError, match=r"Asia/Urumqi is \+06:00"):
        read(["2020-02-01 00:00,A,35"], time_zone="Asia/Urumqi")


def test_case_66_faster_rows_are_refused_and_a_stray_one_set_aside(read):
    quarter = [f"2020-02-01 {h:02d}:{m:02d},A,35" for h in range(24) for m in (0, 15, 30, 45)]
    with pytest.raises(
        DataError, match=r"a\.csv, row 3: 2020-02-01 00:15 lies between full hours, as do 72 of 96 rows"
    ):
        read(quarter)
    assert rules(read([*quarter[::4], quarter[1]])) == ["time is not on the full hour"]


def test_ambiguous_dates_are_refused():
    with pytest.raises(DataError, match="write the year first"):
        parse_times(["8/1/2019 0:00"], name="a.csv")


def test_case_67_71_marks_noise_and_faults(read):
    rows = ["00:00,A,-3", "01:00,A,-50", "02:00,A,/", "03:00,A,故障", "04:00,A,9999", "05:00,A,2500", '06:00,A,"1,200"']
    found = read([f"2020-02-01 {row}" for row in rows])
    assert hour(found, "A", "2020-02-01T00") == -3 and float(found["pm25"].notnull().sum()) == 1
    assert rules(found) == [
        "not a number and not a known missing mark",
        "thousands separator or decimal comma",
        "pm25 outside -5 to 2000 ug/m3",
        "pm25 outside -5 to 2000 ug/m3",
    ]
    assert any("slightly below zero" in note for note in found.attrs["intake"].notes)


def test_case_68_runs_of_zeros_are_named_and_kept(read):
    found = read(
        [f"2020-02-01 {h:02d}:00,{s},{0 if h > h0 else 9}" for s, h0 in (("A", 20), ("B", 21)) for h in range(24)]
    )
    assert any("stations A: PM2.5 is 0 for three hours" in note for note in found.attrs["intake"].notes)
    assert hour(found, "A", "2020-02-01T23") == 0


def test_one_bad_value_does_not_cost_the_row(read):
    found = read(["2020-02-01 00:00,A,35,x"], header="time,station,pm25,pm10")
    (value,) = found.attrs["intake"].quarantine
    assert hour(found, "A", "2020-02-01T00") == 35 and (value.column, value.value) == ("pm10", "x")
    assert value.raw == b"2020-02-01 00:00,A,35,x"
    assert found.attrs["intake"].counts["used"] == 4 and found.attrs["intake"].counts["values"] == 1


def test_case_48_milligrams_declared_as_micrograms(read):
    with pytest.raises(DataError, match=r"median PM2\.5 is 0.035"):
        read([f"2020-02-01 {h:02d}:00,A,0.035" for h in range(24)])


def test_carbon_monoxide_needs_its_own_unit(read):
    rows, header = ["2020-02-01 00:00,A,35,0.8"], "time,station,pm25,co"
    assert "co" not in read(rows, header=header)
    assert float(read(rows, header=header, units={"co": "mg/m3"})["co"].max()) == 0.8


def test_case_80_an_index_is_refused_unless_declared(read):
    wave = (40 + 30 * np.sin(np.arange(29 * 24) / 9)).round().astype(int)
    stamps = pd.date_range("2020-02-01", periods=len(wave), freq="h").strftime("%Y-%m-%d %H:%M")
    index = [f"{t},A,{v}" for t, v in zip(stamps, index_table()[wave], strict=True)]
    honest = read([f"{t},A,{v}" for t, v in zip(stamps, wave, strict=True)])
    with pytest.raises(DataError, match=r"index IAQI \(HJ 633-2012.*1, 4, 7, 11, 14, 17, 21 \.\.\. never occur"):
        read(index)
    assert np.array_equal(read(index, quantity="iaqi-2012")["pm25"], honest["pm25"])


@pytest.mark.parametrize(("version", "last"), [("2012", 350), ("2026", 60)])
def test_index_inverts_exactly_where_it_is_one_to_one(version, last):
    concentration = np.arange(last + 1)
    back, strange = to_concentration(index_table(version)[concentration].astype(float), version)
    assert back.tolist() == concentration.tolist() and not strange.any()
    assert to_concentration(impossible(version).astype(float), version)[1].all()
    assert not looks_like_index(np.random.default_rng(1).integers(0, 150, 2000), version)
    near = np.r_[np.repeat(index_table(version)[:60], 40), 199.6]  # rounds to what is above all that is counted
    assert looks_like_index(near, version)


def test_case_81_ids_are_tidied_and_unknown_stations_quarantined(read):
    found = read(["2020-02-01 00:00,Ａ ,35", "2020-02-01 00:00,Ä,36", "2020-02-01 00:00,,37"])
    assert found["station"].values.tolist() == ["A"]
    assert sorted(rules(found)) == ["no station id", "station has no position"]
    notes = " ".join(found.attrs["intake"].notes)
    assert "station 'Ａ ' was read as 'A'" in notes and "station Ä has no single position" in notes
    with pytest.raises(DataError, match="none of 1 stations"):
        read(["2020-02-01 00:00,X9,35"])


def test_case_82_86_positions_that_cannot_be_right(read):
    bad = ["D,0,0", "E,39.909,116.397", "F,116.4,39.9", "G,116°73′,39.9", "H,116.5011,39.8011", "H,116.7011,39.8011"]
    found = read(["2020-02-01 00:00,A,35"], places=PLACES + "\n".join(["I,116.397,39.909", *bad, ""]))
    assert sorted(set(rules(found))) == [
        "longitude and latitude are swapped",
        "longitude is no number of degrees",
        "position is 0, 0",
        "position is rounded to 0.1 degree (11 km)",
        "station H has 2 positions; a move needs two ids and a date",
    ]
    assert any("2 stations share a position" in note for note in found.attrs["intake"].notes)


def test_case_86_swapped_columns_are_answered_as_such(read):
    """G 11: not "none of 3 stations is listed here", which they are."""
    with pytest.raises(DataError, match=r"places.csv: longitude and latitude are swapped in 3 of 3 positions"):
        read(["2020-02-01 00:00,A,35"], places=PLACES.replace("lon,lat", "lat,lon"))


def test_case_86_degrees_and_minutes_are_recognised(read):
    places = "station,lon,lat\n" + "".join(f"S{n},116.{n % 60:02d}31,39.{(7 * n) % 60:02d}12\n" for n in range(40))
    with pytest.raises(DataError, match="look like degrees and minutes"):
        read(["2020-02-01 00:00,S1,35"], places=places)


def test_case_85_a_declared_datum_is_converted(read):
    plain, moved = (read(["2020-02-01 00:00,A,35"], datum=datum) for datum in ("wgs84", "gcj02"))
    assert 0.003 < float(plain["lon"][0] - moved["lon"][0]) < 0.01


def test_case_83_a_station_that_moves_becomes_two(read):
    rows = [
        "2020-02-01 00:00,M,35,116.397,39.909",
        "2020-02-02 00:00,M,36,116.437,39.909",
        "2020-02-03 00:00,M,37,116.3971,39.909",
    ]
    found = read(rows, header="time,station,pm25,lon,lat", coordinates=None)
    assert found["station"].values.tolist() == ["M", "M@2"]
    assert found["pm25"].notnull().sum("time").values.tolist() == [2, 1]


def test_case_87_silent_stations_stay_out_of_the_series(read):
    found = read(["2020-02-01 00:00,A,35", "2020-02-01 00:00,B,"])
    assert found["station"].values.tolist() == ["A", "B"] and np.isnan(found["pm25"].sel(station="B")).all()


def test_case_19_the_same_file_under_two_names(read):
    rows = ["2020-02-01 00:00,A,35", "2020-02-01 01:00,A,36"]
    found = read(None, files={"a1.csv": rows, "a2.csv": rows})
    assert found.attrs["intake"].files["a2.csv"].duplicates == 2
    assert any("already delivered as a1.csv" in note for note in found.attrs["intake"].notes)


def test_workbooks_and_encodings_say_the_same(read, tmp_path):
    import openpyxl

    expected = read(["2020-02-01 00:00,A,35", "2020-02-01 01:00,B,36.5"])
    book = openpyxl.Workbook()
    book.active.append(["监测时间", "站点编号", "细颗粒物"])
    book.active.append([pd.Timestamp("2020-02-01 00:00").to_pydatetime(), "A", 35])
    book.active.append([pd.Timestamp("2020-02-01 01:00").to_pydatetime(), "B", 36.5])
    book.save(tmp_path / "w.xlsx")
    (tmp_path / "g.csv").write_bytes("年,月,日,时,站点,PM2.5\n2020,2,1,0,A,35\n2020,2,1,1,B,36.5\n".encode("gb18030"))
    for name in ("w.xlsx", "g.csv"):
        delivery = Stations(layout="long", files=[name], coordinates="places.csv", **MEANS)
        found = read_stations(delivery, tmp_path, Intake(tmp_path), utc_offset=8, months=["2020-02"])
        assert np.array_equal(found["pm25"], expected["pm25"], equal_nan=True)


def test_hostile_station_names_survive_as_data(read):
    names = ["=HYPERLINK(1)", "<script>alert(1)</script>", "${7*7}", "../../x"]
    places = "station,lon,lat\n" + "".join(f'"{name}",116.{n}97,39.909\n' for n, name in enumerate(names))
    found = read([f'2020-02-01 00:00,"{name}",35' for name in names], places=places)
    assert sorted(found["station"].values.tolist()) == sorted(names)


QUOTSOFT = {"layout": "quotsoft", "files": ["q_*.csv"], "coordinates": "places.csv", **MEANS, "hour_label": "end"}


def day_file(folder, day, rows, header="date,hour,type,A,B"):
    (folder / f"q_{day}.csv").write_text("\n".join([header, *rows, ""]))


def test_quotsoft_names_refuses_and_goes_on(tmp_path):
    (tmp_path / "places.csv").write_text(PLACES)
    day_file(
        tmp_path,
        "20200201",
        ["20200201,0,PM2.5,1,2", "20200201,1,PM2.5,3,-;", "20200201,1,PM2.5_24h,9,9", "20200201,1,XX,9,9"],
    )
    day_file(tmp_path, "20200202", ["20200203,5,PM2.5,7,7", "20200202,5,PM2.5,7"])
    (tmp_path / "q_20200203.csv").write_bytes(b"")
    (tmp_path / "q_20200204.csv").write_text("<html>login</html>")
    day_file(tmp_path, "20200301", ["20200301,0,PM2.5,5,6", "20200301,1,PM2.5,50,60"])
    day_file(tmp_path, "20200302", ["20200302,0,PM2.5,5,6"])
    intake = Intake(tmp_path)
    found = read_stations(Stations(**QUOTSOFT), tmp_path, intake, utc_offset=8, months=["2020-02"])
    intake.check()
    # Hour 0 of 1 February ended January, hour 0 of 1 March ends February.
    assert found["pm25"].sel(station="A").dropna("time").values.tolist() == [3, 5]
    assert hour(found, "B", "2020-02-29T23") == 6
    assert {f for f, r in intake.files.items() if r.refused} == {"q_20200203.csv", "q_20200204.csv"}
    assert "q_20200302.csv" not in intake.files
    assert {q.rule for q in intake.quarantine} == {
        "type is not known",
        "date differs from the date in the file's name",
        "4 fields where the header has 5",
        "file is empty (0 bytes) and has no header",
        "content is HTML, not a table",
    }
    assert any("no file for 20200205, 20200206" in note for note in intake.notes)


def test_quotsoft_contradictions_cost_only_the_station(tmp_path):
    (tmp_path / "places.csv").write_text(PLACES)
    day_file(
        tmp_path,
        "20200201",
        ["20200201,1,PM2.5,3,4", "20200201,1,PM2.5,3,5", "20200201,2,PM2.5,3,4", "20200201,2,PM2.5,3,4"],
    )
    intake = Intake(tmp_path)
    found = read_stations(Stations(**QUOTSOFT), tmp_path, intake, utc_offset=8, months=["2020-02"])
    intake.check()
    assert found["pm25"].sel(station="A").dropna("time").values.tolist() == [3, 3]
    assert found["pm25"].sel(station="B").dropna("time").values.tolist() == [4]
    counts = intake.files["q_20200201.csv"]
    assert (counts.used, counts.duplicates, counts.quarantined, counts.values) == (3, 1, 0, 2)


ROW = st.tuples(st.integers(0, 5), st.sampled_from("ABC"), st.sampled_from(["1", "2", "", "x", "-50"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=14), st.randoms(use_true_random=False), st.integers(1, 3))
def test_order_duplication_and_splitting_change_nothing(tmp_path_factory, rows, random, n_file):
    def run(rows, n_file):
        folder = tmp_path_factory.mktemp("s")
        (folder / "p.csv").write_text(PLACES)
        for k in range(n_file):
            lines = [f"2020-02-01 0{h}:00,{s},{v}" for h, s, v in rows[k::n_file]]
            (folder / f"a{k}.csv").write_text("\n".join(["time,station,pm25", *lines, ""]))
        intake = Intake(folder)
        delivery = Stations(layout="long", files=["a*.csv"], coordinates="p.csv", **MEANS)
        found = read_stations(delivery, folder, intake, utc_offset=8, months=["2020-02"])
        intake.check()
        return found, intake.counts

    plain, counts = run(rows, 1)
    shuffled = random.sample(rows, len(rows))
    other, again = run(shuffled, n_file)
    assert plain.equals(other)
    assert [counts[k] - again[k] for k in ("read", "used", "duplicates", "quarantined")] == [0, 0, 0, 0]
    twice, doubled = run([*rows, *shuffled], 1)
    assert plain.equals(twice) and doubled["read"] == counts["read"] + len(rows)


def test_a_declared_date_pattern_chooses_the_files(read):
    files = {f"a_2020{m:02d}.csv": [f"2020-{m:02d}-01 00:00,A,{m}"] for m in (1, 2, 3, 4)}
    pattern = r"_(?P<year>\d{4})(?P<month>\d{2})\."
    found = read(None, files=files, date_pattern=pattern, hour_label="end")
    # The label 2020-03-01 00:00 ends February; the one of 1 February ends January.
    assert sorted(f for f in found.attrs["intake"].files if f != "places.csv") == ["a_202002.csv", "a_202003.csv"]
    assert found["pm25"].values[np.isfinite(found["pm25"].values)].tolist() == [3]
    assert sorted(read(None, files=files, months=None)["pm25"].to_series().dropna()) == [1, 2, 3, 4]
    with pytest.raises(DataError, match="date_pattern"):
        read(None, files=files, date_pattern="(?P<year>2020")


def test_cnemc_text_numbers(tmp_path):
    def feature(code, pm25, lon=116.397):
        told = {
            "stationcode": code,
            "positionname": "某<b>站",
            "pm2_5": pm25,
            "co": "0.7",
            "timepoint": "2020-02-01T07:00:00",
        }
        return {"geometry": {"type": "Point", "coordinates": [lon, 39.909]}, "properties": told, "type": "Feature"}

    features = [feature("1001A", "35"), feature("1002A", "-;", 116.5), feature("1003A", "x", 116.6), {"geometry": None}]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    (tmp_path / "h.geojson").write_text(text)
    intake = Intake(tmp_path)
    delivery = Stations(layout="cnemc", files=["h.geojson"], **{**MEANS, "hour_label": "end"})
    found = read_stations(delivery, tmp_path, intake, utc_offset=8, months=["2020-02"])
    intake.check()
    assert hour(found, "1001A", "2020-02-01T06") == 35 and float(found["pm25"].notnull().sum()) == 1
    assert found["name"].values[0] == "某<b>站"
    assert intake.counts["read"] == 4 and all(q.raw.decode() in text for q in intake.quarantine)
