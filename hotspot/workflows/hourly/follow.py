"""
Alarms hour by hour: a folder is looked at, what is new is taken once, what it brings is recorded.

One pass a call, for a timer. The state lies beside the alarms and is replaced in one rename after
everything else was written, so a pass that was killed is simply done again: the ledger knows what
it already holds, the file of the day is written anew.
"""

import contextlib
import fcntl
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.deliveries.run import Deliveries
from hotspot.kernels.arrays import Times
from hotspot.patterns import kept_beside
from hotspot.rank.alarm.expected import setting_of, tie
from hotspot.rank.alarm.state import Memory, blank, dump, load
from hotspot.rules.calendar import offset_hours
from hotspot.study import Stations, Study
from hotspot.text.whole import write_whole
from hotspot.variables import DataError
from hotspot.workflows.monthly.other_pollutants import only_pm25

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
    dict: ``taken, known, refused`` (files), ``quarantined`` (rows of them), ``judged`` (hours), ``late`` (values that
    came for hours already judged: they teach and are not judged again), ``aside`` (station -> what the gate says of
    it), ``decisions`` (lines), ``counts`` by state, ``ledger``, ``alarms`` (records), ``sentences``

    Raises
    ------
    DataError
        The folder lies outside the data root, no delivery has a role that may alarm, the state cannot be read, or the
        gate says of all stations at once what would stop a month.

    Notes
    -----
    Readings are screened over the last eight days and not calibrated: an instrument's own slope is part of what is
    expected of it. The gate of `month` is asked with the first hour of each local day, on the weeks that are known:
    a station it would stop is set aside, said in every pass, until its delivery is mended or somebody signs.
    ``hotspot alarms MONTH`` settles the month: it calibrates, sees late values, and revises or
    withdraws in the ledger.
    """
    only_pm25(study, "following hours for alarms")
    from hotspot.ledger.answers.alarms import record_alarms
    from hotspot.ledger.chain.store import open_ledger

    home = Path(out) / study.id / "alarms" / "follow"
    home.mkdir(parents=True, exist_ok=True)
    rule = study.criteria.alarms
    with _alone(home / "lock"):
        state = home / "state.npz"
        try:
            memory = load(state.read_bytes(), rule) if state.exists() else blank(rule)
        except DataError as wrong:
            raise DataError(f"{state}: {wrong}") from None
        deliveries = Deliveries(study)
        answer = _take(deliveries, Path(folder), memory)
        alarms = _judge(deliveries, memory, answer)
        with open_ledger(Path(out) / study.id / "ledger.sqlite") as ledger:
            # No period: an hourly run withdraws nothing.
            answer["ledger"] = record_alarms(ledger, alarms, ("1970-01-01", "1970-01-01"))
        _write(home, alarms)
        if answer["taken"] or answer["refused"]:
            write_whole(state, dump(memory))
    answer["aside"] = memory.aside
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


def _take(deliveries: Deliveries, folder: Path, memory: Memory) -> dict[str, Any]:
    """Read what is new into the memory; what the pass can say of the files."""
    study = deliveries.study
    root, folder = Path(study.root).resolve(), Path(folder).resolve()
    if not folder.is_relative_to(root):
        raise DataError(f"{folder} lies outside the data folder {root}; follow a folder below it, or give --data.")
    delivery = _followed(study)
    answer: dict[str, Any] = {
        "taken": [], "known": 0, "refused": [], "quarantined": 0, "late": 0, "judged": 0, "decisions": [],
    }  # fmt: skip
    for path in sorted(folder.iterdir()):
        on_its_way = path.name.startswith(".") or path.suffix in (".partial", ".tmp")
        if not path.is_file() or on_its_way or kept_beside(path.name):
            continue
        digest = deliveries.once.hashed(path).sha256
        if digest in memory.taken:
            answer["known"] += 1
            continue
        try:
            hours, quarantined = _read(deliveries, delivery, path, root)
        except DataError as wrong:
            answer["refused"].append(f"{path.name}: {wrong}")
        else:
            answer["late"] += _remember(memory, hours, study)
            answer["quarantined"] += quarantined
            answer["taken"].append(path.name)
        memory.taken[digest] = path.name
    return answer


def _read(deliveries: Deliveries, delivery: Stations, path: Path, root: Path) -> tuple[xr.Dataset, int]:
    """The hours of one file, and how many of its rows were quarantined."""
    from hotspot.sources.stations.stations import read_stations

    alone = delivery.model_copy(update={"files": (path.relative_to(root).as_posix(),), "date_pattern": None})
    intake = deliveries.beside(root)
    hours = read_stations(alone, root, intake, utc_offset=deliveries.study.utc_offset)
    seen = np.flatnonzero(hours["pm25"].notnull().any("station").values)
    hours = hours.isel(time=slice(seen[0], seen[-1] + 1)) if seen.size else hours.isel(time=[])
    return hours, int(intake.counts["quarantined"])


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


def _judge(deliveries: Deliveries, memory: Memory, answer: dict[str, Any]) -> pd.DataFrame:
    """Judge every hour that is known and was not judged; the alarms that are open or new."""
    from hotspot.rank.alarm.episodes import decide, empty

    rule = deliveries.study.criteria.alarms
    begin = max(memory.judged + 1, memory.start)
    if memory.end <= begin:
        return empty()
    _ask(deliveries, memory)
    table, n_cell, answer["decisions"] = _candidates(deliveries, memory, begin)
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


def _hours(study: Study, memory: Memory, begin: int) -> xr.Dataset:
    """What is known from an hour on, as a network, its role that of the delivery that is followed."""
    hour = np.arange(begin, memory.end)
    time = (hour.astype("datetime64[h]") - offset_hours(study.utc_offset)).astype("datetime64[ns]")
    place = {"lon": ("station", memory.lon), "lat": ("station", memory.lat), "name": ("station", memory.name)}
    return xr.Dataset(
        {"pm25": (("station", "time"), memory.values[:, begin - memory.start :].astype(float))},
        {"station": memory.stations} | place | {"time": time},
        {"utc_offset": study.utc_offset, "role": _followed(study).role},
    )


def _ask(deliveries: Deliveries, memory: Memory) -> None:
    """Once a local day: which stations the gate would stop a month for; they are doubted as far back as it says."""
    from hotspot.quality.plausible.finding import stopping
    from hotspot.quality.plausible.hourly import WINDOW, as_signed, standing

    day = (memory.end - 1) // 24
    if day == memory.asked:
        return
    study, once = deliveries.study, deliveries.once
    delivery = _followed(study)
    hours = _hours(study, memory, max(memory.end - WINDOW[delivery.role], memory.start))
    found = standing(as_signed(hours, study, once)[0], study, file=", ".join(delivery.files), once=once)
    row = {str(name): at for at, name in enumerate(memory.stations)}
    common = stopping(one for one in found if one.place not in row)
    if common:
        raise DataError(f"{study.id}: {common}")
    memory.asked, memory.aside = day, {}
    local = np.arange(memory.start, memory.end) // 24
    for one in found:
        first, last = (int(np.datetime64(text, "D").astype(int)) for text in (one.first, one.last))
        memory.doubt[row[one.place], (local >= first) & (local <= last)] = True
        if last >= day - 1:  # what was mended before yesterday may speak again
            memory.aside[one.place] = f"{one.sentence}; to count again: {'; or sign '.join(one.ways)}"


def _followed(study: Study) -> Stations:
    """The delivery that is followed: the first of the roles that may alarm."""
    delivery = next((d for role in study.criteria.alarms.roles for d in study.stations if d.role == role), None)
    if delivery is None:
        raise DataError(f"{study.id} declares no stations of the roles {', '.join(study.criteria.alarms.roles)}.")
    return delivery


def _candidates(deliveries: Deliveries, memory: Memory, begin: int) -> tuple[pd.DataFrame, int, list[str]]:
    """Candidate rows of the hours from ``begin`` on, the number of instrumented cells, and what was signed of them."""
    from hotspot.quality.hours.screen import screen
    from hotspot.quality.plausible.hourly import as_signed
    from hotspot.rank.alarm.alarms import candidates_of

    study = deliveries.study
    rule = study.criteria.alarms
    from_ = max(begin - _SCREEN, memory.start)
    part = slice(from_ - memory.start, None)
    stations, signed = as_signed(_hours(study, memory, from_), study, deliveries.once)
    # Hours that are missing teach nothing in any case; those that were signed away do not either, however far back.
    memory.doubt[:, part] |= stations["pm25"].transpose("station", "time").isnull().values
    aside = np.isin(memory.stations.astype(str), list(memory.aside))
    stations = stations.assign(pm25=stations["pm25"].where(xr.DataArray(~aside, dims="station")))
    hidden = stations["pm25"].transpose("station", "time").isnull().values
    time = stations["time"].values
    local = (time + offset_hours(study.utc_offset)).astype("datetime64[h]")
    stations = screen(stations, criteria=study.criteria)
    weather = _weather(deliveries, time)
    wind = setting_of(local, memory.lon.mean(keepdims=True), memory.lat.mean(keepdims=True), weather).wind[0]
    memory.wind[part] = wind
    network, table = candidates_of(stations, cells=study.cells, criteria=study.criteria, weather=weather)
    new = begin - from_
    memory.doubt[:, begin - memory.start :] = (network.doubt[:, new:] != 0) | hidden[:, new:]
    ties = tie(network.lon, network.lat, network.cell, network.names, rule)
    z = np.full(memory.values[:, part].shape, np.nan)
    for one in range(begin, memory.end):
        z[:, one - from_] = memory.unusual(one, ties, rule)
    rows = table(z)
    rows["hour"] += from_
    n_cell = len(set(network.cell[(~hidden).any(axis=1) & network.inside]))
    return rows, n_cell, signed


def _weather(deliveries: Deliveries, time: Times) -> xr.Dataset | None:
    """The delivered weather of some hours; None where there is none."""
    local = time + offset_hours(deliveries.study.utc_offset)
    months = np.unique(local.astype("datetime64[M]")).astype(str).tolist()
    if not deliveries.study.weather:
        return None
    try:
        weather = deliveries.months(months, kinds=("weather",)).weather
    except DataError:
        return None  # the weather of a running month often comes later
    return None if weather is None else weather.reindex(time=time)


def _write(home: Path, alarms: pd.DataFrame) -> None:
    """The month's file: alarms of this pass replace those of the same id."""

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
        f"{answer['quarantined']} rows quarantined; {answer['judged']} hours judged, {answer['late']} late values not "
        f"judged again; {len(answer['aside'])} stations set aside by the gate"
    ]
    lines += [f"refused: {one}" for one in answer["refused"]]
    lines += [f"set aside: {one}" for _, one in sorted(answer["aside"].items())]
    lines += [f"decision {one}" for one in answer["decisions"]]
    return lines + [
        f"{row['start'][:16]}  {row['sub_cell']}  {row['hours']} h  peak {row['peak']:.0f}  {row['state']}"
        for row in answer["alarms"]
    ]
