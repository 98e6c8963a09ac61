"""The simple rivals against plain loops, and their laws."""

import numpy as np
import pytest

from hotspot.estimate.level.contrast import local_contrast, richardson_lucy


@pytest.fixture
def scene():
    """Means of 300 cells of a lattice with holes, some of them unknown."""
    rng = np.random.default_rng(3)
    col, row = (axis.ravel()[:300] for axis in np.meshgrid(np.arange(20), np.arange(17)))
    mean = rng.uniform(20, 60, 300)
    mean[rng.random(300) < 0.1] = np.nan
    return mean, col + 7, row + 40


def test_contrast_is_its_formula(scene):
    mean, col, row = scene
    found = local_contrast(mean, col, row, width=2.0)
    known = np.isfinite(mean)
    for cell in np.flatnonzero(known)[::17]:
        # Four standard deviations, as far as the Gaussian is laid.
        dx, dy = np.abs(col - col[cell]), np.abs(row - row[cell])
        weight = np.exp(-(dx**2 + dy**2) / (2 * 2.0**2)) * ((dx <= 8) & (dy <= 8) & known)
        expected = mean[cell] - (weight[known] * mean[known]).sum() / weight.sum()
        assert found[cell] == pytest.approx(expected, abs=1e-9)
    assert np.isnan(found[~known]).all()


def test_contrast_knows_no_constant_and_scales(scene):
    mean, col, row = scene
    plain = local_contrast(mean, col, row)
    np.testing.assert_allclose(local_contrast(mean + 10, col, row), plain, atol=1e-9)
    np.testing.assert_allclose(local_contrast(3 * mean, col, row), 3 * plain, atol=1e-9)


def test_sharpening_finds_a_blurred_source_and_stays_positive(scene):
    _, col, row = scene
    blurred = np.exp(-((col - 17.0) ** 2 + (row - 47.0) ** 2) / 2)
    found = richardson_lucy(blurred + 5.0, col, row, rounds=30)
    assert (found > 0).all() and found.argmax() == np.flatnonzero((col == 17) & (row == 47))[0]
    assert found.max() > 2 * blurred.max()
    np.testing.assert_allclose(found.sum(), blurred.sum(), rtol=0.02)
