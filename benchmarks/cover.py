"""
Cells of a region with their shares per county: ours against Shapely, one process, interleaved, medians.

Every city and county of the DataV folder (about 60,000 cells of 3 km). The peer
does the same job the usual way: squares in an STRtree, every pair that touches
cut with ``shapely.intersection``; it is given the cells and gets no owners to find.

    python benchmarks/cover.py [--repeat 3] [--data FOLDER]
"""

import argparse
import os
import platform
import resource
import statistics
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import shapely

from hotspot.grid.boundary import read_boundaries
from hotspot.grid.lattice import Grid
from hotspot.study import Boundary

FOLDER = "admin_boundaries_datav"
FILES = [f"{FOLDER}/{part}.json" for part in ("citys/*", "county/*", "province/110000", "province/120000")]


def seconds(call):
    """CPU and wall time of one call, and its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return time.process_time() - cpu, time.perf_counter() - wall, result


def cut(grid, units, x, y):
    """Shared areas by polygon overlay: positions of unit and cell, and m2."""
    plane = shapely.transform(
        shapely.segmentize(units.geometry.to_numpy(), 0.01), lambda xy: np.column_stack(grid.project(*xy.T))
    )
    half = grid.spacing / 2
    squares = shapely.box(x - half, y - half, x + half, y + half)
    unit, cell = shapely.STRtree(squares).query(plane, predicate="intersects")
    return unit, cell, shapely.area(shapely.intersection(plane[unit], squares[cell]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--data", default=os.environ.get("HOTSPOT_DATA", "../shared/data"))
    given = parser.parse_args()
    delivery = Boundary(layout="datav", files=tuple(FILES), datum="gcj02")
    grid = Grid()
    _, read, units = seconds(lambda: read_boundaries([delivery], Path(given.data)))
    _, first, cells = seconds(lambda: grid.cover(units))
    print(f"python {platform.python_version()}, {platform.machine()}, numba {version('numba')}, "
          f"shapely {version('shapely')}, GEOS {shapely.geos_version_string}")  # fmt: skip
    print(f"{len(units)} units, {cells.sizes['cell']} cells, {cells.sizes['member']} shares")
    print(f"reading, datum conversion, mending, naming overlaps: {read:.2f} s wall")
    print(f"first call of ours, compilation or cache: {first:.2f} s wall\n")
    ours, peer = [], []
    for _ in range(given.repeat):
        ours.append(seconds(lambda: grid.cover(units))[:2])
        cpu, wall, (unit, cell, area) = seconds(lambda: cut(grid, units, cells.x.values, cells.y.values))
        peer.append((cpu, wall))
    for name, times in (("ours (shares, owners, four counts)", ours), ("shapely (shares)", peer)):
        cpu, wall = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{name:36} {cpu:8.2f} s cpu {wall:8.2f} s wall")
    shares = np.zeros((len(units), cells.sizes["cell"]))
    shares[cells.member_unit, cells.member_cell] = cells.member_area
    shares[unit, cell] -= area
    print(f"largest difference of a share: {np.abs(shares).max():.1e} m2")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
