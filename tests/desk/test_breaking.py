"""kill -9 in the middle of a post, a full disk, a copy that is brought back: nothing lost, nothing twice (15.5)."""

import io
import json
import os
import shutil
import signal
import subprocess
import uuid
import zipfile
from contextlib import contextmanager

import pytest
from desk_case import COUNTY, NOW, PEOPLE, Visitor, alarms_of, copy_of
from desk_server import process
from phone_photo import photo
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.desk import backup
from hotspot.desk.backup import back_up, restore
from hotspot.desk.desk import Desk
from hotspot.desk.login import first_code
from hotspot.ledger.chain.photos import FOLDER, Photos
from hotspot.ledger.chain.storage import FILE, POINTER
from hotspot.ledger.chain.store import open_ledger
from hotspot.variables import DataError

TOLD = {"time": "2025-12-30T08:00", "problem": "bare_soil", "text": "断电前填的"}
# Where the desk dies: before the entry is whole, after it is and nobody was told, while a photo is taken in.
POINTS = {
    "half an entry": """
        from hotspot.ledger.chain import storage
        real = storage.SqliteStorage.put
        def put(self, row):
            real(self, row)
            __import__("os").kill(__import__("os").getpid(), 9)
        storage.SqliteStorage.put = put
        """,
    "before the answer": """
        from hotspot.desk import alarms
        alarms.recorded = lambda report: __import__("os").kill(__import__("os").getpid(), 9)
        """,
    "half a photo": """
        from hotspot.ledger.chain import photos
        photos.asdict = lambda photo: __import__("os").kill(__import__("os").getpid(), 9)
        """,
}


def form(csrf, number):
    """The post of a phone: an answer with a photo."""
    return {
        "data": {"csrf": csrf, "form": number, **TOLD},
        "files": [("photo", ("a.jpg", photo(tone=77), "image/jpeg"))],
    }


@pytest.mark.skipif(os.name != "posix", reason="a process is killed by a signal that POSIX has")
@pytest.mark.parametrize("point", POINTS)
def test_kill_9_in_the_middle_of_a_post(plain_desk, tmp_path, point):
    import httpx

    number = uuid.uuid4().hex
    with copy_of(plain_desk, tmp_path) as desk:
        name = alarms_of(desk, "白鹿县")[5]
        before = desk.read().seq
        visitor = Visitor(desk, COUNTY)
        csrf, cookies = visitor.csrf(), dict(visitor.client.cookies)
        with process(desk.study.path, desk.out, before=POINTS[point]) as (server, url):
            with pytest.raises(httpx.TransportError):
                httpx.post(f"{url}/alarms/{name}/answer", cookies=cookies, timeout=120, **form(csrf, number))
            assert server.wait(60) == -signal.SIGKILL
        with open_ledger(desk.home / FILE) as ledger:
            stood = ledger.verify() - before
        assert stood == (point == "before the answer")
        again = Visitor(Desk(desk.study, desk.out, starts=NOW), COUNTY)
        answer = again.client.post(f"/alarms/{name}/answer", **form(again.csrf(), number))
        # "second": somebody else had answered this alarm before.
        assert str(answer.url).endswith("said=repeated" if stood else "said=second")
        with open_ledger(desk.home / FILE) as ledger:
            assert ledger.verify() == before + 1
            body = ledger.entries("feedback")[-1].body
        assert body["text"] == TOLD["text"] and Photos(desk.home / FOLDER).shown(body["photos"])


@contextmanager
def small_disk(folder, size):
    """A disk of so many bytes; the test is skipped where none can be had."""
    folder.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True
    )
    if not made or made.returncode:
        pytest.skip("a small tmpfs cannot be mounted here (needs root); the simulated full disk is tested beside")
    try:
        yield folder
    finally:
        subprocess.run([shutil.which("umount"), "-l", str(folder)], check=True)


def test_a_disk_that_is_really_full(plain_desk, tmp_path):
    """Ledger and photos on two megabytes: what does not fit is said and kept on the phone, what stands is whole."""
    with small_disk(tmp_path / "disk", 3 << 20) as disk, copy_of(plain_desk, disk) as desk:
        name, visitor = alarms_of(desk, "白鹿县")[5], Visitor(desk, COUNTY)
        before, number = desk.read().seq, uuid.uuid4().hex
        csrf = visitor.csrf()
        with open(disk / "filler", "wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
            while True:
                filler.write(b"x" * 65536)
        full = visitor.client.post(f"/alarms/{name}/answer", **form(csrf, number))
        assert full.status_code == 503 and "没有记入" in full.text, full.text
        with open_ledger(desk.home / FILE) as ledger:
            assert ledger.verify() == before
        assert not Photos(desk.home / FOLDER).files()
        (disk / "filler").unlink()
        told = visitor.client.post(f"/alarms/{name}/answer", **form(visitor.csrf(), number))
        assert "said=" in str(told.url) and told.status_code == 200
        with open_ledger(desk.home / FILE) as ledger:
            assert ledger.verify() == before + 1


def test_a_backup_on_a_full_disk_leaves_the_old_one(plain_desk, tmp_path, monkeypatch):
    file = tmp_path / "desk.backup"
    back_up(plain_desk.home, file)
    before = file.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"cannot be written \(No space left on device\)"):
        back_up(plain_desk.home, file)
    assert file.read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["desk.backup"]


@pytest.mark.parametrize("there", ["sqlite", "postgres"])
def test_a_copy_is_brought_back_into_either_database(desk, tmp_path, request, there):
    visitor, name = Visitor(desk, COUNTY), alarms_of(desk, "白鹿县")[4]
    visitor.client.post(f"/alarms/{name}/answer", **form(visitor.csrf(), uuid.uuid4().hex))
    file = tmp_path / "desk.backup"
    told = back_up(desk.home, file)
    assert told["entries"] == desk.read().seq and told["head"] == desk.book.head and told["photos"] >= 1
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600, "accounts and positions stand in it"
    url = f"{request.getfixturevalue('postgres')}&study=r{uuid.uuid4().hex[:20]}" if there == "postgres" else ""
    out = tmp_path / "new"
    assert restore(file, out / desk.study.id, url=url) == told
    back = Desk(desk.study, out, starts=NOW)
    assert (back.home / POINTER).exists() == bool(url)
    with open_ledger(desk.home / FILE) as old, open_ledger(back.home / FILE) as new:
        assert new.entries() == old.entries() and new.verify() == told["entries"]
    page = Visitor(back, COUNTY).get(f"/alarms/{name}")
    photos = page.text.split('src="/photos/')[1:]
    assert photos and Visitor(back, COUNTY).get(f"/photos/{photos[0][:64]}").status_code == 200
    assert Visitor(back, COUNTY).post(f"/alarms/{name}/answer", **TOLD).status_code == 200, "the chain goes on"
    with open_ledger(back.home / FILE) as new:
        assert new.verify() == told["entries"] + 1
    with pytest.raises(DataError, match="nothing is overwritten"):
        restore(file, out / desk.study.id, url=url)


def bent(data, change):
    """The same archive with its members changed."""
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as new:
        for name, held in change({name: old.read(name) for name in old.namelist()}).items():
            new.writestr(name, held)
    return saved.getvalue()


def resealed(held):
    """With the hashes of what is there now: somebody who knows the format bent it."""
    import hashlib

    about = json.loads(held.pop("backup.json"))
    about["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in held.items()}
    return held | {"backup.json": json.dumps(about).encode()}


BENT = {
    "cut": (lambda data: data[: len(data) // 2], "no whole backup"),
    "no zip": (lambda data: b"hello", "no whole backup"),
    "an entry altered": (
        lambda data: bent(
            data, lambda held: held | {"chain.jsonl": held["chain.jsonl"].replace(b"highest", b"lowest0", 1)}
        ),
        "chain.jsonl is not as it was written",
    ),
    "an entry altered and sealed anew": (
        lambda data: bent(
            data, lambda h: resealed(h | {"chain.jsonl": h["chain.jsonl"].replace(b"highest", b"lowest0", 1)})
        ),
        "entry 1 does not follow",
    ),
    "an entry taken out": (
        lambda data: bent(data, lambda h: resealed(h | {"chain.jsonl": h["chain.jsonl"].split(b"\n", 1)[1]})),
        "entry 1 does not follow",
    ),
    "a member with a way out": (
        lambda data: bent(data, lambda h: resealed(h | {"../evil": b"x"})),
        "has no place in it",
    ),
    "a member added": (lambda data: bent(data, lambda h: h | {"photos/x.jpg": b"x"}), "missing or added"),
    "a bomb": (
        lambda data: bent(data, lambda h: resealed(h | {"photos/" + "0" * 64 + ".jpg": b"\0" * 50_000_000})),
        "too much",
    ),
}


@pytest.mark.parametrize("kind", BENT)
def test_a_copy_that_was_bent_is_refused_and_nothing_is_left(plain_desk, tmp_path, kind):
    change, why = BENT[kind]
    back_up(plain_desk.home, tmp_path / "whole")
    (tmp_path / "bent").write_bytes(change((tmp_path / "whole").read_bytes()))
    with pytest.raises(DataError, match=why):
        restore(tmp_path / "bent", tmp_path / "new" / plain_desk.study.id)
    assert not (tmp_path / "new").exists() and not (tmp_path / "evil").exists()


@pytest.mark.parametrize("where", ["photo", "accounts"])
def test_a_copy_that_finds_no_room_leaves_nothing_and_is_brought_back_later(desk, tmp_path, monkeypatch, where):
    visitor, name = Visitor(desk, COUNTY), alarms_of(desk, "白鹿县")[3]
    visitor.client.post(f"/alarms/{name}/answer", **form(visitor.csrf(), uuid.uuid4().hex))
    told, home = back_up(desk.home, tmp_path / "whole"), tmp_path / "new" / desk.study.id

    def full(*given, **more):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if where == "photo":
            patch.setattr(backup.Path, "write_bytes", full)
        else:
            patch.setattr(backup, "open_store", full)
        with pytest.raises(DataError, match=r"cannot be written \(No space left on device\)"):
            restore(tmp_path / "whole", home)
    assert not any(home.iterdir())
    assert restore(tmp_path / "whole", home) == told and told["photos"] >= 1


def test_a_copy_that_is_not_there_is_said_so(plain_desk, tmp_path):
    with pytest.raises(DataError, match=r"none: cannot be read \(No such file or directory\)"):
        restore(tmp_path / "none", tmp_path / "new" / plain_desk.study.id)


def test_another_study_s_copy_is_refused(plain_desk, tmp_path):
    back_up(plain_desk.home, tmp_path / "whole")
    with pytest.raises(DataError, match=r"is of the study '.*', not of 'other'"):
        restore(tmp_path / "whole", tmp_path / "other")


def test_the_accounts_follow_the_ledger_into_the_database(plain_desk, tmp_path, postgres):
    """Whoever could log in before the move can after it; the codes and the administrator are who they were."""
    with copy_of(plain_desk, tmp_path) as desk:
        url, words = f"{postgres}&study=f{uuid.uuid4().hex[:20]}", ["--study", str(desk.study.path)]
        said = CliRunner().invoke(app, ["move-ledger", url, *words, "--out", str(desk.out)])
        n = len(PEOPLE)
        assert said.exit_code == 0 and f" entries, {n} accounts moved; from now on" in said.stdout, said.output
        assert not (desk.home / "desk.sqlite").exists() and first_code(desk) == ""
        name = alarms_of(desk, "白鹿县")[0]
        assert Visitor(desk, COUNTY).post(f"/alarms/{name}/answer", **TOLD).status_code == 200
        again = CliRunner().invoke(app, ["move-ledger", url, *words, "--out", str(desk.out)])
        assert again.exit_code == 0 and "0 entries, 0 accounts moved" in again.stdout


def test_both_are_commands(plain_desk, tmp_path):
    study, file = str(plain_desk.study.path), str(tmp_path / "a.backup")
    made = CliRunner().invoke(app, ["backup", file, "--study", study, "--out", str(plain_desk.out)])
    back = CliRunner().invoke(app, ["restore", file, "--study", study, "--out", str(tmp_path / "new")])
    assert made.exit_code == back.exit_code == 0 and made.stdout == back.stdout and "head " in made.stdout
    refused = CliRunner().invoke(app, ["restore", file, "--study", study, "--out", str(tmp_path / "new")])
    assert refused.exit_code != 0
