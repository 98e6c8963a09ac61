"""What a field may rank: left-out stations within a month, and what is said without skill (METHODS 13)."""

from dataclasses import replace

import numpy as np
import pytest

from hotspot.estimate.field.bounded import bounded, median_of_others
from hotspot.estimate.field.monthly import monthly_field
from hotspot.estimate.field.skill import only_what_is_told, skill, skills, what_is_ranked
from hotspot.sources.intake import Intake
from hotspot.synthetic.study import synthetic_month


def test_pooled_months_flatter_a_field_that_is_constant_within_each():
    """The constant of the others: r of .99 over two months together, -1 within each, and no skill in either."""
    rng = np.random.default_rng(5)
    observed = np.array([40.0, 90.0]) + rng.normal(0, 4, (12, 2))
    predicted = (observed.sum(axis=0) - observed) / 11
    pooled = np.corrcoef(predicted.ravel(), observed.ravel())[0, 1]
    each = skills(predicted, observed)
    assert pooled > 0.98 and all(one.r == pytest.approx(-1) for one in each[:2])
    assert all(abs(one.skill) < 1e-12 for one in each)


def test_skill_is_one_minus_the_ratio_of_squared_errors():
    rng = np.random.default_rng(3)
    observed, noise = rng.normal(60, 9, 30), rng.normal(0, 3, 30)
    told = skill(observed + noise, observed)
    base = np.mean([(np.delete(observed, k).mean() - observed[k]) ** 2 for k in range(30)])
    assert told.skill == pytest.approx(1 - np.mean(noise**2) / base) and told.n == 30
    assert np.isnan(skill(observed[:2], observed[:2]).skill)


def test_what_may_be_ranked():
    told = skill(np.array([50.0, 40.0, 60.0, 45.0, 55.0]), np.array([45.0, 60.0, 40.0, 56.0, 50.0]))
    assert told.skill < 0
    assert what_is_ranked(told, satellite=True, least=5)[0] == "satellite cells"
    assert what_is_ranked(told, satellite=False, least=5)[0] == "stations"
    assert what_is_ranked(None, satellite=True, least=5) == ("satellite cells", "no station to test it")
    assert what_is_ranked(told._replace(n=4), satellite=False, least=5)[0] == "stations"
    assert what_is_ranked(told._replace(skill=0.1), satellite=False, least=5)[0] == "cells"


def test_a_field_without_skill_ranks_no_cells():
    """Eight stations alone; in this month they do not predict each other, and every cell says so."""
    month = replace(synthetic_month(), satellite=None, stations=None)
    field, _ = monthly_field(month)
    assert field.attrs["ranks"] == "stations" and "2025-12 r -0.47" in field.attrs["skill"]
    intake = Intake(".")
    told = only_what_is_told(field, month.month, intake)
    last = told.isel(time=-1)
    assert field["valid"].isel(time=-1).any() and not last["valid"].any()
    assert last["why"].str.startswith("the field does not tell cells apart: skill -0.02").any()
    assert told["valid"].isel(time=0).equals(field["valid"].isel(time=0))
    assert any("no cell is ranked" in note for note in intake.notes)


def test_nothing_is_held_where_nothing_is_beyond():
    values = np.random.default_rng(1).normal(0, 0.2, 20)
    held, which = bounded(values, median_of_others, limit=6.0, floor=0.05)
    assert not which.any()
    np.testing.assert_array_equal(held, values)


def test_one_value_is_held_and_what_most_share_is_not():
    values = np.r_[np.random.default_rng(1).normal(0, 0.1, 9), -6.9]
    held, which = bounded(values, median_of_others, limit=6.0, floor=0.05)
    assert which.tolist() == [False] * 9 + [True] and -1.2 < held[-1] < -0.2
    shared = np.full(10, -6.9)
    np.testing.assert_array_equal(bounded(shared, median_of_others, limit=6.0, floor=0.05)[0], shared)
