"""
Days that a signed decision replaces (B19): 「相关监测时段（按日计算）数据无效，用该点位当月
各项污染物最高值替代后参与排名」. Per station, day and pollutant, flagged, with the raw values
kept: taking the decision back gives back the numbers.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hotspot.contracts.records import Month
from hotspot.quality.hours.flags import flag, flagged, with_values
from hotspot.quality.means.completeness import daily_means
from hotspot.rules.criteria import Criteria
from hotspot.rules.sensors import Screening
from hotspot.sources.intake import Intake
from hotspot.study import Study
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def apply_decisions(
    stations: "xr.Dataset",
    decisions: "pd.DataFrame",
    *,
    criteria: Criteria | None = None,
    elsewhere: Iterable[str] = (),
) -> "xr.Dataset":
    """
    Put the month's highest value in the place of days that a signed decision declares invalid.

    Parameters
    ----------
    stations : Dataset (station, time)
        Hourly, UTC, with ``utc_offset`` in its attributes; screened or not.
    decisions : DataFrame
        ``station day pollutant signer reason``, and ``withdrawn_by``: a withdrawn decision does nothing, nor does
        one of a month that is not among the hours.
    criteria : Criteria, optional
        ``screening.replacement``: ``daily``, every hour of the day becomes the highest valid daily mean of
        the station's local month; ``hourly``, its highest hour. Days that a decision names do not count
        for the highest. The documents do not say which is meant.
    elsewhere : collection of str
        Stations of the study that are in another Dataset; decisions on them are passed over.

    Returns
    -------
    Dataset, with ``<pollutant>_raw``, ``<pollutant>_flags`` (bit ``replaced``) and the replaced
    values; ``attrs["decisions"]`` names each one with its signer. What an earlier call replaced and
    ``decisions`` no longer names is given back.

    Raises
    ------
    DataError
        A decision names a station or pollutant that is not there, has no signer or reason, or falls into a
        month without a value to put in its place.

    Examples
    --------
    >>> import pandas as pd, xarray as xr
    >>> time = np.datetime64("2020-02-29T16:00", "ns") + np.arange(72) * np.timedelta64(1, "h")
    >>> at = {"station": ["m"], "lon": ("station", [116.0]), "lat": ("station", [40.0]), "time": time}
    >>> hours = np.repeat([60.0, 20.0, 90.0], 24)[None]
    >>> stations = xr.Dataset({"pm25": (("station", "time"), hours)}, at, {"utc_offset": 8.0})
    >>> one = {"station": "m", "day": "2020-03-02", "pollutant": "pm25", "signer": "李某", "reason": "喷淋"}
    >>> after = apply_decisions(stations, pd.DataFrame([one]))
    >>> after["pm25"].values[0, ::24].tolist(), after["pm25_raw"].values[0, ::24].tolist()
    ([60.0, 90.0, 90.0], [60.0, 20.0, 90.0])
    >>> after.attrs["decisions"]
    ['m 2020-03-02 pm25: replaced by 90 (highest daily mean of 2020-03), signed 李某: 喷淋']
    """
    criteria = criteria or Criteria()
    result, said = _restored(stations, criteria.screening), []
    names = stations["station"].values.astype(str).tolist()
    standing = decisions[decisions["withdrawn_by"] == ""] if "withdrawn_by" in decisions else decisions
    standing = standing[standing["decision"] == "replace"] if "decision" in standing else standing
    shift = np.timedelta64(round(float(stations.attrs["utc_offset"]) * 60), "m")
    months = np.unique((stations["time"].values.astype("datetime64[ns]") + shift).astype("datetime64[M]"))
    for pollutant, part in standing.groupby("pollutant", sort=True):
        rows = [(str(r.station), np.datetime64(r.day, "D"), str(r.signer), str(r.reason)) for r in part.itertuples()]
        rows = [row for row in rows if row[0] not in elsewhere and row[1].astype("datetime64[M]") in months]
        if not rows:
            continue
        unsigned = [row for row in rows if not row[2].strip() or not row[3].strip()]
        if unsigned:
            raise DataError(f"decision on {unsigned[0][0]}, {unsigned[0][1]}: it has no signer or no reason.")
        strange = [row for row in rows if row[0] not in names]
        if strange or pollutant not in stations:
            what = f"station {strange[0][0]!r}" if strange else f"pollutant {pollutant!r}"
            raise DataError(f"decision on {rows[0][0]}, {rows[0][1]}: there is no {what}; correct or withdraw it.")
        result, lines = _replace(result, str(pollutant), sorted(set(rows)), names, criteria)
        said += lines
    return result.assign_attrs(decisions=said)


def with_decisions(month: Month) -> Month:
    """
    A month whose stations carry the signed decisions of the study: days replaced, hours and layers excluded.

    Each one is noted with its signer, so that it stands in the manifest.

    Parameters
    ----------
    month : Month, from ``open_month``

    Returns
    -------
    Month; the same where the study has no decisions

    Raises
    ------
    DataError
        As ``apply_decisions``; a decision names a station that neither network delivered.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> month = synthetic_month()
    >>> with_decisions(month) is month
    True
    """
    from hotspot.quality.signed.judged import exclude, exclude_layers
    from hotspot.sources.decisions import read_decisions

    if not month.study.decisions:
        return month
    decisions = read_decisions(month.study, cast(Intake, month.intake))
    networks = {kind: getattr(month, kind) for kind in ("reference", "stations")}
    names = {kind: [] if part is None else part["station"].values.astype(str) for kind, part in networks.items()}
    changed: dict[str, Any] = {}
    for kind, part in networks.items():
        if part is None:
            continue
        others = set(names["stations" if kind == "reference" else "reference"]) - set(names[kind])
        # What is excluded must not become the month's highest value either.
        part, said = exclude(part, decisions, elsewhere=others)
        changed[kind] = apply_decisions(part, decisions, criteria=month.study.criteria, elsewhere=others)
        for line in said + changed[kind].attrs["decisions"]:
            month.intake.note(f"decision {line}")
    changed["satellite"], said = exclude_layers(month.satellite, decisions)
    for line in said:
        month.intake.note(f"decision {line}")
    return replace(month, **changed)


def kinds_to_open(study: Study, *kinds: str) -> tuple[str, ...]:
    """
    The kinds of deliveries to open: a decision may name a micro-station, so both networks must be there to know it.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> kinds_to_open(SimpleNamespace(decisions=("signed.csv",)), "satellite", "reference")
    ('satellite', 'reference', 'stations')
    """
    return (*kinds, "stations") if study.decisions and "stations" not in kinds else kinds


def _restored(stations: "xr.Dataset", criteria: Screening) -> "xr.Dataset":
    """The stations as before any decision: raw values where one stood, unless another flag keeps them out."""
    result = stations.copy()
    for name in stations.data_vars:
        pollutant = str(name).removesuffix("_flags")
        if pollutant == name or pollutant not in stations:
            continue
        dims = ("station", "time")
        bits = np.array(stations[name].transpose(*dims).values, np.int32)
        was = flagged(bits, "replaced")
        raw = stations[f"{pollutant}_raw"].transpose(*dims).values
        raw = np.where(flagged(bits, *criteria.excluding_flags), np.nan, raw) if criteria.excluding_flags else raw
        values = np.where(was, raw, stations[pollutant].transpose(*dims).values)
        result[pollutant] = (dims, values, stations[pollutant].attrs)
        result[name] = (dims, bits & ~flag("replaced").bit, stations[name].attrs)
    return result


def _replace(
    stations: "xr.Dataset",
    pollutant: str,
    rows: list[tuple[str, np.datetime64, str, str]],
    names: list[str],
    criteria: Criteria,
) -> "tuple[xr.Dataset, list[str]]":
    from hotspot.rules.rounding import plain_text

    offset = float(stations.attrs["utc_offset"])
    hours = stations[pollutant].transpose("station", "time")
    values = np.array(hours.values, dtype="float64")
    shift = np.timedelta64(round(offset * 60), "m")
    day = (stations["time"].values.astype("datetime64[ns]") + shift).astype("datetime64[D]")
    named = np.zeros(values.shape, bool)
    for station, one, _, _ in rows:
        named[names.index(station)] |= day == one
    sound = stations[[pollutant]].copy()
    sound[pollutant] = (("station", "time"), np.where(named, np.nan, values), hours.attrs)
    daily = daily_means(sound, utc_offset=offset, validity=criteria.validity, variable=pollutant)
    whole = criteria.screening.replacement == "daily"
    new, lines = values.copy(), []
    for station, one, signer, reason in rows:
        at = names.index(station)
        month = one.astype("datetime64[M]")
        if whole:
            among = daily[pollutant].values[at][daily["day"].values.astype("datetime64[M]") == month]
        else:
            among = np.where(named[at], np.nan, values[at])[day.astype("datetime64[M]") == month]
        if not np.isfinite(among).any():
            raise DataError(
                f"decision on {station}, {one}: {month} has no other valid value of {pollutant} to put there."
            )
        highest = float(np.nanmax(among))
        new[at, day == one] = highest
        of = "highest daily mean" if whole else "highest hour"
        text = plain_text(highest, 1).removesuffix(".0")
        lines.append(f"{station} {one} {pollutant}: replaced by {text} ({of} of {month}), signed {signer}: {reason}")
    return with_values(stations, pollutant, new, named, "replaced"), lines
