"""
Invented ozone and NO2 at stations, hour by hour: a day and a season, titration by fresh NO near its sources, production
in the plume of a town some hours downwind. So ozone is lowest where NO2 is highest, and highest beside it.

Regional ozone follows sun, warmth and clouds; nothing here is fitted to a real place.
"""

from pathlib import Path

import numpy as np

from hotspot.kernels.arrays import Floats, Times
from hotspot.synthetic import files
from hotspot.synthetic.plume import make_hours
from hotspot.synthetic.region import Region
from hotspot.synthetic.sources import Source, emission_maps, make_sources
from hotspot.synthetic.study import BOUNDARY_TOML, PLACES_TOML
from hotspot.synthetic.weather import Weather, make_weather
from hotspot.text.csv_rows import write_csv

SEED = 20180828
MONTH = "2025-06"  # the demo's: ozone is of the warm half of the year
_NEAR_KM, _FAR_KM, _DOWNWIND_KM, _SECTORS = 4.0, 8.0, 14.0, 16
_HIGHEST = 420.0  # ug/m3, where the invented chemistry is cut


def places(region: Region, seed: int) -> tuple[list[str], Floats]:
    """
    Two stations in every township of the plain and the low hills, as a county's own network has them.

    Examples
    --------
    >>> names, at = places(Region("small", 1), 1)
    >>> len(names) == len(at) >= 6
    True
    """
    rng = np.random.default_rng([seed, 51])
    inner = region.townships.geometry.representative_point()
    x, y = region.grid.project(inner.x.to_numpy(), inner.y.to_numpy())
    x, y = np.tile(x - region.origin[0], 2), np.tile(y - region.origin[1], 2)
    spread = np.repeat([900.0, 4200.0], len(inner))  # one where people live, one farther out
    east, north = rng.normal(0.0, 1.0, (2, x.size)) * spread
    at = np.round(region.to_lonlat(x + east, y + north), 5)
    low = np.flatnonzero(region.elevation(*at.T) < 600.0)
    towns = [str(name).removesuffix("(示例)") for name in region.townships.township]
    return [towns[n % len(towns)] + ("站", "二站")[n // len(towns)] for n in low], at[low]


def station_hours(
    region: Region, weather: Weather, sources: list[Source], at: Floats, days: Times, seed: int
) -> tuple[Floats, Floats]:
    """
    Ozone and NO2 of local days at places.

    Parameters
    ----------
    region, weather, sources : of the invented study
    at : float64[n_station, 2], longitude and latitude
    days : datetime64[D][n_day], local

    Returns
    -------
    (ozone, no2) : float64[24 * n_day, n_station], ug/m3

    Examples
    --------
    >>> from hotspot.synthetic.sources import make_sources
    >>> region, days = Region("small", 1), np.arange("2025-06-01", "2025-06-11", dtype="datetime64[D]")
    >>> at = places(region, 1)[1]
    >>> ozone, no2 = station_hours(region, make_weather(1), make_sources(region, 1), at, days, 1)
    >>> noon, night = ozone[14::24].mean(), ozone[4::24].mean()
    >>> bool(noon > 2 * night), bool(np.corrcoef(ozone.mean(0), no2.mean(0))[0, 1] < 0)
    (True, True)
    """
    rng = np.random.default_rng([seed, 52])
    hours = make_hours(weather, days)
    maps, rhythms, factors = emission_maps(region, sources, days)
    near = np.stack([_around(region, one, at, _NEAR_KM) for one in maps])  # group, station
    upwind = np.stack([_around(region, maps.sum(0), _moved(at, sector), _FAR_KM) for sector in range(_SECTORS)])
    far = upwind / upwind.mean()

    first = np.searchsorted(weather.time, days.astype("datetime64[h]") - 8)
    take = (first[:, None] + np.arange(24)).ravel()
    u, v, warm, cloud = (getattr(weather, name)[take] for name in ("u10", "v10", "t2m", "cloud"))
    local = weather.local_hour[take]
    sun = np.maximum(0.0, np.sin(np.pi * (local - 6.0) / 13.5))
    light = sun * (1.0 - 0.55 * cloud) * np.clip((warm + 2.0) / 26.0, 0.05, 1.35)
    aged = np.copy(light)  # ozone is made over hours and lost slowly
    for hour in range(1, aged.size):
        aged[hour] = 0.72 * aged[hour - 1] + 0.28 * light[hour]

    fresh = (
        sum(near[g][None] * (hours.rhythm[name] * factors[g][hours.day])[:, None] for g, name in enumerate(rhythms))
        * hours.dilution[:, None]
    )
    fresh = fresh / fresh.mean()  # 1 on average over the region
    sector = np.round(np.degrees(np.arctan2(v, u)) / (360 / _SECTORS)).astype(np.int64) % _SECTORS
    calm = np.hypot(u, v) < 0.8
    plume = np.where(calm[:, None], far.mean(0)[None], far[sector])

    no2 = (5.0 + 13.0 * fresh**0.85) * (1.25 - 0.65 * np.minimum(aged, 1.0))[:, None]
    regional = 34.0 + 128.0 * aged + 8.0 * (1.0 - weather.stagnation[take])
    made = 34.0 * np.sqrt(plume) * (aged * (0.6 + 0.7 * weather.stagnation[take]))[:, None]
    titrated = 17.0 * fresh**0.8 * (1.15 - 0.6 * np.minimum(sun, 1.0))[:, None]
    own = rng.normal(0.0, 0.015, at.shape[0])  # of each instrument
    ozone = (regional[:, None] + made - titrated) * np.exp(own + 0.05 * rng.standard_normal(made.shape))
    no2 = no2 * np.exp(0.08 * rng.standard_normal(no2.shape))
    return np.clip(ozone, 2.0, _HIGHEST), np.clip(no2, 1.0, _HIGHEST)


def _around(region: Region, field: Floats, at: Floats, km: float) -> Floats:
    """Emission around places, by a Gaussian of so many km; float64[n_station]."""
    lon, lat = region.pixels
    width, height = region.pixel_metres
    east = np.exp(-(((lon[None] - at[:, :1]) * width * 100 / (1000 * km)) ** 2) / 2)
    north = np.exp(-(((lat[None] - at[:, 1:]) * height * 100 / (1000 * km)) ** 2) / 2)
    return np.einsum("sy,yx,sx->s", north, field, east) / km**2


def _moved(at: Floats, sector: int) -> Floats:
    """Places moved against a wind that blows to a sector, as far as air goes in two hours."""
    angle = np.radians(sector * 360 / _SECTORS)
    lon = at[:, 0] - _DOWNWIND_KM * np.cos(angle) / 89.1
    return np.column_stack((lon, at[:, 1] - _DOWNWIND_KM * np.sin(angle) / 111.0))


def write_gas_study(folder: Path | str, variable: str = "o3", *, size: str = "demo", seed: int = SEED) -> Path:
    """
    Write the invented study of ozone or NO2: all of 2024, May and June 2025.

    Parameters
    ----------
    folder : str or Path
        Made where it is missing; must hold no other study.
    variable : "o3" or "no2"
    size : "demo" or "small"

    Returns
    -------
    Path of ``study.toml``

    Raises
    ------
    FileExistsError
        The folder already holds a study.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_gas_study(folder, size="small")
    ...     " ".join(sorted(p.name for p in path.parent.iterdir()))
    'backdrop bare_soil.geojson boundaries facilities.csv fires.csv stations study.toml'
    """
    from hotspot.synthetic.backdrop import write_backdrop
    from hotspot.synthetic.evidence_layers import write_bare_soil, write_fires

    folder = Path(folder)
    if (folder / "study.toml").exists():
        raise FileExistsError(f"{folder}: there already is a study; choose another folder or remove it.")
    for name in ("backdrop", "boundaries", "stations"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    latest = np.datetime64(MONTH, "M")
    wanted = [*np.arange("2024-01", "2025-01", dtype="datetime64[M]"), latest - 1, latest]
    days = np.concatenate([np.arange(m.astype("datetime64[D]"), (m + 1).astype("datetime64[D]")) for m in wanted])
    region, weather = Region(size, seed), make_weather(seed)
    sources = make_sources(region, seed)
    names, at = places(region, seed)
    ozone, no2 = station_hours(region, weather, sources, at, days, seed)
    files.write_boundaries(folder / "boundaries" / "townships.geojson", region)
    write_backdrop(folder / "backdrop" / "lines.geojson", region)
    files.write_facilities(folder / "facilities.csv", sources)
    rows = [
        [f"G{n:02d}", name, f"{p[0]:.5f}", f"{p[1]:.5f}"] for n, (name, p) in enumerate(zip(names, at, strict=True))
    ]
    write_csv(folder / "stations" / "stations.csv", ["站点编号", "站点名称", "经度", "纬度"], rows)
    rng = np.random.default_rng([seed, 53])
    hour_of = (days.astype("datetime64[h]")[:, None] + np.arange(24)).ravel()
    for month in wanted:
        own = np.flatnonzero(hour_of.astype("datetime64[M]") == month)
        gone = rng.random((own.size, at.shape[0])) < 0.012
        lines = [
            [
                f"{str(hour_of[h])[:10]} {str(hour_of[h])[11:13]}:00",
                rows[s][0],
                f"{ozone[h, s]:.0f}",
                f"{no2[h, s]:.0f}",
            ]
            for i, h in enumerate(own)
            for s in range(at.shape[0])
            if not gone[i, s]
        ]
        write_csv(folder / "stations" / f"gases_{month}.csv", ["监测时间", "站点编号", "O3", "NO2"], lines)
    write_fires(folder / "fires.csv", region, MONTH, seed)
    write_bare_soil(folder / "bare_soil.geojson", sources, seed)
    path = folder / "study.toml"  # last: a folder with a study.toml is a whole study
    about = {"variable": variable, "id": f"{size}-{variable}", "seed": seed}
    path.write_text(_TOML.format(**about), encoding="utf-8", newline="\n")
    return path


_TOML = (
    """\
# An invented study of a gas, written by hotspot. Every place, plant and number is made up.
id = "{id}"
name = "合成示例区域"
name_en = "Synthetic study (invented)"
variable = "{variable}"
time_zone = "+08:00"
seed = {seed}
root = "."

"""
    + BOUNDARY_TOML
    + """
[[stations]]
layout = "long"
files = ["stations/gases_*.csv"]
date_pattern = '(?P<year>\\d{{4}})-(?P<month>\\d{{2}})'
coordinates = "stations/stations.csv"
role = "reference"
datum = "wgs84"
unit = "ug/m3"
time_zone = "+08:00"
hour_label = "start"
source = "invented"
source_zh = "虚构示例"

"""
    + PLACES_TOML
    + """
[[evidence_layer]]
layout = "firms"
kind = "fire"
files = ["fires.csv"]
source = "invented"

[[evidence_layer]]
layout = "vector"
kind = "bare_soil"
files = ["bare_soil.geojson"]
datum = "wgs84"
source = "invented"
"""
)
