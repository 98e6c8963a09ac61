"""Days and months in the tables of the loop, as spreadsheets leave them."""

import datetime
from types import SimpleNamespace

import openpyxl

from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import read_loop_table
from hotspot.sources.network import read_network
from hotspot.study_loop import NetworkFiles
from hotspot.workflows.closing.answers import returned_rows


def written(path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_day_is_one_whether_typed_counted_or_written(tmp_path):
    """Only the written one was; the others were set aside, and with them the unit or the person."""
    days = [datetime.datetime(2023, 5, 1), 45047, "2023/5/1", "2023-05-01", "2023年5月1日"]
    rows = [[f"T{n}", "乡镇", f"镇{n}", day] for n, day in enumerate(days)]
    written(tmp_path / "u.xlsx", ["单位编号", "层级", "名称", "起始日期"], *rows, ["X", "乡镇", "镇", "去年"])
    intake = Intake(tmp_path)
    units = read_network(NetworkFiles(units="u.xlsx"), tmp_path, intake).units
    assert units["from"].tolist() == ["2023-05-01"] * 5
    assert [row.rule for row in intake.quarantine] == ["from '去年' is no date like 2023-05-01"]
    assert "column from: the day numbers of a spreadsheet were read as dates (45047 as 2023-05-01)" in intake.notes[0]


def test_the_times_of_an_answer_may_be_counted(tmp_path):
    head = ["月份", "网格编号", "排查时间", "填报人", "检查情况和问题"]
    path = written(tmp_path / "f.xlsx", head, ["2025-12", "A", 46027.4166667, "王", "裸土"])
    study = SimpleNamespace(office=SimpleNamespace(forms=()), utc_offset=8.0)
    assert returned_rows(study, path, Intake(tmp_path)).frame["time"].tolist() == ["2026-01-05 10:00"]


def test_a_month_that_a_spreadsheet_made_a_date_is_that_month(tmp_path):
    """Points of such rows were left out of the month's assessment, and nothing said so."""
    said = [datetime.datetime(2025, 12, 1), "2025-12", "2025年12月", "2025/12", 202512]
    path = written(
        tmp_path / "b.xlsx",
        ["月份", "单位", "考核项"],
        *([month, "甲县", "5"] for month in said),
        ["12月", "甲县", "5"],
    )
    months = read_loop_table(path, ("month", "unit"), Intake(tmp_path)).frame["month"].tolist()
    assert months == ["2025-12"] * 5 + ["12月"]
