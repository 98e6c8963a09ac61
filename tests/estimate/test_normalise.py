"""The weather taken out: laws, known truth, equal bytes, refusals."""

import numpy as np
import pytest
import xarray as xr
from weather_case import daily_weather, known_series

from hotspot.estimate.fine.blocks import make_blocks, split_block
from hotspot.estimate.weather.normalise import normalise
from hotspot.estimate.weather.rows import weather_steps, weather_table
from hotspot.estimate.weather.terrain_factor import terrain_factor
from hotspot.rules.criteria import Criteria, Normalisation, Stagnation
from hotspot.variables import DataError

# Smaller models than the criteria's: the laws do not depend on their size.
QUICK = Criteria(normalisation=Normalisation(folds=3, trees=40, modes=1))
WEATHER = daily_weather(1)
STEPS = weather_steps(WEATHER, utc_offset=8)


def cells(n=24, seed=0, stop=None, holes=0.1):
    """A row of cells under one weather, each with its own emission and amplitude; one stops mid-way."""
    rng = np.random.default_rng(seed)
    one, effect, _ = known_series(STEPS, seed)
    level, strength = rng.uniform(0.6, 1.6, n), rng.uniform(0.8, 1.2, n)
    values = one["pm25"].values * level[:, None] * np.exp((strength[:, None] - 1) * effect)
    values *= np.exp(0.08 * rng.standard_normal(values.shape))
    if stop is not None:
        values[stop, 365:] *= 0.5
    values[rng.random(values.shape) < holes] = np.nan
    coords = {
        "cell": [f"C{k:02d}" for k in range(n)], "col": ("cell", 8 + np.arange(n)), "row": ("cell", np.zeros(n, int)),
        "x": ("cell", np.arange(n) * 3e3), "y": ("cell", np.zeros(n)), "lon": ("cell", 114 + 0.03 * np.arange(n)),
        "lat": ("cell", np.full(n, 37.0)), "day": one["day"].values,
    }  # fmt: skip
    field = xr.Dataset({"pm25": (("cell", "day"), values, {"unit": "ug/m3"})}, coords, {"spacing": 3000.0})
    background = xr.full_like(field["pm25"], 0.0) + 10 + 4 * np.cos(np.arange(len(one["day"])) / 58)
    return field, background


@pytest.fixture(scope="module")
def level():
    field, background = cells(stop=5)
    return field, normalise(field, WEATHER, utc_offset=8, background=background, criteria=QUICK)


def test_the_mean_of_a_cell_is_conserved():
    field, background = cells()
    steps = normalise(field, WEATHER, utc_offset=8, background=background, criteria=QUICK, every="step")
    seen = np.isfinite(steps["pm25_normalised"].values)
    own = np.where(seen, field["pm25"].values, 0).sum(axis=1)
    np.testing.assert_allclose(np.nansum(steps["pm25_normalised"].values, axis=1), own, rtol=1e-12)
    assert seen.sum() == np.isfinite(field["pm25"].values).sum()


def test_months_are_the_means_of_their_days(level):
    field, months = level
    steps = normalise(field, WEATHER, utc_offset=8, background=cells(stop=5)[1], criteria=QUICK, every="step")
    for name in ("pm25_normalised", "pm25_stagnant", "increment"):
        mean = steps[name].resample(time="MS").mean()
        np.testing.assert_allclose(mean.transpose("cell", "time").values, months[name].values, rtol=1e-12)


def test_without_what_only_a_level_needs_the_rest_is_the_same_to_the_bit(level):
    field, months = level
    alone = normalise(field, WEATHER, utc_offset=8, background=cells(stop=5)[1], criteria=QUICK, stagnant=False)
    kept = [name for name in months.data_vars if "normalised" in name] + ["n_valid", "cv_r2", "cv_rmse"]
    assert {*alone.data_vars} == {*kept}
    for name in kept:
        np.testing.assert_array_equal(alone[name].values, months[name].values)
    same = ("removed", "transport", "stagnation", "seasonal_spread", "cv_r2")
    assert {name: alone.attrs[name] for name in same} == {name: months.attrs[name] for name in same}


def test_a_cell_that_stops_shows_fully(level):
    """Cell 5 halves mid-way; beside its neighbours the normalised change says so, within its interval."""
    _, months = level
    year = months["pm25_normalised"].values.reshape(-1, 2, 12).mean(axis=2)
    change = year[:, 1] / year[:, 0]
    others = np.delete(change, 5)
    assert change[5] / np.median(others) == pytest.approx(0.5, abs=0.03)
    assert others.std() < 0.03
    assert (months["pm25_normalised_low"] < months["pm25_normalised"]).all()
    assert (months["pm25_normalised_high"] > months["pm25_normalised"]).all()


def test_the_weather_goes_and_the_emission_stays():
    """Year on year by month: less than half of the raw error is left, and the intervals hold what they promise."""
    error, raw_error, within, in_level = [], [], [], []
    for seed in range(5):
        weather = daily_weather(seed)
        field, effect, emission = known_series(weather_steps(weather, utc_offset=8), seed)
        found = normalise(field, weather, utc_offset=8)
        month = field["day"].values.astype("datetime64[M]").astype(int)
        of = [month == m for m in np.unique(month)]
        truth = np.array([np.exp(emission[one]).mean() for one in of]) * np.exp(effect).mean() * np.exp(0.25**2 / 2)
        raw = np.array([field["pm25"].values[0, one].mean() for one in of])
        value, low, high = (found[f"pm25_normalised{end}"].values[0] for end in ("", "_low", "_high"))

        def change(series):
            return np.log(series[12:] / series[:12])

        reach = [np.log1p(found[f"pm25_normalised_change{end}"].values[0, 12:]) for end in ("_low", "_high")]
        error.append(change(value) - change(truth))
        raw_error.append(change(raw) - change(truth))
        within.append((reach[0] <= change(truth)) & (change(truth) <= reach[1]))
        in_level.append((low <= truth) & (truth <= high))
    rmse, raw_rmse = np.std(error), np.std(raw_error)
    print(f"year on year by month: rmse {rmse:.3f} after {raw_rmse:.3f} raw, coverage {np.mean(within):.1%}, "
          f"of the level itself {np.mean(in_level):.1%}")  # fmt: skip
    assert rmse < 0.5 * raw_rmse
    assert 0.88 <= np.mean(within) <= 0.99
    # Season and weather cannot be told apart by data alone: what all cells share of a season is in the interval.
    assert np.mean(in_level) >= 0.8


def test_the_stagnant_level_is_the_mean_of_stagnant_days():
    """Where emission is steady nothing else may come out, smearing included."""
    field, effect, _ = known_series(STEPS, 3)
    day = field["day"].values
    field["pm25"][0] = 50 * np.exp(effect + 0.1 * np.random.default_rng(0).standard_normal(len(day)))
    found = normalise(field, WEATHER, utc_offset=8, criteria=Criteria(stagnation=Stagnation(definition="relative")))
    steps = STEPS.sel(time=day)
    from hotspot.estimate.weather.stagnation import stagnant_rows

    calm, _ = stagnant_rows(steps, Stagnation(definition="relative"))
    observed = field["pm25"].values[0, calm].mean()
    assert found["pm25_stagnant"].mean().item() == pytest.approx(observed, rel=0.06)
    assert observed > 1.2 * field["pm25"].mean().item()


def test_any_number_of_workers_gives_the_same_bytes(level):
    """By default threads, none, and processes."""
    field, one = level
    background = cells(stop=5)[1]
    alone, two = (
        normalise(field, WEATHER, utc_offset=8, background=background, criteria=QUICK, workers=n) for n in (1, 2)
    )
    assert one.attrs["n_models"] > 1
    for name in one.data_vars:
        assert one[name].values.tobytes() == alone[name].values.tobytes() == two[name].values.tobytes(), name


def test_what_is_not_removed_stays():
    """Rain washes half away: removed, wet and dry days agree; kept, they differ."""
    field, _, _ = known_series(STEPS, 2, noise=0.05)
    day = field["day"].values
    wet = STEPS["tp"].sel(time=day).values > 1
    field["pm25"][0] = 50 * np.where(wet, 0.5, 1.0)
    ratio = {}
    for remove in (("precipitation", "transport", "boundary_layer"), ("transport", "boundary_layer")):
        found = normalise(field, WEATHER, utc_offset=8, remove=remove, every="step")
        value = found["pm25_normalised"].values[0]
        ratio["precipitation" in remove] = value[wet].mean() / value[~wet].mean()
    assert ratio[True] > 0.9
    assert ratio[False] < 0.75


def test_transport_is_the_background_of_stagnant_days(level):
    field, months = level
    background = cells(stop=5)[1]
    kept = normalise(
        field, WEATHER, utc_offset=8, background=background, criteria=QUICK, remove=("precipitation", "boundary_layer")
    )
    less = (kept["pm25_stagnant"] - months["pm25_stagnant"]).mean().item()
    assert less == pytest.approx(background.mean().item(), rel=0.25)
    np.testing.assert_allclose(
        (months["background"] + months["increment"]).values,
        field["pm25"].resample(day="MS").mean().transpose("cell", "day").values,
        rtol=1e-9,
    )


def test_hourly_stations_one_model_each():
    weather = WEATHER.isel(time=slice(0, 24 * 200))
    local = (weather["time"].values + np.timedelta64(8, "h")).astype("datetime64[h]").astype(int) % 24
    base = 40 / np.sqrt(np.hypot(weather["u10"].values, weather["v10"].values) + 0.5) * (1 + 0.3 * np.cos(local / 3.82))
    values = np.stack([base, 2 * base])
    values[0, 100:130] = np.nan
    field = xr.Dataset({"pm25": (("station", "time"), values)}, {"station": ["a", "b"], "time": weather["time"].values})
    found = normalise(field, weather, utc_offset=8, criteria=QUICK, every="step")
    assert found.attrs["n_models"] == 2
    assert (found["time"].values == field["time"].values).all()
    seen = np.isfinite(found["pm25_normalised"].values)
    np.testing.assert_allclose(
        np.nansum(found["pm25_normalised"].values, axis=1), np.where(seen, values, 0).sum(axis=1), rtol=1e-12
    )
    assert np.nanstd(found["pm25_normalised"].values[1]) < 0.75 * np.nanstd(values[1])


def test_same_season_average_keeps_the_season():
    """A pure winter-summer swing of the weather stays under "season", and goes at least in part under "all"."""
    field, _, _ = known_series(STEPS, 4, noise=0.02)
    temperature = STEPS["t2m"].sel(time=field["day"].values).values
    field["pm25"][0] = 60 * np.exp(-0.03 * temperature)
    swing = {}
    for average in ("all", "season"):
        value = normalise(field, WEATHER, utc_offset=8, average=average)["pm25_normalised"].values[0]
        swing[average] = value.max() / value.min()
    assert swing["season"] > 1.5 * swing["all"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"remove": ("wind",)}, "remove has 'wind'"),
        ({"average": "none"}, "average is 'none'"),
        ({"every": "week"}, "every is 'week'"),
        ({"workers": 0}, "workers is 0"),
        ({"variable": "so2"}, "so2 is not in the field"),
    ],
)
def test_wrong_settings_are_named(change, word):
    field, background = cells(4)
    with pytest.raises((ValueError, DataError), match=word):
        normalise(field, WEATHER, **({"utc_offset": 8, "background": background} | change))


def test_months_and_short_weather_are_refused():
    field, background = cells(4)
    months = field.resample(day="MS").mean()
    with pytest.raises(DataError, match="weather acts by the day"):
        normalise(months, WEATHER, utc_offset=8)
    with pytest.raises(DataError, match=r"99 steps have both a value .* and weather \(.*\), at least 180 are needed"):
        normalise(field, WEATHER.isel(time=slice(0, 24 * 100)), utc_offset=8, background=background)
    with pytest.raises(DataError, match="without wind"):
        normalise(field, WEATHER.drop_vars("u10"), utc_offset=8, background=background)
    with pytest.raises(DataError, match="carry no col"):
        normalise(field.drop_vars("col"), WEATHER, utc_offset=8, background=background)


def test_days_without_weather_are_left_out_not_guessed():
    field, background = cells(4, holes=0.0)
    gap = WEATHER.where(
        (WEATHER["time"] < np.datetime64("2024-06-10")) | (WEATHER["time"] > np.datetime64("2024-06-20"))
    )
    found = normalise(field, gap, utc_offset=8, background=background, criteria=QUICK)
    june = found.sel(time="2024-06-01")
    assert (june["n_valid"] < 25).all() and (june["n_valid"] > 10).all()
    assert np.isfinite(june["pm25_normalised"]).all()


def test_blocks_hold_every_cell_once():
    rng = np.random.default_rng(0)
    keep = rng.random((50, 40)) < 0.8
    col, row = np.nonzero(keep)
    blocks = make_blocks(col + 1000, row + 700, 12)
    assert sorted(np.concatenate(blocks)) == list(range(len(col)))
    shifted = make_blocks(col[col < 30] + 1000, row[col < 30] + 700, 12)
    inner = {frozenset(zip(col[b], row[b], strict=True)) for b in blocks}
    assert any(frozenset(zip(col[col < 30][b], row[col < 30][b], strict=True)) in inner for b in shifted)


def test_patterns_are_the_singular_vectors_of_complete_data():
    rng = np.random.default_rng(0)
    rest = np.outer(rng.normal(size=30), rng.normal(size=200)) + 0.1 * rng.normal(size=(30, 200))
    table = 3 + rest - rest.mean(axis=0)
    parts = split_block(table, 1)
    inner = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    u, s, vt = np.linalg.svd(inner, full_matrices=False)
    product = np.outer(parts.loading[:, 1], parts.scores[1])
    np.testing.assert_allclose(product, s[0] * np.outer(u[:, 0], vt[0]), atol=2e-3)


def test_terrain_is_told_from_emission():
    """Half the valley's cells emit; the factor is that of the clean ones."""
    rng = np.random.default_rng(0)
    valley = rng.uniform(0, 100, 400)
    signal = 0.004 * valley + np.where(rng.random(400) < 0.4, rng.gamma(2, 0.15, 400), 0) + 0.01 * rng.normal(size=400)
    terrain = xr.Dataset({"valley": ("cell", valley)})
    factor = terrain_factor(signal, terrain, *rng.uniform(0, 1e5, (2, 400)))
    slope = np.polyfit(valley, np.log(factor), 1)[0]
    assert slope == pytest.approx(0.004, rel=0.15)


def test_weather_of_the_day_is_local_and_whole():
    """Rain is a sum, three-hourly reports count as they stand, a half day is missing."""
    time = np.datetime64("2024-03-01T16:00", "ns") + np.arange(20) * np.timedelta64(3, "h")
    hours = {"u10": ("time", np.ones(20)), "v10": ("time", np.zeros(20)), "tp": ("time", np.full(20, 0.5))}
    days = weather_steps(xr.Dataset(hours, {"time": time}, {"step_hours": 3}), utc_offset=8)
    assert [str(day)[:10] for day in days["time"].values] == ["2024-03-02", "2024-03-03", "2024-03-04"]
    assert days["tp"].values[:2].tolist() == [4.0, 4.0]
    assert np.isnan(days["u10"].values[2])


def test_weather_between_grid_points_is_bilinear():
    time = np.arange("2024-01-01", "2024-01-05", dtype="datetime64[D]").astype("datetime64[ns]")
    lon, lat = np.array([114.0, 115.0]), np.array([38.0, 37.0])
    plane = 2 * lon[None, None, :] + 3 * lat[None, :, None] + np.arange(4)[:, None, None]
    grid = xr.Dataset(
        dict.fromkeys(("u10", "v10"), (("time", "lat", "lon"), plane)), {"time": time, "lat": lat, "lon": lon}
    )
    table = weather_table(weather_steps(grid, utc_offset=8), np.array([114.25, 120.0]), np.array([37.5, 37.5]))
    np.testing.assert_allclose(table.steps["u10"][0], 2 * 114.25 + 3 * 37.5 + np.arange(4))
    np.testing.assert_allclose(table.steps["u10"][1], 2 * 115 + 3 * 37.5 + np.arange(4))
