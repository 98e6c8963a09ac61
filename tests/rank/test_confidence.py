"""Rank confidence: the kernels against plain loops, and the coverage of the sets on synthetic truth."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.kernels import ranks as kernel
from hotspot.rank.warn.confidence import (
    MonthDraws,
    block_doubt,
    day_weights,
    joint_freedom,
    memory,
    month_draws,
    near_pairs,
    rank_sets,
)
from hotspot.rank.warn.spread import moderated
from hotspot.rules.criteria import Confidence


def line_of(n_cell, spacing=30_000.0):
    return np.stack([np.arange(n_cell) * spacing + 1500, np.full(n_cell, 1500.0)], axis=1)


# --- kernels are the slow loops ------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_resampled_means_are_the_slow_means(seed):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((4, 9)) < 0.3, np.nan, rng.normal(50, 10, (4, 9)))
    weights = rng.integers(0, 3, (6, 9)).astype("float64")
    slow = np.full((4, 6), np.nan)
    for cell in range(4):
        for draw in range(6):
            taken = [
                values[cell, d]
                for d in range(9)
                for _ in range(int(weights[draw, d]))
                if values[cell, d] == values[cell, d]
            ]
            if taken:
                slow[cell, draw] = sum(taken) / len(taken)
    np.testing.assert_allclose(kernel.resampled_means(values, weights), slow, rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 8), st.integers(1, 6))
def test_rank_shares_are_the_slow_ranks_with_joint_ties(seed, k, n_cell):
    draws = np.random.default_rng(seed).integers(0, 4, (n_cell, 20)).astype("float64")
    rank = 1 + (draws[None, :, :] > draws[:, None, :]).sum(axis=1)
    first, among = kernel.rank_shares(draws, k)
    np.testing.assert_allclose(first, (rank == 1).mean(axis=1))
    np.testing.assert_allclose(among, (rank <= k).mean(axis=1))


def test_pair_kernels_are_numpy():
    centred = np.random.default_rng(2).normal(size=(7, 50))
    gap = centred[:, None, :] - centred[None, :, :]
    spread = np.sqrt((gap**2).mean(axis=2))
    np.testing.assert_allclose(kernel.pair_spread(centred), spread, atol=1e-12)
    inverse = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
    inverse[0, 1] = inverse[1, 0] = 0.0
    slow = (np.abs(gap) * inverse[:, :, None]).max(axis=1)
    np.testing.assert_allclose(kernel.largest_gaps(centred, inverse), slow, atol=1e-12)


# --- draws -----------------------------------------------------------------------------------------


def test_blocks_run_round_the_month_and_every_day_is_as_likely():
    rule = Confidence(n_draws=4000)
    weights = day_weights(31, "2020-03", rule)
    np.testing.assert_allclose(weights.mean(axis=0), 1.0, atol=0.06)
    # A block brings its neighbours: the day after a drawn one is drawn far more often than a distant one.
    assert np.corrcoef(weights[:, 10], weights[:, 11])[0, 1] > 0.5 > np.corrcoef(weights[:, 10], weights[:, 20])[0, 1]
    assert np.corrcoef(weights[:, 0], weights[:, 30])[0, 1] > 0.5
    assert (day_weights(31, "2020-03", rule) == weights).all()
    assert (day_weights(31, "2020-05", rule) != weights).any()


def test_weather_that_all_cells_share_cancels_in_the_differences():
    shared = np.random.default_rng(0).lognormal(0, 0.5, 31)
    days = np.array([[60.0], [50.0]]) * shared
    drawn = month_draws(days.mean(axis=1), np.full(2, np.nan), line_of(2), "2020-03", Confidence(), days=days)
    ratio = np.log(drawn.values[0] / drawn.values[1])
    assert drawn.values[0].std() > 2 and ratio.std() < 1e-9
    assert ratio.mean() == pytest.approx(math.log(1.2))


def test_errors_have_the_stated_size_and_are_shared_within_a_pixel():
    value, error = np.array([80.0, 80.0, 80.0]), np.array([8.0, 8.0, 8.0])
    place = np.array([[1500.0, 1500.0], [4500.0, 1500.0], [13_500.0, 1500.0]])
    drawn = month_draws(value, error, place, "2020-03", Confidence(n_draws=20_000), native_resolution=10_000.0)
    np.testing.assert_allclose(drawn.values.std(axis=1), 8.0, rtol=0.03)
    np.testing.assert_allclose(drawn.values.mean(axis=1), 80.0, rtol=0.005)
    correlation = np.corrcoef(drawn.values)
    assert correlation[0, 1] == pytest.approx(1.0) and abs(correlation[0, 2]) < 0.03
    assert drawn.freedom == math.inf
    other = month_draws(value, error, place, "2020-02", Confidence(n_draws=20_000), native_resolution=10_000.0)
    assert abs(np.corrcoef(drawn.values[0], other.values[0])[0, 1]) < 0.03


def test_draws_stay_positive_and_unknown_errors_give_none():
    drawn = month_draws(np.array([3.0, 0.0]), np.array([9.0, 1.0]), line_of(2), "2020-03", Confidence())
    assert (drawn.values > 0).all()
    assert month_draws(np.array([3.0]), np.array([np.nan]), line_of(1), "2020-03", Confidence()) is None


def test_memory_and_doubt_of_few_days():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(300, 131))
    for day in range(1, 131):
        noise[:, day] = 0.5 * noise[:, day - 1] + math.sqrt(0.75) * noise[:, day]
    assert memory(50 + noise[:, 100:]) == pytest.approx(0.5, abs=0.03)
    assert memory(np.full((3, 30), 5.0)) == 0.0 == memory(np.ones((1, 30)))
    wider, freedom = block_doubt(31, 5, 0.5)
    even, more = block_doubt(31, 5, 0.0)
    assert even == pytest.approx(math.sqrt(31 / 26)) and wider > even and freedom < more


def test_the_bootstrap_variance_is_as_short_as_block_doubt_says():
    """The formula, evaluated: mean bootstrap variance of a first-order process against the true one."""
    rng, rho, n_day = np.random.default_rng(5), 0.4, 30
    noise = rng.normal(size=(4000, n_day + 60))
    for day in range(1, n_day + 60):
        noise[:, day] = rho * noise[:, day - 1] + math.sqrt(1 - rho**2) * noise[:, day]
    days = noise[:, 60:]
    weights = day_weights(n_day, "2020-04", Confidence(n_draws=600))
    boot = kernel.resampled_means(days, weights).var(axis=1)
    ratio = math.sqrt(days.mean(axis=1).var() / boot.mean())
    wider, freedom = block_doubt(n_day, 5, rho)
    assert ratio == pytest.approx(wider, rel=0.04)
    assert 2 * boot.mean() ** 2 / boot.var() == pytest.approx(freedom, rel=0.1)


def test_freedom_of_months_adds_up_and_stated_errors_bring_no_doubt():
    a, b = MonthDraws(None, 0.2, 8.0), MonthDraws(None, 0.2, math.inf)
    assert joint_freedom([a]) == pytest.approx(8.0)
    assert joint_freedom([a, a]) == pytest.approx(16.0)
    assert joint_freedom([a, b]) == pytest.approx(32.0) and joint_freedom([b]) == math.inf


def test_pairs_nearer_than_the_product_are_near():
    near = near_pairs(line_of(4, 3000.0), 6001.0)
    assert near.sum(axis=1).tolist() == [2, 3, 3, 2] and not near_pairs(line_of(4), math.nan).any()


# --- coverage --------------------------------------------------------------------------------------


def synthetic_month(rng, level, rho, error):
    """Days of one month whose true means are ``level``: shared weather, own noise, an error of the product."""
    n_cell, n_day = level.size, 31
    noise = rng.normal(size=(n_cell + 1, n_day + 30))
    for day in range(1, noise.shape[1]):
        noise[:, day] = rho * noise[:, day - 1] + math.sqrt(1 - rho**2) * noise[:, day]
    noise = noise[:, 30:]
    days = level[:, None] * np.exp(0.3 * noise[0] - 0.045) * (1 + 0.12 * noise[1:])
    if error:
        sigma = math.sqrt(math.log1p(error**2))
        days = days * np.exp(sigma * rng.normal(size=(n_cell, 1)) - sigma**2 / 2)
    return days


def coverage(level, n_months, *, rho=0.0, error=0.0, with_days=True, seed=0):
    """
    How often sets hold the truth in synthetic months: (share of cells whose own set does,
    share of months in which all simultaneous sets do, mean width of the own sets).
    """
    rng, place = np.random.default_rng(seed), line_of(level.size)
    equal = bool((level == level[0]).all())
    true = 1 + (level[None, :] > level[:, None]).sum(axis=1)
    sigma = math.sqrt(math.log1p(error**2))
    own, at_once, width = 0.0, 0, 0.0
    for month in range(n_months):
        if with_days:
            days = synthetic_month(rng, level, rho, error)
            mean = days.mean(axis=1)
        else:
            days, mean = None, level * np.exp(sigma * rng.normal(size=level.size) - sigma**2 / 2)
        stated = mean * error if error else np.full(level.size, np.nan)
        drawn = month_draws(mean, stated, place, "2020-03", Confidence(n_draws=400, seed=month), days=days)
        sets = rank_sets(np.log(mean), np.log(drawn.values), k=3, level=0.95, freedom=drawn.freedom)
        held = []
        for low, high in (("rank_low", "rank_high"), ("all_low", "all_high")):
            # Truly equal cells may hold any rank: a set that leaves one out has told a pair apart in error.
            hit = (sets[low] == 1) & (sets[high] == level.size) if equal else (sets[low] <= true) & (true <= sets[high])
            held.append(hit)
        own += held[0].mean()
        at_once += bool(held[1].all())
        width += (sets["rank_high"] - sets["rank_low"]).mean()
    return own / n_months, at_once / n_months, width / n_months


@pytest.mark.parametrize(
    ("n_cell", "kind"),
    [
        (2, {"rho": 0.0}),
        (8, {"rho": 0.3}),
        (8, {"rho": 0.3, "error": 0.05}),
        (20, {"rho": 0.0}),
        (8, {"error": 0.2, "with_days": False}),
    ],
)
def test_sets_hold_the_truth_in_95_of_100_months(n_cell, kind):
    """All cells truly equal is the hardest truth: every pair told apart is an error, and nothing is to spare."""
    own, at_once, _ = coverage(np.full(n_cell, 60.0), 800, **kind)
    assert own == pytest.approx(0.95, abs=0.015)
    assert at_once >= 0.935  # simultaneous sets may be wider than stated, never narrower


def test_sets_hold_a_truth_with_differences_more_often_and_still_tell_cells_apart():
    own, at_once, width = coverage(60.0 + 6 * np.arange(8), 150, rho=0.3)
    assert own >= 0.97 and at_once >= 0.97
    assert width < 4  # of 7: the sets say something


def test_pooling_pairs_narrows_the_sets_of_many_cells():
    """Why spreads are moderated: with six blocks a pair alone knows too little of its own spread."""
    rng = np.random.default_rng(4)
    level = 60.0 * np.exp(0.03 * np.arange(30))
    days = synthetic_month(rng, level, 0.3, 0.0)
    drawn = month_draws(days.mean(axis=1), np.full(30, np.nan), line_of(30), "2020-03", Confidence(), days=days)
    estimate, draws = np.log(days.mean(axis=1)), np.log(drawn.values)
    sets = rank_sets(estimate, draws, k=3, level=0.95, freedom=drawn.freedom)
    pair = kernel.pair_spread(draws - estimate[:, None])
    calm, freedom = moderated(pair, drawn.freedom)
    assert freedom > 5 * drawn.freedom and calm[pair > 0].std() < 0.5 * pair[pair > 0].std()
    assert (sets["rank_high"] - sets["rank_low"]).mean() < (sets["all_high"] - sets["all_low"]).mean() < 29


def test_known_spreads_stay_as_they_are():
    pair = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert moderated(pair, math.inf)[1] == math.inf and (moderated(pair, math.inf)[0] == pair).all()
    assert moderated(pair, 8.0)[1] == 8.0, "one pair learns nothing from others"


# --- sets ------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.floats(0.01, 3))
def test_sets_are_in_range_hold_the_estimated_rank_and_widen_with_doubt(seed, n_cell, size):
    rng = np.random.default_rng(seed)
    estimate = rng.normal(size=n_cell)
    noise = rng.normal(size=(n_cell, 200))
    narrow, wide = (
        rank_sets(estimate, estimate[:, None] + scale * noise, k=2, level=0.95) for scale in (size, 2 * size)
    )
    rank = 1 + (estimate[None, :] > estimate[:, None]).sum(axis=1)
    assert (narrow["all_low"] <= narrow["rank_low"]).all() and (narrow["all_high"] >= narrow["rank_high"]).all()
    for sets in (narrow, wide):
        assert (sets["rank_low"] >= 1).all() and (sets["rank_high"] <= n_cell).all()
        assert (sets["rank_low"] <= rank).all() and (rank <= sets["rank_high"]).all()
    assert (wide["rank_low"] <= narrow["rank_low"]).all() and (wide["rank_high"] >= narrow["rank_high"]).all()


def test_pairs_the_product_cannot_resolve_are_never_told_apart():
    estimate = np.array([3.0, 2.0, 1.0])
    draws = estimate[:, None] + np.random.default_rng(0).normal(0, 1e-3, (3, 300))
    assert rank_sets(estimate, draws, k=1, level=0.95)["rank_high"].tolist() == [1, 2, 3]
    sets = rank_sets(estimate, draws, k=1, level=0.95, apart=~near_pairs(line_of(3, 3000.0), 4000.0))
    assert sets["rank_low"].tolist() == [1, 1, 2] and sets["rank_high"].tolist() == [2, 3, 3]


def test_one_cell_alone_is_the_worst():
    sets = rank_sets(np.array([2.0]), np.full((1, 100), 2.0), k=3, level=0.95)
    assert {name: values.tolist() for name, values in sets.items()} == {
        "p_worst": [1.0], "p_top": [1.0], "rank_low": [1], "rank_high": [1], "all_low": [1], "all_high": [1],
    }  # fmt: skip


def test_the_same_bytes_for_any_number_of_threads():
    """Draws and sets in four threads at once equal those of one: nothing depends on the order of work."""
    from concurrent.futures import ThreadPoolExecutor

    rng = np.random.default_rng(9)
    days = rng.lognormal(4, 0.4, (30, 31))

    def one(_):
        drawn = month_draws(days.mean(axis=1), np.full(30, 4.0), line_of(30), "2020-03", Confidence(), days=days)
        sets = rank_sets(np.log(days.mean(axis=1)), np.log(drawn.values), k=3, level=0.95, freedom=drawn.freedom)
        return b"".join(np.asarray(values).tobytes() for values in sets.values())

    alone = one(0)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(one, range(8))) == {alone}
