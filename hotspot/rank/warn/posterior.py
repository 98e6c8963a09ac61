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
TAIL = 3.0  # degrees of freedom of a distribution in which a few cells stand far above the others; the other is normal
_BATCH = 100  # draws that share one draw of the cells' own widths


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
    seed : sequence of int

    Returns
    -------
    float64[n_cell, n_draws]

    Notes
    -----
    Estimate ~ N(truth, S), truth ~ N(b, t1 I + t2 exp(-distance / 12 km)), b unknown: for a grid of (t1, t2) the
    restricted likelihood is its weight, and the draws are shared out in proportion. Beside the normal
    distribution stands Student's t of 3 degrees of freedom as a mixture of normal ones: the worst of a city may
    stand far above the others, and must not be drawn down to them. Without errors the draws are the estimates.

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
    own = np.diag(covariance) - 2 * covariance.mean(axis=1) + covariance.mean()
    rng = np.random.default_rng(seed)
    found: list[tuple[float, Floats, Floats | None]] = []
    for whole in SIZES:
        heavy = _heavy(mean, size * whole, own)
        for share in SHARES:
            prior = size * whole * ((1 - share) * np.eye(n_cell) + share * smooth)
            fit = _given(mean, covariance + prior + ridge)[0]
            found.append((fit, prior, None))
            found.append((fit + heavy[0], prior, heavy[1]))
    fits = np.array([part[0] for part in found])
    weights = np.exp(fits - fits.max())
    ends = np.rint(np.cumsum(weights / weights.sum()) * n_draws).astype(int)
    drawn = []
    for (_, plain, chances), n in zip(found, np.diff(ends, prepend=0).tolist(), strict=True):
        for start in range(0, n, _BATCH if chances is not None else max(n, 1)):
            many = min(_BATCH, n - start) if chances is not None else n
            wide = np.ones(n_cell) if chances is None else _drawn_widths(chances, rng)
            prior = wide[:, None] * plain * wide
            _, level, weight = _given(mean, covariance + prior + ridge)
            pull = np.linalg.solve(covariance + prior + ridge, prior).T
            beside = one - pull @ one
            left = prior - pull @ prior + np.outer(beside, beside) / weight
            size_of, way = np.linalg.eigh((left + left.T) / 2)
            noise = way * np.sqrt(np.maximum(size_of, 0.0)) @ rng.standard_normal((n_cell, many))
            drawn.append((level + pull @ (mean - level))[:, None] + noise)
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


def _heavy(mean: Floats, size: float, own: Floats) -> tuple[float, Floats]:
    """
    Log of how much better heavy tails explain the cells than a normal distribution of the same size, cell by cell,
    and for each cell the chance of each of the widths that make up such tails.
    """
    variance = size * _widths() ** 2 + own[:, None]
    normal = np.log(size + own) / 2
    total = 1 / (size + own)
    away = mean - (total * mean).sum() / total.sum()
    normal = -normal - away**2 * total / 2
    level, chances = 0.0, np.full(variance.shape, 1.0 / variance.shape[1])
    for _ in range(5):
        total = (chances / variance).sum(axis=1)
        level = (total * mean).sum() / total.sum()
        logs = -np.log(variance) / 2 - (mean - level)[:, None] ** 2 / variance / 2
        top = logs.max(axis=1, keepdims=True)
        density = np.exp(logs - top)
        chances = density / density.sum(axis=1, keepdims=True)
    heavy = top[:, 0] + np.log(density.mean(axis=1))
    return float((heavy - normal).sum()), chances


def _widths() -> Floats:
    """Quantiles of the width that a normal distribution has in Student's t."""
    from scipy import stats

    return 1 / np.sqrt(stats.chi2.ppf((np.arange(12) + 0.5) / 12, TAIL) / TAIL)


def _drawn_widths(chances: Floats, rng: np.random.Generator) -> Floats:
    """One draw of the width of each cell."""
    steps = np.cumsum(chances, axis=1)
    at = (rng.random(len(steps))[:, None] > steps).sum(axis=1)
    return _widths()[np.minimum(at, steps.shape[1] - 1)]
