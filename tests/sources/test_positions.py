"""Coordinate files: places in degrees, minutes and seconds, and a list in which no place can be used."""

import pytest

from hotspot.sources.intake import Intake
from hotspot.sources.places.positions import read_positions, to_degrees
from hotspot.variables import DataError


@pytest.fixture
def placed(tmp_path):
    def read(*rows):
        (tmp_path / "p.csv").write_text("\n".join(["station,lon,lat", *rows, ""]), encoding="utf-8")
        intake = Intake(tmp_path)
        found = read_positions(tmp_path / "p.csv", intake, datum="wgs84")
        return list(zip(found.lon.round(6), found.lat.round(6), strict=True)), [q.rule for q in intake.quarantine]

    return read


def test_degrees_minutes_and_seconds_are_read_and_what_is_none_is_set_aside(placed):
    places, rules = placed("A,116°23′49.2″E,北纬39度54分32.4秒", "B,116°73′,39.9", "C,116.397,39°54′32.4″S")
    assert places == [(116.397, 39.909)]
    assert rules == ["longitude is no number of degrees", "latitude is no number of degrees"]


def test_a_list_without_any_place_says_why(placed):
    with pytest.raises(DataError, match=r"^p\.csv: no place of it can be used: 2 set aside, longitude is no number"):
        placed("A,116°73′,39.9", "B,hier,39.8")


@pytest.mark.parametrize("text", ["104°60′", "104°10′60″", "104°45′12″W", "-104°5′", "104 45 12", "1045°3′"])
def test_what_could_be_read_in_two_ways_is_not(text):
    values, unreadable = to_degrees([text])
    assert unreadable.all() and not (values == values).any()
