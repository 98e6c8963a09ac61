"""
Lines, hatching and symbols of a panel as SVG of plain numbers, and texts that keep off one another.

A drawing holds no string from data: texts stay beside it, and the page sets them.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import shapely

from hotspot.kernels.arrays import Floats

_HATCH_MM = 1.6


class Window(NamedTuple):
    """A rectangle of the lattice on paper; a square where no height is said."""

    west: float
    north: float
    metres: float  # its width, lattice m
    size: float  # its width, mm
    tall: float = 0.0  # its height, mm; 0: as wide as high

    @property
    def height(self) -> float:
        """Its height on paper, mm."""
        return self.tall or self.size

    @property
    def scale(self) -> float:
        """Millimetres on paper of a metre of the lattice."""
        return self.size / self.metres

    def at(self, x: float | Floats, y: float | Floats) -> tuple[Any, Any]:
        """Millimetres, from the north-west corner, of lattice metres."""
        return (x - self.west) * self.size / self.metres, (self.north - y) * self.size / self.metres

    @property
    def box(self) -> shapely.Geometry:
        """The rectangle in lattice metres."""
        deep = self.tall / self.scale if self.tall else self.metres
        return shapely.box(self.west, self.north - deep, self.west + self.metres, self.north)


class Drawing:
    """What is drawn and what is said on one panel; texts that would lie on another are left out."""

    def __init__(self) -> None:
        self.svg: list[str] = []
        self.labels: list[Any] = []
        self.taken: list[Any] = []

    def say(self, x: float, y: float, text: str, size: float, grey: float, *, force: bool = True) -> bool:
        """
        Put a text around a place, mm; ``size`` in points, ``grey`` 0 black to 1 white.

        Returns
        -------
        bool: False where it would lie on something and is not forced
        """
        width = 0.19 * size * sum(2 if ord(c) > 0x2E7F else 1.05 for c in text)
        place = (x - width / 2, y - 0.18 * size, x + width / 2, y + 0.18 * size)
        if not force and any(_overlap(place, other) for other in self.taken):
            return False
        self.taken.append(place)
        self.labels.append({"x": round(x, 2), "y": round(y, 2), "text": text, "size": round(size, 2), "grey": grey})
        return True

    def say_at(self, places: list[tuple[float, float]], text: str, size: float, grey: float) -> None:
        """Say it at the first place that is free, at the first of all if none is."""
        if not any(self.say(x, y, text, size, grey, force=False) for x, y in places):
            x, y = places[0]
            self.say(x, y, text, size, grey)


def hatch(shape: shapely.Geometry, window: Window, *, slope: int, width: float, colour: str) -> list[str]:
    """Parallel lines inside a shape: legible on any copier, unlike a grey."""
    if shape.is_empty or shape.area <= 0:
        return []
    gap = _HATCH_MM * window.metres / window.size
    west, south, east, north = shape.bounds
    # Lines are anchored to the lattice's own origin, so hatching meets across neighbouring shapes.
    first = west - slope * north if slope > 0 else west + south
    last = east - slope * south if slope > 0 else east + north
    c = np.arange(math.floor(first / gap), math.ceil(last / gap) + 1) * gap
    x, y = np.stack([south * slope + c, north * slope + c], axis=1), np.broadcast_to([south, north], (c.size, 2))
    cut = shapely.intersection(shapely.multilinestrings(shapely.linestrings(x, y)), shape)
    return [path(cut, window, width, None, colour)]


def path(lines: shapely.Geometry, window: Window, width: float, dash: str | None, colour: str = "#000") -> str:
    """Lines of lattice metres as one stroked path; points and areas among them are left out."""
    parts = []
    for part in shapely.get_parts(shapely.line_merge(lines) if lines.geom_type == "MultiLineString" else lines):
        if part.geom_type not in ("LineString", "LinearRing"):
            continue
        points = shapely.get_coordinates(part.simplify(window.metres / window.size * 0.05))
        x, y = window.at(points[:, 0], points[:, 1])
        parts.append("M" + "L".join(f"{a:.2f},{b:.2f}" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{"".join(parts)}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>' if parts else ""


def area(shape: shapely.Geometry, window: Window, colour: str) -> str:
    """An area of lattice metres as one filled path, holes left open."""
    parts = []
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            for ring in (part.exterior, *part.interiors):
                x, y = window.at(*shapely.get_coordinates(ring.simplify(window.metres / window.size * 0.05)).T)
                parts.append("M" + "L".join(f"{a:.2f},{b:.2f}" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    return f'<path d="{"".join(parts)}" fill="{colour}" fill-rule="evenodd"/>' if parts else ""


def pointer(x: float, y: float, degrees: float) -> str:
    """An arrow head at the frame that points to what lies beyond it, degrees clockwise from the top."""
    return (
        f'<path d="M0,-1.5L1,1L0,0.5L-1,1Z" transform="translate({x:.2f},{y:.2f}) rotate({degrees:.1f})" fill="#000"/>'
    )


def line(x1: float, y1: float, x2: float, y2: float, width: float, colour: str) -> str:
    """One straight stroke, mm."""
    return f'<path d="M{x1:.2f},{y1:.2f}L{x2:.2f},{y2:.2f}" stroke="{colour}" stroke-width="{width}"/>'


def frame(x: float, y: float, side: float, width: float) -> str:
    """An empty square, mm."""
    return square(x, y, side, f'fill="none" stroke="#000" stroke-width="{width}"')


def cross(x: float, y: float) -> str:
    """The mark of a corner whose coordinates are printed."""
    return f'<path d="M{x - 1:.2f},{y:.2f}h2M{x:.2f},{y - 1:.2f}v2" stroke="#000" stroke-width="0.25"/>'


def square(x: float, y: float, side: float, look: str) -> str:
    """A square, mm; ``look`` holds its fill and stroke as SVG says them."""
    return f'<path d="M{x:.2f},{y:.2f}h{side:.2f}v{side:.2f}h{-side:.2f}Z" {look}/>'


def svg(width: float, height: float, parts: list[str]) -> str:
    """An SVG of ``width`` by ``height`` mm."""
    wide, high = (f"{round(side, 2):g}" for side in (width, height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}mm" height="{high}mm" '
        f'viewBox="0 0 {wide} {high}">{"".join(parts)}</svg>'
    )


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
