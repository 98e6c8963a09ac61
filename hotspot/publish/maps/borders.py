"""Borders of counties and townships on a map panel: cut out around it, drawn, and named where there is room."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hotspot.grid.lattice import Grid
from hotspot.kernels.arrays import Objects
from hotspot.publish.fonts import printed_width, shorten
from hotspot.publish.maps import drawing
from hotspot.publish.maps.drawing import Drawing, Window

if TYPE_CHECKING:
    import geopandas as gpd

_MOVES = tuple((dx, dy) for dx in (0, 5, -5, 10, -10, 15, -15, 20, -20) for dy in (0, 3, -3, 6, -6, 10, -10))
_LEAST = 0.02  # share of a panel that a unit must fill to be named there
Outlines = dict[str, shapely.Geometry]
Pieces = list[tuple[int, shapely.Geometry]]
Counties = dict[tuple[str, str], shapely.Geometry]


class Borders:
    """
    The study's units, ready to be cut out around one cell after another.

    Parameters
    ----------
    grid : Grid
    boundaries : GeoDataFrame, WGS 84, from ``read_boundaries``
    """

    def __init__(self, grid: Grid, boundaries: "gpd.GeoDataFrame") -> None:
        self.grid = grid
        self.city, self.county, self.township = (
            boundaries[name].astype(str).tolist() for name in ("city", "county", "township")
        )
        self.shapes = boundaries.geometry.to_numpy()
        self.tree = shapely.STRtree(self.shapes)

    def within(self, window: Window) -> Pieces:
        """
        The units that touch a window, cut to it, in lattice metres.

        Returns
        -------
        list of (row of the unit, polygon), in the order of the boundary file
        """
        pieces = cut_out(self.grid, self.shapes, self.tree, window)
        return [(row, piece) for row, piece in pieces if piece.area > 0]

    def draw(self, draw: Drawing, window: Window, pieces: Pieces, counties: Counties) -> None:
        """County borders thick and dashed, township borders thin."""
        frame = window.box.exterior.buffer(window.metres * 1e-6)
        # Two neighbours share a line; drawn once, or their dashes would fill each other's gaps.
        thick = shapely.union_all([shape.boundary for shape in counties.values()]).difference(frame)
        if len(pieces) > len(counties):
            thin = shapely.union_all([piece.boundary for _, piece in pieces]).difference(frame)
            draw.svg.append(drawing.path(thin.difference(thick.buffer(1.0)), window, 0.3, "1.2 0.8"))
        draw.svg.append(drawing.path(thick, window, 0.6, "3 0.9 0.7 0.9"))

    def name(
        self, draw: Drawing, window: Window, pieces: Pieces, counties: Counties, *, townships: bool = True
    ) -> None:
        """Names of counties, then of townships, where there is room."""
        for (_, county), shape in counties.items():
            name_inside(draw, window, shape, county, 8, least=_LEAST)
        for row, piece in pieces if townships else ():
            name_inside(draw, window, piece, self.township[row], 6.5, least=_LEAST)

    def counties(self, pieces: Pieces) -> Counties:
        """The counties of some pieces, (city, county) -> shape."""
        counties: dict[tuple[str, str], list[shapely.Geometry]] = {}
        for row, piece in pieces:
            counties.setdefault((self.city[row], self.county[row]), []).append(piece)
        return {key: shapely.union_all(parts) for key, parts in counties.items()}


class Units:
    """
    The whole outlines of cities and counties in lattice metres, made once for all maps of a study.

    Parameters
    ----------
    grid : Grid
    boundaries : GeoDataFrame, WGS 84, from ``read_boundaries``
    """

    def __init__(self, grid: Grid, boundaries: "gpd.GeoDataFrame") -> None:
        shapes = shapely.transform(
            boundaries.geometry.to_numpy(), lambda c: np.column_stack(grid.project(c[:, 0], c[:, 1]))
        )
        city, county = (boundaries[name].astype(str).to_numpy() for name in ("city", "county"))
        self.county = {
            key: _merged(shapes[(city == key[0]) & (county == key[1])])
            for key in sorted(set(zip(city.tolist(), county.tolist(), strict=True)))
        }
        self.city: Outlines = {
            name: _merged(np.array([shape for key, shape in self.county.items() if key[0] == name], dtype=object))
            for name in sorted(set(city.tolist()))
        }


def _merged(shapes: Objects) -> shapely.Geometry:
    valid = shapely.make_valid(shapes)
    return valid[0] if len(valid) == 1 else shapely.union_all(valid, grid_size=1.0)


def cut_out(
    grid: Grid, shapes: np.ndarray, tree: shapely.Geometry, window: Window
) -> Iterator[tuple[int, shapely.Geometry]]:
    """
    What of some shapes lies in a window, in lattice metres.

    Parameters
    ----------
    shapes : sequence of shapely geometries, WGS 84
    tree : STRtree of them
    window : drawing.Window

    Yields
    ------
    (position, shape), in the order of ``shapes``; the shape may have no area, or no length
    """
    frame = _degrees_around(grid, window)
    for row in sorted(tree.query(shapely.box(*frame)).tolist()):
        # Cut in degrees first: a river is long, and only this stretch is projected.
        part = shapely.clip_by_rect(shapes[row], *frame)
        if not part.is_empty:
            there = shapely.transform(part, lambda c: np.column_stack(grid.project(c[:, 0], c[:, 1])))
            yield row, shapely.make_valid(there).intersection(window.box)


def _degrees_around(grid: Grid, window: Window) -> tuple[float, float, float, float]:
    """The box in longitude and latitude that holds a window of the lattice: west, south, east, north."""
    west, south, east, north = window.box.bounds
    along, down = np.linspace(west, east, 9), np.linspace(south, north, 9)
    x = np.concatenate([along, along, np.full(9, west), np.full(9, east)])
    y = np.concatenate([np.full(9, north), np.full(9, south), down, down])
    lon, lat = grid.unproject(x, y)
    return lon.min() - 0.01, lat.min() - 0.01, lon.max() + 0.01, lat.max() + 0.01


def name_inside(
    draw: Drawing, window: Window, shape: shapely.Geometry, text: str, size: float, *, least: float = 0.0
) -> None:
    """
    The name of a unit where there is room: inside the unit, and on nothing else.

    Parameters
    ----------
    shape : polygon, lattice m
    size : float, points
    least : float
        Share of the panel below which a unit is not named.
    """
    part = shape.intersection(window.box)
    if not text or part.is_empty or part.area < least * window.box.area:
        return
    largest = max(shapely.get_parts(part), key=lambda piece: piece.area)
    if largest.area <= 0:
        return
    middle = shapely.maximum_inscribed_circle(largest, tolerance=window.metres / 200)
    x, y = window.at(*shapely.get_coordinates(middle)[0])
    text = shorten(text, 20)
    half = 0.095 * size * printed_width(text)
    for dx, dy in _MOVES:
        a, b = x + dx, y + dy
        # A name may move for room, but never into the next unit.
        there = shapely.Point(window.west + a / window.scale, window.north - b / window.scale)
        inside = half + 1 < a < window.size - half - 1 and 2.5 < b < window.height - 2.5
        if inside and largest.contains(there) and draw.say(a, b, text, size, 0, force=False):
            return
