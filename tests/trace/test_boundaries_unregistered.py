"""
Where ``trace/unregistered.py`` begins and ceases to point: just below each criterion, at it, and just above.

Turning round the comparison with unregistered_km, unregistered_clear, unregistered_within, observable or
observable_pointed makes its row fail.
"""

from types import SimpleNamespace

import numpy as np
from boundary import at_the_criterion

from hotspot.rules.tracing import Tracing
from hotspot.trace.unregistered import _clear, _near, _often, _seldom_luck

RULE = Tracing()
APART = np.eye(3, dtype=bool)  # three sub-cells, none beside another


def asked(km):
    post = SimpleNamespace(heard=np.array([0]))
    return _near(post, np.array([[1000.0 * km, 0.0]]), np.zeros((1, 2)), RULE).size


def told(*chance):
    return _clear(np.array([chance]), APART, RULE)[0] == 0


ROWS = [
    ("tracing.unregistered_km", "<=", 0.1, asked),
    ("tracing.unregistered_clear", ">=", 0.01, lambda chance: told(chance, 0.0, 0.0)),
    ("tracing.unregistered_within", ">=", 0.01, lambda share: told(share, (1 - share) / 2, (1 - share) / 2)),
    ("tracing.observable", ">=", 0.01, lambda share: _often(share, RULE)),
    ("tracing.observable_pointed", ">=", 0.01, lambda share: _seldom_luck(share, RULE)),
]


test_at_the_criterion = at_the_criterion(ROWS)


def test_of_many_stations_the_nearest_are_asked():
    post = SimpleNamespace(heard=np.arange(RULE.unregistered_stations + 5))
    stations = np.column_stack([np.linspace(7000.0, 0.0, post.heard.size), np.zeros(post.heard.size)])
    near = _near(post, stations, np.zeros((1, 2)), RULE)
    assert near.tolist() == post.heard[::-1][: RULE.unregistered_stations].tolist()
