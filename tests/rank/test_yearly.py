"""D8: who leaves next year's list, who enters, and the tests that decide it."""

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from list_case import annual_of, level_of, study_of

from hotspot.contracts.list_file import write_list
from hotspot.kernels import trend
from hotspot.rank.select.hotspots import select_hotspots
from hotspot.rank.select.yearly import DIFF_COLUMNS, improvement, revise_hotspots
from hotspot.rules.criteria import Criteria, Revision


def months_of(values, first="2017-01"):
    """Months of cells as a DataArray; ``values`` (cell, month)."""
    values = np.asarray(values, dtype="float64")
    start = np.datetime64(first, "M")
    time = (start + np.arange(values.shape[1])).astype("datetime64[ns]")
    cells = [f"K{i:04d}" for i in range(len(values))]
    return xr.DataArray(values, {"cell": cells, "time": time}, ("cell", "time"))


def naive_trend(row, time, season):
    """Kendall's score, its variance and Sen's slope, by plain loops over pairs of one season."""
    score, variance, slopes = 0, 0.0, []
    for own in sorted(set(season)):
        at = [i for i in range(len(row)) if season[i] == own and not math.isnan(row[i])]
        for k, i in enumerate(at):
            for j in at[k + 1 :]:
                score += int(row[j] > row[i]) - int(row[j] < row[i])
                slopes.append((row[j] - row[i]) / (time[j] - time[i]))
        n = len(at)
        ties = pd.Series([row[i] for i in at]).value_counts()
        variance += (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    return np.median(slopes) if slopes else math.nan, score, variance


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(1, 5), st.booleans())
def test_trend_is_the_slow_trend(seed, n, n_season, ties):
    rng = np.random.default_rng(seed)
    values = rng.normal(50, 10, (2, n))
    values = np.round(values, -1) if ties else values
    values[rng.random(values.shape) < 0.1] = np.nan
    time, season = np.arange(n) / 12.0, np.arange(n) % n_season
    slope, score, variance, seen = trend.pair_trend(values, time, season)
    for i, row in enumerate(values):
        expected = naive_trend(row, time, season)
        np.testing.assert_allclose([slope[i], score[i], variance[i]], expected, rtol=1e-12)
        assert seen[i] == np.isfinite(row).sum()


@pytest.mark.parametrize("ties", [False, True])
def test_trend_of_one_season_is_scipys(ties):
    from scipy import stats

    rng = np.random.default_rng(4)
    for _ in range(20):
        row = rng.normal(50, 10, 25) - 0.3 * np.arange(25)
        row = np.round(row / 5) * 5 if ties else row
        time = np.arange(25.0)
        slope, score, variance, _ = (v[0] for v in trend.pair_trend(row[None], time, np.zeros(25, np.int64)))
        theirs = stats.kendalltau(time, row, method="asymptotic")
        assert slope == pytest.approx(stats.theilslopes(row, time)[0], abs=1e-12)
        assert math.copysign(1, score) == math.copysign(1, theirs.statistic) or score == theirs.statistic == 0
        assert 2 * stats.norm.sf(abs(score) / math.sqrt(variance)) == pytest.approx(theirs.pvalue, rel=1e-9)


def test_season_is_no_trend_and_a_fall_is():
    season = 50 + 30 * np.cos(np.arange(36) / 12 * 2 * np.pi)
    fall = season - 2.0 * (np.arange(36) // 12)
    half_year = season[:30].tolist() + [np.nan] * 6
    told = improvement(months_of([season, fall, fall[::-1], half_year]), Revision())
    assert told["slope"].tolist()[:2] == pytest.approx([0, -2]) and told["improved"].tolist()[:3] == [
        False,
        True,
        False,
    ]
    assert told["n_months"].tolist() == [36, 36, 36, 30]


def test_fewer_months_than_the_criteria_ask_are_not_tested():
    told = improvement(months_of([np.linspace(90, 10, 23)]), Revision())
    assert not told["tested"].any() and not told["improved"].any() and np.isnan(told["p_value"]).all()


@pytest.mark.parametrize("test", ["trend", "interval"])
def test_share_of_cells_said_to_have_improved_by_chance(test):
    """Noise about a season: the false discovery rate keeps nearly everybody on the list."""
    rng = np.random.default_rng(11)
    season = np.log(50 + 30 * np.cos(np.arange(36) / 12 * 2 * np.pi))
    noise = np.exp(season + rng.normal(0, 0.15, (400, 36)))
    told = improvement(months_of(noise), Revision(test=test))
    assert told["improved"].mean() < 0.02
    falling = np.exp(season - 0.25 * (np.arange(36) // 12) + rng.normal(0, 0.15, (400, 36)))
    assert improvement(months_of(falling), Revision(test=test))["improved"].mean() > 0.9


def test_interval_holds_the_true_change():
    rng = np.random.default_rng(5)
    season = np.log(50 + 30 * np.cos(np.arange(24) / 12 * 2 * np.pi))
    values = np.exp(season + np.log(0.8) * (np.arange(24) >= 12) + rng.normal(0, 0.1, (1000, 24)))
    told = improvement(months_of(values), Revision())
    inside = ((told["low_pct"] <= -20) & (told["high_pct"] >= -20)).mean()
    assert 0.84 < inside < 0.93, inside  # two-sided 90 % (alpha 0.05 each side), twelve pairs


def revise(pm25, previous_pm25, months=None, n=30, **revision):
    study = study_of([n])
    study.criteria = Criteria(revision=revision)
    old = select_hotspots(annual_of(study, previous_pm25), study, 2019)
    level = level_of(study, pm25)
    hot, diff = revise_hotspots(annual_of(study, pm25), study, 2020, old, level=level, months=months)
    return hot, diff.set_index("cell"), old


def test_d8_a_cell_leaves_only_if_it_improved_significantly():
    before = np.arange(30.0)
    pm25 = before.copy()
    pm25[29], pm25[28] = 5.0, 4.0  # two of three fall far outside
    months = months_of(np.tile(50.0, (30, 36)))
    months[29] = 60 - 5.0 * (np.arange(36) // 12) + np.arange(36) % 12
    hot, diff, _ = revise(pm25, before, months)
    assert diff["change"].to_dict() == {"K0026": "entered", "K0027": "kept", "K0028": "kept", "K0029": "exited"}
    assert hot["cell"].tolist() == ["K0026", "K0027", "K0028"]
    assert hot["since"].tolist() == [2020, 2019, 2019] and set(hot["status"]) == {"screened"}
    assert diff["slope"]["K0029"] == pytest.approx(-5) and diff["p_value"]["K0029"] < 0.01
    assert "improved significantly" in diff["why"]["K0029"] and "20% larger" in diff["why"]["K0029"]
    assert "outside the quota; no significant improvement" in diff["why"]["K0028"]
    assert diff["pm25_before"]["K0029"] == 29 and diff["pm25"]["K0029"] == 5


def test_d8_improved_but_still_among_the_heaviest_stays():
    months = months_of(60 - 5.0 * (np.arange(36) // 12) + np.zeros((30, 1)))
    hot, diff, old = revise(np.arange(30.0), np.arange(30.0), months)
    assert hot["cell"].tolist() == old["cell"].tolist() and set(diff["change"]) == {"kept"}
    assert "improved significantly" in diff["why"]["K0029"]


def test_d8_hysteresis_keeps_the_border_still():
    """A quota of five cells, h = 20 %: the fourth enters in any case, the sixth does not leave."""
    before = np.arange(50.0)
    pm25 = before.copy()
    pm25[45], pm25[44] = 44.0, 45.0  # fifth and sixth change places
    falling = months_of(np.tile(60 - 5.0 * (np.arange(36) // 12), (50, 1)))
    hot, diff, old = revise(pm25, before, falling, n=50)
    assert hot["cell"].tolist() == old["cell"].tolist()
    assert "inside a quota 20% larger" in diff["why"]["K0045"]
    hot, diff, _ = revise(pm25, before, falling, n=50, hysteresis=0.0)
    assert diff["change"]["K0045"] == "exited" and diff["change"]["K0044"] == "entered"
    pm25[44] = 99.0  # clearly among the heaviest: it enters although nobody left
    hot, diff, _ = revise(pm25, before, None, n=50)
    assert diff["change"]["K0044"] == "entered" and len(hot) == 6 and "20% smaller" in diff["why"]["K0044"]


def test_d8_without_history_nobody_leaves_and_it_is_said():
    before = np.arange(30.0)
    hot, diff, old = revise(before[::-1].copy(), before)
    assert set(old["cell"]) <= set(hot["cell"])
    assert diff["why"]["K0029"].startswith("outside the quota; no significant improvement (not tested, 0 months")
    assert (diff["tested_on"] == "").all()


def test_a_listed_cell_without_a_mean_is_not_judged():
    before = np.arange(30.0)
    pm25 = before.copy()
    pm25[29] = np.nan
    months = months_of(np.tile(60 - 5.0 * (np.arange(36) // 12), (30, 1)))
    hot, diff, _ = revise(pm25, before, months)
    assert diff["change"]["K0029"] == "kept" and "no valid annual mean" in diff["why"]["K0029"]
    assert np.isnan(hot.set_index("cell")["pm25"]["K0029"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["per_city", "regional", "mixed"]))
def test_the_diff_accounts_for_both_lists(seed, mode):
    study = study_of([30, 20], quota_mode=mode, quota_share=0.15)
    rng = np.random.default_rng(seed)
    old = select_hotspots(annual_of(study, rng.uniform(30, 90, 50)), study, 2019)
    pm25 = rng.uniform(30, 90, 50)
    months = months_of(
        60 * np.exp(rng.normal(-0.2, 0.3, (50, 1)) * (np.arange(36) // 12) + rng.normal(0, 0.1, (50, 36)))
    )
    hot, diff = revise_hotspots(annual_of(study, pm25), study, 2020, old, months=months)
    of = {name: set(group["cell"]) for name, group in diff.groupby("change")}
    kept, entered, exited = (of.get(name, set()) for name in ("kept", "entered", "exited"))
    assert kept | exited == set(old["cell"]) and kept | entered == set(hot["cell"])
    assert not kept & exited and diff["cell"].is_unique
    fresh = set(select_hotspots(annual_of(study, pm25), study, 2020)["cell"])
    assert entered <= fresh and not exited & fresh


def test_diff_file_is_the_same_bytes_and_holds_every_column(tmp_path):
    _, diff, _ = revise(np.arange(30.0), np.arange(30.0)[::-1].copy())
    diff = diff.reset_index()
    one, two = (write_list(tmp_path / name, diff, DIFF_COLUMNS) for name in ("a.csv", "b.csv"))
    assert one.read_bytes() == two.read_bytes()
    assert pd.read_csv(one).columns.tolist() == list(DIFF_COLUMNS)
