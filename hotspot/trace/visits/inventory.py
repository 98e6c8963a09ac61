"""
Where every facility that was delivered belongs: in one cell, outside the study, or nowhere (D14).

A census is worth what its totals are worth: each facility is counted once, and
the rows of the registers are accounted for to the last one.
"""

import json
from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from hotspot.grid.lattice import Grid
from hotspot.kernels.arrays import Ints, Objects
from hotspot.rules.classes import dossier_papers, source_classes
from hotspot.variables import DataError

PLACES = ("inside", "outside", "no place")
COLUMNS = [
    "facility", "name", "class_", "where", "cell", "city", "city_code", "county", "county_code", "township", "hotspot",
    "warned", "lon", "lat", "size", "size_unit", "accuracy", "status", "datum_note", "vintage", "source", "rows", "why",
    *dossier_papers(),
]  # fmt: skip
_LEFT = "exited"  # the status of a cell that is on a hotspot list no longer
_UNITS = ("city", "city_code", "county", "county_code", "township")
_DATUM = {
    "": "",
    "wgs84": "WGS 84 as delivered",
    "cgcs2000": "CGCS2000 as delivered",
    "gcj02": "GCJ-02, converted to WGS 84",
    "bd09": "BD-09, converted to WGS 84",
}


def inventory(
    facilities: pd.DataFrame,
    cells: xr.Dataset,
    grid: Grid,
    *,
    boundaries: gpd.GeoDataFrame | None = None,
    hot: pd.DataFrame | None = None,
    warned: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Every facility of the study with its owner cell, or the reason why it has none.

    Parameters
    ----------
    facilities : GeoDataFrame, from ``load_facilities``
    cells : Dataset (cell) with ``col row`` and the owner's ``city county township``
    grid : Grid, the lattice of the cells
    boundaries : GeoDataFrame, optional
        The study's units. A facility's city and county are those it stands in;
        without boundaries, or beyond them in a border cell, those of its cell.
    hot, warned : DataFrame, optional
        The hotspot list and the warning list of the month.

    Returns
    -------
    DataFrame, one row per facility: ``facility name class_ where`` (inside: the
    lattice cell that holds its point is one of the study's, west and south edges
    belonging to a cell; outside; no place: a row quarantined for its position),
    ``cell`` (empty unless inside), ``city city_code county county_code township``,
    ``hotspot`` (bool), ``warned`` (reasons joined by ';'), ``lon lat`` (WGS 84),
    ``size size_unit accuracy status datum_note vintage source``, ``rows`` (delivered
    rows that are this facility), ``why`` (a note on its place), and the papers of
    ``dossier_papers``. Sorted by where, county, cell, class and facility.
    ``attrs["account"]``: the registers' account, as ``load_facilities`` gives it.

    Raises
    ------
    DataError
        An id stands twice: a fault of the reader.

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.grid.lattice import Grid
    >>> at = {"cell": ["PQ1848E"], "col": ("cell", [1318]), "row": ("cell", [1448])}
    >>> cells = xr.Dataset(coords=at | {"city": ("cell", ["甲市"]), "county": ("cell", ["乙县"])})
    >>> plants = pd.DataFrame({"facility": ["a", "b"], "class_": "steel", "lon": [116.397, 116.5], "lat": 39.909})
    >>> inventory(plants, cells, Grid())[["facility", "where", "cell", "county"]].values.tolist()
    [['a', 'inside', 'PQ1848E', '乙县'], ['b', 'outside', '', '']]
    """
    table = _columns(facilities)
    at = _owner_cells(table, cells, grid)
    inside = at >= 0
    table["where"] = np.where(inside, PLACES[0], PLACES[1])
    table["why"] = np.where(inside, "", "its lattice cell is none of the study's")
    codes = cells["cell"].values.astype(str)
    table["cell"] = _taken(codes, at)
    unit = _units_of(table, boundaries)
    for name in _UNITS:
        own = _taken(cells[name].values.astype(str), at) if name in cells.coords else np.full(len(table), "")
        if boundaries is not None and name in boundaries:
            own = np.where(unit >= 0, _taken(boundaries[name].fillna("").astype(str).to_numpy(), unit), own)
        table[name] = own.astype(object)
    if boundaries is not None:
        table.loc[inside & (unit < 0), "why"] = "beyond the boundary, in a cell of the county named"
        table.loc[~inside & (unit >= 0), "why"] = "within the boundary, but its cell is not counted as the study's"
    table = pd.concat([table, _without_place(facilities)], ignore_index=True)
    watched = set() if hot is None else set(hot.loc[hot["status"] != _LEFT, "cell"].astype(str))
    table["hotspot"] = table["cell"].isin(watched)
    reasons = {} if warned is None else warned.groupby("cell", sort=True)["reason"].agg(";".join).to_dict()
    table["warned"] = [reasons.get(cell, "") for cell in table["cell"]]
    if table["facility"].duplicated().any():
        twice = table.loc[table["facility"].duplicated(), "facility"].iloc[0]
        raise DataError(f"facility {twice!r} stands twice in the inventory; this is a fault of the reader.")
    table = _sorted(table)[COLUMNS]
    table.attrs["account"] = list(facilities.attrs.get("account", []))
    return table


def reconcile(table: pd.DataFrame) -> dict[str, int]:
    """
    The account of the inventory: what became of every delivered row (D14).

    Parameters
    ----------
    table : DataFrame, from ``inventory``

    Returns
    -------
    dict of counts: ``read`` = ``inside_rows + outside_rows + far + no_place +
    quarantined + duplicates + no_source``, in delivered rows (``far``: beyond the
    margin around the study, counted and not listed; ``quarantined``: for another
    reason than the place; ``no_source``: plants without smoke), and the facilities
    ``inside, outside, no_place_facilities`` that these rows are. ``files``: the
    same per file, as the reader counted.

    Raises
    ------
    DataError
        Rows are missing or counted twice: a fault of the reader, never of a file.

    Examples
    --------
    >>> empty = pd.DataFrame({"where": [], "rows": []})
    >>> reconcile(empty)["read"]
    0
    """
    rows = {where: int(table.loc[table["where"] == where, "rows"].sum()) for where in PLACES}
    found = {where: int((table["where"] == where).sum()) for where in PLACES}
    files = table.attrs.get("account") or []
    summed = {
        name: sum(counted[name] for counted in files)
        for name in ("read", "far", "listed", "no_place", "quarantined", "duplicates", "no_source")
    }
    if not files:  # a table made by hand: its own rows are all there is
        summed |= {"read": sum(rows.values()), "listed": rows["inside"] + rows["outside"]}
        summed |= {"no_place": rows["no place"], "quarantined": rows["no place"]}
    answer = {
        "read": summed["read"],
        "inside_rows": rows["inside"],
        "outside_rows": rows["outside"],
        "far": summed["far"],
        "no_place": rows["no place"],
        "quarantined": summed["quarantined"] - summed["no_place"],
        "duplicates": summed["duplicates"],
        "no_source": summed["no_source"],
    }
    parts = sum(number for name, number in answer.items() if name != "read")
    if parts != answer["read"]:
        raise DataError(
            f"facilities: {answer['read']} rows were read, but {parts} are accounted for ({answer}); "
            "this is a fault of the reader, please report it."
        )
    return answer | {
        "inside": found["inside"],
        "outside": found["outside"],
        "no_place_facilities": found["no place"],
        "files": list(files),
    }


def by_county(table: pd.DataFrame) -> pd.DataFrame:
    """
    Facilities by county and class: the census table of D14 and D24.

    Parameters
    ----------
    table : DataFrame, from ``inventory``

    Returns
    -------
    DataFrame ``city county``, one column per class that occurs (in the order of the
    vocabulary) and ``total``: a row per county with facilities inside, then
    ``outside`` and ``no place`` (named in ``city``), then ``total``; counts of facilities

    Examples
    --------
    >>> rows = pd.DataFrame({"where": ["inside", "inside", "outside"], "city": ["甲市", "甲市", ""],
    ...     "county": ["乙县", "乙县", ""], "class_": ["steel", "power", "steel"]})
    >>> by_county(rows)[["city", "county", "power", "steel", "total"]].values.tolist()
    [['甲市', '乙县', 1, 1, 2], ['outside', '', 0, 1, 1], ['total', '', 1, 2, 3]]
    """
    classes = [key for key in source_classes() if (table["class_"] == key).any()]
    tally: dict[tuple, Counter] = {}
    rows = zip(*(table[name].tolist() for name in ("where", "city", "county", "class_")), strict=True)
    for where, city, county, key in sorted(rows, key=lambda row: PLACES.index(row[0])):
        place = (city, county) if where == "inside" else (where, "")
        tally.setdefault(place, Counter())[key] += 1
    tally[("total", "")] = Counter(table["class_"])
    out = [[*place, *(counts[key] for key in classes), counts.total()] for place, counts in tally.items()]
    return pd.DataFrame(out, columns=["city", "county", *classes, "total"])


def _columns(facilities: pd.DataFrame) -> pd.DataFrame:
    """The register's columns, all there; what a table made by hand lacks is empty."""
    n = len(facilities)
    texts = ("facility", "name", "class_", "size_unit", "accuracy", "status", "vintage", "source", *dossier_papers())
    table = pd.DataFrame(
        {name: np.asarray(facilities[name], object) if name in facilities else np.full(n, "", object) for name in texts}
    ).fillna("")
    for name, missing in (("lon", np.nan), ("lat", np.nan), ("size", np.nan)):
        table[name] = np.asarray(facilities[name], float) if name in facilities else np.full(n, missing)
    table["rows"] = np.asarray(facilities["rows"], int) if "rows" in facilities else np.ones(n, int)
    datum = facilities["datum"].fillna("").astype(str) if "datum" in facilities else [""] * n
    table["datum_note"] = [_DATUM.get(word, f"{word}, converted to WGS 84") for word in datum]
    return table


def _owner_cells(table: pd.DataFrame, cells: xr.Dataset, grid: Grid) -> Ints:
    """Position of the cell that holds each place by the lattice's half-open rule; -1 where none of the study does."""
    col, row = grid.locate(table["lon"].to_numpy(float), table["lat"].to_numpy(float))
    keys = [pd.MultiIndex.from_arrays(pair) for pair in ((cells["col"].values, cells["row"].values), (col, row))]
    return keys[0].get_indexer(keys[1])


def _units_of(table: pd.DataFrame, boundaries: gpd.GeoDataFrame | None) -> Ints:
    """Position of the unit each place stands in; on a shared border the one with the lower code; -1 outside."""
    import shapely

    unit = np.full(len(table), -1)
    if boundaries is None or not len(table):
        return unit
    keys = [boundaries[name].fillna("").astype(str) for name in (*_UNITS, "township_code") if name in boundaries]
    rank = np.empty(len(boundaries), np.int64)
    rank[np.lexsort([np.asarray(key, str) for key in keys[::-1]])] = np.arange(len(boundaries))
    points = shapely.points(table["lon"].to_numpy(float), table["lat"].to_numpy(float))
    point, polygon = shapely.STRtree(boundaries.geometry.to_numpy()).query(points, predicate="intersects")
    order = np.lexsort((rank[polygon], point))
    point, polygon = point[order], polygon[order]
    first = np.concatenate([[True], point[1:] != point[:-1]]) if point.size else np.zeros(0, bool)
    unit[point[first]] = polygon[first]
    return unit


def _taken(values: np.ndarray, at: Ints) -> Objects:
    """``values[at]`` as texts, empty where ``at`` is -1."""
    return np.where(at >= 0, np.asarray(values, object)[np.maximum(at, 0)] if len(values) else "", "").astype(object)


def _without_place(facilities: pd.DataFrame) -> pd.DataFrame:
    rows = [row | {"where": PLACES[2]} for row in json.loads(facilities.attrs.get("no_place", "[]"))]
    table = pd.DataFrame(rows, columns=[*COLUMNS]).astype({"lon": float, "lat": float, "size": float})
    for name in table.columns.difference(["lon", "lat", "size", "rows", "hotspot"]):
        table[name] = table[name].astype(object).fillna("")
    return table


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    rank = {key: number for number, key in enumerate(source_classes())}
    key = pd.DataFrame(
        {
            "where": table["where"].map(PLACES.index),
            **{name: table[name].astype(str) for name in ("city_code", "city", "county_code", "county", "cell")},
            "class": table["class_"].map(rank).fillna(len(rank)),
            "facility": table["facility"].astype(str),
        }
    )
    return table.loc[key.sort_values(list(key.columns), kind="stable").index].reset_index(drop=True)
