"""
Every threshold that opens, joins or sends an alarm, and of a city's days: just below, at the criterion, just above.

Each row names the comparison that stands in the code; turned round one by one (``rank/alarm/``: abnormal, alarms,
episodes, gate, network; ``rank/city/``: days, ranking; ``rank/select/hotspots.py`` cap_share), its own row fails.
"""

from types import SimpleNamespace
from unittest.mock import patch

import alarm_case
import numpy as np
import pandas as pd
import xarray as xr
from boundary import COUNTS, at_the_criterion, counted
from list_case import annual_of, study_of

from hotspot.quality.hours.flags import flag
from hotspot.quality.means.seen import median_of_seen
from hotspot.rank.alarm import network
from hotspot.rank.alarm.abnormal import _rows, _whole
from hotspot.rank.alarm.alarms import high_hours
from hotspot.rank.alarm.episodes import decide
from hotspot.rank.alarm.expected import Ties, judge, learn, setting_of
from hotspot.rank.alarm.gate import Gate
from hotspot.rank.city.days import days_of_hours
from hotspot.rank.city.ranking import rank_units
from hotspot.rank.select.hotspots import rank_cells
from hotspot.rules.criteria import Criteria
from hotspot.rules.index import SIX

RULES = Criteria()
ABNORMAL = RULES.abnormal
ALARMS = RULES.alarms


def abnormal(ratio, n_day=40):
    """Does an hour of the day with this ratio on so many days stand out."""
    days = np.datetime64("2025-12-01", "D") + np.arange(n_day)
    rule = RULES.abnormal.model_copy(update={"least": 1.0})
    return _rows("A", "hour", np.full((n_day, 1), np.log(ratio)), days, rule, rule.min_days)[0][-1]


def highs(value=200.0, silent=0):
    """The high hours of a station that reads ``value`` in one hour, silent for so many two days before."""
    stations = alarm_case.network(days=6)
    values = np.full(stations["pm25"].shape, 30.0)
    values[0, 100], values[0, 50 : 50 + silent] = value, np.nan
    return high_hours(stations.assign(pm25=(("station", "time"), values)), cells=alarm_case.cells(), criteria=RULES)


def hours_of(*hours, ratio=2.0):
    """Candidate hours of one place with nothing against them, as ``weigh`` gives them."""
    rows = {"hour": hours, "cell": "A", "sub_cell": "A-01", "z": 9.0, "ratio": ratio, "pm25": 200.0, "around": 100.0,
            "doubt": 0, "fireworks": -1, "dust_share": 0.0, "pm10_ratio": 0.9, "rh": 50.0, "risen_share": 0.0,
            "n_asked": 9}  # fmt: skip
    table = pd.DataFrame(rows)
    first = pd.Timestamp("2025-12-01")
    table["time"] = first + pd.to_timedelta(table["hour"], "h")
    table.attrs = {"first": str(first), "judged": 0, "n_cell": 9}
    return table


def stepped(hours, z=9.0):
    """A gate that took these hours of one place."""
    gate = Gate(ALARMS, first=0, budget=9.0, end=744)
    for hour in hours:
        gate.step(hour, [("A", "A-01", z, True)])
    return gate


def doubted(n):
    odd = np.where(np.arange(24) < n, flag("neighbours").bit, 0)[None]
    return (network.doubts(odd, ALARMS) != 0).any()


def last_day(n):
    """Does a station whose last day has so many known hours say how it was."""
    stations = alarm_case.network(days=6)
    values = np.full(stations["pm25"].shape, 30.0)
    values[:, 72 : 96 - n] = np.nan
    stations = stations.assign(pm25=(("station", "time"), values))
    return np.isfinite(network.Network(stations, alarm_case.cells(), ALARMS, RULES, None).pool["last_day"][0, 96])


def leant(days, hours=24):
    """Is it known what an instrument usually reads after so many days, each of so many known hours."""
    apart = np.full((1, 24 * (days + 1)), 0.1)
    apart[:, np.arange(apart.size) % 24 >= hours] = np.nan
    return np.isfinite(network._lean(apart, np.arange(apart.size) // 24, ALARMS)[0, -1])


def taught(n, wild=0.0, **changed):
    """The coefficients of a lone station that taught so many hours, one of them as wild as this."""
    logs = np.random.default_rng(0).normal(4.0, 0.1, (1, n))
    logs[0, n // 2] += wild
    here = setting_of(np.arange(n).astype("datetime64[h]"), np.array([114.0]), np.array([30.0]), None)
    alone = Ties(np.full((1, 1), -1), np.full((1, 1), -1))
    return learn(logs, np.full((1, n), 4.0), here, alone, ALARMS.model_copy(update=changed))[0]


def asked(hour, budget, **changed):
    """The threshold of an hour of a month of 720 behind an episode a day, each wilder than the one before it."""
    rule = ALARMS.model_copy(update={"budget_pace": 1.0, "budget_feedback": 0.0, **changed})
    gate = Gate(rule, first=0, budget=budget, end=720)
    gate.past = {f"A@{k}": [hour - 24 * k, 30.0 - k] for k in range(1, 28)}
    return gate.threshold(hour)


def supported(support):
    """Is an hour of a sub-cell with this support a candidate."""
    fine = xr.Dataset(
        {"pm25": (("sub_cell", "time"), [[90.0]]), "support": (("sub_cell", "time"), [[support]])},
        {"sub_cell": ["A-01"], "time": [0], "lon": ("sub_cell", [116.0]), "lat": ("sub_cell", [40.0])},
    )
    one = SimpleNamespace(sub_cell=np.array(["B-01"]), lon=np.array([116.0]), lat=np.array([40.0]),
                          names=np.array(["b"]), pool={"pm25": np.array([[40.0]])})  # fmt: skip
    judged = np.ones((1, 1)), np.ones((1, 1))
    with patch.object(network, "candidate_rows", lambda network, values, *rest: values):
        values = network.fine_rows(one, fine, np.array([0]), xr.Dataset(coords={"cell": ["A"]}), judged, ALARMS)
    return np.isfinite(values[0]).all()


def day_of(n):
    time = pd.date_range("2023-01-01", periods=n, freq="h")
    hours = pd.DataFrame({"unit": "a", "point": "p", "time": time, **dict.fromkeys(SIX, 40.0)})
    return np.isfinite(days_of_hours(hours)["pm25"][0])


def said(index):
    """Is a computed index that differs from the published one said, with a limit of one and its dust."""
    frames = [pd.DataFrame({"unit": ["a"], "index": [value]}) for value in (3.0, 3.0, index)]
    rule = RULES.ranking.model_copy(update={"differs": 1.0 - 1e-9})
    return rank_units(*frames[:2], rule, computed=frames[2])["note"][0]


def allowed(cap):
    study = study_of([4], quota_mode="mixed")
    limits = {"floor_share": 0.2, "cap_share": cap}
    study.criteria = study.criteria.model_copy(update={"selection": study.criteria.selection.model_copy(update=limits)})
    try:
        rank_cells(annual_of(study, np.arange(4.0) + 30), study, 2020)
    except ValueError:
        return False
    return True


ROWS = [
    ("alarms.persistent_floor", ">=", 1, lambda value: len(highs(value))),
    ("alarms.persistent_silent", ">=", 1, lambda n: highs(silent=n)["broken"].any()),
    ("alarms.spike_ratio", ">=", 0.1, lambda ratio: len(decide(hours_of(3, ratio=ratio), ALARMS))),
    ("alarms.min_hours", ">=", 1, lambda n: stepped(range(n)).pushed),
    ("alarms.merge_hours", "<=", 1, lambda n: stepped([0, n + 1]).open["A"].start == 0),
    ("alarms.disagree_hours", ">=", 1, doubted),
    ("alarms.regional_hours", ">=", 1, last_day),
    ("alarms.usual_days", ">=", 1, leant),
    ("alarms.usual_hours", ">=", 1, lambda n: leant(5, n)),
    ("alarms.fit_hours", ">=", 1, lambda n: np.isfinite(taught(n)[-1])),
    ("abnormal.min_days", ">=", 1, lambda n: abnormal(9.0, n)),
    (
        "abnormal.least_cells",
        ">=",
        1,
        lambda n: np.isfinite(median_of_seen(np.ones((n, 1)), RULES.abnormal.least_cells))[0],
    ),
    ("abnormal.least_hours", ">=", 1, lambda n: _whole(np.ones((1, n)), RULES.abnormal)[0]),
    ("validity.day_hours", ">=", 1, day_of),
]


test_at_the_criterion = at_the_criterion(ROWS)


def test_an_hour_far_off_pulls_the_fit_no_more_than_its_clip():
    calm, clipped, pulled = taught(200), taught(200, 5.0), taught(200, 5.0, fit_clip=1000.0)
    assert np.nansum(np.abs(clipped - calm)) < 0.5 * np.nansum(np.abs(pulled - calm))


def test_an_hour_far_off_widens_the_spread_no_more_than_its_clip():
    hours, n = np.arange(400).astype("datetime64[h]"), 399
    here = setting_of(hours, np.array([114.0]), np.array([30.0]), None)
    past = np.random.default_rng(1).normal(0.0, 0.1, (1, n))

    def spread(wild, **changed):
        one = past.copy()
        one[0, 7] = wild
        rule = ALARMS.model_copy(update=changed)
        return judge(np.zeros((1, 1)), one, here.part(slice(n, 400)), here.part(slice(0, n)), rule)[1][0, 0]

    assert spread(50.0) == spread(500.0) < spread(500.0, spread_clip=1e6)


def test_a_budget_is_not_thrown_after_the_last_hours_of_a_month():
    """``budget_last_hours``: from there on no more is allowed in an hour."""
    before, at, after = (asked(720 - left, 0.5, budget_last_hours=48) for left in (96, 48, 24))
    assert before > at == after > asked(720 - 24, 0.5, budget_last_hours=24)


def test_a_rate_is_taken_over_no_fewer_hours_of_the_past():
    """``budget_past_hours``: before so many have passed, it is as if they had."""
    before, at, after = (asked(hour, 200.0, budget_past_hours=24) for hour in (12, 24, 240))
    assert asked(12, 200.0, budget_past_hours=12) > before == at > after


def test_an_excess_counts_from_the_least_on():
    assert counted(abnormal, 2.0, 0.1) == COUNTS[">="]


def test_where_all_of_the_past_may_be_sent_the_least_z_is_enough():
    assert stepped(range(3), ALARMS.z_min).pushed == 1


def test_a_measured_sub_cell_needs_a_measurement():
    assert ALARMS.support == "measured" and counted(supported, 2, 1) == COUNTS[">="]


def test_a_computed_index_is_said_beyond_the_limit():
    assert counted(said, 4.0, 0.01) == COUNTS[">"]


def test_a_cap_below_its_floor_is_refused():
    assert counted(allowed, 0.2, 0.01) == COUNTS[">="]
