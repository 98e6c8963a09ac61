"""The report from the spot has its own clock (B5): inclusive to the minute, overdue, never when answered."""

import itertools

import pandas as pd
import pytest

from hotspot.ledger.answers.feedback import record_feedback
from hotspot.ledger.answers.watch import alarm_table, desk_figures
from hotspot.ledger.chain.store import open_ledger
from hotspot.rules.loop import Clocks

CHANGJI = Clocks(site_hours=1, result_hours=2, answer_hours=0)
ALARM = {"alarm": "a1", "cell": "A", "sub_cell": "A-27", "hours": 3, "state": "pushed"}
VISIT = {"month": "2025-12", "cell": "A", "by": "王", "text": "现场", "alarm": "a1", "problem": "none"}


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path / "ledger.sqlite") as opened:
        opened.append("alarm", "2025-12", ALARM | {"time": "2025-12-05T07:00", "end": "2025-12-05T09:00"})
        opened.append("receipt", "2025-12", {"alarm": "a1", "received": "2025-12-05T10:00", "by": "李"})
        yield opened


@pytest.mark.parametrize(
    ("asof", "site", "result"),
    [("11:00", "running", "running"), ("11:01", "overdue", "running"), ("12:00", "overdue", "running"),
     ("12:01", "overdue", "overdue")],
)  # fmt: skip
def test_b5_the_site_clock_runs_out_before_the_results(ledger, asof, site, result):
    row = alarm_table(ledger, f"2025-12-05T{asof}", CHANGJI).iloc[0]
    assert (row["site_state"], row["state"]) == (site, result)
    assert row["site_due"] == "2025-12-05T11:00" and row["due"] == "2025-12-05T12:00"
    told = desk_figures(ledger, f"2025-12-05T{asof}", CHANGJI)
    assert told["site_overdue"] == (site == "overdue") and told["overdue"] == (result == "overdue")


@pytest.mark.parametrize(
    ("arrived", "done", "site", "late", "result"),
    [("11:00", "12:00", "in time", 0, "in time"), ("11:01", "12:00", "late", 1, "in time"),
     ("10:20", "12:01", "in time", 0, "late")],
)  # fmt: skip
def test_b5_b28_arrival_and_result_are_told_apart(ledger, arrived, done, site, late, result):
    row = {"time": "2025-12-05T11:30", "arrived": f"2025-12-05T{arrived}", "result_time": f"2025-12-05T{done}"}
    assert record_feedback(ledger, [VISIT | row])["state"].tolist() == ["recorded"]
    got = alarm_table(ledger, "2025-12-06", CHANGJI).iloc[0]
    assert (got["site_state"], got["site_late"], got["state"]) == (site, late, result)


@pytest.mark.parametrize(
    ("given", "why"),
    [({"arrived": "2025-12-05T06:00"}, "the visit 2025-12-05T06:00 is before the alarm"),
     ({"arrived": "昨天"}, "arrived '昨天' is no local time"),
     ({"arrived": "2025-12-05T11:00", "result_time": "2025-12-05T10:00"}, "before the arrival")],
)  # fmt: skip
def test_times_that_cannot_be_are_set_aside(ledger, given, why):
    report = record_feedback(ledger, [VISIT | {"time": "2025-12-05T11:30"} | given])
    assert report["state"].tolist() == ["quarantined"] and why in report["why"][0]


def test_what_is_answered_is_never_also_overdue(tmp_path):
    """Law: of every alarm and instant, neither clock is overdue once its report has come."""
    hours = [None, "10:30", "11:30", "13:00"]
    for n, (arrived, done, asof) in enumerate(itertools.product(hours, hours, ("10:45", "11:15", "12:30", "14:00"))):
        with open_ledger(tmp_path / f"{n}.sqlite") as ledger:
            ledger.append("alarm", "2025-12", ALARM | {"time": "2025-12-05T07:00", "end": "2025-12-05T10:00"})
            row = VISIT | {"time": f"2025-12-05T{done or arrived}"}
            if arrived and (done is None or arrived <= done):
                row |= {"arrived": f"2025-12-05T{arrived}"}
            if arrived or done:
                assert record_feedback(ledger, [row])["state"].tolist() == ["recorded"]
            got = alarm_table(ledger, f"2025-12-05T{asof}", CHANGJI).iloc[0]
        assert (got["state"] == "overdue") <= (got["answered"] == "")
        assert (got["site_state"] == "overdue") <= (got["site"] == "")
        assert not got["site"] or pd.Timestamp(got["site"]) <= pd.Timestamp(f"2025-12-05T{asof}")


def test_a_profile_without_the_clock_is_late_for_nothing(ledger):
    row = alarm_table(ledger, "2026-01-01", Clocks()).iloc[0]
    assert row["site_state"] == "no clock" and row["state"] == "overdue"
    assert desk_figures(ledger, "2026-01-01", Clocks())["site_overdue"] == 0
