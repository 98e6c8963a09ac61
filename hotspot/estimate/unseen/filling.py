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
    for _ in range(_TURNS):
        expected = level + cell[:, None] * stretch
        away = np.where(seen, known - expected, 0.0)
        filled = kernel.weighted(np.ascontiguousarray(away), neighbour, weight)
        residual = np.where(seen, away, filled)
        cell = cell + residual.mean(axis=1)
    expected = level + cell[:, None] * stretch
    variance = np.ascontiguousarray(left.T) + unsure
    away = np.where(seen, known - expected, 0.0)
    filled = kernel.weighted(np.ascontiguousarray(away), neighbour, weight)
    n_seen = seen.sum(axis=1)
    smooth = np.maximum(variance - model.fine, 0.0).mean(axis=1)
    of_cell = (model.fine + model.own + model.shared + smooth) / np.maximum(n_seen, 1)
    ever = n_seen > 0
    highest = np.where(ever, np.where(seen, logs, -np.inf).max(axis=1), 0.0)
    guess = np.minimum(expected + filled, np.maximum(highest[:, None], level) + _MOST)
    days = np.where(seen, values, np.exp(guess + (variance + of_cell[:, None]) / 2))
    days = np.where(ever[:, None], days, np.nan)
    mean = days.mean(axis=1)
    return Filled(days, mean, _error(days, mean, seen, variance, of_cell, smooth, model), model)


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
    (float64[n_day], float64[n_day]): levels, and their variance (0 where seen)

    Notes
    -----
    Where clouds prefer dirty days the level falls with the share seen; the line through the days that were seen
    carries over to those that were not, if its slope is twice its error.

    Examples
    --------
    >>> level, variance = day_levels(np.array([3.0, 4.0, np.nan]), np.array([0.5, 0.5, 0.0]), np.array([3.1, 4.1, 5.1]))
    >>> level.round(2).tolist()
    [3.0, 4.0, 5.0]
    """
    known = np.isfinite(day)
    if known.all() or not known.any():
        return np.where(known, day, 0.0), np.zeros(day.size)
    out, variance = np.where(known, day, day[known].mean()), np.where(known, 0.0, day[known].var())
    for line in (np.log(share + 0.02), guide):
        if line is None:
            continue
        both = known & np.isfinite(line)
        x = line[both] - line[both].mean() if both.any() else np.zeros(0)
        if x.size < 2 or not (x**2).sum() > 0:
            continue
        slope = (x * day[both]).sum() / (x**2).sum()
        left = day[both] - day[both].mean() - slope * x
        spread = (left**2).sum() / max(x.size - 2, 1)
        if x.size > 2 and slope**2 < 4 * spread / (x**2).sum():
            continue
        to = ~known & np.isfinite(line)
        out[to] = day[both].mean() + slope * (line[to] - line[both].mean())
        variance[to] = spread
    return out, variance


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
    days: Floats, mean: Floats, seen: Flags, variance: Floats, of_cell: Floats, smooth: Floats, model: DayModel
) -> Floats:
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
    filling = (np.where(seen, 0.0, part) ** 2 * variance).sum(axis=1)
    effect = unseen**2 * np.maximum(of_cell - error / n_seen, 0.0)
    alone = np.sqrt(np.maximum(variance - model.fine, 0.0))
    reach = np.where(seen, (unseen / n_seen * np.sqrt(smooth))[:, None], -part * alone)
    apart = np.abs(np.subtract.outer(np.arange(days.shape[1]), np.arange(days.shape[1])))
    shared = np.where(apart > 0, model.memory ** np.maximum(apart, 1), 0.0)
    remembered = ((reach @ shared) * reach).sum(axis=1)
    return mean * np.sqrt(np.maximum(retrieval + filling + effect + remembered, retrieval))
