"""
``warnings.xlsx``: the public list, a sheet per city, and the statistics behind it.

D10 names the public columns. Everything from data is written as text, never
as a formula; the file's dates are the month's, so the same month gives the
same bytes.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot import contracts
from hotspot.publish.fonts import legible, printed_width
from hotspot.publish.tables.dated import across, dated_book, heading, paper, say
from hotspot.publish.tables.emerging_sheet import NAME as EMERGING
from hotspot.publish.tables.emerging_sheet import emerging_sheet
from hotspot.publish.tables.lists import BESIDE_COLUMNS, WARNING_COLUMNS, published
from hotspot.publish.why_words import METHODS, data_sources, from_stations_only, why_zh
from hotspot.publish.words import COMPLETENESS, REASONS, STATES, known, month_zh, place_zh, reasons_zh
from hotspot.rank.warn.weather_change import weather_change
from hotspot.rules.pollutants import Pollutant
from hotspot.rules.reasons import in_use
from hotspot.rules.rounding import round_half_even
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.text.table import kinds, titles

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    import xlsxwriter

    from hotspot.publish.tables.dated import Looks, Page

PUBLIC = tuple(titles("warnings.xlsx/公开名单").values())
INTERNAL = "内部统计"
NOTES = "说明"
_ZH = titles(label_of("internal_sheet"))
# Beside the official columns, in this sheet only: warnings.csv keeps its own.
_WEATHER = {
    name: kinds(label_of("internal_sheet"))[name] for name in ("change_normalised", "change_normalised_pct", "weather")
}
_FOOTER = "&C&P / &N"


def write_workbook(
    path: Path,
    *,
    study: Study,
    month: str,
    field: "xr.Dataset",
    warned: "pd.DataFrame",
    not_ranked: "pd.DataFrame | None" = None,
    hot: "pd.DataFrame | None" = None,
    state: str = "preliminary",
    emerging: "xr.Dataset | None" = None,
) -> Path:
    """
    Write ``warnings.xlsx``.

    Sheets: one per city with the public columns 预警网格编号, 所属县（区、市）, 位置坐标,
    预警原因 (a cell stands once, its reasons joined); 内部统计 with every column of
    ``warnings.csv``; 说明 with the meaning of the columns, completeness and legal basis.

    Parameters
    ----------
    path : str or Path
    month : str, ``"2020-03"``
    field : Dataset (cell, time)
        Its attributes say where the values come from.
    warned : DataFrame, from ``rank_warnings``, unrounded
    not_ranked : DataFrame, optional
        Counted in the notes.
    hot : DataFrame, optional
        Counted in the notes.
    state : str
        A key of ``words.STATES``.
    emerging : Dataset (cell), optional
        From ``rank.warn.emerging``: the sheet 聚集演变.

    Raises
    ------
    DataError
        A column of the list is missing.
    """
    decimals, of = study.criteria.warning.decimals, contracts.pollutant_of(field)
    rows = published(warned, decimals)
    path = Path(path)
    with dated_book(str(path), f"{month}-01", f"{month} hotspot warning cells", of=of) as book:
        look = _formats(book, decimals)
        taken = {INTERNAL.casefold(), NOTES.casefold(), EMERGING.casefold()}
        for city in dict.fromkeys(rows["city"]):
            of_city = rows[rows["city"] == city]
            _public_sheet(book.add_worksheet(sheet_name(city, taken)), look, study, month, field, city, of_city, state)
        _internal_sheet(book.add_worksheet(INTERNAL), look, _with_weather(rows, field, decimals), of)
        if emerging is not None:
            emerging_sheet(book.add_worksheet(EMERGING), look, field, emerging, hot, rows)
        _notes_sheet(book.add_worksheet(NOTES), look, study, month, field, rows, not_ranked, hot, state)
    return path


def sheet_name(text: str, taken: set[str]) -> str:
    """
    A sheet name that every spreadsheet takes, not yet in ``taken`` (which grows).

    At most 31 UTF-16 units, none of ``[ ] : * ? / \\``, no apostrophe at either
    end, not the reserved word History, unique without regard to case.

    Examples
    --------
    >>> taken = set()
    >>> sheet_name("武汉市", taken), sheet_name("武汉市", taken), sheet_name("[a]:*?/\\\\'", taken)
    ('武汉市', '武汉市~2', '_a______')
    """
    plain = re.sub(r"[\[\]:*?/\\]", "_", legible(text[:200])).strip("' ") or "未命名"
    if plain.casefold() == "history":
        plain += "_"
    for number in range(1, 10_000):
        mark = "" if number == 1 else f"~{number}"
        name = _cut_utf16(plain, 31 - len(mark)).rstrip("' ") + mark
        if name.casefold() not in taken:
            break
    taken.add(name.casefold())
    return name


def _cut_utf16(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore")


def _formats(book: "xlsxwriter.Workbook", decimals: int) -> "Looks":
    """Every look of the book by name; number formats by the kind of their column."""
    base = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
    cell = base | {"border": 1, "text_wrap": True}
    number: dict[Any, str] = {"pm": "0" if decimals == 0 else "0." + "0" * decimals, "whole": "0"}
    number |= {places: "0." + "0" * places for places in (1, 3, 6)}
    words: dict[Any, object] = {
        "title": book.add_format(base | {"bold": True, "font_size": 16, "align": "center"}),
        "note": book.add_format(base | {"font_size": 9, "text_wrap": True, "valign": "top"}),
        "head": book.add_format(cell | {"bold": True, "align": "center", "bg_color": "#E4E4E4"}),
        "head_en": book.add_format(cell | {"italic": True, "font_size": 9, "align": "center", "bg_color": "#F4F4F4"}),
        "text": book.add_format(cell),
        "centre": book.add_format(cell | {"align": "center"}),
        "word": book.add_format(base | {"text_wrap": True, "valign": "top"}),
        "bold": book.add_format(base | {"bold": True, "valign": "top"}),
    }
    return words | {kind: book.add_format(cell | {"num_format": pattern}) for kind, pattern in number.items()}


def _public_sheet(
    sheet: "Page", look: "Looks", study: Study, month: str, field: "xr.Dataset", city: str, rows: "pd.DataFrame",
    state: str,
) -> None:  # fmt: skip
    widths, of = (18, 22, 32, 40), contracts.pollutant_of(field)
    across(sheet, 0, 3, f"{month_zh(month)}{legible(city)}{of.label}热点网格预警名单", look["title"], 30)
    heading(sheet, 1, zip(PUBLIC, widths, strict=True), look["head"])
    line = 2
    for cell, of_cell in rows.groupby("cell", sort=False):
        first = of_cell.iloc[0]
        county = legible(first["county"]) if known(first["county"]) else ""
        reasons = of.words(reasons_zh(of_cell["reason"]))
        texts = (cell, county, place_zh(first["lon"], first["lat"]), reasons)
        deep = max(-(-printed_width(text) // (width - 2)) for text, width in zip(texts, widths, strict=True))
        sheet.set_row(line, min(18 * max(deep, 1), 400))
        for column, text in enumerate(texts):
            say(sheet, line, column, text, look["centre" if column == 0 else "text"])
        line += 1
    warning = study.criteria.warning
    counts = "、".join(f"{REASONS[reason]}{k}个" for reason, k in warning.k.items() if reason in REASONS)
    how = "地面站点插值估算" if from_stations_only(field.attrs) else "遥感与监测估算"
    for note in (
        f"状态：{STATES[state]}。依据：{study.criteria.legal_basis}；规则：{study.criteria.profile}。",
        f"每市每类取前：{counts}（并列同取）；一个网格列一行，多个原因并列。",
        f"坐标为网格中心点，WGS 84。数据：{_source(field)}。名次依据{how}，仅供排查参考，不作达标评价。",
    ):
        note = of.words(note)
        across(sheet, line, 3, note, look["note"], 13 * max(1, -(-printed_width(legible(note)) // 118)))
        line += 1
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(0, 1)
    paper(sheet, landscape=False, footer=_FOOTER)


def _with_weather(rows: "pd.DataFrame", field: "xr.Dataset", decimals: int) -> "pd.DataFrame":
    """The list with what the weather did beside each official change, rounded as it is printed."""
    told = weather_change(field, rows)[list(_WEATHER)]
    for name, kind in _WEATHER.items():
        told[name] = round_half_even(told[name].to_numpy(), decimals if kind == "pm" else int(kind))
    return rows.join(told)


def _internal_sheet(sheet: "Page", look: "Looks", rows: "pd.DataFrame", of: Pollutant) -> None:
    columns = WARNING_COLUMNS | {n: kind for n, kind in BESIDE_COLUMNS.items() if n in rows} | _WEATHER
    for column, (name, kind) in enumerate(columns.items()):
        say(sheet, 0, column, of.words(_ZH[name]), look["head"])
        say(sheet, 1, column, of.column(name), look["head_en"])
        wide = max(
            [
                printed_width(_ZH[name]) // 2 + 3,
                len(name) + 1,
                *(printed_width(str(v)[:40]) for v in rows[name].head(500)),
            ]
        )
        sheet.set_column(column, column, 20 if name == "reason" else min(max(wide, 8), 28) if kind == "text" else 12)
        for line, value in enumerate(rows[name], start=2):
            if name == "distinguishable":
                said = ("可区分" if value else label_of("not_distinguishable")) if known(value) else ""
                say(sheet, line, column, said, look["centre"])
            elif kind == "text":
                text = of.words(REASONS.get(value, value)) if name == "reason" else value
                say(sheet, line, column, text, look["text"])
            elif known(value):
                sheet.write_number(line, column, float(value), look[kind])
            else:
                sheet.write_blank(line, column, None, look["text"])
    sheet.set_row(0, 32)
    sheet.freeze_panes(2, 5)
    sheet.autofilter(1, 0, max(1, len(rows) + 1), len(columns) - 1)
    sheet.repeat_rows(0, 1)
    paper(sheet, footer=_FOOTER)


def _notes_sheet(
    sheet: "Page", look: "Looks", study: Study, month: str, field: "xr.Dataset", rows: "pd.DataFrame",
    not_ranked: "pd.DataFrame", hot: "pd.DataFrame", state: str,
) -> None:  # fmt: skip
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 96)
    criteria = study.criteria
    said, method = (str(field.attrs.get(name, "")) for name in ("completeness", "method"))
    how = {"percent": "百分比", "absolute": "浓度差", "rank": "市内名次的变动"}[criteria.warning.change]
    lines = [
        ("名单", f"{study.name}（{study.id}）{month_zh(month)}，{rows['cell'].nunique()}个网格，{len(rows)}条预警"),
        ("状态", STATES[state]),
        ("依据", f"{criteria.legal_basis}；规则档案 {criteria.profile}"),
        *([("热点网格名单", field.attrs["list_zh"])] if "list_zh" in field.attrs else []),
        ("数据", _source(field)),
        (
            "完整性",
            f"{COMPLETENESS.get(said, said or '未说明')}；"
            + (
                f"{criteria.interpolation.max_station_km:g} 公里内没有有效站点的网格不参评"
                if from_stations_only(field.attrs)
                else f"面积覆盖率低于 {criteria.validity.min_coverage:g} 的网格不参评"
            ),
        ),
        ("方法", METHODS.get(method, method or "未说明")),
        ("格网", f"{field.attrs['lattice_id']}，边长 {float(field.attrs['spacing']):g} m；编号末位为校验码"),
        (PUBLIC[0], "网格的唯一编号；官方编号（如有）列在“内部统计”的官方编号一列"),
        ("位置坐标", "网格中心点，WGS 84；在高德、百度地图上使用须先换算为 GCJ-02、BD-09"),
        (label_of("reasons"), "；".join(reason.zh for reason in in_use(criteria.warning.k)) + "；同一网格可有多个原因"),
        ("名次", f"市内热点网格中的名次，并列同名次（1、1、3）；变化按{how}排名"),
        (label_of("base"), "同比为去年同月，环比为上月；变化与变化率按印出的数值计算"),
        ("扣除气象", _weather_note(field)),
        ("修约", f"GB/T 8170，四舍六入五成双；@apart@保留 {criteria.warning.decimals} 位小数，修约只在发布时进行"),
        ("居首、入选概率", "只计缺测日与测量误差，该网格本月确居第一、确居前若干名的概率"),
        ("类似月份居首概率", "换作同类天气的另一个月，该网格居第一的概率；与本月名次是两回事"),
        ("可能居前的网格", "本月真正居前若干名的，全部在这些网格之中"),
        (label_of("rank_interval"), f"本月真实名次所在的范围，{criteria.confidence.level * 100:.0f}%置信"),
        (
            label_of("not_distinguishable"),
            "按现有数据的误差与分辨率，不能断定该网格比邻近名次的网格更差；排查时应一并查看邻近网格",
        ),
    ]
    if hot is not None:
        lines.append((label_of("hotspot_cells"), f"{int((hot['status'] != 'exited').sum())}个"))
    if not_ranked is not None:
        lines.append(("未参评", f"{_left_out(not_ranked)}；逐个原因见 not_ranked.csv"))
    of = contracts.pollutant_of(field)
    if not of.usual:
        lines.insert(5, (f"{of.label}{of.figure_zh}", str(field.attrs.get("said_zh", ""))))
    for line, (head, text) in enumerate(of.told(lines)):
        say(sheet, line, 0, head, look["bold"])
        say(sheet, line, 1, text, look["word"])
        sheet.set_row(line, 16 * max(1, -(-printed_width(legible(text)) // 92)))
    sheet.freeze_panes(0, 1)
    paper(sheet, footer=_FOOTER)


def _left_out(not_ranked: "pd.DataFrame") -> str:
    """How many hotspot cells each class could not rank, and the commonest reason."""
    said = []
    for reason, rows in not_ranked.groupby("reason", sort=True):
        common = rows["why"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
        more = "等" if len(common) > 1 else ""
        said.append(f"{REASONS.get(reason, reason)}{len(rows)}个（{why_zh(str(common.index[0]))}{more}）")
    return "，".join(said) or "无"


def _source(field: "xr.Dataset") -> str:
    """The data behind the values, in one phrase."""
    return "；".join(data_sources(field.attrs)) or "未说明"


def _weather_note(field: "xr.Dataset") -> str:
    """What the columns on weather are, or why they are empty."""
    said = str(field.attrs.get("weather", "none: no weather was delivered"))
    if said.startswith("none: "):
        why = contracts.pollutant_of(field).refused.get("level", (said.removeprefix("none: "),))[0].rstrip("。")
        return f"本月没有扣除气象的变化（{why}）；名单只按官方变化排名"
    return (
        "扣除气象后变化：两个月都换算到平均气象条件下再比较（只平均气象，不平均季节）；气象影响＝官方变化－扣除气象后变化，"
        "“@figure@最高”一类为本月@value@与平均气象条件下之差。仅供解释，不参与排名"
    )
