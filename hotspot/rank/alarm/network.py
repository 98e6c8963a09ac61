"""
The stations as plain arrays: what was measured where, whom to ask about it, and which hours are candidates.
"""

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.grid.cover import grid_of
from hotspot.kernels.alarms import past_medians
from hotspot.kernels.arrays import Floats, Ints, Texts, Times
from hotspot.kernels.flags import neighbour_medians
from hotspot.quality.hours.flags import mask_of
from hotspot.quality.hours.neighbours import nearest
from hotspot.quality.hours.screen import humidity_at
from hotspot.quality.means.seen import LEVEL, matrix
from hotspot.rank.alarm import suppression
from hotspot.rank.alarm.expected import DAY, setting_of, tie, unusual
from hotspot.rules.alarming import Alarms
from hotspot.rules.calendar import offset_hours
from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError

_BLOCK = 4096  # sub-cells looked at together, so that memory stays bounded
_SUPPORT = {"measured": 2, "supported": 1}


def doubts(flags: Ints, rule: Alarms) -> Ints:
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
    >>> from hotspot.quality.hours.flags import flag
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


class Network:
    """The stations as plain arrays: what was measured where, and whom to ask about it."""

    def __init__(
        self, stations: xr.Dataset, cells: xr.Dataset, rule: Alarms, criteria: Criteria, weather: xr.Dataset | None
    ) -> None:
        self.rule = rule
        self.utc_offset = float(stations.attrs.get("utc_offset", 8.0))
        order = np.argsort(stations["station"].values.astype(str), kind="stable")
        stations = stations.isel(station=order)
        self.names = stations["station"].values.astype(str)
        self.lon, self.lat = stations["lon"].values.astype(float), stations["lat"].values.astype(float)
        grid = grid_of(cells)
        self.sub_cell = np.atleast_1d(grid.child(self.lon, self.lat)).astype(str)
        self.cell = np.atleast_1d(grid.code(*grid.locate(self.lon, self.lat))).astype(str)
        inside = np.isin(self.cell, cells["cell"].values.astype(str))
        if not inside.any():
            raise DataError("stations: none lies in a cell of the study; check the datum of their positions.")
        self.inside = inside
        self.weather = weather
        measured = matrix(stations, "pm25")
        hours = np.arange(measured.shape[1])
        local = hours_of(stations) + offset_hours(self.utc_offset)
        self.days = (local.astype("datetime64[h]").astype(np.int64)[0] + hours) // DAY  # the local day of each hour
        self.pool = {"pm25": measured, "last_day": past_medians(measured, hours, DAY, rule.regional_hours)}
        self.pm10 = matrix(stations, "pm10") if "pm10" in stations else None
        if self.pm10 is not None:
            self.pool["pm10"] = self.pm10
        self.error = matrix(stations, "pm25_error") if "pm25_error" in stations else None
        self.rh = matrix(stations, "rh2m") if "rh2m" in stations else humidity_at(stations, weather)
        self.flags: Ints = np.zeros(measured.shape, np.int64)
        if "pm25_flags" in stations:
            self.flags = matrix(stations, "pm25_flags", np.int64)
        self.doubt = doubts(self.flags, rule)
        # One place per sub-cell: of two stations in it the first by id speaks.
        _, first = np.unique(self.sub_cell, return_index=True)
        self.places = np.sort(first[inside[first]])

    def unusual(self, local: Times) -> tuple[Floats, Floats, int]:
        """z of every station and hour, its spread, and the first hour that may alarm."""
        weather = None
        if self.weather is not None:
            utc = local - offset_hours(self.utc_offset)
            weather = self.weather.reindex(time=utc.astype("datetime64[ns]"))
        setting = setting_of(local, self.lon, self.lat, weather)
        ties = tie(self.lon, self.lat, self.cell, self.names, self.rule)
        return unusual(self.pool["pm25"], self.doubt != 0, setting, ties, self.rule)

    def at(self, rows: Ints) -> dict[str, np.ndarray]:
        """Where some stations stand, as ``candidate_rows`` asks for it."""
        return {name: getattr(self, name)[rows] for name in ("sub_cell", "cell", "lon", "lat")}

    def around(self, lon: Floats, lat: Floats, names: Texts | None = None) -> Ints:
        """Neighbours of some places, rows of the pool."""
        return nearest(
            lon, lat, self.lon, self.lat,
            count=self.rule.neighbours, within_km=self.rule.neighbour_km, names=names, names_other=self.names,
        )[0]  # fmt: skip

    def region(self, lon: Floats, lat: Floats, cell: Texts) -> Ints:
        """Stations to ask whether all the region rose: near, but of other cells."""
        return nearest(
            lon, lat, self.lon, self.lat,
            count=self.rule.regional_stations, within_km=self.rule.regional_km, names=cell, names_other=self.cell,
        )[0]  # fmt: skip


def candidate_rows(
    network: Network,
    values: Floats,
    z: Floats,
    station: Ints,
    place: dict[str, np.ndarray],
    rule: Alarms,
    *,
    usual: bool = True,
) -> pd.DataFrame:
    """
    Candidate hours of some places.

    values : float64[n_place, n_time], ug/m3
    z : float64[n_place, n_time], of the station that speaks for each place
    station : int64[n_place], the station that speaks for each place
    place : dict of arrays [n_place]: ``sub_cell cell lon lat``
    usual : what a place usually reads beside its neighbours is taken off before it is compared with them
    """
    lon, lat = place["lon"], place["lat"]
    around = neighbour_medians(
        network.pool["pm25"],
        network.around(lon, lat, network.names[station]),
        rule.min_neighbours,
    )
    own, margin = values, np.zeros(values.shape)
    if network.error is not None:
        own, margin = _less_usual(values, around, network.error[station], network.days if usual else None, rule)
    with np.errstate(invalid="ignore"):
        wanted = (values - margin >= rule.floor) & (values >= rule.ratio * around)
        wanted &= own - margin >= rule.ratio * around
        # Below the full level a rise is worth less of the budget: in clean months they may fill it, in others not.
        z = z * np.minimum(values / max(rule.full_level, 1e-9), 1.0) ** 2
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


def _less_usual(
    values: Floats, around: Floats, error: Floats, days: Ints | None, rule: Alarms
) -> tuple[Floats, Floats]:
    """
    Values less what their instruments usually read beside the neighbours, and the margin they still must leave.

    Unknown in the first days, without a stated error, and where no ``days`` are given.
    """
    known, own = np.zeros(values.shape, bool), values
    if days is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            lean = _lean(np.log((values + LEVEL) / (around + LEVEL)), days, rule)
        known = np.isfinite(lean) & np.isfinite(error)
        own = np.where(known, values / np.exp(lean), values)
    return own, np.where(known, rule.surely_usual, rule.surely) * np.nan_to_num(error)


def _lean(apart: Floats, days: Ints, rule: Alarms) -> Floats:
    """
    How far each instrument usually reads from its neighbours, by the days before its own; NaN while unknown.

    A level that each day's median moves by ``usual_share`` of the way (and the first days by their mean): it follows an
    instrument that drifts within days, and an episode of hours moves no day's median far.
    """
    _, begin, day = np.unique(days, return_index=True, return_inverse=True)
    medians = past_medians(apart, begin, DAY, rule.usual_hours)  # of the day before each
    level, seen, lean = np.zeros(len(apart)), np.zeros(len(apart)), np.full(medians.shape, np.nan)
    for at, told in enumerate(medians.T):
        there = np.isfinite(told)
        seen += there
        share = np.maximum(rule.usual_share, 1.0 / np.maximum(seen, 1.0))
        level = np.where(there, level + share * (told - level), level)
        lean[:, at] = np.where(seen >= rule.usual_days, level, np.nan)
    return lean[:, day]


def fine_rows(
    network: Network, fine: xr.Dataset, time: Times, cells: xr.Dataset, judged: tuple[Floats, Floats], rule: Alarms
) -> list[pd.DataFrame]:
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
        # Beside the field where the station stands, if it is there: in both its gain is taken off.
        read = network.pool["pm25"][speaker]
        there = fine["pm25"].reindex(sub_cell=network.sub_cell[speaker], time=time).transpose("sub_cell", "time").values
        told = np.where(np.isfinite(read) & np.isfinite(there), there, read)
        with np.errstate(invalid="ignore", divide="ignore"):
            # Expected of a place is what is expected of the station that speaks for it.
            more = np.log((values + LEVEL) / (told + LEVEL)) / judged[1][speaker]
        parts.append(candidate_rows(network, values, judged[0][speaker] + more, speaker, place, rule))
    return parts


def hours_of(stations: xr.Dataset) -> Times:
    """The stations' hours, UTC; refused where they do not follow each other."""
    time = stations["time"].values.astype("datetime64[ns]")
    if time.size == 0 or (np.diff(time) != np.timedelta64(1, "h")).any():
        raise DataError("stations: alarms need every hour of the axis, in order; give one unbroken period.")
    return time
