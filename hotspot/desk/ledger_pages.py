"""The ledger (台账) and the figures: searched, exported, counted; of what an account sees."""

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from hotspot.desk.book import Book, Part
from hotspot.desk.rows import Row, placed
from hotspot.desk.web import Ask, Show, drawn, page
from hotspot.ledger.assessment.figures import alarm_figures, found_rows, issue_figures
from hotspot.ledger.chain.store import Entry
from hotspot.text.csv_rows import escape_text

_SHOWN = 200
_LONG = 120  # letters of a field on the page; the table has all
# Fields whose value is a key of the ledger, and of which kind of words (``words.say``).
_WORDS = {"step": "state", "problem": "problem", "origin": "origin", "department": "department",
          "should_have": "should_have"}  # fmt: skip
_OF_KIND = ("alarm", "measure", "consequence", "month")  # whose ``state`` has words of its own
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
_FIXED = ("seq", "kind", "month", "hash")


def show_ledger(ask: Ask) -> Response:
    """Entries that an account sees, newest first, by kind, month and a word in them."""
    book = ask.desk.read()
    rows, kinds = _entries(ask, book), sorted(book.kinds_there())
    cards = [_card(ask, entry) for entry in rows[:_SHOWN]]
    return page(
        ask, "ledger.html", cards=cards, n=len(rows), kinds=kinds, most=_SHOWN,
        kind=ask.asked("kind"), month=ask.asked("month"), word=ask.asked("word"), head=book.head[:16],
        query=ask.request.url.query,
    )  # fmt: skip


def export_ledger(ask: Ask) -> Response:
    """The same entries as a table for a spreadsheet, in the page's words; no field of it becomes a formula."""
    rows = [_worded(ask, entry) for entry in reversed(_entries(ask, ask.desk.read()))]
    names = list(dict.fromkeys([*_FIXED, *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(name if (said := ask.say("field", name)) == name else f"{said} {name}" for name in names)
    writer.writerows([escape_text(row.get(name, "")) for name in names] for row in rows)
    headers = {"content-disposition": 'attachment; filename="ledger.csv"'}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def show_figures(ask: Ask) -> Response:
    """The desk's figures, a row a city and county that the account sees, of each month of a year."""
    desk, book = ask.desk, ask.desk.read()
    seen = desk.seen(ask.account)
    now = desk.minute()
    months = sorted({now[:7]} | {end[:7] for end in book.ends(seen) if end <= now})[-12:]
    month = ask.asked("month") if ask.asked("month") in months else months[-1]
    rows, whole = _figures(ask, book, month), desk.network.cells(ask.account) is None
    return page(ask, "figures.html", rows=rows, months=months, month=month, whole=whole)


def _figures(ask: Ask, book: Book, month: str) -> list[dict[str, Any]]:
    """
    A row of all, of each city and of each county, as ``ledger.assessment.figures`` counts them of the whole ledger.

    What an alarm or problem comes to stands in its row, which is worked out anew only where it has another entry. A
    place of which the account sees a part says how many of its cells: nothing there is no nothing in all of it.
    """
    desk, now = ask.desk, ask.desk.minute()
    seen, cells = desk.seen(ask.account), desk.network.cells(ask.account)
    alarms, problems = book.of_month(month, seen)
    # What was found in warned cells: a later word on the same problem replaces an earlier one, in whatever month.
    findings = book.findings(seen)
    found = desk.kept.of(
        ("found", cells), (len(findings), max((e.seq for e in findings), default=0), now),
        lambda: found_rows(Part(findings), now),
    )  # fmt: skip
    told = (desk.alarm_rows.of(alarms, now), desk.issue_rows.of(problems, now),
            placed([row for row in found if row["time"][:7] == month], desk.places))  # fmt: skip
    parts: dict[tuple[str, ...], tuple[list[Row], ...]] = defaultdict(lambda: ([], [], []))
    for kind, rows in enumerate(told):
        for row in rows:
            for n in range(3):
                parts[(row["city"], row["county"])[:n]][kind].append(row)
    of_all, of_seen = (
        desk.kept.of(("cells", some), desk.network.day, partial(_cells_of, desk.places, some)) for some in (None, cells)
    )
    counted = []
    for place in sorted({(), *of_seen}):
        own, issues, more = parts[place]
        n_found = sum(row["found"] for row in own) + len(more)
        name = "　" * (len(place) == 2) + place[-1] if place else ""
        part = (of_seen[place], of_all[place]) if of_seen[place] < of_all[place] else None
        counted.append({"place": name, "part": part, **alarm_figures(own, n_found), **issue_figures(issues)})
    return counted


def _cells_of(places: Mapping[str, tuple[str, str]], seen: Collection[str] | None) -> Counter[tuple[str, ...]]:
    """How many of the cells an account sees (None: of all) lie in each city and each county."""
    inside = places.values() if seen is None else [places[cell] for cell in seen if cell in places]
    return Counter(place for city, county in inside for place in ((city,), (city, county)) if place[-1])


def _entries(ask: Ask, book: Book) -> list[Entry]:
    """Newest first; a part of the study sees the entries of its own cells only."""
    cells = ask.desk.network.cells(ask.account)
    kind, month = ask.asked("kind"), ask.asked("month")
    words = {ask.asked("word"), ask.desk.study.code_of(ask.asked("word"))}  # a label finds the entries of its cell
    if cells is None:
        found = book.of_kind(kind)
    else:  # the lists of months name every county's cells
        entries = ask.desk.kept.of(("entries", cells), book.state(cells), lambda: book.part(cells=cells).entries())
        found = [entry for entry in entries if entry.kind != "month" and kind in ("", entry.kind)]
    return [entry for entry in reversed(found) if month in ("", entry.month) and _says(entry, words)]


def _says(entry: Entry, words: set[str]) -> bool:
    text = "" if words == {""} else json.dumps(entry.body, ensure_ascii=False)
    return any(word in text for word in words)


def _flat(entry: Entry) -> dict[str, str]:
    told = {"seq": str(entry.seq), "kind": entry.kind, "month": entry.month, "hash": entry.hash[:16]}
    return told | {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in entry.body.items()
        if name not in _FIXED
    }


def _worded(ask: Ask, entry: Entry) -> dict[str, str]:
    words = _words(entry)
    told = {k: ask.say(words[k], v) if k in words and v else v for k, v in _flat(entry).items()}
    return told | {"kind": ask.say("entry", entry.kind)}


def _words(entry: Entry) -> dict[str, str]:
    """Fields of an entry whose value is a key, and of which kind of words (``words.say``)."""
    words = _WORDS | ({"state": f"{entry.kind} state"} if entry.kind in _OF_KIND else {})
    return words | ({"why": "alarm why"} if entry.kind == "alarm" else {})


def _card(ask: Ask, entry: Entry) -> Markup:
    """An entry as it stands on the page; it never changes, so it is drawn once."""
    return ask.desk.cards.of((entry.seq, ask.lang), entry.hash, lambda: drawn("entry_row", _told(entry), ask))


def _told(entry: Entry) -> dict[str, Any]:
    """An entry as a line: its fields without those that only machines read."""
    told = ((k, v) for k, v in _flat(entry).items() if v and k not in (*_FIXED, "form") and "sha256" not in k)
    flat = {k: v if len(v) <= _LONG else f"{v[: _LONG - 1]}…" for k, v in told}
    flat = {k: v.replace("T", " ") if _INSTANT.fullmatch(v) else v for k, v in flat.items()}
    if isinstance(entry.body.get("warned"), list):
        cells = dict.fromkeys(str(cell) for cell, *_ in entry.body["warned"])
        flat["warned"] = f"{len(cells)}: {' '.join(cells)}"[:_LONG]
    return {
        "words": _words(entry),
        "seq": entry.seq,
        "kind": entry.kind,
        "month": entry.month,
        "hash": entry.hash[:16],
        "fields": flat,
    }


ROUTES = (
    Show("/ledger", show_ledger), Show("/ledger.csv", export_ledger), Show("/figures", show_figures),
)  # fmt: skip
