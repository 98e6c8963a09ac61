"""Raster to cell: area weights of every pixel in every cell, and means with them."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats, Ints, Numbers

DEGREE = 4  # of the polynomials that carry lattice places into pixel places
LANES = 32  # layers averaged side by side; each keeps its own sum, so the order is fixed
TILE = 64  # pixels along the side of what is laid out at a time, so that it stays in the processor's own memory
# A chord may leave its edge by this share of the cell's side. What lies between the two is
# added as an area of its own, so only its split between pixels is approximate.
_CHORD = 1e-6
_MOST_CHORDS = 256


class Areas(NamedTuple):
    """
    The pixels of each cell and their areas inside it, m2; ``total`` is the whole cell's.

    begin : int64[n_cell + 1], pixel : int64[n_weight], weight : float64[n_weight], total : float64[n_cell]
    """

    begin: Ints
    pixel: Ints
    weight: Floats
    total: Floats


@njit(cache=True, nogil=True)
def _place(coef: Floats, s: float, t: float) -> float:
    """Value of one coordinate at s, t in -1..1 of its block; coef float64[5, 5]."""
    value = 0.0
    for i in range(DEGREE, -1, -1):
        inner = coef[i, DEGREE]
        for j in range(DEGREE - 1, -1, -1):
            inner = inner * t + coef[i, j]
        value = value * s + inner
    return value


@njit(cache=True, nogil=True)
def _warp(half_col: int, half_row: int, block: int, block_at: Ints, coef: Floats) -> tuple[float, float]:
    """Pixel place of a lattice point given in half cells from the first block."""
    span = 2 * block
    b, a = half_row // span, half_col // span
    k = block_at[b, a]
    s = (half_col - a * span) / block - 1.0
    t = (half_row - b * span) / block - 1.0
    return _place(coef[k, 0], s, t), _place(coef[k, 1], s, t)


@njit(cache=True, nogil=True)
def cell_outlines(col: Ints, row: Ints, block: int, block_at: Ints, coef: Floats, period: float) -> tuple[Ints, Floats]:
    """
    Outline of every cell in pixel places, its curved edges cut into chords.

    col, row : int64[n_cell], cells from the first block
    block : int, cells along a block's side
    block_at : int64[n_block_row, n_block_col], position in coef, -1 unused
    coef : float64[n_block, 2, 5, 5], u (column) and v (row) as polynomials of the
        place in the block; whole numbers are pixel edges
    period : float, columns around the globe, 0 where the raster is not in degrees
    returns : int64[n_cell + 1] where each outline begins, float64[n_point, 3]
        u, v and the signed area between edge and chord, in pixels, of the chord
        that begins here; counter-clockwise from the south-west corner, not closed
    """
    n = col.size
    ends = np.empty((n, 8, 2))
    cuts = np.empty((n, 4), np.int64)
    start = np.zeros(n + 1, np.int64)
    for c in range(n):
        x, y = 2 * col[c], 2 * row[c]
        # Corner, middle of the edge, corner, ... from the south-west, counter-clockwise.
        for k in range(8):
            dx = 0 if k == 0 or k >= 6 else (1 if k == 1 or k == 5 else 2)
            dy = 0 if k <= 2 else (1 if k == 3 or k == 7 else 2)
            ends[c, k, 0], ends[c, k, 1] = _warp(x + dx, y + dy, block, block_at, coef)
            # Blocks either side of the raster's seam count their columns from either end.
            if period > 0.0:
                ends[c, k, 0] -= period * math.floor((ends[c, k, 0] - ends[c, 0, 0]) / period + 0.5)
        for e in range(4):
            p, m, q = ends[c, 2 * e], ends[c, 2 * e + 1], ends[c, (2 * e + 2) % 8]
            side = math.hypot(q[0] - p[0], q[1] - p[1])
            bow = math.hypot(0.5 * (p[0] + q[0]) - m[0], 0.5 * (p[1] + q[1]) - m[1])
            # The bow of a parabola falls with the square of the number of chords.
            cuts[c, e] = min(_MOST_CHORDS, 1 + int(math.sqrt(bow / (_CHORD * side))))
        start[c + 1] = start[c] + cuts[c, 0] + cuts[c, 1] + cuts[c, 2] + cuts[c, 3]
    points = np.empty((start[n], 3))
    at = 0
    for c in range(n):
        for e in range(4):
            p, m, q = ends[c, 2 * e], ends[c, 2 * e + 1], ends[c, (2 * e + 2) % 8]
            # Archimedes: two thirds of the box; an edge that bows outwards adds area.
            away_u, away_v = m[0] - 0.5 * (p[0] + q[0]), m[1] - 0.5 * (p[1] + q[1])
            bulge = -2.0 / 3.0 * ((q[0] - p[0]) * away_v - (q[1] - p[1]) * away_u) / cuts[c, e] ** 3
            for i in range(cuts[c, e]):
                t = i / cuts[c, e]
                # The parabola through both ends and the middle.
                for d in range(2):
                    points[at, d] = p[d] + t * ((4.0 * m[d] - 3.0 * p[d] - q[d]) + t * 2.0 * (p[d] + q[d] - 2.0 * m[d]))
                points[at, 2] = bulge
                at += 1
    return start, points


@njit(cache=True, nogil=True)
def _add_piece(part: Floats, u0: float, v0: float, u1: float, v1: float, bulge: float) -> None:
    """Area to the east of a piece that stays inside one pixel, signed, into part[row, column]."""
    i = max(0, math.floor(0.5 * (u0 + u1)))
    j = max(0, math.floor(0.5 * (v0 + v1)))
    rise = v0 - v1
    west = 0.5 * (u0 + u1) - i
    part[j, i] += rise * (1.0 - west) + bulge
    part[j, i + 1] += rise * west - bulge


@njit(cache=True, nogil=True, error_model="numpy")
def _add_chord(part: Floats, p: Floats, q: Floats, i0: int, j0: int) -> None:
    """Cut the chord from p to q at the pixel edges it crosses, in order along it, and add its pieces."""
    u0, v0, u1, v1, bulge = p[0] - i0, p[1] - j0, q[0] - i0, q[1] - j0, p[2]
    if math.floor(u0) == math.floor(u1) and math.floor(v0) == math.floor(v1):
        _add_piece(part, u0, v0, u1, v1, bulge)
        return
    du, dv = u1 - u0, v1 - v0
    step_u, step_v = (1 if du > 0 else -1), (1 if dv > 0 else -1)
    next_u = math.floor(u0) + 1.0 if du > 0 else math.ceil(u0) - 1.0
    next_v = math.floor(v0) + 1.0 if dv > 0 else math.ceil(v0) - 1.0
    pu, pv, done = u0, v0, 0.0
    while True:
        tu = (next_u - u0) / du if du != 0.0 else math.inf
        tv = (next_v - v0) / dv if dv != 0.0 else math.inf
        t = min(tu, tv)
        if t >= 1.0:
            break
        qu = next_u if tu <= tv else u0 + t * du
        qv = next_v if tv <= tu else v0 + t * dv
        # Share of the bulge up to t along a parabola over its chord.
        part_done = t * t * (3.0 - 2.0 * t)
        _add_piece(part, pu, pv, qu, qv, bulge * (part_done - done))
        pu, pv, done = qu, qv, part_done
        if tu <= tv:
            next_u += step_u
        if tv <= tu:
            next_v += step_v
    _add_piece(part, pu, pv, u1, v1, bulge * (1.0 - done))


@njit(cache=True, nogil=True, error_model="numpy")
def area_weights(
    start: Ints, points: Floats, shape: Ints, row_area: Floats, first_row: int
) -> tuple[Ints, Ints, Floats, Floats]:
    """
    Area of every pixel inside every cell, by walking the outlines (Green's theorem).

    The planar share of a pixel inside the outline times the pixel's area. Pixels
    outside the raster count in the total only.

    start : int64[n_cell + 1], points : float64[n_point, 3], from ``cell_outlines``
    shape : int64[3], rows, columns, and columns around the globe (0: does not close)
    row_area : float64[n], m2, area of a pixel of each row from first_row on
    first_row : int, may be negative
    returns : int64[n_cell + 1], int64[n_weight] row * columns + column,
        float64[n_weight] m2, float64[n_cell] m2 of the whole cell
    """
    n = start.size - 1
    n_row, n_col, around = shape[0], shape[1], shape[2]
    box = np.empty((n, 4), np.int64)
    room, widest = 0, 0
    for c in range(n):
        west = east = points[start[c], 0]
        south = north = points[start[c], 1]
        for k in range(start[c] + 1, start[c + 1]):
            west, east = min(west, points[k, 0]), max(east, points[k, 0])
            south, north = min(south, points[k, 1]), max(north, points[k, 1])
        box[c, 0], box[c, 1] = math.floor(west), math.floor(east)
        box[c, 2], box[c, 3] = math.floor(south), math.floor(north)
        size = (box[c, 1] - box[c, 0] + 1) * (box[c, 3] - box[c, 2] + 1)
        room += size
        widest = max(widest, (box[c, 1] - box[c, 0] + 3) * (box[c, 3] - box[c, 2] + 2))
    begin = np.zeros(n + 1, np.int64)
    pixel = np.empty(room, np.int64)
    weight = np.empty(room)
    total = np.zeros(n)
    scratch = np.empty(widest)
    at = 0
    for c in range(n):
        i0, j0 = box[c, 0], box[c, 2]
        width, height = box[c, 1] - i0 + 3, box[c, 3] - j0 + 2
        part = scratch[: width * height].reshape(height, width)
        part[:] = 0.0
        first, last = start[c], start[c + 1]
        whole = 0.0
        for k in range(first, last):
            follow = k + 1 if k + 1 < last else first
            p, q = points[k], points[follow]
            whole += 0.5 * ((p[0] - i0) * (q[1] - j0) - (q[0] - i0) * (p[1] - j0)) + p[2]
            _add_chord(part, p, q, i0, j0)
        # Rounding leaves crumbs in pixels the cell only touches; they are no share of it.
        crumb = 1e-11 * abs(whole)
        sign = 1.0 if whole >= 0 else -1.0
        for j in range(height - 1):
            share = 0.0
            area = row_area[min(max(j + j0 - first_row, 0), row_area.size - 1)]
            for i in range(width - 2):
                share += part[j, i]
                if sign * share <= crumb:
                    continue
                w = sign * share * area
                total[c] += w
                column = i + i0
                if around > 0:
                    column %= around
                if 0 <= column < n_col and 0 <= j + j0 < n_row:
                    pixel[at] = (j + j0) * n_col + column
                    weight[at] = w
                    at += 1
        begin[c + 1] = at
    return begin, pixel[:at].copy(), weight[:at].copy(), total


@njit(cache=True, nogil=True, error_model="numpy")
def mean_by_cell(values: Numbers, areas: Areas, least: float, mean: Floats, share: Floats) -> None:
    """
    Weighted mean of the pixels in each cell, and the share of the cell that was seen.

    values : float[n_layer, n_row, n_col], NaN where missing
    areas : Areas (begin, pixel, weight, total)
    least : float, above 0; below this share a cell has no mean
    mean, share : float64[n_cell, n_layer], every value written, the mean NaN where too little was seen; the
        caller makes them, because NumPy asks the system for large pages and a kernel cannot
    """
    begin, pixel, weight, total = areas
    n_layer, n_row, n_col = values.shape
    # A few layers are read where they lie.
    laid = n_layer // LANES * LANES
    if n_layer - laid > LANES // 3:
        laid = n_layer
    for layer in range(laid, n_layer):
        _mean_of_layer(values[layer], areas, least, mean[:, layer], share[:, layer])
    if laid == 0:
        return
    order, start = _tiles(begin, pixel, n_row, n_col)
    side = np.empty((0, LANES), values.dtype)
    top, bottom = np.empty(LANES), np.empty(LANES)
    for tile in range(start.size - 1):
        here = order[start[tile] : start[tile + 1]]
        west, east, south, north = _box(begin, pixel, n_col, here)
        base = south * n_col + west
        room = (north - south) * n_col + east - west + 1
        if side.shape[0] < room:
            side = np.empty((room, LANES), values.dtype)
        for layer in range(0, laid, LANES):
            n = min(LANES, laid - layer)
            for j in range(south, north + 1):
                for i in range(west, east + 1):
                    line = side[j * n_col + i - base]
                    for k in range(n):
                        line[k] = values[layer + k, j, i]
                    for k in range(n, LANES):
                        line[k] = np.nan
            for c in here:
                top[:] = 0.0
                bottom[:] = 0.0
                for m in range(begin[c], begin[c + 1]):
                    w = weight[m]
                    line = side[pixel[m] - base]
                    # Of a fixed length, so that it becomes a few wide instructions.
                    for k in range(LANES):
                        v = line[k]
                        known = v == v
                        top[k] += w * v if known else 0.0
                        bottom[k] += w if known else 0.0
                for k in range(n):
                    seen = min(1.0, bottom[k] / total[c])
                    mean[c, layer + k] = top[k] / bottom[k] if seen >= least else np.nan
                    share[c, layer + k] = seen


@njit(cache=True, nogil=True, error_model="numpy")
def _mean_of_layer(values: Numbers, areas: Areas, least: float, mean: Floats, share: Floats) -> None:
    """``mean_by_cell`` of one layer, float[n_row, n_col], read where it lies; mean, share float64[n_cell]."""
    begin, pixel, weight, total = areas
    n_row, n_col = values.shape
    flat = np.ascontiguousarray(values).reshape(n_row * n_col)
    for c in range(total.size):
        top, bottom = 0.0, 0.0
        for m in range(begin[c], begin[c + 1]):
            v, w = flat[pixel[m]], weight[m]
            known = v == v
            top += w * v if known else 0.0
            bottom += w if known else 0.0
        seen = min(1.0, bottom / total[c])
        mean[c] = top / bottom if seen >= least else np.nan
        share[c] = seen


@njit(cache=True, nogil=True)
def _tiles(begin: Ints, pixel: Ints, n_row: int, n_col: int) -> tuple[Ints, Ints]:
    """
    Cells that lie together, whatever their order and however the lattice is turned against the raster.

    returns : int64[n_cell] cells tile after tile, int64[n_tile + 1] where each tile begins
    """
    n_cell = begin.size - 1
    across = n_col // TILE + 1
    start = np.zeros((n_row // TILE + 1) * across + 1, np.int64)
    own = np.zeros(n_cell, np.int64)
    for c in range(n_cell):
        if begin[c] < begin[c + 1]:
            p = pixel[begin[c]]
            own[c] = p // n_col // TILE * across + p % n_col // TILE
        start[own[c] + 1] += 1
    for t in range(1, start.size):
        start[t] += start[t - 1]
    order = np.empty(n_cell, np.int64)
    at = start[:-1].copy()
    for c in range(n_cell):
        order[at[own[c]]] = c
        at[own[c]] += 1
    return order, start


@njit(cache=True, nogil=True)
def _box(begin: Ints, pixel: Ints, n_col: int, cells: Ints) -> tuple[int, int, int, int]:
    """First and last column, first and last row of the pixels of some cells; an empty box where they have none."""
    west, east, south, north = pixel.size + n_col, -1, pixel.size + n_col, -1
    for c in cells:
        for m in range(begin[c], begin[c + 1]):
            j, i = pixel[m] // n_col, pixel[m] % n_col
            west, east, south, north = min(west, i), max(east, i), min(south, j), max(north, j)
    return (west, east, south, north) if east >= 0 else (0, -1, 0, -1)
