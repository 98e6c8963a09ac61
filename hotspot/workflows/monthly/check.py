"""
One verdict before anyone waits: may this month be published, and what is lacking or doubtful.

There is no second list of rules. The check runs the very functions of ``hotspot month`` (and of
``hotspot select``, where there is no list yet) in a scratch folder, as far as a draft with all its
products; so it says yes where they would say yes, and no in their words where they would not.
"""

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot import contracts
from hotspot.contracts.cf import OF_THE_FILE
from hotspot.deliveries.run import Deliveries
from hotspot.estimate.field.like import stations_in_one_only
from hotspot.publish.release import publish
from hotspot.quality.means.period_values import days_of, months_of
from hotspot.rules.calendar import parse_month
from hotspot.sources.intake import Intake
from hotspot.study import Study
from hotspot.variables import DataError
from hotspot.workflows.closing.network import staffing_sentences
from hotspot.workflows.monthly.month import STEPS, derive, months_read, steps
from hotspot.workflows.yearly.year import open_hotspots

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_LOG = logging.getLogger(__name__)

_SHOWN = 3  # files named beside one note
# Weather that is declared and does not reach as far as the month.
_SHORT_OF = re.compile(r"ends \d+ days before|is missing in \d+%|no hour |without a single value")


def check_month(study: Study, month: str, *, out: Path | str | None = None) -> dict[str, Any]:
    """
    Everything a month needs, tried without publishing.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
    out : str or Path, optional
        Where ``hotspot month`` would publish: its lists are applied, what it keeps between runs is used, and what
        was dear to make is kept there for it. Nothing else is written. Default: as if nothing lay there.

    Returns
    -------
    dict
        ``ready`` (would ``hotspot month`` publish it), ``problems`` (sentences: what stops it), ``cautions`` (what it
        would have to go without), ``notes`` (dicts ``text, count, files``: equal notes are one), ``list`` (dict
        ``ready, how, cells, origin`` of the year's list: would ``hotspot select`` give one), ``inputs`` (counts of the
        conservation law), ``months`` (per month: cells with a valid mean, and why the others have none),
        ``stations`` (valid days of each reference station, its mean to date), ``field`` (how it was made),
        ``staffing`` (what the register of the network lacks at the month's end; it stops nothing).
        A mean to date is shown, never ranked.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> study = synthetic_month(size="small").study
    >>> answer = check_month(study.model_copy(update={"satellite": (), "stations": ()}), "2025-12")
    >>> answer["ready"], answer["list"]["ready"], answer["problems"][0][:40]
    (False, False, 'the list of 2025: 2024: nothing was deli')
    """
    parse_month(month)
    year = int(month[:4])
    problems: list[str] = []
    derived = told = None
    listed = {"ready": False, "how": "lacking", "cells": 0, "origin": ""}
    home = None if out is None else Path(out) / study.id
    deliveries = Deliveries(study, home if home is not None and _writable(home) else None)
    deliveries.expect(months_read(study, month))
    with _scratch(study, out, problems) as scratch, steps(STEPS) as step, _trial(problems):
        hot = None
        with _trial(problems, f"the list of {year}"):
            hot = open_hotspots(study, year, out=scratch, deliveries=deliveries)
        listed = _of_list(study, year, out, hot)
        with _trial(problems):
            if hot is not None:
                derived = derive(
                    study, month, hot=hot, folder=Path(scratch) / study.id, step=step, deliveries=deliveries
                )
                step("publishing")
                publish(study, month, derived, out=scratch, draft=True)  # templates, letters that no font has
        if derived is None:
            with _trial(problems):
                told = _to_date(deliveries, month)
    staffing: list[str] = []
    with _trial(problems):
        staffing = staffing_sentences(study, month)
    # What stands in the scratch copy is what stands in ``out``.
    problems = [text.replace(f"{scratch}{os.sep}", f"{out}{os.sep}" if out is not None else "") for text in problems]
    _LOG.info("%s %s: %s", study.id, month, f"{len(problems)} problems" if problems else "ready")
    answer = {
        "study": study.id,
        "month": month,
        "ready": not problems,
        "problems": problems,
        "cautions": [],
        "list": listed,
        "notes": [],
        "inputs": {},
        "months": {},
        "stations": {},
        "field": {},
        "staffing": staffing,
    }
    if derived is not None:
        told = derived.delivered.intake, derived.field, derived.delivered.reference
    return answer if told is None else answer | _of_month(study, month, *told)


def check_lines(answer: dict[str, Any]) -> Iterator[str]:
    """
    The answer as it is printed: the verdict, what stops the month, what it goes without, and notes last.

    Parameters
    ----------
    answer : dict, from ``check_month``

    Yields
    ------
    str, one line each
    """
    verdict = "can be published" if answer["ready"] else "CANNOT be published"
    yield f"{answer['study']} {answer['month']}: {verdict}"
    yield from (f"problem: {text}" for text in answer["problems"])
    yield from (f"caution: {text}" for text in answer["cautions"])
    yield from (f"staffing: {text}" for text in answer["staffing"])
    yield "; ".join(filter(None, (f"hotspot list: {answer['list']['how']}", answer["list"]["origin"])))
    if answer["inputs"]:
        counts = answer["inputs"]
        yield (
            f"rows read {counts['read']} = used {counts['used']} + duplicates {counts['duplicates']} "
            f"+ quarantined {counts['quarantined']}; files {counts['files']}, refused {counts['refused']}"
        )
    for name, month in answer["months"].items():
        yield f"{name}: {month['valid']} of {month['cells']} cells valid"
        yield from (f"   {n} cells: {why}" for why, n in _alike(month["why"]))
    for entry in sorted(answer["stations"].values(), key=lambda s: (s["valid_days"], s["name"])):
        if not entry["counts"]:
            value = next(number for key, number in entry.items() if key.endswith("_to_date"))
            mean = "no value" if value is None else f"{value:.1f} ug/m3 to date, not ranked"
            yield f"   station {entry['name']}: {entry['valid_days']} valid days, {mean}"
    for note in answer["notes"]:
        if note["count"] == 1:
            yield f"note: {': '.join((*note['files'], note['text']))}"
        else:
            named = ", ".join(note["files"][:_SHOWN])
            yield f"note: {note['count']} files: {note['text']} ({named}{' ...' if note['count'] > _SHOWN else ''})"


def _alike(why: dict[str, int]) -> list[tuple[str, int]]:
    """Reasons that differ in their first number alone as one: ``9% to 49% of the cell is covered, ...``."""
    found: dict[str, list[tuple[int, str, int]]] = {}
    for text, n in why.items():
        number = re.match(r"\d+", text)
        rest = text[number.end() :] if number else text
        found.setdefault(rest, []).append((int(number[0]) if number else 0, text, n))
    told = []
    for rest, same in found.items():
        (low, text, _), (high, _, _) = min(same), max(same)
        unit = "%" if rest.startswith("%") else ""
        told.append((text if low == high else f"{low}{unit} to {high}{rest}", sum(n for _, _, n in same)))
    return told


def group_notes(notes: list[str], files: Iterable[str]) -> list[dict[str, Any]]:
    """
    Notes that say the same of several files, as one.

    Parameters
    ----------
    files : collection of str
        Names that a note may begin with.

    Returns
    -------
    list of dict ``text``, ``count``, ``files``, in the order of the first of each

    Examples
    --------
    >>> group_notes(["a.csv: no final newline", "no weather", "b.csv: no final newline"], ["a.csv", "b.csv"])[0]
    {'text': 'no final newline', 'count': 2, 'files': ['a.csv', 'b.csv']}
    """
    known = set(files)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for note in notes:
        name, _, rest = note.partition(": ")
        of_file = name in known and rest
        text = rest if of_file else note
        entry = found.setdefault((bool(of_file), text), {"text": text, "count": 0, "files": []})
        entry["count"] += 1
        if of_file:
            entry["files"].append(name)
    return list(found.values())


@contextmanager
def _trial(problems: list[str], what: str = "") -> Iterator[None]:
    """Whatever would stop ``hotspot month`` here is a problem, said once."""
    try:
        yield
    except DataError as error:
        _add(problems, f"{what}: {error}" if what else str(error), str(error))
    except Exception as error:  # a crash of a library is what the month would end with, too
        _add(problems, f"{what or 'the month'}: {type(error).__name__}: {error}; please report this fault.")


def _add(problems: list[str], text: str, plain: str | None = None) -> None:
    """A reason that is known already, for the list or for the month, is not said again."""
    if not any(known == text or (plain and known.endswith(plain)) for known in problems):
        problems.append(text)


@contextmanager
def _scratch(study: Study, out: Path | str | None, problems: list[str]) -> Iterator[str]:
    """A copy of what ``hotspot month`` finds in ``out``; what it keeps between runs goes back there."""
    home = None if out is None else Path(out) / study.id
    if home is not None and not _writable(home):
        problems.append(f"{home}: cannot be written; choose another --out.")
    with tempfile.TemporaryDirectory(prefix="hotspot-check-") as scratch:
        copy = Path(scratch) / study.id
        copy.mkdir()
        before = {}
        for path in sorted(home.iterdir()) if home is not None and home.is_dir() else []:
            if path.is_file() and path.suffix in (".csv", ".parquet", ".sqlite"):
                shutil.copy2(path, copy / path.name)
                before[path.name] = path.stat().st_mtime_ns
        yield scratch
        if home is not None and _writable(home):
            for path in sorted(copy.glob("*.parquet")):
                if before.get(path.name) != path.stat().st_mtime_ns:
                    home.mkdir(parents=True, exist_ok=True)
                    partial = home / f"{path.name}.partial"
                    shutil.copyfile(path, partial)
                    partial.replace(home / path.name)


def _writable(folder: Path) -> bool:
    """May something be written there, or where it would be made?"""
    folder = Path(folder).absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _of_list(study: Study, year: int, out: Path | str | None, hot: "pd.DataFrame | None") -> dict[str, Any]:
    """Whether there is, or would be, a list of the year, and where it comes from."""
    from hotspot.rank.select.imported import origin

    name = f"hotspots-{year}.csv"
    if hot is None:
        return {"ready": False, "how": "lacking", "cells": 0, "origin": ""}
    in_force = hot[hot["status"] != "exited"]
    states = ", ".join(f"{n} {state}" for state, n in in_force["status"].value_counts().sort_index().items())
    stands = out is not None and (Path(out) / study.id / name).exists()
    how = f"{name} ({states})" if stands else f"none yet; it would be selected now ({states})"
    return {"ready": True, "how": how, "cells": len(in_force), "origin": origin(hot).get("en", "")}


def _to_date(deliveries: Deliveries, month: str) -> tuple[Any, Any, Any]:
    """What was delivered and the field made of it, of a month that cannot be published."""
    from hotspot.estimate.field.monthly import monthly_field
    from hotspot.quality.signed.decisions import with_decisions

    delivered = with_decisions(deliveries.month(month))
    field, _ = monthly_field(delivered, deliveries.study.cells)
    return delivered.intake, field, delivered.reference


def _of_month(
    study: Study, month: str, intake: Intake, field: "xr.Dataset", reference: "xr.Dataset | None"
) -> dict[str, Any]:
    """What was delivered for the month and what came of it, as far as it got."""
    months: dict[str, dict[str, Any]] = {}
    cautions = [f"{r.path}: {r.refused}" for r in intake.files.values() if r.refused]
    last_year, *_ = wanted = contracts.compared_months(month)
    for name in wanted:
        layer = contracts.of_month(field, name)
        valid = layer["valid"].values
        why = layer["why"].to_series()[~valid].value_counts().sort_index().to_dict()
        months[name] = {"cells": int(valid.size), "valid": int(valid.sum()), "why": {k: int(v) for k, v in why.items()}}
        if name != month:
            cautions += stations_in_one_only(study, reference, (name, month))
        if name != month and not valid.any():
            other = "year-on-year" if name == last_year else "month-on-month"
            cautions.append(f"{name}: no valid mean, so nothing can be ranked {other}: {'; '.join(why)}")
    if study.weather:  # declared: what is said of it is no small print
        cautions += [note for note in intake.notes if note.startswith("weather") and _SHORT_OF.search(note)]
    for key, what in (("weather", "no change without the weather"), ("level", "the list rests on concentration alone")):
        said = str(field.attrs.get(key, ""))
        if said.startswith("none: "):
            cautions.append(f"{what}: {said.removeprefix('none: ')}")
    return {
        "cautions": list(dict.fromkeys(cautions)),
        "notes": group_notes([note for note in intake.notes if note not in cautions], intake.files),
        "inputs": intake.counts,
        "months": months,
        "stations": _stations(reference, study, month),
        "field": {k: str(v) for k, v in sorted(field.attrs.items()) if k not in OF_THE_FILE},
    }


def _stations(reference: "xr.Dataset | None", study: Study, month: str) -> dict[str, Any]:
    """Valid days and mean to date of every reference station in the month."""
    if reference is None:
        return {}
    means = months_of(days_of(reference, study), [month], study).squeeze("time")
    names = reference["name"].values.astype(str)
    return {
        station: {
            "name": name,
            "valid_days": int(means["n_valid"][i]),
            "longest_gap_days": int(means["longest_gap"][i]),
            "counts": bool(means["valid"][i]),
            study.pollutant.column("pm25_to_date"): _number(means["pm25"][i]),
        }
        for i, (station, name) in enumerate(zip(means["station"].values.astype(str), names, strict=True))
    }


def _number(value: Any) -> float | None:
    """A float, or None where it is missing."""
    value = float(value)
    return None if value != value else value
