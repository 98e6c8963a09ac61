"""What the pages tell a newcomer to type runs: every Python block, every command, every link and picture."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page, language):
    """The fenced blocks of one language in a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def run(text, page):
    """Run a page's Python in one fresh name space and return it."""
    names: dict = {}
    exec(compile(text, str(page), "exec"), names)
    return names


def test_start_runs_as_written(tmp_path, monkeypatch, capsys):
    """Only the size of the synthetic study is changed."""
    page = ROOT / "docs" / "start.md"
    text = "\n".join(blocks(page, "python"))
    assert text.count('hs.write_study("out/demo-study")') == 1
    monkeypatch.chdir(tmp_path)
    names = run(text.replace('"out/demo-study")', '"out/demo-study", size="small")'), page)
    counted = [int(n) for n in re.findall(r"# (\d+)\b", text)]
    assert counted == list(range(1, 13)), "twelve calls, counted in the comments"
    assert names["told"]["verified"], names["told"]["differences"]
    assert (tmp_path / "out" / "map.html").stat().st_size > 100_000
    assert names["folder"].name == "2025-12" and len(names["warned"]) >= 3
    assert names["warned"]["cell"].iloc[0] in capsys.readouterr().out


def test_readme_runs_as_written(tmp_path, monkeypatch):
    """On the small synthetic study instead of Wuhan."""
    from hotspot.synthetic.study import LATEST_MONTH, write_study

    page = ROOT / "README.md"
    (text,) = blocks(page, "python")
    study = write_study(tmp_path / "study", size="small")
    for written, here in (
        ("data/studies/wuhan-2020.toml", study.as_posix()), ("2020-02", LATEST_MONTH), ("2020", LATEST_MONTH[:4])
    ):  # fmt: skip
        assert written in text
        text = text.replace(written, here)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOTSPOT_DATA", str(study.parent))
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
    assert len(shown) == 4
    assert all(10_000 < (ROOT / name).stat().st_size < 250_000 for name in shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not link.startswith(("http://", "https://")):
            assert (page.parent / link).exists(), f"{page.name}: {link} leads nowhere"
