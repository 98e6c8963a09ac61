"""Texts to times: what a run reads for the list, for the level and for the month is parsed once."""

import numpy as np
import pytest

from hotspot.sources import clock
from hotspot.sources.clock import parse_days, parse_times
from hotspot.variables import DataError

HOURS = [f"2020-02-{day:02d} {hour:02d}:00" for day in range(1, 30) for hour in range(24)]


def counted(monkeypatch):
    texts, inner = [], clock._parse
    monkeypatch.setattr(clock, "_parse", lambda some, formats: texts.append(len(some)) or inner(some, formats))
    clock._times_of.cache_clear()
    return texts


def test_the_hours_of_a_month_are_parsed_once_and_are_their_askers_own(monkeypatch):
    parsed = counted(monkeypatch)
    first = parse_times(np.repeat(HOURS, 2))
    first[:] = np.datetime64("1999-01-01")
    again = parse_times(HOURS[::-1])
    assert (again == np.array(HOURS[::-1], "datetime64[m]")).all() and parsed == [len(HOURS)]


def test_a_declared_offset_is_asked_each_time(monkeypatch):
    texts = ["2020-02-01T07:00:00+08:00", "2020-02-01T08:00:00+08:00"]
    for _ in range(2):
        assert parse_times(texts, name="a.csv", declared=8.0).astype(str).tolist() == [text[:16] for text in texts]
        with pytest.raises(DataError, match=r"b\.csv.*declares \+6 h"):
            parse_times(texts, name="b.csv", declared=6.0)


def test_what_is_longer_than_two_months_of_hours_is_not_remembered(monkeypatch):
    parsed = counted(monkeypatch)
    for _ in range(2):
        parse_times(["x" * 50_001, *HOURS[:9]])
    assert len(parsed) == 2 and clock._times_of.cache_info().currsize == 0


@pytest.mark.parametrize("beside", [[], HOURS[:12]])
def test_a_compact_stamp_is_read_by_its_digits_or_not_at_all(beside):
    """2020010110 was 1 January 01:00, 20201211 2 January 01:01 and 202012 2 January: ``strptime`` takes one digit."""
    said = {"2020010110": "2020-01-01T10:00", "202001011005": "2020-01-01T10:05", "20200101 10:00": "2020-01-01T10:00"}
    none = ["20201211", "2020121", "202012", "20200101100"]
    assert parse_times([*said, *none, *beside])[: len(said) + 4].astype(str).tolist() == [*said.values(), *["NaT"] * 4]
    days = parse_days(["20201211", "2020121", "202012", "2020010110", *beside])[:4]
    assert days.astype(str).tolist() == ["2020-12-11", "NaT", "NaT", "NaT"]


@pytest.mark.parametrize("text", [
    "2020-01-31 09:00", "2020/1/31 9:00:00", "2020.01.31 09:00", "2020-01-31 09:00:00.0", "2020-01-31T09:00:00.000Z",
    "2020年1月31日 9时", "2020年01月31日09点00分", "２０２０－０１－３１ ０９：００", "2020-01-31 9", "2020013109",
])  # fmt: skip
def test_one_hour_in_many_spellings(text):
    assert str(parse_times([text])[0]) == str(parse_times([text, *HOURS[:12]])[0]) == "2020-01-31T09:00"


def test_24_hours_are_midnight_in_every_spelling():
    texts = ["2020-01-31 24:00", "2020/1/31 24:00:00", "2020年1月31日24时", "2020-01-31T24:00", "2020.1.31 24"]
    assert set(parse_times(texts).astype(str)) == {"2020-02-01T00:00"}
