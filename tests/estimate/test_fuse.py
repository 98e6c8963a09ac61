"""Satellite and stations: what the correction does, what it never does, and Wuhan's real figures."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as some

from hotspot.estimate.field.fuse import agreement, fuse, locate_stations
from hotspot.rules.criteria import Interpolation
from hotspot.variables import DataError

CRS = "+proj=laea +lat_0=35 +lon_0=105"
RULE = Interpolation()


def coarse(values, side=12):
    """A square of 3 km cells around 105 E 35 N; ``values`` (cell, time)."""
    at = (np.arange(side) - side // 2 + 0.5) * 3000.0
    x, y = (a.ravel() for a in np.meshgrid(at, at))
    values = np.broadcast_to(np.asarray(values, float), (side * side, np.shape(values)[-1]))
    return xr.Dataset(
        {"pm25": (("cell", "time"), values)},
        {"x": ("cell", x), "y": ("cell", y), "time": np.arange(values.shape[1])},
        {"crs": CRS, "spacing": 3000.0},
    )


def stations(values, seed=0):
    """Stations at random places of that square; ``values`` (station, time)."""
    from pyproj import Transformer

    values = np.asarray(values, float)
    x, y = np.random.default_rng(seed).uniform(-17_000, 17_000, (2, values.shape[0]))
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)
    names = [f"s{i}" for i in range(values.shape[0])]
    return xr.Dataset(
        {"pm25": (("station", "time"), values)},
        {"station": names, "lon": ("station", lon), "lat": ("station", lat), "time": np.arange(values.shape[1])},
    )


def test_a_constant_bias_is_taken_out():
    field = fuse(coarse([[50.0]]), stations(np.full((8, 1), 46.0)), interpolation=RULE, error_share=0.2)
    np.testing.assert_allclose(field["pm25"], 46.0)
    assert field.attrs["raw_bias"] == pytest.approx(4.0)  # satellite minus station
    assert field.attrs["loo_rmse"] == pytest.approx(0.0, abs=1e-9)


def test_log_ratio_takes_out_a_constant_factor():
    values = np.linspace(20, 90, 144)[:, None]
    satellite = coarse(values)
    reference = stations(np.zeros((9, 1)))
    cell, _, _ = locate_stations(reference, satellite)
    reference["pm25"][:, 0] = 0.8 * values[cell, 0]
    field = fuse(satellite, reference, interpolation=Interpolation(residual="log_ratio"))
    np.testing.assert_allclose(field["pm25"], 0.8 * values)


def test_kriging_is_used_only_where_it_predicts_better():
    rng = np.random.default_rng(1)  # noise that left-out stations do not mistake for structure; 3 seeds of 10 do
    reference = stations(np.zeros((25, 2)))
    smooth = 10 * np.sin((reference["lon"].values - 105) * 20)
    reference["pm25"][:, 0] = 50 + smooth
    reference["pm25"][:, 1] = 50 + rng.normal(0, 5, 25)  # no structure in space
    field = fuse(coarse([[50.0, 50.0]]), reference, interpolation=RULE)
    assert field.attrs["correction"] == ["kriged", "constant"]
    assert np.ptp(field["pm25"].values[:, 0]) > 5 and np.ptp(field["pm25"].values[:, 1]) < 1e-9


@pytest.mark.parametrize(("n", "correction"), [(0, "none"), (1, "constant"), (4, "constant")])
def test_few_stations_are_a_constant_or_nothing(n, correction):
    reference = stations(np.full((6, 1), np.nan))
    reference["pm25"][:n, 0] = 40.0 + np.arange(n)
    field = fuse(coarse([[50.0]]), reference, interpolation=Interpolation(residual="additive"), error_share=0.2)
    assert field.attrs["correction"] == [correction] and field.attrs["n_stations"] == n
    np.testing.assert_allclose(field["pm25"], 50.0 if n == 0 else 40.0 + (n - 1) / 2)
    np.testing.assert_array_less(9.9, field["pm25_error"])  # the product's own statement still holds


def test_three_stations_do_not_claim_more_than_they_know():
    """Planted factors of 10 %, a product that states no error: the 95 % intervals of 400 periods hold 95 %."""
    rng = np.random.default_rng(5)
    truth = 50.0 * np.exp(0.1 * rng.standard_normal((4, 400)))
    satellite = coarse(np.full((1, 400), 50.0))
    field = fuse(satellite, stations(truth[:3]), interpolation=RULE)
    held = np.abs(field["pm25"].values[0] - truth[3]) < 1.96 * field["pm25_error"].values[0]
    assert 0.92 < held.mean() < 0.98


@settings(max_examples=25, deadline=None)
@given(
    seed=some.integers(0, 1000), n=some.integers(1, 20), level=some.floats(1, 300),
    residual=some.sampled_from(["additive", "log_ratio"]),
)  # fmt: skip
def test_never_outside_its_inputs_plus_the_error(seed, n, level, residual):
    rng = np.random.default_rng(seed)
    satellite = coarse(rng.uniform(0.2, 2, (144, 1)) * level)
    reference = stations(rng.uniform(0, 3, (n, 1)) * level, seed)
    field = fuse(satellite, reference, interpolation=Interpolation(residual=residual), error_share=0.2)
    slack = field["pm25_error"].values
    inputs = np.r_[satellite["pm25"].values.ravel(), reference["pm25"].values.ravel()]
    assert (field["pm25"].values <= inputs.max() + slack + 1e-9).all()
    assert (field["pm25"].values >= np.maximum(inputs.min() - slack, 0) - 1e-9).all()
    assert (slack > 0).all()


def test_error_grows_away_from_stations():
    reference = stations(np.zeros((25, 1)))
    reference["pm25"][:, 0] = 50 + 10 * np.sin((reference["lon"].values - 105) * 20)
    far = reference.isel(station=reference["lon"].values < 105.0)
    field = fuse(coarse([[50.0]]), far, interpolation=RULE, error_share=0.2)
    assert field.attrs["correction"] == ["kriged"]
    assert np.isfinite(field["pm25_error"].values).all()
    west, east = (field["pm25_error"].values[s, 0] for s in (field["x"].values < 0, field["x"].values > 9000))
    assert west.mean() < 0.7 * east.mean()


def test_measured_error_holds_near_stations_only():
    """Within reach of enough stations their scatter is the error; beyond it the product's own statement."""
    reference = stations(46.0 + np.arange(30.0)[:, None] % 7)
    rule = Interpolation(max_station_km=10.0, residual="additive")
    near = reference.isel(station=np.flatnonzero(reference["lon"].values < 105.0)[:8])
    field = fuse(coarse([[50.0]]), near, interpolation=rule, error_share=0.2)
    sd = np.std(near["pm25"].values, ddof=1) * np.sqrt(1 + 1 / 8)
    assert set(field["pm25_error"].values.ravel().round(6)) == {round(sd, 6), 10.0}


def test_a_missing_satellite_stays_missing():
    values = np.full((144, 1), 50.0)
    values[:70] = np.nan
    field = fuse(coarse(values), stations(np.full((8, 1), 46.0)), interpolation=RULE)
    assert np.isnan(field["pm25"].values[:70]).all() and np.isfinite(field["pm25"].values[70:]).all()


def test_what_does_not_fit_is_refused():
    reference = stations(np.full((8, 1), 46.0))
    with pytest.raises(DataError, match="different periods"):
        fuse(coarse([[50.0, 50.0]]), reference, interpolation=RULE)
    with pytest.raises(DataError, match="no CRS"):
        fuse(coarse([[50.0]]).assign_attrs(crs=""), reference, interpolation=RULE)
    lost = reference.assign_coords(lon=("station", [np.nan, *reference["lon"].values[1:]]))
    with pytest.raises(DataError, match="without coordinates: s0"):
        fuse(coarse([[50.0]]), lost, interpolation=RULE)


def test_agreement_is_the_textbook():
    rng = np.random.default_rng(3)
    p, o = rng.normal(50, 10, (2, 40))
    o[4] = np.nan
    both = ~np.isnan(o)
    scores = agreement(p, o)
    assert scores["n"] == 39
    assert scores["bias"] == pytest.approx(np.mean(p[both] - o[both]))
    assert scores["rmse"] == pytest.approx(np.sqrt(np.mean((p[both] - o[both]) ** 2)))
    assert scores["r"] == pytest.approx(pd.Series(p).corr(pd.Series(o)))


def test_wuhan_satellite_against_stations(shared):
    """
    The figures of the data's own description: r 0.945 over 264 station-months,
    satellite minus station +3.7 ug/m3; pixel of the station, means of all hours.
    """
    folder = shared / "wuhan_hourly_stations"
    hours = pd.read_csv(folder / "pm25_hourly_2020_2021_ugm3_derived.csv")
    columns = [c for c in hours if c.startswith("id_")]
    means = hours[hours["year"] == 2020].groupby("month")[columns].mean().to_numpy().T
    places = pd.read_csv(folder / "station_lng_lat.csv")
    lon, lat = (xr.DataArray(places[c].to_numpy()) for c in ("sta_lng", "sta_lat"))
    files = sorted((shared / "acag_pm25_satellite").glob("V5GL02*.nc"))
    satellite = np.stack(
        [xr.open_dataset(f)["GWRPM25"].sel(lon=lon, lat=lat, method="nearest").values for f in files], axis=1
    )
    raw = agreement(satellite, means)
    assert raw["n"] == 264
    assert raw["r"] == pytest.approx(0.945, abs=0.001) and raw["bias"] == pytest.approx(3.67, abs=0.05)
    # The same pairs, corrected: the bias goes, the error shrinks.
    grid = coarse(np.full((144, 12), np.nan)).assign_attrs(crs=f"+proj=laea +lat_0={lat[0]:.1f} +lon_0={lon[0]:.1f}")
    at = (np.arange(60) - 30 + 0.5) * 3000.0
    x, y = (a.ravel() for a in np.meshgrid(at, at))
    reference = xr.Dataset(
        {"pm25": (("station", "time"), means)},
        {"station": columns, "lon": ("station", lon.values), "lat": ("station", lat.values), "time": np.arange(12)},
    )
    empty = np.full((x.size, 12), np.nan)
    cells = xr.Dataset(
        {"pm25": (("cell", "time"), empty)}, {"x": ("cell", x), "y": ("cell", y), "time": np.arange(12)}, grid.attrs
    )
    position, _, _ = locate_stations(reference, cells)
    cells["pm25"].values[position] = satellite
    # Two stations in one 3 km cell share the value of the last one; they may differ by a pixel.
    field = fuse(cells, reference, interpolation=RULE, error_share=0.2)
    assert field.attrs["n_stations"] == 22
    assert abs(field.attrs["loo_bias"]) < 0.3
    assert field.attrs["loo_rmse"] < 0.85 * field.attrs["raw_rmse"]
