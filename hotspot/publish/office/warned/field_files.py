"""
What a team opens on its own devices beside the paper: ``field.kmz`` for a globe or a phone, ``ovital.txt`` for Ovital.

Both hold the warned cells of one city with their sub-cells and the sources in visiting order. Names come from files, so
every text is escaped; nothing points to the network.
"""

from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
import shapely

from hotspot.grid.datum import from_wgs84
from hotspot.grid.lattice import Grid
from hotspot.publish.archive import archive
from hotspot.publish.fonts import harmless
from hotspot.publish.palette import palette
from hotspot.publish.paper.sheet_words import away_zh, class_of
from hotspot.publish.words import month_zh
from hotspot.rules.classes import SourceClass
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.text.table import rows_of

_NOWHERE = "公开资料中没有已登记的源"


def field_kmz(grid: Grid, month: str, warned: pd.DataFrame, traced: pd.DataFrame, *, of: Pollutant = PM25) -> bytes:
    """
    The warned cells, their sub-cells and sources, as KMZ (OGC KML 2.2, zipped).

    Parameters
    ----------
    warned : DataFrame ``cell label``, of one city
    of : Pollutant
        Says why a cell has no source, where none is traced of it.

    Returns
    -------
    bytes; the same input gives the same bytes
    """
    folders = [_folder(grid, cell, label, traced, of) for cell, label in _cells(warned)]
    styles = "".join(
        f'<Style id="{name}"><LineStyle><color>{colour}</color><width>{width}</width></LineStyle>'
        "<PolyStyle><fill>0</fill></PolyStyle></Style>"
        for name, colour, width in (
            ("cell", _abgr(palette()["sequential"][of.colours][6]), 3),
            ("sub", "99ffffff", 1),
        )
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<name>{escape(of.words(f'{month_zh(month)}预警网格'))}</name>{styles}{''.join(folders)}</Document></kml>\n"
    )
    return archive({"doc.kml": text})


def ovital_text(grid: Grid, warned: pd.DataFrame, traced: pd.DataFrame) -> bytes:
    """
    The cells' centres and their sources as lines Ovital imports: flag, name, longitude, latitude, remark.

    The flag ``g`` at the head of each line says GCJ-02, so no one has to guess the datum. Fields are parted by
    one blank and hold none; UTF-8.

    Examples
    --------
    >>> warned = pd.DataFrame({"cell": ["PR1847L"], "label": ["T85711"]})
    >>> none = pd.DataFrame({"cell": [], "order": []})
    >>> print(ovital_text(Grid(), warned, none).decode().strip())
    g T85711/PR1847L 116.817280 42.536236 网格中心
    """
    lines = []
    for cell, label in _cells(warned):
        at = grid.unproject(*grid.centre(*grid.parse(cell)))
        lines.append(_line(_both(cell, label), float(at[0]), float(at[1]), "网格中心"))
        for row in _of(traced, cell):
            lines.append(_line(_numbered(row), row["lon"], row["lat"], _said(row)))
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8")


def _folder(grid: Grid, cell: str, label: str, traced: pd.DataFrame, of: Pollutant) -> str:
    outline = grid.polygons(*grid.parse(cell))
    parts = grid.children(cell)
    marks = [
        _placemark(
            _numbered(row), _said(row), f"<Point><coordinates>{row['lon']:.6f},{row['lat']:.6f}</coordinates></Point>"
        )
        for row in _of(traced, cell)
    ]
    body = [
        _placemark(
            _both(cell, label),
            "" if marks else of.refused.get("trace", (_NOWHERE,))[0],
            _ring(np.atleast_1d(outline)[0]),
            "cell",
        ),
        *marks,
    ]
    numbers = (code.rsplit("-", 1)[1] for code in parts["cell"])
    body += [_placemark(name, "", _ring(shape), "sub") for name, shape in zip(numbers, parts.geometry, strict=True)]
    return f"<Folder><name>{escape(_both(cell, label))}</name>{''.join(body)}</Folder>"


def _cells(warned: pd.DataFrame) -> list[tuple[str, str]]:
    first = warned.drop_duplicates("cell")
    labels = first["label"] if "label" in first else [""] * len(first)
    return [(str(cell), str(label)) for cell, label in zip(first["cell"], labels, strict=True)]


def _of(traced: pd.DataFrame, cell: str) -> Iterable[dict[Any, Any]]:
    return rows_of(traced[traced["cell"] == cell].sort_values("order"))


def _both(cell: str, label: str) -> str:
    return f"{label}/{cell}" if label and label != cell and label != "nan" else cell


def _numbered(row: dict[Any, Any]) -> str:
    return f"{int(row['order'])}.{harmless(str(row['name'])) or harmless(str(row['facility']))}"


def _said(row: dict[Any, Any]) -> str:
    kind: SourceClass = class_of(row["class_"])
    return f"{kind.zh}，{away_zh(row['bearing_deg'], row['distance_km'])}"


def _line(name: str, lon: float, lat: float, remark: str) -> str:
    gcj = from_wgs84(lon, lat, "gcj02")
    fields = ("_".join(text.split()) for text in (name, f"{float(gcj[0]):.6f}", f"{float(gcj[1]):.6f}", remark))
    return " ".join(("g", *fields))


def _placemark(name: str, text: str, geometry: str, style: str = "") -> str:
    said = f"<description>{escape(text)}</description>" if text else ""
    url = f"<styleUrl>#{style}</styleUrl>" if style else ""
    return f"<Placemark><name>{escape(name)}</name>{said}{url}{geometry}</Placemark>"


def _ring(shape: Any) -> str:
    at = " ".join(f"{lon:.6f},{lat:.6f}" for lon, lat in shapely.get_coordinates(shape))
    ring = f"<LinearRing><coordinates>{at}</coordinates></LinearRing>"
    return f"<Polygon><tessellate>1</tessellate><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>"


def _abgr(colour: str) -> str:
    """KML writes opacity first and blue before red."""
    return f"ff{colour[5:7]}{colour[3:5]}{colour[1:3]}"
