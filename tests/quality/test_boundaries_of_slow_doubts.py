"""
Every threshold of a slow drift and of a clock that screening doubts (``quality/hours/slow.py``): below, at, above.

Turned round one by one, its own row fails.
"""

from unittest.mock import patch

import numpy as np
import pytest
from boundary import COUNTS, at_the_criterion, counted, decided

from hotspot.kernels import flags
from hotspot.quality.hours import slow
from hotspot.rules.criteria import Criteria

RULES = Criteria()
HOURS = np.arange(744)
TOWN = 50 * np.exp(0.4 * np.sin(HOURS / 5) + 0.3 * np.sin(HOURS / 33))


def clock_of(n):
    """Has a station that reported so many hours in a row of a month a lag."""
    own = np.where((HOURS >= 300) & (HOURS < 300 + n), np.roll(TOWN, -8), np.nan)
    return slow.clock_lags(own[None], TOWN[None], RULES.screening)[0]


def slow_drift(rules):
    """A station that leaves its neighbours by a noisy ug/m3 a day: is any window marked."""
    told = np.full((1, 21 * 24), 60.0)
    noise = np.random.default_rng(0).normal(0, 1.5, 21).repeat(24)
    local = np.datetime64("2020-03-01T00", "h") + np.arange(told.size)
    return slow.drifts(told + np.arange(told.size) / 24 + noise, told, local, rules)[0].any()


def slow_clock(rules):
    return slow.clock_lags(np.roll(TOWN, -8)[None], TOWN[None], rules)[0]


test_at_the_criterion = at_the_criterion(
    [
        (
            "screening.clock_hours",
            ">=",
            1,
            lambda n: slow.clock_lags(np.roll(TOWN, -8)[None, :n], TOWN[None, :n], RULES.screening)[0],
        ),
    ]
)


@pytest.mark.parametrize(("name", "other"), [("drift_per_day", "drift_tau"), ("drift_tau", "drift_per_day")])
def test_a_slow_drift_begins_at_its_criterion(name, other):
    rules = RULES.screening.model_copy(update={"drift_scatter": 1e-9, other: 1e-9})
    assert decided(slow_drift, rules, name) == COUNTS[">="]


def test_a_slow_drift_stands_out_of_its_scatter():
    rules = RULES.screening.model_copy(update={"drift_per_day": 1e-9, "drift_tau": 1e-9, "drift_days": 20})
    slope, tau, scatter = np.array([[1.0]]), np.array([[1.0]]), np.array([[1.0]])

    def drifts(limit):
        own = rules.model_copy(update={"drift_scatter": limit})
        with patch.object(flags, "window_slopes", return_value=(slope * 1.4826, tau, scatter)):
            return slow.drifts(TOWN[None, :24], TOWN[None, :24], np.datetime64("2020-03-01", "h") + HOURS[:24], own)[
                0
            ].any()

    assert counted(lambda ratio: drifts(40.0 - ratio), 20.0, 0.1) == COUNTS[">="]


def test_a_clock_is_doubted_beyond_the_gain():
    assert decided(slow_clock, RULES.screening, "clock_gain") == COUNTS[">"]


def test_half_of_a_clocks_hours_must_be_in_common():
    assert counted(clock_of, RULES.screening.clock_hours // 2, 1) == COUNTS[">="]
