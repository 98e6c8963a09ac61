"""
Mobile tracks onto 500 m cells: what was driven there, how often, and whether it is enough.

A cell crossed once tells of one minute. Background moves from hour to hour, so each visit is
judged against it where it is known; a value counts from several days of driving (A7: at least 4
to 8 drive-days), and the table says how many are lacking.
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.grid.lattice import Grid
from hotspot.grid.sub_cells import centre_of
from hotspot.kernels.arrays import Floats
from hotspot.rules.criteria import Criteria
from hotspot.rules.sensors import Tracks
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd


def track_cells(
    tracks: "pd.DataFrame",
    grid: Grid,
    *,
    utc_offset: float = 8.0,
    background: "pd.Series | None" = None,
    criteria: Criteria | None = None,
) -> "pd.DataFrame":
    """
    Join the samples of mobile monitors to 500 m cells.

    Parameters
    ----------
    tracks : DataFrame, from ``load_tracks``
    grid : Grid, of coarse cells with 500 m children
    utc_offset : float
        Hours that local time is ahead of UTC; a drive-day is a local day.
    background : Dataset (station, time), optional
        Reference stations: their median of the hour is taken off, and their mean over the drives put
        back, so that a cell driven on clean days compares with one driven on dirty days.
    criteria : Criteria, optional
        Section ``tracks``.

    Returns
    -------
    DataFrame, sorted by cell: ``cell sub_cell lon lat pm25`` (mean of the visits' means, ug/m3)
    ``pm25_error`` (standard error over drive-days, NaN below two) ``n_samples n_visits n_days first_day
    last_day n_more`` (drive-days still needed) ``state`` (``enough``, ``preliminary``, ``too few``) ``statement``

    Raises
    ------
    DataError
        There is no sample.

    Notes
    -----
    Days weigh alike: samples make visits, visits make days, days make the cell's mean. With the
    standard deviation s over n days, a standard error of ``max_share`` of the mean m needs
    ``(s / (max_share m))^2`` days, and never fewer than ``drive_days``.

    Examples
    --------
    >>> import pandas as pd
    >>> from hotspot.grid.lattice import Grid
    >>> time = pd.to_datetime(["2020-03-05 01:00:00"] * 6) + pd.to_timedelta(range(6), unit="s")
    >>> tracks = pd.DataFrame({"device": "car", "time": time, "lon": 116.4, "lat": 39.9, "pm25": 50.0})
    >>> cells = track_cells(tracks, Grid())
    >>> cells[["n_samples", "n_visits", "n_days", "n_more", "state"]].values.tolist(), cells["statement"][0]
    ([[6, 1, 1, 7, 'too few']], '1 drive-day; at least 7 more are needed')
    """
    import pandas as pd

    rules = (criteria or Criteria()).tracks
    if not len(tracks):
        raise DataError("tracks: there is no sample; deliver at least one drive.")
    frame = tracks.sort_values(["device", "time"], kind="stable", ignore_index=True)
    frame = frame.assign(sub_cell=np.asarray(grid.child(frame["lon"].to_numpy(float), frame["lat"].to_numpy(float))))
    local = frame["time"] + pd.Timedelta(hours=utc_offset)
    frame["day"] = local.dt.floor("D")
    frame["pm25"] = frame["pm25"] + _correction(frame["time"], background)
    frame["visit"] = _visits(frame, rules.visit_gap_minutes)
    visits = frame.groupby(["sub_cell", "day", "visit"], sort=True)["pm25"].agg(["mean", "size"]).reset_index()
    days = visits.groupby(["sub_cell", "day"], sort=True).agg(mean=("mean", "mean"), size=("size", "sum"))
    days["n_visits"] = visits.groupby(["sub_cell", "day"], sort=True).size()
    days = days.reset_index()
    days["counts"] = days["size"] >= rules.min_samples
    return _table(days, grid, rules)


def _visits(frame: "pd.DataFrame", gap_minutes: float) -> "pd.Series":
    """Number of each cell's visits: a return within the gap continues the visit, another car is another."""
    order = frame.sort_values(["sub_cell", "device", "time"], kind="stable")
    new = (
        (order["sub_cell"] != order["sub_cell"].shift())
        | (order["device"] != order["device"].shift())
        | (order["time"].diff().dt.total_seconds() > gap_minutes * 60)
    )
    return new.cumsum().reindex(frame.index)


def _correction(time: "pd.Series", background: "pd.Series | None") -> float:
    """What brings each sample from its hour's background to the usual one; 0 where nobody knows it."""
    if background is None:
        return 0.0
    import pandas as pd

    hour = time.dt.floor("h")
    values = background["pm25"].transpose("station", "time").reindex(time=np.unique(hour.to_numpy()))
    level = values.median("station", skipna=True).to_series()
    level.index = pd.DatetimeIndex(level.index)
    usual = float(np.nanmean(level)) if np.isfinite(level).any() else np.nan
    return np.nan_to_num(usual - hour.map(level).to_numpy(float))


def _table(days: "pd.DataFrame", grid: Grid, rules: Tracks) -> "pd.DataFrame":
    import pandas as pd

    counted = days[days["counts"]]
    cells = days.groupby("sub_cell", sort=True).agg(
        n_samples=("size", "sum"), n_visits=("n_visits", "sum"), first_day=("day", "min"), last_day=("day", "max")
    )
    groups = counted.groupby("sub_cell", sort=True)["mean"]
    cells["pm25"], cells["n_days"] = groups.mean(), groups.size()
    cells["n_days"] = cells["n_days"].fillna(0).astype(int)
    spread = groups.std(ddof=1).reindex(cells.index)
    cells["pm25_error"] = spread / np.sqrt(cells["n_days"])
    wanted = np.ceil((spread / (rules.max_share * cells["pm25"].clip(lower=1.0))) ** 2).fillna(0.0)
    needed = np.maximum(wanted, rules.drive_days).astype(int)
    cells["n_more"] = np.maximum(needed - cells["n_days"], 0)
    enough, few = cells["n_more"] == 0, cells["n_days"] < rules.few_drive_days
    cells["state"] = np.select([enough, ~few], ["enough", "preliminary"], "too few")
    cells["statement"] = [
        f"{n} drive-day{'' if n == 1 else 's'}; " + (f"at least {more} more are needed" if more else "enough")
        for n, more in zip(cells["n_days"], cells["n_more"], strict=True)
    ]
    cells = cells.reset_index()
    lon, lat = _centres(grid, cells["sub_cell"])
    return pd.DataFrame(
        {
            "cell": cells["sub_cell"].str.rsplit("-", n=1).str[0],
            "sub_cell": cells["sub_cell"],
            "lon": lon,
            "lat": lat,
            **{
                name: cells[name]
                for name in (
                    *("pm25", "pm25_error", "n_samples", "n_visits", "n_days"),
                    *("first_day", "last_day", "n_more", "state", "statement"),
                )
            },
        }
    )


def _centres(grid: Grid, codes: "pd.Series") -> tuple[Floats, Floats]:
    """WGS 84 centres of 500 m cells."""
    x, y = np.array([centre_of(code, grid) for code in codes]).reshape(-1, 2).T
    return grid.unproject(x, y)
