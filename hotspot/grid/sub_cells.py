"""The sub-cells of many cells at once; of one cell, see ``Grid.children``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hotspot.grid import codes as written
from hotspot.grid.lattice import FINE, Grid

if TYPE_CHECKING:
    import xarray as xr


def sub_cells(codes: Sequence[str], grid: Grid, *, fine: float = FINE) -> "xr.Dataset":
    """
    All sub-cells of some cells, cell after cell, each from the north-west row by row.

    Parameters
    ----------
    codes : sequence of str, codes of cells of ``grid``
    fine : float
        Side of a sub-cell, m; it must divide the grid's spacing.

    Returns
    -------
    Dataset without variables; coordinates over ``sub_cell``: its code (``CODE-01`` ...),
    ``cell`` (code of the cell), ``x y`` (centre, m), ``lon lat`` (centre, WGS 84);
    attributes ``lattice_id, crs, spacing`` (of the sub-cells), ``coarse_spacing``

    Raises
    ------
    ValueError
        The fine spacing does not divide the grid's.
    DataError
        A code is wrong.

    Examples
    --------
    >>> from hotspot.grid.lattice import Grid
    >>> parts = sub_cells(["PR1847L", "PQ1848E"], Grid())
    >>> parts.sizes["sub_cell"], str(parts.sub_cell.values[6]), str(parts.cell.values[-1])
    (72, 'PR1847L-07', 'PQ1848E')
    """
    import xarray as xr

    n = grid.nesting(fine)
    names = [written.normalise(code) for code in codes]
    col, row = np.array([grid.parse(name) for name in names], dtype=np.int64).reshape(-1, 2).T
    down, east = np.divmod(np.arange(n * n), n)
    i = ((col - grid.offset[0])[:, None] * n + east).ravel()
    j = ((row - grid.offset[1])[:, None] * n + n - 1 - down).ravel()
    x, y = (i + 0.5) * fine, (j + 0.5) * fine
    lon, lat = grid.unproject(x, y)
    parents = np.repeat(np.array(names, dtype=np.str_), n * n)
    named = written.encode_child(parents.tolist(), np.tile(east, col.size), np.tile(n - 1 - down, col.size), n)
    return xr.Dataset(
        coords={
            "sub_cell": named,
            "cell": ("sub_cell", parents),
            "x": ("sub_cell", x, {"unit": "m"}),
            "y": ("sub_cell", y, {"unit": "m"}),
            "lon": ("sub_cell", lon),
            "lat": ("sub_cell", lat),
        },
        attrs={"lattice_id": grid.id, "crs": grid.crs.to_wkt(), "spacing": float(fine), "coarse_spacing": grid.spacing},
    )


def centre_of(code: str, grid: Grid, *, fine: float = FINE) -> tuple[float, float]:
    """
    Centre of a sub-cell by its code, m.

    Examples
    --------
    >>> from hotspot.grid.lattice import Grid
    >>> centre_of("PR1847L-07", Grid()) == tuple(Grid().children("PR1847L").loc[6, ["x", "y"]])
    True
    """
    col, row, number = grid.parse_child(code, fine=fine)
    west, _, _, north = grid.bounds(col, row)
    down, east = divmod(number - 1, grid.nesting(fine))
    return float(west) + (east + 0.5) * fine, float(north) - (down + 0.5) * fine
