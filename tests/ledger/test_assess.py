"""Points, grades and ladders of document B, against the vectors worked out from its rows (LOOP 3 and 4)."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspot.ledger.assessment import ladders
from hotspot.ledger.assessment.assess import Finding, after_failed_months, assess, grade, is_missed
from hotspot.rules.loop import Assessment, IndexLadder, ShareLadder


def of(**counts):
    """So many findings of each item, each of its own problem: ``missed=3`` is item 4."""
    names = {"missed": "4", "late": "5", "sham": "6", "inspection": "7", "region": "media_region",
             "prefecture": "media_prefecture", "national": "media_national"}  # fmt: skip
    return [Finding(names.get(k, k), f"{k} {n}", f"{k}{n}") for k, count in counts.items() for n in range(count)]


@pytest.mark.parametrize(
    ("findings", "points", "graded"),
    [
        (of(), 100, "excellent"),
        (of(missed=10), 90, "excellent"),
        (of(missed=11), 89, "good"),
        (of(missed=20), 80, "good"),
        (of(missed=21), 79, "passed"),
        (of(missed=40), 60, "passed"),
        (of(missed=41), 60, "passed"),
        (of(missed=41, late=1), 55, "failed"),
        (of(late=3), 90, "excellent"),
        (of(inspection=1), 90, "excellent"),
        (of(inspection=2), 80, "good"),
        (of(inspection=3), 70, "passed"),
        (of(bonus=6), 110, "excellent"),
        (of(missed=25, bonus=6), 85, "good"),
        (of(region=1), 70, "passed"),
        (of(prefecture=1), 80, "good"),
        (of(region=1, prefecture=1), 50, "failed"),
        (of(region=3), 30, "failed"),
        (of(inspection=2, region=3), 20, "failed"),
        (of(missed=12, late=1, sham=1, bonus=2), 82, "good"),
    ],
)
def test_b14_points(findings, points, graded):
    got = assess(findings, Assessment())
    assert (got.points, got.grade) == (points, graded)
    assert sum(row[1] for row in got.rows) == points - 100
    assert all(entry for _, _, entry in got.rows)


def test_b14_one_problem_in_two_media_counts_once():
    both = [Finding("media_region", "a", "p"), Finding("media_prefecture", "b", "p")]
    assert assess(both, Assessment()).points == 70


@pytest.mark.parametrize(
    ("veto", "points", "graded"), [("item", 90, "excellent"), ("block", 70, "passed"), ("total", 0, "failed")]
)
def test_b14_veto_in_three_readings(veto, points, graded):
    got = assess([Finding("2", "register")], Assessment(veto=veto))
    assert (got.points, got.grade) == (points, graded)
    assert sum(row[1] for row in got.rows) == points - 100


def test_b14_what_fails_a_month_whatever_its_points():
    clean = assess([Finding("media_national", "paper")], Assessment())
    assert (clean.points, clean.grade) == (100, "failed") and "paper" in clean.failed_by[0]
    assert assess([Finding("petition", "p", times=2)], Assessment()).grade == "excellent"
    assert assess([Finding("petition", "p", times=3)], Assessment()).grade == "failed"
    assert assess([Finding("7", "i", bad_effect=True)], Assessment()).grade == "failed"


def test_b14_readings_of_grades_cap_and_double_counting():
    assert grade(60, Assessment(below_60="fail_at_60")) == "failed"
    assert [grade(89.5, Assessment(gap=gap)) for gap in ("continuous", "integer")] == ["good", "excellent"]
    assert assess(of(bonus=6), Assessment(total_cap="100")).points == 100
    double = [Finding("4", "a", "p"), Finding("media_prefecture", "b", "p")]
    assert [assess(double, Assessment(no_double=how)).points for how in ("media", "all")] == [79, 80]


def test_b23_b24():
    assert is_missed("petition", "yes") and not is_missed("platform", "yes") and not is_missed("media", "unknown")
    failed = ["2023-11", "2023-12", "2024-01"]
    assert [after_failed_months(failed, m, Assessment()) for m in failed] == ["", "", "专项督查、问责建议"]


@given(st.lists(st.sampled_from(["4", "5", "6", "7", "bonus", "media_region"]), max_size=6))
def test_order_changes_nothing_and_a_missed_problem_never_raises(items):
    findings = [Finding(item, f"e{n}", f"p{n}") for n, item in enumerate(items)]
    got = {assess(order, Assessment()) for order in list(permutations(findings))[:24]}
    assert len(got) == 1
    assert assess([*findings, Finding("4", "more", "more")], Assessment()).points <= got.pop().points


def steps(shares, total=200):
    months = {f"2023-{n:02d}": (own, total) for n, own in enumerate(shares, 1)}
    return [ladders.share_step(months, month, ShareLadder()) for month in months]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [([20], [1]), ([19], [0]), ([20, 19, 20], [1, 0, 1]), ([20, 20], [1, 2]), ([20, 20, 20], [1, 2, 3]),
     ([40], [2]), ([40, 40], [2, 3]), ([40, 20], [2, 2])],
)  # fmt: skip
def test_b15_share_of_missed_problems(shares, expected):
    assert steps(shares) == expected


def test_b15_in_whole_numbers_and_never_without_a_total():
    assert steps([3], total=30) == [1]
    assert steps([0], total=0) == [0]


def last(pattern, rule=None, **more):
    months = [f"2023-{n:02d}" for n, letter in enumerate(pattern, 1) if letter == "L"]
    return [
        ladders.index_step([m for m in months if m <= month], month, rule or IndexLadder(), **more) for month in months
    ]


def test_b16_last_place_by_run_and_by_times():
    assert last("L-L") == [1, 1]
    assert last("L-L-L") == [1, 1, 1] and last("L-L-L", IndexLadder(top="times_ge_3")) == [1, 1, 4]
    assert last("LLLL") == [1, 2, 3, 4]
    winter = ["2023-11", "2023-12", "2024-01"]
    assert ladders.index_step(winter, "2024-01", IndexLadder()) == 3
    assert last("L", target_missed=True) == [4]
    gate = IndexLadder(annual_gate="and")
    assert last("LLLL", gate) == [1, 2, 3, 3] and last("LLLL", gate, target_missed=True)[-1] == 4


def test_b17_weekly_measures():
    assert ladders.measures_step([False] * 4) == (3, False) and ladders.measures_step([False, True]) == (0, True)
