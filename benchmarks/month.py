"""
One whole month of 2+26, every product: wall, CPU seconds and peak memory of each step.

    python benchmarks/month.py [DATA] [--month 2020-04] [--repeat 2]

DATA is the folder of the delivered files (default: HOTSPOT_DATA, then the
study's own root). The first run compiles and loads libraries; it is reported
apart. CPU seconds count every thread and every child process that has ended;
peak memory is the process's own highest so far. Every run must give the same
bytes. Prints markdown for docs/benchmarks.md.
"""

import argparse
import hashlib
import platform
import resource
import sys
import tempfile
import time
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

from hotspot.publish.release import publish
from hotspot.study import load_study
from hotspot.variables import DataError
from hotspot.workflows.monthly.month import derive
from hotspot.workflows.yearly.year import open_hotspots

STUDY = Path(__file__).parents[1] / "data" / "studies" / "plain-2020.toml"


def spent():
    """Wall and CPU seconds so far, and the peak memory in GB."""
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    # Linux counts kilobytes, macOS bytes.
    return time.perf_counter(), cpu, own.ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)


def one_run(data, month, out):
    """Steps of one month with what stood on the clocks when each began, and the folder."""
    marks = [("study and yearly list", spent())]

    def step(name):
        marks.append((name, spent()))

    study = load_study(STUDY, data=data)
    hot = open_hotspots(study, int(month[:4]), out=out)
    derived = derive(study, month, hot=hot, step=step)
    step("checks of the intake")
    folder = publish(study, month, derived, out=out, progress=step)
    step("end")
    return marks, folder


def digest(folder):
    """One hash over every file of a month, by name."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("data", nargs="?")
    parser.add_argument("--month", default="2020-04")
    parser.add_argument("--repeat", type=int, default=2)
    given = parser.parse_args()
    root = load_study(STUDY, data=given.data).root
    if not (root / "acag_pm25_satellite").is_dir():
        print(f"skipped: {root} holds no acag_pm25_satellite; give the folder of the delivered files.")
        return
    print(
        f"Python {platform.python_version()}, numpy {version('numpy')}, typst {version('typst')}, {platform.machine()}"
    )
    bytes_of = []
    for run in range(given.repeat):
        with tempfile.TemporaryDirectory() as out:
            try:
                marks, folder = one_run(given.data, given.month, Path(out))
            except DataError as error:
                print(f"skipped: {error}")
                return
            bytes_of.append(digest(folder))
            sheets = len(list((folder / "sheets").glob("*.pdf")))
        print(f"\n### {'First run' if run == 0 else f'Warm run {run}'}: {given.month}, {sheets} sheets\n")
        print("| step | wall s | CPU s | peak so far, GB |\n|---|---|---|---|")
        for (name, before), (_, after) in pairwise(marks):
            print(f"| {name} | {after[0] - before[0]:.2f} | {after[1] - before[1]:.2f} | {after[2]:.2f} |")
        first, last = marks[0][1], marks[-1][1]
        print(f"| **whole month** | {last[0] - first[0]:.1f} | {last[1] - first[1]:.1f} | {last[2]:.2f} |")
    same = len(set(bytes_of)) == 1
    print(f"\nSame bytes in every run: {same}.")
    if not same:
        sys.exit("the runs differ; the month is not deterministic")


if __name__ == "__main__":
    main()
