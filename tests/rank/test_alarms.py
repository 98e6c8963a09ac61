"""Hourly alarms: four conditions, reasons kept, episodes merged, a budget kept, planted episodes found."""

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from alarm_case import DAYS, FIRST, cells, network, raised, rules, same, with_
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.contracts.records import ALARM_COLUMNS as COLUMNS
from hotspot.kernels.alarms import past_medians
from hotspot.quality.hours.flags import flag
from hotspot.rank.alarm.alarms import find_alarms, naive_hours, within
from hotspot.rank.alarm.gate import Gate
from hotspot.rank.alarm.network import _lean
from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError

AT = 24 * 16 + 5  # local 2025-12-17 05:00
WHEN = pd.Timestamp("2025-12-17 05:00")
RULES = Criteria().alarms


def alarms_of(stations, **changes):
    return find_alarms(stations, cells=cells(), criteria=rules(**changes))


# kernels against plain loops

series = st.lists(st.one_of(st.just(float("nan")), st.floats(-3, 3)), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(series, st.integers(1, 12), st.integers(1, 6), st.integers(1, 3))
def test_past_medians_are_the_slow_ones(values, n_past, n_least, every):
    at = np.arange(0, len(values), every)
    median = dict(zip(at, past_medians(np.array([values]), at, n_past, n_least)[0], strict=True))
    for t in at:
        past = [v for v in values[max(0, t - n_past) : t] if v == v]
        assert np.isnan(median[t]) if len(past) < n_least else median[t] == pytest.approx(np.median(past))


# the four conditions


def test_an_episode_is_found_with_start_end_peak_and_count():
    found = alarms_of(raised(network(), 4, np.arange(AT, AT + 5), 4.0))
    assert tuple(found.columns) == COLUMNS and len(found) == 1
    alarm = found.iloc[0]
    assert (alarm.start, alarm.end, alarm.hours, alarm.state) == (WHEN, WHEN + pd.Timedelta(hours=5), 5, "pushed")
    assert alarm.alarm == f"A2025121705-{alarm.cell}" and alarm.sub_cell.startswith(alarm.cell + "-")
    assert alarm.peak > alarm["mean"] > alarm.neighbours and alarm.ratio == pytest.approx(
        alarm["mean"] / alarm.neighbours
    )
    assert 3.3 < alarm.ratio < 4.7 and alarm.why == ""


def test_an_instrument_that_always_reads_above_the_ratio_is_known_for_it():
    """Its hours above the ratio were left out of what is usual, so nothing was known of it and its noise was pushed."""
    calm = network(days=45)
    stations = raised(raised(calm, 4, slice(None), 1.65), 4, np.arange(24 * 40, 24 * 40 + 4), 1.35)
    stations = stations.assign(pm25_error=(("station", "time"), 0.35 * stations["pm25"].values))
    assert not len(alarms_of(stations))
    burning = raised(stations, 4, np.arange(24 * 42, 24 * 42 + 4), 4.0)
    assert (alarms_of(burning)["state"] == "pushed").sum() == 1


def test_each_of_the_four_conditions_is_needed():
    bump = np.arange(AT, AT + 5)
    assert len(alarms_of(raised(network(), 4, bump, 4.0))) == 1
    assert alarms_of(raised(network(), 4, bump, 1.55), ratio=1.8, floor=0.0).empty  # ratio
    assert alarms_of(raised(network(level=8.0), 4, bump, 4.0)).empty  # floor: 32 ug/m3
    assert alarms_of(raised(network(), 4, bump[:1], 4.0)).empty  # persistence
    restless = raised(network(), 4, np.arange(0, AT - 1, 3), 4.0)  # z: it is like that every third hour ...
    restless = raised(restless, 4, np.arange(1, AT - 1, 3), 2.0)
    usual = alarms_of(raised(restless, 4, bump, 4.0))
    assert usual[usual["start"] >= WHEN].empty


def test_an_always_dirty_place_is_no_alarm_until_it_is_unusual():
    dirty = raised(network(), 4, np.arange(24 * DAYS), 2.0)
    assert alarms_of(dirty).empty  # the published rule fires every hour here
    assert naive_hours(dirty)["hours"].max() > 0.95 * 24 * DAYS
    assert alarms_of(raised(dirty, 4, np.arange(AT, AT + 3), 3.0))["hours"].tolist() == [3]


def test_an_instrument_that_reads_high_is_judged_by_what_it_usually_reads():
    """1.7 times the neighbours is 1.3 on an instrument that always reads 1.3; it takes 2 there."""
    bump, always = np.arange(AT, AT + 4), np.arange(24 * DAYS)
    stated = with_(network(), "pm25_error", 8.0)
    assert len(alarms_of(raised(stated, 4, bump, 1.7), floor=0.0)) == 1
    tall = raised(stated, 4, always, 1.3)
    assert len(alarms_of(raised(tall.drop_vars("pm25_error"), 4, bump, 1.7 / 1.3), floor=0.0)) == 1  # a reference
    assert alarms_of(raised(tall, 4, bump, 1.7 / 1.3), floor=0.0).empty
    assert len(alarms_of(raised(tall, 4, bump, 1.7), floor=0.0)) == 1


def test_what_an_instrument_usually_reads_follows_its_drift_and_no_episode():
    """By plain loops: each day's median moves the level; hours of one day, and days of few hours, move nothing."""
    rng, rule = np.random.default_rng(0), RULES
    hours = np.arange(20 * 24)
    apart = 0.02 * (hours // 24) + rng.normal(0, 0.05, (1, hours.size))
    apart[0, 24 * 9 + 4 : 24 * 9 + 13] += 1.5  # an episode
    apart[0, 24 * 14 + 3 : 24 * 15] = np.nan
    told, level, days = _lean(apart, hours // 24, rule)[0], 0.0, 0
    for day in range(20):
        expected = level if days >= rule.usual_days else np.nan
        assert told[24 * day : 24 * day + 24] == pytest.approx(expected, rel=1e-12, nan_ok=True)
        seen = [one for one in apart[0, 24 * day : 24 * day + 24] if one == one]
        if len(seen) >= rule.usual_hours:
            days += 1
            level += max(rule.usual_share, 1 / days) * (np.median(seen) - level)
    assert abs(told[-1] - 0.02 * 19) < 0.1 and abs(told[24 * 10] - told[24 * 9] - 0.02) < 0.03


def test_a_month_behind_with_its_budget_asks_for_less_than_one_that_is_not():
    """Half of the month is over and the weeks before were wilder: what they promise is not believed."""
    gate = Gate(RULES, first=0, budget=10.0, end=744, hours=744)
    gate.past = {f"A@{k}": [k * 9, float(k)] for k in range(40)}
    limits = []
    for gate.pushed in (0, 2, 4, 6, 8, 10):
        limits.append(gate.threshold(372))
    assert limits == sorted(limits) and limits[1] < limits[2]
    steady = Gate(RULES.model_copy(update={"budget_feedback": 0.0}), 0, budget=10.0, end=744, hours=744, past=gate.past)
    steady.pushed = 2
    assert limits[1] < steady.threshold(372)
    steady.pushed = 5
    gate.pushed = 5  # neither behind nor ahead
    assert gate.threshold(372) == steady.threshold(372)


def test_hours_that_nearly_follow_are_one_episode_and_others_two():
    gap = np.r_[AT : AT + 3, AT + 6 : AT + 9]
    assert alarms_of(raised(network(), 4, gap, 4.0))["hours"].tolist() == [6]
    far = np.r_[AT : AT + 3, AT + 7 : AT + 10]
    assert alarms_of(raised(network(), 4, far, 4.0))["hours"].tolist() == [3, 3]


def test_two_sub_cells_of_one_cell_are_one_alarm_and_of_two_cells_two():
    one = raised(raised(network(), 3, np.arange(AT, AT + 3), 4.0), 4, np.arange(AT + 1, AT + 5), 6.0)
    found = alarms_of(one)
    assert len(found) == 1 and found["start"][0] == WHEN and "also at" in found["why"][0]
    assert found["peak"][0] > 250
    two = raised(raised(network(), 1, np.arange(AT, AT + 3), 4.0), 4, np.arange(AT, AT + 3), 6.0)
    assert alarms_of(two)["cell"].nunique() == 2


def test_a_silent_hour_is_no_hit_and_silent_neighbours_make_no_alarm():
    bump = raised(network(), 4, np.arange(AT, AT + 4), 4.0)
    values = bump["pm25"].values.copy()
    values[4, AT + 1] = np.nan
    assert alarms_of(bump.assign(pm25=(("station", "time"), values)))["hours"].tolist() == [3]
    values[[0, 1, 2, 3, 5, 6], AT : AT + 4] = np.nan
    values[4, AT + 1] = 200.0
    assert alarms_of(bump.assign(pm25=(("station", "time"), values)), neighbour_km=6.0, min_neighbours=4).empty


# local time


@pytest.mark.parametrize(("first", "local"), [("1988-07-01T16", "1988-07-18 05:00"), ("2025-11-30T16", str(WHEN))])
def test_beijing_time_has_no_summer_time(first, local):
    stations = raised(network(first=np.datetime64(first, "ns")), 4, np.arange(AT, AT + 3), 4.0)
    assert str(alarms_of(stations)["start"][0]).startswith(local)


def test_case_65_urumqi_is_two_hours_off_only_if_the_study_says_so():
    stations = raised(network(), 4, np.arange(AT, AT + 3), 4.0)
    declared = stations.assign_attrs(utc_offset=6.0)
    assert alarms_of(stations)["start"][0] - alarms_of(declared)["start"][0] == pd.Timedelta(hours=2)
    from hotspot.study import fixed_offset

    with pytest.raises(ValueError, match="monitoring there runs on Beijing time"):
        fixed_offset("Asia/Urumqi")


# what is not local


def test_a_regional_rise_is_no_alarm_and_one_far_above_it_still_is():
    stations = network(level=45.0)
    values = stations["pm25"].values.copy()
    rise = np.arange(AT, AT + 6)
    values[:, rise] *= 2.0
    front = values.copy()
    front[4, rise] *= 1.7
    told = alarms_of(stations.assign(pm25=(("station", "time"), front)))
    assert told["state"].tolist() == ["suppressed"] and told["why"][0].startswith("regional: ")
    front[4, rise] *= 2.0
    assert alarms_of(stations.assign(pm25=(("station", "time"), front)))["state"].tolist() == ["pushed"]
    assert alarms_of(stations.assign(pm25=(("station", "time"), values))).empty


def test_dust_from_afar_is_suppressed_and_local_dust_is_not():
    stations = raised(network(level=60.0), 4, np.arange(AT, AT + 4), 2.2)
    coarse = stations["pm25"].values * 1.4
    coarse[4, AT : AT + 4] = 900.0
    local = alarms_of(with_(stations, "pm10", coarse))
    assert local["state"].tolist() == ["pushed"]
    coarse[:, AT : AT + 4] = 900.0
    afar = alarms_of(with_(stations, "pm10", coarse))
    assert afar["state"].tolist() == ["suppressed"]
    assert afar["why"][0].startswith("dust: PM2.5/PM10 0.15 here, as at 100%")


def test_case_75_fog_is_suppressed_unless_no_fog_explains_it():
    stations = raised(network(), 4, np.arange(AT, AT + 4), 2.5)
    wet = with_(stations, "rh2m", 97.0)
    told = alarms_of(wet)
    assert told["state"].tolist() == ["suppressed"] and told["why"][0] == "fog: relative humidity 97 %"
    assert alarms_of(with_(stations, "rh2m", 60.0))["state"].tolist() == ["pushed"]
    weather = xr.Dataset({"rh2m": ("time", np.full(stations.sizes["time"], 99.0))}, {"time": stations["time"]})
    assert find_alarms(stations, cells=cells(), weather=weather)["state"].tolist() == ["suppressed"]
    assert alarms_of(raised(wet, 4, np.arange(AT, AT + 4), 3.0))["state"].tolist() == ["pushed"]


def test_fireworks_are_dated_data():
    first = np.datetime64("2020-01-07T16", "ns")  # the eve is local 2020-01-24
    eve = 24 * 16 + 20
    told = alarms_of(raised(network(first=first), 4, np.arange(eve, eve + 4), 5.0))
    assert told["state"].tolist() == ["suppressed"] and told["why"][0] == "fireworks: Spring Festival eve"
    day = eve + 24 * 2
    assert alarms_of(raised(network(first=first), 4, np.arange(day, day + 4), 5.0))["state"].tolist() == ["pushed"]


@pytest.mark.parametrize("name", ["spike", "flat_line", "saturation", "drift", "repeated_day", "interference"])
def test_case_73_doubtful_hours_make_an_alarm_unconfirmed(name):
    stations = raised(network(), 4, np.arange(AT, AT + 4), 4.0)
    bits = np.zeros(stations["pm25"].shape, np.int32)
    bits[4, AT : AT + 4] = flag(name).bit
    told = alarms_of(with_(stations, "pm25_flags", bits))
    assert told["state"].tolist() == ["unconfirmed"] and told["why"][0] == f"doubtful: {flag(name).words}"
    bits[4, AT : AT + 4] = flag("digits_heaped").bit  # a doubt that says nothing against a sudden rise
    assert alarms_of(with_(stations, "pm25_flags", bits))["state"].tolist() == ["pushed"]


def test_case_73_one_hour_tenfold_is_listed_as_unconfirmed():
    told = alarms_of(raised(network(), 4, np.array([AT]), 10.0))
    assert told["state"].tolist() == ["unconfirmed"] and told["why"][0] == "short: one hour only"


# the 500 m field


def fine_of(stations, code, level, support):
    """A field of one sub-cell without a station, calm until AT."""
    from hotspot.grid.lattice import Grid

    part = Grid().children(code).iloc[[17]]
    values = np.full((1, stations.sizes["time"]), 50.0)
    values[0, AT : AT + 4] = level
    grades = np.full(values.shape, support, np.int8)
    return xr.Dataset(
        {"pm25": (("sub_cell", "time"), values), "support": (("sub_cell", "time"), grades)},
        {"sub_cell": part["cell"].tolist(), "lon": ("sub_cell", part["lon"]), "lat": ("sub_cell", part["lat"])}
        | {"time": stations["time"]},
    )


def test_never_on_an_unsupported_sub_cell():
    stations, code = network(), str(cells()["cell"].values[1])
    for support, wish, n in ((0, "supported", 0), (1, "supported", 1), (2, "supported", 1), (1, "measured", 0)):
        fine = fine_of(stations, code, 300.0, support)
        found = find_alarms(stations, cells=cells(), criteria=rules(support=wish), fine=fine)
        assert len(found) == n, (support, wish)
        assert n == 0 or found["sub_cell"].tolist() == [f"{code}-18"]


# laws


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**31), st.permutations(range(9)))
def test_order_of_stations_changes_nothing(seed, order):
    stations = noisy(seed)
    assert same(alarms_of(stations), alarms_of(stations.isel(station=list(order))))


def noisy(seed):
    """Calm air with a dozen episodes at random."""
    rng = np.random.default_rng(seed)
    stations = network(seed=seed % 97)
    for _ in range(12):
        start = int(rng.integers(24 * 5, 24 * DAYS - 12))
        stations = raised(
            stations, int(rng.integers(9)), np.arange(start, start + rng.integers(1, 9)), rng.uniform(2, 6)
        )
    return stations


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**31), st.integers(24 * 8, 24 * DAYS - 1))
def test_what_comes_later_changes_no_alarm_that_is_over(seed, cut):
    stations = noisy(seed)
    whole, early = alarms_of(stations), alarms_of(stations.isel(time=slice(0, cut)))
    over = pd.Timestamp(FIRST) + pd.Timedelta(hours=8 + cut - 4)
    assert same(whole[whole["end"] <= over].reset_index(drop=True), early[early["end"] <= over].reset_index(drop=True))


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**31))
def test_the_days_of_a_period_are_the_period(seed):
    stations = noisy(seed)
    whole = alarms_of(stations)
    days = pd.date_range("2025-12-01", periods=DAYS + 1)
    parts = [within(whole, day) for day in itertools.pairwise(days)]
    parts[7] = find_alarms(stations, cells=cells(), period=(days[7], days[8]))
    assert same(whole, pd.concat([p for p in parts if len(p)], ignore_index=True) if len(whole) else whole)


def test_the_same_hours_twice_a_gap_and_an_empty_network_are_refused():
    stations = network(days=6)
    with pytest.raises(DataError, match="every hour of the axis"):
        alarms_of(xr.concat([stations, stations.isel(time=[-1])], "time"))
    with pytest.raises(DataError, match="every hour of the axis"):
        alarms_of(stations.isel(time=np.r_[0:20, 30:100]))
    with pytest.raises(DataError, match="none lies in a cell"):
        alarms_of(stations.assign_coords(lon=stations["lon"] - 30.0))


# real data


def test_the_published_rule_on_beijing(shared):
    """METHODS 10: 44 h per station-month, 11.5 h with a floor of 75, 5.5 h if it lasts two hours."""
    from pathlib import Path

    from hotspot.deliveries.opening import open_year
    from hotspot.study import load_study

    study = load_study(Path(__file__).parents[2] / "data" / "studies" / "beijing-2016.toml", data=shared)
    years = [open_year(study, year, kinds=("reference",)).reference for year in (2015, 2016)]
    hours = xr.concat([year[["pm25"]] for year in years], "time").drop_duplicates("time")
    found = {}
    for name, settings_ in {"alone": {}, "floor": {"floor": 75.0}, "lasting": {"floor": 75.0, "min_hours": 2}}.items():
        table = naive_hours(hours, **settings_)
        found[name] = table["hours"].sum() / table["months"].sum()
    print({name: round(float(value), 1) for name, value in found.items()}, len(table), "stations")
    assert found["alone"] == pytest.approx(44.0, rel=0.08)
    assert found["floor"] == pytest.approx(11.5, rel=0.08)
    assert found["lasting"] == pytest.approx(5.5, rel=0.08)


def test_default_criteria_say_where_they_come_from():
    rule = Criteria().alarms
    assert (rule.ratio, rule.naive_neighbours, rule.budget) == (1.5, 3, 1.5)  # Tongzhou, C11
