"""
Every threshold of another pollutant and of what is shown beside a list: just below, at it, just above.

Turning one round makes its row fail; tried one by one on ``quality/means/eight_hours.py`` O3_WINDOW_HOURS,
O3_DAY_WINDOWS and the limit above which a short day counts, ``trace/visits/seen_beside.py`` ring_km;
``quality/plausible/``: level unit_jump, series told_hours, clock sun_hours and min_hours.
"""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from boundary import COUNTS, counted, criterion
from pyproj import Geod

from hotspot.quality.means import eight_hours
from hotspot.quality.means.eight_hours import largest_means, monthly_percentiles
from hotspot.quality.plausible import clock, level
from hotspot.quality.plausible.series import Series
from hotspot.rules.criteria import Criteria
from hotspot.rules.plausible import Plausible
from hotspot.rules.standards import O3_DAY_WINDOWS, O3_WINDOW_HOURS, standard_on
from hotspot.trace.visits.seen_beside import seen_beside

LIMIT = standard_on("2025-06-01").limit("o3", "max8h")


def day(hours):
    """The largest mean of one day and whether it counts."""
    mean, valid = largest_means(np.asarray(hours, float)[None, :, None], np.array([LIMIT]))
    return mean[0, 0], valid[0, 0]


def window_of(n):
    """Does an 8 h mean of so many hours count: nothing but the last eight hours was measured, far above the limit."""
    hours = np.full(24, np.nan)
    hours[24 - n :] = 2 * LIMIT
    return day(hours)[1]


def day_of(n_windows):
    """Does a clean day of so many 8 h means count: hours from the front are missing, as many as leave so many means."""
    hours = np.full(24, 50.0)
    hours[: 19 - n_windows] = np.nan
    return day(hours)[1]


def short_day(level):
    """Does a day of too few means count by how high its largest is."""
    hours = np.full(24, np.nan)
    hours[10:] = level
    return day(hours)[1]


def month_of(n):
    """Is the ozone of a 30-day month with so many valid days valid."""
    days = np.arange("2025-06-01", "2025-07-01", dtype="datetime64[D]").astype("datetime64[ns]")
    values = np.where(np.arange(30) < n, 100.0, np.nan)[None]
    data = xr.Dataset({"o3": (("station", "day"), values)}, {"station": ["a"], "day": days})
    return monthly_percentiles(data, ["2025-06"])["valid"].values[0, 0]


def seen_at(km):
    """Is a fire so far north of a cell's centre told."""
    lon, lat, _ = Geod(ellps="GRS80").fwd(114.5, 36.5, 0.0, 1000 * km)
    fire = {"kind": "fire", "lon": lon, "lat": lat, "time": pd.Timestamp("2025-06-12 13:30"), "size": 4.0}
    layers = gpd.GeoDataFrame([fire], geometry=gpd.points_from_xy([lon], [lat]), crs=4326)
    cells = xr.Dataset(coords={"cell": ["A"], "lon": ("cell", [114.5]), "lat": ("cell", [36.5])})
    return bool(seen_beside(layers, cells, ["A"], Criteria().tracing))


def of_days(values, **rules):
    """Three flat stations beside one of these hours, as the gate sees a month."""
    values = np.vstack([values, np.ones((3, len(values)))])
    ids, lon = np.array(list("abcd")), 116 + np.arange(4) / 40
    local = np.datetime64("2025-06-01T00", "h") + np.arange(values.shape[1])
    pool = values, ids, lon, np.full(4, 40.0)
    return Series("2025-06", "a.csv", ids, lon, pool[3], values, local, *pool, Plausible(**rules))


def noted(ratio):
    """Is ppb told of a month so far above the usual one, where it explains all of it."""
    rules = {"ppb": ratio, "level_jump": 9.0, "level_ratio": 9.0}
    months = [of_days(np.full(720, one), **rules) for one in (1.0, ratio)]
    return any("ppb twice" in one.looks_like for one in level.levels(months))


def told(hour):
    """Is a level told of this hour of the day; the criterion begins at 12 and ends before 18."""
    return of_days(np.ones(24), told_hours=(12, 18)).told[hour]


def by_the_sun(hour, n=5):
    """Is a network found that is highest at this hour, of which so many hours were seen."""
    values = np.where(np.arange(24) == hour, 90.0, 30.0)
    one = of_days(np.tile(values, 30), sun_hours=(11, 19))
    seen = one.values.copy()
    seen[:, 24 * n :] = np.nan
    seen[1:] = np.nan
    return bool(clock.by_the_sun(replace(one, values=seen)))


ROWS = [
    ("plausible.unit_jump", noted, criterion("plausible.unit_jump"), 0.05, ">"),
    ("plausible.told_hours, first", told, 12, 1, ">="),
    ("plausible.told_hours, last", told, 18, 1, "<"),
    ("plausible.sun_hours, first", lambda hour: not by_the_sun(hour), 11, 1, ">="),
    ("plausible.sun_hours, last", lambda hour: not by_the_sun(hour), 19, 1, "<"),
    ("plausible.min_hours", lambda n: by_the_sun(4, n), criterion("plausible.min_hours") // 24, 1, ">="),
    ("hours of an 8 h mean", window_of, O3_WINDOW_HOURS, 1, ">="),
    ("8 h means of a day", day_of, O3_DAY_WINDOWS, 1, ">="),
    ("limit beyond which a short day counts", short_day, LIMIT, 1.0, ">"),
    ("month_days", month_of, criterion("validity.month_days"), 1, ">="),
]


@pytest.mark.parametrize(("name", "probe", "at", "step", "comparison"), ROWS, ids=[row[0] for row in ROWS])
def test_a_gas_counts_from_its_threshold(name, probe, at, step, comparison):
    assert counted(probe, at, step) == COUNTS[comparison]


def test_a_fire_is_told_to_the_edge_of_the_ring():
    """ring_km: a place within a millimetre of the ring's edge, either side of it."""
    edge = Criteria().tracing.ring_km
    assert (seen_at(edge - 1e-6), seen_at(edge + 1e-6)) == (True, False)


def test_the_largest_mean_is_that_of_every_window_written_out():
    rng = np.random.default_rng(3)
    hours = rng.uniform(5.0, 250.0, (4, 24, 3))
    hours[rng.random(hours.shape) < 0.25] = np.nan
    limits = np.full(4, LIMIT)
    mean, valid = largest_means(hours, limits)
    for d in range(4):
        for s in range(3):
            windows = [hours[d, i : i + 8, s] for i in range(17)]
            means = [np.nanmean(w) for w in windows if np.isfinite(w).sum() >= 6]
            assert mean[d, s] == pytest.approx(max(means)) if means else np.isnan(mean[d, s])
            assert valid[d, s] == (bool(means) and (len(means) >= 14 or max(means) > LIMIT))


def test_the_standard_of_a_day_is_asked_for_its_own_limit(monkeypatch):
    """The limit that decides a short day is the one of that day's standard."""
    asked = []
    monkeypatch.setattr(eight_hours, "standard_on", lambda day: asked.append(str(day)) or standard_on(day))
    time = np.datetime64("2026-02-27T16:00", "ns") + np.arange(48) * np.timedelta64(1, "h")
    hours = xr.Dataset({"o3": (("station", "time"), np.full((1, 48), 90.0))}, {"station": ["a"], "time": time})
    eight_hours.daily_maxima(hours, utc_offset=8)
    assert asked == ["2026-02-28", "2026-03-01"]
