"""A study, an annual mean and a level for tests of the yearly list."""

from types import SimpleNamespace

import numpy as np
import xarray as xr

from hotspot.rules.criteria import Criteria


def study_of(sizes, *, area=9e6, **selection):
    """A study of one unit per city, ``sizes`` cells each, all cells wholly inside."""
    city = np.repeat([f"city{i}" for i in range(len(sizes))], sizes)
    n = city.size
    unit = np.repeat(np.arange(len(sizes)), sizes)
    text = {name: ("cell", np.full(n, "")) for name in ("label", "township")}
    cells = xr.Dataset(
        {"member_cell": ("member", np.arange(n)), "member_unit": ("member", unit),
         "member_area": ("member", np.full(n, area))},
        {"cell": [f"K{i:04d}" for i in range(n)], "city": ("cell", city), "county": ("cell", city),
         "area_share": ("cell", np.ones(n)), "lon": ("cell", 110 + np.arange(n) / 100),
         "lat": ("cell", np.full(n, 30.0)),
         "unit_city": ("unit", [f"city{i}" for i in range(len(sizes))]),
         "unit_area": ("unit", np.array(sizes) * area), **text},
        {"lattice_id": "test"},
    )  # fmt: skip
    return SimpleNamespace(cells=cells, criteria=Criteria(selection=selection))


def annual_of(study, pm25, valid=None):
    pm25 = np.asarray(pm25, dtype="float64")
    valid = np.isfinite(pm25) if valid is None else valid
    return xr.Dataset(
        {"pm25": ("cell", pm25), "valid": ("cell", valid), "n_valid": ("cell", np.full(pm25.size, 12)),
         "coverage": ("cell", np.ones(pm25.size)), "why": ("cell", np.where(valid, "", "too few months"))},
        {"cell": study.cells["cell"].values}, {"year": 2019},
    )  # fmt: skip


def level_of(study, level):
    return xr.Dataset({"level": ("cell", np.asarray(level, dtype="float64"))}, {"cell": study.cells["cell"].values})
