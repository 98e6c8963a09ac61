"""How firmly a cell stands: perturbed lists against naive selections, and the year's files end to end."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from list_case import annual_of, level_of, study_of

from hotspot.rank.select.hotspots import select_hotspots
from hotspot.rank.select.stability import CELL_COLUMNS, KINDS, VARIANT_COLUMNS, sensitivity, write_sensitivity


@pytest.fixture
def case():
    """Forty cells of two cities with a mean, its error, a level and twelve months."""
    study = study_of([25, 15], quota_share=0.2)
    n = 40
    study.cells = study.cells.assign_coords(x=("cell", np.arange(n) * 3000.0), y=("cell", np.zeros(n)))
    rng = np.random.default_rng(7)
    pm25, level = rng.uniform(40, 60, n), rng.uniform(10, 30, n)
    annual = annual_of(study, pm25)
    annual["pm25_error"] = ("cell", np.full(n, 2.0))
    levels = level_of(study, level)
    levels["level_low"], levels["level_high"] = ("cell", level * 0.9), ("cell", level / 0.9)
    time = np.arange("2019-01", "2020-01", dtype="datetime64[M]").astype("datetime64[ns]")
    months = pm25[:, None] * rng.lognormal(0, 0.1, (n, 12))
    months *= (pm25 / months.mean(axis=1))[:, None]
    months = xr.DataArray(months, {"cell": study.cells["cell"].values, "time": time}, ("cell", "time"))
    return study, annual, levels, months


def codes(annual, study, level):
    return set(select_hotspots(annual, study, 2020, level=level)["cell"])


def test_every_changed_list_is_a_fresh_selection(case):
    """Quota, months and definitions: each Jaccard is that of two lists selected by the front door."""
    study, annual, level, months = case
    other = level_of(study, level["level"].values[::-1])
    told = sensitivity(annual, study, 2020, level=level, months=months, levels={"reversed": other})
    listed = codes(annual, study, level)
    rows = told.variants.set_index(["kind", "variant"])

    def expect(row, found):
        assert row["jaccard"] == pytest.approx(len(listed & found) / len(listed | found))
        assert (row["kept"], row["entered"], row["left"]) == (
            len(listed & found),
            len(found - listed),
            len(listed - found),
        )

    expect(rows.loc[("stagnation", "reversed")], codes(annual, study, other))
    for sign, share in (("-", 0.19), ("+", 0.21)):
        changed = study_of([25, 15], quota_share=share)
        expect(rows.loc[("quota", f"quota {sign}1%")], codes(annual, changed, level))
    for t, month in enumerate(np.datetime_as_string(months["time"].values, unit="M")):
        left = months.values[:, np.arange(12) != t].mean(axis=1)
        expect(rows.loc[("month", f"without {month}")], codes(annual_of(study, left), study, level))
    assert list(told.variants.columns) == list(VARIANT_COLUMNS) and len(told.variants) == 1 + 2 + 1 + 12


def test_stability_is_the_mean_of_the_kinds_and_marks_the_shaky(case):
    study, annual, level, months = case
    table = sensitivity(annual, study, 2020, level=level, months=months).cells.set_index("cell")
    listed = codes(annual, study, level)
    assert set(table.index[table["listed"]]) == listed
    assert table["stagnation"].isna().all(), "no other definition was tried"
    tried = table[["error", "quota", "month"]]
    np.testing.assert_allclose(table["stability"], tried.mean(axis=1))
    shaky = np.where(table["listed"], tried.min(axis=1) < 0.9, tried.max(axis=1) > 0.1 + 1e-9)
    assert (table["marginal"] == shaky).all() and 0 < shaky.sum() < len(table)


def test_small_errors_change_nothing_and_large_ones_much(case):
    study, annual, _, _ = case
    jaccard = {}
    for share in (1e-9, 0.05, 0.5):
        annual["pm25_error"] = annual["pm25"] * share
        told = sensitivity(annual, study, 2020)
        jaccard[share] = told.variants.set_index("kind")["jaccard"]["error"]
    assert jaccard[1e-9] == 1.0 > jaccard[0.05] > jaccard[0.5]


def test_an_error_that_all_cells_share_changes_no_list(case):
    """One native pixel over the whole study: its error lifts everybody alike."""
    study, annual, _, _ = case
    sure = study.criteria.confidence.model_copy(update={"within_pixel": 0.0})
    study.criteria = study.criteria.model_copy(update={"confidence": sure})
    annual["pm25_error"] = annual["pm25"] * 0.3
    told = sensitivity(annual, study, 2020, native_resolution=1e7)
    assert told.variants.set_index("kind")["jaccard"]["error"] == 1.0


def test_what_a_pixel_hides_of_its_cells_can_change_a_list():
    """Two tenths of a city in pixels of four cells: the better seen, the firmer; the list of fine pixels stands."""
    study = study_of([80], quota_share=0.1)
    study.cells = study.cells.assign_coords(x=("cell", np.arange(80) * 3000.0), y=("cell", np.zeros(80)))
    annual = annual_of(study, np.repeat(np.random.default_rng(3).uniform(40, 60, 20), 4))
    annual["pm25_error"] = annual["pm25"] * 1e-9
    jaccard = []
    for native in (1000.0, 6000.0, 12_000.0):
        told = sensitivity(annual, study, 2020, native_resolution=native)
        jaccard.append(told.variants.set_index("kind")["jaccard"]["error"])
    assert jaccard[0] == 1.0 > jaccard[1] > jaccard[2]


def test_nothing_given_nothing_tried(case):
    study, annual, _, _ = case
    told = sensitivity(annual.drop_vars("pm25_error"), study, 2020)
    assert told.variants["kind"].tolist() == ["quota", "quota"]
    assert told.cells[[k for k in KINDS if k != "quota"]].isna().all().all()


def test_files_are_the_same_bytes(case, tmp_path):
    study, annual, level, months = case
    written = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        told = sensitivity(annual, study, 2020, level=level, months=months)
        written.append([path.read_bytes() for path in write_sensitivity(tmp_path / name, 2020, told)])
    assert written[0] == written[1]
    table = pd.read_csv(tmp_path / "a" / "hotspots-2020-stability.csv")
    assert table.columns.tolist() == list(CELL_COLUMNS) and set(table["marginal"]) == {"yes", "no"}
