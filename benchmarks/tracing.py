"""Time of tracing: 500 warned cells, 200 facilities within reach of each, one month of hours, 40 stations."""

import time

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.grid.lattice import Grid
from hotspot.rules.calendar import local_bounds
from hotspot.rules.criteria import Criteria
from hotspot.trace.visits.attribution import trace_sources

MONTH, SIDE = "2020-01", 23  # 23 x 23 places 1 km apart, 500 of them


def case(n_facility=200, n_station=40, seed=1):
    """Cells of 1 km side by side, so that almost every facility is within 20 km of every cell."""
    rng = np.random.default_rng(seed)
    grid = Grid(3000.0)
    x0, y0 = (3000 * round(float(v) / 3000) for v in grid.project(114.3, 30.6))
    east, north = (v.ravel()[:500] for v in np.meshgrid(np.arange(SIDE) - SIDE // 2, np.arange(SIDE) - SIDE // 2))
    x, y = x0 + 1000.0 * east, y0 + 1000.0 * north
    lon, lat = grid.unproject(x, y)
    names = [f"C{i:03d}" for i in range(500)]
    coords = {"cell": names} | {
        k: ("cell", np.asarray(v, float)) for k, v in zip("x y lon lat".split(), (x, y, lon, lat), strict=True)
    }
    cells = xr.Dataset(coords=coords, attrs={"crs": grid.crs.to_wkt(), "spacing": 3000.0})
    start, end = local_bounds(MONTH, 8)
    hours = np.arange(start, end, np.timedelta64(1, "h"))
    at = {"lon": 113.5 + 0.25 * np.arange(8), "lat": 29.8 + 0.25 * np.arange(8)}
    u, v = rng.normal(0, 2, (2, hours.size, 8, 8))
    weather = xr.Dataset({"u10": (("time", "lat", "lon"), u), "v10": (("time", "lat", "lon"), v)}, {"time": hours} | at)
    spread = lambda n: {"lon": rng.normal(float(lon.mean()), 0.05, n), "lat": rng.normal(float(lat.mean()), 0.05, n)}  # noqa: E731
    place = {k: ("station", v) for k, v in spread(n_station).items()}
    values = rng.gamma(3, 20, (n_station, hours.size))
    stations = xr.Dataset(
        {"pm25": (("station", "time"), values)},
        {"station": [f"s{i:02d}" for i in range(n_station)], "time": hours} | place,
    )
    plants = pd.DataFrame(
        {"facility": [f"f{i:03d}" for i in range(n_facility)], "name": "", "class_": "steel"} | spread(n_facility)
    )
    return (
        pd.DataFrame({"month": MONTH, "cell": names}),
        weather,
        plants,
        {"cells": cells, "stations": stations, "criteria": Criteria()},
    )


if __name__ == "__main__":
    warned, weather, plants, rest = case()
    for run in ("with compiling or loading the kernel", "again"):
        began, cpu = time.perf_counter(), time.process_time()
        traced = trace_sources(warned, weather, plants, **rest)
        spent = f"{time.perf_counter() - began:.2f} s ({time.process_time() - cpu:.2f} s of CPU)"
        print(f"{run}: {spent}, {len(traced)} rows, {len(traced) / len(warned):.0f} facilities a cell")
