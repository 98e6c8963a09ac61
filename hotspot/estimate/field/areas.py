"""The area of every pixel in every cell: a raster's geometry laid over the lattice, once."""

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats, Ints
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr
    from pyproj import CRS, Transformer

BLOCK = 30_000.0  # m, side of a block of cells that shares one polynomial; same for every study
TOLERANCE = 5e-4  # m, largest error of a block's polynomial; PROJ itself jumps by 1e-4 at the centre of LAEA
_NODES = np.linspace(-1.0, 1.0, 5)  # places in a block where the projection is asked
_KEPT: dict = {}  # weights by geometry, newest last
_KEEP = 16
_LOCK = Lock()


@dataclass(frozen=True)
class Weights:
    """
    Area of every pixel of one raster geometry in every cell of one lattice, as rows.

    ``pixel[begin[c]:begin[c + 1]]`` are the pixels of cell c and ``weight`` their
    areas inside it, m2; ``total`` is the area of the whole cell in the same
    measure, also where the raster ends. Pixels are counted from the south-west
    corner of ``window`` (first row, last row + 1, first column, last column + 1),
    itself counted from the south and the west of the raster.
    """

    begin: np.ndarray
    pixel: np.ndarray
    weight: np.ndarray
    total: np.ndarray
    window: tuple[int, int, int, int]


def weights(x: ArrayLike, y: ArrayLike, crs: str, cells: "xr.Dataset") -> Weights:
    """
    Area weights of the pixels of one raster geometry in the cells, made once and kept.

    Parameters
    ----------
    x, y : float arrays (n_col), (n_row)
        Pixel centres in ``crs``, ascending and evenly spaced.
    crs : anything pyproj understands
    cells : Dataset (cell) with ``x``, ``y`` (centres, m) and attrs ``spacing``, ``crs``

    Raises
    ------
    DataError
        The centres are not evenly spaced, or no pixel lies in a cell.

    Examples
    --------
    >>> import xarray as xr
    >>> cells = xr.Dataset(coords={"x": ("cell", [1500.0]), "y": ("cell", [1500.0])},
    ...                    attrs={"spacing": 3000.0, "crs": "ESRI:54034"})
    >>> weights([1000.0, 3000.0], [1000.0, 3000.0], "ESRI:54034", cells).weight.round().tolist()
    [4000000.0, 2000000.0, 2000000.0, 1000000.0]
    """
    across, up = _axis(x, "x"), _axis(y, "y")
    spacing = float(cells.attrs["spacing"])
    centre_x, centre_y = np.asarray(cells["x"].values, float), np.asarray(cells["y"].values, float)
    digest = hashlib.blake2b(centre_x.tobytes() + centre_y.tobytes(), digest_size=16).hexdigest()
    key = (across, up, str(crs), str(cells.attrs["crs"]), spacing, digest)
    with _LOCK:
        if key in _KEPT:
            _KEPT[key] = _KEPT.pop(key)
            return _KEPT[key]
    made = _weigh(across, up, _crs(str(crs)), _crs(str(cells.attrs["crs"])), (centre_x, centre_y, spacing))
    with _LOCK:
        _KEPT[key] = made
        while len(_KEPT) > _KEEP:
            _KEPT.pop(next(iter(_KEPT)))
    return made


def _weigh(
    across: tuple[float, float, int],
    up: tuple[float, float, int],
    raster_crs: "CRS",
    cell_crs: "CRS",
    places: tuple[Floats, Floats, float],
) -> Weights:
    """The weights themselves: blocks of the projection, outlines, areas, window."""
    from hotspot.kernels import bin as kernel

    (x0, dx, n_col), (y0, dy, n_row) = across, up
    centre_x, centre_y, spacing = places
    col, row = _lattice(centre_x, spacing, "x"), _lattice(centre_y, spacing, "y")
    widest = max(1, round(BLOCK / spacing))
    for block in (widest, max(1, widest // 4), 1):
        first_col, first_row = int(col.min()) // block * block, int(row.min()) // block * block
        at = _blocks(col - first_col, row - first_row, block)
        project = _Projection(raster_crs, cell_crs, across, up, (first_col * spacing, first_row * spacing, spacing))
        coef = project.polynomials(at, block)
        if project.worst(at, block, coef) * spacing <= TOLERANCE:
            break
    else:
        raise DataError("the projection between raster and cells is not smooth here; reproject the raster first.")
    period = 360 / dx if raster_crs.is_geographic else 0.0
    start, points = kernel.cell_outlines(col - first_col, row - first_row, block, at, coef, period)
    low, high = math.floor(points[:, 1].min()) - 1, math.floor(points[:, 1].max()) + 2
    row_area = project.row_area(low, high)
    around = round(period) if abs(period - round(period)) < 0.01 else 0
    begin, pixel, weight, total = kernel.area_weights(start, points, np.array([n_row, n_col, around]), row_area, low)
    if pixel.size == 0:
        west, east = points[:, 0].min() * dx + x0, points[:, 0].max() * dx + x0
        south, north = points[:, 1].min() * dy + y0, points[:, 1].max() * dy + y0
        raise DataError(
            f"the raster covers x {x0:g} to {x0 + n_col * dx:g}, y {y0:g} to {y0 + n_row * dy:g}, but the cells lie in "
            f"x {west:g} to {east:g}, y {south:g} to {north:g} of its CRS; check the raster's CRS and region."
        )
    j, i = pixel // n_col, pixel % n_col
    window = (int(j.min()), int(j.max()) + 1, int(i.min()), int(i.max()) + 1)
    inside = (j - window[0]) * (window[3] - window[2]) + i - window[2]
    return Weights(begin, inside, weight, total, window)


class _Projection:
    """From places on the lattice to pixel places of one raster, by polynomials per block."""

    def __init__(
        self,
        raster_crs: "CRS",
        cell_crs: "CRS",
        across: tuple[float, float, int],
        up: tuple[float, float, int],
        origin: tuple[float, float, float],
    ) -> None:
        self.raster_crs, self.cell_crs = raster_crs, cell_crs
        self.across, self.up, self.origin = across, up, origin

    def pixels(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Exact pixel places (u, v) of lattice places in cells from the first block."""
        (x0, dx, n_col), (y0, dy, _) = self.across, self.up
        west, south, spacing = self.origin
        forward = _transformer(self.cell_crs.to_wkt(), self.raster_crs.to_wkt())
        px, py = forward.transform(west + x * spacing, south + y * spacing)
        if not (np.isfinite(px).all() and np.isfinite(py).all()):
            raise DataError("some cells have no place in the raster's CRS; check the CRS of the raster.")
        if self.raster_crs.is_geographic:
            # Longitudes run on without a jump inside a block, and lie as near the raster as they can.
            first = px[..., :1, :1]
            middle = x0 + dx * n_col / 2
            px = px - 360 * np.round((px - first) / 360) - 360 * np.round((first - middle) / 360)
        return (px - x0) / dx, (py - y0) / dy

    def _nodes(self, at: Ints, block: int, nodes: Floats) -> tuple[Floats, Floats]:
        """Lattice places of nodes (-1..1) in each block, float64[n_block, n, n], in cells."""
        rows, cols = np.nonzero(at >= 0)
        step = (nodes + 1) / 2 * block
        x = (cols * block)[:, None, None] + step[None, :, None] + np.zeros(nodes.size)[None, None, :]
        y = (rows * block)[:, None, None] + step[None, None, :] + np.zeros(nodes.size)[None, :, None]
        return x, y

    def polynomials(self, at: Ints, block: int) -> Floats:
        """float64[n_block, 2, 5, 5], powers of s (east) by powers of t (north)."""
        u, v = self.pixels(*self._nodes(at, block, _NODES))
        solve = np.linalg.inv(np.vander(_NODES, increasing=True))
        return np.ascontiguousarray(np.einsum("pi,qj,kcij->kcpq", solve, solve, np.stack([u, v], axis=1)))

    def worst(self, at: Ints, block: int, coef: Floats) -> float:
        """Largest error of the polynomials between their nodes, in cells."""
        between = np.array([-0.8, -0.2, 0.45, 0.9])
        u, v = self.pixels(*self._nodes(at, block, between))
        powers = np.vander(between, 5, increasing=True)
        guess = np.einsum("ip,jq,kcpq->kcij", powers, powers, coef)
        error = np.hypot(guess[:, 0] - u, guess[:, 1] - v)
        # A cell's side in pixels, from the spread of the places.
        side = np.hypot(u[:, -1, 0] - u[:, 0, 0], v[:, -1, 0] - v[:, 0, 0]) / (0.85 * block)
        return float((error.max(axis=(1, 2)) / side).max())

    def row_area(self, low: int, high: int) -> Floats:
        """Area of a pixel of each raster row from low to high - 1, m2."""
        (x0, dx, n_col), (y0, dy, _) = self.across, self.up
        edges = y0 + dy * np.arange(low, high + 1)
        if self.raster_crs.is_geographic:
            return _zone_area(self.raster_crs.ellipsoid, np.clip(edges, -90, 90)) * math.radians(dx)
        # The lattice keeps areas, so the area of a pixel is that of its picture there.
        back = _transformer(self.raster_crs.to_wkt(), self.cell_crs.to_wkt())
        middle = x0 + dx * n_col / 2
        ax, ay = back.transform(np.full(edges.size, middle - dx / 2), edges)
        bx, by = back.transform(np.full(edges.size, middle + dx / 2), edges)
        diagonal = (bx[1:] - ax[:-1]) * (ay[1:] - by[:-1]) - (ax[1:] - bx[:-1]) * (by[1:] - ay[:-1])
        area = np.abs(diagonal) / 2
        if not (np.isfinite(area).all() and (area > 0).all()):
            raise DataError("pixels near the cells have no area in the lattice's CRS; check the CRS of the raster.")
        return area


def _zone_area(ellipsoid: Any, lat: Floats) -> Floats:
    """Area between neighbouring parallels per radian of longitude, m2 (Snyder 1987, 3-12)."""
    a, b = ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre
    e = math.sqrt(max(0.0, 1 - (b / a) ** 2))
    sine = np.sin(np.radians(lat))
    q = 2 * sine if e == 0 else (1 - e * e) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    return np.diff(q) * a * a / 2


def _blocks(col: Ints, row: Ints, block: int) -> Ints:
    """int64[n_block_row, n_block_col]: position of every block that holds a cell's corner, else -1."""
    at = np.full((row.max() // block + 2, col.max() // block + 2), -1, dtype=np.int64)
    for east in (0, 1):
        for north in (0, 1):
            at[(row + north) // block, (col + east) // block] = 0
    at[at >= 0] = np.arange((at >= 0).sum())
    return at


def _lattice(centre: Floats, spacing: float, name: str) -> Ints:
    """Column or row of each centre from the CRS origin, int64."""
    place = centre / spacing - 0.5
    whole = np.round(place)
    if not np.isfinite(centre).all() or np.abs(place - whole).max(initial=0.0) > 1e-6:
        raise DataError(f"cells: some centre {name} is not in the middle of a {spacing:g} m cell; use Grid.cover.")
    return whole.astype(np.int64)


def _axis(centres: ArrayLike, name: str) -> tuple[float, float, int]:
    """First edge, step and number of pixels of evenly spaced ascending centres."""
    centres = np.asarray(centres, dtype=float)
    if centres.size < 2 or not np.isfinite(centres).all():
        raise DataError(f"raster: {centres.size} pixels along {name}; give at least two finite coordinates.")
    step = float(centres[-1] - centres[0]) / (centres.size - 1)
    even = centres[0] + step * np.arange(centres.size)
    if step <= 0 or np.abs(centres - even).max() > 0.02 * step:
        raise DataError(f"raster: the {name} coordinates are not evenly spaced; regrid it before use.")
    return float(centres[0]) - step / 2, step, int(centres.size)


@lru_cache(maxsize=64)
def _crs(text: str) -> "CRS":
    import pyproj

    try:
        return pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError as error:
        raise DataError(f"raster: CRS {text[:80]!r} is not known ({error}); declare an EPSG code.") from None


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> "Transformer":
    import pyproj

    return pyproj.Transformer.from_crs(source, target, always_xy=True)
