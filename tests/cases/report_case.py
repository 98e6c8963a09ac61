"""The hand-made month of ``paper_case`` with all that a report is made from, in a folder of its own."""

from types import SimpleNamespace

import numpy as np
import xarray as xr
from paper_case import paper_case

from hotspot.publish.tables.cells import write_cells
from hotspot.publish.tables.lists import write_warnings
from hotspot.rank.warn.leaders import rank_leaders
from hotspot.rank.warn.warnings import not_ranked

CODES = {"甲州市": "410100", "乙川市": "410200"}


def report_case(folder, *, word=None, weather=True, stations=True, base=True, normalised=True, hot=14):
    """``study, month, derived``; the files that come before the report lie in ``folder``."""
    case = paper_case(word=word)
    field = case.field.assign_coords(
        city_code=("cell", [CODES.get(name, "") for name in case.field["city"].values.tolist()])
    )
    rng = np.random.default_rng(3)
    field = field.assign_coords(area_share=("cell", rng.uniform(0.2, 1.0, field.sizes["cell"]).round(3)))
    if not base:
        field["pm25"][:, 0] = np.nan
        field["valid"][:, 0] = False
        field["why"][:, 0] = "no satellite layer was delivered for 2019-03"
    # Cells without a value last month, so that a change cannot use all of this month's.
    field["pm25"][40:52, 1] = np.nan
    field["valid"][40:52, 1] = False
    if normalised:
        free = field["pm25"] * xr.DataArray(rng.uniform(0.8, 1.1, field["pm25"].shape), dims=field["pm25"].dims)
        field["pm25_normalised"], field["pm25_normalised_low"] = free, 0.95 * free
        field["pm25_normalised_high"] = 1.05 * free
        field.attrs["weather"] = "removed rain; left-out months R2 0.80"
    hot_list = case.hot.head(hot)
    leaders = rank_leaders(field, hot_list, case.study.criteria)
    study = case.study
    study.utc_offset = 8.0
    derived = SimpleNamespace(
        field=field, hot=hot_list, warned=case.warned, gi=case.gi, traced=case.traced,
        leaders=leaders, not_ranked=not_ranked(field, hot_list, case.study.criteria),
        delivered=SimpleNamespace(
            facilities=case.facilities, weather=_weather() if weather else None,
            reference=_stations(case.warned) if stations else None,
        ),
    )  # fmt: skip
    write_cells(folder / "cells.parquet", field, hot=hot_list, gi=case.gi, warned=case.warned)
    write_warnings(folder / "warnings.csv", case.warned, 1)
    return {"study": study, "month": case.month, "derived": derived}


def _time():
    return np.arange("2020-02-29T16", "2020-03-31T16", dtype="datetime64[h]").astype("datetime64[ns]")


def _weather():
    """From the west by day, from the north by night, a calm hour now and then."""
    n = _time().size
    u, v = np.where(np.arange(n) % 24 < 14, 3.0, 0.0), np.where(np.arange(n) % 24 < 14, 0.0, -2.0)
    calm = np.arange(n) % 10 == 0
    return xr.Dataset(
        {"u10": ("time", np.where(calm, 0.1, u)), "v10": ("time", np.where(calm, 0.0, v))},
        {"time": _time()}, {"kind": "point", "source": "an invented mast"},
    )  # fmt: skip


def _stations(warned):
    """Two stations: a whole month beside the first warned cell, ten days beside the last."""
    first, last = warned.iloc[0], warned.iloc[-1]
    n = _time().size
    west = np.arange(n) % 24 < 14
    series = np.stack([np.where(west, 90.0, 40.0), np.where(np.arange(n) < 240, 55.0, np.nan)])
    return xr.Dataset(
        {"pm25": (("station", "time"), series)},
        {
            "station": ["S1", "S2"], "name": ("station", ["柳林站", "古城"]),
            "lon": ("station", [first["lon"] + 0.02, last["lon"]]),
            "lat": ("station", [first["lat"], last["lat"] - 0.03]), "time": _time(),
        },
    )  # fmt: skip
