"""Gases in ppb and ppm: converted at the state of the standard, never taken for ug/m3, else refused."""

import pytest

from hotspot.rules.jurisdictions import load_profile
from hotspot.sources.intake import Intake
from hotspot.sources.stations.stations import read_stations
from hotspot.study import Stations
from hotspot.variables import DataError, to_unit


@pytest.fixture
def ozone(tmp_path):
    def read(day, head, **declared):
        rows = [f"{day} {hour:02d}:00,A,116.397,39.909,50" for hour in range(24)]
        (tmp_path / "a.csv").write_text("\n".join([f"time,station,lon,lat,{head}", *rows, ""]), encoding="utf-8")
        means = {"layout": "long", "files": ["a.csv"], "time_zone": "+08:00", "hour_label": "start", "datum": "wgs84"}
        return (
            read_stations(Stations(**means, **declared), tmp_path, Intake(tmp_path), utc_offset=8, months=[day[:7]])[
                "o3"
            ]
            .max()
            .item()
        )

    return read


def test_one_number_for_the_reader_and_the_gate():
    for name in ("o3", "no2"):
        assert to_unit(1.0, "ppb", name) == pytest.approx(
            load_profile(f"mee-2018-{name}")["plausible"]["ppb"], abs=5e-4
        )
    assert to_unit(1.0, "ppm", "co") == pytest.approx(1.145, abs=5e-4)
    with pytest.raises(DataError, match=r"unit 'ppb' is not known; .*\(for example kg m-3, kg/m3, ug m-3, ug/m3\)"):
        to_unit(1.0, "ppb", "pm25")


def test_a_header_or_a_study_says_ppb(ozone):
    assert ozone("2025-06-01", "O3 (ppb)") == pytest.approx(98.1, abs=0.05)
    assert ozone("2025-06-01", "O3", unit="ppb") == pytest.approx(98.1, abs=0.05)
    assert ozone("2025-06-01", "O3", unit="ug/m³") == 50
    with pytest.raises(DataError, match="the header gives o3 in 'ppb', the study declares 'ug/m3'; correct one"):
        ozone("2025-06-01", "O3 (ppb)", unit="ug/m3")


def test_a_share_of_the_old_state_is_refused_from_its_last_hour(ozone):
    assert ozone("2018-09-01", "O3 (ppb)") == pytest.approx(98.1, abs=0.05)
    with pytest.raises(DataError, match=r"^a\.csv: o3 in ppb, with hours before 2018-09-01, when gases were referred"):
        ozone("2018-08-31", "O3 (ppb)")
