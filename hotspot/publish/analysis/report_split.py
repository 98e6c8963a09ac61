"""A city's change split into what the weather did and what is left, and how its clusters came about (C6, C9)."""

from typing import Any

import numpy as np

from hotspot import contracts
from hotspot.publish.analysis import report_words
from hotspot.publish.analysis.report_sections import column, table, text
from hotspot.publish.emerging_words import MEANING, counted_zh, emerging_en, emerging_zh
from hotspot.publish.fonts import shorten
from hotspot.publish.words import known
from hotspot.rules.rounding import plain_text

_MOST = 25  # cells printed one by one; all stand in warnings.xlsx


def split_sentence(name: str, total: Any, half: float, level: float) -> str:
    """
    One line: the measured change of a city from last year, of which weather and emission.

    Parameters
    ----------
    name : str
        Of the city, for print.
    total : mapping ``yoy_pct, yoy_free_pct``, per cent
        The last row of ``report_tables.weather_free``.
    half : float
        Half width of the interval of the city's log change, NaN where there is none.
    level : float
        Of the interval.

    Returns
    -------
    str; empty where there is nothing to compare

    Notes
    -----
    Emission is the change in average weather; weather is the rest, so that the printed parts add up.

    Examples
    --------
    >>> split_sentence("甲市", {"yoy_pct": 12.0, "yoy_free_pct": 4.0}, 0.1, 0.95).split("。")[0]
    '甲市同比+12%：气象+8，排放+4（95%区间-6至+15，与持平不可区分）'
    >>> split_sentence("甲市", {"yoy_pct": 12.0, "yoy_free_pct": 4.0}, float("nan"), 0.95).split("。")[1]
    'year on year +12 %: weather +8, emission +4.'
    """
    change, left = total["yoy_pct"], total["yoy_free_pct"]
    if not (known(change) and known(left)):
        return ""
    whole, emission = (int(plain_text(float(value), 0)) for value in (change, left))
    zh = f"{name}同比{whole:+d}%：气象{whole - emission:+d}，排放{emission:+d}"
    en = f"year on year {whole:+d} %: weather {whole - emission:+d}, emission {emission:+d}"
    if known(half):
        low, high = (100 * np.expm1(np.log1p(left / 100) + step) for step in (-half, half))
        same = "，与持平不可区分" if low <= 0 <= high else ""
        zh += f"（{100 * level:.0f}%区间{low:+.0f}至{high:+.0f}{same}）"
        en += f" ({low:+.0f} to {high:+.0f})"
    return f"{zh}。{en}."


def half_width(field: Any, city: str | None = None) -> float:
    """
    Half width of the interval of a city's log change in average weather, from the same month of last year.

    The cells of a month share their error, so a mean over them is no surer than a cell: the mean of the widths.

    Parameters
    ----------
    field : Dataset (cell, time) with ``pm25_normalised_change_low`` and ``_high``
    city : str, optional
        Default all cells.

    Returns
    -------
    float; NaN where there is none
    """
    if "pm25_normalised_change_low" not in field:
        return float("nan")
    now = contracts.of_month(field)
    low, high = (np.log1p(now[f"pm25_normalised_change{end}"].values.astype(float)) for end in ("_low", "_high"))
    chosen = np.isfinite(high - low)
    if city is not None:
        chosen &= now["city"].values.astype(str) == city
    return float((high - low)[chosen].mean() / 2) if chosen.any() else float("nan")


def emerging_blocks(found: Any, cells: Any, numbers: dict[str, int]) -> list[dict]:
    """
    How a city's clusters came about: a sentence, and its warned cells and hot cells one by one.

    Parameters
    ----------
    found : Dataset (cell), from ``rank.warn.emerging``, or None
    cells : DataFrame, from ``read_cells``, of one city
    numbers : dict of code -> number of a warned cell in its chapter

    Returns
    -------
    list of blocks
    """
    if found is None:
        return [text("本月没有聚集演变的分类：各月资料不足。")]
    own = found.sel(cell=cells["cell"].to_numpy()).to_dataframe().reset_index(drop=False)
    own = own.merge(cells[["cell", "county", "township", "hotspot"]], on="cell", how="left")
    blocks = [text(f"全部{len(own)}个网格：{counted_zh(own['emerging'])}。{MEANING}。")]
    shown = own[own["cell"].isin(list(numbers)) | (own["hotspot"] & own["emerging"].str.endswith(" hot"))]
    shown = shown.assign(mark=[numbers.get(code, 0) for code in shown["cell"]])
    shown = shown.sort_values(["mark", "cell"], key=lambda s: s.where(s != 0, 10**6) if s.name == "mark" else s)
    if not len(shown):
        return blocks
    columns = [
        column("预警号", "no.", "12mm", "center"), column("网格编号", "cell", "20mm", "left"),
        column("乡镇或区县", "district", "1fr", "left"), column("类别", "class", "30mm", "left"),
        column("", "", "44mm", "left"), column("高值月", "high", "14mm"), column("低值月", "low", "14mm"),
        column("有值月", "seen", "14mm"),
    ]  # fmt: skip
    rows = [
        [
            str(row["mark"]) if row["mark"] else report_words.NONE, row["cell"],
            shorten(str(row["township"] or row["county"]), 22), emerging_zh(row["emerging"]) or "资料不足",
            emerging_en(row["emerging"]) or "too few months", str(row["n_hot"]), str(row["n_cold"]),
            str(row["n_seen"]),
        ]
        for row in shown.head(_MOST).to_dict("records")
    ]  # fmt: skip
    note = (
        "预警网格，以及属于高值聚集的热点网格；按十三个月的Gi*（与同月全部网格比较）和Mann-Kendall趋势分类，"
        "错误发现率按全部网格和月份控制。缺资料的月份不计。"
    )
    if len(shown) > _MOST:
        note += f"另有{len(shown) - _MOST}个，见warnings.xlsx。"
    return [*blocks, table("聚集的演变", "How clusters came about, thirteen months", columns, rows, note=note)]
