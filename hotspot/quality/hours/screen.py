"""
Every hour of every station looked at, and its doubts written beside it.

A flag takes nothing out: raw values stay, and only the flags that the criteria list as
excluding keep an hour from counting (GB 3095-2026 6.4: all valid data take part).
"""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Flags, Floats, Times
from hotspot.quality.hours import single
from hotspot.quality.hours.flags import flag, flag_attrs, mask_of
from hotspot.quality.hours.interference import evidence
from hotspot.quality.hours.neighbours import Opinion, disagreements, nearest, opinions
from hotspot.quality.hours.slow import clock_lags, drifts
from hotspot.quality.means.seen import matrix
from hotspot.rules.calendar import local_times
from hotspot.rules.criteria import Criteria
from hotspot.rules.sensors import FLAGS, Screening
from hotspot.variables import VARIABLES, DataError

if TYPE_CHECKING:
    import xarray as xr

VARIABLES_SCREENED = ("pm25", "pm10")
_HOUR = np.timedelta64(1, "h")


def screen(
    stations: "xr.Dataset",
    *,
    reference: "xr.Dataset | None" = None,
    weather: "xr.Dataset | None" = None,
    criteria: Criteria | None = None,
    variable: str = "pm25",
) -> "xr.Dataset":
    """
    Flag the doubtful hours of stations, each with its reasons.

    Parameters
    ----------
    stations : Dataset (station, time)
        Hourly, UTC, NaN where missing; ``lon lat`` on ``station``. ``pm10``, ``rh2m`` (per
        cent, measured at the station) and ``flow`` are used where they are there.
    reference : Dataset (station, time), optional
        Regulatory stations, which join the neighbours.
    weather : Dataset, optional
        ``rh2m`` for stations that measure no humidity.
    criteria : Criteria, optional
        The study's; section ``screening``.
    variable : "pm25" or "pm10"

    Returns
    -------
    Dataset (station, time), the stations as they came, and

    - ``pm25``: what counts, NaN where an excluding flag stands
    - ``pm25_raw``: as delivered, never changed
    - ``pm25_flags``: bitmask, see ``flag_masks`` and ``flag_meanings`` in its attributes
    - ``pm25_expected``: from the neighbours, ug/m3, NaN where fewer than needed reported
    - ``pm25_probability``: of a residual at least as large (``neighbours.opinions``)
    - on ``station``: ``online_share``, ``clock_lag`` (hours the stamps are late against the
      neighbours), ``drift_per_day`` (ug/m3, latest window)

    A Dataset that was screened before keeps its flags, and hours that were out stay out.

    Raises
    ------
    DataError
        Hours are not whole, not in order or twice, or a station is twice.

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.datetime64("2020-02-29T16:00", "ns") + np.arange(48) * np.timedelta64(1, "h")
    >>> rng = np.random.default_rng(0)
    >>> values = 50 + 10 * np.sin(np.arange(48) / 4) + rng.normal(0, 2, (5, 48))
    >>> values[2, 30] = 500.0
    >>> at = {"station": list("abcde"), "lon": ("station", 116 + np.arange(5) / 100), "lat": ("station", [40.0] * 5)}
    >>> hours = xr.Dataset({"pm25": (("station", "time"), values)}, at | {"time": time}, {"utc_offset": 8.0})
    >>> seen = screen(hours)
    >>> from hotspot.quality.hours.flags import reasons
    >>> [str(s) for s in seen["station"].values[(seen["pm25_flags"] != 0).any("time")]]
    ['c']
    >>> reasons(seen["pm25_flags"].values[2, 30])[0], float(seen["pm25"][2, 30])
    ('one hour far off both hours beside it, neighbours calm', 500.0)
    """
    criteria = (criteria or Criteria()).screening
    if variable not in VARIABLES_SCREENED:
        raise ValueError(f"{variable!r} is not screened; give one of {', '.join(VARIABLES_SCREENED)}.")
    _check(stations, variable)
    raw = matrix(stations, f"{variable}_raw" if f"{variable}_raw" in stations else variable)
    current = matrix(stations, variable)
    parts = _Surroundings(stations, reference, weather, raw, criteria, variable)
    bits = np.zeros(raw.shape, np.int32)
    expected, probability = np.full(raw.shape, np.nan), np.full(raw.shape, np.nan)
    lag = drift = np.zeros(raw.shape[0])
    for stretch in _stretches(parts.time):
        masks, judged, lag, drift = _screen_stretch(parts, stretch, criteria)
        for name, mask in masks.items():
            bits[:, stretch] |= np.where(mask, flag(name).bit, 0).astype(np.int32)
        expected[:, stretch], probability[:, stretch] = judged.expected, judged.probability
    if f"{variable}_flags" in stations:
        bits |= matrix(stations, f"{variable}_flags", dtype=np.int32)
    kept = np.where((bits & mask_of(criteria.excluding_flags)) != 0, np.nan, current)
    dims = ("station", "time")
    unit = {"unit": VARIABLES[variable].unit}
    online = np.isfinite(raw).mean(axis=1) if raw.shape[1] else np.zeros(raw.shape[0])
    return stations.transpose("station", "time", ...).assign(
        {
            variable: (dims, kept, stations[variable].attrs),
            f"{variable}_raw": (dims, raw, unit),
            f"{variable}_flags": (dims, bits, flag_attrs()),
            f"{variable}_expected": (dims, expected, unit),
            f"{variable}_probability": (dims, probability, {"unit": "1"}),
            "online_share": ("station", online, {"unit": "1"}),
            "clock_lag": ("station", lag, {"unit": "h"}),
            "drift_per_day": ("station", drift, {"unit": f"{VARIABLES[variable].unit} per day"}),
        }
    )


def interference_evidence(
    screened: "xr.Dataset", *, criteria: Criteria | None = None, variable: str = "pm25"
) -> "pd.DataFrame":
    """
    The table of sudden falls of screened stations, for a person to look into.

    Parameters
    ----------
    screened : Dataset, from ``screen``
    criteria : Criteria, optional
    variable : "pm25" or "pm10"

    Returns
    -------
    DataFrame: one row per event (``interference.COLUMNS``; local times), by station and start

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.datetime64("2020-02-29T16:00", "ns") + np.arange(48) * np.timedelta64(1, "h")
    >>> values = np.full((5, 48), 80.0) + np.arange(48) % 3
    >>> values[2, 20:24] = 20.0
    >>> at = {"station": list("abcde"), "lon": ("station", 116 + np.arange(5) / 100), "lat": ("station", [40.0] * 5)}
    >>> hours = xr.Dataset({"pm25": (("station", "time"), values)}, at | {"time": time}, {"utc_offset": 8.0})
    >>> interference_evidence(screen(hours))[["station", "start", "hours", "flagged"]].values.tolist()
    [['c', Timestamp('2020-03-01 20:00:00'), 4, False]]
    """
    criteria = (criteria or Criteria()).screening
    raw, expected = matrix(screened, f"{variable}_raw"), matrix(screened, f"{variable}_expected")
    parts = _Surroundings(screened, None, None, raw, criteria, variable)
    tables = []
    for stretch in _stretches(parts.time):
        table, _ = parts.evidence(stretch, expected[:, stretch], criteria)
        tables.append(table)
    filled = [table for table in tables if len(table)]
    if not filled:
        return tables[0]
    return pd.concat(filled).sort_values(["station", "start"], kind="stable", ignore_index=True)


def station_report(screened: "xr.Dataset", *, variable: str = "pm25") -> "pd.DataFrame":
    """
    One row per station: what was delivered, what was doubted, what to do.

    Parameters
    ----------
    screened : Dataset, from ``screen``
    variable : "pm25" or "pm10"

    Returns
    -------
    DataFrame: ``station online_share hours``, hours under each flag, ``clock_lag drift_per_day todo``

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.datetime64("2020-02-29T16:00", "ns") + np.arange(24) * np.timedelta64(1, "h")
    >>> at = {"station": ["a"], "lon": ("station", [116.0]), "lat": ("station", [40.0]), "time": time}
    >>> hours = xr.Dataset({"pm25": (("station", "time"), [[0.0] * 12 + [np.nan] * 12])}, at)
    >>> station_report(screen(hours))[["station", "online_share", "hours", "zero_run", "todo"]].values.tolist()
    [['a', 0.5, 12, 12, 'inspect: zero for more than six hours']]
    """
    bits = matrix(screened, f"{variable}_flags", dtype=np.int32)
    rows = []
    for at, station in enumerate(screened["station"].values):
        counts = {name: int(((bits[at] & flag(name).bit) != 0).sum()) for name in FLAGS}
        lag, drift = float(screened["clock_lag"][at]), float(screened["drift_per_day"][at])
        todo = [f"clock: fits its neighbours {lag:+.0f} h off"] if lag else []
        todo += [f"calibrate: drifts {drift:+.2f} ug/m3 a day"] if counts["drift"] else []
        todo += [
            f"inspect: {flag(name).words}"
            for name in ("flat_line", "zero_run", "repeated_day", "digits_heaped", "interference")
            if counts[name]
        ]
        rows.append(
            {
                "station": str(station),
                "online_share": float(screened["online_share"][at]),
                "hours": int(np.isfinite(screened[f"{variable}_raw"].values[at]).sum()),
                **counts,
                "clock_lag": lag,
                "drift_per_day": drift,
                "todo": "; ".join(todo),
            }
        )
    return pd.DataFrame(rows)


class _Surroundings:
    """Plain arrays of the stations and of everything that may judge them."""

    def __init__(
        self,
        stations: "xr.Dataset",
        reference: "xr.Dataset | None",
        weather: "xr.Dataset | None",
        raw: Floats,
        criteria: Screening,
        variable: str,
    ) -> None:
        self.raw = raw
        self.variable = variable
        self.names = stations["station"].values.astype(str)
        self.titles = stations["name"].values.astype(str) if "name" in stations.coords else self.names
        self.time = stations["time"].values.astype("datetime64[ns]")
        self.local = local_times(stations).astype("datetime64[h]")
        pools, lon, lat, ids = [raw], [stations["lon"].values], [stations["lat"].values], [self.names]
        if reference is not None and variable in reference:
            other = reference.transpose("station", "time", ...).reindex(time=stations["time"].values)
            pools.append(matrix(other, variable))
            lon.append(other["lon"].values)
            lat.append(other["lat"].values)
            ids.append(other["station"].values.astype(str))
        self.pool = single.possible(np.concatenate(pools), criteria)
        self.neighbour, _ = nearest(
            lon[0],
            lat[0],
            np.concatenate(lon),
            np.concatenate(lat),
            count=criteria.neighbour_count,
            within_km=criteria.neighbour_km,
            names=self.names,
            names_other=np.concatenate(ids),
        )
        self.coarse = matrix(stations, "pm10") if variable == "pm25" and "pm10" in stations else None
        self.own_humidity = matrix(stations, "rh2m") if "rh2m" in stations else None
        self.humidity = self.own_humidity if self.own_humidity is not None else humidity_at(stations, weather)
        self.flow = matrix(stations, "flow") if "flow" in stations else None

    def evidence(self, stretch: slice, expected: Floats, criteria: Screening) -> "tuple[pd.DataFrame, Flags]":
        from hotspot.kernels import flags

        wetter = flowing = None
        if self.own_humidity is not None:
            around = np.where(self.neighbour < len(self.names), self.neighbour, -1)
            own = np.ascontiguousarray(self.own_humidity[:, stretch])
            wetter = own - flags.neighbour_medians(own, around, criteria.min_neighbours)
        if self.flow is not None:
            usual = np.nanmedian(np.where(self.flow > 0, self.flow, np.nan), axis=1)
            flowing = self.flow[:, stretch] / usual[:, None]
        return evidence(
            self.raw[:, stretch],
            expected,
            self.local[stretch],
            criteria,
            stations=self.names,
            names=self.titles,
            humidity=wetter,
            flow=flowing,
        )


def _screen_stretch(
    parts: _Surroundings, stretch: slice, criteria: Screening
) -> tuple[dict[str, Flags], Opinion, Floats, Floats]:
    """Masks by flag name, the opinion, clock lags and drifts, of consecutive hours."""
    values = np.ascontiguousarray(parts.raw[:, stretch])
    local = parts.local[stretch]
    sound = single.possible(values, criteria)
    judged = opinions(sound, np.ascontiguousarray(parts.pool[:, stretch]), parts.neighbour, criteria)
    masks = single.gross_range(values, criteria)
    masks["spike"] = single.spikes(sound, judged.expected, criteria)
    masks["rate_of_change"] = single.fast_changes(sound, criteria)
    masks["flat_line"] = single.flat_lines(sound, criteria)
    masks["zero_run"] = single.zero_runs(sound, criteria)
    first_hour = int((local[0] - local[0].astype("datetime64[D]")).astype(np.int64))
    masks["repeated_day"] = single.repeated_days(sound, first_hour, criteria)
    masks["digits_heaped"] = single.heaped_digits(sound, local.astype("datetime64[M]").astype(np.int64), criteria)
    with np.errstate(invalid="ignore"):
        masks["neighbours"] = disagreements(judged, criteria)
        if parts.humidity is not None:
            masks["humidity"] = (parts.humidity[:, stretch] > criteria.humid) & np.isfinite(values)
        if parts.coarse is not None:
            masks["pm25_above_pm10"] = sound > parts.coarse[:, stretch]
    masks["drift"], drift = drifts(sound, judged.expected, local, criteria)
    _, masks["interference"] = parts.evidence(stretch, judged.expected, criteria)
    return masks, judged, clock_lags(sound, judged.expected, criteria), drift


def humidity_at(stations: "xr.Dataset", weather: "xr.Dataset | None") -> Floats | None:
    """Relative humidity of the weather at stations, float64[n_station, n_time]; None where nobody measured it."""
    if weather is None or "rh2m" not in weather:
        return None
    humidity = weather["rh2m"].reindex(time=stations["time"].values)
    if {"lat", "lon"} <= set(humidity.dims):
        humidity = humidity.sel(lat=stations["lat"], lon=stations["lon"], method="nearest")
        return humidity.transpose("station", "time").values.astype("float64")
    if humidity.dims != ("time",):
        return None
    return np.broadcast_to(humidity.values.astype("float64"), (stations.sizes["station"], stations.sizes["time"]))


def _stretches(time: Times) -> list[slice]:
    """Slices of consecutive hours."""
    cuts = np.flatnonzero(np.diff(time) != _HOUR) + 1
    edges = [0, *cuts.tolist(), time.size]
    return [slice(a, b) for a, b in pairwise(edges) if b > a]


def _check(stations: "xr.Dataset", variable: str) -> None:
    if variable not in stations:
        raise DataError(f"stations: there is no {variable}; there are: {', '.join(map(str, stations.data_vars))}.")
    names, count = np.unique(stations["station"].values.astype(str), return_counts=True)
    if (count > 1).any():
        raise DataError(f"stations: {str(names[count > 1][0])!r} is there twice; settle it first.")
    time = stations["time"].values.astype("datetime64[ns]")
    if time.size == 0 or np.isnat(time).any() or (time.astype("datetime64[h]") != time).any():
        raise DataError("stations: times are not whole hours; average them first (with the count behind each).")
    if (np.diff(time) <= np.timedelta64(0)).any():
        raise DataError("stations: hours are twice or out of order; sort and settle them first.")
