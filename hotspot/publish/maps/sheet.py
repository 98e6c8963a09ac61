"""
One map on paper: an extent, the layers drawn on it in their order, its size, the language of its words.

Every printed map is made here: the panels of the sheets and of the atlas' pages, the atlas' index, the card of an
alarm, the report's maps. Lines, hatching and symbols become one SVG of plain numbers; every text goes beside it as
(place, string), set by the page's own font. So no text from data ever enters a drawing.

Maps are drawn in the lattice's own metres. Grid north is not true north and 3 km on the lattice are not 3 km on the
ground (equal area costs shape), so the arrow is turned and the scale bar comes from a geodesic.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Literal

import shapely

from hotspot.grid.frame import geodesic_size, north_angle
from hotspot.grid.lattice import Grid
from hotspot.publish.maps import drawing
from hotspot.publish.maps.backdrop import Backdrop, legend
from hotspot.publish.maps.borders import Borders, Counties, Pieces
from hotspot.publish.maps.drawing import Drawing, Window

_BARS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000)  # m
_BAR_SHARE = 0.22  # of the map's width that a scale bar takes at the most
Language = Literal["zh", "en"]


class Canvas(Drawing):
    """What the layers draw on: the paper's window of the lattice, and what of the study lies in it."""

    def __init__(
        self,
        grid: Grid,
        window: Window,
        *,
        borders: Borders | None = None,
        backdrop: Backdrop | None = None,
        language: Language = "zh",
    ) -> None:
        super().__init__()
        self.grid, self.window, self.borders, self.backdrop, self.language = grid, window, borders, backdrop, language
        self.key: list[list[str]] = []  # colour and words of each class shown

    @cached_property
    def pieces(self) -> Pieces:
        """The units in the window, cut to it."""
        return self.borders.within(self.window) if self.borders else []

    @cached_property
    def counties(self) -> Counties:
        """The counties they belong to."""
        return self.borders.counties(self.pieces) if self.borders else {}

    @cached_property
    def ways(self) -> list[tuple[str, str, shapely.Geometry]]:
        """Rivers, roads, railways and water in the window."""
        return self.backdrop.within(self.window) if self.backdrop else []

    @property
    def side(self) -> float:
        """Side of a cell on paper, mm."""
        return self.grid.spacing * self.window.size / self.window.metres

    def corner(self, col: int, row: int) -> tuple[float, float]:
        """North-west corner of a cell on paper, mm."""
        west, _, _, north = (float(value) for value in self.grid.bounds(col, row))
        return self.window.at(west, north)


Layer = Callable[[Canvas], None]


def draw_map(
    grid: Grid,
    window: Window,
    layers: Iterable[Layer],
    *,
    borders: Borders | None = None,
    backdrop: Backdrop | None = None,
    language: Language = "zh",
) -> dict[str, Any]:
    """
    A map for a page.

    Parameters
    ----------
    window : Window
        The extent in lattice metres, and its size on paper, mm.
    layers : iterable of Layer
        Drawn in this order; a text keeps off what stands already.
    borders, backdrop : what layers of units and of rivers and roads draw from
    language : {"zh", "en"}
        Of the key's words.

    Returns
    -------
    dict: ``svg`` (str); ``labels``, a list of dict ``x y`` (mm) ``text size`` (pt) ``grey`` (0 black, 1 white);
    ``width height bar`` (mm), ``bar_text``, ``north`` (degrees), ``legend`` (colour, words), ``shown``, the kinds
    of the backdrop on the map in words

    Raises
    ------
    ValueError
        The language is no key of ``text/map.toml``.

    Examples
    --------
    >>> from hotspot.publish.maps import layers
    >>> grid = Grid()
    >>> col, row = (int(v) for v in grid.locate(113.63, 34.75))   # Zhengzhou: the cell is 3,053 m wide
    >>> drawn = draw_map(grid, around(grid, col, row, 4500.0, 90.0), [layers.paper, layers.framed(col, row, 0.9)])
    >>> drawn["bar_text"], drawn["bar"], drawn["north"] < -3
    ('500 m', 9.826, True)
    """
    if language not in ("zh", "en"):
        raise ValueError(f"a map's words are not written in {language!r}; give 'zh' or 'en'.")
    canvas = Canvas(grid, window, borders=borders, backdrop=backdrop, language=language)
    for layer in layers:
        layer(canvas)
    west, south, east, north = window.box.bounds
    col, row = (int(v) for v in grid.locate(*grid.unproject((west + east) / 2, (south + north) / 2)))
    bar = next((metres for metres in reversed(_BARS) if metres <= _BAR_SHARE * window.metres), _BARS[0])
    return {
        "svg": drawing.svg(window.size, window.height, canvas.svg),
        "labels": canvas.labels,
        "width": round(window.size, 2),
        "height": round(window.height, 2),
        "bar": round(bar / float(geodesic_size(grid, col, row)[0]) * canvas.side, 3),
        "bar_text": f"{bar:g} m" if bar < 1000 else f"{bar / 1000:g} km",
        "north": -round(float(north_angle(grid, col, row)), 2),
        "legend": canvas.key,
        "shown": legend(canvas.ways, language),
    }


def around(grid: Grid, col: int, row: int, metres: float, size: float) -> Window:
    """The square window of ``metres`` around the centre of a cell, ``size`` mm on paper."""
    x, y = (float(v) for v in grid.centre(col, row))
    return Window(x - metres / 2, y + metres / 2, metres, size)
