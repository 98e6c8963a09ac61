"""
Which stops fit into a working day, and in which order (D23).

Many places, few officers: a stop is worth what it may explain of the warned
cells, and costs its minutes on the spot and on the way. The way is the straight
line at the criteria's speed; no road network is known here and none is claimed.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

COLUMNS = [
    "scope", "of", "day", "order", "stop", "kind", "cells", "facility", "name", "class_", "lon", "lat", "value",
    "minutes", "km", "arrive", "leave", "left",
]  # fmt: skip
_SEEDS = 12  # first stops that are tried; more changed nothing in the tests against all orders
_NO_TIME, _ELSEWHERE = "time", "other city"


def visiting_order(stops, rule):
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


def routes(warned, traced, criteria, *, inventory=None):
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
    weight = warned["p_top"].astype(float).fillna(1.0).groupby(warned["cell"]).sum() if len(warned) else {}
    first = warned.drop_duplicates("cell")
    served = _served(traced, weight, criteria)
    city_of = {} if inventory is None else dict(zip(inventory["facility"], inventory["city"], strict=True))
    plans = [pd.DataFrame(columns=COLUMNS)]
    for city, cells in first.groupby("city", sort=False):
        plans.append(_plan("city", city, city, cells, served, weight, city_of, rule))
    one_day = rule.model_copy(update={"days": 1})
    for _, cell in first.sort_values("cell", kind="stable").iterrows():
        alone = first[first["cell"] == cell["cell"]]
        plans.append(_plan("cell", cell["cell"], cell["city"], alone, served, weight, city_of, one_day))
    table = pd.concat(plans[1:], ignore_index=True) if len(plans) > 1 else plans[0]
    return table[COLUMNS]


def _plan(scope, of, city, cells, served, weight, city_of, rule):
    """The stops of one city or one cell, planned."""
    walks = pd.DataFrame(
        {
            "stop": cells["cell"].astype(str),
            "kind": "cell",
            "cells": cells["cell"].astype(str),
            "lon": cells["lon"].astype(float),
            "lat": cells["lat"].astype(float),
            "value": [float(weight[cell]) * rule.area_value for cell in cells["cell"]],
            "minutes": rule.area_minutes,
        }
    ).assign(facility="", name="", class_="")
    mine = served[served["cell"].isin(set(cells["cell"]))]
    firms = [
        {
            "stop": facility, "kind": "enterprise", "cells": ";".join(sorted(rows["cell"])), "facility": facility,
            **{name: rows[name].iloc[0] for name in ("name", "class_", "lon", "lat")}, "value": rows["value"].sum(),
            "minutes": rule.minutes.get(rows["class_"].iloc[0], rule.other_minutes),
        }
        for facility, rows in mine.groupby("facility", sort=True)
    ]  # fmt: skip
    stops = pd.concat([walks, pd.DataFrame(firms)], ignore_index=True) if firms else walks
    elsewhere = stops["facility"].map(lambda facility: bool(facility) and city_of.get(facility, city) != city)
    plan = visiting_order(stops[~elsewhere], rule)
    others = stops[elsewhere].sort_values(["value", "stop"], ascending=[False, True], kind="stable")
    others = others.assign(day=0, order=0, km=np.nan, arrive=np.nan, leave=np.nan, left=_ELSEWHERE)
    plan = pd.concat([plan, others], ignore_index=True) if len(others) else plan
    return plan.assign(scope=scope, of=of)[COLUMNS]


def _served(traced, weight, criteria):
    """Every traced enterprise with what a visit to it may be worth to its cell."""
    table = traced[["cell", "facility", "name", "class_", "lon", "lat"]].copy()
    if not len(traced):
        return table.assign(value=0.0)
    prior = 1.0 / (1.0 + traced["distance_km"].astype(float) / criteria.tracing.ring_km)
    if "prior" in traced:
        prior = traced["prior"].astype(float).fillna(prior)
    top = prior.groupby(traced["cell"]).transform("max")
    share = (prior / top).where(top > 0, 0.0)
    evidence = traced["word"].map(criteria.visiting.evidence).fillna(0.0).astype(float)
    return table.assign(value=traced["cell"].map(weight).fillna(0.0).astype(float) * evidence * share)


def _distances(stops):
    """Kilometres between all stops on the ellipsoid, the same both ways."""
    from pyproj import Geod

    n = len(stops)
    km = np.zeros((n, n))
    i, j = np.triu_indices(n, 1)
    if i.size:
        lon, lat = stops["lon"].to_numpy(float), stops["lat"].to_numpy(float)
        km[i, j] = np.asarray(Geod(ellps="GRS80").inv(lon[i], lat[i], lon[j], lat[j])[2], float) / 1000
    return km + km.T


def _one_day(minutes, value, travel, budget, open_):
    """Positions of the stops of one day in order: as much value as fits, in as little time as that takes."""
    able = np.flatnonzero(open_ & (minutes <= budget))
    worth = value[able] / np.maximum(minutes[able], 1e-9)
    days = []
    for start in able[np.lexsort((able, -worth))][:_SEEDS]:
        route = _better([int(start)], minutes, value, travel, budget, able)
        days.append((-round(float(value[route].sum()), 9), round(_length(route, minutes, travel), 6), route))
    route = min(days)[2] if days else []
    # The better half of the day first: what is cut short is cut at its end.
    if route and (value[route[-1]], -route[-1]) > (value[route[0]], -route[0]):
        route.reverse()
    return route


def _better(route, minutes, value, travel, budget, able):
    """A route improved by shorter orders, further stops and exchanges, until nothing helps."""
    while True:
        route = _fill(_shorten(route, travel), minutes, value, travel, budget, able)
        length = _length(route, minutes, travel)
        moves = []
        for at in range(len(route)):
            rest = route[:at] + route[at + 1 :]
            stop, place, added = _insertions(rest, minutes, travel, able)
            whole = _length(rest, minutes, travel) + added
            gain = value[stop] - value[route[at]]
            helps = (whole <= budget) & ((gain > 1e-9) | ((gain > -1e-9) & (whole < length - 1e-6)))
            moves += [
                (-round(float(gain[k]), 9), round(float(whole[k]), 6), at, int(stop[k]), int(place[k]))
                for k in np.flatnonzero(helps)
            ]
        if not moves:
            return route
        *_, at, stop, place = min(moves)
        route = route[:at] + route[at + 1 :]
        route.insert(place, stop)


def _fill(route, minutes, value, travel, budget, able):
    """Insert stops while any fits, the one of most value per added minute first."""
    while True:
        stop, place, added = _insertions(route, minutes, travel, able)
        fits = _length(route, minutes, travel) + added <= budget
        if not fits.any():
            return route
        stop, place, added = stop[fits], place[fits], added[fits]
        best = np.lexsort((stop, np.round(added, 6), np.round(-value[stop] / np.maximum(added, 1e-9), 9)))[0]
        route.insert(int(place[best]), int(stop[best]))
        route = _shorten(route, travel)


def _insertions(route, minutes, travel, able):
    """Every open stop with its cheapest place in the route and the minutes it adds there."""
    stop = able[~np.isin(able, route)]
    if not route:
        return stop, np.zeros(stop.size, int), minutes[stop]
    to = travel[np.ix_(stop, route)]  # stop x route
    between = to[:, :-1] + to[:, 1:] - travel[route[:-1], route[1:]][None, :]
    added = np.column_stack([to[:, :1], between, to[:, -1:]])
    place = np.round(added, 9).argmin(axis=1)
    return stop, place, minutes[stop] + added[np.arange(stop.size), place]


def _shorten(route, travel):
    """The same stops on a shorter way: parts turned round, single stops moved, while that helps."""
    n = len(route)
    while True:
        best, way = list(route), _way(route, travel)
        for i in range(n):
            for j in range(i + 1, n):
                turned = route[:i] + route[i : j + 1][::-1] + route[j + 1 :]
                rest = route[:i] + route[i + 1 :]
                for other in (
                    turned,
                    [*rest[:j], route[i], *rest[j:]],
                    [*route[:i], route[j], *route[i:j], *route[j + 1 :]],
                ):
                    length = _way(other, travel)
                    if length < way - 1e-6:
                        best, way = other, length
        if best == route:
            return route
        route = best


def _way(route, travel):
    return float(sum(travel[a, b] for a, b in pairwise(route)))


def _length(route, minutes, travel):
    return float(minutes[route].sum()) + _way(route, travel)
