"""The bounds of docs/how-sure-is-a-rank.md on one seed each; many seeds: ``python tests/cases/rank_worlds.py``."""

import pytest
from rank_worlds import many, reliability, scores


@pytest.fixture(scope="module")
def clear():
    return many("complete, no error", [7])


@pytest.fixture(scope="module")
def cloudy():
    return many("cloudy, 15 %", [7])


def test_what_was_measured_without_error_is_told_apart(clear):
    found = scores(clear)
    assert found["width"] <= 3 and found["marginal"] == found["together"] == 1
    assert found["said"] >= 0.95 * found["right"] and found["said right"] == found["said"]


def test_filled_months_beat_the_mean_of_seen_days(cloudy):
    found = scores(cloudy)
    assert found["error filled"] <= 0.055 < found["error seen"]
    assert found["top 3 filled"] >= found["top 3 seen"]


def test_sets_under_clouds_and_errors_hold_the_truth_and_say_something(cloudy):
    found = scores(cloudy)
    assert 0.90 <= found["marginal"] <= 0.99
    assert found["listed"] <= 20 and found["width"] < 45
    assert found["said right"] >= 0.95 * found["said"]
    for stated, true, n in reliability(cloudy, edges=(0.05, 0.3)):
        assert n < 40 or true == pytest.approx(stated, abs=0.1)


def test_a_month_like_this_is_less_certain_than_this_month(clear):
    """The other claim: days drawn anew, so a sure worst of this month need not lead again."""
    worst = clear[clear["rank"] == 1]
    assert (worst["p_worst"] == 1).all() and (worst["p_again"] < 1).any()
    assert clear.groupby("city")["p_again"].sum().between(0.99, 1.01).all()
