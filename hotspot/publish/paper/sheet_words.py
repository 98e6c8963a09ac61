"""What the printed sheet says of a cell, its rank and its sources, as finished Chinese strings."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from hotspot.grid.lattice import Grid
from hotspot.publish.fonts import legible, shorten
from hotspot.publish.maps.symbols import symbol_svg
from hotspot.publish.rank_words import n_may
from hotspot.publish.weather_words import weather_zh
from hotspot.publish.why_words import data_sources, from_stations_only
from hotspot.publish.words import (
    BASES,
    COMPLETENESS,
    EVIDENCE,
    HEADS,
    STATES,
    UNSAID,
    WHERE,
    change_zh,
    known,
    month_zh,
    name_of,
    reasons_zh,
)
from hotspot.rules.classes import SourceClass, source_classes
from hotspot.rules.criteria import Confidence
from hotspot.rules.rounding import plain_text, round_half_even
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.text.table import rows_of
from hotspot.trace.visits.words import UNREGISTERED, findings_words

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_WINDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
_DIRECTIONS, _NUMBERED, _WORST = 3, 4, 3  # as many as a line of the sheet holds
WIND_HEAD = "方向"
ACCURACY = {"exact": "准确", "approximate": "概略", "unknown": "不明"}


def texts(
    study: Study,
    month: str,
    field: "xr.Dataset",
    code: str,
    rows: "pd.DataFrame",
    *,
    state: str,
    digest: str = "",
    near: Sequence[dict[str, Any]] = (),
    hours: dict[str, Any] | None = None,
    fine: "pd.DataFrame | None" = None,
    hidden: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """
    Header, the lines "why am I sent here", and the small print of one cell.

    Parameters
    ----------
    study, month, field, state : as ``sheets.write_sheets``
    rows : DataFrame, the cell's rows of the list as printed, joined with their ``weather_change``
    digest : str
        First digits of the list's SHA-256; empty while no list is written.
    near : sequence of dict, the cell's traced facilities as they are numbered on the sheet
    hours : mapping, what the wind of the month was (``traced.attrs["hours"][code]``), or None
    fine : DataFrame, the cell's rows of ``fine_month``, or None
    hidden : mapping, of the cell (``traced.attrs["unregistered"][code]``), or None

    Returns
    -------
    dict of strings and lists of strings
    """
    first, criteria = rows.iloc[0], study.criteria
    decimals = criteria.warning.decimals
    place = [shorten(str(first[name]), 24) for name in ("city", "county", "township") if known(first[name])]
    value = f"{month_zh(month)}@pollutant@月@mean@{plain_text(first['pm25'], decimals)} μg/m³"
    changes = [
        f"{BASES[row['reason']]}（{plain_text(row['previous'], decimals) or '—'}）"
        f"{change_zh(row['change'], row['change_pct'], decimals)}"
        for _, row in rows.iterrows()
        if BASES.get(row["reason"])
    ]
    # One sentence only, of the first change there is: the page has no room for three.
    told = rows.sort_values("change_normalised", key=lambda v: v.isna(), kind="stable")
    weather = weather_zh(told.iloc[0], decimals)
    periods = str(field["abnormal_zh"].sel(cell=code).values) if "abnormal_zh" in field.coords else ""
    unsure = any(known(flag) and not flag for flag in rows["distinguishable"])
    completeness = str(field.attrs.get("completeness", ""))
    days = f"有效{int(first['n_valid'])}天，" if known(first["n_valid"]) else ""
    seen = f"面积覆盖率{plain_text(100 * first['coverage'], 0)}%，" if known(first["coverage"]) else ""
    source = "；".join(data_sources(field.attrs)) or "未说明"
    how = "站点插值，" if from_stations_only(field.attrs) else ""
    label = str(first["label"]) if known(first["label"]) and str(first["label"]) != code else ""
    return {
        "code": code,
        "label": shorten(label, 16),
        "place": place,
        "why": [
            ["原因", reasons_zh(rows["reason"])],
            ["数值", "；".join([value, *changes])],
            *([["气象", weather]] if weather else []),
            *([["时段", shorten(periods, 96)]] if periods else []),
            *([["细分", told_fine]] if (told_fine := fine_zh(fine)) else []),
            [WIND_HEAD, direction_zh(near, hours)],
            *([["未登", hidden_zh(study.grid, code, hidden)]] if hidden is not None else []),
            ["名次", "；".join(_rank(row, criteria.confidence.level) for _, row in rows.iterrows())],
            *([["把握", sure]] if (sure := confidence_zh(rows, criteria.confidence)) else []),
        ],
        "unsure": "“不可区分”：按资料误差与分辨率，不能断定本格比邻近名次的网格更差，请顺带查看邻格。"
        if unsure
        else "",
        "id": f"{study.id}-{month}-{code}",
        "version": f"清单 {digest or '未存'} · {STATES[state]} · 资料截至{month_zh(month)}",
        "small": [
            f"资料截至{month_zh(month)}（{STATES[state]}） · {how}{days}{seen}"
            f"{COMPLETENESS.get(completeness, legible(completeness) or UNSAID)} · 来源：{shorten(source, 70)}",
            f"规则 {criteria.profile} · 依据 {legible(criteria.legal_basis)} · "
            f"格网 {shorten(field.attrs['lattice_id'], 40)} · "
            f"hotspot {version('hotspot')} · 估算结果，供排查参考，不作达标评价"
            + (f" · {shorten(field.attrs['list_zh'], 120)}" if "list_zh" in field.attrs else ""),
        ],
    }


def _rank(row: "pd.Series", level: float) -> str:
    """One reason's rank in a few words; the workbook has the long form."""
    head = HEADS.get(row["reason"], row["reason"])
    said = f"{head}第{int(row['rank'])}名" if known(row["rank"]) else f"{head}名次不详"
    inside = []
    if known(row["rank_low"]) and known(row["rank_high"]):
        inside.append(f"{level * 100:.0f}%区间{int(row['rank_low'])}—{int(row['rank_high'])}")
    if known(row["p_top"]):
        inside.append(f"入选把握{int(round_half_even(100 * float(row['p_top']), 0))}%")
    if known(row["distinguishable"]):
        inside.append("可区分" if row["distinguishable"] else label_of("not_distinguishable"))
    if n_may(row):
        inside.append(f"可能居前的共{n_may(row)}格")
    return f"{said}（{'，'.join(inside)}）" if inside else said


def confidence_zh(rows: "pd.DataFrame", rule: Confidence) -> str:
    """
    How sure it is that the cell belongs on the list, in words; empty where nobody worked it out.

    Parameters
    ----------
    rows : DataFrame, the cell's rows of the list; the surest reason speaks
    rule : criteria.Confidence

    Examples
    --------
    >>> import pandas as pd
    >>> from hotspot.rules.criteria import Confidence
    >>> confidence_zh(pd.DataFrame({"p_top": [0.71, 0.93], "distinguishable": [False, False]}), Confidence())
    '高：本月确在名单内的把握93%；但与邻近名次不可区分'
    >>> confidence_zh(pd.DataFrame({"p_top": [0.41], "distinguishable": [True]}), Confidence())
    '低：本月确在名单内的把握41%；与邻近名次可区分'
    """
    pairs = zip(rows["p_top"], rows["distinguishable"], strict=True)
    told = [(float(share), flag) for share, flag in pairs if known(share)]
    if not told:
        return ""
    share, flag = max(told, key=lambda pair: pair[0])
    word = "高" if share >= rule.sure else "较高" if share >= rule.likely else "低"
    apart = "" if not known(flag) else "；与邻近名次可区分" if flag else "；但与邻近名次不可区分"
    return f"{word}：本月确在名单内的把握{int(round_half_even(100 * share, 0))}%{apart}"


def direction_zh(near: Sequence[dict[str, Any]], hours: dict[str, Any] | None) -> str:
    """
    Where the wind brought the high hours from: compass, evidence word, numbers of the sources there.

    Parameters
    ----------
    near : sequence of dict with ``word, bearing_deg, number``, in visiting order
    hours : mapping with ``n_hours, calm_share``, or None

    Examples
    --------
    >>> near = [{"word": "strong", "bearing_deg": 140.0, "number": "1"}]
    >>> near += [{"word": "strong", "bearing_deg": 128.0, "number": "2"}]
    >>> direction_zh(near, {"n_hours": 744, "calm_share": 0.318})
    '东南方向（强）：第1、2号源；静风占32%（744小时）'
    >>> direction_zh([], {"n_hours": 744, "calm_share": 0.5})
    '本格及周边没有登记的源可对照；静风占50%（744小时）'
    >>> direction_zh([{"word": "no hourly data", "bearing_deg": 1.0, "number": "1"}], None)
    '缺少逐时风或站点资料，不能判断'
    """
    words = {row["word"] for row in near}
    said = []
    for word in ("strong", "moderate"):
        winds: dict[str, list[str]] = {}
        for row in near:
            if row["word"] == word and row["number"]:
                winds.setdefault(wind_of(row["bearing_deg"]), []).append(row["number"])
        said += [f"{wind}方向（{EVIDENCE[word]}）：第{_numbers(listed)}号源" for wind, listed in winds.items()]
    if said:
        text = "；".join(said[:_DIRECTIONS])
    elif not near:
        text = "本格及周边没有登记的源可对照"
    elif "weak" in words:
        text = "各登记源来风时浓度没有明显偏高"
    elif "not enough hours" in words:
        text = "各登记源来风时数不足，不能判断"
    else:
        text = "缺少逐时风或站点资料，不能判断"
    if hours and known(hours["calm_share"]):
        text += f"；静风占{plain_text(100 * hours['calm_share'], 0)}%（{int(hours['n_hours'])}小时）"
    return text


def hidden_zh(grid: Grid, code: str, hidden: dict[str, Any]) -> str:
    """Where to look first for what no register holds, and where no station could have seen it."""
    col, row = grid.parse(code)
    said, _ = findings_words(hidden, lambda east, north: str(grid.code(col + east, row + north)))
    return said.removeprefix(UNREGISTERED)


def _numbers(listed: list[str]) -> str:
    return "、".join(listed[:_NUMBERED]) + ("等" if len(listed) > _NUMBERED else "")


def fine_zh(fine: "pd.DataFrame") -> str:
    """
    The 500 m values of the cell in a sentence; empty where there are none.

    Parameters
    ----------
    fine : DataFrame, the cell's rows of ``fine_month``, or None

    Examples
    --------
    >>> import pandas as pd
    >>> fine = pd.DataFrame({"sub_cell": ["A-01", "A-02", "A-03"], "pm25": [60.4, 71.6, 52.0],
    ...     "error": [3.1, 4.4, 5.0], "support": ["measured", "measured", "interpolated"]})
    >>> fine_zh(fine)
    '500 m月均52—72 μg/m³，3个子网格中1个为插值；实测最高：02号72±4、01号60±3'
    >>> fine_zh(fine.assign(support="interpolated", error=9.0))
    '500 m月均52—72 μg/m³，3个子网格全部为插值，只示趋势，格内差异未超出误差'
    """
    if fine is None or not fine["pm25"].notna().any():
        return ""
    low, high = (plain_text(value, 0) for value in (fine["pm25"].min(), fine["pm25"].max()))
    guessed = int((fine["support"] == "interpolated").sum())
    text = f"500 m月均{low}—{high} μg/m³，{len(fine)}个子网格"
    text += "全部为插值，只示趋势" if guessed == len(fine) else f"中{guessed}个为插值"
    if fine["pm25"].max() - fine["pm25"].min() <= 1.96 * 2**0.5 * fine["error"].median():
        text += "，格内差异未超出误差"
    worst = fine[fine["support"] == "measured"].sort_values(["pm25", "sub_cell"], ascending=[False, True])[:_WORST]
    told = [
        f"{row['sub_cell'].rsplit('-', 1)[-1]}号{plain_text(row['pm25'], 0)}±{plain_text(row['error'], 0)}"
        for row in rows_of(worst)
    ]
    return text + (f"；实测最高：{'、'.join(told)}" if told else "")


def sub_cell_labels(fine: "pd.DataFrame | None") -> list[dict[str, str]] | None:
    """What is printed in each sub-cell, in their order: list of dict ``text, support``; None without values."""
    if fine is None or not fine["pm25"].notna().any():
        return None
    rows = rows_of(fine.sort_values("sub_cell"))
    return [{"text": plain_text(row["pm25"], 0), "support": row["support"]} for row in rows]


def wind_of(bearing: float) -> str:
    """
    One of eight compass words for a bearing, degrees.

    Examples
    --------
    >>> wind_of(140.0), wind_of(359.0)
    ('东南', '北')
    """
    return _WINDS[int((float(bearing) % 360 + 22.5) // 45) % 8]


def class_of(key: str) -> SourceClass:
    """The class of the vocabulary; what no class names is inspected as "other"."""
    return source_classes().get(key) or source_classes()["other"]


def away_zh(bearing: float, km: float) -> str:
    """
    Where a facility lies from the cell's centre: compass word, bearing, distance.

    Examples
    --------
    >>> away_zh(140.2, 8.62), away_zh(0.0, 0.01)
    ('东南140° 8.6 km', '本格中心')
    """
    return "本格中心" if km < 0.05 else f"{wind_of(bearing)}{round(float(bearing) % 360) % 360}° {plain_text(km, 1)} km"


def facility_row(facility: dict[str, Any]) -> dict[str, str]:
    """One facility as a row of the sheet's table: dict of finished strings and its symbol."""
    return {
        "number": facility["number"],
        "symbol": symbol_svg(facility["symbol"]),
        "class": shorten(class_of(facility["class_"]).zh, 16),  # one line of the column
        "name": shorten(name_of(facility), 42),
        "away": away_zh(facility["bearing_deg"], float(facility["distance_km"])),
        "where": WHERE.get(facility["where"], ""),
        "word": EVIDENCE.get(facility["word"], legible(str(facility["word"]))),
        "share": f"{facility['share']:.0%}" if known(facility.get("share")) else "",
        "group": "" if not facility.get("group") else "甲乙丙丁戊己庚辛"[(int(facility["group"]) - 1) % 8],
        "accuracy": ACCURACY.get(facility["accuracy"], "不明"),
    }
