"""
Faults of the invented micro-stations: one kind per station and month, every
hour of it logged, so that a screen can be told its recall and precision.
"""

from typing import NamedTuple

import numpy as np

from hotspot.kernels.arrays import Floats, Times
from hotspot.synthetic.micro import Network

RANGE_TOP = 985.0  # ug/m3 where a cheap optical sensor stops counting


def plant_faults(
    rng: np.random.Generator,
    network: Network,
    clock: Times,
    delivered: tuple[Floats, Floats, Floats],
    kinds: list[str] | tuple[str, ...],
    log: list[list[str]],
) -> tuple[Floats, Floats, Floats]:
    """
    Break some stations.

    Parameters
    ----------
    clock : datetime64[h][n_hour], local, start of the hour
    delivered : (pm25, pm10, humidity), float64[n_hour, n_station] each
        What whole instruments would have said; not changed.
    kinds : sequence of str
        Of ``synthetic_micro.FAULTS``; each goes to a station of its own.
    log : list
        Gets rows ``station, kind, start, end`` (local, half-open).

    Returns
    -------
    (pm25, pm10, humidity), new arrays; pm25 is NaN where the station is silent

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> clock = np.datetime64("2025-12-01T00", "h") + np.arange(744)
    >>> air = tuple(np.full((744, 2), level) for level in (60.0, 90.0, 50.0))
    >>> log = []
    >>> network = SimpleNamespace(stations=["M001", "M002"])
    >>> pm25, _, _ = plant_faults(np.random.default_rng(1), network, clock, air, ["zero_run"], log)
    >>> log[0][1], int((pm25 == 0).sum()) >= 8
    ('zero_run', True)
    """
    pm25, pm10, humidity = (np.array(values) for values in delivered)
    broken = rng.permutation(len(network.stations))[: len(kinds)]
    gone = rng.random(pm25.shape) < 0.01
    for station, kind in zip(broken.tolist(), kinds, strict=False):
        for first, last in _FAULTS[kind](
            _Station(rng, pm25[:, station], pm10[:, station], humidity[:, station], clock)
        ):
            end = clock[last - 1] + 1
            log.append([network.stations[station], kind, str(clock[first]), str(end)])
    pm25[gone] = np.nan
    return pm25, pm10, humidity


class _Station(NamedTuple):
    """One station's hours, which a fault changes in place."""

    rng: np.random.Generator
    pm25: Floats
    pm10: Floats
    humidity: Floats
    clock: Times


Spans = list[tuple[int, int]]


def _spike(at: _Station) -> Spans:
    hours = np.sort(at.rng.choice(np.arange(12, len(at.pm25) - 12, 24), 5, replace=False) + at.rng.integers(-8, 8, 5))
    at.pm25[hours] = np.minimum(at.pm25[hours] * at.rng.uniform(8.0, 12.0, 5), 900.0)
    return [(hour, hour + 1) for hour in hours.tolist()]


def _flat_line(at: _Station) -> Spans:
    spans = _spans(at, 3, 8, 24)
    for first, last in spans:
        at.pm25[first:last] = max(at.pm25[first], 30.0)
    return spans


def _repeated_day(at: _Station) -> Spans:
    days = np.sort(at.rng.choice(np.arange(2, len(at.pm25) // 24, 2), 3, replace=False))
    for day in days.tolist():
        at.pm25[24 * day : 24 * day + 24] = at.pm25[24 * day - 24 : 24 * day]
        at.pm10[24 * day : 24 * day + 24] = at.pm10[24 * day - 24 : 24 * day]
    return [(24 * day, 24 * day + 24) for day in days.tolist()]


def _neighbour_disagreement(at: _Station) -> Spans:
    first = int(at.rng.integers(48, len(at.pm25) - 6 * 24))
    at.pm25[first : first + 96] *= 2.5
    at.pm10[first : first + 96] *= 2.5
    return [(first, first + 96)]


def _drift(at: _Station) -> Spans:
    first = 24 * int(at.rng.integers(2, 6))
    at.pm25[first:] += (np.arange(len(at.pm25) - first) / 24.0) * 1.5
    return [(first, len(at.pm25))]


def _saturation(at: _Station) -> Spans:
    spans = _spans(at, 2, 4, 9)
    for first, last in spans:
        at.pm25[first:last] = RANGE_TOP
    return spans


def _humidity(at: _Station) -> Spans:
    wet = at.humidity > 85.0
    at.pm25[wet] *= 1.0 + 0.12 * (np.minimum(at.humidity[wet], 97.0) - 85.0)
    edge = np.flatnonzero(np.diff(np.concatenate(([0], wet.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in edge.reshape(-1, 2)]


def _pm25_over_pm10(at: _Station) -> Spans:
    first = int(at.rng.integers(24, len(at.pm25) - 120))
    at.pm10[first : first + 72] = 0.6 * at.pm25[first : first + 72]
    return [(first, first + 72)]


def _zero_run(at: _Station) -> Spans:
    spans = _spans(at, 2, 8, 20)
    for first, last in spans:
        at.pm25[first:last] = 0.0
    return spans


def _interference(at: _Station) -> Spans:
    """Sprayed in office hours: readings fall to a third while the air at the inlet grows wet."""
    monday = np.flatnonzero((at.clock.astype("datetime64[D]").astype(np.int64) + 3) % 7 == 0)[::24]
    start = int(monday[1])
    spans = []
    for day in range(5):
        first = start + 24 * day - start % 24 + 9
        at.pm25[first : first + 8] *= at.rng.uniform(0.25, 0.38)
        at.humidity[first : first + 8] = np.minimum(at.humidity[first : first + 8] + at.rng.uniform(22.0, 35.0), 99.0)
        spans.append((first, first + 8))
    return spans


def _heaped_digits(at: _Station) -> Spans:
    at.pm25[:] = 5.0 * np.rint(at.pm25 / 5.0)
    return [(0, len(at.pm25))]


def _negative(at: _Station) -> Spans:
    spans = _spans(at, 2, 4, 10)
    for first, last in spans:
        at.pm25[first:last] = -at.rng.integers(1, 5, last - first).astype(float)
    return spans


def _silent(at: _Station) -> Spans:
    first = int(at.rng.integers(24, len(at.pm25) - 100))
    at.pm25[first : first + 60] = np.nan
    return [(first, first + 60)]


def _spans(at: _Station, count: int, shortest: int, longest: int) -> Spans:
    """Spans of hours that do not touch each other: list of (first, last)."""
    pieces = np.sort(at.rng.choice(len(at.pm25) // 48 - 1, count, replace=False))
    lengths = at.rng.integers(shortest, longest + 1, count)
    starts = 48 * pieces + at.rng.integers(1, 20, count)
    return [(int(a), int(a + b)) for a, b in zip(starts, lengths, strict=True)]


_FAULTS = {
    "spike": _spike,
    "flat_line": _flat_line,
    "repeated_day": _repeated_day,
    "neighbour_disagreement": _neighbour_disagreement,
    "drift": _drift,
    "saturation": _saturation,
    "humidity": _humidity,
    "pm25_over_pm10": _pm25_over_pm10,
    "zero_run": _zero_run,
    "interference": _interference,
    "heaped_digits": _heaped_digits,
    "negative": _negative,
    "silent": _silent,
}
