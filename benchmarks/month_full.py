"""
The month that counts: daily 1 km rasters of 36 months, weather, stations, facilities; first, next, unchanged.

    python benchmarks/month_full.py [--scale 1.0] [--months 36] [--seed 1] [--folder FOLDER]

At scale 1 the region has 36,864 cells of 3 km in 28 cities, 300 reference stations, 4,000 micro-stations in
1,000 cells and 20,000 facilities; a smaller scale is a smaller region with as many of each per cell. The input
is made from the seed (about 2 GB at scale 1) and the study's last month is laid beside it only for the second run:

- first month: the list of the year with the level of all months before, then the month;
- next month: one month of new files;
- unchanged: the same command again.

Each is one ``hotspot month`` in a process of its own. Goals at scale 1 on 2 cores: first <= 20 min, next <= 120 s
and 4 GB, unchanged <= 5 s. Prints markdown for docs/benchmarks.md.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr

from hotspot.grid.lattice import Grid

STUDY = """
id = "full"
name = "整月基准"
time_zone = "+08:00"
root = "."
[[boundary]]
layout = "table"
files = ["counties.geojson"]
level = "county"
datum = "wgs84"
source = "invented"
[boundary.columns]
city = "city"
city_code = "city_code"
county = "county"
county_code = "county_code"
[[satellite]]
layout = "netcdf"
files = ["satellite/pm25_*.nc"]
period = "day"
variable = "pm25"
crs = "EPSG:4326"
unit = "ug/m3"
native_resolution_m = 1000.0
error_share = 0.06
error_source = "known: the generator's own"
gas_state = "actual"
product = "invented"
source = "invented"
[[stations]]
layout = "long"
files = ["stations/pm25_*.csv"]
coordinates = "stations.csv"
role = "reference"
datum = "wgs84"
unit = "ug/m3"
time_zone = "+08:00"
hour_label = "start"
gas_state = "actual"
source = "invented"
[[stations]]
layout = "long"
files = ["micro/micro_*.csv"]
date_pattern = '(?P<year>\\d{4})-(?P<month>\\d{2})'
coordinates = "micro.csv"
role = "micro"
datum = "wgs84"
unit = "ug/m3"
time_zone = "+08:00"
hour_label = "start"
gas_state = "actual"
source = "invented"
[[weather]]
layout = "era5"
files = ["weather/era5_*.nc"]
source = "invented"
[[facilities]]
layout = "general"
files = ["facilities.csv"]
datum = "wgs84"
vintage = "2023"
source = "invented"
"""
CLASSES = ("power", "steel", "cement", "brick", "boiler")
WEST, SOUTH = 113.0, 35.0
LAST = "2025-12"


class World:
    """An invented region: a fixed pattern of air over 1 km pixels, moved by season, day and weather."""

    def __init__(self, scale, seed):
        self.rng, grid = np.random.default_rng(seed), Grid()
        self.side = max(12, round(192 * scale**0.5))
        col, row = grid.locate(WEST, SOUTH)
        east, north = grid.unproject(*grid.centre(col + self.side, row + self.side))
        self.bounds = WEST, SOUTH, float(east), float(north)
        self.lon = np.arange(WEST - 0.1, east + 0.1, 0.01)
        self.lat = np.arange(north + 0.1, SOUTH - 0.1, -0.01)
        self.cities, self.counties = (7, 4) if scale > 0.5 else (2, 2), (3, 3)
        self.pattern = np.ones((self.lat.size, self.lon.size), np.float32)
        y, x = np.ogrid[: self.lat.size, : self.lon.size]
        for _ in range(max(40, int(1500 * scale))):
            at_y, at_x = self.rng.integers(self.lat.size), self.rng.integers(self.lon.size)
            part = (slice(max(0, at_y - 12), at_y + 13), slice(max(0, at_x - 12), at_x + 13))
            near = np.exp(-((y[part[0]] - at_y) ** 2 + (x[:, part[1]] - at_x) ** 2) / 18.0)
            self.pattern[part] += (self.rng.gamma(2.0, 0.2) * near).astype(np.float32)

    def places(self, n):
        return self.rng.uniform(self.bounds[0], self.bounds[2], n), self.rng.uniform(self.bounds[1], self.bounds[3], n)

    def at(self, lon, lat):
        """The pattern at places."""
        rows = np.clip(((self.lat[0] - lat) / 0.01).round().astype(int), 0, self.lat.size - 1)
        return self.pattern[rows, np.clip(((lon - self.lon[0]) / 0.01).round().astype(int), 0, self.lon.size - 1)]


def base(days):
    """The region's mean of each day: a season and a wave of some days."""
    n = days.astype("datetime64[D]").astype(int)
    return 40 + 22 * np.cos(2 * np.pi * (n - 15) / 365.25) + 10 * np.sin(n / 2.3) + 6 * np.sin(n / 7.1 + 1)


def write_counties(path, world):
    west, south, east, north = world.bounds
    n_x, n_y = (a * b for a, b in zip(world.cities, world.counties, strict=True))
    features = []
    for i in range(n_x):
        for j in range(n_y):
            x, y = (
                west + (east - west) * np.array([i, i + 1]) / n_x,
                south + (north - south) * np.array([j, j + 1]) / n_y,
            )
            city = i // world.counties[0] * world.cities[1] + j // world.counties[1] + 1
            ring = [[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]], [x[0], y[0]]]
            names = {"city": f"第{city}市", "city_code": f"99{city:02d}00", "county": f"{i + 1}-{j + 1}县"}
            names["county_code"] = f"99{city:02d}{i % world.counties[0] * 3 + j % world.counties[1] + 1:02d}"
            features.append({
                "type": "Feature", "properties": names, "geometry": {"type": "Polygon", "coordinates": [ring]},
            })  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False))


def write_rows(path, header, rows):
    path.parent.mkdir(exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_satellite(path, world, days):
    values = base(days)[:, None, None].astype(np.float32) * world.pattern
    values *= world.rng.normal(1, 0.06, values.shape).astype(np.float32)
    clouds = np.kron(
        world.rng.random((days.size, *(n // 30 + 1 for n in world.pattern.shape))) < 0.25, np.ones((30, 30), bool)
    )
    values[clouds[:, : world.lat.size, : world.lon.size]] = np.nan
    axes = {"time": days.astype("datetime64[ns]"), "lat": world.lat, "lon": world.lon}
    about = {"units": "ug/m3"}
    dataset = xr.Dataset({"pm25": (("time", "lat", "lon"), values, about)}, axes)
    packed = {"dtype": "int16", "scale_factor": 0.1, "_FillValue": -32768, "zlib": True, "complevel": 1}
    packed["chunksizes"] = (1, world.lat.size, world.lon.size)
    dataset["lat"].attrs["units"], dataset["lon"].attrs["units"] = "degrees_north", "degrees_east"
    dataset.to_netcdf(path, engine="netcdf4", encoding={"pm25": packed})


def write_weather(path, world, month):
    hours = np.arange(month, month + 1, dtype="datetime64[h]").astype("datetime64[ns]")
    west, south, east, north = world.bounds
    lat, lon = (
        np.arange(np.ceil(north * 4) / 4 + 0.25, south - 0.5, -0.25),
        np.arange(np.floor(west * 4) / 4 - 0.25, east + 0.5, 0.25),
    )
    n = hours.astype("datetime64[h]").astype(int)
    season, day = np.cos(2 * np.pi * n / 8766.0), np.sin(2 * np.pi * n / 24)
    kinds = {
        "u10": 2.5 * np.sin(n / 55.0), "v10": 2.0 * np.cos(n / 70.0), "t2m": 286 - 14 * season + 4 * day,
        "d2m": 277 - 12 * season, "blh": 500 + 350 * np.clip(day, 0, 1) + 8 * (n % 24), "sp": 98000 + 500 * season,
        "tp": np.where(np.sin(n / 40.0) > 0.95, 4e-4, 0.0),
    }  # fmt: skip
    units = {"u10": "m s**-1", "v10": "m s**-1", "t2m": "K", "d2m": "K", "blh": "m", "sp": "Pa", "tp": "m"}
    shape = (hours.size, lat.size, lon.size)
    fields = {
        name: (
            ("valid_time", "latitude", "longitude"),
            (one[:, None, None] * world.rng.normal(1, 0.02 if name != "sp" else 1e-4, shape)).astype("float32"),
            {"units": units[name]},
        )
        for name, one in kinds.items()
    }
    fields["d2m"][1][:] = np.minimum(fields["d2m"][1], fields["t2m"][1])
    dataset = xr.Dataset(fields, {"valid_time": hours, "latitude": lat, "longitude": lon}, {"Conventions": "CF-1.7"})
    dataset.to_netcdf(path, engine="netcdf4")


def write_hours(path, names, at, days, rng):
    """A long table of hourly rows, a twentieth of them missing."""
    hours = (days[:, None].astype("datetime64[h]") + np.arange(24)).ravel()
    day = 1 + 0.15 * np.cos(2 * np.pi * (np.arange(24) - 8) / 24)
    values = np.rint((base(days)[:, None] * day).ravel()[:, None] * at * rng.normal(1, 0.05, (hours.size, len(names))))
    stamps = np.char.replace(hours.astype(str), "T", " ").tolist()
    keep = rng.random(values.shape) > 0.05
    rows = (
        (f"{stamp}:00", name, int(value))
        for stamp, line, kept in zip(stamps, values.tolist(), keep, strict=True)
        for name, value, there in zip(names, line, kept.tolist(), strict=True)
        if there
    )
    write_rows(path, ["监测时间", "站点编号", "PM2.5"], rows)


def make_input(folder, scale, n_months, seed):
    """The study's files; those of the last month in ``folder/later``."""
    world, rng = World(scale, seed), np.random.default_rng(seed + 1)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    write_counties(folder / "counties.geojson", world)
    for name in ("satellite", "stations", "micro", "weather", "later"):
        (folder / name).mkdir()
    n_ref, n_cell, n_plant = (max(k, round(n * scale)) for k, n in ((12, 300), (40, 1000), (60, 20_000)))
    ref, lon, lat = [f"S{k:04d}" for k in range(n_ref)], *world.places(n_ref)
    at_ref = world.at(lon, lat)
    rows = ((n, f"{n}站", f"{x:.5f}", f"{y:.5f}") for n, x, y in zip(ref, lon.tolist(), lat.tolist(), strict=True))
    write_rows(folder / "stations.csv", ["站点编号", "站点名称", "经度", "纬度"], rows)
    grid, (x, y) = Grid(), world.places(n_cell)
    west, south, _, _ = grid.bounds(*grid.locate(x, y))
    spot = np.stack([west, south], axis=1)[:, None] + rng.uniform(200, 2800, (n_cell, 4, 2))
    lon, lat = grid.unproject(*spot.reshape(-1, 2).T)
    micro, at_micro = [f"M{k:05d}" for k in range(lon.size)], world.at(lon, lat)
    rows = ((n, f"{n}微站", f"{a:.5f}", f"{b:.5f}") for n, a, b in zip(micro, lon.tolist(), lat.tolist(), strict=True))
    write_rows(folder / "micro.csv", ["站点编号", "站点名称", "经度", "纬度"], rows)
    lon, lat = world.places(n_plant)
    header = "facility_id name class lon lat datum size size_unit accuracy status vintage".split()
    plants = (
        (f"F{k:05d}", f"第{k}厂", CLASSES[k % 5], f"{a:.6f}", f"{b:.6f}", "wgs84", "", "", "exact", "operating", "2023")
        for k, (a, b) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))
    )
    write_rows(folder / "facilities.csv", header, plants)
    last = np.datetime64(LAST, "M")
    write_weather(folder / "weather" / f"era5_{last - n_months}.nc", world, last - n_months)
    for month in last - np.arange(n_months)[::-1]:
        days = np.arange(month, month + 1, dtype="datetime64[D]")
        write_satellite(folder / "satellite" / f"pm25_{month}.nc", world, days)
        write_weather(folder / "weather" / f"era5_{month}.nc", world, month)
        write_hours(folder / "stations" / f"pm25_{month}.csv", ref, at_ref, days, rng)
        if last - month < np.timedelta64(3, "M"):
            write_hours(folder / "micro" / f"micro_{month}.csv", micro, at_micro, days, rng)
    for path in sorted(folder.glob(f"*/*{LAST}*")):
        shutil.move(path, folder / "later" / path.name)
    return len(ref), len(micro), n_plant


def run(folder, month):
    """``hotspot month`` in a process of its own: wall s, CPU s, peak GB of the largest process."""
    command = [sys.executable, "-m", "hotspot", "month", month, "--study", str(folder / "study.toml")]
    start = time.perf_counter()
    child = subprocess.Popen([*command, "--out", str(folder / "out"), "--quiet"], stdout=subprocess.PIPE)
    told = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6, told.split(":")[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="Where the input is made and kept; default a temporary one.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        n_ref, n_micro, n_plant = make_input(folder, given.scale, given.months, given.seed)
        before = str(np.datetime64(LAST, "M") - 1)
        print(f"scale {given.scale:g}, {given.months} months, {n_ref} + {n_micro} stations, {n_plant} facilities\n")
        print("| run | wall s | CPU s | peak GB | the command says |\n|---|---|---|---|---|", flush=True)
        for name, month in (("first month", before), ("next month", LAST), ("unchanged", LAST)):
            if name == "next month":
                for path in (folder / "later").iterdir():
                    kind = {
                        "pm25": "satellite" if path.suffix == ".nc" else "stations",
                        "micr": "micro",
                        "era5": "weather",
                    }
                    shutil.move(path, folder / kind[path.name[:4]] / path.name)
            wall, cpu, peak, said = run(folder, month)
            print(f"| {name} | {wall:.1f} | {cpu:.1f} | {peak:.2f} | {said} |", flush=True)
        sheets = len(list((folder / "out" / "full" / LAST / "sheets").glob("*.pdf")))
        print(f"\n{sheets} sheets, {len(list((folder / 'out' / 'full' / LAST / 'packages').iterdir()))} packages.")


if __name__ == "__main__":
    main()
