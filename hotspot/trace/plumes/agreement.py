"""
What each station says of each facility, and how many say the same.

One station knows a direction, not a distance: everything behind one another
looks alike to it. A plant to which several stations point lies where their
directions cross.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from hotspot.grid.projection import towards
from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.rules.tracing import Tracing
from hotspot.trace.plumes.cpf import sector_lift
from hotspot.trace.plumes.hours import Hours, increments

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


class Receptors:
    """
    The stations of one month: what each measured, the wind at each, and what that says of the facilities.

    Parameters
    ----------
    hours : Hours
    stations : Dataset (station, time) with ``pm25``, hourly UTC, reference stations, or None
    micro : the same of micro-stations, or None
    places : DataFrame ``lon lat`` of the facilities
    tracing : Tracing, from the criteria
    crs : str, optional
        Of the lattice, for ``x y`` of the stations in metres.

    Notes
    -----
    A station's series is worked out once, however many cells ask. Its values are
    what it measured above the background of the reference stations within
    ``background_km`` (``hours.increments``), or as measured where too few report.
    """

    def __init__(
        self,
        hours: Hours,
        stations: "xr.Dataset | None",
        micro: "xr.Dataset | None",
        places: "pd.DataFrame",
        *,
        tracing: Tracing,
        crs: str | None = None,
    ) -> None:
        self.hours, self.tracing = hours, tracing
        self.places = places["lon"].to_numpy(float), places["lat"].to_numpy(float)
        there = [data for data in (stations, micro) if data is not None and "pm25" in data]
        self.n_reference = stations.sizes["station"] if there and there[0] is stations else 0
        self.name = np.concatenate([np.zeros(0, str), *(data["station"].values.astype(str) for data in there)])
        self.lon, self.lat = (
            np.concatenate([np.zeros(0), *(np.asarray(data[axis], float) for data in there)]) for axis in ("lon", "lat")
        )
        self.x: np.ndarray
        self.y: np.ndarray
        self.x, self.y = on_lattice(self.lon, self.lat, crs) if crs is not None else (self.lon, self.lat)
        self.values = np.concatenate([np.zeros((0, hours.time.size)), *(hours.values(data) for data in there)])
        self._series: dict = {}
        self._near: dict = {}

    def nearest(self, lon: float, lat: float, reach_km: float) -> list[tuple[int, float]]:
        """
        The reference stations with any value around a place, nearest first.

        Returns
        -------
        list of (station, km)
        """
        km = _km(lon, lat, self.lon[: self.n_reference], self.lat[: self.n_reference])
        order = np.lexsort((self.name[: self.n_reference], km))
        return [(int(i), float(km[i])) for i in order if km[i] <= reach_km and not np.isnan(self.values[i]).all()]

    def series(self, station: int) -> tuple[Floats, Floats, Flags, str]:
        """
        A station's values and wind.

        Returns
        -------
        (values, direction, seen, measure): float arrays (hour) and bool (hour); ``measure``
        is "increment" or "concentration"
        """
        if station not in self._series:
            own, reference = self.values[station], slice(0, self.n_reference)
            km = _km(self.lon[station], self.lat[station], self.lon[reference], self.lat[reference])
            around = self.values[reference][km <= self.tracing.background_km]
            above = increments(own, around, tracing=self.tracing)
            values, measure = (own, "concentration") if above is None else (above, "increment")
            direction, seen = self.hours.direction(self.lon[station], self.lat[station])
            self._series[station] = values, direction, seen, measure
        return self._series[station]

    def says(self, station: int, facilities: Ints) -> dict[str, Floats]:
        """
        What one station says of some facilities, given by their positions.

        Returns
        -------
        dict of float arrays (facility): ``km`` from the station, ``hours`` with wind from its
        sector, ``lift, low, high``; NaN where it has no hours
        """
        bearing, km = towards(self.lon[station], self.lat[station], *(axis[facilities] for axis in self.places))
        values, direction, seen, _ = self.series(station)
        there = seen & ~np.isnan(values)
        hours = direction[there], values[there], self.hours.block[there]
        return {"km": km} | sector_lift(bearing, *hours, tracing=self.tracing)

    def agreement(self, wanted: Ints) -> dict[str, Ints]:
        """
        How many stations point to each facility.

        Parameters
        ----------
        wanted : int array, positions of facilities

        Returns
        -------
        dict of arrays (wanted facility): ``agreement``, stations whose interval of the
        lift lies above 1; ``n_stations``, stations within ``agreement_km`` of it with enough
        hours of wind from it
        """
        wanted = np.asarray(wanted, dtype=np.int64)
        count, pointing = np.zeros(wanted.size, dtype=int), np.zeros(wanted.size, dtype=int)
        for station, near in self._asked(wanted):
            answer = self.says(station, wanted[near])
            able = (answer["km"] <= self.tracing.agreement_km) & (answer["hours"] >= self.tracing.min_upwind_hours)
            able &= ~np.isnan(answer["lift"])
            count[near] += able
            pointing[near] += able & (answer["low"] > 1)
        return {"agreement": pointing, "n_stations": count}

    def _asked(self, wanted: Ints) -> Iterator[tuple[int, Ints]]:
        """Stations within reach of any of these facilities, and which of them those are."""
        lon, lat = self.places[0][wanted], self.places[1][wanted]
        for i in np.flatnonzero(~np.isnan(self.values).all(axis=1)).tolist():
            near = np.flatnonzero(near_box(self.lon[i], self.lat[i], lon, lat, self.tracing.agreement_km))
            if near.size:
                yield i, near


def on_lattice(lon: Floats, lat: Floats, crs: str) -> tuple[Floats, Floats]:
    """Metres east and north of places in degrees, WGS 84."""
    from pyproj import Transformer

    return Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)


def near_box(lon: float, lat: float, there_lon: Floats, there_lat: Floats, km: float) -> Flags:
    """
    Places in a box around a place that holds every place within so many kilometres.

    Examples
    --------
    >>> near_box(114.0, 30.0, np.array([114.1, 116.0]), np.array([30.1, 30.0]), 20.0).tolist()
    [True, False]
    """
    # A degree of latitude is nowhere shorter than 110.5 km, one of longitude than 110.5 km times the cosine.
    degrees = km / 110.5
    wide = degrees / max(np.cos(np.radians(min(abs(lat) + degrees, 89.0))), 0.01)
    return (np.abs(there_lat - lat) <= degrees) & (np.abs(there_lon - lon) <= wide)


def _km(lon: float, lat: float, there_lon: Floats, there_lat: Floats) -> Floats:
    return towards(lon, lat, np.asarray(there_lon, float), np.asarray(there_lat, float))[1]
