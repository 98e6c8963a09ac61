"""
How many alarms people can live with, and the threshold that keeps to it.

The programme pushed about 1.5 alarms per instrumented cell and month and had 98 % of
them answered (C11). The robust z is raised until the past would have kept to that; it
is never lowered below the criteria, so a quiet network gives few alarms, not false ones.
"""

import numpy as np
import pandas as pd

from hotspot.rank.alarm.episodes import merge
from hotspot.rank.alarm.suppression import PUSHED
from hotspot.variables import CoverageWarning

STEP, TOP = 0.25, 30.0  # of the thresholds that are tried
_MONTH_HOURS = 730.5
_LEAST_PAST = 240  # hours; less says nothing about a month


def load_curve(table, criteria, *, n_cell, n_hour, thresholds=None):
    """
    Alarms per instrumented cell and month, for a row of thresholds.

    Parameters
    ----------
    table : DataFrame, from ``alarms.weigh``
    criteria : Alarms
    n_cell : int
        Instrumented cells.
    n_hour : int
        Hours that the table covers, those in which z was known.
    thresholds : sequence of float, optional
        Values of z; those below ``criteria.z_min`` count as ``z_min``.

    Returns
    -------
    DataFrame ``z, pushed, load``: pushed alarms, and per cell and month of 730.5 hours

    Examples
    --------
    >>> from hotspot.rules.alarming import Alarms
    >>> hours = pd.DataFrame({"cell": "A", "sub_cell": "A-01", "hour": [5, 6], "pm25": 200.0, "around": 50.0})
    >>> hours = hours.assign(time=pd.Timestamp("2025-12-01"), ratio=4.0, z=[6.0, 9.0], risen_share=0.0, n_asked=9)
    >>> hours = hours.assign(dust_share=0.0, pm10_ratio=0.7, rh=50.0, fireworks=-1, doubt=0)
    >>> load_curve(hours, Alarms(), n_cell=1, n_hour=1461, thresholds=[4.0, 7.0])["load"].tolist()
    [0.5, 0.0]
    """
    if n_cell < 1 or n_hour < 1:
        raise ValueError(f"{n_cell} cells and {n_hour} hours; a load needs at least one of each.")
    tried = np.arange(criteria.z_min, TOP, STEP) if thresholds is None else np.asarray(thresholds, float)
    rows = []
    for z in tried:
        pushed = int((merge(table, criteria, z_min=z)["state"] == PUSHED).sum())
        rows.append((float(z), pushed, pushed / n_cell / (n_hour / _MONTH_HOURS)))
    return pd.DataFrame(rows, columns=["z", "pushed", "load"])


def calibrate_threshold(table, criteria, *, n_cell, n_hour):
    """
    The least threshold that keeps the past within the alarm budget.

    Parameters
    ----------
    table, criteria, n_cell, n_hour
        As for ``load_curve``; of the time before the one that is judged.

    Returns
    -------
    float: z; ``criteria.z_min`` where the past is too short to say anything, or quiet

    Warns
    -----
    CoverageWarning
        Less than ten days of past; the threshold is the criteria's.
    """
    import warnings

    if n_hour < _LEAST_PAST or n_cell < 1:
        warnings.warn(
            f"{n_hour} hours of past are too few to keep a budget; alarms use z_min = {criteria.z_min:g}.",
            CoverageWarning,
            stacklevel=2,
        )
        return float(criteria.z_min)
    low, high = 0, int(np.ceil((TOP - criteria.z_min) / STEP))
    # A higher z never adds an hour; that it may cut an episode in two is rare enough to halve the steps.
    while low < high:
        middle = (low + high) // 2
        if _load(table, criteria, criteria.z_min + middle * STEP, n_cell, n_hour) <= criteria.budget:
            high = middle
        else:
            low = middle + 1
    return float(criteria.z_min + low * STEP)


def _load(table, criteria, z, n_cell, n_hour):
    return float(load_curve(table, criteria, n_cell=n_cell, n_hour=n_hour, thresholds=[z])["load"].iloc[0])
