"""Months of a lake compared: monthly means by the rules of validity, month on month, year on year."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hotspot.lake.reading import lake_months, open_lake
from hotspot.quality.means.completeness import daily_means, monthly_means
from hotspot.rules.calendar import month_minus
from hotspot.rules.criteria import Validity

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def monthly_changes(
    lake: Path | str,
    months: Iterable[str],
    *,
    validity: Validity | None = None,
    variable: str = "pm25",
    upto: int | None = None,
) -> "pd.DataFrame":
    """
    Monthly means straight from a lake, with their change against the month and the year before.

    One month of hours is in memory at a time.

    Parameters
    ----------
    lake : Path
    months : list of "YYYY-MM", in the order wanted
    validity : Validity, optional
        From ``study.criteria.validity``; the standard's numbers by default.
    variable : str
    upto : int, optional
        Number of the last delivery that counts.

    Returns
    -------
    Dataset (station, time): all of ``monthly_means``, and ``month_on_month, year_on_year`` (%) with
    their bases ``month_before, year_before``; NaN where one of the two months is not valid or the
    base is not above zero. ``lon lat name`` and ``attrs["delivery"]`` as ``open_lake``.

    Raises
    ------
    DataError
        The lake is empty or a part of it was changed; a month was never delivered.

    Notes
    -----
    Change = (mean / base - 1) 100, of means that are not rounded. A month's mean is that of
    its valid daily means (GB 3095-2026).

    Examples
    --------
    >>> monthly_changes("/nowhere", ["2020-03"])
    Traceback (most recent call last):
    hotspot.variables.DataError: /nowhere is no lake ...
    """
    import xarray as xr

    there = set(lake_months(lake, upto=upto)["month"])
    held: dict = {}

    def of(month: str) -> "xr.Dataset | None":
        if month not in held:
            held[month] = _month(lake, month, validity, variable, upto) if month in there else None
        return held[month]

    parts = []
    for month in months:
        now = of(month)
        if now is None:
            # An empty month has the form of a delivered one and says why it is not valid.
            hours = open_lake(lake, [month], variables=[variable], upto=upto)
            now = held[month] = _means(hours, month, validity, variable)
        for name, back in (("month", 1), ("year", 12)):
            base = of(month_minus(month, back))
            before = np.full(now[variable].shape, np.nan)
            if base is not None:
                before = np.where(base["valid"], base[variable], np.nan)
            value = np.where(now["valid"], now[variable], np.nan)
            ratio = np.divide(value, before, out=np.full(before.shape, np.nan), where=before > 0)
            now = now.assign(
                {
                    f"{name}_on_{name}": (("station", "time"), (ratio - 1) * 100, {"unit": "%"}),
                    f"{name}_before": (("station", "time"), before, {"unit": now[variable].attrs["unit"]}),
                }
            )
        parts.append(now)
    return xr.concat(parts, "time", combine_attrs="override")


def _month(lake: Path | str, month: str, validity: Validity | None, variable: str, upto: int | None) -> "xr.Dataset":
    return _means(open_lake(lake, [month], variables=[variable], upto=upto), month, validity, variable)


def _means(hours: "xr.Dataset", month: str, validity: Validity | None, variable: str) -> "xr.Dataset":
    days = daily_means(hours.compute(), utc_offset=hours.attrs["utc_offset"], validity=validity, variable=variable)
    means = monthly_means(days, [month], validity=validity, variable=variable)
    return means.assign_attrs(delivery=hours.attrs["delivery"])
