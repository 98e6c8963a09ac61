"""
What stations measured, as a quadratic of the amounts of all sources that could have added to it.

Registered sources around what the posterior says of them, sources anywhere else on rings, one on each
sub-cell. What a station always has and what the stations of an hour have in common is taken out.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hotspot.kernels.arrays import Floats, Ints
from hotspot.kernels.nonneg import most
from hotspot.rules.tracing import Tracing
from hotspot.trace.plumes.footprint import Shape, footprints, ventilation_factor, wind_table
from hotspot.trace.plumes.posterior import Fit, Posterior, evidence_in, medians, spreads

_TURNS_DEG = (-40.0, -20.0, 20.0, 40.0)  # proposal: what a wind file may be off by, ...
_AXES_DEG, _STEERED = 20.0, 0.75  # ... and valleys it may not know: so much of what blows across each is lost
_FAR_KM = (5.5, 26.0, 1.28)  # rings of sources that may stand outside the sub-cells: first, last, step


class Hours(NamedTuple):
    """What the stations around measured, and what could have added to it."""

    values: np.ndarray  # float64[station, hour], ug/m3, NaN where missing
    own: np.ndarray  # float64[2, hour], what a station always has and has in weak wind
    feet: np.ndarray  # float64[station, amount, hour]: registered sources, sources far off, sub-cells
    mean: np.ndarray  # float64[amount], g/s beforehand
    hold: np.ndarray  # float64[amount], how tightly the amount is held there
    price: np.ndarray  # float64[amount], log likelihood per g/s
    around: np.ndarray  # float64[source, 2], m: where the amounts before those of the sub-cells stand

    @property
    def n_around(self) -> int:
        """Amounts before those of the sub-cells."""
        return len(self.around)


class Evidence(NamedTuple):
    """The log likelihood ``pull x - x bend x / 2`` of amounts x, and the weight of the hours it was made with."""

    hours: Hours
    precision: np.ndarray  # float64[station, hour], 0 where nothing was measured
    bend: np.ndarray  # float64[amount, amount]
    pull: np.ndarray  # float64[amount]


def hours_of(
    fit: Fit,
    shape: Shape,
    values: Floats,
    stations: Floats,
    wind: Floats,
    sources: Floats,
    places: Floats,
    tracing: Tracing,
) -> Hours:
    """Registered sources too quiet to be fitted are taken off; the others, the far ones and the sub-cells may add."""
    values = np.where(np.isnan(wind[:, :2]).any(axis=1), np.nan, values)
    known, emitted = footprints(stations, sources, wind, shape), np.exp(fit.log_emission)
    added = (known.mean(axis=2) * emitted).max(axis=0, initial=0.0)
    fitted = added >= tracing.unregistered_loud
    loud, quiet = np.flatnonzero(fitted), np.flatnonzero(~fitted & (added > 0))
    values = values - np.einsum("sjt,j->st", known[:, quiet], emitted[quiet])
    far = places.mean(axis=0) + _rings(np.abs(places - places.mean(axis=0)).max())
    feet = [known[:, loud], *(footprints(stations, at, wind, shape) for at in (far, places))]
    mean = np.r_[emitted[loud], np.zeros(len(far) + len(places))]
    hold = np.r_[(tracing.unregistered_loud_sd * emitted[loud]) ** -2.0, np.full(len(far), 1e-6), np.zeros(len(places))]
    price = np.r_[np.zeros(loud.size), np.full(len(far), tracing.unregistered_far_price), np.zeros(len(places))]
    own = np.stack([np.ones(len(wind)), ventilation_factor(wind) - 1])
    return Hours(values, own, np.concatenate(feet, axis=1), mean, hold, price, np.concatenate([sources[loud], far]))


def _rings(half: float) -> Floats:
    """Places around, m, none of them within 250 m of the sub-cells whose outermost centres lie ``half`` away."""
    first, last, grows = _FAR_KM
    rings: list[Floats] = []
    radius = 1000 * first
    while radius < 1000 * last:
        n = max(12, int(2 * np.pi * radius / max(1500.0, 0.28 * radius)))
        angle = (np.arange(n) + 0.5 * (len(rings) % 2)) * 2 * np.pi / n
        rings.append(radius * np.column_stack([np.cos(angle), np.sin(angle)]))
        radius *= grows
    found = np.concatenate(rings)
    return found[np.abs(found).max(axis=1) > half + 500.0]


def weigh(data: Hours, tracing: Tracing) -> Evidence:
    """
    Curvature and slope of the log likelihood of all amounts, what stations and hours have of their own taken out.

    The weights of the hours come from fits with every second sub-cell along each side.
    """
    n = data.mean.size
    side = round((n - data.n_around) ** 0.5)
    thin = data.n_around + np.flatnonzero((np.arange(side) % 2 == 0)[:, None] & (np.arange(side) % 2 == 0))
    some = np.r_[: data.n_around, thin].astype(np.int64)
    there = ~np.isnan(data.values)
    seen = np.where(there, data.values, 0.0)
    start = seen - medians(seen, there)[:, None]
    variance = spreads(start, there, tracing)[:, None] ** 2 + 0.0 * seen
    robust = there / 1.0
    for _ in range(2):
        precision = robust / variance / tracing.unregistered_hours
        bend, pull, solved = _equations(data, some, seen, precision, tracing)
        amount = np.maximum(data.mean[some], 0.0)
        # Of the sub-cells only what is worth it: the fit of the weights needs no more than the clear ones.
        most(bend, pull - 0.3 * (np.arange(some.size) >= data.n_around), amount, 100, 1e-3)
        expected = np.einsum("skt,k->st", data.feet[:, some], amount)
        left = np.where(there, seen - expected - solved(amount), 0.0)
        common = (precision * left).sum(axis=0) / (_common(tracing) + precision.sum(axis=0))
        left = np.where(there, left - common, 0.0)
        variance = spreads(left, there, tracing)[:, None] ** 2 + (tracing.unregistered_model_sd * expected) ** 2
        robust = np.where(there, (tracing.freedom + 1) / (tracing.freedom + left**2 / variance), 0.0)
    precision = robust / variance / tracing.unregistered_hours
    bend, pull, _ = _equations(data, np.arange(n), seen, precision, tracing)
    return Evidence(data, precision, bend, pull)


def _common(tracing: Tracing) -> float:
    """How tightly the common part of an hour is held; hours in a row are one piece of evidence of it as well."""
    return tracing.unregistered_common_sd**-2 / tracing.unregistered_hours


def _equations(
    data: Hours, chosen: Ints, seen: Floats, precision: Floats, tracing: Tracing
) -> tuple[Floats, Floats, Callable[[Floats], Floats]]:
    """Curvature and slope of some amounts, and what the stations have of their own once the amounts are given."""
    n, n_own = chosen.size, data.own.shape[0]
    size = n + n_own * len(seen)
    bend, pull = np.zeros((size, size)), np.zeros(size)
    summed, level = np.zeros((size, seen.shape[1])), np.zeros(seen.shape[1])
    for station, weight in enumerate(precision):
        own = slice(n + n_own * station, n + n_own * (station + 1))
        columns = np.concatenate([data.feet[station, chosen], data.own])
        root = columns * np.sqrt(weight)  # times itself: half the work of two matrices
        added, weighted = root @ root.T, columns * weight
        pulled = weighted @ seen[station]
        for to, part in ((slice(n), slice(n)), (own, slice(n, None))):
            bend[to, :n] += added[part, :n]
            bend[to, own] += added[part, n:]
            pull[to] += pulled[part]
            summed[to] += weighted[part]
        level += weight * seen[station]
    together = _common(tracing) + precision.sum(axis=0)
    root = summed / np.sqrt(together)
    bend -= root @ root.T
    pull -= summed @ (level / together)
    held = np.r_[data.hold[chosen], np.full(n_own * len(seen), tracing.own_sd**-2)]
    pull[:n] += data.hold[chosen] * data.mean[chosen] - data.price[chosen]
    bend[np.arange(size), np.arange(size)] += held + 1e-9
    solve = np.linalg.inv(bend[n:, n:])
    cross = bend[:n, n:] @ solve

    def solved(amount: Floats) -> Floats:
        own = solve @ (pull[n:] - bend[n:, :n] @ amount)
        return own.reshape(len(seen), n_own) @ data.own

    return np.ascontiguousarray(bend[:n, :n] - cross @ bend[n:, :n]), pull[:n] - cross @ pull[n:], solved


def another_wind(evidence: Evidence, stations: Floats, wind: Floats, shape: Shape, tracing: Tracing) -> float:
    """
    How much of what sources on the sub-cells would explain another wind explains without them.

    Parameters
    ----------
    stations : float array (station, 2), m, those of ``evidence``
    wind : float array (hour, 3), the delivered one
    tracing : Tracing, from the criteria

    Returns
    -------
    float, of the log likelihood that the sub-cells add under the delivered wind; below 0 where no other wind is better

    Notes
    -----
    A wind file knows no valley and may be turned; where it is wrong, plumes of known sources look like new sources.
    Tried are turned winds and winds that a valley of each axis steers. The hours keep their weights.
    """
    data, around = evidence.hours, np.arange(evidence.hours.n_around)
    seen = np.where(np.isnan(data.values), 0.0, data.values)

    def explained(bend: Floats, pull: Floats) -> float:
        return most(np.ascontiguousarray(bend), pull, np.maximum(data.mean[: pull.size], 0.0), 300, 1e-4)

    def under(other: Floats) -> float:
        feet = data._replace(feet=footprints(stations, data.around, other, shape))
        return explained(*_equations(feet, around, seen, evidence.precision, tracing)[:2])

    known = explained(evidence.bend[: around.size, : around.size], evidence.pull[: around.size])
    best = max(under(other) for other in _other_winds(wind))
    return (best - known) / max(explained(evidence.bend, evidence.pull) - known, 1e-9)


def another_wind_around(
    post: Posterior,
    shape: tuple[int, Shape],
    increments: Floats,
    stations: Floats,
    wind: Floats,
    sources: Floats,
    tracing: Tracing,
) -> float:
    """
    By how much another wind explains all stations around better, with the registered sources alone.

    Parameters
    ----------
    post : Posterior of the registered sources
    shape : (int, Shape), position and shape of the plume; the rest as ``posterior.source_shares`` was asked

    Returns
    -------
    float, log evidence; below 0 where no other wind is better
    """
    asked = shape[1], increments, stations, sources, tracing
    best = max(evidence_in(other, post, *asked) for other in _other_winds(wind))
    return best - post.fits[shape[0]].evidence


def _other_winds(wind: Floats) -> list[Floats]:
    """The delivered wind turned, and steered along valleys."""
    flow, axes = wind[:, 0] + 1j * wind[:, 1], np.exp(1j * np.radians(np.arange(0.0, 180.0, _AXES_DEG)))
    steered = [flow - 1j * _STEERED * (flow / axis).imag * axis for axis in axes]
    turned = [flow * np.exp(1j * turn) for turn in np.radians(_TURNS_DEG)]
    return [wind_table(other.real, other.imag, wind[:, 2]) for other in turned + steered]


def listening(evidence: Evidence, tracing: Tracing) -> Floats:
    """
    How further signals at the stations would add to ``pull``: ``pull(k) = sum over s, t of signal(s,t) found(k,s,t)``.

    Returns
    -------
    float64[amount, station, hour], per ug/m3

    Notes
    -----
    ``_equations`` is linear in what was measured: with the hours' weights held, this is its slope.
    """
    data, precision = evidence.hours, evidence.precision
    n_station, n_own = len(precision), len(data.own)
    share = precision / (_common(tracing) + precision.sum(axis=0))
    found = data.feet.transpose(1, 0, 2) - np.einsum("skt,st->kt", data.feet, share)[:, None]
    found *= precision
    own = np.einsum("sz,it,zt->sizt", np.eye(n_station), data.own, precision)
    own -= np.einsum("it,st,zt->sizt", data.own, share, precision)
    own = own.reshape(n_station * n_own, n_station, -1)
    held = np.einsum("ast,it->asi", own, data.own).reshape(n_station * n_own, -1)
    held[np.diag_indices_from(held)] += tracing.own_sd**-2 + 1e-9
    cross = np.einsum("kst,it->ksi", found, data.own).reshape(len(found), -1)
    found -= np.tensordot(cross @ np.linalg.inv(held), own, 1)
    return found
