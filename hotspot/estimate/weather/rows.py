"""
Weather as a model needs it: one row per local day (or hour) and place, complete
on its axis, with what came before it and what the whole region had.

Every column belongs to one factor of D3 (transport, precipitation, boundary
layer) or to the air mass, so that a factor can be averaged out alone.
"""

import math
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hotspot.estimate.weather.stagnation import stagnation_arrays
from hotspot.kernels.arrays import Flags, Floats, Ints, Times
from hotspot.rules.calendar import offset_hours
from hotspot.rules.criteria import Stagnation
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

_FACTOR = {
    "u10": "transport",
    "v10": "transport",
    "speed": "transport",
    "tp": "precipitation",
    "blh": "boundary_layer",
    "ventilation": "boundary_layer",
    "t2m": "air_mass",
    "rh2m": "air_mass",
    "d2m": "air_mass",
    "sp": "air_mass",
}
_BEFORE = ("u10", "v10", "speed", "ventilation", "tp", "t2m", "sp")  # means of the day before
_LONG_BEFORE = ("speed", "ventilation", "tp")  # means of the three days before
_REGION = ("u10", "v10", "speed", "blh")
_DAY_SHARE = 0.75  # of a day's reports that must be there
_DAYS_AT_ONCE = 16  # whose reports are worked with together


class WeatherTable(NamedTuple):
    """Rows of weather at places, on a complete axis of local time."""

    time: np.ndarray  # datetime64[ns], local
    names: tuple  # of the columns
    factor: tuple  # of each column: transport, precipitation, boundary_layer, air_mass
    values: np.ndarray  # float64[place, time, column]; a row with a gap is NaN throughout
    steps: dict  # name -> float64[place, time], the weather itself: blh, speed, ventilation, tp ...


def weather_steps(
    weather: "xr.Dataset", *, utc_offset: float, step: str = "day", stagnation: Stagnation | None = None
) -> "xr.Dataset":
    """
    Weather on a complete axis of local days or hours, with wind speed and ventilation.

    Parameters
    ----------
    weather : Dataset (time), (time, place) or (time, lat, lon)
        From ``open_weather``: UTC, start of the hour; or daily (attrs ``step_hours`` 24, or
        steps of a day). ``u10 v10`` m/s are needed; used where present: ``blh t2m rh2m d2m sp tp``.
    utc_offset : float
        Hours that local time is ahead of UTC.
    step : str
        "day" or "hour".
    stagnation : Stagnation, of the criteria, optional
        By which stagnant days are told later; default its own defaults.

    Returns
    -------
    Dataset (time, ...): ``time`` local, the variables and ``speed`` m/s, ``ventilation`` m2/s
    (with ``blh``), and what ``stagnant_rows`` looks at: ``ventilation_top`` and ``unstable``, of
    every day its maximum, and for hours ``rain``, the day's sum; NaN where less than three
    quarters of a day were delivered

    Raises
    ------
    DataError
        There is no wind, or hours are asked of daily weather.

    Notes
    -----
    Speed and ventilation (height x speed) are made per hour and averaged then: the
    mean wind of a day that turns is no calm. Rain is the day's sum. Reports that
    stand for several hours are repeated for hourly use.

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.datetime64("2020-02-01T16:00", "ns") + np.arange(24) * np.timedelta64(1, "h")
    >>> hours = {"u10": ("time", np.tile([3.0, -3.0], 12)), "v10": ("time", np.zeros(24))}
    >>> day = weather_steps(xr.Dataset(hours, {"time": time}), utc_offset=8)
    >>> str(day["time"].values[0])[:10], float(day["u10"][0]), float(day["speed"][0])
    ('2020-02-02', 0.0, 3.0)
    """
    import xarray as xr

    lacking = [name for name in ("u10", "v10") if name not in weather]
    if lacking:
        raise DataError(f"weather: {lacking[0]} is missing; without wind the weather cannot be taken out.")
    time: Times = weather["time"].values.astype("datetime64[ns]")
    if time.size < 2:
        raise DataError("weather: fewer than two times; deliver the whole period.")
    spacing = np.diff(time).min() / np.timedelta64(1, "h")
    every = float(weather.attrs.get("step_hours", spacing))
    if every >= 24 and step == "hour":
        raise DataError(
            "weather: it is daily, the series hourly; average the series to days or deliver hourly weather."
        )
    places = [dim for dim in weather["u10"].dims if dim != "time"]
    local, rules = time + offset_hours(utc_offset), stagnation or Stagnation()
    day = local.astype("datetime64[D]")
    whole = np.arange(day[0], day[-1] + 1)
    if step == "hour":
        arrays, top = _reports(weather, places, slice(None), every, rules)
        axis, days = _days(local, {"tp": arrays["tp"]} if "tp" in arrays else {}, every, top, whole)
        hour_axis, arrays = _hours(local, arrays, every)
        at = np.searchsorted(axis, hour_axis, side="right") - 1
        arrays |= {"rain" if name == "tp" else name: values[at] for name, values in days.items()}
        axis = hour_axis
    else:
        # Some days after the other: hours of years on a grid would be held several times over.
        parts = []
        for start in range(0, whole.size, _DAYS_AT_ONCE):
            days_of = whole[start : start + _DAYS_AT_ONCE]
            rows = slice(*np.searchsorted(day, [days_of[0], days_of[-1] + 1]).tolist())
            arrays, top = _reports(weather, places, rows, every, rules)
            more = start + _DAYS_AT_ONCE < whole.size
            parts.append(_days(local[rows], arrays, every, top, days_of, more=more))
        axis = np.concatenate([days for days, _ in parts])
        arrays = {name: np.concatenate([values[name] for _, values in parts]) for name in parts[0][1]}
    coords = {name: coord for name, coord in weather.coords.items() if "time" not in coord.dims}
    dims = ("time", *places)
    return xr.Dataset({name: (dims, values) for name, values in arrays.items()}, {"time": axis, **coords})


def _reports(
    weather: "xr.Dataset", places: list[Hashable], rows: slice, every: float, rules: Stagnation
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Some reports with speed and ventilation, and what stagnation is judged by: arrays with time first."""

    def values(name: str) -> np.ndarray:
        return weather[name].isel(time=rows).transpose("time", *places).values

    arrays = {name: values(name).astype(float) for name in _FACTOR if name in weather}
    arrays["speed"] = np.hypot(arrays["u10"], arrays["v10"])
    if "blh" in arrays:
        arrays["ventilation"] = arrays["blh"] * arrays["speed"]
    if every >= 24:  # a daily mean of height and wind tells no daily maximum
        return arrays, {}
    judged = arrays | {name: values(name) for name in ("cape", "cin") if name in weather}
    return arrays, stagnation_arrays(judged, rules)


def _days(
    local: Times, arrays: dict[str, Floats], every: float, top: dict[str, Floats], axis: Any, *, more: bool = False
) -> tuple[Times, dict[str, Floats]]:
    """Means of the local days of an axis (rain: sums; ``top``: maxima); a day that lacks too much is NaN."""
    day = local.astype("datetime64[D]")
    count = np.searchsorted(day, axis, side="right") - np.searchsorted(day, axis)
    per_day = 1 if every >= 24 else 24 / every
    needed = max(1.0, _DAY_SHARE * per_day)
    found = {}
    # The last row of zeros joins the last day of all alone: a sum of one more row may differ in its last digit.
    ends = np.r_[0, np.cumsum(count)][: None if more else -1]
    for name, values in top.items():
        flat = np.where(np.isfinite(values), values, -np.inf).reshape(len(values), math.prod(values.shape[1:]))
        highest = np.maximum.reduceat(np.vstack([flat, np.full((1, flat.shape[1]), -np.inf)]), ends, axis=0)[
            : axis.size
        ]
        number = _counted(np.isfinite(flat), ends)[: axis.size]
        enough = (number >= needed) & (count > 0)[:, None]
        found[name] = np.where(enough, highest, np.nan).reshape(len(axis), *values.shape[1:])
    for name, values in arrays.items():
        flat = values.reshape(len(values), math.prod(values.shape[1:]))
        there = np.isfinite(flat)
        # A last row of zeros, so that a day without reports may point behind the end.
        rows = np.vstack([np.where(there, flat, 0.0), np.zeros((1, flat.shape[1]))])
        total = np.add.reduceat(rows, ends, axis=0)[: axis.size]
        number = _counted(there, ends)[: axis.size]
        enough = (number >= needed) & (count > 0)[:, None]
        mean = np.where(enough, total / np.maximum(number, 1), np.nan)
        found[name] = (mean * (per_day if name == "tp" else 1.0)).reshape(len(axis), *values.shape[1:])
    return axis.astype("datetime64[ns]"), found


def _counted(there: Flags, ends: Ints) -> Ints:
    """Reports of each day and place, a last row of none behind them."""
    return np.add.reduceat(np.vstack([there, np.zeros((1, there.shape[1]), bool)]).astype(np.int64), ends, axis=0)


def _hours(local: Times, arrays: dict[str, Floats], every: float) -> tuple[Times, dict[str, Floats]]:
    """Hours on a complete axis; a report stands for the hours until the next is due."""
    axis = np.arange(local[0], local[-1] + np.timedelta64(round(every), "h"), np.timedelta64(1, "h"))
    at = np.searchsorted(local, axis, side="right") - 1
    stale = axis - local[at] >= np.timedelta64(round(every), "h")
    found = {}
    for name, values in arrays.items():
        taken = values[at] / (every if name == "tp" else 1.0)
        taken[stale] = np.nan
        found[name] = taken
    return axis.astype("datetime64[ns]"), found


def weather_table(steps: "xr.Dataset", lon: ArrayLike, lat: ArrayLike, *, per_day: int = 1) -> WeatherTable:
    """
    Columns of the model at given places.

    Parameters
    ----------
    steps : Dataset (time, ...), from ``weather_steps``
    lon, lat : float arrays (place,)
        Ignored where the weather is that of one point.
    per_day : int
        Rows of a day: 1 or 24.

    Raises
    ------
    DataError
        No row is complete.

    Notes
    -----
    Between grid points bilinear, outside the grid its edge. Columns: the weather of the
    step; means of the day before and the three days before (METHODS 6.3, Qiu 2022: without
    history and regional means the errors were -30..42 %); on a grid the regional means.

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.arange("2020-02-01", "2020-02-06", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> days = {"u10": ("time", np.arange(5.0)), "v10": ("time", np.zeros(5)), "speed": ("time", np.arange(5.0))}
    >>> table = weather_table(xr.Dataset(days, {"time": time}), [116.0], [40.0])
    >>> dict(zip(table.names, table.values[0, 3], strict=True))["speed_1d"]
    np.float64(2.0)
    """
    at_places = {name: _at(steps[name], lon, lat) for name in steps.data_vars}
    columns, names, factors = [], [], []

    def add(name: str, base: str, values: Floats) -> None:
        columns.append(values)
        names.append(name)
        factors.append(_FACTOR[base])

    for base in (name for name in _FACTOR if name in at_places):
        add(base, base, at_places[base])
    for suffix, bases, days in (("1d", _BEFORE, 1), ("3d", _LONG_BEFORE, 3)):
        for base in (name for name in bases if name in at_places):
            add(f"{base}_{suffix}", base, _before(at_places[base], days * per_day))
    if steps["u10"].ndim > 1:
        for base in (name for name in _REGION if name in at_places):
            mean = steps[base].mean([dim for dim in steps[base].dims if dim != "time"]).values
            add(f"{base}_region", base, np.broadcast_to(mean, at_places[base].shape))
    values = np.stack(columns, axis=-1)
    values[np.isnan(values).any(axis=-1)] = np.nan
    if np.isnan(values).all():
        raise DataError("weather: no day is complete; see which variable is missing and deliver it or leave it out.")
    return WeatherTable(steps["time"].values, tuple(names), tuple(factors), values, at_places)


def _at(values: "xr.DataArray", lon: Any, lat: Any) -> Floats:
    """One variable at places, float64[place, time]."""
    import xarray as xr

    n = len(lon)
    if values.ndim == 1:
        return np.broadcast_to(values.values, (n, values.size))
    if "lat" in values.dims:
        lon = np.clip(lon, float(values["lon"].min()), float(values["lon"].max()))
        lat = np.clip(lat, float(values["lat"].min()), float(values["lat"].max()))
        at = {"lon": xr.DataArray(lon, dims="place"), "lat": xr.DataArray(lat, dims="place")}
        single = {name: 0 for name in ("lon", "lat") if values.sizes[name] == 1}
        values = values.isel(single)
        return values.interp({k: v for k, v in at.items() if k not in single}).transpose(..., "time").values.reshape(
            -1, values.sizes["time"]
        ) * np.ones((n, 1))
    east = (values["lon"].values[None, :] - np.asarray(lon)[:, None]) * np.cos(np.radians(np.asarray(lat)))[:, None]
    nearest = np.hypot(east, values["lat"].values[None, :] - np.asarray(lat)[:, None]).argmin(axis=1)
    return values.transpose(..., "time").values[nearest]


def _before(values: Floats, n: int) -> Floats:
    """Mean of the n steps before each, the step itself left out; the first take what there is."""
    seen = np.isfinite(values)
    total = np.cumsum(np.where(seen, values, 0.0), axis=1)
    number = np.cumsum(seen, axis=1)
    total = np.concatenate([np.zeros_like(total[:, :1]), total], axis=1)
    number = np.concatenate([np.zeros_like(number[:, :1]), number], axis=1)
    step = np.arange(values.shape[1])
    low = np.maximum(step - n, 0)
    count = number[:, step] - number[:, low]
    mean = (total[:, step] - total[:, low]) / np.maximum(count, 1)
    return np.where(count > 0, mean, values)
