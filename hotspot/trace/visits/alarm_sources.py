"""
What lies behind one alarm: the posterior of its own few hours (METHODS 18, LOOP 11), not of a month.

An episode is no plant's usual emission, so only the alarm's hours speak; the hours before them are needed for
the journey of the plume. Stations of the neighbourhood that stayed clean say as much as the one that rose.
"""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.grid.projection import towards
from hotspot.rules.criteria import Criteria
from hotspot.trace.plumes.footprint import wind_table
from hotspot.trace.plumes.posterior import emission_prior, source_shares
from hotspot.trace.visits.attribution import placed

COLUMNS = ["facility", "name", "class_", "lon", "lat", "x", "y", "distance_km", "bearing_deg", "share", "told", "order"]


def sources_of_hours(
    stations: pd.DataFrame, values: np.ndarray, wind: np.ndarray, inside: np.ndarray, target: pd.Series,
    facilities: pd.DataFrame, *, crs: str, spacing: float, criteria: Criteria, inventory: xr.DataArray | None = None,
) -> pd.DataFrame:  # fmt: skip
    """
    Registered sources in the order in which they explain some hours at one place.

    Parameters
    ----------
    stations : DataFrame ``x y`` (m on the lattice), those that may speak
    values : float array (station, hour), µg/m³, NaN where missing
    wind : float array (hour, 2), m/s to east and north, NaN where unknown
    inside : bool array (hour), the alarm's own hours
    target : Series ``x y lon lat`` of the centre of the sub-cell that alarmed
    facilities : GeoDataFrame, as ``trace_sources`` takes them
    crs : of the lattice
    spacing : float, side of the sub-cell, m
    inventory : DataArray (lat, lon), optional; as ``trace_sources`` takes it

    Returns
    -------
    DataFrame with ``COLUMNS`` within ``tracing.ring_km`` (farther ones only if they have a share), by ``order``;
    ``attrs["informed"]``: the wind spoke, else size and distance alone made the order

    Notes
    -----
    What a station measured above ``background_quantile`` of all of them in the hour is its increment. In hours
    without wind the nearest come first, as no plume has a direction then.

    Examples
    --------
    >>> at = pd.Series({"x": 0.0, "y": 0.0, "lon": 105.0, "lat": 35.0})
    >>> nothing = pd.DataFrame(columns=["facility", "name", "class_", "lon", "lat"])
    >>> len(sources_of_hours(pd.DataFrame({"x": [0.0], "y": [0.0]}), np.full((1, 4), 90.0), np.full((4, 2), 1.0),
    ...     np.ones(4, bool), at, nothing, crs="+proj=laea +lon_0=105 +lat_0=35", spacing=500.0, criteria=Criteria()))
    0
    """
    rule = criteria.tracing
    rule = rule.model_copy(update={"hours_together": rule.alarm_hours_together})
    if not len(facilities):
        return _table([], False)
    places = placed(facilities, crs, rule, inventory)
    away = np.hypot(places["x"].to_numpy(float) - target["x"], places["y"].to_numpy(float) - target["y"])
    near = np.argsort(away, kind="stable")[: rule.alarm_nearest]
    near = near[away[near] <= 1000 * rule.upwind_km]
    if not near.size:
        return _table([], False)
    own = places.iloc[near].reset_index(drop=True)
    xy = own[["x", "y"]].to_numpy(float)
    heard = np.hypot(stations["x"].to_numpy(float) - target["x"], stations["y"].to_numpy(float) - target["y"])
    ears = np.argsort(heard, kind="stable")[: rule.alarm_nearest]
    ears = ears[heard[ears] <= 1000 * rule.station_km]
    base = pd.DataFrame(values[ears]).quantile(rule.background_quantile).to_numpy()  # NaN where nobody reports
    rise = np.where(inside, values[ears] - base, np.nan)
    informed = bool((~np.isnan(wind[inside]).any(axis=1)).any()) and bool((~np.isnan(rise)).any())
    sized = own["sized"].to_numpy(bool)
    prior = emission_prior(own["emission"].to_numpy(float), own["class_"].to_numpy(), sized, tracing=rule)
    if informed:
        # Proposal: an episode may be many times what a plant usually emits, so the register speaks softly here.
        loose = type(prior)(prior.mean, prior.covariance + np.eye(len(own)) * rule.unknown_sd**2)
        post = source_shares(
            rise, stations[["x", "y"]].to_numpy(float)[ears], wind_table(wind[:, 0], wind[:, 1]), xy, loose,
            target[["x", "y"]].to_numpy(float)[None], spacing=spacing, tracing=rule, hours=inside,
        )  # fmt: skip
        share, told = post.share[0], post.told
    else:
        weight = np.exp(prior.mean) / (1 + away[near] / (1000 * rule.decay_km)) ** 2
        share, told = weight / weight.sum(), np.zeros(len(own))
    kept = np.flatnonzero((away[near] <= 1000 * rule.ring_km) | (share >= rule.moderate_share))
    order = kept[np.lexsort((away[near][kept].round(3), -share[kept].round(6)))]
    bearing, km = towards(target["lon"], target["lat"], own["lon"].to_numpy(float), own["lat"].to_numpy(float))
    rows = [
        {
            **own.iloc[k][["facility", "name", "class_", "lon", "lat", "x", "y"]].to_dict(),
            "distance_km": float(km[k]),
            "bearing_deg": float(bearing[k]),
            "share": float(share[k]),
            "told": float(told[k]),
            "order": number,
        }
        for number, k in enumerate(order, 1)
    ]
    return _table(rows, informed)


def _table(rows: list[dict[str, Any]], informed: bool) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.attrs["informed"] = informed
    return table
