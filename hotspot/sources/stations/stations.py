"""
Station series of any layout: our names and units, UTC hours, positions in WGS 84.

What a deliverer's numbers mean is declared in the study; where neither file nor
study says it, the reading stops and asks for the key to add.
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from hotspot.grid.datum import to_wgs84
from hotspot.kernels.arrays import Flags, Ints
from hotspot.patterns import find_files
from hotspot.registry import Registry, a_function
from hotspot.sources.clock import label_days, offset_of, wanted_hours
from hotspot.sources.intake import Intake
from hotspot.sources.places.positions import judged_places, locate_stations, read_positions
from hotspot.sources.stations.cnemc import read_cnemc
from hotspot.sources.stations.iaqi import refuse_index, to_concentration
from hotspot.sources.stations.long_table import read_long
from hotspot.sources.stations.prsa import CHINESE, read_prsa
from hotspot.sources.stations.quotsoft import read_quotsoft
from hotspot.sources.stations.readings import (
    POLLUTANTS,
    Part,
    check_range,
    check_scale,
    set_aside_values,
    settle,
    strays,
    to_series,
)
from hotspot.sources.stations.wuhan import read_wide
from hotspot.sources.tables import Table
from hotspot.study import Stations
from hotspot.text.distinct import distinct
from hotspot.text.door import delivered_name, masked
from hotspot.variables import VARIABLES, DataError, to_unit

# A layout is a function with the arguments of ``read_long``; from outside under the entry points of this name.
LAYOUTS: Registry[Callable[..., list]] = Registry(
    "hotspot.layouts.stations",
    {
        "quotsoft": read_quotsoft,
        "prsa": read_prsa,
        "long": read_long,
        "wide": read_wide,
        "wuhan": read_wide,
        "cnemc": read_cnemc,
    },
    a_function,
)
# A position that wanders less than this (0.001 degree, 100 m) is GPS noise, not a move.
_SAME_PLACE = 0.001
_MANY_FILES = 20


def read_stations(
    delivery: Stations, root: Path, intake: Intake, *, utc_offset: float, months: Sequence[str] | None = None
) -> xr.Dataset:
    """
    Read one delivery of station series.

    Rows are compared over all its files. Of each file: rows read = used + duplicates + quarantined; a row with one
    bad value among good ones is used without that value, which is quarantined by itself.

    Parameters
    ----------
    delivery : study.Stations
        ``layout`` is one of ``quotsoft prsa long wide wuhan cnemc``; ``unit``, ``time_zone``, ``hour_label`` and
        ``datum`` must be declared.
    intake : Intake, which gets counts, quarantined rows and notes
    utc_offset : float, hours that the study's local time is ahead of UTC
    months : iterable of "YYYY-MM", optional; local months wanted, default all that was delivered

    Returns
    -------
    Dataset (station, time): ``pm25`` and what else was delivered with a unit, float64, NaN where missing;
    ``time`` is UTC, start of the hour, every hour of the months; coordinates ``name lon lat`` (WGS 84)

    Raises
    ------
    DataError
        Something is not declared, a file lacks the layout, the values are an index, or no station has a position.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.sources.intake import Intake
    >>> from hotspot.study import Stations
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "a.csv").write_text("监测时间,站点,经度,纬度,PM2.5\\n2020-03-01 00:00,甲,116.397,39.909,35\\n")
    >>> means = dict(unit="ug/m3", time_zone="+08:00", hour_label="end", datum="wgs84")
    >>> delivery = Stations(layout="long", files=["*.csv"], **means)
    >>> hours = read_stations(delivery, root, Intake(root), utc_offset=8, months=["2020-02"])
    >>> hours.sizes["time"], float(hours["pm25"][0, -1]), str(hours["time"].values[-1])[:16]
    (696, 35.0, '2020-02-29T15:00')
    """
    if delivery.layout not in LAYOUTS:
        raise DataError(f"stations: layout {delivery.layout!r} is not known; there are: {', '.join(sorted(LAYOUTS))}.")
    _ask(delivery)
    offset = offset_of(delivery.time_zone)
    hours = wanted_hours(list(months) if months is not None else None, utc_offset)
    paths = _of_months(find_files(root, delivery.files, "stations"), delivery, hours, offset)
    parts = LAYOUTS[delivery.layout](_shown(paths), intake, delivery, hours)
    tables = list({id(part.table): part.table for part in parts}.values())
    parts = [_concentrations(part, delivery) for part in parts]
    _check_index(parts, delivery)
    parts = [checked for part in parts if (checked := _in_our_units(part, delivery, intake)) is not None]
    check_scale(parts, ", ".join(delivery.files))
    parts, places = _located(strays(parts), delivery, root, intake)
    parts = settle(parts, intake)
    for table in tables:
        table.close()
    _note_twins(intake, tables)
    dataset = _dataset(parts, places, hours, delivery, utc_offset, intake)
    _note_zeros(dataset, intake)
    return dataset


def _ask(delivery: Stations) -> None:
    """Stop where the study leaves open what no station file says; all of it at once."""
    examples = {"time_zone": '"+08:00"', "hour_label": '"end" or "start"', "datum": '"wgs84" or "gcj02"'}
    if lacking := [key for key in examples if getattr(delivery, key) is None]:
        names = ", ".join(key.replace("_", " ") for key in lacking)
        lines = ", ".join(f"{key} = {examples[key]}" for key in lacking)
        raise DataError(
            f"stations {', '.join(delivery.files)}: neither the files nor the study say the {names}; "
            f"add {lines} to this [[stations]] entry."
        )


def _of_months(paths: list[Path], delivery: Stations, hours: Ints | None, offset: float) -> list[Path]:
    """The files whose names, by the declared pattern, hold a wanted hour; a file of another name is read."""
    if delivery.date_pattern is None or hours is None:
        return paths
    days = label_days(hours, offset=offset, label=delivery.hour_label)
    try:
        pattern = re.compile(delivery.date_pattern)
        length = 8 if "day" in pattern.groupindex else 6
        names = ("year", "month", "day")[: length // 2 - 1]
        found = [pattern.search(path.name) for path in paths]
        said = [None if match is None else "".join(match[name] for name in names) for match in found]
    except (re.error, IndexError) as error:
        raise DataError(
            f"stations: date_pattern {delivery.date_pattern!r} does not work ({error}); "
            "give a regular expression with (?P<year>...) and (?P<month>...)."
        ) from None
    wanted = {day[:length] for day in days}
    return [path for path, name in zip(paths, said, strict=True) if name is None or name in wanted]


def _shown(paths: list[Path]) -> Iterable[Path]:
    """The files, with a bar where they are many."""
    from tqdm import tqdm

    if len(paths) < _MANY_FILES:
        return paths
    return tqdm(paths, desc="stations", unit="file", file=sys.stderr, disable=None, leave=False)


def _concentrations(part: Part, delivery: Stations) -> Part:
    """Turn a declared index into ug/m3; numbers that are no index are set aside."""
    if delivery.quantity == "concentration":
        return part
    at = _pm25_columns(part)
    values, strange = to_concentration(part.values[:, at], delivery.quantity.removeprefix("iaqi-"))
    faulty = np.zeros(part.values.shape, bool)
    faulty[:, at] = strange
    part.values[:, at] = values
    rule = "no single whole concentration has this index"
    return part.keep(set_aside_values(part.table, part.rows, part.columns, part.values, faulty, lambda i, j: rule))


def _pm25_columns(part: Part) -> Flags:
    names = [part.variable] * part.values.shape[1] if part.variable else part.variables
    return np.array([name == "pm25" for name in names], bool)


def _check_index(parts: list[Part], delivery: Stations) -> None:
    if delivery.quantity == "concentration" and parts:
        values = np.concatenate([part.values[:, _pm25_columns(part)].ravel() for part in parts])
        refuse_index(values, ", ".join(delivery.files))


def _in_our_units(part: Part, delivery: Stations, intake: Intake) -> Part | None:
    """The part in our units, without variables that nobody gave a unit; None where nothing is left."""
    names = (part.variable,) if part.variable else part.variables
    units: dict[str, Any] = {name: _unit(name, part, delivery, intake) for name in names}
    open_ = [name for name in names if units[name] is None]
    if open_:
        intake.note(
            f"{', '.join(open_)} of {', '.join(delivery.files)}: left out, because neither the files nor the study "
            f"give a unit; add units.{open_[0]} to this [[stations]] entry"
        )
        if part.variable or len(open_) == len(names):
            return None
        kept = [at for at, name in enumerate(names) if units[name] is not None]
        part = replace(
            part,
            values=part.values[:, kept],
            columns=[part.columns[at] for at in kept],
            variables=tuple(names[at] for at in kept),
        )
    return check_range(part, units, intake)


def _unit(name: str, part: Part, delivery: Stations, intake: Intake) -> str | None:
    if name == "pm25" and delivery.quantity != "concentration":
        return "ug/m3"
    # One word for all gases does not cover CO, which some deliver in mg/m3 and some in ug/m3.
    declared = delivery.units.get(name) or (delivery.unit if name in POLLUTANTS and name != "co" else None)
    written = unicodedata.normalize("NFKC", part.units.get(name, ""))
    if written:
        try:
            factor = to_unit(1.0, written, name)
        except DataError:
            intake.note(f"{part.table.name}: {written!r} in the header of {name} is no unit and was not used")
        else:
            if declared is not None and factor != to_unit(1.0, declared, name):
                raise DataError(
                    f"{part.table.name}: the header gives {name} in {written!r}, the study declares {declared!r}; "
                    "correct one."
                )
            return written
    if declared is None and name == "pm25":
        raise DataError(
            f"{part.table.name}: neither the file nor the study says the unit of pm25 ({VARIABLES[name].words}); "
            'add unit = "ug/m3" (or "mg/m3") to this [[stations]] entry.'
        )
    return declared


def _located(
    parts: list[Part], delivery: Stations, root: Path, intake: Intake
) -> tuple[list[Part], dict[str, tuple[str, float, float]]]:
    """Positions of the stations, and the parts without stations that have none."""
    if delivery.coordinates:
        files = find_files(root, [delivery.coordinates], "stations, coordinates")
        positions = read_positions(files[0], intake, datum=delivery.datum, encoding=delivery.encoding)
        stations = sorted({name for part in parts for name in distinct(part.stations)[0]})
        also = {name: (name.removeprefix("id_"), CHINESE.get(name, name)) for name in stations}
        places = locate_stations(stations, positions, intake, also=also) if stations else {}
    else:
        parts, places = _own_places(parts, delivery, intake)
    kept = []
    for part in parts:
        names, number = distinct(part.stations)
        known = np.array([name in places for name in names], bool)[number]
        if part.variable:
            columns = [column for column, there in zip(part.columns, known, strict=True) if there]
            kept.append(replace(part, values=part.values[:, known], columns=columns, stations=part.stations[known]))
        else:
            part.table.set_aside(part.rows[~known], "", "station has no position")
            kept.append(part.keep(known))
    return kept, places


def _own_places(
    parts: list[Part], delivery: Stations, intake: Intake
) -> tuple[list[Part], dict[str, tuple[str, float, float]]]:
    """Positions that stand in the rows themselves; a station that moved becomes two."""
    if any(part.places is None for part in parts):
        raise DataError(
            f"stations {', '.join(delivery.files)}: the files hold no positions; "
            'add coordinates = "FILE.csv" to this [[stations]] entry.'
        )
    checked: list = []
    seen: dict[tuple, tuple] = {}
    for part in parts:
        places: Any = part.places
        lon, lat, fault = judged_places(places[:, 1:], part.table.name)
        for rule in sorted(set(fault) - {""}):
            part.table.set_aside(part.rows[fault == rule], "", rule)
        sound = fault == ""
        part, lon, lat, names = part.keep(sound), lon[sound], lat[sound], places[sound, 0]
        ids, number = distinct(part.stations)
        east, column = np.unique(lon, return_inverse=True)
        north, row = np.unique(lat, return_inverse=True)
        spots, first = np.unique((number * east.size + column) * north.size + row, return_inverse=True)
        start = np.full(len(spots), np.iinfo(np.int64).max)
        np.minimum.at(start, first, part.hours)
        last = np.zeros(len(spots), np.int64)
        last[first] = np.arange(first.size)  # of several names the one that stands last
        own = [(ids[number[at]], float(lon[at]), float(lat[at])) for at in last]
        for at, spot in enumerate(own):
            known = seen.get(spot)
            seen[spot] = (min(start[at], known[0]) if known else start[at], str(names[last[at]]))
        checked.append((part, own, first))
    return _split_moves(checked, seen, delivery, intake)


def _split_moves(
    checked: list[tuple[Part, list[tuple[str, float, float]], Ints]],
    seen: dict[tuple[str, float, float], tuple[int, str]],
    delivery: Stations,
    intake: Intake,
) -> tuple[list[Part], dict[str, tuple[str, float, float]]]:
    clusters: dict[str, list[tuple]] = {}
    place_of, places = {}, {}
    for (station, lon, lat), (_, name) in sorted(seen.items(), key=lambda item: (item[0][0], item[1][0], item[0][1:])):
        spots = clusters.setdefault(station, [])
        near = [n for n, (x, y) in enumerate(spots) if abs(x - lon) <= _SAME_PLACE and abs(y - lat) <= _SAME_PLACE]
        number = near[0] if near else len(spots)
        if not near:
            spots.append((lon, lat))
            places[_segment(station, number)] = (name, lon, lat)
        place_of[station, lon, lat] = _segment(station, number)
    given = np.array([place[1:] for place in places.values()]).reshape(-1, 2)
    lons, lats = to_wgs84(given[:, 0], given[:, 1], delivery.datum)
    ends = zip(places.items(), lons.tolist(), lats.tolist(), strict=True)
    places = {station: (name, x, y) for (station, (name, _, _)), x, y in ends}
    for station, spots in clusters.items():
        if len(spots) > 1:
            intake.note(f"station {station} stood at {len(spots)} places; its series was split into as many stations")
    parts = []
    for part, own, first in checked:
        names = np.array([place_of[spot] for spot in own], dtype=object)
        parts.append(replace(part, stations=names[first]))
    return parts, places


def _segment(station: str, number: int) -> str:
    return station if number == 0 else f"{station}@{number + 1}"


def _note_twins(intake: Intake, tables: list[Table]) -> None:
    """Name files that were delivered twice under two names."""
    first: dict[str, str] = {}
    for table in tables:
        digest = table.record.sha256
        if digest in first and first[digest] != table.name:
            intake.note(f"{table.name}: already delivered as {first[digest]}, byte for byte")
        first.setdefault(digest, table.name)


def _note_zeros(dataset: xr.Dataset, intake: Intake) -> None:
    """Say which stations report nothing but zero for three hours or more (RELIABILITY C4: 68); they are kept."""
    zero = dataset["pm25"].values == 0
    if zero.shape[1] < 3:
        return
    runs = (zero[:, :-2] & zero[:, 1:-1] & zero[:, 2:]).any(axis=1)
    if runs.any():
        names = [str(name) for name in dataset["station"].values[runs]]
        few = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
        intake.note(f"stations {few}: PM2.5 is 0 for three hours or more in a row")


def _dataset(
    parts: list[Part],
    places: dict[str, tuple[str, float, float]],
    hours: Ints | None,
    delivery: Stations,
    utc_offset: float,
    intake: Intake,
) -> xr.Dataset:
    stations, hours, values = to_series(parts, hours, utc_offset)
    where = [places[name] for name in stations]
    names = [delivered_name(place[0]) for place in where]
    n_masked = sum(masked(place[0]) != place[0] for place in where)
    if n_masked:
        intake.note(f"stations: {n_masked} names hold an identity-card or telephone number, masked in every product")
    data = {
        name: (("station", "time"), values[name], {"unit": VARIABLES[name].unit, "words": VARIABLES[name].words})
        for name in VARIABLES
        if name in values
    }
    data.setdefault("pm25", (("station", "time"), np.full((len(stations), len(hours)), np.nan), {"unit": "ug/m3"}))
    return xr.Dataset(
        data,
        coords={
            "station": ("station", np.array(stations, dtype=object)),
            "name": ("station", np.array(names, dtype=object)),
            "lon": ("station", np.array([place[1] for place in where], np.float64)),
            "lat": ("station", np.array([place[2] for place in where], np.float64)),
            "time": ("time", hours.astype("datetime64[h]").astype("datetime64[ns]")),
        },
        attrs={
            "source": delivery.source,
            "role": delivery.role,
            "hour_label_delivered": delivery.hour_label,
            "time_zone_delivered": delivery.time_zone,
            "utc_offset": float(utc_offset),
            "gas_state": delivery.gas_state or "not stated",
        },
    )
