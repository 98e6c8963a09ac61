"""
What a unit source adds somewhere, hour by hour, under a few shapes of plume.

Nobody knows the plume of a plant. So every footprint is worked out for each of a
small grid of shapes (wide or narrow, shallow or deep, along the wind of the hour
or of the journey), and what depends on it is weighted over them.
"""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels import plume
from hotspot.kernels.arrays import Flags, Floats

DEPTH = 500.0  # m, taken where no mixing depth was delivered
REACH = 30_000.0  # m, farther a plume is not followed
LEAST = 400.0  # m, half width at the source: a plant is no point, and a register places it roughly


class Shape(NamedTuple):
    """One plume: spread across the wind and growth of its depth, both per metre; wind of the journey or the hour."""

    spread: float
    growth: float
    journey: bool


class Reached(NamedTuple):
    """Which sources reach which receptor in which hour, and what a unit of each adds."""

    begin: np.ndarray  # int64[receptor, hour + 1], where the sources of each hour begin and end
    source: np.ndarray  # int64[found], ascending within an hour
    adds: np.ndarray  # float64[found], ug/m3 per g/s


# Proposal: from narrow to wide and from shallow to deep, as Briggs' classes D to B span them (Briggs 1973, ATDL-79).
SHAPES = tuple(Shape(*shape) for shape in product((0.12, 0.3), (0.03, 0.1), (False, True)))


def wind_table(u: ArrayLike, v: ArrayLike, depth: Floats | None = None) -> Floats:
    """
    Wind and mixing depth as the footprints take them.

    Parameters
    ----------
    u, v : float arrays (hour), m/s to the east and to the north; NaN where unknown
    depth : float array (hour), m, optional; ``DEPTH`` where unknown

    Returns
    -------
    float64[hour, 3]

    Examples
    --------
    >>> wind_table([1.0], [2.0]).tolist()
    [[1.0, 2.0, 500.0]]
    """
    u, v = np.asarray(u, dtype=float), np.asarray(v, dtype=float)
    deep = np.full(u.size, DEPTH) if depth is None else np.asarray(depth, dtype=float)
    return np.column_stack([u, v, np.where(np.isnan(deep), DEPTH, np.maximum(deep, 50.0))])


def footprints(receptors: ArrayLike, sources: ArrayLike, wind: Floats, shape: Shape) -> Floats:
    """
    Concentration at receptors for unit sources, hour by hour.

    Parameters
    ----------
    receptors, sources : float arrays (n, 2), m on the lattice
    wind : float array (hour, 3), from ``wind_table``

    Returns
    -------
    float64[receptor, source, hour], ug/m3 per g/s; 0 in hours without wind

    Notes
    -----
    ``F = 1e6 exp(-x / 30000 U) / (sqrt(2 pi) s(x) h(x) U) exp(-y^2 / 2 s(x)^2)`` with x along and y
    across the wind, U its speed, ``s(x)^2 = (a^2 + (0.4 / U)^2) x^2 / (1 + x / 20000) + LEAST^2`` (a the spread;
    a wind known to 0.4 m/s) and ``h(x) = min(depth, 60 + g x)`` (g the growth): a Gaussian plume, well mixed
    below h (Seinfeld and Pandis 2016, chapter 18). Below 0.5 m/s it spreads to all sides:
    ``1e6 exp(-r / 12000) / (2 pi r h(r) 0.5)``.

    Examples
    --------
    West wind: what stands 2 km to the east is reached, what stands to the west is not.

    >>> wind = wind_table([3.0], [0.0])
    >>> footprints([[2000.0, 0.0], [-2000.0, 0.0]], [[0.0, 0.0]], wind, SHAPES[0]).round(2).ravel().tolist()
    [2.06, 0.0]
    """
    growths = np.array([shape.growth])
    wind = np.ascontiguousarray(wind, float)
    return plume.hourly_footprints(_places(receptors), _places(sources), wind, _plain(shape), growths)[0]


def reaching(receptors: ArrayLike, sources: ArrayLike, wind: Floats, shapes: Sequence[Shape]) -> list[Reached]:
    """
    ``footprints`` of several shapes without their noughts: most hours blow past most stations.

    Parameters
    ----------
    receptors, sources, wind : as for ``footprints``
    shapes : sequence of Shape that differ in their growth alone

    Returns
    -------
    list of Reached, one per shape

    Examples
    --------
    >>> [found] = reaching([[2000.0, 0.0], [-2000.0, 0.0]], [[0.0, 0.0]], wind_table([3.0], [0.0]), SHAPES[:1])
    >>> found.begin.tolist(), found.source.tolist(), found.adds.round(2).tolist()
    ([[0, 1], [1, 1]], [0], [2.06])
    """
    growths = np.array([shape.growth for shape in shapes])
    begin, source, adds = plume.reaching(
        _places(receptors), _places(sources), np.ascontiguousarray(wind, float), _plain(shapes[0]), growths
    )
    return [Reached(begin, source, own) for own in adds]


def over_cells(centres: ArrayLike, sources: Floats, wind: Floats, shape: Shape, *, spacing: float) -> Floats:
    """
    Mean footprint over whole cells and over hours.

    Parameters
    ----------
    centres : float array (cell, 2), m
    sources : float array (source, 2), m
    wind : float array (hour, 3)
    spacing : float, side of a cell, m

    Returns
    -------
    float64[cell, source], ug/m3 per g/s: the mean of nine places of a cell
    """
    return each_over_cells(centres, sources, wind, [shape], spacing=spacing)[0]


def each_over_cells(
    centres: ArrayLike,
    sources: Floats,
    wind: Floats,
    shapes: Sequence[Shape],
    *,
    spacing: float,
    hours: Flags | None = None,
) -> Floats:
    """``over_cells`` of several shapes that differ in their growth alone: float64[shape, cell, source]."""
    step = np.array([-1.0, 0.0, 1.0]) * spacing / 3
    shifts = np.column_stack([np.tile(step, 3), np.repeat(step, 3)])
    wind = np.ascontiguousarray(wind, float)
    counted = np.asarray(~np.isnan(wind[:, :2]).any(axis=1), bool)
    if hours is not None:
        counted = counted & np.asarray(hours, bool)
    growths = np.array([shape.growth for shape in shapes])
    return plume.mean_footprints(_places(centres), shifts, _places(sources), wind, _plain(shapes[0]), growths, counted)


def _places(places: ArrayLike) -> Floats:
    # Copied where pandas hands it out to be read only: a kernel would be compiled once more for such an array.
    return np.require(np.reshape(np.asarray(places, float), (-1, 2)), float, ("C", "W"))


def _plain(shape: Shape) -> Floats:
    return np.array([shape.spread, float(shape.journey), LEAST, REACH])


def ventilation_factor(wind: Floats) -> Floats:
    """
    How much diffuse sources around add in each hour, against the mean hour: more in weak wind and shallow air.

    Returns
    -------
    float64[hour]; 1 where the wind is unknown

    Examples
    --------
    >>> ventilation_factor(wind_table([1.0, 4.0], [0.0, 0.0])).round(2).tolist()
    [1.6, 0.4]
    """
    speed = np.maximum(np.hypot(wind[:, 0], wind[:, 1]), 0.6)
    factor = (400.0 / wind[:, 2]) ** 0.6 / speed
    mean = np.nanmean(factor) if np.isfinite(factor).any() else 1.0
    return np.where(np.isnan(factor), 1.0, factor / mean)
