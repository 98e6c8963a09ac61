"""
A city's change split into what the weather did and what is left, how its clusters came about, and what chance
alone would do (C6, C9, D11, D12).
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot import contracts
from hotspot.ledger.assessment.chance import chance_of_steps, chance_zh
from hotspot.publish.analysis import report_words
from hotspot.publish.analysis.report_sections import column, table, text
from hotspot.publish.emerging_words import MEANING, counted_zh, emerging_en, emerging_zh
from hotspot.publish.fonts import shorten
from hotspot.publish.revisions import chances
from hotspot.publish.words import NONE, SAME, known, signed
from hotspot.rules.calendar import month_minus
from hotspot.rules.rounding import plain_text
from hotspot.text.labels import label_of

if TYPE_CHECKING:
    import pandas as pd

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
    >>> split_sentence("甲市", {"yoy_pct": 12.0, "yoy_free_pct": 4.0}, 0.1, 0.95)
    '甲市同比+12%：气象+8，排放+4（95%区间-6至+15，与持平不可区分）。'
    """
    change, left = total["yoy_pct"], total["yoy_free_pct"]
    if not (known(change) and known(left)):
        return ""
    whole, emission = (int(plain_text(float(value), 0)) for value in (change, left))
    zh = f"{name}同比{whole:+d}%：气象{whole - emission:+d}，排放{emission:+d}"
    if known(half):
        low, high = (100 * np.expm1(np.log1p(left / 100) + step) for step in (-half, half))
        same = f"，{SAME}" if low <= 0 <= high else ""
        zh += f"（{100 * level:.0f}%区间{signed(low, 0)}至{signed(high, 0)}{same}）"
    return f"{zh}。"


def chance_sentence(hot: "pd.DataFrame", warned: "pd.DataFrame", rule: Any, month: str) -> str:
    """
    How sure this month's list is, and how many cells lists of its length would escalate by chance alone.

    Parameters
    ----------
    hot : DataFrame ``cell city status``, hotspot cells
    warned : DataFrame ``cell city``, with ``p_top`` where it was worked out
    rule : Escalation, of the criteria

    Returns
    -------
    str; empty without hotspot or warned cells

    Notes
    -----
    A report is made before the month stands in the ledger, so it takes every month of the window as long as this one;
    the notice counts the published lists.

    Examples
    --------
    >>> import pandas as pd
    >>> from hotspot.rules.criteria import Escalation
    >>> hot = pd.DataFrame({"cell": [f"C{n}" for n in range(47)], "city": "甲市", "status": "formal"})
    >>> said = chance_sentence(hot, hot.head(9).assign(p_top=0.5), Escalation(), "2020-12")
    >>> said.split("。")[0]
    '本月9个预警网格确属最差之列的概率平均0.50'
    >>> "预计也有2.9个网格达到D11条件" in said
    True
    """
    n_hot = hot[hot["status"] != "exited"].groupby("city")["cell"].nunique().to_dict()
    now = warned.groupby("city")["cell"].nunique().to_dict()
    if not n_hot or not now:
        return ""
    told = list(chances(warned).values())
    sure = f"本月{sum(now.values())}个预警网格确属最差之列的概率平均{np.mean(told):.2f}。" if told else ""
    same = {month_minus(month, n): dict(now) for n in range(rule.window_months)}
    found = chance_of_steps(n_hot, same, rule, month)
    return f"{sure}{chance_zh(found, rule)}（按每月名单与本月一样长计，实际次数见通知）。"


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
        column("预警号", "no.", "12mm", "center"), column(label_of("cell_code"), "cell", "20mm", "left"),
        column(report_words.PLACE, "district", "1fr", "left"), column("类别", "class", "30mm", "left"),
        column("", "", "44mm", "left"), column("高值月", "high", "14mm"), column("低值月", "low", "14mm"),
        column("有值月", "seen", "14mm"),
    ]  # fmt: skip
    rows = [
        [
            str(row["mark"]) if row["mark"] else NONE, row["cell"],
            shorten(str(row["township"] or row["county"]), 22),
            emerging_zh(row["emerging"]) or label_of("too_little_data"),
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
    return [*blocks, table(report_words.EMERGING, "How clusters came about, thirteen months", columns, rows, note=note)]
