"""Whose plume: footprints, the posterior on harsher worlds, what no register holds (METHODS 18)."""

import math

import numpy as np
import pytest
from harsh_world import asked, make, naive, ranks, shares
from hypothesis import given, settings
from hypothesis import strategies as some

from hotspot.rules.tracing import Tracing
from hotspot.sources.store import Store, store_of_process
from hotspot.trace.plumes.footprint import DEPTH, LEAST, SHAPES, footprints, over_cells, wind_table
from hotspot.trace.plumes.posterior import emission_prior, source_shares
from hotspot.trace.unlisted import unregistered as module
from hotspot.trace.unlisted.unregistered import kept_unregistered, unregistered

RULE = Tracing()


@settings(max_examples=40, deadline=None)
@given(seed=some.integers(0, 9999), which=some.integers(0, len(SHAPES) - 1))
def test_a_footprint_is_its_formula(seed, which):
    """The formula of the docstring, one hour, in plain Python; the first hour has no journey before it."""
    rng = np.random.default_rng(seed)
    (x, y), (u, v) = rng.uniform(-12000, 12000, 2), rng.uniform(-6, 6, 2)
    shape, speed = SHAPES[which], math.hypot(u, v)
    found = footprints([[x, y]], [[0, 0]], wind_table([u], [v]), shape)[0, 0, 0]
    far = math.hypot(x, y)
    if speed < 0.5:
        r = far + LEAST
        slow = 1e6 * math.exp(-r / 12000) / (2 * math.pi * r * min(DEPTH, 60 + shape.growth * r) * 0.5)
    else:
        along, across = (x * u + y * v) / speed, (y * u - x * v) / speed
        if along < 0:
            assert found == 0 or along > -LEAST
            return
        sigma = math.sqrt((shape.spread**2 + (0.4 / speed) ** 2) * along**2 / (1 + along / 20000) + LEAST**2)
        slow = 1e6 * math.exp(-along / (30000 * speed) - 0.5 * (across / sigma) ** 2)
        slow /= math.sqrt(2 * math.pi) * sigma * min(DEPTH, 60 + shape.growth * along) * speed
        if abs(across) > 4 * sigma:
            slow = 0.0
    assert found == pytest.approx(slow, rel=1e-9)


def test_a_journey_follows_the_wind_of_the_hours_before():
    """Wind that turned from west to south: what lies 15 km off to the south-west reaches the place by the journey."""
    wind = wind_table([2.0, 2.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0, 2.0])
    journey, hour = (next(s for s in SHAPES if s.journey == said) for said in (True, False))
    at, of = [[0.0, 0.0]], [[-8000.0, -8000.0]]
    assert footprints(at, of, wind, journey)[0, 0, 4] > 10 * footprints(at, of, wind, hour)[0, 0, 4]


def test_a_cell_is_the_mean_of_its_places_and_hours_without_wind_count_nowhere():
    wind = wind_table([2.0, np.nan, -2.0], [0.5, 1.0, 0.0])
    step = np.array([-1000.0, 0.0, 1000.0])
    nine = np.column_stack([np.tile(step, 3), np.repeat(step, 3)])
    every = footprints(nine, [[3000.0, 0.0]], wind, SHAPES[0])
    assert (every[:, :, 1] == 0).all()
    mean = over_cells([[0.0, 0.0]], [[3000.0, 0.0]], wind, SHAPES[0], spacing=3000.0)[0, 0]
    assert mean == pytest.approx(every[:, 0, [0, 2]].mean())


@pytest.fixture(scope="module")
def worlds():
    """Seeds on which nothing was chosen."""
    return [make(seed, kind) for seed, kind in ((21, "plume"), (22, "puff"))]


def test_the_culprit_comes_first_on_worlds_nobody_tuned_to(worlds):
    """METHODS 18, for two worlds; docs/tracing.md has more of them."""
    ours, rivals, rows = [], {}, []
    for world in worlds:
        found, cells, known = asked(world, RULE)
        ours.append(ranks(world, found.share, cells, known))
        rows.append(shares(world, found, cells, known))
        for name, score in naive(world, cells, known, True, RULE).items():
            rivals.setdefault(name, []).append(ranks(world, score, cells, known))
    ours = np.concatenate(ours)
    assert ours.size >= 30
    assert (ours == 1).mean() >= 0.8 and (ours <= 3).mean() >= 0.95
    assert all((ours == 1).mean() > (np.concatenate(rank) == 1).mean() for rank in rivals.values())
    # Words: "strong" on few rows, its true share far above that of "weak".
    stated, true = np.concatenate(rows).T
    strong, weak = stated >= RULE.strong_share, stated < RULE.moderate_share
    assert strong.mean() <= 0.15 and true[strong].mean() >= 3 * true[weak].mean()
    assert abs(true[strong].mean() - stated[strong].mean()) < 0.15


def test_shares_add_up_and_removing_a_source_moves_its_share_to_the_rest():
    rng = np.random.default_rng(5)
    wind = wind_table(*rng.normal(0, 2, (2, 200)))
    places, values = rng.uniform(-9000, 9000, (5, 2)), rng.gamma(2, 8, (3, 200))
    stations = rng.uniform(-6000, 6000, (3, 2))

    def found(keep):
        prior = emission_prior(np.full(len(keep), 8.0), ["steel"] * len(keep), [True] * len(keep), tracing=RULE)
        return source_shares(values, stations, wind, places[keep], prior, [[0, 0]], spacing=3000.0, tracing=RULE)

    every = found([0, 1, 2, 3, 4])
    assert every.share.sum() == pytest.approx(1) and (every.low <= every.high).all()
    np.testing.assert_allclose(every.above + every.above.transpose(0, 2, 1) + np.eye(5), 1, atol=1e-9)
    fewer = found([1, 2, 3, 4])
    assert fewer.share.sum() == pytest.approx(1) and (fewer.share >= 0).all()


def test_hours_asked_about_are_those_of_the_share():
    """An alarm's hours: the wind came from the west in them, from the east in all others."""
    u = np.where(np.arange(48) < 6, 3.0, -3.0)
    wind, places = wind_table(u, np.zeros(48)), [[-3000.0, 0.0], [3000.0, 0.0]]
    prior = emission_prior([5.0, 5.0], ["steel"] * 2, [True] * 2, tracing=RULE)
    asked_ = {"spacing": 500.0, "tracing": RULE}
    nobody = np.zeros((0, 48)), np.zeros((0, 2))
    alarm = source_shares(*nobody, wind, places, prior, [[0, 0]], hours=np.arange(48) < 6, **asked_)
    month = source_shares(*nobody, wind, places, prior, [[0, 0]], **asked_)
    assert alarm.share[0, 0] > 0.95 and month.share[0, 1] > 0.7 and not month.informed


def test_spikes_and_gaps_do_not_decide():
    rng = np.random.default_rng(2)
    wind = wind_table(*rng.normal(0, 2.5, (2, 400)))
    places, stations = np.array([[-3000.0, 0.0], [3000.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 1200.0]])
    values = footprints(stations, places, wind, SHAPES[2])[:, 0] * 12 + rng.normal(0, 2, (2, 400))
    prior = emission_prior([5.0, 5.0], ["steel"] * 2, [True] * 2, tracing=RULE)

    def share(values):
        return source_shares(values, stations, wind, places, prior, [[0, 0]], spacing=3000.0, tracing=RULE).share[0, 0]

    spoilt = values.copy()
    spoilt[:, rng.choice(400, 8, replace=False)] += 400.0
    spoilt[:, rng.choice(400, 40, replace=False)] = np.nan
    assert share(values) > 0.6 and abs(share(spoilt) - share(values)) < 0.1


def _asked(stations, *, strength=12.0, seed=4):
    """An unregistered source in the north-east of a cell, one registered far off, and what stations say of both."""
    rng = np.random.default_rng(seed)
    wind = wind_table(*rng.normal(0, 2.5, (2, 600)))
    known, place = np.array([[-6000.0, -2000.0]]), np.array([[750.0, 750.0]])
    line = (np.arange(18) - 8.5) * 500
    parts = np.column_stack([np.tile(line, 18), np.repeat(line[::-1], 18)])
    stations = np.reshape(np.asarray(stations, float), (-1, 2))
    foot = footprints(stations, np.vstack([known, place]), wind, SHAPES[5])
    values = np.einsum("sjt,j->st", foot, [8.0, strength]) + rng.normal(0, 5, (len(stations), 600))
    prior = emission_prior([8.0], ["steel"], [True], tracing=RULE)
    post = source_shares(values, stations, wind, known, prior, [[0, 0]], spacing=3000.0, tracing=RULE)
    best = int(np.argmax(post.weight))
    near = np.abs(parts - place).max(axis=1) <= 501
    return (post, (best, SHAPES[best]), values, stations, wind, known, parts), near


def _hidden(stations, **how):
    asked, near = _asked(stations, **how)
    return unregistered(*asked, step=500.0, tracing=RULE), near


def test_what_no_register_holds_is_kept_until_anything_it_hangs_on_changes(tmp_path, monkeypatch):
    asked, _ = _asked([[-800, -900], [900, -700], [-700, 1000], [1200, 900]])
    found, times = unregistered(*asked, step=500.0, tracing=RULE), []
    monkeypatch.setattr(module, "unregistered", lambda *args, **how: times.append(1) or found)
    for _ in range(2):
        kept = kept_unregistered(Store(tmp_path), *asked, step=500.0, tracing=RULE)
        for mine, own in zip(kept, found, strict=True):
            np.testing.assert_array_equal(mine, own)
            assert np.asarray(mine).dtype == np.asarray(own).dtype
    assert len(times) == 1
    others = [(*asked[:at], asked[at] + 1e-9, *asked[at + 1 :]) for at in range(2, 7)]
    others.append((asked[0], (0, SHAPES[0] if asked[1][1] != SHAPES[0] else SHAPES[1]), *asked[2:]))
    for other in others:
        kept_unregistered(Store(tmp_path), *other, step=500.0, tracing=RULE)
    kept_unregistered(Store(tmp_path), *asked, step=499.0, tracing=RULE)
    kept_unregistered(Store(tmp_path), *asked, step=500.0, tracing=RULE.model_copy(update={"seed": RULE.seed + 1}))
    assert len(times) == 1 + len(others) + 2
    for _ in range(2):
        kept_unregistered(None, *asked, step=500.0, tracing=RULE)
    assert len(times) == 1 + len(others) + 4, "each with a store of its own, as conftest has it"
    monkeypatch.setattr(module, "store_of_process", store_of_process)
    for _ in range(2):
        kept_unregistered(None, *asked, step=500.0, tracing=RULE)
    assert len(times) == 1 + len(others) + 5, "as long as the process lasts"


def test_an_unregistered_source_is_found_within_one_sub_cell():
    found, near = _hidden([[-800, -900], [900, -700], [-700, 1000], [1200, 900]])
    assert found.chance_any > 0.9 and near[np.argmax(found.chance)] and found.told[np.argmax(found.chance)]
    assert found.observable[near].any() and not found.observable.all()


def test_where_nothing_is_there_nothing_is_pointed_at():
    found, _ = _hidden([[-800, -900], [900, -700], [-700, 1000], [1200, 900]], strength=0.0)
    assert found.chance_any < 0.5 and not found.told.any()


def test_where_another_wind_explains_the_stations_nothing_is_pointed_at():
    """Registered plants alone, and a wind file turned by 30 degrees: their plumes look like a new source."""
    rng = np.random.default_rng(1)
    wind = rng.normal(0, 2.5, (2, 600))
    known = np.array([[-4000.0, -2000.0], [2500.0, -3500.0], [3000.0, 4500.0], [-5000.0, 5000.0]])
    stations = np.array([[-800.0, -900.0], [900.0, -700.0], [-700.0, 1000.0], [1200.0, 900.0]])
    values = 20 * footprints(stations, known, wind_table(*wind), SHAPES[5]).sum(axis=1) + rng.normal(0, 5, (4, 600))
    prior, turn = emission_prior([20.0] * 4, ["steel"] * 4, [True] * 4, tracing=RULE), np.radians(30)
    (_, _, _, _, _, _, parts), _ = _asked(stations)

    def pointed(wind, rule):
        asked = (values, stations, wind_table(*wind), known)
        post = source_shares(*asked, prior, [[0, 0]], spacing=3000.0, tracing=rule)
        best = int(np.argmax(post.weight))
        return unregistered(post, (best, SHAPES[best]), *asked, parts, step=500.0, tracing=rule).told.any()

    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ wind
    either = {"unregistered_wind": 1e9, "unregistered_wind_around": 1e9}
    assert pointed(turned, RULE.model_copy(update=either)), "else this would show nothing"
    for name in either:
        assert not pointed(turned, RULE.model_copy(update={name: 1e9})), f"without {name}"
    assert not pointed(turned, RULE) and not pointed(wind, RULE)


def test_where_nothing_is_observable_nothing_is_pointed_at():
    for stations in ([], [[19000, 19000]]):
        found, _ = _hidden(stations)
        assert (
            not found.observable.any() and not found.told.any() and found.chance_any <= RULE.unregistered_chance + 1e-9
        )
        assert np.ptp(found.chance) < 1e-9
