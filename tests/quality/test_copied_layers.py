"""Which layers are held against a new one exactly: sums of one pass pass over none that could be its copy."""

import numpy as np
import pytest

from hotspot.quality.plausible import rasters
from hotspot.quality.plausible.rasters import _alike, _close, _copies
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
    r, close = _alike(late, early)[0], _close(late[None], early, LEAST)[0]
    assert close[r >= LEAST].all() and (r >= LEAST).sum() > 50
    # The other half is passed over, or the sums would be work for nothing: where sums can tell at all.
    assert offset == 5e4 or (~close[r < LEAST - 0.02]).mean() > 0.9


def test_any_number_of_layers_at_once_says_what_each_says_alone(monkeypatch):
    """Layers of two sizes, some copied, some with noise over the copy; blocks of three as one block."""
    rng = np.random.default_rng(20261201)
    drawn = [rng.uniform(20, 60, 256 if n % 4 else 512) for n in range(24)]
    drawn[9], drawn[14], drawn[20] = 1.1 * drawn[2] + 3, 0.9 * drawn[5] + rng.normal(0, 0.3, 256), drawn[0] + 5
    whole = _copies(drawn, Plausible())
    assert [n for n, one in enumerate(whole) if one] == [9, 14, 20] and [whole[n].of for n in (9, 14, 20)] == [2, 5, 0]
    monkeypatch.setattr(rasters, "_AT_ONCE", 3)
    assert _copies(drawn, Plausible()) == whole
    assert all(_copies(drawn[: n + 1], Plausible())[n] == whole[n] for n in range(24))
