"""GeoTIFF layers: read through and described in the child."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hotspot.kernels.arrays import Flags, Singles
from hotspot.sources.satellite.rasters import (
    Meaning,
    check_axes,
    check_dtype,
    check_origin,
    check_size,
    check_values,
    decode,
    possible,
    tally,
    unpack,
)
from hotspot.variables import DataError, to_unit

if TYPE_CHECKING:
    import rasterio
    from pyproj import CRS

# No side files, no network, no other driver: a GeoTIFF and nothing else (RELIABILITY 24).
_SAFE = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
}


def _open(path: Path) -> "rasterio.io.DatasetReader":
    """A dataset of the GTiff driver, under an environment without side files or network."""
    import rasterio

    return rasterio.open(path, driver="GTiff")


def describe(path: Path, meaning: Meaning, lay: Callable[[int, np.ndarray], None] | None = None) -> dict[str, Any]:
    """
    Read a GeoTIFF completely and say what it holds; run in the child.

    Parameters
    ----------
    lay : callable, optional
        Takes the number of layers and gives what each decoded one is handed to (``laid.Laying``).

    Returns
    -------
    dict, JSON-ready: ``x y`` (pixel centres), ``crs``, ``unit``, ``nodata``,
    ``scale``, ``offset``, ``dtype``, ``times`` (empty), ``layers`` (``tally`` of
    every band), ``notes``

    Raises
    ------
    DataError
        Any of RELIABILITY 23-34; the message names the band and block.
    """
    import rasterio

    with rasterio.Env(**_SAFE):
        try:
            source = _open(path)
        except rasterio.errors.RasterioIOError as error:
            raise DataError(f"GDAL cannot open it as a GeoTIFF ({error}); fetch the file again.") from None
        with source:
            dtypes, crs, unit, notes = _header(source, path, meaning)
            nodata = sorted({float(v) for v in (source.nodata, meaning.nodata) if v is not None})
            if 0.0 in nodata:
                notes.append("0 counts as missing")
            check_dtype(dtypes[0], bool(nodata))
            scale, offset = float(source.scales[0]), float(source.offsets[0])
            if scale != 1.0 or offset != 0.0:
                notes.append(f"stored scale {scale:g} and offset {offset:g} applied")
            transform = source.transform
            x = transform.c + transform.a * (np.arange(source.width) + 0.5)
            y = transform.f + transform.e * (np.arange(source.height) + 0.5)
            check_axes(x, y, crs.is_geographic)
            if meaning.origin_share is not None:
                check_origin(x, "x", meaning.origin_share)
                check_origin(y, "y", meaning.origin_share)
            layers = []
            for band in range(1, source.count + 1):
                values, missing = unpack(_band(source, band), nodata, scale, offset, unit)
                masked = _masked(source, band)
                if masked is not None:
                    notes.append(f"band {band}: its mask takes {int((masked & ~missing).sum())} pixels out")
                    missing |= masked
                counts = tally(values, missing, south_first=bool(y[0] < y[-1]))
                if lay is not None:
                    lay(source.count, possible(values, missing))
                where = f"band {band}"
                notes += check_values(counts, meaning.period, where)
                layers.append(counts)
    return {
        "kind": "geotiff",
        "x": x.tolist(),
        "y": y.tolist(),
        "crs": crs.to_wkt(),
        "unit": unit,
        "nodata": nodata,
        "scale": scale,
        "offset": offset,
        "dtype": str(dtypes[0]),
        "variable": "",
        "times": [],
        "layers": layers,
        "notes": notes,
        "attrs": {},
    }


def _header(
    source: "rasterio.io.DatasetReader", path: Path, meaning: Meaning
) -> "tuple[list[str], CRS, str, list[str]]":
    """Checks that need no pixel: bands, size, rotation, CRS, unit."""
    import pyproj

    notes = []
    dtypes = set(source.dtypes)
    if source.count < 1 or len(dtypes) != 1 or source.count > 366 or source.count != (meaning.layers or 1):
        raise DataError(
            f"{source.count} bands of {', '.join(sorted(dtypes))}, but its name promises {meaning.layers or 1} "
            f"{meaning.period}(s); deliver one band per {meaning.period}."
        )
    (dtype,) = dtypes
    item = np.dtype(dtype).itemsize
    check_size(source.height, source.width, source.count, item, path.stat().st_size)
    transform = source.transform
    if transform.b or transform.d:
        raise DataError("the raster is rotated; warp it to a north-up grid first.")
    if transform.is_identity:
        raise DataError("it has no georeference; deliver a GeoTIFF with a geotransform.")
    if transform.e > 0:
        notes.append("south-up raster turned over")
    if source.tags().get("AREA_OR_POINT") == "Point":
        notes.append("pixel-is-point tags: coordinates taken as pixel centres")
    own = pyproj.CRS.from_wkt(source.crs.to_wkt()) if source.crs else None
    crs = agreed_crs(own, meaning.crs)
    own_unit = (
        next((u for u in source.units if u), "") or source.tags().get("units", "") or source.tags(1).get("units", "")
    )
    return [dtype], crs, agreed_unit(own_unit, meaning), notes


def agreed_crs(own: "CRS | None", declared: str | None) -> "CRS":
    """The file's CRS, or the declared one; they must not contradict each other."""
    import pyproj

    try:
        said = pyproj.CRS.from_user_input(declared) if declared else None
    except pyproj.exceptions.CRSError:
        raise DataError(f"the declared CRS {declared!r} is not known; give an EPSG code.") from None
    if own is None and said is None:
        raise DataError("it has no CRS and the study declares none; declare crs, e.g. 'EPSG:4326'.")
    if own is not None and said is not None and not _same(own, said):
        raise DataError(f"its CRS is {own.name}, the study declares {said.name}; correct the study or the file.")
    return cast("CRS", own or said)


def _same(own: Any, said: Any) -> bool:
    """Whether two CRSs put the same numbers at the same place; names and axis order do not matter."""
    if own.equals(said, ignore_axis_order=True):
        return True
    shapes = [(c.ellipsoid.semi_major_metre, round(c.ellipsoid.semi_minor_metre, 3)) for c in (own, said)]
    if own.is_geographic and said.is_geographic:
        return shapes[0] == shapes[1] and own.prime_meridian.longitude == said.prime_meridian.longitude
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a PROJ string drops the names is what is wanted
        return own.to_dict() == said.to_dict()


def agreed_unit(own: str, meaning: Meaning) -> str:
    """The file's unit, or the declared one; they must convert alike."""
    said = meaning.unit
    own = (own or "").strip()
    if own in ("", "1", "-"):
        unit = said or meaning.published_unit
        if not unit:
            raise DataError("it has no unit and the study declares none; declare unit, e.g. 'ug/m3'.")
        to_unit(1.0, unit, "pm25")
        return unit
    if said and to_unit(1.0, own, "pm25") != to_unit(1.0, said, "pm25"):
        raise DataError(f"its unit is {own!r}, the study declares {said!r}; correct the study or the file.")
    to_unit(1.0, own, "pm25")
    return own


def _band(source: "rasterio.io.DatasetReader", band: int) -> Singles:
    """One band, read block row by block row so that a corrupt block is named."""
    import rasterio
    from rasterio.windows import Window

    height = max(1, source.block_shapes[band - 1][0])
    parts = []
    for top in range(0, source.height, height):
        rows = min(height, source.height - top)
        try:
            parts.append(source.read(band, window=Window(0, top, source.width, rows)))
        except rasterio.errors.RasterioIOError as error:
            cause = str(error.__cause__ or error)
            raise DataError(
                f"band {band}, block row {top // height}: cannot be read ({cause}); fetch it again."
            ) from None
    return np.concatenate(parts)


def read(path: Path, report: dict[str, Any], bands: Iterable[int]) -> Iterator[np.ndarray]:
    """Bands (from 0) one by one as float[n_row, n_col], ug/m3, NaN where missing or impossible."""
    import rasterio

    with rasterio.Env(**_SAFE), _open(path) as source:
        for band in bands:
            raw, masked = source.read(band + 1), _masked(source, band + 1)
            values = decode(raw, report["nodata"], report["scale"], report["offset"], report["unit"])
            yield values if masked is None else np.where(masked, np.asarray(np.nan, values.dtype), values)


def _masked(source: "rasterio.io.DatasetReader", band: int) -> Flags | None:
    """Where the file's own mask says that a pixel does not count; None where it has none beside nodata."""
    from rasterio.enums import MaskFlags

    kinds = source.mask_flag_enums[band - 1]
    if not {MaskFlags.per_dataset, MaskFlags.alpha} & set(kinds):
        return None
    return source.read_masks(band) == 0
