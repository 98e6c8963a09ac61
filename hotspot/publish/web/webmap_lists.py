"""
What a map page carries beside the field: warnings with their sources, hotspots, facilities, notes.

Every text from data passes ``escape`` here; numbers are already rounded as the
published list rounds them, so that page and list never differ.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot import contracts
from hotspot.grid.lattice import Grid
from hotspot.publish import words
from hotspot.publish.palette import palette
from hotspot.publish.rank_words import n_may
from hotspot.publish.tables.lists import published
from hotspot.publish.weather_words import weather_en, weather_zh
from hotspot.publish.web.webmap_data import positions
from hotspot.publish.why_words import METHODS, data_sources, from_stations_only, status_zh, why_zh
from hotspot.rank.warn.weather_change import weather_change
from hotspot.rules.calendar import month_days
from hotspot.rules.classes import source_classes
from hotspot.rules.reasons import OURS
from hotspot.study import Study
from hotspot.text.escape import escape
from hotspot.text.table import rows_of
from hotspot.trace.visits.words import agreement_words, calm_words, findings_words, share_words

if TYPE_CHECKING:
    import geopandas as gpd

_COMPLETENESS = {
    "days of 20 or more hours": ("逐日数据，每日不少于 20 小时", "days of 20 or more hours"),
    "days": ("逐日数据，按有效日数判定", "daily data, judged by the number of valid days"),
    "days of 14 or more 8 h means": ("逐日最大 8 小时平均（至少 14 个）", "days of 14 or more 8 h means"),
    "monthly product": ("月产品（无逐日完整性信息）", "monthly product (no day-by-day completeness)"),
}
# Where nothing was seen from above the page must not say so.
_ESTIMATE = (
    "模型与卫星估算值，供排查参考，不作为单独的处罚依据。",
    "Estimated values, a guide for inspection; not by themselves evidence for a penalty.",
)
_INTERPOLATED = (
    "地面站点插值估算值，离站点越远误差越大；供排查参考，不作为单独的处罚依据。",
    "Interpolated between stations, the error grows with the distance from them; "
    "a guide for inspection, not by itself evidence for a penalty.",
)
# Not from the clock's locale: the page reads the same everywhere.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_GAS_STATE = {"actual": ("实际状态", "actual conditions"), "standard": ("标准状态", "standard conditions")}


def reason_styles(reasons: Iterable[Any]) -> list[dict[str, Any]]:
    """
    The reasons of a warning with names, colour and shape, in the order of the list.

    Parameters
    ----------
    reasons : list of Reason, from ``rules.reasons.in_use``

    Examples
    --------
    >>> from hotspot.rules.reasons import in_use
    >>> [style["id"] for style in reason_styles(in_use({}))]
    ['highest', 'year_on_year', 'month_on_month']
    """
    return [
        {"id": r.id, "zh": r.zh, "en": r.en, "short": r.tabs, "colour": r.colour, "shape": r.shape} for r in reasons
    ]


def warned_rows(
    warned: pd.DataFrame,
    field: xr.Dataset,
    decimals: int,
    *,
    public: bool = False,
    reasons: Sequence[str] = OURS,
) -> list[dict[str, Any]]:
    """
    One row per warned cell and reason, as printed.

    Parameters
    ----------
    field : Dataset (cell, time)
    public : bool
        Cell, place and reason only (D10).
    reasons : sequence of str, the classes in their order

    Returns
    -------
    list of dicts: ``i`` (cell), ``r`` (position in ``reasons``), ``k`` (rank) and the figures,
    null where unknown
    """
    from hotspot.grid.datum import from_wgs84

    table = published(warned, decimals)
    known = table[["lon", "lat"]].to_numpy(float)
    gcj = np.stack(from_wgs84(known[:, 0], known[:, 1], "gcj02"), axis=1) if len(table) else known
    at = [[_number(v, 6) for v in spot] for spot in np.concatenate([known, gcj], axis=1)]
    where = positions(table["cell"], field, "warning list")
    if public:
        kinds = [reasons.index(reason) for reason in table["reason"]]
        rows = [{"i": place, "r": r, "at": spot} for place, r, spot in zip(where, kinds, at, strict=True)]
        # In order of the cells: their order in the list would tell their ranks.
        return sorted(rows, key=lambda row: (row["r"], row["i"]))
    weather, of = rows_of(weather_change(field, table)), contracts.pollutant_of(field)
    rows = []
    for place, row in zip(where, rows_of(table), strict=True):
        figures = {
            of.column(name): _number(row[name])
            for name in ("pm25", "previous", "change", "change_pct", "p_worst", "p_top", "rank_low", "rank_high")
        }
        figures |= {"p_again": _number(row["p_again"]), "n_may": n_may(row) or None} if "may" in row else {}
        sure = row["distinguishable"]
        sure = None if sure is None or pd.isna(sure) or sure == "" else bool(sure)
        who = {"i": place, "r": reasons.index(row["reason"]), "k": int(row["rank"]), "at": at[len(rows)]}
        told = weather[len(rows)] | {"reason": row["reason"]}
        said = (
            {"weather": [weather_zh(told, decimals), weather_en(told, decimals)]}
            if words.known(told["weather"])
            else {}
        )
        rows.append(who | figures | {"sure": sure} | said)
    return rows


def traced_rows(traced: pd.DataFrame | None, field: xr.Dataset) -> dict[str, list[dict[str, Any]]]:
    """
    Possible sources of each warned cell, in visiting order.

    Parameters
    ----------
    field : Dataset (cell, time)

    Returns
    -------
    dict: cell position as text -> list of dicts
    """
    if traced is None or not len(traced):
        return {}
    known = source_classes()
    table = traced.assign(place=positions(traced["cell"], field, "traced sources"))
    found: dict[str, list[dict]] = {}
    for row in rows_of(table.sort_values(["place", "order", "facility"], kind="stable")):
        kind = known.get(row["class_"])
        found.setdefault(str(row["place"]), []).append(
            {
                "name": escape(row["name"]) or escape(row["facility"]),
                "zh": kind.zh if kind else escape(row["class_"]),
                "en": kind.en if kind else escape(row["class_"]),
                "km": _number(row["distance_km"], 1),
                "bearing": _number(row["bearing_deg"], 0),
                "where": escape(row["where"]),
                "word": escape(row["word"]),
                "hours": _number(row["upwind_hours"], 0),
                "of": _number(row["n_hours"], 0),
                "agree": list(agreement_words(row)),
                "share": list(share_words(row)),
                "group": int(row.get("group") or 0),
                "lon": round(float(row["lon"]), 5),
                "lat": round(float(row["lat"]), 5),
            }
        )
    return found


def calm_notes(traced: pd.DataFrame | None, field: xr.Dataset) -> dict[str, Any]:
    """
    What a month of much calm means for the sources of a warned cell.

    Parameters
    ----------
    traced : DataFrame, from ``trace_sources`` with its attribute ``hours``, or None
    field : Dataset (cell, time)

    Returns
    -------
    dict: cell position as text -> (zh, en), of the cells where calm prevails
    """
    hours = {} if traced is None else traced.attrs.get("hours", {})
    said = {cell: list(calm_words(about)) for cell, about in sorted(hours.items()) if calm_words(about)[0]}
    return _placed(said, field, "traced sources")


def hidden_notes(traced: pd.DataFrame | None, field: xr.Dataset, grid: Grid | None) -> dict[str, list[str]]:
    """
    Where to look first for what no register holds, and where no station could have seen it.

    Parameters
    ----------
    traced : DataFrame, from ``trace_sources`` with its attribute ``unregistered``, or None
    field : Dataset (cell, time)
    grid : Grid, which names the cells around

    Returns
    -------
    dict: cell position as text -> (zh, en)
    """
    if traced is None or grid is None:
        return {}

    def told(cell: str, found: Any) -> list[str]:
        col, row = grid.parse(cell)
        return list(findings_words(found, lambda east, north: str(grid.code(col + east, row + north))))

    hidden = sorted(traced.attrs.get("unregistered", {}).items())
    return _placed({cell: told(cell, found) for cell, found in hidden}, field, "traced sources")


def past_notes(past: Mapping[str, Sequence[Sequence[str]]] | None, field: xr.Dataset) -> dict[str, list[list[str]]]:
    """
    What lies behind cells: alarms, problems found, problems open.

    Parameters
    ----------
    past : mapping cell -> list of (zh, en), or None
    field : Dataset (cell, time)

    Returns
    -------
    dict: cell position as text -> list of (zh, en)
    """
    told = {cell: [[escape(text) for text in pair] for pair in lines] for cell, lines in sorted((past or {}).items())}
    return _placed(told, field, "past of cells")


def _placed(said: Mapping[str, Any], field: xr.Dataset, what: str) -> dict[str, Any]:
    """What is said of cells, by their position on the page as text."""
    return dict(zip(map(str, positions(said, field, what)), said.values(), strict=True))


def facility_rows(facilities: "gpd.GeoDataFrame | None") -> dict[str, list[dict[str, Any]]]:
    """
    Facilities as markers, and the classes that occur with their sign.

    Returns
    -------
    dict: ``classes`` (list of names, colour, shape) and ``rows`` (list of dicts)
    """
    if facilities is None or not len(facilities):
        return {"classes": [], "rows": []}
    from hotspot.grid.datum import from_wgs84

    signs, known = palette()["facilities"], source_classes()
    keys = [key for key in known if key in set(facilities["class_"])]
    keys += sorted({str(key) for key in facilities["class_"]} - set(known))
    classes = []
    for n, key in enumerate(keys):
        names = (known[key].zh, known[key].en) if key in known else (escape(key), escape(key))
        colour, shape = signs["colours"][n % len(signs["colours"])], signs["shapes"][n % len(signs["shapes"])]
        classes.append({"zh": names[0], "en": names[1], "colour": colour, "shape": shape})
    gcj = from_wgs84(facilities["lon"].to_numpy(float), facilities["lat"].to_numpy(float), "gcj02")
    rows = []
    ordered = facilities.drop(columns="geometry", errors="ignore").assign(gcj_lon=gcj[0], gcj_lat=gcj[1])
    for row in rows_of(ordered.sort_values("facility", kind="stable")):
        place = {name: _number(row[name], 5) for name in ("lon", "lat", "gcj_lon", "gcj_lat")}
        size = _number(row.get("size"), 1)
        size = "" if size is None else f"{size:g} {escape(row.get('size_unit'))}".strip()
        said: dict[str, Any] = {
            name: escape(row.get(name)) for name in ("name", "facility", "accuracy", "vintage", "source")
        }
        status = escape(row.get("status"))
        said["status"] = [status_zh(status), status]
        rows.append({"c": keys.index(str(row["class_"])), "size": size} | place | said)
    return {"classes": classes, "rows": rows}


def hotspot_cells(hot: pd.DataFrame | None, field: xr.Dataset) -> list[int]:
    """
    Positions of the formal hotspot cells: those that have not left the list.
    """
    if hot is None or not len(hot):
        return []
    staying = hot[hot["status"] != "exited"] if "status" in hot else hot
    return sorted(set(positions(staying["cell"], field, "hotspot list")))


def not_ranked_rows(
    not_ranked: pd.DataFrame | None, field: xr.Dataset, reasons: Sequence[str] = OURS
) -> dict[str, list[Any]]:
    """
    Why hotspot cells were left out of a class: the distinct reasons, zh and en, and cell -> positions among them.

    Parameters
    ----------
    not_ranked : DataFrame ``month, city, cell, reason, why``, or None
    """
    if not_ranked is None or not len(not_ranked):
        return {"pairs": [], "cells": []}
    keys = list(zip(not_ranked["reason"].astype(str), not_ranked["why"].astype(str), strict=True))
    pairs = sorted(set(keys), key=lambda pair: (reasons.index(pair[0]) if pair[0] in reasons else 9, pair[1]))
    where = {pair: n for n, pair in enumerate(pairs)}
    found: dict[int, list[int]] = {}
    for place, key in zip(positions(not_ranked["cell"], field, "not ranked"), keys, strict=True):
        found.setdefault(place, []).append(where[key])
    written = [
        [reasons.index(reason) if reason in reasons else -1, escape(why_zh(why)), escape(why)] for reason, why in pairs
    ]
    return {"pairs": written, "cells": [[place, sorted(found[place])] for place in sorted(found)]}


def notes(field: xr.Dataset, study: Study | None, month: str, title: str | None) -> dict[str, Any]:
    """
    What a reader must know before believing a colour: source, date, completeness, resolution, rules.

    Parameters
    ----------
    field : Dataset (cell, time), with the attrs of ``monthly_field``
    month : str, "2020-02"

    Returns
    -------
    dict: ``title``, ``month``, ``estimate`` (zh, en), ``as_of``, ``lines`` (list of key, zh, en),
    ``coarse`` (zh, en) or None
    """
    attrs = field.attrs
    of = contracts.pollutant_of(field)
    name = "" if study is None else escape(study.name) + ("" if of.usual else of.label)
    name_en = "" if study is None else escape(study.name_en or study.name) + ("" if of.usual else f", {of.en}:")
    titles = (
        [escape(title)] * 2 if title else [f"{name}热点网格与预警", f"{name_en} hotspot cells and warnings".strip()]
    )
    year, number = int(month[:4]), int(month[5:7])
    as_of = escape(attrs.get("as_of")) or f"{month}-{month_days(month):02d}"
    source = " · ".join(map(escape, data_sources(attrs)))
    lines = [["source", source or "未说明", source or "not stated"]]
    methods = {english: (chinese, english) for english, chinese in METHODS.items()}
    known = {"completeness": _COMPLETENESS, "gas_state": _GAS_STATE, "method": methods}
    for key in ("completeness", "gas_state", "method", "lattice_id"):
        text = escape(attrs.get(key))
        lines.append([key, *known.get(key, {}).get(text, (text, text))])
    if study is not None:
        rules = f"{escape(study.criteria.profile)} · {escape(study.criteria.legal_basis)}"
        came = [f" · {escape(attrs[name])}" if name in attrs else "" for name in ("list_zh", "list_en")]
        lines.append(["rules", rules + came[0], rules + came[1]])
    return {
        "title": titles,
        "month": [f"{year} 年 {number} 月", f"{_MONTHS[number - 1]} {year}"],
        "as_of": as_of,
        "lines": [line for line in lines if line[1]],
        "estimate": list(_INTERPOLATED if from_stations_only(attrs) else _ESTIMATE),
        "coarse": _coarse(attrs),
    }


def _coarse(attrs: dict[str, Any]) -> list[str] | None:
    """The sentence on native resolution, where the product is coarser than the cells."""
    native, spacing = _number(attrs.get("native_resolution_m")), _number(attrs.get("spacing"))
    if native is None or spacing is None or native <= spacing:
        return None
    wide, cell = f"{native / 1000:.3g}", f"{spacing / 1000:.3g}"
    return [
        f"产品原生分辨率约 {wide} 千米：相邻 {cell} 千米网格之间的差异只来自插值，不能据此区分先后。",
        f"~{wide} km product: neighbouring {cell} km cells differ only by interpolation and cannot be told apart.",
    ]


def _number(value: float | None, decimals: int | None = None) -> float | None:
    """A finite number or None, rounded half to even where digits are given."""
    if value is None or isinstance(value, str) or pd.isna(value) or not np.isfinite(float(value)):
        return None
    number = float(value) if decimals is None else round(float(value), decimals)
    return int(number) if number == int(number) and abs(number) < 1e15 else number
