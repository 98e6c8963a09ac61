"""
Gi* of a whole region: ours, a dozen lines of scipy.ndimage, and esda, in one process, interleaved, medians.

On a full rectangle the moving window of scipy.ndimage is what a skilled user would write: it gives the same
scores, p-values and false-discovery classes, and is the honest peer. esda knows no lattice. It
gets its weights for nothing in the row "scores only" and pays for them in
"weights and scores", as our window does every time. esda with 999 permutations is
measured on the smallest region only: our p-values are analytic and need none.

    python benchmarks/clusters.py [--repeat 5]
"""

import argparse
import platform
import statistics
import time
from importlib.metadata import version

import numpy as np
import xarray as xr

from hotspot.rank.warn.clusters import gi_star


def region(n_col, n_row):
    """A full block of cells with a smooth field and noise."""
    col, row = (a.ravel() for a in np.meshgrid(np.arange(n_col), np.arange(n_row)))
    values = 50 + 10 * np.sin(col / 9) * np.cos(row / 7) + np.random.default_rng(0).normal(0, 3, col.size)
    codes = np.char.add("C", np.arange(col.size).astype(str))
    return xr.Dataset(coords={"cell": codes, "col": ("cell", col), "row": ("cell", row)}), values


def by_ndimage(values, n_col, n_row, alpha=0.05):
    """Scores and significant cells of a full rectangle, with the false discovery rate held."""
    from scipy import ndimage, stats

    field = values.reshape(n_row, n_col)
    n, mean, spread = field.size, field.mean(), field.std()
    window = np.ones((3, 3))
    total = ndimage.convolve(field, window, mode="constant")
    count = ndimage.convolve(np.ones_like(field), window, mode="constant")
    z = (total - mean * count) / (spread * np.sqrt((n * count - count**2) / (n - 1)))
    kept = stats.false_discovery_control(2 * stats.norm.sf(np.abs(z))) <= alpha
    return z.ravel(), np.where(kept, np.sign(z), 0).ravel()


def seconds(call):
    """Wall time of one call, and its result."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def main():
    import esda
    import libpysal

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    first, _ = seconds(lambda: gi_star(region(5, 5)[1], region(5, 5)[0]))
    print(f"python {platform.python_version()}, esda {version('esda')}, numba {version('numba')}, {platform.machine()}")
    print(f"first call of ours, compilation or cache: {first:.2f} s")
    print(
        f"{'cells':>9} {'ours s':>9} {'ndimage s':>10} {'ratio':>7} {'esda scores s':>14} "
        f"{'esda weights+scores s':>22} {'largest gap':>12}"
    )
    for n_col, n_row in ((192, 192), (384, 384), (768, 768)):
        cells, values = region(n_col, n_row)
        ours, plain, scores, both = [], [], [], []
        for _ in range(repeat):
            took, gi = seconds(lambda c=cells, v=values: gi_star(v, c))
            ours.append(took)
            took, (z, _) = seconds(lambda v=values, c=n_col, r=n_row: by_ndimage(v, c, r))
            plain.append(took)
            made, weights = seconds(lambda c=n_col, r=n_row: libpysal.weights.lat2W(r, c, rook=False))
            took, peer = seconds(
                lambda w=weights, v=values: esda.G_Local(v, w, transform="B", star=True, permutations=0)
            )
            scores.append(took)
            both.append(made + took)
        gap = max(float(np.abs(gi["gi_z"].values - other).max()) for other in (peer.Zs, z))
        mine, theirs = statistics.median(ours), statistics.median(plain)
        print(
            f"{n_col * n_row:>9} {mine:>9.4f} {theirs:>10.4f} {theirs / mine:>6.1f}x "
            f"{statistics.median(scores):>14.2f} {statistics.median(both):>22.2f} {gap:>12.1e}"
        )
    cells, values = region(192, 192)
    weights = libpysal.weights.lat2W(192, 192, rook=False)
    took, _ = seconds(
        lambda: esda.G_Local(values, weights, transform="B", star=True, permutations=999, n_jobs=1, seed=1)
    )
    print(f"for scale: esda with 999 permutations, 36864 cells, weights given: {took:.2f} s")


if __name__ == "__main__":
    main()
