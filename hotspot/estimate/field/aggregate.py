"""Rasters onto cells by exact area weights: METHODS 2."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.estimate.field.areas import Weights, weights
from hotspot.kernels.arrays import Floats
from hotspot.sources.once import Once
from hotspot.sources.store import code_of
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

CHUNK_BYTES = 1 << 26  # of raster window held by one task of a lazy field
_THREADS = min(2, os.cpu_count() or 1)
_WORTH = 20_000_000  # products of weight and value that a second thread is waked for
PLAUSIBLE, MOST_OUTSIDE = (1.0, 500.0), 0.01  # ug/m3 and share of cells: RELIABILITY 30


def aggregate(
    field: "xr.DataArray", cells: "xr.Dataset", *, min_coverage: float = 0.5, once: Once | None = None
) -> "xr.Dataset":
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
    once : Once, optional
        Of the run (``intake.once``): a layer's means are made once in its life and kept. They are not lazy.

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
    if once is None or "time" not in field.dims:
        mean, coverage = _of_cells(field, cells, min_coverage)
    else:
        made = once.of_layers(field, _about(cells, min_coverage), lambda part: _by_layer(part, cells, min_coverage))
        mean, coverage = np.ascontiguousarray(made[:, 0].T), np.ascontiguousarray(made[:, 1].T)
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


def _of_cells(field: "xr.DataArray", cells: "xr.Dataset", min_coverage: float) -> tuple[Floats, Floats]:
    """Mean and coverage, (cell, time); lazy where the field is."""
    window, found = _window(field, cells)
    return _means(window, found, min_coverage)


def _by_layer(field: "xr.DataArray", cells: "xr.Dataset", min_coverage: float) -> Floats:
    """float64[layer, 2, cell], computed."""
    window, found = _window(field, cells)
    return _mean_block(np.asarray(window), found, min_coverage).transpose(2, 0, 1)


def _window(field: "xr.DataArray", cells: "xr.Dataset") -> tuple[Any, Weights]:
    """The part of a raster that the cells touch, and its weights in them."""
    layers = _canonical(field)
    found = weights(layers["x"].values, layers["y"].values, _crs_of(field), cells)
    j0, j1, i0, i1 = found.window
    return layers.isel(y=slice(j0, j1), x=slice(i0, i1)).data, found


def _about(cells: "xr.Dataset", min_coverage: float) -> list[Any]:
    """What the means of cells hang on beside the raster: the lattice, the limit, the code."""
    places = hashlib.sha256(cells["x"].values.tobytes() + cells["y"].values.tobytes()).hexdigest()
    lattice = [places, float(cells.attrs["spacing"]), str(cells.attrs["crs"])]
    return ["means of cells", lattice, float(min_coverage), code_of(__name__, weights.__module__)]


def check_means(means: Floats, unit: str = "ug/m3") -> None:
    """
    Refuse monthly or yearly PM2.5 that cannot be true: RELIABILITY 30.

    Parameters
    ----------
    means : float array, ug/m3, NaN where missing

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


def _canonical(field: "xr.DataArray") -> "xr.DataArray":
    """The field as (time, y, x) with both coordinates ascending; its values are not touched."""
    if not {"y", "x"} <= set(field.dims) or not {"y", "x"} <= set(field.coords):
        raise DataError(f"raster: dimensions {field.dims}; name them (time, y, x), with coordinates x and y.")
    extra: set[Any] = set(field.dims) - {"time", "y", "x"}
    if extra:
        raise DataError(f"raster: dimension {sorted(extra)[0]!r} is not (time, y, x); choose one layer of it.")
    layers = field if "time" in field.dims else field.expand_dims("time")
    layers = layers.transpose("time", "y", "x")
    for name in ("y", "x"):
        if layers[name].size > 1 and layers[name].values[0] > layers[name].values[-1]:
            layers = layers.isel({name: slice(None, None, -1)})
    return layers


def _crs_of(field: "xr.DataArray") -> str:
    """The field's CRS as text."""
    crs = field.attrs.get("crs")
    if crs is None and "spatial_ref" in field.coords:
        crs = field["spatial_ref"].attrs.get("crs_wkt") or field["spatial_ref"].attrs.get("spatial_ref")
    if not crs:
        raise DataError("raster: it has no CRS; declare one in the study, e.g. crs = 'EPSG:4326'.")
    return str(crs)


def _means(data: Any, found: Weights, min_coverage: float) -> tuple[Floats, Floats]:
    """Mean (NaN below the coverage) and coverage, (cell, time); lazy when the data are."""
    if not hasattr(data, "dask"):
        both = _mean_block(np.asarray(data), found, min_coverage)
        return both[0], both[1]
    import dask
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
        found=dask.delayed(found, pure=True, traverse=False),  # one node of the graph: sent once to a worker
        min_coverage=min_coverage,
    )
    return both[0], both[1]


def _pieces(size: int, longest: int) -> list[int]:
    """Lengths that cut ``size`` layers into tasks of at most ``longest``."""
    return [min(longest, size - start) for start in range(0, size, longest)]


def _mean_block(values: Any, found: Weights, min_coverage: float) -> Floats:
    """float64[2, cell, layer]: mean and coverage of some layers."""
    from hotspot.kernels import bin as kernel

    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    n_cell, n_layer = found.total.size, values.shape[0]
    both = np.empty((2, n_cell, n_layer))
    least = min_coverage - 1e-12  # one rounding step of tolerance: a cell seen to exactly the limit counts

    def some(first: int, last: int) -> None:
        areas = kernel.Areas(found.begin[first : last + 1], found.pixel, found.weight, found.total[first:last])
        kernel.mean_by_cell(values, areas, least, both[0, first:last], both[1, first:last])

    # Every cell is summed by one thread and in one order, so their number changes no bit.
    threads = min(_THREADS, 1 + found.pixel.size * n_layer // _WORTH)
    edges = [n_cell * k // threads for k in range(threads + 1)]
    if threads == 1:
        some(0, n_cell)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(some, edges[:-1], edges[1:]))
    return both
