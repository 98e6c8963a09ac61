"""Emissions from sparse footprints, against the dense matrices they stand for."""

import numpy as np
import pytest

from hotspot.kernels import emissions
from hotspot.trace.plumes.footprint import SHAPES, each_over_cells, footprints, over_cells, reaching, wind_table


@pytest.fixture(scope="module")
def month():
    """Six stations in two groups, nine sources, 90 hours with gaps and calm ones; one source out of reach."""
    rng = np.random.default_rng(4)
    turn = np.cumsum(rng.normal(0, 0.4, 90))
    wind = wind_table(rng.gamma(2, 1, 90) * np.cos(turn), rng.gamma(2, 1, 90) * np.sin(turn))
    wind[7:9, :2] = np.nan
    wind[20, :2] = 0.1
    stations = np.r_[rng.uniform(0, 3000, (3, 2)), rng.uniform(3000, 6000, (3, 2))]
    sources = np.r_[rng.uniform(-9000, 12000, (8, 2)), [[90_000.0, 0.0]]]
    dense = footprints(stations, sources, wind, SHAPES[3])
    seen = np.einsum("sjt,j->st", dense, rng.gamma(2, 4, 9)) + rng.normal(5, 2, (6, 90))
    weight = rng.gamma(2, 0.1, (6, 90)) * (rng.random((6, 90)) > 0.1)
    weight[4] = 0.0
    return wind, stations, sources, dense, seen, weight


def test_what_reaches_is_the_footprints_without_their_noughts(month):
    wind, stations, sources, _, _, _ = month
    for at in range(2):  # each with the other growth
        shapes = [SHAPES[at], SHAPES[at + 2]]
        for shape, found in zip(shapes, reaching(stations, sources, wind, shapes), strict=True):
            dense = np.zeros((6, 9, 90))
            for s in range(6):
                for t in range(90):
                    own = slice(found.begin[s, t], found.begin[s, t + 1])
                    assert (np.diff(found.source[own]) > 0).all()
                    dense[s, found.source[own], t] = found.adds[own]
            assert found.begin[-1, -1] == found.adds.size and (found.adds > 0).all()
            np.testing.assert_array_equal(dense, footprints(stations, sources, wind, shape))


def test_cells_of_two_growths_are_each_growths_cells(month):
    wind, stations, sources, _, _, _ = month
    both = each_over_cells(stations, sources, wind, [SHAPES[0], SHAPES[2]], spacing=3000.0)
    for shape, found in zip((SHAPES[0], SHAPES[2]), both, strict=True):
        np.testing.assert_array_equal(found, over_cells(stations, sources, wind, shape, spacing=3000.0))


def test_expected_and_average_are_sums_over_the_dense_ones(month):
    wind, stations, sources, dense, _, _ = month
    [found] = reaching(stations, sources, wind, [SHAPES[3]])
    emission = np.random.default_rng(1).gamma(2, 3, (6, 9))
    assert emissions.expected(*found, emission) == pytest.approx(np.einsum("sjt,sj->st", dense, emission), rel=1e-12)
    assert emissions.on_average(*found, 9) == pytest.approx(dense.mean(axis=2), rel=1e-12)


def test_normal_equations_take_out_what_a_station_always_has(month):
    """The curvature of a group is that of least squares in which its stations' own two are free (weakly held)."""
    wind, stations, sources, dense, seen, weight = month
    [found] = reaching(stations, sources, wind, [SHAPES[3]])
    own = np.stack([np.ones(90), np.random.default_rng(2).gamma(2, 1, 90)])
    group = np.array([0, 0, 0, 1, 1, 1])
    bend, slope, solve, cross, pull = emissions.normal_equations(tuple(found), seen, weight, own, 1e-3, group, 9)
    for g in range(2):
        whole, right = np.zeros((9, 9)), np.zeros(9)
        for s in np.flatnonzero(group == g):
            columns = np.vstack([dense[s], own])
            full = (columns * weight[s]) @ columns.T
            full[[9, 10], [9, 10]] += 1e-3
            towards = (columns * weight[s]) @ seen[s]
            away = full[:9, 9:] @ np.linalg.inv(full[9:, 9:])
            whole += full[:9, :9] - away @ full[9:, :9]
            right += towards[:9] - away @ towards[9:]
            assert solve[s] == pytest.approx(np.linalg.inv(full[9:, 9:]), rel=1e-9)
            assert cross[s] == pytest.approx(full[:9, 9:]) and pull[s] == pytest.approx(towards[9:])
        assert bend[g] == pytest.approx(whole, rel=1e-9, abs=1e-9) and slope[g] == pytest.approx(
            right, rel=1e-9, abs=1e-9
        )
        np.testing.assert_array_equal(bend[g], bend[g].T)


def test_newton_ends_where_the_slope_is_nothing(month):
    """At the end neither an emission nor a deviation of any group gains by a step; out of reach nothing deviates."""
    wind, stations, sources, dense, seen, weight = month
    [found] = reaching(stations, sources, wind, [SHAPES[3]])
    group, hold = np.array([0, 0, 0, 1, 1, 1]), 4.0
    equations = emissions.normal_equations(
        tuple(found), seen, weight, np.ones((2, 90)) * [[1.0], [0.5]], 1e-3, group, 9
    )
    near = np.array([dense[group == g].any(axis=(0, 2)) for g in range(2)])
    assert not near[:, 8].any()
    mean, inverse = np.zeros(9), np.eye(9) * 0.5
    log_q, deviation = mean.copy(), np.zeros((2, 9))
    for _ in range(20):
        bend, _ = emissions.newton(equations[:2], near, (mean, inverse), log_q, deviation, hold, 12)
    q = np.exp(log_q + deviation)
    pulls = q * (np.einsum("gij,gj->gi", equations[0], q) - equations[1])
    scale = np.abs(equations[1] * q).max()
    assert pulls + hold * deviation == pytest.approx(0, abs=1e-3 * scale)
    assert inverse @ (log_q - mean) + pulls.sum(axis=0) == pytest.approx(0, abs=1e-3 * scale)
    assert (deviation[:, 8] == 0).all() and log_q[8] == pytest.approx(0)
    assert np.linalg.eigvalsh((bend + bend.T) / 2).min() > 0
