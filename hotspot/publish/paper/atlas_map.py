"""The map of a city with its numbered hotspot cells: one sheet, or several where the cells would be too small."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from hotspot.grid.frame import north_angle
from hotspot.grid.lattice import Grid
from hotspot.publish.paper import drawing
from hotspot.publish.paper.backdrop_map import Backdrop, legend
from hotspot.publish.paper.borders import Borders
from hotspot.publish.paper.drawing import Window
from hotspot.publish.paper.sheet_map import scale_bar

if TYPE_CHECKING:
    import pandas as pd

SIDE_MM = 186.0
_LARGEST_M = 132_000.0  # side of one sheet: a cell of 3 km is 4 mm there, room for three figures
_BARS_KM = (1, 2, 5, 10, 20)


def index_maps(grid: Grid, cells: "pd.DataFrame", borders: Borders, ways: Backdrop | None) -> list[dict[str, Any]]:
    """
    Maps of a city's hotspot cells, from the north-west row by row.

    Parameters
    ----------
    grid : Grid
    cells : DataFrame with ``number, col, row, city``, from ``atlas_pages.in_order``
    borders : Borders
    ways : Backdrop

    Returns
    -------
    list of dict: ``svg``, ``labels`` (as ``sheet_map.detail_panel``), ``title``, ``north`` (deg), ``bar``
    (mm), ``bar_text``; sheets without a cell are left out
    """
    col, row = cells["col"].to_numpy(), cells["row"].to_numpy()
    west, _, _, north = (np.asarray(v, float) for v in grid.bounds(col, row))
    x0, x1 = west.min() - 2 * grid.spacing, west.max() + 3 * grid.spacing
    y1, y0 = north.max() + 2 * grid.spacing, north.min() - 3 * grid.spacing
    n = math.ceil(max(x1 - x0, y1 - y0) / _LARGEST_M)
    # Whole cells on every sheet, and a square around the middle of the city.
    side = math.ceil(max(x1 - x0, y1 - y0) / n / grid.spacing) * grid.spacing
    x0, y1 = (x0 + x1) / 2 - n * side / 2, (y0 + y1) / 2 + n * side / 2
    x0, y1 = (math.floor(v / grid.spacing) * grid.spacing for v in (x0, y1 + grid.spacing - 1))
    sheets = []
    for down in range(n):
        for east in range(n):
            window = drawing.Window(x0 + east * side, y1 - down * side, side, SIDE_MM)
            inside = (west >= window.west) & (west < window.west + side)
            inside &= (north <= window.north) & (north > window.north - side)
            if inside.any():
                sheets.append(_sheet(grid, cells[inside], borders, ways, window))
    for number, sheet in enumerate(sheets, start=1):
        sheet["title"] = f"位置索引图 {number} / {len(sheets)}" if len(sheets) > 1 else "位置索引图"
    return sheets


def _sheet(
    grid: Grid, cells: "pd.DataFrame", borders: Borders, ways: Backdrop | None, window: Window
) -> dict[str, Any]:
    draw = drawing.Drawing()
    draw.svg.append(f'<rect width="{window.size:g}" height="{window.size:g}" fill="#fff"/>')
    pieces = borders.within(window)
    city = set(cells["city"])
    covered = [piece for unit, piece in pieces if borders.city[unit] in city]
    draw.svg.extend(drawing.hatch(_outside(window, covered), window, slope=1, width=0.1, colour="#bbb"))
    found = ways.within(window) if ways else []
    if ways:
        ways.draw(draw, window, found)
    side = grid.spacing * window.size / window.metres
    west, _, _, north = (np.asarray(v, float) for v in grid.bounds(cells["col"].to_numpy(), cells["row"].to_numpy()))
    at = [window.at(*corner) for corner in zip(west.tolist(), north.tolist(), strict=True)]
    draw.svg.extend(_square(x, y, side) for x, y in at)
    merged = borders.draw(draw, window, pieces)
    size = min(8.0, 1.05 * side)
    for (x, y), number in zip(at, cells["number"], strict=True):
        draw.say(x + side / 2, y + side / 2, str(number), size, 0)
        draw.taken.append((x, y, x + side, y + side))
    borders.name(draw, window, merged, [])
    if ways:
        ways.name(draw, window, found)
    draw.svg.append(drawing.frame(0, 0, window.size, 0.35))
    col, row = (round(float(cells[name].median())) for name in ("col", "row"))
    km = next((bar for bar in _BARS_KM if bar * 1000 >= window.metres / 12), _BARS_KM[-1])
    return draw.panel(window.size) | {
        "north": -round(float(north_angle(grid, col, row)), 2),
        "bar": round(scale_bar(grid, col, row, window.metres, window.size, 1000.0 * km), 3),
        "bar_text": f"{km} km",
        "shown": legend(found),
    }


def _outside(window: Window, covered: "list[shapely.Geometry]") -> "shapely.Geometry":
    return window.box.difference(shapely.union_all(covered))


def _square(x: float, y: float, side: float) -> str:
    return (
        f'<path d="M{x:.2f},{y:.2f}h{side:.2f}v{side:.2f}h{-side:.2f}Z" fill="#d9d9d9" stroke="#000" '
        'stroke-width="0.22"/>'
    )
