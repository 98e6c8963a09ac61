"""
The month as one HTML file: opens from a disk, asks the network for nothing.

Cells are painted on a canvas from shared corners by the page's own script, so
that a whole key region stays small and quick; every number is the one the
published list prints.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot import contracts
from hotspot.grid.lattice import Grid
from hotspot.publish.palette import palette
from hotspot.publish.web.cell_series import pack_series
from hotspot.publish.web.evidence_signs import with_layers
from hotspot.publish.web.page import frame, map_page
from hotspot.publish.web.tiles import hosts, tile_source
from hotspot.publish.web.webmap_data import pack_cells, page_order, positions
from hotspot.publish.web.webmap_layers import pack_field, standing_rows
from hotspot.publish.web.webmap_lists import (
    calm_notes,
    facility_rows,
    hidden_notes,
    hotspot_cells,
    not_ranked_rows,
    notes,
    past_notes,
    reason_styles,
    traced_rows,
    warned_rows,
)
from hotspot.rules.criteria import Criteria
from hotspot.rules.reasons import in_use
from hotspot.study import Study
from hotspot.text.escape import plain
from hotspot.variables import DataError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True)
class WebMap:
    """A finished page: ``html`` is the file, a notebook shows it in a frame."""

    html: str
    title: str

    def __repr__(self) -> str:
        return f"WebMap({self.title!r}, {len(self.html.encode()) / 1e6:.1f} MB)"

    def _repr_html_(self) -> str:
        return frame(self.html, self.title)

    def save(self, path: Path) -> Path:
        """
        Write the page.

        Parameters
        ----------
        path : str or Path
            A file that may exist; it is replaced whole or not at all.
        """
        path = Path(path)
        part = path.with_name(path.name + ".part")
        part.write_bytes(self.html.encode("utf-8"))
        os.replace(part, path)
        return path


def web_map(
    field: "xr.Dataset",
    warned: "pd.DataFrame",
    traced: "pd.DataFrame | None" = None,
    *,
    hot: "pd.DataFrame | None" = None,
    facilities: "gpd.GeoDataFrame | None" = None,
    study: Study | None = None,
    not_ranked: "pd.DataFrame | None" = None,
    gi: "xr.Dataset | None" = None,
    history: "xr.Dataset | None" = None,
    standing: "pd.DataFrame | None" = None,
    title: str | None = None,
    public: bool = False,
    emerging: "xr.Dataset | None" = None,
    past: Any = None,
    layers: "gpd.GeoDataFrame | None" = None,
    days: "xr.Dataset | None" = None,
    hours: Mapping[str, Any] | None = None,
) -> WebMap:
    """
    The month's map: concentration, changes, doubt, warning cells, sources, in one offline file.

    Parameters
    ----------
    field : Dataset (cell, time)
        Months up to M, among them M-12 and M-1, from ``monthly_field``: ``pm25`` ug/m3, and where known
        ``coverage`` (share), ``n_valid`` (days), ``pm25_error`` (1 sd, ug/m3), ``why``.
    warned : DataFrame
        From ``rank_warnings``, unrounded.
    traced : DataFrame, optional
        From ``trace_sources``; shown with each warning cell in visiting order.
    hot : DataFrame, optional
        The formal hotspot list; its cells are outlined.
    facilities : GeoDataFrame, optional
        From ``load_facilities``; markers by source class.
    study : Study, optional
        Its name, lattice and criteria. Without it: the national lattice, the default criteria.
    not_ranked : DataFrame, optional
        Why hotspot cells were left out of a class.
    gi : Dataset (cell), optional
        ``gi_class``, from ``gi_star``.
    history : Dataset (cell, time), optional
        The months the slider goes through, from ``with_history``; default: the three of ``field``.
    standing : DataFrame, optional
        From ``rank_standing``: how sure every hotspot cell's place is, as a layer.
    emerging : Dataset (cell), optional
        From ``rank.warn.emerging``: how clusters came about, as a layer.
    past : mapping cell -> list of (zh, en), optional
        What lies behind a cell, from ``ledger.answers.past.known_past``; shown in its card.
    layers : GeoDataFrame, optional
        Fires and bare soil, from ``read_layers``: signs beside the facilities.
    days : Dataset (cell, day) with ``pm25``, ug/m3, optional
        Days of cells in the published month, shown in their cards.
    hours : mapping cell -> float array, ug/m3, optional
        Local hours of the published month from its first, shown by the day.
    title : str, optional
        Headline; default: the study's name.
    public : bool
        For readers outside the office (D25): concentrations, changes, and the warning cells with their
        reasons, without facilities, sources, ranks, probabilities and internal statistics.

    Returns
    -------
    WebMap with ``html``, ``save(path)``; a notebook shows it in a frame

    Raises
    ------
    DataError
        A list names a cell that the field does not hold; the field has no cells or lies on
        another lattice than the study; the history is not of this month and these cells.

    Notes
    -----
    Numbers are rounded once, half to even, to the digits of the published list;
    a change is the difference of printed figures, as there. Nothing in the page
    is random or dated by the clock: the same input gives the same bytes.

    Examples
    --------
    >>> import numpy as np, pandas as pd, xarray as xr
    >>> from hotspot.grid.lattice import Grid
    >>> from hotspot.publish.tables.lists import WARNING_COLUMNS
    >>> grid = Grid()
    >>> col, row = np.array([1290, 1291]), np.array([2090, 2090])
    >>> x, y = grid.centre(col, row)
    >>> lon, lat = grid.unproject(x, y)
    >>> text = {name: ("cell", ["A", "B"]) for name in ("city", "county", "township")}
    >>> place = {"col": ("cell", col), "row": ("cell", row), "lon": ("cell", lon), "lat": ("cell", lat)}
    >>> months = pd.to_datetime(["2019-02-01", "2020-01-01", "2020-02-01"])
    >>> field = xr.Dataset({"pm25": (("cell", "time"), [[61.0, 58.0, 43.2], [np.nan, 57.0, 41.9]])},
    ...                    {"cell": grid.code(col, row), "time": months} | text | place)
    >>> page = web_map(field, pd.DataFrame(columns=list(WARNING_COLUMNS)), title="Two cells")
    >>> "cdn." in page.html, page.title
    (False, 'Two cells · 2020-02')
    """
    if not field.sizes.get("cell"):
        raise DataError("field: it holds no cells, so there is nothing to map; check the study's boundary.")
    criteria = study.criteria if study is not None else Criteria()
    decimals, grid = criteria.warning.decimals, _lattice(field, study)
    month, field = contracts.named(field), contracts.in_order(field).isel(cell=page_order(field))
    if month != max(contracts.months_in(field)):
        raise DataError(f"field: it is of {month} and holds later months; give the months up to {month}.")
    history = None if history is None else contracts.in_order(history)
    if public:
        traced = hot = facilities = not_ranked = gi = standing = emerging = past = layers = None
    reasons, of = in_use(criteria.warning.k), contracts.pollutant_of(field)
    values = pack_field(
        field, decimals=decimals, change=criteria.warning.change, history=history, gi=gi, standing=standing,
        level_year=_level_year(study, month), public=public, emerging=emerging, reasons=reasons,
        of=of,
    )  # fmt: skip
    ids = [reason.id for reason in reasons]
    said = notes(field, study, month, title)
    tiles = tile_source(study.map) if study is not None else None
    data = {
        "notes": said,
        "cells": pack_cells(field, grid),
        "field": values,
        "reasons": reason_styles(reasons),
        "warned": warned_rows(warned, field, decimals, public=public, reasons=ids),
        "traced": traced_rows(traced, field),
        "calm": calm_notes(traced, field),
        "hidden": hidden_notes(traced, field, None if study is None else study.grid),
        "past": past_notes(past, field),
        "series": None if public else pack_series(days, hours, field, decimals),
        "ledger": None,
        "hot": hotspot_cells(hot, field),
        "standing": standing_rows(standing, lambda codes: positions(codes, field, "standing"), ids),
        "not_ranked": not_ranked_rows(not_ranked, field, ids),
        "facilities": with_layers(facility_rows(facilities), layers),
        "colours": palette()["lines"],
        "public": public,
        "tiles": tiles,
    }
    lon, lat = field["lon"].to_numpy(), field["lat"].to_numpy()
    bounds = float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())
    name = plain(title) or (plain(study.name) if study is not None else "hotspot")
    return WebMap(map_page(data, f"{said['title'][0]} · {month}", bounds, hosts(tiles), of), f"{name} · {month}")


def _level_year(study: Study | None, month: str) -> int | None:
    """The year whose level the field carries, as ``level.annual_level`` has it."""
    if study is None:
        return None
    return int(month[:4]) - (study.criteria.selection.basis == "previous_year")


def _lattice(field: "xr.Dataset", study: Study | None) -> Grid:
    """The ``Grid`` on which the field lies."""
    if study is not None:
        grid = study.grid
    else:
        grid = Grid(float(field.attrs.get("spacing", 3000.0)), crs=field.attrs.get("crs"))
    named = field.attrs.get("lattice_id")
    if named and named != grid.id:
        raise DataError(f"field: it lies on lattice {named}, not on {grid.id}; give the study that made it.")
    return grid
