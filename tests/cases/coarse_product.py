"""
A product coarser than the cells, and who is truly among the three worst: run with the first and the last seed.

Plants on a lattice of 3 km in smooth air; the product holds means of blocks, laid down anywhere; the list asks about
the tenth of a city that was highest in another year. ``p_top`` with the blocks taken at their word (``alike`` not
given), and with cells that are seen together sharing it.
"""

import sys

import numpy as np
from scipy.ndimage import gaussian_filter

from hotspot.rank.warn.sets import rank_sets, seen_alike

KM, SIDE, K = 3, 60, 3


def said_and_true(seed, resolution_km):
    """``p_top`` of each hot cell by both ways of asking, and whether it is truly among the worst."""
    rng = np.random.default_rng(seed)
    plants = np.exp(0.9 * rng.normal(size=(SIDE, SIDE))) * (rng.random((SIDE, SIDE)) < 0.15)
    air = 40 + 200 * gaussian_filter(rng.normal(size=(SIDE, SIDE)), 8) + 25 * gaussian_filter(plants, 1.0)
    wide = resolution_km // KM
    block = (np.arange(SIDE) + rng.integers(wide)) // wide
    block = block[:, None] * SIDE + block[None, :]
    means = np.bincount(block.ravel(), air.ravel()) / np.maximum(np.bincount(block.ravel()), 1)
    city = np.zeros(air.shape, dtype=bool)
    city[15:40, 15:40] = True
    year = air * np.exp(0.1 * rng.normal(size=air.shape))
    hot = np.argwhere(city & (year > np.quantile(year[city], 0.9)))
    seen = means[block[tuple(hot.T)]]
    draws = seen[:, None] * (1 + 0.03 * rng.normal(size=(seen.size, 500)))
    alike = seen_alike(1000.0 * KM * hot, 1000.0 * resolution_km)
    said = [rank_sets(draws, k=K, level=0.95, alike=way)["p_top"] for way in (None, alike)]
    true = air[tuple(hot.T)]
    return (*said, true >= np.sort(true)[-K])


def table(seeds, resolution_km):
    """Mean of what is said and of what is true where more than .5 is said, and the Brier score, by both ways."""
    word, shared, true = (
        np.concatenate(part) for part in zip(*(said_and_true(s, resolution_km) for s in seeds), strict=True)
    )
    rows = []
    for said in (word, shared):
        sure = said > 0.5
        rows.append((int(sure.sum()), said[sure].mean(), true[sure].mean(), np.mean((said - true) ** 2)))
    return rows


if __name__ == "__main__":
    asked = range(int(sys.argv[1]), int(sys.argv[2]) + 1)
    for resolution in (6, 9, 12):
        for way, row in zip(("at its word", "shared"), table(asked, resolution), strict=True):
            print("{:3d} km {:12s} {:4d} said > .5: {:.2f}, true {:.2f}; Brier {:.4f}".format(resolution, way, *row))
