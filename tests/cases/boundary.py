"""One shape for every threshold: what counts just below a criterion, at it, and just above."""

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
