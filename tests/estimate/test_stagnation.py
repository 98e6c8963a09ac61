"""Stagnant days: the index of Huang 2018 hour by hour, its substitutes, its variants, real weather."""

import warnings

import numpy as np
import pytest
import xarray as xr

from hotspot.estimate.weather import rows
from hotspot.estimate.weather.rows import weather_steps
from hotspot.estimate.weather.stagnation import stagnant_rows, stagnation_arrays, variants, ventilation
from hotspot.rules.criteria import Criteria, Stagnation
from hotspot.synthetic.weather import make_weather
from hotspot.variables import CoverageWarning, DataError


def hourly(days=60, seed=0, **changed):
    """Hours from 16 UTC on, so that local days (+8) are whole."""
    rng = np.random.default_rng(seed)
    n = 24 * days
    time = np.datetime64("2019-12-31T16", "ns") + np.arange(n) * np.timedelta64(1, "h")
    values = {
        "u10": rng.normal(0, 2, n),
        "v10": rng.normal(0, 2, n),
        "blh": rng.gamma(2.0, 130.0, n),
        "tp": np.where(rng.random(n) < 0.03, rng.gamma(1.0, 2.0, n), 0.0),
        "cape": np.where(rng.random(n) < 0.01, 300.0, 0.0),
        "cin": np.where(rng.random(n) < 0.5, 10.0, np.nan),
    } | changed
    return xr.Dataset({name: ("time", v) for name, v in values.items() if v is not None}, {"time": time})


def slow(weather, rules):
    """The definition, one hour after another."""
    days = []
    for start in range(0, weather.sizes["time"], 24):
        top, rain, free = 0.0, 0.0, False
        for hour in range(start, start + 24):
            one = weather.isel(time=hour)
            height = max(float(one["blh"]), 10.0)
            levels = np.linspace(0, height, 2001)
            middle = (levels[1:] + levels[:-1]) / 2
            speed = float(np.hypot(one["u10"], one["v10"]))
            top = max(top, float((speed * (middle / 10.0) ** rules.wind_exponent * np.diff(levels)).sum()))
            rain += float(one["tp"])
            free |= float(one["cape"]) > rules.cape and float(one["cin"]) < rules.cin
        days.append(top < rules.ventilation and rain < rules.rain and not free)
    return days


def test_days_are_those_of_the_definition_hour_by_hour():
    rules = Stagnation(ventilation=5000.0, min_days=5)
    weather = hourly()
    stagnant, report = stagnant_rows(weather_steps(weather, utc_offset=8), rules)
    expected = slow(weather, rules)
    assert 20 <= sum(expected) <= 50
    assert stagnant.tolist() == expected
    assert report["n"] == sum(expected) and report["substitutes"] == []
    assert report["words"] == "daily maximum of ventilation below 5000 m2/s, rain below 1 mm, no free convection"


def test_ventilation_is_the_integral_of_the_profile():
    levels = np.linspace(0, 800, 100_001)
    middle = (levels[1:] + levels[:-1]) / 2
    assert float(ventilation(800.0, 2.5, 0.2)) == pytest.approx(
        (2.5 * (middle / 10) ** 0.2 * np.diff(levels)).sum(), 1e-5
    )
    assert float(ventilation(800.0, 2.5, 0.0)) == 2000.0


def test_hours_carry_their_days_verdict():
    weather = hourly()
    days, _ = stagnant_rows(weather_steps(weather, utc_offset=8), Criteria())
    hours, report = stagnant_rows(weather_steps(weather, utc_offset=8, step="hour"), Criteria())
    assert (hours.reshape(-1, 24) == days[:, None]).all()
    assert report["share"] == pytest.approx(days.mean())


@pytest.mark.parametrize(("change", "fewer"), [("ventilation", 4000.0), ("rain", 0.2), ("cape", 0.0)])
def test_a_stricter_number_never_adds_a_day(change, fewer):
    steps = weather_steps(hourly(), utc_offset=8)
    wide, _ = stagnant_rows(steps, Stagnation(min_days=5))
    strict, _ = stagnant_rows(steps, Stagnation(min_days=5, **{change: fewer}))
    assert not (strict & ~wide).any()
    assert strict.sum() < wide.sum() or change != "ventilation"


def test_a_substitute_is_said_aloud():
    with pytest.warns(CoverageWarning, match="no boundary-layer height: the 33% of the days with the least wind"):
        stagnant, report = stagnant_rows(weather_steps(hourly(blh=None), utc_offset=8), Stagnation())
    speed = weather_steps(hourly(blh=None), utc_offset=8)["speed"].values
    assert report["definition"] == "relative"
    assert speed[stagnant].max() <= np.quantile(speed, 1 / 3)
    with pytest.warns(CoverageWarning, match="no rain delivered"):
        stagnant_rows(weather_steps(hourly(tp=None), utc_offset=8), Stagnation())


def test_a_place_without_stagnant_days_is_ranked_on_its_calmest():
    storm = hourly(u10=np.full(1440, 12.0))
    with pytest.warns(CoverageWarning, match="fewer than 20 such days: their 33% least ventilated"):
        stagnant, _ = stagnant_rows(weather_steps(storm, utc_offset=8), Stagnation())
    assert 5 <= stagnant.sum() <= 20


def test_unknown_weather_is_never_stagnant():
    weather = hourly()
    weather["u10"][24 * 5 : 24 * 7] = np.nan
    stagnant, _ = stagnant_rows(weather_steps(weather, utc_offset=8), Stagnation(ventilation=6e6, rain=1000.0))
    assert not stagnant[5:7].any()
    with pytest.raises(DataError, match="wind speed is missing"):
        stagnant_rows({"blh": np.ones(3)}, Stagnation())


def test_convection_held_down_does_not_break_stagnation():
    hours = {
        "speed": np.ones(4),
        "cape": np.array([500.0, 500.0, 50.0, np.nan]),
        "cin": np.array([80.0, 10.0, 0.0, 0.0]),
    }
    assert stagnation_arrays(hours, Stagnation())["unstable"].tolist()[:3] == [0.0, 1.0, 0.0]


def test_places_are_judged_each_by_its_own_weather():
    steps = weather_steps(hourly(), utc_offset=8)
    two = {name: np.stack([steps[name].values, 3 * steps[name].values]) for name in steps.data_vars}
    both, _ = stagnant_rows(two, Stagnation(min_days=5))
    one, _ = stagnant_rows(steps, Stagnation(min_days=5))
    assert (both[0] == one).all() and both[1].sum() < one.sum()


def test_variants_differ_from_the_criteria_in_one_thing():
    rules = Stagnation(rain=2.0)
    found = variants(rules)
    assert found["as set"] == rules
    for name, other in found.items():
        changed = [key for key, value in other.model_dump().items() if value != getattr(rules, key)]
        assert len(changed) == (0 if name == "as set" else 1)


def test_synthetic_winter_stagnates_most():
    weather = make_weather(1)
    names = ("u10", "v10", "blh", "tp")
    series = xr.Dataset(
        {n: ("time", getattr(weather, n)) for n in names}, {"time": weather.time.astype("datetime64[ns]")}
    )
    steps = weather_steps(series, utc_offset=8)
    stagnant, report = stagnant_rows(steps, Stagnation())
    month = steps["time"].dt.month.values
    assert stagnant[np.isin(month, (12, 1, 2))].mean() > 2 * stagnant[np.isin(month, (6, 7, 8))].mean()
    assert 0.15 < report["share"] < 0.5


def test_real_daily_weather_uses_the_relative_definition(shared):
    """Huang 2018: stagnant days are most frequent in winter and least in summer; daily ERA5 of Beijing."""
    path = shared / "met_reanalysis" / "beijing_daily_ERA5_2013_2023.nc"
    raw = xr.open_dataset(path, decode_times=False)
    day = np.arange("2013-01-01", "2024-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    rain = np.where(raw["tp"].values.ravel() < -1, np.nan, raw["tp"].values.ravel() * 1000)
    columns = {name: ("time", raw[name].values.ravel().astype(float)) for name in ("u10", "v10", "blh")}
    daily = xr.Dataset(columns | {"tp": ("time", rain)}, {"time": day}, {"step_hours": 24})
    with pytest.warns(CoverageWarning, match="the daily maximum of ventilation is not known"):
        stagnant, report = stagnant_rows(weather_steps(daily, utc_offset=8), Stagnation())
    month = daily["time"].dt.month.values
    winter, spring = (stagnant[np.isin(month, months)].mean() for months in ((11, 12, 1), (4, 5, 6)))
    print(f"Beijing 2013-2023: stagnant {winter:.0%} of November-January, {spring:.0%} of April-June")
    assert winter > 4 * spring
    assert report["definition"] == "relative"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stagnant_rows(weather_steps(daily, utc_offset=8), Stagnation(definition="relative"))


def test_days_worked_some_at_a_time_are_all_days_at_once(monkeypatch):
    """To the last bit, with days nobody reported and a grid: what a chunk ends with does not show."""
    rng = np.random.default_rng(6)
    time = np.datetime64("2019-12-31T17", "ns") + np.arange(24 * 50 + 5) * np.timedelta64(1, "h")
    time = time[(rng.random(time.size) > 0.05) & ~((np.arange(time.size) > 300) & (np.arange(time.size) < 800))]
    shape = (time.size, 2, 3)
    names = {"u10": 2.0, "v10": 3.0, "tp": 1.0, "blh": 700.0, "cape": 300.0}
    weather = xr.Dataset(
        {name: (("time", "lat", "lon"), size * rng.random(shape, np.float32)) for name, size in names.items()},
        {"time": time, "lat": [30.0, 31.0], "lon": [110.0, 111.0, 112.0]},
    )
    weather["blh"][40:90, 1] = np.nan
    some = weather_steps(weather, utc_offset=8)
    for at_once in (1, 7, 1000):
        monkeypatch.setattr(rows, "_DAYS_AT_ONCE", at_once)
        xr.testing.assert_identical(weather_steps(weather, utc_offset=8), some)
    assert some.sizes["time"] == 51 and bool(some["speed"].isnull().all(("lat", "lon")).any())
