"""
ACAG / SatPM surface PM2.5 of Washington University, as published.

NetCDF, ``GWRPM25(lat, lon)`` (V5) or ``PM25`` (V6), ug/m3 written ``[\\mug/m^3]``,
0.1 or 0.01 degree with centres in the middle of round pixels; the months it
holds stand in its name: ``V5GL02.HybridPM25c_0p10.Asia.202001-202001.nc``.
"""

import re
from dataclasses import replace
from datetime import date
from typing import Any

from hotspot.sources.satellite.layout import SatelliteLayout, declared
from hotspot.sources.satellite.rasters import Meaning
from hotspot.study import Satellite
from hotspot.variables import DataError

PATTERN = r"\.(?P<year>\d{4})(?P<month>\d{2})-(?P<year2>\d{4})(?P<month2>\d{2})\.nc$"
CITE = "van Donkelaar et al. 2021, 10.1021/acs.est.1c05309"


def meaning(name: str, delivery: Satellite) -> Meaning:
    """
    What the published layout says of one file.

    Examples
    --------
    >>> from hotspot.study import Satellite
    >>> meaning("V5GL03.HybridPM25c_0p10.Global.202101-202112.nc",
    ...         Satellite(layout="acag", files=("*.nc",), period="year")).variables
    ('GWRPM25', 'PM25')
    """
    variables = (delivery.variable,) if delivery.variable else ("GWRPM25", "PM25")
    return replace(declared(name, delivery), variables=variables, origin_share=0.5)


def resolution(name: str) -> float | None:
    """Native resolution by the name's ``0p10``, m at the equator, or None."""
    match = re.search(r"[_.](\d)p(\d+)\.", name)
    return float(f"{match[1]}.{match[2]}") * 111_320 if match else None


def check(name: str, report: dict[str, Any], first: date, last: date) -> None:
    """
    The file's own dates must hold those of its name (RELIABILITY 40).

    Raises
    ------
    DataError
        ``Start_Date`` and ``End_Date`` do not cover what the name promises.
    """
    start, end = report["attrs"].get("Start_Date"), report["attrs"].get("End_Date")
    if start and end and not start <= f"{first:%Y%m%d}" <= f"{last:%Y%m%d}" <= end:
        raise DataError(f"its name says {first} to {last}, its metadata {start} to {end}; one of them is wrong.")


LAYOUT = SatelliteLayout("ACAG", CITE, PATTERN, meaning, resolution, check=check, one_mean=True)
