"""The desk's figures with the exact numbers of the documents (C11, E3, A5), patrols (rule 17), what was sent."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.ledger.answers.feedback import record_feedback
from hotspot.ledger.answers.issues import record_issues, record_steps
from hotspot.ledger.assessment.figures import by_department, facts, figures, patrol_coverage
from hotspot.ledger.chain.sent import record_sent, sent_periods
from hotspot.ledger.chain.store import open_ledger
from hotspot.publish.office.periods.desk_words import of, per
from hotspot.rules.loop import Clocks

PLACES = {"A": ("甲市", "子县"), "B": ("甲市", "丑县"), "C": ("乙市", "寅县")}


def alarm(n, cell="A", day=1):
    start = f"2025-12-{day:02d}T05:00"
    body = {"alarm": f"a{n}", "cell": cell, "sub_cell": f"{cell}-07", "time": start, "end": f"2025-12-{day:02d}T07:00"}
    return body | {"hours": 2, "state": "pushed"}


def answer(n, cell="A", day=1, **more):
    row = {"alarm": f"a{n}", "cell": cell, "month": "2025-12", "time": f"2025-12-{day:02d}T08:00", "by": "王"}
    return row | {"text": "看过", "problem": "none"} | more


def test_c11_e3_rates_have_their_counts_beside_them():
    assert of(5030, 5093) == "98.76%（5030/5093）"
    assert per(0.643, 3, 3273, 5093) == "0.643（3273/5093）"
    assert of(0, 0) == "—"


def test_c11_e3_the_figures_of_a_part_are_the_counts_of_the_ledger(tmp_path):
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        for n in range(10):
            ledger.append("alarm", "2025-12", alarm(n, cell="ABC"[n % 3], day=1 + n))
        rows = [
            answer(n, "ABC"[n % 3], 1 + n, persons="4", sources="1", problem="bare_soil" if n % 2 else "none")
            for n in range(8)
        ]
        assert (record_feedback(ledger, rows)["state"] == "recorded").all()
        whole = facts(ledger, "2025-12-31T00:00", Clocks(), PLACES)
    told = figures(whole)
    assert (told["pushed"], told["answered"], told["overdue"], told["found"]) == (10, 8, 2, 4)
    assert (told["persons"], told["persons_per_alarm"], told["sources_per_alarm"]) == (32, 3.2, 0.8)
    assert told["answer_rate"] == 80.0 and told["per_alarm"] == 0.4 and told["median_hours"] == 1.0
    parts = [figures(whole.of(city=city)) for city in ("甲市", "乙市")]
    for name in ("pushed", "answered", "overdue", "found", "persons"):
        assert sum(part[name] for part in parts) == told[name], "parts add up"
    early = whole.between(pd.Timestamp("2025-12-01"), pd.Timestamp("2025-12-04"))
    assert figures(early)["pushed"] == 3 and figures(early)["answered"] == 3


def test_e3_urumqi_2023():
    from hotspot.ledger.answers.watch import ratio

    assert (ratio(44400, 10100, 2), ratio(10500, 10100, 2), ratio(1191, 1989)) == (4.40, 1.04, 0.599)


def test_a5_departments_have_accepted_open_and_overdue(tmp_path):
    found = {"origin": "self", "found": "2025-11-02T10:00", "by": "王", "cell": "A", "problem": "vocs"}
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        record_issues(ledger, [found | {"text": str(n)} for n in range(3)])
        steps = [("0001", "assigned", "03", "city"), ("0002", "assigned", "03", "city"), ("0001", "claimed", "10", "")]
        rows = [
            {"issue": f"I202511-{n}", "step": step, "time": f"2025-11-{day}T09:00", "by": f"b{step}"}
            | ({"department": desk} if desk else {})
            for n, step, day, desk in steps
        ]
        rows.append({"issue": "I202511-0001", "step": "accepted", "time": "2025-11-12T10:00", "by": "李"})
        assert (record_steps(ledger, rows)["state"] == "recorded").all()
        table = by_department(facts(ledger, "2025-12-31T00:00", Clocks(), PLACES))
    rows = table.set_index("department").to_dict("index")
    assert rows["city"] == {
        "issues": 2, "accepted": 1, "in_time": 1, "open": 1, "overdue": 1, "reopened": 0, "median_days": 10.0,
    }  # fmt: skip
    assert rows[""]["issues"] == 1 and rows[""]["open"] == 1


@given(st.lists(st.tuples(st.sampled_from("abcx"), st.integers(1, 6)), max_size=30), st.randoms())
@settings(max_examples=40, deadline=None)
def test_rule_17_coverage_is_never_above_one_and_order_changes_nothing(visits, random):
    first, end = pd.Timestamp("2025-12-02"), pd.Timestamp("2025-12-05")
    rows = [{"facility": name, "time": f"2025-12-{day:02d}T10:00"} for name, day in visits]
    mixed = list(rows)
    random.shuffle(mixed)
    sources = {"a": "甲村", "b": "甲村", "c": "乙村"}
    names = ["facility", "time"]
    told = [patrol_coverage(pd.DataFrame(part, columns=names), sources, first, end) for part in (rows, mixed)]
    assert told[0].equals(told[1])
    table = told[0].set_index("unit")
    assert table["needed"].to_dict() == {"乙村": 3, "甲村": 6}
    assert (table["made"] <= table["needed"]).all() and (table["rate"] <= 100).all()
    slow = {(name, day) for name, day in visits if name in sources and 2 <= day < 5}
    assert table["made"].sum() == len(slow)


def test_c4_what_was_sent_is_an_entry_once(tmp_path):
    given_ = {"product": "summary", "name": "2025-W50", "to": "领导", "channel": "OA", "sha256": "0" * 64}
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        entry, new = record_sent(ledger, time="2025-12-15T09:00", **given_)
        assert new and record_sent(ledger, time="2025-12-15T09:00", **given_) == (entry, False)
        record_sent(ledger, time="2025-12-16T09:00", **given_)
        assert len(ledger.entries("sent")) == 2 and ledger.verify() == 2
        assert sent_periods(ledger, "2025-12-15T08:59") == {}
        assert len(sent_periods(ledger, "2025-12-31")[("summary", "2025-W50")]) == 2
        with pytest.raises(ValueError, match="is no product"):
            record_sent(ledger, time="2025-12-15T09:00", **given_ | {"product": "poem"})
