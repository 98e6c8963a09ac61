"""
What a phone needs of the desk: its worker, a fresh token, a page for the time without a network, photos, its place.

A form that was filled without a connection comes later, by the same addresses as any other; its number, made on the
phone, keeps it from being entered twice.
"""

import json
import re
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, JSONResponse, Response

from hotspot.desk.book import Book
from hotspot.desk.desk import Desk
from hotspot.desk.refusals import refusal
from hotspot.desk.web import Ask, Refused, Show, missing, page
from hotspot.grid.datum import to_wgs84
from hotspot.ledger.chain.photos import FOLDER, SHOWN_AS, NotKept, Photos
from hotspot.variables import DataError

MOST = 6  # photos of one form
_CLOCK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?")


def show_worker(ask: Ask) -> Response:
    """The service worker; only from here its scope is the whole desk."""
    return FileResponse(
        Path(str(resources("hotspot.desk"))) / "static" / "worker.js", media_type="text/javascript",
        headers={"cache-control": "no-cache"},
    )  # fmt: skip


def show_offline(ask: Ask) -> Response:
    """What is shown where a page was never opened before and there is no network."""
    return page(ask, "offline.html")


def show_token(ask: Ask) -> Response:
    """A fresh token, whose it is, and the desk's clock."""
    assert ask.session is not None
    return JSONResponse({"csrf": ask.session.csrf, "login": ask.account.login, "now": ask.desk.minute()})


def show_photo(ask: Ask) -> Response:
    """A photo that stands in an entry of a cell the account sees; never anything but an image."""
    name = ask.path["photo"]
    path = Photos(ask.desk.home / FOLDER).shown(name)
    if path is None or not any(ask.desk.sees(ask.account, cell) for cell in cells_of_photo(ask.desk.read(), name)):
        raise missing()
    headers = {"cache-control": "private, max-age=86400", "content-disposition": "inline; filename=photo.jpg"}
    return FileResponse(path, media_type=SHOWN_AS, headers=headers)


def cells_of_photo(book: Book, name: str) -> set[str]:
    """The cells of the entries that name a photo."""
    return set(book.photos.get(name, ()))


def from_phone(ask: Ask, cell: str) -> dict[str, str]:
    """
    What a form says beside its fields, for the entry: ``photos``, ``lon, lat`` in WGS 84 with the ``sub_cell`` and the
    cell they lie in (``stood``), and ``clocks``.
    """
    told = placed(ask.desk, ask.form, cell)
    photos = taken(ask)
    if photos:
        told["photos"] = photos
    return told | clocks(ask)


def clocks(ask: Ask) -> dict[str, str]:
    """
    The phone's clock beside the desk's: ``filled`` and ``phone``, what it showed when the form was filled in and when
    it was sent, and ``entered``, the desk's when it came. Whoever doubts the phone has the difference of the last two.
    """
    told = {name: ask.form.get(name, "") for name in ("filled", "phone")}
    told = {name: text[:16] for name, text in told.items() if _CLOCK.fullmatch(text)}
    return told | {"entered": ask.desk.minute()} if "phone" in told else {}


def placed(desk: Desk, form: Any, cell: str) -> dict[str, str]:
    """
    A position in our codes; nothing where none was given.

    Raises
    ------
    Refused
        It is no place on earth.
    """
    lon, lat = (str(form.get(name, "")).strip() for name in ("lon", "lat"))
    if not lon and not lat:
        return {}
    try:
        at = [float(part) for part in to_wgs84(float(lon), float(lat), str(form.get("datum") or "wgs84"))]
        if not (abs(at[0]) <= 180 and abs(at[1]) <= 90):
            raise ValueError("no degrees")
    except ValueError:
        raise Refused(422, f"经纬度 {lon} {lat} 不是一个位置", f"{lon} {lat} is no place in degrees") from None
    grid = desk.study.grid
    stood = str(grid.code(*(int(part) for part in grid.locate(*at))))
    told = {"lon": f"{at[0]:.6f}", "lat": f"{at[1]:.6f}", "stood": stood}
    if stood == cell and not str(form.get("sub_cell", "")).strip():
        told["sub_cell"] = str(grid.child(*at))
    return told


def taken(ask: Ask) -> str:
    """
    Take in the photos of a form: their hashes, parted by semicolons.

    Raises
    ------
    Refused
        One is no photo; none of the form is recorded then.
    """
    uploads = [upload for upload in ask.files.get("photo", ()) if upload.size]
    if len(uploads) > MOST:
        raise Refused(422, f"一次最多{MOST}张照片", f"at most {MOST} photos at a time")
    kept, said = Photos(ask.desk.home / FOLDER), _said_of_photos(ask.form.get("photo_at", ""))
    hashes = []
    for number, upload in enumerate(uploads):
        try:
            photo = kept.take(_bytes(upload), f"photo {number + 1}", said.get(number))
        except NotKept:
            raise  # the disk's fault, not the sender's
        except DataError as error:
            zh = f"第{number + 1}张照片没有接受：{refusal(str(error), 'zh')}"
            raise Refused(422, zh, str(error)) from None
        hashes.append(photo.sha256)
    return ";".join(dict.fromkeys(hashes))


def _bytes(upload: UploadFile) -> bytes:
    upload.file.seek(0)
    return bytes(upload.file.read())


def _said_of_photos(text: str) -> dict[int, dict[str, Any]]:
    """What the phone read of the camera's notes before it shrank the photos: number of the photo -> lon, lat, taken."""
    try:
        rows = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(rows, list):
        return {}
    return {at: row for at, row in enumerate(rows[:MOST]) if isinstance(row, dict)}


ROUTES = (
    Show("/worker.js", show_worker, "anyone"), Show("/offline", show_offline, "anyone"), Show("/token", show_token),
    Show("/photos/{photo}", show_photo),
)  # fmt: skip
