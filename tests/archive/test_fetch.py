"""What a fetch brings, what it leaves alone, and that a file is there whole or not at all."""

import json
import os

import pytest
from archive_case import NAMES, Beside
from shell import run

from hotspot.archive.near import Near
from hotspot.archive.record import Record
from hotspot.patterns import find_files
from hotspot.variables import DataError


@pytest.fixture
def beside(tmp_path, written_study):
    return Beside(tmp_path, written_study)


def test_what_is_new_comes_once(beside):
    beside.lay()
    (beside.far / "no2_20251201.tif").write_bytes(b"not asked for")
    first, again = beside.fetch(), beside.fetch()
    assert (first["new"], first["bytes"], first["complete"]) == (3, 3 * 14, True)
    assert (again["new"], again["unchanged"], again["bytes"], again["told"]) == (0, 3, 0, [])
    assert beside.here() == {f"satellite/{name}": b"as it was made" for name in NAMES}
    beside.lay("pm25_20251204.tif")
    assert beside.fetch()["files"][0]["file"] == "satellite/pm25_20251204.tif"


def test_a_dry_run_writes_nothing(beside):
    beside.lay()
    told_ = beside.fetch(dry_run=True)
    assert (told_["new"], told_["bytes"]) == (3, 42) and told_["sentences"][-1].endswith("42 bytes would come")
    assert not beside.data.exists()


def test_a_restatement_is_told_and_taken_where_asked(beside):
    beside.lay()
    beside.fetch()
    beside.lay(NAMES[0], data=b"as it was made better")
    untaken = beside.fetch()
    assert (untaken["refused"], untaken["unchanged"], untaken["complete"]) == (1, 2, False)
    assert "satellite/pm25_20251201.tif changed at its source" in untaken["told"][0]
    assert beside.here()[f"satellite/{NAMES[0]}"] == b"as it was made"
    taken = beside.fetch(restated=True)
    (kept,) = (name for name in beside.here() if ".before-" in name)
    assert (taken["restated"], taken["complete"]) == (1, True) and kept.split("/")[1] in taken["told"][0]
    assert beside.here()[f"satellite/{NAMES[0]}"] == b"as it was made better"
    assert beside.here()[kept] == b"as it was made"
    assert len(find_files(beside.data, ["satellite/*"], "x")) == 2, "no pattern takes it for a delivery"
    assert find_files(beside.data, [kept], "x") == [beside.data / kept], "but its own name does"
    assert beside.fetch()["unchanged"] == 3


def test_a_file_that_was_only_touched_at_its_source_is_no_restatement(beside):
    beside.lay(NAMES[0])
    beside.fetch()
    os.utime(beside.far / NAMES[0], (1, 1))
    taken = beside.fetch(restated=True)
    assert (taken["unchanged"], taken["restated"], len(beside.here())) == (1, 0, 1)
    assert beside.fetch()["complete"], "the new time is noted"


def test_what_goes_at_the_source_stays_here(beside):
    beside.lay()
    beside.fetch()
    (beside.far / NAMES[1]).unlink()
    again = beside.fetch()
    assert (again["gone"], again["complete"]) == (1, True) and NAMES[1] in again["told"][0]
    assert f"satellite/{NAMES[1]}" in beside.here()
    beside.declare(f"file://{beside.far}", files='["2025/pm25_*.tif"]')
    assert beside.fetch()["gone"] == 0, "nobody asks for it any more"


@pytest.mark.parametrize("what", ["file", "folder", "link", "changed", "case", "parent"])
def test_what_stands_here_is_left_alone(beside, what):
    beside.lay(NAMES[0], NAMES[2])
    place = beside.data / "satellite" / NAMES[0]
    if what == "changed":
        beside.fetch()
        place.write_bytes(b"mended by hand")
    else:
        place.parent.mkdir(parents=True)
    if what == "file":
        place.write_bytes(b"mine")
    elif what == "folder":
        (place / "in").mkdir(parents=True)
    elif what == "link":
        (beside.data / "elsewhere").write_bytes(b"mine")
        place.symlink_to(beside.data / "elsewhere")
    elif what == "case":
        place.with_name(NAMES[0].upper()).write_bytes(b"mine")
    elif what == "parent":
        (place.parent / "2025").write_bytes(b"mine")
    before = {name: data for name, data in beside.here().items() if name != f"satellite/{NAMES[2]}"}
    answer = beside.fetch(restated=True)
    assert (answer["refused"], answer["complete"]) == (1, False), answer
    assert answer["new"] + answer["unchanged"] == 1
    assert before.items() <= beside.here().items(), answer["told"]


def test_a_run_that_died_leaves_whole_files_and_the_next_goes_on(beside, monkeypatch):
    """Killed at the worst moment: its line is written, its file is not in its place, a part lies about."""
    beside.lay()
    replace = os.replace

    def die(source, target):
        if str(target).endswith(NAMES[1]):
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        beside.fetch()
    monkeypatch.undo()
    (beside.data / "satellite" / f".hotspot-{NAMES[1]}.part").write_bytes(b"half")
    (beside.data / ".hotspot-fetch" / "fetched.jsonl").open("ab").write(b'{"file": "sat')
    assert set(beside.here().values()) <= {b"as it was made", b"half"}
    answer = beside.fetch()
    assert answer["complete"] and answer["unchanged"] + answer["new"] == 3
    assert beside.here() == {f"satellite/{name}": b"as it was made" for name in NAMES}
    assert beside.fetch()["unchanged"] == 3, "a line that was torn spoils no other"


def test_a_run_that_died_within_a_restatement_is_a_restatement_again(beside, monkeypatch):
    beside.lay(NAMES[0])
    beside.fetch()
    beside.lay(NAMES[0], data=b"restated")

    def die(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        beside.fetch(restated=True)
    monkeypatch.undo()
    assert beside.here()[f"satellite/{NAMES[0]}"] == b"as it was made"
    assert beside.fetch()["refused"] == 1
    assert beside.fetch(restated=True)["restated"] == 1
    assert sorted(beside.here().values()) == [b"as it was made", b"restated"]


def test_a_file_that_went_here_and_changed_there_is_told(beside):
    beside.lay(NAMES[0])
    beside.fetch()
    (beside.data / "satellite" / NAMES[0]).unlink()
    beside.lay(NAMES[0], data=b"restated")
    answer = beside.fetch()
    assert answer["new"] == 1 and "fetched before with other bytes" in answer["told"][0]


def test_a_full_disk_is_a_sentence_and_leaves_nothing_half(beside, monkeypatch):
    beside.lay()
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 13}))
    with pytest.raises(DataError, match=r"has 14 bytes, the disk 13 left; make room. 0 files came before"):
        beside.fetch()
    assert beside.here() == {}


def test_only_one_fetches_at_a_time(beside):
    beside.lay()
    beside.data.mkdir()
    with Near(beside.data), pytest.raises(DataError, match="another fetch into"):
        beside.fetch()


def test_two_archives_bring_no_file_twice(beside):
    beside.lay(NAMES[0])
    table = beside.path.read_text(encoding="utf-8").split("[[archive]]")[1]
    beside.path.write_text(beside.path.read_text(encoding="utf-8") + "[[archive]]" + table, encoding="utf-8")
    answer = beside.fetch()
    assert (answer["new"], answer["refused"]) == (1, 1) and "comes from two archives" in answer["told"][0]


def test_in_the_shell(beside):
    beside.lay()
    words = ("fetch", "--study", beside.path, "--data", beside.data)
    assert run(*words, "--dry-run").endswith("3 new, 0 unchanged, 0 restated, 0 refused; 42 bytes would come\n")
    assert json.loads(run(*words, "--json"))["new"] == 3
    beside.lay(NAMES[0], data=b"restated")
    assert "refused: satellite/pm25_20251201.tif changed at its source" in run(*words, code=1)
    assert Record(beside.data).of(f"satellite/{NAMES[0]}").size == 14


def test_a_study_without_an_archive_is_told_where_to_read(written_study, tmp_path):
    from hotspot.archive.fetch import fetch_archive
    from hotspot.study import load_study

    with pytest.raises(DataError, match=r"declares no \[\[archive\]\]"):
        fetch_archive(load_study(written_study, data=tmp_path))
