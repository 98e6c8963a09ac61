"""The weather-normalised change stands beside the official one, and nowhere in its place."""

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hotspot.publish.weather_words import weather_en, weather_zh
from hotspot.rank.warn.weather_change import weather_change


def field_of(pm25, normal, half):
    """Months M-12, M-1, M of cells; the interval of ln N is +- half."""
    pm25, normal = np.atleast_2d(pm25).astype(float), np.atleast_2d(normal).astype(float)
    return xr.Dataset(
        {
            "pm25": (("cell", "time"), pm25),
            "pm25_normalised": (("cell", "time"), normal),
            "pm25_normalised_low": (("cell", "time"), normal * math.exp(-half)),
            "pm25_normalised_high": (("cell", "time"), normal * math.exp(half)),
        },
        {
            "cell": [f"C{i}" for i in range(len(pm25))],
            "time": np.array(["2024-12", "2025-11", "2025-12"], "datetime64[ns]"),
        },
    )


def rows_of(*pairs):
    return pd.DataFrame(pairs, columns=["cell", "reason"])


def test_official_change_is_weather_and_the_rest():
    """[C(M) - C(base)] = [N(M) - N(base)] + weather, for both bases."""
    rng = np.random.default_rng(3)
    pm25, normal = rng.uniform(20, 90, (5, 3)), rng.uniform(20, 90, (5, 3))
    rows = rows_of(*((f"C{i}", reason) for i in range(5) for reason in ("year_on_year", "month_on_month")))
    told = weather_change(field_of(pm25, normal, 0.1), rows)
    for at, (cell, reason) in rows.iterrows():
        i, base = int(cell[1:]), {"year_on_year": 0, "month_on_month": 1}[reason]
        official = pm25[i, 2] - pm25[i, base]
        assert told["change_normalised"][at] + told["weather"][at] == pytest.approx(official, abs=1e-9)
        expected = 100 * (normal[i, 2] / normal[i, base] - 1)
        assert told["change_normalised_pct"][at] == pytest.approx(expected, abs=1e-9)


def test_interval_of_the_change_joins_both_months():
    told = weather_change(field_of([50, 45, 60], [50, 50, 50], 0.1), rows_of(("C0", "year_on_year"))).iloc[0]
    reach = 0.1 * math.sqrt(2)
    assert told["normalised_low_pct"] == pytest.approx(100 * math.expm1(-reach))
    assert told["normalised_high_pct"] == pytest.approx(100 * math.expm1(reach))


def test_order_of_rows_and_cells_changes_nothing():
    field = field_of([[50, 45, 60], [30, 20, 10]], [[50, 50, 48], [20, 21, 22]], 0.1)
    rows = rows_of(("C1", "highest"), ("C0", "year_on_year"), ("C1", "month_on_month"))
    one = weather_change(field, rows)
    two = weather_change(field.isel(cell=[1, 0]), rows.iloc[::-1])
    pd.testing.assert_frame_equal(one, two.sort_index())


def test_nothing_known_is_said_with_nothing():
    rows = rows_of(("C0", "year_on_year"))
    without = weather_change(field_of([1, 2, 3], [1, 2, 3], 0.1)[["pm25"]], rows)
    assert without.isna().all().all() and without.index.equals(rows.index)
    gap = weather_change(field_of([50, 45, 60], [np.nan, 50, 48], 0.1), rows)
    assert gap.isna().all().all()
    row = gap.iloc[0].to_dict() | {"reason": "year_on_year"}
    assert weather_zh(row, 1) == "" == weather_en(row, 1)


def test_words_never_call_an_uncertain_change_a_change():
    field = field_of([50, 45, 60], [50, 30, 48], 0.05)
    told = weather_change(field, rows_of(("C0", "year_on_year"), ("C0", "month_on_month")))
    unsure, sure = (
        row.to_dict() | {"reason": r}
        for r, (_, row) in zip(("year_on_year", "month_on_month"), told.iterrows(), strict=True)
    )
    assert "与持平不可区分" in weather_zh(unsure, 1) and "cannot be ruled out" in weather_en(unsure, 1)
    assert "不可区分" not in weather_zh(sure, 1) and weather_zh(sure, 1).startswith(
        "扣除气象后环比上升18.0 μg/m³（+60.0%）"
    )
    assert "气象使其下降3.0 μg/m³" in weather_zh(sure, 1) and "the weather lowered it by 3.0" in weather_en(sure, 1)
