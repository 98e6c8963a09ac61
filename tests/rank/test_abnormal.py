"""Abnormal periods: an hour that stands out is found, a city's own rhythm is not, and chance rarely."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from alarm_case import cells, network

from hotspot.rank.alarm.abnormal import abnormal_periods, sentences, with_periods
from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError

DAYS = 70


def hours_of(stations):
    local = stations["time"].values + np.timedelta64(8, "h")
    day = local.astype("datetime64[D]")
    return (local - day).astype("timedelta64[h]").astype(int), (day.astype(int) + 3) % 7


def air(seed=1, day_scatter=0.3):
    """Seventy days: a city with a daily rhythm, a common weather, and an own bad day for each cell."""
    rng = np.random.default_rng(seed)
    stations = network(days=DAYS, seed=seed)
    hour, _ = hours_of(stations)
    rhythm = 1.0 + 0.5 * np.exp(-(((hour - 8) / 2.0) ** 2))
    weather = np.repeat(np.exp(rng.normal(0, 0.5, DAYS)), 24)
    own = np.repeat(np.exp(rng.normal(0, day_scatter, (3, DAYS))), 24, axis=1)
    return stations.assign(
        pm25=(("station", "time"), stations["pm25"].values * rhythm * weather * np.repeat(own, 3, axis=0))
    )


def in_cell(stations, factor):
    """The middle cell's three stations times a factor per hour."""
    values = stations["pm25"].values.copy()
    values[3:6] *= factor
    return stations.assign(pm25=(("station", "time"), values))


CELL = str(cells()["cell"].values[1])


def test_hours_that_stand_out_are_found_with_their_ratio():
    stations = air()
    hour, _ = hours_of(stations)
    found = abnormal_periods(in_cell(stations, np.where((hour >= 22) | (hour < 2), 1.5, 1.0)), cells=cells())
    own = found[(found["cell"] == CELL) & (found["kind"] == "hour")].set_index("value")
    assert own.index[own["stands_out"]].tolist() == [0, 1, 22, 23]
    # The mean of the day is raised as well: 1.5 / 1.5 ** (4 / 24).
    assert own["ratio"][23] == pytest.approx(1.5 ** (20 / 24), rel=0.03)
    assert ((own["low"] <= own["ratio"]) & (own["ratio"] <= own["high"])).all() and (own["n_days"] == DAYS).all()
    assert not found[(found["cell"] != CELL) & (found["kind"] == "hour")]["stands_out"].any()
    assert sentences(found, CELL)[0].startswith("22:00-02:00相对全市偏高，为平时的")


def test_a_weekday_that_stands_out_is_found():
    stations = air(day_scatter=0.08)
    _, weekday = hours_of(stations)
    found = abnormal_periods(in_cell(stations, np.where(weekday == 5, 1.6, 1.0)), cells=cells())
    own = found[(found["cell"] == CELL) & (found["kind"] == "weekday")]
    assert own.loc[own["stands_out"], "value"].tolist() == [5] and (own["n_days"] == 10).all()
    assert "Saturday" in sentences(found, CELL, language="en")[0] and "周六" in sentences(found, CELL)[0]


def test_the_rhythm_and_the_weather_of_the_whole_city_are_not_abnormal():
    found = abnormal_periods(air(), cells=cells())
    assert not found[found["kind"] == "hour"]["stands_out"].any()


def test_an_always_dirty_cell_is_not_abnormal_and_a_factor_changes_nothing():
    stations = air()
    plain, dirty = abnormal_periods(stations, cells=cells()), abnormal_periods(in_cell(stations, 2.0), cells=cells())
    assert not dirty["stands_out"].any()
    own = plain["cell"] == CELL
    np.testing.assert_allclose(dirty.loc[own, ["ratio", "low", "high"]], plain.loc[own, ["ratio", "low", "high"]])


def test_chance_rarely_stands_out():
    """No hour of any cell is raised: at a joint level of 95 %, few cells in a hundred may show one."""
    loose = Criteria()
    loose = loose.model_copy(update={"abnormal": loose.abnormal.model_copy(update={"least": 0.0, "n_draws": 400})})
    wrong = total = 0
    for seed in range(12):
        found = abnormal_periods(air(seed), cells=cells(), criteria=loose)
        hours = found[found["kind"] == "hour"].groupby("cell")["stands_out"].any()
        wrong, total = wrong + int(hours.sum()), total + len(hours)
    assert total == 36 and wrong <= 5, wrong  # one-sided: 2.5 % expected, cells share their rivals


def test_too_few_days_say_nothing():
    stations = air().isel(time=slice(0, 24 * 15))
    hour, _ = hours_of(stations)
    found = abnormal_periods(in_cell(stations, np.where(hour == 3, 3.0, 1.0)), cells=cells())
    assert not found["stands_out"].any() and found["ratio"].isna().all() and sentences(found, CELL) == []


def test_order_of_stations_changes_nothing_and_gaps_are_no_fault():
    stations = air()
    values = stations["pm25"].values.copy()
    values[:, 500:560] = np.nan
    values[4, ::7] = np.nan
    stations = stations.assign(pm25=(("station", "time"), values))
    one = abnormal_periods(stations, cells=cells())
    two = abnormal_periods(stations.isel(station=[5, 0, 8, 2, 7, 1, 4, 3, 6]), cells=cells())
    pd.testing.assert_frame_equal(one, two)
    assert np.isfinite(one["ratio"]).all()


def test_stations_elsewhere_are_refused():
    stations = air()
    with pytest.raises(DataError, match="none lies in a cell"):
        abnormal_periods(stations.assign_coords(lon=stations["lon"] - 20.0), cells=cells())


def test_a_single_cell_has_no_city_to_be_compared_with():
    stations = air().isel(station=[3, 4, 5])
    found = abnormal_periods(stations, cells=cells())
    assert found["cell"].unique().tolist() == [CELL] and found["ratio"].isna().all()
    assert isinstance(stations, xr.Dataset)


def test_the_field_carries_what_stands_out_to_sheet_and_explain():
    stations = air()
    hour, _ = hours_of(stations)
    field = xr.Dataset({"pm25": ("cell", [1.0, 2.0, 3.0])}, {"cell": cells()["cell"]})
    told = with_periods(field, in_cell(stations, np.where(hour == 3, 2.0, 1.0)), cells=cells())
    assert [bool(text) for text in told["abnormal_zh"].values] == [False, True, False]
    assert told["abnormal_en"].values[1].startswith("03:00-04:00 stands out")
    assert with_periods(field, None, cells=cells()) is field
    assert with_periods(field, stations.assign_coords(lon=stations["lon"] - 20.0), cells=cells()) is field
