"""
GeoJSON points as a table of text, with each feature's own bytes kept.

A feature is a row; its number in the file stands for the line number.
"""

import json

import numpy as np
import pandas as pd

from hotspot.foreign.child import ask
from hotspot.sources.tables import Table, read_bytes
from hotspot.variables import DataError

_CELLS = 20_000_000


def read_features(path, intake):
    """
    GeoJSON points as a table of text: every property, and ``lon``, ``lat``.

    Parameters
    ----------
    path : Path
    intake : Intake

    Returns
    -------
    Table

    Raises
    ------
    DataError
        The file is no GeoJSON, or a feature is no point.
    """
    data, record, counted = read_bytes(path, intake)
    report = ask("geojson", path, record.path, plain=True)
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
        raise DataError(f"{record.path}: {len(names)} properties in {len(rows)} features; deliver a table.")
    frame = pd.DataFrame([[row.get(name, "") for name in names] for row in rows], columns=list(names), dtype=object)

    def feature_bytes(at):
        start, end = report["spans"][at]
        return text[start:end].encode("utf-8")

    table = Table(
        record.path, frame, np.array(kept, dtype=np.int64) + 1, "utf-8", intake, record, counted,
        lambda position: feature_bytes(kept[position]),
    )  # fmt: skip
    table.n_bad = len(faults)
    for at in faults if counted else ():
        intake.set_aside(record, at + 1, "", "", "feature is no point with properties", feature_bytes(at))
    return table


def _text(value):
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
