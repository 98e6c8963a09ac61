"""Truth for before and after: plants of the synthetic demo stop, and what would have been is known."""

from functools import lru_cache

import numpy as np
import xarray as xr

from hotspot.estimate.weather.rows import weather_steps
from hotspot.synthetic.plume import influence, local_hours, make_hours, make_plumes
from hotspot.synthetic.region import CENTRE, Region
from hotspot.synthetic.sources import BIG, emission_maps, make_sources
from hotspot.synthetic.study import SEED
from hotspot.synthetic.weather import make_weather

DAYS = np.arange(np.datetime64("2024-01-01"), np.datetime64("2026-01-01"))
STOP = np.datetime64("2025-01-01")


@lru_cache(maxsize=1)
def scene():
    """
    The demo's ground, worked out once: plumes at the large plants and at 48 places all over it.

    Returns
    -------
    km : float64[place, 2], the plants' first; plumes; rhythms; trapping float64[place];
    degrees float64[place], towards the hazy side; n_plant
    """
    region = Region("demo", SEED)
    sources = make_sources(region, SEED)
    plants = [source for source in sources if source.class_ in BIG]
    rest = [source for source in sources if source.class_ not in BIG]
    lon, lat = region.pixels
    maps, rhythms, _ = emission_maps(region, rest, DAYS)
    alone = [emission_maps(region, [plant], DAYS)[0] for plant in plants]
    towns = emission_maps(region, [], DAYS)[0].sum(0)
    own = np.stack([one.sum(0) - towns for one in alone])  # towns are in every map; they count once
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = [(0.55 * r * np.cos(a), 0.44 * r * np.sin(a)) for r in (0.35, 0.65, 0.95) for a in angle]
    places = np.array([(p.lon, p.lat) for p in plants] + [(CENTRE[0] + x, CENTRE[1] + y) for x, y in ring])
    column = np.round((places[:, 0] - lon[0]) / 0.01).astype(np.int64)
    row = np.round((lat[0] - places[:, 1]) / 0.01).astype(np.int64)
    plumes = make_plumes(np.concatenate([own, maps]), influence(*region.pixel_metres), np.column_stack((row, column)))
    km = (places - CENTRE) * (89.1, 111.0)
    degrees = (places[:, 0] - CENTRE[0]) - 0.8 * (places[:, 1] - CENTRE[1])
    return km, plumes, ["industry"] * len(plants) + rhythms, region.trapping(*places.T), degrees, len(plants)


def planted(seed):
    """
    Two years under their own weather; two plants stop with the second.

    Returns
    -------
    field : Dataset (cell, day), as seen: 7 % scatter, three days of ten missing
    steps : Dataset (time), the weather
    stopped : list of two cells; control : list of cells at least 25 km from both
    true_pct : dict of cell -> %, against what would have been
    """
    km, plumes, rhythms, keep, degrees, n_plant = scene()
    rng = np.random.default_rng([seed, 90])
    weather = make_weather(seed)
    hours = make_hours(weather, DAYS)
    stopped = rng.choice(n_plant, 2, replace=False)
    factors = np.ones((len(rhythms), len(DAYS)))
    would = local_hours(hours, rhythms, factors, plumes)
    factors[stopped, np.searchsorted(DAYS, STOP) :] = 0.0
    was = local_hours(hours, rhythms, factors, plumes)
    along = (weather.u10 - weather.v10)[np.searchsorted(weather.time, DAYS.astype("datetime64[h]") - 8)]
    slope = 0.15 + 0.15 * np.minimum(np.abs(along) / np.sqrt(2.0), 3.0)
    outside = hours.background.reshape(-1, 24).mean(1)[:, None] * (1 + slope[:, None] * degrees)
    was, would = (((outside + one.reshape(len(DAYS), 24, -1).mean(1)) * keep).T for one in (was, would))
    seen = was * np.exp(0.07 * rng.standard_normal(was.shape))
    seen[:, rng.random(len(DAYS)) < 0.25] = np.nan
    seen[rng.random(seen.shape) < 0.07] = np.nan
    names = [f"C{n:02d}" for n in range(len(km))]
    field = xr.Dataset({"pm25": (("cell", "day"), seen)}, {"cell": names, "day": DAYS.astype("datetime64[ns]")})
    away = np.hypot(*(km[:, None] - km[stopped]).transpose(2, 0, 1)).min(1)
    hourly = {name: ("time", getattr(weather, name)) for name in ("u10", "v10", "blh", "tp", "t2m")}
    steps = weather_steps(xr.Dataset(hourly, {"time": weather.time.astype("datetime64[ns]")}), utc_offset=8)
    later = DAYS >= STOP
    true = {names[n]: 100 * (was[n, later].mean() / would[n, later].mean() - 1) for n in stopped}
    return field, steps, [names[n] for n in stopped], [names[n] for n in np.flatnonzero(away >= 25)], true
