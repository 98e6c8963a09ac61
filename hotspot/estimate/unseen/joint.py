"""
The means of one month for a few cells at once: what all days of their surroundings say, and how the errors go
together. What errors share cancels where two cells are compared, and only a joint covariance knows it (METHODS 16).
"""

from typing import NamedTuple

import numpy as np

from hotspot.estimate.unseen.filling import day_levels
from hotspot.estimate.unseen.residuals import DayModel
from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.one_thread import one_thread

AROUND = 160  # cells taken in beside the targets, from near to far
_AROUND_KM = 60.0
_FLAT = 1.0  # variance of a cell's effect beforehand: next to nothing is assumed here
_OUTLIER = 5.0  # standard deviations


class JointMean(NamedTuple):
    """Logarithms of monthly means and their errors, all cells at once."""

    mean: np.ndarray  # float64[n_target]
    covariance: np.ndarray  # float64[n_target, n_target]


@one_thread
def joint_mean(values: Floats, place_km: Floats, targets: Ints, model: DayModel) -> JointMean:
    """
    The true monthly means of some cells, given everything that was seen of the month.

    Parameters
    ----------
    values : float64[n_cell, n_day], ug/m3, NaN where not seen
    place_km : float64[n_cell, 2]
    targets : int64[n_target], positions of the cells asked for
    model : DayModel, from ``day_model`` of the same days

    Notes
    -----
    With z the true and y the seen logarithms of a day, a the cells' effects (nothing assumed of them), G the
    kriging weights of the day's residuals and w the days' shares of the month::

        precision of a = sum over days of inv(C + E) over the cells seen
        z | a, y ~ a + day + G (y - day - a),   variance C - G C
        month = sum w z,   covariance B Cov(a) B' + sum w (C - G C) w',   B = sum w (1 - G)

    C holds the smooth part, the day's stretch of the cells' differences and each cell's own fine part; E the
    error, of each cell and shared. The mean over days is linearised about the expected days. The days are weighted
    as if they knew nothing of each other; what they do know (``DayModel.memory``) is in the covariance.

    Examples
    --------
    >>> from hotspot.estimate.unseen.residuals import day_model
    >>> rng = np.random.default_rng(0)
    >>> at = np.stack([a.ravel() for a in np.meshgrid(np.arange(8), np.arange(8), indexing="ij")])
    >>> truth = np.exp(4 + 0.3 * rng.normal(size=(1, 30)) + 0.1 * rng.normal(size=(64, 1)))
    >>> seen = truth * np.exp(0.15 * rng.normal(size=truth.shape))
    >>> model = day_model(np.log(seen), at, 3.0, error_share=0.15)
    >>> found = joint_mean(seen, at.T * 3.0, np.arange(5), model)
    >>> np.sqrt(np.diag(found.covariance)).round(2).tolist()          # 0.15 / sqrt(30)
    [0.03, 0.03, 0.03, 0.03, 0.03]
    """
    chosen = _surroundings(place_km, targets, np.asarray(np.isfinite(values).any(axis=1)))
    at = np.searchsorted(chosen, targets)
    logs = np.log(np.maximum(values[chosen], 1e-3))
    km = np.hypot(*(place_km[chosen][:, None] - place_km[chosen][None]).transpose(2, 0, 1))
    cell, fine = model.cell[chosen], np.maximum(model.fine_of[chosen], 0.0)
    stretch = model.slope_variance * cell[:, None] * cell[None, :]
    truth = model.covariance(km) + np.diag(fine) + stretch
    # Never singular: days without any noise still differ in the twelfth digit.
    noise = model.own + 1e-7 * (model.total + model.own + model.shared) + 1e-13
    # How alike the errors of neighbours are is the least known: a Gaussian would have their difference for nothing.
    both = truth + model._replace(shape=1.0).error(km) + noise * np.eye(chosen.size)
    day, unsure = day_levels(model.day, np.isfinite(values).mean(axis=0))
    most = _OUTLIER * np.sqrt(model.total + model.own + model.shared)
    expected = day + cell[:, None] + float(np.nanmean(logs - cell[:, None] - day))
    logs = expected + np.clip(logs - expected, -most, most)
    seen = np.isfinite(logs)
    precision, pull, inverses = np.eye(chosen.size) / _FLAT, cell / _FLAT, []
    for d in range(day.size):
        own = np.flatnonzero(seen[:, d])
        inverse = np.linalg.inv(both[np.ix_(own, own)])
        inverse = (inverse + inverse.T) / 2
        precision[np.ix_(own, own)] += inverse
        pull[own] += inverse @ (logs[own, d] - day[d])
        inverses.append((own, inverse))
    spread = np.linalg.inv(precision)
    effect = spread @ pull
    target_truth = truth[np.ix_(at, at)]
    gains = [truth[np.ix_(at, own)] @ inverse for own, inverse in inverses]
    level, hidden = np.empty((at.size, day.size)), np.zeros((at.size, day.size))
    for d, (own, _) in enumerate(inverses):
        level[:, d] = effect[at] + day[d] + gains[d] @ (logs[own, d] - day[d] - effect[own])
        left = np.diag(target_truth) - (gains[d] * truth[np.ix_(at, own)]).sum(axis=1)
        if own.size:
            hidden[:, d] = np.where(seen[at, d], 0.0, model.hides * left)
        level[:, d] += hidden[:, d] + (left + np.where(seen[at, d], 0.0, spread[at, at]) + unsure[d, d]) / 2
    top = level.max(axis=1, keepdims=True)  # no day is too large for a double
    days = np.exp(level - top)
    share = days / days.sum(axis=1, keepdims=True)
    carried = np.zeros((at.size, chosen.size))
    covariance = np.zeros((at.size, at.size))
    carried[np.arange(at.size), at] = 1.0
    for d, (own, _) in enumerate(inverses):
        carried[:, own] -= share[:, d, None] * gains[d]
        left = target_truth - gains[d] @ truth[np.ix_(at, own)].T
        covariance += share[:, d, None] * left * share[:, d]
    guessed = (share * hidden).sum(axis=1)
    covariance += share @ unsure @ share.T + np.outer(guessed, guessed)
    covariance += carried @ spread @ carried.T
    covariance += _remembered(share, gains, inverses, carried @ spread, at, model.covariance(km), model.memory)
    return JointMean(top[:, 0] + np.log(days.mean(axis=1)), (covariance + covariance.T) / 2)


def _remembered(
    share: Floats, gains: list[Floats], inverses: list[tuple[Ints, Floats]], carried: Floats, at: Ints,
    smooth: Floats, memory: float,
) -> Floats:  # fmt: skip
    """What the days' memory adds to the covariance of the months: the products of the errors of different days."""
    total, before = np.zeros((at.size, at.size)), np.zeros((at.size, smooth.shape[0]))
    for d, (own, inverse) in enumerate(inverses):
        part = np.zeros_like(before)  # of the day's smooth residuals in the months' errors
        part[:, own] = share[:, d, None] * gains[d] + carried[:, own] @ inverse
        part[np.arange(at.size), at] -= share[:, d]
        total += before @ smooth @ part.T
        before = memory * (before + part)
    return total + total.T


def _surroundings(place_km: Floats, targets: Ints, ever: Flags) -> Ints:
    """The targets and at most ``AROUND`` other cells that were ever seen, evenly from near to far; ascending."""
    middle = place_km[targets]
    low, high = middle.min(axis=0) - _AROUND_KM, middle.max(axis=0) + _AROUND_KM
    others = np.flatnonzero(ever & ((place_km >= low) & (place_km <= high)).all(axis=1))
    others = np.setdiff1d(others, targets)
    if others.size > AROUND:
        gap = np.full(others.size, np.inf)
        for one in middle:
            gap = np.minimum(gap, ((place_km[others] - one) ** 2).sum(axis=1))
        order = others[np.lexsort((others, gap))]
        others = order[np.linspace(0, order.size - 1, AROUND).astype(int)]
    return np.sort(np.r_[targets, others])
