"""
TAP (Tracking Air Pollution in China) tables, as published.

10 km: ``YYYYMMDD_PM25_and_species.csv`` (or YYYYMM, YYYY) with ``GridID, X_Lon,
Y_Lat, PM2.5, ...``. 1 km: ``China_PM25_1km_YYYY_DOY_TILE.csv`` with ``GridID,
PM2.5`` beside ``Tile_TILE_lonlat.csv`` with ``Longitude, Latitude, GridID``; either
may come as ``.csv.zip``. Degrees WGS 84 at pixel centres, ug/m3.
"""

import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.kernels.arrays import Floats, Ints
from hotspot.sources.satellite.layout import SatelliteLayout
from hotspot.sources.satellite.rasters import check_axes, check_values, possible, tally, unpack
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd

CITE = "Geng et al. 2021, 10.1021/acs.est.1c01863; Xiao et al. 2022, 10.5194/acp-22-13229-2022"
PATTERN = (
    r"^(?:China_PM25_1km_(?=\d{4}_\d{3}_))?(?P<year>\d{4})(?:_(?P<doy>\d{3})_|(?P<month>\d{2})?(?P<day>\d{2})?_PM25)"
)
COLUMNS = ("GridID", "X_Lon", "Y_Lat", "Longitude", "Latitude", "PM2.5")
MOST_BYTES, MOST_RATIO = 1 << 30, 100  # of a zipped table: RELIABILITY 18


def describe(
    path: Path, period: str, nodata: float | None = None, lay: Callable[[int, np.ndarray], None] | None = None
) -> dict[str, Any]:
    """
    Read one TAP table and say what it holds.

    Parameters
    ----------
    period : str, day, month or year
    lay : callable, optional
        As for ``geotiff.describe``.

    Returns
    -------
    dict as of ``geotiff.describe``

    Raises
    ------
    DataError
        Columns are missing, a GridID has no place, or the places form no regular grid.
    """
    table = _table(path)
    if "X_Lon" in table and "Y_Lat" in table:
        lon, lat = table["X_Lon"], table["Y_Lat"]
    elif "GridID" in table:
        lon, lat = _places(path, table["GridID"])
    else:
        raise DataError(f"columns {', '.join(table)}; a TAP table has GridID and PM2.5, and X_Lon, Y_Lat at 10 km.")
    if "PM2.5" not in table:
        raise DataError(f"columns {', '.join(table)}; there is no PM2.5.")
    x, column = _line(lon, "longitude")
    y, row = _line(lat, "latitude")
    check_axes(x, y, True)
    place = row * x.size + column
    if place.size and np.bincount(place).max() > 1:
        raise DataError("two rows stand at one place; mend the table.")
    raw = np.full((y.size, x.size), np.nan)
    raw[row, column] = table["PM2.5"]
    marks = [] if nodata is None else [float(nodata)]
    values, missing = unpack(raw, marks, 1.0, 0.0, "ug/m3")
    counts = tally(values, missing, south_first=bool(y[0] < y[-1]))
    if lay is not None:
        lay(1, possible(values, missing))
    notes = check_values(counts, period, "table") if counts["read"] else [f"table: no data ({raw.size} places)"]
    return {
        "kind": "tap",
        "period": period,
        "x": x.tolist(),
        "y": y.tolist(),
        "crs": "EPSG:4326",
        "unit": "ug/m3",
        "nodata": marks,
        "scale": 1.0,
        "offset": 0.0,
        "dtype": "float64",
        "variable": "PM2.5",
        "times": [],
        "layers": [counts],
        "notes": notes,
        "attrs": {},
    }


def read(path: Path, report: dict[str, Any], layers: Iterable[int]) -> Iterator[np.ndarray]:
    """The one layer of a table, as ``geotiff.read`` gives bands."""
    nodata, found = report["nodata"], []
    describe(path, report["period"], nodata[0] if nodata else None, lambda _, layer: found.append(layer))
    for layer in layers:
        yield found[layer]


def resolution(name: str) -> float | None:
    """The 1 km product is built on 10 km predictions (Xiao 2022), so both resolve 10 km."""
    return 10_000.0


def _table(path: Path) -> dict[str, Floats]:
    """Columns of a CSV, or of the one CSV in a zip, as float64 arrays by name."""
    try:
        return _read_numbers(path)
    except (ValueError, zipfile.BadZipFile):  # what does not read at once is read cell by cell, and told
        return _read_cells(path)


def _read_numbers(path: Path) -> dict[str, Floats]:
    """The columns in one pass of the parser; any ValueError where a cell of them is no number."""
    kinds: dict[str, type] = defaultdict(lambda: str, dict.fromkeys(COLUMNS, float))
    table = _csv(path, kinds)
    if table.empty:
        raise DataError("it has no rows; fetch it again.")
    return {name: table[name].to_numpy(float) for name in table.columns.intersection(COLUMNS)}


def _read_cells(path: Path) -> dict[str, Floats]:
    """The same from texts, so that an error names its row, its column and what stands there."""
    import pandas as pd

    try:
        table = _csv(path, str)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise DataError(f"it cannot be read as a CSV ({error}); fetch it again.") from None
    if table.empty:
        raise DataError("it has no rows; fetch it again.")
    columns = {}
    for name in table.columns.intersection(COLUMNS):
        numbers = pd.to_numeric(table[name], errors="coerce")
        wrong = np.flatnonzero(numbers.isna() & table[name].notna() & ~table[name].isin(["NA", "NaN", "nan", ""]))
        if wrong.size:
            raise DataError(f"row {wrong[0] + 2}, column {name}: {table[name].iloc[wrong[0]]!r} is no number; mend it.")
        columns[name] = numbers.to_numpy(float)
    return columns


def _csv(path: Path, kinds: Any) -> "pd.DataFrame":
    """The table as pandas reads it with these types of columns."""
    import pandas as pd

    # No choice of columns here: with one, pandas lets rows with too many cells pass.
    how: dict[str, Any] = {"dtype": kinds, "encoding": "utf-8-sig", "skipinitialspace": True}
    if not zipfile.is_zipfile(path):
        return pd.read_csv(path, **how)
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) != 1 or not members[0].filename.endswith(".csv"):
            raise DataError(f"the zip holds {len(members)} files; it must hold one CSV.")
        (member,) = members
        if member.file_size > MOST_BYTES or member.file_size > MOST_RATIO * max(1, member.compress_size):
            raise DataError(f"the zip unpacks to {member.file_size} bytes; that is a zip bomb, fetch it again.")
        with archive.open(member) as stream:
            return pd.read_csv(stream, **how)


def beside(path: Path) -> Path | None:
    """The table beside a tile that says where its GridIDs lie, or None."""
    tile = re.search(r"_(\d{3})\.csv", path.name)
    names = [f"Tile_{tile[1]}_lonlat.csv", f"Tile_{tile[1]}_lonlat.csv.zip"] if tile else []
    return next((path.parent / name for name in names if (path.parent / name).is_file()), None)


def _places(path: Path, grid_id: Floats) -> tuple[Floats, Floats]:
    """Longitude and latitude of the GridIDs of a tile, from the table beside it."""
    places = beside(path)
    if places is None:
        tile = re.search(r"_(\d{3})\.csv", path.name)
        raise DataError(f"its places are missing: put Tile_{tile[1] if tile else 'NNN'}_lonlat.csv beside it.")
    table = _table(places)
    if not {"GridID", "Longitude", "Latitude"} <= set(table):
        raise DataError(f"{places.name}: columns {', '.join(table)}; it needs GridID, Longitude and Latitude.")
    order = np.argsort(table["GridID"], kind="stable")
    known = table["GridID"][order]
    at = np.searchsorted(known, grid_id)
    lost = (at >= known.size) | (known[np.minimum(at, known.size - 1)] != grid_id)
    if lost.any():
        raise DataError(f"GridID {grid_id[lost][0]:.0f} has no place in {places.name}; the two do not belong together.")
    return table["Longitude"][order][at], table["Latitude"][order][at]


def _line(values: Floats, name: str) -> tuple[Floats, Ints]:
    """The regular line of centres that some coordinates lie on, and the position of each."""
    import pandas as pd

    if not np.isfinite(values).all():
        raise DataError(f"a row has no {name}; mend the table.")
    distinct = np.sort(pd.unique(values))  # few among many: hashed, then sorted
    steps = np.diff(distinct)
    steps = steps[steps > 1e-7]
    if steps.size == 0:
        raise DataError(f"all rows have one {name}; a grid has at least two.")
    step = float(np.median(steps))
    count = round((distinct[-1] - distinct[0]) / step) + 1
    step = float(distinct[-1] - distinct[0]) / (count - 1)
    at = (values - distinct[0]) / step
    whole = np.round(at).astype(np.int64)
    if np.abs(at - whole).max() > 0.1 or count > 100_000:
        raise DataError(f"the {name}s form no regular grid; deliver the product on its own grid.")
    return distinct[0] + step * np.arange(count), whole


LAYOUT = SatelliteLayout(
    "TAP",
    CITE,
    PATTERN,
    resolution=resolution,
    wanted=lambda name: not name.startswith("Tile_"),
    names_layers=True,
    tables=True,
)
