"""
The hourly watch over stations, end to end: delivered hours to alarms, ledger and letters.

Like ``month`` for the monthly list, this is the only place that knows the order.
"""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.deliveries.run import Deliveries
from hotspot.quality.hours.neighbours import nearest
from hotspot.quality.sensors.trust import on_hours, trusted
from hotspot.rules.alarming import Alarms
from hotspot.rules.calendar import local_times, month_minus, parse_month
from hotspot.study import Study
from hotspot.text.whole import write_whole
from hotspot.variables import DataError
from hotspot.workflows.monthly.other_pollutants import only_pm25

_LOG = logging.getLogger(__name__)


def run_alarms(
    study: Study, period: str, *, out: Path | str = "out", letter: bool = False, cards: bool = False
) -> dict[str, Any]:
    """
    Alarms of a month or a day: found, recorded in the ledger, written, and put into letters.

    Parameters
    ----------
    study : Study
    period : str
        A local month "2025-12" or day "2025-12-05". A day's alarms are the month's that begin in it.
    out : str or Path
        ``OUT/<study id>/alarms/PERIOD/alarms.csv``, and the letters beside it.
    letter : bool
        Write the prompt letters, one per city, with what goes with them (``workflows.hourly.alarm_desk``).
    cards : bool
        Write a card per pushed alarm, as PDF and as a picture for a phone.

    Returns
    -------
    dict
        ``load`` (pushed alarms per instrumented cell and month), ``budget``,
        ``counts`` by state, ``ledger`` (new, revised, unchanged, withdrawn), ``naive`` (hours per
        station and month of the published rule alone), ``alarms`` (records), ``persistent`` (records of
        persistent highs), ``persistent_load`` (of them per instrumented cell and week), ``files``, ``sentences``

    Raises
    ------
    DataError
        No station of ``criteria.alarms.roles`` reported in the period, or the gate stops its months
        (``quality.plausible.gate``): what would not enter a list does not alarm either.
    ValueError
        The period is no month and no day.

    Notes
    -----
    Screened, set on the scale of the reference stations where there are any, and spread to 500 m
    where the criteria let supported sub-cells speak. Two months before the period's teach what to expect,
    and what the budget can bear; the threshold follows it hour by hour.
    """
    from hotspot.ledger.answers.alarms import record_alarms
    from hotspot.ledger.chain.store import open_ledger
    from hotspot.workflows.hourly.alarm_desk import write_alarm_desk

    first, last = period_bounds(period)
    watched = derive_alarms(study, period, Deliveries(study, Path(out) / study.id))
    alarms = watched["alarms"]
    root = Path(out) / study.id
    folder = root / "alarms" / period
    folder.mkdir(parents=True, exist_ok=True)
    persistent = watched["persistent"]
    minute = "{:%Y-%m-%d %H:%M}".format
    files = [
        _write(folder / "alarms.csv", alarms.assign(**{name: alarms[name].map(minute) for name in ("start", "end")})),
        _write(folder / "persistent.csv", persistent.assign(week=persistent["week"].dt.strftime("%Y-%m-%d"))),
    ]
    with open_ledger(root / "ledger.sqlite") as ledger:
        recorded = record_alarms(ledger, alarms, (first, last))
        if letter or cards:
            files += write_alarm_desk(
                folder, study=study, period=period, watched=watched, ledger=ledger, first=first, last=last,
                letter=letter, cards=cards,
            )  # fmt: skip
    counts = {state: int((alarms["state"] == state).sum()) for state in ("pushed", "unconfirmed", "suppressed")}
    answer = {
        "study": study.id,
        "period": period,
        "load": watched["load"],
        "budget": study.criteria.alarms.budget,
        "instrumented_cells": watched["n_cell"],
        "counts": counts,
        "ledger": recorded,
        "naive": watched["naive"],
        "alarms": _records(alarms),
        "persistent": persistent.assign(week=persistent["week"].astype(str)).to_dict("records"),
        "persistent_load": watched["persistent_load"],
        "files": [str(path) for path in files],
        "alone": watched["alone"],
        "notes": watched["notes"],
    }
    _LOG.info("%s %s: %d alarms", study.id, period, len(answer["alarms"]))
    return answer | {"sentences": _sentences(answer)}


def derive_alarms(study: Study, period: str, deliveries: Deliveries | None = None) -> dict[str, Any]:
    """
    Alarms of a period in memory; nothing is written.

    Returns
    -------
    dict: ``alarms, persistent`` (DataFrames), ``load, persistent_load, n_cell, naive, alone, notes``, ``stations``
    (screened, calibrated Dataset of the two months before and the period's month), ``weather``
    """
    only_pm25(study, "an alarm")
    from hotspot.rank.alarm.alarms import high_hours, naive_hours, weigh, within
    from hotspot.rank.alarm.episodes import decide
    from hotspot.rank.alarm.persistent import CLOSED, find_persistent

    first, last = period_bounds(period)
    stations, weather, notes = _delivered(deliveries or Deliveries(study), period[:7])
    if not bool(_part(stations, first, last)["pm25"].notnull().any()):
        raise DataError(f"{period}: no station of {study.id} reported; deliver the hours, or give another period.")
    rule = study.criteria.alarms
    given: dict[str, Any] = {"cells": study.cells, "criteria": study.criteria, "weather": weather}
    table = weigh(stations, fine=_fine(stations, study), **given)
    alarms = named(within(decide(table, rule), (first, last)), stations, study)
    persistent = find_persistent(high_hours(stations, **given), rule)
    # A week is the period's that ends in it; what came later than the period is not known in it.
    ends = persistent["week"] + pd.Timedelta(days=7)
    persistent = persistent[(ends > first) & (ends <= last)].reset_index(drop=True)
    hours, n_cell = (last - first) / pd.Timedelta(hours=1), table.attrs["n_cell"]
    naive = naive_hours(_part(stations, first, last), criteria=study.criteria)["hours_per_month"]
    return {
        "alarms": alarms,
        "persistent": persistent,
        "load": float((alarms["state"] == "pushed").sum()) / max(n_cell, 1) / (hours / 730.5),
        "persistent_load": float((persistent["state"] != CLOSED).sum()) / max(n_cell, 1) / (hours / 168),
        "n_cell": n_cell,
        "naive": None if naive.isna().all() else round(float(naive.mean()), 2),
        "alone": _alone(_part(stations, first, last), rule),
        "notes": notes,
        "stations": stations,
        "weather": weather,
    }


def period_bounds(period: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """
    First local instant of a month or day, and the first after it.

    Examples
    --------
    >>> [str(t) for t in period_bounds("2025-12-05")], str(period_bounds("2025-02")[1])
    (['2025-12-05 00:00:00', '2025-12-06 00:00:00'], '2025-03-01 00:00:00')
    >>> period_bounds("2025-02-30")
    Traceback (most recent call last):
    ValueError: '2025-02-30' is no month and no day; write it like 2025-12 or 2025-12-05.
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}", period):
            parse_month(period)
            return pd.Timestamp(f"{period}-01"), pd.Timestamp(f"{month_minus(period, -1)}-01")
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", period):
            return pd.Timestamp(period), pd.Timestamp(period) + pd.Timedelta(days=1)
    except ValueError:
        pass
    raise ValueError(f"{period!r} is no month and no day; write it like 2025-12 or 2025-12-05.")


def _delivered(deliveries: Deliveries, month: str) -> tuple[xr.Dataset, xr.Dataset | None, list[str]]:
    """Stations that may alarm, screened and calibrated, and the weather, of a month and the two before it."""
    from hotspot.quality.plausible.gate import admit

    study = deliveries.study
    months = [month_minus(month, back) for back in (2, 1, 0)]
    opened = admit(deliveries.months(months, kinds=("reference", "stations", "weather")), months)
    micro, reference = (
        on_hours(_as_measured(part), months[0], month, utc_offset=study.utc_offset)
        for part in (opened.stations, opened.reference)
    )
    notes = list(opened.intake.notes)
    stations = trusted_by_role(micro, reference, opened.weather, study=study, note=notes.append)
    if stations is None:
        raise DataError(
            f"{month}: {study.id} has no station of the roles that may alarm "
            f"({', '.join(study.criteria.alarms.roles)}); "
            'deliver them, or let reference stations alarm: criteria.alarms.roles = ["micro", "reference"].'
        )
    return stations, opened.weather, notes


def _as_measured(stations: xr.Dataset | None) -> xr.Dataset | None:
    """Without days that a decision replaced by the month's highest (B19): that value was not in the air then."""
    from hotspot.quality.hours.flags import flag

    if stations is None or "pm25_flags" not in stations:
        return stations
    return stations.assign(pm25=stations["pm25"].where((stations["pm25_flags"] & flag("replaced").bit) == 0))


def named(alarms: pd.DataFrame, stations: xr.Dataset, study: Study) -> pd.DataFrame:
    """The alarms with ``station``: the name of the station that speaks for the sub-cell, "" where there is none."""
    order = np.argsort(stations["station"].values.astype(str), kind="stable")[::-1]
    sub_cell = np.atleast_1d(study.grid.child(stations["lon"].values, stations["lat"].values)).astype(str)
    names = (stations["name"] if "name" in stations.coords else stations["station"]).values.astype(str)
    told = dict(zip(sub_cell[order].tolist(), names[order].tolist(), strict=True))  # of two the first by id
    return alarms.assign(station=[told.get(one, "") for one in alarms["sub_cell"].astype(str)])


def trusted_by_role(
    micro: xr.Dataset | None,
    reference: xr.Dataset | None,
    weather: xr.Dataset | None,
    *,
    study: Study,
    note: Callable[[str], None],
) -> xr.Dataset | None:
    """
    The stations of ``criteria.alarms.roles``: micro-stations screened and calibrated, references screened.

    Parameters
    ----------
    micro, reference : Dataset (station, time) on the same unbroken hours, or None
    note : callable, told as a sentence what could not be done

    Returns
    -------
    Dataset (station, time), or None where no such station was delivered
    """
    from hotspot.quality.hours.screen import screen

    roles, parts = study.criteria.alarms.roles, []
    if "micro" in roles and micro is not None:
        parts.append(trusted(micro, reference, weather, criteria=study.criteria, note=note))
    if "reference" in roles and reference is not None:
        parts.append(screen(reference, weather=weather, criteria=study.criteria))
    if len(parts) < 2:
        return parts[0] if parts else None
    kept = [name for name in ("pm25", "pm25_flags", "pm10", "rh2m", "pm25_error") if any(name in p for p in parts)]
    twice = set(parts[0]["station"].values.astype(str)) & set(parts[1]["station"].values.astype(str))
    if twice:
        raise DataError(f"station {min(twice)} is a micro-station and a reference; give one of them another id.")
    filled = [
        part[[name for name in kept if name in part]]
        .reset_coords(drop=True)
        .assign_coords({name: part[name] for name in ("lon", "lat", "name") if name in part.coords})
        for part in parts
    ]
    joined = xr.concat(filled, "station", join="outer", data_vars="all", coords="minimal", fill_value=np.nan)
    joined["pm25_flags"] = joined["pm25_flags"].fillna(0).astype(np.int64)
    return joined.assign_attrs(parts[0].attrs)


def _fine(stations: xr.Dataset, study: Study) -> xr.Dataset | None:
    """The 500 m field of the instrumented cells, where the criteria let supported sub-cells speak."""
    if study.criteria.alarms.support == "measured":
        return None
    from hotspot.estimate.fine.downscale import downscale

    code = np.atleast_1d(study.grid.code(*study.grid.locate(stations["lon"].values, stations["lat"].values)))
    inside = np.isin(study.cells["cell"].values.astype(str), code.astype(str))
    return downscale(stations, study.cells.isel(cell=np.flatnonzero(inside)), criteria=study.criteria)


def _alone(stations: xr.Dataset, rule: Alarms) -> str:
    """Which stations have too few neighbours to be judged by, as a sentence; empty where none."""
    seen = stations.isel(station=stations["pm25"].notnull().any("time").values)
    lon, lat, names = (seen[name].values for name in ("lon", "lat", "station"))
    near, _ = nearest(
        lon, lat, lon, lat, count=rule.min_neighbours, within_km=rule.neighbour_km, names=names, names_other=names
    )
    few = names[near[:, -1] < 0].astype(str)
    told = ", ".join(few[:5]) + (" ..." if few.size > 5 else "")
    if not few.size:
        return ""
    return (
        f"{few.size} of {names.size} stations ({told}) have fewer than {rule.min_neighbours} neighbours within "
        f"{rule.neighbour_km:g} km: no alarm can be told of them"
    )


def _part(stations: xr.Dataset, first: pd.Timestamp, last: pd.Timestamp) -> xr.Dataset:
    local = local_times(stations)
    return stations.isel(time=np.flatnonzero((local >= np.datetime64(first)) & (local < np.datetime64(last))))


def _write(path: Path, shown: pd.DataFrame) -> Path:
    """A table as CSV, four decimals nowhere lost."""
    return write_whole(path, shown.to_csv(index=False, float_format="%.4f", lineterminator="\n").encode())


def _records(alarms: pd.DataFrame) -> list[dict[str, Any]]:
    shown = alarms.assign(start=alarms["start"].map(str), end=alarms["end"].map(str))
    rows: list[dict[str, Any]] = shown.to_dict("records")
    return rows


def _sentences(answer: dict[str, Any]) -> list[str]:
    counts = answer["counts"]
    lines = [
        f"{answer['study']} {answer['period']}: {counts['pushed']} alarms pushed, {counts['unconfirmed']} unconfirmed, "
        f"{counts['suppressed']} suppressed with their reason",
        f"{answer['load']:.2f} alarms per instrumented cell and month "
        f"({answer['instrumented_cells']} cells; budget {answer['budget']:g})",
        f"persistent highs: {sum(row['state'] == 'persistent' for row in answer['persistent'])}, "
        f"{answer['persistent_load']:.2f} per instrumented cell and week, counted apart",
    ]
    lines += [answer["alone"]] * bool(answer["alone"])
    if answer["naive"] is not None:
        lines.append(f"the published rule alone would have fired {answer['naive']:.1f} hours per station and month")
    lines += [
        f"{row['start'][:16]}  {row['sub_cell']}  {row['hours']} h  peak {row['peak']:.0f}  "
        f"{row['ratio']:.1f} times its neighbours  {row['state']}{': ' + row['why'] if row['why'] else ''}"
        for row in answer["alarms"]
    ]
    lines += [
        f"week of {row['week']}  {row['sub_cell']}  persistent: {row['hours']} h on {row['days']} days, "
        f"{row['ratio']:.1f} times its neighbours, mostly at {row['usual_hours']}"
        for row in answer["persistent"]
        if row["state"] == "persistent"
    ]
    return lines + [f"written: {name}" for name in answer["files"]]
