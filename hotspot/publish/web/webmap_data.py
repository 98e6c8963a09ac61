"""
What a map page carries of the cells: the lattice's corners once, codes, owners, and where each one stands.

Cells travel from the north-west row by row, as runs of neighbours; every corner is
shared by the cells around it and sent once. The page derives the rest.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.grid.lattice import Grid
from hotspot.kernels.arrays import Ints, Texts
from hotspot.publish.web.packing import pack, pack_runs
from hotspot.text.escape import escape
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

# Corners are sent to 1e-5 degree, about one metre.
_PER_DEGREE = 100_000


def page_order(field: "xr.Dataset") -> Ints:
    """
    Positions of the cells in the order in which a page holds them: rows from the north, columns from the west.

    Parameters
    ----------
    field : Dataset (cell, time), with coordinates ``row`` and ``col``

    Returns
    -------
    int array [n_cell]

    Examples
    --------
    >>> import xarray as xr
    >>> page_order(xr.Dataset(coords={"row": ("cell", [7, 8, 8]), "col": ("cell", [2, 5, 4])})).tolist()
    [2, 1, 0]
    """
    return np.lexsort((field["col"].to_numpy(), -field["row"].to_numpy().astype(np.int64)))


def pack_cells(field: "xr.Dataset", grid: Grid) -> dict[str, Any]:
    """
    Geometry, codes and owners of the cells, for the page.

    Parameters
    ----------
    field : Dataset (cell, time) in the order of ``page_order``, with the coordinates of ``Grid.cover``
    grid : Grid
        The lattice of the field.

    Returns
    -------
    dict: ``n``, ``runs`` (row step, first column, length, ...), corner ``lon`` and ``lat``,
    ``codes`` (each with the number of characters shared with the one before), ``units``
    (city, county, township), ``unit`` (position in it, per cell), ``labels``
    """
    col, row = (field[name].to_numpy().astype(np.int64) for name in ("col", "row"))
    starts = np.flatnonzero((np.diff(row, prepend=row[:1] + 1) != 0) | (np.diff(col, prepend=col[:1]) != 1))
    lengths = np.diff(starts, append=len(col))
    corners = np.stack([np.concatenate([row, row, row + 1, row + 1]), np.concatenate([col, col + 1, col, col + 1])])
    corners = np.unique(corners * np.array([[-1], [1]]), axis=1) * np.array([[-1], [1]])
    west, south = grid.bounds(corners[1], corners[0])[:2]
    lon, lat = (np.rint(np.asarray(v) * _PER_DEGREE).astype(np.int64) for v in grid.unproject(west, south))
    names = [_escaped(field, n) for n in ("city", "county", "township")]
    owners = list(zip(*names, strict=True))
    units = sorted(set(owners))
    where = {unit: i for i, unit in enumerate(units)}
    labels = _escaped(field, "label") if "label" in field.coords else []
    return {
        "n": len(col),
        "runs": pack(np.stack([row[starts], col[starts], lengths], axis=1).ravel()),
        # Along a row the corners are almost evenly spaced: the second difference is nearly nothing.
        "lon": pack(np.diff(lon, prepend=0)),
        "lat": pack(np.diff(lat, prepend=0)),
        "per": _PER_DEGREE,
        "codes": _shared_prefixes(field["cell"].to_numpy()),
        "units": [list(unit) for unit in units],
        "unit": pack_runs([where[owner] for owner in owners]),
        "labels": [[i, label] for i, label in enumerate(labels) if label],
    }


def positions(codes: "dict[str, tuple[str, str]] | pd.Series", field: "xr.Dataset", what: str) -> list[int]:
    """
    Where cells stand on the page.

    Parameters
    ----------
    field : Dataset (cell, time)
    what : str
        The name of the table, for the message.

    Raises
    ------
    DataError
        A code is not among the cells of the field.
    """
    place = {str(code): i for i, code in enumerate(field["cell"].to_numpy())}
    unknown = sorted({str(code) for code in codes} - set(place))
    if unknown:
        raise DataError(f"{what}, column cell: {unknown[0]!r} is no cell of the field; give the list of this study.")
    return [place[str(code)] for code in codes]


def _escaped(field: "xr.Dataset", name: str) -> list[str]:
    """A text coordinate; each distinct text is escaped once."""
    texts = field[name].to_numpy().tolist()
    safe = {text: escape(text) for text in dict.fromkeys(texts)}
    return [safe[text] for text in texts]


def _shared_prefixes(codes: Texts) -> str:
    """Codes separated by blanks, each led by the number of characters it shares with the one before."""
    written, before = [], ""
    for code in map(str, codes):
        shared = 0
        while shared < min(len(before), len(code), 9) and before[shared] == code[shared]:
            shared += 1
        written.append(f"{shared}{code[shared:]}")
        before = code
    return " ".join(written)
