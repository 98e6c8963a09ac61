"""
What the lists say in words: reasons, places, changes, how sure a rank is.

Chinese first; these are the sentences officials and field teams read, so each
stands in one place.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeGuard

from hotspot.rules.reasons import Said
from hotspot.rules.rounding import plain_text

# D9, D10: the classes as the public list names them.
REASONS = Said(lambda reason: reason.zh)
REASONS_EN = Said(lambda reason: reason.en)
BASES = Said(lambda reason: reason.base_zh)
BASES_EN = Said(lambda reason: reason.base_en)
HEADS = Said(lambda reason: reason.word_zh or reason.tab_zh)  # before a rank, on a sheet
FORMS = Said(lambda reason: reason.form_zh or reason.tab_zh)
SHAPES_OF = Said(lambda reason: reason.shape)
IN_NOTICE = Said(lambda reason: reason.notice_zh or reason.tab_zh)
STATES = MappingProxyType({"draft": "草稿", "preliminary": "初步结果", "confirmed": "已确认", "superseded": "已被替代"})
# Wind evidence for a facility, and where it stands (trace/visits/attribution.py).
EVIDENCE = MappingProxyType(
    {"strong": "强", "moderate": "中", "weak": "弱", "not enough hours": "时数不足", "no hourly data": "无逐时资料"}
)
WHERE = MappingProxyType({"in_cell": "格内", "ring": "周边", "upwind": "上风"})
# What the field says of its completeness (quality/means/completeness.py), as it is printed.
COMPLETENESS = MappingProxyType(
    {
        "days of 20 or more hours": "逐日资料，每日不少于20小时",
        "days of 14 or more 8 h means": "逐日最大8小时平均，每日不少于14个8小时平均",
        "days": "逐日资料",
        "monthly product": "月度产品，无逐日资料",
        "yearly product": "年度产品，无逐日资料",
    }
)
NUMERALS = "一二三四五六七八九十"
# What several products say in the same words.
NONE_WARNED = "本月没有预警网格。"
SAME = "与持平不可区分"
CHOOSE = "请从列表中选择；列表以外的选“其他”。"
NONE = "—"  # in a table, where there is no value
UNSAID = "完整性未说明"  # where nothing is known of completeness
NOT_RANKED = "未参加排名的网格"
# Variables of the field, under a plot and on the map: Chinese, English.
FIELDS = MappingProxyType(
    {
        "pm25": ("@apart@@figure@", "@pollutant_en@ @figure_en@"),
        "pm25_error": ("误差（1σ）", "Error (1 sd)"),
        "coverage": ("卫星覆盖率", "Coverage"),
        "level": ("静稳条件下的排放水平", "Level in stagnant weather"),
    }
)


def known(value: object) -> TypeGuard[Any]:
    """
    Whether a value of a list is there: not None, not NaN, not empty.

    Examples
    --------
    >>> known(0.0), known(float("nan")), known(""), known(None)
    (True, False, False, False)
    """
    return not (value is None or value == "" or value != value)


def name_of(facility: Mapping[str, Any]) -> str:
    """The name of a facility of a list, or its id where it has none."""
    return str(facility["name"] if known(facility["name"]) else facility["facility"])


def reasons_zh(reasons: Iterable[str]) -> str:
    """Why a cell is warned, in one phrase; a class that nobody knows stands as it is written."""
    return "；".join(REASONS.get(reason, reason) for reason in reasons)


def printed(value: Any, decimals: int) -> str:
    """
    A number of a table in print, a dash where there is none.

    Examples
    --------
    >>> printed(28.25, 1), printed(float("nan"), 1)
    ('28.2', '—')
    """
    return plain_text(float(value), decimals) if known(value) else NONE


def signed(value: Any, decimals: int) -> str:
    """
    A change in print with its sign, a dash where there is none.

    Examples
    --------
    >>> signed(3.04, 1), signed(-0.04, 1), signed(-3.0, 1), signed(float("nan"), 1)
    ('+3.0', '0.0', '-3.0', '—')
    """
    text = printed(value, decimals)
    return f"+{text}" if text != NONE and float(text) > 0 else text


def month_zh(month: str) -> str:
    """
    A month as it is written in a notice.

    Examples
    --------
    >>> month_zh("2020-03")
    '2020年3月'
    """
    return f"{month[:4]}年{int(month[5:7])}月"


def place_zh(lon: float, lat: float) -> str:
    """
    Coordinates as the public list prints them.

    Examples
    --------
    >>> place_zh(114.30551, 30.59276)
    '东经114.3055°，北纬30.5928°'
    """
    if not (known(lon) and known(lat)):
        return ""
    east, north = ("东经" if lon >= 0 else "西经"), ("北纬" if lat >= 0 else "南纬")
    return f"{east}{abs(lon):.4f}°，{north}{abs(lat):.4f}°"


def change_zh(change: float, change_pct: float, decimals: int) -> str:
    """
    A change with its sign, and 持平 where the printed change is nothing.

    Examples
    --------
    >>> change_zh(12.1, 26.2, 1), change_zh(-3.2, -5.1, 1), change_zh(0.0, 0.0, 1)
    ('上升12.1 μg/m³（+26.2%）', '下降3.2 μg/m³（-5.1%）', '持平')
    """
    if not known(change):
        return "无可比数据"
    if change == 0:
        return "持平"
    rate = f"（{signed(change_pct, 1)}%）" if known(change_pct) else ""
    return f"{'上升' if change > 0 else '下降'}{abs(change):.{decimals}f} μg/m³{rate}"
