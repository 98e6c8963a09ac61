"""
Photos from phones: decoded, never trusted. Runs in the child of ``readers``.

What is kept for showing is drawn anew, so nothing that hides in a file (another type, a script, a position) is in it.
What the camera wrote of place and time comes back apart.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.foreign import limits
from hotspot.variables import DataError

if TYPE_CHECKING:
    from PIL.Image import Exif

SHOWN = 2048  # px, the longer side of what is shown
_KINDS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_GPS, _CAMERA, _TAKEN = 0x8825, 0x8769, 0x9003  # tags of EXIF 2.3


def decode(job: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Read one photo and draw it anew.

    Parameters
    ----------
    job : dict
        ``path, name, folder``.

    Returns
    -------
    (dict, dict): ``kind`` JPEG | PNG, ``width, height`` (px, as shown upright), ``lon, lat`` (degrees, or None),
    ``taken`` (as the camera wrote it, or ""); and the file of what is shown, a JPEG without EXIF

    Raises
    ------
    DataError
        It is neither JPEG nor PNG, is too large, or cannot be decoded to its end.
    """
    from PIL import Image, ImageOps

    name, data = job["name"], Path(job["path"]).read_bytes()
    kind = kind_of(data, name)
    Image.MAX_IMAGE_PIXELS = limits.PHOTO_PIXELS
    try:
        with Image.open(Path(job["path"]), formats=(kind,)) as picture:
            if picture.width * picture.height > limits.PHOTO_PIXELS:
                raise DataError(
                    f"{name}: {picture.width} x {picture.height} pixels, more than a phone takes; shrink it."
                )
            about = _written(picture.getexif())
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, Image.DecompressionBombError) as error:
        raise DataError(f"{name}: the photo cannot be decoded ({str(error)[:120]}); take or send it again.") from None
    size = upright.size
    upright.thumbnail((SHOWN, SHOWN))
    upright.save(Path(job["folder"]) / "shown", "JPEG", quality=85)
    return {"kind": kind, "width": size[0], "height": size[1]} | about, {"shown": "shown"}


def kind_of(data: bytes, name: str) -> str:
    """
    What a photo is by its first bytes, whatever its name says.

    Examples
    --------
    >>> kind_of(b"\\xff\\xd8\\xff\\xe0", "a.jpg")
    'JPEG'
    >>> kind_of(b"<html>", "a.jpg")
    Traceback (most recent call last):
    hotspot.variables.DataError: a.jpg: no JPEG or PNG, whatever its name says; send a photo.
    """
    if len(data) > limits.PHOTO_BYTES:
        raise DataError(f"{name}: {len(data)} bytes, more than {limits.PHOTO_BYTES}; shrink the photo.")
    for start, kind in _KINDS.items():
        if data.startswith(start):
            return kind
    if data[4:8] == b"ftyp":
        raise DataError(f"{name}: HEIC or AVIF, which not every office can open; send it as JPEG.")
    raise DataError(f"{name}: no JPEG or PNG, whatever its name says; send a photo.")


def _written(exif: "Exif") -> dict[str, Any]:
    """Place and time as the camera wrote them; what makes no sense is as if it were not there."""
    place: dict[str, float | None] = {"lon": None, "lat": None}
    try:
        gps = exif.get_ifd(_GPS)
        lat, lon = (_degrees(gps[number], gps[number - 1], minus) for number, minus in ((2, "S"), (4, "W")))
        if abs(lat) <= 90 and abs(lon) <= 180:
            place = {"lon": round(lon, 6), "lat": round(lat, 6)}
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError, SyntaxError, OSError):
        pass
    try:
        taken = str(exif.get_ifd(_CAMERA).get(_TAKEN, ""))[:19]
    except (KeyError, TypeError, ValueError, SyntaxError, OSError):
        taken = ""
    return place | {"taken": taken if taken.isascii() and taken.isprintable() else ""}


def _degrees(parts: Any, half: Any, minus: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if value != value:
        raise ValueError("no number")
    return -value if str(half).strip("\x00 ").upper() == minus else value
