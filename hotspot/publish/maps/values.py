"""
The layers of a map of values: every cell in the shade of its class, outlines over it, warned cells by number.

Shades run from light to dark, so a copier keeps their order; a cell without a valid mean is hatched. Outlines have a
white edge, so that they stand on light and on dark.
"""

import base64
import struct
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hotspot.kernels.arrays import Flags, Ints
from hotspot.publish.maps import drawing
from hotspot.publish.maps.backdrop import map_words
from hotspot.publish.maps.borders import Outlines, name_inside
from hotspot.publish.maps.drawing import Window
from hotspot.publish.maps.sheet import Canvas, Layer
from hotspot.publish.maps.symbols import symbol
from hotspot.publish.palette import palette, sequential_breaks

if TYPE_CHECKING:
    import pandas as pd

VECTOR_CELLS = 3000  # with more cells the ground is a picture of one square per cell, in the same place
SHADES = 9
_ZOOM = 6  # pixels of the picture per cell, so that no viewer blurs a cell into its neighbour
_ROOMY = 4.2  # mm; a cell that large holds its own number
_AROUND = ((1.0, -1.0), (-1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (0.0, -1.5), (0.0, 1.5), (1.7, 0.0), (-1.7, 0.0))


def shaded(cells: "pd.DataFrame", breaks: list[float], ramp: str = "concentration") -> Layer:
    """
    Every cell in the colour of its class; those without a valid mean hatched.

    Parameters
    ----------
    cells : DataFrame with ``x y`` (lattice m), ``pm25``, ``valid``
    breaks : list of float
        Limits of the classes, ug/m3, from ``limits``.
    ramp : str, of ``palette.toml``
    """

    def draw(on: Canvas) -> None:
        valid = has_mean(cells)
        colours = shades(len(breaks) + 1, ramp)
        level = np.where(valid, np.digitize(cells["pm25"].fillna(0.0).to_numpy("float64"), breaks), -1)
        ground = _picture if len(cells) > VECTOR_CELLS else _squares
        on.svg += ground(cells, level, colours, on.window, on.grid.spacing)
        if not valid.all():
            missing = _area(cells[~valid], on.grid.spacing)
            on.svg += drawing.hatch(missing, on.window, slope=1, width=0.12, colour="#777")
        words = _classes(breaks, map_words()["classes"]["all"][on.language])
        on.key += [[colour, said] for colour, said in zip(colours, words, strict=True)]

    return draw


def has_mean(cells: "pd.DataFrame") -> Flags:
    """Which cells have a valid mean."""
    return (cells["valid"] & cells["pm25"].notna()).to_numpy()


def outlines(thin: Outlines, heavy: list[shapely.Geometry]) -> Layer:
    """Outlines of units, some of them heavy."""

    def draw(on: Canvas) -> None:
        tolerance = on.window.metres / on.window.size * 0.08
        for shapes, width in ((thin.values(), 0.22), (heavy, 0.5)):
            for shape in shapes:
                on.svg += _line(shape.simplify(tolerance), on.window, width)

    return draw


def outline_names(shapes: Outlines) -> Layer:
    """Their names where there is room."""

    def draw(on: Canvas) -> None:
        for name, shape in shapes.items():
            name_inside(on, on.window, shape, name, 7)

    return draw


def dashed(cells: "pd.DataFrame") -> Layer:
    """A dashed outline around some cells."""

    def draw(on: Canvas) -> None:
        if len(cells):
            small = on.side < 1.2
            on.svg += _line(
                _area(cells, on.grid.spacing), on.window, 0.18 if small else 0.3,
                "0.8 0.4" if small else "1.1 0.5", halo=0.22 if small else 0.36,
            )  # fmt: skip

    return draw


def stations(places: list[tuple[float, float]]) -> Layer:
    """Hollow triangles at stations, lattice m."""

    def draw(on: Canvas) -> None:
        for x, y in places:
            a, b = on.window.at(x, y)
            if 0 < a < on.window.size and 0 < b < on.window.height:
                on.svg.append(symbol(a, b, "triangle-hollow", 0.8))
                on.taken.append((a - 0.9, b - 0.9, a + 0.9, b + 0.9))

    return draw


def numbered_frames(cells: "pd.DataFrame", numbers: dict[str, int]) -> Layer:
    """Thick frames around the cells of ``numbers``, each number, where it is not 0, at the first free place beside."""

    def draw(on: Canvas) -> None:
        side = on.side
        x, y = on.window.at(cells["x"].to_numpy(), cells["y"].to_numpy())
        places = [
            (n, a, b) for code, a, b in zip(cells["cell"], x.tolist(), y.tolist(), strict=True)
            if (n := numbers.get(code)) is not None
        ]  # fmt: skip
        half = max(side, 1.0) / 2
        for _, a, b in places:
            for look in ('stroke="#fff" stroke-width="1"', 'stroke="#000" stroke-width="0.55"'):
                on.svg.append(drawing.square(a - half, b - half, 2 * half, f'fill="none" {look}'))
            on.taken.append((a - half, b - half, a + half, b + half))
        reach = half + 1.3
        for number, a, b in sorted(places):
            if number:
                if side > _ROOMY:
                    on.say(a, b, str(number), 8.5, 0)
                    continue
                around = [(a + i * reach, b + j * reach) for i, j in _AROUND]
                wide, high = on.window.size - 1.5, on.window.height - 1.5
                inside = [p for p in around if 1.5 < p[0] < wide and 1.5 < p[1] < high]
                on.say_at(inside or around[:1], str(number), 7.5, 0)

    return draw


def limits(cells: "pd.DataFrame") -> list[float]:
    """Limits of the classes for a map of these cells, and for an enlarged part of it."""
    return sequential_breaks(cells["pm25"].where(cells["valid"]).to_numpy("float64"), SHADES)


def shades(n: int, ramp: str = "concentration") -> list[str]:
    """
    ``n`` colours from light to dark, evenly spaced in grey; black lines stay visible on the darkest.

    Examples
    --------
    >>> shades(3)
    ['#fffcdc', '#f3811d', '#6d2405']
    """
    stated = palette()["sequential"][ramp][:-1]
    rgb = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in stated], dtype=float)
    grey = rgb @ [0.299, 0.587, 0.114]
    wanted = np.linspace(grey[0], grey[-1], max(n, 1))
    mixed = [np.rint(np.interp(-wanted, -grey, rgb[:, k])).astype(int) for k in range(3)]
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in zip(*mixed, strict=True)]


def _classes(breaks: list[float], every: str) -> list[str]:
    """Words of the classes between round limits."""
    if not breaks:
        return [every]
    inner = [f"{a:g}–{b:g}" for a, b in pairwise(breaks)]
    return [f"<{breaks[0]:g}", *inner, f"≥{breaks[-1]:g}"]


def _squares(cells: "pd.DataFrame", level: Ints, colours: list[str], window: Window, spacing: float) -> list[str]:
    """One path per class; a hair of its own colour closes the seams between squares."""
    parts, side = [], spacing * window.size / window.metres
    x, y = window.at(cells["x"].to_numpy() - spacing / 2, cells["y"].to_numpy() + spacing / 2)
    for k, colour in enumerate(colours):
        corners = zip(x[level == k].tolist(), y[level == k].tolist(), strict=True)
        path = "".join(f"M{a:.2f},{b:.2f}h{side:.2f}v{side:.2f}h{-side:.2f}Z" for a, b in corners)
        if path:
            parts.append(f'<path d="{path}" fill="{colour}" stroke="{colour}" stroke-width="0.04"/>')
    return parts


def _picture(cells: "pd.DataFrame", level: Ints, colours: list[str], window: Window, spacing: float) -> list[str]:
    """The same squares as a PNG, for as many cells as a page can show."""
    col = np.round((cells["x"].to_numpy() - cells["x"].min()) / spacing).astype(int)
    row = np.round((cells["y"].max() - cells["y"].to_numpy()) / spacing).astype(int)
    shown = np.zeros((row.max() + 1, col.max() + 1), dtype=np.uint8)
    shown[row, col] = level + 1
    data = base64.b64encode(_png(np.kron(shown, np.ones((_ZOOM, _ZOOM), np.uint8)), ["#ffffff", *colours]))
    x, y = window.at(cells["x"].min() - spacing / 2, cells["y"].max() + spacing / 2)
    wide, high = (n * spacing * window.size / window.metres for n in (shown.shape[1], shown.shape[0]))
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
    shape: shapely.Geometry, window: Window, width: float, dash: str | None = None, halo: float = 0.36
) -> list[str]:
    """An outline, black on a white edge, so that it stands on light and on dark."""
    edges = shape.boundary
    below = drawing.path(edges, window, round(width + halo, 2), None, "#fff")
    return [below, drawing.path(edges, window, width, dash)]
