"""The composite index of a month, falsified days, rankings and windows, against published rows and LOOP 4 and 7."""

import csv
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from hotspot.rank.city.compare import compare_windows, say_counts
from hotspot.rank.city.index import month_index, replace_days
from hotspot.rank.city.ranking import improvement, last_places, rank_units
from hotspot.rules.index import SIX, terms
from hotspot.rules.loop import CityRanking
from hotspot.rules.targets import control_value, monthly_targets

CLEAN = {"so2": 6.0, "no2": 13.0, "pm10": 33.0, "pm25": 22.0, "co": 0.8, "o3": 108.0}


def month_of(values, month="2023-04", unit="a", point="p", **more):
    days = [f"{month}-{n:02d}" for n in range(1, len(values) + 1)]
    return pd.DataFrame({"unit": unit, "point": point, "day": days, **(CLEAN | {"pm25": values} | more)})


FALSE_DAY = {"point": "p", "day": "2023-04-30", "signer": "李某", "reason": "喷淋", "withdrawn_by": ""}


def test_b19_a_falsified_day_takes_the_highest_of_its_month_and_gives_it_back():
    days = month_of([90.0] + [40.0] * 28 + [10.0])
    replaced = replace_days(days, pd.DataFrame([FALSE_DAY]))
    assert round(days["pm25"].mean(), 2) == 40.67 and round(replaced["pm25"].mean(), 2) == 43.33
    assert [month_index(d, "2023-04").iloc[0]["pm25_term"] for d in (days, replaced)] == [1.17, 1.23]
    assert [float(terms(CLEAN | {"pm25": v})["pm25"]) for v in (40.7, 43.3)] == [1.16, 1.24]
    withdrawn = replace_days(days, pd.DataFrame([FALSE_DAY | {"withdrawn_by": "王某"}]))
    assert withdrawn.drop(columns="replaced").equals(days) and not withdrawn["replaced"].any()
    with pytest.raises(ValueError, match="no signer"):
        replace_days(days, pd.DataFrame([FALSE_DAY | {"signer": " "}]))


def test_named_days_do_not_count_for_the_highest():
    days = month_of([500.0] + [40.0] * 29)
    named = pd.DataFrame([FALSE_DAY | {"day": "2023-04-01"}, FALSE_DAY])
    assert replace_days(days, named)["pm25"].tolist() == [40.0] * 30


def test_a_short_month_is_not_ranked_and_says_why():
    row = month_index(month_of([40.0] * 26), "2023-04").iloc[0]
    assert row["index"] != row["index"] and row["why"] == "so2: 26 valid days of 27 needed"


def test_b18_published_rows(shared):
    file = Path(shared).parent / "vectors" / "composite.csv"
    if not file.is_file():
        pytest.skip(f"published vectors are not at {file}")
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    assert len(rows) == 13
    for row in rows:
        six = {"so2": row["SO2"], "no2": row["NO2"], "pm10": row["PM10"], "pm25": row["PM25"]}
        six |= {"co": row["CO95"], "o3": row["O3_8h90"]}
        days = month_of([float(six["pm25"])] * 30, **{name: float(value) for name, value in six.items()})
        assert abs(month_index(days, "2023-04").iloc[0]["index"] - float(row["published"])) < 1e-9, row


def test_improvement_and_ranks():
    assert improvement("2.63", "2.89") == Decimal("9.0")
    now = pd.DataFrame({"unit": list("abcd"), "index": [3.0, 3.0, 4.0, float("nan")]})
    base = pd.DataFrame({"unit": list("abcd"), "index": [3.3, 3.0, 4.0, 5.0]})
    table = rank_units(now, base, CityRanking())
    assert table[["unit", "rank", "rank_improvement", "last"]].values.tolist() == [
        ["a", 1, 1, False], ["b", 1, 2, True], ["c", 3, 2, True], ["d", -1, -1, False],
    ]  # fmt: skip
    assert table["why"].tolist() == ["", "", "", "无本月指数"]
    dense = rank_units(now, base, CityRanking(ties="dense"))
    assert dense["rank"].tolist() == [1, 1, 2, -1]
    exempt = rank_units(now, base, CityRanking(exempt_class2=True), class_two=frozenset("c"))
    assert exempt.set_index("unit").loc["c", "rank_improvement"] == -1 and not exempt.set_index("unit").loc["c", "last"]
    beside = rank_units(now, base, CityRanking(), computed=pd.DataFrame({"unit": ["a", "b"], "index": [3.03, 3.04]}))
    assert beside.set_index("unit")["note"].to_dict() == {
        "a": "",
        "b": "计算3.04，发布3.00",
        "c": "",
        "d": "",
    }
    assert last_places({"A": Decimal(1), "B": None}) == ()


def test_a3_four_fall_and_two_stay():
    then = {"so2": 11.0, "no2": 62.0, "pm10": 174.0, "pm25": 80.0, "co": 2.0, "o3": 60.0}
    now = {"so2": 10.0, "no2": 60.0, "pm10": 122.0, "pm25": 69.0, "co": 2.0, "o3": 60.0}
    days = pd.DataFrame(
        [
            {"unit": "a", "point": "p", "day": f"{y}-11-0{n}", **v}
            for y, v in ((2018, then), (2019, now))
            for n in (1, 2)
        ]
    )
    got = compare_windows(days, "2019-10-16", "2019-12-31")
    assert got.zh == "四降两平" and [row[3] for row in got.rows] == [-9.1, -3.2, -29.9, -13.8, 0.0, 0.0]
    assert say_counts(["down", "up", "up", "flat", "unknown", "flat"]) == "一降两升两平一缺"
    assert compare_windows(days, "2019-10-16", "2019-12-31", flat=5.0).zh == "三降三平"
    with pytest.raises(ValueError, match="before it begins"):
        compare_windows(days, "2019-12-31", "2019-10-16")


def test_b8_targets():
    assert (control_value(45, 52, 20, 31), control_value(36, 57, 200, 365)) == (32.3, 10.5)
    assert control_value(45, 52, 31, 31) is None
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    months = monthly_targets(36.0, [90, 70, 60, 40, 30, 20, 18, 20, 28, 45, 70, 88], lengths)
    assert abs(sum(m * d for m, d in zip(months, lengths, strict=True)) / 365 - 36.0) < 1e-9


def test_order_of_rows_changes_no_byte():
    days = pd.concat([month_of([50.0] * 30), month_of([70.0] * 30, point="q"), month_of([20.0] * 30, unit="b")])
    shuffled = days.sample(frac=1.0, random_state=3)
    assert month_index(days, "2023-04").to_csv() == month_index(shuffled, "2023-04").to_csv()
    assert month_index(days, "2023-04")["pm25"].tolist() == [60.0, 20.0] and set(SIX) <= set(days.columns)
