"""The real station deliveries: documented figures, and what two archives say of one station."""

import numpy as np
import pandas as pd
import pytest

from hotspot.sources.intake import Intake
from hotspot.sources.stations.iaqi import index_table
from hotspot.sources.stations.stations import read_stations
from hotspot.study import Stations
from hotspot.variables import DataError

REAL = {"unit": "ug/m3", "time_zone": "+08:00", "hour_label": "end", "datum": "wgs84"}
BEIJING = Stations(
    layout="quotsoft",
    files=["beijing_quotsoft_daily/csv/beijing_all_*.csv"],
    coordinates="beijing_quotsoft_daily/stations_joined_derived.csv",
    **REAL,
)


def valid_days(dataset):
    hours = dataset["pm25"].to_pandas().T
    hours.index = hours.index + pd.Timedelta(hours=8)
    return (hours.notna().groupby(hours.index.floor("D")).sum() >= 20).sum()


def real(delivery, shared, months):
    intake = Intake(shared)
    found = read_stations(delivery, shared, intake, utc_offset=8, months=months)
    intake.check()
    return found, intake


@pytest.mark.parametrize("label", ["end", "start"])
def test_beijing_february_2015_is_the_boundary_case(shared, label):
    found, intake = real(BEIJING.model_copy(update={"hour_label": label}), shared, ["2015-02"])
    days = valid_days(found)
    assert (days == 25).sum() == 33 and days[days < 25].to_dict() == {"密云水库": 23, "永乐店": 21}
    assert any("no file for 20150228" in note for note in intake.notes)


def test_beijing_december_2016_has_no_valid_station(shared):
    found, intake = real(BEIJING, shared, ["2016-12"])
    assert valid_days(found).max() == 25
    refused = sorted(path[-12:-4] for path, record in intake.files.items() if record.refused)
    assert refused == ["20161230", "20161231"]


def test_dongsi_2016_is_equal_in_both_archives(shared):
    months = [f"2016-{m:02d}" for m in (1, 7)]
    daily, _ = real(BEIJING, shared, months)
    prsa = Stations(
        layout="prsa",
        files=["uci_beijing_multisite/PRSA_Data_Dongsi_*.csv"],
        coordinates="beijing_quotsoft_daily/stations_joined_derived.csv",
        units={"co": "ug/m3"},
        **REAL,
    )
    uci, _ = real(prsa, shared, months)
    a, b = daily["pm25"].sel(station="东四").values, uci["pm25"].sel(station="Dongsi").values
    both = np.isfinite(a) & np.isfinite(b)
    assert both.sum() > 1300 and (a[both] == b[both]).all()
    assert float(uci["lon"][0]) == float(daily["lon"].sel(station="东四"))
    assert 0.1 < float(uci["co"].median()) < 5


def test_wuhan_raw_is_an_index_and_inverts_to_the_derived_file(shared):
    derived = Stations(
        layout="wuhan",
        files=["wuhan_hourly_stations/pm25_hourly_2020_2021_ugm3_derived.csv"],
        coordinates="wuhan_hourly_stations/station_lng_lat.csv",
        **REAL,
    )
    raw = derived.model_copy(update={"files": ("wuhan_hourly_stations/pm25_hourly_2020_2021_raw_clip.csv",)})
    expected, intake = real(derived, shared, None)
    assert intake.files[derived.files[0]].used == 17006 and expected.sizes["station"] == 22
    with pytest.raises(DataError, match="1, 4, 7, 11, 14, 17, 21"):
        real(raw, shared, ["2020-02"])
    found, _ = real(raw.model_copy(update={"quantity": "iaqi-2012"}), shared, None)
    assert found["pm25"].equals(expected["pm25"]) and found["station"].equals(expected["station"])
    assert float(expected["pm25"].sel(time=slice("2020-01-01", "2020-12-30")).mean()) == pytest.approx(35.9, abs=0.2)


def test_the_national_hour(shared):
    delivery = Stations(layout="cnemc", files=["cnemc_national_snapshot/*.geojson"], units={"co": "mg/m3"}, **REAL)
    found, intake = real(delivery, shared, ["2018-02"])
    assert intake.counts["read"] == 1495 and found.sizes["station"] == 1495
    values = found["pm25"].values[np.isfinite(found["pm25"].values)]
    assert len(values) == 1495 - 22 and np.median(values) == 44 and values.max() == 346


def test_deliveries_that_lack_something_are_asked_for_it(shared):
    delivery = Stations(layout="long", files=["cumcm2019d_micro_vs_reference/collocated_hourly_aligned.csv"], **REAL)
    with pytest.raises(DataError, match="the files hold no positions; add coordinates"):
        real(delivery, shared, None)
    epa = Stations(layout="long", files=["epa_collocated_sensors/airnowtech_example_reference_data.csv"], **REAL)
    with pytest.raises(DataError, match=r"'Date \(UTC\)' and 'Date \(LST\)' both mean date"):
        real(epa, shared, None)


def test_index_is_the_published_one(shared):
    table = pd.read_csv(shared.parent / "vectors" / "iaqi.csv", dtype=str)
    table = table[(table["pollutant"] == "PM25") & table["conc"].str.fullmatch(r"\d{1,3}")]
    concentration = table["conc"].astype(int).to_numpy()
    below = concentration <= 500
    for version in ("2012", "2026"):
        expected = table[f"iaqi_hj633_{version}"].astype(int).to_numpy()
        assert index_table(version)[concentration[below].astype(int)].tolist() == expected[below].tolist()
