"""
Where ``trace/unlisted/unregistered.py`` begins and ceases to point: just below each criterion, at it, and just above.

Turning round the comparison with unregistered_km, unregistered_clear, unregistered_within, unregistered_loud
(``trace/unlisted/unexplained.py``), registered_share, registered_km, unregistered_wind, unregistered_wind_around,
observable or observable_pointed makes its row fail.
"""

from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
from boundary import at_the_criterion

from hotspot.rules.tracing import Tracing
from hotspot.trace.plumes.footprint import SHAPES, wind_table
from hotspot.trace.unlisted import unexplained
from hotspot.trace.unlisted.unregistered import (
    _beside_registered,
    _clear,
    _doubted_around,
    _in_doubt,
    _near,
    _often,
    _seldom_luck,
)

RULE = Tracing()
APART = np.eye(3, dtype=bool)  # three sub-cells, none beside another


def asked(km):
    post = SimpleNamespace(heard=np.array([0]))
    return _near(post, np.array([[1000.0 * km, 0.0]]), np.zeros((1, 2)), RULE).size


def told(*chance):
    return _clear(np.array([chance]), APART, RULE)[0] == 0


def fitted(adds):
    """Is the amount of a registered source that adds so much fitted as well."""
    nowhere, wind = np.zeros((1, 2)), wind_table(np.ones(2), np.ones(2))
    with patch.object(unexplained, "footprints", lambda at, of, *rest: np.full((len(at), len(of), 2), adds)):
        fit = SimpleNamespace(log_emission=np.zeros(1))
        data = unexplained.hours_of(fit, SHAPES[0], np.zeros((1, 2)), nowhere, wind, nowhere, nowhere, RULE)
    return (data.mean > 0).any()


def held(*, size=1.0, km=0.1):
    """Is a source of 1 g/s not pointed at, a plant of such a size standing so far from it."""
    return _beside_registered(np.zeros(2), 1.0, np.array([[1000 * km, 0.0]]), np.array([size]), RULE)


ROWS = [
    ("tracing.unregistered_loud", ">=", 0.01, fitted),
    ("tracing.registered_share", ">=", 0.01, lambda size: held(size=size)),
    ("tracing.registered_km", "<=", 0.1, lambda km: held(km=km)),
    ("tracing.unregistered_km", "<=", 0.1, asked),
    ("tracing.unregistered_clear", ">=", 0.01, lambda chance: told(chance, 0.0, 0.0)),
    ("tracing.unregistered_within", ">=", 0.01, lambda share: told(share, (1 - share) / 2, (1 - share) / 2)),
    ("tracing.unregistered_wind", ">", 0.01, lambda share: _in_doubt(share, RULE)),
    ("tracing.unregistered_wind_around", ">", 0.1, lambda gain: _doubted_around(gain, RULE)),
    ("tracing.observable", ">=", 0.01, lambda share: _often(share, RULE)),
    ("tracing.observable_pointed", ">=", 0.01, lambda share: _seldom_luck(share, RULE)),
]


test_at_the_criterion = at_the_criterion(ROWS)


def test_of_many_stations_the_nearest_are_asked():
    post = SimpleNamespace(heard=np.arange(RULE.unregistered_stations + 5))
    stations = np.column_stack([np.linspace(7000.0, 0.0, post.heard.size), np.zeros(post.heard.size)])
    near = _near(post, stations, np.zeros((1, 2)), RULE)
    assert near.tolist() == post.heard[::-1][: RULE.unregistered_stations].tolist()
