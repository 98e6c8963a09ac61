"""
Printed sheets: seconds per sheet and page, for one, four and sixteen times as many cells.

    python benchmarks/sheets.py [--study STUDY.toml --month 2025-12] [--repeat 3]

Without a study a synthetic one is written and its month is run first (about a
minute); then its warned cells are printed again and again. Each figure is the
median (CPU seconds, and wall beside them) of all that ``write_sheets`` does: data, maps, glyph check, one
book and one file per cell. Prints markdown for docs/benchmarks.md.
"""

import argparse
import platform
import resource
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from hotspot.publish.paper.sheets import write_sheets
from hotspot.study import load_study
from hotspot.synthetic.study import write_study
from hotspot.workflows.monthly.month import derive
from hotspot.workflows.yearly.year import open_hotspots


def repeated(month, study, times):
    """The month's tables with ``times`` as many warned cells: other hotspots take over their rows."""
    hot = month.hot["cell"].tolist()
    codes = month.warned["cell"].drop_duplicates().tolist()
    copies = [dict(zip(codes, hot[k * len(codes) : (k + 1) * len(codes)], strict=False)) for k in range(1, times)]
    tables = {}
    for name in ("warned", "traced", "checklist", "fine"):
        table = getattr(month, name)
        if table is None:
            continue
        more = [table[table["cell"].isin(m)].assign(cell=lambda t, m=m: t["cell"].map(m)) for m in copies]
        tables[name] = pd.concat([table, *more], ignore_index=True)
    return tables


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--study")
    parser.add_argument("--month", default="2025-12")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        study = load_study(given.study or write_study(folder / "study"))
        year = int(given.month[:4])
        month = derive(study, given.month, hot=open_hotspots(study, year, out=folder / "out"))
        print(f"Python {platform.python_version()}, typst {version('typst')}, {platform.machine()}\n")
        print("| cells | CPU s | CPU s a sheet | CPU s a page | wall s | book, MB |\n|---|---|---|---|---|---|")
        for times in (1, 4, 16):
            tables, took = repeated(month, study, times), []
            for k in range(given.repeat + 1):
                out = folder / f"{times}-{k}"
                out.mkdir()
                start, cpu = time.perf_counter(), time.process_time()
                paths = write_sheets(
                    out, study=study, month=given.month, field=month.field, facilities=month.facilities,
                    backdrop=month.backdrop, **tables,
                )  # fmt: skip
                took.append((time.process_time() - cpu, time.perf_counter() - start))
            # The first run also loads the libraries.
            (seconds, wall), n = (statistics.median(t) for t in zip(*took[1:], strict=True)), len(paths) - 1
            size = paths[0].stat().st_size / 1e6
            print(f"| {n} | {seconds:.2f} | {seconds / n:.3f} | {seconds / n / 2:.3f} | {wall:.2f} | {size:.1f} |")
        print(f"\nPeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB.")


if __name__ == "__main__":
    main()
