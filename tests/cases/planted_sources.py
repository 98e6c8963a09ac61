"""
The synthetic region with every source's own part in every hour: who is to blame is known.

Stations, wind and registered facilities are what tracing may see; ``truth`` is
what each source adds to each cell's mean, from the generator's own plumes.
"""

from dataclasses import dataclass
from unittest import mock

import numpy as np
import pandas as pd
import xarray as xr
from scipy.signal import fftconvolve
from tracing_scores import not_looked

from hotspot.synthetic.plume import effects_at, influence, make_hours
from hotspot.synthetic.region import Region
from hotspot.synthetic.sources import _spread, emission_maps, make_sources
from hotspot.synthetic.study import _stations
from hotspot.synthetic.weather import make_weather


@dataclass(frozen=True)
class Planted:
    """What is seen, and what is true."""

    stations: xr.Dataset  # pm25 (station, time), hourly UTC
    weather: xr.Dataset  # u10 v10 (time): the true wind with the error of a reanalysis
    facilities: pd.DataFrame  # registered ones
    cells: xr.Dataset
    truth: pd.DataFrame  # (cell, source): ug/m3 that the source adds to the cell's mean
    local: pd.Series  # by cell: ug/m3 that all sources and towns together add


def planted(seed, first, n_month, *, size="demo"):
    """The region of a seed in some months of 2024 or 2025."""
    rng = np.random.default_rng([seed, 900])
    region, weather = Region(size, seed), make_weather(seed)
    sources = make_sources(region, seed)
    months = np.datetime64(first, "M") + np.arange(n_month)
    days = np.arange(months[0].astype("datetime64[D]"), (months[-1] + 1).astype("datetime64[D]"))
    hours = make_hours(weather, days)
    lon, lat = region.pixels
    names, places = _stations(region, seed)
    cells = _cells(region)

    def pixels(x, y):
        row = np.round((np.asarray(y) - lat[0]) / (lat[1] - lat[0])).astype(int)
        return np.column_stack((row, np.round((np.asarray(x) - lon[0]) / (lon[1] - lon[0])).astype(int)))

    kernels = influence(*region.pixel_metres)
    maps, rhythms, factors = emission_maps(region, sources, days)

    def mean_kernel(rhythm, factor):
        """Mean influence of a unit source that works in this rhythm."""
        work = hours.rhythm[rhythm] * factor[hours.day] * hours.dilution
        weight = np.bincount(hours.class_, weights=work, minlength=len(kernels)) / work.size
        return np.tensordot(weight, kernels, 1)

    # A cell is larger than a pixel: five places of it stand for its mean.
    shifts = np.array([(0.0, 0.0), (-0.009, -0.007), (-0.009, 0.007), (0.009, -0.007), (0.009, 0.007)])
    rows, columns = np.concatenate([pixels(cells["lon"] + e, cells["lat"] + n) for e, n in shifts]).T

    def in_cells(field):
        return field[rows, columns].reshape(len(shifts), -1).mean(0)

    total = sum(
        in_cells(fftconvolve(field, mean_kernel(rhythm, factor), mode="same"))
        for field, rhythm, factor in zip(maps, rhythms, factors, strict=True)
    )
    added = np.zeros((cells.sizes["cell"], len(sources)))
    for number, source in enumerate(sources):
        field = np.zeros((len(lat), len(lon)))
        _spread(field, lon, lat, source)
        added[:, number] = in_cells(fftconvolve(field, mean_kernel(source.rhythm, source.factor(days)), mode="same"))
    at = pixels(*places.T)
    effect = effects_at(maps, kernels, at)
    values = np.zeros((len(places), len(hours.day)))
    for number, (rhythm, factor) in enumerate(zip(rhythms, factors, strict=True)):
        values += effect[:, number, hours.class_] * (hours.rhythm[rhythm] * factor[hours.day] * hours.dilution)
    keep = region.trapping(*places.T)[:, None]
    texture = np.exp(0.05 * rng.standard_normal((len(places), len(days))))[:, hours.day]
    scatter = np.exp(0.10 * rng.standard_normal(values.shape) - 0.005)
    seen = np.round((hours.background * keep + values * keep) * texture * scatter)
    seen[rng.random(seen.shape) < 0.03] = np.nan
    take = (np.searchsorted(weather.time, days.astype("datetime64[h]") - 8)[:, None] + np.arange(24)).ravel()
    time = weather.time[take].astype("datetime64[ns]")
    wind = {
        name: ("time", series[take] + 0.3 * rng.standard_normal(take.size))
        for name, series in (("u10", weather.u10), ("v10", weather.v10))
    }
    where = {"lon": ("station", places[:, 0]), "lat": ("station", places[:, 1])}
    registered = [s for s in sources if s.registered]
    return Planted(
        xr.Dataset({"pm25": (("station", "time"), seen)}, {"station": names, "time": time} | where),
        xr.Dataset(wind, {"time": time}),
        pd.DataFrame(
            {
                "facility": [s.id for s in registered], "name": [s.name for s in registered],
                "class_": [s.class_ for s in registered], "lon": [s.lon for s in registered],
                "lat": [s.lat for s in registered], "size": [s.size for s in registered],
                "size_unit": [s.size_unit for s in registered],
            }
        ),
        cells,
        pd.DataFrame(added, index=cells["cell"].values, columns=[s.id for s in sources]),
        pd.Series(total, index=cells["cell"].values),
    )  # fmt: skip


def _cells(region):
    """The cells whose centre lies inside the outline."""
    from shapely import Polygon, contains_xy

    grid, (x0, y0) = region.grid, region.origin
    steps = np.arange(-np.ceil(region.half / 3000) - 1, np.ceil(region.half / 3000) + 1) * 3000 + 1500
    east, north = (values.ravel() for values in np.meshgrid(steps, steps))
    inside = contains_xy(Polygon(region.outline), east, north)
    x, y = x0 + east[inside], y0 + north[inside]
    lon, lat = grid.unproject(x, y)
    col, row = np.floor(x / 3000).astype(int) + 1000, np.floor(y / 3000).astype(int)
    names = np.asarray(grid.code(col, row)).astype(str)
    order = np.argsort(names)
    coords = {"cell": names[order]} | {
        name: ("cell", np.asarray(values, float)[order])
        for name, values in (("x", x), ("y", y), ("lon", lon), ("lat", lat))
    }
    return xr.Dataset(coords=coords, attrs={"crs": grid.crs.to_wkt(), "spacing": 3000.0})


def culprits(seen, *, hottest=0.2, share=0.25, least=2.0):
    """
    (cell, facility) of the hottest cells in which one registered source is to blame.

    It adds more than any other registered one, at least ``least`` ug/m3 and this ``share``
    of all that is emitted in the region.
    """
    registered = list(seen.facilities["facility"])
    cells = seen.local.sort_values(ascending=False).index[: int(hottest * len(seen.local))]
    added = seen.truth.loc[cells, registered]
    main = added.idxmax(axis=1)
    amount = added.max(axis=1)
    return [(cell, main[cell]) for cell in cells if amount[cell] >= max(least, share * seen.local[cell])]


def places_in_order(seen, month, criteria):
    """Where the culprit stands in each cell's visiting order: ``place three first candidates hours nearest prior``."""
    from hotspot.trace.visits.attribution import trace_sources

    pairs = culprits(seen)
    warned = pd.DataFrame({"month": month, "cell": [cell for cell, _ in pairs]})
    with mock.patch("hotspot.trace.plumes.whose.kept_unregistered", not_looked):  # it changes no order
        traced = trace_sources(
            warned, seen.weather, seen.facilities, cells=seen.cells, stations=seen.stations, criteria=criteria
        ).set_index(["cell", "facility"])
    rows = []
    for cell, facility in pairs:
        own = traced.loc[cell] if cell in traced.index.get_level_values(0) else traced.iloc[:0].droplevel(0)
        row = {"place": np.inf, "candidates": len(own), "hours": 0, "nearest": np.inf, "prior": np.inf}
        if facility in own.index:
            found = own.loc[facility]
            row |= {"place": found["order"], "hours": found["upwind_hours"]}
            row["nearest"] = 1 + (own["distance_km"] < found["distance_km"]).sum()
            row["prior"] = 1 + (own["prior"] > found["prior"]).sum()
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.assign(three=(table["place"] <= 3) * 1.0, first=(table["place"] == 1) * 1.0)


def places_among_decoys(seen, month, criteria, *, decoys=9, seed=0, turned=False, heard=True):
    """
    The culprit among plants that do not exist: same class and size, same distance, elsewhere.

    Distance and size cannot help, only wind and stations. The culprits stand outside their
    cell; no decoy is within 45 degrees of the culprit as the nearest station sees them.
    ``turned``: with the wind from the other side; not ``heard``: with the wind alone.
    """
    from pyproj import Geod

    from hotspot.grid.projection import towards
    from hotspot.trace.plumes.agreement import Receptors, on_lattice
    from hotspot.trace.plumes.hours import Hours
    from hotspot.trace.plumes.posterior import emission_prior, source_shares

    rule, crs = criteria.tracing, seen.cells.attrs["crs"]
    geod, rng = Geod(ellps="GRS80"), np.random.default_rng([seed, 901])
    place = seen.facilities.set_index("facility")[["lon", "lat"]]
    cell_at = seen.cells[["x", "y", "lon", "lat"]].to_dataframe()
    station = seen.stations["lon"].values, seen.stations["lat"].values
    hours = Hours(seen.weather, month, utc_offset=8.0, tracing=rule)
    receptors = Receptors(hours, seen.stations, None, seen.facilities, tracing=rule, crs=crs)
    at = np.column_stack([receptors.x, receptors.y])
    values = np.array([receptors.series(i)[0] for i in range(len(at))])
    wind = hours.table(float(seen.cells["lon"][0]), float(seen.cells["lat"][0])) * ([-1, -1, 1] if turned else 1)
    prior = emission_prior(np.full(decoys + 1, 10.0), ["plant"] * (decoys + 1), [False] * (decoys + 1), tracing=rule)
    rows = []
    for cell, facility in culprits(seen):
        (x, y, lon, lat), (fx, fy) = cell_at.loc[cell, ["x", "y", "lon", "lat"]], place.loc[facility]
        km = float(towards(lon, lat, np.array([fx]), np.array([fy]))[1][0])
        if km < 2.2:
            continue
        nearest = int(np.argmin(towards(lon, lat, *station)[1]))
        own = float(towards(station[0][nearest], station[1][nearest], np.array([fx]), np.array([fy]))[0][0])
        n = 60  # as many are drawn; the first that the station tells apart are taken
        away = 1000 * km * np.exp(rng.uniform(-0.2, 0.2, n))
        dx, dy, _ = geod.fwd(np.full(n, lon), np.full(n, lat), rng.uniform(0, 360, n), away)
        other = towards(station[0][nearest], station[1][nearest], dx, dy)[0]
        apart = np.flatnonzero(np.abs((other - own + 180) % 360 - 180) > 45)[:decoys]
        if apart.size < decoys:  # a station far from the cell sees all of them in one direction
            continue
        places = np.column_stack(on_lattice(np.r_[fx, dx[apart]], np.r_[fy, dy[apart]], crs))
        close = np.flatnonzero(np.hypot(*(at - [x, y]).T) <= 1000 * rule.station_km) if heard else np.zeros(0, int)
        found = source_shares(
            values[close], at[close], wind, places, prior, [[x, y]], spacing=3000.0, tracing=rule
        )  # fmt: skip
        # Each is as likely to add most at its distance: what counts is what the stations say of its emission.
        share = found.share[0]
        before, level = (share > share[0]).sum(), (share == share[0]).sum()
        rows.append({"three": np.clip((3 - before) / level, 0, 1), "first": np.clip((1 - before) / level, 0, 1)})
    return pd.DataFrame(rows, columns=["three", "first"])


def report(seeds, days):
    """Print the table of docs/tracing.md on the synthetic region: recall by how many hours were seen."""
    from hotspot.rules.criteria import Criteria

    for n in days:
        n_month = 1 + (n - 1) // 31
        last = str(np.datetime64("2024-01", "M") + n_month - 1)
        found = {}
        for seed in seeds:
            seen = planted(seed, "2024-01", n_month)
            some = Planted(**(seen.__dict__ | {"weather": seen.weather.isel(time=slice(0, 24 * n))}))
            criteria = Criteria(tracing={"months": n_month, "n_draws": 300})
            own = places_in_order(some, last, criteria)
            found.setdefault("posterior", []).append(own)
            for name in ("nearest", "prior"):
                rank = own[name]
                naive = own.assign(three=(rank <= 3) * 1.0, first=(rank == 1) * 1.0)
                found.setdefault(f"{name} alone", []).append(naive)
            for name, how in (("decoys", {}), ("wind alone", {"heard": False}), ("turned", {"turned": True})):
                found.setdefault(name, []).append(places_among_decoys(some, last, criteria, seed=seed, **how))
        for name, tables in found.items():
            table = pd.concat(tables)
            table = table[table.get("candidates", pd.Series(99, table.index)) > 3]
            print(
                f"{n} days, {name}: {len(table)}, {table['three'].mean():.2f}, {table['first'].mean():.2f}", flush=True
            )


if __name__ == "__main__":
    report(range(11, 15), (5, 31, 91))
