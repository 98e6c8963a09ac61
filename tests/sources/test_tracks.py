"""Mobile tracks (A7): samples kept or accounted for, cells by place, days that weigh alike, what is lacking."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.estimate.fine.tracks import track_cells
from hotspot.grid.datum import from_wgs84
from hotspot.grid.lattice import Grid
from hotspot.rules.criteria import Criteria
from hotspot.rules.sensors import Tracks
from hotspot.sources.intake import Intake
from hotspot.sources.stations.tracks import load_tracks
from hotspot.variables import DataError

GRID = Grid()
DAY = pd.Timedelta(days=1)


def drive(days, *, level=50.0, start="2020-03-02 01:00:00", lon=116.4012, n=20, device="car"):
    """One pass a day over one place: a sample every three seconds."""
    parts = []
    for number in range(days):
        time = pd.Timestamp(start) + number * DAY + pd.to_timedelta(np.arange(n) * 3, unit="s")
        value = level[number] if np.ndim(level) else level
        parts.append(pd.DataFrame({"device": device, "time": time, "lon": lon, "lat": 39.9043, "pm25": float(value)}))
    return pd.concat(parts, ignore_index=True)


def read(folder, **more):
    intake = Intake(folder)
    means = {"time_zone": "+08:00", "datum": "wgs84", "unit": "ug/m3"} | more
    tracks = load_tracks(folder, ["*.csv"], intake, **means)
    intake.check()
    return tracks, intake


@pytest.mark.parametrize(
    ("days", "more", "state"), [(1, 7, "too few"), (3, 5, "too few"), (4, 4, "preliminary"), (8, 0, "enough")]
)
def test_a7_says_how_many_drive_days_are_lacking(days, more, state):
    cells = track_cells(drive(days), GRID)
    assert len(cells) == 1
    row = cells.iloc[0]
    assert (row["n_days"], row["n_visits"], row["n_more"], row["state"]) == (days, days, more, state)
    assert ("enough" in row["statement"]) == (more == 0)


def test_a_restless_place_needs_more_days_than_the_least():
    level = np.array([20.0, 90, 30, 80, 25, 70, 40, 60])
    row = track_cells(drive(8, level=level), GRID).iloc[0]
    wanted = int(np.ceil((level.std(ddof=1) / (0.1 * level.mean())) ** 2))
    assert row["n_more"] == wanted - 8 > 10 and row["state"] == "preliminary"
    assert row["pm25_error"] == pytest.approx(level.std(ddof=1) / np.sqrt(8))


def test_days_weigh_alike_however_long_the_car_stood():
    tracks = pd.concat([drive(1, level=100.0, n=500), drive(1, level=40.0, start="2020-03-05 01:00:00", n=20)])
    row = track_cells(tracks, GRID).iloc[0]
    assert row["pm25"] == pytest.approx(70.0) and row["n_samples"] == 520


def test_a_return_after_the_pause_is_another_visit_of_the_same_day():
    tracks = pd.concat([drive(1), drive(1, start="2020-03-02 01:10:00"), drive(1, start="2020-03-02 03:00:00")])
    assert track_cells(tracks, GRID)[["n_visits", "n_days"]].values.tolist() == [[2, 1]]


def test_a_drive_day_is_a_local_day_and_a_glance_is_none():
    late = drive(1, start="2020-03-02 15:59:50", n=10)  # 23:59:50 to 00:00:17 in Beijing
    row = track_cells(late, GRID).iloc[0]
    assert row["n_days"] == 1 and row["n_samples"] == 10  # four samples before midnight make no drive-day
    assert track_cells(late, GRID, utc_offset=0.0).iloc[0]["n_days"] == 1
    glance = track_cells(drive(1, n=4), GRID).iloc[0]
    assert glance["n_days"] == 0 and np.isnan(glance["pm25"]) and glance["n_more"] == 8


def test_background_of_the_hour_is_taken_off():
    time = pd.date_range("2020-03-02", periods=24 * 12, freq="h")
    town = np.where(np.arange(24 * 12) // 24 % 2 == 0, 30.0, 90.0)
    place = {"station": ["r"], "lon": ("station", [116.4]), "lat": ("station", [39.9]), "time": time}
    background = xr.Dataset({"pm25": (("station", "time"), town[None])}, place)
    level = np.where(np.arange(8) % 2 == 0, 30.0, 90.0) + 15.0
    plain = track_cells(drive(8, level=level), GRID).iloc[0]
    clean = track_cells(drive(8, level=level), GRID, background=background).iloc[0]
    assert plain["pm25"] == clean["pm25"] == 75.0 and plain["n_more"] > 0
    assert clean["pm25_error"] == pytest.approx(0.0, abs=1e-9) and clean["n_more"] == 0


def test_cells_are_the_lattice_s():
    tracks = pd.concat([drive(1, lon=116.4012), drive(1, lon=116.5012, start="2020-03-02 02:00:00")])
    cells = track_cells(tracks, GRID)
    assert cells["sub_cell"].tolist() == sorted(
        str(code) for code in np.unique(np.asarray(GRID.child(tracks["lon"].to_numpy(), tracks["lat"].to_numpy())))
    )
    back = np.asarray(GRID.child(cells["lon"].to_numpy(), cells["lat"].to_numpy()))
    assert back.tolist() == cells["sub_cell"].tolist()
    assert [code.split("-")[0] for code in cells["sub_cell"]] == cells["cell"].tolist()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 500))
def test_samples_are_conserved_and_their_order_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    tracks = pd.concat([drive(2, device=d, lon=116.4 + 0.004 * k, level=[40, 60]) for k, d in enumerate("abc")])
    shuffled = tracks.iloc[rng.permutation(len(tracks))]
    want, got = track_cells(tracks, GRID), track_cells(shuffled, GRID)
    pd.testing.assert_frame_equal(want, got)
    assert want["n_samples"].sum() == len(tracks)


def test_criteria_decide():
    rule = Criteria(tracks=Tracks(drive_days=4))
    assert track_cells(drive(4), GRID, criteria=rule).iloc[0]["state"] == "enough"
    with pytest.raises(DataError, match="no sample"):
        track_cells(drive(1).iloc[:0], GRID)


# Reading ---------------------------------------------------------------------------------------------------------

GOOD = "2020-03-05 09:00:00,116.4012,39.9043,55\n2020-03-05 09:00:03,116.4015,39.9043,57\n"


def test_every_row_is_used_a_duplicate_or_quarantined(tmp_path):
    (tmp_path / "car.csv").write_text(
        "time,lon,lat,PM2.5\n" + GOOD + "2020-03-05 09:00:03,116.4015,39.9043,57\n"  # again
        "2020-03-05 09:00:06,117.4012,39.9043,58\n"  # the receiver jumped 85 km
        "2020-03-05 09:00:09,116.4018,39.9043,59\n"
        "2020-03-05 09:00:12,116.4018,39.9043,60\n2020-03-05 09:00:12,116.4018,39.9043,70\n"  # contradiction
        "yesterday,116.4018,39.9043,60\n1970-01-01 00:00:00,116.4018,39.9043,60\n"
        "2020-03-05 09:00:15,39.9043,116.4018,60\n2020-03-05 09:00:18,116.4018,39.9043,-70\n"
        "2020-03-05 09:00:21,116.4018,39.9043,abc\n2020-03-05 09:00:24,116.4018,39.9043,\n"
    )
    tracks, intake = read(tmp_path)
    assert tracks["pm25"].tolist() == [55.0, 57.0, 59.0]
    assert tracks["time"].tolist()[0] == pd.Timestamp("2020-03-05 01:00:00")
    counts = intake.counts
    assert (counts["read"], counts["used"], counts["duplicates"], counts["quarantined"]) == (13, 3, 1, 9)
    assert all(entry.raw for entry in intake.quarantine)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99))
def test_splitting_and_duplicating_files_changes_no_sample(tmp_path_factory, seed):
    rng = np.random.default_rng(seed)
    lines = [f"c1,2020-03-05 09:{m:02d}:00,{116.4012 + 0.001 * m:.4f},39.9043,{50 + m}" for m in range(20)]
    told = []
    for split in (False, True):
        folder = tmp_path_factory.mktemp("tracks")
        order = [lines[k] for k in rng.permutation(20)] if split else lines
        parts = [order[:7], order[5:]] if split else [order]
        for number, part in enumerate(parts):
            (folder / f"{number}.csv").write_text("device,time,lon,lat,pm25\n" + "\n".join(part) + "\n")
        told.append(read(folder)[0])
    pd.testing.assert_frame_equal(*told)


def test_the_map_datum_moves_samples_by_hundreds_of_metres(tmp_path):
    lon, lat = from_wgs84(np.array([116.4012, 116.4015]), np.array([39.9043, 39.9043]), "gcj02")
    (tmp_path / "car.csv").write_text(
        "time,lon,lat,pm25\n" + "".join(f"2020-03-05 09:00:0{k},{lon[k]:.7f},{lat[k]:.7f},55\n" for k in range(2))
    )
    np.testing.assert_allclose(read(tmp_path, datum="gcj02")[0]["lon"], [116.4012, 116.4015], atol=1e-6)
    assert abs(read(tmp_path)[0]["lon"][0] - 116.4012) > 0.005
    for lacking in ("datum", "time_zone", "unit"):
        with pytest.raises(DataError, match="unit" if lacking == "unit" else f"the {lacking} is not declared"):
            read(tmp_path, **{lacking: None})
