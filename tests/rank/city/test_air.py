"""Targets, what is left of them, good days, month to date (B8, A3, E4), with the vectors of LOOP 7."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspot.rank.city.air import aqi_days, good_days, left, months_of, to_date

PAST = [float(value) for value in range(12, 112)]


def test_b8_a_month_at_45_with_20_days_at_52_leaves_32_3():
    one = left(45, [52.0] * 20, 31, past=PAST)
    assert one.control == 32.3 and one.attainable
    assert "余下11天控制在32.3以内" in one.zh


def test_b8_a_year_at_36_with_200_days_at_57_is_not_attainable():
    one = left(36, [57.0] * 200, 365, past=PAST)
    assert (one.control, one.attainable) == (10.5, False) and "要求低于历史" in one.zh


def test_a3_the_gap_from_57_to_36_is_21_and_36_8_per_cent():
    one = left(36, [57.0] * 10, 365, past=PAST)
    assert (one.gap, one.gap_pct) == (-21.0, -36.8) and "需下降21（36.8%）" in one.zh


def test_b8_with_all_days_done_there_is_no_control_value():
    one = left(45, [52.0] * 31, 31, past=PAST)
    assert one.control is None and one.attainable is None and "控制" not in one.zh


@given(st.floats(10, 100), st.lists(st.floats(1, 200), min_size=1, max_size=30))
def test_b8_keeping_to_the_control_value_meets_the_target(target, done):
    one = left(target, done, 31, past=[])
    assert one.control is not None
    mean = (sum(done) + one.control * (31 - len(done))) / 31
    assert mean == pytest.approx(target, abs=0.06)


def test_b8_the_months_given_win_and_the_others_follow_last_year():
    day = pd.date_range("2024-01-01", "2024-12-31").strftime("%Y-%m-%d")
    values = np.where(day.str[5:7].astype(int) > 6, 40.0, 80.0)
    days = pd.DataFrame({"unit": "甲", "day": day, "pm25": values})
    spread = months_of(36, [float("nan")] * 11 + [20.0], days, "甲", "pm25", 2025)
    assert spread[-1] == 20.0 and spread[0] == pytest.approx(2 * spread[6])
    length = [pd.Period(f"2025-{m:02d}").days_in_month for m in range(1, 13)]
    free = months_of(36, [float("nan")] * 12, days, "甲", "pm25", 2025)
    assert np.average(free, weights=length) == pytest.approx(36)
    assert all(np.isnan(months_of(36, [float("nan")] * 12, days, "甲", "pm25", 2024)))


def test_e4_good_days_are_counted_of_valid_days():
    good = {"so2": 5, "no2": 20, "co": 0.5, "o3": 60, "pm10": 40, "pm25": 30}
    rows = [{"unit": "甲", "day": f"2025-12-{n:02d}"} | good for n in range(1, 6)]
    rows[0] |= {"pm25": 160}
    rows[1] |= {"co": np.nan}  # a pollutant is missing and nothing is above 100: no AQI, no valid day
    table = aqi_days(pd.DataFrame(rows), "2012")
    assert good_days(table) == (3, 4)
    alone = aqi_days(pd.DataFrame(rows).assign(o3=np.nan), "2012")
    assert alone["aqi"].notna().sum() == 1 and good_days(alone) == (0, 0), "only bad days would count"
    assert table["primary"].iloc[0] == ("pm25",) and table["zh"].iloc[0] == "重度污染"


def test_c12_month_to_date_stands_against_the_same_days_of_last_year():
    day = ["2024-12-01", "2024-12-02", "2024-12-03", "2025-12-01", "2025-12-02"]
    days = pd.DataFrame({"unit": "甲", "day": day, "pm25": [50.0, 60.0, 500.0, 66.0, 66.0]})
    assert to_date(days, "甲", "2025-12-01", "2025-12-02") == (66.0, 55.0)
    assert np.isnan(to_date(days, "乙", "2025-12-01", "2025-12-02")).all()
