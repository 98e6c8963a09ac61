"""The loop through the shell: what came back is recorded, read again, judged by its clock, assessed and ranked."""

import csv
import json

import openpyxl
import pytest
from shell import run, write
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study


@pytest.fixture(scope="module")
def file(small_copy, tmp_path_factory):
    return small_copy(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def study(file):
    return load_study(file, data=file.parent)


@pytest.fixture
def out(study, tmp_path):
    """A published month and two pushed alarms in the study's first cell."""
    cell = str(study.cells["cell"].values[0])
    (tmp_path / study.id).mkdir()
    with open_ledger(tmp_path / study.id / "ledger.sqlite") as ledger:
        ledger.append("month", "2025-12", {"warned": [[cell, "highest"]]})
        for day in ("01", "02"):
            alarm = {"alarm": f"A202512{day}05-{cell}", "cell": cell, "sub_cell": f"{cell}-27", "hours": 2}
            alarm |= {"time": f"2025-12-{day}T05:00", "end": f"2025-12-{day}T07:00", "state": "pushed"}
            ledger.append("alarm", "2025-12", alarm)
    return tmp_path


def returned(file, out, path, *rows):
    return run("feedback", write(path, *rows), "--study", file, "--out", out)


def test_alarm_to_receipt_to_answer_and_the_clock_between(file, study, out, tmp_path):
    cell = str(study.cells["cell"].values[0])
    first, second = (f"A202512{day}05-{cell}" for day in ("01", "02"))
    came = returned(
        file, out, tmp_path / "r.csv", ["报警编号", "接收时间", "填报人"], [first, "2025-12-01 08:00", "王"]
    )
    assert "1 recorded" in came
    heads = ["month", "cell", "time", "by", "text", "alarm", "problem"]
    answer = ["2025-12", cell, "2025-12-02T08:00", "王", "二亩裸土", first, "裸土未苫盖"]
    assert "1 recorded" in returned(file, out, tmp_path / "f.csv", heads, answer)
    text = run("issues", "--study", file, "--out", out, "--asof", "2025-12-03T08:00", "--json")
    told = json.loads(text)
    states = {row["alarm"]: (row["state"], row["since"]) for row in told["alarms"]}
    assert states == {first: ("in time", "receipt"), second: ("overdue", "push")}
    assert told["figures"]["answer_rate"] == 50.0 and told["figures"]["problems_per_alarm"] == 0.5
    assert not {r["alarm"] for r in told["alarms"] if r["answered"] and r["state"] == "overdue"}
    late = run("issues", "--study", file, "--out", out, "--asof", "2025-12-03T08:01", "--overdue")
    assert f"{second}  超期未反馈  2025-12-02T07:00  超期1小时1分" in late and first not in late


def test_the_form_of_alarms_says_when_they_were_received(file, study, out, tmp_path):
    """B5: its clock runs from the form's own 接收时间, of an answered row and of one that nobody answered yet."""
    cell = str(study.cells["cell"].values[0])
    first, second = (f"A202512{day}05-{cell}" for day in ("01", "02"))
    heads = ["月份", "预警网格编号", "报警编号", "接收时间", "排查时间", "填报人", "问题类型", "检查情况和问题"]
    wide = cell.lower().translate({at: at + 0xFEE0 for at in range(0x21, 0x7F)})
    form = [
        ["2025-12", wide, first, "2025-12-01 08:00", "2025年12月2日 上午8时", "王", "裸土未苫盖", "二亩裸土"],
        ["2025-12", cell, second, "2025年12月2日 9时30分", "", "王", "", ""],
        ["2025-12", cell, first, "2025-12-01 04:59", "2025-12-01 09:00", "王", "裸土未苫盖", "早于报警"],
        ["2025-12", cell, second, "已收到", "2025-12-02 10:00", "王", "裸土未苫盖", "不是时间"],
    ]
    said = returned(file, out, tmp_path / "form.csv", heads, *form)
    assert "4 rows = 2 recorded + 0 repeated + 2 quarantined" in said
    assert "form.csv, row 4: received 2025-12-01 04:59, before the alarm 2025-12-01T05:00; set aside" in said
    assert "form.csv, row 5: received '已收到' is no local time" in said
    assert "0 recorded + 2 repeated + 2 quarantined" in returned(file, out, tmp_path / "form.csv", heads, *form)
    told = json.loads(run("issues", "--study", file, "--out", out, "--asof", "2025-12-03T09:31", "--json"))["alarms"]
    assert {row["alarm"]: (row["state"], row["since"], row["received"]) for row in told} == {
        first: ("in time", "receipt", "2025-12-01T08:00"),
        second: ("overdue", "receipt", "2025-12-02T09:30"),
    }
    assert {row["alarm"]: row["late_minutes"] for row in told} == {first: 0, second: 1}


def test_problems_are_recorded_stepped_exported_and_assessed(file, study, out, tmp_path):
    cell = str(study.cells["cell"].values[0])
    heads = ["来源", "发现时间", "填报人", "网格编号", "问题类型", "问题描述", "责任单位", "应发现"]
    found = [["督察检查", f"2025-12-0{n} 10:00", "李", cell, "物料堆场", f"第{n}处", "甲县", "yes"] for n in (1, 2)]
    assert "2 recorded + 1 repeated" in returned(file, out, tmp_path / "p.csv", heads, *found, found[0])
    steps = [["I202512-0001", "已交办", "2025-12-03 09:00", "赵"], ["I202512-0002", "报完成", "2025-12-03 09:00", "赵"]]
    said = returned(file, out, tmp_path / "s.csv", ["问题编号", "环节", "时间", "填报人"], *steps)
    assert "1 recorded + 0 repeated + 1 quarantined" in said and "claimed before assigned" in said
    book = tmp_path / "taizhang.xlsx"
    text = run("issues", "--study", file, "--out", out, "--asof", "2026-01-05", "--to", book)
    assert "2 problems open, 1 overdue" in text and "物料堆场问题2个。其中，" in text
    sheets = openpyxl.load_workbook(book)
    assert sheets.sheetnames == ["问题", "报警", "分类"] and sheets["问题"]["A3"].value == "I202512-0001"
    basics = write(tmp_path / "b.csv", ["month", "unit", "item", "met"], ["2025-12", "甲县", "2", "no"])
    answer = json.loads(run("assess", "2025-12", "--study", file, "--out", out, "--basics", basics, "--json"))
    (unit,) = answer["units"]
    assert (unit["points"], unit["grade"], unit["consequence"]) == (88, "良好", "约谈相关负责同志")
    assert sum(row["points"] for row in answer["rows"]) == unit["points"] - 100
    assert all(row["entry"] for row in answer["rows"])
    words = ("assess", "2025-12", "--study", file, "--out", out, "--basics", basics, "--what-if", "veto=block")
    assert "甲县  68  合格" in run(*words)
    assert "读法" not in run(*words)


def test_d16_the_ledger_is_read_back_whole(file, out, tmp_path):
    text = run("ledger", "--study", file, "--out", out, "--kind", "alarm")
    assert text.startswith("2 of 3 entries, the chain is whole") and text.count("alarm") >= 2
    run("ledger", "--study", file, "--out", out, "--to", tmp_path / "l.csv")
    rows = list(csv.DictReader((tmp_path / "l.csv").open(encoding="utf-8")))
    assert [row["seq"] for row in rows] == ["1", "2", "3"] and rows[1]["kind"] == "alarm"
    run("ledger", "--study", file, "--out", out, "--to", tmp_path / "l.xlsx")
    again = (tmp_path / "l.xlsx").read_bytes()
    run("ledger", "--study", file, "--out", out, "--to", tmp_path / "l.xlsx")
    assert (tmp_path / "l.xlsx").read_bytes() == again


def test_b16_the_ranking_of_a_month_and_its_ladder(file, out, tmp_path):
    rows = [["month", "unit", "index"]]
    rows += [[f"{y}-{m:02d}", unit, i] for y, m, unit, i in (
        (2024, 11, "甲县", 3.00), (2024, 11, "乙县", 3.00), (2024, 12, "甲县", 2.89), (2024, 12, "乙县", 3.00),
        (2025, 11, "甲县", 2.90), (2025, 11, "乙县", 3.10), (2025, 12, "甲县", 2.63), (2025, 12, "乙县", 3.20),
    )]  # fmt: skip
    index = write(tmp_path / "index.csv", *rows)
    text = run("ranking", "2025-12", "--study", file, "--out", out, "--index", index)
    assert "1  甲县  2.63  +9.0 %" in text and "2  乙县  3.20  -6.7 %  分管负责同志公开约谈" in text
    wrong = write(tmp_path / "wrong.csv", rows[0], ["2025-12", "甲县", "3,2"])
    bad = CliRunner().invoke(
        app, ["ranking", "2025-12", "--study", str(file), "--out", str(out), "--index", str(wrong)]
    )
    assert bad.exit_code == 1 and "row 2, column index: '3,2' is no number" in str(bad.exception)


def test_a3_any_window(file, tmp_path):
    heads = ["unit", "point", "day", "so2", "no2", "pm10", "pm25", "co", "o3"]
    rows = [["a", "p", "2018-11-01", 11, 62, 174, 80, 2, 60], ["a", "p", "2019-11-01", 10, 60, 122, 69, 2, 60]]
    days = write(tmp_path / "d.csv", heads, *rows)
    text = run("compare", "2019-10-16", "2019-12-31", "--study", file, "--days", days)
    assert "四降两平" in text and "PM10  122微克/立方米，1年前174微克/立方米，下降29.9%" in text


def test_rules_and_the_register_of_readings(file):
    assert "selection.quota_share = 10 %" in run("rules", "--study", file)
    text = run("rules", "--study", file, "--contradictions")
    assert "assessment.veto = item; readings item | block | total; B14 B21" in text


def test_an_official_label_is_taken_wherever_a_code_is(file, study, out, tmp_path):
    cell = str(study.cells["cell"].values[0])
    (file.parent / "labels.csv").write_text(f"cell,label\n{cell},T85711\n", encoding="utf-8")
    own = file.with_name("labelled.toml")
    own.write_text('labels = "labels.csv"\n' + file.read_text(encoding="utf-8"), encoding="utf-8")
    heads = ["month", "cell", "time", "by", "text", "problem"]
    assert "1 recorded" in returned(
        own, out, tmp_path / "f.csv", heads, ["2025-12", "T85711", "2026-01-03T10:00", "王", "土", "裸土未苫盖"]
    )
    assert (
        json.loads(run("ledger", "--study", own, "--out", out, "--kind", "feedback", "--json"))["entries"][0]["cell"]
        == cell
    )
    assert f"cell {cell} (T85711)" in run("cell", "t85711", "--study", own)
    assert f"sub-cell {cell}-07" in run("cell", "T85711-07", "--study", own)
