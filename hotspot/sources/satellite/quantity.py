"""What quantity a raster says it is of, by its names: what is no PM2.5 may have numbers that could be."""

import re

from hotspot.variables import DataError

# What a product of another quantity is called; not where PM2.5 is said too.
_PM25 = re.compile(r"pm[ _]?2[._p]?5|细颗粒", re.IGNORECASE)
_OTHER = re.compile(
    r"(?<![A-Za-z0-9])(?:NO2|NOx|SO2|O3|PM_?10|HCHO|AOD|AOT)(?![A-Za-z0-9])|nitrogen|nitrous|sulph?ur.?dioxide|ozone|"
    r"formaldehyde|aerosol.optical|二氧化[氮硫]|臭氧|可吸入|光学厚度|甲醛",
    re.IGNORECASE,
)


def refuse_other(*said: str) -> None:
    """
    Refuse a file whose name, or a variable whose names, say another quantity: its numbers would pass for PM2.5.

    Examples
    --------
    >>> refuse_other("CHAP_PM2.5_D1K.nc"), refuse_other("value", "PM2.5 made with AOD")
    (None, None)
    >>> refuse_other("CHAP_PM10_M1K_202501_V4.nc")
    Traceback (most recent call last):
    hotspot.variables.DataError: 'CHAP_PM10_M1K_202501_V4.nc' says PM10, and a [[satellite]] entry is PM2.5; ...
    """
    text = " ".join(said)
    found = None if _PM25.search(text) else _OTHER.search(text)
    if found:
        raise DataError(
            f"{said[0]!r} says {found[0]}, and a [[satellite]] entry is PM2.5; take it out, or, if it is PM2.5, "
            "name it so or declare its variable."
        )
