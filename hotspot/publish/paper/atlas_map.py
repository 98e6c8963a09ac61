"""The map of a city with its numbered hotspot cells: one sheet, or several where the cells would be too small."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.grid.lattice import Grid
from hotspot.publish.maps import layers
from hotspot.publish.maps.backdrop import Backdrop
from hotspot.publish.maps.borders import Borders
from hotspot.publish.maps.drawing import Window
from hotspot.publish.maps.sheet import draw_map

if TYPE_CHECKING:
    import pandas as pd

SIDE_MM = 186.0
_LARGEST_M = 132_000.0  # side of one sheet: a cell of 3 km is 4 mm there, room for three figures


def index_maps(
    grid: Grid, cells: "pd.DataFrame", borders: Borders, ways: Backdrop | None, *, size: float = SIDE_MM
) -> list[dict[str, Any]]:
    """
    Maps of a city's hotspot cells, from the north-west row by row.

    Parameters
    ----------
    cells : DataFrame with ``number, col, row, city``, from ``atlas_pages.in_order``
    size : float
        Side of a map on paper, mm.

    Returns
    -------
    list of dict, from ``draw_map``, each with its ``title``; sheets without a cell are left out
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
            window = Window(x0 + east * side, y1 - down * side, side, size)
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
    numbered = [(int(col), int(row), str(n)) for col, row, n in cells[["col", "row", "number"]].itertuples(index=False)]
    return draw_map(
        grid,
        window,
        [
            layers.paper,
            layers.outside(set(cells["city"]), colour="#bbb"),
            layers.ways,
            layers.squares(numbered),
            layers.borders,
            layers.numbered(numbered),
            layers.unit_names(townships=False),
            layers.way_names,
            layers.frame,
        ],
        borders=borders,
        backdrop=ways,
    )
