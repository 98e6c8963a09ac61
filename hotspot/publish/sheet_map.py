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
from typing import NamedTuple

import numpy as np
import shapely

from hotspot.publish.fonts import printed_width, shorten

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
_SHAPES = {
    "square": "M-1,-1H1V1H-1Z",
    "circle": "M-1.1,0A1.1,1.1 0 1 0 1.1,0A1.1,1.1 0 1 0 -1.1,0Z",
    "diamond": "M0,-1.35L1.35,0L0,1.35L-1.35,0Z",
    "triangle": "M0,-1.25L1.2,0.95H-1.2Z",
}
_HATCH_MM = 1.6
_MOVES = tuple((dx, dy) for dx in (0, 6, -6, 12, -12, 18, -18, 24, -24) for dy in (0, 4, -4, 8, -8, 12, -12))
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


class Window(NamedTuple):
    """A square of the lattice shown on a square panel."""

    west: float
    north: float
    metres: float  # side of the square
    size: float  # side of the panel, mm

    def at(self, x, y):
        """Panel millimetres, from its north-west corner, of lattice metres."""
        return (x - self.west) * self.size / self.metres, (self.north - y) * self.size / self.metres

    @property
    def box(self):
        return shapely.box(self.west, self.north - self.metres, self.west + self.metres, self.north)


class Borders:
    """
    The study's units, ready to be cut out around one cell after another.

    Parameters
    ----------
    grid : Grid
    boundaries : GeoDataFrame, WGS 84, from ``read_boundaries``
    """

    def __init__(self, grid, boundaries):
        self.grid = grid
        self.units = boundaries.reset_index(drop=True)
        self.shapes = self.units.geometry.to_numpy()
        self.tree = shapely.STRtree(self.shapes)

    def within(self, window):
        """
        The units that touch a window, cut to it, in lattice metres.

        Returns
        -------
        list of (row of the unit, polygon), in the order of the boundary file
        """
        edge = np.linspace(0, window.metres, 9)
        west, north = window.west, window.north
        x = np.concatenate([west + edge, west + edge, np.full(9, west), np.full(9, west + window.metres)])
        y = np.concatenate([np.full(9, north), np.full(9, north - window.metres), north - edge, north - edge])
        lon, lat = self.grid.unproject(x, y)
        frame = (lon.min() - 0.01, lat.min() - 0.01, lon.max() + 0.01, lat.max() + 0.01)
        pieces = []
        for row in sorted(self.tree.query(shapely.box(*frame)).tolist()):
            part = shapely.clip_by_rect(self.shapes[row], *frame)
            if part.is_empty:
                continue
            there = shapely.transform(part, lambda c: np.column_stack(self.grid.project(c[:, 0], c[:, 1])))
            there = shapely.make_valid(there).intersection(window.box)
            if there.area > 0:
                pieces.append((row, there))
        return pieces


def window_around(grid, col, row, metres, size):
    """The square window of ``metres`` around the centre of a cell, ``size`` mm on paper."""
    x, y = (float(v) for v in grid.centre(col, row))
    return Window(x - metres / 2, y + metres / 2, metres, size)


def true_north(grid, col, row):
    """
    Angle of true north at a cell, degrees clockwise from the panel's top.

    East of the central meridian the meridians lean left, so the angle is negative there.

    Examples
    --------
    >>> from hotspot.grid.lattice import Grid
    >>> g = Grid()
    >>> round(true_north(g, *[int(v) for v in g.locate(113.6, 34.7)]), 1)   # Zhengzhou
    -5.0
    """
    x, y = (float(v) for v in grid.centre(col, row))
    lon, lat = (float(v) for v in grid.unproject(x, y))
    to_x, to_y = (float(v) for v in grid.project(lon, lat + 0.01))
    return math.degrees(math.atan2(to_x - x, to_y - y))


def east_stretch(grid, col, row):
    """
    Metres on the ground for one metre along the lattice's x axis at a cell.

    Examples
    --------
    >>> from hotspot.grid.lattice import Grid
    >>> g = Grid()
    >>> round(3000 * east_stretch(g, *[int(v) for v in g.locate(113.6, 34.7)]))
    3054
    """
    from pyproj import Geod

    x, y = (float(v) for v in grid.centre(col, row))
    half = grid.spacing / 2
    lon, lat = grid.unproject(np.array([x - half, x + half]), np.array([y, y]))
    return Geod(ellps="GRS80").inv(lon[0], lat[0], lon[1], lat[1])[2] / grid.spacing


def detail_panel(grid, col, row, *, size, borders, facilities, warned, values, fine):
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

    Returns
    -------
    dict: ``svg`` (str) and ``labels``, a list of dict ``x y`` (mm) ``text size`` (pt) ``grey`` (0 black, 1 white)
    """
    n = grid.nesting(fine)
    s = grid.spacing
    window = window_around(grid, col, row, s * 1.5, size)
    margin, cell = size / 6, size * 2 / 3
    draw = _ground(grid, window, borders, warned)
    step = cell / n
    for edge in (margin, margin + cell):
        draw.svg.append(_line(edge, 0, edge, size, 0.2, "#555"))
        draw.svg.append(_line(0, edge, size, edge, 0.2, "#555"))
    for k in range(1, n):
        draw.svg.append(_line(margin + k * step, margin, margin + k * step, margin + cell, 0.15, "#555"))
        draw.svg.append(_line(margin, margin + k * step, margin + cell, margin + k * step, 0.15, "#555"))
    _borders(draw, window, borders)
    draw.svg.append(_frame(margin, margin, cell, 0.9))
    inside = [f for f in facilities if window.box.contains(shapely.Point(f["x"], f["y"]))]
    _facilities(draw, window, inside, 1.0)
    digits = len(str(n * n))
    for k in range(n * n):
        x, y = margin + (k % n) * step, margin + (k // n) * step
        near, far = 0.24 * step + 0.3, 0.76 * step - 0.3
        corners = [
            (x + dx, y + dy) for dx, dy in ((near, 0.2 * step + 0.3), (far, 0.2 * step + 0.3), (near, far), (far, far))
        ]
        draw.say_at(corners, f"{k + 1:0{digits}d}", min(7.0, step * 0.75), 0.25)
    for i, j in _AROUND:
        if i and j:
            _corner(draw, grid, col, row, i, j, margin, cell)
        _neighbour(draw, grid.code(col + i, row + j), values, i, j, margin, cell)
    draw.svg.append(_frame(0, 0, size, 0.35))
    return draw.panel(size)


def ring_panel(grid, col, row, *, size, reach, ring, borders, facilities, warned):
    """
    What lies around the cell: lattice codes, borders with names, facilities, the ring.

    Parameters
    ----------
    reach : float
        Half the side of the window, m.
    ring : float
        Radius that is searched for facilities, m from the cell's centre.
    others : as ``detail_panel``

    Returns
    -------
    dict ``svg`` and ``labels``
    """
    window = window_around(grid, col, row, 2 * reach, size)
    draw = _ground(grid, window, borders, warned)
    s, scale = grid.spacing, size / window.metres
    cells = math.ceil(reach / s) + 1
    for k in range(-cells, cells + 1):
        x = window.at(float(grid.bounds(col + k, row)[0]), 0)[0]
        y = window.at(0, float(grid.bounds(col, row + k)[1]))[1]
        if 0 < x < size:
            draw.svg.append(_line(x, 0, x, size, 0.15, "#777"))
        if 0 < y < size:
            draw.svg.append(_line(0, y, size, y, 0.15, "#777"))
    left, top = window.at(float(grid.bounds(col, row)[0]), float(grid.bounds(col, row)[3]))
    draw.svg.append(f'<path d="M{left:.2f},{top:.2f}h{s * scale:.2f}v{s * scale:.2f}h{-s * scale:.2f}Z" fill="#ddd"/>')
    merged, pieces = _borders(draw, window, borders)
    draw.svg.append(_frame(left, top, s * scale, 0.8))
    radius = ring * scale
    draw.svg.append(
        f'<circle cx="{size / 2:.2f}" cy="{size / 2:.2f}" r="{radius:.2f}" fill="none" stroke="#000" '
        'stroke-width="0.25" stroke-dasharray="0.6 0.9"/>'
    )
    _facilities(draw, window, facilities, 0.85)
    side = s * scale
    draw.taken += [(left - 0.5, top, left + 0.5, top + side), (left + side - 0.5, top, left + side + 0.5, top + side)]
    draw.taken += [(left, top - 0.5, left + side, top + 0.5), (left, top + side - 0.5, left + side, top + side + 0.5)]
    for i in range(-cells, cells + 1):
        for j in range(-cells, cells + 1):
            x, y = window.at(*(float(v) for v in grid.centre(col + i, row + j)))
            half = s * scale / 2 - 1.6
            if 5 < x < size - 5 and 1.5 < y + half < size - 0.5:
                places = [(x, y + half), (x, y - half), (x + half / 3, y + half), (x - half / 3, y + half)]
                draw.say_at(places, grid.code(col + i, row + j), 5, 0 if not (i or j) else 0.35)
    _names(draw, window, borders, merged, pieces)
    draw.svg.append(_frame(0, 0, size, 0.35))
    return draw.panel(size)


def scale_bar(window_metres, size, stretch, metres):
    """Length on paper, mm, of a bar that is ``metres`` long on the ground, east-west."""
    return metres / stretch * size / window_metres


def symbol_svg(name):
    """One symbol alone, for the table beside the map: an SVG of 3.2 mm."""
    return _svg(3.2, [_symbol(1.6, 1.6, name, 1.05)])


class _Drawing:
    """What is drawn and what is said on one panel; texts that would lie on another are left out."""

    def __init__(self):
        self.svg, self.labels, self.taken = [], [], []

    def say(self, x, y, text, size, grey, *, force=True):
        width = 0.19 * size * sum(2 if ord(c) > 0x2E7F else 1.05 for c in text)
        place = (x - width / 2, y - 0.18 * size, x + width / 2, y + 0.18 * size)
        if not force and any(_overlap(place, other) for other in self.taken):
            return False
        self.taken.append(place)
        self.labels.append({"x": round(x, 2), "y": round(y, 2), "text": text, "size": round(size, 2), "grey": grey})
        return True

    def say_at(self, places, text, size, grey):
        """Say it at the first place that is free, at the first of all if none is."""
        if not any(self.say(x, y, text, size, grey, force=False) for x, y in places):
            self.say(*places[0], text, size, grey)

    def panel(self, size):
        return {"svg": _svg(size, self.svg), "labels": self.labels}


def _ground(grid, window, borders, warned):
    """Paper, hatching of what is no part of the study, hatching of other warning cells."""
    draw = _Drawing()
    draw.svg.append(f'<rect width="{window.size:g}" height="{window.size:g}" fill="#fff"/>')
    outside = window.box.difference(shapely.union_all([piece for _, piece in borders.within(window)]))
    draw.svg.extend(_hatch(outside, window, slope=1, width=0.1, colour="#888"))
    codes = sorted(warned)
    if codes:
        col, row = np.array([grid.parse(code) for code in codes]).T
        for west, south, east, north in zip(*grid.bounds(col, row), strict=True):
            part = shapely.box(west, south, east, north).intersection(window.box)
            if part.area > 0:
                draw.svg.extend(_hatch(part, window, slope=-1, width=0.16, colour="#999"))
    # The cell itself stays clean for the pencil.
    x, y = window.west + window.metres / 2, window.north - window.metres / 2
    left, top = window.at(x - grid.spacing / 2, y + grid.spacing / 2)
    side = grid.spacing * window.size / window.metres
    draw.svg.append(f'<rect x="{left:.2f}" y="{top:.2f}" width="{side:.2f}" height="{side:.2f}" fill="#fff"/>')
    own = window.box.intersection(
        shapely.box(x - grid.spacing / 2, y - grid.spacing / 2, x + grid.spacing / 2, y + grid.spacing / 2)
    )
    draw.svg.extend(_hatch(own.intersection(outside), window, slope=1, width=0.1, colour="#888"))
    return draw


def _borders(draw, window, borders):
    """County borders thick and dashed, township borders thin; the counties and the units cut out."""
    pieces = borders.within(window)
    counties = {}
    for row, piece in pieces:
        unit = borders.units.iloc[row]
        counties.setdefault((str(unit["city"]), str(unit["county"])), []).append(piece)
    merged = {key: shapely.union_all(parts) for key, parts in counties.items()}
    frame = window.box.exterior.buffer(window.metres * 1e-6)
    # Two neighbours share a line; drawn once, or their dashes would fill each other's gaps.
    thick = shapely.union_all([shape.boundary for shape in merged.values()]).difference(frame)
    thin = shapely.union_all([piece.boundary for _, piece in pieces]).difference(frame)
    draw.svg.append(_path(thin.difference(thick.buffer(1.0)), window, 0.3, "1.2 0.8"))
    draw.svg.append(_path(thick, window, 0.6, "3 0.9 0.7 0.9"))
    return merged, pieces


def _names(draw, window, borders, merged, pieces):
    """Names of counties, then of townships, where there is room."""
    for (_, county), shape in merged.items():
        _name(draw, window, shape, county, 8)
    for row, piece in pieces:
        _name(draw, window, piece, str(borders.units.iloc[row]["township"]), 6.5)


def _neighbour(draw, code, values, i, j, margin, cell):
    """A neighbour's code and value on the frame, moved along the frame where a symbol stands."""
    x, y = margin + cell / 2 + i * (cell + margin) / 2, margin + cell / 2 - j * (cell + margin) / 2
    if i and j:
        y -= j * margin * 0.24
    shifts = [0.0] if i and j else [0.0, 0.15 * cell, -0.15 * cell, 0.3 * cell, -0.3 * cell]
    draw.say_at([(x + k * (j != 0), y - 1.4 + k * (i != 0)) for k in shifts], code, 6.2, 0)
    if code in values:
        at = draw.labels[-1]
        draw.say(at["x"], at["y"] + 2.8, values[code], 5.6, 0.3)


def _corner(draw, grid, col, row, i, j, margin, cell):
    """Longitude and latitude of one corner of the cell, and its mark."""
    west, south, east, north = (float(v) for v in grid.bounds(col, row))
    lon, lat = grid.unproject(east if i > 0 else west, north if j > 0 else south)
    x, y = margin + cell / 2 + i * (cell + margin) / 2, margin + cell / 2 - j * (cell / 2 + 2.6)
    draw.say(x, y - 1.0, f"{float(lon):.5f}", 4.8, 0)
    draw.say(x, y + 1.0, f"{float(lat):.5f}", 4.8, 0)
    draw.svg.append(_cross(margin + (i > 0) * cell, margin + (j < 0) * cell))


def _name(draw, window, shape, text, size):
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


def _facilities(draw, window, facilities, scale):
    """Symbols first, so that no symbol covers a number; then each number at its first free place."""
    places = []
    for facility in facilities:
        x, y = window.at(facility["x"], facility["y"])
        if 0 <= x <= window.size and 0 <= y <= window.size:
            draw.svg.append(_symbol(x, y, facility["symbol"], scale))
            draw.taken.append((x - 1.2, y - 1.2, x + 1.2, y + 1.2))
            places.append((x, y, str(facility["number"])))
    for x, y, number in places:
        for dx, dy in _OFFSETS:
            inside = 1.5 < x + dx < window.size - 1.5 and 1.5 < y + dy < window.size - 1.5
            if inside and draw.say(x + dx, y + dy, number, 7.5, 0, force=False):
                break
        else:
            draw.say(min(max(x + 2.5, 2), window.size - 2), min(max(y - 1.4, 2), window.size - 2), number, 7.5, 0)


def _overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _hatch(shape, window, *, slope, width, colour):
    """Parallel lines inside a shape: legible on any copier, unlike a grey."""
    if shape.is_empty or shape.area <= 0:
        return []
    gap = _HATCH_MM * window.metres / window.size
    west, south, east, north = shape.bounds
    # Lines are anchored to the lattice's own origin, so hatching meets across neighbouring shapes.
    first = west - slope * north if slope > 0 else west + south
    last = east - slope * south if slope > 0 else east + north
    lines = []
    for c in np.arange(math.floor(first / gap), math.ceil(last / gap) + 1) * gap:
        lines.append(((south * slope + c, south), (north * slope + c, north)))
    cut = shapely.intersection(shapely.multilinestrings([shapely.linestrings(line) for line in lines]), shape)
    return [_path(cut, window, width, None, colour)]


def _path(lines, window, width, dash, colour="#000"):
    parts = []
    for line in shapely.get_parts(shapely.line_merge(lines) if lines.geom_type == "MultiLineString" else lines):
        if line.geom_type not in ("LineString", "LinearRing"):
            continue
        points = shapely.get_coordinates(line.simplify(window.metres / window.size * 0.05))
        x, y = window.at(points[:, 0], points[:, 1])
        parts.append("M" + "L".join(f"{a:.2f},{b:.2f}" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{"".join(parts)}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>' if parts else ""


def _symbol(x, y, name, scale):
    shape, _, hollow = name.partition("-")
    fill = "#fff" if hollow else "#000"
    return (
        f'<path d="{_SHAPES[shape]}" transform="translate({x:.2f},{y:.2f}) scale({scale})" '
        f'fill="{fill}" stroke="#000" stroke-width="0.35" paint-order="stroke"/>'
    )


def _line(x1, y1, x2, y2, width, colour):
    return f'<path d="M{x1:.2f},{y1:.2f}L{x2:.2f},{y2:.2f}" stroke="{colour}" stroke-width="{width}"/>'


def _frame(x, y, side, width):
    return f'<path d="M{x:.2f},{y:.2f}h{side:.2f}v{side:.2f}h{-side:.2f}Z" fill="none" stroke="#000" stroke-width="{width}"/>'


def _cross(x, y):
    return f'<path d="M{x - 1:.2f},{y:.2f}h2M{x:.2f},{y - 1:.2f}v2" stroke="#000" stroke-width="0.25"/>'


def _svg(size, parts):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size:g}mm" height="{size:g}mm" '
        f'viewBox="0 0 {size:g} {size:g}">{"".join(parts)}</svg>'
    )
