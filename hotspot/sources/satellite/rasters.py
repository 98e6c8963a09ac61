"""What every delivered raster must pass, whatever its format: RELIABILITY C2."""

import base64
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Singles
from hotspot.variables import VARIABLES, DataError, to_unit

# RELIABILITY 30: a mean PM2.5 lies in 1-500 ug/m3. Here over the whole layer, of which a part may
# be clean ocean or steppe; ``aggregate`` holds the study's own cells to 1 % outside.
MEAN_LOW, MEAN_HIGH, MOST_OUTSIDE = 1.0, 500.0, 0.5
# Said, not refused (proposal): Hebei's January 2013, the worst month on record, was about 200.
MEAN_NOTED = {"month": 200.0, "year": 150.0}
# RELIABILITY 32: more than 1 % of impossible values is no stray pixel but a wrong file.
MOST_IMPOSSIBLE = 0.01
# RELIABILITY 29: one value this common at an extreme is probably a mark for "missing".
MOST_EXTREME = 0.20
# RELIABILITY 31: a month with less than this share of values holds no data.
LEAST_VALUES = 0.01
# RELIABILITY 26: pixels of one layer, and bytes in memory per byte in the file.
MOST_PIXELS, MOST_RATIO = 10**9, 20_000
# Rows and columns of a layer that its sketch keeps.
SKETCH = 16
_PART = 1 << 15  # values that are counted at once: they stay in the processor's cache
_MARKS = (-9999.0, -999.0, -99.0, -32768.0, -3.4028234663852886e38, 65535.0, 32767.0, 9999.0, 1e20, 1e30)
_STARTS = {
    b"II*\0": "geotiff",
    b"MM\0*": "geotiff",
    b"II+\0": "geotiff",
    b"MM\0+": "geotiff",
    b"\x89HDF": "netcdf",
    b"CDF\x01": "netcdf",
    b"CDF\x02": "netcdf",
    b"CDF\x05": "netcdf",
}


@dataclass(frozen=True)
class Meaning:
    """What the study (or a published layout) says of a raster file; None: the file must say it."""

    period: str = "month"
    variables: tuple[str, ...] = ()
    unit: str | None = None
    crs: str | None = None
    nodata: float | None = None
    published_unit: str | None = None  # of the layout, used where neither file nor study says
    origin_share: float | None = None  # where in a pixel the coordinate 0 lies: 0 edge, 0.5 centre
    layers: int | None = None  # number of layers the file's name promises

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def check_path(path: str | Path) -> Path:
    """
    Refuse names that GDAL or netCDF would not open as a plain file.

    Raises
    ------
    DataError
        A network or virtual path, or no regular file.

    Examples
    --------
    >>> check_path("/vsicurl/http://169.254.169.254/pm25.tif")
    Traceback (most recent call last):
    hotspot.variables.DataError: /vsicurl/http://169.254.169.254/pm25.tif: not a plain file ...
    """
    text = str(path)
    if text.startswith(("/vsi", "\\\\")) or "://" in text or text.lower().startswith(("http:", "https:", "ftp:")):
        raise DataError(f"{text}: not a plain file but a network or virtual path; copy the file into the data folder.")
    if not Path(path).is_file():
        raise DataError(f"{text}: there is no such file; check the pattern in the study.")
    return Path(path)


def kind_of(path: str | Path) -> str:
    """
    The format of a raster by its first bytes, never by its name.

    Returns
    -------
    str, ``"geotiff"`` or ``"netcdf"``

    Raises
    ------
    DataError
        The file is empty, a web page, a VRT or anything else.
    """
    with open(check_path(path), "rb") as stream:
        head = stream.read(512)
    if not head:
        raise DataError("the file is empty (0 bytes); fetch it again.")
    for start, kind in _STARTS.items():
        if head.startswith(start):
            return kind
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"<vrtdataset"):
        raise DataError("content is a VRT, which may point anywhere; deliver the GeoTIFF itself.")
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<")):
        raise DataError("content is HTML or XML, probably an error page; fetch the file again.")
    if text.startswith((b"{", b"[")):
        raise DataError("content is JSON, probably an error message; fetch the file again.")
    raise DataError(f"content begins with {head[:8]!r}, neither GeoTIFF nor NetCDF; deliver one of these.")


def check_size(n_row: int, n_col: int, n_layer: int, item: int, size: int) -> None:
    """Refuse a header that promises more than its file can hold, before anything is allocated."""
    need = n_row * n_col * n_layer * item
    if n_row < 2 or n_col < 2:
        raise DataError(f"{n_col} x {n_row} pixels; a raster has at least 2 x 2.")
    if n_row * n_col > MOST_PIXELS or need > MOST_RATIO * max(size, 1):
        raise DataError(
            f"the header promises {n_col} x {n_row} pixels in {n_layer} layers ({need:.3g} bytes), the file has "
            f"{size} bytes; the header is broken or hostile, fetch the file again."
        )


def check_dtype(dtype: str | Any | Any, has_nodata: bool) -> None:
    """Refuse kinds of numbers in which PM2.5 is not delivered."""
    dtype = np.dtype(dtype)
    if dtype.kind not in "iuf" or dtype.itemsize < 2:
        raise DataError(f"values are {dtype}; PM2.5 comes as 16-bit integers or floats, is this the right file?")
    if dtype.kind in "iu" and not has_nodata:
        raise DataError(f"values are {dtype} and no nodata value is given; declare nodata in the study.")


def check_axes(x: Floats, y: Floats, geographic: bool) -> None:
    """
    Coordinates evenly spaced, in the range of their CRS, not swapped.

    Parameters
    ----------
    x, y : float arrays, pixel centres
    geographic : bool
        Whether they are degrees.
    """
    for name, centres in (("x", x), ("y", y)):
        step = np.diff(centres)
        if (
            not np.isfinite(centres).all()
            or (step == 0).any()
            or np.abs(step - step.mean()).max() > 0.02 * abs(step.mean())
        ):
            raise DataError(f"the {name} coordinates are not finite and evenly spaced; regrid the file.")
    far_x, far_y = float(np.abs(x).max()), float(np.abs(y).max())
    if geographic and far_y > 90.01:
        raise DataError(f"latitude {y[np.abs(y).argmax()]:g}: longitude and latitude are swapped, or the CRS is wrong.")
    if geographic and (far_x > 360.01 or np.ptp(x) > 360.01):
        raise DataError(f"longitude {x[np.abs(x).argmax()]:g} in degrees; the CRS is wrong.")
    if not geographic and far_x <= 360 and far_y <= 90 and np.ptp(x) < 360:
        raise DataError(
            f"coordinates x {x[0]:g}..{x[-1]:g}, y {y[0]:g}..{y[-1]:g} are degrees, but the CRS is in metres; "
            "the CRS label is wrong, declare the true one."
        )


def check_origin(centres: Floats, name: str, share: float) -> None:
    """Refuse a grid that lies half a pixel off where its layout is published to lie."""
    step = abs(float(centres[-1] - centres[0])) / (len(centres) - 1)
    place = (float(centres[0]) / step - share) % 1.0
    off = min(place, 1.0 - place)
    if off > 0.1:
        raise DataError(
            f"{name} centre {centres[0]:g} is {off:.2f} pixels off the published grid; "
            "centres and corners are mixed up (half-pixel shift)."
        )


def decode(raw: np.ndarray, nodata: list[float], scale: float, offset: float, unit: str) -> Singles:
    """
    Delivered numbers as PM2.5: missing and impossible ones are NaN.

    Parameters
    ----------
    raw : array, as stored
    nodata : sequence of float
        Stored values that mean missing.
    scale, offset : float
        Stored packing, applied once.
    unit : str
        Unit after unpacking.

    Returns
    -------
    float32 or float64 array, ug/m3

    Examples
    --------
    >>> decode(np.array([355, -1, 9999], "int16"), [9999.0], 0.1, 0.0, "ug/m3").round(1).tolist()
    [35.5, nan, nan]
    """
    return possible(*unpack(raw, nodata, scale, offset, unit))


def possible(values: np.ndarray, missing: Flags) -> np.ndarray:
    """Unpacked values with the missing and the impossible ones NaN."""
    with np.errstate(invalid="ignore"):
        impossible = (values < VARIABLES["pm25"].low) | (values > VARIABLES["pm25"].high)
    return np.where(missing | impossible, np.asarray(np.nan, values.dtype), values)


def unpack(raw: np.ndarray, nodata: list[float], scale: float, offset: float, unit: str) -> tuple[Singles, Flags]:
    """Values in ug/m3 with impossible ones still in, and where they are missing."""
    raw = np.asarray(raw)
    wide = (raw.dtype.kind == "f" and raw.dtype.itemsize > 4) or (raw.dtype.kind in "iu" and raw.dtype.itemsize > 2)
    missing = np.isnan(raw) if raw.dtype.kind == "f" else np.zeros(raw.shape, bool)
    for mark in nodata:
        # A mark that the stored type cannot hold stands for nothing in this file.
        if raw.dtype.kind == "f" or (mark.is_integer() and np.iinfo(raw.dtype).min <= mark <= np.iinfo(raw.dtype).max):
            with np.errstate(over="ignore"):
                missing |= raw == np.asarray(mark).astype(raw.dtype)
    values = raw.astype(np.float64 if wide else np.float32)
    if scale != 1.0 or offset != 0.0:
        kind: Any = values.dtype.type
        values = values * kind(scale) + kind(offset)
    return np.asarray(to_unit(values, unit, "pm25"), values.dtype), missing


def tally(values: Singles, missing: Flags, *, south_first: bool = False) -> dict[str, Any]:
    """
    Count one layer: what was delivered, what can be used, what is set aside.

    Parameters
    ----------
    values : float[n_row, n_col], ug/m3, from ``unpack``
    missing : bool[n_row, n_col]
    south_first : bool
        Rows run from south to north; the sketch is the same either way.

    Returns
    -------
    dict of ``pixels read used``, ``low high mean`` (of the used), ``outside``
    (used, but beyond 1-500), ``extreme`` (share at the commonest end), ``zero``,
    ``mark`` (a known mark for missing among the impossible ones, or None),
    ``aside`` (the impossible ones: int32 row and column, float64 value), ``digest`` (of the used),
    ``sketch`` (see ``unpack_sketch``)
    """
    given = ~missing
    n_read = int(np.count_nonzero(given))
    with np.errstate(invalid="ignore"):
        good = given & (values >= VARIABLES["pm25"].low) & (values <= VARIABLES["pm25"].high)
    bad = given & ~good
    used = values[good].astype(float)
    row, col = np.nonzero(bad) if bad.any() else np.zeros((2, 0), np.int64)
    wrong = values[row, col].astype(float)
    packed = np.rec.fromarrays([row, col, wrong], dtype=[("row", "<i4"), ("col", "<i4"), ("value", "<f8")])
    marks = [m for m in _MARKS if wrong.size and (np.isclose(wrong, m, rtol=1e-6)).mean() > 0.5]
    low, high = (float(used.min()), float(used.max())) if used.size else (math.nan, math.nan)
    digest, n_low, n_high, outside = 0, 0, 0, 0
    for at in range(0, used.size, _PART):
        part = used[at : at + _PART]
        digest += _digest(part)
        n_low += int(np.count_nonzero(part == low))
        n_high += int(np.count_nonzero(part == high))
        outside += int(np.count_nonzero((part < MEAN_LOW) | (part > MEAN_HIGH)))
    up = -1 if south_first else 1
    at_end = max(n_low, n_high) / used.size if used.size > 1 and low < high else 0.0
    return {
        "pixels": int(values.size),
        "read": n_read,
        "used": int(used.size),
        "low": low,
        "high": high,
        "mean": float(used.mean()) if used.size else math.nan,
        "outside": outside,
        "extreme": at_end,
        "zero": n_low / used.size if low == 0 else 0.0,
        "mark": marks[0] if marks else None,
        "aside": base64.b64encode(packed.tobytes()).decode() if wrong.size <= MOST_IMPOSSIBLE * n_read else "",
        "impossible": [float(v) for v in wrong[:3]],
        "digest": f"{digest % 2**64:016x}",
        "sketch": _sketch(values[::up], good[::up]),
    }


def _digest(values: Floats) -> int:
    """A number for some values of a layer, whichever way up they are stored; those of parts add up, modulo 2^64."""
    mixed = values.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return int((mixed ^ (mixed >> np.uint64(29))).sum(dtype=np.uint64))


def _sketch(values: np.ndarray, good: Flags) -> str:
    """Values at evenly spread places of a layer, the same ones in every layer of one shape; NaN where not good."""
    at = np.ix_(*(np.linspace(0, n - 1, SKETCH).round().astype(int) for n in values.shape))
    return base64.b64encode(np.where(good[at], values[at], np.nan).astype("<f4").tobytes()).decode()


def unpack_sketch(text: str) -> np.ndarray:
    """
    The values of a layer's sketch, ug/m3, NaN where nothing was used.

    Examples
    --------
    >>> layer = np.full((40, 40), 30.0)
    >>> counts = tally(layer, np.zeros(layer.shape, bool))
    >>> unpack_sketch(counts["sketch"]).shape
    (256,)
    """
    return np.frombuffer(base64.b64decode(text), "<f4").astype(float)


def check_values(counts: dict[str, Any], period: str, where: str) -> list[str]:
    """
    Refuse a layer whose values cannot be PM2.5 of its period.

    Parameters
    ----------
    counts : dict, from ``tally``
    period : str, day, month or year
    where : str
        Band or time, for the message.

    Returns
    -------
    list of str, warnings

    Raises
    ------
    DataError
        No data, too many impossible values, or a mean beyond 1-500 ug/m3.
    """
    notes = []
    read, used, pixels = counts["read"], counts["used"], counts["pixels"]
    if read - used > MOST_IMPOSSIBLE * read:
        hint = f"; {counts['mark']:g} looks like an undeclared nodata value, declare it" if counts["mark"] else ""
        some = list(dict.fromkeys(f"{v:g}" for v in counts["impossible"]))
        if len(some) == 1 and not hint:
            hint = f"; if it stands for missing, give nodata = {some[0]}"
        raise DataError(f"{where}: {read - used} of {read} values are no PM2.5 (such as {', '.join(some)}){hint}.")
    if used < LEAST_VALUES * pixels:
        if period != "day" or not used:
            if period == "day":
                return [f"{where}: no data"]
            raise DataError(f"{where}: no data ({used} of {pixels} pixels have a value); deliver the right file.")
        notes.append(f"{where}: only {used} of {pixels} pixels have a value")
    if not MEAN_LOW <= counts["mean"] <= MEAN_HIGH or counts["outside"] > MOST_OUTSIDE * used:
        raise DataError(
            f"{where}: mean {counts['mean']:.3g} ug/m3, range {counts['low']:.3g} to {counts['high']:.3g}; "
            f"a {period} of PM2.5 lies in {MEAN_LOW:g}-{MEAN_HIGH:g}{_hint(counts['mean'], counts['low'])}."
        )
    if counts["mean"] > MEAN_NOTED.get(period, MEAN_HIGH):
        notes.append(
            f"{where}: mean {counts['mean']:.3g} ug/m3, which no region's {period} has had; does the file lack "
            "its scale (tenths stored as whole numbers)?"
        )
    if counts["zero"] > MOST_EXTREME:
        raise DataError(f"{where}: {counts['zero']:.0%} of the values are 0, which no air has; declare nodata = 0.")
    if counts["extreme"] > MOST_EXTREME:
        notes.append(
            f"{where}: {counts['extreme']:.0%} of the values stand at one end of the range "
            f"({counts['low']:g} or {counts['high']:g}); is that a mark for missing?"
        )
    return notes


def _hint(mean: float, low: float) -> str:
    """What the wrong magnitude usually means."""
    if 0 < mean < 1e-4:
        return "; it looks like kg/m3, declare unit = 'kg/m3'"
    if 0 < mean < MEAN_LOW:
        return "; it looks like mg/m3, declare unit = 'mg/m3'"
    if mean > MEAN_HIGH:
        return "; scale_factor was not applied, or the unit is not ug/m3"
    return "; is 0 a mark for missing? declare nodata" if low == 0 else ""
