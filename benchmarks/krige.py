"""
Local ordinary kriging: ours against pykrige's C loop and SciPy's local RBF, one process, interleaved, medians.

4,000 stations, 32 neighbours, spherical variogram. Ours includes the search for
neighbours, as theirs do. Many hours: pykrige has no way to share work between
hours, so its row is one hour times the number of hours; RBF takes all hours at once.

    python benchmarks/krige.py [--repeat 3] [--hours 744]
"""

import argparse
import platform
import resource
import statistics
import time
from importlib.metadata import version

import numpy as np

from hotspot.estimate.field.krige import Variogram, krige

NEIGHBOURS = 32
MODEL = Variogram("spherical", 5.0, 80.0, 300_000.0)


def scene(n_station, n_target, n_hour=1):
    """Stations over 1,000 km, targets on a 500 m lattice in their middle."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 1e6, (2, n_station))
    side = round(n_target**0.5)
    tx, ty = (a.ravel() + 4e5 for a in np.meshgrid(np.arange(side) * 500.0, np.arange(side) * 500.0))
    return x, y, rng.normal(50, 10, (n_station, n_hour)), tx, ty


def seconds(call):
    """CPU and wall time of one call, and its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return time.process_time() - cpu, time.perf_counter() - wall, result


def main():
    from pykrige.ok import OrdinaryKriging
    from scipy.interpolate import RBFInterpolator

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--hours", type=int, default=744)
    given = parser.parse_args()
    small = scene(50, 9)
    _, first, _ = seconds(lambda: krige(*small[:2], small[2][:, 0], *small[3:], MODEL))
    print(f"python {platform.python_version()}, {platform.machine()}, numba {version('numba')}, "
          f"pykrige {version('pykrige')}, scipy {version('scipy')}")  # fmt: skip
    print(f"first call of ours, compilation or cache: {first:.2f} s\n")
    print(f"{'one hour, targets':>18} {'ours cpu s':>11} {'pykrige cpu s':>14} {'ratio':>7} {'largest gap':>12}")
    parameters = {"psill": MODEL.psill, "range": MODEL.range_m, "nugget": MODEL.nugget}
    one_hour = float("nan")
    for n_target in (9_000, 36_000, 144_000):
        x, y, values, tx, ty = scene(4_000, n_target)
        peer = OrdinaryKriging(x, y, values[:, 0], variogram_model="spherical", variogram_parameters=parameters)
        ours, theirs = [], []
        for _ in range(given.repeat):
            cpu, _, mine = seconds(lambda s=(x, y, values[:, 0], tx, ty): krige(*s, MODEL, neighbours=NEIGHBOURS))
            ours.append(cpu)
            cpu, _, yours = seconds(
                lambda p=peer, a=tx, b=ty: p.execute("points", a, b, n_closest_points=NEIGHBOURS, backend="C")
            )
            theirs.append(cpu)
        a, b = statistics.median(ours), statistics.median(theirs)
        one_hour = b if n_target == 36_000 else one_hour
        print(f"{tx.size:>18,} {a:>11.3f} {b:>14.3f} {b / a:>6.1f}x {np.abs(mine[0] - yours[0]).max():>12.1e}")

    print(f"\n{given.hours} hours, 36,000 targets")
    x, y, values, tx, ty = scene(4_000, 36_000, given.hours)
    complete = [
        seconds(lambda: krige(x, y, values, tx, ty, MODEL, neighbours=NEIGHBOURS))[0] for _ in range(given.repeat)
    ]
    ours = statistics.median(complete)
    print(f"ours, all stations complete:        {ours:8.2f} s")
    peer_all = one_hour * given.hours
    print(f"pykrige, one hour times {given.hours}:        {peer_all:8.0f} s   {peer_all / ours:6.0f}x")
    rbf, _, _ = seconds(
        lambda: RBFInterpolator(np.c_[x, y], values, neighbors=NEIGHBOURS, kernel="linear")(np.c_[tx, ty])
    )
    print(f"SciPy RBF, local, all hours:        {rbf:8.1f} s   {rbf / ours:6.0f}x  (no variance)")
    for share in (0.02, 0.10):
        holes = values.copy()
        holes[np.random.default_rng(1).random(values.shape) < share] = np.nan
        few = holes[:, : max(2, given.hours // 20)]
        cpu, _, _ = seconds(lambda v=few: krige(x, y, v, tx, ty, MODEL, neighbours=NEIGHBOURS))
        per_hour = cpu / few.shape[1]
        print(f"ours, {share:.0%} of hours missing, per hour: {per_hour:8.3f} s   {one_hour / per_hour:6.1f}x pykrige")
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
