"""
The sheet a field team carries: one A4 page per warning cell, a back page with the checks.

C7, C8, C10, D13, B11. Layout stands in ``templates/sheet.typ``; this module
gives it finished strings as JSON, never markup, so a name from a file can
only ever be printed. Same month, same bytes: no date, no random name.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot import contracts
from hotspot.grid.lattice import Grid
from hotspot.ledger.network.people import NOBODY
from hotspot.publish.fonts import check_glyphs, legible, printed_width, shorten
from hotspot.publish.hands import Hands, Known
from hotspot.publish.manifest import list_digest
from hotspot.publish.maps.backdrop import Backdrop
from hotspot.publish.maps.borders import Borders
from hotspot.publish.maps.symbols import EVIDENCE_SIGNS, SYMBOLS
from hotspot.publish.paper import sheet_map
from hotspot.publish.paper.pages import bound, set_each, set_once, store_of
from hotspot.publish.paper.sheet_back import back_page
from hotspot.publish.paper.sheet_words import WIND_HEAD, class_of, facility_row, sub_cell_labels, texts
from hotspot.publish.paper.source_page import source_page
from hotspot.publish.paper.typeset import set_texts
from hotspot.publish.paper.wayfinding import coordinates, form_place
from hotspot.publish.tables.checklists import by_cell
from hotspot.publish.tables.lists import published
from hotspot.publish.words import month_zh
from hotspot.rank.warn.weather_change import weather_change
from hotspot.rules.classes import area_classes
from hotspot.rules.pollutants import Pollutant
from hotspot.rules.rounding import plain_text
from hotspot.sources.store import Store
from hotspot.study import Study
from hotspot.text.table import rows_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import xarray as xr

    from hotspot.contracts.records import Derived

PANEL_MM = 92.0
FRONT_ROWS = 10  # facilities on the front; the others follow on the back
WHY_WIDTH, WHY_LINES = 62, 9  # half-width columns of a line at the head of the front; lines beside ten facilities
_PART = 4  # sheets that a child is told at once
LISTED = 30  # facilities printed by name; the others stand as symbols on the map, and in checklists.xlsx
_TEMPLATE, _PARTS = (
    "sheet.typ",
    (
        "map_parts.typ",
        "page_parts.typ",
    ),
)


def write_sheets(
    directory: Path,
    *,
    study: Study,
    month: str,
    field: "xr.Dataset",
    warned: "pd.DataFrame",
    traced: "pd.DataFrame",
    checklist: "pd.DataFrame",
    facilities: "gpd.GeoDataFrame",
    state: str = "preliminary",
    fine: "pd.DataFrame | None" = None,
    backdrop: "gpd.GeoDataFrame | None" = None,
    people: Any = None,
    past: Any = None,
    layers: "gpd.GeoDataFrame | None" = None,
    seen: Any = None,
    store: Store | None = None,
    hands: Hands | None = None,
) -> list[Path]:
    """
    Write ``sheets.pdf`` and ``sheets/CODE.pdf``, one sheet per warning cell.

    Parameters
    ----------
    directory : str or Path
        The month's folder; ``sheets`` is made in it. Files are named by cell code only. Every page
        prints the first digits of the SHA-256 of its ``warnings.csv``, which is written before.
    month : str, ``"2020-03"``
    field : Dataset (cell, time), from ``monthly_field``
    warned : DataFrame, from ``rank_warnings``, unrounded
    state : str
        A key of ``words.STATES``.
    fine : DataFrame, from ``fine_month``, or None
    backdrop : GeoDataFrame, from ``read_backdrop``, or None
    people : mapping cell -> who answers for it, optional, from ``ledger.network.people.answerable``
    past : mapping cell -> list of (zh, en), optional: what lies behind it, from ``ledger.answers.past.past_words``
    layers : GeoDataFrame, optional
        Fires and bare soil, from ``read_layers``: hollow signs on both panels.
    seen : mapping cell -> sentences on them, optional, from ``seen_beside``
    store : Store, optional
        Where set pages are kept between runs.
    hands : Hands, optional
        Of a month that came to the same tables: who sets the pages.

    Returns
    -------
    list of Path: ``sheets.pdf`` first, then the single sheets by code

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw (names the letter and the text), or a code of
        the list is no code.
    """
    directory = Path(directory)
    digest, of = list_digest(directory), contracts.pollutant_of(field)
    if hands is None or hands.n < 2:
        drawn = _Sheets(
            study, month, field, warned, traced, checklist, facilities, state, fine, backdrop, digest, people, past,
            layers, seen,
        )  # fmt: skip
        codes = list(drawn.places)
        sets = _set(drawn, codes, store)
    else:
        codes = _codes(warned)
        parts = [(state, digest, codes[at : at + _PART]) for at in range(0, len(codes), _PART)]
        sets = [page for pages in hands.each(_set_some, parts) for page in pages]
    (directory / "sheets").mkdir(parents=True, exist_ok=True)
    paths = [directory / "sheets" / f"{code}.pdf" for code in codes]
    for path, page in zip(paths, sets, strict=True):
        path.write_bytes(page)
    book = directory / "sheets.pdf"
    book.write_bytes(bound(month_zh(month), sets or [set_once(_TEMPLATE, _book([], month), parts=_PARTS, of=of)]))
    return [book, *paths]


def of_month(derived: "Derived") -> dict[str, Any]:
    """What ``write_sheets`` takes of what a month came to."""
    known = ("field", "warned", "traced", "checklist", "fine", "backdrop", "people", "past", "layers", "seen")
    return {name: getattr(derived, name) for name in known} | {"facilities": derived.delivered.facilities}


def _codes(warned: "pd.DataFrame") -> list[str]:
    """The warned cells in the order of their sheets."""
    cells: list[str] = warned.sort_values(["city", "cell"], kind="stable")["cell"].drop_duplicates().tolist()
    return cells


def _set_some(known: Known, state: str, digest: str, codes: list[str]) -> list[bytes]:
    """Some sheets of a month, as a child is told them."""
    if known.aside.get("sheets of") != (state, digest):
        about = of_month(known.derived)
        known.aside["sheets"] = _Sheets(known.study, known.month, state=state, digest=digest, **about)
        known.aside["sheets of"] = state, digest
    return _set(known.aside["sheets"], codes, store_of(known.derived, state))


def _set(drawn: "_Sheets", codes: list[str], store: Store | None) -> list[bytes]:
    """Sheets as PDFs, each set while the next is drawn."""
    from tqdm import tqdm

    def checked() -> Iterator[dict[str, Any]]:
        for code in codes:
            sheet = drawn.sheet(code)
            check_glyphs(set_texts(sheet))
            yield _book([sheet], drawn.month)

    pages = set_each(_TEMPLATE, checked(), parts=_PARTS, store=store, of=drawn.of)
    return list(tqdm(pages, total=len(codes), desc="sheets", disable=None, leave=False))


def _book(sheets: list[dict[str, Any]], month: str) -> dict[str, Any]:
    """The template's data of some sheets."""
    return {"title": month_zh(month), "month": month_zh(month), "sheets": sheets}


class _Sheets:
    """The sheets of a month: what they share, and each as the template takes it."""

    def __init__(
        self, study: Study, month: str, field: "xr.Dataset", warned: "pd.DataFrame", traced: "pd.DataFrame",
        checklist: "pd.DataFrame", facilities: "gpd.GeoDataFrame", state: str, fine: "pd.DataFrame | None",
        backdrop: "gpd.GeoDataFrame | None", digest: str, people: Any = None, past: Any = None,
        layers: "gpd.GeoDataFrame | None" = None, seen: Any = None,
    ) -> None:  # fmt: skip
        self.study, self.month, self.field, self.state, self.digest = study, month, field, state, digest
        self.people, self.past, self.seen = people or {}, past or {}, seen or {}
        self.of = contracts.pollutant_of(field)
        self.signs = evidence_signs(study.grid, layers)
        rows = published(warned, study.criteria.warning.decimals)
        rows = rows.join(weather_change(field, rows))
        self.borders = Borders(study.grid, study.boundaries)
        self.values = _values(field, study.criteria.warning.decimals)
        known = rows_of(facilities.drop(columns="geometry")) if len(facilities) else []
        self.near = _near(study.grid, traced, {one["facility"]: one for one in known})
        self.places = {code: study.grid.parse(code) for code in _codes(warned)}
        self.rows, self.checks = dict(list(rows.groupby("cell", sort=False))), by_cell(checklist)
        self.fine = {} if fine is None else dict(list(fine.groupby("cell", sort=False)))
        self.wind, self.hidden = traced.attrs.get("hours", {}), traced.attrs.get("unregistered", {})
        self.ways = Backdrop(study.grid, backdrop)
        self.number = {code: f"{number} / {len(self.places)}" for number, code in enumerate(self.places, start=1)}

    def sheet(self, code: str) -> dict[str, Any]:
        """One sheet."""
        study, of, wind = self.study, self.of, self.wind.get(code)
        of_cell, near = self.rows[code], self.near.get(code, [])
        sheet = texts(
            study, self.month, self.field, code, of_cell,
            state=self.state, digest=self.digest, near=near, hours=wind, fine=self.fine.get(code),
            hidden=self.hidden.get(code),
        )  # fmt: skip
        labels, shown = sub_cell_labels(self.fine.get(code)), near + self.signs
        sheet |= _maps(study, code, self.borders, shown, self.places, self.values, labels, self.ways)
        sheet |= {
            "number": self.number[code],
            "coordinates": coordinates(code, *of_cell.iloc[0][["lon", "lat"]])
            + form_place(study.office.form_url, code, self.month),
        }
        sheet["facilities"] = [facility_row(f) for f in near if f["number"]]
        around = {"size": PANEL_MM, "borders": self.borders, "facilities": near, "backdrop": self.ways}
        sheet |= source_page(
            study, self.places[code], near, wind, around | {"warned": set(self.places) - {code}}
        )  # fmt: skip
        sheet["return_to"] = " ".join(filter(None, [legible(study.office.name), legible(study.office.contact)]))
        answerable = self.people.get(code, NOBODY)[:2]
        sheet["chief"], sheet["supervisor"] = (shorten(legible(who.said), 24) for who in answerable)
        behind = [shorten(legible(zh), WHY_WIDTH) for zh, _ in self.past.get(code, ())]
        sheet["why"] += [["以往" if n == 0 else "", words] for n, words in enumerate(behind)]
        beside = [legible(one.zh) for one in self.seen.get(code, ())]
        sheet["why"] += [["佐证" if n == 0 else "", words] for n, words in enumerate(beside)]
        sheet["unlisted"] = sum(not f["number"] for f in near)
        sheet["front"] = _front_rows(sheet["why"], max(2, FRONT_ROWS // 2 - len(behind) - len(beside)))
        sheet["area"] = [c.zh for c in area_classes()]
        numbers = {f["facility"]: f["number"] for f in near if f["number"]}
        sheet |= back_page(self.checks.get(code, []), numbers, n_rest=len(numbers) - sheet["front"])
        return of.told(sheet if of.usual else _untraced(of, sheet))


def _untraced(of: Pollutant, sheet: dict[str, Any]) -> dict[str, Any]:
    """The page of another pollutant than PM2.5: its name, and why no source is named."""
    why = [line for line in sheet["why"] if line[0] != WIND_HEAD]  # no wind was asked whose it is
    return sheet | {"why": why, "of": of.label, "no_sources": of.refused["trace"][0], "area": []}


def _evidence_legend(marks: list[dict[str, Any]]) -> str:
    """What the signs without a number mean, where there are any of them in the month."""
    there = {mark["symbol"] for mark in marks if mark.get("evidence")}
    words = {"fire": "无号的◇为卫星火点", "bare_soil": "无号的△为卫星所见裸土"}
    return "，".join(said for kind, said in words.items() if EVIDENCE_SIGNS[kind] in there)


def evidence_signs(grid: Grid, layers: "gpd.GeoDataFrame | None") -> list[dict[str, Any]]:
    """
    Fires and bare soil as hollow signs without a number, on the lattice.

    Examples
    --------
    >>> evidence_signs(Grid(), None)
    []
    """
    if layers is None or not len(layers):
        return []
    x, y = grid.project(layers["lon"].to_numpy(float), layers["lat"].to_numpy(float))
    shapes = [EVIDENCE_SIGNS[kind] for kind in layers["kind"]]
    return [
        {"x": a, "y": b, "symbol": s, "number": "", "evidence": True}
        for a, b, s in zip(x.tolist(), y.tolist(), shapes, strict=True)
    ]


def _front_rows(why: list[list[str]], least: int) -> int:
    """Facilities that fit on the front: fewer, the more there is to say at its head."""
    lines = sum(math.ceil(printed_width(text) / WHY_WIDTH) for _, text in why)
    return max(least, FRONT_ROWS - max(0, lines - WHY_LINES))


def _near(grid: Grid, traced: "pd.DataFrame", places: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The traced facilities of each cell in visiting order, numbered, with their place on the lattice."""
    near: dict[str, list[dict]] = {}
    traced = traced.sort_values(["cell", "order", "facility"], kind="stable")
    x, y = grid.project(traced["lon"].to_numpy(float), traced["lat"].to_numpy(float))
    for row, east, north in zip(rows_of(traced), x.tolist(), y.tolist(), strict=True):
        of_cell = near.setdefault(row["cell"], [])
        number = len(of_cell) + 1
        of_cell.append(
            {
                **row,
                "number": str(number) if number <= LISTED else "",
                "x": east,
                "y": north,
                "symbol": SYMBOLS[class_of(row["class_"]).problem],
                "accuracy": places.get(row["facility"], {}).get("accuracy", "unknown"),
                "size": places.get(row["facility"], {}).get("size", float("nan")),
                "size_unit": places.get(row["facility"], {}).get("size_unit", ""),
            }
        )
    return near


def _maps(
    study: Study,
    code: str,
    borders: Borders,
    near: list[dict[str, Any]],
    every: dict[str, tuple[int, int]],
    values: dict[str, str],
    sub_cells: list[dict[str, str]] | None = None,
    ways: Backdrop | None = None,
) -> dict[str, Any]:
    grid = study.grid
    col, row = every[code]
    ring = study.criteria.tracing.ring_km * 1000
    reach = max(ring * 1.08, grid.spacing)
    fine = study.lattice.fine
    reached = math.ceil(reach / grid.spacing) + 1  # cells beyond it lie outside both panels
    others = {c for c, at in every.items() if c != code and max(abs(at[0] - col), abs(at[1] - row)) <= reached}
    shared: dict[str, Any] = {
        "size": PANEL_MM,
        "borders": borders,
        "facilities": near,
        "warned": others,
        "backdrop": ways,
    }
    detail = sheet_map.detail_panel(grid, col, row, values=values, fine=fine, sub_cells=sub_cells, **shared)
    around = sheet_map.ring_panel(grid, col, row, reach=reach, ring=ring, **shared)
    said = "数值为月均 μg/m³：● 实测，○ 邻近有站，（ ）插值" if sub_cells else ""
    detail |= {
        "title": f"本格：{grid.nesting(fine) ** 2}个子网格（{fine:g} m），四角为WGS 84经纬度，四周为邻格编号与月@value@"
        + (f"；{said}" if said else ""),
    }
    shown = "；".join(filter(None, [around["shown"], _evidence_legend(near)]))
    around |= {
        "title": f"周边{study.criteria.tracing.ring_km:g} km：左斜线为其他预警网格，右斜线为区外；"
        "粗虚线县界，细虚线乡界" + (f"；{shown}" if shown else ""),
    }
    return {"detail": detail, "around": around}


def _values(field: "xr.Dataset", decimals: int) -> dict[str, str]:
    """Printed month mean of every cell that has one, by code."""
    now = contracts.values_of(field, "pm25").astype("float64")
    codes = field["cell"].to_numpy().astype(str)
    seen = np.isfinite(now)
    return {
        code: plain_text(value, decimals) for code, value in zip(codes[seen].tolist(), now[seen].tolist(), strict=True)
    }
