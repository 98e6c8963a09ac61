"""Station-hours out of a lake: what was delivered, months as they stand or stood, and what was revised."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.lake.parts import differences, latest, read_part
from hotspot.rules.calendar import local_bounds, parse_month
from hotspot.variables import VARIABLES, DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def receipts(lake: Path | str, *, upto: int | None = None) -> list[dict[str, Any]]:
    """
    What was delivered, in order.

    Parameters
    ----------
    upto : int, optional
        Number of the last delivery that counts.

    Returns
    -------
    list of dict: ``number, file, sha256, read, used, duplicates, quarantined, hours, new, same,
    changed, months`` (dict of month -> part, its hash, first and last hour, ``new``, ``changed``), ``places``

    Raises
    ------
    DataError
        The folder is no lake, or a delivery's number is missing.

    Examples
    --------
    >>> receipts("/nowhere")
    Traceback (most recent call last):
    hotspot.variables.DataError: /nowhere is no lake ...
    """
    folder = Path(lake) / "deliveries"
    if not folder.is_dir():
        raise DataError(f"{lake} is no lake; make one with add_to_lake.")
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[0-9]*.json"))]
    for number, receipt in enumerate(found, start=1):
        if receipt["number"] != number:
            raise DataError(f"{folder}: the receipt of delivery {number} is missing; restore it from a copy.")
    return found if upto is None else found[:upto]


def lake_months(lake: Path | str, *, upto: int | None = None) -> "pd.DataFrame":
    """
    The local months a lake holds and how often each was revised.

    Parameters
    ----------
    lake : Path
    upto : int, optional

    Returns
    -------
    DataFrame ``month, revision, hours, changed, last_delivery``, sorted by month; ``revision`` counts the
    deliveries that said something new of the month, ``hours`` its station-hours, ``changed`` those said anew
    """
    import pandas as pd

    rows: dict[str, list] = {}
    for receipt in receipts(lake, upto=upto):
        for month, part in receipt["months"].items():
            row = rows.setdefault(month, [0, 0, 0, 0])
            rows[month] = [row[0] + 1, row[1] + part["new"], row[2] + part["changed"], receipt["number"]]
    names = ["month", "revision", "hours", "changed", "last_delivery"]
    return pd.DataFrame([[month, *rows[month]] for month in sorted(rows)], columns=names)


def open_lake(
    lake: Path | str,
    months: Iterable[str] | None = None,
    *,
    variables: Iterable[str] | None = None,
    upto: int | None = None,
) -> "xr.Dataset":
    """
    Read station-hours from a lake, a dask chunk per month.

    Parameters
    ----------
    lake : Path
    months : list of "YYYY-MM", optional
        Local months; default all there are. Consecutive or not, in order of time.
    variables : list of str, optional
        Default all that was delivered.
    upto : int, optional
        Number of the last delivery that counts: the lake as it was then.

    Returns
    -------
    Dataset (station, time), dask-backed: every hour of the months, UTC, NaN where nothing was said; of
    several values of a station-hour the one delivered last. Coordinates ``name lon lat`` (WGS 84). ``attrs``
    as ``read_stations``, and ``delivery``, the last that counts.

    Raises
    ------
    DataError
        The folder is no lake, is empty, or a part was changed or lost.

    Examples
    --------
    See ``add_to_lake``.
    """
    import dask
    import dask.array as da
    import xarray as xr

    lake = Path(lake)
    told = receipts(lake, upto=upto)
    if not told:
        raise DataError(f"{lake}: nothing was delivered; take files in with add_to_lake.")
    settings = json.loads((lake / "lake.json").read_text(encoding="utf-8"))
    places = station_places(lake, told)
    months = sorted({m for one in told for m in one["months"]}) if months is None else sorted(set(months))
    if not months:
        raise DataError(f"{lake}: no station-hour was delivered; see receipts(lake) for what became of the rows.")
    known = [name for name in VARIABLES if any(name in one["variables"] for one in told)]
    variables = known if variables is None else list(variables)
    lacking = [name for name in variables if name not in known]
    if lacking:
        raise DataError(f"{lake}: {lacking[0]} was never delivered; there are: {', '.join(known)}.")
    stations = sorted(places)
    hours: list = []
    lazy: dict[str, list] = {name: [] for name in variables}
    load = dask.delayed(_month_arrays, pure=True)
    for month in months:
        parse_month(month)
        start, stop = (
            int(bound.astype("datetime64[h]").astype(int)) for bound in local_bounds(month, settings["utc_offset"])
        )
        parts = [
            (str(lake / one["months"][month]["part"]), one["months"][month]["sha256"])
            for one in told
            if month in one["months"]
        ]
        arrays = load(parts, stations, variables, start, stop)
        for at, name in enumerate(variables):
            lazy[name].append(da.from_delayed(arrays[at], (len(stations), stop - start), float))
        hours.append(np.arange(start, stop))
    data = {
        name: (("station", "time"), da.concatenate(lazy[name], axis=1), {"unit": VARIABLES[name].unit})
        for name in variables
    }
    return xr.Dataset(
        data,
        coords={
            "station": ("station", np.array(stations, dtype=object)),
            **{
                key: ("station", np.array([places[s][at] for s in stations], dtype=kind))
                for at, (key, kind) in enumerate((("name", object), ("lon", float), ("lat", float)))
            },
            "time": ("time", np.concatenate(hours).astype("datetime64[h]").astype("datetime64[ns]")),
        },
        attrs={**settings["attrs"], "utc_offset": settings["utc_offset"], "delivery": told[-1]["number"]},
    )


def lake_changes(lake: Path | str, month: str, *, since: int = 0) -> "pd.DataFrame":
    """
    What later deliveries said otherwise of a month: the difference list of its revisions.

    Parameters
    ----------
    lake : Path
    month : "YYYY-MM"
    since : int
        Only changes by deliveries after this one.

    Returns
    -------
    DataFrame ``delivery, station, time, variable, before, after``; ``time`` UTC; ``before`` NaN where the
    station-hour was known without this variable
    """
    import pandas as pd

    lake, found = Path(lake), []
    state = None
    for one in receipts(lake):
        if month not in one["months"]:
            continue
        part = read_part(lake / one["months"][month]["part"], one["months"][month]["sha256"])
        if state is not None and one["number"] > since:
            found.append(differences(state, part).assign(delivery=one["number"]))
        state = part if state is None else latest([state, part])
    names = ["delivery", "station", "time", "variable", "before", "after"]
    return pd.concat(found)[names].reset_index(drop=True) if found else pd.DataFrame(columns=names)


def station_places(lake: Path | str, told: list[dict[str, Any]]) -> dict[str, tuple[str, float, float]]:
    """
    Stations of some deliveries and where they stand.

    Parameters
    ----------
    told : list of dict, from ``receipts``

    Returns
    -------
    dict of station id -> (name, lon, lat), WGS 84
    """
    places: dict[str, tuple] = {}
    for one in told:
        if one["places"]:
            table = read_part(Path(lake) / one["places"], one["places_sha256"])
            where = zip(table["name"], table["lon"].tolist(), table["lat"].tolist(), strict=True)
            places |= dict(zip(table["station"], where, strict=True))
    return places


def _month_arrays(
    parts: list[tuple[str, str]], stations: list[str], variables: list[str], start: int, stop: int
) -> list[Floats]:
    """One month of the lake: float64 (station, hour) per variable; later parts speak last."""
    arrays = [np.full((len(stations), stop - start), np.nan) for _ in variables]
    for path, digest in parts:
        part = read_part(path, digest, variables)
        code = part["station"].cat
        row = np.searchsorted(stations, code.categories.to_numpy(dtype=object))[code.codes.to_numpy()]
        column = part["hour"].to_numpy() - start
        for array, name in zip(arrays, variables, strict=True):
            if name in part:
                value = part[name].to_numpy()
                says = np.isfinite(value)
                array[row[says], column[says]] = value[says]
    return arrays
