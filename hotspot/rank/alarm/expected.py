"""
What a station should read in an hour, given its neighbours, the wind and the region; and how
unusual what it did read is.

The city's worst places are high every day in the same wind. What their neighbours, the wind, the
hour of the day and the mixed depth explain is expected and no alarm; what is left is judged by how
much is usually left there under the same conditions (METHODS 19).
"""

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.alarms import past_medians
from hotspot.kernels.arrays import Flags, Floats, Ints, Texts, Times
from hotspot.kernels.flags import neighbour_medians
from hotspot.one_thread import one_thread
from hotspot.quality.hours.neighbours import nearest
from hotspot.quality.means.seen import LEVEL, median_of_seen
from hotspot.rules.alarming import Alarms

if TYPE_CHECKING:
    import xarray as xr

WEEK, DAY = 168, 24
_CALM, _SHALLOW = 0.3, 50.0  # m/s and m: below them direction and depth are not told apart
_USUAL_DEPTH = 500.0  # m, where no mixed depth was delivered


@dataclass(frozen=True)
class Setting:
    """
    The conditions of every hour.

    hour : int64[n_time], local hours since 1970
    wind : float64[n_place, n_time, 4]: direction as cos and sin (0 where not known), log speed, log depth
    place : int64[n_station], whose wind is a station's
    """

    hour: np.ndarray
    wind: np.ndarray
    place: np.ndarray

    def basis(self, place: int) -> Floats:
        """Regressors of one place, float64[n_basis, n_time]; a constant is the last."""
        turn = 2 * np.pi * (self.hour % DAY) / DAY
        east, north, speed, depth = self.wind[place].T
        waves = [np.sin(turn), np.cos(turn), np.sin(2 * turn), np.cos(2 * turn)]
        blown = [east, north, east**2 - north**2, 2 * east * north, speed, speed * east, speed * north, depth]
        return np.stack([*waves, *blown, np.ones(self.hour.size)])

    def part(self, at: slice) -> "Setting":
        """The setting of some hours."""
        return Setting(self.hour[at], self.wind[:, at], self.place)


def setting_of(local: Times, lon: Floats, lat: Floats, weather: "xr.Dataset | None") -> Setting:
    """
    The conditions at some stations.

    Parameters
    ----------
    local : datetime64[n_time], local hours
    lon, lat : float64[n_station]
    weather : Dataset (time) or (time, lat, lon) on the same hours, or None
        ``u10 v10`` and ``blh`` where there.

    Returns
    -------
    Setting; without wind the hour of the day alone tells hours apart

    Examples
    --------
    >>> local = np.datetime64("2025-12-01T00", "h") + np.arange(3)
    >>> setting_of(local, np.array([116.0]), np.array([40.0]), None).wind.shape
    (1, 3, 4)
    """
    hour = local.astype("datetime64[h]").astype(np.int64)
    place = np.zeros(len(lon), np.int64)
    if weather is None or not {"u10", "v10"} <= set(weather):
        return Setting(hour, np.zeros((1, hour.size, 4)), place)
    names = [name for name in ("u10", "v10", "blh") if name in weather]
    if {"lat", "lon"} <= set(weather["u10"].dims):
        row, column = (
            np.abs(weather[name].values[None] - at[:, None]).argmin(axis=1) for name, at in (("lat", lat), ("lon", lon))
        )
        point, place = np.unique(row * weather.sizes["lon"] + column, return_inverse=True)
        row, column = np.divmod(point, weather.sizes["lon"])
        found = {k: weather[k].transpose("lat", "lon", "time").values[row, column].astype(float) for k in names}
    else:
        found = {k: weather[k].values.reshape(-1, hour.size)[:1].astype(float) for k in names}
    speed = np.hypot(found["u10"], found["v10"])
    depth = found.get("blh", np.full(speed.shape, np.nan))
    along = np.maximum(speed, _CALM)
    wind = np.stack(
        [
            np.nan_to_num(found["u10"] / along),
            np.nan_to_num(found["v10"] / along),
            np.log(np.where(np.isfinite(speed), along, 1.0)),
            np.log(np.maximum(np.nan_to_num(depth, nan=_USUAL_DEPTH), _SHALLOW) / _USUAL_DEPTH),
        ],
        axis=-1,
    )
    return Setting(hour, wind, place.astype(np.int64))


@dataclass(frozen=True)
class Ties:
    """Whom each station is compared with: rows of the network, -1 where there is none."""

    near: np.ndarray  # int64[n_station, k], neighbours, the nearest first
    region: np.ndarray  # int64[n_station, n], stations of other cells


def tie(lon: Floats, lat: Floats, cell: Texts, names: Texts, rule: Alarms) -> Ties:
    """The ties of a network; see ``Ties``. ``rule``: criteria.alarms."""
    near = nearest(
        lon, lat, lon, lat, count=rule.expect_stations, within_km=rule.neighbour_km, names=names, names_other=names
    )[0]
    region = nearest(
        lon, lat, lon, lat, count=rule.regional_stations, within_km=rule.regional_km, names=cell, names_other=cell
    )[0]
    return Ties(near, region)


def apart(values: Floats, ties: Ties) -> tuple[Floats, Floats]:
    """
    Logarithms of every station, and its region's: two float64[n_station, n_time].

    The region's is the median of the other cells' stations; where none reported, of the network.
    """
    logs = np.log(np.maximum(values, 0.0) + LEVEL)
    region = neighbour_medians(logs, ties.region, 1)
    region = np.where(np.isfinite(region), region, median_of_seen(logs))
    return logs, region


def _regressors(logs: Floats, region: Floats, near: Ints, basis: Floats) -> Floats:
    """What speaks for one station: neighbours above its region, its region, the conditions."""
    beside = np.nan_to_num(logs[near[near >= 0]] - region)
    return np.concatenate([beside, np.nan_to_num(region - np.log(60.0 + LEVEL))[None], basis])


@one_thread
def learn(logs: Floats, region: Floats, setting: Setting, ties: Ties, rule: Alarms) -> Floats:
    """
    Coefficients of every station, by ridge regression; hours far off do not pull.

    Parameters
    ----------
    logs, region : float64[n_station, n_time], from ``apart``, of the hours that teach
    setting : Setting of these hours

    Returns
    -------
    float64[n_station, n], NaN for a station with fewer than ``fit_hours`` hours
    """
    basis = [setting.basis(place) for place in range(len(setting.wind))]
    n_near = ties.near.shape[1]
    found = np.full((len(logs), n_near + 1 + basis[0].shape[0]), np.nan)
    for at in range(len(logs)):
        known = np.isfinite(logs[at])
        if known.sum() < rule.fit_hours:
            continue
        x = _regressors(logs, region[at], ties.near[at], basis[setting.place[at]])[:, known]
        y = (logs[at] - region[at])[known]
        ridge = np.full(len(x), rule.ridge_hours)
        ridge[-1] = 1e-6
        square = x @ x.T + np.diag(ridge)
        told = y
        for _ in range(3):
            fitted = np.linalg.solve(square, x @ told)
            rest = y - fitted @ x
            scatter = 1.4826 * np.median(np.abs(rest - np.median(rest))) + 0.02
            told = fitted @ x + np.clip(rest, -rule.fit_clip * scatter, rule.fit_clip * scatter)
        found[at, np.r_[: len(x) - 1 - len(basis[0]), n_near : found.shape[1]]] = fitted
    return found


@one_thread
def left(own: Floats, logs: Floats, region: Floats, setting: Setting, ties: Ties, fitted: Floats) -> Floats:
    """
    What the neighbours and the conditions do not explain.

    Parameters
    ----------
    own : float64[n_station, n_time], logarithms to explain
    logs, region, setting, ties : as for ``learn``; ``logs`` speak for the neighbours
    fitted : from ``learn``

    Returns
    -------
    float64[n_station, n_time], log units
    """
    basis = [setting.basis(place) for place in range(len(setting.wind))]
    n_near = ties.near.shape[1]
    rest = np.full(own.shape, np.nan)
    for at in range(len(own)):
        if np.isnan(fitted[at, -1]):
            continue
        x = _regressors(logs, region[at], ties.near[at], basis[setting.place[at]])
        used = fitted[at, np.r_[: len(x) - 1 - len(basis[0]), n_near : fitted.shape[1]]]
        rest[at] = own[at] - region[at] - used @ x
    return rest


def judge(
    rest: Floats, past: Floats, now: Setting, before: Setting, rule: Alarms, *, same_day: bool = True
) -> tuple[Floats, Floats]:
    """
    Robust z of what is left, against what was left at the same station under like conditions.

    Parameters
    ----------
    rest : float64[n_station, n_now], hours to judge
    past : float64[n_station, n_past]
    now, before : Setting of these hours
    rule : criteria.alarms
    same_day : bool
        False: hours of the same local day do not speak, for a past that holds the hour itself.

    Returns
    -------
    (z, spread): float64[n_station, n_now] each; the spread in log units

    Notes
    -----
    Nadaraya-Watson: weights ``exp(-(1 - cos a) / w^2 - dh^2 / 2 s^2 - ...)`` over the angle of the
    wind, the hour of the day, log speed and log depth give a mean and a variance; the station's
    own overall variance counts as ``spread_hours`` like hours.
    """
    n_past = past.shape[1]
    usual = 1.4826 * past_medians(np.abs(past), np.array([n_past]), n_past, 1)
    clipped = np.clip(past, -rule.spread_clip * usual, rule.spread_clip * usual)
    seen = np.isfinite(clipped)
    known = np.where(seen, clipped, 0.0)
    own = (known**2).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    hours = np.abs(now.hour[:, None] % DAY - before.hour[None] % DAY)
    alike = -0.5 * (np.minimum(hours, DAY - hours) / rule.like_hours) ** 2
    z, spreads = np.full(rest.shape, np.nan), np.full(rest.shape, np.nan)
    for place in range(len(now.wind)):
        here = now.place == place
        a, b = now.wind[place], before.wind[place]
        like = alike + (a[:, :2] @ b[:, :2].T - 1.0) / rule.like_angle**2
        like = like - 0.5 * ((a[:, None, 2] - b[None, :, 2]) / 0.5) ** 2 - 0.5 * (a[:, None, 3] - b[None, :, 3]) ** 2
        weight = np.exp(like)
        if not same_day:
            weight[now.hour[:, None] // DAY == before.hour[None] // DAY] = 0.0
        n = seen[here].astype(float) @ weight.T + rule.spread_hours
        mean = (known[here] @ weight.T) / n
        square = (known[here] ** 2 @ weight.T + rule.spread_hours * own[here, None]) / n
        spread = np.sqrt(np.maximum(square - mean**2, 0.0))
        spreads[here] = np.maximum(spread, rule.scatter_floor)
        z[here] = (rest[here] - mean) / spreads[here]
    return z, spreads


@one_thread
def unusual(values: Floats, doubted: Flags, setting: Setting, ties: Ties, rule: Alarms) -> tuple[Floats, Floats, int]:
    """
    Robust z of every station and hour, each from hours before its own local day only.

    Parameters
    ----------
    values : float64[n_station, n_time], ug/m3, consecutive hours, NaN where missing
    doubted : bool[n_station, n_time], hours that are judged and teach nobody
    rule : criteria.alarms

    Returns
    -------
    (z, spread, judged): float64[n_station, n_time] each; the first hour that may alarm. The first week with
    a value is judged by that week itself: it teaches a threshold and never alarms
    """
    z, spread = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    n_time = values.shape[1]
    clean = np.where(doubted, np.nan, values)
    told = np.flatnonzero(np.isfinite(clean).any(axis=0))
    if not told.size or n_time - told[0] <= WEEK:
        return z, spread, n_time
    start = int(told[0])
    first = start + WEEK
    logs, region = apart(clean, ties)
    own = np.log(np.maximum(values, 0.0) + LEVEL)
    rest = np.full(values.shape, np.nan)
    # Refitted in absolute weeks and judged in local days, so that where a delivery begins changes little.
    for begin, end in _stretches(first, n_time, setting.hour, WEEK):
        some = slice(max(start, begin - WEEK * rule.fit_weeks), begin)
        fitted = learn(logs[:, some], region[:, some], setting.part(some), ties, rule)
        after = slice(start if begin == first else begin, end)
        rest[:, after] = left(own[:, after], logs[:, after], region[:, after], setting.part(after), ties, fitted)
    taught = np.where(doubted, np.nan, rest)
    week = slice(start, first)
    z[:, week], spread[:, week] = judge(
        rest[:, week], taught[:, week], setting.part(week), setting.part(week), rule, same_day=False
    )
    for begin, end in _stretches(first, n_time, setting.hour, DAY):
        now, some = slice(begin, end), slice(max(start, begin - WEEK * rule.spread_weeks), begin)
        z[:, now], spread[:, now] = judge(rest[:, now], taught[:, some], setting.part(now), setting.part(some), rule)
    return z, spread, first


def _stretches(first: int, end: int, hour: Ints, every: int) -> list[tuple[int, int]]:
    """(begin, end) of the parts of [first, end) cut where the clock is a multiple of ``every``."""
    cuts = np.flatnonzero(hour % every == 0)
    edges = [first, *cuts[(cuts > first) & (cuts < end)].tolist(), end]
    return [(a, b) for a, b in itertools.pairwise(edges) if b > a]
