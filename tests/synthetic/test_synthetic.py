"""The synthetic study: real-looking, whole, the same on every run, and true to its own truth."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from hotspot.sources.intake import Intake
from hotspot.sources.satellite.satellite import open_satellite
from hotspot.sources.stations.stations import read_stations
from hotspot.sources.weather.weather import open_weather
from hotspot.study import load_study
from hotspot.synthetic.plume import (
    REACH,
    Hours,
    influence,
    local_fields,
    local_hours,
    make_hours,
    make_plumes,
    smooth_noise,
    wind_class,
)
from hotspot.synthetic.region import MARK, Region
from hotspot.synthetic.sources import make_sources
from hotspot.synthetic.study import LATEST_MONTH, SEED, synthetic_month, write_study
from hotspot.synthetic.weather import make_weather


@pytest.fixture(scope="module")
def demo(written_demo):
    """The demo study's folder; nothing in it is changed."""
    return written_demo.parent


@pytest.fixture(scope="module")
def small(small_copy, tmp_path_factory):
    return small_copy(tmp_path_factory.mktemp("small")).parent


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def true_cells(folder):
    """Table cell x month of the true means, and the city of each cell."""
    table = pd.read_parquet(folder / "truth" / "cells.parquet")
    return table.pivot(index="cell", columns="month", values="pm25"), table.drop_duplicates("cell").set_index("cell")[
        "city"
    ]


def seen_cells(folder, months):
    """Mean of the satellite over the pixels of each cell, by month: the plain way, without our aggregation."""
    study = load_study(folder / "study.toml", data=folder)
    raster = open_satellite(study.satellite[0], folder, Intake(folder), months=months)
    x, y = np.meshgrid(raster["x"], raster["y"])
    code = study.grid.code(*study.grid.locate(x.ravel(), y.ravel()))
    month = raster["time"].dt.strftime("%Y-%m").to_numpy()
    columns = {}
    for name in months:
        mean = raster[np.flatnonzero(month == name)].mean("time").to_numpy().ravel()
        columns[name] = pd.Series(mean).groupby(code).mean()
    return pd.DataFrame(columns)


def test_the_same_bytes_for_another_clock_hash_seed_and_thread_count(small, tmp_path):
    code = f"from hotspot.synthetic.study import write_study; write_study({str(tmp_path / 'again')!r}, size='small')"
    other = {
        "TZ": "America/New_York",
        "PYTHONHASHSEED": "7",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "LC_ALL": "C",
    }
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, env=os.environ | other)
    assert digests(tmp_path / "again") == digests(small)


def test_another_seed_is_another_study(small, tmp_path):
    write_study(tmp_path / "other", size="small", seed=1)
    ours, theirs = digests(small), digests(tmp_path / "other")
    assert set(ours) == set(theirs)
    same = {name for name in ours if ours[name] == theirs[name]}
    assert not {name for name in same if name.startswith(("satellite", "weather", "stations", "boundaries"))}


def test_townships_tile_the_region_without_gap_or_overlap():
    region = Region("demo", SEED)
    towns = region.townships.to_crs(region.grid.crs)
    whole = towns.geometry.union_all()
    assert towns.geometry.is_valid.all()
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert whole.area == pytest.approx(towns.geometry.area.sum(), rel=1e-9)
    for _, county in towns.groupby("county_code"):
        assert county.geometry.union_all().geom_type == "Polygon"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_seed_gives_valid_townships(seed):
    region = Region("demo", seed)
    towns = region.townships.to_crs(region.grid.crs)
    assert towns.geometry.is_valid.all()
    assert towns.geometry.union_all().area == pytest.approx(towns.geometry.area.sum(), rel=1e-9)


def test_every_name_says_that_it_is_invented(demo):
    study = load_study(demo / "study.toml", data=demo)
    units = study.boundaries
    for level in ("city", "county", "township"):
        assert units[level].str.endswith(MARK).all()
        assert units[f"{level}_code"].str.startswith("99").all()
    assert units["city"].nunique() == 2
    assert units.groupby("city")["county"].nunique().between(3, 4).all()
    assert units.groupby("county")["township"].nunique().between(3, 5).all()
    facilities = pd.read_csv(demo / "facilities.csv")
    assert facilities["name"].str.endswith(MARK).all()
    assert 55 <= len(facilities) <= 65


def test_cells_of_the_two_sizes(demo, small):
    assert 900 <= load_study(demo / "study.toml", data=demo).cells.sizes["cell"] <= 1100
    assert load_study(small / "study.toml", data=small).cells.sizes["cell"] == 144


def test_every_broken_row_meets_its_planted_fate(demo):
    study = load_study(demo / "study.toml", data=demo)
    intake = Intake(demo)
    read_stations(study.stations[0], demo, intake, utc_offset=study.utc_offset)
    intake.check()
    planted = pd.read_csv(demo / "truth" / "planted.csv")
    bad = planted[planted["expected"] == "quarantined"]
    assert {(q.path, q.row) for q in intake.quarantine} == set(zip(bad["file"], bad["line"], strict=True))
    assert intake.counts["quarantined"] == len(bad) > 100
    assert intake.counts["duplicates"] == (planted["expected"] == "duplicate").sum() == 72
    lines = sum(len(path.read_text().splitlines()) - 1 for path in (demo / "stations").glob("pm25_*.csv"))
    places = len((demo / "stations" / "stations.csv").read_text().splitlines()) - 1
    assert intake.counts["read"] == lines + places


def test_one_station_is_silent_for_the_planted_outage(demo):
    study = load_study(demo / "study.toml", data=demo)
    march = read_stations(study.stations[0], demo, Intake(demo), utc_offset=8.0, months=["2025-03"])
    empty_days = (march["pm25"].isnull().to_numpy().reshape(20, 31, 24).sum(2) > 4).sum(1)
    assert int(empty_days[2]) >= 12
    assert np.delete(empty_days, 2).max() < 8


def test_stations_agree_with_the_truth_of_their_pixel(demo):
    study = load_study(demo / "study.toml", data=demo)
    stations = read_stations(study.stations[0], demo, Intake(demo), utc_offset=8.0, months=["2025-12"])
    truth, _ = true_cells(demo)
    code = study.grid.code(*study.grid.locate(stations["lon"].to_numpy(), stations["lat"].to_numpy()))
    cell = truth["2025-12"].reindex(code).to_numpy()
    mean = stations["pm25"].mean("time").to_numpy()
    assert abs(np.nanmean(mean / cell) - 1) < 0.08  # a 3 km mean is not a point, but nearly
    assert np.corrcoef(mean, cell)[0, 1] > 0.8


def test_clouds_take_a_third_and_leave_enough_days(demo):
    study = load_study(demo / "study.toml", data=demo)
    raster = open_satellite(study.satellite[0], demo, Intake(demo))
    missing = float(raster.isnull().mean())
    assert 0.25 < missing < 0.45
    rain = open_weather(study.weather[0], demo, Intake(demo), utc_offset=8.0)["tp"].mean(["lat", "lon"])
    local = rain.assign_coords(time=rain["time"] + np.timedelta64(8, "h")).resample(time="D").sum()
    holes = raster.isnull().mean(["x", "y"]).to_numpy()
    wet = local.sel(time=raster["time"]).to_numpy() > 2.0
    assert holes[wet].mean() > holes[~wet].mean() + 0.15
    plain = raster.isel(x=slice(80, 100), y=slice(40, 60))
    assert plain.notnull().resample(time="MS").sum().min() >= 10 * 0.5
    assert (plain.notnull().resample(time="MS").sum().mean(["x", "y"]) >= 10).mean() > 0.9


def test_known_hotspots_are_found_again(demo):
    truth, city = true_cells(demo)
    year = [f"2024-{month:02d}" for month in range(1, 13)]
    seen = seen_cells(demo, year).mean(axis=1).reindex(truth.index)
    known = pd.read_csv(demo / "truth" / "hotspots.csv")
    for name, cells in known.groupby("city"):
        ranked = seen[city == name].sort_values(ascending=False).index[: len(cells)]
        recall = cells["cell"].isin(ranked).mean()
        assert recall >= 0.8, (name, recall)
        assert cells.sort_values("rank")["cell"].iloc[0] in ranked[:3]


def test_the_largest_emitters_are_hotspots(demo):
    known = set(pd.read_csv(demo / "truth" / "hotspots.csv")["cell"])
    emission = pd.read_csv(demo / "truth" / "emission.csv")
    assert emission["cell"].head(8).isin(known).all()


def test_a_plant_that_stops_is_missed_and_one_that_grows_is_the_worst(demo):
    truth, city = true_cells(demo)
    sources = pd.read_csv(demo / "truth" / "sources.csv")
    known = pd.read_csv(demo / "truth" / "hotspots.csv")["cell"]
    steps = sources.dropna(subset=["steps"]).set_index("id")

    def change(now, before):
        return (truth[now] / truth[before] - 1).reindex(known)

    def cell_of(text):
        return steps[steps["steps"].str.contains(text)]["cell"].iloc[0]

    stopped = change("2025-12", "2024-12")[cell_of("2025-06-01:0")]
    assert stopped < change("2025-12", "2024-12").quantile(0.1)
    for grown, now, before in (("2025-10-01:1", "2025-11", "2024-11"), ("2025-12-01:2", "2025-12", "2025-11")):
        cell = cell_of(grown)
        here = change(now, before)
        rivals = here[city.reindex(known) == city[cell]]
        assert rivals.idxmax() == cell
    # What the satellite sees agrees in sign and place.
    seen = seen_cells(demo, ["2025-11", "2025-12"]).reindex(known)
    jump = (seen["2025-12"] / seen["2025-11"] - 1)[city.reindex(known).to_numpy() == city[cell]]
    assert cell in jump.sort_values(ascending=False).index[:3]


def test_some_sources_are_in_no_register(demo):
    sources = pd.read_csv(demo / "truth" / "sources.csv")
    listed = pd.read_csv(demo / "facilities.csv")
    hidden = sources[sources["registered"] == 0]
    assert len(hidden) >= 4
    assert not set(hidden["id"]) & set(listed["facility_id"])
    assert set(sources[sources["registered"] == 1]["id"]) == set(listed["facility_id"])


def test_delivered_weather_reads_back_as_it_was_made(small):
    study = load_study(small / "study.toml", data=small)
    read = open_weather(study.weather[0], small, Intake(small), utc_offset=8.0, months=["2025-12"])
    made = make_weather(SEED)
    at = np.searchsorted(made.time, read["time"].to_numpy().astype("datetime64[h]"))
    assert read.sizes["time"] == 31 * 24
    centre = read.mean(["lat", "lon"])
    assert np.abs(centre["u10"].to_numpy() - made.u10[at]).max() < 0.02
    assert np.corrcoef(centre["t2m"], made.t2m[at])[0, 1] > 0.999
    # Rain is delivered at the end of its hour and comes back to the hour it fell in.
    assert np.array_equal(centre["tp"].to_numpy() > 0.02, made.tp[at] > 0.02)
    assert np.abs(centre["tp"].to_numpy() - made.tp[at]).max() < 0.2


def test_weather_has_seasons_days_calms_and_stagnant_spells():
    weather = make_weather(SEED)
    day = (weather.local_hour >= 12) & (weather.local_hour < 16)
    assert weather.blh[day].mean() > 3 * weather.blh[weather.local_hour < 5].mean()
    assert weather.t2m[weather.season < -0.7].mean() - weather.t2m[weather.season > 0.7].mean() > 20
    speed = np.hypot(weather.u10, weather.v10)
    assert 0.03 < (speed < 0.5).mean() < 0.2
    assert 350 < weather.tp.sum() / 2 < 900  # mm a year
    assert weather.tp[weather.season < 0].sum() > 2 * weather.tp[weather.season > 0].sum()
    assert (weather.d2m <= weather.t2m).all()
    stagnant = weather.stagnation > 0.7
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate(([0], stagnant.astype(int), [0])))))[::2]
    assert runs.max() >= 48  # a spell lasts two days or more


def plumes_of(emission, places=((0, 0),)):
    return make_plumes(np.asarray(emission, float)[None], influence(1000.0, 1000.0), np.array(places))


def steady(u, v, n_day=1):
    n = 24 * n_day
    flat = np.ones(n)
    cell = np.full(n, wind_class(np.array(float(u)), np.array(float(v))))
    return Hours(np.repeat(np.arange(n_day), 24), cell, flat, {"industry": flat}, 0 * flat)


@pytest.fixture
def emission():
    field = np.zeros((41, 41))
    field[20, 20] = 100.0
    return field


def test_turning_the_wind_by_90_degrees_turns_the_plume_by_90(emission):
    plumes = plumes_of(emission)
    east = local_fields(steady(2.2, 0), 1, ["industry"], np.ones((1, 1)), plumes)[0]
    north = local_fields(steady(0, 2.2), 1, ["industry"], np.ones((1, 1)), plumes)[0]
    assert east[20, 30] > 20 * east[20, 10]
    np.testing.assert_allclose(np.rot90(east), north, atol=1e-9)


def test_doubling_an_emission_doubles_its_share_and_two_sources_add(emission):
    other = np.roll(emission, (5, -3), axis=(0, 1))
    one, two, both, twice = (
        local_fields(steady(1, 1), 1, ["industry"], np.ones((1, 1)), plumes_of(field))[0]
        for field in (emission, other, emission + other, 2 * emission)
    )
    np.testing.assert_allclose(both, one + two, atol=1e-9)
    np.testing.assert_allclose(twice, 2 * one, atol=1e-9)


def test_fields_are_the_slow_sum_over_sources(emission):
    emission[3, 35] = 40.0
    kernels = influence(1000.0, 1000.0)
    field = local_fields(steady(-2, 1), 1, ["industry"], np.ones((1, 1)), plumes_of(emission))[0]
    kernel = kernels[wind_class(np.array(-2.0), np.array(1.0))]
    slow = np.zeros_like(emission)
    for row, column in zip(*np.nonzero(emission), strict=True):
        for i in range(41):
            for j in range(41):
                di, dj = i - row, j - column
                if abs(di) <= REACH and abs(dj) <= REACH:
                    slow[i, j] += emission[row, column] * kernel[REACH + di, REACH + dj]
    np.testing.assert_allclose(field, slow, atol=1e-9)


def test_hours_at_a_station_average_to_the_day_of_its_pixel():
    rng = np.random.default_rng(3)
    maps = rng.random((2, 30, 30)) * (rng.random((2, 30, 30)) > 0.9)
    places = np.array([[4, 7], [29, 0], [15, 15]])
    plumes = make_plumes(maps, influence(900.0, 1100.0), places)
    days = np.arange("2025-03-01", "2025-03-06", dtype="datetime64[D]")
    hours = make_hours(make_weather(5), days)
    rhythms, factors = ["industry", "heating"], rng.random((2, len(days)))
    fields = local_fields(hours, len(days), rhythms, factors, plumes)
    series = local_hours(hours, rhythms, factors, plumes)
    np.testing.assert_allclose(series.reshape(5, 24, 3).mean(1), fields[:, places[:, 0], places[:, 1]], atol=1e-9)


def test_a_stronger_wind_dilutes():
    kernels = influence(1000.0, 1000.0)
    strong, weak = (kernels[wind_class(np.array(u), np.array(0.0))].sum() for u in (6.0, 1.2))
    assert weak > 3 * strong


def test_noise_is_smooth_and_of_unit_variance():
    noise = smooth_noise(np.random.default_rng(2), 300, (50, 60), 12)
    assert noise.std() == pytest.approx(1.0, abs=0.05)
    assert noise.std(axis=0).min() > 0.8  # nowhere quiet: no lattice of the coarse points shows
    near = np.corrcoef(noise[:, 20, 20], noise[:, 20, 22])[0, 1]
    far = np.corrcoef(noise[:, 20, 20], noise[:, 45, 50])[0, 1]
    assert near > 0.5 > abs(far) + 0.2


def test_a_changed_source_follows_its_steps():
    grown = next(source for source in make_sources(Region("demo", SEED), SEED) if "2025-10-01" in str(source.steps))
    days = np.array(["2024-06-01", "2025-09-30", "2025-10-01", "2025-12-31"], "datetime64[D]")
    assert grown.factor(days).tolist() == [0.45, 0.45, 1.0, 1.0]


def test_a_month_of_it_opens_and_is_kept_for_the_process():
    month = synthetic_month()
    assert month.month == LATEST_MONTH
    assert month.study.cells.sizes["cell"] == 144
    assert synthetic_month().study.path == month.study.path
    assert month.satellite.sizes["time"] == 92  # December, November, and December a year before
    assert month.weather.sizes["time"] == 92 * 24
    assert len(month.facilities) == 18


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"size": "huge"}, "size is 'huge'"), ({"months": 0}, "months is 0"), ({"months": 25}, "months is 25")],
)
def test_a_wrong_wish_is_refused(tmp_path, wrong, words):
    with pytest.raises(ValueError, match=words):
        write_study(tmp_path, **wrong)
    assert not any(tmp_path.iterdir())


def test_a_study_is_never_overwritten(small):
    before = digests(small)
    with pytest.raises(FileExistsError, match="already is a study"):
        write_study(small, size="small")
    assert digests(small) == before


def test_progress_sees_every_month(tmp_path):
    told = []

    def wrap(months):
        for month in months:
            told.append(str(month))
            yield month

    write_study(tmp_path / "short", months=2, progress=wrap)
    assert told == ["2025-11", "2025-12"]
    assert sorted(path.name for path in (tmp_path / "short" / "satellite").iterdir()) == [
        "pm25_2025-11.nc",
        "pm25_2025-12.nc",
    ]
