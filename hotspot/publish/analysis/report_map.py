"""
The map of high values in the analysis report: every cell, the county borders, the warned cells by number (C6).

Shades run from light to dark, so a copier keeps their order; a cell without a valid
mean is hatched. Drawn in the lattice's own metres; texts stand beside the drawing.
"""

import base64
import struct
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from hotspot.grid.frame import geodesic_size, north_angle
from hotspot.grid.lattice import Grid
from hotspot.kernels.arrays import Floats, Ints, Objects
from hotspot.publish.fonts import printed_width, shorten
from hotspot.publish.palette import palette, sequential_breaks
from hotspot.publish.paper import drawing
from hotspot.publish.paper.drawing import Drawing

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

VECTOR_CELLS = 3000  # with more cells the ground is a picture of one square per cell, in the same place
SHADES = 9
_BARS = (1, 2, 5, 10, 20, 50, 100, 200)  # km
_ENLARGED = 1.5  # an enlarged map must show cells so much larger
_ZOOM = 6  # pixels of the picture per cell, so that no viewer blurs a cell into its neighbour
_ROOMY = 4.2  # mm; a cell that large holds its own number
_MOVES = tuple((dx, dy) for dx in (0, 5, -5, 10, -10, 15, -15) for dy in (0, 3, -3, 6, -6, 10, -10))
_AROUND = ((1.0, -1.0), (-1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (0.0, -1.5), (0.0, 1.5), (1.7, 0.0), (-1.7, 0.0))


class Plate(NamedTuple):
    """A rectangle of the lattice on paper."""

    west: float
    north: float
    metres: float  # width, lattice m
    size: float  # width, mm
    height: float  # mm

    def at(self, x: float | Floats, y: float | Floats) -> tuple[Any, Any]:
        """Millimetres from the north-west corner of lattice metres."""
        scale = self.size / self.metres
        return (x - self.west) * scale, (self.north - y) * scale

    @property
    def box(self) -> shapely.Geometry:
        """The rectangle in lattice metres."""
        return shapely.box(
            self.west, self.north - self.height * self.metres / self.size, self.west + self.metres, self.north
        )


class Units:
    """
    The outlines of cities and counties in lattice metres, made once for all maps of a study.

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
        self.city = {
            name: _merged(np.array([shape for key, shape in self.county.items() if key[0] == name], dtype=object))
            for name in sorted(set(city.tolist()))
        }


def _merged(shapes: Objects) -> shapely.Geometry:
    valid = shapely.make_valid(shapes)
    return valid[0] if len(valid) == 1 else shapely.union_all(valid, grid_size=1.0)


def plate_of(cells: "pd.DataFrame", spacing: float, *, width: float, height: float) -> Plate:
    """
    The rectangle that holds all cells, as large as the paper allows.

    Parameters
    ----------
    cells : DataFrame with ``x y``, lattice m
    spacing : float, m
    width, height : float
        The most there is, mm.

    Returns
    -------
    Plate; narrower or lower than the paper where the cells are

    Examples
    --------
    >>> import pandas as pd
    >>> plate = plate_of(pd.DataFrame({"x": [0.0, 27e3], "y": [0.0, 0.0]}), 3000.0, width=100.0, height=80.0)
    >>> plate.size, round(plate.height, 1)
    (100.0, 21.1)
    """
    margin = spacing * 0.5 + 0.02 * max(np.ptp(cells["x"]) + spacing, np.ptp(cells["y"]) + spacing)
    west, east = cells["x"].min() - spacing / 2 - margin, cells["x"].max() + spacing / 2 + margin
    south, north = cells["y"].min() - spacing / 2 - margin, cells["y"].max() + spacing / 2 + margin
    scale = float(min(width / (east - west), height / (north - south)))
    return Plate(
        float(west), float(north), float(east - west), float(east - west) * scale, float(north - south) * scale
    )


def upright(cells: "pd.DataFrame", spacing: float) -> bool:
    """Whether a map of these cells is little wider than high, so that two fit beside each other."""
    return bool(np.ptp(cells["x"]) + spacing <= 1.2 * (np.ptp(cells["y"]) + spacing))


def value_map(
    cells: "pd.DataFrame",
    *,
    grid: Grid,
    outlines: dict[str, shapely.Geometry],
    heavy: list[shapely.Geometry],
    breaks: list[float],
    numbers: dict[str, int],
    stations: list[tuple[float, float]],
    width: float,
    height: float,
) -> dict[str, Any]:
    """
    The map of one city, or of the whole study.

    Parameters
    ----------
    cells : DataFrame, from ``report_tables.read_cells``
    grid : Grid
    outlines : dict of name -> polygon, lattice m
        Drawn thin and named.
    heavy : list of polygon
        Drawn thick, not named.
    breaks : list of float
        Limits of the classes, ug/m3, from ``limits``.
    numbers : dict of code -> int
        Warned cells; outlined, and numbered where the number is not 0.
    stations : list of (x, y), lattice m
    width, height : float, mm

    Returns
    -------
    dict ``svg, labels, width, height, bar`` (mm), ``bar_text, north`` (degrees), ``legend`` (colour, words)
    """
    plate = plate_of(cells, grid.spacing, width=width, height=height)
    side = grid.spacing * plate.size / plate.metres
    draw = drawing.Drawing()
    valid = (cells["valid"] & cells["pm25"].notna()).to_numpy()
    colours = shades(len(breaks) + 1)
    level = np.where(valid, np.digitize(cells["pm25"].fillna(0.0).to_numpy("float64"), breaks), -1)
    ground = _picture if len(cells) > VECTOR_CELLS else _squares
    draw.svg += [
        f'<rect width="{plate.size:.2f}" height="{plate.height:.2f}" fill="#fff"/>',
        *ground(cells, level, colours, plate, grid.spacing),
    ]
    if not valid.all():
        draw.svg += drawing.hatch(_area(cells[~valid], grid.spacing), plate, slope=1, width=0.12, colour="#777")
    tolerance = plate.metres / plate.size * 0.08
    for shape in outlines.values():
        draw.svg += _line(shape.simplify(tolerance), plate, 0.22)
    for shape in heavy:
        draw.svg += _line(shape.simplify(tolerance), plate, 0.5)
    hot = cells[cells["hotspot"]]
    if len(hot):
        small = side < 1.2
        outline = _area(hot, grid.spacing)
        draw.svg += _line(
            outline, plate, 0.18 if small else 0.3, "0.8 0.4" if small else "1.1 0.5", halo=0.22 if small else 0.36
        )
    for x, y in stations:
        a, b = plate.at(x, y)
        if 0 < a < plate.size and 0 < b < plate.height:
            draw.svg.append(drawing.symbol(a, b, "triangle-hollow", 0.8))
            draw.taken.append((a - 0.9, b - 0.9, a + 0.9, b + 0.9))
    _warned(draw, cells, plate, side, numbers)
    _names(draw, plate, outlines)
    west, south, east, north = plate.box.bounds
    middle = (int(v) for v in grid.locate(*grid.unproject((west + east) / 2, (south + north) / 2)))
    col, row = middle
    km = next((k for k in reversed(_BARS) if k * 1000 <= 0.22 * plate.metres), _BARS[0])
    stretch = float(geodesic_size(grid, col, row)[0]) / grid.spacing
    return {
        "svg": _svg(plate, draw.svg),
        "labels": draw.labels,
        "width": round(plate.size, 2),
        "height": round(plate.height, 2),
        "bar": round(km * 1000 / stretch * plate.size / plate.metres, 3),
        "bar_text": f"{km} km",
        "north": -round(float(north_angle(grid, col, row)), 2),
        "legend": [[colour, words] for colour, words in zip(colours, _classes(breaks), strict=True)],
        "hatched": bool(not valid.all()),
    }


def limits(cells: "pd.DataFrame") -> list[float]:
    """Limits of the classes for a map of these cells, and for an enlarged part of it."""
    return sequential_breaks(cells["pm25"].where(cells["valid"]).to_numpy("float64"), SHADES)


def around_hotspots(cells: "pd.DataFrame", spacing: float, *, width: float, height: float) -> "pd.DataFrame | None":
    """
    The cells of the rectangle that holds all hotspot cells, for an enlarged map.

    Parameters
    ----------
    cells : DataFrame with ``x y hotspot``
    spacing : float, m
    width, height : float
        Of the paper, mm.

    Returns
    -------
    DataFrame, or None where it would be enlarged by less than half

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.DataFrame({"x": np.arange(20) * 3e3, "y": 0.0, "hotspot": np.arange(20) == 4})
    >>> around_hotspots(cells, 3e3, width=170.0, height=96.0)["x"].tolist()
    [6000.0, 9000.0, 12000.0, 15000.0, 18000.0]
    """
    hot = cells[cells["hotspot"]]
    if not len(hot):
        return None
    inside = np.ones(len(cells), dtype=bool)
    for name in ("x", "y"):
        low, high = hot[name].min() - 2.5 * spacing, hot[name].max() + 2.5 * spacing
        inside &= ((cells[name] > low) & (cells[name] < high)).to_numpy()
    whole, part = (plate_of(table, spacing, width=width, height=height) for table in (cells, cells[inside]))
    return cells[inside] if part.size / part.metres >= _ENLARGED * whole.size / whole.metres else None


def shades(n: int) -> list[str]:
    """
    ``n`` colours from light to dark, evenly spaced in grey; black lines stay visible on the darkest.

    Examples
    --------
    >>> shades(3)
    ['#fffcdc', '#f3811d', '#6d2405']
    """
    ramp = palette()["sequential"]["concentration"][:-1]
    rgb = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in ramp], dtype=float)
    grey = rgb @ [0.299, 0.587, 0.114]
    wanted = np.linspace(grey[0], grey[-1], max(n, 1))
    mixed = [np.rint(np.interp(-wanted, -grey, rgb[:, k])).astype(int) for k in range(3)]
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in zip(*mixed, strict=True)]


def _classes(breaks: list[float]) -> list[str]:
    """Words of the classes between round limits."""
    if not breaks:
        return ["全部"]
    inner = [f"{a:g}–{b:g}" for a, b in pairwise(breaks)]
    return [f"<{breaks[0]:g}", *inner, f"≥{breaks[-1]:g}"]


def _squares(cells: "pd.DataFrame", level: Ints, colours: list[str], plate: Plate, spacing: float) -> list[str]:
    """One path per class; a hair of its own colour closes the seams between squares."""
    parts, side = [], spacing * plate.size / plate.metres
    x, y = plate.at(cells["x"].to_numpy() - spacing / 2, cells["y"].to_numpy() + spacing / 2)
    for k, colour in enumerate(colours):
        corners = zip(x[level == k].tolist(), y[level == k].tolist(), strict=True)
        path = "".join(f"M{a:.2f},{b:.2f}h{side:.2f}v{side:.2f}h{-side:.2f}Z" for a, b in corners)
        if path:
            parts.append(f'<path d="{path}" fill="{colour}" stroke="{colour}" stroke-width="0.04"/>')
    return parts


def _picture(cells: "pd.DataFrame", level: Ints, colours: list[str], plate: Plate, spacing: float) -> list[str]:
    """The same squares as a PNG, for as many cells as a page can show."""
    col = np.round((cells["x"].to_numpy() - cells["x"].min()) / spacing).astype(int)
    row = np.round((cells["y"].max() - cells["y"].to_numpy()) / spacing).astype(int)
    shown = np.zeros((row.max() + 1, col.max() + 1), dtype=np.uint8)
    shown[row, col] = level + 1
    data = base64.b64encode(_png(np.kron(shown, np.ones((_ZOOM, _ZOOM), np.uint8)), ["#ffffff", *colours]))
    x, y = plate.at(cells["x"].min() - spacing / 2, cells["y"].max() + spacing / 2)
    wide, high = (n * spacing * plate.size / plate.metres for n in (shown.shape[1], shown.shape[0]))
    return [
        f'<image x="{x:.3f}" y="{y:.3f}" width="{wide:.3f}" height="{high:.3f}" preserveAspectRatio="none" '
        f'image-rendering="optimizeSpeed" href="data:image/png;base64,{data.decode()}"/>'
    ]


def _png(shown: np.ndarray, colours: list[str]) -> bytes:
    """A picture with a palette whose first colour is clear."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = np.hstack([np.zeros((shown.shape[0], 1), np.uint8), shown]).tobytes()
    head = struct.pack(">IIBBBBB", shown.shape[1], shown.shape[0], 8, 3, 0, 0, 0)
    table = bytes.fromhex("".join(colour[1:] for colour in colours))
    body = chunk(b"IHDR", head) + chunk(b"PLTE", table) + chunk(b"tRNS", b"\0") + chunk(b"IDAT", zlib.compress(rows, 6))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def _area(cells: "pd.DataFrame", spacing: float) -> shapely.Geometry:
    """The squares of cells as one shape."""
    x, y, half = cells["x"].to_numpy(), cells["y"].to_numpy(), spacing / 2
    return shapely.union_all(shapely.box(x - half, y - half, x + half, y + half))


def _line(
    shape: shapely.Geometry, plate: Plate, width: float, dash: str | None = None, halo: float = 0.36
) -> list[str]:
    """An outline, black on a white edge, so that it stands on light and on dark."""
    edges = shape.boundary
    below = drawing.path(edges, plate, round(width + halo, 2), None, "#fff")
    return [below, drawing.path(edges, plate, width, dash)]


def _warned(draw: Drawing, cells: "pd.DataFrame", plate: Plate, side: float, numbers: dict[str, int]) -> None:
    """Warned cells with a thick frame, each number at the first free place beside its cell."""
    x, y = plate.at(cells["x"].to_numpy(), cells["y"].to_numpy())
    places = [
        (n, a, b) for code, a, b in zip(cells["cell"], x.tolist(), y.tolist(), strict=True)
        if (n := numbers.get(code)) is not None
    ]  # fmt: skip
    half = max(side, 1.0) / 2
    for _, a, b in places:
        outline = f"M{a - half:.2f},{b - half:.2f}h{2 * half:.2f}v{2 * half:.2f}h{-2 * half:.2f}Z"
        draw.svg.append(f'<path d="{outline}" fill="none" stroke="#fff" stroke-width="1"/>')
        draw.svg.append(f'<path d="{outline}" fill="none" stroke="#000" stroke-width="0.55"/>')
        draw.taken.append((a - half, b - half, a + half, b + half))
    reach = half + 1.3
    for number, a, b in sorted(places):
        if number:
            if side > _ROOMY:
                draw.say(a, b, str(number), 8.5, 0)
                continue
            around = [(a + i * reach, b + j * reach) for i, j in _AROUND]
            inside = [p for p in around if 1.5 < p[0] < plate.size - 1.5 and 1.5 < p[1] < plate.height - 1.5]
            draw.say_at(inside or around[:1], str(number), 7.5, 0)


def _names(draw: Drawing, plate: Plate, outlines: dict[str, shapely.Geometry]) -> None:
    """Names where there is room: inside their unit, and on nothing else."""
    for name, shape in outlines.items():
        part = shape.intersection(plate.box)
        if not name or part.is_empty:
            continue
        largest = max(shapely.get_parts(part), key=lambda piece: piece.area)
        text, middle = shorten(name, 20), shapely.maximum_inscribed_circle(largest, tolerance=plate.metres / 200)
        x, y = plate.at(*shapely.get_coordinates(middle)[0])
        half, scale = 0.095 * 7 * printed_width(text), plate.metres / plate.size
        for dx, dy in _MOVES:
            a, b = x + dx, y + dy
            # A name may move for room, but never into the next unit.
            there = shapely.Point(plate.west + a * scale, plate.north - b * scale)
            free = half < a < plate.size - half and 2 < b < plate.height - 2 and largest.contains(there)
            if free and draw.say(a, b, text, 7, 0.0, force=False):
                break


def _svg(plate: Plate, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{plate.size:.2f}mm" height="{plate.height:.2f}mm" '
        f'viewBox="0 0 {plate.size:.2f} {plate.height:.2f}">{"".join(parts)}</svg>'
    )
