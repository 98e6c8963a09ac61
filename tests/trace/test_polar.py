"""Polar statistics: against plain loops, against numbers openair published of its own data, and as drawings."""

import math
from xml.etree import ElementTree

import naive_sector
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as some

from hotspot.publish.analysis.wind_drawing import polar_svg, wind_rose_svg
from hotspot.rules.calendar import local_bounds
from hotspot.rules.criteria import Criteria
from hotspot.trace.plumes.cpf import sector_hours
from hotspot.trace.plumes.polar import month_rose, polar, station_polar
from hotspot.trace.plumes.wind import wind_rose
from hotspot.variables import DataError

# CPF of PM10 above its 95th percentile at Marylebone Road by 10 degrees of wind, as published: read off the
# vector drawing fig-CPFExample of the openair book (chapter on percentile roses, repository openair-project/book,
# commit 3b85f2c), radius of each sector over the radius of the ring 0.05. Two sectors were not read.
PUBLISHED_CPF = {
    0: 0.0350, 10: 0.0107, 20: 0.0141, 30: 0.0129, 40: 0.0156, 50: 0.0249, 60: 0.0372, 70: 0.0561, 80: 0.0900,
    90: 0.0962, 100: 0.0831, 110: 0.0719, 120: 0.0784, 130: 0.0651, 140: 0.0640, 150: 0.0716, 160: 0.0742, 170: 0.0680,
    180: 0.0773, 190: 0.0689, 200: 0.0593, 210: 0.0579, 220: 0.0706, 230: 0.0642, 240: 0.0785, 250: 0.0478, 260: 0.0403,
    270: 0.0345, 280: 0.0282, 290: 0.0230, 300: 0.0165, 310: 0.0152, 320: 0.0177, 330: 0.0146,
}  # fmt: skip
PUBLISHED_SO2 = 11.3  # printed below the drawing: "CPF at the 95th percentile (=11.3)"
PUBLISHED_MEAN, PUBLISHED_CALM = 4.4887, 0.3  # printed in windRose(mydata) of the book: m/s, per cent


@pytest.fixture(scope="module")
def marylebone(shared):
    """openair's ``mydata``: hourly wind and pollutants of Marylebone Road, London, 1998 to 2005."""
    return pd.read_csv(shared / "peer_reference" / "openair_mydata.csv.gz")


def components(speed, direction):
    angle = np.radians(np.asarray(direction, float))
    return -np.asarray(speed, float) * np.sin(angle), -np.asarray(speed, float) * np.cos(angle)


def some_hours(seed, n=400):
    rng = np.random.default_rng(seed)
    u, v = rng.normal(0, 2, (2, n))
    values = rng.gamma(3, 20, n) + 30 * (u > 1)
    values[rng.random(n) < 0.05] = np.nan
    return u, v, values


# Numbers


def test_cpf_by_direction_is_what_openair_published(marylebone):
    calm = (marylebone["ws"] == 0) & (marylebone["wd"] == 0)  # how calm hours are coded there
    direction = marylebone["wd"].mask(calm).to_numpy(float)
    pm10 = marylebone["pm10"].to_numpy(float)
    seen = ~np.isnan(direction) & ~np.isnan(pm10)
    bearings = np.arange(0.0, 360.0, 10.0)
    high = sector_hours(bearings, direction[seen & (pm10 > np.quantile(pm10[seen], 0.95))], 9.99)
    # openair counts the hours without a value of PM10 among the hours of a sector.
    ours = dict(zip(bearings.astype(int), high / sector_hours(bearings, direction, 9.99), strict=True))
    for bearing, published in PUBLISHED_CPF.items():
        assert ours[bearing] == pytest.approx(published, abs=7e-5), bearing
    # Without them, our own definition: m of n hours that have a value.
    own = high / sector_hours(bearings, direction[seen], 9.99)
    assert (own >= list(ours.values())).all() and own[9] == pytest.approx(0.0996, abs=1e-4)


def test_limit_of_high_hours_is_the_percentile_openair_printed(marylebone):
    seen = marylebone.dropna(subset=["ws", "wd", "so2"])
    table = polar(*components(seen["ws"], seen["wd"]), seen["so2"], high_share=0.05)
    assert round(table.attrs["limit"], 1) == PUBLISHED_SO2
    assert (
        table["high"].sum() + round(table.attrs["calm_cpf"] * table.attrs["calm_hours"])
        == (seen["so2"] > table.attrs["limit"]).sum()
    )


def test_calm_share_is_what_openair_printed(marylebone):
    """openair calls an hour calm if its speed is 0 or it has a speed but no direction."""
    seen = marylebone.dropna(subset=["ws"])
    speed = seen["ws"].where(seen["wd"].notna(), 0.0)
    rose = wind_rose(*components(speed, seen["wd"].fillna(0.0)), calm_ms=0.0)
    assert round(100 * rose.attrs["calm_share"], 1) == PUBLISHED_CALM
    assert round(seen["ws"].mean(), 4) == PUBLISHED_MEAN  # the same data as theirs


def test_each_bin_is_the_slow_one_at_marylebone_road(marylebone):
    seen = marylebone[marylebone["date"].str.startswith("2003")]
    u, v = components(seen["ws"], seen["wd"])
    fast = polar(u, v, seen["nox"], sectors=12, bins=(2, 4, 6), high_share=0.1, interval=(0.5, 0.75), min_hours=1)
    slow = naive_sector.polar(u, v, seen["nox"].to_numpy(float), 12, (2, 4, 6), 0.5, 0.1, (0.5, 0.75))
    for row, (n, total, high, within) in zip(fast.itertuples(), slow, strict=True):
        assert (row.hours, row.high) == (n, high)
        if n:
            assert row.mean == pytest.approx(total / n) and row.cpf == high / n and row.cbpf == within / n


@settings(max_examples=25, deadline=None)
@given(seed=some.integers(0, 999), sectors=some.sampled_from([4, 8, 16]), low=some.floats(0, 0.8))
def test_each_bin_is_the_slow_one(seed, sectors, low):
    u, v, values = some_hours(seed, 120)
    bins, interval = (1.0, 2.5), (low, min(1.0, low + 0.2))
    fast = polar(u, v, values, sectors=sectors, bins=bins, interval=interval, min_hours=1)
    slow = naive_sector.polar(u, v, values, sectors, bins, 0.5, 0.25, interval)
    assert list(zip(fast["hours"], fast["high"], strict=True)) == [(row[0], row[2]) for row in slow]
    np.testing.assert_allclose(fast["cbpf"], [row[3] / row[0] if row[0] else math.nan for row in slow])


def test_no_hour_is_lost_and_calm_stands_apart():
    u, v, values = some_hours(1)
    u[:30], v[:30] = 0.1, 0.0
    table = polar(u, v, values, min_hours=1)
    about = table.attrs
    assert table["hours"].sum() + about["calm_hours"] == about["n_hours"] == int((~np.isnan(values)).sum())
    whole = np.nansum(table["mean"] * table["hours"]) + about["calm_mean"] * about["calm_hours"]
    assert whole == pytest.approx(np.nansum(values))
    # More calm hours change no bin's hours and mean.
    more = polar(np.r_[u, np.zeros(50)], np.r_[v, np.zeros(50)], np.r_[values, np.full(50, 500.0)], min_hours=1)
    pd.testing.assert_frame_equal(more[["hours", "mean"]], table[["hours", "mean"]])
    assert more.attrs["calm_mean"] > about["calm_mean"]


def test_cbpf_of_the_top_is_cpf_and_intervals_add_up():
    u, v, values = some_hours(2)
    whole = polar(u, v, values, min_hours=1)
    np.testing.assert_array_equal(whole["cbpf"], whole["cpf"])
    quarters = [polar(u, v, values, interval=pair, min_hours=1) for pair in ((0.0, 0.5), (0.5, 0.75), (0.75, 1.0))]
    counts = sum((part["cbpf"] * part["hours"]).fillna(0.0) for part in quarters)
    # Only the lowest value itself lies in no interval (low < value <= high).
    assert counts.sum() >= whole["hours"].sum() - 1


def test_a_bin_with_few_hours_says_nothing():
    u, v, values = some_hours(3)
    few, many = polar(u, v, values, min_hours=1), polar(u, v, values, min_hours=8)
    thin = (few["hours"] > 0) & (few["hours"] < 8)
    assert thin.any() and many.loc[thin, ["mean", "cpf", "lift", "cbpf"]].isna().all().all()
    assert many["hours"].equals(few["hours"])


def test_turning_the_wind_turns_the_table():
    u, v, values = some_hours(4)
    before, after = polar(u, v, values, min_hours=1), polar(v, -u, values, min_hours=1)  # 90 degrees clockwise
    turned = before.assign(direction=(before["direction"] + 90) % 360).sort_values(["direction", "speed_from"])
    pd.testing.assert_series_equal(turned["cpf"].reset_index(drop=True), after["cpf"])


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(DataError, match="no hour has both"):
        polar([1.0], [1.0], [np.nan])
    with pytest.raises(ValueError, match="rising quantiles"):
        polar([1.0], [1.0], [1.0], interval=(0.9, 0.1))


def test_month_and_station_are_picked():
    start, end = local_bounds("2020-02", 8)
    time = np.arange(start - np.timedelta64(5, "D"), end + np.timedelta64(5, "D"), np.timedelta64(1, "h"))
    u, v, values = some_hours(5, time.size)
    weather = xr.Dataset({"u10": ("time", u), "v10": ("time", v)}, {"time": time})
    place = {"lon": ("station", [105.0, 106.0]), "lat": ("station", [35.0, 35.0])}
    data = np.stack([values, values * 0 + 7.0])
    stations = xr.Dataset({"pm25": (("station", "time"), data)}, {"station": ["a", "b"], "time": time} | place)
    settings = {"month": "2020-02", "utc_offset": 8, "criteria": Criteria()}
    inside = (time >= start) & (time < end)
    table = station_polar(weather, stations, "a", **settings)
    pd.testing.assert_frame_equal(table, polar(u[inside], v[inside], values[inside]), check_like=True)
    assert table.attrs["station"] == "a" and month_rose(weather, 105, 35, **settings).attrs["n_hours"] == 29 * 24


# Drawings


def drawing(svg):
    """A parsed drawing: its texts and the fills of its shapes; a broken one does not parse."""
    root = ElementTree.fromstring(svg)
    name = "{http://www.w3.org/2000/svg}"
    assert "nan" not in svg and "inf" not in svg and "-0.00" not in svg.replace("-0.00,", "")
    return [node.text for node in root.iter(f"{name}text")], [node.get("fill") for node in root.iter(f"{name}path")]


def test_the_rose_is_drawn_with_its_calm_and_its_hours():
    u, v, _ = some_hours(6)
    u[:100], v[:100] = 0.0, 0.1
    rose = wind_rose(u, v)
    svg = wind_rose_svg(rose, size_mm=50)
    texts, fills = drawing(svg)
    assert {"北", "东", "南", "西", "静风", f"{100 * rose.attrs['calm_share']:.0f}%", "0.5–2", ">6"} <= set(texts)
    assert any("共400次观测" in text for text in texts)
    assert sum(fill not in (None, "none") for fill in fills) == (rose["hours"] > 0).sum()
    assert 'width="50mm" height="60mm"' in svg and svg == wind_rose_svg(rose, size_mm=50)


@pytest.mark.parametrize("statistic", ["cpf", "cbpf", "lift", "mean"])
def test_the_polar_plot_shades_what_is_known_and_hatches_what_is_not(statistic):
    table = polar(*some_hours(7), interval=(0.5, 0.75))
    texts, fills = drawing(polar_svg(table, statistic=statistic))
    thin = ((table["hours"] > 0) & (table["hours"] < 5)).sum()
    assert thin and fills.count("url(#few)") == thin
    assert sum(str(fill).startswith("#") for fill in fills) == (table["hours"] >= 5).sum()
    assert any("不足5小时" in text for text in texts)


def test_shades_fall_in_lightness_so_that_a_copier_keeps_their_order():
    table = polar(*some_hours(8, 4000), min_hours=1)
    _, fills = drawing(polar_svg(table))
    by_value = dict(
        zip(table.loc[table["hours"] > 0, "cpf"], (f for f in fills if str(f).startswith("#")), strict=True)
    )
    light = [int(fill[1:3], 16) * 0.3 + int(fill[3:5], 16) * 0.59 + int(fill[5:7], 16) * 0.11
             for _, fill in sorted(by_value.items())]  # fmt: skip
    assert len(set(light)) > 3 and light == sorted(light, reverse=True)


def test_calm_only_and_one_class_are_drawn_too():
    calm = polar(np.zeros(20), np.zeros(20), np.arange(20.0))
    assert calm["hours"].sum() == 0 and math.isnan(calm.attrs["base"])
    drawing(polar_svg(calm))
    drawing(wind_rose_svg(wind_rose(np.zeros(20), np.zeros(20), bins=())))
    with pytest.raises(ValueError, match="give one of"):
        polar_svg(calm, statistic="median")
