"""
GeoJSON without GDAL: a ``crs`` that is a link is refused here, never followed.

Runs in the child of ``readers``. Each feature comes back with its properties, its outline
as WKB and where it stands in the text, so that it can be printed back as it came.
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.foreign import limits
from hotspot.foreign.shapes import in_degrees, packed
from hotspot.variables import DataError

if TYPE_CHECKING:
    from pyproj import CRS

    from hotspot.kernels.arrays import Objects


def decode(job: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Read one GeoJSON file.

    Parameters
    ----------
    job : dict
        ``path, name, folder``; ``plain`` (bool): the coordinates of points as they stand, no outlines.

    Returns
    -------
    (dict, dict): ``properties`` (a dict or null a feature), ``faults`` (why a feature has no outline, or ""),
    ``points`` ([x, y] as written, for ``plain``), ``spans`` (start and end in the text), ``crs`` ("none", "declared");
    and the file of outlines

    Raises
    ------
    DataError
        The file is no GeoJSON, is too large, holds too much, or its ``crs`` is a link.
    """
    name = job["name"]
    text = read_text(job["path"], name)
    parsed = parse(text, name)
    found = parsed.get("features")
    if parsed.get("type") == "Feature":
        found = [parsed]
    if not isinstance(found, list):
        raise DataError(f"{name}: not a GeoJSON FeatureCollection (no list of features); ask for the delivery again.")
    if len(found) > limits.MAX_FEATURES:
        raise DataError(f"{name}: {len(found)} features, more than {limits.MAX_FEATURES}; split the file.")
    crs = _crs(parsed.get("crs"), name)
    properties = [_properties(feature) for feature in found]
    answer = {"properties": properties, "crs": "none" if crs is None else "declared", "spans": _spans(text, len(found))}
    if job.get("plain"):
        return answer | {"points": [_point(feature) for feature in found]}, {}
    outlines, faults = _outlines(found)
    files = packed(in_degrees(outlines, crs, name), job["folder"])
    return answer | {"faults": faults}, files


def read_text(path: Path | str, name: str) -> str:
    """A JSON file's text; what is no JSON by its first letter, or too large, is refused."""
    path = Path(path)
    if path.stat().st_size > limits.MAX_BYTES:
        raise DataError(f"{name}: {path.stat().st_size} bytes, more than {limits.MAX_BYTES}; split the file.")
    data = path.read_bytes()
    if data.lstrip()[:1] == b"<":
        raise DataError(f"{name}: the content is HTML or XML, not GeoJSON; fetch the file again.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name}: not a complete JSON file (byte {error.start}: GeoJSON must be UTF-8); fetch it again."
        ) from None


def parse(text: str, name: str) -> dict[str, Any]:
    """The object of a JSON text."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: not a complete JSON file ({error}); fetch it again.") from None
    if not isinstance(parsed, dict):
        raise DataError(f"{name}: not a GeoJSON object; fetch it again.")
    return parsed


def _crs(said: Any, name: str) -> "CRS | None":
    """The CRS that a file names, or None; links are refused."""
    import pyproj

    if said is None:
        return None
    if not isinstance(said, dict) or str(said.get("type", "")).lower() != "name":
        kind = said.get("type") if isinstance(said, dict) else said
        raise DataError(
            f"{name}: its crs is of type {str(kind)[:20]!r}, which points elsewhere and is not followed; "
            "deliver WGS 84 degrees without a crs."
        )
    properties = said.get("properties")
    named = str(properties.get("name", "") if isinstance(properties, dict) else "")
    if not re.fullmatch(r"(urn:ogc:def:crs:)?[A-Za-z]{2,8}:[0-9.]*:?[A-Za-z0-9]{1,12}", named):
        raise DataError(f"{name}: its crs {named[:60]!r} is no code such as EPSG:4490; deliver WGS 84 degrees.")
    try:
        return pyproj.CRS.from_user_input(named)
    except pyproj.exceptions.CRSError:
        raise DataError(f"{name}: its crs {named!r} is not known; deliver WGS 84 degrees.") from None


def _properties(feature: Any) -> dict[str, Any] | None:
    own = feature.get("properties") if isinstance(feature, dict) else None
    return own if isinstance(own, dict) else None


def _point(feature: Any) -> list[Any] | None:
    """The coordinates as written, ["", ""] for a feature without a place, null for what is no point."""
    if not isinstance(feature, dict) or "geometry" not in feature:
        return None
    if not feature["geometry"]:
        return ["", ""]
    try:
        point = feature["geometry"]["coordinates"]
        return [point[0], point[1]]
    except (KeyError, TypeError, IndexError):
        return None


def _outlines(found: list[Any]) -> "tuple[Objects, list[str]]":
    import shapely

    outlines, faults = np.full(len(found), None, dtype=object), []
    for at, feature in enumerate(found):
        try:
            shape = feature.get("geometry") if isinstance(feature, dict) else None
            outlines[at] = None if shape is None else shapely.geometry.shape(shape)
            faults.append("" if outlines[at] is not None else "no geometry")
        except Exception as error:  # shapely fails in many ways on odd coordinates
            faults.append(f"{type(error).__name__}: {error}"[:200])
    return outlines, faults


def _spans(text: str, n: int) -> list[tuple[int, int]]:
    """Where each feature stands in the text."""
    found = re.search(r'"features"\s*:\s*\[', text)
    decoder = json.JSONDecoder()
    spans: list[tuple[int, int]] = []
    at = found.end() if found else len(text)
    while len(spans) < n:
        while at < len(text) and (text[at].isspace() or text[at] == ","):
            at += 1
        if at >= len(text) or text[at] == "]":
            break
        try:
            _, end = decoder.raw_decode(text, at)
        except ValueError:  # another "features" in a property
            break
        spans.append((at, end))
        at = end
    return spans + [(0, 0)] * (n - len(spans))
