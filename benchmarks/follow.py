"""
An hourly pass of ``hotspot alarms --follow``: 4,000 stations in 1,000 cells, hour after hour.

    python benchmarks/follow.py [--cells 1000] [--hours 6] [--weeks 3]

Prints wall seconds and peak memory of each pass, and the size of the state, and compares nothing: the
budget is 10 s a pass on two cores (issue 13). The past is laid into the state directly, as if it had
been followed; the passes are whole: file, screen, expectation, gate, ledger, state.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from hotspot.grid.lattice import Grid

PLAN = """
id = "follow"
name = "跟踪"
time_zone = "+08:00"
counting = "touching"
[[boundary]]
layout = "table"
files = ["area.geojson"]
datum = "wgs84"
level = "city"
source = "invented"
[boundary.columns]
city = "name"
city_code = "code"
[[stations]]
layout = "long"
files = ["live/*.csv"]
coordinates = "stations.csv"
role = "micro"
unit = "ug/m3"
time_zone = "+08:00"
hour_label = "start"
source = "invented"
datum = "wgs84"
"""


def network(n_cell, seed=1):
    """Names, lon, lat of four stations in each cell of a square of cells."""
    rng, grid, side = np.random.default_rng(seed), Grid(), int(np.ceil(np.sqrt(n_cell)))
    west, south, _, _ = grid.bounds(1300, 1440)
    cell = np.arange(n_cell)
    corner = np.stack([west + cell % side * 3000.0, south + cell // side * 3000.0], axis=1)
    place = (corner[:, None] + rng.uniform(200, 2800, (n_cell, 4, 2))).reshape(-1, 2)
    lon, lat = grid.unproject(*place.T)
    return np.array([f"M{k:05d}" for k in range(len(lon))]), np.round(lon, 5), np.round(lat, 5)


def readings(names, hour, rng):
    """One hour of a calm network with a few high places."""
    level = 60 + 20 * np.sin(hour / 24 * 2 * np.pi)
    values = level * np.exp(rng.normal(0, 0.15, len(names)))
    values[rng.random(len(names)) < 0.01] *= 2.5
    return np.rint(values)


def main():
    """Lay the past, then time the passes."""
    import json

    from hotspot.rank.alarm.state import blank, dump
    from hotspot.study import load_study
    from hotspot.text.whole import write_whole
    from hotspot.workflows.hourly.follow import follow_alarms

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--hours", type=int, default=6)
    parser.add_argument("--weeks", type=int, default=9)
    asked = parser.parse_args()
    rng = np.random.default_rng(2)
    root = Path(tempfile.mkdtemp(prefix="follow-"))
    names, lon, lat = network(asked.cells)
    (root / "live").mkdir()
    (root / "study.toml").write_text(PLAN, encoding="utf-8")
    edge = [[lon.min() - 0.1, lat.min() - 0.1], [lon.max() + 0.1, lat.min() - 0.1], [lon.max() + 0.1, lat.max() + 0.1],
            [lon.min() - 0.1, lat.max() + 0.1], [lon.min() - 0.1, lat.min() - 0.1]]  # fmt: skip
    area = {"type": "Feature", "properties": {"name": "甲市", "code": "990100"},
            "geometry": {"type": "Polygon", "coordinates": [edge]}}  # fmt: skip
    (root / "area.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [area]}), encoding="utf-8")
    rows = [f"{n},{n},{a:.5f},{b:.5f}" for n, a, b in zip(names, lon, lat, strict=True)]
    (root / "stations.csv").write_text("站点编号,站点名称,经度,纬度\n" + "\n".join(rows) + "\n", encoding="utf-8")
    study = load_study(root / "study.toml", data=root)
    rule = study.criteria.alarms
    first = int(np.datetime64("2025-12-01T00", "h").astype(int))
    memory = blank(rule)
    memory.admit(names.astype(object), lon, lat, names.astype(object))
    memory.reach(first, rule)
    memory.start = memory.first = first - 168 * asked.weeks
    shape = len(names), 168 * asked.weeks
    memory.values = np.stack([readings(names, h, rng) for h in range(shape[1])], axis=1).astype(np.float32)
    memory.rest = np.full(shape, np.nan, np.float32)
    memory.doubt, memory.wind = np.zeros(shape, bool), np.zeros((shape[1], 4), np.float32)
    memory.judged = memory.gate.hour = first - 1
    memory.gate.first = memory.first
    write_whole(root / "out" / "follow" / "alarms" / "follow" / "state.npz", dump(memory))
    print(f"{len(names)} stations, {asked.cells} cells, {asked.weeks} weeks of past")
    for at in range(asked.hours):
        stamp = str(np.datetime64(first + at, "h")).replace("T", " ") + ":00"
        lines = [f"{stamp},{n},{v:.0f}" for n, v in zip(names, readings(names, at, rng), strict=True)]
        text = "监测时间,站点编号,PM2.5(ug/m3)\n" + "\n".join(lines) + "\n"
        (root / "live" / f"h{at:04d}.csv").write_text(text, encoding="utf-8")
        begin, cpu = time.perf_counter(), time.process_time()
        got = follow_alarms(study, root / "live", out=root / "out")
        size = (root / "out" / "follow" / "alarms" / "follow" / "state.npz").stat().st_size / 1e6
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{stamp}: {time.perf_counter() - begin:.1f} s ({time.process_time() - cpu:.1f} CPU), "
            f"{got['judged']} hour, {len(got['alarms'])} alarms open, state {size:.0f} MB, peak {peak:.2f} GB",
            flush=True,
        )


if __name__ == "__main__":
    main()
