"""The 500 m hourly field: truth, conservation, support, laws, laziness."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hotspot.estimate.field.krige import Variogram, krige
from hotspot.estimate.fine.downscale import downscale
from hotspot.grid.lattice import Grid
from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError

GRID = Grid()
COL, ROW = 1318, 1448


def rules(**settings):
    plain = Criteria()
    return plain.model_copy(update={"downscaling": plain.downscaling.model_copy(update=settings)})


def cells_of(n=3):
    col, row = (a.ravel() for a in np.meshgrid(COL + np.arange(n), ROW + np.arange(n)))
    x, y = GRID.centre(col, row)
    return xr.Dataset(
        coords={"cell": GRID.code(col, row), "x": ("cell", x), "y": ("cell", y)},
        attrs={"crs": GRID.crs.to_wkt(), "spacing": 3000.0},
    )


def network(n=36, n_time=50, missing=0.1, seed=0, n_side=3, start="2020-02-28T00"):
    """Stations inside the cells, a smooth field that moves, holes at random."""
    rng = np.random.default_rng(seed)
    west, south, _, _ = GRID.bounds(COL, ROW)
    x, y = west + rng.uniform(0, n_side * 3000, n), south + rng.uniform(0, n_side * 3000, n)
    lon, lat = GRID.unproject(x, y)
    hours = np.arange(n_time)
    values = 60 + 20 * np.sin(hours / 5) + 15 * np.sin((x[:, None] - west) / 2500 + hours / 9)
    values = values + rng.normal(0, 1.5, values.shape)
    values[rng.random(values.shape) < missing] = np.nan
    time = np.datetime64(start, "ns") + hours * np.timedelta64(1, "h")
    return xr.Dataset(
        {"pm25": (("station", "time"), values, {"unit": "ug/m3"})},
        {"station": [f"s{i:03d}" for i in range(n)], "lon": ("station", lon), "lat": ("station", lat), "time": time},
        {"utc_offset": 8.0},
    )


def monthly(cells, values, months=("2020-02-01", "2020-03-01")):
    return xr.Dataset(
        {"pm25": (("cell", "time"), np.asarray(values, float))},
        {**cells.coords, "time": np.array(months, "datetime64[ns]")},
        cells.attrs | {"month": "2020-03"},
    )


def test_an_hour_is_ordinary_kriging_with_the_printed_variogram():
    stations, cells = network(), cells_of()
    fine = downscale(stations, cells, criteria=rules(neighbours=36, min_share=0.01))
    x, y = GRID.project(stations.lon.values, stations.lat.values)
    words = fine.attrs["variogram"].replace(",", "").split()
    nugget, psill, range_m = float(words[2]), float(words[5]), float(words[-3])
    for t in (0, 33):
        value = stations.pm25.values[:, t]
        seen = np.isfinite(value)
        model = Variogram("spherical", nugget, psill, range_m)
        estimate, variance = krige(x[seen], y[seen], value[seen], fine.x, fine.y, model, neighbours=36)
        np.testing.assert_allclose(fine.pm25[:, t], estimate, atol=5e-3)  # the variogram is printed to four digits
        sd = max(value[seen].std(ddof=1), 1.0)
        np.testing.assert_allclose(fine.pm25_error[:, t], fine.error_scale * np.sqrt(variance) * sd, rtol=5e-3)


def test_mean_of_the_36_is_the_hourly_3_km_value():
    stations, cells = network(), cells_of()
    when = stations.time.values[5:40]
    goal = np.random.default_rng(1).uniform(30, 90, (9, 35))
    goal[3, 4] = np.nan
    coarse = xr.Dataset({"pm25": (("cell", "time"), goal)}, {**cells.coords, "time": when}, cells.attrs)
    fine = downscale(stations, cells, coarse=coarse, criteria=Criteria())
    mean = fine.pm25.groupby("cell").mean("sub_cell").sel(cell=cells.cell.values, time=when)
    both = np.isfinite(goal)
    np.testing.assert_allclose(mean.transpose("cell", "time").values[both], goal[both], rtol=1e-9)
    free = downscale(stations, cells, criteria=Criteria())
    lone = fine.cell.values == cells.cell.values[3]
    np.testing.assert_array_equal(fine.pm25[lone, 9], free.pm25[lone, 9])
    np.testing.assert_array_equal(fine.pm25[:, :5], free.pm25[:, :5])


@pytest.mark.parametrize("chunk", [744, 7])
def test_mean_of_the_36_over_a_month_is_the_monthly_3_km_value(chunk):
    stations, cells = network(), cells_of()
    goal = np.random.default_rng(2).uniform(40, 80, (9, 2))
    goal[2, 1] = np.nan
    fine = downscale(stations, cells, coarse=monthly(cells, goal), criteria=Criteria(), chunk=chunk)
    local = (fine.time.values + np.timedelta64(8, "h")).astype("datetime64[M]")
    for at, month in enumerate(("2020-02", "2020-03")):
        part = fine.pm25[:, local == np.datetime64(month)]
        mean = part.groupby("cell").mean(["sub_cell", "time"]).sel(cell=cells.cell.values)
        both = np.isfinite(goal[:, at])
        np.testing.assert_allclose(mean.values[both], goal[both, at], rtol=1e-9)
    assert fine.attrs["factor_low"] < 1 < fine.attrs["factor_high"]
    free = downscale(stations, cells, coarse=monthly(cells, goal), criteria=rules(conserve="none"))
    assert "conserved" not in free.attrs and not np.allclose(free.pm25, fine.pm25)


def test_chunks_laziness_and_order_change_no_bit():
    stations, cells = network(n_time=60), cells_of()
    coarse = monthly(cells, np.full((9, 2), 60.0))
    whole = downscale(stations, cells, coarse=coarse, criteria=Criteria())
    small = downscale(stations, cells, coarse=coarse, criteria=Criteria(), chunk=11)
    lazy = downscale(stations.chunk(time=13), cells, coarse=coarse, criteria=Criteria(), chunk=60)
    assert lazy.pm25.chunks is not None and lazy.support.chunks is not None
    order = np.random.default_rng(0).permutation(stations.sizes["station"])
    turned = downscale(
        stations.isel(station=order), cells.isel(cell=slice(None, None, -1)), coarse=coarse, criteria=Criteria()
    )
    for name in ("pm25", "pm25_error", "support"):
        np.testing.assert_array_equal(whole[name], lazy[name].compute())
        np.testing.assert_array_equal(whole[name], turned[name])
        if name == "support":
            np.testing.assert_array_equal(whole[name], small[name])
        else:  # the month's mean is summed in other parts
            np.testing.assert_allclose(whole[name], small[name], rtol=1e-12)


def test_support_counts_every_sub_cell_by_the_rule():
    stations, cells = network(n=9, missing=0.3), cells_of()
    fine = downscale(stations, cells, criteria=rules(support_m=1200.0, support_stations=2))
    x, y = GRID.project(stations.lon.values, stations.lat.values)
    seen = np.isfinite(stations.pm25.values)
    for t in (0, 17, 49):
        for i in range(fine.sizes["sub_cell"]):
            cx, cy = float(fine.x[i]), float(fine.y[i])
            inside = (x >= cx - 250) & (x < cx + 250) & (y >= cy - 250) & (y < cy + 250)
            near = np.hypot(x - cx, y - cy) <= 1200
            expected = 2 if (inside & seen[:, t]).any() else 1 if (near & seen[:, t]).sum() >= 2 else 0
            assert fine.support.values[i, t] == expected


def test_four_stations_leave_eight_of_nine_sub_cells_without_one():
    west, south, _, _ = GRID.bounds(COL, ROW)
    lon, lat = GRID.unproject(west + np.array([750.0, 2250.0] * 2), south + np.array([750.0] * 2 + [2250.0] * 2))
    values = np.full((4, 3), 50.0)
    stations = xr.Dataset(
        {"pm25": (("station", "time"), values)},
        {"station": list("abcd"), "lon": ("station", lon), "lat": ("station", lat), "time": network(n_time=3).time},
        {"utc_offset": 8.0},
    )
    fine = downscale(stations, cells_of(1), criteria=Criteria())
    assert ((fine.support == 2).mean("sub_cell") == 1 / 9).all()
    np.testing.assert_allclose(fine.pm25, 50.0)


def test_a_true_pattern_lowers_the_left_out_error_and_a_false_one_is_dropped():
    stations, cells = network(n=60, seed=6), cells_of()
    west, south, _, _ = GRID.bounds(COL, ROW)
    x, y = GRID.project(stations.lon.values, stations.lat.values)

    def bump(x, y):
        return 20 + 60 * np.exp(-(((x - west - 4500) ** 2 + (y - south - 4500) ** 2) / 1500**2))

    rng = np.random.default_rng(6)
    scale = rng.uniform(0.5, 1.5, 50)
    values = bump(x, y)[:, None] * scale + rng.normal(0, 1.0, (60, 50))
    stations["pm25"] = (("station", "time"), values)
    sx, sy = west - 3000 + np.arange(60) * 250.0, south - 3000 + np.arange(60) * 250.0
    layer = bump(*np.meshgrid(sx, sy))
    true = xr.DataArray(
        np.stack([layer, layer]), dims=("time", "y", "x"),
        coords={"x": sx, "y": sy, "time": np.array(["2020-02-01", "2020-03-01"], "datetime64[ns]")},
        attrs={"crs": GRID.crs.to_wkt(), "period": "month"},
    )  # fmt: skip
    with_it = downscale(stations, cells, satellite=true, criteria=Criteria())
    assert with_it.attrs["loo_rmse_trend"] < 0.8 * with_it.attrs["loo_rmse_no_trend"]
    assert "pattern" in with_it.attrs["method"]
    truth = bump(with_it.x.values, with_it.y.values)[:, None] * scale
    without = downscale(stations, cells, criteria=Criteria())
    rmse = [float(np.sqrt(((one.pm25 - truth) ** 2).mean())) for one in (with_it, without)]
    assert rmse[0] < 0.7 * rmse[1]
    noise = true.copy(data=np.random.default_rng(7).uniform(10, 90, true.shape))
    dropped = downscale(stations, cells, satellite=noise, criteria=Criteria())
    if dropped.attrs["method"].endswith("no trend"):
        np.testing.assert_array_equal(dropped.pm25, without.pm25)
    assert dropped.attrs["loo_rmse"] <= without.attrs["loo_rmse"]


def test_errors_are_honest_where_stations_are_left_out():
    fine = downscale(network(n=80, n_time=200, seed=8), cells_of(), criteria=Criteria())
    assert 0.88 < fine.attrs["loo_within"] < 0.99
    assert abs(fine.attrs["loo_bias"]) < 0.5 and fine.attrs["loo_rmse"] < 4


def test_a_sensors_error_lowers_its_weight():
    stations, cells = network(n=30, missing=0.0), cells_of()
    spoiled = stations.copy(deep=True)
    spoiled["pm25"][4] = spoiled["pm25"][4] + 40
    error = np.full(spoiled.pm25.shape, 1.5)
    error[4] = 60.0
    told = spoiled.assign(pm25_error=(("station", "time"), error))
    truth, blind, wise = (downscale(s, cells, criteria=Criteria()).pm25 for s in (stations, spoiled, told))
    assert float(((wise - truth) ** 2).mean()) < 0.25 * float(((blind - truth) ** 2).mean())


def test_hours_without_stations_are_empty_and_silent_networks_are_refused():
    stations, cells = network(), cells_of()
    stations["pm25"][:, 20] = np.nan
    stations["pm25"][2:, 21] = np.nan
    fine = downscale(stations, cells, criteria=Criteria())
    assert (
        fine.pm25[:, 20].isnull().all() and fine.pm25_error[:, 20].isnull().all() and (fine.support[:, 20] == 0).all()
    )
    assert fine.pm25[:, 21].isnull().all()  # two stations are fewer than the criteria's three
    assert fine.pm25[:, 22].notnull().all()
    with pytest.raises(DataError, match="none of"):
        downscale(stations * np.nan, cells, criteria=Criteria())
    with pytest.raises(DataError, match="no cell"):
        downscale(stations, pd.DataFrame({"cell": []}), criteria=Criteria())
    lost = stations.assign_coords(lon=("station", np.r_[np.nan, stations.lon.values[1:]]))
    with pytest.raises(DataError, match="s000"):
        downscale(lost, cells, criteria=Criteria())
    wrong = monthly(cells, np.ones((9, 2)), ("2020-02-03", "2020-03-04")).drop_attrs().assign_attrs(cells.attrs)
    with pytest.raises(DataError, match="neither of local months nor"):
        downscale(stations, cells, coarse=wrong, criteria=Criteria())


def test_a_hotspot_list_gives_the_same_as_its_cells():
    stations, cells = network(), cells_of()
    hot = pd.DataFrame({"cell": cells.cell.values[::-1], "status": "formal"})
    listed, given = downscale(stations, hot, criteria=Criteria()), downscale(stations, cells, criteria=Criteria())
    xr.testing.assert_identical(listed, given)
    assert listed.sizes["sub_cell"] == 9 * 36 and listed.sub_cell.values[0].endswith("-01")
