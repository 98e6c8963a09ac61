"""Evidence beside the wind (C14, A1): three tests of a plant's own records, order moved, shares never; equipment."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from shell import run

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.chain.store import open_ledger
from hotspot.rules.evidence import Evidence
from hotspot.sources.evidence import read_evidence
from hotspot.sources.intake import Intake
from hotspot.sources.places.facilities import load_facilities
from hotspot.study import load_study
from hotspot.study_registers import EvidenceFiles
from hotspot.trace.visits.evidence import Told, told_of_window, visiting_order
from hotspot.variables import DataError

TIME = pd.date_range("2025-11-01", "2025-12-03 23:00", freq="h")
START, END = pd.Timestamp("2025-12-03 04:00"), pd.Timestamp("2025-12-03 08:00")
INSIDE = (TIME >= START) & (TIME < END)


def rows(quantity, value, *, layout="cems", state="", facility="F"):
    table = {"layout": layout, "facility": facility, "time": TIME, "quantity": quantity, "value": value}
    return pd.DataFrame(table | {"unit": "", "state": state})


def wave(seed=0):
    return 10 + np.sin(TIME.hour / 24 * 6.28) + np.random.default_rng(seed).normal(0, 0.2, TIME.size)


def found_by(*parts):
    return [one.test for one in told_of_window(pd.concat(parts), "F", START, END)]


def test_c14_emission_is_compared_with_itself_at_the_same_hours():
    quiet, loud = wave(), np.where(INSIDE, 2.0, 1.0) * wave()
    assert found_by(rows("pm", quiet)) == [] and found_by(rows("pm", loud)) == ["emission"]
    (one,) = told_of_window(rows("pm", loud), "F", START, END)
    assert "2.0倍（对比120个小时）" in one.zh and "n 120" in one.en
    # Where the flow is known, what counts is the mass: half the flow takes the doubling back.
    assert found_by(rows("pm", loud), rows("flow", np.where(INSIDE, 50.0, 100.0))) == []
    short = rows("pm", loud)
    assert [t.test for t in told_of_window(short[short["time"] >= START], "F", START, END)] == []  # no past, no word


def test_c14_treatment_that_takes_no_power_while_production_runs():
    process, treatment = rows("kwh_process", wave() * 10, layout="power"), wave(1)
    on = rows("kwh_treatment", treatment, layout="power")
    off = rows("kwh_treatment", np.where(INSIDE, 0.1, 1.0) * treatment, layout="power")
    assert found_by(process, on) == [] and found_by(process, off) == ["treatment"]
    assert "治理设施疑似未运行" in told_of_window(pd.concat([process, off]), "F", START, END)[0].zh
    still = rows("kwh_process", np.where(INSIDE, 0.0, 1.0) * wave() * 10, layout="power")
    assert found_by(still, off) == []  # nothing is produced, so nothing need be treated
    fifth = rows("kwh_treatment", np.where(INSIDE, 0.21, 1.0) * treatment, layout="power")
    assert found_by(process, fifth) == []


def test_c14_records_that_lack_hold_still_or_are_marked():
    assert found_by(rows("pm", np.where(INSIDE & (TIME.hour < 6), np.nan, wave()))) == ["record"]
    for n, expected in ((5, []), (6, ["record"])):
        flat = (TIME >= END - pd.Timedelta(hours=n)) & (TIME < END)
        assert found_by(rows("pm", np.where(flat, 9.0, wave()))) == expected, n
    before = (TIME >= START - pd.Timedelta(hours=8)) & (TIME < START)
    assert found_by(rows("pm", np.where(before, 9.0, wave()))) == []  # over before the alarm began
    by_hand = rows("pm", wave(), state=np.where(INSIDE, "人工标记", "正常"))
    (one,) = told_of_window(by_hand, "F", START, END)
    assert one.zh == "在线监测有4小时带人工标记"


def test_c14_what_a_camera_recognises_in_the_very_hours():
    seen = rows("smoke", np.where(INSIDE & (TIME.hour < 6), 3, 0), layout="video")
    (one,) = told_of_window(seen, "F", START, END)
    assert one.test == "video" and one.zh == "视频监控识别冒烟6次（2个小时）"
    assert found_by(rows("smoke", np.where(INSIDE, 0, 3), layout="video")) == []  # at other hours only


def test_c14_a_satellite_tells_of_heat_near_and_of_bare_ground_lately():
    hot = rows("thermal", 320.0, layout="satellite").assign(value=lambda t: np.where(t["time"] == START, 329.9, 320.0))
    assert found_by(hot) == []
    hot = hot.assign(value=np.where(hot["time"] == START - pd.Timedelta(hours=24), 331.0, 320.0))
    (one,) = told_of_window(hot, "F", START, END)
    assert one.test == "satellite" and one.zh == "卫星热异常（12-02 04:00过境）：亮温331K"
    assert found_by(hot.assign(time=hot["time"] - pd.Timedelta(hours=1))) == []  # 25 h before: another day
    bare = rows("bare", 0.0, layout="satellite")
    bare = bare.assign(value=np.where(bare["time"] == START - pd.Timedelta(days=30), 12000.0, 0.0))
    assert [t.zh for t in told_of_window(bare, "F", START, END)] == ["卫星影像（11-03）：裸土12000平方米"]
    strict = Evidence(past_days=29)
    assert told_of_window(bare, "F", START, END, strict) == []


def test_b4_vehicles_are_counted_and_none_is_named():
    passed = rows("passed", 100.0, layout="vehicle")
    many = rows("exceeded", np.where(INSIDE, 6.0, 2.0), layout="vehicle")
    (one,) = told_of_window(pd.concat([passed, many]), "F", START, END)
    assert one.zh == "机动车尾气遥感超标率6.0%（24/400辆），为本点近30天同时段的3.0倍"
    assert found_by(passed, rows("exceeded", 2.0, layout="vehicle")) == []
    few = rows("passed", np.where(INSIDE, 12.0, 100.0), layout="vehicle")  # 48 in four hours: a share of nothing
    assert found_by(few, many) == []


def test_b4_dust_of_a_building_site_is_compared_with_itself():
    loud = rows("pm10", np.where(INSIDE, 2.0, 1.0) * wave(), layout="dust")
    (one,) = told_of_window(loud, "F", START, END)
    assert one.test == "emission" and one.zh.startswith("PM10扬尘监测浓度为本企业近30天同时段中位数的2.0倍")


def test_two_columns_of_a_record_that_mean_the_same_are_told_and_one_may_be_named(tmp_path):
    head, row = "企业名称,企业编号,时间,因子,数值", "甲厂,F1,2025-12-03 10:00,颗粒物,12"
    (tmp_path / "c.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    given = {"layout": "cems", "files": ("c.csv",)}
    with pytest.raises(DataError, match="'企业名称' and '企业编号' both mean facility; name one in columns"):
        read_evidence([EvidenceFiles(**given)], tmp_path, Intake(tmp_path))
    table = read_evidence([EvidenceFiles(**given, columns={"facility": "企业编号"})], tmp_path, Intake(tmp_path))
    assert table["facility"].tolist() == ["F1"]


def test_evidence_moves_visits_and_never_the_share():
    sources = pd.DataFrame({"facility": list("ABC"), "order": [1, 2, 3], "share": [0.6, 0.3, 0.1]})
    beside = [Told("B", "observation", "", ""), Told("B", "satellite", "", "")]
    moved = visiting_order(sources, [Told("C", "record", "", ""), *beside])
    assert moved["facility"].tolist() == ["C", "A", "B"] and moved["order"].tolist() == [1, 2, 3]
    assert moved.set_index("facility")["share"].to_dict() == {"A": 0.6, "B": 0.3, "C": 0.1}
    pd.testing.assert_frame_equal(visiting_order(sources, []), sources)


@pytest.fixture(scope="module")
def file(small_study):
    return small_study


def write(path, *lines):
    with open(path, "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(lines)
    return path


def test_evidence_through_the_shell(file, tmp_path):
    study = load_study(file, data=file.parent)
    plants = load_facilities(study.facilities, study.root, Intake(study.root))
    x, y = study.grid.project(plants["lon"].to_numpy(), plants["lat"].to_numpy())
    away = np.hypot(x[:, None] - study.cells["x"].values, y[:, None] - study.cells["y"].values)
    at, cell = np.unravel_index(np.argmin(away), away.shape)
    cell, plant = str(study.cells["cell"].values[cell]), plants.iloc[at]
    power = [["企业名称", "时间", "因子", "数值"]]
    for time, inside in zip(TIME, INSIDE, strict=True):
        power.append([plant["name"], f"{time:%Y-%m-%d %H:%M}", "生产用电", 100])
        power.append([plant["name"], f"{time:%Y-%m-%d %H:%M}", "治理用电", 1 if inside else 20])
    power.append(["没有这家厂", "2025-12-01 00:00", "生产用电", 1])
    power.append([plant["name"], "2025-12-01 00:00", "水表", 1])
    write(file.parent / "power.csv", *power)
    write(file.parent / "seen.csv", ["企业名称", "时间", "内容"], [plant["name"], "2025-12-03 09:10", "无人机见黑烟"])
    own = file.with_name("evidence.toml")
    more = "".join(
        f'\n[[evidence]]\nlayout = "{layout}"\nfiles = ["{name}.csv"]\n'
        for layout, name in (("power", "power"), ("observation", "seen"))
    )
    own.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    (tmp_path / study.id).mkdir()
    with open_ledger(tmp_path / study.id / "ledger.sqlite") as ledger:
        body = {"alarm": "a1", "cell": cell, "sub_cell": f"{cell}-01", "hours": 4, "state": "pushed"}
        ledger.append("alarm", "2025-12", body | {"time": "2025-12-03T04:00", "end": "2025-12-03T08:00"})
        ledger.append("alarm", "2025-12", body | {"alarm": "a2", "time": "2025-12-01T04:00", "end": "2025-12-01T08:00"})
    words = ("evidence", "2025-12", "--study", own, "--data", file.parent, "--out", tmp_path)
    answer = json.loads(run(*words, "--json"))
    assert [(row["alarm"], row["test"]) for row in answer["rows"]] == [("a1", "treatment"), ("a1", "observation")]
    assert answer["unknown"] == ["没有这家厂"]
    assert "治理用电只有平常比例的5%：治理设施疑似未运行" in run(*words) and "无人机见黑烟" in run(*words)


def test_b4_a_road_side_sensor_speaks_where_the_register_of_equipment_has_it(file, tmp_path):
    study = load_study(file, data=file.parent)
    cell, lon, lat = (study.cells[name].values[0] for name in ("cell", "lon", "lat"))
    lines = [["点位名称", "时间", "因子", "数值"]]
    for time, inside in zip(TIME, INSIDE, strict=True):
        lines += [["东门遥感", f"{time:%Y-%m-%d %H:%M}", "过车数", 200]]
        lines += [["东门遥感", f"{time:%Y-%m-%d %H:%M}", "超标数", 10 if inside else 4]]
    write(file.parent / "vehicles.csv", *lines)
    head = ["kind", "count", "place", "lon", "lat", "radius_m", "total"]
    write(file.parent / "remote.csv", head, ["机动车尾气遥感监测", 1, "东门遥感", lon, lat, "", 1])
    more = '\n[registers]\nassets = "remote.csv"\n\n[[evidence]]\nlayout = "vehicle"\nfiles = ["vehicles.csv"]\n'
    own = file.with_name("remote.toml")
    own.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    (tmp_path / study.id).mkdir()
    with open_ledger(tmp_path / study.id / "ledger.sqlite") as ledger:
        body = {"alarm": "a1", "cell": str(cell), "sub_cell": f"{cell}-01", "hours": 4, "state": "pushed"}
        ledger.append("alarm", "2025-12", body | {"time": "2025-12-03T04:00", "end": "2025-12-03T08:00"})
    words = ("--study", own, "--data", file.parent)
    answer = json.loads(run("evidence", "2025-12", *words, "--out", tmp_path, "--json"))
    assert [(row["name"], row["test"], row["away"]) for row in answer["rows"]] == [("东门遥感", "vehicle", 0.0)]
    assert "超标率5.0%（40/800辆）" in answer["rows"][0]["zh"] and answer["unknown"] == []
    lacking = json.loads(run("assets", *words, "--json"))["lacking"]
    assert lacking == ["自动监测站", "微型站", "在线监控（套）", "建筑扬尘监测", "高空瞭望"]


def test_a1_a_register_that_does_not_add_up_is_said(file):
    study = load_study(file, data=file.parent)
    lon, lat = float(study.cells["lon"].values[0]), float(study.cells["lat"].values[0])
    write(
        file.parent / "assets.csv", ["kind", "count", "place", "lon", "lat", "radius_m", "total"],
        ["微型站", 226, "", "", "", "", 226], ["online", 659, "", "", "", "", 659],
        ["online_firm", 75, "", "", "", "", 115], ["online_firm", 40, "", "", "", "", 115],
        ["高空瞭望", 3, "塔", lon, lat, "", 3], ["高空瞭望", 0, "", "", "", "", 2],
    )  # fmt: skip
    own = file.with_name("assets.toml")
    own.write_text(file.read_text(encoding="utf-8") + '\n[registers]\nassets = "assets.csv"\n', encoding="utf-8")
    answer = json.loads(run("assets", "--study", own, "--data", file.parent, "--json"))
    assert answer["totals"] == {"micro": 226, "online": 659, "online_firm": 115, "lookout": 3}
    assert answer["faults"] == ["高空瞭望：文件中的总数不一致（2、3），登记合计3"]
    x, y = study.cells["x"].values, study.cells["y"].values
    near = np.hypot(x - x[0], y - y[0]) <= 5000
    assert answer["seen"] == study.cells["cell"].values.astype(str)[near].tolist() and 1 < near.sum() < near.size


def test_the_card_visits_who_has_evidence_first_and_says_why(file):
    from hotspot.workflows.hourly.alarm_desk import _place, _sources
    from hotspot.workflows.hourly.evidence import named_evidence

    study = load_study(file, data=file.parent)
    plants = load_facilities(study.facilities, study.root, Intake(study.root))
    x, y = study.grid.project(plants["lon"].to_numpy(float), plants["lat"].to_numpy(float))
    away = np.hypot(study.cells["x"].values[:, None] - x, study.cells["y"].values[:, None] - y)
    cell = str(study.cells["cell"].values[np.argmin(np.sort(away, axis=1)[:, 2])])  # with the third plant nearest
    place = _place(study, {"cell": cell, "sub_cell": f"{cell}-15"})
    table = pd.DataFrame({"x": [place["x"]], "y": [place["y"]], "sub_cell": [f"{cell}-15"]})
    inside = np.ones(4, bool)
    given = (study, table, np.full((1, 4), 90.0), np.full((4, 2), 2.0), inside, place, plants, None)
    plain, note = _sources(*given)
    assert len(plain) > 2 and "旁证" not in note
    last = plants.loc[plants["name"] == plain[-1]["name"], "facility"].iloc[0]
    process = rows("kwh_process", wave() * 10, layout="power", facility=last)
    off = rows("kwh_treatment", np.where(INSIDE, 0.0, 1.0) * wave(), layout="power", facility=last)
    moved, said = _sources(*given, (pd.concat([process, off]), START, END))
    assert moved[0]["name"] == plain[-1]["name"] and moved[0]["word_zh"] == plain[-1]["word_zh"]
    assert [row["name"] for row in moved[1:]] == [row["name"] for row in plain[:-1]]
    assert f"旁证：{moved[0]['name']} 生产用电正常" in said
    assert not len(named_evidence(Deliveries(study), plants))
