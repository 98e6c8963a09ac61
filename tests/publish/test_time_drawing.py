"""Hours, weekdays and calendar: what is drawn is the plain mean, and too little is said to be too little."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hotspot as hs
from hotspot.publish.analysis.time_drawing import local_series
from hotspot.variables import DataError


@pytest.fixture
def hours():
    """December, high at eight in the morning, on the ninth and on Sundays."""
    index = pd.date_range("2025-12-01", periods=24 * 31, freq="h")
    values = 40.0 + 60.0 * (index.hour == 8) + 30.0 * (index.day == 9) + 10.0 * (index.day_of_week == 6)
    return pd.Series(values, index)


def points(svg):
    """Height of the mean line at each place, from the drawing itself."""
    line = re.search(r'<path d="M([^Z"]*)" fill="none"', svg)[1]
    return np.array([float(pair.split(",")[1]) for pair in line.split("L")])


def test_the_line_is_the_mean_of_each_hour(hours):
    y = points(hs.time_of_day_svg(hours))
    mean = hours.groupby(hours.index.hour).mean().to_numpy()
    slope = (y[8] - y[0]) / (mean[8] - mean[0])
    assert np.allclose(y - y[0], slope * (mean - mean[0]), atol=0.02) and slope < 0


def test_sunday_is_the_highest_day_of_the_week(hours):
    assert int(np.argmin(points(hs.weekday_svg(hours.drop(hours[hours.index.day == 9].index))))) == 6


def test_the_calendar_says_each_days_mean_and_leaves_gaps(hours):
    svg = hs.calendar_svg(hours.drop(hours[hours.index.day == 20].index))
    assert svg.count("<rect") == 31 and svg.count('fill="#ffffff" stroke="#8a949c"') == 1
    daily = hours.groupby(hours.index.day).mean()
    assert f">{daily[9]:.0f}</text>" in svg


def test_local_time_and_too_little():
    time = np.datetime64("2025-12-04T16", "ns") + np.arange(48) * np.timedelta64(1, "h")
    series = xr.DataArray(np.arange(48.0), {"time": time}, "time")
    assert local_series(series, 8.0).index[0] == pd.Timestamp("2025-12-05")
    assert "too few values" in hs.weekday_svg(series, utc_offset=8.0)
    with pytest.raises(DataError, match="utc_offset"):
        hs.calendar_svg(series)
    with pytest.raises(DataError, match="no value"):
        hs.time_of_day_svg(series * np.nan, utc_offset=8.0)
