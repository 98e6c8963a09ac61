"""Vector files as delivered: GeoJSON, GeoPackage or Shapefile, known by their first bytes."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.foreign.child import ask
from hotspot.foreign.shapes import unpacked
from hotspot.foreign.vectors import companions
from hotspot.grid.datum import to_wgs84
from hotspot.kernels.arrays import Objects
from hotspot.variables import DataError

if TYPE_CHECKING:
    import geopandas as gpd


def read_vector(path: Path, what: str, head: bytes | None = None) -> "gpd.GeoDataFrame":
    """
    The features of a vector file in longitude and latitude.

    Parameters
    ----------
    path : Path
        ``.geojson``, ``.json``, ``.gpkg`` or ``.shp``.
    what : str
        What the file should hold, in the plural, for the message.
    head : bytes, optional
        Its first bytes, where they were read already.

    Returns
    -------
    GeoDataFrame, EPSG:4326; ``attrs["crs"]`` "declared" where the file says its CRS, "none" where it
    has none, "assumed" for GeoJSON, which is WGS 84 by its standard but not from Chinese web maps;
    ``attrs["notes"]``: what was not read; ``attrs["also"]``: files read with it

    Raises
    ------
    DataError
        The content is no such file, whatever its name says; it is too large, or reading it did harm.

    Notes
    -----
    A child process decodes it (``hotspot.foreign``): limited in time and memory, without network.
    """
    import geopandas as gpd

    _expect_vector(path, what, head)
    if path.suffix.lower() in (".json", ".geojson"):
        report = ask("geojson", path, path.name)
        properties = [own or {} for own in report["properties"]]
        names = dict.fromkeys(name for own in properties for name in own)
        held = {name: [_text(own.get(name)) for own in properties] for name in names}
        wrong = next((at for at, why in enumerate(report["faults"]) if why and why != "no geometry"), None)
        if wrong is not None:
            why = report["faults"][wrong]
            raise DataError(f"{path.name}, feature {wrong + 1}: no readable outline ({why}); mend it.")
        says, notes = "assumed", []
    else:
        report = ask("vector", path, path.name)
        held, says, notes = report["columns"], report["crs"], report["notes"]
    frame = gpd.GeoDataFrame(
        {name: np.array([*values, None], dtype=object)[:-1] for name, values in held.items() if name != "geometry"},
        geometry=unpacked(report),
        crs="EPSG:4326",
    )
    frame.attrs = {"crs": says, "notes": notes, "also": companions(path)}
    return frame


def _text(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def in_wgs84(outlines: Objects, datum: str | None, name: str) -> Objects:
    """
    Shapes in degrees of a map datum, in WGS 84, vertex by vertex.

    Parameters
    ----------
    outlines : array of shapely geometries
    datum : "wgs84", "cgcs2000", "gcj02", "bd09" or None, which changes nothing
    name : str
        Of the file, for the message.

    Returns
    -------
    array of shapely geometries, without heights

    Raises
    ------
    DataError
        The coordinates are no degrees.

    Examples
    --------
    >>> import shapely
    >>> in_wgs84([shapely.Point(116.0, 40.0, 55.0)], "wgs84", "a.geojson")[0].wkt
    'POINT (116 40)'
    """
    import shapely

    outlines = shapely.force_2d(np.asarray(outlines, dtype=object))
    lon, lat = shapely.get_coordinates(outlines).T
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()) or (
        lon.size and (np.abs(lat).max() > 90 or np.abs(lon).max() > 360)
    ):
        raise DataError(f"{name}: coordinates are not degrees with longitude first; deliver longitude and latitude.")
    if datum not in ("gcj02", "bd09"):
        return outlines
    return shapely.set_coordinates(outlines, np.column_stack(to_wgs84(lon, lat, datum)))


def _expect_vector(path: Path, what: str, head: bytes | None) -> None:
    # The first bytes decide, not the name, so that no other driver ever opens the file.
    if head is None:
        with open(path, "rb") as stream:
            head = stream.read(64)
    ending = path.suffix.lower()
    fits = {
        ".json": head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{",
        ".geojson": head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{",
        ".gpkg": head.startswith(b"SQLite format 3\0"),
        ".shp": head.startswith(b"\x00\x00\x27\x0a"),
    }
    if ending not in fits:
        raise DataError(f"{path.name}: {what} are read from .geojson, .json, .gpkg or .shp, not from {ending!r}.")
    if not fits[ending]:
        raise DataError(f"{path.name}: the content is no {ending} file; deliver it again.")
