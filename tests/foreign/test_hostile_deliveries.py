"""A corpus of hostile deliveries over all readers, and over the commands of the shell: each is answered."""

import json
import os
import subprocess
import sys
from pathlib import Path

import hostile_deliveries as made
import pytest

from hotspot.cli import main

N = 320  # mutants: 16 of each kind; the longer run is ``python tests/cases/hostile_deliveries.py``
COMMANDS = (
    ["alarms", "--follow", "."],
    ["check", "2025-12"], ["month", "2025-12"], ["select", "2025"], ["explain", "PR1847L", "--month", "2025-12"],
    ["alarms", "2025-12"], ["atlas", "2025"], ["releases"], ["escalate", "2025-12"], ["instrument", "2025"],
    ["film", "PR1847L", "--from", "2025-12-05T00"], ["lake", "lake"], ["feedback", "a.csv"], ["outcome"], ["rules"],
    ["issues", "--asof", "2026-01-01T00:00"], ["ledger"], ["assess", "2025-12", "--findings", "a.csv"],
    ["ranking", "2025-12", "--index", "a.csv"], ["compare", "2025-12-01", "2025-12-31", "--days", "a.csv"],
)  # fmt: skip
EACH = int(os.environ.get("HOTSPOT_MUTANTS", "9"))  # mutants per command; 200 were run by hand


def test_every_hostile_delivery_is_answered_within_memory_and_time():
    # In a process of its own: memory is that of the readers, not of the tests before this one.
    code = "import json, hostile_deliveries as m; c, f, h = m.run(int(__import__('sys').argv[1])); "
    code += "print(json.dumps([[list(k) + [n] for k, n in c.items()], f, h]))"
    env = os.environ | {"PYTHONPATH": str(Path(made.__file__).parent)}
    ran = subprocess.run([sys.executable, "-c", code, str(N)], capture_output=True, text=True, check=True, env=env)
    counts, faults, held = json.loads(ran.stdout.splitlines()[-1])
    assert faults == []
    kinds = {kind for kind, _, _ in counts}
    assert sum(n for _, _, n in counts) == N + len(kinds), "every mutant and every sound delivery"
    assert held < made.MEMORY
    assert {kind for kind, how, _ in counts if how == "refused"} == kinds, "the mutants of each kind do bite"


def test_the_corpus_follows_from_its_seeds():
    files, _ = made.deliveries()["stations.csv"]
    assert made.mutant("stations.csv", files, 3) == made.mutant("stations.csv", files, 3)
    assert len({made.mutant("stations.csv", files, seed)["a.csv"] for seed in range(50)}) > 40


@pytest.fixture(scope="module")
def sound():
    return made.deliveries()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: "-".join(words[:2]))
def test_no_command_shows_a_traceback(tmp_path, monkeypatch, capsys, sound, command):
    more = '\n[[stations]]\nlayout = "long"\nfiles = ["a.csv"]\ndatum = "wgs84"\nunit = "ug/m3"\ntime_zone = "+08:00"\n'
    more += 'hour_label = "start"\n'
    more += 'role = "micro"\n' if command[0] == "alarms" else ""
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setattr("signal.signal", lambda *how: None)  # the test run keeps its own handlers
    for seed in range(EACH):
        folder = tmp_path / str(seed)
        folder.mkdir()
        files = {name: data for kind in ("boundary.geojson", "stations.csv") for name, data in sound[kind][0].items()}
        files["s.toml"] = (
            made.STUDY.replace("datum", 'columns = {city = "市"}\ndatum').replace("[crit", f"{more}[crit").encode()
        )
        bent = ("s.toml", "a.geojson", "a.csv")[seed % 3]
        files |= made.mutant(bent.rsplit(".", 1)[1], {bent: files[bent]}, seed)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        monkeypatch.setattr(sys, "argv", ["hotspot", *command, "--study", str(folder / "s.toml")])
        monkeypatch.chdir(folder)
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr().err
        assert code in (0, 1, 2) and "fault of the program" not in said and "Traceback" not in said, (seed, bent, said)
        assert code == 0 or said.strip() or command[0] in ("check", "releases", "rules")
