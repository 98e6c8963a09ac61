"""
Area quotas: how many of a city's heaviest cells its list may hold (D5, D6).

Area is the part of a cell inside the city that owns it, the quota a share of the
city's whole area: by area, not by count.
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Ints, Texts
from hotspot.rules.criteria import Selection

if TYPE_CHECKING:
    import xarray as xr


def city_areas(cells: "xr.Dataset") -> tuple[np.ndarray, dict[str, float]]:
    """
    Area of each cell inside its owner city, and of every city.

    Parameters
    ----------
    cells : Dataset (cell), from ``Study.cells``

    Returns
    -------
    (float64[n_cell], dict)
        m2; the dict by city name, in order of name.

    Examples
    --------
    >>> import xarray as xr
    >>> member = {"member_cell": [0, 0], "member_unit": [0, 1], "member_area": [6e6, 3e6]}
    >>> unit = {"unit_city": ("unit", ["x", "y"]), "unit_area": ("unit", [9e7, 5e7])}
    >>> cells = xr.Dataset({k: ("member", v) for k, v in member.items()}, {"city": ("cell", ["x"]), **unit})
    >>> area, whole = city_areas(cells)
    >>> area.tolist(), whole
    ([6000000.0], {'x': 90000000.0, 'y': 50000000.0})
    """
    city, unit_city = cells["city"].values.astype(str), cells["unit_city"].values.astype(str)
    cell = cells["member_cell"].values
    owned = unit_city[cells["member_unit"].values] == city[cell]
    area = np.bincount(cell[owned], weights=cells["member_area"].values[owned], minlength=city.size)
    unit_area = cells["unit_area"].values
    return area, {name: float(unit_area[unit_city == name].sum()) for name in sorted(set(unit_city.tolist()))}


def fill_quota(order: Ints, city: Texts, area: Floats, city_area: dict[str, float], rule: Selection) -> Flags:
    """
    Mark cells in their order until the next would carry the list past its quota.

    - ``per_city``: ``quota_share`` of every city, at least its first cell;
    - ``regional``: ``quota_share`` of the whole region, whatever the city;
    - ``mixed``: first ``floor_share`` of every city (at least its first cell), then the region's next
      until ``quota_share`` of the region is full, no city beyond ``cap_share``.

    Parameters
    ----------
    order : int64[n], positions of eligible cells, heaviest first
    city : str[n_cell]
    area : float64[n_cell], m2, and city_area : dict, m2
        From ``city_areas``.

    Returns
    -------
    bool[n_cell]

    Examples
    --------
    >>> from hotspot.rules.criteria import Selection
    >>> fill_quota(np.array([2, 0, 1]), np.array(["x"] * 3), np.full(3, 9.0), {"x": 27.0}, Selection(quota_share=0.7))
    array([ True, False,  True])
    """
    return _MODES[rule.quota_mode](order, city, area, city_area, rule)


def _fill(
    order: Ints,
    area: Floats,
    quota: float,
    chosen: Flags,
    *,
    spent: float = 0.0,
    city: Texts | None = None,
    limits: dict[str, float] | None = None,
    used: dict[str, float] | None = None,
) -> Flags:
    """
    Mark cells of ``order`` until the next would pass ``quota`` (or its city's limit).

    A city at its limit takes no more, not even a smaller cell further down: a listed
    cell is never lighter than an eligible unlisted one of its city.
    """
    closed = set()
    for i in order.tolist():
        if chosen[i]:
            continue
        if (
            city is not None
            and used is not None
            and limits is not None
            and (city[i] in closed or passes(used[city[i]] + area[i], limits[city[i]]))
        ):
            closed.add(city[i])
            continue
        if passes(spent + area[i], quota):
            break
        chosen[i] = True
        spent += area[i]
        if used is not None and city is not None:
            used[city[i]] += area[i]
    return chosen


def passes(area: float, quota: float) -> bool:
    """
    Is the quota passed, beyond the dust of summing areas?

    Examples
    --------
    >>> passes(0.1 + 0.2, 0.3), passes(0.31, 0.3)
    (False, True)
    """
    return area > quota * (1 + 1e-9)


def by_city(order: Ints, city: Texts) -> dict[str, Ints]:
    """
    The order of each city's own cells.

    Examples
    --------
    >>> {name: own.tolist() for name, own in by_city(np.array([2, 0, 1]), np.array(["x", "y", "x"])).items()}
    {'x': [2, 0], 'y': [1]}
    """
    names, index = np.unique(city[order], return_inverse=True)
    return {str(name): order[index == k] for k, name in enumerate(names)}


def _heaviest_of_each(order: Ints, city: Texts, chosen: Flags) -> Flags:
    """Every city with an eligible cell has at least its heaviest on the list."""
    seen = set(city[chosen].tolist())
    for name, own in by_city(order, city).items():
        if name not in seen:
            chosen[own[0]] = True
    return chosen


def _per_city(order: Ints, city: Texts, area: Floats, city_area: dict[str, float], rule: Selection) -> Flags:
    chosen = np.zeros(city.size, dtype=bool)
    for name, own in by_city(order, city).items():
        _fill(own, area, rule.quota_share * city_area[name], chosen)
    return _heaviest_of_each(order, city, chosen)


def _regional(order: Ints, city: Texts, area: Floats, city_area: dict[str, float], rule: Selection) -> Flags:
    chosen = np.zeros(city.size, dtype=bool)
    return _fill(order, area, rule.quota_share * sum(city_area.values()), chosen)


def _mixed(order: Ints, city: Texts, area: Floats, city_area: dict[str, float], rule: Selection) -> Flags:
    chosen = np.zeros(city.size, dtype=bool)
    for name, own in by_city(order, city).items():
        _fill(own, area, rule.floor_share * city_area[name], chosen)
    chosen = _heaviest_of_each(order, city, chosen)
    used = {name: float(area[chosen & (city == name)].sum()) for name in city_area}
    limits = {name: rule.cap_share * whole for name, whole in city_area.items()}
    quota, spent = rule.quota_share * sum(city_area.values()), sum(used.values())
    return _fill(order, area, quota, chosen, spent=spent, city=city, limits=limits, used=used)


_MODES = {"per_city": _per_city, "regional": _regional, "mixed": _mixed}
