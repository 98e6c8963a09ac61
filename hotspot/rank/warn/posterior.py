"""
Draws of what is ranked, given an estimate with joint errors (METHODS 16).

The highest of many uncertain numbers is too high (the winner's curse). So the cells of a city are drawn towards
each other by as much as they truly differ, which the estimates themselves say (empirical Bayes, averaged over what
is unsure of it).
"""

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.one_thread import one_thread

SHARES = (0.0, 0.35, 0.7, 1.0)  # of the cells' true differences that are smooth in space
SIZES = tuple(float(v) for v in np.geomspace(0.001, 4.0, 10))  # of their variance, against that of the estimates
SMOOTH_KM = 12.0
_LEAST = 1e-12


@one_thread
def posterior_draws(mean: Floats, covariance: Floats, place_km: Floats, n_draws: int, seed: list[int]) -> Floats:
    """
    Draws of true values that have these estimates.

    Parameters
    ----------
    mean : float64[n_cell], estimates that are free of bias
    covariance : float64[n_cell, n_cell], of their errors
    place_km : float64[n_cell, 2]

    Returns
    -------
    float64[n_cell, n_draws]

    Notes
    -----
    Estimate ~ N(truth, S), truth ~ N(b, t1 I + t2 exp(-distance / 12 km)), b unknown: for a grid of (t1, t2) the
    restricted likelihood is its weight, and the draws are shared out in proportion. Without errors the draws are the
    estimates. Heavy tails of the truth (Student's t, each cell with a width of its own) were tried and taken out: cells
    beside each other differ smoothly, and widths of their own drew the draws farther from the truth than the estimates.

    Examples
    --------
    >>> place = np.arange(40)[:, None] * [30.0, 0.0]
    >>> rng = np.random.default_rng(1)
    >>> truth = rng.normal(size=40)
    >>> drawn = posterior_draws(truth + rng.normal(size=40), np.eye(40), place, 1000, [1])
    >>> 0.25 < float(drawn.var(axis=1).mean()) < 0.75       # 1/2 where both variances are 1
    True
    """
    n_cell = mean.size
    variance = float(np.trace(covariance)) / n_cell
    if n_cell < 2 or variance <= _LEAST:
        return np.repeat(mean[:, None], n_draws, axis=1)
    apart = np.diag(covariance)[:, None] + np.diag(covariance) - 2 * covariance
    same = (np.abs(mean[:, None] - mean) < 1e-9) & (apart < 1e-9 * variance)
    first = same.argmax(axis=1)
    if (first != np.arange(n_cell)).any():
        # Cells of one pixel have one value and one error: they are one unknown.
        kept, which = np.unique(first, return_inverse=True)
        one = posterior_draws(mean[kept], covariance[np.ix_(kept, kept)], place_km[kept], n_draws, seed)
        return one[which]
    km = np.hypot(*(place_km[:, None] - place_km[None]).transpose(2, 0, 1))
    smooth, one = np.exp(-km / SMOOTH_KM), np.ones(n_cell)
    size = max(float(mean.var()), variance)
    ridge = 1e-6 * variance * np.eye(n_cell)
    rng = np.random.default_rng(seed)
    priors = [size * whole * ((1 - share) * np.eye(n_cell) + share * smooth) for whole in SIZES for share in SHARES]
    # Between even in the logarithm of the size (too many months without any difference) and even in its
    # root (too few): p_top of cells that differ by less than their errors is right in between (proposal).
    fits = np.array([_given(mean, covariance + prior + ridge)[0] for prior in priors])
    fits += np.repeat(np.log(SIZES), len(SHARES)) / 8
    weights = np.exp(fits - fits.max())
    ends = np.rint(np.cumsum(weights / weights.sum()) * n_draws).astype(int)
    drawn = []
    for prior, many in zip(priors, np.diff(ends, prepend=0).tolist(), strict=True):
        if not many:
            continue
        _, level, weight = _given(mean, covariance + prior + ridge)
        pull = np.linalg.solve(covariance + prior + ridge, prior).T
        beside = one - pull @ one
        left = prior - pull @ prior + np.outer(beside, beside) / weight
        # Not by eigenvectors: where several are as long, which ones come out hangs on the machine.
        root = np.linalg.cholesky((left + left.T) / 2 + ridge)
        drawn.append((level + pull @ (mean - level))[:, None] + root @ rng.standard_normal((n_cell, many)))
    return np.concatenate(drawn, axis=1)


def _given(mean: Floats, total: Floats) -> tuple[float, float, float]:
    """Restricted log likelihood of a covariance, the level of the cells and its weight."""
    root = np.linalg.cholesky(total)
    half = np.linalg.solve(root, np.stack([mean, np.ones(mean.size)], axis=1))
    weight = half[:, 1] @ half[:, 1]
    level = half[:, 1] @ half[:, 0] / weight
    left = half[:, 0] - level * half[:, 1]
    fit = -np.log(np.diag(root)).sum() - (np.log(weight) + left @ left) / 2
    return float(fit), float(level), float(weight)
