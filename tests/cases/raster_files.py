"""Small rasters as they are delivered, and what becomes of a folder of them."""

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.transform import from_origin

from hotspot.sources.intake import Intake
from hotspot.sources.once import Once
from hotspot.sources.satellite.satellite import open_satellite
from hotspot.study import Satellite
from hotspot.variables import DataError

WIDE, HIGH = 40, 30
VALUES = np.random.default_rng(5).uniform(20, 60, (HIGH, WIDE)).astype("float32")


def write_tif(path, values=VALUES, *, transform=None, crs="EPSG:4326", unit="ug/m3", **profile):
    """A small north-up GeoTIFF from 114 E, 36 N in steps of 0.05 degree."""
    bands = values if values.ndim == 3 else values[None]
    transform = transform or from_origin(114.0, 36.0, 0.05, 0.05)
    profile = {
        "driver": "GTiff",
        "count": bands.shape[0],
        "dtype": bands.dtype,
        "crs": crs,
        "transform": transform,
    } | profile
    with rasterio.open(path, "w", height=bands.shape[1], width=bands.shape[2], **profile) as out:
        out.write(bands)
        if unit:
            out.units = [unit] * bands.shape[0]
    return path


def write_nc(path, values=None, *, days=("2020-01-01",), lat=None, lon=None, unit="ug/m3", encoding=None, **attrs):
    """A small NetCDF ``pm25(time, lat, lon)`` on the same ground."""
    values = np.repeat(VALUES[None], len(days), axis=0) if values is None else values
    lat = 35.975 - 0.05 * np.arange(values.shape[1]) if lat is None else lat
    lon = 114.025 + 0.05 * np.arange(values.shape[2]) if lon is None else lon
    data = xr.Dataset(
        {"pm25": (("time", "lat", "lon"), values, {"units": unit} if unit else {})},
        {"time": np.array(days, "datetime64[ns]"), "lat": lat, "lon": lon},
        attrs,
    )
    data.to_netcdf(path, encoding={"pm25": encoding or {}})
    return path


def acag(first, year):
    """A file as ACAG writes it, from a first latitude, with the dates of a year in its metadata."""
    data = xr.Dataset({"GWRPM25": (("lat", "lon"), VALUES, {"units": "[\\mug/m^3]"})})
    data.attrs = {"Start_Date": f"{year}0101", "End_Date": f"{year}1231"}
    return data.assign_coords(lat=first + 0.1 * np.arange(HIGH), lon=114.05 + 0.1 * np.arange(WIDE))


def opened(folder, layout="geotiff", period="month", files=("*.*",), months=None, once=None, **said):
    """The field and the intake of everything in a folder."""
    intake = Intake(folder, once=once or Once())
    field = open_satellite(Satellite(layout=layout, files=files, period=period, **said), folder, intake, months=months)
    intake.check()
    return field, intake


def refused(folder, match, layout="geotiff", period="month", **said):
    with pytest.raises(DataError, match=match):
        opened(folder, layout, period, **said)
