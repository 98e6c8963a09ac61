"""
Layers into a GeoPackage, the same bytes every time.

A GeoPackage stamps the time of writing into every layer; here it is the first day of the month.
"""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd

from hotspot.publish.fonts import harmless

# What the GDAL of our oldest QGIS reads without a warning; left alone, newer libraries write 1.4.
_VERSION = "1.2"


def stamp_of(month: str) -> str:
    """
    What stands as the time of writing.

    Examples
    --------
    >>> stamp_of("2020-03")
    '2020-03-01T00:00:00.000Z'
    """
    return f"{month}-01T00:00:00.000Z"


def write_layers(path: Path | str, layers: Mapping[str, tuple[str, gpd.GeoDataFrame]], month: str) -> Path:
    """
    Write layers into a new GeoPackage, WGS 84.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced.
    layers : mapping of name -> (Point | Polygon, GeoDataFrame)
    """
    import pyogrio

    path = Path(path)
    path.unlink(missing_ok=True)
    stamp = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp_of(month)})
    try:
        for name, (kind, layer) in layers.items():
            pyogrio.write_dataframe(
                _plain(layer), path, layer=name, driver="GPKG", geometry_type=kind, append=path.exists(),
                promote_to_multi=False, VERSION=_VERSION,
            )  # fmt: skip
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
