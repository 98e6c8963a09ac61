"""
Every number of trusting-a-delivery.md: twelve faults planted in each of eight stations, and in all of them.

    python docs/trusting_a_delivery.py [SEED ...]

For each fault: the largest move of a cell, in units of its stated error, with the plain fusion (the naive answer), with
the bounded one, how many of the eight stations the gate names, and the same for all eight at once.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))
from planted_series import KINDS, broken

from hotspot.estimate.field.from_stations import station_means
from hotspot.estimate.field.fuse import fuse
from hotspot.estimate.field.monthly import monthly_field
from hotspot.quality.plausible.gate import findings
from hotspot.sources.intake import Intake
from hotspot.synthetic.study import synthetic_month


def fused(month, coarse, limit):
    """Value and stated error of every cell."""
    last = replace(month, reference=month.reference.isel(time=slice(-744, None)))
    rules = month.study.criteria.interpolation.model_copy(update={"station_limit": limit})
    _, means = station_means(last, [month.month])
    field = fuse(coarse[["pm25"]], means, interpolation=rules, error_share=0.06)
    return field["pm25"].values[:, 0], field["pm25_error"].values[:, 0]


def main(seed):
    """Print one table."""
    whole = replace(synthetic_month(seed=seed), stations=None)
    coarse = monthly_field(replace(whole, reference=None, intake=Intake(whole.intake.root)))[0].isel(time=[-1])
    limit = whole.study.criteria.interpolation.station_limit
    before, error = fused(whole, coarse, limit)
    print(f"seed {seed}: mean {before.mean():.1f}, stated error {np.median(error):.2f} ug/m3")
    print("| fault | one station, plain | one station, bounded | named by the gate | all eight, bounded | the gate |")
    print("|---|---|---|---|---|---|")
    for kind in KINDS:
        plain, held, named = [], [], 0
        for station in range(8):
            month = broken(whole, kind, [station])
            plain.append(np.nanmax(np.abs(fused(month, coarse, 1e9)[0] - before) / error))
            held.append(np.nanmax(np.abs(fused(month, coarse, limit)[0] - before) / error))
            named += any(one.changes for one in findings(month, [month.month]))
        month = broken(whole, kind, range(8))
        moved = np.nanmax(np.abs(fused(month, coarse, limit)[0] - before) / error)
        kinds = sorted({one.kind for one in findings(month, [month.month]) if one.changes})
        print(
            f"| {kind} | {max(plain):.2f} | {max(held):.2f} | {named} of 8 | {moved:.1f} | {', '.join(kinds) or '-'} |",
            flush=True,
        )


if __name__ == "__main__":
    for number in sys.argv[1:] or ["7", "11"]:
        main(int(number))
