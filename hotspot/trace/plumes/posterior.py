"""
Whose plume: one posterior over the sources around some cells, from what every station measured hour by hour.

Emissions are unknown, their prior is the register's; the plume is unknown, its
shapes are weighted; stations are wrong, spikes count little, and no station may
say more of a source than a plume model can know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels import emissions
from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.one_thread import one_thread
from hotspot.rules.tracing import Tracing
from hotspot.trace.plumes.footprint import SHAPES, Reached, Shape, each_over_cells, reaching, ventilation_factor

_ROUNDS = 5  # robust weights and emissions in turn
_STEPS = 12  # Gauss-Newton steps of the last round
# Positions of the shapes that differ in their growth alone: one look at the wind serves them.
_ALIKE = [
    [at for at, shape in enumerate(SHAPES) if (shape.spread, shape.journey) == own]
    for own in dict.fromkeys((shape.spread, shape.journey) for shape in SHAPES)
]


@dataclass(frozen=True)
class Posterior:
    """What is known of some sources and their part in some cells, once the stations are heard."""

    share: np.ndarray  # float64[target, source], expected share of what all these sources add
    low: np.ndarray  # float64[target, source], 5 % of the share's draws
    high: np.ndarray  # float64[target, source], 95 %
    first: np.ndarray  # float64[target, source], chance that it adds most
    above: np.ndarray  # float64[target, source, source], chance that the first adds more than the second
    added: np.ndarray  # float64[target, source], ug/m3, expected
    drawn: np.ndarray  # float64[draw, target, source], ug/m3, the draws of all shapes by their weight
    emission: np.ndarray  # float64[source], g/s, median
    prior: "Prior"
    told: np.ndarray  # float64[source], 0: only the prior speaks; 1: the stations know it
    weight: np.ndarray  # float64[shape], of the shapes of plume
    fits: tuple  # (Fit) per shape, for those who ask on
    heard: np.ndarray  # int64, positions of the stations that said anything
    informed: bool

    @property
    def registered(self) -> Floats:
        """float64[source], g/s, median before any station is heard"""
        return np.exp(self.prior.mean)


@dataclass(frozen=True)
class Fit:
    """The emissions under one shape of plume."""

    log_emission: np.ndarray  # float64[source]
    covariance: np.ndarray  # float64[source, source]
    residual: np.ndarray  # float64[station, hour], ug/m3, NaN where missing
    precision: np.ndarray  # float64[station, hour], weight of an hour in the likelihood
    level: np.ndarray  # float64[station], ug/m3 that a station always has above its background: diffuse, or far off
    expected: np.ndarray  # float64[source, station], ug/m3 that each source adds to each station on average
    places: np.ndarray  # float64[group, 2], m: the stations of one cell are a group
    deviation: np.ndarray  # float64[group, source], log error of the plume towards each group
    information: np.ndarray  # float64[group, source, source], of log emission, of each group
    evidence: float


@dataclass(frozen=True)
class Prior:
    """Log emission of each source before any wind, g/s."""

    mean: np.ndarray
    covariance: np.ndarray


def emission_prior(emission: ArrayLike, class_: ArrayLike, known: ArrayLike, *, tracing: Tracing) -> Prior:
    """
    What the register says of the emissions, and how surely.

    Parameters
    ----------
    emission : float array (source), g/s
    class_ : str array (source)
    known : bool array (source), whether the size was known

    Returns
    -------
    Prior: log-normal; an error of each source (``size_sd`` or ``unknown_sd``), one that its
    class shares (``class_sd``) and one that all share (``scale_sd``)

    Examples
    --------
    >>> from hotspot.rules.criteria import Tracing
    >>> prior = emission_prior([10.0, 5.0], ["steel", "power"], [True, False], tracing=Tracing())
    >>> prior.mean.round(2).tolist(), bool(prior.covariance[0, 0] < prior.covariance[1, 1])
    ([2.3, 1.61], True)
    """
    class_ = np.asarray(class_).astype(str)
    own = np.where(np.asarray(known, bool), tracing.size_sd, tracing.unknown_sd)
    alike = class_[:, None] == class_
    covariance = np.diag(own**2) + tracing.class_sd**2 * alike + tracing.scale_sd**2
    return Prior(np.log(np.maximum(np.asarray(emission, float), 1e-9)), covariance)


@one_thread
def source_shares(
    increments: Floats,
    stations: ArrayLike,
    wind: Floats,
    sources: ArrayLike,
    prior: Prior,
    targets: ArrayLike,
    *,
    spacing: float,
    tracing: Tracing,
    hours: Flags | None = None,
) -> Posterior:
    """
    Share of each source in what all of them add to some cells in some hours.

    Parameters
    ----------
    increments : float array (station, hour)
        What each station measured above its background, ug/m3; NaN where missing. No rows: the prior
        and the wind alone speak.
    stations : float array (station, 2), m on the lattice
    wind : float array (hour, 3), from ``footprint.wind_table``; hours follow one another
    sources : float array (source, 2), m on the lattice
    prior : Prior, from ``emission_prior``
    targets : float array (target, 2), centres of the cells asked about, m
    spacing : float
        Side of a cell, m; that of a sub-cell for an alarm.
    tracing : Tracing, from the criteria
    hours : bool array (hour), optional
        The hours asked about (an alarm's). All hours given still tell of the emissions, and the journey of a
        plume needs the hours before.

    Returns
    -------
    Posterior

    Notes
    -----
    ``y(s,t) = sum_j q_j F_j(s,t) + a_s + b_s v(t) + e``: F from ``footprints``, a and b of each station with a
    wide normal prior (v the ventilation), e Student's t with ``freedom`` degrees of it, its scale the station's
    own and growing with the prediction (``model_sd``). Hours in a row are no new evidence: each counts
    1 / ``hours_together``. A model of a plume is wrong in the same way all month: at the stations of one cell
    (3 km, a group) q_j is q_j exp(d_jg), d normal with ``pair_sd``. A target at r from the nearest group shares
    exp(-r / ``pair_km``) of its d; the rest is drawn. log q normal (``prior``); Laplace approximation of q and d
    together; shapes are weighted by evidence to the power 1 / ``temper``. Draws so wide make shares too alike: what
    the sources of a draw add is taken to the power ``apart``, its sum kept.

    Examples
    --------
    Two equal plants at equal distance, west and south; a station on the cell is high in west wind.

    >>> from hotspot.rules.criteria import Tracing
    >>> from hotspot.trace.plumes.footprint import wind_table
    >>> turn = np.arange(240) % 24 * np.pi / 12
    >>> wind = wind_table(3 * np.cos(turn), 3 * np.sin(turn))
    >>> high = np.where(np.cos(turn) > 0.9, 40.0, 0.0)[None]
    >>> prior = emission_prior([10.0, 10.0], ["steel"] * 2, [True] * 2, tracing=Tracing())
    >>> places = [[-3000.0, 0.0], [0.0, -3000.0]]
    >>> found = source_shares(high, [[0.0, 0.0]], wind, places, prior, [[0.0, 0.0]], spacing=3000.0, tracing=Tracing())
    >>> bool(found.share[0, 0] > 0.55 > 0.45 > found.share[0, 1]), found.informed
    (True, True)
    """
    stations = np.reshape(np.asarray(stations, float), (-1, 2))
    sources, targets = (np.reshape(np.asarray(places, float), (-1, 2)) for places in (sources, targets))
    increments = np.reshape(np.asarray(increments, float), (len(stations), len(wind)))
    increments = np.where(np.isnan(wind[:, :2]).any(axis=1), np.nan, increments)
    heard = np.flatnonzero((~np.isnan(increments)).sum(axis=1) >= 2)
    stations, increments = stations[heard], increments[heard]
    informed = bool(heard.size) and bool(len(sources))
    fits: list[Any] = [None] * len(SHAPES)
    draws, added = list(fits), list(fits)
    noise = np.random.default_rng(tracing.seed).standard_normal((3, tracing.n_shares, len(sources)))
    for alike in _ALIKE:
        shapes = [SHAPES[at] for at in alike]
        feet: Sequence[Reached | None] = [None] * len(alike)
        if informed:
            feet = reaching(stations, sources, wind, shapes)
        means = each_over_cells(targets, sources, wind, shapes, spacing=spacing, hours=hours)
        for at, foot, mean in zip(alike, feet, means, strict=True):
            fit = _unheard(prior, increments)
            if foot is not None:
                fit = _fitted(foot, increments, stations, wind, prior, tracing)
            emission = _drawn(fit, targets, noise, tracing)
            fits[at], draws[at], added[at] = fit, emission, _apart(emission * mean, tracing.apart)
    evidence = np.array([fit.evidence for fit in fits]) / tracing.temper
    weight = np.exp(evidence - evidence.max())
    weight /= weight.sum()
    return _summed(fits, draws, added, weight, prior, heard, informed)


def evidence_in(
    wind: Floats, post: Posterior, shape: Shape, increments: Floats, stations: Floats, sources: Floats, tracing: Tracing
) -> float:
    """
    Evidence of one shape of plume had the wind been another, to be held against that of the fit of ``post``.

    Parameters
    ----------
    wind : float array (hour, 3), the other one; the rest as ``source_shares`` was asked
    """
    heard, values = post.heard, np.where(np.isnan(wind[:, :2]).any(axis=1), np.nan, increments)
    foot = reaching(stations[heard], sources, wind, [shape])[0]
    return _fitted(foot, values[heard], stations[heard], wind, post.prior, tracing).evidence


def _apart(added: Floats, power: float) -> Floats:
    """What each source adds in each draw, differences drawn out by a power; the sum of a draw stays as it was."""
    raised = added**power
    total = raised.sum(axis=2, keepdims=True)
    return raised * np.divide(added.sum(axis=2, keepdims=True), total, out=np.zeros_like(total), where=total > 0)


def _summed(
    fits: list[Fit], draws: list[Floats], added: list[Floats], weight: Floats, prior: Prior, heard: Ints, informed: bool
) -> Posterior:
    """The draws of all shapes as shares with their interval."""
    share = [np.divide(part, total, out=np.zeros_like(part), where=total > 0) for part, total in
             ((part, part.sum(axis=2, keepdims=True)) for part in added)]  # fmt: skip
    n = len(draws[0])
    # As many draws of each shape as it weighs, always the same ones.
    taken = np.floor(np.cumsum(weight) * n + 0.5).astype(int)
    of_shape = list(zip(np.r_[0, taken[:-1]], taken, strict=True))
    mixed, drawn = (
        np.concatenate([part[first:last] for part, (first, last) in zip(parts, of_shape, strict=True)])
        for parts in (share, added)
    )
    low, high = np.quantile(mixed, [0.05, 0.95], axis=0)
    most = [(part > 0) & (part == part.max(axis=2, keepdims=True)) if part.shape[2] else part for part in added]

    def over(parts: list[np.ndarray]) -> Floats:
        return sum(w * part.mean(axis=0) for w, part in zip(weight, parts, strict=True))

    before = np.diag(prior.covariance)
    after = sum(w * np.diag(fit.covariance) for w, fit in zip(weight, fits, strict=True))
    told = np.clip(1 - after / np.where(before > 0, before, 1.0), 0.0, 1.0)
    emission = np.exp(sum(w * fit.log_emission for w, fit in zip(weight, fits, strict=True)))
    above = [(part[:, :, :, None] > part[:, :, None, :]) for part in (one[:50] for one in added)]
    return Posterior(
        over(share),
        low,
        high,
        over(most),
        over(above),
        over(added),
        drawn,
        emission,
        prior,
        told,
        weight,
        tuple(fits),
        heard,
        informed,
    )


def _unheard(prior: Prior, increments: Floats) -> Fit:
    """The prior as a fit, where no station says anything."""
    n = len(prior.mean)
    return Fit(
        prior.mean, prior.covariance, increments, np.zeros_like(increments), np.zeros(len(increments)),
        np.zeros((n, len(increments))), np.zeros((0, 2)), np.zeros((0, n)), np.zeros((0, n, n)), 0.0,
    )  # fmt: skip


def _drawn(fit: Fit, targets: Floats, noise: Floats, tracing: Tracing) -> Floats:
    """Emissions as each target sees them, float64[draw, target, source]."""
    n = len(fit.log_emission)
    if not n:
        return np.zeros((noise.shape[1], len(targets), 0))
    shift = noise[0] @ np.linalg.cholesky(fit.covariance).T
    found = np.repeat((fit.log_emission + shift)[:, None], len(targets), axis=1)
    away = np.hypot(*(targets[:, None] - fit.places).transpose(2, 0, 1))
    for target in range(len(targets)):
        own = tracing.pair_sd * noise[2]
        if len(fit.places):
            group = int(np.argmin(away[target]))
            held = np.linalg.inv(fit.information[group] + np.eye(n) / tracing.pair_sd**2)
            held = (held + held.T) / 2
            deviation = fit.deviation[group] - shift @ (held @ fit.information[group]).T
            deviation += noise[1] @ np.linalg.cholesky(held).T
            near = np.exp(-away[target, group] / (1000 * tracing.pair_km))
            own = near * deviation + np.sqrt(1 - near**2) * own
        found[:, target] += own
    return np.exp(np.clip(found, -12.0, 12.0))


def _fitted(foot: Reached, values: Floats, stations: Floats, wind: Floats, prior: Prior, tracing: Tracing) -> Fit:
    """Emissions under one shape: robust weights and Gauss-Newton steps in turn."""
    there = ~np.isnan(values)
    seen = np.where(there, values, 0.0)
    own = np.stack([np.ones(len(wind)), ventilation_factor(wind)])
    _, group = np.unique(np.floor(stations / 3000.0), axis=0, return_inverse=True)
    group = group.ravel()
    n_group, n = group.max() + 1, len(prior.mean)
    inverse, log_q, deviation = np.linalg.inv(prior.covariance), prior.mean.copy(), np.zeros((n_group, n))
    level = np.zeros((len(stations), 2))
    scale = spreads(seen - medians(seen, there)[:, None], there, tracing)
    freedom = tracing.freedom
    mean = emissions.on_average(*foot, n)
    # What reaches no station of a group has no curvature there: its deviation stays as loose as before.
    near = np.array([(mean[group == one] > 0).any(axis=0) for one in range(n_group)])
    for turn in range(_ROUNDS + 1):
        expected = emissions.expected(*foot, np.exp(log_q + deviation)[group])
        residual = seen - expected - level @ own
        if turn:
            scale = spreads(residual, there, tracing)
        variance = scale[:, None] ** 2 + (tracing.model_sd * expected) ** 2 * (turn > 0)
        robust = (freedom + 1) / (freedom + residual**2 / variance) if turn else 1.0
        if turn == _ROUNDS:
            break
        precision = np.where(there, robust / variance, 0.0) / tracing.hours_together
        information, towards, solve, cross, pull = emissions.normal_equations(
            tuple(foot), seen, precision, own, tracing.own_sd**-2.0, group, n
        )
        turns = _STEPS if turn == _ROUNDS - 1 else 4
        bend, q = emissions.newton(
            (information, towards), near, (prior.mean, inverse), log_q, deviation, tracing.pair_sd**-2.0, turns
        )
        left = pull - np.einsum("sjk,sj->sk", cross, np.exp(log_q + deviation)[group])
        level = np.einsum("sik,sk->si", solve, left)
    fit = -0.5 * ((freedom + 1) * np.log1p(residual**2 / variance / freedom) + np.log(variance))
    away = log_q - prior.mean
    evidence = fit[there].sum() / tracing.hours_together - 0.5 * away @ inverse @ away
    evidence -= 0.5 * (np.linalg.slogdet(bend)[1] + np.linalg.slogdet(prior.covariance)[1])
    evidence -= 0.5 * (deviation**2).sum() / tracing.pair_sd**2
    covariance = np.linalg.inv(bend)
    places = np.array([stations[group == one].mean(axis=0) for one in range(n_group)])
    return Fit(
        log_q, (covariance + covariance.T) / 2, np.where(there, residual, np.nan), precision,
        (level @ own).mean(axis=1), (mean * np.exp(log_q + deviation)[group]).T,
        places, deviation, q[:, :, None] * information * q[:, None, :], float(evidence),
    )  # fmt: skip


def spreads(values: Floats, there: Flags, tracing: Tracing) -> Floats:
    """Each station's own scatter about 0, ug/m3, from the hours that are there."""
    return np.maximum(tracing.least_noise, 1.4826 * medians(np.abs(values), there))


def medians(values: Floats, there: Flags) -> Floats:
    """Median of each row's values that are there, of which every row has some."""
    ordered, n, row = np.sort(np.where(there, values, np.nan), axis=1), there.sum(axis=1), np.arange(len(values))
    return (ordered[row, (n - 1) // 2] + ordered[row, n // 2]) / 2
