"""Pictures as a phone takes them, with the place it wrote into them."""

import io

from PIL import Image

_GPS, _CAMERA = 0x8825, 0x8769


def photo(*, lon=None, lat=None, size=(1600, 1200), kind="JPEG", turned=1, tone=120):
    """A picture as bytes; where ``lon, lat`` are given they stand in its EXIF."""
    picture = Image.linear_gradient("L").resize(size).convert("RGB").point(lambda value: (value + tone) % 256)
    exif = Image.Exif()
    exif[0x0112] = turned
    exif.get_ifd(_CAMERA)[0x9003] = "2020:04:03 09:58:00"
    if lon is not None:
        gps = exif.get_ifd(_GPS)
        gps.update({1: "N" if lat >= 0 else "S", 2: _dms(lat), 3: "E" if lon >= 0 else "W", 4: _dms(lon)})
    saved = io.BytesIO()
    picture.save(saved, kind, exif=exif, **({"quality": 80} if kind == "JPEG" else {}))
    return saved.getvalue()


def _dms(value):
    value = abs(value)
    degrees, minutes = int(value), int(value % 1 * 60)
    return (float(degrees), float(minutes), round((value - degrees - minutes / 60) * 3600, 4))
