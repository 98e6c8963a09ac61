"""
What to look at in each warned cell: class, enterprise, item (C8, D13, D14).

A cell without a single registered enterprise is no empty sheet (C10): classes
of area sources stand on every list, and blank rows wait for what is found.
"""

import pandas as pd

from hotspot.rules.classes import area_classes, route, source_classes

COLUMNS = [
    "cell", "number", "class_", "facility", "name", "where", "item", "grade", "zh", "en", "why_zh", "why_en",
    "department", "department_en", "mode", "deadline",
]  # fmt: skip
BLANK_ROWS = 3  # for sources nobody registered (C10)
_WHERE_ZH = {"in_cell": "位于格内", "ring": "位于周边", "upwind": "位于上风向"}
_WHERE_EN = {"in_cell": "in the cell", "ring": "around it", "upwind": "upwind"}
_WORD_ZH = {"strong": "与高浓度关联强", "moderate": "与高浓度关联中等", "weak": "与高浓度关联弱"}


def checklist(warned, traced, facilities, cells, criteria):
    """
    Select what belongs on each warned cell's problem list.

    Parameters
    ----------
    warned : DataFrame with ``cell``
    traced : DataFrame, from ``trace_sources``
    facilities : GeoDataFrame, whose ``status`` is told where it has one
    cells : Dataset (cell), whose members say which counties share a cell
    criteria : Criteria; its ring is told in the reasons

    Returns
    -------
    DataFrame, one row per item to look at, sorted by cell and ``number`` (1..):
    ``cell, number, class_, facility, name, where, item, grade`` (patrol,
    enforcement), ``zh, en`` (the item), ``why_zh, why_en`` (why it is on the
    list), ``department, department_en``, ``mode`` (own, joint, cross_region:
    B13), ``deadline`` (empty: it is set by whoever hands the list over, D15).
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
    status = {}
    if facilities is not None and "status" in facilities:
        status = dict(zip(facilities["facility"].astype(str), facilities["status"].astype(str), strict=True))
    counties = _counties(cells)
    by_cell: dict[str, list[dict]] = {}
    for found in traced.sort_values(["cell", "order"], kind="stable").to_dict("records"):
        by_cell.setdefault(found["cell"], []).append(found)
    rows = []
    for cell in sorted(set(warned["cell"])):
        own = [
            _row(cell, found["class_"], item, found, _because(found, status, criteria))
            for found in by_cell.get(cell, [])
            for item in source_classes()[found["class_"]].items
        ]
        own += [
            _row(cell, kind.key, item, None, ("面源，逐格必查", "area source, looked for in every cell"))
            for kind in area_classes()
            for item in kind.items
        ]
        own += [_blank(cell, n) for n in range(1, BLANK_ROWS + 1)]
        places = counties[cell]
        for number, row in enumerate(own, 1):
            row |= {"number": number, "mode": route(row["class_"], places)["mode"]}
        rows += own
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(cell, key, item, found, why):
    kind = source_classes()[key]
    return {
        "cell": cell,
        "class_": key,
        "facility": str(found["facility"]) if found else "",
        "name": str(found["name"]) if found else "",
        "where": found["where"] if found else "in_cell",
        "item": item.code,
        "grade": item.grade,
        "zh": item.zh,
        "en": item.en,
        "why_zh": why[0],
        "why_en": why[1],
        "department": kind.department_zh,
        "department_en": kind.department_en,
        "deadline": "",
    }


def _blank(cell, n):
    """A row to fill in on the spot."""
    kind = source_classes()["other"]
    return {
        "cell": cell,
        "class_": kind.key,
        "facility": "",
        "name": "",
        "where": "in_cell",
        "item": f"blank-{n}",
        "grade": "patrol",
        "zh": "",
        "en": "",
        "why_zh": "现场发现的其他问题",
        "why_en": "anything else found on the spot",
        "department": kind.department_zh,
        "department_en": kind.department_en,
        "deadline": "",
    }


def _because(found, status, criteria):
    """Why an enterprise is on the list, in both languages."""
    km, bearing = float(found["distance_km"]), round(float(found["bearing_deg"])) % 360
    zh = f"{_WHERE_ZH[found['where']]}，方位{bearing}°，距格中心{km:.1f}公里"
    en = f"{_WHERE_EN[found['where']]}, bearing {bearing}, {km:.1f} km from the cell's centre"
    if found["where"] == "ring":
        zh += f"（{criteria.tracing.ring_km:g}公里内）"
        en += f" (within {criteria.tracing.ring_km:g} km)"
    if found["word"] in _WORD_ZH:
        zh += f"；来风{found['upwind_hours']}小时，{_WORD_ZH[found['word']]}"
        zh += f"（高值时段来风频率为平时的{found['lift']:.1f}倍）"
        en += (
            f"; {found['upwind_hours']} h of wind from it, {found['word']} link with high hours (x{found['lift']:.1f})"
        )
    elif found["word"] == "not enough hours":
        zh += f"；来风仅{found['upwind_hours']}小时，不足以判断"
        en += f"; only {found['upwind_hours']} h of wind from it, not enough to say"
    else:
        zh += "；无逐时数据"
        en += "; no hourly data"
    told = status.get(str(found["facility"]), "")
    if told and told != "nan":
        zh += f"；登记状态：{told}"
        en += f"; registered status: {told}"
    return zh, en


def _counties(cells):
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


def _texts(cells, name):
    return cells[name].values.astype(str).tolist()
