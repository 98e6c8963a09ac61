"""Alarms that keep an hour, a weekday, a distance (LOOP 2): found where they do, and seldom where luck alone speaks."""

import numpy as np
import pandas as pd

from hotspot.ledger.answers.past import past_of, past_words
from hotspot.ledger.answers.rhythm import period_of, regular_times
from hotspot.ledger.chain.store import open_ledger
from hotspot.rules.loop import Clocks

RULE = Clocks()


def times(*days_and_hours):
    return [f"2025-{day}T{hour:02d}:00" for day, hour in days_and_hours]


def by_luck(n, rng):
    when = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 365 * 24, n), unit="h")
    return [f"{one:%Y-%m-%dT%H:%M}" for one in when]


def test_an_hour_that_no_other_cell_shares_is_regular():
    own = times(("03-03", 3), ("05-12", 4), ("07-02", 5), ("10-09", 4), ("12-20", 4))
    assert regular_times(own, (), RULE) == [("04时前后（5次中5次）", "around 04 h (5 of 5)")]
    assert regular_times(own, times(*[(f"06-{d:02d}", 4) for d in range(1, 20)]), RULE) == []  # the city's own hour
    assert regular_times(own[:2], (), RULE) == []  # two are no rule
    round_midnight = times(("03-03", 23), ("05-12", 0), ("07-02", 23), ("10-09", 1))
    assert regular_times(round_midnight, (), RULE)[0][0].startswith("23时前后")


def test_a_weekday_is_regular():
    mondays = times(("03-03", 1), ("03-31", 9), ("06-02", 17), ("09-01", 13))
    assert regular_times(mondays, (), RULE) == [("周一（4次中4次）", "on Monday (4 of 4)")]


def test_luck_alone_is_seldom_called_regular_or_periodic():
    rng = np.random.default_rng(11)
    drawn = [by_luck(int(rng.integers(3, 12)), rng) for _ in range(400)]
    called = sum(bool(regular_times(one, (), RULE)) for one in drawn)
    assert called / 400 <= 2 * RULE.regular_chance  # hour and weekday are two families of windows
    assert sum(period_of(one, RULE) > 0 for one in drawn) / 400 < 0.02


def test_a_distance_that_is_kept_is_a_period():
    assert period_of(times(("12-01", 4), ("12-07", 9), ("12-13", 1), ("12-20", 4)), RULE) == 6
    assert period_of(times(("12-01", 4), ("12-07", 9), ("12-13", 1), ("12-25", 4)), RULE) == 0
    assert period_of(times(("12-01", 4), ("12-07", 9), ("12-13", 1)), RULE) == 0  # three days are too few


def test_what_lies_behind_a_cell_names_the_kinds_and_stays_in_four_lines(tmp_path):
    alarm = {"cell": "A", "hours": 3, "state": "pushed", "sub_cell": "A-27"}
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        for day in (3, 10, 17, 24):
            ledger.append("alarm", "2025-12", alarm | {"alarm": f"a{day}", "time": f"2025-12-{day:02d}T04:00"})
        lines = past_words(past_of(ledger, "A", "2025-12-31", RULE))
    zh = "重复性报警：27号小格；规律性报警：04时前后（4次中4次）；规律性报警：周三（4次中4次）；周期性报警：约每7天"
    assert len(lines) <= 4 and zh in [one for one, _ in lines]
