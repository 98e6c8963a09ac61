"""Which cells belong to which unit of the network: by area as townships do, key grids by distance (B1)."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from shapely.geometry.base import BaseGeometry

from hotspot.grid.lattice import Grid
from hotspot.grid.projection import towards
from hotspot.kernels.arrays import Flags

if TYPE_CHECKING:
    import geopandas as gpd

UNIT_CELLS = ["cell", "tier", "unit", "share", "how", "owner"]
_LEVEL = {"prefecture": "city", "county": "county", "township": "township"}


def unit_cells(
    cells: xr.Dataset, grid: Grid, units: pd.DataFrame, shapes: Mapping[str, BaseGeometry], *,
    boundaries: "gpd.GeoDataFrame | None" = None, overlap: str = "park_first", radius_m: float = 1000.0,
) -> pd.DataFrame:  # fmt: skip
    """
    Join cells to the units of every tier.

    Parameters
    ----------
    cells : Dataset (cell), from ``Study.cells``
    units : DataFrame ``unit, tier, name, parent, region, lon, lat, radius_m``
    shapes : mapping unit -> outline in WGS 84, of parks and villages that have one
    boundaries : GeoDataFrame, optional
        Of the study: what a park and a county share is then taken from one of them.
    overlap : "park_first" or "county_first"
        Who owns what a park and a county share.
    radius_m : float
        Of a key grid whose own ``radius_m`` is not given.

    Returns
    -------
    DataFrame with ``UNIT_CELLS``, by cell, tier and unit: ``share`` of the cell's area (NaN for a point), ``how``
    "area" | "point" | "parent" | "radius"; ``owner`` marks the one that answers for the cell on its tier (county and
    park are one tier). Key grids own nothing: they stand beside.

    Notes
    -----
    A unit of a level that the boundary has is found by its code ``region``, else by its name. A village without an
    outline is the cell of its point; with neither it is joined through its township's cells (``how`` "parent").
    """
    rows = [*_by_boundary(cells, units), *_by_shape(cells, grid, units, shapes)]
    known = {row[2] for row in rows}
    table = pd.DataFrame(rows, columns=UNIT_CELLS[:5])
    rest = units[units["tier"].isin(["village", "park"]) & ~units["unit"].isin(known)]
    table = pd.concat([table, _by_point(cells, grid, rest, table), _key(cells, units, radius_m)], ignore_index=True)
    table["counted"] = table["share"]
    _share_out(table, cells, grid, shapes, boundaries, units, overlap)
    table["owner"] = _owners(table)
    table = table.sort_values(["cell", "tier", "unit"], kind="stable").reset_index(drop=True)
    return table[UNIT_CELLS]


def _by_boundary(cells: xr.Dataset, units: pd.DataFrame) -> Iterator[tuple[str, str, str, float, str]]:
    """Shares of the levels that the boundary itself has."""
    whole = float(cells.attrs["spacing"]) ** 2
    codes = cells["cell"].values.astype(str)
    at, unit, area = (cells[f"member_{name}"].values for name in ("cell", "unit", "area"))
    for tier, level in _LEVEL.items():
        wanted = units[units["tier"] == tier]
        if not len(wanted):
            continue
        by_code = {row.region: row.unit for row in wanted.itertuples() if row.region}
        by_name = {row.name: row.unit for row in wanted.itertuples() if not row.region}
        code, name = (cells[f"unit_{level}{end}"].values.astype(str) for end in ("_code", ""))
        ours = np.array([by_code.get(c) or by_name.get(n) or "" for c, n in zip(code, name, strict=True)], dtype=object)
        table = pd.DataFrame({"at": at, "unit": ours[unit], "area": area})
        table = table[table["unit"] != ""].groupby(["at", "unit"], sort=True)["area"].sum()
        for (cell, name_), square in table.items():
            yield codes[cell], tier, name_, min(float(square) / whole, 1.0), "area"


def _on_lattice(grid: Grid, outline: BaseGeometry) -> BaseGeometry:
    return shapely.transform(outline, lambda at: np.column_stack(grid.project(at[:, 0], at[:, 1])))


def _by_shape(
    cells: xr.Dataset, grid: Grid, units: pd.DataFrame, shapes: Mapping[str, BaseGeometry]
) -> Iterator[tuple[str, str, str, float, str]]:
    """Shares of outlines that the register brings."""
    if not shapes:
        return
    half, x, y = float(cells.attrs["spacing"]) / 2, cells["x"].values, cells["y"].values
    squares = shapely.box(x - half, y - half, x + half, y + half)
    tree = shapely.STRtree(squares)
    codes, tiers = cells["cell"].values.astype(str), units.set_index("unit")["tier"]
    for unit in sorted(set(shapes) & set(tiers.index)):
        outline = shapely.make_valid(_on_lattice(grid, shapes[unit]))
        for at in sorted(tree.query(outline, predicate="intersects").tolist()):
            share = float(shapely.area(shapely.intersection(squares[at], outline)) / shapely.area(squares[at]))
            if share > 0:
                yield codes[at], str(tiers[unit]), unit, min(share, 1.0), "area"


def _by_point(cells: xr.Dataset, grid: Grid, units: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Units without an outline: the cell of their point, else the cells of the unit above."""
    codes, rows = set(cells["cell"].values.astype(str)), []
    for row in units.itertuples():
        if row.lon == row.lon and row.lat == row.lat:
            code = str(np.atleast_1d(grid.code(*grid.locate(row.lon, row.lat)))[0])
            if code in codes:
                rows.append((code, row.tier, row.unit, np.nan, "point"))
        elif row.tier == "village":
            above = table[(table["unit"] == row.parent) & (table["how"] == "area")]
            rows += [(one.cell, row.tier, row.unit, one.share, "parent") for one in above.itertuples()]
    return pd.DataFrame(rows, columns=UNIT_CELLS[:5])


def _key(cells: xr.Dataset, units: pd.DataFrame, radius_m: float) -> pd.DataFrame:
    """Cells whose centre lies within the radius of a key grid's point, on the ellipsoid."""
    keys = units[(units["tier"] == "key") & units["lon"].notna() & units["lat"].notna()]
    lon, lat, codes, rows = cells["lon"].values, cells["lat"].values, cells["cell"].values.astype(str), []
    for row in keys.itertuples():
        reach = row.radius_m if row.radius_m == row.radius_m else radius_m
        km = towards(row.lon, row.lat, lon, lat)[1]
        rows += [(codes[k], "key", row.unit, np.nan, "radius") for k in np.flatnonzero(km <= reach / 1000)]
    return pd.DataFrame(rows, columns=UNIT_CELLS[:5])


def _share_out(
    table: pd.DataFrame,
    cells: xr.Dataset,
    grid: Grid,
    shapes: Mapping[str, BaseGeometry],
    boundaries: "gpd.GeoDataFrame | None",
    units: pd.DataFrame,
    overlap: str,
) -> None:
    """Take what a park and a county share from the one that does not own it."""
    parks = table.index[(table["tier"] == "park") & table["share"].notna()]
    if overlap == "county_first":
        table.loc[parks, "counted"] = 0.0
        return
    if boundaries is None or not len(parks):
        return
    x, y = (dict(zip(cells["cell"].values.astype(str), cells[name].values, strict=True)) for name in ("x", "y"))
    half, region = float(cells.attrs["spacing"]) / 2, units.set_index("unit")[["region", "name"]]
    outlines = [_on_lattice(grid, outline) for outline in boundaries.geometry.to_numpy()]
    for at in parks:
        cell = table.at[at, "cell"]
        square = shapely.box(x[cell] - half, y[cell] - half, x[cell] + half, y[cell] + half)
        own = shapely.intersection(square, shapely.make_valid(_on_lattice(grid, shapes[table.at[at, "unit"]])))
        for other in table.index[(table["cell"] == cell) & (table["tier"] == "county")]:
            code, name = region.loc[table.at[other, "unit"]]
            mine = [
                outline
                for outline, its_code, its_name in zip(
                    outlines, boundaries["county_code"].astype(str), boundaries["county"].astype(str), strict=True
                )
                if (its_code == code if code else its_name == name)
            ]
            both = sum(float(shapely.area(shapely.intersection(own, shapely.make_valid(one)))) for one in mine)
            table.at[other, "counted"] -= both / shapely.area(square)


def _owners(table: pd.DataFrame) -> Flags:
    """One owner a tier and cell: the largest share, ties by unit; a point owns where no area does."""
    group = table["tier"].replace({"park": "county"})
    order = pd.DataFrame(
        {"cell": table["cell"], "group": group, "less": -table["counted"].fillna(0.0).round(9), "unit": table["unit"]}
    )
    order = order[(group != "key") & ~((table["tier"] == "park") & (table["counted"].fillna(1.0) <= 0))]
    order = order[~(table.loc[order.index, "how"] == "parent")]
    first = order.sort_values(["cell", "group", "less", "unit"], kind="stable").drop_duplicates(["cell", "group"])
    return table.index.isin(first.index)
