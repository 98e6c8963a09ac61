"""A cell by its code or by the official label, wherever a command takes one; both are printed."""

import csv

import pytest
import typer
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study

OUTSIDE = "NL9794D"  # a cell of another city: what is refused is told by its code
# Every command that takes a cell, and the test that gives it a label.
ASKED = {
    "cell": "test_a_place_by_its_label", "explain": "test_a_label_is_its_cell", "film": "test_a_label_is_its_cell",
    "feedback": "test_feedback_by_label", "select": "tests/rank/test_lifecycle.py, a reviewer's file",
}  # fmt: skip


@pytest.fixture(scope="module")
def file(small_study):
    """The small study with official labels: of its first cell, and of one that is none of its own."""
    study = load_study(small_study, data=small_study.parent)
    first = str(study.cells["cell"].values[0])
    small_study.with_name("official.csv").write_text(f"cell,label\n{first},T85711\n{OUTSIDE},T99999\n", "utf-8")
    made = small_study.with_name("labelled.toml")
    made.write_text('labels = "official.csv"\n' + small_study.read_text("utf-8"), "utf-8")
    return made


@pytest.fixture(scope="module")
def code(file):
    return str(load_study(file, data=file.parent).cells["cell"].values[0])


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_no_command_takes_a_cell_without_standing_here():
    takes = {
        name
        for name, command in typer.main.get_command(app).commands.items()
        for one in command.params
        if {"cell", "cells", "label"} & set(f"{one.name} {one.help or ''}".lower().replace(",", " ").split())
    }
    assert takes - {"instrument"} >= set(ASKED) - {"feedback", "select"} and takes <= {*ASKED, "instrument"}, takes


@pytest.mark.parametrize("said", ["T85711", "t85711", "Ｔ85711", "T85711-07"])
def test_a_place_by_its_label(file, code, said):
    told = run("cell", said, "--study", file).stdout
    assert told.startswith(f"cell {code}") and "(T85711)" in told and (f"{code}-07" in told) == said.endswith("-07")


@pytest.mark.parametrize("words", ["explain T99999 --month 2025-12", "film T99999 --from 2025-12-05T00"])
def test_a_label_is_its_cell(file, tmp_path, words):
    got = run(*words.split(), "--study", file, "--out", tmp_path)
    assert got.exit_code and f"{OUTSIDE} is no cell" in str(got.exception)


def test_feedback_by_label(file, code, tmp_path):
    study = load_study(file, data=file.parent)
    (tmp_path / study.id).mkdir()
    with open_ledger(tmp_path / study.id / "ledger.sqlite") as ledger:
        ledger.append("month", "2025-12", {"warned": [[code, "highest"]]})
    with open(tmp_path / "r.csv", "w", newline="", encoding="utf-8") as stream:
        rows = [["month", "cell", "time", "by", "text"], ["2025-12", "T85711", "2026-01-02", "王", "无"]]
        csv.writer(stream).writerows(rows)
    told = run("feedback", tmp_path / "r.csv", "--study", file, "--out", tmp_path).output
    with open_ledger(tmp_path / study.id / "ledger.sqlite") as ledger:
        assert [entry.body["cell"] for entry in ledger.entries() if entry.kind == "feedback"] == [code], told
    assert study.named(code) == f"{code} (T85711)"
