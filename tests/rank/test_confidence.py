"""Two claims about a rank: kernels against plain loops, draws of days, posterior draws, and the sets made of them."""

import math

import numpy as np
import pytest
from coarse_product import table
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hotspot.kernels import ranks as kernel
from hotspot.rank.warn.again import block_doubt, day_weights, memory, month_draws
from hotspot.rank.warn.pixels import near_pairs
from hotspot.rank.warn.posterior import posterior_draws
from hotspot.rank.warn.sets import rank_sets
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


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 6), st.integers(1, 3))
def test_draw_ranks_runs_and_leaders_are_the_slow_ones(seed, n_cell, k):
    draws = np.random.default_rng(seed).integers(0, 4, (n_cell, 30)).astype("float64")
    best, worst = kernel.draw_ranks(draws)
    np.testing.assert_array_equal(best, 1 + (draws[None] > draws[:, None]).sum(axis=1))
    np.testing.assert_array_equal(worst, (draws[None] >= draws[:, None]).sum(axis=1))
    low, high = kernel.shortest_runs(best, best, n_cell, 0.9)
    for cell in range(n_cell):
        runs = [(a, b) for a in range(1, n_cell + 1) for b in range(a, n_cell + 1)]
        held = [b - a for a, b in runs if ((best[cell] >= a) & (best[cell] <= b)).mean() >= 0.9 - 1e-12]
        assert high[cell] - low[cell] == min(held)
        assert ((best[cell] >= low[cell]) & (best[cell] <= high[cell])).mean() >= 0.9 - 1e-12
    among = (best <= k).mean(axis=1)
    taken = kernel.may_lead(best, among, k, 0.9)
    assert ((best <= k) <= taken[:, None]).all(axis=0).mean() >= 0.9 - 1e-12


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
    ratio = np.log(drawn[0] / drawn[1])
    assert drawn[0].std() > 2 and ratio.std() < 1e-9
    assert ratio.mean() == pytest.approx(math.log(1.2))


def test_errors_have_the_stated_size_and_are_shared_within_a_pixel():
    value, error = np.array([80.0, 80.0, 80.0]), np.array([8.0, 8.0, 8.0])
    place = np.array([[1500.0, 1500.0], [4500.0, 1500.0], [13_500.0, 1500.0]])
    drawn = month_draws(value, error, place, "2020-03", Confidence(n_draws=20_000), native_resolution=10_000.0)
    np.testing.assert_allclose(drawn.std(axis=1), 8.0, rtol=0.03)
    np.testing.assert_allclose(drawn.mean(axis=1), 80.0, rtol=0.005)
    correlation = np.corrcoef(drawn)
    assert correlation[0, 1] == pytest.approx(1.0) and abs(correlation[0, 2]) < 0.03
    other = month_draws(value, error, place, "2020-02", Confidence(n_draws=20_000), native_resolution=10_000.0)
    assert abs(np.corrcoef(drawn[0], other[0])[0, 1]) < 0.03


def test_draws_stay_positive_and_unknown_errors_give_none():
    drawn = month_draws(np.array([3.0, 0.0]), np.array([9.0, 1.0]), line_of(2), "2020-03", Confidence())
    assert (drawn > 0).all()
    assert month_draws(np.array([3.0]), np.array([np.nan]), line_of(1), "2020-03", Confidence()) is None


def test_memory_and_doubt_of_few_days():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(300, 131))
    for day in range(1, 131):
        noise[:, day] = 0.5 * noise[:, day - 1] + math.sqrt(0.75) * noise[:, day]
    assert memory(50 + noise[:, 100:]) == pytest.approx(0.5, abs=0.03)
    assert memory(np.full((3, 30), 5.0)) == 0.0 == memory(np.ones((1, 30)))
    even = block_doubt(31, 5, 0.0)
    assert even == pytest.approx(math.sqrt(31 / 26)) and block_doubt(31, 5, 0.5) > even


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
    assert ratio == pytest.approx(block_doubt(n_day, 5, rho), rel=0.04)


def test_pairs_nearer_than_the_product_are_near():
    near = near_pairs(line_of(4, 3000.0), 6001.0)
    assert near.sum(axis=1).tolist() == [2, 3, 3, 2] and not near_pairs(line_of(4), math.nan).any()


# --- posterior -------------------------------------------------------------------------------------


def test_without_errors_the_draws_are_the_estimates():
    drawn = posterior_draws(np.array([3.0, 1.0]), np.zeros((2, 2)), line_of(2) / 1000, 50, [1])
    assert (drawn == np.array([[3.0], [1.0]])).all() and drawn.shape == (2, 50)


def test_what_all_cells_share_cancels():
    """An error common to the city leaves the ranks sure, however large it is."""
    mean = np.log(60.0 + 3 * np.arange(8))
    own, common = 1e-6 * np.eye(8), 0.04 * np.ones((8, 8))
    drawn = posterior_draws(mean, own + common, line_of(8) / 1000, 500, [1])
    sets = rank_sets(drawn, k=3, level=0.95)
    assert sets["rank_low"].tolist() == sets["rank_high"].tolist() == list(range(8, 0, -1))
    alone = rank_sets(posterior_draws(mean, 0.04 * np.eye(8), line_of(8) / 1000, 500, [1]), k=3, level=0.95)
    assert (alone["rank_high"] - sets["rank_high"]).max() >= 3


def test_posterior_sets_hold_the_truth_as_often_as_they_say():
    """Equal cells, and cells that differ by less and by more than their errors of 5 %; p_top over all, and of each."""
    place, every = line_of(25, 6000.0) / 1000, []
    for spread in (0.0, 0.03, 0.1):
        rng, inside, together, told = np.random.default_rng(11), [], [], []
        for month in range(120):
            # This month's cells are never quite equal: their days differ.
            truth = 4 + math.hypot(spread, 0.01) * rng.normal(size=25)
            drawn = posterior_draws(truth + 0.05 * rng.normal(size=25), 0.0025 * np.eye(25), place, 600, [month])
            sets = rank_sets(drawn, k=3, level=0.95)
            rank = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
            inside.append(((sets["rank_low"] <= rank) & (rank <= sets["rank_high"])).mean())
            together.append(((sets["all_low"] <= rank) & (rank <= sets["all_high"])).all())
            told.append([sets["p_top"], rank <= 3])
        assert np.mean(inside) == pytest.approx(0.955, abs=0.02)
        assert np.mean(together) >= 0.92
        every.append(np.concatenate(told, axis=1))
        # Who does not know how far cells differ says too much of equal ones and too little of others.
        _reliable(*every[-1], within=0.1)
    _reliable(*np.concatenate(every, axis=1), within=0.05)


def _reliable(stated, true, within):
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 1.01)):
        at = (stated >= low) & (stated < high)
        if at.sum() >= 100:
            assert true[at].mean() == pytest.approx(stated[at].mean(), abs=within)


def test_draws_are_no_farther_from_the_truth_than_the_estimates():
    """Cells of towns differ smoothly; heavy tails cell by cell drew them 1.4 times as far away."""
    rng, place = np.random.default_rng(3), np.stack([a.ravel() for a in np.mgrid[:7, :7] * 3.0], axis=1)
    km = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    error = 0.027**2 * (np.exp(-((km / 25) ** 2)) + 1e-3 * np.eye(49))
    level, root = np.zeros(49), np.linalg.cholesky(error)
    for row, col, height in ((3.0, 3.0, 0.5), (15.0, 12.0, 0.3)):
        level = level + height * np.exp(-((place[:, 0] - row) ** 2 + (place[:, 1] - col) ** 2) / 72)
    ours, naive = [], []
    for month in range(20):
        estimate = level + root @ rng.normal(size=49)
        drawn = posterior_draws(estimate, error, place, 400, [month]).mean(axis=1)
        ours.append(np.std(drawn - level))
        naive.append(np.std(estimate - level))
    assert np.mean(ours) < 1.1 * np.mean(naive)


# --- sets ------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.floats(0.01, 3))
@example(0, 7, 0.28125)  # a lopsided cell, whose own set reached beyond the one of all together
def test_sets_are_in_range_hold_the_estimated_rank_and_widen_with_doubt(seed, n_cell, size):
    rng = np.random.default_rng(seed)
    estimate = rng.normal(size=n_cell)
    noise = rng.normal(size=(n_cell, 200))
    narrow, wide = (rank_sets(estimate[:, None] + scale * noise, k=2, level=0.95) for scale in (size, 2 * size))
    assert (narrow["all_low"] <= narrow["rank_low"]).all() and (narrow["all_high"] >= narrow["rank_high"]).all()
    for sets in (narrow, wide):
        assert (sets["rank_low"] >= 1).all() and (sets["rank_high"] <= n_cell).all()
        assert (sets["rank_low"] <= sets["rank_high"]).all()
    width = [(sets["rank_high"] - sets["rank_low"]).sum() for sets in (narrow, wide)]
    assert width[0] <= width[1] + n_cell // 3


def test_a_coarse_product_promises_no_more_than_it_sees():
    """Blocks of 9 km at their word: six in ten cells lie in their sets. With what a block hides, more than nine."""
    word, ours = (table(range(20), "plants 1", 9, hidden=hidden) for hidden in (False, True))
    assert word["own"] < 0.75 and ours["own"] > 0.9
    assert word["at once"] < 0.1 and ours["at once"] > 0.6 and ours["brier"] < word["brier"]


def test_one_cell_alone_is_the_worst():
    sets = rank_sets(np.full((1, 100), 2.0), k=3, level=0.95)
    assert {name: values.tolist() for name, values in sets.items()} == {
        "p_worst": [1.0], "p_top": [1.0], "rank_low": [1], "rank_high": [1], "all_low": [1], "all_high": [1],
        "may_top": [True],
    }  # fmt: skip


def test_the_same_bytes_for_any_number_of_threads():
    """Draws and sets in four threads at once equal those of one: nothing depends on the order of work."""
    from concurrent.futures import ThreadPoolExecutor

    rng = np.random.default_rng(9)
    days = rng.lognormal(4, 0.4, (30, 31))

    def one(_):
        drawn = month_draws(days.mean(axis=1), np.full(30, 4.0), line_of(30), "2020-03", Confidence(), days=days)
        sets = rank_sets(drawn, k=3, level=0.95)
        return b"".join(np.asarray(values).tobytes() for values in sets.values())

    alone = one(0)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(one, range(8))) == {alone}
