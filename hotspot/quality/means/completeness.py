"""
How much was seen: daily means from hours, monthly means from valid days.

A month mean is the mean of the valid daily means, each day with weight one
(GB 3095-2026, 3.10); a day counts from 20 hourly means, a month from 27 days,
February from 25 (table 4). Counts, the longest gap, and the first and last day
travel beside every mean (METHODS 3): a mean without them is never ranked.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Flags, Objects, Times
from hotspot.rules.calendar import local_days, month_start, offset_hours, parse_month
from hotspot.rules.criteria import Validity
from hotspot.rules.validity import day_is_valid, month_days_needed, month_is_valid, satellite_month_is_valid
from hotspot.variables import VARIABLES, DataError

if TYPE_CHECKING:
    import xarray as xr

LABELS = {
    "station": "days of 20 or more hours",
    "day": "days",
    "month": "monthly product",
    "year": "yearly product",
}


def daily_means(
    stations: "xr.Dataset", *, utc_offset: float, validity: Validity | None = None, variable: str = "pm25"
) -> "xr.Dataset":
    """
    Local daily means of hourly station values, with the number of hours behind each.

    Parameters
    ----------
    stations : Dataset (station, time)
        ``time`` is UTC and names the start of the hour; missing hours are NaN or absent.
    utc_offset : float
        Hours that the study's local time is ahead of UTC.
    validity : Validity, optional
        From ``study.criteria.validity``; the standard's numbers by default.
    variable : str

    Returns
    -------
    Dataset (station, day): the variable (NaN where the day is not valid), ``n_hours``,
    ``valid``, and ``mean_to_date``, the mean of whatever hours there were, never for a rank

    Raises
    ------
    DataError
        Times are not whole hours, not in order, or twice the same.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> time = np.datetime64("2020-02-29T16:00", "ns") + np.arange(48) * np.timedelta64(1, "h")
    >>> hours = np.r_[np.full(24, 30.0), np.full(19, 50.0), np.full(5, np.nan)]
    >>> stations = xr.Dataset({"pm25": (("station", "time"), hours[None])}, {"station": ["1001A"], "time": time})
    >>> days = daily_means(stations, utc_offset=8)
    >>> days["pm25"].values.tolist(), days["n_hours"].values.tolist()
    ([[30.0, nan]], [[24, 19]])
    >>> days["day"].values[0]
    np.datetime64('2020-03-01T00:00:00.000000000')
    """
    import xarray as xr

    from hotspot.kernels import series

    validity = validity or Validity()
    values = stations[variable].transpose("time", "station")
    time = values["time"].values.astype("datetime64[ns]")
    check_hours(time, variable)
    local = (time + offset_hours(utc_offset)).astype("datetime64[D]")
    days, first = np.unique(local, return_index=True)
    last = np.append(first[1:], time.size)
    mean, count = series.block_means(
        np.ascontiguousarray(values.values, dtype="float64"), first.astype("int64"), last.astype("int64")
    )
    valid = day_is_valid(count, validity)
    unit = stations[variable].attrs.get("unit", VARIABLES[variable].unit)
    dims = ("day", "station")
    return xr.Dataset(
        {
            variable: (dims, np.where(valid, mean, np.nan), {"unit": unit}),
            "n_hours": (dims, count, {"unit": "1"}),
            "valid": (dims, valid),
            "mean_to_date": (dims, mean, {"unit": unit}),
        },
        {"day": days.astype("datetime64[ns]"), **_along(stations, "station")},
        stations.attrs | {"day_hours": validity.day_hours, "utc_offset": utc_offset},
    ).transpose("station", "day")


def monthly_means(
    days: "xr.Dataset",
    months: list[str],
    *,
    validity: Validity | None = None,
    variable: str = "pm25",
    dim: str = "station",
) -> "xr.Dataset":
    """
    Monthly means of valid days, with everything that says how complete they are.

    Parameters
    ----------
    days : Dataset (station, day), from ``daily_means``
    months : sequence of str, e.g. ``["2015-02", "2016-01"]``
    validity : Validity, optional
    variable : str
    dim : str
        The other dimension, ``"station"`` or ``"cell"``.

    Returns
    -------
    Dataset (station, time): the variable (mean of the valid days there were, also where the
    month is not valid), ``n_valid`` days, ``longest_gap`` days, ``first_day``, ``last_day``
    (NaT where none), ``valid``, and ``why`` a month is not valid; ``time`` is the first local day

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> day = np.arange("2015-02-01", "2015-03-01", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> values = np.where(np.arange(28) < 25, 80.0, np.nan)
    >>> days = xr.Dataset({"pm25": (("station", "day"), np.stack([values, np.roll(values, 1) * np.nan]))},
    ...     {"station": ["a", "b"], "day": day})
    >>> month = monthly_means(days, ["2015-02"])
    >>> month["n_valid"].values.ravel().tolist(), month["longest_gap"].values.ravel().tolist()
    ([25, 0], [3, 28])
    >>> month["why"].values.ravel().tolist()
    ['', '0 valid days of 28, at least 25 are needed']
    """
    validity = validity or Validity()
    per_month = [_month_of_days(days, month, variable, dim) for month in months]
    n_valid = np.stack([part["n_valid"] for part in per_month], axis=1)
    valid = np.stack(
        [month_is_valid(n_valid[:, i], month, validity) for i, month in enumerate(months)], axis=1
    ) & np.isfinite(np.stack([part["mean"] for part in per_month], axis=1))
    why = np.full(valid.shape, "", dtype=object)
    for i, month in enumerate(months):
        n_days, needed = len(local_days(month)), month_days_needed(month, validity)
        for place in np.flatnonzero(~valid[:, i]):
            why[place, i] = f"{n_valid[place, i]} valid days of {n_days}, at least {needed} are needed"
    return _month_dataset(days, months, per_month, valid, why, variable, dim).assign_attrs(
        completeness=LABELS["station"]
    )


def satellite_days(days: "xr.Dataset", months: list[str], *, validity: Validity | None = None) -> "xr.Dataset":
    """
    Monthly means per cell from daily cell values, with the satellite's own rule of validity.

    Parameters
    ----------
    days : Dataset (cell, day)
        The variable (NaN where the day was not seen) and ``coverage``, the share of the
        cell's area seen on the day (taken as 1 where there is a value if it is absent).
    validity : Validity, optional
        ``satellite_month_days`` and ``min_coverage``, both proposals.

    Returns
    -------
    Dataset (cell, time): as ``monthly_means``, and ``coverage``, its mean over the days with a value

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> day = np.arange("2020-06-01", "2020-07-01", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> values = np.stack([np.where(np.arange(30) < n, 40.0, np.nan) for n in (10, 9)])
    >>> days = xr.Dataset({"pm25": (("cell", "day"), values)}, {"cell": ["A", "B"], "day": day})
    >>> month = satellite_days(days, ["2020-06"])
    >>> month["valid"].values.ravel().tolist(), month["why"].values.ravel().tolist()
    ([True, False], ['', '9 days with data of 30, at least 10 are needed'])
    """
    validity = validity or Validity()
    per_month = [_month_of_days(days, month, "pm25", "cell") for month in months]
    n_valid = np.stack([part["n_valid"] for part in per_month], axis=1)
    coverage = np.stack([part["coverage"] for part in per_month], axis=1)
    valid = satellite_month_is_valid(n_valid, coverage, validity)
    why = np.full(valid.shape, "", dtype=object)
    for i, month in enumerate(months):
        n_days, needed = len(local_days(month)), validity.satellite_month_days
        for place in np.flatnonzero(~valid[:, i]):
            few = n_valid[place, i] < needed
            why[place, i] = (
                f"{n_valid[place, i]} days with data of {n_days}, at least {needed} are needed"
                if few
                else f"{_below(coverage[place, i])} of the cell was seen on its days, "
                f"at least {validity.min_coverage:.0%} is needed"
            )
    data = _month_dataset(days, months, per_month, valid, why, "pm25", "cell")
    data["coverage"] = (("cell", "time"), coverage, {"unit": "1"})
    return data.assign_attrs(completeness=LABELS["day"])


def _below(share: float) -> str:
    """A share that is too small in whole percent, cut: 49.6 % must not read as the 50 that are needed."""
    return f"{math.floor(100 * share + 1e-9)}%"


def product_months(
    values: np.ndarray, coverage: np.ndarray, *, validity: Validity | None = None
) -> tuple[Flags, Objects]:
    """
    Validity of the monthly values of a monthly product, which carries no days to count.

    Parameters
    ----------
    values, coverage : float arrays of one shape
        Monthly value of each cell, and the share of its area the product covers.

    Returns
    -------
    (bool array, object array of str): valid, and why not

    Examples
    --------
    >>> valid, why = product_months([50.0, 50.0, float("nan")], [1.0, 0.4, 0.0])
    >>> valid.tolist(), why.tolist()
    ([True, False, False], ['', '40% of the cell is covered, at least 50% is needed', 'no value'])
    """
    validity = validity or Validity()
    values, coverage = np.asarray(values, dtype="float64"), np.asarray(coverage, dtype="float64")
    seen = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        enough = coverage >= validity.min_coverage
    why = np.full(values.shape, "", dtype=object)
    # A value is blanked where too little is covered, so the share says more than "no value".
    partly = ~enough & (coverage > 0)
    for place in zip(*np.nonzero(partly), strict=True):
        why[place] = f"{_below(coverage[place])} of the cell is covered, at least {validity.min_coverage:.0%} is needed"
    why[~partly & ~(seen & enough)] = "no value"
    return seen & enough, why


def check_hours(time: Times, variable: str) -> None:
    """
    Series must be sorted whole hours without repeats, or day counts would lie.

    Raises
    ------
    DataError
        They are not.

    Examples
    --------
    >>> check_hours(np.array(["2020-02-01T01", "2020-02-01T01"], dtype="datetime64[ns]"), "o3")
    Traceback (most recent call last):
    hotspot.variables.DataError: o3: hour 2020-02-01T01:00 is twice or out of order; sort and settle it first.
    """
    if time.size == 0:
        raise DataError(f"{variable}: the series has no hours; deliver at least one day.")
    if np.isnat(time).any() or (time.astype("datetime64[h]") != time).any():
        raise DataError(f"{variable}: times are not whole hours; average or label them before counting days.")
    step = np.diff(time)
    if (step <= np.timedelta64(0, "ns")).any():
        where = time[1:][step <= np.timedelta64(0, "ns")][0]
        raise DataError(f"{variable}: hour {str(where)[:16]} is twice or out of order; sort and settle it first.")


def _along(data: "xr.Dataset", dim: str) -> "dict[str, xr.DataArray]":
    """Coordinates of ``data`` that lie along ``dim`` only."""
    return {str(name): coord for name, coord in data.coords.items() if coord.dims == (dim,)}


def _month_of_days(days: "xr.Dataset", month: str, variable: str, dim: str) -> dict[str, np.ndarray]:
    """Plain arrays over ``dim`` for one month: mean, counts, gap, first and last day."""
    from hotspot.kernels import series

    parse_month(month)
    wanted = local_days(month).astype("datetime64[ns]")
    part = days.reindex(day=wanted)
    values = np.ascontiguousarray(part[variable].transpose("day", dim).values, dtype="float64")
    mean, count = series.block_means(values, np.array([0]), np.array([wanted.size]))
    gap, first, last = series.gaps(np.isfinite(values))
    if "coverage" in part:
        share = np.where(np.isfinite(values), part["coverage"].transpose("day", dim).values, np.nan)
        seen = np.maximum(count[0], 1)
        coverage = np.where(count[0] > 0, np.nansum(share, axis=0) / seen, 0.0)
    else:
        coverage = np.where(count[0] > 0, 1.0, 0.0)
    never = np.datetime64("NaT", "ns")
    return {
        "mean": mean[0],
        "n_valid": count[0],
        "longest_gap": gap,
        "first_day": np.where(first < 0, never, wanted[np.maximum(first, 0)]),
        "last_day": np.where(last < 0, never, wanted[np.maximum(last, 0)]),
        "coverage": coverage,
    }


def _month_dataset(
    days: "xr.Dataset",
    months: list[str],
    per_month: list[dict[str, np.ndarray]],
    valid: Flags,
    why: Objects,
    variable: str,
    dim: str,
) -> "xr.Dataset":
    """Dataset (dim, time) of the parts of each month."""
    import xarray as xr

    def stack(name: str) -> np.ndarray:
        return np.stack([part[name] for part in per_month], axis=1)

    dims = (dim, "time")
    unit = days[variable].attrs.get("unit", VARIABLES[variable].unit)
    return xr.Dataset(
        {
            variable: (dims, stack("mean"), {"unit": unit}),
            "n_valid": (dims, stack("n_valid"), {"unit": "1"}),
            "longest_gap": (dims, stack("longest_gap"), {"unit": "days"}),
            "first_day": (dims, stack("first_day")),
            "last_day": (dims, stack("last_day")),
            "valid": (dims, valid),
            "why": (dims, why),
        },
        {"time": np.array([month_start(month) for month in months]), **_along(days, dim)},
        days.attrs,
    )
