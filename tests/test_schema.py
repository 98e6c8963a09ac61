"""No column that is published is undescribed, and every list and sheet asks one table."""

import csv
import json
import re

import openpyxl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.rank.warn import warnings
from hotspot.rules.classes import dossier_papers
from hotspot.study import Study
from hotspot.text.table import columns, tables
from hotspot.trace.visits import inventory
from hotspot.workflows.schema import show_schema


def undescribed(table, names):
    """Of the names those that nobody described; the bases of a class from outside go by its months."""
    return [name for name in names if name not in columns(table) and not re.fullmatch(r"previous_\d+(_valid)?", name)]


def columns_of(path, name):
    """The columns of a published file, by the name of its table; of a workbook the sheets that have names of ours."""
    if path.suffix == ".csv":
        with open(path, encoding="utf-8", newline="") as stream:
            yield name, next(csv.reader(stream))
    elif path.suffix == ".parquet":
        yield name, pq.read_schema(path).names
    elif name == "warnings.xlsx":
        for sheet in openpyxl.load_workbook(path, read_only=True):
            rows = [[str(v or "") for v in row] for row in sheet.iter_rows(max_row=3, values_only=True)]
            if sheet.title == "内部统计":
                yield f"{name}/{sheet.title}", rows[1]
            elif sheet.title == "聚集演变":
                yield f"{name}/{sheet.title}", rows[2]


@pytest.mark.parametrize("table", tables())
def test_every_column_says_what_it_is(table):
    for column in columns(table).values():
        assert column.says and column.en and (column.zh or column.name == "class"), column
        assert column.kind in ("text", "flag", "whole", "number", "geometry", "pm") or 1 <= column.kind <= 6
        if column.kind == "pm":
            assert column.unit == "ug/m3"


def test_the_rooms_below_print_the_columns_of_the_table():
    assert tuple(columns("warnings.csv")) == warnings.COLUMNS
    assert tuple(columns("not_ranked.csv")) == warnings.NOT_RANKED_COLUMNS
    made = ["class" if name == "class_" else name for name in inventory.COLUMNS]
    assert list(columns("inventory.csv")) == made and made[-len(dossier_papers()) :] == list(dossier_papers())


def test_schema_is_printed_and_is_json():
    answer = json.loads(CliRunner().invoke(app, ["schema", "--json"]).stdout)
    assert answer["study"] == json.loads(json.dumps(Study.model_json_schema()))
    assert {"month", "pm25", "distinguishable"} <= {row["name"] for row in answer["tables"]["warnings.csv"]["columns"]}
    plain = CliRunner().invoke(app, ["schema"]).stdout
    assert all(row["says"] in plain for table in show_schema()["tables"].values() for row in table["columns"])


def test_a_column_that_nobody_described_is_found():
    assert undescribed("cells.parquet", ["pm25", "previous_13", "previous_13_valid", "mood"]) == ["mood"]
