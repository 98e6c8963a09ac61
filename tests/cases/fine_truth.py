"""
The generator's own month at 500 m, which no reader may see, and how near the month's 500 m values come.

    python tests/cases/fine_truth.py demo 13 14 15     # rows of docs/hourly-field.md; without seeds the study's own
"""

import sys

import numpy as np
import pandas as pd

from hotspot.estimate.field.monthly import monthly_field
from hotspot.estimate.fine.fine_month import fine_month
from hotspot.estimate.fine.pattern import pattern_at
from hotspot.grid.lattice import Grid
from hotspot.synthetic import study as written
from hotspot.synthetic.air import make_air
from hotspot.synthetic.micro import REACH
from hotspot.synthetic.region import Region
from hotspot.synthetic.sources import make_sources
from hotspot.synthetic.study import SEED, _stations, synthetic_month
from hotspot.synthetic.weather import make_weather

MONTH, HOURS = "2025-12", 744


def truth_at(lon, lat, size="small", seed=SEED):
    """
    The month's air over sub-cells, ug/m3, by their centres.

    The generator's pixels are some 1 km wide and a step lies between two: a sub-cell is the mean over its area, for a
    station in it may stand in another pixel than its centre. Planted episodes, which stations breathe, are in it.
    """
    region, weather, grid = Region(size, seed), make_weather(seed), Grid()
    days = np.arange(f"{MONTH}-01", "2026-01-01", dtype="datetime64[D]")
    air = make_air(region, weather, make_sources(region, seed), _stations(region, seed)[1], days, seed)
    east, north = region.pixels
    field = air.month(np.datetime64(MONTH, "M")).truth.mean(0).reshape(len(north), len(east))
    x, y = grid.project(lon, lat)
    total, steps = np.zeros(len(x)), np.arange(-225.0, 250.0, 50.0)
    for dx in steps:
        for dy in steps:
            a, b = grid.unproject(x + dx, y + dy)
            total += field[np.abs(north[:, None] - b).argmin(0), np.abs(east[:, None] - a).argmin(0)]
    return total / steps.size**2 + _episodes(grid, x, y, written._kept_study(seed, size).parent)


def _episodes(grid, x, y, home):
    planted, places = (pd.read_csv(next(home.rglob(name))) for name in ("episodes.csv", "micro/stations.csv"))
    places = places.set_index("站点编号")
    added = np.zeros(len(x))
    for one in planted[planted["start"].str.startswith(MONTH)].itertuples():
        east, north = grid.project(*places.loc[one.station, ["经度", "纬度"]].astype(float))
        course = np.sin(np.pi * (np.arange(one.hours) + 1.0) / (one.hours + 1.0)) ** 0.5
        near = np.exp(-0.5 * (np.hypot(x - east, y - north) / REACH) ** 2)
        added += one.added * course.sum() / course.max() / HOURS * near
    return added


def scores(size, seed):
    """Root mean square errors of a month's values, of the cell's own, and of lines between centres: all, measured."""
    month = synthetic_month(size=size, seed=seed)
    study = month.study
    field, _ = monthly_field(month, study.cells)
    held = np.unique(
        Grid().code(*Grid().locate(month.stations["lon"].values, month.stations["lat"].values)).astype(str)
    )
    codes = [str(code) for code in held if code in study.cells["cell"].values]
    fine = fine_month(month, field, codes, cells=study.cells, criteria=study.criteria)
    fine["alone"] = field["pm25"].isel(time=-1).sel(cell=fine["cell"].to_numpy()).to_numpy()
    x, y = Grid().project(fine["lon"].to_numpy(), fine["lat"].to_numpy())
    lines = pattern_at(x, y, crs="", month=MONTH, coarse=field[["pm25"]].isel(time=[-1]))
    fine["between"] = lines / pd.Series(lines).groupby(fine["cell"]).transform("mean") * fine["alone"]
    fine["truth"] = truth_at(fine["lon"].to_numpy(), fine["lat"].to_numpy(), size, seed)
    fine = fine[fine[["pm25", "alone"]].notna().all(axis=1)]
    row = {"size": size, "seed": seed}
    for name, some in (("", fine), (" measured", fine[fine["support"] == "measured"])):
        for told in ("pm25", "alone", "between"):
            row[told + name] = np.sqrt(((some[told] - some["truth"]) ** 2).mean())
    held = (fine["pm25"] - fine["truth"]).abs() <= 1.96 * fine["error"]
    return row | {"within": held.mean(), "stated": fine["error"].mean()}


if __name__ == "__main__":
    rows = [scores(sys.argv[1], int(seed)) for seed in sys.argv[2:] or [SEED]]
    print(pd.DataFrame(rows).round(2).to_string(index=False))
