"""What the atlas of a city prints: cover, table of cells, a page for each cell, as finished strings and drawings."""

import math
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.grid.datum import from_wgs84
from hotspot.grid.frame import geodesic_size
from hotspot.grid.lattice import Grid
from hotspot.grid.projection import towards
from hotspot.ledger.network.people import NOBODY, Answers
from hotspot.publish.fonts import legible, shorten
from hotspot.publish.maps.backdrop import Backdrop
from hotspot.publish.maps.borders import Borders
from hotspot.publish.maps.symbols import SYMBOLS, symbol_svg
from hotspot.publish.paper import sheet_map
from hotspot.publish.paper.sheet_words import ACCURACY, away_zh, class_of
from hotspot.publish.paper.wayfinding import coordinates
from hotspot.publish.words import WHERE, known, name_of
from hotspot.rank.select.imported import origin
from hotspot.rules.pollutants import of_study
from hotspot.rules.rounding import plain_text
from hotspot.study import Study
from hotspot.text.labels import label_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import xarray as xr

PANEL_MM = 92.0
LISTED = 16  # facilities printed by name on a page; the others stand as symbols on its maps
_UNITS = 7  # townships printed with their share
_STATUS = {"screened": "初筛", "imported": "导入", "reviewed": "已复核", "formal": "正式"}
_UNLISTED = ["没有登记的源。", "裸土、堆场、散烧、垃圾倾倒等多不在清单上；一格没有企业不等于没有源。"]


def in_order(study: Study, hot: "pd.DataFrame") -> "pd.DataFrame":
    """
    A city's cells as the atlas numbers them: by county code, in a county from north to south, west to east.

    Parameters
    ----------
    hot : DataFrame, the city's rows of the hotspot list

    Returns
    -------
    DataFrame: the rows with ``number`` (1 ...), ``col``, ``row``
    """
    place = [study.grid.parse(code) for code in hot["cell"]]
    codes = study.cells["county_code"].sel(cell=hot["cell"].to_numpy()).values.astype(str)
    table = hot.assign(col=[col for col, _ in place], row=[row for _, row in place], county_code=codes)
    key = table.assign(south=-table["row"]).sort_values(["county_code", "county", "south", "col"], kind="stable")
    return table.loc[key.index].assign(number=np.arange(1, len(table) + 1))


def index_rows(cells: "pd.DataFrame") -> list[list[str]]:
    """The table of all cells: one list of strings a cell; its page is found by typst."""
    lon, lat = cells["lon"].to_numpy(float), cells["lat"].to_numpy(float)
    gcj_lon, gcj_lat = from_wgs84(lon, lat, "gcj02")
    rows = []
    for row, here, there in zip(
        cells.to_dict("records"), zip(lon, lat, strict=True), zip(gcj_lon, gcj_lat, strict=True), strict=True
    ):
        label = "" if row["label"] == row["cell"] or not known(row["label"]) else str(row["label"])
        rows.append(
            [str(row["number"]), row["cell"], shorten(label, 12)]
            + [shorten(str(row[name]) if known(row[name]) else "—", 20) for name in ("county", "township")]
            + [f"{here[0]:.5f}, {here[1]:.5f}", f"{float(there[0]):.5f}, {float(there[1]):.5f}"]
        )
    return rows


def county_rows(cells: "pd.DataFrame") -> list[list[str]]:
    """How many cells each county has, their numbers and area: list of lists of strings, in the atlas's order."""
    rows = []
    for county, part in cells.groupby(["county_code", "county"], sort=False):
        numbers = f"{part['number'].min()}—{part['number'].max()}"
        name = shorten(str(county[1]) if known(county[1]) else "—", 24)
        rows.append([name, str(len(part)), numbers, plain_text(part["area_km2"].sum(), 0)])
    return rows


def cell_page(
    study: Study,
    row: dict[str, Any],
    *,
    every: dict[str, str],
    facilities: "gpd.GeoDataFrame",
    borders: Borders,
    ways: Backdrop,
    people: Any = None,
) -> dict[str, Any]:
    """
    One cell's page.

    Parameters
    ----------
    row : mapping, of ``in_order``
    every : dict of str -> str, the codes of all hotspot cells with what is said of each as a neighbour
    people : of ``ledger.network.people.answerable``, optional; a blank to write on where somebody is not known

    Returns
    -------
    dict of strings, lists and drawings
    """
    grid, code = study.grid, row["cell"]
    col, at_row = int(row["col"]), int(row["row"])
    ring = study.criteria.tracing.ring_km * 1000
    reach = max(ring * 1.08, grid.spacing)
    near = _near(grid, row, facilities, ring)
    cells = math.ceil(reach / grid.spacing) + 1
    around = (grid.code(col + i, at_row + j) for i in range(-cells, cells + 1) for j in range(-cells, cells + 1))
    shared: dict[str, Any] = {
        "size": PANEL_MM, "borders": borders, "facilities": near, "warned": (every.keys() & set(around)) - {code},
        "backdrop": ways,
    }  # fmt: skip
    fine = study.lattice.fine
    detail = sheet_map.detail_panel(grid, col, at_row, values=every, fine=fine, **shared)
    ringed = sheet_map.ring_panel(grid, col, at_row, reach=reach, ring=ring, **shared)
    detail["title"] = f"本格：{grid.nesting(fine) ** 2}个子网格（{fine:g} m），四角为WGS 84经纬度，四周为邻格编号与序号"
    shown = f"；{ringed['shown']}" if ringed["shown"] else ""
    ringed["title"] = f"周边{ring / 1000:g} km：左斜线为其他热点网格，右斜线为区外；粗虚线县界，细虚线乡界{shown}"
    east, north = geodesic_size(grid, col, at_row)
    label = "" if row["label"] == code or not known(row["label"]) else shorten(str(row["label"]), 16)
    return {
        "number": str(row["number"]),
        "code": code,
        "label": label,
        "place": [shorten(str(row[name]), 24) for name in ("city", "county", "township") if known(row[name])],
        "coordinates": coordinates(code, row["lon"], row["lat"]),
        "facts": _facts(study, row, float(east), float(north)),
        "people": _people(people or NOBODY),
        "shares": _shares(study.cells, code),
        "detail": detail,
        "around": ringed,
        "facilities": [_facility(f) for f in near if f["number"]],
        "unlisted": sum(not f["number"] for f in near),
    }


def cover(
    study: Study, year: int, city: str, cells: "pd.DataFrame", facilities: "gpd.GeoDataFrame", digest: str
) -> dict[str, Any]:
    """
    What the cover says, and the lines at the head and foot of every page.

    Returns
    -------
    dict ``title, head, foot, cover``
    """
    grid, criteria, of = study.grid, study.criteria, of_study(study)
    counties = cells["county"].nunique()
    area = plain_text(cells["area_km2"].sum(), 0)
    statuses = "、".join(
        f"{_STATUS.get(name, legible(str(name)))}{n}个"
        for name, n in cells["status"].value_counts().sort_index().items()
    )
    vintages = sorted({str(v) for v in facilities["vintage"] if known(v)}) if len(facilities) else []
    sources = sorted({str(v) for v in facilities["source"] if known(v)}) if len(facilities) else []
    city = shorten(city, 30)
    came = origin(cells).get("zh", "")
    return {
        "title": f"{city}热点网格图集（{year}年名单）",
        "head": f"{city}热点网格图集 · {year}年名单",
        "foot": [
            f"名单 hotspots-{year}.csv {digest or '未存'} · 规则 {criteria.profile} · "
            f"依据 {legible(criteria.legal_basis)} · 格网 {shorten(grid.id, 40)} · hotspot {version('hotspot')}",
        ],
        "cover": {
            "city": city,
            "name": f"{of.label}热点网格图集",
            "value": of.means_zh and f"{of.means_zh}。",
            "unlisted": ["来源。", of.refused["trace"][0]] if "trace" in of.refused else _UNLISTED,
            "year": f"{year}年名单",
            "study": shorten(study.name, 40),
            "counts": f"热点网格{len(cells)}个，分属{counties}个县（区、市），面积{area} km²；名单状态：{statuses}。"
            + (f"{legible(came)}。" if came else ""),
            "facilities": "；".join(shorten(text, 60) for text in sources[:4]) or "本研究没有登记的污染源清单",
            "vintage": "、".join(shorten(v, 12) for v in vintages[:6]),
            "ring": f"{criteria.tracing.ring_km:g}",
            "spacing": f"{grid.spacing / 1000:g}",
            "fine": f"{study.lattice.fine:g}",
            "count": str(grid.nesting(study.lattice.fine) ** 2),
            "digest": digest or "未存",
            "symbols": [
                {"symbol": symbol_svg(name), "text": words}
                for name, words in (
                    ("square", "有排气筒的工业源"),
                    ("circle", "锅炉、炉窑"),
                    ("diamond", "挥发性有机物源"),
                    ("triangle", "工业无组织扬尘"),
                    ("triangle-hollow", "工地、堆场、裸土等扬尘"),
                    ("circle-hollow", "移动源及其他"),
                    ("diamond-hollow", "焚烧、倾倒"),
                    ("square-hollow", "“散乱污”小作坊"),
                )
            ],
        },
    }


def _facts(study: Study, row: dict[str, Any], east: float, north: float) -> list[list[str]]:
    decimals = study.criteria.warning.decimals
    facts = [
        ["地面尺寸", f"东西{east:.0f} m，南北{north:.0f} m"],
        ["本市面积", f"{plain_text(row['area_km2'], 2)} km²"],
    ]
    if known(row["pm25"]):
        figure = of_study(study).words("@pollutant@年@mean@")
        facts.append(["评选浓度", f"{figure}{plain_text(row['pm25'], decimals)} μg/m³"])
    if known(row["level"]):
        facts.append([label_of("stagnant_level"), f"{plain_text(row['level'], decimals)} μg/m³"])
    since = f"，{int(row['since'])}年起在列" if known(row["since"]) else ""
    facts.append(["名单状态", f"{_STATUS.get(row['status'], legible(str(row['status'])))}{since}"])
    return facts


def _people(people: Sequence[Answers]) -> list[list[str]]:
    """Who answers for the cell: role, name, unit and duty, number, since; blanks to write on."""
    roles = ("网格长", "专职网格监督员", "村（社区）联络员")
    return [
        [role, *(shorten(legible(text), width) for text, width in zip(who, (16, 15, 34, 12), strict=True))]
        for role, who in zip(roles, ((w.name, w.phone, w.place, w.since) for w in people), strict=True)
    ]


def _shares(cells: "xr.Dataset", code: str) -> list[list[str]]:
    """The units in a cell with their share of it, largest first: list of [unit, share]; what is outside last."""
    at = int(np.flatnonzero(cells["cell"].values == code)[0])
    member = np.flatnonzero(cells["member_cell"].values == at)
    area = cells["member_area"].values[member].astype(float)
    whole = float(cells.attrs["spacing"]) ** 2
    units = cells["member_unit"].values[member]
    rows = []
    for unit, square in zip(units.tolist(), area.tolist(), strict=True):
        names = [str(cells[f"unit_{name}"].values[unit]) for name in ("county", "township")]
        rows.append((square, " ".join(shorten(name, 20) for name in names if name) or "—"))
    rows.sort(key=lambda pair: (-pair[0], pair[1]))
    said = [[name, f"{plain_text(100 * square / whole, 1)}%"] for square, name in rows if square >= 0.0005 * whole]
    rest = whole - area.sum()
    if rest <= -0.0005 * whole:
        return [*said[:_UNITS], ["（边界资料有重叠，合计超过100%）", ""]]
    return said[:_UNITS] + ([["区外", f"{plain_text(100 * rest / whole, 1)}%"]] if rest >= 0.0005 * whole else [])


def _near(grid: Grid, row: dict[str, Any], facilities: "gpd.GeoDataFrame", ring: float) -> list[dict[str, Any]]:
    """Facilities in the cell and within ``ring`` m of its centre: in the cell first, then by distance; numbered."""
    lon, lat = (facilities[name].to_numpy(float) for name in ("lon", "lat"))
    # A degree of latitude is nowhere shorter than 110.5 km, so only these can be near.
    close = np.flatnonzero(np.abs(lat - row["lat"]) <= (ring + grid.spacing) / 110_500)
    bearing, km = towards(row["lon"], row["lat"], lon[close], lat[close])
    x, y = (np.asarray(v, float) for v in grid.project(lon[close], lat[close]))
    inside = np.asarray(grid.code(*grid.locate(lon[close], lat[close])), dtype=object) == row["cell"]
    names = facilities["facility"].to_numpy().astype(str)[close]
    keep = inside | (km <= ring / 1000)
    found: list[dict] = []
    for k in np.lexsort((names, km, ~inside)):
        if keep[k]:
            record = facilities.iloc[int(close[k])]
            number = str(len(found) + 1) if len(found) < LISTED else ""
            found.append(
                {
                    **{name: record[name] for name in ("facility", "name", "class_", "size", "size_unit", "accuracy")},
                    "number": number, "x": float(x[k]), "y": float(y[k]), "bearing_deg": float(bearing[k]),
                    "distance_km": float(km[k]), "where": "in_cell" if inside[k] else "ring",
                    "symbol": SYMBOLS[class_of(record["class_"]).problem],
                }
            )  # fmt: skip
    return found


def _facility(facility: dict[str, Any]) -> dict[str, str]:
    unit = str(facility["size_unit"]) if known(facility["size_unit"]) else ""
    size = f"{facility['size']:g} {unit}".strip() if known(facility["size"]) else "—"
    return {
        "number": facility["number"],
        "symbol": symbol_svg(facility["symbol"]),
        "class": shorten(class_of(facility["class_"]).zh, 18),
        "name": shorten(name_of(facility), 42),
        "away": away_zh(facility["bearing_deg"], facility["distance_km"]),
        "where": WHERE[facility["where"]],
        "size": shorten(size, 16),
        "accuracy": ACCURACY.get(facility["accuracy"], "不明"),
    }
