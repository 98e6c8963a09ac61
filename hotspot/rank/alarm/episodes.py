"""
From candidate hours to alarms: hours that follow each other in one cell are one
episode with a start, an end, a peak and a count.
"""

import numpy as np
import pandas as pd

from hotspot.contracts import records
from hotspot.contracts.records import ALARM_COLUMNS, PUSHED, SUPPRESSED, UNCONFIRMED
from hotspot.kernels.arrays import Ints
from hotspot.rank.alarm.expected import WEEK
from hotspot.rank.alarm.gate import Episode, Gate
from hotspot.rank.alarm.suppression import against, words
from hotspot.rules.alarming import Alarms


def decide(table: pd.DataFrame, rule: Alarms, gate: Gate | None = None, *, rows: bool = False) -> pd.DataFrame:
    """
    Alarms from candidate hours, in the order of time, each hour judged by what was known then.

    Parameters
    ----------
    table : DataFrame, from ``alarms.weigh``
        One row per sub-cell and hour above the floor, the ratio and ``z_min``; with its ``attrs``.
    rule : criteria.alarms
    gate : Gate, optional
        The controller; default a new one that begins with the table. Of hours it has taken before, the table
        holds the rows of the episodes that are open in it, with their ``limit``.

    Returns
    -------
    DataFrame ``alarm cell sub_cell start end hours peak mean neighbours ratio z state why``,
    by start and cell; see ``alarms.find_alarms``. With ``rows`` also the table, with the ``limit`` of each hour

    Notes
    -----
    Candidate hours of one cell, with pauses up to ``merge_hours``, are one episode. It is an alarm from the
    hour on in which the z of ``min_hours`` hours in a row at one place exceeded the gate's threshold; it is
    pushed unless half of the place's hours up to then carry a reason. What was pushed stays pushed. The alarm is
    named after the sub-cell with the highest hour among those that lasted.
    """
    columns, empty_ = list(ALARM_COLUMNS), empty()
    if not len(table):
        return (empty_, table) if rows else empty_
    table = table.sort_values(["hour", "cell", "sub_cell"], kind="stable").reset_index(drop=True)
    gate = gate or Gate(rule, max(int(table.attrs["judged"]) - WEEK, 0))
    clear = ~np.logical_or.reduce(list(against(table, rule).values()))
    columns_ = [table[name].tolist() for name in ("cell", "sub_cell", "z")]
    told = list(zip(*columns_, clear.tolist(), strict=True))
    hours, starts = np.unique(table["hour"].to_numpy(), return_index=True)
    belongs = np.empty(len(table), object)
    limits = table["limit"].to_numpy(float, copy=True) if "limit" in table else np.full(len(table), np.nan)
    taken: dict[tuple, Episode] = {}
    clock = pd.Timestamp(table.attrs["first"])
    for hour, begin, end in zip(hours.tolist(), starts, [*starts[1:], len(table)], strict=True):
        if hour > gate.hour:
            while hour >= gate.end:
                begins = (clock + pd.Timedelta(hours=max(hour, gate.end))).to_period("M")
                last = int(((begins + 1).to_timestamp() - clock) / pd.Timedelta(hours=1))
                gate.turn(int(table.attrs["n_cell"]), begins.days_in_month * 24, last)
            limits[begin:end] = gate.step(hour, told[begin:end], teach=hour < table.attrs["judged"])
        for at in range(begin, end):
            episode = gate.open[told[at][0]]
            belongs[at] = (told[at][0], episode.start)
            taken[belongs[at]] = episode
    table["limit"] = limits
    spikes = (table["ratio"].to_numpy() >= rule.spike_ratio) & (table["z"].to_numpy() > limits)
    spikes &= table["hour"].to_numpy() >= table.attrs["judged"]
    found = []
    for key, at in pd.Series(range(len(table))).groupby(pd.Series(belongs), sort=False):
        at, episode = at.to_numpy(), taken[key]
        if np.isfinite(episode.pushed) or np.isfinite(episode.doubted) or spikes[at].any():
            found.append(_alarm(table.iloc[at], episode, rule))
    if not found:
        return (empty_, table) if rows else empty_
    alarms = pd.DataFrame(found, columns=columns).astype(dict.fromkeys(("start", "end"), "datetime64[ns]"))
    alarms = alarms.sort_values(["start", "cell"], kind="stable", ignore_index=True)
    return (records.alarms(alarms), table) if rows else records.alarms(alarms)


def empty() -> pd.DataFrame:
    """A table of no alarms, with its columns and types."""
    kinds = dict.fromkeys(ALARM_COLUMNS, "str")
    kinds |= dict.fromkeys(("peak", "mean", "neighbours", "ratio", "z"), "float64")
    kinds |= {"hours": "int64", "start": "datetime64[ns]", "end": "datetime64[ns]"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _alarm(group: pd.DataFrame, episode: Episode, rule: Alarms) -> tuple[str | int | pd.Timestamp, ...]:
    """One row of the table of alarms: the highest of the places that lasted speaks for all of the group."""
    places = [(one, _lasts(one["hour"].to_numpy(), rule)) for _, one in group.groupby("sub_cell", sort=True)]
    lasting = [one for one, lasts in places if lasts] or [
        one for one, _ in places if one["ratio"].max() >= rule.spike_ratio
    ]
    rows = max(lasting, key=lambda one: (one["pm25"].max(), one["sub_cell"].iloc[0]))
    first, last = int(group["hour"].min()), int(group["hour"].max()) + 1
    start = rows["time"].iloc[0] - pd.Timedelta(hours=int(rows["hour"].iloc[0]) - first)
    mean, around = float(rows["pm25"].mean()), float(rows["around"].mean())
    state, why = (PUSHED, "") if np.isfinite(episode.pushed) else _judge(rows, any(lasts for _, lasts in places), rule)
    others = sorted({one["sub_cell"].iloc[0] for one in lasting} - {rows["sub_cell"].iloc[0]})
    if others:
        why = "; ".join(filter(None, [why, f"also at {', '.join(name.rsplit('-', 1)[-1] for name in others)}"]))
    cell = str(rows["cell"].iloc[0])
    return (
        f"A{start:%Y%m%d%H}-{cell}", cell, rows["sub_cell"].iloc[0], start, start + pd.Timedelta(hours=last - first),
        len(rows), float(rows["pm25"].max()), mean, around, mean / around, float(rows["z"].max()), state, why,
    )  # fmt: skip


def _lasts(hour: Ints, rule: Alarms) -> bool:
    """Whether ``min_hours`` of these hours follow each other."""
    n = rule.min_hours - 1
    return bool(len(hour) > n and (hour[n:] - hour[: len(hour) - n] == n).any())


def _judge(rows: pd.DataFrame, lasted: bool, rule: Alarms) -> tuple[str, str]:
    """State of an alarm that was not pushed: the reason that half of its hours carry, or that it did not last."""
    share = {reason: mask.mean() for reason, mask in against(rows, rule).items()}
    reason = max(share, key=lambda name: (share[name] >= 0.5, share[name]))
    if share[reason] > 0 and (lasted or share[reason] >= 0.5):
        mask = against(rows, rule)[reason]
        return (UNCONFIRMED if reason == "doubtful" else SUPPRESSED), words(reason, rows[mask])
    return UNCONFIRMED, words("short", rows)
