"""The calendar of products: what is due, each made from the ledger of a small town, recorded as sent (LOOP 5)."""

import csv
import json
import re
import shutil

import loop_town
import openpyxl
import pytest
from pypdf import PdfReader

from hotspot.ledger.chain.store import open_ledger
from hotspot.variables import DataError
from hotspot.workflows.periods.calendar import due_products, write_letter
from hotspot.workflows.periods.kpi import write_kpi


@pytest.fixture(scope="module")
def desk(small_copy, tmp_path_factory):
    """The small study with a network and every table, and a folder with its ledger."""
    root = tmp_path_factory.mktemp("calendar")
    path = small_copy(root / "study")
    with open(path.parent / "facilities.csv", encoding="utf-8") as stream:
        ids = [next(iter(row.values())) for row in csv.DictReader(stream)]
    loop_town.write_tables(path.parent, [(ids[0], "黄色"), (ids[1], "橙色"), (ids[2], "红色"), ("X9", "黄色")])
    town = loop_town.with_network(path, profile="mee-2020", more=loop_town.LOOP)
    loop_town.fill_ledger(town, root / "out", facilities=tuple(ids[:6]))
    return town, root / "out"


def told(files, name):
    """Text of the PDF of a product."""
    path = next(path for path in files if path.endswith(f"{name}.pdf"))
    text = "".join(page.extract_text() for page in PdfReader(path).pages)
    return "".join(text.split())


def test_c4_what_is_due_follows_the_profile_and_stops_when_it_was_sent(desk, tmp_path):
    town, source = desk
    out = shutil.copytree(source, tmp_path / "out")
    answer = due_products(town, "2025-12-15T08:00", out=out)
    by = {(row["product"], row["period"]): row["state"] for row in answer["rows"]}
    assert by[("summary", "2025-W50")] == by[("dispatch", "2025-12-14")] == "due"
    assert by[("summary", "2025-W50-mid")] == by[("summary", "2025-W49")] == "late", "mid-week and weekend are two"
    assert ("situation", "2025-12-H1") not in by, "the half month is not over"
    assert ("situation", "2025-12-H1") in {
        (r["product"], r["period"]) for r in due_products(town, "2025-12-16", out=out)["rows"]
    }
    write_letter(town, "summary", "2025-W50", out=out, sent="2025-12-15T09:00", to="领导", channel="OA", by="张")
    states = {(r["product"], r["period"]): r["state"] for r in due_products(town, "2025-12-15T10:00", out=out)["rows"]}
    assert states[("summary", "2025-W50")] == "sent"
    before = {(r["product"], r["period"]): r["state"] for r in due_products(town, "2025-12-15T08:00", out=out)["rows"]}
    assert before[("summary", "2025-W50")] == "due", "sent later has not happened yet"


def test_e6_under_a_response_the_county_reports_daily(desk):
    town, out = desk
    changji = loop_town.with_network(town.path.parent / "study.toml", more=loop_town.LOOP, name="changji.toml")
    rows = [r for r in due_products(changji, "2025-12-15", out=out)["rows"] if r["product"] == "summary"]
    assert [r["period"] for r in rows] == [
        "2025-12-10",
        "2025-12-11",
        "2025-12-12",
        "2025-12-13",
        "2025-W49",
        "2025-W50",
    ]
    assert {r["tier"] for r in rows} == {"county"}


def test_e4_urumqi_patrols_weekly_and_reports_quarterly(desk):
    town, out = desk
    urumqi = loop_town.with_network(
        town.path.parent / "study.toml", profile="urumqi-2024", more=loop_town.LOOP, name="urumqi.toml"
    )
    rows = {(r["product"], r["period"]) for r in due_products(urumqi, "2026-01-05", out=out)["rows"]}
    assert {("patrol", "2025-W52"), ("dispatch", "2025-12"), ("bulletin", "2025-Q4")} <= rows


def test_c4_the_dispatch_table_counts_what_the_ledger_holds(desk, tmp_path):
    town, out = desk
    answer = write_letter(town, "dispatch", "2025-11", out=shutil.copytree(out, tmp_path / "o"))
    text = told(answer["files"], "dispatch")  # six were never answered; the last one's 24 hours are not over
    assert "推送PM2.5报警30次，反馈率80.00%（24/30）" in text and "超期未反馈5次" in text
    assert any("紫色" in note for note in answer["notes"]), "a response of no level is set aside and said"


def test_c12_a_city_is_reminded_with_its_reason_and_not_without_one(desk, tmp_path):
    town, source = desk
    out = shutil.copytree(source, tmp_path / "o")
    text = told(write_letter(town, "reminder", "2025-12-12", out=out)["files"], "reminder-990100")
    assert "近7天推送报警反馈率80.00%（4/5），低于90%" in text
    assert "比去年同期（68.6）上升14.5%" in text
    calm = town.with_criteria(cadence={"feedback_rate": 0, "pm25_rise": 100, "feedback_days": 1})
    answer = write_letter(calm, "reminder", "2025-12-12", out=out)
    assert answer["files"] == [] and "no trigger holds" in answer["sentences"][0]


def test_c4_the_summary_stands_against_the_week_before(desk, tmp_path):
    town, source = desk
    out = shutil.copytree(source, tmp_path / "o")
    text = told(write_letter(town, "summary", "2025-W50", out=out)["files"], "summary")
    assert "推送PM2.5报警7次，与上期持平" in text and "典型案例" in text and "工地扬尘问题1个。其中" in text
    half = told(write_letter(town, "summary", "2025-W50-mid", out=out)["files"], "summary")
    assert "周中汇总" in half and "推送PM2.5报警3次" in half
    first = (out / town.id / "loop" / "2025-W50" / "summary.docx").read_bytes()
    write_letter(town, "summary", "2025-W50", out=out)
    assert (out / town.id / "loop" / "2025-W50" / "summary.docx").read_bytes() == first, "same ledger, same bytes"


def test_c4_half_a_month_and_a_month(desk, tmp_path):
    town, source = desk
    out = shutil.copytree(source, tmp_path / "o")
    half = told(write_letter(town, "situation", "2025-12-H1", out=out)["files"], "situation")
    assert "同比上升14.5%" in half and "整改进展" in half and "PM2.5（15天）" in half
    month = told(write_letter(town, "bulletin", "2025-12", out=out)["files"], "bulletin")
    assert "预警网格3格次" in month and "综合指数" in month and "末位" not in month
    assert "-3.9" in month and "+4.3" in month, "the ranking's improvement of 5.1 to 5.3 and of 4.6 to 4.4"
    # Warned in October, November and December: three in a row reach D11 and D12.
    assert re.search(r"NP\w{5}网格：", month)
    november = told(write_letter(town, "bulletin", "2025-11", out=out)["files"], "bulletin")
    assert "没有交付发布的综合指数" in november and "通报批评" in november
    quarter = told(write_letter(town, "bulletin", "2025-Q4", out=out)["files"], "bulletin")
    assert "季通报" in quarter and "预警网格7格次" in quarter


def test_b7_the_consultation_sheet_has_wind_sources_response_and_targets(desk, tmp_path):
    town, source = desk
    out = shutil.copytree(source, tmp_path / "o")
    text = told(write_letter(town, "consultation", "2025-12-12", out=out)["files"], "consultation")
    assert "橙色预警响应自2025-12-10起执行（〔2025〕8号）" in text and "X9" in text and "限产50%" in text
    assert "油烟净化设施" in text and "国三及以下柴油货车" in text and "混凝土搅拌站" not in text, "items by level"
    assert "首要污染物PM2.5，重点管控" in text and "方向" in text and "余下19天控制在" in text
    later = told(write_letter(town, "consultation", "2025-12-15", out=out)["files"], "consultation")
    assert "预警响应" not in later
    with pytest.raises(ValueError, match="is of a day"):
        write_letter(town, "consultation", "2025-W50", out=out)


def test_b7_the_special_report_forecasts_only_what_was_delivered(desk, tmp_path):
    town, source = desk
    out = shutil.copytree(source, tmp_path / "o")
    text = told(write_letter(town, "special", "2025-W50", out=out)["files"], "special")
    assert "预报来源：示例监测中心" in text and "110—140" in text and "主要负责同志公开约谈" in text
    later = told(write_letter(town, "special", "2025-W51", out=out)["files"], "special")
    assert "本部分从略" in later and "示例监测中心" not in later
    none = town.model_copy(update={"loop": town.loop.model_copy(update={"forecast": None})})
    assert "没有交付空气质量预报" in told(write_letter(none, "special", "2025-W50", out=out)["files"], "special")


def test_rule_17_patrols_by_township(desk, tmp_path):
    town, source = desk
    out = shutil.copytree(source, tmp_path / "o")
    text = told(write_letter(town, "patrol", "2025-W50", out=out)["files"], "patrol")
    assert "应巡查126次" in text and re.search(r"实际[1-9]\d*次", text)


def test_a5_c11_the_kpi_workbook_and_page_hold_the_ledgers_numbers(desk, tmp_path):
    town, source = desk
    out = shutil.copytree(source, tmp_path / "o")
    answer = write_kpi(town, "2025-12", out=out, months=3)
    rows = {(row["level"], row["unit"], row["month"]): row for row in answer["rows"]}
    whole = rows[("study", town.name, "2025-12")]
    assert (whole["pushed"], whole["answered"], whole["answer_rate"], whole["overdue"]) == (30, 24, 80.0, 6)
    assert (whole["open_end"], whole["persons_per_alarm"]) == (8, 3.2)
    for month in ("2025-11", "2025-12"):
        cities = [row for key, row in rows.items() if key[0] == "city" and key[2] == month]
        assert sum(row["pushed"] for row in cities) == rows[("study", town.name, month)]["pushed"]
        assert all(row["valid"] == int(pd_days(month)) for row in cities)
    assert whole["load"] == round(30 / whole["cells"], 2) and whole["cells"] > 0
    assert sum(row["n"] for row in answer["kinds"]["rows"]) == answer["kinds"]["total"]
    book = openpyxl.load_workbook(out / town.id / "loop" / "kpi.xlsx")
    assert book.sheetnames == ["总体", "城市", "县区", "部门", "类型", "类型×时段", "类型×月份", "目标"]
    html = (out / town.id / "loop" / "kpi.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="hotspot-data">(.*?)</script>', html, re.DOTALL)[1])
    assert len(data["alarms"]) == 60 and "柳林监0" not in html, "no name of a person on the page"
    first = (out / town.id / "loop" / "kpi.xlsx").read_bytes(), html
    write_kpi(town, "2025-12", out=out, months=3)
    again = (out / town.id / "loop" / "kpi.xlsx").read_bytes(), (out / town.id / "loop" / "kpi.html").read_text("utf-8")
    assert first == again


def pd_days(month):
    import pandas as pd

    return pd.Period(month).days_in_month


def test_a_product_that_is_none_a_period_that_is_none_and_an_unpublished_study_are_refused(desk, tmp_path):
    town, out = desk
    with pytest.raises(ValueError, match="is no product"):
        write_letter(town, "poem", "2025-12", out=out)
    with pytest.raises(ValueError, match="is no period"):
        write_letter(town, "summary", "2025-W60", out=out)
    with pytest.raises(DataError, match="nothing was published"):
        write_letter(town, "summary", "2025-W50", out=tmp_path)
    assert due_products(town, "2025-12-15", out=tmp_path)["rows"], "the calendar is known before anything was sent"


def test_what_was_sent_stands_in_the_chain(desk, tmp_path):
    town, source = desk
    out = shutil.copytree(source, tmp_path / "o")
    for _ in range(2):
        write_letter(town, "dispatch", "2025-12-12", out=out, sent="2025-12-13T08:00", to="调度组")
    with open_ledger(out / town.id / "ledger.sqlite") as ledger:
        (entry,) = ledger.entries("sent")
        ledger.verify()
    assert entry.body["product"] == "dispatch" and entry.body["to"] == "调度组" and len(entry.body["sha256"]) == 64
