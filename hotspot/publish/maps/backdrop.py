"""
Rivers, roads, railways and water under the cells of a map panel, legible in black and white.

A road has two edges, a railway ties, a river one grey line, water a grey face: none of them
looks like a border, which is dashed.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import shapely

from hotspot.grid.lattice import Grid
from hotspot.publish.fonts import shorten
from hotspot.publish.maps import drawing
from hotspot.publish.maps.borders import cut_out
from hotspot.publish.maps.drawing import Drawing, Window

if TYPE_CHECKING:
    import geopandas as gpd

# Strokes from below to above: width mm, colour, dashes.
_STROKES = {
    "water": ((0.15, "#8a98a3", None),),
    "river": ((0.55, "#9fb0bc", None),),
    "railway": ((0.7, "#777", None), (0.4, "#fff", "1.2 1.2")),
    "road": ((1.0, "#8c8c8c", None), (0.62, "#fff", None)),
}
_TRIES = (0.5, 0.3, 0.7, 0.15, 0.85, 0.4, 0.6)  # shares of a line at which its name may stand


class Backdrop:
    """
    The study's lines, ready to be cut out around one cell after another.

    Parameters
    ----------
    grid : Grid
    features : GeoDataFrame, from ``read_backdrop``, or None
    """

    def __init__(self, grid: Grid, features: "gpd.GeoDataFrame | None") -> None:
        self.grid = grid
        self.words = [] if features is None else features[["kind", "name", "number"]].values.tolist()
        self.shapes: Any = [] if features is None else features.geometry.to_numpy()
        self.tree = shapely.STRtree(self.shapes)

    def within(self, window: Window) -> list[tuple[str, str, shapely.Geometry]]:
        """The features that touch a window, cut to it, in lattice metres: list of (kind, text, shape)."""
        found = []
        for row, shape in cut_out(self.grid, self.shapes, self.tree, window):
            if shape.length > 0:
                kind, name, number = self.words[row]
                found.append((kind, number or name if kind == "road" else name or number, shape))
        return found

    def draw(self, draw: Drawing, window: Window, found: list[tuple[str, str, shapely.Geometry]]) -> None:
        """All strokes of one kind before the next, so that crossings stay open."""
        for kind, strokes in _STROKES.items():
            shapes = [shape for other, _, shape in found if other == kind]
            if kind == "water":
                draw.svg.extend(drawing.area(shape, window, "#e6eaed") for shape in shapes)
                shapes = [shape.boundary if shape.area else shape for shape in shapes]
            for width, colour, dash in strokes:
                draw.svg.extend(drawing.path(shape, window, width, dash, colour) for shape in shapes)

    def name(self, draw: Drawing, window: Window, found: list[tuple[str, str, shapely.Geometry]]) -> None:
        """Each name once, on its longest stretch, where there is room."""
        said: dict[tuple, list] = {}
        for kind, text, shape in found:
            if text:
                said.setdefault((kind, text), []).append(shape)
        for (_, text), shapes in said.items():
            line = max((part for shape in shapes for part in shapely.get_parts(shape)), key=lambda part: part.length)
            if line.length < 0.1 * window.metres:
                continue
            line = line.exterior if line.geom_type == "Polygon" else line
            for share in _TRIES:
                x, y = window.at(*line.interpolate(share, normalized=True).coords[0])
                inside = 6 < x < window.size - 6 and 2 < y < window.height - 2
                if inside and draw.say(x, y, shorten(text, 16), 5.8, 0.35, force=False):
                    break


def legend(found: list[tuple[str, str, shapely.Geometry]], language: str = "zh") -> str:
    """What the kinds on a panel look like, in words; empty where there are none."""
    kinds = {kind for kind, _, _ in found}
    said = [words[language] for kind, words in map_words()["look"].items() if kind in kinds]
    return ("，" if language == "zh" else ", ").join(said)


@cache
def map_words() -> dict[str, dict[str, dict[str, str]]]:
    """The words of printed maps, from ``text/map.toml``: a table, a key, a language."""
    return tomllib.loads((resources.files("hotspot.text") / "map.toml").read_text(encoding="utf-8"))
