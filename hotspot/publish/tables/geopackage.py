"""
``warnings.gpkg``: the month for a desktop GIS, three layers in WGS 84.

A GeoPackage stamps the time of writing into every layer; the stamp is fixed to
the first day of the month, so the same month gives the same bytes.
"""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import xarray as xr

from hotspot.publish.fonts import harmless
from hotspot.publish.tables.cells import cells_table
from hotspot.publish.tables.lists import WARNING_COLUMNS, published
from hotspot.study import Study


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
    Write the layers ``warnings``, ``hotspots`` and ``facilities``.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced.
    study : Study
        Gives the lattice and the decimals of PM2.5.
    month : str
        ``"2020-03"``; stands in the file as its date.
    field : Dataset (cell, time), from ``monthly_field``
    hot : DataFrame
        The year's hotspot list; its cells fill the second layer, with the values of ``cells.parquet``.
    warned : DataFrame
        The warning list: one polygon per cell and reason, the columns of ``warnings.csv``.
    facilities : GeoDataFrame, optional

    Returns
    -------
    Path
    """
    import pyogrio

    cells = cells_table(field, hot=hot, warned=warned, grid=study.grid)
    polygon = dict(zip(cells["cell"], cells.geometry, strict=True))
    rows = published(warned, study.criteria.warning.decimals)[list(WARNING_COLUMNS)]
    layers = {"warnings": gpd.GeoDataFrame(rows, geometry=[polygon[c] for c in rows["cell"]], crs="EPSG:4326")}
    watched = cells[cells["hotspot"]].reset_index(drop=True)
    layers["hotspots"] = watched.drop(
        columns=["hotspot", "x", "y", "gi_z", "gi_p", "gi_class", "pm25_seen", "pm25_filled", "p_again", "may_be_worst"]
    )
    if facilities is None:
        facilities = gpd.GeoDataFrame({"facility": [], "name": [], "class_": []}, geometry=[], crs="EPSG:4326")
    layers["facilities"] = facilities.rename(columns={"class_": "class"})
    path = Path(path)
    path.unlink(missing_ok=True)
    stamp = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{month}-01T00:00:00.000Z"})
    try:
        for name, layer in layers.items():
            kind = "Point" if name == "facilities" else "Polygon"
            pyogrio.write_dataframe(
                _plain(layer),
                path,
                layer=name,
                driver="GPKG",
                geometry_type=kind,
                append=path.exists(),
                promote_to_multi=False,
            )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    return path


def _plain(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The layer with columns a GeoPackage has: numbers, and harmless texts."""
    layer = layer.copy()
    layer.attrs = {}
    for name in layer.columns.drop("geometry"):
        values = layer[name]
        if name == "distinguishable":
            # An unknown flag has no boolean; 1, 0 and NULL are what a GIS filters on.
            layer[name] = [None if pd.isna(v) or v == "" else float(bool(v)) for v in values]
            layer[name] = layer[name].astype("float64")
        elif not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            if pd.api.types.is_bool_dtype(values):
                continue
            layer[name] = pd.Series([None if pd.isna(v) else harmless(str(v)) for v in values], dtype="object")
    return layer
