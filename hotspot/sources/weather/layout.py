"""What one kind of weather files is like: gridded reanalysis, or the series of one place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class WeatherLayout:
    """
    How one deliverer's weather becomes ours.

    Parameters
    ----------
    read : callable
        Of a grid: (decoded files, their records, delivery, intake) -> Dataset (time, lat, lon) in our names and units,
        start of the hour UTC, as ``era5.read_era5``. Of a place: (path, delivery, intake) -> dict of ``time`` and
        arrays by our names, as ``points.read_point``.
    names : mapping, of a grid
        Variable of the NetCDF file -> our name.
    gridded : bool
    says_where : bool, of a place
        The files may say themselves where they were measured.
    """

    read: Callable[..., Any]
    names: Mapping[str, str] = field(default_factory=dict)
    gridded: bool = False
    says_where: bool = False
