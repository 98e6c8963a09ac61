"""
Two years of invented hourly weather: seasons, days and nights, passing systems,
stagnant spells, rain; and the ERA5-like files they are delivered in.

Every series is a sum of a season, a day and red noise (autoregressive of first
order); nothing here is fitted to a real place.
"""

from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Flags, Floats
from hotspot.synthetic.region import Region

FIRST, LAST = "2023-12-31T00", "2026-01-01T00"  # UTC, both delivered


@dataclass(frozen=True)
class Weather:
    """Hourly series over the region's centre, UTC. Winds point where they blow to."""

    time: np.ndarray  # datetime64[h]
    u10: np.ndarray  # m/s
    v10: np.ndarray  # m/s
    t2m: np.ndarray  # degC
    d2m: np.ndarray  # degC
    blh: np.ndarray  # m
    sp: np.ndarray  # hPa at 60 m
    tp: np.ndarray  # mm in the hour that begins at time
    stagnation: np.ndarray  # 0 to 1
    cloud: np.ndarray  # share of the sky, 0 to 1
    season: np.ndarray  # 1 in mid January, -1 in mid July

    @property
    def local_hour(self) -> Floats:
        """Hour of the local day, UTC+8."""
        return ((self.time.astype("datetime64[h]").astype(np.int64) + 8) % 24).astype(float)


def red_noise(rng: np.random.Generator, n: int, hours: float) -> Floats:
    """Unit-variance autoregressive noise that forgets in ``hours``; float64[n]."""
    keep = np.exp(-1.0 / hours)
    shock = rng.standard_normal(n) * np.sqrt(1.0 - keep**2)
    shock[0] = rng.standard_normal()
    return np.array(list(accumulate(shock.tolist(), lambda last, new: keep * last + new)))


def make_weather(seed: int) -> Weather:
    """
    The hourly weather of 2024 and 2025.

    Returns
    -------
    Weather, from ``FIRST`` to ``LAST``

    Examples
    --------
    >>> weather = make_weather(1)
    >>> bool(weather.t2m[weather.season > 0.9].mean() < 5 < 20 < weather.t2m[weather.season < -0.9].mean())
    True
    """
    # This stream, with the default seed, gives changes of both signs in the last month,
    # so that the demo shows what a month with bad weather does to the change classes.
    rng = np.random.default_rng([seed, 127])
    time = np.arange(np.datetime64(FIRST, "h"), np.datetime64(LAST, "h") + 1)
    n = len(time)
    hour = (time.astype(np.int64) + 8) % 24
    day_of_year = (time + 8 - time.astype("datetime64[Y]").astype("datetime64[h]")).astype(float) / 24.0
    season = np.cos(2 * np.pi * (day_of_year - 15.0) / 365.25)
    sun = np.maximum(0.0, np.sin(np.pi * (hour - 6.5) / 12.5)) * ((hour > 6) & (hour < 20))

    spell, moist = red_noise(rng, n, 60.0), red_noise(rng, n, 30.0)
    stagnation = 1.0 / (1.0 + np.exp(-3.0 * (spell + 0.25 * season - 0.55)))
    cloud = 1.0 / (1.0 + np.exp(-2.2 * (moist + 0.15 - 0.35 * season)))
    wet = moist - (1.45 + 0.65 * season)  # rain needs more in winter
    tp = np.where(
        wet > 0, (0.25 + 2.2 * np.maximum(wet, 0.0) ** 1.4) * rng.gamma(0.8, 1.0, n) * (0.8 - 0.45 * season), 0.0
    )
    tp = np.where(tp < 0.1, 0.0, tp)

    # Systems pass from the north-west in winter, from the south-east in summer;
    # the mountains breathe: upslope (westward) by day, downslope by night.
    strength = (1.0 - 0.78 * stagnation) * (0.75 + 0.55 * sun)
    u10 = strength * (0.35 * season + 2.1 * red_noise(rng, n, 20.0)) - 0.75 * sun + 0.45 * (sun == 0)
    v10 = strength * (0.5 - 0.75 * season + 2.3 * red_noise(rng, n, 24.0)) + 0.15 * sun
    gust = rng.standard_normal((2, n)) * 0.22
    u10, v10 = u10 + gust[0], v10 + gust[1]

    t2m = 13.4 - 14.3 * season + 4.6 * (1.2 - 0.6 * cloud) * np.cos(2 * np.pi * (hour - 15) / 24)
    t2m = t2m + 2.8 * red_noise(rng, n, 90.0) + 0.8 * stagnation - 1.2 * (tp > 0)
    spread = 9.0 - 4.0 * moist + 3.6 * np.cos(2 * np.pi * (hour - 15) / 24) - 2.0 * stagnation + 1.5 * season
    d2m = t2m - np.where(tp > 0, 0.6, np.clip(spread, 0.4, 26.0))
    top = (1250.0 - 420.0 * season) * sun ** (0.7) * (1.0 - 0.62 * stagnation) * (1.0 - 0.3 * cloud)
    speed = np.hypot(u10, v10)
    blh = (90.0 + 75.0 * speed * (1.0 - 0.5 * stagnation) + top) * np.exp(0.18 * red_noise(rng, n, 4.0))
    sp = 1009.0 + 9.0 * season + 5.5 * red_noise(rng, n, 70.0) + 0.9 * np.cos(4 * np.pi * (hour - 10) / 24)
    return Weather(time, u10, v10, t2m, d2m, np.clip(blh, 35.0, 3500.0), sp, tp, stagnation, cloud, season)


def write_weather(folder: Path, weather: Weather, region: Region, wanted: Flags, seed: int) -> None:
    """
    Write ERA5-like NetCDF files, one for each UTC month.

    As the Climate Data Store delivers them: ``valid_time`` in UTC, Kelvin, Pascal,
    metres of rain that fell in the hour *ending* at the stamp, 0.25 degree, north first.

    Parameters
    ----------
    wanted : bool[n]
        Which of the hours are delivered.

    Returns
    -------
    None; the files are ``era5_YYYY-MM.nc``
    """
    import xarray as xr

    west, south, east, north = region.townships.total_bounds
    lon = np.arange(np.floor(west * 4) / 4, east + 0.25, 0.25)
    lat = np.arange(np.ceil(north * 4) / 4, south - 0.25, -0.25)
    across = (lon - lon.mean())[None, :] + 0 * lat[:, None]
    along = (lat - lat.mean())[:, None] + 0 * lon[None, :]
    height = region.elevation(*np.meshgrid(lon, lat))
    rng = np.random.default_rng([seed, 11])
    n = len(weather.time)

    def field(series: Floats, swing: float, hours: float) -> Floats:
        """A series with a slope over the region that wanders."""
        slope = swing * np.stack([red_noise(rng, n, hours) for _ in range(2)])
        return series[:, None, None] + slope[0][:, None, None] * across + slope[1][:, None, None] * along

    t2m = field(weather.t2m, 0.7, 60.0) - 0.0062 * (height - 60.0)
    d2m = np.minimum(field(weather.d2m, 0.7, 60.0) - 0.0045 * (height - 60.0), t2m - 0.1)
    pressure = field(weather.sp, 0.4, 60.0) * np.exp(-(height - 60.0) / 8200.0)
    ends = np.concatenate(([0.0], weather.tp[:-1]))  # the stamp of rain is the end of its hour
    values = {
        "u10": (field(weather.u10, 0.35, 12.0), "m s**-1", 0.01, "10 metre U wind component"),
        "v10": (field(weather.v10, 0.35, 12.0), "m s**-1", 0.01, "10 metre V wind component"),
        "t2m": (t2m + 273.15, "K", 0.01, "2 metre temperature"),
        "d2m": (d2m + 273.15, "K", 0.01, "2 metre dewpoint temperature"),
        "blh": (np.maximum(field(weather.blh, 60.0, 24.0), 30.0), "m", 1.0, "Boundary layer height"),
        "sp": (pressure * 100.0, "Pa", 10.0, "Surface pressure"),
        "tp": (
            np.maximum(field(ends, 0.15, 12.0), 0.0) * (ends > 0)[:, None, None] / 1000.0,
            "m",
            1e-5,
            "Total precipitation",
        ),
    }
    months = weather.time.astype("datetime64[M]")
    for month in np.unique(months[wanted]):
        chosen = wanted & (months == month)
        data, packing = {}, {}
        for name, (values_all, unit, step, words) in values.items():
            data[name] = (
                ("valid_time", "latitude", "longitude"),
                values_all[chosen],
                {"units": unit, "long_name": words},
            )
            offset = {"K": 273.15, "Pa": 80_000.0, "m": 0.0}.get(unit, 0.0)
            packing[name] = {"dtype": "int16", "scale_factor": step, "add_offset": offset, "_FillValue": -32767}
            packing[name] |= {"zlib": True, "complevel": 4, "shuffle": True}
        stamps = weather.time[chosen].astype("datetime64[s]").astype(np.int64)
        clock = {"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian", "long_name": "time"}
        coords = {
            "valid_time": ("valid_time", stamps, clock),
            "latitude": ("latitude", lat, {"units": "degrees_north"}),
            "longitude": ("longitude", lon, {"units": "degrees_east"}),
        }
        attrs = {"Conventions": "CF-1.7", "institution": "synthetic study of hotspot; ERA5-like, not ERA5"}
        dataset = xr.Dataset(data, coords, attrs)
        dataset.to_netcdf(folder / f"era5_{pd.Timestamp(month):%Y-%m}.nc", engine="netcdf4", encoding=packing)
