"""Raster to cell: area weights of every pixel in every cell, and means with them."""

import math

import numpy as np
from numba import njit

from hotspot.kernels.arrays import Floats, Ints, Numbers

DEGREE = 4  # of the polynomials that carry lattice places into pixel places
LANES = 16  # layers averaged side by side; each keeps its own sum, so the order is fixed
# A chord may leave its edge by this share of the cell's side. What lies between the two is
# added as an area of its own, so only its split between pixels is approximate.
_CHORD = 1e-6
_MOST_CHORDS = 256


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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def mean_by_cell(values: Numbers, begin: Ints, pixel: Ints, weight: Floats, total: Floats) -> tuple[Floats, Floats]:
    """
    Weighted mean of the pixels in each cell, and the share of the cell that was seen.

    values : float[n_layer, n_row, n_col], NaN where missing
    begin : int64[n_cell + 1], pixel : int64[n_weight], weight : float64[n_weight], m2
    total : float64[n_cell], m2 of the whole cell
    returns : two float64[n_cell, n_layer]; the mean is NaN where nothing was seen
    """
    n_layer, n_row, n_col = values.shape
    n_cell = total.size
    mean = np.empty((n_cell, n_layer))
    seen = np.empty((n_cell, n_layer))
    lanes = min(LANES, n_layer)
    # Layers side by side: one pixel's values of all lanes are one load.
    side = np.empty((n_row * n_col, lanes), values.dtype)
    for first in range(0, n_layer, LANES):
        n = min(LANES, n_layer - first)
        for j in range(n_row):
            for i in range(n_col):
                for k in range(n):
                    side[j * n_col + i, k] = values[first + k, j, i]
        for c in range(n_cell):
            top = np.zeros(LANES)
            bottom = np.zeros(LANES)
            for m in range(begin[c], begin[c + 1]):
                w = weight[m]
                p = pixel[m]
                for k in range(n):
                    v = side[p, k]
                    known = v == v
                    top[k] += w * v if known else 0.0
                    bottom[k] += w if known else 0.0
            for k in range(n):
                mean[c, first + k] = top[k] / bottom[k] if bottom[k] > 0.0 else np.nan
                seen[c, first + k] = min(1.0, bottom[k] / total[c])
    return mean, seen
