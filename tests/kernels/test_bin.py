"""The kernels of raster to cell against plain loops, and the laws of area."""

import itertools

import naive_bin
import numpy as np
import pytest
import xarray as xr
from cell_case import raster, square

from hotspot.estimate.field.areas import weights
from hotspot.kernels import bin as kernel


def means(values, found, least=1e-9):
    """Mean and share, float64[n_cell, n_layer] each."""
    both = np.full((2, found.total.size, values.shape[0]), -1.0)
    areas = kernel.Areas(found.begin, found.pixel, found.weight, found.total)
    kernel.mean_by_cell(values, areas, least, both[0], both[1])
    return both


@pytest.mark.parametrize(("spacing", "step"), [(3000.0, 0.1), (3000.0, 0.01), (500.0, 0.1), (500.0, 0.003)])
def test_weights_are_shapelys_intersections(spacing, step):
    cells = square(int(900e3 // spacing), int(3900e3 // spacing), 3, 3, spacing)
    field = raster(cells, step)
    found = weights(field["x"].values, field["y"].values, "EPSG:4326", cells)
    j0, j1, i0, i1 = found.window
    values = field.values[None, j0:j1, i0:i1]
    mean, seen = means(values, found)
    checked = 0
    for k in range(9):
        slow_mean, slow_seen = naive_bin.mean(field, cells, k)
        assert seen[k, 0] == pytest.approx(slow_seen, rel=2e-8, abs=1e-9)
        assert mean[k, 0] == pytest.approx(slow_mean, rel=2e-8, nan_ok=True)
        checked += np.isfinite(slow_mean)
    assert checked >= 3


@pytest.mark.parametrize("n_layer", [1, kernel.LANES // 3, kernel.LANES // 3 + 1, kernel.LANES, 2 * kernel.LANES + 5])
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_mean_by_cell_is_the_slow_mean(n_layer, kind):
    """To the bit, however many layers lie side by side, over several tiles and cells without a pixel."""
    rng = np.random.default_rng(3)
    rows, columns = kernel.TILE + 7, 2 * kernel.TILE + 3
    values = rng.uniform(0, 50, (n_layer, rows, columns)).astype(kind)
    values[rng.random(values.shape) < 0.4] = np.nan
    begin = np.r_[0, np.cumsum(rng.integers(0, 9, 60))]
    pixel, weight = rng.integers(0, rows * columns, begin[-1]), rng.uniform(0.1, 2, begin[-1])
    total = np.array([max(weight[a:b].sum() * 1.2, 0.1) for a, b in itertools.pairwise(begin)])
    found = kernel.Areas(begin, pixel, weight, total)
    mean, seen = means(values, found, 0.5)
    for c in range(60):
        for layer in range(n_layer):
            top = bottom = 0.0
            for m in range(begin[c], begin[c + 1]):
                value = float(values[layer].ravel()[pixel[m]])
                if value == value:
                    top, bottom = top + weight[m] * value, bottom + weight[m]
            share = min(1.0, bottom / total[c])
            assert seen[c, layer] == share
            assert np.array_equal(mean[c, layer], top / bottom if share >= 0.5 else np.nan, equal_nan=True)
    assert np.isfinite(mean).any() and np.isnan(mean).any()


def test_area_is_conserved():
    """Pixels in the middle of many cells are handed out whole; cells are handed out whole."""
    cells = square(300, 1290, 24, 24)
    x, y = raster(cells, 0.05)["x"].values, raster(cells, 0.05)["y"].values
    found = weights(x, y, "EPSG:4326", cells)
    assert found.total == pytest.approx(np.full(576, 9e6), rel=3e-4)  # planar shares inside a pixel: 3e-4 at most
    rows, columns = found.window[1] - found.window[0], found.window[3] - found.window[2]
    given = np.bincount(found.pixel, found.weight, rows * columns).reshape(rows, columns)
    area = np.array([naive_bin.pixel_area("EPSG:4326", 0, 0.05, v - 0.025, v + 0.025) for v in y])[
        found.window[0] : found.window[1]
    ]
    whole = given / area[:, None]
    inner = whole[4:-4, 4:-4]
    assert inner.size > 20
    assert inner == pytest.approx(np.ones_like(inner), rel=1e-9)


def test_fine_cells_hold_the_pixels_of_their_coarse_cell():
    coarse, fine = square(300, 1290, 2, 2), square(1800, 7740, 12, 12, 500.0)
    x, y = raster(coarse, 0.01)["x"].values, raster(coarse, 0.01)["y"].values
    sums = []
    for cells in (coarse, fine):
        found = weights(x, y, "EPSG:4326", cells)
        j0, _, i0, i1 = found.window
        pixel = (found.pixel // (i1 - i0) + j0) * x.size + found.pixel % (i1 - i0) + i0
        sums.append(np.bincount(pixel, found.weight, x.size * y.size))
    assert sums[1] == pytest.approx(sums[0], rel=1e-7, abs=1e-3)  # m2 of a pixel of a million


def test_far_cells_change_nothing():
    """The polynomials sit on fixed blocks of the lattice, so a far city moves no bit."""
    near, far = square(300, 1290, 3, 3), square(-400, 1600, 2, 2)
    both = xr.concat([near, far], dim="cell").assign_attrs(near.attrs)
    x, y = np.arange(75.0, 125.0, 0.1), np.arange(20.0, 52.0, 0.1)
    alone, joint = (weights(x, y, "EPSG:4326", cells) for cells in (near, both))
    n = alone.weight.size
    assert np.array_equal(alone.weight, joint.weight[:n])
    assert np.array_equal(alone.total, joint.total[:9])
