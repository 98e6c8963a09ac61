"""Escalation by chance: equal to counting every record, and to drawing lists by lot."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from hotspot.ledger.assessment.chance import chance_of_steps, counted, pooled, reaching
from hotspot.rules.calendar import month_minus
from hotspot.rules.criteria import Criteria

RULE = Criteria().escalation
YEAR = [month_minus("2020-12", n) for n in range(11, -1, -1)]


def reached(record, consecutive, cumulative):
    """Whether a record of months reaches the step, by plain reading."""
    runs = "".join("x" if month else " " for month in record).split()
    return sum(record) >= cumulative or any(len(run) >= consecutive for run in runs)


@given(some.lists(some.floats(0, 1), min_size=1, max_size=8), some.integers(1, 4), some.integers(1, 6))
def test_the_probability_is_the_sum_over_all_records(shares, consecutive, cumulative):
    total = 0.0
    for record in itertools.product((0, 1), repeat=len(shares)):
        weight = math.prod(p if month else 1 - p for p, month in zip(shares, record, strict=True))
        total += weight * reached(record, consecutive, cumulative)
    assert reaching(shares, consecutive, cumulative) == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("n, drawn", [(47, 2.9), (96, 0.75), (124, 0.45)])
def test_the_vectors_of_the_second_reading(n, drawn):
    """They were drawn in 4,000 years, so they are known to three standard errors of about sqrt(number / 4000)."""
    found = chance_of_steps({"A": n}, {month: {"A": 9} for month in YEAR}, RULE, "2020-12")
    assert found.d11 == pytest.approx(drawn, abs=3 * math.sqrt(drawn / 4000))


def test_lists_drawn_by_lot_bring_the_expected_number():
    """2,000 years of nine of 47 cells, without replacement as a list is: within three standard errors."""
    rng = np.random.default_rng(1)
    order = np.argsort(rng.random((2000, 12, 47)), axis=-1)
    warned = order < 9
    run = np.zeros((2000, 47), int)
    longest = run.copy()
    for month in range(12):
        run = np.where(warned[:, month], run + 1, 0)
        longest = np.maximum(longest, run)
    number = ((longest >= 3) | (warned.sum(axis=1) >= 6)).sum(axis=1)
    expected = chance_of_steps({"A": 47}, {month: {"A": 9} for month in YEAR}, RULE, "2020-12").d11
    assert abs(number.mean() - expected) < 3 * number.std() / math.sqrt(2000)


def test_a_month_without_a_list_warns_nobody_and_cities_add_up():
    lists = {month: {"A": 3, "B": 2} for month in YEAR if month != "2020-11"}
    both = chance_of_steps({"A": 20, "B": 10}, lists, RULE, "2020-12")
    alone = [chance_of_steps({city: n}, lists, RULE, "2020-12") for city, n in (("A", 20), ("B", 10))]
    assert both.d11 == pytest.approx(alone[0].d11 + alone[1].d11) and both.d12 == 0.0 and both.warned == 5.0
    lists = counted({month: list("WXYZ") for month in YEAR}, dict.fromkeys("WXYZ", "A"))
    everybody = chance_of_steps({"A": 4}, lists, RULE, "2020-12")
    assert everybody.d11 == everybody.d12 == 4.0


def test_a_cell_is_pooled_over_its_warned_months_of_the_window():
    mean, step = pooled({"2019-12": 1.0, "2020-10": 0.5, "2020-11": 0.8, "2020-12": 0.2}, RULE, "2020-12")
    assert mean == pytest.approx(0.5) and step == pytest.approx(0.08)
    assert all(math.isnan(value) for value in pooled({"2019-12": 1.0}, RULE, "2020-12"))
