"""Coordinate files: places in degrees, minutes and seconds, and a list in which no place can be used."""

import numpy as np
import openpyxl
import pytest

from hotspot.sources.intake import Intake
from hotspot.sources.places.positions import check_degrees, read_positions, to_degrees
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


def test_degrees_minutes_and_seconds_in_columns_of_their_own(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["编号", "经度", None, None, "纬度", None],  # 度, 分, 秒 below it, as the forms of a census have it
        [None, "度", "分", "秒", "度", "分"],
        ["A", 116, 23, 49.2, 39, 54.54],
        ["B", 116, None, None, 39, 54.54],
        ["C", 116, 73, None, 39, 54.54],
        ["D", None, None, None, 39, 54.54],
    ):
        book.active.append(row)
    book.save(tmp_path / "two.xlsx")
    (tmp_path / "one.csv").write_text("编号,经度(度),经度(分),经度(秒),纬度(度),纬度(分)\nA,116,23,49.2,39,54.54\n")
    for name, rules in (("two.xlsx", ["longitude is no number of degrees", "no position"]), ("one.csv", [])):
        intake = Intake(tmp_path)
        found = read_positions(tmp_path / name, intake, datum="wgs84")
        places = dict(zip(found.keys["编号"], zip(found.lon.round(6), found.lat.round(6), strict=True), strict=True))
        assert places["A"] == (116.397, 39.909)
        assert [q.rule for q in intake.quarantine] == rules
        intake.check()


def test_whole_degrees_say_that_minutes_stand_elsewhere():
    whole = np.full(9, 116.0), np.r_[np.full(8, 39.0), 40.0]
    with pytest.raises(DataError, match=r"^a\.csv: all 9 positions are whole degrees \(100 km\), so their minutes"):
        check_degrees(*whole, "a.csv")
    check_degrees(whole[0], whole[1] + 0.25, "a.csv")


def test_a_list_without_any_place_says_why(placed):
    with pytest.raises(DataError, match=r"^p\.csv: no place of it can be used: 2 set aside, longitude is no number"):
        placed("A,116°73′,39.9", "B,hier,39.8")


@pytest.mark.parametrize("text", ["104°60′", "104°10′60″", "104°45′12″W", "-104°5′", "104 45 12", "1045°3′"])
def test_what_could_be_read_in_two_ways_is_not(text):
    values, unreadable = to_degrees([text])
    assert unreadable.all() and not (values == values).any()
