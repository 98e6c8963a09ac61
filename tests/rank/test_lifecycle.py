"""D7: a list is screened, reviewed by people, formal; a review at fault is refused whole."""

import numpy as np
import pytest
from list_case import annual_of, level_of, study_of

from hotspot.rank.select.hotlist import COLUMNS, in_force, read_hotspots, write_hotspots
from hotspot.rank.select.hotspots import rank_cells, select_hotspots
from hotspot.rank.select.lifecycle import apply_review, make_formal, read_review, write_review_form
from hotspot.sources.intake import Intake
from hotspot.variables import DataError

HEAD = "cell,decision,reviewer,reason,date\n"


@pytest.fixture
def screened():
    """Three of thirty cells, K0027..K0029, and what an added cell's row is made of."""
    study = study_of([30])
    annual = annual_of(study, np.r_[np.nan, np.arange(1.0, 30)])
    level = level_of(study, np.arange(30.0))
    standing = rank_cells(annual, study, 2020, level=level)
    hot = select_hotspots(annual, study, 2020, level=level)
    assert hot["cell"].tolist() == ["K0027", "K0028", "K0029"]
    return study, annual, standing, hot


def review_of(tmp_path, text, screened, *, name="review.csv", coding="utf-8"):
    path = tmp_path / name
    path.write_bytes((HEAD + text).encode(coding))
    return read_review(path, screened[3], screened[0].cells, Intake(path.parent))


def after(review, screened):
    study, annual, standing, hot = screened
    return apply_review(hot, review, standing=standing, annual=annual, study=study)


def test_d7_keep_remove_add_then_formal(tmp_path, screened):
    review = review_of(
        tmp_path,
        "K0029,keep,王芳,窑炉密集,2020-07-01\nK0028,remove,王芳,已搬迁,2020-07-02\n"
        "K0003,add,李强,散煤集中,2020-07-03\nK0027,keep,李强,在建工地,2020-07-03\n",
        screened,
    )
    hot = after(review, screened)
    assert list(hot.columns) == list(COLUMNS)
    assert dict(zip(hot["cell"], hot["status"], strict=True)) == {
        "K0003": "reviewed", "K0027": "reviewed", "K0028": "exited", "K0029": "reviewed",
    }  # fmt: skip
    row = hot.set_index("cell").loc["K0003"]
    assert row["pm25"] == 3.0 and row["level"] == 3.0 and row["since"] == 2020 and row["area_km2"] == 9.0
    assert "复核增补：李强，2020-07-03，散煤集中" in row["reason"] and "added on review by 李强" in row["reason"]
    formal = make_formal(hot)
    assert sorted(set(formal["status"])) == ["exited", "formal"]
    assert in_force(formal)["cell"].tolist() == ["K0003", "K0027", "K0029"]
    # The list is read back with its decisions, and the screened one was not changed.
    back = read_hotspots(write_hotspots(tmp_path / "hotspots-2020.csv", formal), screened[0].cells)
    assert back["reason"].tolist() == formal["reason"].tolist()
    assert screened[3]["status"].unique().tolist() == ["screened"]


def test_d7_a_list_with_undecided_cells_is_not_formal(tmp_path, screened):
    hot = after(review_of(tmp_path, "K0029,keep,Wang,kilns,2020-07-01\n", screened), screened)
    assert (hot["status"] == "screened").sum() == 2
    with pytest.raises(DataError, match=r"2 of 3 cells have no decision yet \(K0027, K0028\)"):
        make_formal(hot)
    form = write_review_form(tmp_path / "form.csv", hot).read_text(encoding="utf-8-sig")
    assert [line.split(",")[0] for line in form.splitlines()] == ["cell", "K0027", "K0028"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("K0029,keep,W,r,2020-07-01\nK0029,remove,W,r,2020-07-01\n", "row 3: K0029 stands in row 2 with another"),
        ("K0029,keep,W,r,2020-07-01\nK0029,keep,L,r,2020-07-01\n", "row 3: K0029 stands in row 2 with another"),
        ("K9999,keep,W,r,2020-07-01\n", "row 2: column cell: 'K9999' is no cell of this study"),
        ("K0003,keep,W,r,2020-07-01\n", "row 2: K0003 is not on the list"),
        ("K0003,remove,W,r,2020-07-01\n", "row 2: K0003 is not on the list"),
        ("K0029,add,W,r,2020-07-01\n", "row 2: K0029 is listed already"),
        ("K0029,drop,W,r,2020-07-01\n", "row 2: column decision: 'drop' is none of keep, remove, add"),
        ("K0029,keep,,r,2020-07-01\n", "row 2: column reviewer is empty"),
        ("K0029,keep,W, ,2020-07-01\n", "row 2: column reason is empty"),
        ("K0029,keep,W,r,01/07/2020\n", "row 2: column date: '01/07/2020'"),
        ("K0029,keep,W,r,2020-02-30\n", "row 2: column date: '2020-02-30'"),
        ("K0029,keep,W\n", "row 2: 3 fields where the header has 5"),
    ],
)
def test_d7_a_review_at_fault_is_refused_whole(tmp_path, screened, text, message):
    with pytest.raises(DataError, match="The review was not applied") as error:
        review_of(tmp_path, text, screened)
    assert message in str(error.value)


def test_every_fault_of_a_review_is_named_up_to_ten(tmp_path, screened):
    with pytest.raises(DataError, match="and 2 more") as error:
        review_of(tmp_path, "".join(f"X{i},keep,W,r,2020-07-01\n" for i in range(12)), screened)
    assert str(error.value).count("is no cell of this study") == 10


def test_a_row_said_twice_counts_once_and_order_changes_nothing(tmp_path, screened):
    rows = ["K0029,keep,W,r,2020-07-01\n", "K0027,remove,W,r,2020-07-01\n"]
    one = review_of(tmp_path, "".join(rows), screened)
    two = review_of(tmp_path, "".join(rows[::-1] + rows), screened, name="again.csv")
    assert one.equals(two)
    assert after(one, screened).equals(after(two, screened))


def test_a_review_from_a_chinese_spreadsheet_is_read(tmp_path, screened):
    review = review_of(tmp_path, "K0029,keep,王芳,窑炉密集,2020-07-01\n", screened, coding="gb18030")
    assert review["reviewer"].tolist() == ["王芳"]


def test_a_cell_without_a_mean_cannot_be_added(tmp_path, screened):
    review = review_of(tmp_path, "K0000,add,W,r,2020-07-01\n", screened)
    with pytest.raises(DataError, match="K0000 cannot be added"):
        after(review, screened)


def test_a_reviewer_knows_a_cell_by_its_label(tmp_path, screened):
    labels = ["T85711" if code == "K0027" else "" for code in screened[0].cells["cell"].values]
    path = tmp_path / "review.csv"
    path.write_text(f"{HEAD}t85711,keep,Wang,kilns seen,2020-07-01\n", encoding="utf-8")
    cells = screened[0].cells.assign_coords(label=("cell", labels))
    assert read_review(path, screened[3], cells, Intake(tmp_path))["cell"].tolist() == ["K0027"]
