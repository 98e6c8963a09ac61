"""The map of chosen sites: a page without any network, one drawing of boundaries and cells that opens cell by cell."""

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
_SUB = 6  # sub-cells along a side

_STYLE = """
body{margin:0 auto;max-width:1100px;font:16px/1.5 sans-serif;color:#222}h1{font-size:19px;margin:12px 10px 4px}
.bar{display:flex;flex-wrap:wrap;gap:8px;margin:6px 10px}select,button{font:inherit;min-height:44px;max-width:100%}
svg{display:block;width:100%;height:62vh;background:#fff;border:solid #ccc;border-width:1px 0}
path,rect,circle{vector-effect:non-scaling-stroke}.land{fill:#f4f4f0;stroke:#666;stroke-width:1}
rect{fill:#f0d9a8;stroke:#7a5a10;stroke-width:1}.lines{fill:none;stroke:#b79a5a;stroke-width:.6;display:none}
.mark{fill:#123c69;stroke:#fff;stroke-width:1.5;cursor:pointer}.cell:focus{outline:none}.cell:focus .mark{fill:#c02020}
.site{display:none}.site circle{fill:#123c69;stroke:#fff;stroke-width:1}.site text{fill:#fff;text-anchor:middle}
.near .mark{display:none}.near .lines,.near .site{display:inline}
table{border-collapse:collapse;width:100%}td,th{padding:6px 10px;border-bottom:1px solid #ddd;text-align:left}
td{white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums}@media(max-width:500px){td,th{padding:6px}}tr.off{display:none}
""".replace("\n", "")
_SCRIPT = """
const map=document.querySelector('svg'),pick=document.querySelector('select'),whole=map.getAttribute('viewBox');
function show(code){pick.value=code;const cell=code&&document.getElementById('c-'+code);
map.setAttribute('viewBox',cell?cell.dataset.view:whole);map.classList.toggle('near',!!cell);
for(const row of document.querySelectorAll('tbody tr'))row.className=!code||row.dataset.cell===code?'':'off'}
pick.onchange=()=>show(pick.value);document.querySelector('button').onclick=()=>show('');
for(const cell of document.querySelectorAll('.cell')){cell.onclick=()=>show(cell.id.slice(2));
cell.onkeydown=e=>{if(e.key==='Enter'||e.key===' '){e.preventDefault();show(cell.id.slice(2))}}}
""".replace("\n", "")


def site_map(study: Study, year: int, sites: "pd.DataFrame") -> str:
    """
    A page with every chosen cell and site: the whole region, each cell with its sub-cells, and the list of sites.

    Parameters
    ----------
    sites : DataFrame, from ``instrument``

    Returns
    -------
    str, HTML; without scripts the whole map and the whole list still stand there
    """
    grid = study.grid
    shapes = study.boundaries.to_crs(grid.crs).geometry
    west, south, east, north = (float(value) for value in shapes.total_bounds)
    scale = _WIDE / max(east - west, north - south)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x - west) * scale, (north - y) * scale

    drawn: list[str] = []
    rows: list[str] = []
    choices: list[str] = []
    for code, own in sites.groupby("cell", sort=False):
        x0, _, x1, y1 = (float(value) for value in grid.bounds(*grid.parse(code)))
        left, top = at(x0, y1)
        dots = []
        for row in own.to_dict("records"):
            short = str(row["sub_cell"]).rsplit("-", 1)[-1]
            dots.append((*at(row["x"], row["y"]), short))
            rows.append(
                f'<tr data-cell="{escape(code)}"><td>{len(rows) + 1}</td><td>{escape(row["sub_cell"])}</td>'
                f'<td class="n">{row["lon"]:.5f}</td><td class="n">{row["lat"]:.5f}</td></tr>'
            )
        drawn.append(_cell(escape(code), left, top, (x1 - x0) * scale, dots))
        choices.append(f'<option value="{escape(code)}">{len(choices) + 1} · {escape(code)}</option>')
    lines = "".join(_path(ring, at) for shape in shapes for ring in _rings(shape))
    title = f"{escape(study.name)} {year}年微站选址 / sites of micro-stations"
    view = f"-10 -10 {(east - west) * scale + 20:.0f} {(north - south) * scale + 20:.0f}"
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"
        f'<div class="bar"><select aria-label="网格 / cell"><option value="">{len(rows)}个站点，{len(choices)}个网格，'
        f"点网格看子网格 / touch a cell</option>{''.join(choices)}</select><button>全图 / whole map</button></div>"
        f'<svg viewBox="{view}" role="group" aria-label="{title}">{lines}{"".join(drawn)}</svg>'
        "<table><thead><tr><th>序号 / no.<th>子网格 / sub-cell<th class=n>经度 / lon"
        "<th class=n>纬度 / lat (WGS 84)</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table><script>{_SCRIPT}</script></html>\n"
    )


def _cell(code: str, left: float, top: float, side: float, dots: list[tuple[float, float, str]]) -> str:
    """One cell: a mark to touch on the whole map; its sub-cells and sites once it is opened."""
    step = side / _SUB
    at = [n * step for n in range(1, _SUB)]
    lines = "".join(f"M{left:.2f},{top + d:.2f}h{side:.2f}M{left + d:.2f},{top:.2f}v{side:.2f}" for d in at)
    sites = "".join(
        f'<g class="site"><circle cx="{x:.2f}" cy="{y:.2f}" r="{0.42 * step:.2f}"/>'
        f'<text x="{x:.2f}" y="{y + 0.17 * step:.2f}" font-size="{0.5 * step:.2f}">{escape(name)}</text></g>'
        for x, y, name in dots
    )
    edge = 0.15 * side
    view = f"{left - edge:.2f} {top - edge:.2f} {side + 2 * edge:.2f} {side + 2 * edge:.2f}"
    return (
        f'<g class="cell" id="c-{code}" tabindex="0" role="button" aria-label="{code}" data-view="{view}">'
        f'<title>{code}</title><rect x="{left:.2f}" y="{top:.2f}" width="{side:.2f}" height="{side:.2f}"/>'
        f'<path class="lines" d="{lines}"/>{sites}'
        f'<circle class="mark" cx="{left + side / 2:.2f}" cy="{top + side / 2:.2f}" r="{0.8 * side:.2f}"/></g>'
    )


def _rings(shape: "shapely.Geometry") -> Iterator[Floats]:
    for part in getattr(shape, "geoms", [shape]):
        yield np.asarray(part.exterior.coords)[:, :2]


def _path(ring: Floats, at: Callable) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in ring.tolist()))
    return f'<path class="land" d="M{points}Z"/>'
