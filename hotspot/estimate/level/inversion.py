"""
The emission level by inversion: what every cell must give off so that the days look as they do (D3, METHODS 17).

Transport, the boundary layer and what the ground does all year are not corrected one after the other: they are
in one equation with the emission, solved for all days of a year together (``inversion_tile.Days`` states it).
"""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.fft import next_fast_len

from hotspot.estimate.level.contrast import lattice_image, local_contrast, richardson_lucy
from hotspot.estimate.level.inversion_tile import Tile, explained, invert_tile
from hotspot.estimate.level.plume import Plume, Winds, wind_classes
from hotspot.estimate.level.shared import normal_reach
from hotspot.in_order import in_order, pool
from hotspot.kernels.arrays import Floats, Ints, Singles, Times
from hotspot.quality.means.seen import mean_of_seen
from hotspot.rules.calendar import offset_hours
from hotspot.rules.criteria import Criteria, Inversion
from hotspot.variables import CoverageWarning, DataError

if TYPE_CHECKING:
    import xarray as xr

# Plumes that are tried, one number after the other, the lifetime once more at the end.
TRIED = (
    ("lifetime", (900.0, 1800.0, 3600.0, 7200.0)),
    ("pace", (0.0, 0.7, 1.0, 1.5)),
    ("turn", (-20.0, 0.0, 20.0)),
    ("spread", (0.3, 1.0, 3.0)),
    ("lifetime", (900.0, 1800.0, 3600.0, 7200.0)),
)
STRENGTHS = (0.003, 0.01, 0.02, 0.03, 0.05, 0.1)
_OUTSIDE = 8  # cells around the watched ones where sources are allowed, so that their plumes need no other
_MARGIN = 10  # cells between the two ends of the periodic lattice


def emission_level(
    field: "xr.Dataset",
    weather: "xr.Dataset",
    *,
    utc_offset: float,
    criteria: Criteria | None = None,
    variable: str = "pm25",
    workers: int | None = None,
    executor: Any = None,
) -> "xr.Dataset":
    """
    Emission level of every cell from the days of a year, by inversion, and its simple rivals.

    Parameters
    ----------
    field : Dataset (cell, day)
        ``variable``, ug/m3, NaN where not seen; ``col row`` (and ``lon lat`` unless the weather is that of one
        point); attrs ``spacing``, m. All its days are taken as one period.
    weather : Dataset, from ``open_weather``: ``u10 v10``, and ``blh`` where there is one
    utc_offset : float
        Hours that local time is ahead of UTC.
    criteria : Criteria, optional
        Its section ``inversion``.
    variable : str
    workers : int, optional
        Processes, started afresh: a script calls this under ``if __name__ == "__main__"``. Any number gives the
        same bytes; by default a thread for each core.
    executor : concurrent.futures.Executor, optional
        Instead of own processes, e.g. ``client.get_executor()`` of a dask cluster.

    Returns
    -------
    Dataset (cell, time)
        ``inversion`` (cell), what a cell's own emission adds to its own air on a stagnant day, in weather that is the
        same for all cells, ug/m3, with ``inversion_low, inversion_high`` (blocks of days drawn again);
        ``inversion_without`` (cell, time), the same without one month, and ``n_days`` (cell). ``local`` and
        ``background`` (cell) add up to the mean of the days used. ``contrast``, ``richardson_lucy`` (cell): rivals
        on the mean of the days. Attrs: the plume and strength that left-out days chose, ``explained``, ``removed``,
        ``words``.

    Raises
    ------
    DataError
        Lattice positions or wind are missing, too few months have days with wind, or the days left out are
        explained no better than by nothing.

    Warns
    -----
    CoverageWarning
        The boundary layer is to be removed and no height was delivered: only its effect on whole days is then.

    Notes
    -----
    Plume and strength are the same for the whole region. Of the strengths of regularisation the strongest is taken that
    explains at least ``explained_share`` of what the best explains on days left out: left-out days share the
    errors that stay all year, so their best always is too weak. With e = q / k, k the own share of the tile's plume,
    ``inversion = e x mean k x s``, s the third of the days on which a cell's own emission weighs most over all days.
    To it a share ``lean`` of the mean sharpened by Richardson and Lucy, scaled to its spread, is added: it orders the
    cells in which the inversion finds nothing.

    Examples
    --------
    >>> import xarray as xr
    >>> col, row = (axis.ravel() for axis in np.meshgrid(np.arange(16), np.arange(16)))
    >>> day = np.arange("2023-01-01", "2024-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> rng = np.random.default_rng(0)
    >>> angle, speed = rng.uniform(0, 2 * np.pi, day.size), rng.uniform(0.5, 5, day.size)
    >>> weather = xr.Dataset(
    ...     {"u10": ("time", speed * np.cos(angle)), "v10": ("time", speed * np.sin(angle))}, {"time": day})
    >>> here = (col == 9) & (row == 6)
    >>> pm25 = rng.uniform(20, 60, day.size) + np.where(here, 8.0, 0.0)[:, None] + rng.normal(0, 2, (256, day.size))
    >>> field = xr.Dataset({"pm25": (("cell", "day"), pm25)},
    ...     {"col": ("cell", col), "row": ("cell", row), "day": day}, {"spacing": 3000.0})
    >>> from hotspot.rules.criteria import Criteria
    >>> few = Criteria(inversion={"remove": ("transport", "terrain")})
    >>> level = emission_level(field, weather, utc_offset=0, criteria=few)
    >>> bool(level["inversion"].argmax() == np.flatnonzero(here)[0]), level.attrs["removed"]
    (True, 'terrain, transport')
    """
    import xarray as xr

    rules = (Criteria() if criteria is None else criteria).inversion
    values, day = _checked(field, weather, variable)
    col, row = field["col"].values, field["row"].values
    months = np.unique(day.astype("datetime64[M]"))
    tiles, places = _tiles(field, values, weather, day, utc_offset, rules)
    with pool(workers, executor) as runs:
        plume, strength, skill = _chosen(tiles, rules, runs)
        found = in_order(
            invert_tile, [(tile, tuple(plume), strength, rules) for tile in tiles], runs, ahead=2 * max(workers or 0, 2)
        )
    n_cell = len(values)
    local, background, level, spread = (np.full(n_cell, np.nan) for _ in range(4))
    without, n_days = np.full((n_cell, len(months)), np.nan), np.isfinite(values).sum(axis=1)
    known = [one for one in found if one is not None]
    scale = float(np.mean([one["scale"] for one in known]))
    stagnant = float(np.mean([one["stagnant"] for one in known]))
    for one, (cells, at_row, at_col) in zip(found, places, strict=True):
        if one is None:
            continue
        unit = scale / one["scale"] * stagnant
        level[cells] = unit * one["emission"][at_row, at_col]
        spread[cells] = unit * one["refits"].std(axis=0, ddof=1)[at_row, at_col]
        without[cells] = unit * one["without"][:, at_row, at_col].T
        local[cells], background[cells] = one["local"][at_row, at_col], one["background"][at_row, at_col]
    mean = mean_of_seen(values, 1)
    sharpened = richardson_lucy(mean, col, row)
    both = np.isfinite(level) & np.isfinite(sharpened)
    leaning = rules.lean * level[both].std() / max(float(sharpened[both].std()), 1e-9) * sharpened
    few = n_days < rules.min_days
    level, without = (np.where(few, np.nan, one.T + leaning).T for one in (level, without))
    reach = normal_reach(rules.level) * spread
    columns = {
        "inversion": level, "inversion_low": level - reach, "inversion_high": level + reach, "local": local,
        "background": background, "contrast": local_contrast(mean, col, row, width=rules.contrast_cells),
        "richardson_lucy": sharpened,
    }  # fmt: skip
    words = {"unit": field[variable].attrs.get("unit", "ug/m3")}
    out = xr.Dataset({name: ("cell", one, words) for name, one in columns.items()})
    out["inversion_without"] = (("cell", "time"), without, words)
    out["n_days"] = ("cell", n_days, {"unit": "1"})
    coords = {"time": months.astype("datetime64[ns]")}
    if "cell" in field.coords:
        coords["cell"] = field["cell"].values
    with np.errstate(invalid="ignore"):
        share = float(np.nansum(background) / np.nansum(local + background))
    return out.assign_coords(coords).assign_attrs(
        **{f"plume_{name}": value for name, value in plume._asdict().items()}, strength=strength, explained=skill,
        removed=", ".join(sorted(rules.remove)), interval=rules.level, seed=rules.seed, n_tiles=len(tiles),
        background_share=share, n_days=int(max(one["n_days"] for one in known)),
        words=f"inversion of {max(one['n_days'] for one in known)} days; days left out explained {skill:.0%}; plume "
        f"lifetime {plume.lifetime / 60:g} min, pace {plume.pace:g}, turned {plume.turn:g} degrees, "
        f"spread {plume.spread:g}; strength {strength:g}; background {share:.0%} of the concentration",
    )  # fmt: skip


def _checked(field: "xr.Dataset", weather: "xr.Dataset", variable: str) -> tuple[Singles, Times]:
    """Values float32[cell, day] and days, or what is wrong with them."""
    for name in ("col", "row"):
        if name not in field.coords:
            raise DataError(f"{variable}: {name} is missing; give cells of a lattice (Grid.cover).")
    if "spacing" not in field.attrs:
        raise DataError(f"{variable}: the attribute spacing is missing; give cells of a lattice (Grid.cover).")
    lacking = [name for name in ("u10", "v10") if name not in weather]
    if lacking:
        raise DataError(f"weather: {lacking[0]} is missing; without wind no plume can be told from its source.")
    values = field[variable].transpose("cell", "day").values.astype(np.float32)
    return values, field["day"].values.astype("datetime64[D]")


def _tiles(
    field: "xr.Dataset", values: Singles, weather: "xr.Dataset", day: Times, utc_offset: float, rules: Inversion
) -> tuple[list[Tile], list[tuple[Ints, Ints, Ints]]]:
    """The tiles of the region, and of each its cells with their place in its own part."""
    image, at_row, at_col = lattice_image(values, field["col"].values, field["row"].values)
    local = weather["time"].values.astype("datetime64[ns]") + offset_hours(utc_offset)
    of_step = local.astype("datetime64[D]")
    at = np.minimum(np.searchsorted(day, of_step), len(day) - 1)
    at = np.where(day[at] == of_step, at, -1)
    use = at >= 0
    weather, at = weather.isel(time=np.flatnonzero(use)), at[use]
    depth = "blh" if "blh" in weather and "boundary_layer" in rules.remove else None
    if depth is None and "boundary_layer" in rules.remove:
        warnings.warn(
            "inversion: no boundary-layer height; hours weigh alike, its effect on whole days is removed",
            CoverageWarning, stacklevel=3,
        )  # fmt: skip
    _, month_of_day = np.unique(day.astype("datetime64[M]"), return_inverse=True)
    windy = np.zeros(len(day), bool)
    windy[at[np.isfinite(weather["u10"].transpose("time", ...).values.reshape(len(at), -1)).any(axis=1)]] = True
    has = windy & np.isfinite(values).any(axis=0)
    number = len(np.unique(month_of_day[has]))
    if number < min(rules.months, 12) or has.sum() < rules.min_days:
        raise DataError(
            f"inversion: {has.sum()} days of {number} months have both values and wind, "
            f"{rules.min_days} days of {rules.months} months are needed."
        )
    of_month = (day - day.astype("datetime64[M]")).astype(np.int64) // rules.block_days
    key = month_of_day * 64 + np.minimum(of_month, max(30 // rules.block_days - 1, 0))
    blocks, block = np.unique(key, return_inverse=True)
    edges = [_edges(size, rules.tile_cells) for size in image.shape[:2]]
    tiles, places = [], []
    for low, high in zip(edges[0][:-1], edges[0][1:], strict=True):
        for left, right in zip(edges[1][:-1], edges[1][1:], strict=True):
            cells = np.flatnonzero((at_row >= low) & (at_row < high) & (at_col >= left) & (at_col < right))
            if not len(cells):
                continue
            box = (low, high, left, right)
            winds = _winds(field.isel(cell=cells), weather, depth, at, len(day), rules)
            tiles.append(_tile(image, box, winds, block.ravel(), blocks // 64, float(field.attrs["spacing"]), rules))
            places.append((cells, at_row[cells] - low, at_col[cells] - left))
    return tiles, places


def _edges(size: int, tile: int) -> Ints:
    """Where the tiles along one axis begin and end, about ``tile`` cells each."""
    return np.round(np.linspace(0, size, max(1, round(size / tile)) + 1)).astype(np.int64)


def _tile(
    image: Singles,
    box: tuple[int, int, int, int],
    winds: Winds,
    block: Ints,
    month: Ints,
    spacing: float,
    rules: Inversion,
) -> Tile:
    """A tile cut out of the image with what surrounds it, in a lattice whose ends lie far apart."""
    low, high, left, right = box
    halo = rules.halo_cells
    rows = slice(max(low - halo, 0), min(high + halo, image.shape[0]))
    cols = slice(max(left - halo, 0), min(right + halo, image.shape[1]))
    cut = np.moveaxis(image[rows, cols], 2, 0)
    shape = tuple(next_fast_len(n + 2 * _MARGIN, real=True) for n in cut.shape[1:])
    values = np.full((len(cut), *shape), np.nan, np.float32)
    values[:, _MARGIN : _MARGIN + cut.shape[1], _MARGIN : _MARGIN + cut.shape[2]] = cut
    free = np.zeros(shape, bool)
    edge = _MARGIN - _OUTSIDE
    free[edge : _MARGIN + cut.shape[1] + _OUTSIDE, edge : _MARGIN + cut.shape[2] + _OUTSIDE] = True
    first = _MARGIN + low - rows.start, _MARGIN + left - cols.start
    own = slice(first[0], first[0] + high - low), slice(first[1], first[1] + right - left)
    return Tile(values, own, free, winds, block, month, spacing)


def _winds(
    cells: "xr.Dataset", weather: "xr.Dataset", depth: str | None, at: Ints, n_day: int, rules: Inversion
) -> Winds:
    """Classes of the wind nearest to the middle of some cells."""
    import xarray as xr

    from hotspot.estimate.level.background import nearest_place

    middle = xr.Dataset(coords={"cell": [0]})
    if weather["u10"].ndim > 1:
        middle = middle.assign_coords({name: ("cell", [float(cells[name].values.mean())]) for name in ("lon", "lat")})
    here = int(nearest_place(middle, weather[["u10"]])[0])
    series = {}
    for name in ("u10", "v10", *([depth] if depth else [])):
        series[name] = weather[name].transpose("time", ...).values.reshape(len(at), -1)[:, here].astype(float)
    return wind_classes(series["u10"], series["v10"], series.get("blh"), at, n_day, sectors=rules.sectors)


def _chosen(tiles: list[Tile], rules: Inversion, runs: Any) -> tuple[Plume, float, float]:
    """Plume and strength by left-out days of the best seen tiles, and the share of them that is explained."""
    best_seen = np.argsort([-int(np.isfinite(tile.values).sum()) for tile in tiles], kind="stable")[
        : rules.sample_tiles
    ]
    sample = [tiles[i] for i in best_seen]
    middle = (STRENGTHS[len(STRENGTHS) // 2 - 1],)

    def skill(plumes: list[Plume], strengths: tuple[float, ...]) -> Floats:
        jobs = [(tile, tuple(plume), strengths, rules) for plume in plumes for tile in sample]
        told = in_order(explained, jobs, runs)
        shares = np.array([share for share, _ in told]).reshape(len(plumes), len(sample), -1)
        weight = np.array([one for _, one in told]).reshape(len(plumes), len(sample), 1)
        return (shares * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)

    plume = Plume()
    known: dict[Plume, float] = {}
    for name, choices in TRIED:
        if name in ("pace", "turn") and ("transport" not in rules.remove or (name == "turn" and plume.pace == 0)):
            continue
        tried = [plume._replace(**{name: value}) for value in choices]
        new = [one for one in tried if one not in known]
        known |= dict(zip(new, skill(new, middle)[:, 0], strict=True)) if new else {}
        plume = max(tried, key=lambda one: known[one])
    share = skill([plume], STRENGTHS)[0]
    if not share.max() > rules.least_explained:
        raise DataError(
            f"inversion: of days left out {share.max():.1%} are explained, at least {rules.least_explained:.0%} are "
            "needed; the level cannot be told from chance."
        )
    enough = np.flatnonzero(share >= rules.explained_share * share.max())
    return plume, STRENGTHS[enough[-1]], float(share[enough[-1]])
