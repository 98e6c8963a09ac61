"""
Weather of one place as a table: synoptic reports (layout ``wuhan-meteo``) and the
weather columns of the UCI Beijing files (layout ``prsa``).
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Objects
from hotspot.sources.clock import compose, offset_of, parse_days
from hotspot.sources.intake import Intake
from hotspot.sources.missing import to_numbers
from hotspot.sources.tables import Table, read_table
from hotspot.sources.weather.formulas import COMPASS, wind_components
from hotspot.study import Weather
from hotspot.variables import VARIABLES, DataError, to_unit

_DIRECTION = re.compile(r"\s*(\d{1,3})\s*[º°]\s*(?:\(\s*[NESW]{1,3}\s*\))?\s*")
_FASTEST = VARIABLES["u10"].high
# ours -> (column, unit that the layout itself fixes, "" where the study must say)
_SYNOP = {"t2m": ("Temp.", "degC"), "rh2m": ("Rel. Hum.", "1"), "sp": ("Pressure/", "hPa")}
_PRSA = {"t2m": ("TEMP", "degC"), "d2m": ("DEWP", "degC"), "sp": ("PRES", "hPa"), "tp": ("RAIN", "mm")}


def read_synop(path: Path, delivery: Weather, intake: Intake) -> dict[str, np.ndarray]:
    """
    Three-hourly synoptic reports in a workbook, newest row first.

    Columns ``Date`` (dd/mm/yyyy), ``UTC time`` (00Z..21Z), ``Temp.``, ``Rel. Hum.``
    (a share), ``Pressure/`` ("1032.1 Hpa"), ``Wind dir`` ("125º (SE)", "calm."),
    ``Wins speed`` (spelt so), ``Prec.`` ("0.2(24h)"), ``Conditions``.

    Parameters
    ----------
    delivery : Weather
        ``units.wind_speed`` must be declared: the file does not say.

    Returns
    -------
    dict: ``time`` (datetime64[m], UTC), then arrays by our names

    Raises
    ------
    DataError
        The wind's unit or a column is missing, or the zone contradicts the header.

    Notes
    -----
    ``Prec.`` are totals of the past 24 hours, overlapping from row to row; no
    hourly rain follows from them, so none is given. Whether the pressure is
    reduced to sea level is not stated.
    """
    if "wind_speed" not in delivery.units:
        raise DataError(
            f"{intake.name(path)}, column Wins speed: the file does not say km/h or m/s "
            '(steps of 3.6 and 7.2 suggest km/h); declare units = { wind_speed = "km/h" } or "m/s".'
        )
    if delivery.time_zone is not None and offset_of(delivery.time_zone) != 0.0:
        raise DataError(f'{intake.name(path)}: the column is called "UTC time"; declare time_zone = "UTC".')
    table = read_table(path, intake)
    columns = {_header(name): name for name in table.columns}
    lacking = [name for name in ("Date", "UTC time", "Wind dir", "Wins speed") if name not in columns]
    lacking += [theirs for theirs, _ in _SYNOP.values() if theirs not in columns]
    if lacking:
        raise DataError(f"{table.name}: column {lacking[0]!r} is missing; the header has: {', '.join(table.columns)}.")

    def text(theirs: str) -> Any:
        return np.array([str(cell).strip() for cell in table.cells(columns[theirs])], dtype=object)

    days = parse_days(np.array([_iso(cell) for cell in text("Date")], dtype=object))
    hours = np.array([cell[:-1] if cell.endswith("Z") else "99" for cell in text("UTC time")], dtype=object)
    time = compose(days, hours)
    table.set_aside(np.flatnonzero(np.isnat(time)), columns["UTC time"], "no such time")
    found: dict[str, np.ndarray] = {"time": time}
    for ours, (theirs, unit) in _SYNOP.items():
        cells = text(theirs)
        if ours == "sp":
            cells = np.array([re.sub(r"\s*hpa$", "", cell, flags=re.IGNORECASE) for cell in cells], dtype=object)
        found[ours] = in_our_unit(table, cells, columns[theirs], delivery.units.get(ours, unit), ours)
    speed, unreadable = to_numbers(text("Wins speed"))
    set_aside_values(table, unreadable, columns["Wins speed"], "not a number")
    speed = to_unit(speed, delivery.units["wind_speed"], "u10")
    directions = text("Wind dir")
    calm = np.array([cell.lower().startswith("calm") for cell in directions], dtype=bool)
    matches = [_DIRECTION.fullmatch(cell) for cell in directions]
    angle = np.array([float(match[1]) if match else np.nan for match in matches])
    blank = np.array([cell in ("", "-", "None", "nan") for cell in directions], dtype=bool)
    set_aside_values(table, np.isnan(angle) & ~calm & ~blank, columns["Wind dir"], "not a wind direction")
    angle = in_range(table, angle, columns["Wind dir"], "wind direction", 360, "degrees")
    speed = np.where(calm, 0.0, speed)
    speed = in_range(table, speed, columns["Wins speed"], "wind speed", _FASTEST, "m/s")
    found["u10"], found["v10"] = wind_components(speed, angle, wind=delivery.wind)
    intake.note(f"{table.name}: rain is given as totals of 24 h and is not used as hourly rain")
    return closed(table, found)


def read_prsa_weather(path: Path, delivery: Weather, intake: Intake) -> dict[str, np.ndarray]:
    """
    The weather columns of a UCI PRSA file, hourly.

    ``TEMP`` degC, ``PRES`` hPa, ``DEWP`` degC, ``RAIN`` mm, ``wd`` one of 16
    points, ``WSPM`` m/s; local time, so the study declares its zone.

    Returns
    -------
    dict: ``time`` (datetime64[m], UTC), then arrays by our names

    Raises
    ------
    DataError
        No time zone is declared, or a column is missing.
    """
    if delivery.time_zone is None:
        raise DataError(f'{intake.name(path)}: its hours carry no zone; declare time_zone, for example "+08:00".')
    lacking = ("year", "month", "day", "hour", "wd", "WSPM", *(theirs for theirs, _ in _PRSA.values()))
    table = read_table(path, intake, required=lacking)
    stamp = table.cells(["year", "month", "day"])
    days = parse_days(np.array([f"{y:0>4}-{m:0>2}-{d:0>2}" for y, m, d in stamp], dtype=object))
    time = compose(days, table.cells("hour"))
    table.set_aside(np.flatnonzero(np.isnat(time)), "hour", "no such time")
    found: dict[str, np.ndarray] = {"time": time - np.timedelta64(round(offset_of(delivery.time_zone) * 60), "m")}
    for ours, (theirs, unit) in _PRSA.items():
        found[ours] = in_our_unit(table, table.cells(theirs), theirs, delivery.units.get(ours, unit), ours)
    speed, unreadable = to_numbers(table.cells("WSPM"))
    set_aside_values(table, unreadable, "WSPM", "not a number")
    speed = to_unit(speed, delivery.units.get("wind_speed", "m/s"), "u10")
    speed = in_range(table, speed, "WSPM", "wind speed", _FASTEST, "m/s")
    texts = [str(cell).strip() for cell in table.cells("wd")]
    angle = np.array([COMPASS.get(cell, np.nan) for cell in texts])
    unknown = np.isnan(angle) & ~np.array([cell in ("NA", "", "CV", "cv") for cell in texts], dtype=bool)
    set_aside_values(table, unknown, "wd", "not one of the 16 points")
    found["u10"], found["v10"] = wind_components(speed, angle, wind=delivery.wind)
    return closed(table, found)


def _header(name: str) -> str:
    """A header without sort marks and odd blanks: "Date\\xa0∇" is "Date"."""
    return re.sub(r"[\s\xa0∇▲▼△▽]+$", "", str(name).replace("\xa0", " ")).strip()


def _iso(cell: str) -> str:
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", cell)
    return f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}" if match else cell


def in_our_unit(table: Table, cells: Objects, column: str, unit: str, ours: str) -> Floats:
    """One column as float64 in our unit; unreadable and impossible values are set aside."""
    values, unreadable = to_numbers(cells)
    set_aside_values(table, unreadable, column, "not a number")
    try:
        values = to_unit(values, unit, ours)
    except DataError as error:
        raise DataError(f"{table.name}, column {column}: {error}") from None
    variable = VARIABLES[ours]
    seen = values[np.isfinite(values)]
    if seen.size and not variable.low <= np.median(seen) <= variable.high:
        raise DataError(
            f"{table.name}, column {column}: the median of {variable.words} is {np.median(seen):.4g} {variable.unit}, "
            f"outside {variable.low:g} to {variable.high:g}; the declared unit is probably wrong."
        )
    with np.errstate(invalid="ignore"):
        wrong = (values < variable.low) | (values > variable.high)
    set_aside_values(table, wrong, column, f"{ours} outside {variable.low:g} to {variable.high:g} {variable.unit}")
    return np.where(wrong, np.nan, values)


def in_range(table: Table, values: Floats, column: str, what: str, high: float, unit: str) -> Floats:
    """Values from 0 to ``high``; the others are set aside."""
    with np.errstate(invalid="ignore"):
        wrong = (values < 0) | (values > high)
    set_aside_values(table, wrong, column, f"{what} outside 0 to {high:g} {unit}")
    return np.where(wrong, np.nan, values)


def set_aside_values(table: Table, wrong: Flags, column: str, rule: str) -> None:
    """Set aside one value of each of these rows; the rows stay in use."""
    for position in np.flatnonzero(wrong):
        table.set_aside_value(position, column, rule)


def closed(table: Table, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Good rows in time order, one per time; the same row twice counts once, two different ones stop the run."""
    good = np.flatnonzero(~np.isnat(found["time"]))
    order = good[np.argsort(found["time"][good], kind="stable")]
    time = found["time"][order]
    again = np.flatnonzero(time[1:] == time[:-1]) + 1
    for position in again:
        first, second = order[position - 1], order[position]
        for name, values in found.items():
            if name != "time" and not np.array_equal(values[first], values[second], equal_nan=True):
                raise DataError(
                    f"{table.name}, rows {table.lines[first]} and {table.lines[second]}: {time[position]}Z stands "
                    f"twice with different {VARIABLES[name].words}; keep the right row."
                )
    table.duplicate(order[again])
    table.close()
    keep = np.delete(order, again)
    return {name: values[keep] for name, values in found.items()}
