"""When it is high: hours of the day, days of the week, and the calendar of a series, as analysts know them."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.publish.analysis.wind_drawing import SIDE, svg_of, text_svg
from hotspot.publish.palette import palette, sequential_breaks, spread_over
from hotspot.rules.calendar import offset_hours
from hotspot.variables import DataError

_WEEK = ("一", "二", "三", "四", "五", "六", "日")
_LEAST = 3  # values of an hour or weekday below which nothing is drawn


def local_series(series: pd.Series | xr.DataArray, utc_offset: float | None = None) -> pd.Series:
    """
    An hourly series on local time, as the pictures take it.

    Parameters
    ----------
    series : DataArray (time), UTC, or Series with a local DatetimeIndex
    utc_offset : float, optional
        Hours ahead of UTC; default the series' own ``utc_offset``.

    Returns
    -------
    Series, µg/m³, missing hours left out

    Raises
    ------
    DataError
        No hour has a value, or nobody says how local time lies to UTC.

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.array(["2025-12-04T16"], "datetime64[ns]")
    >>> str(local_series(xr.DataArray([50.0], {"time": time}, "time"), 8.0).index[0])
    '2025-12-05 00:00:00'
    """
    if not isinstance(series, pd.Series):
        offset = series.attrs.get("utc_offset") if utc_offset is None else utc_offset
        if offset is None:
            raise DataError("the series says nothing of its time zone; give utc_offset, hours ahead of UTC.")
        local = series["time"].values.astype("datetime64[ns]") + offset_hours(float(offset))
        series = pd.Series(np.asarray(series.values, float), index=pd.DatetimeIndex(local))
    found = series.dropna()
    if found.empty:
        raise DataError("the series has no value; give another station or month.")
    return found


def time_of_day_svg(series: pd.Series, *, utc_offset: float | None = None, size_mm: float = 60.0) -> str:
    """
    Mean and middle half of the values of each hour of the day.

    Parameters
    ----------
    series, utc_offset : as ``local_series``
    size_mm : float, width; the height is 0.75 times that

    Returns
    -------
    str, an SVG labelled in Chinese and English

    Notes
    -----
    The line is the mean of the hours, the band their quartiles, both over days; an hour seen on fewer than
    three days is left out.

    Examples
    --------
    >>> index = pd.date_range("2025-12-01", periods=240, freq="h")
    >>> "小时" in time_of_day_svg(pd.Series(50.0 + index.hour, index))
    True
    """
    values = local_series(series, utc_offset)
    groups = values.groupby(values.index.hour)
    return _lines(groups, range(24), [str(h) if h % 3 == 0 else "" for h in range(24)],
                  "一日各小时 by hour of the day", "小时 h", size_mm)  # fmt: skip


def weekday_svg(series: pd.Series, *, utc_offset: float | None = None, size_mm: float = 60.0) -> str:
    """
    Mean and middle half of the daily means of each day of the week.

    Parameters
    ----------
    series, utc_offset, size_mm : as ``time_of_day_svg``

    Returns
    -------
    str, an SVG labelled in Chinese and English

    Examples
    --------
    >>> index = pd.date_range("2025-12-01", periods=24 * 31, freq="h")
    >>> "星期" in weekday_svg(pd.Series(50.0, index))
    True
    """
    values = local_series(series, utc_offset)
    days = values.groupby(values.index.normalize()).mean()
    groups = days.groupby(days.index.day_of_week)
    return _lines(groups, range(7), list(_WEEK), "星期各日（日均值） by weekday", "星期 weekday", size_mm)


def calendar_svg(series: pd.Series, *, utc_offset: float | None = None, size_mm: float = 60.0) -> str:
    """
    Daily means of a month as a calendar; an empty square has no value.

    Parameters
    ----------
    series, utc_offset, size_mm : as ``time_of_day_svg``; the month of the last value is shown

    Returns
    -------
    str, an SVG labelled in Chinese and English

    Examples
    --------
    >>> index = pd.date_range("2025-12-01", periods=24 * 31, freq="h")
    >>> calendar_svg(pd.Series(50.0, index)).count("<rect")
    31
    """
    values = local_series(series, utc_offset)
    month = values.index[-1].to_period("M")
    days = values[values.index.to_period("M") == month]
    means = days.groupby(days.index.day).mean()
    ramp = palette()["sequential"]["concentration"]
    breaks = sequential_breaks(means.to_numpy(), 8)
    shades = spread_over(ramp, len(breaks) + 1)
    step, top, first = (SIDE - 4.0) / 7, 9.0, month.start_time.day_of_week
    parts = [text_svg(2.0, 3.6, f"{month.year}年{month.month}月日均值 daily means, μg/m³", 2.5, anchor="start")]
    parts += [text_svg(2.0 + (k + 0.5) * step, 7.6, name, 2.3) for k, name in enumerate(_WEEK)]
    for day in range(1, month.days_in_month + 1):
        row, column = divmod(first + day - 1, 7)
        x, y = 2.0 + column * step, top + row * step * 0.8
        value = means.get(day)
        level = None if value is None else int(np.digitize(value, breaks))
        fill = "#ffffff" if level is None else shades[level]
        ink = "#ffffff" if level is not None and level > 0.6 * len(breaks) else "#000000"
        parts.append(
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{step - 0.4:.2f}" height="{step * 0.8 - 0.4:.2f}" '
            f'fill="{fill}" stroke="#8a949c" stroke-width="0.12"/>'
        )
        parts.append(text_svg(x + 0.5, y + 2.1, str(day), 1.7, ink=ink, anchor="start"))
        if value is not None:
            parts.append(text_svg(x + step / 2, y + 5.2, f"{value:.0f}", 2.5, ink=ink))
    return svg_of(parts, 58.0, size_mm)


def _lines(groups: Any, places: range, names: list[str], title: str, axis: str, size_mm: float) -> str:
    """One mean line with its band over the places of a cycle."""
    counts, mean = groups.size(), groups.mean()
    low, high = groups.quantile(0.25), groups.quantile(0.75)
    shown = [p for p in places if counts.get(p, 0) >= _LEAST]
    parts = [text_svg(2.0, 3.6, f"{title}, μg/m³", 2.5, anchor="start")]
    if not shown:
        return svg_of([*parts, text_svg(SIDE / 2, 22.0, "资料不足 too few values", 2.6)], 45.0, size_mm)
    limit = float(max(high[shown].max(), mean[shown].max()))
    step = 10.0 ** np.floor(np.log10(max(limit, 1.0)))
    top = float(next(k * step for k in (1, 2, 4, 5, 10) if k * step >= limit))
    left, right, base, head = 8.0, SIDE - 2.0, 37.0, 7.0

    def at(place: int, value: float) -> str:
        x = left + (right - left) * (place + 0.5) / len(names)
        return f"{x:.2f},{base - (base - head) * value / top:.2f}"

    for level in (0.0, top / 2, top):
        y = base - (base - head) * level / top
        parts.append(f'<path d="M{left},{y:.2f}H{right}" stroke="#cbd2d8" stroke-width="0.15"/>')
        parts.append(text_svg(left - 0.8, y + 0.8, f"{level:g}", 2.1, anchor="end"))
    band = [at(p, high[p]) for p in shown] + [at(p, low[p]) for p in reversed(shown)]
    parts.append(f'<path d="M{"L".join(band)}Z" fill="#fed76f" fill-opacity="0.6"/>')
    line = "L".join(at(p, mean[p]) for p in shown)
    parts.append(f'<path d="M{line}" fill="none" stroke="#983304" stroke-width="0.55"/>')
    for place, name in enumerate(names):
        if name:
            x = left + (right - left) * (place + 0.5) / len(names)
            parts.append(text_svg(x, base + 3.0, name, 2.1))
    key = f"{axis}；线：平均 mean；带：四分位 quartiles；n={int(counts.sum())}"
    parts.append(text_svg(left, base + 6.6, key, 2.0, anchor="start"))
    return svg_of(parts, 45.0, size_mm)
