"""
Abnormal periods of a cell: hours of the day and days of the week in which it stands out
against its city, with confidence (D19, C2).

A cell is compared with the median of its city's other cells, in logarithms, so weather
that lifts the whole city drops out; then with itself, so a cell that is always dirty is
not abnormal at all hours.
"""

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.kernels.arrays import Flags, Floats, Times
from hotspot.quality.means.seen import mean_of_seen, median_of_seen
from hotspot.rules.alarming import Abnormal
from hotspot.rules.calendar import WEEKDAYS, local_times
from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError

COLUMNS = ("cell", "kind", "value", "ratio", "low", "high", "n_days", "stands_out")


def abnormal_periods(stations: xr.Dataset, *, cells: xr.Dataset, criteria: Criteria | None = None) -> pd.DataFrame:
    """
    Hours of the day and days of the week in which cells stand out.

    Parameters
    ----------
    stations : Dataset (station, time)
        Hourly, UTC; several stations of a cell are averaged.
    cells : Dataset (cell), the study's
    criteria : Criteria, optional
        Section ``abnormal``.

    Returns
    -------
    DataFrame, by cell, kind and value:

    - ``kind``: "hour" (``value`` 0 to 23, local, start of the hour) or "weekday" (0 Monday to 6 Sunday)
    - ``ratio low high``: how many times the cell's usual ratio to its city, and its interval, which
      holds for all hours (or weekdays) of the cell jointly
    - ``n_days``: days behind it; fewer than the criteria ask and nothing is said (NaN)
    - ``stands_out``: the interval lies above 1 and the excess is at least ``least``

    Raises
    ------
    DataError
        No station lies in a cell of the study.

    Notes
    -----
    ``d = log(cell / median of the city's other cells)``; a day's hour is its d less that day's
    mean d, a weekday is a day's mean d less the mean of all days. Interval: block bootstrap of
    days, the largest standardised deviation over all values at once.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> found = abnormal_periods(small.stations, cells=small.study.cells)
    >>> found.groupby("kind")["value"].nunique().to_dict()
    {'hour': 24, 'weekday': 7}
    """
    rule = (criteria or Criteria()).abnormal
    names, city, level, local = _by_cell(stations, cells)
    day = local.astype("datetime64[D]")
    days, number = np.unique(day, return_inverse=True)
    hour = (local - day).astype("timedelta64[h]").astype(np.int64)
    cube = np.full((len(names), len(days), 24), np.nan)
    cube[:, number, hour] = np.log(np.maximum(level, rule.least_level))
    rows: list[tuple] = []
    for at, name in enumerate(names):
        rivals = [other for other in range(len(names)) if other != at and city[other] == city[at]]
        apart = cube[at] - median_of_seen(cube[rivals], rule.least_cells)
        full = _whole(apart, rule)
        mean = np.full(len(days), np.nan)
        mean[full] = np.nanmean(apart[full], axis=1)
        rows += _rows(name, "hour", apart - mean[:, None], days, rule, rule.min_days)
        weekday = (days.astype(np.int64) + 3) % 7
        spread = np.full((len(days), 7), np.nan)
        # The mean over weekdays, not over days: a month with five Mondays leans on none.
        usual = np.nanmean([mean_of_seen(mean[weekday == w], 0) for w in range(7)]) if full.any() else np.nan
        spread[np.arange(len(days)), weekday] = mean - usual
        rows += _rows(name, "weekday", spread, days, rule, rule.min_weeks)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def sentences(periods: pd.DataFrame, cell: str, *, language: str = "zh") -> list[str]:
    """
    What stands out about a cell, as people say it.

    Parameters
    ----------
    periods : DataFrame, from ``abnormal_periods``
    language : "zh" or "en"

    Returns
    -------
    list of str, empty where nothing stands out

    Examples
    --------
    >>> found = [("A", "hour", h, 1.4, 1.2, 1.6, 60, True) for h in (22, 23, 0)]
    >>> found += [("A", "weekday", 5, 1.3, 1.1, 1.5, 9, True)]
    >>> for line in sentences(pd.DataFrame(found, columns=list(COLUMNS)), "A", language="en"):
    ...     print(line)
    22:00-01:00 stands out against the city: 1.40 times its usual ratio (at least 1.20)
    Saturday stands out against the city: 1.30 times its usual ratio (at least 1.10)
    """
    own = periods[(periods["cell"] == cell) & periods["stands_out"].astype(bool)]
    lines = []
    for kind, part in own.groupby("kind", sort=True):
        for first, last in _runs(sorted(part["value"]), 24 if kind == "hour" else 0):
            inside = part[part["value"].isin([v % 24 for v in range(first, last)])]
            ratio, least = inside["ratio"].mean(), inside["low"].min()
            if kind == "hour":
                zh = en = f"{first:02d}:00-{last % 24:02d}:00"
            else:
                zh, en = WEEKDAYS[first]
            lines.append(
                f"{zh}相对全市偏高，为平时的{ratio:.2f}倍（至少{least:.2f}倍）"
                if language == "zh"
                else f"{en} stands out against the city: {ratio:.2f} times its usual ratio (at least {least:.2f})"
            )
    return lines


def with_periods(
    field: xr.Dataset, stations: xr.Dataset | None, *, cells: xr.Dataset, criteria: Criteria | None = None
) -> xr.Dataset:
    """
    The field with what stands out about each cell, for the sheet and ``explain``.

    Parameters
    ----------
    field : Dataset (cell, time)
    stations : Dataset (station, time) or None
        Micro-stations; where there are none the field comes back as it is.
    cells : Dataset (cell), the study's

    Returns
    -------
    Dataset: the field with ``abnormal_zh`` and ``abnormal_en`` on ``cell``, "" where nothing stands out
    """
    code = field["cell"].values.astype(str)
    if stations is None:
        return field
    try:
        periods = abnormal_periods(stations, cells=cells, criteria=criteria)
    except DataError:  # a network that stands in no cell of the study says nothing about its cells
        return field
    out = set(periods.loc[periods["stands_out"], "cell"])
    joins = {"zh": "；", "en": "; "}
    told = {
        language: [mark.join(sentences(periods, name, language=language)) if name in out else "" for name in code]
        for language, mark in joins.items()
    }
    return field.assign_coords(
        {f"abnormal_{language}": ("cell", np.array(texts, object)) for language, texts in told.items()}
    )


def _by_cell(stations: xr.Dataset, cells: xr.Dataset) -> tuple[list[str], list[str], Floats, Times]:
    """Cells with stations, their cities, float64[n_cell, n_time] and local hours."""
    from hotspot.grid.cover import grid_of

    grid = grid_of(cells)
    stations = stations.sortby("station")
    code = np.atleast_1d(grid.code(*grid.locate(stations["lon"].values, stations["lat"].values))).astype(str)
    known = dict(zip(cells["cell"].values.astype(str), cells["city"].values.astype(str), strict=True))
    names = sorted(set(code) & set(known))
    if not names:
        raise DataError("stations: none lies in a cell of the study; check the datum of their positions.")
    values = stations["pm25"].transpose("station", "time").values
    level = np.stack([mean_of_seen(values[code == name], 0) for name in names])
    return names, [known[name] for name in names], level, local_times(stations).astype("datetime64[h]")


def _whole(apart: Floats, rule: Abnormal) -> Flags:
    """Which days (first axis) have hours enough for a mean."""
    return np.isfinite(apart).sum(axis=1) >= rule.least_hours


def _rows(
    name: str, kind: str, samples: Floats, days: Times, rule: Abnormal, least: int
) -> list[tuple[str | float, ...]]:
    """Rows of one cell and kind; samples float64[n_day, n_value]."""
    count = np.isfinite(samples).sum(axis=0)
    told = count >= least
    mean, half = mean_of_seen(samples, 0), np.full(samples.shape[1], np.nan)
    if told.any():
        half[told] = _half_widths(samples[:, told], days, rule)
    low, high = np.exp(mean - half), np.exp(mean + half)
    ratio = np.where(told, np.exp(mean), np.nan)
    out = told & (low > 1.0) & (ratio >= 1.0 + rule.least)
    return [
        (
            name,
            kind,
            value,
            float(ratio[value]),
            float(low[value]),
            float(high[value]),
            int(count[value]),
            bool(out[value]),
        )
        for value in range(samples.shape[1])
    ]


def _half_widths(samples: Floats, days: Times, rule: Abnormal) -> Floats:
    """Joint half widths of the means' intervals: block bootstrap, the largest standardised deviation."""
    rng = np.random.default_rng(rule.seed)
    block = (days - days[0]).astype(np.int64) // rule.block_days
    _, block = np.unique(block, return_inverse=True)
    n_block = block.max() + 1
    seen = np.isfinite(samples)
    sums, counts = np.zeros((n_block, samples.shape[1])), np.zeros((n_block, samples.shape[1]))
    np.add.at(sums, block, np.where(seen, samples, 0.0))
    np.add.at(counts, block, seen.astype(float))
    mean = sums.sum(axis=0) / counts.sum(axis=0)
    drawn = rng.multinomial(n_block, np.full(n_block, 1.0 / n_block), size=rule.n_draws).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = (drawn @ sums) / (drawn @ counts) - mean
    error = np.sqrt(np.nanmean(apart**2, axis=0))
    error = np.maximum(error, 1e-12)
    largest = np.nanmax(np.abs(apart) / error, axis=1)
    return np.quantile(largest, rule.level) * error


def _runs(values: list[int], period: int) -> list[tuple[int, int]]:
    """Runs of consecutive values as (first, last + 1); a run over midnight is one."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][1]:
            runs[-1][1] = value + 1
        else:
            runs.append([value, value + 1])
    if not period:
        return [(value, value + 1) for value in values]
    if len(runs) > 1 and runs[0][0] == 0 and runs[-1][1] == period:
        first = runs.pop(0)
        runs[-1][1] = period + first[1]
    return [(first, end) for first, end in runs]
