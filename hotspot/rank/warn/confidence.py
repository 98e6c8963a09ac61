"""
How sure a rank is: draws of the month, and rank confidence sets from them (METHODS 9).

Two things could have come out otherwise, and both are drawn: which days the month
happened to hold (block bootstrap of days, the same days for all cells), and what the
product or the interpolation got wrong (``pm25_error``).
"""

import math
from typing import NamedTuple

import numpy as np

from hotspot.rank.warn.spread import moderated
from hotspot.rules.calendar import parse_month

# No draw falls below it, ug/m3: a concentration is positive, and its logarithm finite.
_LEAST = 1e-3
# Draws of cells that see one satellite pixel differ by the order of a sum; this many decimals do not.
_DUST_DECIMALS = 8


class MonthDraws(NamedTuple):
    """Draws of one month's mean, and what is known of their spread between cells."""

    values: np.ndarray  # float64[n_cell, n_draw], ug/m3
    variance: float  # of the logarithm, of what cells do not share
    freedom: float  # degrees of freedom of that variance; inf where it is stated, not estimated


def month_draws(values, error, place, month, rule, *, native_resolution=math.nan, days=None):
    """
    Draws of the monthly mean of each cell.

    Days are resampled in circular blocks of ``rule.block_days`` within the month, jointly over
    cells, so what all cells share (the weather) stays shared. The deviations are widened by the
    ``shortfall`` of so few and so short blocks. Errors
    multiply, log-normal with the stated standard deviation, because a concentration is positive;
    they are wholly shared by cells in one native pixel (a block of ``native_resolution`` by the
    cell's centre) and independent otherwise. Months are independent of each other: a bias that
    lasts from month to month cancels in a change, so the sets of the changes are conservative.

    Parameters
    ----------
    values, error : float64[n_cell]
        Monthly mean and its standard deviation, ug/m3; an error of NaN is none where ``days``
        are given, else unknown.
    place : float64[n_cell, 2], cell centres, m
    month : str
    rule : Confidence, from ``Criteria.confidence``
    native_resolution : float, m; NaN where the cells are the product's own
    days : float64[n_cell, n_day], optional
        Daily means of the month.

    Returns
    -------
    MonthDraws, or None where neither days nor errors are known

    Examples
    --------
    >>> from hotspot.rules.criteria import Confidence
    >>> place = np.array([[1500.0, 1500.0], [4500.0, 1500.0]])
    >>> drawn = month_draws(np.array([60.0, 50.0]), np.array([6.0, 5.0]), place, "2020-02", Confidence(),
    ...                     native_resolution=10_000.0)
    >>> drawn.values.shape, round(float(drawn.values[0].std())), drawn.freedom
    ((2, 2000), 6, inf)
    >>> bool(np.allclose(drawn.values[0] / drawn.values[1], 1.2))     # one native pixel, one error
    True
    """
    from hotspot.kernels import ranks

    if days is None and not np.isfinite(error).all():
        return None
    draws = np.repeat(np.maximum(values, _LEAST)[:, None], rule.n_draws, axis=1)
    freedom = math.inf
    if days is not None:
        n_day = days.shape[1]
        drawn = ranks.resampled_means(np.ascontiguousarray(days), day_weights(n_day, month, rule))
        mean = np.nanmean(days, axis=1, keepdims=True)
        wider, freedom = block_doubt(n_day, min(rule.block_days, n_day - 1), memory(days))
        drawn = np.where(np.isnan(drawn), 0.0, drawn - mean) * wider
        # The field may be fused from more than the days; their spread is kept in proportion.
        draws = np.maximum(draws * (1.0 + drawn / np.maximum(mean, _LEAST)), _LEAST)
    of_days = _between(np.log(draws))
    share = np.where(np.isfinite(error) & (values > 0), error / np.maximum(values, _LEAST), 0.0)
    if (share > 0).any():
        sigma = np.sqrt(np.log1p(share**2))[:, None]
        draws = draws * np.exp(sigma * _shared_normals(place, month, rule, native_resolution) - sigma**2 / 2)
        draws = np.maximum(draws, _LEAST)
    of_all = _between(np.log(draws))
    # An error that is stated adds no doubt about the size of its spread (Satterthwaite 1946).
    return MonthDraws(draws, of_all, freedom * (of_all / of_days) ** 2 if of_days > 0 else math.inf)


def joint_freedom(months):
    """
    Degrees of freedom of a statistic of several independent months (Satterthwaite 1946).

    Parameters
    ----------
    months : sequence of MonthDraws

    Returns
    -------
    float, inf where nothing is estimated

    Examples
    --------
    >>> joint_freedom([MonthDraws(None, 0.1, 8.0), MonthDraws(None, 0.1, 8.0)])
    16.0
    """
    total = sum(month.variance for month in months)
    doubt = sum(month.variance**2 / month.freedom for month in months)
    return total**2 / doubt if doubt > 0 else math.inf


def day_weights(n_day, month, rule):
    """
    How often each day of a month is taken, for every draw of the circular block bootstrap.

    Parameters
    ----------
    n_day : int
    month : str, part of the seed
    rule : Confidence

    Returns
    -------
    float64[n_draw, n_day]; every row sums to ``n_day``

    Examples
    --------
    >>> from hotspot.rules.criteria import Confidence
    >>> weights = day_weights(31, "2020-03", Confidence())
    >>> weights.shape, set(weights.sum(axis=1).tolist())
    ((2000, 31), {31.0})
    """
    length = min(rule.block_days, n_day - 1)
    n_block = -(-n_day // length)
    rng = np.random.default_rng([rule.seed, *parse_month(month), 1])
    starts = rng.integers(0, n_day, size=(rule.n_draws, n_block))
    taken = ((starts[:, :, None] + np.arange(length)) % n_day).reshape(rule.n_draws, -1)[:, :n_day]
    rows = np.repeat(np.arange(rule.n_draws), n_day)
    counts = np.bincount(rows * n_day + taken.ravel(), minlength=rule.n_draws * n_day)
    return counts.reshape(rule.n_draws, n_day).astype("float64")


def memory(days):
    """
    Lag-one correlation of what cells do not share from day to day, pooled over cells.

    The common course of the month is taken out; the small-sample bias of a correlation about an
    estimated mean, ``-(1 + 3 r) / n``, is added back (Kendall 1954).

    Parameters
    ----------
    days : float64[n_cell, n_day], NaN where missing

    Returns
    -------
    float, 0 to 0.9; 0 for a single cell

    Examples
    --------
    >>> memory(np.random.default_rng(0).normal(50, 5, size=(400, 30))) < 0.02
    True
    """
    if days.shape[0] < 2:
        return 0.0
    seen = np.isfinite(days)
    n_seen = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    value = np.where(seen, days, 0.0)
    mean = np.maximum(value.sum(axis=1, keepdims=True) / n_seen, _LEAST)
    own = np.where(seen, value / mean - 1.0, 0.0)
    own = np.where(seen, own - own.sum(axis=0) / np.maximum(seen.sum(axis=0), 1), 0.0)
    own = np.where(seen, own - own.sum(axis=1, keepdims=True) / n_seen, 0.0)
    pairs = max(int((seen[:, 1:] & seen[:, :-1]).sum()), 1)
    variance = (own**2).sum() / max(int(seen.sum()), 1)
    if variance <= 0:
        return 0.0
    lag = (own[:, 1:] * own[:, :-1]).sum() / pairs / variance
    size = float(n_seen.mean())
    return float(np.clip((lag + 1 / size) / max(1 - 3 / size, 0.5), 0.0, 0.9))


def block_doubt(n_day, block, rho):
    """
    What a circular block bootstrap of few days gets wrong for the mean of a first-order process.

    The bootstrap variance is a quadratic form ``y' A y`` of the days. With autocovariance
    ``G = rho ** lag`` its mean is ``tr(AG)``, against the true variance ``1' G 1 / n**2``, and it
    has ``tr(AG)**2 / tr(AGAG)`` degrees of freedom (Satterthwaite 1946). For ``rho = 0`` the
    first is the known ``sqrt(n / (n - block))``.

    Parameters
    ----------
    n_day, block : int, block below n_day
    rho : float, lag-one correlation

    Returns
    -------
    (float, float): true over expected standard deviation, at least 1; degrees of freedom

    Examples
    --------
    >>> [round(x, 2) for x in block_doubt(30, 5, 0.0)], round((30 / 25) ** 0.5, 2)
    ([1.1, 8.12], 1.1)
    """
    day = np.arange(n_day)
    covariance = float(rho) ** np.abs(day[:, None] - day[None, :])
    blocks = np.full((n_day, n_day), -1.0 / n_day)
    blocks[day[:, None], (day[:, None] + np.arange(block)) % n_day] += 1.0 / block
    form = blocks.T @ blocks * block / n_day**2 @ covariance
    expected = float(np.trace(form))
    freedom = expected**2 / float((form * form.T).sum())
    return math.sqrt(max(float(covariance.mean()) / expected, 1.0)), freedom


def rank_sets(estimate, draws, *, k, level, freedom=math.inf, apart=None):
    """
    Ranks each cell may hold, alone and all at once, and how often it leads the draws.

    Give positive quantities as logarithms: their errors multiply, and a set is only as good as
    the spread is the same for high and low.

    Rank confidence sets after Mogstad, Romano, Shaikh and Wilhelm (2024): two cells are told
    apart when their difference exceeds ``c`` times its spread over the draws. A cell's best rank is
    one more than the number of cells surely above it, its worst the number of cells less those
    surely below it. For the **marginal** set of one cell ``c`` is the ``level`` quantile of its
    largest studentised difference from any other cell: its own true rank lies in its set with
    that probability. For the **simultaneous** sets it is that of the largest over all pairs: all
    true ranks lie in their sets at once.

    A month holds few independent days, so the spreads are themselves uncertain: they are
    ``moderated`` over the pairs, and ``c`` is carried over to Student's t of their degrees of
    freedom at equal tail probability.

    Parameters
    ----------
    estimate : float64[n_cell], larger is worse
    draws : float64[n_cell, n_draw]
    k : int
        Length of the published list.
    level : float, e.g. 0.95
    freedom : float
        Degrees of freedom of the spread of one pair.
    apart : bool[n_cell, n_cell], optional
        Pairs that the product can resolve; the others are never told apart.

    Returns
    -------
    dict of arrays: ``p_worst`` share of draws in which the cell is the worst, ``p_top`` within the
    ``k`` worst (ties joint); ``rank_low, rank_high`` marginal; ``all_low, all_high`` simultaneous

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> estimate = np.array([90.0, 50.0, 49.0])
    >>> sets = rank_sets(estimate, estimate[:, None] + rng.normal(size=(3, 2000)), k=1, level=0.95)
    >>> sets["rank_low"].tolist(), sets["rank_high"].tolist(), sets["p_worst"].tolist()
    ([1, 2, 2], [1, 3, 3], [1.0, 0.0, 0.0])
    """
    from hotspot.kernels import ranks

    draws = np.round(draws, _DUST_DECIMALS)
    first, among = ranks.rank_shares(np.ascontiguousarray(draws), max(int(k), 1))
    centred = np.ascontiguousarray(draws - estimate[:, None])
    spread, freedom = moderated(ranks.pair_spread(centred), freedom)
    # Draws of few blocks lie in few dimensions and understate the largest gap of many pairs; that
    # pairs with a large spread of their own weigh more in it makes up for this (see the coverage tests).
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 10.0**-_DUST_DECIMALS)
    gaps = ranks.largest_gaps(centred, inverse)
    alone = _critical(np.quantile(gaps, level, axis=1, method="higher"), freedom)
    at_once = _critical(np.quantile(gaps.max(axis=0), level, method="higher"), freedom)
    apart = np.ones(spread.shape, dtype=bool) if apart is None else apart
    low, high = _sets(estimate, alone[:, None] * spread, apart)
    all_low, all_high = _sets(estimate, at_once * spread, apart)
    return {
        "p_worst": first, "p_top": among,
        "rank_low": low, "rank_high": high, "all_low": all_low, "all_high": all_high,
    }  # fmt: skip


def _critical(quantile, freedom):
    """A quantile of studentised differences whose spread has few degrees of freedom."""
    from scipy import stats

    return stats.t.isf(stats.norm.sf(quantile), freedom) if math.isfinite(freedom) else quantile


def _sets(estimate, least, apart):
    """Best and worst rank of each cell, when its pairs are told apart by more than ``least``."""
    gap = estimate[:, None] - estimate[None, :]
    told = apart & (np.abs(gap) > np.maximum(least, 10.0**-_DUST_DECIMALS))
    return 1 + (told & (gap < 0)).sum(axis=1), estimate.size - (told & (gap > 0)).sum(axis=1)


def near_pairs(place, native_resolution):
    """
    Pairs of cells whose centres lie closer than the product's native resolution.

    Parameters
    ----------
    place : float64[n_cell, 2], m
    native_resolution : float, m, or NaN

    Returns
    -------
    bool[n_cell, n_cell], False on the diagonal

    Examples
    --------
    >>> near_pairs(np.array([[0.0, 0.0], [3000.0, 0.0], [30_000.0, 0.0]]), 10_000.0).sum(axis=1)
    array([1, 1, 0])
    """
    gap = np.hypot(place[:, None, 0] - place[None, :, 0], place[:, None, 1] - place[None, :, 1])
    with np.errstate(invalid="ignore"):
        near = gap < native_resolution
    np.fill_diagonal(near, False)
    return near


def _between(draws):
    """Variance of the cells' deviations from what all cells share in a draw."""
    centred = draws - draws.mean(axis=1, keepdims=True)
    if draws.shape[0] > 1:
        centred = centred - centred.mean(axis=0, keepdims=True)
    return float((centred**2).mean())


def _shared_normals(place, month, rule, native_resolution):
    """Standard normal draws, one row per cell, equal for cells of one native pixel."""
    finite = math.isfinite(native_resolution) and native_resolution > 0
    size = native_resolution if finite else 1.0
    pixel = np.floor(place / size).astype("int64")
    pixels, which = np.unique(pixel, axis=0, return_inverse=True)
    normals = np.empty((len(pixels), rule.n_draws))
    for i, (across, up) in enumerate(pixels.tolist()):
        # Seeded by the pixel itself: a city added to the study changes no other city's draws.
        seed = [rule.seed, *parse_month(month), 2, across + 2**31, up + 2**31]
        normals[i] = np.random.default_rng(seed).standard_normal(rule.n_draws)
    return normals[which.ravel()]
