"""A synthetic year of the loop: every view comes to the truth that the year was made with."""

import csv
import json

import pytest
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.ledger.answers.outcome import wilson
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study
from hotspot.workflows.loop_demo import fill_loop

ASOF = "2025-12-31T23:59"


@pytest.fixture(scope="module")
def file(small_study):
    return small_study


@pytest.fixture(scope="module")
def filled(file, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return fill_loop(load_study(file, data=file.parent), out=out), out


def run(file, out, *words):
    got = CliRunner().invoke(app, [str(w) for w in (*words, "--study", file, "--out", out)])
    assert got.exit_code == 0, got.output
    return got.stdout


def test_alarms_and_problems_come_to_the_truth(file, filled):
    made, out = filled
    truth = made.truth
    told = json.loads(run(file, out, "issues", "--asof", ASOF, "--json"))
    states = [row["state"] for row in told["alarms"]]
    assert (len(states), states.count("in time"), states.count("late"), states.count("overdue")) == (
        truth["pushed"], truth["in_time"], truth["late"], truth["overdue"],
    )  # fmt: skip
    figures = told["figures"]
    assert figures["answered"] == truth["answered"] and figures["problems"] == truth["problems"]
    assert figures["answer_rate"] == round(100 * truth["answered"] / truth["pushed"], 2)
    problems = told["problems"]
    assert len(problems) == truth["issues"] == truth["closed"] + truth["open"]
    assert sum(row["state"] == "closed" for row in problems) == truth["closed"]
    assert sum(row["reopened"] for row in problems) == truth["reopened"]
    assert sum(row["overdue"] for row in problems) == truth["issues_overdue"]
    assert not {row["alarm"] for row in told["alarms"] if row["answered"] and row["state"] == "overdue"}


def test_assessment_and_measures_come_to_the_truth(file, filled):
    made, out = filled
    for (month, unit), n in made.truth["missed"].items():
        answer = json.loads(run(file, out, "assess", month, "--json"))
        points = {row["unit"]: row["points"] for row in answer["units"]}
        assert points[unit] == 100 - n and all(row["entry"] for row in answer["rows"])
    table = json.loads(run(file, out, "measures", "--asof", "2025-12-31", "--json"))["measures"]
    assert {row["measure"]: row["weeks"] for row in table} == made.truth["measure_weeks"]
    text = run(file, out, "registers", "--asof", "2025-12-31")
    assert all(f"{unit}：2025年未组织培训" not in text for unit in made.truth["trained"])


def test_outcome_of_the_visits_is_the_truth(file, filled):
    made, out = filled
    rows = json.loads(run(file, out, "outcome", "--json"))["rows"]
    (row,) = (row for row in rows if (row["group"], row["value"]) == ("occasion", "alarm"))
    visited, hit = made.truth["answered"], made.truth["problems"]
    assert (row["visited"], row["problems"], row["unclear"]) == (visited, hit, 0)
    assert [row["low"], row["high"]] == pytest.approx(wilson(hit, visited))


def test_repetition_changes_no_byte(file, filled, tmp_path):
    made, out = filled
    with open_ledger(next(out.glob("*/ledger.sqlite"))) as ledger:
        head, n = ledger.head, ledger.verify()
    fill_loop(load_study(file, data=file.parent), out=out)
    with open_ledger(next(out.glob("*/ledger.sqlite"))) as ledger:
        assert (ledger.head, ledger.verify()) == (head, n)
    again = fill_loop(load_study(file, data=file.parent), out=tmp_path)
    with open_ledger(next(tmp_path.glob("*/ledger.sqlite"))) as ledger:
        assert ledger.head == head and again.truth == made.truth
    run(file, out, "ledger", "--to", tmp_path / "l.csv")
    assert len(list(csv.DictReader((tmp_path / "l.csv").open(encoding="utf-8")))) == n
