"""The classes of ``rank.warn.emerging`` in words; Chinese first. 聚集, not 热点: a hotspot cell is another thing."""

from collections import Counter
from collections.abc import Iterable

from hotspot.rank.warn.emerging import CLASSES
from hotspot.text.labels import label_of

_ZH = {
    "new": "新增", "consecutive": "连续", "intensifying": "加强", "persistent": "持续", "diminishing": "减弱",
    "sporadic": "零星", "oscillating": "振荡", "historical": "历史",
}  # fmt: skip
_SIDES = {"hot": label_of("high_cluster"), "cold": label_of("low_cluster")}
_EN = {"hot": "cluster of high values", "cold": "cluster of low values"}
MEANING = (
    "新增：仅最近一月为聚集；连续：最近至少两个月连续聚集，此前没有；加强、持续、减弱：九成以上月份聚集，且强度显著增强、"
    "无显著趋势、显著减弱；零星：最近一月聚集，时有时无；振荡：最近一月为高值聚集，此前曾为低值聚集（低值相反）；"
    "历史：九成以上月份聚集，最近一月不是"
)


def emerging_zh(kind: str) -> str:
    """
    A class in Chinese; empty for a cell without one.

    Examples
    --------
    >>> emerging_zh("new hot"), emerging_zh("no pattern"), emerging_zh("")
    ('新增高值聚集', '无模式', '')
    """
    if kind not in CLASSES:
        return ""
    name, _, side = kind.partition(" ")
    return "无模式" if side not in _SIDES else _ZH[name] + _SIDES[side]


def emerging_en(kind: str) -> str:
    """
    The same in English.

    Examples
    --------
    >>> emerging_en("new hot"), emerging_en("no pattern")
    ('New cluster of high values', 'No pattern')
    """
    if kind not in CLASSES:
        return ""
    name, _, side = kind.partition(" ")
    return "No pattern" if side not in _EN else f"{name.capitalize()} {_EN[side]}"


def counted_zh(kinds: Iterable[str]) -> str:
    """
    How many cells each class has, in the order of the classes; those without a pattern last.

    Examples
    --------
    >>> counted_zh(["no pattern", "persistent hot", "no pattern", "new cold", ""])
    '持续高值聚集1个、新增低值聚集1个、无模式2个、资料不足1个'
    """
    number = Counter(kinds)
    order = [*(kind for kind in CLASSES if kind != "no pattern"), "no pattern"]
    said = [f"{emerging_zh(kind)}{number[kind]}个" for kind in order if number[kind]]
    return "、".join(said + ([f"资料不足{number['']}个"] if number[""] else []))
