"""Kriging many hours with silent stations: pykrige, each hour's own system, and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from kriged_blocks import krige_blocks

from hotspot.estimate.field.krige import Variogram, krige
from hotspot.estimate.fine.block_krige import lay_blocks
from hotspot.kernels import krige_blocks as kernel
from hotspot.kernels.krige_blocks import Hours
from hotspot.variables import DataError

SPHERICAL = Variogram("spherical", 5.0, 80.0, 30_000.0)


def network(n=40, n_time=9, missing=0.2, seed=0):
    """Stations over 30 km, four cells of nine targets, hours with holes."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 30_000, (2, n))
    values = rng.normal(50, 10, (n, n_time))
    values[rng.random(values.shape) < missing] = np.nan
    east, north = (a.ravel() for a in np.meshgrid(np.arange(3) * 1000.0, np.arange(3) * 1000.0))
    corner = np.array([[6000.0, 6000.0], [9000.0, 6000.0], [18_000.0, 15_000.0], [24_000.0, 24_000.0]])
    tx, ty = (corner[:, 0:1] + east).ravel(), (corner[:, 1:2] + north).ravel()
    return x, y, values, tx, ty, np.repeat(np.arange(4), 9)


def field(values, blocks, hours, pattern, least):
    shape = pattern.size, values.shape[1]
    return kernel.field(values, blocks, hours, pattern, least, np.empty(shape), np.empty(shape, np.float32))


def test_every_hour_is_the_kriging_of_its_own_stations():
    x, y, values, tx, ty, block = network()
    estimate, variance = krige_blocks(x, y, values, tx, ty, block, SPHERICAL, neighbours=40)
    for t in range(values.shape[1]):
        seen = np.isfinite(values[:, t])
        alone = krige(x[seen], y[seen], values[seen, t], tx, ty, SPHERICAL, neighbours=40)
        np.testing.assert_allclose(estimate[:, t], alone[0], rtol=0, atol=1e-9)
        np.testing.assert_allclose(variance[:, t], alone[1], rtol=1e-6)  # single precision


@pytest.mark.parametrize(("model", "range_factor"), [("spherical", 1.0), ("exponential", 3.0)])
def test_an_hour_with_silent_stations_is_pykriges(model, range_factor):
    from pykrige.ok import OrdinaryKriging

    x, y, values, tx, ty, block = network(seed=1)
    ours = krige_blocks(x, y, values, tx, ty, block, Variogram(model, 5.0, 80.0, 30_000.0), neighbours=40)
    seen = np.isfinite(values[:, 3])
    parameters = {"psill": 80.0, "range": 30_000.0 * range_factor, "nugget": 5.0}
    peer = OrdinaryKriging(
        x[seen], y[seen], values[seen, 3], variogram_model=model, variogram_parameters=parameters
    ).execute("points", tx, ty)
    np.testing.assert_allclose(ours[0][:, 3], peer[0], rtol=0, atol=1e-8)
    np.testing.assert_allclose(ours[1][:, 3], peer[1], rtol=1e-6)


def test_kriging_hours_is_gstats_on_meuse(shared):
    import json

    import pandas as pd

    folder = shared / "peer_reference"
    published = json.loads((folder / "expected_values.json").read_text(encoding="utf-8"))["gstat_meuse"]
    samples, grid = (pd.read_csv(folder / name) for name in ("sp_meuse.csv", "sp_meuse_grid.csv"))
    known = published["fit_spherical_log_zinc"]
    model = Variogram("spherical", known["nugget"], known["psill"], known["range"])
    values = np.log(samples["zinc"].to_numpy())[:, None]
    estimate, _ = krige_blocks(
        samples["x"], samples["y"], values, grid["x"], grid["y"], np.arange(len(grid)) // 50, model,
        neighbours=len(samples),
    )  # fmt: skip
    summary = [*np.percentile(estimate, [0, 25, 50]), estimate.mean(), *np.percentile(estimate, [75, 100])]
    expected = published["ordinary_kriging_grid_log_zinc"]["pred"].values()
    np.testing.assert_allclose(summary, list(expected), atol=6e-8)


@settings(max_examples=20, deadline=None)
@given(
    seed=some.integers(0, 10_000), n=some.integers(3, 25), neighbours=some.integers(3, 20),
    missing=some.floats(0, 0.95), nugget=some.floats(0.1, 20), share=some.sampled_from([0.0, 0.5, 1.0]),
)  # fmt: skip
def test_stations_that_speak_are_those_of_the_rule(seed, n, neighbours, missing, nugget, share):
    x, y, values, tx, ty, block = network(n, 5, missing, seed)
    model = Variogram("exponential", nugget, 50.0, 9000.0)
    estimate, variance = krige_blocks(
        x, y, values, tx, ty, block, model, neighbours=neighbours, min_share=share
    )  # fmt: skip
    k = min(neighbours, n)
    for t in range(5):
        for b in range(4):
            mine = block == b
            away = np.hypot(x - tx[mine].mean(), y - ty[mine].mean())
            near = np.argsort(away)
            seen = np.isfinite(values[near, t])
            chosen = near[:k][seen[:k]]
            if len(chosen) < max(np.ceil(share * k), 1):
                chosen = near[: 4 * neighbours][seen[: 4 * neighbours]][:k]
            if not len(chosen):
                assert np.isnan(estimate[mine, t]).all() and np.isnan(variance[mine, t]).all()
                continue
            alone = krige(x[chosen], y[chosen], values[chosen, t], tx[mine], ty[mine], model, neighbours=n)
            np.testing.assert_allclose(estimate[mine, t], alone[0], rtol=0, atol=1e-8)
            np.testing.assert_allclose(variance[mine, t], alone[1], rtol=1e-5, atol=1e-5)


def test_hours_and_order_of_stations_change_no_bit():
    x, y, values, tx, ty, block = network(n_time=150, seed=3)
    whole = krige_blocks(x, y, values, tx, ty, block, SPHERICAL, neighbours=12)
    parts = [
        krige_blocks(x, y, values[:, s], tx, ty, block, SPHERICAL, neighbours=12)
        for s in np.split(np.arange(150), [1, 70])
    ]
    np.testing.assert_array_equal(whole[0], np.concatenate([part[0] for part in parts], axis=1))
    order = np.random.default_rng(0).permutation(x.size)
    again = krige_blocks(x[order], y[order], values[order], tx, ty, block, SPHERICAL, neighbours=12)
    np.testing.assert_array_equal(whole, again)


def test_a_station_left_out_is_kriged_from_the_others():
    x, y, values, tx, ty, _ = network(30, 6, 0.3, 4)
    order = np.lexsort((y, x))
    x, y, values = x[order], y[order], values[order]
    blocks = lay_blocks(x, y, tx, ty, [0, 9, 18, 27, 36], SPHERICAL, neighbours=30)
    said, variance = kernel.left_out(values, blocks, np.array([0, 7]), np.array([1, 2]))
    for i, station in enumerate((0, 7)):
        for t in range(6):
            if np.isnan(values[station, t]):
                assert np.isnan(said[i, t])
                continue
            rest = np.isfinite(values[:, t]) & (np.arange(30) != station)
            alone = krige(x[rest], y[rest], values[rest, t], x[[station]], y[[station]], SPHERICAL, neighbours=30)
            np.testing.assert_allclose([said[i, t], variance[i, t]], [alone[0][0], alone[1][0]], rtol=1e-9)


def test_noise_lowers_a_stations_weight_and_its_own_error_is_not_the_fields():
    x, y, tx, ty = np.array([0.0, 2000.0]), np.zeros(2), [1000.0], [0.0]
    even = lay_blocks(x, y, tx, ty, [0, 1], SPHERICAL)
    noisy = lay_blocks(x, y, tx, ty, [0, 1], SPHERICAL, noise=[50.0, 0.0])
    np.testing.assert_allclose(even.weight[:, 0], [0.5, 0.5])
    assert noisy.weight[0, 0] < 0.3 and noisy.variance[0] > even.variance[0]


def test_values_stay_within_the_stations_and_the_error():
    x, y, values, tx, ty, _ = network(12, 40, 0.3, 5)
    order = np.lexsort((y, x))
    blocks = lay_blocks(x[order], y[order], tx, ty, [0, 9, 18, 27, 36], SPHERICAL, neighbours=12)
    values = np.ascontiguousarray(values[order])
    n = 40
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    hours = Hours(np.full(n, 3.0), np.full(n, 0.01), low, high)
    estimate, error = field(values, blocks, hours, np.linspace(-90, 90, 36), np.array([6, 1]))
    assert (estimate <= high + error + 1e-6).all() and (estimate >= np.maximum(low - error, 0) - 1e-6).all()
    assert (estimate == 0).any() or (estimate > high).any()


def test_far_stations_do_not_speak_and_wrong_input_is_refused():
    blocks = lay_blocks([0.0, 9e4], [0.0, 0.0], [0.0, 8e4], [500.0, 0.0], [0, 1, 2], SPHERICAL, max_m=20_000.0)
    values = np.array([[5.0, 5.0], [7.0, np.nan]])
    hours = Hours(np.zeros(2), np.ones(2), np.zeros(2), np.full(2, 9.0))
    estimate, error = field(values, blocks, hours, np.zeros(2), np.array([1, 1]))
    assert np.isfinite(estimate[[0, 0, 1], [0, 1, 0]]).all() and np.isnan(estimate[1, 1]) and np.isnan(error[1, 1])
    with pytest.raises(DataError, match="nearly coincide"):
        lay_blocks([0.0, 1e-12], [0.0, 0.0], [1.0], [0.0], [0, 1], Variogram("spherical", 0.0, 1.0, 9.0))
    with pytest.raises(DataError, match="no station"):
        lay_blocks([], [], [1.0], [0.0], [0, 1], SPHERICAL)
