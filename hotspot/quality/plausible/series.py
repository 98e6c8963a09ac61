"""One month of one network as plain arrays, and what the stations around say of each hour."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from hotspot.quality.means.seen import matrix
from hotspot.quality.plausible.finding import Finding, Weight
from hotspot.rules.plausible import Plausible
from hotspot.rules.pollutants import SLOT
from hotspot.variables import DataError


@dataclass(frozen=True, eq=False)
class Series:
    """
    The hours of one local month.

    ids : str[n], lon, lat : float64[n]
    values : float64[n, n_hour], ug/m3, as they would enter a field; hours in order, NaN where missing
    local : datetime64[h][n_hour], local start of each hour
    others, other_lon, other_lat, other_ids : every station that may be a neighbour, these included
    """

    month: str
    file: str
    ids: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    values: np.ndarray
    local: np.ndarray
    others: np.ndarray
    other_ids: np.ndarray
    other_lon: np.ndarray
    other_lat: np.ndarray
    rules: Plausible
    micro: bool = False
    utc_offset: float = field(default=8.0)

    @cached_property
    def neighbour(self) -> np.ndarray:
        """int64[n, k]: the nearest others that reported in this month, -1 where there are no more."""
        from hotspot.quality.hours.neighbours import nearest

        spoke = np.isfinite(self.others).sum(axis=1) >= self.rules.min_hours
        at = np.flatnonzero(spoke)
        near, _ = nearest(
            self.lon,
            self.lat,
            self.other_lon[at],
            self.other_lat[at],
            count=self.rules.neighbours,
            within_km=self.rules.neighbour_km,
            names=self.ids,
            names_other=self.other_ids[at],
        )
        return np.where(near >= 0, np.append(at, -1)[near], -1)

    def of_all(self, kind: str, words: str) -> Finding:
        """What is found of all stations together stops the month."""
        days = self.local[[0, -1]].astype("datetime64[D]").astype(str).tolist()
        return Finding(self.file, "all stations", self.month, 0, kind, words, "stop", *days)

    @cached_property
    def logs(self) -> np.ndarray:
        """float64[n, n_hour]: logarithm of what is above zero."""
        return _logs(self.values)

    @cached_property
    def expected(self) -> np.ndarray:
        """float64[n, n_hour]: median logarithm of the neighbours, NaN where too few reported."""
        from hotspot.kernels import flags

        return flags.neighbour_medians(_logs(self.others), self.neighbour, self.rules.min_neighbours)

    @cached_property
    def level(self) -> np.ndarray:
        """float64[n]: median log ratio to the neighbours over the month, as ``level_of``."""
        return self.level_of(1.0)

    def level_of(self, factor: float) -> np.ndarray:
        """float64[n]: the level, were every value so many times what it is; NaN where too few hours have both."""
        add = self.rules.level_add
        if add or factor != 1.0:
            apart = _logs(np.where(self.values > 0, self.values * factor + add, np.nan))
            apart = apart - np.log(np.exp(self.expected) + add)
        else:
            apart = self.logs - self.expected
        apart = apart[:, self.told]
        enough = np.isfinite(apart).sum(axis=1) >= self.rules.min_hours
        out = np.full(len(self.ids), np.nan)
        out[enough] = np.nanmedian(apart[enough], axis=1)
        return out

    @cached_property
    def told(self) -> np.ndarray:
        """bool[n_hour]: hours of the day of which level and effect are told."""
        hour = (self.local - self.local.astype("datetime64[D]")).astype(np.int64)
        return (hour >= self.rules.told_hours[0]) & (hour < self.rules.told_hours[1])

    @cached_property
    def mean(self) -> np.ndarray:
        """float64[n]: mean of all hours that are told of, ug/m3."""
        values = self.values[:, self.told]
        n = np.isfinite(values).sum(axis=1)
        return np.where(n > 0, np.nansum(values, axis=1) / np.maximum(n, 1), np.nan)

    def effect(self, at: int, hours: np.ndarray) -> tuple[float, float]:
        """
        How far some hours move a station's month: its mean as delivered, and with what its neighbours say instead.

        Without neighbours the station's other hours stand in; NaN where nothing does.
        """
        own, told = self.values[at], self.expected[at]
        seen = np.isfinite(own)
        rest = seen & ~hours
        apart = (self.logs[at] - told)[rest]
        apart = apart[np.isfinite(apart)]
        lean = float(np.median(apart)) if apart.size >= 24 else 0.0
        with np.errstate(over="ignore"):
            instead = np.exp(told + lean)
        usual = float(np.median(own[rest])) if rest.sum() >= 48 else np.nan
        filled = np.where(hours, np.where(np.isfinite(instead), instead, usual), own)
        seen = seen & self.told
        if not seen.any():
            return 0.0, 0.0  # hours that no value of a day is made of
        return float(np.mean(own[seen])), float(np.mean(filled[seen]))

    def matters(self, at: int, hours: np.ndarray) -> bool:
        """Whether these hours would change a published number: the mean moves, or nobody can say that it does not."""
        if self.micro:
            return False
        was, instead = self.effect(at, hours)
        if not np.isfinite(instead):
            return True
        return abs(was - instead) > max(self.rules.effect_floor, self.rules.effect_share * instead)

    def finding(
        self, at: int, kind: str, words: str, hours: np.ndarray | None = None, weight: Weight = "stop"
    ) -> Finding:
        """A finding of one station: of some of its hours, or of all that it reported."""
        hours = np.isfinite(self.values[at]) if hours is None else hours
        days = self.local[hours].astype("datetime64[D]").astype(str)
        first, last = (str(days[0]), str(days[-1])) if days.size else ("", "")
        return Finding(self.file, str(self.ids[at]), self.month, int(hours.sum()), kind, words, weight, first, last)


def months_of(
    data: Any, names: Sequence[str], *, pool: Any, file_of: Any, rules: Plausible, variable: str = SLOT
) -> list[Series]:
    """
    The months of a network, oldest first; months without a value are left out.

    Parameters
    ----------
    data : Dataset (station, time), hourly, UTC, attribute ``utc_offset``
    names : sequence of str, "YYYY-MM"
    pool : Dataset (station, time) or None
        Other stations that may be neighbours.
    file_of : callable of a month, gives the delivered file's name
    variable : str, what is judged

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> month = synthetic_month(size="small")
    >>> found = months_of(month.reference, ["2025-12"], pool=None, file_of=str, rules=Plausible())
    >>> found[0].values.shape == (month.reference.sizes["station"], 744)
    True
    """
    local, cut = _cutter(data, pool, rules, variable)
    which = local.astype("datetime64[M]").astype(str)
    parts = [cut(name, file_of(name), which == name) for name in names]
    return [one for one in parts if np.isfinite(one.values).any()]


def lately(data: Any, *, file: str, rules: Plausible) -> Series:
    """
    All hours of a network as one series, named after the month they end in: what is followed hour by hour.

    Parameters
    ----------
    data, rules
        As for ``months_of``.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> hours = synthetic_month(size="small").reference.isel(time=slice(-1000, -300))
    >>> series = lately(hours, file="live", rules=Plausible())
    >>> series.month, series.values.shape[1]
    ('2025-12', 700)
    """
    local, cut = _cutter(data, None, rules, SLOT)
    return cut(str(local[-1].astype("datetime64[M]")), file, np.ones(local.size, bool))


def _cutter(
    data: Any, pool: Any, rules: Plausible, variable: str
) -> tuple[np.ndarray, Callable[[str, str, np.ndarray], Series]]:
    """The local hours of a network, and what makes a ``Series`` of some of them."""
    offset = float(data.attrs.get("utc_offset", 8.0))
    time = data["time"].values.astype("datetime64[ns]")
    if (np.diff(time) <= np.timedelta64(0)).any():
        raise DataError("stations: hours are twice or out of order; sort and settle them first.")
    local = (time + np.timedelta64(round(offset * 60), "m")).astype("datetime64[h]")
    values = matrix(data, variable)
    parts = [values]
    places = [(data["station"].values.astype(str), data["lon"].values, data["lat"].values)]
    if pool is not None:
        parts.append(matrix(pool.reindex(time=data["time"].values), variable))
        places.append((pool["station"].values.astype(str), pool["lon"].values, pool["lat"].values))
    others = _sound(np.concatenate(parts), rules)
    ids, lon, lat = (np.concatenate([place[n] for place in places]) for n in range(3))

    def cut(month: str, file: str, at: np.ndarray) -> Series:
        return Series(
            month, file, places[0][0], places[0][1].astype(float), places[0][2].astype(float),
            np.ascontiguousarray(values[:, at]), local[at], np.ascontiguousarray(others[:, at]),
            ids, lon.astype(float), lat.astype(float), rules, data.attrs.get("role") == "micro", offset,
        )  # fmt: skip

    return local, cut


def _sound(values: np.ndarray, rules: Plausible) -> np.ndarray:
    """Hours that may judge others: an instrument that stands still has no opinion."""
    from hotspot.kernels import flags

    stuck = flags.flat_windows(np.where(values > 0, values, np.nan), rules.stuck_hours, 0.0)
    return np.where(stuck, np.nan, values)


def _logs(values: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.ascontiguousarray(np.where(values > 0, np.log(values), np.nan))
