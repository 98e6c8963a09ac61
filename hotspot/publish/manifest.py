"""
The manifest: what went in, by which rules, what came out, and the chain.

It holds no clock, no machine name and no path outside the data root, so the
same inputs give the same bytes anywhere. ``hotspot verify`` reads it, and an
outsider recomputes from it alone the head that a notice prints (``docs/releases.md``).
"""

import hashlib
import platform
import re
import stat
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.contracts.cf import OF_THE_FILE
from hotspot.ledger.chain.store import START, canonical, entry_hash
from hotspot.patterns import digest_of
from hotspot.publish.manifest_shape import parse_manifest
from hotspot.rules.rounding import steady
from hotspot.study import Study
from hotspot.text.door import json_text, outward, shown
from hotspot.variables import DataError

if TYPE_CHECKING:
    from hotspot.contracts.records import Derived

NAME = "manifest.json"
_LARGEST = 64 << 20  # bytes
# What the chain does not link: the notices print its head, and the head cannot cover itself.
NOT_LINKED = ("chain", "notices")
LIBRARIES = (
    "numpy", "pandas", "scipy", "xarray", "numba", "geopandas", "shapely", "pyproj", "pyogrio", "rasterio",
    "netcdf4", "lightgbm", "h3", "pyarrow", "folium", "XStatic-Leaflet", "typst", "zxing-cpp", "pikepdf", "xlsxwriter",
    "pylopdf-fonts-zh-cn", "cvttf-NotoSansCJK-Bold",
)  # fmt: skip


def describe(study: Study, month: str, derived: "Derived", *, state: str = "preliminary") -> dict[str, Any]:
    """
    Everything of a month's manifest but its outputs and its place in the chain.

    Parameters
    ----------
    derived : Derived
        What ``month.derive`` returned.
    state : str
        HJ 633-2012 5.1.5: a month is preliminary first and confirmed later.

    Returns
    -------
    dict of plain values, ready for JSON
    """
    cells, intake, hot, warned = study.cells, derived.delivered.intake, derived.hot, derived.warned
    return {
        "study": {
            "id": study.id,
            "name": study.name,
            "file": study.path.name,
            "sha256": study_digest(study),
            "text": study_text(study),
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
        "field": {k: _leaving(_plain(v)) for k, v in sorted(derived.field.attrs.items()) if k not in OF_THE_FILE},
        "seeds": {
            "study": study.seed,
            "confidence": study.criteria.confidence.seed,
            "normalisation": study.criteria.normalisation.seed,
        },
        "inputs": [
            {"path": r.path, "sha256": r.sha256, "size": r.size, "refused": outward(r.refused) or None}
            for r in sorted(intake.files.values(), key=lambda r: r.path)
        ],
        "conservation": dict(intake.counts)
        | {
            "by_file": {
                r.path: {"read": r.read, "used": r.used, "duplicates": r.duplicates, "quarantined": r.quarantined}
                for r in sorted(intake.files.values(), key=lambda r: r.path)
                if r.duplicates or r.quarantined
            }
        },
        "notes": [outward(text) for text in intake.notes],
        "counts": {
            "hotspot_cells": int((hot["status"] != "exited").sum()),
            "warning_cells": int(warned["cell"].nunique()),
            "warnings": len(warned),
            "not_ranked": len(derived.not_ranked),
        },
    } | ({"past": derived.past} if derived.past else {})


def _plain(value: Any) -> Any:
    """A value as JSON knows it: numpy scalars become numbers, of nine digits, NaN becomes null."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return None if value != value else steady(value)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def study_text(study: Study) -> str:
    """
    The study file's text as a manifest carries it: a data root that is a place of this machine is only ".".

    Whoever verifies says himself where the data lie, so nothing is lost.
    """
    text = study.path.read_text(encoding="utf-8")
    for place in sorted({str(study.root), str(study.path.resolve().parent)}, key=len, reverse=True):
        if len(place) > 1:
            text = text.replace(f"{place}/", "").replace(place, ".")
    return re.sub(r"""(?m)^(\s*root\s*=\s*)(["'])(?:/|~|[A-Za-z]:).*?\2""", r"\1\2.\2", text)


def study_digest(study: Study) -> str:
    """SHA-256 of the study's text as a manifest carries it."""
    return hashlib.sha256(study_text(study).encode("utf-8")).hexdigest()


def _leaving(value: str | float) -> str | float:
    return outward(value) if isinstance(value, str) else value


def outputs(folder: Path) -> dict[str, dict[str, Any]]:
    """SHA-256 and size of every file below a folder but the manifest, by name; links are not followed."""
    folder = Path(folder)
    return {
        path.relative_to(folder).as_posix(): {"sha256": digest_of(path), "size": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if stat.S_ISREG(path.lstat().st_mode) and path.name != NAME
    }


def oddities(folder: Path, names: Iterable[str]) -> list[str]:
    """
    What lies in a month's folder that no product is: links, devices, and folders in which no product lies.

    Parameters
    ----------
    names : collection of str
        The products, as ``outputs`` names them.

    Returns
    -------
    list of str, sentences
    """
    folder, told = Path(folder), []
    used = {parent.as_posix() for name in names for parent in Path(name).parents}
    for path in [folder / NAME, *sorted(folder.rglob("*"))]:
        name, mode = shown(path.relative_to(folder).as_posix()), path.lstat().st_mode
        if stat.S_ISLNK(mode):
            told.append(f"{name}: is a link, which no product is; it was not followed")
        elif stat.S_ISDIR(mode):
            if path.relative_to(folder).as_posix() not in used:
                told.append(f"{name}: a folder that is not in the manifest")
        elif not stat.S_ISREG(mode):
            told.append(f"{name}: is no file; it was not opened")
    return list(dict.fromkeys(told))


def list_digest(folder: Path) -> str:
    """
    What sheets, reports and notices print of the list they belong to.

    Returns
    -------
    str: the first eight digits of the SHA-256 of ``warnings.csv``; empty while none is written
    """
    path = Path(folder) / "warnings.csv"
    return digest_of(path)[:8] if path.is_file() else ""


def body_digest(body: dict[str, Any]) -> str:
    """SHA-256 of a manifest without its place in the chain and its notices: what the chain links."""
    return text_digest({key: value for key, value in body.items() if key not in NOT_LINKED})


def text_digest(value: Any) -> str:
    """
    SHA-256 of a JSON value written one way: keys sorted, no blanks, UTF-8.

    Examples
    --------
    >>> text_digest({"b": 1, "a": []}) == text_digest({"a": [], "b": 1})
    True
    """
    return hashlib.sha256(canonical(value).encode("utf-8")).hexdigest()


def chain_faults(stated: dict[str, Any]) -> list[str]:
    """
    What does not fit between a manifest and its own place in the chain; nothing else is read.

    Parameters
    ----------
    stated : dict, from ``read_manifest``

    Returns
    -------
    list of str, empty where the head follows from the manifest
    """
    chain = stated["chain"]
    if not chain:
        return [] if stated["state"] == "draft" else [f"{NAME}: has no place in the chain, but is no draft"]
    entry, told = chain["entry"], []
    expected = {
        "manifest_sha256": body_digest(stated),
        "list_sha256": stated["outputs"]["warnings.csv"]["sha256"],
        "history_sha256": text_digest(stated["history"]),
        "state": stated["state"],
        "revision": chain["revision"],
        "replaces": stated["replaces"],
    }
    for name, value in expected.items():
        if entry.get(name) != value:
            told.append(f"{NAME}: {name} of its entry in the chain does not fit the manifest; one of them was altered")
    if entry_hash(chain["seq"], "month", stated["month"], canonical(entry), chain["previous"]) != chain["head"]:
        told.append(f"{NAME}: the head {chain['head'][:16]} does not follow from its entry; it was altered")
    if (chain["seq"] == 1) != (chain["previous"] == START):
        told.append(f"{NAME}: entry {chain['seq']} of the chain names a wrong predecessor")
    return told


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file: UTF-8, keys in their given order, one line end at the close."""
    path.write_text(json_text(content, indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """
    Read a published month's manifest.

    Raises
    ------
    DataError
        The folder holds no manifest, one of another shape than ours, or one of a program that knew no revisions.
    """
    path = Path(folder) / NAME
    try:
        if path.lstat().st_size > _LARGEST or not stat.S_ISREG(path.lstat().st_mode):
            raise DataError(f"{path}: is a link or larger than any manifest; it was not opened.")
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{folder}: there is no {NAME} here; give the folder of a published month.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no JSON ({error}); the file was altered.") from None
    return parse_manifest(text, path)


def head_of(folder: Path) -> str:
    """Head of the chain that a folder's manifest states; empty for a draft, and where there is no manifest of ours."""
    try:
        return read_manifest(folder)["chain"].get("head", "")
    except DataError:
        return ""
