"""
Worlds for the 500 m hour that share no physics with the demo's or with ``hour_world``: plumes that meander with the
wind of the hours they travelled and work in shifts, a background that drifts by, fronts, a dirty middle of the town.

    python tests/cases/other_worlds.py 1 2 3 4     # the table of docs/hourly-field.md, these seeds of every kind
"""

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from hour_world import red
from naive_hour import naive

from hotspot.estimate.fine.downscale import downscale
from hotspot.grid.lattice import Grid
from hotspot.rules.criteria import Criteria

HOURS, SIDE, CELLS, PROBED = 240, 7, 12, 4


@dataclass(frozen=True)
class Kind:
    """What a world is made of."""

    plants: int = 25
    strength: float = 1.0
    urban: float = 0.3  # logarithm, of the middle over the rim
    fronts: int = 2
    wind: str = "turning"  # or "one", "calm"
    sites: str = "quarters"  # of each cell; or "centre", "spread" over all of the town
    gain: float = 0.08  # 1 sd
    drift: float = 0.0  # 1 sd, of what gains change by within 35 days
    tails: float = 0.0  # degrees of freedom of the noise; 0: normal
    shared: float = 0.05  # 1 sd, what a calibration errs by for all


KINDS = {
    "as it comes": Kind(),
    "strong plants": Kind(strength=4.0),
    "no plants": Kind(plants=0),
    "many fronts": Kind(fronts=8),
    "steep town": Kind(urban=0.9),
    "one wind": Kind(wind="one"),
    "calm": Kind(wind="calm"),
    "stations in the centre": Kind(sites="centre"),
    "stations spread": Kind(sites="spread"),
    "drifting instruments": Kind(drift=0.3),
    "heavy tails": Kind(tails=2.5),
    "gains of 20 %": Kind(gain=0.2),
    "large shared error": Kind(shared=0.15),
}


def make_other(kind, seed):
    """Stations, cells and the truth (sub-cell, hour) of a world."""
    rng, grid = np.random.default_rng([seed, 77]), Grid()
    column, row = (1300 + np.arange(SIDE), 1440 + np.arange(SIDE))
    lattice = np.array([(a, b) for a in column for b in row])
    some = lattice[rng.choice(len(lattice), CELLS, replace=False)]
    corner = np.array([grid.bounds(*one)[:2] for one in some])
    town = np.array(grid.bounds(column[0], row[0])[:2])
    quarter = np.array([(0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]) * 3000.0
    where = {
        "quarters": lambda: quarter + rng.uniform(-500, 500, (CELLS, 4, 2)),
        "centre": lambda: 1500.0 + rng.uniform(-600, 600, (CELLS, 4, 2)),
        "spread": lambda: town + rng.uniform(0, SIDE * 3000.0, (CELLS, 4, 2)) - corner[:, None],
    }[kind.sites]()
    xy = (corner[:, None] + where).reshape(-1, 2)
    codes = np.sort(grid.code(*some.T).astype(str))[:PROBED]
    within = [grid.children(code) for code in codes]
    centres = [np.column_stack(grid.project(one["lon"].to_numpy(), one["lat"].to_numpy())) for one in within]
    everywhere = np.concatenate([xy, *centres])
    air = _air(rng, kind, everywhere - town)
    true, fine = air[: len(xy)], air[len(xy) :]
    lon, lat = grid.unproject(*xy.T)
    dims, time = ("station", "time"), np.datetime64("2025-11-01", "ns") + np.arange(HOURS) * np.timedelta64(1, "h")
    values, stated = _read(rng, kind, true)
    places = {"station": [f"S{at:03d}" for at in range(len(xy))], "time": time}
    places |= {"lon": ("station", lon), "lat": ("station", lat)}
    stations = xr.Dataset({"pm25": (dims, values), "pm25_error": (dims, stated)}, places, {"utc_offset": 8.0})
    about = {"lattice_id": grid.id, "spacing": 3000.0, "crs": grid.crs.to_wkt()}
    return stations, xr.Dataset(coords={"cell": codes}, attrs=about), fine


def _air(rng, kind, xy):
    hour = np.arange(HOURS)
    speed = {"calm": 0.8}.get(kind.wind, 2.5) * np.exp(0.3 * red(rng, (HOURS,), 12.0))
    angle = rng.uniform(0, 2 * np.pi) + {"one": 0.1}.get(kind.wind, 1.0) * np.cumsum(rng.normal(0, 0.35, HOURS))
    blown = np.stack([np.cos(angle), np.sin(angle)]) * speed * 3600.0
    drifted = np.cumsum(blown, axis=1)
    level = 3.9 + 0.4 * red(rng, (HOURS,), 36.0) + np.zeros((len(xy), 1))
    for long in (60e3, 25e3, 10e3):  # what drifts by: waves that ride on the wind
        for _ in range(6):
            turn = rng.uniform(0, 2 * np.pi)
            wave = np.array([np.cos(turn), np.sin(turn)]) * 2 * np.pi / long
            phase = (xy @ wave)[:, None] - wave @ drifted + rng.uniform(0, 2 * np.pi)
            level += 0.06 * np.sqrt(long / 10e3) * np.sin(phase)
    level += kind.urban * np.exp(-((xy - SIDE * 1500.0) ** 2).sum(axis=1) / (2 * 5000.0**2))[:, None]
    for _ in range(kind.fronts):  # a step that passes the town within an hour or two and fades within a day
        turn, starts = rng.uniform(0, 2 * np.pi), rng.uniform(0, HOURS)
        passed = hour - starts - (xy @ [np.cos(turn), np.sin(turn)])[:, None] / 20e3
        level += rng.uniform(-0.8, 0.8) * (passed > 0) * np.exp(-np.maximum(passed, 0) / 24.0)
    air = np.exp(level)
    depth = 300.0 * np.exp(0.4 * red(rng, (HOURS,), 10.0) + 0.6 * np.sin((hour - 8) / 24 * 2 * np.pi))
    for _ in range(kind.plants):
        works = ((hour // 8 + rng.integers(3)) % 3 < rng.integers(1, 4)) * (0.2 + rng.gamma(2.0, 0.5, HOURS))
        place, emission = rng.uniform(0, SIDE * 3000.0, 2), kind.strength * rng.lognormal(0.0, 0.8) * works
        centre = np.zeros((2, HOURS))
        for age in range(4):  # puffs of the last hours, where the winds since have taken them, smeared on the way
            for part in (0.15, 0.5, 0.85):
                at = centre + part * blown
                wide = 250.0 + 0.25 * np.hypot(*at)
                away = ((xy - place)[:, :, None] - at[None]) ** 2
                puff = np.exp(-away.sum(axis=1) / (2 * wide**2)) / (wide**2 * np.minimum(60 + 0.1 * wide, depth))
                air += 1.0e9 * np.roll(emission, age) / 3 * puff
            centre = np.roll(centre + blown, 1, axis=1)
    return air


def _read(rng, kind, true):
    n = len(true)
    gain = rng.normal(0, kind.gain, (n, 1)) + rng.normal(0, kind.drift, (n, 1)) * np.linspace(-0.5, 0.5, HOURS) / 3.5
    noise = rng.standard_normal(true.shape)
    if kind.tails:
        noise = rng.standard_t(kind.tails, true.shape) / np.sqrt(kind.tails / (kind.tails - 2.0))
    values = true * np.exp(gain + kind.shared * red(rng, (HOURS,), 48.0)) + (2.0 + 0.05 * true) * noise
    values = np.maximum(np.rint(values), 1.0)
    values[rng.random(true.shape) < 0.03] = np.nan
    share = np.sqrt(kind.gain**2 + kind.shared**2 + (kind.drift / 12) ** 2)  # of a ramp over these ten days
    return values, np.hypot(2.0 + 0.05 * values, share * values)  # what a calibration would state, rightly


def score(name, seed):
    """Root mean square errors of all and of measured sub-cells, the naive beside, and how often the error held."""
    stations, cells, truth = make_other(KINDS[name], seed)
    fine = downscale(stations, cells, criteria=Criteria())
    measured = fine["support"].values == 2
    row = {"kind": name, "seed": seed}
    rivals = naive(stations, fine["x"].values, fine["y"].values)
    for who, field in {"ours": fine["pm25"].values, **rivals}.items():
        square = (field - truth) ** 2
        row |= {who: np.sqrt(square.mean()), f"{who} measured": np.sqrt(square[measured].mean())}
    held = np.abs(fine["pm25"].values - truth) <= 1.96 * fine["pm25_error"].values
    return row | {"holds": held.mean(), "holds measured": held[measured].mean()}


if __name__ == "__main__":
    table = pd.DataFrame([score(name, int(seed)) for name in KINDS for seed in sys.argv[1:]])
    print(table.drop(columns="seed").groupby("kind", sort=False).mean().round(3).to_string())
