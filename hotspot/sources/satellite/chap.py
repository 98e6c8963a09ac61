"""
CHAP (ChinaHighPM2.5) at 1 km, as published.

NetCDF ``PM2.5(lat, lon)`` with ``scale_factor`` and ``_FillValue``, or GeoTIFF since
2025, WGS 84, one file per day, month or year: ``CHAP_PM2.5_D1K_20200101_V4.nc``
(``D`` day, ``M`` month, ``Y`` year; ``1K`` the resolution in km). Days are Beijing
days, values are ug/m3. The gas state is not in the files: declare it.
"""

import re
from dataclasses import replace

from hotspot.sources.satellite.layout import SatelliteLayout, declared
from hotspot.sources.satellite.rasters import Meaning
from hotspot.study import Satellite
from hotspot.variables import DataError

PATTERN = r"_[DMY]\d+K_(?P<year>\d{4})(?P<month>\d{2})?(?P<day>\d{2})?_"
CITE = "Wei et al. 2021, 10.1016/j.rse.2020.112136"
_LETTERS = {"D": "day", "M": "month", "Y": "year"}


def meaning(name: str, delivery: Satellite) -> Meaning:
    """
    What the published layout says of one file.

    Raises
    ------
    DataError
        The name is no CHAP name, or its letter is another period than declared.

    Examples
    --------
    >>> from hotspot.study import Satellite
    >>> meaning("CHAP_PM2.5_M1K_202001_V4.nc",
    ...         Satellite(layout="chap", files=("*.nc",), period="day"))
    Traceback (most recent call last):
    hotspot.variables.DataError: CHAP_PM2.5_M1K_202001_V4.nc: its name says month, the study day; ...
    """
    match = re.search(r"CHAP_PM2\.5_([DMY])\d+K_\d{4,8}_", name)
    if not match:
        raise DataError(f"{name}: no CHAP name such as CHAP_PM2.5_D1K_20200101_V4.nc; use layout netcdf or geotiff.")
    if _LETTERS[match[1]] != delivery.period:
        raise DataError(
            f"{name}: its name says {_LETTERS[match[1]]}, the study {delivery.period}; correct period in the study."
        )
    return replace(declared(name, delivery), variables=(delivery.variable or "PM2.5",), published_unit="ug/m3")


def resolution(name: str) -> float | None:
    """Native resolution by the name's ``1K``, m, or None."""
    match = re.search(r"_[DMY](\d+)K_", name)
    return float(match[1]) * 1000 if match else None


LAYOUT = SatelliteLayout("CHAP", CITE, PATTERN, meaning, resolution)
