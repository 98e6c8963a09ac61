"""Twelve faults of a delivery, planted in the hourly reference series of an opened month."""

from dataclasses import replace

import numpy as np

from hotspot.sources.intake import Intake
from hotspot.sources.stations.iaqi import index_table


def broken(month, kind, stations, seed=0):
    """
    The month with one kind of fault in some stations (positions), in its last month unless the kind says else.

    Copies what it changes; ``month`` stays whole.
    """
    reference = month.reference.copy(deep=True)
    values = reference["pm25"].transpose("station", "time").values.copy()
    local = (reference["time"].values + np.timedelta64(8, "h")).astype("datetime64[M]").astype(str)
    now = np.flatnonzero(local == month.month)
    rng = np.random.default_rng(seed)
    lon, lat = reference["lon"].values.copy(), reference["lat"].values.copy()
    for at in stations:
        _FAULTS[kind](values[at], now, rng)
    if kind == "swapped":
        for at in stations:
            other = (at + len(lon) // 2) % len(lon)
            lon[[at, other]], lat[[at, other]] = lon[[other, at]], lat[[other, at]]
    if kind == "moved":
        lat[list(stations)] += 1.8  # 200 km
    place = {"lon": ("station", lon), "lat": ("station", lat)}
    reference = reference.assign(pm25=(("station", "time"), values)).assign_coords(place)
    return replace(month, reference=reference, stations=None, intake=Intake(month.intake.root))


def _nothing(values, now, rng):
    pass


def _mg(values, now, rng):
    values /= 1000


def _mg_from_now(values, now, rng):
    values[now] /= 1000


def _index(values, now, rng):
    part = values[now]
    seen = np.isfinite(part)
    part[seen] = index_table()[np.clip(np.rint(part[seen]), 0, 500).astype(int)]
    values[now] = part


def _later(values, now, rng):
    values[8:] = values[:-8].copy()


def _earlier(values, now, rng):
    values[:-1] = values[1:].copy()


def _stuck(values, now, rng):
    values[now[20:]] = 947.0


def _saturated(values, now, rng):
    hours = now[100:160]
    values[hours] = 985.0 + 0.0 * values[hours]


def _repeated(values, now, rng):
    first = now[24 * 10 : 24 * 11]
    for day in range(11, 21):
        values[now[24 * day : 24 * day + 24]] = values[first]


def _spikes(values, now, rng):
    hours = rng.choice(now[5:-5:3], 20, replace=False)
    values[hours] = np.minimum(values[hours] * 10, 1900)


def _drift(values, now, rng):
    values[now] += np.arange(now.size) / 24.0


_FAULTS = {
    "mg": _mg, "mg_from_now": _mg_from_now, "index": _index, "clock_8": _later, "clock_1": _earlier, "stuck": _stuck,
    "saturated": _saturated, "repeated": _repeated, "spikes": _spikes, "drift": _drift, "swapped": _nothing,
    "moved": _nothing,
}  # fmt: skip
KINDS = tuple(_FAULTS)
