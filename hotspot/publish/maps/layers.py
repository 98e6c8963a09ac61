"""
The layers of a map, each a function that draws on a canvas: ground, lattice, borders, facilities, names.

A layer with settings is made by a function that takes them. Layers of a shaded field are in ``values.py``.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely

from hotspot.publish.maps import drawing
from hotspot.publish.maps.sheet import Canvas, Layer
from hotspot.publish.maps.symbols import symbol

# Where the number of a facility may stand, mm from its symbol; the first free place is taken.
_OFFSETS = (
    (2.6, -1.5), (-2.6, -1.5), (2.6, 1.6), (-2.6, 1.6), (0, -3.0), (0, 3.0), (3.8, 0), (-3.8, 0),
    (4.4, 2.8), (-4.4, -2.8),
)  # fmt: skip


def paper(on: Canvas) -> None:
    """White paper."""
    on.svg.append(f'<rect width="{on.window.size:.6g}" height="{on.window.height:.6g}" fill="#fff"/>')


def outside(cities: set[str] | None = None, *, colour: str = "#aaa") -> Layer:
    """Hatching of what is no part of the study, or of these cities."""

    def draw(on: Canvas) -> None:
        on.svg.extend(drawing.hatch(_outside(on, cities), on.window, slope=1, width=0.1, colour=colour))

    return draw


def warned(codes: Iterable[str]) -> Layer:
    """Hatching of cells by their codes."""

    def draw(on: Canvas) -> None:
        known = sorted(codes)
        if known:
            col, row = np.array([on.grid.parse(code) for code in known]).T
            for west, south, east, north in zip(*on.grid.bounds(col, row), strict=True):
                part = shapely.box(west, south, east, north).intersection(on.window.box)
                if part.area > 0:
                    on.svg.extend(drawing.hatch(part, on.window, slope=-1, width=0.14, colour="#bbb"))

    return draw


def clean(col: int, row: int) -> Layer:
    """A cell free for the pencil: white, hatched where it is no part of the study."""

    def draw(on: Canvas) -> None:
        on.svg.append(_rect(on, col, row, "#fff"))
        west, south, east, north = (float(v) for v in on.grid.bounds(col, row))
        own = on.window.box.intersection(shapely.box(west, south, east, north))
        part = own.intersection(_outside(on, None))
        on.svg.extend(drawing.hatch(part, on.window, slope=1, width=0.1, colour="#aaa"))

    return draw


def filled(col: int, row: int, colour: str = "#ddd") -> Layer:
    """A cell in one grey."""

    def draw(on: Canvas) -> None:
        on.svg.append(_rect(on, col, row, colour))

    return draw


def framed(col: int, row: int, width: float) -> Layer:
    """A frame around a cell."""

    def draw(on: Canvas) -> None:
        on.svg.append(drawing.frame(*on.corner(col, row), on.side, width))

    return draw


def kept_free(col: int, row: int) -> Layer:
    """A cell and its frame: no later text stands on it."""

    def draw(on: Canvas) -> None:
        left, top = on.corner(col, row)
        on.taken.append((left - 0.5, top - 0.5, left + on.side + 0.5, top + on.side + 0.5))

    return draw


def lattice(on: Canvas) -> None:
    """Lines between cells."""
    wide, high = on.window.size, on.window.height
    for col, row in _cells(on, diagonal=True):
        x, y = on.corner(col, row)
        if 0 < x < wide:
            on.svg.append(drawing.line(x, 0, x, high, 0.15, "#777"))
        if 0 < y < high:
            on.svg.append(drawing.line(0, y, wide, y, 0.15, "#777"))


def codes(col: int, row: int) -> Layer:
    """Codes of cells at their lower edge where there is room, that of one cell in black."""

    def draw(on: Canvas) -> None:
        size, half = on.window.size, on.side / 2 - 1.6
        for i, j in _cells(on):
            x, y = on.window.at(*(float(v) for v in on.grid.centre(i, j)))
            if 5 < x < size - 5 and 1.5 < y + half < on.window.height - 0.5:
                places = [(x, y + half), (x, y - half), (x + half / 3, y + half), (x - half / 3, y + half)]
                on.say_at(places, on.grid.code(i, j), 5, 0 if (i, j) == (col, row) else 0.35)

    return draw


def ways(on: Canvas) -> None:
    """Rivers, roads, railways and water."""
    if on.backdrop and on.ways:
        on.backdrop.draw(on, on.window, on.ways)


def way_names(on: Canvas) -> None:
    """Their names and numbers."""
    if on.backdrop and on.ways:
        on.backdrop.name(on, on.window, on.ways)


def borders(on: Canvas) -> None:
    """County borders thick and dashed, township borders thin."""
    if on.borders:
        on.borders.draw(on, on.window, on.pieces, on.counties)


def unit_names(*, townships: bool = True) -> Layer:
    """Names of counties, and of townships."""

    def draw(on: Canvas) -> None:
        if on.borders:
            on.borders.name(on, on.window, on.pieces, on.counties, townships=townships)

    return draw


def ring(radius: float) -> Layer:
    """A dotted circle of ``radius`` lattice metres around the middle."""

    def draw(on: Canvas) -> None:
        middle = on.window.size / 2
        on.svg.append(
            f'<circle cx="{middle:.2f}" cy="{middle:.2f}" r="{radius * on.window.scale:.2f}" fill="none" stroke="#000" '
            'stroke-width="0.25" stroke-dasharray="0.6 0.9"/>'
        )

    return draw


def facilities(places: list[dict[str, Any]], *, scale: float, beyond: bool = False) -> Layer:
    """
    Symbols of facilities with their numbers; ``beyond``: those farther off as arrow heads at the frame.

    Parameters
    ----------
    places : list of dict with ``x, y`` (lattice m), ``symbol``, ``number``
    scale : float, of the symbols
    """

    def draw(on: Canvas) -> None:
        # Symbols first, so that no symbol covers a number; then each number at its first free place.
        numbers, size = [], on.window.size
        for place in places:
            x, y = on.window.at(place["x"], place["y"])
            if 0 <= x <= size and 0 <= y <= on.window.height:
                on.svg.append(symbol(x, y, place["symbol"], scale))
                on.taken.append((x - 1.2, y - 1.2, x + 1.2, y + 1.2))
                numbers.append((x, y, place["number"]))
        for x, y, number in numbers:
            if number:
                _number(on, x, y, number)
        if beyond:
            for place in places:
                _beyond(on, place)

    return draw


def numbered(cells: list[tuple[int, int, str]]) -> Layer:
    """Grey cells, each with its number; over the borders, so that a number stays whole."""

    def draw(on: Canvas) -> None:
        side = on.side
        for col, row, number in cells:
            x, y = on.corner(col, row)
            on.say(x + side / 2, y + side / 2, number, min(8.0, 1.05 * side), 0)
            on.taken.append((x, y, x + side, y + side))

    return draw


def squares(cells: list[tuple[int, int, str]]) -> Layer:
    """Grey cells with a thin frame."""

    def draw(on: Canvas) -> None:
        look = 'fill="#d9d9d9" stroke="#000" stroke-width="0.22"'
        on.svg.extend(drawing.square(*on.corner(col, row), on.side, look) for col, row, _ in cells)

    return draw


def frame(on: Canvas) -> None:
    """The panel's own frame, a square one."""
    on.svg.append(drawing.frame(0, 0, on.window.size, 0.35))


def _cells(on: Canvas, *, diagonal: bool = False) -> list[tuple[int, int]]:
    """The cells that touch the window, from the south-west column by column; or one of each column and row."""
    step, (west, south, east, north) = on.grid.spacing, on.window.box.bounds
    x0, y0, _, _ = (float(value) for value in on.grid.bounds(0, 0))
    cols = range(math.floor((west - x0) / step), math.floor((east - x0) / step) + 1)
    rows = range(math.floor((south - y0) / step), math.floor((north - y0) / step) + 1)
    if diagonal:
        return [(cols[min(k, len(cols) - 1)], rows[min(k, len(rows) - 1)]) for k in range(max(len(cols), len(rows)))]
    return [(col, row) for col in cols for row in rows]


def _outside(on: Canvas, cities: set[str] | None) -> shapely.Geometry:
    """What of the window lies in no unit, or in none of these cities."""
    inside = [p for unit, p in on.pieces if cities is None or on.borders is None or on.borders.city[unit] in cities]
    return on.window.box.difference(shapely.union_all(inside))


def _rect(on: Canvas, col: int, row: int, colour: str) -> str:
    x, y = on.corner(col, row)
    return drawing.square(x, y, on.side, f'fill="{colour}"')


def _beyond(on: Canvas, place: dict[str, Any]) -> None:
    """A facility farther off than the panel reaches: an arrow head at the frame, with the number."""
    window = on.window
    half, edge = window.metres / 2, window.size / 2 - 1.8
    east, north = place["x"] - window.west - half, place["y"] - window.north + half
    far = max(abs(east), abs(north))
    if far > half and place["number"]:
        x, y = window.size / 2 + edge * east / far, window.size / 2 - edge * north / far
        on.svg.append(drawing.pointer(x, y, math.degrees(math.atan2(east, north))))
        on.taken.append((x - 1.2, y - 1.2, x + 1.2, y + 1.2))
        _number(on, x, y, place["number"])


def _number(on: Canvas, x: float, y: float, number: str) -> None:
    size = on.window.size
    places = [(x + dx, y + dy) for dx, dy in _OFFSETS]
    inside = [p for p in places if min(p) > 1.5 and max(p) < size - 1.5]
    on.say_at(inside or [(size / 2, size / 2)], number, 7.5, 0)
