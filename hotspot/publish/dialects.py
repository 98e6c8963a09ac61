"""
A published month in the words of other fields: Frictionless Data Package, RO-Crate and STAC Item.

All three say again what the manifest says, for those whose tools read them. Nothing here has a clock: where a
standard asks for a date, the month itself is given.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.publish.manifest import write_json
from hotspot.rules.calendar import local_bounds, local_days
from hotspot.study import Study

if TYPE_CHECKING:
    from hotspot.publish.catalogue import Product

NAMES = ("datapackage.json", "ro-crate-metadata.json", "stac-item.json")
# How a file is read, by the end of its name; a register of media types has no name for GeoPackage but this.
MEDIA = {
    ".csv": "text/csv", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".pdf": "application/pdf",
    ".html": "text/html", ".parquet": "application/vnd.apache.parquet", ".gpkg": "application/geopackage+sqlite3",
    ".jsonl": "application/x-ndjson", ".json": "application/json", ".zip": "application/zip", ".png": "image/png",
    ".kmz": "application/vnd.google-earth.kmz", ".txt": "text/plain", ".nc": "application/x-netcdf",
}  # fmt: skip
_OCTETS = "application/octet-stream"
_CRATE = "https://w3id.org/ro/crate/1.1"
# Multihash of the STAC file extension: function SHA2-256, 32 bytes.
_MULTIHASH = "1220"


def write_dialects(
    folder: Path, study: Study, stated: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]
) -> None:
    """
    Write the three files beside the manifest.

    Parameters
    ----------
    folder : Path
        The month's folder.
    stated : dict
        The manifest but its ``notices``.
    files : dict of name -> ``{"sha256", "size"}``
        Everything in the folder, as ``manifest.outputs`` gives it.
    """
    made = (data_package(study, stated, files), ro_crate(study, stated, files), stac_item(study, stated, files))
    for name, content in zip(NAMES, made, strict=True):
        write_json(Path(folder) / name, content)


def media_type(name: str) -> str:
    """
    The media type of a file by its name.

    Examples
    --------
    >>> media_type("cells.parquet"), media_type("sheets/A.pdf")
    ('application/vnd.apache.parquet', 'application/pdf')
    """
    return MEDIA.get(Path(name).suffix, _OCTETS)


def data_package(study: Study, stated: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """
    ``datapackage.json`` (Data Package v1: specs.frictionlessdata.io).

    Returns
    -------
    dict; every resource has ``name path format mediatype bytes hash``, text its ``encoding``
    """
    names = _slugs(files)
    resources = []
    for path, about in files.items():
        entry = {"name": names[path], "path": path, "mediatype": media_type(path)}
        entry |= {"format": Path(path).suffix[1:], "bytes": about["size"], "hash": f"sha256:{about['sha256']}"}
        product = _product(path)
        entry |= {"description": product.en} if product else {}
        resources.append(entry | ({"encoding": "utf-8"} if media_type(path).startswith("text/") else {}))
    return {
        "profile": "data-package",
        "name": _id(study, stated),
        "title": _title(study, stated),
        "version": str(stated["chain"].get("revision", 0)),
        "contributors": [{"title": study.office.name, "role": "publisher"}] if study.office.name else [],
        "sources": [{"title": entry["path"]} for entry in stated["inputs"]],
        "resources": resources,
    }


def ro_crate(study: Study, stated: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """
    ``ro-crate-metadata.json`` (RO-Crate 1.1): files, what they were made of, and by which program.

    Inputs are named and hashed, but not in the crate: their ids are URNs of their SHA-256.
    """
    program = stated["program"]
    inputs = [
        {"@id": f"urn:sha256:{entry['sha256']}", "@type": "CreativeWork", "name": entry["path"]}
        for entry in stated["inputs"]
    ]
    parts: list[dict[str, Any]] = [
        {
            "@id": path,
            "@type": "File",
            "name": path,
            "encodingFormat": media_type(path),
            "contentSize": str(about["size"]),
            "sha256": about["sha256"],
        }
        for path, about in files.items()
    ]
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "identifier": _id(study, stated),
        "name": _title(study, stated),
        "description": "Monthly list of warning cells of a hotspot grid, its field, maps, sheets and notices",
        "datePublished": stated["month"],
        "temporalCoverage": "/".join(_days(stated["month"])),
        "version": str(stated["chain"].get("revision", 0)),
        "creativeWorkStatus": stated["state"],
        "license": {"@id": "#licence"},
        "hasPart": _refer(parts),
        "mentions": {"@id": "#run"},
    }
    if study.office.name:
        root["publisher"] = {"@id": "#office"}
    software: dict[str, Any] = {
        "@id": "#hotspot",
        "@type": "SoftwareApplication",
        "name": "hotspot",
        "version": program["hotspot"],
    }
    software["softwareRequirements"] = [f"{name} {version}" for name, version in sorted(program["libraries"].items())]
    run: dict[str, Any] = {"@id": "#run", "@type": "CreateAction", "name": f"hotspot month {stated['month']}"}
    run |= {"instrument": {"@id": "#hotspot"}, "object": _refer(inputs), "result": _refer(parts)}
    office = {"@id": "#office", "@type": "Organization", "name": study.office.name}
    licences = sorted({entry.licence for entry in (*study.satellite, *study.stations, *study.weather) if entry.licence})
    terms = "; ".join(licences) or "not stated by the study"
    about = {"@id": NAMES[1], "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": _CRATE}}
    licence = {"@id": "#licence", "@type": "CreativeWork", "name": "terms of the inputs", "description": terms}
    graph = [about, root, licence, software, run, *([office] if study.office.name else []), *parts, *inputs]
    return {"@context": f"{_CRATE}/context", "@graph": graph}


def stac_item(study: Study, stated: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """
    ``stac-item.json`` (STAC 1.0.0, file extension 2.1.0): place, month and files.

    The geometry is the box around the study, degrees WGS 84, not its boundary.
    """
    west, south, east, north = (round(float(edge), 4) for edge in study.boundaries.total_bounds)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    start, end = (f"{at.astype('datetime64[s]')}Z" for at in local_bounds(stated["month"], study.utc_offset))
    names = _slugs(files)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/file/v2.1.0/schema.json"],
        "id": _id(study, stated),
        "bbox": [west, south, east, north],
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            "datetime": None,
            "start_datetime": start,
            "end_datetime": end,
            "title": _title(study, stated),
            "version": str(stated["chain"].get("revision", 0)),
            "hotspot:state": stated["state"],
            "hotspot:head": stated["chain"].get("head", ""),
            "hotspot:lattice": stated["lattice"]["id"],
        },
        "links": [],
        "assets": {
            names[path]: {
                "href": f"./{path}",
                "title": path,
                "type": media_type(path),
                "roles": [_role(path)],
                "file:size": about["size"],
                "file:checksum": _MULTIHASH + about["sha256"],
            }
            for path, about in files.items()
        },
    }


def _refer(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"@id": entry["@id"]} for entry in entries]


def _product(path: str) -> "Product | None":
    """The product that writes a file; its line in the catalogue is what the file is."""
    from hotspot.publish.catalogue import PRODUCTS  # the catalogue names our files

    return next((product for product in PRODUCTS.values() if product.holds(path)), None)


def _role(path: str) -> str:
    product = _product(path)
    return "data" if product and product.data else "metadata" if path.endswith(".json") else "overview"


def _id(study: Study, stated: Mapping[str, Any]) -> str:
    return f"{study.id}-{stated['month']}"


def _title(study: Study, stated: Mapping[str, Any]) -> str:
    return f"{study.name} {stated['month']}"


def _days(month: str) -> tuple[str, str]:
    days = local_days(month)
    return str(days[0]), str(days[-1])


def _slugs(files: Mapping[str, Any]) -> dict[str, str]:
    """A name of a-z, 0-9, '.', '-' and '_' for every file, none twice."""
    taken: dict[str, str] = {}
    for number, path in enumerate(files):
        slug = re.sub(r"[^a-z0-9._-]+", "-", path.lower()).strip("-") or f"file-{number}"
        taken[path] = slug if slug not in taken.values() else f"{slug}-{number}"
    return taken
