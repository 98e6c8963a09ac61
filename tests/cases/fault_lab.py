"""
A laboratory of faults: publishes tiny months under faults.c and says what was found afterwards.

    LD_PRELOAD=faults.so python fault_lab.py FOLDER

Every fault happens to a child, so that the next one begins from the same month
in place. Prints one JSON object; test_faults.py asks it questions.
"""

import ctypes
import json
import os
import shutil
import sys
from pathlib import Path

from power_loss import Disk, read_log, write_tree
from tiny_month import MONTH, STUDY, install, publish

from hotspot.ledger.chain.store import open_ledger
from hotspot.publish import manifest, release, staging
from hotspot.variables import DataError
from hotspot.workflows.proof.verify import verify_study

OLD, NEW, LATER = {"A": 60.0, "B": 55.0}, {"A": 61.0, "C": 57.0}, {"A": 62.0, "C": 57.0}
COUNT, KILL, FULL, LOG = 1, 2, 3, 4
LAB = ctypes.CDLL(None)  # holds the lab's functions where faults.so is loaded


def arm(mode, folder, limit=0, log=""):
    LAB.lab_arm(mode, ctypes.c_long(limit), os.fsencode(folder), os.fsencode(log))


def in_child(work):
    """Run ``work`` in a child; its exit code, or minus the signal that ended it, and what it said."""
    inward, outward = os.pipe()
    child = os.fork()
    if not child:
        os.close(inward)
        said, code = "", 0
        try:
            said = str(work() or "")
        except DataError as error:
            said, code = str(error), 1
        except BaseException as error:
            said, code = repr(error), 2
        LAB.lab_arm(0, 0, b"", b"")
        os.write(outward, said.encode())
        os._exit(code)
    os.close(outward)
    with open(inward, encoding="utf-8") as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said


def state(out):
    """Which month stands there: "old", "new", or what is wrong with it."""
    home = Path(out) / STUDY.id
    try:
        stated = manifest.read_manifest(home / MONTH)
        if stated["outputs"] | stated["notices"] != manifest.outputs(home / MONTH):
            return "mixed"
        with open_ledger(home / "ledger.sqlite") as ledger:
            ledger.verify(head=stated["chain"]["head"])
            own = ledger.entries("month", MONTH)
    except DataError as error:
        return str(error)
    if stated["chain"]["head"] not in {entry.hash for entry in own}:
        return "not in the ledger"
    return "new" if "C" in (home / MONTH / "warnings.csv").read_text() else "old"


def hidden(out):
    """What a run left that is no product; the lock file is meant to stay, empty."""
    home = Path(out) / STUDY.id
    return sorted(
        path.relative_to(home).as_posix()
        for path in home.rglob("*")
        if (path.name.startswith(".") and not (path.name == f".{MONTH}.lock" and not path.stat().st_size))
        or path.name.endswith("-journal")
    )


def finish(out):
    """The next run: what it says went wrong, in a list that should be empty."""
    publish(out, NEW)
    told = verify_study(Path(out) / STUDY.id)
    return (
        told["differences"]
        + hidden(out)
        + ([] if state(out) == "new" else [state(out)])
        + ([] if told["entries"] == 2 else [f"{told['entries']} entries"])
    )


def sweep(folder, first, mode, limits):
    """Publish the new month under the fault at each limit; a row each: limit, end, said, state, left over, after."""
    rows = []
    for limit in limits:
        out = folder / "work"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(first, out)

        def work(out=out, limit=limit):
            arm(mode, out, limit)
            publish(out, NEW)

        code, said = in_child(work)
        found = state(out)
        left = hidden(out)
        rows.append({"at": limit, "code": code, "said": said, "state": found, "left": left, "after": finish(out)})
        if code == 0:
            break
    return rows


def power_cuts(folder, first, root, log):
    """Cut the power after each call of the log; what stands then, and what the next run makes of it."""
    disk, seen, rows = Disk(root, first), set(), []
    for number, call in enumerate(read_log(log), 1):
        disk.play(*call)
        for kept in ("nothing", "names", "data", "all"):
            tree = disk.surviving(kept)
            if repr(tree) in seen:
                continue
            seen.add(repr(tree))
            out = folder / "cut"
            shutil.rmtree(out, ignore_errors=True)
            write_tree(tree, out)
            found = state(out)
            entered = in_ledger(out)
            # What the kills do not try: the next run has other data yet, and may not lose what was entered.
            after = []
            if entered == 2 or number % 4 == 0:
                publish(out, LATER)
                after = verify_study(out / STUDY.id)["differences"] + hidden(out)
            rows.append({"at": number, "call": call[:3], "kept": kept, "state": found, "in": entered, "after": after})
    out = folder / "end"
    write_tree(disk.surviving("nothing"), out)
    return rows, state(out)


def in_ledger(out):
    """How many entries the ledger has."""
    with open_ledger(Path(out) / STUDY.id / "ledger.sqlite") as ledger:
        return ledger.verify()


def after_a_cut(folder, first, name, work, kept):
    """Do some work on a copy of the first month, cut the power when it is done, and say where what is left lies."""
    root, log, left = (folder / f"{name}{end}" for end in ("", ".log", "-cut"))
    shutil.copytree(first, root)

    def logged():
        arm(LOG, root, log=log)
        work(root)

    in_child(logged)
    disk = Disk(root, first)
    for call in read_log(log):
        disk.play(*call)
    write_tree(disk.surviving(kept), left)
    return left


def appended(root):
    """An entry of feedback, which nothing else flushes after it."""
    with open_ledger(root / STUDY.id / "ledger.sqlite") as ledger:
        ledger.append("feedback", MONTH, {"cell": "A"})


def careless(root):
    """A publisher that does not flush; only a child's, so the others do."""
    staging.flush = release.flush = lambda path: None
    publish(root, NEW)


def main(folder):
    install()
    first = folder / "first"
    publish(first, OLD)
    whole = folder / "whole"
    shutil.copytree(first, whole)

    def count():
        arm(COUNT, whole)
        publish(whole, NEW)
        LAB.lab_calls.restype = LAB.lab_bytes.restype = ctypes.c_long
        return f"{LAB.lab_calls()} {LAB.lab_bytes()}"

    calls, size = (int(n) for n in in_child(count)[1].split())
    log = folder / "log"

    def record():
        arm(LOG, folder / "logged", log=log)
        publish(folder / "logged", NEW)

    shutil.copytree(first, folder / "logged")
    logged = in_child(record)[0]
    power, end = power_cuts(folder, first, folder / "logged", log)
    report = {
        "calls": calls,
        "bytes": size,
        "logged": logged,
        "power": power,
        "end": end,
        "kill": sweep(folder, first, KILL, range(1, calls + 2)),
        "full": sweep(folder, first, FULL, [*range(0, size, size // 16), size - 1]),
    }
    report["appended"] = in_ledger(after_a_cut(folder, first, "appended", appended, "nothing"))
    report["careless"] = state(after_a_cut(folder, first, "careless", careless, "names"))
    print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
