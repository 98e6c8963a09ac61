"""
Tracks of mobile monitors (A7): time, place and PM2.5 of a car, sample by sample.

Seconds or minutes, not hours: the clock reader of stations does not apply, but its zone
rules do, and every row is used, a duplicate, or quarantined.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.grid.datum import to_wgs84
from hotspot.kernels.arrays import Flags
from hotspot.patterns import find_files
from hotspot.rules.sensors import Tracks
from hotspot.sources.aliases import header_unit, our_names
from hotspot.sources.clock import FIRST_DAY, LAST_DAY, offset_of
from hotspot.sources.intake import Intake
from hotspot.sources.missing import to_numbers
from hotspot.sources.places.positions import position_faults
from hotspot.sources.tables import Table, read_table
from hotspot.variables import VARIABLES, DataError, to_unit

_KNOWN = ("time", "lon", "lat", "pm25", "station")
_STAMPS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S")


def load_tracks(
    root: Path,
    files: list[str],
    intake: Intake,
    *,
    time_zone: str,
    datum: str,
    unit: str | None = None,
    max_speed: float = Tracks().max_speed,
) -> pd.DataFrame:
    """
    Read the samples of mobile monitors.

    Parameters
    ----------
    root : Path
        The data root.
    files : sequence of str
        Patterns below it; CSV or XLSX with time, lon, lat, pm25 and, where several cars drove, a device id.
    intake : Intake
    time_zone : str
        A fixed offset, ``"+08:00"``; no zone is guessed.
    datum : "wgs84", "cgcs2000", "gcj02" or "bd09"
        Of the receiver; an undeclared one would put samples into the wrong 500 m cell.
    unit : str, optional
        Where the header does not give it.
    max_speed : float
        m/s between two fixes of one device; a faster one is a jump of the receiver and quarantined.

    Returns
    -------
    DataFrame: ``device time`` (UTC, datetime64[ns]) ``lon lat`` (WGS 84) ``pm25`` ug/m3, sorted by device and time

    Raises
    ------
    DataError
        Something is not declared, or a file lacks a column.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hotspot.sources.intake import Intake
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "car.csv").write_text("time,lon,lat,PM2.5\\n2020-03-05 09:00:00,116.4012,39.9043,55\\n"
    ...     "2020-03-05 09:00:03,116.4016,39.9043,57\\n2020-03-05 09:00:06,117.4012,39.9043,58\\n")
    >>> intake = Intake(root)
    >>> tracks = load_tracks(root, ["car.csv"], intake, time_zone="+08:00", datum="wgs84", unit="ug/m3")
    >>> tracks["pm25"].tolist(), str(tracks["time"][0]), intake.counts["quarantined"]
    ([55.0, 57.0], '2020-03-05 01:00:00', 1)
    """
    if datum is None or time_zone is None:
        what = "datum" if datum is None else "time_zone"
        raise DataError(f"tracks: the {what} is not declared; a track without it lands in the wrong cell or day.")
    offset = offset_of(time_zone)
    parts, tables, seen = [], [], []
    for path in find_files(root, files, "tracks"):
        table, frame = _read(path, intake, offset, unit)
        tables.append(table)
        parts.append(frame.assign(table=len(tables) - 1))
    whole = pd.concat(parts, ignore_index=True)
    whole = whole.sort_values(["device", "time", "lon", "lat", "pm25"], kind="stable", ignore_index=True)
    key = ["device", "time"]
    repeated = whole.duplicated([*key, "lon", "lat", "pm25"])
    clash = whole.duplicated(key, keep=False) & ~whole.duplicated([*key, "lon", "lat", "pm25"], keep=False)
    # Of a clash with a repeated row both sides go: nobody knows which is right.
    clash |= whole.groupby(key)["pm25"].transform("nunique").gt(1) | whole.groupby(key)["lon"].transform("nunique").gt(
        1
    )
    for number, table in enumerate(tables):
        mine = whole["table"] == number
        table.duplicate(whole.loc[mine & repeated, "row"].to_numpy())
        table.set_aside(whole.loc[mine & clash & ~repeated, "row"].to_numpy(), "", "two samples of one second differ")
    whole = whole[~repeated & ~clash].reset_index(drop=True)
    jump = _jumps(whole, max_speed)
    for number, table in enumerate(tables):
        seen = whole.loc[(whole["table"] == number) & jump, "row"].to_numpy()
        table.set_aside(seen, "", f"faster than {max_speed:g} m/s from the fix before: the receiver jumped")
        table.close()
    whole = whole[~jump].reset_index(drop=True)
    lon, lat = to_wgs84(whole["lon"].to_numpy(float), whole["lat"].to_numpy(float), datum)
    return whole.assign(lon=lon, lat=lat)[["device", "time", "lon", "lat", "pm25"]]


def _read(path: Path, intake: Intake, offset: float, unit: str | None) -> tuple[Table, pd.DataFrame]:
    table = read_table(path, intake)
    ours = our_names(table.columns, required=("time", "lon", "lat", "pm25"), name=table.name, known=_KNOWN)
    said = header_unit(ours["pm25"]) or unit
    if not said:
        raise DataError(f'{table.name}: neither the header nor the study gives the unit of pm25; add unit = "ug/m3".')
    texts = pd.Series(table.cells(ours["time"]), dtype=object).str.strip()
    time = pd.Series(np.full(len(texts), np.datetime64("NaT", "ns")))
    for stamp in _STAMPS:
        time = time.fillna(pd.to_datetime(texts, format=stamp, errors="coerce").astype("datetime64[ns]"))
    stray = (time < pd.Timestamp(FIRST_DAY)) | (time >= pd.Timestamp(LAST_DAY))
    numbers, unreadable = to_numbers(table.cells([ours["lon"], ours["lat"], ours["pm25"]]))
    values = to_unit(numbers[:, 2], said, "pm25")
    table.set_aside(np.flatnonzero(time.isna()), ours["time"], "the time is no time")
    table.set_aside(np.flatnonzero(stray), ours["time"], "no clock of a car says this day")
    table.set_aside(np.flatnonzero(unreadable.any(axis=1)), ours["pm25"], "a place or value is no number")
    fault = position_faults(numbers[:, 0], numbers[:, 1])
    table.set_aside_faults(fault, ours["lon"])
    with np.errstate(invalid="ignore"):
        strange = ~((values >= -5.0) & (values <= VARIABLES["pm25"].high))
    table.set_aside(np.flatnonzero(strange), ours["pm25"], "PM2.5 is missing or impossible")
    device = table.cells(ours["station"]) if "station" in ours else np.full(len(texts), path.stem, object)
    frame = pd.DataFrame(
        {
            "row": np.arange(len(texts)),
            "device": device.astype(object),
            "time": time - pd.Timedelta(hours=offset),
            "lon": numbers[:, 0],
            "lat": numbers[:, 1],
            "pm25": values,
        }
    )
    return table, frame[table.status == 0]


def _jumps(whole: pd.DataFrame, max_speed: float) -> Flags:
    """Rows farther from the last sound fix of their device than a car can drive."""
    lon, lat = np.radians(whole["lon"].to_numpy(float)), np.radians(whole["lat"].to_numpy(float))
    seconds = whole["time"].to_numpy("datetime64[ms]").astype(np.int64) / 1000.0
    device = whole["device"].to_numpy(object)
    jump = np.zeros(len(whole), bool)
    last = -1
    for at in range(len(whole)):
        if last < 0 or device[at] != device[last]:
            last = at
            continue
        east = (lon[at] - lon[last]) * np.cos(lat[at])
        metres = 6371008.8 * float(np.hypot(east, lat[at] - lat[last]))
        # 50 m of scatter is what a receiver has standing still.
        if metres > 50.0 + max_speed * (seconds[at] - seconds[last]):
            jump[at] = True
        else:
            last = at
    return jump
