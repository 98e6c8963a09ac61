"""Screening: a test for each fault of RELIABILITY C4 that a series can show."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sensor_town import town

from hotspot.quality.hours.flags import flagged
from hotspot.quality.hours.interference import inspected_days
from hotspot.quality.hours.screen import interference_evidence, screen, station_report
from hotspot.variables import DataError


def hit(screened, name, station=2):
    """Hours of one station under a flag."""
    return np.flatnonzero(flagged(screened["pm25_flags"].values[station], name))


def others(screened, name, station=2):
    """How many hours of all other stations carry a flag."""
    rest = np.arange(screened.sizes["station"]) != station
    return int(flagged(screened["pm25_flags"].values[rest], name).sum())


def test_a_healthy_town_raises_next_to_nothing():
    screened = screen(town())
    assert (screened["pm25_flags"].values != 0).mean() < 2e-3
    np.testing.assert_array_equal(screened["pm25"], town()["pm25"])


def test_case_64_a_feed_in_utc_is_seen_by_its_neighbours():
    hours = town()
    hours["pm25"][2] = np.roll(hours["pm25"][2].values, -8)
    screened = screen(hours)
    assert screened["clock_lag"].values.tolist() == [0, 0, -8, 0, 0, 0, 0, 0]
    assert "clock: fits its neighbours -8 h off" in station_report(screened)["todo"][2]


def test_case_65_xinjiang_on_beijing_time_has_its_days_by_declaration():
    """The days of a copied day are those of the declared offset, not of a city's zone (Asia/Urumqi would be +6)."""
    hours = town()
    hours["pm25"][2, 240:264] = hours["pm25"].values[2, 216:240]
    assert hit(screen(hours), "repeated_day").tolist() == list(range(240, 264))
    assert hit(screen(hours.assign_attrs(utc_offset=6.0)), "repeated_day").size == 0


@pytest.mark.parametrize(("n", "found"), [(6, 0), (7, 7), (30, 30)])
def test_case_68_more_than_six_zeros(n, found):
    hours = town()
    hours["pm25"][2, 100 : 100 + n] = 0.0
    assert hit(screen(hours), "zero_run").size == found


@pytest.mark.parametrize(("n", "value", "found"), [(5, 60.0, 0), (6, 60.0, 6), (20, 60.0, 20), (20, 4.0, 0)])
def test_case_69_the_same_value_for_six_hours_above_the_rounding_level(n, value, found):
    hours = town()
    hours["pm25"][2, 99], hours["pm25"][2, 100 : 100 + n], hours["pm25"][2, 100 + n] = 61.0, value, 62.5
    assert hit(screen(hours), "flat_line").size == found


def test_case_70_a_copied_day_and_not_the_original():
    hours = town()
    hours["pm25"][2, 48:72] = hours["pm25"].values[2, 24:48]
    screened = screen(hours)
    assert hit(screened, "repeated_day").tolist() == list(range(48, 72)) and others(screened, "repeated_day") == 0
    hours["pm25"][2, 60] += 0.1  # one hour differs: no copy
    assert hit(screen(hours), "repeated_day").size == 0


def test_case_71_noise_below_zero_is_kept_and_a_fault_is_not():
    hours = town()
    hours["pm25"][2, 10:13] = -3.0
    hours["pm25"][2, 50] = -50.0
    screened = screen(hours)
    assert hit(screened, "negative").tolist() == [10, 11, 12] and hit(screened, "impossible").tolist() == [50]
    assert np.isnan(screened["pm25"].values[2, 50]) and screened["pm25_raw"].values[2, 50] == -50.0
    assert screened["pm25"].values[2, 10] == -3.0


@pytest.mark.parametrize("top", [985.0, 1000.0, 2000.0])
def test_case_72_the_top_of_the_range(top):
    hours = town()
    hours["pm25"][2, 10:12] = top
    screened = screen(hours)
    assert hit(screened, "saturation").tolist() == [10, 11] and screened["pm25"].values[2, 10] == top


def test_case_73_a_spike_of_ten_with_calm_neighbours_stays_in_the_numbers():
    hours = town()
    hours["pm25"][2, 300] *= 10
    screened = screen(hours)
    assert hit(screened, "spike").tolist() == [300] and others(screened, "spike") == 0
    assert 300 in hit(screened, "neighbours")
    assert screened["pm25"].values[2, 300] == hours["pm25"].values[2, 300]
    assert screened["pm25_probability"].values[2, 300] < 1e-9


def test_case_73_a_spike_that_the_whole_town_shows_is_none():
    hours = town()
    hours["pm25"][:, 300] *= 10  # fireworks
    assert not flagged(screen(hours)["pm25_flags"].values, "spike").any()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_case_74_a_drift_of_one_a_day_asks_for_calibration(sign):
    hours = town() + 0
    hours.attrs["utc_offset"] = 8.0
    hours["pm25"][:] = hours["pm25"] + 40
    hours["pm25"][2] += sign * np.arange(720) / 24
    screened = screen(hours)
    assert hit(screened, "drift").size > 500 and others(screened, "drift") == 0
    assert abs(float(screened["drift_per_day"][2]) - sign) < 0.35
    assert "calibrate: drifts" in station_report(screened)["todo"][2]


def test_case_75_humid_hours_by_the_station_or_by_the_weather():
    humid = np.where(np.arange(720) % 50 < 5, 96.0, 60.0)
    hours = town(rh2m=lambda values: np.broadcast_to(humid, values.shape).copy())
    assert hit(screen(hours), "humidity").tolist() == np.flatnonzero(humid > 90).tolist()
    weather = xr.Dataset({"rh2m": ("time", humid)}, {"time": town()["time"]})
    assert hit(screen(town(), weather=weather), "humidity").tolist() == np.flatnonzero(humid > 90).tolist()


def test_case_75_humidity_of_a_grid_is_the_nearest_point_s():
    humid = np.zeros((720, 2, 2)) + 50.0
    humid[10:20, 0, 0] = 97.0
    grid = xr.Dataset(
        {"rh2m": (("time", "lat", "lon"), humid)}, {"time": town()["time"], "lat": [40.0, 41.0], "lon": [116.0, 116.06]}
    )
    screened = screen(town(), weather=grid)
    assert hit(screened, "humidity", 0).tolist() == list(range(10, 20)) and hit(screened, "humidity", 7).size == 0


def test_case_76_interference_is_evidence_for_a_person():
    wet = np.full((8, 720), 60.0)
    hours = town()
    for day in (7, 8, 9):
        hours["pm25"][2, 24 * day + 9 : 24 * day + 15] *= 0.3
        wet[2, 24 * day + 9 : 24 * day + 15] = 88.0
    hours["rh2m"] = (("station", "time"), wet)
    screened = screen(hours)
    table = interference_evidence(screened)
    assert table["station"].tolist() == ["m2"] * 3 and table["flagged"].all()
    assert table["start"].tolist() == [pd.Timestamp(2020, 3, 1 + day, 9) for day in (7, 8, 9)]
    assert (table["humidity_change"] > 20).all() and (table["ratio"] < 0.4).all()
    assert "in office hours on 3 days" in table["signs"][0]
    assert hit(screened, "interference").size == 18
    np.testing.assert_array_equal(screened["pm25"], hours["pm25"])  # nothing was deleted


def test_case_76_a_front_that_arrives_here_first_is_listed_and_not_flagged():
    hours = town()
    hours["pm25"][2, 200:203] *= 0.2
    screened = screen(hours)
    table = interference_evidence(screened)
    assert len(table) == 1 and not table["flagged"][0] and hit(screened, "interference").size == 0


def test_case_76_a_blocked_inlet_shows_in_the_flow():
    hours = town(flow=lambda values: np.full(values.shape, 16.7))
    hours["pm25"][2, 200:206] *= 0.3
    hours["flow"][2, 200:206] = 12.0
    table = interference_evidence(screen(hours))
    assert table["signs"].tolist() == ["flow fell"] and abs(table["flow_change"][0] + 0.281) < 1e-3


def test_case_77_lower_only_on_inspected_days():
    rng = np.random.default_rng(0)
    expected = rng.uniform(40, 90, 60)
    inspected = np.arange(60) % 7 == 3
    honest = expected * np.exp(rng.normal(0, 0.1, 60))
    found = inspected_days(np.where(inspected, 0.6, 1.0) * honest, expected, inspected)
    assert found["probability"] < 0.002 and 0.5 < found["ratio"] < 0.72
    assert inspected_days(honest, expected, inspected)["probability"] > 0.05
    assert np.isnan(inspected_days(honest[:5], expected[:5], inspected[:5])["probability"])


def test_case_78_pm25_above_pm10_is_a_flag_only():
    hours = town(pm10=lambda values: values * 1.4)
    hours["pm10"][2, 20:30] = hours["pm25"].values[2, 20:30] - 1
    screened = screen(hours)
    assert hit(screened, "pm25_above_pm10").tolist() == list(range(20, 30))
    assert np.isfinite(screened["pm25"].values[2, 20:30]).all()


def test_case_79_heaped_digits():
    hours = town()
    hours["pm25"][2] = 5 * np.round(hours["pm25"][2] / 5)
    hours["pm25"][4] = np.round(hours["pm25"][4])
    screened = screen(hours)
    assert hit(screened, "digits_heaped").size == 720 and hit(screened, "digits_heaped", 4).size == 720
    whole = hours.copy()
    whole["pm25"] = np.round(town()["pm25"])  # where all report whole numbers nobody is suspect
    assert not flagged(screen(whole)["pm25_flags"].values, "digits_heaped").any()


def test_case_87_the_online_rate_of_a_silent_station():
    hours = town()
    hours["pm25"][2, :216] = np.nan
    screened = screen(hours)
    assert screened["online_share"].values[2] == pytest.approx(0.7)
    assert not flagged(screened["pm25_flags"].values[2, :216]).any()


def test_a_lasting_disagreement_is_seen_though_its_own_hours_agree():
    hours = town()
    hours["pm25"][2, 300:396] *= 2.5
    screened = screen(hours)
    assert np.isin(np.arange(310, 386), hit(screened, "neighbours")).mean() > 0.9
    assert others(screened, "neighbours") <= 2


def test_a_reference_station_is_a_neighbour_too():
    hours = town(n_station=3)
    assert np.isnan(screen(hours)["pm25_expected"]).all()  # two neighbours are no opinion
    reference = town(n_station=6).isel(station=slice(3, None))
    assert np.isfinite(screen(hours, reference=reference)["pm25_expected"]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.drop_vars("pm25"), "there is no pm25"),
        (lambda d: d.isel(time=[0, 0, 1]), "twice or out of order"),
        (lambda d: d.isel(station=[0, 0]), "'m0' is there twice"),
        (lambda d: d.assign_coords(time=d["time"] + np.timedelta64(15, "m")), "not whole hours"),
    ],
)
def test_case_66_and_others_are_refused(change, message):
    with pytest.raises(DataError, match=message):
        screen(change(town(n_hour=48)))
