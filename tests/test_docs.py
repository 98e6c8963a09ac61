"""What the pages tell a newcomer to type runs: every Python block, every command, every link and picture."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page, language):
    """The fenced blocks of one language in a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def run(text, page):
    """Run a page's Python in one fresh name space and return it."""
    names: dict = {}
    exec(compile(text, str(page), "exec"), names)
    return names


def test_start_runs_as_written(decoded_before, tmp_path, monkeypatch, capsys):
    """Only the size of the synthetic study is changed; what its files hold was read before, as in any second month."""
    page = ROOT / "docs" / "start.md"
    text = "\n".join(blocks(page, "python"))
    assert text.count('hs.write_study("out/demo-study")') == 1
    monkeypatch.chdir(tmp_path)
    decoded_before(tmp_path / "out" / "small")
    names = run(text.replace('"out/demo-study")', '"out/demo-study", size="small")'), page)
    counted = [int(n) for n in re.findall(r"# (\d+)\b", text)]
    assert counted == list(range(1, 13)), "twelve calls, counted in the comments"
    assert names["told"]["verified"], names["told"]["differences"]
    assert (tmp_path / "out" / "map.html").stat().st_size > 100_000
    assert names["folder"].name == "2025-12" and len(names["warned"]) >= 3
    assert names["warned"]["cell"].iloc[0] in capsys.readouterr().out


def test_fields_runs_as_written(tmp_path, monkeypatch, capsys):
    page = ROOT / "docs" / "fields.md"
    monkeypatch.chdir(tmp_path)
    run("\n".join(blocks(page, "python")[:-1]), page)  # the last one turns the log of the whole process on
    said = capsys.readouterr().out
    assert "compares 2024-12, 2025-11, 2025-12" in said and "field is a DataFrame; give a Dataset (cell, time)" in said
    assert {path.name for path in tmp_path.iterdir()} >= {"month.png", "month.gpkg", "month.html", "field.nc"}


def test_readme_runs_as_written(small_copy, decoded_before, tmp_path, monkeypatch):
    """On the small synthetic study instead of Wuhan, of which an earlier run kept what its files hold."""
    from hotspot.synthetic.study import LATEST_MONTH

    page = ROOT / "README.md"
    (text,) = blocks(page, "python")
    study = small_copy(tmp_path / "study")
    for written, here in (
        ("data/studies/wuhan-2020.toml", study.as_posix()), ("2020-02", LATEST_MONTH), ("2020", LATEST_MONTH[:4])
    ):  # fmt: skip
        assert written in text
        text = text.replace(written, here)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOTSPOT_DATA", str(study.parent))
    decoded_before(tmp_path / "out" / "small")
    names = run(text, page)
    assert len(names["warned"]) >= 3 and len(names["traced"]) > 0
    assert (tmp_path / "out" / names["study"].id / LATEST_MONTH / "manifest.json").exists()


def test_commands_on_the_pages_exist():
    """Each `hotspot VERB --option` of a fenced block is a command, and its options are that command's."""
    import typer

    from hotspot.cli import app

    commands = typer.main.get_command(app).commands
    seen = set()
    for page in PAGES:
        for block in blocks(page, ""):
            for line in re.findall(r"^hotspot (.*)$", block, flags=re.MULTILINE):
                words = shlex.split(line, comments=True)
                assert words[0] in commands, f"{page.name}: hotspot {line}"
                known = {name for parameter in commands[words[0]].params for name in parameter.opts}
                assert {word for word in words if word.startswith("--")} <= known, f"{page.name}: hotspot {line}"
                seen.add(words[0])
    assert {"demo", "check", "select", "month", "explain", "verify"} <= seen


def test_pictures_are_there_and_light():
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(shown) == 6
    assert all(10_000 < (ROOT / name).stat().st_size < 250_000 for name in shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not link.startswith(("http://", "https://")):
            assert (page.parent / link).exists(), f"{page.name}: {link} leads nowhere"


def test_ten_questions_are_answered_by_files_that_exist():
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    rows = [row for row in text.split("## Ten questions")[1].split("\n## ")[0].splitlines() if row.startswith("| ")][1:]
    assert len(rows) == 10
    for row in rows:
        room, *files = re.findall(r"`([^`]+)`", row.split("|")[2])
        assert (ROOT / "hotspot" / room).is_dir(), row
        assert files and all((ROOT / name).is_file() and name.startswith(f"hotspot/{room}") for name in files), row


def test_one_version_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    newest = re.search(r"^## ([\d.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1]
    cited = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), flags=re.MULTILINE)[1]
    assert version == newest == cited


def test_hooks_are_local_and_run_what_make_test_runs():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (\S+)", text) == ["local"] and set(re.findall(r"language: (\S+)", text)) == {"system"}
    named = [word for entry in re.findall(r"entry: (.*)", text) for word in entry.split() if word.startswith("tests/")]
    assert named and all((ROOT / name).is_file() for name in named)
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    for tool in ("ruff check", "ruff format --check", "mypy"):
        assert f".venv/bin/{tool}" in text and f"$(BIN)/{tool}" in made
