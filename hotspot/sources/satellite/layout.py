"""
What one satellite product's files are like: how a name says the days, and what its numbers mean.

A product is one file that holds one ``SatelliteLayout``. Rasters (GeoTIFF, NetCDF) need no code for reading: they are
decoded, checked and counted here whatever made them.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hotspot.sources.satellite.rasters import Meaning


def declared(name: str, delivery: Any) -> Meaning:
    """What the study says of a file, where no published layout says more."""
    return Meaning(
        period=delivery.period,
        variables=(delivery.variable,) if delivery.variable else (),
        unit=delivery.unit,
        crs=delivery.crs,
        nodata=delivery.nodata,
    )


def _nothing(name: str) -> None:
    return None


def _all(name: str) -> bool:
    return True


def _unchecked(name: str, report: dict, first: datetime.date, last: datetime.date) -> None:
    return None


@dataclass(frozen=True)
class SatelliteLayout:
    """
    One product as its makers publish it.

    Parameters
    ----------
    product, cite : str
        Name and reference, printed with every field; "" where each file is its own product.
    pattern : str, optional
        Regular expression of the days in a file's name, as ``naming.days_in_name`` takes it.
    meaning : callable (name, delivery) -> Meaning
        Variable, unit, grid and holes of one file; what the study declares comes in ``delivery``.
    resolution : callable (name) -> float or None
        Native resolution, m; None: the pixel's size.
    wanted : callable (name) -> bool
        False for files beside the data, which other files refer to.
    check : callable (name, report, first day, last day)
        Raises DataError where a file's own metadata speak against its name.
    one_mean : bool
        A file is one layer, the mean of all months in its name.
    names_layers : bool
        The name promises one layer for each of its days (months, years).
    tables : bool
        Files are tables of points, not rasters.

    Examples
    --------
    >>> from hotspot.study import Satellite
    >>> toy = SatelliteLayout(product="TOY", pattern=r"^toy_(?P<year>[0-9]{4})(?P<month>[0-9]{2})")
    >>> toy.meaning("toy_202001.nc", Satellite(layout="toy", files=("*.nc",), period="month", unit="ug/m3")).unit
    'ug/m3'
    """

    product: str = ""
    cite: str = ""
    pattern: str | None = None
    meaning: Callable[[str, Any], Meaning] = declared
    resolution: Callable[[str], float | None] = _nothing
    wanted: Callable[[str], bool] = _all
    check: Callable[[str, dict, datetime.date, datetime.date], None] = _unchecked
    one_mean: bool = False
    names_layers: bool = False
    tables: bool = False
