"""Rules as data and as arithmetic: published vectors, boundary cases, the vocabulary."""

import csv
import itertools
import math
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspot.rules import calendar, classes, index, ranking, rounding, standards, validity
from hotspot.rules.criteria import Validity


@pytest.fixture(scope="session")
def vectors(shared):
    """Reader of the published rows, which lie beside the data folder."""
    folder = Path(shared).parent / "vectors"
    if not folder.is_dir():
        pytest.skip(f"published vectors are not at {folder}")

    def read(name):
        with open(folder / f"{name}.csv", encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    return read


# --- rounding: STANDARDS 3 -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [("12.1498", 0, 12), ("12.1498", 1, 12.1), ("10.5002", 0, 11), ("1.050", 1, 1.0), ("0.35", 1, 0.4),
     ("2500", -3, 2000), ("3500", -3, 4000), ("-0.0365", 3, -0.036), ("28.175", 2, 28.18), ("28.165", 2, 28.16),
     ("28.2645", 1, 28.3), ("28.350", 1, 28.4), ("28.250", 1, 28.2), ("28.050", 1, 28.0), ("28.2501", 1, 28.3),
     ("0.225", 2, 0.22)],
)  # fmt: skip
def test_gbt_8170_examples_as_text_as_float_and_in_an_array(value, decimals, expected):
    assert rounding.round_half_even(value, decimals) == expected
    assert rounding.round_half_even(float(value), decimals) == expected
    assert rounding.round_half_even(np.array([float(value), math.nan]), decimals)[0] == expected


@given(st.floats(-1e6, 1e6), st.integers(-2, 4))
def test_array_rounding_is_decimal_rounding(value, decimals):
    slow = float(Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), "ROUND_HALF_EVEN"))
    assert rounding.round_half_even(np.array([value]), decimals)[0] == slow


@given(st.integers(-(10**6), 10**6), st.integers(1, 3))
def test_array_rounding_of_exact_halves(number, decimals):
    text = f"{number}.{'0' * (decimals - 1)}5" if decimals > 1 else f"{number}.5"
    places = decimals - 1
    slow = float(Decimal(text).quantize(Decimal(1).scaleb(-places), "ROUND_HALF_EVEN"))
    assert rounding.round_half_even(np.array([float(text)]), places)[0] == slow


def test_printed_numbers_carry_no_sign_on_zero():
    assert rounding.plain_text(-0.04, 1) == "0.0"
    assert rounding.plain_text(-0.06, 1) == "-0.1"
    assert rounding.plain_text(None, 1) == ""


# --- HJ 633 ----------------------------------------------------------------------------------

_ITEMS = {"PM25": "pm25_24h", "PM10": "pm10_24h"}


@pytest.mark.parametrize("version", index.VERSIONS)
def test_published_iaqi_vectors(vectors, version):
    rows = vectors("iaqi")
    assert len(rows) > 40
    for row in rows:
        item = _ITEMS.get(row["pollutant"], row["pollutant"].lower())
        expected = row[f"iaqi_hj633_{version}"]
        assert index.iaqi(row["conc"], item, version) == (int(expected) if expected else None), row


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [(0, 0, 0), (35, 50, 50), (36, 52, 52), (50, 69, 80), (60, 82, 100), (61, 83, 101), (75, 100, 114),
     (76, 102, 115), (115, 150, 150), (150, 200, 200), (251, 301, 301), (999, 500, 500), (35.5, 52, 52),
     (60.5, 82, 100), (75.5, 102, 115)],
)  # fmt: skip
def test_iaqi_of_pm25(value, old, new):
    assert (index.iaqi(value, "pm25_24h", "2012"), index.iaqi(value, "pm25_24h", "2026")) == (old, new)


def test_iaqi_where_a_column_ends():
    assert index.iaqi(801, "so2_1h", "2012") is None and index.iaqi(801, "so2_1h", "2026") == 200
    assert index.iaqi(475, "so2_1h", "2026") < 100  # the day's column would give 150
    assert index.iaqi(float("nan"), "pm25_24h", "2026") is None
    with pytest.raises(ValueError, match="below zero"):
        index.iaqi(-3, "pm25_24h", "2026")
    with pytest.raises(ValueError, match="2012, 2026"):
        index.iaqi(3, "pm25_24h", "2020")


@given(st.integers(0, 700), st.integers(0, 700), st.sampled_from(["pm25_24h", "pm10_24h", "no2_24h"]))
def test_iaqi_never_falls_and_2026_is_never_milder(one, other, item):
    low, high = sorted((one, other))
    for version in index.VERSIONS:
        assert index.iaqi(low, item, version) <= index.iaqi(high, item, version)
    assert index.iaqi(low, item, "2026") >= index.iaqi(low, item, "2012")


def test_aqi_of_a_day_with_a_missing_pollutant():
    day = {"so2": 10, "no2": 30, "co": 0.8, "o3": 90, "pm10": 120}
    assert index.aqi(day, "2026")["aqi"] is None  # 100 is not above 100: concentrations and IAQIs only
    assert index.aqi(day, "2026")["iaqi"]["pm10"] == 100
    heavy = index.aqi(day | {"pm10": 260}, "2026")
    assert heavy["aqi"] == 155 and heavy["zh"] == "中度污染" and heavy["missing"] == ("pm25",)
    with pytest.raises(ValueError, match="begins at 1"):
        index.aqi(dict.fromkeys(("so2", "no2", "co", "o3", "pm10", "pm25"), 0), "2026")
    with pytest.raises(ValueError, match="pm1 is none"):
        index.aqi({"pm1": 3}, "2026")


def test_aqi_names_every_primary_pollutant_and_none_on_a_clean_day():
    day = {"so2": 1, "no2": 1, "co": 0.1, "o3": 1, "pm10": 50, "pm25": 35}
    assert index.aqi(day, "2026")["primary"] == () and index.aqi(day, "2026")["level"] == 1
    assert index.aqi(day | {"pm10": 120, "pm25": 60}, "2026")["primary"] == ("pm10", "pm25")


# --- composite index, percentiles, rates, ranks ------------------------------------------------


def test_b18_published_composite_indices(vectors):
    rows = vectors("composite")
    assert len(rows) >= 13
    names = {"so2": "SO2", "no2": "NO2", "pm10": "PM10", "pm25": "PM25", "co": "CO95", "o3": "O3_8h90"}
    for row in rows:
        given_values = {ours: row[theirs] for ours, theirs in names.items()}
        assert index.composite_index(given_values) == Decimal(row["published"]), row
        for convention in index.CONVENTIONS:
            assert abs(
                index.composite_index(given_values, convention=convention) - Decimal(row["published"])
            ) < Decimal("0.03")


def test_composite_conventions_differ_as_seen():
    explained = {"pm25": 21, "pm10": 39, "so2": 9, "no2": 15, "o3": 192, "co": 0.7}
    assert index.composite_index(explained, convention="unrounded") == Decimal("3.06")
    assert index.composite_index(explained) == Decimal("3.07")
    assert index.composite_index(explained, convention="three_decimals").as_tuple().exponent == -3
    with pytest.raises(ValueError, match="needs"):
        index.composite_index({"pm25": 1})
    with pytest.raises(ValueError, match="convention"):
        index.composite_index(explained, convention="half_up")


def test_published_percentiles(vectors):
    for row in vectors("percentile"):
        first, last = map(int, row["values"].split(".."))
        assert index.percentile(range(first, last + 1), float(row["p"])) == pytest.approx(
            float(row["result"]), abs=1e-9
        )


def test_published_rates_of_change(vectors):
    rows = vectors("rates")
    assert len(rows) >= 19
    for row in rows:
        decimals = max(len(row[name].partition(".")[2]) for name in ("current", "previous"))
        places = len(row["published_rate_pct"].partition(".")[2])
        rate = ranking.change(float(row["current"]), float(row["previous"]), decimals)[1]
        assert rounding.round_half_even(float(rate), places) == float(row["published_rate_pct"]), row


def test_the_base_is_rounded_again_from_its_full_value():
    """April 2024 printed 28, April 2025 28.1 and -0.4 %: from last year's print the sign would flip."""
    difference, rate = ranking.change(28.1, 28.2049, 1)
    assert float(difference) == -0.1 and rounding.round_half_even(float(rate), 1) == -0.4
    assert ranking.change(28.1, 28.0, 1)[1] > 0


def test_published_ranks_with_ties(vectors):
    rows = vectors("ranks")
    for name in dict.fromkeys(row["set"] for row in rows):
        own = [row for row in rows if row["set"] == name]
        # The bulletins rank the cleanest first.
        values = [-float(row["value"]) for row in own]
        how = own[0]["convention"].split()[0]
        assert ranking.ranks(values, how=how).tolist() == [int(row["published_rank"]) for row in own], name


@given(st.lists(st.integers(0, 8), min_size=1, max_size=20), st.data())
def test_raising_a_value_never_lowers_its_rank(values, data):
    place = data.draw(st.integers(0, len(values) - 1))
    raised = values.copy()
    raised[place] += data.draw(st.integers(0, 5))
    for how in ranking.RANKINGS[:1]:
        assert ranking.ranks(raised, how=how)[place] <= ranking.ranks(values, how=how)[place]


@given(st.lists(st.floats(1, 300), min_size=1, max_size=15), st.floats(0.5, 2))
def test_ranks_do_not_depend_on_order_and_missing_values_take_none(values, scale):
    forward = ranking.ranks([*values, math.nan])
    assert forward[-1] == -1
    assert forward[:-1].tolist() == ranking.ranks(values[::-1]).tolist()[::-1]
    assert forward[:-1].tolist() == ranking.ranks(np.array(values)).tolist()


def test_ranks_refuses_an_unknown_convention():
    with pytest.raises(ValueError, match="competition, dense"):
        ranking.ranks([1.0], how="ordinal")


def test_change_below_half_a_tick_of_base_has_no_rate():
    difference, rate = ranking.change([0.4, 5.0], [0.0, 0.04], 1)
    assert difference.tolist() == [0.4, 5.0] and np.isnan(rate).all()


# --- standards by date, validity, calendar -----------------------------------------------------


def test_the_standard_is_chosen_by_the_date_of_the_data():
    assert standards.standard_on("2026-02-28").limit("pm25", "year") == 35
    assert standards.standard_on("2026-03-01").limit("pm25", "year") == 30
    assert standards.standard_on("2031-01-01").limit("pm25", "day") == 50
    assert standards.standard_of_month("2020-02").aqi == "2012"
    assert standards.STANDARDS["2026-final"].limit("pm25", "year", grade=1) == 10
    with pytest.raises(ValueError, match="sets no"):
        standards.standard_on("2020-01-01").limit("pm25", "hour")


def test_versions_cover_every_day_once():
    ordered = list(standards.STANDARDS.values())
    for one, other in itertools.pairwise(ordered):
        assert np.datetime64(one.last) + 1 == np.datetime64(other.first)


def test_limits_agree_with_the_index_at_100(vectors):
    for key, version in (("2012+2018", "2012"), ("2026-transition", "2026")):
        for name in ("pm25", "pm10"):
            assert index.iaqi(standards.STANDARDS[key].limit(name, "day"), f"{name}_24h", version) == 100


def test_boundary_cases_of_validity():
    rule = Validity()
    assert validity.day_is_valid([19, 20], rule).tolist() == [False, True]
    for month, needed in (("2016-12", 27), ("2016-02", 25), ("2015-02", 25), ("2016-04", 27)):
        assert validity.month_is_valid([needed - 1, needed], month, rule).tolist() == [False, True]
    thirty = np.array([30, 28] + [30] * 10)
    assert validity.year_is_valid(thirty, rule)
    assert not validity.year_is_valid(np.where(np.arange(12) == 3, 26, thirty), rule)  # one month of 26 days
    short = np.array([27, 25, *[27] * 9, 28])
    assert short.sum() == 323 and not validity.year_is_valid(short, rule)
    assert validity.year_is_valid(short + np.eye(12, dtype=int)[11], rule)
    with pytest.raises(ValueError, match="twelve"):
        validity.year_is_valid([30] * 11, rule)


def test_calendar_at_the_turn_of_the_year_and_of_the_day():
    assert calendar.month_minus("2020-01", 1) == "2019-12" and calendar.month_minus("2020-02", 12) == "2019-02"
    start, end = calendar.local_bounds("2019-12", 8)
    assert (str(start)[:13], str(end)[:13]) == ("2019-11-30T16", "2019-12-31T16")
    assert calendar.local_bounds("2020-01", 8)[0] == end
    assert calendar.year_months(2019) == [f"2019-{m:02d}" for m in range(1, 13)]
    for wrong in ("2020-00", "2020-1", "202002", "", None, "2020-02-01"):
        with pytest.raises(ValueError, match="is no month"):
            calendar.parse_month(wrong)


# --- the vocabulary ----------------------------------------------------------------------------


def test_b10_every_inventory_class_is_there():
    named = ("其他工业企业", "餐饮服务单位", "汽车修理", "建筑", "物料堆场", "畜禽养殖场")
    texts = [c.zh for c in classes.source_classes().values()]
    assert all(any(name in text for text in texts) for name in named)


def test_b11_every_class_has_items_of_both_grades_in_both_languages():
    codes = set()
    for kind in classes.source_classes().values():
        assert 3 <= len(kind.items) <= 6, kind.key
        assert {item.grade for item in kind.items} == set(classes.GRADES), kind.key
        for item in kind.items:
            assert item.zh and item.en and item.en.isascii() and not item.zh.isascii()
            codes.add(item.code)
    assert len(codes) == sum(len(c.items) for c in classes.source_classes().values())


def test_c10_unregistered_area_sources_have_classes():
    assert {"bare_soil", "waste_dump"} <= {c.key for c in classes.area_classes()}


def test_d24_problem_types_of_the_inspection():
    texts = {p["zh"] for p in classes.problem_types().values() if p["clause"] == "D24"}
    assert {"无组织粉尘", "露天矿山", "工地扬尘", "物料堆场", "其他"} <= texts


def test_b13_routing_of_a_cell_that_straddles():
    own = classes.route("quarry", [("沧州市", "沧县")])
    assert own["mode"] == "own" and own["department"] == "自然资源部门"
    assert classes.route("quarry", [("沧州市", "沧县"), ("沧州市", "青县")])["mode"] == "joint"
    cross = classes.route("quarry", [("沧州市", "青县"), ("天津市", "静海区"), ("沧州市", "青县")])
    assert cross["mode"] == "cross_region" and cross["others"] == (("天津市", "静海区"),)
    with pytest.raises(ValueError, match="empty"):
        classes.route("quarry", [])
    with pytest.raises(ValueError, match="is not known"):
        classes.route("volcano", [("a", "b")])


@pytest.mark.parametrize(
    ("word", "key"),
    [("水泥企业", "cement"), ("ＣＯＡＬ", "power"), ("steel", "steel"), ("某某混凝土有限公司", "concrete"),
     ("建筑工地", "construction"), ("storage_yard", "storage_yard"), ("gasoline blending", None), ("", None),
     # industries as GB/T 4754 names them
     ("火力发电", "power"), ("垃圾焚烧发电", "power"), ("热力生产和供应", "boiler"), ("风力发电", "other"),
     ("黑色金属冶炼和压延加工业", "steel"), ("钢压延加工", "steel"), ("有色金属冶炼和压延加工业", "foundry"),
     ("炼焦", "coking"), ("石灰和石膏制造", "building_materials"), ("石灰石石膏开采", "quarry"),
     ("粘土及其他土砂石开采", "quarry"), ("原油加工及石油制品制造", "chemical"), ("涂料制造", "chemical"),
     ("木质家具制造", "coating"), ("机制纸及纸板制造", "other_industry"), ("电力工程施工工地", "construction")],
)  # fmt: skip
def test_foreign_words_find_their_class(word, key):
    assert classes.find_class(word) == key


def test_every_clause_of_the_vocabulary_is_an_id():
    for kind in classes.source_classes().values():
        assert re.fullmatch(r"[A-E]\d+( [A-E]\d+)*", kind.clause), kind.key
