"""
Three years of days of the 2+26 region, each year inverted for its level: time, memory, equal bytes.

The scene is that of ``benchmarks/normalise.py``: CELLS cells of 3 km, a tenth of the cell-days missing, daily
weather on a 0.25 degree grid.

    python benchmarks/level.py [--cells 36793] [--years 3] [--workers 2] [--dask]
"""

import argparse
import hashlib
import resource
import time
import warnings

import numpy as np
from normalise import scene

from hotspot.estimate.level.inversion import emission_level


def years_of(field, weather, **how):
    """The level of every year, and the SHA-256 of all of them."""
    levels, digest = [], hashlib.sha256()
    for _, days in field.groupby(field["day"].dt.year):
        levels.append(emission_level(days.assign_attrs(field.attrs), weather, utc_offset=8, **how))
        for name in sorted(levels[-1].data_vars):
            digest.update(np.ascontiguousarray(levels[-1][name].values).tobytes())
    return levels, digest.hexdigest()[:16]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=36793)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--dask", action="store_true", help="also on local dask clusters of 1 and 2 workers")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    field, weather = scene(given.cells, given.years)
    print(
        f"{given.cells:,} cells x {field.sizes['day']:,} days made in {time.perf_counter() - start:.0f} s", flush=True
    )
    start, cpu = time.perf_counter(), time.process_time()
    levels, digest = years_of(field, weather, workers=given.workers)
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    wall, main_cpu = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"{given.workers} processes: {wall:.0f} s wall ({levels[0].attrs['n_tiles']} tiles a year), main process "
        f"{main_cpu:.0f} s CPU and {own.ru_maxrss / 1e6:.2f} GB, workers together "
        f"{children.ru_utime + children.ru_stime:.0f} s CPU, the largest {children.ru_maxrss / 1e6:.2f} GB; "
        f"SHA-256 {digest}",
        flush=True,
    )
    print(levels[-1].attrs["words"])
    if not given.dask:
        return
    from distributed import Client, LocalCluster

    for n in (1, 2):
        with (
            LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            start = time.perf_counter()
            _, again = years_of(field, weather, executor=client.get_executor())
            same = "equal bytes" if again == digest else "DIFFERENT bytes"
            print(f"dask, {n} workers: {time.perf_counter() - start:.0f} s, SHA-256 {again}, {same}", flush=True)


if __name__ == "__main__":
    main()
