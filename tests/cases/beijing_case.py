"""Beijing 2013-2017 as delivered: eight stations of the UCI set, their weather, and ERA5's boundary layer."""

import numpy as np
import xarray as xr

from hotspot.quality.means.completeness import daily_means
from hotspot.sources.intake import Intake
from hotspot.sources.stations.stations import read_stations
from hotspot.sources.weather.weather import open_weather
from hotspot.study import Stations, Weather

POLLUTANTS = ("pm25", "pm10", "no2", "so2", "co", "o3")
FILES = "uci_beijing_multisite/PRSA_Data_*_20130301-20170228.csv"


def beijing_days(shared, variables=POLLUTANTS, stations=("*",)):
    """Valid daily means of the stations, Dataset (station, day)."""
    files = tuple(FILES.replace("*_", f"{name}_") for name in stations)
    delivery = Stations(
        layout="prsa", files=files, unit="ug/m3", units={"co": "ug/m3"}, time_zone="+08:00", hour_label="start",
        datum="wgs84", coordinates="beijing_quotsoft_daily/stations_joined_derived.csv", role="reference",
        gas_state="standard",
    )  # fmt: skip
    hours = read_stations(delivery, shared, Intake(shared), utc_offset=8)
    days = {name: daily_means(hours, utc_offset=8, variable=name)[name] for name in variables}
    return xr.Dataset(days)


def beijing_weather(shared):
    """Hourly weather of Dongsi's station, and the daily boundary-layer height of ERA5 repeated over its hours."""
    point = {"time_zone": "+08:00", "lon": 116.417, "lat": 39.929}
    station = Weather(layout="prsa", files=(FILES.replace("*_", "Dongsi_"),), **point)
    weather = open_weather(station, shared, Intake(shared), utc_offset=8)
    reanalysis = Weather(
        layout="era5-point", files=("met_reanalysis/beijing_daily_ERA5_2013_2023.nc",), first_day="2013-01-01",
        units={"blh": "m", "u10": "m/s", "v10": "m/s", "t2m": "K", "tp": "m"}, **point,
    )  # fmt: skip
    layer = open_weather(reanalysis, shared, Intake(shared), utc_offset=8)["blh"]
    day = (weather["time"].values + np.timedelta64(8, "h")).astype("datetime64[D]")
    start = layer["time"].values + np.timedelta64(8, "h")
    at = np.searchsorted(start.astype("datetime64[D]"), day)
    return weather.assign(blh=("time", layer.values[at]))


def changes(series, months):
    """Per cent: 2016 against 2015, and March 2016 to February 2017 against the year before and against 2013-14."""
    month = months.astype("datetime64[M]")

    def mean(first):
        at = np.datetime64(first, "M")
        return series[(month >= at) & (month < at + 12)].mean()

    pairs = {"2016": ("2015-01", "2016-01"), "last": ("2015-03", "2016-03"), "all": ("2013-03", "2016-03")}
    return {name: 100 * (mean(after) / mean(before) - 1) for name, (before, after) in pairs.items()}
