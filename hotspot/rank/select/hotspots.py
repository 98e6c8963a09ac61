"""
The yearly hotspot list: which cells of a city are its heaviest tenth (D4, D5, D6).

D4 names two criteria: a high concentration and a high emission level in stagnant
weather (D3). A cell counts by the worse of its two ranks, so it is listed only if it
stands high in both. Where no weather was delivered there is no level, and the list
says that it rests on the concentration alone.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hotspot.contracts.records import Standing
from hotspot.kernels.arrays import Flags, Floats, Ints, Texts
from hotspot.rank.select.hotlist import COLUMNS, in_force
from hotspot.rank.select.quota import by_city, city_areas, fill_quota
from hotspot.rules.criteria import Selection
from hotspot.rules.pollutants import of_study
from hotspot.rules.ranking import level_for_rank, ranks
from hotspot.rules.rounding import plain_text
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

LEVEL_WORDS = {
    "inversion": ("静稳排放水平", "emission level"),
    "stagnant": (label_of("stagnant_level"), "stagnant level"),
    "contrast": ("局地对比（代静稳水平）", "local contrast, in place of a level,"),
    "richardson_lucy": ("锐化均值", "sharpened mean"),
}

_REASONS = 5  # named where no cell of a year can be ranked


def select_hotspots(
    annual: "xr.Dataset",
    study: Study,
    year: int,
    *,
    level: "xr.Dataset | None" = None,
    previous: "pd.DataFrame | None" = None,
) -> "pd.DataFrame":
    """
    Select the hotspot cells of a year, an area quota per city.

    Cells are taken in the order of ``rank_cells`` until the next one would carry the
    hotspot area past the quota of ``rank.quota.fill_quota``, in one of its three modes
    (D6 tells of cities under 80 and over 200 cells, so one share for all is only one
    reading).

    Parameters
    ----------
    annual : Dataset (cell)
        ``pm25`` annual mean, ug/m3, ``valid``, ``n_valid``, ``coverage``; cells as in ``study.cells``.
    study : Study
        Its ``cells`` and ``criteria.selection`` are used.
    year : int
        The year for which the list is made.
    level : Dataset (cell), optional
        ``level``: concentration in stagnant weather, the second criterion, ug/m3.
    previous : DataFrame, optional
        Last year's list; a cell that stays keeps its ``since``.

    Returns
    -------
    DataFrame, one row per cell, in the order city, cell: ``year city cell label county township
    lon lat area_km2 pm25 level n_valid coverage status since reason``; ``status`` is "screened"

    Raises
    ------
    DataError
        No cell has a valid annual mean, the means are of other cells than the study's,
        or the criteria require a level and there is none.

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
    >>> study = SimpleNamespace(cells=cells, criteria=Criteria())
    >>> hot = select_hotspots(annual, study, 2020)
    >>> hot["cell"].tolist(), hot["since"].tolist()
    (['C17', 'C19'], [2020, 2020])
    >>> level = xr.Dataset({"level": ("cell", np.r_[np.zeros(15), 30.0, 40.0, 50.0, 0.0, 20.0])}, {"cell": code})
    >>> select_hotspots(annual, study, 2020, level=level)["cell"].tolist()    # C19: 1st and 4th; C16: 3rd and 2nd
    ['C16', 'C17']
    """
    standing = rank_cells(annual, study, year, level=level)
    chosen = fill_quota(standing.order, standing.city, standing.area, standing.city_area, study.criteria.selection)
    hot = list_rows(standing, annual, study, year, chosen)
    if previous is not None:
        since = dict(zip(in_force(previous)["cell"], in_force(previous)["since"], strict=True))
        hot["since"] = [int(since.get(cell, year)) for cell in hot["cell"]]
    return hot


def rank_cells(annual: "xr.Dataset", study: Study, year: int, *, level: "xr.Dataset | None" = None) -> Standing:
    """
    The order in which cells are taken, by the worse of their two ranks.

    Parameters
    ----------
    annual, study, year, level
        As for ``select_hotspots``.

    Raises
    ------
    DataError
        As for ``select_hotspots``.

    Notes
    -----
    With competition ranks ``r`` from the highest down, among the eligible cells of a city (of
    the region in the modes ``regional`` and ``mixed``)::

        s = max(r(annual mean), r(stagnant level))

    and cells are taken by ``s``, then by ``r(annual mean)``, then by code. The cells with
    ``s <= m`` are those among the ``m`` highest by concentration AND among the ``m`` highest by
    level, so the list is the conjunction that D4 asks for, ``m`` being as large as the quota
    allows. Raising either value of a cell never takes it off the list. The maximum is compared
    with no weights, because none are published.

    A cell without a level, in a study that has levels, stands by its concentration
    (``where_available``) or is not eligible (``required``).
    """
    import pandas as pd

    cells, rule = study.cells, study.criteria.selection
    if rule.floor_share > rule.cap_share:
        raise ValueError(f"floor_share {rule.floor_share} is above cap_share {rule.cap_share}; swap or mend them.")
    codes = cells["cell"].values.astype(str)
    for name, given in (("annual means", annual), ("levels", level)):
        if given is not None and given["cell"].values.tolist() != codes.tolist():
            raise DataError(f"{name}: not the cells of this study, in their order; make them with annual_field.")
    city = cells["city"].values.astype(str)
    area, city_area = city_areas(cells)
    pm25 = annual["pm25"].values.astype("float64")
    second = _second(level, rule, year)
    eligible = annual["valid"].values.astype(bool) & np.isfinite(pm25) & (city != "")
    eligible &= cells["area_share"].values >= rule.min_area_share
    if second is not None and rule.second_criterion == "required":
        eligible &= np.isfinite(second)
    if not eligible.any():
        why = pd.Series(annual["why"].values[~eligible]) if "why" in annual else pd.Series(dtype=str)
        reasons = why.value_counts()
        told = [f"{text or 'outside, too little of the cell inside, or no level'} ({n} cells)"
                for text, n in reasons.head(_REASONS).items()]  # fmt: skip
        told += [f"{len(reasons) - _REASONS} other reasons"] * (len(reasons) > _REASONS)
        raise DataError(
            f"hotspot list {year}: no cell has a valid annual mean to select on: {'; '.join(told) or 'no value'}. "
            f"Deliver what lacks, or take a list made elsewhere (hotspot select {year} --list FILE --by NAME)."
        )
    why = "" if second is not None else _why_no_level(level, rule)
    by = "stagnant" if level is None else level.attrs.get("by", "stagnant")
    given = Standing(city, area, city_area, pm25, second, eligible, codes, codes, codes, why, by)
    return order_cells(given, rule, codes)


def order_cells(standing: Standing, rule: Selection, codes: Texts) -> Standing:
    """
    The ranks and the order of a standing whose values are given; see ``rank_cells``.

    Examples
    --------
    >>> from hotspot.rules.criteria import Selection
    >>> city, here = np.array(["x"] * 3), np.ones(3, dtype=bool)
    >>> pm25, level = np.array([50.0, 60.0, 70.0]), np.array([9.0, 8.0, 1.0])
    >>> given = Standing(city, np.ones(3), {"x": 3.0}, pm25, level, here, None, None, None)
    >>> ordered = order_cells(given, Selection(), np.array(["a", "b", "c"]))
    >>> ordered.rank_pm25, ordered.rank_level, ordered.order
    (array([3, 2, 1]), array([1, 2, 3]), array([1, 2, 0]))
    """
    eligible = standing.eligible
    _, group = np.unique(standing.city, return_inverse=True)
    if rule.quota_mode != "per_city":
        group = np.zeros_like(group)
    first = _ranks_within(standing.pm25, group, eligible)
    second = np.full_like(first, -1) if standing.level is None else _ranks_within(standing.level, group, eligible)
    order = np.lexsort((codes, first, np.maximum(first, second)))
    return replace(standing, rank_pm25=first, rank_level=second, order=order[eligible[order]])


def _second(level: "xr.Dataset | None", rule: Selection, year: int) -> Floats | None:
    """The second criterion as an array, or None where it is not applied."""
    if rule.second_criterion == "none":
        return None
    values = None if level is None else level["level"].values.astype("float64")
    stands_in = "" if level is None else level.attrs.get("fallback", "")
    if values is not None and np.isfinite(values).any() and not (stands_in and rule.second_criterion == "required"):
        return values
    if rule.second_criterion == "required":
        why = "" if level is None else f" ({stands_in or level.attrs.get('why', 'every level is empty')})"
        raise DataError(
            f"hotspot list {year}: the criteria require a level in stagnant weather and there is none{why}; "
            "deliver weather, or set second_criterion to 'where_available'."
        )
    return None


def _why_no_level(level: "xr.Dataset | None", rule: Selection) -> str:
    """Why the second criterion was not applied, in English."""
    if rule.second_criterion == "none":
        return "the criteria leave the second criterion out"
    return level.attrs.get("why", "every level is empty") if level is not None else "none was given"


def _ranks_within(values: Floats, group: Ints, use: Flags) -> Ints:
    """Competition ranks from the highest down inside each group; -1 for a cell that is not used or has no value."""
    seen = np.where(use & np.isfinite(values), level_for_rank(values), np.nan)
    place = np.empty(seen.size, dtype="int64")
    for one in range(group.max(initial=-1) + 1):
        place[group == one] = ranks(seen[group == one])
    return place


def list_rows(standing: Standing, annual: "xr.Dataset", study: Study, year: int, chosen: Flags) -> "pd.DataFrame":
    """
    Rows of a list for the chosen cells, "screened" and listed since this year, in the order city, cell.

    Parameters
    ----------
    annual : Dataset (cell)
    chosen : bool[n_cell]

    Returns
    -------
    DataFrame with the columns of ``hotlist.COLUMNS``
    """
    import pandas as pd

    cells = study.cells
    hot = pd.DataFrame(
        {
            "year": int(year),
            "city": standing.city,
            "cell": cells["cell"].values.astype(str),
            **{name: cells[name].values.astype(str) for name in ("label", "county", "township")},
            "lon": cells["lon"].values,
            "lat": cells["lat"].values,
            "area_km2": standing.area / 1e6,
            "pm25": standing.pm25,
            "level": np.nan if standing.level is None else standing.level,
            "n_valid": annual["n_valid"].values.astype("float64"),
            "coverage": annual["coverage"].values.astype("float64"),
            "status": "screened",
            "since": int(year),
            "reason": "",
        }
    )
    place, number, share = _places(standing, chosen)
    hot = hot[chosen].copy()
    hot["reason"] = [_reason(standing, i, place[i], number[i], share[i], study, annual) for i in hot.index]
    return hot.sort_values(["city", "cell"], kind="stable").reset_index(drop=True)[list(COLUMNS)]


def _places(standing: Standing, chosen: Flags) -> tuple[Ints, Ints, Floats]:
    """Per cell: its place in its city, how many were eligible there, share of the city on the list."""
    n = standing.city.size
    place, number, share = np.zeros(n, dtype="int64"), np.zeros(n, dtype="int64"), np.zeros(n)
    for name, own in by_city(standing.order, standing.city).items():
        place[own], number[own] = np.arange(1, own.size + 1), own.size
        whole = standing.city_area[name]
        share[own] = standing.area[chosen & (standing.city == name)].sum() / whole if whole else 0.0
    return place, number, share


def _reason(
    standing: Standing, i: int, place: int, number: int, share: float, study: Study, annual: "xr.Dataset"
) -> str:
    """Why a cell is listed, with its numbers: Chinese, then English."""
    rule, decimals = study.criteria.selection, study.criteria.warning.decimals
    basis = annual.attrs.get("year", "")
    mean = plain_text(standing.pm25[i], decimals)
    of = of_study(study)
    zh_mean, en_mean = f"年{of.value_zh}", f"annual {of.value_en}"
    en_year = f" of {basis}" if basis else ""
    mode = {"per_city": "按市配额", "regional": "区域统一阈值", "mixed": "区域阈值加市级上下限"}[rule.quota_mode]
    scope_zh, scope_en = ("全市", "in the city") if rule.quota_mode == "per_city" else ("全区域", "in the region")
    if standing.level is None:
        zh = "仅按浓度一项筛选（无静稳水平）"
        en = f"selected on the concentration alone, no level in stagnant weather: {standing.why}"
    elif standing.rank_level[i] < 0:
        zh, en = "该格无静稳水平，仅按浓度", "this cell has no level in stagnant weather: by the concentration alone"
    else:
        stagnant = plain_text(standing.level[i], decimals)
        a, b = standing.rank_pm25[i], standing.rank_level[i]
        name_zh, name_en = LEVEL_WORDS[standing.by]
        zh = f"浓度{scope_zh}第{a}位，{name_zh}{stagnant}微克/立方米、第{b}位，取较后者"
        en = f"number {a} {scope_en} by concentration and {b} by its {name_en} of {stagnant} ug/m3, worse counts"
    return (
        f"{basis}{zh_mean}{mean}微克/立方米，全市第{place}位（共{number}格参评）；{zh}；"
        f"本市热点面积占比{share:.1%}，{mode}{rule.quota_share:.0%} / {en_mean}{en_year} {mean} ug/m3, "
        f"place {place} of {number} in the city; {en}; hotspots cover {share:.1%} of the city, "
        f"quota {rule.quota_share:.0%} ({rule.quota_mode})"
    )
