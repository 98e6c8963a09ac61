"""The four recipes of CONTRIBUTING.md, run as they stand there: each adds a toy to a table and takes it away."""

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).resolve().parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
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
            Path(re.match(r"# (\S+\.toml)\n", block)[1]).write_text(block, encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", RECIPES[name], flags=re.MULTILINE | re.DOTALL))
    assert ".added(" in code and "assert " in code, "a recipe tries what it adds"
    exec(compile(code, f"CONTRIBUTING.md: {name}", "exec"), {})
