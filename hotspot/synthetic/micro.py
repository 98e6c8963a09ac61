"""
The invented micro-station network: four cheap instruments in each instrumented
cell, hourly, with every fault that a screen must find, and short local episodes
that an alarm must find; all of it logged in ``truth/``.

A reading is ``slope * true * growth(humidity) + offset + noise`` in whole ug/m3.
Its truth is the air of ``synthetic_air`` at the station's pixel: the hours of a
day average to that day's true field, before episodes are added.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Floats, Ints, Times
from hotspot.sources.weather.formulas import relative_humidity
from hotspot.synthetic.air import Air
from hotspot.synthetic.plume import effects_at, influence, local_hours, make_hours
from hotspot.synthetic.region import Region
from hotspot.synthetic.sources import Source, emission_maps
from hotspot.synthetic.weather import Weather
from hotspot.text.csv_rows import write_csv

CELLS = {"demo": 12, "small": 4}  # instrumented hotspot cells, four stations each (C1)
MONTHS = {"demo": 3, "small": 2}  # the network is young: the last months only
PER_CELL_MONTH = 1.5  # planted episodes, as many as the programme's alarms (C11)
REACH = 700.0  # m, over which a planted episode fades

# The faults of METHODS 4 and RELIABILITY C4, one station each in every month (in the small study every second one).
FAULTS = (
    "spike",
    "flat_line",
    "repeated_day",
    "neighbour_disagreement",
    "drift",
    "saturation",
    "humidity",
    "pm25_over_pm10",
    "zero_run",
    "interference",
    "heaped_digits",
    "negative",
    "silent",
)


@dataclass(frozen=True)
class Network:
    """The stations, as they were built."""

    stations: list  # id
    names: list
    lonlat: np.ndarray  # float64[n, 2]
    xy: np.ndarray  # float64[n, 2], m on the lattice
    cell: np.ndarray  # str[n]
    sub_cell: np.ndarray  # str[n]
    slope: np.ndarray
    offset: np.ndarray  # ug/m3
    growth: np.ndarray  # strength of the humidity growth


@dataclass(frozen=True)
class Planted:
    """What was put in; times are local, start of the hour, ends are half-open."""

    episodes: list  # station, cell, sub_cell, start, end, hours, added (ug/m3 at the peak)
    events: list  # kind, start, end
    faults: list  # station, kind, start, end


def make_network(region: Region, sources: list[Source], days: Times, seed: int) -> Network:
    """
    Place the stations: the cells that emit most, half of them in each city, four stations each.

    Parameters
    ----------
    days : datetime64[D][n_day]
        Local days over which emission is compared.

    Returns
    -------
    Network, in order of cell code and quarter of the cell

    Examples
    --------
    >>> from hotspot.synthetic.region import Region
    >>> from hotspot.synthetic.sources import make_sources
    >>> region = Region("small", 1)
    >>> network = make_network(region, make_sources(region, 1), np.array(["2025-12-01"], "datetime64[D]"), 1)
    >>> len(network.stations), len(set(network.cell)), len(set(network.sub_cell))
    (16, 4, 16)
    """
    rng = np.random.default_rng([seed, 60])
    cells = _dirtiest(region, sources, days)
    names, cell, places = [], [], []
    for column, row in cells:
        west, south, _, _ = region.grid.bounds(column, row)
        for quarter, (east, north) in enumerate(((0.25, 0.75), (0.75, 0.75), (0.25, 0.25), (0.75, 0.25))):
            places.append(np.array((west, south)) + 3000.0 * np.array((east, north)) + rng.uniform(-350, 350, 2))
            cell.append(str(region.grid.code(column, row)))
            names.append(f"{cell[-1]}微站{quarter + 1}(示例)")
    lon, lat = region.grid.unproject(*np.array(places).T)
    lonlat = np.round(np.column_stack((lon, lat)), 5)
    n = len(names)
    return Network(
        stations=[f"M{number:03d}" for number in range(1, n + 1)],
        names=names,
        lonlat=lonlat,
        xy=np.column_stack(region.grid.project(*lonlat.T)),
        cell=np.array(cell),
        sub_cell=np.asarray(region.grid.child(*lonlat.T)),
        slope=np.round(np.exp(rng.normal(0.0, 0.10, n)), 3),
        offset=np.round(rng.normal(0.0, 3.0, n), 2),
        growth=np.round(0.05 * np.exp(rng.normal(0.0, 0.2, n)), 4),
    )


def _dirtiest(region: Region, sources: list[Source], days: Times) -> list[tuple[int, int]]:
    """(column, row) of the cells with most emission, as many of each city; in order of their codes."""
    import shapely

    maps, _, factors = emission_maps(region, sources, days)
    total = (maps * factors.mean(axis=1)[:, None, None]).sum(axis=0)
    x, y = np.meshgrid(*region.pixels)
    column, row = region.grid.locate(x.ravel(), y.ravel())
    pairs, back = np.unique(np.column_stack((column, row)), axis=0, return_inverse=True)
    emission = np.bincount(back.ravel(), total.ravel())
    centre = shapely.points(*region.grid.unproject(*region.grid.centre(pairs[:, 0], pairs[:, 1])))
    chosen = []
    cities = region.townships.groupby("city", sort=True)
    for _city, units in cities:
        # Well inside the city, so that the city of a cell is not in question.
        inside = np.flatnonzero(shapely.contains(units.geometry.union_all().buffer(-0.02), centre))
        worst = inside[np.argsort(-emission[inside], kind="stable")]
        chosen += [tuple(pairs[at]) for at in worst[: CELLS[region.size] // len(cities)]]
    return sorted(chosen, key=lambda pair: str(region.grid.code(*pair)))


def true_hours(air: Air, network: Network, month: np.datetime64, truth: Floats, effect: Floats) -> Floats:
    """
    True concentration at every station, before episodes.

    Parameters
    ----------
    month : datetime64[M]
    truth : float64[n_day, n_lat, n_lon]
        The month's true daily fields.
    effect : float64[n_station, n_group, 145], from ``effects_at``

    Returns
    -------
    float64[24 * n_day, n_station], ug/m3
    """
    chosen = air.days.astype("datetime64[M]") == month
    hours = make_hours(air.weather, air.days[chosen])
    increment = local_hours(hours, air.rhythms, air.factors[:, chosen], replace(air.plumes, effect=effect))
    keep = air.region.trapping(*network.lonlat.T)
    shape = (hours.background[:, None] + increment) * keep
    daily = shape.reshape(-1, 24, shape.shape[1]).mean(axis=1)
    row, column = _pixels(air.region, network).T
    return shape * np.repeat(truth[:, row, column] / daily, 24, axis=0)


def _pixels(region: Region, network: Network) -> Ints:
    lon, lat = region.pixels
    column = np.round((network.lonlat[:, 0] - lon[0]) / (lon[1] - lon[0])).astype(np.int64)
    row = np.round((network.lonlat[:, 1] - lat[0]) / (lat[1] - lat[0])).astype(np.int64)
    return np.column_stack((row, column))


def write_network(
    folder: Path, truth_folder: Path, air: Air, sources: list[Source], fields: dict[np.datetime64, Floats], seed: int
) -> None:
    """
    Write the network's files and their truth.

    Parameters
    ----------
    folder : Path
        ``micro/``: ``stations.csv`` and ``micro_YYYY-MM.csv``.
    truth_folder : Path
        Gets ``micro_stations.csv``, ``micro_hours.parquet`` (station, time, pm25: true, with episodes),
        ``micro_faults.csv``, ``episodes.csv`` and ``events.csv``.
    fields : dict of datetime64[M] -> float64[n_day, n_lat, n_lon]
        True daily fields of the months that the network runs, in order.
    """
    from hotspot.synthetic.faults import plant_faults

    network = make_network(air.region, sources, air.days, seed)
    maps, _, _ = emission_maps(air.region, sources, air.days)
    effect = effects_at(maps, influence(*air.region.pixel_metres), _pixels(air.region, network))
    n = len(network.stations)
    rows = [
        [s, m, f"{p[0]:.5f}", f"{p[1]:.5f}"]
        for s, m, p in zip(network.stations, network.names, network.lonlat, strict=True)
    ]
    write_csv(folder / "stations.csv", ["站点编号", "站点名称", "经度", "纬度"], rows)
    planted = Planted([], [], [])
    tables = []
    for number, month in enumerate(fields):
        rng = np.random.default_rng([seed, 61, int(month.astype(np.int64))])
        true = true_hours(air, network, month, fields[month], effect)
        true *= np.exp(0.07 * _patience(rng, true.shape, 6.0))
        clock = month.astype("datetime64[h]") + np.arange(len(true))
        true += _episodes(rng, network, clock, true, planted.episodes)
        coarse = _events(rng, network, clock, true, planted.events)
        wanted = FAULTS if air.region.size == "demo" else FAULTS[number % 2 :: 2]
        humidity = _humidity(rng, air.weather, clock, n)
        readings = _read(rng, network, true, humidity)
        pm10 = readings * np.exp(rng.normal(0.42, 0.08, true.shape)) + coarse
        delivered = plant_faults(rng, network, clock, (readings, pm10, humidity), wanted, planted.faults)
        _write_hours(folder / f"micro_{month}.csv", network.stations, clock, *delivered)
        tables.append(
            pd.DataFrame(
                {"station": np.tile(network.stations, len(clock)), "time": np.repeat(clock.astype("datetime64[s]"), n)}
            )
        )
        tables[-1]["pm25"] = true.ravel().astype(np.float32)
    _write_truth(truth_folder, network, planted, pd.concat(tables, ignore_index=True))


def _patience(rng: np.random.Generator, shape: tuple[int, int], hours: float) -> Floats:
    """Unit-variance red noise, a column for each station."""
    from scipy.signal import lfilter

    keep = np.exp(-1.0 / hours)
    shock = rng.standard_normal(shape) * np.sqrt(1.0 - keep**2)
    shock[0] = rng.standard_normal(shape[1])
    return lfilter([1.0], [1.0, -keep], shock, axis=0)


def _humidity(rng: np.random.Generator, weather: Weather, clock: Times, n: int) -> Floats:
    at = np.searchsorted(weather.time, clock - 8)
    air = relative_humidity(weather.t2m[at], weather.d2m[at])
    return np.clip(air[:, None] + rng.normal(0.0, 1.5, (len(clock), n)), 5.0, 100.0)


def _read(rng: np.random.Generator, network: Network, true: Floats, humidity: Floats) -> Floats:
    """What the instruments say where nothing is broken."""
    wet = np.clip(humidity, 30.0, 95.0)
    growth = 1.0 + network.growth / (100.0 / wet - 1.0)
    noise = rng.standard_normal(true.shape) * (1.5 + 0.03 * true)
    return np.maximum(network.slope * true * growth + network.offset + noise, 1.0)


def _episodes(rng: np.random.Generator, network: Network, clock: Times, true: Floats, log: list[list[Any]]) -> Floats:
    """What short local sources add, ug/m3; never two at a time in one cell."""
    added = np.zeros_like(true)
    for cell in np.unique(network.cell):
        members = np.flatnonzero(network.cell == cell)
        busy = np.zeros(len(clock), bool)
        for _ in range(rng.poisson(PER_CELL_MONTH)):
            station, length = rng.choice(members), int(rng.integers(3, 10))
            start = int(rng.integers(6, len(clock) - length - 6))
            spread = rng.normal(0.0, 150.0, 2)
            strength = rng.uniform(1.5, 4.5)  # the source adds so many times what is there
            if busy[max(0, start - 12) : start + length + 12].any():
                continue
            busy[start : start + length] = True
            level = np.median(true[start : start + length][:, members])
            peak = max(80.0, strength * level)
            away = np.hypot(*(network.xy - network.xy[station] - spread).T)
            course = np.sin(np.pi * (np.arange(length) + 1.0) / (length + 1.0)) ** 0.5
            share = np.exp(-0.5 * (away / REACH) ** 2)
            added[start : start + length] += peak * course[:, None] * share
            log.append(
                [
                    network.stations[station], cell, network.sub_cell[station], str(clock[start]),
                    str(clock[start + length - 1] + 1), length, round(float(peak * share[station] * course.max()), 1),
                ]
            )  # fmt: skip
    return added


def _events(rng: np.random.Generator, network: Network, clock: Times, true: Floats, log: list[list[Any]]) -> Floats:
    """
    What is not local, added to ``true`` in place: a rise that passes, dust, fireworks.

    returns : float64, the same shape: coarse dust, ug/m3 of PM10 beside what goes with PM2.5
    """
    n_hour, n = true.shape
    east = (network.xy[:, 0] - network.xy[:, 0].mean()) / 1000.0
    hour = np.arange(n_hour)[:, None]
    start = int(rng.integers(0.1 * n_hour, 0.4 * n_hour))
    arrives = start + (east - east.min()) / 25.0  # a front at 25 km/h, from the west
    rise = np.clip((hour - arrives) / 3.0, 0.0, 1.0) * np.clip((arrives + 16.0 - hour) / 6.0, 0.0, 1.0)
    true *= 1.0 + 1.1 * rise
    log.append(["regional_rise", str(clock[start]), str(clock[start] + int(np.ceil(np.ptp(east) / 25.0)) + 16)])
    start = int(rng.integers(0.55 * n_hour, 0.85 * n_hour))
    arrives = start + (east - east.min()) / 40.0
    dust = np.clip((hour - arrives) / 2.0, 0.0, 1.0) * np.clip((arrives + 20.0 - hour) / 8.0, 0.0, 1.0)
    dust = dust * np.exp(0.25 * _patience(rng, true.shape, 8.0)) * rng.uniform(420.0, 700.0)
    true += 0.12 * dust
    log.append(["dust", str(clock[start]), str(clock[start] + int(np.ceil(np.ptp(east) / 40.0)) + 20)])
    eve = np.flatnonzero(np.char.endswith(clock.astype(str), "12-31T20"))
    for first in eve:  # New Year's Eve: a few of the stations stand where people light them
        course = np.array([0.3, 0.6, 0.8, 1.0])[: n_hour - first]
        loud = np.exp(rng.normal(4.3, 0.6, n)) * (rng.random(n) < 0.5)
        true[first : first + len(course)] += course[:, None] * loud
        log.append(["fireworks", str(clock[first]), str(clock[first] + len(course))])
    return dust


def _write_hours(path: Path, stations: list[str], clock: Times, pm25: Floats, pm10: Floats, humidity: Floats) -> None:
    stamps = [str(hour).replace("T", " ") + ":00" for hour in clock]
    gone = np.isnan(pm25)
    columns = [np.rint(np.where(gone, 0, values)).astype(np.int64).tolist() for values in (pm25, pm10, humidity)]
    lines = ["监测时间,站点编号,PM2.5(ug/m3),PM10(ug/m3),湿度(%)"]
    for h, (stamp, there) in enumerate(zip(stamps, (~gone).tolist(), strict=True)):
        rows = zip(stations, there, columns[0][h], columns[1][h], columns[2][h], strict=True)
        lines += [f"{stamp},{station},{a},{b},{c}" for station, kept, a, b, c in rows if kept]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _write_truth(folder: Path, network: Network, planted: Planted, hours: pd.DataFrame) -> None:
    rows = zip(
        network.stations, network.cell, network.sub_cell, network.slope, network.offset, network.growth, strict=True
    )
    write_csv(folder / "micro_stations.csv", ["station", "cell", "sub_cell", "slope", "offset", "growth"], rows)
    hours.to_parquet(folder / "micro_hours.parquet", index=False)
    write_csv(folder / "micro_faults.csv", ["station", "kind", "start", "end"], planted.faults)
    write_csv(
        folder / "episodes.csv", ["station", "cell", "sub_cell", "start", "end", "hours", "added"], planted.episodes
    )
    write_csv(folder / "events.csv", ["kind", "start", "end"], planted.events)
