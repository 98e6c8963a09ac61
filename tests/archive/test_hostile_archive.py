"""Everything a store lists or sends is somebody else's: names, sizes, streams, silence, and what its library says."""

import io
import os
import re
import subprocess
import sys
import time
import traceback

import pytest
from archive_case import NAMES, Beside, Odd, odd_file, told

from hotspot.archive import far, remote
from hotspot.archive.far import Far
from hotspot.foreign.child import Child
from hotspot.study_archive import Archive
from hotspot.variables import DataError

SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def beside(tmp_path, written_study):
    beside = Beside(tmp_path, written_study)
    beside.declare("odd://far", files='["**/pm25_*", "pm25_*", "**/*.tif"]')
    return beside


def fetched(beside, monkeypatch, *entries, reads=None, **how):
    told(monkeypatch, Odd(list(entries), reads=reads), **how)
    return beside.fetch()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../pm25_a.tif", "climbs out"),
        ("x/../../pm25_a.tif", "climbs out"),
        ("/etc/pm25_a.tif", "is absolute"),
        ("pm25_\x1b[31m.tif", "holds a control character"),
        ("pm25_\u202etif.exe", "holds a control character"),
        ("pm25_\nrefused: all.tif", "holds a control character"),
        ("pm25_\udcff.tif", "is not written in UTF-8"),
        ("x\\pm25_a.tif", "holds a backslash"),
        ("pm25_" + "a" * 300, "is too long"),
        ("d/" * 40 + "pm25_a.tif", "is too long"),
        ("pm25_a.tif.before-0123abcd", "is a name that fetch keeps for itself"),
        (".hotspot-fetch/pm25_a", "is a name that fetch keeps for itself"),
    ],
)
def test_a_hostile_name_is_refused_and_told(beside, monkeypatch, name, why):
    good = "pm25_20251201.tif"
    answer = fetched(beside, monkeypatch, odd_file(name), odd_file(good), reads={f"far/{good}": [b"1234"]})
    assert beside.here() == {f"satellite/{good}": b"1234"}
    assert (answer["new"], answer["refused"]) == (1, 1) and why in answer["told"][0]
    assert "\x1b" not in answer["told"][0] and "\n" not in answer["told"][0]


def test_what_does_not_lie_below_the_url_is_refused(beside, monkeypatch):
    answer = fetched(beside, monkeypatch, odd_file("a.tif") | {"name": "elsewhere/pm25_a.tif"})
    assert "does not lie below the url" in answer["told"][0] and beside.here() == {}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"size": -1}, "has no size"),
        ({"size": "4"}, "has no size"),
        ({"size": None}, "has no size"),
        ({"type": "other"}, "is a link or no plain file"),
        ({"islink": True}, "is a link or no plain file"),
        ({"size": 10**13}, "more than largest_mb = 4096"),
    ],
)
def test_an_entry_that_is_no_file_is_refused(beside, monkeypatch, entry, why):
    assert why in fetched(beside, monkeypatch, odd_file("pm25_a.tif") | entry)["told"][0]
    assert beside.here() == {}


def test_names_that_differ_only_in_case_are_both_refused(beside, monkeypatch):
    answer = fetched(beside, monkeypatch, odd_file("pm25_a.tif"), odd_file("pm25_A.tif"))
    assert answer["refused"] == 2 and beside.here() == {}


def test_a_file_that_is_a_folder_too_is_refused(beside, monkeypatch):
    names = ("pm25_a.tif", "pm25_a.tif/pm25_b.tif")
    answer = fetched(beside, monkeypatch, *map(odd_file, names), reads={f"far/{names[1]}": [b"1234"]})
    assert answer["refused"] == 1 and "a folder of other files" in answer["told"][0]
    assert list(beside.here()) == [f"satellite/{names[1]}"]


def test_a_listing_without_end_is_a_sentence(beside, monkeypatch):
    told(monkeypatch, Odd([odd_file(f"{n}.csv") for n in range(101)]), most=100)
    with pytest.raises(DataError, match="its listing does not end, or holds more names than a fetch takes"):
        beside.fetch()
    deeper = Odd(lambda place: [{"name": f"{place}/d", "type": "directory", "size": 0}])
    told(monkeypatch, deeper, most=100)
    assert beside.fetch()["new"] == 0, "folders without end are not followed"


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ([b"12"], r"came cut \(2 of 4 bytes\)"),
        ([b"12", ConnectionResetError(SECRET)], r"came cut \(2 of 4 bytes\)"),
        ([b"12345"], "is larger than the store said"),
        ([b"1234", b"5"], "is larger than the store said"),
        ([b"12", ValueError(SECRET)], r"cannot be read \(ValueError\)"),
    ],
)
def test_a_stream_that_is_not_what_was_said_leaves_nothing(beside, monkeypatch, pieces, why):
    words = fetched(beside, monkeypatch, odd_file("pm25_a.tif"), reads={"far/pm25_a.tif": pieces})["told"][0]
    assert re.search(why, words), words
    assert beside.here() == {} and SECRET not in words


def test_a_file_that_is_written_while_it_is_read_is_not_taken(beside, monkeypatch):
    entry = odd_file("pm25_a.tif")
    store = Odd([entry], reads={entry["name"]: [b"1234"]}, infos={entry["name"]: entry | {"ETag": "another"}})
    told(monkeypatch, store)
    assert "was written while it was read" in beside.fetch()["told"][0] and beside.here() == {}


def test_one_bad_file_does_not_stop_the_others_but_three_cut_ones_do(beside, monkeypatch):
    names = [f"pm25_{n}.tif" for n in range(5)]
    reads = {f"far/{name}": [b"1234"] for name in names} | {"far/pm25_1.tif": [b"1"]}
    answer = fetched(beside, monkeypatch, *map(odd_file, names), reads=reads)
    assert (answer["new"], answer["refused"]) == (4, 1)
    for path in (beside.data / "satellite").glob("pm25_[234].tif"):
        path.unlink()
    reads = {f"far/{name}": [b"1"] for name in names}
    with pytest.raises(DataError, match=r"3 connections were cut one after another\. 0 files came"):
        fetched(beside, monkeypatch, *map(odd_file, names), reads=reads)


def test_a_disk_that_fills_up_is_a_sentence(beside, monkeypatch):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(remote, "open", lambda path, mode: Full(), raising=False)
    with pytest.raises(DataError, match=r"cannot be written \(OSError\); is the disk full\?"):
        fetched(beside, monkeypatch, odd_file(NAMES[0]), reads={f"far/{NAMES[0]}": [b"1234"]})
    assert beside.here() == {}


def test_a_store_that_says_nothing_is_stopped(beside, monkeypatch, tmp_path):
    """The real child, which is told to read what never comes: it is ended, and the sentence says so."""
    code = "import time\nfrom hotspot.foreign.child import serve\nserve(lambda job: time.sleep(60) or {}, network=True)"
    (tmp_path / "hangs.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{':'.join(sys.path)}")
    monkeypatch.setattr(far, "Child", lambda memory, module: Child(memory, "hangs"))
    monkeypatch.setattr(far, "START_S", 0.5)
    begun = time.monotonic()
    with pytest.raises(DataError, match="the store says nothing; try again, or raise silent_s"):
        Far(Archive(url=f"file://{beside.far}", files=("*",), silent_s=0.5))
    assert time.monotonic() - begun < 30


def test_a_trickle_is_silence(beside, monkeypatch):
    beside.declare("odd://far", "silent_s = 0.05")

    class Drip:
        def read(self, n):
            time.sleep(0.03)
            return b"1"

        def close(self):
            pass

    store = Odd([odd_file("pm25_a.tif", size=10**6)])
    store.open = lambda name, mode, **how: Drip()
    monkeypatch.setattr(remote, "TURN_S", 0.0)
    told(monkeypatch, store)
    with pytest.raises(DataError, match="the store says nothing"):
        beside.fetch()
    assert beside.here() == {}


@pytest.mark.parametrize("where", ["ls", "open", "read", "info"])
@pytest.mark.parametrize("kind", [ValueError, PermissionError, TimeoutError, OSError, ImportError, RuntimeError])
def test_no_word_of_a_library_is_repeated(beside, monkeypatch, caplog, capfd, where, kind):
    """A library's error may hold what it was given; neither the sentence nor the chain of errors does."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    error = kind(f"SignatureDoesNotMatch: {SECRET}")
    entry = odd_file("pm25_a.tif")
    store = Odd([entry], reads={entry["name"]: [b"12", error] if where == "read" else [b"1234"]})

    def fail(*_, **__):
        raise error

    if where != "read":
        setattr(store, where, fail)
    told(monkeypatch, store)
    with caplog.at_level(0):
        try:
            said = str(beside.fetch())
        except DataError:
            said = traceback.format_exc()
    out, err = capfd.readouterr()
    held = b"".join(path.read_bytes() for path in beside.data.rglob("*") if path.is_file())
    assert said and SECRET not in said + caplog.text + out + err and SECRET.encode() not in held


LEAKS = """
import logging, os, sys
from fsspec import AbstractFileSystem
__version__ = "2026.9.0"
class S3FileSystem(AbstractFileSystem):
    protocol = "s3"
    def ls(self, path, detail=True):
        secret = os.environ["AWS_SECRET_ACCESS_KEY"]
        print(secret, flush=True)
        print(secret, file=sys.stderr, flush=True)
        logging.getLogger("hotspot.s3").critical(secret)
        END
"""


@pytest.mark.parametrize("end", ["raise RuntimeError(secret)", "os.abort()", "os._exit(3)"])
def test_a_library_that_prints_its_credentials_is_not_heard(beside, tmp_path, end):
    """The real child and the real shell: whatever the library prints, logs or raises, and however it ends."""
    (tmp_path / "s3fs.py").write_text(LEAKS.replace("END", end))
    beside.declare("s3://bucket/pm25")
    more = {"AWS_SECRET_ACCESS_KEY": SECRET, "PYTHONPATH": f"{tmp_path}:{':'.join(sys.path)}"}
    words = ["-m", "hotspot", "fetch", "--study", str(beside.path), "--data", str(beside.data), "--log"]
    got = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=os.environ | more)
    assert got.returncode == 1 and got.stderr.startswith("hotspot: s3://bucket/pm25: the "), got.stderr
    assert SECRET not in got.stdout + got.stderr
    assert not [path for path in beside.data.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
