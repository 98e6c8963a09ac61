"""Kriging: gstat's published numbers, pykrige, the textbook's dense system, and laws."""

import json

import naive_krige
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hotspot.estimate.field.krige import Variogram, empirical_variogram, fit_variogram, krige
from hotspot.estimate.field.left_out import leave_one_out
from hotspot.variables import DataError

SPHERICAL = Variogram("spherical", 5.0, 80.0, 30_000.0)


@pytest.fixture(scope="module")
def meuse(shared):
    folder = shared / "peer_reference"
    published = json.loads((folder / "expected_values.json").read_text(encoding="utf-8"))["gstat_meuse"]
    samples, grid = (pd.read_csv(folder / name) for name in ("sp_meuse.csv", "sp_meuse_grid.csv"))
    return published, samples, grid


def scattered(n=60, seed=0, n_target=50):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 1e5, (2, n))
    return (x, y, rng.normal(50, 10, n), *rng.uniform(0, 1e5, (2, n_target)))


def test_variogram_is_gstats_on_meuse(meuse):
    published, samples, _ = meuse
    table = empirical_variogram(samples["x"], samples["y"], np.log(samples["zinc"]))
    rows = np.array(published["empirical_variogram_log_zinc"]["rows"])
    assert table["n"].tolist() == rows[:, 0].astype(int).tolist()
    np.testing.assert_allclose(table["distance"], rows[:, 1], atol=1e-5)  # printed to five decimals
    np.testing.assert_allclose(table["gamma"], rows[:, 2], atol=1e-7)


def test_fit_is_gstats_on_meuse(meuse):
    published, samples, _ = meuse
    fit = fit_variogram(empirical_variogram(samples["x"], samples["y"], np.log(samples["zinc"])))
    known = published["fit_spherical_log_zinc"]
    # gstat stops its own iteration at about 1e-5; ours is the minimum itself.
    np.testing.assert_allclose(
        [fit.nugget, fit.psill, fit.range_m], [known[k] for k in ("nugget", "psill", "range")], rtol=1e-4
    )


def test_kriging_is_gstats_on_meuse(meuse):
    published, samples, grid = meuse
    known = published["fit_spherical_log_zinc"]
    model = Variogram("spherical", known["nugget"], known["psill"], known["range"])
    estimate, variance = krige(
        samples["x"], samples["y"], np.log(samples["zinc"]), grid["x"], grid["y"], model, neighbours=len(samples)
    )
    for values, name in ((estimate, "pred"), (variance, "var")):
        summary = [*np.percentile(values, [0, 25, 50]), values.mean(), *np.percentile(values, [75, 100])]
        expected = published["ordinary_kriging_grid_log_zinc"][name].values()
        np.testing.assert_allclose(summary, list(expected), atol=6e-8)


@pytest.mark.parametrize(("model", "range_factor"), [("spherical", 1.0), ("exponential", 3.0)])
@pytest.mark.parametrize("neighbours", [12, 60])
def test_kriging_is_pykrige(model, range_factor, neighbours):
    from pykrige.ok import OrdinaryKriging

    x, y, values, tx, ty = scattered(seed=neighbours)
    ours = krige(x, y, values, tx, ty, Variogram(model, 5.0, 80.0, 30_000.0), neighbours=neighbours)
    parameters = {"psill": 80.0, "range": 30_000.0 * range_factor, "nugget": 5.0}
    peer = OrdinaryKriging(x, y, values, variogram_model=model, variogram_parameters=parameters)
    how = {} if neighbours == x.size else {"n_closest_points": neighbours, "backend": "loop"}
    theirs = peer.execute("points", tx, ty, **how)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=0, atol=1e-8)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=0, atol=1e-8)


@settings(max_examples=25, deadline=None)
@given(
    seed=some.integers(0, 10_000), n=some.integers(2, 20), neighbours=some.integers(1, 20),
    model=some.sampled_from(["spherical", "exponential"]), nugget=some.floats(0, 20), range_m=some.floats(500, 2e5),
)  # fmt: skip
def test_kriging_is_the_slow_kriging(seed, n, neighbours, model, nugget, range_m):
    x, y, values, tx, ty = scattered(n, seed, 6)
    variogram = Variogram(model, nugget, 50.0, range_m)
    fast = krige(x, y, values, tx, ty, variogram, neighbours=neighbours)
    slow = naive_krige.krige(x, y, values, tx, ty, variogram.at, neighbours)
    np.testing.assert_allclose(fast[0], slow[0], atol=1e-7)
    np.testing.assert_allclose(fast[1], slow[1], atol=1e-7)


def test_semivariance_is_the_slow_one():
    x, y, values, _, _ = scattered(40, 3)
    values[5] = np.nan
    table = empirical_variogram(x, y, values, cutoff=40_000.0, n_bins=8)
    np.testing.assert_allclose(table.to_numpy(), naive_krige.semivariance(x, y, values, 5_000.0, 8))


def test_times_with_the_same_stations_are_each_ones_own_kriging():
    x, y, _, tx, ty = scattered(20, 4)
    values = np.random.default_rng(4).normal(50, 10, (20, 9))
    values[3, ::2] = np.nan
    values[:, 8] = np.nan
    estimate, variance = krige(x, y, values, tx, ty, SPHERICAL, neighbours=8)
    assert np.isnan(estimate[:, 8]).all() and np.isnan(variance[:, 8]).all()
    for t in range(8):
        seen = ~np.isnan(values[:, t])
        alone = krige(x[seen], y[seen], values[seen, t], tx, ty, SPHERICAL, neighbours=8)
        np.testing.assert_allclose(estimate[:, t], alone[0])
        np.testing.assert_allclose(variance[:, t], alone[1])


def test_order_of_stations_changes_no_bit():
    x, y, values, tx, ty = scattered(seed=5)
    order = np.random.default_rng(5).permutation(x.size)
    first = krige(x, y, values, tx, ty, SPHERICAL)
    second = krige(x[order], y[order], values[order], tx, ty, SPHERICAL)
    np.testing.assert_array_equal(first, second)


def test_a_constant_is_kriged_exactly_and_shifts_pass_through():
    x, y, values, tx, ty = scattered(seed=6)
    flat, _ = krige(x, y, np.full(x.size, 37.0), tx, ty, SPHERICAL)
    np.testing.assert_allclose(flat, 37.0)
    base, spread = krige(x, y, values, tx, ty, SPHERICAL)
    moved, same = krige(x, y, values + 100, tx, ty, SPHERICAL)
    np.testing.assert_allclose(moved, base + 100)
    np.testing.assert_array_equal(same, spread)


def test_stations_are_met_exactly():
    x, y, values, _, _ = scattered(seed=7)
    estimate, variance = krige(x, y, values, x, y, SPHERICAL)
    np.testing.assert_allclose(estimate, values)
    np.testing.assert_allclose(variance, 0.0, atol=1e-9)


def test_stations_in_one_place_are_averaged():
    x, y, values, tx, ty = scattered(10, 8)
    doubled = krige(np.r_[x, x[0]], np.r_[y, y[0]], np.r_[values, values[0] + 8], tx, ty, SPHERICAL)
    merged = values.copy()
    merged[0] += 4
    np.testing.assert_allclose(doubled, krige(x, y, merged, tx, ty, SPHERICAL))


def test_left_out_station_is_kriged_from_the_others():
    x, y, values, _, _ = scattered(15, 9)
    estimate, variance = leave_one_out(x, y, values, SPHERICAL)
    for i in (0, 7, 14):
        rest = np.arange(15) != i
        alone = krige(x[rest], y[rest], values[rest], x[[i]], y[[i]], SPHERICAL)
        assert (estimate[i], variance[i]) == (alone[0][0], alone[1][0])


def test_without_structure_the_fit_is_all_nugget():
    table = pd.DataFrame({"n": 50, "distance": np.arange(1.0, 11.0), "gamma": np.linspace(4.0, 3.0, 10)})
    fit = fit_variogram(table)
    assert fit.psill == 0.0 and 3.0 < fit.nugget < 4.0


@pytest.mark.parametrize("model", ["spherical", "exponential"])
def test_fit_finds_the_truth(model):
    truth = Variogram(model, 3.0, 20.0, 4.0)
    h = np.arange(0.5, 15.0)
    fit = fit_variogram(pd.DataFrame({"n": np.arange(15, 0, -1), "distance": h, "gamma": truth.at(h)}), model=model)
    np.testing.assert_allclose([fit.nugget, fit.psill, fit.range_m], [3.0, 20.0, 4.0], rtol=1e-6)


def test_what_cannot_be_kriged_is_refused():
    with pytest.raises(DataError, match="no coordinates"):
        krige([0.0, np.nan], [0.0, 1.0], [1.0, 2.0], [0.5], [0.5], SPHERICAL)
    with pytest.raises(DataError, match="nearly coincide"):
        krige([0.0, 1e-12, 5.0], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [1.0], [0.0], Variogram("spherical", 0.0, 1.0, 9.0))
    with pytest.raises(DataError, match="one place"):
        empirical_variogram([1.0, 1.0], [2.0, 2.0], [3.0, 4.0])
    with pytest.raises(DataError, match="distance classes"):
        fit_variogram(pd.DataFrame({"n": [3], "distance": [2.0], "gamma": [1.0]}))
    with pytest.raises(ValueError, match="gaussian"):
        Variogram("gaussian", 0.0, 1.0, 1.0)
