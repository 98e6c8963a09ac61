"""
Which stops fit into a working day, and in which order (D23).

Many places, few officers: a stop is worth what it may explain of the warned
cells, and costs its minutes on the spot and on the way. The way is the straight
line at the criteria's speed; no road network is known here and none is claimed.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.rules.criteria import Criteria
from hotspot.rules.visiting import Visiting
from hotspot.text.table import rows_of

COLUMNS = [
    "scope", "of", "day", "order", "stop", "kind", "cells", "facility", "name", "class_", "lon", "lat", "value",
    "minutes", "km", "arrive", "leave", "left",
]  # fmt: skip
_SEEDS = 12  # first stops that are tried; more changed nothing in the tests against all orders
_NO_TIME, _ELSEWHERE = "time", "other city"


def visiting_order(stops: pd.DataFrame, rule: Visiting) -> pd.DataFrame:
    """
    Choose and order stops for the days of one team, the most valuable day first.

    Parameters
    ----------
    stops : DataFrame ``stop`` (unique), ``lon lat`` (WGS 84), ``minutes`` on the spot, ``value``
    rule : Visiting, from ``criteria.visiting``

    Returns
    -------
    DataFrame, the stops with ``day`` (1.., 0: did not fit), ``order`` (1.. in its day),
    ``km`` (geodesic from the stop before; NaN for a day's first), ``arrive, leave``
    (minutes since the day's first arrival) and ``left`` (empty, or ``time``); by day
    and order, then what did not fit by falling value

    Notes
    -----
    The largest sum of values within ``day_hours`` is an orienteering problem. Each
    day is built from several first stops by the insertion of most value per added
    minute, then improved (shorter orders, further stops, exchanges) until nothing
    helps; the best of them is the day. Ties go to the shorter day, then to the
    order of ``stop``; the order of the rows changes nothing.

    Examples
    --------
    >>> from hotspot.rules.visiting import Visiting
    >>> stops = pd.DataFrame({"stop": ["a", "b", "c"], "lon": [114.0, 114.1, 116.0], "lat": [30.0, 30.0, 30.0],
    ...     "minutes": [60.0, 60.0, 60.0], "value": [1.0, 0.5, 0.9]})
    >>> plan = visiting_order(stops, Visiting(day_hours=4, days=1, speed_kmh=30))
    >>> plan[["stop", "day", "order", "left"]].values.tolist()
    [['a', 1, 1, ''], ['b', 1, 2, ''], ['c', 0, 0, 'time']]
    >>> plan["km"].round(1).tolist(), plan["leave"].round().tolist()[:2]
    ([nan, 9.6, nan], [60.0, 139.0])
    """
    stops = stops.sort_values("stop", kind="stable").reset_index(drop=True)
    km = _distances(stops)
    minutes, value = stops["minutes"].to_numpy(float), stops["value"].to_numpy(float)
    travel, budget = km / rule.speed_kmh * 60.0, rule.day_hours * 60.0
    found = {name: np.zeros(len(stops), int) for name in ("day", "order")}
    found |= {name: np.full(len(stops), np.nan) for name in ("km", "arrive", "leave")}
    open_ = np.ones(len(stops), bool)
    for day in range(1, rule.days + 1):
        route = _one_day(minutes, value, travel, budget, open_)
        clock = 0.0
        for order, at in enumerate(route, 1):
            if order > 1:
                found["km"][at] = km[route[order - 2], at]
                clock += travel[route[order - 2], at]
            found["day"][at], found["order"][at], found["arrive"][at] = day, order, clock
            clock += minutes[at]
            found["leave"][at] = clock
        open_[route] = False
    plan = stops.assign(**found, left=np.where(open_, _NO_TIME, ""))
    key = pd.DataFrame({"left": open_, "day": plan["day"], "order": plan["order"], "value": -value * open_})
    return plan.loc[key.sort_values(["left", "day", "order", "value"], kind="stable").index].reset_index(drop=True)


def routes(
    warned: pd.DataFrame, traced: pd.DataFrame, criteria: Criteria, *, inventory: pd.DataFrame | None = None
) -> pd.DataFrame:
    """
    The plan of every city's team, and of a visit to every single warned cell.

    Parameters
    ----------
    warned : DataFrame, from ``rank_warnings``
    traced : DataFrame, from ``trace_sources``
    criteria : Criteria; its ``visiting`` section, and ``tracing`` for the reach
    inventory : DataFrame, optional
        From ``inventory``; an enterprise in another city of the study, or outside the
        study, is handed over (B13) and not driven to.

    Returns
    -------
    DataFrame ``scope`` (city, cell), ``of`` (its name or code), ``day order stop kind``
    (cell: the walk for sources nobody registered; enterprise), ``cells`` (joined by
    ';'), ``facility name class_ lon lat value minutes km arrive leave left`` (empty,
    ``time``, ``other city``), as ``visiting_order`` gives them. The plan of a
    single cell has one day.

    Notes
    -----
    A cell weighs the sum over its reasons of the probability that it belongs on
    the list (``p_top``; 1 where unknown). A stop's value is the sum over the cells
    it serves of that weight times, for an enterprise, the evidence of its word
    times its prior relative to the cell's largest (``prior`` where it was traced,
    else falling with distance as ``1 / (1 + km / ring_km)``), and for the walk
    ``area_value``. All of it is a proposal; it orders a day, it proves nothing.

    Examples
    --------
    >>> from hotspot.rules.criteria import Criteria
    >>> warned = pd.DataFrame({"city": ["甲市"], "cell": ["A"], "lon": [114.0], "lat": [30.0], "p_top": [0.8]})
    >>> none = pd.DataFrame(columns=["cell", "facility", "name", "class_", "lon", "lat", "distance_km", "word"])
    >>> routes(warned, none, Criteria())[["scope", "of", "stop", "kind", "value"]].values.tolist()
    [['city', '甲市', 'A', 'cell', 0.4], ['cell', 'A', 'A', 'cell', 0.4]]
    """
    rule = criteria.visiting
    cells: dict[str, dict] = {}
    for row in rows_of(warned[["city", "cell", "lon", "lat", "p_top"]]):
        cell = cells.setdefault(row["cell"], row | {"weight": 0.0})
        cell["weight"] += 1.0 if row["p_top"] != row["p_top"] else float(row["p_top"])
    served = _served(traced, cells, criteria)
    city_of = {} if inventory is None else dict(zip(inventory["facility"], inventory["city"], strict=True))
    cities: dict[str, list] = {}
    for cell in cells.values():
        cities.setdefault(cell["city"], []).append(cell)
    plans = [pd.DataFrame(columns=COLUMNS)]
    plans += [_plan("city", city, city, own, served, city_of, rule) for city, own in cities.items()]
    one_day = rule.model_copy(update={"days": 1})
    plans += [
        _plan("cell", code, cells[code]["city"], [cells[code]], served, city_of, one_day) for code in sorted(cells)
    ]
    return pd.concat(plans[1:], ignore_index=True)[COLUMNS] if len(plans) > 1 else plans[0]


def _plan(
    scope: str,
    of: str,
    city: str,
    cells: list[dict[str, Any]],
    served: dict[str, list[dict[str, Any]]],
    city_of: dict[str, str],
    rule: Visiting,
) -> pd.DataFrame:
    """The stops of one city or one cell, planned."""
    stops: dict[str, dict] = {}
    for cell in cells:
        stops[cell["cell"]] = {
            "stop": cell["cell"], "kind": "cell", "cells": [cell["cell"]], "facility": "", "name": "", "class_": "",
            "lon": float(cell["lon"]), "lat": float(cell["lat"]), "minutes": rule.area_minutes,
            "value": cell["weight"] * rule.area_value,
        }  # fmt: skip
        for firm in served.get(cell["cell"], []):
            new = {name: firm[name] for name in ("facility", "name", "class_", "lon", "lat")}
            new |= {"minutes": rule.minutes.get(firm["class_"], rule.other_minutes), "value": 0.0, "cells": []}
            # The key of a walk is a code without blanks, so no facility can be taken for one.
            stop = stops.setdefault(f" {firm['facility']}", {"stop": firm["facility"], "kind": "enterprise"} | new)
            stop["value"] += firm["value"]
            stop["cells"].append(cell["cell"])
    for stop in stops.values():
        stop["cells"] = ";".join(sorted(stop["cells"]))
        stop["away"] = stop["kind"] == "enterprise" and city_of.get(stop["facility"], city) != city
    table = pd.DataFrame(list(stops.values()))
    plan = visiting_order(table[~table["away"]], rule)
    others = table[table["away"]].sort_values(["value", "stop"], ascending=[False, True], kind="stable")
    if len(others):
        others = others.assign(day=0, order=0, km=np.nan, arrive=np.nan, leave=np.nan, left=_ELSEWHERE)
        plan = pd.concat([plan, others], ignore_index=True)
    return plan.assign(scope=scope, of=of)[COLUMNS]


def _served(
    traced: pd.DataFrame, cells: dict[str, dict[str, Any]], criteria: Criteria
) -> dict[str, list[dict[str, Any]]]:
    """Per cell its traced enterprises, with what a visit to each may be worth to it."""
    if not len(traced):
        return {}
    prior = 1.0 / (1.0 + traced["distance_km"].astype(float) / criteria.tracing.ring_km)
    if "prior" in traced:
        prior = traced["prior"].astype(float).fillna(prior)
    top = prior.groupby(traced["cell"]).transform("max")
    share = (prior / top).where(top > 0, 0.0)
    evidence = traced["word"].map(criteria.visiting.evidence).fillna(0.0).astype(float)
    names = ("cell", "facility", "name", "class_", "lon", "lat")
    table = pd.DataFrame({name: list(traced[name]) for name in names}).assign(value=(evidence * share).to_numpy())
    served: dict[str, list] = {}
    for row in rows_of(table):
        if row["cell"] in cells:
            served.setdefault(row["cell"], []).append(row | {"value": row["value"] * cells[row["cell"]]["weight"]})
    return served


def _distances(stops: pd.DataFrame) -> Floats:
    """Kilometres between all stops on the ellipsoid, the same both ways."""
    from pyproj import Geod

    n = len(stops)
    km = np.zeros((n, n))
    i, j = np.triu_indices(n, 1)
    if i.size:
        lon, lat = stops["lon"].to_numpy(float), stops["lat"].to_numpy(float)
        km[i, j] = np.asarray(Geod(ellps="GRS80").inv(lon[i], lat[i], lon[j], lat[j])[2], float) / 1000
    return km + km.T


class _Day(NamedTuple):
    """What every step of the search asks for."""

    minutes: np.ndarray  # on the spot, by position
    value: np.ndarray
    travel: np.ndarray  # minutes between positions
    legs: list  # the same as lists: single numbers are read from them many times
    budget: float
    able: np.ndarray  # positions that may be visited


def _one_day(minutes: Floats, value: Floats, travel: Floats, budget: float, open_: Flags) -> list[int]:
    """Positions of the stops of one day in order: as much value as fits, in as little time as that takes."""
    able = np.flatnonzero(open_ & (minutes <= budget))
    day = _Day(minutes, value, travel, travel.tolist(), budget, able)
    worth = value[able] / np.maximum(minutes[able], 1e-9)
    days = []
    for start in able[np.lexsort((able, -worth))][:_SEEDS]:
        route = _better([int(start)], day)
        days.append((-round(float(value[route].sum()), 9), round(_length(route, day), 6), route))
        if len(route) == able.size:
            break  # all that there is; another start would only change the way round
    route = min(days)[2] if days else []
    # The better half of the day first: what is cut short is cut at its end.
    if route and (value[route[-1]], -route[-1]) > (value[route[0]], -route[0]):
        route.reverse()
    return route


def _better(route: list[int], day: _Day) -> list[int]:
    """A route improved by shorter orders, further stops and exchanges, until nothing helps."""
    value = day.value
    while True:
        route = _fill(_shorten(route, day.legs), day)
        length = _length(route, day)
        moves = []
        for at in range(len(route)):
            rest = route[:at] + route[at + 1 :]
            stop, place, added = _insertions(rest, day)
            whole = _length(rest, day) + added
            gain = value[stop] - value[route[at]]
            helps = (whole <= day.budget) & ((gain > 1e-9) | ((gain > -1e-9) & (whole < length - 1e-6)))
            moves += [
                (-round(float(gain[k]), 9), round(float(whole[k]), 6), at, int(stop[k]), int(place[k]))
                for k in np.flatnonzero(helps)
            ]
        if not moves:
            return route
        *_, at, better, before = min(moves)
        route = route[:at] + route[at + 1 :]
        route.insert(before, better)


def _fill(route: list[int], day: _Day) -> list[int]:
    """Insert stops while any fits, the one of most value per added minute first."""
    while True:
        stop, place, added = _insertions(route, day)
        fits = _length(route, day) + added <= day.budget
        if not fits.any():
            return route
        stop, place, added = stop[fits], place[fits], added[fits]
        best = np.lexsort((stop, np.round(added, 6), np.round(-day.value[stop] / np.maximum(added, 1e-9), 9)))[0]
        route.insert(int(place[best]), int(stop[best]))
        route = _shorten(route, day.legs)


def _insertions(route: list[int], day: _Day) -> tuple[Ints, Ints, Floats]:
    """Every open stop with its cheapest place in the route and the minutes it adds there."""
    stop = day.able[~np.isin(day.able, route)]
    if not route:
        return stop, np.zeros(stop.size, int), day.minutes[stop]
    to = day.travel[np.ix_(stop, np.array(route))]  # stop x route
    between = to[:, :-1] + to[:, 1:] - day.travel[route[:-1], route[1:]][None, :]
    added = np.column_stack([to[:, :1], between, to[:, -1:]])
    place = np.round(added, 9).argmin(axis=1)
    return stop, place, day.minutes[stop] + added[np.arange(stop.size), place]


def _shorten(route: list[int], legs: list[list[float]]) -> list[int]:
    """The same stops on a shorter way: parts turned round, single stops moved, while that helps."""
    n = len(route)
    while True:
        best, way = route, _way(route, legs)
        for i in range(n):
            rest = route[:i] + route[i + 1 :]
            for j in range(n):
                others = [[*rest[:j], route[i], *rest[j:]]]
                if i < j:
                    others.append(route[:i] + route[i : j + 1][::-1] + route[j + 1 :])
                for other in others:
                    length = _way(other, legs)
                    if length < way - 1e-6:
                        best, way = other, length
        if best is route:
            return list(route)
        route = best


def _way(route: list[int], legs: list[list[float]]) -> float:
    return sum([legs[a][b] for a, b in pairwise(route)])


def _length(route: list[int], day: _Day) -> float:
    return float(day.minutes[route].sum()) + _way(route, day.legs)
