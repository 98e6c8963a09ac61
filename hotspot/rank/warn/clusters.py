"""
Statistically significant clusters of high and low cells: Gi* with FDR control (METHODS 8).

A class of its own beside the warning list: a high cell among low ones may lead the list and be
no cluster, and a cluster says that a district is heavy, not which cell of it.
"""

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from hotspot import contracts
from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.variables import DataError

# Empty lattice between the cells is scanned too; beyond this many places the cells are not one region.
_MOST_PLACES = 50_000_000


def gi_star(values: ArrayLike | xr.DataArray | xr.Dataset, cells: "xr.Dataset", *, alpha: float = 0.05) -> "xr.Dataset":
    """
    Gi* of every cell on the lattice: queen neighbours and the cell itself, weight one each.

    A missing neighbour is left out, not counted as zero, and a missing cell has no score. The
    p-value is that of the normal distribution, two-sided; a class is given where the
    Benjamini-Hochberg procedure keeps the false discovery rate over all cells at ``alpha``.

    Parameters
    ----------
    values : DataArray (cell) or float array, any unit, NaN where missing; or a field, of which the valid values of the
        month it is named after are taken
    cells : Dataset (cell) with ``col`` and ``row``
    alpha : float
        ``criteria.clusters.alpha``.

    Returns
    -------
    Dataset (cell): ``gi_z``, ``gi_p`` (NaN where missing, or where the window holds every cell
    there is) and ``gi_class``: "hot", "cold" or ""

    Raises
    ------
    DataError
        Fewer than two cells have a value, all values are the same, or two cells share a place.

    Notes
    -----
    With ``n`` values of mean ``m`` and population deviation ``s``, and ``w`` values in the window
    of cell i (Ord and Getis 1995, binary weights, the cell included)::

        z_i = (sum of the window - w m) / (s sqrt((n w - w**2) / (n - 1)))

    Examples
    --------
    >>> import xarray as xr
    >>> col, row = (a.ravel() for a in np.meshgrid(np.arange(8), np.arange(8)))
    >>> codes = [f"C{i:02d}" for i in range(64)]
    >>> cells = xr.Dataset(coords={"cell": codes, "col": ("cell", col), "row": ("cell", row)})
    >>> values = 40.0 + (col + row) % 3 + 30.0 * ((col < 3) & (row < 3))
    >>> gi = gi_star(values, cells)
    >>> gi["gi_class"].sel(cell="C09").item(), round(gi["gi_z"].sel(cell="C09").item(), 2)
    ('hot', 7.91)
    """
    from scipy.special import ndtr

    from hotspot.kernels import window

    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; give a share between 0 and 1.")
    given = _one_month(values, cells)
    if given.shape != (cells.sizes["cell"],):
        raise ValueError(
            f"values have shape {given.shape}; give one for each of {cells.sizes['cell']} cells: one month, "
            "contracts.of_month(field, month)."
        )
    col, row, n_col, n_row = places(cells)
    seen = np.isfinite(given)
    n = int(seen.sum())
    mean = given[seen].mean() if n else np.nan
    away = np.where(seen, given - mean, np.nan)
    spread = np.sqrt((away[seen] ** 2).mean()) if n else np.nan
    # Below this the differences are the order of a sum, not of the air.
    if n < 2 or not spread > 1e-12 * max(abs(mean), 1e-300):
        raise DataError(
            f"Gi*: {n} of {given.size} cells have a value and they do not differ; clusters need at least two values "
            "that do."
        )
    total, number = window.queen_sums(col, row, away, n_col, n_row)
    room = np.sqrt((n * number - number**2.0) / (n - 1))
    z = np.full(given.size, np.nan)
    scored = seen & (room > 0)
    z[scored] = total[scored] / (spread * room[scored])
    p = 2 * ndtr(-np.abs(z))
    kept = np.zeros(given.size, dtype=bool)
    kept[scored] = false_discovery(p[scored], alpha)
    kinds = np.where(kept, np.where(z > 0, "hot", "cold"), "")
    return xr.Dataset(
        {
            "gi_z": ("cell", z, {"unit": "1"}),
            "gi_p": ("cell", p, {"unit": "1"}),
            "gi_class": ("cell", kinds),
        },
        {"cell": cells["cell"].variable},
        {"method": "Gi*, queen window with the cell, binary weights, normal p-values", "fdr": "Benjamini-Hochberg",
         "alpha": alpha, "n_values": n},
    )  # fmt: skip


def _one_month(values: "ArrayLike | xr.DataArray | xr.Dataset", cells: "xr.Dataset") -> Floats:
    """The values of the cells, in their order: of a field those of its month."""
    if isinstance(values, xr.Dataset):
        now = contracts.of_month(values)
        values = now["pm25"].where(now["valid"]) if "valid" in now else now["pm25"]
    if isinstance(values, xr.DataArray) and values.dims == ("cell",) and {"cell"} <= set(values.coords):
        own = cells["cell"].values
        if not np.array_equal(values["cell"].values, own) and set(own.tolist()) == set(values["cell"].values.tolist()):
            values = values.sel(cell=own)
    return np.asarray(getattr(values, "values", values), dtype="float64")


def false_discovery(p: ArrayLike, alpha: float) -> Flags:
    """
    Which hypotheses are rejected when the false discovery rate is held at ``alpha``.

    Benjamini and Hochberg (1995): the largest i with ``p(i) <= i alpha / m``, and all before it.

    Parameters
    ----------
    p : float array of p-values, no NaN

    Returns
    -------
    bool array

    Examples
    --------
    >>> false_discovery([0.001, 0.04, 0.03, 0.5], 0.05)
    array([ True, False, False, False])
    """
    p = np.asarray(p, dtype="float64")
    ordered = np.sort(p[p <= alpha])  # none beyond it can pass, whatever its place
    passing = np.flatnonzero(ordered <= alpha * np.arange(1, ordered.size + 1) / p.size)
    return p <= ordered[passing[-1]] if passing.size else np.zeros(p.size, dtype=bool)


def places(cells: "xr.Dataset") -> tuple[Ints, Ints, int, int]:
    """Columns and rows from 0, and the size of the box that holds them."""
    col, row = (cells[name].values.astype("int64") for name in ("col", "row"))
    col, row = col - col.min(), row - row.min()
    n_col, n_row = int(col.max()) + 1, int(row.max()) + 1
    if n_col * n_row > _MOST_PLACES:
        raise DataError(f"Gi*: the cells span {n_col} x {n_row} places; give one region at a time.")
    taken = np.zeros(n_col * n_row, dtype=bool)
    taken[row * n_col + col] = True
    if taken.sum() != col.size:
        raise DataError("Gi*: two cells share a place on the lattice; give each cell once.")
    return col, row, n_col, n_row
