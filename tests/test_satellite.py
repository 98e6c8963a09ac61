"""Delivered rasters, good and bad: RELIABILITY C2, C3; each test names its case."""

import datetime
import os

import netCDF4
import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.transform import Affine, from_origin

from hotspot.sources import child
from hotspot.sources.intake import Intake
from hotspot.sources.naming import days_in_name
from hotspot.sources.rasters import Meaning, check_path, unpack_aside
from hotspot.sources.satellite import open_satellite
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


def opened(folder, layout="geotiff", period="month", files=("*.*",), months=None, **said):
    """The field and the intake of everything in a folder."""
    intake = Intake(folder)
    field = open_satellite(Satellite(layout=layout, files=files, period=period, **said), folder, intake, months=months)
    intake.check()
    return field, intake


def refused(folder, match, layout="geotiff", period="month", **said):
    with pytest.raises(DataError, match=match):
        opened(folder, layout, period, **said)


def test_a_plain_month(tmp_path):
    write_tif(tmp_path / "pm25_202002.tif")
    field, intake = opened(tmp_path)
    assert field.dims == ("time", "y", "x") and field.name == "pm25"
    assert field["time"].values.tolist() == [np.datetime64("2020-02-01", "ns").astype(int)]
    assert np.array_equal(field.values[0], VALUES[::-1]) and field["y"].values[0] < field["y"].values[-1]
    assert field["x"].values[0] == pytest.approx(114.025) and field["y"].values[-1] == pytest.approx(35.975)
    assert field.attrs["unit"] == "ug/m3" and field.attrs["period"] == "month"
    assert intake.counts["read"] == intake.counts["used"] == VALUES.size


def test_case_23_truncated_and_corrupt_tiles_are_named(tmp_path):
    path = write_tif(tmp_path / "pm25_202002.tif", compress="deflate", tiled=True, blockxsize=16, blockysize=16)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    refused(tmp_path, r"pm25_202002.tif: band 1, block row \d|pm25_202002.tif: GDAL cannot open")
    broken = bytearray(whole)
    broken[len(whole) // 2 : len(whole) // 2 + 200] = b"\x55" * 200
    path.write_bytes(broken)
    refused(tmp_path, r"pm25_202002.tif: band 1, block row \d")


def test_case_24_a_vrt_in_disguise(tmp_path):
    source = write_tif(tmp_path / "true.tif")
    source.rename(tmp_path / "kept.dat")
    (tmp_path / "pm25_202002.tif").write_text(
        '<VRTDataset rasterXSize="40" rasterYSize="30"><VRTRasterBand dataType="Float32" band="1">'
        "<SimpleSource><SourceFilename>/vsicurl/http://127.0.0.1/x.tif</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    refused(tmp_path, "content is a VRT", files=("*.tif",))


@pytest.mark.parametrize("path", ["/vsicurl/http://169.254.169.254/a.tif", "http://x/a.nc", "/vsizip/a.zip/a.tif"])
def test_case_25_no_network_paths(path, tmp_path):
    with pytest.raises(DataError, match="network or virtual path"):
        check_path(path)
    with pytest.raises(DataError, match="leaves the data folder"):
        opened(tmp_path, files=(path,))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "0 bytes"),
        (b"<!DOCTYPE html><p>login", "HTML"),
        (b'{"error": 1}', "JSON"),
        (b"PK\x03\x04", "neither GeoTIFF"),
    ],
)
def test_cases_1_16_what_is_no_raster(tmp_path, content, words):
    (tmp_path / "pm25_202002.tif").write_bytes(content)
    refused(tmp_path, words)


def test_case_26_a_header_of_a_million_by_a_million(tmp_path):
    """Sparse: 10^12 pixels announced in a file of a few kilobytes."""
    path = tmp_path / "pm25_202002.tif"
    large = {"tiled": True, "blockxsize": 131072, "blockysize": 131072, "SPARSE_OK": True, "BIGTIFF": "YES"}
    where = {"crs": "EPSG:4326", "transform": from_origin(114, 36, 1e-6, 1e-6)}
    with rasterio.open(path, "w", "GTiff", 10**6, 10**6, 1, dtype="float32", **where, **large):
        pass
    assert path.stat().st_size < 10_000
    refused(tmp_path, "the header promises 1000000 x 1000000 pixels")


def test_case_27_no_crs_and_wrong_crs(tmp_path):
    path = write_tif(tmp_path / "pm25_202002.tif", crs=None)
    refused(tmp_path, "no CRS and the study declares none")
    field, _ = opened(tmp_path, crs="EPSG:4326")
    assert field.shape == (1, HIGH, WIDE)
    write_tif(path, crs="EPSG:3857")
    refused(tmp_path, "the CRS label is wrong")
    write_tif(path)
    refused(tmp_path, "its CRS is WGS 84, the study declares", crs="EPSG:3857")


def test_case_28_bands_and_kinds_of_numbers(tmp_path):
    path = tmp_path / "pm25_202002.tif"
    write_tif(path, np.repeat(VALUES[None], 4, axis=0))
    refused(tmp_path, "4 bands of float32, but its name promises 1 month")
    write_tif(path, VALUES.astype("uint8"), nodata=0)
    refused(tmp_path, "values are uint8")
    write_tif(path, VALUES.astype("complex64"))
    refused(tmp_path, "values are complex64")
    write_tif(path, np.repeat(VALUES[None], 29, axis=0))
    field, _ = opened(tmp_path, period="day")  # one band a day of the month in the name
    assert field.sizes["time"] == 29 and str(field["time"].values[-1])[:10] == "2020-02-29"


def test_case_29_nodata(tmp_path):
    path = tmp_path / "pm25_202002.tif"
    holed = VALUES.copy()
    holed[:5] = -9999
    write_tif(path, holed)
    refused(tmp_path, "-9999 looks like an undeclared nodata value")
    field, intake = opened(tmp_path, nodata=-9999)
    assert np.isnan(field.values[0, -5:]).all() and intake.counts["read"] == VALUES.size - 5 * WIDE
    write_tif(path, (holed * 10).clip(-3000).astype("int16"), unit="ug/m3")
    refused(tmp_path, "no nodata value is given")
    zero = VALUES.copy()
    zero[:5] = 0
    write_tif(path, zero, nodata=0)
    _, intake = opened(tmp_path)
    assert any("0 counts as missing" in note for note in intake.notes)
    top = VALUES.copy()
    top[:10] = 60.5
    write_tif(path, top)
    _, intake = opened(tmp_path)
    assert any("stand at one end" in note for note in intake.notes)


def test_case_30_scale_and_offset_are_applied_once(tmp_path):
    stored = np.round(VALUES[None] * 10).astype("float32") / 10
    write_nc(
        tmp_path / "a_202001.nc",
        stored,
        encoding={"dtype": "int16", "scale_factor": 0.1, "add_offset": 5.0, "_FillValue": -1},
    )
    field, _ = opened(tmp_path, "netcdf")
    assert field.values[0] == pytest.approx(stored[0, ::-1], rel=1e-6)
    (tmp_path / "a_202001.nc").unlink()
    write_nc(tmp_path / "a_202001.nc", VALUES[None] * 100)
    refused(tmp_path, "such as|scale_factor was not applied", "netcdf")


def test_case_31_no_data(tmp_path):
    write_tif(tmp_path / "pm25_202002.tif", np.full_like(VALUES, np.nan))
    refused(tmp_path, "no data")


def test_case_32_stray_impossible_values_are_quarantined(tmp_path):
    values = VALUES.copy()
    values[3, 7], values[0, 0], values[1, 1] = -5.0, np.inf, 1e30
    path = write_tif(tmp_path / "pm25_202002.tif", values)
    field, intake = opened(tmp_path)
    assert np.isnan(field.values[0, HIGH - 4, 7]) and np.isnan(field.values).sum() == 3
    record = intake.files["pm25_202002.tif"]
    assert (record.read, record.used, record.quarantined) == (VALUES.size, VALUES.size - 3, 3)
    places = unpack_aside(intake.quarantine[0].raw)
    assert places["row"].tolist() == [0, 1, 3] and places["col"].tolist() == [0, 1, 7]
    assert places["value"][2] == -5.0 and np.isinf(places["value"][0])
    assert any("3 impossible values set aside" in note for note in intake.notes)
    values[:2] = -5.0
    write_tif(path, values)
    refused(tmp_path, "are no PM2.5")


def test_case_33_south_up_is_turned_and_rotated_refused(tmp_path):
    path = tmp_path / "pm25_202002.tif"
    write_tif(path)
    north, _ = opened(tmp_path)
    write_tif(path, VALUES[::-1], transform=Affine(0.05, 0, 114.0, 0, 0.05, 36.0 - 0.05 * HIGH))
    south, intake = opened(tmp_path)
    assert np.array_equal(north.values, south.values) and any("south-up" in note for note in intake.notes)
    write_tif(path, transform=Affine(0.05, 0.01, 114.0, 0.01, -0.05, 36.0))
    refused(tmp_path, "rotated")


def test_case_34_longitudes_from_0_to_360(tmp_path):
    lon = np.arange(0.5, 360, 1.0)
    values = np.random.default_rng(2).uniform(5, 90, (1, 20, 360)).astype("float32")
    write_nc(tmp_path / "a_202001.nc", values, lat=np.arange(20, 40) + 0.5, lon=lon)
    field, intake = opened(tmp_path, "netcdf")
    assert field["x"].values[0] == -179.5 and field["x"].values[-1] == 179.5
    assert np.array_equal(field.sel(x=114.5).values, values[:, :, 114]) and np.array_equal(
        field.sel(x=-65.5).values, values[:, :, 294]
    )
    assert any("0-360" in note for note in intake.notes)


def test_case_35_latitude_either_way_is_the_same(tmp_path):
    write_nc(tmp_path / "a_202001.nc")
    down, _ = opened(tmp_path, "netcdf")
    lat = (35.975 - 0.05 * np.arange(HIGH))[::-1]
    write_nc(tmp_path / "a_202001.nc", VALUES[None, ::-1], lat=lat)
    up, _ = opened(tmp_path, "netcdf")
    assert down.identical(up)


def test_case_36_swapped_coordinates(tmp_path):
    write_nc(tmp_path / "a_202001.nc", lat=114 + 0.05 * np.arange(HIGH), lon=35 + 0.05 * np.arange(WIDE))
    refused(tmp_path, r"latitude 115.45: longitude and latitude are swapped", "netcdf")
    data = xr.Dataset({"pm25": (("lon", "lat"), VALUES.T, {"units": "ug/m3"})})
    data = data.assign_coords(lat=35.975 - 0.05 * np.arange(HIGH), lon=114.025 + 0.05 * np.arange(WIDE))
    data.to_netcdf(tmp_path / "a_202001.nc")
    field, _ = opened(tmp_path, "netcdf")  # the order of dimensions is no mistake
    assert np.array_equal(field.values[0], VALUES[::-1])


def test_case_37_half_pixel(tmp_path):
    lat = 35.975 - 0.05 * np.arange(HIGH)
    data = xr.Dataset(
        {"pm25": (("lat", "lon"), VALUES, {"units": "ug/m3"}), "lat_bnds": (("lat", "n"), np.c_[lat, lat + 0.05])}
    )
    data = data.assign_coords(lat=("lat", lat, {"bounds": "lat_bnds"}), lon=114.025 + 0.05 * np.arange(WIDE))
    data.to_netcdf(tmp_path / "a_202001.nc")
    refused(tmp_path, "half-pixel shift", "netcdf")
    (tmp_path / "a_202001.nc").unlink()
    write_tif(tmp_path / "a_202001.tif")
    write_tif(tmp_path / "a_202002.tif", transform=from_origin(114.025, 36.025, 0.05, 0.05))
    refused(tmp_path, "a_202002.tif: .* half-pixel shift")


def test_case_37_acag_on_its_published_grid(tmp_path):
    name = "V5GL02.HybridPM25c_0p10.Asia.202001-202001.nc"

    def write(first):
        data = xr.Dataset(
            {"GWRPM25": (("lat", "lon"), VALUES, {"units": "[\\mug/m^3]"})},
            attrs={"Start_Date": "20200101", "End_Date": "20201231"},
        )
        data.assign_coords(lat=first + 0.1 * np.arange(HIGH), lon=114.05 + 0.1 * np.arange(WIDE)).to_netcdf(
            tmp_path / name
        )

    write(34.05)
    field, _ = opened(tmp_path, "acag")
    assert field.attrs["native_resolution_m"] == pytest.approx(11_132)
    write(34.0)
    refused(tmp_path, "half-pixel shift", "acag")


def test_case_38_two_grids_in_one_month(tmp_path):
    write_tif(tmp_path / "a_202002_east.tif")
    write_tif(tmp_path / "a_202002_west.tif", transform=from_origin(112.0, 36.0, 0.04, 0.04))
    refused(tmp_path, "another resolution or origin")


def test_case_39_overlapping_tiles(tmp_path):
    write_tif(tmp_path / "a_202002_1.tif")
    other = VALUES.copy()
    other[:, :10] = VALUES[:, 30:]
    other[4, :3] += 7
    write_tif(tmp_path / "a_202002_2.tif", other, transform=from_origin(115.5, 36.0, 0.05, 0.05))
    field, intake = opened(tmp_path)
    assert field.shape == (1, HIGH, 70)
    assert np.array_equal(field.values[0, :, :40], VALUES[::-1])  # the first in name order counts
    assert any("3 pixels of 2020-02-01 differ" in note for note in intake.notes)
    assert intake.files["a_202002_2.tif"].duplicates == 10 * HIGH
    again = open_satellite(Satellite(layout="geotiff", files=("*.tif",), period="month"), tmp_path, intake)
    intake.check()
    assert again.identical(field) and intake.files["a_202002_2.tif"].duplicates == 10 * HIGH


def test_case_40_date_in_the_name_and_in_the_file(tmp_path):
    write_nc(tmp_path / "pm25_202003.nc", days=("2020-02-01",))
    refused(tmp_path, "its name says 2020-03-01 to 2020-03-31, its time axis holds 2020-02-01", "netcdf")
    (tmp_path / "pm25_202003.nc").unlink()
    write_tif(tmp_path / "latest.tif")
    refused(tmp_path, "declare date_pattern")
    os.rename(tmp_path / "latest.tif", tmp_path / "V5GL02.PM25_0p10.Asia.202001-202012.nc")
    refused(tmp_path, "the study says one month a layer", "acag")


def test_case_40_acag_metadata(tmp_path):
    data = xr.Dataset(
        {"GWRPM25": (("lat", "lon"), VALUES, {"units": "[\\mug/m^3]"})},
        attrs={"Start_Date": "20190101", "End_Date": "20191231"},
    )
    data = data.assign_coords(lat=34.05 + 0.1 * np.arange(HIGH), lon=114.05 + 0.1 * np.arange(WIDE))
    data.to_netcdf(tmp_path / "V5GL02.HybridPM25c_0p10.Asia.202001-202001.nc")
    refused(tmp_path, "its metadata 20190101 to 20191231", "acag")


def test_cases_42_43_broken_netcdf_leaves_us_alive(tmp_path):
    path = write_nc(tmp_path / "pm25_202001.nc", encoding={"zlib": True, "chunksizes": (1, 10, 10)})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 4 // 5])
    refused(tmp_path, "pm25_202001.nc: ", "netcdf")
    broken = bytearray(whole)
    broken[-3000:-1000] = b"\x55" * 2000
    path.write_bytes(broken)
    refused(tmp_path, "pm25_202001.nc: ", "netcdf")


def test_f20_f21_a_crash_and_a_hang_are_errors_of_one_file(tmp_path, monkeypatch):
    good = write_tif(tmp_path / "good.tif")
    bad = write_tif(tmp_path / "bad.tif", VALUES + 1)
    meaning = Meaning()
    real = child._Child

    class Dying(real):
        def ask(self, job, seconds):
            if "bad.tif" in job:
                self.process.send_signal(11)  # what a corrupt chunk does to the netCDF library
            return super().ask(job, seconds)

    monkeypatch.setattr(child, "_Child", Dying)
    paths = [good, bad, tmp_path / "good.tif"]
    first, crash, after = child.inspect(paths, [meaning] * 3, ["crash-a", "crash-b", "crash-c"])
    assert "SIGSEGV" in crash["error"] and "layers" in first and "layers" in after
    monkeypatch.setattr(child, "_Child", real)
    (slow,) = child.inspect([good], [meaning], ["hang"], seconds=0.0)
    assert "was stopped" in slow["error"]
    (small,) = child.inspect([good], [meaning], ["memory"], memory=40 << 20)
    assert "error" in small


def test_a_broken_day_is_set_aside_and_the_others_go_on(tmp_path):
    for day in (1, 2, 3):
        write_tif(tmp_path / f"pm25_2020020{day}.tif")
    (tmp_path / "pm25_20200202.tif").write_bytes(b"<html>try later")
    field, intake = opened(tmp_path, period="day")
    assert [str(t)[8:10] for t in field["time"].values] == ["01", "03"]
    assert intake.files["pm25_20200202.tif"].refused.startswith("content is HTML")
    assert any("pm25_20200202.tif: set aside" in note for note in intake.notes)


def test_case_44_days_twice_and_unsorted(tmp_path):
    values = np.stack([VALUES, VALUES + 1, VALUES])
    days = ("2020-01-03", "2020-01-02", "2020-01-03")
    write_nc(tmp_path / "pm25_202001.nc", values, days=days)
    field, intake = opened(tmp_path, "netcdf", "day")
    assert [str(t)[8:10] for t in field["time"].values] == ["02", "03"]
    assert intake.counts["duplicates"] == VALUES.size
    write_nc(
        tmp_path / "pm25_202001.nc",
        values + np.arange(3)[:, None, None],
        days=("2020-01-03", "2020-01-02", "2020-01-03"),
    )
    refused(tmp_path, "2020-01-03 stands in it twice with different values", "netcdf", "day", files=("*.nc",))


@pytest.mark.parametrize(
    ("units", "calendar", "words"),
    [
        ("days since 2020-01-01", "360_day", "calendar '360_day'"),
        ("months since 2020-01-01", "standard", "no fixed length"),
    ],
)
def test_case_45_calendars(tmp_path, units, calendar, words):
    write_nc(tmp_path / "pm25.nc")
    with netCDF4.Dataset(tmp_path / "pm25.nc", "a") as source:
        source["time"].units, source["time"].calendar = units, calendar
    refused(tmp_path, words, "netcdf")


@pytest.mark.parametrize("unit", ["", "1"])
def test_case_46_no_unit_stops_and_asks(tmp_path, unit):
    write_nc(tmp_path / "pm25_202001.nc", unit=unit)
    refused(tmp_path, "it has no unit and the study declares none", "netcdf")
    assert opened(tmp_path, "netcdf", unit="ug/m3")[0].attrs["unit"] == "ug/m3"


def test_cases_47_48_other_units(tmp_path):
    path = tmp_path / "pm25_202001.nc"
    write_nc(path, VALUES[None].astype(float) * 1e-9, unit="kg m-3")
    field, _ = opened(tmp_path, "netcdf")
    assert field.values[0] == pytest.approx(VALUES[::-1], rel=1e-6)
    write_nc(path, VALUES[None] * 1e-9)
    refused(tmp_path, "looks like kg/m3", "netcdf")
    write_nc(path, VALUES[None] * 1e-3)
    refused(tmp_path, "looks like mg/m3", "netcdf")
    refused(tmp_path, "its unit is 'ug/m3', the study declares 'mg/m3'", "netcdf", unit="mg/m3")
    write_nc(path, unit="K")
    refused(tmp_path, "does not measure", "netcdf")


def test_several_variables_must_be_chosen(tmp_path):
    path = write_nc(tmp_path / "x_202001.nc")
    with xr.open_dataset(path) as source:
        two = source.load().rename(pm25="a").assign(b=lambda d: d["a"] * 2)
    two["b"].attrs["units"] = "ug/m3"
    two.to_netcdf(path)
    refused(tmp_path, "declare which one is PM2.5", "netcdf")
    assert float(opened(tmp_path, "netcdf", variable="b")[0].max()) > 60
    refused(tmp_path, "no gridded variable c; there are: a, b", "netcdf", variable="c")


def test_a_large_delivery_stays_lazy_with_the_same_values(tmp_path, monkeypatch):
    for month in (1, 2):
        days = [f"2020-0{month}-{day:02d}" for day in range(1, 29)]
        write_nc(tmp_path / f"pm25_20200{month}.nc", VALUES[None] + np.arange(28, dtype="f4")[:, None, None], days=days)
    eager, _ = opened(tmp_path, "netcdf", "day")
    monkeypatch.setattr("hotspot.sources.mosaic.LAZY_BYTES", 1000)
    lazy, _ = opened(tmp_path, "netcdf", "day")
    assert lazy.chunks is not None and lazy.shape == (56, HIGH, WIDE)
    assert lazy.compute(scheduler="threads", num_workers=4).identical(eager)


def test_only_the_months_asked(tmp_path):
    for month in (1, 2, 3):
        write_tif(tmp_path / f"pm25_20200{month}.tif")
    field, intake = opened(tmp_path, months=["2020-02", "2019-02"])
    assert field.sizes["time"] == 1 and list(intake.files) == ["pm25_202002.tif"]
    with pytest.raises(DataError, match="nothing delivered for 2018-01"):
        opened(tmp_path, months=["2018-01"])


def test_chap_as_published(tmp_path):
    lat, lon = (34 + 0.01 * np.arange(HIGH)).astype("f4"), (114 + 0.01 * np.arange(WIDE)).astype("f4")
    data = xr.Dataset({"PM2.5": (("lat", "lon"), np.round(VALUES, 1))}, {"lat": lat, "lon": lon})
    data.to_netcdf(
        tmp_path / "CHAP_PM2.5_D1K_20200105_V4.nc",
        encoding={"PM2.5": {"dtype": "uint16", "scale_factor": 0.1, "_FillValue": 65535}},
    )
    field, _ = opened(tmp_path, "chap", "day")
    assert str(field["time"].values[0])[:10] == "2020-01-05" and field.attrs["native_resolution_m"] == 1000
    assert field.values[0] == pytest.approx(np.round(VALUES, 1), abs=0.051)
    refused(tmp_path, "the study says one month a layer", "chap")


def test_tap_as_published(tmp_path):
    lon, lat = np.meshgrid(114 + 0.1 * np.arange(6), 34 + 0.1 * np.arange(5))
    rows = [f"{k},{a:.2f},{b:.2f},{10 + k},1,1" for k, (a, b) in enumerate(zip(lon.ravel(), lat.ravel(), strict=True))]
    (tmp_path / "202001_PM25_and_species.csv").write_text(
        "GridID,X_Lon,Y_Lat,PM2.5,SO4,NO3\n" + "\n".join(rows[:-1]) + "\n"
    )
    field, intake = opened(tmp_path, "tap")
    assert field.shape == (1, 5, 6) and field.values[0, 1, 2] == 18 and np.isnan(field.values[0, 4, 5])
    assert field.attrs["native_resolution_m"] == 10_000 and intake.counts["used"] == 29
    folder = tmp_path / "km"
    folder.mkdir()
    places = [f"{a:.2f},{b:.2f},{k},012" for k, (a, b) in enumerate(zip(lon.ravel(), lat.ravel(), strict=True))]
    (folder / "Tile_012_lonlat.csv").write_text("Longitude,Latitude,GridID,TileID\n" + "\n".join(places) + "\n")
    (folder / "China_PM25_1km_2020_032_012.csv").write_text(
        "GridID,PM2.5\n" + "\n".join(f"{k},{10 + k}" for k in range(30)) + "\n"
    )
    field, _ = opened(folder, "tap", "day")
    assert str(field["time"].values[0])[:10] == "2020-02-01" and field.values[0, 4, 5] == 39
    (folder / "China_PM25_1km_2020_032_012.csv").write_text("GridID,PM2.5\n1,x\n")
    refused(folder, "row 2, column PM2.5: 'x' is no number", "tap", "day", files=("China*.csv",))


def test_names_and_days():
    assert days_in_name("a_2020-02-03.tif") == (datetime.date(2020, 2, 3), datetime.date(2020, 2, 3))
    assert days_in_name("PM25_2020.tif")[1] == datetime.date(2020, 12, 31)
    assert days_in_name("pm25.tif") is None
    with pytest.raises(DataError, match="does not fit its name"):
        days_in_name("pm25.tif", r"(?P<year>\d{4})")


def test_the_real_acag_files(shared):
    intake = Intake(shared)
    said = Satellite(layout="acag", files=("acag_pm25_satellite/V5GL02*.nc",), period="month")
    field = open_satellite(said, shared, intake, months=["2020-02"])
    plain = field.sel(y=slice(35, 41), x=slice(112, 119)).mean()
    assert float(plain) == pytest.approx(55.5, abs=0.1)  # SOURCE.md
    year = open_satellite(
        Satellite(layout="acag", files=("acag_pm25_satellite/V5GL03*.nc",), period="year"),
        shared,
        intake,
        months=["2021-06"],
    )
    assert float(year.sel(y=slice(35, 41), x=slice(112, 119)).mean()) == pytest.approx(39.0, abs=0.1)
    intake.check()
    assert intake.counts["read"] > 1_000_000
