"""Delivered PM2.5 rasters as one lazy field: our names, ug/m3, local days, WGS 84 longitudes."""

import base64
import datetime
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.patterns import find_files
from hotspot.registry import Registry, a_kind
from hotspot.rules.calendar import months_told
from hotspot.sources.child import inspect
from hotspot.sources.intake import Intake, NothingDelivered
from hotspot.sources.naming import days_in_name, periods_between, whole
from hotspot.sources.satellite import acag, chap, tap
from hotspot.sources.satellite.axis import local_days
from hotspot.sources.satellite.layout import SatelliteLayout
from hotspot.sources.satellite.mosaic import Tile, mosaic, tile_of
from hotspot.sources.satellite.quantity import refuse_other
from hotspot.sources.satellite.rasters import Meaning, check_path
from hotspot.study import Satellite
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

# A layout is one SatelliteLayout; from outside under the entry points of this name.
LAYOUTS: Registry[SatelliteLayout] = Registry(
    "hotspot.layouts.satellite",
    {
        "acag": acag.LAYOUT,
        "chap": chap.LAYOUT,
        "geotiff": SatelliteLayout(names_layers=True),
        "netcdf": SatelliteLayout(names_layers=True),
        "tap": tap.LAYOUT,
    },
    a_kind(SatelliteLayout),
)


def open_satellite(
    delivery: Satellite,
    root: Path,
    intake: Intake,
    *,
    utc_offset: float = 8.0,
    months: list[str] | None = None,
) -> "xr.DataArray":
    """
    Open gridded PM2.5 as it was delivered.

    Every file is read through once in a child process (see ``sources.child``),
    checked against RELIABILITY C2 and counted in the intake; its values are fetched
    when they are asked for.

    Parameters
    ----------
    delivery : Satellite, of a study
    intake : Intake, notes and counts go there
    utc_offset : float
        Hours the study's day is ahead of UTC, in which a time axis may be told.
    months : list of str, optional
        ``YYYY-MM``; only layers of these months (years, for a yearly product).

    Returns
    -------
    DataArray (time, y, x) ``pm25``, ug/m3, NaN where missing; ``x``, ``y`` pixel centres
        ascending, ``time`` the first local day of each day, month or year; attrs
        ``crs period unit native_resolution_m error_share error_source gas_state
        source product``

    Raises
    ------
    DataError
        A file is refused, says another date than its name, does not fit the grid of
        the others, or nothing was delivered for the months asked. A broken daily
        file is set aside and named in the intake; the others go on.

    Examples
    --------
    >>> from hotspot.study import Satellite
    >>> open_satellite(Satellite(layout="hdf4", files=("*.hdf",), period="day"), ".", None)
    Traceback (most recent call last):
    hotspot.variables.DataError: satellite layout 'hdf4' is not known; there are: acag, chap, geotiff, netcdf, tap.
    """
    if delivery.layout not in LAYOUTS:
        raise DataError(f"satellite layout {delivery.layout!r} is not known; there are: {', '.join(LAYOUTS)}.")
    wanted = _wanted(months, delivery.period)
    named = []
    for path in find_files(root, delivery.files, f"satellite ({delivery.layout})"):
        if not LAYOUTS[delivery.layout].wanted(path.name):
            continue
        if delivery.variable is None:
            refuse_other(path.name)
        span = _span(path.name, delivery)
        if span is None or any(wanted(day) for day in periods_between(span[0], span[1], delivery.period)):
            named.append((check_path(path), span))
    tiles, refused = [], []
    for (path, span), report in zip(named, _reports(named, delivery, intake), strict=True):
        where = intake.name(path)
        try:
            if "error" in report:
                raise DataError(report["error"])
            days = _days(path.name, span, report, delivery, utc_offset)
            _count(intake, path, report, days)
            tiles += [tile_of(path, report, k, day, where) for k, day in enumerate(days) if wanted(day)]
        except DataError as error:
            if delivery.period != "day" or len(named) == 1 or _is_settings(error):
                raise DataError(f"{where}: {error}") from None
            intake.refuse(path, str(error))
            refused.append(where)
            intake.note(f"{where}: set aside: {error}")
    if not tiles:
        asked = months_told(months or ()) or "any time"
        raise NothingDelivered(
            f"satellite ({delivery.layout}): nothing delivered for {asked} in {', '.join(delivery.files)}"
            + (f"; {len(refused)} files were refused, the first is {refused[0]}." if refused else ".")
        )
    field = mosaic(tiles, intake)
    field.attrs.update(_attributes(delivery, tiles, field, intake))
    # For whoever asks whether a layer is another one under a new date (quality.plausible.rasters).
    of = ("digest", "low", "high", "used", "sketch")
    field.attrs["layers"] = [
        (str(tile.day), tile.name, *(tile.report["layers"][tile.layer].get(key) for key in of)) for tile in tiles
    ]
    return field


def _wanted(months: list[str] | None, period: str) -> Callable[[datetime.date], bool]:
    """Whether a layer's first day is asked for."""
    n = 4 if period == "year" else 7
    wanted = None if months is None else {month[:n] for month in months}
    return lambda day: wanted is None or day.isoformat()[:n] in wanted


def _span(name: str, delivery: Satellite) -> tuple[datetime.date, datetime.date] | None:
    """First and last day that a file's name promises, by its layout; None where it carries none."""
    layout = LAYOUTS[delivery.layout]
    span = days_in_name(name, delivery.date_pattern or layout.pattern)
    if span is None:
        return None
    odd = layout.one_mean and _period_of_mean(span) != delivery.period
    if odd or not whole(span[0], span[1], delivery.period):
        raise DataError(f"{name}: its name says {span[0]} to {span[1]}, the study says one {delivery.period} a layer.")
    return span


def _period_of_mean(span: tuple[datetime.date, datetime.date]) -> str:
    """A file that is the mean of the months in its name: of one month, or of a year."""
    months = len(periods_between(span[0], span[1], "month"))
    return {1: "month", 12: "year"}.get(months, f"{months} months")


def _meaning(name: str, span: tuple[datetime.date, datetime.date] | None, delivery: Satellite) -> Meaning:
    """What the layout and the study say of one file."""
    layout = LAYOUTS[delivery.layout]
    told = layout.meaning(name, delivery)
    if not layout.names_layers or not span:
        return told
    return replace(told, layers=len(periods_between(span[0], span[1], delivery.period)))


def _reports(
    named: list[tuple[Path, tuple[datetime.date, datetime.date] | None]], delivery: Satellite, intake: Intake
) -> Iterator[dict[str, Any]]:
    """One report per file, in order, from the child (of tables from their reader)."""
    for path, _ in named:
        intake.register(path)
    meanings = [_meaning(path.name, span, delivery) for path, span in named]
    yield from inspect([path for path, _ in named], meanings, intake.once, tables=LAYOUTS[delivery.layout].tables)


def _is_settings(error: Exception) -> bool:
    """Whether the study, not the file, must be mended: then no file of the delivery can be read."""
    return "declare" in str(error) or "correct the study" in str(error)


def _days(
    name: str,
    span: tuple[datetime.date, datetime.date] | None,
    report: dict[str, Any],
    delivery: Satellite,
    ahead: float,
) -> list[datetime.date]:
    """First local day of every layer, checked against the name (RELIABILITY 40, 44)."""
    layout = LAYOUTS[delivery.layout]
    if span:
        layout.check(name, report, span[0], span[1])
    n_layer = len(report["layers"])
    if report["times"]:
        days = local_days(report["times"], ahead)
        if delivery.period != "day":
            days = [day.replace(day=1, month=day.month if delivery.period == "month" else 1) for day in days]
        if span:
            first, last = periods_between(span[0], span[1], delivery.period)[0], span[1]
            astray = [day for day in days if not first <= day <= last]
            if astray:
                raise DataError(
                    f"its name says {span[0]} to {span[1]}, its time axis holds {astray[0]}; one of them is wrong."
                )
        return days
    if not span:
        raise DataError("neither its name nor a time axis says when it is; declare date_pattern.")
    if layout.one_mean:
        return [span[0]]
    days = periods_between(span[0], span[1], delivery.period)
    if len(days) != n_layer:
        raise DataError(
            f"its name promises {len(days)} {delivery.period}(s), it holds {n_layer} layer(s) without a time axis."
        )
    return days


def _count(intake: Intake, path: Path, report: dict[str, Any], days: list[datetime.date]) -> None:
    """Book every pixel with a value, once per file: used, or quarantined with its bytes."""
    record = intake.register(path)
    for note in report["notes"]:
        intake.note(f"{record.path}: {note}")
    if record.read:
        return
    for day, layer in zip(days, report["layers"], strict=True):
        record.read += layer["read"]
        record.used += layer["used"]
        aside = layer["read"] - layer["used"]
        if aside:
            # One record for all of a layer: place and value of each pixel are in its bytes.
            intake.set_aside(
                record, 0, "pixels", f"{aside} of {day}", "PM2.5 outside 0-2000", base64.b64decode(layer["aside"])
            )
            record.quarantined += aside - 1
            intake.note(f"{record.path}: {day}: {aside} impossible values set aside")


def _attributes(delivery: Satellite, tiles: list[Tile], field: "xr.DataArray", intake: Intake) -> dict[str, Any]:
    """Attributes of the field: what the numbers are, and how far they can be trusted."""
    native = delivery.native_resolution_m
    layout = LAYOUTS[delivery.layout]
    if native is None:
        native = layout.resolution(min(tile.path.name for tile in tiles))
    if native is None:
        step = float(field["x"][1] - field["x"][0])
        middle = math.radians(float(field["y"].mean())) if json.loads(field.attrs["degrees"]) else 0.0
        native = step * (111_320 * math.cos(middle) if json.loads(field.attrs["degrees"]) else 1.0)
        intake.note(
            f"satellite ({delivery.layout}): native resolution not declared, taken as the pixel, {native:.0f} m"
        )
    field.attrs.pop("degrees")
    if not (delivery.product or layout.product or delivery.source or layout.cite):
        intake.note(
            f"satellite {', '.join(delivery.files)}: the study does not say what was delivered; "
            "give its source, and source_zh for Chinese products"
        )
    return {
        "period": delivery.period,
        "unit": "ug/m3",
        "native_resolution_m": float(native),
        "error_share": math.nan if delivery.error_share is None else float(delivery.error_share),
        "error_source": delivery.error_source,
        "correlation_km": delivery.correlation_km,
        "gas_state": delivery.gas_state or "",
        "source": delivery.source or layout.cite,
        "product": delivery.product or layout.product,
    }
