"""
Colours and class limits of every map: colours from one file, limits chosen from
the data by a rule that gives round numbers, the same for the same values.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

# Steps a reader can count in: the first one that needs no more classes than there are colours.
_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0, 200.0)


@cache
def palette() -> dict[str, dict[str, Any]]:
    """
    The package's colours, as a dict of the sections of ``palette.toml``.

    Examples
    --------
    >>> palette()["lines"]["city"]
    '#5d6a76'
    """
    file = resources.files("hotspot.publish") / "templates" / "palette.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def sequential_breaks(values: ArrayLike, n_class: int) -> list[float]:
    """
    Round class limits for an amount, from its own spread.

    The limits are multiples of one of 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 25, 50, 100,
    200, chosen so that the middle 96 % of the values fill at most ``n_class``
    classes; the first and the last class are open.

    Parameters
    ----------
    values : array of any shape, NaN where missing
    n_class : int
        How many colours there are, at least 2.

    Returns
    -------
    list of float, at most ``n_class - 1`` limits, rising; empty without values

    Examples
    --------
    >>> sequential_breaks([12.0, 33.0, 61.0, float("nan")], 9)
    [20.0, 30.0, 40.0, 50.0]
    """
    low, high = _spread(values, (2, 98))
    if low is None:
        return []
    for step in _STEPS:
        first, last = np.floor(low / step) + 1, np.ceil(high / step) - 1
        if last - first + 2 <= n_class:
            break
    last = max(first, min(last, first + n_class - 2))
    return [round(float(k * step), 6) for k in np.arange(first, last + 1)]


def pooled_breaks(values: ArrayLike, n_class: int) -> list[float]:
    """
    Round class limits for amounts of many months: about as many values in each class.

    Even steps over a winter and a summer would leave either with two colours. The limits
    are the quantiles, each moved to the nearest multiple of a step that a reader can count in.

    Parameters
    ----------
    values, n_class : as for ``sequential_breaks``

    Returns
    -------
    list of float, as there

    Examples
    --------
    >>> pooled_breaks([11.0, 12.0, 14.0, 15.0, 17.0, 18.0, 40.0, 80.0], 4)
    [10.0, 20.0]
    """
    low, high = _spread(values, (2, 98))
    if low is None:
        return []
    seen = np.asarray(values, dtype=float)
    step = next((s for s in _STEPS if (high - low) / s <= 3 * n_class), _STEPS[-1])
    limits = np.percentile(seen[np.isfinite(seen)], 100 * np.arange(1, n_class) / n_class)
    return [round(float(k * step), 6) for k in np.unique(np.rint(limits / step))]


def spread_over(colours: list[str], n: int) -> list[str]:
    """
    So many colours of a ramp, from one end to the other.

    Examples
    --------
    >>> spread_over(["white", "grey", "black"], 2)
    ['white', 'black']
    """
    return [colours[round(i)] for i in np.linspace(0, len(colours) - 1, n)]


def diverging_breaks(values: ArrayLike, n_class: int) -> list[float]:
    """
    Class limits for a change: the same on both sides of zero, zero among them.

    Parameters
    ----------
    values : array of any shape, NaN where missing
    n_class : int
        How many colours there are, even.

    Returns
    -------
    list of ``n_class - 1`` floats, rising; empty without values

    Examples
    --------
    >>> diverging_breaks([-14.0, 3.0, 22.0], 8)
    [-15.0, -10.0, -5.0, 0.0, 5.0, 10.0, 15.0]
    """
    low, high = _spread(np.abs(np.asarray(values, dtype=float)), (0, 95))
    if low is None:
        return []
    half = n_class // 2
    # The outermost classes are open, so they may be a little too small for the highest values.
    step = next((s for s in _STEPS if s * half >= 0.9 * high), _STEPS[-1])
    return [round(float(k * step), 6) for k in range(1 - half, half)]


def _spread(values: ArrayLike, percents: tuple[int, int]) -> Any:
    """Two percentiles of what is there, or (None, None)."""
    seen = np.asarray(values, dtype=float)
    seen = seen[np.isfinite(seen)]
    return np.percentile(seen, percents) if seen.size else (None, None)
