"""Days that were not seen: laws of the filling, and the joint errors against simulation."""

import math

import numpy as np
import pytest

from hotspot.estimate.unseen import residuals
from hotspot.estimate.unseen.filling import day_levels, fill_month
from hotspot.estimate.unseen.joint import joint_mean
from hotspot.estimate.unseen.residuals import day_model, two_way
from hotspot.kernels import filling as kernel

SIDE = 20


def lattice(side=SIDE):
    return np.stack([a.ravel() for a in np.meshgrid(np.arange(side), np.arange(side), indexing="ij")])


def days(seed=0, *, hidden=0.4, error=0.15, n_day=31, side=SIDE, dirty=0.0, memory=0.0):
    """Truth and what is seen of it: day, cell, weather and clouds that are smooth over some 30 km, error."""
    rng = np.random.default_rng(seed)
    at = lattice(side)
    km = np.hypot(*(at[:, :, None] - at[:, None, :])) * 3.0
    root = np.linalg.cholesky(np.exp(-km / 30.0) + 1e-9 * np.eye(side * side))
    level = 0.15 * rng.normal(size=(side * side, 1))
    logs = 4 + 0.4 * rng.normal(size=(1, n_day)) + level
    weather, cover = (root @ rng.normal(size=(side * side, n_day)) for _ in range(2))
    for field in (weather, cover):
        for day in range(1, n_day):
            field[:, day] = memory * field[:, day - 1] + math.sqrt(1 - memory**2) * field[:, day]
    logs = logs + 0.18 * weather
    cover = cover + dirty * (logs - logs.mean()) / logs.std()
    seen = np.exp(logs + error * rng.normal(size=logs.shape) - error**2 / 2)
    return np.exp(logs), np.where(cover > np.quantile(cover, 1 - hidden), np.nan, seen), at


def test_complete_days_stay_as_they_are():
    _, seen, at = days(hidden=0.0, error=0.0)
    filled = fill_month(seen, at, 3.0)
    assert (filled.days == seen).all() and (filled.mean == seen.mean(axis=1)).all()
    np.testing.assert_allclose(filled.error, 0.0, atol=1e-9)


def shared_days(seed, fall, n_day=31):
    """Truth that is smooth over some 40 km, seen with an error of 15 % that all cells share over 10 km."""
    rng, at = np.random.default_rng(seed), lattice()
    km = np.hypot(*(at[:, :, None] - at[:, None, :])) * 3.0
    truth, error = (
        np.linalg.cholesky(np.exp(-((km / reach) ** how)) + 1e-6 * np.eye(SIDE**2))
        for reach, how in ((40, 1), (10, fall))
    )
    logs = 4 + 0.4 * rng.normal(size=(1, n_day)) + 0.18 * truth @ rng.normal(size=(SIDE**2, n_day))
    cover = truth @ rng.normal(size=logs.shape)
    seen = np.exp(logs + 0.15 * error @ rng.normal(size=logs.shape) - 0.15**2 / 2)
    return np.exp(logs), np.where(cover > np.quantile(cover, 0.6), np.nan, seen), at


@pytest.mark.parametrize("fall", [1.0, 2.0])
def test_a_shared_error_is_told_from_the_weather_however_it_falls_with_distance(fall):
    """Taken for exponential, a Gaussian error ate all the weather: its months were 1.3 times as wrong, and not said."""
    apart, within = [], []
    for seed in (2, 3):
        truth, seen, at = shared_days(seed, fall)
        filled = fill_month(seen, at, 3.0, error_share=0.15, correlation_km=10.0)
        assert filled.model.smooth.sum() > 0.3 * 0.18**2
        apart.append(np.abs(filled.mean - truth.mean(axis=1)) / filled.error)
        within.append(np.log(filled.mean / truth.mean(axis=1)))
    assert 0.85 <= (np.concatenate(apart) < 1.96).mean() <= 1.0
    assert np.std(np.concatenate(within)) < 0.06


@pytest.mark.parametrize("dirty", [0.0, 0.5])
def test_filled_months_beat_the_mean_of_seen_days(dirty):
    """The naive answer beside ours, clouds blind or preferring dirty days; and the error is the stated one."""
    naive, ours, stated = [], [], []
    for seed in range(3):
        truth, seen, at = days(seed, dirty=dirty)
        filled = fill_month(seen, at, 3.0, error_share=0.15)
        naive.append(np.log(np.nanmean(seen, axis=1) / truth.mean(axis=1)))
        ours.append(np.log(filled.mean / truth.mean(axis=1)))
        stated.append(filled.error / filled.mean)
    naive, ours, stated = (np.concatenate(part) for part in (naive, ours, stated))
    assert np.sqrt((ours**2).mean()) < 0.6 * np.sqrt((naive**2).mean())
    assert ours.std() / np.sqrt((stated**2).mean()) == pytest.approx(1.0, abs=0.2)


def test_a_filled_day_is_what_would_have_been_seen():
    """An error of 30 % has its logarithm .043 below 0: filled days must not stand lower than seen ones by that."""
    filled_of, true_of = [], []
    for seed in range(40, 52):
        truth, seen, at = days(seed, error=0.3)
        filled, unseen = fill_month(seen, at, 3.0, error_share=0.3), np.isnan(seen)
        filled_of.append(filled.days[unseen].sum())
        true_of.append(truth[unseen].sum())
    assert np.sum(filled_of) / np.sum(true_of) == pytest.approx(1.0, abs=0.02)


def test_what_hides_dirty_days_is_told_and_left_unsure(monkeypatch):
    """The same months without it stand too low, and their error says nothing of that."""
    taken, blind, off, held = [], [], {True: [], False: []}, {True: [], False: []}
    for seed in range(1, 7):
        blind.append(fill_month(days(seed)[1], lattice(), 3.0, error_share=0.15).model.hides)
        truth, seen, at = days(seed, dirty=1.0)
        for told in (True, False):
            if not told:
                monkeypatch.setattr(residuals, "preference", lambda expected, seen, rest: 0.0)
            filled = fill_month(seen, at, 3.0, error_share=0.15)
            monkeypatch.undo()
            away = np.log(filled.mean / truth.mean(axis=1))
            off[told].append(away.mean())
            held[told].append((np.abs(away) <= 1.96 * filled.error / filled.mean).mean())
            taken += [filled.model.hides] * told
    assert min(taken) > 1 > np.mean(blind)
    assert abs(np.mean(off[True])) < 0.5 * abs(np.mean(off[False]))
    assert np.mean(held[True]) > 0.93 > np.mean(held[False])


def test_days_lost_whole_leave_the_month_at_the_level_of_the_others():
    """One half-seen day among whole ones drew a line to days that nobody saw: months at half of their level."""
    naive, ours, stated = [], [], []
    for seed in range(8):
        truth, seen, at = days(seed, hidden=0.0)
        lost = np.random.default_rng(seed).permutation(31)
        seen[:, lost[:14]] = np.nan
        seen[: SIDE**2 // 2, lost[14]] = np.nan
        filled = fill_month(seen, at, 3.0, error_share=0.15)
        naive.append(np.log(np.nanmean(seen) / truth.mean()))
        ours.append(np.log(filled.mean.mean() / truth.mean()))
        stated.append((filled.error / filled.mean).mean())
    assert np.sqrt(np.mean(np.square(ours))) < 1.1 * np.sqrt(np.mean(np.square(naive)))
    assert np.mean(np.square(ours) / np.square(stated)) == pytest.approx(1.0, abs=0.8)


def test_lost_days_between_dirty_days_are_dirty():
    swing = np.sin(np.arange(31) / 4.0)
    day = np.where(np.isin(np.arange(31), [5, 6, 18, 19]), np.nan, swing)
    level, unsure = day_levels(day, np.isfinite(day).astype(float))
    assert np.abs(level - swing).max() < 0.15 < np.abs(swing[[5, 6]]).min()
    np.testing.assert_allclose(unsure, unsure.T, atol=1e-12)
    assert np.linalg.eigvalsh(unsure).min() > -1e-9 and unsure[5, 6] > 0 == unsure[4].max()
    for guide in (np.full(31, np.nan), np.where(np.isfinite(day), np.nan, 9.0)):  # stations that never met a seen day
        np.testing.assert_allclose(day_levels(day, np.isfinite(day).astype(float), guide)[0], level)


def test_filling_does_not_hang_on_the_order_of_cells_or_on_units():
    _, seen, at = days(1)
    order = np.random.default_rng(0).permutation(len(seen))
    one, other = (
        fill_month(seen, at, 3.0, error_share=0.15),
        fill_month(seen[order], at[:, order], 3.0, error_share=0.15),
    )
    np.testing.assert_allclose(one.mean[order], other.mean, rtol=1e-9)
    np.testing.assert_allclose(fill_month(10 * seen, at + 7, 3.0, error_share=0.15).mean, 10 * one.mean, rtol=1e-6)


def test_one_wild_day_moves_nobody_else():
    _, seen, at = days(2)
    cell, day = np.argwhere(np.isfinite(seen))[100]
    wild = seen.copy()
    wild[cell, day] *= 40
    plain, moved = (fill_month(part, at, 3.0, error_share=0.15) for part in (seen, wild))
    others = np.arange(len(seen)) != cell
    assert np.abs(np.log(moved.mean / plain.mean))[others].max() < 0.05


def test_a_cell_never_seen_stays_empty_and_a_day_never_seen_follows_the_stations():
    truth, seen, at = days(3)
    seen[5], seen[:, 7] = np.nan, np.nan
    guide = np.log(truth).mean(axis=0)
    filled = fill_month(seen, at, 3.0, error_share=0.15, guide=guide)
    assert np.isnan(filled.mean[5]) and np.isfinite(np.delete(filled.mean, 5)).all()
    said = np.nanmean(filled.days[:, 7]) / truth[:, 7].mean()
    without = np.nanmean(fill_month(seen, at, 3.0, error_share=0.15).days[:, 7]) / truth[:, 7].mean()
    assert abs(math.log(said)) < 0.15 and abs(math.log(said)) < abs(math.log(without)) + 0.05


def test_levels_of_clouded_days_follow_the_share_that_was_seen():
    share = np.array([1.0, 0.8, 0.6, 0.4, 0.2, 0.1, 0.0])
    day = np.where(share > 0, 4 - np.log(share + 0.02), np.nan)
    level, variance = day_levels(day, share)
    assert level[-1] > np.nanmax(day) and (variance[:-1] == 0).all()


def test_kriging_weights_are_the_solution_of_their_system():
    at = np.array([[0, 0, 2, 3], [0, 3, 1, 3]])
    size = np.arange(9)
    km = np.hypot(size[:, None], size[None, :]) * 3
    table = np.stack([np.exp(-km / 15), np.exp(-km / 15) + 0.3 * (km == 0)])
    weight, left = kernel.simple_kriging(at, 0, np.array([1, 2, 3, -1]), table)
    apart = np.abs(at[:, 1:, None] - at[:, None, 1:])
    system, side = table[1][apart[0], apart[1]], table[0][np.abs(at[0, 1:]), np.abs(at[1, 1:])]
    np.testing.assert_allclose(weight[:3], np.linalg.solve(system, side), rtol=1e-10)
    assert weight[3] == 0 and left == pytest.approx(1 - side @ np.linalg.solve(system, side))


def test_nearest_seen_is_the_slow_search():
    rng = np.random.default_rng(4)
    at = lattice(9)
    seen = rng.random(81) < 0.3
    down, across = (a.ravel() for a in np.meshgrid(np.arange(-8, 9), np.arange(-8, 9), indexing="ij"))
    order = np.lexsort((across, down, down**2 + across**2))[1:]
    steps = np.stack([down[order], across[order]])
    place = np.arange(81).reshape(9, 9)
    for cell in range(81):
        found = kernel.nearest_seen(place, at, seen, steps, cell, 5)
        far = ((at - at[:, [cell]]) ** 2).sum(axis=0).astype(float)
        far[~seen] = np.inf
        far[cell] = np.inf
        np.testing.assert_array_equal(np.sort(far[found]), np.sort(far)[:5])


def test_two_way_effects_add_up():
    cell, day = np.array([[0.0], [1.0], [3.0]]), np.random.default_rng(0).normal(size=(1, 60))
    logs = cell + day
    logs[1, 2] = np.nan
    found = two_way(logs, n_turns=200)
    np.testing.assert_allclose((found[0][:, None] + found[1])[np.isfinite(logs)], logs[np.isfinite(logs)], atol=0.15)


@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_joint_errors_are_those_of_simulated_months(memory):
    """Errors of differences of cells, over their stated spread: one, for days lost and errors alone or shared."""
    scaled, forgetful = [], []
    for seed in range(4):
        truth, seen, at = days(10 + seed, memory=memory)
        model = day_model(np.log(seen), at, 3.0, error_share=0.15)
        targets = np.arange(0, 400, 16)
        for out, how in ((scaled, model), (forgetful, model._replace(memory=0.0))):
            found = joint_mean(seen, at.T * 3.0, targets, how)
            off = found.mean - np.log(truth.mean(axis=1))[targets]
            i, j = np.triu_indices(targets.size, 1)
            variance = found.covariance[i, i] + found.covariance[j, j] - 2 * found.covariance[i, j]
            out.append(((off[i] - off[j]) ** 2 / variance).mean())
    assert np.mean(scaled) == pytest.approx(1.0, abs=0.3)
    assert memory == 0.0 or np.mean(forgetful) > np.mean(scaled) + 0.04


@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_days_that_remember_the_day_before_are_known_and_make_a_month_less_sure(memory):
    found, scaled = [], []
    for seed in range(4):
        truth, seen, at = days(20 + seed, memory=memory)
        filled = fill_month(seen, at, 3.0, error_share=0.15)
        found.append(filled.model.memory)
        scaled.append(np.log(filled.mean / truth.mean(axis=1)) / (filled.error / filled.mean))
    assert np.mean(found) == pytest.approx(memory, abs=0.15)
    assert np.mean(np.square(scaled)) == pytest.approx(1.0, abs=0.25)
