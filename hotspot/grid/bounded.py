"""
How much work an outline may make before it is mended, compared, or laid on the lattice.

Mending costs the square of the places where an outline crosses itself, the lattice the area
of its bounding box; both are bounded by counting, never by a clock.
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.foreign.limits import MAX_CROSSINGS, MAX_SQUARES, MAX_VERTICES
from hotspot.kernels.arrays import Objects
from hotspot.variables import DataError

if TYPE_CHECKING:
    import shapely

_MANY = 100_000_000  # pairs of edges from which two outlines are looked at before they are compared


def require_mendable(outline: "shapely.Geometry", what: str) -> None:
    """
    Refuse an outline that crosses itself too often to be mended.

    Parameters
    ----------
    outline : shapely geometry
    what : str
        What it is, for the message.

    Raises
    ------
    DataError

    Examples
    --------
    >>> import shapely
    >>> turn = np.arange(75) * 2 * np.pi * 37 / 75
    >>> require_mendable(shapely.Polygon(np.column_stack([np.cos(turn), np.sin(turn)])), "a star")
    Traceback (most recent call last):
    hotspot.variables.DataError: a star: crosses itself in more than 1000 places; draw it again.
    """
    if crossings(outline, outline, MAX_CROSSINGS) > MAX_CROSSINGS:
        raise DataError(f"{what}: crosses itself in more than {MAX_CROSSINGS} places; draw it again.")


def require_comparable(one: "shapely.Geometry", other: "shapely.Geometry", what: str) -> None:
    """Refuse two outlines whose edges cross too often to be cut against each other; few edges never do."""
    import shapely

    n_one, n_other = shapely.get_num_coordinates([one, other])
    if int(n_one) * int(n_other) < _MANY:
        return
    limit = 10 * MAX_CROSSINGS + 3 * int(n_one + n_other)  # neighbours share their border, edge by edge
    if crossings(one, other, limit) > limit:
        raise DataError(f"{what}: their outlines cross in more than {limit} places; draw them again.")


def crossings(one: "shapely.Geometry", other: "shapely.Geometry", enough: int) -> int:
    """
    Pairs of edges of two outlines that meet; of one outline with itself, edges that follow each other left out.

    Parameters
    ----------
    one, other : shapely geometry
    enough : int
        Counting stops above it.

    Examples
    --------
    >>> import shapely
    >>> bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    >>> crossings(bow, bow, 10)
    1
    """
    import shapely

    edges = _edges(one)
    tree = shapely.STRtree(edges if other is one else _edges(other))
    own, shared = (3, 2) if other is one else (0, 1)  # an edge meets itself and its two neighbours
    found, start, step = 0, 0, 8
    while start < len(edges) and found <= shared * enough:
        part = edges[start : start + step]
        found += tree.query(part, predicate="intersects").shape[1] - own * len(part)
        start, step = start + step, min(2 * step, 4096)
    return max(found, 0) // shared


def _edges(outline: "shapely.Geometry") -> Objects:
    import shapely

    at, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(outline)), return_index=True)
    first = np.flatnonzero(ring[1:] == ring[:-1])
    return shapely.linestrings(np.stack([at[first], at[first + 1]], axis=1))


def require_area(columns: float, rows: float, name: str) -> None:
    """
    Refuse a unit whose bounding box holds more lattice squares than memory should.

    Examples
    --------
    >>> require_area(13_360, 6_680, "the boundary")
    Traceback (most recent call last):
    hotspot.variables.DataError: the boundary spans 13360 x 6680 lattice squares, more than 4000000; ...
    """
    if columns * rows > MAX_SQUARES:
        raise DataError(
            f"{name} spans {columns:.0f} x {rows:.0f} lattice squares, more than {MAX_SQUARES}; "
            "check its coordinates, or study a smaller region."
        )


def require_edges(pieces: float, name: str) -> None:
    """Refuse outlines whose edges, bent as parallels bend, would be too many pieces."""
    if not pieces <= MAX_VERTICES:
        raise DataError(f"{name}: its outlines are too long ({pieces:.0f} pieces, more than {MAX_VERTICES}); simplify.")
