"""The maps of high values in the analysis report (C6): which part of the lattice is shown, and its layers."""

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from hotspot.grid.lattice import Grid
from hotspot.publish.maps import layers, values
from hotspot.publish.maps.borders import Outlines
from hotspot.publish.maps.drawing import Window
from hotspot.publish.maps.sheet import draw_map

if TYPE_CHECKING:
    import pandas as pd

_ENLARGED = 1.5  # an enlarged map must show cells so much larger


def plate_of(cells: "pd.DataFrame", spacing: float, *, width: float, height: float) -> Window:
    """
    The rectangle that holds all cells, as large as the paper allows.

    Parameters
    ----------
    cells : DataFrame with ``x y``, lattice m
    spacing : float, m
    width, height : float
        The most there is, mm.

    Returns
    -------
    Window; narrower or lower than the paper where the cells are

    Examples
    --------
    >>> import pandas as pd
    >>> plate = plate_of(pd.DataFrame({"x": [0.0, 27e3], "y": [0.0, 0.0]}), 3000.0, width=100.0, height=80.0)
    >>> plate.size, round(plate.height, 1)
    (100.0, 21.1)
    """
    margin = spacing * 0.5 + 0.02 * max(np.ptp(cells["x"]) + spacing, np.ptp(cells["y"]) + spacing)
    west, east = cells["x"].min() - spacing / 2 - margin, cells["x"].max() + spacing / 2 + margin
    south, north = cells["y"].min() - spacing / 2 - margin, cells["y"].max() + spacing / 2 + margin
    scale = float(min(width / (east - west), height / (north - south)))
    return Window(
        float(west), float(north), float(east - west), float(east - west) * scale, float(north - south) * scale
    )


def upright(cells: "pd.DataFrame", spacing: float) -> bool:
    """Whether a map of these cells is little wider than high, so that two fit beside each other."""
    return bool(np.ptp(cells["x"]) + spacing <= 1.2 * (np.ptp(cells["y"]) + spacing))


def value_map(
    cells: "pd.DataFrame",
    *,
    grid: Grid,
    outlines: Outlines,
    heavy: list[shapely.Geometry],
    breaks: list[float],
    numbers: dict[str, int],
    stations: list[tuple[float, float]],
    width: float,
    height: float,
    ramp: str = "concentration",
) -> dict[str, Any]:
    """
    The map of one city, or of the whole study.

    Parameters
    ----------
    cells : DataFrame, from ``report_tables.read_cells``
    outlines : dict of name -> polygon, lattice m
        Drawn thin and named.
    heavy : list of polygon
        Drawn thick, not named.
    breaks : list of float
        Limits of the classes, ug/m3, from ``limits``.
    numbers : dict of code -> int
        Warned cells; outlined, and numbered where the number is not 0.
    stations : list of (x, y), lattice m
    width, height : float, mm
    ramp : str, of ``palette.toml``

    Returns
    -------
    dict, from ``draw_map``, and ``hatched``: whether a cell has no valid mean
    """
    drawn = draw_map(
        grid,
        plate_of(cells, grid.spacing, width=width, height=height),
        [
            layers.paper,
            values.shaded(cells, breaks, ramp),
            values.outlines(outlines, heavy),
            values.dashed(cells[cells["hotspot"]]),
            values.stations(stations),
            values.numbered_frames(cells, numbers),
            values.outline_names(outlines),
        ],
    )
    return drawn | {"hatched": not values.has_mean(cells).all()}


def around_hotspots(cells: "pd.DataFrame", spacing: float, *, width: float, height: float) -> "pd.DataFrame | None":
    """
    The cells of the rectangle that holds all hotspot cells, for an enlarged map.

    Parameters
    ----------
    cells : DataFrame with ``x y hotspot``
    spacing : float, m
    width, height : float
        Of the paper, mm.

    Returns
    -------
    DataFrame, or None where it would be enlarged by less than half

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.DataFrame({"x": np.arange(20) * 3e3, "y": 0.0, "hotspot": np.arange(20) == 4})
    >>> around_hotspots(cells, 3e3, width=170.0, height=96.0)["x"].tolist()
    [6000.0, 9000.0, 12000.0, 15000.0, 18000.0]
    """
    hot = cells[cells["hotspot"]]
    if not len(hot):
        return None
    inside = np.ones(len(cells), dtype=bool)
    for name in ("x", "y"):
        low, high = hot[name].min() - 2.5 * spacing, hot[name].max() + 2.5 * spacing
        inside &= ((cells[name] > low) & (cells[name] < high)).to_numpy()
    whole, part = (plate_of(table, spacing, width=width, height=height) for table in (cells, cells[inside]))
    return cells[inside] if part.size / part.metres >= _ENLARGED * whole.size / whole.metres else None
