"""
What satellites saw beside the cells: fires as points with their time, bare soil as polygons. Evidence, never a rank.

A fire file is FIRMS' own CSV (NASA's Fire Information for Resource Management System); its times are UTC. Polygons
come as any vector file. Every row is counted: used, or set aside with its rule.
"""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hotspot.foreign.answered import answered
from hotspot.grid.vector_file import in_wgs84, read_vector
from hotspot.patterns import find_files
from hotspot.sources.intake import Intake
from hotspot.sources.missing import to_numbers
from hotspot.sources.tables import read_table
from hotspot.study_registers import EvidenceLayer
from hotspot.variables import DataError

COLUMNS = ("kind", "lon", "lat", "time", "size", "confidence", "source", "geometry")
_NEEDED = ("latitude", "longitude", "acq_date", "acq_time")
_EARTH = "EPSG:6933"  # equal area, for the size of a polygon


def read_layers(
    layers: Sequence[EvidenceLayer],
    root: Path,
    intake: Intake,
    *,
    month: str,
    utc_offset: float,
    bounds: Sequence[float] | None = None,
) -> gpd.GeoDataFrame:
    """
    Fires of a month and bare soil, in WGS 84.

    Parameters
    ----------
    layers : sequence of EvidenceLayer, ``Study.evidence_layer``
    month : str, local; fires of other months are left out, polygons are of no month
    bounds : (west, south, east, north), optional
        Degrees; what lies outside is left out.

    Returns
    -------
    GeoDataFrame of ``COLUMNS``: ``kind`` fire or bare_soil, ``time`` local (NaT for a polygon), ``size`` the radiative
    power in MW or the area in hectares; by kind, time and place

    Raises
    ------
    DataError
        A file cannot be read or lacks a column.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> rows = ["latitude,longitude,acq_date,acq_time,confidence,frp", "36.5,114.5,2025-06-12,0530,n,4.2", "x,1,,,,"]
    >>> _ = (root / "f.csv").write_text("\\n".join(rows), encoding="utf-8")
    >>> intake = Intake(root)
    >>> layer = EvidenceLayer(layout="firms", kind="fire", files=("f.csv",))
    >>> seen = read_layers([layer], root, intake, month="2025-06", utc_offset=8)
    >>> str(seen["time"][0]), float(seen["size"][0]), intake.counts["quarantined"]
    ('2025-06-12 13:30:00', 4.2, 1)
    """
    parts = []
    for layer in layers:
        for path in find_files(root, layer.files, f"evidence layer {layer.kind}"):
            with answered(f"evidence layer {path.name}"):
                read = _fires if layer.layout == "firms" else _polygons
                parts.append(read(path, layer, intake, utc_offset))
    empty = gpd.GeoDataFrame({name: [] for name in COLUMNS}, geometry="geometry", crs="EPSG:4326")
    frame = pd.concat(parts, ignore_index=True) if parts else empty
    if not len(frame):
        return empty
    own = frame["time"].isna() | (frame["time"].dt.strftime("%Y-%m") == month)
    if bounds is not None:
        own &= frame.intersects(shapely.box(*bounds))
    frame = frame[own].sort_values(["kind", "time", "lon", "lat"], kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(frame[list(COLUMNS)], geometry="geometry", crs="EPSG:4326")


def _fires(path: Path, layer: EvidenceLayer, intake: Intake, utc_offset: float) -> gpd.GeoDataFrame:
    table = read_table(path, intake)
    lacking = [name for name in _NEEDED if name not in table.columns]
    if lacking:
        raise DataError(
            f"{table.name}: column {lacking[0]!r} is missing; a FIRMS file has {', '.join(_NEEDED)}, confidence, frp."
        )
    text = table.frame.reindex(columns=[*_NEEDED, "confidence", "frp"], fill_value="").fillna("").astype(str)
    text = text.apply(lambda column: column.str.strip())
    lat, lon, power = (to_numbers(text[name].to_numpy(object), mark_numbers=False)[0] for name in _NUMBERS)
    clock = text["acq_time"].str.replace(":", "", regex=False).str.zfill(4)
    time = pd.to_datetime(text["acq_date"] + " " + clock, format="%Y-%m-%d %H%M", errors="coerce")
    with np.errstate(invalid="ignore"):
        placed = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    table.set_aside(np.flatnonzero(~placed), "latitude", "the place is no latitude and longitude")
    table.set_aside(np.flatnonzero(time.isna()), "acq_date", "the time is no date and UTC time of an overpass")
    kept = table.close()
    local = time + pd.Timedelta(hours=utc_offset)
    about = {"kind": "fire", "lon": lat * 0 + lon, "lat": lat, "time": local, "size": power}
    about |= {"confidence": text["confidence"], "source": layer.source}
    frame = pd.DataFrame(about)[kept].reset_index(drop=True)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs="EPSG:4326")


_NUMBERS = ("latitude", "longitude", "frp")


def _polygons(path: Path, layer: EvidenceLayer, intake: Intake, utc_offset: float) -> gpd.GeoDataFrame:
    record = intake.register(path)
    counted = record.read == 0
    given = read_vector(path, "evidence_layers", intake.once.hashed(path).head)
    for note in given.attrs["notes"]:
        intake.note(note)
    shapes = given.geometry.to_numpy()
    area = np.array([s is not None and not s.is_empty and s.geom_type.endswith("Polygon") for s in shapes], dtype=bool)
    for at in np.flatnonzero(~area) if counted else ():
        intake.set_aside(record, int(at) + 1, "", "", "the feature is no polygon", b"")
    if counted:
        record.read += len(shapes)
        record.used += int(area.sum())
    sound = in_wgs84(shapes[area], layer.datum, record.path)
    frame = gpd.GeoDataFrame({"kind": "bare_soil"}, index=range(len(sound)), geometry=list(sound), crs="EPSG:4326")
    inner = frame.representative_point()
    return frame.assign(
        lon=inner.x, lat=inner.y, time=pd.NaT, size=frame.to_crs(_EARTH).area / 1e4, confidence="", source=layer.source
    ).astype({"time": "datetime64[ns]"})
