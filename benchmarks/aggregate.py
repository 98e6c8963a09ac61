"""
Raster to cell against exactextract, rasterstats and GDAL's average, in one run.

    python benchmarks/aggregate.py [--side 192] [--layers 365] [--runs 3]

Every contender gets the same raster in memory and the same cells (the others as
polygons made beforehand), the runs are interleaved, and only ratios within one
run mean anything. Times are CPU seconds (wall in brackets where more than one
thread could help). Peak memory is of a fresh process per contender. Prints
markdown for docs/benchmarks.md.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version

import numpy as np
import pyproj
import shapely
import xarray as xr

ALBERS = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +ellps=GRS80"


def square(side, spacing):
    """side x side cells south of Beijing, as ``Grid.cover`` would list them."""
    first = (int(600e3 // spacing), int(3870e3 // spacing))
    col, row = np.meshgrid(np.arange(side) + first[0], np.arange(side) + first[1])
    x, y = (col.ravel() + 0.5) * spacing, (row.ravel() + 0.5) * spacing
    return xr.Dataset(coords={"x": ("cell", x), "y": ("cell", y)}, attrs={"spacing": spacing, "crs": ALBERS})


def raster(cells, n_layer, step=0.01, holes=0.3):
    """Smooth fields with cloud-like holes on a 0.01 degree grid around the cells."""
    rng = np.random.default_rng(20180828)
    to = pyproj.Transformer.from_crs(ALBERS, 4326, always_xy=True)
    lon, lat = to.transform(cells["x"].values, cells["y"].values)
    x, y = (np.arange(np.floor(v.min() / step) - 5, np.ceil(v.max() / step) + 5) * step for v in (lon, lat))
    base = (50 + 20 * np.sin(x[None, :] * 3) * np.cos(y[:, None] * 4)).astype("float32")
    values = np.empty((n_layer, y.size, x.size), "float32")
    for k in range(n_layer):
        values[k] = base * (0.5 + rng.random()) + rng.normal(0, 3, base.shape).astype("float32")
        coarse = rng.random((y.size // 8 + 1, x.size // 8 + 1)) < holes
        values[k][np.kron(coarse, np.ones((8, 8), bool))[: y.size, : x.size]] = np.nan
    coords = {"time": np.arange(n_layer), "y": y, "x": x}
    return xr.DataArray(values, dims=("time", "y", "x"), coords=coords, name="pm25", attrs={"crs": "EPSG:4326"})


def polygons(cells, per_side=16):
    """The cells as WGS 84 polygons, edges cut as finely as exactextract needs to agree."""
    import geopandas as gpd

    s = cells.attrs["spacing"]
    t = np.arange(per_side) / per_side
    zero, one = np.zeros_like(t), np.ones_like(t)
    ring = np.concatenate([np.c_[t, zero], np.c_[one, t], np.c_[1 - t, one], np.c_[zero, 1 - t]])
    west, south = cells["x"].values[:, None] - s / 2, cells["y"].values[:, None] - s / 2
    to = pyproj.Transformer.from_crs(ALBERS, 4326, always_xy=True)
    lon, lat = to.transform(west + s * ring[None, :, 0], south + s * ring[None, :, 1])
    return gpd.GeoDataFrame(geometry=shapely.polygons(np.stack([lon, lat], axis=-1)), crs="EPSG:4326")


def _frame(field):
    x, y = field["x"].values, field["y"].values
    dx, dy = (x[-1] - x[0]) / (x.size - 1), (y[-1] - y[0]) / (y.size - 1)
    return {"xmin": x[0] - dx / 2, "xmax": x[-1] + dx / 2, "ymin": y[0] - dy / 2, "ymax": y[-1] + dy / 2}


def _row_area(field):
    """Relative area of a pixel of each row on the ellipsoid."""
    lat = np.radians(field["y"].values)
    return np.cos(lat) / (1 - 0.00669438 * np.sin(lat) ** 2) ** 2


def ours(field, cells, shapes):
    from hotspot.estimate.field import areas
    from hotspot.estimate.field.aggregate import aggregate

    areas._KEPT.clear()  # cold: the weights are made again
    return aggregate(field, cells, min_coverage=1e-9)["pm25"].values


def ours_warm(field, cells, shapes):
    from hotspot.estimate.field.aggregate import aggregate

    return aggregate(field, cells, min_coverage=1e-9)["pm25"].values


def ours_one_thread(field, cells, shapes):
    from hotspot.estimate.field import aggregate

    held, aggregate._THREADS = aggregate._THREADS, 1
    try:
        return ours_warm(field, cells, shapes)
    finally:
        aggregate._THREADS = held


def exactextract(field, cells, shapes):
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    frame = _frame(field)
    sources = [NumPyRasterSource(v[::-1], **frame, nodata=np.nan, name=f"b{k}") for k, v in enumerate(field.values)]
    area = _row_area(field)[::-1, None] * np.ones(field["x"].size)
    weight = NumPyRasterSource(area, **frame, name="w")
    out = exact_extract(sources, shapes, ["weighted_mean"], weights=weight, output="pandas")
    return out.to_numpy(float)


def exactextract_csr(field, cells, shapes):
    """exactextract's weights once, then one sparse product per pass over values and holes."""
    import scipy.sparse as sparse
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    n_row, n_col = field.shape[1:]
    number = np.arange(n_row * n_col, dtype=float).reshape(n_row, n_col)
    out = exact_extract(NumPyRasterSource(number, **_frame(field)), shapes, ["coverage", "values"], output="pandas")
    pixel = np.concatenate(out["values"].to_numpy()).astype(np.int64)
    size = [v.size for v in out["values"]]
    weight = np.concatenate(out["coverage"].to_numpy()) * _row_area(field)[::-1][pixel // n_col]
    matrix = sparse.csr_array((weight, pixel, np.concatenate([[0], np.cumsum(size)])), (len(size), n_row * n_col))
    flat = field.values[:, ::-1].reshape(field.shape[0], -1).T
    known = np.isfinite(flat)
    with np.errstate(invalid="ignore"):
        return (matrix @ np.where(known, flat, 0)) / (matrix @ known.astype("float32"))


def csr_ready(field, cells, shapes):
    """Weights held as a float32 CSR matrix (made in an uncounted call), one layer after the other, holes and all."""
    import scipy.sparse as sparse

    key = (cells["x"].size, field.shape[1:])
    if key not in _READY:
        from exactextract import exact_extract
        from exactextract.raster import NumPyRasterSource

        n_row, n_col = field.shape[1:]
        number = np.arange(n_row * n_col, dtype=float).reshape(n_row, n_col)
        out = exact_extract(NumPyRasterSource(number, **_frame(field)), shapes, ["coverage", "values"], output="pandas")
        pixel = np.concatenate(out["values"].to_numpy()).astype(np.int64)
        size = [v.size for v in out["values"]]
        weight = (np.concatenate(out["coverage"].to_numpy()) * _row_area(field)[::-1][pixel // n_col]).astype("float32")
        starts = np.concatenate([[0], np.cumsum(size)])
        _READY[key] = sparse.csr_array((weight, pixel.astype(np.int32), starts), (len(size), n_row * n_col))
    matrix, means = _READY[key], np.empty((field.shape[0], cells["x"].size), "float32")
    for k, layer in enumerate(field.values):
        flat = layer[::-1].ravel()
        known = np.isfinite(flat)
        with np.errstate(invalid="ignore"):
            means[k] = (matrix @ np.where(known, flat, np.float32(0))) / (matrix @ known.astype("float32"))
    return means.T


_READY: dict = {}


def extractrs(field, cells, shapes):
    """Coverage by Rust, kept while the cells and the frame stay, all layers in one call; holes as a number."""
    import extractrs as rust

    key = (cells["x"].size, field.shape[1:], len(shapes.geometry.iloc[0].exterior.coords))
    frame, (n_row, n_col) = _frame(field), field.shape[1:]
    step = (frame["xmax"] - frame["xmin"]) / n_col, (frame["ymax"] - frame["ymin"]) / n_row
    if key not in _COVERED:
        edges = (frame[name] for name in ("xmin", "ymin", "xmax", "ymax"))
        wkb = shapely.to_wkb(shapes.geometry.values).tolist()
        _COVERED[key] = rust.build_cache(wkb, list(range(len(wkb))), *edges, *step)
    hole = -9999.0
    values = np.where(np.isfinite(field.values), field.values, hole)[:, ::-1].astype(float)
    area = np.ascontiguousarray(_row_area(field)[::-1, None] * np.ones(n_col))
    means = rust.apply_stat_batch_weights(
        _COVERED[key], np.ascontiguousarray(values), area, hole, -1.0, "weighted_mean"
    )
    means = np.asarray(means).T
    return np.where(means == hole, np.nan, means)


def extractrs_cold(field, cells, shapes):
    _COVERED.clear()
    return extractrs(field, cells, shapes)


def extractrs_four(field, cells, shapes):
    """Cold, from polygons of four vertices: the edges of a cell are no straight lines in degrees, so a little off."""
    return extractrs_cold(field, cells, polygons(cells, 1))


_COVERED: dict = {}


def rasterstats(field, cells, shapes):
    """All-touched centre method, one layer after the other."""
    from affine import Affine
    from rasterstats import zonal_stats

    frame = _frame(field)
    n_row, n_col = field.shape[1:]
    step = ((frame["xmax"] - frame["xmin"]) / n_col, (frame["ymax"] - frame["ymin"]) / n_row)
    place = Affine(step[0], 0, frame["xmin"], 0, -step[1], frame["ymax"])
    means = [
        [s["mean"] for s in zonal_stats(shapes, v[::-1].astype(float), affine=place, stats="mean", nodata=np.nan)]
        for v in field.values
    ]
    return np.array(means, float).T


def gdal_average(field, cells, shapes):
    """Warp onto the lattice with resampling "average" (inexact at pixel edges)."""
    from affine import Affine
    from rasterio.warp import Resampling, reproject

    frame, s = _frame(field), cells.attrs["spacing"]
    n_row, n_col = field.shape[1:]
    step = ((frame["xmax"] - frame["xmin"]) / n_col, (frame["ymax"] - frame["ymin"]) / n_row)
    place = Affine(step[0], 0, frame["xmin"], 0, -step[1], frame["ymax"])
    x, y = cells["x"].values, cells["y"].values
    side = round(x.size**0.5)
    goal = Affine(s, 0, x.min() - s / 2, 0, -s, y.max() + s / 2)
    out = np.full((field.shape[0], side, side), np.nan, "float32")
    for k, v in enumerate(field.values):
        reproject(
            v[::-1], out[k], src_transform=place, src_crs="EPSG:4326", dst_transform=goal, dst_crs=ALBERS,
            src_nodata=np.nan, dst_nodata=np.nan, resampling=Resampling.average,
        )  # fmt: skip
    return out[:, ::-1].reshape(field.shape[0], -1).T


_ALL = (
    ours, ours_warm, ours_one_thread, exactextract, exactextract_csr, csr_ready, extractrs, extractrs_cold,
    extractrs_four, rasterstats, gdal_average,
)  # fmt: skip
CONTENDERS = {f.__name__: f for f in _ALL}


def measure(names, field, cells, runs):
    """Least CPU and wall seconds of every contender (the machine is shared), interleaved, and what each returned."""
    shapes = polygons(cells)
    cpu: dict = {name: [] for name in names}
    wall: dict = {name: [] for name in names}
    result = {}
    for _ in range(runs):
        for name in names:
            c, w = time.process_time(), time.perf_counter()
            result[name] = CONTENDERS[name](field, cells, shapes)
            cpu[name].append(time.process_time() - c)
            wall[name].append(time.perf_counter() - w)
    return {n: (min(cpu[n]), min(wall[n])) for n in names}, result


def peak(name, side, spacing, n_layer):
    """Peak memory above the inputs of one contender in a fresh process, MB."""
    code = [sys.executable, __file__, "--peak", json.dumps([name, side, spacing, n_layer])]
    return float(subprocess.run(code, capture_output=True, text=True, check=True).stdout.split()[-1])


def _peak(name, side, spacing, n_layer):
    cells = square(side, spacing)
    field = raster(cells, n_layer)
    shapes = polygons(cells)
    # Compile and import first; then let the kernel forget the high-water mark (Linux).
    few = square(8, spacing)
    CONTENDERS[name](field[:1], few, polygons(few))
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before = _resident("VmRSS")
    CONTENDERS[name](field, cells, shapes)
    print((_resident("VmHWM") - before) / 1024)


def _resident(what):
    """A line of /proc/self/status, kB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(what + ":"))


COLUMNS = (
    "contender",
    "CPU s",
    "wall s",
    "peak MB",
    "times ours (CPU)",
    "cells differing in having data",
    "worst rel. diff.",
)


def table(title, names, side, spacing, n_layer, runs):
    """One markdown table of contenders on one task."""
    cells = square(side, spacing)
    field = raster(cells, n_layer)
    few = square(8, spacing)
    for name in names:  # compile and import outside the clock
        CONTENDERS[name](field[:1], few, polygons(few))
    for name in {"csr_ready", "extractrs"} & set(names):  # these get their weights for nothing
        CONTENDERS[name](field[:1], cells, polygons(cells))
    seconds, result = measure(names, field, cells, runs)
    shape = f"{field.shape[1]} x {field.shape[2]}"
    print(f"\n### {title}: {side * side:,} cells of {spacing:g} m, {n_layer} layer(s) of {shape}\n")
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    base = result["ours"]
    for name in names:
        other = result[name]
        both = np.isfinite(base) & np.isfinite(other)
        worst = float(np.abs(other[both] / base[both] - 1).max()) if both.any() else float("nan")
        lost = int((np.isfinite(base) != np.isfinite(other)).sum())
        cpu, wall = seconds[name]
        memory = peak(name, side, spacing, n_layer)
        ratio = cpu / seconds["ours"][0]
        row = (name, f"{cpu:.3f}", f"{wall:.3f}", f"{memory:.0f}", f"{ratio:.1f}", str(lost), f"{worst:.1e}")
        print("| " + " | ".join(row) + " |", flush=True)


def growth(runs, side, n_layer):
    """How time and memory of ours grow with cells and with layers."""
    print("\n### Growth of ours: 1x, 4x, 16x cells and layers\n")
    columns = ("cells", "layers", "cold, one layer: CPU s", "all layers, weights kept: CPU s", "peak MB")
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for more_cells, more_layers in ((1, 1), (2, 1), (4, 1), (1, 4), (1, 16)):
        cells, layers = square(side * more_cells, 3000.0), n_layer * more_layers
        field = raster(cells, layers)
        cold, warm = [], []
        for _ in range(runs):
            c = time.process_time()
            ours(field[:1], cells, None)
            cold.append(time.process_time() - c)
            c = time.process_time()
            ours_warm(field, cells, None)
            warm.append(time.process_time() - c)
        memory = peak("ours", side * more_cells, 3000.0, layers)
        middle = (f"{statistics.median(cold):.3f}", f"{statistics.median(warm):.3f}", f"{memory:.0f}")
        print("| " + " | ".join((f"{cells.sizes['cell']:,}", str(layers), *middle)) + " |", flush=True)


def main():
    """Run every table and print it as markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=192, help="cells along the square's side")
    parser.add_argument("--layers", type=int, default=365, help="layers of the long table")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--brief", action="store_true", help="the best peers only")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        _peak(*json.loads(given.peak))
        return
    names = ["numpy", "numba", "extractrs", "exactextract", "rasterio", "pyproj", "xarray"]
    names += [] if given.brief else ["rasterstats"]
    print(f"Python {platform.python_version()}, " + ", ".join(f"{n} {version(n)}" for n in names))
    side = given.side
    cold = ["ours", "exactextract", "extractrs_cold", "extractrs_four", "gdal_average"]
    table("One cold layer", cold[:1] + cold[2:] if given.brief else cold, side, 3000.0, 1, given.runs)
    if not given.brief:
        table("Sub-cells, one cold layer", ["ours", "exactextract", "gdal_average"], side, 500.0, 1, given.runs)
        # rasterstats takes a millisecond a cell, so it runs on a ninth.
        table("With rasterstats, one cold layer", ["ours", "exactextract", "rasterstats"], side // 3, 3000.0, 1, 1)
    ready = ["ours", "ours_warm", "ours_one_thread", "csr_ready", "extractrs"]
    table("Many layers, the best peers", ready, side, 3000.0, given.layers, given.runs)
    if given.brief:
        return
    many = ["ours", "exactextract", "exactextract_csr", "gdal_average"]
    table("Many layers", many, side, 3000.0, given.layers, 1)
    growth(given.runs, side // 2, max(1, given.layers // 16))


if __name__ == "__main__":
    main()
