"""
What the nearest references say at a micro-station, and in which hours that may teach it.

Beside a reference every hour teaches. Farther away only hours in which the references
around agree with each other: the air is mixed then, and a difference is the sensor's, not
the street's. All other hours would teach a station to forget its own sources.
"""

from dataclasses import dataclass

import numpy as np

from hotspot.quality.neighbours import nearest


@dataclass(frozen=True)
class Transfer:
    """
    References brought to the stations.

    value : float64[n_station, n_hour], ug/m3, NaN where no reference is near or reporting
    teaches : bool[n_station, n_hour]
    km : float64[n_station], distance of the nearest reference, NaN where none is near
    collocated : bool[n_station]
    names : list of str per station, references used, nearest first
    """

    value: np.ndarray
    teaches: np.ndarray
    km: np.ndarray
    collocated: np.ndarray
    names: list


def bring(stations, reference, criteria, *, variable="pm25"):
    """
    Bring the references to the stations.

    Parameters
    ----------
    stations, reference : Dataset (station, time) with ``lon lat``
    criteria : Calibration
    variable : str

    Returns
    -------
    Transfer

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.rules.sensors import Calibration
    >>> time = np.datetime64("2020-03-01", "ns") + np.arange(2) * np.timedelta64(1, "h")
    >>> def at(names, lon, values):
    ...     place = {"station": names, "lon": ("station", lon), "lat": ("station", [40.0] * len(lon)), "time": time}
    ...     return xr.Dataset({"pm25": (("station", "time"), values)}, place)
    >>> brought = bring(at(["m"], [116.0], [[1.0, 1.0]]),
    ...     at(["r", "s"], [116.03, 115.97], [[50.0, 50.0], [54.0, 90.0]]), Calibration())
    >>> brought.value.round(6).tolist(), brought.teaches.tolist(), brought.names
    ([[52.0, 70.0]], [[True, False]], [['r', 's']])
    """
    names = reference["station"].values.astype(str)
    hours = reference[variable].transpose("station", "time").reindex(time=stations["time"].values)
    values = hours.values.astype("float64")
    where, km = nearest(
        stations["lon"].values,
        stations["lat"].values,
        reference["lon"].values,
        reference["lat"].values,
        count=criteria.references,
        within_km=criteria.max_km,
        names_other=names,
    )
    collocated = km[:, 0] <= criteria.collocated_km
    # A collocated station listens to that reference alone.
    where[collocated, 1:], km[collocated, 1:] = -1, np.nan
    n_station, n_hour = where.shape[0], values.shape[1]
    total, weight = np.zeros((n_station, n_hour)), np.zeros((n_station, n_hour))
    low, high = np.full((n_station, n_hour), np.inf), np.full((n_station, n_hour), -np.inf)
    n = np.zeros((n_station, n_hour), np.int64)
    for rank in range(where.shape[1]):
        there = where[:, rank] >= 0
        part = np.full((n_station, n_hour), np.nan)
        part[there] = values[where[there, rank]]
        known = np.isfinite(part)
        share = np.where(there, 1.0 / np.maximum(np.nan_to_num(km[:, rank]), 0.01), 0.0)[:, None]
        total += np.where(known, part, 0.0) * share
        weight += known * share
        low = np.where(known, np.minimum(low, part), low)
        high = np.where(known, np.maximum(high, part), high)
        n += known
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(weight > 0, total / weight, np.nan)
        mixed = (n >= 2) & (high - low <= criteria.mixed_spread * value)
    teaches = np.isfinite(value) & (collocated[:, None] | mixed)
    return Transfer(value, teaches, km[:, 0], collocated, [[str(names[k]) for k in row if k >= 0] for row in where])
