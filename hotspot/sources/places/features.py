"""
GeoJSON points as a table of text, with each feature's own bytes kept.

A feature is a row; its number in the file stands for the line number.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.foreign.child import ask
from hotspot.sources.intake import Intake
from hotspot.sources.sheet import Sheet, of_rows
from hotspot.sources.tables import Table, read_sheet, table_of
from hotspot.variables import DataError

_CELLS = 20_000_000


def read_features(path: Path, intake: Intake) -> Table:
    """
    GeoJSON points as a table of text: every property, and ``lon``, ``lat``.

    Raises
    ------
    DataError
        The file is no GeoJSON, or a feature is no point.
    """
    name = intake.name(path)
    found = read_sheet(path, intake, ["features"], lambda data: _decoded(path, name, data))
    return table_of(found, intake)


def _decoded(path: Path, name: str, data: bytes) -> Sheet:
    """The features of a file as rows; what is no point with properties is a fault."""
    report = ask("geojson", path, name, plain=True)
    text = data.decode("utf-8-sig")
    names: dict[str, None] = {}
    rows, faults, kept = [], [], []
    for at, (own, point) in enumerate(zip(report["properties"], report["points"], strict=True)):
        if own is None or point is None:
            faults.append(at)
            continue
        row = {str(key): _text(value) for key, value in own.items()} | {"lon": _text(point[0]), "lat": _text(point[1])}
        names |= dict.fromkeys(row)
        rows.append(row)
        kept.append(at)
    if len(names) * len(rows) > _CELLS:
        raise DataError(f"{name}: {len(names)} properties in {len(rows)} features; deliver a table.")
    frame = pd.DataFrame([[row.get(name, "") for name in names] for row in rows], columns=list(names), dtype=object)

    def raw(at: int) -> bytes:
        start, end = report["spans"][at]
        return text[start:end].encode("utf-8")

    wrong = [(at + 1, "feature is no point with properties", raw(at)) for at in faults]
    return of_rows(frame, np.array(kept, dtype=np.int64) + 1, [raw(at) for at in kept], "utf-8", wrong)


def _text(value: str | float) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
