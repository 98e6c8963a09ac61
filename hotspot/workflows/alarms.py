"""
The hourly watch over micro-stations, end to end: delivered hours to alarms, ledger and letters.

Like ``month`` for the monthly list, this is the only place that knows the order.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.quality.trust import on_hours, trusted
from hotspot.rules.calendar import month_minus, offset_hours, parse_month
from hotspot.variables import DataError


def run_alarms(study, period, *, out="out", letter=False):
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
        Write the prompt letters, one per city.

    Returns
    -------
    dict
        ``threshold`` (z), ``load`` (pushed alarms per instrumented cell and month), ``budget``,
        ``counts`` by state, ``ledger`` (new, revised, unchanged, withdrawn), ``naive`` (hours per
        station and month of the published rule alone), ``alarms`` (records), ``files``, ``sentences``

    Raises
    ------
    DataError
        No micro-station reported in the period.
    ValueError
        The period is no month and no day.

    Notes
    -----
    Screened, set on the scale of the reference stations where there are any, and spread to 500 m
    where the criteria let supported sub-cells speak. The threshold is the one that would have kept
    the month before within the budget, so it stands still while a month runs.
    """
    from hotspot.ledger.alarms import answers, record_alarms
    from hotspot.ledger.store import open_ledger
    from hotspot.publish.office.letter import write_letters

    first, last = period_bounds(period)
    watched = derive_alarms(study, period)
    alarms = watched["alarms"]
    root = Path(out) / study.id
    folder = root / "alarms" / period
    folder.mkdir(parents=True, exist_ok=True)
    with open_ledger(root / "ledger.sqlite") as ledger:
        recorded = record_alarms(ledger, alarms, (first, last))
        answered, head = answers(ledger), ledger.head
    files = [_write(folder / "alarms.csv", alarms)]
    if letter:
        files += write_letters(folder, study=study, alarms=alarms, period=period, answered=answered, head=head)
    counts = {state: int((alarms["state"] == state).sum()) for state in ("pushed", "unconfirmed", "suppressed")}
    answer = {
        "study": study.id,
        "period": period,
        "threshold": watched["threshold"],
        "load": watched["load"],
        "budget": study.criteria.alarms.budget,
        "instrumented_cells": watched["n_cell"],
        "counts": counts,
        "ledger": recorded,
        "naive": watched["naive"],
        "alarms": _records(alarms),
        "files": [str(path) for path in files],
        "notes": watched["notes"],
    }
    return answer | {"sentences": _sentences(answer)}


def derive_alarms(study, period):
    """
    Alarms of a period in memory; nothing is written.

    Returns
    -------
    dict: ``alarms`` (DataFrame), ``threshold, load, n_cell, naive, notes``, ``stations`` (screened,
    calibrated Dataset of the month before and the period's month)
    """
    from hotspot.rank.alarm.alarms import merge, naive_hours, weigh, within
    from hotspot.rank.alarm.budget import calibrate_threshold

    first, last = period_bounds(period)
    stations, reference, weather, notes = _delivered(study, period[:7])
    if not bool(_part(stations, first, last)["pm25"].notnull().any()):
        raise DataError(
            f"{period}: no micro-station of {study.id} reported; deliver the hours, or give another period."
        )
    stations = trusted(stations, reference, weather, criteria=study.criteria, note=notes.append)
    rule = study.criteria.alarms
    fine = _fine(stations, study)
    table = weigh(stations, cells=study.cells, criteria=study.criteria, fine=fine, weather=weather)
    n_cell = _instrumented(stations, study)
    month_first, _ = period_bounds(period[:7])
    # Until the past of a place is whole its z is unsteady, and would ask for too high a threshold.
    learn = _first_hour(stations) + pd.Timedelta(days=rule.history_days)
    before = table[(table["time"] < month_first) & (table["time"] >= learn)]
    n_past = max(0, int((month_first - learn) / pd.Timedelta(hours=1)))
    threshold = calibrate_threshold(before, rule, n_cell=n_cell, n_hour=n_past)
    alarms = within(merge(table, rule, z_min=threshold), (first, last))
    hours = (last - first) / pd.Timedelta(hours=1)
    naive = naive_hours(_part(stations, first, last), criteria=study.criteria)["hours_per_month"]
    return {
        "alarms": alarms,
        "threshold": threshold,
        "load": float((alarms["state"] == "pushed").sum()) / max(n_cell, 1) / (hours / 730.5),
        "n_cell": n_cell,
        "naive": None if naive.isna().all() else round(float(naive.mean()), 2),
        "notes": notes,
        "stations": stations,
    }


def period_bounds(period):
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


def _delivered(study, month):
    """Micro-stations, references and weather of the month and the one before, on one unbroken axis."""
    from hotspot.sources.opening import open_month

    delivered = open_month(study, month, kinds=("reference", "stations", "weather"))
    if delivered.stations is None:
        raise DataError(
            f'{month}: {study.id} declares no micro-stations ([[stations]] with role = "micro"), or none reported.'
        )
    series = [
        on_hours(part, month_minus(month, 1), month, utc_offset=study.utc_offset)
        for part in (delivered.stations, delivered.reference)
    ]
    return *series, delivered.weather, list(delivered.intake.notes)


def _fine(stations, study):
    """The 500 m field of the instrumented cells, where the criteria let supported sub-cells speak."""
    if study.criteria.alarms.support == "measured":
        return None
    from hotspot.estimate.fine.downscale import downscale

    code = np.atleast_1d(study.grid.code(*study.grid.locate(stations["lon"].values, stations["lat"].values)))
    inside = np.isin(study.cells["cell"].values.astype(str), code.astype(str))
    return downscale(stations, study.cells.isel(cell=np.flatnonzero(inside)), criteria=study.criteria)


def _instrumented(stations, study):
    code = np.atleast_1d(study.grid.code(*study.grid.locate(stations["lon"].values, stations["lat"].values)))
    reported = stations["pm25"].notnull().any("time").values
    return len(set(code[reported].astype(str)) & set(study.cells["cell"].values.astype(str)))


def _local(stations):
    return stations["time"].values.astype("datetime64[ns]") + offset_hours(stations.attrs["utc_offset"])


def _first_hour(stations):
    """The first local hour in which any station reported."""
    told = stations["pm25"].notnull().any("station").values
    return pd.Timestamp(_local(stations)[int(np.argmax(told))])


def _part(stations, first, last):
    local = _local(stations)
    return stations.isel(time=np.flatnonzero((local >= np.datetime64(first)) & (local < np.datetime64(last))))


def _write(path, alarms):
    """The table as CSV: local times, four significant decimals nowhere lost."""
    shown = alarms.assign(
        start=alarms["start"].map("{:%Y-%m-%d %H:%M}".format), end=alarms["end"].map("{:%Y-%m-%d %H:%M}".format)
    )
    partial = path.with_suffix(".partial")
    shown.to_csv(partial, index=False, float_format="%.4f", lineterminator="\n", encoding="utf-8")
    partial.replace(path)
    return path


def _records(alarms):
    shown = alarms.assign(start=alarms["start"].map(str), end=alarms["end"].map(str))
    return shown.to_dict("records")


def _sentences(answer):
    counts = answer["counts"]
    lines = [
        f"{answer['study']} {answer['period']}: {counts['pushed']} alarms pushed, {counts['unconfirmed']} unconfirmed, "
        f"{counts['suppressed']} suppressed with their reason",
        f"threshold z {answer['threshold']:.2f}; {answer['load']:.2f} alarms per instrumented cell and month "
        f"({answer['instrumented_cells']} cells; budget {answer['budget']:g})",
    ]
    if answer["naive"] is not None:
        lines.append(f"the published rule alone would have fired {answer['naive']:.1f} hours per station and month")
    lines += [
        f"{row['start'][:16]}  {row['sub_cell']}  {row['hours']} h  peak {row['peak']:.0f}  "
        f"{row['ratio']:.1f} times its neighbours  {row['state']}{': ' + row['why'] if row['why'] else ''}"
        for row in answer["alarms"]
    ]
    return lines + [f"written: {name}" for name in answer["files"]]
