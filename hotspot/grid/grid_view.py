"""A lattice as a notebook shows it: its name, its codes, and what a cell measures on the ground."""

from hotspot.grid.frame import geodesic_size, north_angle
from hotspot.grid.lattice import Grid
from hotspot.text.labels import label_of
from hotspot.text.view import Column, Facts, Mark, Table, View

# Where the national lattice is looked at: its middle and its far corners.
_PLACES = (
    ("北京", "Beijing", 116.397, 39.909),
    ("郑州", "Zhengzhou", 113.63, 34.75),
    ("广州", "Guangzhou", 113.26, 23.13),
    ("哈尔滨", "Harbin", 126.53, 45.80),
    ("乌鲁木齐", "Urumqi", 87.62, 43.79),
)


def grid_view(grid: Grid) -> View:
    """
    What a lattice is, in a few lines, at five cities on the national one, else at the centre of its CRS's area of use.

    Examples
    --------
    >>> from hotspot.grid.lattice import Grid
    >>> "PQ1848E" in repr(grid_view(Grid())), "cn-albers-25-47-105-3000m" in repr(grid_view(Grid()))
    (True, True)
    """
    rows = tuple(_measured(grid, *where) for where in _where(grid))
    side = f"{grid.spacing:g} m"
    columns = (
        Column("地点", "place"),
        Column(label_of("cell_code"), "cell code"),
        Column("东西向", "east-west", "m", number=True),
        Column("南北向", "north-south", "m", number=True),
        Column("格网北偏真北", "grid north off true north", "°", number=True),
    )
    facts = (
        (("格网", "lattice"), Mark(grid.id, "code")),
        (("边长", "side of a cell"), f"{side}，{grid.spacing**2 / 1e6:g} km²"),
        (("投影", "projection"), f"{grid.crs.name}（等面积 equal area）"),
        (("编号", "codes"), _how_coded(grid)),
    )
    measured = (f"{side}的网格在地面上有多大", f'what a "{side}" cell measures on the ground')
    tables = (Table(columns, rows, measured),) if rows else ()
    notes = (
        "等面积投影只保证面积准确：边长随地点略有出入，格网北不是真北。 / "
        "Equal area keeps areas exact, not lengths, and grid north is not true north.",
    )
    return View(("格网", "Grid"), (Facts(facts), *tables), notes if rows else ())


def _where(grid: Grid) -> tuple[tuple[str, str, float, float], ...]:
    if grid.national:
        return _PLACES
    used = grid.crs.area_of_use
    if used is None:
        return ()
    return (("投影适用区中心", "centre of its area", (used.west + used.east) / 2, (used.south + used.north) / 2),)


def _measured(grid: Grid, zh: str, en: str, lon: float, lat: float) -> tuple[str | Mark, ...]:
    col, row = grid.locate(lon, lat)
    east_west, north_south = geodesic_size(grid, col, row)
    angle = float(north_angle(grid, col, row))
    return (
        f"{zh} {en}（{lon:.2f}, {lat:.2f}）",
        Mark(grid.code(int(col), int(row)), "code"),
        f"{east_west:,.0f}",
        f"{north_south:,.0f}",
        f"{angle:+.1f}",
    )


def _how_coded(grid: Grid) -> str:
    if grid.spacing == 3000:
        return "7位编号，子网格为“编号-01”至“编号-36” / seven characters, sub-cells CODE-01 to CODE-36"
    if grid.code(0, 0).startswith("C"):
        return "列、行号 / column and row"
    return "3千米网格的编号加序号 / the 3 km cell's code and a number"
