"""The hourly run: each file once, whatever kills it, late and repeated files, a state that stops growing."""

import shutil
import signal

import pandas as pd
import pytest
from typer.testing import CliRunner
from under_faults import under_faults

from hotspot.cli import app
from hotspot.ledger.chain.store import open_ledger
from hotspot.rank.alarm import state
from hotspot.study import Decisions, load_study
from hotspot.synthetic.study import synthetic_month
from hotspot.variables import DataError
from hotspot.workflows.hourly import follow
from hotspot.workflows.hourly.follow import follow_alarms

HOURS = 12  # of December, delivered one by one


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    """The small study, and November as one file and hours of December as one each."""
    root = tmp_path_factory.mktemp("follow") / "data"
    shutil.copytree(synthetic_month(size="small").study.root, root)
    rows = pd.read_csv(root / "micro" / "micro_2025-12.csv", dtype=str, keep_default_na=False)
    parts = [part for _, part in rows.groupby("监测时间", sort=True)][:HOURS]
    return load_study(root / "study.toml"), root / "micro" / "micro_2025-11.csv", parts


def deliver(study, name, part):
    folder = study.root / "live"
    folder.mkdir(exist_ok=True)
    if isinstance(part, pd.DataFrame):
        part.to_csv(folder / name, index=False)
    else:
        shutil.copy(part, folder / name)
    return folder


def own_study(delivered, folder):
    """A copy of the study whose files no other test sees."""
    shutil.copytree(delivered[0].root, folder / "data", ignore=shutil.ignore_patterns("live"))
    return load_study(folder / "data" / "study.toml", data=folder / "data")


@pytest.fixture
def study(delivered):
    yield delivered[0]
    shutil.rmtree(delivered[0].root / "live", ignore_errors=True)


def entries(study, out):
    with open_ledger(out / study.id / "ledger.sqlite") as ledger:
        ledger.verify()
        return [entry.body for entry in ledger.entries("alarm")]


def files(study, out):
    home = out / study.id / "alarms" / "follow"
    return {path.name: path.read_bytes() for path in sorted(home.iterdir()) if path.name != "lock"}


def test_hours_are_taken_once_and_repeated_or_late_ones_change_nothing(study, delivered, tmp_path):
    _, november, parts = delivered
    folder = deliver(study, "a.csv", november)
    first = follow_alarms(study, folder, out=tmp_path)
    assert first["taken"] == ["a.csv"] and first["judged"] == 720
    assert first["counts"]["pushed"] > 0 and first["ledger"]["new"] == len(first["alarms"])
    sizes = []
    for at, part in enumerate(parts):
        folder = deliver(study, f"h{at:03d}.csv", part)
        got = follow_alarms(study, folder, out=tmp_path)
        assert got["judged"] == 1 and got["taken"] == [f"h{at:03d}.csv"] and got["ledger"]["withdrawn"] == 0
        sizes.append(len(files(study, tmp_path)["state.npz"]))
    before, told = files(study, tmp_path), entries(study, tmp_path)
    again = follow_alarms(study, folder, out=tmp_path)
    assert (again["taken"], again["known"], again["judged"]) == ([], 1 + HOURS, 0)
    deliver(study, "again.csv", parts[3])
    assert follow_alarms(study, folder, out=tmp_path)["known"] == 2 + HOURS
    assert files(study, tmp_path) == before and entries(study, tmp_path) == told
    late = parts[5].assign(**{"PM2.5(ug/m3)": "999"})
    deliver(study, "late.csv", late)
    got = follow_alarms(study, folder, out=tmp_path)
    assert got["late"] >= len(late) - 1 and got["judged"] == 0 and entries(study, tmp_path) == told
    (folder / "broken.csv").write_text("nothing\n1\n", encoding="utf-8")
    got = follow_alarms(study, folder, out=tmp_path)
    assert len(got["refused"]) == 1 and follow_alarms(study, folder, out=tmp_path)["refused"] == []


def test_a_station_that_would_stop_a_month_is_set_aside_until_somebody_signs(delivered, tmp_path):
    """In mg/m3 the rest of the network would look a thousandfold; the other way round it would alarm for ever."""
    study = own_study(delivered, tmp_path)
    rows = pd.read_csv(delivered[1], dtype=str, keep_default_na=False)
    ids, late = rows["站点编号"].unique(), rows["监测时间"] >= "2025-11-20"
    wrong = rows.copy()
    wrong.loc[late & (rows["站点编号"] == ids[0]), "PM2.5(ug/m3)"] = "0.04"
    told = follow_alarms(study, deliver(study, "a.csv", wrong), out=tmp_path / "wrong")
    assert list(told["aside"]) == [ids[0]] and "(scale)" in told["aside"][ids[0]]
    assert "1 stations set aside by the gate" in told["sentences"][0]
    (line,) = (one for one in told["sentences"] if one.startswith("set aside: "))
    assert (
        line.endswith(f"{ids[0]},2025-11-21,pm25,SIGNER,REASON,keep,2025-11-30,scale") and "mend the delivery" in line
    )
    memory = state.load((tmp_path / "wrong" / study.id / "alarms/follow/state.npz").read_bytes(), study.criteria.alarms)
    row = memory.stations.tolist().index(ids[0])
    assert memory.doubt[row].all() and not memory.doubt[row - 1].all(), "what came in one pass with it does not count"
    # Every pass says it, asked again or not; the other stations' alarms are those of a network without it.
    deliver(study, "h000.csv", delivered[2][0])
    again = follow_alarms(study, study.root / "live", out=tmp_path / "wrong")
    assert list(again["aside"]) == [ids[0]] and again["judged"] == 1
    signed = study.root / "signed.csv"
    head = "station,day,pollutant,signer,reason,decision,until,hours,finding\n"
    signed.write_text(f"{head}{ids[0]},2025-11-20,pm25,李某,单位有误,exclude,2025-12-31,,scale\n", encoding="utf-8")
    decided = study.model_copy(update={"decisions": (Decisions(files=("signed.csv",)),)})
    after = follow_alarms(decided, study.root / "live", out=tmp_path / "signed")
    assert after["aside"] == {} and any("hours excluded, signed 李某" in line for line in after["sentences"])


@pytest.mark.parametrize("step", ["_judge", "_write", "dump"])
def test_a_pass_that_is_killed_is_done_again_to_the_same_end(study, delivered, tmp_path, monkeypatch, step):
    _, november, parts = delivered
    folder = deliver(study, "a.csv", november)
    for out in (tmp_path / "whole", tmp_path / "killed"):
        follow_alarms(study, folder, out=out)
    for at, part in enumerate(parts[:2]):
        deliver(study, f"h{at:03d}.csv", part)
        follow_alarms(study, folder, out=tmp_path / "whole")
        with monkeypatch.context() as patch:
            patch.setattr(follow, step, _killed)
            with pytest.raises(KeyboardInterrupt):
                follow_alarms(study, folder, out=tmp_path / "killed")
        follow_alarms(study, folder, out=tmp_path / "killed")
    assert files(study, tmp_path / "whole") == files(study, tmp_path / "killed")
    assert entries(study, tmp_path / "whole") == entries(study, tmp_path / "killed")


def _killed(*_, **__):
    raise KeyboardInterrupt


def test_kill_9_of_the_command_at_any_point_loses_and_doubles_nothing(delivered, tmp_path):
    """The command under SIGKILL, between its files and before calls that write, and what the next pass makes of it."""
    _, november, parts = delivered
    study = own_study(delivered, tmp_path)
    rows = pd.read_csv(november, dtype=str, keep_default_na=False)
    late = rows["监测时间"] >= "2025-11-29"
    follow_alarms(study, deliver(study, "a.csv", rows[~late]), out=tmp_path / "first")
    deliver(study, "b.csv", rows[late])
    for at, part in enumerate(parts[:2]):
        deliver(study, f"h{at:03d}.csv", part)
    told = under_faults("follow_lab.py", tmp_path)
    rows = told["rows"]
    assert told["calls"] > 30 and told["files"] == 4
    assert {row["code"] for row in rows} == {-signal.SIGKILL} and {row["again"] for row in rows} == {0}
    assert {row["state"] for row in rows} == {"before", "after"}, "the state is one pass's or the other's, never torn"
    assert [row for row in rows if not row["same"]] == [], "the same bytes as a pass that nothing killed"
    assert {row["what"] for row in rows} == {"file", "call"}


@pytest.mark.parametrize("bent", [lambda data: b"", lambda data: data[:-50], lambda data: b"half a file"])
def test_a_damaged_state_is_named_with_what_to_do(study, delivered, tmp_path, bent):
    folder = deliver(study, "h000.csv", delivered[2][0])
    follow_alarms(study, folder, out=tmp_path)
    path = tmp_path / study.id / "alarms" / "follow" / "state.npz"
    path.write_bytes(bent(path.read_bytes()))
    with pytest.raises(DataError, match=r"state\.npz: the state of the hourly run cannot be read .* move it away"):
        follow_alarms(study, folder, out=tmp_path)
    path.unlink()
    assert follow_alarms(study, folder, out=tmp_path)["taken"] == ["h000.csv"]


def test_the_memory_forgets_what_is_no_longer_looked_at():
    import numpy as np

    from hotspot.rules.alarming import Alarms

    rule, memory = Alarms(), state.blank(Alarms())
    memory.admit(np.array(["A"], object), np.zeros(1), np.zeros(1), np.array(["A"], object))
    for hour in range(1000, 1000 + 24 * 90, 24):
        memory.reach(hour, rule)
        memory.gate.step(hour, [("A", "A-01", 5.0, True), ("A", "A-02", 5.0, True)])
        memory.gate.step(hour + 1, [("A", "A-01", 5.0, True), ("A", "A-02", 5.0, True)])
    assert memory.values.shape == (1, 168 * 9)
    assert len(memory.gate.past) <= 6 * 7 + 1 and len(memory.gate.open) == 1


def test_the_command_follows_and_a_folder_outside_is_refused(study, delivered, tmp_path):
    folder = deliver(study, "a.csv", delivered[1])
    common = ["--study", str(study.path), "--data", str(study.root), "--out", str(tmp_path)]
    told = CliRunner().invoke(app, ["alarms", "--follow", str(folder), *common])
    assert told.exit_code == 0 and "1 files taken" in told.stdout, told.output
    with pytest.raises(DataError, match="outside the data folder"):
        follow_alarms(study, tmp_path, out=tmp_path)
