"""
The invented region: its outline, its counties and townships, its ground.

Every name is made up and says so; the codes start with 99, which no province
of China uses. Townships tile the region without a gap: the two sides of a
shared border are the same points.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.grid.lattice import Grid
from hotspot.kernels.arrays import Floats

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

CENTRE = (114.5, 36.8)  # degrees WGS 84: the edge of the plain, mountains to the west
PIXEL = 0.01  # degrees, the "1 km" of satellite products
MARK = "(示例)"

# city, code, counties; a county: name, position east and north of the centre as a
# share of the region's half width, and its townships.
_DEMO = (
    (
        "云岭市",
        "990100",
        (
            ("城中区", -0.50, 0.08, ("南门街道", "北关街道", "工人村街道", "柳林镇")),
            ("青石县", -0.66, 0.52, ("青石镇", "松坪镇", "石桥乡", "杏花乡")),
            ("白鹿县", -0.58, -0.46, ("白鹿镇", "泉水镇", "瓦窑镇", "槐树乡")),
            ("安岭县", -0.12, 0.66, ("安岭镇", "煤沟镇", "东坡乡", "大河乡", "古寨镇")),
        ),
    ),
    (
        "河阳市",
        "990200",
        (
            ("河东区", 0.36, 0.06, ("东关街道", "铁西街道", "新港街道", "柏林镇", "双桥镇")),
            ("望平县", 0.44, 0.66, ("望平镇", "曹庄镇", "马店乡", "长堤乡")),
            ("临沙县", 0.78, -0.24, ("临沙镇", "沙窝镇", "枣林乡", "三里乡", "南滩乡")),
            ("广原县", 0.12, -0.64, ("广原镇", "钢城街道", "麦田乡", "小营镇")),
        ),
    ),
)
_SMALL = (
    (
        "云岭市",
        "990100",
        (("城中区", -0.5, 0.45, ("南门街道", "柳林镇")), ("白鹿县", -0.5, -0.5, ("白鹿镇", "泉水镇"))),
    ),
    ("河阳市", "990200", (("河东区", 0.5, 0.45, ("东关街道", "双桥镇")), ("临沙县", 0.5, -0.5, ("临沙镇", "枣林乡")))),
)


@dataclass(frozen=True)
class Region:
    """Where the synthetic study lies. ``size`` is "demo" (about 1,000 cells) or "small" (144)."""

    size: str
    seed: int

    @property
    def half(self) -> float:
        """Half the region's width in metres."""
        return 52_000.0 if self.size == "demo" else 18_000.0

    @cached_property
    def grid(self) -> Grid:
        """The national lattice of 3 km cells."""
        return Grid(3000.0)

    @cached_property
    def origin(self) -> tuple[float, float]:
        """The centre in lattice metres: a corner of four cells."""
        x, y = self.grid.project(*CENTRE)
        return 3000.0 * round(float(x) / 3000.0), 3000.0 * round(float(y) / 3000.0)

    @cached_property
    def outline(self) -> Floats:
        """Corner points of the region, metres from ``origin``, float64[n, 2]."""
        if self.size == "small":
            # A hair inside 12 x 12 whole cells, so that no thirteenth is touched.
            edge = np.linspace(-self.half + 30.0, self.half - 30.0, 37)
            low, high = np.full(36, edge[0]), np.full(36, edge[-1])
            sides = ((edge[:-1], low), (high, edge[:-1]), (edge[:0:-1], high), (low, edge[:0:-1]))
            return np.concatenate([np.column_stack(side) for side in sides])
        angle = np.linspace(0.0, 2 * np.pi, 320, endpoint=False)
        rng = np.random.default_rng([self.seed, 1])
        radius = 1.0 + 0.10 * np.cos(2 * angle + 0.4) + 0.05 * np.cos(3 * angle + 1.3)
        for wave in range(5, 25):
            radius += rng.normal(0.0, 0.09 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
        return np.round(self.half * radius[:, None] * np.column_stack((np.cos(angle), np.sin(angle))))

    @cached_property
    def counties(self) -> list[tuple[str, str, str, str, float, float, tuple[str, ...]]]:
        """List of (city, city_code, county, county_code, x, y, townships), metres from ``origin``."""
        found = []
        for city, city_code, members in _DEMO if self.size == "demo" else _SMALL:
            for number, (county, east, north, townships) in enumerate(members, 1):
                place = (east * self.half, north * self.half)
                found.append((city + MARK, city_code, county + MARK, f"{city_code[:4]}{number:02d}", *place, townships))
        return found

    @cached_property
    def townships(self) -> "gpd.GeoDataFrame":
        """GeoDataFrame of the townships in WGS 84: city, city_code, county, ..., township_code, geometry."""
        import geopandas
        from shapely import Polygon

        for attempt in range(200):  # until every county is one piece
            rows, seeds = self._township_seeds(np.random.default_rng([self.seed, 3, attempt]))
            if _in_one_piece(seeds, [row["county_code"] for row in rows], self.outline):
                break
        for amplitude in (0.10, 0.05, 0.0):  # a border that crosses itself is drawn straighter
            rings = _tiles(seeds, self.outline, amplitude, np.random.default_rng([self.seed, 2]))
            if all(Polygon(ring).is_valid for ring in rings):
                break
        geometry = [Polygon(np.round(self.to_lonlat(ring[:, 0], ring[:, 1]), 6)) for ring in rings]
        return geopandas.GeoDataFrame(rows, geometry=geometry, crs=4326)

    def _township_seeds(self, rng: np.random.Generator) -> tuple[list[dict[str, str]], Floats]:
        """Names of the townships and a point each, at least a fifth of a county apart, inside the region."""
        from shapely import Point, Polygon

        centres = np.array([county[4:6] for county in self.counties])
        inside = Polygon(self.outline).buffer(-0.04 * self.half)
        rows, seeds = [], np.empty((0, 2))
        for number, (city, city_code, county, code, x, y, townships) in enumerate(self.counties):
            gap = 0.22 * self.half
            for order, township in enumerate(townships, 1):
                while True:
                    place = np.round(np.array((x, y)) + rng.uniform(-0.45, 0.45, 2) * self.half)
                    near = np.argmin(np.hypot(*(centres - place).T)) == number
                    apart = not len(seeds) or np.hypot(*(seeds - place).T).min() > gap
                    if near and apart and inside.contains(Point(place)):
                        break
                    gap *= 0.99  # a narrow county: come closer, never hang
                seeds = np.vstack((seeds, place))
                names = {"city": city, "city_code": city_code, "county": county, "county_code": code}
                rows.append(names | {"township": township + MARK, "township_code": f"{code}{order:03d}"})
        return rows, seeds

    def to_lonlat(self, x: float | Floats, y: float | Floats) -> Floats:
        """Metres from ``origin`` to an array [n, 2] of longitude and latitude."""
        lon, lat = self.grid.unproject(np.asarray(x) + self.origin[0], np.asarray(y) + self.origin[1])
        return np.column_stack((lon, lat))

    @cached_property
    def pixels(self) -> tuple[Floats, Floats]:
        """Longitudes (west to east) and latitudes (north to south) of the 0.01 degree pixel centres."""
        west, south, east, north = self.townships.total_bounds
        first, last = np.floor(west / PIXEL) - 2, np.ceil(east / PIXEL) + 2
        low, high = np.floor(south / PIXEL) - 2, np.ceil(north / PIXEL) + 2
        return np.round((np.arange(first, last) + 0.5) * PIXEL, 4), np.round(
            (np.arange(high, low, -1) - 0.5) * PIXEL, 4
        )

    @cached_property
    def pixel_metres(self) -> tuple[float, float]:
        """Width and height of a pixel in metres."""
        return float(np.cos(np.radians(CENTRE[1])) * PIXEL * 111_320.0), PIXEL * 111_000.0

    def elevation(self, lon: float | Floats, lat: float | Floats) -> Any:
        """
        Height of the ground in metres: a plain, mountains in the west, a basin in them.

        Examples
        --------
        >>> region = Region("small", 1)
        >>> bool(region.elevation(114.9, 36.8) < 90 < region.elevation(113.9, 37.1))
        True
        """
        east = (np.asarray(lon, float) - CENTRE[0]) * 89.1  # km
        north = (np.asarray(lat, float) - CENTRE[1]) * 111.0
        ridge = 1.0 / (1.0 + np.exp((east + 13.0 + 4.0 * np.sin(north / 13.0)) / 2.6))
        folds = 1.0 + 0.22 * np.sin(north / 6.0 + east / 9.0) + 0.14 * np.sin(east / 4.0 - north / 11.0)
        basin = _basin(east, north)
        rise = 260.0 + 16.0 * np.clip(-13.0 - east, 0.0, 45.0)  # foothills first, the high range behind
        return 62.0 - 0.25 * east + rise * ridge * folds * (1.0 - 0.97 * basin) + 70.0 * basin

    def trapping(self, lon: Floats, lat: Floats) -> Floats:
        """How much of the region's haze a place keeps, 1 on the plain: more in the basin, less on the heights."""
        east = (np.asarray(lon, float) - CENTRE[0]) * 89.1
        north = (np.asarray(lat, float) - CENTRE[1]) * 111.0
        height = np.maximum(self.elevation(lon, lat) - 220.0, 0.0)
        return (1.0 + 0.10 * _basin(east, north)) * np.exp(-height / 1300.0)


def _basin(east: float | Floats, north: float | Floats) -> Any:
    """1 on the floor of the basin, 0 outside; km from the centre, the rim open to the south-east."""
    return np.exp(-((((east + 26.0) / 13.5) ** 2 + ((north - 4.0) / 14.0) ** 2) ** 2))


def _cut(seeds: Floats, outline: Floats) -> "list[shapely.Geometry]":
    """Nearest-seed tiles of an outline, polygons in the order of ``seeds``."""
    from shapely import MultiPoint, Point, Polygon, voronoi_polygons

    whole = Polygon(outline)
    raw = voronoi_polygons(MultiPoint(seeds), extend_to=whole).geoms
    return [next(tile for tile in raw if tile.contains(Point(seed))).intersection(whole) for seed in seeds]


def _in_one_piece(seeds: Floats, counties: ArrayLike, outline: Floats) -> bool:
    """Whether the tiles of every county touch each other along borders, not at corners."""
    from shapely import union_all

    tiles, counties = np.array(_cut(seeds, outline), object), np.array(counties)
    return all(
        union_all(tiles[counties == county]).buffer(-200).geom_type == "Polygon" for county in np.unique(counties)
    )


def _tiles(seeds: Floats, outline: Floats, amplitude: float, rng: np.random.Generator) -> list[Floats]:
    """
    Rings of the nearest-seed tiles of an outline, their shared borders bent alike.

    seeds : float64[n, 2]; outline : float64[m, 2]; amplitude : bend per length
    returns : list of float64[k, 2], in the order of ``seeds``
    """
    rings = []
    for tile in _cut(seeds, outline):
        points = np.round(np.asarray(tile.exterior.coords)[:-1])
        keep = np.any(points != np.roll(points, 1, axis=0), axis=1)
        rings.append([tuple(point) for point in points[keep]])
    rings = [_with_touching(ring, {p for other in rings for p in other}) for ring in rings]
    edges: dict[tuple, int] = {}
    for ring in rings:
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            edges[min(a, b), max(a, b)] = edges.get((min(a, b), max(a, b)), 0) + 1
    bent = {edge: _bend(edge[0], edge[1], amplitude if edges[edge] == 2 else 0.0, rng) for edge in sorted(edges)}
    bordered = []
    for ring in rings:
        parts = []
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            line = bent[min(a, b), max(a, b)]
            parts.append(line[:-1] if a < b else line[:0:-1])
        bordered.append(np.vstack(parts))
    return bordered


def _with_touching(ring: list[tuple[float, float]], points: set[tuple[float, float]]) -> list[tuple[float, float]]:
    """A ring with every foreign corner that lies on one of its edges, so that neighbours share all corners."""
    full = []
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        start, along = np.array(a), np.array(b) - np.array(a)
        length = np.hypot(*along)
        on = []
        for point in points - {a, b}:
            offset = np.array(point) - start
            share = offset @ along / length**2
            if 0 < share < 1 and abs(offset[0] * along[1] - offset[1] * along[0]) / length < 1.5:
                on.append((share, point))
        full += [a, *(point for _, point in sorted(on))]
    return full


def _bend(a: tuple[float, float], b: tuple[float, float], amplitude: float, rng: np.random.Generator) -> Floats:
    """A border between two corners by midpoint displacement, pieces under 1 km; float64[k, 2]."""
    line = np.array((a, b), float)
    while np.hypot(*(line[1] - line[0])) > 1000.0:
        middle, along = (line[1:] + line[:-1]) / 2, line[1:] - line[:-1]
        middle += amplitude * rng.uniform(-1, 1, (len(middle), 1)) * np.column_stack((-along[:, 1], along[:, 0]))
        line = np.insert(line, np.arange(1, len(line)), middle, axis=0)
    return line
