"""
What ``trace_sources`` says on the worlds of ``tracing_worlds``, with the naive answers beside it (docs/tracing.md).

    python tests/cases/tracing_scores.py 41 43                 # orders, words, ranges, by kind of world
    python tests/cases/tracing_scores.py 41 43 --no-sizes      # or: --turned, --alone (no station is heard)
    python tests/cases/tracing_scores.py 42 44 --hidden        # what no register holds, in cells with micro-stations
    python tests/cases/tracing_scores.py 41 43 --oracle        # what could be told at all (tracing_oracle) beside it
    python tests/cases/tracing_scores.py 41 43 --removed       # the source to blame taken out of the register

Nothing was chosen on seeds from 41. Orders are asked without looking for what no register holds, which changes none.
"""

import argparse
import contextlib
import warnings
from itertools import pairwise
from unittest import mock

import numpy as np
import pandas as pd
from tracing_oracle import oracles
from tracing_worlds import KINDS, MONTH, SPACING, make_tracing_world

WORDS = ("strong", "moderate", "weak", "not enough hours", "no hourly data")
ORDERS = ("ours", "prior", "size", "nearest")


def hottest(world, share=0.2):
    """Positions of the hottest fifth of the cells by what is local."""
    return np.argsort(-world.local, kind="stable")[: int(share * len(world.local))]


def not_looked(store, post, shape, *arrays, step, tracing):
    """In place of ``whose.kept_unregistered``: what is said before any station is heard."""
    from hotspot.trace.unlisted.unregistered import Unregistered

    n = len(arrays[-1])
    chance, size = np.full(n, tracing.unregistered_chance / n), np.full(n, tracing.unregistered_g_s)
    return Unregistered(chance, size, np.zeros(n, bool), tracing.unregistered_chance, np.zeros(n, bool))


def traced(world, criteria, *, sizes=True, turned=False, heard=True, without=None, cells=None, look=False):
    """Rows of ``trace_sources`` of the hottest fifth, with the true share of each."""
    from hotspot.trace.visits.attribution import trace_sources

    rows = hottest(world) if cells is None else cells
    register = world.facilities if without is None else world.facilities[world.facilities["facility"] != without]
    register = register if sizes else register.drop(columns=["size", "size_unit"])
    weather = world.weather
    if turned:
        weather = weather.assign(u10=-weather["u10"], v10=-weather["v10"])
    warned = pd.DataFrame({"month": MONTH, "cell": world.cells["cell"].values[rows]})
    passed = mock.patch("hotspot.trace.plumes.whose.kept_unregistered", not_looked)
    with contextlib.nullcontext() if look else passed:
        found = trace_sources(
            warned, weather, register, cells=world.cells, stations=world.stations if heard else None,
            micro=world.micro if heard else None, criteria=criteria,
        )  # fmt: skip
    of = {name: at for at, name in enumerate(world.cells["cell"].values)}
    source = {name: int(np.flatnonzero(world.number == at)[0]) for at, name in enumerate(world.facilities["facility"])}
    cell, at = found["cell"].map(of).to_numpy(), found["facility"].map(source).to_numpy()
    size = found["facility"].map(world.facilities.set_index("facility")["size"])
    return found.assign(true=world.added[cell, at] / world.local[cell], size=size if sizes else 1.0)


def culprits(world, *, share=0.25, least=2.0):
    """Code of a cell -> the registered facility that is to blame, hottest cell first, as in ``planted_sources``."""
    known, found = np.flatnonzero(world.number >= 0), {}
    for cell in hottest(world):
        main = known[np.argmax(world.added[cell, known])]
        if world.added[cell, main] >= max(least, share * world.local[cell]):
            found[world.cells["cell"].values[cell]] = world.facilities["facility"].iloc[world.number[main]]
    return found


def places(world, rows, oracles=()):
    """Where each culprit stands in the orders: DataFrame of ``ORDERS`` and of some ``Oracle``, one row per pair."""
    found, oracles = [], dict(oracles)
    number = {name: at for at, name in enumerate(world.facilities["facility"])}
    columns = [*ORDERS, *oracles]
    for cell, facility in culprits(world).items():
        own = rows[rows["cell"] == cell].set_index("facility")
        if len(own) <= 3:
            continue
        if facility not in own.index:
            found.append(dict.fromkeys(columns, np.inf))
            continue
        one = own.loc[facility]
        found.append({
            "ours": one["order"], "prior": 1 + (own["prior"] > one["prior"]).sum(),
            "size": 1 + (own["size"] > one["size"]).sum() if own["size"].nunique() > 1 else np.nan,
            "nearest": 1 + (own["distance_km"] < one["distance_km"]).sum(),
        })  # fmt: skip
        at = int(np.flatnonzero(world.cells["cell"].values == cell)[0])
        listed = np.array([number[name] for name in own.index])
        found[-1] |= {name: one.rank(at, listed, number[facility]) for name, one in oracles.items()}
    return pd.DataFrame(found, columns=columns)


def line(table):
    """First / among three of each order, in words."""
    return "  ".join(f"{name} {(table[name] == 1).mean():.2f}/{(table[name] <= 3).mean():.2f}" for name in table)


def calibration(rows):
    """Lines of words and of classes of the stated share: rows, stated, true, how often the range holds the truth."""
    classes = [(word, rows[rows["word"] == word]) for word in WORDS]
    for low, high in pairwise((0, 0.05, 0.12, 0.2, 0.35, 0.5, 0.7, 1.01)):
        classes.append((f"{low:.2f} to {high:.2f}", rows[(rows["share"] >= low) & (rows["share"] < high)]))
    said = []
    for name, own in classes:
        if len(own):
            held = ((own["true"] >= own["share_low"]) & (own["true"] <= own["share_high"])).mean()
            said.append(f"  {name}: {len(own)} rows, {len(own) / len(rows):.1%}, stated {own['share'].mean():.3f}, "
                        f"true {own['true'].mean():.3f}, in its range {held:.2f}")  # fmt: skip
    return said


def hidden(world, criteria):
    """
    What is said of sources in no register, in the cells with micro-stations.

    Returns
    -------
    (of, at, naive): float64[source, 4] of every unregistered source inside such a cell: g/s, observable where it
    stands, pointed at within one sub-cell, and whether the sub-cell of the cell's loudest station is;
    float64[place], m from each place that is pointed at to the nearest unregistered source; float64[cell], the same
    of its loudest station
    """
    from hotspot.grid.lattice import Grid

    grid, (x0, y0) = Grid(SPACING), (world.cells[axis].values[0] for axis in ("x", "y"))
    station = np.column_stack(grid.project(world.micro["lon"].values, world.micro["lat"].values))
    station = station - [x0, y0] + world.at[0]
    own = np.argmin(np.abs(station[:, None] - world.at).max(axis=2), axis=1)
    cells = np.unique(own)
    found = traced(world, criteria, cells=cells, look=True).attrs["unregistered"]
    off = np.flatnonzero(world.number < 0)
    of, at, naive = [], [], []
    for cell in cells:
        told = found[world.cells["cell"].values[cell]]
        look = np.array([_middle(*place) for place in told["look"]]).reshape(-1, 2) + world.at[cell]
        at += [np.abs(world.places[off] - place).max(axis=1).min() for place in look]
        mean = world.micro["pm25"].values[own == cell]
        loud = station[own == cell][np.argmax(np.nanmean(mean, axis=1))]
        naive.append(np.abs(world.places[off] - loud).max(axis=1).min())
        for j in off[np.abs(world.places[off] - world.at[cell]).max(axis=1) < SPACING / 2]:
            column, row = np.floor((world.places[j] - world.at[cell]) / 500 + [3, -3]).astype(int) * [1, -1] - [0, 1]
            place = world.at[cell] + _middle(0, 0, row * 6 + column + 1)
            beside = [bool((np.abs(one - place).max(axis=-1) <= 750).any()) for one in (look, loud[None])]
            of.append([world.emission[j], row * 6 + column + 1 not in told["unseen"], *beside])
    return np.array(of, float).reshape(-1, 4), np.array(at), np.array(naive)


def _middle(east, north, number):
    """Middle of a sub-cell, m from the middle of the cell asked about."""
    row, column = divmod(number - 1, 6)
    return np.array([3000 * east + (column - 2.5) * 500, 3000 * north - (row - 2.5) * 500])


def removed(world, criteria):
    """
    The source to blame of the hottest cell that has one, taken out of the register.

    Returns
    -------
    dict: its share before; what the others, the unregistered and the outside gain; the largest share of another after
    """
    to_blame = culprits(world)
    if not to_blame:
        return {}
    code, facility = next(iter(to_blame.items()))
    cell = [int(np.flatnonzero(world.cells["cell"].values == code)[0])]
    with_it, without = (traced(world, criteria, cells=cell, without=one, look=True) for one in (None, facility))
    about = [rows.attrs["hours"][code] for rows in (with_it, without)]
    share = float(with_it.loc[with_it["facility"] == facility, "share"].sum())
    gain = {name: about[1][name] - about[0][name] for name in ("listed_share", "unregistered_share", "outside_share")}
    return {"before": share, "others": gain["listed_share"] + share, "unregistered": gain["unregistered_share"],
            "outside": gain["outside_share"], "largest": float(without["share"].max())}  # fmt: skip


def main():
    from hotspot.rules.criteria import Criteria

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    for flag in ("no-sizes", "turned", "alone", "hidden", "removed", "oracle"):
        parser.add_argument(f"--{flag}", action="store_true")
    parser.add_argument("--kinds", default=",".join(KINDS))
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    worlds = [(kind, seed) for kind in given.kinds.split(",") for seed in range(given.first, given.last)]
    if given.hidden:
        report_hidden(worlds)
    elif given.removed:
        gone = pd.DataFrame([removed(make_tracing_world(*one), Criteria()) for one in worlds])
        print(gone.round(2).to_string(), gone.mean().round(2).to_string(), sep="\n")
    else:
        how = {"sizes": not given.no_sizes, "turned": given.turned, "heard": not given.alone}
        report(worlds, oracle=given.oracle, **how)


def report(worlds, *, oracle=False, **how):
    """Print the orders by kind of world and of network, then words and classes of the stated share."""
    from hotspot.rules.criteria import Criteria

    pairs, rows = [], []
    for kind, seed in worlds:
        world = make_tracing_world(kind, seed)
        found = traced(world, Criteria(), **how)
        asked = oracles(world, sizes=how["sizes"]) if oracle else {}
        pairs.append(places(world, found, asked))
        orders = list(pairs[-1])
        print(f"{kind} {seed} {world.about}: {line(pairs[-1])}", flush=True)
        pairs[-1] = pairs[-1].assign(kind=kind, network="dense" if world.about["dense"] else "sparse")
        rows.append(found)
    table = pd.concat(pairs)
    for by in ("kind", "network"):
        for name, own in table.groupby(by):
            print(f"{name}, {len(own)} pairs: {line(own[orders])}")
    print(f"all, {len(table)} pairs: {line(table[orders])}", *calibration(pd.concat(rows)), sep="\n", flush=True)


def report_hidden(worlds):
    """Print how many unregistered sources are pointed at, and how many places that are pointed at are right."""
    from hotspot.rules.criteria import Criteria

    of, at, loudest = np.zeros((0, 4)), np.zeros(0), np.zeros(0)
    for kind, seed in worlds:
        world = make_tracing_world(kind, seed)
        if world.micro is None:
            print(f"{kind} {seed}: no micro-stations, nothing to ask", flush=True)
            continue
        told, where, naive = hidden(world, Criteria())
        of, at, loudest = np.vstack([of, told]), np.r_[at, where], np.r_[loudest, naive]
        print(f"{kind} {seed}: {len(told)} sources inside, {len(where)} places pointed at", flush=True)
    for name, own in (("of 10 g/s and more, observable", (of[:, 0] >= 10) & (of[:, 1] > 0)),
                      ("smaller, observable for 10 g/s", (of[:, 0] < 10) & (of[:, 1] > 0)),
                      ("not observable", of[:, 1] == 0)):  # fmt: skip
        if own.any():
            told, loud = of[own][:, 2:].mean(axis=0)
            print(f"{name}: {own.sum()}, pointed at {told:.2f}, at the loudest station {loud:.2f}")
    print(f"{len(at)} places pointed at, {(at <= 750).sum()} right; of the loudest stations of {len(loudest)} cells "
          f"{(loudest <= 750).sum()}")  # fmt: skip


if __name__ == "__main__":
    main()
