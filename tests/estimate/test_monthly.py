"""The month's field: three kinds of input, completeness, and why a cell may not be ranked."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

import hotspot as hs
from hotspot.estimate.field.from_stations import from_stations
from hotspot.estimate.field.like import stations_in_one_only
from hotspot.estimate.field.monthly import annual_field, monthly_field
from hotspot.grid.lattice import Grid
from hotspot.rules.calendar import local_bounds, local_days, month_minus, month_start, year_months
from hotspot.rules.criteria import Criteria
from hotspot.sources.intake import Intake

STUDIES = Path(__file__).resolve().parents[2] / "data" / "studies"
CENTRE = (116.4, 39.9)


def lattice_cells(side=12, centre=CENTRE):
    """A square of lattice cells, with the coordinates the field needs."""
    grid = Grid()
    col, row = grid.locate(*centre)
    cols, rows = (a.ravel() for a in np.meshgrid(col + np.arange(side) - side // 2, row + np.arange(side) - side // 2))
    x, y = grid.centre(cols, rows)
    lon, lat = grid.unproject(x, y)
    place = {"x": x, "y": y, "lon": lon, "lat": lat, "col": cols, "row": rows}
    coords = {name: ("cell", values) for name, values in place.items()} | {"cell": grid.code(cols, rows)}
    return xr.Dataset(coords=coords, attrs={"lattice_id": grid.id, "spacing": 3000.0, "crs": grid.crs.to_wkt()})


def study(cells, **criteria):
    return SimpleNamespace(cells=cells, criteria=Criteria(**criteria), utc_offset=8.0)


def month(cells, name="2020-03", *, satellite=None, reference=None, **criteria):
    return SimpleNamespace(
        study=study(cells, **criteria),
        month=name,
        satellite=satellite,
        reference=reference,
        stations=None,
        intake=Intake("."),
    )


def layers(times, values, period, **attrs):
    """Satellite layers on a 0.05 degree raster around the centre; ``values`` is one number or field per time."""
    lon = CENTRE[0] + np.arange(-12, 13) * 0.05
    lat = CENTRE[1] + np.arange(-12, 13) * 0.05
    data = np.broadcast_to(np.asarray(values, float).reshape(len(times), -1, 1), (len(times), 25, 25)).copy()
    known = {"crs": "EPSG:4326", "period": period, "unit": "ug/m3", "native_resolution_m": 5000.0, "error_share": 0.2}
    return xr.DataArray(data, {"time": times, "y": lat, "x": lon}, ("time", "y", "x"), name="pm25", attrs=known | attrs)


def hourly(names, level, n_station=12, seed=5):
    """Hourly stations with a smooth field: ``level(x_offset_deg, y_offset_deg, hour)`` for the local months."""
    start = min(local_bounds(name, 8)[0] for name in names)
    end = max(local_bounds(name, 8)[1] for name in names)
    time = np.arange(start, end, np.timedelta64(1, "h"))
    rng = np.random.default_rng(seed)
    dx, dy = rng.uniform(-0.15, 0.15, (2, n_station))
    pm25 = level(dx[:, None], dy[:, None], np.arange(time.size)[None])
    return xr.Dataset(
        {"pm25": (("station", "time"), pm25 + np.zeros((n_station, time.size)), {"unit": "ug/m3"})},
        {
            "station": [f"s{i:02d}" for i in range(n_station)],
            "name": ("station", [f"站{i}" for i in range(n_station)]),
            "lon": ("station", CENTRE[0] + dx),
            "lat": ("station", CENTRE[1] + dy),
            "time": time,
        },
        {"source": "test", "gas_state": "actual"},
    )


def three(name):
    return [month_minus(name, 12), month_minus(name, 1), name]


def test_always_three_months_with_reasons_for_the_absent():
    cells = lattice_cells()
    field, daily = monthly_field(month(cells, satellite=layers([month_start("2020-03")], [50.0], "month")))
    assert daily is None
    assert [str(t)[:7] for t in field["time"].values] == ["2019-03", "2020-02", "2020-03"]
    assert field["valid"].values.sum(axis=0).tolist() == [0, 0, cells.sizes["cell"]]
    assert set(field["why"].values[:, 0]) == {"no satellite layer was delivered for 2019-03"}
    assert set(field["why"].values[:, 2]) == {""}
    assert np.isnan(field["pm25"].values[:, :2]).all()
    np.testing.assert_allclose(field["pm25"].values[:, 2], 50.0)
    np.testing.assert_allclose(field["pm25_error"].values[:, 2], 10.0)  # the product's own 20 %
    assert field.attrs["completeness"] == "monthly product" and field.attrs["native_resolution_m"] == 5000.0


def test_satellite_days_are_counted_and_averaged():
    cells = lattice_cells()
    days = np.concatenate([local_days(name) for name in three("2020-03")]).astype("datetime64[ns]")
    values = np.arange(days.size, dtype=float)
    satellite = layers(days, values, "day")
    february = np.flatnonzero(days.astype("datetime64[M]") == np.datetime64("2020-02"))
    satellite[february[9:]] = np.nan  # nine days are left
    field, daily = monthly_field(month(cells, satellite=satellite))
    assert field["n_valid"].values[0].tolist() == [31, 9, 31]
    assert field["valid"].values.all(axis=0).tolist() == [True, False, True]
    assert field["why"].values[0, 1] == "9 days with data of 29, at least 10 are needed"
    np.testing.assert_allclose(field["pm25"].values[:, 0], values[:31].mean())
    np.testing.assert_allclose(field["pm25"].values[:, 2], values[-31:].mean())
    assert daily.sizes["day"] == days.size
    np.testing.assert_allclose(daily["pm25"].values[:, -31:].mean(axis=1), field["pm25"].values[:, 2])


def test_stations_correct_a_biased_satellite():
    cells = lattice_cells(16)
    names = three("2020-03")
    satellite = layers([month_start(n) for n in names], [40.0, 50.0, 60.0], "month")
    reference = hourly(["2019-03", "2020-02", "2020-03"], lambda dx, dy, h: 55.0 + 40 * dx)
    field, _ = monthly_field(month(cells, satellite=satellite, reference=reference))
    assert field.attrs["n_stations"] == 12
    assert abs(field.attrs["loo_bias"]) < 0.5
    assert field.attrs["loo_rmse"] < 0.3 * field.attrs["raw_rmse"]
    assert "2020-03 kriged" in field.attrs["correction"]
    expected = 55.0 + 40 * (cells["lon"].values - CENTRE[0])
    inside = (abs(cells["lon"].values - CENTRE[0]) < 0.12) & (abs(cells["lat"].values - CENTRE[1]) < 0.12)
    assert np.abs(field["pm25"].values[inside, 2] - expected[inside]).max() < 3.0
    # Never outside the range of its inputs plus the stated error.
    means = reference["pm25"].mean("time").values
    slack = field["pm25_error"].values[:, 2]
    assert (field["pm25"].values[:, 2] <= max(60.0, means.max()) + slack + 1e-9).all()
    assert (field["pm25"].values[:, 2] >= min(60.0, means.min()) - slack - 1e-9).all()


def test_a_base_that_was_not_corrected_is_not_compared():
    """Otherwise the change between the months would be the correction's own."""
    cells = lattice_cells()
    satellite = layers([month_start(n) for n in three("2020-03")], [60.0, 60.0, 60.0], "month")
    reference = hourly(three("2020-03"), lambda dx, dy, h: 50.0 + 0 * dx)
    local = reference["time"].values + np.timedelta64(8, "h")
    february = local.astype("datetime64[M]") == np.datetime64("2020-02")
    for lost, columns, why in (
        (february, [True, False, True], "2020-02 had too few valid stations to be corrected, 2020-03 was corrected"),
        (local >= np.datetime64("2020-03-01"), [False, False, True],
         "2020-03 had too few valid stations to be corrected, 2020-02 was corrected"),
    ):  # fmt: skip
        gappy = reference.copy(deep=True)
        gappy["pm25"].values[:, lost] = np.nan
        field, _ = monthly_field(month(cells, satellite=satellite, reference=gappy))
        assert field["valid"].values.all(axis=0).tolist() == columns
        assert set(field["why"].values[:, 1]) == {why}
        assert np.isfinite(field["pm25"].values).all()


def test_stations_alone_give_a_field_with_its_error():
    cells = lattice_cells()
    names = three("2020-03")
    reference = hourly(names, lambda dx, dy, h: 60.0 + 100 * dx - 80 * dy)
    field, daily = monthly_field(month(cells, reference=reference))
    assert field["valid"].values.all()
    expected = 60.0 + 100 * (cells["lon"].values - CENTRE[0]) - 80 * (cells["lat"].values - CENTRE[1])
    inside = (abs(cells["lon"].values - CENTRE[0]) < 0.12) & (abs(cells["lat"].values - CENTRE[1]) < 0.12)
    assert np.abs(field["pm25"].values[inside, 2] - expected[inside]).max() < 4.0
    assert (field["pm25_error"].values > 0).all()
    assert np.isnan(field["coverage"].values).all()
    assert field["n_valid"].values.ravel()[0] == 31
    assert field.attrs["method"] == "ordinary kriging of stations"
    march = daily["day"].values >= np.datetime64("2020-03-01")
    np.testing.assert_allclose(daily["pm25"].values[:, march].mean(axis=1), field["pm25"].values[:, 2])


def test_a_month_without_valid_stations_says_how_many_days_the_best_had():
    cells = lattice_cells()
    reference = hourly(three("2020-03"), lambda dx, dy, h: 60.0 + 100 * dx)
    local = reference["time"].values + np.timedelta64(8, "h")
    reference["pm25"].values[:, local >= np.datetime64("2020-03-25")] = np.nan  # 24 days are left
    field, _ = monthly_field(month(cells, reference=reference))
    assert not field["valid"].values[:, 2].any() and np.isnan(field["pm25"].values[:, 2]).all()
    assert set(field["why"].values[:, 2]) == {"no station has 27 valid days; best has 24"}
    assert field["valid"].values[:, :2].all()


def test_few_stations_make_no_field():
    cells = lattice_cells()
    reference = hourly(three("2020-03"), lambda dx, dy, h: 60.0 + 100 * dx, n_station=4)
    field, _ = monthly_field(month(cells, reference=reference))
    assert set(field["why"].values[:, 2]) == {"only 4 stations have 27 valid days; a field needs 5"}


def test_cells_far_from_every_station_are_not_ranked():
    cells = lattice_cells()
    reference = hourly(three("2020-03"), lambda dx, dy, h: 60.0 + 100 * dx)
    field, _ = monthly_field(month(cells, reference=reference, interpolation={"max_station_km": 8.0}))
    valid = field["valid"].values[:, 2]
    assert 0 < valid.sum() < valid.size
    assert set(field["why"].values[~valid, 2]) == {"no valid station within 8 km"}
    assert np.isfinite(field["pm25"].values[:, 2]).all()


def test_the_base_of_a_change_is_what_was_published():
    """A month's value depends on that month's data only."""
    cells = lattice_cells()
    names = [*three("2020-03"), "2020-04", "2019-04"]
    reference = hourly(names, lambda dx, dy, h: 60.0 + 100 * dx * np.sin(h / 500) + 20 * np.cos(h / 90 + 30 * dy))
    march, _ = from_stations(month(cells, reference=reference), cells, three("2020-03"), False)
    april, _ = from_stations(month(cells, "2020-04", reference=reference), cells, three("2020-04"), False)
    np.testing.assert_array_equal(march["pm25"].sel(time="2020-03-01"), april["pm25"].sel(time="2020-03-01"))


def test_neither_satellite_nor_stations_is_said():
    cells = lattice_cells(4)
    field, daily = monthly_field(month(cells))
    assert set(field["why"].values.ravel()) == {"neither satellite nor stations were delivered"} and daily is None


def test_a_year_is_the_mean_of_its_months():
    cells = lattice_cells(4)
    names = year_months(2020)
    satellite = layers([month_start(n) for n in names], np.arange(12.0) + 30, "month")
    year = annual_field(month(cells, "2020-12", satellite=satellite))
    np.testing.assert_allclose(year["pm25"], 35.5)
    assert year["valid"].values.all() and year.sizes == {"cell": 16}
    short = annual_field(month(cells, "2020-12", satellite=satellite[:11]))
    assert not short["valid"].values.any() and np.isnan(short["pm25"].values).all()
    assert set(short["why"].values) == {"11 valid months (not 2020-12), at least 12 are needed"}


def test_a_year_of_stations_needs_324_days_and_every_month():
    cells = lattice_cells(4)
    reference = hourly(year_months(2019), lambda dx, dy, h: 60.0 + 100 * dx)
    year = annual_field(month(cells, "2019-12", reference=reference))
    assert year["valid"].values.all() and set(year["n_valid"].values) == {365.0}
    local = reference["time"].values + np.timedelta64(8, "h")
    reference["pm25"].values[:, local >= np.datetime64("2019-12-27")] = np.nan
    year = annual_field(month(cells, "2019-12", reference=reference))
    assert set(year["why"].values) == {"no station has a valid year (324 days, every month valid); best has 360 days"}


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_stations_changes_no_bit(seed):
    cells = lattice_cells()
    reference = hourly(three("2020-03"), lambda dx, dy, h: 60.0 + 100 * dx + 10 * np.sin(h / 40 + 50 * dy), 20)
    order = np.random.default_rng(seed).permutation(20)
    field, daily = monthly_field(month(cells, reference=reference))
    other, other_daily = monthly_field(month(cells, reference=reference.isel(station=order)))
    np.testing.assert_array_equal(field["pm25"], other["pm25"])
    np.testing.assert_array_equal(field["pm25_error"], other["pm25_error"])
    np.testing.assert_array_equal(daily["pm25"], other_daily["pm25"])


def test_synthetic_field_is_near_its_truth_and_says_how_near():
    import pandas as pd

    from hotspot.synthetic.study import synthetic_month

    small = synthetic_month(size="small")
    field, _ = monthly_field(small)
    truth = pd.read_parquet(small.study.root / "truth" / "cells.parquet").set_index(["month", "cell"])["pm25"]
    for t, name in enumerate(three(small.month)):
        true = truth[name].reindex(field["cell"].values).to_numpy()
        valid = field["valid"].values[:, t] & np.isfinite(true)
        gap = (field["pm25"].values[:, t] - true)[valid]
        assert valid.sum() > 100
        assert np.corrcoef(field["pm25"].values[valid, t], true[valid])[0, 1] > 0.85
        assert np.mean(np.abs(gap) < 2.5 * field["pm25_error"].values[valid, t]) > 0.9


# Real input


def opened(shared, name, months, last):
    """What a study delivers for some months."""
    from hotspot.sources.intake import Intake
    from hotspot.sources.satellite.satellite import open_satellite
    from hotspot.sources.stations.stations import read_stations
    from hotspot.study import load_study

    real = load_study(STUDIES / f"{name}.toml", data=shared)
    intake = Intake(real.root)
    satellite = open_satellite(real.satellite[0], real.root, intake, months=months) if real.satellite else None
    reference = read_stations(real.stations[0], real.root, intake, utc_offset=real.utc_offset, months=months)
    given = {"satellite": satellite, "reference": reference, "stations": None}
    return SimpleNamespace(study=real, month=last, intake=intake, **given)


def test_wuhan_2020_satellite_against_stations(shared):
    """
    The description says r 0.945 and +3.7 ug/m3 over 264 station-months of all hours; ours are the
    valid station-months on 3 km cells. August has no valid station and stays uncorrected.
    """
    year = annual_field(opened(shared, "wuhan-2020", year_months(2020), "2020-12"))
    assert year.attrs["raw_r"] == pytest.approx(0.945, abs=0.003)
    assert year.attrs["raw_bias"] == pytest.approx(3.9, abs=0.15)  # satellite minus station
    assert year.attrs["n_stations"] == 22 and abs(year.attrs["loo_bias"]) < 0.3
    assert year.attrs["loo_rmse"] < 0.8 * year.attrs["raw_rmse"]
    assert "2020-08 none" in year.attrs["correction"]
    assert year["valid"].values.all() and float(year["pm25"].mean()) == pytest.approx(32.8, abs=0.5)


def test_beijing_2016_kriging_of_stations(shared):
    """November 2016 has all three months; December has none: two zero-byte days leave at most 25 valid days."""
    names = [*three("2016-11"), *three("2016-12")]
    delivered = opened(shared, "beijing-2016", sorted(set(names)), "2016-11")
    field, daily = monthly_field(delivered)
    assert field.attrs["n_stations"] == 35
    assert (field["valid"].values.sum(axis=0) > 0.9 * field.sizes["cell"]).all()
    assert field.attrs["loo_rmse"] < 13 and abs(field.attrs["loo_bias"]) < 1
    assert float(field["pm25"].isel(time=2).min()) > 60 and float(field["pm25"].isel(time=2).max()) < 160
    assert daily.sizes["day"] == 91
    delivered.month = "2016-12"
    field, _ = monthly_field(delivered)
    assert not field["valid"].values[:, 2].any()
    assert set(field["why"].values[:, 2]) == {"no station has 27 valid days; best has 25"}


def test_a_station_that_is_valid_in_one_month_only_is_named_and_a_month_without_any_in_one_line():
    small = hs.synthetic_month(size="small")
    names = ("2025-11", "2025-12")
    told = stations_in_one_only(small.study, small.reference, names)
    assert told == ["S03: 26 valid days in 2025-11, 31 in 2025-12; its months do not compare"]
    silent = small.reference.where(small.reference["time"] >= np.datetime64("2025-11-30T16"))
    told = stations_in_one_only(small.study, silent, names)
    assert told == ["2025-11: none of 8 stations is valid (0 days at most)"]
