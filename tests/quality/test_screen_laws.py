"""Laws of screening: hours are conserved, order and files change nothing, a screened hour never returns."""

import csv

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_town import town

from hotspot.quality.hours.flags import flag, mask_of, reasons
from hotspot.quality.hours.neighbours import distance_km, nearest
from hotspot.quality.hours.screen import screen
from hotspot.rules.criteria import Criteria
from hotspot.rules.sensors import FLAGS, Screening
from hotspot.sources.intake import Intake
from hotspot.sources.stations.stations import read_stations
from hotspot.study import Stations


def damaged(seed=0):
    rng = np.random.default_rng(seed)
    hours = town(n_station=6, n_hour=240, seed=seed)
    for value in (-50.0, 0.0, 985.0, 3000.0, 400.0, np.nan, -2.0):
        where = rng.integers(0, 6, 4), rng.integers(0, 240, 4)
        hours["pm25"].values[where] = value
    return hours


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), names=st.sets(st.sampled_from(FLAGS), max_size=4))
def test_hours_are_conserved_and_a_screened_hour_never_returns(seed, names):
    """Delivered = counting + excluded; raw is raw; screening again, however mildly, brings nothing back."""
    hours = damaged(seed)
    criteria = Criteria(screening=Screening(excluding_flags=tuple(sorted(names))))
    screened = screen(hours, criteria=criteria)
    out = (screened["pm25_flags"].values & mask_of(names)) != 0
    raw, counting = screened["pm25_raw"].values, np.isfinite(screened["pm25"].values)
    np.testing.assert_array_equal(raw, hours["pm25"].values)
    assert np.isfinite(raw).sum() == counting.sum() + (out & np.isfinite(raw)).sum()
    assert not (out & counting).any()
    again = screen(screened, criteria=Criteria(screening=Screening(excluding_flags=())))
    assert not (np.isnan(screened["pm25"].values) & np.isfinite(again["pm25"].values)).any()
    np.testing.assert_array_equal(again["pm25_flags"], screened["pm25_flags"])
    np.testing.assert_array_equal(again["pm25_raw"], raw)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(6)))
def test_the_order_of_stations_changes_nothing(order):
    hours = damaged()
    want, got = screen(hours), screen(hours.isel(station=list(order)))
    for name in ("pm25", "pm25_flags", "pm25_expected", "pm25_probability", "clock_lag", "drift_per_day"):
        np.testing.assert_array_equal(want[name].isel(station=list(order)), got[name])


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 99), cut=st.integers(1, 700))
def test_order_duplication_and_splitting_of_files_change_no_flag(tmp_path_factory, seed, cut):
    rng = np.random.default_rng(seed)
    hours = damaged(1).isel(time=slice(0, 120))
    rows = [
        [str(station), str(time)[:16].replace("T", " "), 116.01 + 0.011 * k, 40.0123, value]
        for k, station in enumerate(hours["station"].values)
        for time, value in zip(hours["time"].values + np.timedelta64(8, "h"), hours["pm25"].values[k], strict=True)
        if -5 <= value <= 2000
    ]
    shuffled = [rows[k] for k in rng.permutation(len(rows))]
    told = []
    for files in ([rows], [shuffled[:cut], shuffled[cut:] + shuffled[:7]]):
        root = tmp_path_factory.mktemp("micro")
        for number, part in enumerate(files):
            with open(root / f"{number}.csv", "w", newline="", encoding="utf-8") as stream:
                csv.writer(stream).writerows([["station", "time", "lon", "lat", "pm25"], *part])
        means = {"unit": "ug/m3", "time_zone": "+08:00", "hour_label": "start", "datum": "wgs84", "role": "micro"}
        intake = Intake(root)
        told.append(
            screen(read_stations(Stations(layout="long", files=["*.csv"], **means), root, intake, utc_offset=8))
        )
        intake.check()
    xr.testing.assert_identical(told[0], told[1])


def test_months_that_do_not_touch_are_screened_apart():
    hours = town(n_hour=1440)
    apart = hours.isel(time=np.r_[0:480, 960:1440])
    whole = screen(apart)
    np.testing.assert_array_equal(
        whole["pm25_flags"].values[:, :480], screen(hours.isel(time=slice(0, 480)))["pm25_flags"].values
    )


def test_only_listed_flags_exclude_and_unknown_ones_are_refused():
    hours = town()
    hours["pm25"][2, 300] *= 10
    rule = Criteria(screening=Screening(excluding_flags=("impossible", "spike")))
    assert np.isnan(screen(hours, criteria=rule)["pm25"].values[2, 300])
    with pytest.raises(ValueError, match="'spikes' is no flag; there are: impossible"):
        Screening(excluding_flags=("spikes",))
    assert Criteria().screening.excluding_flags == ("impossible",)  # GB 3095-2026 6.4: all valid data take part


def test_every_flag_has_one_bit_and_words_in_two_languages():
    bits = [flag(name).bit for name in FLAGS]
    assert bits == [1 << k for k in range(len(FLAGS))]
    assert all(flag(name).words and flag(name).zh for name in FLAGS)
    assert reasons(mask_of(FLAGS), language="zh") == [flag(name).zh for name in FLAGS]


def slow_nearest(lon, lat, lon_other, lat_other, *, count, within_km, names, names_other):
    """Every other station measured, one by one."""
    where = np.full((len(lon), count), -1)
    for at in range(len(lon)):
        km = distance_km(lon[at], lat[at], lon_other, lat_other)
        told = sorted((round(d, 6), names_other[k], k) for k, d in enumerate(km) if names_other[k] != names[at])
        near = [k for d, _, k in told if d <= within_km][:count]
        where[at, : len(near)] = near
    return where


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 7), st.booleans(), st.integers(1, 12))
def test_nearest_is_the_slow_nearest_where_many_are_as_near_and_many_share_a_name(seed, n, count, lattice, n_name):
    rng = np.random.default_rng(seed)
    lon, lat = rng.integers(0, 4, (2, n)) / 50 if lattice else rng.uniform(0, 0.1, (2, n))
    lon, lat = lon + 116, lat + 40
    for names in (np.array([f"s{k:02d}" for k in rng.permutation(n)], object), rng.integers(0, n_name, n).astype(str)):
        setting = {"count": count, "within_km": 5.0, "names": names, "names_other": names}
        found, km = nearest(lon, lat, lon, lat, **setting)
        assert found.tolist() == slow_nearest(lon, lat, lon, lat, **setting).tolist()
        assert ((found >= 0) == np.isfinite(km)).all()
