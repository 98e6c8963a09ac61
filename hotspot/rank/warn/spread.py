"""
The spread of a difference of two cells, when few days say how large it is.

A month is some eight independent pieces of weather, so the spread of each pair
is poorly known by itself; but a city has hundreds of pairs of much the same
kind. Each pair's variance is drawn towards the city's common one, by as much
as the pairs agree (empirical Bayes; Smyth 2004, 10.2202/1544-6115.1027).
"""

import math

import numpy as np


def moderated(spread, freedom):
    """
    Spreads of pairs drawn towards their common size, and the degrees of freedom they then have.

    Parameters
    ----------
    spread : float64[n_cell, n_cell]
        Standard deviation of every pair's difference, symmetric; 0 where a pair never differs.
    freedom : float
        Degrees of freedom of one pair's variance; inf leaves everything as it is.

    Returns
    -------
    (float64[n_cell, n_cell], float): the spreads, and their degrees of freedom

    Notes
    -----
    With s2 a pair's variance on d degrees of freedom, log s2 varies between pairs by
    trigamma(d / 2) if all pairs are truly alike; what it varies beyond that gives the
    prior's d0 = 2 trigamma^-1(excess), and its size s0 from the mean of log s2. The
    moderated variance is (d0 s0^2 + d s2) / (d0 + d). Pairs share cells, so no more
    than n_cell - 1 of them speak independently: the degrees of freedom stay below
    d (n_cell - 1), which for two cells is d.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> one = np.sqrt(rng.chisquare(8, size=(30, 30)) / 8)
    >>> spread = np.triu(one, 1) + np.triu(one, 1).T
    >>> calm, freedom = moderated(spread, 8.0)
    >>> round(float(spread[spread > 0].std()), 1), float(calm[calm > 0].std()) < 0.06, freedom > 80
    (0.2, True, True)
    """
    from scipy.special import digamma, polygamma

    pairs = np.triu(spread > 0, 1)
    if not math.isfinite(freedom) or not pairs.any():
        return spread, freedom
    half = freedom / 2
    logs = 2 * np.log(spread[pairs]) - digamma(half) + math.log(half)
    excess = float(logs.var()) - float(polygamma(1, half))
    most = freedom * (spread.shape[0] - 1)
    prior = min(2 * _trigamma_inverse(excess), most) if excess > 0 else most
    common = math.exp(float(logs.mean()) + float(digamma(prior / 2)) - math.log(prior / 2))
    variance = (prior * common + freedom * spread**2) / (prior + freedom)
    return np.where(spread > 0, np.sqrt(variance), 0.0), min(prior + freedom, most)


def _trigamma_inverse(value):
    """x with trigamma(x) = value, by Newton steps on 1 / trigamma, which is nearly linear."""
    from scipy.special import polygamma

    if value < 1e-7:
        return 1 / value
    x = 0.5 + 1 / value
    for _ in range(60):
        now = float(polygamma(1, x))
        step = now * (1 - now / value) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-9 * x:
            break
    return x
