"""
Base maps from the network, for a study that asks for them: never by default.

Tianditu is drawn in CGCS2000, which is WGS 84 on any map; Amap's tiles are in GCJ-02,
so the page shifts the cells before it lays them over.
"""

from types import MappingProxyType
from typing import Any

from hotspot.study import WebMap
from hotspot.text.labels import label_of

_TIANDITU = (
    "https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)
_AMAP = "https://webrd0{{s}}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={{x}}&y={{y}}&z={{z}}{key}"
_SOURCES: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "tianditu": {
            "name": ["天地图", "Tianditu"],
            "datum": "wgs84",
            "parts": "01234567",
            "urls": [_TIANDITU.replace("{layer}", layer) for layer in ("vec", "cva")],
            "key": "{key}",
        },
        "amap": {
            "name": [label_of("amap"), "Amap"],
            "datum": "gcj02",
            "parts": "1234",
            "urls": [_AMAP],
            "key": "&key={key}",
        },
    }
)


def tile_source(settings: WebMap) -> dict[str, Any] | None:
    """
    What the page needs to draw a base map.

    Parameters
    ----------
    settings : ``study.map``: ``tiles`` ("none", "tianditu" or "amap") and ``key``

    Returns
    -------
    dict: ``name`` (zh, en), ``datum`` of the tiles ("wgs84" or "gcj02"), ``parts`` (of the host name),
    ``urls`` (from the bottom up); None without tiles

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> tile_source(SimpleNamespace(tiles="none", key=""))
    >>> source = tile_source(SimpleNamespace(tiles="amap", key=""))
    >>> source["datum"], hosts(source)[0]
    ('gcj02', 'https://webrd01.is.autonavi.com')
    """
    if settings.tiles == "none":
        return None
    source = _SOURCES[settings.tiles]
    key = source["key"].format(key=settings.key) if settings.key else ""
    urls = [url.format(key=key) for url in source["urls"]]
    return {"name": source["name"], "datum": source["datum"], "parts": source["parts"], "urls": urls}


def hosts(source: dict[str, Any] | None) -> list[str]:
    """
    Every host a base map is asked from, and no other.

    Parameters
    ----------
    source : dict from ``tile_source``, or None

    Returns
    -------
    list of str, "https://host"

    Examples
    --------
    >>> hosts(None)
    []
    """
    if source is None:
        return []
    roots = sorted({url.split("/")[2] for url in source["urls"]})
    return [f"https://{root.replace('{s}', part)}" for root in roots for part in source["parts"]]
