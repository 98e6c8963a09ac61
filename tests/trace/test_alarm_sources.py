"""The sources of an alarm's hours: the plant that burst is among the first three, and a wrong wind loses it."""

import numpy as np
import pandas as pd
from alarm_world import CRS, among_three, burst

from hotspot.rules.criteria import Criteria
from hotspot.trace.visits.alarm_sources import sources_of_hours


def test_the_plant_that_burst_is_among_the_first_three_and_a_turned_wind_loses_it():
    ours, nearest, n = among_three(range(200, 280))
    assert n >= 20 and ours >= 0.8 and ours > nearest
    wrong, _, _ = among_three(range(200, 280), turn=180.0)
    assert wrong < 0.3


def test_without_wind_size_and_distance_make_the_order_and_it_is_said():
    case = burst(next(seed for seed in range(300, 340) if burst(seed) is not None))
    case = {key: value for key, value in case.items() if key not in ("truth", "nearest")}
    case["wind"] = np.full_like(case["wind"], np.nan)
    table = sources_of_hours(**case, crs=CRS, spacing=500.0, criteria=Criteria())
    assert not table.attrs["informed"] and len(table) and (table["told"] == 0).all()
    assert table["order"].tolist() == list(range(1, len(table) + 1)) and table["share"].is_monotonic_decreasing


def test_order_of_rows_and_stations_changes_nothing():
    case = burst(next(seed for seed in range(300, 340) if burst(seed) is not None))
    case = {key: value for key, value in case.items() if key not in ("truth", "nearest")}
    one = sources_of_hours(**case, crs=CRS, spacing=500.0, criteria=Criteria())
    other = case | {"facilities": case["facilities"].iloc[::-1]}
    pd.testing.assert_frame_equal(one, sources_of_hours(**other, crs=CRS, spacing=500.0, criteria=Criteria()))
