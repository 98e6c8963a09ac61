"""Tiles of one delivery on their common grid; values are read when they are asked for."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.kernels.arrays import Floats, Singles
from hotspot.sources.intake import Intake
from hotspot.sources.once import remember
from hotspot.sources.satellite.laid import layer_of
from hotspot.sources.store import Store
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

ALIGNED = 0.05  # pixels that two grids of one delivery may differ


@dataclass(frozen=True)
class Tile:
    """One layer of one file: its day, its grid, and how to read it."""

    path: Path
    name: str
    report: dict
    layer: int
    day: Any  # datetime.date
    x: np.ndarray  # pixel centres, ascending
    y: np.ndarray
    turned: tuple[np.ndarray, np.ndarray]  # rows and columns of the file in our order

    @property
    def origin(self) -> str:
        """What its values hang on, as a text: the file's hash, what was declared of it, the layer."""
        return f"{self.report['key']}:{self.layer}"

    def read(self) -> Singles:
        """float[y, x], ug/m3, ascending both ways."""
        values = layer_of(self.path, self.report, Path(self.report["laid"]), self.layer)
        rows, columns = self.turned
        return values[rows][:, columns]


def tile_of(path: Path, report: dict[str, Any], layer: int, day: date, name: str) -> Tile:
    """A Tile with longitudes in -180..180 and both axes ascending; nothing is read."""
    x, y = np.asarray(report["x"]), np.asarray(report["y"])
    if _degrees(report):
        # 180 itself is a pixel's centre only on grids that start there.
        x = np.where(x > 180, x - 360, x)
    columns, rows = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    return Tile(path, name, report, layer, day, x[columns], y[rows], (rows, columns))


def mosaic(tiles: list[Tile], intake: Intake) -> "xr.DataArray":
    """
    All tiles as one DataArray (time, y, x).

    Parameters
    ----------
    tiles : list of Tile, in declared order: where two differ the earlier one counts

    Returns
    -------
    DataArray ``pm25``, attrs ``crs`` and ``degrees`` ("true" or "false")

    Raises
    ------
    DataError
        Tiles differ in CRS, step or alignment (RELIABILITY 37, 38), or one file
        holds a day twice with different values (44).
    """
    import xarray as xr

    x, y, places = _common_grid(tiles)
    days = sorted({tile.day for tile in tiles})
    if any((np.asarray(t.report["x"]) > 180).any() for t in tiles if _degrees(t.report)):
        intake.note(f"{tiles[0].name}: longitudes 0-360 turned to -180-180")
    dtype = np.result_type(*{np.dtype(_dtype(tile.report)) for tile in tiles})
    by_day: dict[Any, list[Tile]] = {day: [] for day in days}
    for tile in tiles:
        by_day[tile.day].append(tile)
    for same in by_day.values():
        _compare(same, places, intake)

    jobs = [[(tile, *places[id(tile)]) for tile in by_day[day]] for day in days]
    values = _lazy(days, jobs, (y.size, x.size), dtype)
    time = np.array([np.datetime64(day, "ns") for day in days])
    first = tiles[0].report
    attrs = {"crs": first["crs"], "degrees": str(_degrees(first)).lower()}
    return xr.DataArray(
        values, dims=("time", "y", "x"), coords={"time": time, "y": y, "x": x}, name="pm25", attrs=attrs
    )


def _lazy(days: list[date], jobs: list[Any], shape: tuple[int, int], dtype: np.dtype) -> Any:
    """All days as one array, one block a day, that reads a day when it is asked for it."""
    import dask.array as da
    from dask.base import tokenize
    from dask.highlevelgraph import HighLevelGraph

    places = [[(tile.origin, str(rows), str(columns)) for tile, rows, columns in job] for job in jobs]
    name = f"layer-{tokenize(days, places, shape, str(dtype))}"
    remember(name, {str(day): list(map(str, parts)) for day, parts in zip(days, places, strict=True)})
    graph: Any = {(name, t, 0, 0): (partial(_layer, job, shape, dtype),) for t, job in enumerate(jobs)}
    chunks = ((1,) * len(jobs), (shape[0],), (shape[1],))
    return da.Array(HighLevelGraph.from_collections(name, graph), name, chunks, dtype)


def _layer(job: list[tuple[Tile, slice, slice]], shape: tuple[int, int], dtype: Any) -> Singles:
    """One day on the common grid; where tiles overlap the first that has a value counts."""
    out = np.full(shape, np.nan, dtype)
    for tile, rows, columns in job:
        part = out[rows, columns]
        part[...] = np.where(np.isnan(part), tile.read(), part)
    return out[None]


def _degrees(report: dict[str, Any]) -> bool:
    """Whether the coordinates of a file are longitudes and latitudes."""
    return _geographic(report["crs"])


@lru_cache(maxsize=16)
def _geographic(crs: str) -> bool:
    import pyproj

    return pyproj.CRS.from_user_input(crs).is_geographic


def _dtype(report: dict[str, Any]) -> str:
    """What ``decode`` returns for a stored type."""
    stored = np.dtype(report["dtype"])
    return (
        "f4"
        if (stored.kind == "f" and stored.itemsize <= 4) or (stored.kind in "iu" and stored.itemsize <= 2)
        else "f8"
    )


def _common_grid(tiles: list[Tile]) -> tuple[Floats, Floats, dict[int, tuple[slice, slice]]]:
    """Axes of the smallest grid that holds every tile, and each tile's place in it (by id)."""
    first = tiles[0]
    distinct: dict[Any, Tile] = {}
    for tile in tiles:
        distinct.setdefault((tile.x.tobytes(), tile.y.tobytes(), tile.report["crs"]), tile)
    ranges: dict[Any, tuple[int, int]] = {}
    axes, origin = [], {}
    for axis in ("x", "y"):
        base = getattr(first, axis)
        step = (base[-1] - base[0]) / (base.size - 1)
        for key, tile in distinct.items():
            if tile.report["crs"] != first.report["crs"]:
                raise DataError(f"{tile.name}: its CRS differs from that of {first.name}; warp them to one grid first.")
            centres = getattr(tile, axis)
            own = (centres[-1] - centres[0]) / (centres.size - 1)
            start = (centres[0] - base[0]) / step
            off = abs(start - round(start))
            if abs(own / step - 1) * centres.size > ALIGNED * 2 or off > ALIGNED:
                what = (
                    "a half-pixel shift" if off > 0.4 and abs(own / step - 1) < 1e-3 else "another resolution or origin"
                )
                raise DataError(
                    f"{tile.name}: its {axis} grid (from {centres[0]:g}, step {own:g}) does not fit {first.name} "
                    f"(from {base[0]:g}, step {step:g}): {what}; deliver one grid, or resample with areas kept."
                )
            ranges[key, axis] = (round(start), round(start) + centres.size)
        low = min(r[0] for (_, a), r in ranges.items() if a == axis)
        high = max(r[1] for (_, a), r in ranges.items() if a == axis)
        axes.append(base if (low, high) == (0, base.size) else base[0] + step * np.arange(low, high))
        origin[axis] = low
    places = {}
    for tile in tiles:
        key = (tile.x.tobytes(), tile.y.tobytes(), tile.report["crs"])
        rows, columns = (slice(ranges[key, a][0] - origin[a], ranges[key, a][1] - origin[a]) for a in ("y", "x"))
        places[id(tile)] = (rows, columns)
    return axes[0], axes[1], places


def _compare(same: list[Tile], places: dict[int, tuple[slice, slice]], intake: Intake) -> None:
    """Where tiles of one day overlap: count what is delivered twice, name what disagrees."""
    for k, tile in enumerate(same):
        for other in same[:k]:
            rows, columns = (
                slice(max(a.start, b.start), min(a.stop, b.stop))
                for a, b in zip(places[id(tile)], places[id(other)], strict=True)
            )
            if rows.start >= rows.stop or columns.start >= columns.stop:
                continue
            twice, differ = _overlap(tile, other, places, rows, columns, intake.once.store)
            if tile.path == other.path and differ:
                raise DataError(f"{tile.name}: {tile.day} stands in it twice with different values; deliver one.")
            _book_twice(intake, tile, twice)
            if differ:
                intake.note(
                    f"{tile.name}: {differ} pixels of {tile.day} differ from {other.name}, which comes first and counts"
                )


def _overlap(
    tile: Tile, other: Tile, places: dict[int, tuple[slice, slice]], rows: slice, columns: slice, store: Store
) -> tuple[int, int]:
    """Pixels that two tiles both have, and how many of them differ; kept, as what a file holds is."""

    def make() -> dict[str, np.ndarray]:
        mine, theirs = (_cut(one, places[id(one)], rows, columns) for one in (tile, other))
        both = np.isfinite(mine) & np.isfinite(theirs)
        return {"n": np.array([both.sum(), (np.abs(mine - theirs)[both] > 1e-4).sum()])}

    where = [str(places[id(one)]) for one in (tile, other)]
    found = store.asked(store.key("overlap", tile.origin, other.origin, where, str(rows), str(columns)), make)
    return int(found["n"][0]), int(found["n"][1])


def _cut(tile: Any, place: tuple[slice, slice], rows: slice, columns: slice) -> np.ndarray:
    """The part of a tile inside a window of the common grid."""
    values = tile.read()
    return values[rows.start - place[0].start : rows.stop - place[0].start][
        :, columns.start - place[1].start : columns.stop - place[1].start
    ]


def _book_twice(intake: Intake, tile: Any, count: int) -> None:
    """Move pixels delivered twice from used to duplicates, once per file and day."""
    record = intake.register(tile.path)
    part = f"{tile.day} twice"
    if part not in record.booked:
        record.booked.add(part)
        moved = min(count, record.used)
        record.used -= moved
        record.duplicates += moved
