"""What visits came to, counted by hand on a small ledger."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from hotspot.ledger.answers.feedback import record_feedback
from hotspot.ledger.answers.outcome import first_place, outcome, visits, wilson
from hotspot.ledger.chain.store import open_ledger


def visit(cell, problem, **more):
    text = "没有填写类型" if problem is None else "见照片"
    body = {"month": "2020-02", "cell": cell, "time": "2020-03-05T10:00", "by": "王", "text": text}
    return body | ({} if problem is None else {"problem": problem}) | more


@pytest.fixture
def seen(tmp_path):
    """A warned for two reasons, B and C for one; D and E visited without a warning, F after an alarm."""
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        warned = [["A", "highest"], ["A", "year_on_year"], ["B", "highest"], ["C", "month_on_month"]]
        ledger.append("month", "2020-02", {"warned": warned})
        ledger.append("alarm", "2020-02", {"alarm": "F-1", "cell": "F", "time": "2020-02-03T10:00"})
        report = record_feedback(
            ledger,
            [
                visit("A", "none"), visit("A", "site_dust", number="5"), visit("B", "none"), visit("C", None),
                visit("D", "none", occasion="routine"), visit("E", "stack", occasion="routine"),
                visit("F", "stack", alarm="F-1"), visit("G", "stack"), visit("A", "stack", occasion="routine"),
            ],
        )  # fmt: skip
        assert report["state"].tolist() == ["recorded"] * 7 + ["quarantined"] * 2
        return visits(ledger)


def test_a_visit_is_counted_once_whatever_its_rows(seen):
    assert dict(zip(seen["cell"], seen["found"], strict=True)) == {
        "A": True, "B": False, "C": None, "D": False, "E": True, "F": True,
    }  # fmt: skip
    assert dict(zip(seen["cell"], seen["occasion"], strict=True)) == {
        "A": "warned", "B": "warned", "C": "warned", "D": "routine", "E": "routine", "F": "alarm",
    }  # fmt: skip


def test_shares_by_group_are_those_counted_by_hand(seen):
    listed = pd.DataFrame(
        {"month": "2020-02", "cell": ["A", "A", "B", "C"], "distinguishable": [False, True, False, None],
         "reason": ["highest", "year_on_year", "highest", "month_on_month"]}
    )  # fmt: skip
    place = {"A": 5.0, "B": -1.0}
    table = outcome(seen.assign(place=[place.get(cell, math.nan) for cell in seen["cell"]]), listed)
    counts = {(r.group, r.value): (r.problems, r.visited, r.unclear) for r in table.itertuples()}
    assert counts == {
        ("all", ""): (3, 5, 1), ("occasion", "warned"): (1, 2, 1), ("occasion", "alarm"): (1, 1, 0),
        ("occasion", "routine"): (1, 2, 0), ("reason", "highest"): (1, 2, 0), ("reason", "year_on_year"): (1, 1, 0),
        ("reason", "month_on_month"): (0, 0, 1), ("distinguishable", "yes"): (1, 1, 0),
        ("distinguishable", "no"): (0, 1, 0), ("distinguishable", "unknown"): (0, 0, 1), ("place", "1-3"): (0, 2, 0),
        ("place", "4-10"): (1, 2, 0), ("place", "11-"): (0, 2, 0), ("place", "not on it"): (0, 2, 0),
    }  # fmt: skip
    row = table.iloc[0]
    assert (row["share"], row["low"], row["high"]) == (0.6, *wilson(3, 5))


def test_the_item_that_a_row_names_decides_the_place():
    items = pd.DataFrame({"number": [1, 2], "problem": ["stack", "site_dust"]})
    assert first_place(("stack",), (2,), items) == 2 and first_place(("stack", "site_dust"), (), items) == 1


@given(some.integers(1, 500).flatmap(lambda n: some.tuples(some.integers(0, n), some.just(n))))
def test_wilson_limits_solve_their_equation(pair):
    """Each limit p is where the count lies z standard deviations from n p."""
    k, n = pair
    for limit in wilson(k, n):
        if 0 < limit < 1:
            assert abs(k - n * limit) / math.sqrt(n * limit * (1 - limit)) == pytest.approx(1.959964, rel=1e-4)
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
