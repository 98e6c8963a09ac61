"""
Where the next stations should stand: which cells have the most to tell, and which of their sub-cells.

A station earns its place twice: it lowers the error of the cell's 500 m field,
and it splits sources that no other station can tell apart.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats
from hotspot.one_thread import one_thread
from hotspot.rules.tracing import Tracing
from hotspot.trace.plumes.footprint import SHAPES, footprints


class Layout(NamedTuple):
    """Sites of one cell, best first, and what the first of them, the first two ... achieve."""

    site: np.ndarray  # int64, positions of the sub-cells, 0 in the north-west
    error_share: np.ndarray  # float64[n + 1], mean variance of the sub-cells that is left, 1 without any station
    split_share: np.ndarray  # float64[n + 1], of the pairs of the largest sources
    seen_share: np.ndarray  # float64[n + 1], of local episodes anywhere in the cell
    value: np.ndarray  # float64[n + 1], what the greedy search raises


class Ground(NamedTuple):
    """What the layouts of one cell are judged by."""

    places: np.ndarray  # float64[sub_cell, 2], m
    existing: np.ndarray  # float64[station, 2], m
    difference: np.ndarray  # float64[sub_cell + station, pair], squared separation of each pair of sources
    tracing: Tracing


def concentration(
    cells: ArrayLike, sources: ArrayLike, emission: ArrayLike, *, ring_km: float, decay_km: float
) -> Floats:
    """
    How much emission stands in and around each cell, near ones weighing more.

    Parameters
    ----------
    cells, sources : float arrays (n, 2), m
    emission : float array (source), g/s
    ring_km, decay_km : float, from the criteria's tracing

    Returns
    -------
    float64[cell]: sum of emission x (1 + d / decay_km)^-2 over sources within ``ring_km``

    Examples
    --------
    >>> concentration([[0, 0], [9000, 0]], [[0, 3000]], [8.0], ring_km=6.0, decay_km=3.0).tolist()
    [2.0, 0.0]
    """
    cells, sources = (np.reshape(np.asarray(places, float), (-1, 2)) for places in (cells, sources))
    found = np.zeros(len(cells))
    for n, cell in enumerate(cells):
        km = np.hypot(*(sources - cell).T) / 1000
        near = km <= ring_km
        found[n] = (np.asarray(emission, float)[near] * (1 + km[near] / decay_km) ** -2.0).sum()
    return found


def ground(
    centre: np.ndarray,
    existing: np.ndarray,
    sources: np.ndarray,
    emission: np.ndarray,
    wind: Floats,
    *,
    spacing: float,
    fine: float,
    tracing: Tracing,
) -> Ground:
    """
    Prepare the choice of sites in one cell.

    Parameters
    ----------
    centre : (x, y), m
    existing : float array (station, 2), m, stations in and around the cell
    sources : float array (source, 2); emission : float array (source), g/s
    wind : float array (hour, 3), from ``footprint.wind_table``; a sample of the year's hours
    spacing, fine : float, sides of a cell and of a sub-cell, m
    tracing : Tracing, from the criteria: ``site_*``
    """
    n = int(spacing // fine)
    line = (np.arange(n) - (n - 1) / 2) * fine
    places = np.column_stack([np.tile(line, n), np.repeat(line[::-1], n)]) + np.asarray(centre, float)
    existing, sources = (np.reshape(np.asarray(at, float), (-1, 2)) for at in (existing, sources))
    existing = existing[np.abs(existing - centre).max(axis=1) <= spacing * 1.5]
    strength = np.asarray(emission, float) * (1 + np.hypot(*(sources - centre).T) / 3000.0) ** -2.0
    largest = np.argsort(-strength, kind="stable")[: tracing.site_sources]
    foot = footprints(np.vstack([places, existing]), sources[largest], wind, SHAPES[-1])
    foot = foot * np.asarray(emission, float)[largest][:, None]
    first, second = np.triu_indices(largest.size, 1)
    together = np.einsum("sit,sjt->sij", foot, foot)
    size = np.diagonal(together, axis1=1, axis2=2)
    # What of the one the other cannot imitate: 1 - cos^2 of the angle between their hours.
    pair = together[:, first, second]
    both = size[:, first] * size[:, second]
    apart = 1 - np.divide(pair**2, both, out=np.zeros_like(pair), where=both > 0)
    apart = np.minimum(size[:, first], size[:, second]) * apart / (tracing.site_noise**2 * tracing.site_hours_together)
    return Ground(places, existing, apart, tracing)


@one_thread
def judge(area: Ground, sites: ArrayLike) -> tuple[float, float, float, float]:
    """
    What some sites achieve together with the stations that stand already.

    Parameters
    ----------
    sites : sequence of int, positions of sub-cells

    Returns
    -------
    (error_share, split_share, seen_share, value)

    Notes
    -----
    Error: mean over the sub-cells of ``1 - k' (K + s^2 I)^-1 k``, exponential correlation over ``site_range_m``
    (simple kriging). Split: mean over pairs of ``1 - exp(-D / site_split^2)``, D the squared separation that all
    stations together give. Value: what is gained of the error, plus the split share.
    """
    rule, sites = area.tracing, np.asarray(sites, dtype=np.int64)
    at = np.vstack([area.places[sites], area.existing])
    if len(at):
        between = np.exp(-np.hypot(*(at[:, None] - at).transpose(2, 0, 1)) / rule.site_range_m)
        between += rule.site_error * np.eye(len(at))
        away = np.hypot(*(at[:, None] - area.places).transpose(2, 0, 1))
        towards = np.exp(-away / rule.site_range_m)
        error = 1 - float(np.mean((towards * np.linalg.solve(between, towards)).sum(axis=0)))
        seen = float(np.mean(away.min(axis=0) <= rule.site_episode_m))
    else:
        error, seen = 1.0, 0.0
    n = len(area.places)
    heard = area.difference[np.r_[sites, np.arange(n, n + len(area.existing))]].sum(axis=0)
    split = float(np.mean(1 - np.exp(-heard / rule.site_split**2))) if heard.size else 0.0
    return error, split, seen, (1 - error) + split


@one_thread
def choose_sites(area: Ground, n_station: int) -> Layout:
    """
    Sites one after the other, each where it adds most, then exchanged while that gains more.

    Parameters
    ----------
    n_station : int, stations the cell shall have, those that stand in it already among them

    Returns
    -------
    Layout; no site where the cell has as many already

    Examples
    --------
    One source to the west: the first station stands near the middle, the others spread.

    >>> from hotspot.trace.plumes.footprint import wind_table
    >>> wind = wind_table(np.full(4, 3.0), np.zeros(4))
    >>> area = ground((0, 0), [], [[-4000.0, 0.0]], [5.0], wind, spacing=3000.0, fine=500.0, tracing=Tracing())
    >>> layout = choose_sites(area, 4)
    >>> len(set(layout.site.tolist())), layout.error_share.round(2).tolist()[:2]
    (4, [1.0, 0.81])
    """
    half = (area.places.max(axis=0) - area.places.min(axis=0)) / 2
    middle = area.places.mean(axis=0)
    inside = (np.abs(area.existing - middle) <= half * 1.2).all(axis=1)
    n = max(0, n_station - int(inside.sum()))
    sites = _greedy(area, range(len(area.places)), n)
    # One place at a time is not the best four together: each is exchanged while that gains.
    value, changed = judge(area, sites)[3], n > 1
    while changed:
        changed = False
        for k in range(n):
            for place in range(len(area.places)):
                other = [*sites[:k], place, *sites[k + 1 :]]
                if place not in sites and (found := judge(area, other)[3]) > value + 1e-9:
                    sites, value, changed = other, found, True
    sites = _greedy(area, sorted(sites), n)
    told = [judge(area, sites[:k]) for k in range(n + 1)]
    error, split, seen, value = np.array(told).T
    return Layout(np.array(sites, dtype=np.int64), error, split, seen, value)


def _greedy(area: Ground, places: list[int] | range, n: int) -> list[int]:
    """So many of some places, one after the other, each where it adds most; the first of equals."""
    sites: list[int] = []
    for _ in range(n):
        values = [(round(judge(area, [*sites, place])[3], 9), -place) for place in places if place not in sites]
        sites.append(-max(values)[1])
    return sites
