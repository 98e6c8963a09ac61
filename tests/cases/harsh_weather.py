"""Worlds whose weather effect no model knows all of: three years of days, cells of one block, emission known."""

import numpy as np
import xarray as xr

FIRST = np.datetime64("2022-01-01")


def memory_series(rng, n, memory, *size):
    """Standard normal series (n, *size) whose neighbouring days correlate by ``memory``."""
    shock = rng.normal(size=(n, *size))
    series = shock.copy()
    for day in range(1, n):
        series[day] = memory * series[day - 1] + np.sqrt(1 - memory**2) * shock[day]
    return series


def harsh_world(seed, *, side=5, years=3):
    """
    Daily cells under weather, a part of whose effect is in no column.

    The unseen part is shared by all cells, its size 0.15 to 0.4 in log and its memory 0.5 to 0.9 a day;
    emission has a season, drifts by the quarter, and jumps in a sixth of the cells; a quarter of the days was
    seen by nobody, an eighth of the rest not by a cell.

    Returns
    -------
    field : Dataset (cell, day); weather : Dataset (time), daily; emission : float64[cell, day], in log
    """
    rng, setting = np.random.default_rng([seed, 77]), np.random.default_rng([seed, 5])
    unseen, memory = setting.uniform(0.15, 0.4), setting.uniform(0.5, 0.9)
    day = np.arange(FIRST, FIRST.astype("datetime64[Y]") + years, dtype="datetime64[D]")
    n, n_cell = day.size, side * side
    winter = np.cos(2 * np.pi * (np.arange(n) % 365.25 - 15) / 365.25)
    blh = np.exp(6.4 - 0.45 * winter + 0.45 * memory_series(rng, n, 0.6))
    u = 1.2 * memory_series(rng, n, 0.6) - 0.8 * winter
    v = 1.2 * memory_series(rng, n, 0.6) + 0.5 * winter
    t2m = 286 - 14 * winter + 4 * memory_series(rng, n, 0.8)
    tp = np.where(rng.random(n) < 0.2 - 0.1 * winter, rng.gamma(1, 6, n), 0.0)
    d2m = t2m - 6 + 3 * memory_series(rng, n, 0.7)
    sp = 101000 + 800 * winter + 500 * memory_series(rng, n, 0.7)
    columns = {"u10": u, "v10": v, "blh": blh, "t2m": t2m, "d2m": d2m, "tp": tp / 1000, "sp": sp}
    weather = xr.Dataset({k: ("time", x) for k, x in columns.items()}, {"time": day.astype("datetime64[ns]")})
    flow = np.log(blh * (np.hypot(u, v) + 0.5))
    flow, damp = ((x - x.mean()) / x.std() for x in (flow, d2m - t2m))
    k = rng.uniform(0.7, 1.3, 5)
    effect = -0.45 * k[0] * flow - 0.15 * k[1] * np.r_[0, flow[:-1]] + 0.15 * k[2] * np.sin(np.arctan2(v, u) + 1)
    effect += -0.3 * k[3] * (tp > 1) + 0.15 * k[4] * damp
    strength = np.exp(0.15 * rng.normal(size=n_cell))
    season = 0.2 * winter * rng.uniform(0.5, 1.5)
    drift = np.cumsum(rng.normal(0, 0.04, n // 91 + 2)).repeat(91)[:n] - 0.05 * np.arange(n) / 365
    emission = 3.9 + season + drift + rng.normal(0, 0.3, n_cell)[:, None]
    for cell in rng.choice(n_cell, n_cell // 6, replace=False):
        emission[cell] += np.where(np.arange(n) >= rng.integers(400, n - 40), rng.choice([-0.4, 0.3, -0.2]), 0.0)
    shared = unseen * memory_series(rng, n, memory)
    values = np.exp(emission + strength[:, None] * effect + shared + 0.15 * memory_series(rng, n, 0.4, n_cell).T)
    values[:, rng.random(n) < 0.25] = np.nan
    values[rng.random(values.shape) < 0.12] = np.nan
    col, row = (a.ravel() for a in np.meshgrid(np.arange(side), np.arange(side)))
    places = {"col": col, "row": row, "lon": 109 + 0.03 * col, "lat": 34 + 0.03 * row}
    places |= {"x": 3000.0 * col, "y": 3000.0 * row}
    coords = {"cell": [f"C{i:03d}" for i in range(n_cell)], "day": day.astype("datetime64[ns]")}
    coords |= {name: ("cell", value) for name, value in places.items()}
    return xr.Dataset({"pm25": (("cell", "day"), values)}, coords, {"spacing": 3000.0}), weather, emission


def by_month(series, day):
    """Means of the months, float64[cell, month]."""
    month = day.astype("datetime64[M]")
    return np.stack([np.nanmean(series[:, month == one], axis=1) for one in np.unique(month)], axis=1)


def with_step(field, cells, first, n_days, share):
    """The field with ``share`` of the concentration taken from some cells for some days."""
    day = field["day"].values
    during = (day >= first) & (day < first + np.timedelta64(n_days, "D"))
    changed = field["pm25"].values.copy()
    changed[np.ix_(cells, during)] *= 1 - share
    return field.assign(pm25=(("cell", "day"), changed)), during
