"""The page of clauses: every id of the programme's documents once, and every command, file and test it names exists."""

import re
from pathlib import Path

import typer

from hotspot.cli import app

ROOT = Path(__file__).resolve().parents[1]
LAST = {"D": 26, "C": 17, "B": 28, "A": 7, "E": 6}


def rows():
    text = (ROOT / "docs" / "clauses.md").read_text(encoding="utf-8")
    cells = [line.strip().strip("|").split("|") for line in text.splitlines() if re.match(r"\| [A-E]\d+ \|", line)]
    return [[cell.strip() for cell in row] for row in cells]


def test_every_clause_stands_once():
    ids = [row[0] for row in rows()]
    assert sorted(ids) == sorted(f"{letter}{n}" for letter, last in LAST.items() for n in range(1, last + 1))
    assert all(len(row) == 4 and all(row) for row in rows())


def test_what_it_names_exists():
    commands = typer.main.get_command(app).commands
    for id_, _, where, tests in rows():
        for name in re.findall(r"`([^`]+)`", where.partition(";")[0].split(". ")[0]):
            if re.fullmatch(r"[a-z-]+", name):
                assert name in commands or name.startswith("start"), f"{id_}: hotspot {name}"
        for name in re.findall(r"`(hotspot/[^`]+)`", where):
            assert (ROOT / name).exists(), f"{id_}: {name}"
        named = re.findall(r"`([^`]+\.py)::(test_\w+)`", tests)
        assert named, f"{id_} names no test"
        for file, function in named:
            path = ROOT / "tests" / file
            assert path.is_file(), f"{id_}: {file}"
            assert f"def {function}(" in path.read_text(encoding="utf-8"), f"{id_}: {file}::{function}"
