"""The figures of a page, put together from rows that were kept, are those of the whole ledger, after every entry."""

import pandas as pd
import pytest
from desk_case import running, town_home
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hotspot.desk.accounts import Account
from hotspot.desk.book import Book, Part
from hotspot.desk.desk import Desk
from hotspot.desk.ledger_pages import _figures
from hotspot.desk.sessions import Session
from hotspot.desk.web import Ask
from hotspot.ledger.assessment.figures import facts, figures
from hotspot.ledger.chain.store import START, Entry

MONTHS = ("2025-10", "2025-11", "2025-12")
# The two days before and after each turn of a month, where things change sides.
TIMES = [f"2025-{day}T{hour:02d}:00" for day in ("10-31", "11-01", "11-30", "12-01", "12-02") for hour in (2, 23)]
times, few = st.sampled_from(TIMES), st.integers(0, 3)
problems = st.sampled_from(["none", "vocs", "bare_soil"])


@pytest.fixture(scope="module")
def town(small_study, tmp_path_factory):
    """The town's desk, whose book each example fills anew."""
    out = tmp_path_factory.mktemp("figures")
    return running(town_home(small_study, out), out)


def later(time, hours):
    return (pd.Timestamp(time) + pd.Timedelta(hours=hours)).isoformat()[:16]


@st.composite
def entries(draw, cells):
    """(kind, body) of a ledger: alarms and their answers, findings, problems with steps, in the order of writing."""
    made, alarms, issues = [], {}, {}
    kinds = st.sampled_from(["alarm", "alarm", "receipt", "answer", "answer", "finding", "issue", "step"])
    for kind in draw(st.lists(kinds, min_size=1, max_size=20)):
        cell, time = draw(st.sampled_from(cells)), draw(times)
        if kind == "alarm":
            name = f"a{draw(few)}"
            state = draw(st.sampled_from(["pushed", "pushed", "withdrawn"]))
            alarms[name] = {"alarm": name, "cell": alarms.get(name, {"cell": cell})["cell"], "sub_cell": "x",
                            "time": time, "end": later(time, draw(few)), "state": state}  # fmt: skip
            made.append(("alarm", time, alarms[name]))
        elif kind == "issue":
            name = f"I{len(issues)}"
            issues[name] = time
            made.append(("issue", time, {"issue": name, "found": time, "cell": cell, "problem": "vocs", "by": "张"}
                         | draw(st.sampled_from([{}, {"county": "别县"}, {"due": "2025-12-01"}]))))  # fmt: skip
        elif kind == "step" and issues:
            name = draw(st.sampled_from(sorted(issues)))
            step = draw(st.sampled_from(["assigned", "claimed", "accepted", "reopened"]))
            time = issues[name] = max(issues[name], time)  # the ledger takes no step from before the one it follows
            made.append(("step", time, {"issue": name, "step": step, "time": time, "by": "李"}))
        elif kind == "finding":
            made.append(("feedback", time, {"cell": cell, "time": time, "problem": draw(problems), "by": "王",
                                            "month": draw(st.sampled_from(MONTHS[:2])), "text": ""}))  # fmt: skip
        elif alarms:
            name = draw(st.sampled_from(sorted(alarms)))
            about = {"alarm": name, "cell": alarms[name]["cell"], "by": "钱"}
            if kind == "receipt":
                made.append(("receipt", time, about | {"received": time}))
            else:
                visit = about | {"time": time, "problem": draw(problems), "month": time[:7], "text": ""}
                made.append(("feedback", time, visit | draw(st.sampled_from([{}, {"arrived": later(time, -1)}]))))
    return made


def whole(desk, book, seen, month, now):
    """The same rows of the whole ledger, as the bulletin counts them."""
    part = facts(Part(e for e in book.all if about(book, e) in seen), now, desk.study.criteria.clocks, desk.places,
                 rectify_days=desk.study.criteria.handover.rectify_days)  # fmt: skip
    first = pd.Timestamp(f"{month}-01")
    part = part.between(first, first + pd.DateOffset(months=1))
    places = sorted({desk.places[cell] for cell in seen})
    told = {"": figures(part)}
    for city, county in places:
        told[city] = figures(part.of(city=city))
        told[f"　{county}"] = figures(part.of(city=city, county=county))
    return told


def about(book, entry):
    number = entry.body.get("issue")
    return book.issues[number][0].body["cell"] if number else entry.body["cell"]


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(st.data())
def test_figures_are_those_of_the_whole_ledger(town, data):
    owned = sorted(town.network.owned["T2"]), sorted(town.network.owned["T5"])
    compare(town, data.draw(entries([owned[0][0], owned[0][1], owned[1][0]])), lambda: data.draw(times),
            lambda: data.draw(st.sampled_from(MONTHS)), lambda: data.draw(st.booleans()))  # fmt: skip


def test_what_was_found_again_in_the_next_month_counts_there_only(town):
    """The case that went wrong: each month was counted by itself."""
    found = {"cell": sorted(town.network.owned["T2"])[0], "problem": "vocs", "by": "王", "month": "2025-10", "text": ""}
    times = ("2025-11-30T10:00", "2025-12-01T10:00")
    made = [("feedback", time, found | {"time": time}) for time in times]
    for month in MONTHS:
        compare(town, made, lambda: "2025-12-02T00:00", lambda month=month: month, lambda: True)


def compare(town, made, when, which, whose):
    """The page's rows beside those of the whole ledger after each entry, at an instant, of a month and an account."""
    desk, book, head = Desk(town.study, town.out), Book(), START
    desk.__dict__["places"] = town.places
    asks = [
        Ask(desk, None, "zh", Session(Account("x", person, "某人", "", "write", "", 0, 0), ""))
        for person in ("", "p-白鹿县县长")
    ]
    for seq, (kind, time, body) in enumerate(made, 1):
        book.extend([Entry(seq, kind, time[:7], body, head, f"{seq:064x}")])
        head, now, month, ask = f"{seq:064x}", when(), which(), asks[whose()]
        desk.minute = lambda now=now: now
        expected = whole(desk, book, set(desk.seen(ask.account)), month, now)
        for row in _figures(ask, book, month):
            place, _ = row.pop("place"), row.pop("part")
            assert row == {name: expected[place][name] for name in row}, (place, month, now)
