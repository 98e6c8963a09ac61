"""
The two map panels of the printed sheet: the cell with its sub-cells, and what lies around it.

Lines, hatching and symbols become one SVG of plain numbers; every text goes
beside it as (place, string), set by the page's own font. So no text from data
ever enters a drawing, and the panels read in black and white.

Panels are drawn in the lattice's own metres. Grid north is not true north and
3 km on the lattice are not 3 km on the ground (equal area costs shape), so the
arrow is turned and the scale bar comes from a geodesic.
"""

import math
from typing import Any

import numpy as np
import shapely

from hotspot.grid.frame import geodesic_size
from hotspot.grid.lattice import Grid
from hotspot.publish.paper import drawing
from hotspot.publish.paper.backdrop_map import Backdrop, legend
from hotspot.publish.paper.borders import Borders
from hotspot.publish.paper.drawing import Drawing, Window

# Problem type of a class (rules/classes.toml) -> symbol; a hollow one is a source without a stack.
SYMBOLS = {
    "stack": "square",
    "boiler": "circle",
    "vocs": "diamond",
    "fugitive_dust": "triangle",
    "open_mine": "triangle-hollow",
    "site_dust": "triangle-hollow",
    "stockpile": "triangle-hollow",
    "road_dust": "triangle-hollow",
    "bare_soil": "triangle-hollow",
    "traffic": "circle-hollow",
    "dumping": "diamond-hollow",
    "burning": "diamond-hollow",
    "scattered": "square-hollow",
    "other": "circle-hollow",
}
_AROUND = tuple((i, j) for j in (1, 0, -1) for i in (-1, 0, 1) if i or j)
# Where the number of a facility may stand, mm from its symbol; the first free place is taken.
_OFFSETS = (
    (2.6, -1.5),
    (-2.6, -1.5),
    (2.6, 1.6),
    (-2.6, 1.6),
    (0, -3.0),
    (0, 3.0),
    (3.8, 0),
    (-3.8, 0),
    (4.4, 2.8),
    (-4.4, -2.8),
)


def window_around(grid: Grid, col: int, row: int, metres: float, size: float) -> Window:
    """The square window of ``metres`` around the centre of a cell, ``size`` mm on paper."""
    x, y = (float(v) for v in grid.centre(col, row))
    return drawing.Window(x - metres / 2, y + metres / 2, metres, size)


def detail_panel(
    grid: Grid,
    col: int,
    row: int,
    *,
    size: float,
    borders: Borders,
    facilities: list[dict[str, Any]],
    warned: set[str],
    values: dict[str, str],
    fine: float,
    sub_cells: list[dict[str, str]] | None = None,
    backdrop: Backdrop | None = None,
    marked: int | None = None,
) -> dict[str, Any]:
    """
    The cell with its numbered sub-cells, its neighbours' codes on the frame.

    Parameters
    ----------
    grid : Grid
    col, row : int
    size : float
        Side of the panel, mm.
    borders : Borders
    facilities : list of dict with ``x, y`` (lattice m), ``symbol``, ``number``
    warned : set of str
        Codes of this month's warning cells; hatched.
    values : dict of str -> str
        What is printed below a neighbour's code.
    fine : float
        Side of a sub-cell, m.
    sub_cells : list of dict ``text, support``, optional
        What is printed in each sub-cell, in their order; ``support`` as ``fine_month`` has it.
    backdrop : Backdrop, optional
        Rivers and roads below everything.
    marked : int, optional
        Number of a sub-cell that gets a thick frame.

    Returns
    -------
    dict: ``svg`` (str); ``labels``, a list of dict ``x y`` (mm) ``text size`` (pt) ``grey`` (0 black, 1 white);
    ``shown``, the kinds of the backdrop on the panel, in words
    """
    n = grid.nesting(fine)
    s = grid.spacing
    window = window_around(grid, col, row, s * 1.5, size)
    margin, cell = size / 6, size * 2 / 3
    pieces = borders.within(window)
    draw = _ground(grid, window, pieces, warned)
    ways = backdrop.within(window) if backdrop else []
    if backdrop and ways:
        backdrop.draw(draw, window, ways)
    step = cell / n
    for edge in (margin, margin + cell):
        draw.svg.append(drawing.line(edge, 0, edge, size, 0.2, "#555"))
        draw.svg.append(drawing.line(0, edge, size, edge, 0.2, "#555"))
    for k in range(1, n):
        draw.svg.append(drawing.line(margin + k * step, margin, margin + k * step, margin + cell, 0.15, "#555"))
        draw.svg.append(drawing.line(margin, margin + k * step, margin + cell, margin + k * step, 0.15, "#555"))
    borders.draw(draw, window, pieces)
    draw.svg.append(drawing.frame(margin, margin, cell, 0.9))
    if marked is not None:
        down, east = divmod(marked - 1, n)
        draw.svg.append(drawing.frame(margin + east * step, margin + down * step, step, 1.1))
    inside = [f for f in facilities if window.box.contains(shapely.Point(f["x"], f["y"]))]
    _facilities(draw, window, inside, 1.0)
    digits = len(str(n * n))
    for k in range(n * n):
        x, y = margin + (k % n) * step, margin + (k // n) * step
        near, far = 0.24 * step + 0.3, 0.76 * step - 0.3
        corners = [
            (x + dx, y + dy) for dx, dy in ((near, 0.2 * step + 0.3), (far, 0.2 * step + 0.3), (near, far), (far, far))
        ]
        draw.say_at(corners, f"{k + 1:0{digits}d}", min(5.6 if sub_cells else 7.0, step * 0.75), 0.25)
        if sub_cells:
            _sub_cell(draw, x, y, step, **sub_cells[k])
    for i, j in _AROUND:
        if i and j:
            _corner(draw, grid, col, row, i, j, margin, cell)
        _neighbour(draw, grid.code(col + i, row + j), values, i, j, margin, cell)
    if backdrop and ways:
        backdrop.name(draw, window, ways)
    draw.svg.append(drawing.frame(0, 0, size, 0.35))
    return draw.panel(size) | {"shown": legend(ways)}


def ring_panel(
    grid: Grid,
    col: int,
    row: int,
    *,
    size: float,
    reach: float,
    ring: float,
    borders: Borders,
    facilities: list[dict[str, Any]],
    warned: set[str],
    backdrop: Backdrop | None = None,
    coded: bool = True,
) -> dict[str, Any]:
    """
    What lies around the cell: lattice codes, borders with names, facilities, the ring.

    Parameters
    ----------
    reach : float
        Half the side of the window, m.
    ring : float
        Radius that is searched for facilities, m from the cell's centre.
    coded : bool
        Whether every cell of the lattice carries its code.
    others : as ``detail_panel``

    Returns
    -------
    dict ``svg``, ``labels`` and ``shown``, as ``detail_panel``
    """
    window = window_around(grid, col, row, 2 * reach, size)
    pieces = borders.within(window)
    draw = _ground(grid, window, pieces, warned)
    s, scale = grid.spacing, size / window.metres
    cells = math.ceil(reach / s) + 1
    for k in range(-cells, cells + 1):
        x = window.at(float(grid.bounds(col + k, row)[0]), 0)[0]
        y = window.at(0, float(grid.bounds(col, row + k)[1]))[1]
        if 0 < x < size:
            draw.svg.append(drawing.line(x, 0, x, size, 0.15, "#777"))
        if 0 < y < size:
            draw.svg.append(drawing.line(0, y, size, y, 0.15, "#777"))
    left, top = window.at(float(grid.bounds(col, row)[0]), float(grid.bounds(col, row)[3]))
    draw.svg.append(f'<path d="M{left:.2f},{top:.2f}h{s * scale:.2f}v{s * scale:.2f}h{-s * scale:.2f}Z" fill="#ddd"/>')
    ways = backdrop.within(window) if backdrop else []
    if backdrop and ways:
        backdrop.draw(draw, window, ways)
    merged = borders.draw(draw, window, pieces)
    draw.svg.append(drawing.frame(left, top, s * scale, 0.8))
    radius = ring * scale
    draw.svg.append(
        f'<circle cx="{size / 2:.2f}" cy="{size / 2:.2f}" r="{radius:.2f}" fill="none" stroke="#000" '
        'stroke-width="0.25" stroke-dasharray="0.6 0.9"/>'
    )
    _facilities(draw, window, facilities, 0.85)
    _beyond(draw, window, facilities)
    side = s * scale
    draw.taken += [(left - 0.5, top, left + 0.5, top + side), (left + side - 0.5, top, left + side + 0.5, top + side)]
    draw.taken += [(left, top - 0.5, left + side, top + 0.5), (left, top + side - 0.5, left + side, top + side + 0.5)]
    for i in range(-cells, cells + 1) if coded else ():
        for j in range(-cells, cells + 1):
            x, y = window.at(*(float(v) for v in grid.centre(col + i, row + j)))
            half = s * scale / 2 - 1.6
            if 5 < x < size - 5 and 1.5 < y + half < size - 0.5:
                places = [(x, y + half), (x, y - half), (x + half / 3, y + half), (x - half / 3, y + half)]
                draw.say_at(places, grid.code(col + i, row + j), 5, 0 if not (i or j) else 0.35)
    borders.name(draw, window, merged, pieces)
    if backdrop and ways:
        backdrop.name(draw, window, ways)
    draw.svg.append(drawing.frame(0, 0, size, 0.35))
    return draw.panel(size) | {"shown": legend(ways)}


def scale_bar(grid: Grid, col: int, row: int, window_metres: float, size: float, metres: float) -> float:
    """
    Length on paper, mm, of a bar that is ``metres`` long on the ground from west to east.

    Examples
    --------
    >>> from hotspot.grid.lattice import Grid
    >>> grid = Grid()
    >>> col, row = (int(v) for v in grid.locate(113.63, 34.75))   # Zhengzhou: the cell is 3,053 m wide
    >>> round(scale_bar(grid, col, row, 3000.0, 100.0, 3000.0), 1)
    98.3
    """
    stretch = float(geodesic_size(grid, col, row)[0]) / grid.spacing
    return metres / stretch * size / window_metres


def symbol_svg(name: str) -> str:
    """One symbol alone, for the table beside the map: an SVG of 3.2 mm."""
    return drawing.svg(3.2, [drawing.symbol(1.6, 1.6, name, 1.05)])


def _ground(grid: Grid, window: Window, pieces: list[tuple[int, shapely.Geometry]], warned: set[str]) -> Drawing:
    """Paper, hatching of what is no part of the study, hatching of other warning cells."""
    draw = drawing.Drawing()
    draw.svg.append(f'<rect width="{window.size:g}" height="{window.size:g}" fill="#fff"/>')
    outside = window.box.difference(shapely.union_all([piece for _, piece in pieces]))
    draw.svg.extend(drawing.hatch(outside, window, slope=1, width=0.1, colour="#aaa"))
    codes = sorted(warned)
    if codes:
        col, row = np.array([grid.parse(code) for code in codes]).T
        for west, south, east, north in zip(*grid.bounds(col, row), strict=True):
            part = shapely.box(west, south, east, north).intersection(window.box)
            if part.area > 0:
                draw.svg.extend(drawing.hatch(part, window, slope=-1, width=0.14, colour="#bbb"))
    # The cell itself stays clean for the pencil.
    x, y = window.west + window.metres / 2, window.north - window.metres / 2
    left, top = window.at(x - grid.spacing / 2, y + grid.spacing / 2)
    side = grid.spacing * window.size / window.metres
    draw.svg.append(f'<rect x="{left:.2f}" y="{top:.2f}" width="{side:.2f}" height="{side:.2f}" fill="#fff"/>')
    own = window.box.intersection(
        shapely.box(x - grid.spacing / 2, y - grid.spacing / 2, x + grid.spacing / 2, y + grid.spacing / 2)
    )
    draw.svg.extend(drawing.hatch(own.intersection(outside), window, slope=1, width=0.1, colour="#aaa"))
    return draw


def _sub_cell(draw: Drawing, x: float, y: float, step: float, text: str, support: str) -> None:
    """A sub-cell's value where there is room, and the mark of what it rests on: a dot, a ring, or brackets alone."""
    if not text:
        return
    mark = {"measured": "#000", "supported": "#fff"}.get(support)
    text = text if mark else f"({text})"
    middle = x + step / 2
    places = [(middle, y + k * step) for k in (0.56, 0.8, 0.3)] + [(x + 0.68 * step, y + 0.8 * step)]
    draw.say_at(places, text, min(7.5 if mark else 6.8, step * 0.8), 0.0 if mark else 0.4)
    if mark:
        draw.svg.append(
            f'<circle cx="{x + step - 1.5:.2f}" cy="{y + 1.5:.2f}" r="0.75" fill="{mark}" stroke="#000" '
            'stroke-width="0.25"/>'
        )


def _neighbour(draw: Drawing, code: str, values: dict[str, str], i: int, j: int, margin: float, cell: float) -> None:
    """A neighbour's code and value on the frame, moved along the frame where a symbol stands."""
    x, y = margin + cell / 2 + i * (cell + margin) / 2, margin + cell / 2 - j * (cell + margin) / 2
    if i and j:
        y -= j * margin * 0.24
    shifts = [0.0] if i and j else [0.0, 0.15 * cell, -0.15 * cell, 0.3 * cell, -0.3 * cell]
    draw.say_at([(x + k * (j != 0), y - 1.4 + k * (i != 0)) for k in shifts], code, 6.2, 0)
    if values.get(code):
        at = draw.labels[-1]
        draw.say(at["x"], at["y"] + 2.8, values[code], 5.6, 0.3)


def _corner(draw: Drawing, grid: Grid, col: int, row: int, i: int, j: int, margin: float, cell: float) -> None:
    """Longitude and latitude of one corner of the cell, and its mark."""
    west, south, east, north = (float(v) for v in grid.bounds(col, row))
    lon, lat = grid.unproject(east if i > 0 else west, north if j > 0 else south)
    x, y = margin + cell / 2 + i * (cell + margin) / 2, margin + cell / 2 - j * (cell / 2 + 2.6)
    draw.say(x, y - 1.0, f"{float(lon):.5f}", 4.8, 0)
    draw.say(x, y + 1.0, f"{float(lat):.5f}", 4.8, 0)
    draw.svg.append(drawing.cross(margin + (i > 0) * cell, margin + (j < 0) * cell))


def _facilities(draw: Drawing, window: Window, facilities: list[dict[str, Any]], scale: float) -> None:
    """Symbols first, so that no symbol covers a number; then each number at its first free place."""
    places = []
    for facility in facilities:
        x, y = window.at(facility["x"], facility["y"])
        if 0 <= x <= window.size and 0 <= y <= window.size:
            draw.svg.append(drawing.symbol(x, y, facility["symbol"], scale))
            draw.taken.append((x - 1.2, y - 1.2, x + 1.2, y + 1.2))
            places.append((x, y, facility["number"]))
    for x, y, number in places:
        if number:
            _number(draw, window, x, y, number)


def _beyond(draw: Drawing, window: Window, facilities: list[dict[str, Any]]) -> None:
    """Facilities farther off than the panel reaches: an arrow head at the frame, with the number."""
    half, edge = window.metres / 2, window.size / 2 - 1.8
    for facility in facilities:
        east, north = facility["x"] - window.west - half, facility["y"] - window.north + half
        far = max(abs(east), abs(north))
        if far > half and facility["number"]:
            x, y = window.size / 2 + edge * east / far, window.size / 2 - edge * north / far
            draw.svg.append(drawing.pointer(x, y, math.degrees(math.atan2(east, north))))
            draw.taken.append((x - 1.2, y - 1.2, x + 1.2, y + 1.2))
            _number(draw, window, x, y, facility["number"])


def _number(draw: Drawing, window: Window, x: float, y: float, number: str) -> None:
    places = [(x + dx, y + dy) for dx, dy in _OFFSETS]
    inside = [p for p in places if min(p) > 1.5 and max(p) < window.size - 1.5]
    draw.say_at(inside or [(window.size / 2, window.size / 2)], number, 7.5, 0)
