"""Sentences of the analysis report, made of its numbers; nothing is said that no number carries."""

import re
from typing import TYPE_CHECKING, Any

from hotspot.publish.fonts import shorten
from hotspot.publish.rank_words import may_zh
from hotspot.publish.why_words import why_zh
from hotspot.publish.words import BASES, NONE, NONE_WARNED, change_zh, known, printed
from hotspot.rules.pollutants import SLOT, pollutant
from hotspot.rules.reasons import LEVEL, OURS, REASONS
from hotspot.rules.rounding import round_half_even
from hotspot.text.labels import label_of

if TYPE_CHECKING:
    import pandas as pd

# Titles of a part and of its table.
ENTERPRISES, WITHOUT_WEATHER, EMERGING = "预警网格内及周边重点企业", "扣除气象影响后的变化", "聚集的演变"
PLACE = "乡镇或区县"
_WINDS = (
    "北", "北东北", "东北", "东东北", "东", "东东南", "东南", "南东南",
    "南", "南西南", "西南", "西西南", "西", "西西北", "西北", "北西北",
)  # fmt: skip


def name_words(text: str) -> str:
    """A name from data as a sentence can hold it: one line, of bearable length."""
    return shorten(str(text), 40)


def direction_zh(degrees: float) -> str:
    """
    The nearest of sixteen directions.

    Examples
    --------
    >>> direction_zh(350.0), direction_zh(22.5), direction_zh(225.0)
    ('北', '北东北', '西南')
    """
    return _WINDS[int((float(degrees) % 360 + 11.25) // 22.5) % 16]


def place_words(row: "pd.Series") -> str:
    """County and township in one phrase, as far as they are known."""
    return " ".join(name_words(row[name]) for name in ("county", "township") if known(row[name])) or NONE


def interval_words(row: "pd.Series") -> str:
    """The interval of a rank, or a dash where the error is not known."""
    if not (known(row["rank_low"]) and known(row["rank_high"])):
        return NONE
    low, high = int(row["rank_low"]), int(row["rank_high"])
    return f"{low}–{high}" if low != high else str(low)


def share_words(value: float) -> str:
    """A share as per cent, or a dash."""
    return f"{int(round_half_even(100 * float(value), 0))}%" if known(value) else NONE


def sure_words(flag: bool) -> str:
    """Whether the data can tell the cell from those that are not on the list."""
    return ("可区分" if flag else label_of("not_distinguishable")) if known(flag) else NONE


def changes_words(row: "pd.Series") -> str:
    """Both changes of a district or a city, in one phrase."""
    said = []
    for reason, short in ((name, REASONS[name].short) for name in OURS if REASONS[name].short):
        said.append(BASES[reason] + change_zh(row[short], row[f"{short}_pct"], 1))
    return "，".join(said)


def mean_sentence(name: str, when: str, total: "pd.Series", decimals: int) -> str:
    """The mean of the whole, with its changes."""
    if not known(total["pm25"]):
        return f"{when}{name}没有有效的月@value@。"
    return (
        f"{when}{name}@pollutant@@figure@{printed(total['pm25'], decimals)} μg/m³"
        f"（{int(total['n_valid'])}个有效网格按面积加权），{changes_words(total)}。"
    )


def spread_sentence(table: "pd.DataFrame", decimals: int, unit: str) -> str:
    """Highest and lowest district, and how many rose."""
    rows = table.iloc[:-1]
    rows = rows[rows["pm25"].notna()]
    if len(rows) < 2:
        return ""
    first, last = rows.iloc[0], rows.iloc[-1]
    said = (
        f"{len(rows)}个{unit}中{name_words(first['name'])}最高（{printed(first['pm25'], decimals)} μg/m³），"
        f"{name_words(last['name'])}最低（{printed(last['pm25'], decimals)} μg/m³）"
    )
    for short, base in (("yoy", "同比"), ("mom", "环比")):
        change = rows[short].dropna()
        if len(change):
            counts = (
                (int((change > 0).sum()), "上升"),
                (int((change < 0).sum()), "下降"),
                (int((change == 0).sum()), "持平"),
            )
            said += f"；{base}" + "、".join(f"{n}个{word}" for n, word in counts if n)
    return said + "。"


def leader_sentence(leaders: "pd.DataFrame", n_hot: int, n_ranked: int, decimals: int, level: float) -> str:
    """The highest hotspot cell, and how sure the ten are; nothing of that where all are among them."""
    rows = leaders[leaders["reason"] == LEVEL]
    if not len(rows):
        return f"{n_hot}个热点网格均无有效月@value@，未作排名。" if n_hot else "没有热点网格。"
    first = rows.iloc[0]
    interval = interval_words(first)
    sure = f"，名次的{level * 100:.0f}%区间为{interval}" if interval != NONE else "，误差未知，名次没有区间"
    unsure = int((rows["distinguishable"] == False).sum())  # noqa: E712 - unknown is neither
    if len(rows) >= n_ranked:
        ending = f"可排名的{len(rows)}个全部列出"
    else:
        ending = f"前{len(rows)}名中{unsure}个与榜外网格不可区分" if unsure else f"前{len(rows)}名均可与榜外网格区分"
    return (
        f"{n_hot}个热点网格中{first['cell']}（{place_words(first)}）最高，"
        f"为{printed(first['pm25'], decimals)} μg/m³{sure}；{ending}。"
    )


def warned_sentence(warned: "pd.DataFrame", k: dict[str, int] | None = None) -> str:
    """How many cells are warned, where, and how many of them the data can tell apart."""
    cells = warned.drop_duplicates("cell")
    if not len(cells):
        return NONE_WARNED
    where = cells["county"].where(cells["county"] != "", "未知区县").value_counts(sort=False).sort_index()
    where = where.sort_values(ascending=False, kind="stable")
    named = "、".join(f"{name_words(name)}{n}个" for name, n in where.head(5).items())
    more = f"等{len(where)}个区县" if len(where) > 5 else ""
    unsure = warned.loc[warned["distinguishable"] == False, "cell"].nunique()  # noqa: E712
    tail = f"，其中{unsure}个与邻近名次不可区分，应连同邻格一并排查" if unsure else "，均可与邻近名次区分"
    first = warned[warned["reason"] == LEVEL].head(1).to_dict("records")
    may = may_zh(first[0], k[LEVEL]) if first and k else ""
    return f"本月预警网格{len(cells)}个，分布在{named}{more}{tail}。{f'@figure@：{may}。' if may else ''}"


def weather_reason(attrs: dict[str, Any]) -> str:
    """Why there are no weather-free values, in Chinese; empty where there are some."""
    said, of = str(attrs.get("weather", "none: no weather was delivered")), pollutant(attrs.get("variable", SLOT))
    if not said.startswith("none: "):
        return ""
    if "level" in of.refused:
        return of.refused["level"][0].rstrip("。")
    why = said.removeprefix("none: ")
    for pattern, chinese in _NO_WEATHER:
        found = re.fullmatch(pattern, why)
        if found:
            return chinese.format(*found.groups())
    return shorten(why_zh(why), 120)


_NO_WEATHER = (
    (r"no weather was delivered(?: for (\S+) to (\S+))?", "没有交付气象资料"),
    (r"neither satellite days nor hourly stations were delivered", "没有逐日卫星资料，也没有逐时站点资料"),
    (r"no day of (\S+) to (\S+) has a valid value", "{0}至{1}没有一天有有效值"),
)


def free_phrase(free: "pd.DataFrame", decimals: int, attrs: dict[str, Any]) -> str:
    """What is left of the whole's change in average weather, or why that is not known."""
    reason = weather_reason(attrs)
    if reason:
        return f"未作气象扣除（{reason}），变化中包含气象影响"
    total, said = free.iloc[-1], []
    for short, base in (("yoy", "同比"), ("mom", "环比")):
        if known(total[f"{short}_free"]):
            change = change_zh(total[f"{short}_free"], total[f"{short}_free_pct"], decimals)
            said.append(f"{base}{change}")
    return f"扣除气象影响后{'、'.join(said)}" if said else "扣除气象影响后没有可比的基数"


def why_not(not_ranked: "pd.DataFrame", reason: str) -> str:
    """Why the cells of a class were not ranked: the commonest reason and the count; empty if all were."""
    rows = not_ranked[not_ranked["reason"] == reason]
    if not len(rows):
        return ""
    common = rows["why"].astype(str).value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    return f"{len(rows)}个热点网格未参评：{shorten(why_zh(common.index[0]), 120)}" + ("等" if len(common) > 1 else "")
