"""
A product coarser than the cells, and what is truly so of cells: run with the first and the last seed.

The air of a lattice of 3 km, smooth or rough; the product holds means of blocks, laid down anywhere; the list asks
about the tenth of a city that was highest in another year. Its sets and ``p_top`` with the blocks taken at their word,
and with what a block hides of its cells. ``--yearly``: the tenth itself as a list of the year, what its stability says,
and how many of its cells truly are of the highest tenth.
"""

import sys

import numpy as np
from list_case import annual_of, study_of
from scipy.ndimage import gaussian_filter

from hotspot.rank.select.stability import sensitivity
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


def seen_by_blocks(kind, resolution_km, rng):
    """Air, number of each cell's block, means of the blocks, and which cells are of the city."""
    air = air_of(kind, rng)
    wide = resolution_km // KM
    block = (np.arange(SIDE) + rng.integers(wide)) // wide
    block = block[:, None] * SIDE + block[None, :]
    means = np.bincount(block.ravel(), air.ravel()) / np.maximum(np.bincount(block.ravel()), 1)
    city = np.zeros(air.shape, dtype=bool)
    city[15:40, 15:40] = True
    return air, block, means, city


def asked(seed, kind, resolution_km, *, hidden):
    """The sets of the hot cells of one world, and their true ranks."""
    rng = np.random.default_rng(seed)
    air, block, means, city = seen_by_blocks(kind, resolution_km, rng)
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


def listed_by_year(seed, kind, resolution_km, *, hidden):
    """Of one city's list: Jaccard stated and with the true list, share called firm, and how many of those are right."""
    rng = np.random.default_rng(seed)
    air, block, means, city = seen_by_blocks(kind, resolution_km, rng)
    place, air, block = 1000.0 * KM * np.argwhere(city), air[city], block[city]
    study = study_of([air.size], quota_share=0.1)
    sure = RULE.model_copy(update={"within_pixel": RULE.within_pixel if hidden else 0.0})
    study.criteria = study.criteria.model_copy(update={"confidence": sure})
    study.cells = study.cells.assign_coords(x=("cell", place[:, 1]), y=("cell", place[:, 0]))
    annual = annual_of(study, (means * np.exp(0.03 * rng.normal(size=means.size)))[block])
    annual["pm25_error"] = 0.03 * annual["pm25"]
    told = sensitivity(annual, study, 2020, native_resolution=1000.0 * resolution_km)
    listed = told.cells[told.cells["listed"]]
    true = set(study.cells["cell"].values[np.argsort(-air)[: len(listed)]])
    firm = listed[listed["error"] >= study.criteria.stability.firm]["cell"]
    return {
        "stated": told.variants.set_index("kind").loc["error", "jaccard"],
        "true": len(true & set(listed["cell"])) / len(true | set(listed["cell"])),
        "firm": len(firm) / len(listed), "of them right": firm.isin(true).mean(),
    }  # fmt: skip


def yearly(seeds, kind, resolution_km, *, hidden):
    """Means of ``listed_by_year`` over the seeds; of firm cells where there are any."""
    every = [listed_by_year(seed, kind, resolution_km, hidden=hidden) for seed in seeds]
    return {name: np.nanmean([one[name] for one in every]) for name in every[0]}


if __name__ == "__main__":
    seeds = range(int(sys.argv[1]), int(sys.argv[2]) + 1)
    for kind in ("plants 0.7", "plants 1", "plants 1.5", "power 2.5", "power 3"):
        for resolution in (6, 9, 12):
            for hidden in (False, True):
                row = (yearly if "--yearly" in sys.argv else table)(seeds, kind, resolution, hidden=hidden)
                print(
                    kind, resolution, "km", hidden, *(f"{name} {value:.3g}" for name, value in row.items()), flush=True
                )
