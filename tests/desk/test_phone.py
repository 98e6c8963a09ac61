"""What the desk takes from a phone, and from whoever says to be one: photos, places, clocks, numbers (15.3)."""

import pytest
from desk_case import COUNTY, OTHER, PASSWORD, Visitor, alarms_of
from phone_photo import photo

from hotspot.grid.datum import from_wgs84
from hotspot.ledger.chain.photos import FOLDER, Photos

TOLD = {"time": "2025-12-30T08:00", "problem": "bare_soil", "text": "裸土"}


@pytest.fixture(scope="module")
def county(plain_desk):
    """The chief of one county, logged in."""
    return Visitor(plain_desk, COUNTY)


def send(visitor, path, *photos, **fields):
    """A form with photos: (name, bytes, type) each."""
    return visitor.client.post(
        path, data={"csrf": visitor.csrf(), **TOLD, **fields}, files=[("photo", one) for one in photos]
    )


def last(desk):
    return desk.read().kinds["feedback"][-1].body


def test_photos_are_shown_as_images_to_those_who_see_the_cell(plain_desk, county):
    name = alarms_of(plain_desk, "白鹿县")[0]
    first, second = photo(lon=114.4, lat=36.8), photo(kind="PNG", tone=9)
    answer = send(county, f"/alarms/{name}/answer", ("a.jpg", first, "text/html"), ("b.svg", second, "image/svg+xml"))
    assert answer.status_code == 200
    hashes = last(plain_desk)["photos"].split(";")
    assert len(hashes) == 2 and f'src="/photos/{hashes[0]}"' in answer.text
    shown = county.get(f"/photos/{hashes[1]}")
    assert shown.headers["content-type"] == "image/jpeg" and shown.headers["x-content-type-options"] == "nosniff"
    assert shown.content.startswith(b"\xff\xd8\xff") and b"Exif" not in shown.content
    assert "script" not in shown.headers.get("content-security-policy", "").replace("script-src 'self'", "")
    assert Visitor(plain_desk, OTHER).get(f"/photos/{hashes[0]}").status_code == 404, "another county's"
    assert Visitor(plain_desk).get(f"/photos/{hashes[0]}").url.path == "/login"
    for path in ("0" * 64, "..%2f..%2fdesk.sqlite", hashes[0] + ".original", hashes[0].upper()):
        assert county.get(f"/photos/{path}").status_code == 404, path


@pytest.mark.parametrize(
    "data", [b"<html><script>alert(1)</script>", b"GIF89a", photo()[:3000]], ids=["html", "gif", "cut"]
)
def test_what_is_no_photo_stops_the_whole_form(plain_desk, county, data):
    before, kept = plain_desk.read().seq, Photos(plain_desk.home / FOLDER)
    there = len(kept.files())
    answer = send(county, f"/alarms/{alarms_of(plain_desk, '白鹿县')[0]}/answer", ("evil.jpg", data, "image/jpeg"))
    assert answer.status_code == 422 and "照片没有接受" in answer.text
    assert plain_desk.read().seq == before and len(kept.files()) == there


def test_more_photos_than_a_visit_needs_are_refused(plain_desk, county):
    seven = [(f"{n}.jpg", photo(size=(40, 30), tone=n), "image/jpeg") for n in range(7)]
    answer = send(county, f"/alarms/{alarms_of(plain_desk, '白鹿县')[0]}/answer", *seven)
    assert answer.status_code == 422 and "最多6张" in answer.text


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_a_position_is_brought_to_our_codes(plain_desk, county, datum):
    name = alarms_of(plain_desk, "白鹿县")[1]
    cell, grid = plain_desk.read().alarm(name)["cell"], plain_desk.study.grid
    part = grid.children(cell).iloc[7]
    at = (part["lon"], part["lat"])
    lon, lat = at if datum == "wgs84" else from_wgs84(*at, "gcj02")
    said = {"lon": f"{float(lon):.7f}", "lat": f"{float(lat):.7f}", "datum": datum, "text": f"位置{datum}"}
    assert send(county, f"/alarms/{name}/answer", **said).status_code == 200
    body = last(plain_desk)
    assert (body["stood"], body["sub_cell"]) == (cell, f"{cell}-08") and "datum" not in body
    assert float(body["lon"]) == pytest.approx(at[0], abs=3e-6) and float(body["lat"]) == pytest.approx(at[1], abs=3e-6)


@pytest.mark.parametrize("lon", ["nan", "999", "east", "1e400"])
def test_no_place_on_earth_is_refused_in_words(plain_desk, county, lon):
    before = plain_desk.read().seq
    answer = send(county, f"/alarms/{alarms_of(plain_desk, '白鹿县')[1]}/answer", lon=lon, lat="36.8")
    assert answer.status_code == 422 and "不是一个位置" in answer.text and plain_desk.read().seq == before


def test_the_phone_s_clock_stands_beside_the_desk_s_and_changes_nothing_sent_again(plain_desk, county):
    path, form = f"/alarms/{alarms_of(plain_desk, '白鹿县')[2]}/answer", "c" * 32
    picture = ("a.jpg", photo(size=(80, 60)), "image/jpeg")
    first = send(county, path, picture, form=form, phone="2025-12-30T14:00", photo_at='[{"lon": 114.4, "lat": 36.8}]')
    body = last(plain_desk)
    assert body["phone"] == "2025-12-30T14:00" and body["entered"].startswith("2025-12-30T09:")
    assert Photos(plain_desk.home / FOLDER).about(body["photos"]).lon == 114.4
    again = send(county, path, picture, form=form, phone="2025-12-30T15:30")
    assert "said=second" in str(first.url) and "said=repeated" in str(again.url)
    assert send(county, path, form="d" * 32, phone="<script>").status_code == 200 and "phone" not in last(plain_desk)


@pytest.mark.parametrize("told", ["[", "{}", "[1, null]", '[{"lon": "x", "lat": 1e999, "taken": "<b>"}]', "[" * 3000])
def test_broken_notes_of_photos_are_as_none(plain_desk, county, told):
    path = f"/alarms/{alarms_of(plain_desk, '白鹿县')[2]}/answer"
    data = photo(size=(50, 40), tone=len(told) % 200)
    assert send(county, path, ("a.jpg", data, "image/jpeg"), photo_at=told, text=f"注{told[:9]}").status_code == 200
    assert Photos(plain_desk.home / FOLDER).about(last(plain_desk)["photos"]).lon is None


def test_the_worker_and_a_fresh_token(plain_desk, county):
    worker = Visitor(plain_desk).get("/worker.js")
    assert worker.headers["content-type"].startswith("text/javascript") and "caches" in worker.text
    token = county.get("/token").json()
    assert token["login"] == COUNTY and token["csrf"] == county.csrf() and token["now"].startswith("2025-12-30T09:")
    assert Visitor(plain_desk).get("/token").url.path == "/login"
    later = Visitor(plain_desk)
    later.log_in(COUNTY, PASSWORD)
    assert later.get("/token").json()["csrf"] != token["csrf"]
    assert "没有网络" in Visitor(plain_desk).get("/offline").text
