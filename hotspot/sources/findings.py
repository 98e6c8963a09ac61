"""The findings layer of a ``field.gpkg`` that came back: rows for the ledger, with their photos still as paths."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hotspot.foreign.child import ask
from hotspot.foreign.shapes import unpacked
from hotspot.sources.intake import Intake
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd

LAYER = "findings"
PHOTOS = ("photo", "photo_2", "photo_3")


def read_findings(path: Path, intake: Intake) -> "pd.DataFrame":
    """
    The rows somebody filled in.

    Returns
    -------
    DataFrame of text, one row per feature in which anything was filled in, with ``lon, lat`` (WGS 84) of its point;
    index: its number in the layer, from 1

    Raises
    ------
    DataError
        The file cannot be read, has no such layer, or says no CRS.

    Notes
    -----
    A GeoPackage keeps a text as text; times are texts too, so no clock zone is guessed.
    """
    import pandas as pd
    import shapely

    record = intake.register(path)
    report = ask("vector", path, record.path, layer=LAYER)
    if report["crs"] == "none":
        raise DataError(f"{record.path}: layer {LAYER} says no CRS; give the file we made, filled in.")
    frame = pd.DataFrame({name: [_text(value) for value in held] for name, held in report["columns"].items()})
    points = unpacked(report)
    frame["lon"] = [_degrees(shape, shapely.get_x) for shape in points]
    frame["lat"] = [_degrees(shape, shapely.get_y) for shape in points]
    frame.index = pd.Index(np.arange(1, len(frame) + 1))
    asked = [name for name in frame.columns if name not in ("form", "month", "lon", "lat")]
    filled = (frame[asked] != "").any(axis=1) if asked else frame.index > 0
    record.read, record.used = len(frame), int(filled.sum())
    return frame[filled]


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():  # a whole number in a column with gaps
        value = int(value)
    return "" if value is None else str(value).strip()


def _degrees(shape: object, part: object) -> str:
    value = float(part(shape)) if shape is not None and callable(part) else float("nan")
    return "" if value != value else f"{value:.6f}"
