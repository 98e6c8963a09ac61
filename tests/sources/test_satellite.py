"""Delivered rasters, good and bad: RELIABILITY C2, C3; each test names its case."""

import os

import numpy as np
import pytest
import rasterio
import xarray as xr
from raster_files import HIGH, VALUES, WIDE, opened, refused, write_nc, write_tif
from rasterio.transform import Affine, from_origin

from hotspot.sources.satellite.rasters import check_path
from hotspot.sources.satellite.satellite import open_satellite
from hotspot.study import Satellite
from hotspot.variables import DataError


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
    write_tif(path, np.where(holed < 0, -3.4e38, holed).astype("f4"))
    refused(tmp_path, r"\(such as -3.4e\+38\); if it stands for missing, give nodata = -3.4e\+38")
    assert np.isnan(opened(tmp_path, nodata=-3.4e38)[0].values[0, -5:]).all()
    write_tif(path, holed)
    field, intake = opened(tmp_path, nodata=-9999)
    assert np.isnan(field.values[0, -5:]).all() and intake.counts["read"] == VALUES.size - 5 * WIDE
    write_tif(path, (holed * 10).clip(-3000).astype("int16"), unit="ug/m3")
    refused(tmp_path, "no nodata value is given")
    zero = VALUES.copy()
    zero[:5] = 0
    write_tif(path, zero, nodata=0)
    _, intake = opened(tmp_path)
    assert any("0 counts as missing" in note for note in intake.notes)
    zero[:10] = 0
    write_tif(path, zero)
    refused(tmp_path, "33% of the values are 0, which no air has; declare nodata = 0")
    write_tif(path, VALUES * 6)
    assert any("no region's month has had; does the file lack its scale" in note for note in opened(tmp_path)[1].notes)
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
    places = np.frombuffer(intake.quarantine[0].raw, [("row", "<i4"), ("col", "<i4"), ("value", "<f8")])
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


def test_a_mask_inside_the_file_counts(tmp_path):
    """G 6: half of the pixels masked, the values under the mask would have been used (and are a hundred too high)."""
    import rasterio

    half = np.zeros(VALUES.shape, bool)
    half[:, ::2] = True
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        write_tif(tmp_path / "a_202001.tif", np.where(half, VALUES + 100, VALUES))
        with rasterio.open(tmp_path / "a_202001.tif", "r+") as source:
            source.write_mask(~half)
    field, intake = opened(tmp_path)
    seen = np.isfinite(field.values[0])
    assert seen.sum() == (~half).sum() == intake.counts["used"] and float(field.max()) < VALUES.max() + 1
    assert any("its mask takes" in note for note in intake.notes)


def test_every_layer_leaves_its_digest_whichever_way_up(tmp_path):
    for month in ("202001", "202002"):
        write_tif(tmp_path / f"a_{month}.tif")
    field, _ = opened(tmp_path)
    days, digests = ([row[k] for row in field.attrs["layers"]] for k in (0, 2))
    assert days == ["2020-01-01", "2020-02-01"] and digests[0] == digests[1]
