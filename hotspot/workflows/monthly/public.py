"""What everybody may read of a published month: ``public/index.html`` and ``public/map.html`` of a study (C17, B25)."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.contracts import compared_months
from hotspot.publish import manifest
from hotspot.publish.edition import stated_edition
from hotspot.publish.tables.lists import read_warnings
from hotspot.publish.web.public_page import PublicFacts, public_page
from hotspot.publish.web.webmap import web_map
from hotspot.publish.words import REASONS, REASONS_EN, STATES
from hotspot.rules.calendar import month_minus, month_start, parse_month
from hotspot.study import Study
from hotspot.text.csv_rows import unescape_text
from hotspot.text.labels import label_of
from hotspot.workflows.closing.loop import require_published

if TYPE_CHECKING:
    import xarray as xr

_WHAT = {"added": ("增加", "added"), "removed": ("删除", "removed"), "changed": ("更正", "corrected")}


PEOPLE = {"unit": "单位", "role": "网格职务", "name": "姓名", "phone": label_of("complaint_line")}


def write_public(study: Study, month: str, *, out: Path | str = "out") -> list[Path]:
    """
    Write the public page and the public map of a published month.

    Parameters
    ----------
    out : str or Path
        Reads ``OUT/<study id>/MONTH``, writes ``OUT/<study id>/public/index.html`` and ``map.html``; complaint
        channels are those of ``OUT/<study id>/public/people.csv`` where it is there, else the office's contact.

    Raises
    ------
    DataError
        The month was not published.
    """
    parse_month(month)
    home = Path(out) / study.id
    folder = home / month
    require_published((folder / manifest.NAME).is_file(), study, month, out)
    edition = stated_edition(manifest.read_manifest(folder))
    warned = read_warnings(folder / "warnings.csv")
    target = home / "public"
    target.mkdir(parents=True, exist_ok=True)
    page = target / "index.html"
    page.write_text(public_page(_facts(study, month, folder, edition, target)), encoding="utf-8")
    field = _field(study, folder, month)
    web_map(field, warned, study=study, public=True).save(target / "map.html")
    return [page, target / "map.html"]


def _facts(study: Study, month: str, folder: Path, edition: Any, target: Any) -> PublicFacts:
    with open(folder / "public" / "list.csv", encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.reader(stream))[1:]
    rows = [dict(zip(("code", "county", "place", "reasons"), map(unescape_text, row), strict=True)) for row in lines]
    of = study.pollutant
    english = {of.words(zh): of.words(REASONS_EN[key]) for key, zh in REASONS.items()}
    for row in rows:
        said = [one.strip() for one in row["reasons"].split("；")]
        row["reasons_en"] = ", ".join(english.get(one, one) for one in said)
    cells = study.cells
    codes = cells["cell"].values.astype(str)
    county = {c: f"{a}{b}" for c, a, b in zip(codes, cells["city"].values, cells["county"].values, strict=True)}
    label = {str(c): c for c in codes}
    if "label" in cells:
        label |= {str(name): c for c, name in zip(codes, cells["label"].values, strict=True) if str(name)}
    at = {c: n for n, c in enumerate(codes)}
    drawn = {}
    for row in rows:
        n = at[label[row["code"].split("（")[0].strip()]]
        bounds = study.grid.bounds(int(cells["col"].values[n]), int(cells["row"].values[n]))
        west, south, east, north = (float(v) for v in bounds)
        drawn[row["code"]] = [(west, north), (east, north), (east, south), (west, south)]
    before = edition.history.get(month_minus(month, 1))
    listed = [label[row["code"].split("（")[0].strip()] for row in rows]
    return PublicFacts(
        study.name, study.name_en, month, STATES[edition.state], edition.state,
        rows, _outlines(study), drawn,
        None if before is None else [c for c in listed if c not in before],
        None if before is None else [c for c in before if c not in listed],
        published_people(target / "people.csv"), study.office.contact,
        [
            {"county": county.get(c["cell"], ""), "code": c["cell"],
             "reason": of.words(REASONS.get(c["reason"], c["reason"])),
             "what": _WHAT[c["what"]][0], "what_en": _WHAT[c["what"]][1]}
            for c in edition.changes
        ],
        edition.head, edition.list_digest, of,
    )  # fmt: skip


def _outlines(study: Study) -> list[Any]:
    """Outlines of the units on the lattice's plane, simplified to 300 m, small islands left out."""
    shapes = study.boundaries.to_crs(study.cells.attrs["crs"]).geometry.simplify(300.0)
    rings = []
    for shape in shapes:
        for part in getattr(shape, "geoms", [shape]):
            if not part.is_empty and part.area > 1e6:
                rings.append([(float(x), float(y)) for x, y in part.exterior.coords])
    return rings


def published_people(path: Path) -> list[dict[str, str]]:
    """The published roles: unit, role, name and complaint channel, as ``hotspot network`` wrote them."""
    if not path.is_file():
        return []
    with open(path, encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [{ours: unescape_text(row.get(theirs, "")) for ours, theirs in PEOPLE.items()} for row in rows]


def _field(study: Study, folder: Path, month: str) -> "xr.Dataset":
    """The field of a published month, as its ``cells.parquet`` keeps it: three months of the ranked quantity."""
    import geopandas as gpd

    table = gpd.read_parquet(folder / "cells.parquet").set_index("cell")
    cells = study.cells
    own = table.loc[cells["cell"].values.astype(str)]
    time = np.array([month_start(name) for name in compared_months(month)]).astype("datetime64[ns]")
    values = own[["previous_year", "previous", study.pollutant.column("pm25")]].to_numpy("float64")
    valid = own[["previous_year_valid", "previous_valid", "valid"]].to_numpy(bool)
    field = cells.assign_coords(time=time).assign(pm25=(("cell", "time"), values), valid=(("cell", "time"), valid))
    of = {"variable": study.variable, "own_words": study.pollutant.own_words}
    return field.assign_attrs(cells.attrs | {"month": month} | of)
