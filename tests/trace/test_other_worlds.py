"""Whose plume, on a world of another kind (``tests/cases/tracing_worlds``), through ``trace_sources`` itself."""

import numpy as np
import pytest
from tracing_oracle import oracles
from tracing_scores import culprits, places, traced
from tracing_worlds import make_tracing_world

from hotspot.rules.criteria import Criteria
from hotspot.rules.tracing import Tracing
from hotspot.trace.plumes.posterior import _apart
from hotspot.trace.plumes.whose import _range

SEED = 51  # nothing was chosen on it


@pytest.fixture(scope="module")
def world():
    return make_tracing_world("turning", SEED)


@pytest.fixture(scope="module")
def rows(world):
    return traced(world, Criteria())


def test_a_world_keeps_what_it_promises(world):
    """Sources in no register and outside the cells, places off by at most 500 m, clouds, sizes that say only a part."""
    assert 0 < (world.number < 0).mean() < 0.45
    assert (np.abs(world.places).max(axis=1) > 27_000).any()
    assert 0.2 < np.isnan(world.days).mean() < 0.7
    known = np.flatnonzero(world.number >= 0)
    related = np.corrcoef(np.log(world.facilities["size"]), np.log(world.emission[known]))[0, 1]
    assert 0 < related < 0.95
    assert (world.added >= 0).all() and (world.added.sum(axis=1) <= world.local + 1e-9).all()
    again = make_tracing_world("turning", SEED)
    np.testing.assert_array_equal(world.added, again.added)
    np.testing.assert_array_equal(world.stations["pm25"].values, again.stations["pm25"].values)


def test_ours_is_not_below_the_naive_orders_and_words_mean_what_they_say(world, rows):
    """METHODS 18: prior alone and nearest first beside it; "strong" seldom, and far above "weak"; ranges hold."""
    order = places(world, rows)
    assert len(order) >= 10
    first = (order == 1).mean()
    assert first["ours"] >= max(first["prior"], first["nearest"], first["size"])
    strong, weak = rows["word"] == "strong", rows["word"] == "weak"
    assert 0 < strong.mean() <= 0.15
    assert rows["true"][strong].mean() >= 3 * rows["true"][weak].mean()
    large = rows[rows["share"] >= 0.2]
    assert ((large["true"] >= large["share_low"]) & (large["true"] <= large["share_high"])).mean() >= 0.8
    assert (rows["share_low"] <= rows["share"]).all() and (rows["share"] <= rows["share_high"]).all()


def test_who_knows_all_is_first_and_an_oracle_that_measures_with_the_true_plume_gains(world, rows):
    first = (places(world, rows, oracles(world)) == 1).mean()
    assert first["emissions; all of the plume"] >= 0.95
    for told in ("stations", "days"):
        assert first[f"{told}; all of the plume"] >= max(0.9, first["register; all of the plume"])
    assert first["emissions; nor its stack"] < first["emissions; all of the plume"]


def test_without_the_source_to_blame_its_share_goes_to_the_rest(world, rows):
    code, facility = next(iter(culprits(world).items()))
    cell = [int(np.flatnonzero(world.cells["cell"].values == code)[0])]
    before = rows.attrs["hours"][code]
    after = traced(world, Criteria(), cells=cell, without=facility).attrs["hours"][code]
    share = float(rows.loc[(rows["cell"] == code) & (rows["facility"] == facility), "share"].iloc[0])
    assert share > 0.1
    rest = [about["unregistered_share"] + about["outside_share"] for about in (before, after)]
    assert rest[1] > rest[0]
    assert after["listed_share"] < before["listed_share"]


def test_the_range_of_a_share_holds_what_is_not_known_of_the_rest():
    """One source known exactly, the rest as much and known to a factor: 1 / (1 + exp(e sd)), e normal."""
    for sd in (0.0, 1.0):
        low, high = _range(np.ones((40_000, 1)), 1.0, Tracing(rest_sd=sd))
        edge = 1 / (1 + np.exp(1.6449 * sd))
        assert low[0] == pytest.approx(edge, abs=0.01) and high[0] == pytest.approx(1 - edge, abs=0.01)
    low, high = _range(np.ones((200, 1)), 0.0, Tracing())
    assert low[0] == high[0] == 1.0


def test_drawn_apart_a_draw_keeps_its_sum_and_order_and_the_largest_gains():
    added = np.random.default_rng(4).lognormal(size=(50, 3, 6))
    added[0, 0] = 0.0  # nothing adds anything
    found = _apart(added, 1.3)
    np.testing.assert_allclose(found.sum(axis=2), added.sum(axis=2))
    np.testing.assert_array_equal(np.argsort(found, axis=2), np.argsort(added, axis=2))
    assert (found.max(axis=2) >= added.max(axis=2)).all() and (found.max(axis=2) > added.max(axis=2)).any()
    np.testing.assert_allclose(_apart(added, 1.0), added)
