"""What stations stand off by stays: the loop against plain Python."""

import numpy as np
import pytest

from hotspot.kernels.stand_off import keep


def test_the_loop_does_what_it_says():
    rng = np.random.default_rng(1)
    estimate, values = rng.uniform(20, 80, (4, 30)), rng.uniform(5, 300, (5, 30))
    values[rng.random(values.shape) < 0.3], estimate[3, 7] = np.nan, np.nan
    noise, first = np.array([0.1, 0.2, 0.05, np.inf, 0.1]), np.array([0, 2, 2, 3, 5])
    station, near = np.array([0, 1, 2, 3, 4]), np.array([1.0, 0.4, 0.7, 0.2, 0.5])
    kept = estimate.copy()
    keep(kept, values, noise, first, station, near, 2.0)
    for i in range(4):
        for t in range(30):
            told = [at for at in range(first[i], first[i + 1]) if np.isfinite(values[station[at], t])]
            wanted = estimate[i, t]
            if told and np.isfinite(wanted):
                mean = sum(near[at] * values[station[at], t] for at in told) / sum(near[at] for at in told)
                limit, away = 2.0 * max(noise[station[at]] for at in told) * mean, mean - wanted
                if abs(away) > limit:
                    wanted += max(near[at] for at in told) * away * (1 - (limit / away) ** 2)
            assert kept[i, t] == pytest.approx(wanted, rel=1e-12, nan_ok=True)
    assert (kept[1] == estimate[1]).all() and np.nanmax(np.abs(kept - estimate)) > 50
