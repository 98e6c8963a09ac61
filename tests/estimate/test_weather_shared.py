"""The intervals of a month's level and of a same-month change, on worlds that chose nothing."""

import numpy as np
import pytest
from harsh_weather import by_month, harsh_world, with_step

from hotspot.estimate.level.shared import LEAST_JUMPS, same_month_change, seasonal_spread
from hotspot.estimate.weather.normalise import normalise

MONTH = np.arange("2020-01", "2023-01", dtype="M8[M]")


@pytest.mark.filterwarnings("ignore:not removed")
def test_a_same_month_change_holds_the_truth_and_is_narrower_than_two_months_apart():
    """Two small worlds of three years; docs/weather_changes.py has twenty larger ones (coverage 0.949)."""
    inside, narrower = [], []
    for seed in (201, 202):
        field, weather, emission = harsh_world(seed, side=3)
        level = normalise(field, weather, utc_offset=8)
        change = {end: level[f"pm25_normalised_change{end}"].values[:, 12:] for end in ("", "_low", "_high")}
        true = by_month(emission, field["day"].values)
        true = np.expm1(true[:, 12:] - true[:, :-12])
        inside.append(((change["_low"] <= true) & (true <= change["_high"])).mean())
        value, low, high = (level[f"pm25_normalised{end}"].values for end in ("", "_low", "_high"))
        np.testing.assert_allclose(change[""], value[:, 12:] / value[:, :-12] - 1)
        half = np.log(high / low) / 2
        apart = np.hypot(half[:, 12:], half[:, :-12]).mean()
        narrower.append((np.log1p(change["_high"]) - np.log1p(change["_low"])).mean() / 2 / apart)
        assert level.attrs["seasonal_spread"] > 0
    assert 0.88 <= np.mean(inside) <= 0.995 and max(narrower) < 0.9


@pytest.mark.filterwarnings("ignore:not removed")
def test_a_month_without_a_source_shows_in_the_month():
    field, weather, _ = harsh_world(203, side=3)
    stepped, during = with_step(field, [0, 4], np.datetime64("2024-05-01", "ns"), 31, 0.3)
    logs = [
        np.log(normalise(one, weather, utc_offset=8, every="step")["pm25_normalised"].values[np.ix_([0, 4], during)])
        for one in (field, stepped)
    ]
    assert 0.6 <= np.nanmean(logs[1] - logs[0]) / np.log(0.7) <= 1.1


@pytest.mark.parametrize("size", [0.05, 0.2, 0.6])
def test_the_size_is_the_datas_whatever_was_claimed(size):
    rng = np.random.default_rng(7)
    value = 50 * np.exp(size * rng.normal(size=(60, 36)))
    found = same_month_change(value, (0.2 * value) ** 2, np.full(value.shape, 5.0), MONTH, 0.95)
    assert found.ratio == pytest.approx(size / 0.2, rel=0.1)
    inside = (found.low[:, 12:] <= 0) & (found.high[:, 12:] >= 0)
    assert inside.mean() == pytest.approx(0.95, abs=0.02)


def test_a_lasting_change_is_no_error():
    """A source that stops is one jump of 23: the interval hardly grows, and the change is told from none."""
    value = 50 * np.exp(0.05 * np.random.default_rng(8).normal(size=(30, 36)))
    value[:3, 24:] *= 0.5
    found = same_month_change(value, (0.05 * value) ** 2, np.full(value.shape, 5.0), MONTH, 0.95)
    assert found.ratio < 2 and (found.high[:3, 24:] < 0).mean() > 0.95


def test_few_months_fall_back_on_independence():
    value = np.full((2, 12 + LEAST_JUMPS), 50.0)
    found = same_month_change(value, 0.01 * value**2, np.full(value.shape, 5.0), MONTH[: value.shape[1]], 0.95)
    assert np.isnan(found.ratio) and np.log1p(found.high[0, -1]) == pytest.approx(2.5706 * np.sqrt(0.02), rel=1e-4)


def test_a_cycle_shared_by_cells_is_told_from_noise_of_each():
    rng = np.random.default_rng(9)
    cycle = 0.2 * np.cos(2 * np.pi * np.arange(36) / 12)
    own = 0.3 * rng.normal(size=(400, 36))
    assert seasonal_spread(50 * np.exp(cycle + own), MONTH) == pytest.approx(
        0.2 / np.sqrt(2) * np.sqrt(12 / 11), rel=0.1
    )
    assert seasonal_spread(50 * np.exp(own), MONTH) < 0.03
    assert seasonal_spread(50 * np.exp(own[:, :9]), MONTH[:9]) == 0.0
