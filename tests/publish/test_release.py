"""A month appears whole or not at all: laws of the staging folder under faults."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from hotspot.publish import staging
from hotspot.publish.staging import staged
from hotspot.text.whole import to_disk
from hotspot.variables import DataError


def publish(target, text, names=("a.csv", "b.csv")):
    with staged(target) as folder:
        for name in names:
            (folder / name).write_text(text)


def content(target):
    return {path.name: path.read_text() for path in sorted(target.iterdir())}


def test_a_second_month_replaces_the_first_whole(tmp_path):
    publish(tmp_path / "2020-03", "old")
    publish(tmp_path / "2020-03", "new", names=("a.csv",))
    assert content(tmp_path / "2020-03") == {"a.csv": "new"}
    assert [p.name for p in tmp_path.iterdir() if p.name != ".2020-03.lock"] == ["2020-03"]


def test_a_failure_leaves_the_old_month_untouched(tmp_path):
    publish(tmp_path / "2020-03", "old")
    with pytest.raises(RuntimeError), staged(tmp_path / "2020-03") as folder:
        (folder / "a.csv").write_text("half")
        raise RuntimeError
    assert content(tmp_path / "2020-03") == {"a.csv": "old", "b.csv": "old"}
    assert not (tmp_path / ".2020-03.partial").exists()


def test_without_the_one_step_swap_the_two_steps_do(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "_exchange_in_one_step", lambda folder, target: False)
    publish(tmp_path / "m", "old")
    publish(tmp_path / "m", "new")
    assert content(tmp_path / "m") == {"a.csv": "new", "b.csv": "new"}
    assert not (tmp_path / ".m.old").exists()


def test_a_swap_cut_between_its_two_steps_is_undone_by_the_next_run(tmp_path):
    publish(tmp_path / "m", "old")
    (tmp_path / "m").rename(tmp_path / ".m.old")  # what a kill between the two steps leaves
    with pytest.raises(RuntimeError), staged(tmp_path / "m"):
        raise RuntimeError
    assert content(tmp_path / "m") == {"a.csv": "old", "b.csv": "old"}


def test_a_full_disk_is_named_and_the_old_month_stays(tmp_path):
    publish(tmp_path / "m", "old")
    with pytest.raises(DataError, match="disk is full"), staged(tmp_path / "m"):
        raise OSError(errno.ENOSPC, "no space")
    assert content(tmp_path / "m") == {"a.csv": "old", "b.csv": "old"}


def test_a_folder_that_cannot_be_written_is_refused_before_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"), staged(tmp_path / "file" / "m"):
        pytest.fail("the block must not start")


def test_two_publishers_do_not_meet(tmp_path):
    with staged(tmp_path / "m"):
        code = f"from hotspot.publish.staging import staged\nwith staged({str(tmp_path / 'm')!r}): pass"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert other.returncode != 0
    assert "another run is publishing" in other.stderr


@pytest.mark.parametrize("point", ["write", "flush", "before_exchange", "after_exchange"])
def test_killed_at_any_point_the_month_is_old_or_new_never_mixed(tmp_path, point):
    target = tmp_path / "m"
    publish(target, "old")
    code = textwrap.dedent(f"""
        import os, signal, time
        from pathlib import Path
        from hotspot.publish import staging
        def die():
            Path({str(tmp_path / "ready")!r}).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if {point!r} == "flush":
            staging.flush = lambda folder: die()
        if {point!r} == "before_exchange":
            staging._exchange = lambda folder, target: die()
        if {point!r} == "after_exchange":
            real = staging._exchange
            staging._exchange = lambda folder, target: (real(folder, target), die())
        with staging.staged(Path({str(target)!r})) as folder:
            (folder / "a.csv").write_text("new")
            if {point!r} == "write":
                die()
            (folder / "b.csv").write_text("new")
    """)
    process = subprocess.run([sys.executable, "-c", code])
    assert process.returncode == -signal.SIGKILL
    assert set(content(target).values()) in ({"old"}, {"new"})
    assert set(content(target)) == {"a.csv", "b.csv"}
    publish(target, "next")
    assert content(target) == {"a.csv": "next", "b.csv": "next"}
    assert sorted(p.name for p in tmp_path.iterdir()) == [".m.lock", "m", "ready"]


def test_an_interrupt_leaves_nothing_half_done(tmp_path):
    target = tmp_path / "m"
    publish(target, "old")
    code = textwrap.dedent(f"""
        import signal, time
        from pathlib import Path
        from hotspot.publish.staging import staged
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
        with staged(Path({str(target)!r})) as folder:
            (folder / "a.csv").write_text("new")
            Path({str(tmp_path / "ready")!r}).touch()
            time.sleep(60)
    """)
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    for _ in range(600):
        if (tmp_path / "ready").exists():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) != 0
    assert content(target) == {"a.csv": "old", "b.csv": "old"}
    assert not (tmp_path / ".m.partial").exists()


def test_where_no_folder_can_be_opened_its_names_are_left_to_the_system(tmp_path, monkeypatch):
    """Windows opens files that may be written, and no folder."""
    opened, real = [], os.open
    monkeypatch.setattr(os, "open", lambda path, flags: opened.append((path, flags)) or real(path, flags))
    (tmp_path / "a.txt").write_bytes(b"a")
    for platform in ("linux", "win32"):
        monkeypatch.setattr(sys, "platform", platform)
        for path in (tmp_path, tmp_path / "a.txt"):
            to_disk(path)
    file = tmp_path / "a.txt"
    assert opened == [(tmp_path, os.O_RDONLY), (file, os.O_RDONLY), (file, os.O_RDWR)]
