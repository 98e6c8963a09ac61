"""
``cells.parquet``: every cell of the study with everything the month knows of it.

Values have nine digits, so that every printed figure can be traced to them. The
file holds no time of writing and no frame index: same month, same bytes.
"""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from hotspot import contracts
from hotspot.grid.cover import grid_of
from hotspot.grid.lattice import Grid
from hotspot.kernels.arrays import Floats, Texts
from hotspot.rules.calendar import month_minus
from hotspot.rules.reasons import LEVEL, OURS, REASONS
from hotspot.rules.rounding import steady
from hotspot.text.table import columns
from hotspot.variables import DataError

DESCRIPTIONS = {name: column.says for name, column in columns("cells.parquet").items() if column.in_file}
LEFT = "exited"  # the one status of a hotspot list that is no longer watched


def cells_table(
    field: xr.Dataset,
    *,
    hot: pd.DataFrame,
    gi: xr.Dataset | None = None,
    warned: pd.DataFrame | None = None,
    level: xr.Dataset | None = None,
    grid: Grid | None = None,
    standing: pd.DataFrame | None = None,
) -> gpd.GeoDataFrame:
    """
    One row per cell of the study: place, values, completeness, flags.

    Parameters
    ----------
    field : Dataset (cell, time), from ``monthly_field``: months M-12, M-1, M
    hot : DataFrame, the year's hotspot list; cells that have left it do not count
    gi : Dataset (cell), optional
        ``gi_z, gi_p, gi_class`` of month M.
    warned : DataFrame, optional
        The month's warning list.
    level : Series by cell code, optional
        Stagnant-weather level, ug/m3. Default: the field's own ``level``, else NaN.
    grid : Grid, optional
        The lattice of the field. Default: made from the field's own ``spacing`` and ``crs``.
    standing : DataFrame, optional
        From ``rank_standing``: the claims about every hotspot cell's rank.

    Returns
    -------
    GeoDataFrame in WGS 84, sorted by cell: ``cell label city county township lon lat x y
    area_share pm25 previous previous_year pm25_seen pm25_filled p_again may_be_worst level coverage
    n_valid error valid previous_valid previous_year_valid why normalised previous_normalised
    previous_year_normalised hotspot warned gi_z gi_p gi_class h3_8 geometry``; concentrations in ug/m3,
    all values to nine digits (``steady``); ``normalised`` is the mean in average weather, NaN where there is none;
    what other columns are stands in ``DESCRIPTIONS``

    Raises
    ------
    DataError
        The hotspot list, the warning list or the grid belong to another lattice.
    """
    from hotspot.grid.hexagons import h3_index

    grid = grid or grid_of(field)
    if grid.id != field.attrs["lattice_id"]:
        raise DataError(
            f"the field lies on lattice {field.attrs['lattice_id']}, the grid is {grid.id}; "
            "give the grid of the study that made the field."
        )
    cells = field["cell"].to_numpy().astype(str)
    table = {"cell": cells}
    for name in ("label", "city", "county", "township"):
        table[name] = field[name].to_numpy().astype(str)
    for name in ("lon", "lat", "x", "y", "area_share"):
        table[name] = field[name].to_numpy().astype("float64")
    month = contracts.named(field)
    last_year, before, _ = contracts.compared_months(month)
    for column, name in (("pm25", month), ("previous", before), ("previous_year", last_year)):
        table[column] = contracts.values_of(field, "pm25", name).astype("float64")
    if level is None and "level" in field:
        level = field["level"].to_series()
    for name in ("pm25_seen", "pm25_filled"):
        table[name] = (
            contracts.values_of(field, name).astype("float64") if name in field else np.full(cells.size, np.nan)
        )
    table["p_again"], table["may_be_worst"] = _claims(standing, cells)
    table["level"] = _by_cell(level, cells)
    for name, ours in (("coverage", "coverage"), ("n_valid", "n_valid"), ("pm25_error", "error")):
        table[ours] = contracts.values_of(field, name).astype("float64")
    for column, name in (("valid", month), ("previous_valid", before), ("previous_year_valid", last_year)):
        table[column] = contracts.values_of(field, "valid", name).astype(bool)
    table["why"] = contracts.values_of(field, "why").astype(str)
    for column, name in (
        ("normalised", month), ("previous_normalised", before), ("previous_year_normalised", last_year),
    ):  # fmt: skip
        table[column] = _normalised(field, name)
    table |= _other_bases(field, month)
    watched = hot.loc[hot["status"] != LEFT, "cell"]
    table["hotspot"] = np.isin(cells, _known(watched, cells, "hotspot list"))
    table["warned"] = _reasons(warned, cells)
    for name in ("gi_z", "gi_p"):
        table[name] = np.full(cells.size, np.nan) if gi is None else gi[name].to_numpy().astype("float64")
    table["gi_class"] = np.full(cells.size, "") if gi is None else gi["gi_class"].to_numpy().astype(str)
    table["h3_8"] = np.asarray(h3_index(table["lon"], table["lat"], 8)).astype(str)
    places = ("lon", "lat", "x", "y")
    for name in [name for name, values in table.items() if values.dtype.kind == "f" and name not in places]:
        table[name] = np.array([steady(value) for value in table[name].tolist()])
    polygons = grid.polygons(field["col"].to_numpy(), field["row"].to_numpy())
    frame = gpd.GeoDataFrame(table, geometry=polygons, crs="EPSG:4326")
    frame = frame.sort_values("cell", kind="stable", ignore_index=True)
    keep = "lattice_id month unit source product native_resolution_m completeness gas_state method".split()
    frame.attrs = {name: field.attrs[name] for name in keep if name in field.attrs}
    return frame


def write_cells(path: Path, field: xr.Dataset, **given: Any) -> Path:
    """
    Write ``cells.parquet``: the table of ``cells_table``, which takes the rest, as GeoParquet 1.1 (WKB, WGS 84), its
    columns named after what the field is of.

    The lattice, month, unit, source and product stand in the file's metadata
    under ``hotspot``, as JSON.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    import shapely
    from pyproj import CRS

    table = cells_table(field, **given)
    columns, of = {}, contracts.pollutant_of(field)
    for name in table.columns:
        if name == "geometry":
            # Little-endian WKB on every machine; the file says so itself.
            columns[name] = pa.array(shapely.to_wkb(table.geometry.to_numpy(), byte_order=1), pa.binary())
        elif table[name].dtype == bool:
            columns[name] = pa.array(table[name].to_numpy(), pa.bool_())
        elif np.issubdtype(table[name].to_numpy().dtype, np.number):
            columns[name] = pa.array(table[name].to_numpy("float64"), pa.float64())
        else:
            columns[name] = pa.array([str(v) for v in table[name]], pa.string())
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": ["Polygon"],
                "crs": CRS.from_epsg(4326).to_json_dict(),
                "bbox": [float(v) for v in table.total_bounds],
            }
        },
    }
    metadata = {"geo": json.dumps(geo, sort_keys=True), "hotspot": json.dumps(table.attrs, sort_keys=True, default=str)}
    path = Path(path)
    arrays = pa.table(columns)
    for i, name in enumerate(arrays.column_names):
        if name in DESCRIPTIONS:
            told = arrays.schema.field(i).with_metadata({"description": of.words(DESCRIPTIONS[name])})
            arrays = arrays.set_column(i, told, arrays.column(i))
    arrays = arrays.rename_columns([of.column(name) for name in arrays.column_names])
    pq.write_table(arrays.replace_schema_metadata(metadata), path, compression="zstd", compression_level=3)
    return path


def _other_bases(field: xr.Dataset, month: str) -> dict[str, np.ndarray]:
    """Bases of classes from outside, where the field holds their months: mean and validity."""
    columns = {}
    for reason in REASONS.values():
        if reason.id not in OURS and reason.months_back not in (0, 1, 12):
            name = month_minus(month, reason.months_back)
            if name in contracts.months_in(field):
                columns[reason.base_column] = contracts.values_of(field, "pm25", name).astype("float64")
                columns[f"{reason.base_column}_valid"] = contracts.values_of(field, "valid", name).astype(bool)
    return columns


def _normalised(field: xr.Dataset, month: str) -> Floats:
    """The month's mean in average weather, NaN where the weather was not taken out."""
    if "pm25_normalised" not in field:
        return np.full(field.sizes["cell"], np.nan)
    return contracts.values_of(field, "pm25_normalised", month).astype("float64")


def _claims(standing: pd.DataFrame | None, cells: Texts) -> tuple[Floats, Texts]:
    """Of every hotspot cell: how likely its mean leads again, and where it may be among the worst."""
    if standing is None or not len(standing):
        return np.full(cells.size, np.nan), np.full(cells.size, "")
    highest = standing[standing["reason"] == LEVEL].set_index("cell")["p_again"]
    may = standing[standing["may_top"].fillna(False).astype(bool)]
    joined = may.groupby("cell", sort=True)["reason"].agg(";".join)
    return highest.reindex(cells).to_numpy("float64"), joined.reindex(cells).fillna("").to_numpy().astype(str)


def _by_cell(level: pd.Series | None, cells: Texts) -> Floats:
    return np.full(cells.size, np.nan) if level is None else pd.Series(level).reindex(cells).to_numpy("float64")


def _known(codes: pd.Series, cells: Texts, what: str) -> Texts:
    """The codes as an array, all of them cells of the study."""
    codes = np.asarray(codes, dtype=str)
    strange = np.setdiff1d(codes, cells)
    if strange.size:
        raise DataError(
            f"{what}: cell {strange[0]} is no cell of the study ({strange.size} such); "
            "the list was made on another lattice or boundary, select it again."
        )
    return codes


def _reasons(warned: pd.DataFrame, cells: Texts) -> Texts:
    """Reasons of each cell in the list's order, joined by ';', empty for a cell without."""
    if warned is None:
        return np.full(cells.size, "")
    _known(warned["cell"], cells, "warning list")
    joined = warned.groupby("cell", sort=True)["reason"].agg(";".join)
    return joined.reindex(cells).fillna("").to_numpy().astype(str)
