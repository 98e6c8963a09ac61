"""
The hours of a month: the wind at any place, and what the stations measured in the same hours.

All series stand on one complete axis of hours, so that they can be laid side by side.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Flags, Floats, Times
from hotspot.rules.calendar import local_bounds, month_minus, offset_hours
from hotspot.rules.tracing import Tracing
from hotspot.trace.plumes.footprint import wind_table
from hotspot.trace.plumes.wind import nearest_point, wind, wind_at

if TYPE_CHECKING:
    import xarray as xr

HOUR = np.timedelta64(1, "h")
_LONGEST_STEP = np.timedelta64(6, "h")  # reports farther apart do not follow the wind


class Hours:
    """
    Every hour of a local month (or of several, up to it), with the wind of each.

    Parameters
    ----------
    weather : Dataset with ``u10 v10``, or None
    month : str, "YYYY-MM", the last one
    utc_offset : float, hours that local time is ahead of UTC
    tracing : Tracing, from the criteria: calm, months, days of a block

    Attributes
    ----------
    time : datetime64[ns][hour], UTC
    block : int64[hour], number of the block of days
    """

    def __init__(self, weather: "xr.Dataset | None", month: str, *, utc_offset: float, tracing: Tracing) -> None:
        self.start = local_bounds(month_minus(month, tracing.months - 1), utc_offset)[0]
        self.end = local_bounds(month, utc_offset)[1]
        self.time: Times = np.arange(self.start, self.end, HOUR)
        day = (self.time + offset_hours(utc_offset)).astype("datetime64[D]").astype(np.int64)
        self.block = (day - day[0]) // tracing.block_days
        self.calm_ms = tracing.calm_ms
        self.weather = self._loaded(weather)
        self._known: dict = {}

    def _loaded(self, weather: "xr.Dataset | None") -> "xr.Dataset | None":
        """The wind of these hours in memory, read once for all places."""
        if weather is None or not {"u10", "v10"} <= set(weather):
            return weather
        time = weather["time"].values
        kept = [name for name in ("u10", "v10", "blh") if name in weather]
        return weather[kept].isel(time=(time >= self.start) & (time < self.end)).load()

    def direction(self, lon: float, lat: float) -> tuple[Floats, Flags]:
        """
        Where the wind came from at a place in each hour.

        Returns
        -------
        (direction, seen): degrees, NaN in calm; whether the hour has a report at all.
        An hour has the report nearest to it, at most half a step away.
        """
        if self.weather is None:
            return np.full(self.time.size, np.nan), np.zeros(self.time.size, bool)
        # Cells that share a point of the weather's grid share its series.
        key = tuple(nearest_point(self.weather, lon, lat).items())
        if key not in self._known:
            time, u10, v10 = wind_at(self.weather, lon, lat)
            speed, direction = wind(u10, v10, calm_ms=self.calm_ms)
            there = ~np.isnan(speed)
            self._known[key] = self._every_hour(time[there], direction[there])
        return self._known[key]

    def table(self, lon: float, lat: float) -> Floats:
        """
        Wind and mixing depth at a place in each hour, as the footprints take them.

        Returns
        -------
        float64[hour, 3], NaN where no report is near; from ``footprint.wind_table``
        """
        if self.weather is None:
            return wind_table(*np.full((2, self.time.size), np.nan))
        time, u10, v10 = wind_at(self.weather, lon, lat)
        there = ~np.isnan(u10) & ~np.isnan(v10)
        series = [u10, v10]
        if "blh" in self.weather and self.weather["blh"].dims == self.weather["u10"].dims:
            series.append(self.weather["blh"].isel(nearest_point(self.weather, lon, lat)).values.astype(float))
        return wind_table(*(self._every_hour(time[there], values[there])[0] for values in series))

    def _every_hour(self, time: Times, direction: Floats) -> tuple[Floats, Flags]:
        """What each hour that has a report near was told: three-hourly reports stand for three."""
        found, seen = np.full(self.time.size, np.nan), np.zeros(self.time.size, bool)
        step: np.timedelta64 = np.median(np.diff(time)) if time.size > 1 else _LONGEST_STEP * 2
        if step > _LONGEST_STEP:
            return found, seen
        after = np.clip(np.searchsorted(time, self.time), 1, time.size - 1)
        nearest = np.where(self.time - time[after - 1] <= time[after] - self.time, after - 1, after)
        seen = np.abs(time[nearest] - self.time) <= step / 2
        found[seen] = direction[nearest[seen]]
        return found, seen

    def values(self, stations: "xr.Dataset") -> Floats:
        """PM2.5 of every station in these hours, float64[station, hour], NaN where missing."""
        found = np.full((stations.sizes["station"], self.time.size), np.nan)
        own = stations["time"].values.astype("datetime64[ns]")
        _, at, of = np.intersect1d(self.time, own, return_indices=True)
        found[:, at] = stations["pm25"].transpose("station", "time").values[:, of]
        return found


def increments(values: Floats, neighbours: Floats, *, tracing: Tracing) -> Floats | None:
    """
    What a station measured above the background of the stations around it.

    Regional haze comes and goes with the wind and says nothing of a plant next
    door; the lower quantile of the stations around, taken hour by hour, is haze.

    Parameters
    ----------
    values : float array (hour), one station's concentration
    neighbours : float array (station, hour), the stations around it, itself among them

    Returns
    -------
    float array (hour), same unit; NaN in an hour in which fewer than
    ``background_stations`` report; None where no hour has so many

    Examples
    --------
    >>> from hotspot.rules.criteria import Tracing
    >>> around = np.array([[30.0, 80.0], [10.0, 60.0], [10.0, 61.0], [10.0, 60.0], [12.0, np.nan]])
    >>> increments(around[0], around, tracing=Tracing(background_stations=5)).tolist()
    [20.0, nan]
    """
    there = (~np.isnan(neighbours)).sum(axis=0)
    enough = (there >= tracing.background_stations) & ~np.isnan(values)
    if not enough.any():
        return None
    # Sorting puts what is missing last, so the quantile counts only what is there.
    ordered = np.sort(neighbours[:, enough], axis=0)
    place = (there[enough] - 1) * tracing.background_quantile
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, there[enough] - 1)
    column = np.arange(low.size)
    below, above = ordered[low, column], ordered[high, column]
    found = np.full(values.shape, np.nan)
    found[enough] = values[enough] - (below + (above - below) * (place - low))
    return found


def own_background(values: Floats) -> Floats:
    """
    The quiet fifth of the hours of three days around each hour, for a station that stands alone.

    Parameters
    ----------
    values : float array (hour), one station's concentration, NaN where missing

    Returns
    -------
    float array (hour), NaN where the days around have fewer than six hours

    Examples
    --------
    >>> own_background(np.r_[np.full(40, 10.0), 90.0, np.full(40, 10.0)])[40]
    np.float64(10.0)
    """
    window = pd.Series(values).rolling(24 * 3 + 1, center=True, min_periods=6)
    return window.quantile(0.2).to_numpy()
