"""
Reports of other desks gathered into events (A4), and their statistics with the row that other tables leave out (A2).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from hotspot.rules.classes import problem_types
from hotspot.rules.event_words import OTHER
from hotspot.rules.loop import Events
from hotspot.rules.rounding import decimal_half_even

_RULE = Events()
RESIDUAL = "其他（未列明）"


def gather(reports: pd.DataFrame, rule: Events = _RULE) -> pd.DataFrame:
    """
    Which reports are of one event.

    Parameters
    ----------
    reports : DataFrame
        ``time`` (datetime64), ``problem``, ``channel``, ``by``, ``text``, ``x, y`` (m on the lattice, NaN where only
        a name is known) and ``where`` (the place's name, "" where there is none).

    Returns
    -------
    DataFrame: the same rows by time, with ``event`` (int, from 1 in order of the first report), ``first`` (bool: the
    report an event is counted by) and ``again`` (bool: the same row once more)

    Notes
    -----
    One event: same kind, within 500 m (or the same named place), within 2 h of its first report, another channel
    than every report it has; all three are proposals but the channel, which the clause names. The same row again
    adds no report. Reports without a place are one event only where they say the same.

    Examples
    --------
    >>> time = pd.to_datetime(["2025-12-03 10:00", "2025-12-03 10:40", "2025-12-03 11:30"])
    >>> rows = pd.DataFrame({"time": time, "problem": "burning", "channel": ["微信", "钉钉", "平台"], "by": "王",
    ...     "text": "烧垃圾", "x": [0.0, 300.0, 100.0], "y": 0.0, "where": ""})
    >>> gather(rows)["event"].tolist(), gather(rows)["first"].tolist()
    ([1, 1, 1], [True, False, False])
    """
    keys = ["time", "channel", "by", "text", "problem", "where"]
    table = reports.sort_values(keys, kind="stable", ignore_index=True)
    number = np.zeros(len(table), dtype="int64")
    first, again = np.zeros(len(table), bool), table.duplicated(keys).to_numpy()
    heads: list[int] = []  # position of each event's first report
    channels: list[set[str]] = []
    hours = table["time"].to_numpy(dtype="datetime64[s]").astype("int64") / 3600.0
    rows = list(table[["problem", "channel", "text", "where"]].itertuples(index=False))
    place = table[["x", "y"]].to_numpy(dtype="float64")
    oldest = 0
    for at, row in enumerate(rows):
        if again[at]:
            number[at] = number[at - 1]
            continue
        while oldest < len(heads) and hours[at] - hours[heads[oldest]] > rule.within_hours:
            oldest += 1
        for event in range(oldest, len(heads)):
            head = heads[event]
            if (
                rows[head].problem == row.problem
                and row.channel not in channels[event]
                and _together(place[head], place[at], rows[head], row, rule.within_m)
            ):
                channels[event].add(row.channel)
                number[at] = event + 1
                break
        else:
            heads.append(at)
            channels.append({row.channel})
            number[at], first[at] = len(heads), True
    return table.assign(event=number, first=first, again=again)


def _together(one: np.ndarray, two: np.ndarray, a: Any, b: Any, within_m: float) -> bool:
    if np.isfinite(one).all() and np.isfinite(two).all():
        return bool(np.hypot(*(one - two)) <= within_m)
    if a.where or b.where:
        return a.where == b.where
    return a.text == b.text


def type_shares(counts: Mapping[str, int]) -> pd.DataFrame:
    """
    Events by kind with their share of **all** events; what no row names stands in a row of its own.

    Parameters
    ----------
    counts : mapping kind (a key of the vocabulary, or any word) -> events; "other" joins the residual

    Returns
    -------
    DataFrame ``kind, zh, n, share`` (Decimal, per cent, two decimals), most first, the residual last;
    ``attrs["said"]``: what the printed shares add up to, where that is not 100

    Examples
    --------
    >>> table = type_shares({"site_dust": 1082, "road_dust": 482, "traffic": 154, "burning": 112, "other": 1297})
    >>> [str(share) for share in table["share"]], int(table["n"].iloc[-1])
    (['34.60', '15.41', '4.92', '3.58', '41.48'], 1297)
    >>> table.attrs["said"]
    '各行占比四舍六入后相加为99.99%'
    """
    kinds = problem_types()
    named = {kind: n for kind, n in counts.items() if kind != OTHER and n}
    whole = sum(counts.values())
    order = sorted(named, key=lambda kind: (-named[kind], kind))
    rows = [(kind, kinds[kind]["zh"] if kind in kinds else kind, named[kind]) for kind in order]
    rows.append((OTHER, RESIDUAL, whole - sum(named.values())))
    table = pd.DataFrame(rows, columns=["kind", "zh", "n"])
    table["share"] = [_share(n, whole) for n in table["n"]]
    printed = sum(table["share"], Decimal(0))
    table.attrs["said"] = f"各行占比四舍六入后相加为{printed}%" if whole and printed != 100 else ""
    return table


def cross_events(events: pd.DataFrame, by: str) -> pd.DataFrame:
    """
    Events by kind (rows) and hour of day, month or county (columns), with sums.

    Parameters
    ----------
    events : DataFrame ``problem, time, county``, a row per event
    by : "hour", "month" or "county"

    Examples
    --------
    >>> events = pd.DataFrame({"problem": ["burning", "burning"], "time": pd.to_datetime(["2025-12-03 10:00"] * 2)})
    >>> cross_events(events, "hour").loc["露天焚烧", ["10", "合计"]].tolist()
    [2, 2]
    """
    time = events["time"].dt
    column = {"hour": time.strftime("%H"), "month": time.strftime("%Y-%m")}.get(by)
    column = events["county"].replace("", "无地点") if column is None else column
    columns = [f"{h:02d}" for h in range(24)] if by == "hour" else sorted(set(column))
    kinds = problem_types()
    order = [kind for kind in kinds if kind in set(events["problem"])]
    table = pd.crosstab(events["problem"], column).reindex(index=order, columns=columns, fill_value=0)
    table.index = [kinds[kind]["zh"] for kind in order]
    table["合计"] = table.sum(axis=1)
    table.loc["合计"] = table.sum(axis=0)
    return table.astype("int64")


def _share(n: int, whole: int) -> Decimal:
    return decimal_half_even(Decimal(100) * n / whole, 2) if whole else Decimal("0.00")
