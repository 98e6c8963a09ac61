"""
What the level does to a list, cell by cell, and how far lists agree with registered plants that no method has seen.

    python benchmarks/level_lists.py demo | STUDY.toml [--year 2025]

For each city: cells listed by concentration and the old stagnant level, and by concentration and the level the criteria
name; who left and who came, with the ranks that moved them. Then the share of registered plants (facilities of the
study's registers) whose cell, or one of its eight neighbours, is in the top tenth of each ranking.
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np

from hotspot.estimate.level.contrast import local_contrast
from hotspot.rank.select.hotspots import rank_cells, select_hotspots
from hotspot.sources.intake import Intake
from hotspot.sources.places.facilities import load_facilities
from hotspot.study import load_study
from hotspot.synthetic.study import write_study
from hotspot.workflows.yearly.level import annual_level
from hotspot.workflows.yearly.year import annual
from hotspot.workflows.yearly.year_levels import level_of_record


def plants(study, values):
    """Share of registered plants in the top tenth, their own cell and with its neighbours; number of plants."""
    cells = study.cells
    known = load_facilities(study.facilities, study.root, Intake(study.root))
    x, y = study.grid.project(known["lon"].values, known["lat"].values)
    place = np.column_stack([cells["x"].values, cells["y"].values])
    side = float(study.lattice.spacing)
    told = np.where(np.isfinite(values), values, -np.inf)
    top = np.zeros(len(told), bool)
    top[np.argsort(-told, kind="stable")[: round(0.1 * len(told))]] = True
    own, near, n = 0, 0, 0
    for one in np.column_stack([x, y]):
        away = np.abs(place - one).max(axis=1)
        if away.min() > side / 2:
            continue
        n += 1
        own += top[away.argmin()]
        near += top[away < 1.5 * side].any()
    return own / max(n, 1), near / max(n, 1), n


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--year", type=int, default=2025)
    parser.add_argument("--out", type=Path, help="where a level is kept already, OUT/<study id> of `hotspot select`")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.study == "demo":
        path = write_study(Path(tempfile.mkdtemp()), size="demo")
        study = load_study(path, data=path.parent)
    else:
        study = load_study(given.study)
    level = annual_level(study, given.year, folder=given.out)
    mean = annual(study, given.year)
    old = level_of_record(level, study.with_criteria(selection={"level": "stagnant"}), level.attrs["year"])
    print(f"level: {level.attrs['by']}; {level.attrs['why'] or level.attrs['level_words']}")
    lists = {}
    for name, one in (("stagnant", old), ("new", level)):
        lists[name] = set(select_hotspots(mean, study, given.year, level=one)["cell"])
    codes = study.cells["cell"].values.astype(str)
    before, now = (rank_cells(mean, study, given.year, level=one) for one in (old, level))
    both = len(lists["stagnant"] & lists["new"])
    print(f"{len(lists['stagnant'])} cells before, {len(lists['new'])} now, {both} on both")
    for word, chosen in (("left", lists["stagnant"] - lists["new"]), ("came", lists["new"] - lists["stagnant"])):
        print(f"{word}: cell, city, rank by concentration, by stagnant level, by the level now")
        for code in sorted(chosen):
            i = int(np.flatnonzero(codes == code)[0])
            print(f"  {code} {now.city[i]} {now.rank_pm25[i]} {before.rank_level[i]} {now.rank_level[i]}")
    rows = {
        "annual mean": mean["pm25"].values,
        "stagnant level": level["stagnant"].values,
        "box model": level["box"].values,
    }
    rows |= {name: level[name].values for name in ("contrast", "richardson_lucy", "inversion")}
    if level.attrs["coarse"]:
        blurred = local_contrast(mean["pm25"].values, study.cells["col"].values, study.cells["row"].values)
        rows["contrast of the interpolation, not used"] = blurred
    for name, values in rows.items():
        if np.isfinite(values).any():
            own, near, n = plants(study, values)
            print(
                f"{name:>16}: {own:.0%} of {n} registered plants in a cell of the top tenth, {near:.0%} or next to one"
            )


if __name__ == "__main__":
    main()
