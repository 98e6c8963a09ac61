"""
Persistent highs: places that stand above their neighbours week after week, beside the episodes.

The worst cell of a city never alarms, because every day there is like the last (LOOP 11). A
sub-cell is persistent in a week if enough of its hours on enough days were above the floor and the
ratio with nothing against them. Counted apart from the alarms' budget.
"""

import numpy as np
import pandas as pd

from hotspot.rank.alarm.suppression import against
from hotspot.rules.alarming import Alarms

COLUMNS = (
    "week", "cell", "sub_cell", "hours", "days", "mean", "neighbours", "ratio", "usual_hours", "weeks", "state",
)  # fmt: skip
PERSISTENT, CLOSED, OVER = "persistent", "closed", "over_budget"
_WEEK = np.timedelta64(7, "D")


def find_persistent(table: pd.DataFrame, rule: Alarms) -> pd.DataFrame:
    """
    One item per cell and local week that has a persistent sub-cell, and one when it has closed.

    Parameters
    ----------
    table : DataFrame, from ``alarms.high_hours``
        Every hour above floor and ratio, with what speaks against it. ``attrs["until"]``: local time up to which the
        hours are known (else a week after the last); a week that is not over by then is left out.
    rule : criteria.alarms

    Returns
    -------
    DataFrame, by week and cell:

    - ``week``: its Monday, local; ``cell sub_cell``: the sub-cell with the most such hours
    - ``hours days``; ``mean neighbours``: ug/m3 over these hours; ``ratio``: their median
    - ``usual_hours``: up to three hours of the day that had most of them, as "04 05 21"
    - ``weeks``: weeks in which the cell has been on the list since it last was closed
    - ``state``: persistent; over_budget (kept, not sent: the week has more than ``persistent_budget`` bears);
      closed (``persistent_close`` weeks without it; hours are 0)

    Examples
    --------
    >>> time = pd.Timestamp("2025-12-01") + pd.to_timedelta(np.arange(60) * 2, "h")
    >>> hours = pd.DataFrame({"cell": "A", "sub_cell": "A-01", "time": time, "pm25": 90.0, "around": 45.0})
    >>> hours = hours.assign(ratio=2.0, risen_share=0.0, n_asked=9, dust_share=0.0, pm10_ratio=0.7)
    >>> hours = hours.assign(rh=50.0, fireworks=-1, doubt=0)
    >>> hours.attrs["until"] = "2025-12-29"
    >>> found = find_persistent(hours.assign(broken=False), Alarms())
    >>> found[["week", "hours", "days", "weeks", "state"]].astype(str).values.tolist()
    [['2025-12-01', '60', '5', '1', 'persistent'], ['2025-12-15', '0', '0', '0', 'closed']]
    """
    if not len(table):
        return empty_persistent()
    end = pd.Timestamp(table.attrs.get("until", table["time"].max() + _WEEK)).to_datetime64().astype("datetime64[s]")
    reasons = against(table, rule)
    clear = ~(reasons["doubtful"] | reasons["fireworks"] | reasons["regional"]) & ~table["broken"].to_numpy(bool)
    rows = table[clear].copy()
    day = rows["time"].to_numpy().astype("datetime64[D]")
    # 1970-01-01 was a Thursday: the Monday before it is day -3.
    rows["week"] = day - ((day.astype(np.int64) + 3) % 7).astype("timedelta64[D]")
    rows["day"] = day
    rows = rows[rows["week"].to_numpy().astype("datetime64[s]") + _WEEK <= end]
    parts = rows.groupby(["week", "cell", "sub_cell"], sort=True)
    counted = parts.agg(hours=("pm25", "size"), days=("day", "nunique"), mean=("pm25", "mean"),
                        neighbours=("around", "mean"), ratio=("ratio", "median")).reset_index()  # fmt: skip
    counted = counted[(counted["hours"] >= rule.persistent_hours) & (counted["days"] >= rule.persistent_days)]
    if counted.empty:
        return empty_persistent()
    counted = counted.sort_values(["week", "cell", "hours", "sub_cell"], ascending=[True, True, False, True])
    items = counted.drop_duplicates(["week", "cell"]).reset_index(drop=True)
    items["usual_hours"] = [
        _usual(parts.get_group((row.week, row.cell, row.sub_cell))["time"]) for row in items.itertuples()
    ]
    items["state"] = PERSISTENT
    n_cell = int(table.attrs.get("n_cell", table["cell"].nunique()))
    place = items.groupby("week")["hours"].rank(ascending=False, method="first")
    items.loc[place > max(1.0, rule.persistent_budget * n_cell), "state"] = OVER
    return _followed(items, rule, end)


def empty_persistent() -> pd.DataFrame:
    """A table of no persistent highs, with its columns."""
    kinds = dict.fromkeys(COLUMNS, "str") | dict.fromkeys(("hours", "days", "weeks"), "int64")
    kinds |= dict.fromkeys(("mean", "neighbours", "ratio"), "float64") | {"week": "datetime64[s]"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _usual(time: pd.Series) -> str:
    count = time.dt.hour.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return " ".join(f"{hour:02d}" for hour in sorted(count.index[:3]))


def _followed(items: pd.DataFrame, rule: Alarms, end: np.datetime64) -> pd.DataFrame:
    """The items with their count of weeks, and a closing row where a cell has stayed off long enough."""
    rows = []
    pause = rule.persistent_close * _WEEK
    for _, mine in items.groupby("cell", sort=True):
        weeks, last = 0, None
        for row in mine.to_dict("records"):
            week = np.datetime64(row["week"], "s")
            if last is not None and week - last > pause:
                rows.append(_closing(row, last + pause))
                weeks = 0
            weeks, last = weeks + 1, week
            rows.append(row | {"weeks": weeks})
        if last is not None and last + pause + _WEEK <= end:
            rows.append(_closing(mine.iloc[-1].to_dict(), last + pause))
    found = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"week": "datetime64[s]"})
    return found.sort_values(["week", "cell", "state"], kind="stable", ignore_index=True)


def _closing(row: dict, week: np.datetime64) -> dict:
    nothing = dict.fromkeys(("mean", "neighbours", "ratio"), np.nan)
    return row | nothing | {"week": week, "hours": 0, "days": 0, "usual_hours": "", "weeks": 0, "state": CLOSED}
