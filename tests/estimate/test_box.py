"""The box model by hand, and its laws."""

import numpy as np
import pytest
import xarray as xr

from hotspot.estimate.level.box import box_level
from hotspot.estimate.weather.stagnation import stagnant_rows
from hotspot.rules.criteria import Criteria
from hotspot.variables import CoverageWarning, DataError

FEW = Criteria(box={"min_days": 3}, stagnation={"min_days": 5})


def case(days=400, seed=0):
    """Two cells, a common background, daily weather of one point."""
    rng = np.random.default_rng(seed)
    day = (np.datetime64("2019-12-01") + np.arange(days)).astype("datetime64[ns]")
    background = np.tile(rng.gamma(4, 10, days), (2, 1))
    flow = rng.gamma(2.0, 900.0, days)
    emission = np.array([[50.0], [10.0]])  # g/s
    pm25 = background + emission * 1e6 / (flow * 3000.0)
    coords = {"cell": ["A", "B"], "day": day}
    field = xr.Dataset({"pm25": (("cell", "day"), pm25)}, coords, {"spacing": 3000.0})
    daily = {"speed": rng.gamma(2, 1, days), "ventilation": flow, "ventilation_top": 2.5 * flow}
    daily["tp"] = np.where(rng.random(days) < 0.2, 4.0, 0.0)
    steps = xr.Dataset({name: ("time", values) for name, values in daily.items()}, {"time": day})
    return field, field["pm25"].copy(data=background), steps


def by_hand(field, background, steps, calm, cell, year):
    """The worked example of the module's head, one day after another."""
    q = []
    for n, day in enumerate(field["day"].values):
        if calm[n] and str(day)[:4] == str(year):
            increment = float(field["pm25"][cell, n]) - float(background[cell, n])
            if np.isfinite(increment):
                q.append(increment * float(steps["ventilation"][n]) * 3000.0 / 1e6)
    return np.median(q) if len(q) >= 3 else np.nan


def test_level_is_the_sum_done_by_hand():
    field, background, steps = case()
    field["pm25"][0, ::3] = np.nan
    calm, _ = stagnant_rows(steps, FEW)
    found = box_level(field, background, steps, criteria=FEW)
    assert found["year"].values.tolist() == [2019, 2020, 2021]
    for cell in (0, 1):
        for n, year in enumerate(found["year"].values):
            expected = by_hand(field, background, steps, calm, cell, year)
            assert float(found["box_level"][cell, n]) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_a_box_gives_back_the_emission_put_into_it():
    found = box_level(*case(), criteria=FEW)
    assert found["box_level"].sel(year=2020).values == pytest.approx([50.0, 10.0], rel=1e-9)
    assert found.attrs["height"] == "delivered"


def test_background_shift_and_emission_scale():
    field, background, steps = case()
    shifted = box_level(field + 25.0, background + 25.0, steps, criteria=FEW)["box_level"].values
    plain = box_level(field, background, steps, criteria=FEW)["box_level"].values
    double = field.assign(pm25=background + 2 * (field["pm25"] - background))
    assert np.allclose(shifted, plain, equal_nan=True)
    assert np.allclose(box_level(double.assign_attrs(field.attrs), background, steps, criteria=FEW)["box_level"].values,
                       2 * plain, equal_nan=True)  # fmt: skip


def test_only_stagnant_days_count_and_few_are_not_enough():
    field, background, steps = case()
    calm = np.zeros(steps.sizes["time"], bool)
    calm[40:45] = True
    found = box_level(field, background, steps, criteria=FEW, stagnant=calm)
    assert found["n_days"].sel(year=2020).values.tolist() == [5, 5]
    strict = Criteria(box={"min_days": 6})
    assert np.isnan(box_level(field, background, steps, criteria=strict, stagnant=calm)["box_level"]).all()


def test_every_cell_uses_its_nearest_weather():
    field, background, steps = case()
    field = field.assign_coords(lon=("cell", [114.0, 114.6]), lat=("cell", [36.0, 36.0]))
    two = xr.concat([steps, steps.assign(ventilation=2 * steps["ventilation"])], "place")
    two = two.assign_coords(lon=("place", [114.0, 114.6]), lat=("place", [36.0, 36.0]))
    calm = np.ones((steps.sizes["time"], 2), bool)
    found = box_level(field, background, two, criteria=FEW, stagnant=calm)["box_level"].sel(year=2020).values
    assert found == pytest.approx([50.0, 20.0], rel=1e-9)


def test_without_a_boundary_layer_one_height_stands_in():
    field, background, steps = case()
    with pytest.warns(CoverageWarning, match="no boundary-layer height; 400 m on every day"):
        found = box_level(field, background, steps.drop_vars("ventilation"), criteria=FEW)
    assert found.attrs["height"] == "400 m on every day"
    assert float(found["box_level"][0, 1]) > float(found["box_level"][1, 1])


def test_weather_of_other_days_is_refused():
    field, background, steps = case(60)
    later = steps.assign_coords(time=steps["time"] + np.timedelta64(1000, "D"))
    with pytest.raises(DataError, match="no day of the field has weather"):
        box_level(field, background, later, criteria=FEW)
