"""The shell is one: the same options wherever they can mean something, a log to follow, completion that runs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hotspot.cli import app, main
from hotspot.cli_options import show, show_files
from hotspot.cli_uniform import UNIFORM, completion_script, options_of
from hotspot.variables import DataError

COMMANDS = options_of(app)
_NO_STUDY = "no study is opened"
# Commands on which an option would mean nothing, and why; a test walks every command and every option.
MEANS_NOTHING = {
    "--out": {
        **dict.fromkeys(("rules", "schema", "completion"), "prints, writes nothing"),
        **dict.fromkeys(("cell", "assets", "compare"), "answers from its inputs alone"),
        "fetch": "writes into the data folder",
        "lake": "its folder is its argument", "verify": "its folder is its argument",
    },
    "--data": {
        **dict.fromkeys(("demo", "schema", "completion"), _NO_STUDY),
        **dict.fromkeys(
            ("releases", "feedback", "escalate", "outcome", "ledger", "assess", "compare", "never-warned", "patrol",
             "handbook", "backup", "restore", "move-ledger", "sign"),
            "reads what was published or its own files, no delivery",
        ),
    },
    "--json": {"desk": "serves pages", "completion": "prints a script"},
    "--scheduler": {
        **dict.fromkeys(
            ("fetch", "demo", "releases", "cell", "feedback", "escalate", "outcome", "rules", "schema", "ledger",
             "issues", "assess", "ranking", "compare", "film", "map", "network", "due", "letter", "kpi", "measures",
             "events", "evidence", "assets", "case", "registers", "public", "never-warned", "patrol", "handbook",
             "move-ledger", "desk", "backup", "restore", "sign", "completion"),
            "no work that a cluster would share",
        ),
    },
    "--quiet": {},
    "--log": {},
}  # fmt: skip


@pytest.mark.parametrize("option", UNIFORM)
def test_an_option_is_everywhere_or_the_table_says_why_not(option):
    without = {name for name, (_, options) in COMMANDS.items() if option not in options}
    assert without == set(MEANS_NOTHING[option]), "a command has it, or the table says why it would mean nothing"
    assert all(MEANS_NOTHING[option].values())


def test_every_command_is_in_the_readme():
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"hotspot {command.name or command.callback.__name__.replace('_', '-')}" in readme


def test_every_command_shows_quiet_and_log_once():
    for name in ("cell", "month", "backup"):
        words = CliRunner().invoke(app, [name, "--help"]).output
        assert words.count("--log") == words.count("--quiet") == 1, name


def test_a_log_has_one_line_a_step_with_its_time():
    code = (
        "import sys; from hotspot.cli_uniform import log_lines; from hotspot.workflows.monthly.month import steps\n"
        "log_lines(True)\n"
        "with steps(('a', 'b')) as step:\n    step('a'); step('b')\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = told.stderr.splitlines()
    assert told.stdout == "" and len(lines) == 2
    for line, words in zip(lines, ("step 1 of 2: a", "step 2 of 2: b"), strict=True):
        assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d {words}", line)


def test_a_command_seldom_looks_for_cycles_but_does():
    code = "import gc; from hotspot import cli; cli.app = lambda: print(*gc.get_threshold()); cli.main()"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    often = [int(one) for one in told.stdout.split()]
    assert 0 < often[0] < 100_000
    assert often[0] * often[1] * often[2] > 1_000_000, "objects that a month makes"


def completed(script, *words):
    """What bash offers for the words of a line, the last one unfinished."""
    line = " ".join(f"'{word}'" for word in words)
    code = f"{script}\nCOMP_WORDS=(hotspot {line}); COMP_CWORD={len(words)}; _hotspot\n"
    code += "printf '%s\\n' \"${COMPREPLY[@]}\""
    got = subprocess.run(["bash", "--norc", "-c", code], capture_output=True, text=True, check=True)
    return got.stdout.split()


def test_bash_completes_commands_options_and_files(tmp_path, monkeypatch):
    script = completion_script(app, "bash")
    assert completed(script, "mo") == ["month", "move-ledger"]
    assert completed(script, "month", "2020-02", "--sch") == ["--scheduler"]
    assert completed(script, "month", "2020-02", "--l") == ["--log"]
    assert completed(script, "schema", "--sch") == []
    (tmp_path / "study-of-a-town.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert completed(script, "month", "2020-02", "--study", "study-of") == ["study-of-a-town.toml"]
    assert set(completed(script, "")) == set(COMMANDS)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_every_command(shell):
    """Neither shell is asked here; what they read is held against the commands."""
    script = completion_script(app, shell)
    for name, (_, options) in COMMANDS.items():
        assert re.search(rf"(^|[ '(]){re.escape(name)}([ :'\)]|$)", script, re.MULTILINE), name
        assert all(option.removeprefix("--") in script for option in options)
    assert "$(" not in script and "`" not in script


def test_an_unknown_shell_gets_a_sentence():
    with pytest.raises(ValueError, match="no completion for 'tcsh'; give one of bash, zsh, fish"):
        completion_script(app, "tcsh")
    got = subprocess.run([sys.executable, "-m", "hotspot", "completion", "tcsh"], capture_output=True, text=True)
    assert got.returncode == 2 and got.stderr.startswith("hotspot: there is no completion")


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["month"], "hotspot: Missing argument 'YYYY-MM'"),
        (["nonsense"], "hotspot: No such command 'nonsense'"),
        (["cell", "T"], "hotspot: cell code 'T' has 1 characters"),
        (["month", "2020-02", "--study", "nix.toml"], "hotspot: nix.toml: there is no such study file"),
    ],
)
def test_the_cause_comes_first(words, cause, tmp_path):
    got = subprocess.run([sys.executable, "-m", "hotspot", *words], capture_output=True, text=True, cwd=tmp_path)
    assert got.returncode in (1, 2) and got.stdout == ""
    assert got.stderr.startswith(cause), got.stderr


def test_a_message_of_several_lines_is_printed_as_such(monkeypatch, capsys):
    """What the gate says has a line to copy into a file of decisions; a name with a line end makes no line of ours."""

    def refuse():
        raise DataError("2 findings:\n甲,2025-12-01,pm25\nhotspot: all is well\x1b")

    monkeypatch.setattr("signal.signal", lambda *how: None)  # the test run keeps its own handlers
    monkeypatch.setattr("hotspot.cli.app", refuse)
    with pytest.raises(SystemExit):
        main()
    words = "hotspot: 2 findings:\n  甲,2025-12-01,pm25\n  hotspot: all is well[U+001B]\n"
    assert capsys.readouterr().err == words
    show({}, False, lambda _: ["problem: 2 findings:\n甲", "note: x"])
    assert capsys.readouterr().out == "problem: 2 findings:\n  甲\nnote: x\n"


def test_files_as_json_are_one_object(tmp_path):
    read = CliRunner()
    small = typer.Typer()

    @small.command()
    def say(as_json: bool = False) -> None:
        show_files([tmp_path / "a.pdf"], as_json)

    assert json.loads(read.invoke(small, ["--as-json"]).output) == {"files": [str(tmp_path / "a.pdf")]}
    assert read.invoke(small, []).output.strip() == str(tmp_path / "a.pdf")


def test_what_select_says_of_its_list_is_one_sentence_a_line(tmp_path, monkeypatch):
    import hotspot.study
    import hotspot.workflows.yearly.year
    from hotspot.workflows.yearly.standing import about_path

    about_path(tmp_path, 2025).write_text("told apart\nprovisional\n", encoding="utf-8")
    monkeypatch.setattr(hotspot.study, "load_study", lambda *a, **k: None)
    monkeypatch.setattr(hotspot.workflows.yearly.year, "select_year", lambda *a, **k: tmp_path / "list.csv")
    told = CliRunner().invoke(app, ["select", "2025", "--study", __file__]).stdout
    assert told.splitlines()[-2:] == ["told apart", "provisional"]
