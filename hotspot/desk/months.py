"""Published months: what was warned, and the files of a month, each for whom it is meant."""

import re
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response

from hotspot.desk.guard import OFFLINE
from hotspot.desk.web import Ask, Show, kind_of, missing, page
from hotspot.publish.tables.lists import read_warnings
from hotspot.workflows.monthly.explain import described

_MONTH = re.compile(r"\d{4}-\d{2}")
_STEP = re.compile(r"[\w（）()-][\w（）(). -]{0,150}")
# Shown in the browser; everything else is saved.
_INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/svg+xml", "text/plain", "text/html"})


def show_months(ask: Ask) -> Response:
    """Every published month, the newest first."""
    book = ask.desk.read()
    seen = ask.desk.seen(ask.account)
    rows = []
    for month, entry in reversed(book.lists().items()):
        cells = {cell for cell, *_ in entry.body["warned"]}
        own = sum(cell in seen for cell in cells)
        rows.append({"month": month, "n": len(cells), "own": own, "hash": entry.hash[:16]})
    return page(ask, "months.html", rows=rows)


def show_month(ask: Ask) -> Response:
    """One month: the warned cells that the account sees, and its files."""
    month, book = ask.path["month"], ask.desk.read()
    head = book.lists().get(month)
    if head is None:
        raise missing()
    seen, folder = ask.desk.seen(ask.account), ask.desk.home / month
    rows: list[dict[str, Any]] = []
    if (folder / "warnings.csv").is_file():
        rows = [row for row in _warned(ask, folder / "warnings.csv") if row["cell"] in seen]
    else:
        rows = [
            {"cell": cell} | _placed(ask, cell)
            for cell in sorted({cell for cell, *_ in head.body["warned"]})
            if cell in seen
        ]
    files = [
        (f"{month}/{name}", ask.t(zh, en)) for name, zh, en in (described(folder) if folder.is_dir() else ())
        if not name.startswith("sheets/") and may_open(ask, f"{month}/{name}")
    ]  # fmt: skip
    sheets = {row["cell"] for row in rows if (folder / "sheets" / f"{row['cell']}.pdf").is_file()}
    return page(
        ask, "month.html", month=month, rows=rows, n=len({row["cell"] for row in rows}), files=files, sheets=sheets,
        head=head.hash[:16],
    )  # fmt: skip


def _placed(ask: Ask, cell: str) -> dict[str, str]:
    city, county = ask.desk.places.get(cell, ("", ""))
    return {"city": city, "county": county}


def _warned(ask: Ask, path: Path) -> list[dict[str, Any]]:
    """The rows of a list; read again when its file is another."""
    found = path.stat()
    state = (found.st_ino, found.st_mtime_ns, found.st_size)
    return ask.desk.kept.of(("list", str(path)), state, lambda: read_warnings(path).to_dict("records"))


def open_file(ask: Ask) -> Response:
    """A file of a month, of the loop or of the public page; a page of its own runs in a box."""
    name = ask.path["name"]
    if not may_open(ask, name):
        raise missing()
    path = (ask.desk.home / name).resolve()
    if not path.is_relative_to(ask.desk.home.resolve()) or not path.is_file():
        raise missing()
    kind = kind_of(path.name)
    answer = FileResponse(path, media_type=kind)
    if kind in _INLINE:
        answer.headers["content-security-policy"] = OFFLINE
        answer.headers["x-frame-options"] = "SAMEORIGIN"
        answer.headers["content-disposition"] = "inline"
    else:
        answer.headers["content-disposition"] = "attachment"
    return answer


def may_open(ask: Ask, name: str) -> bool:
    """
    Whether an account may open a file below the study's folder, by its name.

    What is public is for everybody; the month's and the loop's files name every county, so they are for who sees the
    whole study; a sheet is for who sees its cell.
    """
    steps = name.split("/")
    if not all(_STEP.fullmatch(step) and not step.startswith(".") for step in steps) or len(steps) < 2:
        return False
    top = steps[0]
    if top == "public" or (_MONTH.fullmatch(top) and steps[1] == "public"):
        return True
    if not (_MONTH.fullmatch(top) or top in ("loop", "alarms")):
        return False
    if sees_all(ask):
        return True
    return any(part in ask.desk.places and ask.desk.sees(ask.account, part) for part in re.split(r"[/_.-]", name))


def sees_all(ask: Ask) -> bool:
    """Whether an account sees every cell of the study."""
    cells = ask.desk.network.cells(ask.account)
    return cells is None or ask.desk.places.keys() <= set(cells)


ROUTES = (Show("/months", show_months), Show("/months/{month}", show_month), Show("/files/{name:path}", open_file))
