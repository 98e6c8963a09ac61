"""The lake: exactly once, revisions kept, kill-safe, equal bytes, months and changes."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hotspot.lake import filling as writing
from hotspot.lake.filling import add_to_lake
from hotspot.lake.reading import lake_changes, lake_months, open_lake, receipts
from hotspot.quality.means.changes import monthly_changes
from hotspot.sources.intake import Intake
from hotspot.study import Stations
from hotspot.variables import DataError

HEADER = "time,station,lon,lat,PM2.5,PM10\n"
PLACES = {"a": "116.397,39.909", "b": "116.452,39.953"}


def delivery(pattern="*.csv"):
    return Stations(
        layout="long", files=[pattern], unit="ug/m3", time_zone="+08:00", hour_label="start", datum="wgs84"
    )  # fmt: skip


def day(folder, name, rows):
    """A delivered CSV of (local hour, station, pm25, pm10) rows."""
    lines = [f"{hour},{station},{PLACES[station]},{pm25},{pm10}\n" for hour, station, pm25, pm10 in rows]
    (folder / name).write_text(HEADER + "".join(lines))


def add(folder, pattern="*.csv"):
    return add_to_lake(folder / "lake", delivery(pattern), folder, Intake(folder), utc_offset=8)


def tree(lake):
    return {p.relative_to(lake).as_posix(): p.read_bytes() for p in sorted(lake.rglob("*")) if p.is_file()}


def test_a_redelivery_under_any_name_changes_no_byte(tmp_path):
    day(tmp_path, "d1.csv", [("2020-03-01 00:00", "a", 35.5, 60), ("2020-03-01 01:00", "b", 41, 70)])
    assert [one["status"] for one in add(tmp_path)] == ["added"]
    before = tree(tmp_path / "lake")
    (tmp_path / "again.csv").write_bytes((tmp_path / "d1.csv").read_bytes())
    assert [one["status"] for one in add(tmp_path)] == ["known", "known"]
    assert tree(tmp_path / "lake") == before


def test_late_rows_make_a_revision_and_the_old_one_can_be_read(tmp_path):
    day(tmp_path, "d1.csv", [("2020-03-01 00:00", "a", 35, 60), ("2020-03-01 01:00", "a", 36, 61)])
    day(tmp_path, "d2.csv", [("2020-03-01 01:00", "a", 46, 61), ("2020-03-01 02:00", "b", 50, "")])
    first, second = add(tmp_path)
    assert (first["new"], first["changed"]) == (2, 0)
    assert (second["new"], second["same"], second["changed"]) == (1, 0, 1)
    months = lake_months(tmp_path / "lake")
    assert months.loc[0, ["month", "revision", "hours", "changed"]].tolist() == ["2020-03", 2, 3, 1]
    old, new = (open_lake(tmp_path / "lake", ["2020-03"], upto=n).pm25.values for n in (1, 2))
    np.testing.assert_array_equal(old[0, :3], [35, 36, np.nan])
    np.testing.assert_array_equal(new[:, :3], [[35, 46, np.nan], [np.nan, np.nan, 50]])
    changes = lake_changes(tmp_path / "lake", "2020-03")
    assert changes[["delivery", "station", "variable", "before", "after"]].to_numpy().tolist() == [
        [2, "a", "pm25", 36.0, 46.0]
    ]
    assert changes.time[0] == pd.Timestamp("2020-02-29T17:00")
    assert lake_changes(tmp_path / "lake", "2020-03", since=2).empty


def test_silence_takes_nothing_back_and_the_same_value_is_counted_as_same(tmp_path):
    day(tmp_path, "d1.csv", [("2020-03-01 00:00", "a", 35, 60), ("2020-03-01 01:00", "a", 36, 61)])
    day(tmp_path, "d2.csv", [("2020-03-01 00:00", "a", 35, ""), ("2020-03-01 01:00", "a", "", 99)])
    _, second = add(tmp_path)
    assert (second["hours"], second["new"], second["same"], second["changed"]) == (2, 0, 1, 1)
    now = open_lake(tmp_path / "lake", ["2020-03"])
    assert now.pm25.values[0, :2].tolist() == [35, 36] and now.pm10.values[0, :2].tolist() == [60, 99]


def test_months_are_local_and_a_file_may_hold_two(tmp_path):
    day(tmp_path, "d1.csv", [("2020-02-29 23:00", "a", 10, 20), ("2020-03-01 00:00", "a", 11, 21)])
    add(tmp_path)
    assert lake_months(tmp_path / "lake").month.tolist() == ["2020-02", "2020-03"]
    both = open_lake(tmp_path / "lake")
    assert both.sizes["time"] == (29 + 31) * 24 and both.pm25.chunks[1] == (29 * 24, 31 * 24)
    assert both.pm25.values[0, 29 * 24 - 1 : 29 * 24 + 1].tolist() == [10, 11]
    assert str(both.time.values[29 * 24])[:13] == "2020-02-29T16"


@pytest.mark.parametrize("dies_at", range(1, 7))
def test_a_killed_run_leaves_nothing_half_done(tmp_path, monkeypatch, dies_at):
    day(tmp_path, "d1.csv", [("2020-02-29 23:00", "a", 10, 20), ("2020-03-01 00:00", "a", 11, 21)])
    day(tmp_path, "d2.csv", [("2020-03-01 01:00", "b", 12, 22)])
    add(tmp_path, "d1.csv")
    whole = receipts(tmp_path / "lake")
    real, calls = writing.write_whole, []

    def dying(path, data):
        calls.append(path)
        if len(calls) == dies_at:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f".{path.name}.draft").write_bytes(data[:7])  # the power went here
            raise KeyboardInterrupt
        real(path, data)

    monkeypatch.setattr("hotspot.lake.filling.write_whole", dying)
    monkeypatch.setattr("hotspot.lake.parts.write_whole", dying)
    done = True
    try:
        add(tmp_path)
    except KeyboardInterrupt:
        done = False
        assert receipts(tmp_path / "lake") == whole
        assert open_lake(tmp_path / "lake", ["2020-03"]).sizes["station"] == 1
    assert done == (dies_at > 3)  # a part, its places, the receipt
    monkeypatch.undo()
    add(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    for name in ("d1.csv", "d2.csv"):
        (other / name).write_bytes((tmp_path / name).read_bytes())
    add(other)
    assert tree(tmp_path / "lake") == tree(other / "lake")


def test_conservation_of_every_row(tmp_path):
    day(
        tmp_path, "d1.csv",
        [
            ("2020-03-01 00:00", "a", 35, 60), ("2020-03-01 00:00", "a", 35, 60),
            ("2020-03-01 01:00", "a", "bad", "bad"),
            ("2020-03-01 02:00", "b", 1, 2), ("2020-03-01 02:00", "b", 3, 2), ("2020-03-01 03:00", "b", 5, 6),
        ],
    )  # fmt: skip
    intake = Intake(tmp_path)
    (one,) = add_to_lake(tmp_path / "lake", delivery(), tmp_path, intake, utc_offset=8)
    assert one["read"] == one["used"] + one["duplicates"] + one["quarantined"] == 6
    assert one["hours"] == one["new"] + one["same"] + one["changed"] == 2
    assert one["used"] == one["hours"] and one["duplicates"] == 1 and one["quarantined"] == 3


@settings(max_examples=15, deadline=None)
@given(data=some.data())
def test_order_and_splitting_of_rows_change_no_value(data, tmp_path_factory):
    hours = data.draw(some.lists(some.integers(0, 47), min_size=1, max_size=20, unique=True))
    rows = [(f"2020-03-{1 + h // 24:02d} {h % 24:02d}:00", "ab"[h % 2], 30 + h / 8, 60 + h) for h in hours]
    shuffled = data.draw(some.permutations(rows))
    cut = data.draw(some.integers(0, len(rows) - 1))
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    day(one, "d.csv", rows)
    for number, part in enumerate((shuffled[:cut], shuffled[cut:])):
        if part:
            day(two, f"d{number}.csv", part)
    add(one), add(two)
    a, b = (open_lake(f / "lake").compute() for f in (one, two))
    for name in ("pm25", "pm10"):
        np.testing.assert_array_equal(a[name].values, b[name].values)
    assert a.station.values.tolist() == b.station.values.tolist()


def test_a_station_that_moved_goes_on_under_a_new_name(tmp_path):
    day(tmp_path, "d1.csv", [("2020-03-01 00:00", "a", 35, 60)])
    add(tmp_path)
    (tmp_path / "d2.csv").write_text(HEADER + "2020-03-02 00:00,a,116.803,39.909,36,61\n")
    intake = Intake(tmp_path)
    add_to_lake(tmp_path / "lake", delivery(), tmp_path, intake, utc_offset=8)
    (tmp_path / "d3.csv").write_text(HEADER + "2020-03-03 00:00,a,116.803,39.909,37,61\n")
    add(tmp_path)
    now = open_lake(tmp_path / "lake")
    assert now.station.values.tolist() == ["a", "a@2"] and now.lon.values.tolist() == [116.397, 116.803]
    assert np.isfinite(now.pm25.values).sum(axis=1).tolist() == [1, 2]
    assert any("stands elsewhere" in note for note in intake.notes)


def test_what_is_no_sound_lake_is_refused(tmp_path):
    day(tmp_path, "d1.csv", [("2020-03-01 00:00", "a", 35, 60)])
    add(tmp_path)
    lake = tmp_path / "lake"
    with pytest.raises(DataError, match="local time"):
        add_to_lake(lake, delivery(), tmp_path, Intake(tmp_path), utc_offset=6)
    with pytest.raises(DataError, match="so2 was never delivered"):
        open_lake(lake, variables=["so2"])
    with pytest.raises(DataError, match="no lake"):
        open_lake(tmp_path)
    part = next(lake.glob("month=*/*.parquet"))
    kept = part.read_bytes()
    part.write_bytes(kept[:-1] + b"x")
    with pytest.raises(DataError, match="not what its receipt says"):
        open_lake(lake).compute()
    part.unlink()
    with pytest.raises(DataError, match="missing"):
        open_lake(lake).compute()
    receipt = next((lake / "deliveries").glob("*.json"))
    receipt.write_text(json.dumps(json.loads(receipt.read_text()) | {"number": 2}))
    with pytest.raises(DataError, match="receipt of delivery 1 is missing"):
        open_lake(lake)


def test_monthly_changes_follow_the_rules_of_validity(tmp_path):
    rng = np.random.default_rng(0)
    truth = {}
    for month, level in (("2019-02", 80.0), ("2020-01", 60.0), ("2020-02", 40.0)):
        n_day = pd.Period(month).days_in_month
        hours = pd.date_range(month, periods=n_day * 24, freq="h")
        values = {s: (level + rng.normal(0, 5, len(hours))).round(1) for s in "ab"}
        values["b"][: 24 * 6] = np.nan if month == "2020-02" else values["b"][: 24 * 6]
        rows = [(str(t)[:16], s, v[i], 90) for s, v in values.items() for i, t in enumerate(hours) if np.isfinite(v[i])]
        day(tmp_path, f"{month}.csv", rows)
        truth[month] = {s: v.reshape(n_day, 24).mean(axis=1) for s, v in values.items()}
    add(tmp_path)
    out = monthly_changes(tmp_path / "lake", ["2020-02"])
    a = out.sel(station="a").isel(time=0)
    now, before, year = (truth[m]["a"].mean() for m in ("2020-02", "2020-01", "2019-02"))
    np.testing.assert_allclose(
        [a.pm25, a.month_on_month, a.year_on_year], [now, (now / before - 1) * 100, (now / year - 1) * 100]
    )
    b = out.sel(station="b").isel(time=0)
    assert not b.valid and "valid days" in str(b.why.values) and np.isnan(b.month_on_month) and np.isnan(b.year_on_year)
    assert int(b.n_valid) == 23


def test_the_command_fills_a_lake_that_downscale_reads(tmp_path, small_study):
    from typer.testing import CliRunner

    import hotspot as hs
    from hotspot.cli import app

    study = hs.load_study(small_study)
    arguments = ["lake", str(tmp_path / "lake"), "--study", str(study.path), "--json"]
    first, second = (json.loads(CliRunner().invoke(app, arguments).stdout) for _ in range(2))
    assert first["added"] == second["known"] > 0 and second["added"] == 0
    assert first["hours"] == first["new"] + first["same"] + first["changed"] > 10_000
    month = first["months"][-1]["month"]
    stations = open_lake(tmp_path / "lake", [month], variables=["pm25"])
    place = np.isin(
        study.cells.cell.values, study.grid.code(*study.grid.locate(stations.lon.values, stations.lat.values))
    )
    cells = study.cells.isel(cell=np.flatnonzero(place))
    lazy = hs.downscale(stations, cells, criteria=study.criteria)
    assert lazy.pm25.chunks is not None and lazy.sizes["sub_cell"] == 36 * cells.sizes["cell"]
    eager = hs.downscale(stations.compute(), cells, criteria=study.criteria)
    np.testing.assert_array_equal(lazy.pm25.values, eager.pm25.values)
