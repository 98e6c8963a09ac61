"""The yearly list: area quotas, ties, entry and exit, and a list file nobody may bend."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from list_case import annual_of, level_of, study_of

from hotspot.rank.select.hotlist import COLUMNS, in_force, read_hotspots, write_hotspots
from hotspot.rank.select.hotspots import select_hotspots
from hotspot.variables import DataError


def naive_worse_rank(pm25, level):
    """The worse of two competition ranks, by counting."""
    return [max(1 + sum(p > q for p in pm25), 1 + sum(a > b for a in level)) for q, b in zip(pm25, level, strict=True)]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_d4_the_list_is_high_in_both_criteria(seed, tied):
    """Whoever is listed stands among the m highest in both, and m is as large as the quota allows."""
    study = study_of([40])
    rng = np.random.default_rng(seed)
    pm25, level = rng.uniform(30, 90, 40), rng.uniform(30, 90, 40)
    if tied:
        pm25, level = np.round(pm25, -1), np.round(level, -1)
    hot = select_hotspots(annual_of(study, pm25), study, 2020, level=level_of(study, level))
    worse = naive_worse_rank(pm25, level)
    order = sorted(range(40), key=lambda i: (worse[i], sum(p > pm25[i] for p in pm25), i))
    assert sorted(hot["cell"]) == sorted(f"K{i:04d}" for i in order[:4])
    assert np.allclose(hot["level"], level[[int(code[1:]) for code in hot["cell"]]])


def test_d4_each_criterion_alone_lists_nobody():
    study = study_of([20])
    pm25, level = np.arange(20.0), np.arange(20.0)
    level[19] = -1.0  # the highest concentration, and nothing in stagnant weather: blown in from outside
    pm25[0], level[0] = -1.0, 99.0  # the reverse
    hot = select_hotspots(annual_of(study, pm25), study, 2020, level=level_of(study, level))
    assert hot["cell"].tolist() == ["K0017", "K0018"]
    assert "number 2 in the city by concentration and 2 by its stagnant level of 18.0 ug/m3" in hot["reason"].iloc[1]
    assert "静稳水平18.0微克/立方米、第2位" in hot["reason"].iloc[1]


def test_d4_no_level_is_said_or_refused():
    pm25 = np.arange(20.0)
    study = study_of([20])
    hot = select_hotspots(annual_of(study, pm25), study, 2020)
    assert "仅按浓度一项筛选" in hot["reason"].iloc[0] and "concentration alone" in hot["reason"].iloc[0]
    assert hot["level"].isna().all()
    empty = level_of(study, np.full(20, np.nan)).assign_attrs(why="no weather was delivered")
    told = select_hotspots(annual_of(study, pm25), study, 2020, level=empty)
    assert "no level in stagnant weather: no weather was delivered" in told["reason"].iloc[0]
    pd.testing.assert_frame_equal(told.drop(columns="reason"), hot.drop(columns="reason"))
    off = study_of([20], second_criterion="none")
    listed = select_hotspots(annual_of(off, pm25), off, 2020, level=level_of(off, -pm25))
    assert listed["cell"].tolist() == hot["cell"].tolist()
    strict = study_of([20], second_criterion="required")
    with pytest.raises(DataError, match=r"require a level in stagnant weather.*no weather was delivered"):
        select_hotspots(annual_of(strict, pm25), strict, 2020, level=empty)
    with pytest.raises(DataError, match="require a level"):
        select_hotspots(annual_of(strict, pm25), strict, 2020)


def test_d4_a_cell_without_a_level_among_others():
    pm25 = np.arange(20.0)
    level = pm25.copy()
    level[19] = np.nan
    study = study_of([20])
    hot = select_hotspots(annual_of(study, pm25), study, 2020, level=level_of(study, level)).set_index("cell")
    assert hot.index.tolist() == ["K0018", "K0019"] and "this cell has no level" in hot["reason"]["K0019"]
    strict = study_of([20], second_criterion="required")
    hot = select_hotspots(annual_of(strict, pm25), strict, 2020, level=level_of(strict, level))
    assert hot["cell"].tolist() == ["K0017", "K0018"]


def test_regional_modes_rank_over_the_region():
    """The best of a clean city does not outrank a dirty city's second by being first at home."""
    study = study_of([10, 10], quota_mode="regional", quota_share=0.2)
    pm25 = np.r_[np.arange(80.0, 90), np.arange(40.0, 50)]
    hot = select_hotspots(annual_of(study, pm25), study, 2020, level=level_of(study, pm25))
    assert hot["city"].unique().tolist() == ["city0"] and len(hot) == 4
    assert "number 4 in the region" in hot["reason"].iloc[0]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.integers(0, 59), st.floats(0, 50), st.floats(0, 50),
    st.sampled_from(["per_city", "regional", "mixed"]),
)  # fmt: skip
def test_raising_either_value_never_takes_a_cell_off_the_list(seed, place, rise, rise_level, mode):
    study = study_of([30, 20, 10], quota_mode=mode, quota_share=0.15)
    rng = np.random.default_rng(seed)
    pm25, level = np.round(rng.uniform(30, 60, 60)), np.round(rng.uniform(30, 60, 60))
    before = select_hotspots(annual_of(study, pm25), study, 2020, level=level_of(study, level))["cell"].tolist()
    pm25[place] += rise
    level[place] += rise_level
    after = select_hotspots(annual_of(study, pm25), study, 2020, level=level_of(study, level))["cell"].tolist()
    if f"K{place:04d}" in before:
        assert f"K{place:04d}" in after


def test_d5_quota_is_a_tenth_of_each_city_by_area():
    study = study_of([100, 40, 8])
    pm25 = np.random.default_rng(0).uniform(30, 90, 148)
    hot = select_hotspots(annual_of(study, pm25), study, 2020)
    assert hot.groupby("city")["cell"].count().to_dict() == {"city0": 10, "city1": 4, "city2": 1}
    assert list(hot.columns) == list(COLUMNS)
    for city, group in hot.groupby("city"):
        own = pm25[study.cells["city"].values == city]
        assert sorted(group["pm25"]) == sorted(np.sort(own)[-len(group) :])
    assert (hot["area_km2"] == 9.0).all() and (hot["status"] == "screened").all()


def test_d5_quota_counts_area_not_cells():
    """Border cells lend the city only the part of them that is inside it."""
    study = study_of([20])
    area = np.full(20, 9e6)
    area[:4] = 3e6
    study.cells["member_area"].values[:] = area
    study.cells["unit_area"].values[:] = area.sum()
    pm25 = np.r_[np.full(4, 90.0), np.linspace(80, 50, 16)]
    hot = select_hotspots(annual_of(study, pm25), study, 2020)
    # 10 % of 156 km2 is 15.6 km2: four heavy slivers of 3 km2, and no whole cell more.
    assert hot["cell"].tolist() == ["K0000", "K0001", "K0002", "K0003"]
    assert hot["area_km2"].sum() <= 15.6


def test_d5_a_neighbours_part_of_the_cell_is_not_counted():
    study = study_of([10, 10])
    parts = {"member_cell": 0, "member_unit": 1, "member_area": 4e6}
    joined = {name: ("member", np.append(study.cells[name].values, value)) for name, value in parts.items()}
    study.cells = study.cells.drop_dims("member").assign(joined)
    hot = select_hotspots(annual_of(study, np.arange(20.0)[::-1]), study, 2020)
    assert hot.set_index("cell")["area_km2"]["K0000"] == 9.0


def test_d6_three_modes_share_the_region_differently():
    heavy, light = np.linspace(80, 100, 100), np.linspace(40, 60, 100)
    pm25 = np.r_[heavy, light]

    def count(**selection):
        study = study_of([100, 100], **selection)
        return select_hotspots(annual_of(study, pm25), study, 2020).groupby("city")["cell"].count().to_dict()

    assert count(quota_mode="per_city") == {"city0": 10, "city1": 10}
    assert count(quota_mode="regional") == {"city0": 20}
    assert count(quota_mode="mixed", floor_share=0.03, cap_share=0.15) == {"city0": 15, "city1": 5}
    assert count(quota_mode="mixed", floor_share=0.05, cap_share=0.9) == {"city0": 15, "city1": 5}


def test_mixed_mode_stops_where_every_city_is_full():
    study = study_of([100, 100], quota_mode="mixed", cap_share=0.12, floor_share=0.0, quota_share=0.5)
    hot = select_hotspots(annual_of(study, np.arange(200.0)), study, 2020)
    assert hot.groupby("city")["cell"].count().to_dict() == {"city0": 12, "city1": 12}
    with pytest.raises(ValueError, match="floor_share"):
        study = study_of([5], floor_share=0.5, cap_share=0.2)
        select_hotspots(annual_of(study, np.arange(5.0)), study, 2020)


def test_ties_go_by_code_and_dust_is_a_tie():
    study = study_of([40])
    pm25 = np.full(40, 50.0)
    pm25[30] = 0.1 + 0.2 + 49.7  # fifty and a bit of binary dust
    hot = select_hotspots(annual_of(study, pm25), study, 2020)
    assert hot["cell"].tolist() == ["K0000", "K0001", "K0002", "K0003"]


def test_cells_without_a_valid_mean_an_owner_or_enough_area_are_not_eligible():
    study = study_of([20], min_area_share=0.5)
    study.cells["area_share"].values[19] = 0.4
    study.cells["city"].values[18] = ""
    valid = np.ones(20, dtype=bool)
    valid[17] = False
    hot = select_hotspots(annual_of(study, np.arange(20.0), valid), study, 2020)
    assert hot["cell"].tolist() == ["K0015", "K0016"]


def test_nothing_valid_is_an_error_with_the_reasons_counted():
    study = study_of([5])
    with pytest.raises(DataError, match=r"too few months \(5 cells\)"):
        select_hotspots(annual_of(study, np.full(5, np.nan)), study, 2020)
    with pytest.raises(DataError, match="not the cells of this study"):
        select_hotspots(annual_of(study, np.arange(5.0)).isel(cell=slice(0, 4)), study, 2020)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.integers(0, 59), st.floats(0.1, 50), st.sampled_from(["per_city", "regional", "mixed"])
)
def test_raising_a_cell_never_takes_it_off_the_list(seed, place, rise, mode):
    study = study_of([30, 20, 10], quota_mode=mode, quota_share=0.15)
    pm25 = np.random.default_rng(seed).uniform(30, 90, 60)
    before = select_hotspots(annual_of(study, pm25), study, 2020)["cell"].tolist()
    raised = pm25.copy()
    raised[place] += rise
    after = select_hotspots(annual_of(study, raised), study, 2020)["cell"].tolist()
    if f"K{place:04d}" in before:
        assert f"K{place:04d}" in after


def test_adding_a_far_city_changes_no_other_citys_list():
    pm25 = np.random.default_rng(3).uniform(30, 90, 90)
    one, two = study_of([60]), study_of([60, 30])
    alone = select_hotspots(annual_of(one, pm25[:60]), one, 2020)
    beside = select_hotspots(annual_of(two, pm25), two, 2020)
    pd.testing.assert_frame_equal(beside[beside["city"] == "city0"].reset_index(drop=True), alone)


def test_d8_cells_that_stay_keep_their_first_year():
    study = study_of([30])
    old = select_hotspots(annual_of(study, np.arange(30.0)), study, 2019)
    pm25 = np.arange(30.0)
    pm25[29], pm25[5] = 0, 99
    new = select_hotspots(annual_of(study, pm25), study, 2020, previous=old)
    since = dict(zip(new["cell"], new["since"], strict=True))
    assert since == {"K0005": 2020, "K0027": 2019, "K0028": 2019}
    gone = old.assign(status="exited")
    assert select_hotspots(annual_of(study, pm25), study, 2020, previous=gone)["since"].unique().tolist() == [2020]
    assert in_force(gone).empty


def test_reason_carries_the_numbers():
    study = study_of([30])
    reason = select_hotspots(annual_of(study, np.arange(30.0)), study, 2020)["reason"].iloc[-1]
    assert "2019年均值29.0微克/立方米" in reason and "place 1 of 30" in reason and "10.0%" in reason


@pytest.fixture
def listed(tmp_path):
    """A study and its written list."""
    study = study_of([30, 10])
    hot = select_hotspots(annual_of(study, np.linspace(30, 70.123456, 40)), study, 2020)
    return study, hot, write_hotspots(tmp_path / "hotspots-2020.csv", hot)


def test_list_is_read_back_and_written_again_with_the_same_bytes(listed, tmp_path):
    study, hot, path = listed
    back = read_hotspots(path, study.cells)
    pd.testing.assert_frame_equal(back.drop(columns=["pm25", "lon", "lat"]), hot.drop(columns=["pm25", "lon", "lat"]),
                                  check_dtype=False)  # fmt: skip
    np.testing.assert_allclose(back["pm25"], hot["pm25"], atol=5e-4)
    shuffled = back.sample(frac=1, random_state=1)
    assert write_hotspots(tmp_path / "again.csv", shuffled).read_bytes() == path.read_bytes()


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("K0029", "K9999", "row 4, column cell: 'K9999' is no cell of this study"),
        ("K0029", "K0028", "row 4, column cell: K0028 stands in row 3 too"),
        ("2020,city0,K0029", "2020,city1,K0029", "row 4, column city: K0029 belongs to city0"),
        ("K0029,,city0,,110.29", "K0029,,city0,,111.29", "another lattice"),
        (",screened,", ",fine,", "row 2, column status: 'fine' is none of"),
        ("30.000000,9.0000", "30.000000,nine", "row 2, column area_km2: 'nine'"),
        ("2020,city0,K0028", "2019,city0,K0028", "row 3, column year: 2019"),
        ("2020,city0,K0028", "20.5,city0,K0028", "row 3, column year: '20.5'"),
        ("year,city", "jahr,city", "row 1: the columns are jahr"),
        (",screened,2020,", ",screened,", "row 2: 15 values for 16 columns"),
    ],
)
def test_92_93_94_a_bent_list_is_refused_by_row_and_column(listed, old, new, message):
    study, _, path = listed
    edit(path, old, new)
    with pytest.raises(DataError, match=r"hotspots-2020\.csv") as error:
        read_hotspots(path, study.cells)
    assert message in str(error.value)


def test_a_list_in_another_encoding_or_empty_is_refused(tmp_path):
    path = tmp_path / "hotspots-2020.csv"
    path.write_bytes(b"\xff\xff")
    with pytest.raises(DataError, match=r"hotspots-2020\.csv, byte 0: 0xff is neither UTF-8"):
        read_hotspots(path)
    path.write_bytes("年份".encode("gb18030"))
    with pytest.raises(DataError, match="row 1: the columns are 年份; expected year,city"):
        read_hotspots(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="the columns are nothing"):
        read_hotspots(path)


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "@SUM(1)", "+1", "-1", "'=x", "\t=1", "＝1", '"q",'])
def test_101_hostile_texts_are_inert_and_come_back_whole(listed, tmp_path, text):
    study, hot, _ = listed
    hot = hot.assign(label=text)
    path = write_hotspots(tmp_path / "x.csv", hot)
    assert f",{text[:2]}" not in path.read_text(encoding="utf-8")
    # A control character leaves as its code point (text/door.py); all else comes back to the letter.
    assert read_hotspots(path, study.cells)["label"].unique().tolist() == [text.replace("\t", "[U+0009]")]
