"""
How the air of ten days lies inside cells, on the worlds of ``other_worlds``, which are rougher than the generator's.

    python tests/cases/other_months.py 11 12 13 14     # the table of docs/hourly-field.md, these seeds of every kind
"""

import sys
from unittest.mock import patch

import numpy as np
import other_worlds as other
import pandas as pd
import xarray as xr

from hotspot.estimate.fine.downscale import downscale
from hotspot.estimate.fine.fine_month import _spread
from hotspot.estimate.fine.lasting import lasting
from hotspot.estimate.fine.pattern import pattern_at
from hotspot.grid.lattice import Grid
from hotspot.rules.criteria import Criteria

MONTH, ERROR = "2025-11", 0.04  # 1 sd of a cell's own value, a share: of each cell alone, the hardest kind


def score(name, seed, instrumented=other.CELLS):
    """
    Root mean square errors inside cells with stations, per cent of the cell's mean: ours and three naive answers.

    Every answer has the cell's value as its mean, so that value's own error is left out.
    """
    n, rng, grid = other.SIDE**2, np.random.default_rng([seed, 5]), Grid()
    with patch.object(other, "CELLS", n), patch.object(other, "PROBED", n):
        stations, cells, truth = other.make_other(other.KINDS[name], seed)
    codes, truth = cells["cell"].values.astype(str), truth.mean(axis=1).reshape(n, -1)
    told = truth.mean(axis=1) * np.exp(rng.normal(0, ERROR, n))
    x, y = np.array([grid.centre(*grid.parse(code)) for code in codes]).T
    coarse = xr.Dataset(
        {"pm25": (("cell", "time"), told[:, None])},
        {"cell": codes, "x": ("cell", x), "y": ("cell", y), "time": np.array([MONTH], "datetime64[ns]")},
        cells.attrs,
    )
    some = rng.choice(n, instrumented, replace=False)
    stations = stations.isel(station=np.flatnonzero(np.isin(np.arange(4 * n) // 4, some)))
    held = np.intersect1d(grid.code(*grid.locate(stations["lon"].values, stations["lat"].values)).astype(str), codes)
    hours = downscale(stations, cells.sel(cell=held), coarse=coarse, criteria=Criteria())
    cell, mean = hours["cell"].values.astype(str), np.repeat(truth[np.searchsorted(codes, held)].mean(axis=1), 36)
    shape = truth[np.searchsorted(codes, held)].ravel() / mean
    level, unsure = lasting(stations, hours, coarse, MONTH)
    lines = pattern_at(hours["x"].values, hours["y"].values, crs="", month=MONTH, coarse=coarse)
    rivals = {"ours": level, "hours": hours["pm25"].mean("time").values, "flat": mean, "lines": lines}
    rivals = {who: _spread(mean, field, cell) / mean for who, field in rivals.items()}
    row = {who: 100 * np.sqrt(((field - shape) ** 2).mean()) for who, field in rivals.items()}
    held = np.abs(rivals["ours"] - shape) <= 1.96 * unsure
    return {"kind": name, "seed": seed} | row | {"holds": held.mean(), "stated": 100 * unsure.mean()}


if __name__ == "__main__":
    for instrumented in (other.CELLS, 2):
        rows = [score(name, int(seed), instrumented) for name in other.KINDS for seed in sys.argv[1:]]
        print(f"{instrumented} cells with stations")
        print(pd.DataFrame(rows).drop(columns="seed").groupby("kind", sort=False).mean().round(2).to_string())
