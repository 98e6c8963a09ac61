"""
The level a year is selected by, with its rivals, and the months a change is shown for, the weather taken out.

Both are learned from up to three years that end with the period asked for, so a
level never uses what came after it. They are kept beside the lists and made anew
whenever an input, the study or the program changed.
"""

import hashlib
import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import xarray as xr

from hotspot import contracts
from hotspot.contracts.records import Delivered
from hotspot.deliveries.run import Deliveries
from hotspot.patterns import match_files
from hotspot.registry import outsiders
from hotspot.rules.calendar import month_minus, month_start, parse_month
from hotspot.rules.reasons import months_back
from hotspot.sources.intake import Intake, NothingDelivered
from hotspot.study import Study
from hotspot.variables import CoverageWarning, DataError
from hotspot.workflows.monthly.kept import digest_of, kept, listing_of, stamp_of
from hotspot.workflows.yearly.year_levels import level_of_record, with_levels

VALUES = ("pm25_normalised", "pm25_stagnant", "background", "increment", "pm25_normalised_change")
_LIMITS = ("", "_low", "_high")
_MARGIN = 0.5  # degrees around the study, in which a mountain still shades a valley
_LIBRARIES = ("hotspot", "numpy", "scipy", "lightgbm", "numba", "xarray")


def annual_level(
    study: Study, year: int, *, folder: Path | None = None, deliveries: Deliveries | None = None
) -> xr.Dataset:
    """
    The emission level by which the list of ``year`` is selected (D3), and what could have stood in its place.

    Parameters
    ----------
    study : Study
    year : int
        The year of the list; the level is of the year before, or of the same one where the
        study says so (``criteria.selection.basis``).
    folder : Path, optional
        ``OUT/<study id>``: the level is kept there as ``level-YEAR.parquet`` and read again while nothing changed.
    deliveries : Deliveries, optional
        Of the run.

    Returns
    -------
    Dataset (cell, time)
        ``level`` (cell), ug/m3, with ``level_low, level_high``; ``level_without`` (cell, time), the level without
        each month of the year. Beside them ``inversion contrast richardson_lucy stagnant box`` (cell), whichever
        was chosen, and ``local_mean, background_mean`` (cell), which add up to the mean of the days. By month,
        of all the months learned from: ``pm25_normalised, pm25_stagnant``, ``background, increment``. Attrs: ``year``,
        ``by`` (what the level is), ``why`` (empty, or why there is no level: every value is NaN then),
        ``fallback`` (empty, or why the level is not the one the criteria name), ``weather_why`` (no months in
        average weather), ``notes``, ``inputs``.

    Notes
    -----
    ``criteria.selection.level`` names the level: "inversion" (``emission_level``), its rivals "contrast" and
    "richardson_lucy", or "stagnant", the mean over the months of the year of ``pm25_stagnant``, NaN without
    ``normalisation.level_months`` months; the interval of the latter takes the months as independent: half
    width sqrt(sum of squares of the months') / n. Without wind the inversion falls back on the local contrast.
    """
    study.pollutant.refuse("level")
    basis = int(year) - 1 if study.criteria.selection.basis == "previous_year" else int(year)
    deliveries = deliveries or Deliveries(study, folder)
    record = _kept_year(deliveries, basis, folder and Path(folder) / f"level-{int(year)}.parquet")
    return level_of_record(record, study, basis)


def monthly_level(
    study: Study, month: str, *, folder: Path | None = None, deliveries: Deliveries | None = None
) -> xr.Dataset:
    """
    A month, the one before and the same of last year in average weather.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
    folder : Path, optional
        Kept there as ``weather-free-YYYY-MM.parquet``.
    deliveries : Deliveries, optional
        Of the run.

    Returns
    -------
    Dataset (cell, time) of three months, oldest first, as ``annual_level`` by month. Attrs as there.

    Notes
    -----
    A month is compared in average weather: what only a level needs, such as ``pm25_stagnant``, is NaN.
    Learned from the months up to this one. A study of one year only (``basis = "same_year"``) looks
    back by declaration: its months are those of the year's level, learned from the whole year.
    """
    year, _ = parse_month(month)
    study.pollutant.refuse("level")
    deliveries = deliveries or Deliveries(study, folder)
    if study.criteria.selection.basis == "same_year":
        record = _kept_year(deliveries, year, folder and Path(folder) / f"level-{year}.parquet")
    else:
        record = _kept(deliveries, month, folder and Path(folder) / f"weather-free-{month}.parquet")
    wanted = [month_start(name) for name in contracts.compared_months(month, months_back(study.criteria.warning.k))]
    return record.reindex(time=np.array(wanted))


def with_weather(
    field: xr.Dataset,
    study: Study,
    month: str,
    intake: Intake,
    folder: Path | None = None,
    deliveries: Deliveries | None = None,
) -> xr.Dataset:
    """
    A month's field with what is left of it when the weather is taken out, and the year's level.

    Parameters
    ----------
    field : Dataset (cell, time), from ``monthly_field``
    intake : Intake
        Of the month; gets the files and the notes of the level.
    folder : Path, optional
        ``OUT/<study id>``.
    deliveries : Deliveries, optional
        Of the run.

    Returns
    -------
    Dataset: the field with ``pm25_normalised``, ``_low``, ``_high`` (cell, time) and ``level`` (cell), ug/m3, and
    ``pm25_normalised_change``, ``_low``, ``_high`` (share, from the same month a year before), NaN where there is
    none; attrs ``weather``, ``level``: how they were made, or why there are none
    """
    deliveries = deliveries or Deliveries(study, folder)
    months = monthly_level(study, month, folder=folder, deliveries=deliveries)
    record = annual_level(study, int(month[:4]), folder=folder, deliveries=deliveries)
    for one in (months, record):
        for path, _ in json.loads(one.attrs["inputs"]):
            intake.register(study.root / path)
        for text in json.loads(one.attrs["notes"]):
            intake.note(f"weather: {text}")
    if months.attrs["why"]:
        intake.note(f"no weather-normalised change: {months.attrs['why']}")
    names = [name + end for name in ("pm25_normalised", "pm25_normalised_change") for end in _LIMITS]
    values: dict[str, tuple[Any, ...]] = {name: (("cell", "time"), months[name].values, _unit(name)) for name in names}
    values["level"] = ("cell", record["level"].values, {"unit": "ug/m3"})
    return contracts.checked(field.assign(values).assign_attrs(weather=_said(months), level=_said(record)))


def _said(record: xr.Dataset) -> str:
    """How a record was made, or why there is nothing."""
    if record.attrs["why"]:
        return f"none: {record.attrs['why']}"
    if record.attrs.get("by", "stagnant") != "stagnant":
        return str(record.attrs["level_words"])
    return (
        f"removed {record.attrs['removed']}; left-out months R2 {record.attrs['cv_r2']:.2f}; "
        f"stagnant: {record.attrs['stagnation']}"
    )


def weather_free(deliveries: Deliveries, last: str, *, levels: bool = False, stagnant: bool = True) -> xr.Dataset:
    """
    Months up to ``last`` with the weather taken out, as far as it was delivered.

    Parameters
    ----------
    last : str, "YYYY-MM"
        The last of ``criteria.normalisation.months`` months.
    levels : bool
        Also the levels of the year that ends with ``last`` (``workflows.yearly.year_levels``).
    stagnant : bool
        False leaves out what only a level needs, as ``normalise`` does.

    Returns
    -------
    Dataset (cell, time): ``pm25_normalised``, ``pm25_stagnant``, ``background``, ``increment``, each with
    ``_low`` and ``_high``. Attrs: ``why`` there is nothing (or empty), ``notes`` and ``inputs`` (JSON), how
    it was made.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> study = synthetic_month(size="small").study
    >>> weather_free(Deliveries(study.model_copy(update={"weather": ()})), "2025-12").attrs["why"]
    'no weather was delivered'
    """
    from hotspot.estimate.field.monthly import daily_field
    from hotspot.quality.plausible.gate import admit
    from hotspot.quality.signed.decisions import kinds_to_open

    study = deliveries.study
    names = learned_from(study, last)
    if not study.weather and not levels:
        return _nothing(study, names, "no weather was delivered")
    try:
        kinds = kinds_to_open(study, "satellite", "reference", "weather")
        delivered = admit(deliveries.months(names, kinds=kinds), names)
    except NothingDelivered as error:
        return _nothing(study, names, str(error))
    intake = cast(Intake, delivered.intake)
    terrain = _terrain(study, intake)
    about = _stated(delivered)
    field, daily = daily_field(delivered, study.cells, names)
    if daily is not None:
        daily.attrs.setdefault("spacing", float(study.lattice.spacing))
    record = _without_weather(study, names, delivered.weather, daily, terrain, about, stagnant)
    return with_levels(record, study, int(last[:4]), field, daily, delivered.weather) if levels else record


def _without_weather(
    study: Study,
    names: list[str],
    weather: xr.Dataset | None,
    daily: xr.Dataset | None,
    terrain: xr.Dataset | None,
    about: dict[str, str],
    stagnant: bool,
) -> xr.Dataset:
    """The months in average weather, or nothing and the reason."""
    from hotspot.estimate.weather.normalise import normalise

    if weather is None:
        why = f"no weather was delivered for {names[0]} to {names[-1]}" if study.weather else "no weather was delivered"
        return _nothing(study, names, why, about)
    if daily is None:
        return _nothing(study, names, "neither satellite days nor hourly stations were delivered", about)
    if not np.isfinite(daily["pm25"].values).any():
        return _nothing(study, names, f"no day of {names[0]} to {names[-1]} has a valid value", about)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", CoverageWarning)
        try:
            found = normalise(
                daily, weather, utc_offset=study.utc_offset, criteria=study.criteria,
                terrain=terrain, stagnant=stagnant,
            )  # fmt: skip
        except DataError as error:
            return _nothing(study, names, str(error), about)
    notes = sorted({str(w.message) for w in told if issubclass(w.category, CoverageWarning)})
    wanted = np.array([month_start(name) for name in names])
    found = found[[name + end for name in VALUES for end in _LIMITS if name + end in found]].reindex(time=wanted)
    kept = found.reset_coords(drop=True).assign_coords(cell=found["cell"].values, time=wanted)
    keys = (
        "removed",
        "stagnation",
        "stagnation_substitutes",
        "stagnant_share",
        "cv_r2",
        "cv_rmse",
        "seasonal_spread",
        "change_error_ratio",
        "transport",
        "seed",
    )
    kept.attrs = {name: found.attrs[name] for name in keys if name in found.attrs}
    moved = {name: float(value) for name, value in found.attrs.items() if name.startswith("moved_")}
    return _complete(kept).assign_attrs(about | moved, why="", notes=json.dumps(notes, ensure_ascii=False))


def _terrain(study: Study, intake: Intake) -> xr.Dataset | None:
    """Height, relief, valley and walls of every cell, or None where no elevation model was delivered."""
    from hotspot.estimate.weather.terrain import terrain_index
    from hotspot.sources.places.dem import open_dem

    if not study.terrain:
        return None
    west, south, east, north = study.boundaries.total_bounds
    around = (west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN)
    elevation = open_dem(study.terrain[0], study.root, intake, bounds=around)
    return terrain_index(elevation, study.cells, study.criteria)


def _nothing(study: Study, names: list[str], why: str, about: dict[str, Any] | None = None) -> xr.Dataset:
    """The same Dataset with nothing in it, and the reason."""
    cells = study.cells["cell"].values.astype(str)
    time = np.array([month_start(name) for name in names])
    blank = xr.Dataset(coords={"cell": cells, "time": time})
    return _complete(blank).assign_attrs({"inputs": "[]", "notes": "[]", "why": why} | (about or {}))


def _complete(record: xr.Dataset) -> xr.Dataset:
    """Every value there, NaN where it was not made."""
    shape = (record.sizes["cell"], record.sizes["time"])
    for name in (name + end for name in VALUES for end in _LIMITS):
        if name not in record:
            record[name] = (("cell", "time"), np.full(shape, np.nan))
        record[name].attrs = _unit(name)
    return record


def _unit(name: str) -> dict[str, str]:
    return {"unit": "1" if "_change" in name else "ug/m3"}


def learned_from(study: Study, last: str) -> list[str]:
    """The months a record up to ``last`` is learned from, oldest first."""
    return [month_minus(last, k) for k in range(study.criteria.normalisation.months - 1, -1, -1)]


def _inputs(deliveries: Deliveries, last: Any, levels: bool = False) -> dict[str, str]:
    """The attributes ``inputs`` and ``content`` that ``weather_free`` would give now; nothing is learned."""
    from hotspot.quality.signed.decisions import kinds_to_open, with_decisions

    study = deliveries.study
    if not study.weather and not levels:
        return {"inputs": "[]"}
    try:
        kinds = kinds_to_open(study, "satellite", "reference", "weather")
        delivered = with_decisions(deliveries.months(learned_from(study, last), kinds=kinds))
    except NothingDelivered:
        return {"inputs": "[]"}
    _terrain(study, cast(Intake, delivered.intake))
    return _stated(delivered)


def _stated(delivered: Delivered) -> dict[str, str]:
    """
    Paths and hashes of the files that were read, as JSON, and a hash of what they say of these months.

    Which months a table of stations holds is not known before it is read: one that was delivered since may hold none.
    """
    intake, study = cast(Intake, delivered.intake), delivered.study
    pairs = sorted((r.path, r.sha256) for r in intake.files.values() if not r.refused)
    patterns = [pattern for delivery in study.stations for pattern in delivery.files]
    tables = {intake.name(path) for pattern in patterns for path in match_files(Path(study.root), pattern)}
    rest = [pair for pair in pairs if pair[0] not in tables]
    content = hashlib.sha256(json.dumps([rest, digest_of(delivered.reference)]).encode()).hexdigest()
    return {"inputs": json.dumps(pairs, ensure_ascii=False), "content": content}


def _kept_year(deliveries: Deliveries, basis: int, path: Path | None) -> xr.Dataset:
    """The record of a year with its levels."""
    return _kept(deliveries, f"{basis}-12", path, levels=True)


def _kept(deliveries: Deliveries, last: str, path: Path | None, levels: bool = False) -> xr.Dataset:
    """The record from its file while nothing it came from has changed; else made, and kept."""
    study, more = deliveries.study, ["levels"] if levels else ["months"]
    if path is None and not outsiders():
        # Nobody keeps it: a run, or a notebook that asks again, learns it once all the same.
        path = deliveries.once.store.scratch(f"{_asked(study, last, *more)}.parquet")
    stamp = None if path is None else stamp_of(study, last, " ".join(VALUES), *more, libraries=_LIBRARIES)
    listing = "" if path is None else listing_of(study, study.satellite, study.stations, study.weather, study.terrain)
    now = cache(lambda: _inputs(deliveries, last, levels))
    record = kept(
        path, stamp, deliveries.intake(), lambda: weather_free(deliveries, last, levels=levels, stagnant=levels),
        listing=listing, inputs=lambda: now()["inputs"], content=lambda: now().get("content", ""),
    )  # fmt: skip
    return _complete(record)


def _asked(study: Study, last: str, *more: str) -> str:
    """A name for what a record is asked of: a study as it is in memory, which its file need not say, and its cells."""
    about = json.dumps([study.model_dump(mode="json"), learned_from(study, last), *more], sort_keys=True).encode()
    cells = "\n".join(study.cells["cell"].values.tolist()).encode() + study.cells["area_share"].values.tobytes()
    return hashlib.sha256(about + cells).hexdigest()
