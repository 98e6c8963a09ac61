"""``warnings.gpkg``: the month for a desktop GIS, four layers in WGS 84 with their styles."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from hotspot import contracts
from hotspot.publish.gis.layers import stamp_of, write_layers
from hotspot.publish.gis.look import Symbol, aliases, categories, classes, labels, single
from hotspot.publish.gis.project import Styled, put_styles
from hotspot.publish.palette import palette, sequential_breaks, spread_over
from hotspot.publish.tables.cells import cells_table
from hotspot.publish.tables.lists import WARNING_COLUMNS, published
from hotspot.rules.pollutants import Pollutant
from hotspot.rules.reasons import REASONS
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.text.table import titles

_INNER = ("hotspot", "x", "y", "gi_z", "gi_p", "gi_class", "pm25_seen", "pm25_filled", "p_again", "may_be_worst")


def write_geopackage(
    path: Path,
    *,
    study: Study,
    month: str,
    field: xr.Dataset,
    hot: pd.DataFrame,
    warned: pd.DataFrame,
    facilities: gpd.GeoDataFrame | None = None,
) -> Path:
    """
    Write the layers ``warnings``, ``hotspots``, ``facilities`` and ``cells``, each with its default style.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced.
    study : Study
        Gives the lattice and the decimals.
    month : str
        ``"2020-03"``; stands in the file as its date.
    field : Dataset (cell, time), from ``monthly_field``
        Every cell of it stands in ``cells``.
    hot : DataFrame
        The year's hotspot list; its cells fill the second layer, with the values of ``cells.parquet``.
    warned : DataFrame
        The warning list: one polygon per cell and reason, the columns of ``warnings.csv``.

    Returns
    -------
    Path; the same month gives the same bytes
    """
    cells, of = cells_table(field, hot=hot, warned=warned, grid=study.grid), contracts.pollutant_of(field)
    polygon = dict(zip(cells["cell"], cells.geometry, strict=True))
    rows = published(warned, study.criteria.warning.decimals)[list(WARNING_COLUMNS)]
    listed = gpd.GeoDataFrame(rows, geometry=[polygon[c] for c in rows["cell"]], crs="EPSG:4326")
    watched = cells[cells["hotspot"]].reset_index(drop=True)
    if facilities is None:
        facilities = gpd.GeoDataFrame({"facility": [], "name": [], "class_": []}, geometry=[], crs="EPSG:4326")
    layers = {
        "warnings": ("Polygon", listed),
        "hotspots": ("Polygon", watched.drop(columns=list(_INNER))),
        "facilities": ("Point", facilities.rename(columns={"class_": "class"})),
        "cells": ("Polygon", cells.drop(columns=[name for name in _INNER if name != "hotspot"])),
    }
    layers = {name: (kind, table.rename(columns=of.column)) for name, (kind, table) in layers.items()}
    path = write_layers(path, layers, month)
    put_styles(path, _styles(cells["pm25"].to_numpy(dtype=float), of), stamp_of(month))
    return path


def _styles(values: np.ndarray, of: Pollutant) -> Sequence[Styled]:
    lines, ramp = palette()["lines"], palette()["sequential"][of.colours]
    reasons = [(name, of.words(reason.zh), Symbol("fill", "", reason.colour, 0.9)) for name, reason in REASONS.items()]
    named = labels('"cell"', size=7, below=150_000)
    watched, place = Symbol("fill", "", lines["hotspot"], 0.5), Symbol("marker", "#3d4c53", "#ffffff", 0.2, "triangle")
    listed, of_cells = (aliases(titles(table), of) for table in ("warnings.csv", "cells.parquet"))
    shown = classes(of.column("pm25"), _steps(values, ramp))
    of_list, of_year = (of.words(label_of(key)) for key in ("warned_cells", "hotspot_cells"))
    return (
        Styled("warnings", of_list, "Polygon", (categories("reason", reasons), named, listed)),
        Styled("hotspots", of_year, "Polygon", (single(watched), of_cells)),
        Styled("facilities", "污染源", "Point", (single(place),)),
        Styled("cells", of.words(f"{of.label}{of.figure_zh}"), "Polygon", (shown, of_cells)),
    )


def _steps(values: np.ndarray, ramp: list[str]) -> list[tuple[float, float, str, Symbol]]:
    """Classes with the limits and colours of the map."""
    limits = sequential_breaks(values, len(ramp))
    colours = spread_over(ramp, len(limits) + 1)
    edges = [0.0, *limits, 1e4]
    titles = [f"< {edges[1]:g}", *(f"{a:g} – {b:g}" for a, b in pairwise(edges[1:-1])), f">= {edges[-2]:g}"]
    return [
        (low, high, title, Symbol("fill", colour, "#ffffff", 0.05, opacity=0.8))
        for (low, high), title, colour in zip(pairwise(edges), titles, colours, strict=True)
    ]
