"""
What the errors of a month's values have in common, told from the values themselves.

All cells of a month share its weather, so they share what the model missed of it. A part comes back
every year: it cancels in a change from the same month of last year and stays in a month's level. The
rest does not: how much of it there is shows in how the changes jump from month to month.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hotspot.kernels.arrays import Ints, Times

LEAST_JUMPS = 6  # months whose change can be compared with the next one's, below which nothing is told from them
_YEAR = 12


class Change(NamedTuple):
    """Change from the same month of the year before, as a share; NaN where there is none."""

    value: NDArray[np.float64]  # [cell, month]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    ratio: float  # standard error found over the one of independent months; NaN where it could not be told


def same_month_change(
    value: NDArray[np.float64],
    variance: NDArray[np.float64],
    degrees: NDArray[np.float64],
    month: NDArray[np.datetime64],
    level: float,
) -> Change:
    """
    Change of every month from the same one of the year before, with its interval.

    Parameters
    ----------
    value : float64[cell, month], above zero, NaN where missing
    variance : float64[cell, month], of ``value``
    degrees : float64[cell, month], of freedom of ``variance``
    month : datetime64[month], in order
    level : float
        Of the interval.

    Notes
    -----
    With d(t) = ln value(t) - ln value(t - 12) and s(t) its standard error if the two months were
    independent, r**2 is the mean over cells and months of::

        [(d(t) - d(t - 1)) / sqrt(2)]**2 / [(s(t)**2 + s(t - 1)**2) / 2]

    and the interval d(t) -+ z r s(t): the shape from the model, the size from the data. A level that moves
    slowly, and what the two months share, drop out of the jumps; a source that stops adds one jump of many. With
    fewer than ``LEAST_JUMPS`` jumps r is 1 and Student's t of the scarcer month stands for z.

    Examples
    --------
    Errors of 10 % where 30 % were claimed: the interval is a third of what was claimed.

    >>> rng = np.random.default_rng(0)
    >>> month = np.arange("2020-01", "2024-01", dtype="M8[M]")
    >>> value = 50 * np.exp(rng.normal(0, 0.1, (40, 48)))
    >>> found = same_month_change(value, (0.3 * value) ** 2, np.full(value.shape, 5.0), month, 0.95)
    >>> round(found.ratio, 1), bool(np.isnan(found.value[:, :12]).all())
    (0.3, True)
    """
    from scipy.stats import norm, t

    before = _back(month, _YEAR)
    with np.errstate(invalid="ignore", divide="ignore"):
        log = np.log(np.where(value > 0, value, np.nan))
        own = variance / value**2
        change = np.where(before >= 0, log - log[:, before], np.nan)
        error = np.where(before >= 0, own + own[:, before], np.nan)
        last = _back(month, 1)
        jump = np.where(last >= 0, change - change[:, last], np.nan) ** 2
        ratio = jump / np.where(last >= 0, error + error[:, last], np.nan)
    seen = np.isfinite(ratio)
    if int(seen.any(axis=0).sum()) >= LEAST_JUMPS:
        r = float(np.sqrt(ratio[seen].mean()))
        reach = norm.ppf(0.5 + level / 2) * r * np.sqrt(error)
    else:
        r = float("nan")
        scarce = np.fmin(degrees, np.where(before >= 0, degrees[:, before], np.nan))
        reach = t.ppf(0.5 + level / 2, np.maximum(scarce, 1)) * np.sqrt(error)
    return Change(np.expm1(change), np.expm1(change - reach), np.expm1(change + reach), r)


def seasonal_spread(value: NDArray[np.float64], month: NDArray[np.datetime64]) -> float:
    """
    Standard deviation of the cycle over the year that all cells share, in log.

    Data cannot tell a winter's emission from a winter's weather that the model missed: the whole of the cycle
    that is left may be either. So a month's absolute level is no surer than this.

    Parameters
    ----------
    value : float64[cell, month], above zero, NaN where missing
    month : datetime64[month]

    Returns
    -------
    float; 0 where not every month of the year was seen

    Notes
    -----
    The cells' median deviation of ln value from the cell's own mean, averaged over the years of each
    month of the year; its root mean square with 11 degrees of freedom.

    Examples
    --------
    >>> month = np.arange("2020-01", "2022-01", dtype="M8[M]")
    >>> cycle = np.exp(0.2 * np.cos(2 * np.pi * np.arange(24) / 12))
    >>> round(seasonal_spread(np.outer([40.0, 60.0], cycle), month), 3)
    0.148
    """
    seen = np.isfinite(value) & (value > 0)
    log = np.log(np.where(seen, value, 1.0))
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    away = np.where(seen, log - np.where(seen, log, 0.0).sum(axis=1, keepdims=True) / count, np.nan)
    of_year = month.astype("datetime64[M]").astype(np.int64) % _YEAR
    known = seen.any(axis=0)
    if len(set(of_year[known])) < _YEAR:
        return 0.0
    common = np.nanmedian(away[:, known], axis=0)
    cycle = np.array([common[of_year[known] == k].mean() for k in range(_YEAR)])
    return float(np.sqrt(((cycle - cycle.mean()) ** 2).sum() / (_YEAR - 1)))


def _back(month: Times, n: int) -> Ints:
    """Position of the month ``n`` before each, -1 where it is not there."""
    number = month.astype("datetime64[M]").astype(np.int64)
    place = {int(m): k for k, m in enumerate(number)}
    return np.array([place.get(int(m) - n, -1) for m in number])


def normal_reach(interval: float) -> float:
    """
    Half width of a normal interval in standard deviations.

    Examples
    --------
    >>> round(normal_reach(0.95), 2)
    1.96
    """
    from scipy import stats

    return float(stats.norm.isf((1 - float(interval)) / 2))
