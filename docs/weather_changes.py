"""
The tables of docs/weather-normalised.md on changes without weather: coverage, width, short interventions.

    python docs/weather_changes.py            # seeds 100 to 119, none of which chose anything
    python docs/weather_changes.py --trees 75 --learning-rate 0.16
"""

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))

from harsh_weather import by_month, harsh_world, with_step

from hotspot.estimate.weather.normalise import normalise
from hotspot.rules.criteria import Criteria, Normalisation

SEEDS = range(100, 120)
STEPS = (("a week", 7), ("a month", 30), ("three months", 91))
SHARE = 0.3  # of the concentration, taken away


def change_of(seed, criteria):
    """Of one world: raw error, error, half width of the interval and of the two months' apart, inside it or not."""
    field, weather, emission = harsh_world(seed)
    day = field["day"].values
    level = normalise(field, weather, utc_offset=8, criteria=criteria)
    true = by_month(emission, day)
    value = {end: np.log1p(level[f"pm25_normalised_change{end}"].values[:, 12:]) for end in ("", "_low", "_high")}
    year = true[:, 12:] - true[:, :-12]
    raw = np.log(by_month(field["pm25"].values, day))
    low, high, middle = (np.log(level[f"pm25_normalised{end}"].values) for end in ("_low", "_high", ""))
    away = middle - true
    away -= away.mean(axis=1, keepdims=True)
    own, spread = (high - low) / 2, 1.959964 * level.attrs["seasonal_spread"]
    bare = np.sqrt(np.maximum(own**2 - spread**2, 0))
    apart = np.hypot(bare[:, 12:], bare[:, :-12])
    error = value[""] - year
    return {
        "R2": level.attrs["cv_r2"], "raw sd": (raw[:, 12:] - raw[:, :-12] - year).std(),
        "sd": error.std(), "bias": error.mean(),
        "half": ((value["_high"] - value["_low"]) / 2).mean(),
        "inside": ((value["_low"] <= year) & (year <= value["_high"])).mean(),
        "half apart": apart.mean(), "inside apart": (np.abs(error) <= apart).mean(),
        "level half": own.mean(), "level inside": (np.abs(away) <= own).mean(),
        "level inside bare": (np.abs(away) <= bare).mean(),
    }  # fmt: skip


def recovered(seed, n_days, treated_share, criteria):
    """Share of a step that the normalised days of the treated cells show, against the same world without it."""
    field, weather, _ = harsh_world(seed)
    rng = np.random.default_rng([seed, n_days])
    first = np.datetime64("2024-01-01") + np.timedelta64(int(rng.integers(10, 250)), "D")
    n_cell = field.sizes["cell"]
    cells = rng.choice(n_cell, max(1, round(treated_share * n_cell)), replace=False)
    stepped, during = with_step(field, cells, first.astype("datetime64[ns]"), n_days, SHARE)
    logs = [
        np.log(level["pm25_normalised"].values[np.ix_(cells, during)])
        for level in (
            normalise(one, weather, utc_offset=8, every="step", criteria=criteria) for one in (field, stepped)
        )
    ]
    return float(np.nanmean(logs[1] - logs[0]) / np.log(1 - SHARE))


def main():
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--trees", type=int, default=Normalisation().trees)
    parser.add_argument("--learning-rate", type=float, default=Normalisation().learning_rate)
    criteria = Criteria(normalisation=Normalisation(**vars(parser.parse_args())))
    rows = [change_of(seed, criteria) for seed in SEEDS]
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        print(f"{name:18s} mean {values.mean():.3f}, worlds {values.min():.3f} to {values.max():.3f}")
    for share in (1.0, 0.2):
        for words, n_days in STEPS:
            found = np.array([recovered(seed, n_days, share, criteria) for seed in SEEDS[:6]])
            spread = f"{found.mean():.2f} ({found.min():.2f} to {found.max():.2f})"
            print(f"step of {words}, {share:.0%} of the cells: share recovered {spread}")


if __name__ == "__main__":
    main()
