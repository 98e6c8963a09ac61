"""The exact weather average equals brute force over every (time, weather row) pair."""

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.estimate.weather.forest import average_over_weather, flatten, predict, regroup
from hotspot.estimate.weather.model import train
from hotspot.rules.criteria import Normalisation


def trained(seed, n=240, n_calendar=2, n_weather=3, leaves=15, rounds=25):
    """A small model and its rows: calendar columns first."""
    rng = np.random.default_rng(seed)
    calendar = np.column_stack([np.arange(n), np.arange(n) % 7]).astype(float)[:, :n_calendar]
    weather = rng.normal(size=(n, n_weather)).round(1)  # rounded: many ties at the thresholds
    target = np.sin(calendar[:, 0] / 40) + weather[:, 0] ** 2 - weather[:, 1] + rng.normal(size=n) * 0.1
    settings_ = {"num_leaves": leaves, "verbose": -1, "seed": 1, "deterministic": True, "num_threads": 1}
    data = lightgbm.Dataset(np.column_stack([calendar, weather]), target)
    return lightgbm.train(settings_, data, rounds), calendar, weather


def brute_force(model, calendar, weather, weight):
    pairs = [model.predict(np.column_stack([np.repeat(row[None], len(weather), 0), weather])) for row in calendar]
    return np.array([np.average(predicted, weights=weight) for predicted in pairs])


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), leaves=st.integers(2, 40))
def test_equals_brute_force(seed, leaves):
    model, calendar, weather = trained(seed, leaves=leaves)
    weight = np.random.default_rng(seed).random(len(weather))
    exact = average_over_weather(flatten(model, 2), calendar, weather, weight)
    np.testing.assert_allclose(exact, brute_force(model, calendar, weather, weight), rtol=0, atol=1e-10)


def test_only_the_weighted_rows_count():
    model, calendar, weather = trained(3)
    stagnant = (weather[:, 0] < 0).astype(float)
    exact = average_over_weather(flatten(model, 2), calendar, weather, stagnant)
    alone = average_over_weather(flatten(model, 2), calendar, weather[stagnant > 0])
    np.testing.assert_allclose(exact, alone, rtol=0, atol=1e-12)


def test_sampling_converges_to_it():
    """The Monte Carlo way scatters around the exact value as its draws allow."""
    model, calendar, weather = trained(5)
    exact = average_over_weather(flatten(model, 2), calendar, weather)
    rng = np.random.default_rng(0)
    draws = np.array(
        [
            model.predict(np.column_stack([calendar, weather[rng.integers(0, len(weather), len(weather))]]))
            for _ in range(400)
        ]
    )
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - exact) < 5 * error).all()


def test_a_tree_without_splits_is_its_own_mean():
    model, calendar, weather = trained(1, n=12, rounds=2)  # too few rows to split
    np.testing.assert_allclose(
        average_over_weather(flatten(model, 2), calendar, weather),
        model.predict(np.column_stack([calendar, weather])),
    )


def test_weights_must_be_shares():
    model, calendar, weather = trained(1)
    with pytest.raises(ValueError, match="sum to nothing"):
        average_over_weather(flatten(model, 2), calendar, weather, np.zeros(len(weather)))


def test_one_factor_averaged_the_others_as_they_were():
    """Regrouped trees average one weather column and keep the others of each time; brute force says the same."""
    model, calendar, weather = trained(4, n=120)
    columns = np.hstack([calendar, weather])
    averaged = np.array([False, False, False, True, False])
    forest = regroup(flatten(model, 2), averaged)
    exact = average_over_weather(forest, columns[:, ~averaged], weather[:, [1]])
    slow = np.empty(len(columns))
    for n, row in enumerate(columns):
        mixed = np.repeat(row[None], len(weather), 0)
        mixed[:, 3] = weather[:, 1]
        slow[n] = model.predict(mixed).mean()
    np.testing.assert_allclose(exact, slow, rtol=0, atol=1e-10)


def test_the_trees_laid_out_predict_the_bits_of_the_model():
    for leaves in (2, 8, 40):
        model, calendar, weather = trained(leaves, leaves=leaves)
        columns = np.column_stack([calendar, weather])
        np.testing.assert_array_equal(predict(flatten(model, 2), columns), model.predict(columns, num_threads=1))


def test_series_that_share_their_rows_learn_what_each_learns_alone():
    rng = np.random.default_rng(2)
    columns, targets, weight = rng.normal(size=(300, 5)), rng.normal(size=(3, 300)), rng.uniform(0.2, 1.0, 300)
    rules = Normalisation(trees=20)
    together = train(columns, targets, weight, rules)
    alone = [train(columns, target[None], weight, rules)[0] for target in targets]
    assert [one.model_to_string() for one in together] == [one.model_to_string() for one in alone]
    assert len({one.model_to_string() for one in together}) == 3
