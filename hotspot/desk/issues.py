"""A problem: listed, recorded, handed over, rectified, accepted, closed; every step by whose duty it is."""

from starlette.responses import Response

from hotspot.desk.alarms import may_write, not_to_come, recorded, signed
from hotspot.desk.phone import clocks, from_phone, taken
from hotspot.desk.views import alarm_row, issue_row, issues_seen
from hotspot.desk.web import Ask, Enter, Show, missing, page, picked, redirect
from hotspot.ledger.answers.issues import FOLLOWS, ORIGINS, record_issues, record_steps
from hotspot.rules.classes import departments, problem_types

FOUND = (
    "origin", "found", "cell", "problem", "text", "sub_cell", "facility", "department", "due", "should_have",
    "persons", "sources", "ref",
)  # fmt: skip
STEP = ("step", "text", "department", "due", "unit")


def show_issues(ask: Ask) -> Response:
    """Problems, the open ones unless all are asked for."""
    every = ask.asked("all") == "1"
    rows = issues_seen(ask, ask.desk.read(), only_open=not every)
    late = ask.asked("overdue") == "1"
    rows = [row for row in rows if row["overdue"] or not late]
    return page(ask, "issues.html", rows=rows[:200], n=len(rows), every=every, late=late)


def show_issue(ask: Ask) -> Response:
    """One problem with its steps, and those that may follow by this account."""
    row = issue_row(ask, ask.desk.read(), ask.path["issue"])
    desk, now = ask.desk, ask.desk.minute()
    facility = row["first"].get("facility", "")
    steps = {step: desk.network.why_not(ask.account, step, now, facility) for step in FOLLOWS[row["state"]]}
    return page(ask, "issue.html", row=row, steps=steps, departments=departments())


def enter_step(ask: Ask) -> Response:
    """The next step of a problem, at the desk's time; the phone's stands beside it where it came later."""
    desk, number = ask.desk, ask.path["issue"]
    issue_row(ask, desk.read(), number)
    may_write(ask)
    step = picked(ask, *STEP) | {"issue": number, "time": desk.minute()} | signed(ask) | clocks(ask)
    if photos := taken(ask):
        step["photos"] = photos
    return redirect(f"/issues/{number}", recorded(desk.record(record_steps, [step], about={"issues": [number]})))


def show_new(ask: Ask) -> Response:
    """The form of a problem; from an alarm it takes the cell and the reference."""
    book, cell, name = ask.desk.read(), ask.desk.study.code_of(ask.asked("cell")), ask.asked("alarm")
    if name:
        cell = alarm_row(ask, book, name)["body"]["cell"]
    if cell and not ask.desk.sees(ask.account, cell):
        raise missing()
    return page(
        ask, "new_issue.html", cell=cell, ref=name, kinds=problem_types(), departments=departments(), origins=ORIGINS,
        why=ask.desk.network.why_not(ask.account, "found", ask.desk.minute()),
    )  # fmt: skip


def enter_new(ask: Ask) -> Response:
    """Record a problem of a cell that the account sees."""
    found = picked(ask, *FOUND) | signed(ask)
    not_to_come(ask, found.get("found", ""))
    found["cell"] = ask.desk.study.code_of(found.get("cell", ""))
    if found["cell"] not in ask.desk.places or not ask.desk.sees(ask.account, found["cell"]):
        raise missing()
    if found.get("ref"):
        alarm_row(ask, ask.desk.read(), found["ref"])  # of this account, as the page that offered the form
    may_write(ask)
    state = recorded(ask.desk.record(record_issues, [found | from_phone(ask, found["cell"])]))
    return redirect(f"/issues/{ask.desk.book.forms[found['form']].body['issue']}", state)


ROUTES = (
    Show("/issues", show_issues), Show("/new/issue", show_new), Enter("/new/issue", enter_new),
    Show("/issues/{issue}", show_issue), Enter("/issues/{issue}/step", enter_step),
)  # fmt: skip
