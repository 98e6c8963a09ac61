"""
GeoJSON points as a table of text, with each feature's own bytes kept.

A feature is a row; its number in the file stands for the line number.
"""

import json
import re

import numpy as np
import pandas as pd

from hotspot.sources.tables import Table, read_bytes
from hotspot.variables import DataError


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
    try:
        text = data.decode("utf-8-sig")
        parsed = json.loads(text)
        features = parsed["features"]
    except UnicodeDecodeError as error:
        raise DataError(f"{record.path}, byte {error.start}: GeoJSON must be UTF-8.") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{record.path}: not a GeoJSON FeatureCollection ({error}); ask for the delivery again."
        ) from None
    names: dict[str, None] = {}
    rows, faults = [], []
    for at, feature in enumerate(features):
        try:
            point = feature["geometry"]["coordinates"] if feature["geometry"] else ["", ""]
            row = {str(key): _text(value) for key, value in feature["properties"].items()}
            row |= {"lon": _text(point[0]), "lat": _text(point[1])}
        except (KeyError, TypeError, IndexError, AttributeError):
            faults.append(at)
            continue
        names |= dict.fromkeys(row)
        rows.append((at, row))
    frame = pd.DataFrame([[row.get(name, "") for name in names] for _, row in rows], columns=list(names), dtype=object)
    spans = _spans(text)
    kept = [at for at, _ in rows]

    def feature_bytes(at):
        start, end = spans[at] if at < len(spans) else (0, 0)
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


def _spans(text):
    """Where each feature stands in the text, so that it can be printed back as it came."""
    found = re.search(r'"features"\s*:\s*\[', text)
    decoder = json.JSONDecoder()
    spans: list[tuple[int, int]] = []
    at = found.end() if found else len(text)
    while True:
        while at < len(text) and (text[at].isspace() or text[at] == ","):
            at += 1
        if at >= len(text) or text[at] == "]":
            return spans
        _, end = decoder.raw_decode(text, at)
        spans.append((at, end))
        at = end
