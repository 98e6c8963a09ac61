"""Gi* on the lattice: the slow formula, esda, and the laws."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.rank.warn.clusters import false_discovery, gi_star
from hotspot.variables import DataError


def region(seed=0, n_col=17, n_row=13, share=0.8, missing=0.1):
    """A ragged region of the lattice with a smooth field, noise and holes."""
    rng = np.random.default_rng(seed)
    col, row = (a.ravel() for a in np.meshgrid(np.arange(n_col), np.arange(n_row)))
    kept = rng.random(col.size) < share
    col, row = col[kept], row[kept]
    values = 50 + 10 * np.sin(col / 3) * np.cos(row / 4) + rng.normal(0, 3, col.size)
    values[rng.random(col.size) < missing] = np.nan
    coords = {"cell": np.arange(col.size).astype(str), "col": ("cell", col + 700), "row": ("cell", row + 900)}
    return xr.Dataset(coords=coords), values


def naive_gi_star(values, col, row):
    """The formula of Ord and Getis (1995) as plain loops."""
    seen = [i for i in range(len(values)) if not np.isnan(values[i])]
    n = len(seen)
    mean = sum(values[i] for i in seen) / n
    spread = (sum((values[i] - mean) ** 2 for i in seen) / n) ** 0.5
    z = np.full(len(values), np.nan)
    for i in seen:
        near = [j for j in seen if abs(col[i] - col[j]) <= 1 and abs(row[i] - row[j]) <= 1]
        w = len(near)
        z[i] = (sum(values[j] for j in near) - w * mean) / (spread * ((n * w - w**2) / (n - 1)) ** 0.5)
    return z


def test_gi_star_is_the_slow_formula():
    cells, values = region()
    gi = gi_star(values, cells)
    np.testing.assert_allclose(gi["gi_z"], naive_gi_star(values, cells["col"].values, cells["row"].values), atol=1e-10)
    assert np.isnan(gi["gi_z"].values[np.isnan(values)]).all()


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_gi_star_is_esda(missing):
    esda = pytest.importorskip("esda")
    libpysal = pytest.importorskip("libpysal")
    cells, values = region(3, missing=missing)
    col, row = cells["col"].values, cells["row"].values
    seen = np.flatnonzero(~np.isnan(values))  # esda knows no missing values: it gets the cells that have one
    place = {(col[i], row[i]): k for k, i in enumerate(seen)}
    near = {
        k: [place[c, r] for c in range(col[i] - 1, col[i] + 2) for r in range(row[i] - 1, row[i] + 2)
            if (c, r) in place and (c, r) != (col[i], row[i])]
        for k, i in enumerate(seen)
    }  # fmt: skip
    weights = libpysal.weights.W(near, silence_warnings=True)
    peer = esda.G_Local(values[seen], weights, transform="B", star=True, permutations=0)
    gi = gi_star(values, cells)
    np.testing.assert_allclose(gi["gi_z"].values[seen], peer.Zs, atol=1e-10)
    # esda's p_norm is one-sided, ours two-sided.
    np.testing.assert_allclose(gi["gi_p"].values[seen], 2 * peer.p_norm, atol=1e-10)


def test_a_planted_cluster_is_found_and_noise_is_not():
    rng = np.random.default_rng(5)
    col, row = (a.ravel() for a in np.meshgrid(np.arange(40), np.arange(40)))
    cells = xr.Dataset(coords={"cell": np.arange(1600).astype(str), "col": ("cell", col), "row": ("cell", row)})
    noise = rng.normal(50, 5, 1600)
    assert (gi_star(noise, cells)["gi_class"] != "").mean() < 0.01
    planted = (col >= 10) & (col < 15) & (row >= 20) & (row < 25)
    kinds = gi_star(noise + 12 * planted - 12 * (row < 4), cells)["gi_class"].values
    assert (kinds[planted] == "hot").mean() > 0.9
    assert (kinds[row < 4] == "cold").mean() > 0.9
    assert (kinds[(row > 6) & (col > 20)] == "hot").mean() < 0.02


@settings(max_examples=30, deadline=None)
@given(st.floats(-500, 500), st.floats(0.01, 100), st.integers(0, 50))
def test_constant_and_scale_leave_gi_star_unchanged(constant, scale, seed):
    cells, values = region(seed)
    z = gi_star(values, cells)["gi_z"].values
    np.testing.assert_allclose(gi_star(values * scale + constant, cells)["gi_z"].values, z, atol=1e-8)


def test_order_of_cells_changes_nothing():
    cells, values = region(2)
    turned = np.random.default_rng(0).permutation(values.size)
    gi = gi_star(xr.DataArray(values, dims="cell"), cells)
    other = gi_star(values[turned], cells.isel(cell=turned))
    xr.testing.assert_allclose(other.sortby("cell"), gi.sortby("cell"), atol=1e-12)


@pytest.mark.parametrize("values", [np.full(4, np.nan), np.full(4, 7.0), np.array([1.0, np.nan, np.nan, np.nan])])
def test_degenerate_input_is_an_error(values):
    cells = xr.Dataset(coords={"cell": list("abcd"), "col": ("cell", range(4)), "row": ("cell", [0] * 4)})
    with pytest.raises(DataError, match="do not differ"):
        gi_star(values, cells)


def test_wrong_calls_say_what_fits():
    cells, values = region()
    with pytest.raises(ValueError, match="one for each of"):
        gi_star(values[:-1], cells)
    with pytest.raises(ValueError, match="alpha"):
        gi_star(values, cells, alpha=5)
    with pytest.raises(DataError, match="share a place"):
        gi_star(values, cells.assign_coords(col=cells["col"] * 0))
    with pytest.raises(DataError, match="one region at a time"):
        gi_star(np.array([1.0, 2.0]), xr.Dataset(coords={"cell": ["a", "b"], "col": ("cell", [0, 40_000]),
                                                         "row": ("cell", [0, 40_000])}))  # fmt: skip


def test_every_cell_in_one_window_has_no_score():
    cells = xr.Dataset(coords={"cell": list("ab"), "col": ("cell", [0, 1]), "row": ("cell", [0, 0])})
    gi = gi_star(np.array([1.0, 2.0]), cells)
    assert np.isnan(gi["gi_z"]).all() and (gi["gi_class"] == "").all()


def test_false_discovery_is_benjamini_and_hochberg_in_plain_loops():
    p = np.random.default_rng(1).random(200) ** 3
    order = np.argsort(p)
    last = max((i for i in range(200) if p[order[i]] <= (i + 1) * 0.1 / 200), default=-1)
    expected = np.zeros(200, dtype=bool)
    expected[order[: last + 1]] = True
    assert expected.any() and not expected.all()
    np.testing.assert_array_equal(false_discovery(p, 0.1), expected)
    assert not false_discovery(np.array([0.5, 0.9]), 0.05).any()
