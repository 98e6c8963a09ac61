"""Photos: what is taken, what is refused, what of them is shown and what stays private (15.3)."""

import hashlib
import io
import os
import stat

import pytest
from hostile import PAYLOADS
from phone_photo import photo
from PIL import Image

from hotspot.ledger.chain.photos import Photos
from hotspot.variables import DataError

AT = {"lon": 114.321098, "lat": -30.654321}


@pytest.fixture
def photos(tmp_path):
    return Photos(tmp_path / "photos")


def test_a_photo_is_kept_by_its_hash_and_its_place_apart(photos):
    data = photo(**AT, turned=6)
    taken = photos.take(data)
    assert taken.sha256 == hashlib.sha256(data).hexdigest() and taken.kind == "JPEG"
    assert (taken.width, taken.height) == (1200, 1600), "shown upright"
    place = (taken.lon, taken.lat, taken.taken)
    assert place == (pytest.approx(AT["lon"], abs=2e-6), pytest.approx(AT["lat"], abs=2e-6),
                                                   "2020:04:03 09:58:00")  # fmt: skip
    shown = photos.shown(taken.sha256).read_bytes()
    with Image.open(io.BytesIO(shown)) as picture:
        assert picture.format == "JPEG" and picture.size == (1200, 1600) and not picture.getexif()
    assert b"Exif" not in shown and b"2020:04:03" not in shown
    assert (photos.folder / f"{taken.sha256}.original").read_bytes() == data
    assert photos.about(taken.sha256) == taken and len(photos.files()) == 3
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in photos.files()} == {0o600}


def test_the_same_photo_twice_is_one(photos):
    data = photo()
    first = photos.take(data)
    before = {path: path.stat().st_mtime_ns for path in photos.files()}
    assert photos.take(data, "another name.png") == first and first.lon is None
    assert {path: path.stat().st_mtime_ns for path in photos.files()} == before


def test_a_large_photo_is_shown_smaller_and_kept_whole(photos):
    taken = photos.take(photo(size=(2400, 1800), kind="PNG"))
    with Image.open(photos.shown(taken.sha256)) as picture:
        assert picture.size == (2048, 1536) and picture.format == "JPEG"
    assert (taken.kind, taken.width) == ("PNG", 2400)


def refused():
    whole = photo(**AT)
    broken = bytearray(whole)
    broken[300:] = b"\x00" * (len(whole) - 300)
    yield "html called jpg", b"<html><script>alert(1)</script>", "no JPEG or PNG"
    yield "svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "no JPEG or PNG"
    yield "heic", b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40, "HEIC or AVIF.*send it as JPEG"
    yield "gif", b"GIF89a" + b"\x00" * 40, "no JPEG or PNG"
    yield "cut off", whole[: len(whole) // 2], "cannot be decoded"
    yield "overwritten", bytes(broken), "cannot be decoded"
    yield "nothing", b"", "no JPEG or PNG"
    yield "a start and no more", b"\x89PNG\r\n\x1a\n", "cannot be decoded"


@pytest.mark.parametrize(("data", "why"), [row[1:] for row in refused()], ids=[row[0] for row in refused()])
def test_what_is_no_photo_is_refused_and_leaves_nothing(photos, data, why):
    with pytest.raises(DataError, match=f"^evil.jpg: .*{why}"):
        photos.take(data, "evil.jpg")
    assert not photos.files() and not [path for path in photos.folder.iterdir() if path.is_file()]


def test_a_bomb_is_not_unpacked(photos):
    saved = io.BytesIO()
    Image.new("1", (30_000, 3_000)).save(saved, "PNG")
    assert len(saved.getvalue()) < 100_000
    with pytest.raises(DataError, match=r"30000 x 3000 pixels|cannot be decoded"):
        photos.take(saved.getvalue())


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..%2f", "a" * 64, "0" * 63, "0" * 64 + ".original", *PAYLOADS.values()]
)
def test_a_text_that_is_no_hash_names_no_file(photos, name):
    photos.take(photo())
    assert photos.shown(name) is None and photos.about(name) is None


def test_a_full_disk_is_a_sentence_and_the_photo_can_be_sent_again(photos, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    data = photo()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(DataError, match=r"cannot be kept \(No space left on device\); check space"):
            photos.take(data)
    assert not photos.files()
    assert photos.shown(photos.take(data).sha256)
