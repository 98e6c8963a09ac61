"""
The levels of one year, side by side: the inversion that selects, and the simpler ones for who objects.

They stand in ``level-YEAR.parquet`` in the rows of the year's months; what belongs to the year as a whole is the
same in each of them.
"""

import json
import warnings
from typing import TYPE_CHECKING

import numpy as np

from hotspot import contracts
from hotspot.kernels.arrays import Flags, Floats
from hotspot.quality.means.seen import mean_of_seen
from hotspot.study import Study
from hotspot.variables import CoverageWarning, DataError

if TYPE_CHECKING:
    import xarray as xr

METHODS = ("inversion", "contrast", "richardson_lucy", "stagnant")
_COLUMNS = ("inversion", "inversion_low", "inversion_high", "contrast", "richardson_lucy", "box", "local", "background")


def with_levels(
    record: "xr.Dataset",
    study: Study,
    year: int,
    field: "xr.Dataset",
    daily: "xr.Dataset | None",
    weather: "xr.Dataset | None",
) -> "xr.Dataset":
    """
    A record of months with the levels of its last year.

    Parameters
    ----------
    record : Dataset (cell, time), from ``level.weather_free``
    field : Dataset (cell, time), the months of the record
    daily : Dataset (cell, day) or None

    Returns
    -------
    Dataset: the record with ``level_NAME`` (cell, time) of each of ``_COLUMNS``, ``level_inversion_without`` and
    ``level_contrast_without``, NaN outside the year; attrs ``inversion_why`` there is none (or empty),
    ``inversion_words``, ``coarse`` (empty, or why no neighbouring cells can be told apart)
    """
    from hotspot.estimate.level.contrast import local_contrast, richardson_lucy

    months = field.sel(time=field["time"].dt.year == year)
    values = months["pm25"].where(months["valid"]).transpose("cell", "time").values.astype(float)
    coarse = _coarse(field, study)
    nothing = np.full(len(values), np.nan)
    found = dict.fromkeys(_COLUMNS, nothing)
    without = {name: np.full(values.shape, np.nan) for name in ("inversion", "contrast")}
    col, row = (study.cells[name].values for name in ("col", "row"))
    about, why, notes = "", coarse, []
    if not coarse:
        width = study.criteria.inversion.contrast_cells
        mean = mean_of_seen(values, 1)
        if np.isfinite(mean).any():
            found |= {"contrast": local_contrast(mean, col, row, width=width)}
            found |= {"richardson_lucy": richardson_lucy(mean, col, row)}
        for t in range(values.shape[1]):
            left = np.arange(values.shape[1]) != t
            without["contrast"][:, t] = local_contrast(mean_of_seen(values[:, left], 1), col, row, width=width)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", CoverageWarning)
            seen = daily if "satellite days" in str(field.attrs.get("method", "")) else None
            inverted, why = _inverted(study, year, seen, weather)
        notes = sorted({str(w.message) for w in told if issubclass(w.category, CoverageWarning)})
        if inverted is not None:
            names = ("inversion", "inversion_low", "inversion_high", "local", "background", "box")
            found |= {name: inverted[name].values for name in names}
            without["inversion"] = inverted["inversion_without"].reindex(time=months["time"].values).values
            about = inverted.attrs["words"] + f"; removed {inverted.attrs['removed'] or 'nothing'}"
    of_year = record["time"].dt.year.values == year
    out = record.copy()

    def put(name: str, at_months: Floats) -> None:
        column = np.full((len(values), len(of_year)), np.nan)
        column[:, of_year] = at_months
        out[f"level_{name}"] = (("cell", "time"), column)

    for name in _COLUMNS:
        put(name, found[name][:, None])
    for name, one in without.items():
        put(f"{name}_without", one)
    said = json.dumps(sorted({*json.loads(record.attrs["notes"]), *notes}), ensure_ascii=False)
    return out.assign_attrs(record.attrs, inversion_why=why, inversion_words=about, coarse=coarse, notes=said)


def level_of_record(record: "xr.Dataset", study: Study, basis: int) -> "xr.Dataset":
    """
    The level that the criteria name, taken out of a kept record; see ``level.annual_level``.

    Parameters
    ----------
    record : Dataset (cell, time), from ``with_levels``
    basis : int
        The year the level is of.
    """
    wanted, fallback = study.criteria.selection.level, ""
    weather_why = record.attrs.get("weather_why", record.attrs["why"])
    of_year = record["time"].dt.year.values == basis
    columns = {name: _first(record, f"level_{name}", of_year) for name in _COLUMNS}
    stagnant, low, high, short = _stagnant(record, of_year, study)
    columns["stagnant"] = stagnant
    why = by = ""
    if wanted == "stagnant":
        by, why = "stagnant", weather_why or short
        columns |= {"stagnant_low": low, "stagnant_high": high}
    else:
        by, why = wanted, record.attrs.get("coarse", "")
        if by == "inversion" and not why and not np.isfinite(columns["inversion"]).any():
            by, fallback = "contrast", record.attrs.get("inversion_why") or "no cell was seen on enough days"
        if not why and not np.isfinite(columns[by]).any():
            why = fallback or record.attrs.get("inversion_why") or "no cell has a mean of the year"
    words = {"unit": "ug/m3"}
    blank = np.full(len(stagnant), np.nan)
    level = {"level": blank if why else columns[by]}
    for end in ("low", "high"):
        level[f"level_{end}"] = blank if why else columns.get(f"{by}_{end}", blank)
    named = {name: columns[name] for name in (*METHODS, "box")}
    out = record.assign({name: ("cell", one, words) for name, one in (level | named).items()})
    without = f"level_{by}_without"
    if without in record:
        out["level_without"] = record[without]
    for name in ("local", "background"):
        out[f"{name}_mean"] = ("cell", columns[name], words)
    said = {"inversion": record.attrs.get("inversion_words", ""), "contrast": "local contrast of the mean of the year"}
    said |= {"richardson_lucy": "mean of the year, sharpened by Richardson and Lucy"}
    told = said.get(by, "") + (f"; no inversion: {fallback}" if fallback else "")
    return out.assign_attrs(year=basis, by=by, why=why, fallback=fallback, weather_why=weather_why, level_words=told)


def _inverted(
    study: Study, year: int, daily: "xr.Dataset | None", weather: "xr.Dataset | None"
) -> "tuple[xr.Dataset | None, str]":
    """The inversion of a year with the box model beside it, or None and why there is none."""
    from hotspot.estimate.level.background import regional_background
    from hotspot.estimate.level.box import box_level
    from hotspot.estimate.level.inversion import emission_level
    from hotspot.estimate.weather.rows import weather_steps

    if weather is None:
        return None, "no weather was delivered"
    if daily is None:
        return None, "no satellite days were delivered"
    days = daily.sel(day=daily["day"].dt.year == year)
    if not days.sizes["day"] or not np.isfinite(days["pm25"].values).any():
        return None, f"no day of {year} has a valid value"
    try:
        found = emission_level(days, weather, utc_offset=study.utc_offset, criteria=study.criteria)
    except DataError as error:
        return None, str(error)
    box = np.full(days.sizes["cell"], np.nan)
    try:
        steps = weather_steps(weather, utc_offset=study.utc_offset, stagnation=study.criteria.stagnation)
        told = box_level(days, regional_background(days, study.criteria), steps, criteria=study.criteria)
        box = told["box_level"].sel(year=year).values
    except (DataError, KeyError):
        pass  # a second opinion: without it the column stays empty
    return found.assign(box=("cell", box)), ""


def _coarse(field: "xr.Dataset", study: Study) -> str:
    """Why no cell can be told from its neighbours in this field; empty where it can."""
    spacing = float(study.lattice.spacing)
    if "satellite" not in str(field.attrs.get("method", "")):
        return "the field is interpolated from stations, and a cell is not told from its neighbours"
    native = float(field.attrs.get("native_resolution_m", np.nan))
    if np.isfinite(native) and native > spacing:
        return (
            f"the product's own resolution of {native / 1000:g} km is coarser than cells of {spacing / 1000:g} km, "
            "and a cell is not told from its neighbours"
        )
    return ""


def _first(record: "xr.Dataset", name: str, of_year: Flags) -> Floats:
    """What belongs to the year as a whole."""
    if name not in record or not of_year.any():
        return np.full(record.sizes["cell"], np.nan)
    return contracts.of_month(record[name].isel(time=np.flatnonzero(of_year))).values


def _stagnant(record: "xr.Dataset", of_year: Flags, study: Study) -> tuple[Floats, Floats, Floats, str]:
    """Mean of the months in stagnant weather with its interval, and why there is none."""
    stagnant = record["pm25_stagnant"].values[:, of_year]
    seen = np.isfinite(stagnant)
    n = seen.sum(axis=1)
    level = np.where(seen, stagnant, 0.0).sum(axis=1) / np.maximum(n, 1)
    half = np.where(seen, record["pm25_stagnant_high"].values[:, of_year] - stagnant, 0.0)
    reach = np.sqrt((half**2).sum(axis=1)) / np.maximum(n, 1)
    needed = study.criteria.normalisation.level_months
    enough = n >= needed
    short = "" if enough.any() else f"no cell has a level in {needed} months, at most {int(n.max(initial=0))}"
    own, low, high = (np.where(enough, one, np.nan) for one in (level, level - reach, level + reach))
    return own, low, high, short
