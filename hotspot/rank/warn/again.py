"""
A month like this: what would lead if other days of the same kind had come (METHODS 9, 16).

It is the second claim beside the rank of this month, never mixed with it. Two things could have come out
otherwise, and both are drawn: which days the month happened to hold (block bootstrap of days, the same days for all
cells), and what the product or the interpolation got wrong (``pm25_error``).
"""

import math

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.one_thread import one_thread
from hotspot.quality.means.seen import LEAST
from hotspot.rules.calendar import parse_month
from hotspot.rules.criteria import Confidence


@one_thread
def month_draws(
    values: Floats,
    error: Floats,
    place: Floats,
    month: str,
    rule: Confidence,
    *,
    native_resolution: float = math.nan,
    days: Floats | None = None,
) -> Floats | None:
    """
    Draws of the monthly mean of each cell.

    Days are resampled in circular blocks of ``rule.block_days`` within the month, jointly over
    cells, so what all cells share (the weather) stays shared. The deviations are widened by the
    ``shortfall`` of so few and so short blocks. Errors
    multiply, log-normal with the stated standard deviation, because a concentration is positive;
    they are wholly shared by cells in one native pixel (a block of ``native_resolution`` by the
    cell's centre) and independent otherwise. Months are independent of each other: a bias that
    lasts from month to month cancels in a change, so the draws of the changes are wider than they should be.

    Parameters
    ----------
    values, error : float64[n_cell]
        Monthly mean and its standard deviation, ug/m3; an error of NaN is none where ``days``
        are given, else unknown.
    place : float64[n_cell, 2], cell centres, m
    rule : Confidence, from ``Criteria.confidence``
    native_resolution : float, m; NaN where the cells are the product's own
    days : float64[n_cell, n_day], optional
        Daily means of the month.

    Returns
    -------
    float64[n_cell, n_draw], ug/m3, or None where neither days nor errors are known

    Examples
    --------
    >>> from hotspot.rules.criteria import Confidence
    >>> place = np.array([[1500.0, 1500.0], [4500.0, 1500.0]])
    >>> drawn = month_draws(np.array([60.0, 50.0]), np.array([6.0, 5.0]), place, "2020-02", Confidence(),
    ...                     native_resolution=10_000.0)
    >>> drawn.shape, round(float(drawn[0].std()))
    ((2, 2000), 6)
    >>> bool(np.allclose(drawn[0] / drawn[1], 1.2))     # one native pixel, one error
    True
    """
    from hotspot.kernels import ranks

    if days is None and not np.isfinite(error).all():
        return None
    draws = np.repeat(np.maximum(values, LEAST)[:, None], rule.n_draws, axis=1)
    if days is not None:
        n_day = days.shape[1]
        drawn = ranks.resampled_means(np.ascontiguousarray(days), day_weights(n_day, month, rule))
        mean = np.nanmean(days, axis=1, keepdims=True)
        wider = block_doubt(n_day, min(rule.block_days, n_day - 1), memory(days))
        drawn = np.where(np.isnan(drawn), 0.0, drawn - mean) * wider
        # The field may be fused from more than the days; their spread is kept in proportion.
        draws = np.maximum(draws * (1.0 + drawn / np.maximum(mean, LEAST)), LEAST)
    share = np.where(np.isfinite(error) & (values > 0), error / np.maximum(values, LEAST), 0.0)
    if (share > 0).any():
        sigma = np.sqrt(np.log1p(share**2))[:, None]
        draws = draws * np.exp(sigma * _shared_normals(place, month, rule, native_resolution) - sigma**2 / 2)
        draws = np.maximum(draws, LEAST)
    return draws


def day_weights(n_day: int, month: str, rule: Confidence) -> Floats:
    """
    How often each day of a month is taken, for every draw of the circular block bootstrap.

    Parameters
    ----------
    month : str, part of the seed

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


def memory(days: Floats) -> float:
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
    mean = np.maximum(value.sum(axis=1, keepdims=True) / n_seen, LEAST)
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


def block_doubt(n_day: int, block: int, rho: float) -> float:
    """
    By how much a circular block bootstrap of few days is too narrow for the mean of a first-order process.

    The bootstrap variance is a quadratic form ``y' A y`` of the days. With autocovariance
    ``G = rho ** lag`` its mean is ``tr(AG)``, against the true variance ``1' G 1 / n**2``. For
    ``rho = 0`` that is the known ``sqrt(n / (n - block))``.

    Parameters
    ----------
    n_day, block : int, block below n_day
    rho : float, lag-one correlation

    Returns
    -------
    float, true over expected standard deviation, at least 1

    Examples
    --------
    >>> round(block_doubt(30, 5, 0.0), 3), round((30 / 25) ** 0.5, 3)
    (1.095, 1.095)
    """
    day = np.arange(n_day)
    covariance = float(rho) ** np.abs(day[:, None] - day[None, :])
    blocks = np.full((n_day, n_day), -1.0 / n_day)
    blocks[day[:, None], (day[:, None] + np.arange(block)) % n_day] += 1.0 / block
    expected = float(np.trace(blocks.T @ blocks @ covariance)) * block / n_day**2
    return math.sqrt(max(float(covariance.mean()) / expected, 1.0))


def _shared_normals(place: Floats, month: str, rule: Confidence, native_resolution: float) -> Floats:
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
