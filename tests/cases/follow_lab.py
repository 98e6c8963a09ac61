"""
A laboratory of kills: `hotspot alarms --follow` under faults.c, killed by SIGKILL at each point of a pass.

    LD_PRELOAD=faults.so python follow_lab.py FOLDER

FOLDER/data is a study whose first file was followed into FOLDER/first, and whose next ones lie in its `live`. Every
kill happens to a child that runs the command; a second child then runs it again. Prints one JSON object, asked by
test_follow.py: for each kill where it fell, what stood then, and what stands when the next pass has ended.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from fault_lab import COUNT, KILL, LAB, arm, in_child

import hotspot.cli
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study
from hotspot.workflows.hourly import follow


def command(data, out):
    """The command as a user gives it, in this process."""
    where = ["--study", str(data / "study.toml"), "--data", str(data), "--out", str(out)]
    with contextlib.redirect_stdout(io.StringIO()):
        hotspot.cli.app(["alarms", "--follow", str(data / "live"), *where], standalone_mode=False)


def standing(study, out):
    """Digests of all that a pass leaves, the ledger by its entries (which carry the time of writing)."""
    home = out / study / "alarms" / "follow"
    told = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(home.iterdir()) if p.name != "lock"}
    with open_ledger(out / study / "ledger.sqlite") as ledger:
        ledger.verify()
        bodies = [entry.body for entry in ledger.entries("alarm")]
    return told | {"ledger": hashlib.sha256(json.dumps(bodies, sort_keys=True).encode()).hexdigest()}


def killed_reading(data, out, file):
    """The command, killed when it has taken ``file - 1`` files of the pass and opens the next."""
    real, seen = follow._read, []

    def read(*given):
        seen.append(given)
        if len(seen) == file:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given)

    follow._read = read
    command(data, out)


def main(folder):
    """One line of JSON."""
    data, first = folder / "data", folder / "first"
    study = load_study(data / "study.toml").id
    whole, warm = folder / "whole", folder / "warm"
    shutil.copytree(first, warm)
    command(data, warm)  # all that is imported and compiled, before the forks
    shutil.copytree(first, whole)

    def counted():
        arm(COUNT, whole)
        command(data, whole)
        return LAB.lab_calls()

    calls = int(in_child(counted)[1])
    end, before = standing(study, whole), standing(study, first)
    files = len(list((data / "live").iterdir()))
    # Before a file is read, on the way through ledger and month's file, and at every call on the state.
    at_calls = sorted({calls // 3, 2 * calls // 3, *range(calls - 4, calls + 1)})
    kills = [("file", 2), *(("call", n) for n in at_calls)]
    rows = []
    for what, at in kills:
        out = folder / "work"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(first, out)

        def work(out=out, what=what, at=at):
            if what == "file":
                return killed_reading(data, out, at)
            arm(KILL, out, at)
            command(data, out)

        code, said = in_child(work)
        state = standing(study, out)["state.npz"]
        between = "before" if state == before["state.npz"] else "after" if state == end["state.npz"] else "torn"
        again = in_child(lambda out=out: command(data, out))
        rows.append({
            "what": what, "at": at, "code": code, "said": said, "state": between, "again": again[0],
            "same": standing(study, out) == end,
        })  # fmt: skip
    print(json.dumps({"calls": calls, "files": files, "rows": rows}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
