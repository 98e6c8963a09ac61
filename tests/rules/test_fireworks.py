"""The Spring Festival days of the fireworks calendar, computed again from moon and sun."""

import tomllib
from importlib import resources
from math import radians, sin

import numpy as np
import pytest

from hotspot.rules.fireworks import windows

RAW = tomllib.loads((resources.files("hotspot.rules") / "fireworks.toml").read_text(encoding="utf-8"))
EPOCH = 2451545.0  # Julian day of 2000-01-01 12:00
UNIX = 2440587.5
CLOCKS = 70 / 86400  # dynamical time minus universal time in these years, days
BEIJING = 8 / 24
# sine of (M, M', F): days; the principal terms of the new moon in Meeus, Astronomical Algorithms, ch. 49
TERMS = (
    ((0, 1, 0), -0.40720), ((1, 0, 0), 0.17241), ((0, 2, 0), 0.01608), ((0, 0, 2), 0.01039), ((-1, 1, 0), 0.00739),
    ((1, 1, 0), -0.00514), ((2, 0, 0), 0.00208), ((0, 1, -2), -0.00111), ((0, 1, 2), -0.00057), ((1, 2, 0), 0.00056),
    ((0, 3, 0), -0.00042), ((1, 0, 2), 0.00042), ((1, 0, -2), 0.00038), ((-1, 2, 0), -0.00024),
)  # fmt: skip


def new_moon(k):
    """Julian day (universal time) of the k-th new moon since January 2000, to about a minute."""
    t = k / 1236.85
    m = 2.5534 + 29.10535670 * k
    moon = 201.5643 + 385.81693528 * k + 0.0107582 * t * t
    f = 160.7108 + 390.67050284 * k - 0.0016118 * t * t
    eccentric = 1 - 0.002516 * t
    day = 2451550.09766 + 29.530588861 * k + 0.00015437 * t * t - CLOCKS
    for (a, b, c), size in TERMS:
        day += size * eccentric ** abs(a) * sin(radians(a * m + b * moon + c * f))
    return day + 0.000325 * sin(radians(299.77 + 0.107408 * k)) + 0.000165 * sin(radians(251.88 + 0.016321 * k))


def sun(day):
    """Apparent longitude of the sun in degrees, to about 0.01 (Meeus ch. 25, low accuracy)."""
    t = (day + CLOCKS - EPOCH) / 36525
    m = radians(357.52911 + 35999.05029 * t)
    centre = 1.914602 * sin(m) + 0.019993 * sin(2 * m) + 0.000289 * sin(3 * m)
    return (280.46646 + 36000.76983 * t + centre - 0.00569) % 360


def spring_festival(year):
    """Beijing day of the last new moon whose day does not begin after the sun has reached 330 degrees."""
    found = None
    for k in range(int((year - 2000) * 12.3685) - 1, int((year - 2000) * 12.3685) + 4):
        day = int(np.floor(new_moon(k) + BEIJING - UNIX))
        if (sun(day + UNIX - BEIJING) - 330) % 360 > 180:
            found = np.datetime64(day, "D")
    return found


@pytest.mark.parametrize("day", RAW["spring_festival"], ids=str)
def test_each_spring_festival_is_its_new_moon(day):
    assert spring_festival(day.year) == np.datetime64(day.isoformat(), "D")


def test_the_new_moon_is_right_to_two_minutes():
    # An eclipse is a new moon anybody may look up: 2017-08-21 18:30 UT, 2024-04-08 18:21 UT.
    for k, told in ((218, "2017-08-21T18:30"), (300, "2024-04-08T18:21")):
        minutes = (new_moon(k) - UNIX) * 1440 - np.datetime64(told, "m").astype(int)
        assert abs(minutes) < 2, (told, minutes)


def test_feasts_lie_where_the_lunar_calendar_puts_them():
    at = {(str(first)[:4], name): first for first, _, name, _ in windows()}
    assert at["2024", "除夕至初一"] == np.datetime64("2024-02-09T17")
    assert at["2024", "元宵节"] == np.datetime64("2024-02-24T17")
    assert at["2025", "破五"] == np.datetime64("2025-02-01T20")  # the fifth is 2025-02-02
    assert at["2026", "元旦前夜"] == np.datetime64("2026-12-31T19")
