"""
What is in no register: where an unknown source would explain what the known ones do not, and where it would be seen.

Not seen is not absent. Each sub-cell therefore has two answers: how likely a
source stands there, and whether one of a stated size could have been told at all.
"""

from typing import NamedTuple

import numpy as np

from hotspot.kernels.arrays import Flags, Floats
from hotspot.one_thread import one_thread
from hotspot.rules.tracing import Tracing
from hotspot.trace.footprint import Shape, footprints, ventilation_factor
from hotspot.trace.posterior import Posterior

_NEAR = 8000.0  # m, a station farther away is not asked about a sub-cell
_SIZES = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0])  # g/s that are tried
_SIZE_SD = 1.1  # log, around the stated size
_OWN_SD = 15.0  # ug/m3, what a station may always have
_LOUD = 1.0  # ug/m3 that a registered source adds on average: its error is then taken out as well


class Unregistered(NamedTuple):
    """By sub-cell, and for all of them."""

    chance: np.ndarray  # that a source stands there
    emission: np.ndarray  # g/s, expected if it does
    observable: np.ndarray  # bool: one of the stated size would be found within one sub-cell
    chance_any: float  # that there is one at all; the prior's where nothing is observable


@one_thread
def unregistered(
    post: Posterior,
    shape: tuple[int, Shape],
    stations: Floats,
    wind: Floats,
    sources: Floats,
    places: Floats,
    *,
    step: float,
    tracing: Tracing,
) -> Unregistered:
    """
    Look for one unregistered source on some sub-cells.

    Parameters
    ----------
    post : Posterior of the registered ones
    shape : (int, Shape), position and shape of the plume to look with
    stations : float array (station, 2), m, those that ``post`` was made from
    wind : float array (hour, 3)
    sources : float array (source, 2), the registered ones
    places : float array (sub_cell, 2), centres, m
    step : float, side of a sub-cell, m
    tracing : Tracing, from the criteria

    Returns
    -------
    Unregistered

    Notes
    -----
    For a source of S g/s on u the stations of one cell (a) give ``b = g / h``, the emission that fits best what
    the registered sources leave (g = F_u' W r, h = F_u' W F_u; each station's level and the error of each
    loud registered source are taken out). Log likelihood ratio against no source:
    ``sum_a log N(b; S, 1/h + pair_sd^2 S^2) - log N(b; 0, 1/h)``. Prior: ``unregistered_chance`` over all
    sub-cells alike, S log-normal around ``unregistered_g_s``. Observable: were a source of that size there
    and nothing else wrong, its own sub-cell and the eight around it would hold at least ``observable`` of
    the posterior (the idea of pyELQ's coverage, Hopkinson and others 2024).
    """
    at, of = shape
    fit = post.fits[at]
    places = np.reshape(np.asarray(places, float), (-1, 2))
    n = len(places)
    stations = np.reshape(np.asarray(stations, float), (-1, 2))[post.heard]
    near = np.flatnonzero(
        (np.abs(stations[:, None] - places).max(axis=2).min(axis=1) <= _NEAR) & fit.precision.any(axis=1)
    )
    if not post.informed or not near.size:
        return Unregistered(np.full(n, tracing.unregistered_chance / n), np.full(n, tracing.unregistered_g_s),
                            np.zeros(n, bool), tracing.unregistered_chance)  # fmt: skip
    _, group = np.unique(np.floor(stations[near] / 3000.0), axis=0, return_inverse=True)
    group = group.ravel()
    bend, pull = np.zeros((group.max() + 1, n, n)), np.zeros((group.max() + 1, n))
    level = np.stack([np.ones(len(wind)), ventilation_factor(wind)])
    for station, own_group in zip(near, group, strict=True):
        foot = footprints(stations[station], places, wind, of)[0]
        amount = np.exp(fit.log_emission + fit.deviation[np.argmin(np.hypot(*(fit.places - stations[station]).T))])
        loud = np.flatnonzero(fit.expected[:, station] > _LOUD)
        loud = loud[np.argsort(-fit.expected[loud, station], kind="stable")[:10]]
        known = footprints(stations[station], sources[loud], wind, of)[0] * amount[loud][:, None]
        own = np.concatenate([level, known])
        held = np.r_[np.full(2, _OWN_SD**-2), np.full(loud.size, tracing.pair_sd**-2)]
        precision = fit.precision[station] * (tracing.hours_together / tracing.unregistered_hours)
        left = np.where(precision > 0, fit.residual[station], 0.0)
        solve = np.linalg.inv((own * precision) @ own.T + np.diag(held))
        cross = (foot * precision) @ own.T
        bend[own_group] += (foot * precision) @ foot.T - cross @ solve @ cross.T
        pull[own_group] += foot @ (precision * left) - cross @ solve @ (own @ (precision * left))
    known = np.maximum(np.diagonal(bend, axis1=1, axis2=2), 1e-12)
    prior = np.exp(-0.5 * (np.log(_SIZES / tracing.unregistered_g_s) / _SIZE_SD) ** 2)
    prior = np.log(prior / prior.sum())
    chance, weight = _posterior(pull / known, known, prior, tracing)
    emission = (weight @ _SIZES) / np.maximum(weight.sum(axis=1), 1e-300)
    return Unregistered(chance, emission, _observable(bend, known, prior, places, step, tracing), float(chance.sum()))


def _posterior(fitted: Floats, known: Floats, prior: Floats, tracing: Tracing) -> tuple[Floats, Floats]:
    """Chance of each sub-cell, and of each with each size, given the emissions that fit best by group."""
    n = known.shape[1]
    ratio = np.zeros((n, _SIZES.size))
    for best, h in zip(fitted, known, strict=True):
        spread = 1 + tracing.pair_sd**2 * _SIZES**2 * h[:, None]
        ratio += -0.5 * np.log(spread) - 0.5 * h[:, None] * (best[:, None] - _SIZES) ** 2 / spread
        ratio += 0.5 * (h * best**2)[:, None]
    ratio += prior + np.log(tracing.unregistered_chance / n)
    none = np.log(1 - tracing.unregistered_chance)
    top = max(ratio.max(), none)
    weight = np.exp(ratio - top)
    weight /= weight.sum() + np.exp(none - top)
    return weight.sum(axis=1), weight


def _observable(bend: Floats, known: Floats, prior: Floats, places: Floats, step: float, tracing: Tracing) -> Flags:
    """Whether a source of the stated size would be found within one sub-cell of where it stands."""
    near = np.abs(places[:, None] - places).max(axis=2) <= 1.01 * step
    found = np.zeros(len(places), bool)
    power = (tracing.unregistered_g_s**2 * known).sum(axis=0)
    for place in np.flatnonzero(power > 4.0):  # below two standard deviations nothing is seen anyway
        chance, _ = _posterior(tracing.unregistered_g_s * bend[:, place] / known, known, prior, tracing)
        found[place] = chance[near[place]].sum() >= tracing.observable
    return found
