"""A network made by hand: nine stations in three cells side by side, calm air, and what a test puts on top."""

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.grid.lattice import Grid
from hotspot.rules.criteria import Criteria

FIRST = np.datetime64("2025-11-30T16", "ns")  # local 2025-12-01 00:00
DAYS = 20
COLUMNS, ROW = (1318, 1319, 1320), 1447


def network(*, days=DAYS, level=50.0, seed=1, first=FIRST, offset=8.0):
    """Dataset (station, time) of calm air with a little noise; three stations in each of three cells."""
    grid = Grid()
    x, y = [], []
    for column in COLUMNS:
        west, south, _, _ = grid.bounds(column, ROW)
        x += [west + 700.0, west + 2300.0, west + 1200.0]
        y += [south + 800.0, south + 900.0, south + 2400.0]
    lon, lat = grid.unproject(np.array(x), np.array(y))
    time = first + np.arange(24 * days) * np.timedelta64(1, "h")
    values = level * np.exp(np.random.default_rng(seed).normal(0.0, 0.06, (9, time.size)))
    names = np.array([f"M{n}" for n in range(9)], dtype=object)
    return xr.Dataset(
        {"pm25": (("station", "time"), values)},
        {"station": names, "name": ("station", names), "lon": ("station", lon), "lat": ("station", lat), "time": time},
        {"utc_offset": offset},
    )


def cells():
    """The three cells as a study has them."""
    grid = Grid()
    names = [grid.code(column, ROW) for column in COLUMNS]
    about = {"city": "甲市", "city_code": "990100", "county": "乙县", "township": "丙镇"}
    return xr.Dataset(
        coords={"cell": names} | {key: ("cell", [value] * 3) for key, value in about.items()},
        attrs={"lattice_id": grid.id, "spacing": 3000.0, "crs": grid.crs.to_wkt()},
    )


def with_(stations, name, values):
    """The stations with another variable (station, time)."""
    return stations.assign({name: (("station", "time"), np.broadcast_to(values, stations["pm25"].shape).copy())})


def raised(stations, station, hours, factor):
    """The stations with one of them times ``factor`` in some hours (positions)."""
    values = stations["pm25"].values.copy()
    values[station, hours] *= factor
    return stations.assign(pm25=(("station", "time"), values))


def rules(**changes):
    """Criteria with other numbers for alarms."""
    criteria = Criteria()
    return criteria.model_copy(update={"alarms": criteria.alarms.model_copy(update=changes)})


def same(one, two):
    """Whether two tables of alarms are equal, bit for bit."""
    pd.testing.assert_frame_equal(one, two)
    return True
