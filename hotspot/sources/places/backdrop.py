"""
What a printed map shows under its cells so that a team finds its way: rivers, roads, railways, water.

Offline files of the study only; nothing is fetched. None of it decides anything.
"""

import itertools
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hotspot.foreign.answered import answered
from hotspot.foreign.vectors import companions
from hotspot.grid.vector_file import in_wgs84, read_vector
from hotspot.kernels.arrays import Flags, Floats, Objects
from hotspot.patterns import find_files
from hotspot.sources.intake import Intake
from hotspot.sources.store import told, words
from hotspot.study import Backdrop
from hotspot.text.door import masked
from hotspot.text.escape import plain
from hotspot.variables import DataError

COLUMNS = ("kind", "name", "number")
KINDS = ("water", "river", "railway", "road")  # in the order in which they are drawn
_WORDS = {
    "water": ("water", "lake", "水体", "水面", "湖泊", "水库"),
    "river": ("river", "waterway", "河流", "河", "水系"),
    "railway": ("railway", "rail", "铁路"),
    "road": ("road", "highway", "道路", "公路"),
}
_LINES, _AREAS = (1, 2, 5), (3, 6)  # shapely's type ids
_MARGIN = 0.2  # degrees: farther than any printed map looks beyond the study
_LONGEST = 200  # characters; a name is shortened for the page, but a page of text is no name


def read_backdrop(
    deliveries: list[Backdrop] | tuple[Backdrop, ...], root: Path, intake: Intake, *, bounds: Floats | None = None
) -> gpd.GeoDataFrame:
    """
    Read the lines and areas of every ``[[backdrop]]`` of a study.

    Parameters
    ----------
    deliveries : sequence of study.Backdrop
    root : Path
        The data root.
    intake : Intake
        A feature is a row: read = used + duplicates + quarantined.
    bounds : (west, south, east, north), optional
        Of the study, degrees WGS 84; features more than 0.2 degrees outside count as used and are left out.

    Returns
    -------
    GeoDataFrame, EPSG:4326: ``kind`` (one of ``KINDS``), ``name``, ``number`` (text, empty where unknown),
    lines, or areas of water; in an order that follows from the features alone

    Raises
    ------
    DataError
        The content is no vector file, the map datum is not declared, a declared column is
        missing, or the coordinates are no degrees.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from hotspot.sources.intake import Intake
    >>> from hotspot.study import Backdrop
    >>> root = Path(tempfile.mkdtemp())
    >>> line = {"type": "LineString", "coordinates": [[114.0, 36.0], [114.2, 36.1]]}
    >>> feature = {"type": "Feature", "properties": {"名称": "清河"}, "geometry": line}
    >>> _ = (root / "r.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature] * 2}))
    >>> intake = Intake(root)
    >>> given = Backdrop(files=["r.geojson"], kind="river", datum="wgs84", columns={"name": "名称"})
    >>> read_backdrop([given], root, intake)[["kind", "name"]].values.tolist(), intake.counts["duplicates"]
    ([['river', '清河']], 1)
    """
    tables = []
    for delivery in deliveries:
        for path in find_files(root, delivery.files, "backdrop"):
            with answered(f"backdrop {path.name}"):
                tables.append(_read(path, delivery, intake))
    empty = pd.DataFrame({name: [] for name in COLUMNS}, dtype=object)
    table = pd.concat([part for part in tables if len(part)] or [empty.assign(geometry=[])], ignore_index=True)
    frame = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(table["geometry"].tolist(), crs="EPSG:4326"))
    if bounds is not None and len(frame):
        west, south, east, north = bounds
        box = shapely.box(west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN)
        near = frame.intersects(box).to_numpy()
        if not near.all():
            intake.note(f"backdrop: {int(near.sum())} of {len(near)} features lie in or near the study")
        frame = frame[near]
    shape = frame.geometry.to_wkb(hex=True) if len(frame) else pd.Series(dtype=object)
    key = frame[list(COLUMNS)].assign(kind=frame["kind"].map(KINDS.index), shape=shape)
    return frame.loc[key.sort_values(["kind", "name", "number", "shape"], kind="stable").index].reset_index(drop=True)


def _features(path: Path, intake: Intake) -> gpd.GeoDataFrame:
    """The features of a vector file as ``read_vector`` gives them, decoded once in its life."""
    beside = companions(path)

    def make() -> dict[str, np.ndarray]:
        frame = read_vector(path, "backdrops", intake.once.hashed(path).head)
        columns = {name: values.tolist() for name, values in frame.items() if name != "geometry"}
        shapes = [b"" if shape is None else shapely.to_wkb(shape) for shape in frame.geometry]
        return {
            "about": words({"columns": columns, "attrs": {key: frame.attrs[key] for key in ("crs", "notes")}}),
            "shapes": np.frombuffer(b"".join(shapes), np.uint8),
            "ends": np.cumsum([0, *map(len, shapes)]),
        }

    held = intake.once.decoded(path, ["vector", *(intake.once.hashed(part).sha256 for part in beside)], make)
    about, blob, ends = told(held["about"]), held["shapes"].tobytes(), held["ends"].tolist()
    cut = [blob[start:end] for start, end in itertools.pairwise(ends)]
    shapes = shapely.from_wkb(np.array([part or None for part in cut], dtype=object))
    columns = {name: np.array([*values, None], dtype=object)[:-1] for name, values in about["columns"].items()}
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")
    frame.attrs = about["attrs"] | {"also": beside}
    return frame


def _read(path: Path, delivery: Backdrop, intake: Intake) -> pd.DataFrame:
    """One file's sound features in WGS 84."""
    record = intake.register(path)
    counted = record.read == 0
    frame = _features(path, intake)
    for text in frame.attrs["notes"]:
        intake.note(text)
    for part in frame.attrs["also"]:
        intake.register(part)
    if delivery.datum is None and frame.attrs["crs"] != "declared":
        raise DataError(
            f'{record.path}: neither the file nor the study says the map datum; add datum = "wgs84" or '
            '"gcj02" to this [[backdrop]] entry (on a 500 m map the two are a cell apart).'
        )
    table = pd.DataFrame({name: _column(frame, name, delivery, record.path) for name in COLUMNS})
    shapes = frame.geometry.to_numpy()
    whole = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    shapes[whole] = in_wgs84(shapes[whole], delivery.datum, record.path)
    if delivery.datum in ("gcj02", "bd09"):
        intake.note(f"{record.path}: converted from {delivery.datum} to WGS 84, vertex by vertex")
    table["kind"] = [_kind(word, delivery) for word in table["kind"]]
    faults = [_fault(kind, name, shape) for kind, name, shape in zip(table["kind"], table["name"], shapes, strict=True)]
    again = _repeated(table, shapes, faults)
    for at, fault in enumerate(faults if counted else ()):
        if fault:
            raw = json.dumps(table.loc[at, list(COLUMNS)].to_dict(), ensure_ascii=False).encode("utf-8")
            value = table.loc[at, "name"] or table.loc[at, "number"]
            intake.set_aside(record, at + 1, delivery.columns.get("name", ""), value[:60], fault, raw)
    sound = np.array([not fault for fault in faults], dtype=bool)
    if counted:
        record.read += len(table)
        record.duplicates += int((again & sound).sum())
        record.used += int((sound & ~again).sum())
    keep = sound & ~again
    return table[keep].assign(geometry=shapes[keep])


def _column(frame: gpd.GeoDataFrame, name: Any, delivery: Backdrop, path: str) -> list[str]:
    theirs = delivery.columns.get(name)
    if theirs is None:
        return [""] * len(frame)
    if theirs not in frame.columns:
        there = ", ".join(str(column) for column in frame.columns if column != "geometry")
        raise DataError(f"{path}: there is no column {theirs!r} for {name}; there are: {there}.")
    return ["" if value is None or value != value else masked(plain(value)) for value in frame[theirs]]


def _kind(word: str, delivery: Backdrop) -> str:
    """One of ours, or the word itself where nobody knows it."""
    known = {said: kind for kind, words in _WORDS.items() for said in words}
    return delivery.kind or known.get(word.lower(), word)


def _fault(kind: str, name: str, shape: shapely.Geometry) -> str:
    """Why a feature cannot be drawn; empty where it can."""
    if kind not in KINDS:
        return f"kind {kind[:20]!r} is none of {', '.join(KINDS)}"
    if len(name) > _LONGEST:
        return f"a name of {len(name)} characters"
    if shape is None or shape.is_empty:
        return "feature has no shape"
    fits = _LINES + _AREAS if kind == "water" else _LINES
    if shapely.get_type_id(shape) not in fits:
        return f"a {shape.geom_type} is no {kind}"
    if not shape.length > 0:
        return "feature has no length"
    return ""


def _repeated(table: pd.DataFrame, shapes: Objects, faults: list[str]) -> Flags:
    """Features that repeat an earlier one of their file, shape and words."""
    seen, again = set(), np.zeros(len(table), dtype=bool)
    for at, fault in enumerate(faults):
        if not fault:
            key = (*table.loc[at, list(COLUMNS)], shapes[at].wkb)
            again[at] = key in seen
            seen.add(key)
    return again
