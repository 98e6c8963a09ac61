"""
The analysis report of a month: the whole study with a chapter per city, and each chapter alone (C6).

Its numbers are those of ``cells.parquet``, read back from the month's folder, so whoever
holds that file can recompute them. Same month, same bytes: no date, no random name.
"""

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hotspot.contracts.fields import pollutant_of
from hotspot.grid.city_files import city_files
from hotspot.publish.analysis import report_map, report_sections, report_split, report_tables, report_words
from hotspot.publish.analysis.report_wind import wind_section
from hotspot.publish.analysis.report_words import name_words
from hotspot.publish.fonts import check_glyphs, legible, shorten
from hotspot.publish.manifest import list_digest
from hotspot.publish.maps.borders import Units
from hotspot.publish.maps.values import limits
from hotspot.publish.paper.pages import set_each
from hotspot.publish.paper.typeset import set_texts
from hotspot.publish.tables.lists import published
from hotspot.publish.why_words import METHODS, data_sources, from_stations_only, ranks_zh
from hotspot.publish.words import COMPLETENESS, STATES, known, month_zh, printed, signed
from hotspot.rules.criteria import Criteria
from hotspot.rules.pollutants import SLOT
from hotspot.rules.reasons import LEVEL
from hotspot.sources.store import Store
from hotspot.study import Study

if TYPE_CHECKING:
    import pandas as pd
    import shapely

    from hotspot.contracts.records import Derived

_TEMPLATE = "report.typ"
_WIDTH_MM, _HEIGHT_MM, _STACKED_MM = 170.0, 96.0, 84.0  # of a map, at most; of two below each other
_SPREAD = ("@pollutant@@figure@分布", "@title_en@ by cell")  # title of a map of the values


class _Month(NamedTuple):
    """What every chapter is made from."""

    study: "Study"
    month: str
    derived: "Derived"
    cells: "pd.DataFrame"  # of the whole study, from cells.parquet
    units: Units
    stations: "pd.DataFrame"  # from station_months
    at: list  # places of the stations on the lattice
    traced: dict  # cell -> its rows
    sizes: dict  # facility -> its size in words


def write_report(
    folder: Path,
    *,
    study: Study,
    month: str,
    derived: "Derived",
    state: str = "preliminary",
    store: Store | None = None,
) -> list[Path]:
    """
    Write ``report.pdf`` and, where the study has more than one city, ``reports/CITYCODE.pdf``.

    Parameters
    ----------
    folder : str or Path
        The month's folder; holds ``cells.parquet``. ``warnings.csv`` names the list if it is there.
    derived : Derived
        What ``month.derive`` returned.
    state : str
        A key of ``words.STATES``.
    store : Store, optional
        Where set pages are kept between runs.

    Returns
    -------
    list of Path: ``report.pdf`` first, then those of the cities by code

    Raises
    ------
    DataError
        There is no ``cells.parquet``, or a text holds a letter the font cannot draw.
    """
    from tqdm import tqdm

    folder = Path(folder)
    whole, cities = report_data(folder, study=study, month=month, derived=derived, state=state)
    check_glyphs(set_texts(whole))
    paths, parts = [folder / "report.pdf"], [whole]
    if len(cities) > 1:
        (folder / "reports").mkdir(exist_ok=True)
        paths = [*(folder / "reports" / f"{name}.pdf" for name in cities), *paths]
        parts = [*cities.values(), whole]
    of = pollutant_of(derived.field)
    pages = set_each(_TEMPLATE, parts, parts=["map_parts.typ"], store=store, of=of)
    for path, page in zip(paths, tqdm(pages, total=len(parts), desc="reports", disable=None, leave=False), strict=True):
        path.write_bytes(page)
    return [paths[-1], *paths[:-1]]


def report_data(
    folder: Path, *, study: Study, month: str, derived: "Derived", state: str = "preliminary"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Everything printed in the reports, as plain dicts of strings and drawings.

    Parameters
    ----------
    as ``write_report``

    Returns
    -------
    (whole, cities): the data of ``report.pdf``, and by city code those of the chapters alone
    """
    of, reference = pollutant_of(derived.field), derived.delivered.reference
    cells = report_tables.read_cells(folder, of)
    table = report_tables.station_months(reference, month, study)
    if not of.usual and reference is not None:  # hours too stand in the place of what is ranked
        delivered = replace(derived.delivered, reference=reference.rename({of.name: SLOT}))
        derived = replace(derived, delivered=delivered)
    x, y = study.grid.project(table["lon"].to_numpy(float), table["lat"].to_numpy(float))
    given = _Month(
        study=study,
        month=month,
        derived=derived,
        cells=cells,
        units=Units(study.grid, study.boundaries),
        stations=table,
        at=list(zip(x.tolist(), y.tolist(), strict=True)),
        traced=dict(list(_plain(derived.traced).groupby("cell", sort=False))),
        sizes=report_sections.sizes_words(derived.delivered.facilities),
    )
    digest = list_digest(folder)
    there = set(cells["city"])
    codes = {name: code for name, code in city_files(derived.field).items() if name in there}
    chapters = {name: _chapter(given, name) for name in codes}
    cities = {
        code: _report(given, chapters[name]["sum"], [chapters[name]], f"{month}-{code}", name, state, digest)
        for name, code in codes.items()
    }
    cities = of.told(cities)
    if len(codes) < 2:
        return next(iter(cities.values())) | {"id": f"{study.id}-{month}"}, cities
    overview = _overview(given)
    whole = _report(given, overview["sum"], [overview, *chapters.values()], month, study.name, state, digest)
    return of.told(whole) | {"contents": True}, cities


def _report(
    given: _Month, summary: list[str], chapters: list[dict[str, Any]], number: str, name: str, state: str, digest: str
) -> dict[str, Any]:
    """One document: head, summary, chapters."""
    study, criteria, attrs = given.study, given.study.criteria, given.derived.field.attrs
    when = month_zh(given.month)
    completeness, method = (str(attrs.get(key, "")) for key in ("completeness", "method"))
    head = [
        ["分析范围", f"{name_words(name)}，{chapters[0]['n_cells']}"
                 f"个{study.grid.spacing / 1000:g} km网格（{shorten(str(attrs['lattice_id']), 40)}）"],
        ["资料截至", f"{when}（{STATES[state]}）"],
        ["数据来源", shorten("；".join(data_sources(attrs)) or "未说明", 120)],
        ["估算方法", METHODS.get(method, shorten(method, 60) or "未说明") + _accuracy(attrs)],
        ["完整性", _completeness(completeness, given, criteria)],
        ["名单与规则", f"{legible(criteria.legal_basis)}；规则{criteria.profile}；每市每类取前"
                  f"{'、'.join(str(k) for k in dict.fromkeys(criteria.warning.k.values()))}名"
                  + (f"；名单校验{digest}" if digest else "")
                  + (f"；{shorten(attrs['list_zh'], 160)}" if "list_zh" in attrs else "")],
    ]  # fmt: skip
    return {
        "id": f"{study.id}-{number}",
        "title": f"{name_words(name)}@pollutant@预警网格分析",
        "subtitle": f"Analysis of @pollutant_en@ warning cells, {given.month}",
        "when": when,
        "state": STATES[state],
        "head": head,
        "summary": summary,
        "chapters": [{key: value for key, value in chapter.items() if key != "sum"} for chapter in chapters],
        "contents": False,
        "foot": f"规则{criteria.profile} · hotspot {version('hotspot')} · 估算结果，供排查参考，不作达标评价",
        "digest": digest,
    }


def _accuracy(attrs: dict[str, Any]) -> str:
    """The left-out error of the stations, and a product coarser than the cells."""
    said = ""
    rmse, n = attrs.get("loo_rmse"), attrs.get("n_stations")
    if known(rmse) and n:
        bias = attrs.get("loo_bias")
        said += f"；{int(n)}个站点逐一留出检验：均方根误差{float(rmse):.1f} μg/m³"
        said += f"，偏差{signed(bias, 1)} μg/m³" if known(bias) else ""
    # The correlation over several months together would show the seasons, not the cells.
    said += f"；{ranks_zh(attrs)}" if ranks_zh(attrs) else ""
    native = attrs.get("native_resolution_m")
    if known(native) and float(native) > float(attrs["spacing"]):
        said += f"；资料原始分辨率约{float(native) / 1000:g} km，粗于网格，相邻网格的差别部分来自插值"
    return said


def _completeness(word: str, given: _Month, criteria: Criteria) -> str:
    """How complete the month is, and who is left out for it."""
    share = 100 * float(given.cells["valid"].mean())
    if from_stations_only(given.derived.field.attrs):
        rule = f"{criteria.interpolation.max_station_km:g} km内没有有效站点的网格不参评"
    else:
        rule = f"面积覆盖率低于{criteria.validity.min_coverage:g}的网格不参评"
    said = COMPLETENESS.get(word, shorten(word, 60) or "未说明")
    return f"{said}；{rule}；全部网格中{printed(share, 1)}%有效"


def _chapter(given: _Month, name: str) -> dict[str, Any]:
    """The chapter of one city."""
    study, derived, criteria = given.study, given.derived, given.study.criteria
    decimals, level = criteria.warning.decimals, criteria.confidence.level
    cells = given.cells[given.cells["city"] == name].reset_index(drop=True)
    leaders, warned, left_out = (
        _plain(table[table["city"] == name]).reset_index(drop=True)
        for table in (derived.leaders, derived.warned, derived.not_ranked)
    )
    counties = report_tables.districts(cells, decimals)
    numbers = report_tables.numbered(cells)
    near = report_tables.nearest_stations(
        cells, given.stations, decimals, reach_km=criteria.interpolation.max_station_km
    )
    wind, wind_words = wind_section(study, given.month, derived, cells, near)
    free = report_tables.weather_free(cells, decimals, counties["name"])
    outlines = {county: shape for (city, county), shape in given.units.county.items() if city == name}
    maps = _maps(given, name, cells, outlines, numbers)
    spread = report_words.spread_sentence(counties, decimals, "区县")
    n_hot = int(cells["hotspot"].sum())
    n_ranked = n_hot - int((left_out["reason"] == LEVEL).sum())
    summary = [
        report_words.mean_sentence(name_words(name), month_zh(given.month), counties.iloc[-1], decimals),
        spread,
        report_words.leader_sentence(published(leaders, decimals), n_hot, n_ranked, decimals, level),
        report_words.warned_sentence(published(warned, decimals), criteria.warning.k),
        "；".join(part for part in (wind_words, report_words.free_phrase(free, decimals, derived.field.attrs)) if part)
        + "。",
        _split(given, name, free),
    ]
    sections = report_sections
    parts = [
        ("高值区域分布", "Where it is high", maps),
        ("各区县浓度与变化", "Districts", [sections.district_table(name, counties, decimals, "区县", "Districts")]),
        ("浓度最高和增幅最大的网格", "Highest cells and largest rises",
         [*sections.leader_blocks(leaders, cells, left_out, criteria), *_by_chance(given, name)]),
        ("风向风速分析", "Wind", wind),
        ("预警网格与邻近站点对比", "Warned cells and stations",
         sections.station_blocks(near, given.month, derived.field, criteria, len(given.stations) > 0)),
        (report_words.ENTERPRISES, "Key enterprises",
         _refused(given, "trace") or sections.enterprise_blocks(cells, given.traced, given.sizes)),
        (report_words.WITHOUT_WEATHER, "Change in average weather",
         sections.weather_blocks(derived.field, free, warned, decimals, "区县", numbers)),
        (report_words.EMERGING, "How clusters came about",
         report_split.emerging_blocks(getattr(derived, "emerging", None), cells, numbers)),
    ]  # fmt: skip
    return _of_parts(name_words(name), summary, parts, len(cells))


def _refused(given: _Month, what: str) -> list[dict[str, Any]]:
    """The sentence that stands in place of what is not made of a pollutant; nothing where it is made."""
    refused = pollutant_of(given.derived.field).refused
    return [report_sections.text(refused[what][0])] if what in refused else []


def _split(given: _Month, name: str, free: "pd.DataFrame") -> str:
    """One line of a city: its change from last year, of which weather and emission; empty where nobody can say."""
    half = report_split.half_width(given.derived.field, name)
    return report_split.split_sentence(name_words(name), free.iloc[-1], half, given.study.criteria.normalisation.level)


def _by_chance(given: _Month, name: str | None = None) -> list[dict[str, Any]]:
    """What chance alone would bring to D11 and D12, of a city or of all."""
    hot, warned = (
        table if name is None else table[table["city"] == name] for table in (given.derived.hot, given.derived.warned)
    )
    said = report_split.chance_sentence(hot, warned, given.study.criteria.escalation, given.month)
    return [report_sections.text(said)] if said else []


def _overview(given: _Month) -> dict[str, Any]:
    """The chapter before those of the cities: all cells on one map, all cities in one table."""
    study, criteria, cells = given.study, given.study.criteria, given.cells
    decimals = criteria.warning.decimals
    cities = report_tables.districts(cells, decimals, by="city")
    warned = published(given.derived.warned, decimals)
    drawn = report_map.value_map(
        cells, grid=study.grid, outlines=given.units.city, heavy=[], breaks=limits(cells),
        numbers=dict.fromkeys(report_tables.numbered(cells), 0), stations=given.at, width=_WIDTH_MM, height=120.0,
        ramp=pollutant_of(given.derived.field).colours,
    )  # fmt: skip
    title = {"zh": f"{name_words(study.name)}{month_zh(given.month)}{_SPREAD[0]}", "en": _SPREAD[1]}
    summary = [
        report_words.mean_sentence(name_words(study.name), month_zh(given.month), cities.iloc[-1], decimals),
        report_words.spread_sentence(cities, decimals, "城市"),
        f"{len(cities) - 1}个城市共有{int(cells['hotspot'].sum())}个热点网格，本月预警{warned['cell'].nunique()}个，"
        f"其中{warned.loc[warned['distinguishable'] == False, 'cell'].nunique()}个与邻近名次不可区分。",  # noqa: E712
        report_words.free_phrase(
            report_tables.weather_free(cells, decimals, cities["name"], by="city"), decimals, given.derived.field.attrs
        ) + "。",
    ]  # fmt: skip
    split = [
        _split(given, name, report_tables.weather_free(cells[cells["city"] == name], decimals, [""]))
        for name in cities["name"] if name
    ]  # fmt: skip
    parts = [
        ("高值区域分布", "Where it is high", [_map_block([drawn | title], given, 0)]),
        ("各城市浓度与变化", "Cities", [
            report_sections.district_table(study.name, cities, decimals, "城市", "Cities"),
            *(report_sections.text(line) for line in split if line), *_by_chance(given),
        ]),
    ]  # fmt: skip
    return _of_parts("总体情况", summary, parts, len(cells))


def _of_parts(title: str, summary: list[str], parts: Sequence[tuple[str, str, Any]], n_cells: int) -> dict[str, Any]:
    """A chapter of its summary and its sections (Chinese, English, blocks)."""
    sections = [{"zh": zh, "en": en, "blocks": blocks} for zh, en, blocks in parts]
    return {"title": title, "sum": [line for line in summary if line], "sections": sections, "n_cells": n_cells}


def _maps(
    given: _Month, name: str, cells: "pd.DataFrame", outlines: "dict[str, shapely.Geometry]", numbers: dict[str, int]
) -> list[dict[str, Any]]:
    """The city, and its hotspot cells enlarged where they fill only a part of it; beside it if both are upright."""
    settings: dict[str, Any] = {
        "grid": given.study.grid, "outlines": outlines, "breaks": limits(cells), "numbers": numbers,
        "heavy": [given.units.city[name]] if name in given.units.city else [], "stations": given.at,
        "ramp": pollutant_of(given.derived.field).colours,
    }  # fmt: skip
    spacing = given.study.grid.spacing
    part = report_map.around_hotspots(cells, spacing, width=_WIDTH_MM, height=_HEIGHT_MM)
    shown = [(cells, f"{name_words(name)}{month_zh(given.month)}{_SPREAD[0]}", _SPREAD[1])]
    shown += [] if part is None else [(part, f"{name_words(name)}热点网格一带（放大）", "Around the hotspot cells")]
    beside = len(shown) > 1 and all(report_map.upright(table, spacing) for table, _, _ in shown)
    width = (_WIDTH_MM - 4) / 2 if beside else _WIDTH_MM
    height = _HEIGHT_MM if beside or part is None else _STACKED_MM
    maps = [
        report_map.value_map(table, width=width, height=height, **settings) | {"zh": zh, "en": en}
        for table, zh, en in shown
    ]
    if beside:
        return [_map_block(maps, given, len(numbers))]
    return [_map_block([one], given, len(numbers)) for one in maps]


def _map_block(maps: list[dict[str, Any]], given: _Month, n_numbered: int) -> dict[str, Any]:
    """One or two maps with the key they share."""
    marks = ["粗框为预警网格" + ("，数字为预警号" if n_numbered else "")] if (given.cells["warned"] != "").any() else []
    marks += ["虚线为热点网格范围"]
    marks += ["斜线为无有效月@value@"] if any(drawn["hatched"] for drawn in maps) else []
    marks += ["空心三角为参考站点"] if given.at else []
    note = f"{'；'.join(marks)}。按cells.parquet的@column@、valid、hotspot、warned绘制。"
    return {"kind": "maps", "maps": maps, "legend": maps[0]["legend"], "figure": "@figure@", "note": note}


def _plain(table: "pd.DataFrame") -> "pd.DataFrame":
    """The table without its attributes, which pandas would copy at every step."""
    table = table.copy()
    table.attrs = {}
    return table
