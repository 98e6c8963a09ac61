"""
Worlds for the hour, other physics than the demo's: plants whose emission comes and goes, plumes
that lift their own stations as far as a planted episode does, and episodes laid on top.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.signal import lfilter

from hotspot.grid.lattice import Grid

COLUMN, ROW = 1300, 1440


@dataclass(frozen=True)
class World:
    """What is delivered (stations, weather, cells), and what was put in."""

    stations: xr.Dataset
    weather: xr.Dataset
    cells: xr.Dataset
    truth: np.ndarray  # float64[n_station, n_hour], ug/m3
    episodes: pd.DataFrame  # cell start end (local)
    cell: np.ndarray  # str[n_station]
    fine: np.ndarray  # float64[n_sub_cell, n_hour], of the probed cells, in order of their codes
    probed: np.ndarray  # str[n_probed]


def red(rng, shape, hours):
    """Unit-variance red noise along the last axis."""
    keep = np.exp(-1.0 / hours)
    shock = rng.standard_normal(shape) * np.sqrt(1.0 - keep**2)
    shock[..., 0] = rng.standard_normal(shape[:-1])
    return lfilter([1.0], [1.0, -keep], shock, axis=-1)


def make_world(
    seed,
    *,
    first="2025-06",
    months=6,
    n_cell=12,
    strength=(1.0, 3.0),
    season=0.35,
    level=55.0,
    moody=0.8,
    sources=3,
    size=6.0,
    probes=0,
):
    """
    A world of ``n_cell`` instrumented cells with four stations each.

    strength : of an episode, in multiples of what is there
    season : swing of the background over the year, in logarithms
    moody : spread of a plant's emission from hour to hour, in logarithms
    probes : cells whose 36 sub-cells' centres have a truth of their own, in ``World.fine``
    """
    rng = np.random.default_rng([seed, 7])
    grid = Grid()
    start = np.datetime64(first, "M")
    local = np.arange(start.astype("datetime64[h]"), (start + months).astype("datetime64[h]"))
    at = rng.choice(400, n_cell, replace=False)
    column, row = COLUMN + at % 20, ROW + at // 20
    codes = grid.code(column, row).astype(str)
    bounds = np.array([grid.bounds(*one) for one in zip(column, row, strict=True)])
    quarter = np.array([[0.25, 0.75], [0.75, 0.75], [0.25, 0.25], [0.75, 0.25]]) * 3000.0
    xy = (bounds[:, None, :2] + quarter + rng.uniform(-400, 400, (n_cell, 4, 2))).reshape(-1, 2)
    cell = np.repeat(codes, 4)
    wind, blh = _weather(rng, local)
    probed = np.sort(codes)[:probes]
    within = [grid.children(one) for one in probed]
    centres = [np.column_stack(grid.project(one["lon"].to_numpy(), one["lat"].to_numpy())) for one in within]
    n_station = len(xy)
    everywhere = np.concatenate([xy, *centres])
    air = _air(rng, local, everywhere, bounds, wind, blh, season, level, moody, sources, size)
    episodes = _episodes(rng, local, everywhere, cell, air, strength)
    truth, fine = air[:n_station], air[n_station:]
    readings = truth * np.exp(rng.normal(0.0, 0.08, (xy.shape[0], 1))) + rng.normal(0.0, 2.0, (xy.shape[0], 1))
    readings = np.maximum(np.rint(readings + rng.standard_normal(truth.shape) * (2.0 + 0.05 * truth)), 1.0)
    readings[rng.random(truth.shape) < 0.02] = np.nan
    lon, lat = grid.unproject(*xy.T)
    names = np.array([f"M{k:04d}" for k in range(len(xy))], dtype=object)
    time = local.astype("datetime64[ns]") - np.timedelta64(8, "h")
    place = {"station": names, "lon": ("station", lon), "lat": ("station", lat), "time": time}
    dims = ("station", "time")
    stated = np.hypot(3.0, 0.1 * readings)  # what a calibration would state of such instruments
    stations = xr.Dataset({"pm25": (dims, readings), "pm25_error": (dims, stated)}, place, {"utc_offset": 8.0})
    weather = xr.Dataset(
        {k: ("time", v) for k, v in (("u10", wind[0]), ("v10", wind[1]), ("blh", blh))}, {"time": time}
    )
    order = np.argsort(codes)
    about = {"city": "甲市", "city_code": "990100", "county": "乙县", "township": "丙镇"}
    cells = xr.Dataset(
        coords={"cell": codes[order]} | {key: ("cell", [value] * n_cell) for key, value in about.items()},
        attrs={"lattice_id": grid.id, "spacing": 3000.0, "crs": grid.crs.to_wkt()},
    )
    return World(stations, weather, cells, truth, episodes, cell, fine, probed)


def _weather(rng, local):
    n = local.size
    hour = (local - local.astype("datetime64[D]")).astype(int)
    speed = np.exp(0.6 + 0.5 * red(rng, (n,), 18.0)) * (1 + 0.35 * np.sin((hour - 9) / 24 * 2 * np.pi))
    turn = np.cumsum(rng.normal(0, 0.25, n)) + 1.2 * red(rng, (n,), 60.0)
    blh = np.clip(350 * np.exp(0.5 * red(rng, (n,), 30.0)) * (1.5 + np.sin((hour - 8) / 24 * 2 * np.pi)), 80, 2500)
    return np.stack((speed * np.cos(turn), speed * np.sin(turn))), blh


def _air(rng, local, xy, bounds, wind, blh, season, level, moody, sources, size):
    n_station, n = len(xy), local.size
    hour = (local - local.astype("datetime64[D]")).astype(int)
    month = local.astype("datetime64[M]").astype(int) % 12 + 1.0
    swing = season * np.cos((month - 1) / 12 * 2 * np.pi)
    base = level * np.exp(swing + 0.45 * red(rng, (n,), 40.0) + 0.15 * red(rng, (n,), 6.0))
    air = base * np.exp(0.10 * red(rng, (n_station, n), 8.0) + rng.normal(0, 0.06, (n_station, 1)))
    speed = np.maximum(np.hypot(*wind), 0.5)
    east, north = wind / speed
    for west, south, far_east, far_north in bounds:
        for _ in range(sources):
            place = rng.uniform((west - 1500, south - 1500), (far_east + 1500, far_north + 1500))
            clock = 1 + 0.6 * np.sin((hour - rng.uniform(0, 24)) / 24 * 2 * np.pi)
            emission = np.exp(rng.normal(np.log(size), 0.9)) * clock * np.exp(moody * red(rng, (n,), 5.0))
            near = np.flatnonzero(np.hypot(*(xy - place).T) < 9000)
            away = xy[near] - place
            along = away[:, :1] * east + away[:, 1:] * north
            across = -away[:, :1] * north + away[:, 1:] * east
            wide = 300 + 0.15 * np.maximum(along, 0.0)
            deep = np.minimum(40 + 0.06 * np.maximum(along, 0.0), 0.8 * blh)
            plume = np.exp(-0.5 * (across / wide) ** 2) / (speed * wide * deep) * (along > 0)
            air[near] += 2.0e4 * emission * plume
    return air


def _episodes(rng, local, xy, cell, truth, strength):
    found, n = [], local.size
    for name in np.unique(cell):
        members = np.flatnonzero(cell == name)
        busy = np.zeros(n, bool)
        for _ in range(rng.poisson(1.5 * n / 730.5)):
            station, length = rng.choice(members), int(rng.integers(3, 10))
            start = int(rng.integers(6, n - length - 6))
            if busy[max(0, start - 12) : start + length + 12].any():
                continue
            busy[start : start + length] = True
            level = np.median(truth[members, start : start + length])
            peak = max(60.0, rng.uniform(*strength) * level)
            away = np.hypot(*(xy - xy[station] - rng.normal(0, 150, 2)).T)
            course = np.sin(np.pi * (np.arange(length) + 1.0) / (length + 1.0)) ** 0.5
            truth[:, start : start + length] += peak * course * np.exp(-0.5 * (away[:, None] / 700.0) ** 2)
            found.append((name, pd.Timestamp(local[start]), pd.Timestamp(local[start] + length)))
    return pd.DataFrame(found, columns=["cell", "start", "end"])
