"""
Administrative units from delivered files, in true WGS 84, each with its names.

Nothing is corrected in silence: a converted datum is noted, a mended polygon is
named, units that overlap or come twice are named.
"""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.foreign.answered import answered
from hotspot.foreign.child import ask
from hotspot.foreign.features import parse, read_text
from hotspot.foreign.shapes import unpacked
from hotspot.grid.bounded import require_comparable, require_mendable
from hotspot.grid.vector_file import in_wgs84, read_vector
from hotspot.patterns import below, find_files
from hotspot.registry import Registry, a_function
from hotspot.text.door import masked
from hotspot.text.escape import one_name
from hotspot.variables import DataError

if TYPE_CHECKING:
    import geopandas as gpd

    from hotspot.study import Boundary

_ENDINGS = ("市", "地区", "盟")  # what a city's name may be written without
LEVELS = ("city", "city_code", "county", "county_code", "township", "township_code")
_LONGEST = 200  # characters
_OVERLAP = 10_000.0  # m2; a smaller overlap is the drawing accuracy of the map
_DEGREE = 111_320.0  # m per degree of latitude


def read_boundaries(deliveries: "Iterable[Boundary]", root: Path | str, *, fine: float = 500.0) -> "gpd.GeoDataFrame":
    """
    Read the units of a region.

    Parameters
    ----------
    deliveries : sequence of ``hotspot.study.Boundary``
        Layout ``datav`` (a city's or province's units in one GeoJSON) or
        ``table`` (GeoJSON, GeoPackage or Shapefile with named columns).
    root : str or Path
        The data root below which the file patterns are looked up.
    fine : float
        Side of the study's sub-cells, m, for the warning's text.

    Returns
    -------
    GeoDataFrame, EPSG:4326, a row per lowest unit, sorted by codes
        ``city, city_code, county, county_code, township, township_code`` (str,
        empty where unknown) and ``geometry``. ``attrs``: ``mended`` (list of
        str), ``notes`` (list of str), ``files`` (list of str), ``datum_declared``
        (bool).

    Raises
    ------
    DataError
        A file is missing, is no vector file, lacks a declared column, or holds
        something that is no polygon in degrees.

    Notes
    -----
    The published names of one unit are kept as delivered. An undeclared datum is
    a warning here, and an error as soon as cells below 1 km are asked for
    (METHODS 1).
    """
    import geopandas as gpd

    root, tables = Path(root), []
    said: list[str] = []
    mended: list[str] = []
    files: list[str] = []
    named: dict[Path, dict[str, str]] = {}  # a file of city names serves many boundary files
    for delivery in deliveries:
        if delivery.layout not in LAYOUTS:
            raise DataError(f"boundary layout {delivery.layout!r} is not known; give one of {', '.join(LAYOUTS)}.")
        for path in find_files(root, delivery.files, "boundary"):
            with answered(f"boundary {path.name}"):
                table, also_read = LAYOUTS[delivery.layout](path, delivery, root, named)
            for text in table.attrs.get("notes", ()):
                _say(said, text)
            table = _in_wgs84(table, delivery.datum, _short(path, root), said, fine)
            tables.append(_mended(table, _short(path, root), mended))
            files += [name for name in [str(path), *map(str, also_read)] if name not in files]
    if not tables:
        raise DataError("the study names no boundary; add a [[boundary]] with its files.")
    units = {name: np.concatenate([t[name].to_numpy(dtype=object) for t in tables]) for name in LEVELS}
    outlines = np.concatenate([t.geometry.to_numpy() for t in tables])
    frame = gpd.GeoDataFrame(units, geometry=outlines, crs="EPSG:4326")
    frame = frame.sort_values(
        ["city_code", "county_code", "township_code", "city", "county", "township"], kind="stable"
    )
    _refuse_two_spellings(frame)
    frame = _without_copies(frame.reset_index(drop=True), said)
    said += _overlaps(frame)
    declared = all(t.attrs["declared"] for t in tables)
    frame.attrs = {"mended": mended, "notes": said, "files": files, "datum_declared": declared}
    return frame


def _short(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _datav(
    path: Path, delivery: "Boundary", root: Path, named: dict[Path, dict[str, str]]
) -> "tuple[gpd.GeoDataFrame, list[Path]]":
    """Units of one DataV file: districts of a city, cities of a province, or one county."""
    import geopandas as gpd

    report = ask("geojson", path, path.name)
    if not report["properties"]:
        raise DataError(f"{path.name}: holds no features; give a DataV GeoJSON of a city, a province or a county.")
    names, also_read = _city_names(path, delivery, root, named)
    rows = []
    for number, (own, fault) in enumerate(zip(report["properties"], report["faults"], strict=True), start=1):
        own = own or {}
        code, name = _name(own.get("adcode", "")), _name(own.get("name", ""))
        parent = str(_dict(own.get("parent")).get("adcode") or "")
        if own.get("level") == "city" and not own.get("childrenNum"):
            # A county-level city right below its province is its own city.
            city_code, city, county_code, county = code, name, code, name
        elif own.get("level") in ("city", "province"):
            city_code, city, county_code, county = code, name, "", ""
        else:
            city_code, city, county_code, county = parent, names.get(parent, ""), code, name
        city_code, city = delivery.city_code or city_code, delivery.city or city
        if not city:
            raise DataError(
                f"{path.name}, feature {number} ({name}): no name for city {city_code}; "
                "name a location.json under 'names', or give 'city'."
            )
        rows.append(dict(zip(LEVELS, (city, city_code, county, county_code, "", ""), strict=True)))
        if fault:
            raise DataError(f"{path.name}, feature {number} ({name}): no readable outline ({fault}); mend it.")
    return gpd.GeoDataFrame(rows, geometry=unpacked(report), crs="EPSG:4326"), also_read


def _city_names(
    path: Path, delivery: "Boundary", root: Path, named: dict[Path, dict[str, str]]
) -> tuple[dict[str, str], list[Path]]:
    # adcode -> name of every city, from the file the study names or the one beside the folder.
    place = below(root, delivery.names, "boundary.names") if delivery.names else path.parent.parent / "location.json"
    if not place.is_file():
        if delivery.names:
            raise DataError(f"boundary: there is no {delivery.names} below {root}; it should name the cities.")
        return {}, []
    if place in named:
        return named[place], [place]
    content = parse(read_text(place, place.name), place.name)
    if isinstance(content.get("features"), list):
        own = [_dict(_dict(feature).get("properties")) for feature in content["features"]]
        names = {str(about.get("adcode", "")): _name(about.get("name", "")) for about in own}
    else:
        names = {str(code): _name(_dict(entry).get("name", "")) for code, entry in content.items()}
    named[place] = names
    return names, [place]


def _table(
    path: Path, delivery: "Boundary", root: Path, named: dict[Path, dict[str, str]]
) -> "tuple[gpd.GeoDataFrame, list[Path]]":
    """Units of any GeoJSON, GeoPackage or Shapefile, by the study's column names."""
    frame = read_vector(path, "boundaries")
    unknown = sorted(set(delivery.columns) - set(LEVELS))
    if unknown:
        raise DataError(f"boundary columns: {', '.join(unknown)} is not ours; ours are {', '.join(LEVELS)}.")
    for ours, theirs in delivery.columns.items():
        if theirs not in frame.columns:
            there = ", ".join(str(c) for c in frame.columns if c != "geometry")
            layer = "".join(f"; {note}; one file is one layer" for note in frame.attrs["notes"] if "not read" in note)
            raise DataError(f"{path.name}: there is no column {theirs!r} for {ours}; there are: {there}{layer}.")
    of_city = delivery.columns.get("city")
    if delivery.level != "township" and not (of_city or delivery.city):
        raise DataError(
            f"{path.name}: nothing says which city a unit belongs to, and a list is made per city; name the column "
            '(columns = { city = "THEIRS" }) or the city (city = "...") in this [[boundary]] entry.'
        )
    constant = {"city": delivery.city or "", "city_code": delivery.city_code or ""}
    for ours in LEVELS:
        column = delivery.columns.get(ours)
        frame[f"__{ours}"] = frame[column].map(_as_text) if column else constant.get(ours, "")
    if delivery.level != "township" and (nameless := np.flatnonzero(frame["__city"] == "")).size:
        first = frame.iloc[nameless[0]]
        about = first["__county"] or first["__county_code"]
        raise DataError(
            f"{path.name}, feature {nameless[0] + 1}{f' ({about})' if about else ''}: nothing in column {of_city!r}; "
            f"no city ranks its cells ({len(nameless)} of {len(frame)} are so); fill it in, or drop the feature."
        )
    frame = frame[[f"__{name}" for name in LEVELS] + ["geometry"]].rename(columns=lambda name: name.removeprefix("__"))
    says = frame.attrs["crs"]
    if says == "none" and not delivery.datum:
        raise DataError(f"{path.name}: the file has no CRS and the study declares no datum; declare one.")
    # A GeoJSON is WGS 84 by its standard, but those from Chinese web maps are not: only a real CRS declares.
    frame.attrs["declared"] = says == "declared"
    return frame, frame.attrs["also"]


# From outside under the entry points of this name: a function like ``_table``.
LAYOUTS: Registry[Callable[..., tuple]] = Registry(
    "hotspot.layouts.boundaries", {"datav": _datav, "table": _table}, a_function
)


def _as_text(value: Any) -> str:
    # Codes come as 130102, 130102.0 or '130102'.
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float | np.floating) and float(value).is_integer() else _name(value)


def _name(value: Any) -> str:
    """A unit's name or code as one line, without anybody's number; a page of text is no name."""
    text = masked(one_name(value))
    if len(text) > _LONGEST:
        raise DataError(f"boundary: a name of {len(text)} characters ({text[:20]} ...); name the right column.")
    return text


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _in_wgs84(
    table: "gpd.GeoDataFrame", datum: str | None, name: str, said: list[str], fine: float
) -> "gpd.GeoDataFrame":
    import shapely

    outlines = table.geometry.to_numpy()
    kinds = shapely.get_type_id(outlines)
    if not np.isin(kinds, (3, 6)).all() or shapely.is_empty(outlines).any():
        wrong = int(np.flatnonzero(~np.isin(kinds, (3, 6)) | shapely.is_empty(outlines))[0])
        raise DataError(f"{name}, feature {wrong + 1}: has no polygon; mend it or drop the feature.")
    outlines = in_wgs84(outlines, datum, name)
    declared = datum is not None or table.attrs.get("declared", False)
    if datum in ("gcj02", "bd09"):
        _say(said, f"{name}: converted from {datum} to WGS 84, vertex by vertex")
    elif not declared:
        _say(said, f"{name}: map datum undeclared, taken as WGS 84; error up to 700 m if it is GCJ-02")
        warnings.warn(
            f"{name}: no map datum is declared; taken as WGS 84, which is good enough for 3 km cells only "
            f"(GCJ-02 would be 100-700 m off, more than a cell of {fine:g} m). Declare datum in the study.",
            UserWarning,
            stacklevel=4,
        )
    table = table.set_geometry(outlines, crs="EPSG:4326")
    table.attrs["declared"] = declared
    return table


def _say(said: list[str], text: str) -> None:
    if text not in said:
        said.append(text)


def _mended(table: "gpd.GeoDataFrame", name: str, mended: list[str]) -> "gpd.GeoDataFrame":
    # Invalid polygons made valid and named; lines and points that fall off are dropped.
    import shapely

    outlines = table.geometry.to_numpy().copy()
    for k in np.flatnonzero(~shapely.is_valid(outlines)):
        require_mendable(outlines[k], f"{name}, feature {k + 1}")
        why = shapely.is_valid_reason(outlines[k]).split("[")[0]
        parts = shapely.get_parts(shapely.make_valid(outlines[k]))
        parts = shapely.get_parts(parts[np.isin(shapely.get_type_id(parts), (3, 6))])
        row = table.iloc[k]
        unit = row.township or row.county or row.city
        code = row.township_code or row.county_code or row.city_code
        if parts.size == 0:
            raise DataError(f"{name}, feature {k + 1} ({unit}): the outline encloses no area ({why}); mend it.")
        outlines[k] = shapely.multipolygons(parts) if parts.size > 1 else parts[0]
        mended.append(f"{name}: {unit} ({code}): {why}, mended")
    attrs = dict(table.attrs)
    table = table.set_geometry(outlines, crs="EPSG:4326")
    table.attrs = attrs
    return table


def _refuse_two_spellings(frame: "gpd.GeoDataFrame") -> None:
    """A city that is written in two ways would be two, with a quota and a list each."""
    cities = sorted(set(frame["city"]) - {""})
    pairs = [[city, f"{city}{end}"] for city in cities for end in _ENDINGS if f"{city}{end}" in cities]
    coded = frame[(frame["city_code"] != "") & (frame["city"] != "")]
    pairs += [sorted(set(names))[:2] for _, names in coded.groupby("city_code")["city"] if names.nunique() > 1]
    if pairs:
        one, two = pairs[0]
        raise DataError(
            f"boundary: cities {one!r} and {two!r} are one city in two spellings, and a list is made per city; write "
            "it alike in every feature."
        )


def _without_copies(frame: "gpd.GeoDataFrame", said: list[str]) -> "gpd.GeoDataFrame":
    # The same unit with the same outline twice is one unit; with another outline both stay, named.
    import shapely

    keep = np.ones(len(frame), dtype=bool)
    seen: dict[tuple, int] = {}
    outlines = frame.geometry.to_numpy()
    for k, key in enumerate(zip(*(frame[name] for name in LEVELS), strict=True)):
        first = seen.setdefault(key, k)
        if first == k or not any(key):
            continue
        same = bool(shapely.normalize(outlines[first]).equals_exact(shapely.normalize(outlines[k]), tolerance=1e-9))
        keep[k] = not same
        what = "the same outline, used once" if same else "different outlines, taken together"
        _say(said, f"{_title(frame, k)} comes twice with {what}")
    return frame[keep].reset_index(drop=True)


def _title(frame: "gpd.GeoDataFrame", k: int) -> str:
    row = frame.iloc[k]
    named = [name for name in (row.city, row.county, row.township) if name]
    code = row.township_code or row.county_code or row.city_code
    return "/".join(named) + (f" ({code})" if code else "")


def _overlaps(frame: "gpd.GeoDataFrame") -> list[str]:
    # Pairs of units that claim the same ground, with the area.
    import shapely

    outlines = frame.geometry.to_numpy()
    one, two = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    one, two = one[one < two], two[one < two]
    for a, b in zip(one.tolist(), two.tolist(), strict=True):
        require_comparable(outlines[a], outlines[b], f"{_title(frame, a)} and {_title(frame, b)}")
    area = shapely.area(shapely.intersection(outlines[one], outlines[two])) * _DEGREE**2
    area *= np.cos(np.radians(shapely.get_y(shapely.centroid(outlines[one]))))
    return [
        f"{_title(frame, a)} and {_title(frame, b)} overlap by {m2 / 1e6:.2f} km2"
        for a, b, m2 in sorted(zip(one.tolist(), two.tolist(), area.tolist(), strict=True))
        if m2 > _OVERLAP
    ]
