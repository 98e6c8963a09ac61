"""What lasts inside a cell: the slopes between 3 km cells, and what weeks of its stations add to them."""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.estimate.field.fuse import degrees_of
from hotspot.estimate.fine.gains import LEAST_PLACE, REACH_M, alike, around, logs_of, tell_gains
from hotspot.estimate.fine.pattern import pattern_at
from hotspot.grid.lattice import Grid
from hotspot.kernels.arrays import Floats
from hotspot.quality.means.seen import LEVEL

if TYPE_CHECKING:
    import xarray as xr

# Proposals:
_LEFT = 0.5  # of what places differ by all the time: what the slopes of the 3 km field leave
_LEAST = 0.01  # a share, which no instrument is better than
_ODD = 2.0  # spreads beyond which a station's deviation is believed no farther: it is broken, or alone in a plume


def lasting(stations: "xr.Dataset", places: "xr.Dataset", coarse: "xr.Dataset", month: str) -> tuple[Floats, Floats]:
    """
    How a month's level at each sub-cell stands to that of others of its cell.

    Parameters
    ----------
    stations : Dataset (station, time)
        The month's hours: ``pm25`` and ``pm25_error``, ug/m3; ``lon lat``.
    places : Dataset (sub_cell), from ``sub_cells``
    coarse : Dataset (cell, time), from ``monthly_field``
    month : "YYYY-MM"

    Returns
    -------
    (level, unsure): float64[sub_cell] each; ug/m3, whose mean over a cell means nothing, and 1 sd, a share

    Notes
    -----
    The 3 km field between its cells (``pattern_at``), times ``exp(d)``: d is the conditional mean of what is lasting
    about a place beyond that, given the usual levels of the 16 nearest stations less the pattern's, their common level
    unknown. Places are alike over 3 km and differ by half of what ``tell_gains`` found; the rest of what stations
    differ by are gains, or where too few stand side by side to tell, all of what their calibration states.
    """
    grid = Grid(places.attrs["coarse_spacing"], crs=places.attrs["crs"])
    x, y = (np.asarray(v, dtype=float) for v in grid.project(*degrees_of(stations)))
    gains = tell_gains(stations, x, y)
    own = gains.own or _stated(stations)
    place = _LEFT * (gains.place or LEAST_PLACE)
    target = np.stack([places[name].values for name in ("x", "y")])
    at, there = (
        logs_of(np.asarray(pattern_at(*where, crs=places.attrs["crs"], month=month, coarse=coarse), dtype=float))
        for where in ((x, y), target)
    )
    usual = gains.usual - at
    known = np.isfinite(usual)
    if not known.any():
        return np.exp(there) - LEVEL, np.full(there.size, place)
    spread = max(float(np.hypot(own, gains.noise)), _LEAST)
    per_cell = round(places.attrs["coarse_spacing"] / places.attrs["spacing"]) ** 2
    east, north = target.reshape(2, -1, per_cell)
    x, y, usual = x[known], y[known], usual[known]
    near, apart = around(x, y, east.mean(axis=1), north.mean(axis=1))
    inverse = np.linalg.inv(alike(place, spread, apart))
    level, total = usual[near], inverse.sum(axis=(1, 2))
    away = level - (np.einsum("cij,cj->c", inverse, level) / total)[:, None]
    most = _ODD * np.hypot(place, spread)
    to = place**2 * np.exp(
        -np.hypot(x[near][:, None] - east[:, :, None], y[near][:, None] - north[:, :, None]) / REACH_M
    )
    weight = to @ inverse
    more = np.einsum("cti,ci->ct", weight, np.clip(away, -most, most))
    left = place**2 - (weight * to).sum(axis=2) + (1.0 - weight.sum(axis=2)) ** 2 / total[:, None]
    return np.exp(there + more.ravel()) - LEVEL, np.sqrt(np.maximum(left, 0.0)).ravel()


def _stated(stations: "xr.Dataset") -> float:
    """The usual error that is stated, a share."""
    with np.errstate(invalid="ignore"):
        share = stations["pm25_error"].values / (np.maximum(stations["pm25"].values, 0.0) + LEVEL)
    return float(np.nanmedian(share)) if np.isfinite(share).any() else 0.0
