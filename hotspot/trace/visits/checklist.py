"""
What to look at in each warned cell: class, enterprise, item (C8, D13, D14).

A cell without a single registered enterprise is no empty sheet (C10): classes
of area sources stand on every list, and blank rows wait for what is found.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import xarray as xr

from hotspot.rules.classes import Item, area_classes, dossier_papers, problem_types, route, source_classes
from hotspot.rules.criteria import Criteria, Handover
from hotspot.text.table import rows_of
from hotspot.trace.visits.seen_beside import CLASS_OF, Seen
from hotspot.trace.visits.words import agreement_words, findings_words, share_words

COLUMNS = [
    "cell", "number", "class_", "facility", "name", "where", "item", "grade", "zh", "en", "why_zh", "why_en",
    "department", "department_en", "mode", "lead", "partners", "deadline", "deadline_en", "problem", "problem_zh",
    "problem_en", "photos", "dossier_zh", "dossier_en",
]  # fmt: skip
BLANK_ROWS = 3  # for sources nobody registered (C10)
AREA_PHOTOS = 2  # of a class of area sources in a cell: from afar and from near
_STATUS_ZH = {"operating": "在运行", "shut down": "已停产", "under construction": "在建"}
_WHERE_ZH = {"in_cell": "位于格内", "ring": "位于周边", "upwind": "位于上风向"}
_WHERE_EN = {"in_cell": "in the cell", "ring": "around it", "upwind": "upwind"}
_NEIGHBOUR = {
    (0, 1): "北邻格", (1, 1): "东北邻格", (1, 0): "东邻格", (1, -1): "东南邻格", (0, -1): "南邻格",
    (-1, -1): "西南邻格", (-1, 0): "西邻格", (-1, 1): "西北邻格",
}  # fmt: skip
_WORD_ZH = {"strong": "与高浓度关联强", "moderate": "与高浓度关联中等", "weak": "与高浓度关联弱"}


def checklist(
    warned: pd.DataFrame,
    traced: pd.DataFrame,
    facilities: gpd.GeoDataFrame | None,
    cells: xr.Dataset,
    criteria: Criteria,
    *,
    inventory: pd.DataFrame | None = None,
    seen: Mapping[str, Sequence[Seen]] | None = None,
) -> pd.DataFrame:
    """
    Select what belongs on each warned cell's problem list.

    Parameters
    ----------
    warned : DataFrame with ``cell``
    traced : DataFrame, from ``trace_sources``
    facilities : GeoDataFrame, whose ``status`` and papers are told where it has them
    cells : Dataset (cell), whose members say which counties share a cell
    criteria : Criteria; its ring is told in the reasons, its ``handover`` in the deadlines
    inventory : DataFrame, optional
        From ``inventory``: the county an enterprise stands in, which answers for it (B13).
    seen : mapping cell -> sentences, optional
        From ``seen_beside``: fires and bare soil, told beside the class of area sources that they are signs of.

    Returns
    -------
    DataFrame, one row per item to look at, sorted by cell and ``number`` (1..):
    ``cell, number, class_, facility, name, where, item, grade`` (patrol,
    enforcement), ``zh, en`` (the item), ``why_zh, why_en`` (why it is on the
    list), ``department, department_en``, ``mode`` (own, joint, cross_region:
    B13) with the county that has the ``lead`` and its ``partners``, ``deadline,
    deadline_en`` (counted from the hand-over, whose day only the office knows: D15),
    ``problem, problem_zh, problem_en`` (the type under which a finding is recorded:
    D24; empty in blank rows), ``photos`` (numbered slots, C10: "P01 P02"),
    ``dossier_zh, dossier_en`` (papers of the enterprise, B27; empty where none is known).
    ``facility`` is empty for area sources and blank rows; blank rows have no ``zh``.

    Notes
    -----
    Enterprises come first, in visiting order, each with all items of its class;
    then every class of area sources with its items; then blank rows. Removing
    an enterprise removes its rows and adds none.

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.rules.criteria import Criteria
    >>> cells = xr.Dataset(coords={"cell": ["A"], "city": ("cell", ["甲市"]), "county": ("cell", ["乙县"])})
    >>> none = pd.DataFrame(columns=["cell", "facility", "name", "class_", "where", "order"])
    >>> rows = checklist(pd.DataFrame({"cell": ["A"]}), none, None, cells, Criteria())
    >>> "bare_soil" in set(rows["class_"]), (rows["zh"] == "").sum() == BLANK_ROWS
    (True, np.True_)
    """
    known = {}
    if facilities is not None:
        kept = [name for name in ("status", *dossier_papers()) if name in facilities]
        about = rows_of(pd.DataFrame({name: list(facilities[name]) for name in kept}).astype(str))
        known = dict(zip(facilities["facility"].astype(str), about, strict=False)) if kept else {}
    status = {facility: about.get("status", "") for facility, about in known.items()}
    counties, stands = _counties(cells), _stands(inventory)
    by_cell: dict[str, list[dict]] = {}
    for found in rows_of(traced.sort_values(["cell", "order"], kind="stable")):
        by_cell.setdefault(found["cell"], []).append(found)
    rows = []
    hidden = traced.attrs.get("unregistered", {})
    for cell in sorted(set(warned["cell"])):
        places, own = counties[cell], []
        for found in by_cell.get(cell, []):
            about = known.get(str(found["facility"]), {})
            shared = {
                "facility": str(found["facility"]), "name": str(found["name"]), "where": found["where"],
                **_both("why", _because(found, status, criteria)), **_both("dossier", _dossier(about)),
                **_duty(found["class_"], stands.get(str(found["facility"])), places),
            }  # fmt: skip
            own += [_item(found["class_"], item) | shared for item in source_classes()[found["class_"]].items]
        why = _both("why", ("面源，逐格必查", "area source, looked for in every cell"))
        if cell in hidden:
            told = findings_words(hidden[cell], lambda east, north: _NEIGHBOUR[east, north])
            why = _both("why", [f"{words}；{told[n]}" for n, words in enumerate(why.values())])
        signs = {CLASS_OF[one.kind]: one for one in (seen or {}).get(cell, ())}
        for kind in area_classes():
            if kind.key in signs:
                one = signs[kind.key]
                beside = _both("why", (f"{why['why_zh']}；{one.zh}", f"{why['why_en']}; {one.en}"))
                own += [_item(kind.key, item) | beside | _duty(kind.key, None, places) for item in kind.items]
                continue
            own += [_item(kind.key, item) | why | _duty(kind.key, None, places) for item in kind.items]
        why = _both("why", ("现场发现的其他问题", "anything else found on the spot"))
        own += [_blank(n) | why | _duty("other", None, places) for n in range(1, BLANK_ROWS + 1)]
        rows += _numbered(cell, own, criteria.handover)
    return pd.DataFrame(rows, columns=COLUMNS)


def _item(key: str, item: Item) -> dict[str, str]:
    """One thing to look at, of whatever class."""
    kind, problem = source_classes()[key], problem_types()[item.problem]
    return {
        "class_": key, "facility": "", "name": "", "where": "in_cell", "item": item.code, "grade": item.grade,
        "zh": item.zh, "en": item.en, "department": kind.department_zh, "department_en": kind.department_en,
        "problem": item.problem, "problem_zh": problem["zh"], "problem_en": problem["en"],
    }  # fmt: skip


def _blank(n: int) -> dict[str, str]:
    """A row to fill in on the spot: no item, and no type of problem yet."""
    kind = source_classes()["other"]
    return {
        "class_": kind.key, "facility": "", "name": "", "where": "in_cell", "item": f"blank-{n}", "grade": "patrol",
        "zh": "", "en": "", "department": kind.department_zh, "department_en": kind.department_en,
    }  # fmt: skip


def _numbered(cell: str, rows: list[dict[str, Any]], handover: Handover) -> list[dict[str, Any]]:
    """The rows of one cell with their numbers, deadlines and photo slots."""
    days, photo, seen = handover.feedback_workdays, 0, set()
    rows = [dict.fromkeys(COLUMNS, "") | row for row in rows]
    for number, row in enumerate(rows, 1):
        slots = 0
        if not row["facility"]:
            slots = 1 if not row["zh"] else 0 if row["class_"] in seen else AREA_PHOTOS
            seen |= {row["class_"]} if row["zh"] else set()
        row |= {
            "cell": cell,
            "number": number,
            "photos": " ".join(f"P{photo + n:02d}" for n in range(1, slots + 1)),
            "deadline": f"交办后{days}个工作日内",
            "deadline_en": f"within {days} working days of the hand-over",
        }
        photo += slots
    return rows


def _both(name: str, words: Sequence[str]) -> dict[str, str]:
    return {f"{name}_zh": words[0], f"{name}_en": words[1]}


def _stands(inventory: pd.DataFrame | None) -> dict[str, tuple[str, str]]:
    """(city, county) where each enterprise stands; empty texts outside the study."""
    if inventory is None:
        return {}
    return {row["facility"]: (row["city"], row["county"]) for row in rows_of(inventory[["facility", "city", "county"]])}


def _duty(key: str, stands: tuple[str, str] | None, places: list[tuple[str, str]]) -> dict[str, str]:
    """Who leads, with whom, and how a problem is handed over (B13)."""
    # An enterprise is its own county's business, whoever else shares the cell.
    parties = places if stands is None else list(dict.fromkeys([stands, places[0]]))
    told = route(key, parties)
    return {
        "mode": told["mode"],
        "lead": " ".join(filter(None, told["lead"])),
        "partners": "；".join(" ".join(filter(None, place)) for place in told["others"]),
    }


def _dossier(about: dict[str, str]) -> tuple[str, str]:
    """The papers of an enterprise as far as its register knows them (B27), in both languages."""
    papers = {key: about.get(key, "") for key in dossier_papers()}
    if not any(papers.values()):
        return "", ""
    words = {"yes": ("有", "yes"), "no": ("缺", "missing"), "": ("未登记", "not registered")}
    told = [(dossier_papers()[key], words.get(said, (f"有（{said}）", said))) for key, said in papers.items()]
    return (
        "台账：" + "；".join(f"{paper['zh']} {word[0]}" for paper, word in told),
        "papers: " + "; ".join(f"{paper['en']} {word[1]}" for paper, word in told),
    )


def _because(found: dict[str, Any], status: dict[str, str], criteria: Criteria) -> tuple[str, str]:
    """Why an enterprise is on the list, in both languages."""
    km, bearing = float(found["distance_km"]), round(float(found["bearing_deg"])) % 360
    zh = f"{_WHERE_ZH[found['where']]}，方位{bearing}°，距格中心{km:.1f}公里"
    en = f"{_WHERE_EN[found['where']]}, bearing {bearing}, {km:.1f} km from the cell's centre"
    if found["where"] == "ring":
        zh += f"（{criteria.tracing.ring_km:g}公里内）"
        en += f" (within {criteria.tracing.ring_km:g} km)"
    if found["word"] in _WORD_ZH:
        zh += f"；来风{found['upwind_hours']}小时，{_WORD_ZH[found['word']]}"
        en += f"; {found['upwind_hours']} h of wind from it, {found['word']} link with high hours"
        if found["lift"] == found["lift"]:
            zh += f"（高值时段来风频率为平时的{found['lift']:.1f}倍）"
            en += f" (x{found['lift']:.1f})"
    elif found["word"] == "not enough hours":
        zh += f"；来风仅{found['upwind_hours']}小时，不足以判断"
        en += f"; only {found['upwind_hours']} h of wind from it, not enough to say"
    else:
        zh += "；无逐时数据"
        en += "; no hourly data"
    share = share_words(found)
    if share[0]:
        zh, en = f"{zh}；占本格增量{share[0]}", f"{en}; {share[1]} of the cell's increment"
    pointing = agreement_words(found)
    if pointing[0]:
        zh, en = f"{zh}；{pointing[0]}", f"{en}; {pointing[1]}"
    told = status.get(str(found["facility"]), "")
    if told and told != "nan":
        zh += f"；登记状态：{_STATUS_ZH.get(told, told)}"
        en += f"; registered status: {told}"
    return zh, en


def _counties(cells: xr.Dataset) -> dict[str, list[tuple[str, str]]]:
    """(city, county) pairs of every cell, its owner first, then by share of area."""
    names = cells["cell"].values.astype(str)
    city, county = (_texts(cells, name) for name in ("city", "county"))
    places = {cell: [(a, b)] for cell, a, b in zip(names, city, county, strict=True)}
    if "member_cell" not in cells:
        return places
    unit_city, unit_county = (_texts(cells, name) for name in ("unit_city", "unit_county"))
    members = pd.DataFrame({name: cells[f"member_{name}"].values for name in ("cell", "unit", "area")})
    for row in members.sort_values(["cell", "area", "unit"], ascending=[True, False, True]).itertuples():
        pair = unit_city[row.unit], unit_county[row.unit]
        if pair not in places[names[row.cell]]:
            places[names[row.cell]].append(pair)
    return places


def _texts(cells: xr.Dataset, name: str) -> list[str]:
    return cells[name].values.astype(str).tolist()
