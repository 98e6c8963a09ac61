"""Rasters onto cells by exact area weights: METHODS 2."""

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np

from hotspot.variables import DataError

BLOCK = 32  # cells along the side of a block that shares one polynomial
TOLERANCE = 1e-9  # of a cell's side, largest error of a block's polynomial
CHUNK_BYTES = 1 << 26  # of raster window held by one task of a lazy field
PLAUSIBLE, MOST_OUTSIDE = (1.0, 500.0), 0.01  # ug/m3 and share of cells: RELIABILITY 30
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


def aggregate(field, cells, *, min_coverage=0.5):
    """
    Average a raster over cells.

    A cell that was mostly cloud stays empty: NaN, never zero.

    Parameters
    ----------
    field : DataArray (time, y, x) or (y, x), any unit, any CRS that pyproj knows
        Pixel centres in ``x`` and ``y``, evenly spaced, either way up; the CRS in
        ``attrs["crs"]``. A dask-backed field stays lazy.
    cells : Dataset (cell), from ``Study.cells`` or ``Grid.cover``
    min_coverage : float
        Share of a cell's area that must have been seen, 0 to 1.

    Returns
    -------
    Dataset (cell, time): the field in its own unit, and ``coverage``, 1

    Raises
    ------
    DataError
        The field has no CRS, is not evenly spaced, or does not touch the cells.

    Notes
    -----
    ``mean = sum(w * v) / sum(w)`` over the valid pixels, with w the share of the
    pixel inside the cell, planar in the raster's CRS as exactextract defines it
    (Baston 2025, isciences/exactextract), times the pixel's area on the
    ellipsoid. ``coverage = sum(w of valid pixels) / sum(w)``. Sums run in a fixed
    order, so neither the way up, the chunks nor the number of workers change a bit.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> crs = "+proj=laea +lat_0=2.5 +lon_0=-76.8"
    >>> cells = xr.Dataset(coords={"x": ("cell", [1500.0, 4500.0]), "y": ("cell", [1500.0, 1500.0])},
    ...                    attrs={"spacing": 3000.0, "crs": crs})
    >>> field = xr.DataArray([[[10.0, 20.0, np.nan]] * 2], dims=("time", "y", "x"), name="pm25",
    ...                      coords={"x": [1000.0, 3000.0, 5000.0], "y": [500.0, 2500.0]},
    ...                      attrs={"crs": crs, "unit": "ug/m3"})
    >>> means = aggregate(field, cells, min_coverage=0.3)
    >>> means["pm25"].values[:, 0].round(3).tolist(), means["coverage"].values[:, 0].round(3).tolist()
    ([13.333, 20.0], [1.0, 0.333])
    """
    import xarray as xr

    if not 0 < min_coverage <= 1:
        raise ValueError(f"min_coverage is {min_coverage}; give a share above 0, at most 1.")
    layers = _canonical(field)
    found = weights(layers["x"].values, layers["y"].values, _crs_of(field), cells)
    j0, j1, i0, i1 = found.window
    layers = layers.isel(y=slice(j0, j1), x=slice(i0, i1))
    mean, coverage = _means(layers.data, found, min_coverage)
    if field.name == "pm25" and field.attrs.get("period") in ("month", "year") and isinstance(mean, np.ndarray):
        check_means(mean, field.attrs.get("unit", ""))
    dims: tuple[str, ...] = ("cell", "time")
    if "time" not in field.dims:
        mean, coverage, dims = mean[:, 0], coverage[:, 0], ("cell",)
    keep = {name: c for name, c in cells.coords.items() if c.dims == ("cell",)}
    if "time" in field.coords:
        keep["time"] = field["time"]
    out = xr.Dataset({field.name or "pm25": (dims, mean), "coverage": (dims, coverage)}, coords=keep)
    out[field.name or "pm25"].attrs = {"unit": field.attrs.get("unit", "")}
    out["coverage"].attrs = {"unit": "1"}
    kept = {k: v for k, v in cells.attrs.items() if k in ("lattice_id", "spacing", "crs")}
    out.attrs = {k: v for k, v in field.attrs.items() if k != "crs"} | kept
    return out


def check_means(means, unit="ug/m3"):
    """
    Refuse monthly or yearly PM2.5 that cannot be true: RELIABILITY 30.

    Parameters
    ----------
    means : float array, ug/m3, NaN where missing
    unit : str

    Raises
    ------
    DataError
        More than 1 % of the cells lie outside 1-500 ug/m3.

    Examples
    --------
    >>> check_means(np.array([0.035, 0.041, np.nan]))
    Traceback (most recent call last):
    hotspot.variables.DataError: PM2.5: 2 of 2 cell means lie outside 1-500 ug/m3, the middle one is 0.038; ...
    """
    known = means[np.isfinite(means)]
    outside = int(((known < PLAUSIBLE[0]) | (known > PLAUSIBLE[1])).sum())
    if outside > MOST_OUTSIDE * known.size:
        raise DataError(
            f"PM2.5: {outside} of {known.size} cell means lie outside {PLAUSIBLE[0]:g}-{PLAUSIBLE[1]:g} ug/m3, the "
            f"middle one is {np.median(known):.3g}; check the unit ({unit or 'not given'}) and scale of the raster."
        )


def weights(x, y, crs, cells):
    """
    Area weights of the pixels of one raster geometry in the cells, made once and kept.

    Parameters
    ----------
    x, y : float arrays (n_col), (n_row)
        Pixel centres in ``crs``, ascending and evenly spaced.
    crs : anything pyproj understands
    cells : Dataset (cell) with ``x``, ``y`` (centres, m) and attrs ``spacing``, ``crs``

    Returns
    -------
    Weights

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


def _weigh(across, up, raster_crs, cell_crs, places):
    """The weights themselves: blocks of the projection, outlines, areas, window."""
    from hotspot.kernels import bin as kernel

    (x0, dx, n_col), (y0, dy, n_row) = across, up
    centre_x, centre_y, spacing = places
    col, row = _lattice(centre_x, spacing, "x"), _lattice(centre_y, spacing, "y")
    for block in (BLOCK, BLOCK // 4, 1):
        first_col, first_row = int(col.min()) // block * block, int(row.min()) // block * block
        at = _blocks(col - first_col, row - first_row, block)
        project = _Projection(raster_crs, cell_crs, across, up, (first_col * spacing, first_row * spacing, spacing))
        coef = project.polynomials(at, block)
        if project.worst(at, block, coef) <= TOLERANCE:
            break
    else:
        raise DataError("the projection between raster and cells is not smooth here; reproject the raster first.")
    start, points = kernel.cell_outlines(col - first_col, row - first_row, block, at, coef)
    low, high = math.floor(points[:, 1].min()) - 1, math.floor(points[:, 1].max()) + 2
    row_area = project.row_area(low, high)
    around = round(360 / dx) if raster_crs.is_geographic and abs(360 / dx - round(360 / dx)) < 0.01 else 0
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

    def __init__(self, raster_crs, cell_crs, across, up, origin):
        self.raster_crs, self.cell_crs = raster_crs, cell_crs
        self.across, self.up, self.origin = across, up, origin

    def pixels(self, x, y):
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

    def _nodes(self, at, block, nodes):
        """Lattice places of nodes (-1..1) in each block, float64[n_block, n, n], in cells."""
        rows, cols = np.nonzero(at >= 0)
        step = (nodes + 1) / 2 * block
        x = (cols * block)[:, None, None] + step[None, :, None] + np.zeros(nodes.size)[None, None, :]
        y = (rows * block)[:, None, None] + step[None, None, :] + np.zeros(nodes.size)[None, :, None]
        return x, y

    def polynomials(self, at, block):
        """float64[n_block, 2, 5, 5], powers of s (east) by powers of t (north)."""
        u, v = self.pixels(*self._nodes(at, block, _NODES))
        solve = np.linalg.inv(np.vander(_NODES, increasing=True))
        return np.ascontiguousarray(np.einsum("pi,qj,kcij->kcpq", solve, solve, np.stack([u, v], axis=1)))

    def worst(self, at, block, coef):
        """Largest error of the polynomials between their nodes, in cells."""
        between = np.array([-0.8, -0.2, 0.45, 0.9])
        u, v = self.pixels(*self._nodes(at, block, between))
        powers = np.vander(between, 5, increasing=True)
        guess = np.einsum("ip,jq,kcpq->kcij", powers, powers, coef)
        error = np.hypot(guess[:, 0] - u, guess[:, 1] - v)
        # A cell's side in pixels, from the spread of the places.
        side = np.hypot(u[:, -1, 0] - u[:, 0, 0], v[:, -1, 0] - v[:, 0, 0]) / (0.85 * block)
        return float((error.max(axis=(1, 2)) / side).max())

    def row_area(self, low, high):
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


def _zone_area(ellipsoid, lat):
    """Area between neighbouring parallels per radian of longitude, m2 (Snyder 1987, 3-12)."""
    a, b = ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre
    e = math.sqrt(max(0.0, 1 - (b / a) ** 2))
    sine = np.sin(np.radians(lat))
    q = 2 * sine if e == 0 else (1 - e * e) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    return np.diff(q) * a * a / 2


def _blocks(col, row, block):
    """int64[n_block_row, n_block_col]: position of every block that holds a cell's corner, else -1."""
    at = np.full((row.max() // block + 2, col.max() // block + 2), -1, dtype=np.int64)
    for east in (0, 1):
        for north in (0, 1):
            at[(row + north) // block, (col + east) // block] = 0
    at[at >= 0] = np.arange((at >= 0).sum())
    return at


def _lattice(centre, spacing, name):
    """Column or row of each centre from the CRS origin, int64."""
    place = centre / spacing - 0.5
    whole = np.round(place)
    if not np.isfinite(centre).all() or np.abs(place - whole).max(initial=0.0) > 1e-6:
        raise DataError(f"cells: some centre {name} is not in the middle of a {spacing:g} m cell; use Grid.cover.")
    return whole.astype(np.int64)


def _axis(centres, name):
    """First edge, step and number of pixels of evenly spaced ascending centres."""
    centres = np.asarray(centres, dtype=float)
    if centres.size < 2 or not np.isfinite(centres).all():
        raise DataError(f"raster: {centres.size} pixels along {name}; give at least two finite coordinates.")
    step = float(centres[-1] - centres[0]) / (centres.size - 1)
    even = centres[0] + step * np.arange(centres.size)
    if step <= 0 or np.abs(centres - even).max() > 0.02 * step:
        raise DataError(f"raster: the {name} coordinates are not evenly spaced; regrid it before use.")
    return float(centres[0]) - step / 2, step, int(centres.size)


def _canonical(field):
    """The field as (time, y, x) with both coordinates ascending; its values are not touched."""
    if not {"y", "x"} <= set(field.dims) or not {"y", "x"} <= set(field.coords):
        raise DataError(f"raster: dimensions {field.dims}; name them (time, y, x), with coordinates x and y.")
    extra = set(field.dims) - {"time", "y", "x"}
    if extra:
        raise DataError(f"raster: dimension {sorted(extra)[0]!r} is not (time, y, x); choose one layer of it.")
    layers = field if "time" in field.dims else field.expand_dims("time")
    layers = layers.transpose("time", "y", "x")
    for name in ("y", "x"):
        if layers[name].size > 1 and layers[name].values[0] > layers[name].values[-1]:
            layers = layers.isel({name: slice(None, None, -1)})
    return layers


def _crs_of(field):
    """The field's CRS as text."""
    crs = field.attrs.get("crs")
    if crs is None and "spatial_ref" in field.coords:
        crs = field["spatial_ref"].attrs.get("crs_wkt") or field["spatial_ref"].attrs.get("spatial_ref")
    if not crs:
        raise DataError("raster: it has no CRS; declare one in the study, e.g. crs = 'EPSG:4326'.")
    return str(crs)


@lru_cache(maxsize=64)
def _crs(text):
    import pyproj

    try:
        return pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError as error:
        raise DataError(f"raster: CRS {text[:80]!r} is not known ({error}); declare an EPSG code.") from None


@lru_cache(maxsize=64)
def _transformer(source, target):
    import pyproj

    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def _means(data, found, min_coverage):
    """Mean (NaN below the coverage) and coverage, (cell, time); lazy when the data are."""
    if not hasattr(data, "dask"):
        both = _mean_block(np.asarray(data), found, min_coverage)
        return both[0], both[1]
    import dask.array as da

    window = data.shape[1] * data.shape[2] * data.dtype.itemsize
    longest = max(1, CHUNK_BYTES // max(1, window))
    chunks = tuple(n for size in data.chunks[0] for n in _pieces(size, longest))
    data = data.rechunk({0: chunks, 1: -1, 2: -1})
    both = da.blockwise(
        _mean_block,
        "sct",
        data,
        "tyx",
        new_axes={"s": 2, "c": found.total.size},
        concatenate=True,
        dtype=float,
        meta=np.empty((0, 0, 0)),
        found=found,
        min_coverage=min_coverage,
    )
    return both[0], both[1]


def _pieces(size, longest):
    """Lengths that cut ``size`` layers into tasks of at most ``longest``."""
    return [min(longest, size - start) for start in range(0, size, longest)]


def _mean_block(values, found, min_coverage):
    """float64[2, cell, layer]: mean and coverage of some layers."""
    from hotspot.kernels import bin as kernel

    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    mean, coverage = kernel.mean_by_cell(values, found.begin, found.pixel, found.weight, found.total)
    # One rounding step of tolerance: a cell seen to exactly the limit counts.
    mean[coverage < min_coverage - 1e-12] = np.nan
    return np.stack([mean, coverage])
