"""
The page of the printed sheet that brings people to each source: place, QR, share, group, size, and a map of them all.

The front's panel ends at the ring; a source that adds most may stand far outside it.
"""

from typing import Any

from hotspot.publish.fonts import shorten
from hotspot.publish.paper import sheet_map
from hotspot.publish.paper.sheet_words import away_zh, class_of
from hotspot.publish.paper.wayfinding import qr_svg
from hotspot.publish.words import known, name_of
from hotspot.rules.emissions import size_words
from hotspot.study import Study
from hotspot.trace.plumes.groups import group_words
from hotspot.trace.visits.words import rest_words, share_words

CARDS = 12  # sources with a QR; the page has no room for more
_WIDE = 12_000.0  # m, half side from which lattice codes would only blacken the map


def source_page(
    study: Study,
    col_row: tuple[int, int],
    near: list[dict[str, Any]],
    hours: dict[str, Any],
    shared: dict[str, Any],
) -> dict[str, Any]:
    """
    Cards of the first sources, statements of groups, and the overview map.

    Parameters
    ----------
    col_row : (int, int)
    near : list of dict, the cell's traced facilities, numbered, with ``x y`` and what the register knows
    hours : mapping, of the cell, from ``attrs["hours"]`` of ``trace_sources``, or None
    shared : dict, what ``sheet_map.ring_panel`` needs besides

    Returns
    -------
    dict: ``cards``, ``groups`` (sentences), ``rest`` (a sentence), ``overview`` (a panel, or None without sources)
    """
    listed = [row for row in near if row["number"]]
    cards = [_card(row) for row in listed[:CARDS]]
    groups = [zh for zh, _ in group_words(listed)]
    return {
        "cards": cards,
        "groups": groups,
        "rest": rest_words(hours or {})[0],
        "overview": _overview(study, col_row, near, shared),
    }


def _card(row: dict[str, Any]) -> dict[str, str]:
    from hotspot.grid.datum import from_wgs84

    lon, lat = float(row["lon"]), float(row["lat"])
    gcj = [float(value) for value in from_wgs84(lon, lat, "gcj02")]
    address = f"https://uri.amap.com/marker?position={gcj[0]:.6f},{gcj[1]:.6f}&coordinate=gaode"
    size = size_words(row.get("size", float("nan")), row["size_unit"] if known(row.get("size_unit")) else "")[0]
    return {
        "number": row["number"],
        "name": shorten(name_of(row), 26),
        "what": shorten("，".join(filter(None, [class_of(row["class_"]).zh, size])), 36),
        "share": share_words(row)[0],
        "away": away_zh(row["bearing_deg"], float(row["distance_km"])),
        "wgs": f"WGS 84 {lon:.5f}, {lat:.5f}",
        "gcj": f"GCJ-02 {gcj[0]:.5f}, {gcj[1]:.5f}",
        "qr": qr_svg(address),
    }


def _overview(
    study: Study, col_row: tuple[int, int], near: list[dict[str, Any]], shared: dict[str, Any]
) -> dict[str, Any] | None:
    """The ring panel again, wide enough for every source."""
    if not near:
        return None
    grid, (col, row) = study.grid, col_row
    x, y = (float(value) for value in grid.centre(col, row))
    ring = study.criteria.tracing.ring_km * 1000
    far = max(max(abs(place["x"] - x), abs(place["y"] - y)) for place in near)
    reach = max(1.08 * far, 1.08 * ring)
    panel = sheet_map.ring_panel(grid, col, row, reach=reach, ring=ring, coded=reach < _WIDE, **shared)
    return panel | {"title": f"全部源：灰格为本格，虚线圆为周边{ring / 1000:g} km"}
