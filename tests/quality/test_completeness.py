"""Days of hours, months of days: the slow means, the boundary cases, and February 2015 in Beijing."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.quality.means.completeness import daily_means, monthly_means, product_months, satellite_days
from hotspot.rules.criteria import Validity
from hotspot.variables import DataError

HOUR = np.timedelta64(1, "h")


def hourly(values, first="2020-02-29T16:00"):
    """Stations (station, time) of hourly values from a UTC hour on."""
    values = np.atleast_2d(np.asarray(values, dtype="float64"))
    time = np.datetime64(first, "ns") + np.arange(values.shape[1]) * HOUR
    names = [f"s{i}" for i in range(len(values))]
    return xr.Dataset({"pm25": (("station", "time"), values)}, {"station": names, "time": time})


def days_of(month, values, coverage=None, dim="cell"):
    """Daily values of one month, padded with NaN."""
    first = np.datetime64(month, "M").astype("datetime64[D]")
    values = np.atleast_2d(np.asarray(values, dtype="float64"))
    day = (first + np.arange(values.shape[1])).astype("datetime64[ns]")
    data = {"pm25": ((dim, "day"), values)}
    if coverage is not None:
        data["coverage"] = ((dim, "day"), np.atleast_2d(coverage))
    return xr.Dataset(data, {dim: [f"c{i}" for i in range(len(values))], "day": day})


def naive_day_means(stations, utc_offset, needed):
    """Local day means as plain loops: (station, day) -> mean, number of hours."""
    found = {}
    for s, name in enumerate(stations["station"].values.tolist()):
        for t, time in enumerate(stations["time"].values):
            day = str((time + np.timedelta64(int(utc_offset * 60), "m")).astype("datetime64[D]"))
            hours = found.setdefault((name, day), [])
            value = float(stations["pm25"].values[s, t])
            if value == value:
                hours.append(value)
    return {key: (sum(h) / len(h) if len(h) >= needed else np.nan, len(h)) for key, h in found.items()}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([8, 0, 5.5, -3]), st.integers(1, 24))
def test_daily_means_are_the_slow_means(seed, utc_offset, needed):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((3, 100)) < 0.2, np.nan, rng.uniform(5, 300, (3, 100)))
    stations = hourly(values, "2020-03-01T05:00")
    days = daily_means(stations, utc_offset=utc_offset, validity=Validity(day_hours=needed))
    slow = naive_day_means(stations, utc_offset, needed)
    assert days.sizes["day"] * 3 == len(slow)
    for (name, day), (mean, n) in slow.items():
        one = days.sel(station=name, day=day)
        assert one["n_hours"].item() == n
        np.testing.assert_allclose(one["pm25"].item(), mean, rtol=1e-12)


def test_a_day_is_the_local_one():
    """The hour that begins at 15:00 UTC is the last of Beijing's day, 16:00 the first of the next."""
    days = daily_means(hourly(np.arange(48.0), "2020-02-28T16:00"), utc_offset=8)
    assert days["pm25"].values.tolist() == [[11.5, 35.5]]
    assert str(days["day"].values[0])[:10] == "2020-02-29"


def test_nineteen_hours_are_no_day_and_twenty_are():
    values = np.full((2, 24), 60.0)
    values[0, :5] = np.nan
    values[1, :4] = np.nan
    days = daily_means(hourly(values), utc_offset=8)
    assert np.isnan(days["pm25"].values[0, 0]) and days["pm25"].values[1, 0] == 60.0
    assert days["mean_to_date"].values[0, 0] == 60.0 and days["n_hours"].values.tolist() == [[19], [20]]


def test_hours_out_of_order_twice_or_broken_are_refused():
    stations = hourly(np.ones(30))
    with pytest.raises(DataError, match="twice or out of order"):
        daily_means(stations.isel(time=[0, 1, 1]), utc_offset=8)
    with pytest.raises(DataError, match="twice or out of order"):
        daily_means(stations.isel(time=[1, 0]), utc_offset=8)
    with pytest.raises(DataError, match="whole hours"):
        daily_means(stations.assign_coords(time=stations["time"] + np.timedelta64(5, "m")), utc_offset=8)
    with pytest.raises(DataError, match="no hours"):
        daily_means(stations.isel(time=[]), utc_offset=8)


@pytest.mark.parametrize(
    ("month", "n_days", "needed"),
    [("2016-12", 31, 27), ("2016-04", 30, 27), ("2015-02", 28, 25), ("2016-02", 29, 25)],
)
def test_90_month_of_one_day_too_few_is_shown_but_not_valid(month, n_days, needed):
    values = np.full((2, n_days), np.nan)
    values[0, : needed - 1] = 50.0
    values[1, -needed:] = 50.0
    means = monthly_means(days_of(month, values, dim="station"), [month])
    assert means["n_valid"].values.ravel().tolist() == [needed - 1, needed]
    assert means["valid"].values.ravel().tolist() == [False, True]
    assert means["pm25"].values.ravel().tolist() == [50.0, 50.0]
    assert means["longest_gap"].values.ravel().tolist() == [n_days - needed + 1, n_days - needed]
    assert f"{needed - 1} valid days of {n_days}, at least {needed}" in means["why"].values[0, 0]
    assert str(means["last_day"].values[0, 0])[8:10] == f"{needed - 1:02d}"
    assert str(means["first_day"].values[1, 0])[8:10] == f"{n_days - needed + 1:02d}"


def test_each_day_has_weight_one_however_many_hours():
    """GB 3095-2026, 3.10: a month is the mean of days, not of hours."""
    values = np.tile(np.r_[np.full(24, 30.0), np.full(20, 90.0), np.full(4, np.nan)], 15)
    days = daily_means(hourly(values, "2020-03-31T16:00"), utc_offset=8)
    assert monthly_means(days, ["2020-04"])["pm25"].item() == pytest.approx(60.0)
    assert np.nanmean(values) != pytest.approx(60.0)


def test_a_month_without_any_day_is_empty_and_says_so():
    means = monthly_means(days_of("2020-03", np.full(31, 40.0), dim="station"), ["2020-03", "2020-04"])
    assert means["valid"].values.tolist() == [[True, False]]
    assert np.isnan(means["pm25"].values[0, 1]) and np.isnat(means["first_day"].values[0, 1])
    assert means["why"].values[0, 1].startswith("0 valid days of 30")


def test_satellite_month_needs_days_and_area():
    values = np.full((3, 30), np.nan)
    values[0, :10] = values[1, :9] = values[2, :20] = 40.0
    cover = np.where(np.isfinite(values), np.array([[0.9], [1.0], [0.3]]), 0.0)
    month = satellite_days(days_of("2020-06", values, cover), ["2020-06"])
    assert month["valid"].values.ravel().tolist() == [True, False, False]
    assert month["coverage"].values.ravel().tolist() == pytest.approx([0.9, 1.0, 0.3])
    assert month["why"].values[2, 0] == "30% of the cell was seen on its days, at least 50% is needed"
    assert month.attrs["completeness"] == "days"
    loose = satellite_days(days_of("2020-06", values, cover), ["2020-06"], validity=Validity(satellite_month_days=9))
    assert loose["valid"].values.ravel().tolist() == [True, True, False]


def test_satellite_month_never_seen_has_no_coverage():
    month = satellite_days(days_of("2020-06", np.full((1, 30), np.nan)), ["2020-06"])
    assert month["coverage"].item() == 0.0 and np.isnan(month["pm25"].item()) and not month["valid"].item()


def test_product_months_give_the_reason():
    valid, why = product_months(np.array([[50.0, np.nan], [np.nan, 3.0]]), np.array([[1.0, 0.0], [0.2, 0.5]]))
    assert valid.tolist() == [[True, False], [False, True]]
    assert why.tolist() == [["", "no value"], ["20% of the cell is covered, at least 50% is needed", ""]]
    assert product_months([50.0], [0.4996])[1][0].startswith("49% of the cell is covered, at least 50%")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_order_of_stations_changes_nothing_and_a_lost_day_never_makes_a_month_valid(seed):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((4, 31)) < 0.12, np.nan, rng.uniform(10, 200, (4, 31)))
    days = days_of("2016-12", values, dim="station")
    means = monthly_means(days, ["2016-12"])
    turned = monthly_means(days.isel(station=[2, 0, 3, 1]), ["2016-12"])
    xr.testing.assert_equal(turned.sortby("station"), means)
    fewer = monthly_means(days_of("2016-12", np.where(np.arange(31) == 7, np.nan, values), dim="station"), ["2016-12"])
    assert not (fewer["valid"] & ~means["valid"]).any()


@pytest.fixture(scope="module")
def beijing(shared):
    """Month means of the 35 Beijing stations for the months around the gaps of 2015 and 2016."""
    from hotspot.sources.intake import Intake
    from hotspot.sources.stations.stations import read_stations
    from hotspot.study import Stations

    delivery = Stations(
        layout="quotsoft", files=("beijing_quotsoft_daily/csv/beijing_all_*.csv",), unit="ug/m3", time_zone="+08:00",
        coordinates="beijing_quotsoft_daily/stations_joined_derived.csv", hour_label="end", datum="wgs84",
    )  # fmt: skip
    if not (shared / "beijing_quotsoft_daily").is_dir():
        pytest.skip("the Beijing station files are not there")
    months = ["2015-02", "2016-11", "2016-12"]
    stations = read_stations(delivery, shared, Intake(shared), utc_offset=8, months=months)
    days = daily_means(stations, utc_offset=8)
    return monthly_means(days, months).set_index(station="name")


def test_february_2015_in_beijing_stands_on_the_edge(beijing):
    """The outage of 2015-02-27 to 03-01 leaves 33 of 35 stations exactly 25 valid days: they count."""
    february = beijing.sel(time="2015-02-01")
    n_valid = dict(zip(february["station"].values.tolist(), february["n_valid"].values.tolist(), strict=True))
    assert len(n_valid) == 35
    assert sorted(n_valid.values()) == [21, 23, *[25] * 33]
    low = {name: n for name, n in n_valid.items() if n < 25}
    assert sorted(low.values()) == [21, 23]
    assert any("密云水库" in name and n == 23 for name, n in low.items())
    assert any("永乐店" in name and n == 21 for name, n in low.items())
    assert int(february["valid"].sum()) == 33


def test_december_2016_in_beijing_has_no_valid_station(beijing):
    """Two zero-byte days and others too short: nobody reaches 27 days; November stands."""
    assert int(beijing.sel(time="2016-12-01")["valid"].sum()) == 0
    assert int(beijing.sel(time="2016-11-01")["valid"].sum()) >= 30
