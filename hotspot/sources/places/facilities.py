"""
Possible sources of PM2.5: registers of plants, brought to one schema.

A register says where somebody wrote a plant down, not where it smokes: accuracy,
status and vintage go with every row, and a row whose place cannot be right is
quarantined.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hotspot.foreign.answered import answered
from hotspot.grid.datum import to_wgs84
from hotspot.kernels.arrays import Floats, Ints, Objects
from hotspot.patterns import find_files
from hotspot.rules.classes import dossier_papers, find_class
from hotspot.sources.intake import Intake
from hotspot.sources.places.facility_layouts import LAYOUTS
from hotspot.sources.places.features import read_features
from hotspot.sources.places.positions import CHINA, check_degrees, position_faults, to_degrees
from hotspot.sources.places.sizes import read_sizes, size_of_plant
from hotspot.sources.tables import DUPLICATE, QUARANTINED, Table, read_table
from hotspot.study import Facilities
from hotspot.text.door import delivered_name, masked
from hotspot.text.table import rows_of
from hotspot.variables import DataError

COLUMNS = (
    "facility",
    "name",
    "class_",
    "lon",
    "lat",
    "size",
    "size_unit",
    "accuracy",
    "status",
    "vintage",
    "source",
    "datum",
    "rows",
    *dossier_papers(),
)
_CHINESE = ("CHN", "TWN", "HKG", "MAC")
_ACCURACY = {
    "exact": ("exact", "precise", "surveyed", "gps", "精确", "准确", "实测"),
    "approximate": ("approximate", "approx", "estimated", "town", "大致", "近似", "估计", "概略"),
}
_PAPER = {
    "yes": ("yes", "y", "true", "1", "有", "是", "已办", "齐全", "√"),
    "no": ("no", "n", "false", "0", "无", "否", "缺", "未办", "没有", "×"),
}
_PLACE = 1e-4  # degrees, 10 m: units of one plant that a register lists one by one


def load_facilities(
    deliveries: Iterable[Facilities], root: Path, intake: Intake, *, bounds: Sequence[float] | None = None
) -> gpd.GeoDataFrame:
    """
    Read every register of facilities into one table.

    Layouts: ``wri-power`` (WRI power plants; wind, water, sun and nuclear plants are read but are no PM2.5
    source), ``sfi-cement``, ``sfi-steel``, and ``table`` or ``general`` (columns name, class, lon, lat, and where
    known id, datum, size, size_unit, accuracy, status, vintage, and the papers of ``dossier_papers``; CSV, XLSX or
    GeoJSON points).

    Parameters
    ----------
    deliveries : sequence of study.Facilities
    root : Path, the data root
    intake : Intake
        Rows read = used + duplicates + quarantined; what was read but is no source, or lies outside ``bounds``,
        counts as used and is noted.
    bounds : (west, south, east, north), degrees WGS 84, optional; only facilities inside are returned

    Returns
    -------
    GeoDataFrame, EPSG:4326, sorted by ``facility`` (unique, the same from run to run): ``name class_ lon lat size
    size_unit accuracy status vintage source``, ``datum`` (as delivered), ``rows`` (delivered rows that are this
    facility) and a column per paper (yes, no, the number of it, or empty); ``size`` is NaN where unknown,
    ``accuracy`` exact, approximate or unknown. ``attrs["account"]``: a dict per file, ``read = listed + far +
    no_source + duplicates + quarantined`` in rows, of which ``no_place`` are quarantined for their place;
    ``attrs["no_place"]``: those rows, a JSON list.

    Raises
    ------
    DataError
        A layout, datum or class is neither declared nor in the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hotspot.sources.intake import Intake
    >>> from hotspot.study import Facilities
    >>> root = Path(tempfile.mkdtemp())
    >>> rows = ["名称,类别,经度,纬度", "某水泥厂,水泥,114.501,36.602", "某厂,水泥,36.6,114.5", ""]
    >>> _ = (root / "list.csv").write_text("\\n".join(rows))
    >>> intake = Intake(root)
    >>> found = load_facilities([Facilities(layout="table", files=["list.csv"], datum="wgs84")], root, intake)
    >>> found["class_"].tolist(), [q.rule for q in intake.quarantine]
    (['cement'], ['longitude and latitude are swapped'])
    """
    frames, account, lost = [], [], []
    for delivery in deliveries:
        if delivery.layout not in LAYOUTS:
            raise DataError(
                f"facilities: layout {delivery.layout!r} is not known; there are: {', '.join(sorted(LAYOUTS))}."
            )
        for path in find_files(root, delivery.files, "facilities"):
            with answered(f"facilities {path.name}"):
                frame, counted, without = _read(path, delivery, intake)
            inside = np.ones(len(frame), bool)
            if bounds is not None:
                west, south, east, north = bounds
                inside = (frame["lon"].between(west, east) & frame["lat"].between(south, north)).to_numpy()
            account.append(counted | {"far": int((~inside).sum()), "listed": int(inside.sum())})
            frames.append(frame[inside])
            lost += without
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*COLUMNS, "pollutant"])
    if bounds is not None and account:
        near, far = (sum(counted[name] for counted in account) for name in ("listed", "far"))
        if near + far:
            intake.note(f"facilities: {near} of {near + far} lie in or near the study")
    table = _one_row_each(table, intake)
    _note_shared(table, intake)
    geometry = gpd.points_from_xy(table["lon"].astype(float), table["lat"].astype(float))
    found = gpd.GeoDataFrame(table, geometry=geometry, crs="EPSG:4326")
    # As one text: attributes are copied with every slice of a table, and a register may lack many places.
    without = json.dumps(_own_ids(lost, set(found["facility"])), ensure_ascii=False)
    found.attrs = {"account": account, "no_place": without}
    return found


def _read(path: Path, delivery: Facilities, intake: Intake) -> tuple[pd.DataFrame, dict[str, Any], list[Any]]:
    """One file in the common schema, positions in WGS 84, ids not yet unique; its account; its rows without a place."""
    if path.suffix.lower() in (".geojson", ".json"):
        table = read_features(path, intake)
    else:
        table = read_table(path, intake, encoding=delivery.encoding)
    described = _without_numbers(LAYOUTS[delivery.layout](table, delivery), table.name, intake)
    lon, bad_lon = to_degrees(described["lon"])
    lat, bad_lat = to_degrees(described["lat"])
    lon_column = described.attrs["lon"]
    fault = position_faults(lon, lat, rounded=False)
    west, south, east, north = CHINA
    abroad = ~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)) & described["country"].isin(_CHINESE)
    fault[(fault == "") & abroad.to_numpy()] = "position lies outside the country it names"
    fault[bad_lon | bad_lat] = "position is no pair of degrees"
    table.set_aside_faults(fault, lon_column)
    table.set_aside(np.flatnonzero(described["name"].str.strip() == ""), described.attrs["name"], "name is empty")
    _duplicates(table)
    read_sizes(table, described, intake)
    kept = table.close()
    check_degrees(lon[kept], lat[kept], table.name)
    counted = {
        "file": table.name,
        "read": len(table.frame) + table.n_bad,
        "duplicates": int((table.status == DUPLICATE).sum()),
        "quarantined": int((table.status == QUARANTINED).sum()) + table.n_bad,
    }
    nowhere = (table.status == QUARANTINED) & (fault != "")
    without = _without_place(described[nowhere], fault[nowhere], table.lines[nowhere], delivery, table.name)
    out = described[kept].assign(lon_given=lon[kept], lat_given=lat[kept])
    out["lon"], out["lat"] = _to_wgs84(out, delivery, table.name)
    out["class_"] = _classes(out, delivery, table.name, intake)
    quiet = out["class_"] == ""
    if quiet.any():
        words = ", ".join(f"{word} {n}" for word, n in out.loc[quiet, "word"].value_counts().sort_index().items())
        intake.note(f"{table.name}: {int(quiet.sum())} plants are no source of PM2.5 and were left out ({words})")
        out = out[~quiet]
    counted |= {"no_place": len(without), "no_source": int(quiet.sum())}
    out["accuracy"] = _accuracy(out)
    if delivery.vintage is not None:
        out["vintage"] = out["vintage"].where(out["vintage"] != "", delivery.vintage)
    out["source"], out["rows"] = delivery.source or table.name, 1
    out["datum"] = _datum(out, delivery)
    for paper in dossier_papers():
        out[paper] = out[paper].map(_paper)
    own = out["facility"] != ""
    hashed = [_hashed(*row) for row in zip(out["name"], out["lon_given"], out["lat_given"], strict=True)]
    out["facility"] = np.where(own, out["facility"], hashed)
    return out[[*COLUMNS, "pollutant"]].reset_index(drop=True), counted, without


def _without_place(
    rows: pd.DataFrame, fault: Objects, lines: Ints, delivery: Facilities, name: str
) -> list[dict[str, Any]]:
    """Sources whose place is missing or cannot be right, for the inventory; their bytes lie in quarantine."""
    found = []
    for row, why, line in zip(rows_of(rows), fault, lines, strict=True):
        word = row["word"] or delivery.class_ or ""
        class_ = row["class_"] if rows.attrs["classed"] else find_class(word) or "other"
        if not class_:
            continue  # no source of PM2.5, wherever it stands
        found.append(
            {key: row[key] for key in ("facility", "name", "size_unit", "status")}
            | {"accuracy": "unknown"}
            | {"class_": class_, "size": float(row["size"]), "vintage": row["vintage"] or delivery.vintage or ""}
            | {"source": delivery.source or name, "file": name, "line": int(line), "rows": 1}
            | {"why": f"{why} (country: {row['country']})" if row["country"] else str(why)}
            | {paper: _paper(row[paper]) for paper in dossier_papers()}
        )
    return found


def _own_ids(rows: list[dict[str, Any]], taken: set[str]) -> list[dict[str, Any]]:
    """The rows with an id nobody else has: their own, or file and line."""
    for row in rows:
        if not row["facility"] or row["facility"] in taken:
            row["facility"] = f"{row['facility'] or row['file']}@{row['line']}"
        taken.add(row["facility"])
    return rows


def _paper(text: str) -> str:
    """``yes``, ``no``, empty, or what else the register says of a paper: its number, its date."""
    word = str(text).strip()
    return next((key for key, words in _PAPER.items() if word.lower() in words), word)


def _hashed(name: str, lon: float, lat: float) -> str:
    """Id of a row that has none: the same name at the same delivered place is the same facility."""
    return "f-" + hashlib.sha256(f"{name}|{lon:.6f}|{lat:.6f}".encode()).hexdigest()[:12]


def _without_numbers(described: pd.DataFrame, name: str, intake: Intake) -> pd.DataFrame:
    """Every text of the register without identity-card and telephone numbers: names travel to every product."""
    n_masked = 0
    for column in described.columns:
        if column in ("lon", "lat", "size"):
            continue
        before = described[column]
        texts = [delivered_name(str(text)) for text in before]
        described[column] = pd.Series(texts, index=described.index, dtype=object)
        n_masked += sum(masked(str(text)) != str(text) for text in before)
    if n_masked:
        intake.note(
            f"{name}: {n_masked} texts hold an identity-card or telephone number, masked in every product "
            "(身份证号、电话号码已隐去)"
        )
    return described


def _duplicates(table: Table) -> None:
    """Rows that repeat an earlier one word for word."""
    sound = np.flatnonzero(table.status == 0)
    again = table.frame.iloc[sound].duplicated().to_numpy()
    table.duplicate(sound[again])


def _datum(out: pd.DataFrame, delivery: Facilities) -> pd.Series:
    datum = out["datum"].str.strip().str.lower().str.replace("[ _-]", "", regex=True)
    return datum.where(datum != "", delivery.datum or "")


def _to_wgs84(out: pd.DataFrame, delivery: Facilities, name: str) -> tuple[Floats, Floats]:
    datum = _datum(out, delivery)
    if (datum == "").any():
        raise DataError(
            f"{name}: neither the file nor the study says the map datum of the positions; "
            'add datum = "wgs84" or "gcj02" to this [[facilities]] entry.'
        )
    lon, lat = out["lon_given"].to_numpy().copy(), out["lat_given"].to_numpy().copy()
    for word in sorted(set(datum)):
        rows = (datum == word).to_numpy()
        lon[rows], lat[rows] = to_wgs84(lon[rows], lat[rows], word)
    return lon, lat


def _classes(out: pd.DataFrame, delivery: Facilities, name: str, intake: Intake) -> pd.Series:
    """Our class keys; an empty text for what is no source, ``other`` for what nobody knows."""
    if out.attrs["classed"]:
        return out["class_"]
    if out.attrs["word"] is None:
        if delivery.class_ is None:
            raise DataError(
                f"{name}: neither the file nor the study says what kind of source these are; "
                'add class = "boiler" (or another class) to this [[facilities]] entry.'
            )
        key = find_class(delivery.class_)
        if key is None:
            raise DataError(f"facilities: class {delivery.class_!r} is not in the vocabulary; see rules/classes.toml.")
        return pd.Series(key, index=out.index, dtype=object)
    known = {word: find_class(word) for word in sorted(set(out["word"]))}
    fallback = find_class(delivery.class_) if delivery.class_ else None
    strange = [repr(word) for word, key in known.items() if key is None and word]
    if strange:
        intake.note(f"{name}: class {', '.join(strange[:5])} is not in the vocabulary and counts as other")
    return out["word"].map(lambda word: known[word] or (fallback if not word and fallback else "other")).astype(object)


def _accuracy(out: pd.DataFrame) -> Objects:
    words = {word: key for key, words in _ACCURACY.items() for word in words}
    said = out["accuracy"].str.strip().str.lower().map(words).fillna("unknown").astype(object)
    # Two decimals are a kilometre: such a place was read off a map or is a town's.
    lon, lat = out["lon_given"].to_numpy(), out["lat_given"].to_numpy()
    rough = (np.abs(lon * 100 - np.rint(lon * 100)) < 1e-6) & (np.abs(lat * 100 - np.rint(lat * 100)) < 1e-6)
    return np.where((said == "unknown") & rough, "approximate", said)


def _one_row_each(table: pd.DataFrame, intake: Intake) -> pd.DataFrame:
    """
    Units of one plant at one place become one facility; one id at two places becomes two.

    The outcome does not depend on the order of rows.
    """
    first = ["facility", "lon", "lat", "class_", "name", "size"]
    order = [*first, *(name for name in (*COLUMNS, "pollutant") if name not in first)]
    table = table.sort_values(order, kind="stable").reset_index(drop=True)
    repeated = table["facility"].duplicated(keep=False)
    rows: list[dict] = rows_of(table[~repeated])
    n_merged = n_said = 0
    for _, same in table[repeated].groupby("facility", sort=True):
        kept: list[dict] = []
        around: dict[tuple, list[int]] = {}  # of those kept, by a square of a little more than _PLACE and their kind
        for row in rows_of(same):
            other = _same_plant(row, kept, around)
            if other is None:
                around.setdefault(_square(row), []).append(len(kept))
                name = row["facility"] + (f"-{len(kept) + 1}" if kept else "")
                kept.append(row | {"facility": name, "units": [row]})
                continue
            other["units"].append(row)
            other["rows"] += row["rows"]
            for paper in dossier_papers():  # what one unit lacks, the plant lacks
                said = sorted({other[paper], row[paper]} - {""}, key=lambda word: (word != "no", word))
                other[paper] = said[0] if said else ""
            n_merged += 1
        n_said += sum(len({unit["pollutant"] for unit in plant["units"]}) > 1 for plant in kept)
        rows += [plant | {"size": size_of_plant(plant["units"])} for plant in kept]
    if n_merged:
        intake.note(
            f"facilities: {n_merged} rows are further units of a plant listed before; their sizes were added up"
            + (f", but not over the pollutants of {n_said} plants with a row for each" if n_said else "")
        )
    out = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"lon": float, "lat": float, "size": float, "rows": int})
    taken = out["facility"].duplicated()
    if taken.any():  # an id "a-2" in the file beside a made one
        out.loc[taken, "facility"] = [
            _hashed(*row) for row in out.loc[taken, ["name", "lon", "lat"]].itertuples(index=False)
        ]
    return out.sort_values("facility", kind="stable").reset_index(drop=True)


def _square(row: dict[str, Any], east: int = 0, north: int = 0) -> tuple[Any, ...]:
    """The square a row lies in (or one beside it) and its kind: the key under which its like are looked up."""
    side = 1.01 * _PLACE
    place = (int(row["lon"] // side) + east, int(row["lat"] // side) + north)
    return (*place, row["class_"], row["size_unit"], row["source"])


def _same_plant(
    row: dict[str, Any], kept: Sequence[dict[str, Any]], around: Mapping[Any, Sequence[int]]
) -> dict[str, Any] | None:
    """The first kept row of the same kind within ``_PLACE``, or None; only nine squares are looked at."""
    near = [
        at
        for east in (-1, 0, 1)
        for north in (-1, 0, 1)
        for at in around.get(_square(row, east, north), ())
        if abs(row["lon"] - kept[at]["lon"]) <= _PLACE and abs(row["lat"] - kept[at]["lat"]) <= _PLACE
    ]
    return kept[min(near)] if near else None


def _note_shared(table: pd.DataFrame, intake: Intake) -> None:
    shared = table.duplicated(["lon", "lat"], keep=False) if len(table) else np.zeros(0, bool)
    if np.any(shared):
        places = len(table.loc[shared, ["lon", "lat"]].drop_duplicates())
        intake.note(f"facilities: {int(shared.sum())} share {places} positions; some are the centre of a town or park")
