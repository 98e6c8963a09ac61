"""
Hourly alarms on 500 m cells: four conditions together, and what is not local kept apart.

An hour is a candidate if a place is above the floor, above its neighbours by the published ratio,
and above what its neighbours, the wind and the region let expect (``expected``); an alarm is hours in
a row that the budget lets through (``gate``; METHODS 10, 19, C2).
"""

import numpy as np
import pandas as pd

from hotspot.kernels.alarms import past_medians
from hotspot.kernels.flags import neighbour_medians, run_lengths
from hotspot.quality.flags import mask_of
from hotspot.quality.neighbours import nearest
from hotspot.rank.alarm import suppression
from hotspot.rank.alarm.episodes import decide
from hotspot.rank.alarm.expected import LEVEL, setting_of, tie, unusual
from hotspot.rules.calendar import offset_hours
from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError

_DAY_LEAST = 12  # hours of the last day behind "rose"
_BLOCK = 4096  # sub-cells looked at together, so that memory stays bounded
_SUPPORT = {"measured": 2, "supported": 1}


def find_alarms(stations, *, cells, criteria=None, fine=None, weather=None, period=None):
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


def within(alarms, period):
    """The alarms that begin in a period of local times [first, last); all of them where it is None."""
    if period is None:
        return alarms
    first, last = (pd.Timestamp(edge) for edge in period)
    return alarms[(alarms["start"] >= first) & (alarms["start"] < last)].reset_index(drop=True)


def weigh(stations, *, cells, criteria=None, fine=None, weather=None):
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
    criteria = criteria or Criteria()
    rule = criteria.alarms
    time = _hours(stations)
    local = time + offset_hours(float(stations.attrs.get("utc_offset", 8.0)))
    network = _Network(stations, cells, rule, criteria, weather)
    z, spread, judged = network.unusual(local)
    places = network.places
    parts = [_candidates(network, network.pool["pm25"][places], z[places], places, network.at(places), rule)]
    if fine is not None:
        parts += _fine_parts(network, fine, time, cells, (z, spread), rule)
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    table["time"] = local[table["hour"].to_numpy()]
    table["fireworks"] = suppression.calendar(table["time"].to_numpy().astype("datetime64[h]"))
    table = table.sort_values(["cell", "sub_cell", "hour"], kind="stable", ignore_index=True)
    reported = np.isfinite(network.pool["pm25"]).any(axis=1) & network.inside
    table.attrs = {"first": str(local[0]), "judged": judged, "n_cell": len(set(network.cell[reported]))}
    return table


def candidates_of(stations, *, cells, criteria, weather=None):
    """
    For an hourly run that judges for itself: the network, and what makes candidate rows of its z.

    Returns
    -------
    (network, callable): the callable takes z, float64[n_station, n_time] in order of station id, and returns the
    rows of ``weigh``
    """
    rule = criteria.alarms
    local = _hours(stations) + offset_hours(float(stations.attrs.get("utc_offset", 8.0)))
    network = _Network(stations, cells, rule, criteria, weather)
    places = network.places

    def rows(z):
        table = _candidates(network, network.pool["pm25"][places], z[places], places, network.at(places), rule)
        table["time"] = local[table["hour"].to_numpy()]
        table["fireworks"] = suppression.calendar(table["time"].to_numpy().astype("datetime64[h]"))
        return table

    return network, rows


def high_hours(stations, *, cells, criteria=None, weather=None):
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
    criteria = criteria or Criteria()
    rule = criteria.alarms
    local = _hours(stations) + offset_hours(float(stations.attrs.get("utc_offset", 8.0)))
    network = _Network(stations, cells, rule, criteria, weather)
    places = network.places
    high = np.where(network.pool["pm25"][places] >= rule.persistent_floor, np.inf, np.nan)
    table = _candidates(network, network.pool["pm25"][places], high, places, network.at(places), rule)
    table["time"] = local[table["hour"].to_numpy()]
    table["fireworks"] = suppression.calendar(table["time"].to_numpy().astype("datetime64[h]"))
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


def naive_hours(stations, *, criteria=None, floor=0.0, min_hours=1):
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


def doubts(flags, rule):
    """
    The flags that make an hour doubtful for an alarm.

    Parameters
    ----------
    flags : int64[n_station, n_time], of ``screen``
    rule : criteria.alarms

    Returns
    -------
    int64[n_station, n_time]: those of ``doubtful_flags``, and "neighbours" where a place
    disagreed with them in ``disagree_hours`` of the last 24 hours

    Examples
    --------
    >>> from hotspot.quality.flags import flag
    >>> from hotspot.rules.alarming import Alarms
    >>> odd = np.full((1, 12), flag("neighbours").bit)
    >>> (doubts(odd, Alarms()) != 0).tolist()
    [[False, False, False, False, False, False, False, False, False, True, True, True]]
    """
    told = flags & mask_of(rule.doubtful_flags)
    odd = flags & mask_of(("neighbours",))
    count = np.cumsum(odd != 0, axis=1)
    count[:, 24:] = count[:, 24:] - count[:, :-24]
    return told | np.where(count >= rule.disagree_hours, odd, 0)


class _Network:
    """The stations as plain arrays: what was measured where, and whom to ask about it."""

    def __init__(self, stations, cells, rule, criteria, weather):
        self.rule = rule
        self.utc_offset = float(stations.attrs.get("utc_offset", 8.0))
        order = np.argsort(stations["station"].values.astype(str), kind="stable")
        stations = stations.isel(station=order)
        self.names = stations["station"].values.astype(str)
        self.lon, self.lat = stations["lon"].values.astype(float), stations["lat"].values.astype(float)
        grid = _grid(cells)
        self.sub_cell = np.atleast_1d(grid.child(self.lon, self.lat)).astype(str)
        self.cell = np.atleast_1d(grid.code(*grid.locate(self.lon, self.lat))).astype(str)
        inside = np.isin(self.cell, cells["cell"].values.astype(str))
        if not inside.any():
            raise DataError("stations: none lies in a cell of the study; check the datum of their positions.")
        self.inside = inside
        self.weather = weather
        measured = _matrix(stations, "pm25")
        self.pool = {"pm25": measured, "last_day": past_medians(measured, 24, _DAY_LEAST)}
        self.pm10 = _matrix(stations, "pm10") if "pm10" in stations else None
        if self.pm10 is not None:
            self.pool["pm10"] = self.pm10
        self.error = _matrix(stations, "pm25_error") if "pm25_error" in stations else None
        self.rh = _humidity(stations, weather)
        self.flags = np.zeros(measured.shape, np.int64)
        if "pm25_flags" in stations:
            self.flags = _matrix(stations, "pm25_flags", np.int64)
        self.doubt = doubts(self.flags, rule)
        # One place per sub-cell: of two stations in it the first by id speaks.
        _, first = np.unique(self.sub_cell, return_index=True)
        self.places = np.sort(first[inside[first]])

    def unusual(self, local):
        """z of every station and hour, its spread, and the first hour that may alarm."""
        weather = None
        if self.weather is not None:
            utc = local - offset_hours(self.utc_offset)
            weather = self.weather.reindex(time=utc.astype("datetime64[ns]"))
        setting = setting_of(local, self.lon, self.lat, weather)
        ties = tie(self.lon, self.lat, self.cell, self.names, self.rule)
        return unusual(self.pool["pm25"], self.doubt != 0, setting, ties, self.rule)

    def doubted_by(self, rows):
        """What is taken off a value before it is compared, ug/m3: a share of the station's stated error."""
        return 0.0 if self.error is None else self.rule.surely * np.nan_to_num(self.error[rows])

    def at(self, rows):
        """Where some stations stand, as ``_candidates`` asks for it."""
        return {name: getattr(self, name)[rows] for name in ("sub_cell", "cell", "lon", "lat")}

    def around(self, lon, lat, names=None):
        """Neighbours of some places, rows of the pool."""
        return nearest(
            lon, lat, self.lon, self.lat,
            count=self.rule.neighbours, within_km=self.rule.neighbour_km, names=names, names_other=self.names,
        )[0]  # fmt: skip

    def region(self, lon, lat, cell):
        """Stations to ask whether all the region rose: near, but of other cells."""
        return nearest(
            lon, lat, self.lon, self.lat,
            count=self.rule.regional_stations, within_km=self.rule.regional_km, names=cell, names_other=self.cell,
        )[0]  # fmt: skip


def _candidates(network, values, z, station, place, rule):
    """
    Candidate hours of some places.

    values : float64[n_place, n_time], ug/m3
    z : float64[n_place, n_time], of the station that speaks for each place
    station : int64[n_place], the station that speaks for each place
    place : dict of arrays [n_place]: ``sub_cell cell lon lat``
    """
    lon, lat = place["lon"], place["lat"]
    around = neighbour_medians(
        network.pool["pm25"],
        network.around(lon, lat, network.names[station]),
        rule.min_neighbours,
    )
    with np.errstate(invalid="ignore"):
        least = values - network.doubted_by(station)
        wanted = (least >= rule.floor) & (least >= rule.ratio * around)
        wanted &= z >= rule.z_min
    at, hour = np.nonzero(wanted)
    told = suppression.witnesses(hour, network.region(lon, lat, place["cell"])[at], network.pool, rule)
    level, station = values[at, hour], station[at]
    blank = np.full(len(hour), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        pm10_ratio = (
            blank if network.pm10 is None else network.pool["pm25"][station, hour] / network.pm10[station, hour]
        )
    return pd.DataFrame(
        {
            "sub_cell": place["sub_cell"][at],
            "cell": place["cell"][at],
            "hour": hour,
            "pm25": level,
            "around": around[at, hour],
            "ratio": level / around[at, hour],
            "z": z[at, hour],
            **told,
            "pm10_ratio": pm10_ratio,
            "rh": blank if network.rh is None else network.rh[station, hour],
            "doubt": network.doubt[station, hour],
        }
    )


def _fine_parts(network, fine, time, cells, judged, rule):
    """Candidates of supported sub-cells without a station of their own, in blocks."""
    names = fine["sub_cell"].values.astype(str)
    parent = np.array([name.rsplit("-", 1)[0] for name in names])
    wanted = np.isin(parent, cells["cell"].values.astype(str)) & ~np.isin(names, network.sub_cell)
    lon, lat = fine["lon"].values, fine["lat"].values
    parts = []
    for block in np.array_split(np.flatnonzero(wanted), max(1, -(-int(wanted.sum()) // _BLOCK))):
        if not len(block):
            continue
        part = fine.isel(sub_cell=block).reindex(time=time)
        values = part["pm25"].transpose("sub_cell", "time").values.astype(np.float64)
        support = part["support"].transpose("sub_cell", "time").values
        with np.errstate(invalid="ignore"):
            values[~(support >= _SUPPORT[rule.support])] = np.nan
        speaker = nearest(
            lon[block], lat[block], network.lon, network.lat,
            count=1, within_km=rule.neighbour_km, names_other=network.names,
        )[0][:, 0]  # fmt: skip
        near = speaker >= 0
        place = {"sub_cell": names[block][near], "cell": parent[block][near], "lon": lon[block][near]}
        place["lat"] = lat[block][near]
        values, speaker = values[near], speaker[near]
        with np.errstate(invalid="ignore", divide="ignore"):
            # Expected of a place is what is expected of the station that speaks for it.
            more = np.log((values + LEVEL) / (network.pool["pm25"][speaker] + LEVEL)) / judged[1][speaker]
        parts.append(_candidates(network, values, judged[0][speaker] + more, speaker, place, rule))
    return parts


def _grid(cells):
    from hotspot.grid.lattice import Grid

    national = Grid(float(cells.attrs["spacing"]))
    return national if national.id == cells.attrs["lattice_id"] else Grid(national.spacing, crs=cells.attrs["crs"])


def _humidity(stations, weather):
    """Relative humidity, own or the weather's, float64[n_station, n_time]; None where nobody measured it."""
    if "rh2m" in stations:
        return _matrix(stations, "rh2m")
    if weather is None or "rh2m" not in weather:
        return None
    rh = weather["rh2m"].reindex(time=stations["time"].values)
    if {"lat", "lon"} <= set(rh.dims):
        rh = rh.sel(lat=stations["lat"], lon=stations["lon"], method="nearest")
        return np.array(rh.transpose("station", "time").values, np.float64)
    if rh.dims != ("time",):
        return None
    return np.tile(rh.values.astype(np.float64), (stations.sizes["station"], 1))


def _hours(stations):
    """The stations' hours, UTC; refused where they do not follow each other."""
    time = stations["time"].values.astype("datetime64[ns]")
    if time.size == 0 or (np.diff(time) != np.timedelta64(1, "h")).any():
        raise DataError("stations: alarms need every hour of the axis, in order; give one unbroken period.")
    return time


def _matrix(data, name, dtype=np.float64):
    return np.array(data[name].transpose("station", "time").values, dtype=dtype, order="C")
