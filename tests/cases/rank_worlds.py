"""
Worlds whose ranks are known, harsher than the synthetic study, and the table of what the product says of them.

Nine cities of 24 x 24 cells with 57 hotspot cells each, one month of days. Two physics (a product of day, cell and
smooth weather; or a background with plumes that turn with the wind), equal and unequal cells, clouds that take 30 to
60 % of the days and may prefer dirty ones, errors of 15 % a day, of each cell alone or shared over 25 km, and months
of which only a product's mean, or only stations, were delivered.

    python tests/cases/rank_worlds.py [n_seeds] [first_seed] [kind ...]     # the table of docs/how-sure-is-a-rank.md
"""

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.sources.intake import Intake

N, CITIES, HOT, K = 72, 3, 57, 3
SPACING = 3000.0
CRS = "+proj=laea +lat_0=35 +lon_0=105"
MONTH = "2020-12"
CLOUDY = {"clouds": "plain", "error": "white"}
KINDS = {
    "complete, no error": {"clouds": "none", "error": "none"},
    "complete, no error, equal cells": {"clouds": "none", "error": "none", "cells": "equal"},
    "complete, 15 %": {"clouds": "none", "error": "white"},
    "cloudy, 15 %": CLOUDY,
    "cloudy, 15 %, equal cells": CLOUDY | {"cells": "equal"},
    "cloudy, 15 % shared over 25 km": {"clouds": "plain", "error": "shared"},
    "dirty clouds, 15 %": {"clouds": "dirty", "error": "white"},
    "dirty clouds, 15 % shared": {"clouds": "dirty", "error": "shared"},
    "plumes, cloudy, 15 %": CLOUDY | {"physics": "plumes"},
    "plumes, dirty clouds, 15 %": {"clouds": "dirty", "error": "white", "physics": "plumes"},
    "months only, 15 %": {"delivery": "month"},
    "months only, plumes, 15 %": {"delivery": "month", "physics": "plumes"},
    "stations only": {"delivery": "stations"},
}


def smooth_fields(rng, size, km, n, *, gaussian=False):
    """n fields on size x size cells, unit variance, correlation falling over km."""
    whole = size + int(4 * km / 3) + 2
    step = np.minimum(np.arange(whole), whole - np.arange(whole)) * 3.0
    h = np.hypot(step[:, None], step[None, :]) / km
    root = np.sqrt(np.maximum(np.fft.fft2(np.exp(-(h**2) if gaussian else -h)).real, 0.0))
    noise = rng.standard_normal((n, whole, whole)) + 1j * rng.standard_normal((n, whole, whole))
    return np.fft.fft2(root * noise / whole).real[:, :size, :size]


def truth_of(rng, *, n_day, cells, physics):
    """Daily means (n_day, N, N), ug/m3, and the level of each cell that a year of them would have."""
    day, weather = np.zeros(n_day), smooth_fields(rng, N, 40.0, n_day)
    for d in range(n_day):
        day[d] = (0.6 * day[d - 1] if d else 0.0) + (0.8 if d else 1.0) * rng.standard_normal()
        if d:
            weather[d] = 0.4 * weather[d - 1] + np.sqrt(1 - 0.16) * weather[d]
    fine = 0.05 * rng.standard_normal((n_day, N, N))
    if physics == "product":
        level = 0.15 * smooth_fields(rng, N, 60.0, 1)[0] + 0.12 * smooth_fields(rng, N, 8.0, 1)[0]
        level = (level + 0.05 * rng.standard_normal((N, N))) * (cells == "unequal")
        return np.exp(3.8 + 0.4 * day[:, None, None] + level + 0.18 * weather + fine), level
    place = rng.integers(0, N, (60, 2))
    strength = 8 * np.exp(0.7 * rng.standard_normal(60))
    to = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.8, n_day))
    speed = np.exp(0.4 * rng.standard_normal(n_day))
    y, x = np.mgrid[:N, :N]
    slope = 1 + 0.004 * (np.cos(to)[:, None, None] * (x - N / 2) + np.sin(to)[:, None, None] * (y - N / 2))
    total = np.exp(3.4 + 0.45 * day)[:, None, None] * np.exp(0.10 * weather) * slope
    if cells == "unequal":
        for (row, col), q in zip(place, strength, strict=True):
            along = (x - col) * np.cos(to)[:, None, None] + (y - row) * np.sin(to)[:, None, None]
            across = (y - row) * np.cos(to)[:, None, None] - (x - col) * np.sin(to)[:, None, None]
            width = 1 + 0.25 * np.maximum(along, 0)
            plume = np.exp(-0.5 * (across / width) ** 2 - np.maximum(along, 0) / 10) / width * (along > -1)
            total = total + q / speed[:, None, None] * plume
    return total * np.exp(fine), np.log(total.mean(axis=0) + 40) * (cells == "unequal")


def seen_of(rng, truth, clouds, error, share):
    """What a satellite makes of the truth."""
    n_day, share = len(truth), share * (error != "none")
    hidden = np.zeros(truth.shape, bool)
    if clouds != "none":
        cover = 0.8 * smooth_fields(rng, N, 40.0, n_day, gaussian=True) + 0.5 * smooth_fields(rng, N, 10.0, n_day)
        cover = cover + 0.6 * rng.standard_normal((n_day, 1, 1))
        if clouds == "dirty":
            logs = np.log(truth)
            cover = cover + 0.35 * (logs - logs.mean()) / logs.std()
        hidden = cover > np.quantile(cover, 1 - rng.uniform(0.3, 0.6))
    noise = {
        "none": lambda: np.zeros(truth.shape),
        "white": lambda: rng.standard_normal(truth.shape),
        "shared": lambda: smooth_fields(rng, N, 25.0, n_day),
    }[error]()
    return np.where(hidden, np.nan, truth * np.exp(share * noise - share**2 / 2))


def world(
    seed, *, clouds="none", error="none", cells="unequal", physics="product", delivery="day", share=0.15, criteria=None
):
    """
    One month of nine cities.

    Returns
    -------
    SimpleNamespace ``month`` (as delivered), ``hot``, ``truth`` (Series of the true mean by cell)
    """
    rng = np.random.default_rng(seed)
    truth, level = truth_of(rng, n_day=31, cells=cells, physics=physics)
    # The year before chose the hotspot cells: by level, not quite this month's order.
    score = level + 0.03 * rng.standard_normal((N, N)) + (smooth_fields(rng, N, 8.0, 1)[0] if cells == "equal" else 0)
    if delivery == "stations":
        return laid_down(truth, score, stations=stations_of(rng, truth), criteria=criteria)
    if delivery == "day":
        layers, known = seen_of(rng, truth, clouds, error, share), share if error != "none" else np.nan
    else:
        mean = truth.mean(axis=0)
        layers, known = (mean * np.exp(share * rng.standard_normal(mean.shape) - share**2 / 2))[None], share
    return laid_down(truth, score, layers, {"period": delivery, "error_share": known}, criteria=criteria)


def laid_down(truth, score, layers=None, about=None, *, stations=None, criteria=None):
    """What ``world`` returns, from daily means (day, y, x), what chose the hot cells, and what was delivered."""
    from hotspot.rules.criteria import Criteria

    n = truth.shape[1]
    row, col = (a.ravel() for a in np.mgrid[:n, :n])
    code = np.array([f"R{r:02d}C{c:02d}" for r, c in zip(row, col, strict=True)])
    city = np.array([f"city{r // (N // CITIES)}{c // (N // CITIES)}" for r, c in zip(row, col, strict=True)])
    text = {name: ("cell", ["x"] * code.size) for name in ("county", "township", "label")}
    x = y = middles(n)
    place = {"x": ("cell", x[col]), "y": ("cell", y[row]), "lon": ("cell", 105.0 + col * 0.03)}
    place |= {"lat": ("cell", 35.0 + row * 0.03), "city": ("cell", city), "area_share": ("cell", np.ones(code.size))}
    frame = xr.Dataset(
        coords={"cell": code, **place, **text}, attrs={"spacing": SPACING, "crs": CRS, "lattice_id": "w"}
    )
    chosen = []
    for name in np.unique(city):
        own = np.flatnonzero(city == name)
        chosen.append(own[np.argsort(-score.ravel()[own], kind="stable")[:HOT]])
    chosen = np.concatenate(chosen)
    hot = pd.DataFrame({"cell": code[chosen], "city": city[chosen], "status": "formal"})
    delivered = SimpleNamespace(
        month=MONTH, study=SimpleNamespace(criteria=criteria or Criteria(), cells=frame, utc_offset=8),
        satellite=None, reference=stations, intake=Intake("."),
    )  # fmt: skip
    if layers is not None:
        days = np.arange(f"{MONTH}-01", "2021-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
        attrs = {"crs": CRS, "unit": "ug/m3", "native_resolution_m": SPACING, "gas_state": "actual", **about}
        attrs |= {"source": "world", "product": "world"}
        delivered.satellite = xr.DataArray(
            layers, {"time": days[: len(layers)], "y": y, "x": x}, ("time", "y", "x"), "pm25", attrs
        )
    truth = pd.Series(truth.mean(axis=0).ravel(), code)
    return SimpleNamespace(month=delivered, hot=hot, truth=truth, city=pd.Series(city, code))


def middles(n):
    """Of n cells along one side, m."""
    return (np.arange(n) + 0.5) * SPACING


def degrees(x, y):
    """Longitude and latitude of places, m."""
    from pyproj import Transformer

    return Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)


def stations_of(rng, truth, apart=5):
    """Hourly reference stations, one in about 15 km, constant through the day."""
    corners = range(0, truth.shape[1] - 3, apart)
    at = np.array([(r + rng.integers(0, 4), c + rng.integers(0, 4)) for r in corners for c in corners])
    lon, lat = degrees(middles(truth.shape[1])[at[:, 1]], middles(truth.shape[1])[at[:, 0]])
    hourly = np.repeat(truth[:, at[:, 0], at[:, 1]], 24, axis=0).T
    hourly = hourly * np.exp(0.03 * rng.standard_normal(hourly.shape))
    start = np.datetime64(f"{MONTH}-01T00", "h") - np.timedelta64(8, "h")
    time = (start + np.arange(hourly.shape[1])).astype("datetime64[ns]")
    coords = {"station": [f"S{i:03d}" for i in range(len(at))], "time": time, "lon": ("station", lat * 0 + lon)}
    return xr.Dataset(
        {"pm25": (("station", "time"), hourly, {"unit": "ug/m3"})}, coords | {"lat": ("station", lat)},
        {"utc_offset": 8, "source": "world", "gas_state": "actual"},
    )  # fmt: skip


def told(made):
    """What the product says of a world: the standing with ``truth`` and ``true_rank``, and the field."""
    from hotspot.estimate.field.monthly import monthly_field
    from hotspot.rank.warn.warnings import rank_standing

    field, daily = monthly_field(made.month)
    standing = rank_standing(field, made.hot, made.month.study.criteria, daily=daily)
    standing = standing[standing["reason"] == "highest"].copy()
    standing["truth"] = made.truth.reindex(standing["cell"]).to_numpy()
    standing["true_rank"] = standing.groupby("city")["truth"].rank(ascending=False, method="min").astype(int)
    now = field.isel(time=2)
    for name in ("pm25_seen", "pm25_filled"):
        values = now[name].to_series() if name in now else now["pm25"].to_series()
        standing[name] = values.reindex(standing["cell"]).to_numpy()
    return standing.assign(seed=0), field


def many(kind, seeds):
    """The rows of several worlds of one kind, with a column ``seed``."""
    return pd.concat([told(world(seed, **KINDS[kind]))[0].assign(seed=seed) for seed in seeds], ignore_index=True)


def scores(rows):
    """What the table prints of one kind."""
    by_city = rows.groupby(["seed", "city"])

    def found(name):
        order = by_city[name].rank(ascending=False, method="first")
        return float(((order <= K) & (rows["true_rank"] <= K)).sum() / (K * by_city.ngroups))

    def error(name):
        return float(np.sqrt((np.log(rows[name] / rows["truth"]) ** 2).mean()))

    inside = (rows["rank_low"] <= rows["true_rank"]) & (rows["true_rank"] <= rows["rank_high"])
    together = (rows["all_low"] <= rows["true_rank"]) & (rows["true_rank"] <= rows["all_high"])
    width = rows["rank_high"] - rows["rank_low"] + 1
    listed, true_top = rows["rank"] <= K, rows["true_rank"] <= K
    said = listed & rows["distinguishable"].astype(bool)
    holds = by_city.apply(lambda part: bool(part["may_top"][part["true_rank"] <= K].all()), include_groups=False)
    return {
        "error seen": error("pm25_seen"), "error filled": error("pm25_filled"),
        "top 3 seen": found("pm25_seen"), "top 3 filled": found("pm25_filled"),
        # No order of the cells can expect to find more than the three likeliest hold, as far as p_top is reliable.
        "top 3 at most": float(by_city["p_top"].apply(lambda part: part.nlargest(K).sum()).mean() / K),
        "top 3 by p_top": found("p_top"),
        "marginal": float(inside.mean()),
        "together": float(together.groupby([rows["seed"], rows["city"]]).all().mean()),
        "may be worst": float(holds.mean()), "n may": float(rows["may_top"].astype(bool).sum() / by_city.ngroups),
        "width": float(width.mean()), "listed": float(width[listed].mean()),
        "rows": int(listed.sum()), "right": int((listed & true_top).sum()), "said": int(said.sum()),
        "said right": int((said & true_top).sum()),
    }  # fmt: skip


def reliability(rows, edges=(0.05, 0.2, 0.4, 0.6, 0.8, 0.95), name="p_top", k=K):
    """Per bin of the stated probability: mean stated, share true, number."""
    bins = np.digitize(rows[name], edges)
    true = rows["true_rank"] <= k
    return [(float(rows[name][bins == b].mean()), float(true[bins == b].mean()), int((bins == b).sum()))
            for b in range(len(edges) + 1) if (bins == b).any()]  # fmt: skip


def main(arguments):
    """Print the table."""
    n, first = (int(a) for a in [*arguments[:2], *["4", "1000"][len(arguments[:2]) :]])
    kinds = arguments[2:] or list(KINDS)
    for kind in kinds:
        rows = many(kind, range(first, first + n))
        print(kind, {name: round(v, 3) for name, v in scores(rows).items()})
        print("    ", " ".join(f"{p:.2f}:{t:.2f}({m})" for p, t, m in reliability(rows)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
