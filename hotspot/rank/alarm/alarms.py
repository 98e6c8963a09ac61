"""
Hourly alarms on 500 m cells: four conditions together, and what is not local kept apart.

An hour is a candidate if a place is above the floor, above its neighbours by the published ratio,
and above what its neighbours, the wind and the region let expect (``expected``); an alarm is hours in
a row that the budget lets through (``gate``; METHODS 10, 19, C2).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.kernels.arrays import Floats, Times
from hotspot.kernels.flags import run_lengths
from hotspot.quality.hours.flags import mask_of
from hotspot.quality.hours.neighbours import nearest
from hotspot.rank.alarm import suppression
from hotspot.rank.alarm.episodes import decide
from hotspot.rank.alarm.network import Network, candidate_rows, fine_rows, hours_of
from hotspot.rules.calendar import offset_hours
from hotspot.rules.criteria import Criteria


def find_alarms(
    stations: xr.Dataset,
    *,
    cells: xr.Dataset,
    criteria: Criteria | None = None,
    fine: xr.Dataset | None = None,
    weather: xr.Dataset | None = None,
    period: str | None = None,
) -> pd.DataFrame:
    """
    Hourly alarms of instrumented cells.

    Parameters
    ----------
    stations : Dataset (station, time)
        Micro-stations, UTC hours without a gap in the axis; at best screened and calibrated.
        ``pm10`` and ``rh2m`` are used where they are there. The past of the wanted period must
        be in it, best two months: it teaches what to expect and what the budget can bear. The
        first week of a network never alarms.
    cells : Dataset (cell), the study's
    criteria : Criteria, optional
    fine : Dataset (sub_cell, time), optional
        The 500 m field with ``support``; hours below the wanted support are never an alarm.
        Without it only sub-cells with a station are looked at.
    weather : Dataset, optional
        ``u10 v10`` and ``blh``: the conditions that make hours alike; ``rh2m`` for stations without humidity.
    period : (datetime64, datetime64), optional
        Local times; only alarms that begin in [first, last) are returned.

    Returns
    -------
    DataFrame, by start and cell, times local:

    - ``alarm``: stable id, ``A2025120105-PR1847K`` (start and cell)
    - ``cell sub_cell``: the sub-cell of the highest hour
    - ``start end``: of the episode, half-open; ``hours``: hours above the threshold in it
    - ``peak mean neighbours``: ug/m3; the mean of those hours, and of the neighbours' median in them
    - ``ratio``: mean / neighbours; ``z``: the largest
    - ``state``: pushed, unconfirmed (a doubtful instrument, or one hour only), suppressed
    - ``why``: the reason with its numbers; empty where nothing speaks against the alarm

    Raises
    ------
    DataError
        Hours are missing in the axis, twice or out of order, or no station lies in a cell.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> alarms = find_alarms(small.stations.sel(time=slice("2025-10-31T16", None)), cells=small.study.cells)
    >>> sorted(set(alarms["state"])), bool((alarms["ratio"] >= 1.4).all())
    (['pushed', 'suppressed', 'unconfirmed'], True)
    """
    criteria = criteria or Criteria()
    table = weigh(stations, cells=cells, criteria=criteria, fine=fine, weather=weather)
    return within(decide(table, criteria.alarms), period)


def within(alarms: pd.DataFrame, period: str | tuple[Any, Any] | None) -> pd.DataFrame:
    """The alarms that begin in a period of local times [first, last); all of them where it is None."""
    if period is None:
        return alarms
    first, last = (pd.Timestamp(edge) for edge in period)
    return alarms[(alarms["start"] >= first) & (alarms["start"] < last)].reset_index(drop=True)


def weigh(
    stations: xr.Dataset,
    *,
    cells: xr.Dataset,
    criteria: Criteria | None = None,
    fine: xr.Dataset | None = None,
    weather: xr.Dataset | None = None,
) -> pd.DataFrame:
    """
    Every hour and place above the floor and its neighbours, with all that is known for and against.

    Parameters
    ----------
    stations, cells, criteria, fine, weather
        As for ``find_alarms``.

    Returns
    -------
    DataFrame: ``sub_cell cell hour time pm25 around ratio z`` and the numbers of
    ``suppression``: ``risen_share n_asked dust_share pm10_ratio rh fireworks doubt``;
    ``hour`` counts along the stations' axis, ``time`` is local. ``attrs``: ``first`` (local time of hour 0),
    ``judged`` (the first hour that may alarm) and ``n_cell`` (instrumented cells)
    """
    network, local = _network(stations, cells, criteria or Criteria(), weather)
    z, spread, judged = network.unusual(local)
    parts = [_rows(network, z)]
    if fine is not None:
        parts += fine_rows(network, fine, hours_of(stations), cells, (z, spread), network.rule)
    table = _timed(pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True), local)
    table = table.sort_values(["cell", "sub_cell", "hour"], kind="stable", ignore_index=True)
    reported = np.isfinite(network.pool["pm25"]).any(axis=1) & network.inside
    table.attrs = {"first": str(local[0]), "judged": judged, "n_cell": len(set(network.cell[reported]))}
    return table


def candidates_of(
    stations: xr.Dataset, *, cells: xr.Dataset, criteria: Criteria, weather: xr.Dataset | None = None
) -> tuple[Network, Callable[[Floats], pd.DataFrame]]:
    """
    For an hourly run that judges for itself: the network, and what makes candidate rows of its z.

    Returns
    -------
    (network, callable): the callable takes z, float64[n_station, n_time] in order of station id, and returns the
    rows of ``weigh``
    """
    network, local = _network(stations, cells, criteria, weather)
    return network, lambda z: _timed(_rows(network, z), local)


def _network(
    stations: xr.Dataset, cells: xr.Dataset, criteria: Criteria, weather: xr.Dataset | None
) -> tuple[Network, Times]:
    """The stations under the rule of their last day, and their local hours."""
    local = hours_of(stations) + offset_hours(float(stations.attrs.get("utc_offset", 8.0)))
    return Network(stations, cells, criteria.alarms.on(local[-1]), criteria, weather), local


def _rows(network: Network, z: Floats, *, usual: bool = True) -> pd.DataFrame:
    """Candidate rows of the places inside."""
    at = network.places
    return candidate_rows(network, network.pool["pm25"][at], z[at], at, network.at(at), network.rule, usual=usual)


def _timed(table: pd.DataFrame, local: Times) -> pd.DataFrame:
    table["time"] = local[table["hour"].to_numpy()]
    table["fireworks"] = suppression.calendar(table["time"].to_numpy().astype("datetime64[h]"))
    return table


def high_hours(
    stations: xr.Dataset, *, cells: xr.Dataset, criteria: Criteria | None = None, weather: xr.Dataset | None = None
) -> pd.DataFrame:
    """
    Every hour and sub-cell with a station above the persistent floor and the ratio, whatever was expected.

    Parameters
    ----------
    stations, cells, criteria, weather
        As for ``find_alarms``.

    Returns
    -------
    DataFrame for ``persistent.find_persistent``: as ``weigh``'s, without ``z`` of meaning, with ``broken``:
    the station had a doubted hour, or was silent for a day, in the four weeks that end with the hour's week
    """
    network, local = _network(stations, cells, criteria or Criteria(), weather)
    rule, places = network.rule, network.places
    high = np.where(network.pool["pm25"] >= rule.persistent_floor, np.inf, np.nan)
    table = _timed(_rows(network, high, usual=False), local)  # here the usual is what is looked for
    week = (local.astype("datetime64[D]").astype(np.int64) + 3) // 7
    odd = network.doubt[places] != 0
    odd |= (network.flags[places] & mask_of(rule.persistent_doubts)) != 0
    silent = run_lengths(np.isnan(network.pool["pm25"][places])) >= rule.persistent_silent
    # Before its first hour a station is not silent, it is not there.
    odd |= silent & (np.cumsum(np.isfinite(network.pool["pm25"][places]), axis=1) > 0)
    count = np.zeros((int(week[-1] - week[0]) + 1, len(places)))
    np.add.at(count, week - week[0], odd.T)
    total = np.cumsum(count, axis=0)
    total[4:] = total[4:] - total[:-4]
    row = {name: at for at, name in enumerate(network.sub_cell[places])}
    at = table["sub_cell"].map(row).to_numpy(np.int64)
    table["broken"] = total[(week - week[0])[table["hour"].to_numpy()], at] > 0
    reported = np.isfinite(network.pool["pm25"]).any(axis=1) & network.inside
    table.attrs = {"n_cell": len(set(network.cell[reported])), "until": str(local[-1] + np.timedelta64(1, "h"))}
    return table


def naive_hours(
    stations: xr.Dataset, *, criteria: Criteria | None = None, floor: float = 0.0, min_hours: int = 1
) -> pd.DataFrame:
    """
    The published rule alone: an hour 50 % above the mean of the three nearest stations.

    Parameters
    ----------
    stations : Dataset (station, time)
    criteria : Criteria, optional
    floor : float
        ug/m3 that must be reached.
    min_hours : int
        An hour counts from the so-manieth in a row.

    Returns
    -------
    DataFrame ``station, hours, months, hours_per_month``, a row per station with three
    neighbours within ``naive_km``, all of which must report; a month is 730.5 hours with a value

    Examples
    --------
    >>> import xarray as xr
    >>> at = {"station": list("abcd"), "lon": ("station", 116 + np.arange(4) / 100), "lat": ("station", [40.0] * 4)}
    >>> time = np.datetime64("2020-01-01", "ns") + np.arange(3) * np.timedelta64(1, "h")
    >>> values = [[90.0, 90.0, 90.0], [40.0] * 3, [40.0] * 3, [40.0] * 3]
    >>> hours = xr.Dataset({"pm25": (("station", "time"), values)}, at | {"time": time})
    >>> naive_hours(hours)["hours"].tolist(), naive_hours(hours, min_hours=2)["hours"].tolist()
    ([3, 0, 0, 0], [2, 0, 0, 0])
    """
    rule = (criteria or Criteria()).alarms
    values = stations["pm25"].transpose("station", "time").values.astype(np.float64)
    names = stations["station"].values.astype(str)
    lon, lat = stations["lon"].values, stations["lat"].values
    near, _ = nearest(
        lon, lat, lon, lat, count=rule.naive_neighbours, within_km=rule.naive_km, names=names, names_other=names
    )
    full = (near >= 0).all(axis=1)
    around = values[np.where(near >= 0, near, 0)]
    count = np.isfinite(around).sum(axis=1)
    mean = np.where(count == rule.naive_neighbours, np.nansum(around, axis=1) / np.maximum(count, 1), np.nan)
    with np.errstate(invalid="ignore"):
        hit = (values >= rule.ratio * mean) & (values >= floor)
    row = np.zeros(len(names), np.int64)
    counted = np.zeros(len(names), np.int64)
    for hour in range(values.shape[1]):
        row = np.where(hit[:, hour], row + 1, 0)
        counted += row >= min_hours
    months = np.isfinite(values).sum(axis=1) / 730.5
    found = pd.DataFrame({"station": names, "hours": counted, "months": months})
    found["hours_per_month"] = counted / np.where(months > 0, months, np.nan)
    return found[full].reset_index(drop=True)
