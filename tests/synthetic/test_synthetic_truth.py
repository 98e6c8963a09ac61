"""What the synthetic study knows and the methods must find: emission by cell, its rank, and what transport hides."""

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from scipy.stats import spearmanr

from hotspot.estimate.level.background import regional_background
from hotspot.estimate.level.box import box_level
from hotspot.estimate.level.inversion import emission_level
from hotspot.estimate.weather.normalise import normalise
from hotspot.estimate.weather.rows import weather_steps
from hotspot.estimate.weather.terrain import terrain_index
from hotspot.synthetic.air import make_air
from hotspot.synthetic.region import CENTRE, Region
from hotspot.synthetic.sources import make_sources
from hotspot.synthetic.study import SEED, synthetic_month
from hotspot.synthetic.weather import make_weather

MONTHS = np.arange(np.datetime64("2024-01"), np.datetime64("2025-01"))


def rank_agreement(first, second):
    """Spearman's rank correlation, and the share of the first's top tenth that is in the second's."""
    first, second = np.asarray(first, float), np.asarray(second, float)
    both = np.isfinite(first) & np.isfinite(second)
    first, second, n_top = first[both], second[both], round(0.10 * both.sum())
    top = [set(np.argsort(-values, kind="stable")[:n_top].tolist()) for values in (first, second)]
    overlap = len(top[0] & top[1]) / n_top
    return {"spearman": spearmanr(first, second)[0], "top_overlap": overlap, "n_cells": int(both.sum())}


@pytest.fixture(scope="module")
def world():
    """
    The demo's year 2024 on its own cells: what the satellite saw, and the truth beside it.

    Returns
    -------
    dict: ``field`` Dataset (cell, day) as seen; ``weather`` as from ``open_weather``; ``emission``
    t/a by cell; ``pm25``, ``background`` float64[cell, day], true
    """
    region, weather = Region("demo", SEED), make_weather(SEED)
    days = np.arange(MONTHS[0].astype("datetime64[D]"), (MONTHS[-1] + 1).astype("datetime64[D]"))
    air = make_air(region, weather, make_sources(region, SEED), np.array([CENTRE]), days, SEED)
    x, y = np.meshgrid(*region.pixels)
    place = np.column_stack(region.grid.locate(x.ravel(), y.ravel()))
    pairs, cell = np.unique(place, axis=0, return_inverse=True)
    cell = cell.ravel()
    east, north = region.grid.centre(pairs[:, 0], pairs[:, 1])
    outline = shapely.Polygon(region.outline)
    inside = shapely.contains_xy(outline, east - region.origin[0], north - region.origin[1])
    count = np.bincount(cell)

    def by_cell(fields):
        seen = np.isfinite(fields)
        number = np.stack([np.bincount(cell, one.ravel(), len(pairs)) for one in seen])
        total = np.stack([np.bincount(cell, one.ravel(), len(pairs)) for one in np.where(seen, fields, 0.0)])
        return np.where(number >= 0.5 * count, total / np.maximum(number, 1), np.nan).T[inside]

    seen, pm25, background, emission = [], [], [], []
    for month in MONTHS:
        one = air.month(month)
        seen.append(by_cell(one.satellite))
        pm25.append(by_cell(one.truth))
        background.append(by_cell(one.background))
        emission.append(np.bincount(cell, one.emission.ravel())[inside] / 0.0317)
    lon, lat = region.grid.unproject(east[inside], north[inside])
    numbers = {"col": pairs[inside, 0], "row": pairs[inside, 1], "x": east[inside], "y": north[inside]}
    coords = {name: ("cell", values) for name, values in (numbers | {"lon": lon, "lat": lat}).items()}
    coords |= {"cell": np.asarray(region.grid.code(pairs[inside, 0], pairs[inside, 1])).astype(str)}
    coords |= {"day": days.astype("datetime64[ns]")}
    attrs = {"spacing": 3000.0, "crs": region.grid.crs.to_wkt()}
    field = xr.Dataset({"pm25": (("cell", "day"), np.hstack(seen))}, coords, attrs)
    hourly = {name: ("time", getattr(weather, name)) for name in ("u10", "v10", "blh", "tp", "t2m", "d2m", "sp")}
    hours = xr.Dataset(hourly, {"time": weather.time.astype("datetime64[ns]")})
    truth = {"pm25": np.hstack(pm25), "background": np.hstack(background), "emission": np.mean(emission, axis=0)}
    lon, lat = region.pixels
    height = xr.DataArray(region.elevation(x, y), {"y": lat, "x": lon}, ("y", "x"), attrs={"crs": "EPSG:4326"})
    return {"field": field, "weather": hours, "terrain": terrain_index(height, field), **truth}


@pytest.fixture(scope="module")
def levels(world):
    """Raw annual mean, inversion and its rivals, stagnant and box level of every cell; NaN where any is unknown."""
    field = world["field"]
    background = regional_background(field)
    found = {
        name: normalise(field, world["weather"], utc_offset=8, every="year", background=background, terrain=ground)
        for name, ground in (("level", world["terrain"]), ("level, terrain kept", None))
    }
    steps = weather_steps(world["weather"], utc_offset=8)
    box = box_level(field, background, steps)["box_level"].values[:, 0]
    raw = np.nanmean(field["pm25"].values, axis=1)
    every = {"raw": raw, "box": box} | {name: one["pm25_stagnant"].values[:, 0] for name, one in found.items()}
    inverted = emission_level(field, world["weather"], utc_offset=8)
    every |= {name: inverted[name].values for name in ("inversion", "contrast", "richardson_lucy")}
    known = np.isfinite(np.array(list(every.values()))).all(axis=0)
    assert known.mean() > 0.9
    return {name: np.where(known, values, np.nan) for name, values in every.items()}


def test_level_ranks_emission_better_than_the_annual_mean(world, levels):
    found = {name: rank_agreement(world["emission"], values) for name, values in levels.items()}
    for name, one in found.items():
        print(f"{name}: Spearman {one['spearman']:.3f}, top-10 % recall {one['top_overlap']:.3f} of {one['n_cells']}")
    for name in ("level", "level, terrain kept", "box"):
        assert found[name]["spearman"] > found["raw"]["spearman"] + 0.05
        assert found[name]["top_overlap"] > found["raw"]["top_overlap"]
    assert found["inversion"]["top_overlap"] > max(found[name]["top_overlap"] for name in ("level", "box", "contrast"))


def test_the_two_opinions_agree(levels):
    both = rank_agreement(levels["level"], levels["box"])
    print(f"model and box: Spearman {both['spearman']:.3f}, top-10 % overlap {both['top_overlap']:.3f}")
    assert both["spearman"] > 0.5  # most cells emit next to nothing, and their order is chance
    assert both["top_overlap"] > 0.7


def test_background_finds_the_share_that_came_from_outside(world):
    field = world["field"].assign(pm25=(("cell", "day"), world["pm25"]))
    found = regional_background(field)
    true = world["background"].mean() / world["pm25"].mean()
    error = found.values - world["background"]
    print(f"background share {found.attrs['share']:.3f}, true {true:.3f}; bias {error.mean():.2f} +- {error.std():.1f}")
    assert found.attrs["share"] == pytest.approx(true, abs=0.04)
    by_cell = found.values.mean(axis=1) / world["pm25"].mean(axis=1)
    truly = world["background"].mean(axis=1) / world["pm25"].mean(axis=1)
    assert rank_agreement(by_cell, truly)["spearman"] > 0.5


def test_true_parts_add_up_and_emission_is_where_the_sources_are(world):
    assert (world["background"] < world["pm25"] + 1e-9).all()
    emission = pd.Series(world["emission"], world["field"]["cell"].values)
    region = Region("demo", SEED)
    for source in make_sources(region, SEED):
        if source.emission > 500 and not source.steps:
            code = str(region.grid.code(*region.grid.locate(source.lon, source.lat)))
            assert emission[code] > 0.5 * source.emission


def test_truth_of_the_written_study_has_emission_and_background():
    month = synthetic_month()
    table = pd.read_parquet(month.study.root / "truth" / "cells.parquet")
    assert (table["background"] > 0).all() and (table["background"] < table["pm25"]).all()
    assert (table["emission"] >= 0).all()
    winter, summer = (table[table.month == name]["emission"].sum() for name in ("2024-01", "2024-07"))
    assert winter > 1.2 * summer  # heating
