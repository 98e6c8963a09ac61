"""Weather grids: sound files, and every bad input of RELIABILITY C3."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from weather_files import UNITS, fields, read, save

from hotspot.sources.weather.formulas import wind_components
from hotspot.sources.weather.netcdf import decode_time
from hotspot.variables import CoverageWarning, DataError

# --- what comes out of a sound file


def test_era5_in_our_names_units_and_hours(tmp_path):
    made = fields()
    save(made, tmp_path / "a.nc")
    found, intake = read(tmp_path)
    assert found.attrs["kind"] == "grid"
    assert (np.diff(found["lat"]) > 0).all()
    flipped = made.isel(latitude=slice(None, None, -1))
    np.testing.assert_allclose(found["t2m"], flipped["t2m"] - 273.15, atol=1e-4)
    np.testing.assert_allclose(found["sp"], flipped["sp"] / 100, rtol=1e-6)
    np.testing.assert_array_equal(found["u10"], flipped["u10"])
    # Rain stamped 05 fell from 04 to 05.
    np.testing.assert_allclose(found["tp"][:-1], flipped["tp"][1:] * 1000, rtol=1e-5)
    assert found["tp"][-1].isnull().all()
    assert [found[name].attrs["unit"] for name in ("t2m", "sp", "tp", "rh2m")] == ["degC", "hPa", "mm", "%"]
    assert intake.counts["read"] == intake.counts["used"] == 48


def test_both_latitude_orders_and_both_longitude_ranges_give_the_same_bits(tmp_path):
    made = fields()
    for name, dataset in {
        "north": made,
        "south": made.isel(latitude=slice(None, None, -1)),
        "wrapped": made.assign_coords(longitude=made["longitude"] + 360),
        "turned": made.transpose("longitude", "latitude", "valid_time"),
    }.items():
        (tmp_path / name).mkdir()
        save(dataset, tmp_path / name / "a.nc")
    first, _ = read(tmp_path / "north")
    for name in ("south", "wrapped", "turned"):
        xr.testing.assert_identical(first, read(tmp_path / name)[0])


def test_packed_integers_are_the_same_weather(tmp_path):
    made = fields()
    made["t2m"][3, 1, 1] = np.nan
    (tmp_path / "packed").mkdir()
    packing = {"t2m": {"dtype": "int16", "scale_factor": 0.002, "add_offset": 280.0, "_FillValue": -32767}}
    save(made, tmp_path / "packed" / "a.nc", **packing)
    found, intake = read(tmp_path / "packed")
    np.testing.assert_allclose(found["t2m"].isel(lat=slice(None, None, -1)), made["t2m"] - 273.15, atol=0.0011)
    assert found["t2m"].isnull().sum() == 1  # declared fill: missing, no fault
    assert intake.counts["values"] == 0


def test_only_the_wanted_local_months_come_back(tmp_path):
    save(fields("2020-01-30T00", 96), tmp_path / "a.nc")
    with pytest.warns(CoverageWarning, match="2020-02 ends"):
        found, _ = read(tmp_path, months=["2020-02"])
    assert str(found["time"].values[0])[:16] == "2020-01-31T16:00"  # local midnight of 1 February
    save(fields("2021-01-30T00", 96), tmp_path / "b.nc")
    _, intake = read(tmp_path, months=["2021-01"])
    assert list(intake.files) == ["b.nc"]  # a file of other months is not part of the run


def test_files_of_single_variables_are_put_together(tmp_path):
    made = fields()
    save(made[["u10", "v10", "t2m", "d2m", "blh", "sp"]], tmp_path / "instant.nc")
    save(made[["tp"]], tmp_path / "accum.nc")
    found, intake = read(tmp_path)
    (tmp_path / "one").mkdir()
    save(made, tmp_path / "one" / "a.nc")
    xr.testing.assert_identical(found, read(tmp_path / "one")[0])
    assert intake.counts["used"] == 96


# --- C3, case by case


def test_42_a_corrupt_chunk_stops_with_the_file_named(tmp_path):
    path = save(fields(hours=400), tmp_path / "a.nc", **{name: {"zlib": True} for name in UNITS})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = b"\xa5" * 4000
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"a\.nc"):
        read(tmp_path)


def test_42_a_file_that_kills_the_reader_does_not_kill_the_run(tmp_path, monkeypatch):
    from hotspot.sources.weather import child as weather_child

    path = save(fields(), tmp_path / "a.nc")
    with pytest.raises(DataError, match=r"a\.nc: .*(memory|killed|exit code|read)"):
        weather_child.decode_all([path], ["a.nc"], ["u10"], memory=50 << 20)


@pytest.mark.parametrize("share", [0.8, 0.3, 0.02])
def test_43_a_truncated_file_stops(tmp_path, share):
    path = save(fields(hours=200), tmp_path / "a.nc")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DataError, match=r"a\.nc: .*(damaged|killed|read)"):
        read(tmp_path)


def test_empty_files_and_web_pages_are_set_aside_by_name(tmp_path):
    save(fields(), tmp_path / "good.nc")
    (tmp_path / "empty.nc").write_bytes(b"")
    (tmp_path / "page.nc").write_bytes(b"<!DOCTYPE html><html>please log in</html>")
    found, intake = read(tmp_path)
    assert found.sizes["time"] == 48
    assert intake.files["empty.nc"].refused == "the file is empty"
    assert "web page" in intake.files["page.nc"].refused
    (tmp_path / "good.nc").unlink()
    with pytest.raises(DataError, match="all 2 files are empty"):
        read(tmp_path)


def test_44_unsorted_hours_are_sorted_and_identical_twins_counted(tmp_path):
    made = fields()
    save(made, tmp_path / "a.nc")
    first, _ = read(tmp_path)
    order = np.random.default_rng(0).permutation(48)
    (tmp_path / "mixed").mkdir()
    twice = xr.concat([made.isel(valid_time=order), made.isel(valid_time=[3, 7])], "valid_time")
    save(twice, tmp_path / "mixed" / "a.nc")
    found, intake = read(tmp_path / "mixed")
    xr.testing.assert_identical(found, first)
    assert (intake.counts["read"], intake.counts["used"], intake.counts["duplicates"]) == (50, 48, 2)


def test_44_an_hour_with_two_values_stops(tmp_path):
    made = fields()
    other = made.isel(valid_time=[5]).assign(u10=made["u10"].isel(valid_time=[5]) + 1)
    save(xr.concat([made, other], "valid_time"), tmp_path / "a.nc")
    with pytest.raises(DataError, match="variable u10: 2020-01-31T05:00:00Z was delivered twice"):
        read(tmp_path)


def test_44_missing_hours_stay_missing(tmp_path):
    made = fields().isel(valid_time=[n for n in range(48) if n not in (10, 11)])
    save(made, tmp_path / "a.nc")
    found, _ = read(tmp_path)
    assert found.sizes["time"] == 46
    assert found["tp"].sel(time="2020-01-31T09").isnull().all()  # its end, 10 UTC, was not delivered


@pytest.mark.parametrize("calendar", ["360_day", "noleap", "julian"])
def test_45_other_calendars_are_refused(calendar):
    with pytest.raises(DataError, match="deliver the standard calendar"):
        decode_time([0.0], "days since 2000-01-01", calendar, "a.nc")


@pytest.mark.parametrize(
    "units", ["months since 1900-01-01", "years since 1900-01-01", "", "hours", "days since yesterday"]
)
def test_45_times_that_cannot_be_placed_are_refused(units):
    with pytest.raises(DataError, match="cannot be placed"):
        decode_time([1.0], units, "standard", "a.nc")


@given(st.integers(-2_000_000_000, 2_000_000_000), st.sampled_from(["seconds", "minutes", "hours", "days"]))
@settings(max_examples=60, deadline=None)
def test_times_are_those_of_cftime(value, step):
    cftime = pytest.importorskip("cftime")
    value = value // {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}[step]
    units = f"{step} since 1987-06-05 04:03:02"
    stamp = cftime.num2date(value, units, "proleptic_gregorian")
    assert str(decode_time(np.array([value]), units, "proleptic_gregorian", "a")[0]) == stamp.strftime(
        "%4Y-%m-%dT%H:%M:%S"
    )


@pytest.mark.parametrize("unit", ["", "1"])
def test_46_a_unit_that_says_nothing_stops_unless_the_study_says_it(tmp_path, unit):
    made = fields()
    made["t2m"].attrs["units"] = unit
    save(made, tmp_path / "a.nc")
    with pytest.raises(DataError, match=r"variable t2m: unit .* says nothing"):
        read(tmp_path)
    found, _ = read(tmp_path, units={"t2m": "K"})
    assert -10 < float(found["t2m"].mean()) < 10


def test_49_kelvin_called_celsius_stops(tmp_path):
    made = fields()
    made["t2m"].attrs["units"] = "degC"
    save(made, tmp_path / "a.nc")
    with pytest.raises(
        DataError, match=r"variable t2m: the median of air temperature at 2 m is 27\d.* unit is probably wrong"
    ):
        read(tmp_path)


def test_49_celsius_by_its_unit_is_taken(tmp_path):
    made = fields()
    made["t2m"] = (made["t2m"] - 273.15).assign_attrs(units="degC")
    save(made, tmp_path / "a.nc")
    found, _ = read(tmp_path)
    np.testing.assert_allclose(found["t2m"].isel(lat=slice(None, None, -1)), made["t2m"], atol=1e-4)


def test_50_metres_and_millimetres_of_rain_agree(tmp_path):
    made = fields()
    for name, dataset in {"m": made, "mm": made.assign(tp=(made["tp"] * 1000).assign_attrs(units="mm"))}.items():
        (tmp_path / name).mkdir()
        save(dataset, tmp_path / name / "a.nc")
    np.testing.assert_allclose(read(tmp_path / "m")[0]["tp"], read(tmp_path / "mm")[0]["tp"], rtol=1e-5)


def test_50_packing_noise_below_zero_is_clipped_and_counted_real_negatives_are_set_aside(tmp_path):
    made = fields()
    made["tp"][4, 0, 0] = -1e-19
    made["tp"][5, 0, 0] = -4e-4  # 0.4 mm less than nothing
    save(made, tmp_path / "a.nc")
    found, intake = read(tmp_path)
    assert float(found["tp"].isel(time=3, lat=-1, lon=0)) == 0.0
    assert np.isnan(float(found["tp"].isel(time=4, lat=-1, lon=0)))
    assert any("1 rain values" in note and "packing noise" in note for note in intake.notes)
    assert [(q.row, q.column) for q in intake.quarantine] == [(6, "tp")]


def test_50_a_sum_since_midnight_is_recognised_and_taken_apart(tmp_path):
    made = fields("2020-01-30T01", 96)
    hourly = made["tp"].to_numpy().astype(float)
    summed = hourly.reshape(4, 24, 3, 4).cumsum(axis=1).reshape(96, 3, 4)
    made["tp"] = made["tp"].copy(data=summed.astype("f4"))
    save(made, tmp_path / "a.nc")
    with pytest.raises(DataError, match='declare layout = "era5-land"'):
        read(tmp_path)
    found, intake = read(tmp_path, layout="era5-land")
    expected = hourly[1:, ::-1] * 1000  # the hour that ended at the first stamp began before the file
    np.testing.assert_allclose(found["tp"][:-1], expected, atol=2e-3)
    assert any("taken apart" in note for note in intake.notes)


def test_51_pressure_in_pascal_or_hectopascal_and_a_lie_about_it(tmp_path):
    made = fields()
    (tmp_path / "hpa").mkdir()
    save(made.assign(sp=(made["sp"] / 100).assign_attrs(units="hPa")), tmp_path / "hpa" / "a.nc")
    assert 1000 < float(read(tmp_path / "hpa")[0]["sp"].mean()) < 1020
    made["sp"].attrs["units"] = "hPa"
    save(made, tmp_path / "a.nc")
    with pytest.raises(DataError, match="variable sp: the median"):
        read(tmp_path)


def test_51_a_boundary_layer_of_no_height_is_set_aside(tmp_path):
    made = fields()
    made["blh"][2, 0, 0], made["blh"][3, 0, 0] = 0.0, -20.0
    save(made, tmp_path / "a.nc")
    found, intake = read(tmp_path)
    assert int(found["blh"].isnull().sum()) == 2
    assert [q.row for q in intake.quarantine] == [3, 4]
    assert intake.counts["values"] == 2
    assert intake.counts["used"] == 48  # the hours stay


@pytest.mark.parametrize(("direction", "u", "v"), [(0, 0, -1), (90, -1, 0), (180, 0, 1), (270, 1, 0), (360, 0, -1)])
def test_52_a_direction_says_where_the_wind_comes_from(direction, u, v):
    found = wind_components(np.array([1.0]), np.array([direction]))
    assert found[0][0] == pytest.approx(u, abs=1e-12)
    assert found[1][0] == pytest.approx(v, abs=1e-12)
    back = wind_components(np.array([1.0]), np.array([direction]), wind="to")
    assert back[0][0] == pytest.approx(-u, abs=1e-12)
    assert back[1][0] == pytest.approx(-v, abs=1e-12)


@given(st.floats(0, 60), st.floats(0, 360))
def test_52_speed_and_bearing_survive_the_components(speed, direction):
    u, v = wind_components(np.array([speed]), np.array([direction]))
    assert np.hypot(u, v)[0] == pytest.approx(speed, abs=1e-9)
    if speed > 0.01:
        back = np.degrees(np.arctan2(-u, -v))[0] % 360
        assert abs((back - direction + 180) % 360 - 180) < 1e-6


def versions(form):
    made = fields(hours=24)
    late = made.copy(deep=True)
    late["u10"] = made["u10"] + 10
    if form == "dimension":
        final = made.where(made["valid_time"] < made["valid_time"][18])
        early = late.where(made["valid_time"] >= made["valid_time"][18])
        both = xr.concat([final, early], pd.Index([1, 5], name="expver"))
        both = both.transpose("valid_time", "expver", "latitude", "longitude")
        for name, unit in UNITS.items():
            both[name].attrs["units"] = unit
        return both
    both = xr.concat([made.isel(valid_time=slice(0, 18)), late.isel(valid_time=slice(18, 24))], "valid_time")
    return both.assign_coords(expver=("valid_time", np.array(["0001"] * 18 + ["0005"] * 6)))


@pytest.mark.parametrize("form", ["dimension", "coordinate"])
def test_53_final_and_preliminary_hours_are_merged_and_their_share_told(tmp_path, form):
    save(versions(form), tmp_path / "a.nc")
    found, intake = read(tmp_path)
    assert found.attrs["preliminary_share"] == pytest.approx(0.25)
    assert any("25.0% of the hours are preliminary" in note for note in intake.notes)
    made = fields(hours=24)["u10"].isel(latitude=slice(None, None, -1))
    np.testing.assert_array_equal(found["u10"][:18], made[:18])
    np.testing.assert_allclose(found["u10"][18:], made[18:] + 10)


def test_53_a_final_hour_in_another_file_replaces_the_preliminary_one(tmp_path):
    save(versions("coordinate"), tmp_path / "a.nc")
    save(fields(hours=24).isel(valid_time=slice(18, 24)), tmp_path / "b.nc")
    found, intake = read(tmp_path)
    assert found.attrs["preliminary_share"] == 0.0
    np.testing.assert_array_equal(found["u10"], fields(hours=24)["u10"].isel(latitude=slice(None, None, -1)))
    assert intake.counts["read"] == 30


def test_54_local_time_declared_for_a_utc_product_stops(tmp_path):
    save(fields(), tmp_path / "a.nc")
    with pytest.raises(DataError, match="era5 files are in UTC"):
        read(tmp_path, time_zone="+08:00")
    assert read(tmp_path, time_zone="UTC")[0].sizes["time"] == 48


def test_55_weather_that_ends_before_the_month_is_said_and_not_invented(tmp_path):
    save(fields("2020-01-31T16", 24 * 24), tmp_path / "a.nc")
    with pytest.warns(CoverageWarning, match="weather of 2020-02 ends 5 days before the month does"):
        found, intake = read(tmp_path, months=["2020-02"])
    assert found.sizes["time"] == 24 * 24
    assert any("ends 5 days" in note for note in intake.notes)


def test_55_no_weather_at_all_for_the_month_stops(tmp_path):
    save(fields(), tmp_path / "a.nc")
    with pytest.raises(
        DataError, match="the files hold 2020-01-31T00:00:00 to 2020-02-01T23:00:00 UTC, no hour of the wanted"
    ):
        read(tmp_path, months=["2021-06"])


def test_56_a_flood_of_missing_values_is_said(tmp_path):
    made = fields()
    made["blh"] = made["blh"].where(made["blh"] > 600)
    save(made, tmp_path / "a.nc")
    _, intake = read(tmp_path)
    assert any("blh is missing in" in note for note in intake.notes)
    assert not any("u10 is missing" in note for note in intake.notes)


def test_fill_values_nobody_declared_are_set_aside(tmp_path):
    made = fields()
    made["t2m"][6, 1, 2] = -32767.0
    save(made, tmp_path / "a.nc")
    found, intake = read(tmp_path)
    assert int(found["t2m"].isnull().sum()) == 1
    assert [(q.row, q.column, q.rule) for q in intake.quarantine] == [
        (7, "t2m", "a fill value the file does not declare")
    ]


def test_grids_that_differ_stop(tmp_path):
    save(fields(), tmp_path / "a.nc")
    moved = fields("2020-02-02T00")
    save(moved.assign_coords(longitude=moved["longitude"] + 0.25), tmp_path / "b.nc")
    with pytest.raises(DataError, match=r"b\.nc: its grid is not that of a\.nc"):
        read(tmp_path)


def test_several_levels_or_members_stop(tmp_path):
    made = fields()
    save(
        xr.concat([made, made + 1], pd.Index([0, 1], name="number")).transpose("valid_time", "number", ...),
        tmp_path / "a.nc",
    )
    with pytest.raises(DataError, match="one level and one ensemble member"):
        read(tmp_path)


def test_a_point_series_named_era5_stops_with_the_way_out(shared):
    with pytest.raises(DataError, match="needs another layout, such as era5-point"):
        read(shared, files=("met_reanalysis/beijing_daily_ERA5_2013_2023.nc",))


def test_no_path_leaves_the_data_root(tmp_path):
    with pytest.raises(DataError, match="leaves the data folder"):
        read(tmp_path, files=("../*.nc",))
