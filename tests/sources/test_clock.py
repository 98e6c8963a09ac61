"""Texts to times: what a run reads for the list, for the level and for the month is parsed once."""

import numpy as np
import pytest

from hotspot.sources import clock
from hotspot.sources.clock import parse_times
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
