"""
Every threshold by which a delivered series is held back or a clock doubted: just below, at it, just above.

Each row names the comparison that stands in the code; turned round one by one (``quality/plausible/``: series, clock,
drift, exchanged, level, places, rasters, runs, scale), its own row fails. ``EDGES`` are
statistics: what the data come to becomes the criterion (``boundary.decided``).
"""

from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
import xarray as xr
from boundary import COUNTS, at_the_criterion, counted, decided

from hotspot.quality.plausible import clock, drift, exchanged, level, places, rasters, runs, scale
from hotspot.quality.plausible.series import Series
from hotspot.rules.criteria import Criteria
from hotspot.rules.plausible import Plausible
from hotspot.sources.satellite.rasters import tally
from hotspot.sources.stations.iaqi import index_table

RULES = Criteria()
HOURS, ONES = np.arange(744), np.ones(744)
TOWN = 50 * np.exp(0.4 * np.sin(HOURS / 5) + 0.3 * np.sin(HOURS / 33))


def series(values, rules=None, *, others=None, lon=None, **rest):
    """A month of stations 2 km apart on a parallel; the others are those of ``values`` where none are given."""
    values = np.atleast_2d(values).astype(float)
    pool = values if others is None else np.vstack([values, np.atleast_2d(others)])
    ids = np.array([f"S{n}" for n in range(len(pool))])
    lon = 116 + np.arange(len(pool)) / 40 if lon is None else np.asarray(lon)
    lat, own = np.full(len(pool), 40.0), slice(0, len(values))
    local = np.datetime64("2020-03-01T00", "h") + np.arange(values.shape[1])
    return Series(
        rest.pop("month", "2020-03"), "a.csv", ids[own], lon[own], lat[own], values, local, pool, ids, lon, lat,
        rules or Plausible(),
    )  # fmt: skip


def first_hours(values, n):
    return np.where(np.arange(len(values)) < n, values, np.nan)


def noisy(n=4, seed=0, share=0.2):
    """Stations of one town, each with a little of its own."""
    return TOWN * np.exp(np.random.default_rng(seed).normal(0, share, (n, 744)))


def late(rules=None, own=0.3):
    """Four stations, the first six hours late."""
    values = noisy(share=own)
    values[0] = np.roll(values[0], 6)
    return clock._far_clocks(series(values, rules))


def clocked(**changed):
    """Has the first of so many stations a lag."""
    values = noisy(changed.get("n", 3) + 1)
    values[0] = first_hours(values[0], changed.get("hours", 744))
    return np.isfinite(clock.lags(series(values))[0][0])


def drifting(rules=None, *, first=0.0, last=20.0, there=ONES):
    """A station off its flat neighbours by ``first`` in the month's first third and ``last`` in its last."""
    off = np.interp(HOURS, [247, 248, 495, 496], [first, (first + last) / 2, (first + last) / 2, last])
    rules = (rules or Plausible()).model_copy(update={"drift_t": 1e-9, "effect_share": 1e-9})
    return series(np.vstack([np.where(there, 50 + off, np.nan), np.full((3, 744), 50.0)]), rules)


def steady(one):
    return np.isfinite(drift.steady(one, one.values, np.exp(one.expected))[0])


def stopped(one):
    return any(found.weight == "stop" for found in drift.drifts(one, RULES.screening))


def far_third(difference):
    """Does a third that moved by so much on the first, of a floor of 10, drift."""
    rules = Plausible().model_copy(update={"drift_floor": 10.0, "drift_slope": 1e-3})
    return steady(drifting(rules, first=20 - difference))


def days_of(n):
    """Is a drift told from so many days of the month."""
    rules = Plausible().model_copy(update={"drift_hours": 24})
    return steady(drifting(rules, there=np.isin(HOURS // 24, np.linspace(0, 30, n).round())))


def hours_of_days(n):
    """Is a line drawn through days of so many hours."""
    day = HOURS // 24
    return np.isfinite(drift._line(np.where(HOURS % 24 < n, 0.5 * day, np.nan), TOWN, day, 31, Plausible())[0])


def swap_town(*, exchanged=True):
    """Nine stations whose air is alike as they are near, the first and the last at each other's place if so wanted."""
    place = np.array([0.0, 0.05, 0.1, 0.3, 0.35, 0.4, 0.7, 0.75, 0.8])
    alike = np.exp(-np.abs(place[:, None] - place) * 85 / 20)
    rng = np.random.default_rng(1)
    air = np.linalg.cholesky(alike + 1e-6 * np.eye(9)) @ rng.normal(0, 0.5, (9, 744))
    if exchanged:
        place[[0, 8]] = place[[8, 0]]
    return TOWN * np.exp(air), 116 + place


def swaps(rules):
    values, lon = swap_town()
    return bool([one for one in exchanged.swapped(series(values, rules, lon=lon)) if one.weight == "stop"])


def swaps_whatever_is_told(rules):
    return swaps(rules.model_copy(update={"swap_told": 0.0}))


def nothing_exchanged(rules):
    """Is it said of a network in order that it is."""
    values, lon = swap_town(exchanged=False)
    return not exchanged.swapped(series(values, rules, lon=lon))


def pair(km=99.0, z=9.0):
    both = 1 - np.eye(2)
    return exchanged.Fit(np.arange(2), z * both, z * both, km * both)


def fits(rules):
    values, lon = swap_town()
    values[0] = first_hours(values[0], 300)
    return exchanged.fit_to_map(series(values[:6], rules, lon=lon[:6])) is not None


def in_turn(n):
    """Do nine stations of which ``n`` report in any hour, each in turn, fit a map."""
    values, lon = swap_town()
    spoke = (np.arange(9)[:, None] + HOURS) % 9 < n
    return exchanged.fit_to_map(series(np.where(spoke, values, np.nan), lon=lon)) is not None


def too_far_off(ratio):
    """Is one of six stations left out of the fit for its level, so that too few are left."""
    values, lon = swap_town()
    one = series(values[:6], lon=lon[:6])
    with patch.object(type(one), "level", np.log([ratio, *[1.0] * 5])):
        return exchanged.fit_to_map(one) is None


def repeated(n):
    """Are two days with one layer of so many values found."""
    rows = [(f"2020-02-0{day}", f"{day}.tif", "same", 3.0, 90.0, n, "") for day in (1, 2)]
    field = xr.DataArray([0.0], dims="time", attrs={"period": "day", "layers": rows})
    return rasters.layers(field, RULES.plausible)


def copy(rules, noise=1.0):
    """Is a month found that is another under so much noise."""
    rng = np.random.default_rng(1)
    air = rng.uniform(20, 60, (40, 40))
    layers = {"2020-01-01": air, "2020-02-01": 3 + 1.1 * air + rng.normal(0, noise, air.shape)}
    rows = {
        day: [(day, f"{day}.tif", day, 0.0, 99.0, 1600, tally(one, np.zeros(one.shape, bool))["sketch"])]
        for day, one in layers.items()
    }
    return rasters.disguised(rows, "month", rules)


def levelled(ratio):
    return level.levels([series(np.vstack([np.full(744, ratio), np.ones((3, 744))]))])


def jumped(ratio):
    """Is a month so far above the usual one found, the usual one being its neighbours'."""
    months = [series(np.vstack([np.full(744, one), np.ones((3, 744))]), month=name)
              for one, name in ((1.0, "2020-02"), (ratio, "2020-03"))]  # fmt: skip
    return level.levels(months)


def off_satellite(ratio, n=5):
    return level.against_satellite([series(noisy())], {"2020-03": (np.ones(n), np.full(n, ratio))})


def strangers(rules, n=6):
    """Is a station far away that moves with ``n`` of the study found."""
    cells = xr.Dataset(coords={"lon": ("cell", [116.0, 116.2]), "lat": ("cell", [40.0, 40.0])})
    one = series(np.vstack([noisy(n, share=0.5), TOWN]), rules, lon=[*(116 + np.arange(n) / 40), 125.0])
    return places.strangers(one, cells, max_km=50.0)


def one_of_them(r):
    """Is a station far away one of the study's, whose own correlate fully with what they do together."""
    with patch.object(places, "_correlation", lambda one, many, least: np.full(len(many), 1.0 if len(many) > 1 else r)):
        return strangers(RULES.plausible)


def misplaced(declared, best=1.0, n=9):
    """Is a datum asked about where stations are off by so many metres as declared, and so many by another."""
    names = [f"S{at}" for at in range(n)]
    stations = xr.Dataset(coords={"station": names, "lon": ("station", ONES[:n]), "lat": ("station", ONES[:n])})
    known = dict.fromkeys(names, (1.0, 1.0))
    with patch("hotspot.grid.datum.best_datum", return_value=("gcj02", {"wgs84": declared, "gcj02": best})):
        return places.datum_shift(stations, known, declared="wgs84", rules=RULES.plausible)


def kinds(values, rules=None):
    return {one.kind for one in runs.runs(series(values, rules), RULES.screening)}


def topped(value):
    """Are eight hours at such a value the top of the range."""
    values = noisy()
    values[0, 100:108] = value
    return "saturated" in kinds(values)


def twins(n, share=1.0):
    """Are two stations that reported ``n`` hours, this share of them alike, one."""
    values = noisy(2)
    values[1] = np.where(np.arange(744) < round(share * n), values[0], values[1])
    return runs._twins(series([first_hours(one, n) for one in values]))


def copied(n, share=1.0):
    """Is a month of ``n`` hours, this share of them its own of the month before, a copy."""
    early, other = noisy(2)
    again = np.where(np.arange(744) < round(share * n), early, other)
    return runs.copies([series(early, month="2020-02"), series(first_hours(again, n))])


def copied_days(n):
    hours = np.arange(744) < n
    return runs._found(series(noisy()), 0, hours, "repeated", "").weight == "stop"


def thousandth(n):
    """Are ``n`` hours a thousand times too small found."""
    values = noisy()
    values[0, :n] /= 1000
    return scale.thousandfold(series(values))


def alone(value=0.1, hours=200):
    """Is a network of so many hours at such a value found, without a neighbour that says otherwise."""
    return scale.thousandfold(series(first_hours(np.full(744, value), hours)))


def indexed(n):
    values = index_table()[HOURS % 250 + 1]
    return scale.index(series(first_hours(values, n)))


def set_aside(n):
    row = SimpleNamespace(rule="pm25 outside 0 to 1000", path="a.csv", value="5000")
    study, intake = SimpleNamespace(criteria=RULES), SimpleNamespace(quarantine=[row] * n)
    return scale.impossible(SimpleNamespace(study=study, month="2020-03", intake=intake))


def speaks(n):
    """Is a station of ``n`` hours a neighbour."""
    return (series(TOWN, others=first_hours(TOWN, n)).neighbour[0] >= 0).any()


def has_level(n):
    return np.isfinite(series(first_hours(TOWN, n), others=np.vstack([TOWN] * 3)).level[0])


def moves(rules):
    """Would a day of a station at ten times its neighbours matter to its month."""
    values = np.vstack([TOWN] * 4)
    values[0, 300:324] *= 10
    one = series(values, rules.model_copy(update={"effect_share": 1e-9}))
    return one.matters(0, (np.arange(744) >= 300) & (np.arange(744) < 324))


ROWS = [
    ("plausible.min_neighbours", ">=", 1, lambda n: clocked(n=n)),
    ("plausible.min_neighbours", ">=", 1, lambda n: off_satellite(9.0, n)),
    ("plausible.network_ratio", ">", 0.1, off_satellite),
    ("plausible.level_ratio", ">", 0.1, levelled),
    ("plausible.level_ratio", ">", 0.1, too_far_off),
    ("plausible.level_jump", ">", 0.1, jumped),
    ("plausible.min_hours", ">=", 1, twins),
    ("plausible.min_hours", ">=", 1, copied),
    ("plausible.min_hours", ">=", 1, indexed),
    ("plausible.min_hours", ">=", 1, speaks),
    ("plausible.min_hours", ">=", 1, has_level),
    ("plausible.repeated_share", ">=", 0.005, lambda s: twins(200, s)),
    ("plausible.repeated_share", ">=", 0.005, lambda s: copied(200, s)),
    ("plausible.swap_km", ">=", 0.1, lambda km: pair(km).best(RULES.plausible.swap_km)),
    ("plausible.swap_km", ">=", 0.1, lambda km: pair(km, -9.0).told(RULES.plausible.swap_km, 1.0)),
    ("plausible.swap_z", ">", 0.1, lambda z: pair(z=-z).told(1.0, RULES.plausible.swap_z)),
    ("plausible.swap_stations", ">=", 1, in_turn),
    ("plausible.drift_moved", ">=", 0.05, lambda share: far_third(10 * share)),
    ("plausible.drift_hours", ">=", 1, lambda n: steady(drifting(there=(HOURS < n) | (HOURS >= 264)))),
    ("plausible.drift_days", ">=", 1, days_of),
    ("plausible.drift_day_hours", ">=", 1, hours_of_days),
    ("plausible.far_r", ">=", 0.05, one_of_them),
    ("plausible.datum_m", ">", 1, misplaced),
    ("plausible.datum_ratio", ">", 0.1, lambda ratio: misplaced(100 * ratio, 100.0)),
    ("plausible.datum_stations", ">=", 1, lambda n: misplaced(99.0, n=n)),
    ("plausible.layer_values", ">=", 1, repeated),
    ("plausible.scale_hours", ">=", 1, thousandth),
    ("plausible.scale_hours", ">=", 1, lambda n: alone(hours=n)),
    ("plausible.scale_hours", ">=", 1, set_aside),
    ("plausible.least_air", "<", 0.1, alone),
    ("screening.saturation", ">=", 1, topped),
]
EDGES = [
    ("clock_r", ">=", max, late),
    ("clock_gain", ">", max, late),
    (
        "min_hours",
        ">=",
        min,
        lambda rules: clock._far_clocks(series(np.vstack([np.roll(TOWN, 6), *[TOWN] * 3]), rules)),
    ),
    ("drift_floor", ">=", max, lambda rules: steady(drifting(rules))),
    ("drift_steady", ">=", max, lambda rules: steady(drifting(rules))),
    ("drift_slope", ">=", max, lambda rules: steady(drifting(rules))),
    ("effect_floor", ">", max, lambda rules: stopped(drifting(rules))),
    ("effect_floor", ">", max, moves),
    ("swap_z", ">", max, swaps_whatever_is_told),
    ("swap_told", ">=", max, swaps),
    ("swap_told", ">=", max, nothing_exchanged),
    ("copy_r", ">=", max, lambda rules: copy(rules.model_copy(update={"noisy_r": 2.0}))),
    ("noisy_r", ">=", max, copy),
    ("noisy_left", "<", min, copy),
    ("min_hours", ">=", min, fits),
    ("clock_r", ">=", max, strangers),
    ("far_share", "<=", max, strangers),
    ("scale_decades", "<", min, lambda rules: scale.thousandfold(series(np.outer([1, 700, 700, 700], ONES), rules))),
]


test_at_the_criterion = at_the_criterion(ROWS)


@pytest.mark.parametrize(("name", "comparison", "pick", "probe"), EDGES, ids=lambda v: v if isinstance(v, str) else "")
def test_at_what_the_data_come_to(name, comparison, pick, probe):
    assert decided(probe, RULES.plausible, name, pick) == COUNTS[comparison], name


def test_fewer_stations_at_home_than_the_criterion_know_no_stranger():
    rules = RULES.plausible.model_copy(update={"min_neighbours": 6})
    assert counted(lambda n: strangers(rules, n), 6, 1) == COUNTS[">="]


def test_an_hour_at_the_cleanest_share_is_clean():
    """``drift_clean``: of 101 hours the two with the least air."""
    hours = np.arange(101.0)
    middle, _ = drift._clean(hours, hours, hours >= 0, Plausible(drift_clean=0.01, drift_hours=24))
    assert middle == 0.5


def test_what_others_win_once_two_are_exchanged_is_no_more_than_the_limit():
    assert decided(swaps, RULES.plausible, "swap_left_z") == COUNTS["<="]


def test_two_stretches_of_the_least_hours_are_the_fewest_for_a_near_clock():
    assert counted(lambda n: clocked(hours=n), 2 * RULES.plausible.min_hours, 1) == COUNTS[">="]


def test_copied_days_stop_a_month_beyond_half_a_day_less_than_the_criterion():
    assert counted(copied_days, 24 * RULES.plausible.repeated_days - 12, 1) == COUNTS[">"]
