"""Small weather files for the tests, written and read back."""

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.sources.intake import Intake
from hotspot.sources.weather.weather import open_weather
from hotspot.study import Weather

UNITS = {"u10": "m s**-1", "v10": "m s**-1", "t2m": "K", "d2m": "K", "blh": "m", "sp": "Pa", "tp": "m"}


def fields(start="2020-01-31T00", hours=48, seed=1):
    """An ERA5-like Dataset, 3 x 4 points, north first."""
    rng = np.random.default_rng(seed)
    shape = (hours, 3, 4)
    values = {
        "u10": rng.normal(0, 3, shape),
        "v10": rng.normal(0, 3, shape),
        "t2m": 275 + rng.normal(0, 4, shape),
        "d2m": 268 + rng.normal(0, 1, shape),
        "blh": rng.uniform(50, 900, shape),
        "sp": 101_000 + rng.normal(0, 300, shape),
        "tp": rng.gamma(0.3, 0.001, shape),
    }
    data = {
        name: (("valid_time", "latitude", "longitude"), part.astype("f4"), {"units": UNITS[name]})
        for name, part in values.items()
    }
    time = pd.date_range(start, periods=hours, freq="h")
    return xr.Dataset(
        data, {"valid_time": time, "latitude": [37.0, 36.75, 36.5], "longitude": [114.0, 114.25, 114.5, 114.75]}
    )


def save(dataset, path, **encoding):
    clock = {"valid_time": {"units": "hours since 1900-01-01", "dtype": "i4"}}
    dataset.to_netcdf(path, encoding=(clock if "valid_time" in dataset.coords else {}) | encoding)
    return path


def read(root, months=None, layout="era5", files=("*.nc",), **declared):
    """The Dataset and the intake of a delivery in ``root``; the conservation law is held."""
    intake = Intake(root)
    delivery = Weather(layout=layout, files=files, **declared)
    found = open_weather(delivery, root, intake, utc_offset=8.0, months=months)
    intake.check()
    return found, intake
