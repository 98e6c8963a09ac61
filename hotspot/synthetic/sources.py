"""
Who emits what in the invented region: registered facilities, sources nobody
registered, the towns; and what changes when.

Emissions are tonnes of PM2.5 a year at full work. A source works with the
factor of its ``steps``: a list of (first local day, factor).
"""

from dataclasses import dataclass

import numpy as np

from hotspot.kernels.arrays import Floats, Times
from hotspot.synthetic.region import Region

# class, how many in the demo, t/a from, t/a to, size from, size to, size unit, Chinese stem of the name
_KINDS = (
    ("power", 2, 420, 700, 600, 1320, "MW", "热电厂"),
    ("steel", 3, 900, 1500, 2.0, 6.0, "Mt/a", "钢铁厂"),
    ("cement", 4, 380, 720, 1.0, 3.0, "Mt/a", "水泥厂"),
    ("chemical", 6, 140, 330, 5, 40, "10 kt/a", "化工厂"),
    ("boiler", 11, 20, 80, 10, 65, "t/h", "供热站"),
    ("quarry", 7, 60, 190, 0.3, 1.5, "Mt/a", "采石场"),
    ("storage_yard", 7, 30, 110, 2, 15, "ha", "堆场"),
    ("construction", 10, 20, 75, 1, 12, "ha", "工地"),
    ("car_repair", 4, 2, 6, 0.1, 0.5, "ha", "汽修厂"),
    ("catering", 4, 3, 8, 10, 40, "kitchens", "餐饮街"),
    ("livestock", 3, 8, 20, 300, 2000, "head", "养殖场"),
)
_HIDDEN = (
    ("bare_soil", 210.0),
    ("open_burning", 160.0),
    ("waste_dump", 130.0),
    ("construction", 240.0),
    ("boiler", 150.0),
)
_MARKS = ["恒远", "宏达", "永兴", "金鼎", "顺天", "华岭", "东升", "北辰", "长河", "安泰"]
_MARKS += ["利丰", "同心", "星火", "向阳", "广源", "大成", "兴隆", "泰和", "瑞祥", "嘉业"]
BIG = ("power", "steel", "cement", "chemical")


@dataclass(frozen=True)
class Source:
    """One place that emits, as it truly is."""

    id: str
    name: str
    class_: str
    registered: bool
    lon: float
    lat: float
    size: float
    size_unit: str
    emission: float  # t/a of PM2.5 at full work
    rhythm: str  # "industry" (always), "heating" (cold days), "dust" (dry working hours)
    steps: tuple = ()  # (first local day, factor), in order; before the first: 1

    def factor(self, days: Times) -> Floats:
        """Share of full work on local days (datetime64[D])."""
        share = np.ones(len(days))
        for day, value in self.steps:
            share[days >= np.datetime64(day)] = value
        return share


def _rhythm(kind: str) -> str:
    if kind in ("boiler",):
        return "heating"
    return "dust" if kind in ("quarry", "storage_yard", "construction", "bare_soil") else "industry"


def make_sources(region: Region, seed: int) -> list[Source]:
    """
    The sources of a region, registered ones first.

    In the demo two large plants stop for good (2025-06-01 and 2025-09-01), one
    grows in October 2025 and one in December 2025, so that truth knows an
    improvement, a worsening against the year before and one against last month.

    Examples
    --------
    >>> from hotspot.synthetic.region import Region
    >>> sources = make_sources(Region("small", 1), 1)
    >>> len(sources), sum(not source.registered for source in sources)
    (20, 2)
    """
    rng = np.random.default_rng([seed, 20])
    small = region.size == "small"
    kinds = [kind for kind in _KINDS for _ in range((kind[1] + 3) // 4 if small else kind[1])]
    hidden = _HIDDEN[:2] if small else _HIDDEN
    towns = _towns(region)
    placed = np.empty((0, 2))
    found = []
    changes = _changes([kind[0] for kind in kinds], small)
    for number, (kind, _, low, high, least, most, unit, stem) in enumerate(kinds, 1):
        place = _place(region, rng, kind, placed, towns)
        placed = np.vstack((placed, place))
        share = rng.uniform()
        size = float(f"{least + share * (most - least):.3g}")
        emission = float(round(low + share * (high - low)))
        lon, lat = (float(value) for value in np.round(region.to_lonlat(*place)[0], 6))
        name = f"{_MARKS[(number - 1) % len(_MARKS)]}{stem}(示例)"
        steps = changes.get(number - 1, ())
        ident = f"F{number:03d}"
        found.append(Source(ident, name, kind, True, lon, lat, size, unit, emission, _rhythm(kind), steps))
    for number, (kind, emission) in enumerate(hidden, 1):
        place = _place(region, rng, kind, placed, towns)
        placed = np.vstack((placed, place))
        lon, lat = (float(value) for value in np.round(region.to_lonlat(*place)[0], 6))
        ident = f"U{number:02d}"
        found.append(Source(ident, "", kind, False, lon, lat, np.nan, "", emission, _rhythm(kind)))
    return found


def _changes(kinds: list[str], small: bool) -> dict[int, tuple[tuple[str, float], ...]]:
    """Position of a source -> its steps. Small: one plant grows in the last month."""
    if small:
        return {kinds.index("steel"): (("2024-01-01", 0.5), ("2025-12-01", 1.0))}
    steel, cement = kinds.index("steel"), kinds.index("cement")
    chemical = kinds.index("chemical")
    return {
        cement: (("2025-06-01", 0.0),),
        chemical: (("2025-09-01", 0.0),),
        steel + 1: (("2024-01-01", 0.45), ("2025-10-01", 1.0)),
        cement + 1: (("2024-01-01", 0.55), ("2025-12-01", 2.0)),
    }


def _towns(region: Region) -> Floats:
    """A point of every township, metres from the origin, float64[n, 2]."""
    inner = region.townships.geometry.representative_point()
    x, y = region.grid.project(inner.x.to_numpy(), inner.y.to_numpy())
    return np.column_stack((x - region.origin[0], y - region.origin[1]))


def _place(region: Region, rng: np.random.Generator, kind: str, placed: Floats, towns: Floats) -> Floats:
    """A free place for a source: plants apart from each other and off the slopes, the rest near a town."""
    from shapely import Point, Polygon

    inside = Polygon(region.outline).buffer(-3000.0)
    gap = {True: 0.17, False: 0.035}[kind in BIG] * region.half
    while True:
        if kind in (*BIG, "quarry", "bare_soil", "open_burning", "waste_dump"):
            place = rng.uniform(-1.2, 1.2, 2) * region.half
            if kind in BIG:  # well inside one cell, so that truth can name it
                place = 3000.0 * np.floor(place / 3000.0) + 1500.0 + rng.uniform(-600.0, 600.0, 2)
        else:
            place = towns[rng.integers(len(towns))] + rng.normal(0.0, 3500.0, 2)
        lon, lat = region.to_lonlat(*place)[0]
        height = float(region.elevation(lon, lat))
        fits = 180.0 < height < 800.0 if kind == "quarry" else height < 260.0
        apart = not len(placed) or np.hypot(*(placed - place).T).min() > gap
        if (fits or region.size == "small") and apart and inside.contains(Point(place)):
            return place
        gap *= 0.995


def emission_maps(region: Region, sources: list[Source], weather_days: Times) -> tuple[Floats, list[str], Floats]:
    """
    Emission on the pixels, in groups that share one rhythm in time.

    Parameters
    ----------
    weather_days : datetime64[D][n_day]
        Local days for which the factors are wanted.

    Returns
    -------
    maps : float64[n_group, n_lat, n_lon], g/s per pixel at full work
    rhythms : list of str[n_group]
    factors : float64[n_group, n_day]
    """
    lon, lat = region.pixels
    shape = (len(lat), len(lon))
    groups: dict[tuple, tuple] = {}
    for source in sources:
        key = (source.rhythm, source.steps)
        groups.setdefault(key, (np.zeros(shape), source.factor(weather_days)))
        _spread(groups[key][0], lon, lat, source)
    x, y = np.meshgrid(lon, lat)
    for rhythm, share in (("heating", 1.0), ("traffic", 0.8)):
        towns = np.zeros(shape)
        for east, north in _towns(region):
            town_lon, town_lat = region.to_lonlat(east, north)[0]
            away = np.hypot((x - town_lon) * 89.1, (y - town_lat) * 111.0)
            towns += 110.0 * np.exp(-((away / 2.6) ** 2) / 2) / 42.0
        for _city, _code, county, _county_code, east, north, _townships in region.counties:
            town_lon, town_lat = region.to_lonlat(east, north)[0]
            away = np.hypot((x - town_lon) * 89.1, (y - town_lat) * 111.0)
            weight = 2100.0 if county.startswith(("城中", "河东")) else 520.0
            towns += weight * np.exp(-((away / 4.2) ** 2) / 2) / 110.0
        groups[rhythm, ("towns",)] = (towns * share * 0.0317, np.ones(len(weather_days)))
    order = sorted(groups, key=str)
    maps = np.stack([groups[key][0] for key in order])
    return maps, [key[0] for key in order], np.stack([groups[key][1] for key in order])


def _spread(field: Floats, lon: Floats, lat: Floats, source: Source) -> None:
    """Add a source to the four pixels around it, g/s."""
    column = (source.lon - lon[0]) / (lon[1] - lon[0])
    row = (source.lat - lat[0]) / (lat[1] - lat[0])
    left, top = int(np.floor(column)), int(np.floor(row))
    right, down = column - left, row - top
    weights = np.outer((1 - down, down), (1 - right, right))
    field[top : top + 2, left : left + 2] += source.emission * 0.0317 * weights  # 1 t/a = 0.0317 g/s
