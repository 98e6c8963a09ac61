"""The map: the cells an account sees with the ledger's state on them, and the same on the month's own page."""

from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from hotspot.desk.guard import OFFLINE
from hotspot.desk.months import sees_all
from hotspot.desk.views import alarms_seen, issues_seen
from hotspot.desk.web import Ask, Show, missing, page, static_text
from hotspot.publish.web.page import leaflet_css, leaflet_js
from hotspot.text.escape import script_json

_MOST = 4000  # cells that are drawn one by one; of more only those with something to say


def show_map(ask: Ask) -> Response:
    """The page; its script asks for the cells."""
    return page(ask, "map.html", month=_month(ask) if sees_all(ask) else "")


def map_data(ask: Ask) -> Response:
    """The cells as JSON."""
    return JSONResponse({"lang": ask.lang, "cells": _cells(ask)})


def show_month_map(ask: Ask) -> Response:
    """The last published month's own page with the ledger's state on it, in its box."""
    month = _month(ask)
    if not month or not sees_all(ask):
        raise missing()
    text = (ask.desk.home / month / "map.html").read_text(encoding="utf-8")
    told = [cell for cell in _cells(ask) if cell["kind"]]
    script = f"const LEDGER = {script_json({'lang': ask.lang, 'cells': told})};\n{static_text('ledger_layer.js')}"
    before, end, after = text.rpartition("</html>")
    headers = {"content-security-policy": OFFLINE, "x-frame-options": "SAMEORIGIN"}
    return HTMLResponse(f"{before}<script>{script}</script>\n{end}{after}", headers=headers)


def leaflet_code(ask: Ask) -> Response:
    """Leaflet's script, from this machine."""
    return Response(leaflet_js(), media_type="text/javascript")


def leaflet_style(ask: Ask) -> Response:
    """Leaflet's style."""
    return Response(leaflet_css(), media_type="text/css")


def _month(ask: Ask) -> str:
    """The last month that was published with a map, or ""."""
    months = ask.desk.read().lists()
    return next((month for month in reversed(list(months)) if (ask.desk.home / month / "map.html").is_file()), "")


def _cells(ask: Ask) -> list[dict[str, Any]]:
    """
    What stands of each cell: ``kind`` "overdue", "waiting", "open", "warned" or "", the worst first, and its numbers.
    """
    book, study = ask.desk.read(), ask.desk.study
    waiting, overdue, problems = (dict[str, int]() for _ in range(3))
    for row in alarms_seen(ask, book, study.criteria.clocks.outstanding_days):
        if not row["answered"]:
            waiting[row["cell"]] = waiting.get(row["cell"], 0) + 1
            overdue[row["cell"]] = overdue.get(row["cell"], 0) + (row["state"] == "overdue")
    for row in issues_seen(ask, book):
        problems[row["cell"]] = problems.get(row["cell"], 0) + 1
        overdue[row["cell"]] = overdue.get(row["cell"], 0) + bool(row["overdue"])
    lists = list(book.lists().values())
    warned = {cell for cell, *_ in lists[-1].body["warned"]} if lists else set()
    seen = ask.desk.seen(ask.account)
    kinds = {
        code: "overdue" if overdue.get(code) else "waiting" if waiting.get(code) else "open" if problems.get(code)
        else "warned" if code in warned else ""
        for code in ask.desk.places if code in seen
    }  # fmt: skip
    every = len(kinds) <= _MOST
    return [
        {
            "cell": code, "county": "".join(ask.desk.places[code]), "corners": ask.desk.corners[code], "kind": kind,
            "waiting": waiting.get(code, 0), "overdue": overdue.get(code, 0), "open": problems.get(code, 0),
            "warned": code in warned,
        }
        for code, kind in kinds.items() if every or kind
    ]  # fmt: skip


ROUTES = (
    Show("/map", show_map), Show("/map.json", map_data), Show("/map/month", show_month_map),
    Show("/map/leaflet.js", leaflet_code), Show("/map/leaflet.css", leaflet_style),
)  # fmt: skip
