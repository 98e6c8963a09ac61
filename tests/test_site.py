"""The documentation site before it is built: a page for every public name, every page in a table of contents."""

import importlib.util
import re
from pathlib import Path

import pytest

import hotspot

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def site():
    pytest.importorskip("jupytext", reason="jupytext is not installed; pip install '.[tests]'")
    spec = importlib.util.spec_from_file_location("site_build", ROOT / "docs" / "site" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def source(site, tmp_path_factory):
    """What Sphinx would read."""
    folder = tmp_path_factory.mktemp("site") / "source"
    site.stage(folder)
    return folder


def contents(page):
    """The entries of a page's tables of contents."""
    trees = re.findall(r"```{toctree}\n((?::[^\n]*\n)*)\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [entry for _, entries in trees for entry in entries.split()]


def test_every_public_name_has_a_page(source):
    named = set(contents(source / "reference" / "index.md"))
    for name in hotspot.__all__:
        page = source / "reference" / f"{name}.md"
        assert page.exists() and name in named, f"{name} has no page"
        assert re.search(rf"^\.\. auto(function|class):: hotspot\.{name}$", page.read_text(), flags=re.MULTILINE), name
        assert f"[`{name}`]({name}.md)" in (source / "reference" / "index.md").read_text(encoding="utf-8")


def test_every_page_is_in_a_table_of_contents(source):
    named = set()
    for page in (source / "index.md", source / "reference" / "index.md", source / "gallery" / "index.md"):
        named |= {(page.parent / f"{entry}.md").resolve() for entry in contents(page)}
    missing = {page for page in source.rglob("*.md") if page.resolve() not in named} - {source / "index.md"}
    assert not missing, f"on no table of contents of docs/site/index.md: {sorted(page.name for page in missing)}"


def test_a_notebook_is_shown_whole_and_in_order(site):
    path = ROOT / "notebooks" / "01-one-month.py"
    page = site.notebook(path)
    assert page.startswith("# One month") and "\nmonth = hs.synthetic_month" in page
    assert page.count("```python") == path.read_text(encoding="utf-8").count("\n# %%\n")


def test_what_a_page_loads_from_elsewhere_is_seen(site):
    assert site.fetched('<script src="https://a.example/x.js"></script><a href="https://b.example">b</a>') == [
        "https://a.example/x.js"
    ]
    assert site.fetched('<link rel="stylesheet" href="_static/site.css"><img src="map.png">') == []
