"""The generic table of point weather: what it reads, and what it asks for."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hotspot.sources.intake import Intake
from hotspot.sources.weather.weather import open_weather
from hotspot.study import Weather
from hotspot.variables import DataError

HEADER = ("观测时间", "站号", "风速(m/s)", "风向", "气温(℃)", "相对湿度(%)", "小时降水量(毫米)", "边界层高度(米)")
ROWS = (
    ("2020-02-01 08:00", "54511", "4", "0", "-3.0", "40", "0", "500"),
    ("2020-02-01 09:00", "54511", "2", "东", "-2.0", "41", "0.2", "600"),
    ("2020-02-01 10:00", "54511", "0", "静风", "-1.0", "—", "0", "700"),
    ("2020-02-01 11:00", "54511", "3", "somewhere", "99", "43", "0", "-999"),
)
AT = {"time_zone": "+08:00", "lon": 116.47, "lat": 39.81}


def told(path, **said):
    intake = Intake(path.parent)
    delivery = Weather(layout="table", files=(path.name,), **(AT | said))
    return open_weather(delivery, path.parent, intake, utc_offset=8.0), intake


def table(folder, rows=ROWS, header=HEADER, name="met.csv"):
    path = Path(folder) / name
    frame = pd.DataFrame(rows, columns=list(header))
    frame.to_excel(path, index=False) if name.endswith("xlsx") else frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["met.csv", "met.xlsx"])
def test_chinese_headers_with_their_units_are_read(tmp_path, name):
    met, intake = told(table(tmp_path, name=name))
    assert str(met["time"].values[0])[:16] == "2020-02-01T00:00"  # 08:00 of Beijing
    assert met["v10"].values[:3] == pytest.approx([-4.0, 0.0, 0.0], abs=1e-9)  # a north wind blows southward
    assert met["u10"].values[:3] == pytest.approx([0.0, -2.0, 0.0], abs=1e-9)
    assert np.isnan(met["u10"].values[3])  # 'somewhere' is no direction
    assert met["t2m"].values.tolist()[:3] == [-3.0, -2.0, -1.0] and np.isnan(met["t2m"].values[3])  # 99 degC
    assert met["blh"].values.tolist()[:3] == [500.0, 600.0, 700.0] and np.isnan(met["blh"].values[3])
    assert {q.column: q.value for q in intake.quarantine} == {"风向": "somewhere", "气温(℃)": "99"}
    assert (met.attrs["kind"], met.attrs["lon"], met.attrs["step_hours"]) == ("point", 116.47, 1)
    intake.check()
    assert intake.counts["read"] == intake.counts["used"] == 4


def test_columns_of_the_study_go_before_the_alias_table(tmp_path):
    header = ("t", "who", "F", "D", "temp", "wind_speed")
    rows = [("2020-02-01 08:00", "A", "7.2", "NNE", "270", "99")]
    path = table(tmp_path, rows, header)
    columns = {"time": "t", "station": "who", "wind_speed": "F", "wind_direction": "D", "t": "temp"}
    met, _ = told(path, columns=columns, units={"wind_speed": "km/h", "t": "K"})
    assert float(np.hypot(met["u10"], met["v10"])[0]) == pytest.approx(2.0)
    assert float(met["t2m"][0]) == pytest.approx(-3.15)


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"time_zone": None}, "declare time_zone"),
        ({"lon": None}, "declare lon and lat"),
        ({"columns": {"时间": "time"}}, "write ours first"),
        ({"columns": {"time": "哪里"}}, "the study maps column '哪里'"),
        ({"station": "54512"}, "there is no station '54512'; it has 54511"),
        ({"units": {"wind_speed": "knots-ish"}}, "knots-ish"),
    ],
)
def test_what_is_not_declared_is_asked_for(tmp_path, change, asks):
    with pytest.raises(DataError, match=asks):
        told(table(tmp_path), **change)


def test_a_unit_neither_in_the_header_nor_declared_is_asked_for(tmp_path):
    header = [name.split("(")[0] for name in HEADER]
    with pytest.raises(DataError, match=r'column 气温: it does not say its unit; declare units = \{ t2m = "degC" \}'):
        told(table(tmp_path, header=header))


def test_of_several_stations_one_must_be_named(tmp_path):
    rows = [*ROWS, ("2020-02-01 08:00", "54399", "9", "南", "5", "50", "0", "100")]
    path = table(tmp_path, rows)
    with pytest.raises(DataError, match=r"2 stations \(54399, 54511\)"):
        told(path)
    met, intake = told(path, station="54399")
    assert met.sizes["time"] == 1 and float(met["v10"][0]) == pytest.approx(9.0)
    assert any("4 rows of other stations" in note for note in intake.notes)


def test_the_place_may_stand_in_the_table(tmp_path):
    path = table(
        tmp_path, [("2020-02-01 08:00", "3", "90", "114.3", "30.6")], ["时间", "风速(m/s)", "风向", "经度", "纬度"]
    )
    met, _ = told(path, lon=None, lat=None)
    assert (met.attrs["lon"], met.attrs["lat"]) == (114.3, 30.6)


def test_faults_of_the_clock(tmp_path):
    path = table(tmp_path, [*ROWS, ROWS[0], ("2020-02-30 01:00", *ROWS[0][1:])])
    _, intake = told(path)
    assert (intake.counts["duplicates"], intake.counts["quarantined"]) == (1, 1)
    with pytest.raises(DataError, match="stands twice with different"):
        told(table(tmp_path, [*ROWS, ("2020-02-01 08:00", "54511", "5", *ROWS[0][3:])]))
    fast = [(f"2020-02-01 08:{minute:02d}", *ROWS[0][1:]) for minute in range(0, 60, 5)]
    with pytest.raises(DataError, match="lies between full hours, as do 11 of 12 rows"):
        told(table(tmp_path, fast))


def test_weather_without_a_value_is_none(tmp_path):
    empty = [(row[0], row[1], *[""] * 6) for row in ROWS]
    with pytest.raises(DataError, match="4 times without a single value"):
        told(table(tmp_path, empty))
