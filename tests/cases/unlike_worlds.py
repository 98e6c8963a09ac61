"""
Months of days that differ in kind from ``rank_worlds``, and what the product says of their levels and ranks.

Weather over 15 to 120 km, towns and tails of another sort, errors of a day shared over 10 to 50 km or heavy-tailed,
clouds that hide a cell with a chance logistic in its own concentration (of a range of strengths), that take whole days,
or that cross the country as patches; with and without reference stations, one in about 24 km.

    python tests/cases/unlike_worlds.py [n_seeds] [first_seed] [kind ...] [--levels]

prints the tables of docs/how-sure-is-a-rank.md; ``--levels`` leaves the ranks out, which take most of the time.
"""

import sys

import numpy as np
import pandas as pd
from rank_worlds import laid_down, reliability, scores, smooth_fields, stations_of, told

from hotspot.estimate.field.monthly import monthly_field

SIDE, N_DAY, SHARE = 48, 31, 0.15
APART = 8  # cells between stations
KINDS = {
    "blind": {},
    "logistic 0.5": {"dirty": 0.5},
    "logistic 1": {"dirty": 1.0},
    "logistic 2": {"dirty": 2.0},
    "logistic 1 on clean days": {"dirty": -1.0},
    "whole days": {"clouds": "days"},
    "whole days, dirty 1": {"clouds": "days", "dirty": 1.0},
    "patches": {"clouds": "patches"},
    "patches, dirty 1": {"clouds": "patches", "dirty": 1.0},
    "weather over 15 km": {"weather_km": 15.0, "dirty": 0.5},
    "weather over 120 km": {"weather_km": 120.0, "dirty": 0.5},
    "heavy tails": {"tails": True, "dirty": 0.5},
    "errors over 10 km": {"error_km": 10.0, "dirty": 0.5},
    "errors over 25 km": {"error_km": 25.0, "dirty": 0.5},
    "errors over 50 km": {"error_km": 50.0, "dirty": 0.5},
}


def air_of(rng, *, weather_km, tails):
    """Daily means (day, y, x), ug/m3, and the logarithm that a year of them would have."""
    swing, calm = np.zeros(N_DAY), rng.standard_normal(N_DAY)
    for d in range(N_DAY):
        swing[d] = 0.7 * swing[d - 1] * (d > 0) + 0.3 * calm[d]
    y, x = np.mgrid[:SIDE, :SIDE]
    town = np.zeros((SIDE, SIDE))
    for row, col in rng.uniform(0, SIDE, (10, 2)):
        town += rng.uniform(0.1, 0.4) * np.exp(-((y - row) ** 2 + (x - col) ** 2) / (2 * rng.uniform(1.5, 5.0) ** 2))
    level = town + 0.08 * smooth_fields(rng, SIDE, 80.0, 1, gaussian=True)[0] + 0.04 * rng.standard_normal(town.shape)
    # Towns stand out on calm days, the wind of the others thins them.
    days = swing[:, None, None] + level * (1 + 0.25 * calm[:, None, None])
    days = days + 0.18 * smooth_fields(rng, SIDE, weather_km, N_DAY)
    noise = rng.standard_normal(days.shape)
    if tails:  # lognormal plumes of a day, here and there
        noise = noise + 3.0 * (rng.random(days.shape) < 0.03) * np.exp(0.7 * rng.standard_normal(days.shape))
    return np.exp(3.8 + days + 0.05 * noise), level


def hidden_of(rng, air, *, clouds, dirty):
    """What nobody saw, 30 to 60 % of all; ``dirty`` is the logit for one standard deviation of the logarithms."""
    z = np.log(air)
    z = dirty * (z - z.mean()) / z.std()
    if clouds == "days":
        odds = np.broadcast_to(z.mean(axis=(1, 2), keepdims=True) + 1e-9 * z, z.shape)
        chance = np.broadcast_to(rng.logistic(size=(N_DAY, 1, 1)), z.shape)
    elif clouds == "patches":
        y, x = np.mgrid[:SIDE, :SIDE]
        chance, drift = np.full(z.shape, -2.0), rng.uniform(-12, 12, 2)
        for row, col, wide in zip(*rng.uniform(0, SIDE, (2, 7)), rng.uniform(4, 12, 7), strict=True):
            for d in range(N_DAY):
                at = (np.array([row, col]) + d * drift + rng.normal(0, 4, 2)) % SIDE
                down, across = (SIDE / 2 - abs(SIDE / 2 - abs(axis - here)) for axis, here in ((y, at[0]), (x, at[1])))
                chance[d] += 4 * np.exp(-(down**2 + across**2) / (2 * wide**2))
        odds = z
    else:
        odds, chance = z, 1.6 * smooth_fields(rng, SIDE, 50.0, N_DAY) + 0.5 * rng.logistic(size=z.shape)
        chance = chance + rng.normal(0, 0.7, (N_DAY, 1, 1))
    total = odds + chance
    return total > np.quantile(total, 1 - rng.uniform(0.3, 0.6))


def unlike(seed, *, clouds="logistic", dirty=0.0, weather_km=45.0, tails=False, error_km=0.0, stations=False):
    """One month of four cities."""
    rng = np.random.default_rng([seed, 11])
    air, level = air_of(rng, weather_km=weather_km, tails=tails)
    hidden = hidden_of(rng, air, clouds=clouds, dirty=dirty)
    if error_km:
        error = smooth_fields(rng, SIDE, error_km, N_DAY, gaussian=True)
    elif tails:
        error = rng.standard_t(4, air.shape) / np.sqrt(2)
    else:
        error = rng.standard_normal(air.shape)
    layers = np.where(hidden, np.nan, air * np.exp(SHARE * error - SHARE**2 / 2))
    about = {"period": "day", "error_share": SHARE, **({"correlation_km": error_km} if error_km else {})}
    posts = stations_of(rng, air, APART)
    score = level + 0.04 * rng.standard_normal(level.shape)
    return laid_down(air, score, layers, about, stations=posts if stations else None)


def rows_of(kind, seed, *, stations, ranks=True):
    """The rows of one world: the hot cells as ranked, or all cells; with the stated error of the month's level."""
    made = unlike(seed, **KINDS[kind], stations=stations)
    rows, field = told(made) if ranks else (pd.DataFrame({"cell": made.truth.index}), monthly_field(made.month)[0])
    now = field.isel(time=2)
    for name in ("pm25", "pm25_error", "pm25_seen"):
        rows[name] = now[name].to_series().reindex(rows["cell"]).to_numpy()
    return rows.assign(truth=made.truth.reindex(rows["cell"]).to_numpy(), seed=seed)


def held(rows):
    """Of the published level, as shares: error (naive beside), bias, stated error, how often 95 % of it held."""
    rows = rows[rows["pm25_seen"] > 0]
    off, naive = (np.log(rows[name] / rows["truth"]) for name in ("pm25", "pm25_seen"))
    stated = rows["pm25_error"] / rows["pm25"]
    return {
        "naive": np.sqrt((naive**2).mean()), "error": np.sqrt((off**2).mean()), "bias": off.mean(),
        "stated": np.sqrt((stated**2).mean()),
        "level held": (off.abs() <= 1.96 * stated).mean(),
    }  # fmt: skip


SHOWN = ("top 3 seen", "top 3 filled", "marginal", "together", "width", "listed", "said", "said right")


def main(arguments):
    """Print the table."""
    ranks, arguments = "--levels" not in arguments, [word for word in arguments if word != "--levels"]
    n, first = (int(a) for a in [*arguments[:2], *["4", "1000"][len(arguments[:2]) :]])
    for kind in arguments[2:] or KINDS:
        for stations in (False, True):
            parts = [rows_of(kind, seed, stations=stations, ranks=ranks) for seed in range(first, first + n)]
            rows = pd.concat(parts, ignore_index=True)
            ranked = {name: value for name, value in scores(rows).items() if name in SHOWN} if ranks else {}
            found = {name: round(float(value), 3) for name, value in (held(rows) | ranked).items()}
            print(kind, "with stations" if stations else "", found, flush=True)
            if ranks:
                print("    ", " ".join(f"{p:.2f}:{t:.2f}({m})" for p, t, m in reliability(rows)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
