"""
``field.gpkg`` of one city: what a team needs on a tablet, and the layer it fills in (17.1, D16, D24).

Four layers in WGS 84, a style each, and a project that QGIS and QField open: warned cells, their sub-cells, the
sources in visiting order, and ``findings``, empty, with a form in controlled words. Photos lie in ``DCIM/`` beside the
project, as QField puts them. ``hotspot feedback field.gpkg`` reads the findings back (``sources.findings``).
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd

from hotspot.grid.lattice import Grid
from hotspot.ledger.answers.feedback import NONE as NOTHING_FOUND
from hotspot.publish.archive import archive
from hotspot.publish.fonts import harmless
from hotspot.publish.gis.layers import stamp_of, write_layers
from hotspot.publish.gis.look import Question, Symbol, aliases, form, labels, properties, single
from hotspot.publish.gis.project import Styled, project_qgs, put_styles
from hotspot.publish.office.warned.return_form import NONE
from hotspot.publish.palette import palette
from hotspot.publish.paper.sheet_words import away_zh, class_of
from hotspot.publish.words import FORMS, month_zh
from hotspot.rules.classes import problem_types
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.rules.rounding import round_half_even
from hotspot.sources.findings import LAYER as FINDINGS
from hotspot.sources.findings import PHOTOS
from hotspot.text.labels import label_of
from hotspot.text.table import titles

FILE = "field.gpkg"
PROJECT = "field"
_REQUIRED = ("cell", "time", "by", "problem", "text")
_WHOLE = ("persons", "sources")
# A plant stands in the layer once for every cell it may reach; it is named once, with its place in each cell's visits.
_NAMED = (
    'if("fid" = minimum("fid", group_by:="facility"), '
    "concatenate_unique(to_string(\"order\"), group_by:=\"facility\", concatenator:='/') || '.' || \"name\", '')"
)


def field_package(
    grid: Grid, month: str, warned: pd.DataFrame, traced: pd.DataFrame, *, decimals: int, of: Pollutant = PM25
) -> dict[str, bytes]:
    """
    ``field.gpkg`` and the same project beside it, ``field.qgz``.

    Parameters
    ----------
    warned : DataFrame
        The city's rows of the warning list.
    decimals : int
        Of the ranked value.
    of : Pollutant
        What the list is of.

    Returns
    -------
    dict of file name -> bytes; the same month gives the same bytes
    """
    cells = _cells(grid, warned, decimals, of)
    layers = {
        FINDINGS: ("Point", _nothing_found()),
        "sources": ("Point", _sources(traced[traced["cell"].isin(set(cells["cell"]))])),
        "cells": ("Polygon", cells),
        "sub_cells": ("Polygon", _sub_cells(grid, cells["cell"])),
    }
    styled = _styled(month, cells, of)
    west, south, east, north = cells.total_bounds
    margin = 0.05
    box = (west - margin, south - margin, east + margin, north + margin)
    qgz = archive({"project.qgs": project_qgs(styled, FILE, of.words(f"{month_zh(month)}预警网格排查"), box)})
    with tempfile.TemporaryDirectory() as folder:
        path = write_layers(Path(folder) / FILE, layers, month)
        put_styles(path, styled, stamp_of(month), project=(PROJECT, qgz))
        return {FILE: path.read_bytes(), f"{PROJECT}.qgz": qgz}


def questions(month: str, cells: Mapping[str, str]) -> tuple[Question, ...]:
    """
    What a finding is asked for, in the order of the form.

    Parameters
    ----------
    cells : mapping
        Shown name of a warned cell -> its code.

    Examples
    --------
    >>> [one.name for one in questions("2020-03", {"A": "A"}) if one.required]
    ['cell', 'time', 'by', 'problem', 'text']
    """
    problems = {kind["zh"]: key for key, kind in problem_types().items()} | {NONE: NOTHING_FOUND}
    choices = {"cell": dict(cells), "problem": problems, "done": {"是": "是", "否": "否"}}
    kinds = dict.fromkeys(choices, "choice") | dict.fromkeys(PHOTOS, "photo") | dict.fromkeys(_WHOLE, "whole")
    kinds |= {"form": "hidden", "month": "hidden", "time": "time"}
    defaults = {
        "form": "uuid('WithoutBraces')",
        "month": f"'{month}'",
        "time": "format_date(now(), 'yyyy-MM-dd HH:mm')",
    }
    return tuple(
        Question(
            name, title, kinds.get(name, "text"), choices.get(name), defaults.get(name, ""), name in _REQUIRED,
            name in ("text", "measures"),
        )
        for name, title in titles(f"{FILE}/{FINDINGS}").items()
    )  # fmt: skip


def shown_cells(warned: pd.DataFrame) -> dict[str, str]:
    """Warned cells as a choice shows them, with label and county -> their codes."""
    first = warned.drop_duplicates("cell")
    words = [
        " ".join(filter(None, (_known(row.get("label")), str(row["cell"]), _known(row.get("county")))))
        for row in first.to_dict("records")
    ]
    return dict(zip(words, first["cell"].astype(str), strict=True))


def _known(value: object) -> str:
    return "" if value is None or value != value else harmless(str(value)).strip()


def _nothing_found() -> gpd.GeoDataFrame:
    columns = {
        name: pd.Series([], dtype="Int64" if name in _WHOLE else "object") for name in titles(f"{FILE}/{FINDINGS}")
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs="EPSG:4326"), crs="EPSG:4326")


def _cells(grid: Grid, warned: pd.DataFrame, decimals: int, of: Pollutant) -> gpd.GeoDataFrame:
    first = warned.drop_duplicates("cell").reset_index(drop=True)
    why = {c: "、".join(FORMS.get(n, n) for n in rows["reason"]) for c, rows in warned.groupby("cell")}
    table = first.assign(
        reasons=[why[cell] for cell in first["cell"]],
        pm25=round_half_even(first["pm25"].to_numpy(dtype=float), decimals),
    )
    table = table.reindex(columns=list(titles(f"{FILE}/cells")))
    outlines = [grid.polygons(*grid.parse(cell))[0] for cell in first["cell"]]
    return gpd.GeoDataFrame(table.rename(columns=of.column), geometry=outlines, crs="EPSG:4326")


def _sub_cells(grid: Grid, cells: pd.Series) -> gpd.GeoDataFrame:
    parts = pd.concat([grid.children(cell) for cell in cells], ignore_index=True)
    parts = parts.rename(columns={"cell": "sub_cell"})
    numbers = parts["sub_cell"].str.rsplit("-", n=1).str[-1].astype("int64")
    return gpd.GeoDataFrame(parts[["sub_cell", "geometry"]].assign(number=numbers), crs="EPSG:4326")


def _sources(traced: pd.DataFrame) -> gpd.GeoDataFrame:
    near = traced.sort_values(["cell", "order"])
    table = {
        "cell": near["cell"], "order": near["order"].astype("int64"), "facility": near["facility"],
        "name": near["name"], "class": [class_of(key).zh for key in near["class_"]],
        "away": [away_zh(*at) for at in zip(near["bearing_deg"], near["distance_km"], strict=True)],
    }  # fmt: skip
    at = gpd.points_from_xy(near["lon"], near["lat"], crs="EPSG:4326")
    return gpd.GeoDataFrame(table, geometry=at, crs="EPSG:4326").reset_index(drop=True)


def _styled(month: str, cells: gpd.GeoDataFrame, of: Pollutant) -> tuple[Styled, ...]:
    strong, hotspot = palette()["sequential"]["concentration"][8], palette()["lines"]["hotspot"]
    label = "nullif(\"label\", '') || '/'"
    asked = questions(month, shown_cells(cells))
    # QField names the picture after this; its own default lies in DCIM/ as well.
    named = {f: f"'DCIM/' || \"cell\" || '_' || format_date(now(), 'yyyyMMddHHmmsszzz') || '_{f}.jpg'" for f in PHOTOS}
    synced = {"QFieldSync/action": "offline", "QFieldSync/attachment_naming": json.dumps(named)}
    return (
        Styled(
            FINDINGS, "现场填报", "Point",
            (single(Symbol("marker", "#d7263d", "#ffffff", 0.4, "star", 5.0)), *form(asked, of), properties(synced)),
            given=False,
        ),
        Styled(
            "sources", "污染源（按排查顺序）", "Point",
            (single(Symbol("marker", "#1f3a5f", "#ffffff", 0.3, "circle", 3.5)),
             labels(_NAMED, size=8, below=100_000, beside=True), aliases(titles(f"{FILE}/sources"), of)),
        ),
        Styled(
            "cells", of.words(label_of("warned_cells")), "Polygon",
            (single(Symbol("fill", "", strong, 1.0)), labels(f"coalesce({label}, '') || \"cell\""),
             aliases(titles(f"{FILE}/cells"), of)),
        ),
        Styled(
            "sub_cells", "500米小格", "Polygon",
            (single(Symbol("fill", "", hotspot, 0.15)), labels('"number"', size=7, below=20_000)),
        ),
    )  # fmt: skip
