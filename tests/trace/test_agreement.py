"""What several stations say together, what class, size and distance say, calm months, and the order of visiting."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as some
from pyproj import Geod
from test_trace import CRITERIA, MONTH, around, blowing, measured, mixed_month, one_cell, trace

from hotspot.rules.classes import source_classes
from hotspot.rules.criteria import Criteria
from hotspot.rules.emissions import FACTORS, TYPICAL
from hotspot.trace.plumes.groups import group_words
from hotspot.trace.plumes.hours import Hours, increments
from hotspot.trace.plumes.prior import prior, register_emission
from hotspot.trace.visits.attribution import trace_sources
from hotspot.trace.visits.checklist import checklist

RULE = CRITERIA.tracing
GEOD = Geod(ellps="GRS80")
CENTRE = 105.01643, 35.01352


def network(plant, at, *, seed=1, haze=40.0):
    """Stations at bearings and km from the cell; each is dirty when the wind blows from the plant to it."""
    rng = np.random.default_rng(seed)
    weather = blowing(0.0)
    n = weather.sizes["time"]
    direction = np.repeat(rng.uniform(0, 360, n // 6 + 1), 6)[:n]
    lon, lat, _ = GEOD.fwd(*(np.full(len(at), c) for c in CENTRE), [b for b, _ in at], [1000 * km for _, km in at])
    towards = np.array(GEOD.inv(lon, lat, np.full(len(at), plant[0]), np.full(len(at), plant[1]))[0]) % 360
    gap = np.abs((direction[None] - towards[:, None] + 180) % 360 - 180)
    # Haze comes with the north wind, everywhere alike, and is far more than the plant.
    common = haze + 200 * (np.abs((direction + 180) % 360 - 180) < 30)
    values = common + 25 * (gap < 20) + rng.normal(0, 3, gap.shape)
    place = {"lon": ("station", lon), "lat": ("station", lat)}
    names = {"station": [f"s{i}" for i in range(len(at))], "time": weather["time"]}
    return blowing(direction), xr.Dataset({"pm25": (("station", "time"), values)}, names | place)


RING = [(b, 9.0) for b in (0, 60, 120, 180, 240, 300)]


def test_stations_around_point_to_the_plant_between_them():
    facilities = around([0, 75, 200], [0.4, 8.5, 16.0])
    weather, stations = network((facilities["lon"][0], facilities["lat"][0]), RING)
    traced = trace(facilities, weather, stations).set_index("facility")
    assert traced.loc["f00", ["agreement", "n_stations"]].tolist() == [6, 6]
    assert (traced["agreement"] <= traced["n_stations"]).all() and traced.loc["f01", "agreement"] <= 2
    assert traced.index[0] == "f00"


def test_haze_that_comes_with_one_wind_points_to_nobody():
    """All stations are dirty on the north wind; above their common background they are not."""
    facilities = around([0, 180], [15.0, 15.0])
    weather, stations = network((104.0, 34.0), RING)
    seen = trace(facilities, weather, stations, ring_km=20.0).set_index("facility")
    raw = trace(facilities, weather, stations, ring_km=20.0, background_stations=99).set_index("facility")
    assert raw.loc["f00", "word"] == "strong" and raw.loc["f00", "agreement"] >= 1
    assert seen.loc["f00", "word"] == "weak" and seen.loc["f00", "agreement"] == 0
    assert trace(facilities, weather, stations).attrs["hours"]["A"]["measure"] == "increment"


def test_the_checklist_says_how_many_stations_agree():
    facilities = around([0, 75], [0.4, 8.5])
    weather, stations = network((facilities["lon"][0], facilities["lat"][0]), RING)
    warned = pd.DataFrame({"cell": ["A"]})
    traced = trace(facilities, weather, stations, ring_km=10.0)
    rows = checklist(warned, traced, facilities, one_cell(), CRITERIA)
    said = rows.drop_duplicates("facility").set_index("facility")
    assert "能判断的6个站点都指向该处" in said.loc["f00", "why_zh"]
    assert "6 of 6 stations" in said.loc["f00", "why_en"] and "6 of 6" not in said.loc["f01", "why_en"]
    # Tables made before stations were asked still make a list.
    older = traced.drop(columns=["agreement", "n_stations"])
    assert "站点" not in checklist(warned, older, facilities, one_cell(), CRITERIA)["why_zh"].iloc[0]


def test_micro_stations_are_asked_but_never_the_receptor():
    facilities = around([90], [4.0])
    weather, stations = network((facilities["lon"][0], facilities["lat"][0]), RING)
    micro = stations.isel(station=[0, 1]).assign_coords(station=["m0", "m1"])
    warned = pd.DataFrame({"month": [MONTH], "cell": ["A"]})
    asked = {"cells": one_cell(), "criteria": CRITERIA}
    without = trace_sources(warned, weather, facilities, stations=stations, **asked)
    both = trace_sources(warned, weather, facilities, stations=stations, micro=micro, **asked)
    assert both["n_stations"].iloc[0] == without["n_stations"].iloc[0] + 2
    assert both["lift"].equals(without["lift"])
    assert both.attrs["hours"]["A"]["station"] == without.attrs["hours"]["A"]["station"] == "s0"
    alone = trace_sources(warned, weather, facilities, micro=micro, **asked)
    assert alone["word"].iloc[0] != "no hourly data" and alone["n_stations"].iloc[0] == 2


def test_a_station_far_from_the_plant_or_without_its_wind_is_not_counted():
    facilities = around([90], [4.0])
    weather, stations = network((facilities["lon"][0], facilities["lat"][0]), RING)
    counted = [trace(facilities, weather, stations, agreement_km=km)["n_stations"].iloc[0] for km in (5.0, 7.0, 20.0)]
    assert counted == [0, 2, 6]
    assert trace(facilities, blowing(185.0), stations)["n_stations"].iloc[0] == 0
    assert trace(facilities, None, stations)[["agreement", "n_stations"]].values.tolist() == [[0, 0]]


@settings(max_examples=30, deadline=None)
@given(seed=some.integers(0, 999), share=some.floats(0, 0.9), least=some.integers(2, 6))
def test_increments_are_the_slow_ones(seed, share, least):
    rng = np.random.default_rng(seed)
    around_ = np.where(rng.random((6, 20)) < 0.3, np.nan, rng.gamma(2, 20, (6, 20)))
    rule = RULE.model_copy(update={"background_quantile": share, "background_stations": least})
    found = increments(around_[0], around_, tracing=rule)
    slow = [
        value - np.quantile(hour[~np.isnan(hour)], share) if (~np.isnan(hour)).sum() >= least else np.nan
        for value, hour in zip(around_[0], around_.T, strict=True)
    ]
    if np.isnan(slow).all():
        assert found is None
    else:
        np.testing.assert_allclose(found, slow)


def test_a_common_addition_changes_no_increment():
    rng = np.random.default_rng(2)
    values = rng.gamma(2, 20, (6, 50))
    before, after = (increments(v[0], v, tracing=RULE) for v in (values, values + rng.gamma(2, 50, 50)))
    np.testing.assert_allclose(before, after, atol=1e-9)


# Prior


def test_large_and_near_come_first_where_nothing_is_measured():
    facilities = around([0, 90, 180], [4.0, 4.0, 1.0]).assign(size=[100.0, 900.0, 300.0], size_unit="MW")
    traced = trace(facilities)
    assert traced["facility"].tolist() == ["f02", "f01", "f00"] and traced["sized"].all()
    assert traced["prior"].sum() == pytest.approx(1) and traced["prior"].between(0, 1).all()


@settings(max_examples=40, deadline=None)
@given(seed=some.integers(0, 999))
def test_prior_grows_with_size_and_falls_with_distance(seed):
    rng = np.random.default_rng(seed)
    km, emission = rng.uniform(0, 20, 6), rng.uniform(0.2, 50, 6)
    before = prior(emission, km, tracing=RULE)
    assert before.sum() == pytest.approx(1)
    assert prior(emission * np.array([1.1, 1, 1, 1, 1, 1]), km, tracing=RULE)[0] > before[0]
    assert prior(emission, km + np.array([0.5, 0, 0, 0, 0, 0]), tracing=RULE)[0] < before[0]
    np.testing.assert_allclose(prior(emission * 3, km, tracing=RULE), before)


def test_a_size_counts_in_any_unit_of_it_and_an_unknown_one_as_typical():
    plants = pd.DataFrame({
        "class_": ["power"] * 3 + ["boiler"] * 3, "size": [600.0, 60.0, np.nan, 65.0, -1.0, 4.0],
        "size_unit": ["MW", "万千瓦", "MW", "t/h", "t/h", "chimneys"],
    })  # fmt: skip
    emission, known = register_emission(plants)
    assert emission[0] == pytest.approx(emission[1]) and emission[2] == emission[0]  # 600 MW is the typical plant
    assert emission[4] == emission[5] < emission[3]
    assert known.tolist() == [True, True, False, True, False, True]
    assert not register_emission(plants.drop(columns="size"))[1].any()


def test_every_class_has_a_typical_emission():
    assert set(TYPICAL) == set(source_classes()) and {name for name, _ in FACTORS} - {""} <= set(source_classes())


# Order, calm, hours


def test_wind_and_station_outweigh_a_larger_nearer_plant():
    """A small plant behind which the station is dirty, a large near one behind which it is not."""
    weather, stations, _ = mixed_month(120.0)
    facilities = around([120, 300], [5.0, 2.5]).assign(class_=["boiler", "steel"])
    traced = trace(facilities, weather, stations).set_index("facility")
    still = trace(facilities).set_index("facility")
    assert still.loc["f01", "share"] > 0.9 and still.loc["f01", "word"] == "no hourly data"
    assert traced.loc["f01", "share"] < 0.5 * still.loc["f01", "share"]
    assert traced.loc["f00", "share"] > 2 * still.loc["f00", "share"] and traced["told"].min() > 0.1


def test_the_wind_turned_round_points_elsewhere():
    weather, stations, direction = mixed_month(120.0)
    facilities = around([120, 300], [4.0, 4.0])
    right, wrong = (trace(facilities, wind, stations) for wind in (weather, blowing((direction + 180) % 360)))
    assert right["facility"].iloc[0] == "f00" and wrong["facility"].iloc[0] == "f01"


def test_removing_a_facility_moves_its_share_to_the_rest_and_says_so():
    weather, stations, _ = mixed_month(70.0)
    facilities = around(np.arange(0, 360, 30.0), np.linspace(1, 18, 12))
    traced = trace(facilities, weather, stations)
    gone = traced["facility"].iloc[0]
    fewer = trace(facilities[facilities["facility"] != gone], weather, stations)
    assert set(fewer["facility"]) == set(traced["facility"]) - {gone}
    before, after = (table.attrs["hours"]["A"] for table in (traced, fewer))
    rest = traced.loc[traced["facility"] != gone, "share"].sum()
    assert fewer["share"].sum() > rest  # the others get some of it,
    names = ("unregistered_share", "outside_share")
    assert sum(after[name] for name in names) > sum(
        before[name] for name in names
    )  # and what nobody registered the rest
    for about in (before, after):
        assert about["listed_share"] + sum(about[name] for name in names) <= 1 + 1e-9


def test_plants_in_one_direction_are_one_group_with_one_statement():
    weather, stations, _ = mixed_month(120.0)
    facilities = around([115, 120, 125, 300], [5.0, 5.2, 5.4, 5.0])
    traced = trace(facilities, weather, stations).set_index("facility")
    assert traced.loc[["f00", "f01", "f02"], "group"].tolist() == [1, 1, 1] and traced.loc["f03", "group"] == 0
    ((zh, en),) = group_words(traced.reset_index().to_dict("records"))
    assert "1、2、3" in zh and "120°" in zh and "one direction (120)" in en


def test_in_a_calm_month_near_sources_gain_on_those_upwind():
    weather, stations, direction = mixed_month(120.0, seed=8)
    facilities = around([120, 300], [12.0, 5.0])
    assert trace(facilities, weather, stations)["facility"].tolist() == ["f00", "f01"]
    n = weather.sizes["time"]
    calm = np.arange(n) % 5 < 2  # 40 % of all hours
    speed = np.where(calm, 0.2, 3.0)
    dirty = stations.assign(pm25=stations["pm25"] + np.where(calm, 200.0, 0.0))
    still = trace(facilities, blowing(direction, speed=speed), dirty)
    about = still.attrs["hours"]["A"]
    share = still.set_index("facility")["share"]
    moving = trace(facilities, weather, stations).set_index("facility")["share"]
    assert share["f01"] / share["f00"] > moving["f01"] / moving["f00"]
    assert about["calm_month"] and about["calm_share"] == pytest.approx(calm.mean()) and about["calm_high"] == 1.0
    assert about["calm_hours"] == calm.sum() and still["upwind_hours"].max() <= (~calm).sum()


def test_hours_of_several_months_are_those_that_were_delivered():
    both = xr.concat([blowing(120.0, month="2020-01"), blowing(120.0)], "time")
    values = xr.concat([measured(50.0, month="2020-01"), measured(50.0)], "time")
    one, two, twelve = (trace(around([120], [5.0]), both, values, months=n)["n_hours"].iloc[0] for n in (1, 2, 12))
    assert (one, two, twelve) == (29 * 24, 60 * 24, 60 * 24)


def test_places_that_share_a_series_share_its_hours():
    weather = blowing(120.0)
    hours = Hours(weather, MONTH, utc_offset=8, tracing=RULE)
    assert hours.direction(105.0, 35.0)[0] is hours.direction(105.3, 35.0)[0]
    assert hours.block.max() == 5 and hours.time.size == 29 * 24


def test_the_months_answer_does_not_depend_on_who_else_is_warned():
    """A station's evidence is worked out once for all cells: another cell changes nothing."""
    cells = xr.concat(
        [one_cell(), one_cell().assign_coords(cell=["B"], x=("cell", [7500.0]), lon=("cell", [105.0822]))], "cell"
    )
    weather, stations, _ = mixed_month(120.0)
    facilities = around([120, 300, 45], [5.0, 3.0, 12.0])
    asked = {"cells": cells, "stations": stations, "criteria": Criteria()}
    both = trace_sources(pd.DataFrame({"month": MONTH, "cell": ["B", "A"]}), weather, facilities, **asked)
    alone = trace_sources(pd.DataFrame({"month": [MONTH], "cell": ["A"]}), weather, facilities, **asked)
    pd.testing.assert_frame_equal(both[both["cell"] == "A"].reset_index(drop=True), alone)
