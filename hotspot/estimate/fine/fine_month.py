"""
A month's 500 m values of some cells: what lasts inside them (``lasting``), each with what it rests on.

Four stations serve 36 sub-cells, so most of them are interpolated and must say so (C1). The 36
values of a cell average to the cell's published value; they say where in the cell it is
dirtier, not that the cell is.
"""

from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr

from hotspot import contracts
from hotspot.contracts.beside import Beside
from hotspot.contracts.records import Month
from hotspot.estimate.field.support import INTERPOLATED, MEASURED, SUPPORTED
from hotspot.estimate.fine.lasting import lasting
from hotspot.kernels.arrays import Flags, Floats, Numbers, Texts, Times
from hotspot.rules.calendar import local_bounds, month_minus, offset_hours
from hotspot.rules.criteria import Criteria, Validity
from hotspot.rules.validity import day_is_valid, month_is_valid
from hotspot.text.table import columns

COLUMNS = tuple(columns("sub_cells.csv"))
SUPPORTS = {MEASURED: "measured", SUPPORTED: "supported", INTERPOLATED: "interpolated"}


def fine_month(
    delivered: Month, field: xr.Dataset, codes: list[str] | pd.Series, *, cells: xr.Dataset, criteria: Criteria
) -> pd.DataFrame:
    """
    Monthly values of the sub-cells of some cells, from micro-stations along the 3 km field.

    Parameters
    ----------
    delivered : Month
        From ``open_month``, with ``stations`` (micro), ``reference`` and ``weather``.
    field : Dataset (cell, time), from ``monthly_field``; its last month is meant
    codes : sequence of str
        The cells, usually the warned ones.
    cells : Dataset (cell), the study's
    criteria : Criteria
        Sections ``downscaling`` and ``validity``, and those of screening and calibration.

    Returns
    -------
    DataFrame, 36 rows a cell, by cell and sub-cell, or None without micro-stations in the month:

    - ``pm25``: the cell's mean over the month's hours, spread over its sub-cells by what is ``lasting``; of stations
      that state no error the mean of each sub-cell's hours; ug/m3, NaN where they make no valid month
    - ``error``: 1 sd, ug/m3: the cell's own, and how far weeks of hours leave the place beside its cell unsure
      (``lasting``); where one of them is not known, the mean of the hours' errors, as if these erred together
    - ``support``: "measured", "supported" or "interpolated": what it rests on in enough hours of
      enough days; "" where there is no value
    - ``n_hours``: hours with a value
    - ``lon lat``: centre, WGS 84

    ``attrs``: ``n_stations``, ``method``, ``factor_low``, ``factor_high``, ``loo_rmse`` (of hours)

    Raises
    ------
    DataError
        A station has no place.

    Notes
    -----
    Held against the truth of the synthetic study in ``docs/printed-maps.md``.

    A class of support is the month's if the hours that have it, or a better one, make valid days
    (20 hours) and these a valid month (27 days, February 25), as any monthly mean must.

    Examples
    --------
    >>> from hotspot.estimate.field.monthly import monthly_field
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> cells, criteria = small.study.cells, small.study.criteria
    >>> field, _ = monthly_field(small, cells)
    >>> fine = fine_month(small, field, ["NP7223C"], cells=cells, criteria=criteria)
    >>> fine["support"].value_counts().to_dict()
    {'interpolated': 21, 'supported': 11, 'measured': 4}
    >>> bool(abs(fine["pm25"].mean() - field["pm25"].sel(cell="NP7223C")[-1]) < 1e-9)
    True
    """
    from hotspot.estimate.fine.downscale import downscale

    codes = sorted(set(codes))
    stations = _of_month(delivered, criteria)
    if stations is None or not codes:
        return None
    coarse = contracts.of_month(field[["pm25"]], delivered.month).expand_dims("time", -1)
    hours = downscale(stations, cells.sel(cell=codes), coarse=coarse, criteria=criteria)
    month, offset = delivered.month, delivered.study.utc_offset
    known = np.isfinite(hours["pm25"].values)
    support = hours["support"].values
    local = (hours["time"].values.astype("datetime64[ns]") + offset_hours(offset)).astype("datetime64[D]")
    valid = {
        level: _is_valid(known & (support >= level), local, month, criteria.validity)
        for level in (INTERPOLATED, SUPPORTED, MEASURED)
    }
    word = np.where(
        valid[MEASURED], SUPPORTS[MEASURED], np.where(valid[SUPPORTED], SUPPORTS[SUPPORTED], SUPPORTS[INTERPOLATED])
    )
    there = valid[INTERPOLATED]
    value, unsure = _mean(hours["pm25"].values, there), np.full(there.size, np.nan)
    if "pm25_error" in stations:
        level, unsure = lasting(stations, hours, coarse, month)
        value = _spread(value, level, hours["cell"].values.astype(str))
    table = pd.DataFrame(
        {
            "cell": hours["cell"].values.astype(str),
            "sub_cell": hours["sub_cell"].values.astype(str),
            "lon": hours["lon"].values,
            "lat": hours["lat"].values,
            "pm25": value,
            "error": _error(value, unsure, hours, field, month, there),
            "support": np.where(there, word, ""),
            "n_hours": known.sum(axis=1),
        },
        columns=list(COLUMNS),
    )
    kept = ("n_stations", "method", "factor_low", "factor_high", "loo_rmse")
    table.attrs = {name: hours.attrs[name] for name in kept if name in hours.attrs}
    table.attrs["hours"] = _hours_of_cells(hours, month, offset)
    return table


def _hours_of_cells(hours: xr.Dataset, month: str, offset: float) -> Beside:
    """Of each cell its local hours from the month's first: the mean of its sub-cells, NaN where none is known."""
    start, end = local_bounds(month, offset)
    n = int((end - start) / np.timedelta64(1, "h"))
    at = ((hours["time"].values.astype("datetime64[ns]") - start) / np.timedelta64(1, "h")).astype(np.int64)
    within = (at >= 0) & (at < n)
    told, cells = Beside(), hours["cell"].values.astype(str)
    for code in dict.fromkeys(cells):
        own = hours["pm25"].values[cells == code][:, within]
        seen = np.isfinite(own)
        row = np.full(n, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            row[at[within]] = np.where(seen, own, 0.0).sum(axis=0) / seen.sum(axis=0)
        told[str(code)] = row
    return told


def _of_month(delivered: Month, criteria: Criteria) -> xr.Dataset | None:
    """The month's hours of micro-stations as they may be used; None where none of them reported."""
    from hotspot.quality.sensors.trust import on_hours, trusted

    if delivered.stations is None:
        return None
    month, offset = delivered.month, delivered.study.utc_offset
    # A screen looks back, and a calibration learns from more than one month.
    span: dict[str, Any] = {"first": month_minus(month, 1), "last": month, "utc_offset": offset}
    stations, reference = cast(xr.Dataset, on_hours(delivered.stations, **span)), on_hours(delivered.reference, **span)
    start, end = local_bounds(month, offset)
    time = stations["time"].values.astype("datetime64[ns]")
    within = np.flatnonzero((time >= start) & (time < end))
    stations = trusted(stations, reference, delivered.weather, criteria=criteria, note=delivered.intake.note)
    stations = stations.isel(time=within)
    told = stations["pm25"].notnull().any("station").values
    if not told.any():
        delivered.intake.note(f"no 500 m values: no micro-station has an hour in {month} that can be trusted")
        return None
    return stations.isel(time=np.flatnonzero(told))


def _spread(value: Floats, level: Floats, cell: Texts) -> Floats:
    """Values of sub-cells with their cell's mean, in the proportion of their levels; NaN where they were."""
    _, at = np.unique(cell, return_inverse=True)
    there = np.isfinite(value)
    total, part = (np.bincount(at, np.where(there, one, 0.0)) for one in (value, level))
    factor = np.divide(total, part, out=np.full(total.size, np.nan), where=part > 0)[at]
    return np.where(np.isfinite(factor) & there, level * factor, value)


def _error(value: Floats, unsure: Floats, hours: xr.Dataset, field: xr.Dataset, month: str, there: Flags) -> Floats:
    """Standard deviation of the month at each sub-cell, ug/m3."""
    together = _mean(hours["pm25_error"].values, there)
    now = contracts.of_month(field, month)
    if "pm25_error" not in now:
        return together
    own = now.sel(cell=hours["cell"].values)
    return np.where(
        np.isfinite(unsure) & np.isfinite(own["pm25_error"].values),
        value * np.hypot(unsure, own["pm25_error"].values / own["pm25"].values), together,
    )  # fmt: skip


def _is_valid(seen: Flags, local: Times, month: str, validity: Validity) -> Flags:
    """Whether the hours seen make a valid month: bool (sub_cell,) of bool (sub_cell, hour)."""
    _, first = np.unique(local, return_index=True)
    hours = np.add.reduceat(seen, first, axis=1, dtype=np.int64)
    return month_is_valid(day_is_valid(hours, validity).sum(axis=1), month, validity)


def _mean(values: Numbers, there: Flags) -> Floats:
    """Mean over the hours that have a value, NaN where they make no month."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1, dtype=np.float64)
    return np.where(there, total / np.maximum(known.sum(axis=1), 1), np.nan)
