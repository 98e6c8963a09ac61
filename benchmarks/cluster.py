"""
What a local dask cluster of one and of two workers makes of the heavy steps: speed-up, seconds and bytes of each task.

The scene is that of ``benchmarks/normalise.py``; the rasters are LAYERS layers of 0.01 degree over its cells. Bytes are
all that crossed the machine's loopback meanwhile, heartbeats and results too (Linux). Equal bytes are checked.

    python benchmarks/cluster.py [--cells 4096] [--years 1] [--layers 120]
"""

import argparse
import hashlib
import logging
import time
import warnings
from pathlib import Path

import dask.array
import numpy as np
import pandas as pd
import xarray as xr
from aggregate import square
from distributed import Client, LocalCluster
from level import years_of
from normalise import scene

from hotspot.estimate.field.aggregate import aggregate
from hotspot.estimate.weather.normalise import normalise
from hotspot.grid.lattice import Grid

PER_CHUNK = 8  # layers


def over_loopback():
    """Bytes that the loopback carried since the machine started; NaN where there is no telling."""
    path = Path("/proc/net/dev")
    lines = path.read_text().splitlines() if path.exists() else []
    found = [line.split(":")[1].split()[0] for line in lines if line.strip().startswith("lo:")]
    return float(found[0]) if found else float("nan")


def rasters(cells, layers):
    """Layers of 0.01 degree in chunks that the workers make themselves, as a lazily opened archive would be read."""
    west, east, south, north = (f(cells[axis].values) for axis in "xy" for f in (np.min, np.max))
    lon, lat = Grid().unproject(np.array([west, east, west, east]), np.array([south, south, north, north]))
    lon, lat = np.arange(lon.min() - 0.1, lon.max() + 0.1, 0.01), np.arange(lat.max() + 0.1, lat.min() - 0.1, -0.01)
    shape = (layers, lat.size, lon.size)
    values = dask.array.random.default_rng(0).uniform(10, 90, shape, chunks=(PER_CHUNK, *shape[1:])).astype("float32")
    axes = {"time": pd.date_range("2024-01-01", periods=layers), "y": lat, "x": lon}
    return xr.DataArray(values, axes, tuple(axes), "pm25", {"units": "ug/m3", "crs": "EPSG:4326"})


def digest(*arrays):
    """SHA-256 of some arrays, its first digits."""
    found = hashlib.sha256()
    for one in arrays:
        found.update(np.ascontiguousarray(one).tobytes())
    return found.hexdigest()[:12]


def works(given):
    """Name -> a function of an executor that does the work and gives its digest."""
    field, weather = scene(given.cells, given.years)
    cells = square(int(given.cells**0.5), 3000.0)
    layers = rasters(cells, given.layers)

    def means(executor):
        return digest(aggregate(layers, cells)["pm25"].values)

    def average(executor):
        found = normalise(field, weather, utc_offset=8, executor=executor)
        return digest(*(found[name].values for name in sorted(found.data_vars)))

    return {
        f"means of {cells.sizes['cell']:,} cells, {given.layers} layers": means,
        f"months in average weather, {given.cells:,} cells": average,
        f"level by inversion, {given.cells:,} cells": lambda run: years_of(field, weather, executor=run)[1],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("cells", 4096), ("years", 1), ("layers", 120)):
        parser.add_argument(f"--{name}", type=int, default=value)
    warnings.simplefilter("ignore")
    told = {}
    print("| work | workers | wall s | tasks | s a task | kB a task | bytes |\n|---|---|---|---|---|---|---|")
    for n in (1, 2):
        with (
            LocalCluster(
                n_workers=n, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
            ) as cluster,
            Client(cluster) as client,
        ):
            for name, work in works(parser.parse_args()).items():
                work(client.get_executor())  # what is compiled or loaded once is not counted
                start, stream, before = time.time(), client.get_task_stream(), over_loopback()
                found = work(client.get_executor())
                wall, sent = time.time() - start, over_loopback() - before
                stream = [one for one in client.get_task_stream(start=start) if one not in stream]
                spent = sum(
                    s["stop"] - s["start"] for one in stream for s in one["startstops"] if s["action"] == "compute"
                )
                told.setdefault(name, []).append((wall, found))
                same = "equal" if len({one for _, one in told[name]}) == 1 else "DIFFERENT"
                each, tasks = [total / max(len(stream), 1) for total in (spent, sent / 1e3)], len(stream)
                row = f"| {name} | {n} | {wall:.1f} | {tasks} | {each[0]:.3f} | {each[1]:.0f} | {same} |"
                print(row, flush=True)
    for name, (one, two) in told.items():
        print(f"{name}: {one[0] / two[0]:.2f} times as fast on two workers as on one")


if __name__ == "__main__":
    main()
