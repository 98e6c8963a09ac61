"""
What somebody signed about findings of the gate: hours that do not count, findings that were judged real.

Rows of the study's ``[[decisions]]`` whose ``decision`` is ``exclude`` or ``keep``; those that say
``replace``, or nothing, are B19's (``quality.signed.decisions``). An excluded hour keeps its raw value and
carries the flag ``excluded``; a kept finding becomes a note that names its signer.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from hotspot.quality.hours.flags import with_values
from hotspot.quality.plausible.finding import Finding
from hotspot.rules.calendar import local_times
from hotspot.variables import DataError

SATELLITE = "satellite"


def exclude(stations: Any, decisions: Any, *, elsewhere: Collection[str] = ()) -> tuple[Any, list[str]]:
    """
    Take the hours out that a signed decision excludes.

    Parameters
    ----------
    stations : Dataset (station, time)
        Hourly, UTC, with ``utc_offset`` in its attributes.
    decisions : DataFrame, from ``read_decisions``
    elsewhere : collection of str
        Stations of another Dataset; decisions on them are passed over.

    Returns
    -------
    (Dataset, list of str): with ``<pollutant>_raw``, ``<pollutant>_flags`` (bit ``excluded``); one line per decision

    Raises
    ------
    DataError
        A decision names a station or a pollutant that is not there.

    Examples
    --------
    >>> import pandas as pd, xarray as xr
    >>> time = np.datetime64("2020-02-29T16:00", "ns") + np.arange(48) * np.timedelta64(1, "h")
    >>> at = {"station": ["m"], "lon": ("station", [116.0]), "lat": ("station", [40.0]), "time": time}
    >>> hours = xr.Dataset({"pm25": (("station", "time"), np.full((1, 48), 9.0))}, at, {"utc_offset": 8.0})
    >>> row = {"station": "m", "day": "2020-03-01", "until": "2020-03-01", "pollutant": "pm25", "signer": "李某"}
    >>> row |= {"reason": "stuck", "decision": "exclude", "hours": "0-11", "finding": "stuck", "withdrawn_by": ""}
    >>> after, said = exclude(hours, pd.DataFrame([row]))
    >>> int(after["pm25"].isnull().sum()), said
    (12, ['m 2020-03-01 to 2020-03-01 pm25: 12 hours excluded, signed 李某: stuck'])
    """
    rows = [row for row in _standing(decisions, "exclude") if row.station != SATELLITE and row.station not in elsewhere]
    names = stations["station"].values.astype(str).tolist()
    local = local_times(stations).astype("datetime64[h]")
    day, hour = local.astype("datetime64[D]"), (local - local.astype("datetime64[D]")).astype(int)
    result, said = stations, []
    for row in rows:
        first, last = np.datetime64(row.day, "D"), np.datetime64(row.until, "D")
        inside = (day >= first) & (day <= last) & np.isin(hour, hours_of(str(row.hours)))
        if not inside.any():
            continue
        if row.station not in names or row.pollutant not in stations:
            what = f"station {row.station!r}" if row.station not in names else f"pollutant {row.pollutant!r}"
            raise DataError(f"decision on {row.station}, {first}: there is no {what}; correct or withdraw it.")
        at = names.index(row.station)
        result, n = _without(result, str(row.pollutant), at, inside)
        said.append(
            f"{row.station} {first} to {last} {row.pollutant}: {n} hours excluded, signed {row.signer}: {row.reason}"
        )
    return result, said


def exclude_layers(satellite: Any, decisions: Any) -> tuple[Any, list[str]]:
    """
    The satellite without the layers that a signed decision excludes (its ``station`` is ``satellite``).

    Examples
    --------
    >>> exclude_layers(None, None)
    (None, [])
    """
    said: list[str] = []
    if satellite is None:
        return satellite, said
    for row in _standing(decisions, "exclude"):
        day = satellite["time"].values.astype("datetime64[D]")
        out = (day >= np.datetime64(row.day, "D")) & (day <= np.datetime64(row.until, "D"))
        if row.station != SATELLITE or not out.any():
            continue
        gone = set(day[out].astype(str).tolist())
        rest = [layer for layer in satellite.attrs.get("layers", ()) if layer[0] not in gone]
        satellite = satellite.isel(time=~out).assign_attrs(layers=rest)
        said.append(
            f"satellite {row.day:%Y-%m-%d} to {row.until:%Y-%m-%d}: {int(out.sum())} layers excluded, "
            f"signed {row.signer}: {row.reason}"
        )
    return satellite, said


def keeping(found: Iterable[Finding], study: Any, once: Any = None) -> list[Finding]:
    """
    Findings as they stand beside the study's decisions: what was judged real is a note that names its signer.

    A decision keeps a finding of its own kind, place and days only.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> one = Finding("a.csv", "S03", "2020-02", 696, "level", "3.2 times its neighbours")
    >>> keeping([one], SimpleNamespace(decisions=())) == [one]
    True
    """
    from hotspot.sources.decisions import read_decisions
    from hotspot.sources.intake import Intake
    from hotspot.sources.once import Once

    if not study.decisions:
        return list(found)
    # Rows were counted where the decisions were applied; looking again counts nothing.
    rows = list(_standing(read_decisions(study, Intake(study.root, once=once or Once())), "keep"))
    out = []
    for one in found:
        signed = [row for row in rows if one.changes and _covers(row, one)]
        if signed:
            words = f"{one.looks_like}; judged real, signed {signed[0].signer}: {signed[0].reason}"
            one = replace(one, weight="note", looks_like=words)
        out.append(one)
    return out


def hours_of(text: str) -> list[int]:
    """
    Local hours of a day from a text; all of them from an empty one.

    Examples
    --------
    >>> hours_of("7-9 14"), len(hours_of(""))
    ([7, 8, 9, 14], 24)
    >>> hours_of("25")
    Traceback (most recent call last):
    ValueError: '25' are no hours; write them like 7-9 14, from 0 to 23.
    """
    if not text.strip():
        return list(range(24))
    hours: list[int] = []
    for part in text.replace(",", " ").split():
        low, _, high = part.partition("-")
        if not low.isdigit() or not (high or low).isdigit() or int(high or low) > 23 or int(low) > int(high or low):
            raise ValueError(f"{text!r} are no hours; write them like 7-9 14, from 0 to 23.")
        hours += range(int(low), int(high or low) + 1)
    return hours


def _standing(decisions: Any, what: str) -> Iterable[Any]:
    if decisions is None or "decision" not in decisions:
        return []
    return decisions[(decisions["decision"] == what) & (decisions["withdrawn_by"] == "")].itertuples()


def _covers(row: Any, one: Finding) -> bool:
    same = row.station == one.place and row.finding == one.kind and row.pollutant == one.variable
    return same and (not one.first or (f"{row.day:%Y-%m-%d}" <= one.first and f"{row.until:%Y-%m-%d}" >= one.last))


def _without(stations: Any, pollutant: str, at: int, hours: np.ndarray) -> tuple[Any, int]:
    values = np.array(stations[pollutant].transpose("station", "time").values, dtype="float64")
    n, out = int(np.isfinite(values[at, hours]).sum()), np.zeros(values.shape, bool)
    values[at, hours], out[at, hours] = np.nan, True
    return with_values(stations, pollutant, values, out, "excluded"), n
