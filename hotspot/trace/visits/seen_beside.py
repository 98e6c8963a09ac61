"""
Fires and bare soil in and around a cell, as sentences: what was seen, when, how far. Nothing is scored or ranked by it.
"""

from typing import TYPE_CHECKING, NamedTuple

from hotspot.grid.projection import towards
from hotspot.rules.tracing import Tracing

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

CLASS_OF = {"fire": "open_burning", "bare_soil": "bare_soil"}  # the source class whose row of a checklist it supports


class Seen(NamedTuple):
    """One sentence of a cell: ``kind`` fire or bare_soil."""

    cell: str
    kind: str
    zh: str
    en: str


def seen_beside(layers: "gpd.GeoDataFrame", cells: "xr.Dataset", codes: list[str], tracing: Tracing) -> list[Seen]:
    """
    What the layers hold of cells and of what lies within ``tracing.ring_km`` of their centres.

    Parameters
    ----------
    layers : GeoDataFrame, from ``read_layers``
    cells : Dataset (cell)
    codes : list of str, the cells asked for

    Returns
    -------
    list of Seen, by cell, fires first; nothing for a cell beside which nothing was seen

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd, xarray as xr
    >>> at = {"lon": ("cell", [114.5]), "lat": ("cell", [36.5])}
    >>> cells = xr.Dataset(coords={"cell": ["A"]} | at)
    >>> fire = {"kind": "fire", "lon": 114.51, "lat": 36.5, "time": pd.Timestamp("2025-06-12 13:30"), "size": 4.2}
    >>> layers = gpd.GeoDataFrame([fire], geometry=gpd.points_from_xy([114.51], [36.5]), crs=4326)
    >>> seen_beside(layers, cells, ["A"], Tracing())[0].zh
    '卫星火点1个，最近0.9公里（06-12 13:30），最大辐射功率4.2 MW'
    """
    if not len(layers):
        return []
    place = {str(code): n for n, code in enumerate(cells["cell"].values)}
    lon, lat = cells["lon"].values, cells["lat"].values
    said = []
    for code in sorted(set(codes)):
        here = float(lon[place[code]]), float(lat[place[code]])
        near = layers.assign(km=towards(*here, layers["lon"].to_numpy(float), layers["lat"].to_numpy(float))[1])
        near = near[near["km"] <= tracing.ring_km].sort_values(["km", "lon"], kind="stable")
        fires, soil = near[near["kind"] == "fire"], near[near["kind"] == "bare_soil"]
        if len(fires):
            first, power = fires.iloc[0], fires["size"].max()
            strong = ("", "") if power != power else (f"，最大辐射功率{power:.1f} MW", f", up to {power:.1f} MW")
            said.append(
                Seen(
                    code, "fire",
                    f"卫星火点{len(fires)}个，最近{first['km']:.1f}公里（{first['time']:%m-%d %H:%M}）{strong[0]}",
                    f"{len(fires)} fires seen by satellite, the nearest {first['km']:.1f} km off "
                    f"({first['time']:%m-%d %H:%M}){strong[1]}",
                )
            )  # fmt: skip
        if len(soil):
            said.append(
                Seen(
                    code, "bare_soil",
                    f"裸土{len(soil)}处共{soil['size'].sum():.1f}公顷，最近{soil['km'].iloc[0]:.1f}公里",
                    f"bare soil in {len(soil)} places, {soil['size'].sum():.1f} ha, the nearest "
                    f"{soil['km'].iloc[0]:.1f} km off",
                )
            )  # fmt: skip
    return said
