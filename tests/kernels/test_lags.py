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
