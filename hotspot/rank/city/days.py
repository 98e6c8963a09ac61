"""Days of the six pollutants from hours at points: the means and maxima that a composite index is made of (B18)."""

import numpy as np
import pandas as pd

from hotspot.quality.means.eight_hours import largest_means
from hotspot.rules.criteria import Validity
from hotspot.rules.index import SIX
from hotspot.rules.standards import standard_on


def days_of_hours(hours: pd.DataFrame, *, validity: Validity | None = None) -> pd.DataFrame:
    """
    Valid day values of each point.

    Parameters
    ----------
    hours : DataFrame ``unit, point, time`` (local, the start of the hour) and the ``SIX``; O3 by the hour
    validity : Validity, optional; the hours a day needs

    Returns
    -------
    DataFrame ``unit, point, day`` and the ``SIX``, NaN where a day is not valid; sorted by unit, point, day

    Notes
    -----
    A mean needs 20 hours. O3 is the largest 8 h moving mean whose window lies within the day's hours (08 to 24 h as
    hours end, 07 to 23 as they start); a window needs 6 of its 8 hours, and a day 14 of its 17 windows unless the
    largest is above the limit already.

    Examples
    --------
    >>> time = pd.date_range("2023-01-01", periods=24, freq="h")
    >>> hours = pd.DataFrame({"unit": "a", "point": "p", "time": time, **dict.fromkeys(SIX, 40.0)})
    >>> days_of_hours(hours)[["day", "pm25", "o3"]].values.tolist(), days_of_hours(hours[:19])["pm25"].tolist()
    ([['2023-01-01', 40.0, 40.0]], [nan])
    """
    validity = validity or Validity()
    time = pd.to_datetime(hours["time"])
    table = hours.assign(time=time, day=time.dt.strftime("%Y-%m-%d"))
    keys = ["unit", "point", "day"]
    means = [name for name in SIX if name != "o3"]
    grouped = table.groupby(keys, sort=True)
    days = grouped[means].mean()
    days = days.where(grouped[means].count() >= validity.day_hours)
    ozone = {key: _largest_8h(part, key[2]) for key, part in grouped}
    days["o3"] = pd.Series(ozone, dtype="float64").reindex(days.index)
    return days.reset_index()[[*keys, *SIX]]


def _largest_8h(part: pd.DataFrame, day: str) -> float:
    """The largest 8 h mean of one point's day, NaN where too few windows are there."""
    hour = np.full(24, np.nan)
    hour[part["time"].dt.hour] = part["o3"]
    limit = np.array([standard_on(day).limit("o3", "max8h")])
    largest, valid = largest_means(hour[None, :, None], limit)
    return float(largest[0, 0]) if valid[0, 0] else np.nan
