"""
The numbers of the analysis report, computed from ``cells.parquet`` as it was written (C6, C8).

Every table is a frame of printed numbers: rounded once (GB/T 8170), a change is the
difference of the two printed means and its rate is taken from them, as in ``lists.published``.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.grid.projection import towards
from hotspot.kernels.arrays import Flags
from hotspot.rules.calendar import local_bounds
from hotspot.rules.pollutants import PM25, SLOT, Pollutant
from hotspot.rules.reasons import OURS, REASONS
from hotspot.rules.rounding import round_half_even
from hotspot.study import Study
from hotspot.variables import DataError

COLUMNS = [
    "cell", "label", "city", "county", "township", "lon", "lat", "x", "y", "area_share", "pm25", "previous",
    "previous_year", "valid", "previous_valid", "previous_year_valid", "normalised", "previous_normalised",
    "previous_year_normalised", "hotspot", "warned",
]  # fmt: skip
_NUMBERS = COLUMNS[COLUMNS.index("area_share") :]
# Reason of a change -> column of its base; of those that districts are compared by, too.
BASE = {name: REASONS[name].base_column for name in OURS if REASONS[name].short}
SHORT = {name: REASONS[name].short for name in BASE}


def read_cells(folder: Path, of: Pollutant = PM25) -> pd.DataFrame:
    """
    The cells of a month as ``cells.parquet`` holds them.

    Parameters
    ----------
    folder : str or Path
        A month's folder.
    of : Pollutant
        Whose name the file's columns bear.

    Returns
    -------
    DataFrame of ``COLUMNS``, sorted by cell

    Raises
    ------
    DataError
        The file is missing, or was written before it held these columns.
    """
    import pyarrow as pa

    path = Path(folder) / "cells.parquet"
    try:
        table = pd.read_parquet(path, columns=[of.column(name) for name in COLUMNS])
        return table.rename(columns={of.name: SLOT})
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; the report is made from it, write it first.") from None
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read as the month's cells ({error}); write it again.") from None


def districts(cells: pd.DataFrame, decimals: int, *, by: str = "county") -> pd.DataFrame:
    """
    Area-weighted means of districts, with what changed since the bases.

    A cell belongs to the district that owns most of it and weighs with the share of it that
    lies inside the study. Only valid cells count; a change compares the cells valid in both months.

    Parameters
    ----------
    cells : DataFrame, from ``read_cells``, of one city or of the whole study
    decimals : int
        Of PM2.5, ug/m3.
    by : ``"county"`` or ``"city"``

    Returns
    -------
    DataFrame, a row per district, highest mean first, then one row named "" of all cells together:
    ``name, n_cells, n_valid, valid_share`` (%), ``pm25``; ``yoy_now, yoy_base, yoy, yoy_pct, yoy_cells`` and the
    same for ``mom``; ``hotspots, warned`` (cells). NaN where there is nothing to compare

    Examples
    --------
    >>> cells = pd.DataFrame({"county": ["a", "a", "b"], "area_share": [1.0, 0.5, 1.0], "pm25": [50.0, 53.0, 40.0],
    ...     "valid": True, "previous": [60.0, np.nan, 41.0], "previous_valid": [True, False, True],
    ...     "previous_year": np.nan, "previous_year_valid": False, "hotspot": [True, True, False], "warned": ""})
    >>> table = districts(cells, 1)
    >>> table[["name", "pm25", "mom", "mom_pct", "mom_cells", "hotspots"]].values.tolist()[:2]
    [['a', 51.0, -10.0, -16.7, 1, 2], ['b', 40.0, -1.0, -2.4, 1, 0]]
    >>> float(table["pm25"].iloc[-1]), bool(table["yoy"].isna().all())
    (46.6, True)
    """
    rows = [_district(str(name), _arrays(part), decimals) for name, part in cells.groupby(by, sort=True)]
    table = pd.DataFrame(rows).sort_values(["pm25", "name"], ascending=[False, True], kind="stable")
    return pd.concat([table, pd.DataFrame([_district("", _arrays(cells), decimals)])], ignore_index=True)


def _arrays(part: pd.DataFrame) -> dict[str, np.ndarray]:
    """The columns as plain arrays: a report asks thousands of times."""
    flags = {"valid", "previous_valid", "previous_year_valid", "hotspot"}
    return {
        name: part[name].to_numpy(bool if name in flags else object if name == "warned" else "float64")
        for name in _NUMBERS if name in part
    }  # fmt: skip


def _district(name: str, part: dict[str, np.ndarray], decimals: int) -> dict[str, Any]:
    n_valid = int(part["valid"].sum())
    row = {
        "name": name,
        "n_cells": part["valid"].size,
        "n_valid": n_valid,
        "valid_share": round_half_even(100 * n_valid / part["valid"].size, 1),
        "pm25": _mean(part, "pm25", part["valid"], decimals),
    }
    for reason, base in BASE.items():
        row |= _compared(part, SHORT[reason], "pm25", base, _both(part, base), decimals)
    return row | {"hotspots": int(part["hotspot"].sum()), "warned": int((part["warned"] != "").sum())}


def _both(part: dict[str, np.ndarray], base: str) -> Flags:
    """Cells valid in this month and in the base month."""
    return part["valid"] & part[f"{base}_valid"]


def _compared(
    part: dict[str, np.ndarray], name: str, now: str, base: str, wanted: Flags, decimals: int
) -> dict[str, float]:
    """Two printed means over the same cells, their difference and its rate."""
    both = wanted & ~np.isnan(part[now]) & ~np.isnan(part[base])
    after, before = (_mean(part, column, both, decimals) for column in (now, base))
    change = round_half_even(after - before, decimals) + 0.0
    rate = round_half_even(change / before * 100, 1) + 0.0 if before > 0 else np.nan
    return {
        f"{name}_now": after,
        f"{name}_base": before,
        name: change,
        f"{name}_pct": rate,
        f"{name}_cells": int(both.sum()),
    }


def _mean(part: dict[str, np.ndarray], column: str, wanted: Flags, decimals: int) -> float:
    """Area-weighted mean, as it is printed; NaN of nothing."""
    values, weight = part[column], part["area_share"]
    seen = wanted & ~np.isnan(values)
    if not weight[seen].sum() > 0:
        return np.nan
    return round_half_even(float((weight[seen] * values[seen]).sum() / weight[seen].sum()), decimals)


def weather_free(
    cells: pd.DataFrame, decimals: int, names: list[str] | pd.Series, *, by: str = "county"
) -> pd.DataFrame:
    """
    The official change of districts beside that in average weather, both over the same cells.

    Parameters
    ----------
    cells, decimals, by : as for ``districts``
    names : sequence of str
        Of the districts, in their order; "" for all cells together.

    Returns
    -------
    DataFrame: ``name``; ``yoy`` and ``yoy_pct`` official change, ``yoy_free`` and ``yoy_free_pct`` without
    the weather, ``yoy_weather`` their difference, ``yoy_free_cells``; the same for ``mom``

    Examples
    --------
    >>> cells = pd.DataFrame({"county": ["a"], "area_share": 1.0, "pm25": 50.0, "valid": True, "previous": 60.0,
    ...     "previous_valid": True, "previous_year": np.nan, "previous_year_valid": False, "normalised": 52.0,
    ...     "previous_normalised": 54.0, "previous_year_normalised": np.nan, "hotspot": True, "warned": ""})
    >>> weather_free(cells, 1, ["a", ""])[["mom", "mom_free", "mom_free_pct", "mom_weather"]].values.tolist()[0]
    [-10.0, -2.0, -3.7, -8.0]
    """
    rows = []
    for name in names:
        part = _arrays(cells if name == "" else cells[cells[by] == name])
        row = {"name": name}
        for reason, base in BASE.items():
            short = SHORT[reason]
            known = ~np.isnan(part["normalised"]) & ~np.isnan(part[f"{base}_normalised"])
            known &= _both(part, base)
            measured = _compared(part, short, "pm25", base, known, decimals)
            official = measured[short]
            free = _compared(part, f"{short}_free", "normalised", f"{base}_normalised", known, decimals)
            row |= {short: official, f"{short}_pct": measured[f"{short}_pct"]} | free
            row[f"{short}_weather"] = round_half_even(official - free[f"{short}_free"], decimals) + 0.0
        rows.append(row)
    return pd.DataFrame(rows)


def numbered(cells: pd.DataFrame) -> dict[str, int]:
    """
    The warned cells of a city with the numbers they carry in its chapter, 1, 2 ... by code.

    Parameters
    ----------
    cells : DataFrame, from ``read_cells``, of one city

    Returns
    -------
    dict of code -> int

    Examples
    --------
    >>> numbered(pd.DataFrame({"cell": ["B", "A", "C"], "warned": ["highest", "highest", ""]}))
    {'A': 1, 'B': 2}
    """
    return {code: n for n, code in enumerate(sorted(cells.loc[cells["warned"] != "", "cell"]), start=1)}


def station_months(stations: xr.Dataset | None, month: str, study: Study) -> pd.DataFrame:
    """
    The month's value of every reference station, as the study's pollutant has it, with its valid days (C8).

    Parameters
    ----------
    stations : Dataset (station, time), hourly UTC, or None

    Returns
    -------
    DataFrame ``station, name, lon, lat, pm25`` (of the valid days there were, unrounded), ``n_valid``,
    ``valid``; without stations that have no valid day
    """
    from hotspot.quality.means.period_values import days_of, months_of

    columns = ["station", "name", "lon", "lat", "pm25", "n_valid", "valid"]
    if stations is None or not stations.sizes["station"]:
        return pd.DataFrame(columns=columns)
    start, end = local_bounds(month, study.utc_offset)
    time = stations["time"].values
    stations = stations.isel(time=(time >= start) & (time < end))
    if not stations.sizes["time"]:
        return pd.DataFrame(columns=columns)
    means = months_of(days_of(stations, study), [month], study).squeeze("time")
    names = stations["name"].values if "name" in stations.coords else stations["station"].values
    table = pd.DataFrame(
        {
            "station": stations["station"].values.astype(str),
            "name": np.asarray(names).astype(str),
            "lon": stations["lon"].values.astype(float),
            "lat": stations["lat"].values.astype(float),
            "pm25": means["pm25"].values,
            "n_valid": means["n_valid"].values.astype(int),
            "valid": means["valid"].values.astype(bool),
        }
    )
    return table[table["n_valid"] > 0].sort_values("station", kind="stable").reset_index(drop=True)


def nearest_stations(cells: pd.DataFrame, stations: pd.DataFrame, decimals: int, *, reach_km: float) -> pd.DataFrame:
    """
    Each warned cell beside the reference station nearest to it.

    Parameters
    ----------
    cells : DataFrame, from ``read_cells``, of one city
    stations : DataFrame, from ``station_months``
    reach_km : float
        A station farther off is not compared.

    Returns
    -------
    DataFrame, a row per warned cell: ``number, cell, county, township, pm25``; ``station, name, km, bearing``
    (degrees from the cell), ``station_pm25, n_valid, valid``, ``difference`` of the two printed means;
    empty text or NaN without a station in reach
    """
    numbers, rows = numbered(cells), []
    lon, lat = stations["lon"].to_numpy(float), stations["lat"].to_numpy(float)
    place = cells.set_index("cell")
    for code, number in numbers.items():
        cell = place.loc[code]
        value = round_half_even(float(cell["pm25"]), decimals)
        row = {"number": number, "cell": code, "county": cell["county"], "township": cell["township"], "pm25": value}
        row |= {"station": "", "name": "", "km": np.nan, "bearing": np.nan, "station_pm25": np.nan}
        row |= {"n_valid": 0, "valid": False, "difference": np.nan}
        if lon.size:
            bearing, km = towards(cell["lon"], cell["lat"], lon, lat)
            best = int(np.argmin(km))  # stations are in order of their names, so a tie is the first of them
            if km[best] <= reach_km:
                there = stations.iloc[best]
                mean = round_half_even(float(there["pm25"]), decimals)
                row |= {name: there[name] for name in ("station", "name", "n_valid", "valid")}
                row |= {"km": float(km[best]), "bearing": float(bearing[best]), "station_pm25": mean}
                row["difference"] = round_half_even(value - mean, decimals) + 0.0
        rows.append(row)
    names = ["number", "cell", "county", "township", "pm25", "station", "name", "km", "bearing", "station_pm25"]
    return pd.DataFrame(rows, columns=[*names, "n_valid", "valid", "difference"])
