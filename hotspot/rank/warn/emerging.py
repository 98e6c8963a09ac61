"""
How clusters came about: the classes of emerging hot spot analysis over the months up to one (METHODS 8).

Gi* of every cell and month says where it was high or low among its neighbours; the run of a cell's months says
whether that is new, lasts, grows, comes and goes, or is past. A class of its own beside the list: it ranks nothing.
"""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from hotspot import contracts
from hotspot.kernels.arrays import Floats
from hotspot.rank.warn.clusters import false_discovery, places
from hotspot.rules.criteria import Clusters
from hotspot.variables import DataError

PATTERNS = (
    "new", "consecutive", "intensifying", "persistent", "diminishing", "sporadic", "oscillating", "historical",
)  # fmt: skip
CLASSES = (*(f"{name} hot" for name in PATTERNS), "no pattern", *(f"{name} cold" for name in PATTERNS))
_RULE = Clusters()


def emerging(values: Any, cells: Any, *, rule: Clusters = _RULE) -> xr.Dataset:
    """
    Class of every cell from its clusters month by month.

    Parameters
    ----------
    values : DataArray or float array (cell, month), any unit, NaN where missing; the months of an array in order
    cells : Dataset (cell) with ``col`` and ``row``

    Returns
    -------
    Dataset (cell): ``emerging``, one of ``CLASSES``, or "" where the last month or ``least_months`` months are
    missing; ``n_hot``, ``n_cold``, ``n_seen`` months; ``trend``, Kendall's score of z as a normal deviate

    Raises
    ------
    DataError
        No month has two cells that differ.

    Notes
    -----
    Gi* as in ``clusters.gi_star`` of every month by itself: against all months together a winter is hot
    everywhere. Significant where the
    Benjamini-Hochberg procedure over all cells and months keeps it. With the share of hot among the seen months,
    the first that fits (and the same for cold):

    - new: hot in the last month, never before
    - consecutive: a run of at least two up to the last month, none before it, share below 90 %
    - intensifying, persistent, diminishing: share at least 90 %, hot in the last month, z rising, without trend,
      falling (Mann-Kendall)
    - sporadic: hot in the last month, share below 90 %, never cold
    - oscillating: hot in the last month, share below 90 %, cold before
    - historical: share at least 90 %, not hot in the last month

    A month that was not seen is left out: it neither breaks a run nor counts. Classes after the published
    definitions of emerging hot spot analysis (space-time cube; Mann 1945, Getis and Ord 1995), held against the R
    package sfdep in November 2026: there *persistent* asks nothing of the last month; here a cell that stood 90 % of
    the months and is not hot in the last one is *historical*.

    Examples
    --------
    A corner that is high in the last month only.

    >>> import xarray as xr
    >>> col, row = (a.ravel() for a in np.meshgrid(np.arange(8), np.arange(8)))
    >>> cells = xr.Dataset(coords={"cell": np.arange(64), "col": ("cell", col), "row": ("cell", row)})
    >>> values = 40.0 + np.random.default_rng(0).random((64, 13))
    >>> values[(col < 3) & (row < 3), -1] += 30
    >>> emerging(values, cells)["emerging"].values[9]
    'new hot'
    """
    from scipy import stats

    from hotspot.kernels import trend

    if isinstance(values, xr.DataArray) and "time" in values.coords:
        values = contracts.in_order(values).transpose("cell", "time")
    given = np.asarray(getattr(values, "values", values), dtype="float64")
    if given.ndim != 2 or given.shape[0] != cells.sizes["cell"]:
        raise ValueError(f"values have shape {given.shape}; give (cell, month) for {cells.sizes['cell']} cells.")
    z = scores(given, cells)
    known = np.isfinite(z)
    if not known.any():
        raise DataError("emerging classes: in no month do two cells have values that differ; deliver more cells.")
    kept = np.zeros(z.shape, dtype=bool)
    kept[known] = false_discovery(2 * stats.norm.sf(np.abs(z[known])), rule.alpha)
    sign = np.where(known, np.where(kept, np.sign(z), 0.0), np.nan)
    months = np.arange(z.shape[1])
    _, score, variance, _ = trend.pair_trend(z, months.astype(float), np.zeros(months.size, dtype=np.int64))
    with np.errstate(invalid="ignore", divide="ignore"):
        deviate = np.where(variance > 0, (score - np.sign(score)) / np.sqrt(variance), 0.0)
    limit = stats.norm.ppf(1 - rule.alpha / 2)
    way = np.where(np.abs(deviate) > limit, np.sign(deviate), 0.0)
    n_seen = known.sum(axis=1)
    told = (n_seen >= min(rule.least_months, months.size)) & known[:, -1] if months.size else np.zeros(0, bool)
    kinds = [classify(row, float(w), rule) if ok else "" for row, w, ok in zip(sign, way, told, strict=True)]
    return xr.Dataset(
        {
            "emerging": ("cell", np.array(kinds, dtype=object)),
            "n_hot": ("cell", (sign > 0).sum(axis=1)),
            "n_cold": ("cell", (sign < 0).sum(axis=1)),
            "n_seen": ("cell", n_seen),
            "trend": ("cell", np.where(n_seen > 1, deviate, np.nan), {"unit": "1"}),
        },
        {"cell": cells["cell"].variable},
        {"fdr": "Benjamini-Hochberg over cells and months", "alpha": rule.alpha},
    )


def classify(sign: NDArray[np.float64], way: float, rule: Clusters = _RULE) -> str:
    """
    The class of one cell.

    Parameters
    ----------
    sign : float64[month], 1 hot, -1 cold, 0 neither, NaN not seen; the last month is seen
    way : float
        1 where z rises significantly, -1 where it falls, 0 else.

    Returns
    -------
    str, one of ``CLASSES``

    Examples
    --------
    >>> classify(np.array([0.0, 1, 0, 1]), 0.0), classify(np.array([-1.0, 0, 1, 0]), 0.0)
    ('sporadic hot', 'no pattern')
    """
    row = sign[np.isfinite(sign)]
    for name, side in (("hot", 1.0), ("cold", -1.0)):
        kind = _pattern(row * side, way * side, rule)
        if kind:
            return f"{kind} {name}"
    return "no pattern"


def _pattern(row: Floats, way: float, rule: Clusters) -> str:
    """The pattern of one side, for which that side is 1; empty where none fits. Cold falls when it grows."""
    hot = row > 0
    most = hot.sum() >= rule.stands_share * row.size
    if not hot[-1]:
        return "historical" if most else ""
    before = hot[:-1]
    if not before.any():
        return "new"
    run = int(np.argmin(hot[::-1])) if not hot.all() else row.size
    if run >= 2 and not hot[: row.size - run].any() and not most:
        return "consecutive"
    if most:
        return {1.0: "intensifying", 0.0: "persistent", -1.0: "diminishing"}[way]
    return "oscillating" if (row < 0).any() else "sporadic"


def scores(values: NDArray[np.float64], cells: Any) -> NDArray[np.float64]:
    """
    Gi* of every cell in every month, against the cells of that month.

    Parameters
    ----------
    values : float64[cell, month], NaN where missing
    cells : Dataset (cell) with ``col`` and ``row``

    Returns
    -------
    float64[cell, month]; NaN where the cell is missing or the month does not vary

    Examples
    --------
    >>> import xarray as xr
    >>> cells = xr.Dataset(coords={"cell": [0, 1, 2], "col": ("cell", [0, 1, 2]), "row": ("cell", [0, 0, 0])})
    >>> scores(np.array([[1.0], [2.0], [6.0]]), cells).round(2).ravel().tolist()
    [-1.39, nan, 0.93]
    """
    from hotspot.kernels import window

    col, row, n_col, n_row = places(cells)
    z = np.full(values.shape, np.nan)
    for month in range(values.shape[1]):
        seen = values[np.isfinite(values[:, month]), month]
        n = seen.size
        if n < 2:
            continue
        mean = seen.mean()
        spread = np.sqrt(((seen - mean) ** 2).mean())
        # Below this the differences are the order of a sum, not of the air.
        if not spread > 1e-12 * max(abs(mean), 1e-300):
            continue
        part, count = window.queen_sums(col, row, values[:, month] - mean, n_col, n_row)
        total, number = np.where(count > 0, part, 0.0), count.astype(float)
        room = n * number - number**2.0
        scored = np.isfinite(values[:, month]) & (room > 0)
        z[scored, month] = total[scored] / (spread * np.sqrt(room[scored] / (n - 1)))
    return z
