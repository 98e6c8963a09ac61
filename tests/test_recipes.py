"""The four recipes of CONTRIBUTING.md, run as they stand there: each adds a toy to a table and takes it away."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PART = TEXT.split("## Four recipes")[1].split("\n## ")[0]
RECIPES = dict(section.split("\n", 1) for section in PART.split("\n### ")[1:])


def test_there_are_four():
    assert list(RECIPES) == ["A satellite product", "A warning class", "A printed product", "A jurisdiction"]


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_runs_as_written(name, tmp_path, monkeypatch):
    """In an empty folder; a block of TOML that begins with a file's name is that file."""
    monkeypatch.chdir(tmp_path)
    for language, block in re.findall(r"^```(python|toml)\n(.*?)^```$", RECIPES[name], flags=re.MULTILINE | re.DOTALL):
        if language == "toml":
            path = Path(re.match(r"# (\S+\.toml)\n", block)[1])
            path.parent.mkdir(exist_ok=True)
            path.write_text(block, encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", RECIPES[name], flags=re.MULTILINE | re.DOTALL))
    assert ".added(" in code and "assert " in code, "a recipe tries what it adds"
    exec(compile(code, f"CONTRIBUTING.md: {name}", "exec"), {})


def spelt(word):
    """The files of the package in which a text says a word alone: what an entry of that name costs."""
    for path in sorted((ROOT / "hotspot").rglob("*")):
        if path.suffix == ".py":
            texts = {
                node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)
            }
            there = word in texts
        else:
            there = path.suffix in (".toml", ".js", ".html", ".typ") and re.search(
                rf"""["'`]{word}["'`]|^{word} *=""", path.read_text("utf-8"), re.MULTILINE
            )
        if there:
            yield path.relative_to(ROOT / "hotspot").as_posix()


BUILT = {  # row of the table -> what stands of it in the package: the file of the table, and files of its own
    "a satellite product": ("acag", ["sources/satellite/satellite.py"], "sources/satellite/acag.py"),
    "a warning class with a month offset": ("year_on_year", ["rules/reasons.toml"], ""),
    "a printed product": ("geopackage", ["publish/catalogue.py"], "publish/tables/geopackage.py"),
    "a jurisdiction": ("urumqi-2024", ["rules/profiles/urumqi-2024.toml"], "rules/profiles/urumqi-2024.toml"),
}


@pytest.mark.parametrize("row", BUILT)
def test_an_entry_costs_what_the_table_of_design_says(row):
    told = (ROOT / "docs" / "design.md").read_text(encoding="utf-8").split("| to add | planned |")[1].split("\n\n")[0]
    assert {line.split(" | ")[0].strip("| ") for line in told.splitlines()[2:]} == set(BUILT)
    word, files, own = BUILT[row]
    assert list(spelt(word)) == files and (not own or (ROOT / "hotspot" / own).is_file())
