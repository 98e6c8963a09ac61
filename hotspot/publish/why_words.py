"""
What the field says of itself, in Chinese: its method, its data, and why a cell is not ranked.

The rooms below write short English sentences from a fixed list; each has its
Chinese form here. A sentence that is not on the list is shown as it came.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from hotspot.rules.standards import ACTUAL_FROM

# The attribute ``method`` of a field (estimate/monthly.py).
METHODS = MappingProxyType(
    {
        "satellite days": "卫星逐日资料的月均值",
        "satellite months": "卫星月产品",
        "satellite years": "卫星年产品",
        "satellite days, corrected by stations": "卫星逐日资料的月均值，经地面站点订正",
        "satellite months, corrected by stations": "卫星月产品，经地面站点订正",
        "ordinary kriging of stations": "地面站点插值（普通克里金法），无卫星资料",
    }
)
# What registers say of a plant's working state; anything else is shown as delivered.
STATUSES = MappingProxyType(
    {
        "operating": "在运行", "under construction": "在建", "construction": "在建", "announced": "拟建",
        "shut down": "已关停", "closed": "已关停", "retired": "已退役", "mothballed": "停产封存", "idle": "停产",
    }
)  # fmt: skip
_MONTH = r"(\d{4}-\d{2})"


def _day_zh(day: str) -> str:
    year, month, of_month = (int(part) for part in day.split("-"))
    return f"{year}年{month}月{of_month}日"


_SENTENCES = tuple(
    (re.compile(pattern), chinese)
    for pattern, chinese in (
        (rf"no satellite layer was delivered for ({_MONTH}(?:, {_MONTH})*)", "没有{0}的卫星资料"),
        (r"only yearly satellite layers were delivered", "只有年度卫星资料"),
        (r"neither satellite nor stations were delivered", "没有卫星资料，也没有站点资料"),
        (r"no station has (\d+) valid days; best has (\d+)", "没有站点达到{0}个有效日，最多的只有{1}日"),
        (r"only (\d+) stations have (\d+) valid days; a field needs (\d+)",
         "达到{1}个有效日的站点只有{0}个，插值至少需要{2}个"),
        (r"no valid station within (\S+) km", "{0}公里内没有有效站点"),
        (rf"{_MONTH} had too few valid stations to be corrected, {_MONTH} was corrected",
         "{0}有效站点过少，未能订正，{1}已订正，两月不可比"),
        (r"(\S+) of the cell is covered, at least (\S+) is needed", "网格面积只覆盖{0}，至少须{1}"),
        (r"(\S+) of the cell was seen on its days, at least (\S+) is needed",
         "有资料各日平均只观测到网格面积的{0}，至少须{1}"),
        (r"(\d+) days with data of (\d+), at least (\d+) are needed", "全月{1}日中有资料的{0}日，至少须{2}日"),
        (r"(\d+) valid days of (\d+), at least (\d+) are needed", "全月{1}日中有效的{0}日，至少须{2}日"),
        (r"base of (\S+) ug/m3 is below (\S+), the rate is unstable; the change is (\S+) ug/m3",
         "比较基数{0} μg/m³低于{1}，变化率不稳定；变化为{2} μg/m³"),
        (rf"{_MONTH} and {_MONTH} lie on two sides of {ACTUAL_FROM}, when the reference state changed, .*",
         "{0}与{1}分处" + _day_zh(ACTUAL_FROM) + "（浓度状态改变）前后，资料未说明浓度状态，不可比"),
        (r"the field does not tell cells apart: (.+)", "估算场不能区分网格高低：{0}"),
        (r"no station to test it", "没有可供检验的地面站点"),
        (r"(\d+) stations cannot test it, (\d+) are needed", "可供检验的站点只有{0}个，至少须{1}个"),
        (r"skill (\S+) \(r (\S+)\) at (\d+) left-out stations, no better than their mean",
         "{2}个站点逐一留出检验，技巧评分{0}，相关系数{1}，不优于各站平均值"),
        (r"skill (\S+) \(r (\S+)\) at (\d+) left-out stations", "{2}个站点逐一留出检验，技巧评分{0}，相关系数{1}"),
        (r"no value", "无数据"),
        (r"not valid", "未达有效性要求"),
    )
)  # fmt: skip


def why_zh(text: str) -> str:
    """
    A reason for not being ranked, in Chinese.

    Parameters
    ----------
    text : str
        As ``why`` of the field or of ``not_ranked`` holds it.

    Returns
    -------
    str; the text itself where it is not on the list of reasons

    Examples
    --------
    >>> why_zh("2019-02: no satellite layer was delivered for 2019-02")
    '没有2019年2月的卫星资料'
    >>> why_zh("2016-10: no valid station within 50 km")
    '2016年10月：50公里内没有有效站点'
    >>> why_zh("said by somebody else")
    'said by somebody else'
    """
    month, _, rest = text.partition(": ") if re.match(rf"{_MONTH}: ", text) else ("", "", text)
    for pattern, chinese in _SENTENCES:
        found = pattern.fullmatch(rest)
        if found:
            said = chinese.format(*(why_zh(_months_zh(part or "")) for part in found.groups()))
            return f"{_months_zh(month)}：{said}" if month and month not in rest else said
    return text


def ranks_zh(attrs: dict[str, Any]) -> str:
    """
    What a month's list ranks, in Chinese; an empty text where the field does not say.

    Examples
    --------
    >>> ranks_zh({"ranks": "satellite cells", "ranks_why": "no station to test it"})
    '本名单按遥感网格值排名，未证明估算场能够区分网格高低（没有可供检验的地面站点）'
    """
    why = why_zh(str(attrs.get("ranks_why", "")))
    return {
        "cells": f"估算场在当月内能够区分网格高低（{why}）",
        "satellite cells": f"本名单按遥感网格值排名，未证明估算场能够区分网格高低（{why}）",
        "stations": f"估算场不能区分网格高低（{why}），本月不对网格排名，站点月@value@另列（stations.csv）",
    }.get(str(attrs.get("ranks", "")), "")


def status_zh(text: str) -> str:
    """
    A plant's registered working state, in Chinese where it is one of the usual words.

    Examples
    --------
    >>> status_zh("operating"), status_zh("停产整改")
    ('在运行', '停产整改')
    """
    return STATUSES.get(text.strip().casefold(), text)


def data_sources(attrs: dict[str, Any]) -> list[str]:
    """
    The data behind a field, each named once: product, satellite source, station source.

    Parameters
    ----------
    attrs : mapping, of a field from ``monthly_field``

    Returns
    -------
    list of str; in Chinese where the study says how (``in_chinese``)

    Examples
    --------
    >>> data_sources({"product": "ACAG", "source": "ACAG V5.GL.02", "station_source": "City network"})
    ['ACAG V5.GL.02', 'City network']
    """
    if attrs.get("sources_zh"):
        return str(attrs["sources_zh"]).split("；")
    product, source, stations = (str(attrs.get(key) or "") for key in ("product", "source", "station_source"))
    named = [source, stations] if source.startswith(product) else [product, source, stations]
    return [text for text in dict.fromkeys(named) if text]


def in_chinese(names: Sequence[str], known: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """
    The sources of a field as Chinese products print them, and those that have no Chinese name.

    Examples
    --------
    >>> in_chinese(["ACAG V5.GL.02", "市站"], {})
    (['ACAG V5.GL.02', '市站'], ['ACAG V5.GL.02'])
    """
    said = [known.get(name, name) for name in names]
    return said, [text for text in said if not any("\u4e00" <= letter <= "\u9fff" for letter in text)]


def from_stations_only(attrs: dict[str, Any]) -> bool:
    """
    Whether a field was interpolated from stations, so that nothing in it was seen from above.

    Examples
    --------
    >>> from_stations_only({"method": "ordinary kriging of stations"}), from_stations_only({})
    (True, False)
    """
    return str(attrs.get("method", "")) == "ordinary kriging of stations"


def _months_zh(text: str) -> str:
    """Months inside a text as a notice writes them, lists with a Chinese comma."""
    return re.sub(_MONTH, lambda m: f"{m[0][:4]}年{int(m[0][5:7])}月", text).replace(", ", "、")
