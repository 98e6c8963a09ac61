"""RELIABILITY D, F1-F7, F10, F11: what a killed, crowded, full or interrupted publisher leaves behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from tiny_month import MONTH, install, publish
from under_faults import under_faults

from hotspot.publish import manifest
from hotspot.publish.staging import reserved, staged
from hotspot.variables import DataError

HERE = Path(__file__).resolve().parents[1] / "cases"
A, B = {"A": 60.0, "B": 55.0}, {"A": 61.0, "C": 57.0}


@pytest.fixture
def tiny(monkeypatch):
    """Publishing with products of one word."""
    install(monkeypatch)


@pytest.fixture(scope="module")
def report():
    """What the laboratory found, in memory where there is such a place."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        return under_faults("fault_lab.py", folder)


def test_f1_f2_killed_before_any_call_the_month_is_old_or_new_and_the_next_run_finishes(report):
    """Every write, rename, link, sync and removal of products, folders and ledger, one kill before each."""
    rows = report["kill"]
    assert report["calls"] > 80 and len(rows) == report["calls"] + 1
    assert {row["code"] for row in rows[:-1]} == {-signal.SIGKILL} and rows[-1]["code"] == 0
    assert {row["state"] for row in rows} == {"old", "new"}
    assert [row for row in rows if row["after"]] == [], "the next run finishes, and leaves nothing behind"


def test_f1_once_the_new_month_stands_it_stays(report):
    states = [row["state"] for row in report["kill"]]
    assert states == sorted(states, reverse=True), "old, old ... new, new: one moment at which the month is published"


def test_f3_after_a_power_cut_the_month_is_old_or_new_whatever_survived(report):
    """Writes not synced are dropped, or kept without the names, or names without what was written."""
    rows = report["power"]
    assert report["logged"] == 0 and len(rows) > 80
    assert {row["kept"] for row in rows} == {"nothing", "names", "data", "all"}
    assert [row for row in rows if row["state"] not in ("old", "new")] == []
    assert {row["in"] for row in rows} == {1, 2}
    assert [row for row in rows if row["after"]] == [], "no revision that was entered is lost by the next one"
    assert report["end"] == "new", "once the command has ended, nothing can take the month back"


def test_f3_an_entry_that_was_taken_is_there_after_a_power_cut(report):
    assert report["appended"] == 2


def test_f3_the_model_sees_a_publisher_that_does_not_flush(report):
    assert report["careless"] not in ("old", "new")


def test_f4_a_full_disk_is_named_and_nothing_else_is_changed(report):
    rows = report["full"]
    assert {row["code"] for row in rows} == {1}, "refused with a message, never a traceback"
    assert all("disk is full" in row["said"] for row in rows)
    assert {row["state"] for row in rows} == {"old"} and all(row["left"] == [] for row in rows)
    assert [row for row in rows if row["after"]] == [], "with room again the next run publishes"


def test_f5_a_place_that_cannot_be_written_is_told_before_the_work_begins(tmp_path):
    """Whoever runs the tests may be root, whom no permission stops; a file in the way stops everybody."""
    from hotspot.study import Study
    from hotspot.workflows.monthly.month import run_month

    (tmp_path / "out").write_text("a file, no folder")
    study = Study.model_construct(id="tiny")  # nothing of it but its name may be looked at before
    with pytest.raises(DataError, match="cannot be written"):
        run_month(study, MONTH, out=tmp_path / "out")


HOLDER = """
import sys, time
from pathlib import Path
from hotspot.publish.staging import reserved
with reserved(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that is publishing tmp_path/m."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path / "m"], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_f6_the_second_publisher_is_told_who_publishes_and_since_when(tmp_path, holder):
    who = rf"process {holder.pid} of \S+ on \S+, since \d{{4}}-\d\d-\d\dT"
    with pytest.raises(DataError, match=who) as told, reserved(tmp_path / "m"):
        pytest.fail("two publishers met")
    assert "another run is publishing" in str(told.value)


def test_f6_the_month_is_told_as_taken_before_its_work_begins(tmp_path, holder):
    from hotspot.study import Study
    from hotspot.workflows.monthly.month import run_month

    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / f".{MONTH}.lock").hardlink_to(tmp_path / ".m.lock")
    with pytest.raises(DataError, match="another run is publishing"):
        run_month(Study.model_construct(id="tiny"), MONTH, out=tmp_path)


def test_f7_a_lock_dies_with_its_owner_and_needs_no_clearing(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lock = tmp_path / ".m.lock"
    assert str(holder.pid) in lock.read_text(), "the dead owner's words are still there"
    # Nor do they matter if the number lives again, or on another host.
    lock.write_text(json.dumps({"process": os.getppid(), "host": "elsewhere", "user": "x", "since": "2020-01-01"}))
    with staged(tmp_path / "m") as folder:
        (folder / "a").write_text("new")
    assert (tmp_path / "m" / "a").read_text() == "new" and lock.read_text() == ""


def test_a_reserved_place_may_be_reserved_again_by_its_holder(tmp_path):
    with reserved(tmp_path / "m"):
        with reserved(tmp_path / "m"):
            pass
        assert json.loads((tmp_path / ".m.lock").read_text())["process"] == os.getpid(), "still held, still signed"


def test_f10_a_clock_set_back_changes_neither_bytes_nor_order(tmp_path, tiny, monkeypatch):
    publish(tmp_path / "right", A)
    publish(tmp_path / "right", B)
    year_ago = time.time() - 365 * 86400
    publish(tmp_path / "wrong", A)
    for path in (tmp_path / "wrong").rglob("*"):
        os.utime(path, (year_ago + 2 * 365 * 86400,) * 2)  # the files of the first revision seem to be of next year
    monkeypatch.setattr(time, "time", lambda: year_ago)
    publish(tmp_path / "wrong", B)
    both = [tmp_path / name / "tiny" / MONTH for name in ("right", "wrong")]
    assert [manifest.read_manifest(folder)["chain"]["revision"] for folder in both] == [2, 2]
    assert both[0].joinpath(manifest.NAME).read_bytes() == both[1].joinpath(manifest.NAME).read_bytes()
    assert manifest.outputs(both[0]) == manifest.outputs(both[1])


BUSY = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import tiny_month
from hotspot import cli
tiny_month.install()
products = sys.modules["hotspot.publish.products"]
written = products.write_products
def slowly(*given, **named):
    written(*given, **named)
    print("writing", flush=True)
    time.sleep(60)
products.write_products = slowly
cli.app = lambda: tiny_month.publish(Path(sys.argv[1]), {"A": 61.0, "C": 57.0})
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_f11_a_signal_stops_the_shell_within_ten_seconds_and_clean(tmp_path, tiny, number):
    publish(tmp_path, A)
    before = manifest.outputs(tmp_path / "tiny" / MONTH)
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY, tmp_path, HERE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "writing\n"
    process.send_signal(number)
    # Half of what it would sleep: what a machine that stands still adds to the ten seconds is not the program's.
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert said.startswith("hotspot: stopped"), said
    assert manifest.outputs(tmp_path / "tiny" / MONTH) == before
    assert not list((tmp_path / "tiny").glob(".*.partial"))
