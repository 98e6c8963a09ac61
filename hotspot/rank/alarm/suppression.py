"""
What is not local: regional rise, dust from afar, fog, fireworks; and what is doubtful.

Nothing is deleted. Each candidate hour carries the numbers that speak against a local
source, and an alarm whose hours mostly carry one keeps it as its reason (METHODS 10).
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Ints, Times
from hotspot.rules.alarming import Alarms
from hotspot.rules.fireworks import fireworks_of, windows

if TYPE_CHECKING:
    import pandas as pd

# reason -> Chinese words for the letter
ZH = {
    "doubtful": "数据存疑，待核实",
    "fireworks": "烟花爆竹燃放时段",
    "dust": "外来沙尘影响",
    "fog": "高湿（雾）影响",
    "regional": "区域性整体升高",
    "short": "仅持续1小时，待核实",
}


def witnesses(hours: Ints, around: Ints, pool: dict[str, Floats], criteria: Alarms) -> dict[str, np.ndarray]:
    """
    What the stations around say at some hours.

    Parameters
    ----------
    hours : int64[n], positions in time
    around : int64[n, k]
        For each of them the stations to ask (rows of ``pool``), -1 where there is none.
    pool : dict of float64[n_station, n_time]
        ``pm25``; ``last_day`` (median of each station's last day); ``pm10`` where measured.

    Returns
    -------
    dict of arrays [n]: ``risen_share`` and ``n_asked`` (stations with a value), ``dust_share``;
    NaN where nobody could be asked

    Examples
    --------
    >>> from hotspot.rules.alarming import Alarms
    >>> pool = {"pm25": np.array([[80.0], [90.0], [40.0], [np.nan]]), "last_day": np.full((4, 1), 40.0)}
    >>> told = witnesses(np.array([0]), np.array([[0, 1, 2, 3]]), pool, Alarms())
    >>> told["risen_share"].round(2).tolist(), told["n_asked"].tolist()
    ([0.67], [3])
    """
    there = around >= 0
    at = (np.where(there, around, 0), hours[:, None])
    level, before = np.where(there, pool["pm25"][at], np.nan), np.where(there, pool["last_day"][at], np.nan)
    told = {}
    with np.errstate(invalid="ignore"):
        known = np.isfinite(level) & np.isfinite(before)
        told["n_asked"] = known.sum(axis=1)
        told["risen_share"] = _share(level >= criteria.regional_rise * before, known)
        told["dust_share"] = np.full(len(hours), np.nan)
        if "pm10" in pool:
            coarse = np.where(there, pool["pm10"][at], np.nan)
            known = np.isfinite(level) & np.isfinite(coarse)
            told["dust_share"] = _share((coarse >= criteria.dust_pm10) & (level < criteria.dust_ratio * coarse), known)
    return told


def against(table: "pd.DataFrame", criteria: Alarms) -> dict[str, Flags]:
    """
    Which reasons speak against each candidate hour.

    Parameters
    ----------
    table : DataFrame of candidate hours, from ``alarms.weigh``

    Returns
    -------
    dict: reason -> bool array, in the order in which they are named
    """
    ratio = table["ratio"].to_numpy()
    return {
        "doubtful": table["doubt"].to_numpy() != 0,
        "fireworks": table["fireworks"].to_numpy() >= 0,
        "dust": (table["dust_share"].to_numpy() >= criteria.dust_share)
        & (table["pm10_ratio"].to_numpy() < criteria.dust_ratio),
        "fog": (table["rh"].to_numpy() >= criteria.fog_humidity) & (ratio < criteria.fog_exempt),
        "regional": (table["risen_share"].to_numpy() >= criteria.regional_share)
        & (table["n_asked"].to_numpy() >= criteria.min_neighbours)
        & (ratio < criteria.regional_exempt),
    }


def words(reason: str, rows: "pd.DataFrame") -> str:
    """
    A reason with its numbers, for the ``why`` of an alarm.

    Parameters
    ----------
    reason : a key of ``ZH``
    rows : DataFrame
        The candidate hours of the alarm to which the reason applies.

    Returns
    -------
    str, beginning with the reason and a colon
    """
    if reason == "doubtful":
        from hotspot.quality.hours.flags import reasons as doubts

        bits = int(np.bitwise_or.reduce(rows["doubt"].to_numpy(np.int64)))
        return f"doubtful: {', '.join(doubts(bits))}"
    if reason == "fireworks":
        return f"fireworks: {windows()[int(rows['fireworks'].iloc[0])][3]}"
    if reason == "dust":
        return (
            f"dust: PM2.5/PM10 {rows['pm10_ratio'].median():.2f} here, as at "
            f"{rows['dust_share'].median():.0%} of the stations around"
        )
    if reason == "fog":
        return f"fog: relative humidity {rows['rh'].median():.0f} %"
    if reason == "regional":
        share, asked = rows["risen_share"].median(), rows["n_asked"].median()
        return f"regional: {share:.0%} of {asked:.0f} stations around rose as well"
    return "short: one hour only"


def calendar(local: Times) -> Ints:
    """Position in the fireworks calendar of local hours; int64[n], -1 outside it."""
    return fireworks_of(local)


def _share(mask: Flags, known: Flags) -> Floats:
    """Share of the known entries of each row that are True, NaN where none is known."""
    count = known.sum(axis=1)
    return np.where(count > 0, (mask & known).sum(axis=1) / np.maximum(count, 1), np.nan)
