"""Long tables as offices write them: clocks beside days, a row for each pollutant, degrees and minutes in the rows."""

import numpy as np
import pytest

from hotspot.sources.intake import Intake
from hotspot.sources.stations.stations import read_stations
from hotspot.study import Stations
from hotspot.variables import DataError

MEANS = {"unit": "ug/m3", "time_zone": "+08:00", "hour_label": "start", "datum": "wgs84"}


@pytest.fixture
def read(tmp_path):
    def do(text, **declared):
        (tmp_path / "a.csv").write_text(text, encoding="utf-8")
        delivery = Stations(**{"layout": "long", "files": ["a.csv"], **MEANS, **declared})
        return read_stations(delivery, tmp_path, Intake(tmp_path), utc_offset=8.0, months=["2025-12"])

    return do


@pytest.mark.parametrize("stamp", ["2025-12-01,07:00:00", "2025/12/1 0:00,7:00", "45992,07:00", "20251201,7:00"])
def test_a_clock_beside_a_column_of_days_is_an_hour(read, stamp):
    hours = read(f"日期,时间,站点,经度,纬度,PM2.5\n{stamp},A,115.123,30.456,35\n")
    assert np.flatnonzero(np.isfinite(hours["pm25"].values[0])).tolist() == [7]


def test_positions_in_the_rows_may_have_minutes(read):
    hours = read("时间,站点,经度,纬度,PM2.5\n2025-12-01 07:00,A,115°07′22.8″,30.456,35\n")
    assert hours["lon"].values == pytest.approx([115.123])


def test_a_row_for_each_pollutant_is_refused_and_said_why(read):
    """The advice was to map 浓度 to pm25, which would have taken PM10 for it where a file has nothing else."""
    head, row = "时间,站点,经度,纬度,污染物,浓度", "2025-12-01 07:00,A,115.123,30.456"
    for said in ({}, {"columns": {"浓度": "pm25"}}):
        with pytest.raises(DataError, match=r"a\.csv: a row for each pollutant \(column 污染物: pm10"):
            read(f"{head}\n{row},PM10,70\n", **said)
    assert read(f"{head}\n{row},PM2.5,35\n", columns={"浓度": "pm25"})["pm25"].values[0, 7] == 35
    assert read(f"{head.replace('浓度', 'PM2.5')}\n{row},臭氧,35\n")["pm25"].values[0, 7] == 35
