"""
Public collocations: a sensor and a reference that breathed the same air for a while.

They teach what a calibration can and cannot do. Their layouts are their own (no header, no
position, minutes instead of hours), so each has a reader; all give the Datasets that
``screen`` and ``calibrate`` take.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.sources.clock import offset_of
from hotspot.variables import VARIABLES, DataError

_GASES = ("pm25", "pm10", "co", "no2", "so2", "o3")
# Units of the weather columns of CUMCM 2019 D; precipitation is a running counter and is not read.
_CUMCM_MICRO = ("time", *_GASES, "wind", "sp", "counter", "t2m", "rh2m")
_CUMCM_REFERENCE = (*_GASES, "time")
_TOUCAN = {"PM2.5 (µg/m³)": "pm25", "TEMP (°C)": "t2m", "RH (%)": "rh2m"}


def read_cumcm(folder, *, time_zone="+08:00"):
    """
    The micro-station beside a national control point of the CUMCM 2019 problem D.

    Parameters
    ----------
    folder : path of ``cumcm2019d_micro_vs_reference``
    time_zone : str
        The clock of the files; the site is anonymous but Chinese.

    Returns
    -------
    (stations, reference): Datasets (station, time), UTC hours; ``pm25 pm10 so2 no2 o3`` ug/m3,
    ``co`` mg/m3, and ``t2m rh2m sp`` of the micro-station. The place is unknown, so both stand at 0, 0.

    Raises
    ------
    DataError
        A file is missing or has not this layout.
    """
    folder = Path(folder)
    micro = _headless(folder / "micro_station_hourly_mean.csv", _CUMCM_MICRO)
    reference = _headless(folder / "reference_hourly_national_point.csv", _CUMCM_REFERENCE)
    offset = offset_of(time_zone)
    hours = _whole_days(pd.concat([micro["time"], reference["time"]]), offset)
    return (
        _one("micro", micro, [*_GASES, "t2m", "rh2m", "sp"], hours, offset, "micro"),
        _one("national point", reference, list(_GASES), hours, offset, "reference"),
    )


def read_toucan(paths, *, time_zone, min_share=0.75):
    """
    Minute exports of the EPA's example sensors, averaged to hours.

    The export prints the label of its region, "(UTC-05:00) Eastern Time", while its clock may run on
    summer time; nothing in the file says which. So the zone must be given, and ``screen``'s clock lag or
    a look at the correlation with the reference shows whether it was right.

    Parameters
    ----------
    paths : sequence of paths, one sensor each
    time_zone : str
        A fixed offset, e.g. ``"-04:00"`` for Eastern summer time.
    min_share : float
        Share of an hour's minutes that a mean needs (RELIABILITY C4: 66).

    Returns
    -------
    Dataset (station, time): ``pm25 t2m rh2m`` and ``n_minutes``, the count behind each hour

    Raises
    ------
    DataError
        A file is missing or has not this layout.
    """
    if not 0 < min_share <= 1:
        raise ValueError(f"min_share is {min_share}; give a share above 0, at most 1.")
    offset = offset_of(time_zone)
    frames = [_minutes(Path(path)) for path in paths]
    hours = _whole_days(pd.concat([frame["time"].dt.floor("h") for frame in frames]), offset)
    parts = []
    for path, frame in zip(paths, frames, strict=True):
        grouped = frame.set_index("time")[list(_TOUCAN.values())].groupby(lambda t: t.floor("h"))
        mean, count = grouped.mean(), grouped.count()
        mean = mean.where(count >= 60 * min_share)
        mean["n_minutes"] = count["pm25"]
        name = Path(path).stem.removesuffix("_raw")
        columns = [*_TOUCAN.values(), "n_minutes"]
        parts.append(_one(name, mean.rename_axis("time").reset_index(), columns, hours, offset, "micro"))
    return xr.concat(parts, dim="station", data_vars="all", join="outer", combine_attrs="override")


def read_airnowtech(path, *, site=None):
    """
    Hourly reference values of an AirNow-Tech long table; its UTC columns are used, not the local ones.

    Parameters
    ----------
    path : path
    site : str, optional
        Where the table holds several.

    Returns
    -------
    Dataset (station, time): ``pm25``, and ``rh2m t2m`` where they are there

    Raises
    ------
    DataError
        The file is missing, has not this layout, or a value is of another unit.
    """
    path = Path(path)
    table = _read(path)
    wanted = ("Site", "Param", "Date (UTC)", "Time (UTC)", "Value", "Unit", "Duration")
    for column in wanted:
        if column not in table:
            raise DataError(f"{path.name}: column {column!r} is missing; this is not the AirNow-Tech layout.")
    sites = sorted(table["Site"].unique())
    if site is None and len(sites) > 1:
        raise DataError(f"{path.name}: it holds the sites {', '.join(sites)}; say which.")
    table = table[(table["Site"] == (site or sites[0])) & (table["Duration"] == "1 Hr")]
    table = table.assign(
        time=pd.to_datetime(table["Date (UTC)"] + " " + table["Time (UTC)"], format="%m/%d/%Y %H:%M"),
        value=pd.to_numeric(table["Value"], errors="coerce"),
    )
    ours = {"PM2.5-88101": ("pm25", "UG/M3"), "RHUM": ("rh2m", "PERCENT"), "TEMP": ("t2m", "CELS")}
    found = {}
    for theirs, (name, unit) in ours.items():
        part = table[table["Param"] == theirs]
        said = set(part["Unit"].str.upper())
        if not len(part) or (name != "pm25" and not said <= {unit}):
            continue
        if not said <= {unit}:
            raise DataError(f"{path.name}, {theirs}: unit {sorted(said)[0]!r}, {unit} is needed.")
        found[name] = part.drop_duplicates(["time", "value"]).groupby("time")["value"].agg(_only)
    if "pm25" not in found:
        raise DataError(f"{path.name}: there is no hourly PM2.5-88101.")
    frame = pd.DataFrame(found).rename_axis("time").reset_index()
    return _one(site or sites[0], frame, list(found), _whole_days(frame["time"], 0.0), 0.0, "reference")


def read_purpleair(path):
    """
    A snapshot of PurpleAir sensors: places, two-channel confidence, means of minutes to a week.

    Returns
    -------
    DataFrame: ``station lon lat confidence rh2m pm25 pm25_day``, sensors whose place is no place left out

    Raises
    ------
    DataError
        The file is missing or has not this layout.
    """
    path = Path(path)
    table = _read(path)
    theirs = {
        "deviceID": "station",
        "longitude": "lon",
        "latitude": "lat",
        "confidence": "confidence",
        "humidity": "rh2m",
        "pm2.5_60minute": "pm25",
        "pm2.5_24hour": "pm25_day",
    }
    for column in theirs:
        if column not in table:
            raise DataError(f"{path.name}: column {column!r} is missing; this is not the PurpleAir layout.")
    ours = table[list(theirs)].rename(columns=theirs)
    for name in list(ours)[1:]:
        ours[name] = pd.to_numeric(ours[name], errors="coerce")
    sound = ours["lon"].between(-180, 180) & ours["lat"].between(-90, 90)
    return ours[sound].sort_values("station", kind="stable", ignore_index=True)


def _only(values):
    """The one value of an hour; two different ones are none (RELIABILITY C4: 59)."""
    return values.iloc[0] if values.nunique() == 1 else np.nan


def _read(path, **settings):
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", **settings)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; give the folder of the delivery.") from None
    except (UnicodeDecodeError, pd.errors.ParserError) as error:
        raise DataError(f"{path.name}: not a CSV table of this layout ({error}).") from None


def _headless(path, names):
    table = _read(path, header=None)
    if table.shape[1] != len(names):
        raise DataError(f"{path.name}: {table.shape[1]} columns, {len(names)} are needed; this is another layout.")
    table.columns = list(names)
    time = pd.to_datetime(table["time"], format="%Y/%m/%d %H:%M", errors="coerce")
    if time.isna().any():
        row = int(np.flatnonzero(time.isna())[0])
        raise DataError(f"{path.name}, row {row + 1}, column time: {table['time'][row]!r} is no time; mend or drop it.")
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in names if name != "time"}
    return pd.DataFrame({"time": time} | numbers)


def _minutes(path):
    table = _read(path, skiprows=6)
    lacking = [column for column in ("Time", *_TOUCAN) if column not in table]
    if lacking:
        raise DataError(f"{path.name}: column {lacking[0]!r} is missing after six lines; this is another layout.")
    time = pd.to_datetime(table["Time"], format="%m/%d/%Y %H:%M", errors="coerce")
    if time.isna().any():
        row = int(np.flatnonzero(time.isna())[0])
        raise DataError(f"{path.name}, row {row + 8}, column Time: {table['Time'][row]!r} is no time; mend or drop it.")
    numbers = {ours: pd.to_numeric(table[theirs], errors="coerce") for theirs, ours in _TOUCAN.items()}
    return pd.DataFrame({"time": time} | numbers)


def _whole_days(time, offset):
    """UTC hours of whole local days, from local stamps."""
    first, last = time.min().floor("D"), time.max().floor("D") + pd.Timedelta(days=1)
    local = np.arange(first.to_datetime64(), last.to_datetime64(), np.timedelta64(1, "h"))
    return local.astype("datetime64[ns]") - np.timedelta64(round(offset * 3600), "s")


def _one(name, frame, columns, hours, offset, role):
    """One station as a Dataset; an hour that is said twice differently is missing."""
    indexed = frame.drop_duplicates().set_index("time")[columns]
    indexed = indexed[~indexed.index.duplicated(keep=False)]
    indexed.index = indexed.index - pd.Timedelta(hours=offset)
    values = indexed.reindex(pd.DatetimeIndex(hours))
    data = {
        column: (
            ("station", "time"),
            values[column].to_numpy(float)[None],
            {"unit": VARIABLES[column].unit if column in VARIABLES else "1"},
        )
        for column in columns
    }
    place = {"name": ("station", [name]), "lon": ("station", [0.0]), "lat": ("station", [0.0])}
    return xr.Dataset(data, {"station": [name], "time": hours, **place}, {"role": role, "utc_offset": offset})
