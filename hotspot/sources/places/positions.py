"""
Where stations stand: coordinate files, checked and brought to WGS 84.

A wrong position moves a station into another cell, so nothing is repaired: a row
that cannot be right is quarantined with the reason (RELIABILITY C4: 81, 82, 85, 86).
"""

import difflib
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.grid.datum import to_wgs84
from hotspot.kernels.arrays import Flags, Floats, Objects
from hotspot.sources.aliases import DEGREE_PARTS, our_names, plain, vocabulary
from hotspot.sources.intake import Intake
from hotspot.sources.missing import to_numbers
from hotspot.sources.tables import Table, read_table
from hotspot.variables import DataError

# Longitudes and latitudes that China lies within, with a margin; used for warnings and swaps only.
CHINA = (73.0, 3.0, 136.0, 54.5)
# Degrees, minutes and seconds of an eastern longitude or a northern latitude.
_MINUTES = re.compile(
    r"(?:东经|北纬|[EN])?\s*:?\s*(\d{1,3}(?:\.\d+)?)\s*[°º度]\s*(?:(\d{1,2}(?:\.\d+)?)\s*[′'’分]\s*)?"
    r"""(?:(\d{1,2}(?:\.\d+)?)\s*(?:[″"”秒]|''|′′|’’)\s*)?[EN]?""",
    re.IGNORECASE,
)
_SEVERAL = 3  # positions: one or two may well stand on a whole degree
_KEY = re.compile(r"station|site|id$|code|name|站|点位|编号|设备|监测点|名称")


@dataclass(frozen=True)
class Positions:
    """Positions of one coordinate file: ``keys`` column -> id of every row; lon, lat in WGS 84."""

    file: str
    keys: dict[str, np.ndarray]
    names: np.ndarray
    lon: np.ndarray
    lat: np.ndarray


@lru_cache(maxsize=1 << 16)
def tidy_id(text: str) -> str:
    """
    A station id without differences that only print shows: width, case of blanks, line marks.

    Examples
    --------
    >>> tidy_id(" Ｔ８５７１１ ")
    'T85711'
    """
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", str(text))).strip()


def position_faults(lon: Floats, lat: Floats, *, rounded: bool = True) -> Objects:
    """
    What is wrong with each position; an empty text where nothing is.

    Parameters
    ----------
    lon, lat : float64[n], degrees, NaN where missing
    rounded : bool
        Whether positions given to one decimal (11 km) count as faults.

    Returns
    -------
    object[n] of str

    Examples
    --------
    >>> position_faults(np.array([116.397, 0.0, 39.909, np.nan]), np.array([39.909, 0.0, 116.397, 39.9])).tolist()
    ['', 'position is 0, 0', 'longitude and latitude are swapped', 'no position']
    """
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    fault = np.full(lon.shape, "", dtype=object)
    with np.errstate(invalid="ignore"):
        west, south, east, north = CHINA
        if rounded:
            coarse = (np.abs(lon * 10 - np.rint(lon * 10)) < 1e-6) & (np.abs(lat * 10 - np.rint(lat * 10)) < 1e-6)
            fault[coarse] = "position is rounded to 0.1 degree (11 km)"
        swapped = (lat >= west) & (lat <= east) & (lon >= south) & (lon <= north)
        fault[(np.abs(lon) > 180) | (np.abs(lat) > 90)] = "longitude or latitude is out of range"
        fault[swapped] = "longitude and latitude are swapped"
        fault[(lon == 0) & (lat == 0)] = "position is 0, 0"
        fault[~np.isfinite(lon) | ~np.isfinite(lat)] = "no position"
    return fault


def to_degrees(cells: ArrayLike) -> tuple[Floats, Flags]:
    """
    Degrees of text cells, decimal or with minutes and seconds, as registers and permits have them.

    Parameters
    ----------
    cells : array of str

    Returns
    -------
    values : float64, same shape; NaN where missing or unreadable
    unreadable : bool, same shape

    Examples
    --------
    >>> values, unreadable = to_degrees(["104.51", "104°30′36″E", "东经104度30分36秒", "104°72′", ""])
    >>> values.round(4).tolist(), unreadable.tolist()
    ([104.51, 104.51, 104.51, nan, nan], [False, False, False, True, False])
    """
    values, unreadable = to_numbers(cells, mark_numbers=False)
    texts = np.asarray(cells, dtype=object)
    for at in zip(*np.nonzero(unreadable), strict=True):
        if found := _MINUTES.fullmatch(str(texts[at])):
            degrees, minutes, seconds = (float(part or 0) for part in found.groups())
            if minutes < 60 and seconds < 60:
                values[at], unreadable[at] = degrees + minutes / 60 + seconds / 3600, False
    return values, unreadable


def parts_of_degrees(columns: Sequence[str]) -> dict[str, list[str]]:
    """
    The columns of a longitude or latitude that is given in degrees, minutes (and seconds), a column each.

    Examples
    --------
    >>> parts_of_degrees(["企业", "经度度", "经度分", "经度秒", "纬度(度)", "纬度(分)", "lon"])["lat"]
    ['纬度(度)', '纬度(分)']
    """
    number = {word: at for at, words in enumerate(DEGREE_PARTS) for word in words}
    found: dict[str, dict[int, str]] = {"lon": {}, "lat": {}}
    for column in columns:
        said = re.sub(r"[()\[\]]", "", plain(column))
        for ours, parts in found.items():
            words = [plain(word) for word in vocabulary("delivered")[ours].split()]
            rest = {
                number[said[len(word) :]] for word in words if said.startswith(word) and said[len(word) :] in number
            }
            parts.update(dict.fromkeys(rest, column))
    return {ours: [parts[at] for at in sorted(parts)] for ours, parts in found.items() if {0, 1} <= set(parts)}


def place_names(
    columns: list[str],
    *,
    name: str,
    known: Collection[str],
    required: Sequence[str] = (),
    extra: dict[str, str] | None = None,
) -> tuple[dict[str, str], dict[str, str | list[str]]]:
    """
    ``our_names`` of a table of places, and the column, or columns, of its ``lon`` and ``lat``.

    Of a position in parts ``lon`` is the column of the degrees, for what has to be told of it.
    """
    parts: dict[str, Any] = parts_of_degrees(columns)
    taken = {column for of in parts.values() for column in of} - set(extra or ())
    left = [column for column in columns if column not in taken]
    found = our_names(left, extra=extra, known=known, name=name)
    parts = {ours: of for ours, of in parts.items() if ours not in found}
    need = [ours for ours in (*required, "lon", "lat") if ours not in parts]
    found = our_names(left, extra=extra, required=need, name=name, known=known)
    return found | {ours: of[0] for ours, of in parts.items()}, {"lon": "", "lat": ""} | found | parts


def degree_texts(table: Table, columns: str | list[str]) -> Objects:
    """Positions as texts for ``to_degrees``, of one column or of the columns that ``parts_of_degrees`` found."""
    if isinstance(columns, str):
        return table.cells(columns)
    marks = "°′″"
    rows = [[cell.strip() for cell in row] for row in table.cells(columns)]
    texts = ["".join(cell + mark for cell, mark in zip(row, marks, strict=False) if cell) for row in rows]
    return np.array(texts, dtype=object)


def refuse_swapped(fault: Objects, name: str) -> None:
    """
    Refuse a file most of whose positions have longitude and latitude exchanged (RELIABILITY C4: 86, G 11).

    Raises
    ------
    DataError
        More than half of them do.

    Examples
    --------
    >>> refuse_swapped(position_faults(np.full(8, 39.909), np.full(8, 116.397)), "stations.csv")
    Traceback (most recent call last):
    hotspot.variables.DataError: stations.csv: longitude and latitude are swapped in 8 of 8 positions ...
    """
    swapped = int((fault == "longitude and latitude are swapped").sum())
    if swapped > 0.5 * max(len(fault), 1):
        raise DataError(
            f"{name}: longitude and latitude are swapped in {swapped} of {len(fault)} positions "
            "(latitudes of 73 to 136); exchange the two columns, or their names in the header."
        )


def judged_places(texts: Objects, name: str) -> tuple[Floats, Floats, Objects]:
    """Longitudes, latitudes and faults of texts, object[n, 2]; a file with most of them exchanged is refused."""
    lon, lat = (to_degrees(texts[:, at])[0] for at in (0, 1))
    fault = position_faults(lon, lat)
    refuse_swapped(fault, name)
    return lon, lat, fault


def check_degrees(lon: Floats, lat: Floats, name: str) -> None:
    """
    Refuse positions that are degrees and minutes written as decimals (39.5420 for 39 deg 54.20').

    Raises
    ------
    DataError
        Among 20 or more positions no decimal part reaches 0.60, in either direction; or all of several positions are
        whole degrees.

    Examples
    --------
    >>> check_degrees(np.full(30, 116.5942), np.full(30, 39.5420), "a.csv")
    Traceback (most recent call last):
    hotspot.variables.DataError: a.csv: no decimal part of 30 positions reaches .60, ...
    """
    distinct = np.unique(np.column_stack((lon, lat))[np.isfinite(lon) & np.isfinite(lat)], axis=0)
    if len(lon) >= _SEVERAL and len(distinct) and np.all(distinct % 1.0 == 0):
        raise DataError(
            f"{name}: all {len(lon)} positions are whole degrees (100 km), so their minutes stand elsewhere; "
            "deliver decimal degrees, or columns 经度度, 经度分, 经度秒, 纬度度, 纬度分, 纬度秒."
        )
    if (
        len(lon) >= 20
        and len(distinct)
        and np.all(np.abs(distinct) % 1.0 < 0.6)
        and (len(distinct) >= 20 or len(distinct) == 1)
    ):
        raise DataError(
            f"{name}: no decimal part of {len(lon)} positions reaches .60, so they look like degrees and minutes; "
            "deliver decimal degrees."
        )


def read_positions(path: Path, intake: Intake, *, datum: str | None, encoding: str | None = None) -> Positions:
    """
    Read a file of station positions.

    Parameters
    ----------
    path : Path
        CSV or XLSX with a longitude, a latitude, and one or more columns of ids or names.
    datum : str
        ``wgs84``, ``cgcs2000``, ``gcj02`` or ``bd09``, as declared.

    Raises
    ------
    DataError
        There is no longitude, latitude or id column.
    """
    # A list without a header circulates for Beijing: name, lon, lat. Looking is not yet reading.
    look = read_table(path, Intake(intake.root, once=intake.once), encoding=encoding).columns
    bare = len(look) == 3 and not to_numbers(look[1:], marks=False)[1].any()
    table = read_table(path, intake, encoding=encoding, header=("station", "lon", "lat") if bare else None)
    if bare:
        intake.note(f"{table.name}: no header; columns taken as station, lon, lat")
    ours, parts = place_names(table.columns, name=table.name, known=("lon", "lat", "name"))
    lon, bad_lon = to_degrees(degree_texts(table, parts["lon"]))
    lat, bad_lat = to_degrees(degree_texts(table, parts["lat"]))
    table.set_aside(np.flatnonzero(bad_lon), ours["lon"], "longitude is no number of degrees")
    table.set_aside(np.flatnonzero(bad_lat), ours["lat"], "latitude is no number of degrees")
    fault = position_faults(lon, lat)
    refuse_swapped(fault, table.name)
    table.set_aside_faults(fault, ours["lon"])
    keys = [c for c in table.columns if c not in (ours["lon"], ours["lat"]) and _KEY.search(plain(c))]
    if not keys:
        raise DataError(f"{table.name}: no column of station ids or names; the header has: {', '.join(table.columns)}.")
    texts = {key: np.array([tidy_id(text) for text in table.cells(key)], dtype=object) for key in keys}
    _repeated(table, texts, lon, lat, ours["lon"])
    kept = table.close()
    if not kept.any():
        why = "; ".join(intake.told_aside([table.name])[:3]) or "it has no row"
        raise DataError(f"{table.name}: no place of it can be used: {why}; mend the file.")
    check_degrees(lon[kept], lat[kept], table.name)
    _notes(table, texts[keys[0]][kept], lon[kept], lat[kept], intake)
    x, y = to_wgs84(lon[kept], lat[kept], datum)
    names = texts[ours["name"]] if ours.get("name") in texts else texts[keys[0]]
    return Positions(table.name, {k: v[kept] for k, v in texts.items()}, names[kept], np.asarray(x), np.asarray(y))


def _repeated(table: Table, texts: dict[str, Objects], lon: Floats, lat: Floats, column: str) -> None:
    """The same row twice is a duplicate; one id (first key column) at two places is nowhere."""
    first = next(iter(texts.values()))
    places: dict[str, list[int]] = {}
    seen = set()
    written = list(table.frame.itertuples(index=False, name=None))
    for at in np.flatnonzero(table.status == 0):
        row = written[at]
        if row in seen:
            table.duplicate(at)
        seen.add(row)
        if first[at] and table.status[at] == 0:
            places.setdefault(first[at], []).append(int(at))
    for key, rows in places.items():
        if len({(lon[at], lat[at]) for at in rows}) > 1:
            rule = f"station {key} has {len(rows)} positions; a move needs two ids and a date"
            table.set_aside(rows, column, rule)
            table.intake.note(f"{table.name}: {rule}")


def _notes(table: Table, ids: Objects, lon: Floats, lat: Floats, intake: Intake) -> None:
    west, south, east, north = CHINA
    outside = (lon < west) | (lon > east) | (lat < south) | (lat > north)
    if outside.any():
        intake.note(f"{table.name}: {outside.sum()} positions lie outside China, first {ids[np.argmax(outside)]}")
    _, back, count = np.unique(np.column_stack((lon, lat)), axis=0, return_inverse=True, return_counts=True)
    shared = count[back.ravel()] > 1
    if shared.any():
        few = ", ".join(str(i) for i in ids[shared][:4])
        intake.note(f"{table.name}: {shared.sum()} stations share a position with another one ({few})")


def locate_stations(
    stations: list[str], positions: Positions, intake: Intake, *, also: dict[str, tuple[str, str]] | None = None
) -> dict[str, tuple[str, float, float]]:
    """
    Match station ids of a series with a coordinate file.

    The key column with most matches is used for all; ids are compared after
    ``tidy_id``, without regard to case. A station that is not found, or whose name
    stands at two places, is left out with a note.

    Parameters
    ----------
    also : dict, optional
        Id -> other names it goes by, tried after the id.

    Returns
    -------
    dict of station -> (name, lon, lat), WGS 84

    Raises
    ------
    DataError
        Not a single station was found.
    """
    also = also or {}
    best: dict[str, tuple] = {}
    used = ""
    for column, ids in positions.keys.items():
        spots: dict[str, list[int]] = {}
        for at, text in enumerate(ids):
            if text:
                spots.setdefault(text.casefold(), []).append(at)
        found = {}
        for station in stations:
            for word in (station, *also.get(station, ())):
                rows = spots.get(tidy_id(word).casefold(), [])
                if len({(positions.lon[at], positions.lat[at]) for at in rows}) == 1:
                    found[station] = (
                        str(positions.names[rows[0]]),
                        float(positions.lon[rows[0]]),
                        float(positions.lat[rows[0]]),
                    )
                    break
        if len(found) > len(best):
            best, used = found, column
    if not best:
        some = next(iter(positions.keys.values()))[:3]
        raise DataError(
            f"{positions.file}: none of {len(stations)} stations ({', '.join(map(str, stations[:3]))} ...) "
            f"is listed here ({', '.join(map(str, some))} ...); give the coordinates file of this network."
        )
    for station in stations:
        if station not in best:
            near = difflib.get_close_matches(station, [str(t) for t in positions.keys[used]], n=1)
            hint = f"; nearest there: {near[0]}" if near else ""
            intake.note(f"station {station} has no single position in {positions.file} and was left out{hint}")
    return best
