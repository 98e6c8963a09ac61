"""
The air over the invented region, month by month: what is true, what the
satellite sees of it through clouds, and what the stations count.
"""

from dataclasses import dataclass

import numpy as np

from hotspot.kernels.arrays import Floats, Times
from hotspot.synthetic.plume import (
    Plumes,
    influence,
    local_fields,
    local_hours,
    make_hours,
    make_plumes,
    smooth_noise,
)
from hotspot.synthetic.region import Region
from hotspot.synthetic.sources import Source, emission_maps
from hotspot.synthetic.weather import Weather

SLOPE = 0.15  # of the background per degree and m/s of wind along the south-east axis
_LAKE = (114.93, 36.62, 4.5)  # lon, lat, radius in km: no retrieval over water, in the demo only


@dataclass(frozen=True)
class AirMonth:
    """One local month of air."""

    days: np.ndarray  # datetime64[D][n_day], local
    truth: np.ndarray  # float64[n_day, n_lat, n_lon], ug/m3, the day's true mean
    satellite: np.ndarray  # float64, the same shape, NaN under cloud
    stations: np.ndarray  # float64[24 * n_day, n_station], ug/m3, unrounded
    background: np.ndarray  # float64, as truth: the part of it that came from outside
    emission: np.ndarray  # float64[n_lat, n_lon], g/s, mean of the month


@dataclass(frozen=True)
class Air:
    """Everything that stays the same from month to month."""

    region: Region
    weather: Weather
    seed: int
    days: np.ndarray  # every delivered local day
    rhythms: list
    factors: np.ndarray
    maps: np.ndarray  # float64[n_group, n_lat, n_lon], g/s at full work
    plumes: Plumes
    places: np.ndarray  # int64[n_station, 2], pixel of each station

    def month(self, month: np.datetime64) -> AirMonth:
        """
        The air of one local month; every month has its own stream of chance.

        Parameters
        ----------
        month : datetime64[M]
        """
        chosen = self.days.astype("datetime64[M]") == month
        days = self.days[chosen]
        rng = np.random.default_rng([self.seed, 30, int(month.astype(np.int64))])
        lon, lat = self.region.pixels
        x, y = np.meshgrid(lon, lat)
        shape = x.shape
        hours = make_hours(self.weather, days)
        factors = self.factors[:, chosen]
        keep = self.region.trapping(x, y)
        # The plain's haze lies to the south-east; wind along that axis, whichever way it blows, makes the slope
        # steeper: it brings the haze in, or mountain air.
        away = (x - x.mean()) - 0.8 * (y - y.mean())
        gradient = keep * (1.0 + (0.15 + SLOPE * self._along(days))[:, None, None] * away)
        texture = np.exp(0.05 * smooth_noise(rng, len(days), shape, 14))
        local = local_fields(hours, len(days), self.rhythms, factors, self.plumes)
        background = hours.background.reshape(-1, 24)
        outside = background.mean(1)[:, None, None] * gradient
        truth = (outside + local * keep) * texture

        row, column = self.places.T
        increment = local_hours(hours, self.rhythms, factors, self.plumes)
        sloping = np.repeat(gradient[:, row, column], 24, axis=0)
        hourly = hours.background[:, None] * sloping + increment * keep[row, column]
        scatter = np.exp(0.10 * rng.standard_normal(hourly.shape) - 0.005)
        stations = hourly * np.repeat(texture[:, row, column], 24, axis=0) * scatter
        seen = self._seen(rng, days, truth, x, y)
        work = [np.mean(hours.rhythm[r] * f[hours.day]) for r, f in zip(self.rhythms, factors, strict=True)]
        emission = (np.array(work)[:, None, None] * self.maps).sum(0)
        return AirMonth(days, truth, seen, stations, outside * texture, emission)

    def _along(self, days: Times) -> Floats:
        """Mean wind of local days along the south-east axis, m/s without its sign, at most 3."""
        first = np.asarray(np.searchsorted(self.weather.time, days.astype("datetime64[h]") - 8))
        along = (self.weather.u10 - self.weather.v10)[first[:, None] + np.arange(24)].mean(1) / np.sqrt(2.0)
        return np.minimum(np.abs(along), 3.0)

    def _seen(self, rng: np.random.Generator, days: Times, truth: Floats, x: Floats, y: Floats) -> Floats:
        """The satellite's version: a bias, a retrieval error, and holes where it could not look."""
        from scipy.special import ndtri

        shape = x.shape
        first = np.asarray(np.searchsorted(self.weather.time, days.astype("datetime64[h]") - 8))
        daylight = first[:, None] + np.arange(9, 17)  # local 09 to 16
        cloud = self.weather.cloud[daylight].mean(1)
        rain = self.weather.tp[daylight].sum(1)
        season = self.weather.season[first]
        bias = (0.95 + 0.04 * season)[:, None, None]
        error = np.exp(0.05 * smooth_noise(rng, len(days), shape, 9) + 0.03 * rng.standard_normal(truth.shape))
        share = np.clip(0.62 * cloud**1.3 + 0.30 * (rain > 0.5), 0.01, 0.995)
        pattern = 0.85 * smooth_noise(rng, len(days), shape, 18) + 0.45 * smooth_noise(rng, len(days), shape, 4)
        hidden = pattern < ndtri(share)[:, None, None]
        height = self.region.elevation(x, y) + 90.0 * smooth_noise(rng, len(days), shape, 5)
        hidden |= height > (1120.0 - 420.0 * season)[:, None, None]  # the snow line
        if self.region.size == "demo":
            hidden |= np.hypot((x - _LAKE[0]) * 89.1, (y - _LAKE[1]) * 111.0) < _LAKE[2]
        return np.where(hidden, np.nan, truth * bias * error)


def make_air(region: Region, weather: Weather, sources: list[Source], stations: Floats, days: Times, seed: int) -> Air:
    """
    Prepare the air: emission maps, kernels, the stations' pixels.

    Parameters
    ----------
    stations : float64[n_station, 2]
        Longitude and latitude.
    days : datetime64[D][n_day]
        Every local day that will be asked for.
    """
    lon, lat = region.pixels
    maps, rhythms, factors = emission_maps(region, sources, days)
    column = np.round((stations[:, 0] - lon[0]) / (lon[1] - lon[0])).astype(np.int64)
    row = np.round((stations[:, 1] - lat[0]) / (lat[1] - lat[0])).astype(np.int64)
    places = np.column_stack((row, column))
    plumes = make_plumes(maps, influence(*region.pixel_metres), places)
    return Air(region, weather, seed, days, rhythms, factors, maps, plumes, places)
