"""Feedback and escalation through the ledger of published months."""

import csv

import pytest

from hotspot.ledger.store import open_ledger
from hotspot.study import load_study
from hotspot.synthetic.study import write_study
from hotspot.variables import DataError
from hotspot.workflows.loop import escalate_month, record_feedback_file

MONTHS = ["2025-10", "2025-11", "2025-12"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = write_study(tmp_path_factory.mktemp("study"), size="small")
    return load_study(path, data=path.parent)


@pytest.fixture
def out(study, tmp_path):
    """Three published months, as `publish` links them: cell A warned in each, B once."""
    (tmp_path / study.id).mkdir()
    with open_ledger(tmp_path / study.id / "ledger.sqlite") as ledger:
        for month in MONTHS:
            warned = [["A", "highest"], ["A", "year_on_year"]] + ([["B", "highest"]] if month == MONTHS[0] else [])
            ledger.append("month", month, {"manifest_sha256": month, "warned": warned})
    return tmp_path


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["month", "cell", "time", "by", "text"], *rows])
    return path


def test_d11_three_in_a_row_is_said_in_words(study, out):
    answer = escalate_month(study, "2025-12", out=out)
    states = {row["cell"]: (row["d11"], row["count"]) for row in answer["cells"]}
    assert states == {"A": (True, 3), "B": (False, 1)}
    assert answer["sentences"][0].startswith("A: ")
    assert not any(line.startswith("B: ") for line in answer["sentences"])


def test_a_month_never_published_cannot_be_judged(study, out, tmp_path):
    with pytest.raises(DataError, match="was not published"):
        escalate_month(study, "2026-01", out=out)
    with pytest.raises(DataError, match="nothing was published yet"):
        escalate_month(study, "2025-12", out=tmp_path / "elsewhere")


def test_feedback_rows_are_conserved_and_named(study, out, tmp_path):
    file = write(
        tmp_path / "feedback.csv",
        [
            ["2025-10", "A", "2025-11-03T10:00", "李四", "裸土未苫盖"],
            ["2025-10", "A", "2025-11-03T10:00", "李四", "裸土未苫盖"],
            ["2025-10", "C", "2025-11-03T10:00", "李四", "没有这个网格"],
            ["2025-11", "A", "2025-11-03T10:00", "李四", "早于当月结束"],
        ],
    )
    answer = record_feedback_file(study, file, out=out)
    assert answer["counts"] == {"recorded": 1, "repeated": 1, "quarantined": 2}
    assert answer["sentences"][0] == "4 rows = 1 recorded + 1 repeated + 2 quarantined"
    assert [line.split(":")[0] for line in answer["sentences"][1:]] == ["feedback.csv, row 4", "feedback.csv, row 5"]


def test_feedback_without_a_column_is_refused(study, out, tmp_path):
    (tmp_path / "short.csv").write_text("month,cell\n2025-10,A\n", encoding="utf-8")
    with pytest.raises(DataError, match="time"):
        record_feedback_file(study, tmp_path / "short.csv", out=out)
