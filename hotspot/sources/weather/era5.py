"""
ERA5 and ERA5-Land single levels as the Climate Data Store delivers them.

Stamps are UTC. Instantaneous fields belong to the hour that begins at the stamp.
Precipitation of ERA5 fell in the hour that *ends* at the stamp, so it moves one
hour back; that of ERA5-Land is a sum since 00 UTC and is taken apart first
(layout ``era5-land``). Data of the last three months are preliminary
(``expver`` 5) and are replaced by final ones (1) wherever both were delivered.
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.sources.intake import FileRecord, Intake
from hotspot.sources.weather.grid import assemble
from hotspot.sources.weather.netcdf import Decoded
from hotspot.study import Weather
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

NAMES = {name: name for name in ("u10", "v10", "t2m", "d2m", "blh", "sp", "tp", "cape", "cin")}
_HOUR = np.timedelta64(1, "h")


def read_era5(files: list[Decoded], records: list[FileRecord], delivery: Weather, intake: Intake) -> "xr.Dataset":
    """
    Decoded ERA5 files to one Dataset.

    Returns
    -------
    Dataset (time, lat, lon), start of hour UTC, our units

    Raises
    ------
    DataError
        As ``assemble``; or rain of layout ``era5`` that never falls within a day,
        which is a sum since midnight.
    """
    dataset = assemble(files, records, NAMES | delivery.columns, units=delivery.units, intake=intake)
    if "tp" not in dataset:
        return dataset
    rain = dataset["tp"]
    if delivery.layout == "era5-land":
        rain = hourly_from_daily_sum(rain)
        intake.note("weather: precipitation since 00 UTC (ERA5-Land) was taken apart into hours")
    elif _looks_summed(rain):
        raise DataError(
            f"{records[0].path}, variable tp: it never falls between 01 and 24 UTC, so it is a sum since midnight "
            'as in ERA5-Land; declare layout = "era5-land".'
        )
    rain = rain.assign_coords(time=rain["time"] - _HOUR)
    # An hour whose end was not delivered has no rain value; the first stamp's rain belongs to the hour before.
    return dataset.drop_vars("tp").assign(tp=rain.reindex(time=dataset["time"]))


def hourly_from_daily_sum(rain: "xr.DataArray") -> "xr.DataArray":
    """
    Rain of each hour from the sum since 00 UTC that ERA5-Land keeps.

    Parameters
    ----------
    rain : DataArray (time, ...), mm, stamps at the end of each hour

    Returns
    -------
    DataArray of the same shape; NaN where the hour before is missing

    Notes
    -----
    The sum at 00 UTC is that of the whole day before; at 01 UTC it starts anew.

    Examples
    --------
    >>> import pandas as pd, xarray as xr
    >>> time = pd.date_range("2020-01-01T01", periods=4, freq="h")
    >>> hourly_from_daily_sum(xr.DataArray([1.0, 1.0, 4.0, 4.5], {"time": time}, "time")).values
    array([1. , 0. , 3. , 0.5])
    """
    time = rain["time"].to_numpy()
    before = rain.shift(time=1).to_numpy().copy()
    gap = np.concatenate(([True], np.diff(time) != _HOUR))
    before[gap] = np.nan
    begins = time.astype("datetime64[h]").astype(np.int64) % 24 == 1
    before[begins] = 0.0
    return rain.copy(data=np.where(np.abs(rain - before) < 1e-4, 0.0, rain - before))


def _looks_summed(rain: "xr.DataArray") -> bool:
    """Whether rain never falls within any UTC day though it rains in most of them."""
    mean = rain.mean([dimension for dimension in rain.dims if dimension != "time"]).to_numpy()
    ends = rain["time"].to_numpy().astype("datetime64[h]").astype(np.int64) - 1
    day, wet_days = ends // 24, 0
    for value in np.unique(day):
        within = mean[day == value]
        within = within[np.isfinite(within)]
        if len(within) < 20 or within[-1] < 0.1:
            continue
        if (np.diff(within) < -1e-4).any():
            return False
        wet_days += 1
    return wet_days >= 3
