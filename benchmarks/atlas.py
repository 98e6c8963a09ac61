"""
The atlas of a city: seconds a page, data and typesetting apart.

    python benchmarks/atlas.py --study STUDY.toml --year 2020 --city 130900 [--data DIR] [--repeat 3]

The hotspot list is selected first if nobody did; that is not timed. Each figure is the median (CPU seconds,
and wall beside them). Prints markdown for docs/printed-maps.md.
"""

import argparse
import platform
import resource
import statistics
import tempfile
import time
from importlib.metadata import version

from hotspot.deliveries.opening import open_year
from hotspot.publish.paper.atlas import atlas_data, render
from hotspot.sources.intake import Intake
from hotspot.sources.places.backdrop import read_backdrop
from hotspot.study import load_study
from hotspot.workflows.yearly.year import open_hotspots


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--study", required=True)
    parser.add_argument("--year", type=int, required=True)
    parser.add_argument("--city", required=True, help="its code")
    parser.add_argument("--data")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    study = load_study(given.study, data=given.data)
    with tempfile.TemporaryDirectory() as folder:
        hot = open_hotspots(study, given.year, out=folder)
    facilities = open_year(study, given.year, kinds=("facilities",)).facilities
    ways = read_backdrop(study.backdrop, study.root, Intake(study.root), bounds=study.boundaries.total_bounds)
    cells = study.cells
    city = str(cells["city"].values[cells["city_code"].values == given.city][0])
    took = []
    for _ in range(given.repeat + 1):
        start, cpu = time.perf_counter(), time.process_time()
        data = atlas_data(study, given.year, city, hot=hot, facilities=facilities, backdrop=ways)
        drawn = time.process_time() - cpu
        size = len(render(data)) / 1e6
        took.append((drawn, time.process_time() - cpu - drawn, time.perf_counter() - start))
    # The first run also loads the libraries.
    drawn, set_, wall = (statistics.median(t) for t in zip(*took[1:], strict=True))
    n = len(data["pages"])
    print(f"Python {platform.python_version()}, typst {version('typst')}, {platform.machine()}\n")
    print("| cells | data, CPU s | setting, CPU s | CPU s a page | wall s | MB |\n|---|---|---|---|---|---|")
    print(f"| {n} | {drawn:.2f} | {set_:.2f} | {(drawn + set_) / n:.3f} | {wall:.2f} | {size:.1f} |")
    print(f"\nPeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB.")


if __name__ == "__main__":
    main()
