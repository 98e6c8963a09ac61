"""The monthly list: three classes, ties, bases, refusals, and the laws of ranking."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.rank.warn.leaders import rank_leaders
from hotspot.rank.warn.warnings import BESIDE, COLUMNS, months_of, not_ranked, rank_standing, rank_warnings
from hotspot.rules.criteria import REASONS, Criteria
from hotspot.variables import DataError

FEW = {"n_draws": 200}


def field_of(pm25, *, month="2020-03", error=1.0, cities=None, gas_state="actual", native=None, spread=30_000.0):
    """A field (cell, time) from rows of [M-12, M-1, M]; NaN is not valid."""
    pm25 = np.asarray(pm25, dtype="float64")
    n = len(pm25)
    now = np.datetime64(month, "M")
    time = np.array([now - 12, now - 1, now]).astype("datetime64[ns]")
    valid = np.isfinite(pm25)
    data = {
        "pm25": pm25, "coverage": np.where(valid, 0.9, 0.0), "n_valid": np.where(valid, 20.0, 3.0),
        "pm25_error": np.broadcast_to(np.asarray(error, dtype="float64"), pm25.shape), "valid": valid,
        "why": np.where(valid, "", "3 days with data of 31, at least 10 are needed").astype(object),
    }  # fmt: skip
    names = {name: ("cell", [f"{name}{i}" for i in range(n)]) for name in ("county", "township", "label")}
    coords = {
        "cell": [f"K{i:03d}" for i in range(n)], "time": time, "x": ("cell", np.arange(n) * spread + 1500.0),
        "y": ("cell", np.full(n, 1500.0)), "lon": ("cell", 110 + np.arange(n) / 10),
        "lat": ("cell", np.full(n, 35.0)), **names,
    }  # fmt: skip
    attrs = {"gas_state": gas_state, "native_resolution_m": native or np.nan}
    return xr.Dataset({k: (("cell", "time"), v) for k, v in data.items()}, coords, attrs)


def hot_of(field, cities=None):
    n = field.sizes["cell"]
    return pd.DataFrame({"cell": field["cell"].values, "city": cities or ["沧州市"] * n, "status": ["formal"] * n})


def criteria_of(**warning):
    return Criteria(warning=warning, confidence=FEW)


def cells_of(warned, reason):
    return warned[warned["reason"] == reason]["cell"].tolist()


def test_d9_three_classes_per_city():
    #          last year, last month, this month
    field = field_of(
        [[80, 90, 100], [60, 90, 90], [50, 50, 80], [42, 70, 60], [40, 45, 50], [30, 20, 40], [30, 39, 35]]
    )
    cities = ["a", "a", "a", "a", "b", "b", "b"]
    warned = rank_warnings(field, hot_of(field, cities), criteria_of(k=dict.fromkeys(REASONS, 2)))
    assert tuple(warned.columns) == COLUMNS
    a, b = warned[warned["city"] == "a"], warned[warned["city"] == "b"]
    assert cells_of(a, "highest") == ["K000", "K001"] and cells_of(b, "highest") == ["K004", "K005"]
    assert cells_of(a, "year_on_year") == ["K002", "K001"]
    assert cells_of(b, "month_on_month") == ["K005", "K004"]
    assert warned["month"].unique().tolist() == ["2020-03"]
    row = b[(b["reason"] == "month_on_month") & (b["cell"] == "K005")].iloc[0]
    assert (row["previous"], row["pm25"], row["change"], row["change_pct"]) == (20, 40, 20, 100)
    assert (row["county"], row["township"], row["label"], row["n_valid"], row["coverage"]) == (
        "county5", "township5", "label5", 20, 0.9,
    )  # fmt: skip
    assert warned[warned["reason"] == "highest"]["previous"].isna().all()


def test_d9_ties_at_the_last_rank_are_all_in_and_share_it():
    field = field_of([[50, 50, 80], [50, 50, 75], [60, 50, 90], [40, 50, 60], [50, 50, 51]])
    warned = rank_warnings(field, hot_of(field), criteria_of(k=dict.fromkeys(REASONS, 2)))
    year = warned[warned["reason"] == "year_on_year"]
    # 60, 50, 50, 50 per cent: competition ranks 1, 2, 2, 2, and none of the tied is left out.
    assert year[["cell", "rank"]].values.tolist() == [["K000", 1], ["K001", 2], ["K002", 2], ["K003", 2]]


def test_d9_worst_improvement_is_the_least_when_all_improved():
    field = field_of([[100, 100, 90], [100, 100, 99], [100, 100, 60]])
    warned = rank_warnings(field, hot_of(field), criteria_of(k=dict.fromkeys(REASONS, 1)))
    assert cells_of(warned, "year_on_year") == ["K001"] == cells_of(warned, "month_on_month")
    assert warned[warned["reason"] == "year_on_year"]["change"].tolist() == [-1]


def test_change_per_cent_or_in_ug():
    field = field_of([[20, 20, 30], [80, 80, 100]])
    k = dict.fromkeys(REASONS, 1)
    hot = hot_of(field)
    assert cells_of(rank_warnings(field, hot, criteria_of(k=k)), "year_on_year") == ["K000"]
    assert cells_of(rank_warnings(field, hot, criteria_of(k=k, change="absolute")), "year_on_year") == ["K001"]


def test_rates_are_of_rounded_means_and_levels_are_not_rounded_before_ranking():
    """28.06 and 28.14 both print 28.1, yet the second is higher; against 28.2 and 28.2 the rates are one."""
    field = field_of([[28.16, 30, 28.06], [28.24, 30, 28.14], [28.24, 30, 28.149]])
    warned = rank_warnings(field, hot_of(field), criteria_of())
    assert cells_of(warned, "highest") == ["K002", "K001", "K000"]
    year = warned[warned["reason"] == "year_on_year"]
    assert year["rank"].tolist() == [1, 1, 1] and year["change_pct"].nunique() == 1
    assert year["pm25"].tolist() == [28.06, 28.14, 28.149]  # what is stored stays unrounded


def test_dust_of_summation_makes_no_rank():
    field = field_of([[1, 1, 0.3], [1, 1, 0.1 + 0.2]])
    warned = rank_warnings(field, hot_of(field), criteria_of())
    assert warned[warned["reason"] == "highest"]["rank"].tolist() == [1, 1]


def test_95_missing_bases_and_months_are_listed_with_their_reason():
    nan = np.nan
    field = field_of([[nan, 50, 80], [50, nan, 80], [50, 50, nan], [50, 50, 70]])
    hot = hot_of(field)
    warned, left = rank_warnings(field, hot, criteria_of()), not_ranked(field, hot, criteria_of())
    assert left.columns.tolist() == ["month", "city", "cell", "reason", "why"]
    told = {(r.cell, r.reason): r.why for r in left.itertuples()}
    assert set(told) == {
        ("K002", "highest"), ("K000", "year_on_year"), ("K002", "year_on_year"),
        ("K001", "month_on_month"), ("K002", "month_on_month"),
    }  # fmt: skip
    assert told["K000", "year_on_year"].startswith("2019-03: 3 days with data")
    assert told["K001", "month_on_month"].startswith("2020-02: ")
    assert all(told["K002", reason].startswith("2020-03: ") for reason in REASONS)
    # The law of conservation: with k large, every hotspot cell is on the list or not ranked, once a class.
    everyone = rank_warnings(field, hot, criteria_of(k=dict.fromkeys(REASONS, 99)))
    for reason in REASONS:
        both = [*cells_of(everyone, reason), *left[left["reason"] == reason]["cell"]]
        assert sorted(both) == hot["cell"].tolist()
    assert len(warned) == 3 + 2 + 2


def test_a_cell_that_is_not_valid_is_never_ranked_whatever_its_value():
    field = field_of([[50, 50, 500], [50, 50, 70]])
    field["valid"].values[0, 2] = False
    field["why"].values[0, 2] = "25 valid days of 31, at least 27 are needed"
    warned = rank_warnings(field, hot_of(field), criteria_of())
    assert "K000" not in warned["cell"].tolist()
    assert "at least 27" in not_ranked(field, hot_of(field), criteria_of())["why"][0]


@pytest.mark.parametrize("base", [0.0, 0.04, 0.4])
def test_96_a_tiny_base_has_no_rate_but_its_change_is_told(base):
    field = field_of([[base, 50, 8], [5, 50, 8], [4, 50, 8]])
    left = not_ranked(field, hot_of(field), criteria_of())
    assert left[["cell", "reason"]].values.tolist() == [["K000", "year_on_year"]]
    assert "unstable" in left["why"][0] and "ug/m3" in left["why"][0]
    assert not_ranked(field, hot_of(field), criteria_of(change="absolute")).empty


def test_98_fewer_cells_than_k_is_a_short_list_with_a_note():
    field = field_of([[50, 50, 80], [50, 50, 70]])
    warned = rank_warnings(field, hot_of(field), criteria_of())
    assert len(warned) == 6
    assert "沧州市, highest: 2 cells could be ranked, fewer than k = 3" in warned.attrs["notes"]


def test_100_pairs_across_a_change_of_rules():
    for month, reason in (("2018-09", "month_on_month"), ("2019-03", "year_on_year"), ("2018-10", "year_on_year")):
        unknown = field_of([[50, 50, 80], [50, 50, 70]], month=month, gas_state=None)
        left = not_ranked(unknown, hot_of(unknown), criteria_of())
        assert reason in left["reason"].tolist() and left["why"].str.contains("2018-09-01").all()
        known = field_of([[50, 50, 80], [50, 50, 70]], month=month, gas_state="actual")
        assert not_ranked(known, hot_of(known), criteria_of()).empty
        notes = rank_warnings(known, hot_of(known), criteria_of()).attrs["notes"]
        assert any("2018-09-01" in note and "actual" in note for note in notes)
    later = field_of([[50, 50, 80]], month="2026-03")
    notes = rank_warnings(later, hot_of(later), criteria_of()).attrs["notes"]
    assert sum("2026-03-01" in note for note in notes) == 2
    plain = field_of([[1, 2, 3]])
    assert not any("2018" in note for note in rank_warnings(plain, hot_of(plain), criteria_of()).attrs["notes"])


def test_exited_cells_are_not_ranked_and_strangers_are_refused():
    field = field_of([[50, 50, 80], [50, 50, 70]])
    hot = hot_of(field)
    hot.loc[0, "status"] = "exited"
    assert rank_warnings(field, hot, criteria_of())["cell"].unique().tolist() == ["K001"]
    with pytest.raises(DataError, match="ZZZ"):
        rank_warnings(field, pd.concat([hot, hot.assign(cell="ZZZ", status="formal")]), criteria_of())
    with pytest.raises(DataError, match="ZZZ"):
        not_ranked(field, hot.assign(cell="ZZZ", status="formal"), criteria_of())


def test_a_class_is_switched_off_by_k_of_nothing():
    field = field_of([[50, 50, 80]])
    warned = rank_warnings(field, hot_of(field), criteria_of(k={"highest": 1, "year_on_year": 0, "month_on_month": 0}))
    assert warned["reason"].tolist() == ["highest"]


def test_an_empty_list_has_the_columns():
    field = field_of([[np.nan] * 3])
    warned = rank_warnings(field, hot_of(field), criteria_of())
    assert warned.empty and tuple(warned.columns) == COLUMNS
    assert warned.attrs["notes"] == [f"{reason}: no cell could be ranked in any city" for reason in REASONS]
    nobody = hot_of(field).iloc[:0]
    assert not_ranked(field, nobody, criteria_of()).empty


def test_leap_day_month_compares_with_month():
    field = field_of([[50, 50, 80], [50, 60, 70]], month="2028-02")
    assert not_ranked(field, hot_of(field), criteria_of()).empty
    assert rank_warnings(field, hot_of(field), criteria_of())["month"].iloc[0] == "2028-02"


# --- confidence columns of the list ------------------------------------------------------------


def test_sure_and_unsure_lists():
    rows = [[50, 50, 100 - 5 * i] for i in range(6)]
    sure = rank_warnings(field_of(rows, error=0.05), hot_of(field_of(rows)), criteria_of())
    highest = sure[sure["reason"] == "highest"]
    assert (
        highest["distinguishable"].all() and highest["rank_low"].tolist() == [1, 2, 3] == highest["rank_high"].tolist()
    )
    assert highest["p_worst"].tolist() == [1, 0, 0] and highest["p_top"].tolist() == [1, 1, 1]
    vague = rank_warnings(field_of(rows, error=30.0), hot_of(field_of(rows)), criteria_of())
    highest = vague[vague["reason"] == "highest"]
    assert not highest["distinguishable"].any() and highest["rank_high"].tolist() == [6, 6, 6]
    # Errors of a third of the value say nothing of who is the worst: every cell has its sixth, more or less.
    assert highest["p_worst"].between(0.05, 0.35).all() and 0 < highest["p_worst"].sum() < 1


def test_the_list_is_the_head_of_the_standing():
    """Every cell that can be ranked stands there once a class, the listed ones with the list's own figures."""
    rng = np.random.default_rng(2)
    field = field_of(rng.uniform(30, 90, (12, 3)))
    hot, criteria = hot_of(field), criteria_of()
    standing = rank_standing(field, hot, criteria)
    assert standing.groupby("reason")["cell"].nunique().tolist() == [12, 12, 12]
    listed = standing[standing["listed"]].drop(columns=["listed", *BESIDE]).reset_index(drop=True)
    pd.testing.assert_frame_equal(listed, rank_warnings(field, hot, criteria))
    # Chances of a class add up to the places there are: somebody must be on the list.
    assert standing.groupby("reason")["p_top"].sum().round(6).tolist() == [3.0, 3.0, 3.0]


def test_what_is_known_of_the_months_serves_a_longer_list_as_well():
    """Leaders ranked with what the list has worked out are those ranked alone."""
    rng = np.random.default_rng(5)
    field = field_of(rng.uniform(30, 90, (14, 3)))
    hot, criteria = hot_of(field), criteria_of()
    known = months_of(field, criteria)
    standing = rank_standing(field, hot, criteria, known=known)
    pd.testing.assert_frame_equal(standing, rank_standing(field, hot, criteria))
    leaders = rank_leaders(field, hot, criteria, known=known)
    pd.testing.assert_frame_equal(leaders, rank_leaders(field, hot, criteria))
    assert len(leaders) > standing["listed"].sum()


def test_an_unknown_error_claims_nothing():
    field = field_of([[50, 50, 100], [50, 50, 10]], error=np.nan)
    warned = rank_warnings(field, hot_of(field), criteria_of())
    assert warned[["p_worst", "p_top", "rank_low", "rank_high"]].isna().all().all()
    assert not warned["distinguishable"].any()


def test_a_neighbour_inside_the_native_pixel_makes_a_cell_indistinguishable():
    rows = [[50, 50, v] for v in (100, 80, 60, 59, 40, 30)]
    k = dict.fromkeys(REASONS, 3)
    close = field_of(rows, error=0.01, native=10_000.0, spread=3000.0)
    highest = rank_warnings(close, hot_of(close), criteria_of(k=k)).query("reason == 'highest'")
    # The third has the fourth, left off the list, 3 km away; the first only listed ones within 10 km but the fourth.
    assert highest["distinguishable"].tolist() == [False, False, False]
    far = field_of(rows, error=0.001, native=2000.0, spread=3000.0)
    assert rank_warnings(far, hot_of(far), criteria_of(k=k)).query("reason == 'highest'")["distinguishable"].all()
    all_in = rank_warnings(close, hot_of(close), criteria_of(k=dict.fromkeys(REASONS, 6))).query("reason == 'highest'")
    assert all_in["distinguishable"].all()


def test_the_official_rank_lies_in_its_set():
    rng = np.random.default_rng(4)
    field = field_of(rng.uniform(30, 90, (30, 3)), error=0.02)
    warned = rank_warnings(field, hot_of(field), criteria_of(k=dict.fromkeys(REASONS, 30), decimals=0))
    assert (warned["rank_low"] <= warned["rank"]).all() and (warned["rank"] <= warned["rank_high"]).all()


def test_equal_cells_of_one_pixel_are_as_likely_the_worst():
    field = field_of([[50, 50, 80], [50, 50, 80], [50, 50, 20]], error=0.5, native=10_000.0, spread=3000.0)
    highest = rank_warnings(field, hot_of(field), criteria_of()).query("reason == 'highest'")
    first, second, third = highest["p_worst"]  # one pixel, one error, one value: what it hides decides
    assert first == pytest.approx(second, abs=0.1) and first + second > 0.9 and third < 0.1


# --- laws ---------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 11), st.floats(0.1, 60))
def test_raising_a_cell_never_lowers_its_rank(seed, place, rise):
    pm25 = np.random.default_rng(seed).uniform(20, 90, (12, 3)).round(1)
    k = criteria_of(k=dict.fromkeys(REASONS, 12))
    raised = pm25.copy()
    raised[place, 2] += rise
    for before, after in zip(*(
        rank_warnings(field_of(values), hot_of(field_of(values)), k).query(f"cell == 'K{place:03d}'")["rank"]
        for values in (pm25, raised)
    ), strict=True):  # fmt: skip
        assert after <= before


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([2.0, 10.0]))
def test_a_constant_leaves_levels_and_a_scale_leaves_rates_as_they_rank(seed, scale):
    pm25 = np.random.default_rng(seed).integers(20, 90, (10, 3)).astype(float)
    hot = hot_of(field_of(pm25))
    base = rank_warnings(field_of(pm25), hot, criteria_of())
    shifted = rank_warnings(field_of(pm25 + 7), hot, criteria_of())
    assert cells_of(shifted, "highest") == cells_of(base, "highest")
    scaled = rank_warnings(field_of(pm25 * scale), hot, criteria_of())
    for reason in REASONS:
        assert cells_of(scaled, reason) == cells_of(base, reason)


def test_order_of_cells_and_a_far_city_change_no_byte_of_a_citys_rows():
    pm25 = np.random.default_rng(1).uniform(20, 90, (20, 3))
    field = field_of(pm25, error=3.0)
    cities = ["a"] * 12 + ["b"] * 8
    both = rank_warnings(field, hot_of(field, cities), criteria_of())
    turned = np.random.default_rng(2).permutation(20)
    hot = hot_of(field, cities).iloc[np.random.default_rng(3).permutation(20)]
    again = rank_warnings(field.isel(cell=turned), hot, criteria_of())
    pd.testing.assert_frame_equal(again, both, check_exact=True)
    alone = rank_warnings(field.isel(cell=slice(0, 12)), hot_of(field, cities).iloc[:12], criteria_of())
    pd.testing.assert_frame_equal(alone, both[both["city"] == "a"].reset_index(drop=True), check_exact=True)
