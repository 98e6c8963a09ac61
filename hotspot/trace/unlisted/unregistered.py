"""
What is in no register: where unknown sources would explain what the known ones do not, and where one would be seen.

Not seen is not absent. Each sub-cell therefore has two answers: how likely a
source stands there, and whether one of a stated size could have been told at all.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from hotspot.kernels import one_source
from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.kernels.nonneg import gains
from hotspot.one_thread import one_thread
from hotspot.rules.tracing import Tracing
from hotspot.sources.store import Store, code_of, given, store_of_process
from hotspot.trace.plumes.footprint import SHAPES, Shape, footprints, wind_table
from hotspot.trace.plumes.posterior import Posterior
from hotspot.trace.unlisted.unexplained import (
    Evidence,
    another_wind,
    another_wind_around,
    hours_of,
    listening,
    weigh,
)

# Proposals, chosen on worlds of seeds 1 to 4 (docs/tracing); what they come to elsewhere stands there.
_SIZES = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0])  # g/s that are tried
_DRAWS = 3  # months made up for each shape of plume, of what would be observable
_FAINT = 2.5  # standard errors: of a source that brings less nothing is made up, it would not be told


class Unregistered(NamedTuple):
    """By sub-cell, and for all of them."""

    chance: np.ndarray  # that a source stands there
    emission: np.ndarray  # g/s, expected if it does
    observable: np.ndarray  # bool: one of the stated size would be found within one sub-cell
    chance_any: float  # that there is one at all; the prior's where nothing is observable
    told: np.ndarray  # bool: on or beside the likeliest sub-cell of a source that the stations tell


class _Look(NamedTuple):
    """One look for one further source beside those already taken."""

    chance: np.ndarray  # float64[sub_cell]
    emission: np.ndarray  # float64[sub_cell], g/s, times the chance
    known: np.ndarray  # float64[sub_cell], curvature once the others are fitted
    active: np.ndarray  # int64, amounts of the others that are above 0


@one_thread
def unregistered(
    post: Posterior,
    shape: tuple[int, Shape],
    increments: Floats,
    stations: Floats,
    wind: Floats,
    sources: Floats,
    places: Floats,
    *,
    step: float,
    tracing: Tracing,
) -> Unregistered:
    """
    Look for unregistered sources on some sub-cells.

    Parameters
    ----------
    post : Posterior of the registered ones
    shape : (int, Shape), position and shape of the plume to look with
    increments : float array (station, hour), ug/m3, those that ``post`` was made from
    stations : float array (station, 2), m
    wind : float array (hour, 3)
    sources : float array (source, 2), the registered ones
    places : float array (sub_cell, 2), centres, m
    step : float, side of a sub-cell, m

    Returns
    -------
    Unregistered; the prior's where fewer than two stations stand near, for one has no difference to tell by

    Notes
    -----
    The nearest stations together: ``y(s,t) = sum_k q_k F_k(s,t) + a_s + b_s v(t) + c_t + e`` with
    amounts q >= 0 of the registered sources (around the posterior's), of sources anywhere else on rings out to
    26 km (nothing said of them), and of the sub-cells; c_t is what an hour's stations have in common, e
    Student's t. A sub-cell's gain is what its source adds to the best fit of all others, all fitted anew;
    ``gain - h (S - q)^2 / 2`` (h the curvature once the others are fitted) is the log likelihood ratio of a source of
    S g/s. Prior: ``unregistered_chance`` over all sub-cells alike, S log-normal around ``unregistered_g_s``. A source
    as likely as ``unregistered_clear`` joins the others and the next is looked for; it is told where one sub-cell and
    the eight around it hold half of its chance, where no registered plant explains it as well (``registered_*``: one
    whose plume or place is a little off looks like a source beside it), where made-up months (below) tell one of
    its size there often enough (``observable_pointed``), and where no other wind explains the stations without it
    (``unregistered_wind``), nor all stations around by the registered sources alone (``unregistered_wind_around``).

    Observable: of months made up with a source of that size there, of every shape of plume and with a wind as wrong
    as winds are, a share of ``observable`` tells it within one sub-cell **though they are read with the one shape and
    wind that are used here** (the idea of pyELQ's coverage, Hopkinson and others 2024). Whoever believes his own plume
    promises too much.
    """
    n = len(places)
    near = _near(post, stations, places, tracing)
    nothing = Unregistered(np.full(n, tracing.unregistered_chance / n), np.full(n, tracing.unregistered_g_s),
                           np.zeros(n, bool), tracing.unregistered_chance, np.zeros(n, bool))  # fmt: skip
    if not post.informed or near.size < 2:
        return nothing
    known = post.fits[shape[0]]
    data = hours_of(known, shape[1], increments[near], stations[near], wind, sources, places, tracing)
    evidence = weigh(data, tracing)
    beside = np.abs(places[:, None] - places).max(axis=2) <= 1.01 * step
    months = _Months(evidence, stations[near], wind, places, beside, tracing)
    absent, emission, told = np.ones(n), np.zeros(n), np.zeros(n, bool)
    doubted: bool | None = None  # the wind; asked only where something would be pointed at
    observable, first = np.zeros(n, bool), tracing.unregistered_chance
    taken = list(range(data.n_around))
    for number in range(tracing.unregistered_sources):
        look = _looked(evidence, taken, tracing)
        emission += look.emission
        absent *= 1 - look.chance
        if number == 0:
            first = float(look.chance.sum())
            size = np.full(n, tracing.unregistered_g_s)
            observable = months.often_told(look, np.arange(n), size, lambda share: _often(share, tracing))
        if not _likely(look.chance.sum(), tracing):
            break
        top = int(np.argmax(look.chance))
        likely = look.emission[[top]] / max(look.chance[top], 1e-300)
        clear = _clear(look.chance[None], beside, tracing)[0] == top
        clear = clear and not _beside_registered(places[top], likely[0], sources, post.registered, tracing)
        if clear and months.often_told(look, np.array([top]), likely, lambda share: _seldom_luck(share, tracing)).all():
            if doubted is None:
                doubted = _in_doubt(another_wind(evidence, stations[near], wind, shape[1], tracing), tracing)
                doubted = doubted or _doubted_around(
                    another_wind_around(post, shape, increments, stations, wind, sources, tracing), tracing
                )
            if not doubted:
                told |= beside[top]
        taken.append(data.n_around + top)
    expected = 1 - absent
    return Unregistered(expected, emission / np.maximum(expected, 1e-300), observable, first, told)


def kept_unregistered(
    store: Store | None, post: Posterior, shape: tuple[int, Shape], *arrays: Floats, step: float, tracing: Tracing
) -> Unregistered:
    """
    ``unregistered``, kept under a hash of all that it looks at: a check, the month and its revisions ask alike.
    Without ``store`` it is kept as long as the process lasts, for whoever traces the same cells again in a session.
    """
    if not post.informed:
        return unregistered(post, shape, *arrays, step=step, tracing=tracing)
    store = store_of_process() if store is None else store

    def make() -> dict[str, np.ndarray]:
        found = unregistered(post, shape, *arrays, step=step, tracing=tracing)
        return {name: np.asarray(value) for name, value in found._asdict().items()}

    looked_at = given(*arrays, post.heard, post.prior.mean, post.prior.covariance, post.fits[shape[0]].log_emission)
    code = code_of("hotspot.trace.plumes.footprint", "hotspot.trace.plumes.posterior", "hotspot.trace.unlisted")
    about = [shape, step, tracing.model_dump(mode="json"), code]
    found: Any = store.asked(store.key("what no register holds", looked_at, about), make)
    return Unregistered(**found)._replace(chance_any=float(found["chance_any"]))


def _near(post: Posterior, stations: Floats, places: Floats, tracing: Tracing) -> Ints:
    """The nearest stations that were heard."""
    if not len(stations) or not post.heard.size:
        return np.zeros(0, np.int64)
    heard = stations[post.heard]
    away = np.abs(heard[:, None] - places).max(axis=2).min(axis=1)
    order = np.argsort(np.hypot(*(heard - places.mean(axis=0)).T), kind="stable")
    return post.heard[order[away[order] <= 1000 * tracing.unregistered_km][: tracing.unregistered_stations]]


def _looked(evidence: Evidence, taken: list[int], tracing: Tracing) -> _Look:
    """Chance of every sub-cell beside the amounts already taken."""
    around = evidence.hours.n_around
    order = np.r_[taken, around : evidence.pull.size].astype(np.int64)
    amount = np.zeros(len(taken))
    bend = np.ascontiguousarray(evidence.bend[np.ix_(order, order)])
    gain, best = gains(bend, evidence.pull[order], amount, len(taken))
    active = np.asarray(taken, np.int64)[amount > 1e-6]
    towards = evidence.bend[active, around:]
    left = np.diag(evidence.bend)[around:] - (towards * _held(evidence.bend, active, towards)).sum(axis=0)
    known, size = np.maximum(left, 1e-12), np.array([tracing.unregistered_g_s])
    chance, emission = _posterior(gain[None], best[None], known, size, tracing)
    return _Look(chance[0], emission[0], known, active)


def _held(bend: Floats, active: Ints, pulls: Floats) -> Floats:
    """Amounts of the active ones under some pulls."""
    return np.asarray(np.linalg.solve(bend[np.ix_(active, active)] + 1e-9 * np.eye(active.size), pulls), np.float64)


def _posterior(gain: Floats, best: Floats, known: Floats, size: Floats, tracing: Tracing) -> tuple[Floats, Floats]:
    """Chance of each sub-cell, and with it g/s, for several cases, each of a size: float64[case, sub-cell]."""
    prior = np.exp(-0.5 * (np.log(_SIZES / size[:, None]) / tracing.unregistered_size_sd) ** 2)
    prior = np.log(prior / prior.sum(axis=1, keepdims=True)) + np.log(tracing.unregistered_chance / known.size)
    return one_source.chances(gain, best, known, _SIZES, prior, np.log(1 - tracing.unregistered_chance))


def _clear(chance: Floats, beside: Flags, tracing: Tracing) -> Ints:
    """The sub-cell that each case tells, int64[case]; -1 where none is likely, or where it may be anywhere."""
    top, total = np.argmax(chance, axis=1), chance.sum(axis=1)
    around = (chance * beside[top]).sum(axis=1) / np.maximum(total, 1e-300)
    said = _likely(total, tracing) & (around >= tracing.unregistered_within)
    return np.where(said, top, -1)


def _beside_registered(place: Floats, size: float, sources: Floats, emission: Floats, tracing: Tracing) -> bool:
    """
    Whether a registered plant explains a source as well, its plume or place a little off.

    place : float64[2]; size : g/s of the source there; emission : float64[source], g/s
    """
    large = sources[emission >= tracing.registered_share * size]
    return bool((np.abs(large - place).max(axis=1) <= 1000 * tracing.registered_km).any())


def _in_doubt(share: float, tracing: Tracing) -> bool:
    """Whether another wind explains so much of what new sources would that the delivered one is not believed."""
    return share > tracing.unregistered_wind


def _doubted_around(gain: float, tracing: Tracing) -> bool:
    """Whether all stations around have so much more evidence of another wind that the delivered one is not believed."""
    return gain > tracing.unregistered_wind_around


def _likely(chance: Floats, tracing: Tracing) -> Flags:
    """Whether there is a source that may be told."""
    return np.asarray(chance) >= tracing.unregistered_clear


def _often(share: Floats, tracing: Tracing) -> Flags:
    """Whether a source of which so large a share of made-up months tells is observable."""
    return np.asarray(share) >= tracing.observable


def _seldom_luck(share: Floats, tracing: Tracing) -> Flags:
    """Whether a source that seems to be told would be in so many months, were it there, that it is pointed at."""
    return np.asarray(share) >= tracing.observable_pointed


class _Months:
    """Months made up with a source at a place, read as the real one is read."""

    def __init__(
        self, evidence: Evidence, stations: Floats, wind: Floats, places: Floats, beside: Flags, tracing: Tracing
    ) -> None:
        self.evidence, self.stations, self.wind, self.places = evidence, stations, wind, places
        self.beside, self.tracing = beside, tracing
        self.rng = np.random.default_rng(tracing.seed)
        scatter = self.rng.standard_normal((len(SHAPES) * _DRAWS, *evidence.precision.shape))
        precision = evidence.precision
        scatter *= np.where(precision > 0, precision, np.inf) ** -0.5
        self.scatter = scatter
        self.listening = listening(evidence, tracing)
        self.log_error = tracing.observable_plume_sd * self.rng.standard_normal((len(SHAPES), _DRAWS))
        self.winds = [self._wrong() for _ in SHAPES]

    def _wrong(self) -> Floats:
        """A wind that may have been the true one of a month with the delivered one."""
        turn = np.radians(self.tracing.observable_turn_deg * self.rng.standard_normal())
        u, v = self.wind[:, :2].T
        gust = self.tracing.observable_wind_ms * self.rng.standard_normal((2, len(u)))
        east, north = u * np.cos(turn) - v * np.sin(turn), u * np.sin(turn) + v * np.cos(turn)
        return wind_table(east + gust[0], north + gust[1], self.wind[:, 2])

    def often_told(self, look: _Look, asked: Ints, size: Floats, enough: Callable[[Floats], Flags]) -> Flags:
        """Of each sub-cell asked whether ``enough`` months tell a source of its size (g/s) within one sub-cell."""
        tracing, known = self.tracing, look.known
        n, found = len(SHAPES) * _DRAWS, np.zeros(asked.size)
        tried = np.flatnonzero(size * np.sqrt(known[asked]) > _FAINT)
        hears = self._alone(look)
        noise = np.tensordot(self.scatter, hears, axes=([1, 2], [1, 2]))
        for which, (shape, wind) in enumerate(zip(SHAPES, self.winds, strict=True)):
            # Where it is enough already, or cannot become so any more, no further month is made up.
            most = found[tried] + n - _DRAWS * which
            tried = tried[~enough(found[tried] / n) & enough(most / n)]
            if not tried.size:
                break
            plumes = footprints(self.stations, self.places[asked[tried]], wind, shape)
            adds = size[tried, None] * sum(own @ hears[:, s].T for s, own in enumerate(plumes))
            for draw in range(_DRAWS):
                best = adds * np.exp(self.log_error[which, draw]) + noise[_DRAWS * which + draw]
                best = np.maximum(best, 0.0) / known
                chance, _ = _posterior(0.5 * known * best**2, best, known, size[tried], tracing)
                top = _clear(chance, self.beside, tracing)
                found[tried] += (top >= 0) & self.beside[top, asked[tried]]
        return enough(found / n)

    def _alone(self, look: _Look) -> Floats:
        """``listening`` of the sub-cells once the others are fitted."""
        bend, around = self.evidence.bend, self.evidence.hours.n_around
        others = _held(bend, look.active, bend[look.active, around:])
        return self.listening[around:] - np.tensordot(others.T, self.listening[look.active], 1)
