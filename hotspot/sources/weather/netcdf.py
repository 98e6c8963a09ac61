"""
The time axis, the packing and the holes of a foreign weather NetCDF.

``decode`` touches the untrusted bytes and returns plain arrays, so that it can
run in a child process: a corrupt chunk may kill the reader, never the run.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Flags, Floats, Ints, Times
from hotspot.variables import DataError

if TYPE_CHECKING:
    import netCDF4

NEVER = np.datetime64("NaT", "s")
UNDECLARED_FILL = -32767.0  # packed ERA5's own mark, left behind by careless tools
_STEPS = {"second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "hour": 3600, "h": 3600, "hr": 3600, "day": 86400}
_SINCE = re.compile(
    r"\s*([A-Za-z]+?)s?\s+since\s+(\d+-\d+-\d+)"
    r"(?:[T ]+(\d+):(\d+)(?::(\d+)(?:\.\d*)?)?)?\s*(?:Z|UTC|\+?0?0:?00)?\s*"
)
_CALENDARS = ("standard", "gregorian", "proleptic_gregorian")
_AXES = {
    "time": ("valid_time", "time"),
    "lat": ("latitude", "lat"),
    "lon": ("longitude", "lon"),
}


@dataclass
class Decoded:
    """What one file holds, in its own names and units; grids are south to north, west to east."""

    time: np.ndarray  # datetime64[s][n], the stamps inside the window, in file order
    step: np.ndarray  # int64[n], their position in the file
    n_steps: int  # stamps in the whole file
    first: np.datetime64 = NEVER  # of the whole file
    last: np.datetime64 = NEVER
    bounds_s: float | None = None  # seconds that the time bounds of a stamp span
    lat: np.ndarray = field(default_factory=lambda: np.empty(0))
    lon: np.ndarray = field(default_factory=lambda: np.empty(0))
    version: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))  # expver; 1 where not said
    values: dict = field(default_factory=dict)  # name -> float64[n, lat, lon]
    units: dict = field(default_factory=dict)  # name -> str, "" where missing
    packing: dict = field(default_factory=dict)  # name -> float, one packing step in the file's unit
    fills: dict = field(default_factory=dict)  # name -> bool[n, lat, lon], undeclared fill values
    layer_height: float | None = None


def decode(
    path: str, name: str, wanted: list[str], windows: list[tuple[np.datetime64, np.datetime64]] | None
) -> Decoded:
    """
    Read some variables of a NetCDF inside some time windows.

    Parameters
    ----------
    name : str
        How messages call the file.
    wanted : sequence of str
        Variable names in the file; those absent are left out.
    windows : list of (datetime64, datetime64), or None
        Stamps t with first <= t <= last of any window are read.

    Raises
    ------
    DataError
        The file is no NetCDF, is cut short, has no time, latitude or longitude
        axis, or a time axis in a calendar or unit that cannot be placed.
    """
    return next(_opened(path, name, lambda source: [_decode(source, name, wanted, windows)]))


def decode_windows(
    path: Path | str, name: str, wanted: list[str], windows: Sequence[tuple[np.datetime64, np.datetime64]]
) -> Iterator[Decoded]:
    """
    Read some windows of a NetCDF in one opening.

    Yields
    ------
    Decoded: first the axes alone, without a stamp, then each window that they reach into as ``decode`` gives it
    """

    def read(source: Any) -> Iterator[Decoded]:
        axes = _decode(source, name, wanted, [])
        yield axes
        for window in windows:
            if reaches(axes.first, axes.last, window):
                yield _decode(source, name, wanted, [window])

    yield from _opened(path, name, read)


def reaches(first: np.datetime64, last: np.datetime64, window: Sequence[np.datetime64]) -> bool:
    """
    Whether a time axis reaches into a window; one without a stamp reaches nowhere.

    Examples
    --------
    >>> march, april, may = (np.datetime64(f"2020-{n:02}-01") for n in (3, 4, 5))
    >>> reaches(march, may, (april, april)), reaches(march, april, (may, may))
    (True, False)
    """
    return bool(window[0] <= last and window[1] >= first)


def decode_series(path: Path, name: str, wanted: Sequence[str]) -> Decoded:
    """
    Read one-dimensional series of a NetCDF that has no axes.

    Parameters
    ----------
    path, name, wanted
        As for ``decode``.

    Returns
    -------
    Decoded, only ``values units packing fills n_steps`` filled; values are float64[n]

    Raises
    ------
    DataError
        The file cannot be read, has none of the series, or they differ in length.
    """
    return next(_opened(path, name, lambda source: [_decode_series(source, name, wanted)]))


def _opened(path: Path | str, name: str, read: Callable[[Any], Any]) -> Iterator[Any]:
    import netCDF4

    try:
        with netCDF4.Dataset(path) as source:
            source.set_auto_maskandscale(False)
            yield from read(source)
    except (OSError, RuntimeError) as error:
        raise DataError(f"{name}: not readable as NetCDF ({error}); cut short or damaged, ask for it again.") from None


def _decode_series(source: Any, name: str, wanted: Sequence[str]) -> Decoded:
    there = [theirs for theirs in wanted if theirs in source.variables]
    shapes = {source[theirs].shape for theirs in there}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        told = ", ".join(f"{theirs} {source[theirs].shape}" for theirs in there) or f"none of {', '.join(wanted)}"
        raise DataError(f"{name}: wanted are series of one length, found {told}.")
    (n,) = next(iter(shapes))
    found = Decoded(np.empty(0, "datetime64[s]"), np.arange(n), n)
    for theirs in there:
        _keep(found, source[theirs], theirs, np.asarray(source[theirs][:]))
    return found


def _keep(found: Decoded, variable: "netCDF4.Variable", theirs: str, raw: np.ndarray) -> None:
    """Unpack one variable into ``found``."""
    attrs = {key: variable.getncattr(key) for key in variable.ncattrs()}
    found.values[theirs], found.fills[theirs], found.packing[theirs] = unpack(raw, attrs)
    found.units[theirs] = str(attrs.get("units", "")).strip()


def _decode(
    source: "netCDF4.Dataset", name: str, wanted: list[str], windows: list[tuple[np.datetime64, np.datetime64]] | None
) -> Decoded:
    axes = {ours: _axis(source, ours, theirs, name) for ours, theirs in _AXES.items()}
    stamps = source[axes["time"]]
    time = decode_time(stamps[:], getattr(stamps, "units", ""), getattr(stamps, "calendar", "standard"), name)
    inside = np.ones(len(time), bool)
    if windows is not None:
        inside = np.zeros(len(time), bool)
        for first, last in windows:
            inside |= (time >= first) & (time <= last)
    step = np.flatnonzero(inside)
    lat, lon = (np.asarray(source[axes[axis]][:], float) for axis in ("lat", "lon"))
    lon = np.where(lon >= 180.0, lon - 360.0, lon)
    north, east = np.argsort(lat, kind="stable"), np.argsort(lon, kind="stable")
    version = np.ones(len(step), np.int64)
    expver = source.variables.get("expver")
    split = expver is not None and "expver" in source.dimensions
    if expver is not None and not split and expver.dimensions == (axes["time"],):
        version = np.array([int(str(text)) for text in np.asarray(expver[:])[step]], np.int64)
    bounds = source.variables.get(getattr(stamps, "bounds", ""))
    found = Decoded(time[step], step, len(time), lat=lat[north], lon=lon[east], version=version)
    if len(time):
        found.first, found.last = time.min(), time.max()
    if bounds is not None:
        found.bounds_s = _span(bounds[:], stamps.units)
    layer = source.variables.get("HLML")
    if layer is not None:
        found.layer_height = float(np.mean(layer[:]))
    for theirs in wanted:
        if theirs not in source.variables:
            continue
        variable = source[theirs]
        order = [axes["time"], *(["expver"] if split else []), axes["lat"], axes["lon"]]
        kept = [
            dimension
            for dimension in variable.dimensions
            if dimension in order or len(source.dimensions[dimension]) > 1
        ]
        if sorted(kept) != sorted(order):
            raise DataError(
                f"{name}: {theirs} has the dimensions {', '.join(variable.dimensions)}, wanted are {', '.join(order)}; "
                "deliver one level and one ensemble member."
            )
        low, high = (int(step[0]), int(step[-1]) + 1) if len(step) else (0, 0)
        cut = tuple(slice(low, high) if dimension == axes["time"] else slice(None) for dimension in variable.dimensions)
        raw = np.asarray(variable[cut])
        raw = raw.squeeze(tuple(n for n, dimension in enumerate(variable.dimensions) if dimension not in kept))
        raw = raw.transpose([kept.index(dimension) for dimension in order])[step - low]
        _keep(found, variable, theirs, raw)
        values, fills = found.values[theirs], found.fills[theirs]
        if split:
            values, fills, found.version = _merge_versions(
                values, fills, np.asarray(cast(Any, expver)[:]).astype(np.int64)
            )
        found.values[theirs] = np.ascontiguousarray(values[:, north][:, :, east])
        found.fills[theirs] = fills[:, north][:, :, east]
    return found


def _axis(source: "netCDF4.Dataset", ours: str, theirs: tuple[str, str], name: str) -> str:
    for candidate in theirs:
        if candidate in source.variables and source[candidate].dimensions == (candidate,):
            return candidate
    raise DataError(
        f"{name}: no {ours} axis (looked for {', '.join(theirs)}); it has {', '.join(source.dimensions)}. "
        "A series without time or place needs another layout, such as era5-point."
    )


def _span(bounds: np.ndarray, units: str) -> float:
    """Seconds from the first to the last bound of a stamp."""
    step = units.lower().split()[0].removesuffix("s")  # the axis was read with it, so it is known
    return float(np.median(bounds[:, 1] - bounds[:, 0])) * _STEPS[step]


def decode_time(values: ArrayLike, units: str, calendar: str, name: str) -> Times:
    """
    Stamps of a CF time axis.

    Parameters
    ----------
    values : number array
    units : str
        "seconds|minutes|hours|days since INSTANT", UTC.
    name : str
        How messages call the file.

    Returns
    -------
    datetime64[s] array, UTC as the file says

    Raises
    ------
    DataError
        Another calendar, months or years as a unit, or no unit at all.

    Examples
    --------
    >>> decode_time([1.5], "hours since 1900-01-01 00:00:0.0", "gregorian", "a.nc")
    array(['1900-01-01T01:30:00'], dtype='datetime64[s]')
    >>> decode_time([1], "months since 1900-01-01", "standard", "a.nc")
    Traceback (most recent call last):
    hotspot.variables.DataError: a.nc: time unit 'months since 1900-01-01' ...
    """
    if str(calendar).lower() not in _CALENDARS:
        raise DataError(f"{name}: calendar {calendar!r} has other days than ours; deliver the standard calendar.")
    match = _SINCE.fullmatch(str(units))
    if match is None or match[1].lower() not in _STEPS:
        raise DataError(
            f"{name}: time unit {units!r} cannot be placed; "
            "wanted are seconds, minutes, hours or days since an instant in UTC."
        )
    year, month, day = (int(part) for part in match[2].split("-"))
    clock = [int(part or 0) for part in match.groups()[2:5]]
    first = np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "s") + (clock[0] * 60 + clock[1]) * 60 + clock[2]
    values = np.asarray(values)
    if not np.isfinite(values.astype(float)).all():
        raise DataError(f"{name}: a time is missing; mend the time axis.")
    if values.dtype.kind in "iu":
        return first + values.astype(np.int64) * _STEPS[match[1].lower()]
    return first + np.rint(values.astype(float) * _STEPS[match[1].lower()]).astype(np.int64)


def unpack(raw: np.ndarray, attrs: dict[str, Any]) -> tuple[Floats, Flags, float]:
    """
    Raw numbers to values, by the file's own packing.

    Parameters
    ----------
    raw : number array
    attrs : dict
        ``_FillValue``, ``missing_value``, ``scale_factor``, ``add_offset`` where there.

    Returns
    -------
    values : float64, NaN where the file says missing
    fills : bool, where a float equals -32767 or a huge number and the file did not say so
    packing : float
        One step of the packing in the file's unit; 0 for floats.

    Examples
    --------
    >>> unpack(np.array([0, 5, -9], "i2"), {"scale_factor": 0.5, "add_offset": 1.0, "_FillValue": -9})[0]
    array([1. , 3.5, nan])
    """
    values = raw.astype(float)
    missing = np.isnan(values)
    for key in ("_FillValue", "missing_value"):
        if key in attrs:
            missing |= np.isin(raw, np.atleast_1d(attrs[key]).astype(raw.dtype))
    scale, offset = float(attrs.get("scale_factor", 1.0)), float(attrs.get("add_offset", 0.0))
    packed = raw.dtype.kind in "iu"
    fills = np.zeros(raw.shape, bool) if packed else ~missing & ((values == UNDECLARED_FILL) | (np.abs(values) > 1e30))
    values = np.where(missing | fills, np.nan, values * scale + offset)
    return values, fills, abs(scale) if packed else 0.0


def _merge_versions(values: Floats, fills: Flags, versions: Ints) -> tuple[Floats, Flags, Ints]:
    """Final ERA5 (expver 1) over preliminary (5), hour by hour; values[n, version, lat, lon]."""
    order = np.argsort(versions, kind="stable")
    merged, holes = values[:, order[0]], fills[:, order[0]]
    taken = np.full(len(values), versions[order[0]])
    for number in order[1:]:
        gap = np.isnan(merged) & ~np.isnan(values[:, number])
        merged = np.where(gap, values[:, number], merged)
        holes = holes | (fills[:, number] & np.isnan(merged))
        taken[gap.any(axis=(1, 2))] = versions[number]
    return merged, holes, taken
