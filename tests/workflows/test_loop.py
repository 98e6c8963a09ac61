"""Feedback and escalation through the ledger of published months."""

import csv

import pandas as pd
import pytest

from hotspot.ledger.chain.store import open_ledger
from hotspot.publish.tables.lists import WARNING_COLUMNS, write_warnings
from hotspot.rank.select.hotlist import COLUMNS as HOT_COLUMNS
from hotspot.study import load_study
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import escalate_month, record_feedback_file
from hotspot.workflows.closing.outcome import outcome_of_visits, write_outcome

MONTHS = ["2025-10", "2025-11", "2025-12"]


@pytest.fixture(scope="module")
def study(small_copy, tmp_path_factory):
    path = small_copy(tmp_path_factory.mktemp("study"))
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


def test_d11_stands_beside_what_chance_alone_would_bring(study, out):
    """Two of the cells are hotspot cells of a city of the study; A is listed with p_top 0.5 in each month."""
    codes = study.cells["cell"].values[:2].astype(str).tolist()
    home = out / study.id
    with open_ledger(home / "ledger.sqlite") as ledger:
        for month in MONTHS:
            ledger.append("month", month, {"manifest_sha256": month, "warned": [[codes[0], "highest"]]})
    for month in MONTHS:
        (home / month).mkdir()
        row = dict.fromkeys(WARNING_COLUMNS, "") | {"month": month, "cell": codes[0], "reason": "highest", "p_top": 0.5}
        row |= dict.fromkeys(("rank", "pm25", "rank_low", "rank_high"), 1)
        write_warnings(home / month / "warnings.csv", pd.DataFrame([row]).replace("", None), 1)
    hot = pd.DataFrame({"city": str(study.cells["city"].values[0]), "cell": codes, "status": "screened", "year": 2025})
    hot = hot.assign(since=2025).reindex(columns=list(HOT_COLUMNS))
    hot.to_csv(home / "2025-12" / "hotspots.csv", index=False)
    answer = escalate_month(study, "2025-12", out=out)
    row = next(row for row in answer["cells"] if row["cell"] == codes[0])
    assert (row["d11"], row["p_months"], row["p_step"]) == (True, 0.5, 0.125)
    # Three months of one in two cells: 2 x 1/8, both for three in a row now and for D11 within the window.
    assert (answer["chance"]["d11"], answer["chance"]["d12"]) == (0.25, 0.25)
    assert "0.12" in answer["sentences"][0] and "by chance alone (2 hotspot cells" in answer["sentences"][1]


def test_outcome_of_the_visits(study, out, tmp_path):
    rows = [["2025-10", "A", "2025-11-03T10:00", "李四", "见照片", "site_dust"]]
    rows += [["2025-10", "B", "2025-11-03T11:00", "李四", "未发现问题", "none"]]
    rows += [["2025-11", "A", "2025-12-03T11:00", "李四", "未发现问题", "none"]]
    with open(tmp_path / "f.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["month", "cell", "time", "by", "text", "problem"], *rows])
    assert record_feedback_file(study, tmp_path / "f.csv", out=out)["counts"]["recorded"] == 3
    answer = outcome_of_visits(study, out=out, last="2025-10")
    assert (answer["rows"][0]["visited"], answer["rows"][0]["problems"], answer["rows"][0]["share"]) == (2, 1, 0.5)
    assert answer["sentences"][0].startswith("全部：2处中1处有问题，50.0%（9.5%—90.5%）")
    assert "65.3 %" in answer["sentences"][-2] and "10.12153/j.issn.1674-991X.20220377" in answer["sentences"][-2]
    assert outcome_of_visits(study, out=out)["rows"][0]["visited"] == 3
    lines = write_outcome(answer, tmp_path / "outcome.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("group,value,visited") and lines[1].startswith("all,,2,1,0,0.5000,0.0945")
    with pytest.raises(ValueError, match="is after"):
        outcome_of_visits(study, out=out, first="2025-12", last="2025-10")


def test_before_any_visit_there_is_no_outcome_and_no_share(study, out):
    answer = outcome_of_visits(study, out=out)
    assert answer["rows"][0]["visited"] == 0 and answer["rows"][0]["share"] is None
    assert answer["sentences"][0].startswith("全部：没有说明结果的排查")


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
