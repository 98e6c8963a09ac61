"""The emerging classes on the map, in the workbook and in the report are those that were found."""

import numpy as np
import openpyxl
import pytest
import xarray as xr
from map_case import month_case
from map_page import column_of, data_of
from report_case import report_case

from hotspot.ledger.assessment.chance import chance_of_steps
from hotspot.publish.analysis.report import report_data
from hotspot.publish.emerging_words import emerging_zh
from hotspot.publish.palette import palette
from hotspot.publish.tables.workbook import write_workbook
from hotspot.publish.web.webmap import web_map
from hotspot.publish.web.webmap_data import page_order
from hotspot.rank.warn.emerging import CLASSES
from hotspot.rules.calendar import month_minus


def found_for(cells):
    """Every class in turn, and a cell without one."""
    kinds = np.array([(*CLASSES, "")[i % 18] for i in range(len(cells))], dtype=object)
    counts = {name: ("cell", np.arange(len(cells)) % 14) for name in ("n_hot", "n_cold", "n_seen")}
    return xr.Dataset(
        {"emerging": ("cell", kinds), "trend": ("cell", np.linspace(-2, 2, len(cells)))} | counts, {"cell": cells}
    )


def test_every_class_has_its_colour_and_word():
    assert set(palette()["emerging"]) == {kind.replace(" ", "_") for kind in CLASSES}
    assert len(set(palette()["emerging"].values())) == 17 and len({emerging_zh(kind) for kind in CLASSES}) == 17


def test_the_map_says_the_class_of_each_cell():
    case = month_case()
    found = found_for(case["field"]["cell"].values)
    data = data_of(web_map(**case, emerging=found).html)
    layer = next(layer for layer in data["field"]["layers"] if layer["id"] == "emerging")
    assert len(layer["classes"]) == len(layer["colours"]) == 17 and layer["has"] == [False] * 12 + [True]
    values, order = column_of(data, "emerging"), page_order(case["field"])
    for at in (0, 5, 16, 17, 40):
        kind = found["emerging"].values[order[at]]
        said = layer["classes"][int(values[at]) + 1][0] if np.isfinite(values[at]) else ""
        assert said == emerging_zh(kind)
        if kind:
            colour = layer["colours"][int(np.searchsorted(layer["breaks"], values[at], side="right"))]
            assert colour == palette()["emerging"][kind.replace(" ", "_")]
    public = data_of(web_map(**case, emerging=found, public=True).html)
    assert "emerging" not in [layer["id"] for layer in public["field"]["layers"]]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("month")
    made = report_case(folder)
    made["derived"].emerging = found_for(made["derived"].field["cell"].values)
    return folder, made


def test_the_workbook_lists_clusters_and_every_watched_cell(case, tmp_path):
    _, made = case
    derived = made["derived"]
    path = write_workbook(
        tmp_path / "warnings.xlsx", study=made["study"], month=made["month"], field=derived.field,
        warned=derived.warned, hot=derived.hot, emerging=derived.emerging,
    )  # fmt: skip
    rows = list(openpyxl.load_workbook(path)["聚集演变"].iter_rows(min_row=4, values_only=True))
    kind = dict(zip(derived.emerging["cell"].values, derived.emerging["emerging"].values, strict=True))
    clusters = {code for code, name in kind.items() if name not in ("", "no pattern")}
    assert {row[0] for row in rows} == clusters | set(derived.hot["cell"]) | set(derived.warned["cell"])
    assert all(row[6] == (emerging_zh(kind[row[0]]) or "资料不足") for row in rows)


def test_the_report_splits_a_citys_change_and_tells_of_clusters(case):
    folder, made = case
    field = made["derived"].field
    reach = {"pm25_normalised_change_low": -0.2, "pm25_normalised_change_high": 0.3}
    made["derived"].field = field.assign(
        {k: (field["pm25"].dims, np.full(field["pm25"].shape, v)) for k, v in reach.items()}
    )
    whole, cities = report_data(folder, **made)
    for city in cities.values():
        (line,) = [text for text in city["summary"] if "%：气象" in text]
        parts = [
            int(text)
            for text in line.replace("同比", " ")
            .replace("%：气象", " ")
            .replace("，排放", " ")
            .split("（")[0]
            .split()[-3:]
        ]
        assert parts[0] == parts[1] + parts[2] and "95%区间" in line
        section = city["chapters"][0]["sections"][-1]
        assert section["zh"] == "聚集的演变" and section["blocks"][0]["text"].startswith("全部")
    told = whole["chapters"][0]["sections"][1]["blocks"]
    assert sum("%：气象" in block.get("text", "") for block in told) == len(cities)
    # What chance alone would bring to D11, by the city's own numbers.
    rule, month = made["study"].criteria.escalation, made["month"]
    hot, now = (getattr(made["derived"], name).groupby("city")["cell"].nunique() for name in ("hot", "warned"))
    codes = {city["chapters"][0]["title"]: city for city in cities.values()}
    for name in now.index:
        lists = {month_minus(month, n): now[[name]].to_dict() for n in range(rule.window_months)}
        found = f"预计也有{chance_of_steps(hot[[name]].to_dict(), lists, rule, month).d11:.1f}个网格达到D11条件"
        assert any(found in block.get("text", "") for block in codes[name]["chapters"][0]["sections"][2]["blocks"])
    assert any("D11" in block.get("text", "") for block in told)
