"""
Alarms hour by hour: a folder is looked at, what is new is taken once, what it brings is recorded.

One pass a call, for a timer. The state lies beside the alarms and is replaced in one rename after
everything else was written, so a pass that was killed is simply done again: the ledger knows what
it already holds, the file of the day is written anew.
"""

import contextlib
import fcntl
import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.kernels.arrays import Times
from hotspot.rank.alarm.expected import setting_of, tie
from hotspot.rank.alarm.state import Memory, blank, dump, load
from hotspot.rules.calendar import offset_hours
from hotspot.study import Stations, Study
from hotspot.variables import DataError

_LOG = logging.getLogger(__name__)

_SCREEN = 192  # hours that the screen of one pass sees: it looks back a week


def follow_alarms(study: Study, folder: Path | str, *, out: Path | str = "out") -> dict[str, Any]:
    """
    Take the new files of a folder, judge the hours they bring, record their alarms.

    Parameters
    ----------
    study : Study
        Its first ``[[stations]]`` of the roles that may alarm says how the files are to be read.
    folder : str or Path
        Below the data root. Hidden files and ``*.partial`` are not looked at.
    out : str or Path
        ``OUT/<study id>/alarms/follow/state.npz``, and ``alarms-YYYY-MM.csv`` beside it.

    Returns
    -------
    dict: ``taken, known, refused`` (files), ``judged`` (hours), ``late`` (values that came for hours already
    judged: they teach and are not judged again), ``counts`` by state, ``ledger``, ``alarms`` (records),
    ``sentences``

    Raises
    ------
    DataError
        The folder lies outside the data root, no delivery has a role that may alarm, or the state cannot be read.

    Notes
    -----
    Readings are screened over the last eight days and not calibrated: an instrument's own slope is part of what is
    expected of it. ``hotspot alarms MONTH`` settles the month: it calibrates, sees late values, and revises or
    withdraws in the ledger.
    """
    from hotspot.lake.parts import write_whole
    from hotspot.ledger.alarms import record_alarms
    from hotspot.ledger.store import open_ledger

    home = Path(out) / study.id / "alarms" / "follow"
    home.mkdir(parents=True, exist_ok=True)
    rule = study.criteria.alarms
    with _alone(home / "lock"):
        state = home / "state.npz"
        memory = load(state.read_bytes(), rule) if state.exists() else blank(rule)
        answer = _take(study, Path(folder), memory)
        alarms = _judge(study, memory, answer)
        with open_ledger(Path(out) / study.id / "ledger.sqlite") as ledger:
            # No period: an hourly run withdraws nothing.
            answer["ledger"] = record_alarms(ledger, alarms, ("1970-01-01", "1970-01-01"))
        _write(home, alarms)
        if answer["taken"] or answer["refused"]:
            write_whole(state, dump(memory))
    answer["counts"] = {s: int((alarms["state"] == s).sum()) for s in ("pushed", "unconfirmed", "suppressed")}
    answer["alarms"] = alarms.assign(start=alarms["start"].map(str), end=alarms["end"].map(str)).to_dict("records")
    _LOG.info("%s: %d files taken, %d alarms stand", study.id, len(answer["taken"]), len(alarms))
    return answer | {"sentences": _sentences(study, answer)}


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two timers must not take the same file."""
    with open(path, "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataError(f"{path}: another pass is running; wait for it to end.") from None
        yield


def _take(study: Study, folder: Path, memory: Memory) -> dict[str, Any]:
    """Read what is new into the memory; what the pass can say of the files."""
    root, folder = Path(study.root).resolve(), Path(folder).resolve()
    if not folder.is_relative_to(root):
        raise DataError(f"{folder} lies outside the data folder {root}; follow a folder below it, or give --data.")
    delivery = next((d for role in study.criteria.alarms.roles for d in study.stations if d.role == role), None)
    if delivery is None:
        raise DataError(f"{study.id} declares no stations of the roles {', '.join(study.criteria.alarms.roles)}.")
    answer: dict[str, Any] = {"taken": [], "known": 0, "refused": [], "late": 0, "judged": 0}
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.name.startswith(".") or path.suffix in (".partial", ".tmp"):
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in memory.taken:
            answer["known"] += 1
            continue
        try:
            hours = _read(study, delivery, path, root)
        except DataError as wrong:
            answer["refused"].append(f"{path.name}: {wrong}")
        else:
            answer["late"] += _remember(memory, hours, study)
            answer["taken"].append(path.name)
        memory.taken[digest] = path.name
    return answer


def _read(study: Study, delivery: Stations, path: Path, root: Path) -> xr.Dataset:
    from hotspot.sources.intake import Intake
    from hotspot.sources.stations.stations import read_stations

    alone = delivery.model_copy(update={"files": (path.relative_to(root).as_posix(),), "date_pattern": None})
    hours = read_stations(alone, root, Intake(root), utc_offset=study.utc_offset)
    seen = np.flatnonzero(hours["pm25"].notnull().any("station").values)
    return hours.isel(time=slice(seen[0], seen[-1] + 1)) if seen.size else hours.isel(time=[])


def _remember(memory: Memory, hours: xr.Dataset, study: Study) -> int:
    """Put a file's values where they belong; how many of them came for hours already judged."""
    if not hours.sizes["time"]:
        return 0
    names = hours["station"].values.astype(str).astype(object)
    label = hours["name"].values.astype(str).astype(object) if "name" in hours.coords else names
    memory.admit(names, hours["lon"].values.astype(float), hours["lat"].values.astype(float), label)
    local = hours["time"].values + offset_hours(study.utc_offset)
    at = local.astype("datetime64[h]").astype(np.int64)
    if memory.first < 0:
        memory.first = int(at[0])
    memory.reach(int(at[-1]) + 1, study.criteria.alarms)
    if memory.judged < 0 and at[0] < memory.start:  # the first file may hold months
        width = memory.start - int(at[0])
        memory.start -= width
        n = len(memory.stations)
        for key, empty in (("values", np.nan), ("rest", np.nan), ("doubt", False)):
            old = getattr(memory, key)
            setattr(memory, key, np.concatenate([np.full((n, width), empty, old.dtype), old], axis=1))
        memory.wind = np.concatenate([np.zeros((width, 4), np.float32), memory.wind])
    inside = at >= memory.start
    rows = np.searchsorted(memory.stations.astype(str), names.astype(str))
    new = hours["pm25"].transpose("station", "time").values[:, inside].astype(np.float32)
    where = np.ix_(rows, at[inside] - memory.start)
    old = memory.values[where]
    late = np.isfinite(new) & (at[inside] <= memory.judged)[None] & (new != old)
    memory.values[where] = np.where(np.isfinite(new), new, old)
    return int(late.sum()) + int(np.isfinite(hours["pm25"].values[:, ~inside]).sum())


def _judge(study: Study, memory: Memory, answer: dict[str, Any]) -> pd.DataFrame:
    """Judge every hour that is known and was not judged; the alarms that are open or new."""
    from hotspot.rank.alarm.episodes import decide, empty

    rule = study.criteria.alarms
    begin = max(memory.judged + 1, memory.start)
    if memory.end <= begin:
        return empty()
    table, n_cell = _candidates(study, memory, begin)
    answer["judged"] = memory.end - begin
    memory.judged = memory.end - 1
    judged = memory.first + 168
    if memory.gate.hour < 0:
        memory.gate.first = memory.first
    table = pd.concat([part for part in (memory.rows, table) if len(part)] or [table], ignore_index=True)
    table.attrs = {"first": "1970-01-01", "judged": judged, "n_cell": n_cell}
    if not len(table):
        return empty()
    alarms, decided = decide(table, rule, memory.gate, rows=True)
    opened = decided["cell"].map({cell: one.start for cell, one in memory.gate.open.items()})
    memory.rows = decided[decided["hour"] >= opened].reset_index(drop=True)
    memory.rows.attrs = {}
    return alarms


def _candidates(study: Study, memory: Memory, begin: int) -> tuple[pd.DataFrame, int]:
    """Candidate rows of the hours from ``begin`` on, and the number of instrumented cells."""
    from hotspot.quality.screen import screen
    from hotspot.rank.alarm.alarms import candidates_of

    rule = study.criteria.alarms
    from_ = max(begin - _SCREEN, memory.start)
    hour = np.arange(from_, memory.end)
    local = hour.astype("datetime64[h]")
    time = (local - offset_hours(study.utc_offset)).astype("datetime64[ns]")
    part = slice(from_ - memory.start, None)
    place = {"lon": ("station", memory.lon), "lat": ("station", memory.lat), "name": ("station", memory.name)}
    stations = xr.Dataset(
        {"pm25": (("station", "time"), memory.values[:, part].astype(float))},
        {"station": memory.stations} | place | {"time": time},
        {"utc_offset": study.utc_offset},
    )
    stations = screen(stations, criteria=study.criteria)
    weather = _weather(study, time)
    wind = setting_of(local, memory.lon.mean(keepdims=True), memory.lat.mean(keepdims=True), weather).wind[0]
    memory.wind[part] = wind
    network, table = candidates_of(stations, cells=study.cells, criteria=study.criteria, weather=weather)
    new = begin - from_
    memory.doubt[:, begin - memory.start :] = network.doubt[:, new:] != 0
    ties = tie(network.lon, network.lat, network.cell, network.names, rule)
    z = np.full(memory.values[:, part].shape, np.nan)
    for one in range(begin, memory.end):
        z[:, one - from_] = memory.unusual(one, ties, rule)
    rows = table(z)
    rows["hour"] += from_
    n_cell = len(set(network.cell[np.isfinite(memory.values[:, part]).any(axis=1) & network.inside]))
    return rows, n_cell


def _weather(study: Study, time: Times) -> xr.Dataset | None:
    """The delivered weather of some hours; None where there is none."""
    from hotspot.deliveries.opening import open_months

    local = time + offset_hours(study.utc_offset)
    months = np.unique(local.astype("datetime64[M]")).astype(str).tolist()
    if not study.weather:
        return None
    try:
        weather = open_months(study, months, kinds=("weather",)).weather
    except DataError:
        return None  # the weather of a running month often comes later
    return None if weather is None else weather.reindex(time=time)


def _write(home: Path, alarms: pd.DataFrame) -> None:
    """The month's file: alarms of this pass replace those of the same id."""
    from hotspot.lake.parts import write_whole

    for month, mine in alarms.groupby(alarms["start"].dt.strftime("%Y-%m")):
        path = home / f"alarms-{month}.csv"
        shown = mine.assign(start=mine["start"].map("{:%Y-%m-%d %H:%M}".format))
        shown = shown.assign(end=mine["end"].map("{:%Y-%m-%d %H:%M}".format)).round(4).astype(str)
        if path.exists():
            before = pd.read_csv(path, dtype=str, keep_default_na=False)
            shown = pd.concat([before[~before["alarm"].isin(shown["alarm"])], shown])
        text = shown.sort_values(["start", "cell"], kind="stable").to_csv(index=False, lineterminator="\n")
        write_whole(path, text.encode())


def _sentences(study: Study, answer: dict[str, Any]) -> list[str]:
    lines = [
        f"{study.id}: {len(answer['taken'])} files taken, {answer['known']} known, {len(answer['refused'])} refused; "
        f"{answer['judged']} hours judged, {answer['late']} late values not judged again"
    ]
    lines += [f"refused: {one}" for one in answer["refused"]]
    return lines + [
        f"{row['start'][:16]}  {row['sub_cell']}  {row['hours']} h  peak {row['peak']:.0f}  {row['state']}"
        for row in answer["alarms"]
    ]
