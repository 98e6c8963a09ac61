"""
How much more of the region's air a cell holds because of its terrain (D3: terrain blocking).

Told from the days on which a cell is least above its region, when emission
matters least, and from the cells that are cleanest for their terrain.
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

_ROUNDS = 60
_CHUNK = 2048


def terrain_signal(values: Floats, background: Floats, *, share: float = 0.10) -> Floats:
    """
    Low quantile over the days of the log ratio of a cell to its region.

    Parameters
    ----------
    values, background : float arrays (cell, time), ug/m3
    share : float
        The quantile; ``terrain_days`` of the criteria.

    Returns
    -------
    float64[cell], NaN where nothing was seen

    Examples
    --------
    >>> terrain_signal(np.array([[20.0, 40.0, 30.0]]), np.full((1, 3), 20.0)).round(3).tolist()
    [0.081]
    """
    found = np.full(len(values), np.nan)
    for start in range(0, len(values), _CHUNK):
        one = slice(start, start + _CHUNK)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.log(values[one].astype(float)) - np.log(background[one].astype(float))
        ratio[~np.isfinite(ratio)] = np.nan
        some = np.isfinite(ratio).any(axis=1)
        found[start : start + len(ratio)][some] = np.nanquantile(ratio[some], share, axis=1)
    return found


def terrain_factor(signal: Floats, terrain: "xr.Dataset", x: Floats, y: Floats, *, quantile: float = 0.25) -> Floats:
    """
    Factor of every cell's terrain.

    Parameters
    ----------
    signal : float64[cell], from ``terrain_signal``
    terrain : Dataset (cell), every number of it an index of the terrain, as from ``terrain_index``
    x, y : float64[cell], m
        A plane over the study is allowed for, so that a gradient is no terrain.
    quantile : float
        Of the cells of like terrain; ``terrain_cells`` of the criteria.

    Returns
    -------
    float64[cell], 1 for the study's median terrain; 1 where terrain or data are missing

    Raises
    ------
    DataError
        Fewer cells than can tell the terrain's part.

    Notes
    -----
    Quantile regression (Koenker and Bassett 1978), by reweighted least squares, of the signal on the
    standardised indices and a plane; factor = exp(part of the indices).

    Examples
    --------
    >>> import xarray as xr
    >>> depth = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    >>> terrain = xr.Dataset({"valley": ("cell", depth)})
    >>> place = np.arange(9.0) ** 2
    >>> terrain_factor(np.log(1 + 0.5 * depth), terrain, place % 5, place % 3).round(3)[:3].tolist()
    [1.0, 1.0, 1.5]
    """
    names = [name for name in terrain.data_vars if terrain[name].dtype.kind in "fi"]
    table = np.column_stack([*(np.asarray(terrain[name].values, float) for name in names), x, y])
    good = np.isfinite(table).all(axis=1) & np.isfinite(signal)
    if good.sum() < 3 * table.shape[1]:
        raise DataError("terrain: fewer cells with terrain and data than can tell its part; leave terrain out.")
    spread = table[good].std(axis=0)
    kept = spread > 0
    standard = (table[:, kept] - table[good][:, kept].mean(axis=0)) / spread[kept]
    used = np.column_stack([np.ones(good.sum()), standard[good]])
    own, weight = signal[good], np.ones(good.sum())
    for _ in range(_ROUNDS):
        # Sums, not matrix products, whose last digits would depend on the library's threads.
        square = np.array([[(weight * a * b).sum() for b in used.T] for a in used.T])
        right = np.array([(weight * a * own).sum() for a in used.T])
        slope = np.linalg.solve(square + 1e-9 * np.eye(len(square)), right)
        rest = own - sum(slope[k] * used[:, k] for k in range(len(slope)))
        weight = np.where(rest > 0, quantile, 1 - quantile) / np.maximum(np.abs(rest), 0.01)
    n = int(kept[: len(names)].sum())
    part = sum((slope[1 + k] * standard[:, k] for k in range(n)), np.zeros(len(standard)))
    return np.where(good, np.exp(part - np.median(part[good])), 1.0)
