"""
The level and its rivals on worlds whose emission is known (``tests/cases/emission_worlds.py``).

Of every world: share of the cells of the true top tenth that are in the method's top tenth, emission of the
method's tenth over that of the true one, and Spearman's rank correlation over all cells.

    python benchmarks/level_worlds.py [--seeds 11,12,13] [--plain]

The numbers of the method were chosen on seeds 1 and 2; any other seed is new to it.
"""

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))
from emission_worlds import KINDS, found, make_world

from hotspot.estimate.level.background import regional_background
from hotspot.estimate.level.box import box_level
from hotspot.estimate.level.inversion import emission_level
from hotspot.estimate.weather.normalise import normalise
from hotspot.estimate.weather.rows import weather_steps

SETTINGS = {
    "noise 5 %": {"noise": 0.05},
    "noise 10 %": {"noise": 0.10},
    "noise 15 %, terrain .25": {"noise": 0.15, "relief": 0.25},
    "500 m pixels, errors that stay": {"noise": 0.10, "pixel": 500.0, "stays": 0.2},
}


def levels(world, *, stagnant):
    """Every method's value of every cell."""
    field, weather = world.field()
    one = emission_level(field, weather, utc_offset=8)
    told = {"annual mean": np.nanmean(field["pm25"].values, axis=1)}
    if stagnant:
        background = regional_background(field)
        told["stagnant level"] = normalise(
            field, weather, utc_offset=8, every="year", background=background
        )["pm25_stagnant"].values[:, 0]  # fmt: skip
        told["box model"] = box_level(field, background, weather_steps(weather, utc_offset=8))["box_level"].values[:, 0]
    names = {"contrast": "local contrast", "richardson_lucy": "Richardson-Lucy", "inversion": "inversion"}
    return told | {words: one[name].values for name, words in names.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="11,12,13")
    parser.add_argument("--only", choices=tuple(SETTINGS), action="append")
    parser.add_argument("--plain", action="store_true", help="without the stagnant level and the box model")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    for words in given.only or SETTINGS:
        table = {}
        for kind in KINDS:
            for seed in map(int, given.seeds.split(",")):
                world = make_world(kind, seed, **SETTINGS[words])
                for name, value in levels(world, stagnant=not given.plain).items():
                    table.setdefault(name, {}).setdefault(kind, []).append(found(world.emission, value))
        print(f"\n{words}: found / share of emission / Spearman; mean of the worlds, then by kind", flush=True)
        for name, kinds in table.items():
            every = np.concatenate([np.array(one) for one in kinds.values()])
            parts = [every.mean(axis=0), *(np.mean(one, axis=0) for one in kinds.values())]
            print(f"{name:>16}: " + " | ".join(" ".join(f"{x:.3f}" for x in part) for part in parts), flush=True)


if __name__ == "__main__":
    main()
