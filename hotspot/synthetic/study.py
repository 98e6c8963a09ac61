"""
A whole study from one seed: the demo, the examples' data, and the tests' truth.

Two invented cities at the edge of the North China Plain, one in a mountain
basin, with townships, facilities of known emission, two years of hourly weather,
daily 1 km PM2.5 through clouds, and hourly stations - all as delivered files
that the readers read like any other delivery. No network, the same bytes on
every run. ``truth/`` holds what was put in; nothing but tests may open it.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.contracts.records import Month
from hotspot.deliveries.opening import open_month
from hotspot.kernels.arrays import Floats
from hotspot.study import load_study
from hotspot.synthetic.region import Region
from hotspot.text.csv_rows import write_csv

SEED = 20180828
LATEST_MONTH = "2025-12"
_SIZES = ("demo", "small")


def write_study(
    folder: Path | str,
    *,
    seed: int = SEED,
    months: int = 24,
    size: str = "demo",
    progress: Callable[[list[Any]], Iterable[Any]] | None = None,
) -> Path:
    """
    Write the synthetic study.

    Parameters
    ----------
    folder : str or Path
        Made where it is missing; must hold no other study.
    seed : int
        Everything follows from it.
    months : int
        How many months are delivered, the last being 2025-12; 1 to 24. A small
        study has fourteen: all of 2024, on which hotspots are selected, 2025-11
        and 2025-12.
    size : str
        "demo", about 1,000 cells of 3 km; "small", 12 x 12 cells.
    progress : callable, optional
        Called as ``progress(months)`` with the list of months and must yield
        them one by one, as ``tqdm.tqdm`` does.

    Returns
    -------
    Path of ``study.toml``

    Raises
    ------
    ValueError
        ``size`` or ``months`` is none of the above.
    FileExistsError
        The folder already holds a study.

    Notes
    -----
    Emission to concentration as in ``synthetic_plume``; stations count whole
    ug/m3, the satellite tenths. Planted: two plants that stop, two that grow,
    unregistered sources, a lake without retrieval, station gaps and broken rows;
    in the last months the faults and episodes of ``synthetic_micro``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_study(folder, size="small")
    ...     " ".join(sorted(p.name for p in path.parent.iterdir()))
    'backdrop boundaries facilities.csv micro satellite stations study.toml terrain truth weather'
    """
    from hotspot.synthetic import files
    from hotspot.synthetic.air import make_air
    from hotspot.synthetic.backdrop import write_backdrop
    from hotspot.synthetic.micro import MONTHS, write_network
    from hotspot.synthetic.sources import make_sources
    from hotspot.synthetic.weather import make_weather, write_weather

    if size not in _SIZES:
        raise ValueError(f"size is {size!r}; give one of {', '.join(_SIZES)}.")
    if not 1 <= months <= 24:
        raise ValueError(f"months is {months}; give 1 to 24.")
    folder = Path(folder)
    if (folder / "study.toml").exists():
        raise FileExistsError(f"{folder}: there already is a study; choose another folder or remove it.")
    for name in ("backdrop", "boundaries", "micro", "satellite", "stations", "terrain", "weather"):
        (folder / name).mkdir(parents=True, exist_ok=True)

    latest = np.datetime64(LATEST_MONTH, "M")
    wanted = latest - np.arange(months - 1, -1, -1) if size == "demo" else latest - np.array([*range(23, 11, -1), 1, 0])
    days = np.concatenate([np.arange(m.astype("datetime64[D]"), (m + 1).astype("datetime64[D]")) for m in wanted])
    region = Region(size, seed)
    weather = make_weather(seed)
    sources = make_sources(region, seed)
    names, places = _stations(region, seed)
    air = make_air(region, weather, sources, places, days, seed)

    files.write_boundaries(folder / "boundaries" / "townships.geojson", region)
    write_backdrop(folder / "backdrop" / "lines.geojson", region)
    files.write_terrain(folder / "terrain" / "dem.tif", region)
    files.write_facilities(folder / "facilities.csv", sources)
    rows = [
        [f"S{n:02d}", name, f"{p[0]:.5f}", f"{p[1]:.5f}"]
        for n, (name, p) in enumerate(zip(names, places, strict=True), 1)
    ]
    write_csv(folder / "stations" / "stations.csv", ["站点编号", "站点名称", "经度", "纬度"], rows)
    local = (weather.time + 8).astype("datetime64[M]")
    delivered = np.isin(local, wanted)
    delivered[1:] |= delivered[:-1]  # one stamp more: the rain of the last hour
    write_weather(folder / "weather", weather, region, delivered, seed)

    planted, means, fields = [], {}, {}
    for month in (progress or iter)(list(wanted)):
        air_month = air.month(month)
        files.write_satellite(folder / "satellite" / f"pm25_{month}.nc", region, air_month)
        rng = np.random.default_rng([seed, 40, int(month.astype(np.int64))])
        outages = [(2, 5, 16)] if str(month) == "2025-03" else []
        path = folder / "stations" / f"pm25_{month}.csv"
        found = files.write_hours(path, air_month, [row[0] for row in rows], rng, outages)
        planted += [(f"stations/{path.name}", *fault) for fault in found]
        means[str(month)] = (air_month.truth.mean(0), air_month.background.mean(0), air_month.emission / 0.0317)
        if month in wanted[-MONTHS[size] :]:
            fields[month] = air_month.truth
    files.write_truth(folder / "truth", region, sources, planted, means)
    write_network(folder / "micro", folder / "truth", air, sources, fields, seed)
    # Last, so that a folder with a study.toml is a whole study.
    path = folder / "study.toml"
    path.write_text(_TOML.format(id=size, seed=seed), encoding="utf-8", newline="\n")
    return path


def synthetic_month(month: str | None = None, *, seed: int = SEED, size: str = "small") -> Month:
    """
    One month of the synthetic study, opened: what the examples start from.

    The study is written once per process into a temporary folder, which is
    removed when the process ends.

    Parameters
    ----------
    month : str, optional
        Like "2025-12", the default. The small study has 2024, 2025-11 and 2025-12.
    seed : int
    size : str
        "small", 144 cells, written in about two seconds; "demo", about 1,000 cells.

    Returns
    -------
    Month, as from ``open_month``

    Examples
    --------
    >>> synthetic_month().study.cells.sizes["cell"]
    144
    """
    path = _kept_study(seed, size)
    # Its own folder is its data, whatever HOTSPOT_DATA says.
    return open_month(load_study(path, data=path.parent), month or LATEST_MONTH)


@lru_cache(maxsize=4)
def _kept_study(seed: int, size: str) -> Path:
    """Path of a study.toml in a temporary folder of this process."""
    folder = tempfile.mkdtemp(prefix="hotspot-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return write_study(folder, seed=seed, size=size)


def _stations(region: Region, seed: int) -> tuple[list[str], Floats]:
    """Names and places of the reference stations: one in most townships, near where people live."""
    rng = np.random.default_rng([seed, 50])
    units = region.townships
    inner = units.geometry.representative_point()
    x, y = region.grid.project(inner.x.to_numpy(), inner.y.to_numpy())
    shift = rng.normal(0.0, 900.0, (2, len(units)))
    places = np.round(region.to_lonlat(x - region.origin[0] + shift[0], y - region.origin[1] + shift[1]), 5)
    # The heights have no stations; of the rest, twenty spread over the list.
    low = np.flatnonzero(region.elevation(*places.T) < 400.0)
    keep = low[np.linspace(0, len(low) - 1, min(20, len(low))).round().astype(int)]
    return [units.township.iloc[n].removesuffix("(示例)") + "站" for n in keep], places[keep]


# The townships that ``files.write_boundaries`` writes, as every study of the region names them.
BOUNDARY_TOML = """\
[[boundary]]
layout = "table"
files = ["boundaries/townships.geojson"]
level = "township"
datum = "wgs84"
source = "invented"

[boundary.columns]
city = "市"
city_code = "市代码"
county = "县"
county_code = "县代码"
township = "乡镇"
township_code = "乡镇代码"
"""
PLACES_TOML = """\
[[facilities]]
layout = "general"
files = ["facilities.csv"]
datum = "wgs84"
vintage = "2023"
source = "invented"

[[backdrop]]
files = ["backdrop/lines.geojson"]
datum = "wgs84"
source = "invented"

[backdrop.columns]
kind = "类型"
name = "名称"
number = "编号"
"""
_TOML = (
    """\
# An invented study, written by hotspot. Every place, plant and number is made up.
id = "{id}"
name = "合成示例区域"
name_en = "Synthetic study (invented)"
time_zone = "+08:00"
seed = {seed}
root = "."

"""
    + BOUNDARY_TOML
    + """
[[satellite]]
layout = "netcdf"
files = ["satellite/pm25_*.nc"]
period = "day"
variable = "pm25"                 # unit, packing and CRS are in the files
native_resolution_m = 1000.0
error_share = 0.06                # scatter of a day's pixel; a bias of -1 to -9 % with the season comes on top
error_source = "known: the generator's own"
gas_state = "actual"
product = "synthetic daily 1 km PM2.5"
source = "invented"
product_zh = "合成的逐日1公里PM2.5"
source_zh = "虚构示例"

[[stations]]
layout = "long"
files = ["stations/pm25_*.csv"]
coordinates = "stations/stations.csv"
role = "reference"
datum = "wgs84"
unit = "ug/m3"
time_zone = "+08:00"
hour_label = "start"
gas_state = "actual"
source = "invented"
source_zh = "虚构示例"

[[stations]]
layout = "long"
files = ["micro/micro_*.csv"]
date_pattern = '(?P<year>\\d{{4}})-(?P<month>\\d{{2}})'
coordinates = "micro/stations.csv"
role = "micro"
datum = "wgs84"
time_zone = "+08:00"
hour_label = "start"
gas_state = "actual"
source = "invented"

[[weather]]
layout = "era5"
files = ["weather/era5_*.nc"]
source = "invented, ERA5-like"

[[terrain]]
layout = "geotiff"
files = ["terrain/dem.tif"]
unit = "m"
source = "invented"

"""
    + PLACES_TOML
)
