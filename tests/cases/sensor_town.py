"""A made-up town of healthy stations, to be broken by the tests."""

import numpy as np
import xarray as xr

START = np.datetime64("2020-02-29T16:00", "ns")  # local midnight of 1 March


def town(n_station=8, n_hour=720, seed=3, **extra):
    """Healthy stations around a town that breathe the same air, each with its own level and noise."""
    rng = np.random.default_rng(seed)
    hour = np.arange(n_hour)
    air = 55 + 25 * np.sin(hour / 31) + 10 * np.sin(2 * np.pi * hour / 24)
    level = np.exp(rng.normal(0, 0.1, (n_station, 1)))
    values = np.round(air * level * np.exp(rng.normal(0, 0.06, (n_station, n_hour))), 1)
    place = {
        "station": [f"m{k}" for k in range(n_station)],
        "lon": ("station", 116.0 + 0.01 * np.arange(n_station)),
        "lat": ("station", np.full(n_station, 40.0)),
        "time": START + hour * np.timedelta64(1, "h"),
    }
    data = {"pm25": (("station", "time"), values, {"unit": "ug/m3"})}
    data |= {name: (("station", "time"), array(values)) for name, array in extra.items()}
    return xr.Dataset(data, place, {"utc_offset": 8.0})
