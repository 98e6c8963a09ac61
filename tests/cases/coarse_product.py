"""
A product coarser than the cells, and what is truly so of cells: run with the first and the last seed.

The air of a lattice of 3 km, smooth or rough; the product holds means of blocks, laid down anywhere; the list asks
about the tenth of a city that was highest in another year. Its sets and ``p_top`` with the blocks taken at their word,
and with what a block hides of its cells.
"""

import sys

import numpy as np
from scipy.ndimage import gaussian_filter

from hotspot.rank.warn.pixels import within_pixels
from hotspot.rank.warn.sets import rank_sets
from hotspot.rules.criteria import Confidence

KM, SIDE, K = 3, 60, 3
RULE = Confidence()


def air_of(kind, rng):
    """``plants S``: smooth air and plumes S cells wide; ``power B``: a spectrum that falls with the B-th power."""
    word, number = kind.split()[0], float(kind.split()[1])
    noise = rng.normal(size=(SIDE, SIDE))
    if word == "plants":
        plants = np.exp(0.9 * rng.normal(size=noise.shape)) * (rng.random(noise.shape) < 0.15)
        return 40 + 200 * gaussian_filter(noise, 8) + 25 * number * gaussian_filter(plants, number)
    wave = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE)))
    wave[0, 0] = 1
    field = np.real(np.fft.ifft2(np.fft.fft2(noise) * wave ** (-number / 2)))
    return 45 * np.exp(0.2 * (field - field.mean()) / field.std())


def asked(seed, kind, resolution_km, *, hidden):
    """The sets of the hot cells of one world, and their true ranks."""
    rng = np.random.default_rng(seed)
    air = air_of(kind, rng)
    wide = resolution_km // KM
    block = (np.arange(SIDE) + rng.integers(wide)) // wide
    block = block[:, None] * SIDE + block[None, :]
    means = np.bincount(block.ravel(), air.ravel()) / np.maximum(np.bincount(block.ravel()), 1)
    city = np.zeros(air.shape, dtype=bool)
    city[15:40, 15:40] = True
    year = air * np.exp(0.1 * rng.normal(size=air.shape))
    hot = np.argwhere(city & (year > np.quantile(year[city], 0.9)))
    blocks, of = np.unique(block[tuple(hot.T)], return_inverse=True)
    draws = (means[blocks][:, None] * (1 + 0.03 * rng.normal(size=(blocks.size, 500))))[of]
    if hidden:
        place, pixel = 1000.0 * KM * hot, 1000.0 * resolution_km
        draws = within_pixels(draws, place, pixel, 1000.0 * KM, share=RULE.within_pixel, seed=[seed])
    true = air[tuple(hot.T)]
    return rank_sets(draws, k=K, level=RULE.level), 1 + (true[:, None] < true[None, :]).sum(axis=1)


def table(seeds, kind, resolution_km, *, hidden):
    """Coverage of each cell's own set and of all at once, width, Brier score of ``p_top``, and where > .5 is said."""
    own, once, width, said, true = [], [], [], [], []
    for sets, rank in (asked(seed, kind, resolution_km, hidden=hidden) for seed in seeds):
        own.append(((sets["rank_low"] <= rank) & (rank <= sets["rank_high"])).mean())
        once.append(((sets["all_low"] <= rank) & (rank <= sets["all_high"])).all())
        width.append((sets["rank_high"] - sets["rank_low"] + 1).mean())
        said.append(sets["p_top"])
        true.append(rank <= K)
    p, right = np.concatenate(said), np.concatenate(true)
    row = {"own": np.mean(own), "at once": np.mean(once), "width": np.mean(width), "brier": np.mean((p - right) ** 2)}
    return row | {"said": int((p > 0.5).sum()), "stated": p[p > 0.5].sum(), "true": int(right[p > 0.5].sum())}


if __name__ == "__main__":
    seeds = range(int(sys.argv[1]), int(sys.argv[2]) + 1)
    for kind in ("plants 0.7", "plants 1", "plants 1.5", "power 2.5", "power 3"):
        for resolution in (6, 9, 12):
            for hidden in (False, True):
                row = table(seeds, kind, resolution, hidden=hidden)
                print(
                    kind, resolution, "km", hidden, *(f"{name} {value:.3g}" for name, value in row.items()), flush=True
                )
