"""
The yearly hotspot list: which cells of a city are its heaviest tenth (D4, D5, D6).

Selection is on the annual mean; the level in stagnant weather (D3) joins as the
second criterion once it is known, and stays empty until then.
"""

import numpy as np

from hotspot.rank.hotlist import COLUMNS, compare_lists, in_force, read_hotspots, write_hotspots
from hotspot.rules.ranking import level_for_rank
from hotspot.rules.rounding import plain_text
from hotspot.variables import DataError

__all__ = ["compare_lists", "in_force", "read_hotspots", "select_hotspots", "write_hotspots"]


def select_hotspots(annual, study, year, *, previous=None):
    """
    Select the hotspot cells of a year, an area quota per city.

    Cells are taken from the heaviest down (equal means by cell code) until the next one
    would carry the hotspot area past the quota. Area is the part of a cell inside the city
    that owns it, the quota a share of the city's whole area: by area, not by count (D5).

    Quota modes (D6 tells of cities under 80 and over 200 cells, so one share for all is
    only one reading):

    - ``per_city``: ``quota_share`` of every city, at least its heaviest eligible cell;
    - ``regional``: ``quota_share`` of the whole region, heaviest first, whatever the city;
    - ``mixed``: first ``floor_share`` of every city (at least its heaviest cell), then the region's heaviest until
      ``quota_share`` of the region is full, no city beyond ``cap_share``.

    Parameters
    ----------
    annual : Dataset (cell)
        ``pm25`` annual mean, ug/m3, ``valid``, ``n_valid``, ``coverage``; cells as in ``study.cells``.
    study : Study
        Its ``cells`` and ``criteria.selection`` are used.
    year : int
        The year for which the list is made.
    previous : DataFrame, optional
        Last year's list; a cell that stays keeps its ``since``.

    Returns
    -------
    DataFrame, one row per cell, in the order city, cell: ``year city cell label county township
    lon lat area_km2 pm25 level n_valid coverage status since reason``; ``status`` is "screened"

    Raises
    ------
    DataError
        No cell has a valid annual mean, or the means are of other cells than the study's.

    Examples
    --------
    >>> from hotspot.rules.criteria import Criteria
    >>> import numpy as np, xarray as xr
    >>> from types import SimpleNamespace
    >>> code = [f"C{i:02d}" for i in range(20)]
    >>> text = {n: ("cell", ["x"] * 20) for n in ("city", "label", "county", "township")}
    >>> cells = xr.Dataset(
    ...     {"member_cell": ("member", np.arange(20)), "member_unit": ("member", np.zeros(20, int)),
    ...      "member_area": ("member", np.full(20, 9e6))},
    ...     {"cell": code, "area_share": ("cell", np.ones(20)), "lon": ("cell", np.ones(20)),
    ...      "lat": ("cell", np.ones(20)), "unit_city": ("unit", ["x"]), "unit_area": ("unit", [180e6]), **text})
    >>> annual = xr.Dataset({"pm25": ("cell", np.arange(20.0)), "valid": ("cell", np.arange(20) != 18),
    ...     "n_valid": ("cell", np.full(20, 366)), "coverage": ("cell", np.ones(20))}, {"cell": code})
    >>> hot = select_hotspots(annual, SimpleNamespace(cells=cells, criteria=Criteria()), 2020)
    >>> hot["cell"].tolist(), hot["since"].tolist()
    (['C17', 'C19'], [2020, 2020])
    """
    import pandas as pd

    cells, rule = study.cells, study.criteria.selection
    if rule.floor_share > rule.cap_share:
        raise ValueError(f"floor_share {rule.floor_share} is above cap_share {rule.cap_share}; swap or mend them.")
    if annual["cell"].values.tolist() != cells["cell"].values.tolist():
        raise DataError("annual means: not the cells of this study, in their order; make them with annual_field.")
    city = cells["city"].values.astype(str)
    area, city_area = _areas(cells, city)
    value = level_for_rank(annual["pm25"].values)
    eligible = annual["valid"].values.astype(bool) & np.isfinite(value) & (city != "")
    eligible &= cells["area_share"].values >= rule.min_area_share
    if not eligible.any():
        why = pd.Series(annual["why"].values[~eligible]) if "why" in annual else pd.Series(dtype=str)
        told = "; ".join(f"{text or 'outside, or too little of the cell inside'} ({n} cells)"
                         for text, n in why.value_counts().items())  # fmt: skip
        raise DataError(f"hotspot list {year}: no cell has a valid annual mean to select on: {told or 'no value'}.")
    order = np.lexsort((cells["cell"].values.astype(str), -np.where(eligible, value, -np.inf)))
    order = order[eligible[order]]
    chosen = _MODES[rule.quota_mode](order, city, area, city_area, rule)
    place, number, share = _standing(order, city, area, city_area, chosen)
    hot = pd.DataFrame(
        {
            "year": int(year),
            "city": city,
            "cell": cells["cell"].values.astype(str),
            **{name: cells[name].values.astype(str) for name in ("label", "county", "township")},
            "lon": cells["lon"].values,
            "lat": cells["lat"].values,
            "area_km2": area / 1e6,
            "pm25": annual["pm25"].values.astype("float64"),
            "level": np.nan,
            "n_valid": annual["n_valid"].values.astype("float64"),
            "coverage": annual["coverage"].values.astype("float64"),
            "status": "screened",
            "since": int(year),
        }
    )
    hot["reason"] = ""
    hot = hot[chosen].copy()
    decimals = study.criteria.warning.decimals
    hot["reason"] = [
        _reason(pm25, place[i], number[i], share[i], rule, decimals, annual.attrs.get("year", ""))
        for i, pm25 in zip(hot.index, hot["pm25"], strict=True)
    ]
    if previous is not None:
        since = dict(zip(in_force(previous)["cell"], in_force(previous)["since"], strict=True))
        hot["since"] = [int(since.get(cell, year)) for cell in hot["cell"]]
    return hot.sort_values(["city", "cell"], kind="stable").reset_index(drop=True)[list(COLUMNS)]


def _areas(cells, city):
    """Area of each cell inside its owner city, m2, and the area of every city, m2."""
    unit_city = cells["unit_city"].values.astype(str)
    member_city = unit_city[cells["member_unit"].values]
    owned = member_city == city[cells["member_cell"].values]
    area = np.bincount(
        cells["member_cell"].values[owned], weights=cells["member_area"].values[owned], minlength=city.size
    )
    city_area = {
        name: float(cells["unit_area"].values[unit_city == name].sum()) for name in sorted(set(unit_city.tolist()))
    }
    return area, city_area


def _fill(order, area, quota, chosen, *, spent=0.0, city=None, limits=None, used=None):
    """
    Mark cells of ``order`` until the next would pass ``quota`` (or its city's limit).

    A city at its limit takes no more, not even a smaller cell further down: a listed
    cell is never lighter than an eligible unlisted one of its city.
    """
    closed = set()
    for i in order.tolist():
        if chosen[i]:
            continue
        if limits is not None and (city[i] in closed or _passes(used[city[i]] + area[i], limits[city[i]])):
            closed.add(city[i])
            continue
        if _passes(spent + area[i], quota):
            break
        chosen[i] = True
        spent += area[i]
        if used is not None:
            used[city[i]] += area[i]
    return chosen


def _passes(area, quota):
    """Is the quota passed, beyond the dust of summing areas?"""
    return area > quota * (1 + 1e-9)


def _heaviest_of_each(order, city, chosen):
    """Every city with an eligible cell has at least its heaviest on the list."""
    seen = set(city[chosen].tolist())
    for i in order.tolist():
        if city[i] not in seen:
            chosen[i] = True
            seen.add(city[i])
    return chosen


def _per_city(order, city, area, city_area, rule):
    chosen = np.zeros(city.size, dtype=bool)
    for name, whole in city_area.items():
        _fill(order[city[order] == name], area, rule.quota_share * whole, chosen)
    return _heaviest_of_each(order, city, chosen)


def _regional(order, city, area, city_area, rule):
    chosen = np.zeros(city.size, dtype=bool)
    return _fill(order, area, rule.quota_share * sum(city_area.values()), chosen)


def _mixed(order, city, area, city_area, rule):
    chosen = np.zeros(city.size, dtype=bool)
    for name, whole in city_area.items():
        _fill(order[city[order] == name], area, rule.floor_share * whole, chosen)
    chosen = _heaviest_of_each(order, city, chosen)
    used = {name: float(area[chosen & (city == name)].sum()) for name in city_area}
    limits = {name: rule.cap_share * whole for name, whole in city_area.items()}
    quota, spent = rule.quota_share * sum(city_area.values()), sum(used.values())
    return _fill(order, area, quota, chosen, spent=spent, city=city, limits=limits, used=used)


_MODES = {"per_city": _per_city, "regional": _regional, "mixed": _mixed}


def _standing(order, city, area, city_area, chosen):
    """Per cell: its place in its city, how many were eligible there, share of the city on the list."""
    place, number = np.zeros(city.size, dtype="int64"), np.zeros(city.size, dtype="int64")
    share = np.zeros(city.size)
    for name, whole in city_area.items():
        own = order[city[order] == name]
        place[own], number[own] = np.arange(1, own.size + 1), own.size
        share[own] = area[chosen & (city == name)].sum() / whole if whole else 0.0
    return place, number, share


def _reason(pm25, place, number, share, rule, decimals, basis):
    """Why a cell is listed, with its numbers: Chinese, then English. ``basis`` is the year of the mean."""
    mean = plain_text(pm25, decimals)
    zh_year, en_year = (f"{basis}", f" of {basis}") if basis else ("", "")
    zh = {"per_city": "按市配额", "regional": "区域统一阈值", "mixed": "区域阈值加市级上下限"}[rule.quota_mode]
    return (
        f"{zh_year}年均值{mean}微克/立方米，全市第{place}位（共{number}格参评）；本市热点面积占比{share:.1%}，"
        f"{zh}{rule.quota_share:.0%} / annual mean{en_year} {mean} ug/m3, place {place} of {number} in the city; "
        f"hotspots cover {share:.1%} of the city, quota {rule.quota_share:.0%} ({rule.quota_mode})"
    )
