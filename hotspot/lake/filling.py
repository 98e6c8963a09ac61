"""
Years of station-hours on disk: Parquet by local month, each delivery taken in exactly once.

A delivery is known by the hash of its bytes. Its receipt is written last, in one
rename: what no receipt names was never delivered, so a killed run leaves nothing
half done. A later delivery that says something else makes a new revision; the
older parts stay, and the lake can be read as it was (RELIABILITY C4: 59, 61).

    LAKE/deliveries/000017-SHA256.json       the receipt of delivery 17
    LAKE/month=2020-03/000017-SHA16.parquet  what it said anew of that month
    LAKE/places/000017-SHA16.parquet         stations it told of first
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.kernels.arrays import Texts
from hotspot.lake.parts import latest, read_part, write_part
from hotspot.lake.reading import lake_months, receipts, station_places
from hotspot.patterns import find_files
from hotspot.rules.calendar import offset_hours
from hotspot.sources.intake import Intake
from hotspot.study import Stations, Study
from hotspot.text.whole import write_whole
from hotspot.variables import VARIABLES, DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

FORMAT = 1
# As in stations: a position that wanders less than 0.001 degree is GPS noise, not a move.
_SAME_PLACE = 0.001


def add_to_lake(
    lake: Path | str, delivery: Stations, root: Path, intake: Intake, *, utc_offset: float
) -> list[dict[str, Any]]:
    """
    Take delivered station files into a lake, each exactly once.

    Parameters
    ----------
    lake : Path
        A folder; it is made where there is none.
    delivery : study.Stations
        As for ``read_stations``; each of its files is one delivery, in order of name.
    root : Path
        The data root.
    intake : Intake
        Gets the counts and the quarantined rows of the files that are new.
    utc_offset : float
        Hours that local time is ahead of UTC; fixed for the lake's life.

    Returns
    -------
    list of dict, one per file: its receipt, with ``status`` "added", or "known" where
    these bytes were taken in before, by whatever name. ``hours`` (station-hours with a
    value) = ``new`` + ``same`` + ``changed``, the last against what was known before.

    Raises
    ------
    DataError
        A file cannot be read (see ``read_stations``), or the lake has another local time.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.sources.intake import Intake
    >>> from hotspot.study import Stations
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "a.csv").write_text("监测时间,站点,经度,纬度,PM2.5\\n2020-03-01 01:00,甲,116.397,39.909,35\\n")
    >>> _ = (root / "b.csv").write_text("监测时间,站点,经度,纬度,PM2.5\\n2020-03-01 01:00,甲,116.397,39.909,36\\n")
    >>> means = dict(unit="ug/m3", time_zone="+08:00", hour_label="end", datum="wgs84")
    >>> delivery = Stations(layout="long", files=["*.csv"], **means)
    >>> [(one["status"], one["new"], one["changed"]) for one in
    ...     add_to_lake(root / "lake", delivery, root, Intake(root), utc_offset=8)]
    [('added', 1, 0), ('added', 0, 1)]
    >>> [one["status"] for one in add_to_lake(root / "lake", delivery, root, Intake(root), utc_offset=8)]
    ['known', 'known']
    >>> from hotspot.lake.reading import open_lake
    >>> [float(open_lake(root / "lake", ["2020-03"], upto=n).pm25[0, 0]) for n in (1, 2)]
    [35.0, 36.0]
    """
    from filelock import FileLock

    lake = Path(lake)
    (lake / "deliveries").mkdir(parents=True, exist_ok=True)
    with FileLock(lake / "lock"):
        _settings(lake, utc_offset)
        told = receipts(lake)
        _sweep(lake, told)
        places = station_places(lake, told)
        return [
            _add_file(lake, path, delivery, root, intake, utc_offset, told, places)
            for path in find_files(root, delivery.files, "lake")
        ]


def fill_lake(study: Study, lake: Path | str, *, role: str = "micro") -> dict[str, Any]:
    """
    Take everything a study declares of one kind of station into a lake, each file exactly once.

    Parameters
    ----------
    study : Study
    lake : Path
    role : "micro" or "reference"

    Returns
    -------
    dict: ``added`` and ``known`` files, ``hours, new, same, changed`` of those added, ``quarantined``
    rows, ``notes``, and ``months``, a list of dict (see ``lake_months``)

    Raises
    ------
    DataError
        The study declares no such stations, or a file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> import hotspot as hs
    >>> folder = Path(tempfile.mkdtemp())
    >>> study = hs.load_study(hs.write_study(folder / "study", size="small"))
    >>> once, twice = fill_lake(study, folder / "lake"), fill_lake(study, folder / "lake")
    >>> once["added"] > 0, twice["added"], twice["known"] == once["added"], once["months"] == twice["months"]
    (True, 0, True, True)
    """
    if role not in ("micro", "reference"):
        raise ValueError(f"role is {role!r}; give micro or reference.")
    deliveries = [delivery for delivery in study.stations if delivery.role == role]
    if not deliveries:
        raise DataError(f'{study.id} declares no [[stations]] with role = "{role}"; add them to {study.path.name}.')
    intake = Intake(study.root)
    told = [
        one
        for delivery in deliveries
        for one in add_to_lake(lake, delivery, study.root, intake, utc_offset=study.utc_offset)
    ]
    added = [one for one in told if one["status"] == "added"]
    counts = {word: sum(one[word] for one in added) for word in ("hours", "new", "same", "changed", "quarantined")}
    return {
        "lake": str(lake), "added": len(added), "known": len(told) - len(added), **counts,
        "notes": intake.notes, "months": lake_months(lake).to_dict("records"),
    }  # fmt: skip


def _settings(lake: Path, utc_offset: float) -> dict[str, Any]:
    """The lake's own file; made by the first delivery, checked by every other."""
    path = lake / "lake.json"
    if not path.exists():
        write_whole(path, _json({"format": FORMAT, "utc_offset": float(utc_offset), "attrs": {}}))
    settings = json.loads(path.read_text(encoding="utf-8"))
    if settings["utc_offset"] != float(utc_offset):
        raise DataError(
            f"{lake}: its months are of local time {settings['utc_offset']:+g} h, not {float(utc_offset):+g} h; "
            "use a lake of its own for another local time."
        )
    return settings


def _sweep(lake: Path, told: list[dict[str, Any]]) -> None:
    """Remove what a killed run left: files that no receipt names."""
    named = {part["part"] for one in told for part in one["months"].values()}
    named |= {one["places"] for one in told if one["places"]}
    for path in sorted([*lake.glob("month=*/*"), *lake.glob("places/*"), *lake.glob("deliveries/.*")]):
        if path.relative_to(lake).as_posix() not in named:
            path.unlink()


def _add_file(
    lake: Path,
    path: Path,
    delivery: Stations,
    root: Path,
    intake: Intake,
    utc_offset: float,
    told: list[dict[str, Any]],
    places: dict[str, tuple[str, float, float]],
) -> dict[str, Any]:
    """One delivery: its receipt is put with those told before, its new stations with the places."""
    from hotspot.sources.stations.stations import read_stations

    digest = intake.once.hashed(path).sha256
    for one in told:
        if one["sha256"] == digest:
            return {**one, "status": "known"}
    alone = delivery.model_copy(update={"files": (path.relative_to(root).as_posix(),), "date_pattern": None})
    stations = read_stations(alone, root, intake, utc_offset=utc_offset)
    record = intake.files[intake.name(path)]
    number = len(told) + 1
    names, added = _segments(stations, places, intake)
    stations = stations.assign_coords(station=np.array(names, dtype=object))
    receipt: dict[str, Any] = {
        "number": number, "file": record.path, "sha256": digest,
        "read": record.read, "used": record.used, "duplicates": record.duplicates, "quarantined": record.quarantined,
        "hours": 0, "new": 0, "same": 0, "changed": 0,
        "variables": [name for name in VARIABLES if name in stations], "months": {}, "places": "", "places_sha256": "",
    }  # fmt: skip
    stem = f"{number:06d}-{digest[:16]}.parquet"
    _write_months(lake, stations, told, receipt, stem, utc_offset)
    if added:
        receipt["places"] = f"places/{stem}"
        columns = {"station": sorted(added), **{
            key: [added[s][at] for s in sorted(added)] for at, key in enumerate(("name", "lon", "lat"))
        }}  # fmt: skip
        receipt["places_sha256"] = write_part(lake / receipt["places"], columns)
    if number == 1:
        kept = ("source", "role", "hour_label_delivered", "time_zone_delivered", "gas_state")
        settings = _settings(lake, utc_offset) | {"attrs": {key: stations.attrs[key] for key in kept}}
        write_whole(lake / "lake.json", _json(settings))
    write_whole(lake / "deliveries" / f"{number:06d}-{digest}.json", _json(receipt))
    told.append(receipt)
    places |= added
    return {**receipt, "status": "added"}


def _write_months(
    lake: Path,
    stations: "xr.Dataset",
    told: list[dict[str, Any]],
    receipt: dict[str, Any],
    stem: str,
    utc_offset: float,
) -> None:
    """One part per local month of what the delivery says that the lake does not know; counts go on the receipt."""
    import pandas as pd

    names = receipt["variables"]
    values = np.stack([stations[name].transpose("station", "time").values for name in names])
    at, hour = np.nonzero(np.isfinite(values).any(axis=0))
    time = stations["time"].values.astype("datetime64[ns]")
    local = (time + offset_hours(utc_offset)).astype("datetime64[M]").astype(str)[hour]
    rows = pd.DataFrame(
        {
            "station": stations["station"].values.astype(str)[at],
            "hour": time.astype("datetime64[h]").astype(np.int64)[hour],
        }
        | {name: values[k, at, hour] for k, name in enumerate(names)}
    )
    receipt["hours"] = len(rows)
    for month in sorted(set(local.tolist())):
        mine = rows[local == month].sort_values(["station", "hour"], ignore_index=True)
        first, last = int(mine["hour"].min()), int(mine["hour"].max())
        before = [
            read_part(lake / part["part"], part["sha256"])
            for one in told
            if (part := one["months"].get(month)) and part["first"] <= last and part["last"] >= first
        ]
        status = _status(mine, latest(before), names)
        counts = {word: int((status == word).sum()) for word in ("new", "same", "changed")}
        for word, n in counts.items():
            receipt[word] += n
        if counts["new"] + counts["changed"]:
            part = mine[status != "same"]
            file = f"month={month}/{stem}"
            digest = write_part(lake / file, {name: part[name].to_numpy() for name in part})
            receipt["months"][month] = {
                "part": file, "sha256": digest, "first": int(part["hour"].min()), "last": int(part["hour"].max()),
                "new": counts["new"], "changed": counts["changed"],
            }  # fmt: skip


def _status(rows: "pd.DataFrame", known: "pd.DataFrame | None", names: list[str]) -> Texts:
    """Per row "new", "same" or "changed" against what is known; silence changes nothing."""
    if known is None:
        return np.full(len(rows), "new")
    both = rows[["station", "hour"]].merge(known, on=["station", "hour"], how="left", indicator=True)
    there = both["_merge"].to_numpy() == "both"
    says = rows[names].to_numpy(dtype=float)
    was = np.stack([both[n].to_numpy(float) if n in both else np.full(len(rows), np.nan) for n in names], axis=1)
    other = (np.isfinite(says) & (says != was)).any(axis=1)
    return np.where(~there, "new", np.where(other, "changed", "same"))


def _segments(
    stations: "xr.Dataset", places: dict[str, tuple[str, float, float]], intake: Intake
) -> tuple[list[str], dict[str, tuple[str, float, float]]]:
    """The lake's names of a delivery's stations, and those it did not know; a station that moved becomes a new one."""
    names, added = [], {}
    for station, name, lon, lat in zip(
        *(stations[key].values.tolist() for key in ("station", "name", "lon", "lat")), strict=True
    ):
        given, number = str(station), 1
        while given in places and max(abs(places[given][1] - lon), abs(places[given][2] - lat)) > _SAME_PLACE:
            number += 1
            given = f"{station}@{number}"
        if given not in places:
            added[given] = (str(name), lon, lat)
            if number > 1:
                intake.note(f"station {station} stands elsewhere than in the lake; its series goes on as {given}")
        names.append(given)
    return names, added


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
