"""Which layers are held against a new one exactly: sums of one pass pass over none that could be its copy."""

import numpy as np
import pytest

from hotspot.quality.plausible.rasters import _alike, _close
from hotspot.rules.plausible import Plausible

LEAST = Plausible().noisy_r


@pytest.mark.parametrize("offset", [0.0, 50.0, 5e4])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_no_layer_that_correlates_so_much_is_passed_over(offset, missing):
    rng = np.random.default_rng(20261201)
    late = offset + rng.normal(0, 10, 256)
    noise = rng.normal(0, 10, (400, 256))
    early = 1.1 * late + 3 + noise * np.geomspace(1e-6, 10, 400)[:, None]
    early[::10] = noise[::10]  # nothing alike
    early[3], early[5] = offset, np.nan  # one number, nothing at all
    early[rng.random(early.shape) < missing] = np.nan
    late[rng.random(256) < missing] = np.nan
    r, close = _alike(late, early)[0], _close(late, early, LEAST)
    assert close[r >= LEAST].all() and (r >= LEAST).sum() > 50
    # The other half is passed over, or the sums would be work for nothing: where sums can tell at all.
    assert offset == 5e4 or (~close[r < LEAST - 0.02]).mean() > 0.9
