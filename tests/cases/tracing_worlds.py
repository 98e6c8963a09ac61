"""
Worlds of another kind for whose plume it is: their physics is not the package's, nor that of ``harsh_world``.

Stacks of 0 to 150 m give off a ribbon of smoke that is carried hour by hour, widens by the stability class of the
hour and the way it has gone (Briggs 1973, open country), is mixed below a lid that moves with the day, and falls out.
Five kinds: ``steady`` (the wind of the hour), ``turning`` (the wind of the journey; it turns with the day), ``valley``
(it is steered along valleys that the wind file does not know), ``calm``, and ``idle`` (works stop for days and on
weekends). A register's sizes correlate .3 to .8 with the emissions, its classes .5, its places are off by up to
500 m, 10 to 30 % of the sources are in none and some stand outside; stations are dense or sparse; satellite days
have clouds.

What is delivered is delivered as the package takes it, so that ``trace_sources`` itself is asked.
"""

from dataclasses import dataclass
from math import erf

import numpy as np
import pandas as pd
import xarray as xr
from numba import njit
from scipy.stats import norm

KINDS = ("steady", "turning", "valley", "calm", "idle")
MONTH, HOURS, SIDE, SPACING = "2024-01", 744, 18, 3000.0
AGES = np.array([0.0, 0.15, 0.35, 0.6, 1.0, 1.5, 2.25, 3.25, 4.5, 6.5])  # h, of the pieces of a ribbon
CLASSES = (
    "boiler",
    "foundry",
    "chemical",
    "building_materials",
    "power",
    "cement",
    "coking",
    "steel",
)  # small to large
_INNER = np.array([[0.0, 0.0], [-900.0, -600.0], [-600.0, 900.0], [900.0, 600.0], [600.0, -900.0]])  # of a cell, m
EVERY = slice(1, None, 3)  # hours in which cells are looked at
# Across and upward, Briggs' open country A to F: a x / sqrt(1 + 1e-4 x); b x (1 + c x)^-d
_ACROSS = np.array([0.22, 0.16, 0.11, 0.08, 0.06, 0.04])
_UP = np.array(
    [[0.2, 0, 0.5], [0.12, 0, 0.5], [0.08, 2e-4, 0.5], [0.06, 1.5e-3, 0.5], [0.03, 3e-4, 1.0], [0.016, 3e-4, 1.0]]
)


@dataclass(frozen=True)
class TracingWorld:
    """What is delivered, and what is true."""

    kind: str
    cells: xr.Dataset
    stations: xr.Dataset  # reference, hourly UTC
    micro: xr.Dataset | None
    weather: xr.Dataset
    facilities: pd.DataFrame
    days: np.ndarray  # float64[cell, day], satellite, NaN under clouds
    places: np.ndarray  # float64[source, 2], true, m from the middle of the region
    emission: np.ndarray  # float64[source], g/s, mean of the month
    number: np.ndarray  # int64[source], row of the register, -1 for none
    added: np.ndarray  # float64[cell, source], ug/m3, mean of the month
    local: np.ndarray  # float64[cell], all sources and towns
    at: np.ndarray  # float64[cell, 2], centres, m from the middle
    about: dict  # the numbers drawn
    truth: dict  # what only an oracle knows (``tracing_oracle``)


@njit(cache=True)
def _ribbons(start, wind, ages, valley):
    """Where smoke that left a place so long ago is now, [hour, age, 2] m from that place, and the way it went."""
    n_hour, n = wind.shape[0], len(ages)
    place, way = np.zeros((n_hour, n, 2)), np.zeros((n_hour, n))
    step = 0.05
    for t in range(n_hour):
        for k in range(n):
            x, y, gone = 0.0, 0.0, 0.0
            left = ages[k]
            while left > 1e-9:
                take = min(step if ages[k] < 1.0 else 0.25, left)
                m = max(int(np.ceil(t - left)), 0)
                u, v = wind[m, 0], wind[m, 1]
                if valley[0] > 0:  # the wind leans towards the local axis and along-valley drift of the hour
                    axis = valley[1] + valley[2] * np.sin((start[0] + x) / valley[3] + valley[4]) * np.cos(
                        (start[1] + y) / valley[3] + valley[5]
                    )
                    along = u * np.cos(axis) + v * np.sin(axis)
                    drift = along * (1 + valley[6]) + valley[7] * np.sin(2 * np.pi * (m % 24 - 10) / 24)
                    u += valley[0] * (drift * np.cos(axis) - u)
                    v += valley[0] * (drift * np.sin(axis) - v)
                x += u * take * 3600
                y += v * take * 3600
                gone += np.hypot(u, v) * take * 3600
                left -= take
            place[t, k, 0], place[t, k, 1], way[t, k] = x, y, gone
    return place, way


@njit(cache=True)
def _adds(at, start, place, way, ages, wind, class_, height, across, up, fall):
    """ug/m3 per g/s at some places [receptor, hour], of one source's ribbon, hour of ``wind`` by hour."""
    n_hour, n = place.shape[0], place.shape[1]
    out = np.zeros((len(at), n_hour))
    for t in range(n_hour):
        deep, kind = wind[t, 2], class_[t]
        for k in range(n - 1):
            x0, y0, x1, y1 = place[t, k, 0], place[t, k, 1], place[t, k + 1, 0], place[t, k + 1, 1]
            long = np.hypot(x1 - x0, y1 - y0) + 1.0
            far = 0.5 * (way[t, k] + way[t, k + 1]) + 30.0
            aged = 0.5 * (ages[k] + ages[k + 1]) * 3600.0
            wide = across[kind] * far / np.sqrt(1 + 1e-4 * far) + 0.25 * aged**0.8 + 40.0
            tall = up[kind, 0] * far * (1 + up[kind, 1] * far) ** -up[kind, 2] + 0.12 * aged**0.7 + 10.0
            if kind <= 1:
                tall *= 1 + far / 3000.0
            if tall > 0.8 * deep:
                upright = 1.0 / deep
            else:
                upright = 2 / (2.5066 * tall) * np.exp(-0.5 * (height / tall) ** 2)
                upright += 2 / (2.5066 * tall) * np.exp(-0.5 * ((2 * deep - height) / tall) ** 2)
            if height > deep:  # above the lid: little of it comes down
                upright *= 0.15
            lost = np.exp(-fall * aged / min(deep, 2.5 * tall + height)) * np.exp(-aged / 36000.0)
            strength = 1e6 * (ages[k + 1] - ages[k]) * 3600.0 / long * upright * lost / (2.5066 * wide)
            ex, ey = (x1 - x0) / long, (y1 - y0) / long
            for r in range(len(at)):
                dx, dy = at[r, 0] - start[0] - x0, at[r, 1] - start[1] - y0
                along, aside = dx * ex + dy * ey, dx * ey - dy * ex
                if abs(aside) > 3.5 * wide or along < -3.5 * wide or along > long + 3.5 * wide:
                    continue
                part = 0.5 * (erf(along / (1.4142 * wide)) - erf((along - long) / (1.4142 * wide)))
                out[r, t] += strength * part * np.exp(-0.5 * (aside / wide) ** 2)
    return out


def over_cells(at, start, place, way, wind, class_, height, fall):
    """ug/m3 per g/s of one source's ribbon, every third hour, mean of five places of each cell [cell, hour]."""
    receptors = (at[:, None] + _INNER).reshape(-1, 2)
    hours = place[EVERY], way[EVERY], AGES, wind[EVERY], class_[EVERY]
    few = _adds(receptors, start, *hours, height, _ACROSS, _UP, fall)
    return few.reshape(len(at), len(_INNER), -1).mean(axis=1)


def in_delivered_wind(world, places, height, *, stations=False):
    """
    The true plume of some sources in the wind that was delivered.

    Parameters
    ----------
    places : float array (source, 2), m
    height : float array (source), m
    stations : bool
        What it adds to stations hour by hour instead of to cells every third hour.

    Returns
    -------
    float64[place, source, hour], ug/m3 per g/s
    """
    wind = np.column_stack([world.weather[name].values for name in ("u10", "v10", "blh")])
    at, own = world.truth["stations"] if stations else world.at, (world.truth["stability"],)
    found = np.zeros((len(at), len(places), HOURS if stations else HOURS // 3))
    for j, start in enumerate(places):
        place, way = _straight(wind) if world.kind == "steady" else _ribbons(start, wind, AGES, np.zeros(8))
        if stations:
            found[:, j] = _adds(at, start, place, way, AGES, wind, *own, height[j], _ACROSS, _UP, world.truth["fall"])
        else:
            found[:, j] = over_cells(at, start, place, way, wind, *own, height[j], world.truth["fall"])
    return found


def _slow(rng, memory, n=HOURS):
    """An hourly series with memory, standard normal."""
    series, shock = np.zeros(n), rng.standard_normal(n)
    series[0] = shock[0]
    for t in range(1, n):
        series[t] = memory * series[t - 1] + np.sqrt(1 - memory**2) * shock[t]
    return series


def _weather(rng, kind, hour):
    """True wind and lid [hour, 3], class of stability [hour], and what the wind file says."""
    pace = {"calm": 0.45}.get(kind, 1.0)
    main, turn = rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi)
    push = rng.uniform(0.4, 1.8)
    wind = pace * np.column_stack(
        [push * np.cos(main) + 1.9 * _slow(rng, 0.96) + 0.5 * _slow(rng, 0.6),
         push * np.sin(main) + 1.9 * _slow(rng, 0.96) + 0.5 * _slow(rng, 0.6)]
    )  # fmt: skip
    breeze = (1.2 if kind in ("turning", "idle") else 0.5) * pace
    phase = 2 * np.pi * (hour - 14) / 24
    wind += breeze * np.column_stack([np.cos(phase + turn), np.sin(phase + turn)])
    lid = np.clip(420 * np.exp(0.8 * np.cos(phase) + 0.4 * _slow(rng, 0.92)), 70, 2000)
    speed, sun = np.hypot(*wind.T), np.cos(phase)
    class_ = np.where(speed > 4.5, 3, np.where(sun > 0.4, np.where(speed < 2, 1, 2), np.where(speed < 2.2, 5, 4)))
    class_ = np.where((sun > -0.2) & (sun <= 0.4), 3, class_)
    off, faster = np.radians(rng.normal(0, 9)), np.exp(rng.normal(0, 0.15))
    noise = rng.uniform(0.4, 1.0) * (
        0.7 * np.stack([_slow(rng, 0.8), _slow(rng, 0.8)]) + 0.7 * rng.standard_normal((2, HOURS))
    )
    u, v = wind.T
    told = faster * np.stack([u * np.cos(off) - v * np.sin(off), u * np.sin(off) + v * np.cos(off)]) + noise
    return (
        np.column_stack([wind, lid]),
        class_.astype(np.int64),
        told,
        lid * np.exp(0.3 * rng.standard_normal(HOURS) + rng.normal(0, 0.2)),
    )


def _activity(rng, kind, n, hour):
    """How much each source works in each hour, mean 1 over a year."""
    day = np.arange(HOURS) // 24
    swing, peak = rng.uniform(0, 0.7, n)[:, None], rng.uniform(6, 22, n)[:, None]
    work = 1 + swing * np.cos(2 * np.pi * (hour - peak) / 24)
    work = work * np.exp(rng.uniform(0.1, 0.4, n)[:, None] * rng.standard_normal((n, HOURS // 24)))[:, day]
    if kind == "idle":
        rests = rng.random(n) < 0.4
        work[np.ix_(rests, day % 7 >= 5)] *= 0.25
    for one in np.flatnonzero(rng.random(n) < (0.45 if kind == "idle" else 0.1)):
        first = rng.integers(0, 26)
        work[one, (day >= first) & (day < first + rng.integers(4, 16))] = 0.03
    return work


def make_tracing_world(kind, seed, *, dense=None, micro=None, relation=None):
    """
    A month of one world.

    Parameters
    ----------
    kind : str, one of ``KINDS``
    seed : int, of everything
    dense : bool, optional
        Reference stations 8 to 12 km apart instead of 20 to 35; odd seeds are dense by default.
    micro : int, optional
        Cells with four micro-stations; 6 in every second pair of seeds by default, else none.
    relation : float, optional
        Correlation of the logarithms of size and emission; drawn from .3 to .8 by default.

    Returns
    -------
    TracingWorld
    """
    from hotspot.grid.lattice import Grid

    rng = np.random.default_rng([seed, 4711, KINDS.index(kind)])
    dense = bool(seed % 2) if dense is None else dense
    micro = (6 if seed % 4 >= 2 else 0) if micro is None else micro
    relation = rng.uniform(0.3, 0.8) if relation is None else relation
    half, hour = SIDE * SPACING / 2, np.arange(HOURS) % 24
    n = int(rng.integers(45, 75))
    places = rng.uniform(-half - 9000, half + 9000, (n, 2))
    park = rng.random(n) < 0.35
    middles = rng.uniform(-0.85 * half, 0.85 * half, (4, 2))
    places[park] = middles[rng.integers(0, 4, park.sum())] + rng.normal(0, 1600, (park.sum(), 2))
    own, spread = rng.standard_normal(n), rng.uniform(0.8, 1.2)
    emission = 9.0 * np.exp(spread * own)
    stretch = rng.uniform(0.7, 1.1)
    size = relation * own + np.sqrt(1 - relation**2) * rng.standard_normal(n)
    told = 250.0 * np.exp(stretch * size)
    height = np.where(emission > 20, rng.uniform(40, 150, n), rng.uniform(0, 50, n))
    absent = rng.random(n) < rng.uniform(0.1, 0.3)
    wind, class_, u_v, lid = _weather(rng, kind, hour)
    valley = np.zeros(8)
    if kind == "valley":
        valley[:] = [0.75, rng.uniform(0, np.pi), rng.uniform(0.4, 0.9), rng.uniform(7000, 12000),
                     *rng.uniform(0, 6, 2), rng.uniform(0, 0.3), rng.uniform(0.3, 1.0)]  # fmt: skip
    work = _activity(rng, kind, n, hour)
    line = (np.arange(SIDE) - SIDE / 2 + 0.5) * SPACING
    at = np.column_stack([axis.ravel() for axis in np.meshgrid(line, line)])
    towns, strength, wide = rng.uniform(-half, half, (7, 2)), rng.uniform(3, 12, 7), rng.uniform(2500, 6500, 7)

    def diffuse(where):
        return (strength * np.exp(-0.5 * (np.hypot(*(where[:, None] - towns).transpose(2, 0, 1)) / wide) ** 2)).sum(
            axis=1
        )

    apart = rng.uniform(8000, 12000) if dense else rng.uniform(20000, 35000)
    lines = np.arange(-half + rng.uniform(0.2, 0.5) * apart, half, apart)
    stations = np.column_stack([axis.ravel() for axis in np.meshgrid(lines, lines)])
    stations = stations + rng.normal(0, 0.15 * apart, stations.shape)
    fall = rng.uniform(0.001, 0.01)
    by_day, added, hidden = np.zeros((len(at), n, HOURS // 24)), np.zeros((len(at), n)), []
    for j in range(n):
        place, way = _ribbons(places[j], wind, AGES, valley) if kind != "steady" else _straight(wind)
        part = over_cells(at, places[j], place, way, wind, class_, height[j], fall) * work[j, EVERY] * emission[j]
        by_day[:, j] = part.reshape(len(at), HOURS // 24, 8).mean(axis=2)
        added[:, j] = part.mean(axis=1)
        hidden.append((place, way))
    vent = (400 / wind[:, 2]) ** 0.6 / np.maximum(np.hypot(*wind[:, :2].T), 0.6)
    vent /= vent.mean()
    local = added.sum(axis=1) + diffuse(at)
    hot = rng.choice(np.argsort(-local)[: len(local) // 5], micro, replace=False)
    some = (at[hot][:, None] + rng.uniform(-1500, 1500, (micro, 4, 2))).reshape(-1, 2)
    all_places = np.vstack([stations, some])
    seen, by_hour = diffuse(all_places)[:, None] * vent, np.zeros((len(all_places), n, HOURS))
    for j, (place, way) in enumerate(hidden):
        unit = _adds(all_places, places[j], place, way, AGES, wind, class_, height[j], _ACROSS, _UP, fall)
        by_hour[:, j] = unit * work[j] * emission[j]
        seen += by_hour[:, j]
    slope = [0.25 * np.outer(all_places[:, k], _slow(rng, 0.98)) / half for k in (0, 1)]
    regional = 28 * np.exp(0.5 * _slow(rng, 0.98))
    seen = seen + regional * np.clip(1 + slope[0] + slope[1], 0.3, 2)
    behind = seen - by_hour.sum(axis=1)
    rough = np.where(np.arange(len(all_places)) < len(stations), 0.06, 0.15)[:, None]
    seen = seen * np.exp(rough * rng.standard_normal((len(seen), 1)) + rough * rng.standard_normal(seen.shape))
    seen = np.maximum(seen + 2.5 * rng.standard_normal(seen.shape), 1.0)
    seen[rng.random(seen.shape) < 0.05] = np.nan
    towns_by_day = diffuse(at)[:, None] * vent.reshape(-1, 24).mean(axis=1)
    regional_by_day = regional.reshape(-1, 24).mean(axis=1)
    days = _satellite(rng, sum(by_day.swapaxes(0, 1)) + towns_by_day + regional_by_day)

    grid = Grid(SPACING)
    x0, y0 = (SPACING * np.round(float(v) / SPACING) for v in grid.project(115.0, 36.5))
    away = 500 * np.sqrt(rng.random(n))[:, None] * np.column_stack(_circle(rng, n))
    lon, lat = grid.unproject(x0 + at[:, 0], y0 + at[:, 1])
    coords = {name: ("cell", np.asarray(v, float)) for name, v in
              {"x": x0 + at[:, 0], "y": y0 + at[:, 1], "lon": lon, "lat": lat}.items()}  # fmt: skip
    names = [f"C{i:03d}" for i in range(len(at))]
    cells = xr.Dataset(coords={"cell": names} | coords, attrs={"crs": grid.crs.to_wkt(), "spacing": SPACING})
    known = np.flatnonzero(~absent)
    rank = norm.cdf(0.5 * own + 0.75**0.5 * np.random.default_rng([seed, 4712, KINDS.index(kind)]).standard_normal(n))
    of_class = np.minimum((rank * len(CLASSES)).astype(int), len(CLASSES) - 1)
    flon, flat = grid.unproject(*(np.array([[x0], [y0]]) + (places + away)[known].T))
    facilities = pd.DataFrame({
        "facility": [f"f{j:03d}" for j in known], "name": "", "class_": np.array(CLASSES)[of_class[known]], "lon": flon,
        "lat": flat, "size": told[known].round(2), "size_unit": "t PM2.5/a",
    })  # fmt: skip
    time = np.datetime64("2023-12-31T16", "ns") + np.arange(HOURS) * np.timedelta64(1, "h")

    def delivered(rows, letter):
        slon, slat = grid.unproject(x0 + all_places[rows, 0], y0 + all_places[rows, 1])
        where = {"lon": ("station", slon), "lat": ("station", slat)}
        named = {"station": [f"{letter}{i:03d}" for i in range(rows.stop - rows.start)], "time": time}
        return xr.Dataset({"pm25": (("station", "time"), seen[rows].round(1))}, named | where)

    columns = {"u10": u_v[0], "v10": u_v[1], "blh": lid}
    weather = xr.Dataset({name: ("time", v) for name, v in columns.items()}, {"time": time})
    number = np.full(n, -1)
    number[known] = np.arange(known.size)
    truth = {
        "nominal": emission, "spread": spread, "size": size, "class": of_class, "height": height, "stability": class_,
        "fall": fall, "by_day": by_day, "by_hour": by_hour, "behind": behind,
        "stations": all_places, "told_places": places + away,
        "behind_by_day": towns_by_day + regional_by_day,
    }  # fmt: skip
    about = {"dense": dense, "micro": micro, "relation": relation, "absent": float(absent.mean()), "n": n}
    return TracingWorld(
        kind, cells, delivered(slice(0, len(stations)), "r"),
        delivered(slice(len(stations), len(all_places)), "m") if micro else None, weather, facilities, days, places,
        emission * work.mean(axis=1), number, added, local, at, about, truth,
    )  # fmt: skip


def _circle(rng, n):
    angle = rng.uniform(0, 2 * np.pi, n)
    return np.cos(angle), np.sin(angle)


def _straight(wind):
    """Ribbons that know only the wind of the hour."""
    place = wind[:, None, :2] * AGES[None, :, None] * 3600.0
    return np.ascontiguousarray(place), np.hypot(*place.transpose(2, 0, 1))


def _satellite(rng, truth):
    """Days of cells with 15 % error, white or shared over 25 km, and clouds over 30 to 60 % of the days."""
    from scipy import ndimage

    n_day = truth.shape[1]
    error = rng.standard_normal((n_day, SIDE, SIDE))
    if rng.random() < 0.5:
        error = ndimage.gaussian_filter(error, (0, 25 / 6, 25 / 6), mode="wrap")
        error /= error.std()
    seen = truth * np.exp(0.15 * error.reshape(n_day, -1).T)
    cloud = ndimage.gaussian_filter(rng.standard_normal((n_day, SIDE, SIDE)), (0, 5, 5), mode="wrap")
    cloud = (cloud / cloud.std()).reshape(n_day, -1).T + rng.standard_normal(n_day)
    seen[cloud > np.quantile(cloud, 1 - rng.uniform(0.3, 0.6))] = np.nan
    return seen
