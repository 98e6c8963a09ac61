"""What a map page carries of single cells over time: the days of hotspot cells, the hours of warned ones."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot import contracts
from hotspot.publish.web.packing import column
from hotspot.publish.web.webmap_data import positions
from hotspot.rules.calendar import month_days

if TYPE_CHECKING:
    import xarray as xr


def pack_series(
    days: "xr.Dataset | None", hours: "Mapping[str, Any] | None", field: "xr.Dataset", decimals: int
) -> dict[str, Any]:
    """
    Days and hours of single cells in the published month, packed.

    Parameters
    ----------
    days : Dataset (cell, day) with ``pm25``, ug/m3, local days of the published month among others, or None
    hours : mapping cell -> float array, ug/m3, one value per local hour of the month from its first; or None
    field : Dataset (cell, time)

    Returns
    -------
    dict: ``month_days``; where there are any, ``days`` and ``hours`` (each ``n``, and ``cells``: position -> column)

    Examples
    --------
    >>> import xarray as xr
    >>> field = xr.Dataset(coords={"cell": ["A", "B"], "time": np.array(["2020-02-01"], "datetime64[ns]")})
    >>> pack_series(None, {"B": [1.0] * 696}, field, 1)["hours"]["n"]
    696
    """
    month = contracts.named(field)
    made: dict[str, Any] = {"month_days": month_days(month)}
    if days is not None:
        wanted = _days_of(month)
        own = days["pm25"].transpose("cell", "day").reindex(day=wanted.astype("datetime64[ns]"))
        rows = {str(code): own.values[k] for k, code in enumerate(own["cell"].values)}
        made["days"] = _packed({code: row for code, row in rows.items() if np.isfinite(row).any()}, field, decimals)
    if hours:
        made["hours"] = _packed(dict(hours), field, decimals)
    return made


def _days_of(month: str) -> "np.ndarray[Any, np.dtype[np.datetime64]]":
    first = np.datetime64(f"{month}-01", "D")
    return first + np.arange(month_days(month))


def _packed(rows: Mapping[str, Any], field: "xr.Dataset", decimals: int) -> dict[str, Any]:
    codes = sorted(rows)
    places = positions(codes, field, "days and hours")
    columns = {
        str(place): column(np.asarray(rows[code], float), decimals) for place, code in zip(places, codes, strict=True)
    }
    return {"n": max((len(row) for row in rows.values()), default=0), "cells": columns}
