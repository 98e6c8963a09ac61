"""The visiting order under a time budget: the best day, by all orders on small cases, and its laws (D23)."""

from itertools import pairwise, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pyproj import Geod

from hotspot.rules.criteria import Criteria
from hotspot.rules.visiting import MINUTES, Visiting
from hotspot.trace.visits.route import COLUMNS, routes, visiting_order

GEOD = Geod(ellps="GRS80")


def town(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "stop": [f"s{k:02d}" for k in range(n)], "lon": 114 + rng.uniform(0, 0.5, n),
            "lat": 30 + rng.uniform(0, 0.5, n), "minutes": rng.choice([20.0, 45.0, 90.0, 120.0], n),
            "value": rng.uniform(0.05, 2.0, n),
        }
    )  # fmt: skip


def metres(stops, a, b):
    return GEOD.inv(stops["lon"][a], stops["lat"][a], stops["lon"][b], stops["lat"][b])[2]


def best_of_all(stops, rule):
    """Every choice in every order: the most value that a day can hold."""
    best, n = 0.0, len(stops)
    minutes, value = stops["minutes"].to_numpy(), stops["value"].to_numpy()
    drive = [[metres(stops, a, b) / 1000 / rule.speed_kmh * 60 for b in range(n)] for a in range(n)]
    for size in range(1, n + 1):
        for order in permutations(range(n), size):
            worth = value[list(order)].sum()
            if worth > best and minutes[list(order)].sum() + sum(drive[a][b] for a, b in pairwise(order)) <= (
                rule.day_hours * 60
            ):
                best = worth
    return best


@pytest.mark.parametrize("hours", [2.0, 3.0, 4.0, 5.0])
def test_a_day_is_the_best_of_all_orders(hours):
    for seed in range(6):
        stops, rule = town(6, [seed, int(hours)]), Visiting(day_hours=hours, days=1)
        plan = visiting_order(stops, rule)
        assert plan.loc[plan["day"] == 1, "value"].sum() == pytest.approx(best_of_all(stops, rule))


@settings(max_examples=25, deadline=None)
@given(seed=some.integers(0, 9999), n=some.integers(0, 25), days=some.integers(1, 3))
def test_laws_of_a_plan(seed, n, days):
    stops, rule = town(n, seed), Visiting(day_hours=5, days=days)
    plan = visiting_order(stops, rule)
    assert sorted(plan["stop"]) == sorted(stops["stop"]), "every stop stands once, visited or left"
    assert ((plan["day"] == 0) == (plan["left"] == "time")).all()
    for day, rows in plan[plan["day"] > 0].groupby("day"):
        assert rows["order"].tolist() == list(range(1, len(rows) + 1)) and 1 <= day <= days
        assert rows["leave"].iloc[-1] <= rule.day_hours * 60 + 1e-6
        clock = 0.0
        for at in rows.index:
            if rows.loc[at, "order"] > 1:
                km = metres(plan, at - 1, at) / 1000
                assert plan.loc[at, "km"] == pytest.approx(km)
                clock += km / rule.speed_kmh * 60
            assert plan.loc[at, "arrive"] == pytest.approx(clock)
            clock += plan.loc[at, "minutes"]
            assert plan.loc[at, "leave"] == pytest.approx(clock)
    left = plan[plan["left"] == "time"]
    assert left["value"].is_monotonic_decreasing
    shuffled = visiting_order(stops.sample(frac=1, random_state=seed), rule)
    pd.testing.assert_frame_equal(plan, shuffled)


def test_more_time_never_brings_less():
    stops = town(14, 3)
    worth = [
        visiting_order(stops, Visiting(day_hours=hours, days=1)).query("day == 1")["value"].sum()
        for hours in (1, 2, 3, 4, 6, 8)
    ]
    assert worth == sorted(worth) and worth[0] < worth[-1]


def warned(*rows):
    return pd.DataFrame(rows, columns=["city", "cell", "reason", "p_top", "lon", "lat"])


def traced(*rows):
    columns = ["cell", "facility", "class_", "word", "distance_km", "lon", "lat"]
    return pd.DataFrame(rows, columns=columns).assign(name="厂")


def test_value_rises_with_evidence_reasons_confidence_and_nearness():
    cells = warned(
        ["甲市", "A", "highest", 0.9, 114.0, 30.0], ["甲市", "A", "year_on_year", 0.6, 114.0, 30.0],
        ["甲市", "B", "highest", np.nan, 114.3, 30.0],
    )  # fmt: skip
    found = traced(
        ["A", "f1", "steel", "strong", 1.0, 114.01, 30.0], ["A", "f2", "steel", "weak", 1.0, 114.01, 30.01],
        ["A", "f3", "steel", "strong", 5.0, 114.05, 30.0], ["B", "f4", "steel", "strong", 1.0, 114.31, 30.0],
        ["B", "f1", "steel", "strong", 9.0, 114.01, 30.0],
    )  # fmt: skip
    plan = routes(cells, found, Criteria())
    assert list(plan.columns) == COLUMNS and set(plan["scope"]) == {"city", "cell"}
    value = plan[plan["scope"] == "city"].set_index("stop")["value"]
    near = 1 / (1 + 1 / 6)
    expected = {
        "f1": 1.5 + 1.0 * (1 / (1 + 9 / 6)) / near, "f2": 1.5 * 0.3, "f3": 1.5 * (1 / (1 + 5 / 6)) / near, "f4": 1.0,
        "A": 1.5 * 0.5, "B": 0.5,
    }  # fmt: skip
    assert value.to_dict() == pytest.approx(expected)
    shared = plan[(plan["scope"] == "city") & (plan["stop"] == "f1")]
    assert shared["cells"].tolist() == ["A;B"], "an enterprise between two cells is visited once"
    alone = plan[(plan["scope"] == "cell") & (plan["of"] == "B")]
    assert set(alone["stop"]) == {"B", "f4", "f1"} and alone["day"].max() == 1
    weighed = routes(cells, found.assign(prior=[1.0, 1.0, 0.0, 1.0, 1.0]), Criteria())
    assert weighed[weighed["scope"] == "city"].set_index("stop")["value"]["f3"] == 0.0


def test_minutes_by_class_and_what_another_city_answers_for():
    cells = warned(["甲市", "A", "highest", 1.0, 114.0, 30.0])
    found = traced(
        ["A", "f1", "steel", "strong", 1.0, 114.01, 30.0], ["A", "f2", "catering", "weak", 1.0, 114.01, 30.01],
        ["A", "f3", "other", "strong", 8.0, 114.08, 30.0],
    )  # fmt: skip
    stands = pd.DataFrame({"facility": ["f1", "f2", "f3"], "city": ["甲市", "甲市", "乙市"]})
    plan = routes(cells, found, Criteria(), inventory=stands)
    plan = plan[plan["scope"] == "city"].set_index("stop")
    assert plan["minutes"].to_dict() == {"f1": 120.0, "f2": 20.0, "f3": 45.0, "A": 90.0}
    assert plan["left"].to_dict() == {"f1": "", "f2": "", "A": "", "f3": "other city"}
    own = Criteria(visiting={"minutes": {"steel": 10}, "day_hours": 1})
    quick = routes(cells, found, own, inventory=stands).query("scope == 'city'").set_index("stop")
    assert quick.loc["f1", "minutes"] == 10 and own.visiting.minutes["cement"] == MINUTES["cement"]
    with pytest.raises(ValueError, match="steel is -1"):
        Visiting(minutes={"steel": -1})
