"""The month's 500 m values: means of the hourly field, what they rest on, and that the cell's value is kept."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from fine_truth import truth_at

from hotspot.contracts.list_file import write_list
from hotspot.estimate.field.monthly import monthly_field
from hotspot.estimate.fine.downscale import downscale
from hotspot.estimate.fine.fine_month import _of_month, fine_month
from hotspot.estimate.fine.lasting import lasting
from hotspot.synthetic.study import synthetic_month
from hotspot.text.table import kinds

CODES = ["NP7223C", "NP77280", "NP8128T"]  # two with four stations each, one without any


@pytest.fixture(scope="module")
def month():
    return synthetic_month(size="small")


@pytest.fixture(scope="module")
def field(month):
    return monthly_field(month, month.study.cells)[0]


def _fine(month, field, codes=CODES):
    study = month.study
    return fine_month(month, field, codes, cells=study.cells, criteria=study.criteria)


@pytest.fixture(scope="module")
def fine(month, field):
    return _fine(month, field)


@pytest.fixture(scope="module")
def hours(month, field):
    """The hourly field itself, as the month takes it, for the slow truth."""
    study = month.study
    stations = _of_month(month, study.criteria)
    cells = study.cells.sel(cell=sorted(CODES))
    return downscale(stations, cells, coarse=field[["pm25"]].isel(time=[-1]), criteria=study.criteria)


def test_36_rows_a_cell_in_order(fine):
    assert fine["sub_cell"].tolist() == [f"{code}-{k:02d}" for code in sorted(CODES) for k in range(1, 37)]


def test_values_are_the_cells_spread_by_what_lasts_and_errors_of_cell_and_place(fine, month, hours, field):
    level, unsure = lasting(_of_month(month, month.study.criteria), hours, field[["pm25"]].isel(time=[-1]), "2025-12")
    for at in (0, 17, 50, 107):
        mine = [k for k in range(len(fine)) if fine["cell"][k] == fine["cell"][at]]
        means = [np.nanmean(hours["pm25"].values[k]) for k in mine]
        told = level[at] * (sum(means) / len(mine)) / (sum(level[k] for k in mine) / len(mine))
        assert fine["pm25"][at] == pytest.approx(told, rel=1e-9)
        assert fine["n_hours"][at] == np.isfinite(hours["pm25"].values[at]).sum()
        cell = field.isel(time=-1).sel(cell=fine["cell"][at])
        share = float(cell["pm25_error"] / cell["pm25"]), float(unsure[at])
        assert fine["error"][at] == pytest.approx(fine["pm25"][at] * (share[0] ** 2 + share[1] ** 2) ** 0.5, rel=1e-9)


def test_of_stations_that_state_no_error_values_are_plain_means_of_the_hours(month, field):
    study, cells = month.study, month.study.cells
    stations = _of_month(month, study.criteria).drop_vars("pm25_error")
    with patch("hotspot.estimate.fine.fine_month._of_month", return_value=stations):
        rows = _fine(month, field, ["NP7223C"])
    hours = downscale(
        stations, cells.sel(cell=["NP7223C"]), coarse=field[["pm25"]].isel(time=[-1]), criteria=study.criteria
    )
    for at in (0, 17, 35):
        values = [v for v in hours["pm25"].values[at].tolist() if v == v]
        assert rows["pm25"][at] == pytest.approx(sum(values) / len(values), rel=1e-12)


def test_without_a_stated_error_of_the_cell_hours_are_taken_to_err_together(month, field, hours):
    rows = _fine(month, field.drop_vars("pm25_error"))
    errors = [v for v in hours["pm25_error"].values[17].tolist() if v == v]
    assert rows["error"][17] == pytest.approx(sum(errors) / len(errors), rel=1e-6)


def test_the_sub_cells_average_to_the_published_cell(fine, field):
    now = field["pm25"].isel(time=-1)
    for code, rows in fine.groupby("cell"):
        assert rows["pm25"].mean() == pytest.approx(float(now.sel(cell=code)), abs=1e-9)


def test_support_is_counted_day_by_day(fine, hours):
    """Plain loops: a class is the month's if 27 days have 20 hours of it or better."""
    local = pd.DatetimeIndex(hours["time"].values) + pd.Timedelta(hours=8)
    for at in range(0, 108, 5):
        word = "interpolated"
        for level, name in ((1, "supported"), (2, "measured")):
            days: dict = {}
            for hour, support in zip(local, hours["support"].values[at], strict=True):
                days[hour.date()] = days.get(hour.date(), 0) + (support >= level)
            if sum(n >= 20 for n in days.values()) >= 27:
                word = name
        assert fine["support"][at] == word, fine["sub_cell"][at]


def test_c1_four_stations_leave_most_sub_cells_without_one(fine):
    counts = fine.groupby("cell")["support"].value_counts().unstack(fill_value=0)
    assert (counts["measured"] <= 4).all() and (counts["interpolated"] >= 21).all()
    assert counts.loc["NP8128T"].to_dict() == {"interpolated": 36, "measured": 0, "supported": 0}


def test_values_lie_near_the_truth_and_within_their_error(fine, field):
    """The generator's own air at the sub-cells, which no reader may see."""
    there = truth_at(fine["lon"].to_numpy(), fine["lat"].to_numpy())
    away = np.abs(fine["pm25"] - there)
    assert (away <= 1.96 * fine["error"]).mean() >= 0.9
    alone = np.abs(field["pm25"].isel(time=-1).sel(cell=fine["cell"].to_numpy()).to_numpy() - there)
    for some in (slice(None), fine["support"] == "measured"):
        assert np.sqrt((away[some] ** 2).mean()) <= 0.9 * np.sqrt((alone[some] ** 2).mean())


def test_an_incomplete_month_has_hours_but_no_value(month, field):
    """Five silent days are too many for a month of 27 valid ones."""
    time = month.stations["time"].values
    silent = (time >= np.datetime64("2025-12-09T16")) & (time < np.datetime64("2025-12-14T16"))
    gap = replace(month, stations=month.stations.where(~_along_time(month.stations, silent)))
    rows = _fine(gap, field, ["NP7223C"])
    assert rows["pm25"].isna().all() and rows["error"].isna().all() and set(rows["support"]) == {""}
    assert rows["n_hours"].between(20 * 24, 26 * 24).all()


def test_without_micro_stations_there_is_nothing(month, field):
    assert _fine(replace(month, stations=None), field) is None
    assert _fine(month, field, []) is None
    past = month.stations["time"].values < np.datetime64("2025-11-30T16")
    silent = replace(month, stations=month.stations.where(_along_time(month.stations, past)))
    assert _fine(silent, field) is None
    assert "no 500 m values: no micro-station has an hour in 2025-12 that can be trusted" in silent.intake.notes


def test_order_of_stations_changes_nothing(month, field, fine, tmp_path):
    turned = replace(month, stations=month.stations.isel(station=slice(None, None, -1)))
    again = _fine(turned, field)
    columns = kinds("sub_cells.csv")
    first = write_list(tmp_path / "a.csv", fine, columns, 1).read_bytes()
    assert write_list(tmp_path / "b.csv", again, columns, 1).read_bytes() == first
    assert first.count(b"\n") == 109 and b"NP7223C-01," in first


def _along_time(stations, keep):
    import xarray as xr

    return xr.DataArray(keep, dims="time", coords={"time": stations["time"]})
