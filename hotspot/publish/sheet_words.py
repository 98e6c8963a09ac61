"""What the printed sheet says of a cell, its rank and its sources, as finished Chinese strings."""

from importlib.metadata import version

from hotspot.publish import sheet_map
from hotspot.publish.fonts import legible, shorten
from hotspot.publish.weather_words import weather_zh
from hotspot.publish.why_words import data_sources, from_stations_only
from hotspot.publish.words import BASES, COMPLETENESS, EVIDENCE, REASONS, STATES, WHERE, change_zh, known, month_zh
from hotspot.rank.weather_change import weather_change
from hotspot.rules.classes import source_classes
from hotspot.rules.rounding import plain_text, round_half_even

_WINDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
_ACCURACY = {"exact": "准确", "approximate": "概略", "unknown": "不明"}


def texts(study, month, field, code, rows, state):
    """Header, the three lines "why am I sent here", and the small print."""
    first, criteria = rows.iloc[0], study.criteria
    decimals = criteria.warning.decimals
    place = [shorten(str(first[name]), 24) for name in ("city", "county", "township") if known(first[name])]
    value = f"{month_zh(month)}PM2.5月均{plain_text(first['pm25'], decimals)} μg/m³"
    changes = [
        f"{BASES[row['reason']]}（{plain_text(row['previous'], decimals) or '—'}）"
        f"{change_zh(row['change'], row['change_pct'], decimals)}"
        for _, row in rows.iterrows()
        if BASES.get(row["reason"])
    ]
    # One sentence only, of the first change there is: the page has no room for three.
    told = rows.join(weather_change(field, rows)).sort_values(
        "change_normalised", key=lambda v: v.isna(), kind="stable"
    )
    weather = weather_zh(told.iloc[0], decimals)
    periods = str(field["abnormal_zh"].sel(cell=code).values) if "abnormal_zh" in field.coords else ""
    unsure = any(known(flag) and not flag for flag in rows["distinguishable"])
    completeness = str(field.attrs.get("completeness", ""))
    days = f"有效{int(first['n_valid'])}天，" if known(first["n_valid"]) else ""
    seen = f"面积覆盖率{plain_text(100 * first['coverage'], 0)}%，" if known(first["coverage"]) else ""
    source = "；".join(data_sources(field.attrs))
    how = "站点插值，" if from_stations_only(field.attrs) else ""
    label = str(first["label"]) if known(first["label"]) and str(first["label"]) != code else ""
    return {
        "code": code,
        "label": shorten(label, 16),
        "place": place,
        "why": [
            ["原因", "；".join(REASONS.get(reason, reason) for reason in rows["reason"])],
            ["数值", "；".join([value, *changes])],
            *([["气象", weather]] if weather else []),
            *([["时段", shorten(periods, 96)]] if periods else []),
            ["名次", "；".join(_rank(row, criteria.confidence.level) for _, row in rows.iterrows())],
        ],
        "unsure": "“不可区分”：按资料误差与分辨率，不能断定本格比邻近名次的网格更差，请顺带查看邻格。"
        if unsure
        else "",
        "id": f"{study.id}-{month}-{code}",
        "small": [
            f"资料截至{month_zh(month)}（{STATES[state]}） · {how}{days}{seen}"
            f"{COMPLETENESS.get(completeness, legible(completeness) or '完整性未说明')} · 来源：{shorten(source, 70)}",
            f"规则 {criteria.profile} · 依据 {legible(criteria.legal_basis)} · "
            f"格网 {shorten(field.attrs['lattice_id'], 40)} · "
            f"hotspot {version('hotspot')} · 估算结果，供排查参考，不作达标评价",
        ],
    }


def _rank(row, level):
    """One reason's rank in a few words; the workbook has the long form."""
    head = {"highest": "浓度", "year_on_year": "同比", "month_on_month": "环比"}.get(row["reason"], row["reason"])
    said = f"{head}第{int(row['rank'])}名" if known(row["rank"]) else f"{head}名次不详"
    inside = []
    if known(row["rank_low"]) and known(row["rank_high"]):
        inside.append(f"{level * 100:.0f}%区间{int(row['rank_low'])}—{int(row['rank_high'])}")
    if known(row["p_top"]):
        inside.append(f"入选把握{int(round_half_even(100 * float(row['p_top']), 0))}%")
    if known(row["distinguishable"]):
        inside.append("可区分" if row["distinguishable"] else "不可区分")
    return f"{said}（{'，'.join(inside)}）" if inside else said


def class_of(key):
    """The class of the vocabulary; what no class names is inspected as "other"."""
    return source_classes().get(key) or source_classes()["other"]


def facility_row(facility):
    bearing = float(facility["bearing_deg"]) % 360
    wind = _WINDS[int((bearing + 22.5) // 45) % 8]
    away = (
        "本格中心"
        if float(facility["distance_km"]) < 0.05
        else f"{wind}{round(bearing) % 360}° {plain_text(facility['distance_km'], 1)} km"
    )
    return {
        "number": facility["number"],
        "symbol": sheet_map.symbol_svg(facility["symbol"]),
        "class": shorten(class_of(facility["class_"]).zh, 18),
        "name": shorten(str(facility["name"] if known(facility["name"]) else facility["facility"]), 42),
        "away": away,
        "where": WHERE.get(facility["where"], ""),
        "word": EVIDENCE.get(facility["word"], legible(str(facility["word"]))),
        "accuracy": _ACCURACY.get(facility["accuracy"], "不明"),
    }
