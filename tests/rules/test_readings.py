"""What a paper's foot says of a sentence that can be read in two ways: in Chinese, for each of its readings."""

import re

import pytest

from hotspot.rules.criteria import Criteria
from hotspot.rules.readings import footer, readings

PRINTED = ("assessment", "clocks", "index_ladder", "network")
ROWS = [row for row in readings(Criteria()) if row["key"].split(".")[0] in PRINTED]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["key"])
def test_each_reading_has_chinese_words(row):
    assert row["zh"] and set(row["applied_zh"]) >= set(row["readings"])
    said = [row["zh"], *row["applied_zh"].values(), row["words"]]
    assert not re.search("[a-z]{2}|; ", " ".join(said)), said


def test_the_foot_follows_the_criteria():
    pushed = Criteria(clocks={"start": "push"})
    assert [line.split("（")[0] for one in (Criteria(), pushed) for line in footer(one, "clocks")] == [
        "时限起算：签收", "时限起算：推送"
    ]  # fmt: skip
    assert {row["key"] for row in readings(pushed) if row["departs"]} == {"clocks.start"}
