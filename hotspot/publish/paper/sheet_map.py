"""
The two map panels of the printed sheet: the cell with its sub-cells, and what lies around it.

Each is a list of layers for the one drawing of maps (``publish/maps/sheet.py``).
"""

from typing import Any

from hotspot.grid.lattice import Grid
from hotspot.publish.maps import drawing, layers
from hotspot.publish.maps.backdrop import Backdrop
from hotspot.publish.maps.borders import Borders
from hotspot.publish.maps.drawing import Drawing
from hotspot.publish.maps.sheet import Canvas, Layer, around, draw_map

_AROUND = tuple((i, j) for j in (1, 0, -1) for i in (-1, 0, 1) if i or j)


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
    size : float
        Side of the panel, mm.
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
    dict, from ``draw_map``
    """
    n = grid.nesting(fine)
    window = around(grid, col, row, grid.spacing * 1.5, size)
    inside = [f for f in facilities if abs(2 * (f["x"] - window.west) / window.metres - 1) < 1]
    inside = [f for f in inside if abs(2 * (window.north - f["y"]) / window.metres - 1) < 1]
    return draw_map(
        grid,
        window,
        [
            layers.paper,
            layers.outside(),
            layers.warned(warned),
            layers.clean(col, row),
            layers.ways,
            _sub_lattice(col, row, n),
            layers.borders,
            layers.framed(col, row, 0.9),
            *([_marked(col, row, n, marked)] if marked is not None else []),
            layers.facilities(inside, scale=1.0),
            _sub_cells(col, row, n, sub_cells),
            _neighbours(col, row, values),
            layers.way_names,
            layers.frame,
        ],
        borders=borders,
        backdrop=backdrop,
    )


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
    dict, from ``draw_map``
    """
    return draw_map(
        grid,
        around(grid, col, row, 2 * reach, size),
        [
            layers.paper,
            layers.outside(),
            layers.warned(warned),
            layers.clean(col, row),
            layers.lattice,
            layers.filled(col, row),
            layers.ways,
            layers.borders,
            layers.framed(col, row, 0.8),
            layers.ring(ring),
            layers.facilities(facilities, scale=0.85, beyond=True),
            *([layers.codes(col, row)] if coded else []),
            layers.kept_free(col, row),
            layers.unit_names(),
            layers.way_names,
            layers.frame,
        ],
        borders=borders,
        backdrop=backdrop,
    )


def _sub_lattice(col: int, row: int, n: int) -> Layer:
    """The cell's edges across the whole panel, its sub-cells inside."""

    def draw(on: Canvas) -> None:
        (margin, top), cell, size = on.corner(col, row), on.side, on.window.size
        for edge in (margin, margin + cell):
            on.svg.append(drawing.line(edge, 0, edge, size, 0.2, "#555"))
            on.svg.append(drawing.line(0, edge, size, edge, 0.2, "#555"))
        for k in range(1, n):
            across = margin + k * cell / n
            on.svg.append(drawing.line(across, top, across, top + cell, 0.15, "#555"))
            on.svg.append(drawing.line(margin, across, margin + cell, across, 0.15, "#555"))

    return draw


def _marked(col: int, row: int, n: int, number: int) -> Layer:
    def draw(on: Canvas) -> None:
        (left, top), step = on.corner(col, row), on.side / n
        down, east = divmod(number - 1, n)
        on.svg.append(drawing.frame(left + east * step, top + down * step, step, 1.1))

    return draw


def _sub_cells(col: int, row: int, n: int, sub_cells: list[dict[str, str]] | None) -> Layer:
    """Number of every sub-cell in a free corner, and its value."""

    def draw(on: Canvas) -> None:
        (left, top), step, digits = on.corner(col, row), on.side / n, len(str(n * n))
        for k in range(n * n):
            x, y = left + (k % n) * step, top + (k // n) * step
            top_line, near, far = 0.2 * step + 0.3, 0.24 * step + 0.3, 0.76 * step - 0.3
            corners = [(x + dx, y + dy) for dy in (top_line, far) for dx in (near, far)]
            on.say_at(corners, f"{k + 1:0{digits}d}", min(5.6 if sub_cells else 7.0, step * 0.75), 0.25)
            if sub_cells:
                _sub_cell(on, x, y, step, **sub_cells[k])

    return draw


def _neighbours(col: int, row: int, values: dict[str, str]) -> Layer:
    """Around the frame: codes of the neighbours with their values, coordinates of the corners."""

    def draw(on: Canvas) -> None:
        margin, cell = on.corner(col, row)[0], on.side
        for i, j in _AROUND:
            if i and j:
                _corner(on, on.grid, col, row, i, j, margin, cell)
            _neighbour(on, on.grid.code(col + i, row + j), values, i, j, margin, cell)

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
