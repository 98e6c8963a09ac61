"""
Alarm cards: CPU seconds of each, tracing and both files in it, and whether a second run gives the same bytes.

    python benchmarks/cards.py [--size small]

A month of the synthetic study's pushed alarms; what the month costs without cards is taken off. The budget is 0.5 s a
card (issue 13).
"""

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

import hotspot as hs
from hotspot.synthetic.study import LATEST_MONTH
from hotspot.workflows.hourly.alarms import run_alarms


def cpu(study, out, **given):
    """CPU seconds of a month's alarms."""
    before = time.process_time()
    run_alarms(study, LATEST_MONTH, out=out, **given)
    return time.process_time() - before


def main():
    """Measure and print."""
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--size", default="small", choices=["small", "demo"])
    size = args.parse_args().size
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        path = hs.write_study(root / "study", size=size)
        study = hs.load_study(path, data=path.parent)
        cpu(study, root / "warm", cards=True)  # compiles, reads the font
        plain = min(cpu(study, root / "plain") for _ in range(2))
        spent, digests = [], []
        for run in ("one", "two"):
            spent.append(cpu(study, root / run, cards=True))
            files = sorted((root / run).rglob("cards/*.*"))
            digests.append({file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files})
        cards = sum(name.endswith(".pdf") for name in digests[0])
        each = (min(spent) - plain) / cards
        same = digests[0] == digests[1]
        print(f"{cards} cards, {each:.2f} s CPU each (month without cards {plain:.1f} s), same bytes {same}")


if __name__ == "__main__":
    main()
