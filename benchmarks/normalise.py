"""
Three years of days of the 2+26 region, weather taken out and levelled, and the Monte Carlo way beside it.

The input is made here: a square region of CELLS cells of 3 km with sources, clouds (10 % of cell-days
missing), eight weather variables on a 0.25 degree grid. Measured apart: the whole ``normalise`` with its
background (own processes, or a local dask cluster), with the SHA-256 of the result; peak memory of this process and
of its largest child; and, on one block's mean series, fit and averaging against 300 resamples predicted by
LightGBM itself, single thread each.

    python benchmarks/normalise.py [--cells 36793] [--years 3] [--workers 2] [--dask] [--only-monte-carlo]
"""

import argparse
import hashlib
import platform
import resource
import time
import warnings
from importlib.metadata import version

import numpy as np
import xarray as xr

from hotspot.estimate.weather.block_level import QUANTITIES
from hotspot.estimate.weather.forest import average_over_weather, flatten
from hotspot.estimate.weather.model import calendar_columns, train
from hotspot.estimate.weather.normalise import normalise
from hotspot.estimate.weather.rows import weather_steps, weather_table
from hotspot.rules.criteria import Criteria


def scene(n_cell, n_year):
    """Daily weather on a grid and PM2.5 of cells, float32: season, ventilation, rain, sources, clouds."""
    rng = np.random.default_rng(0)
    day = np.arange(np.datetime64("2022-01-01"), np.datetime64(f"{2022 + n_year}-01-01")).astype("datetime64[ns]")
    n = len(day)
    side = int(np.ceil(n_cell**0.5))
    row, col = (axis.ravel()[:n_cell] for axis in np.divmod(np.arange(side * side), side))
    lon, lat = 112.0 + col * 0.034, 34.0 + row * 0.027
    grid_lon, grid_lat = np.arange(111.75, lon.max() + 0.26, 0.25), np.arange(33.75, lat.max() + 0.26, 0.25)
    shape = (n, len(grid_lat), len(grid_lon))
    season = np.cos(2 * np.pi * (np.arange(n) - 15) / 365.25)[:, None, None]

    def field(days, across):
        common = rng.standard_normal(n + days)
        common = np.convolve(common, np.ones(days) / days**0.5, "valid")[:n, None, None]
        own = rng.standard_normal((n, 3, 3))
        at = [np.linspace(0, 1.999, k) for k in shape[1:]]
        wide = own[:, at[0].astype(int)][:, :, at[1].astype(int)]
        return common + across * wide

    u, v = 1.5 * field(2, 0.2) + 0.4 * season, 1.5 * field(2, 0.2) - 0.5 * season
    blh = np.exp(6.0 - 0.35 * season + 0.4 * field(3, 0.1))
    rain = np.maximum(field(2, 0.3) - 1.2, 0) * 6.0
    values = {
        "u10": u, "v10": v, "blh": blh, "tp": rain, "t2m": 13 - 14 * season + 3 * field(4, 0.1),
        "d2m": 5 - 12 * season + 4 * field(3, 0.1), "rh2m": np.clip(60 + 15 * field(3, 0.2), 5, 100),
        "sp": 1005 + 8 * season + 5 * field(3, 0.05),
    }  # fmt: skip
    coords = {"time": day, "lat": grid_lat, "lon": grid_lon}
    dims = ("time", "lat", "lon")
    weather = xr.Dataset({k: (dims, np.broadcast_to(x, shape).astype("f4")) for k, x in values.items()}, coords)
    weather.attrs["step_hours"] = 24
    nearest = [np.abs(axis[:, None] - at).argmin(0) for axis, at in ((grid_lat, lat), (grid_lon, lon))]
    effect = -0.45 * np.log(blh * np.hypot(u, v) + 50) - 0.05 * rain
    emission = 25 * rng.gamma(0.3, 1.0, n_cell)
    pm25 = np.empty((n_cell, n), "f4")
    for cell in range(n_cell):
        clean = effect[:, nearest[0][cell], nearest[1][cell]] + 2.9
        local = emission[cell] * np.exp(-0.2 * u[:, nearest[0][cell], nearest[1][cell]])
        pm25[cell] = np.exp(clean) * (35 + 12 * season[:, 0, 0] + local) * np.exp(0.2 * rng.standard_normal(n))
        pm25[cell, rng.random(n) < 0.1] = np.nan
    places = {
        "cell": np.array([f"C{k:06d}" for k in range(n_cell)]), "col": ("cell", col), "row": ("cell", row),
        "lon": ("cell", lon), "lat": ("cell", lat), "x": ("cell", col * 3000.0), "y": ("cell", row * 3000.0),
    }  # fmt: skip
    field_ = xr.Dataset({"pm25": (("cell", "day"), pm25, {"unit": "ug/m3"})}, places | {"day": day})
    return field_.assign_attrs(spacing=3000.0), weather


def digest(level):
    """SHA-256 over the bytes of every level and its bounds."""
    found = hashlib.sha256()
    for name in sorted(level.data_vars):
        found.update(np.ascontiguousarray(level[name].values).tobytes())
    return found.hexdigest()[:16]


def monte_carlo(field, weather, n_draw=300, repeat=3):
    """One daily series: exact average against resampled predictions of the same model, seconds of CPU."""
    rules = Criteria().normalisation
    steps = weather_steps(weather, utc_offset=8)
    table = weather_table(steps, field["lon"].values[:1], field["lat"].values[:1])
    calendar = calendar_columns(table.time, table.time[0])
    columns = np.hstack([calendar, table.values[0]])
    target = np.log(np.nanmean(field["pm25"].values[:144], axis=0))
    weight = np.ones(len(target))
    print(f"\none series of {len(target)} days, {columns.shape[1]} columns; CPU s, medians of {repeat}")
    for name, tuned in (
        ("as set", rules),
        ("300 trees, 31 leaves", rules.model_copy(update={"trees": 300, "leaves": 31})),
    ):
        fit, laid, exact, drawn = [], [], [], []
        for number in range(repeat + 1):
            start = time.process_time()
            [model] = train(columns, target[None], weight, tuned)
            fit.append(time.process_time() - start)
            start = time.process_time()
            forest = flatten(model, calendar.shape[1])
            laid.append(time.process_time() - start)
            start = time.process_time()
            mean = average_over_weather(forest, calendar, table.values[0])
            exact.append(time.process_time() - start)
            rng = np.random.default_rng(number)
            start = time.process_time()
            total = np.zeros(len(target))
            for _ in range(n_draw):
                rows = rng.integers(0, len(target), len(target))
                total += model.predict(np.hstack([calendar, table.values[0][rows]]), num_threads=1)
            drawn.append(time.process_time() - start)
        a, f, b, c = (float(np.median(one[1:])) for one in (fit, laid, exact, drawn))
        noise = np.std(total / n_draw - mean) / np.std(mean)
        print(
            f"{name:>22}: fit {a:.3f}, trees laid out {f:.4f}, exact average {b:.4f}, {n_draw} resamples {c:.2f}: "
            f"averaging {c / b:.0f}x ({c / (f + b):.0f}x with laying out), fit and averaging "
            f"{(a + c) / (a + f + b):.0f}x; noise of the draws {noise:.0%} of the curve's sd"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=4096)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--dask", action="store_true", help="also on a local dask cluster")
    parser.add_argument("--only-monte-carlo", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"python {platform.python_version()}, {platform.machine()}, lightgbm {version('lightgbm')}, "
          f"numba {version('numba')}")  # fmt: skip
    if given.only_monte_carlo:
        return monte_carlo(*scene(144, given.years))
    small = scene(36, 1)
    start = time.perf_counter()
    normalise(*small, utc_offset=8)
    print(f"first call, compilation or cache and imports: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    field, weather = scene(given.cells, given.years)
    print(f"{given.cells:,} cells x {field.sizes['day']:,} days made in {time.perf_counter() - start:.0f} s")
    start, cpu = time.perf_counter(), time.process_time()
    level = normalise(field, weather, utc_offset=8, workers=given.workers)
    wall = time.perf_counter() - start
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = children.ru_maxrss / 1e6
    print(
        f"{given.workers} processes: {wall:.0f} s wall ({level.attrs['n_models']} blocks), main process "
        f"{time.process_time() - cpu:.0f} s CPU and {own:.2f} GB, workers together "
        f"{children.ru_utime + children.ru_stime:.0f} s CPU, the largest {child:.2f} GB, "
        f"together at most {own + given.workers * child:.2f} GB; blocked R2 {level.attrs['cv_r2']:.2f}"
    )
    names = [name for name in QUANTITIES if f"pm25_{name}" in level or name in level]
    print(f"{', '.join(names)}: SHA-256 {digest(level)}")
    if given.dask:
        from distributed import Client, LocalCluster

        with LocalCluster(n_workers=given.workers, threads_per_worker=1, dashboard_address=None) as cluster:
            client = Client(cluster)
            start = time.perf_counter()
            again = normalise(field, weather, utc_offset=8, executor=client.get_executor())
            print(f"dask, {given.workers} workers: {time.perf_counter() - start:.0f} s, SHA-256 {digest(again)}")
            client.close()
        print("equal bytes" if digest(again) == digest(level) else "DIFFERENT bytes")
    monte_carlo(field, weather)


if __name__ == "__main__":
    main()
