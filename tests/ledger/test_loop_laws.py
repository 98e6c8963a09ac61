"""
Laws of the loop (issue 14): order and repetition of rows change no byte, every deducted point names an entry, what is
answered is never overdue, counts reconcile from the alarm to the closed problem.
"""

import re
import tempfile
from functools import lru_cache
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.answers.feedback import record_feedback
from hotspot.ledger.answers.issues import OPEN, record_issues, record_steps
from hotspot.ledger.answers.receipts import record_receipts
from hotspot.ledger.assessment.figures import facts, figures
from hotspot.ledger.assessment.measures import measure_table, record_measures
from hotspot.ledger.chain.store import open_ledger
from hotspot.ledger.network.registers import record_rewards, record_trainings
from hotspot.rules.loop import Assessment, Clocks, ShareLadder
from hotspot.synthetic.loop_year import loop_year
from hotspot.workflows.periods.assessment import assess_units

CELLS = (("A", "甲县"), ("B", "乙县"), ("C", "丙县"))
PLACES = {cell: ("某市", county) for cell, county in CELLS}
RULES = (Clocks(), Clocks(answer_hours=0, site_hours=1, result_hours=2))
NO_TABLES = (None, None, lambda month: {})
NO_FILES = Deliveries(None)  # nothing is opened where no table is given
LAST = "2026-01-01T00:00"


def written(path, shuffle, repeats, rule):
    """A year's ledger, the rows of each table in an order of their own and some of them twice."""
    made = loop_year(CELLS, 2025, months=4, clocks=rule)
    with open_ledger(path) as ledger:
        for body in made.alarms:
            ledger.append("alarm", body["time"][:7], body)
        for record, rows in (
            (record_receipts, made.receipts), (record_feedback, made.answers), (record_issues, made.issues),
            (record_measures, made.measures), (record_trainings, made.trainings), (record_rewards, made.rewards),
        ):  # fmt: skip
            order = shuffle(list(rows))
            report = record(ledger, [*order, *order[:repeats]])
            states = report["state"].value_counts()
            assert states.get("recorded", 0) == len(rows) and states.get("repeated", 0) == min(repeats, len(rows))
            assert len(report) == states.sum(), "rows = recorded + repeated + quarantined"
        record_steps(ledger, made.steps)  # a step follows the one before it, so their order is theirs
        return views(ledger, rule)


def views(ledger, rule):
    """What every table of the loop comes to, as text."""
    whole = facts(ledger, LAST, rule, PLACES)
    tables = [whole.alarms, whole.issues, whole.found.drop(columns="seq"), measure_table(ledger, "2025-12-31")]
    keys = ["alarm", "issue", ["month", "cell", "alarm", "time"], ["unit", "measure"]]
    told = [table.sort_values(key).to_csv(index=False) for table, key in zip(tables, keys, strict=True)]
    return [*told, repr(figures(whole))]


@lru_cache(maxsize=2)
def plain(rule):
    with tempfile.TemporaryDirectory() as folder:
        return written(Path(folder) / "l.sqlite", lambda rows: rows, 0, rule)


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 5), st.sampled_from(RULES))
def test_order_and_repetition_of_rows_change_nothing(random, repeats, rule):
    def shuffle(rows):
        random.shuffle(rows)
        return rows

    with tempfile.TemporaryDirectory() as folder:
        assert written(Path(folder) / "l.sqlite", shuffle, repeats, rule) == plain(rule)


def year(path, rule):
    made = loop_year(CELLS, 2025, months=4, clocks=rule)
    written(path, lambda rows: rows, 0, rule)
    return made


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 200 * 24 * 60), st.sampled_from(RULES))
def test_at_any_minute_counts_reconcile_and_nothing_answered_is_overdue(minutes, rule):
    asof = f"{pd.Timestamp('2025-01-01') + pd.Timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "l.sqlite"
        year(path, rule)
        with open_ledger(path) as ledger:
            whole = facts(ledger, asof, rule, PLACES)
    alarms, told = whole.alarms, figures(whole)
    answered = alarms["answered"] != ""
    assert not (answered & (alarms["state"] == "overdue")).any()
    assert not ((alarms["site"] != "") & (alarms["site_state"] == "overdue")).any()
    assert set(alarms.loc[~answered, "state"]) <= {"running", "overdue"}
    # pushed = in time + late + running + overdue; found = open + closed; every county's part adds up to the whole.
    counts = alarms["state"].value_counts()
    assert told["pushed"] == sum(counts.get(name, 0) for name in ("in time", "late", "running", "overdue"))
    closed = int((~whole.issues["state"].isin(OPEN)).sum())
    assert told["issues"] == told["open"] + closed
    parts = [figures(whole.of(county=county)) for _, county in CELLS]
    for name in ("pushed", "answered", "overdue", "late", "found", "issues", "open", "visits"):
        assert sum(part[name] for part in parts) == told[name], name
    assert told["found"] <= told["answered"] <= told["pushed"]


def test_every_deducted_point_names_an_entry_and_they_add_up():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "l.sqlite"
        made = year(path, RULES[0])
        with open_ledger(path) as ledger:
            known = {entry.seq for entry in ledger.entries("issue")}
            for month in ("2025-01", "2025-02", "2025-03", "2025-04"):
                units, points, _ = assess_units(ledger, month, Assessment(), ShareLadder(), NO_TABLES, NO_FILES)
                for unit in units:
                    own = [row for row in points if row["unit"] == unit["unit"] and row["points"] < 0]
                    assert unit["points"] == 100 + sum(row["points"] for row in own)
                    assert all(int(re.search(r"第(\d+)条", row["entry"])[1]) in known for row in own)
                    assert len(own) == made.truth["missed"].get((month, unit["unit"]), 0)
