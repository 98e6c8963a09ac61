"""
What an hourly run remembers: weeks of hours, what they taught, and the open episodes; never more.

One file, written whole or not at all by the caller. It grows with the stations, not with time.
"""

import io
import json
import zipfile
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Floats, Objects
from hotspot.quality.means.seen import LEVEL
from hotspot.rank.alarm.expected import DAY, WEEK, Setting, Ties, apart, judge, learn, left
from hotspot.rank.alarm.gate import Episode, Gate
from hotspot.rules.alarming import Alarms
from hotspot.variables import DataError

FORMAT = 1


@dataclass
class Memory:
    """
    The past of a network, oldest hour first.

    stations : str[n]; lon, lat : float64[n]; name : str[n]
    start : the hour (local, since 1970) of column 0
    judged : the last hour that was judged, -1 before the first
    values, rest : float32[n, n_hour], ug/m3 as they came, and what was not explained
    doubt : bool[n, n_hour]
    wind : float32[n_hour, 4], as ``Setting.wind`` of the middle of the network
    fitted : float64[n, k], empty before the first week is over; ``week``: of which it is
    gate : Gate; rows : candidate hours of the open episodes
    taken : SHA-256 -> name of every file that was taken
    aside : station -> what the gate says of it: it neither alarms nor teaches
    asked : the local day (since 1970) on which the gate was asked last
    """

    stations: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    name: np.ndarray
    start: int
    judged: int
    values: np.ndarray
    rest: np.ndarray
    doubt: np.ndarray
    wind: np.ndarray
    fitted: np.ndarray
    week: int
    gate: Gate
    rows: pd.DataFrame
    taken: dict = field(default_factory=dict)
    first: int = -1  # the first hour with a value
    aside: dict = field(default_factory=dict)
    asked: int = -1

    @property
    def end(self) -> int:
        """The hour after the last that is known."""
        return self.start + self.values.shape[1]

    def setting(self, at: slice) -> Setting:
        """The conditions of some columns."""
        hour = np.arange(self.start, self.end)[at]
        return Setting(hour, self.wind[None, at].astype(float), np.zeros(len(self.stations), np.int64))

    def admit(self, stations: Objects, lon: Floats, lat: Floats, name: Objects) -> None:
        """Make room for stations that were not known."""
        new = ~np.isin(stations.astype(str), self.stations.astype(str))
        if not new.any():
            return
        order = np.argsort(np.concatenate([self.stations, stations[new]]), kind="stable")
        for key, more in (("stations", stations[new]), ("lon", lon[new]), ("lat", lat[new]), ("name", name[new])):
            setattr(self, key, np.concatenate([getattr(self, key), more])[order])
        n, width = int(new.sum()), self.values.shape[1]
        for key, empty in (("values", np.nan), ("rest", np.nan), ("doubt", False)):
            old = getattr(self, key)
            setattr(self, key, np.concatenate([old, np.full((n, width), empty, old.dtype)])[order])
        # Who came changes who stands beside whom: what was fitted is fitted anew.
        self.fitted, self.week = np.zeros((0, 0)), -1

    def reach(self, end: int, rule: Alarms) -> None:
        """Make room up to an hour, and forget what lies farther back than is looked at."""
        if not self.values.shape[1]:
            self.start = end - 1
        more = max(end - self.end, 0)
        keep = WEEK * (max(rule.spread_weeks, rule.fit_weeks) + 1)
        drop = max(self.values.shape[1] + more - keep, 0)
        n = len(self.stations)
        for key, empty in (("values", np.nan), ("rest", np.nan), ("doubt", False)):
            old = getattr(self, key)
            setattr(self, key, np.concatenate([old, np.full((n, more), empty, old.dtype)], axis=1)[:, drop:])
        self.wind = np.concatenate([self.wind, np.zeros((more, 4), np.float32)])[drop:]
        self.start += drop

    def unusual(self, hour: int, ties: Ties, rule: Alarms) -> np.ndarray:
        """z of every station in one hour, from hours before its local day; NaN in the first week."""
        at = hour - self.start
        if self.first < 0 or hour < self.first + WEEK:
            return np.full(len(self.stations), np.nan)
        if not len(self.fitted) or hour // WEEK != self.week:
            self._learn(at, ties, rule)
        here = slice(at, at + 1)
        logs, region = apart(np.where(self.doubt[:, here], np.nan, self.values[:, here]).astype(float), ties)
        own = np.log(np.maximum(self.values[:, here].astype(float), 0.0) + LEVEL)
        self.rest[:, here] = left(own, logs, region, self.setting(here), ties, self.fitted)
        begin = max(min(hour // DAY * DAY, hour) - self.start, 1)
        past = slice(max(0, begin - WEEK * rule.spread_weeks), begin)
        taught = np.where(self.doubt[:, past], np.nan, self.rest[:, past]).astype(float)
        now = self.setting(here)
        return judge(self.rest[:, here].astype(float), taught, now, self.setting(past), rule)[0][:, 0]

    def _learn(self, at: int, ties: Ties, rule: Alarms) -> None:
        past = slice(max(0, at - WEEK * rule.fit_weeks), at)
        clean = np.where(self.doubt[:, past], np.nan, self.values[:, past]).astype(float)
        logs, region = apart(clean, ties)
        first = not len(self.fitted)
        self.fitted = learn(logs, region, self.setting(past), ties, rule)
        self.week = (self.start + at) // WEEK
        if first:
            rest = left(logs, logs, region, self.setting(past), ties, self.fitted)
            known = np.isfinite(self.rest[:, past])
            self.rest[:, past] = np.where(known, self.rest[:, past], rest)


def blank(rule: Alarms) -> Memory:
    """Nothing known yet."""
    none, text = np.zeros(0), np.zeros(0, object)
    return Memory(
        text, none, none, text, 0, -1, np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32),
        np.zeros((0, 0), bool), np.zeros((0, 4), np.float32), np.zeros((0, 0)), -1, Gate(rule, 0), pd.DataFrame(),
    )  # fmt: skip


def dump(memory: Memory) -> bytes:
    """
    The memory as bytes; ``load`` gives it back.

    Examples
    --------
    >>> memory = blank(Alarms())
    >>> memory.admit(np.array(["A"], object), np.array([116.0]), np.array([40.0]), np.array(["A"], object))
    >>> memory.reach(100, Alarms())
    >>> again = load(dump(memory), Alarms())
    >>> again.stations.tolist(), again.end, dump(again) == dump(memory)
    (['A'], 100, True)
    """
    gate = memory.gate
    told = {
        "format": FORMAT,
        "start": memory.start,
        "judged": memory.judged,
        "first": memory.first,
        "week": memory.week,
        "taken": memory.taken,
        "aside": memory.aside,
        "asked": memory.asked,
        "gate": {key: getattr(gate, key) for key in ("first", "budget", "pushed", "end", "hour", "hours", "past")},
        "open": {cell: asdict(episode) for cell, episode in gate.open.items()},
        "rows": json.loads(memory.rows.to_json(orient="split", date_format="iso", double_precision=15)),
    }
    arrays = {key: getattr(memory, key) for key in ("lon", "lat", "values", "rest", "doubt", "wind", "fitted")}
    text = {key: np.array(getattr(memory, key).tolist(), dtype=str) for key in ("stations", "name")}
    out = io.BytesIO()
    everything: dict = {"told": np.array(json.dumps(told))} | arrays | text
    np.savez(out, **everything)
    return out.getvalue()


def load(data: bytes, rule: Alarms) -> Memory:
    """
    What ``dump`` wrote.

    Raises
    ------
    DataError
        The bytes are no state, or that of another version.

    Examples
    --------
    >>> load(b"half a file", Alarms())
    Traceback (most recent call last):
    hotspot.variables.DataError: the state of the hourly run cannot be read (ValueError); move it away: the next ...
    """
    try:
        memory = _load(data, rule)
        known = {len(memory.stations), *(len(getattr(memory, key)) for key in ("lon", "lat", "name", "values", "rest"))}
        if len(known) > 1 or memory.values.shape != memory.doubt.shape or len(memory.wind) != memory.values.shape[1]:
            raise ValueError("its parts are of different sizes")
    except (ValueError, KeyError, TypeError, AttributeError, EOFError, OSError, zipfile.BadZipFile) as wrong:
        raise DataError(
            f"the state of the hourly run cannot be read ({type(wrong).__name__}); move it away: the next pass takes "
            "every file anew, and the ledger knows the alarms it holds."
        ) from None
    return memory


def _load(data: bytes, rule: Alarms) -> Memory:
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        told = json.loads(str(kept["told"]))
        if told["format"] != FORMAT:
            raise ValueError(f"format {told['format']}")
        arrays = {key: kept[key] for key in ("lon", "lat", "values", "rest", "doubt", "wind", "fitted")}
        text = {key: kept[key].astype(object) for key in ("stations", "name")}
    gate = Gate(rule, **told["gate"])
    gate.open = {cell: Episode(**one) for cell, one in told["open"].items()}
    rows = pd.DataFrame(**told["rows"])
    if len(rows):
        rows["time"] = pd.to_datetime(rows["time"])
        numbers = [name for name in rows.columns if name not in ("cell", "sub_cell", "time", "hour", "doubt")]
        rows = rows.astype(dict.fromkeys(numbers, float))
    told = {"aside": {}, "asked": -1} | told  # a state from before the gate was asked
    keys = ("start", "judged", "first", "week", "taken", "aside", "asked")
    return Memory(**arrays, **text, **{key: told[key] for key in keys}, gate=gate, rows=rows)
