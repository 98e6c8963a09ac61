"""
The lattice: which square of ground a place belongs to, by arithmetic alone.

A cell's identity never depends on a study's boundary, so a code printed today
names the same ground in every later year.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.grid import codes
from hotspot.grid.projection import crs_name, equal_area, national_crs, transformer
from hotspot.kernels.arrays import Floats, Ints, Objects
from hotspot.variables import DataError

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

CODED = 3000.0  # m, the one spacing with seven-character codes (D1)
FINE = 500.0  # m, the sub-cells (D18, C1)
_NATIONAL_WEST, _NATIONAL_SOUTH = 3_000_000.0, 0.0  # m from the CRS origin to column 0 and row 0
_OTHER_WEST, _OTHER_SOUTH = 3_600_000.0, 3_600_000.0


@dataclass(frozen=True)
class Grid:
    """
    The rule that cuts a region into square cells of equal area.

    Parameters
    ----------
    spacing : float
        Side of a cell, m. 3000 has the seven-character codes; a spacing that
        divides 3000 has ``CODE-NN``; any other gets a plain code.
    crs : anything pyproj understands, optional
        An equal-area CRS in metres. Default: Albers 25/47, origin 0 N 105 E, on
        CGCS2000, the national lattice (METHODS 1).

    Raises
    ------
    ValueError
        The spacing is no positive number.
    DataError
        The CRS is in degrees, not in metres, or does not keep areas equal.

    Notes
    -----
    ``col = floor(x / spacing) + offset``, ``row`` likewise; cells are half-open,
    their west and south edges belong. The offset is 1000 columns and 0 rows for
    the national lattice at 3 km, 1200 and 1200 for another CRS.

    Examples
    --------
    >>> grid = Grid()
    >>> grid.code(*grid.locate(116.397, 39.909))
    'PQ1848E'
    >>> Grid(crs="EPSG:3857")
    Traceback (most recent call last):
    hotspot.variables.DataError: CRS ... does not keep areas equal ...
    """

    spacing: float = CODED
    crs: Any = None

    def __post_init__(self) -> None:
        spacing = float(self.spacing)
        if not (np.isfinite(spacing) and spacing > 0):
            raise ValueError(f"spacing is {self.spacing}; give the side of a cell in metres.")
        object.__setattr__(self, "spacing", spacing)
        object.__setattr__(self, "crs", national_crs() if self.crs is None else equal_area(self.crs))

    @cached_property
    def id(self) -> str:
        """The lattice's name, printed in every product: its CRS and spacing. str"""
        return f"{'cn-albers-25-47-105' if self.national else crs_name(self.crs)}-{self.spacing:g}m"

    @cached_property
    def national(self) -> bool:
        """Whether this is the national CRS. bool"""
        return crs_name(self.crs) == crs_name(national_crs())

    @cached_property
    def offset(self) -> tuple[int, int]:
        """Column and row of the cell whose south-west corner is the CRS origin. (int, int)"""
        west, south = (_NATIONAL_WEST, _NATIONAL_SOUTH) if self.national else (_OTHER_WEST, _OTHER_SOUTH)
        return int(np.ceil(west / self.spacing)), int(np.ceil(south / self.spacing))

    def project(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Any, Any]:
        """WGS 84 degrees to metres on the lattice: (x, y), same shapes, inf where impossible."""
        return transformer(self.crs.to_wkt(), True).transform(lon, lat)

    def unproject(self, x: ArrayLike, y: ArrayLike) -> tuple[Any, Any]:
        """Metres on the lattice to WGS 84 degrees: (lon, lat), same shapes."""
        return transformer(self.crs.to_wkt(), False).transform(x, y)

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Any, Any]:
        """
        The cells that hold some places.

        Parameters
        ----------
        lon, lat : float or float array (n), degrees, WGS 84

        Returns
        -------
        col, row : int64, or int64 arrays (n); -1 both where a coordinate is missing

        Raises
        ------
        DataError
            A latitude beyond 90 degrees: the two are probably swapped.

        Examples
        --------
        >>> Grid().locate([116.397, np.nan], [39.909, 39.9])
        (array([1318,   -1]), array([1448,   -1]))
        """
        lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
        wrong = np.abs(np.nan_to_num(lat, nan=0.0)) > 90
        if wrong.any():
            raise DataError(
                f"latitude {lat[wrong].flat[0]:g} is beyond 90 degrees; give longitude first, then latitude."
            )
        x, y = self.project(lon, lat)
        return self.locate_xy(x, y)

    def locate_xy(self, x: ArrayLike, y: ArrayLike) -> tuple[Any, Any]:
        """
        The cells that hold points on the lattice, metres; the half-open rule lives here.

        Examples
        --------
        >>> Grid().locate_xy([0.0, -0.001, 3000.0], [3000.0, 2999.999, 0.0])
        (array([1000,  999, 1001]), array([1, 0, 0]))
        """
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        known = np.isfinite(x) & np.isfinite(y)
        col = _steps(np.where(known, x, 0.0), self.spacing) + self.offset[0]
        row = _steps(np.where(known, y, 0.0), self.spacing) + self.offset[1]
        return np.where(known, col, -1)[()], np.where(known, row, -1)[()]

    def code(self, col: ArrayLike, row: ArrayLike) -> Any:
        """
        Codes of cells.

        Parameters
        ----------
        col, row : int or int array (n)

        Returns
        -------
        str, or str array (n)

        Raises
        ------
        DataError
            A cell lies outside the lattice.

        Examples
        --------
        >>> Grid().code(1318, 1547), Grid(500).code(7913, 9287), Grid(4000).code(300, 400)
        ('PR1847L', 'PR1847L-06', 'C00300R00400S')
        """
        if self.spacing == CODED:
            return codes.encode(col, row)
        scalar = np.ndim(col) == 0 and np.ndim(row) == 0
        col, row = np.broadcast_arrays(np.atleast_1d(col).astype(np.int64), np.atleast_1d(row).astype(np.int64))
        n = self._per_side
        if n:
            named = codes.encode_child(codes.encode(col // n, row // n), col % n, row % n, n)
        else:
            named = codes.encode_plain(col, row)
        return str(named[0]) if scalar else named

    def parse(self, code: str) -> tuple[int, int]:
        """
        Column and row of a code.

        Raises
        ------
        DataError
            The code is none of this lattice; the message says which check failed.

        Examples
        --------
        >>> Grid().parse("PR1847L")
        (1318, 1547)
        >>> Grid().parse("PR1847L-06")
        Traceback (most recent call last):
        hotspot.variables.DataError: 'PR1847L-06' names a sub-cell, not a cell of 3000 m ...
        """
        n = self._per_side
        if self.spacing == CODED:
            if "-" in codes.normalise(code):
                raise DataError(
                    f"{code!r} names a sub-cell, not a cell of {CODED:g} m; "
                    "drop what follows the '-', or use parse_child."
                )
            return codes.decode(code)
        if not n:
            return codes.decode_plain(code)
        col, row, number = codes.decode_child(code, n)
        return col * n + (number - 1) % n, row * n + n - 1 - (number - 1) // n

    def parse_child(self, code: str, *, fine: float = FINE) -> tuple[int, int, int]:
        """
        Column, row and number of a sub-cell's code; the number is 0 for the cell itself.

        Raises
        ------
        DataError
            The code is wrong, or its number is beyond the sub-cells of a cell.

        Examples
        --------
        >>> Grid().parse_child("PR1847L-07"), Grid().parse_child("PR1847L")
        ((1318, 1547, 7), (1318, 1547, 0))
        """
        n = self.nesting(fine)
        if "-" not in codes.normalise(code):
            return (*self.parse(code), 0)
        return codes.decode_child(code, n, self.parse)

    def bounds(self, col: ArrayLike, row: ArrayLike) -> tuple[Any, Any, Any, Any]:
        """
        Edges of cells: (west, south, east, north), m, same shapes as ``col``.

        Examples
        --------
        >>> [float(edge) for edge in Grid().bounds(1318, 1547)]
        [954000.0, 4641000.0, 957000.0, 4644000.0]
        """
        col, row = np.asarray(col), np.asarray(row)
        west, south = (col - self.offset[0]) * self.spacing, (row - self.offset[1]) * self.spacing
        # The neighbour's west edge, so that one line never has two positions.
        return west, south, (col - self.offset[0] + 1) * self.spacing, (row - self.offset[1] + 1) * self.spacing

    def centre(self, col: ArrayLike, row: ArrayLike) -> tuple[Any, Any]:
        """Centres of cells: (x, y), m, same shapes as ``col``."""
        col, row = np.asarray(col), np.asarray(row)
        return (col - self.offset[0] + 0.5) * self.spacing, (row - self.offset[1] + 0.5) * self.spacing

    def polygons(self, col: ArrayLike, row: ArrayLike) -> Objects:
        """
        Outlines of cells in WGS 84, corners counter-clockwise from the south-west.

        Parameters
        ----------
        col, row : int or int array (n)

        Returns
        -------
        array (n) of shapely polygons, degrees

        Examples
        --------
        >>> Grid().polygons([1318], [1547])[0].exterior.is_ccw
        True
        """
        return self._outlines(*self.bounds(np.atleast_1d(col), np.atleast_1d(row)))

    def nesting(self, fine: float = FINE) -> int:
        """
        How many fine cells lie along one side of a cell.

        Raises
        ------
        ValueError
            The fine spacing does not divide this one.

        Examples
        --------
        >>> Grid().nesting(500)
        6
        >>> Grid().nesting(700)
        Traceback (most recent call last):
        ValueError: 700 m cells do not nest in 3000 m cells; ...
        """
        n = round(self.spacing / fine) if fine > 0 else 0
        if n < 1 or n * fine != self.spacing:
            raise ValueError(
                f"{fine:g} m cells do not nest in {self.spacing:g} m cells; "
                "give a fine spacing that divides the coarse one."
            )
        return n

    def children(self, code: str, *, fine: float = FINE) -> "gpd.GeoDataFrame":
        """
        The sub-cells of a cell, numbered from the north-west row by row, as printed on paper.

        Parameters
        ----------
        code : str
        fine : float
            Side of a sub-cell, m; it must divide the spacing.

        Returns
        -------
        GeoDataFrame, EPSG:4326, a row per sub-cell: ``cell`` (``CODE-01`` ...),
        ``x, y`` (centre, m), ``lon, lat`` (centre, WGS 84), ``geometry``

        Raises
        ------
        ValueError
            The fine spacing does not divide this one.
        DataError
            The code is wrong.

        Examples
        --------
        >>> parts = Grid().children("PR1847L")
        >>> len(parts), parts.cell.iloc[0], parts.cell.iloc[-1]
        (36, 'PR1847L-01', 'PR1847L-36')
        """
        import geopandas as gpd

        from hotspot.grid.sub_cells import sub_cells

        parts = sub_cells([code], self, fine=fine)
        x, y, half = parts["x"].values, parts["y"].values, fine / 2
        held = {"cell": parts["sub_cell"].values} | {name: parts[name].values for name in ("x", "y", "lon", "lat")}
        outlines = self._outlines(x - half, y - half, x + half, y + half)
        return gpd.GeoDataFrame(held, geometry=outlines, crs="EPSG:4326")

    def child(self, lon: ArrayLike, lat: ArrayLike, *, fine: float = FINE) -> Any:
        """
        Codes of the sub-cells that hold some places.

        Parameters
        ----------
        lon, lat : float or float array (n), degrees, WGS 84

        Returns
        -------
        str, or str array (n)

        Examples
        --------
        >>> Grid().child(116.397, 39.909)
        'PQ1848E-29'
        """
        n = self.nesting(fine)
        x, y = self.project(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
        col, row = self.locate_xy(x, y)
        west, south, _, _ = self.bounds(col, row)
        # The sub-cell is clipped into its cell, so a place on an edge has one parent in both rules.
        i = np.clip(np.floor((x - west) / fine), 0, n - 1).astype(np.int64)
        j = np.clip(np.floor((y - south) / fine), 0, n - 1).astype(np.int64)
        named = codes.encode_child(np.atleast_1d(self.code(col, row)), np.atleast_1d(i), np.atleast_1d(j), n)
        return str(named[0]) if np.ndim(col) == 0 else named

    def cover(self, boundaries: "gpd.GeoDataFrame", *, counting: str = "touching") -> "xr.Dataset":
        """
        The cells of a region, with their shares and owners; see ``hotspot.grid.cover``.

        Parameters
        ----------
        boundaries : GeoDataFrame from ``read_boundaries``
        counting : "touching" or "centre"
        """
        from hotspot.grid.cover import cover

        return cover(self, boundaries, counting=counting)

    def _repr_html_(self) -> str:
        from hotspot.grid.grid_view import grid_view

        return grid_view(self)._repr_html_()

    @property
    def _per_side(self) -> int:
        # Cells of this spacing along one side of a coded cell; 0 where they do not nest.
        n = round(CODED / self.spacing)
        return n if n >= 2 and n * self.spacing == CODED else 0

    def _outlines(self, west: Floats, south: Floats, east: Floats, north: Floats) -> Objects:
        import shapely

        x = np.stack([west, east, east, west, west], axis=-1).astype(float)
        y = np.stack([south, south, north, north, south], axis=-1).astype(float)
        lon, lat = self.unproject(x, y)
        return shapely.polygons(np.stack([lon, lat], axis=-1))


def _steps(position: Floats, spacing: float) -> Ints:
    # Whole cells from the origin; a quotient rounded up to the next edge is taken back.
    steps = np.floor(position / spacing)
    return (steps - (position < steps * spacing)).astype(np.int64)
