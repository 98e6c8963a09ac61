"""``field.gpkg`` there and back: layers, styles, the project inside, the findings a team fills in (17.1)."""

import io
import json
import sqlite3
import time
import zipfile
from datetime import datetime
from xml.etree import ElementTree

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import shapely
from hostile import PAYLOADS
from notice_case import codes_of, notice_case
from phone_photo import photo
from qgis_asked import asked_of_qgis

from hotspot.grid.datum import to_wgs84
from hotspot.ledger.chain.photos import Photos
from hotspot.ledger.chain.store import open_ledger
from hotspot.publish.gis.field_package import FILE, field_package, questions, shown_cells
from hotspot.publish.office.warned.xls_form import xls_form
from hotspot.rules.classes import problem_types
from hotspot.rules.pollutants import PM25
from hotspot.sources.findings import LAYER, PHOTOS
from hotspot.study_loop import AnswerForm, Office
from hotspot.text.table import titles
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import record_feedback_file

MONTH = "2020-03"
CITY = "甲州市"
FINDING = {
    "form": "11111111-2222-4333-8444-555555555555", "month": MONTH, "time": "2020-04-03 10:00", "by": "王",
    "problem": "bare_soil", "text": "裸土约两亩未苫盖", "persons": 3, "photo": "DCIM/a.jpg", "photo_2": "DCIM/b.jpg",
}  # fmt: skip


@pytest.fixture(scope="module")
def case():
    return notice_case()


@pytest.fixture(scope="module")
def made(case):
    return package(case)


def package(case, warned=None, **changed):
    warned = case.warned[case.warned["city"] == CITY] if warned is None else warned
    return field_package(case.study.grid, MONTH, warned, changed.get("traced", case.traced), decimals=1)


@pytest.fixture
def office(case, made, tmp_path):
    """A study whose list was published, and the folder that came back from the field."""
    (tmp_path / case.study.id).mkdir()
    with open_ledger(tmp_path / case.study.id / "ledger.sqlite") as ledger:
        ledger.append("month", MONTH, {"warned": case.warned[["cell", "reason"]].values.tolist()})
    back = tmp_path / "tablet"
    (back / "DCIM").mkdir(parents=True)
    (back / FILE).write_bytes(made[FILE])
    case.study.utc_offset = 8.0
    return back


def fill(path, rows, crs="EPSG:4326"):
    """Findings as a map program saves them."""
    names = list(titles(f"{FILE}/{LAYER}"))
    points = [row.pop("at", None) for row in rows]
    frame = gpd.GeoDataFrame([{name: row.get(name) for name in names} for row in rows], geometry=points, crs=crs)
    frame = frame.astype(dict.fromkeys(("persons", "sources"), "Int64"))
    pyogrio.write_dataframe(frame, path, layer=LAYER, append=True, geometry_type="Point")


def entered(case, office):
    with open_ledger(office.parent / case.study.id / "ledger.sqlite") as ledger:
        ledger.verify()
        return [entry.body for entry in ledger.entries("feedback")]


def test_the_layers_hold_what_the_city_is_warned_of(case, made, tmp_path):
    path = tmp_path / FILE
    path.write_bytes(made[FILE])
    mine = codes_of(case, CITY)
    assert [name for name, kind in pyogrio.list_layers(path) if kind] == [LAYER, "sources", "cells", "sub_cells"]
    cells, sources = (gpd.read_file(path, layer=name) for name in ("cells", "sources"))
    assert cells["cell"].tolist() == mine and cells["pm25"].round(1).eq(cells["pm25"]).all()
    here = gpd.points_from_xy(cells["lon"], cells["lat"])
    assert cells.geometry.contains(gpd.GeoSeries(here, crs=4326)).all()
    expected = case.traced[case.traced["cell"].isin(mine)].sort_values(["cell", "order"])
    assert sources[["cell", "order", "name"]].values.tolist() == expected[["cell", "order", "name"]].values.tolist()
    assert len(gpd.read_file(path, layer="sub_cells")) == 36 * len(mine)
    empty = pyogrio.read_info(path, layer=LAYER)
    assert empty["features"] == 0 and empty["crs"] == "EPSG:4326"
    assert list(empty["fields"]) == list(titles(f"{FILE}/{LAYER}"))


def test_two_seconds_later_the_same_bytes(case, made):
    time.sleep(2.1)
    assert package(case) == made


def test_the_project_inside_is_the_one_beside_and_asks_in_controlled_words(made, tmp_path):
    (tmp_path / FILE).write_bytes(made[FILE])
    with sqlite3.connect(tmp_path / FILE) as base:
        ((name, inside),) = base.execute("select name, content from qgis_projects").fetchall()
        styled = [row[0] for row in base.execute("select f_table_name from layer_styles order by id")]
    base.close()
    assert name == "field" and bytes.fromhex(inside) == made["field.qgz"]
    assert styled == [LAYER, "sources", "cells", "sub_cells"]
    text = zipfile.ZipFile(io.BytesIO(made["field.qgz"])).read("project.qgs").decode()
    root = ElementTree.fromstring(text.split("\n", 1)[1])
    sources = [one.findtext("datasource") for one in root.iter("maplayer")]
    assert sources == [f"./{FILE}|layername={name}" for name in styled], "relative, as QField wants it"
    findings = next(one for one in root.iter("maplayer") if one.findtext("datasource").endswith(LAYER))
    assert findings.get("readOnly") == "0" and all(
        one.get("readOnly") == "1" for one in root.iter("maplayer") if one is not findings
    )
    widgets = {
        one.get("name"): one.find("editWidget") for one in findings.iter("field") if one.find("editWidget") is not None
    }
    assert list(widgets) == ["fid", *titles(f"{FILE}/{LAYER}")] and widgets["fid"].get("type") == "Hidden"
    values = {option.get("value") for option in widgets["problem"].iter("Option") if option.get("value")}
    assert values == {*problem_types(), "none"}
    assert all(widgets[field].get("type") == "ExternalResource" for field in PHOTOS)
    relative = [
        option.get("value") for option in widgets["photo"].iter("Option") if option.get("name") == "RelativeStorage"
    ]
    assert relative == ["1"]


def test_findings_come_back_once_with_their_photos(case, office):
    cell = codes_of(case, CITY)[0]
    first, second = photo(lon=114.4, lat=35.65), photo(tone=20)
    (office / "DCIM" / "a.jpg").write_bytes(first)
    (office / "DCIM" / "b.jpg").write_bytes(second)
    row = FINDING | {"cell": cell, "at": shapely.Point(114.4012342, 35.6512342)}
    clean = {"cell": cell, "month": MONTH, "time": "2020-04-03 11:00", "by": "王", "problem": "none", "text": "正常"}
    bad = [clean | {"by": "赵", "problem": "没有这个类型"}, clean | {"by": "钱", "photo": "DCIM/lost.jpg"},
           clean | {"by": "孙", "photo": "../../secret.jpg"}, {"month": MONTH, "form": "untouched"}]  # fmt: skip
    (office.parent / "secret.jpg").write_bytes(first)
    fill(office / FILE, [row, clean, *bad])
    answer = record_feedback_file(case.study, office / FILE, out=office.parent)
    assert answer["counts"] == {"recorded": 2, "repeated": 0, "quarantined": 3}, answer
    said = "\n".join(answer["sentences"])
    assert "row 3: problem '没有这个类型' is none of" in said
    assert "row 4: photo 'DCIM/lost.jpg' is not beside the file" in said and "row 5: photo '../../secret.jpg'" in said
    one, other = entered(case, office)
    photos = Photos(office.parent / case.study.id / "photos")
    kept = [photos.about(name) for name in one["photos"].split(";")]
    assert [taken.lon for taken in kept] == [114.4, None]
    assert (one["lon"], one["lat"], one["persons"], one["form"]) == ("114.401234", "35.651234", "3", FINDING["form"])
    assert other["problem"] == "none" and other["photos"] == "" and "photo" not in other
    again = record_feedback_file(case.study, office / FILE, out=office.parent)
    assert again["counts"] == {"recorded": 0, "repeated": 2, "quarantined": 3}


def test_a_package_without_the_layer_is_refused_in_a_sentence(case, office):
    lone = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(114, 30)], crs="EPSG:4326")
    lone.to_file(office / "other.gpkg", layer="mine", driver="GPKG")
    with pytest.raises(DataError, match=r"other.gpkg: has no layer 'findings' \(there are: mine\)"):
        record_feedback_file(case.study, office / "other.gpkg", out=office.parent)


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_hostile_names_stay_texts(case, name):
    traced = case.traced.assign(name=PAYLOADS[name])
    warned = case.warned[case.warned["city"] == CITY].assign(county=PAYLOADS[name], label=PAYLOADS[name])
    made = package(case, warned, traced=traced)
    text = zipfile.ZipFile(io.BytesIO(made["field.qgz"])).read("project.qgs").decode()
    ElementTree.fromstring(text.split("\n", 1)[1])
    assert "<script" not in text.lower()


def test_the_xlsform_asks_the_same_and_its_export_is_read(case, office):
    cells = shown_cells(case.warned[case.warned["city"] == CITY])
    data = xls_form(CITY, "410100", MONTH, cells)
    assert data == xls_form(CITY, "410100", MONTH, cells)
    book = openpyxl.load_workbook(io.BytesIO(data))
    survey = [[cell.value for cell in row] for row in book["survey"].iter_rows(min_row=2)]
    asked = [one.name for one in questions(MONTH, cells)]
    assert [row[1] for row in survey] == [*asked, "position"]
    lists = {row[0].removeprefix("select_one ") for row in survey if row[0].startswith("select_one")}
    choices = {(row[0].value, row[1].value) for row in book["choices"].iter_rows(min_row=2)}
    assert lists == {name for name, _ in choices} and {key for name, key in choices if name == "problem"} >= {
        "bare_soil"
    }
    assert all(" " not in key for _, key in choices), "ODK takes no blanks in a choice's name"
    cell = next(iter(cells.values()))
    head = [*asked[:-3], "position", "_position_latitude", "_id"]
    row = {**FINDING, "cell": cell, "time": "2020-04-03T02:00:00.000Z", "position": "35.65 114.4 0 5", "_id": "7"}
    lines = [",".join(head), ",".join(str(row.get(name, "")) for name in head), ""]
    (office / "kobo.csv").write_text("\n".join(lines), encoding="utf-8")
    answer = record_feedback_file(case.study, office / "kobo.csv", out=office.parent)
    assert answer["counts"]["recorded"] == 1, answer
    (body,) = entered(case, office)
    assert (body["time"], body["lon"], body["lat"]) == ("2020-04-03T10:00", "114.400000", "35.650000")


def test_a_kobo_workbook_as_its_manual_describes_it(case, office):
    """XML values and headers: dates as cells without a zone, the point in five columns, its own columns."""
    cells = shown_cells(case.warned[case.warned["city"] == CITY])
    asked = [one.name for one in questions(MONTH, cells) if not one.name.startswith("photo")]
    book, own = openpyxl.Workbook(), ["_id", "_uuid", "_submission_time", "_submitted_by", "_index"]
    point = ["position", *(f"_position_{part}" for part in ("latitude", "longitude", "altitude", "precision"))]
    row = {**FINDING, "cell": next(iter(cells.values())), "time": datetime(2020, 4, 3, 10, 0), "_id": 7, "_index": 1,
           "position": "35.65 114.4 0 5", "_position_latitude": 35.65, "_position_longitude": 114.4}  # fmt: skip
    book.active.append([*asked, *point, *own])
    book.active.append([row.get(name) for name in (*asked, *point, *own)])
    book.save(office / "kobo.xlsx")
    answer = record_feedback_file(case.study, office / "kobo.xlsx", out=office.parent)
    assert answer["counts"] == {"recorded": 1, "repeated": 0, "quarantined": 0}, answer
    (body,) = entered(case, office)
    assert (body["time"], body["lon"], body["lat"]) == ("2020-04-03T10:00", "114.400000", "35.650000")


def test_a_kobo_csv_as_its_program_writes_it(case, office):
    """Semicolons, every field in quotes, quotes doubled, a line break in a text; the point in five columns."""
    cells = shown_cells(case.warned[case.warned["city"] == CITY])
    asked = [one.name for one in questions(MONTH, cells) if not one.name.startswith("photo")]
    point = ["position", *(f"_position_{part}" for part in ("latitude", "longitude", "altitude", "precision"))]
    own = ["_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by",
           "__version__", "_tags", "_index"]  # fmt: skip
    row = {**FINDING, "cell": next(iter(cells.values())), "time": "2020-04-03T10:00:00.000+08:00", "_id": 7,
           "text": '两亩，称"已苫盖";\n未见；1,5 米', "position": "35.65 114.4 0 5"}  # fmt: skip
    lines = [[*asked, *point, *own], [row.get(name, "") for name in (*asked, *point, *own)]]
    quoted = [";".join('"' + str(cell).replace('"', '""') + '"' for cell in line) for line in lines]
    (office / "kobo.csv").write_text("\n".join([*quoted, ""]), encoding="utf-8")
    answer = record_feedback_file(case.study, office / "kobo.csv", out=office.parent)
    assert answer["counts"] == {"recorded": 1, "repeated": 0, "quarantined": 0}, answer
    (body,) = entered(case, office)
    assert (body["time"], body["lon"], body["lat"]) == ("2020-04-03T10:00", "114.400000", "35.650000")
    assert body["text"] == row["text"]


DING = {"cell": "网格", "month": "名单月份", "time": "排查时间", "problem": "问题", "text": "情况", "position": "定位"}
ASKED = ["网格", "名单月份", "排查时间", "问题", "情况", "定位", "现场照片"]
SAID = ["{cell}", "2020-03", "2020-04-03 10:00", "裸土", "两亩", "[114.4,35.65]", "a.jpg"]
EXPORTS = {
    # The columns of an approval come first or last, and a line of sub-headings stands below where a form has a table.
    "dingtalk": (
        AnswerForm(name="dingtalk", datum="gcj02", only={"审批结果": ("同意",)}, problems={"裸土": "bare_soil"},
                   columns={"form": "审批编号", "by": "发起人姓名"} | DING),
        [["审批编号", "标题", "审批状态", "审批结果", "审批发起时间", "审批完成时间", "发起人工号", "发起人姓名",
          "发起人部门", "历史审批人姓名", "审批记录", "当前处理人姓名", "审批耗时", *ASKED],
         ["202004031000000412345", "王提交的排查", "已完成", "同意", "2020-04-03 10:20:05", "2020-04-03 11:00:00",
          "007", "王", "一科", "李,赵", "李|同意|2020-04-03 11:00:00|", None, "00小时39分55秒", *SAID],
         ["202004031100000412346", "赵提交的排查", "已完成", "拒绝", "2020-04-03 11:20:05", "2020-04-03 12:00:00",
          "008", "赵", "一科", "李", "李|拒绝|2020-04-03 12:00:00|重拍", None, "00小时39分55秒", *SAID]],
    ),
    "dingtalk-new": (
        AnswerForm(name="dingtalk", datum="gcj02", only={"审批结果": ("同意",)}, problems={"裸土": "bare_soil"},
                   columns={"form": "审批编号", "by": "创建人"} | DING),
        [["数据id", *ASKED, "陪同人员", None, "审批编号", "创建时间", "创建人", "创建人部门", "审批状态", "审批结果"],
         [None] * 8 + ["姓名", "单位"] + [None] * 6,
         ["aXb1", *SAID, "孙", "镇", "202004031000000412345", "2020-04-03 10:20:05", "王", "一科", "已完成", "同意"],
         [None] * 8 + ["周", "村"] + [None] * 6],
    ),
    "wecom": (
        AnswerForm(name="wecom", datum="gcj02", problems={"裸土": "bare_soil"},
                   columns={"cell": "网格编号（必填）", "month": "月份（必填）", "by": "提交者（自动）",
                            "time": "到达时间（必填）", "problem": "问题类型（必填）",
                            "text": "检查情况（必填）", "lon": "经度", "lat": "纬度",
                            "photo": "照片", "persons": "人数"}),
        [["提交时间（自动）", "网格编号（必填）", "月份（必填）", "到达时间（必填）", "问题类型（必填）",
          "检查情况（必填）", "经度", "纬度", "照片", "人数", "提交者（自动）"],
         [datetime(2020, 4, 3, 10, 20, 5), "{cell}", "2020-03", datetime(2020, 4, 3, 10, 0), "裸土", "两亩", 114.4,
          35.65, "a.jpg", "-", "王"]],
    ),
}  # fmt: skip


def saved(rows, file):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(file)


@pytest.mark.parametrize("kind", EXPORTS)
def test_the_offices_own_forms_come_back_by_a_column_map(case, office, kind):
    form, rows = EXPORTS[kind]
    case.study.office = Office(forms=(form,))
    (office / "a.jpg").write_bytes(photo())
    file, cell = office / f"{kind}.xlsx", codes_of(case, CITY)[0]
    saved([[cell if said == "{cell}" else said for said in row] for row in rows], file)
    answer = record_feedback_file(case.study, file, out=office.parent)
    assert answer["counts"] == {"recorded": 1, "repeated": 0, "quarantined": 0}, answer
    (body,) = entered(case, office)
    assert body.get("persons", "") == ""
    assert (body["time"], body["problem"], body["by"]) == ("2020-04-03T10:00", "bare_soil", "王")
    expected = [f"{value:.6f}" for value in to_wgs84(114.4, 35.65, "gcj02")]
    assert [body["lon"], body["lat"]] == expected and expected[0] != "114.400000"
    assert record_feedback_file(case.study, file, out=office.parent)["counts"]["repeated"] == 1


DIRTY = AnswerForm(
    name="wecom", problems={"裸土": "bare_soil", "无问题": "none"},
    columns={"cell": "网格编号（必填）", "month": "月份（必填）", "by": "提交者（自动）", "time": "到达时间（必填）",
             "problem": "问题类型（必填）", "text": "检查情况（必填）", "photo": "照片"},
)  # fmt: skip
ASKED_DIRTY = ["月份(必填)", " 网格编号（必填）", "到达时间\n（必填）", "问题类型（必填） ", "检查情况（必填）", "照片",
               "提交者(自动)"]  # fmt: skip


def test_a_title_above_other_brackets_and_half_days_are_read(case, office):
    """A merged title, headers with blanks and line breaks, half-width brackets, 上午 and PM, "nothing found"."""
    case.study.office, cell = Office(forms=(DIRTY,)), codes_of(case, CITY)[0]
    times = [
        "2020年4月3日 上午9:05",
        "2020/4/3 2:05 PM",
        "2020-04-03 下午12:10",
        "2020-04-03 12:20 am",
        "04/03/2020 10:00",
    ]
    rows = [["2020-03", cell, time, "无问题", f"第{n}次", "-", "王"] for n, time in enumerate(times)]
    saved([["排查情况收集表 2020-04-05 导出", *[None] * 6], ASKED_DIRTY, *rows], office / "w.xlsx")
    answer = record_feedback_file(case.study, office / "w.xlsx", out=office.parent)
    assert answer["counts"] == {"recorded": 4, "repeated": 0, "quarantined": 1}, answer
    assert "row 7: time '04/03/2020 10:00' is no local time" in answer["sentences"][1]  # April or March?
    found = [(body["time"][11:], body["problem"]) for body in entered(case, office)]
    assert found == [("09:05", "none"), ("14:05", "none"), ("12:10", "none"), ("00:20", "none")]


def test_a_question_that_was_renamed_is_named(case, office):
    case.study.office, cell = Office(forms=(DIRTY,)), codes_of(case, CITY)[0]
    row = ["2020-03", cell, "2020-04-03 09:05", "裸土", "两亩", "", "王"]
    saved([["现场情况" if "检查" in name else name for name in ASKED_DIRTY], row], office / "w.xlsx")
    with pytest.raises(DataError, match=r"looks like the form 'wecom', but has no column '检查情况（必填）'.*现场情况"):
        record_feedback_file(case.study, office / "w.xlsx", out=office.parent)


def test_pictures_that_are_links_are_looked_for_beside_the_file(case, office):
    case.study.office, cell = Office(forms=(DIRTY,)), codes_of(case, CITY)[0]
    link = "https://files.example.com/media/xyz.jpg?auth=1"
    saved([ASKED_DIRTY, ["2020-03", cell, "2020-04-03 09:05", "裸土", "两亩", link, "王"]], office / "w.xlsx")
    answer = record_feedback_file(case.study, office / "w.xlsx", out=office.parent)
    assert answer["counts"]["quarantined"] == 1 and "is a link, and nothing is fetched" in answer["sentences"][1]
    assert answer["sentences"][1].endswith("beside the file; set aside")
    (office / "xyz.jpg").write_bytes(photo())
    answer = record_feedback_file(case.study, office / "w.xlsx", out=office.parent)
    assert answer["counts"]["recorded"] == 1 and len(entered(case, office)[0]["photos"]) == 64


def test_a_map_to_no_problem_type_is_named(case, office):
    form, rows = EXPORTS["dingtalk"]
    case.study.office = Office(forms=(form.model_copy(update={"problems": {"裸土": "soil"}}),))
    saved(rows, office / "d.xlsx")
    with pytest.raises(DataError, match="form 'dingtalk' maps '裸土' to 'soil', which is none of"):
        record_feedback_file(case.study, office / "d.xlsx", out=office.parent)


def test_qgis_itself_opens_the_project_and_fills_a_finding_in(case, office):
    cell = codes_of(case, CITY)[0]
    told, warned = asked_of_qgis("field", office / FILE, cell)
    assert told["crs"] == "EPSG:4326" and told["order"] == [LAYER, "sources", "cells", "sub_cells"]
    layers = told["layers"]
    assert all(layer["valid"] and layer["crs"] == "EPSG:4326" for layer in layers.values())
    assert [name for name in told["order"] if not layers[name]["read_only"]] == [LAYER]
    for name in (LAYER, "sources", "cells"):
        assert layers[name]["aliases"] == {"fid": ""} | PM25.told(titles(f"{FILE}/{name}"))
    widgets = told["widgets"]
    assert [name for name, (kind, _) in widgets.items() if kind == "Hidden"] == ["fid", "form", "month"]
    asked = {one.name: one.choices for one in questions(MONTH, shown_cells(case.warned)) if one.choices}
    listed = {name: {k: v for pair in about["map"] for k, v in pair.items()} for name, (kind, about) in widgets.items()
              if kind == "ValueMap"}  # fmt: skip
    assert listed.keys() == asked.keys() and listed["problem"] == asked["problem"]
    assert list(listed["cell"].values()) == codes_of(case, CITY)
    assert [widgets[name][0] for name in PHOTOS] == ["ExternalResource"] * len(PHOTOS)
    assert (widgets["photo"][1]["RelativeStorage"], widgets["photo"][1]["DocumentViewer"]) == (1, 1)
    assert sorted(json.loads(told["photo_named"])) == sorted(PHOTOS)
    assert sorted(told["required"]) == ["by", "cell", "fid", "problem", "text", "time"]
    assert told["defaults"]["month"] == MONTH and len(told["defaults"]["form"]) == 36
    assert [layers[name]["weight"] for name in told["order"]] == [None, 50, 50, 50], "normal, not thin"
    named = [label for label in layers["sources"]["labels"] if label]
    plants = case.traced[case.traced["cell"].isin(codes_of(case, CITY))].groupby("facility")
    assert sorted(label.split(".", 1)[1] for label in named) == sorted(rows["name"].iloc[0] for _, rows in plants)
    assert any(label.endswith(cell) for label in layers["cells"]["labels"]) and len(told["colours"]) > 3
    assert "GeoPackage" not in warned, "the library of the oldest QGIS reads the file without a warning"
    answer = record_feedback_file(case.study, office / FILE, out=office.parent)
    assert answer["counts"] == {"recorded": 1, "repeated": 0, "quarantined": 0}, answer
    assert entered(case, office)[0]["by"] == "QGIS"
