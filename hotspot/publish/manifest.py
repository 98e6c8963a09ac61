"""
The manifest: what went in, by which rules, what came out, and the chain.

It holds no clock, no machine name and no path outside the data root, so the
same inputs give the same bytes anywhere. ``hotspot verify`` reads it.
"""

import hashlib
import json
import platform
from importlib import metadata
from pathlib import Path

NAME = "manifest.json"
LIBRARIES = (
    "numpy", "pandas", "scipy", "xarray", "numba", "geopandas", "shapely", "pyproj", "pyogrio", "rasterio",
    "netcdf4", "lightgbm", "h3", "pyarrow", "folium", "XStatic-Leaflet", "typst", "segno", "xlsxwriter", "zhplot",
)  # fmt: skip


def describe(study, month, derived, *, state="preliminary"):
    """
    Everything of a month's manifest but its outputs and its place in the chain.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
    derived : Derived
        What ``month.derive`` returned.
    state : str
        HJ 633-2012 5.1.5: a month is preliminary first and confirmed later.

    Returns
    -------
    dict of plain values, ready for JSON
    """
    cells, intake, hot, warned = study.cells, derived.intake, derived.hot, derived.warned
    return {
        "study": {
            "id": study.id,
            "name": study.name,
            "file": study.path.name,
            "sha256": digest(study.path),
            "text": study.path.read_text(encoding="utf-8"),
        },
        "month": month,
        "state": state,
        "program": {
            "hotspot": metadata.version("hotspot"),
            "python": ".".join(platform.python_version_tuple()[:2]),
            "libraries": {name: metadata.version(name) for name in LIBRARIES},
        },
        "criteria": study.criteria.model_dump(mode="json"),
        "lattice": {
            "id": cells.attrs["lattice_id"],
            "counting": cells.attrs["counting"],
            "cells": int(cells.sizes["cell"]),
            "counts": {k.removeprefix("count_"): int(v) for k, v in cells.attrs.items() if k.startswith("count_")},
        },
        "field": {k: _plain(v) for k, v in sorted(derived.field.attrs.items())},
        "seeds": {
            "study": study.seed,
            "confidence": study.criteria.confidence.seed,
            "normalisation": study.criteria.normalisation.seed,
        },
        "inputs": [
            {"path": r.path, "sha256": r.sha256, "size": r.size, "refused": r.refused or None}
            for r in sorted(intake.files.values(), key=lambda r: r.path)
        ],
        "conservation": intake.counts
        | {
            "by_file": {
                r.path: {"read": r.read, "used": r.used, "duplicates": r.duplicates, "quarantined": r.quarantined}
                for r in sorted(intake.files.values(), key=lambda r: r.path)
                if r.duplicates or r.quarantined
            }
        },
        "notes": list(intake.notes),
        "counts": {
            "hotspot_cells": int((hot["status"] != "exited").sum()),
            "warning_cells": int(warned["cell"].nunique()),
            "warnings": len(warned),
            "not_ranked": len(derived.not_ranked),
        },
    }


def _plain(value):
    """A value as JSON knows it: numpy scalars become numbers, NaN becomes null."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and value != value:
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def outputs(folder):
    """SHA-256 and size of every file below a folder but the manifest, by name."""
    folder = Path(folder)
    return {
        path.relative_to(folder).as_posix(): {"sha256": digest(path), "size": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != NAME
    }


def digest(path):
    """SHA-256 of a file, as hexadecimal text."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def body_digest(body):
    """SHA-256 of a manifest without its place in the chain: what the chain links."""
    body = {key: value for key, value in body.items() if key != "chain"}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write_manifest(folder, body):
    """Write ``manifest.json``: UTF-8, keys in their given order, one line end at the close."""
    text = json.dumps(body, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    (Path(folder) / NAME).write_text(text, encoding="utf-8", newline="\n")


def read_manifest(folder):
    """
    Read a published month's manifest.

    Raises
    ------
    DataError
        The folder holds no manifest, or one that is no JSON.
    """
    from hotspot.variables import DataError

    path = Path(folder) / NAME
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{folder}: there is no {NAME} here; give the folder of a published month.") from None
    except ValueError as error:
        raise DataError(f"{path}: is no JSON ({error}); the file was altered.") from None
