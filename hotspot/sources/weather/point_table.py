"""
Any table of weather at one place (layout ``table``): CSV or XLSX, Chinese or English headers.

Columns are found by the alias table or named by the study, ours -> theirs. What the table
does not say (units, time zone, which station, where it stands) is asked for, never guessed.
"""

from pathlib import Path
from typing import Any

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Objects
from hotspot.sources.aliases import header_unit, our_names
from hotspot.sources.clock import offset_of, to_utc_hours
from hotspot.sources.intake import Intake
from hotspot.sources.missing import MARKS, to_numbers
from hotspot.sources.places.positions import tidy_id
from hotspot.sources.stations.long_table import local_times, set_aside_times
from hotspot.sources.tables import Table, read_table
from hotspot.sources.weather.formulas import CALM, COMPASS, COMPASS_ZH, wind_components
from hotspot.sources.weather.tables import closed, in_our_unit, in_range, set_aside_values
from hotspot.study import Weather
from hotspot.variables import VARIABLES, DataError, to_unit

# What a study may call them, beside our own names.
SHORT = {"t": "t2m", "td": "d2m", "rh": "rh2m", "rain": "tp", "pressure": "sp"}
_PLAIN = ("t2m", "d2m", "rh2m", "sp", "tp", "blh")
_CLOCK = ("time", "date", "year", "month", "day", "hour")
KNOWN = (*_CLOCK, "station", "lon", "lat", "wind_speed", "wind_direction", *_PLAIN)
_EXAMPLE = {"wind_speed": "m/s", "t2m": "degC", "d2m": "degC", "rh2m": "%", "sp": "hPa", "tp": "mm", "blh": "m"}
_BLANK = 0.01  # share of rows that may lie between full hours before the table is none of hours


def read_point_table(path: Path, delivery: Weather, intake: Intake) -> dict[str, Any]:
    """
    Read the weather of one place from a table of any headers.

    Parameters
    ----------
    path : Path
        ``.csv`` or ``.xlsx``; a row per hour (or every third hour) and station.
    delivery : Weather
        ``time_zone`` must be declared; ``columns`` maps our names (``time date hour station
        wind_speed wind_direction t rh td pressure blh rain lon lat``) to the table's headers where the
        alias table does not know them; ``units`` of columns whose header carries none; ``station``
        where the table holds several; ``lon`` and ``lat`` where it has no such columns; ``wind``.

    Returns
    -------
    dict: ``time`` (datetime64[m], UTC), arrays by our names, and ``lon``, ``lat`` (float) of the place

    Raises
    ------
    DataError
        Zone, unit, station or place are neither in the table nor declared, there is no wind and no
        other weather, one hour has two values, or the rows are not hourly.

    Notes
    -----
    Wind direction is in degrees clockwise from north or one of 16 points, in letters or in Chinese.
    Rain is taken as the total of the hour that is named.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hotspot.sources.intake import Intake
    >>> from hotspot.study import Weather
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "a.csv").write_text("时间,风速(m/s),风向\\n2020-02-01 08:00,4.0,北\\n", encoding="utf-8")
    >>> said = Weather(layout="table", files=("a.csv",), time_zone="+08:00", lon=114.3, lat=30.6)
    >>> found = read_point_table(root / "a.csv", said, Intake(root))
    >>> found["time"], found["v10"].round(1)
    (array(['2020-02-01T00:00'], dtype='datetime64[m]'), array([-4.]))
    """
    name = intake.name(path)
    if delivery.time_zone is None:
        raise DataError(f'{name}: its hours carry no zone; declare time_zone, for example "+08:00".')
    offset = offset_of(delivery.time_zone)
    table = read_table(path, intake)
    ours = _columns(table, delivery)
    units = {SHORT.get(key, key): unit for key, unit in delivery.units.items()}
    local = local_times(table, ours, offset)
    hours, fault = to_utc_hours(local, offset=offset, label="start")
    _refuse_fast_clock(table, fault)
    set_aside_times(table, ours, local, fault)
    here = _one_station(table, ours, delivery)
    time = (hours * 60).astype("datetime64[m]")
    time[(fault != "") | ~here] = np.datetime64("NaT", "m")
    found = {"time": time}
    for variable in _PLAIN:
        if variable in ours:
            unit = _unit(table, ours[variable], variable, units)
            found[variable] = in_our_unit(table, table.cells(ours[variable]), ours[variable], unit, variable)
    if "wind_speed" in ours:
        found["u10"], found["v10"] = _wind(table, ours, units, delivery.wind)
    lon, lat = _place(table, ours, delivery, here)
    if "tp" in found:
        intake.note(f"{table.name}: rain is taken as the total of the hour that is named")
    return closed(table, found) | {"lon": lon, "lat": lat}


def _columns(table: Table, delivery: Weather) -> dict[str, str]:
    """Ours -> theirs: what the study names first, then the alias table."""
    said = {SHORT.get(key, key): theirs for key, theirs in delivery.columns.items()}
    strange = sorted(set(said) - set(KNOWN))
    if strange:
        raise DataError(
            f"weather columns: {strange[0]!r} is no name of ours; write ours first, "
            f'columns = {{ wind_speed = "THEIRS" }}, with any of {", ".join((*KNOWN, *SHORT))}.'
        )
    extra = {theirs: ours for ours, theirs in said.items()}
    ours = our_names(table.columns, extra=extra, name=table.name, known=KNOWN)
    if ("wind_speed" in ours) != ("wind_direction" in ours):
        lacking = "wind_direction" if "wind_speed" in ours else "wind_speed"
        raise DataError(_lacking(table, lacking))
    if not any(name in ours for name in ("wind_speed", *_PLAIN)):
        raise DataError(_lacking(table, "wind_speed"))
    return ours


def _lacking(table: Table, name: str) -> str:
    return (
        f"{table.name}: no column is known as {name}; the header has: {', '.join(table.columns)}; "
        f'name it in the study, columns = {{ {name} = "THEIRS" }}.'
    )


def _unit(table: Table, column: str, name: str, units: dict[str, str]) -> str:
    unit = units.get(name) or header_unit(column)
    if not unit:
        raise DataError(
            f"{table.name}, column {column}: it does not say its unit; declare units = "
            f'{{ {name} = "{_EXAMPLE[name]}" }} in the study.'
        )
    return unit


def _one_station(table: Table, ours: dict[str, str], delivery: Weather) -> Flags:
    """Rows of the one station that is meant."""
    every = np.ones(len(table.frame), bool)
    if "station" not in ours:
        return every
    stations = np.array([tidy_id(str(text)) for text in table.cells(ours["station"])], dtype=object)
    names = sorted(set(stations) - {""})
    if delivery.station is None:
        if len(names) > 1:
            raise DataError(
                f"{table.name}: it holds {len(names)} stations ({', '.join(names[:5])}"
                f"{' ...' if len(names) > 5 else ''}); "
                f'declare which one is meant, station = "{names[0]}".'
            )
        return every
    wanted = tidy_id(delivery.station)
    if wanted not in names:
        raise DataError(f"{table.name}: there is no station {wanted!r}; it has {', '.join(names[:10]) or 'none'}.")
    others = int((stations != wanted).sum())
    if others:
        table.intake.note(f"{table.name}: {others} rows of other stations than {wanted} are not used")
    return stations == wanted


def _place(table: Table, ours: dict[str, str], delivery: Weather, here: Flags) -> tuple[float, float]:
    """Longitude and latitude, declared or from the table."""
    if delivery.lon is not None and delivery.lat is not None:
        return float(delivery.lon), float(delivery.lat)
    if "lon" not in ours or "lat" not in ours:
        raise DataError(f"{table.name}: the table does not say where it was measured; declare lon and lat.")
    places, _ = to_numbers(table.cells([ours["lon"], ours["lat"]])[here], mark_numbers=False)
    places = np.unique(places[np.isfinite(places).all(axis=1)], axis=0)
    if len(places) != 1:
        raise DataError(f"{table.name}: its rows lie at {len(places)} places; declare lon and lat of the one meant.")
    return float(places[0, 0]), float(places[0, 1])


def _wind(table: Table, ours: dict[str, str], units: dict[str, str], wind: str) -> tuple[Floats, Floats]:
    """Eastward and northward wind, from degrees or points of the compass."""
    column = ours["wind_speed"]
    speed, unreadable = to_numbers(table.cells(column))
    set_aside_values(table, unreadable, column, "not a number")
    speed = to_unit(speed, _unit(table, column, "wind_speed", units), "u10")
    speed = in_range(table, speed, column, "wind speed", VARIABLES["u10"].high, "m/s")
    column = ours["wind_direction"]
    texts = np.array([str(text).strip() for text in table.cells(column)], dtype=object)
    angle, unreadable = to_numbers(texts)
    points = COMPASS | COMPASS_ZH
    named = np.array([points.get(_point(text), np.nan) for text in texts], float)
    calm = np.array([_point(text) in CALM for text in texts], bool)
    blank = np.array([text.casefold() in MARKS for text in texts], bool)
    angle = np.where(np.isnan(angle), named, angle)
    set_aside_values(table, unreadable & np.isnan(named) & ~calm & ~blank, column, "not a wind direction")
    angle = in_range(table, angle, column, "wind direction", 360, "degrees")
    return wind_components(np.where(calm & ~(speed > 0.5), 0.0, speed), angle, wind=wind)


def _point(text: str) -> str:
    """A point of the compass as the tables spell it: 北风 is 北, "nne" is NNE."""
    return str(text).strip().upper().removesuffix("风")


def _refuse_fast_clock(table: Table, fault: Objects) -> None:
    between = np.flatnonzero(fault == "time is not on the full hour")
    if len(between) > max(3, _BLANK * len(fault)):
        raise DataError(
            f"{table.name}, row {table.lines[between[0]]}: its time lies between full hours, as do {len(between)} of "
            f"{len(fault)} rows; deliver hourly values."
        )
