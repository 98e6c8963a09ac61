"""One shape for every threshold: what counts just below a criterion, at it, and just above."""

import operator

import numpy as np
import pytest

from hotspot.rules.criteria import Criteria

# Which of (just below, at, just above) count, by the comparison that the criterion's clause asks for.
COUNTS = {
    ">=": (False, True, True),
    ">": (False, False, True),
    "<=": (True, True, False),
    "<": (True, False, False),
}


def criterion(key, criteria=None):
    """The value of ``section.name`` as published."""
    section, name = key.split(".")
    return getattr(getattr(criteria or Criteria(), section), name)


def counted(probe, at, step):
    """What a probe says of three values of its quantity."""
    return tuple(bool(probe(value)) for value in (at - step, at, at + step))


class Watched(float):
    """A criterion that keeps what it was compared with."""

    __array_ufunc__ = None  # an array on the left asks this side

    def __new__(cls, value):
        one = super().__new__(cls, value)
        one.seen = []
        return one

    def _against(self, other, compare):
        self.seen += np.asarray(other, float).ravel().tolist()
        return compare(float(self), other)

    def __lt__(self, other):
        return self._against(other, operator.lt)

    def __le__(self, other):
        return self._against(other, operator.le)

    def __gt__(self, other):
        return self._against(other, operator.gt)

    def __ge__(self, other):
        return self._against(other, operator.ge)


def decided(probe, rules, name, pick=max):
    """
    What a probe says where a statistic of its data lies just below, at, just above the criterion.

    A correlation or a slope cannot be set to a number; so its own number, seen in a first run, becomes the criterion.
    """
    watched = Watched(getattr(rules, name))
    probe(rules.model_copy(update={name: watched}))
    edge = pick(value for value in watched.seen if np.isfinite(value))
    limits = np.nextafter(edge, np.inf), edge, np.nextafter(edge, -np.inf)
    return tuple(bool(probe(rules.model_copy(update={name: float(limit)}))) for limit in limits)


def at_the_criterion(rows):
    """The test of a table of boundaries: rows (criterion, comparison, step, probe), each just below, at, just above."""

    @pytest.mark.parametrize(
        ("key", "comparison", "step", "probe"), rows, ids=lambda v: v if isinstance(v, str) else ""
    )
    def test(key, comparison, step, probe):
        found = counted(probe, criterion(key), step)
        assert found == COUNTS[comparison], f"{key}: {found}"

    return test
