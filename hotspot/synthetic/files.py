"""
The invented study as delivered files: what a data centre would hand over, and
beside it, in ``truth/``, what only the tests may read.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj

from hotspot.kernels.arrays import Floats
from hotspot.synthetic.air import AirMonth
from hotspot.synthetic.region import Region
from hotspot.synthetic.sources import Source
from hotspot.text.csv_rows import write_csv

_COLUMNS = {
    "city": "市",
    "city_code": "市代码",
    "county": "县",
    "county_code": "县代码",
    "township": "乡镇",
    "township_code": "乡镇代码",
}


def write_boundaries(path: Path, region: Region) -> None:
    """Townships as GeoJSON in WGS 84, Chinese column names."""
    from shapely.geometry import mapping

    features = []
    for row in region.townships.itertuples():
        names = {theirs: getattr(row, ours) for ours, theirs in _COLUMNS.items()}
        features.append({"type": "Feature", "properties": names, "geometry": mapping(row.geometry)})
    collection = {"type": "FeatureCollection", "name": "townships", "features": features}
    write_json(path, collection)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """UTF-8 JSON without needless blanks."""
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def write_terrain(path: Path, region: Region) -> None:
    """Height of the ground on the pixels, GeoTIFF, whole metres."""
    import rasterio

    lon, lat = region.pixels
    step = lon[1] - lon[0]
    height = np.round(region.elevation(*np.meshgrid(lon, lat))).astype(np.int16)
    corner = rasterio.Affine(0.01, 0.0, round(lon[0] - step / 2, 4), 0.0, -0.01, round(lat[0] + step / 2, 4))
    settings = {"driver": "GTiff", "height": len(lat), "width": len(lon), "count": 1, "dtype": "int16"}
    with rasterio.open(path, "w", crs="EPSG:4326", transform=corner, compress="deflate", **settings) as raster:
        raster.write(height, 1)


def write_satellite(path: Path, region: Region, month: AirMonth) -> None:
    """
    One month of daily fields as NetCDF: ``pm25(time, lat, lon)``, tenths of ug/m3 packed in int16.

    ``time`` is the local day; the file says so in its attributes.
    """
    import xarray as xr

    lon, lat = region.pixels
    clock = {"units": "days since 2000-01-01", "calendar": "standard", "comment": "local days, UTC+8"}
    days = (month.days - np.datetime64("2000-01-01")).astype(np.int32)
    about = {"units": "ug/m3", "long_name": "daily mean PM2.5", "grid_mapping": "crs"}
    dataset = xr.Dataset(
        {"pm25": (("time", "lat", "lon"), month.satellite, about), "crs": ((), np.int32(0), _WGS84)},
        {
            "time": ("time", days, clock),
            "lat": ("lat", lat, {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": ("lon", lon, {"units": "degrees_east", "standard_name": "longitude"}),
        },
        {"Conventions": "CF-1.8", "title": "synthetic daily PM2.5, invented"},
    )
    packing = {
        "dtype": "int16",
        "scale_factor": 0.1,
        "_FillValue": -32768,
        "zlib": True,
        "complevel": 4,
        "shuffle": True,
    }
    dataset.to_netcdf(path, engine="netcdf4", encoding={"pm25": packing | {"chunksizes": (1, len(lat), len(lon))}})


_WGS84 = {
    "crs_wkt": pyproj.CRS.from_epsg(4326).to_wkt(),
    "grid_mapping_name": "latitude_longitude",
    "semi_major_axis": 6378137.0,
    "inverse_flattening": 298.257223563,
}


def write_facilities(path: Path, sources: list[Source]) -> None:
    """
    The registered facilities in the general schema; ``emission`` is tonnes of PM2.5 a year.

    The register is of 2023: it knows of no plant that stopped or grew later.
    """
    header = ["facility_id", "name", "class", "lon", "lat", "datum"]
    header += ["size", "size_unit", "accuracy", "status", "vintage", "emission"]
    header += ["环评", "排污许可证编号", "治理设施运行台账", "应急预案", "环境风险评价"]
    rows = []
    for number, source in enumerate(s for s in sources if s.registered):
        exact = number % 5 != 4  # every fifth address was read off a map, to 0.005 degrees
        lon, lat = (f"{v:.6f}" if exact else f"{round(v * 200) / 200:.3f}" for v in (source.lon, source.lat))
        accuracy = "exact" if exact else "approximate"
        about = [source.size, source.size_unit, accuracy, "operating", "2023", source.emission]
        # Papers as a register has them: a number, a yes, a no, a blank.
        papers = ["无" if number % 7 == 6 else "有", f"9900{number:04d}P" if number % 3 else ""]
        papers += [("有", "有", "无", "")[number % 4], ("有", "无")[number % 2], ("", "有")[number % 2]]
        rows.append([source.id, source.name, source.class_, lon, lat, "wgs84", *about, *papers])
    write_csv(path, header, rows)


def write_hours(
    path: Path,
    month: AirMonth,
    stations: list[str],
    rng: np.random.Generator,
    outages: Iterable[tuple[int, int, int]] = (),
) -> list[tuple[int, str, str, str]]:
    """
    One month of hourly station rows, with gaps and planted faults.

    Parameters
    ----------
    path : Path
        Long CSV: 监测时间 (local, start of the hour), 站点编号, PM2.5 in whole ug/m3.
    outages : sequence of (station position, first day, last day), positions in the month

    Returns
    -------
    list of (line, kind, text, expected): what was planted. ``expected`` is the
    fate that the row must have: duplicate, quarantined, or used (a row that says
    nothing was measured).
    """
    values = np.rint(month.stations)
    n_hour, n_station = values.shape
    gone = rng.random(values.shape) < 0.012
    for _ in range(n_station // 2):  # a station is down for some hours
        station, start, length = rng.integers(n_station), rng.integers(n_hour), rng.integers(3, 30)
        gone[start : start + length, station] = True
    for station, first, last in outages:
        gone[24 * first : 24 * (last + 1), station] = True
    empty = (rng.random(values.shape) < 0.006) & ~gone
    hours = month.days[0].astype("datetime64[h]") + np.arange(n_hour)
    stamps = [str(hour).replace("T", " ") + ":00" for hour in hours]
    rows: list[list[Any]] = [
        [stamps[h], stations[s], "" if empty[h, s] else int(values[h, s])]
        for h in range(n_hour)
        for s in range(n_station)
        if not gone[h, s]
    ]
    full = [position for position, row in enumerate(rows) if row[2] != ""]
    kinds = ["twice", "twice", "twice", *_BROKEN]
    if str(month.days[0])[5:7] in ("06", "12"):
        kinds.append("contradiction")
    chosen = dict(zip(rng.choice(full, len(kinds), replace=False).tolist(), kinds, strict=True))
    written, planted = [], []
    for position, row in enumerate(rows):
        kind = chosen.get(position)
        if kind in _BROKEN:
            column, text, fate = _BROKEN[kind]
            written.append([*row[:column], text, *row[column + 1 :]])
            planted.append((len(written) + 1, kind, text, fate))
            continue
        written.append(row)
        if kind == "twice":
            written.append(row)
            planted.append((len(written) + 1, kind, str(row[2]), "duplicate"))
        elif kind == "contradiction":
            written.append([*row[:2], row[2] + 7])
            planted += [(len(written), kind, str(row[2]), "quarantined"), (len(written) + 1, kind, "", "quarantined")]
    write_csv(path, ["监测时间", "站点编号", "PM2.5"], written)
    return planted


# kind -> column, what stands there, what must become of the row
_BROKEN = {
    "no such month": (0, "2025-13-01 00:00", "quarantined"),
    "no time at all": (0, "停电", "quarantined"),
    "a word for a number": (2, "设备维护", "quarantined"),
    "beyond any range": (2, "25000", "quarantined"),
    "below zero": (2, "-350", "quarantined"),
    "a mark for missing": (2, "—", "used"),
}


def write_truth(
    folder: Path,
    region: Region,
    sources: list[Source],
    planted: list[tuple[str, int, str, str, str]],
    means: dict[str, tuple[Floats, Floats, Floats]],
) -> None:
    """
    What is true, for tests only.

    Parameters
    ----------
    planted : list of (file, line, kind, text, expected)
    means : dict of "YYYY-MM" -> three float64[n_lat, n_lon]
        True monthly means of PM2.5 and of its background, ug/m3, and emission, t/a.

    Returns
    -------
    None; ``sources.csv``, ``cells.parquet`` (cell, city, month, pm25, background, and emission of
    all sources and towns in that month, t/a), ``emission.csv`` (cell, emission of the sources at
    full work), ``hotspots.csv`` (the tenth of each city's cells with the highest mean of 2024, or
    of all months where 2024 is not whole), ``planted.csv``
    """
    import shapely

    folder.mkdir()
    codes = {s.id: region.grid.code(*region.grid.locate(s.lon, s.lat)) for s in sources}
    header = ["id", "class", "registered", "lon", "lat", "cell", "emission", "rhythm", "steps"]
    rows = [
        [
            s.id,
            s.class_,
            int(s.registered),
            s.lon,
            s.lat,
            codes[s.id],
            s.emission,
            s.rhythm,
            " ".join(f"{d}:{f:g}" for d, f in s.steps),
        ]
        for s in sources
    ]
    write_csv(folder / "sources.csv", header, rows)
    write_csv(folder / "planted.csv", ["file", "line", "kind", "text", "expected"], planted)

    x, y = np.meshgrid(*region.pixels)
    column, row = region.grid.locate(x.ravel(), y.ravel())
    pairs, cell = np.unique(np.column_stack((column, row)), axis=0, return_inverse=True)
    count = np.bincount(cell.ravel())
    centre = region.grid.centre(pairs[:, 0], pairs[:, 1])
    points = shapely.points(*region.grid.unproject(*centre))
    cities = np.full(len(pairs), "", object)
    for city, units in region.townships.groupby("city", sort=True):
        cities[shapely.contains(units.geometry.union_all(), points)] = city
    code = np.asarray(region.grid.code(pairs[:, 0], pairs[:, 1]))
    inside = cities != ""
    parts = []
    for month, fields in means.items():
        pm25, background, emission = (np.bincount(cell.ravel(), field.ravel()) for field in fields)
        columns = {"pm25": pm25 / count, "background": background / count, "emission": emission}
        inner = {name: values[inside] for name, values in columns.items()}
        parts.append(pd.DataFrame({"cell": code[inside], "city": cities[inside], "month": month, **inner}))
    table = pd.concat(parts, ignore_index=True)
    table.to_parquet(folder / "cells.parquet", index=False)

    year = table[table.month.str.startswith("2024")] if sum(m.startswith("2024") for m in means) == 12 else table
    annual = year.groupby(["city", "cell"], sort=True)["pm25"].mean().reset_index()
    annual["rank"] = annual.groupby("city")["pm25"].rank(ascending=False, method="min").astype(int)
    size = annual.groupby("city")["cell"].transform("size")
    hot = annual[annual["rank"] <= np.maximum(1, np.rint(0.1 * size))].sort_values(["city", "rank", "cell"])
    hot.to_csv(folder / "hotspots.csv", index=False, lineterminator="\n", float_format="%.3f")
    total = pd.DataFrame({"cell": [codes[s.id] for s in sources], "emission": [s.emission for s in sources]})
    by_cell = total.groupby("cell", sort=True)["emission"].sum().sort_values(ascending=False, kind="stable")
    by_cell.reset_index().to_csv(folder / "emission.csv", index=False, lineterminator="\n")
