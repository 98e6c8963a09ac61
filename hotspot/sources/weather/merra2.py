"""
MERRA-2 two-dimensional collections (NASA GMAO), NetCDF-4.

Only what is certain is mapped: winds and temperature at 10 m and 2 m, boundary
layer, surface pressure, precipitation rate. ``TLML``, ``QSH``, ``ULML`` and
``VLML`` belong to the lowest model layer, about 60 m up; a study that accepts
them for 2 m or 10 m says so in ``columns``, and the product says so too.
"""

from typing import TYPE_CHECKING

from hotspot.sources.intake import FileRecord, Intake
from hotspot.sources.weather.grid import assemble, rate_seconds
from hotspot.sources.weather.netcdf import Decoded
from hotspot.study import Weather

if TYPE_CHECKING:
    import xarray as xr

NAMES = {
    "U10M": "u10",
    "V10M": "v10",
    "T2M": "t2m",
    "T2MDEW": "d2m",
    "PBLH": "blh",
    "PS": "sp",
    "PRECTOTCORR": "tp",
    "PRECTOT": "tp",
}
LAYER = ("TLML", "QSH", "ULML", "VLML")


def read_merra2(files: list[Decoded], records: list[FileRecord], delivery: Weather, intake: Intake) -> "xr.Dataset":
    """
    Decoded MERRA-2 files to one Dataset.

    Returns
    -------
    Dataset (time, lat, lon), UTC; attrs ``step_hours`` 1 or 24

    Notes
    -----
    Hourly means are stamped in the middle of their hour and move to its start.
    Where the time bounds of a stamp span a day the file holds daily means, which
    are labelled with the day's first hour; rain is then the day's.
    """
    height = next((file.layer_height for file in files if file.layer_height), None)
    for theirs, ours in sorted(delivery.columns.items()):
        if theirs in LAYER:
            about = f", {height:.0f} m up on average" if height else ""
            intake.note(f"weather: {theirs} of the lowest model layer{about} is used as {ours}, as the study declares")
    daily = any(rate_seconds(file) > 3600.0 for file in files)
    dataset = assemble(files, records, NAMES | delivery.columns, units=delivery.units, intake=intake)
    starts = dataset["time"].to_numpy().astype("datetime64[s]")
    starts = starts.astype("datetime64[D]" if daily else "datetime64[h]").astype("datetime64[ns]")
    return dataset.assign_coords(time=starts).assign_attrs(step_hours=24 if daily else 1)
