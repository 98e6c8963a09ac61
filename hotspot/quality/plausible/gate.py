"""
The gate before fusion: every delivered series held against what else is known in the same month.

``findings`` is what `month` and `check` both call; ``hold`` stops a run by it. Nothing is ever
excluded here (GB 3095-2026 6.4): what would change a published number stops the run until
the delivery is mended or somebody signs (``quality.signed.decisions``).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from fnmatch import fnmatch
from typing import Any

import numpy as np

from hotspot.patterns import find_files
from hotspot.quality.plausible import clock, drift, exchanged, level, places, rasters, runs, scale
from hotspot.quality.plausible.finding import Finding, stopping
from hotspot.quality.plausible.series import Series, months_of
from hotspot.quality.signed.decisions import with_decisions
from hotspot.quality.signed.judged import keeping
from hotspot.rules.calendar import local_times, month_of
from hotspot.rules.pollutants import of_study
from hotspot.rules.sensors import Screening
from hotspot.sources.store import Store, code_of, given, store_of_process, told, words
from hotspot.variables import DataError


def findings(delivered: Any, months: Sequence[str] | None = None) -> list[Finding]:
    """
    What is implausible in a delivery, per station and month, and what could not be assessed.

    Parameters
    ----------
    delivered : Month, from ``open_month``, ``open_months`` or ``open_year``, decisions applied
    months : sequence of str, optional
        Default: every month that the deliveries hold.

    Returns
    -------
    list of Finding: those that stop a month first, then notes, then what was not assessed; by month, place, kind.
    Findings that a signed decision keeps are notes that name the signer.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> [one.sentence for one in findings(synthetic_month(size="small")) if one.changes]
    []
    """
    criteria, variable = delivered.study.criteria, of_study(delivered.study).name
    rules = criteria.plausible
    found = rasters.layers(delivered.satellite, rules)
    found += scale.impossible(delivered)
    for role in ("reference", "micro"):
        data = delivered.reference if role == "reference" else delivered.stations
        if data is None or variable not in data:
            continue
        names = [str(name) for name in (months or np.unique(month_of(local_times(data))))]
        file_of = _files(delivered, role)
        pool = delivered.reference if role == "micro" else None
        each = months_of(data, names, pool=pool, file_of=file_of, rules=rules, variable=variable)
        for series in each:
            found += of_month(series, criteria.screening, delivered.intake.once.store)
            if role == "reference":
                found += places.strangers(series, delivered.study.cells, max_km=criteria.interpolation.max_station_km)
        found = exchanged.agreed(found, len(each))
        found += runs.copies(each) + level.levels(each)
        if role == "reference":
            found += _network(delivered, data, each) + _datum(delivered, data)
    if delivered.satellite is not None and delivered.reference is None:
        words = "no reference station: only repeated and constant layers could be told"
        found.append(Finding("the satellite", "satellite", delivered.month, 0, "network", words, "not assessed"))
    found = [replace(one, variable=variable) for one in found]
    return _in_order(_once(keeping(_one_reason(found), delivered.study, delivered.intake.once)))


def hold(delivered: Any, months: Sequence[str] | None = None) -> list[Finding]:
    """
    Stop a run where a finding would change a published number; else the findings are noted.

    Parameters
    ----------
    delivered : Month

    Returns
    -------
    list of Finding, none of which stops

    Raises
    ------
    DataError
        With every finding that stops, and the two ways on.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> month = synthetic_month(size="small")
    >>> month.reference["pm25"][2] /= 1000
    >>> hold(month)
    Traceback (most recent call last):
    hotspot.variables.DataError: small, 2025-12: 3 findings in the delivery would change published numbers:
    ...
    """
    found = findings(delivered, months)
    text = stopping(found)
    if text:
        raise DataError(f"{delivered.study.id}, {delivered.month}: {text}")
    for one in found:
        delivered.intake.note(f"gate: {one.sentence}")
    return found


def admit(delivered: Any, months: Sequence[str] | None = None) -> Any:
    """
    The one door for hours and layers that a product is made of: signed decisions applied, then held to the gate.

    Parameters
    ----------
    delivered : Month, as it was opened
    months : sequence of str, optional
        Default: every month that the deliveries hold.

    Returns
    -------
    Month, as ``with_decisions``

    Raises
    ------
    DataError
        As ``with_decisions`` and ``hold``.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> admit(small, ["2025-12"]) is small
    True
    """
    decided = with_decisions(delivered)
    hold(decided, months)
    return decided


def of_month(series: Series, screening: Screening, store: Store | None = None) -> list[Finding]:
    """
    What one month says of itself.

    The same hours asked again (a month is published, compared, learned from, and past when the next comes) are answered
    from ``store``, by default that of the process.
    """
    store = store_of_process() if store is None else store
    arrays = (series.values, series.others, series.lon, series.lat, series.other_lon, series.other_lat)
    about = repr((series.month, series.file, series.micro, series.rules, screening)), code_of("hotspot.quality")
    names = [str(one) for one in (*series.ids, "", *series.other_ids, series.local[0])]

    def make() -> dict[str, np.ndarray]:
        found = scale.thousandfold(series) + scale.index(series) + runs.runs(series, screening)
        found += drift.drifts(series, screening) + clock.clocks(series) + clock.by_the_sun(series)
        found += _unassessed(series)
        found += [] if series.micro else exchanged.swapped(series)
        return {"findings": words([asdict(one) for one in found])}

    kept = store.asked(store.key("what a month of hours says", given(*arrays), about, names), make)
    return [Finding(**one) for one in told(kept["findings"])]


def _files(delivered: Any, role: str) -> Callable[[str], str]:
    """The delivered file of a month, or the patterns where several hold it."""
    patterns = [p for d in delivered.study.stations if d.role == role for p in d.files]
    paths = [path for path in delivered.intake.files if any(fnmatch(path, p) for p in patterns)]

    def file_of(month: str) -> str:
        named = [path for path in paths if month in path or month.replace("-", "") in path]
        return named[0] if len(named) == 1 else paths[0] if len(paths) == 1 else ", ".join(patterns)

    return file_of


def _unassessed(series: Series) -> list[Finding]:
    """Which stations no neighbour could judge in this month."""
    alone = ~np.isfinite(series.level)
    spoke = np.isfinite(series.values).any(axis=1)
    lonely = [str(name) for name in series.ids[alone & spoke]]
    if not lonely:
        return []
    few = ", ".join(lonely[:5]) + (" ..." if len(lonely) > 5 else "")
    words = (
        f"{len(lonely)} stations ({few}) have fewer than {series.rules.min_neighbours} neighbours within "
        f"{series.rules.neighbour_km:g} km, or fewer than {series.rules.min_hours} hours: "
        "level, clock, spikes and place could not be told"
    )
    who = "micro-stations" if series.micro else "reference stations"
    return [Finding(series.file, who, series.month, 0, "neighbours", words, "not assessed")]


def _network(delivered: Any, data: Any, each: list[Series]) -> list[Finding]:
    """All stations together against the satellite; said where there is none."""
    if delivered.satellite is None or not each:
        words = "no satellite: a fault that all stations share (unit, index, clock) shows only by its size"
        return [Finding(one.file, "all stations", one.month, 0, "network", words, "not assessed") for one in each[-1:]]
    pairs = rasters.at_stations(delivered.satellite, data, [one.month for one in each], delivered.intake.once)
    return level.against_satellite(each, pairs)


def _datum(delivered: Any, data: Any) -> list[Finding]:
    """Places against a list of known ones, where the study names it."""
    from hotspot.sources.places.positions import read_positions

    rules, out = delivered.study.criteria.plausible, []
    for delivery in delivered.study.stations:
        if delivery.role != "reference" or not delivery.known_places:
            continue
        path = find_files(delivered.study.root, [delivery.known_places], "stations, known places")[0]
        listed = read_positions(path, delivered.intake, datum=delivery.known_datum)
        known = {
            str(key): (float(x), float(y))
            for keys in listed.keys.values()
            for key, x, y in zip(keys, listed.lon, listed.lat, strict=True)
            if key
        }
        declared = delivery.datum or "wgs84"
        told = places.datum_shift(data, known, declared=declared, rules=rules)
        if told is not None:
            words = (
                f"positions look like {told[0].upper()} declared as {delivery.datum}: {told[2]} stations stand a "
                f"median of {told[1]:.0f} m from {delivery.known_places}, and {told[0]} explains it"
            )
            out.append(
                Finding(delivery.coordinates or ", ".join(delivery.files), "all stations", "", 0, "datum", words)
            )
    return out


def _one_reason(found: list[Finding]) -> list[Finding]:
    """A unit or an index explains level, clock and the rest of the same station and month; a stuck one its level."""
    first = {("scale",): 0, ("index",): 1, ("stuck",): 2, ("saturated", "copied_month", "twin"): 3}
    rank = {kind: order for kinds, order in first.items() for kind in kinds}
    best: dict[tuple[str, str], int] = {}
    for one in found:
        if one.changes:
            key = (one.place, one.month)
            best[key] = min(best.get(key, 9), rank.get(one.kind, 9))
    return [one for one in found if rank.get(one.kind, 9) <= best.get((one.place, one.month), 9)]


def _once(found: list[Finding]) -> list[Finding]:
    """What could not be assessed for one reason in several months is said once."""
    out: dict[tuple, Finding] = {}
    for one in sorted(found, key=lambda one: one.month):
        key = (one,) if one.weight != "not assessed" else (one.place, one.kind, one.looks_like)
        if key not in out:
            out[key] = one
        else:
            first = out[key].month.split(" ")[0]
            file = out[key].file if out[key].file == one.file else f"{out[key].file.split(' ')[0]} ..."
            out[key] = replace(one, month=f"{first} to {one.month}", file=file)
    return list(out.values())


def _in_order(found: list[Finding]) -> list[Finding]:
    weight = {"stop": 0, "note": 1, "not assessed": 2}
    return sorted(found, key=lambda one: (weight[one.weight], one.month, one.place, one.kind, one.file, one.first))
