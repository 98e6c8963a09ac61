"""
The sheet a field team carries: one A4 page per warning cell, a back page with the checks.

C7, C8, C10, D13, B11. Layout stands in ``templates/sheet.typ``; this module
gives it finished strings as JSON, never markup, so a name from a file can
only ever be printed. Same month, same bytes: no date, no random name.
"""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.grid.frame import north_angle
from hotspot.publish import sheet_map
from hotspot.publish.fonts import check_glyphs, font_path, legible, shorten
from hotspot.publish.lists import published
from hotspot.publish.sheet_back import back_page
from hotspot.publish.weather_words import weather_zh
from hotspot.publish.why_words import data_sources, from_stations_only
from hotspot.publish.words import BASES, COMPLETENESS, REASONS, STATES, change_zh, known, month_zh
from hotspot.rank.weather_change import weather_change
from hotspot.rules.classes import area_classes, source_classes
from hotspot.rules.rounding import plain_text, round_half_even
from hotspot.variables import DataError

PANEL_MM = 92.0
FRONT_ROWS = 10  # facilities on the front; the others follow on the back
LISTED = 30  # facilities printed by name; the others stand as symbols on the map, and in checklists.xlsx
_TEMPLATE = "sheet.typ"
_THREADS = 2  # more would only hold more pages in memory
_WINDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
_WORDS = {
    "strong": "强",
    "moderate": "中",
    "weak": "弱",
    "not enough hours": "时数不足",
    "no hourly data": "无逐时资料",
}
_WHERE = {"in_cell": "格内", "ring": "周边", "upwind": "上风"}
_ACCURACY = {"exact": "准确", "approximate": "概略", "unknown": "不明"}


def write_sheets(directory, *, study, month, field, warned, traced, checklist, facilities, state="preliminary"):
    """
    Write ``sheets.pdf`` and ``sheets/CODE.pdf``, one sheet per warning cell.

    Parameters
    ----------
    directory : str or Path
        The month's folder; ``sheets`` is made in it. Files are named by cell code only.
    study : Study
    month : str, ``"2020-03"``
    field : Dataset (cell, time), from ``monthly_field``
    warned : DataFrame, from ``rank_warnings``, unrounded
    traced : DataFrame, from ``trace_sources``
    checklist : DataFrame, from ``trace.checklist``
    facilities : GeoDataFrame
    state : str
        A key of ``words.STATES``.

    Returns
    -------
    list of Path: ``sheets.pdf`` first, then the single sheets by code

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw (names the letter and the text), or a code of
        the list is no code.
    """
    from tqdm import tqdm

    directory = Path(directory)
    sheets = sheet_data(
        study=study, month=month, field=field, warned=warned, traced=traced, checklist=checklist,
        facilities=facilities, state=state,
    )  # fmt: skip
    check_glyphs(_strings(sheets))
    (directory / "sheets").mkdir(parents=True, exist_ok=True)
    paths = [*(directory / "sheets" / f"{sheet['code']}.pdf" for sheet in sheets), directory / "sheets.pdf"]
    # The book last: what typst remembers of it would slow every page set after it.
    parts = [*([sheet] for sheet in sheets), sheets]
    # typst leaves Python's lock while it sets a page, so threads are enough; each part is set alone.
    with ThreadPoolExecutor(_THREADS) as pool:
        pages = pool.map(lambda part: render(part, month), parts)
        for path, page in zip(
            paths, tqdm(pages, total=len(parts), desc="sheets", disable=None, leave=False), strict=True
        ):
            path.write_bytes(page)
    return [paths[-1], *paths[:-1]]


def render(sheets, month, *, kind="pdf", ppi=None):
    """
    Set sheets with typst.

    Parameters
    ----------
    sheets : list of dict, from ``sheet_data``; an empty list gives one page that says so
    month : str
    kind : "pdf", "png" or "svg"
    ppi : float, optional
        Of a png.

    Returns
    -------
    bytes, or a list of bytes with one picture per page

    Raises
    ------
    DataError
        The page could not be set; carries typst's own words.
    """
    import typst

    template: Any = (resources.files("hotspot.publish") / "templates" / _TEMPLATE).read_bytes()
    data = {"month": month_zh(month), "sheets": sheets}
    try:
        return typst.compile(
            template,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format=kind,
            ppi=ppi,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        )
    except RuntimeError as error:
        raise DataError(f"{_TEMPLATE}: the sheet could not be set: {error}") from None


@cache
def _fonts():
    """The one font, read once for all sheets."""
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[str(font_path().parent)])


def sheet_data(*, study, month, field, warned, traced, checklist, facilities, state="preliminary"):
    """
    Everything printed on the sheets, as plain dicts of strings and drawings.

    Parameters
    ----------
    as ``write_sheets``

    Returns
    -------
    list of dict, one per warning cell, by city and code
    """
    rows = published(warned, study.criteria.warning.decimals)
    borders = sheet_map.Borders(study.grid, study.boundaries)
    values = _values(field, study.criteria.warning.decimals)
    places = (
        {f["facility"]: f for f in facilities.drop(columns="geometry").to_dict("records")} if len(facilities) else {}
    )
    codes = rows.sort_values(["city", "cell"], kind="stable")["cell"].drop_duplicates()
    every = {code: study.grid.parse(code) for code in codes}
    near_cell = _near(study.grid, traced, places)
    rows_of, checks_of = (dict(list(table.groupby("cell", sort=False))) for table in (rows, checklist))
    sheets = []
    for number, code in enumerate(codes, start=1):
        of_cell, near = rows_of[code], near_cell.get(code, [])
        sheet = _texts(study, month, field, code, of_cell, state)
        sheet |= _maps(study, code, borders, near, every, values)
        sheet |= {"number": f"{number} / {len(codes)}", "coordinates": _coordinates(code, of_cell.iloc[0])}
        sheet["facilities"] = [_facility_row(f) for f in near if f["number"]]
        sheet["unlisted"] = sum(not f["number"] for f in near)
        sheet["front"] = FRONT_ROWS
        sheet["area"] = [c.zh for c in area_classes()]
        numbers = {f["facility"]: f["number"] for f in near if f["number"]}
        sheet |= back_page(checks_of.get(code, checklist.iloc[:0]), numbers, n_rest=len(numbers) - FRONT_ROWS)
        sheets.append(sheet)
    return sheets


def _texts(study, month, field, code, rows, state):
    """Header, the three lines "why am I sent here", and the small print."""
    first, criteria = rows.iloc[0], study.criteria
    decimals = criteria.warning.decimals
    place = [shorten(str(first[name]), 24) for name in ("city", "county", "township") if known(first[name])]
    value = f"{month_zh(month)}PM2.5月均{plain_text(first['pm25'], decimals)} μg/m³"
    changes = [
        f"{BASES[row['reason']]}（{plain_text(row['previous'], decimals) or '—'}）"
        f"{change_zh(row['change'], row['change_pct'], decimals)}"
        for _, row in rows.iterrows()
        if BASES.get(row["reason"])
    ]
    # One sentence only, of the first change there is: the page has no room for three.
    told = rows.join(weather_change(field, rows)).sort_values(
        "change_normalised", key=lambda v: v.isna(), kind="stable"
    )
    weather = weather_zh(told.iloc[0], decimals)
    periods = str(field["abnormal_zh"].sel(cell=code).values) if "abnormal_zh" in field.coords else ""
    unsure = any(known(flag) and not flag for flag in rows["distinguishable"])
    completeness = str(field.attrs.get("completeness", ""))
    days = f"有效{int(first['n_valid'])}天，" if known(first["n_valid"]) else ""
    seen = f"面积覆盖率{plain_text(100 * first['coverage'], 0)}%，" if known(first["coverage"]) else ""
    source = "；".join(data_sources(field.attrs))
    how = "站点插值，" if from_stations_only(field.attrs) else ""
    label = str(first["label"]) if known(first["label"]) and str(first["label"]) != code else ""
    return {
        "code": code,
        "label": shorten(label, 16),
        "place": place,
        "why": [
            ["原因", "；".join(REASONS.get(reason, reason) for reason in rows["reason"])],
            ["数值", "；".join([value, *changes])],
            *([["气象", weather]] if weather else []),
            *([["时段", shorten(periods, 96)]] if periods else []),
            ["名次", "；".join(_rank(row, criteria.confidence.level) for _, row in rows.iterrows())],
        ],
        "unsure": "“不可区分”：按资料误差与分辨率，不能断定本格比邻近名次的网格更差，请顺带查看邻格。"
        if unsure
        else "",
        "id": f"{study.id}-{month}-{code}",
        "small": [
            f"资料截至{month_zh(month)}（{STATES[state]}） · {how}{days}{seen}"
            f"{COMPLETENESS.get(completeness, legible(completeness) or '完整性未说明')} · 来源：{shorten(source, 70)}",
            f"规则 {criteria.profile} · 依据 {legible(criteria.legal_basis)} · "
            f"格网 {shorten(field.attrs['lattice_id'], 40)} · "
            f"hotspot {version('hotspot')} · 估算结果，供排查参考，不作达标评价",
        ],
    }


def _rank(row, level):
    """One reason's rank in a few words; the workbook has the long form."""
    head = {"highest": "浓度", "year_on_year": "同比", "month_on_month": "环比"}.get(row["reason"], row["reason"])
    said = f"{head}第{int(row['rank'])}名" if known(row["rank"]) else f"{head}名次不详"
    inside = []
    if known(row["rank_low"]) and known(row["rank_high"]):
        inside.append(f"{level * 100:.0f}%区间{int(row['rank_low'])}—{int(row['rank_high'])}")
    if known(row["p_top"]):
        inside.append(f"入选把握{int(round_half_even(100 * float(row['p_top']), 0))}%")
    if known(row["distinguishable"]):
        inside.append("可区分" if row["distinguishable"] else "不可区分")
    return f"{said}（{'，'.join(inside)}）" if inside else said


def _coordinates(code, row):
    """The centre in three map datums, each with the address its app opens (QR)."""
    from hotspot.grid.datum import wgs84_to_bd09, wgs84_to_gcj02

    lon, lat = float(row["lon"]), float(row["lat"])
    gcj = [float(v) for v in wgs84_to_gcj02(lon, lat)]
    bd = [float(v) for v in wgs84_to_bd09(lon, lat)]
    # The code is the only word in these addresses: nothing from a file can enter them.
    known_apps = (
        (
            "高德地图",
            "GCJ-02",
            gcj,
            f"https://uri.amap.com/marker?position={gcj[0]:.6f},{gcj[1]:.6f}&name={code}&coordinate=gaode",
        ),
        (
            "百度地图",
            "BD-09",
            bd,
            f"http://api.map.baidu.com/marker?location={bd[1]:.6f},{bd[0]:.6f}&title={code}&content={code}"
            "&coord_type=bd09ll&output=html&src=hotspot",
        ),
        ("GPS / 天地图", "WGS 84", [lon, lat], f"geo:{lat:.6f},{lon:.6f}"),
    )
    return [
        {"app": app, "datum": datum, "lon": f"{at[0]:.6f}", "lat": f"{at[1]:.6f}", "qr": qr_svg(address)}
        for app, datum, at, address in known_apps
    ]


def qr_svg(text):
    """
    A QR code as an SVG string with its quiet zone.

    Examples
    --------
    >>> qr_svg("geo:30.6,114.3").startswith("<svg")
    True
    """
    import segno

    # Level L keeps the modules of the long address large enough for an old phone; the other
    # half of the quiet zone is the white of the page around the code.
    return segno.make_qr(text, error="l").svg_inline(scale=4, border=2, dark="#000", light="#fff")


def _near(grid, traced, places):
    """The traced facilities of each cell in visiting order, numbered, with their place on the lattice."""
    near: dict[str, list[dict]] = {}
    traced = traced.sort_values(["cell", "order", "facility"], kind="stable")
    x, y = grid.project(traced["lon"].to_numpy(float), traced["lat"].to_numpy(float))
    for row, east, north in zip(traced.to_dict("records"), x.tolist(), y.tolist(), strict=True):
        of_cell = near.setdefault(row["cell"], [])
        number = len(of_cell) + 1
        of_cell.append(
            {
                **row,
                "number": str(number) if number <= LISTED else "",
                "x": east,
                "y": north,
                "symbol": sheet_map.SYMBOLS[_class(row["class_"]).problem],
                "accuracy": places.get(row["facility"], {}).get("accuracy", "unknown"),
            }
        )
    return near


def _class(key):
    """The class of the vocabulary; what no class names is inspected as "other"."""
    return source_classes().get(key) or source_classes()["other"]


def _facility_row(facility):
    bearing = float(facility["bearing_deg"]) % 360
    wind = _WINDS[int((bearing + 22.5) // 45) % 8]
    away = (
        "本格中心"
        if float(facility["distance_km"]) < 0.05
        else f"{wind}{round(bearing) % 360}° {plain_text(facility['distance_km'], 1)} km"
    )
    return {
        "number": facility["number"],
        "symbol": sheet_map.symbol_svg(facility["symbol"]),
        "class": shorten(_class(facility["class_"]).zh, 18),
        "name": shorten(str(facility["name"] if known(facility["name"]) else facility["facility"]), 42),
        "away": away,
        "where": _WHERE.get(facility["where"], ""),
        "word": _WORDS.get(facility["word"], legible(str(facility["word"]))),
        "accuracy": _ACCURACY.get(facility["accuracy"], "不明"),
    }


def _maps(study, code, borders, near, every, values):
    grid = study.grid
    col, row = every[code]
    ring = study.criteria.tracing.ring_km * 1000
    reach = max(ring * 1.08, grid.spacing)
    fine = study.lattice.fine
    reached = math.ceil(reach / grid.spacing) + 1  # cells beyond it lie outside both panels
    others = {c for c, at in every.items() if c != code and max(abs(at[0] - col), abs(at[1] - row)) <= reached}
    detail = sheet_map.detail_panel(
        grid, col, row, size=PANEL_MM, borders=borders, facilities=near, warned=others, values=values, fine=fine
    )
    around = sheet_map.ring_panel(
        grid, col, row, size=PANEL_MM, reach=reach, ring=ring, borders=borders, facilities=near, warned=others
    )
    bar = {"detail": min(500.0, grid.spacing / 6), "around": 2000.0}
    detail |= {
        "title": f"本格：{grid.nesting(fine) ** 2}个子网格（{fine:g} m），四角为WGS 84经纬度，四周为邻格编号与月均值",
        "bar": round(sheet_map.scale_bar(grid, col, row, grid.spacing * 1.5, PANEL_MM, bar["detail"]), 3),
        "bar_text": f"{bar['detail']:g} m",
    }
    around |= {
        "title": f"周边{study.criteria.tracing.ring_km:g} km：左斜线为其他预警网格，右斜线为区外；"
        "粗虚线县界，细虚线乡界",
        "bar": round(sheet_map.scale_bar(grid, col, row, 2 * reach, PANEL_MM, bar["around"]), 3),
        "bar_text": f"{bar['around'] / 1000:g} km",
    }
    return {
        "detail": detail,
        "around": around,
        "north": -round(float(north_angle(grid, col, row)), 2),
        "panel": PANEL_MM,
    }


def _values(field, decimals):
    """Printed month mean of every cell that has one, by code."""
    now = field["pm25"].transpose("cell", "time").to_numpy()[:, -1].astype("float64")
    codes = field["cell"].to_numpy().astype(str)
    seen = np.isfinite(now)
    return {
        code: plain_text(value, decimals) for code, value in zip(codes[seen].tolist(), now[seen].tolist(), strict=True)
    }


def _strings(value):
    """Every string of the data that is set as text (drawings hold none)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("svg", "qr", "symbol"):
                yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value
