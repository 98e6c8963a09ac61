"""The loop behind the clocks against plain sums."""

import numpy as np

from hotspot.kernels import lags


def test_lag_sums_are_the_plain_ones():
    rng = np.random.default_rng(3)
    mine, others = rng.normal(size=50), rng.normal(size=(3, 50))
    mine[7], others[1, 20:30] = np.nan, np.nan
    day = np.arange(50) // 24
    sums = lags.lag_sums(mine, others, day, 3, 2)
    assert sums.shape == (5, 3, 3, 3)
    for k, lag in enumerate(range(-2, 3)):
        for other in range(3):
            pairs = [(mine[t + lag], others[other, t], day[t]) for t in range(50) if 0 <= t + lag < 50]
            for one in range(3):
                here = [(a, b) for a, b, of in pairs if of == one and np.isfinite(a) and np.isfinite(b)]
                plain = [sum(a * b for a, b in here), sum(a * a for a, _ in here), sum(b * b for _, b in here)]
                np.testing.assert_allclose(sums[k, :, other, one], plain, rtol=1e-12, atol=1e-12)


def test_lag_correlations_are_the_plain_ones():
    rng = np.random.default_rng(4)
    theirs = rng.normal(size=(4, 60))
    mine = np.roll(theirs, 2, axis=1) + rng.normal(0, 0.3, (4, 60))
    mine[1, 5:12], theirs[2, 40:] = np.nan, np.nan
    mine[3] = 0.1  # it does not vary
    found, common = lags.lag_correlations(mine, theirs, 3)
    assert found.shape == (4, 7) and found[0].argmax() == 5 and np.isnan(found[3]).all()
    for at in range(3):
        for k, lag in enumerate(range(-3, 4)):
            pairs = [(mine[at, t + lag], theirs[at, t]) for t in range(60) if 0 <= t + lag < 60]
            pairs = np.array([pair for pair in pairs if np.isfinite(pair).all()]).T
            np.testing.assert_allclose(found[at, k], np.corrcoef(pairs)[0, 1], rtol=1e-12)
            assert common[at, k] == pairs.shape[1]
