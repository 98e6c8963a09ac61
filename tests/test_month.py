"""One synthetic month end to end: the file contracts, equal bytes, verification, the shell."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from hotspot.month import run_month
from hotspot.publish import manifest
from hotspot.questions import check_month, explain_cell
from hotspot.sources.synthetic import LATEST_MONTH, write_study
from hotspot.study import load_study
from hotspot.variables import DataError
from hotspot.verify import verify_month

WARNINGS = (
    "month,city,reason,rank,cell,label,county,township,lon,lat,pm25,previous,change,change_pct,"
    "n_valid,coverage,p_worst,p_top,rank_low,rank_high,distinguishable"
).split(",")
PRODUCTS = {
    "warnings.csv", "not_ranked.csv", "hotspots.csv", "quarantine.jsonl", "cells.parquet", "warnings.xlsx",
    "warnings.gpkg", "map.html", "sheets.pdf", "checklists.xlsx", "report.pdf", "manifest.json", "sub_cells.csv",
    "inventory.csv", "notice.docx", "notice.pdf", "public", "packages",
}  # fmt: skip


@pytest.fixture(scope="module")
def study_file(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("study"), size="small")


@pytest.fixture(scope="module")
def study(study_file):
    return load_study(study_file, data=study_file.parent)


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    return run_month(study, LATEST_MONTH, out=tmp_path_factory.mktemp("out"))


def hotspot(*arguments, **environment):
    """Run the shell command as a user would, in a given environment."""
    return subprocess.run(
        [sys.executable, "-m", "hotspot", *map(str, arguments)],
        capture_output=True, text=True, env=os.environ | environment,
    )  # fmt: skip


def test_every_product_is_there(folder):
    assert PRODUCTS <= {path.name for path in folder.iterdir()}
    warned = pd.read_csv(folder / "warnings.csv")
    assert {path.stem for path in (folder / "sheets").iterdir()} == set(warned["cell"])


def test_the_list_has_the_documented_columns(folder):
    with open(folder / "warnings.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == WARNINGS
    assert {row[2] for row in rows[1:]} <= {"highest", "year_on_year", "month_on_month"}
    with open(folder / "not_ranked.csv", encoding="utf-8", newline="") as stream:
        assert next(csv.reader(stream)) == ["month", "city", "cell", "reason", "why"]


def test_d9_every_hotspot_cell_is_ranked_or_named(folder):
    """Nobody is lost: per class, k are warned and each cell left out stands in not_ranked."""
    hot = pd.read_csv(folder / "hotspots.csv")
    warned = pd.read_csv(folder / "warnings.csv")
    out = pd.read_csv(folder / "not_ranked.csv")
    assert set(warned["cell"]) <= set(hot["cell"])
    assert set(out["cell"]) <= set(hot["cell"])
    for (city, reason), rows in warned.groupby(["city", "reason"]):
        left_out = set(out[(out["city"] == city) & (out["reason"] == reason)]["cell"])
        assert not left_out & set(rows["cell"])
        rankable = (hot["city"] == city).sum() - len(left_out)
        assert len(rows) >= min(3, rankable)


def test_rows_are_conserved(folder):
    counts = manifest.read_manifest(folder)["conservation"]
    assert counts["read"] == counts["used"] + counts["duplicates"] + counts["quarantined"]
    assert counts["quarantined"] > 0, "the synthetic study plants bad rows"
    lines = (folder / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert all({"path", "row", "column", "value", "rule"} <= json.loads(line).keys() for line in lines)
    assert len(lines) >= 1


def test_a_second_run_changes_no_byte(study, folder):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert run_month(study, LATEST_MONTH, out=folder.parents[1]) == folder
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "America/New_York", "PYTHONHASHSEED": "7", "LC_ALL": "C"},
        {"TZ": "Asia/Urumqi", "PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "NUMBA_NUM_THREADS": "1"},
    ],
)
def test_same_bytes_for_any_time_zone_locale_hash_seed(study_file, folder, tmp_path, environment):
    run = hotspot(
        "month", LATEST_MONTH, "--study", study_file, "--data", study_file.parent, "--out", tmp_path, **environment
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == "", "silent in a pipe"
    again = tmp_path / folder.parent.name / folder.name
    assert manifest.outputs(again) == manifest.outputs(folder)
    assert (again / "manifest.json").read_bytes() == (folder / "manifest.json").read_bytes()


def test_an_outsider_verifies_the_month(study_file, folder):
    answer = verify_month(folder, data=study_file.parent)
    assert answer["verified"], answer["differences"]


def test_verification_names_the_first_difference(study_file, folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    text = (copy / "warnings.csv").read_text(encoding="utf-8")
    (copy / "warnings.csv").write_text(text.replace("highest", "lowest", 1), encoding="utf-8")
    answer = verify_month(copy, data=study_file.parent)
    assert not answer["verified"]
    assert answer["differences"][0].startswith("warnings.csv")


def test_verification_names_a_changed_input(study_file, folder, tmp_path):
    other = tmp_path / "delivered"
    shutil.copytree(study_file.parent, other)
    changed = manifest.read_manifest(folder)["inputs"][0]["path"]
    with open(other / changed, "ab") as stream:
        stream.write(b"\n")
    answer = verify_month(folder, data=other)
    assert answer["differences"] == [f"{changed}: input differs from the one the month was made with"]


def test_check_says_what_there_is(study):
    answer = check_month(study, LATEST_MONTH)
    assert answer["ready"] and answer["inputs"]["read"] > 0
    assert list(answer["months"]) == ["2024-12", "2025-11", "2025-12"]


def test_explain_gives_the_numbers_of_the_list(study, folder):
    warned = pd.read_csv(folder / "warnings.csv")
    first = warned.iloc[0]
    answer = explain_cell(study, LATEST_MONTH, first["cell"], out=folder.parents[1])
    entry = next(row for row in answer["warnings"] if row["reason"] == first["reason"])
    assert round(entry["pm25"], 1) == pytest.approx(first["pm25"], abs=0.051)
    assert any("hotspot cell" in sentence for sentence in answer["sentences"])
    json.dumps(answer)


def test_a_month_without_data_is_refused_and_nothing_is_published(study, tmp_path):
    with pytest.raises(DataError):
        run_month(study, "2030-01", out=tmp_path)
    assert not (tmp_path / study.id / "2030-01").exists()


def test_shell_exit_codes(study_file, tmp_path):
    assert hotspot("month", "2020-13", "--study", study_file, "--out", tmp_path).returncode == 2
    assert hotspot("month", "2020-01", "--study", tmp_path / "none.toml").returncode == 1
    assert hotspot("cell", "PQ1848X").returncode == 2
    assert hotspot("month").returncode == 2


def test_shell_cell_answers_with_one_object():
    by_place = json.loads(hotspot("cell", "116.397", "39.909", "--json").stdout)
    assert list(by_place)[:9] == ["cell", "lon", "lat", "x", "y", "col", "row", "h3_8", "geometry"]
    assert json.loads(hotspot("cell", by_place["cell"], "--json").stdout) == by_place
    assert "sub-cell PQ1848E-29" in hotspot("cell", "116.397", "39.909").stdout


def test_shell_takes_a_western_longitude_for_a_number():
    """-76.8 is no option; the national lattice does not reach there, and the answer says so."""
    west = hotspot("cell", "-76.8", "2.5")
    assert west.returncode == 2
    assert "outside the lattice" in west.stderr


def test_every_command_is_in_the_readme():
    from hotspot.cli import app

    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"hotspot {command.callback.__name__}" in readme
