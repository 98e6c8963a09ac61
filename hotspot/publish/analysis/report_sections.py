"""
The sections of a chapter of the analysis report as blocks of finished strings (C6, C7, C8).

A block is a text, a table, a map or a pair of drawings; ``templates/report.typ`` sets each kind.
Under each table stands which columns it came from.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hotspot.contracts.fields import pollutant_of
from hotspot.publish.analysis.report_tables import numbered
from hotspot.publish.analysis.report_words import (
    ENTERPRISES,
    PLACE,
    WITHOUT_WEATHER,
    direction_zh,
    interval_words,
    name_words,
    place_words,
    share_words,
    sure_words,
    weather_reason,
    why_not,
)
from hotspot.publish.fonts import shorten
from hotspot.publish.maps.symbols import SYMBOLS
from hotspot.publish.paper.sheet_words import class_of, facility_row
from hotspot.publish.tables.lists import published
from hotspot.publish.words import BASES, NONE, NONE_WARNED, SAME, known, printed, signed
from hotspot.rank.warn.weather_change import weather_change
from hotspot.rules.criteria import Criteria
from hotspot.rules.reasons import LEVEL, Reason, in_use
from hotspot.rules.rounding import round_half_even
from hotspot.rules.validity import month_days_needed
from hotspot.text.labels import label_of
from hotspot.text.table import rows_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import xarray as xr

LISTED = 8  # enterprises printed per warned cell; the others stand in checklists.xlsx
ROWS = 20  # rows of a table of leaders, ties and all
_UNIT = "μg/m³"


def column(zh: str, en: str, width: str, align: str = "right", unit: str = "") -> dict[str, str]:
    """One column of a table: its head in two languages, its unit, its width as typst reads it."""
    return {"zh": zh, "en": en, "unit": unit, "width": width, "align": align}


def text(words: str) -> dict[str, str]:
    """A paragraph."""
    return {"kind": "text", "text": words}


def table(
    zh: str,
    en: str,
    columns: list[dict[str, str]],
    rows: list[list[str]],
    *,
    note: str,
    strong: Sequence[int] = (),
    bands: Sequence[Any] = (),
) -> dict[str, Any]:
    """A table with its caption; ``strong`` rows are bold, ``bands`` are headings across all columns."""
    return {
        "kind": "table", "zh": zh, "en": en, "columns": columns, "rows": rows, "note": note,
        "strong": list(strong), "bands": list(bands),
    }  # fmt: skip


def district_table(name: str, districts: "pd.DataFrame", decimals: int, unit: str, unit_en: str) -> dict[str, Any]:
    """Districts with their mean and both changes; the last row is the whole."""
    columns = [
        column(unit, unit_en, "1fr", "left"),
        column(label_of("monthly_mean"), "@head_en@", "17mm", unit=_UNIT),
        column("同比变化", "y-o-y", "16mm", unit=_UNIT),
        column("同比", "", "13mm", unit="%"),
        column("环比变化", "m-o-m", "16mm", unit=_UNIT),
        column("环比", "", "13mm", unit="%"),
        column("网格数", "cells", "12mm"),
        column("有效率", "valid", "13mm", unit="%"),
        column(label_of("hotspot_cells"), "hotspot", "14mm"),
        column(label_of("warned_cells"), "warned", "14mm"),
    ]
    rows = [
        [
            shorten(str(row["name"]), 26) or "合计",
            printed(row["pm25"], decimals),
            signed(row["yoy"], decimals), signed(row["yoy_pct"], 1),
            signed(row["mom"], decimals), signed(row["mom_pct"], 1),
            str(row["n_cells"]), printed(row["valid_share"], 1), str(row["hotspots"]), str(row["warned"]),
        ]
        for _, row in districts.iterrows()
    ]  # fmt: skip
    note = (
        "按cells.parquet计算：@column@、previous、previous_year以area_share加权，只计valid为真的网格；网格归属占其面积最大的"
        f"{unit}。变化只比较两月均有效的网格，由印出的两个均值相减。"
    )
    partly = [
        f"{name_words(row['name']) or '合计'}{base}{int(row[f'{short}_cells'])}个"
        for _, row in districts.iterrows()
        for short, base in (("yoy", "同比"), ("mom", "环比"))
        if 0 < row[f"{short}_cells"] < row["n_valid"]
    ]
    if partly:
        note += f"可比网格少于有效网格的：{'、'.join(partly[:6])}{'等' if len(partly) > 6 else ''}。"
    absent = [base for short, base in (("yoy", "同比"), ("mom", "环比")) if districts[short].isna().all()]
    if absent:
        note += f"“—”：没有{'、'.join(absent)}基数。"
    zh = f"{name_words(name)}各{unit}@pollutant@@figure@及变化"
    return table(zh, f"{unit_en}: area-weighted mean and change", columns, rows, note=note, strong=[len(rows) - 1])


def leader_blocks(
    leaders: "pd.DataFrame", cells: "pd.DataFrame", not_ranked: "pd.DataFrame", criteria: Criteria
) -> list[dict[str, Any]]:
    """The three tables of the highest and of the largest rises, or why there is none."""
    rows = published(leaders, criteria.warning.decimals)
    return [
        block
        for reason in in_use(criteria.warning.k)
        for block in _leaders(rows[rows["reason"] == reason.id], reason, cells, not_ranked, criteria)
    ]


def _leaders(
    rows: "pd.DataFrame", reason: Reason, cells: "pd.DataFrame", not_ranked: "pd.DataFrame", criteria: Criteria
) -> list[dict[str, Any]]:
    decimals, level, listed = criteria.warning.decimals, criteria.confidence.level, criteria.report.leaders
    zh, en = reason.report_titles
    why = why_not(not_ranked, reason.id)
    if not len(rows):
        return [text(f"{zh.format(n=listed)}：未排名。{why or '没有热点网格'}。")]
    numbers, values = numbered(cells), cells.set_index("cell")
    columns = [
        column("名次", "rank", "9mm", "center"), column(label_of("cell_code"), "cell", "17.5mm", "left"),
        column("区县、乡镇（街道）", "district", "1fr", "left"), column("月@mean@", "@head_en@", "12mm", unit=_UNIT),
    ]  # fmt: skip
    if not reason.months_back:
        columns += [column("同比变化", "y-o-y", "14mm", unit=_UNIT), column("环比变化", "m-o-m", "14mm", unit=_UNIT)]
    else:
        base = reason.report_base or reason.base_zh
        columns += [
            column(base, "base", "14mm", unit=_UNIT), column("变化", "change", "12mm", unit=_UNIT),
            column("变化率", "rate", "12mm", unit="%"),
        ]  # fmt: skip
    columns += [
        column(label_of("rank_interval"), f"{level * 100:.0f}% interval", "15mm", "center"),
        column(label_of("chance_listed"), "in list", "14mm"),
        column("判断", "told apart", "14mm", "center"),
        column("预警号", "no.", "11.5mm", "center"),
    ]
    # Where every ranked cell is on the list, being on it says nothing.
    n_ranked = int(cells["hotspot"].sum()) - int((not_ranked["reason"] == reason.id).sum())
    all_listed = len(rows) >= n_ranked
    lines, shown = [], rows if len(rows) <= ROWS else rows[rows["rank"] < rows["rank"].max()].head(ROWS)
    shown = shown if len(shown) else rows.head(ROWS)
    for _, row in shown.iterrows():
        line = [str(int(row["rank"])), str(row["cell"]), shorten(place_words(row), 30), printed(row["pm25"], decimals)]
        if not reason.months_back:
            own = values.loc[row["cell"]]
            line += [signed(_change(own, base, decimals), decimals) for base in ("previous_year", "previous")]
        else:
            line += [printed(row["previous"], decimals), signed(row["change"], decimals), signed(row["change_pct"], 1)]
        mark = numbers.get(row["cell"])
        line += [interval_words(row)]
        line += [NONE, NONE] if all_listed else [share_words(row["p_top"]), sure_words(row["distinguishable"])]
        lines.append([*line, str(mark) if mark else NONE])
    note = "@column@、previous_year、previous取自cells.parquet；"
    if reason.months_back:
        unit = {"percent": "变化率", "absolute": "浓度差"}[criteria.warning.change]
        note = f"@column@、{reason.base_column}取自cells.parquet，按{unit}排名；"
    note += f"名次区间（{level * 100:.0f}%置信）由资料误差推算；"
    if all_listed:
        note += f"可排名的{len(rows)}个热点网格全部列出，不作入选判断；"
    else:
        note += f"入选把握是列入前{listed}名的概率，“不可区分”指不能断定该网格比榜外网格更差；"
    if reason.months_back and rows["change"].iloc[0] < 0:
        note += "各网格均为下降，排在前面的下降最少；"
    note += "预警号为图中编号。"
    if len(shown) < len(rows):
        note += f"另有{len(rows) - len(shown)}个网格并列，未列出。"
    if why:
        note += f"{why}。"
    return [table(zh.format(n=min(listed, len(rows))), en, columns, lines, note=note)]


def _change(cell: "pd.Series", base: str, decimals: int) -> float:
    """The printed change of one cell, NaN unless both months are valid."""
    if not (cell["valid"] and cell[f"{base}_valid"]):
        return float("nan")
    now, before = (round_half_even(float(cell[name]), decimals) for name in ("pm25", base))
    return round_half_even(now - before, decimals) + 0.0


def station_blocks(
    near: "pd.DataFrame", month: str, field: "xr.Dataset", criteria: Criteria, has_stations: bool
) -> list[dict[str, Any]]:
    """Warned cells beside the nearest station, or why there is no comparison."""
    if not len(near):
        return [text("本月没有预警网格，不作对比。")]
    if not has_stations:
        return [text("没有交付参考站点资料，预警网格无法与站点对比。")]
    decimals, needed = criteria.warning.decimals, month_days_needed(month, criteria.validity)
    if (near["station"] == "").all():
        return [text(f"预警网格{criteria.interpolation.max_station_km:g} km内没有本月有资料的参考站点，无法对比。")]
    columns = [
        column("号", "no.", "8mm", "center"), column(label_of("cell_code"), "cell", "17.5mm", "left"),
        column(PLACE, "district", "1fr", "left"), column("网格月@mean@", "cell @head_en@", "15mm", unit=_UNIT),
        column("最近站点", "nearest station", "27mm", "left"), column("距离", "distance", "13mm", unit="km"),
        column("方位", "bearing", "13mm", "center"), column("站点月@mean@", "station", "14.5mm", unit=_UNIT),
        column("有效日", "days", "12mm"), column("网格－站点", "difference", "17mm", unit=_UNIT),
    ]  # fmt: skip
    rows = []
    for _, row in near.iterrows():
        there = row["station"] != ""
        rows.append(
            [
                str(row["number"]), row["cell"], shorten(str(row["township"] or row["county"]), 22),
                printed(row["pm25"], decimals),
                shorten(str(row["name"]), 24) if there else NONE, printed(row["km"], 1),
                direction_zh(row["bearing"]) if there else NONE,
                printed(row["station_pm25"], decimals) + ("*" if there and not row["valid"] else ""),
                str(row["n_valid"]) if there else NONE, signed(row["difference"], decimals),
            ]
        )  # fmt: skip
    far = int((near["km"] > criteria.report.nearest_km).sum())
    of = pollutant_of(field)
    value = of.means_zh or f"站点月均由逐时资料按有效日（每日不少于{criteria.validity.day_hours}小时）平均"
    note = (
        f"网格月@mean@取自cells.parquet的@column@；{value}，"
        f"全月须{needed}个有效日" + ("，不足的标*" if not near.loc[near["station"] != "", "valid"].all() else "") + "。"
    )
    if far:
        note += f"{far}个网格距最近站点超过{criteria.report.nearest_km:g} km，站点难以代表该网格。"
    if "stations" in str(field.attrs.get("method", "")):
        note += "网格值本身已用参考站点订正或插值，两者相近不是独立验证。"
    return [
        table(
            "预警网格与最近参考站点@figure@对比",
            "Warned cells and the nearest reference station",
            columns,
            rows,
            note=note,
        )
    ]


def enterprise_blocks(
    cells: "pd.DataFrame", traced: "dict[str, pd.DataFrame]", sizes: dict[str, str]
) -> list[dict[str, Any]]:
    """Key enterprises in and around every warned cell, in visiting order (C7); ``traced`` by cell."""
    numbers, place = numbered(cells), cells.set_index("cell")
    if not numbers:
        return [text(NONE_WARNED)]
    columns = [
        column("序", "order", "8mm", "center"), column("企业名称", "enterprise", "1fr", "left"),
        column("类别", "class", "28mm", "left"), column("方位、距离", "bearing, distance", "27mm", "left"),
        column("位置", "where", "12mm", "center"), column("风向关联", "wind", "22mm", "center"),
        column("规模", "size", "26mm", "right"),
    ]  # fmt: skip
    rows: list[list[str]] = []
    bands, without = [], []
    for code, mark in numbers.items():
        found = traced.get(code)
        if found is None or not len(found):
            without.append(f"{mark}号{code}")
            continue
        found = found.sort_values(["order", "facility"], kind="stable")
        strong = int(found["word"].isin(["strong", "moderate"]).sum())
        said = f"{mark}号网格 {code}　{place_words(place.loc[code])}　共{len(found)}家"
        bands.append([len(rows), said + (f"，风向关联强或中的{strong}家" if strong else "")])
        for row in rows_of(found.head(LISTED)):
            symbol = SYMBOLS[class_of(row["class_"]).problem]
            line = facility_row(row | {"number": str(int(row["order"])), "symbol": symbol, "accuracy": "unknown"})
            size = sizes.get(row["facility"], NONE)
            word = line["word"] + _agreed(row)
            rows.append([line["number"], line["name"], line["class"], line["away"], line["where"], word, size])
        if len(found) > LISTED:
            rows.append(["", f"另有{len(found) - LISTED}家，见checklists.xlsx", "", "", "", "", ""])
    blocks = []
    if rows:
        note = (
            "企业来自登记的污染源清单，按走访顺序排列；方位、距离自网格中心起算。风向关联由本月逐时风向与最近站点浓度"
            "推算，只供排查先后参考，不等于认定来源；未登记的源须现场查找。"
        )
        if any(row[5].endswith("站") for row in rows):
            note += "“2/3站”指时数足够的3个站点中有2个在风从该企业来时浓度偏高。"
        en = "Registered sources in and around the warned cells"
        blocks.append(table(ENTERPRISES, en, columns, rows, note=note, bands=bands))
    if without:
        blocks.append(
            text(
                f"格内及周边没有登记污染源的预警网格：{'、'.join(without)}；应重点查找裸土、露天堆放、焚烧等未登记面源。"
            )
        )
    return blocks


def _agreed(row: dict[str, Any]) -> str:
    """How many of the stations with enough hours point to the facility; nothing where none was asked."""
    agreement, n = row.get("agreement"), row.get("n_stations")
    return f" {int(agreement)}/{int(n)}站" if known(agreement) and known(n) and n > 0 else ""


def sizes_words(facilities: "gpd.GeoDataFrame") -> dict[str, str]:
    """What the register says of each facility's size: dict of facility -> text."""
    if facilities is None or not len(facilities) or "size" not in facilities:
        return {}
    units = facilities["size_unit"] if "size_unit" in facilities else [""] * len(facilities)
    sizes = zip(facilities["facility"], facilities["size"], units, strict=True)
    return {facility: _size(float(size), unit) for facility, size, unit in sizes if known(size)}


def _size(size: float, unit: str) -> str:
    """A size with its unit, whole from a hundred on."""
    printed = f"{size:,.0f}" if abs(size) >= 100 else f"{size:.3g}"
    return f"{printed} {shorten(str(unit), 12)}" if known(unit) else printed


def weather_blocks(
    field: "xr.Dataset", free: "pd.DataFrame", warned: "pd.DataFrame", decimals: int, unit: str, numbers: dict[str, int]
) -> list[dict[str, Any]]:
    """Changes in average weather of districts and of the warned cells, or why there are none."""
    reason = weather_reason(field.attrs)
    if reason:
        return [text(f"本月没有扣除气象影响的结果：{reason}。以上变化均为实测变化，包含气象影响。")]
    columns = [column(unit, "district", "1fr", "left")]
    bases = [
        part for part in (("yoy", "同比", "y-o-y"), ("mom", "环比", "m-o-m")) if free[f"{part[0]}_free"].notna().any()
    ]
    if not bases:
        return [text("本月没有可比的扣除气象后的月@value@。以上变化均为实测变化，包含气象影响。")]
    for _, base, en in bases:
        columns += [
            column(f"{base}变化", en, "17mm", unit=_UNIT), column("扣除气象后", "weather-free", "20mm", unit=_UNIT),
            column("", "", "13mm", unit="%"), column("气象影响", "weather", "16mm", unit=_UNIT),
        ]  # fmt: skip
    rows = [
        [
            shorten(str(row["name"]), 24) or "合计",
            *(part for short, _, _ in bases for part in (
                signed(row[short], decimals), signed(row[f"{short}_free"], decimals),
                signed(row[f"{short}_free_pct"], 1), signed(row[f"{short}_weather"], decimals))),
        ]
        for _, row in free.iterrows()
    ]  # fmt: skip
    note = (
        "按cells.parquet计算：@column@与normalised及其基数以area_share加权，只计各月均有值的网格；气象影响＝实测变化－扣除气象后变化，"
        "由印出的数值相减。扣除气象后的值是模型估算，不参与排名。"
    )
    if len(bases) == 1:
        note += f"没有{'环比' if bases[0][0] == 'yoy' else '同比'}基数。"
    blocks = [table(WITHOUT_WEATHER, "Change in average weather", columns, rows, note=note, strong=[len(rows) - 1])]
    rows = _weather_rows(field, warned, decimals, numbers)
    if rows:
        columns = [
            column("号", "no.", "8mm", "center"), column(label_of("cell_code"), "cell", "19mm", "left"),
            column("比较", "base", "12mm", "center"), column("实测变化", "official", "17mm", unit=_UNIT),
            column("扣除气象后", "weather-free", "20mm", unit=_UNIT), column("变化率", "rate", "15mm", unit="%"),
            column("变化率区间", "interval", "24mm", "center", unit="%"),
            column("气象影响", "weather", "17mm", unit=_UNIT),
            column("判断", "told from no change", "1fr", "left"),
        ]  # fmt: skip
        note = "扣除气象后＝cells.parquet的normalised与其基数之差；判断指扣除气象后的变化能否与持平区分。"
        blocks.append(
            table("预警网格扣除气象影响后的变化", "Warned cells in average weather", columns, rows, note=note)
        )
    return blocks


def _weather_rows(
    field: "xr.Dataset", warned: "pd.DataFrame", decimals: int, numbers: dict[str, int]
) -> list[list[str]]:
    rows = []
    told = published(warned, decimals).join(weather_change(field, warned))
    for _, row in told[told["reason"] != LEVEL].sort_values(["cell", "reason"], kind="stable").iterrows():
        if not known(row["change_normalised"]):
            continue
        low, high = row["normalised_low_pct"], row["normalised_high_pct"]
        sure = known(low) and known(high)
        free = float(printed(row["change_normalised"], decimals))
        rows.append(
            [
                str(numbers[row["cell"]]), row["cell"], BASES[row["reason"]],
                signed(row["change"], decimals), signed(free, decimals), signed(row["change_normalised_pct"], 1),
                f"{signed(low, 1)} ~ {signed(high, 1)}" if sure else NONE, signed(row["change"] - free, decimals),
                (SAME if low <= 0 <= high else "上升" if low > 0 else "下降") if sure else NONE,
            ]
        )  # fmt: skip
    return rows
