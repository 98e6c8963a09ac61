"""Thirteen months from the deliveries: the published values, kept while nothing changed, never from products."""

import shutil

import numpy as np
import pytest

from hotspot.contracts import VALUES
from hotspot.deliveries.opening import open_month
from hotspot.deliveries.run import Deliveries
from hotspot.estimate.field.monthly import monthly_field
from hotspot.sources.intake import Intake
from hotspot.study import load_study
from hotspot.workflows.monthly.history import history_months, other_months, with_history
from hotspot.workflows.monthly.kept import read_record, write_record


@pytest.fixture(scope="module")
def study(small_copy, tmp_path_factory):
    path = small_copy(tmp_path_factory.mktemp("study"))
    return load_study(path, data=path.parent)


@pytest.fixture(scope="module")
def field(study):
    return monthly_field(open_month(study, "2024-12"))[0]


@pytest.fixture(scope="module")
def history(study, field):
    return with_history(field, study)


def test_the_months_are_thirteen_and_in_order(history):
    names = np.datetime_as_string(history["time"].values, unit="M").tolist()
    assert names == history_months("2024-12")
    assert names[0] == "2023-12" and names[-1] == "2024-12"


def test_each_month_is_the_one_that_was_ranked(study, history):
    """The value of 2024-06 is bit for bit what its own publication ranked."""
    june = monthly_field(open_month(study, "2024-06"))[0].isel(time=-1)
    ours = history.sel(time="2024-06-01")
    for name in ("pm25", "pm25_error", "coverage", "n_valid"):
        np.testing.assert_array_equal(ours[name].values, june[name].values)
    assert (ours["valid"].values == june["valid"].values).all()
    assert (ours["why"].values == june["why"].values).all()


def test_the_field_s_own_months_are_taken_as_they_are(field, history):
    for time in field["time"].values:
        for name in VALUES:
            np.testing.assert_array_equal(history[name].sel(time=time).values, field[name].sel(time=time).values)
    assert (history["county"].values == field["county"].values).all()


def test_a_month_without_delivery_says_so(history):
    first = history.isel(time=0)
    assert np.isnan(first["pm25"].values).all()
    assert set(first["why"].values) == {"no satellite layer was delivered for 2023-12"}


def test_nothing_at_all_is_no_error(study):
    record = other_months(Deliveries(study), ["2030-01", "2030-02"])
    assert not record["valid"].values.any()
    assert set(record["why"].values.ravel()) == {"neither satellite nor stations were delivered"}


def test_kept_once_and_used_again_until_something_changes(study, field, history, tmp_path, monkeypatch):
    data = tmp_path / "data"
    shutil.copytree(study.root, data)
    own = load_study(data / study.path.name, data=data)
    path = tmp_path / "out" / "history-2024-12.parquet"
    made = with_history(field, own, folder=path.parent)
    assert made.identical(history), "kept or not, the same"
    stored = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("hotspot.workflows.monthly.history.other_months", lambda *a: pytest.fail("made anew for nothing"))
        assert with_history(field, own, folder=path.parent).identical(made)
    june = next(data.glob("satellite/*2024-06*"))
    june.unlink()
    without = with_history(field, own, folder=path.parent)
    assert np.isnan(without["pm25"].sel(time="2024-06-01").values).all()
    shutil.copy(study.root / june.relative_to(data), june)
    assert with_history(field, own, folder=path.parent).identical(made), "a late delivery makes it anew"
    assert path.read_bytes() == stored, "the same bytes again"
    path.write_bytes(stored[: len(stored) // 2])
    assert with_history(field, own, folder=path.parent).identical(made), "half a file is no history"


def test_a_flipped_bit_is_noticed(tmp_path, history):
    """F16: what is read back is what was written, or nothing."""
    plain = history.reset_coords(drop=True).drop_attrs().assign_attrs(inputs="[]")
    path = tmp_path / "one.parquet"
    write_record(path, plain)
    whole = path.read_bytes()
    assert read_record(path).identical(plain)
    for at in range(200, len(whole) - 8, len(whole) // 40):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :])
        back = read_record(path)
        assert back is None or back.drop_attrs().equals(plain.drop_attrs()), at


def test_other_criteria_make_another_history(study, field, tmp_path):
    with_history(field, study, folder=tmp_path)
    stamp = read_record(tmp_path / "history-2024-12.parquet").attrs["stamp"]
    validity = study.criteria.validity.model_copy(update={"min_coverage": 0.9})
    other = study.model_copy(update={"criteria": study.criteria.model_copy(update={"validity": validity})})
    with_history(field, other, folder=tmp_path)
    assert read_record(tmp_path / "history-2024-12.parquet").attrs["stamp"] != stamp


def test_its_files_are_inputs_of_the_month(study, field, tmp_path):
    """The manifest must name every file a picture of the month hangs on, kept or not."""
    for _ in range(2):
        intake = Intake(study.root)
        with_history(field, study, intake, tmp_path)
        assert any("2024-06" in name for name in intake.files)
        assert not any("2024-12.nc" in name for name in intake.files), "the month's own are its own"
