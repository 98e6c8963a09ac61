"""
Days that were not seen: their conditional mean and variance, and the month over all days (METHODS 14).

Cells seen on different days are not comparable. A day that was seen stands as it was seen; a day
that was not is what its neighbours, the day and the cell say of it.
"""

import math
from typing import NamedTuple

import numpy as np

from hotspot.estimate.unseen.residuals import DayModel, day_model
from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.quality.means.seen import LEAST

NEIGHBOURS = 16  # nearest seen cells of a day; 32 changed the error of a month by less than 0.02 points
_REACH_KM = 60.0
_TURNS = 8  # of cells and fillings; each halves what is left to do
# Of the levels of days that nobody saw, all proposals; likelihood weighs swings and memories:
_SLOPE = 0.5  # 1 sd, of a day's level on what tells it, beforehand
_DAYS_OF_A_LINE = 3  # by their weight in its slope; one odd day is no line
_SWINGS = (0.01, 0.1, 0.3, 0.6, 1.0, 1.6)  # variance of the days about it, of that of the days that were seen
_MEMORIES = (0.0, 0.25, 0.5, 0.75, 0.9)  # correlation of a day with the next
_ANY_MEAN = 1e3  # variance of the days' common mean beforehand: it is told by the days alone
_MOST = 1.5  # of a filled day's logarithm beyond the highest of its cell or of its day


class Filled(NamedTuple):
    """A month of days without holes."""

    days: np.ndarray  # float64[n_cell, n_day], ug/m3: as seen, or the conditional mean
    mean: np.ndarray  # float64[n_cell], over all days
    error: np.ndarray  # float64[n_cell], 1 sd: filling and retrieval
    model: DayModel


def fill_month(
    values: Floats,
    at: Ints,
    spacing_km: float,
    *,
    error_share: float = math.nan,
    correlation_km: float = 25.0,
    guide: Floats | None = None,
) -> Filled:
    """
    Fill the unseen days of a month.

    Parameters
    ----------
    values : float64[n_cell, n_day], ug/m3, NaN where not seen
    at : int64[2, n_cell], row and column on the lattice
    error_share : float
        Stated relative error of a seen day, 1 sd; NaN where none is stated.
    correlation_km : float
        Over what distance the errors of one day are shared.
    guide : float64[n_day], optional
        Mean logarithm of the stations on each day, NaN where unknown: it tells the level of days on which no
        cell was seen.

    Returns
    -------
    Filled; NaN for cells that were never seen

    Notes
    -----
    ``log c = day + cell (1 + slope of the day) + residual + error``; the residual of an unseen cell is
    kriged from the nearest ``NEIGHBOURS`` seen ones of the day with the covariance of ``day_model``. Effects and
    fillings are made by turns (expectation-maximisation, Dempster 1977): so the effect of a cell is not that of
    the days it happened to be seen on. A filled day is ``exp(m + v / 2)``, the mean of a lognormal.
    The level of a day without any seen cell follows the stations, or else the days that were seen.
    Where dirty days and cells are seen less (``DayModel.hides``), an unseen cell is taken to be dirtier than its
    neighbours say: the more, the less they say (Little and Rubin 2002, chapter 15). As much is added to the error.

    Examples
    --------
    >>> at = np.array([[0, 0, 0], [0, 1, 2]])
    >>> values = np.array([[20.0, 40.0, 80.0, 40.0], [22.0, 44.0, np.nan, 44.0], [19.0, 38.0, 76.0, 38.0]])
    >>> filled = fill_month(values, at, 3.0)
    >>> round(float(np.nanmean(values[1])), 1), round(float(filled.mean[1])), round(float(values[0].mean()))
    (36.7, 49, 45)
    """
    from hotspot.kernels import filling as kernel

    at = np.ascontiguousarray(at - at.min(axis=1, keepdims=True))
    logs = np.log(np.maximum(values, LEAST))
    model = day_model(logs, at, spacing_km, error_share=error_share, correlation_km=correlation_km)
    seen = np.isfinite(logs)
    day, unsure = day_levels(model.day, seen.mean(axis=0), guide)
    place, steps, table = _lattice(at, spacing_km, model)
    by_day = np.ascontiguousarray(seen.T)
    neighbour, weight, left = kernel.month_weights(place, at, by_day, steps, table, NEIGHBOURS)
    cell, known = model.cell.copy(), np.where(seen, logs, 0.0)
    stretch = 1.0 + model.slope
    level = day + float(_mean_gap(known, seen, cell, day, stretch))
    # Given that it was hidden, a normal residual is the same with another mean.
    hidden = np.where(seen | ~np.isfinite(model.day), 0.0, model.hides * left.T)
    for _ in range(_TURNS):
        expected = level + cell[:, None] * stretch
        away = np.where(seen, known - expected, 0.0)
        filled = kernel.weighted(np.ascontiguousarray(away), neighbour, weight)
        residual = np.where(seen, away, filled + hidden)
        cell = cell + residual.mean(axis=1)
    expected = level + cell[:, None] * stretch
    variance = np.ascontiguousarray(left.T) + np.diag(unsure)
    away = np.where(seen, known - expected, 0.0)
    filled = kernel.weighted(np.ascontiguousarray(away), neighbour, weight) + hidden
    n_seen = seen.sum(axis=1)
    smooth = np.maximum(variance - model.fine, 0.0).mean(axis=1)
    of_cell = (model.fine + model.own + model.shared + smooth) / np.maximum(n_seen, 1)
    ever = n_seen > 0
    highest = np.where(ever, np.where(seen, logs, -np.inf).max(axis=1), 0.0)
    guess = np.minimum(expected + filled, np.maximum(highest[:, None], level) + _MOST)
    error = model.own + model.shared  # a filled day is what would have been seen, as a seen day is
    days = np.where(seen, values, np.exp(guess + (variance + of_cell[:, None] + error) / 2))
    days = np.where(ever[:, None], days, np.nan)
    mean = days.mean(axis=1)
    known_error = _error(days, mean, seen, left.T, unsure, of_cell, smooth, model)
    # That the hiding acts within a day as it does between days is a guess: as unsure as what it says.
    return Filled(days, mean, np.hypot(known_error, (days * hidden).mean(axis=1)), model)


def day_levels(day: Floats, share: Floats, guide: Floats | None = None) -> tuple[Floats, Floats]:
    """
    The level of every day, also of those on which nothing was seen.

    Parameters
    ----------
    day : float64[n_day], effects, NaN where nothing was seen
    share : float64[n_day], of the cells that were seen
    guide : float64[n_day] or None, mean logarithm of the stations

    Returns
    -------
    (float64[n_day], float64[n_day, n_day]): levels, and the covariance of their errors (0 where seen)

    Notes
    -----
    ``day = mean + slope x + what is left of the day before``. x are the stations (slope 1 beforehand) or, without
    them, nothing or the logarithm of the share seen: where clouds prefer dirty days the level falls with it. Likelihood
    weighs the two, and how much and how long days swing. A day without any cell is taken for one standard
    deviation of x below the least seen at most: what took it whole need not be what hides cells.

    Examples
    --------
    >>> level, _ = day_levels(np.array([3.0, 4.0, np.nan]), np.array([0.5, 0.5, 0.0]), np.array([3.1, 4.1, 5.1]))
    >>> level.round(2).tolist()
    [3.0, 4.0, 5.0]
    """
    known = np.isfinite(day)
    unsure = np.zeros((day.size, day.size))
    if known.all() or not known.any():
        return np.where(known, day, 0.0), unsure
    if guide is not None and (known & np.isfinite(guide)).sum() < 2:
        guide = None
    x = np.log(share + 0.02) if guide is None else guide
    there = known & np.isfinite(x)
    middle = x[there].mean()
    if guide is None:
        x = np.maximum(x, x[there].min() - x[there].std())
    x, fall = np.where(np.isfinite(x), x - middle, 0.0), 0.0 if guide is None else 1.0
    apart = np.abs(np.subtract.outer(np.arange(day.size), np.arange(day.size)))
    turns = (x[known] ** 2).sum() ** 2 >= _DAYS_OF_A_LINE * (x[known] ** 4).sum()
    lines = ((0.0, _SLOPE) if turns else (0.0,)) if guide is None else (_SLOPE,)
    size = max(float(day[known].var()), 1e-6)
    fits = [
        _kriged_days(day - fall * x, known, size * part * memory**apart + line**2 * np.outer(x, x))
        for line in lines for part in _SWINGS for memory in _MEMORIES
    ]  # fmt: skip
    weight = np.exp(np.array([fit for fit, _, _ in fits]) - max(fit for fit, _, _ in fits))
    weight /= weight.sum()
    each = np.array([level for _, level, _ in fits])
    level = weight @ each
    unsure[np.ix_(~known, ~known)] = np.einsum("k,kij->ij", weight, np.array([left for _, _, left in fits]))
    unsure[np.ix_(~known, ~known)] += np.einsum("k,ki,kj->ij", weight, each - level, each - level)
    out = np.where(known, day, 0.0)
    out[~known] = level + fall * x[~known]
    return out, unsure


def _kriged_days(day: Floats, known: Flags, covariance: Floats) -> tuple[float, Floats, Floats]:
    """Log likelihood of the known days with a mean of their own, the levels of the others, and the covariance left."""
    flat = covariance + _ANY_MEAN
    inside = flat[np.ix_(known, known)] + 1e-9 * np.eye(int(known.sum()))
    across, middle = flat[np.ix_(~known, known)], day[known].mean()
    away = day[known] - middle
    root = np.linalg.cholesky(inside)
    half = np.linalg.solve(root, np.column_stack([away, across.T]))
    fit = -np.log(np.diag(root)).sum() - half[:, 0] @ half[:, 0] / 2
    return float(fit), middle + half[:, 1:].T @ half[:, 0], flat[np.ix_(~known, ~known)] - half[:, 1:].T @ half[:, 1:]


def _mean_gap(known: Floats, seen: Flags, cell: Floats, day: Floats, stretch: Floats) -> float:
    """What the centred effects leave over on average."""
    return ((known - cell[:, None] * stretch - day) * seen).sum() / max(int(seen.sum()), 1)


def _lattice(at: Ints, spacing_km: float, model: DayModel) -> tuple[Ints, Ints, Floats]:
    """Positions of the cells, steps to the neighbours nearest first, and covariances by steps apart."""
    place = np.full((int(at[0].max()) + 1, int(at[1].max()) + 1), -1)
    place[at[0], at[1]] = np.arange(at.shape[1])
    reach = max(int(_REACH_KM / spacing_km), 1)
    down, across = (a.ravel() for a in np.meshgrid(*[np.arange(-reach, reach + 1)] * 2, indexing="ij"))
    far = down**2 + across**2
    order = np.lexsort((across, down, far))
    order = order[(far[order] > 0) & (far[order] <= reach**2)]
    size = np.arange(2 * reach + 1)
    km = np.hypot(size[:, None], size[None, :]) * spacing_km
    truth = model.covariance(km)
    both = truth + model.error(km)
    truth[0, 0] += model.fine
    # Never singular: data without any noise still differ in the twelfth digit.
    both[0, 0] += model.fine + model.own + 1e-6 * (model.total + model.own + model.shared) + 1e-12
    return place, np.stack([down[order], across[order]]), np.stack([truth, both])


def _error(
    days: Floats, mean: Floats, seen: Flags, variance: Floats, unsure: Floats, of_cell: Floats, smooth: Floats,
    model: DayModel,
) -> Floats:  # fmt: skip
    """
    Standard deviation of the month.

    The error of a seen day comes in twice: as the day itself, and through the cell's effect on the days that
    were not seen. What neighbouring days share of the smooth part comes in by their products.
    """
    part = days / np.maximum(days.sum(axis=1, keepdims=True), LEAST)
    unseen = np.where(seen, 0.0, part).sum(axis=1)
    n_seen = np.maximum(seen.sum(axis=1), 1)
    error = model.own + model.shared
    retrieval = error * (np.where(seen, part + (unseen / n_seen)[:, None], 0.0) ** 2).sum(axis=1)
    hidden = np.where(seen, 0.0, part)
    filling = (hidden**2 * variance).sum(axis=1) + ((hidden @ unsure) * hidden).sum(axis=1)
    effect = unseen**2 * np.maximum(of_cell - error / n_seen, 0.0)
    alone = np.sqrt(np.maximum(variance - model.fine, 0.0))
    reach = np.where(seen, (unseen / n_seen * np.sqrt(smooth))[:, None], -part * alone)
    apart = np.abs(np.subtract.outer(np.arange(days.shape[1]), np.arange(days.shape[1])))
    shared = np.where(apart > 0, model.memory ** np.maximum(apart, 1), 0.0)
    remembered = ((reach @ shared) * reach).sum(axis=1)
    return mean * np.sqrt(np.maximum(retrieval + filling + effect + remembered, retrieval))
