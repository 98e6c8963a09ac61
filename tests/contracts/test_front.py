"""A wrong argument given to any public function meets a sentence: TypeError or DataError, never another error."""

import inspect

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hotspot as hs
from hotspot import front
from hotspot.contracts.records import Year
from hotspot.synthetic.study import synthetic_month
from hotspot.trace.plumes.posterior import Prior
from hotspot.variables import DataError

FUNCTIONS = [name for name in hs.__all__ if not isinstance(getattr(hs, name), type)]
WRONG = {
    "a number": 3.5,
    "a text": "nothing",
    "an object": object(),
    "an empty table": pd.DataFrame(),
    "an empty Dataset": xr.Dataset(),
    "a DataArray": xr.DataArray([1.0], dims="time"),
    "an array": np.zeros(3),
}


def required(name):
    """Arguments that have to be given, as names."""
    of = inspect.signature(getattr(hs, name)).parameters.values()
    return [p.name for p in of if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


@pytest.fixture(scope="module")
def fitting():
    """Something that fits each argument as far as the door looks."""
    small = synthetic_month(size="small")
    time = {"time": np.array(["2025-12-01"], "datetime64[ns]")}
    field = xr.Dataset(
        {"pm25": (("cell", "time"), [[1.0]]), "valid": (("cell", "time"), [[True]])}, {"cell": ["A"]} | time
    )
    table = pd.DataFrame({"cell": ["A"], "city": "x", "status": "formal", "reason": "highest"})
    known = {
        "hotspot.study.Study": small.study, "hotspot.rules.criteria.Criteria": small.study.criteria,
        "hotspot.contracts.records.Delivered": small, "hotspot.sources.intake.Intake": small.intake,
        "hotspot.grid.lattice.Grid": small.study.grid, "pandas.DataFrame": table, "number": 1, "str": "2025-12",
        "hotspot.rules.criteria.Interpolation": small.study.criteria.interpolation, "list": [1.0],
        "hotspot.rules.visiting.Visiting": small.study.criteria.visiting,
        "hotspot.rules.tracing.Tracing": small.study.criteria.tracing,
        "hotspot.trace.plumes.posterior.Prior": Prior(np.zeros(1), np.eye(1)), "numpy.ndarray": np.ones(1),
        "hotspot.contracts.records.Year": object.__new__(Year),
    }  # fmt: skip

    def of(fit):
        dims = {dim: [0] for dim in fit.dims}
        if "xarray.Dataset" in fit.types:
            return field if fit.holds else xr.Dataset(coords=dims)
        if "xarray.DataArray" in fit.types:
            return xr.DataArray(np.zeros([1] * len(dims)), dims=list(dims))
        return next(known[kind] for kind in fit.types if kind in known)

    return of


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_that_has_to_be_given_is_looked_at(name):
    unknown = [key for key in required(name) if front.fit_of(name, key) is None]
    assert unknown == [], f"{name}: say what fits {unknown} in hotspot/front.py"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_wrong_argument_meets_a_sentence_that_says_what_fits(name, fitting, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keys = required(name)
    for key in keys:
        refused = 0
        fit = front.fit_of(name, key)
        for value in WRONG.values():
            try:
                front.refuse(name, key, value, fit)
                continue  # it fits as far as the door sees; what it holds is for the function to say
            except (TypeError, DataError):
                refused += 1
            given = {other: fitting(front.fit_of(name, other)) for other in keys} | {key: value}
            with pytest.raises((TypeError, DataError)) as told:
                getattr(hs, name)(**given)
            assert type(told.value) in (TypeError, DataError)
            assert str(told.value).startswith(f"{name}: {key} ") and str(told.value).endswith(f"give {fit.words}.")
        assert refused >= 3, f"{name}: {key} takes nearly everything"


def test_right_type_wrong_content_is_a_fault_of_data():
    criteria = synthetic_month(size="small").study.criteria
    hot = pd.DataFrame({"cell": ["A"], "city": "x", "status": "formal"})
    with pytest.raises(DataError, match=r"rank_warnings: field has no dimension time; give a Dataset \(cell, time\)"):
        hs.rank_warnings(xr.Dataset(coords={"cell": ["A"]}), hot, criteria)
    with pytest.raises(DataError, match="rank_warnings: hot has no column city"):
        hs.rank_warnings(
            synthetic_month(size="small").reference.rename(station="cell").assign(valid=True), hot[["cell"]], criteria
        )
    with pytest.raises(TypeError, match="rank_warnings: field is a DataFrame; give a Dataset"):
        hs.rank_warnings(hot, hot, criteria)


def test_a_study_may_be_given_by_the_path_of_its_file(tmp_path):
    path = hs.write_study(tmp_path / "study", size="small", months=1)
    assert hs.open_month(path, "2025-12", kinds=("facilities",)).study.id == "small"
    with pytest.raises(DataError, match="there is no such study file"):
        hs.open_month("nowhere.toml", "2025-12")


def test_a_public_function_keeps_its_signature_and_its_words():
    from hotspot.rank.warn.warnings import rank_warnings

    assert hs.rank_warnings.__doc__ == rank_warnings.__doc__
    assert inspect.signature(hs.rank_warnings) == inspect.signature(rank_warnings)
    assert hs.rank_warnings is hs.rank_warnings


def test_a_call_that_lacks_an_argument_says_which_fits():
    with pytest.raises(
        TypeError, match=r"what_if: .*'made'; made is what was made, from derive_year or derive; it takes"
    ):
        hs.what_if(None)
    with pytest.raises(TypeError, match=r"gi_star: .*; it takes values, cells"):
        hs.gi_star(naem=3)
