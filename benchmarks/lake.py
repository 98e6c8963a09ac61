"""
A year of station-hours against duckdb, polars, pandas, bottleneck: one process, interleaved, medians of wall seconds.

4,000 stations in 1,000 cells, 8,760 hours, 10 % missing: 35 million station-hours. Everybody
starts from memory in its own best form: duckdb and polars long tables, the rest wide arrays.
Every result is compared with the others' before a time is printed.

    python benchmarks/lake.py [--repeat 3] [--hours 8760] [--lake]
"""

import argparse
import platform
import resource
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.kernels import series

CELLS, PER_CELL = 1000, 4
WINDOW, LEAST = 720, 540


def year(n_hour):
    rng = np.random.default_rng(0)
    values = np.round(rng.gamma(4, 12, (n_hour, CELLS * PER_CELL)), 1)
    values[rng.random(values.shape, dtype=np.float32) < 0.1] = np.nan
    return values


def timed(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def race(title, ways, repeat):
    """Run all ways in turn, compare with the first, print medians and ratios to it."""
    times, first = {name: [] for name in ways}, None
    for turn in range(repeat):
        for name, call in ways.items():
            took, result = timed(call)
            times[name].append(took)
            if turn == 0:
                result = np.asarray(result, dtype=float).ravel()
                first = result if first is None else first
                np.testing.assert_allclose(result, first, rtol=1e-8, atol=1e-8, err_msg=f"{title}, {name}")
            del result
    middle = {name: statistics.median(t) for name, t in times.items()}
    print(f"\n{title}")
    for name, t in middle.items():
        print(f"  {name:<22} {t:8.3f} s {t / middle['ours']:7.1f}x")


def main():
    import bottleneck as bn
    import duckdb
    import polars as pl
    import pyarrow as pa

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--hours", type=int, default=8760)
    parser.add_argument("--lake", action="store_true", help="also write, read and summarise a lake of CSV days")
    given = parser.parse_args()
    wide = year(given.hours)
    n_hour, n_station = wide.shape
    cell = np.arange(n_station) // PER_CELL
    stamp = np.datetime64("2020-01-01", "h") + np.arange(n_hour)
    month = (stamp.astype("datetime64[M]") - np.datetime64("2020-01")).astype(np.int64)
    edges = np.r_[0, np.flatnonzero(np.diff(month)) + 1, n_hour]
    n_month = edges.size - 1
    packages = "numba duckdb polars pandas bottleneck".split()
    print(
        f"python {platform.python_version()}, {platform.machine()}, " + ", ".join(f"{p} {version(p)}" for p in packages)
    )
    flat = wide.ravel()
    seen = np.isfinite(flat)
    hour, station = np.divmod(np.flatnonzero(seen), n_station)
    table = pa.table(
        {
            "hour": hour.astype(np.int32), "month": month[hour].astype(np.int8),
            "station": station.astype(np.int32), "cell": cell[station].astype(np.int32), "pm25": flat[seen],
        }
    )  # fmt: skip
    del flat, seen, hour, station
    print(f"{table.num_rows:,} station-hours, {n_hour} hours, {n_station} stations, {CELLS} cells")
    first, member = np.arange(0, n_station + 1, PER_CELL), np.arange(n_station)
    few = wide[:3]
    series.group_means(few, first, member, np.empty((3, CELLS)))
    series.block_means(few, np.array([0]), np.array([3]))
    series.rolling_means(few, 2, 1, np.empty_like(few))
    base = duckdb.connect()
    base.execute('create table t as select * from "table"')
    frame = pl.from_arrow(table)
    columns = pd.DataFrame(wide)

    def sums():
        mean, count = series.block_means(wide, np.array([0]), np.array([n_hour]))
        total = np.nan_to_num(mean[0] * count[0]).reshape(CELLS, PER_CELL).sum(axis=1)
        return total / count[0].reshape(CELLS, PER_CELL).sum(axis=1)

    race("mean by cell over all hours", {
        "ours": sums,
        "duckdb": lambda: base.execute("select avg(pm25) from t group by cell order by cell").fetchnumpy()["avg(pm25)"],
        "polars": lambda: frame.group_by("cell").agg(pl.col("pm25").mean()).sort("cell")["pm25"],
        "pandas wide": lambda: columns.sum().groupby(cell).sum() / columns.count().groupby(cell).sum(),
    }, given.repeat)  # fmt: skip

    group = "select hour, cell, avg(pm25) m from t group by hour, cell"
    race("mean by cell and hour", {
        "ours": lambda: series.group_means(wide, first, member, np.empty((n_hour, CELLS))),
        "duckdb, unordered": lambda: _placed(base.execute(group).fetchnumpy(), n_hour),
        "pandas wide": lambda: np.nanmean(columns.to_numpy().reshape(n_hour, CELLS, PER_CELL), axis=2),
    }, given.repeat)  # fmt: skip

    def months():
        mean = series.block_means(wide, edges[:-1], edges[1:])[0]
        return mean[1:] / mean[:-1]

    change = (
        "select c from (select month, station, avg(pm25) / lag(avg(pm25)) over (partition by station order by month) c "
        "from t group by month, station) where month > 0 order by month, station"
    )
    race(f"{n_month} monthly means and month on month, by station", {
        "ours": months,
        "duckdb": lambda: base.execute(change).fetchnumpy()["c"],
        "polars": lambda: (
            frame.group_by("month", "station").agg(pl.col("pm25").mean()).sort("month", "station")
            .with_columns(c=pl.col("pm25") / pl.col("pm25").shift(1).over("station"))
            .filter(pl.col("month") > 0)["c"]
        ),
        "pandas wide": lambda: (lambda m: (m / m.shift(1)).iloc[1:])(columns.groupby(month).mean()),
    }, given.repeat)  # fmt: skip

    race(f"rolling {WINDOW} h, at least {LEAST}", {
        "ours": lambda: series.rolling_means(wide, WINDOW, LEAST, np.empty_like(wide)),
        "bottleneck": lambda: bn.move_mean(wide, WINDOW, LEAST, axis=0),
        "pandas wide": lambda: columns.rolling(WINDOW, min_periods=LEAST).mean(),
    }, given.repeat)  # fmt: skip
    if given.lake:
        del base, frame, table, columns
        lake(wide, stamp)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")


def _placed(found, n_hour):
    """duckdb's unordered groups at their places, as an analyst would need them."""
    out = np.full((n_hour, CELLS), np.nan)
    out[found["hour"], found["cell"]] = found["m"]
    return out


def lake(wide, stamp):
    """Days of CSV into a lake, again, and its months compared; the first two months."""
    from hotspot.lake.filling import add_to_lake
    from hotspot.quality.means.changes import monthly_changes
    from hotspot.sources.intake import Intake
    from hotspot.study import Stations

    with tempfile.TemporaryDirectory() as name:
        root, n_station = Path(name), wide.shape[1]
        place = [f"{110 + (s % 100) * 0.0311:.4f},{34 + (s // 100) * 0.0277:.4f}" for s in range(n_station)]
        for day in range(60):
            lines = ["time,station,lon,lat,pm25"]
            for hour in range(24 * day, 24 * day + 24):
                at = str(stamp[hour]).replace("T", " ") + ":00"
                seen = np.flatnonzero(np.isfinite(wide[hour])).tolist()
                lines += [f"{at},s{s:04d},{place[s]},{wide[hour, s]:.1f}" for s in seen]
            (root / f"{day:03d}.csv").write_text("\n".join(lines) + "\n")
        size = sum(p.stat().st_size for p in root.glob("*.csv"))
        means = {"unit": "ug/m3", "time_zone": "+08:00", "hour_label": "start", "datum": "wgs84"}
        delivery = Stations(layout="long", files=["*.csv"], **means)
        took, told = timed(lambda: add_to_lake(root / "lake", delivery, root, Intake(root), utc_offset=8))
        n = sum(one["new"] for one in told)
        kept = sum(p.stat().st_size for p in (root / "lake").rglob("*") if p.is_file())
        print(f"\nlake: {n:,} station-hours of 60 CSV days ({size / 1e6:.0f} MB) in {took:.1f} s, "
              f"{n / took:,.0f} a second; {kept / 1e6:.0f} MB on disk")  # fmt: skip
        took, _ = timed(lambda: add_to_lake(root / "lake", delivery, root, Intake(root), utc_offset=8))
        print(f"the same 60 days delivered again: {took:.2f} s")
        took, _ = timed(lambda: monthly_changes(root / "lake", ["2020-02"]))
        print(f"February's means and month on month straight from the lake: {took:.2f} s")


if __name__ == "__main__":
    main()
