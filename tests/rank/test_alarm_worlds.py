"""
Alarms on worlds whose plumes lift their own stations as far as an episode does, beside the rules they replace.

    PYTHONPATH=tests/cases python tests/rank/test_alarm_worlds.py      # the full table of docs/alarms.md
    PYTHONPATH=tests/cases python tests/rank/test_alarm_worlds.py off  # instruments that drift, or read 15 % off

The rivals get the load exactly, by hindsight: in each month as many of their highest episodes as the budget allows.
"""

import sys

import numpy as np
import pandas as pd
import pytest
from hour_world import make_world

from hotspot.kernels.flags import neighbour_medians
from hotspot.quality.hours.neighbours import nearest
from hotspot.rank.alarm.alarms import find_alarms
from hotspot.rules.criteria import Criteria

HELD = (21, 22, 23, 24, 25, 26)  # seeds that are reported; the numbers were chosen on 1 to 10
SIZES = (6.0, 20.0, 60.0)  # of plants: the largest lifts its stations as episodes do
# Worlds that are reported, the last two in months and with episodes on which nothing was chosen: a heating season that
# ends, and episodes half as strong.
WORLDS = {
    "June to November": {"moody": 0.5},
    "December to May": {"moody": 0.6, "first": "2025-12", "season": 0.6, "level": 60.0},
    "weak episodes": {"moody": 0.5, "first": "2025-08", "strength": (0.7, 2.0)},
}
RULE = Criteria().alarms


def around(world, values, count=RULE.neighbours):
    names = world.stations["station"].values.astype(str)
    lon, lat = world.stations["lon"].values, world.stations["lat"].values
    near = nearest(lon, lat, lon, lat, count=count, within_km=RULE.neighbour_km, names=names, names_other=names)[0]
    return neighbour_medians(values, near, RULE.min_neighbours)


def rivals(world):
    """Scores of the rules that were replaced, float64[n_station, n_hour], NaN where an hour is none of theirs."""
    values = world.stations["pm25"].values
    beside = around(world, values)
    wanted = (values >= 75.0) & (values >= RULE.ratio * beside)
    logs = pd.DataFrame(np.log(np.maximum(values, 5.0) / np.maximum(beside, 5.0)).T)
    past = logs.shift(1).rolling(336, min_periods=168)
    z = ((logs - past.median()) / (0.74 * (past.quantile(0.75) - past.quantile(0.25))).clip(lower=0.08)).T.to_numpy()
    three = values / around(world, values, 3)
    floor = np.where(three >= RULE.ratio, three, np.nan)
    return {"ratio to 3 neighbours": floor, "z against own 14 days": np.where(wanted, z, np.nan)}


def episodes_of(world, score):
    """Episodes of one rule: cell, start and end (hours), and the score that two hours in a row reached."""
    rows = []
    two = np.full(score.shape, np.nan)
    two[:, 1:] = np.minimum(score[:, 1:], score[:, :-1])
    for cell in np.unique(world.cell):
        best = np.where(np.isfinite(two[world.cell == cell]), two[world.cell == cell], -np.inf).max(axis=0)
        hit = np.flatnonzero(np.isfinite(score[world.cell == cell]).any(axis=0))
        for part in np.split(hit, np.flatnonzero(np.diff(hit) > RULE.merge_hours + 1) + 1):
            if len(part) and np.isfinite(best[part].max()):
                rows.append((cell, part[0], part[-1] + 1, best[part].max()))
    return pd.DataFrame(rows, columns=["cell", "first", "last", "score"])


def found_of(world, pushed, months):
    """Planted episodes of the months that some pushed alarm overlaps, and how many there were."""
    planted = world.episodes[world.episodes["start"].dt.to_period("M").isin(months)]
    hit = [
        ((pushed["cell"] == one.cell) & (pushed["start"] < one.end) & (pushed["end"] > one.start)).any()
        for one in planted.itertuples()
    ]
    return int(np.sum(hit)), len(planted)


def truly_local(world, pushed):
    """Share of the pushed that overlap a planted episode, or an hour truly above floor and neighbours."""
    above = (world.truth >= RULE.ratio * around(world, world.truth)) & (world.truth >= RULE.floor)
    begin = local_start(world)
    good = []
    for one in pushed.itertuples():
        first, last = (int((edge - begin) / pd.Timedelta(hours=1)) for edge in (one.start, one.end))
        mine = world.episodes[world.episodes["cell"] == one.cell]
        planted = ((mine["start"] < one.end) & (mine["end"] > one.start)).any()
        good.append(planted or above[world.cell == one.cell, first:last].any())
    return float(np.mean(good))


def local_start(world):
    return pd.Timestamp(world.stations["time"].values[0]) + pd.Timedelta(hours=8)


def misread(world, seed, *, drift=0.0, gain=0.0):
    """The stations read too high or low, in place: by red noise of 35 days (1 sd ``drift``, log) or for good."""
    values = world.stations["pm25"].values
    n, days = len(values), values.shape[1] // 24 + 2
    off = gain * np.random.default_rng([seed, 98]).standard_normal((n, 1)) + np.zeros(values.shape)
    shocks, slow = np.random.default_rng([seed, 99]), np.zeros((n, days))
    slow[:, 0] = shocks.standard_normal(n)
    for day in range(1, days):
        slow[:, day] = np.exp(-1 / 35) * slow[:, day - 1] + np.sqrt(1 - np.exp(-2 / 35)) * shocks.standard_normal(n)
    hour, part = np.divmod(np.arange(values.shape[1]), 24)
    values *= np.exp(off + drift * (slow[:, hour] * (1 - part / 24) + slow[:, hour + 1] * part / 24))


def measure(seed, size, months=6, kind="June to November", **off):
    """One row of the table, and the loads of the months; ``off``: of ``misread``."""
    world = make_world(seed, months=months, size=size, **WORLDS[kind])
    if off:
        misread(world, seed, **off)
    begin, n_cell = local_start(world), world.cells.sizes["cell"]
    told = pd.period_range(begin, periods=months, freq="M")
    alarms = find_alarms(world.stations, cells=world.cells, weather=world.weather)
    pushed = alarms[alarms["state"] == "pushed"]
    count = pushed["start"].dt.to_period("M").value_counts().reindex(told, fill_value=0)
    loads = (count / n_cell / (told.days_in_month * 24 / 730.5)).round(2).tolist()
    found, planted = found_of(world, pushed, told)
    row = {"world": kind, "seed": seed, "size": size, "planted": planted, "ours": found}
    row |= {"local": truly_local(world, pushed), "pushed": len(pushed)}
    for name, score in rivals(world).items():
        table = episodes_of(world, score)
        table["start"] = begin + pd.to_timedelta(table["first"], "h")
        table["end"] = begin + pd.to_timedelta(table["last"], "h")
        month = table["start"].dt.to_period("M")
        kept = [
            table[month == one].nlargest(round(RULE.budget * n_cell * one.days_in_month * 24 / 730.5), "score")
            for one in told
        ]
        row[name] = found_of(world, pd.concat(kept), told)[0]
    return row, loads


@pytest.mark.parametrize("size", [20.0, 60.0])
def test_planted_episodes_are_found_at_a_steady_load_and_better_than_by_what_it_replaces(size):
    told = [measure(seed, size, months=3) for seed in HELD[:2]]  # one world alone has some 40 episodes
    assert all(abs(load - RULE.budget) <= 0.3 for _, loads in told for load in loads), told
    total = {name: sum(row[name] for row, _ in told) for name in told[0][0] if name not in ("world", "seed", "size")}
    assert total["ours"] >= 0.5 * total["planted"] and total["local"] >= 0.95 * len(told)
    assert total["ours"] > max(total["ratio to 3 neighbours"], total["z against own 14 days"])


def report_off():
    """Print what is found and truly local where instruments are off, seeds 50 to 55."""
    for size in SIZES[:2]:
        for off in ({"drift": 0.15}, {"gain": 0.15}):
            told = [measure(seed, size, months=4, **off) for seed in range(50, 56)]
            pushed, planted = (sum(row[name] for row, _ in told) for name in ("pushed", "planted"))
            local = sum(row["local"] * row["pushed"] for row, _ in told) / pushed
            inside = sum(abs(load - RULE.budget) <= 0.3 for _, loads in told for load in loads)
            found = sum(row["ours"] for row, _ in told) / planted
            print(size, off, f"found {found:.3f} of {planted}, local {local:.3f} of {pushed}, {inside} of 24 months")


if __name__ == "__main__" and sys.argv[1:] == ["off"]:
    report_off()
elif __name__ == "__main__":
    rows = []
    for kind, seeds in zip(WORLDS, (HELD, HELD[:3], HELD[:3]), strict=True):
        for size in SIZES:
            for seed in seeds:
                row, loads = measure(seed, size, kind=kind)
                rows.append(row | {"months": len(loads), "inside": sum(abs(one - RULE.budget) <= 0.3 for one in loads)})
                print(*row.values(), loads, flush=True)
    table = pd.DataFrame(rows)
    table["local"] *= table["pushed"]
    table = table.drop(columns="seed").groupby(["world", "size"]).sum()
    table["local"] /= table.pop("pushed")
    for name in ("ours", "ratio to 3 neighbours", "z against own 14 days"):
        table[name] /= table["planted"]
    print(table.round(3).to_string())
