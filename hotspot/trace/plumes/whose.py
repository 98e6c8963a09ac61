"""
Whose plume it is, for many cells: the lattice in blocks, one posterior per block.

A block has the same stations and sources whichever of its cells is warned, so a
cell's answer does not depend on which others are on the list.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hotspot.in_order import in_order, threads
from hotspot.kernels.arrays import Floats, Ints
from hotspot.rules.tracing import Tracing
from hotspot.sources.store import Store
from hotspot.trace.plumes.agreement import Receptors
from hotspot.trace.plumes.footprint import SHAPES, Shape, over_cells
from hotspot.trace.plumes.hours import Hours, own_background
from hotspot.trace.plumes.posterior import Posterior, emission_prior, source_shares
from hotspot.trace.unlisted.unregistered import Unregistered, kept_unregistered

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 15_000.0  # m
_MOST_STATIONS, _MOST_SOURCES = 60, 80  # of a block: the nearest, and those that add most before any station is heard
_SUB = 6  # sub-cells along a side


@dataclass(frozen=True)
class Answer:
    """One cell: what its increment is made of."""

    place: np.ndarray  # int64, positions of the sources
    share: np.ndarray  # float64[place], of all: these, an unregistered one, and what is diffuse or from outside
    low: np.ndarray
    high: np.ndarray
    told: np.ndarray
    alike: np.ndarray  # float64[place, place], chance that the first adds more than the second
    unregistered: float  # share
    outside: float  # share, NaN where no station tells
    informed: bool
    sub_cells: Unregistered | None  # Unregistered, of the cell and its ring from the north-west row by row, or None


def whose(
    cells: Floats,
    hours: Hours,
    receptors: Receptors,
    places: "pd.DataFrame",
    *,
    spacing: float,
    tracing: Tracing,
    store: Store | None = None,
) -> list[Answer | None]:
    """
    The posterior of each cell.

    Parameters
    ----------
    cells : float array (cell, 4): lon, lat, x, y of the centres
    receptors : Receptors, with their place on the lattice
    places : DataFrame ``x y class_ emission sized`` of the facilities
    spacing : float, m
    store : Store, optional
        As of ``trace_sources``.

    Returns
    -------
    list of Answer; None for a cell without any wind
    """
    found: list[Answer | None] = [None] * len(cells)
    block = np.floor(cells[:, 2:] / BLOCK).astype(np.int64)
    jobs = []
    for own in np.unique(block, axis=0):
        rows = np.flatnonzero((block == own).all(axis=1))
        wind = hours.table(*cells[rows[0], :2])
        if not np.isnan(wind[:, 0]).all():
            jobs.append((rows, (own + 0.5) * BLOCK, wind))

    def answers(job: tuple[Ints, Floats, Floats]) -> list[Answer]:
        rows, middle, wind = job
        return _block(cells[rows, 2:], middle, wind, receptors, places, spacing, tracing, store)

    with threads() as runs:
        for (rows, _, _), own in zip(jobs, in_order(answers, jobs, runs), strict=True):
            for row, answer in zip(rows, own, strict=True):
                found[row] = answer
    return found


def _block(
    centres: Floats,
    middle: Floats,
    wind: Floats,
    receptors: Receptors,
    places: "pd.DataFrame",
    spacing: float,
    tracing: Tracing,
    store: Store | None,
) -> list[Answer]:
    """The answers for the cells of one block."""
    half = BLOCK * 2**-0.5
    at = np.column_stack([receptors.x, receptors.y])
    away = np.hypot(*(at - middle).T)
    near = np.flatnonzero(away <= tracing.station_km * 1000 + half)
    near = near[np.argsort(away[near], kind="stable")[:_MOST_STATIONS]]
    values = np.array([_increment(receptors, station) for station in near]).reshape(near.size, len(wind))
    xy = places[["x", "y"]].to_numpy(float)
    around = np.flatnonzero(np.hypot(*(xy - middle).T) <= tracing.upwind_km * 1000 + half)
    emission = places["emission"].to_numpy(float)
    if around.size > _MOST_SOURCES:
        whole = middle + np.stack(np.meshgrid([-5000.0, 0.0, 5000.0], [-5000.0, 0.0, 5000.0]), -1).reshape(-1, 2)
        adds = over_cells(whole, xy[around], wind, SHAPES[-1], spacing=spacing).max(axis=0) * emission[around]
        around = np.sort(around[np.argsort(-adds, kind="stable")[:_MOST_SOURCES]])
    class_, sized = places["class_"].to_numpy()[around], places["sized"].to_numpy(bool)[around]
    prior = emission_prior(emission[around], class_, sized, tracing=tracing)
    post = source_shares(
        values, at[near], wind, xy[around], prior, centres, spacing=spacing, tracing=tracing
    )  # fmt: skip
    best = int(np.argmax(post.weight))
    return [
        _answer(
            post, row, centre, around, (best, SHAPES[best]), values, at[near], wind, xy[around], spacing, tracing, store
        )
        for row, centre in enumerate(centres)
    ]


def _answer(
    post: Posterior,
    row: int,
    centre: Floats,
    around: Ints,
    shape: tuple[int, Shape],
    values: Floats,
    stations: Floats,
    wind: Floats,
    sources: Floats,
    spacing: float,
    tracing: Tracing,
    store: Store | None,
) -> Answer:
    """One cell's part of its block's posterior, with what no register holds and what comes from outside."""
    step = spacing / _SUB
    line = (np.arange(3 * _SUB) - 1.5 * _SUB + 0.5) * step
    parts = np.column_stack([np.tile(line, line.size), np.repeat(line[::-1], line.size)]) + centre
    hidden = kept_unregistered(
        store, post, shape, values, stations, wind, sources, parts, step=step, tracing=tracing
    )  # fmt: skip
    foot = over_cells([centre], parts, wind, shape[1], spacing=spacing)[0]
    extra = float((hidden.chance * hidden.emission) @ foot)
    outside = np.nan
    if post.informed:
        level = sum(w * fit.level for w, fit in zip(post.weight, post.fits, strict=True))
        weight = (1 + np.hypot(*(stations[post.heard] - centre).T) / 3000.0) ** -2.0
        outside = max(float(weight @ level / weight.sum()), 0.0)
    rest = extra + float(np.nan_to_num(outside))
    total = float(post.added[row].sum()) + rest
    part = float(post.added[row].sum()) / total if total > 0 else 0.0
    low, high = _range(post.drawn[:, row], rest, tracing)
    share = post.share[row] * part
    return Answer(
        around, share, np.minimum(low, share), np.maximum(high, share), post.told, post.above[row],
        extra / total if total > 0 else 0.0, outside / total if total > 0 else np.nan, post.informed, hidden,
    )  # fmt: skip


def _range(drawn: Floats, rest: float, tracing: Tracing) -> tuple[Floats, Floats]:
    """
    The 90 % range of each source's share of all that is local: what the others add is as uncertain as what it adds.

    drawn : float64[draw, source], ug/m3; rest : ug/m3 of unregistered sources and from outside, expected
    """
    error = np.random.default_rng(tracing.seed).standard_normal(len(drawn))
    total = drawn.sum(axis=1) + rest * np.exp(tracing.rest_sd * error)
    share = np.divide(drawn, total[:, None], out=np.zeros_like(drawn), where=total[:, None] > 0)
    low, high = np.quantile(share, [0.05, 0.95], axis=0)
    return low, high


def _increment(receptors: Receptors, station: int | np.integer) -> Floats:
    """What a station measured above the stations around it, or above its own quiet hours where there are too few."""
    values, _, _, measure = receptors.series(int(station))
    return values if measure == "increment" else values - own_background(values)
