"""
Delivered meteorology to one Dataset in our names and units, hours of UTC.

``u10`` and ``v10`` point where the wind blows to, whatever convention came in;
a calm is 0. Relative humidity follows from temperature and dew point where it
was not delivered. Nothing is interpolated: three-hourly reports stay three-hourly.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hotspot.patterns import find_files
from hotspot.registry import Registry, a_kind
from hotspot.rules.calendar import local_bounds, month_minus
from hotspot.sources.clock import offset_of
from hotspot.sources.intake import Intake, NothingDelivered
from hotspot.sources.weather import era5, merra2
from hotspot.sources.weather.child import decode_all
from hotspot.sources.weather.formulas import relative_humidity
from hotspot.sources.weather.layout import WeatherLayout
from hotspot.sources.weather.point_table import read_point_table
from hotspot.sources.weather.points import read_point
from hotspot.sources.weather.tables import read_prsa_weather, read_synop
from hotspot.study import Weather
from hotspot.variables import VARIABLES, CoverageWarning, DataError

if TYPE_CHECKING:
    import xarray as xr

_HOUR = np.timedelta64(3600, "s")
# A layout is one WeatherLayout; from outside under the entry points of this name.
LAYOUTS: Registry[WeatherLayout] = Registry(
    "hotspot.layouts.weather",
    {
        "era5": WeatherLayout(era5.read_era5, era5.NAMES, gridded=True),
        "era5-land": WeatherLayout(era5.read_era5, era5.NAMES, gridded=True),
        "merra2": WeatherLayout(merra2.read_merra2, merra2.NAMES, gridded=True),
        "table": WeatherLayout(read_point_table, says_where=True),
        "wuhan-meteo": WeatherLayout(read_synop),
        "prsa": WeatherLayout(read_prsa_weather),
        "era5-point": WeatherLayout(read_point),
    },
    a_kind(WeatherLayout),
)
_SHORT = 0.2  # share of a variable that may be missing before it is said; RELIABILITY 56


def open_weather(
    delivery: Weather, root: Path, intake: Intake, *, utc_offset: float, months: Sequence[str] | None = None
) -> "xr.Dataset":
    """
    Read one weather delivery.

    Parameters
    ----------
    delivery : Weather
        As the study declares it; layouts ``era5 era5-land merra2 table wuhan-meteo prsa era5-point``.
    root : Path
        The data root.
    intake : Intake
        Gets the counts, quarantined values and notes.
    utc_offset : float
        Hours that the study's local time is ahead of UTC.
    months : list of "YYYY-MM", optional
        Local months that are wanted; default everything delivered.

    Returns
    -------
    Dataset (time, lat, lon) float32, attrs ``kind`` "grid"; or (time) float64, attrs
    ``kind`` "point", ``lon``, ``lat``. ``time`` is UTC, start of the hour (or of the day, where
    attrs ``step_hours`` is 24), sorted. Every variable carries its unit; attrs
    ``preliminary_share``.

    Raises
    ------
    DataError
        A file is damaged, a unit, zone or place is neither delivered nor declared,
        an hour has two values, or nothing lies in the months.

    Warns
    -----
    CoverageWarning
        A wanted month ends before its weather does not reach its end.

    Notes
    -----
    Relative humidity: Alduchov and Eskridge 1996, see ``weather_formulas``.

    Examples
    --------
    >>> from hotspot.study import Weather
    >>> open_weather(Weather(layout="radar", files=("a.nc",)), ".", None, utc_offset=8)
    Traceback (most recent call last):
    hotspot.variables.DataError: weather layout 'radar' is not known; ...
    """
    if delivery.layout not in LAYOUTS:
        raise DataError(f"weather layout {delivery.layout!r} is not known; give one of {', '.join(LAYOUTS)}.")
    paths = find_files(root, delivery.files, "weather")
    windows = None if months is None else _windows(months, utc_offset)
    layout = LAYOUTS[delivery.layout]
    also = _windows(intake.once.expected, utc_offset)
    dataset = _grid(paths, delivery, intake, windows, also) if layout.gridded else _point(paths, delivery, intake)
    dataset = _only(dataset, windows)
    if not dataset.sizes["time"]:
        told = f"the months {', '.join(sorted(months))}" if months else "the files"
        raise NothingDelivered(f"weather: no hour lies in {told}; deliver it or take the weather out of the study.")
    if "rh2m" not in dataset and "t2m" in dataset and "d2m" in dataset:
        humidity = relative_humidity(dataset["t2m"], dataset["d2m"]).astype(dataset["t2m"].dtype)
        dataset["rh2m"] = (dataset["t2m"].dims, humidity)
        intake.note("weather: relative humidity from temperature and dew point (Alduchov and Eskridge 1996)")
    if not any(bool(values.notnull().any()) for values in dataset.data_vars.values()):
        raise NothingDelivered(
            f"weather {', '.join(delivery.files)}: {dataset.sizes['time']} times without a single value; "
            "deliver the values or take the weather out of the study."
        )
    for name, values in dataset.data_vars.items():
        values.attrs = {"unit": VARIABLES[str(name)].unit, "long_name": VARIABLES[str(name)].words}
        missing = float(values.isnull().mean())
        if missing > _SHORT:
            intake.note(f"weather: {name} is missing in {missing:.0%} of the delivered hours")
    _say_what_is_short(dataset, months, utc_offset, intake)
    attrs = {"source": delivery.source, "layout": delivery.layout, "time_zone": "UTC", "wind": "to"}
    return dataset.assign_attrs(attrs)


def _windows(months: Sequence[str], utc_offset: float) -> list[tuple[np.datetime64, np.datetime64]]:
    """UTC bounds of each local month and of the hour before, whose end may bring its rain."""
    bounds = [local_bounds(month, utc_offset) for month in sorted(set(months))]
    return [(start.astype("datetime64[s]"), end.astype("datetime64[s]")) for start, end in bounds]


def _only(dataset: "xr.Dataset", windows: list[tuple[np.datetime64, np.datetime64]] | None) -> "xr.Dataset":
    if windows is None:
        return dataset
    time = dataset["time"].to_numpy()
    inside = np.zeros(len(time), bool)
    for start, end in windows:
        inside |= (time >= start) & (time < end)
    return dataset.isel(time=np.flatnonzero(inside))


def _grid(
    paths: list[Path],
    delivery: Weather,
    intake: Intake,
    windows: list[tuple[np.datetime64, np.datetime64]] | None,
    also: Sequence[tuple[np.datetime64, np.datetime64]],
) -> "xr.Dataset":
    layout = LAYOUTS[delivery.layout]
    if delivery.time_zone is not None and offset_of(delivery.time_zone) != 0.0:
        raise DataError(
            f"weather: {delivery.layout} files are in UTC, the study declares {delivery.time_zone}; take that out."
        )
    good = [path for path in paths if _is_whole(path, intake)]
    if not good:
        raise DataError(f"weather: all {len(paths)} files are empty or no data; ask for the delivery again.")
    names = {**layout.names, **delivery.columns}
    unknown = sorted(set(delivery.columns.values()) - set(VARIABLES))
    if unknown:
        raise DataError(f"weather columns: {unknown[0]!r} is no name of ours; give one of {', '.join(VARIABLES)}.")
    # A day more on both sides: a stamp may stand in the middle or at the end of what it describes.
    wide = None if windows is None else [(start - 12 * _HOUR, end + 12 * _HOUR) for start, end in windows]
    later = [(start - 12 * _HOUR, end + 12 * _HOUR) for start, end in also]
    decoded = decode_all(good, [intake.name(path) for path in good], sorted(names), wide, once=intake.once, also=later)
    kept = [(path, file) for path, file in zip(good, decoded, strict=True) if len(file.time)]
    if not kept:
        first = min(file.first for file in decoded)
        last = max(file.last for file in decoded)
        raise NothingDelivered(
            f"weather: the files hold {first} to {last} UTC, no hour of the wanted months; deliver those."
        )
    records = [intake.register(path) for path, _ in kept]
    dataset = layout.read([file for _, file in kept], records, delivery, intake)
    lon, lat = dataset["lon"].to_numpy(), dataset["lat"].to_numpy()
    place = {"lon": float(lon.mean()), "lat": float(lat.mean())}
    return dataset.assign_attrs({"kind": "grid", "step_hours": 1, **dataset.attrs, **place})


def _is_whole(path: Path, intake: Intake) -> bool:
    """Zero bytes and web pages are set aside by name; the other files go on."""
    head = intake.once.hashed(path).head[:64].lstrip()
    fault = "the file is empty" if not head else "a web page, no data" if head[:1] == b"<" else ""
    if fault:
        intake.refuse(path, fault)
        intake.note(f"{intake.name(path)}: {fault}; set aside")
    return not fault


def _point(paths: list[Path], delivery: Weather, intake: Intake) -> "xr.Dataset":
    import xarray as xr

    layout = LAYOUTS[delivery.layout]
    if not layout.says_where and (delivery.lon is None or delivery.lat is None):
        raise DataError(
            f"weather {delivery.layout}: the series does not say where it was measured; declare lon and lat."
        )
    parts = [{"lon": delivery.lon, "lat": delivery.lat} | layout.read(path, delivery, intake) for path in paths]
    places = sorted({(part["lon"], part["lat"]) for part in parts})
    if len(places) > 1:
        raise DataError(f"weather: the files lie at {len(places)} places; give each its own [[weather]] entry.")
    datasets = [
        xr.Dataset(
            {name: ("time", values) for name, values in part.items() if name not in ("time", "lon", "lat")},
            {"time": part["time"].astype("datetime64[ns]")},
        )
        for part in parts
    ]
    dataset = xr.concat(datasets, "time", join="outer", data_vars="all", coords="minimal", compat="override")
    dataset = dataset.sortby("time") if len(datasets) > 1 else dataset
    time = dataset["time"].to_numpy()
    again = np.flatnonzero(time[1:] == time[:-1])
    if len(again):
        raise DataError(
            f"weather: {str(time[again[0]])[:16]}Z stands in two of the files; deliver each hour of one place once."
        )
    step = float(np.median(np.diff(time)) / _HOUR) if len(time) > 1 else 1.0
    return dataset.assign_attrs(
        kind="point", lon=places[0][0], lat=places[0][1], step_hours=round(step), preliminary_share=0.0
    )


def _say_what_is_short(dataset: "xr.Dataset", months: Sequence[str] | None, utc_offset: float, intake: Intake) -> None:
    """A wanted month whose weather stops early is said aloud; its missing days stay missing."""
    time = dataset["time"].to_numpy()
    step = np.timedelta64(int(dataset.attrs["step_hours"]), "h")
    for month in sorted(set(months or ())):
        start, end = local_bounds(month, utc_offset)
        inside = time[(time >= start) & (time < end)]
        last = inside[-1] + step if len(inside) else start
        lacking = (end - last) / np.timedelta64(1, "D")
        if lacking >= 1:
            words = f"weather of {month} ends {lacking:.0f} days before the month does"
            intake.note(words)
            if months and month_minus(month, 0) == max(months):
                warnings.warn(words, CoverageWarning, stacklevel=3)
