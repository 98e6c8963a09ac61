"""Borders of counties and townships on a map panel: cut out around it, drawn, and named where there is room."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hotspot.grid.lattice import Grid
from hotspot.publish.fonts import printed_width, shorten
from hotspot.publish.paper import drawing
from hotspot.publish.paper.drawing import Drawing, Window

if TYPE_CHECKING:
    import geopandas as gpd

_MOVES = tuple((dx, dy) for dx in (0, 6, -6, 12, -12, 18, -18, 24, -24) for dy in (0, 4, -4, 8, -8, 12, -12))


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

    def within(self, window: Window) -> list[tuple[int, shapely.Geometry]]:
        """
        The units that touch a window, cut to it, in lattice metres.

        Returns
        -------
        list of (row of the unit, polygon), in the order of the boundary file
        """
        pieces = cut_out(self.grid, self.shapes, self.tree, window)
        return [(row, piece) for row, piece in pieces if piece.area > 0]

    def draw(
        self, draw: Drawing, window: Window, pieces: list[tuple[int, shapely.Geometry]]
    ) -> dict[tuple[str, str], shapely.Geometry]:
        """County borders thick and dashed, township borders thin; returns the counties, (city, county) -> shape."""
        counties: dict[tuple[str, str], list] = {}
        for row, piece in pieces:
            counties.setdefault((self.city[row], self.county[row]), []).append(piece)
        merged = {key: shapely.union_all(parts) for key, parts in counties.items()}
        frame = window.box.exterior.buffer(window.metres * 1e-6)
        # Two neighbours share a line; drawn once, or their dashes would fill each other's gaps.
        thick = shapely.union_all([shape.boundary for shape in merged.values()]).difference(frame)
        if len(pieces) > len(merged):
            thin = shapely.union_all([piece.boundary for _, piece in pieces]).difference(frame)
            draw.svg.append(drawing.path(thin.difference(thick.buffer(1.0)), window, 0.3, "1.2 0.8"))
        draw.svg.append(drawing.path(thick, window, 0.6, "3 0.9 0.7 0.9"))
        return merged

    def name(
        self,
        draw: Drawing,
        window: Window,
        merged: dict[tuple[str, str], shapely.Geometry],
        pieces: list[tuple[int, shapely.Geometry]],
    ) -> None:
        """Names of counties, then of townships, where there is room."""
        for (_, county), shape in merged.items():
            _name(draw, window, shape, county, 8)
        for row, piece in pieces:
            _name(draw, window, piece, self.township[row], 6.5)


def cut_out(
    grid: Grid, shapes: np.ndarray, tree: shapely.Geometry, window: Window
) -> Iterator[tuple[int, shapely.Geometry]]:
    """
    What of some shapes lies in a window, in lattice metres.

    Parameters
    ----------
    grid : Grid
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
    edge = np.linspace(0, window.metres, 9)
    west, north = window.west, window.north
    x = np.concatenate([west + edge, west + edge, np.full(9, west), np.full(9, west + window.metres)])
    y = np.concatenate([np.full(9, north), np.full(9, north - window.metres), north - edge, north - edge])
    lon, lat = grid.unproject(x, y)
    return lon.min() - 0.01, lat.min() - 0.01, lon.max() + 0.01, lat.max() + 0.01


def _name(draw: Drawing, window: Window, shape: shapely.Geometry, text: str, size: float) -> None:
    if not text or shape.area < 0.02 * window.box.area:
        return
    point = shape.representative_point()
    x, y = window.at(point.x, point.y)
    text = shorten(text, 20)
    half = 0.095 * size * printed_width(text)
    for dx, dy in _MOVES:
        inside = half + 1 < x + dx < window.size - half - 1 and 3 < y + dy < window.size - 3
        # A name may move for room, but never into the next unit.
        there = (
            (x + dx) * window.metres / window.size + window.west,
            window.north - (y + dy) * window.metres / window.size,
        )
        if inside and shape.contains(shapely.Point(there)) and draw.say(x + dx, y + dy, text, size, 0, force=False):
            return
