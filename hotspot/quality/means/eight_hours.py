"""
Ozone's own statistics: the largest 8 h mean of every day, and the percentile of a period's days.

GB 3095-2026 table 4: an 8 h mean needs 6 of its hours. HJ 663, 6.1.2: a day needs 14 of its 17 windows, unless its
largest mean is above the limit already. A month's or a year's value is the 90th percentile of the valid days, by
HJ 663's own formula. Days and months count as everywhere (``rules.validity``).
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Flags, Floats
from hotspot.quality.means.completeness import check_hours, monthly_means
from hotspot.rules.calendar import month_of, offset_hours
from hotspot.rules.criteria import Validity
from hotspot.rules.index import percentile
from hotspot.rules.standards import O3_DAY_WINDOWS, O3_PERCENTILE, O3_WINDOW_HOURS, standard_on

if TYPE_CHECKING:
    import xarray as xr

LABEL = "days of 14 or more 8 h means"
_WINDOW = 8


def largest_means(hours: Floats, limits: Floats) -> tuple[Floats, Flags]:
    """
    The largest 8 h mean of days, and whether the day may be used.

    Parameters
    ----------
    hours : float array (day, 24, station), ug/m3, hours by their start, NaN where missing
    limits : float array (day), the 8 h limit of class II of the standard that holds on the day

    Returns
    -------
    (float array (day, station), bool array): NaN where no window has hours enough

    Examples
    --------
    >>> hours = np.full((1, 24, 3), 50.0)
    >>> hours[0, 14:22, 0] = 120.0
    >>> hours[0, :5, 1], hours[0, :6, 2] = np.nan, np.nan  # 14 and 13 windows with six hours or more are left
    >>> mean, valid = largest_means(hours, np.array([160.0]))
    >>> mean[0].tolist(), valid[0].tolist()
    ([120.0, 50.0, 50.0], [True, True, False])
    """
    windows = np.lib.stride_tricks.sliding_window_view(hours, _WINDOW, axis=1)  # (day, 17, station, 8)
    seen = np.isfinite(windows)
    count = seen.sum(axis=-1)
    enough = count >= O3_WINDOW_HOURS
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(enough, np.where(seen, windows, 0.0).sum(axis=-1) / count, -np.inf)
    largest = means.max(axis=1)
    valid = (enough.sum(axis=1) >= O3_DAY_WINDOWS) | (largest > limits[:, None])
    none = ~np.isfinite(largest)
    return np.where(none, np.nan, largest), valid & ~none


def daily_maxima(stations: "xr.Dataset", *, utc_offset: float, variable: str = "o3") -> "xr.Dataset":
    """
    Local days of hourly ozone: the daily maximum 8 h mean (MDA8).

    Parameters
    ----------
    stations : Dataset (station, time)
        ``time`` is UTC and names the start of the hour; missing hours are NaN or absent.

    Returns
    -------
    Dataset (station, day) as ``completeness.daily_means``: the variable (NaN where the day is not valid), ``n_hours``,
    ``valid``, ``mean_to_date``, here the largest mean of whatever hours there were

    Raises
    ------
    DataError
        Times are not whole hours, not in order, or twice the same.

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.datetime64("2025-05-31T16:00", "ns") + np.arange(24) * np.timedelta64(1, "h")
    >>> hours = np.r_[np.full(12, 20.0), np.full(8, 170.0), np.full(4, 20.0)]
    >>> stations = xr.Dataset({"o3": (("station", "time"), hours[None])}, {"station": ["1001A"], "time": time})
    >>> daily_maxima(stations, utc_offset=8)["o3"].values.tolist()
    [[170.0]]
    """
    import xarray as xr

    values = stations[variable].transpose("time", "station")
    time = values["time"].values.astype("datetime64[ns]")
    check_hours(time, variable)
    local = time + offset_hours(utc_offset)
    days, of = np.unique(local.astype("datetime64[D]"), return_inverse=True)
    hour = (local - local.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    hours = np.full((days.size, 24, values.sizes["station"]), np.nan)
    hours[of, hour] = values.values.astype("float64")
    limits = np.array([standard_on(day).limit("o3", "max8h") for day in days])
    largest, valid = largest_means(hours, limits)
    dims, unit = ("day", "station"), {"unit": "ug/m3"}
    return xr.Dataset(
        {
            variable: (dims, np.where(valid, largest, np.nan), unit),
            "n_hours": (dims, np.isfinite(hours).sum(axis=1), {"unit": "1"}),
            "valid": (dims, valid),
            "mean_to_date": (dims, largest, unit),
        },
        {"day": days.astype("datetime64[ns]")}
        | {str(name): coord for name, coord in stations.coords.items() if coord.dims == ("station",)},
        stations.attrs | {"utc_offset": utc_offset},
    ).transpose("station", "day")


def monthly_percentiles(
    days: "xr.Dataset", months: list[str], *, validity: Validity | None = None, variable: str = "o3"
) -> "xr.Dataset":
    """
    The 90th percentile of the valid daily maxima of months.

    Parameters
    ----------
    days : Dataset (station, day), from ``daily_maxima``

    Returns
    -------
    Dataset (station, time) as ``completeness.monthly_means``, the percentile in the place of the mean

    Examples
    --------
    >>> import xarray as xr
    >>> day = np.arange("2025-06-01", "2025-07-01", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> days = xr.Dataset({"o3": (("station", "day"), np.arange(101.0, 131.0)[None])}, {"station": ["a"], "day": day})
    >>> monthly_percentiles(days, ["2025-06"])["o3"].values.round(2).tolist()
    [[127.1]]
    """
    made = monthly_means(days, months, validity=validity, variable=variable)
    values, of = days[variable].transpose("station", "day").values, month_of(days["day"].values)
    value = np.stack([percentiles(values[:, of == month]) for month in months], axis=1)
    return made.assign({variable: (("station", "time"), value, made[variable].attrs)}).assign_attrs(completeness=LABEL)


def percentiles(days: Floats) -> Floats:
    """
    HJ 663's percentile of the days of each row that are there; NaN where none is.

    Examples
    --------
    >>> percentiles(np.array([[10.0, np.nan, 20.0], [np.nan] * 3])).tolist()
    [19.0, nan]
    """
    known = [row[np.isfinite(row)] for row in days]
    return np.array([percentile(row, O3_PERCENTILE) if row.size else np.nan for row in known], dtype="float64")
