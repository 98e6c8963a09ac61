"""Planted episodes are found within the budget; alarms reach the ledger once and can be answered."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.ledger.answers.alarms import alarm_bodies, answers, record_alarms
from hotspot.ledger.chain.store import open_ledger
from hotspot.quality.hours.neighbours import nearest
from hotspot.rank.alarm.alarms import naive_hours
from hotspot.rules.alarming import Alarms
from hotspot.study import load_study
from hotspot.synthetic.study import synthetic_month
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import record_feedback_file
from hotspot.workflows.hourly.alarms import _alone, derive_alarms, period_bounds, run_alarms

MONTHS = ("2025-11", "2025-12")


@pytest.fixture(scope="module")
def demo(written_demo):
    return load_study(written_demo, data=written_demo.parent)


@pytest.fixture(scope="module")
def watched(demo):
    return {month: derive_alarms(demo, month) for month in MONTHS}


def truth(study, name):
    return pd.read_csv(study.root / "truth" / name, parse_dates=["start", "end"])


def overlapping(table, row):
    return table[(table["cell"] == row.cell) & (table["start"] < row.end) & (table["end"] > row.start)]


def truly_above(study):
    """By true concentrations, per hour and cell: was any of its stations above the floor and its neighbours?"""
    hours = pd.read_parquet(study.root / "truth" / "micro_hours.parquet")
    levels = hours.pivot(index="time", columns="station", values="pm25")
    places = pd.read_csv(study.root / "micro" / "stations.csv").set_index("站点编号").loc[levels.columns]
    lon, lat, names = places["经度"].to_numpy(), places["纬度"].to_numpy(), levels.columns.to_numpy(object)
    rule = study.criteria.alarms
    near, _ = nearest(
        lon, lat, lon, lat, count=rule.neighbours, within_km=rule.neighbour_km, names=names, names_other=names
    )
    values = levels.to_numpy().T
    around = np.nanmedian(np.where((near >= 0)[:, :, None], values[near], np.nan), axis=1)
    above = pd.DataFrame(((values >= rule.ratio * around) & (values >= rule.floor)).T, levels.index, levels.columns)
    cell = pd.read_csv(study.root / "truth" / "micro_stations.csv").set_index("station")["cell"]
    return above.T.groupby(cell).any().T


def test_stations_that_stand_alone_are_named():
    """A thin network pushed nothing, and nothing said that it could not."""
    lon = [115.0, 115.01, 115.02, 115.03, 116.0]
    hours = xr.Dataset(
        {"pm25": (("station", "time"), np.ones((5, 2)))},
        coords={"station": list("abcde"), "lon": ("station", lon), "lat": ("station", [30.0] * 5)},
    )
    assert _alone(hours, Alarms()).startswith("1 of 5 stations (e) have fewer than 3 neighbours within 15 km: no alarm")
    assert _alone(hours.isel(station=slice(4)), Alarms()) == ""


def test_planted_episodes_are_found_and_nearly_every_alarm_is_true(demo, watched, capsys):
    episodes, above = truth(demo, "episodes.csv"), truly_above(demo)
    n_found = n_planted = n_true = n_pushed = 0
    lines = []
    for month, got in watched.items():
        first, last = period_bounds(month)
        planted = episodes[(episodes["start"] >= first) & (episodes["start"] < last)]
        pushed = got["alarms"][got["alarms"]["state"] == "pushed"]
        found = [len(overlapping(pushed, row)) > 0 for row in planted.itertuples()]
        by_plan = [len(overlapping(episodes, row)) > 0 for row in pushed.itertuples()]
        by_air = [
            bool(above.loc[row.start : row.end - pd.Timedelta(hours=1), row.cell].any()) for row in pushed.itertuples()
        ]
        lines.append(
            f"{month}: load {got['load']:.2f}, pushed {len(pushed)}, planted {sum(by_plan)}, "
            f"true {sum(a or b for a, b in zip(by_plan, by_air, strict=True))}, found {sum(found)} of {len(planted)}, "
            f"published rule {got['naive']} h"
        )
        n_found, n_planted = n_found + sum(found), n_planted + len(planted)
        n_true += sum(a or b for a, b in zip(by_plan, by_air, strict=True))
        n_pushed += len(pushed)
        assert abs(got["load"] - demo.criteria.alarms.budget) <= 0.3
        assert got["naive"] > 20 * got["load"]  # hours of the published rule against alarms of ours
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert n_true / n_pushed >= 0.95
    assert n_found / n_planted >= 0.5


def test_the_worst_cell_of_the_city_is_a_persistent_high_and_no_broken_station_is(demo, watched, capsys):
    faults = truth(demo, "micro_faults.csv")
    station = pd.read_csv(demo.root / "truth" / "micro_stations.csv").set_index("sub_cell")["station"]
    for month, got in watched.items():
        listed = got["persistent"][got["persistent"]["state"] == "persistent"]
        with capsys.disabled():
            print(f"\n{month}: {len(listed)} persistent, {got['persistent_load']:.2f} per cell and week")
        for row in listed.itertuples():
            own = faults[faults["station"] == station[row.sub_cell]]
            assert own[(own["start"] < row.week + pd.Timedelta(days=7)) & (own["end"] > row.week)].empty, row
            assert row.hours >= 17 and row.days >= 3 and row.ratio >= 1.5
    assert "NP7413Z" in set(watched["2025-12"]["persistent"]["cell"])


@pytest.mark.parametrize(("name", "month"), [("wuhan-2020", "2020-12"), ("beijing-2016", "2016-12")])
def test_reference_stations_of_real_cities_may_alarm(shared, capsys, name, month):
    study = load_study(Path(__file__).parents[2] / "data" / "studies" / f"{name}.toml", data=shared)
    with pytest.raises(DataError, match=r'roles = \["micro", "reference"\]'):
        derive_alarms(study, month)
    rules = study.criteria.alarms.model_copy(update={"roles": ("micro", "reference")})
    study = study.model_copy(update={"criteria": study.criteria.model_copy(update={"alarms": rules})})
    got = derive_alarms(study, month)
    pushed = got["alarms"][got["alarms"]["state"] == "pushed"]
    with capsys.disabled():
        print(f"\n{name} {month}: {got['n_cell']} cells, {len(pushed)} pushed, load {got['load']:.2f}")
        print(pushed[["start", "cell", "station", "hours", "peak", "ratio"]].head(3).to_string(index=False))
    assert len(pushed) and pushed["station"].str.len().min() > 0
    assert got["load"] <= 1.8


def test_no_broken_instrument_is_pushed(demo, watched):
    faults = truth(demo, "micro_faults.csv")
    station = pd.read_csv(demo.root / "truth" / "micro_stations.csv").set_index("sub_cell")["station"]
    sudden = faults[faults["kind"].isin(["spike", "saturation", "zero_run", "flat_line"])]
    episodes = truth(demo, "episodes.csv")
    n = 0
    for got in watched.values():
        for row in got["alarms"].itertuples():
            own = sudden[(sudden["station"] == station[row.sub_cell])]
            hit = own[(own["start"] < row.end) & (own["end"] > row.start)]
            if len(hit) and not len(overlapping(episodes, row)):
                n += 1
                assert row.state != "pushed", row
    assert n >= 10


def test_fireworks_of_the_last_evening_are_not_pushed(watched):
    alarms = watched["2025-12"]["alarms"]
    evening = alarms[alarms["start"] >= "2025-12-31 19:00"]
    assert len(evening) and (evening["state"] != "pushed").all()
    assert evening["why"].str.startswith("fireworks").any()


def test_a_day_is_a_part_of_its_month(demo, watched):
    month = watched["2025-12"]["alarms"]
    day = month["start"].dt.strftime("%Y-%m-%d").value_counts().index[0]
    alone = derive_alarms(demo, day)["alarms"]
    inside = month[month["start"].dt.strftime("%Y-%m-%d") == day].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, inside)


# the small study: products, ledger, shell


@pytest.fixture(scope="module")
def small():
    return synthetic_month(size="small").study


def test_a_rerun_changes_no_byte_and_no_entry(small, tmp_path):
    first = run_alarms(small, "2025-12", out=tmp_path, letter=True)
    bytes_ = {path.name: path.read_bytes() for path in (tmp_path / small.id / "alarms" / "2025-12").iterdir()}
    again = run_alarms(small, "2025-12", out=tmp_path, letter=True)
    assert first["ledger"]["new"] == len(first["alarms"]) > 0
    assert again["ledger"] == {"new": 0, "revised": 0, "unchanged": len(first["alarms"]), "withdrawn": 0}
    assert bytes_ == {path.name: path.read_bytes() for path in (tmp_path / small.id / "alarms" / "2025-12").iterdir()}
    with open_ledger(tmp_path / small.id / "ledger.sqlite") as ledger:
        assert ledger.verify() == len(first["alarms"])


def test_feedback_answers_an_alarm_before_its_month_is_published(small, tmp_path):
    alarm = run_alarms(small, "2025-12", out=tmp_path)["alarms"][0]
    visit = {"month": "2025-12", "cell": alarm["cell"], "by": "张三", "text": "裸土", "alarm": alarm["alarm"]}
    late = str(pd.Timestamp(alarm["start"]) + pd.Timedelta(hours=2))
    early = str(pd.Timestamp(alarm["start"]) - pd.Timedelta(hours=2))
    rows = [visit | {"time": late}, visit | {"time": early}, visit | {"time": late, "alarm": "A2025120100-XX0000X"}]
    file = tmp_path / "visits.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    answer = record_feedback_file(small, file, out=tmp_path)
    assert answer["counts"] == {"recorded": 1, "repeated": 0, "quarantined": 2}
    with open_ledger(tmp_path / small.id / "ledger.sqlite") as ledger:
        assert [body["text"] for body in answers(ledger)[alarm["alarm"]]] == ["裸土"]
    run_alarms(small, "2025-12", out=tmp_path, letter=True)
    tables = [pd.read_csv(path) for path in (tmp_path / small.id / "alarms" / "2025-12").glob("letter-*.csv")]
    assert pd.concat(tables).set_index("alarm")["feedback"][alarm["alarm"]] == 1


def test_case_61_late_data_revise_an_alarm_and_withdraw_another(tmp_path):
    def one(name, hours):
        start = pd.Timestamp("2025-12-01 05:00")
        return {
            "alarm": name, "cell": name[-7:], "sub_cell": f"{name[-7:]}-07", "start": start, "peak": 180.0,
            "end": start + pd.Timedelta(hours=hours), "hours": hours, "state": "pushed", "why": "",
        }  # fmt: skip

    day = ("2025-12-01", "2025-12-02")
    a, b = "A2025120105-PR1847K", "A2025120105-PR1848H"
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        record_alarms(ledger, pd.DataFrame([one(a, 2), one(b, 2)]), day)
        counts = record_alarms(ledger, pd.DataFrame([one(a, 3)]), day)
        assert counts == {"new": 0, "revised": 1, "unchanged": 0, "withdrawn": 1}
        assert len(ledger.entries("alarm")) == 4  # nothing is taken out
        assert (alarm_bodies(ledger)[a]["hours"], alarm_bodies(ledger)[b]["state"]) == (3, "withdrawn")
        again = record_alarms(ledger, pd.DataFrame([one(a, 3)]), day)
        assert again["unchanged"] == 1 and again["withdrawn"] == 0
        other_day = record_alarms(ledger, pd.DataFrame([one(a, 3)]).iloc[:0], ("2025-12-02", "2025-12-03"))
        assert other_day["withdrawn"] == 0


def test_the_command_prints_words_or_json_and_refuses_no_period(small, tmp_path):
    runner = CliRunner()
    common = ["--study", str(small.path), "--data", str(small.root), "--out", str(tmp_path)]
    told = runner.invoke(app, ["alarms", "2025-12", *common, "--letter", "--json"])
    assert told.exit_code == 0, told.output
    answer = json.loads(told.stdout)
    assert sum(answer["counts"].values()) == len(answer["alarms"]) and any("letter-" in f for f in answer["files"])
    words = runner.invoke(app, ["alarms", answer["alarms"][0]["start"][:10], *common])
    assert words.exit_code == 0 and "published rule alone" in words.stdout
    with pytest.raises(ValueError, match="no month and no day"):
        run_alarms(small, "2025-13", out=tmp_path)
    with pytest.raises(DataError, match=r"no station of the roles|nothing was delivered"):
        run_alarms(small, "2024-06", out=tmp_path)


def test_the_published_rule_on_the_synthetic_network(watched, demo):
    table = naive_hours(watched["2025-12"]["stations"], criteria=demo.criteria, floor=75.0, min_hours=2)
    assert table["hours_per_month"].mean() < watched["2025-12"]["naive"]
