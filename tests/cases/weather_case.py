"""Daily series under known weather: what the weather did, and what is left, are both known."""

import numpy as np
import xarray as xr

from hotspot.synthetic.weather import make_weather


def daily_weather(seed):
    """Two years of the synthetic study's weather as hourly UTC Dataset of one point."""
    weather = make_weather(seed)
    hours = {name: getattr(weather, name) for name in ("u10", "v10", "t2m", "d2m", "blh", "sp", "tp")}
    return xr.Dataset({k: ("time", v) for k, v in hours.items()}, {"time": weather.time.astype("datetime64[ns]")})


def known_series(steps, seed, *, noise=0.25, memory=0.5, stop=None):
    """
    Days of 2024 and 2025 whose weather effect is known.

    steps : Dataset (time), from ``weather_steps``
    stop : position of a day and factor, from which the emission is multiplied
    returns : Dataset (station, day) with ``pm25``; float arrays of the weather effect and of the emission, in logs
    """
    rng = np.random.default_rng([seed, 1])
    whole = steps.isel(time=np.isfinite(steps["speed"].values) & (steps["time"].values >= np.datetime64("2024-01-01")))
    day = whole["time"].values
    flow = np.log(whole["ventilation"].values + 50)
    flow = (flow - flow.mean()) / flow.std()
    before = np.r_[flow[:1], flow[:-1]]
    turn = np.arctan2(whole["v10"].values, whole["u10"].values)
    weather = -0.4 * flow - 0.12 * before + 0.12 * np.sin(turn + 1) - 0.25 * (whole["tp"].values > 1)
    emission = 4 + 0.2 * np.cos(2 * np.pi * (np.arange(len(day)) - 15) / 365.25)
    emission = emission + np.repeat(np.cumsum(rng.normal(0, 0.04, len(day) // 91 + 1)), 91)[: len(day)]
    if stop is not None:
        emission = emission + np.where(np.arange(len(day)) >= stop[0], np.log(stop[1]), 0.0)
    shock, rest = rng.normal(size=len(day)), np.zeros(len(day))
    for n in range(1, len(day)):
        rest[n] = memory * rest[n - 1] + np.sqrt(1 - memory**2) * shock[n]
    values = np.exp(emission + weather + noise * rest)
    field = xr.Dataset({"pm25": (("station", "day"), values[None])}, {"station": ["a"], "day": day})
    return field, weather, emission
