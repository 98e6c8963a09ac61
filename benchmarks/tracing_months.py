"""
What tracing says of real months whose sources nobody knows: a look, no claim (docs/tracing.md).

    python benchmarks/tracing_months.py STUDY.toml YYYY-MM [--data FOLDER] [--cells 48]

Cells with a registered plant within 6 km, evenly from the study's; one row of the table is printed.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.deliveries.opening import open_months
from hotspot.study import load_study
from hotspot.trace.visits.attribution import trace_sources

WORDS = ("strong", "moderate", "weak", "not enough hours", "no hourly data")


def asked(study, plants, most):
    """Codes of at most ``most`` cells with a plant within 6 km, evenly over the study."""
    cells = study.cells
    place = np.column_stack([cells["x"].values, cells["y"].values])
    at = np.column_stack(study.grid.project(plants["lon"].to_numpy(float), plants["lat"].to_numpy(float)))
    near = np.array([np.hypot(*(at - one).T).min() <= 6000 for one in place])
    rows = np.flatnonzero(near)
    return cells["cell"].values[rows[np.unique(np.linspace(0, rows.size - 1, most).astype(int))]].astype(str)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("study", type=Path)
    parser.add_argument("month")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cells", type=int, default=48)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    study = load_study(given.study, data=given.data)
    delivered = open_months(study, [given.month], kinds=("reference", "stations", "weather", "facilities"))
    codes = asked(study, delivered.facilities, given.cells)
    start = time.process_time()
    traced = trace_sources(
        pd.DataFrame({"month": given.month, "cell": codes}), delivered.weather, delivered.facilities, cells=study.cells,
        stations=delivered.reference, micro=delivered.stations, criteria=study.criteria, utc_offset=study.utc_offset,
    )  # fmt: skip
    spent = time.process_time() - start
    about, hidden = traced.attrs["hours"], traced.attrs["unregistered"]
    shares = {name: np.nanmean([about[code][name] for code in codes if name in about[code]])
              for name in ("listed_share", "unregistered_share", "outside_share")}  # fmt: skip
    first = traced.sort_values("order").groupby("cell").first()
    best = traced.loc[traced.groupby("cell")["prior"].idxmax()].set_index("cell")["facility"]
    print(f"{study.id} {given.month}: {len(codes)} cells, {len(traced)} rows; "
          + ", ".join(f"{name} {int((traced['word'] == name).sum())}" for name in WORDS)
          + f"; told {traced['told'].mean():.2f}; "
          + ", ".join(f"{name} {value:.2f}" for name, value in shares.items())
          + f"; first is the prior's {(first['facility'] == best.reindex(first.index)).mean():.2f}; nothing observable "
          + f"{sum(len(found['unseen']) == 36 for found in hidden.values())}, pointed at "
          + f"{sum(bool(found['look']) for found in hidden.values())}; {spent:.1f} CPU s")  # fmt: skip


if __name__ == "__main__":
    main()
