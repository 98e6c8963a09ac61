"""Delivered series and layouts: RELIABILITY C3, F20, F21, and the published layouts."""

import datetime

import netCDF4
import numpy as np
import pytest
import xarray as xr
from raster_files import HIGH, VALUES, WIDE, opened, refused, write_nc, write_tif

from hotspot.sources import child
from hotspot.sources.intake import Intake
from hotspot.sources.naming import days_in_name
from hotspot.sources.once import Once
from hotspot.sources.satellite.rasters import Meaning
from hotspot.sources.satellite.satellite import open_satellite
from hotspot.sources.store import Store
from hotspot.study import Satellite
from hotspot.variables import DataError


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
    real = child.Child

    class Dying(real):
        def ask(self, job, seconds):
            if "bad.tif" in job["path"]:
                self.process.send_signal(11)  # what a corrupt chunk does to the netCDF library
            return super().ask(job, seconds)

    monkeypatch.setattr(child, "Child", Dying)
    paths = [good, bad, tmp_path / "good.tif"]
    first, crash, after = child.inspect(paths, [meaning] * 3, Once(Store(tmp_path / "kept")))
    assert "SIGSEGV" in crash["error"] and "layers" in first and "layers" in after
    monkeypatch.setattr(child, "Child", real)
    (slow,) = child.inspect([good], [meaning], Once(Store(tmp_path / "hang")), seconds=0.0)
    assert "was stopped" in slow["error"]
    (small,) = child.inspect([good], [meaning], Once(Store(tmp_path / "memory")), memory=40 << 20)
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
    refused(tmp_path, words, "netcdf", "day", files=("*.nc",))


@pytest.mark.parametrize(
    ("units", "calendar", "stamps", "edges"),
    [
        ("months since 2019-12-01", "standard", (1, 2), ()),
        ("months since 2019-12-16", "360_day", (1.5, 2.5), ()),
        ("days since 2019-12-01", "360_day", (45, 75), ()),
        ("days since 2020-01-01", "noleap", (15, 46), ()),
        ("YYYYMM", "standard", (202001, 202002), ()),
        ("hours since 2019-12-31 16:00", "standard", (0, 744), ()),  # local months, told in UTC
        ("days since 2020-01-01", "standard", (31, 60), (0, 31, 60)),  # a stamp at the end of what it means
    ],
)
def test_case_45_a_month_needs_no_day_and_bounds_say_what_a_stamp_means(tmp_path, units, calendar, stamps, edges):
    write_nc(tmp_path / "pm25.nc", np.stack([VALUES, VALUES + 1]), days=("2021-01-01", "2021-02-01"))
    with netCDF4.Dataset(tmp_path / "pm25.nc", "a") as source:
        source["time"].units, source["time"].calendar = units, calendar
        if edges:
            source.createDimension("nv", 2)
            source["time"].bounds = "time_edges"
            source.createVariable("time_edges", "f8", ("time", "nv"))[:] = np.column_stack((edges[:-1], edges[1:]))
        source["time"][:] = stamps
    field, _ = opened(tmp_path, "netcdf", "month", files=("*.nc",))
    assert [str(t)[:10] for t in field["time"].values] == ["2020-01-01", "2020-02-01"]


def test_days_written_as_numbers_are_days_and_other_numbers_are_none(tmp_path):
    write_nc(tmp_path / "pm25.nc", np.stack([VALUES, VALUES + 1]), days=("2020-01-01", "2020-01-02"))

    def stamped(*numbers):
        with netCDF4.Dataset(tmp_path / "pm25.nc", "a") as source:
            source["time"].units = ""
            source["time"][:] = numbers

    stamped(20200131, 20200201)
    field, _ = opened(tmp_path, "netcdf", "day", files=("*.nc",))
    assert [str(t)[:10] for t in field["time"].values] == ["2020-01-31", "2020-02-01"]
    stamped(20200131, 20200231)
    refused(tmp_path, "time is in '', which is no fixed length", "netcdf", "day", files=("*.nc",))


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
    write_nc(path, VALUES[None] * 1e15, unit="molec/cm2")
    refused(tmp_path, "does not measure PM2.5 mass concentration; it is another quantity: take it out", "netcdf")


def test_another_quantity_in_the_unit_of_pm25_is_refused_by_its_name(tmp_path):
    """A ground-level NO2 or PM10 of the same maker, in ug/m3, was ranked as PM2.5."""
    path = write_nc(tmp_path / "x_202001.nc")
    with netCDF4.Dataset(path, "a") as source:
        source.renameVariable("pm25", "value")
        source["value"].long_name = "ground-level nitrogen dioxide"
    refused(tmp_path, "'value' says nitrogen, and a .*satellite.* entry is PM2.5; take it out", "netcdf")
    with netCDF4.Dataset(path, "a") as source:
        source["value"].long_name = "PM2.5 estimated with NO2"
    assert opened(tmp_path, "netcdf")[0].shape[0] == 1
    path.rename(tmp_path / "CHAP_PM10_M1K_202001_V4.nc")
    refused(tmp_path, "'CHAP_PM10_M1K_202001_V4.nc' says PM10", "netcdf", files=("*.nc",))
    assert opened(tmp_path, "netcdf", files=("*.nc",), variable="value")[0].shape[0] == 1


def test_several_variables_must_be_chosen(tmp_path):
    path = write_nc(tmp_path / "x_202001.nc")
    with xr.open_dataset(path) as source:
        two = source.load().rename(pm25="a").assign(b=lambda d: d["a"] * 2)
    two["b"].attrs["units"] = "ug/m3"
    two.to_netcdf(path)
    refused(tmp_path, "declare which one is PM2.5", "netcdf")
    assert float(opened(tmp_path, "netcdf", variable="b")[0].max()) > 60
    refused(tmp_path, "no gridded variable c; there are: a, b", "netcdf", variable="c")


def test_a_delivery_is_lazy_and_a_raster_that_was_not_laid_out_has_the_same_values(tmp_path, monkeypatch):
    for month in (1, 2):
        days = [f"2020-0{month}-{day:02d}" for day in range(1, 29)]
        write_nc(tmp_path / f"pm25_20200{month}.nc", VALUES[None] + np.arange(28, dtype="f4")[:, None, None], days=days)
    kept, opened_again = Store(tmp_path / "kept"), []
    laid, _ = opened(tmp_path, "netcdf", "day", once=Once(kept))
    laid = laid.load()
    monkeypatch.setattr("hotspot.sources.satellite.laid.opening", lambda what, path: opened_again.append(path.name))
    for room in (1 << 30, 0):  # kept reports, nothing laid: each file is laid now, or read layer by layer
        again = Store(tmp_path / "kept")
        monkeypatch.setattr("hotspot.sources.satellite.laid.room", lambda folder, room=room: room)
        lazy, _ = opened(tmp_path, "netcdf", "day", once=Once(again))
        assert lazy.chunks is not None and lazy.shape == (56, HIGH, WIDE)
        assert lazy.compute(scheduler="threads", num_workers=4).identical(laid)
        assert len(opened_again) == (2 if room else 2 + 56)


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
