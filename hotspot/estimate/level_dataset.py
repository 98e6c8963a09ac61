"""From the blocks' numbers to the Dataset of levels: terrain, years, intervals, words."""

import numpy as np

from hotspot.estimate.block_level import QUANTITIES
from hotspot.variables import VARIABLES, DataError

_MEANING = {
    "normalised": "in average weather",
    "stagnant": "in average stagnant weather, what is named in `removed` removed",
    "background": "regional baseline, as it was",
    "increment": "above the regional baseline, as it was",
}


def terrain_factor(signal, terrain, x, y):
    """
    How much more of the region's air a cell holds because of its terrain.

    Parameters
    ----------
    signal : float64[cell]
        Mean log ratio of the cell to its region on well-ventilated days, when emission matters least.
    terrain : Dataset (cell), every variable a number of the cell's terrain
    x, y : float64[cell], m
        A plane over the study is allowed for, so that a gradient is no terrain.

    Returns
    -------
    float64[cell], 1 for the study's median terrain; 1 where terrain is missing

    Notes
    -----
    Least squares of the signal on standardised terrain and a plane; factor = exp(terrain part).

    Examples
    --------
    >>> import xarray as xr
    >>> depth = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    >>> terrain = xr.Dataset({"valley": ("cell", depth)})
    >>> place = np.arange(9.0) ** 2
    >>> terrain_factor(np.log(1 + 0.5 * depth), terrain, place % 5, place % 3).round(3)[:3].tolist()
    [1.0, 1.0, 1.5]
    """
    columns = [
        np.asarray(terrain[name].values, float) for name in terrain.data_vars if terrain[name].dtype.kind in "fi"
    ]
    table = np.column_stack([*columns, x, y])
    good = np.isfinite(table).all(axis=1) & np.isfinite(signal)
    if good.sum() < 3 * table.shape[1]:
        raise DataError("terrain: fewer cells with terrain and data than can tell its part; leave terrain out.")
    spread = table[good].std(axis=0)
    kept = spread > 0
    standard = (table[:, kept] - table[good][:, kept].mean(axis=0)) / spread[kept]
    design = np.column_stack([np.ones(len(standard)), standard])
    used = design[good]
    # Sums, not a matrix product, whose last digits would depend on the library's threads.
    square = np.array([[(a * b).sum() for b in used.T] for a in used.T])
    slope = np.linalg.solve(square + 1e-9 * np.eye(len(square)), np.array([(a * signal[good]).sum() for a in used.T]))
    part = sum(slope[1 + k] * standard[:, k] for k in range(kept[: len(columns)].sum()))
    return np.where(good, np.exp(part - np.median(part[good])), 1.0)


def without_terrain(found, terrain, field, place, remove):
    """
    Divide the stagnant level by the terrain's factor, where terrain was given and is to be removed.

    Returns
    -------
    dict: ``found`` with ``terrain_factor``, and with the share it moves
    """
    n = len(found["n_valid"]) if "n_valid" in found else len(found["normalised"])
    if "terrain" not in remove or terrain is None:
        return found | {"terrain_factor": np.ones(n)}
    terrain = terrain.reindex({place: field[place].values})
    factor = terrain_factor(found["terrain_signal"], terrain, field["x"].values, field["y"].values)
    out = found | {"terrain_factor": factor, "moved_terrain": np.abs(1 - 1 / factor)}
    out["stagnant"] = found["stagnant"] / factor[:, None]
    if "stagnant_variance" in found:
        out["stagnant_variance"] = found["stagnant_variance"] / factor[:, None] ** 2
    return out


def to_years(found, stamps):
    """
    Years as the mean of their months, each of weight one; variances follow.

    Parameters
    ----------
    found : dict of arrays, those with a second axis by month
    stamps : datetime64[ns][month]

    Returns
    -------
    dict, datetime64[ns][year]
    """
    years, of = np.unique(stamps.astype("datetime64[Y]"), return_inverse=True)
    out = dict(found)
    for name in (n for n, v in found.items() if np.ndim(v) == 2):
        parts = []
        for year in range(len(years)):
            own = found[name][:, of == year]
            seen = np.isfinite(own)
            n = seen.sum(axis=1)
            total = np.where(seen, own, 0.0).sum(axis=1)
            if name in ("n_valid", "degrees"):
                parts.append(total)
            else:
                power = 2 if name.endswith("_variance") else 1
                parts.append(np.where(n > 0, total / np.maximum(n, 1) ** power, np.nan))
        out[name] = np.column_stack(parts)
    return out, years.astype("datetime64[ns]")


def level_dataset(found, field, place, variable, stamps, level):
    """
    The Dataset that ``normalise`` returns, without its attributes of settings.

    Parameters
    ----------
    found : dict of arrays
    field : Dataset, whose places and coordinates are kept
    place : str
    variable : str
    stamps : datetime64[ns][time]
    level : float
        Of the intervals.

    Returns
    -------
    Dataset (place, time)
    """
    import xarray as xr
    from scipy.stats import t

    dims = (place, "time")
    unit = field[variable].attrs.get("unit", VARIABLES[variable].unit if variable in VARIABLES else "")
    out = {}
    for name in (name for name in QUANTITIES if name in found):
        value = found[name]
        words = {"unit": unit, "long_name": f"{variable}, {_MEANING[name]}"}
        full = name if name in ("background", "increment") else f"{variable}_{name}"
        out[full] = (dims, value, words)
        if f"{name}_variance" not in found:
            continue
        reach = t.ppf(0.5 + level / 2, np.maximum(found["degrees"], 1)) * np.sqrt(found[f"{name}_variance"])
        if name in ("normalised", "background"):
            with np.errstate(invalid="ignore", divide="ignore"):
                low, high = value * np.exp(-reach / value), value * np.exp(reach / value)
        else:
            low, high = value - reach, value + reach
        out[f"{full}_low"], out[f"{full}_high"] = (dims, low, words), (dims, high, words)
    if "n_valid" in found:
        out["n_valid"] = (dims, found["n_valid"], {"unit": "1"})
    factors = sorted(name.removeprefix("moved_") for name in found if name.startswith("moved_"))
    out["moved"] = ((place, "factor"), np.column_stack([found[f"moved_{name}"] for name in factors]), {"unit": "1"})
    for ours, theirs in (("terrain_factor", "terrain_factor"), ("cv_r2", "r2"), ("cv_rmse", "rmse")):
        out[ours] = (place, found[theirs], {"unit": "1"})
    coords = {n: c for n, c in field.coords.items() if c.dims == (place,)} | {"time": stamps, "factor": factors}
    kept = {name: field.attrs[name] for name in ("lattice_id", "spacing", "crs") if name in field.attrs}
    return xr.Dataset(out, coords, kept)
