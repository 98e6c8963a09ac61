"""Fires and bare soil as signs on the web map, beside the facilities and with a switch of their own in its legend."""

from typing import TYPE_CHECKING, Any

from hotspot.grid.datum import from_wgs84
from hotspot.text.escape import escape

if TYPE_CHECKING:
    import geopandas as gpd

SIGNS = {
    "fire": {"zh": "卫星火点", "en": "Fires seen by satellite", "colour": "#d7191c", "shape": "diamond"},
    "bare_soil": {"zh": "裸土（卫星影像）", "en": "Bare soil seen by satellite", "colour": "#8c510a", "shape": "down"},
}
_UNITS = {"fire": "MW", "bare_soil": "ha"}


def with_layers(facilities: dict[str, list[dict[str, Any]]], layers: "gpd.GeoDataFrame | None") -> dict[str, Any]:
    """
    The markers of a map with those of its evidence layers.

    Parameters
    ----------
    facilities : dict, from ``facility_rows``
    layers : GeoDataFrame, from ``read_layers``, or None

    Returns
    -------
    dict ``classes, rows``; the same object where there are no layers

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> fire = {"kind": "fire", "lon": 114.5, "lat": 36.5, "time": pd.Timestamp("2025-06-12 13:30"), "size": 4.2,
    ...         "confidence": "n", "source": "FIRMS"}
    >>> layers = gpd.GeoDataFrame([fire], geometry=gpd.points_from_xy([114.5], [36.5]), crs=4326)
    >>> made = with_layers({"classes": [], "rows": []}, layers)
    >>> made["classes"][0]["zh"], made["rows"][0]["size"], made["rows"][0]["name"]
    ('卫星火点', '4.2 MW', '06-12 13:30')
    """
    if layers is None or not len(layers):
        return facilities
    kinds = [kind for kind in SIGNS if kind in set(layers["kind"])]
    first = len(facilities["classes"])
    gcj = from_wgs84(layers["lon"].to_numpy(float), layers["lat"].to_numpy(float), "gcj02")
    rows = []
    for row, *moved in zip(layers.to_dict("records"), *gcj, strict=True):
        kind = row["kind"]
        places = dict(zip(("lon", "lat", "gcj_lon", "gcj_lat"), (row["lon"], row["lat"], *moved), strict=True))
        when = "" if row["time"] != row["time"] else f"{row['time']:%m-%d %H:%M}"
        size = "" if row["size"] != row["size"] else f"{row['size']:.1f} {_UNITS[kind]}"
        said = {"name": when or SIGNS[kind]["zh"], "facility": "", "accuracy": "", "vintage": when, "status": ["", ""]}
        rows.append(
            {"c": first + kinds.index(kind), "size": size}
            | {name: round(float(value), 5) for name, value in places.items()}
            | said
            | {"source": escape(row["source"])}
        )
    return {
        "classes": facilities["classes"] + [SIGNS[kind] for kind in kinds],
        "rows": facilities["rows"] + rows,
    }
