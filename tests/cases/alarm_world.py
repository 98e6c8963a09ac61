"""
Bursts of single plants over a few hours, under a plume that the package does not know: Briggs' rural curves, a puff's
growth in calm, a wind that veers; some clean plants nearer than the one that bursts.
"""

import numpy as np
import pandas as pd
import pyproj

CRS = "+proj=laea +lon_0=105 +lat_0=35"


def burst(seed, *, turn=0.0, n=20):
    """
    One alarm: what stations measured, the wind, ``n`` plants within 11 km, and which of them it was.

    Returns
    -------
    dict: ``stations values wind inside target facilities truth nearest``, or None where no station rose enough
    """
    rng = np.random.default_rng(seed)
    place = rng.uniform(-5500, 5500, (n, 2))
    size = np.exp(rng.normal(0, 0.9, n))
    corners = np.array([[i, j] for i in range(-2, 3) for j in range(-2, 3)]) * 3000.0
    cells = corners[rng.permutation(len(corners))[:12]]
    xy = np.concatenate([cell + rng.uniform(-1400, 1400, (4, 2)) for cell in np.vstack([[0.0, 0.0], cells])])
    truth = int(rng.choice(n, p=size / size.sum()))
    hours, first = 10, 4
    angle = np.cumsum(rng.normal(0, 0.18, hours)) + rng.uniform(0, 2 * np.pi)
    speed = np.exp(rng.normal(0.5, 0.4, hours))
    wind = np.column_stack([np.cos(angle), np.sin(angle)]) * speed[:, None]
    base = 60 + 10 * rng.standard_normal(hours).cumsum()
    values = base + rng.normal(0, 6, (len(xy), hours)) + rng.normal(0, 8, (len(xy), 1))
    for h in range(first, hours):
        along = (xy - place[truth]) @ wind[h] / speed[h]
        across = np.hypot(*(xy - place[truth]).T) ** 2 - along**2
        x = np.maximum(along, 1.0)
        wide = 0.11 * x / np.sqrt(1 + 1e-4 * x) + 150.0
        tall = np.minimum(0.08 * x / np.sqrt(1 + 2e-4 * x) + 40.0, 400.0)
        plume = np.exp(-np.maximum(across, 0) / 2 / wide**2) / (2.5 * wide * tall * speed[h])
        values[:, h] += np.where(along > 0, plume, 0.0) * 4e7 * rng.lognormal(0, 0.35)
    rise = values[:, first:].mean(axis=1) - np.median(values[:, first:])
    ear = int(np.argmax(rise))
    if rise[ear] < 45 or np.hypot(*xy[ear]) > 4500:
        return None
    back = pyproj.Transformer.from_crs(CRS, 4326, always_xy=True)
    cell = np.floor(xy[ear] / 500) * 500 + 250
    lon, lat = back.transform(*place.T)
    known = size * np.exp(rng.normal(0, 0.35, n))
    plants = pd.DataFrame({
        "facility": [f"f{k:02d}" for k in range(n)], "name": "", "class_": "cement", "lon": lon, "lat": lat,
        "size": known * 1e6, "size_unit": "t/year",
    })  # fmt: skip
    bend = np.radians(turn)
    turned = wind @ np.array([[np.cos(bend), np.sin(bend)], [-np.sin(bend), np.cos(bend)]])
    at = back.transform(*cell)
    return {
        "stations": pd.DataFrame(xy, columns=["x", "y"]), "values": values, "wind": turned,
        "inside": np.arange(hours) >= first, "facilities": plants, "truth": f"f{truth:02d}",
        "target": pd.Series({"x": cell[0], "y": cell[1], "lon": at[0], "lat": at[1]}),
        "nearest": [f"f{k:02d}" for k in np.argsort(np.hypot(*(place - cell).T))[:3]],
    }  # fmt: skip


def among_three(seeds, *, turn=0.0, n=20):
    """Share of alarms whose own plant is among the first three: ours, nearest-first, and how many alarms there were."""
    from hotspot.rules.criteria import Criteria
    from hotspot.trace.visits.alarm_sources import sources_of_hours

    ours = near = total = 0
    for seed in seeds:
        case = burst(seed, turn=turn, n=n)
        if case is None:
            continue
        truth, nearest = case.pop("truth"), case.pop("nearest")
        table = sources_of_hours(**case, crs=CRS, spacing=500.0, criteria=Criteria())
        total += 1
        ours += truth in table["facility"].tolist()[:3]
        near += truth in nearest
    return ours / total, near / total, total


if __name__ == "__main__":
    for n in (14, 20, 30):
        for turn in (0.0, 180.0):
            ours, near, total = among_three(range(1000, 1120), turn=turn, n=n)
            print(f"{n} plants, wind turned by {turn:3.0f}: ours {ours:.2f}, nearest-first {near:.2f}, {total} alarms")
