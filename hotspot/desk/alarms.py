"""An alarm: listed, opened, received, answered; and the cell it is in."""

import re
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from hotspot.desk.book import Book, Part
from hotspot.desk.phone import clocks, from_phone
from hotspot.desk.refusals import refusal
from hotspot.desk.views import alarm_row, alarms_seen, issues_seen
from hotspot.desk.web import Ask, Enter, Refused, Show, form_number, missing, page, picked, redirect
from hotspot.ledger.answers.feedback import record_feedback
from hotspot.ledger.answers.past import past_of, past_words
from hotspot.ledger.answers.receipts import record_receipts
from hotspot.rules.classes import NONE, problem_types

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_MOST = 200  # rows of one page
_DAYS = (7, 31, 92, 366)
# What a form may say of a visit; whatever else is sent with it is not looked at.
VISIT = ("time", "problem", "text", "sub_cell", "facility", "persons", "sources")


def show_alarms(ask: Ask) -> Response:
    """Pushed alarms of the last days, by state."""
    days = int(ask.asked("days")) if ask.asked("days").isdecimal() and int(ask.asked("days")) in _DAYS else _DAYS[1]
    rows = alarms_seen(ask, ask.desk.read(), days)
    state = ask.asked("state")
    shown = [row for row in rows if state in ("", row["state"])]
    return page(
        ask, "alarms.html", rows=shown[:_MOST], n=len(rows), fit=len(shown), most=_MOST, days=days, choices=_DAYS,
        state=state, states=sorted({row["state"] for row in rows}),
    )  # fmt: skip


def show_alarm(ask: Ask) -> Response:
    """One alarm: its clock, what was answered, what lies behind its cell."""
    book = ask.desk.read()
    row = alarm_row(ask, book, ask.path["alarm"])
    answers = [entry.body for entry in tuple(book.alarms[ask.path["alarm"]]) if entry.kind == "feedback"]
    why = ask.desk.network.why_not(ask.account, "visit", ask.desk.minute())
    cards = sorted(ask.desk.home.glob(f"alarms/*/cards/{row['body']['alarm']}.png"))
    return page(
        ask, "alarm.html", row=row, answers=answers, past=cell_past(ask, book, row["body"]["cell"]), why=why,
        card=cards[-1].relative_to(ask.desk.home).as_posix() if cards else "", kinds=problem_types(), nothing=NONE,
    )  # fmt: skip


def enter_receipt(ask: Ask) -> Response:
    """
    Stamp the receipt of an alarm with the desk's clock; who has received it already changes nothing.

    Pressed without a connection it is stamped when it arrives, and the phone's time stands beside it.
    """
    desk, name = ask.desk, ask.path["alarm"]
    book = desk.read()
    alarm_row(ask, book, name)
    may_write(ask)
    by = desk.network.signs(ask.account)
    if any(entry.kind == "receipt" and entry.body["by"] == by for entry in tuple(book.alarms[name])):
        return redirect(f"/alarms/{name}", "repeated")
    received = {"alarm": name, "received": desk.minute()} | signed(ask) | clocks(ask)
    report = recorded(desk.record(record_receipts, [received], judged=False, about={"alarms": [name]}))
    return redirect(f"/alarms/{name}", report)


def enter_answer(ask: Ask) -> Response:
    """Answer an alarm. Of two answers both are kept, and the second is told of the first."""
    desk, name = ask.desk, ask.path["alarm"]
    body = alarm_row(ask, desk.read(), name)["body"]
    visit = picked(ask, *VISIT)
    not_to_come(ask, visit.get("time", ""))
    visit |= {"alarm": name, "cell": body["cell"], "month": body["time"][:7]} | signed(ask)
    may_write(ask)
    report = recorded(desk.record(record_feedback, [visit | from_phone(ask, body["cell"])], about={"alarms": [name]}))
    others = {e.body["by"] for e in tuple(desk.book.alarms[name]) if e.kind == "feedback"} - {visit["by"]}
    said = "repeated" if report == "repeated" else "second" if others else "recorded"
    return redirect(f"/alarms/{name}", said)


def show_cell(ask: Ask) -> Response:
    """One cell: its lists, alarms, findings and problems of a year."""
    book = ask.desk.read()
    cell = ask.desk.study.code_of(ask.path["cell"])
    if cell not in ask.desk.places or not ask.desk.sees(ask.account, cell):
        raise missing()
    own = alarms_seen(ask, book, 366, cells=[cell])
    problems = issues_seen(ask, book, only_open=False, cells=[cell])
    warned = [month for month, entry in book.lists().items() if cell in {c for c, *_ in entry.body["warned"]}]
    findings = [entry.body for entry in book.findings([cell])]
    return page(
        ask, "cell.html", cell=cell, place=ask.desk.places[cell], alarms=own, problems=problems,
        warned=warned, findings=findings[::-1], past=cell_past(ask, book, cell), kinds=problem_types(),
        nothing=NONE, why=ask.desk.network.why_not(ask.account, "visit", ask.desk.minute()),
    )  # fmt: skip


def enter_finding(ask: Ask) -> Response:
    """What was found in a warned cell, without an alarm."""
    cell = ask.desk.study.code_of(ask.path["cell"])
    if cell not in ask.desk.places or not ask.desk.sees(ask.account, cell):
        raise missing()
    visit = picked(ask, *VISIT, "month") | {"cell": cell} | signed(ask)
    not_to_come(ask, visit.get("time", ""))
    may_write(ask)
    report = recorded(ask.desk.record(record_feedback, [visit | from_phone(ask, cell)], about={"cells": [cell]}))
    return redirect(f"/cells/{cell}", report)


def cell_past(ask: Ask, book: Book, cell: str) -> list[str]:
    """What lies behind a cell, in the page's language."""
    desk, now = ask.desk, ask.desk.minute()
    rule, state = desk.study.criteria.clocks, book.state([cell])
    days = desk.kept.of(("days", cell), state, lambda: _days(book.part(cells=[cell])))
    # It changes with time alone on a day on which something happens, or drops out of the year or of what counts as
    # repeated; on a day that last year did not have, anything may.
    today = date.fromisoformat(now[:10])
    edges = {now[:10], f"{today.year - 1}{now[4:10]}", str(today - timedelta(days=rule.repeat_days))}
    sure = edges.isdisjoint(days) and now[5:10] != "02-29"
    told = desk.kept.of(
        ("past", cell), (state, now[: 10 if sure else 16]),
        lambda: past_words(past_of(book.part(cells=[cell]), cell, now, rule)),
    )  # fmt: skip
    return [ask.t(zh, en) for zh, en in told]


def _days(part: Part) -> frozenset[str]:
    """The days of which entries tell, and the first of each month with a list."""
    told = (entry.body.get(name) for entry in part.entries() for name in ("time", "found"))
    lists = (f"{entry.month}-01" for entry in part.entries("month"))
    return frozenset(str(text)[:10] for text in (*told, *lists) if text)


def signed(ask: Ask) -> dict[str, str]:
    """Who writes, with which form: the account's own name, whatever the form says."""
    return {"by": ask.desk.network.signs(ask.account), "form": form_number(ask)}


def may_write(ask: Ask) -> None:
    """Refuse an account that writes nothing; what it may write is the ledger's to judge."""
    why = ask.desk.network.bars(ask.account)
    if why:
        raise Refused(403, refusal(why, "zh"), refusal(why, "en"))


def not_to_come(ask: Ask, told: str) -> None:
    """Refuse a visit or a finding at a time that the desk's clock has not reached: no page would show it before."""
    now = ask.desk.minute()
    if _INSTANT.match(told) and told[:16].replace(" ", "T") > now:
        at, by = told[:16].replace("T", " "), now.replace("T", " ")
        raise Refused(
            422, f"时间 {at} 还没有到，现在是 {by}；请改正后再提交",
            f"The time {at} has not come; it is {by} now. Correct it and send it again",
        )  # fmt: skip


def recorded(report: Any) -> str:
    """The state of a row that was entered; a refusal of the ledger becomes a page with its words."""
    row = report.iloc[0]
    if row["state"] == "quarantined":
        zh, en = (refusal(row["why"], lang) for lang in ("zh", "en"))
        raise Refused(422, f"台账没有接受：{zh}", f"The ledger did not take it: {en}")
    return str(row["state"])


ROUTES = (
    Show("/alarms", show_alarms), Show("/alarms/{alarm}", show_alarm), Enter("/alarms/{alarm}/receipt", enter_receipt),
    Enter("/alarms/{alarm}/answer", enter_answer), Show("/cells/{cell}", show_cell),
    Enter("/cells/{cell}/finding", enter_finding),
)  # fmt: skip
