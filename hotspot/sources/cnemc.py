"""
One national hour of the CNEMC stations as GeoJSON: numbers are text, ``-;`` is missing.

Every feature is a row; its number in the file stands for the line number.
"""

import json
import re

import numpy as np
import pandas as pd

from hotspot.sources.clock import parse_times, to_utc_hours
from hotspot.sources.positions import tidy_id
from hotspot.sources.readings import Part, read_values
from hotspot.sources.tables import Table, read_bytes
from hotspot.variables import DataError

_COLUMNS = {"pm2_5": "pm25", "pm10": "pm10", "so2": "so2", "no2": "no2", "o3": "o3", "co": "co"}
_FIELDS = ("stationcode", "positionname", "area", "timepoint", *_COLUMNS)


def read_cnemc(paths, intake, *, offset, label, hours, encoding=None, columns=None, progress=iter):
    """
    Read national hours; the arguments are those of ``read_long``.

    Returns
    -------
    list of Part

    Raises
    ------
    DataError
        The file is no GeoJSON of stations.
    """
    parts = []
    for path in progress(paths):
        table = read_features(path, intake)
        lacking = [name for name in ("stationcode", "timepoint", "pm2_5") if name not in table.columns]
        if lacking:
            raise DataError(f"{table.name}: features have no property {lacking[0]!r}; this is not the CNEMC layout.")
        local = parse_times(table.cells("timepoint"), name=table.name, declared=offset)
        utc, fault = to_utc_hours(local, offset=offset, label=label)
        for rule in sorted(set(fault) - {""}):
            table.set_aside(np.flatnonzero(fault == rule), "timepoint", rule)
        stations = np.array([tidy_id(text) for text in table.cells("stationcode")], dtype=object)
        table.set_aside(np.flatnonzero(stations == ""), "stationcode", "no station id")
        rows = np.flatnonzero(table.status == 0)
        names = [name for name in _COLUMNS if name in table.columns]
        values, stays = read_values(table, rows, names)
        places = table.cells(["positionname" if "positionname" in table.columns else "stationcode", "lon", "lat"])[rows]
        variables = tuple(_COLUMNS[name] for name in names)
        part = Part(table, rows, utc[rows], values, names, stations[rows], None, variables, {}, places)
        parts.append(part.keep(stays))
    return parts


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
