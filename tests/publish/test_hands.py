"""Parts of a month made by children: the same bytes, every fault a sentence, nothing left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import parts_of_a_month as parts
import pytest

from hotspot.publish import hands, release
from hotspot.publish.manifest import outputs
from hotspot.publish.staging import staged
from hotspot.study import load_study
from hotspot.variables import DataError
from hotspot.workflows.monthly.month import run_month

CASES = Path(parts.__file__).parent


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """Children find the cases, and what is laid for them lies where it can be seen to be gone."""
    monkeypatch.setenv("PYTHONPATH", f"{CASES}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    (tmp_path / "laid").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "laid"))
    yield tmp_path
    assert not list((tmp_path / "laid").iterdir())


@pytest.fixture
def two(alone):
    own = parts.two_hands()
    yield own
    own.dismiss()


def test_two_children_publish_the_bytes_of_one_process(small_published, decoded_before, tmp_path, monkeypatch):
    asked = []
    each = hands.Hands.each

    def watched(self, make, jobs):
        asked.append((make.__name__, self.n))
        return each(self, make, jobs)

    monkeypatch.setattr(hands.Hands, "each", watched)
    monkeypatch.setattr(hands, "_cores", lambda: 2)
    monkeypatch.setattr(release, "hands", partial(hands.hands, many=1))
    study = load_study(small_published.study)
    decoded_before(tmp_path / study.id)
    for path in (tmp_path / study.id / "decoded").rglob("*"):  # no page is taken from the month before
        if path.is_file() and b"pdf.npy" in path.read_bytes():
            path.unlink()
    folder = run_month(study, small_published.folder.name, out=tmp_path)
    assert asked == [("_set_some", 2), ("_write", 2), ("_package", 2)]
    assert outputs(folder) == outputs(small_published.folder)
    assert (folder / "manifest.json").read_bytes() == (small_published.folder / "manifest.json").read_bytes()


def test_parts_come_in_order_from_two_that_remember(two):
    found = two.each(parts.said, [(f"part {k}",) for k in range(12)])
    found += two.each(parts.said, [("later",)])
    assert [text for text, _, _ in found] == [f"a study 2020-03 3 part {k}" for k in range(12)] + [
        "a study 2020-03 3 later"
    ]
    first = {pid: aside for _, pid, aside in found}
    assert len(first) == 2 and os.getpid() not in first, "two processes, neither of them this one"
    assert all((pid, aside) in set(first.items()) for _, pid, aside in found), "each kept what it had laid aside"


def test_a_fault_is_told_as_it_would_be_here(two):
    with pytest.raises(DataError, match=r"^甲州市: no glyph$"):
        two.each(parts.refused, [("甲州市: no glyph",)])
    with pytest.raises(RuntimeError, match=r"^Two: one, other$"):
        two.each(parts.broken, [()])
    with pytest.raises(DataError, match="needs more memory than there is"):
        two.each(parts.hungry, [()])
    assert two.each(parts.said, [("after",)])[0][0].endswith("after"), "a fault ends no child"


def test_a_child_that_dies_is_a_sentence_and_nothing_is_published(alone):
    target = alone / "2020-03"
    with (
        pytest.raises(DataError, match=r"died \(signal SIGKILL; no message\); nothing was published"),
        staged(target) as folder,
        hands.hands(None, "2020-03", parts.month_of(3), many=1) as own,
    ):
        own.n = 2
        (folder / "warnings.csv").write_text("half")
        own.each(parts.killed, [()] * 3)
    assert [path.name for path in alone.iterdir() if path.name != "laid"] == [".2020-03.lock"]


def test_children_are_started_where_there_is_work_for_them(monkeypatch):
    def n(cells, **about):
        with hands.hands(None, "2020-03", parts.month_of(cells), **about) as own:
            assert not own._children, "none before a part is asked for"
            return own.n

    monkeypatch.setattr(hands, "_cores", lambda: 2)
    assert [n(hands.MANY - 1), n(hands.MANY), n(3, many=3)] == [0, 2, 2]
    monkeypatch.setattr(hands, "_cores", lambda: 64)
    assert n(hands.MANY) == hands.MOST
    monkeypatch.setattr(hands, "outsiders", lambda: True)
    assert n(hands.MANY) == 0, "what a script added is known in its own process only"


def test_a_month_that_cannot_be_sent_is_made_here(alone):
    own = parts.two_hands(study=lambda: None)
    assert own.each(parts.said, [("here",)])[0][1] == os.getpid()
    own.dismiss()


STOPPED = """
import sys
from pathlib import Path
import parts_of_a_month as parts
from hotspot import cli
from hotspot.publish.hands import hands
from hotspot.publish.staging import staged
def publish():
    with staged(Path(sys.argv[1])), hands(None, "2020-03", parts.month_of(3), many=1) as own:
        own.n = 2
        own.each(parts.slow, [(sys.argv[2],)] * 3)
cli.app = publish
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_children_too(alone, number):
    (alone / "begun").mkdir()
    command = [sys.executable, "-c", STOPPED, alone / "2020-03", alone / "begun"]
    environment = os.environ | {"TMPDIR": str(alone / "laid")}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    while process.poll() is None and len(list((alone / "begun").iterdir())) < 2:
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number and said.startswith("hotspot: stopped"), said
    children = [int(path.stem) for path in (alone / "begun").iterdir()]
    assert len(children) == 2
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
    assert not (alone / "2020-03").exists() and not list(alone.glob(".*.partial"))
