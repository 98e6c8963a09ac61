"""
The four real studies: a month of each, with figures that were measured and could fail.

Each month is derived once; only the smallest is published whole, the others stay in memory. What stands here is
the consequence in the list; the agreement of satellite and stations over the year, and the valid
days of every station, are held by ``test_monthly`` and ``test_stations_real``.
"""

from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

from hotspot.contracts.records import Derived
from hotspot.publish import manifest
from hotspot.publish.release import publish
from hotspot.study import Study, load_study
from hotspot.variables import DataError
from hotspot.workflows.monthly.check import check_month
from hotspot.workflows.monthly.month import derive, run_month
from hotspot.workflows.monthly.what_if import what_if
from hotspot.workflows.proof.verify import verify_month
from hotspot.workflows.yearly.year import open_hotspots

STUDIES = Path(__file__).resolve().parents[2] / "data" / "studies"


class Seen(NamedTuple):
    study: Study
    hot: pd.DataFrame
    month: Derived


def seen(shared, folder, name, month):
    """A month of a study, derived but not published."""
    study = load_study(STUDIES / f"{name}.toml", data=shared)
    hot = open_hotspots(study, int(month[:4]), out=folder)
    # What selecting the list learned of the weather is kept and used again, as `hotspot month` does.
    return Seen(study, hot, derive(study, month, hot=hot, folder=folder / study.id))


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def wuhan_published(shared, out):
    """(Seen, folder) of the smallest study: published whole, and what the publisher was handed."""
    study = load_study(STUDIES / "wuhan-2020.toml", data=shared)
    with patch("hotspot.workflows.monthly.month.publish", wraps=publish) as handed:
        folder = run_month(study, "2020-02", out=out)
    return Seen(study, open_hotspots(study, 2020, out=out), handed.call_args.args[2]), folder


@pytest.fixture(scope="module")
def wuhan(wuhan_published):
    return wuhan_published[0]


@pytest.fixture(scope="module")
def beijing(shared, out):
    return seen(shared, out, "beijing-2016", "2016-11")


@pytest.fixture(scope="module")
def wuchangshi(shared, out):
    return seen(shared, out, "wuchangshi-2020", "2020-03")


@pytest.fixture(scope="module")
def plain(shared, out):
    return seen(shared, out, "plain-2020", "2020-03")


@pytest.fixture(scope="module")
def plain_december(plain, out):
    """The same study object and folder: its 31,661 cells are cut once, the layers were decoded for March."""
    return Seen(plain.study, plain.hot, derive(plain.study, "2020-12", hot=plain.hot, folder=out / plain.study.id))


def region_mean(field, t):
    """Mean over the region, each cell weighted by its area inside; only valid cells."""
    value = field["pm25"].isel(time=t).where(field["valid"].isel(time=t))
    return float(value.weighted(field["area_share"]).mean())


def city_area(cells):
    """km2 of every city, from the pieces of its counties in the cells."""
    city = cells["unit_city"].values[cells["member_unit"].values]
    return pd.Series(cells["member_area"].values).groupby(city).sum() / 1e6


def one_reason(table, reason):
    """Every ``why`` that a class of ``not_ranked`` gives."""
    return set(table.loc[table["reason"] == reason, "why"])


def assert_sound(real, per_class=3):
    """What holds for every month: rows conserved, nobody lost, the list is of hotspots and in order."""
    counts, month = real.month.delivered.intake.counts, real.month
    assert counts["read"] == counts["used"] + counts["duplicates"] + counts["quarantined"]
    assert counts["quarantined"] == 31, "rows of the plant registers without a position"
    for city, listed in real.hot.groupby("city"):
        for reason in ("highest", "year_on_year", "month_on_month"):
            warned = month.warned[(month.warned["city"] == city) & (month.warned["reason"] == reason)]
            left = month.not_ranked[(month.not_ranked["city"] == city) & (month.not_ranked["reason"] == reason)]
            assert set(warned["cell"]) <= set(listed["cell"]) - set(left["cell"])
            assert len(warned) >= min(per_class, len(listed) - len(left)), f"{city}, {reason}"
            worse = warned["pm25"] if reason == "highest" else warned["change_pct"]
            assert (np.diff(worse.round(1)) <= 0.1).all(), f"{city}, {reason}: the worst comes first"


def assert_same_pixel_is_not_told_apart(real):
    """A warned cell with another hotspot of its city inside one native pixel is never called distinguishable."""
    cells, native = real.study.cells, real.month.field.attrs["native_resolution_m"]
    assert native == 10_000
    place = pd.DataFrame({"x": cells["x"].values, "y": cells["y"].values}, index=cells["cell"].values)
    near = 0
    for row in real.month.warned.itertuples():
        others = place.loc[real.hot.loc[(real.hot["city"] == row.city) & (real.hot["cell"] != row.cell), "cell"]]
        if np.hypot(*(others - place.loc[row.cell]).to_numpy().T).min() < native:
            near += 1
            assert not row.distinguishable
    assert near > 0.9 * len(real.month.warned) > 0


# Wuhan, February 2020


def test_wuhan_shows_the_lockdown(wuhan):
    """The city closed on 23 January: every cell fell, the mean by about 17 of 53 ug/m3."""
    field = wuhan.month.field
    january, february = region_mean(field, 1), region_mean(field, 2)
    assert (january, february) == pytest.approx((52.6, 35.4), abs=1.0)
    assert january - february == pytest.approx(17.2, abs=1.0)
    change = (field["pm25"].isel(time=2) - field["pm25"].isel(time=1)).values
    assert change.size == 1091 and (change < -8).all()
    worst = wuhan.month.warned.query("reason == 'month_on_month'")
    assert (worst["change_pct"] < -30).all() and len(worst) >= 3, "even the worst change is a fall of a third"


def test_wuhan_is_fused_with_its_stations(wuhan):
    """February alone: the satellite was 6 too high, leave-one-out 5.4 instead of 8.2 ug/m3."""
    about = wuhan.month.field.attrs
    assert about["n_stations"] == 22 and about["method"] == "satellite months, corrected by stations"
    assert about["raw_bias"] == pytest.approx(6.1, abs=0.3) and abs(about["loo_bias"]) < 0.6
    assert about["loo_rmse"] < 0.75 * about["raw_rmse"]
    assert "IAQI" in about["station_source"] and "ACAG" in about["source"]


def test_wuhan_list(wuhan):
    assert len(wuhan.hot) == 97 and wuhan.hot["area_km2"].sum() == pytest.approx(856, rel=0.01)
    assert wuhan.hot["level"].isna().all(), "pixels of 10 km have no contrast at 3 km"
    assert wuhan.hot["reason"].str.contains("own resolution of 10 km is coarser than cells of 3 km").all()
    assert set(wuhan.month.warned["reason"]) == {"highest", "month_on_month"}
    assert one_reason(wuhan.month.not_ranked, "year_on_year") == {
        "2019-02: no satellite layer was delivered for 2019-02"
    }
    assert (wuhan.month.traced["n_hours"] > 500).all(), "three-hourly wind, each report for three hours"
    assert_sound(wuhan)
    assert_same_pixel_is_not_told_apart(wuhan)


def test_wuhan_published_and_verified(shared, wuhan_published):
    """Every product of the smallest study, and an outsider who makes it again from the inputs."""
    wuhan, folder = wuhan_published
    names = {path.name for path in folder.iterdir()}
    assert {"warnings.xlsx", "warnings.gpkg", "map.html", "sheets.pdf", "checklists.xlsx", "cells.parquet"} <= names
    listed = pd.read_csv(folder / "warnings.csv")
    assert listed["cell"].tolist() == wuhan.month.warned["cell"].tolist()
    stated = manifest.read_manifest(folder)
    assert stated["conservation"]["read"] == wuhan.month.delivered.intake.counts["read"] == 407_944
    answer = verify_month(folder, data=shared)
    assert answer["verified"], answer["differences"]


# The plain, 28 cities


def test_what_if_asks_the_same_month(wuhan):
    told = what_if(wuhan.study, wuhan.month, warning={"change": "absolute"})
    stays = told[told["what"] == "stays"]
    assert (told["reason"][told["what"] != "stays"] != "highest").all(), "the highest mean is no change"
    assert len(stays) == told.attrs["kept"] > 0 and 0 < told.attrs["jaccard"] <= 1
    assert len(told[told["what"] != "enters"]) == len(wuhan.month.warned)


def test_plain_takes_a_tenth_of_each_city_by_area(plain):
    cells = plain.study.cells
    assert (cells.sizes["cell"], cells.attrs["count_centre"]) == (31_661, 30_565)
    share = plain.hot.groupby("city")["area_km2"].sum() / city_area(cells)
    assert len(share) == 28 and len(plain.hot) == 3113
    assert share.max() <= 0.10 and share.min() > 0.098, "one cell more would pass the tenth"
    assert city_area(cells).sum() == pytest.approx(275_308, rel=1e-4)


def test_plain_march_and_december(plain, plain_december):
    """A clean March after the lockdown; a December that got worse in most of the plain."""
    for real, before, now in ((plain, 60.2, 42.8), (plain_december, 54.1, 65.9)):
        field = real.month.field
        assert [region_mean(field, t) for t in (1, 2)] == pytest.approx([before, now], abs=0.5)
        assert field["valid"].values.sum(axis=0).tolist() == [0, 31_525, 31_525], "136 cells lie in the sea"
        assert set(real.month.warned["city"]) == set(real.hot["city"])
        assert_sound(real)
        assert_same_pixel_is_not_told_apart(real)
    assert set(plain_december.month.warned["cell"]) != set(plain.month.warned["cell"])


def test_plain_has_no_year_on_year_and_says_why(plain, plain_december):
    for real, base in ((plain, "2019-03"), (plain_december, "2019-12")):
        assert "year_on_year" not in set(real.month.warned["reason"])
        left = real.month.not_ranked
        assert one_reason(left, "year_on_year") == {f"{base}: no satellite layer was delivered for {base}"}
        assert set(left["cell"]) == set(real.hot["cell"])


# Beijing, stations only


def test_beijing_november_has_all_three_classes(beijing):
    """November 2015 was worse still (104.9), October 2016 better (81.2)."""
    field, warned = beijing.month.field, beijing.month.warned
    assert set(warned["reason"]) == {"highest", "year_on_year", "month_on_month"}
    assert [region_mean(field, t) for t in range(3)] == pytest.approx([105.0, 81.2, 93.0], abs=1.0)
    assert "大兴区" in set(warned["county"]) <= {"大兴区", "通州区", "房山区"}, "the south, nearest to the plain"
    year = warned.query("reason == 'year_on_year'")["change"]
    before = warned.query("reason == 'month_on_month'")["change"]
    assert (year < 0).all() and (before > 50).all()
    assert warned["n_valid"].between(28, 30).all() and warned["coverage"].isna().all()
    assert field.attrs["n_stations"] == 35 and "satellite" not in field.attrs["method"]
    far = ~field["valid"].values[:, 1]
    assert 0 < far.sum() < 250 and set(field["why"].values[far, 1]) == {"no valid station within 50 km"}
    assert not set(field["cell"].values[far]) & set(beijing.hot["cell"]) and beijing.month.not_ranked.empty
    assert_sound(beijing)


def test_beijing_says_how_little_35_stations_tell(beijing):
    """Rank sets span nearly the whole list: kriging errs by 10.6 ug/m3 at a left-out station."""
    warned = beijing.month.warned
    assert beijing.month.field.attrs["loo_rmse"] == pytest.approx(10.6, abs=0.5)
    assert not warned["distinguishable"].any() and (warned["p_worst"] < 0.1).all()
    assert (warned["rank_high"] - warned["rank_low"] > 100).all()


def test_beijing_december_is_refused(beijing, out):
    """Two zero-byte days leave no station with 27 valid days; a view to date is shown and nothing is ranked."""
    with pytest.raises(DataError, match=r"no station has 27 valid days; best has 25 \(2009 cells\)"):
        run_month(beijing.study, "2016-12", out=out)
    assert not (out / "beijing-2016" / "2016-12").exists()
    answer = check_month(beijing.study, "2016-12", out=out)
    assert len(answer["problems"]) == 1 and "best has 25" in answer["problems"][0] and answer["list"]["ready"]
    assert not answer["ready"] and answer["months"]["2016-12"]["valid"] == 0
    assert sum("zero" in text or "empty" in text or "no bytes" in text for text in answer["cautions"]) == 2
    days = [station["valid_days"] for station in answer["stations"].values()]
    assert len(days) == 35 and (min(days), max(days)) == (21, 25)
    assert not any(station["counts"] for station in answer["stations"].values())
    assert answer["stations"]["大兴"]["pm25_to_date"] == pytest.approx(181.6, abs=0.1)
    assert not {"warnings", "rank", "ranks"} & answer.keys()


def test_beijing_february_2015_counts_with_33_stations(beijing, out):
    answer = check_month(beijing.study, "2015-02", out=out)
    # The month itself is sound; the list of its year rests on 2014, of which no year of days was delivered.
    assert not answer["ready"] and answer["inputs"]["refused"] == 0
    assert answer["problems"] and all("the list of 2015" in text for text in answer["problems"])
    left = {s["name"]: s["valid_days"] for s in answer["stations"].values() if not s["counts"]}
    assert left == {"密云水库": 23, "永乐店": 21}
    assert answer["months"]["2015-02"] == {
        "cells": 2009,
        "valid": 1860,
        "why": {"no valid station within 50 km": 149},
    }, "without 密云水库 59 cells more are too far from a station than in January"
    assert answer["months"]["2015-01"]["valid"] == 1919
    assert any("no file for 20150228" in note["text"] for note in answer["notes"])


# Urumqi, Changji, Shihezi, Wujiaqu


def test_wuchangshi_march(wuchangshi):
    field, hot, warned = wuchangshi.month.field, wuchangshi.hot, wuchangshi.month.warned
    assert hot.groupby("city").size().to_dict() == {
        "乌鲁木齐市": 161, "五家渠市": 10, "昌吉回族自治州": 825, "石河子市": 5
    }  # fmt: skip
    share = hot.groupby("city")["area_km2"].sum() / city_area(wuchangshi.study.cells)
    assert share.max() <= 0.10 and share.min() > 0.09, "五家渠 and 石河子 are few cells, so the step is wide"
    assert [region_mean(field, t) for t in (1, 2)] == pytest.approx([58.0, 26.6], abs=0.5), "the heating season ends"
    assert field["valid"].values.sum(axis=0).tolist() == [0, 9262, 9262]
    why = field["why"].isel(time=2).to_series()[~field["valid"].isel(time=2).values]
    assert len(why) == 986 and field["lat"].values[~field["valid"].isel(time=2).values].min() > 45, "delivered to 45 N"
    assert why.map(lambda text: text == "no value" or text.endswith("covered, at least 50% is needed")).all()
    assert set(warned["city"]) == set(hot["city"]) and set(warned["reason"]) == {"highest", "month_on_month"}
    assert set(wuchangshi.month.traced["word"]) == {"no hourly data"}
    assert_sound(wuchangshi)
    assert_same_pixel_is_not_told_apart(wuchangshi)
