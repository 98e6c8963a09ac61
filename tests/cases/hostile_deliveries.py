"""
Hostile deliveries made from seeds: every reader with a sound file, and what can be done to it.

    python tests/cases/hostile_deliveries.py [N] [SEED]

feeds N mutants (default 2000) to all readers, in children of some tens each, and says how each was answered:
``refused`` (a DataError), ``set aside`` (rows or values in quarantine, counted) or ``used``. What is none of them
(a traceback, more than 20 s, more than 1 GB) is printed with its seed, and the exit code is 1.
"""

import io
import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

from bent_bytes import mutant

SECONDS, MEMORY = 20.0, 1_000_000  # for one delivery; kB, of this process and its children together


def station_rows():
    hours = [f"2025-12-{day:02d} {hour:02d}:00" for day in range(1, 4) for hour in range(24)]
    body = [f"S{s},站{s},{h},{30 + s + n % 7},116.{s}12345,39.{s}54321" for s in range(3) for n, h in enumerate(hours)]
    return "station,name,time,pm25,lon,lat\n" + "\n".join(body) + "\n"


def register_rows():
    body = [f"F{n},厂{n},boiler,114.{n:02d}123,30.{n:02d}456,{n},t/h" for n in range(12)]
    return "id,name,class,lon,lat,size,size_unit\n" + "\n".join(body) + "\n"


def weather_rows():
    body = [f"{no},2025,12,{1 + no // 24},{no % 24},10,{5 + no % 9},1020,-3,0,NW,2.1,x" for no in range(48)]
    return "No,year,month,day,hour,PM2.5,TEMP,PRES,DEWP,RAIN,wd,WSPM,station\n" + "\n".join(body) + "\n"


def network_rows():
    body = [f"20251201,{h},{kind},{30 + h},{40 + h},{50 + h}" for h in range(24) for kind in ("PM2.5", "PM10", "AQI")]
    return "date,hour,type,1001A,1002A,1003A\n" + "\n".join(body) + "\n"


def track_rows():
    body = [f"2025-12-05 09:00:{n:02d},{116.4 + n / 1e4:.5f},39.9043,{50 + n % 5}" for n in range(0, 60, 3)]
    return "time,lon,lat,PM2.5\n" + "\n".join(body) + "\n"


def problem_rows():
    body = [f"自查,2025-12-{day:02d} 10:00,王,A,裸土未苫盖,第{day}处" for day in range(1, 9)]
    return "来源,发现时间,填报人,网格编号,问题类型,问题描述\n" + "\n".join(body) + "\n"


def collection(kind):
    square = [
        [[114.0 + n / 10, 30.0], [114.1 + n / 10, 30.0], [114.1 + n / 10, 30.1], [114.0 + n / 10, 30.0]] for n in (0, 1)
    ]
    shapes = {
        "points": [{"type": "Point", "coordinates": [114.0123 + n / 10, 30.0456]} for n in (0, 1)],
        "areas": [{"type": "Polygon", "coordinates": [ring]} for ring in square],
        "lines": [{"type": "LineString", "coordinates": ring} for ring in square],
    }[kind]
    own = [{"name": f"甲{n}", "class": "steel", "id": f"I{n}", "市": "甲市", "size": n} for n in (0, 1)]
    features = [{"type": "Feature", "properties": p, "geometry": g} for p, g in zip(own, shapes, strict=True)]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def workbook(text):
    import openpyxl

    book = openpyxl.Workbook()
    for line in text.splitlines():
        book.active.append(line.split(","))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def vector(folder, ending):
    import geopandas as gpd
    import shapely

    frame = gpd.GeoDataFrame({"市": ["甲市"]}, geometry=[shapely.box(114, 30, 114.1, 30.1)], crs=4326)
    frame.to_file(folder / f"made.{ending}", encoding="UTF-8")
    return {path.name.replace("made", "a"): path.read_bytes() for path in folder.glob("made.*")}


def grid(folder):
    import numpy as np
    import xarray as xr

    time_ = np.arange("2025-12-01", "2025-12-02", dtype="datetime64[h]").astype("datetime64[ns]")
    shape = ("valid_time", "latitude", "longitude")
    values = {
        name: (shape, np.ones((24, 3, 3), "f4"), {"units": unit})
        for name, unit in (("u10", "m s**-1"), ("v10", "m s**-1"))
    }
    axes = {"valid_time": time_, "latitude": [30.5, 30.25, 30.0], "longitude": [114.0, 114.25, 114.5]}
    xr.Dataset(values, axes).to_netcdf(folder / "made.nc")
    return {"a.nc": (folder / "made.nc").read_bytes()}


def raster(folder):
    import numpy as np
    import rasterio
    from rasterio.transform import from_origin

    with rasterio.open(
        folder / "made.tif", "w", driver="GTiff", width=32, height=32, count=1, dtype="float32", crs="EPSG:4326",
        transform=from_origin(114, 31, 0.03, 0.03), nodata=-9999.0,
    ) as out:  # fmt: skip
        out.write(np.random.default_rng(0).uniform(20, 90, (1, 32, 32)).astype("float32"))
    return {"PM25_20251201.tif": (folder / "made.tif").read_bytes()}


def template(folder):
    from docx import Document

    document = Document()
    document.add_paragraph("{{ city }} {% for row in rows %}{{ row }}{% endfor %}")
    document.save(str(folder / "made.docx"))
    return {"a.docx": (folder / "made.docx").read_bytes()}


def deliveries():
    """Kind -> (files, reader): a sound delivery as ``{name: bytes}``, and what reads it from a folder."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made = {
            "stations.csv": {"a.csv": station_rows().encode()},
            "stations.xlsx": {"a.xlsx": workbook(station_rows())},
            "facilities.csv": {"a.csv": register_rows().encode()},
            "facilities.geojson": {"a.geojson": collection("points").encode()},
            "boundary.geojson": {"a.geojson": collection("areas").encode()},
            "boundary.gpkg": vector(folder, "gpkg"),
            "boundary.shp": vector(folder, "shp"),
            "backdrop.geojson": {"a.geojson": collection("lines").encode()},
            "weather.csv": {"a.csv": weather_rows().encode()},
            "weather.nc": grid(folder),
            "satellite.tif": raster(folder),
            "template.docx": template(folder),
            "study.toml": {"a.toml": STUDY.encode()},
            "labels.csv": {"a.csv": b"cell,label\nPR1847L,T85711\n"},
            "days.csv": {"all_20251201.csv": network_rows().encode()},
            "beijing.csv": {"a.csv": weather_rows().encode(), "places.csv": b"station,lon,lat\nx,114.2123,30.2456\n"},
            "tracks.csv": {"a.csv": track_rows().encode()},
            "decisions.csv": {"a.csv": "station,day,pollutant,signer,reason\nM1,2025-12-05,pm25,李某,喷淋\n".encode()},
            "loop.csv": {"a.csv": problem_rows().encode()},
            "list.csv": {"a.csv": "网格编号,城市\nPR1847L,\nPR1848G,\n".encode()},
        }
    return {kind: (files, READERS[kind.split(".")[0]]) for kind, files in made.items()}


STUDY = """id = "tiny"
name = "小区"
[[boundary]]
layout = "table"
files = ["a.geojson"]
datum = "wgs84"
[criteria.warning]
k = {highest = 3}
min_base = 1.0
"""


def read_stations_(folder, intake):
    from hotspot.sources.stations.stations import read_stations
    from hotspot.study import Stations

    more = {"datum": "wgs84", "unit": "ug/m3", "time_zone": "+08:00", "hour_label": "start"}
    return read_stations(Stations(layout="long", files=_all(folder), **more), folder, intake, utc_offset=8.0)


def read_facilities(folder, intake):
    from hotspot.sources.places.facilities import load_facilities
    from hotspot.study import Facilities

    return load_facilities([Facilities(layout="table", files=_all(folder), datum="wgs84")], folder, intake)


def read_boundary(folder, intake):
    from hotspot.grid.boundary import read_boundaries
    from hotspot.grid.lattice import Grid
    from hotspot.study import Boundary

    found = [name for name in _all(folder) if name.endswith((".geojson", ".gpkg", ".shp"))]
    units = read_boundaries([Boundary(layout="table", files=found, datum="wgs84", columns={"city": "市"})], folder)
    return Grid().cover(units)


def read_backdrop_(folder, intake):
    from hotspot.sources.places.backdrop import read_backdrop
    from hotspot.study import Backdrop

    return read_backdrop(
        [Backdrop(files=_all(folder), kind="river", datum="wgs84", columns={"name": "name"})], folder, intake
    )


def read_weather(folder, intake):
    from hotspot.sources.weather.weather import open_weather
    from hotspot.study import Weather

    layout = "prsa" if any(folder.glob("*.csv")) else "era5"
    more = {"time_zone": "+08:00", "lon": 114.2, "lat": 30.2} if layout == "prsa" else {}
    return open_weather(
        Weather(layout=layout, files=_all(folder), **more), folder, intake, utc_offset=8.0, months=["2025-12"]
    )


def read_satellite(folder, intake):
    from hotspot.sources.satellite.satellite import open_satellite
    from hotspot.study import Satellite

    pattern = r"PM25_(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    given = Satellite(layout="geotiff", files=_all(folder), period="day", unit="ug/m3", date_pattern=pattern)
    return open_satellite(given, folder, intake, months=["2025-12"])


def read_template(folder, intake):
    from hotspot.publish.office.docx import filled

    return filled("notice.docx", {"city": "甲市", "rows": ["x"]}, template=folder / _all(folder)[0])


def read_study(folder, intake):
    from hotspot.study import load_study

    return load_study(folder / _all(folder)[0], data=folder)


def read_labels_(folder, intake):
    from hotspot.grid.labels import read_labels

    return read_labels(folder / _all(folder)[0])


def read_days(folder, intake):
    from hotspot.sources.stations.quotsoft import read_quotsoft
    from hotspot.study import Stations

    given = Stations(layout="quotsoft", files=("*.csv",), time_zone="+08:00", hour_label="start")
    return read_quotsoft([folder / name for name in _all(folder)], intake, given, None)


def read_beijing(folder, intake):
    from hotspot.sources.stations.stations import read_stations
    from hotspot.study import Stations

    more = {"unit": "ug/m3", "time_zone": "+08:00", "hour_label": "start", "datum": "wgs84"}
    given = Stations(layout="prsa", files=("a.csv",), coordinates="places.csv", **more)
    return read_stations(given, folder, intake, utc_offset=8.0)


def read_tracks(folder, intake):
    from hotspot.sources.stations.tracks import load_tracks

    return load_tracks(folder, _all(folder), intake, time_zone="+08:00", datum="wgs84", unit="ug/m3")


def read_decisions_(folder, intake):
    from types import SimpleNamespace

    from hotspot.sources.decisions import read_decisions

    return read_decisions(SimpleNamespace(decisions=[SimpleNamespace(files=(_all(folder)[0],))], root=folder), intake)


def read_loop(folder, intake):
    """What an office returns goes into a ledger of its own; what is doubtful is set aside there with its reason."""
    from hotspot.ledger.answers.issues import record_issues
    from hotspot.ledger.chain.store import open_ledger
    from hotspot.sources.loop_tables import read_loop_table

    table = read_loop_table(folder / _all(folder)[0], (), intake)
    with tempfile.TemporaryDirectory() as place, open_ledger(Path(place) / "ledger.sqlite") as ledger:
        report = record_issues(ledger, table.frame.to_dict("records"))
        ledger.verify()
    assert len(report) == len(table.frame)
    assert (report["why"] != "").equals(report["state"] == "quarantined")


def read_list(folder, intake):
    from types import SimpleNamespace

    import numpy as np
    import xarray as xr

    from hotspot.grid.lattice import Grid
    from hotspot.rank.select.imported import import_list

    cells = xr.Dataset(coords={"cell": np.array(["PR1847L", "PR1848G"])})
    named = {name: ("cell", np.array(["甲市", "甲市"])) for name in ("city", "county", "township", "label")}
    numbers = {name: ("cell", np.array([114.0, 114.1])) for name in ("lon", "lat", "area_share", "area")}
    member = {"member_cell": [0, 1], "member_unit": [0, 0], "member_area": [9e6, 9e6]}
    unit = {"unit_city": ("unit", np.array(["甲市"])), "unit_area": ("unit", [1e8])}
    cells = cells.assign({name: ("member", value) for name, value in member.items()})
    study = SimpleNamespace(cells=cells.assign_coords(named | numbers | unit), grid=Grid(), id="tiny")
    return import_list(folder / _all(folder)[0], study, 2025, intake, by="王")


READERS = {
    "stations": read_stations_, "facilities": read_facilities, "boundary": read_boundary, "backdrop": read_backdrop_,
    "weather": read_weather, "satellite": read_satellite, "template": read_template, "study": read_study,
    "labels": read_labels_, "days": read_days, "beijing": read_beijing, "tracks": read_tracks,
    "decisions": read_decisions_, "loop": read_loop, "list": read_list,
}  # fmt: skip


def _all(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def answer(files, reader, folder):
    """
    How a reader answers a delivery: "refused", "set aside", "used", or what is no answer.

    The law of conservation holds of what is read, and no sentence carries a place or anything hidden.
    """
    from hotspot.sources.intake import Intake
    from hotspot.text.door import outward
    from hotspot.variables import DataError

    for name, data in files.items():
        (folder / name).write_bytes(data)
    intake, start = Intake(folder), time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader(folder, intake)
            intake.check()
        how = "set aside" if intake.quarantine else "used"
    except DataError as error:
        how = "refused" if str(error).strip() else "an empty sentence"
    except Exception as error:
        how = f"{type(error).__name__}: {error}"[:300]
    told = [*intake.notes, *(row.rule for row in intake.quarantine)]
    if any(text != outward(text) for text in told):
        how = "a note that hides something"
    if time.monotonic() - start > SECONDS:
        how = f"{how}, after {time.monotonic() - start:.0f} s"
    return how


def peak():
    """Most memory that this process and any child that ended or runs ever held, kB."""
    held = []
    for status in [Path("/proc/self/status"), *_children()]:
        try:
            held.append(int(status.read_text().split("VmHWM:")[1].split()[0]))
        except (OSError, IndexError):
            continue
    return sum(held)


def _children():
    from hotspot.foreign import child

    return [Path(f"/proc/{kept.process.pid}/status") for kept in child._KEPT.values()]


def corpus(n, seed=0):
    """The sound deliveries (seed None), then ``n`` mutants over all kinds in turn: (kind, seed, files, reader)."""
    sound = deliveries()
    for kind, (files, reader) in sound.items():
        yield kind, None, files, reader
    kinds = sorted(sound)
    for at in range(n):
        kind = kinds[at % len(kinds)]
        files, reader = sound[kind]
        yield kind, seed + at, mutant(kind, files, seed + at), reader


def run(n, seed=0):
    """Feed the corpus; returns (how -> count per kind, faults, peak in kB)."""
    counts: dict[tuple[str, str], int] = {}
    faults = []
    for kind, number, files, reader in corpus(n, seed):
        with tempfile.TemporaryDirectory() as place:
            how = answer(files, reader, Path(place))
        sound = ("refused", "set aside", "used") if number is not None else ("used",)
        if how not in sound:
            faults.append((kind, number, how))
        counts[kind, how] = counts.get((kind, how), 0) + 1
    held = peak()
    if held > MEMORY:
        faults.append(("all", seed, f"{held} kB of memory"))
    return counts, faults, held


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:3]]
    counts, faults, held = run(*(asked or [2000]))
    for (kind, how), number in sorted(counts.items()):
        print(f"{kind:20} {how:60} {number}")
    print(f"peak {held / 1e6:.2f} GB; {len(faults)} not answered")
    for fault in faults:
        print("NOT ANSWERED", *fault)
    sys.exit(1 if faults else 0)
