"""
Every threshold of whose plume it is, of a day on the road and of what a desk is told: below, at, above the criterion.

Each row names the comparison that stands in the code; turned round one by one (``trace/``: agreement, alarm_sources,
groups, hours, route, whose; ``workflows/``: alarm_desk, day_winds, evidence), its own row fails.
"""

from contextlib import nullcontext
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from boundary import COUNTS, at_the_criterion, decided

from hotspot.rules.criteria import Criteria
from hotspot.trace.plumes import groups, whose
from hotspot.trace.plumes.agreement import Receptors
from hotspot.trace.plumes.hours import increments
from hotspot.trace.visits import alarm_sources, route
from hotspot.workflows.hourly import evidence
from hotspot.workflows.hourly.alarm_desk import _hours
from hotspot.workflows.periods import day_winds

RULES = Criteria()
TRACING = RULES.tracing


def against_haze(tracing):
    """Is the increment of one of five stations in a row known."""
    hours = SimpleNamespace(direction=lambda *at: (None, None))
    one = SimpleNamespace(_series={}, n_reference=5, values=np.full((5, 4), 40.0), tracing=tracing, hours=hours,
                          lat=np.full(5, 30.0), lon=114 + np.arange(5) / 10)  # fmt: skip
    return Receptors.series(one, 0)[3] == "increment"


def asked(km=1.0, hours=999):
    """Is a station so far from a facility, with so many hours of its wind, asked about it."""
    answer = {name: np.array([value]) for name, value in (("km", km), ("hours", hours), ("lift", 2.0), ("low", 1.5))}
    one = SimpleNamespace(tracing=TRACING, _asked=lambda wanted: [(0, [0])], says=lambda station, of: answer)
    return Receptors.agreement(one, [0])["n_stations"][0]


def haze_of(n):
    around = np.where(np.arange(9) < n, 40.0, np.nan)[:, None]
    return increments(np.array([50.0]), around, tracing=TRACING) is not None


def sources(*plants, ear=0.0, tracing=TRACING):
    """What is listed of plants (km, g/s) and heard by a station ``ear`` km away."""
    km, size = np.array(plants, float).T
    table = pd.DataFrame({"x": 1000 * km, "y": 0.0, "lon": 105.0, "lat": 35.0, "emission": size, "sized": True})
    table = table.assign(facility=[f"f{n}" for n in range(len(km))], name="", class_="cement")
    stations, at = (
        pd.DataFrame({"x": [1000.0 * ear], "y": [0.0]}),
        pd.Series({"x": 0.0, "y": 0.0, "lon": 105.0, "lat": 35.0}),
    )
    wind = np.full((4, 2), 1.0 if ear else np.nan)
    with patch.object(alarm_sources, "placed", return_value=table):
        return alarm_sources.sources_of_hours(
            stations, np.full((1, 4), 90.0), wind, np.ones(4, bool), at, table, crs="", spacing=500.0,
            criteria=RULES.model_copy(update={"tracing": tracing}),
        )  # fmt: skip


def day_of(*minutes):
    """A day without ways between stops worth 1, 2, 3 ..."""
    n = len(minutes)
    travel = np.zeros((n, n))
    budget = RULES.visiting.day_hours * 60
    return route._Day(np.array(minutes), np.arange(n) + 1.0, travel, travel.tolist(), budget, np.arange(n))


def in_block(*, station=0.0, plant=0.0):
    """(stations heard, plants asked) of one at such a distance, km, beyond a block's corner."""
    half = whose.BLOCK * 2**-0.5
    places = pd.DataFrame({"x": [1000 * plant + half], "y": 0.0, "emission": 1.0, "class_": "cement", "sized": True})
    receptors = SimpleNamespace(x=np.array([1000 * station + half]), y=np.zeros(1))
    heard = {}

    def shares(values, at, wind, xy, *rest, **settings):
        heard.update(stations=len(at), plants=len(xy))
        return SimpleNamespace(weight=np.ones(1))

    with (
        patch.object(whose, "source_shares", shares),
        patch.object(whose, "_increment", lambda receptors, station: np.zeros(4)),
        patch.object(whose, "_answer", lambda *rest: None),
    ):
        whose._block(np.zeros((1, 2)), np.zeros(2), np.ones((4, 2)), receptors, places, 3000.0, TRACING, None)
    return heard


def neighbour(km):
    """Is a station so far from an alarm's place a neighbour of it."""
    time = pd.date_range("2025-12-01", periods=2, freq="h")
    table = pd.DataFrame({"sub_cell": ["A-01", "B-01"], "x": [0.0, 1000 * km], "y": 0.0})
    row, place = {"sub_cell": "A-01"}, {"x": 0.0, "y": 0.0}
    values = np.array([[90.0, 90.0], [40.0, 40.0]])
    hours = _hours(time, values, table, row, place, np.ones((2, 2)), np.ones(2, bool), RULES.alarms)
    return hours["around"].notna().all()


def direction(share, n=100):
    """Is a direction with this share of the day's hours one to look into."""
    time = np.datetime64("2025-11-30T16", "ns") + np.arange(n) * np.timedelta64(1, "h")
    from_north = np.arange(n) < round(share * n)
    wind = {"u10": ("time", np.where(from_north, 0.0, np.nan)), "v10": ("time", np.where(from_north, -3.0, np.nan))}
    turning = np.deg2rad(90 + 45 * (np.arange(n) % 5))
    wind["u10"] = ("time", np.where(from_north, 0.0, -3 * np.sin(turning)))
    wind["v10"] = ("time", np.where(from_north, -3.0, -3 * np.cos(turning)))
    cells = xr.Dataset(coords={"city": ("cell", ["甲市"]), "lon": ("cell", [116.0]), "lat": ("cell", [40.0])})
    period = SimpleNamespace(first=pd.Timestamp("2025-12-01"), end=pd.Timestamp("2025-12-09"))
    desk = SimpleNamespace(study=SimpleNamespace(criteria=RULES, cells=cells, utc_offset=8.0), period=period)
    with patch.object(day_winds, "_stagnant", return_value=""):
        return 0 in day_winds._of_city(desk, xr.Dataset(wind, {"time": time}), None, "甲市").upwind


def named(rule):
    """Is a plant some km away named as upwind."""
    plants = {"facility": ["f"], "name": ["厂"], "class_": ["cement"], "lon": [116.2], "lat": [40.0]}
    return day_winds._sources(pd.DataFrame(plants), 116.0, 40.0, range(8), rule)


def evidence_of(km):
    """Is what a plant so far from an alarm recorded told."""
    told = []
    criteria = RULES
    cells = xr.Dataset({"x": ("cell", [0.0]), "y": ("cell", [0.0])}, {"cell": ["A"]})
    grid = SimpleNamespace(project=lambda lon, lat: (np.array([1000 * km]), np.zeros(1)))
    study = SimpleNamespace(id="s", root=".", facilities=None, evidence=(1,), criteria=criteria, cells=cells, grid=grid)
    plants = pd.DataFrame({"facility": ["f"], "name": [""], "lon": [0.0], "lat": [0.0]})
    alarm = {"alarm": "a", "state": "pushed", "time": "2025-12-01T04:00", "hours": 2, "cell": "A"}
    with (
        patch.object(evidence.Deliveries, "facilities", lambda deliveries: plants),
        patch.object(evidence, "named_evidence", return_value=plants),
        patch.object(evidence, "_placed_evidence", return_value=plants),
        patch.object(evidence, "published_ledger", lambda study, out: nullcontext()),
        patch.object(evidence, "alarm_bodies", return_value={"a": alarm}),
        patch.object(evidence, "told_of_window", lambda table, facility, *rest: told.append(facility) or []),
        patch.object(evidence, "write_book"),
    ):
        evidence.evidence_of_period(study, "2025-12", out=".")
    return told


def together(*, deg=10.0, sure=0.6, share=0.3):
    """Are two sources so far apart, of which one adds more with such a chance and the other so little, one group."""
    found = {"place": np.array([0, 1]), "bearing_deg": np.array([350.0, 350.0 + deg]),
             "share": np.array([0.5, share]), "inside": np.zeros(2, bool)}  # fmt: skip
    alike = np.array([[0.0, sure], [1 - sure, 0.0]])
    return groups.groups(found, SimpleNamespace(place=np.array([0, 1]), alike=alike), TRACING).all()


ROWS = [
    ("tracing.agreement_km", "<=", 0.1, lambda km: asked(km)),
    ("tracing.min_upwind_hours", ">=", 1, lambda n: asked(hours=n)),
    ("tracing.background_stations", ">=", 1, haze_of),
    ("tracing.upwind_km", "<=", 0.1, lambda km: len(sources((km, 1.0)))),
    ("tracing.station_km", "<=", 0.1, lambda km: sources((1.0, 1.0), ear=km).attrs["informed"]),
    ("tracing.ring_km", "<=", 0.1, lambda km: len(sources((0.0, 1e6), (km, 1e-6))) == 2),
    ("tracing.station_km", "<=", 0.1, lambda km: in_block(station=km)["stations"]),
    ("tracing.upwind_km", "<=", 0.1, lambda km: in_block(plant=km)["plants"]),
    ("visiting.day_hours", "<=", 0.1, lambda hours: len(route._fill([0], day_of(60.0, 60 * hours - 60))) == 2),
    ("visiting.day_hours", "<=", 0.1, lambda hours: route._better([0], day_of(60.0, 60 * hours)) == [1]),
    ("alarms.neighbour_km", "<=", 0.1, neighbour),
    ("cadence.focus_share", ">=", 0.01, direction),
    ("tracing.group_deg", "<=", 0.1, lambda deg: together(deg=deg)),
    ("tracing.group_sure", "<", 0.01, lambda chance: together(sure=chance)),
    ("tracing.group_share", ">=", 0.01, lambda share: together(share=share)),
    ("tracing.upwind_km", "<=", 0.1, evidence_of),
]
EDGES = [
    ("background_km", "<=", max, against_haze),
    ("moderate_share", ">=", min, lambda tracing: len(sources((0.0, 5.0), (15.0, 40.0), tracing=tracing)) == 2),
]


test_at_the_criterion = at_the_criterion(ROWS)


@pytest.mark.parametrize(("name", "comparison", "pick", "probe"), EDGES, ids=lambda v: v if isinstance(v, str) else "")
def test_at_what_the_data_come_to(name, comparison, pick, probe):
    assert decided(probe, TRACING, name, pick) == COUNTS[comparison], name


def test_a_plant_is_named_up_to_the_distance_of_a_daily_letter():
    assert decided(named, RULES.cadence, "focus_km") == COUNTS["<="]
