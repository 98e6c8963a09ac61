"""The satellite days of a study with their unseen days filled, month by month."""

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import xarray as xr

from hotspot.contracts import along_cell
from hotspot.contracts.records import Month
from hotspot.estimate.field.dataset import error_share
from hotspot.estimate.field.from_stations import station_means
from hotspot.estimate.unseen.filling import fill_month
from hotspot.estimate.unseen.residuals import two_way
from hotspot.kernels.arrays import Floats, Ints
from hotspot.rules.calendar import local_days, month_of
from hotspot.sources.store import Store, code_of, given


def filled_days(
    delivered: Month, days: xr.Dataset, cells: xr.Dataset, names: list[str]
) -> tuple[xr.Dataset, Floats, Floats]:
    """
    Every local day of some months, as seen or filled, and the months over all days.

    Parameters
    ----------
    delivered : Month
        Its satellite states ``error_share`` and, if it knows, ``correlation_km``; its stations tell the level
        of days on which nothing was seen.
    days : Dataset (cell, day) with ``pm25``, NaN where not seen
    cells : Dataset (cell)
    names : sequence of str, months

    Returns
    -------
    (complete, mean, relative)
        ``complete``: Dataset (cell, day) of all days of the months with layers: ``pm25`` and ``seen``;
        ``mean``: float64[n_cell, n_month], ug/m3, NaN where a cell was never seen; ``relative``: its error, 1 sd, as
        a share, NaN where the product states none
    """
    share, distance = error_share(delivered.satellite), correlation_km(delivered)
    at, spacing_km = lattice_of(cells), float(cells.attrs["spacing"]) / 1000
    levels = _station_levels(delivered, names)
    mean = np.full((cells.sizes["cell"], len(names)), np.nan)
    relative = mean.copy()
    of_month = month_of(days["day"].values)
    there = {t: local_days(name).astype("datetime64[ns]") for t, name in enumerate(names) if (of_month == name).any()}
    every = np.concatenate([np.zeros(0, "datetime64[ns]"), *there.values()])
    # Filled in place: years of days of a province are hundreds of megabytes.
    complete, seen = np.zeros((len(mean), every.size)), np.zeros((len(mean), every.size), bool)
    end = 0
    for t, all_days in there.items():
        values = days["pm25"].transpose("cell", "day").reindex(day=all_days).values.astype("float64")
        filled = _kept_month(
            delivered.intake.once.store,
            values, at, spacing_km, error_share=share, correlation_km=distance, guide=levels(all_days),
        )  # fmt: skip
        mean[:, t] = filled["mean"]
        if math.isfinite(share):
            relative[:, t] = filled["error"] / filled["mean"]
        own = slice(end, end := end + all_days.size)
        complete[:, own], seen[:, own] = filled["days"], np.isfinite(values)
    both = {"pm25": (("cell", "day"), complete), "seen": (("cell", "day"), seen)}
    return xr.Dataset(both, {"day": every}).assign_coords(along_cell(cells)), mean, relative


def _kept_month(
    store: Store, values: Floats, at: Ints, spacing_km: float, *, guide: Floats | None, **stated: float
) -> dict[str, Floats]:
    """``days mean error`` of ``fill_month``, kept under a hash of what it hangs on: a year and its months ask again."""

    def make() -> dict[str, Any]:
        filled = fill_month(values, at, spacing_km, guide=guide, **stated)
        return {"days": filled.days, "mean": filled.mean, "error": filled.error}

    arrays = (values, at) if guide is None else (values, at, guide)
    about = [spacing_km, sorted(stated.items()), code_of(fill_month.__module__, two_way.__module__)]
    return store.asked(store.key("a filled month", given(*arrays), about), make)


def correlation_km(delivered: Month) -> float:
    """Over what distance the product's errors of one day are shared: as stated, else the study's criterion."""
    stated = cast(xr.DataArray, delivered.satellite).attrs.get("correlation_km")
    return float(delivered.study.criteria.confidence.correlation_km if stated is None else stated)


def lattice_of(cells: xr.Dataset) -> Ints:
    """
    Row and column of each cell on its lattice.

    Parameters
    ----------
    cells : Dataset with ``x y`` (m) over ``cell`` and the attribute ``spacing``

    Returns
    -------
    int64[2, n_cell]

    Examples
    --------
    >>> place = {"x": ("cell", [1500.0, 4500.0]), "y": ("cell", [1500.0, 1500.0])}
    >>> lattice_of(xr.Dataset(coords=place, attrs={"spacing": 3000.0})).tolist()
    [[0, 0], [0, 1]]
    """
    spacing = float(cells.attrs["spacing"])
    return np.stack([np.floor(np.asarray(cells[name], float) / spacing).astype("int64") for name in ("y", "x")])


def _station_levels(delivered: Month, names: list[str]) -> Callable[[np.ndarray], Floats | None]:
    """
    Mean logarithm of the stations by day, each station's own level taken out.

    Of one month alone: what a month is filled with must not hang on the months that were opened with it.
    """
    if delivered.reference is None:
        return lambda wanted: None
    days = station_means(delivered, names)[0]["pm25"].transpose("station", "day")

    def of_days(wanted: np.ndarray) -> Floats:
        values = days.reindex(day=wanted).values.astype("float64")
        with np.errstate(invalid="ignore", divide="ignore"):
            return two_way(np.where(values > 0, np.log(values), np.nan))[1]

    return of_days
