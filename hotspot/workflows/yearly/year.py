"""
The year's hotspot list end to end: selected, followed on from last year's, reviewed, opened.

``OUT/<study id>/hotspots-YEAR-screened.csv`` is what the program selected,
``hotspots-YEAR.csv`` the list in force; beside them stand what changed and why
(``-diff``), what it hangs on (``-stability``, ``-sensitivity``) and the level.
"""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.contracts.fields import Field
from hotspot.contracts.records import Year
from hotspot.deliveries.run import Deliveries
from hotspot.rules.calendar import month_minus
from hotspot.rules.pollutants import named_in
from hotspot.study import Study
from hotspot.text.csv_rows import first_line
from hotspot.variables import CoverageWarning, DataError
from hotspot.workflows.yearly.standing import about_path, jaccard_of, marked, refuse_without_skill, sentences

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_LOG = logging.getLogger(__name__)

_RIVALS = {
    "inversion": "inversion", "stagnant": "stagnant level", "contrast": "local contrast",
    "richardson_lucy": "Richardson-Lucy", "box": "box model",
}  # fmt: skip


def select_year(
    study: Study, year: int, *, out: Path | str = "out", review: Path | str | None = None, formal: bool = False,
    sensitivity: bool = False, listed: Path | None = None, by: str = "", datum: str | None = None,
    deliveries: Deliveries | None = None,
) -> Path:  # fmt: skip
    """
    The yearly hotspot list, written to ``OUT/<study id>/hotspots-YEAR.csv``.

    Selection is on the annual mean and the level in stagnant weather of the year before
    (D2, D3, D4), or of the same year where the study says so because nothing else was
    delivered. If there is a list of the year before, this one follows from it (D8).

    Parameters
    ----------
    study : Study
    year : int
    out : str or Path
    review : str or Path, optional
        A reviewer's file (``rank.lifecycle.read_review``), applied to the screened list.
    formal : bool
        Make the list formal: every cell was decided on.
    sensitivity : bool
        Make the level again under every other definition of stagnation and report what it
        does to the list; as many times the work.
    listed : str or Path, optional
        A list made elsewhere (``rank.select.imported.import_list``), put in force in the place of a selection.
    by, datum : str
        Who imports it; the map datum of its places, where it has no codes.
    deliveries : Deliveries, optional
        Of the run.

    Returns
    -------
    Path of the list

    Raises
    ------
    DataError
        No cell has a valid annual mean, the review is at fault, a formal list would be
        overwritten by a screened one, or cells without a decision would become formal.
    """
    if not 1900 <= year <= 2199:
        raise ValueError(f"{year} is no year of a list; write it like 2025.")
    from hotspot.rank.select.hotlist import read_hotspots, write_hotspots
    from hotspot.rank.select.hotspots import rank_cells
    from hotspot.rank.select.imported import origin
    from hotspot.rank.select.lifecycle import apply_review, make_formal, read_review, write_review_form

    folder = Path(out) / study.id
    deliveries = deliveries or Deliveries(study, folder)
    folder.mkdir(parents=True, exist_ok=True)
    path, screened = folder / f"hotspots-{year}.csv", folder / f"hotspots-{year}-screened.csv"
    stood = read_hotspots(path, study.cells) if path.exists() else None
    decided = stood is not None and stood["status"].isin(["reviewed", "formal"]).any()
    if listed is not None:
        return _import(deliveries, year, folder, listed, decided or review is not None or formal, by, datum)
    if formal and review is None:
        if not decided:
            raise DataError(f"{path}: there is no reviewed list of {year}; give the reviewer's file with --review.")
        return _replace(path, write_hotspots, make_formal(stood), study.pollutant)
    if review is None and (decided or (stood is not None and origin(stood))):
        raise DataError(
            f"{path}: the list of {year} was {'reviewed' if decided else 'imported'}; a new selection would undo that. "
            "Give --review to review again, or move the file away."
        )
    if review is not None and screened.exists():
        hot, annual_mean = read_hotspots(screened, study.cells), annual(study, year, deliveries)
        standing = rank_cells(annual_mean, study, year, level=_level(deliveries, year, folder))
    else:
        selected = derive_year(study, year, folder=folder, deliveries=deliveries)
        annual_mean, standing = selected.annual, selected.standing
        hot = _write_beside(folder, deliveries, year, selected, sensitivity)
        _replace(screened, write_hotspots, hot, study.pollutant)
    if review is not None:
        hot = apply_review(
            hot,
            read_review(review, hot, study.cells, deliveries.beside(Path(review).parent)),
            standing=standing,
            annual=annual_mean,
            study=study,
        )
    hot = make_formal(hot) if formal else hot
    _replace(folder / f"hotspots-{year}-review.csv", write_review_form, hot)
    _LOG.info("%s %s: list of %d cells in %s", study.id, year, len(hot), path)
    return _replace(path, write_hotspots, hot, study.pollutant)


def _import(
    deliveries: Deliveries, year: int, folder: Path, listed: Path, refuse: bool, by: str, datum: str | None
) -> Path:
    """A list made elsewhere, put in force; the year's own values stand beside its cells where there are any."""
    from hotspot.rank.select.hotlist import write_hotspots
    from hotspot.rank.select.imported import import_list
    from hotspot.rank.select.lifecycle import write_review_form

    study, path = deliveries.study, folder / f"hotspots-{year}.csv"
    if refuse:
        raise DataError(
            f"{path}: a list is imported before it is reviewed or made formal, not over it; "
            "give --list alone, or move the reviewed list away."
        )
    try:
        mean = annual(study, year, deliveries)
        without = ""
    except DataError as error:  # often the very reason to import one
        mean, without = None, f"no annual mean stands beside its cells: {error}"
    hot = import_list(listed, study, year, deliveries.beside(Path(listed).parent), by=by, datum=datum, annual=mean)
    for text in filter(None, (*hot.attrs["notes"], without)):
        warnings.warn(f"imported list: {text}", CoverageWarning, stacklevel=3)
    _replace(folder / f"hotspots-{year}-screened.csv", write_hotspots, hot, study.pollutant)
    _replace(folder / f"hotspots-{year}-review.csv", write_review_form, hot)
    return _replace(path, write_hotspots, hot, study.pollutant)


def derive_year(study: Study, year: int, *, folder: Path | None = None, deliveries: Deliveries | None = None) -> Year:
    """
    The list of a year in memory; nothing is written but the level, which is kept in ``folder``.

    Parameters
    ----------
    study : Study
    year : int
    folder : Path, optional
        ``OUT/<study id>``, where the list of the year before lies.
    deliveries : Deliveries, optional
        Of the run.

    Returns
    -------
    Year

    Raises
    ------
    DataError
        As for ``rank.select.select_hotspots``.
    """
    from hotspot.rank.select.hotlist import read_hotspots
    from hotspot.rank.select.hotspots import rank_cells, select_hotspots
    from hotspot.rank.select.yearly import revise_hotspots

    deliveries = deliveries or Deliveries(study, folder)
    mean, months = _means(deliveries, year)
    valid = int(mean["valid"].sum())
    _LOG.info("%s %s: %d of %d cells have a valid annual mean", study.id, year, valid, mean.sizes["cell"])
    level = _level(deliveries, year, folder)
    standing = rank_cells(mean, study, year, level=level)
    before = None if folder is None else Path(folder) / f"hotspots-{year - 1}.csv"
    if before is None or not before.exists():
        return Year(select_hotspots(mean, study, year, level=level), None, mean, months, level, standing)
    previous = read_hotspots(before, study.cells)
    history, tested_on = _history(deliveries, year, level)
    hot, diff = revise_hotspots(mean, study, year, previous, level=level, months=history, tested_on=tested_on)
    return Year(hot, diff, mean, months, level, standing)


def annual(study: Study, year: int, deliveries: Deliveries | None = None) -> Field:
    """Dataset (cell): the annual mean on which the list of ``year`` is selected, with its completeness."""
    return _means(deliveries or Deliveries(study), year)[0]


def basis_year(study: Study, year: int) -> int:
    """
    The year whose air decides the list of ``year``.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> basis_year(synthetic_month(size="small").study, 2025)
    2024
    """
    return int(year) - 1 if study.criteria.selection.basis == "previous_year" else int(year)


def open_hotspots(
    study: Study, year: int, *, out: Path | str = "out", deliveries: "Deliveries | None" = None
) -> "pd.DataFrame":
    """
    The hotspot list of a year: the file ``hotspot select`` wrote, or selected now if there is none.

    Returns
    -------
    DataFrame, as ``select_hotspots`` returns it

    Raises
    ------
    DataError
        The file names a cell that is not the study's, or one cell twice.
    """
    from hotspot.rank.select.hotlist import read_hotspots

    path = Path(out) / study.id / f"hotspots-{year}.csv"
    if not path.exists():
        select_year(study, year, out=out, deliveries=deliveries)
    told = named_in(first_line(path))
    if told.name != study.variable:
        raise DataError(f"{path}: a list of {told.name}, and the study is of {study.variable}; move it away.")
    return read_hotspots(path, study.cells)


def _means(deliveries: Deliveries, year: int) -> "tuple[Field, xr.DataArray | None]":
    """The annual mean of the basis year, and its valid months."""
    from hotspot.estimate.field.monthly import year_fields
    from hotspot.quality.plausible.gate import admit
    from hotspot.quality.signed.decisions import kinds_to_open

    study = deliveries.study
    kinds = kinds_to_open(study, "satellite", "reference")
    delivered = admit(deliveries.year(basis_year(study, year), kinds=kinds))
    mean, months = year_fields(delivered, study.cells)
    if bool(mean["valid"].any()):  # a year without any value is refused for that
        refuse_without_skill(mean, year)
    return mean, None if months is None else months["pm25"].where(months["valid"])


def _level(deliveries: Deliveries, year: int, folder: Path | None) -> "xr.Dataset | None":
    """The year's level; None where the criteria leave the second criterion out."""
    from hotspot.workflows.yearly.level import annual_level

    study = deliveries.study
    if study.criteria.selection.second_criterion == "none":
        return None
    return annual_level(study, year, folder=folder, deliveries=deliveries)


def _history(deliveries: Deliveries, year: int, level: "xr.Dataset | None") -> "tuple[xr.DataArray | None, str]":
    """Monthly values up to the basis year, in which an improvement is looked for, and what they are."""
    from hotspot.estimate.field.monthly import daily_field
    from hotspot.quality.plausible.gate import admit
    from hotspot.quality.signed.decisions import kinds_to_open

    study = deliveries.study
    if level is not None and not level.attrs["weather_why"]:
        return level["pm25_normalised"], "normalised"
    last = f"{basis_year(study, year)}-12"
    names = [month_minus(last, k) for k in range(study.criteria.revision.months - 1, -1, -1)]
    delivered = admit(deliveries.months(names, kinds=kinds_to_open(study, "satellite", "reference")), names)
    field, _ = daily_field(delivered, study.cells, names)
    return field["pm25"].where(field["valid"]), "measured"


def _write_beside(folder: Path, deliveries: Deliveries, year: int, selected: Year, deep: bool) -> "pd.DataFrame":
    """What changed against last year, and how firmly the list stands; the list, marked where it is provisional."""
    from hotspot.contracts.list_file import write_list
    from hotspot.rank.select.stability import sensitivity, write_sensitivity
    from hotspot.rank.select.yearly import DIFF_COLUMNS

    study = deliveries.study
    if selected.diff is not None:
        _replace(folder / f"hotspots-{year}-diff.csv", write_list, selected.diff, DIFF_COLUMNS, 0, study.pollutant)
    level, basis = selected.level, basis_year(study, year)
    level_months = without = None
    rivals = {}
    if level is not None and not level.attrs["why"]:
        by = level.attrs["by"]
        if by == "stagnant":
            level_months = level["pm25_stagnant"].sel(time=level["time"].dt.year == basis)
        without = level.get("level_without")
        rivals = {_RIVALS[name]: level[name].values for name in _RIVALS if name != by}
    others = _other_levels(deliveries, year) if deep else {}
    if level is not None and level.attrs["by"] != "stagnant":
        rivals |= {f"stagnant level, {name}": one["level"].values for name, one in others.items()}
        others = {}
    told = sensitivity(
        selected.annual, study, year, level=level, months=selected.months, level_months=level_months,
        level_without=without, levels=others, rivals=rivals,
    )  # fmt: skip
    write_sensitivity(folder, year, told)
    jaccard = jaccard_of(told)
    said = sentences(selected.annual, jaccard, year, study.criteria)
    about_path(folder, year).write_text("\n".join(said) + "\n", encoding="utf-8", newline="\n")
    return marked(selected.hot, jaccard, study.criteria)


def _other_levels(deliveries: Deliveries, year: int) -> "dict[str, xr.Dataset]":
    """The stagnant level under every other definition of stagnation; empty where there is none."""
    from hotspot.estimate.weather.stagnation import variants
    from hotspot.workflows.yearly.level import weather_free
    from hotspot.workflows.yearly.year_levels import level_of_record

    study = deliveries.study
    levels, basis = {}, basis_year(study, year)
    for name, rules in list(variants(study.criteria.stagnation).items())[1:]:
        other = study.with_criteria(stagnation=rules.model_dump(), selection={"level": "stagnant"})
        level = level_of_record(weather_free(deliveries.under(other), f"{basis}-12"), other, basis)
        if level.attrs["why"]:
            break
        levels[name] = level
    return levels


def _replace(path: Path, write: "Callable[..., Any]", table: "pd.DataFrame", *given: Any) -> Path:
    """Write a file whole: beside its place first, then into it; ``given`` is the writer's."""
    partial = path.with_name(path.name + ".partial")
    write(partial, table, *given)
    partial.replace(path)
    return path
