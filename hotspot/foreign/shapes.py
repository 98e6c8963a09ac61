"""Outlines on their way from the child to us: in degrees, counted, as WKB in a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hotspot.foreign import limits
from hotspot.kernels.arrays import Objects
from hotspot.variables import DataError

if TYPE_CHECKING:
    from pyproj import CRS


def in_degrees(outlines: Objects, crs: "CRS | None", name: str) -> Objects:
    """
    Outlines in longitude and latitude of WGS 84.

    Parameters
    ----------
    outlines : object[n] of shapely geometries or None
    crs : pyproj.CRS or None (degrees already)

    Returns
    -------
    object[n]

    Raises
    ------
    DataError
        There are too many vertices, or the CRS cannot be brought to degrees.
    """
    import pyproj
    import shapely

    count = int(shapely.get_num_coordinates(outlines).sum())
    if count > limits.MAX_VERTICES:
        raise DataError(f"{name}: {count} vertices, more than {limits.MAX_VERTICES}; simplify or split the file.")
    if crs is None or crs.is_exact_same(pyproj.CRS.from_epsg(4326)):
        return outlines
    try:
        there = pyproj.Transformer.from_crs(crs, 4326, always_xy=True)
        return shapely.transform(outlines, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1])))
    except pyproj.exceptions.ProjError:
        raise DataError(f"{name}: its CRS cannot be brought to degrees; deliver WGS 84 degrees.") from None


def packed(outlines: Objects, folder: Path | str) -> dict[str, str]:
    """Write outlines to the folder: {"wkb": file, "sizes": file}."""
    import shapely

    blobs = [b"" if shape is None else shapely.to_wkb(shape, output_dimension=2) for shape in outlines]
    (Path(folder) / "wkb").write_bytes(b"".join(blobs))
    (Path(folder) / "sizes").write_bytes(np.array([len(blob) for blob in blobs], "<i8").tobytes())
    return {"wkb": "wkb", "sizes": "sizes"}


def unpacked(report: dict[str, bytes]) -> Objects:
    """
    The outlines that ``packed`` wrote, from an answer of ``child.ask``: object[n], None where there was none.

    Examples
    --------
    >>> unpacked({"wkb": b"", "sizes": np.array([0], "<i8").tobytes()}).tolist()
    [None]
    """
    import shapely

    ends = np.cumsum(np.frombuffer(report["sizes"], "<i8"))
    parts = [report["wkb"][start:end] or None for start, end in zip([0, *ends[:-1]], ends, strict=False)]
    outlines = np.full(len(parts), None, dtype=object)
    outlines[:] = shapely.from_wkb(parts)
    return outlines
