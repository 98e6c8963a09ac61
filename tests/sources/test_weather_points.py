"""Weather formulas and point series: real files, and tables with faults."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from weather_files import read

from hotspot.sources.weather.formulas import relative_humidity
from hotspot.sources.weather.netcdf import unpack
from hotspot.variables import DataError

# --- formulas


@pytest.mark.parametrize(
    ("t2m", "d2m", "expected"),
    # WMO-No. 8 (2018), annex 4.B: e = 6.112 exp(17.62 t / (243.12 + t)); the two fits agree within 0.3 %.
    [
        (t, d, 100 * np.exp(17.62 * d / (243.12 + d) - 17.62 * t / (243.12 + t)))
        for t, d in [(20, 10), (0, -5), (35, 28), (-10, -12)]
    ],
)
def test_relative_humidity_is_the_magnus_form(t2m, d2m, expected):
    assert float(relative_humidity(t2m, d2m)) == pytest.approx(expected, rel=3e-3)


def test_relative_humidity_laws():
    t = np.linspace(-30, 40, 50)
    assert np.allclose(relative_humidity(t, t), 100)
    assert (np.diff(relative_humidity(20.0, np.linspace(-20, 20, 30))) > 0).all()
    assert np.isnan(relative_humidity(np.nan, 3.0))


@given(st.integers(-32766, 32767), st.floats(0.001, 2), st.floats(-300, 300))
def test_unpacking_is_scale_and_offset(raw, scale, offset):
    attrs = {"scale_factor": scale, "add_offset": offset, "_FillValue": np.int16(-32767)}
    values, fills, step = unpack(np.array([raw, -32767], "i2"), attrs)
    assert values[0] == raw * scale + offset
    assert np.isnan(values[1])
    assert not fills.any()
    assert step == scale


# --- real files


def test_merra2_maps_only_what_is_certain(shared):
    files = ("shandong_2014_sptemexp/ancdata.nc4",)
    plain, intake = read(shared, layout="merra2", files=files)
    assert list(plain.data_vars) == ["tp"]
    assert any("packing noise" in note for note in intake.notes)
    assert float(plain["tp"].min()) == 0.0
    # Its time bounds span a day, so it is a daily mean: rain is the day's, the label the day's start.
    assert plain.attrs["step_hours"] == 24
    assert str(plain["time"].values[0])[:16] == "2014-11-05T00:00"
    raw = xr.open_dataset(shared / files[0])["PRECTOTCORR"].clip(min=0)
    np.testing.assert_allclose(plain["tp"], raw * 86400, rtol=1e-5, atol=1e-5)
    declared, intake = read(shared, layout="merra2", files=files, columns={"ULML": "u10", "VLML": "v10"})
    assert {"u10", "v10"} <= set(declared)
    assert any("ULML of the lowest model layer, 63 m up" in note for note in intake.notes)


BEIJING = {
    "layout": "era5-point",
    "files": ("met_reanalysis/beijing_daily_ERA5_2013_2023.nc",),
    "units": {"t2m": "K", "u10": "m/s", "v10": "m/s", "blh": "m", "tp": "mm"},
}
WHERE = {"first_day": "2013-01-01", "time_zone": "UTC", "lon": 116.4, "lat": 39.9}


def test_the_beijing_point_series_with_its_one_fill_value(shared):
    found, intake = read(shared, **BEIJING, **WHERE)
    assert found.attrs["kind"] == "point"
    assert (found.attrs["lon"], found.attrs["lat"], found.attrs["step_hours"]) == (116.4, 39.9, 24)
    assert found.sizes["time"] == 4017
    assert str(found["time"].values[-1])[:10] == "2023-12-31"
    assert [(q.column, q.row) for q in intake.quarantine] == [("tp", 3987)]
    assert int(found["tp"].isnull().sum()) == 1
    monthly = found["t2m"].groupby("time.month").mean()
    assert int(monthly.argmin("month")) == 0
    assert int(monthly.argmax("month")) == 6


@pytest.mark.parametrize("missing", sorted(WHERE))
def test_a_series_without_time_or_place_stops_and_asks(shared, missing):
    declared = {key: value for key, value in WHERE.items() if key != missing}
    with pytest.raises(DataError, match=missing if missing not in ("lon", "lat") else "lon"):
        read(shared, **BEIJING, **declared)


def test_a_series_without_a_unit_stops_and_asks(shared):
    lacking = BEIJING | {"units": {"t2m": "K"}}
    with pytest.raises(DataError, match="it has no unit; declare units"):
        read(shared, **lacking, **WHERE)


PRSA = {
    "layout": "prsa",
    "files": ("uci_beijing_multisite/PRSA_Data_Dongsi_20130301-20170228.csv",),
    "lon": 116.42,
    "lat": 39.93,
}


def test_prsa_weather_of_a_month(shared):
    found, intake = read(shared, months=["2015-04"], time_zone="+08:00", **PRSA)
    assert found.sizes["time"] == 30 * 24
    assert str(found["time"].values[0])[:16] == "2015-03-31T16:00"
    table = pd.read_csv(shared / PRSA["files"][0])
    april = table[(table["year"] == 2015) & (table["month"] == 4)]
    np.testing.assert_array_equal(found["t2m"], april["TEMP"])
    np.testing.assert_allclose(
        np.hypot(found["u10"], found["v10"]), april["WSPM"].where(april["wd"].notna() | (april["WSPM"] == 0))
    )
    assert intake.counts["read"] == 35064


def test_52_the_dust_storm_of_15_april_2015_came_from_the_north_west(shared):
    found, _ = read(shared, months=["2015-04"], time_zone="+08:00", **PRSA)
    evening = found.sel(time=slice("2015-04-15T10", "2015-04-15T16")).mean()  # 18 to 24 in Beijing
    assert float(evening["v10"]) < -2  # blows to the south
    assert float(evening["u10"]) > 0  # and to the east


def test_54_prsa_without_a_zone_stops_and_asks(shared):
    with pytest.raises(DataError, match='its hours carry no zone; declare time_zone, for example "\\+08:00"'):
        read(shared, **PRSA)


WUHAN = {
    "layout": "wuhan-meteo",
    "files": ("wuhan_hourly_stations/2?meteo.xlsx",),
    "lon": 114.21,
    "lat": 30.78,
    "time_zone": "UTC",
}


def test_wuhan_reports_newest_first_become_a_series(shared):
    found, intake = read(shared, units={"wind_speed": "km/h"}, **WUHAN)
    assert (np.diff(found["time"]) > np.timedelta64(0)).all()
    assert found.attrs["step_hours"] == 3
    assert intake.counts["read"] == 5770
    at = found.sel(time="2020-12-31T21")
    assert float(at["t2m"]) == -5.5
    assert float(at["rh2m"]) == pytest.approx(91)
    assert float(at["sp"]) == 1032.1
    assert float(at["u10"]) == pytest.approx(-np.sin(np.radians(125)) * 1.0)  # 3.6 km/h from the south-east
    assert float(at["v10"]) == pytest.approx(-np.cos(np.radians(125)) * 1.0)
    calm = found.sel(time="2020-12-31T15")
    assert float(calm["u10"]) == float(calm["v10"]) == 0.0
    assert "tp" not in found
    assert any("totals of 24 h" in note for note in intake.notes)
    assert float(np.hypot(found["u10"], found["v10"]).mean()) < 3


def test_wuhan_wind_in_metres_per_second_is_another_wind(shared):
    slow, _ = read(shared, units={"wind_speed": "km/h"}, **WUHAN)
    fast, _ = read(shared, units={"wind_speed": "m/s"}, **WUHAN)
    np.testing.assert_allclose(fast["u10"], slow["u10"] * 3.6)


def test_wuhan_without_a_unit_of_wind_stops_and_asks(shared):
    with pytest.raises(DataError, match="does not say km/h or m/s"):
        read(shared, **WUHAN)
    with pytest.raises(DataError, match='the column is called "UTC time"'):
        read(shared, units={"wind_speed": "km/h"}, **(WUHAN | {"time_zone": "+08:00"}))


# --- tables with faults, made here


def prsa(path, **changes):
    rows = {
        "No": range(1, 7),
        "year": [2016] * 6,
        "month": [2] * 6,
        "day": [1] * 6,
        "hour": range(6),
        "TEMP": ["1.0"] * 6,
        "PRES": ["1020"] * 6,
        "DEWP": ["-5"] * 6,
        "RAIN": ["0"] * 6,
        "wd": ["NW"] * 6,
        "WSPM": ["2"] * 6,
    }
    for column, (row, text) in changes.items():
        values = list(rows[column])
        values[row] = text
        rows[column] = values
    pd.DataFrame(rows).to_csv(path, index=False)


@pytest.mark.parametrize(
    ("change", "name", "rule"),
    [
        ({"TEMP": (2, "warm")}, "t2m", "not a number"),
        ({"TEMP": (2, "95")}, "t2m", "t2m outside"),
        ({"wd": (2, "361")}, "u10", "not one of the 16 points"),
        ({"WSPM": (2, "-1")}, "u10", "wind speed outside"),
        ({"PRES": (2, "102000")}, "sp", "sp outside"),
    ],
)
def test_51_one_bad_value_is_set_aside_and_the_row_stays(tmp_path, change, name, rule):
    prsa(tmp_path / "a.csv", **change)
    found, intake = read(tmp_path, layout="prsa", files=("a.csv",), time_zone="+08:00", lon=116.0, lat=40.0)
    assert np.flatnonzero(found[name].isnull()).tolist() == [2]
    assert [(q.row, q.rule.startswith(rule)) for q in intake.quarantine] == [(4, True)]
    assert intake.counts["used"] == 6
    assert intake.counts["values"] == 1


def test_a_row_without_a_time_is_quarantined(tmp_path):
    prsa(tmp_path / "a.csv", hour=(3, "25"))
    found, intake = read(tmp_path, layout="prsa", files=("a.csv",), time_zone="+08:00", lon=116.0, lat=40.0)
    assert found.sizes["time"] == 5
    assert intake.counts["quarantined"] == 1


def test_calm_and_unknown_direction_are_told_apart(tmp_path):
    prsa(tmp_path / "a.csv", wd=(1, "NA"), WSPM=(1, "0"))
    found, _ = read(tmp_path, layout="prsa", files=("a.csv",), time_zone="+08:00", lon=116.0, lat=40.0)
    assert float(found["u10"][1]) == float(found["v10"][1]) == 0.0
    prsa(tmp_path / "a.csv", wd=(1, "NA"), WSPM=(1, "3"))
    found, _ = read(tmp_path, layout="prsa", files=("a.csv",), time_zone="+08:00", lon=116.0, lat=40.0)
    assert np.isnan(found["u10"][1])


def workbook(path, rows):
    import openpyxl

    book = openpyxl.Workbook()
    head = ["Date\xa0∇", "UTC time", "Temp.", "Rel. Hum.", "Pressure/", "Wind dir", "Wins speed", "Prec.", "Conditions"]
    for row in [head, *rows]:
        book.active.append(row)
    book.save(path)


GOOD = ["02/01/2020", "03Z", 5.0, 0.5, "1020.0 Hpa", "90º (E)", 7.2, "-", "-"]


@pytest.mark.parametrize("text", ["361º (N)", "-1º (N)", "north"])
def test_51_impossible_directions_in_reports_are_set_aside(tmp_path, text):
    workbook(tmp_path / "a.xlsx", [GOOD, [*GOOD[:1], "00Z", *GOOD[2:5], text, *GOOD[6:]]])
    declared = WUHAN | {"files": ("a.xlsx",)}
    found, intake = read(tmp_path, units={"wind_speed": "km/h"}, **declared)
    assert np.isnan(found["u10"][0])
    assert float(found["u10"][1]) == pytest.approx(-2.0)
    assert intake.counts["values"] == 1


def test_44_a_report_twice_counts_once_and_a_contradiction_stops(tmp_path):
    declared = WUHAN | {"files": ("a.xlsx",)}
    workbook(tmp_path / "a.xlsx", [GOOD, GOOD])
    found, intake = read(tmp_path, units={"wind_speed": "km/h"}, **declared)
    assert found.sizes["time"] == 1
    assert intake.counts["duplicates"] == 1
    workbook(tmp_path / "a.xlsx", [GOOD, [*GOOD[:2], 6.0, *GOOD[3:]]])
    with pytest.raises(DataError, match="stands twice with different air temperature"):
        read(tmp_path, units={"wind_speed": "km/h"}, **declared)
