"""
A QGIS project of the layers of one GeoPackage, and their styles as QGIS keeps them in that file.

Inside the file a project is a row of ``qgis_projects`` (its .qgz as hexadecimal text), a default style a row of
``layer_styles``; both as QGIS 3 writes them. Paths are relative, so the same project works beside the file.
"""

import sqlite3
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

WRITTEN_AS = "3.22.0"  # the oldest long-term release we write for


@dataclass(frozen=True)
class Styled:
    """A layer of the file: ``parts`` are its elements of ``gis.look``; ``given`` ones are not edited."""

    name: str
    title: str
    geometry: str  # Polygon | Point
    parts: tuple[Element, ...]
    given: bool = True
    visible: bool = True


def style_qml(layer: Styled) -> str:
    """
    The style of a layer as QML.

    Examples
    --------
    >>> from hotspot.publish.gis.look import Symbol, single
    >>> style_qml(Styled("a", "A", "Point", (single(Symbol("marker", "#ff0000")),)))[:60]
    "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\\n<"
    """
    root = Element("qgis", _about(layer) | {"styleCategories": "AllStyleCategories"})
    root.extend(deepcopy(layer.parts))
    number = {"Point": "0", "Polygon": "2"}[layer.geometry]
    SubElement(root, "layerGeometryType").text = number
    return _document(root)


def project_qgs(layers: Sequence[Styled], file: str, title: str, extent: Sequence[float]) -> str:
    """
    The project as .qgs.

    Parameters
    ----------
    layers : sequence of Styled, the uppermost first
    file : str
        Name of the GeoPackage, which lies in the folder of the project or holds it.
    extent : (west, south, east, north), degrees
    """
    root = Element("qgis", {"projectname": title, "version": WRITTEN_AS})
    SubElement(root, "homePath", {"path": ""})
    SubElement(root, "title").text = title
    SubElement(root, "projectCrs").append(_wgs84())
    tree = SubElement(root, "layer-tree-group")
    held = Element("projectlayers")
    for layer in layers:
        source = f"./{file}|layername={layer.name}"
        about = {"id": _id(layer), "name": layer.title, "providerKey": "ogr", "source": source, "expanded": "0"}
        SubElement(tree, "layer-tree-layer", about | {"checked": "Qt::Checked" if layer.visible else "Qt::Unchecked"})
        one = SubElement(held, "maplayer", _about(layer) | {"type": "vector", "geometry": layer.geometry})
        for tag, text in (("id", _id(layer)), ("datasource", source), ("layername", layer.title)):
            SubElement(one, tag).text = text
        SubElement(one, "srs").append(_wgs84())
        SubElement(one, "provider", {"encoding": "UTF-8"}).text = "ogr"
        one.extend(deepcopy(layer.parts))
    canvas = SubElement(root, "mapcanvas", {"name": "theMapCanvas"})
    SubElement(canvas, "units").text = "degrees"
    box = SubElement(canvas, "extent")
    for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), extent, strict=True):
        SubElement(box, tag).text = f"{value:.6f}"
    SubElement(canvas, "destinationsrs").append(_wgs84())
    root.append(held)
    order = SubElement(root, "layerorder")
    for layer in layers:
        SubElement(order, "layer", {"id": _id(layer)})
    settings = SubElement(root, "properties")
    SubElement(SubElement(settings, "Paths"), "Absolute", {"type": "bool"}).text = "false"
    # Without this QGIS does not look at projectCrs.
    SubElement(SubElement(settings, "SpatialRefSys"), "ProjectionsEnabled", {"type": "int"}).text = "1"
    view = SubElement(root, "ProjectViewSettings", {"UseProjectScales": "0"})
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), (f"{value:.6f}" for value in extent), strict=True))
    SubElement(view, "DefaultViewExtent", sides).append(_wgs84())
    return _document(root)


def put_styles(path: Path, layers: Sequence[Styled], stamp: str, *, project: tuple[str, bytes] | None = None) -> None:
    """
    Write default styles, and a project, into a GeoPackage that holds the layers.

    Parameters
    ----------
    stamp : str, "YYYY-MM-DDTHH:MM:SS.000Z"
        What stands as the time of writing.
    project : (name, .qgz), optional
    """
    with sqlite3.connect(path) as base:
        base.execute(_STYLES)
        for layer in layers:
            base.execute(
                "insert into layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                "styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
                "values ('', '', ?, 'geom', ?, ?, '', 1, ?, '', null, ?)",
                (layer.name, layer.name, style_qml(layer), layer.title, stamp),
            )
        base.execute(
            "insert into gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
            "values ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (stamp,),
        )
        if project is not None:  # as QGIS has it: no entry in gpkg_contents, the .qgz as hexadecimal text
            base.execute("create table qgis_projects (name text primary key, metadata blob, content blob)")
            said = f'{{"last_modified_time": "{stamp[:19]}", "last_modified_user": "hotspot" }}'
            base.execute("insert into qgis_projects values (?, ?, ?)", (project[0], said, project[1].hex()))
    base.close()


_WKT = (
    'GEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563]],'
    'CS[ellipsoidal,2],AXIS["latitude",north],AXIS["longitude",east],'
    'ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",4326]]'
)
_STYLES = """create table layer_styles (
  id integer primary key autoincrement not null, f_table_catalog text(256), f_table_schema text(256),
  f_table_name text(256), f_geometry_column text(256), styleName text(30), styleQML text, styleSLD text,
  useAsDefault boolean, description text, owner text(30), ui text(30),
  update_time datetime default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))"""


def _id(layer: Styled) -> str:
    """QGIS takes no id of ten letters or less."""
    return f"hotspot_{layer.name}_layer"


def _about(layer: Styled) -> dict[str, str]:
    has = any(part.tag == "labeling" for part in layer.parts)
    return {"version": WRITTEN_AS, "labelsEnabled": str(int(has)), "readOnly": str(int(layer.given))}


def _wgs84() -> Element:
    system = Element("spatialrefsys")
    for tag, text in (
        ("wkt", _WKT),
        ("proj4", "+proj=longlat +datum=WGS84 +no_defs"), ("srsid", "3452"), ("srid", "4326"), ("authid", "EPSG:4326"),
        ("description", "WGS 84"), ("projectionacronym", "longlat"), ("ellipsoidacronym", "EPSG:7030"),
        ("geographicflag", "true"),
    ):  # fmt: skip
        SubElement(system, tag).text = text
    return system


def _document(root: Element) -> str:
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(root, encoding="unicode") + "\n"
