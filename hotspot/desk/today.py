"""The first page: what waits for the one who opens it."""

from starlette.responses import Response

from hotspot.desk.views import alarms_seen, issues_seen
from hotspot.desk.web import Ask, Show, page
from hotspot.rules.cadence import PRODUCTS


def show_today(ask: Ask) -> Response:
    """New alarms, what is overdue, open problems; for who sees the whole study also the products that are due."""
    book = ask.desk.read()
    rows = alarms_seen(ask, book, ask.desk.study.criteria.clocks.outstanding_days)
    waiting = [row for row in rows if not row["answered"]]
    running = sorted((r for r in waiting if r["state"] != "overdue"), key=lambda r: str(r["due"] or r["pushed"]))
    overdue = [row for row in waiting if row["state"] == "overdue"]
    problems = issues_seen(ask, book)
    whole = ask.desk.network.cells(ask.account) is None
    due = ask.desk.due() if whole else []
    return page(
        ask, "today.html", waiting=[*running, *overdue], n_overdue=len(overdue),
        answered=[row for row in rows if row["answered"]][:10], problems=problems,
        late=[row for row in problems if row["overdue"]], due=due, products=PRODUCTS,
        posts=ask.desk.network.posts(ask.account.person) if ask.account.person else [],
    )  # fmt: skip


ROUTES = (Show("/", show_today),)
