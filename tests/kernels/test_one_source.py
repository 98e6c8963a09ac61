"""Chances of one source, against the formula as it is written."""

import numpy as np
import pytest

from hotspot.kernels import one_source


def test_chances_are_the_slow_chances():
    rng = np.random.default_rng(3)
    sizes = np.array([0.5, 2.0, 8.0])
    best, known = rng.gamma(2.0, 2.0, (4, 6)), rng.gamma(1.0, 2.0, 6)
    gain = 0.5 * known * best**2
    prior = np.log(rng.dirichlet(np.ones(3), 4) * 0.5 / 6)
    chance, amount = one_source.chances(gain, best, known, sizes, prior, np.log(0.5))
    for case in range(4):
        fits = gain[case][:, None] - known[:, None] * (best[case][:, None] - sizes) ** 2 / 2
        weight = np.exp(fits + prior[case])
        weight /= 0.5 + weight.sum()
        assert chance[case] == pytest.approx(weight.sum(axis=1), rel=1e-12)
        assert amount[case] == pytest.approx(weight @ sizes, rel=1e-12)


def test_a_source_beyond_all_doubt_and_none_at_all():
    """No overflow where the likelihood is huge; the prior's none where nothing was heard."""
    nothing, sizes, prior = np.zeros((1, 2)), np.ones(1), np.full((1, 1), np.log(0.25))
    sure, _ = one_source.chances(np.array([[2000.0, 0.0]]), np.ones((1, 2)), np.zeros(2), sizes, prior, np.log(0.5))
    assert sure.tolist() == [[1.0, 0.0]]
    even, amount = one_source.chances(nothing, nothing, np.zeros(2), sizes, prior, np.log(0.5))
    assert even[0] == pytest.approx([0.25, 0.25]) and amount[0] == pytest.approx([0.25, 0.25])
