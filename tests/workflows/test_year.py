"""The year's list end to end on the small synthetic study: both criteria, review, formal, the year after."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from hotspot.deliveries.run import Deliveries
from hotspot.rank.select.hotlist import read_hotspots, write_hotspots
from hotspot.study import load_study
from hotspot.variables import DataError
from hotspot.workflows.yearly.level import annual_level, weather_free
from hotspot.workflows.yearly.year import derive_year, open_hotspots, select_year
from hotspot.workflows.yearly.year_levels import level_of_record


@pytest.fixture(scope="module")
def study(small_copy, tmp_path_factory):
    path = small_copy(tmp_path_factory.mktemp("study"))
    return load_study(path, data=path.parent)


@pytest.fixture(scope="module")
def learned(small_published, study, decoded_before, tmp_path_factory):
    """(folder, level): what the files hold was read before; the level is learned, for half a file of it is none."""
    folder = tmp_path_factory.mktemp("out")
    decoded_before(folder / study.id, levels=False)
    whole = (small_published.home / "level-2025.parquet").read_bytes()
    (folder / study.id / "level-2025.parquet").write_bytes(whole[: len(whole) // 2])
    return folder, annual_level(study, 2025, folder=folder / study.id)


@pytest.fixture(scope="module")
def out(study, learned):
    select_year(study, 2025, out=learned[0])
    return learned[0]


@pytest.fixture
def own(out, tmp_path):
    """A folder of its own for a test that changes the list."""
    return shutil.copytree(out, tmp_path / "out")


def test_d3_d4_the_list_holds_both_criteria(study, out):
    hot = open_hotspots(study, 2025, out=out)
    assert np.isfinite(hot["level"]).all() and hot["reason"].str.contains("取较后者").all()
    level = annual_level(study, 2025, folder=out / study.id)
    assert level.attrs["why"] == "" and level.attrs["year"] == 2024
    np.testing.assert_allclose(hot["level"], level["level"].sel(cell=hot["cell"].values), atol=5e-4)
    known = np.isfinite(level["level"].values)
    assert level.attrs["by"] == "inversion" and level.attrs["fallback"] == ""
    assert (level["level_low"].values[known] < level["level"].values[known]).all()
    assert hot["reason"].str.contains("静稳排放水平").all()
    # The rivals stand beside it, and the stagnant one is the mean of the year's months, no month of any other year.
    of_year = level["pm25_stagnant"].sel(time="2024").mean("time").values
    np.testing.assert_allclose(level["stagnant"].values[known], of_year[known])
    for name in ("contrast", "richardson_lucy", "box"):
        assert np.isfinite(level[name].values[known]).all()
    months = level["level_without"].sel(time="2024").values[known]
    assert np.isfinite(months).all() and np.isnan(level["level_without"].sel(time="2023").values).all()
    split = (level["local_mean"] + level["background_mean"]).values  # the law to 1e-9: tests/estimate/test_inversion.py
    np.testing.assert_allclose(split[known], level_mean(study)[known], rtol=0.05)


def level_mean(study):
    """Mean of the days of 2024, cell by cell."""
    from hotspot.deliveries.opening import open_months
    from hotspot.estimate.field.monthly import daily_field
    from hotspot.rules.calendar import year_months

    names = year_months("2024")
    return daily_field(open_months(study, names), study.cells, names)[1]["pm25"].mean("day").values


def test_the_criteria_name_the_level(study, out):
    """Whichever level is chosen, the kept record is the same and the others stay beside it."""
    record = annual_level(study, 2025, folder=out / study.id)
    for by in ("inversion", "stagnant", "contrast", "richardson_lucy"):
        level = level_of_record(record, study.with_criteria(selection={"level": by}), 2024)
        assert level.attrs["by"] == by
        np.testing.assert_array_equal(level["level"].values, level[by].values)
        np.testing.assert_array_equal(level["inversion"].values, record["inversion"].values)


def test_a_kept_level_is_the_level(small_published, study, learned, out):
    """It was learned where half a file lay; from what was decoded before, not from the files as the other one."""
    level = annual_level(study, 2025, folder=out / study.id)
    assert learned[1].identical(level) and learned[1] is not level
    for name in ("level-2025.parquet", "hotspots-2025.csv", "hotspots-2025-stability.csv"):
        assert (out / study.id / name).read_bytes() == (small_published.home / name).read_bytes(), name
    inputs = json.loads(level.attrs["inputs"])
    assert any("weather/" in name for name, _ in inputs)


def test_a_month_is_learned_from_nothing_that_came_after_it(study):
    """The months of a level end with the one that is asked for."""
    few = study.criteria.normalisation.model_copy(update={"months": 12})
    short = study.model_copy(update={"criteria": study.criteria.model_copy(update={"normalisation": few})})
    record = weather_free(Deliveries(short), "2024-12")
    assert [str(t)[:7] for t in record["time"].values[[0, -1]]] == ["2024-01", "2024-12"]
    level = annual_level(short, 2025)
    np.testing.assert_array_equal(level["pm25_stagnant"].values, record["pm25_stagnant"].values)


def test_d4_a_product_coarser_than_the_cells_has_no_level(study, decoded_before, tmp_path):
    decoded_before(tmp_path / study.id, levels=False)
    satellite = tuple(one.model_copy(update={"native_resolution_m": 10_000.0}) for one in study.satellite)
    coarse = study.model_copy(update={"satellite": satellite})
    select_year(coarse, 2025, out=tmp_path)
    hot = open_hotspots(coarse, 2025, out=tmp_path)
    assert hot["level"].isna().all() and hot["reason"].str.contains("仅按浓度一项筛选").all()
    assert hot["reason"].str.contains("resolution of 10 km is coarser than cells of 3 km").all()


def test_d4_without_weather_the_list_says_so(study, decoded_before, tmp_path):
    decoded_before(tmp_path / study.id, levels=False)
    bare = study.model_copy(update={"weather": ()})
    select_year(bare, 2025, out=tmp_path)
    hot = open_hotspots(bare, 2025, out=tmp_path)
    level = annual_level(bare, 2025, folder=tmp_path / study.id)
    assert level.attrs["by"] == "contrast" and level.attrs["fallback"] == "no weather was delivered"
    assert hot["level"].notna().all() and hot["reason"].str.contains("局地对比（代静稳水平）").all()
    assert weather_free(Deliveries(bare), "2025-12").attrs["why"] == "no weather was delivered"
    strict = study.criteria.selection.model_copy(update={"second_criterion": "required"})
    strict = bare.model_copy(update={"criteria": study.criteria.model_copy(update={"selection": strict})})
    with pytest.raises(DataError, match="no weather was delivered"):
        derive_year(strict, 2025)


def test_d7_screened_reviewed_formal(study, own):
    folder = own / study.id
    path = folder / "hotspots-2025.csv"
    hot = read_hotspots(path, study.cells)
    with pytest.raises(DataError, match="there is no reviewed list"):
        select_year(study, 2025, out=own, formal=True)
    review = folder / "filled.csv"
    form = pd.read_csv(folder / "hotspots-2025-review.csv", encoding="utf-8-sig", dtype=str)
    assert form["cell"].tolist() == hot["cell"].tolist()
    form = form.assign(decision="keep", reviewer="王芳", reason="实地核实", date="2025-01-10")
    form.loc[0, ["decision", "reason"]] = ["remove", "搬迁"]
    form.iloc[:-1].to_csv(review, index=False)
    with pytest.raises(DataError, match=r"1 of .* cells have no decision yet"):
        select_year(study, 2025, out=own, review=review, formal=True)
    assert read_hotspots(path, study.cells)["status"].unique().tolist() == ["screened"], "nothing was written"
    select_year(study, 2025, out=own, review=review)
    counts = open_hotspots(study, 2025, out=own)["status"].value_counts().to_dict()
    assert counts == {"reviewed": len(hot) - 2, "exited": 1, "screened": 1}
    with pytest.raises(DataError, match="was reviewed; a new selection would undo that"):
        select_year(study, 2025, out=own)
    form.to_csv(review, index=False)
    select_year(study, 2025, out=own, review=review)
    before = path.read_bytes()
    select_year(study, 2025, out=own, review=review)
    assert path.read_bytes() == before, "the same review twice is the same list"
    select_year(study, 2025, out=own, formal=True)
    final = open_hotspots(study, 2025, out=own)
    assert final["status"].value_counts().to_dict() == {"formal": len(hot) - 1, "exited": 1}


def test_d8_a_list_follows_from_the_one_before(study, own):
    """Last year's list with three other cells: one year of months shows no improvement, so they stay."""
    folder = own / study.id
    hot = open_hotspots(study, 2025, out=own)
    fresh = derive_year(study, 2025, folder=folder)
    codes, city = fresh.standing.order, study.cells["city"].values
    others = [i for i in codes[::-1] if city[i] == hot["city"].iloc[0]][:3]
    before = hot.iloc[3:].copy().assign(year=2024, since=2023)
    worst = hot.iloc[:3].copy().assign(year=2024, since=2024)
    for name in ("cell", "city", "lon", "lat"):
        worst[name] = study.cells[name].values[others]
    write_hotspots(folder / "hotspots-2024.csv", pd.concat([before, worst]))
    (folder / "hotspots-2025.csv").unlink()
    select_year(study, 2025, out=own)
    diff = pd.read_csv(folder / "hotspots-2025-diff.csv").set_index("cell")
    lightest = study.cells["cell"].values[others].tolist()
    assert (diff.loc[lightest, "change"] == "kept").all() and diff.loc[lightest, "why"].str.contains("not tested").all()
    old = set(before["cell"]) | set(lightest)
    of = {name: set(group.index) for name, group in diff.groupby("change")}
    assert of["kept"] == old and of["kept"] | of.get("entered", set()) == set(
        open_hotspots(study, 2025, out=own)["cell"]
    )
    since = open_hotspots(study, 2025, out=own).set_index("cell")["since"]
    assert (since[list(before["cell"])] == 2023).all() and (since[lightest] == 2024).all()
    assert (since[list(of.get("entered", set()))] == 2025).all()


def test_what_the_list_hangs_on_is_written_beside_it(study, out):
    told = pd.read_csv(out / study.id / "hotspots-2025-stability.csv")
    hot = open_hotspots(study, 2025, out=out)
    assert set(told.loc[told["listed"] == "yes", "cell"]) == set(hot["cell"])
    variants = pd.read_csv(out / study.id / "hotspots-2025-sensitivity.csv")
    assert variants["kind"].value_counts().to_dict() == {"month": 12, "quota": 2, "error": 1, "level": 4}
    assert variants["jaccard"].between(0, 1).all()
