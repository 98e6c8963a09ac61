"""The wind of a month in the analysis report: rose, polar plot of a station, and what both say in words (C8)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.publish.analysis.report_words import direction_zh, name_words
from hotspot.publish.analysis.time_drawing import calendar_svg, local_series, time_of_day_svg, weekday_svg
from hotspot.publish.analysis.wind_drawing import polar_svg, wind_rose_svg
from hotspot.publish.words import printed
from hotspot.rules.calendar import local_bounds
from hotspot.study import Study
from hotspot.trace.plumes.polar import month_rose, station_polar
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd

    from hotspot.contracts.records import Derived

_SIZE_MM = 60.0


def wind_section(
    study: Study, month: str, derived: "Derived", cells: "pd.DataFrame", near: "pd.DataFrame"
) -> tuple[list[dict[str, Any]], str]:
    """
    The wind at a city's hotspot cells, and where it blew from when the station by its warned cells was dirty.

    Parameters
    ----------
    cells : DataFrame, from ``read_cells``, of one city
    near : DataFrame, from ``nearest_stations``

    Returns
    -------
    (blocks, sentence)
        ``blocks`` of the page; ``sentence`` for the summary, empty without wind
    """
    if derived.delivered.weather is None:
        return [_text("没有交付气象资料，本月不作风向风速分析。")], ""
    settings: dict[str, Any] = {"month": month, "utc_offset": study.utc_offset, "criteria": study.criteria}
    of = cells[cells["hotspot"]] if cells["hotspot"].any() else cells
    try:
        rose = month_rose(derived.delivered.weather, float(of["lon"].mean()), float(of["lat"].mean()), **settings)
    except DataError:
        return [_text("交付的气象资料中本月没有风向风速，不作风向风速分析。")], ""
    source = name_words(derived.delivered.weather.attrs.get("source", "")) or "未注明"
    sentence, words = _rose_words(rose, study.criteria.tracing.calm_share)
    parts: list[dict[str, Any]] = [{"svg": wind_rose_svg(rose, size_mm=_SIZE_MM), "zh": "风玫瑰图", "en": "Wind rose"}]
    table, name, why = _polar(derived, near, settings, study.criteria.report.least_hours)
    if table is not None:
        parts.append({"svg": polar_svg(table, size_mm=_SIZE_MM), "zh": f"{name}高值来风方向", "en": "Polar plot (CPF)"})
        words.append(_polar_words(table, name, study.criteria.tracing.min_upwind_hours))
    else:
        words.append(why)
    note = f"风取离热点网格中心最近的气象资料（{source}）。高值来风方向只说明风从该方向来时浓度较高，不等于认定来源。"
    blocks: list[dict[str, Any]] = [
        _text("".join(words)),
        {"kind": "pair", "parts": parts, "width": _SIZE_MM, "note": note},
    ]
    return blocks + time_blocks(derived, near, month, study.utc_offset), sentence


def time_blocks(derived: "Derived", near: "pd.DataFrame", month: str, utc_offset: float) -> list[dict[str, Any]]:
    """When the station by most warned cells was high: hours of the day, weekdays, and the month's calendar."""
    if derived.delivered.reference is None or not (near["station"] != "").any():
        return []
    station = near.loc[near["station"] != "", "station"].value_counts().sort_index().idxmax()
    if station not in derived.delivered.reference["station"].values:
        return []
    series = derived.delivered.reference["pm25"].sel(station=station)
    start, end = local_bounds(month, utc_offset)
    inside = series.isel(time=np.flatnonzero((series["time"].values >= start) & (series["time"].values < end)))
    try:
        values = local_series(inside, utc_offset)
    except DataError:
        return []
    name = name_words(near.loc[near["station"] == station, "name"].iloc[0])
    parts = [
        {"svg": draw(values, size_mm=_SIZE_MM), "zh": f"{name}{zh}", "en": en}
        for draw, zh, en in (
            (time_of_day_svg, "一日变化", "Hours of the day"),
            (weekday_svg, "一周变化", "Weekdays"),
            (calendar_svg, "日历", "Calendar"),
        )
    ]
    return [
        {"kind": "pair", "parts": parts[:2], "width": _SIZE_MM, "note": ""},
        {"kind": "pair", "parts": parts[2:], "width": _SIZE_MM, "note": "方格为空的日期没有数据。"},
    ]


def _text(text: str) -> dict[str, str]:
    return {"kind": "text", "text": text}


def _rose_words(rose: "pd.DataFrame", calm_month: float) -> tuple[str, list[str]]:
    """The commonest direction and the calm, for the summary and for the section."""
    by = rose.groupby("direction", sort=True)["share"].sum()
    first, calm = by.index[int(np.argmax(by.to_numpy()))], rose.attrs["calm_share"]
    sentence = (
        f"当月最多的来风方向为{direction_zh(first)}（{printed(100 * by[first], 1)}%），静风占{printed(100 * calm, 1)}%"
    )
    strong = rose[rose["speed"].str.startswith(">")]
    limit, share = str(strong["speed"].iloc[0])[1:], float(strong["share"].sum())
    words = [f"{sentence}，风速大于{limit} m/s的占{printed(100 * share, 1)}%（共{rose.attrs['n_hours']}次报告）。"]
    if calm > calm_month:
        words.append("静风较多，污染物不易扩散，应先查格内和近处的源。")
    return sentence, words


def _polar(
    derived: "Derived", near: "pd.DataFrame", settings: dict[str, Any], least_hours: int
) -> "tuple[pd.DataFrame | None, str, str]":
    """The polar table of the station that is nearest to most warned cells, or why there is none."""
    if derived.delivered.weather is None or derived.delivered.reference is None:
        return None, "", "没有交付逐时站点资料，无法判断高值时的来风方向。"
    rows = near[near["station"] != ""]
    if not len(rows):
        return None, "", "预警网格附近没有参考站点，无法判断高值时的来风方向。"
    by = rows.groupby("station").agg(n=("cell", "size"), km=("km", "mean"), name=("name", "first"))
    by = by.reset_index().sort_values(["n", "km", "station"], ascending=[False, True, True], kind="stable")
    for row in by.itertuples():
        try:
            table = station_polar(
                derived.delivered.weather, derived.delivered.reference, row.station, min_hours=least_hours, **settings
            )
        except DataError:
            continue
        name = name_words(row.name)
        return table, name if name.endswith("站") else f"{name}站", ""
    return None, "", "邻近站点与风没有同一时刻的资料，无法判断高值时的来风方向。"


def _polar_words(table: "pd.DataFrame", name: str, least: int) -> str:
    """The direction in which the station was oftenest dirty, if enough hours say so."""
    by = table.groupby("direction", sort=True)[["hours", "high"]].sum()
    by = by[by["hours"] >= least]
    about = table.attrs
    if not len(by):
        return f"{name}各方向的时数都不足{least}小时，不判断高值来风方向。"
    share = by["high"] / by["hours"]
    first = share.index[int(np.argmax(share.to_numpy()))]
    return (
        f"{name}，风从{direction_zh(first)}来时高值（大于{printed(about['limit'], 0)} μg/m³）小时占比最大，为"
        f"{printed(100 * share[first], 0)}%（{int(by['hours'][first])}小时），"
        f"有风时平均为{printed(100 * about['base'], 0)}%。"
    )
