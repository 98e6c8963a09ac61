"""The map of chosen sites: one page without any network, boundaries and cells as one drawing."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.study import Study
from hotspot.text.escape import escape

if TYPE_CHECKING:
    import pandas as pd
    import shapely

_WIDE = 1000.0  # units of the drawing


def site_map(study: Study, year: int, sites: "pd.DataFrame") -> str:
    """
    A page with every chosen cell and site; a site tells its sub-cell and place when it is touched.

    Parameters
    ----------
    study : Study
    year : int
    sites : DataFrame, from ``instrument``

    Returns
    -------
    str, HTML
    """
    grid = study.grid
    shapes = study.boundaries.to_crs(grid.crs).geometry
    west, south, east, north = (float(value) for value in shapes.total_bounds)
    scale = _WIDE / max(east - west, north - south)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x - west) * scale, (north - y) * scale

    lines = "".join(_path(ring, at) for shape in shapes for ring in _rings(shape))
    cells, dots = [], []
    for code in sites["cell"].drop_duplicates():
        x0, y0, x1, y1 = (float(value) for value in grid.bounds(*grid.parse(code)))
        left, top = at(x0, y1)
        cells.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{(x1 - x0) * scale:.1f}" height="{(y1 - y0) * scale:.1f}"/>'
        )
    for row in sites.to_dict("records"):
        x, y = at(row["x"], row["y"])
        said = f"{escape(row['sub_cell'])} · {row['lon']:.5f}, {row['lat']:.5f} (WGS 84)"
        dots.append(
            f'<circle tabindex="0" cx="{x:.1f}" cy="{y:.1f}" r="4" data-s="{said}"><title>{said}</title></circle>'
        )
    title = f"{escape(study.name)} {year}年微站选址 / sites of micro-stations"
    height = (north - south) * scale
    return (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>body{{margin:0;font:16px sans-serif}}h1{{font-size:18px;margin:10px}}"
        "p{margin:6px 10px;min-height:2.6em}svg{width:100%;height:auto;max-height:82vh;touch-action:pan-x pan-y}"
        "path{fill:#f4f4f0;stroke:#555;stroke-width:1}rect{fill:#e8c27a;stroke:#7a5a10;stroke-width:.8}"
        "circle{fill:#123c69;stroke:#fff;stroke-width:1;cursor:pointer}circle:focus{fill:#c02020;outline:none}</style>"
        f'<h1>{title}</h1><p id="s">{len(dots)} 个站点，{len(cells)} 个网格；'
        "点圆点看位置 / touch a dot for its place</p>"
        f'<svg viewBox="-10 -10 {(east - west) * scale + 20:.0f} {height + 20:.0f}">'
        f"{lines}{''.join(cells)}{''.join(dots)}"
        "</svg><script>for(const c of document.querySelectorAll('circle'))for(const e of ['click','focus'])"
        "c.addEventListener(e,()=>{document.getElementById('s').textContent=c.dataset.s})</script></html>\n"
    )


def _rings(shape: "shapely.Geometry") -> Iterator[Floats]:
    for part in getattr(shape, "geoms", [shape]):
        yield np.asarray(part.exterior.coords)[:, :2]


def _path(ring: Floats, at: Callable) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in ring.tolist()))
    return f'<path d="M{points}Z"/>'
