"""A month is picked by its name: no place of a month stands in the package, and no order of months tells another."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hotspot import contracts
from hotspot.grid.lattice import Grid
from hotspot.publish.tables.cells import cells_table
from hotspot.publish.tables.lists import WARNING_COLUMNS
from hotspot.publish.web.webmap import web_map
from hotspot.rank.select.yearly import improvement
from hotspot.rank.warn.clusters import gi_star
from hotspot.rank.warn.emerging import emerging
from hotspot.rank.warn.leaders import rank_leaders
from hotspot.rank.warn.warnings import not_ranked, rank_standing, rank_warnings
from hotspot.rank.warn.weather_change import weather_change
from hotspot.rules.criteria import Criteria, Revision
from hotspot.rules.rounding import steady
from hotspot.variables import DataError

PACKAGE = Path(__file__).resolve().parents[2] / "hotspot"
MONTHLY = {
    *contracts.VALUES, "pm25_base", "pm25_plain", "pm25_seen", "pm25_filled", "pm25_normalised",
    "pm25_normalised_low", "pm25_normalised_high", "pm25_stagnant", "time",
}  # fmt: skip
N = 36


# No month by its place


def positional(tree):
    """Lines that pick a month by a number, in ``isel(time=-1)`` or in the array of a variable over months."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        arrays = {
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and _monthly_array(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "isel":
                yield from (node.lineno for key in node.keywords if key.arg == "time" and _number(key.value))
            elif isinstance(node, ast.Subscript) and (
                _monthly_array(node.value) or (isinstance(node.value, ast.Name) and node.value.id in arrays)
            ):
                places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                of_time = _holds(node.value, "time") and len(places) == 1
                if (len(places) == 2 or of_time) and _number(places[-1]):
                    yield node.lineno


def _number(node):
    """A number, a list of numbers, or a slice between numbers."""
    if isinstance(node, ast.Slice):
        return any(part is not None and _number(part) for part in (node.lower, node.upper))
    if isinstance(node, (ast.List, ast.Tuple)):
        return any(map(_number, node.elts))
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "slice" and any(map(_number, node.args))
    if isinstance(node, ast.UnaryOp):
        return _number(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _monthly_array(node):
    """Whether an expression is the plain array of a variable over months: ``x["pm25"]....values``, ``.to_numpy()``."""
    chain, plain = node, False
    while True:
        if isinstance(chain, ast.Call):
            chain = chain.func
        elif isinstance(chain, ast.Attribute):
            plain |= chain.attr in ("values", "to_numpy", "data")
            chain = chain.value
        elif isinstance(chain, ast.Subscript):
            if isinstance(chain.slice, ast.Constant) and chain.slice.value in MONTHLY:
                return plain
            chain = chain.value
        else:
            return False


def _holds(node, name):
    return any(isinstance(part, ast.Constant) and part.value == name for part in ast.walk(node))


@pytest.mark.parametrize(
    "source, found",
    [
        ("def f(x): return x.isel(time=-1)", True),
        ("def f(x): return x.isel(time=[0, 2])", True),
        ("def f(x): return x.isel(time=slice(-3, None))", True),
        ("def f(x): return x['time'].values[2]", True),
        ("def f(x, at): return x['pm25'].transpose('cell', 'time').values[at, 2]", True),
        ("def f(x):\n    v = x['valid'].to_numpy().astype(bool)\n    return v[:, 0]", True),
        ("def f(x, t): return x['pm25'].values[:, t]", False),
        ("def f(xy): return xy.values[:, 0]", False),
    ],
)
def test_the_search_finds_what_it_looks_for(source, found):
    assert bool(list(positional(ast.parse(source)))) is found


def test_no_month_is_picked_by_its_place():
    """Rows of hours have a first and a last; a month has a name."""
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent.name not in ("kernels",)
        for line in positional(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == [], f"a month by its place: {found}; take contracts.of_month or contracts.values_of"


# No order of the months, and no month more, changes an answer


@pytest.fixture(scope="module")
def field():
    """Thirteen months of 36 cells, each month with values of its own, in order."""
    rng = np.random.default_rng(5)
    names = [str(month) for month in np.arange("2024-12", "2026-01", dtype="datetime64[M]")]
    col, row = (a.ravel() for a in np.meshgrid(np.arange(6) + 1290, np.arange(6) + 2090))
    text = {name: ("cell", ["x"] * N) for name in ("city", "county", "township", "label")}
    place = {"x": ("cell", col * 3e3), "y": ("cell", row * 3e3), "col": ("cell", col), "row": ("cell", row),
             "lon": ("cell", 113.0 + col % 10 / 33), "lat": ("cell", 30.0 + row % 10 / 36),
             "area_share": ("cell", np.ones(N))}  # fmt: skip
    grid = Grid()
    cells = xr.Dataset(coords={"cell": grid.code(col, row)} | text | place)
    cells.attrs = {"lattice_id": grid.id, "spacing": 3000.0, "crs": grid.crs}
    shape = (N, len(names))
    value = 40.0 + 3.0 * np.arange(len(names)) + rng.normal(0, 8, shape)
    value[col < 1292, -1] += 40
    made = contracts.field(
        cells, names, value, coverage=rng.uniform(0.5, 1, shape), n_valid=rng.integers(10, 28, shape).astype(float),
        valid=np.ones(shape, bool), why=np.full(shape, "", object), error=np.full(shape, 1.5),
    )  # fmt: skip
    extra = {f"pm25_normalised{end}": made["pm25"] * share for end, share in (("", 0.9), ("_low", 0.8), ("_high", 1.0))}
    return contracts.checked(made.assign(extra).assign_attrs(gas_state="actual", native_resolution_m=1000.0))


@pytest.fixture(scope="module")
def shuffled(field):
    order = np.random.default_rng(1).permutation(field.sizes["time"])
    assert contracts.months_in(field.isel(time=order))[-1] != "2025-12"
    return field.isel(time=order)


@pytest.fixture(scope="module")
def hot(field):
    return pd.DataFrame({"cell": field["cell"].values, "city": "x", "status": "formal"})


def answers(field, hot):
    """Everything that is said of the month, by who says it."""
    rule = Criteria()
    warned = rank_warnings(field, hot, rule)
    cells = field.drop_dims("time").reset_coords()[["col", "row"]].set_coords(["col", "row"])
    cells = cells.assign_coords(cell=field["cell"])
    improved = improvement(field["pm25"].drop_vars("month"), Revision())
    return {
        "warnings": warned,
        "standing": rank_standing(field, hot, rule),
        "leaders": rank_leaders(field, hot, rule),
        "left out": not_ranked(field.assign(valid=field["valid"] & (field["cell"] != hot["cell"][0]),
                                            why=field["why"].where(field["cell"] != hot["cell"][0], "x")), hot, rule),
        "weather": weather_change(field, warned),
        "cells": pd.DataFrame(cells_table(field, hot=hot, warned=warned).drop(columns="geometry")),
        "gi": gi_star(field, cells).to_dataframe(),
        "emerging": emerging(field["pm25"], cells).to_dataframe(),
        "improvement": improved,
        "map": pd.DataFrame({"page": [web_map(field, warned).html]}),
    }  # fmt: skip


def test_thirteen_months_in_any_order_answer_for_the_month_they_are_named_after(field, shuffled, hot):
    expected = answers(field, hot)
    assert set(expected["warnings"]["month"]) == {"2025-12"}
    for name, table in answers(shuffled, hot).items():
        pd.testing.assert_frame_equal(table, expected[name], obj=name)
    now = [steady(value) for value in field.sel(time="2025-12")["pm25"].values.ravel().tolist()]
    assert expected["cells"].set_index("cell")["pm25"].loc[field["cell"].values].tolist() == now


def test_a_field_named_after_an_earlier_month_answers_for_that_one(field, hot):
    """Twenty-four months, of which the field is named after one in the middle."""
    before = field.assign_coords(time=field["time"].values - np.timedelta64(365, "D"))
    time = [np.datetime64(f"{int(name[:4]) - 1}{name[4:]}", "ns") for name in contracts.months_in(field)]
    before = before.drop_vars("month").assign_coords(time=time)
    before = before.assign(pm25=before["pm25"] + 7)
    whole = xr.concat([before.isel(time=slice(0, 12)), field.drop_vars("month")], "time", data_vars="minimal")
    whole = whole.transpose("cell", "time")
    named = contracts.checked(whole.assign_attrs(field.attrs | {"month": "2025-11"}))
    warned = rank_warnings(named, hot, Criteria())
    assert set(warned["month"]) == {"2025-11"}
    assert warned.loc[warned["reason"] == "highest", "pm25"].max() == float(field["pm25"].sel(time="2025-11").max())
    with pytest.raises(DataError, match="it is of 2025-11 and holds later months"):
        web_map(named, pd.DataFrame(columns=list(WARNING_COLUMNS)))


def test_what_has_not_the_three_months_is_refused(field, hot):
    lacking = field.isel(time=[0, 12])
    for ask in (rank_warnings, rank_standing, not_ranked, rank_leaders):
        with pytest.raises(DataError, match="compares 2024-12, 2025-11, 2025-12"):
            ask(lacking, hot, Criteria())
    with pytest.raises(DataError, match="the field is of 2025-12, but holds"):
        rank_warnings(field.isel(time=slice(0, 12)).assign_attrs(month="2025-12"), hot, Criteria())
    with pytest.raises(ValueError, match="one month"):
        gi_star(field["pm25"], field)
