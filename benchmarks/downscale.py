"""
The 500 m hourly field: 4,000 stations, 1,000 cells, 36,000 sub-cells, stations silent at random.

Complete hours: ours against what a skilled user would write (neighbours by cKDTree, one batched LAPACK
solve for the weights of all targets, a sparse product for all hours), the honest peer. With stations silent at
random its weights would differ from hour to hour; there pykrige's local kriging stands beside (C loop, 32 nearest
stations that report), one hour measured, times the number of hours (extrapolated). One
process, interleaved, medians of CPU seconds.
Ours takes the 32 stations nearest to each 3 km cell; how far both answers lie from
kriging with all stations at once is printed beside, because they are not the same numbers.

    python benchmarks/downscale.py [--repeat 3] [--hours 744] [--scale]
"""

import argparse
import platform
import resource
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from hotspot.estimate.field.krige import Variogram, krige

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))
from kriged_blocks import krige_blocks

NEIGHBOURS = 32
MODEL = Variogram("spherical", 5.0, 80.0, 30_000.0)


def scene(n_cell, n_hour):
    """Cells drawn from a square a tenth full, four stations in each, a field of waves and noise."""
    rng = np.random.default_rng(0)
    side = round((10 * n_cell) ** 0.5)
    at = np.sort(rng.permutation(side * side)[:n_cell])
    col, row = at % side, at // side
    x, y = ((p[:, None] * 3000 + rng.uniform(0, 3000, (n_cell, 4))).ravel() for p in (col, row))
    k = np.arange(36)
    tx = (col[:, None] * 3000 + 250.0 + 500 * (k % 6)).ravel()
    ty = (row[:, None] * 3000 + 2750.0 - 500 * (k // 6)).ravel()
    hours = np.arange(n_hour)
    values = 60 + 12 * np.sin(x[:, None] / 9000 + hours / 7) + 8 * np.cos(y[:, None] / 4000 - hours / 5)
    return x, y, values + rng.normal(0, 2.2, values.shape), tx, ty, np.repeat(np.arange(n_cell), 36)


def seconds(call):
    """CPU and wall time of one call, and its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return time.process_time() - cpu, time.perf_counter() - wall, result


def silence(values, share):
    holes = values.copy()
    holes[np.random.default_rng(1).random(values.shape) < share] = np.nan
    return holes


def peer_hour(x, y, values, tx, ty):
    """One hour by pykrige from the stations that report."""
    from pykrige.ok import OrdinaryKriging

    seen = np.isfinite(values)
    model = {"psill": MODEL.psill, "range": MODEL.range_m, "nugget": MODEL.nugget}
    peer = OrdinaryKriging(x[seen], y[seen], values[seen], variogram_model="spherical", variogram_parameters=model)
    return peer.execute("points", tx, ty, n_closest_points=NEIGHBOURS, backend="C")[0]


def batched(x, y, values, tx, ty):
    """All complete hours: 32 nearest stations of each target, one batched solve, one sparse product."""
    import scipy.sparse as sparse
    from scipy.spatial import cKDTree

    def gamma(h):
        r = np.minimum(h / MODEL.range_m, 1.0)
        return np.where(h > 0, MODEL.nugget + MODEL.psill * (1.5 * r - 0.5 * r**3), 0.0)

    away, at = cKDTree(np.c_[x, y]).query(np.c_[tx, ty], NEIGHBOURS)
    rows = np.arange(0, tx.size + 1) * NEIGHBOURS
    weights = np.empty((tx.size, NEIGHBOURS))
    for start in range(0, tx.size, 2000):  # bounded memory
        part = slice(start, start + 2000)
        px, py = x[at[part]], y[at[part]]
        system = np.ones((at[part].shape[0], NEIGHBOURS + 1, NEIGHBOURS + 1))
        system[:, :NEIGHBOURS, :NEIGHBOURS] = gamma(
            np.hypot(px[:, :, None] - px[:, None], py[:, :, None] - py[:, None])
        )
        system[:, -1, -1] = 0.0
        right = np.concatenate([gamma(away[part]), np.ones((at[part].shape[0], 1))], axis=1)[:, :, None]
        weights[part] = np.linalg.solve(system, right)[:, :NEIGHBOURS, 0]
    return sparse.csr_array((weights.ravel(), at.ravel(), rows), (tx.size, x.size)) @ values


def everything(x, y, values, tx, ty):
    """One hour from all stations that report, the answer that both local ways stand for."""
    seen = np.isfinite(values)
    return krige(x[seen], y[seen], values[seen], tx[::180], ty[::180], MODEL, neighbours=int(seen.sum()))[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--hours", type=int, default=744)
    parser.add_argument("--scale", action="store_true", help="also 1x, 4x, 16x hours and cells, and downscale() itself")
    given = parser.parse_args()
    small = scene(3, 3)
    _, first, _ = seconds(lambda: krige_blocks(*small, MODEL, neighbours=NEIGHBOURS))
    print(f"python {platform.python_version()}, {platform.machine()}, numba {version('numba')}, "
          f"pykrige {version('pykrige')}")  # fmt: skip
    print(f"first call of ours, compilation or cache: {first:.2f} s")
    x, y, values, tx, ty, block = scene(1000, given.hours)
    print(f"{x.size:,} stations, {tx.size:,} sub-cells, {given.hours} hours, {NEIGHBOURS} neighbours\n")
    print(
        f"{'silent':>7} {'ours cpu s':>11} {'wall s':>7} {'pykrige, 1 h':>13} {'x hours (extrapolated)':>23} "
        f"{'ratio':>8} {'rmse from all: ours':>20} {'pykrige':>8}"
    )
    for share in (0.0, 0.02, 0.10, 0.30):
        holes = silence(values, share)
        ours, walls, theirs, skilled = [], [], [], []
        for _ in range(given.repeat):
            cpu, wall, mine = seconds(
                lambda v=holes: krige_blocks(x, y, v, tx, ty, block, MODEL, neighbours=NEIGHBOURS)
            )
            ours.append(cpu)
            walls.append(wall)
            cpu, _, yours = seconds(lambda v=holes[:, 0]: peer_hour(x, y, v, tx, ty))
            theirs.append(cpu)
            if share == 0:
                cpu, _, _ = seconds(lambda v=holes: batched(x, y, v, tx, ty))
                skilled.append(cpu)
        a, w, b = (statistics.median(t) for t in (ours, walls, theirs))
        truth = everything(x, y, holes[:, 0], tx, ty)
        off = [np.sqrt(np.mean((one[::180] - truth) ** 2)) for one in (mine[0][:, 0], yours)]
        print(f"{share:>7.0%} {a:>11.2f} {w:>7.2f} {b:>13.2f} {b * given.hours:>21,.0f} s {b * given.hours / a:>7,.0f}x"
              f" {off[0]:>20.4f} {off[1]:>8.4f}")  # fmt: skip
        if skilled:
            c = statistics.median(skilled)
            print(f"{'':>7} batched LAPACK and a sparse product, all hours: {c:.2f} s, {c / a:.1f}x")
        del mine
    if given.scale:
        growth(given.hours)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def growth(hours):
    """CPU seconds for 1x, 4x, 16x hours and cells, and of the whole public call."""
    import xarray as xr

    from hotspot.estimate.fine.downscale import downscale
    from hotspot.grid.lattice import Grid
    from hotspot.rules.criteria import Criteria

    print("\n10 % silent; growth")
    for n_cell, n_hour in ((250, 48), (250, 192), (250, 768), (1000, 48), (4000, 48)):
        s = scene(n_cell, n_hour)
        cpu, _, _ = seconds(lambda s=s: krige_blocks(s[0], s[1], silence(s[2], 0.1), *s[3:], MODEL))
        print(f"{n_cell:>6} cells {n_hour:>5} hours {cpu:>8.3f} s {cpu / n_cell / 36 / n_hour * 1e9:>7.1f} ns a value")
    x, y, values, _, _, _ = scene(1000, hours)
    grid, west, south = Grid(), 900_000.0, 4_200_000.0
    lon, lat = grid.unproject(x + west, y + south)
    cells = np.unique(grid.code(*grid.locate(lon, lat)))
    time_ = np.datetime64("2020-02-29T16", "ns") + np.arange(hours) * np.timedelta64(1, "h")
    stations = xr.Dataset(
        {"pm25": (("station", "time"), silence(values, 0.1))},
        {"station": np.arange(x.size).astype(str), "lon": ("station", lon), "lat": ("station", lat), "time": time_},
        {"utc_offset": 8.0},
    )
    frame = xr.Dataset(coords={"cell": cells}, attrs={"crs": grid.crs.to_wkt(), "spacing": 3000.0})
    cpu, wall, fine = seconds(lambda: downscale(stations, frame, criteria=Criteria()))
    print(f"downscale(), variogram, left-out error, field, error, support of {fine.pm25.size:,} values: "
          f"{cpu:.2f} s cpu, {wall:.2f} s wall")  # fmt: skip
    print(f"left-out rmse {fine.attrs['loo_rmse']:.2f}, within 1.96 sd {fine.attrs['loo_within']:.1%}")


if __name__ == "__main__":
    main()
