"""
The worked example of docs/how-a-cell-gets-on-the-list: the demo's list of 2025, by hand.

    python benchmarks/worked_example.py [OUT]        # OUT of `hotspot demo`; made afresh where there is none
"""

import sys
import tempfile
from pathlib import Path

import pandas as pd

from hotspot.publish.tables.lists import read_warnings
from hotspot.rank.select.hotspots import rank_cells, select_hotspots
from hotspot.rank.warn.weather_change import weather_change
from hotspot.study import load_study
from hotspot.workflows.demo import run_demo
from hotspot.workflows.yearly.level import annual_level, monthly_level
from hotspot.workflows.yearly.year import annual, open_hotspots

YEAR, MONTH, SHOWN = 2025, "2025-12", 4


def main(out):
    """Print the order of the first city around the end of its quota, and the months of its worst change."""
    if not (out / "demo" / MONTH).exists():
        run_demo(out)
    path, folder = out / "demo-study" / "study.toml", out / "demo"
    study = load_study(path, data=path.parent)
    mean, level = annual(study, YEAR), annual_level(study, YEAR, folder=folder)
    standing = rank_cells(mean, study, YEAR, level=level)
    table = pd.DataFrame(
        {
            "city": standing.city, "cell": study.cells["cell"].values, "C": standing.pm25, "L": standing.level,
            "low": level["level_low"].values, "high": level["level_high"].values, "r_C": standing.rank_pm25,
            "r_L": standing.rank_level, "km2": standing.area / 1e6,
        }
    ).iloc[standing.order]  # fmt: skip
    table["s"] = table[["r_C", "r_L"]].max(axis=1)
    table["listed"] = table["cell"].isin(open_hotspots(study, YEAR, out=out)["cell"])
    city = sorted(standing.city_area)[0]
    own = table[table["city"] == city].copy()
    own["so_far"] = own["km2"].cumsum()
    whole = standing.city_area[city] / 1e6
    n = int(own["listed"].sum())
    quota = study.criteria.selection.quota_share * whole
    print(f"{city}: {whole:.2f} km2, quota {quota:.2f} km2, {len(own)} eligible, {n} listed")
    print(pd.concat([own.head(SHOWN), own.iloc[n - SHOWN : n + SHOWN]]).round(2).to_string(index=False))
    print("ten highest by C alone and not listed:")
    print(own[(own["r_C"] <= n) & ~own["listed"]].head(10).round(2).to_string(index=False))
    both, alone = set(table.loc[table["listed"], "cell"]), set(select_hotspots(mean, study, YEAR)["cell"])
    shared = len(both & alone)
    overlap = shared / len(both | alone)
    print(f"both criteria {len(both)}, concentration alone {len(alone)}, shared {shared}, Jaccard {overlap:.2f}")
    stability = pd.read_csv(folder / f"hotspots-{YEAR}-stability.csv")
    print(stability[stability["listed"] == "yes"]["marginal"].value_counts().to_dict())
    print(pd.read_csv(folder / f"hotspots-{YEAR}-sensitivity.csv").to_string(index=False))
    warned = read_warnings(folder / MONTH / "warnings.csv")
    months = monthly_level(study, MONTH, folder=folder)
    cells = pd.read_parquet(folder / MONTH / "cells.parquet", columns=["cell", "pm25", "previous", "previous_year"])
    pm25 = cells.set_index("cell").loc[months["cell"].values, ["previous_year", "previous", "pm25"]].to_numpy()
    told = weather_change(months.assign(pm25=(("cell", "time"), pm25)), warned)
    rows = warned[["city", "reason", "rank", "cell", "pm25", "previous", "change"]].join(told)
    for name, at in (("N_base", 0), ("N", 2)):
        rows[name] = months["pm25_normalised"].sel(cell=warned["cell"].values).values[:, at]
    print(rows[rows["reason"] == "year_on_year"].round(2).to_string(index=False))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch))
