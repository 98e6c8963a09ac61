"""Alarms of one cell that keep a time of day, a weekday, or a distance (规律性、周期性报警; LOOP 2)."""

from collections.abc import Callable, Sequence
from math import comb

import numpy as np
import pandas as pd

from hotspot.rules.calendar import WEEKDAYS
from hotspot.rules.loop import Clocks


def regular_times(times: Sequence[str], others: Sequence[str], rule: Clocks) -> list[tuple[str, str]]:
    """
    An hour of the day, or a weekday, at which more of a cell's alarms begin than luck would bring.

    Parameters
    ----------
    times, others : sequence of str, local ISO times
        When alarms of the cell, and of all other cells, began.
    rule : Clocks
        ``regular_hours`` is the window's width, ``regular_chance`` the most that luck may be, over all windows.

    Returns
    -------
    list of (zh, en), the hour first; empty where nothing stands out

    Notes
    -----
    Binomial tail of the fullest window, times the number of windows (Bonferroni). Luck's share of a window is its
    width, or the share of the other cells' alarms in it where that is more: alarms of a whole city at dawn make no
    cell regular.

    Examples
    --------
    >>> times = [f"2025-12-{day:02d}T04:00" for day in (1, 3, 9, 11, 20)]
    >>> regular_times(times, (), Clocks())
    [('04时前后（5次中5次）', 'around 04 h (5 of 5)')]
    >>> regular_times(times, times, Clocks())
    []
    """
    width = rule.regular_hours
    own, rest = pd.DatetimeIndex(list(times)), pd.DatetimeIndex(list(others))
    told = []
    hour, n, luck = _fullest(own.hour.to_numpy(), rest.hour.to_numpy(), 24, lambda at, k: (at - k) % 24 < width)
    if luck <= rule.regular_chance:
        since = (own.hour.to_numpy() - hour) % 24
        middle = (hour + int(np.median(since[since < width]))) % 24
        told.append((f"{middle:02d}时前后（{len(own)}次中{n}次）", f"around {middle:02d} h ({n} of {len(own)})"))
    day, n, luck = _fullest(own.day_of_week.to_numpy(), rest.day_of_week.to_numpy(), 7, lambda at, k: at == k)
    if luck <= rule.regular_chance:
        zh, en = WEEKDAYS[day]
        told.append((f"{zh}（{len(own)}次中{n}次）", f"on {en} ({n} of {len(own)})"))
    return told


def period_of(times: Sequence[str], rule: Clocks) -> int:
    """
    Days between alarm days that keep one distance, from the last ``period_alarms`` days; 0 where they do not.

    Examples
    --------
    >>> period_of([f"2025-12-{day:02d}T04:00" for day in (1, 8, 15, 22)], Clocks())
    7
    >>> period_of([f"2025-12-{day:02d}T04:00" for day in (1, 2, 3, 4)], Clocks())  # one lasting episode
    0
    """
    days = np.unique(np.array([time[:10] for time in times], dtype="datetime64[D]"))[-rule.period_alarms :]
    if len(days) < rule.period_alarms:
        return 0
    apart = np.diff(days).astype(int)
    steady = apart.min() > rule.period_apart_days + 1 and np.ptp(apart) <= rule.period_apart_days
    return int(np.median(apart)) if steady else 0


def _fullest(
    own: np.ndarray, others: np.ndarray, n_values: int, inside: Callable[[np.ndarray, int], np.ndarray]
) -> tuple[int, int, float]:
    """(first value of the window least to be luck, alarms in it, that chance over all windows)."""
    best, total = (0, 0, 1.0), len(own)
    values = np.arange(n_values)
    for first in range(n_values):
        n = int(inside(own, first).sum())
        share = float(inside(values, first).mean())
        if len(others):
            share = max(share, float(inside(others, first).mean()))
        luck = sum(comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(n, total + 1))
        luck = min(1.0, n_values * luck)
        if n and luck < best[2]:
            best = first, n, luck
    return best
