"""Wind, conditional probability, what is listed for a cell, in which order, and the laws of tracing."""

import naive_sector
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as some
from pyproj import Geod

from hotspot.kernels import sector
from hotspot.rules.calendar import local_bounds
from hotspot.rules.classes import area_classes, source_classes
from hotspot.rules.criteria import Criteria
from hotspot.trace.plumes.cpf import sector_lift
from hotspot.trace.plumes.wind import wind, wind_at, wind_rose
from hotspot.trace.visits.attribution import trace_sources
from hotspot.trace.visits.checklist import BLANK_ROWS, checklist
from hotspot.variables import DataError

MONTH = "2020-02"
CRITERIA = Criteria()
CRS = "+proj=laea +lat_0=35 +lon_0=105"


def one_cell():
    cells = xr.Dataset(
        coords={
            "cell": ["A"], "x": ("cell", [1500.0]), "y": ("cell", [1500.0]), "lon": ("cell", [105.01643]),
            "lat": ("cell", [35.01352]), "city": ("cell", ["甲市"]), "county": ("cell", ["乙县"]),
        },
        attrs={"crs": CRS, "spacing": 3000.0},
    )  # fmt: skip
    return cells


def around(bearings, kilometres, class_="steel"):
    """Facilities at bearings and distances from the cell's centre."""
    cells = one_cell()
    n = len(bearings)
    start = np.full(n, float(cells["lon"][0])), np.full(n, float(cells["lat"][0]))
    lon, lat, _ = Geod(ellps="GRS80").fwd(*start, np.asarray(bearings, float), 1000 * np.asarray(kilometres, float))
    names = [f"f{i:02d}" for i in range(n)]
    return pd.DataFrame({"facility": names, "name": names, "class_": class_, "lon": lon, "lat": lat})


def blowing(direction, speed=3.0, month=MONTH):
    """Hourly point weather of the month with wind FROM ``direction``, degrees."""
    start, end = local_bounds(month, 8)
    time = np.arange(start, end, np.timedelta64(1, "h"))
    angle = np.radians(np.broadcast_to(direction, time.shape))
    return xr.Dataset(
        {"u10": ("time", -speed * np.sin(angle)), "v10": ("time", -speed * np.cos(angle))}, {"time": time}
    )


def measured(values, month=MONTH, lon=105.01643, lat=35.01352):
    start, end = local_bounds(month, 8)
    time = np.arange(start, end, np.timedelta64(1, "h"))
    data = np.broadcast_to(values, time.shape)[None]
    place = {"lon": ("station", [lon]), "lat": ("station", [lat])}
    return xr.Dataset({"pm25": (("station", "time"), data)}, {"station": ["s1"], "time": time} | place)


def trace(facilities, weather=None, stations=None, **tracing):
    warned = pd.DataFrame({"month": [MONTH], "cell": ["A"]})
    criteria = Criteria(tracing=tracing) if tracing else CRITERIA
    return trace_sources(warned, weather, facilities, cells=one_cell(), stations=stations, criteria=criteria)


def mixed_month(dirty_from, seed=1):
    """Wind that turns every six hours at random, and dirt when it comes from one bearing."""
    n = blowing(0).sizes["time"]
    rng = np.random.default_rng(seed)
    direction = np.repeat(rng.uniform(0, 360, n // 6 + 1), 6)[:n]
    gap = np.abs((direction - dirty_from + 180) % 360 - 180)
    return blowing(direction), measured(30 + 60 * (gap < 20) + rng.normal(0, 3, n)), direction


# Wind


@pytest.mark.parametrize(("u", "v", "came_from"), [(0, -2, 0), (-2, 0, 90), (0, 2, 180), (2, 0, 270), (-1, -1, 45)])
def test_wind_comes_from(u, v, came_from):
    assert wind(u, v)[1] == pytest.approx(came_from)


def test_calm_has_no_direction():
    speed, direction = wind([0.0, 0.49, 0.5, np.nan], [0.0, 0.0, 0.0, 1.0])
    assert np.isnan(direction).tolist() == [True, True, False, True] and np.isnan(speed[3])


def test_wind_rose_shares_add_up():
    rng = np.random.default_rng(0)
    u, v = rng.normal(0, 2, (2, 500))
    u[:7] = np.nan
    rose = wind_rose(u, v)
    assert rose.attrs["n_hours"] == 493
    assert rose["share"].sum() + rose.attrs["calm_share"] == pytest.approx(1.0)
    assert len(rose) == 16 * 4


def test_wind_of_the_nearest_place_and_of_no_place():
    time = np.array(["2020-02-01"], dtype="datetime64[ns]")
    places = xr.Dataset(
        {"u10": (("time", "place"), [[1.0, 2.0]]), "v10": (("time", "place"), [[0.0, 0.0]])},
        {"time": time, "lon": ("place", [104.0, 106.0]), "lat": ("place", [35.0, 35.0])},
    )
    assert wind_at(places, 105.5, 35)[1].tolist() == [2.0]
    with pytest.raises(DataError, match="no u10"):
        wind_at(xr.Dataset({"t2m": ("time", [1.0])}), 105, 35)
    with pytest.raises(DataError, match="dimensions"):
        wind_at(places.rename(place="pixel"), 105, 35)


# Conditional probability


@settings(max_examples=30, deadline=None)
@given(seed=some.integers(0, 9999), half=some.floats(5, 90), n=some.integers(0, 60))
def test_sector_counts_are_the_slow_counts(seed, half, n):
    rng = np.random.default_rng(seed)
    direction = np.where(rng.random(n) < 0.1, np.nan, rng.uniform(0, 360, n))
    bearing, high, block = rng.uniform(0, 360, 5), rng.random(n) < 0.3, rng.integers(0, 4, n)
    fast = sector.sector_counts(bearing, direction, high, block, half, 4)
    slow = naive_sector.sector_counts(bearing, direction, high, block, half, 4)
    np.testing.assert_array_equal(fast[0], slow[0])
    np.testing.assert_array_equal(fast[1], slow[1])


def test_lift_finds_the_dirty_sector_and_says_how_sure():
    rng = np.random.default_rng(3)
    direction = np.repeat(rng.uniform(0, 360, 120), 6)
    dirty = np.abs((direction - 100 + 180) % 360 - 180) < 22.5
    found = sector_lift([100.0, 280.0], direction, 20.0 + 60 * dirty, np.arange(720) // 120, tracing=CRITERIA.tracing)
    assert found["lift"][0] > 2 and found["low"][0] > 1
    assert found["lift"][1] == 0.0 and found["high"][1] == 0.0
    assert found["low"][0] <= found["lift"][0] <= found["high"][0]


def test_calm_hours_count_nowhere():
    values = np.array([10.0, 90.0, 10.0, 90.0, 500.0])
    with_calm = sector_lift([0.0], [0, 0, 90, 90, np.nan], values, np.zeros(5, int), tracing=CRITERIA.tracing)
    without = sector_lift([0.0], [0, 0, 90, 90], values[:4], np.zeros(4, int), tracing=CRITERIA.tracing)
    assert with_calm["lift"] == without["lift"] and with_calm["hours"] == without["hours"] == 2


# What is listed


def test_in_cell_ring_and_upwind():
    facilities = around([0, 45, 90, 10, 190, 10], [0.5, 3.0, 5.9, 12.0, 12.0, 21.0])
    traced = trace(facilities, blowing(10.0), measured(50.0))
    where = dict(zip(traced["facility"], traced["where"], strict=True))
    # f04 lies downwind beyond the ring, f05 upwind but beyond reach.
    assert where == {"f00": "in_cell", "f01": "ring", "f02": "ring", "f03": "upwind"}
    assert traced.set_index("facility").loc["f03", "upwind_hours"] == 29 * 24
    assert traced["n_hours"].unique().tolist() == [29 * 24]
    np.testing.assert_allclose(traced.set_index("facility").loc["f01", ["distance_km", "bearing_deg"]], [3.0, 45.0])


def test_a_source_in_the_dirty_sector_is_strong_and_comes_first():
    weather, stations, _ = mixed_month(120.0)
    traced = trace(around([120, 300, 0], [5.0, 1.0, 4.0]), weather, stations)
    assert traced["facility"].tolist() == ["f00", "f01", "f02"] and traced["order"].tolist() == [1, 2, 3]
    assert traced["word"].tolist() == ["strong", "weak", "weak"]
    assert traced["lift_low"].iloc[0] > 1 > traced["lift"].iloc[1]
    about = traced.attrs["hours"]["A"]
    assert about["station"] == "s1" and about["station_km"] < 5 and about["n_hours"] == 696


def test_the_station_is_the_receptor():
    """A plant between the cell and a station east of it: the station is dirty on west wind, and that speaks for it."""
    weather, at_centre, _ = mixed_month(270.0)
    stations = at_centre.assign_coords(lon=at_centre["lon"] + 0.055)
    traced = trace(around([90, 270], [2.0, 2.0]), weather, stations).set_index("facility")
    assert traced.loc["f00", "word"] == "strong" and traced.loc["f00", "bearing_deg"] == pytest.approx(90, abs=0.1)
    hours = trace(around([90], [2.0]), weather)["upwind_hours"].iloc[0]
    assert traced.loc["f00", "upwind_hours"] == hours  # to the cell, whatever the station


def test_words_without_enough_to_say():
    facilities = around([120], [5.0])
    assert trace(facilities)["word"].tolist() == ["no hourly data"]
    assert trace(facilities, blowing(120.0))["word"].tolist() == ["no hourly data"]
    far = measured(50.0, lon=108.0)
    assert trace(facilities, blowing(120.0), far)["word"].tolist() == ["no hourly data"]
    assert trace(facilities, blowing(300.0), measured(50.0))["word"].tolist() == ["not enough hours"]
    daily = blowing(120.0).isel(time=slice(None, None, 24))
    assert trace(facilities, daily, measured(50.0))["n_hours"].tolist() == [0]
    calm = trace(facilities, blowing(120.0, speed=0.2), measured(50.0))
    assert calm["word"].tolist() == ["not enough hours"] and calm.attrs["hours"]["A"]["calm_share"] == 1.0


def test_three_hourly_reports_stand_for_three_hours():
    facilities = around([120], [5.0])
    hourly = trace(facilities, blowing(120.0), measured(50.0))
    sparse = blowing(120.0).isel(time=slice(1, None, 3))
    assert (
        trace(facilities, sparse, measured(50.0))["upwind_hours"].tolist() == hourly["upwind_hours"].tolist() == [696]
    )
    gap = sparse.isel(time=[*range(100), *range(110, sparse.sizes["time"])])  # ten reports are missing
    assert trace(facilities, gap, measured(50.0))["n_hours"].tolist() == [696 - 30]


def test_the_nearest_station_with_data_speaks():
    near, other = measured(np.nan, lon=105.02), measured(50.0, lon=105.1)
    both = xr.concat([near, other.assign_coords(station=["s2"])], "station")
    traced = trace(around([120], [5.0]), blowing(120.0), both)
    assert traced.attrs["hours"]["A"]["station"] == "s2"


@pytest.mark.parametrize(("seed", "drop"), [(0, 0), (3, 5), (7, 11)])
def test_removing_a_facility_never_adds_one(seed, drop):
    rng = np.random.default_rng(seed)
    weather, stations, _ = mixed_month(rng.uniform(0, 360), seed)
    facilities = around(rng.uniform(0, 360, 12), rng.uniform(0, 25, 12))
    traced = trace(facilities, weather, stations)
    fewer = trace(facilities.drop(index=drop), weather, stations)
    kept = traced[traced["facility"] != f"f{drop:02d}"].reset_index(drop=True)
    # Shares move to the rest, and with them words, groups and order; what the wind says of one does not change.
    relative = ["prior", "share", "share_low", "share_high", "told", "word", "group", "order"]
    both = fewer.set_index("facility").join(kept.set_index("facility").add_suffix("_before"))
    for name in set(fewer) - {*relative, "facility"}:
        pd.testing.assert_series_equal(both[name], both[f"{name}_before"], check_names=False)
    warned = pd.DataFrame({"cell": ["A"]})
    rows = checklist(warned, traced, facilities, one_cell(), CRITERIA)
    less = checklist(warned, fewer, facilities, one_cell(), CRITERIA)
    assert set(less["facility"]) <= set(rows["facility"]) and len(less) <= len(rows)


@pytest.mark.parametrize("turn", [90.0, 180.0, 270.0])
def test_turning_the_wind_turns_the_upwind_sector(turn):
    _, stations, direction = mixed_month(40.0)
    bearings, far = np.arange(0, 360, 10.0), np.linspace(7, 19, 36)
    before = trace(around(bearings, far), blowing(direction), stations, sector_deg=44.0)
    after = trace(around((bearings + turn) % 360, far), blowing((direction + turn) % 360), stations, sector_deg=44.0)
    columns = ["facility", "where", "upwind_hours", "lift", "word", "order"]
    pd.testing.assert_frame_equal(before[columns], after[columns])
    assert 0 < len(before) < 36


def test_order_of_facilities_changes_nothing():
    weather, stations, _ = mixed_month(10.0)
    facilities = around(np.arange(0, 360, 30.0), np.linspace(1, 18, 12))
    shuffled = facilities.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(trace(facilities, weather, stations), trace(shuffled, weather, stations))


def test_no_facility_and_no_warning_are_empty_tables():
    assert len(trace(around([], []), blowing(0.0), measured(50.0))) == 0
    nobody = pd.DataFrame({"month": [], "cell": []})
    empty = trace_sources(nobody, None, around([0], [1]), cells=one_cell(), criteria=CRITERIA)
    assert len(empty) == 0 and "order" in empty


# The checklist


def test_c10_a_cell_without_enterprises_still_has_a_list():
    empty = trace(around([], []))
    rows = checklist(pd.DataFrame({"cell": ["A"]}), empty, None, one_cell(), CRITERIA)
    assert {kind.key for kind in area_classes()} <= set(rows["class_"])
    assert (rows["zh"] == "").sum() == BLANK_ROWS and set(rows["facility"]) == {""}
    assert rows["number"].tolist() == list(range(1, len(rows) + 1))


def test_c8_class_enterprise_item_in_visiting_order():
    weather, stations, _ = mixed_month(120.0)
    facilities = around([300, 120], [1.0, 5.0]).assign(status=["operating", "closed"])
    traced = trace(facilities, weather, stations)
    rows = checklist(pd.DataFrame({"cell": ["A", "A"]}), traced, facilities, one_cell(), CRITERIA)
    assert list(dict.fromkeys(rows["facility"])) == ["f01", "f00", ""]
    assert (rows["facility"] == "f01").sum() == len(source_classes()["steel"].items)
    first = rows.iloc[0]
    assert "周边" in first["why_zh"] and "强" in first["why_zh"] and "closed" in first["why_zh"]
    assert "strong link" in first["why_en"] and "5.0 km" in first["why_en"]
    assert set(rows["mode"]) == {"own"}


def test_b13_a_straddling_cell_is_handed_over_jointly():
    cells = one_cell().assign_coords(unit_city=("unit", ["甲市", "甲市"]), unit_county=("unit", ["乙县", "丙县"]))
    members = {"member_cell": [0, 0], "member_unit": [0, 1], "member_area": [5e6, 4e6]}
    cells = cells.assign({name: ("member", values) for name, values in members.items()})
    rows = checklist(pd.DataFrame({"cell": ["A"]}), trace(around([], [])), None, cells, CRITERIA)
    assert set(rows["mode"]) == {"joint"}
    elsewhere = cells.assign_coords(unit_city=("unit", ["甲市", "丁市"]))
    rows = checklist(pd.DataFrame({"cell": ["A"]}), trace(around([], [])), None, elsewhere, CRITERIA)
    assert set(rows["mode"]) == {"cross_region"}
