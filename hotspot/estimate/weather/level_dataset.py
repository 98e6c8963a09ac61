"""From the blocks' numbers to the Dataset of levels: years, intervals, words."""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.estimate.weather.block_level import QUANTITIES
from hotspot.kernels.arrays import Floats, Times
from hotspot.variables import VARIABLES

if TYPE_CHECKING:
    import xarray as xr

_MEANING = {
    "normalised": "in average weather",
    "stagnant": "in average stagnant weather, what is named in `removed` removed",
    "background": "regional baseline, as it was",
    "increment": "above the regional baseline, as it was",
}


def to_years(found: dict[str, Floats], stamps: Times) -> tuple[dict[str, Floats], Times]:
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


def level_dataset(
    found: dict[str, Floats],
    field: "xr.Dataset",
    place: str,
    variable: str,
    stamps: Times,
    level: float,
    *,
    monthly: bool = False,
) -> "xr.Dataset":
    """
    The Dataset that ``normalise`` returns, without its attributes of settings.

    Parameters
    ----------
    found : dict of arrays
    field : Dataset, whose places and coordinates are kept
    stamps : datetime64[ns][time]
    level : float
        Of the intervals.
    monthly : bool
        The times are months: their normalised values get what all cells share of a season into their
        interval, and the change from the same month of the year before stands beside them.

    Returns
    -------
    Dataset (place, time)
    """
    import xarray as xr
    from scipy.stats import norm, t

    from hotspot.estimate.level.shared import same_month_change, seasonal_spread

    dims = (place, "time")
    unit = field[variable].attrs.get("unit", VARIABLES[variable].unit if variable in VARIABLES else "")
    out: dict[str, tuple] = {}
    said = {}
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
                reach = reach / value
                if monthly and name == "normalised":
                    said["seasonal_spread"] = seasonal_spread(value, stamps)
                    reach = np.hypot(reach, norm.ppf(0.5 + level / 2) * said["seasonal_spread"])
                low, high = value * np.exp(-reach), value * np.exp(reach)
        else:
            low, high = value - reach, value + reach
        out[f"{full}_low"], out[f"{full}_high"] = (dims, low, words), (dims, high, words)
    if monthly and "normalised_variance" in found:
        change = same_month_change(found["normalised"], found["normalised_variance"], found["degrees"], stamps, level)
        words = {"unit": "1", "long_name": f"{variable} in average weather, change from the same month a year before"}
        said["change_error_ratio"] = change.ratio
        for end, value in (("", change.value), ("_low", change.low), ("_high", change.high)):
            out[f"{variable}_normalised_change{end}"] = (dims, value, words)
    if "n_valid" in found:
        out["n_valid"] = (dims, found["n_valid"], {"unit": "1"})
    factors = sorted(name.removeprefix("moved_") for name in found if name.startswith("moved_"))
    if factors:
        out["moved"] = ((place, "factor"), np.column_stack([found[f"moved_{name}"] for name in factors]), {"unit": "1"})
    for ours, theirs in (("terrain_factor", "terrain_factor"), ("cv_r2", "r2"), ("cv_rmse", "rmse")):
        if theirs in found:
            out[ours] = (place, found[theirs], {"unit": "1"})
    coords = {n: c for n, c in field.coords.items() if c.dims == (place,)} | {"time": stamps, "factor": factors}
    kept = {name: field.attrs[name] for name in ("lattice_id", "spacing", "crs") if name in field.attrs}
    return xr.Dataset(out, coords, kept | said)
